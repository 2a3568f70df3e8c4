/*
 * cli.h - a command as redis-cli reads it, a reply as redis-cli prints it.
 */
#ifndef MUSTER_CLI_H
#define MUSTER_CLI_H

#include "buf.h"
#include "command.h"

/* Splits a line into its words as redis-cli does (sdssplitargs): blanks
 * separate; "..." takes \xHH \n \r \t \b \a and \ before any other byte; '...'
 * takes \' only; a NUL ends the line.  False: a quote is not closed, or
 * something stands right behind a closing one.  An empty line has no words:
 * *n = 0. */
bool cli_split(struct arena *, struct str line, struct str **words, size_t *n);

/* Appends the reply as `redis-cli --no-raw` prints it, with the line feed. */
void cli_print(struct buf *, const struct reply *);

/* Appends a word so that cli_split() gives it back: bare where it can be,
 * else in double quotes with escapes. */
void cli_quote(struct buf *, struct str word);

#endif

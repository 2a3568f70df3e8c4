/*
 * archive.h - a tenant as one file: a tar with `tenant` (a few lines of text) and
 * `muster.db`, in this order and nothing else.
 *
 * Any tar reads it.  archive_read() takes only what archive_write() writes, so
 * nothing in a file can name a place of its own.
 */
#ifndef MUSTER_ARCHIVE_H
#define MUSTER_ARCHIVE_H

#include "arena.h"
#include "err.h"

enum { ARCHIVE_NOTE = 64 * 1024 }; /* the text has at most so many bytes */

/* Writes `path` from a text and a database's file: it is there whole, or not at
 * all.  ERR_CONFLICT: there is a file of that name.  ERR_STORE: told in the log. */
enum err archive_write(const char *path, struct str note, const char *database, int64_t now);

/* Makes the file `database` from it.  ERR_NOT_FOUND: no such file.  ERR_MALFORMED: it is
 * no archive, or not whole. */
enum err archive_read(const char *path, struct arena *, struct str *note, const char *database);

#endif

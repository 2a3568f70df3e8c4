/*
 * checkpointer.h - writes the log back into the database file, in a thread of
 * its own.
 *
 * That ends with flushes, which take as long as the disk likes: the dispatcher's
 * one thread must not wait for them (each second, up to 100 ms on a busy
 * machine: it was the slowest hundredth of all deliveries).
 */
#ifndef MUSTER_CHECKPOINTER_H
#define MUSTER_CHECKPOINTER_H

#include "db.h"

struct checkpointer;

/* For the database at `path`; NULL where it cannot be opened: a line in the log
 * tells, and the writers' own backstop does it. */
struct checkpointer *checkpointer_new(const char *path);

/* Begins one, unless one is under way; does not wait. */
void checkpointer_ask(struct checkpointer *); /* NULL: nothing */

/* Waits for the one under way.  NULL is allowed. */
void checkpointer_free(struct checkpointer *);

#endif

/*
 * checkpointer.h - writes logs back into database files, in a thread of
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

struct checkpointer *checkpointer_new(void);

/* That of the database at `path` is to be done as soon as those asked for before
 * are; does not wait.  Where it cannot be opened, or too many are asked for, the
 * writers' own backstop does it. */
void checkpointer_ask(struct checkpointer *, const char *path);

/* Waits for all that was asked for.  NULL is allowed. */
void checkpointer_free(struct checkpointer *);

#endif

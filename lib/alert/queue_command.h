/*
 * queue_command.h - muster queue: the outbox at a terminal.
 */
#ifndef MUSTER_QUEUE_COMMAND_H
#define MUSTER_QUEUE_COMMAND_H

#include "db.h"

extern const char help_queue[];

/* argv[0] is "queue".  Its own transactions, at `now`.  OK; ERR_INPUT with *why:
 * it was called wrongly; ERR_NOT_FOUND and ERR_CONFLICT are told on standard
 * error already. */
enum err queue_command(struct db *, int argc, char **argv, int64_t now, const char **why);

#endif

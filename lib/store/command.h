/*
 * command.h - Redis 7's commands on the store: one table of them, and the
 * running of one.
 *
 * A command is an array of byte strings, its name first (any case); its answer
 * is a typed reply with the words that Redis 7.0 uses, errors included.  What
 * is unknown, has too few arguments or is of the wrong type is an error reply,
 * never a fault of the process.
 *
 * Everything in a reply lives in the arena it was made with.
 */
#ifndef MUSTER_COMMAND_H
#define MUSTER_COMMAND_H

#include "db.h"

enum reply_kind {
	REPLY_NIL,       /* no such value: RESP2's null bulk string */
	REPLY_NIL_ARRAY, /* no such array: RESP2's null array */
	REPLY_INTEGER,
	REPLY_STATUS, /* a simple string: OK, PONG, QUEUED */
	REPLY_BULK,
	REPLY_ARRAY,
	REPLY_ERROR, /* text: "ERR syntax error", "WRONGTYPE Operation against ..." */
};

struct reply {
	enum reply_kind kind;
	int64_t integer;
	struct str text;     /* of a status, a bulk, an error */
	struct reply *items; /* of an array */
	size_t n;
};

enum command_flag {
	COMMAND_READ = 1,       /* a TX_READ will do */
	COMMAND_WRITE = 2,      /* needs a TX_WRITE */
	COMMAND_FREE = 4,       /* touches no key: PING, ECHO, TIME ... */
	COMMAND_CLIENT = 8,     /* MULTI, EXEC, DISCARD: only by client_call() */
	COMMAND_RANDOM = 16,    /* answers by chance: SPOP, SRANDMEMBER ... */
	COMMAND_ANY_ORDER = 32, /* an array whose order means nothing: SMEMBERS ... */
};

struct call; /* command.c's: what a command's function gets */

struct command {
	const char *name; /* lower case */
	int arity;        /* arguments with the name; negative: at least that many */
	unsigned flags;   /* enum command_flag */
	int first, last,
	    step; /* where its keys stand, as Redis' COMMAND tells it; 0: none or a count leads them */
	void (*run)(struct call *);
};

/* The whole table, in order of names. */
const struct command *command_table(size_t *n);

/* NULL: unknown. */
const struct command *command_find(struct str name);

/* Runs one command (n >= 1) inside of the caller's transaction, which is a
 * TX_WRITE for COMMAND_WRITE.  A fault of the disk shows at db_commit(). */
struct reply command_run(struct db *, struct arena *, const struct str *args, size_t n);

/* What a connection remembers between commands: MULTI and its queue. */
struct client;

struct client *client_new(struct db *);
void client_free(struct client *); /* NULL is allowed */

/* Runs one command as a connection would: in a transaction of its own whose
 * clock stands at `now`, committed before the reply is given; between MULTI
 * and EXEC it is queued, and EXEC runs all of them in one transaction: a
 * failing one does not stop the rest, one that could not be queued makes EXEC
 * refuse them all.  A store that is busy past its bound or that failed is an
 * error reply, and nothing of the command happened. */
struct reply client_call(struct client *, struct arena *, const struct str *args, size_t n, int64_t now);

#endif

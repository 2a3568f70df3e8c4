/*
 * db.h - a tenant's store: opening it, transactions, the write sequence.
 *
 * A transaction reads first, then writes, and no decision hangs on a write's
 * result: so it maps one to one onto WATCH / MULTI / EXEC.  Functions of the
 * store that are marked W need a TX_WRITE transaction, all others any.
 *
 * What the disk does to us (full, I/O error) is not returned by each call: it
 * is remembered, and db_commit() or db_end() answer ERR_STORE.  Nothing of
 * such a transaction is kept.
 */
#ifndef MUSTER_DB_H
#define MUSTER_DB_H

#include "arena.h"
#include "err.h"

struct db;

enum db_role {
	DB_HANDLER,  /* many, small, short: a 1 MiB page cache; acknowledged writes survive power loss */
	DB_TOOL,     /* the operator's command: a large page cache, the same durability */
	DB_DISPATCH, /* the dispatcher: durable at its checkpoint, which is its task */
};

enum tx { TX_NONE, TX_READ, TX_WRITE };

/* Creates the file if need be and brings its schema up to date, a step a
 * transaction.  ERR_STORE with a line in the log when that cannot be done. */
enum err db_create(const char *path);

/* ERR_NOT_FOUND: no such file.  ERR_CONFLICT: its schema is not the one this
 * program was built for.  ERR_STORE: it cannot be opened. */
enum err db_open(struct db **, const char *path, enum db_role);
void db_close(struct db *); /* NULL is allowed */

/* How long a transaction waits for others at most, 5 seconds at first (0: that
 * again): for who has other stores to serve meanwhile. */
void db_patience(struct db *, int64_t ms);

/* The last one to close a store writes its log back, with flushes; not this one. */
void db_keep_log(struct db *);

/* Starts a transaction whose clock stands at `now` (unix ms): a key is gone
 * once its time has come.  What TX_READ sees is fixed by its first read.  TX_WRITE waits for other writers in
 * short random naps, 5 seconds at most, then ERR_BUSY. */
enum err db_begin(struct db *, enum tx, int64_t now);

/* OK: durable.  Anything else: nothing of it happened.  (Where the flush itself
 * failed, the transaction may lie in the log: if the machine dies before the
 * next write, it may come back, whole.) */
enum err db_commit(struct db *);
void db_rollback(struct db *); /* without a transaction: nothing */

/* Begin, `body`, commit; the whole again while the store is busy, for some five
 * seconds: then ERR_BUSY.  So `body` may run more than once, each time on what
 * is there then.  Its own error takes everything back and is returned. */
enum err db_transact(struct db *, enum tx, int64_t now, enum err (*body)(void *arg), void *arg);

/* A part of a write transaction that can be taken back alone; not nested. */
void db_savepoint(struct db *);
enum err db_release(struct db *); /* keeps the part; an error: db_commit() will keep nothing */
void db_undo(struct db *);        /* takes the part back */

enum tx db_tx(const struct db *);
int64_t db_now(const struct db *); /* the transaction's clock */

/* Which of this connection's transactions it is, from 1 on: what one TX_READ has
 * read holds for as long as the number is the same. */
int64_t db_number(const struct db *);

/* The number of the last visible change, and W: the next one.  Gapless: a
 * transaction that is undone gives its numbers back. */
int64_t db_sequence(struct db *);
int64_t db_sequence_next(struct db *);

/* W.  Leaves numbers out, after a backup was put back: event_forget(). */
int64_t db_sequence_skip(struct db *, int64_t by);

/* Writes the log back into the file as far as readers allow; *left is the
 * number of pages that stayed.  Outside of a transaction. */
enum err db_checkpoint(struct db *, int64_t *left);

/* Bytes of the file and of the log beside it. */
void db_size(struct db *, int64_t *file, int64_t *log);

/* Makes `path`, which must not be there, a copy of the store as it is at one instant, durable;
 * readers and writers go on meanwhile.  Outside of a transaction. */
enum err db_copy(struct db *, const char *path);

/* SQLite's own integrity check: OK or ERR_STORE; details in the log. */
enum err db_integrity(struct db *);

#endif

/*
 * sql.h - statements, for the files of lib/store only.
 *
 * Each file of the store keeps its statements in an array indexed by an enum
 * and names its module; a statement is prepared once per connection.  Binds
 * are letters: i = int64_t, d = double, b = struct str as a blob, t = struct
 * str as text, n = null (takes no argument), z = int64_t of which 0 is null,
 * B = struct str as a blob, null where p is NULL; T = struct str as text, null
 * where it is empty.
 */
#ifndef MUSTER_SQL_H
#define MUSTER_SQL_H

#include <sqlite3.h>

#include "db.h"

enum module {
	SQL_DB,
	SQL_KEY,
	SQL_STRING,
	SQL_HASH,
	SQL_SET,
	SQL_ZSET,
	SQL_ZPAGE,
	SQL_LIST,
	SQL_GEO,
	SQL_RUN,
	SQL_OUTBOX,
	SQL_EVENT,
	SQL_CHECK,
	SQL_TEXT,
	SQL__MAX
};

enum { SQL_STATEMENTS = 64 }; /* a module's at most */

/* The statement, bound and ready to be stepped. */
sqlite3_stmt *db_stmt(struct db *, enum module, const char *const *sql, int which, const char *binds, ...);

/* Steps to the next row; false at the end (or on a fault, which is
 * remembered), and the statement is ready for its next use. */
bool db_row(struct db *, sqlite3_stmt *);

/* Leaves rows unread. */
void db_done(sqlite3_stmt *);

/* Runs a statement that gives no rows. */
void db_run(struct db *, sqlite3_stmt *);

/* A column as bytes: copied into the arena.  An integer comes as its decimal
 * digits. */
struct str db_column(struct arena *, sqlite3_stmt *, int column);

/* The same, borrowed until the statement moves on; not for integers. */
struct str db_column_view(sqlite3_stmt *, int column);

/* The first column of the first row, 0 where there is none; leaves the rest. */
int64_t db_int(struct db *, sqlite3_stmt *);

/* Rows that the last statement changed: for sweeping, never for a decision. */
int64_t db_changes(struct db *);

/* The id that the last insert gave. */
int64_t db_inserted(struct db *);

/* The row `tenant`, which never changes: read once by outbox.c. */
struct tenant_row {
	bool read;
	char id[16], secret[32];
	size_t id_n, secret_n;
};
struct tenant_row *db_tenant(struct db *);

/* Microseconds of a clock that only goes forward. */
int64_t monotonic_us(void);

/* ---- keys (key.c) ----
 *
 * A connection remembers the rows of collections it has seen, so that most
 * operations need no look-up of their key; whether another connection has
 * written since is asked once a transaction.  A changed length is written when
 * the transaction ends: key_flush().  Strings are not remembered: their row is
 * the value. */

enum key_type { KEY_STRING = 1, KEY_HASH, KEY_SET, KEY_ZSET, KEY_LIST };

struct key {
	int64_t id, length; /* members; 0 for strings */
	int64_t expires;    /* unix ms; 0 = never */
	struct str name;    /* the caller's */
	int type;           /* enum key_type */
	int levels;         /* of its runs; 0: it has none */
};

/* OK, ERR_NOT_FOUND (missing, or its time has come) or ERR_TYPE. */
enum err key_find(struct db *, struct str name, enum key_type, struct key *);

/* A live key of any type; false: there is none. */
bool key_look(struct db *, struct str name, struct key *);

/* W.  As key_find, but a missing key is made, empty: members must follow. */
enum err key_make(struct db *, struct str name, enum key_type, struct key *);

/* W.  A new id and one more key, for who writes the row himself (value.c). */
int64_t key_number(struct db *);

/* W.  After members came or went; at 0 the key goes. */
void key_resize(struct db *, struct key *, int64_t by);
void key_set_levels(struct db *, struct key *, int levels);
void key_levels_by_id(struct db *, int64_t id, int levels);

/* W.  Takes the key away with its members, or leaves them to the sweeper. */
void key_drop(struct db *, const struct key *);

/* Called by db.c: memory of a connection; before a commit or savepoint; and
 * when what was written is taken back. */
struct keys *keys_new(void);
void keys_free(struct keys *);
struct keys *db_keys(struct db *);
void keys_begin(struct db *); /* others may have written since */
void keys_flush(struct db *);
void keys_forget(struct db *);

#endif

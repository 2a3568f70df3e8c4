/*
 * sql.h - statements, for the files of lib/store only.
 *
 * Each file of the store keeps its statements in an array indexed by an enum
 * and names its module; a statement is prepared once per connection.  Binds
 * are letters: i = int64_t, d = double, b = struct str as a blob, t = struct
 * str as text, n = null (takes no argument).
 */
#ifndef MUSTER_SQL_H
#define MUSTER_SQL_H

#include <sqlite3.h>

#include "db.h"

enum module { SQL_DB, SQL_KEY, SQL_STRING, SQL_HASH, SQL_SET, SQL_ZSET, SQL_GEO, SQL_OUTBOX, SQL__MAX };

enum { SQL_STATEMENTS = 24 }; /* a module's at most */

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

int64_t db_last_id(struct db *);

/* Rows that the last statement changed: for sweeping, never for a decision. */
int64_t db_changes(struct db *);

/* One key of the `key` table. */
struct key {
	int64_t id, length;
};

enum key_type { KEY_STRING = 1, KEY_HASH, KEY_SET, KEY_ZSET };

/* OK, ERR_NOT_FOUND (missing, or its time has come) or ERR_TYPE. */
enum err key_find(struct db *, struct str name, enum key_type, struct key *);

/* W.  As key_find, but a missing key is made, empty. */
enum err key_make(struct db *, struct str name, enum key_type, struct key *);

/* W.  After members came or went; at 0 the key goes. */
void key_resize(struct db *, struct key *, int64_t by);

#endif

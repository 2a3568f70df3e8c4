/* value.c - strings and counters. */
#include "value.h"

#include "key.h"
#include "sql.h"

enum { GET, INSERT, UPDATE, KEEP };
static const char *const sql[] = {
	[GET] = "select type, expires, value from key where name = ?1",
	[INSERT] = "insert into key (name, type, value, expires) values (?1, 1, ?2, ?3)",
	[UPDATE] = "update key set value = ?2, expires = ?3 where name = ?1",
	[KEEP] = "update key set value = ?2 where name = ?1",
};

/* The statement on the live row: its value is column 2.  To be left with
 * db_done().  ERR_NOT_FOUND, ERR_TYPE: nothing to leave. */
static enum err
find(struct db *db, struct str name, sqlite3_stmt **out)
{
	sqlite3_stmt *st = db_stmt(db, SQL_STRING, sql, GET, "b", name);
	int64_t expires;
	bool wrong;

	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	wrong = sqlite3_column_int(st, 0) != KEY_STRING;
	expires = sqlite3_column_int64(st, 1);
	if (wrong || (expires != 0 && expires <= db_now(db))) {
		db_done(st);
		return expires != 0 && expires <= db_now(db) ? ERR_NOT_FOUND : ERR_TYPE;
	}
	*out = st;
	return OK;
}

/* True where a live string stands, so that an update will do; what else is
 * there goes. */
static bool
make_way(struct db *db, struct str name)
{
	sqlite3_stmt *st;

	if (find(db, name, &st) == OK) {
		db_done(st);
		return true;
	}
	key_del(db, name);
	return false;
}

void
string_set(struct db *db, struct str name, struct str value, int64_t expires)
{
	int which = make_way(db, name) ? UPDATE : INSERT;

	if (expires)
		db_run(db, db_stmt(db, SQL_STRING, sql, which, "bbi", name, value, expires));
	else
		db_run(db, db_stmt(db, SQL_STRING, sql, which, "bbn", name, value));
}

void
string_set_int(struct db *db, struct str name, int64_t value)
{
	int which = make_way(db, name) ? UPDATE : INSERT;

	db_run(db, db_stmt(db, SQL_STRING, sql, which, "bin", name, value));
}

enum err
string_get(struct db *db, struct arena *a, struct str name, struct str *value)
{
	sqlite3_stmt *st;
	enum err e = find(db, name, &st);

	if (e != OK)
		return e;
	*value = db_column(a, st, 2);
	db_done(st);
	return OK;
}

static enum err
read_int(struct db *db, struct str name, int64_t *value)
{
	sqlite3_stmt *st;
	enum err e = find(db, name, &st);

	*value = 0;
	if (e != OK)
		return e;
	if (sqlite3_column_type(st, 2) == SQLITE_INTEGER) {
		*value = sqlite3_column_int64(st, 2);
	} else {
		struct str s = { sqlite3_column_blob(st, 2), (size_t)sqlite3_column_bytes(st, 2) };

		e = str_int(s, INT64_MIN, INT64_MAX, value) ? OK : ERR_INPUT;
	}
	db_done(st);
	return e;
}

enum err
string_get_int(struct db *db, struct str name, int64_t *value)
{
	enum err e = read_int(db, name, value);

	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
string_incr(struct db *db, struct str name, int64_t by, int64_t *value)
{
	enum err e = read_int(db, name, value);

	if (e != OK && e != ERR_NOT_FOUND)
		return e;
	if (__builtin_add_overflow(*value, by, value))
		return ERR_INPUT;
	if (e == OK) {
		db_run(db, db_stmt(db, SQL_STRING, sql, KEEP, "bi", name, *value));
	} else {
		key_del(db, name);
		db_run(db, db_stmt(db, SQL_STRING, sql, INSERT, "bin", name, *value));
	}
	return OK;
}

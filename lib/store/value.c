/* value.c - strings and counters. */
#include "value.h"

#include <math.h>
#include <string.h>

#include "key.h"
#include "number.h"
#include "sql.h"

enum { SMALL = 128 }; /* bytes kept in the key's own row: schema/002 */

enum { GET, INSERT, UPDATE, KEEP, LARGE_GET, LARGE_LENGTH, LARGE_PUT, LARGE_DELETE };
static const char *const sql[] = {
	[GET] = "select value, type, expires, id from key where name = ?1",
	[INSERT] = "insert into key (name, value, expires, id, type) values (?1, ?2, ?3, ?4, 1)",
	[UPDATE] = "update key set value = ?2, expires = ?3 where name = ?1",
	[KEEP] = "update key set value = ?2 where name = ?1",
	[LARGE_GET] = "select value from string where key = ?1",
	[LARGE_LENGTH] = "select length(value) from string where key = ?1",
	[LARGE_PUT] = "insert into string (key, value) values (?1, ?2)"
		      " on conflict do update set value = excluded.value",
	[LARGE_DELETE] = "delete from string where key = ?1",
};

/* What stands at a name. */
struct row {
	int64_t id, expires;
	bool live;   /* a string whose time has not come */
	bool other;  /* a live key of another type */
	bool number; /* the value is kept as an integer */
	bool large;  /* it lies in `string` */
};

/* With a live string the statement stays on its row (column 0 is the value,
 * where it is small), to be left with db_done(). */
static sqlite3_stmt *
find(struct db *db, struct str name, struct row *row)
{
	sqlite3_stmt *st = db_stmt(db, SQL_STRING, sql, GET, "b", name);
	bool string;

	*row = (struct row){ 0 };
	if (!db_row(db, st))
		return st;
	string = sqlite3_column_int(st, 1) == KEY_STRING;
	row->expires = sqlite3_column_int64(st, 2);
	row->id = sqlite3_column_int64(st, 3);
	row->live = row->expires == 0 || row->expires > db_now(db);
	row->other = row->live && !string;
	row->live &= string;
	if (!row->live) {
		db_done(st);
		return st;
	}
	row->number = sqlite3_column_type(st, 0) == SQLITE_INTEGER;
	row->large = sqlite3_column_type(st, 0) == SQLITE_NULL;
	return st;
}

static enum err
missing(const struct row *row)
{
	return row->live ? OK : row->other ? ERR_TYPE : ERR_NOT_FOUND;
}

/* The value of the row on which the statement stands; leaves it. */
static struct str
take(struct db *db, struct arena *a, sqlite3_stmt *st, const struct row *row)
{
	struct str value = S("");

	if (!row->large) {
		value = db_column(a, st, 0);
		db_done(st);
		return value;
	}
	db_done(st);
	st = db_stmt(db, SQL_STRING, sql, LARGE_GET, "i", row->id);
	if (db_row(db, st)) {
		value = db_column(a, st, 0);
		db_done(st);
	}
	return value;
}

/* Looks without reading the value. */
static struct row
look(struct db *db, struct str name)
{
	struct row row;
	sqlite3_stmt *st = find(db, name, &row);

	if (row.live)
		db_done(st);
	return row;
}

/* The row's new value: *number, or else bytes. */
static void
put(struct db *db, struct str name, const struct row *row, const int64_t *number, struct str value,
    int64_t expires)
{
	bool large = number == NULL && value.n > SMALL;
	int64_t id = row->id;
	int which = !row->live ? INSERT : expires == row->expires ? KEEP : UPDATE;

	if (!row->live) {
		if (row->id != 0)
			key_del(db, name); /* expired, or of another type */
		id = key_number(db);
	}
	if (number != NULL) {
		const char *const binds[] = { [INSERT] = "bizi", [UPDATE] = "biz", [KEEP] = "bi" };

		db_run(db, db_stmt(db, SQL_STRING, sql, which, binds[which], name, *number, expires, id));
	} else {
		const char *const binds[] = { [INSERT] = "bBzi", [UPDATE] = "bBz", [KEEP] = "bB" };
		struct str small = large ? (struct str){ NULL, 0 } : value;

		db_run(db, db_stmt(db, SQL_STRING, sql, which, binds[which], name, small, expires, id));
	}
	if (large)
		db_run(db, db_stmt(db, SQL_STRING, sql, LARGE_PUT, "ib", id, value));
	else if (row->live && row->large)
		db_run(db, db_stmt(db, SQL_STRING, sql, LARGE_DELETE, "i", id));
}

/* Bytes that are not there but empty: NULL would be a large value. */
static struct str
present(struct str value)
{
	return value.p == NULL ? S("") : value;
}

void
string_set(struct db *db, struct str name, struct str value, int64_t expires)
{
	struct row row = look(db, name);

	put(db, name, &row, NULL, present(value), expires);
}

void
string_set_int(struct db *db, struct str name, int64_t value)
{
	struct row row = look(db, name);

	put(db, name, &row, &value, S(""), 0);
}

enum err
string_set_if(struct db *db, struct arena *a, struct str name, struct str value, unsigned flags,
    int64_t expires, struct str *old, bool *set)
{
	struct row row;
	sqlite3_stmt *st = find(db, name, &row);

	*set = false;
	if (old != NULL)
		*old = (struct str){ NULL, 0 };
	if (row.live && old != NULL)
		*old = take(db, a, st, &row);
	else if (row.live)
		db_done(st);
	if (old != NULL && row.other)
		return ERR_TYPE;
	if (row.live || row.other ? flags & STRING_NX : flags & STRING_XX)
		return OK;
	*set = true;
	if (flags & STRING_KEEPTTL)
		expires = row.live || row.other ? row.expires : 0;
	if (expires != 0 && expires <= db_now(db))
		key_del(db, name);
	else
		put(db, name, &row, NULL, present(value), expires);
	return OK;
}

enum err
string_get(struct db *db, struct arena *a, struct str name, struct str *value)
{
	struct row row;
	sqlite3_stmt *st = find(db, name, &row);

	if (row.live)
		*value = take(db, a, st, &row);
	return missing(&row);
}

enum err
string_len(struct db *db, struct str name, int64_t *n)
{
	struct row row;
	sqlite3_stmt *st = find(db, name, &row);

	*n = 0;
	if (row.live) {
		*n = sqlite3_column_bytes(st, 0); /* of an integer: of its digits */
		db_done(st);
	}
	if (row.live && row.large) {
		st = db_stmt(db, SQL_STRING, sql, LARGE_LENGTH, "i", row.id);
		if (db_row(db, st)) {
			*n = sqlite3_column_int64(st, 0);
			db_done(st);
		}
	}
	return row.other ? ERR_TYPE : OK;
}

/* A missing key is 0. */
static enum err
read_int(struct db *db, struct str name, struct row *row, int64_t *value)
{
	sqlite3_stmt *st = find(db, name, row);
	bool good = !row->large; /* no 64-bit integer has so many digits */

	*value = 0;
	if (!row->live)
		return row->other ? ERR_TYPE : OK;
	if (row->number)
		*value = sqlite3_column_int64(st, 0);
	else if (good)
		good = str_int(db_column_view(st, 0), INT64_MIN, INT64_MAX, value);
	db_done(st);
	return good ? OK : ERR_INPUT;
}

enum err
string_get_int(struct db *db, struct str name, int64_t *value)
{
	struct row row;

	return read_int(db, name, &row, value);
}

enum err
string_incr(struct db *db, struct str name, int64_t by, int64_t *value)
{
	struct row row;
	enum err e = read_int(db, name, &row, value);

	if (e != OK)
		return e;
	if (__builtin_add_overflow(*value, by, value))
		return ERR_CONFLICT;
	put(db, name, &row, value, S(""), row.live ? row.expires : 0);
	return OK;
}

/* The present value, empty where there is none; ERR_TYPE. */
static enum err
read_bytes(struct db *db, struct arena *a, struct str name, struct row *row, struct str *value)
{
	sqlite3_stmt *st = find(db, name, row);

	*value = S("");
	if (row->live)
		*value = take(db, a, st, row);
	return row->other ? ERR_TYPE : OK;
}

enum err
string_incr_float(struct db *db, struct arena *a, struct str name, long double by, struct str *value)
{
	struct row row;
	struct str old;
	long double v = 0;
	enum err e = read_bytes(db, a, name, &row, &old);

	if (e != OK)
		return e;
	if (row.live && !number_long_double(old, &v))
		return ERR_INPUT;
	v += by;
	if (!isfinite(v))
		return ERR_CONFLICT;
	*value = number_human(a, v);
	put(db, name, &row, NULL, *value, row.live ? row.expires : 0);
	return OK;
}

enum err
string_append(struct db *db, struct arena *a, struct str name, struct str value, int64_t *n)
{
	struct row row;
	struct str old;
	char *p;
	enum err e = read_bytes(db, a, name, &row, &old);

	*n = (int64_t)(old.n + value.n);
	if (e != OK)
		return e;
	if (*n > STRING_MAX)
		return ERR_TOO_LARGE;
	p = arena_alloc(a, (size_t)*n + 1);
	if (old.n)
		memcpy(p, old.p, old.n);
	if (value.n)
		memcpy(p + old.n, value.p, value.n);
	put(db, name, &row, NULL, (struct str){ p, (size_t)*n }, row.live ? row.expires : 0);
	return OK;
}

enum err
string_set_range(
    struct db *db, struct arena *a, struct str name, int64_t offset, struct str value, int64_t *n)
{
	struct row row;
	struct str old;
	char *p;
	enum err e = read_bytes(db, a, name, &row, &old);

	*n = (int64_t)old.n;
	if (e != OK || value.n == 0)
		return e;
	if (offset > STRING_MAX - (int64_t)value.n)
		return ERR_TOO_LARGE;
	if (offset + (int64_t)value.n > *n)
		*n = offset + (int64_t)value.n;
	p = arena_alloc(a, (size_t)*n + 1);
	if (old.n)
		memcpy(p, old.p, old.n);
	memcpy(p + offset, value.p, value.n);
	put(db, name, &row, NULL, (struct str){ p, (size_t)*n }, row.live ? row.expires : 0);
	return OK;
}

/* hash.c - hashes. */
#include "hash.h"

#include <math.h>

#include "number.h"
#include "run.h"

enum { GET, ALL, FIRST, PAGE, AT, INSERT, UPDATE, DELETE };
static const char *const sql[] = {
	[GET] = "select value from hash where key = ?1 and field = ?2",
	[ALL] = "select field, value from hash where key = ?1 order by field",
	[FIRST] = "select field, value from hash where key = ?1 order by field limit ?2",
	[PAGE] = "select field, value from hash where key = ?1 and field > ?3 order by field limit ?2",
	[AT] = "select field, value from hash where key = ?1 and field >= ?2"
	       " order by field limit 1 offset ?3",
	[INSERT] = "insert into hash (key, field, value) values (?1, ?2, ?3)",
	[UPDATE] = "update hash set value = ?3 where key = ?1 and field = ?2",
	[DELETE] = "delete from hash where key = ?1 and field = ?2",
};

/* The statement on the field's row, column 0 its value, to be left with
 * db_done(); NULL: there is none. */
static sqlite3_stmt *
find(struct db *db, const struct key *key, struct str field)
{
	sqlite3_stmt *st = db_stmt(db, SQL_HASH, sql, GET, "ib", key->id, field);

	return db_row(db, st) ? st : NULL;
}

static bool
has(struct db *db, const struct key *key, struct str field)
{
	sqlite3_stmt *st = find(db, key, field);

	if (st != NULL)
		db_done(st);
	return st != NULL;
}

static void
insert(struct db *db, struct key *key, struct str field, struct str value)
{
	db_run(db, db_stmt(db, SQL_HASH, sql, INSERT, "ibb", key->id, field, value));
	key_resize(db, key, 1);
	run_change(db, key, 0, field, 1);
}

/* 1 new, 0 not. */
static int
put(struct db *db, struct key *key, bool fresh, const struct field *f)
{
	sqlite3_stmt *st = fresh ? NULL : find(db, key, f->name);
	bool same;

	if (st == NULL) {
		insert(db, key, f->name, f->value);
		return 1;
	}
	same = str_eq(db_column_view(st, 0), f->value);
	db_done(st);
	if (!same)
		db_run(db, db_stmt(db, SQL_HASH, sql, UPDATE, "ibb", key->id, f->name, f->value));
	return 0;
}

/* Whether no two are the same; looks at few only. */
static bool
all_differ(const struct field *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (str_eq(f[i].name, f[j].name))
				return false;
	return true;
}

enum err
hash_set_many(struct db *db, struct str name, const struct field *f, size_t n, int64_t *added)
{
	struct key key;
	bool fresh;
	enum err e;

	*added = 0;
	if (n == 0)
		return OK;
	if ((e = key_make(db, name, KEY_HASH, &key)) != OK)
		return e;
	fresh = key.length == 0 && n <= 64 && all_differ(f, n);
	for (size_t i = 0; i < n; i++)
		*added += put(db, &key, fresh, &f[i]);
	return OK;
}

enum err
hash_set(struct db *db, struct str name, const struct field *f, size_t n)
{
	int64_t added;

	return hash_set_many(db, name, f, n, &added);
}

enum err
hash_set_new(struct db *db, struct str name, struct str field, struct str value, bool *set)
{
	struct key key;
	enum err e = key_make(db, name, KEY_HASH, &key);

	*set = e == OK && !has(db, &key, field);
	if (*set)
		insert(db, &key, field, value);
	return e;
}

enum err
hash_append(struct db *db, struct str name, struct str field, struct str value)
{
	struct key key;
	enum err e = key_make(db, name, KEY_HASH, &key);

	if (e == OK)
		insert(db, &key, field, value);
	return e;
}

enum err
hash_get(struct db *db, struct arena *a, struct str name, struct str field, struct str *value)
{
	struct key key;
	sqlite3_stmt *st;
	enum err e = key_find(db, name, KEY_HASH, &key);

	if (e != OK)
		return e;
	if ((st = find(db, &key, field)) == NULL)
		return ERR_NOT_FOUND;
	*value = db_column(a, st, 0);
	db_done(st);
	return OK;
}

enum err
hash_get_many(
    struct db *db, struct arena *a, struct str name, const struct str *fields, size_t n, struct str *values)
{
	struct key key;
	enum err e = key_find(db, name, KEY_HASH, &key);

	for (size_t i = 0; i < n; i++) {
		sqlite3_stmt *st = e == OK ? find(db, &key, fields[i]) : NULL;

		values[i] = (struct str){ NULL, 0 };
		if (st != NULL) {
			values[i] = db_column(a, st, 0);
			db_done(st);
		}
	}
	return e == ERR_NOT_FOUND ? OK : e;
}

/* Reads what is left of a statement of (field, value); `most` at most. */
static void
read_fields(struct db *db, struct arena *a, sqlite3_stmt *st, size_t most, struct field **out, size_t *n)
{
	*n = 0;
	*out = arena_array(a, struct field, most);
	while (*n < most && db_row(db, st)) {
		(*out)[*n].name = db_column(a, st, 0);
		(*out)[(*n)++].value = db_column(a, st, 1);
	}
	db_done(st);
}

enum err
hash_page(struct db *db, struct arena *a, struct str name, struct str after, size_t limit, struct field **out,
    size_t *n)
{
	struct key key;
	sqlite3_stmt *st;
	size_t room;
	enum err e = key_find(db, name, KEY_HASH, &key);

	*n = 0;
	*out = NULL;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	room = (size_t)key.length < limit ? (size_t)key.length : limit;
	st = after.p == NULL ? db_stmt(db, SQL_HASH, sql, FIRST, "ii", key.id, (int64_t)room)
			     : db_stmt(db, SQL_HASH, sql, PAGE, "iib", key.id, (int64_t)room, after);
	read_fields(db, a, st, room, out, n);
	return OK;
}

enum err
hash_all(struct db *db, struct arena *a, struct str name, struct field **out, size_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_HASH, &key);

	*n = 0;
	*out = NULL;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	read_fields(db, a, db_stmt(db, SQL_HASH, sql, ALL, "i", key.id), (size_t)key.length, out, n);
	return OK;
}

enum err
hash_del_many(struct db *db, struct str name, const struct str *fields, size_t n, int64_t *removed)
{
	struct key key;
	enum err e = key_find(db, name, KEY_HASH, &key);

	*removed = 0;
	for (size_t i = 0; e == OK && i < n && key.length > 0; i++) {
		if (!has(db, &key, fields[i]))
			continue;
		db_run(db, db_stmt(db, SQL_HASH, sql, DELETE, "ib", key.id, fields[i]));
		key_resize(db, &key, -1);
		run_change(db, &key, 0, fields[i], -1);
		++*removed;
	}
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
hash_del(struct db *db, struct str name, struct str field)
{
	int64_t removed;

	return hash_del_many(db, name, &field, 1, &removed);
}

enum err
hash_len(struct db *db, struct str name, int64_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_HASH, &key);

	*n = e == OK ? key.length : 0;
	return e == ERR_NOT_FOUND ? OK : e;
}

/* A field before it is counted: *value points into the arena, p = NULL where
 * there is none.  A key is made only when the new value is known. */
static enum err
read_one(struct db *db, struct arena *a, struct str name, struct str field, struct str *value)
{
	enum err e = hash_get(db, a, name, field, value);

	if (e == ERR_NOT_FOUND)
		*value = (struct str){ NULL, 0 };
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
hash_incr(struct db *db, struct str name, struct str field, int64_t by, int64_t *value)
{
	struct key key;
	sqlite3_stmt *st = NULL;
	char digits[24];
	struct str text;
	bool good = true;
	enum err e = key_find(db, name, KEY_HASH, &key);

	*value = 0;
	if (e == ERR_TYPE)
		return e;
	if (e == OK && (st = find(db, &key, field)) != NULL) {
		if (sqlite3_column_type(st, 0) == SQLITE_INTEGER)
			*value = sqlite3_column_int64(st, 0);
		else
			good = str_int(db_column_view(st, 0), INT64_MIN, INT64_MAX, value);
		db_done(st);
	}
	if (!good)
		return ERR_INPUT;
	if (__builtin_add_overflow(*value, by, value))
		return ERR_CONFLICT;
	if (st != NULL) {
		db_run(db, db_stmt(db, SQL_HASH, sql, UPDATE, "ibi", key.id, field, *value));
		return OK;
	}
	sqlite3_snprintf(sizeof(digits), digits, "%lld", (long long)*value);
	text = str(digits);
	if ((e = key_make(db, name, KEY_HASH, &key)) == OK)
		insert(db, &key, field, text);
	return e;
}

enum err
hash_incr_float(
    struct db *db, struct arena *a, struct str name, struct str field, long double by, struct str *value)
{
	struct str old;
	struct field f = { .name = field };
	long double v = 0;
	enum err e = read_one(db, a, name, field, &old);

	if (e != OK)
		return e;
	if (old.p != NULL && !number_long_double(old, &v))
		return ERR_INPUT;
	v += by;
	if (!isfinite(v))
		return ERR_CONFLICT;
	*value = f.value = number_human(a, v);
	return hash_set(db, name, &f, 1);
}

static bool
field_at(struct db *db, struct arena *a, const struct key *key, int64_t rank, struct field *f)
{
	int64_t skip;
	struct place from = run_seek(db, a, key, rank, &skip);
	sqlite3_stmt *st = db_stmt(db, SQL_HASH, sql, AT, "ibi", key->id, from.member, skip);

	if (!db_row(db, st))
		return false;
	*f = (struct field){ db_column(a, st, 0), db_column(a, st, 1) };
	db_done(st);
	return true;
}

enum err
hash_random(struct db *db, struct arena *a, struct str name, int64_t count, struct field **out, size_t *n)
{
	struct key key;
	struct field *all;
	int64_t *ranks;
	enum err e = key_find(db, name, KEY_HASH, &key);

	*n = 0;
	*out = NULL;
	if (e != OK || count == 0)
		return e == ERR_NOT_FOUND ? OK : e;
	if (count >= key.length)
		return hash_all(db, a, name, out, n);
	*n = run_sample(a, key.length, count, &ranks);
	*out = arena_array(a, struct field, *n);
	if (run_sample_reads_all(key.length, *n)) {
		read_fields(db, a, db_stmt(db, SQL_HASH, sql, ALL, "i", key.id), (size_t)key.length, &all,
		    &(size_t){ 0 });
		for (size_t i = 0; i < *n; i++)
			(*out)[i] = all[ranks[i]];
		return OK;
	}
	for (size_t i = 0; i < *n; i++)
		if (!field_at(db, a, &key, ranks[i], &(*out)[i]))
			*n = i; /* a fault: the transaction will be undone */
	return OK;
}

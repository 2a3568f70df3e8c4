/* hash.c - hashes. */
#include "hash.h"

#include "sql.h"

enum { GET, ALL, FIRST, PAGE, INSERT, UPDATE, DELETE };
static const char *const sql[] = {
	[GET] = "select value from hash where key = ?1 and field = ?2",
	[ALL] = "select field, value from hash where key = ?1 order by field",
	[FIRST] = "select field, value from hash where key = ?1 order by field limit ?2",
	[PAGE] = "select field, value from hash where key = ?1 and field > ?3 order by field limit ?2",
	[INSERT] = "insert into hash (key, field, value) values (?1, ?2, ?3)",
	[UPDATE] = "update hash set value = ?3 where key = ?1 and field = ?2",
	[DELETE] = "delete from hash where key = ?1 and field = ?2",
};

/* 1 new, 0 not. */
static int
put(struct db *db, const struct key *key, bool fresh, const struct field *f)
{
	sqlite3_stmt *st;
	struct str old;
	bool same;

	if (!fresh) {
		st = db_stmt(db, SQL_HASH, sql, GET, "ib", key->id, f->name);
		if (db_row(db, st)) {
			old.p = sqlite3_column_blob(st, 0);
			old.n = (size_t)sqlite3_column_bytes(st, 0);
			same = str_eq(old, f->value);
			db_done(st);
			if (!same)
				db_run(db,
				    db_stmt(db, SQL_HASH, sql, UPDATE, "ibb", key->id, f->name, f->value));
			return 0;
		}
	}
	db_run(db, db_stmt(db, SQL_HASH, sql, INSERT, "ibb", key->id, f->name, f->value));
	return 1;
}

static bool
named_twice(const struct field *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (str_eq(f[i].name, f[j].name))
				return true;
	return false;
}

enum err
hash_set(struct db *db, struct str name, const struct field *f, size_t n)
{
	struct key key;
	bool fresh;
	int64_t added = 0;
	enum err e;

	if (n == 0)
		return OK;
	if ((e = key_make(db, name, KEY_HASH, &key)) != OK)
		return e;
	fresh = key.length == 0 && !named_twice(f, n);
	for (size_t i = 0; i < n; i++)
		added += put(db, &key, fresh, &f[i]);
	key_resize(db, &key, added);
	return OK;
}

enum err
hash_append(struct db *db, struct str name, struct str field, struct str value)
{
	struct key key;
	enum err e = key_make(db, name, KEY_HASH, &key);

	if (e != OK)
		return e;
	db_run(db, db_stmt(db, SQL_HASH, sql, INSERT, "ibb", key.id, field, value));
	key_resize(db, &key, 1);
	return OK;
}

enum err
hash_get(struct db *db, struct arena *a, struct str name, struct str field, struct str *value)
{
	struct key key;
	sqlite3_stmt *st;
	enum err e = key_find(db, name, KEY_HASH, &key);

	if (e != OK)
		return e;
	st = db_stmt(db, SQL_HASH, sql, GET, "ib", key.id, field);
	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	*value = db_column(a, st, 0);
	db_done(st);
	return OK;
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
	*out = arena_array(a, struct field, room);
	st = after.p == NULL ? db_stmt(db, SQL_HASH, sql, FIRST, "ii", key.id, (int64_t)room)
			     : db_stmt(db, SQL_HASH, sql, PAGE, "iib", key.id, (int64_t)room, after);
	while (db_row(db, st)) {
		(*out)[*n].name = db_column(a, st, 0);
		(*out)[(*n)++].value = db_column(a, st, 1);
	}
	return OK;
}

enum err
hash_all(struct db *db, struct arena *a, struct str name, struct field **out, size_t *n)
{
	struct key key;
	sqlite3_stmt *st;
	enum err e = key_find(db, name, KEY_HASH, &key);

	*n = 0;
	*out = NULL;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	*out = arena_array(a, struct field, (size_t)key.length);
	st = db_stmt(db, SQL_HASH, sql, ALL, "i", key.id);
	while (db_row(db, st)) {
		(*out)[*n].name = db_column(a, st, 0);
		(*out)[(*n)++].value = db_column(a, st, 1);
	}
	return OK;
}

enum err
hash_del(struct db *db, struct str name, struct str field)
{
	struct key key;
	sqlite3_stmt *st;
	enum err e = key_find(db, name, KEY_HASH, &key);

	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	st = db_stmt(db, SQL_HASH, sql, GET, "ib", key.id, field);
	if (!db_row(db, st))
		return OK;
	db_done(st);
	db_run(db, db_stmt(db, SQL_HASH, sql, DELETE, "ib", key.id, field));
	key_resize(db, &key, -1);
	return OK;
}

enum err
hash_len(struct db *db, struct str name, int64_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_HASH, &key);

	*n = e == OK ? key.length : 0;
	return e == ERR_NOT_FOUND ? OK : e;
}

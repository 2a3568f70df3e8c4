/* set.c - sets. */
#include "set.h"

#include <stdlib.h>

#include "key.h"
#include "run.h"

enum { HAS, ALL, FIRST, PAGE, AT, INSERT, DELETE };
static const char *const sql[] = {
	[HAS] = "select 1 from member where key = ?1 and member = ?2",
	[ALL] = "select member from member where key = ?1 order by member",
	[FIRST] = "select member from member where key = ?1 order by member limit ?2",
	[PAGE] = "select member from member where key = ?1 and member > ?3 order by member limit ?2",
	[AT] = "select member from member where key = ?1 and member >= ?2 order by member limit 1 offset ?3",
	[INSERT] = "insert into member (key, member) values (?1, ?2)",
	[DELETE] = "delete from member where key = ?1 and member = ?2",
};

static bool
has(struct db *db, const struct key *key, struct str member)
{
	sqlite3_stmt *st = db_stmt(db, SQL_SET, sql, HAS, "ib", key->id, member);
	bool found = db_row(db, st);

	if (found)
		db_done(st);
	return found;
}

static void
insert(struct db *db, struct key *key, struct str member)
{
	db_run(db, db_stmt(db, SQL_SET, sql, INSERT, "ib", key->id, member));
	key_resize(db, key, 1);
	run_change(db, key, 0, member, 1);
}

static void
erase(struct db *db, struct key *key, struct str member)
{
	db_run(db, db_stmt(db, SQL_SET, sql, DELETE, "ib", key->id, member));
	key_resize(db, key, -1);
	run_change(db, key, 0, member, -1);
}

enum err
set_add_many(struct db *db, struct str name, const struct str *members, size_t n, int64_t *added)
{
	struct key key;
	enum err e;

	*added = 0;
	if (n == 0)
		return OK;
	if ((e = key_make(db, name, KEY_SET, &key)) != OK)
		return e;
	for (size_t i = 0; i < n; i++)
		if (key.length == 0 || !has(db, &key, members[i])) {
			insert(db, &key, members[i]);
			++*added;
		}
	return OK;
}

enum err
set_add(struct db *db, struct str name, struct str member)
{
	int64_t added;

	return set_add_many(db, name, &member, 1, &added);
}

enum err
set_rem_many(struct db *db, struct str name, const struct str *members, size_t n, int64_t *removed)
{
	struct key key;
	enum err e = key_find(db, name, KEY_SET, &key);

	*removed = 0;
	for (size_t i = 0; e == OK && i < n && key.length > 0; i++)
		if (has(db, &key, members[i])) {
			erase(db, &key, members[i]);
			++*removed;
		}
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
set_rem(struct db *db, struct str name, struct str member)
{
	int64_t removed;

	return set_rem_many(db, name, &member, 1, &removed);
}

bool
set_has(struct db *db, struct str name, struct str member)
{
	struct key key;

	return key_find(db, name, KEY_SET, &key) == OK && has(db, &key, member);
}

enum err
set_has_many(struct db *db, struct str name, const struct str *members, size_t n, bool *found)
{
	struct key key;
	enum err e = key_find(db, name, KEY_SET, &key);

	for (size_t i = 0; i < n; i++)
		found[i] = e == OK && has(db, &key, members[i]);
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
set_card(struct db *db, struct str name, int64_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_SET, &key);

	*n = e == OK ? key.length : 0;
	return e == ERR_NOT_FOUND ? OK : e;
}

/* Reads what is left of a statement of members; `most` at most. */
static void
read_members(struct db *db, struct arena *a, sqlite3_stmt *st, size_t most, struct str **out, size_t *n)
{
	*n = 0;
	*out = arena_array(a, struct str, most);
	while (*n < most && db_row(db, st))
		(*out)[(*n)++] = db_column(a, st, 0);
	db_done(st);
}

static void
read_all(struct db *db, struct arena *a, const struct key *key, struct str **out, size_t *n)
{
	read_members(db, a, db_stmt(db, SQL_SET, sql, ALL, "i", key->id), (size_t)key->length, out, n);
}

enum err
set_page(struct db *db, struct arena *a, struct str name, struct str after, size_t limit,
    struct str **members, size_t *n)
{
	struct key key;
	sqlite3_stmt *st;
	size_t room;
	enum err e = key_find(db, name, KEY_SET, &key);

	*n = 0;
	*members = NULL;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	room = (size_t)key.length < limit ? (size_t)key.length : limit;
	st = after.p == NULL ? db_stmt(db, SQL_SET, sql, FIRST, "ii", key.id, (int64_t)room)
			     : db_stmt(db, SQL_SET, sql, PAGE, "iib", key.id, (int64_t)room, after);
	read_members(db, a, st, room, members, n);
	return OK;
}

/* ---- by chance ---------------------------------------------------------------- */

static bool
member_at(struct db *db, struct arena *a, const struct key *key, int64_t rank, struct str *out)
{
	int64_t skip;
	struct place from = run_seek(db, a, key, rank, &skip);
	sqlite3_stmt *st = db_stmt(db, SQL_SET, sql, AT, "ibi", key->id, from.member, skip);

	if (!db_row(db, st))
		return false;
	*out = db_column(a, st, 0);
	db_done(st);
	return true;
}

static void
draw(struct db *db, struct arena *a, const struct key *key, int64_t count, struct str **out, size_t *n)
{
	int64_t *ranks;
	struct str *all;
	size_t nall;

	if (count >= key->length) {
		read_all(db, a, key, out, n);
		return;
	}
	*n = run_sample(a, key->length, count, &ranks);
	*out = arena_array(a, struct str, *n);
	if (run_sample_reads_all(key->length, *n)) {
		read_all(db, a, key, &all, &nall);
		for (size_t i = 0; i < *n; i++)
			(*out)[i] = (size_t)ranks[i] < nall ? all[ranks[i]] : S("");
		return;
	}
	for (size_t i = 0; i < *n; i++)
		if (!member_at(db, a, key, ranks[i], &(*out)[i]))
			*n = i; /* a fault: the transaction will be undone */
}

enum err
set_random(struct db *db, struct arena *a, struct str name, int64_t count, struct str **out, size_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_SET, &key);

	*n = 0;
	*out = NULL;
	if (e == OK && count != 0)
		draw(db, a, &key, count, out, n);
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
set_pop(struct db *db, struct arena *a, struct str name, int64_t count, struct str **out, size_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_SET, &key);

	*n = 0;
	*out = NULL;
	if (e != OK || count <= 0)
		return e == ERR_NOT_FOUND ? OK : e;
	draw(db, a, &key, count, out, n);
	if (*n == (size_t)key.length) {
		key_drop(db, &key);
		return OK;
	}
	for (size_t i = 0; i < *n; i++)
		erase(db, &key, (*out)[i]);
	return OK;
}

/* ---- several sets --------------------------------------------------------------- */

enum err
set_move(struct db *db, struct str from, struct str to, struct str member, bool *moved)
{
	struct key source, target;
	enum err e = key_find(db, from, KEY_SET, &source), other = key_find(db, to, KEY_SET, &target);

	*moved = false;
	if (e == ERR_NOT_FOUND)
		return OK;
	if (e != OK || other == ERR_TYPE)
		return ERR_TYPE;
	*moved = has(db, &source, member);
	if (!*moved || str_eq(from, to))
		return OK;
	erase(db, &source, member);
	return set_add(db, to, member);
}

/* The sets of these names; missing ones have length 0. */
static enum err
find_all(struct db *db, const struct str *names, size_t n, struct key *keys)
{
	for (size_t i = 0; i < n; i++) {
		enum err e = key_find(db, names[i], KEY_SET, &keys[i]);

		if (e == ERR_TYPE)
			return e;
		if (e != OK)
			keys[i] = (struct key){ 0 };
	}
	return OK;
}

static int
by_length(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return (x->length > y->length) - (x->length < y->length);
}

/* Members of keys[0] that all the others have (`want`) or that none has. */
static void
filter(struct db *db, struct arena *a, const struct key *keys, size_t nkeys, bool want, size_t limit,
    struct str **out, size_t *n)
{
	enum { PAGE_SIZE = 256 };
	struct str after = { NULL, 0 }, *page;
	size_t got, room = 0;

	*n = 0;
	*out = NULL;
	do {
		sqlite3_stmt *st =
		    after.p == NULL
			? db_stmt(db, SQL_SET, sql, FIRST, "ii", keys[0].id, (int64_t)PAGE_SIZE)
			: db_stmt(db, SQL_SET, sql, PAGE, "iib", keys[0].id, (int64_t)PAGE_SIZE, after);

		read_members(db, a, st, PAGE_SIZE, &page, &got);
		for (size_t i = 0; i < got && (limit == 0 || *n < limit); i++) {
			bool kept = true;

			for (size_t k = 1; k < nkeys && kept; k++)
				kept = (keys[k].length > 0 && has(db, &keys[k], page[i])) == want;
			if (kept) {
				*out = arena_grow(a, *out, *n, &room);
				(*out)[(*n)++] = page[i];
			}
		}
		if (got > 0)
			after = page[got - 1];
	} while (got == PAGE_SIZE && (limit == 0 || *n < limit));
}

static void
unite(struct db *db, struct arena *a, const struct key *keys, size_t nkeys, struct str **out, size_t *n)
{
	size_t total = 0, kept = 0;

	for (size_t i = 0; i < nkeys; i++)
		total += (size_t)keys[i].length;
	*n = 0;
	*out = arena_array(a, struct str, total);
	for (size_t i = 0; i < nkeys; i++) {
		struct str *members;
		size_t m;

		if (keys[i].length == 0)
			continue;
		read_all(db, a, &keys[i], &members, &m);
		for (size_t j = 0; j < m; j++)
			(*out)[(*n)++] = members[j];
	}
	if (*n == 0)
		return;
	qsort(*out, *n, sizeof(**out), str_by_bytes);
	for (size_t i = 1; i < *n; i++)
		if (!str_eq((*out)[i], (*out)[kept]))
			(*out)[++kept] = (*out)[i];
	*n = kept + 1;
}

enum err
set_combine(struct db *db, struct arena *a, enum set_op op, const struct str *names, size_t nkeys,
    size_t limit, struct str **members, size_t *n)
{
	struct key *keys = arena_array(a, struct key, nkeys);
	enum err e = find_all(db, names, nkeys, keys);

	*n = 0;
	*members = NULL;
	if (e != OK || nkeys == 0)
		return e;
	if (op == SET_INTER)
		qsort(keys, nkeys, sizeof(*keys), by_length);
	if (op == SET_UNION)
		unite(db, a, keys, nkeys, members, n);
	else if (keys[0].length > 0)
		filter(db, a, keys, nkeys, op == SET_INTER, limit, members, n);
	return OK;
}

void
set_replace(struct db *db, struct str name, const struct str *members, size_t n)
{
	int64_t added;

	key_del(db, name);
	set_add_many(db, name, members, n, &added);
}

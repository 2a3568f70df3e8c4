/*
 * collections.h - what the tests of the store's types share: a key of each
 * type, and short words for looking at them.
 */
#ifndef UNIT_COLLECTIONS_H
#define UNIT_COLLECTIONS_H

#include "store.h"

#include <math.h>
#include <sqlite3.h>

#include "buf.h"
#include "hash.h"
#include "key.h"
#include "set.h"
#include "value.h"
#include "zset.h"

enum { MANY = 1201 }; /* members: more than are dropped with their key at once */

/* A key of each type, named by it. */
static inline void
one_of_each(void)
{
	struct field f = { S("f"), S("v") };

	string_set(db, S("string"), S("v"), 0);
	assert_int_equal(hash_set(db, S("hash"), &f, 1), OK);
	assert_int_equal(set_add(db, S("set"), S("m")), OK);
	assert_int_equal(zset_add(db, S("zset"), S("m"), 1), OK);
}

static const struct str each_type[] = { B("string"), B("hash"), B("set"), B("zset") };

static inline void
hash_put(const char *key, const char *field, const char *value)
{
	struct field f = { str(field), str(value) };

	assert_int_equal(hash_set(db, str(key), &f, 1), OK);
}

/* Collections of n members: "m0" ... */
static inline void
fill_hash(const char *key, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(hash_append(db, str(key), numbered("m", i), S("old")), OK);
}

static inline void
fill_set(const char *key, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(set_add(db, str(key), numbered("m", i)), OK);
}

static inline void
fill_zset(const char *key, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(zset_add(db, str(key), numbered("m", i), i), OK);
}

/* Joined with blanks, for comparing with one literal. */
static inline struct str
joined(const struct str *v, size_t n)
{
	size_t all = 0;
	char *p, *at;

	for (size_t i = 0; i < n; i++)
		all += v[i].n + 1;
	at = p = arena_alloc(mem, all + 1);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*at++ = ' ';
		if (v[i].n > 0)
			memcpy(at, v[i].p, v[i].n);
		at += v[i].n;
	}
	return (struct str){ p, (size_t)(at - p) };
}

/* "f=v g=w": what a hash holds. */
static inline struct str
hash_text(const char *key)
{
	struct field *f;
	struct str v[64];
	size_t n;

	assert_int_equal(hash_all(db, mem, str(key), &f, &n), OK);
	assert_true(n <= LEN(v));
	for (size_t i = 0; i < n; i++)
		v[i] = arena_strf(mem, "%.*s=%.*s", FMT(f[i].name), FMT(f[i].value));
	return joined(v, n);
}

static inline struct str
set_text(const char *key)
{
	struct str *v;
	size_t n;

	assert_int_equal(set_page(db, mem, str(key), (struct str){ NULL, 0 }, 100, &v, &n), OK);
	return joined(v, n);
}

/* "a b c": a page of a ranking. */
static inline struct str
page_text(const char *key, struct zpage page)
{
	struct zmember *m;
	struct str v[128];
	size_t n;

	assert_int_equal(zset_page(db, mem, str(key), &page, &m, &n), OK);
	assert_true(n <= LEN(v));
	for (size_t i = 0; i < n; i++)
		v[i] = m[i].member;
	return joined(v, n);
}

static inline struct str
zset_text(const char *key)
{
	return page_text(key, (struct zpage){ ZPAGE_ALL, .limit = 100 });
}

/* What a string holds; nothing where there is none. */
static inline struct str
string_text(const char *key)
{
	struct str v = { NULL, 0 };

	string_get(db, mem, str(key), &v);
	return v;
}

/* `n` bytes that are not all the same. */
static inline struct str
bytes_of(size_t n, int from)
{
	char *p = arena_alloc(mem, n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(from + (int)(i % 61));
	return (struct str){ p, n };
}

/* ---- proofs ------------------------------------------------------------------ */

static inline void
show_difference(void *arg, const char *text)
{
	(void)arg;
	print_error("%s\n", text);
}

/* Commits; lengths, counts and runs must agree with the members. */
static inline void
all_agrees(void)
{
	int64_t now = db_now(db);

	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_begin(db, TX_READ, now), OK);
	assert_int_equal(key_check(db, show_difference, NULL), 0);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_begin(db, TX_WRITE, now), OK);
}

/* Statements behind the store's back; what is open is committed first. */
static inline void
by_hand(const char *text)
{
	int64_t now = db_now(db);
	sqlite3 *handle;

	assert_int_equal(db_commit(db), OK);
	assert_int_equal(sqlite3_open(store_path, &handle), SQLITE_OK);
	if (sqlite3_exec(handle, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(handle));
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	assert_int_equal(db_begin(db, TX_WRITE, now), OK);
}

/* How often each of n came, where each should have come equally often:
 * Pearson's sum.  Of fair draws one in ten million is refused, for n <= 20. */
static inline void
assert_even(const int *seen, size_t n)
{
	double all = 0, sum = 0;

	assert_true(n <= 20);
	for (size_t i = 0; i < n; i++)
		all += seen[i];
	for (size_t i = 0; i < n; i++)
		sum += (seen[i] - all / (double)n) * (seen[i] - all / (double)n) / (all / (double)n);
	if (sum > 72) {
		for (size_t i = 0; i < n; i++)
			print_error("%zu: %d\n", i, seen[i]);
		fail_msg("not even: %g", sum);
	}
}

#endif

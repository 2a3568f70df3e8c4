/* list_test.c - what list.h promises. */
#include "store.h"

#include <sqlite3.h>

#include "key.h"
#include "list.h"
#include "set.h"

static int64_t
length(const char *key)
{
	int64_t n = -1;

	assert_int_equal(list_length(db, str(key), &n), OK);
	return n;
}

/* RPUSH of the letters of a word. */
static void
letters(const char *key, const char *word)
{
	int64_t n;

	for (; *word; word++)
		assert_int_equal(list_push(db, str(key), LIST_TAIL, &(struct str){ word, 1 }, 1, &n), OK);
}

/* All elements in a row. */
static struct str
joined(const struct str *v, size_t n)
{
	struct str s = S("");

	for (size_t i = 0; i < n; i++)
		s = arena_strf(mem, "%.*s%.*s", FMT(s), FMT(v[i]));
	return s;
}

static struct str
range(const char *key, int64_t first, int64_t last)
{
	struct str *v;
	size_t n;

	assert_int_equal(list_range(db, mem, str(key), first, last, &v, &n), OK);
	return joined(v, n);
}

#define assert_list(key, word) assert_str(range((key), 0, -1), (word))

/* ---- ends ------------------------------------------------------------------ */

STORE_TEST(elements_are_pushed_one_after_the_other_at_either_end)
{
	const struct str abc[] = { S("a"), S("b"), S("c") };
	int64_t n;

	assert_int_equal(list_push(db, S("l"), LIST_HEAD, abc, 3, &n), OK);
	assert_int_equal(n, 3);
	assert_list("l", "cba");
	assert_int_equal(list_push(db, S("l"), LIST_TAIL, abc, 3, &n), OK);
	assert_int_equal(n, 6);
	assert_list("l", "cbaabc");
	assert_int_equal(length("l"), 6);
}

STORE_TEST(pushing_to_what_exists_makes_no_list)
{
	int64_t n = 9;

	assert_int_equal(list_push_existing(db, S("l"), LIST_HEAD, &S("a"), 1, &n), OK);
	assert_int_equal(n, 0);
	assert_false(key_exists(db, S("l")));
	letters("l", "b");
	assert_int_equal(list_push_existing(db, S("l"), LIST_HEAD, &S("a"), 1, &n), OK);
	assert_int_equal(list_push_existing(db, S("l"), LIST_TAIL, &S("c"), 1, &n), OK);
	assert_int_equal(n, 3);
	assert_list("l", "abc");
}

STORE_TEST(elements_leave_from_an_end_inwards)
{
	struct str *v;
	size_t n;

	letters("l", "abcdefg");
	assert_int_equal(list_pop(db, mem, S("l"), LIST_HEAD, 2, &v, &n), OK);
	assert_str(joined(v, n), "ab");
	assert_int_equal(list_pop(db, mem, S("l"), LIST_TAIL, 3, &v, &n), OK);
	assert_str(joined(v, n), "gfe");
	assert_int_equal(list_pop(db, mem, S("l"), LIST_TAIL, 0, &v, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(length("l"), 2);
	assert_int_equal(list_pop(db, mem, S("l"), LIST_TAIL, INT64_MAX, &v, &n), OK);
	assert_str(joined(v, n), "dc");
	assert_int_equal(list_pop(db, mem, S("l"), LIST_TAIL, 1, &v, &n), ERR_NOT_FOUND);
}

STORE_TEST(an_emptied_list_is_gone_with_its_expiry)
{
	struct str *v, one;
	int64_t removed;
	size_t n;

	for (int way = 0; way < 5; way++) {
		letters("l", "aa");
		assert_int_equal(key_expire_at(db, S("l"), NOW + 1000), OK);
		if (way == 0)
			assert_int_equal(list_pop(db, mem, S("l"), LIST_HEAD, 2, &v, &n), OK);
		if (way == 1)
			assert_int_equal(list_trim(db, S("l"), 2, -1), OK);
		if (way == 2)
			assert_int_equal(list_remove(db, S("l"), 0, S("a"), &removed), OK);
		if (way == 3)
			assert_int_equal(list_remove(db, S("l"), -2, S("a"), &removed), OK);
		for (int i = 0; way == 4 && i < 2; i++)
			assert_int_equal(list_move(db, mem, S("l"), LIST_HEAD, S("m"), LIST_HEAD, &one), OK);
		assert_false(key_exists(db, S("l")));
		letters("l", "b");
		assert_int_equal(key_expires(db, S("l")), 0);
		assert_list("l", "b");
		key_del(db, S("l"));
	}
}

/* ---- reading --------------------------------------------------------------- */

STORE_TEST(an_index_counts_from_the_head_or_backwards_from_the_tail)
{
	static const int64_t outside[] = { 3, -4, INT64_MAX, INT64_MIN };
	struct str s;

	letters("l", "abc");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(list_index(db, mem, S("l"), i, &s), OK);
		assert_bytes(s, ((struct str){ "abc" + i, 1 }));
		assert_int_equal(list_index(db, mem, S("l"), i - 3, &s), OK);
		assert_bytes(s, ((struct str){ "abc" + i, 1 }));
	}
	for (size_t i = 0; i < LEN(outside); i++) {
		assert_int_equal(list_index(db, mem, S("l"), outside[i], &s), ERR_NOT_FOUND);
		assert_int_equal(list_set(db, S("l"), outside[i], S("x")), ERR_INPUT);
	}
	assert_int_equal(list_index(db, mem, S("none"), 0, &s), ERR_NOT_FOUND);
	assert_int_equal(list_set(db, S("none"), 0, S("x")), ERR_NOT_FOUND);
	assert_int_equal(list_set(db, S("l"), -1, S("z")), OK);
	assert_int_equal(list_set(db, S("l"), 0, S("x")), OK);
	assert_list("l", "xbz");
}

STORE_TEST(a_range_is_what_exists_of_it)
{
	letters("l", "abcde");
	assert_str(range("l", 1, 3), "bcd");
	assert_str(range("l", -2, -1), "de");
	assert_str(range("l", -9, 9), "abcde");
	assert_str(range("l", INT64_MIN, INT64_MAX), "abcde");
	assert_str(range("l", 3, 1), "");
	assert_str(range("l", 5, 9), "");
	assert_str(range("l", 0, -6), "");
	assert_str(range("l", INT64_MAX, INT64_MIN), "");
	assert_str(range("none", 0, -1), "");
}

STORE_TEST(elements_are_bytes)
{
	const struct str odd[] = { S(""), S("\0"), S("\0\xff\0"), S("1"), S("01"), S("-0"), S("1.0") };
	int64_t n, removed;
	struct str *v, s;
	size_t taken;

	assert_int_equal(list_push(db, S("\0l"), LIST_TAIL, odd, LEN(odd), &n), OK);
	for (size_t i = 0; i < LEN(odd); i++) {
		assert_int_equal(list_index(db, mem, S("\0l"), (int64_t)i, &s), OK);
		assert_bytes(s, odd[i]);
	}
	assert_int_equal(list_remove(db, S("\0l"), 0, S("1"), &removed), OK);
	assert_int_equal(removed, 1);
	assert_int_equal(list_remove(db, S("\0l"), 0, S(""), &removed), OK);
	assert_int_equal(removed, 1);
	assert_int_equal(list_insert(db, S("\0l"), true, S("\0\xff\0"), S("\xff"), &n), OK);
	assert_int_equal(n, 6);
	assert_int_equal(list_pop(db, mem, S("\0l"), LIST_HEAD, 3, &v, &taken), OK);
	assert_bytes(v[0], S("\0"));
	assert_bytes(v[1], S("\xff"));
	assert_bytes(v[2], S("\0\xff\0"));
}

static struct str
found(const char *element, int64_t rank, int64_t limit, int64_t within)
{
	struct list_search by = { rank, limit, within };
	struct str s = S("");
	int64_t *v;
	size_t n;

	assert_int_equal(list_find(db, mem, S("l"), str(element), &by, &v, &n), OK);
	for (size_t i = 0; i < n; i++)
		s = arena_strf(mem, "%.*s %lld", FMT(s), (long long)v[i]);
	return s;
}

STORE_TEST(a_search_goes_from_a_rank_on_up_to_a_number_of_matches_within_a_bound)
{
	letters("l", "abacada");
	assert_str(found("a", 1, 1, 0), " 0");
	assert_str(found("a", 1, 0, 0), " 0 2 4 6");
	assert_str(found("a", 2, 2, 0), " 2 4");
	assert_str(found("a", -1, 0, 0), " 6 4 2 0");
	assert_str(found("a", -2, 1, 0), " 4");
	assert_str(found("a", 5, 0, 0), "");
	assert_str(found("a", INT64_MAX, 0, 0), "");
	assert_str(found("a", -INT64_MAX, 0, 0), "");
	assert_str(found("a", 1, 0, 4), " 0 2");
	assert_str(found("a", -1, 0, 4), " 6 4");
	assert_str(found("a", 2, 0, 2), "");
	assert_str(found("a", 1, INT64_MAX, INT64_MAX), " 0 2 4 6");
	assert_str(found("z", 1, 0, 0), "");
	key_del(db, S("l"));
	assert_str(found("a", 1, 0, 0), "");
	for (int i = 0; i < 100; i++)
		letters("l", "a");
	assert_int_equal(found("a", 1, 0, 0).n, 10 * 2 + 90 * 3);
}

/* ---- the middle ------------------------------------------------------------ */

STORE_TEST(trimming_keeps_a_range)
{
	static const struct {
		int64_t first, last;
		const char *left;
	} rows[] = { { 0, -1, "abcde" }, { 1, 3, "bcd" }, { -3, 9, "cde" }, { 0, 0, "a" }, { -9, -5, "a" },
		{ INT64_MIN, INT64_MAX, "abcde" }, { 3, 2, "" }, { 5, 9, "" }, { 0, -6, "" } };

	for (size_t i = 0; i < LEN(rows); i++) {
		letters("l", "abcde");
		assert_int_equal(list_trim(db, S("l"), rows[i].first, rows[i].last), OK);
		assert_list("l", rows[i].left);
		assert_int_equal(length("l"), (int64_t)strlen(rows[i].left));
		assert_int_equal(key_exists(db, S("l")), rows[i].left[0] != '\0');
		key_del(db, S("l"));
	}
	assert_int_equal(list_trim(db, S("none"), 0, 1), OK);
}

STORE_TEST(little_of_a_long_list_keeps_its_order_and_its_expiry)
{
	enum { LONG = 2500 };
	struct str v[LONG], *left;
	int64_t n;
	size_t kept;

	for (int i = 0; i < LONG; i++)
		v[i] = numbered("m", i);
	for (int with = 0; with < 2; with++) {
		assert_int_equal(list_push(db, S("l"), LIST_TAIL, v, LONG, &n), OK);
		if (with)
			assert_int_equal(key_expire_at(db, S("l"), NOW + 1000), OK);
		assert_int_equal(list_trim(db, S("l"), 1000, -1001), OK);
		assert_int_equal(list_push(db, S("l"), LIST_HEAD, v, 1, &n), OK);
		assert_int_equal(n, LONG - 2000 + 1);
		assert_int_equal(list_range(db, mem, S("l"), 0, -1, &left, &kept), OK);
		assert_int_equal(kept, n);
		assert_bytes(left[0], v[0]);
		for (size_t i = 1; i < kept; i++)
			assert_bytes(left[i], v[1000 + i - 1]);
		assert_int_equal(key_expires(db, S("l")), with ? NOW + 1000 : 0);
		key_del(db, S("l"));
	}
}

STORE_TEST(removal_takes_the_first_the_last_or_all_that_are_equal)
{
	static const struct {
		int64_t count, removed;
		const char *left;
	} rows[] = { { 1, 1, "bacadaX" }, { 2, 2, "bcadaX" }, { -1, 1, "abacadX" }, { -3, 3, "abcdX" },
		{ 0, 4, "bcdX" }, { 9, 4, "bcdX" }, { -9, 4, "bcdX" }, { INT64_MAX, 4, "bcdX" },
		{ INT64_MIN, 4, "bcdX" } };
	int64_t removed;

	for (size_t i = 0; i < LEN(rows); i++) {
		letters("l", "abacadaX");
		assert_int_equal(list_remove(db, S("l"), rows[i].count, S("a"), &removed), OK);
		assert_int_equal(removed, rows[i].removed);
		assert_list("l", rows[i].left);
		assert_int_equal(length("l"), (int64_t)strlen(rows[i].left));
		key_del(db, S("l"));
	}
	letters("l", "ab");
	assert_int_equal(list_remove(db, S("l"), 0, S("z"), &removed), OK);
	assert_int_equal(removed, 0);
	assert_int_equal(list_remove(db, S("none"), 0, S("z"), &removed), OK);
	assert_int_equal(removed, 0);
	assert_list("l", "ab");
}

STORE_TEST(insertion_stands_right_beside_the_first_pivot)
{
	static const struct {
		bool before;
		const char *pivot, *all;
	} rows[] = { { true, "a", "Xabcab" }, { false, "a", "aXbcab" }, { true, "b", "aXbcab" },
		{ false, "b", "abXcab" }, { true, "c", "abXcab" }, { false, "c", "abcXab" } };
	int64_t n;

	for (size_t i = 0; i < LEN(rows); i++) {
		letters("l", "abcab");
		assert_int_equal(list_insert(db, S("l"), rows[i].before, str(rows[i].pivot), S("X"), &n), OK);
		assert_int_equal(n, 6);
		assert_list("l", rows[i].all);
		key_del(db, S("l"));
	}
	assert_int_equal(list_insert(db, S("none"), true, S("a"), S("X"), &n), OK);
	assert_int_equal(n, 0);
	assert_false(key_exists(db, S("none")));
	letters("l", "ab");
	assert_int_equal(list_insert(db, S("l"), true, S("z"), S("X"), &n), OK);
	assert_int_equal(n, -1);
	assert_int_equal(list_insert(db, S("l"), false, S("b"), S("X"), &n), OK);
	assert_list("l", "abX");
	assert_int_equal(length("l"), 3);
}

STORE_TEST(an_element_moves_between_lists_and_within_one)
{
	struct str s;

	letters("l", "abc");
	assert_int_equal(list_move(db, mem, S("l"), LIST_TAIL, S("m"), LIST_HEAD, &s), OK);
	assert_str(s, "c");
	assert_int_equal(list_move(db, mem, S("l"), LIST_HEAD, S("m"), LIST_TAIL, &s), OK);
	assert_str(s, "a");
	assert_list("l", "b");
	assert_list("m", "ca");
	assert_int_equal(list_move(db, mem, S("m"), LIST_HEAD, S("m"), LIST_TAIL, &s), OK);
	assert_str(s, "c");
	assert_list("m", "ac");
	assert_int_equal(list_move(db, mem, S("m"), LIST_TAIL, S("m"), LIST_TAIL, &s), OK);
	assert_list("m", "ac");
	assert_int_equal(length("m"), 2);
	assert_int_equal(list_move(db, mem, S("none"), LIST_TAIL, S("m"), LIST_TAIL, &s), ERR_NOT_FOUND);
	assert_list("m", "ac");
}

STORE_TEST(a_list_of_one_that_is_turned_keeps_its_expiry)
{
	struct str s;

	letters("l", "a");
	assert_int_equal(key_expire_at(db, S("l"), NOW + 1000), OK);
	assert_int_equal(list_move(db, mem, S("l"), LIST_TAIL, S("l"), LIST_HEAD, &s), OK);
	assert_int_equal(key_expires(db, S("l")), NOW + 1000);
	assert_list("l", "a");
	at(NOW + 1000);
	assert_int_equal(list_move(db, mem, S("l"), LIST_TAIL, S("l"), LIST_HEAD, &s), ERR_NOT_FOUND);
	letters("l", "b");
	assert_list("l", "b");
}

STORE_TEST(a_key_of_another_type_is_refused_and_nothing_changes)
{
	struct list_search by = { 1, 1, 0 };
	int64_t n, *at_;
	struct str *v, s;
	size_t count;

	assert_int_equal(set_add(db, S("s"), S("a")), OK);
	letters("l", "ab");
	assert_int_equal(list_push(db, S("s"), LIST_HEAD, &S("a"), 1, &n), ERR_TYPE);
	assert_int_equal(list_push_existing(db, S("s"), LIST_HEAD, &S("a"), 1, &n), ERR_TYPE);
	assert_int_equal(list_pop(db, mem, S("s"), LIST_HEAD, 1, &v, &count), ERR_TYPE);
	assert_int_equal(list_length(db, S("s"), &n), ERR_TYPE);
	assert_int_equal(list_index(db, mem, S("s"), 0, &s), ERR_TYPE);
	assert_int_equal(list_set(db, S("s"), 0, S("a")), ERR_TYPE);
	assert_int_equal(list_range(db, mem, S("s"), 0, -1, &v, &count), ERR_TYPE);
	assert_int_equal(list_trim(db, S("s"), 1, 0), ERR_TYPE);
	assert_int_equal(list_remove(db, S("s"), 0, S("a"), &n), ERR_TYPE);
	assert_int_equal(list_insert(db, S("s"), true, S("a"), S("b"), &n), ERR_TYPE);
	assert_int_equal(list_find(db, mem, S("s"), S("a"), &by, &at_, &count), ERR_TYPE);
	assert_int_equal(list_move(db, mem, S("s"), LIST_HEAD, S("l"), LIST_HEAD, &s), ERR_TYPE);
	assert_int_equal(list_move(db, mem, S("l"), LIST_HEAD, S("s"), LIST_HEAD, &s), ERR_TYPE);
	assert_int_equal(list_move(db, mem, S("none"), LIST_HEAD, S("s"), LIST_HEAD, &s), ERR_NOT_FOUND);
	assert_list("l", "ab");
	assert_true(set_has(db, S("s"), S("a")));
	assert_int_equal(set_add(db, S("l"), S("a")), ERR_TYPE);
}

/* ---- against a model ------------------------------------------------------- */

enum { MOST = 400, STEPS = 12000 };

/* A list as an array of small numbers. */
struct model {
	int v[MOST + 32], n;
};

static void
model_open(struct model *m, int i, int value)
{
	memmove(m->v + i + 1, m->v + i, (size_t)(m->n - i) * sizeof(*m->v));
	m->v[i] = value;
	m->n++;
}

static int
model_take(struct model *m, int i)
{
	int value = m->v[i];

	m->n--;
	memmove(m->v + i, m->v + i + 1, (size_t)(m->n - i) * sizeof(*m->v));
	return value;
}

/* LREM */
static int
model_remove(struct model *m, int count, int value)
{
	int removed = 0;

	for (int i = count < 0 ? m->n - 1 : 0; i >= 0 && i < m->n;) {
		if (m->v[i] == value && (count == 0 || removed < abs(count))) {
			model_take(m, i);
			removed++;
			i -= count < 0;
		} else {
			i += count < 0 ? -1 : 1;
		}
	}
	return removed;
}

/* Every 13th is long, so that rows differ in size. */
static struct str
element(int value)
{
	return value % 13 == 0 ? arena_strf(mem, "%d%0*d", value, value * 10, 0)
			       : arena_strf(mem, "%d", value);
}

static void
model_check(const struct model *m)
{
	struct str *v;
	size_t n;

	assert_int_equal(list_range(db, mem, S("l"), 0, -1, &v, &n), OK);
	assert_int_equal(n, m->n);
	assert_int_equal(length("l"), m->n);
	for (int i = 0; i < m->n; i++)
		assert_bytes(v[i], element(m->v[i]));
}

/* The rows themselves: consecutive, as many as the key says, no others. */
static void
rows_check(int64_t n)
{
	sqlite3 *raw;
	sqlite3_stmt *st;

	at(NOW);
	assert_int_equal(sqlite3_open_v2(store_path, &raw, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	sqlite3_prepare_v2(raw,
	    "select count(*), max(position) - min(position) + 1, count(distinct key) from item", -1, &st,
	    NULL);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int64(st, 0), n);
	if (n > 0) {
		assert_int_equal(sqlite3_column_int64(st, 1), n);
		assert_int_equal(sqlite3_column_int64(st, 2), 1);
	}
	sqlite3_finalize(st);
	sqlite3_close(raw);
}

STORE_TEST(elements_of_a_dropped_list_are_taken_away)
{
	struct str v[1201];
	int64_t n, removed;

	for (size_t i = 0; i < LEN(v); i++)
		v[i] = S("x");
	for (int way = 0; way < 4; way++) {
		assert_int_equal(list_push(db, S("l"), LIST_TAIL, v, LEN(v), &n), OK);
		if (way == 0)
			key_del(db, S("l"));
		if (way == 1)
			assert_int_equal(list_trim(db, S("l"), 1, 0), OK);
		if (way == 2)
			assert_int_equal(list_remove(db, S("l"), 0, S("x"), &removed), OK);
		if (way == 3) {
			assert_int_equal(key_expire_at(db, S("l"), NOW + 1), OK);
			at(NOW + 1);
		}
		assert_false(key_exists(db, S("l")));
		while (key_sweep(db, 500))
			;
		rows_check(0);
	}
}

static void
push_both(struct model *m)
{
	enum list_end end = rnd_below(2) ? LIST_HEAD : LIST_TAIL;
	int values[9], k = 1 + rnd_below(9);
	struct str v[9];
	int64_t n;

	for (int i = 0; i < k; i++) {
		v[i] = element(values[i] = rnd_below(30));
		model_open(m, end == LIST_HEAD ? 0 : m->n, values[i]);
	}
	assert_int_equal(list_push(db, S("l"), end, v, (size_t)k, &n), OK);
	assert_int_equal(n, m->n);
}

static void
pop_both(struct model *m)
{
	enum list_end end = rnd_below(2) ? LIST_HEAD : LIST_TAIL;
	int64_t limit = rnd_below(9);
	struct str *v;
	size_t n;

	assert_int_equal(list_pop(db, mem, S("l"), end, limit, &v, &n), m->n ? OK : ERR_NOT_FOUND);
	assert_int_equal(n, m->n < limit ? m->n : limit);
	for (size_t i = 0; i < n; i++)
		assert_bytes(v[i], element(model_take(m, end == LIST_HEAD ? 0 : m->n - 1)));
}

static void
insert_both(struct model *m)
{
	int pivot = rnd_below(30), value = rnd_below(30), i;
	bool before = rnd_below(2), there = m->n > 0;
	int64_t n;

	for (i = 0; i < m->n && m->v[i] != pivot; i++)
		;
	if (i < m->n)
		model_open(m, before ? i : i + 1, value);
	else
		there = false;
	assert_int_equal(list_insert(db, S("l"), before, element(pivot), element(value), &n), OK);
	assert_int_equal(n, there ? m->n : m->n > 0 ? -1 : 0);
}

static void
remove_both(struct model *m)
{
	int value = rnd_below(30), count = rnd_below(7) - 3;
	int64_t n;

	assert_int_equal(list_remove(db, S("l"), count, element(value), &n), OK);
	assert_int_equal(n, model_remove(m, count, value));
}

static void
trim_both(struct model *m)
{
	int first = rnd_below(4), drop = rnd_below(4);

	assert_int_equal(list_trim(db, S("l"), first, -1 - drop), OK);
	for (int i = 0; i < first && m->n > 0; i++)
		model_take(m, 0);
	m->n = m->n > drop ? m->n - drop : 0;
}

static void
set_both(struct model *m)
{
	int i = rnd_below(m->n + 1), value = rnd_below(30);

	assert_int_equal(list_set(db, S("l"), i, element(value)), m->n == 0   ? ERR_NOT_FOUND
								  : i == m->n ? ERR_INPUT
									      : OK);
	if (i < m->n)
		m->v[i] = value;
}

static void
turn_both(struct model *m)
{
	bool up = rnd_below(2);
	struct str s;

	assert_int_equal(
	    list_move(db, mem, S("l"), up ? LIST_TAIL : LIST_HEAD, S("l"), up ? LIST_HEAD : LIST_TAIL, &s),
	    m->n ? OK : ERR_NOT_FOUND);
	if (m->n > 0) {
		int value = model_take(m, up ? m->n - 1 : 0);

		model_open(m, up ? 0 : m->n, value);
	}
}

STORE_TEST(thousands_of_random_changes_leave_what_an_array_would_hold)
{
	static void (*const ways[])(struct model *) = { push_both, pop_both, insert_both, remove_both,
		trim_both, set_both, turn_both };
	static struct model m;
	int most = 0, empty = 0;

	rnd_start();
	m.n = 0;
	for (int step = 1; step <= STEPS; step++) {
		/* By turns it grows past many chunks and shrinks to nothing. */
		if (step / 1000 % 2 == 0)
			push_both(&m);
		ways[rnd_below(LEN(ways))](&m);
		while (m.n > MOST)
			pop_both(&m);
		most = m.n > most ? m.n : most;
		empty += m.n == 0;
		if (step % 10 == 0)
			model_check(&m);
		if (step % 1000 == 0)
			rows_check(m.n);
		if (step % 50 == 0)
			arena_reset(mem);
	}
	assert_true(most > MOST / 2);
	assert_true(empty > 0);
}

/* hash_test.c - what hash.h promises. */
#include "collections.h"

STORE_TEST(a_field_comes_back_byte_for_byte)
{
	struct field f[] = { { S("a\0b"), S("v\0w") }, { S("\xff"), S("") }, { S(""), S("\x80") } };
	struct str v;

	assert_int_equal(hash_set(db, S("h"), f, LEN(f)), OK);
	for (size_t i = 0; i < LEN(f); i++) {
		assert_int_equal(hash_get(db, mem, S("h"), f[i].name, &v), OK);
		assert_bytes(v, f[i].value);
	}
}

STORE_TEST(a_missing_key_and_a_missing_field_are_not_found)
{
	struct str v;

	assert_int_equal(hash_get(db, mem, S("h"), S("f"), &v), ERR_NOT_FOUND);
	hash_put("h", "f", "v");
	assert_int_equal(hash_get(db, mem, S("h"), S("g"), &v), ERR_NOT_FOUND);
}

STORE_TEST(setting_adds_fields_and_changes_those_that_are_there)
{
	struct field f[] = { { S("a"), S("1") }, { S("b"), S("2") } };
	struct field g[] = { { S("b"), S("3") }, { S("c"), S("4") } };
	int64_t n;

	assert_int_equal(hash_set(db, S("h"), f, LEN(f)), OK);
	assert_int_equal(hash_set(db, S("h"), g, LEN(g)), OK);
	assert_str(hash_text("h"), "a=1 b=3 c=4");
	assert_int_equal(hash_len(db, S("h"), &n), OK);
	assert_int_equal(n, 3);
}

STORE_TEST(of_a_field_named_twice_the_last_one_wins)
{
	struct field f[] = { { S("a"), S("1") }, { S("b"), S("2") }, { S("a"), S("3") } };
	int64_t n;

	for (int round = 0; round < 2; round++) { /* a new hash, and one that is there */
		assert_int_equal(hash_set(db, S("h"), f, LEN(f)), OK);
		assert_str(hash_text("h"), "a=3 b=2");
		assert_int_equal(hash_len(db, S("h"), &n), OK);
		assert_int_equal(n, 2);
	}
}

STORE_TEST(setting_no_fields_makes_no_key)
{
	assert_int_equal(hash_set(db, S("h"), NULL, 0), OK);
	assert_false(key_exists(db, S("h")));
}

STORE_TEST(appended_entries_stand_in_order)
{
	fill_hash("h", 3);
	assert_str(hash_text("h"), "m0=old m1=old m2=old");
}

static void
append_twice(void)
{
	hash_append(db, S("h"), S("f"), S("v"));
	hash_append(db, S("h"), S("f"), S("w"));
}

STORE_TEST(appending_a_field_that_exists_is_a_bug)
{
	assert_int_equal(exit_status(append_twice), EXIT_BUG);
}

STORE_TEST(all_fields_come_in_byte_order)
{
	hash_put("h", "b", "1");
	hash_put("h", "B", "2");
	hash_put("h", "\xc8\x99", "3");
	hash_put("h", "aa", "4");
	hash_put("h", "", "5");
	assert_str(hash_text("h"), "=5 B=2 aa=4 b=1 \xc8\x99=3");
}

STORE_TEST(a_missing_hash_is_empty)
{
	struct field *f;
	size_t n = 9;
	int64_t len = 9;

	assert_int_equal(hash_all(db, mem, S("h"), &f, &n), OK);
	assert_int_equal(n, 0);
	n = 9;
	assert_int_equal(hash_page(db, mem, S("h"), S(""), 10, &f, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(hash_len(db, S("h"), &len), OK);
	assert_int_equal(len, 0);
	assert_int_equal(hash_del(db, S("h"), S("f")), OK);
}

STORE_TEST(pages_follow_one_another_by_field)
{
	struct field *f;
	struct str last = S("");
	size_t n, seen = 0;

	for (int i = 0; i < 25; i++)
		hash_append(db, S("h"), arena_strf(mem, "%03d", i), S("v"));
	while (assert_int_equal(hash_page(db, mem, S("h"), last, 10, &f, &n), OK), n > 0) {
		assert_true(n <= 10);
		for (size_t i = 0; i < n; i++, seen++)
			assert_str(f[i].name, arena_printf(mem, "%03zu", seen));
		last = f[n - 1].name;
	}
	assert_int_equal(seen, 25);
}

STORE_TEST(a_deleted_field_is_gone_and_a_missing_one_no_fault)
{
	int64_t n;

	hash_put("h", "f", "v");
	hash_put("h", "g", "w");
	assert_int_equal(hash_del(db, S("h"), S("f")), OK);
	assert_int_equal(hash_del(db, S("h"), S("f")), OK);
	assert_str(hash_text("h"), "g=w");
	assert_int_equal(hash_len(db, S("h"), &n), OK);
	assert_int_equal(n, 1);
}

STORE_TEST(deleting_the_last_field_takes_the_key)
{
	hash_put("h", "f", "v");
	assert_int_equal(hash_del(db, S("h"), S("f")), OK);
	assert_false(key_exists(db, S("h")));
}

STORE_TEST(a_key_of_another_type_is_an_error_in_every_call)
{
	struct field f = { S("f"), S("v") }, *all;
	struct str v;
	size_t n;
	int64_t len;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "hash"))
			continue;
		assert_int_equal(hash_set(db, each_type[i], &f, 1), ERR_TYPE);
		assert_int_equal(hash_append(db, each_type[i], S("f"), S("v")), ERR_TYPE);
		assert_int_equal(hash_get(db, mem, each_type[i], S("f"), &v), ERR_TYPE);
		assert_int_equal(hash_all(db, mem, each_type[i], &all, &n), ERR_TYPE);
		assert_int_equal(hash_page(db, mem, each_type[i], S(""), 1, &all, &n), ERR_TYPE);
		assert_int_equal(hash_del(db, each_type[i], S("f")), ERR_TYPE);
		assert_int_equal(hash_len(db, each_type[i], &len), ERR_TYPE);
	}
	assert_str(string_text("string"), "v");
}

/* ---- several fields at once, and how many that were -------------------------------------- */

STORE_TEST(setting_many_tells_how_many_are_new)
{
	struct field f[] = { { S("a"), S("1") }, { S("b"), S("2") }, { S("a"), S("3") } };
	int64_t n = -1;

	assert_int_equal(hash_set_many(db, S("h"), f, LEN(f), &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(hash_set_many(db, S("h"), f, LEN(f), &n), OK);
	assert_int_equal(n, 0);
	f[2].name = S("c");
	assert_int_equal(hash_set_many(db, S("h"), f, LEN(f), &n), OK);
	assert_int_equal(n, 1);
	assert_str(hash_text("h"), "a=1 b=2 c=3");
	assert_int_equal(hash_set_many(db, S("h"), NULL, 0, &n), OK);
	assert_int_equal(n, 0);
}

/* More than are compared with each other before they are written. */
STORE_TEST(many_new_fields_of_which_some_are_named_twice_are_counted_once)
{
	enum { N = 700 };
	struct field f[2 * N];
	int64_t n;

	for (int i = 0; i < 2 * N; i++)
		f[i] = (struct field){ numbered("m", i % N), numbered("v", i) };
	assert_int_equal(hash_set_many(db, S("h"), f, LEN(f), &n), OK);
	assert_int_equal(n, N);
	assert_int_equal(hash_len(db, S("h"), &n), OK);
	assert_int_equal(n, N);
	all_agrees();
	for (int i = 0; i < N; i++) {
		struct str v;

		assert_int_equal(hash_get(db, mem, S("h"), f[i].name, &v), OK);
		assert_bytes(v, f[N + i].value);
	}
}

STORE_TEST(a_field_is_set_anew_only_where_it_is_missing)
{
	struct str v;
	bool set;

	assert_int_equal(hash_set_new(db, S("h"), S("f"), S("v"), &set), OK);
	assert_true(set);
	assert_int_equal(hash_set_new(db, S("h"), S("f"), S("w"), &set), OK);
	assert_false(set);
	assert_int_equal(hash_set_new(db, S("h"), S(""), S(""), &set), OK);
	assert_true(set);
	assert_int_equal(hash_set_new(db, S("h"), S(""), S("x"), &set), OK);
	assert_false(set);
	assert_int_equal(hash_get(db, mem, S("h"), S("f"), &v), OK);
	assert_str(v, "v");
	assert_str(hash_text("h"), "= f=v");
	all_agrees();
}

STORE_TEST(getting_many_gives_nothing_where_there_is_none)
{
	struct str fields[] = { S("b"), S("missing"), S("a"), S("b"), S("empty") }, v[LEN(fields)];

	hash_put("h", "a", "1");
	hash_put("h", "b", "2");
	hash_put("h", "empty", "");
	assert_int_equal(hash_get_many(db, mem, S("h"), fields, LEN(fields), v), OK);
	assert_str(v[0], "2");
	assert_null(v[1].p);
	assert_str(v[2], "1");
	assert_str(v[3], "2");
	assert_non_null(v[4].p);
	assert_int_equal(v[4].n, 0);
	assert_int_equal(hash_get_many(db, mem, S("missing"), fields, LEN(fields), v), OK);
	for (size_t i = 0; i < LEN(v); i++)
		assert_null(v[i].p);
}

STORE_TEST(deleting_many_tells_how_many_went)
{
	struct str fields[] = { S("a"), S("missing"), S("a"), S("b"), S("c") };
	int64_t n = -1;

	hash_put("h", "a", "1");
	hash_put("h", "b", "2");
	hash_put("h", "d", "3");
	assert_int_equal(hash_del_many(db, S("h"), fields, LEN(fields), &n), OK);
	assert_int_equal(n, 2);
	assert_str(hash_text("h"), "d=3");
	assert_int_equal(hash_del_many(db, S("h"), fields, LEN(fields), &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(hash_del_many(db, S("missing"), fields, LEN(fields), &n), OK);
	assert_int_equal(n, 0);
}

STORE_TEST(deleting_all_and_more_takes_the_key)
{
	struct str fields[3 * MANY / 2];
	int64_t n;

	fill_hash("h", MANY);
	for (int i = 0; i < (int)LEN(fields); i++)
		fields[i] = numbered("m", i);
	assert_int_equal(hash_del_many(db, S("h"), fields, LEN(fields), &n), OK);
	assert_int_equal(n, MANY);
	assert_false(key_exists(db, S("h")));
	hash_put("h", "f", "v");
	assert_str(hash_text("h"), "f=v");
	all_agrees();
}

/* ---- counting ---------------------------------------------------------------------------------- */

STORE_TEST(a_field_counts_from_0_and_reads_as_digits)
{
	int64_t n = -1;

	assert_int_equal(hash_incr(db, S("h"), S("n"), 5, &n), OK);
	assert_int_equal(n, 5);
	assert_int_equal(hash_incr(db, S("h"), S("n"), -7, &n), OK);
	assert_int_equal(n, -2);
	assert_int_equal(hash_incr(db, S("h"), S("n"), 0, &n), OK);
	assert_str(hash_text("h"), "n=-2");
	hash_put("h", "n", "-9223372036854775808");
	assert_int_equal(hash_incr(db, S("h"), S("n"), INT64_MAX, &n), OK);
	assert_int_equal(n, -1);
}

STORE_TEST(a_counted_field_is_set_read_and_deleted_like_any_other)
{
	struct field same = { S("n"), S("7") };
	struct str v;
	int64_t n;

	assert_int_equal(hash_incr(db, S("h"), S("n"), 3, &n), OK);
	assert_int_equal(hash_incr(db, S("h"), S("n"), 4, &n), OK);
	assert_int_equal(hash_set_many(db, S("h"), &same, 1, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(hash_get_many(db, mem, S("h"), &same.name, 1, &v), OK);
	assert_str(v, "7");
	assert_int_equal(hash_incr_float(db, mem, S("h"), S("n"), 0.5L, &v), OK);
	assert_str(v, "7.5");
	assert_int_equal(hash_del(db, S("h"), S("n")), OK);
	assert_false(key_exists(db, S("h")));
}

STORE_TEST(a_field_that_is_no_integer_is_not_counted)
{
	static const char *const wrong[] = { "", " 1", "1 ", "+1", "01", "1.0", "x", "9223372036854775808" };
	int64_t n;

	for (size_t i = 0; i < LEN(wrong); i++) {
		hash_put("h", "n", wrong[i]);
		assert_int_equal(hash_incr(db, S("h"), S("n"), 1, &n), ERR_INPUT);
		assert_str(hash_text("h"), arena_printf(mem, "n=%s", wrong[i]));
	}
}

STORE_TEST(a_field_whose_sum_leaves_64_bits_stays)
{
	int64_t n;

	hash_put("h", "n", "9223372036854775807");
	assert_int_equal(hash_incr(db, S("h"), S("n"), 1, &n), ERR_CONFLICT);
	assert_str(hash_text("h"), "n=9223372036854775807");
	hash_put("h", "n", "-2");
	assert_int_equal(hash_incr(db, S("h"), S("n"), INT64_MIN, &n), ERR_CONFLICT);
	assert_str(hash_text("h"), "n=-2");
}

STORE_TEST(a_float_is_added_to_a_field)
{
	struct str v;

	not_under_valgrind();
	assert_int_equal(hash_incr_float(db, mem, S("h"), S("f"), 10.5L, &v), OK);
	assert_str(v, "10.5");
	assert_int_equal(hash_incr_float(db, mem, S("h"), S("f"), 0.1L, &v), OK);
	assert_str(v, "10.6");
	hash_put("h", "f", "5.0e3");
	assert_int_equal(hash_incr_float(db, mem, S("h"), S("f"), 200, &v), OK);
	assert_str(hash_text("h"), "f=5200");
}

STORE_TEST(a_float_that_cannot_be_added_makes_nothing_and_changes_nothing)
{
	struct str v;

	not_under_valgrind();
	assert_int_equal(hash_incr_float(db, mem, S("h"), S("f"), INFINITY, &v), ERR_CONFLICT);
	assert_int_equal(hash_incr_float(db, mem, S("h"), S("f"), NAN, &v), ERR_CONFLICT);
	assert_false(key_exists(db, S("h")));
	hash_put("h", "f", "abc");
	assert_int_equal(hash_incr_float(db, mem, S("h"), S("f"), 1, &v), ERR_INPUT);
	hash_put("h", "f", "");
	assert_int_equal(hash_incr_float(db, mem, S("h"), S("f"), 1, &v), ERR_INPUT);
	assert_str(hash_text("h"), "f=");
}

STORE_TEST(another_type_is_an_error_also_to_what_counts_and_takes_many)
{
	struct field f = { S("f"), S("v") }, *all;
	struct str v;
	size_t nall;
	int64_t n;
	bool set;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "hash"))
			continue;
		assert_int_equal(hash_set_many(db, each_type[i], &f, 1, &n), ERR_TYPE);
		assert_int_equal(hash_set_new(db, each_type[i], S("f"), S("v"), &set), ERR_TYPE);
		assert_false(set);
		assert_int_equal(hash_get_many(db, mem, each_type[i], &f.name, 1, &v), ERR_TYPE);
		assert_int_equal(hash_del_many(db, each_type[i], &f.name, 1, &n), ERR_TYPE);
		assert_int_equal(hash_incr(db, each_type[i], S("f"), 1, &n), ERR_TYPE);
		assert_int_equal(hash_incr_float(db, mem, each_type[i], S("f"), 1, &v), ERR_TYPE);
		assert_int_equal(hash_random(db, mem, each_type[i], 1, &all, &nall), ERR_TYPE);
	}
	assert_str(string_text("string"), "v");
	all_agrees();
}

/* ---- by chance ----------------------------------------------------------------------------------- */

static struct field *drawn;
static size_t ndrawn;

static int
by_name(const void *a, const void *b)
{
	return str_cmp(((const struct field *)a)->name, ((const struct field *)b)->name);
}

/* Draws `count` different ones of a hash of n: "m0" = "v0" ... */
static void
draw_different(const char *key, int64_t count)
{
	assert_int_equal(hash_random(db, mem, str(key), count, &drawn, &ndrawn), OK);
	for (size_t i = 0; i < ndrawn; i++)
		assert_bytes(drawn[i].value, arena_strf(mem, "v%.*s", FMT(drawn[i].name)));
	if (ndrawn > 0)
		qsort(drawn, ndrawn, sizeof(*drawn), by_name);
	for (size_t i = 1; i < ndrawn; i++)
		assert_true(str_cmp(drawn[i - 1].name, drawn[i].name) < 0);
}

static void
fill_named(const char *key, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(hash_append(db, str(key), numbered("", i), arena_strf(mem, "v%d", i)), OK);
}

STORE_TEST(random_fields_differ_and_come_with_their_values)
{
	fill_named("small", 20);
	fill_named("large", 3000);
	for (int count = 0; count <= 20; count++) {
		draw_different("small", count);
		assert_int_equal(ndrawn, count);
	}
	for (int count = 1; count < 3000; count = count * 3 + 1) {
		draw_different("large", count);
		assert_int_equal(ndrawn, count);
	}
}

STORE_TEST(asking_for_more_random_fields_than_there_are_gives_all)
{
	fill_named("h", 20);
	draw_different("h", 21);
	assert_int_equal(ndrawn, 20);
	draw_different("h", INT64_MAX);
	assert_int_equal(ndrawn, 20);
	draw_different("missing", 5);
	assert_int_equal(ndrawn, 0);
	assert_int_equal(hash_random(db, mem, S("missing"), -5, &drawn, &ndrawn), OK);
	assert_int_equal(ndrawn, 0);
}

STORE_TEST(random_fields_that_may_repeat_are_as_many_as_asked_for)
{
	fill_named("h", 3);
	assert_int_equal(hash_random(db, mem, S("h"), -500, &drawn, &ndrawn), OK);
	assert_int_equal(ndrawn, 500);
	for (size_t i = 0; i < ndrawn; i++)
		assert_bytes(drawn[i].value, arena_strf(mem, "v%.*s", FMT(drawn[i].name)));
	hash_put("one", "f", "v");
	assert_int_equal(hash_random(db, mem, S("one"), -3, &drawn, &ndrawn), OK);
	assert_int_equal(ndrawn, 3);
	assert_str(drawn[2].name, "f");
}

/* n fields in 20 parts of one size, drawn `count` at a time: all parts come
 * equally often. */
static void
drawn_evenly(int n, int64_t count, int times)
{
	int seen[20] = { 0 };

	key_del(db, S("h"));
	fill_named("h", n);
	for (int i = 0; i < times; i++) {
		assert_int_equal(hash_random(db, mem, S("h"), count, &drawn, &ndrawn), OK);
		for (size_t j = 0; j < ndrawn; j++)
			seen[strtol(arena_printf(mem, "%.*s", FMT(drawn[j].name)), NULL, 10) * 20 / n]++;
	}
	assert_even(seen, LEN(seen));
}

STORE_TEST(every_field_is_drawn_equally_often)
{
	drawn_evenly(20, 1, 4000);
	drawn_evenly(20, -1, 4000);
	drawn_evenly(20, 5, 1000);
	drawn_evenly(2000, 60, 60); /* sought */
	drawn_evenly(2000, -60, 60);
	drawn_evenly(2000, 1000, 5); /* read */
	drawn_evenly(2000, -1000, 5);
}

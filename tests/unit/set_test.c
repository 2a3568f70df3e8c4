/* set_test.c - what set.h promises. */
#include "collections.h"

STORE_TEST(a_member_is_in_the_set_once_however_often_it_was_added)
{
	int64_t n;

	for (int i = 0; i < 3; i++)
		assert_int_equal(set_add(db, S("s"), S("m")), OK);
	assert_true(set_has(db, S("s"), S("m")));
	assert_int_equal(set_card(db, S("s"), &n), OK);
	assert_int_equal(n, 1);
}

STORE_TEST(members_are_bytes_and_numbers_written_differently_differ)
{
	static const struct str members[] = { B(""), B("\0"), B("1"), B("01"), B("1.0"), B("a"), B("a\0b"),
		B("\xff") };
	struct str *v;
	size_t n;

	for (size_t i = LEN(members); i-- > 0;)
		assert_int_equal(set_add(db, S("s"), members[i]), OK);
	assert_int_equal(set_page(db, mem, S("s"), (struct str){ NULL, 0 }, 100, &v, &n), OK);
	assert_int_equal(n, LEN(members));
	assert_bytes(v[0], S(""));
	assert_bytes(v[1], S("\0"));
	for (size_t i = 0; i < n; i++) {
		assert_true(set_has(db, S("s"), members[i]));
		assert_true(i == 0 || str_cmp(v[i - 1], v[i]) < 0);
	}
	assert_false(set_has(db, S("s"), S("a\0")));
}

STORE_TEST(a_missing_set_has_no_members)
{
	struct str *v;
	size_t n = 9;
	int64_t card = 9;

	assert_false(set_has(db, S("s"), S("m")));
	assert_int_equal(set_card(db, S("s"), &card), OK);
	assert_int_equal(card, 0);
	assert_int_equal(set_page(db, mem, S("s"), (struct str){ NULL, 0 }, 10, &v, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(set_rem(db, S("s"), S("m")), OK);
}

STORE_TEST(a_removed_member_is_gone_and_a_missing_one_no_fault)
{
	set_add(db, S("s"), S("a"));
	set_add(db, S("s"), S("b"));
	assert_int_equal(set_rem(db, S("s"), S("a")), OK);
	assert_int_equal(set_rem(db, S("s"), S("a")), OK);
	assert_str(set_text("s"), "b");
}

STORE_TEST(removing_the_last_member_takes_the_key)
{
	set_add(db, S("s"), S("a"));
	assert_int_equal(set_rem(db, S("s"), S("a")), OK);
	assert_false(key_exists(db, S("s")));
}

STORE_TEST(pages_follow_one_another_by_member_from_the_empty_one_on)
{
	struct str *v, last = { NULL, 0 };
	size_t n, seen = 0;

	set_add(db, S("s"), S(""));
	for (int i = 1; i < 25; i++)
		set_add(db, S("s"), arena_strf(mem, "%03d", i));
	while (assert_int_equal(set_page(db, mem, S("s"), last, 10, &v, &n), OK), n > 0) {
		assert_true(n <= 10);
		for (size_t i = 0; i < n; i++, seen++)
			assert_str(v[i], seen ? arena_printf(mem, "%03zu", seen) : "");
		last = v[n - 1];
	}
	assert_int_equal(seen, 25);
}

STORE_TEST(a_key_of_another_type_is_an_error)
{
	struct str *v;
	size_t n;
	int64_t card;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "set"))
			continue;
		assert_int_equal(set_add(db, each_type[i], S("m")), ERR_TYPE);
		assert_int_equal(set_rem(db, each_type[i], S("m")), ERR_TYPE);
		assert_int_equal(set_card(db, each_type[i], &card), ERR_TYPE);
		assert_int_equal(set_page(db, mem, each_type[i], S(""), 1, &v, &n), ERR_TYPE);
		assert_false(set_has(db, each_type[i], S("m")));
	}
}

/* ---- several members at once --------------------------------------------------------- */

static void
make_set(const char *key, const char *letters)
{
	for (; *letters; letters++)
		assert_int_equal(set_add(db, str(key), (struct str){ letters, 1 }), OK);
}

STORE_TEST(adding_many_tells_how_many_are_new)
{
	struct str members[] = { S("a"), S("b"), S("a"), S(""), S("c") };
	int64_t n = -1;

	make_set("s", "cd");
	assert_int_equal(set_add_many(db, S("s"), members, LEN(members), &n), OK);
	assert_int_equal(n, 3);
	assert_str(set_text("s"), " a b c d");
	assert_int_equal(set_add_many(db, S("s"), members, LEN(members), &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(set_add_many(db, S("none"), NULL, 0, &n), OK);
	assert_int_equal(n, 0);
	assert_false(key_exists(db, S("none")));
}

STORE_TEST(removing_many_tells_how_many_went)
{
	struct str members[] = { S("a"), S("b"), S("a"), S("x") };
	int64_t n = -1;

	make_set("s", "abc");
	assert_int_equal(set_rem_many(db, S("s"), members, LEN(members), &n), OK);
	assert_int_equal(n, 2);
	assert_str(set_text("s"), "c");
	assert_int_equal(set_rem_many(db, S("missing"), members, LEN(members), &n), OK);
	assert_int_equal(n, 0);
}

STORE_TEST(removing_all_and_more_takes_the_key)
{
	struct str members[3 * MANY / 2];
	int64_t n;

	fill_set("s", MANY);
	for (int i = 0; i < (int)LEN(members); i++)
		members[i] = numbered("m", i);
	assert_int_equal(set_rem_many(db, S("s"), members, LEN(members), &n), OK);
	assert_int_equal(n, MANY);
	assert_false(key_exists(db, S("s")));
	make_set("s", "a");
	assert_str(set_text("s"), "a");
	all_agrees();
}

STORE_TEST(asking_for_many_answers_each)
{
	struct str members[] = { S("b"), S("x"), S("a"), S("b"), S("") };
	static const bool want[] = { true, false, true, true, false };
	bool has[LEN(members)];

	make_set("s", "ab");
	assert_int_equal(set_has_many(db, S("s"), members, LEN(members), has), OK);
	assert_memory_equal(has, want, sizeof(has));
	assert_int_equal(set_has_many(db, S("missing"), members, LEN(members), has), OK);
	for (size_t i = 0; i < LEN(has); i++)
		assert_false(has[i]);
}

/* ---- by chance -------------------------------------------------------------------------- */

static struct str *drawn;
static size_t ndrawn;

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* What was drawn differs, and `n` of it was. */
static void
assert_different(size_t n)
{
	assert_int_equal(ndrawn, n);
	if (n > 0)
		qsort(drawn, n, sizeof(*drawn), by_bytes);
	for (size_t i = 1; i < n; i++)
		assert_true(str_cmp(drawn[i - 1], drawn[i]) < 0);
}

static int
number_of(struct str member)
{
	return (int)strtol(arena_printf(mem, "%.*s", FMT(member)) + 1, NULL, 10);
}

STORE_TEST(random_members_differ_and_stay)
{
	fill_set("small", 20);
	fill_set("large", 3000);
	for (int count = 0; count <= 20; count++) {
		assert_int_equal(set_random(db, mem, S("small"), count, &drawn, &ndrawn), OK);
		assert_different((size_t)count);
	}
	for (int count = 1; count < 3000; count = count * 3 + 1) {
		assert_int_equal(set_random(db, mem, S("large"), count, &drawn, &ndrawn), OK);
		assert_different((size_t)count);
		for (size_t i = 0; i < ndrawn; i++)
			assert_true(set_has(db, S("large"), drawn[i]));
	}
	all_agrees();
}

STORE_TEST(asking_for_more_random_members_than_there_are_gives_all)
{
	make_set("s", "abc");
	assert_int_equal(set_random(db, mem, S("s"), 4, &drawn, &ndrawn), OK);
	assert_different(3);
	assert_int_equal(set_random(db, mem, S("s"), INT64_MAX, &drawn, &ndrawn), OK);
	assert_different(3);
	assert_int_equal(set_random(db, mem, S("s"), -500, &drawn, &ndrawn), OK);
	assert_int_equal(ndrawn, 500);
	for (size_t i = 0; i < ndrawn; i++)
		assert_true(set_has(db, S("s"), drawn[i]));
	assert_int_equal(set_random(db, mem, S("missing"), -5, &drawn, &ndrawn), OK);
	assert_int_equal(ndrawn, 0);
}

/* n members in 20 parts of one size: all parts come equally often. */
static void
drawn_evenly(int n, int64_t count, int times, bool pop)
{
	int seen[20] = { 0 };

	key_del(db, S("s"));
	fill_set("s", n);
	for (int i = 0; i < times; i++) {
		if (!pop)
			assert_int_equal(set_random(db, mem, S("s"), count, &drawn, &ndrawn), OK);
		else
			assert_int_equal(set_pop(db, mem, S("s"), count, &drawn, &ndrawn), OK);
		assert_int_equal(ndrawn, count < 0 ? -count : count);
		for (size_t j = 0; j < ndrawn; j++) {
			seen[number_of(drawn[j]) * 20 / n]++;
			if (pop)
				assert_int_equal(set_add(db, S("s"), drawn[j]), OK);
		}
	}
	assert_even(seen, LEN(seen));
}

STORE_TEST(every_member_is_drawn_equally_often)
{
	for (int pop = 0; pop < 2; pop++) {
		drawn_evenly(20, 1, 4000, pop);
		drawn_evenly(20, 5, 1000, pop);
		drawn_evenly(2000, 60, 60, pop);  /* sought */
		drawn_evenly(2000, 1000, 5, pop); /* read */
	}
	drawn_evenly(20, -1, 4000, false);
	drawn_evenly(2000, -60, 60, false);
	drawn_evenly(2000, -1000, 5, false);
}

STORE_TEST(popping_takes_members_away)
{
	int64_t n;

	fill_set("s", MANY);
	for (int left = MANY - 7; left > 0; left -= 7) {
		assert_int_equal(set_pop(db, mem, S("s"), 7, &drawn, &ndrawn), OK);
		assert_different(7);
		for (size_t i = 0; i < ndrawn; i++)
			assert_false(set_has(db, S("s"), drawn[i]));
		assert_int_equal(set_card(db, S("s"), &n), OK);
		assert_int_equal(n, left);
	}
	all_agrees();
}

STORE_TEST(popping_all_or_more_takes_the_key)
{
	static const int64_t counts[] = { 3, 4, INT64_MAX };

	for (size_t i = 0; i < LEN(counts); i++) {
		make_set("s", "abc");
		assert_int_equal(set_pop(db, mem, S("s"), counts[i], &drawn, &ndrawn), OK);
		assert_different(3);
		assert_false(key_exists(db, S("s")));
	}
	fill_set("s", MANY);
	assert_int_equal(set_pop(db, mem, S("s"), MANY, &drawn, &ndrawn), OK);
	assert_different(MANY);
	assert_false(key_exists(db, S("s")));
	make_set("s", "a");
	assert_str(set_text("s"), "a");
	all_agrees();
}

STORE_TEST(popping_nothing_takes_nothing)
{
	make_set("s", "a");
	assert_int_equal(set_pop(db, mem, S("s"), 0, &drawn, &ndrawn), OK);
	assert_int_equal(ndrawn, 0);
	assert_int_equal(set_pop(db, mem, S("missing"), 3, &drawn, &ndrawn), OK);
	assert_int_equal(ndrawn, 0);
	assert_str(set_text("s"), "a");
}

/* ---- from one to another ---------------------------------------------------------------------- */

static bool
move(const char *from, const char *to, const char *member)
{
	bool moved;

	assert_int_equal(set_move(db, str(from), str(to), str(member), &moved), OK);
	return moved;
}

STORE_TEST(a_member_moves_to_another_set)
{
	make_set("from", "ab");
	make_set("to", "x");
	assert_true(move("from", "to", "a"));
	assert_str(set_text("from"), "b");
	assert_str(set_text("to"), "a x");
	assert_true(move("from", "new", "b"));
	assert_false(key_exists(db, S("from")));
	assert_str(set_text("new"), "b");
}

STORE_TEST(a_member_that_the_other_set_has_is_only_taken_away)
{
	make_set("from", "ab");
	make_set("to", "a");
	assert_true(move("from", "to", "a"));
	assert_str(set_text("from"), "b");
	assert_str(set_text("to"), "a");
	all_agrees();
}

STORE_TEST(a_member_that_is_not_there_does_not_move)
{
	make_set("from", "a");
	assert_false(move("from", "to", "x"));
	assert_false(key_exists(db, S("to")));
	assert_false(move("missing", "to", "x"));
	assert_false(key_exists(db, S("to")));
	assert_false(move("from", "from", "x"));
}

STORE_TEST(a_member_moves_to_its_own_set)
{
	make_set("s", "a");
	assert_int_equal(key_expire_at(db, S("s"), NOW + 10), OK);
	assert_true(move("s", "s", "a"));
	assert_str(set_text("s"), "a");
	assert_int_equal(key_expires(db, S("s")), NOW + 10);
}

STORE_TEST(a_move_from_or_to_another_type_changes_nothing)
{
	bool moved;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "set"))
			continue;
		assert_int_equal(set_move(db, S("set"), each_type[i], S("m"), &moved), ERR_TYPE);
		assert_int_equal(set_move(db, each_type[i], S("set"), S("m"), &moved), ERR_TYPE);
		assert_int_equal(set_move(db, each_type[i], S("new"), S("m"), &moved), ERR_TYPE);
		assert_false(moved);
	}
	assert_str(set_text("set"), "m");
	assert_false(key_exists(db, S("new")));
}

/* ---- several sets ---------------------------------------------------------------------------------- */

/* Of keys that are letters: "abc". */
static struct str
combined(enum set_op op, const char *keys, size_t limit)
{
	struct str names[8], *v;
	size_t n, k = 0;

	for (; keys[k]; k++)
		names[k] = (struct str){ keys + k, 1 };
	assert_int_equal(set_combine(db, mem, op, names, k, limit, &v, &n), OK);
	return joined(v, n);
}

STORE_TEST(sets_are_intersected_united_and_subtracted)
{
	make_set("1", "cadb");
	make_set("2", "dcx");
	make_set("3", "cy");
	assert_str(combined(SET_INTER, "12", 0), "c d");
	assert_str(combined(SET_INTER, "123", 0), "c");
	assert_str(combined(SET_UNION, "123", 0), "a b c d x y");
	assert_str(combined(SET_DIFF, "12", 0), "a b");
	assert_str(combined(SET_DIFF, "21", 0), "x");
	assert_str(combined(SET_DIFF, "321", 0), "y");
	for (int op = SET_INTER; op <= SET_DIFF; op++)
		assert_str(combined((enum set_op)op, "1", 0), "a b c d");
}

STORE_TEST(a_set_that_is_missing_is_empty)
{
	make_set("1", "ab");
	assert_str(combined(SET_INTER, "1m", 0), "");
	assert_str(combined(SET_INTER, "m1", 0), "");
	assert_str(combined(SET_UNION, "m1m", 0), "a b");
	assert_str(combined(SET_UNION, "mm", 0), "");
	assert_str(combined(SET_DIFF, "1m", 0), "a b");
	assert_str(combined(SET_DIFF, "m1", 0), "");
}

STORE_TEST(a_set_named_twice_counts_twice)
{
	make_set("1", "ab");
	assert_str(combined(SET_INTER, "11", 0), "a b");
	assert_str(combined(SET_UNION, "11", 0), "a b");
	assert_str(combined(SET_DIFF, "11", 0), "");
}

STORE_TEST(an_intersection_ends_at_its_limit)
{
	make_set("1", "abcd");
	make_set("2", "bcd");
	assert_str(combined(SET_INTER, "12", 2), "b c");
	assert_str(combined(SET_INTER, "12", 3), "b c d");
	assert_str(combined(SET_INTER, "12", 9), "b c d");
}

/* Every third and every fifth of many, against the numbers themselves. */
STORE_TEST(large_sets_are_combined_as_well)
{
	static const struct str names[] = { B("3"), B("5") };
	struct str *v;
	size_t n;

	for (int i = 0; i < 6000; i++) {
		if (i % 3 == 0)
			assert_int_equal(set_add(db, S("3"), numbered("m", i)), OK);
		if (i % 5 == 0)
			assert_int_equal(set_add(db, S("5"), numbered("m", i)), OK);
	}
	for (int op = SET_INTER; op <= SET_DIFF; op++) {
		static const size_t want[] = { 400, 2000 + 1200 - 400, 2000 - 400 };

		assert_int_equal(set_combine(db, mem, (enum set_op)op, names, 2, 0, &v, &n), OK);
		assert_int_equal(n, want[op]);
		for (size_t i = 0; i < n; i++) {
			bool three = number_of(v[i]) % 3 == 0, five = number_of(v[i]) % 5 == 0;

			assert_true(i == 0 || str_cmp(v[i - 1], v[i]) < 0);
			assert_true(op == SET_INTER   ? three && five
				    : op == SET_UNION ? three || five
						      : three && !five);
		}
	}
}

STORE_TEST(another_type_among_the_sets_is_an_error)
{
	struct str names[2] = { S("set"), S("") }, *v;
	size_t n;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "set"))
			continue;
		names[1] = each_type[i];
		for (int op = SET_INTER; op <= SET_DIFF; op++)
			assert_int_equal(
			    set_combine(db, mem, (enum set_op)op, names, 2, 0, &v, &n), ERR_TYPE);
	}
}

STORE_TEST(a_replaced_key_becomes_the_set_whatever_it_was)
{
	struct str members[] = { S("b"), S("a"), S("b") };

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		assert_int_equal(key_expire_at(db, each_type[i], NOW + 10), OK);
		set_replace(db, each_type[i], members, LEN(members));
		assert_str(set_text(each_type[i].p), "a b");
		assert_int_equal(key_expires(db, each_type[i]), 0);
	}
	set_replace(db, S("new"), members, 1);
	assert_str(set_text("new"), "b");
	all_agrees();
}

STORE_TEST(a_key_replaced_with_nothing_goes)
{
	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		set_replace(db, each_type[i], NULL, 0);
		assert_false(key_exists(db, each_type[i]));
	}
	set_replace(db, S("missing"), NULL, 0);
	all_agrees();
}

STORE_TEST(a_set_is_replaced_with_what_it_was_combined_into)
{
	struct str names[] = { S("1"), S("2") }, *v;
	size_t n;

	fill_set("1", MANY);
	fill_set("2", MANY + 10);
	assert_int_equal(set_rem(db, S("2"), S("m7")), OK);
	assert_int_equal(set_combine(db, mem, SET_INTER, names, 2, 0, &v, &n), OK);
	set_replace(db, S("1"), v, n);
	assert_int_equal(set_combine(db, mem, SET_DIFF, names, 2, 0, &v, &n), OK);
	assert_int_equal(n, 0);
	assert_false(set_has(db, S("1"), S("m7")));
	assert_int_equal(set_combine(db, mem, SET_DIFF, (struct str[]){ S("2"), S("1") }, 2, 0, &v, &n), OK);
	set_replace(db, S("2"), v, n);
	assert_int_equal(n, 10);
	all_agrees();
}

STORE_TEST(another_type_is_an_error_also_to_what_takes_many)
{
	struct str m = S("m"), *v;
	bool has;
	size_t count;
	int64_t n;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "set"))
			continue;
		assert_int_equal(set_add_many(db, each_type[i], &m, 1, &n), ERR_TYPE);
		assert_int_equal(set_rem_many(db, each_type[i], &m, 1, &n), ERR_TYPE);
		assert_int_equal(set_has_many(db, each_type[i], &m, 1, &has), ERR_TYPE);
		assert_int_equal(set_random(db, mem, each_type[i], 1, &v, &count), ERR_TYPE);
		assert_int_equal(set_pop(db, mem, each_type[i], 1, &v, &count), ERR_TYPE);
	}
	all_agrees();
}

/* zset_test.c - what zset.h promises: rankings. */
#include "collections.h"

static void
add(const char *member, double score)
{
	assert_int_equal(zset_add(db, S("z"), str(member), score), OK);
}

static double
score_of(const char *member)
{
	double score = NAN;

	assert_int_equal(zset_score(db, S("z"), str(member), &score), OK);
	return score;
}

/* What a reading gives from highest to lowest. */
static struct str
reversed(void)
{
	return page_text("z", (struct zpage){ ZPAGE_ALL, .reverse = true, .limit = 100 });
}

STORE_TEST(members_come_lowest_score_first)
{
	add("c", 3);
	add("a", -1.5);
	add("b", 2);
	assert_str(zset_text("z"), "a b c");
	assert_str(reversed(), "c b a");
}

STORE_TEST(members_of_one_score_stand_in_byte_order_and_reversed_in_the_other)
{
	static const char *const members[] = { "b", "ab", "B", "aa", "\xc8\x99" };

	for (size_t i = 0; i < LEN(members); i++)
		add(members[i], 7);
	assert_str(zset_text("z"), "B aa ab b \xc8\x99");
	assert_str(reversed(), "\xc8\x99 b ab aa B");
}

STORE_TEST(members_are_bytes)
{
	static const struct str members[] = { B(""), B("\0"), B("a"), B("a\0b"), B("\xff\xfe") };
	struct zpage all = { ZPAGE_ALL, .limit = 10 };
	struct zmember *m;
	size_t n;

	for (size_t i = LEN(members); i-- > 0;)
		assert_int_equal(zset_add(db, S("z"), members[i], 1), OK);
	assert_int_equal(zset_page(db, mem, S("z"), &all, &m, &n), OK);
	assert_int_equal(n, LEN(members));
	for (size_t i = 0; i < n; i++)
		assert_bytes(m[i].member, members[i]);
}

STORE_TEST(adding_again_moves_the_member)
{
	int64_t n;

	add("a", 1);
	add("b", 2);
	add("a", 3);
	assert_str(zset_text("z"), "b a");
	assert_double(score_of("a"), 3);
	assert_int_equal(zset_card(db, S("z"), &n), OK);
	assert_int_equal(n, 2);
}

STORE_TEST(nan_is_refused_and_makes_no_key)
{
	assert_int_equal(zset_add(db, S("z"), S("a"), NAN), ERR_INPUT);
	assert_false(key_exists(db, S("z")));
	add("a", 1);
	assert_int_equal(zset_add(db, S("z"), S("a"), -NAN), ERR_INPUT);
	assert_double(score_of("a"), 1);
}

STORE_TEST(infinities_stand_at_the_ends)
{
	add("top", INFINITY);
	add("bottom", -INFINITY);
	add("large", 1.7976931348623157e308);
	add("small", -1.7976931348623157e308);
	assert_str(zset_text("z"), "bottom small large top");
	assert_true(isinf(score_of("top")) && score_of("top") > 0);
	assert_true(isinf(score_of("bottom")) && score_of("bottom") < 0);
	add("top", -INFINITY);
	assert_str(zset_text("z"), "bottom top small large");
}

STORE_TEST(minus_0_is_0)
{
	add("b", 0.0);
	add("a", -0.0);
	add("c", -0.0);
	assert_str(zset_text("z"), "a b c");
	assert_false(signbit(score_of("a")));
	add("b", -0.0);
	assert_false(signbit(score_of("b")));
}

STORE_TEST(scores_come_back_to_the_last_bit)
{
	static const double scores[] = { 0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 9007199254740993.0,
		4503599627370495.0, 1e17, -2.2250738585072014e-308 };

	for (size_t i = 0; i < LEN(scores); i++) {
		add("a", scores[i]);
		assert_double(score_of("a"), scores[i]);
	}
}

STORE_TEST(a_missing_key_and_a_missing_member_have_no_score)
{
	double score;

	assert_int_equal(zset_score(db, S("z"), S("a"), &score), ERR_NOT_FOUND);
	add("a", 1);
	assert_int_equal(zset_score(db, S("z"), S("b"), &score), ERR_NOT_FOUND);
}

STORE_TEST(a_missing_ranking_is_empty)
{
	int64_t n = 9;
	double sum = 9;

	assert_str(zset_text("z"), "");
	assert_int_equal(zset_card(db, S("z"), &n), OK);
	assert_int_equal(n, 0);
	n = 9;
	assert_int_equal(zset_sum(db, S("z"), &n, &sum), OK);
	assert_int_equal(n, 0);
	assert_double(sum, 0);
	assert_int_equal(zset_rem(db, S("z"), S("a")), OK);
}

STORE_TEST(a_removed_member_is_gone_and_a_missing_one_no_fault)
{
	add("a", 1);
	add("b", 2);
	assert_int_equal(zset_rem(db, S("z"), S("a")), OK);
	assert_int_equal(zset_rem(db, S("z"), S("a")), OK);
	assert_str(zset_text("z"), "b");
}

STORE_TEST(removing_the_last_member_takes_the_key)
{
	add("a", 1);
	assert_int_equal(zset_rem(db, S("z"), S("a")), OK);
	assert_false(key_exists(db, S("z")));
}

/* ---- pages --------------------------------------------------------------------- */

STORE_TEST(a_page_holds_scores_within_its_bounds_which_belong_to_it)
{
	add("a", 1);
	add("b", 2);
	add("c", 3);
	add("d", 4);
	assert_str(page_text("z", (struct zpage){ .min = 2, .max = 3, .limit = 10 }), "b c");
	assert_str(page_text("z", (struct zpage){ .min = 2, .max = 3, .limit = 10, .reverse = true }), "c b");
	assert_str(page_text("z", (struct zpage){ .min = 3, .max = 2, .limit = 10 }), "");
	assert_str(page_text("z", (struct zpage){ .min = -HUGE_VAL, .max = 1, .limit = 10 }), "a");
	assert_str(page_text("z", (struct zpage){ .min = 2.5, .max = HUGE_VAL, .limit = 1 }), "c");
	assert_str(page_text("z", (struct zpage){ ZPAGE_ALL, .limit = 0 }), "");
	assert_str(page_text("z", (struct zpage){ ZPAGE_ALL, .limit = SIZE_MAX }), "a b c d");
}

STORE_TEST(a_page_goes_on_behind_score_and_member_also_within_a_tie)
{
	struct zmember b = { S("b"), 1, S("") };

	add("a", 1);
	add("b", 1);
	add("c", 1);
	add("d", 2);
	assert_str(page_text("z", (struct zpage){ ZPAGE_ALL, .limit = 10, .after = &b }), "c d");
	assert_str(
	    page_text("z", (struct zpage){ ZPAGE_ALL, .limit = 10, .after = &b, .reverse = true }), "a");
	assert_str(page_text("z", (struct zpage){ .min = 1, .max = 1, .limit = 10, .after = &b }), "c");
}

STORE_TEST(a_page_goes_on_also_where_its_mark_is_gone)
{
	struct zmember gone = { S("bb"), 1.5, S("") };

	add("a", 1);
	add("b", 1.5);
	add("c", 1.5);
	assert_str(page_text("z", (struct zpage){ ZPAGE_ALL, .limit = 10, .after = &gone }), "c");
}

/* Walks over the ranking in pages of 7 while every step adds, moves and takes
 * away others; who stayed is seen exactly once. */
static void
walk_while_others_move(bool reverse)
{
	struct zpage page = { ZPAGE_ALL, .limit = 7, .reverse = reverse };
	struct zmember *m, mark;
	int seen[200] = { 0 };
	size_t n;

	for (int i = 0; i < 200; i++)
		assert_int_equal(zset_add(db, S("z"), numbered("stay", i), i / 10), OK);
	for (int i = 0; i < 50; i++)
		assert_int_equal(zset_add(db, S("z"), numbered("move", i), i % 20), OK);
	while (assert_int_equal(zset_page(db, mem, S("z"), &page, &m, &n), OK), n > 0) {
		for (size_t i = 0; i < n; i++)
			if (str_starts(m[i].member, "stay"))
				seen[strtol(m[i].member.p + 4, NULL, 10)]++;
		mark = m[n - 1];
		page.after = &mark;
		for (int i = 0; i < 5; i++)
			zset_add(db, S("z"), numbered("move", rnd_below(50)), rnd_below(20));
		zset_rem(db, S("z"), numbered("move", rnd_below(50)));
		zset_add(db, S("z"), numbered("new", rnd_below(1000)), rnd_below(20));
	}
	for (int i = 0; i < 200; i++)
		assert_int_equal(seen[i], 1);
}

STORE_TEST(pages_give_everyone_who_stays_once_while_others_come_and_go)
{
	rnd_start();
	walk_while_others_move(false);
	key_del(db, S("z"));
	walk_while_others_move(true);
}

STORE_TEST(pages_reach_over_infinite_scores)
{
	struct zpage page = { ZPAGE_ALL, .limit = 1 };
	struct zmember *m, mark;
	struct str v[4];
	size_t n, seen = 0;

	add("a", -INFINITY);
	add("b", -INFINITY);
	add("c", INFINITY);
	add("d", INFINITY);
	while (assert_int_equal(zset_page(db, mem, S("z"), &page, &m, &n), OK), n > 0 && seen < 4) {
		v[seen++] = m[0].member;
		mark = m[0];
		page.after = &mark;
	}
	assert_str(joined(v, seen), "a b c d");
}

/* ---- the companion string ---------------------------------------------------------- */

/* The values beside a ranking's members: "12 - 7". */
static struct str
companions(struct zpage page)
{
	struct zmember *m;
	struct str v[16];
	size_t n;

	page.get = "-availability";
	assert_int_equal(zset_page(db, mem, S("z"), &page, &m, &n), OK);
	for (size_t i = 0; i < n; i++)
		v[i] = m[i].value.n ? m[i].value : S("-");
	return joined(v, n);
}

STORE_TEST(a_page_brings_the_string_beside_each_member)
{
	struct zmember a = { S("a"), 1, S("") };

	add("a", 1);
	add("b", 2);
	add("c", 3);
	string_set_int(db, S("a-availability"), 12);
	string_set(db, S("c-availability"), S("seven"), 0);
	assert_str(companions((struct zpage){ ZPAGE_ALL, .limit = 10 }), "12 - seven");
	assert_str(companions((struct zpage){ ZPAGE_ALL, .limit = 10, .reverse = true }), "seven - 12");
	assert_str(companions((struct zpage){ ZPAGE_ALL, .limit = 10, .after = &a }), "- seven");
	a.score = 3;
	assert_str(
	    companions((struct zpage){ ZPAGE_ALL, .limit = 10, .after = &a, .reverse = true }), "- 12");
}

STORE_TEST(an_expired_string_beside_a_member_is_none)
{
	add("a", 1);
	add("b", 2);
	string_set(db, S("a-availability"), S("1"), NOW + 10);
	string_set(db, S("b-availability"), S("2"), NOW + 11);
	at(NOW + 10);
	assert_str(companions((struct zpage){ ZPAGE_ALL, .limit = 10 }), "- 2");
}

STORE_TEST(a_key_of_another_type_beside_a_member_is_none)
{
	add("a", 1);
	hash_put("a-availability", "f", "v");
	assert_str(companions((struct zpage){ ZPAGE_ALL, .limit = 10 }), "-");
}

STORE_TEST(members_with_nul_and_other_bytes_find_their_string)
{
	struct zpage page = { ZPAGE_ALL, .limit = 10, .get = "-x" };
	struct zmember *m;
	size_t n;

	zset_add(db, S("z"), S("a\0b"), 1);
	zset_add(db, S("z"), S("\xff\x80"), 2);
	zset_add(db, S("z"), S(""), 3);
	string_set(db, S("a\0b-x"), S("nul\0"), 0);
	string_set(db, S("a-x"), S("wrong"), 0);
	string_set(db, S("\xff\x80-x"), S("high"), 0);
	string_set(db, S("-x"), S("empty"), 0);
	assert_int_equal(zset_page(db, mem, S("z"), &page, &m, &n), OK);
	assert_int_equal(n, 3);
	assert_bytes(m[0].value, S("nul\0"));
	assert_str(m[1].value, "high");
	assert_str(m[2].value, "empty");
}

/* ---- sums and types ---------------------------------------------------------------- */

STORE_TEST(the_sum_is_over_finite_scores_only)
{
	int64_t n;
	double sum;

	add("a", 1.5);
	add("b", -4);
	add("c", INFINITY);
	add("d", -INFINITY);
	add("e", 0);
	assert_int_equal(zset_sum(db, S("z"), &n, &sum), OK);
	assert_int_equal(n, 3);
	assert_double(sum, -2.5);
}

STORE_TEST(a_key_of_another_type_is_an_error_in_every_call)
{
	struct zpage all = { ZPAGE_ALL, .limit = 1 };
	struct zmember *m;
	double d;
	size_t n;
	int64_t i64;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "zset"))
			continue;
		assert_int_equal(zset_add(db, each_type[i], S("m"), 1), ERR_TYPE);
		assert_int_equal(zset_rem(db, each_type[i], S("m")), ERR_TYPE);
		assert_int_equal(zset_score(db, each_type[i], S("m"), &d), ERR_TYPE);
		assert_int_equal(zset_card(db, each_type[i], &i64), ERR_TYPE);
		assert_int_equal(zset_page(db, mem, each_type[i], &all, &m, &n), ERR_TYPE);
		assert_int_equal(zset_sum(db, each_type[i], &i64, &d), ERR_TYPE);
	}
}

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

/* ---- ZADD with its options ------------------------------------------------------------ */

/* What Redis's zsetAdd() does, for a member that has `old` (NAN: there is none). */
static enum zadd_result
add_by_the_book(double old, double by, unsigned flags, double *score)
{
	bool there = !isnan(old);

	*score = old;
	if (there ? flags & ZADD_NX : flags & ZADD_XX)
		return ZADD_NOTHING;
	if (!there) {
		*score = by;
		return ZADD_ADDED;
	}
	if (flags & ZADD_INCR)
		by = old + by;
	if ((flags & ZADD_GT && !(by > old)) || (flags & ZADD_LT && !(by < old)))
		return ZADD_NOTHING;
	*score = by;
	return by > old || by < old ? ZADD_UPDATED : ZADD_SAME;
}

STORE_TEST(every_combination_of_options_adds_by_the_book)
{
	static const double scores[] = { NAN, -2, 0, 2, INFINITY }, bys[] = { -3, 0, 2, 4, INFINITY };

	for (unsigned flags = 0; flags < 32; flags++)
		for (size_t i = 0; i < LEN(scores); i++)
			for (size_t j = 0; j < LEN(bys); j++) {
				double want, score = -77;
				enum zadd_result result,
				    wanted = add_by_the_book(scores[i], bys[j], flags, &want);

				key_del(db, S("z"));
				if (!isnan(scores[i]))
					add("m", scores[i]);
				assert_int_equal(
				    zset_add_with(db, S("z"), S("m"), bys[j], flags, &score, &result), OK);
				assert_int_equal(result, wanted);
				assert_int_equal(key_exists(db, S("z")), !isnan(want));
				if (!isnan(want))
					assert_double(score_of("m"), want);
				if (result != ZADD_NOTHING)
					assert_double(score, want);
			}
	all_agrees();
}

STORE_TEST(a_sum_that_is_not_a_number_is_refused_and_changes_nothing)
{
	enum zadd_result result;
	double score;

	add("m", INFINITY);
	assert_int_equal(zset_add_with(db, S("z"), S("m"), -INFINITY, ZADD_INCR, &score, &result), ERR_INPUT);
	assert_int_equal(zset_add_with(db, S("z"), S("m"), NAN, ZADD_INCR, &score, &result), ERR_INPUT);
	assert_int_equal(zset_add_with(db, S("z"), S("new"), NAN, ZADD_INCR, &score, &result), ERR_INPUT);
	assert_str(zset_text("z"), "m");
	assert_true(isinf(score_of("m")));
}

/* ---- against an array in order ------------------------------------------------------------ */

/* Of a size that is walked, one just with runs, one with several levels of them. */
static const int sizes[] = { 40, 700, 9000 };

static struct zmember model[9000], *got;
static size_t nmodel, ngot;

static int
by_score(const void *a, const void *b)
{
	const struct zmember *x = a, *y = b;

	if (x->score < y->score || x->score > y->score)
		return x->score < y->score ? -1 : 1;
	return str_cmp(x->member, y->member);
}

static int
by_member(const void *a, const void *b)
{
	return str_cmp(((const struct zmember *)a)->member, ((const struct zmember *)b)->member);
}

/* `n` members with scores of 0 to spread - 1, and an infinite one now and then
 * (spread 1: none). */
static void
fill(int n, int spread)
{
	key_del(db, S("z"));
	nmodel = (size_t)n;
	for (int i = 0; i < n; i++) {
		double score = rnd_below(spread);

		if (spread > 1 && rnd_below(40) == 0)
			score = rnd_below(2) ? INFINITY : -INFINITY;
		model[i] = (struct zmember){ numbered("m", i * 7), score, S("") };
		assert_int_equal(zset_add(db, S("z"), model[i].member, score), OK);
	}
	qsort(model, nmodel, sizeof(*model), by_score);
}

static bool
within(const struct zrange *r, const struct zmember *m)
{
	int low = 0, high = 0;

	if (r->by == ZRANGE_SCORE) {
		low = (m->score > r->min.score) - (m->score < r->min.score);
		high = (m->score > r->max.score) - (m->score < r->max.score);
	} else {
		low = r->min.end ? 1 : str_cmp(m->member, r->min.bytes);
		high = r->max.end ? -1 : str_cmp(m->member, r->max.bytes);
	}
	return (low > 0 || (low == 0 && !r->min.open)) && (high < 0 || (high == 0 && !r->max.open));
}

/* The model's range, as indices; LIMIT applied or not. */
static size_t
choose(const struct zrange *r, bool limited, size_t *out)
{
	size_t n = 0, from, count;

	for (size_t i = 0; i < nmodel; i++) {
		size_t at = r->reverse ? nmodel - 1 - i : i;
		int64_t first = r->first < 0 ? r->first + (int64_t)nmodel : r->first;
		int64_t last = r->last < 0 ? r->last + (int64_t)nmodel : r->last;

		if (r->by == ZRANGE_RANK ? (int64_t)i >= first && (int64_t)i <= last : within(r, &model[at]))
			out[n++] = at;
	}
	if (r->by == ZRANGE_RANK || !limited)
		return n;
	if (r->offset < 0 || r->offset >= (int64_t)n)
		return 0;
	from = (size_t)r->offset;
	count = r->count < 0 || r->count > (int64_t)(n - from) ? n - from : (size_t)r->count;
	memmove(out, out + from, count * sizeof(*out));
	return count;
}

static void
same_range(const struct zrange *r)
{
	static size_t want[LEN(model)];
	size_t n = choose(r, true, want);

	assert_int_equal(zset_range(db, mem, S("z"), r, &got, &ngot), OK);
	assert_int_equal(ngot, n);
	for (size_t i = 0; i < n; i++) {
		assert_bytes(got[i].member, model[want[i]].member);
		assert_double(got[i].score, model[want[i]].score);
	}
}

static struct zbound
random_bound(enum zrange_by by, int spread, bool max)
{
	struct zbound b = { .open = rnd_below(2) };

	if (by == ZRANGE_SCORE && rnd_below(5) == 0)
		b.score = max == (rnd_below(8) > 0) ? INFINITY : -INFINITY;
	else if (by == ZRANGE_SCORE)
		b.score = rnd_below(2 * spread + 4) / 2. - 1;
	else if (rnd_below(5) == 0)
		b = (struct zbound){ .end = true };
	else
		b.bytes =
		    rnd_below(8) ? numbered("m", rnd_below((int)nmodel) * 7) : numbered("", rnd_below(99));
	return b;
}

static struct zrange
random_range(enum zrange_by by, int spread)
{
	static const int64_t offsets[] = { 0, 0, 0, 1, 7, 299, 300, 301, 302, 650, 1000, 5000, 8990, 20000,
		-1 };
	static const int64_t counts[] = { -1, -1, 0, 1, 5, 100, 400, 20000 };
	struct zrange r = { .by = by, .reverse = rnd_below(2) };
	int n = (int)nmodel;

	if (by == ZRANGE_RANK) {
		r.first = rnd_below(2 * n + 20) - n - 10;
		r.last = rnd_below(2) ? r.first + rnd_below(60) : rnd_below(2 * n + 20) - n - 10;
		return r;
	}
	r.min = random_bound(by, spread, false);
	r.max = random_bound(by, spread, true);
	r.offset = offsets[rnd_below((int)LEN(offsets))];
	r.count = counts[rnd_below((int)LEN(counts))];
	return r;
}

static void
same_ranges(enum zrange_by by, int spread, int times)
{
	for (size_t s = 0; s < LEN(sizes); s++) {
		fill(sizes[s], spread);
		if (by == ZRANGE_LEX)
			qsort(model, nmodel, sizeof(*model), by_member);
		for (int i = 0; i < times; i++) {
			struct zrange r = random_range(by, spread);

			same_range(&r);
		}
	}
}

STORE_TEST(ranges_by_rank_are_those_of_an_array)
{
	rnd_start();
	same_ranges(ZRANGE_RANK, 1000, 300);
}

STORE_TEST(ranges_by_score_are_those_of_an_array)
{
	rnd_start();
	same_ranges(ZRANGE_SCORE, 12, 300);
	same_ranges(ZRANGE_SCORE, 100000, 300);
}

STORE_TEST(ranges_by_bytes_are_those_of_an_array)
{
	rnd_start();
	same_ranges(ZRANGE_LEX, 1, 200);
	same_ranges(ZRANGE_LEX, 12, 100); /* whatever the scores */
}

STORE_TEST(ranges_in_the_middle_of_changes_are_those_of_an_array)
{
	struct zrange r;

	rnd_start();
	fill(9000, 100);
	for (int i = 0; i < 300; i++) {
		struct zmember *m = &model[rnd_below((int)nmodel)];

		m->score = rnd_below(100);
		assert_int_equal(zset_add(db, S("z"), m->member, m->score), OK);
		if (i % 2) {
			m = &model[rnd_below((int)nmodel)];
			assert_int_equal(zset_rem(db, S("z"), m->member), OK);
			*m = model[--nmodel];
		}
		qsort(model, nmodel, sizeof(*model), by_score);
		r = random_range(i % 3 ? ZRANGE_SCORE : ZRANGE_RANK, 100);
		same_range(&r);
	}
	all_agrees();
}

STORE_TEST(counts_are_those_of_an_array)
{
	static size_t some[LEN(model)];

	rnd_start();
	for (int round = 0; round < 4; round++)
		for (size_t s = 0; s < LEN(sizes); s++) {
			enum zrange_by by = round < 2 ? ZRANGE_SCORE : ZRANGE_LEX;
			int spread = round % 2 ? 300 : round ? 1 : 12;

			fill(sizes[s], spread);
			for (int i = 0; i < 200; i++) {
				struct zrange r = random_range(by, spread);
				int64_t n = -1;

				assert_int_equal(zset_count(db, mem, S("z"), &r, &n), OK);
				assert_int_equal(n, choose(&r, false, some));
			}
		}
}

STORE_TEST(ranks_are_those_of_an_array_from_either_end)
{
	int64_t rank;

	rnd_start();
	for (size_t s = 0; s < LEN(sizes); s++) {
		fill(sizes[s], 50);
		for (size_t i = 0; i < nmodel; i += nmodel / 37) {
			assert_int_equal(zset_rank(db, S("z"), model[i].member, false, &rank), OK);
			assert_int_equal(rank, i);
			assert_int_equal(zset_rank(db, S("z"), model[i].member, true, &rank), OK);
			assert_int_equal(rank, nmodel - 1 - i);
		}
		assert_int_equal(zset_rank(db, S("z"), S("missing"), false, &rank), ERR_NOT_FOUND);
		assert_int_equal(zset_rank(db, S("z"), S("missing"), true, &rank), ERR_NOT_FOUND);
	}
	assert_int_equal(zset_rank(db, S("missing"), S("m"), false, &rank), ERR_NOT_FOUND);
}

STORE_TEST(an_offset_reaches_up_to_the_last_of_a_range)
{
	enum { FIRST = 100, LAST = 1500 };

	fill_zset("z", 2000);
	for (int reverse = 0; reverse < 2; reverse++)
		for (int left = 0; left < 4; left++) {
			struct zrange r = { .by = ZRANGE_SCORE,
				.reverse = reverse,
				.count = -1,
				.offset = LAST - FIRST + 1 - left,
				.min = { .score = FIRST },
				.max = { .score = LAST } };

			assert_int_equal(zset_range(db, mem, S("z"), &r, &got, &ngot), OK);
			assert_int_equal(ngot, left);
			if (left > 0)
				assert_double(got[left - 1].score, reverse ? FIRST : LAST);
		}
}

STORE_TEST(open_bounds_leave_out_only_the_bound_itself)
{
	struct zrange r = {
		.by = ZRANGE_SCORE, .count = -1, .min = { .score = 0 }, .max = { .score = INFINITY }
	};
	int64_t n;

	add("b", -5e-324);
	add("c", 0);
	add("d", 5e-324);
	add("e", 1.7976931348623157e308);
	add("f", INFINITY);
	r.min.open = r.max.open = true;
	assert_int_equal(zset_range(db, mem, S("z"), &r, &got, &ngot), OK);
	assert_int_equal(ngot, 2);
	assert_str(got[0].member, "d");
	assert_str(got[1].member, "e");
	assert_int_equal(zset_count(db, mem, S("z"), &r, &n), OK);
	assert_int_equal(n, 2);
	r = (struct zrange){
		.by = ZRANGE_SCORE, .count = -1, .min = { true, .score = INFINITY }, .max = r.max
	};
	assert_int_equal(zset_range(db, mem, S("z"), &r, &got, &ngot), OK);
	assert_int_equal(ngot, 0);
}

/* ---- taking away ------------------------------------------------------------------------------- */

static void
remove_some(enum zrange_by by, int spread)
{
	static size_t some[LEN(model)];
	static bool gone[LEN(model)];
	struct zrange r = random_range(by, spread);
	size_t n, kept = 0;
	int64_t removed;

	r.reverse = false;
	r.count = rnd_below(3) ? rnd_below(200) : -1; /* mostly a few, so that the rest lasts */
	n = choose(&r, true, some);
	assert_int_equal(zset_remove_range(db, mem, S("z"), &r, &removed), OK);
	assert_int_equal(removed, n);
	memset(gone, 0, sizeof(gone));
	for (size_t i = 0; i < n; i++)
		gone[some[i]] = true;
	for (size_t i = 0; i < nmodel; i++)
		if (!gone[i])
			model[kept++] = model[i];
	nmodel = kept;
}

STORE_TEST(a_removed_range_is_gone_and_nothing_else)
{
	static const enum zrange_by each[] = { ZRANGE_RANK, ZRANGE_SCORE, ZRANGE_LEX };

	rnd_start();
	for (size_t s = 0; s < LEN(sizes); s++)
		for (size_t b = 0; b < LEN(each); b++) {
			int spread = each[b] == ZRANGE_LEX ? 1 : 200;
			struct zrange all = { .by = ZRANGE_RANK, .last = -1 };

			fill(sizes[s], spread);
			for (int i = 0; i < 20 && nmodel > 0; i++) {
				remove_some(each[b], spread);
				same_range(&all);
			}
			assert_int_equal(key_exists(db, S("z")), nmodel > 0);
			all_agrees();
		}
}

/* Counts are written when the range is sought: then there is a level more than
 * at the beginning of the call. */
STORE_TEST(levels_that_grow_while_a_range_is_removed_stay)
{
	struct zrange r = { .by = ZRANGE_RANK, .first = 1000, .last = 1010 };
	int64_t n;

	fill_zset("z", 9000);
	assert_int_equal(zset_remove_range(db, mem, S("z"), &r, &n), OK);
	assert_int_equal(n, 11);
	all_agrees();
}

STORE_TEST(removing_all_takes_the_key)
{
	struct zrange all = {
		.by = ZRANGE_SCORE, .count = -1, .min = { .score = -INFINITY }, .max = { .score = INFINITY }
	};
	int64_t n;

	for (size_t s = 0; s < LEN(sizes); s++) {
		fill(sizes[s], 100);
		assert_int_equal(zset_remove_range(db, mem, S("z"), &all, &n), OK);
		assert_int_equal(n, sizes[s]);
		assert_false(key_exists(db, S("z")));
	}
	assert_int_equal(zset_remove_range(db, mem, S("z"), &all, &n), OK);
	assert_int_equal(n, 0);
	add("a", 1);
	assert_str(zset_text("z"), "a");
	all_agrees();
}

STORE_TEST(popping_takes_from_the_end_that_is_asked_for)
{
	rnd_start();
	for (size_t s = 0; s < LEN(sizes); s++) {
		size_t low = 0;

		fill(sizes[s], 100);
		for (size_t high = nmodel; low < high;) {
			bool max = rnd_below(2);
			size_t count = (size_t)rnd_below(sizes[s] / 6), left = high - low;

			assert_int_equal(zset_pop(db, mem, S("z"), max, (int64_t)count, &got, &ngot), OK);
			assert_int_equal(ngot, count < left ? count : left);
			for (size_t i = 0; i < ngot; i++)
				assert_bytes(got[i].member, model[max ? --high : low++].member);
		}
		assert_false(key_exists(db, S("z")));
		all_agrees();
	}
}

STORE_TEST(popping_from_nothing_or_nothing_gives_nothing)
{
	assert_int_equal(zset_pop(db, mem, S("z"), false, 3, &got, &ngot), OK);
	assert_int_equal(ngot, 0);
	add("a", 1);
	assert_int_equal(zset_pop(db, mem, S("z"), true, 0, &got, &ngot), OK);
	assert_int_equal(ngot, 0);
	assert_str(zset_text("z"), "a");
	assert_int_equal(zset_pop(db, mem, S("z"), true, INT64_MAX, &got, &ngot), OK);
	assert_int_equal(ngot, 1);
}

STORE_TEST(removing_many_tells_how_many_went)
{
	struct str members[] = { S("a"), S("x"), S("c"), S("a") };
	int64_t n;

	add("a", 1);
	add("b", 2);
	add("c", 3);
	assert_int_equal(zset_rem_many(db, S("z"), members, LEN(members), &n), OK);
	assert_int_equal(n, 2);
	assert_str(zset_text("z"), "b");
	assert_int_equal(zset_rem_many(db, S("z"), (struct str[]){ S("b"), S("b") }, 2, &n), OK);
	assert_int_equal(n, 1);
	assert_false(key_exists(db, S("z")));
	assert_int_equal(zset_rem_many(db, S("z"), members, LEN(members), &n), OK);
	assert_int_equal(n, 0);
}

/* ---- by chance --------------------------------------------------------------------------------------- */

STORE_TEST(random_members_differ_and_come_with_their_scores)
{
	rnd_start();
	for (size_t s = 0; s < LEN(sizes); s++) {
		fill(sizes[s], 1000);
		for (int count = 0; count <= sizes[s]; count = count * 3 + 1) {
			assert_int_equal(zset_random(db, mem, S("z"), count, &got, &ngot), OK);
			assert_int_equal(ngot, count);
			for (size_t i = 0; i < ngot; i++)
				assert_non_null(bsearch(&got[i], model, nmodel, sizeof(*model), by_score));
			if (ngot > 0)
				qsort(got, ngot, sizeof(*got), by_member);
			for (size_t i = 1; i < ngot; i++)
				assert_true(str_cmp(got[i - 1].member, got[i].member) < 0);
		}
		assert_int_equal(zset_random(db, mem, S("z"), sizes[s] + 1, &got, &ngot), OK);
		assert_int_equal(ngot, sizes[s]);
		assert_int_equal(zset_random(db, mem, S("z"), -2 * sizes[s], &got, &ngot), OK);
		assert_int_equal(ngot, 2 * sizes[s]);
	}
	assert_int_equal(zset_random(db, mem, S("missing"), -3, &got, &ngot), OK);
	assert_int_equal(ngot, 0);
}

/* n members in 20 parts of one size: all parts come equally often. */
static void
drawn_evenly(int n, int64_t count, int times)
{
	int seen[20] = { 0 };

	key_del(db, S("z"));
	fill_zset("z", n);
	for (int i = 0; i < times; i++) {
		assert_int_equal(zset_random(db, mem, S("z"), count, &got, &ngot), OK);
		for (size_t j = 0; j < ngot; j++)
			seen[(int)got[j].score * 20 / n]++;
	}
	assert_even(seen, LEN(seen));
}

STORE_TEST(every_member_is_drawn_equally_often)
{
	drawn_evenly(20, 1, 4000);
	drawn_evenly(20, -1, 4000);
	drawn_evenly(20, 5, 1000);
	drawn_evenly(2000, 60, 60); /* sought */
	drawn_evenly(2000, -60, 60);
	drawn_evenly(2000, 1000, 5); /* read */
	drawn_evenly(2000, -1000, 5);
}

/* ---- several sorted sets ------------------------------------------------------------------------------ */

static void
score_in(const char *key, const char *member, double score)
{
	assert_int_equal(zset_add(db, str(key), str(member), score), OK);
}

/* "a=1 b=2": of keys that are letters; weights may be NULL. */
static struct str
combined(enum zset_op op, const char *keys, const double *weights, enum zset_aggregate how, size_t limit)
{
	struct str names[8], v[16];
	size_t k = 0;

	for (; keys[k]; k++)
		names[k] = (struct str){ keys + k, 1 };
	assert_int_equal(zset_combine(db, mem, op, names, weights, k, how, limit, &got, &ngot), OK);
	for (size_t i = 0; i < ngot; i++)
		v[i] = arena_strf(mem, "%.*s=%g", FMT(got[i].member), got[i].score);
	return joined(v, ngot);
}

static void
three_rankings(void)
{
	score_in("1", "a", 1);
	score_in("1", "b", 2);
	score_in("1", "c", 3);
	score_in("2", "b", 10);
	score_in("2", "c", -20);
	score_in("2", "d", 5);
	assert_int_equal(set_add(db, S("3"), S("c")), OK);
	assert_int_equal(set_add(db, S("3"), S("e")), OK);
}

STORE_TEST(rankings_and_sets_are_combined_by_score)
{
	three_rankings();
	assert_str(combined(ZSET_UNION, "12", NULL, ZSET_SUM, 0), "c=-17 a=1 d=5 b=12");
	assert_str(combined(ZSET_UNION, "123", NULL, ZSET_SUM, 0), "c=-16 a=1 e=1 d=5 b=12");
	assert_str(combined(ZSET_INTER, "12", NULL, ZSET_SUM, 0), "c=-17 b=12");
	assert_str(combined(ZSET_INTER, "123", NULL, ZSET_SUM, 0), "c=-16");
	assert_str(combined(ZSET_DIFF, "12", NULL, ZSET_SUM, 0), "a=1");
	assert_str(combined(ZSET_DIFF, "13", NULL, ZSET_SUM, 0), "a=1 b=2");
	assert_str(combined(ZSET_DIFF, "321", NULL, ZSET_SUM, 0), "e=1");
}

STORE_TEST(the_smallest_and_the_largest_score_are_taken_where_asked_for)
{
	three_rankings();
	assert_str(combined(ZSET_UNION, "12", NULL, ZSET_MIN, 0), "c=-20 a=1 b=2 d=5");
	assert_str(combined(ZSET_UNION, "12", NULL, ZSET_MAX, 0), "a=1 c=3 d=5 b=10");
	assert_str(combined(ZSET_INTER, "12", NULL, ZSET_MIN, 0), "c=-20 b=2");
	assert_str(combined(ZSET_INTER, "12", NULL, ZSET_MAX, 0), "c=3 b=10");
}

STORE_TEST(weights_belong_to_the_keys_as_they_were_named)
{
	static const double weights[] = { 2, -1, 100 };

	three_rankings();
	assert_str(combined(ZSET_UNION, "123", weights, ZSET_SUM, 0), "b=-6 d=-5 a=2 e=100 c=126");
	assert_str(combined(ZSET_INTER, "123", weights, ZSET_SUM, 0), "c=126");
	assert_str(combined(ZSET_INTER, "12", weights, ZSET_MIN, 0), "b=-10 c=6");
}

STORE_TEST(a_ranking_that_is_missing_is_empty)
{
	three_rankings();
	assert_str(combined(ZSET_UNION, "m3", NULL, ZSET_SUM, 0), "c=1 e=1");
	assert_str(combined(ZSET_INTER, "1m", NULL, ZSET_SUM, 0), "");
	assert_str(combined(ZSET_DIFF, "m1", NULL, ZSET_SUM, 0), "");
	assert_str(combined(ZSET_DIFF, "3m", NULL, ZSET_SUM, 0), "c=1 e=1");
}

STORE_TEST(a_ranking_named_twice_counts_twice)
{
	three_rankings();
	assert_str(combined(ZSET_UNION, "11", NULL, ZSET_SUM, 0), "a=2 b=4 c=6");
	assert_str(combined(ZSET_INTER, "11", NULL, ZSET_SUM, 0), "a=2 b=4 c=6");
	assert_str(combined(ZSET_DIFF, "11", NULL, ZSET_SUM, 0), "");
}

/* Each asked of redis-server 7.0.15. */
STORE_TEST(what_is_not_a_number_is_0)
{
	static const double zero[] = { 1, 0 };

	score_in("a", "m", 1);
	score_in("b", "m", INFINITY);
	score_in("n", "m", -INFINITY);
	score_in("c", "m", 2);
	assert_str(combined(ZSET_UNION, "bn", NULL, ZSET_SUM, 0), "m=0");
	assert_str(combined(ZSET_INTER, "bnc", NULL, ZSET_SUM, 0), "m=2");
	assert_str(combined(ZSET_UNION, "ab", zero, ZSET_SUM, 0), "m=1");
	assert_str(combined(ZSET_INTER, "ab", zero, ZSET_SUM, 0), "m=0");
	assert_str(combined(ZSET_INTER, "ab", zero, ZSET_MIN, 0), "m=1");
	assert_str(combined(ZSET_UNION, "b", (double[]){ 0 }, ZSET_MAX, 0), "m=0");
}

STORE_TEST(an_intersection_ends_at_its_limit)
{
	three_rankings();
	combined(ZSET_INTER, "12", NULL, ZSET_SUM, 1);
	assert_int_equal(ngot, 1);
	combined(ZSET_INTER, "12", NULL, ZSET_SUM, 5);
	assert_int_equal(ngot, 2);
}

STORE_TEST(another_type_among_the_rankings_is_an_error)
{
	struct str names[2] = { S("zset"), S("string") };

	one_of_each();
	for (int op = ZSET_INTER; op <= ZSET_DIFF; op++) {
		for (int i = 0; i < 2; i++) {
			names[1] = i ? S("hash") : S("string");
			assert_int_equal(
			    zset_combine(db, mem, (enum zset_op)op, names, NULL, 2, ZSET_SUM, 0, &got, &ngot),
			    ERR_TYPE);
		}
	}
}

STORE_TEST(a_replaced_key_becomes_the_ranking_whatever_it_was)
{
	struct zmember members[] = { { S("b"), 2, S("") }, { S("a"), -0.0, S("") } };

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		double score;

		assert_int_equal(key_expire_at(db, each_type[i], NOW + 10), OK);
		zset_replace(db, each_type[i], members, LEN(members));
		assert_str(zset_text(each_type[i].p), "a b");
		assert_int_equal(key_expires(db, each_type[i]), 0);
		assert_int_equal(zset_score(db, each_type[i], S("a"), &score), OK);
		assert_false(signbit(score));
	}
	for (size_t i = 0; i < LEN(each_type); i++) {
		zset_replace(db, each_type[i], NULL, 0);
		assert_false(key_exists(db, each_type[i]));
	}
	all_agrees();
}

STORE_TEST(a_large_ranking_is_replaced_with_what_it_was_combined_into)
{
	struct str names[] = { S("z"), S("z") };
	struct zrange all = { .by = ZRANGE_RANK, .last = -1 };
	int64_t rank;

	rnd_start();
	fill(9000, 1000);
	assert_int_equal(zset_combine(db, mem, ZSET_UNION, names, NULL, 2, ZSET_SUM, 0, &got, &ngot), OK);
	zset_replace(db, S("z"), got, ngot);
	for (size_t i = 0; i < nmodel; i++)
		model[i].score *= 2;
	same_range(&all);
	assert_int_equal(zset_rank(db, S("z"), model[7000].member, false, &rank), OK);
	assert_int_equal(rank, 7000);
	all_agrees();
}

STORE_TEST(all_members_come_in_byte_order_page_by_page)
{
	struct str last = { NULL, 0 };
	size_t seen = 0;

	rnd_start();
	fill(700, 50);
	assert_int_equal(zset_add(db, S("z"), S(""), 3), OK);
	model[nmodel++] = (struct zmember){ S(""), 3, S("") };
	qsort(model, nmodel, sizeof(*model), by_member);
	while (assert_int_equal(zset_by_member(db, mem, S("z"), last, 64, &got, &ngot), OK), ngot > 0) {
		assert_true(ngot <= 64);
		for (size_t i = 0; i < ngot; i++, seen++) {
			assert_bytes(got[i].member, model[seen].member);
			assert_double(got[i].score, model[seen].score);
		}
		last = got[ngot - 1].member;
	}
	assert_int_equal(seen, nmodel);
}

STORE_TEST(another_type_is_an_error_to_ranges_as_well)
{
	struct zrange r = { .by = ZRANGE_RANK, .last = -1 };
	struct str m = S("m");
	enum zadd_result result;
	double score;
	int64_t n;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "zset"))
			continue;
		assert_int_equal(zset_add_with(db, each_type[i], m, 1, ZADD_XX, &score, &result), ERR_TYPE);
		assert_int_equal(zset_rem_many(db, each_type[i], &m, 1, &n), ERR_TYPE);
		assert_int_equal(zset_rank(db, each_type[i], m, false, &n), ERR_TYPE);
		assert_int_equal(zset_range(db, mem, each_type[i], &r, &got, &ngot), ERR_TYPE);
		assert_int_equal(zset_count(db, mem, each_type[i], &r, &n), ERR_TYPE);
		assert_int_equal(zset_remove_range(db, mem, each_type[i], &r, &n), ERR_TYPE);
		assert_int_equal(zset_pop(db, mem, each_type[i], true, 1, &got, &ngot), ERR_TYPE);
		assert_int_equal(zset_random(db, mem, each_type[i], 1, &got, &ngot), ERR_TYPE);
		assert_int_equal(zset_by_member(db, mem, each_type[i], m, 1, &got, &ngot), ERR_TYPE);
	}
	all_agrees();
}

/* value_test.c - what value.h promises: strings and counters. */
#include "collections.h"

STORE_TEST(a_string_comes_back_byte_for_byte)
{
	static const struct str values[] = { B(""), B("v"), B("a\0b\0"), B("\xff\xfe\x80"), B("12"), B("012"),
		B("1e3") };
	struct str v;

	for (size_t i = 0; i < LEN(values); i++) {
		string_set(db, S("k"), values[i], 0);
		assert_int_equal(string_get(db, mem, S("k"), &v), OK);
		assert_bytes(v, values[i]);
	}
}

STORE_TEST(a_megabyte_comes_back)
{
	char *big = arena_alloc(mem, 1 << 20);
	struct str v;

	for (int i = 0; i < 1 << 20; i++)
		big[i] = (char)(i * 7);
	string_set(db, S("k"), (struct str){ big, 1 << 20 }, 0);
	at(NOW);
	assert_int_equal(string_get(db, mem, S("k"), &v), OK);
	assert_true(str_eq(v, (struct str){ big, 1 << 20 }));
}

STORE_TEST(a_missing_string_is_not_found)
{
	struct str v;

	assert_int_equal(string_get(db, mem, S("missing"), &v), ERR_NOT_FOUND);
}

STORE_TEST(setting_overwrites_a_key_of_any_type)
{
	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		string_set(db, each_type[i], S("new"), 0);
		assert_str(string_text(each_type[i].p), "new");
		string_set_int(db, each_type[i], 7);
		assert_str(string_text(each_type[i].p), "7");
	}
	hash_put("collection", "f", "v");
	string_set_int(db, S("collection"), 1);
	key_del(db, S("collection"));
	assert_str(hash_text("collection"), "");
}

STORE_TEST(setting_without_an_expiry_takes_the_old_one_off)
{
	string_set(db, S("k"), S("v"), NOW + 10);
	assert_int_equal(key_expires(db, S("k")), NOW + 10);
	string_set(db, S("k"), S("w"), 0);
	assert_int_equal(key_expires(db, S("k")), 0);
	string_set(db, S("k"), S("v"), NOW + 10);
	string_set_int(db, S("k"), 1);
	assert_int_equal(key_expires(db, S("k")), 0);
}

STORE_TEST(setting_with_an_expiry_in_the_past_leaves_nothing)
{
	string_set(db, S("k"), S("v"), 0);
	string_set(db, S("k"), S("w"), NOW);
	assert_false(key_exists(db, S("k")));
	string_set(db, S("k"), S("w"), -1);
	assert_false(key_exists(db, S("k")));
}

STORE_TEST(reading_another_type_as_a_string_is_an_error)
{
	struct str v;
	int64_t n;

	one_of_each();
	for (size_t i = 1; i < LEN(each_type); i++) {
		assert_int_equal(string_get(db, mem, each_type[i], &v), ERR_TYPE);
		assert_int_equal(string_get_int(db, each_type[i], &n), ERR_TYPE);
		assert_int_equal(string_incr(db, each_type[i], 1, &n), ERR_TYPE);
	}
	assert_str(hash_text("hash"), "f=v");
}

/* ---- counters --------------------------------------------------------------------- */

STORE_TEST(a_missing_counter_is_0_and_counts_from_there)
{
	int64_t n = -1;

	assert_int_equal(string_get_int(db, S("n"), &n), OK);
	assert_int_equal(n, 0);
	assert_false(key_exists(db, S("n")));
	assert_int_equal(string_incr(db, S("n"), 4, &n), OK);
	assert_int_equal(n, 4);
	assert_int_equal(string_incr(db, S("n"), -6, &n), OK);
	assert_int_equal(n, -2);
	assert_str(string_text("n"), "-2");
}

STORE_TEST(a_counter_reads_as_the_text_of_its_number)
{
	static const int64_t values[] = { 0, -1, 42, INT64_MAX, INT64_MIN };

	for (size_t i = 0; i < LEN(values); i++) {
		string_set_int(db, S("n"), values[i]);
		assert_str(string_text("n"), arena_printf(mem, "%lld", (long long)values[i]));
	}
}

STORE_TEST(text_that_is_an_integer_can_be_counted)
{
	int64_t n;

	string_set(db, S("n"), S("-9223372036854775808"), 0);
	assert_int_equal(string_incr(db, S("n"), 1, &n), OK);
	assert_int_equal(n, -INT64_MAX);
}

STORE_TEST(text_that_is_no_integer_cannot_be_counted)
{
	static const struct str wrong[] = { B(""), B(" 10"), B("+5"), B("010"), B("-0"), B("00"), B("10.0"),
		B("1 "), B("1\0"), B("9223372036854775808"), B("abc") };
	int64_t n;

	for (size_t i = 0; i < LEN(wrong); i++) {
		string_set(db, S("n"), wrong[i], 0);
		assert_int_equal(string_get_int(db, S("n"), &n), ERR_INPUT);
		assert_int_equal(string_incr(db, S("n"), 1, &n), ERR_INPUT);
		assert_bytes(string_text("n"), wrong[i]);
	}
}

STORE_TEST(a_sum_that_leaves_64_bits_is_refused_and_changes_nothing)
{
	int64_t n;

	string_set_int(db, S("n"), INT64_MAX);
	assert_int_equal(string_incr(db, S("n"), 1, &n), ERR_CONFLICT);
	assert_str(string_text("n"), "9223372036854775807");
	string_set_int(db, S("n"), -1);
	assert_int_equal(string_incr(db, S("n"), INT64_MIN, &n), ERR_CONFLICT);
	assert_str(string_text("n"), "-1");
}

STORE_TEST(counting_keeps_the_expiry)
{
	int64_t n;

	string_set(db, S("n"), S("1"), NOW + 10);
	assert_int_equal(string_incr(db, S("n"), 1, &n), OK);
	assert_int_equal(key_expires(db, S("n")), NOW + 10);
}

STORE_TEST(an_expired_counter_begins_at_0_and_never_expires)
{
	int64_t n;

	string_set(db, S("n"), S("41"), NOW + 10);
	at(NOW + 10);
	assert_int_equal(string_incr(db, S("n"), 1, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(key_expires(db, S("n")), 0);
}

/* ---- SET with its options ------------------------------------------------------------ */

static struct str old;
static bool held;

static enum err
set_if(const char *key, const char *value, unsigned flags, int64_t expires)
{
	return string_set_if(db, mem, str(key), str(value), flags, expires, &old, &held);
}

STORE_TEST(set_if_missing_writes_only_where_nothing_is)
{
	assert_int_equal(set_if("k", "v", STRING_NX, 0), OK);
	assert_true(held);
	assert_null(old.p);
	assert_int_equal(set_if("k", "w", STRING_NX, 0), OK);
	assert_false(held);
	assert_str(old, "v");
	assert_str(string_text("k"), "v");
}

STORE_TEST(set_if_there_writes_only_where_something_is)
{
	assert_int_equal(set_if("k", "v", STRING_XX, 0), OK);
	assert_false(held);
	assert_false(key_exists(db, S("k")));
	string_set(db, S("k"), S("v"), 0);
	assert_int_equal(set_if("k", "w", STRING_XX, 0), OK);
	assert_true(held);
	assert_str(old, "v");
	assert_str(string_text("k"), "w");
}

STORE_TEST(set_and_give_the_old_value_refuses_another_type_and_leaves_it)
{
	one_of_each();
	for (size_t i = 1; i < LEN(each_type); i++)
		for (unsigned flags = 0; flags < 8; flags++) {
			const char *type = key_type(db, each_type[i]);

			assert_int_equal(set_if(each_type[i].p, "new", flags, 0), ERR_TYPE);
			assert_false(held);
			assert_null(old.p);
			assert_string_equal(key_type(db, each_type[i]), type);
		}
	all_agrees();
}

STORE_TEST(set_without_asking_for_the_old_value_overwrites_another_type)
{
	one_of_each();
	for (size_t i = 1; i < LEN(each_type); i++) {
		assert_int_equal(
		    string_set_if(db, mem, each_type[i], S("new"), STRING_XX, 0, NULL, &held), OK);
		assert_true(held);
		assert_str(string_text(each_type[i].p), "new");
	}
	all_agrees();
}

STORE_TEST(an_old_value_that_is_empty_is_not_nothing)
{
	string_set(db, S("k"), S(""), 0);
	assert_int_equal(set_if("k", "v", 0, 0), OK);
	assert_non_null(old.p);
	assert_int_equal(old.n, 0);
}

/* What stood there before, in every shape. */
enum state { MISSING, SMALL_TEXT, LARGE_TEXT, NUMBER, COLLECTION, EXPIRED, STATES };

static struct str
prepare(enum state state, int64_t expires)
{
	struct str was[STATES] = {
		[SMALL_TEXT] = S("was"), [LARGE_TEXT] = bytes_of(129, 'a'), [NUMBER] = S("17")
	};

	start_over();
	if (state == NUMBER)
		string_set_int(db, S("k"), 17);
	else if (state == COLLECTION)
		hash_put("k", "f", "v");
	else if (state == EXPIRED)
		string_set(db, S("k"), S("was"), NOW - 1);
	else if (state != MISSING)
		string_set(db, S("k"), was[state], 0);
	if (expires != 0 && state != MISSING && state != EXPIRED)
		assert_int_equal(key_expire_at(db, S("k"), expires), OK);
	return was[state];
}

static void
set_one_way(enum state state, int64_t before, unsigned flags, int64_t expires)
{
	struct str was = prepare(state, before);
	bool there = state != MISSING && state != EXPIRED, gone = expires != 0 && expires <= NOW;
	bool holds = there ? !(flags & STRING_NX) : !(flags & STRING_XX), set = !holds;
	int64_t after = flags & STRING_KEEPTTL ? (there ? before : 0) : expires;

	assert_int_equal(
	    string_set_if(db, mem, S("k"), S("new"), flags, expires, state == COLLECTION ? NULL : &old, &set),
	    OK);
	assert_int_equal(set, holds);
	if (state != COLLECTION) {
		assert_int_equal(old.p != NULL, there);
		assert_bytes(old, was);
	}
	if (!holds) {
		assert_int_equal(key_exists(db, S("k")), there);
		assert_int_equal(key_expires(db, S("k")), there ? before : 0);
		assert_bytes(string_text("k"), was);
	} else if (gone) {
		assert_false(key_exists(db, S("k")));
	} else {
		assert_str(string_text("k"), "new");
		assert_int_equal(key_expires(db, S("k")), after);
	}
}

STORE_TEST(every_option_does_its_part_whatever_stood_there)
{
	static const int64_t before[] = { 0, NOW + 50 }, expires[] = { 0, NOW + 70, NOW, 1 };

	for (int what = 0; what < STATES; what++)
		for (size_t b = 0; b < LEN(before); b++)
			for (unsigned flags = 0; flags < 8; flags++)
				for (size_t e = 0; e < LEN(expires); e++)
					if (expires[e] == 0 || !(flags & STRING_KEEPTTL))
						set_one_way((enum state)what, before[b], flags, expires[e]);
	all_agrees();
}

/* ---- lengths, and the border where a value leaves its key's row -------------------------- */

static const size_t lengths[] = { 0, 1, 127, 128, 129, 1000 };

static int64_t
length_of(const char *key)
{
	int64_t n = -1;

	assert_int_equal(string_len(db, str(key), &n), OK);
	return n;
}

STORE_TEST(a_length_is_that_of_the_bytes)
{
	assert_int_equal(length_of("missing"), 0);
	for (size_t i = 0; i < LEN(lengths); i++) {
		string_set(db, S("k"), bytes_of(lengths[i], 0), 0);
		assert_int_equal(length_of("k"), lengths[i]);
	}
	string_set_int(db, S("k"), -1234);
	assert_int_equal(length_of("k"), 5);
}

STORE_TEST(another_type_has_no_length_and_takes_no_bytes)
{
	struct str v;
	int64_t n;

	one_of_each();
	for (size_t i = 1; i < LEN(each_type); i++) {
		assert_int_equal(string_len(db, each_type[i], &n), ERR_TYPE);
		assert_int_equal(string_append(db, mem, each_type[i], S("v"), &n), ERR_TYPE);
		assert_int_equal(string_set_range(db, mem, each_type[i], 0, S("v"), &n), ERR_TYPE);
		assert_int_equal(string_set_range(db, mem, each_type[i], 0, S(""), &n), ERR_TYPE);
		assert_int_equal(string_incr_float(db, mem, each_type[i], 1, &v), ERR_TYPE);
	}
	assert_str(hash_text("hash"), "f=v");
	assert_str(set_text("set"), "m");
	assert_str(zset_text("zset"), "m");
}

STORE_TEST(a_value_of_any_length_is_overwritten_by_one_of_any_other)
{
	for (size_t i = 0; i < LEN(lengths); i++)
		for (size_t j = 0; j < LEN(lengths); j++) {
			struct str new = bytes_of(lengths[j], 'b');

			string_set(db, S("k"), bytes_of(lengths[i], 'a'), NOW + 10);
			assert_int_equal(
			    string_set_if(db, mem, S("k"), new, STRING_KEEPTTL, 0, &old, &held), OK);
			assert_bytes(old, bytes_of(lengths[i], 'a'));
			assert_bytes(string_text("k"), new);
			assert_int_equal(key_expires(db, S("k")), NOW + 10);
			string_set(db, S("k"), bytes_of(lengths[i], 'c'), 0);
			all_agrees();
			assert_bytes(string_text("k"), bytes_of(lengths[i], 'c'));
		}
}

STORE_TEST(a_large_value_becomes_a_counter_and_back)
{
	int64_t n;

	string_set(db, S("k"), bytes_of(500, '1'), NOW + 10);
	assert_int_equal(string_incr(db, S("k"), 1, &n), ERR_INPUT);
	string_set_int(db, S("k"), 41);
	assert_int_equal(string_incr(db, S("k"), 1, &n), OK);
	assert_str(string_text("k"), "42");
	all_agrees();
	string_set(db, S("k"), bytes_of(500, '2'), 0);
	all_agrees();
	assert_bytes(string_text("k"), bytes_of(500, '2'));
}

/* As schema/002 says, which moves the values of older stores by the same rule. */
STORE_TEST(a_value_of_128_bytes_lies_in_the_row_of_its_key_and_a_longer_one_does_not)
{
	string_set(db, S("k"), bytes_of(128, 'a'), 0);
	by_hand("update key set value = x'62' where length(value) = 128");
	assert_str(string_text("k"), "b");
	string_set(db, S("k"), bytes_of(129, 'a'), 0);
	by_hand("update string set value = x'63' where length(value) = 129");
	assert_str(string_text("k"), "c");
}

STORE_TEST(a_large_value_goes_with_its_key)
{
	string_set(db, S("deleted"), bytes_of(500, 'a'), 0);
	string_set(db, S("expired"), bytes_of(500, 'b'), NOW + 1);
	string_set(db, S("expired and set"), bytes_of(500, 'c'), NOW + 1);
	key_del(db, S("deleted"));
	at(NOW + 1);
	string_set(db, S("expired and set"), S("v"), 0);
	while (key_sweep(db, 10))
		;
	all_agrees();
	assert_str(string_text("expired and set"), "v");
}

STORE_TEST(appending_adds_at_the_end_over_the_border_and_keeps_the_expiry)
{
	struct str whole = bytes_of(400, 'a');
	int64_t n;

	string_set(db, S("k"), S(""), NOW + 10);
	for (size_t i = 0, step; i < whole.n; i += step) {
		step = i == 127 || i == 128 ? 1 : i < 120 ? 40 : i < 127 ? 127 - i : 43;
		step = i + step > whole.n ? whole.n - i : step;
		assert_int_equal(string_append(db, mem, S("k"), (struct str){ whole.p + i, step }, &n), OK);
		assert_int_equal(n, i + step);
		assert_bytes(string_text("k"), ((struct str){ whole.p, i + step }));
		assert_int_equal(key_expires(db, S("k")), NOW + 10);
		all_agrees();
	}
}

STORE_TEST(appending_to_nothing_makes_a_key_that_never_expires)
{
	int64_t n = -1;

	assert_int_equal(string_append(db, mem, S("k"), S("a\0b"), &n), OK);
	assert_int_equal(n, 3);
	assert_bytes(string_text("k"), S("a\0b"));
	assert_int_equal(key_expires(db, S("k")), 0);
	assert_int_equal(string_append(db, mem, S("empty"), S(""), &n), OK);
	assert_int_equal(n, 0);
	assert_true(key_exists(db, S("empty")));
}

STORE_TEST(appending_to_a_counter_adds_digits)
{
	int64_t n;

	string_set_int(db, S("n"), 12);
	assert_int_equal(string_append(db, mem, S("n"), S("3"), &n), OK);
	assert_int_equal(n, 3);
	assert_int_equal(string_incr(db, S("n"), 1, &n), OK);
	assert_int_equal(n, 124);
}

/* The length is refused before a byte of it is looked at. */
STORE_TEST(what_would_grow_too_large_is_refused_and_changes_nothing)
{
	struct str huge = { "v", STRING_MAX };
	int64_t n;

	string_set(db, S("k"), S("v"), NOW + 10);
	assert_int_equal(string_append(db, mem, S("k"), huge, &n), ERR_TOO_LARGE);
	assert_int_equal(string_set_range(db, mem, S("k"), STRING_MAX, S("x"), &n), ERR_TOO_LARGE);
	assert_int_equal(string_set_range(db, mem, S("k"), INT64_MAX, S("x"), &n), ERR_TOO_LARGE);
	assert_int_equal(string_set_range(db, mem, S("k"), 1, huge, &n), ERR_TOO_LARGE);
	assert_int_equal(string_set_range(db, mem, S("missing"), STRING_MAX - 1, S("xy"), &n), ERR_TOO_LARGE);
	assert_str(string_text("k"), "v");
	assert_int_equal(key_expires(db, S("k")), NOW + 10);
	assert_false(key_exists(db, S("missing")));
}

STORE_TEST(setting_a_range_overwrites_from_an_offset_on)
{
	int64_t n;

	string_set(db, S("k"), S("Hello World"), NOW + 10);
	assert_int_equal(string_set_range(db, mem, S("k"), 6, S("Redis"), &n), OK);
	assert_int_equal(n, 11);
	assert_str(string_text("k"), "Hello Redis");
	assert_int_equal(string_set_range(db, mem, S("k"), 0, S("J"), &n), OK);
	assert_int_equal(string_set_range(db, mem, S("k"), 10, S("s!"), &n), OK);
	assert_int_equal(n, 12);
	assert_str(string_text("k"), "Jello Redis!");
	assert_int_equal(key_expires(db, S("k")), NOW + 10);
}

STORE_TEST(a_range_behind_the_end_is_reached_over_zero_bytes)
{
	int64_t n;

	assert_int_equal(string_set_range(db, mem, S("k"), 3, S("x"), &n), OK);
	assert_int_equal(n, 4);
	assert_bytes(string_text("k"), S("\0\0\0x"));
	assert_int_equal(string_set_range(db, mem, S("k"), 6, S("y"), &n), OK);
	assert_bytes(string_text("k"), S("\0\0\0x\0\0y"));
	string_set_int(db, S("n"), 12);
	assert_int_equal(string_set_range(db, mem, S("n"), 1, S("7"), &n), OK);
	assert_str(string_text("n"), "17");
}

STORE_TEST(a_range_of_nothing_changes_nothing)
{
	int64_t n = -1;

	assert_int_equal(string_set_range(db, mem, S("k"), 100, S(""), &n), OK);
	assert_int_equal(n, 0);
	assert_false(key_exists(db, S("k")));
	string_set(db, S("k"), S("abc"), NOW + 10);
	assert_int_equal(string_set_range(db, mem, S("k"), 100, S(""), &n), OK);
	assert_int_equal(n, 3);
	assert_str(string_text("k"), "abc");
}

STORE_TEST(a_range_takes_a_value_over_the_border)
{
	static const int64_t offsets[] = { 0, 126, 127, 128, 500 };

	for (size_t i = 0; i < LEN(lengths); i++)
		for (size_t j = 0; j < LEN(offsets); j++) {
			struct str was = bytes_of(lengths[i], 'a');
			char want[1001] = "";
			int64_t n;

			memcpy(want, was.p, was.n);
			memcpy(want + offsets[j], "XY", 2);
			string_set(db, S("k"), was, NOW + 10);
			assert_int_equal(string_set_range(db, mem, S("k"), offsets[j], S("XY"), &n), OK);
			assert_int_equal(n, was.n > (size_t)offsets[j] + 2 ? was.n : (size_t)offsets[j] + 2);
			assert_bytes(string_text("k"), ((struct str){ want, (size_t)n }));
			assert_int_equal(key_expires(db, S("k")), NOW + 10);
			all_agrees();
		}
}

/* ---- INCRBYFLOAT ------------------------------------------------------------------------------ */

STORE_TEST(a_float_is_added_and_written_as_redis_writes_it)
{
	static const struct {
		const char *was;
		long double by;
		const char *is;
	} sums[] = { { NULL, 1.5L, "1.5" }, { "10.50", 0.1L, "10.6" }, { "0.1", 0.2L, "0.3" },
		{ "5.0e3", 200, "5200" }, { "3", 0, "3" }, { "0x10", 1, "17" }, { "-1", 1, "0" },
		{ "1", -1e-30L, "1" }, { "0", -1e-20L, "0" }, { "1e19", 1, "10000000000000000001" },
		{ "17", -17.25L, "-0.25" } };

	not_under_valgrind();
	for (size_t i = 0; i < LEN(sums); i++) {
		struct str v;

		key_del(db, S("f"));
		if (sums[i].was != NULL)
			string_set(db, S("f"), str(sums[i].was), 0);
		assert_int_equal(string_incr_float(db, mem, S("f"), sums[i].by, &v), OK);
		assert_str(v, sums[i].is);
		assert_str(string_text("f"), sums[i].is);
	}
}

STORE_TEST(a_float_is_added_to_an_integer_and_keeps_the_expiry)
{
	struct str v;
	int64_t n;

	string_set_int(db, S("f"), 41);
	assert_int_equal(key_expire_at(db, S("f"), NOW + 10), OK);
	assert_int_equal(string_incr_float(db, mem, S("f"), 1, &v), OK);
	assert_int_equal(key_expires(db, S("f")), NOW + 10);
	assert_int_equal(string_incr(db, S("f"), 1, &n), OK);
	assert_int_equal(n, 43);
}

STORE_TEST(what_is_no_number_takes_no_float_and_stays)
{
	static const struct str wrong[] = { B(""), B("abc"), B(" 1"), B("1 "), B("1\0"), B("nan"),
		B("1e5000") };
	struct str v;

	not_under_valgrind();
	for (size_t i = 0; i < LEN(wrong); i++) {
		string_set(db, S("f"), wrong[i], 0);
		assert_int_equal(string_incr_float(db, mem, S("f"), 1, &v), ERR_INPUT);
		assert_bytes(string_text("f"), wrong[i]);
	}
}

STORE_TEST(a_sum_that_is_not_finite_is_refused_and_changes_nothing)
{
	struct str v;

	not_under_valgrind();
	string_set(db, S("f"), S("1e4932"), 0);
	assert_int_equal(string_incr_float(db, mem, S("f"), 1e4932L, &v), ERR_CONFLICT);
	assert_str(string_text("f"), "1e4932");
	assert_int_equal(string_incr_float(db, mem, S("f"), INFINITY, &v), ERR_CONFLICT);
	assert_int_equal(string_incr_float(db, mem, S("f"), NAN, &v), ERR_CONFLICT);
	string_set(db, S("f"), S("inf"), 0);
	assert_int_equal(string_incr_float(db, mem, S("f"), -INFINITY, &v), ERR_CONFLICT);
	assert_str(string_text("f"), "inf");
	assert_int_equal(string_incr_float(db, mem, S("missing"), INFINITY, &v), ERR_CONFLICT);
	assert_false(key_exists(db, S("missing")));
}

STORE_TEST(a_float_is_added_over_the_border_both_ways)
{
	struct str v, zeros = arena_strf(mem, "%0200d", 1);

	not_under_valgrind();
	string_set(db, S("f"), zeros, NOW + 10); /* large before, small after */
	assert_int_equal(string_incr_float(db, mem, S("f"), 1, &v), OK);
	assert_str(string_text("f"), "2");
	all_agrees();
	assert_int_equal(string_incr_float(db, mem, S("f"), 1e200L, &v), OK);
	assert_int_equal(v.n, 201);
	assert_bytes(string_text("f"), v);
	assert_int_equal(length_of("f"), 201);
	assert_int_equal(key_expires(db, S("f")), NOW + 10);
	all_agrees();
}

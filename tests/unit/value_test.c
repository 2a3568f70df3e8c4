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

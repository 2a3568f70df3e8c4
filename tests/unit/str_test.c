/* str_test.c - what str.h promises. */
#include "unit.h"

TEST(a_c_string_becomes_its_bytes_and_null_the_empty_string)
{
	assert_bytes(str("abc"), S("abc"));
	assert_int_equal(str(NULL).n, 0);
	assert_non_null(str(NULL).p);
}

TEST(equality_counts_every_byte_also_nul)
{
	assert_true(str_eq(S("a\0b"), S("a\0b")));
	assert_false(str_eq(S("a\0b"), S("a\0c")));
	assert_false(str_eq(S("a"), S("a\0")));
	assert_true(str_eq((struct str){ NULL, 0 }, S("")));
	assert_true(str_is(S("a"), "a"));
	assert_false(str_is(S("a\0"), "a"));
}

TEST(a_prefix_and_a_suffix_are_seen_at_their_ends_only)
{
	assert_true(str_starts(S("city-CJ"), "city-"));
	assert_true(str_starts(S("city-"), "city-"));
	assert_true(str_starts(S("x"), ""));
	assert_false(str_starts(S("city"), "city-"));
	assert_false(str_starts(S("a-city-"), "city-"));
	assert_true(str_ends(S("RO-CJ-01-availability"), "-availability"));
	assert_false(str_ends(S("availability"), "-availability"));
	assert_true(str_ends((struct str){ NULL, 0 }, ""));
}

TEST(order_is_that_of_unsigned_bytes_and_the_shorter_comes_first)
{
	static const struct str rising[] = { B(""), B("\0"), B("\0\0"), B("B"), B("aa"), B("ab"), B("b"),
		B("\x7f"), B("\x80"), B("\xff"), B("\xff\xff") };

	for (size_t i = 0; i < LEN(rising); i++)
		for (size_t j = 0; j < LEN(rising); j++) {
			int c = str_cmp(rising[i], rising[j]);

			assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
		}
}

TEST(trimming_takes_ascii_blanks_from_both_ends_only)
{
	assert_str(str_trim(S(" \t\r\n\v\fa b \n")), "a b");
	assert_str(str_trim(S(" \n ")), "");
	assert_str(str_trim(S("")), "");
	assert_str(str_trim(S("\xc2\xa0x\xc2\xa0")), "\xc2\xa0x\xc2\xa0");
	assert_bytes(str_trim(S("\0 ")), S("\0"));
}

TEST(cutting_walks_over_the_parts)
{
	struct str rest = S("a,,b");

	assert_str(str_cut(&rest, ','), "a");
	assert_str(str_cut(&rest, ','), "");
	assert_str(str_cut(&rest, ','), "b");
	assert_int_equal(rest.n, 0);
	assert_str(str_cut(&rest, ','), "");
}

TEST(cutting_behind_the_last_separator_leaves_nothing)
{
	struct str rest = S("a,"), none = { NULL, 0 };

	assert_str(str_cut(&rest, ','), "a");
	assert_int_equal(rest.n, 0);
	assert_int_equal(str_cut(&none, ',').n, 0);
}

static bool
reads_int(const char *text, int64_t want)
{
	int64_t v = 0;

	return str_int(str(text), INT64_MIN, INT64_MAX, &v) && v == want;
}

TEST(an_integer_is_read_over_all_of_64_bits)
{
	assert_true(reads_int("0", 0));
	assert_true(reads_int("-1", -1));
	assert_true(reads_int("9223372036854775807", INT64_MAX));
	assert_true(reads_int("-9223372036854775808", INT64_MIN));
}

/* Redis refuses the same ones for INCR. */
TEST(what_is_not_exactly_a_decimal_integer_is_refused)
{
	static const char *const wrong[] = { "", " 10", "10 ", "+5", "010", "-0", "00", "-01", "10.0", "1e3",
		"0x10", "-", "--1", "9223372036854775808", "-9223372036854775809", "18446744073709551617",
		"99999999999999999999", "1\n" };
	int64_t v;

	for (size_t i = 0; i < LEN(wrong); i++)
		if (str_int(str(wrong[i]), INT64_MIN, INT64_MAX, &v))
			fail_msg("\"%s\" was read as %lld", wrong[i], (long long)v);
	assert_false(str_int(S("1\0"), INT64_MIN, INT64_MAX, &v));
}

TEST(an_integer_outside_its_bounds_is_refused)
{
	int64_t v;

	assert_true(str_int(S("1"), 1, 100, &v));
	assert_true(str_int(S("100"), 1, 100, &v));
	assert_false(str_int(S("0"), 1, 100, &v));
	assert_false(str_int(S("101"), 1, 100, &v));
	assert_false(str_int(S("-1"), 0, INT64_MAX, &v));
}

TEST(a_decimal_number_is_read)
{
	double v;

	assert_true(str_double(S("46.77"), &v));
	assert_double(v, 46.77);
	assert_true(str_double(S("-1e3"), &v));
	assert_double(v, -1000);
	assert_true(str_double(S("0"), &v));
	assert_double(v, 0);
}

TEST(what_is_not_a_finite_decimal_number_is_refused)
{
	static const char *const wrong[] = { "", "nan", "inf", "-inf", "infinity", "0x10", "1e400", "-1e400",
		" 1", "1 ", "1,5", "1.2.3", "--1", "e", ".", "+", "1e", "12abc",
		"0000000000000000000000000000000000000000000000000000000000000000000001" };
	double v;

	for (size_t i = 0; i < LEN(wrong); i++)
		if (str_double(str(wrong[i]), &v))
			fail_msg("\"%s\" was read as %g", wrong[i], v);
	assert_false(str_double(S("1\0"), &v));
}

TEST(a_name_for_keys_has_small_letters_digits_and_single_dashes_within)
{
	static const char *const good[] = { "a", "7", "rope-team", "a-b-c", "0123456789" };
	static const char *const wrong[] = { "", "-", "-a", "a-", "a--b", "A", "a b", "a.b", "a_b", "ă",
		"01234567890" };

	for (size_t i = 0; i < LEN(good); i++)
		assert_true(str_slug(str(good[i]), 10));
	for (size_t i = 0; i < LEN(wrong); i++)
		assert_false(str_slug(str(wrong[i]), 10));
	assert_false(str_slug(S("a\0b"), 10));
}

TEST(one_is_among_others_if_all_its_bytes_are)
{
	const struct str list[] = { S("rope"), S("boats"), S("") };

	assert_true(str_among(S("boats"), list, 3));
	assert_true(str_among(S(""), list, 3));
	assert_false(str_among(S("boats"), list, 1));
	assert_false(str_among(S("boat"), list, 3));
	assert_false(str_among(S("rope"), list, 0));
}

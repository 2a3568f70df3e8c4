/* number_test.c - what number.h promises: floats as Redis reads and writes them. */
#include "unit.h"

#include <float.h>
#include <math.h>

#include "number.h"

static struct arena *mem;

static int
setup(void **state)
{
	(void)state;
	mem = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

#define NUMBER_TEST(name) TEST_WITH(name, setup, teardown)

TEST(a_number_is_read_as_strtod_reads_it)
{
	static const struct {
		struct str text;
		double value;
	} numbers[] = { { B("0"), 0 }, { B("-1.5"), -1.5 }, { B("+2"), 2 }, { B(".5"), .5 },
		{ B("1e3"), 1000 }, { B("0x10"), 16 }, { B("0x1p-3"), .125 }, { B("1E-2"), .01 },
		{ B("00012"), 12 }, { B("5e-324"), 5e-324 }, { B("1.7976931348623157e308"), DBL_MAX },
		{ B("9007199254740993"), 9007199254740992. } };

	for (size_t i = 0; i < LEN(numbers); i++) {
		double d = NAN;
		long double l = NAN;

		assert_true(number_double(numbers[i].text, &d));
		assert_double(d, numbers[i].value);
		assert_true(number_long_double(numbers[i].text, &l));
		assert_double((double)l, numbers[i].value);
	}
}

TEST(infinity_has_many_names)
{
	static const char *const names[] = { "inf", "+inf", "-inf", "INF", "Infinity", "-INFINITY" };

	for (size_t i = 0; i < LEN(names); i++) {
		double d = 0;
		long double l = 0;

		assert_true(number_double(str(names[i]), &d));
		assert_true(isinf(d) && (d < 0) == (names[i][0] == '-'));
		assert_true(number_long_double(str(names[i]), &l));
		assert_true(isinf(l) && (l < 0) == (names[i][0] == '-'));
	}
}

TEST(what_is_no_number_is_refused)
{
	static const struct str wrong[] = { B(""), B(" 1"), B("\t1"), B("\n1"), B("1 "), B("1\n"), B("1\0"),
		B("\0"), B("1\0002"), B("nan"), B("-nan"), B("NaN(1)"), B("abc"), B("1.2.3"), B("1,5"),
		B("0x"), B("e3"), B("--1"), B("inf1"), B("1e") };

	for (size_t i = 0; i < LEN(wrong); i++) {
		double d;
		long double l;

		if (number_double(wrong[i], &d) || number_long_double(wrong[i], &l)) {
			unit_show("taken for a number:", wrong[i]);
			fail_msg("number %zu", i);
		}
	}
}

TEST(what_is_too_large_or_too_small_is_refused)
{
	static const char *const wrong[] = { "1e309", "-1e309", "1e-400", "-1e-400" };
	long double l;
	double d;

	for (size_t i = 0; i < LEN(wrong); i++) {
		assert_false(number_double(str(wrong[i]), &d));
		assert_true(number_long_double(str(wrong[i]), &l)); /* that has room */
	}
	assert_false(number_long_double(S("1e5000"), &l));
	assert_false(number_long_double(S("-1e5000"), &l));
	assert_false(number_long_double(S("1e-5000"), &l));
}

TEST(a_number_may_have_thousands_of_digits_but_not_any_number)
{
	static char digits[6000];
	long double l;
	double d;

	memset(digits, '0', sizeof(digits));
	digits[5118] = '7';
	assert_true(number_double((struct str){ digits, 5119 }, &d));
	assert_double(d, 7);
	assert_true(number_long_double((struct str){ digits, 5119 }, &l));
	assert_false(number_double((struct str){ digits, 5120 }, &d));
	assert_false(number_long_double((struct str){ digits, 5120 }, &l));
	assert_false(number_double((struct str){ digits, sizeof(digits) }, &d));
}

TEST(a_number_ends_with_its_bytes)
{
	double d;

	assert_true(number_double((struct str){ "12345", 2 }, &d));
	assert_double(d, 12);
}

NUMBER_TEST(a_score_is_written_with_17_digits)
{
	static const struct {
		double score;
		const char *text;
	} scores[] = { { 0, "0" }, { -0.0, "0" }, { 3, "3" }, { -2.5, "-2.5" },
		{ 0.1, "0.10000000000000001" }, { 1e17, "1e+17" }, { 1e16, "10000000000000000" },
		{ 1e-5, "1.0000000000000001e-05" }, { INFINITY, "inf" }, { -INFINITY, "-inf" },
		{ 4503599627370495.5, "4503599627370495.5" }, { 1.0 / 3, "0.33333333333333331" },
		{ 5e-324, "4.9406564584124654e-324" } };

	for (size_t i = 0; i < LEN(scores); i++)
		assert_str(number_score(mem, scores[i].score), scores[i].text);
}

NUMBER_TEST(a_score_that_was_written_reads_the_same)
{
	rnd_start();
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = rnd();
		double d, back;

		memcpy(&d, &bits, sizeof(d));
		if (!isfinite(d))
			continue;
		assert_true(number_double(number_score(mem, d), &back));
		assert_double(back, d);
		arena_reset(mem);
	}
}

NUMBER_TEST(a_sum_is_written_without_exponent_and_trailing_zeros)
{
	static const struct {
		long double v;
		const char *text;
	} sums[] = { { 0, "0" }, { -0.0L, "0" }, { 100, "100" }, { -1.5L, "-1.5" }, { 0.1L, "0.1" },
		{ 1e-17L, "0.00000000000000001" }, { 1e-18L, "0" }, { -1e-18L, "0" },
		{ 1e20L, "100000000000000000000" }, { 3.0e3L, "3000" },
		{ 0.30000000000000001L, "0.30000000000000001" },
		{ 9223372036854775807.0L, "9223372036854775807" } };

	for (size_t i = 0; i < LEN(sums); i++)
		assert_str(number_human(mem, sums[i].v), sums[i].text);
	assert_int_equal(number_human(mem, LDBL_MAX).n, 4933);
}

/* glob_test.c - what glob.h promises; the answers are redis-server 7.0.15's. */
#include "unit.h"

#include <time.h>

#include "glob.h"

struct row {
	struct str pattern, s;
	bool yes;
};

static void
check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (glob_match(rows[i].pattern, rows[i].s) != rows[i].yes) {
			unit_show("pattern", rows[i].pattern);
			unit_show("bytes", rows[i].s);
			fail_msg("should be %d", rows[i].yes);
		}
}

#define Y(p, s) \
	{ \
		B(p), B(s), true \
	}
#define N(p, s) \
	{ \
		B(p), B(s), false \
	}

TEST(a_star_takes_any_bytes_and_a_question_mark_one)
{
	static const struct row rows[] = { Y("*", "abc"), Y("a*", "a"), Y("a*", "abc"), Y("*c", "abc"),
		Y("*c", "c"), Y("a*c", "ac"), Y("a*b*c", "a1b2b3c"), N("a*c", "acb"), Y("**a**", "a"),
		N("*a*", "b"), Y("a?c", "abc"), Y("a?c", "a\0c"), N("a?c", "ac"), N("?", "ab"), Y("?*", "a"),
		Y("*?", "a"), N("??*", "a"), Y("*ab", "aab"), Y("*aab*aab", "aaabaaab"), Y("a\0b", "a\0b"),
		N("a", "a\0"), Y("*\0", "a\0"), N("A", "a"), Y("abc", "abc"), N("abc", "ab"),
		N("ab", "abc") };

	check(rows, LEN(rows));
}

TEST(the_empty_string_is_matched_by_nothing_and_the_single_star)
{
	static const struct row rows[] = { Y("", ""), Y("*", ""), N("**", ""), N("?", ""), N("", "a"),
		N("[^a]", ""), N("\\", "") };

	check(rows, LEN(rows));
}

TEST(a_class_has_bytes_ranges_also_backwards_and_its_negation)
{
	static const struct row rows[] = { Y("[abc]", "b"), N("[abc]", "d"), N("[abc]", "ab"),
		Y("[a-c]", "b"), Y("[c-a]", "b"), N("[a-c]", "d"), Y("x[0-9a]y", "x7y"), Y("x[0-9a]y", "xay"),
		N("[^a-c]", "b"), Y("[^a-c]", "d"), Y("[!b]", "!"), Y("[!b]", "b"), N("[!b]", "a"),
		Y("[a^]", "^"), N("[]", "]"), N("[]", "a"), Y("[^]", "a"), N("[]a]", "a]"), Y("[*]", "*"),
		N("[*]", "a"), Y("[?]", "?"), Y("[a-]", "a"), Y("[a-]", "_"), N("[a-]", "-"), Y("[a-]]", "]"),
		Y("[--]", "-"), Y("*[b]", "ab"), Y("[\x80-a]", "A"), N("[\x80-a]", "b"), Y("[a-\xff]", "A"),
		Y("[\0-\x1f]", "\0") };

	check(rows, LEN(rows));
}

TEST(a_class_that_is_not_closed_runs_to_the_end)
{
	static const struct row rows[] = { Y("a[bc", "ab"), Y("a[bc", "ac"), N("a[bc", "a[bc"), N("a[", "a["),
		N("a[", "a"), N("[", "["), Y("[^", "x"), Y("[^a", "b"), N("[^a", "a"), Y("[a-", "-"),
		Y("[a-", "a"), Y("[a-c", "b"), Y("[ab*", "*"), N("[ab*", "bx"), Y("[\\", "\\"),
		Y("[a\\", "\\"), Y("[a\\", "a") };

	check(rows, LEN(rows));
}

TEST(a_backslash_takes_the_next_byte_as_it_is_and_at_the_end_itself)
{
	static const struct row rows[] = { Y("a\\*", "a*"), N("a\\*", "ab"), Y("\\?", "?"), N("\\?", "a"),
		Y("\\[a]", "[a]"), Y("\\a", "a"), N("\\a", "\\a"), Y("\\\\", "\\"), Y("a\\", "a\\"),
		N("a\\", "a"), Y("[\\]]", "]"), Y("[\\^a]", "^"), Y("[\\a-c]", "a"), Y("[\\a-c]", "-"),
		N("[\\a-c]", "b"), Y("[a\\-c]", "-"), N("[a\\-c]", "b"), Y("*\\*", "a*") };

	check(rows, LEN(rows));
}

/* "*a*a*a...", `stars` of them. */
static struct str
stars_of(struct arena *a, size_t stars)
{
	char *p = arena_alloc(a, 2 * stars);

	for (size_t i = 0; i < stars; i++)
		memcpy(p + 2 * i, "*a", 2);
	return (struct str){ p, 2 * stars };
}

static struct str
repeated(struct arena *a, char c, size_t n)
{
	return (struct str){ memset(arena_alloc(a, n), c, n), n };
}

TEST(more_than_a_thousand_stars_match_nothing)
{
	struct arena *a = arena_new();
	struct str s = repeated(a, 'a', 1100);

	assert_true(glob_match(stars_of(a, 1000), s));
	assert_false(glob_match(stars_of(a, 1001), s));
	arena_free(a);
}

TEST(a_hostile_pattern_costs_its_length_times_the_strings_at_most)
{
	struct arena *a = arena_new();
	struct str s = repeated(a, 'a', 10000), p = stars_of(a, 900);
	clock_t start = clock();

	memcpy((char *)p.p + p.n - 1, "b", 1); /* the last a */
	assert_false(glob_match(p, s));
	assert_true(clock() - start < CLOCKS_PER_SEC);
	arena_free(a);
}

TEST(the_prefix_ends_before_the_first_special_byte)
{
	assert_int_equal(glob_prefix(S("")), 0);
	assert_int_equal(glob_prefix(S("abc")), 3);
	assert_int_equal(glob_prefix(S("a\0c*")), 3);
	assert_int_equal(glob_prefix(S("user:?")), 5);
	assert_int_equal(glob_prefix(S("user:[ab]")), 5);
	assert_int_equal(glob_prefix(S("ab\\*")), 2);
	assert_int_equal(glob_prefix(S("*")), 0);
	assert_int_equal(glob_prefix(S("a]b^c-!")), 7);
}

/* Every short pattern of few letters against every short string: what matches
 * begins with the prefix, and the plain matcher below agrees. */
static bool
plainly(struct str p, struct str s)
{
	if (p.n == 0)
		return s.n == 0;
	if (p.p[0] == '*')
		return plainly((struct str){ p.p + 1, p.n - 1 }, s) ||
		       (s.n > 0 && plainly(p, (struct str){ s.p + 1, s.n - 1 }));
	return s.n > 0 && (p.p[0] == '?' || p.p[0] == s.p[0]) &&
	       plainly((struct str){ p.p + 1, p.n - 1 }, (struct str){ s.p + 1, s.n - 1 });
}

static struct str
spelled(char *out, const char *letters, unsigned base, unsigned number)
{
	size_t n = 0;

	for (; number > 0; number /= base + 1)
		out[n++] = letters[(number % (base + 1) + base - 1) % base];
	return (struct str){ out, n };
}

TEST(stars_and_question_marks_agree_with_a_plain_matcher)
{
	char pattern[16], bytes[16];
	unsigned matches = 0;

	for (unsigned i = 0; i < 5 * 5 * 5 * 5 * 5 * 5; i++)
		for (unsigned j = 1; j < 3 * 3 * 3 * 3 * 3; j++) {
			struct str p = spelled(pattern, "ab*?", 4, i), s = spelled(bytes, "ab", 2, j);
			bool yes = glob_match(p, s);
			size_t prefix = glob_prefix(p);

			if (yes != plainly(p, s))
				check(&(struct row){ p, s, !yes }, 1);
			if (yes)
				assert_bytes(((struct str){ s.p, prefix }), ((struct str){ p.p, prefix }));
			matches += yes;
		}
	assert_true(matches > 10000);
}

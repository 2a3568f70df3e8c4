/* code_test.c - the code of an intention, and what a slip of the tongue does to it. */
#include "unit.h"

#include "code.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Whether it passes as a code. */
static bool
taken(struct arena *a, const char *typed)
{
	struct str code;

	return code_read(a, str(typed), &code);
}

static struct str
read_as(struct arena *a, const char *typed)
{
	struct str code = S("");

	assert_true(code_read(a, str(typed), &code));
	return code;
}

/* "K7M2 9QXT" in other spellings is compared with the code itself. */
static char *
spelled(struct arena *a, struct str code, const char *from, const char *to)
{
	char *p = arena_printf(a, "%.*s", FMT(code));

	for (char *c = p; *c != '\0'; c++)
		if (strchr(from, *c) != NULL)
			*c = to[strchr(from, *c) - from];
	return p;
}

TEST(a_code_has_eight_characters_without_i_l_o_and_u)
{
	struct arena *a = arena_new();

	for (int i = 0; i < 500; i++) {
		struct str code = code_make(a);

		assert_int_equal(code.n, CODE_LENGTH);
		assert_int_equal(strspn(code.p, alphabet), CODE_LENGTH);
	}
	arena_free(a);
}

TEST(what_was_made_is_read_back_as_it_is)
{
	struct arena *a = arena_new();

	for (int i = 0; i < 500; i++) {
		struct str code = code_make(a);

		assert_bytes(read_as(a, code.p), code);
	}
	arena_free(a);
}

TEST(codes_do_not_repeat)
{
	struct arena *a = arena_new();
	struct str seen[400];

	for (size_t i = 0; i < LEN(seen); i++) {
		seen[i] = code_make(a);
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(seen[i], seen[k]));
	}
	arena_free(a);
}

TEST(small_letters_blanks_dashes_and_look_alikes_are_understood)
{
	struct arena *a = arena_new();

	for (int i = 0; i < 200; i++) {
		struct str code = code_make(a);
		char *gaps = arena_printf(a, " %.3s-%.2s.%.3s\t", code.p, code.p + 3, code.p + 5);

		assert_bytes(read_as(a, gaps), code);
		assert_bytes(
		    read_as(a, spelled(a, code, "ABCDEFGHJKMNPQRSTVWXYZ", "abcdefghjkmnpqrstvwxyz")), code);
		assert_bytes(read_as(a, spelled(a, code, "01", "OI")), code);
		assert_bytes(read_as(a, spelled(a, code, "01", "ol")), code);
	}
	arena_free(a);
}

TEST(every_single_wrong_character_is_found)
{
	struct arena *a = arena_new();

	for (int i = 0; i < 100; i++) {
		char *code = arena_printf(a, "%s", code_make(a).p);

		for (int at = 0; at < CODE_LENGTH; at++) {
			char right = code[at];

			for (const char *wrong = alphabet; *wrong != '\0'; wrong++) {
				code[at] = *wrong;
				assert_int_equal(taken(a, code), *wrong == right);
			}
			code[at] = right;
		}
		arena_reset(a);
	}
	arena_free(a);
}

TEST(every_swap_of_two_different_characters_is_found)
{
	struct arena *a = arena_new();

	for (int i = 0; i < 500; i++) {
		char *code = arena_printf(a, "%s", code_make(a).p);

		for (int x = 0; x < CODE_LENGTH; x++)
			for (int y = x + 1; y < CODE_LENGTH; y++) {
				char cx = code[x], cy = code[y];

				code[x] = cy;
				code[y] = cx;
				assert_int_equal(taken(a, code), cx == cy);
				code[x] = cx;
				code[y] = cy;
			}
		arena_reset(a);
	}
	arena_free(a);
}

TEST(of_random_texts_one_in_thirty_two_looks_like_a_code)
{
	struct arena *a = arena_new();
	int good = 0;
	char text[CODE_LENGTH + 1] = "";

	rnd_start();
	for (int i = 0; i < 32000; i++) {
		for (int at = 0; at < CODE_LENGTH; at++)
			text[at] = alphabet[rnd_below(32)];
		good += taken(a, text);
		arena_reset(a);
	}
	assert_in_range(good, 700, 1300);
	arena_free(a);
}

TEST(other_lengths_and_other_characters_are_no_codes)
{
	struct arena *a = arena_new();
	struct str code = code_make(a), out;

	assert_false(taken(a, ""));
	assert_false(taken(a, "   "));
	assert_false(taken(a, arena_printf(a, "%.7s", code.p)));
	assert_false(taken(a, arena_printf(a, "%s0", code.p)));
	for (const char *bad = "uU_/?%\n\xc8"; *bad != '\0'; bad++)
		assert_false(taken(a, arena_printf(a, "%.7s%c", code.p, *bad)));
	assert_false(code_read(a, (struct str){ "\0\0\0\0\0\0\0\0", 8 }, &out));
	assert_false(code_read(a, (struct str){ arena_printf(a, "%.7s", code.p), 8 }, &out));
	arena_free(a);
}

/* utf8_test.c - what utf8.h promises. */
#include "unit.h"

#include "utf8.h"

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

#define UTF8_TEST(name) TEST_WITH(name, setup, teardown)

#define FFFD "\xef\xbf\xbd"

static const struct str well_formed[] = { B(""), B("a"), B("\t\r\n ~"), B("\xc2\xa0"), B("\xdf\xbf"),
	B("\xe0\xa0\x80"), B("\xed\x9f\xbf"), B("\xee\x80\x80"), B("\xef\xbf\xbf"), B("\xf0\x90\x80\x80"),
	B("\xf4\x8f\xbf\xbf"), B("Piața Ștefan cel Mare") };

static const struct str ill_formed[] = { B("\x80"), B("\xbf"), B("\xc0\x80"), B("\xc1\xbf"), B("\xc2"),
	B("\xc2\x41"), B("\xe0\x80\x80"), B("\xe0\x9f\xbf"), B("\xe2\x82"), B("\xed\xa0\x80"),
	B("\xed\xbf\xbf"), B("\xf0\x80\x80\x80"), B("\xf0\x8f\xbf\xbf"), B("\xf0\x9f\x98"),
	B("\xf4\x90\x80\x80"), B("\xf5\x80\x80\x80"), B("\xfe"), B("\xff") };

static const struct str forbidden[] = { B("\0"), B("\x01"), B("\x0b"), B("\x0c"), B("\x1b"), B("\x1f"),
	B("\x7f"), B("\xc2\x80"), B("\xc2\x9f") };

TEST(well_formed_text_is_text)
{
	for (size_t i = 0; i < LEN(well_formed); i++)
		if (!utf8_text(well_formed[i]))
			fail_msg("well_formed[%zu]", i);
}

UTF8_TEST(ill_formed_bytes_are_not_text_wherever_they_stand)
{
	for (size_t i = 0; i < LEN(ill_formed); i++)
		if (utf8_text(ill_formed[i]) || utf8_text(arena_strf(mem, "ab%.*s", FMT(ill_formed[i]))) ||
		    utf8_text(arena_strf(mem, "%.*sab", FMT(ill_formed[i]))))
			fail_msg("ill_formed[%zu]", i);
}

TEST(control_characters_but_tab_and_line_ends_are_not_text)
{
	for (size_t i = 0; i < LEN(forbidden); i++)
		if (utf8_text(forbidden[i]))
			fail_msg("forbidden[%zu]", i);
}

TEST(length_counts_code_points)
{
	assert_int_equal(utf8_length(S("")), 0);
	assert_int_equal(utf8_length(S("abc")), 3);
	assert_int_equal(utf8_length(S("ăâîșț")), 5);
	assert_int_equal(utf8_length(S("\xf0\x9f\x98\x80")), 1);
}

UTF8_TEST(mending_leaves_text_as_it_is)
{
	for (size_t i = 0; i < LEN(well_formed); i++)
		assert_bytes(utf8_mend(mem, well_formed[i]), well_formed[i]);
}

UTF8_TEST(mending_makes_text_of_anything_and_keeps_what_was_good)
{
	for (size_t i = 0; i < LEN(ill_formed); i++) {
		struct str mended = utf8_mend(mem, arena_strf(mem, "Ș%.*s~", FMT(ill_formed[i])));

		assert_true(utf8_text(mended));
		assert_true(str_starts(mended, "Ș" FFFD));
		assert_true(str_ends(mended, "~") || str_ends(mended, "A~"));
	}
	assert_str(utf8_mend(mem, S("a\0b\x1b[31m")), "a" FFFD "b" FFFD "[31m");
	assert_str(utf8_mend(mem, S("\xc2\x85x")), FFFD "x");
}

UTF8_TEST(mending_random_bytes_gives_text)
{
	rnd_start();
	for (int i = 0; i < 2000; i++) {
		unsigned char bytes[24];
		size_t n = (size_t)rnd_below(sizeof(bytes) + 1);

		for (size_t j = 0; j < n; j++)
			bytes[j] = (unsigned char)(rnd_below(3) ? 0x80 + rnd_below(0x80) : rnd_below(0x80));
		assert_true(utf8_text(utf8_mend(mem, (struct str){ (char *)bytes, n })));
	}
}

static void
alike(const char *want, const char *const *forms, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_str(utf8_fold(mem, str(forms[i])), want);
}

UTF8_TEST(names_fold_alike_whatever_their_case_accents_and_hyphens)
{
	static const char *const cluj[] = { "Cluj-Napoca", "CLUJ NAPOCA", "cluj  napoca", " Cluj – Napoca. ",
		"Cluj\xc2\xa0Napoca" };
	static const char *const comma_or_cedilla[] = { "Constanța", "Constanţa", "CONSTANȚA", "constanta",
		"Constant\xcc\xa6"
		"a",
		"Constan\xc8\x9b"
		"a" };

	alike("cluj napoca", cluj, LEN(cluj));
	alike("constanta", comma_or_cedilla, LEN(comma_or_cedilla));
	assert_str(utf8_fold(mem, S("Străßé №5")), "strasse no5");
}

UTF8_TEST(folding_nothing_or_signs_alone_gives_nothing)
{
	assert_str(utf8_fold(mem, S("")), "");
	assert_str(utf8_fold(mem, S(" -–/ ")), "");
	assert_str(utf8_slug(mem, S("!?")), "");
}

UTF8_TEST(folding_twice_changes_nothing_more)
{
	static const char *const words[] = { "Șos. Ștefan cel Mare", "ﬁn İstanbul ǅ", "Ωmega ΣΑΣ", "½ ㎏ Ⅳ",
		"東京 とうきょう", "Đà Nẵng", "ẞ" };

	for (size_t i = 0; i < LEN(words); i++) {
		struct str once = utf8_fold(mem, str(words[i]));

		assert_bytes(utf8_fold(mem, once), once);
	}
}

UTF8_TEST(folding_takes_ill_formed_bytes_as_gaps)
{
	assert_str(utf8_fold(mem, S("a\xff\x80"
				    "B")),
	    "a b");
}

UTF8_TEST(a_slug_is_the_folded_form_with_hyphens)
{
	assert_str(utf8_slug(mem, S("Sala Polivalentă, Cluj")), "sala-polivalenta-cluj");
	assert_str(utf8_slug(mem, S("-a- -b-")), "a-b");
}

UTF8_TEST(a_name_in_capitals_becomes_a_title)
{
	assert_str(utf8_title(mem, S("CRAIOVA")), "Craiova");
	assert_str(utf8_title(mem, S("CLUJ-NAPOCA SECTORUL 3")), "Cluj-Napoca Sectorul 3");
	assert_str(utf8_title(mem, S("ȘIȘEȘTI")), "Șișești");
	assert_str(utf8_title(mem, S("S\xcc\xa6IS\xcc\xa6"
				     "ESTI")),
	    "S\xcc\xa6is\xcc\xa6"
	    "esti");
}

UTF8_TEST(a_name_with_a_lower_case_letter_stays_as_it_is)
{
	assert_str(utf8_title(mem, S("McDonald ARENA")), "McDonald ARENA");
	assert_str(utf8_title(mem, S("ALBA IULIa")), "ALBA IULIa");
	assert_str(utf8_title(mem, S("")), "");
}

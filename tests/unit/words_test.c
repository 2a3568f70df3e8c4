/* words_test.c - what words.h promises. */
#include "unit.h"

#include <utf8proc.h>

#include "utf8.h"
#include "words.h"

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

#define WORDS_TEST(name) TEST_WITH(name, setup, teardown)

static struct str
folded(struct str text)
{
	struct word *words;
	size_t n = words_of(mem, text, &words);

	return words_join(mem, words, n);
}

/* "[Strada] [Lungă]": the text with its words in brackets. */
static struct str
bracketed(struct str text)
{
	struct word *words;
	size_t n = words_of(mem, text, &words), at = 0;
	struct str all = S("");

	for (size_t i = 0; i < n; i++) {
		struct str gap = { text.p + at, words[i].from - at };
		struct str word = { text.p + words[i].from, words[i].to - words[i].from };

		all = arena_strf(mem, "%.*s%.*s[%.*s]", FMT(all), FMT(gap), FMT(word));
		at = words[i].to;
	}
	return arena_strf(mem, "%.*s%.*s", FMT(all), (int)(text.n - at), text.p + at);
}

static const struct {
	const char *text, *words;
} vectors[] = {
	{ "", "" }, { " \t\n.,;-!", "" }, { "Cluj-Napoca", "cluj napoca" },
	{ "  CLUJ   napoca. ", "cluj napoca" }, { "a1 1a 12:30", "a1 1a 12 30" },
	{ "#Mănăștur @ana", "manastur ana" },
	/* s and t with comma and with cedilla, small and capital, NFC and NFD */
	{ "\u0219i \u015fi s\u0326i s\u0327i", "si si si si" },
	{ "\u0218I \u015eI S\u0326I S\u0327I", "si si si si" },
	{ "\u021bi \u0163i t\u0326i t\u0327i", "ti ti ti ti" },
	{ "\u021aI \u0162I T\u0326I T\u0327I", "ti ti ti ti" },
	{ "\u00e2 \u00ee \u0103 a\u0302 i\u0302 a\u0306", "a i a a i a" },
	{ "Árvíztűrő TÜKÖRFÚRÓGÉP", "arvizturo tukorfurogep" },
	{ "Łódź Đorđe Øresund Æsir cœur Þór", "lodz dorde oresund aesir coeur thor" },
	{ "Straße STRASSE", "strasse strasse" },
	{ "İstanbul ıstanbul ISTANBUL istanbul", "istanbul istanbul istanbul istanbul" },
	{ "Бухта ЙОД йод еж ёж", "бухта иод иод еж еж" },
	{ "п'ять п\u2019ять п\u02bcять", "п ять п ять п ять" }, { "Ґанок ганок", "ганок ганок" },
	{ "Ἀθῆναι ΑΘΗΝΑΙ Σίσυφος ΣΊΣΥΦΟΣ", "αθηναι αθηναι σισυφοσ σισυφοσ" },
	{ "شـــارع شارع کی كي", "شارع شارع كي كي" }, { "שָׁלוֹם שלום", "שלום שלום" },
	{ "ＦＵＬＬ ﬁn ① x²", "full fin 1 x2" }, { "co\u00adope\u200drate", "cooperate" },
	/* no blanks between words */
	{ "避難所", "避 難 所" }, { "第3避難所A棟", "第 3 避 難 所 a 棟" },
	{ "かな カナ ｶﾅ", "か な カ ナ カ ナ" }, { "ガ カ\u3099 ｶﾞ", "カ カ カ" },
	{ "スーパー", "ス ー ハ ー" }, { "人々、\u3007", "人 々 \u3007" }, { "㌔", "キ ロ" },
	{ "\U00020bb7野家", "\U00020bb7 野 家" }, { "ไทย", "ไ ท ย" },
	/* blanks between words */
	{ "대피소 위치", "\u1103\u1162\u1111\u1175\u1109\u1169 \u110b\u1171\u110e\u1175" },
	{ "हिन्दी", "हनद" }, /* vowel signs are marks: coarse, but the same on both sides */
};

WORDS_TEST(words_come_out_folded)
{
	for (size_t i = 0; i < LEN(vectors); i++)
		assert_str(folded(str(vectors[i].text)), vectors[i].words);
}

WORDS_TEST(a_word_knows_its_bytes_in_the_text)
{
	assert_str(bracketed(S("Strada  Lungă, 5.")), "[Strada]  [Lungă], [5].");
	assert_str(bracketed(S("s\u0326i t\u0327")), "[s\u0326i] [t\u0327]");
	assert_str(bracketed(S("(避難所)")), "([避][難][所])");
	assert_str(bracketed(S("カ\u3099x")), "[カ\u3099][x]");
	assert_str(bracketed(S("co\u00adop.")), "[co\u00adop].");
	assert_str(bracketed(S("\u0301 a")), "\u0301 [a]");
}

WORDS_TEST(two_words_may_share_a_character)
{
	struct word *words;

	assert_int_equal(words_of(mem, S("a½"), &words), 2);
	assert_str(words[0].folded, "a1");
	assert_str(words[1].folded, "2");
	assert_int_equal(words[0].from, 0);
	assert_int_equal(words[1].from, 1);
	assert_int_equal(words[0].to, 3);
	assert_int_equal(words[1].to, 3);
}

WORDS_TEST(what_is_no_text_divides_words)
{
	assert_str(folded(S("a\0b\xff"
			    "c\xc3")),
	    "a b c");
	assert_str(folded(S("\xed\xa0\x80x")), "x");
}

WORDS_TEST(of_a_long_word_the_beginning_counts)
{
	char text[3 * WORD_BYTES + 1] = { 0 };
	struct word *words;

	memset(text, 'a', 3 * WORD_BYTES);
	assert_int_equal(words_of(mem, str(text), &words), 1);
	assert_int_equal(words[0].folded.n, WORD_BYTES);
	assert_int_equal(words[0].to, 3 * WORD_BYTES);
	/* Characters stay whole. */
	memcpy(text + WORD_BYTES - 1, "ж", 2);
	assert_int_equal(words_of(mem, str(text), &words), 1);
	assert_int_equal(words[0].folded.n, WORD_BYTES - 1);
	assert_int_equal(words[0].to, 3 * WORD_BYTES);
	/* The next word is whole again. */
	text[2 * WORD_BYTES] = ' ';
	assert_int_equal(words_of(mem, str(text), &words), 2);
	assert_int_equal(words[1].folded.n, WORD_BYTES - 1);
}

/* A code point of a script picked by chance. */
static int32_t
some_char(void)
{
	static const int32_t ranges[][2] = { { 0, 0x80 }, { 0x80, 0x250 }, { 0x250, 0xd800 },
		{ 0x300, 0x370 }, { 0x370, 0x600 }, { 0x600, 0x780 }, { 0xac00, 0xd7a4 }, { 0xf900, 0x10000 },
		{ 0x10000, 0x20000 }, { 0x1f300, 0x1f700 }, { 0x20000, 0x30000 } };
	int i = rnd_below((int)LEN(ranges));

	return ranges[i][0] + rnd_below((int)(ranges[i][1] - ranges[i][0]));
}

static struct str
some_text(int length)
{
	char *p = arena_alloc(mem, (size_t)length * 4 + 1);
	size_t n = 0;

	while (length-- > 0)
		n += (size_t)utf8proc_encode_char(rnd_below(5) ? some_char() : ' ', (uint8_t *)p + n);
	return (struct str){ p, n };
}

WORDS_TEST(any_bytes_give_words_in_order_and_in_bounds)
{
	rnd_start();
	for (int round = 0; round < 20000; round++) {
		char *copy = malloc(64); /* of its own, for overruns to show */
		struct str text = some_text(rnd_below(16));
		struct word *words;
		size_t n;

		memcpy(copy, text.p, text.n);
		for (int i = rnd_below(4); i > 0 && text.n; i--)
			copy[(size_t)rnd_below((int)text.n)] = (char)rnd();
		text.p = copy = realloc(copy, text.n + 1);
		n = words_of(mem, text, &words);
		for (size_t i = 0; i < n; i++) {
			assert_true(words[i].from < words[i].to && words[i].to <= text.n);
			assert_true(
			    i == 0 || (words[i].from >= words[i - 1].from && words[i].to >= words[i - 1].to));
			assert_true(words[i].folded.n >= 1 && words[i].folded.n <= WORD_BYTES);
			assert_true(utf8_text(words[i].folded));
		}
		free(copy);
		arena_reset(mem);
	}
}

WORDS_TEST(folding_what_is_folded_changes_nothing)
{
	rnd_start();
	for (int round = 0; round < 20000; round++) {
		struct str once = folded(some_text(rnd_below(16)));

		assert_bytes(folded(once), once);
		arena_reset(mem);
	}
}

/* Whether words.h says more of it than utf8.h does. */
static bool
is_special(struct str fold)
{
	struct word *words;
	size_t n = words_of(mem, fold, &words);

	return !str_eq(words_join(mem, words, n), fold);
}

WORDS_TEST(apart_from_what_the_header_names_words_are_those_of_utf8_fold)
{
	int32_t special = 0, all = 0;

	for (int32_t c = 1; c < 0x30000; c++) {
		uint8_t bytes[4];
		struct str text = { (char *)bytes, (size_t)utf8proc_encode_char(c, bytes) }, fold;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		fold = utf8_fold(mem, text);
		all += fold.n > 0;
		special += is_special(fold);
		if (fold.n && !is_special(fold))
			assert_bytes(folded(text), fold);
		if (fold.n == 0)
			assert_bytes(folded(text), S(""));
		if (c % 256 == 0)
			arena_reset(mem);
	}
	/* The plain letters, and characters that stand for several ideographs or kana. */
	if (all < 100000 || special > 300)
		fail_msg("%d of %d are special", special, all);
}

WORDS_TEST(words_of_latin_and_cyrillic_text_are_those_of_utf8_fold)
{
	static const char *const pieces[] = { "Ș", "ţ", "t\u0327", "ă", "Î", "Ж", "й", "x", "9", " ", "-",
		", ", "\n", "é", "ẞ", "ﬂ", "Ω", "\u00ad", "📢", "ő" };

	rnd_start();
	for (int round = 0; round < 5000; round++) {
		struct str text = S("");

		for (int i = rnd_below(20); i > 0; i--)
			text = arena_strf(mem, "%.*s%s", FMT(text), pieces[rnd_below((int)LEN(pieces))]);
		assert_bytes(folded(text), utf8_fold(mem, text));
		arena_reset(mem);
	}
}

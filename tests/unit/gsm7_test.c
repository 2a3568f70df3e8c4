/* gsm7_test.c - what gsm7.h promises. */
#include "unit.h"

#include "gsm7.h"
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

#define SMS_TEST(name) TEST_WITH(name, setup, teardown)

/* `n` times `what`, then `end`. */
static struct str
times(int n, const char *what, const char *end)
{
	struct buf b = { 0 };
	struct str s;

	for (int i = 0; i < n; i++)
		buf_str(&b, str(what));
	buf_str(&b, str(end));
	s = arena_dup(mem, (struct str){ b.p, b.n });
	buf_free(&b);
	return s;
}

static void
is_size(struct str text, enum sms_encoding encoding, int64_t length, int64_t segments)
{
	struct sms_size s = sms_measure(text);

	if (s.encoding != encoding || s.length != length || s.segments != segments)
		fail_msg("%.40s…: encoding %d, length %lld, segments %lld", text.p, (int)s.encoding,
		    (long long)s.length, (long long)s.segments);
}

SMS_TEST(every_character_of_the_alphabet_takes_one_septet_and_the_extension_two)
{
	struct str basic =
	    S("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLM"
	      "NOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");

	is_size(basic, SMS_GSM7, 127, 1);
	is_size(S("^{}\\[~]|€"), SMS_GSM7, 18, 1);
	is_size(S("ç"), SMS_UCS2, 1, 1); /* only the capital is in it */
	is_size(S("`"), SMS_UCS2, 1, 1);
}

SMS_TEST(segments_begin_where_the_standard_says)
{
	is_size(S(""), SMS_GSM7, 0, 1);
	is_size(times(160, "a", ""), SMS_GSM7, 160, 1);
	is_size(times(161, "a", ""), SMS_GSM7, 161, 2);
	is_size(times(306, "a", ""), SMS_GSM7, 306, 2);
	is_size(times(307, "a", ""), SMS_GSM7, 307, 3);
	is_size(times(70, "ș", ""), SMS_UCS2, 70, 1);
	is_size(times(71, "ș", ""), SMS_UCS2, 71, 2);
	is_size(times(134, "ș", ""), SMS_UCS2, 134, 2);
	is_size(times(135, "ș", ""), SMS_UCS2, 135, 3);
	is_size(times(69, "a", "ș"), SMS_UCS2, 70, 1);
}

SMS_TEST(a_pair_is_never_split_between_two_segments)
{
	is_size(times(80, "€", ""), SMS_GSM7, 160, 1);
	is_size(times(81, "€", ""), SMS_GSM7, 162, 2);
	/* 152 and a pair: the pair goes to the next, so two segments hold 305. */
	is_size(times(152, "€", ""), SMS_GSM7, 304, 2);
	is_size(times(152, "€", "a"), SMS_GSM7, 305, 2);
	is_size(times(152, "€", "aa"), SMS_GSM7, 306, 3);
	is_size(times(35, "😀", ""), SMS_UCS2, 70, 1);
	is_size(times(36, "😀", ""), SMS_UCS2, 72, 2);
	is_size(times(66, "😀", ""), SMS_UCS2, 132, 2);
	is_size(times(66, "😀", "aa"), SMS_UCS2, 134, 3);
}

static const struct {
	const char *text, *plain;
} forms[] = {
	{ "Adăpost în Timișoara, Bârlad, Țăndărei: ĂÂÎȘȚ", "Adapost in Timisoara, Barlad, Tandarei: AAIST" },
	{ "şţ ŞŢ", "st ST" },
	{ "Árvíztűrő tükörfúrógép", "Arvizturo tükörfurogép" },
	{ "Zażółć gęślą jaźń ŁÓDŹ", "Zazolc gesla jazn LODZ" },
	{ "Příliš žluťoučký kůň úpěl ďábelské ódy", "Prilis zlutoucky kun upel dabelské ody" },
	{ "Đorđe, straße, Ærø, cœur, façade, ŒUVRE, ẞ", "Dorde, straße, Ærø, coeur, facade, OEUVRE, SS" },
	{ "ıİğĞ", "iIgG" },
	{ "e\xcc\x81 s\xcc\xa6", "é s" }, /* decomposed on arrival */
	{ "„Rămâneți acasă” – ‘acum’… «da» —", "\"Ramaneti acasa\" - 'acum'... \"da\" -" },
	{ "a\xc2\xa0"
	  "b\xe2\x80\x89"
	  "c\xe2\x80\x8b"
	  "d\t",
	    "a b cd " },
	{ "ﬁn ½ 25 °C → ×", "fin 1/2 25 degC -> x" },
	{ "{€} ~ già", "{€} ~ già" },
	{ "Увага! Тривога ї", "Увага! Тривога ї" },
	{ "Рятуйте șț", "Рятуйте șț" },
	{ "Atenție 🚨", "Atenție 🚨" },
	{ "", "" },
};

SMS_TEST(marks_go_where_that_makes_a_text_gsm_7_and_stay_where_it_does_not)
{
	for (size_t i = 0; i < LEN(forms); i++)
		assert_str(sms_unaccented(mem, str(forms[i].text)), forms[i].plain);
	assert_int_equal(sms_measure(sms_unaccented(mem, str(forms[0].text))).encoding, SMS_GSM7);
}

SMS_TEST(what_is_unaccented_once_stays_as_it_is)
{
	for (size_t i = 0; i < LEN(forms); i++) {
		struct str once = sms_unaccented(mem, str(forms[i].text));

		assert_bytes(sms_unaccented(mem, once), once);
	}
}

SMS_TEST(a_text_that_fits_is_not_cut)
{
	struct str s = times(160, "a", "");

	assert_bytes(sms_cut(mem, s, 1), s);
	assert_bytes(sms_cut(mem, S(""), 1), S(""));
}

SMS_TEST(a_text_is_cut_behind_a_word)
{
	struct str cut = sms_cut(mem, times(40, "word ", "end"), 1);

	/* 31 words and 30 blanks, and the dots. */
	assert_int_equal(cut.n, 31 * 4 + 30 + 3);
	assert_true(str_ends(cut, " word..."));
	assert_str(sms_cut(mem, times(200, "a", ""), 1), times(157, "a", "...").p);
	assert_str(sms_cut(mem, times(200, "\n", ""), 1), "...");
}

SMS_TEST(a_link_at_the_end_outlives_the_cut)
{
	struct str link = S("https://muster.example/alerts/42");
	struct str cut = sms_cut(mem, times(40, "word ", link.p), 1);

	assert_true(str_ends(cut, " word... https://muster.example/alerts/42"));
	assert_true(cut.n <= 160 && cut.n > 155);
	cut = sms_cut(mem, times(40, "școala ", link.p), 1);
	assert_true(str_ends(cut, "școala... https://muster.example/alerts/42"));
	assert_int_equal(sms_measure(cut).segments, 1);
	/* A link that fills a message is cut like any text. */
	cut = sms_cut(mem, times(1, "https://muster.example/", times(160, "a", "").p), 1);
	assert_true(str_ends(cut, "aaa..."));
	assert_int_equal(cut.n, 160);
}

SMS_TEST(a_cut_never_leaves_half_a_character_and_always_fits)
{
	static const char *const parts[] = { "ș", "😀", "€", "a", "word ", "ștergar ", "é ", "e\xcc\x81" };

	for (size_t i = 0; i < LEN(parts); i++)
		for (int n = 1; n < 700; n += 23)
			for (int segments = 1; segments < 4; segments++) {
				struct str cut = sms_cut(mem, times(n, parts[i], "x"), segments);

				assert_true(utf8_text(cut));
				assert_true(sms_measure(cut).segments <= segments);
				assert_true(sms_measure(cut).length > (n < 70 ? 0 : 50));
			}
}

SMS_TEST(no_text_is_longer_than_gateways_take)
{
	assert_int_equal(sms_measure(sms_cut(mem, times(3000, "a", ""), 100)).length, SMS_LENGTH);
}

SMS_TEST(hexadecimal_is_what_goes_over_the_air)
{
	struct buf b = { 0 };

	sms_hex(&b, S("@a€\n"));
	assert_bytes(((struct str){ b.p, b.n }), S("00611B650A"));
	buf_reset(&b);
	sms_hex(&b, S("aș😀"));
	assert_bytes(((struct str){ b.p, b.n }), S("00610219D83DDE00"));
	buf_free(&b);
}

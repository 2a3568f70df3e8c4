/* entity_test.c - what entity.h promises. */
#include "unit.h"

#include <time.h>
#include <utf8proc.h>

#include "entity.h"
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

#define ENTITY_TEST(name) TEST_WITH(name, setup, teardown)

/* The keys of one kind, in order, with a blank between. */
static struct str
keys_of(const char *text, enum entity_kind kind)
{
	struct entity *list;
	size_t n = entities_of(mem, str(text), &list);
	struct str all = S("");

	for (size_t i = 0; i < n; i++)
		if (list[i].kind == kind)
			all = arena_strf(mem, "%.*s%s%.*s", FMT(all), all.n ? " " : "", FMT(list[i].key));
	return all;
}

struct vector {
	const char *text, *keys;
};

static void
check(const struct vector *v, size_t n, enum entity_kind kind)
{
	for (size_t i = 0; i < n; i++) {
		struct str have = keys_of(v[i].text, kind);

		if (!str_is(have, v[i].keys))
			print_error("of \"%s\":\n", v[i].text);
		assert_str(have, v[i].keys);
	}
}

/* ---- hashtags ------------------------------------------------------------- */

static const struct vector scripts[] = {
	/* Latin: Romanian, Hungarian, Turkish, Vietnamese, German, Polish, Icelandic, Catalan */
	{ "#Mănăștur", "mănăștur" },
	{ "azi la #Piața și #ȚARA.", "piața țara" },
	{ "#fată nu e #fata", "fată fata" },
	{ "#Árvíztűrő_TÜKÖRFÚRÓGÉP!", "árvíztűrő_tükörfúrógép" },
	{ "#İstanbul #istanbul", "i̇stanbul istanbul" },
	{ "#ISPARTA #ısparta", "isparta ısparta" },
	{ "#Diyarbakır'da", "diyarbakır" },
	{ "#ĐàNẵng #Huế, #CẦNTHƠ", "đànẵng huế cầnthơ" },
	{ "#Straße #STRASSE #STRAẞE", "straße strasse straße" },
	{ "#Łódź #ŻÓŁW", "łódź żółw" },
	{ "#Þórshöfn", "þórshöfn" },
	{ "#Paral·lel", "paral·lel" },
	{ "#ﬁn", "ﬁn" },
	/* Cyrillic, Greek */
	{ "#Бухта", "бухта" },
	{ "#БУХТА,#Йод", "бухта йод" },
	{ "#Київ #Ґанок #ЇЖА", "київ ґанок їжа" },
	{ "#Αθήνα #ΑΘΉΝΑ", "αθήνα αθήνα" },
	{ "#ΟΔΟΣ #οδος", "οδοσ οδοσ" },
	/* Arabic, Persian with its joiner, Urdu digits */
	{ "في #ملجأ الآن", "ملجأ" },
	{ "#می\u200cخواهم", "می\u200cخواهم" },
	{ "#مدرسة_٣", "مدرسة_٣" },
	{ "#كهرباء، #ماء", "كهرباء ماء" },
	{ "#شَارِع", "شَارِع" },
	/* Hebrew: geresh, gershayim, maqaf */
	{ "#מקלט", "מקלט" },
	{ "#צה״ל #ז׳בוטינסקי", "צה״ל ז׳בוטינסקי" },
	{ "#תל־אביב", "תל־אביב" },
	{ "#ר׳ שם", "ר׳" },
	{ "#תל־", "תל" },
	/* Devanagari, Bengali, Tamil: vowel signs are marks */
	{ "#हिन्दी में", "हिन्दी" },
	{ "#क्\u200dष", "क्\u200dष" },
	{ "#আশ্রয় #உதவி", "আশ্রয় உதவி" },
	{ "#गाँव।", "गाँव" },
	/* Thai, Lao, Khmer, Burmese, Tibetan with its tsheg */
	{ "#น้ำท่วม ด่วน", "น้ำท่วม" },
	{ "#ນໍ້າ #ទឹកជំនន់ #မြန်မာ", "ນໍ້າ ទឹកជំនន់ မြန်မာ" },
	{ "#བོད་སྐད", "བོད་སྐད" },
	{ "#བོད་ #བོད", "བོད བོད" },
	/* Hangul, Han, kana */
	{ "#대피소 위치", "대피소" },
	{ "#避難所", "避難所" },
	{ "前の #避難所、#給水所。", "避難所 給水所" },
	{ "＃避難所", "避難所" },
	{ "#ハッシュ・タグ", "ハッシュ・タグ" },
	{ "#スーパー", "スーパー" },
	{ "#ﾊﾝｶｸ #ハンカク", "ﾊﾝｶｸ ハンカク" },
	{ "#人々 #〇", "人々" },
	{ "#東京〜大阪", "東京〜大阪" },
	{ "#\U00020bb7野家", "\U00020bb7野家" },
	{ "#葛\U000e0100城 #葛城", "葛城 葛城" },
	/* fullwidth */
	{ "＃ｈａｓｈ #hash #ＨＡＳＨ１", "hash hash hash1" },
	{ "#ａ\u0301 #á", "á á" },
	/* others */
	{ "#Հայաստան #საქართველო #ᏣᎳᎩ #አዲስ", "հայաստան საქართველო ᏣᎳᎩ አዲስ" },
	{ "#\U00010400x", "\U00010428x" },
	{ "#ⵜⴰⵎⴰⵣⵉⵖⵜ", "ⵜⴰⵎⴰⵣⵉⵖⵜ" },
};

ENTITY_TEST(hashtags_of_every_script)
{
	check(scripts, LEN(scripts), ENTITY_HASHTAG);
}

static const struct vector forms[] = {
	/* none at all */
	{ "", "" },
	{ "no tag", "" },
	{ "#", "" },
	{ "# ", "" },
	{ "#\n#", "" },
	{ "##", "" },
	{ "#!", "" },
	{ "＃", "" },
	{ "#1", "" },
	{ "#2026", "" },
	{ "#_", "" },
	{ "#1_2", "" },
	{ "#٣", "" },
	{ "#·", "" },
	{ "#\u200d", "" },
	{ "#\ufe0f", "" },
	{ "#_\ufe0e", "" },
	{ "#-a", "" },
	/* what it may have in it */
	{ "#a1 #1a #a_ #_a", "a1 1a a_ _a" },
	{ "#12\u0301", "12\u0301" },
	{ "(#a) \"#b\" #c, #d. #e! #f: #g; '#h'", "a b c d e f g h" },
	{ "#a-b #it's", "a it" },
	/* what may stand before */
	{ "a#b", "" },
	{ "1#b", "" },
	{ "_#b", "" },
	{ "&#b", "" },
	{ "/#b", "" },
	{ "ă#b", "" },
	{ "所#b", "" },
	{ "e\u0301#b", "" },
	{ "।#b", "b" },
	{ "·#b", "" },
	{ "・#b", "" },
	{ ".#b", "b" },
	{ "@#b", "b" },
	{ "\u00a0#b\u3000#c", "b c" },
	{ "🔥#b", "b" },
	{ "\u200b#b", "b" },
	{ "❤\ufe0f#b", "b" },
	{ "❤\ufe0e#b", "b" },
	{ "👨\u200d👩\u200d👧#b", "b" },
	{ "\u200d#b", "b" },
	{ "\u200c#b", "" },
	{ "a\u200d#b", "b" },
	/* what may stand behind */
	{ "#a#b", "" },
	{ "#a#b #c", "c" },
	{ "#a＃b", "" },
	{ "##a", "a" },
	{ "＃＃a", "a" },
	{ "#a##b", "b" },
	{ "#a://", "" },
	{ "#a:/", "a" },
	{ "#a🔥", "a" },
	{ "#a❤\ufe0f#b", "a b" },
	{ "#a\ufe0f", "a" },
	/* keys on keyboards, flags */
	{ "#\ufe0f\u20e3 #\u20e3", "" },
	{ "#\ufe0f\u20e3a", "" },
	{ "🇷🇴#ro", "ro" },
	{ "👍🏽#ok", "ok" },
	/* joiners at the ends are not of the key */
	{ "#a\u200d #a\u200c\u200d #\u200da #a· #a・", "a a a a a" },
	{ "#a\u200db", "a\u200db" },
	/* shelters */
	{ "#RO-CJ-01", "ro-cj-01" },
	{ "#ro-cj-01, #RO-B-12.", "ro-cj-01 ro-b-12" },
	{ "#RO-CJ-1", "ro" },
	{ "#ROU-CJ-01", "rou" },
	{ "#RO-CJ-0a", "ro" },
	{ "#RO-CJ-01a", "ro" },
	{ "#RO-CJ-01ă", "ro" },
	{ "#RO-CJ-01_", "ro" },
	{ "#RO-CJ-01-availability", "ro-cj-01" },
	{ "#RO-CJ-01#b", "" },
	{ "#RO-CJ-01://", "" },
	{ "#RO-ABCDEFGHIJKL-12345678", "ro-abcdefghijkl-12345678" },
	{ "#RO-ABCDEFGHIJKLM-01", "ro" },
	{ "#RO-CJ-123456789", "ro" },
	{ "#RO-CJ-", "ro" },
	{ "#RO-", "ro" },
	{ "#RO--01", "ro" },
	{ "#R1-CJ-01", "r1" },
	/* not within links */
	{ "http://a.ro/#b", "" },
	{ "http://a.ro/x?#b #c", "c" },
	{ "https://a.ro#b", "" },
	{ "HTTPS://a.ro/(#b)", "" },
	{ "http://a.ro #b", "b" },
	{ "http:// #b", "b" },
	{ "(http://a.ro) #b", "b" },
	{ "#b http://a.ro/#c", "b" },
	{ "http://a.ro。#b", "b" },
};

ENTITY_TEST(a_hashtag_begins_and_ends_by_the_rule)
{
	check(forms, LEN(forms), ENTITY_HASHTAG);
}

static const char *const pairs[][2] = {
	{ "Mănăștur", "Ma\u0306na\u0306s\u0326tur" },
	{ "ȚĂRÂNĂ", "t\u0326a\u0306ra\u0302na\u0306" },
	{ "Árvíztűrő", "A\u0301rvi\u0301ztu\u030bro\u030b" },
	{ "İzmir", "I\u0307zmir" },
	{ "İ", "i\u0307" },
	{ "Việt", "Vie\u0323\u0302t" },
	{ "Việt", "Vie\u0302\u0323t" },
	{ "Việt", "Viê\u0323t" },
	{ "Ångström", "\u212bngstro\u0308m" },
	{ "йод", "и\u0306од" },
	{ "Їжа", "і\u0308жа" },
	{ "άλφα", "α\u0301λφα" },
	{ "ᾳ", "α\u0345" },
	{ "ᾼ", "ᾳ" },
	{ "한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8" },
	{ "ガス", "カ\u3099ス" },
	{ "क़", "\u0958" },
	{ "שׁ", "\ufb2a" },
	{ "آب", "\u0627\u0653\u0628" },
	{ "ＡＢＣ", "abc" },
	{ "\u212a", "k" },
	{ "ΣΑΣ", "σας" },
	{ "ſ", "s" },
	{ "µ", "μ" },
};

ENTITY_TEST(pairs_that_mean_the_same_have_one_key)
{
	for (size_t i = 0; i < LEN(pairs); i++) {
		struct str a, b;

		assert_true(hashtag_key(mem, str(pairs[i][0]), &a));
		assert_true(hashtag_key(mem, arena_strf(mem, "#%s", pairs[i][1]), &b));
		assert_bytes(a, b);
	}
}

static const char *const different[][2] = {
	{ "fata", "fată" },
	{ "ısı", "isi" },
	{ "İ", "i" },
	{ "ı", "I" },
	{ "straße", "strasse" },
	{ "ș", "ş" },
	{ "й", "и" },
	{ "ﾊ", "ハ" },
	{ "ハ", "バ" },
	{ "ﬁn", "fin" },
	{ "آب", "اب" },
	{ "می\u200cخواهم", "میخواهم" },
	{ "国", "國" },
	{ "a_b", "ab" },
};

ENTITY_TEST(pairs_that_differ_have_two_keys)
{
	for (size_t i = 0; i < LEN(different); i++) {
		struct str a, b;

		assert_true(hashtag_key(mem, str(different[i][0]), &a));
		assert_true(hashtag_key(mem, str(different[i][1]), &b));
		if (str_eq(a, b))
			fail_msg("%s and %s: %s", different[i][0], different[i][1], a.p);
	}
}

ENTITY_TEST(what_a_person_types_as_a_tag_has_the_key_of_the_tag)
{
	static const char *const none[] = { "", " ", "#", "##a", "a b", "a-b", "#a#", "1", "a#b", "#\ufe0fa",
		"a!", "a://", "\xff", "a\xc3" };
	struct str key;

	for (size_t i = 0; i < LEN(none); i++)
		assert_false(hashtag_key(mem, str(none[i]), &key));
	assert_true(hashtag_key(mem, S("  #MĂNĂȘTUR\n"), &key));
	assert_str(key, "mănăștur");
	assert_true(hashtag_key(mem, S("＃ａ"), &key));
	assert_str(key, "a");
	assert_true(hashtag_key(mem, S("Ro-Cj-01"), &key));
	assert_str(key, "ro-cj-01");
}

static char *
repeated(const char *piece, size_t times)
{
	size_t n = strlen(piece);
	char *all = arena_alloc(mem, n * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(all + i * n, piece, n);
	return all;
}

ENTITY_TEST(a_hashtag_has_at_most_100_code_points_whatever_the_form)
{
	static const char *const pieces[] = { "a", "Ж", "所", "\U00020bb7", "s\u0326", "i\u0302", "ａ", "한",
		"\u1112\u1161\u11ab", "o\u0302\u0323" };

	for (size_t i = 0; i < LEN(pieces); i++) {
		struct str key;

		assert_true(hashtag_key(mem, str(repeated(pieces[i], HASHTAG_MAX)), &key));
		assert_int_equal(utf8_length(key), HASHTAG_MAX);
		assert_true(key.n <= 4 * HASHTAG_MAX);
		assert_false(hashtag_key(mem, str(repeated(pieces[i], HASHTAG_MAX + 1)), &key));
	}
	/* The whole run counts, and what is in it begins nothing. */
	assert_str(keys_of(arena_printf(mem, "#%s #b", repeated("a", 101)), ENTITY_HASHTAG), "b");
}

ENTITY_TEST(two_hundred_hashtags_are_two_hundred)
{
	struct entity *list;

	assert_int_equal(entities_of(mem, str(repeated("#ă ", 200)), &list), 200);
	assert_int_equal(list[199].from, 199 * 4);
	assert_int_equal(list[199].to, 199 * 4 + 3);
	assert_int_equal(entities_of(mem, str(repeated("#a ", 5000)), &list), ENTITIES_MAX);
}

/* ---- mentions and links --------------------------------------------------- */

static const struct vector mentions[] = {
	{ "", "" },
	{ "@", "" },
	{ "@ @", "" },
	{ "@ana", "ana" },
	{ "@Ana.Pop, @dan-2.", "ana.pop dan-2" },
	{ "(@ana) @ana: @ana! @ana… @ana's", "ana ana ana ana ana" },
	{ "@ana... @ana.- @ana-", "ana ana ana" },
	{ "@. @- @.-", "" },
	{ "@_ @1 @.a", "_ 1 .a" },
	{ "a@b.ro", "" },
	{ "ă@b", "" },
	{ "所@b", "" },
	{ "1@b _@b @@b /@b =@b", "" },
	{ ".@b 🔥@b #@b", "b b b" },
	{ "@a@b", "" },
	{ "@a @b", "a b" },
	{ "@anaș @ana\u0301", "" },
	{ "@anaさん", "ana" },
	{ "@http://a", "" },
	{ "@abcdefghijklmnopqrstuvwxyz1234", "abcdefghijklmnopqrstuvwxyz1234" },
	{ "@abcdefghijklmnopqrstuvwxyz12345", "" },
	{ "http://a.ro/@b http://a.ro?@b", "" },
	{ "＠ana", "" },
	{ "@ana#b", "ana" },
	{ "e\u0301@b", "" },
};

ENTITY_TEST(mentions_begin_and_end_by_the_rule)
{
	check(mentions, LEN(mentions), ENTITY_MENTION);
}

static const struct vector links[] = {
	{ "http://", "" },
	{ "http:// a", "" },
	{ "http:///a", "" },
	{ "http://.a", "" },
	{ "http://#a", "" },
	{ "ftp://a.ro a.ro www.a.ro", "" },
	{ "javascript:alert(1)//http", "" },
	{ "http://a", "http://a" },
	{ "HtTpS://A.ro/X", "HtTpS://A.ro/X" },
	{ "xhttp://a.ro 1https://a.ro", "" },
	{ "看http://a.ro", "http://a.ro" },
	{ "http://a.ro. http://b.ro, http://c.ro! (http://d.ro) \"http://e.ro\" 'http://f.ro' <http://g.ro>",
	    "http://a.ro http://b.ro http://c.ro http://d.ro http://e.ro http://f.ro http://g.ro" },
	{ "http://a.ro/b_(c) (http://a.ro/b_(c)). http://a.ro/[x]",
	    "http://a.ro/b_(c) http://a.ro/b_(c) http://a.ro/[x]" },
	{ "http://a.ro/))))", "http://a.ro/" },
	{ "http://a.ro/?a=b&c=d#e.", "http://a.ro/?a=b&c=d#e" },
	{ "http://a.ro/ș?q=ț", "http://a.ro/ș?q=ț" },
	{ "http://пример.рф/я…", "http://пример.рф/я" },
	{ "„http://a.ro“ «http://b.ro»", "http://a.ro http://b.ro" },
	{ "http://a.ro。次", "http://a.ro" },
	{ "http://a.ro（次）", "http://a.ro" },
	{ "「http://a.ro/人々」", "http://a.ro/人々" },
	{ "http://a.ro\u202ex", "http://a.ro" },
	{ "http://a.ro\u00a0x\nhttp://b.ro\thttp://c.ro", "http://a.ro http://b.ro http://c.ro" },
	{ "http://a.ro\\@b", "http://a.ro" },
	{ "http://a@b.ro/", "http://a@b.ro/" },
	{ "[x](http://a.ro)", "http://a.ro" },
	{ "http://a!!!", "http://a" },
	{ "http://a.ro/http://b", "http://a.ro/http://b" },
};

ENTITY_TEST(links_begin_and_end_by_the_rule)
{
	check(links, LEN(links), ENTITY_LINK);
}

ENTITY_TEST(an_entity_knows_its_bytes)
{
	struct entity *list;
	struct str text = S("Ăla @Ana\u2026 ＃Șă\u200d, http://a.ro).");

	assert_int_equal(entities_of(mem, text, &list), 3);
	assert_bytes(((struct str){ text.p + list[0].from, list[0].to - list[0].from }), S("@Ana"));
	assert_bytes(((struct str){ text.p + list[1].from, list[1].to - list[1].from }), S("＃Șă\u200d"));
	assert_bytes(((struct str){ text.p + list[2].from, list[2].to - list[2].from }), S("http://a.ro"));
	assert_int_equal(list[0].kind, ENTITY_MENTION);
	assert_int_equal(list[1].kind, ENTITY_HASHTAG);
	assert_int_equal(list[2].kind, ENTITY_LINK);
}

/* ---- any text ------------------------------------------------------------- */

static double
seconds_for(const char *piece, size_t bytes)
{
	struct str text = str(repeated(piece, bytes / strlen(piece)));
	struct timespec a, b;
	struct entity *list;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	entities_of(mem, text, &list);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	arena_reset(mem);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

ENTITY_TEST(a_text_takes_time_by_its_length_only)
{
	static const char *const pieces[] = { "#", "##a", "#a#b", "@", "@@a", "a", "\u0301", "@a.-", "@-",
		"http://", "http://.", "http://a!)", "http://a((", "h", "#http://", "#RO-CJ-", "#RO-", "·",
		"#\u0301", "@a@b" };

	not_under_valgrind();
	for (size_t i = 0; i < LEN(pieces); i++) {
		double small = seconds_for(pieces[i], 40000), large = seconds_for(pieces[i], 400000);

		/* 100 times, were it quadratic. */
		if (large > 30 * small + 0.02)
			fail_msg("\"%s\": %g s, ten times as long: %g s", pieces[i], small, large);
	}
}

static struct str
some_text(void)
{
	static const char *const pieces[] = { "#", "＃", "#", "@", "a", "B", "1", "_", "-", ".", " ", "\n",
		"/", "&", "http://", "https://", "a.ro", "RO-CJ-01", "ș", "s\u0326", "İ", "ı", "ж", "所",
		"\u0301", "\u200d", "\ufe0f", "\u20e3", "·", "־", "་", "ａ", "１", "～", "🔥", "(", ")", "!",
		"。", "\u202e", "\xff", "\xe2\x80", "\u0345", "\u0387", "\u1fbe", "\U000e0100", "ͺ", "ᾼ",
		"\u3099", "\u309b" };
	struct str text = S("");

	for (int i = rnd_below(24); i > 0; i--)
		text = arena_strf(mem, "%.*s%s", FMT(text), pieces[rnd_below((int)LEN(pieces))]);
	return text;
}

ENTITY_TEST(entities_of_any_bytes_are_in_order_and_in_bounds_and_have_keys)
{
	rnd_start();
	for (int round = 0; round < 20000; round++) {
		struct str text = some_text(), key;
		struct entity *list;
		size_t n = entities_of(mem, text, &list), at = 0;

		for (size_t i = 0; i < n; i++) {
			assert_true(list[i].from >= at && list[i].from < list[i].to && list[i].to <= text.n);
			at = list[i].to;
			assert_true(list[i].key.n > 0 && utf8_text(list[i].key));
			if (list[i].kind != ENTITY_HASHTAG)
				continue;
			assert_true(hashtag_key(
			    mem, (struct str){ text.p + list[i].from, list[i].to - list[i].from }, &key));
			assert_bytes(key, list[i].key);
			assert_true(hashtag_key(mem, list[i].key, &key));
			assert_bytes(key, list[i].key);
		}
		arena_reset(mem);
	}
}

/* Every letter there is, alone: its key is its own key, and that of its NFD. */
ENTITY_TEST(the_key_of_every_letter_is_its_own_and_that_of_its_decomposition)
{
	int letters = 0;

	for (int32_t c = 0x80; c < 0x30000; c++) {
		uint8_t bytes[5] = { 0 }, *nfd;
		struct str text = { (char *)bytes, 0 }, key, again;

		if ((c >= 0xd800 && c < 0xe000) || c == 0x20e3)
			continue;
		text.n = (size_t)utf8proc_encode_char(c, bytes);
		if (!hashtag_key(mem, text, &key))
			continue;
		letters++;
		assert_true(hashtag_key(mem, key, &again));
		assert_bytes(again, key);
		nfd = utf8proc_NFD(bytes);
		assert_true(hashtag_key(mem, str((char *)nfd), &again));
		assert_bytes(again, key);
		free(nfd);
		if (c % 256 == 0)
			arena_reset(mem);
	}
	assert_true(letters > 100000);
}

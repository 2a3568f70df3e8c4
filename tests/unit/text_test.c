/* text_test.c - what text.h promises. */
#include "store.h"

#include <sqlite3.h>
#include <time.h>

#include "text.h"

#define POSTS S("posts")

static void
put(int64_t id, const char *text)
{
	assert_int_equal(text_put(db, mem, POSTS, id, str(text), NULL, 0), OK);
}

static void
put_labelled(int64_t id, const char *text, const char *a, const char *b)
{
	struct str labels[] = { str(a), str(b) };

	assert_int_equal(text_put(db, mem, POSTS, id, str(text), labels, 2), OK);
}

/* "7 5 2": the ids, and " >2" if there is a next page. */
static struct str
find(const struct text_search *s)
{
	int64_t *ids, next;
	struct str all = S("");
	size_t n;

	assert_int_equal(text_find(db, mem, POSTS, s, &ids, &n, &next), OK);
	for (size_t i = 0; i < n; i++)
		all = arena_strf(mem, "%.*s%s%lld", FMT(all), i ? " " : "", (long long)ids[i]);
	if (next)
		all = arena_strf(mem, "%.*s >%lld", FMT(all), (long long)next);
	return all;
}

static struct str
found(const char *query)
{
	return find(&(struct text_search){ .query = str(query), .limit = 100 });
}

static struct str
found_typing(const char *query)
{
	return find(&(struct text_search){ .query = str(query), .limit = 100, .prefix = true });
}

static enum err
refused(struct str query)
{
	int64_t *ids, next;
	size_t n;
	struct text_search s = { .query = query, .limit = 10 };
	enum err e = text_find(db, mem, POSTS, &s, &ids, &n, &next);

	assert_int_equal(n, 0);
	assert_int_equal(next, 0);
	return e;
}

/* ---- words ----------------------------------------------------------------- */

STORE_TEST(every_word_must_be_there_and_the_newest_comes_first)
{
	put(1, "Apă potabilă la școală");
	put(2, "Nu avem apă");
	put(3, "Școala este deschisă, apă caldă");
	assert_str(found("apa"), "3 2 1");
	assert_str(found("apa scoala"), "3 1");
	assert_str(found("scoala calda apa"), "3");
	assert_str(found("apa minerala"), "");
	assert_str(found("ap"), "");
}

STORE_TEST(comma_and_cedilla_capitals_and_compositions_are_alike)
{
	static const char *const s[] = { "\u0219", "\u015f", "s\u0326", "s\u0327", "\u0218", "\u015e",
		"S\u0326", "S\u0327", "s", "S" };
	static const char *const t[] = { "\u021b", "\u0163", "t\u0326", "t\u0327", "\u021a", "\u0162",
		"T\u0326", "T\u0327", "t", "T" };

	for (size_t i = 0; i < LEN(s); i++)
		put((int64_t)i + 1, arena_printf(mem, "o%sean a%sa", s[i], t[i]));
	for (size_t i = 0; i < LEN(s); i++) {
		assert_str(found(arena_printf(mem, "o%sean", s[i])), "10 9 8 7 6 5 4 3 2 1");
		assert_str(found(arena_printf(mem, "a%sA", t[i])), "10 9 8 7 6 5 4 3 2 1");
		assert_str(found_typing(arena_printf(mem, "o%s", s[i])), "10 9 8 7 6 5 4 3 2 1");
	}
}

STORE_TEST(cyrillic_is_found)
{
	put(1, "Укриття на вулиці Шевченка, п'ять місць");
	put(2, "УКРИТТЯ зачинено");
	assert_str(found("укриття"), "2 1");
	assert_str(found("Шевченка"), "1");
	assert_str(found("п\u02bcять"), "1");
	assert_str(found_typing("зачин"), "2");
}

STORE_TEST(part_of_a_run_of_ideographs_is_found)
{
	put(1, "第三避難所は満員です");
	put(2, "避難してください");
	put(3, "難避");
	put(4, "洪水警報");
	assert_str(found("避難所"), "1");
	assert_str(found("避難"), "2 1");
	assert_str(found("難"), "3 2 1");
	assert_str(found_typing("避難"), "2 1");
	assert_str(found("洪水"), "4");
	assert_str(found("警報 洪水"), "4");
	assert_str(found("水警"), "4");
	assert_str(found("\"避難所\""), "1");
	assert_str(found("避難 -所"), "2");
}

STORE_TEST(a_word_with_parts_is_a_phrase)
{
	put(1, "Cluj-Napoca");
	put(2, "napoca cluj");
	put(3, "Cluj, Napoca");
	assert_str(found("cluj-napoca"), "3 1");
	assert_str(found("cluj napoca"), "3 2 1");
	assert_str(found_typing("cluj-nap"), "3 1");
}

/* ---- what a person types ----------------------------------------------------- */

STORE_TEST(a_phrase_stands_side_by_side)
{
	put(1, "strada lungă nouă");
	put(2, "strada nouă lungă");
	put(3, "o STRADĂ; strada: Lungă");
	assert_str(found("\"strada lunga\""), "3 1");
	assert_str(found("\u201estrada lunga\u201d"), "3 1");
	assert_str(found("\u201cstrada lunga\u201d noua"), "1");
	assert_str(found("«strada lunga»"), "3 1");
	assert_str(found("\"strada lunga\"noua"), "1");
	assert_str(found("\"\" strada \"\""), "3 2 1");
	assert_str(found("\"strada lun\""), "");
}

STORE_TEST(pages_go_towards_the_newest_too)
{
	struct text_search s = { .query = S("apa"), .limit = 2, .oldest = true };

	for (int i = 1; i <= 5; i++)
		put(i, i == 3 ? "pod" : "apa");
	assert_str(find(&s), "1 2 >2");
	s.after = 2;
	assert_str(find(&s), "4 5");
	s.before = 5;
	assert_str(find(&s), "4");
	s.after = 5;
	s.before = 0;
	assert_str(find(&s), "");
}

STORE_TEST(the_last_word_may_be_a_beginning)
{
	put(1, "adăpost deschis");
	put(2, "adăposturi închise");
	put(3, "adapter");
	assert_str(found_typing("adapost"), "2 1");
	assert_str(found_typing("ada"), "3 2 1");
	assert_str(found_typing("ad"), "3 2 1");
	assert_str(found_typing("adaposturi inchise"), "2");
	assert_str(found_typing("adapost inchi "), ""); /* only the last */
	assert_str(found_typing("adaposturi inchi "), "2");
	assert_str(found("adaposturi inchi"), "");
	/* One letter, a quoted word, an excluded one: as they stand. */
	assert_str(found_typing("a"), "");
	assert_str(found_typing("\"ada\""), "");
	assert_str(found_typing("deschis -ada"), "1");
	assert_str(found_typing("ada *"), "3 2 1");
}

STORE_TEST(a_beginning_of_few_words_and_one_of_many_find_all)
{
	for (int i = 1; i <= 100; i++)
		put(i, arena_printf(mem, "strada strad%d cuvânt%d", i, i % 60));
	assert_int_equal(text_count(db, mem, POSTS,
			     &(struct text_search){ .query = S("strada cuvan"), .prefix = true }, 999),
	    100);
	assert_int_equal(
	    text_count(db, mem, POSTS, &(struct text_search){ .query = S("strad"), .prefix = true }, 999),
	    100);
	assert_str(found_typing("cuvant5"), "65 59 58 57 56 55 54 53 52 51 50 5");
	assert_str(found_typing("strad10"), "100 10");
	assert_str(found_typing("strad99-cuvant39"), "99");
	assert_str(found_typing("strada-strad7"), "79 78 77 76 75 74 73 72 71 70 7");
	assert_str(found_typing("strax"), "");
	text_del(db, mem, POSTS, 100);
	assert_str(found_typing("strad10"), "10");
}

STORE_TEST(a_minus_takes_out)
{
	put(1, "pod închis");
	put(2, "pod deschis");
	put(3, "pod deschis parțial azi");
	assert_str(found("pod -inchis"), "3 2");
	assert_str(found("-inchis pod"), "3 2");
	assert_str(found("pod -inchis -azi"), "2");
	assert_str(found("pod -\"deschis partial\""), "2 1");
	assert_str(found("pod --inchis"), "3 2");
	assert_str(found("pod -pod"), "");
	assert_str(found("pod -"), "3 2 1");
	assert_str(found("pod - inchis"), "1");
	assert_str(found("pod (-inchis)"), "1"); /* behind a blank only */
	assert_str(found("\"pod\"-inchis"), "1");
	assert_str(found("-inchis"), ""); /* nothing says what there is to find */
}

STORE_TEST(nothing_else_is_syntax)
{
	static const char *const words[][2] = { { "pod AND apa", "3" }, { "pod OR apa", "3" },
		{ "pod NOT apa", "3" }, { "NEAR(pod apa)", "" }, { "NEAR (pod apa)", "3" },
		{ "body:pod", "" }, { "labels:pod", "" }, { "body : pod", "3" }, { "{body} : pod", "3" },
		{ "near", "3" }, { "pod'; drop table words; --", "" } };
	static const char *const nothing[] = { "", " ", "\"", "\"\"", "\"\"\"", "*", "^", "-", "--", "()",
		"(", "+", ":", "-\"", "- -", "\\", "'", "\"*\"", ";--", "\xff", "\xe2\x80\x9e", "-\xff",
		"\"-" };
	static const char *const pods[] = { "pod*", "pod:", "^pod", "(pod", "pod)", "\"pod", "pod\"", "'pod'",
		"pod;", "{pod}", "pod + pod", "pod \" -", "p\xffod pod\"", "\"pod\"\"", "%pod_", "pod--" };

	put(1, "un pod p od");
	put(2, "un poduleț cu apă");
	put(3, "pod și and not or near body labels apă");
	for (size_t i = 0; i < LEN(words); i++)
		assert_str(found(words[i][0]), words[i][1]);
	for (size_t i = 0; i < LEN(nothing); i++) {
		assert_str(found(nothing[i]), "");
		assert_str(found_typing(nothing[i]), "");
	}
	for (size_t i = 0; i < LEN(pods); i++)
		if (!str_eq(found(pods[i]), str(strstr(pods[i], "\xff") ? "1" : "3 1")))
			fail_msg("%s found %s", pods[i], found(pods[i]).p);
}

STORE_TEST(a_query_of_any_bytes_is_no_fault)
{
	static const struct str pieces[] = { B("\""), B("\""), B("-"), B("-"), B("*"), B("^"), B(":"), B("("),
		B(")"), B("{"), B("}"), B("+"), B("a"), B("b"), B(" "), B("cd"), B(" "), B("\t"), B("\n"),
		B("\0"), B("\x80"), B("\xff"), B("\xe2\x80"), B("„"), B("”"), B("'"), B("\\"), B(";"), B("½"),
		B("\u0301"), B("\ue000"), B("\ufdfa"), B("避"), B("AND"), B("\u3000") };

	put(1, "a b c d ab cd");
	rnd_start();
	for (int round = 0; round < 3000; round++) {
		char bytes[80];
		struct str query = { bytes, 0 };
		struct text_search s = { .prefix = round % 2, .limit = 10 };
		struct text_mark *marks;
		int64_t *ids, next;
		size_t n;

		for (int i = rnd_below(20); i > 0; i--) {
			struct str piece = pieces[rnd_below((int)LEN(pieces))];

			memcpy(bytes + query.n, piece.p, piece.n);
			query.n += piece.n;
		}
		s.query = query;
		assert_int_equal(text_find(db, mem, POSTS, &s, &ids, &n, &next), OK);
		assert_true((n > 0) == (text_count(db, mem, POSTS, &s, 10) > 0));
		if (n)
			assert_true(text_marks(mem, &s, S("a b c d ab cd"), &marks) > 0);
		arena_reset(mem);
	}
	at(NOW); /* no fault was remembered */
}

STORE_TEST(a_query_has_bounds)
{
	struct str words = S("a"), long_word;
	char *p = arena_alloc(mem, TEXT_QUERY_BYTES + 2);

	put(1, "a b");
	for (int i = 1; i < TEXT_QUERY_WORDS; i++)
		words = arena_strf(mem, "%.*s a", FMT(words));
	assert_int_equal(refused(S("zz")), OK);
	assert_str(found(words.p), "1");
	assert_int_equal(refused(arena_strf(mem, "%.*s a", FMT(words))), ERR_INPUT);
	assert_int_equal(refused(arena_strf(mem, "%.*s -b", FMT(words))), ERR_INPUT);
	memset(p, 'x', TEXT_QUERY_BYTES + 1);
	long_word = (struct str){ p, TEXT_QUERY_BYTES };
	assert_int_equal(refused(long_word), OK);
	long_word.n++;
	assert_int_equal(refused(long_word), ERR_INPUT);
}

STORE_TEST(words_longer_than_the_bound_are_found_by_their_beginning)
{
	char text[201] = { 0 };

	memset(text, 'x', 200);
	put(1, text);
	assert_str(found(text), "1");
	assert_str(found_typing("xxxxxxxx"), "1");
	assert_str(found("xxxxxxxx"), "");
	assert_int_equal(text_check(db), OK);
}

/* ---- documents ----------------------------------------------------------------- */

STORE_TEST(a_document_is_replaced_by_its_id)
{
	put(5, "vechi comun");
	put(5, "nou comun");
	assert_str(found("vechi"), "");
	assert_str(found("nou"), "5");
	assert_str(found("comun"), "5");
	put(5, "nou comun");
	assert_str(found("comun"), "5");
	put(5, "");
	assert_str(found("comun"), "");
	assert_int_equal(text_check(db), OK);
}

STORE_TEST(a_deleted_document_is_found_no_more)
{
	put(1, "unu comun");
	put(2, "doi comun");
	text_del(db, mem, POSTS, 1);
	assert_str(found("comun"), "2");
	assert_str(found("unu"), "");
	text_del(db, mem, POSTS, 1);
	text_del(db, mem, POSTS, 77);
	text_del(db, mem, POSTS, -1);
	text_del(db, mem, S("none"), 2);
	assert_str(found("comun"), "2");
	put(1, "iar comun");
	assert_str(found("comun"), "2 1");
	assert_int_equal(text_check(db), OK);
}

/* What a query on the file itself gives, beside our own connection. */
static int64_t
raw(const char *statement)
{
	sqlite3 *handle;
	sqlite3_stmt *st;
	int64_t n = -1;

	assert_int_equal(sqlite3_open(store_path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, statement, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	return n;
}

STORE_TEST(the_words_of_the_deleted_leave_the_index_when_it_is_tidied)
{
	static const char *const left = "select count(*) from words_data"
					" where instr(block, cast('qsecret' as blob))";
	static const char *const listed = "select count(*) from text_word where word = 'zqsecret'";
	int steps = 0;

	for (int i = 1; i <= 200; i++) {
		put(i, i == 100 ? "a zqsecret, other" : "some other words");
		if (i % 20 == 0)
			at(NOW);
	}
	text_del(db, mem, POSTS, 100);
	at(NOW);
	assert_true(raw(left) > 0);
	assert_int_equal(raw(listed), 1);
	while (text_tidy(db, mem, 4)) {
		assert_true(++steps < 1000);
		at(NOW);
	}
	at(NOW);
	assert_true(steps > 0);
	assert_int_equal(raw(left), 0);
	assert_int_equal(raw(listed), 0);
	assert_int_equal(raw("select count(*) from text_word"), 3); /* what others have too stays */
	assert_int_equal(text_check(db), OK);
	assert_int_equal(text_count(db, mem, POSTS, &(struct text_search){ .query = S("some") }, 1000), 199);
}

STORE_TEST(a_damaged_index_is_told_of)
{
	put(1, "unu doi");
	at(NOW);
	assert_int_equal(text_check(db), OK);
	assert_int_equal(db_commit(db), OK);
	raw("update words_content set c0 = 'trei' where 1");
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	assert_int_equal(text_check(db), ERR_STORE);
	at(NOW); /* and the transaction lives on */
}

STORE_TEST(a_word_missing_in_the_list_is_told_of)
{
	put_labelled(1, "unu cinci", "label", "other");
	at(NOW);
	assert_int_equal(text_check(db), OK);
	assert_int_equal(db_commit(db), OK);
	raw("delete from text_word where word = 'cinci'");
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	assert_int_equal(text_check(db), ERR_STORE);
}

STORE_TEST(an_id_and_a_text_have_bounds)
{
	char *p = arena_alloc(mem, TEXT_BYTES + 2);
	struct str text = { p, TEXT_BYTES };

	memset(p, ' ', TEXT_BYTES + 1);
	p[0] = 'x';
	assert_int_equal(text_put(db, mem, POSTS, 0, S("x"), NULL, 0), ERR_INPUT);
	assert_int_equal(text_put(db, mem, POSTS, -1, S("x"), NULL, 0), ERR_INPUT);
	assert_int_equal(text_put(db, mem, POSTS, TEXT_ID_MAX + 1, S("x"), NULL, 0), ERR_INPUT);
	assert_int_equal(text_put(db, mem, POSTS, TEXT_ID_MAX, S("x"), NULL, 0), OK);
	assert_int_equal(text_put(db, mem, POSTS, 1, text, NULL, 0), OK);
	text.n++;
	assert_int_equal(text_put(db, mem, POSTS, 2, text, NULL, 0), ERR_INPUT);
	assert_str(found("x"), "140737488355328 1");
}

STORE_TEST(a_large_text_of_many_words_is_found)
{
	struct str text;
	char *p = arena_alloc(mem, TEXT_BYTES);

	for (int i = 0; i < TEXT_BYTES / 3; i++) /* 避 */
		memcpy(p + 3 * i, "\xe9\x81\xbf", 3);
	memcpy(p + 3000, "難", 3);
	text = (struct str){ p, TEXT_BYTES / 3 * 3 };
	assert_int_equal(text_put(db, mem, POSTS, 1, text, NULL, 0), OK);
	assert_str(found("避難避"), "1");
	assert_str(found("難難"), "");
	assert_int_equal(text_check(db), OK);
}

STORE_TEST(indexes_know_nothing_of_each_other)
{
	struct str other = S("\0other\xff");
	struct text_search s = { .query = S("apa"), .limit = 10 };
	int64_t *ids, next;
	size_t n;

	put(1, "apă");
	put(TEXT_ID_MAX, "apă");
	assert_int_equal(text_put(db, mem, other, 1, S("apă"), NULL, 0), OK);
	assert_int_equal(text_put(db, mem, other, 7, S("apă"), NULL, 0), OK);
	assert_str(found("apa"), "140737488355328 1");
	assert_int_equal(text_find(db, mem, other, &s, &ids, &n, &next), OK);
	assert_int_equal(n, 2);
	assert_int_equal(ids[0], 7);
	assert_int_equal(text_count(db, mem, other, &s, 10), 2);
	text_del(db, mem, other, 1);
	assert_str(found("apa"), "140737488355328 1");
	assert_int_equal(text_count(db, mem, other, &s, 10), 1);
	assert_int_equal(text_find(db, mem, S("none"), &s, &ids, &n, &next), OK);
	assert_int_equal(n, 0);
	assert_int_equal(text_count(db, mem, S("none"), &s, 10), 0);
}

STORE_TEST(what_is_taken_back_is_not_found)
{
	put(1, "vechi");
	at(NOW);
	db_savepoint(db);
	put(1, "nou");
	put(2, "nou");
	assert_str(found("nou"), "2 1");
	db_undo(db);
	assert_str(found("nou"), "");
	assert_str(found("vechi"), "1");
	db_savepoint(db);
	put(3, "vechi");
	assert_int_equal(db_release(db), OK);
	assert_str(found("vechi"), "3 1");
	text_del(db, mem, POSTS, 1);
	start_over();
	assert_str(found("vechi"), "1");
	assert_int_equal(text_put(db, mem, S("new"), 1, S("x"), NULL, 0), OK);
	start_over();
	assert_int_equal(text_count(db, mem, S("new"), &(struct text_search){ .query = S("x") }, 1), 0);
	assert_int_equal(text_check(db), OK);
}

STORE_TEST(another_connection_sees_what_was_committed_and_no_more)
{
	struct text_search s = { .query = S("apa"), .limit = 10 };
	struct db *reader;

	put(1, "apă");
	at(NOW);
	put(2, "apă");
	assert_int_equal(db_open(&reader, store_path, DB_HANDLER), OK);
	assert_int_equal(db_begin(reader, TX_READ, NOW), OK);
	assert_int_equal(text_count(reader, mem, POSTS, &s, 10), 1);
	at(NOW);
	assert_int_equal(text_count(reader, mem, POSTS, &s, 10), 1);
	db_rollback(reader);
	assert_int_equal(db_begin(reader, TX_READ, NOW), OK);
	assert_int_equal(text_count(reader, mem, POSTS, &s, 10), 2);
	db_close(reader);
}

STORE_TEST(ids_are_told_in_order_for_checks)
{
	int64_t *ids;

	assert_int_equal(text_ids(db, mem, POSTS, 0, 10, &ids), 0);
	for (int i = 1; i <= 9; i += 2)
		put(i, "x");
	assert_int_equal(text_put(db, mem, S("other"), 4, S("x"), NULL, 0), OK);
	assert_int_equal(text_ids(db, mem, POSTS, 0, 3, &ids), 3);
	assert_int_equal(ids[0], 1);
	assert_int_equal(ids[2], 5);
	assert_int_equal(text_ids(db, mem, POSTS, 5, 3, &ids), 2);
	assert_int_equal(ids[1], 9);
	assert_int_equal(text_ids(db, mem, POSTS, TEXT_ID_MAX, 3, &ids), 0);
	assert_int_equal(text_ids(db, mem, POSTS, INT64_MAX, 3, &ids), 0);
	assert_int_equal(text_ids(db, mem, POSTS, INT64_MIN, 1, &ids), 1);
}

STORE_TEST(a_check_can_compare_a_document_with_its_source)
{
	struct str labels[] = { S("team:1"), S("team:2") };

	assert_int_equal(text_put(db, mem, POSTS, 1, S("Apă bună"), labels, 2), OK);
	assert_true(text_holds(db, mem, POSTS, 1, S("apa BUNA!"), labels, 2));
	assert_false(text_holds(db, mem, POSTS, 1, S("apa rea"), labels, 2));
	assert_false(text_holds(db, mem, POSTS, 1, S("apa buna"), labels, 1));
	assert_false(text_holds(db, mem, POSTS, 2, S("apa buna"), labels, 2));
	assert_false(text_holds(db, mem, S("none"), 1, S("apa buna"), labels, 2));
}

/* ---- filters and pages ------------------------------------------------------------ */

/* Of one group per C string; "a|b" are its labels, "" has none. */
static struct str
found_with(const char *query, const char *one, const char *two)
{
	const char *both[] = { one, two };
	struct text_group groups[2];
	size_t n = 0;

	for (; n < 2 && both[n] != NULL; n++) {
		struct str rest = str(both[n]), *labels = arena_array(mem, struct str, 8);

		groups[n] = (struct text_group){ labels, 0 };
		while (rest.n)
			labels[groups[n].n++] = str_cut(&rest, '|');
	}
	return find(
	    &(struct text_search){ .query = str(query), .groups = groups, .ngroups = n, .limit = 100 });
}

STORE_TEST(labels_filter)
{
	put_labelled(1, "apă", "team:1", "user:ana");
	put_labelled(2, "apă", "team:2", "user:ana");
	put_labelled(3, "apă", "team:12", "user:Ana");
	put_labelled(4, "foc", "team:1", "user:dan");
	assert_str(found_with("apa", "team:1", NULL), "1");
	assert_str(found_with("apa", "team:1|team:12", NULL), "3 1");
	assert_str(found_with("apa", "team:1|team:2|team:3", "user:ana"), "2 1");
	assert_str(found_with("apa", "team:1|team:2|team:3", "user:dan"), "");
	assert_str(found_with("apa", "user:ana", NULL), "2 1"); /* bytes: capitals are others */
	assert_str(found_with("apa -foc", "team:1", NULL), "1");
	assert_str(found_with("apa", "team", NULL), "");
	assert_str(found_with("", "team:1", NULL), "");
}

STORE_TEST(who_may_read_nothing_finds_nothing)
{
	struct text_group none = { NULL, 0 };
	struct text_search s = { .query = S("apa"), .groups = &none, .ngroups = 1, .limit = 10 };

	put_labelled(1, "apă", "team:1", "team:2");
	assert_str(found_with("apa", "", NULL), "");
	assert_str(found_with("apa", "team:1", ""), "");
	assert_int_equal(text_count(db, mem, POSTS, &s, 10), 0);
}

STORE_TEST(labels_are_no_words)
{
	put_labelled(1, "apă", "team:1", "az");
	assert_str(found("team"), "");
	assert_str(found("az"), "");
	assert_str(found("teamz3a1"), "");
	assert_str(found("\ue000teamz3a1"), "");
	assert_str(found_typing("te"), "");
	assert_str(found("\"apa team\""), "");
}

STORE_TEST(labels_are_bytes_with_bounds)
{
	char bytes[TEXT_LABEL_BYTES + 1];
	struct str many[TEXT_LABELS + 1], one = { bytes, TEXT_LABEL_BYTES };
	struct text_group group = { &one, 1 };
	struct text_search s = { .query = S("x"), .groups = &group, .ngroups = 1, .limit = 10 };

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 4);
	assert_int_equal(text_put(db, mem, POSTS, 1, S("x"), &one, 1), OK);
	assert_str(find(&s), "1");
	bytes[5] ^= 1;
	assert_str(find(&s), "");
	one.n++;
	assert_int_equal(text_put(db, mem, POSTS, 1, S("x"), &one, 1), ERR_INPUT);
	one.n = 0;
	assert_int_equal(text_put(db, mem, POSTS, 1, S("x"), &one, 1), ERR_INPUT);
	for (size_t i = 0; i < LEN(many); i++)
		many[i] = numbered("tag:", (int)i);
	assert_int_equal(text_put(db, mem, POSTS, 2, S("x"), many, TEXT_LABELS + 1), ERR_INPUT);
	assert_int_equal(text_put(db, mem, POSTS, 2, S("x"), many + 1, TEXT_LABELS), OK);
	group = (struct text_group){ many, TEXT_LABELS };
	assert_str(find(&s), "2");
}

STORE_TEST(groups_have_bounds)
{
	struct str label = S("l"), empty = S(""), many[TEXT_LABELS + 1];
	struct text_group groups[TEXT_GROUPS + 1];
	struct text_search s = { .query = S("x"), .groups = groups, .ngroups = TEXT_GROUPS, .limit = 10 };
	int64_t *ids, next;
	size_t n;

	assert_int_equal(text_put(db, mem, POSTS, 1, S("x"), &label, 1), OK);
	for (size_t i = 0; i < LEN(groups); i++)
		groups[i] = (struct text_group){ &label, 1 };
	assert_str(find(&s), "1");
	s.ngroups++;
	assert_int_equal(text_find(db, mem, POSTS, &s, &ids, &n, &next), ERR_INPUT);
	assert_int_equal(text_count(db, mem, POSTS, &s, 5), 0);
	s.ngroups = 1;
	groups[0].labels = &empty;
	assert_int_equal(text_find(db, mem, POSTS, &s, &ids, &n, &next), ERR_INPUT);
	for (size_t i = 0; i < LEN(many); i++)
		many[i] = label;
	groups[0] = (struct text_group){ many, LEN(many) };
	assert_int_equal(text_find(db, mem, POSTS, &s, &ids, &n, &next), ERR_INPUT);
}

STORE_TEST(pages_go_on_where_the_last_ended_whatever_is_put_meanwhile)
{
	struct text_search s = { .query = S("apa"), .limit = 3 };

	for (int i = 1; i <= 7; i++)
		put(i, "apă");
	assert_str(find(&s), "7 6 5 >5");
	put(8, "apă");
	text_del(db, mem, POSTS, 5);
	s.before = 5;
	assert_str(find(&s), "4 3 2 >2");
	s.before = 2;
	assert_str(find(&s), "1");
	s.before = 4;
	assert_str(find(&s), "3 2 1"); /* just full: no next */
	s.before = 1;
	assert_str(find(&s), "");
	s = (struct text_search){ .query = S("apa"), .limit = 0 };
	assert_str(find(&s), "");
}

STORE_TEST(ids_bound_a_search_on_both_sides)
{
	struct text_search s = { .query = S("apa"), .limit = 10, .after = 2, .before = 5 };

	for (int i = 1; i <= 7; i++)
		put(i, "apă");
	assert_str(find(&s), "4 3");
	s.before = 3;
	assert_str(find(&s), "");
	s.before = INT64_MAX;
	assert_str(find(&s), "7 6 5 4 3");
	s.after = INT64_MAX;
	assert_str(find(&s), "");
	s = (struct text_search){ .query = S("apa"), .limit = 10, .after = INT64_MIN, .before = INT64_MIN };
	assert_str(find(&s), "7 6 5 4 3 2 1");
	s = (struct text_search){
		.query = S("apa"), .limit = 10, .after = 2, .before = 5, .relevance = true
	};
	assert_str(find(&s), "4 3");
}

static bool
is_odd(void *asked, int64_t id)
{
	++*(int *)asked;
	return id % 2;
}

static bool
is_nothing(void *asked, int64_t id)
{
	++*(int *)asked;
	return id < 0;
}

STORE_TEST(the_caller_may_refuse_documents)
{
	int asked = 0;
	struct text_search s = { .query = S("apa"), .limit = 2, .wants = is_odd, .arg = &asked };

	for (int i = 1; i <= 7; i++)
		put(i, "apă");
	assert_str(find(&s), "7 5 >5");
	s.before = 5;
	assert_str(find(&s), "3 1");
	assert_int_equal(text_count(db, mem, POSTS, &s, 10), 2);
	s.relevance = true;
	s.before = 0;
	assert_str(find(&s), "7 5");
}

STORE_TEST(a_caller_who_refuses_all_gets_an_empty_page_and_goes_on)
{
	int asked = 0;
	struct text_search s = { .query = S("apa"), .limit = 2, .wants = is_nothing, .arg = &asked };

	for (int i = 1; i <= TEXT_LOOKED + 5; i++) {
		put(i, "apă");
		arena_reset(mem);
	}
	assert_str(find(&s), " >6");
	assert_int_equal(asked, TEXT_LOOKED);
	s.before = 6;
	assert_str(find(&s), "");
	assert_int_equal(asked, TEXT_LOOKED + 5);
	asked = 0;
	s.before = 0;
	assert_int_equal(text_count(db, mem, POSTS, &s, 10), 0);
	assert_int_equal(asked, TEXT_LOOKED);
}

STORE_TEST(counting_stops_where_it_is_told)
{
	struct text_search s = { .query = S("apa -rea"), .relevance = true };

	for (int i = 1; i <= 30; i++)
		put(i, i % 3 ? "apă" : "apă rea");
	assert_int_equal(text_count(db, mem, POSTS, &s, 1000), 20);
	assert_int_equal(text_count(db, mem, POSTS, &s, 20), 20);
	assert_int_equal(text_count(db, mem, POSTS, &s, 7), 7);
	assert_int_equal(text_count(db, mem, POSTS, &s, 0), 0);
	s.before = 4;
	assert_int_equal(text_count(db, mem, POSTS, &s, 1000), 2);
	assert_str(found("apa rea"), "30 27 24 21 18 15 12 9 6 3"); /* no statement was left half read */
}

STORE_TEST(by_relevance_the_best_comes_first_and_the_newer_of_equals)
{
	struct text_search s = { .query = S("pod"), .limit = 10, .relevance = true };

	put(1, "pod pod pod");
	put(2, "un text lung în care undeva se află și un pod peste o apă");
	put(3, "pod nou");
	put(4, "pod vechi");
	put(5, "altceva");
	for (int i = 6; i < 20; i++)
		put(i, "umplutură");
	assert_str(find(&s), "1 4 3 2");
	s.limit = 2;
	assert_str(find(&s), "1 4"); /* one page only */
	put_labelled(3, "pod nou", "rare", "rarer");
	s = (struct text_search){ .query = S("pod"),
		.limit = 10,
		.relevance = true,
		.groups = &(struct text_group){ &S("rare"), 1 },
		.ngroups = 1 };
	assert_str(find(&s), "3");
}

/* ---- showing ------------------------------------------------------------------------ */

/* The text with its marks in brackets. */
static struct str
marked(struct str query, bool prefix, struct str text)
{
	struct text_search s = { .query = query, .prefix = prefix };
	struct text_mark *marks;
	size_t n = text_marks(mem, &s, text, &marks), from = 0;
	struct str all = S("");

	for (size_t i = 0; i < n; i++) {
		all = arena_strf(mem, "%.*s%.*s[%.*s]", FMT(all), (int)(marks[i].from - from), text.p + from,
		    (int)(marks[i].to - marks[i].from), text.p + marks[i].from);
		from = marks[i].to;
	}
	return arena_strf(mem, "%.*s%.*s", FMT(all), (int)(text.n - from), text.p + from);
}

#define assert_marked(query, prefix, text, want) assert_str(marked(S(query), prefix, S(text)), want)

STORE_TEST(marks_show_where_a_text_matches)
{
	assert_marked("apa", false, "Apă, apă și apărare", "[Apă], [apă] și apărare");
	assert_marked("apa", true, "Apă și apărare", "[Apă] și [apărare]");
	assert_marked("si apa", false, "Apa s\u0326i focul", "[Apa] [s\u0326i] focul");
	assert_marked("\"apa buna\"", false, "apa rea, apa  bună, buna", "apa rea, [apa  bună], buna");
	assert_marked("cluj-nap", true, "La Cluj-Napoca.", "La [Cluj-Napoca].");
	assert_marked("apa -buna", false, "apa buna", "[apa] buna");
	assert_marked("-buna", false, "apa buna", "apa buna");
	assert_marked("", false, "apa", "apa");
	assert_marked("避難", false, "第三避難所", "第三[避難]所");
	assert_marked("避 難 所", false, "第三避難所", "第三[避難所]");
	assert_marked("\"a b\" \"b c\"", false, "x a b c", "x [a b c]");
	assert_marked("\"a b\" a", false, "a b a", "[a b] [a]");
	assert_marked("1 2", false, "x ½ y", "x [½] y");
	assert_marked("x", false, "\xff\x01x", "\xff\x01[x]");
}

STORE_TEST(marks_of_a_query_beyond_its_bounds_are_none)
{
	struct text_mark *marks;
	char *p = arena_alloc(mem, TEXT_QUERY_BYTES + 1);
	struct text_search s = { .query = { p, TEXT_QUERY_BYTES + 1 } };

	memset(p, ' ', TEXT_QUERY_BYTES + 1);
	p[0] = 'a';
	assert_int_equal(text_marks(mem, &s, S("a"), &marks), 0);
	s.query.n--;
	assert_int_equal(text_marks(mem, &s, S("a"), &marks), 1);
}

static struct str
snippet(struct str query, struct str text, size_t length)
{
	struct text_search s = { .query = query };
	struct text_mark *marks, part;
	size_t n = text_marks(mem, &s, text, &marks);

	part = text_snippet(text, marks, n, length);
	assert_true(part.from <= part.to && part.to <= text.n);
	return (struct str){ text.p + part.from, part.to - part.from };
}

STORE_TEST(a_snippet_has_the_marks_and_whole_words)
{
	struct str text =
	    S("Podul de la intrarea în sat este închis. Apa a trecut peste pod și drumul e tăiat.");

	assert_str(snippet(S("zzz"), text, 20), "Podul de la intrarea");
	assert_str(snippet(S("zzz"), text, 19), "Podul de la");
	assert_str(snippet(S("zzz"), text, 500), text.p);
	assert_str(snippet(S("podul"), text, 20), "Podul de la intrarea");
	assert_str(snippet(S("apa"), text, 20), "Apa a trecut peste");
	assert_str(snippet(S("inchis"), text, 30), "este închis. Apa a trecut");
	assert_str(snippet(S("taiat"), text, 20), "e tăiat.");
	assert_str(snippet(S("podul drumul taiat"), text, 24), "și drumul e tăiat.");
	/* A mark that is longer than all. */
	assert_str(snippet(S("\"peste pod si drumul\""), text, 8), "peste po");
	assert_str(snippet(S("apa"), S(""), 8), "");
	assert_str(snippet(S("apa"), text, 0), "");
	/* No blanks to cut at: whole characters. */
	assert_str(snippet(S("五"), S("一二三四五六七八九十"), 4), "四五六七");
	assert_str(snippet(S("x"), S("一二三四五六七八九十"), 4), "一二三四");
}

STORE_TEST(a_snippet_is_within_its_bounds_and_has_the_first_mark)
{
	static const char *const pieces[] = { "apa ", "bună ", "避", "  ", "\xff", "lungcuvânt", "\n", "a ",
		"și " };

	rnd_start();
	for (int round = 0; round < 3000; round++) {
		struct str text = S("");
		struct text_search s = { .query = S("apa 避 \"si apa\"") };
		struct text_mark *marks, part;
		size_t n, length = (size_t)rnd_below(30), held = 0;

		for (int i = rnd_below(20); i > 0; i--)
			text = arena_strf(mem, "%.*s%s", FMT(text), pieces[rnd_below((int)LEN(pieces))]);
		n = text_marks(mem, &s, text, &marks);
		part = text_snippet(text, marks, n, length);
		assert_true(part.from <= part.to && part.to <= text.n);
		for (size_t i = 0; i < n; i++)
			held += marks[i].from >= part.from && marks[i].to <= part.to;
		if (n && length >= 16) /* longer than any mark but a run of them */
			assert_true(held > 0 || marks[0].to - marks[0].from > 16);
		arena_reset(mem);
	}
}

/* ---- against a scan --------------------------------------------------------------------- */

/* What can be typed in several ways, and the words it is, by hand. */
static const struct entry {
	const char *typed[4];
	const char *words[3];
} entries[] = {
	{ { "apă", "apa", "APĂ", "a\u0301pa" }, { "apa" } },
	{ { "apărare", "APARARE", "aparare", "Apărare" }, { "aparare" } },
	{ { "știri", "\u015ftiri", "STIRI", "s\u0326tiri" }, { "stiri" } },
	{ { "știrile", "Știrile", "stirile", "\u015eTIRILE" }, { "stirile" } },
	{ { "țară", "\u0163ara", "T\u0327ARĂ", "tara" }, { "tara" } },
	{ { "pod", "Pod", "POD", "pod" }, { "pod" } },
	{ { "podul", "Podul", "PODUL", "podul" }, { "podul" } },
	{ { "Cluj-Napoca", "cluj/napoca", "CLUJ-NAPOCA", "cluj-napoca" }, { "cluj", "napoca" } },
	{ { "cluj", "Cluj", "CLUJ", "clúj" }, { "cluj" } },
	{ { "napoca", "Napoca", "NAPOCA", "năpocă" }, { "napoca" } },
	{ { "避難所", "避難所", "避難所", "避難所" }, { "避", "難", "所" } },
	{ { "避難", "避難", "避難", "避難" }, { "避", "難" } },
	{ { "所", "所", "所", "所" }, { "所" } },
	{ { "Бухта", "бухта", "БУХТА", "бухта" }, { "бухта" } },
	{ { "Йод", "йод", "и\u0306од", "ЙОД" }, { "иод" } },
	{ { "and", "AND", "And", "and" }, { "and" } },
	{ { "not", "NOT", "nót", "not" }, { "not" } },
	{ { "Łódź", "lodz", "łódź", "LODZ" }, { "lodz" } },
	{ { "5", "5", "５", "⑤" }, { "5" } },
};

enum { DOCUMENTS = 60, ENTRIES = 12, TEAMS = 3 };

/* A text as entries, and what those are as words. */
struct document {
	bool there;
	unsigned teams; /* bits */
	const char *words[ENTRIES * 3];
	size_t n;
};

static struct document documents[DOCUMENTS + 1];

/* Puts the entry's words behind those of `d`; returns how it was typed. */
static const char *
add_entry(struct document *d, const struct entry *e)
{
	for (size_t i = 0; i < LEN(e->words) && e->words[i] != NULL; i++)
		d->words[d->n++] = e->words[i];
	return e->typed[rnd_below((int)LEN(e->typed))];
}

static const struct entry *
some_entry(void)
{
	return &entries[rnd_below((int)LEN(entries))];
}

static void
put_some(int id)
{
	static const char *const gaps[] = { " ", ", ", "\n", " — ", "... ", " (", "\" ", "*", "😀" };
	struct document *d = &documents[id];
	struct str labels[TEAMS], text = S("");
	size_t nlabels = 0;

	*d = (struct document){ .there = true, .teams = (unsigned)rnd_below(1 << TEAMS) };
	for (int i = rnd_below(ENTRIES + 1); i > 0; i--)
		text = arena_strf(
		    mem, "%.*s%s%s", FMT(text), add_entry(d, some_entry()), gaps[rnd_below((int)LEN(gaps))]);
	for (int i = 0; i < TEAMS; i++)
		if (d->teams >> i & 1)
			labels[nlabels++] = numbered("Team ", i);
	assert_int_equal(text_put(db, mem, POSTS, id, text, labels, nlabels), OK);
}

/* One item of a query, as its words. */
struct wish {
	struct document words;
	bool excluded, prefix;
	size_t cut; /* how much of its last word is typed */
};

static bool
stands_at(const struct document *d, size_t at, const struct wish *w)
{
	if (at + w->words.n > d->n)
		return false;
	for (size_t i = 0; i < w->words.n; i++) {
		bool last = w->prefix && i == w->words.n - 1;
		const char *have = d->words[at + i], *want = w->words.words[i];

		if (last ? strncmp(have, want, w->cut) != 0 : strcmp(have, want) != 0)
			return false;
	}
	return true;
}

static bool
fulfils(const struct document *d, const struct wish *wishes, int n, unsigned teams)
{
	bool some = false;

	if (!d->there || (teams && !(d->teams & teams)))
		return false;
	for (int w = 0; w < n; w++) {
		bool stands = false;

		for (size_t at = 0; at < d->n && !stands; at++)
			stands = stands_at(d, at, &wishes[w]);
		if (stands == wishes[w].excluded)
			return false;
		some = some || !wishes[w].excluded;
	}
	return some;
}

/* A wish as it is typed. */
static struct str
type_wish(struct wish *w, bool last, bool prefix)
{
	int kind = rnd_below(5);
	struct str typed;

	*w = (struct wish){ .excluded = rnd_below(5) == 0 };
	if (kind == 0) {
		typed = arena_strf(mem, "\"%s", add_entry(&w->words, some_entry()));
		for (int i = rnd_below(3); i > 0; i--)
			typed = arena_strf(mem, "%.*s %s", FMT(typed), add_entry(&w->words, some_entry()));
		typed = arena_strf(mem, "%.*s\"", FMT(typed));
	} else {
		typed = str(add_entry(&w->words, some_entry()));
		if (last && prefix && !w->excluded) {
			const char *word = w->words.words[w->words.n - 1];

			w->cut = strlen(word);
			/* One character is no beginning. */
			w->prefix = w->cut >= 2 && !(w->cut == 3 && (unsigned char)word[0] >= 0xe0);
			if (w->words.n == 1 && (unsigned char)word[0] < 0x80 && w->cut > 2 && rnd_below(2)) {
				w->cut = 2 + (size_t)rnd_below((int)w->cut - 2);
				typed = (struct str){ word, w->cut };
			}
		}
	}
	return arena_strf(mem, "%s%.*s", w->excluded ? "-" : "", FMT(typed));
}

static struct str
scan(const struct wish *wishes, int n, unsigned teams)
{
	struct str all = S("");

	for (int id = DOCUMENTS; id >= 1; id--)
		if (fulfils(&documents[id], wishes, n, teams))
			all = arena_strf(mem, "%.*s %d", FMT(all), id);
	return all;
}

/* All pages of a search, one after another. */
static struct str
all_pages(struct text_search s)
{
	struct str all = S("");
	int64_t *ids, next;
	size_t n;

	do {
		assert_int_equal(text_find(db, mem, POSTS, &s, &ids, &n, &next), OK);
		assert_true(n <= s.limit && (next == 0 || n == s.limit));
		for (size_t i = 0; i < n; i++)
			all = arena_strf(mem, "%.*s %lld", FMT(all), (long long)ids[i]);
		s.before = next;
	} while (next);
	return all;
}

static void
ask_some(void)
{
	struct wish wishes[3];
	int n = 1 + rnd_below(3);
	unsigned teams = (unsigned)rnd_below(1 << TEAMS);
	struct str labels[TEAMS], typed = S(""), want, have;
	struct text_group group = { labels, 0 };
	struct text_search s = { .prefix = rnd_below(2), .limit = 1 + (size_t)rnd_below(9) };
	int64_t count = 0;

	for (int i = 0; i < n; i++) {
		struct str wish = type_wish(&wishes[i], i == n - 1, s.prefix);

		typed = arena_strf(mem, "%.*s%s%.*s", FMT(typed), i ? " " : "", FMT(wish));
	}
	for (int i = 0; i < TEAMS; i++)
		if (teams >> i & 1)
			labels[group.n++] = numbered("Team ", i);
	s.query = typed;
	s.groups = &group;
	s.ngroups = teams ? 1 : 0;
	want = scan(wishes, n, teams);
	have = all_pages(s);
	if (!str_eq(have, want))
		fail_msg("'%s'%s: found%s, want%s", typed.p, s.prefix ? " typing" : "", have.p, want.p);
	for (size_t i = 0; i < want.n; i++)
		count += want.p[i] == ' ';
	assert_int_equal(text_count(db, mem, POSTS, &s, 1000), count);
}

STORE_TEST(every_search_finds_what_a_scan_finds)
{
	struct document before[DOCUMENTS + 1];

	rnd_start();
	for (int round = 0; round < 400; round++) {
		bool part = rnd_below(4) == 0;

		memcpy(before, documents, sizeof(before));
		if (part)
			db_savepoint(db);
		for (int i = rnd_below(8); i > 0; i--) {
			int id = 1 + rnd_below(DOCUMENTS);

			if (rnd_below(3) == 0) {
				text_del(db, mem, POSTS, id);
				documents[id].there = false;
			} else {
				put_some(id);
			}
		}
		for (int i = 0; i < 5; i++)
			ask_some();
		if (part && rnd_below(2)) {
			db_undo(db);
			memcpy(documents, before, sizeof(before));
		} else if (part) {
			assert_int_equal(db_release(db), OK);
		}
		for (int i = 0; i < 5; i++)
			ask_some();
		if (rnd_below(3) == 0)
			at(NOW);
		if (rnd_below(20) == 0)
			text_tidy(db, mem, 2);
		if (round % 50 == 49)
			assert_int_equal(text_check(db), OK);
		arena_reset(mem);
	}
}

/* ---- many ----------------------------------------------------------------------------------- */

/* Of this process: what others do on the machine does not count. */
static double
milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

enum { MANY = 20000 };

/* The median of some runs. */
static double
time_of(const char *query, bool prefix, size_t want)
{
	double took[9];
	int64_t *ids, next;
	size_t n;

	for (size_t i = 0; i < LEN(took); i++) {
		struct text_search s = { .query = str(query), .prefix = prefix, .limit = 20 };
		double began = milliseconds();

		assert_int_equal(text_find(db, mem, POSTS, &s, &ids, &n, &next), OK);
		assert_int_equal(n, want);
		took[i] = milliseconds() - began;
		for (size_t j = i; j > 0 && took[j] < took[j - 1]; j--) {
			double swap = took[j];

			took[j] = took[j - 1];
			took[j - 1] = swap;
		}
	}
	printf("# %-24s %.2f ms\n", query, took[LEN(took) / 2]);
	return took[LEN(took) / 2];
}

STORE_TEST(twenty_thousand_documents_are_searched_in_milliseconds)
{
	double began = milliseconds();

	not_under_valgrind();
	for (int i = 1; i <= MANY; i++) {
		put(i, arena_printf(mem, "Știri despre apă și podul %d, strada%d lungă nr. %d, cartier%d%s",
			   i, i % 100, i % 37, i % 1000, i % 5000 ? "" : " foarterar"));
		if (i % 100 == 0)
			at(NOW);
		arena_reset(mem);
	}
	printf("# %d documents put in %.0f ms\n", MANY, milliseconds() - began);
	/* Bounds for a machine under load; without one all take a tenth of it. */
	assert_true(time_of("apa", false, 20) < 10);
	assert_true(time_of("apa stiri strada7", false, 20) < 10);
	assert_true(time_of("\"strada7 lunga\" cartier7", false, 20) < 10);
	assert_true(time_of("foarterar", false, 4) < 10);
	assert_true(time_of("apa foarterar", false, 4) < 10);
	assert_true(time_of("apa st", true, 20) < 10);
	assert_true(time_of("apa strada9", true, 20) < 20); /* 11 words */
	assert_true(time_of("apa despre", true, 20) < 10);
	assert_true(time_of("apa strad", true, 20) < 200); /* 100 words: all documents are merged */
	assert_true(time_of("apa lipseste", false, 0) < 10);
	assert_int_equal(
	    text_count(db, mem, POSTS, &(struct text_search){ .query = S("apa") }, 100000), MANY);
}

/* html_test.c - what html.h promises. */
#include "http.h"

#include "html.h"

#define EVIL "<a href='x' title=\"y\">&</a>"
#define TAME "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;&lt;/a&gt;"

/* What one html() writes. */
#define page_of(...) (rs.body.n = 0, html(&rs, __VA_ARGS__), text_of(&rs.body))

HTTP_TEST(a_text_is_escaped_and_the_literal_is_not)
{
	assert_str(page_of("<p>%s</p>", EVIL), "<p>" TAME "</p>");
}

HTTP_TEST(a_text_cannot_leave_its_attribute)
{
	assert_str(page_of("<input value=\"%s\">", "\" onfocus=\"alert(1)"),
	    "<input value=\"&quot; onfocus=&quot;alert(1)\">");
}

HTTP_TEST(bytes_with_a_length_are_escaped_and_end_there)
{
	struct str s = { "<b>rest", 3 };

	assert_str(page_of("%.*s|", FMT(s)), "&lt;b&gt;|");
	assert_str(page_of("%.*s|", 0, "x"), "|");
}

HTTP_TEST(a_precision_cuts_a_text_also_where_the_format_holds_it)
{
	assert_str(page_of("%.3s|", "<b>rest"), "&lt;b&gt;|");
	assert_str(page_of("%.0s|", "x"), "|");
}

HTTP_TEST(a_precision_beyond_the_end_of_a_text_reads_no_further)
{
	char *short_text = arena_printf(mem, "%s", "ab"); /* with ASan behind it */

	assert_str(page_of("%.*s|", 100, short_text), "ab|");
	assert_str(page_of("%.100s|", short_text), "ab|");
}

HTTP_TEST(no_text_at_all_is_an_empty_one)
{
	struct str *none = arena_array(mem, struct str, 1);

	assert_str(page_of("[%s]", none->p), "[]");
	assert_str(page_of("[%.*s]", FMT(*none)), "[]");
}

HTTP_TEST(other_conversions_are_as_in_printf)
{
	assert_str(page_of("%d %u %x %c %% %05d", -1, 2u, 255u, 'A', 42), "-1 2 ff A % 00042");
	assert_str(page_of("%ld %zu %lld %llu", -3L, (size_t)4, INT64_MIN + 0LL, 5ULL),
	    "-3 4 -9223372036854775808 5");
	assert_str(page_of("%.1f %g", 1.25, 0.5), "1.2 0.5");
}

HTTP_TEST(long_texts_are_written_whole)
{
	char *text = arena_alloc(mem, 100001);

	memset(text, '<', 100000);
	assert_int_equal(page_of("%s", text).n, 400000);
}

static void
unknown_conversion(void)
{
	const char *fmt = "%p"; /* past the compiler's check */

	page_of(fmt, NULL);
}

HTTP_TEST(a_conversion_it_does_not_know_is_a_bug)
{
	assert_int_equal(exit_status(unknown_conversion), EXIT_BUG);
}

/* ---- addresses ---------------------------------------------------------------------- */

HTTP_TEST(only_unreserved_characters_stay_as_they_are_in_an_address)
{
	assert_string_equal(url(mem, "/x?q=%s", "azAZ09-._~"), "/x?q=azAZ09-._~");
	assert_string_equal(
	    url(mem, "/x?q=%s", "a b&c=d/e?f#g%h+i"), "/x?q=a%20b%26c%3Dd%2Fe%3Ff%23g%25h%2Bi");
	assert_string_equal(url(mem, "/x/%s", "\r\nSet-Cookie:x"), "/x/%0D%0ASet-Cookie%3Ax");
	assert_string_equal(url(mem, "/%s", "Ș"), "/%C8%98");
}

HTTP_TEST(an_address_takes_bytes_with_a_length_and_numbers)
{
	struct str s = S("a/b");

	assert_string_equal(url(mem, "/%.*s/%d", 1, s.p, 7), "/a/7");
	assert_string_equal(url(mem, "/plain"), "/plain");
	assert_string_equal(url(mem, "%s", ""), "");
}

HTTP_TEST(what_an_address_encodes_decodes_to_the_same)
{
	rnd_start();
	for (int i = 0; i < 500; i++) {
		char text[12] = "";
		struct str back;

		for (int k = 0; k < 11; k++)
			text[k] = (char)(' ' + rnd_below(95));
		assert_true(percent_decode(mem, str(url(mem, "%s", text)), false, &back));
		assert_str(back, text);
	}
}

/* ---- pages ------------------------------------------------------------------------------ */

static bool
holds(const char *text)
{
	return memmem(rs.body.p, rs.body.n, text, strlen(text)) != NULL;
}

HTTP_TEST(a_page_is_html_with_its_status_and_its_title_escaped)
{
	html_page(&rq, &rs, 404, EVIL, EVIL);
	html_end(&rq, &rs);
	assert_int_equal(rs.status, 404);
	assert_true(rs.rendered);
	assert_string_equal(rs.type, "text/html; charset=utf-8");
	assert_true(str_starts(text_of(&rs.body), "<!doctype html>"));
	assert_true(str_ends(text_of(&rs.body), "</html>\n"));
	assert_true(holds("<title>" TAME));
	assert_true(holds("<h1>" TAME "</h1>"));
	assert_false(holds(EVIL));
}

HTTP_TEST(the_faults_of_a_form_are_told_escaped_and_lead_to_their_fields)
{
	fault(&rq, "people", "range", "Not %s.", EVIL);
	html_faults(&rq, &rs);
	assert_true(holds("role=\"alert\""));
	assert_true(holds("<a href=\"#people\">Not " TAME ".</a>"));
	assert_true(html_fault_of(&rq, &rs, "people"));
	assert_true(holds("id=\"people-err\""));
	assert_false(html_fault_of(&rq, &rs, "note"));
}

HTTP_TEST(without_faults_there_is_no_summary)
{
	html_faults(&rq, &rs);
	assert_int_equal(rs.body.n, 0);
}

HTTP_TEST(every_form_has_a_token_of_its_own)
{
	struct str first;

	html_tokens(&rq, &rs);
	first = arena_dup(mem, text_of(&rs.body));
	assert_true(holds("name=\"token\""));
	assert_false(holds("name=\"csrf\""));
	rs.body.n = 0;
	html_tokens(&rq, &rs);
	assert_false(str_eq(first, text_of(&rs.body)));
}

HTTP_TEST(a_session_s_form_has_its_csrf_token)
{
	rq.who.csrf = S("c5rf");
	html_tokens(&rq, &rs);
	assert_true(holds("name=\"csrf\" value=\"c5rf\""));
}

HTTP_TEST(where_pages_are_shared_the_server_fills_in_the_token)
{
	rq.ssi = true;
	html_tokens(&rq, &rs);
	assert_true(holds("<!--#echo var=\"request_id\" -->"));
}

HTTP_TEST(every_error_has_a_page_that_tells_its_status)
{
	for (int e = OK + 1; e < ERR__MAX; e++) {
		rq.detail = EVIL;
		html_error(&rq, &rs, (enum err)e);
		assert_int_equal(rs.status, err_words((enum err)e)->status);
		assert_true(rs.status >= 400);
		assert_true(holds("<p>" TAME "</p>"));
	}
}

HTTP_TEST(ages_are_told_in_words)
{
	static const struct {
		int64_t age;
		const char *words;
	} ages[] = { { -5, "just now" }, { 59999, "just now" }, { 60000, "1 min ago" },
		{ 3599999, "59 min ago" }, { 3600000, "1 h ago" }, { 47 * 3600000LL, "47 h ago" },
		{ 48 * 3600000LL, "2 days ago" } };

	for (size_t i = 0; i < LEN(ages); i++) {
		rs.body.n = 0;
		html_ago(&rs, NOW, NOW + ages[i].age);
		assert_str(text_of(&rs.body), ages[i].words);
	}
}

HTTP_TEST(distances_are_told_as_one_walks_them)
{
	static const struct {
		double metres;
		const char *words;
	} distances[] = { { 0, "0 m" }, { 4.9, "0 m" }, { 446, "450 m" }, { 994, "990 m" }, { 995, "1.0 km" },
		{ 1234, "1.2 km" }, { 9949, "9.9 km" }, { 9950, "10 km" }, { 38400, "38 km" } };

	for (size_t i = 0; i < LEN(distances); i++) {
		rs.body.n = 0;
		html_distance(&rs, distances[i].metres);
		assert_str(text_of(&rs.body), distances[i].words);
	}
}

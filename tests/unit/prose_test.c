/* prose_test.c - what prose.h promises. */
#include "http.h"

#include <time.h>

#include "prose.h"
#include "text.h"

static bool
some_shelter(void *arg, struct str key, struct str *id)
{
	(void)arg;
	*id = S("RO-CJ-01");
	return str_is(key, "ro-cj-01");
}

static bool
some_user(void *arg, struct str name)
{
	(void)arg;
	return str_is(name, "ana") || str_is(name, "dan.pop");
}

/* The HTML of a text, with the words of a query marked; NULL: none. */
static struct str
prose_of(const char *text, const char *query)
{
	struct text_search search = { .query = str(query) };
	struct text_mark *marks = NULL;
	size_t n = query ? text_marks(mem, &search, str(text), &marks) : 0;
	struct prose how = { some_shelter, some_user, NULL, marks, n };

	rs.body.n = 0;
	prose_html(&rs, mem, str(text), &how);
	return arena_dup(mem, (struct str){ rs.body.p, rs.body.n });
}

#define P "<p dir=\"auto\">"
#define OUT "<a dir=\"ltr\" rel=\"nofollow noopener noreferrer ugc\" href=\""

struct vector {
	const char *text, *html;
};

static void
check(const struct vector *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_str(prose_of(v[i].text, NULL), v[i].html);
}

static const struct vector lines[] = {
	{ "", "" },
	{ " \n\t\n \r\n", "" },
	{ "a", P "a</p>\n" },
	{ "a\nb", P "a<br>\nb</p>\n" },
	{ "a\r\nb", P "a<br>\nb</p>\n" },
	{ "a\rb", P "a<br>\nb</p>\n" },
	{ "a\n\nb", P "a</p>\n" P "b</p>\n" },
	{ "a\r\n\r\nb", P "a</p>\n" P "b</p>\n" },
	{ "a\n \t\nb", P "a</p>\n" P "b</p>\n" },
	{ "\n\na\n\n\n\n\nb\n\n", P "a</p>\n" P "b</p>\n" },
	{ "a\u2028b\u2029", P "a<br>\nb</p>\n" },
	{ "  a  b\n  c", P "a  b<br>\nc</p>\n" },
	{ "#a\n#b", P "<a class=\"tag\" href=\"/hashtags/a\">#a</a><br>\n"
		      "<a class=\"tag\" href=\"/hashtags/b\">#b</a></p>\n" },
	{ "#a\n\n@x", P "<a class=\"tag\" href=\"/hashtags/a\">#a</a></p>\n" P "@x</p>\n" },
};

HTTP_TEST(newlines_are_kept_as_lines_and_paragraphs)
{
	check(lines, LEN(lines));
}

static const struct vector markup[] = {
	{ "<b>&\"'", P "&lt;b&gt;&amp;&quot;&#39;</p>\n" },
	{ "&amp; &#60;", P "&amp;amp; &amp;#60;</p>\n" },
	{ "<!--# include -->", P "&lt;!--# include --&gt;</p>\n" },
	{ "%s %d", P "%s %d</p>\n" },
};

HTTP_TEST(what_looks_like_markup_is_text)
{
	check(markup, LEN(markup));
}

static const struct vector tags[] = {
	{ "la #Mănăștur!", P
	    "la <a class=\"tag\" dir=\"auto\" href=\"/hashtags/m%C4%83n%C4%83%C8%99tur\">#Mănăștur</a>!</p>\n" },
	{ "#避難所", P
	    "<a class=\"tag\" dir=\"auto\" href=\"/hashtags/%E9%81%BF%E9%9B%A3%E6%89%80\">#避難所</a></p>\n" },
	{ "# ##", P "# ##</p>\n" },
	{ "#ro-cj-01", P "<a class=\"tag place\" href=\"/shelters/RO-CJ-01\">#ro-cj-01</a></p>\n" },
	{ "#RO-CJ-02", P "<a class=\"tag\" href=\"/hashtags/ro-cj-02\">#RO-CJ-02</a></p>\n" },
	{ "@Ana, @dan.pop.", P "<a class=\"mention\" href=\"/posts?user=ana\">@Ana</a>, "
			       "<a class=\"mention\" href=\"/posts?user=dan.pop\">@dan.pop</a>.</p>\n" },
	{ "@nobody @<b>", P "@nobody @&lt;b&gt;</p>\n" },
};

HTTP_TEST(tags_shelters_and_known_people_are_links)
{
	check(tags, LEN(tags));
}

HTTP_TEST(without_anybody_to_ask_there_are_no_shelters_and_no_people)
{
	struct prose how = { 0 };

	prose_html(&rs, mem, S("#RO-CJ-01 @ana"), &how);
	assert_str(
	    text_of(&rs.body), P "<a class=\"tag\" href=\"/hashtags/ro-cj-01\">#RO-CJ-01</a> @ana</p>\n");
}

#define LONG24 "abcdefghijklmnopqrstuvwx"
#define LONG48 LONG24 LONG24

static const struct vector links[] = {
	{ "http://a.ro", P OUT "http://a.ro\">a.ro</a></p>\n" },
	{ "HTTPS://A.ro/.", P OUT "https://a.ro/\">a.ro</a>.</p>\n" },
	{ "http://a.ro:8080/x?y=1&z=\"",
	    P OUT "http://a.ro:8080/x?y=1&amp;z=\">a.ro:8080/x?y=1&amp;z=</a>&quot;</p>\n" },
	{ "http://a.ro?'x", P OUT "http://a.ro?&#39;x\">a.ro?&#39;x</a></p>\n" },
	/* long ones */
	{ "http://a.ro/" LONG48,
	    P OUT "http://a.ro/" LONG48 "\">a.ro/" LONG24 "abcdefghijklmnopqrs…</a></p>\n" },
	{ "http://bank.ro." LONG24 ".evil.ro/abcdefghijklm",
	    P OUT "http://bank.ro." LONG24 ".evil.ro/abcdefghijklm\">….ro." LONG24
		  ".evil.ro/abcdefghijk…</a></p>\n" },
	/* hosts beyond ASCII */
	{ "http://пример.рф/я", P OUT "http://xn--e1afmkfd.xn--p1ai/я\">xn--e1afmkfd.xn--p1ai/я</a></p>\n" },
	{ "http://аррӏе.com", P OUT "http://xn--80ak6aa92e.com\">xn--80ak6aa92e.com</a></p>\n" },
	{ "http://ｅｘａｍｐｌｅ.com/", P OUT "http://example.com/\">example.com</a></p>\n" },
	/* no links: another host than it seems, or none */
	{ "http://bank.ro@evil.ro/", P "http://bank.ro@evil.ro/</p>\n" },
	{ "http://a:b@evil.ro/", P "http://a:b@evil.ro/</p>\n" },
	{ "http://bank.ro\u2215login.evil.ro", P "http://bank.ro\u2215login.evil.ro</p>\n" },
	{ "http://a\u2100b.ro", P "http://a\u2100b.ro</p>\n" },
	{ "http://a.ro:99999/", P "http://a.ro:99999/</p>\n" },
	{ "http://a.ro:x/", P "http://a.ro:x/</p>\n" },
	{ "http://a..ro", P "http://a..ro</p>\n" },
	{ "http://a%2e.ro", P "http://a%2e.ro</p>\n" },
	{ "http://a\u200db.ro", P "http://a\u200db.ro</p>\n" },
	{ "javascript:alert(1)", P "javascript:alert(1)</p>\n" },
	{ "http://a.ro\\@evil.ro", P OUT "http://a.ro\">a.ro</a>\\@evil.ro</p>\n" },
};

HTTP_TEST(links_show_where_they_lead)
{
	check(links, LEN(links));
}

static const struct vector hosts[] = {
	{ "A.Ro.", "a.ro" },
	{ "münchen.de", "xn--mnchen-3ya.de" },
	{ "mu\u0308nchen.de", "xn--mnchen-3ya.de" },
	{ "MÜNCHEN.DE", "xn--mnchen-3ya.de" },
	{ "bücher.example", "xn--bcher-kva.example" },
	{ "faß.de", "xn--fa-hia.de" },
	{ "βόλος.com", "xn--nxasmm1c.com" },
	{ "中国.cn", "xn--fiqs8s.cn" },
	{ "日本語.jp", "xn--wgv71a119e.jp" },
	{ "مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv" },
	{ "ไทย.com", "xn--o3cw4h.com" },
	{ "1.2.3.4", "1.2.3.4" },
	{ "a_b-c.ro", "a_b-c.ro" },
	/* RFC 3492, 7.1 (A), (B), (J), (L), (R) */
	{ "ليهمابتكلموشعربي؟", NULL },
	{ "他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye" },
	{ "porquénopuedensimplementehablarenespañol", "xn--porqunopuedensimplementehablarenespaol-fmd56a" },
	{ "3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b" },
	{ "そのスピードで", "xn--d9juau41awczczp" },
	{ "\u0438\u0306.ru", "xn--i1a.ru" },
	{ "", NULL },
	{ ".", NULL },
	{ "a..b", NULL },
	{ ".a", NULL },
	{ "a b", NULL },
	{ "a/b", NULL },
	{ "\u0130x.com", NULL },
	{ "a\u00adb.com", NULL },
	{ "\u2024com", NULL },
	{ "a\u3002b", NULL },
	{ "[::1]", NULL },
	{ "\xff.ro", NULL },
};

HTTP_TEST(hosts_are_those_that_browsers_look_up)
{
	for (size_t i = 0; i < LEN(hosts); i++) {
		struct str ascii;
		bool good = host_ascii(mem, str(hosts[i].text), &ascii);

		if (good != (hosts[i].html != NULL))
			fail_msg("%s: %s", hosts[i].text, good ? ascii.p : "none");
		if (good)
			assert_str(ascii, hosts[i].html);
	}
}

HTTP_TEST(hosts_and_labels_have_their_bounds)
{
	char label[80] = { 0 }, host[400] = "";
	struct str ascii;

	memset(label, 'a', 63);
	assert_true(host_ascii(mem, str(label), &ascii));
	label[63] = 'a';
	assert_false(host_ascii(mem, str(label), &ascii));
	for (int i = 0; i < 126; i++)
		strcat(host, "a.");
	strcat(host, "a");
	assert_true(host_ascii(mem, str(host), &ascii));
	strcat(host, "a");
	assert_false(host_ascii(mem, str(host), &ascii));
}

static const struct vector odd[] = {
	{ "a\u202egpj.exe", P "a<code class=\"odd\">U+202E</code>gpj.exe</p>\n" },
	{ "\u2067x\u2069", P "<code class=\"odd\">U+2067</code>x<code class=\"odd\">U+2069</code></p>\n" },
	{ "a\x01\x7f", P "a<code class=\"odd\">U+0001</code><code class=\"odd\">U+007F</code></p>\n" },
	{ "http://a.ro/\u202eb", P OUT "http://a.ro/\">a.ro</a><code class=\"odd\">U+202E</code>b</p>\n" },
	/* these do no harm */
	{ "a\u200f!\u200e \u061c", P "a\u200f!\u200e \u061c</p>\n" },
	{ "👨\u200d👩", P "👨\u200d👩</p>\n" },
};

HTTP_TEST(what_turns_the_direction_is_shown)
{
	check(odd, LEN(odd));
}

static const struct {
	const char *text, *query, *html;
} marked[] = {
	{ "vino la pod", "la", P "vino <mark>la</mark> pod</p>\n" },
	{ "Închis", "inchis", P "<mark>Închis</mark></p>\n" },
	{ "I\u0302nchis", "inchis", P "<mark>I\u0302nchis</mark></p>\n" },
	/* woven into entities and lines */
	{ "la #pod acum", "\"la pod acum\"",
	    P
	    "<mark>la </mark><a class=\"tag\" href=\"/hashtags/pod\"><mark>#pod</mark></a><mark> acum</mark></p>\n" },
	{ "unu\ndoi", "\"unu doi\"", P "<mark>unu</mark><br>\n<mark>doi</mark></p>\n" },
	{ "unu\n\ndoi", "\"unu doi\"", P "<mark>unu</mark></p>\n" P "<mark>doi</mark></p>\n" },
	{ "#Mănăștur", "manastur",
	    P
	    "<a class=\"tag\" dir=\"auto\" href=\"/hashtags/m%C4%83n%C4%83%C8%99tur\">#<mark>Mănăștur</mark></a></p>\n" },
	{ "避難所へ", "難所", P "避<mark>難所</mark>へ</p>\n" },
	{ "<b>", "b", P "&lt;<mark>b</mark>&gt;</p>\n" },
	/* in links: what is shown, and what stands for the rest */
	{ "http://pod.ro/harta", "harta", P OUT "http://pod.ro/harta\">pod.ro/<mark>harta</mark></a></p>\n" },
	{ "http://pod.ro/harta", "pod", P OUT "http://pod.ro/harta\"><mark>pod</mark>.ro/harta</a></p>\n" },
	{ "http://Pod.ro/", "pod", P OUT "http://pod.ro/\"><mark>pod.ro</mark></a></p>\n" },
	{ "http://a.ro/" LONG48 "/pod", "pod",
	    P OUT "http://a.ro/" LONG48 "/pod\">a.ro/" LONG24 "abcdefghijklmnopqrs<mark>…</mark></a></p>\n" },
};

HTTP_TEST(what_a_search_found_is_marked_without_breaking_anything)
{
	for (size_t i = 0; i < LEN(marked); i++)
		assert_str(prose_of(marked[i].text, marked[i].query), marked[i].html);
}

HTTP_TEST(a_mark_neither_begins_nor_ends_before_what_combines)
{
	struct text_mark marks[] = { { 1, 3 }, { 3, 4 } };
	struct prose how = { .marks = marks, .nmarks = 2 };

	prose_html(&rs, mem, S("a\u0301bc"), &how);
	assert_str(text_of(&rs.body), P "a\u0301<mark>b</mark>c</p>\n");
}

static double
seconds_for(const char *piece, size_t bytes)
{
	size_t n = strlen(piece), times = bytes / n;
	char *text = arena_alloc(mem, times * n + 1);
	struct text_mark *marks = arena_array(mem, struct text_mark, times);
	struct prose how = { some_shelter, some_user, NULL, marks, times };
	struct timespec a, b;

	for (size_t i = 0; i < times; i++) {
		memcpy(text + i * n, piece, n);
		marks[i] = (struct text_mark){ i * n, i * n + 1 };
	}
	rs.body.n = 0;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	prose_html(&rs, mem, str(text), &how);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	arena_reset(mem);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

HTTP_TEST(a_text_takes_time_by_its_length_only)
{
	static const char *const pieces[] = { "a", "\n", " ", "a\n", "\n ", "\u0301", "\u202e", "#a ",
		"@ana ", "@x ", "http://a/ ", "http://a", "http://\u0436.", "http://a@", "\r" };

	not_under_valgrind();
	for (size_t i = 0; i < LEN(pieces); i++) {
		double small = seconds_for(pieces[i], 20000), large = seconds_for(pieces[i], 200000);

		/* 100 times, were it quadratic. */
		if (large > 30 * small + 0.05)
			fail_msg("\"%s\": %g s, ten times as long: %g s", pieces[i], small, large);
	}
}

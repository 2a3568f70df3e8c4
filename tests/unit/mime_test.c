/* mime_test.c - e-mails as bytes: golden ones, and random ones read back. */
#include "unit.h"

#include "buf.h"
#include "mime.h"
#include "utf8.h"

static struct buf out;
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
	buf_free(&out);
	out = (struct buf){ 0 };
	arena_free(mem);
	return 0;
}

#define MIME_TEST(name) TEST_WITH(name, setup, teardown)

static const char *
written(void)
{
	return arena_dup(mem, (struct str){ out.p, out.n }).p;
}

/* ---- an independent reader ------------------------------------------------- */

static int
nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static struct str
read_qp(struct str s, bool header)
{
	char *p = arena_alloc(mem, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '=' && !header && i + 2 < s.n && s.p[i + 1] == '\r' && s.p[i + 2] == '\n')
			i += 2;
		else if (s.p[i] == '=') {
			assert_true(i + 2 < s.n);
			p[n++] = (char)(nibble(s.p[i + 1]) * 16 + nibble(s.p[i + 2]));
			i += 2;
		} else
			p[n++] = header && s.p[i] == '_' ? ' ' : s.p[i];
	return (struct str){ p, n };
}

static struct str
read_base64(struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *p = arena_alloc(mem, s.n + 1);
	size_t n = 0, bits = 0;
	unsigned v = 0;

	assert_int_equal(s.n % 4, 0);
	for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
		v = v << 6 | (unsigned)(strchr(digits, s.p[i]) - digits);
		if ((bits += 6) >= 8)
			p[n++] = (char)(v >> (bits -= 8) & 0xff);
	}
	return (struct str){ p, n };
}

/* One word, encoded or not. */
static bool
read_word(struct str word, struct str *text)
{
	struct str inner = { word.p + 10, word.n - 12 };

	*text = word;
	if (word.n < 12 || !str_starts(word, "=?UTF-8?") || !str_ends(word, "?="))
		return false;
	assert_in_range(word.n, 13, 75);
	*text = word.p[8] == 'B' ? read_base64(inner) : read_qp(inner, true);
	assert_true(utf8_text(*text)); /* no character is split between two words */
	return true;
}

/* A header's value, unfolded and decoded as RFC 2047 says. */
static struct str
read_header(struct str s)
{
	struct buf text = { 0 };
	bool encoded = false, any = false;
	struct str result;

	while (s.n > 0) {
		struct str word = str_cut(&s, ' '), plain;
		bool now;

		if (str_ends(word, "\r\n"))
			word.n -= 2;
		if (word.n == 0)
			continue;
		now = read_word(word, &plain);
		if (any && !(encoded && now))
			buf_char(&text, ' ');
		buf_str(&text, plain);
		encoded = now;
		any = true;
	}
	result = arena_dup(mem, (struct str){ text.p, text.n });
	buf_free(&text);
	return result;
}

/* What holds for every message: CRLF only, short lines, no line of blanks. */
static void
check_lines(struct str s, size_t most)
{
	while (s.n > 0) {
		const char *feed = memchr(s.p, '\n', s.n);
		size_t n;

		assert_non_null(feed);
		n = (size_t)(feed - s.p);
		assert_true(n > 0 && s.p[n - 1] == '\r');
		assert_null(memchr(s.p, '\r', n - 1));
		assert_in_range(n - 1, 0, most);
		if (n > 1)
			assert_true(s.p[n - 2] != ' ' || s.p[n - 3] == ':');
		s.p += n + 1;
		s.n -= n + 1;
	}
}

static struct str
subject_read_back(struct str text)
{
	struct mime m = { .out = &out };
	struct str all;

	buf_reset(&out);
	mime_text(&m, "Subject", text);
	assert_false(m.refused);
	all = (struct str){ out.p, out.n };
	check_lines(all, 78);
	assert_true(str_starts(all, "Subject:"));
	return read_header((struct str){ out.p + 8, out.n - 8 });
}

static void
assert_same(struct str got, struct str want)
{
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
}

/* ---- headers --------------------------------------------------------------- */

MIME_TEST(ascii_stays_as_it_is)
{
	struct mime m = { .out = &out };

	mime_text(&m, "Subject", S("Water is back"));
	assert_string_equal(written(), "Subject: Water is back\r\n");
}

MIME_TEST(long_ascii_is_folded_at_blanks)
{
	struct mime m = { .out = &out };

	mime_text(&m, "Subject",
	    S("The bridge over the river at Gilau is closed to all traffic until further notice today"));
	assert_string_equal(written(),
	    "Subject: The bridge over the river at Gilau is closed to all traffic until\r\n"
	    " further notice today\r\n");
}

MIME_TEST(a_few_diacritics_are_in_q)
{
	struct mime m = { .out = &out };

	mime_text(&m, "Subject", S("Inunda\xc8\x9bii la Cluj"));
	assert_string_equal(written(), "Subject: =?UTF-8?Q?Inunda=C8=9Bii_la_Cluj?=\r\n");
}

MIME_TEST(another_script_is_in_base64)
{
	struct mime m = { .out = &out };

	mime_text(&m, "Subject", S("\xe9\x81\xbf\xe9\x9b\xa3\xe6\x89\x80"));
	assert_string_equal(written(), "Subject: =?UTF-8?B?6YG/6Zuj5omA?=\r\n");
}

MIME_TEST(long_words_are_folded_and_no_character_is_split)
{
	struct buf text = { 0 };

	for (int i = 0; i < 60; i++) {
		buf_str(&text, i % 3 ? S("\xc8\x9b") : S("\xf0\x9f\x8c\x8a a"));
		assert_same(
		    subject_read_back((struct str){ text.p, text.n }), (struct str){ text.p, text.n });
	}
	buf_free(&text);
}

MIME_TEST(what_looks_encoded_is_encoded)
{
	struct str tricky = S("=?UTF-8?Q?not_ours?=");

	assert_same(subject_read_back(tricky), tricky);
	tricky = S("two  blanks and one at the end ");
	assert_same(subject_read_back(tricky), tricky);
}

MIME_TEST(a_line_end_in_a_header_refuses_the_message)
{
	static const struct str bad[] = { B("a\r\nBcc: x@y.example"), B("a\nb"), B("a\rb"), B("a\0b"),
		B("\x1b[0m"), B("bad \xff utf-8"), B("a\tb") };

	for (size_t i = 0; i < LEN(bad); i++) {
		struct mime text = { .out = &out }, plain = { .out = &out }, name = { .out = &out };

		mime_text(&text, "Subject", bad[i]);
		mime_plain(&plain, "List-Id", bad[i]);
		mime_address(&name, "From", bad[i], S("a@b.example"));
		assert_true(text.refused && plain.refused && name.refused);
		assert_int_equal(out.n, 0);
	}
}

MIME_TEST(a_long_url_has_a_line_of_its_own)
{
	struct mime m = { .out = &out };
	char url[1100];

	memset(url, 'u', sizeof(url));
	mime_plain(&m, "List-Unsubscribe", (struct str){ url, 900 });
	assert_false(m.refused);
	check_lines((struct str){ out.p, out.n }, 998);
	mime_plain(&m, "List-Unsubscribe", (struct str){ url, 998 });
	assert_true(m.refused);
}

MIME_TEST(names_are_atoms_quoted_or_encoded)
{
	struct mime m = { .out = &out };

	mime_address(&m, "From", S("Cluj Alerts"), S("alerts@example.org"));
	mime_address(&m, "From", S("Alerts, \"Cluj\""), S("alerts@example.org"));
	mime_address(&m, "From", S("Alerte \xc3\xaen Cluj"), S("alerts@example.org"));
	mime_address(&m, "To", S(""), S("ana@example.org"));
	assert_string_equal(written(), "From: Cluj Alerts <alerts@example.org>\r\n"
				       "From: \"Alerts, \\\"Cluj\\\"\" <alerts@example.org>\r\n"
				       "From: =?UTF-8?Q?Alerte_=C3=AEn_Cluj?= <alerts@example.org>\r\n"
				       "To: ana@example.org\r\n");
}

MIME_TEST(an_address_is_one_or_is_refused)
{
	static const char *const good[] = { "a@b", "a.b+c@d-e.example", "x_y@1.example" };
	static const char *const bad[] = { "", "a", "@b", "a@", "a..b@c", ".a@c", "a.@c", "a@b..c", "a@b.",
		"a b@c", "a@b>", "<a@b", "a@b\r\n", "a,b@c", "\"a\"@b", "\xc8\x9b@b", "a@b@c" };
	struct mime m = { .out = &out };
	char local[80];

	for (size_t i = 0; i < LEN(good); i++)
		assert_true(mail_address_valid(str(good[i])));
	for (size_t i = 0; i < LEN(bad); i++)
		assert_false(mail_address_valid(str(bad[i])));
	memset(local, 'a', sizeof(local));
	memcpy(local + 65, "@b", 3);
	assert_false(mail_address_valid(str(local)));
	assert_true(mail_address_valid(str(local + 1)));
	mime_address(&m, "To", S(""), S("a@b>\r\nBcc: x@y"));
	assert_true(m.refused);
}

MIME_TEST(a_setting_has_a_name_or_only_an_address)
{
	struct str name, address;

	assert_true(mail_address_split(S(" Cluj Alerts <alerts@example.org> "), &name, &address));
	assert_true(str_is(name, "Cluj Alerts") && str_is(address, "alerts@example.org"));
	assert_true(mail_address_split(S("\"Alerts, Cluj\" <a@example.org>"), &name, &address));
	assert_true(str_is(name, "Alerts, Cluj"));
	assert_true(mail_address_split(S("a@example.org"), &name, &address));
	assert_true(name.n == 0 && str_is(address, "a@example.org"));
	assert_false(mail_address_split(S("Alerts"), &name, &address));
	assert_false(mail_address_split(S("Alerts <>"), &name, &address));
	assert_false(mail_address_split(S(""), &name, &address));
}

MIME_TEST(the_date_is_as_rfc_5322_has_it)
{
	struct mime m = { .out = &out };

	mime_date(&m, "Date", 1795848802000);
	mime_date(&m, "Date", 1709164799999);
	assert_string_equal(written(), "Date: Sat, 28 Nov 2026 06:53:22 +0000\r\n"
				       "Date: Wed, 28 Feb 2024 23:59:59 +0000\r\n");
}

/* ---- bodies ---------------------------------------------------------------- */

static void
body(struct mime *m, struct str id, struct str text, struct str html)
{
	struct mime_part plain = { .text = text }, marked_up = { .text = html };

	mime_body(m, id, &plain, html.n ? &marked_up : NULL);
}

MIME_TEST(the_whole_body_is_these_bytes)
{
	struct mime m = { .out = &out };

	body(&m, S("msg_t_1"), S("Ap\xc4\x83 = via\xc8\x9b\xc4\x83\n.\nFrom here \n"),
	    S("<p lang=\"ro\">Ap\xc4\x83</p>"));
	assert_false(m.refused);
	assert_string_equal(written(), "MIME-Version: 1.0\r\n"
				       "Content-Type: multipart/alternative;\r\n"
				       " boundary=\"=_msg_t_1\"\r\n"
				       "\r\n"
				       "--=_msg_t_1\r\n"
				       "Content-Type: text/plain; charset=utf-8\r\n"
				       "Content-Transfer-Encoding: quoted-printable\r\n"
				       "\r\n"
				       "Ap=C4=83 =3D via=C8=9B=C4=83\r\n"
				       ".\r\n"
				       "=46rom here=20\r\n"
				       "\r\n"
				       "--=_msg_t_1\r\n"
				       "Content-Type: text/html; charset=utf-8\r\n"
				       "Content-Transfer-Encoding: quoted-printable\r\n"
				       "\r\n"
				       "<p lang=3D\"ro\">Ap=C4=83</p>\r\n"
				       "--=_msg_t_1--\r\n");
}

MIME_TEST(lines_that_are_encoded_already_stay_as_they_are)
{
	struct mime m = { .out = &out };
	struct mime_part p = { S("a=3Db\r\n"), S("c=d"), S("\r\n=C4=83") };

	mime_body(&m, S("m"), &p, NULL);
	assert_non_null(strstr(written(), "\r\n\r\na=3Db\r\nc=3Dd\r\n=C4=83\r\n"));
}

MIME_TEST(without_html_it_is_one_part)
{
	struct mime m = { .out = &out };

	body(&m, S("msg_t_1"), S("hello"), S(""));
	assert_string_equal(written(), "MIME-Version: 1.0\r\n"
				       "Content-Type: text/plain; charset=utf-8\r\n"
				       "Content-Transfer-Encoding: quoted-printable\r\n"
				       "\r\n"
				       "hello\r\n");
}

MIME_TEST(no_body_can_hold_the_boundary)
{
	struct mime m = { .out = &out };

	body(&m, S("m"), S("--=_m--\n--=_m"), S("--=_m--"));
	assert_null(strstr(strstr(written(), "text/plain") + 10, "--=_m--\r\n--=_m\r\n"));
	assert_non_null(strstr(written(), "--=3D_m--"));
}

MIME_TEST(lines_of_76_stay_and_longer_ones_are_broken_softly)
{
	char line[78];

	memset(line, 'a', sizeof(line));
	quoted_printable(&out, (struct str){ line, 76 });
	assert_int_equal(out.n, 76);
	buf_reset(&out);
	quoted_printable(&out, (struct str){ line, 77 });
	assert_int_equal(out.n, 77 + 3);
	assert_memory_equal(out.p + 75, "=\r\naa", 5);
}

MIME_TEST(an_id_that_is_no_word_is_refused)
{
	struct mime m = { .out = &out };

	body(&m, S("a\"\r\nX: b"), S("x"), S("y"));
	assert_true(m.refused);
	assert_int_equal(out.n, 0);
}

/* ---- whatever it is -------------------------------------------------------- */

static struct str
random_text(size_t most, bool lines)
{
	static const char *const pieces[] = { "a", "z", " ", " ", "=", ".", "_", "?", "=?", "From ",
		"\xc4\x83", "\xc8\x9b", "\xe9\x81\xbf", "\xf0\x9f\x8c\x8a", "word", "\t", "--", "=_", "=20" };
	struct buf text = { 0 };
	size_t n = random_below((uint32_t)most);
	struct str s;

	for (size_t i = 0; i < n; i++) {
		uint32_t k = random_below(LEN(pieces) + 2);

		if (k < LEN(pieces))
			buf_str(&text, lines || pieces[k][0] != '\t' ? str(pieces[k]) : S("t"));
		else if (lines)
			buf_str(&text, S("\r\n"));
	}
	s = arena_dup(mem, (struct str){ text.p, text.n });
	buf_free(&text);
	return s;
}

MIME_TEST(any_subject_is_read_back_as_it_was)
{
	for (int i = 0; i < 3000; i++) {
		struct str text = random_text(120, false);

		assert_same(subject_read_back(text), text);
		arena_reset(mem);
	}
}

MIME_TEST(any_body_is_read_back_as_it_was)
{
	for (int i = 0; i < 3000; i++) {
		struct str text = random_text(400, true), all;

		buf_reset(&out);
		quoted_printable(&out, text);
		assert_same(read_qp((struct str){ out.p, out.n }, false), text);
		buf_str(&out, S("\r\n"));
		all = (struct str){ out.p, out.n };
		assert_null(memmem(all.p, all.n, " \r\n", 3));
		assert_null(memmem(all.p, all.n, "\t\r\n", 3));
		assert_null(memmem(all.p, all.n, "\nFrom ", 6));
		assert_null(memmem(all.p, all.n, "=_", 2));
		check_lines(all, 76);
		arena_reset(mem);
	}
}

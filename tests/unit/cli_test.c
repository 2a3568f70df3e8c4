/* cli_test.c - what cli.h promises; redis_cli_test.c asks the real one. */
#include "unit.h"

#include "buf.h"
#include "cli.h"

static struct arena *mem;
static struct buf out;

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
	buf_free(&out);
	return 0;
}

#define CLI_TEST(name) TEST_WITH(name, setup, teardown)

/* ---- splitting ---------------------------------------------------------------- */

/* The words, each in "<>", or "wrong". */
static struct str
split(struct str line)
{
	struct str *words;
	size_t n;

	out.n = 0;
	if (!cli_split(mem, line, &words, &n))
		return S("wrong");
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(words[i].p[words[i].n], '\0');
		buf_char(&out, '<');
		buf_str(&out, words[i]);
		buf_char(&out, '>');
	}
	return (struct str){ out.p, out.n };
}

struct line {
	struct str line, words;
};

static void
assert_lines(const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_bytes(split(lines[i].line), lines[i].words);
}

CLI_TEST(a_line_of_blanks_has_no_words)
{
	static const struct line lines[] = { { { NULL, 0 }, B("") }, { B(""), B("") },
		{ B(" \t\r\n\v\f"), B("") }, { B("\0get"), B("") } };

	assert_lines(lines, LEN(lines));
}

CLI_TEST(blanks_stand_between_words)
{
	static const struct line lines[] = { { B("get"), B("<get>") }, { B("get k"), B("<get><k>") },
		{ B("  set\tk \r v\r"), B("<set><k><v>") },
		{ B("caf\xc3\xa9 \xff\x80"), B("<caf\xc3\xa9><\xff\x80>") } };

	assert_lines(lines, LEN(lines));
}

CLI_TEST(vertical_tab_and_form_feed_are_skipped_before_a_word_but_do_not_end_one)
{
	static const struct line lines[] = { { B("\va \f\vb"), B("<a><b>") },
		{ B("a\vb c\f"), B("<a\vb><c\f>") }, { B("\"a\"\vb"), B("<a><b>") } };

	assert_lines(lines, LEN(lines));
}

CLI_TEST(double_quotes_take_escapes)
{
	static const struct line lines[] = { { B("\"\""), B("<>") }, { B("\"a b\" c"), B("<a b><c>") },
		{ B("\"\\x00\\xfF\\x4a\""), B("<\0\xffJ>") }, { B("\"\\n\\r\\t\\b\\a\""), B("<\n\r\t\b\a>") },
		{ B("\"\\\\\\\"\\q\\'\\v\""), B("<\\\"q'v>") }, { B("\"it's\""), B("<it's>") },
		{ B("\"\\x4\" \"\\xg0\" \"\\X41\" \"\\x\""), B("<x4><xg0><X41><x>") },
		{ B("\"\\x410\""), B("<A0>") } };

	assert_lines(lines, LEN(lines));
}

CLI_TEST(single_quotes_take_nothing_but_their_own)
{
	static const struct line lines[] = { { B("''"), B("<>") },
		{ B("'a \"b\\n\\x41'"), B("<a \"b\\n\\x41>") }, { B("'it\\'s' x"), B("<it's><x>") },
		{ B("'\\\\ '"), B("<\\\\ >") }, { B("'\\\\'"), B("wrong") } };

	assert_lines(lines, LEN(lines));
}

CLI_TEST(a_backslash_means_nothing_in_a_bare_word)
{
	static const struct line lines[] = { { B("a\\nb \\x41 \\"), B("<a\\nb><\\x41><\\>") },
		{ B("a\\ b"), B("<a\\><b>") } };

	assert_lines(lines, LEN(lines));
}

CLI_TEST(a_quote_opens_inside_of_a_word_and_ends_it)
{
	static const struct line lines[] = { { B("a\"b c\" d"), B("<ab c><d>") },
		{ B("a'b c'"), B("<ab c>") }, { B("a\"\""), B("<a>") }, { B("a\"b\"c"), B("wrong") },
		{ B("a'b'\"c\""), B("wrong") } };

	assert_lines(lines, LEN(lines));
}

CLI_TEST(a_quote_that_is_not_closed_and_what_sticks_to_a_closed_one_are_wrong)
{
	static const struct line lines[] = { { B("\""), B("wrong") }, { B("'"), B("wrong") },
		{ B("get \"k"), B("wrong") }, { B("\"a\"b"), B("wrong") }, { B("'a'b"), B("wrong") },
		{ B("\"a\"'b'"), B("wrong") }, { B("\"a\\"), B("wrong") }, { B("\"a\\\""), B("wrong") },
		{ B("'a\\'"), B("wrong") }, { B("\"\\x4"), B("wrong") }, { B("\"a\0\""), B("wrong") } };

	assert_lines(lines, LEN(lines));
}

CLI_TEST(a_nul_ends_the_line)
{
	static const struct line lines[] = { { B("get k\0 x \""), B("<get><k>") },
		{ B("\"a\"\0b"), B("<a>") } };

	assert_lines(lines, LEN(lines));
}

CLI_TEST(a_line_of_a_million_words_is_split)
{
	size_t n = 0, want = 1000000;
	struct str *words;
	struct buf line = { 0 };

	for (size_t i = 0; i < want; i++)
		buf_str(&line, S("a "));
	assert_true(cli_split(mem, (struct str){ line.p, line.n }, &words, &n));
	buf_free(&line);
	assert_int_equal(n, want);
	assert_str(words[want - 1], "a");
}

/* ---- quoting ------------------------------------------------------------------ */

static struct str
quoted(struct str word)
{
	out.n = 0;
	cli_quote(&out, word);
	return (struct str){ out.p, out.n };
}

CLI_TEST(a_word_is_quoted_where_it_must_be)
{
	assert_str(quoted(S("city-CJ:1#")), "city-CJ:1#");
	assert_str(quoted(S("")), "\"\"");
	assert_str(quoted(S("a b")), "\"a b\"");
	assert_str(quoted(S("it's")), "\"it's\"");
	assert_str(quoted(S("a\"b\\c")), "\"a\\\"b\\\\c\"");
	assert_str(quoted(S("\0\x1f\x7f\xff\n\r\t\b\a\v")), "\"\\x00\\x1f\\x7f\\xff\\n\\r\\t\\b\\a\\x0b\"");
}

CLI_TEST(whatever_the_bytes_a_quoted_word_is_read_back)
{
	char bytes[12];
	struct str *words;
	size_t n;

	rnd_start();
	for (int i = 0; i < 20000; i++) {
		struct str word = { bytes, (size_t)rnd_below(sizeof(bytes)) };

		for (size_t j = 0; j < word.n; j++)
			bytes[j] = rnd_below(2) ? "\\\"'xn0 \t\v\r"[rnd_below(10)] : (char)rnd_below(256);
		out.n = 0;
		cli_quote(&out, word);
		buf_char(&out, ' ');
		cli_quote(&out, word);
		assert_true(cli_split(mem, (struct str){ out.p, out.n }, &words, &n));
		assert_int_equal(n, 2);
		assert_bytes(words[0], word);
		assert_bytes(words[1], word);
		arena_reset(mem);
	}
}

/* ---- printing ----------------------------------------------------------------- */

static struct str
printed(struct reply r)
{
	out.n = 0;
	cli_print(&out, &r);
	return (struct str){ out.p, out.n };
}

static struct reply
number(int64_t i)
{
	return (struct reply){ .kind = REPLY_INTEGER, .integer = i };
}

static struct reply
text(enum reply_kind kind, struct str s)
{
	return (struct reply){ .kind = kind, .text = s };
}

static struct reply
array(size_t n)
{
	struct reply r = { .kind = REPLY_ARRAY, .items = arena_array(mem, struct reply, n), .n = n };

	for (size_t i = 0; i < n; i++)
		r.items[i] = number((int64_t)i);
	return r;
}

CLI_TEST(single_values_are_a_line)
{
	assert_str(printed(number(INT64_MIN)), "(integer) -9223372036854775808\n");
	assert_str(printed((struct reply){ .kind = REPLY_NIL }), "(nil)\n");
	assert_str(printed((struct reply){ .kind = REPLY_NIL_ARRAY }), "(nil)\n");
	assert_str(printed(text(REPLY_STATUS, S("OK"))), "OK\n");
	assert_str(printed(text(REPLY_STATUS, S(""))), "\n");
	assert_str(printed(text(REPLY_ERROR, S("ERR no \"such\" key"))), "(error) ERR no \"such\" key\n");
	assert_str(printed(array(0)), "(empty array)\n");
}

CLI_TEST(a_bulk_is_in_quotes_with_escapes)
{
	assert_str(printed(text(REPLY_BULK, S(""))), "\"\"\n");
	assert_str(printed(text(REPLY_BULK, S("it's a b"))), "\"it's a b\"\n");
	assert_str(printed(text(REPLY_BULK, S("\\\"\n\r\t\a\b"))), "\"\\\\\\\"\\n\\r\\t\\a\\b\"\n");
	assert_str(
	    printed(text(REPLY_BULK, S("\0\v\x1b\x7f\xc3\xa9"))), "\"\\x00\\x0b\\x1b\\x7f\\xc3\\xa9\"\n");
}

CLI_TEST(a_status_and_an_error_end_at_a_nul)
{
	assert_str(printed(text(REPLY_ERROR, S("ERR a\0b"))), "(error) ERR a\n");
	assert_str(printed(text(REPLY_STATUS, S("O\0K"))), "O\n");
}

CLI_TEST(the_numbers_of_an_array_are_as_wide_as_the_last)
{
	assert_str(printed(array(2)), "1) (integer) 0\n2) (integer) 1\n");
	assert_true(str_starts(printed(array(9)), "1) (integer) 0\n"));
	assert_true(str_starts(printed(array(10)), " 1) (integer) 0\n 2) "));
	assert_true(str_ends(printed(array(10)), "\n10) (integer) 9\n"));
	assert_true(str_starts(printed(array(100)), "  1) (integer) 0\n"));
	assert_true(str_starts(printed(array(99)), " 1) (integer) 0\n"));
}

CLI_TEST(an_array_in_an_array_is_indented_by_the_number_before_it)
{
	struct reply r = array(10);

	r.items[1] = array(2);
	r.items[1].items[0] = array(2);
	r.items[1].items[0].items[1] = array(0);
	r.items[9] = array(1);
	r.items[9].items[0] = text(REPLY_ERROR, S("ERR x"));
	assert_str(printed(r), " 1) (integer) 0\n"
			       " 2) 1) 1) (integer) 0\n"
			       "       2) (empty array)\n"
			       "    2) (integer) 1\n"
			       " 3) (integer) 2\n"
			       " 4) (integer) 3\n"
			       " 5) (integer) 4\n"
			       " 6) (integer) 5\n"
			       " 7) (integer) 6\n"
			       " 8) (integer) 7\n"
			       " 9) (integer) 8\n"
			       "10) 1) (error) ERR x\n");
}

/* cli.c - a command as redis-cli reads it, a reply as redis-cli prints it. */
#include "cli.h"

#include <string.h>

/* ---- reading ---------------------------------------------------------------- */

struct scan {
	const char *p, *end; /* the rest of the line */
	char *out;           /* where the words' bytes go; NULL: they are only counted */
	size_t n;
};

/* isspace() of the C locale; redis-cli knows no other. */
static bool
blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char
unescaped(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case 'a':
		return '\a';
	default:
		return c;
	}
}

static void
put(struct scan *s, char c, size_t read)
{
	if (s->out != NULL)
		s->out[s->n] = c;
	s->n++;
	s->p += read;
}

/* Steps over a closing quote; only a blank or the end may follow it. */
static bool
closed(struct scan *s)
{
	if (s->p == s->end)
		return false;
	s->p++;
	return s->p == s->end || blank(*s->p);
}

static bool
in_double_quotes(struct scan *s)
{
	while (s->p < s->end && *s->p != '"') {
		size_t left = (size_t)(s->end - s->p);

		if (*s->p != '\\' || left < 2)
			put(s, *s->p, 1);
		else if (left > 3 && s->p[1] == 'x' && hex(s->p[2]) >= 0 && hex(s->p[3]) >= 0)
			put(s, (char)(hex(s->p[2]) << 4 | hex(s->p[3])), 4);
		else
			put(s, unescaped(s->p[1]), 2);
	}
	return closed(s);
}

static bool
in_single_quotes(struct scan *s)
{
	while (s->p < s->end && *s->p != '\'')
		if (*s->p == '\\' && s->end - s->p > 1 && s->p[1] == '\'')
			put(s, '\'', 2);
		else
			put(s, *s->p, 1);
	return closed(s);
}

/* A quote may open inside of a word (a"b c" is one), and ends it.  Two of the
 * blanks that stand between words, \v and \f, do not end a bare one. */
static bool
read_word(struct scan *s)
{
	for (; s->p < s->end; put(s, *s->p, 1))
		switch (*s->p) {
		case ' ':
		case '\n':
		case '\r':
		case '\t':
			return true;
		case '"':
			s->p++;
			return in_double_quotes(s);
		case '\'':
			s->p++;
			return in_single_quotes(s);
		}
	return true;
}

static bool
at_word(struct scan *s)
{
	while (s->p < s->end && blank(*s->p))
		s->p++;
	return s->p < s->end;
}

/* Two passes, the first one to count: 32 million words of a byte each are a
 * line that somebody may send, and an array that grows would hold them twice. */
bool
cli_split(struct arena *a, struct str line, struct str **words, size_t *n)
{
	const char *p = line.n ? line.p : "";
	struct scan counted = { p, p + strnlen(p, line.n), NULL, 0 }, s = counted;

	*words = NULL;
	for (*n = 0; at_word(&counted); ++*n)
		if (!read_word(&counted))
			return false;
	*words = arena_array(a, struct str, *n);
	s.out = arena_alloc(a, counted.n + *n);
	for (size_t i = 0; i < *n; i++) {
		size_t start = s.n;

		at_word(&s);
		read_word(&s);
		(*words)[i] = (struct str){ s.out + start, s.n - start };
		s.out[s.n++] = '\0';
	}
	return true;
}

/* ---- writing ---------------------------------------------------------------- */

/* The letter behind the backslash, or 0. */
static char
escape(char c)
{
	switch (c) {
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '\a':
		return 'a';
	case '\b':
		return 'b';
	case '\\':
	case '"':
		return c;
	default:
		return 0;
	}
}

static bool
plain(char c)
{
	return c >= ' ' && c <= '~' && c != '\\' && c != '"';
}

static void
print_escaped(struct buf *b, char c)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char byte = (unsigned char)c;

	if (escape(c))
		buf_put(b, (char[]){ '\\', escape(c) }, 2);
	else
		buf_put(b, (char[]){ '\\', 'x', digits[byte >> 4], digits[byte & 15] }, 4);
}

static void
print_quoted(struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (size_t i = 0, start; i < s.n; i++) {
		for (start = i; i < s.n && plain(s.p[i]); i++)
			;
		buf_put(b, s.p + start, i - start);
		if (i < s.n)
			print_escaped(b, s.p[i]);
	}
	buf_char(b, '"');
}

/* redis-cli has statuses and errors as C strings. */
static void
print_text(struct buf *b, const char *before, struct str s)
{
	buf_str(b, str(before));
	buf_put(b, s.p, s.n ? strnlen(s.p, s.n) : 0);
}

static void print(struct buf *, const struct reply *, size_t indent);

/* Numbers are as wide as the last one; what stands in an array in an array is
 * indented by the number in front of it. */
static void
print_array(struct buf *b, const struct reply *r, size_t indent)
{
	size_t digits = 1;

	for (size_t n = r->n; n >= 10; n /= 10)
		digits++;
	for (size_t i = 0; i < r->n; i++) {
		buf_printf(b, "%*s%*zu) ", i ? (int)indent : 0, "", (int)digits, i + 1);
		print(b, &r->items[i], indent + digits + 2);
	}
}

static void
print(struct buf *b, const struct reply *r, size_t indent)
{
	switch (r->kind) {
	case REPLY_NIL:
	case REPLY_NIL_ARRAY:
		buf_str(b, S("(nil)"));
		break;
	case REPLY_INTEGER:
		buf_str(b, S("(integer) "));
		buf_int(b, r->integer);
		break;
	case REPLY_STATUS:
		print_text(b, "", r->text);
		break;
	case REPLY_BULK:
		print_quoted(b, r->text);
		break;
	case REPLY_ERROR:
		print_text(b, "(error) ", r->text);
		break;
	case REPLY_ARRAY:
		if (r->n) {
			print_array(b, r, indent); /* each item ends its own line */
			return;
		}
		buf_str(b, S("(empty array)"));
		break;
	}
	buf_char(b, '\n');
}

void
cli_print(struct buf *b, const struct reply *r)
{
	print(b, r, 0);
}

void
cli_quote(struct buf *b, struct str word)
{
	bool bare = word.n > 0;

	for (size_t i = 0; i < word.n; i++)
		bare = bare && plain(word.p[i]) && word.p[i] != ' ' && word.p[i] != '\'';
	if (bare)
		buf_str(b, word);
	else
		print_quoted(b, word);
}

/* gsm7.c - how long a text is as SMS, and how it becomes shorter. */
#include "gsm7.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "log.h"

enum { ESCAPE = 0x1b };

/* GSM 03.38, 6.2.1: code points by septet. */
static const uint16_t alphabet[128] = { '@', 0xa3, '$', 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7, '\n', 0xd8,
	0xf8, '\r', 0xc5, 0xe5, 0x394, '_', 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e, 0,
	0xc6, 0xe6, 0xdf, 0xc9, ' ', '!', '"', '#', 0xa4, '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.',
	'/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', 0xa1, 'A', 'B',
	'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V',
	'W', 'X', 'Y', 'Z', 0xc4, 0xd6, 0xd1, 0xdc, 0xa7, 0xbf, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i',
	'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0xe4, 0xf6, 0xf1,
	0xfc, 0xe0 };

/* 6.2.1.1: behind an escape. */
static const struct {
	unsigned char septet;
	uint16_t code;
} extension[] = { { 0x0a, '\f' }, { 0x14, '^' }, { 0x28, '{' }, { 0x29, '}' }, { 0x2f, '\\' }, { 0x3c, '[' },
	{ 0x3d, '~' }, { 0x3e, ']' }, { 0x40, '|' }, { 0x65, 0x20ac } };

/* What no decomposition leads to. */
static const struct {
	utf8proc_int32_t code;
	const char *plain;
} plain_forms[] = {
	{ 0x2018, "'" },
	{ 0x2019, "'" },
	{ 0x201a, "'" },
	{ 0x201b, "'" },
	{ 0x2032, "'" },
	{ 0x2039, "'" },
	{ 0x203a, "'" },
	{ '`', "'" },
	{ 0xb4, "'" },
	{ 0x2bc, "'" },
	{ 0x201c, "\"" },
	{ 0x201d, "\"" },
	{ 0x201e, "\"" },
	{ 0x201f, "\"" },
	{ 0x2033, "\"" },
	{ 0xab, "\"" },
	{ 0xbb, "\"" },
	{ 0x2010, "-" },
	{ 0x2011, "-" },
	{ 0x2012, "-" },
	{ 0x2013, "-" },
	{ 0x2014, "-" },
	{ 0x2015, "-" },
	{ 0x2212, "-" },
	{ 0x2022, "-" },
	{ 0xb7, "-" },
	{ 0x2044, "/" },
	{ 0x2190, "<-" },
	{ 0x2192, "->" },
	{ 0xd7, "x" },
	{ 0xb0, "deg" },
	{ 0xa9, "(c)" },
	{ 0xae, "(R)" },
	{ '\t', " " },
	{ 0x2028, "\n" },
	{ 0x2029, "\n" },
	{ 0x141, "L" },
	{ 0x142, "l" },
	{ 0x110, "D" },
	{ 0x111, "d" },
	{ 0xd0, "D" },
	{ 0xf0, "d" },
	{ 0xde, "Th" },
	{ 0xfe, "th" },
	{ 0x152, "OE" },
	{ 0x153, "oe" },
	{ 0x131, "i" },
	{ 0x126, "H" },
	{ 0x127, "h" },
	{ 0x166, "T" },
	{ 0x167, "t" },
	{ 0x14a, "N" },
	{ 0x14b, "n" },
	{ 0x1e9e, "SS" },
	{ 0x138, "k" },
	{ 0x180, "b" },
	{ 0x268, "i" },
};

/* The septet, with ESCAPE << 8 where it stands behind one; -1: it has none. */
static int
septet_of(utf8proc_int32_t c)
{
	for (int i = 0; i < 128 && c < 0x3ff; i++)
		if (alphabet[i] == c && i != ESCAPE)
			return i;
	for (size_t i = 0; i < LEN(extension); i++)
		if (extension[i].code == c)
			return ESCAPE << 8 | extension[i].septet;
	return -1;
}

/* Takes the first code point off; text that is ill-formed is a bug of ours. */
static utf8proc_int32_t
take(struct str *text)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n =
	    utf8proc_iterate((const utf8proc_uint8_t *)text->p, (utf8proc_ssize_t)text->n, &c);

	if (n <= 0)
		die("text for an SMS is not UTF-8");
	text->p += n;
	text->n -= (size_t)n;
	return c;
}

static bool
is_gsm7(struct str text)
{
	while (text.n > 0)
		if (septet_of(take(&text)) < 0)
			return false;
	return true;
}

struct sms_size
sms_measure(struct str text)
{
	struct sms_size s = { is_gsm7(text) ? SMS_GSM7 : SMS_UCS2, 0, 1 };
	int64_t one = s.encoding == SMS_GSM7 ? 160 : 70, each = s.encoding == SMS_GSM7 ? 153 : 67;
	int64_t segments = 1, used = 0;

	while (text.n > 0) {
		utf8proc_int32_t c = take(&text);
		int64_t units = (s.encoding == SMS_GSM7 ? septet_of(c) > 127 : c > 0xffff) ? 2 : 1;

		if (used + units > each) {
			segments++;
			used = 0;
		}
		used += units;
		s.length += units;
	}
	s.segments = s.length <= one ? 1 : segments;
	return s;
}

/* ---- without marks ----------------------------------------------------------- */

static struct str
mapped(struct arena *a, struct str text, utf8proc_option_t how)
{
	utf8proc_uint8_t *out;
	utf8proc_ssize_t n = utf8proc_map(
	    (const utf8proc_uint8_t *)text.p, (utf8proc_ssize_t)text.n, &out, how | UTF8PROC_STABLE);
	struct str copy;

	if (n < 0)
		die("text for an SMS: %s", utf8proc_errmsg(n));
	copy = arena_dup(a, (struct str){ (const char *)out, (size_t)n });
	free(out);
	return copy;
}

struct str
sms_composed(struct arena *a, struct str text)
{
	return mapped(a, text, UTF8PROC_COMPOSE);
}

/* Appends the plain form of one character; false: it has none. */
static bool
put_plain(struct arena *a, struct buf *out, struct str character, utf8proc_int32_t c)
{
	struct str parts;

	if (septet_of(c) >= 0) {
		buf_str(out, character);
		return true;
	}
	for (size_t i = 0; i < LEN(plain_forms); i++)
		if (plain_forms[i].code == c) {
			buf_str(out, str(plain_forms[i].plain));
			return true;
		}
	if (utf8proc_category(c) == UTF8PROC_CATEGORY_CF || utf8proc_category(c) == UTF8PROC_CATEGORY_MN)
		return true; /* invisible, or a mark of what stands before it */
	parts = mapped(a, character, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
	if (str_eq(parts, character))
		return false;
	while (parts.n > 0) {
		struct str before = parts;
		utf8proc_int32_t part = take(&parts);

		if (!put_plain(a, out, (struct str){ before.p, before.n - parts.n }, part))
			return false;
	}
	return true;
}

struct str
sms_unaccented(struct arena *a, struct str text)
{
	struct str composed = sms_composed(a, text), rest = composed;
	struct buf out = { 0 };
	bool good = true;

	while (rest.n > 0 && good) {
		struct str before = rest;
		utf8proc_int32_t c = take(&rest);

		good = put_plain(a, &out, (struct str){ before.p, before.n - rest.n }, c);
	}
	if (good)
		composed = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return composed;
}

/* ---- cut --------------------------------------------------------------------- */

static bool
fits(struct str text, int64_t segments)
{
	struct sms_size s = sms_measure(text);

	return s.segments <= segments && s.length <= SMS_LENGTH;
}

static struct str
dotted(struct arena *a, struct str text, size_t n, struct str link)
{
	return arena_strf(a, "%.*s...%s%.*s", (int)n, text.p, link.n ? " " : "", FMT(link));
}

/* Where the character before `n` begins. */
static size_t
back(struct str text, size_t n)
{
	do
		n--;
	while (n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80);
	return n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The longest beginning that fits, by halves: what is longer never fits
 * better.  (A shorter one may be GSM 7 where the longer is not: better still.) */
static size_t
longest(struct arena *a, struct str text, struct str link, int64_t segments)
{
	size_t low = 0, high = text.n;

	while (low < high) {
		size_t middle = high - (high - low) / 2;

		while (middle < text.n && middle > low && ((unsigned char)text.p[middle] & 0xc0) == 0x80)
			middle--;
		if (middle == low)
			break;
		if (fits(dotted(a, text, middle, link), segments))
			low = middle;
		else
			high = back(text, middle);
	}
	return low;
}

/* Takes the link at the end off; empty: there is none. */
static struct str
take_link(struct str *text)
{
	size_t n = text->n;
	struct str last;

	while (n > 0 && !is_blank(text->p[n - 1]))
		n--;
	last = (struct str){ text->p + n, text->n - n };
	if (!str_starts(last, "https://") && !str_starts(last, "http://"))
		return S("");
	text->n = n;
	return last;
}

struct str
sms_cut(struct arena *a, struct str text, int64_t segments)
{
	struct str whole = text, link;
	size_t n, word;

	if (fits(text, segments))
		return text;
	link = take_link(&text);
	if (!fits(dotted(a, text, 0, link), segments)) {
		link = S(""); /* not even that */
		text = whole;
	}
	n = longest(a, text, link, segments);
	for (word = n; word > 0 && word < text.n && !is_blank(text.p[word]); word--)
		;
	if (word == 0)
		word = n; /* one word */
	while (word > 0 && is_blank(text.p[word - 1]))
		word--;
	return dotted(a, text, word, link);
}

void
sms_hex(struct buf *out, struct str text)
{
	bool gsm7 = is_gsm7(text);

	while (text.n > 0) {
		utf8proc_int32_t c = take(&text);
		int s = septet_of(c);

		if (gsm7 && s > 127)
			buf_printf(out, "%04X", (unsigned)s);
		else if (gsm7)
			buf_printf(out, "%02X", (unsigned)s);
		else if (c > 0xffff)
			buf_printf(out, "%04X%04X", (unsigned)(0xd7c0 + (c >> 10)),
			    (unsigned)(0xdc00 + (c & 0x3ff)));
		else
			buf_printf(out, "%04X", (unsigned)c);
	}
}

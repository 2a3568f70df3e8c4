/* mime.c - writing an e-mail: RFC 5322, 2045 to 2047. */
#include "mime.h"

#include <string.h>
#include <time.h>

#include "utf8.h"

enum {
	LINE_WANTED = 76, /* an encoded word's line must not be longer; others may have 78 */
	LINE_MOST = 998,
	WORD_FRAME = 12, /* "=?UTF-8?Q?" and "?=" */
	ADDRESS_MOST = 254,
	LOCAL_MOST = 64,
	BOUNDARY_MOST = 70,
};

static const char hex[] = "0123456789ABCDEF";

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return true;
}

/* Fit for a header: UTF-8 without any control character. */
static bool
is_header_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			return false;
	return utf8_text(s);
}

static size_t
column(const struct buf *out)
{
	size_t n = out->n;

	while (n > 0 && out->p[n - 1] != '\n')
		n--;
	return out->n - n;
}

static void
begin(struct mime *m, const char *name)
{
	buf_str(m->out, str(name));
	buf_str(m->out, S(":"));
}

static void
end(struct mime *m)
{
	buf_str(m->out, S("\r\n"));
}

/* A blank, and a new line in front of it where `n` more would not fit. */
static void
blank(struct buf *out, size_t n)
{
	if (column(out) + 1 + n > LINE_WANTED)
		buf_str(out, S("\r\n"));
	buf_char(out, ' ');
}

/* ---- encoded words --------------------------------------------------------- */

static size_t
character(struct str s)
{
	size_t n = 1;

	while (n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
		n++;
	return n;
}

static bool
q_plain(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
}

static size_t
q_size(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += q_plain(s.p[i]) || s.p[i] == ' ' ? 1 : 3;
	return n;
}

static size_t
b_size(size_t n)
{
	return (n + 2) / 3 * 4;
}

static void
q_put(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == ' ')
			buf_char(out, '_');
		else if (q_plain(s.p[i]))
			buf_char(out, s.p[i]);
		else {
			buf_char(out, '=');
			buf_char(out, hex[c >> 4]);
			buf_char(out, hex[c & 15]);
		}
	}
}

static void
b_put(struct buf *out, struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		unsigned v = (unsigned)(unsigned char)s.p[i] << 16;

		v |= i + 1 < s.n ? (unsigned)(unsigned char)s.p[i + 1] << 8 : 0;
		v |= i + 2 < s.n ? (unsigned)(unsigned char)s.p[i + 2] : 0;
		buf_char(out, digits[v >> 18]);
		buf_char(out, digits[v >> 12 & 63]);
		buf_char(out, i + 1 < s.n ? digits[v >> 6 & 63] : '=');
		buf_char(out, i + 2 < s.n ? digits[v & 63] : '=');
	}
}

/* As many whole characters as fit into an encoded word of `room`. */
static size_t
fitting(struct str s, bool base64, size_t room)
{
	size_t n = 0;

	while (n < s.n) {
		size_t more = n + character((struct str){ s.p + n, s.n - n });

		if ((base64 ? b_size(more) : q_size((struct str){ s.p, more })) > room)
			break;
		n = more;
	}
	return n;
}

/* Q where it is shorter (most of it ASCII), else B.  The blanks between two
 * words are no part of the text. */
static void
encoded_words(struct buf *out, struct str s)
{
	bool base64 = b_size(s.n) < q_size(s);

	buf_char(out, ' ');
	while (s.n > 0) {
		size_t used = column(out) + WORD_FRAME;
		size_t n = used < LINE_WANTED ? fitting(s, base64, LINE_WANTED - used) : 0;

		if (n > 0) {
			buf_str(out, base64 ? S("=?UTF-8?B?") : S("=?UTF-8?Q?"));
			(base64 ? b_put : q_put)(out, (struct str){ s.p, n });
			buf_str(out, S("?="));
			s.p += n;
			s.n -= n;
		}
		if (s.n > 0)
			buf_str(out, S("\r\n "));
	}
}

/* ---- headers --------------------------------------------------------------- */

/* Words with one blank between them, none of which is too long for a line. */
static bool
can_fold(struct str s)
{
	size_t word = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ' && word == 0)
			return false;
		word = s.p[i] == ' ' ? 0 : word + 1;
		if (word > LINE_WANTED - 1)
			return false;
	}
	return word > 0 || s.n == 0;
}

static void
folded(struct buf *out, struct str s)
{
	while (s.n > 0) {
		struct str word = str_cut(&s, ' ');

		blank(out, word.n);
		buf_str(out, word);
	}
}

void
mime_text(struct mime *m, const char *name, struct str text)
{
	if (!is_header_text(text)) {
		m->refused = true;
		return;
	}
	begin(m, name);
	if (is_printable(text) && can_fold(text) && (text.n < 2 || memmem(text.p, text.n, "=?", 2) == NULL))
		folded(m->out, text);
	else
		encoded_words(m->out, text);
	end(m);
}

void
mime_plain(struct mime *m, const char *name, struct str value)
{
	if (!is_printable(value) || value.n == 0 || value.n > LINE_MOST - 1) {
		m->refused = true;
		return;
	}
	begin(m, name);
	folded(m->out, value);
	end(m);
}

/* ---- addresses ------------------------------------------------------------- */

static bool
is_atom_char(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_domain_char(char c)
{
	return is_letter_or_digit(c) || c == '-';
}

/* Parts with single dots between them. */
static bool
is_dotted(struct str s, bool (*good)(char))
{
	bool part = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? !part : !good(s.p[i]))
			return false;
		part = s.p[i] != '.';
	}
	return part;
}

bool
mail_address_valid(struct str s)
{
	const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
	struct str local, domain;

	if (at == NULL || s.n > ADDRESS_MOST)
		return false;
	local = (struct str){ s.p, (size_t)(at - s.p) };
	domain = (struct str){ at + 1, s.n - local.n - 1 };
	return local.n <= LOCAL_MOST && is_dotted(local, is_atom_char) && is_dotted(domain, is_domain_char);
}

bool
mail_address_split(struct str given, struct str *display, struct str *address)
{
	const char *open;

	given = str_trim(given);
	*display = S("");
	*address = given;
	if (given.n > 0 && given.p[given.n - 1] == '>' && (open = memrchr(given.p, '<', given.n)) != NULL) {
		*display = str_trim((struct str){ given.p, (size_t)(open - given.p) });
		*address = (struct str){ open + 1, given.n - (size_t)(open - given.p) - 2 };
	}
	if (display->n >= 2 && display->p[0] == '"' && display->p[display->n - 1] == '"')
		*display = (struct str){ display->p + 1, display->n - 2 };
	return mail_address_valid(*address) && is_header_text(*display);
}

static bool
is_atoms(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != ' ' && !is_atom_char(s.p[i]))
			return false;
	return can_fold(s) && memmem(s.p, s.n, "=?", 2) == NULL;
}

/* A quoted string stands on one line; a longer name is encoded instead. */
static bool
can_quote(struct str s)
{
	return is_printable(s) && s.n <= 50 && memmem(s.p, s.n, "=?", 2) == NULL;
}

static void
quoted(struct buf *out, struct str s)
{
	buf_str(out, S(" \""));
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, s.p[i]);
	}
	buf_char(out, '"');
}

void
mime_address(struct mime *m, const char *name, struct str display, struct str address)
{
	if (!is_header_text(display) || !mail_address_valid(address)) {
		m->refused = true;
		return;
	}
	begin(m, name);
	if (display.n == 0)
		;
	else if (is_atoms(display))
		folded(m->out, display);
	else
		(can_quote(display) ? quoted : encoded_words)(m->out, display);
	blank(m->out, address.n + 2);
	buf_printf(m->out, display.n ? "<%.*s>" : "%.*s", FMT(address));
	end(m);
}

void
mime_date(struct mime *m, const char *name, int64_t at)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
		"Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(at / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	buf_printf(m->out, "%s: %s, %d %s %d %02d:%02d:%02d +0000\r\n", name, days[tm.tm_wday], tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* ---- the body -------------------------------------------------------------- */

/* Of the character at the beginning: its encoded form's length. */
static size_t
qp_size(struct str s, bool last, bool first)
{
	char c = s.p[0];

	if (c == ' ' || c == '\t')
		return last ? 3 : 1; /* a blank at the end of a line would be lost on the way */
	if (first && s.n >= 5 && memcmp(s.p, "From ", 5) == 0)
		return 3; /* as it would begin another message in a mailbox file */
	if (c >= '!' && c <= '~' && c != '=')
		return 1;
	return character(s) * 3;
}

/* What stands for itself within a line. */
static inline bool
qp_plain(char c)
{
	return (c >= ' ' && c <= '~' && c != '=') || c == '\t';
}

/* A character's bytes, encoded if they take more than one place. */
static char *
qp_character(char *to, const char *p, size_t n, size_t size)
{
	if (size == 1)
		*to++ = *p;
	else
		for (size_t i = 0; i < n; i++) {
			*to++ = '=';
			*to++ = hex[(unsigned char)p[i] >> 4];
			*to++ = hex[(unsigned char)p[i] & 15];
		}
	return to;
}

/* Nearly all of a mail goes through here. */
static void
qp_line(struct buf *out, struct str line)
{
	char *begin = buf_room(out, line.n * 3 + (line.n * 3 / (LINE_WANTED - 12) + 1) * 3), *to = begin;
	size_t used = 0;

	while (line.n > 0) {
		size_t n = 1, size = 1;

		if (used == 0 || used >= LINE_WANTED - 1 || line.n == 1 || !qp_plain(line.p[0])) {
			n = character(line);
			size = qp_size(line, line.n == n, used == 0);
			if (used + size > (line.n == n ? LINE_WANTED : LINE_WANTED - 1)) {
				memcpy(to, "=\r\n", 3);
				to += 3;
				used = 0;
				size = qp_size(line, line.n == n, true);
			}
		}
		to = qp_character(to, line.p, n, size);
		used += size;
		line.p += n;
		line.n -= n;
	}
	out->n += (size_t)(to - begin);
}

void
quoted_printable(struct buf *out, struct str text)
{
	while (text.n > 0) {
		const char *feed = memchr(text.p, '\n', text.n);
		size_t n = feed ? (size_t)(feed - text.p) : text.n;
		const char *back = memchr(text.p, '\r', n);

		if (back != NULL)
			n = (size_t)(back - text.p);
		qp_line(out, (struct str){ text.p, n });
		if (n < text.n) {
			buf_str(out, S("\r\n"));
			n += back != NULL && back + 1 == feed ? 2 : 1;
		}
		text.p += n;
		text.n -= n;
	}
}

static void
part(struct buf *out, const char *type, const struct mime_part *p)
{
	buf_str(out, S("Content-Type: text/"));
	buf_str(out, str(type));
	buf_str(out, S("; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"));
	buf_str(out, p->before);
	quoted_printable(out, p->text);
	buf_str(out, p->after);
	buf_str(out, S("\r\n"));
}

static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_letter_or_digit(s.p[i]) && s.p[i] != '_')
			return false;
	return s.n > 0 && s.n <= BOUNDARY_MOST - 2;
}

void
mime_body(struct mime *m, struct str id, const struct mime_part *text, const struct mime_part *html)
{
	struct buf *out = m->out;

	m->refused = m->refused || !is_word(id);
	if (m->refused)
		return;
	buf_str(out, S("MIME-Version: 1.0\r\n"));
	if (html == NULL) {
		part(out, "plain", text);
		return;
	}
	buf_printf(out, "Content-Type: multipart/alternative;\r\n boundary=\"=_%.*s\"\r\n\r\n--=_%.*s\r\n",
	    FMT(id), FMT(id));
	part(out, "plain", text);
	buf_printf(out, "--=_%.*s\r\n", FMT(id));
	part(out, "html", html);
	buf_printf(out, "--=_%.*s--\r\n", FMT(id));
}

/*
 * prose.c - a post's text as HTML.
 *
 * The text is written piece by piece from left to right, a <mark> closed before
 * and opened again behind every other tag, and a paragraph or line begun only
 * when there is something to write in it: so tags are always balanced.
 */
#include "prose.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "entity.h"
#include "html.h"
#include "text.h"
#include "utf8.h"

enum {
	LABEL_BYTES = 63,
	HOST_BYTES = 253,
	CAPITAL_I_WITH_DOT = 0x130, /* lower case and mapping of hosts differ */
	LINE_SEPARATOR = 0x2028,
	PARAGRAPH_SEPARATOR = 0x2029,
};

struct writer {
	struct res *rs;
	struct arena *arena;
	const struct prose *how;
	struct str text;
	size_t mark; /* the first that does not end before here */
	bool marked; /* <mark> is open */
	bool open;   /* <p> is open */
	int breaks;  /* lines ended since something was written */
};

/* ---- hosts ---------------------------------------------------------------- */

static utf8proc_int32_t
char_at(struct str s, size_t i, size_t *length)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n =
	    utf8proc_iterate((const utf8proc_uint8_t *)s.p + i, (utf8proc_ssize_t)(s.n - i), &c);

	*length = n > 0 ? (size_t)n : 1;
	return n > 0 ? c : 0xfffd;
}

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* RFC 3492, 6.1. */
static unsigned
punycode_bias(unsigned delta, unsigned points, bool first)
{
	unsigned k = 0;

	delta /= first ? 700 : 2;
	delta += delta / points;
	for (; delta > 455; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

static void
punycode_number(struct buf *out, unsigned q, unsigned bias)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (unsigned k = 36;; k += 36) {
		unsigned t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;

		if (q < t)
			break;
		buf_char(out, digits[t + (q - t) % (36 - t)]);
		q = (q - t) / (36 - t);
	}
	buf_char(out, digits[q]);
}

/* RFC 3492, 6.3, of a label of at most LABEL_BYTES code points: no overflow. */
static void
punycode(struct buf *out, const unsigned *points, unsigned n)
{
	unsigned basic = 0, done, now = 0x80, delta = 0, bias = 72;

	for (unsigned i = 0; i < n; i++)
		if (points[i] < 0x80) {
			buf_char(out, (char)points[i]);
			basic++;
		}
	if (basic > 0)
		buf_char(out, '-');
	for (done = basic; done < n; now++, delta++) {
		unsigned next = 0x110000;

		for (unsigned i = 0; i < n; i++)
			if (points[i] >= now && points[i] < next)
				next = points[i];
		delta += (next - now) * (done + 1);
		now = next;
		for (unsigned i = 0; i < n; i++) {
			delta += points[i] < now;
			if (points[i] != now)
				continue;
			punycode_number(out, delta, bias);
			bias = punycode_bias(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

/* Appends a label in ASCII; false: it is none. */
static bool
put_label(struct buf *out, struct str label)
{
	unsigned points[LABEL_BYTES], n = 0;
	size_t before = out->n, step;
	bool ascii = true;

	for (size_t i = 0; i < label.n; i += step) {
		utf8proc_int32_t c = char_at(label, i, &step);
		utf8proc_category_t k = utf8proc_category(c);

		if (n == LABEL_BYTES || c == CAPITAL_I_WITH_DOT)
			return false;
		if (c < 0x80 ? !is_plain((char)c) : k < UTF8PROC_CATEGORY_LU || k > UTF8PROC_CATEGORY_ND)
			return false;
		ascii = ascii && c < 0x80;
		points[n++] = (unsigned)c;
	}
	if (ascii) {
		buf_str(out, label);
	} else {
		buf_str(out, S("xn--"));
		punycode(out, points, n);
	}
	return n > 0 && out->n - before <= LABEL_BYTES;
}

static utf8proc_int32_t
lower(utf8proc_int32_t c, void *unused)
{
	(void)unused;
	return c == CAPITAL_I_WITH_DOT ? c : utf8proc_tolower(c);
}

static bool
map(struct arena *a, struct str *s, unsigned options, utf8proc_custom_func change)
{
	utf8proc_uint8_t *out = NULL;
	utf8proc_ssize_t n = utf8proc_map_custom((const utf8proc_uint8_t *)s->p, (utf8proc_ssize_t)s->n, &out,
	    (utf8proc_option_t)(UTF8PROC_STABLE | options), change, NULL);

	if (n < 0)
		return false;
	*s = arena_dup(a, (struct str){ (char *)out, (size_t)n });
	free(out);
	return true;
}

bool
host_ascii(struct arena *a, struct str host, struct str *ascii)
{
	struct buf out = { 0 };
	bool good = host.n > 0 && host.n <= 4 * (size_t)HOST_BYTES &&
		    map(a, &host, UTF8PROC_COMPOSE | UTF8PROC_COMPAT, NULL) &&
		    map(a, &host, UTF8PROC_COMPOSE, lower);

	if (good && str_ends(host, "."))
		host.n--;
	for (struct str rest = host; good && rest.p != NULL;) {
		bool last = memchr(rest.p, '.', rest.n) == NULL;
		struct str label = str_cut(&rest, '.');

		good = put_label(&out, label);
		if (last)
			break;
		buf_char(&out, '.');
	}
	good = good && out.n <= HOST_BYTES;
	*ascii = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return good;
}

/* ---- runs of text --------------------------------------------------------- */

static bool
is_newline(utf8proc_int32_t c)
{
	return c == '\n' || c == '\r' || c == LINE_SEPARATOR || c == PARAGRAPH_SEPARATOR;
}

static bool
is_blank(utf8proc_int32_t c)
{
	return c == ' ' || c == '\t' || (c >= 0x80 && utf8proc_category(c) == UTF8PROC_CATEGORY_ZS);
}

/* Not to be seen, and it makes something of what is: an embedding, an override, an
 * isolate; a control character. */
static bool
is_odd(utf8proc_int32_t c)
{
	return (c < ' ' && c != '\t') || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static bool
is_combining(utf8proc_int32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	return k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME;
}

static void
set_mark(struct writer *w, bool on)
{
	if (on != w->marked)
		buf_str(&w->rs->body, on ? S("<mark>") : S("</mark>"));
	w->marked = on;
}

/* The paragraph and the line that what follows stands in. */
static void
begin(struct writer *w)
{
	if (!w->open || w->breaks > 1)
		html(w->rs, w->open ? "</p>\n<p dir=\"auto\">" : "<p dir=\"auto\">");
	else if (w->breaks == 1)
		html(w->rs, "<br>\n");
	w->open = true;
	w->breaks = 0;
}

static bool
marked_at(struct writer *w, size_t i)
{
	while (w->mark < w->how->nmarks && w->how->marks[w->mark].to <= i)
		w->mark++;
	return w->mark < w->how->nmarks && w->how->marks[w->mark].from <= i;
}

static void
put(struct writer *w, size_t from, size_t to)
{
	html(w->rs, "%.*s", (int)(to - from), w->text.p + from);
}

/* Part of a line.  A mark is not opened or closed before what combines. */
static void
write_run(struct writer *w, size_t from, size_t to)
{
	size_t written = from, n;

	for (size_t i = from; i < to; i += n) {
		utf8proc_int32_t c = char_at(w->text, i, &n);
		bool mark = marked_at(w, i);

		if (mark != w->marked && (i == from || !is_combining(c))) {
			put(w, written, i);
			set_mark(w, mark);
			written = i;
		}
		if (is_odd(c)) {
			put(w, written, i);
			html(w->rs, "<code class=\"odd\">%s</code>",
			    arena_printf(w->arena, "U+%04X", (unsigned)c));
			written = i + n;
		}
	}
	put(w, written, to);
	set_mark(w, false);
}

/* What has no entities in it. */
static void
write_plain(struct writer *w, size_t from, size_t to)
{
	size_t n = 0, end;

	for (size_t i = from; i < to; i = end + (end < to ? n : 0)) {
		if (!w->open || w->breaks > 0)
			while (i < to && is_blank(char_at(w->text, i, &n)))
				i += n;
		for (end = i; end < to && !is_newline(char_at(w->text, end, &n)); end += n)
			;
		if (end > i) {
			begin(w);
			write_run(w, i, end);
		}
		if (end < to &&
		    !(w->text.p[end] == '\r' && end + 1 < w->text.n && w->text.p[end + 1] == '\n'))
			w->breaks += w->breaks < 2;
	}
}

/* ---- entities ------------------------------------------------------------- */

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* A link on this site. */
static void
write_internal(struct writer *w, const struct entity *e, const char *class, const char *path)
{
	struct str text = { w->text.p + e->from, e->to - e->from };

	begin(w);
	html(w->rs, "<a class=\"%s\"", class);
	html(w->rs, is_ascii(text) ? " href=\"%s\">" : " dir=\"auto\" href=\"%s\">", path);
	write_run(w, e->from, e->to);
	html(w->rs, "</a>");
}

static void
write_hashtag(struct writer *w, const struct entity *e)
{
	struct str id;
	bool place = w->how->shelter != NULL && w->how->shelter(w->how->arg, e->key, &id);

	write_internal(w, e, place ? "tag place" : "tag",
	    place ? url(w->arena, "/shelters/%.*s", FMT(id)) : url(w->arena, "/hashtags/%.*s", FMT(e->key)));
}

static void
write_mention(struct writer *w, const struct entity *e)
{
	if (w->how->user != NULL && w->how->user(w->how->arg, e->key))
		write_internal(w, e, "mention", url(w->arena, "/posts?user=%.*s", FMT(e->key)));
	else
		write_plain(w, e->from, e->to);
}

struct link {
	bool secure;
	size_t host, rest, to; /* bytes of the text; rest: port, path and all */
	struct str ascii;      /* the host */
};

static bool
is_port(struct str s)
{
	int64_t port;

	return s.n == 0 || str_int(s, 1, 65535, &port);
}

static bool
link_read(struct writer *w, const struct entity *e, struct link *l)
{
	struct str authority = e->key, host;

	*l = (struct link){ .secure = e->key.p[4] == 's' || e->key.p[4] == 'S', .to = e->to };
	l->host = e->from + strlen(l->secure ? "https://" : "http://");
	authority = (struct str){ w->text.p + l->host, e->to - l->host };
	for (size_t i = 0; i < authority.n; i++)
		if (strchr("/?#", authority.p[i]) != NULL)
			authority.n = i;
	if (memchr(authority.p, '@', authority.n) != NULL)
		return false;
	host = str_cut(&authority, ':');
	l->rest = l->host + host.n;
	return is_port(authority) && host_ascii(w->arena, host, &l->ascii);
}

/* Where to cut off what is shown of a path: behind `room` code points and what
 * combines with the last. */
static size_t
cut_at(struct str text, size_t from, size_t to, size_t room)
{
	size_t i, n;

	for (i = from; i < to; i += n)
		if (!is_combining(char_at(text, i, &n)) && room-- == 0)
			break;
	return i;
}

/* Whether a mark is in [from, to). */
static bool
marked_within(struct writer *w, size_t from, size_t to)
{
	bool marked = marked_at(w, from);

	return from < to && (marked || (w->mark < w->how->nmarks && w->how->marks[w->mark].from < to));
}

/* What stands for [from, to). */
static void
write_instead(struct writer *w, size_t from, size_t to, struct str shown)
{
	set_mark(w, marked_within(w, from, to));
	html(w->rs, "%.*s", FMT(shown));
	set_mark(w, false);
}

static void
write_shown(struct writer *w, const struct link *l)
{
	struct str host = { w->text.p + l->host, l->rest - l->host };
	bool bare = l->to - l->rest == 1 && w->text.p[l->rest] == '/';
	size_t most = LINK_SHOWN * 3 / 4, room = LINK_SHOWN, cut;

	if (l->ascii.n > most) {
		host = (struct str){ l->ascii.p + l->ascii.n - most, most };
		write_instead(w, l->host, l->rest, arena_strf(w->arena, "…%.*s", FMT(host)));
		room -= most;
	} else {
		if (str_eq(host, l->ascii))
			write_run(w, l->host, l->rest);
		else
			write_instead(w, l->host, l->rest, l->ascii);
		room -= l->ascii.n;
	}
	cut = bare ? l->rest : cut_at(w->text, l->rest, l->to, room);
	write_run(w, l->rest, cut);
	if (cut < l->to && !bare)
		write_instead(w, cut, l->to, S("…"));
}

static void
write_link(struct writer *w, const struct entity *e)
{
	struct link l;
	struct str path;

	if (!link_read(w, e, &l)) {
		write_plain(w, e->from, e->to);
		return;
	}
	path = (struct str){ w->text.p + l.rest, l.to - l.rest };
	begin(w);
	html(w->rs, "<a dir=\"ltr\" rel=\"nofollow noopener noreferrer ugc\" href=\"%s%.*s%.*s\">",
	    l.secure ? "https://" : "http://", FMT(l.ascii), FMT(path));
	write_shown(w, &l);
	html(w->rs, "</a>");
}

void
prose_html(struct res *rs, struct arena *a, struct str text, const struct prose *how)
{
	static void (*const writers[])(struct writer *, const struct entity *) = {
		[ENTITY_HASHTAG] = write_hashtag,
		[ENTITY_MENTION] = write_mention,
		[ENTITY_LINK] = write_link,
	};
	struct writer w = { .rs = rs, .arena = a, .how = how, .text = text };
	struct entity *list;
	size_t n = entities_of(a, text, &list), at = 0;

	for (size_t i = 0; i < n; i++) {
		write_plain(&w, at, list[i].from);
		writers[list[i].kind](&w, &list[i]);
		at = list[i].to;
	}
	write_plain(&w, at, text.n);
	if (w.open)
		html(rs, "</p>\n");
}

/*
 * text.c - any text as a post: what entities.h and prose.h promise of it.
 *
 * The first byte tells how the rest is to be taken: as bytes, or each as a piece of
 * text (so that a mutation is another character, not an ill-formed one), with which
 * marks, and whether shelters and people are known.
 */
#include "fuzz.h"

#include <utf8proc.h>

#include "entity.h"
#include "prose.h"
#include "text.h"
#include "utf8.h"

enum { SHOWN_LINK = 0x110000, PIECES = 112, PIECE_BYTES = 16, MARKS = 64 };

static const char *const pieces[PIECES] = { "#", "#", "＃", "@", "http://", "https://", "hTTp://", "h", "://",
	"/", "&", "=", ":", ".", "-", "_", " ", "\n", "\r", "\n\n", "\t", "a", "b", "Z", "0", "9", "RO-",
	"CJ-", "01", "ana", "a.ro", "www.", "?", "(", ")", "[", "]", "!", ",", ";", "'", "\"", "<", ">",
	"<!--#", "-->", "&lt;", "</p>", "%", "%s", "\\", "{", "|", "*", "+", "~", "$", ":80", "xn--", "ă",
	"ș", "Ț", "ő", "İ", "ı", "ß", "ẞ", "ſ", "ệ", "ж", "Ё", "Σ", "ς", "ᾼ", "ب", "ש", "־", "׳", "״", "हि",
	"क्", "น้ำ", "་", "༌", "한", "\u1100", "\u1161", "避", "か", "ガ", "ー", "・", "〜", "～", "。", "Ａ",
	"９", "．", "🔥", "👩", "\u200d", "\u200c", "\ufe0f", "\ufe0e", "\u20e3", "\u0301", "\u0326", "\u0345",
	"\u202e", "\u2066", "\u200f", "\U000e0100" };

static struct arena *mem;
static struct res page;

struct shown {
	int32_t c; /* or SHOWN_LINK, for a whole link to elsewhere */
	bool marked;
};
static struct shown *shown;
static size_t nshown, shown_room;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	mem = arena_new();
	return 0;
}

static int32_t
code_point(struct str s, size_t i, size_t *n)
{
	int32_t c;

	*n = (size_t)utf8proc_iterate((const uint8_t *)s.p + i, (utf8proc_ssize_t)(s.n - i), &c);
	return c;
}

/* ---- the text ------------------------------------------------------------- */

/* A byte is a piece, or with the two behind it a code point. */
static struct str
text_of_pieces(const uint8_t *data, size_t size)
{
	char *text = arena_alloc(mem, size * PIECE_BYTES + 1);
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		int32_t c = 0;

		if (data[i] < PIECES) {
			size_t n = strlen(pieces[data[i]]);

			memcpy(text + used, pieces[data[i]], n);
			used += n;
			continue;
		}
		for (int k = 0; k < 2 && i + 1 < size; k++)
			c = c << 8 | data[++i];
		used += (size_t)utf8proc_encode_char(c, (uint8_t *)text + used);
	}
	return utf8_mend(mem, (struct str){ text, used });
}

/* Marks on some code points, or where the text's beginning is found. */
static size_t
marks_of(struct str text, unsigned how, struct text_mark **marks)
{
	struct text_search search = { .query = { text.p, text.n < 12 ? text.n : 12 } };
	size_t n = 0, count = 0, length;

	*marks = NULL;
	if (how == 0)
		return 0;
	if (how == 1)
		return text_marks(mem, &search, text, marks);
	*marks = arena_array(mem, struct text_mark, MARKS);
	for (size_t i = 0; i < text.n && n < MARKS; i += length, count++) {
		code_point(text, i, &length);
		if (count % how == 0)
			(*marks)[n++] = (struct text_mark){ i, i + length };
		else if (count % how < how / 2)
			(*marks)[n - 1].to += length;
	}
	return n;
}

static bool
some_shelter(void *arg, struct str key, struct str *id)
{
	(void)arg;
	*id = S("RO-CJ-01");
	return str_is(key, "ro-cj-01") || key.n == 1;
}

static bool
some_user(void *arg, struct str name)
{
	(void)arg;
	return name.n == 3;
}

/* ---- entities and keys ---------------------------------------------------- */

static void
a_key_is_its_own_key(struct str key)
{
	struct str again;

	hold(hashtag_key(mem, key, &again));
	hold(str_eq(again, key));
	hold(key.n <= 4 * HASHTAG_MAX && utf8_length(key) <= HASHTAG_MAX);
}

static size_t
entities_are_in_order_and_have_keys(struct str text, struct entity **list)
{
	size_t n = entities_of(mem, text, list), at = 0;

	hold(n <= ENTITIES_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct entity *e = &(*list)[i];
		struct str whole = { text.p + e->from, e->to - e->from }, key;

		hold(e->from >= at && e->from < e->to && e->to <= text.n);
		at = e->to;
		hold(e->key.n > 0);
		if (e->kind == ENTITY_MENTION)
			hold(e->key.n == whole.n - 1 && e->key.n <= MENTION_MAX);
		if (e->kind == ENTITY_LINK)
			hold(str_eq(e->key, whole));
		if (e->kind != ENTITY_HASHTAG)
			continue;
		hold(hashtag_key(mem, whole, &key) && str_eq(key, e->key));
		hold(utf8_text(key));
		a_key_is_its_own_key(key);
	}
	return n;
}

/* In NFD it is the same tag. */
static void
normal_forms_have_the_same_keys(struct str text, const struct entity *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str key;
		uint8_t *nfd;

		if (list[i].kind != ENTITY_HASHTAG)
			continue;
		nfd = utf8proc_NFD((const uint8_t *)arena_dup(
		    mem, (struct str){ text.p + list[i].from, list[i].to - list[i].from })
				       .p);
		hold(hashtag_key(mem, str((const char *)nfd), &key));
		hold(str_eq(key, list[i].key));
		free(nfd);
	}
}

static void
a_host_is_of_letters_digits_and_hyphens(struct str bytes)
{
	struct str ascii;

	if (!host_ascii(mem, bytes, &ascii))
		return;
	hold(ascii.n > 0 && ascii.n <= 253);
	hold(strspn(ascii.p, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ascii.n);
}

/* ---- HTML, read back ------------------------------------------------------ */

static void
show(int32_t c, bool marked)
{
	if (nshown == shown_room) {
		shown_room = shown_room ? 2 * shown_room : 1024;
		shown = realloc(shown, shown_room * sizeof(*shown));
		hold(shown != NULL);
	}
	shown[nshown++] = (struct shown){ c, marked };
}

static bool
take(struct str *rest, const char *what)
{
	if (rest->n == 0 || rest->p[0] != what[0] || !str_starts(*rest, what))
		return false;
	rest->p += strlen(what);
	rest->n -= strlen(what);
	return true;
}

/* A character of text or of a value. */
static int32_t
take_char(struct str *rest)
{
	static const struct {
		const char *as;
		int32_t c;
	} named[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' },
		{ "&#39;", '\'' } };
	size_t n;
	int32_t c;

	for (size_t i = 0; i < LEN(named) && rest->p[0] == '&'; i++)
		if (take(rest, named[i].as))
			return named[i].c;
	c = code_point(*rest, 0, &n);
	hold(c != '<' && c != '>' && c != '&' && c != '"' && c != '\'' && c != 0);
	rest->p += n;
	rest->n -= n;
	return c;
}

/* The attributes of <a; whether it leads elsewhere. */
static bool
take_link(struct str *rest)
{
	static const char *const inside[] = { "/hashtags/", "/shelters/", "/posts?user=" };
	bool out = take(rest, " dir=\"ltr\" rel=\"nofollow noopener noreferrer ugc\" href=\"");

	if (out) {
		size_t host;

		hold(take(rest, "http://") || take(rest, "https://"));
		host = strspn(rest->p, "abcdefghijklmnopqrstuvwxyz0123456789-_.");
		hold(host > 0 && strchr(":/?#\"", rest->p[host]) != NULL);
	} else {
		bool known = false;

		hold(take(rest, " class=\"tag\"") || take(rest, " class=\"tag place\"") ||
		     take(rest, " class=\"mention\""));
		take(rest, " dir=\"auto\"");
		hold(take(rest, " href=\""));
		for (size_t i = 0; i < LEN(inside); i++)
			known = known || take(rest, inside[i]);
		hold(known &&
		     strspn(rest->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%") ==
			 strcspn(rest->p, "\""));
	}
	while (!take(rest, "\">"))
		hold(take_char(rest) > ' ');
	return out;
}

/* Reads the page into `shown`: every tag is one of ours, in its place, and closed. */
static void
html_is_balanced(struct str html)
{
	bool p = false, a = false, out = false, mark = false, code = false;

	nshown = 0;
	while (html.n) {
		if (html.p[0] != '<') {
			int32_t c = take_char(&html);

			hold(p);
			if (!out)
				show(c, mark);
		} else if (take(&html, "<p dir=\"auto\">")) {
			hold(!p);
			p = true;
		} else if (take(&html, "</p>\n")) {
			hold(p && !a && !mark && !code);
			p = false;
		} else if (take(&html, "<br>\n")) {
			hold(p && !a && !mark && !code);
		} else if (take(&html, "<mark>")) {
			hold(p && !mark && !code);
			mark = true;
		} else if (take(&html, "</mark>")) {
			hold(mark && !code);
			mark = false;
		} else if (take(&html, "<code class=\"odd\">")) {
			hold(p && !code);
			code = true;
		} else if (take(&html, "</code>")) {
			hold(code);
			code = false;
		} else if (take(&html, "<a")) {
			hold(p && !a && !mark && !code);
			a = true;
			out = take_link(&html);
			if (out)
				show(SHOWN_LINK, false);
		} else {
			hold(take(&html, "</a>"));
			hold(a && !mark && !code);
			a = out = false;
		}
	}
	hold(!p);
}

static bool
is_blank(int32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	return c == '\n' || c == '\r' || c == '\t' ||
	       (k >= UTF8PROC_CATEGORY_ZS && k <= UTF8PROC_CATEGORY_ZP);
}

static bool
is_combining(int32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	return k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME;
}

static bool
is_odd(int32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool
in_marks(const struct prose *how, size_t i)
{
	for (size_t k = 0; k < how->nmarks; k++)
		if (how->marks[k].from <= i && i < how->marks[k].to)
			return true;
	return false;
}

/* Blanks apart, all that is in the text stands in the page, in its order, marked
 * where it is to be. */
static void
nothing_is_lost_or_added(struct str text, const struct prose *how, const struct entity *list, size_t n)
{
	size_t at = 0, length;

	for (size_t i = 0; i < text.n; i += length) {
		int32_t c = code_point(text, i, &length);
		char number[16];

		while (n > 0 && list->to <= i) {
			list++;
			n--;
		}
		while (at < nshown && is_blank(shown[at].c))
			at++;
		if (is_blank(c))
			continue;
		hold(at < nshown);
		if (shown[at].c == SHOWN_LINK) {
			hold(n > 0 && list->kind == ENTITY_LINK && list->from == i);
			length = list->to - i;
			at++;
			continue;
		}
		if (is_odd(c)) {
			snprintf(number, sizeof(number), "U+%04X", (unsigned)c);
			for (const char *p = number; *p; p++, at++)
				hold(at < nshown && shown[at].c == *p);
			continue;
		}
		hold(shown[at].c == c);
		hold(is_combining(c) || shown[at].marked == in_marks(how, i));
		at++;
	}
	while (at < nshown && is_blank(shown[at].c))
		at++;
	hold(at == nshown);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned mode = size ? data[0] : 0;
	struct str bytes = { (const char *)data + (size > 0), size - (size > 0) }, text, key;
	struct prose how = { 0 };
	struct text_mark *marks;
	struct entity *list;
	size_t n;

	if (mode & 1) {
		entities_of(mem, bytes, &list);
		text = utf8_mend(mem, bytes);
	} else {
		text = text_of_pieces((const uint8_t *)bytes.p, bytes.n);
	}
	if (mode & 2)
		how = (struct prose){ .shelter = some_shelter, .user = some_user };
	how.nmarks = marks_of(text, mode >> 2 & 7, &marks);
	how.marks = marks;
	n = entities_are_in_order_and_have_keys(text, &list);
	normal_forms_have_the_same_keys(text, list, n);
	if (hashtag_key(mem, mode & 1 ? bytes : text, &key))
		a_key_is_its_own_key(key);
	a_host_is_of_letters_digits_and_hyphens(mode & 1 ? bytes : text);
	page.body.n = 0;
	prose_html(&page, mem, text, &how);
	html_is_balanced((struct str){ page.body.p, page.body.n });
	nothing_is_lost_or_added(text, &how, list, n);
	arena_reset(mem);
	return 0;
}

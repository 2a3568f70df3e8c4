/*
 * entity.c - what stands out in a post's text.
 *
 * One pass from left to right.  A run that turns out to be no entity is looked at
 * once more, for others in it; it holds nothing that begins one of its own kind,
 * so no character is looked at more than a few times.
 */
#include "entity.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "log.h"
#include "utf8.h"

enum {
	ZWNJ = 0x200c,
	ZWJ = 0x200d,
	TEXT_SELECTOR = 0xfe0e,
	EMOJI_SELECTOR = 0xfe0f,
	KEYCAP = 0x20e3,
	FULLWIDTH_HASH = 0xff03,
	YPOGEGRAMMENI = 0x345,
	WRITTEN_MAX =
	    4 * HASHTAG_MAX, /* code points that can be HASHTAG_MAX in NFC; a few more marks are no tag */
};

/* The code point at byte i and its length; -1 at the end and for what is no text. */
static utf8proc_int32_t
at(struct str s, size_t i, size_t *length)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	*length = i < s.n;
	if (i >= s.n)
		return -1;
	n = utf8proc_iterate((const utf8proc_uint8_t *)s.p + i, (utf8proc_ssize_t)(s.n - i), &c);
	if (n <= 0)
		return -1;
	*length = (size_t)n;
	return c;
}

static utf8proc_int32_t
peek(struct str s, size_t i)
{
	size_t length;

	return at(s, i, &length);
}

static bool
follows(struct str s, size_t i, const char *what)
{
	return i <= s.n && str_starts((struct str){ s.p + i, s.n - i }, what);
}

/* ---- classes of characters ------------------------------------------------ */

static bool
is_ascii_word(utf8proc_int32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_selector(utf8proc_int32_t c)
{
	return (c >= 0xfe00 && c <= EMOJI_SELECTOR) || (c >= 0xe0100 && c <= 0xe01ef);
}

/* What a tag must have one of. */
static bool
is_letter(utf8proc_int32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_ME && !is_selector(c);
}

/* Nothing to see at the end of a tag, or not part of its last word. */
static bool
is_loose_joiner(utf8proc_int32_t c)
{
	static const utf8proc_int32_t joiners[] = { ZWNJ, ZWJ, 0xb7, 0x5be, 0xf0b, 0xf0c, 0x301c, 0x3003,
		0x30a0, 0x30fb, 0xff5e };

	for (size_t i = 0; i < LEN(joiners); i++)
		if (joiners[i] == c)
			return true;
	return false;
}

static bool
is_joiner(utf8proc_int32_t c)
{
	return is_loose_joiner(c) || c == 0x5f3 || c == 0x5f4 || c == 0x309b || c == 0x309c || c == 0xa67e;
}

static bool
is_word(utf8proc_int32_t c)
{
	utf8proc_category_t k;

	if (c < 0x80)
		return is_ascii_word(c) || c == '_';
	k = utf8proc_category(c);
	return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_ND) || is_joiner(c);
}

static bool
is_hash(utf8proc_int32_t c)
{
	return c == '#' || c == FULLWIDTH_HASH;
}

/* ---- keys ----------------------------------------------------------------- */

/* Simple case folding: what folds to several letters goes to lower case, or stays.
 * On text in NFD, so that the dot of a capital I with a dot stays what it is. */
static utf8proc_int32_t
fold_char(utf8proc_int32_t c, void *unused)
{
	utf8proc_int32_t folded[8];
	int boundary = UTF8PROC_BOUNDCLASS_START;

	(void)unused;
	if (c == YPOGEGRAMMENI) /* a mark, that would become a letter */
		return c;
	if (utf8proc_decompose_char(c, folded, (utf8proc_ssize_t)LEN(folded), UTF8PROC_CASEFOLD, &boundary) ==
	    1)
		return folded[0];
	return utf8proc_tolower(c);
}

static struct str
mapped(struct arena *a, struct str s, unsigned options, utf8proc_custom_func change)
{
	utf8proc_uint8_t *out = NULL;
	utf8proc_ssize_t n = utf8proc_map_custom((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &out,
	    (utf8proc_option_t)(UTF8PROC_STABLE | options), change, NULL);

	if (n < 0)
		die("utf8proc_map: %s", utf8proc_errmsg(n));
	s = arena_dup(a, (struct str){ (char *)out, (size_t)n });
	free(out);
	return s;
}

static struct str
without_loose_joiners(struct str s)
{
	size_t n, end = 0;

	while (s.n && is_loose_joiner(at(s, 0, &n)))
		s = (struct str){ s.p + n, s.n - n };
	for (size_t i = 0; i < s.n; i += n)
		if (!is_loose_joiner(at(s, i, &n)))
			end = i + n;
	return (struct str){ s.p, end };
}

/* The key of a tag's body; false: it is too long. */
static bool
key_of(struct arena *a, struct str body, struct str *key)
{
	char *plain = arena_alloc(a, body.n + 1);
	size_t used = 0, n;

	for (size_t i = 0; i < body.n; i += n) {
		utf8proc_int32_t c = at(body, i, &n);

		if (is_selector(c))
			continue;
		if (c > 0xff00 && c < 0xff5e) /* not the wave dash, that means another here */
			c -= 0xff00 - 0x20;
		used += (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)plain + used);
	}
	*key = mapped(a, (struct str){ plain, used }, UTF8PROC_DECOMPOSE, NULL);
	*key = mapped(a, *key, UTF8PROC_COMPOSE, fold_char);
	*key = arena_dup(a, without_loose_joiners(*key));
	return utf8_length(*key) <= HASHTAG_MAX;
}

/* ---- hashtags ------------------------------------------------------------- */

/* How many bytes at i, `most` at most, are of a kind. */
static size_t
span(struct str s, size_t i, size_t most, bool letters, bool digits)
{
	size_t n = 0;

	while (n < most && i + n < s.n && is_ascii_word(s.p[i + n]) && (s.p[i + n] <= '9' ? digits : letters))
		n++;
	return n;
}

/* The end of a shelter's id that stands at i (shelter_id_valid(), in any case); 0:
 * there is none. */
static size_t
place_end(struct str s, size_t i)
{
	size_t country = span(s, i, 3, true, false), city, number;

	if (country != 2 || !follows(s, i += country, "-"))
		return 0;
	city = span(s, ++i, 13, true, true);
	if (city < 1 || city > 12 || !follows(s, i += city, "-"))
		return 0;
	number = span(s, ++i, 9, false, true);
	if (number < 2 || number > 8 || is_word(peek(s, i + number)))
		return 0;
	return i + number;
}

/* The end of a tag's body that begins at `from`; 0: it is none. */
static size_t
body_end(struct str s, size_t from)
{
	size_t i = place_end(s, from), n, length = 0;
	bool letter = i > 0;
	utf8proc_int32_t c;

	if (i == 0)
		for (i = from; is_word(c = at(s, i, &n)); i += n, length++)
			letter = letter || is_letter(c);
	if (!letter || length > WRITTEN_MAX || is_hash(peek(s, i)) || follows(s, i, "://"))
		return 0;
	return i;
}

/* "#" that is drawn on a key, an emoji. */
static bool
is_keycap(struct str s, size_t behind)
{
	utf8proc_int32_t c = peek(s, behind);

	return c == EMOJI_SELECTOR || c == KEYCAP;
}

static bool
hashtag_may_begin(utf8proc_int32_t before)
{
	if (before == TEXT_SELECTOR || before == EMOJI_SELECTOR || before == ZWJ)
		return true;
	return !is_word(before) && before != '&' && before != '/';
}

static bool
hashtag(struct arena *a, struct str s, size_t from, size_t sign, utf8proc_int32_t before, struct entity *e)
{
	size_t body = from + sign, to;

	if (!hashtag_may_begin(before) || is_keycap(s, body) || (to = body_end(s, body)) == 0)
		return false;
	*e = (struct entity){ ENTITY_HASHTAG, from, to, { 0 } };
	return key_of(a, (struct str){ s.p + body, to - body }, &e->key);
}

bool
hashtag_key(struct arena *a, struct str typed, struct str *key)
{
	size_t sign;

	typed = str_trim(typed);
	if (is_hash(at(typed, 0, &sign))) {
		if (is_keycap(typed, sign))
			return false;
		typed = (struct str){ typed.p + sign, typed.n - sign };
	}
	return typed.n && body_end(typed, 0) == typed.n && key_of(a, typed, key);
}

/* ---- mentions ------------------------------------------------------------- */

/* With a letter like this behind it a name is another one. */
static bool
is_accented(utf8proc_int32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	if (k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME)
		return true;
	return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO &&
	       ((c >= 0xaa && c < 0x250) || (c >= 0x1e00 && c < 0x1f00));
}

static bool
mention(struct arena *a, struct str s, size_t from, utf8proc_int32_t before, struct entity *e)
{
	size_t to = from + 1;
	char *name;

	if (is_word(before) || before == '@' || before == '/' || before == '=')
		return false;
	while (to < s.n && (is_ascii_word(s.p[to]) || s.p[to] == '_' || s.p[to] == '.' || s.p[to] == '-'))
		to++;
	if (is_accented(peek(s, to)) || peek(s, to) == '@' || follows(s, to, "://"))
		return false;
	while (s.p[to - 1] == '.' || s.p[to - 1] == '-')
		to--;
	if (to == from + 1 || to - from - 1 > MENTION_MAX)
		return false;
	name = arena_alloc(a, to - from);
	for (size_t i = from + 1; i < to; i++)
		name[i - from - 1] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
	*e = (struct entity){ ENTITY_MENTION, from, to, { name, to - from - 1 } };
	return true;
}

/* ---- links ---------------------------------------------------------------- */

static bool
is_bidi_control(utf8proc_int32_t c)
{
	return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static bool
ends_link(utf8proc_int32_t c)
{
	if (c < 0x80)
		return c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"' || c == '\\';
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CC:
		return true;
	default:
		return is_bidi_control(c) || (c >= 0x3001 && c <= 0x3003) || (c >= 0x3008 && c <= 0x301f) ||
		       (c >= 0xff01 && c <= 0xff0f) || (c >= 0xff1a && c <= 0xff20) ||
		       (c >= 0xff5b && c <= 0xff65);
	}
}

static bool
is_closing(utf8proc_int32_t c)
{
	if (c < 0x80)
		return c > 0 && strchr(".,;:!?')]}", c) != NULL;
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PI: /* closes in German */
		return true;
	default:
		return c == 0x2026;
	}
}

/* Without the punctuation at the end; a bracket that the link opened is its own. */
static size_t
trimmed_link(struct str s, size_t from, size_t to)
{
	int round = 0, square = 0;

	for (size_t i = from; i < to; i++) {
		round += (s.p[i] == '(') - (s.p[i] == ')');
		square += (s.p[i] == '[') - (s.p[i] == ']');
	}
	for (;;) {
		size_t last = to - 1;
		utf8proc_int32_t c;

		while (last > from && ((unsigned char)s.p[last] & 0xc0) == 0x80)
			last--;
		c = peek(s, last);
		if (last == from || !is_closing(c) || (c == ')' && round >= 0) || (c == ']' && square >= 0))
			return to;
		round += c == ')';
		square += c == ']';
		to = last;
	}
}

static size_t
scheme_length(struct str s, size_t i)
{
	static const char *const schemes[] = { "https://", "http://" };

	for (size_t k = 0; k < LEN(schemes); k++) {
		size_t n = strlen(schemes[k]);

		if (s.n - i >= n && strncasecmp(s.p + i, schemes[k], n) == 0)
			return n;
	}
	return 0;
}

static bool
link_at(struct str s, size_t from, utf8proc_int32_t before, struct entity *e)
{
	size_t scheme, to, n;
	utf8proc_int32_t c;

	if (is_ascii_word(before) || (scheme = scheme_length(s, from)) == 0)
		return false;
	c = peek(s, to = from + scheme);
	if (c != '[' && (c == '_' || !is_word(c)))
		return false;
	for (; (c = at(s, to, &n)) >= 0 && !ends_link(c); to += n)
		;
	to = trimmed_link(s, from + scheme, to);
	*e = (struct entity){ ENTITY_LINK, from, to, { s.p + from, to - from } };
	return true;
}

/* ---- all of them ---------------------------------------------------------- */

size_t
entities_of(struct arena *a, struct str text, struct entity **list)
{
	utf8proc_int32_t before = -1;
	size_t count = 0, room = 0, n;

	*list = NULL;
	for (size_t i = 0; i < text.n && count < ENTITIES_MAX;) {
		utf8proc_int32_t c = at(text, i, &n);
		struct entity e;
		bool found = false;

		if (is_hash(c))
			found = hashtag(a, text, i, n, before, &e);
		else if (c == '@')
			found = mention(a, text, i, before, &e);
		else if (c == 'h' || c == 'H')
			found = link_at(text, i, before, &e);
		before = found ? '_' : c; /* none begins at the end of one */
		i = found ? e.to : i + n;
		if (found) {
			*list = arena_grow(a, *list, count, &room);
			(*list)[count++] = e;
		}
	}
	return count;
}

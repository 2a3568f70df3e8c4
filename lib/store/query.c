/* query.c - what a person typed into a search, taken apart. */
#include "query.h"

#include <utf8proc.h>

#include "utf8.h"

/* The code point at the beginning of `s` and its length; -1 for what is none. */
static utf8proc_int32_t
first(struct str s, size_t *length)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &c);

	*length = n > 0 ? (size_t)n : 1;
	return n > 0 ? c : -1;
}

static bool
is_blank(utf8proc_int32_t c)
{
	return (c >= 0 && c <= ' ') || utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
}

/* Phones and word processors put curly and low ones. */
static bool
is_quote(utf8proc_int32_t c)
{
	return c == '"' || (c >= 0x201c && c <= 0x201f) || c == 0xab || c == 0xbb || c == 0xff02;
}

/* How far it is to the next blank (if `blanks`) or quote, or to the end. */
static size_t
reach(struct str s, bool blanks)
{
	size_t at = 0, n;

	for (; at < s.n; at += n) {
		utf8proc_int32_t c = first((struct str){ s.p + at, s.n - at }, &n);

		if (is_quote(c) || (blanks && is_blank(c)))
			break;
	}
	return at;
}

static void
skip(struct str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* A '-' that means something stands at the beginning. */
static bool
is_minus(struct str rest, bool fresh)
{
	size_t width;

	return fresh && rest.n > 1 && rest.p[0] == '-' &&
	       !is_blank(first((struct str){ rest.p + 1, rest.n - 1 }, &width));
}

bool
query_token(struct query_tokens *t, struct str *token, bool *plain)
{
	struct str s = t->rest;
	bool blank = false, quoted = false, minus = is_minus(s, t->fresh);
	size_t width, n;

	if (s.n == 0)
		return false;
	for (; s.n && is_blank(first(s, &width)); blank = true)
		skip(&s, width);
	if (!blank) {
		skip(&s, minus);
		quoted = is_quote(first(s, &width));
		if (quoted) {
			skip(&s, width);
			n = reach(s, false);
			if (n < s.n) {
				skip(&s, n);
				first(s, &width);
				skip(&s, width);
			} else { /* nothing ends it: what follows is words */
				skip(&s, reach(s, true));
			}
		} else {
			skip(&s, reach(s, true));
		}
	}
	*token = (struct str){ t->rest.p, t->rest.n - s.n };
	*plain = !blank && t->fresh && !minus && !quoted;
	*t = (struct query_tokens){ s, blank };
	return true;
}

/* False: too many words. */
static bool
add_item(struct arena *a, struct query *q, struct str typed, bool quoted, bool excluded)
{
	struct word *words;
	size_t n = words_of(a, typed, &words);

	if (n == 0)
		return true;
	if ((q->nwords += n) > TEXT_QUERY_WORDS)
		return false;
	q->items[q->n++] = (struct item){ words, n, quoted, excluded, false };
	q->wanted += !excluded;
	return true;
}

/* Takes the next word or phrase from what was typed; `fresh`: a blank, or
 * nothing, stands before it, so that a '-' means something. */
static bool
next_item(struct arena *a, struct query *q, struct str *rest, bool fresh)
{
	bool excluded = false;
	size_t n, width;

	if (is_minus(*rest, fresh)) {
		excluded = true;
		skip(rest, 1);
	}
	if (is_quote(first(*rest, &width))) {
		skip(rest, width);
		n = reach(*rest, false);
		if (n < rest->n) { /* else nothing ends it: a lone quote means nothing */
			struct str phrase = { rest->p, n };

			skip(rest, n);
			first(*rest, &width);
			skip(rest, width);
			return add_item(a, q, phrase, true, excluded);
		}
	}
	n = reach(*rest, true);
	rest->p += n;
	rest->n -= n;
	return add_item(a, q, (struct str){ rest->p - n, n }, false, excluded);
}

/* A beginning of one letter would be a beginning of nearly everything. */
static bool
may_be_prefix(const struct item *last)
{
	return !last->quoted && !last->excluded && utf8_length(last->words[last->n - 1].folded) >= 2;
}

enum err
query_parse(struct arena *a, const struct text_search *s, struct query *q)
{
	struct str rest = s->query;
	bool fresh = true;
	size_t width;

	*q = (struct query){ 0 };
	if (rest.n > TEXT_QUERY_BYTES)
		return ERR_INPUT;
	while (rest.n) {
		if (is_blank(first(rest, &width))) {
			skip(&rest, width);
			fresh = true;
			continue;
		}
		if (!next_item(a, q, &rest, fresh))
			return ERR_INPUT;
		fresh = false;
	}
	if (s->prefix && q->n && may_be_prefix(&q->items[q->n - 1]))
		q->items[q->n - 1].prefix = true;
	return OK;
}

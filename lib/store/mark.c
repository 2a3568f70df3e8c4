/* mark.c - showing where a text matches: marks, and the part with the most. */
#include <string.h>

#include "query.h"
#include "utf8.h"

static bool
same_word(struct str have, const struct item *it, size_t i)
{
	if (it->prefix && i == it->n - 1)
		return have.n >= it->words[i].folded.n &&
		       memcmp(have.p, it->words[i].folded.p, it->words[i].folded.n) == 0;
	return str_eq(have, it->words[i].folded);
}

/* The item stands at the beginning of these words. */
static bool
stands(const struct item *it, const struct word *words, size_t n)
{
	if (it->excluded || it->n > n)
		return false;
	for (size_t i = 0; i < it->n; i++)
		if (!same_word(words[i].folded, it, i))
			return false;
	return true;
}

/* The most words that any item takes here. */
static size_t
longest(const struct query *q, const struct word *words, size_t n)
{
	size_t best = 0;

	for (size_t i = 0; i < q->n; i++)
		if (q->items[i].n > best && stands(&q->items[i], words, n))
			best = q->items[i].n;
	return best;
}

/* Marks come in the order of where they begin; one that touches the last
 * lengthens it. */
static size_t
add_mark(struct text_mark *marks, size_t n, size_t from, size_t to)
{
	if (n && from <= marks[n - 1].to) {
		if (to > marks[n - 1].to)
			marks[n - 1].to = to;
		return n;
	}
	marks[n] = (struct text_mark){ from, to };
	return n + 1;
}

size_t
text_marks(struct arena *a, const struct text_search *s, struct str text, struct text_mark **marks)
{
	struct query *q = arena_alloc(a, sizeof(*q));
	struct word *words;
	size_t nwords, n = 0;

	*marks = NULL;
	if (query_parse(a, s, q) != OK || q->wanted == 0)
		return 0;
	nwords = words_of(a, text, &words);
	*marks = arena_array(a, struct text_mark, nwords + 1);
	for (size_t i = 0; i < nwords; i++) {
		size_t took = longest(q, words + i, nwords - i);

		if (took)
			n = add_mark(*marks, n, words[i].from, words[i + took - 1].to);
	}
	return n;
}

/* `n` code points on from byte `at`, the end at most. */
static size_t
forward(struct str text, size_t at, size_t n)
{
	for (; at < text.n && n; n--)
		do
			at++;
		while (at < text.n && ((unsigned char)text.p[at] & 0xc0) == 0x80);
	return at;
}

static size_t
backward(struct str text, size_t at, size_t n)
{
	for (; at && n; n--)
		do
			at--;
		while (at && ((unsigned char)text.p[at] & 0xc0) == 0x80);
	return at;
}

/* The part of a text that begins with a mark and has the most of them within
 * `length` code points, the first such one: up to the end of its last mark. */
static struct text_mark
densest(struct str text, const struct text_mark *marks, size_t n, size_t length)
{
	struct text_mark best = n ? marks[0] : (struct text_mark){ 0, 0 };
	size_t most = 0, end = 0, from = 0, to = forward(text, 0, length);

	for (size_t i = 0; i < n; i++) {
		to = forward(text, to, utf8_length((struct str){ text.p + from, marks[i].from - from }));
		from = marks[i].from;
		while (end < n && marks[end].to <= to)
			end++;
		if (end > i && end - i > most) {
			most = end - i;
			best = (struct text_mark){ marks[i].from, marks[end - 1].to };
		}
	}
	return best;
}

static bool
is_gap(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The first byte behind a gap, from `at` on but not behind `most`; else `at`. */
static size_t
word_start(struct str text, size_t at, size_t most)
{
	for (size_t i = at; at && i <= most; i++)
		if (is_gap(text.p[i - 1]))
			return i;
	return at;
}

/* The last gap behind `least` that is not behind `at`; else `at`. */
static size_t
word_end(struct str text, size_t at, size_t least)
{
	for (size_t i = at; at < text.n && i > least; i--)
		if (is_gap(text.p[i]))
			return i;
	return at;
}

struct text_mark
text_snippet(struct str text, const struct text_mark *marks, size_t n, size_t length)
{
	struct text_mark core = densest(text, marks, n, length);
	size_t span = utf8_length((struct str){ text.p + core.from, core.to - core.from });
	size_t room = span < length ? length - span : 0, from, to;

	/* A few words before the first mark, if they drive none out at the end. */
	from = backward(text, core.from, room < length / 4 ? room : length / 4);
	from = word_start(text, from, core.from);
	to = forward(text, from, length);
	return (struct text_mark){ from, word_end(text, to, core.to > from ? core.to : from) };
}

/* compare.c - two replies held against each other. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diff.h"

bool
line_has(const struct line *l, size_t from, const char *word)
{
	for (size_t i = from; i < l->n; i++)
		if (l->args[i].n == strlen(word) && strncasecmp(l->args[i].p, word, l->args[i].n) == 0)
			return true;
	return false;
}

/* Scores that redis writes in one way from a small sorted set and in another
 * from a large one: -0, which muster has not, and in ZSCAN whole numbers from
 * 1e17 on.  (A member "-0" is taken for a score on both sides.) */
static void
settle_score(struct str *s, bool scanned, struct arena *mem)
{
	if (str_is(*s, "-0"))
		*s = S("0");
	else if (scanned && s->n > 17)
		*s = arena_strf(mem, "%.17g", strtod(s->p, NULL));
}

void
settle_scores(const struct line *l, struct reply *r, struct arena *mem)
{
	bool zscan = l->rule != NULL && str_is(str(l->rule->name), "zscan");

	if (l->rule == NULL || (l->rule->family != ZSETS && l->rule->family != LEX && l->rule->family != GEO))
		return;
	if (r->kind == REPLY_BULK)
		settle_score(&r->text, zscan, mem);
	for (size_t i = zscan ? 1 : 0; r->kind == REPLY_ARRAY && i < r->n; i += zscan ? 2 : 1)
		settle_scores(l, &r->items[i], mem);
}

/* ---- an order of all replies, so that arrays can be sorted ---- */

static int
sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
order(const struct reply *a, const struct reply *b)
{
	int c = sign((int64_t)a->kind, (int64_t)b->kind);

	if (c != 0 || a->kind == REPLY_NIL || a->kind == REPLY_NIL_ARRAY)
		return c;
	if (a->kind == REPLY_INTEGER)
		return sign(a->integer, b->integer);
	if (a->kind != REPLY_ARRAY)
		return str_cmp(a->text, b->text);
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if ((c = order(&a->items[i], &b->items[i])) != 0)
			return c;
	return sign((int64_t)a->n, (int64_t)b->n);
}

static int
order_items(const void *a, const void *b)
{
	return order(a, b);
}

/* A sorted copy; of pairs: each an array of two. */
static struct reply
sorted(const struct reply *r, bool pairs, struct arena *mem)
{
	struct reply s = { .kind = REPLY_ARRAY, .n = pairs ? r->n / 2 : r->n };

	s.items = arena_array(mem, struct reply, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		if (pairs)
			s.items[i] = (struct reply){ .kind = REPLY_ARRAY, .items = r->items + 2 * i, .n = 2 };
		else
			s.items[i] = r->items[i];
	qsort(s.items, s.n, sizeof(*s.items), order_items);
	return s;
}

static void
unique(struct reply *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (n == 0 || order(&r->items[i], &r->items[n - 1]) != 0)
			r->items[n++] = r->items[i];
	r->n = n;
}

static bool
same_in_any_order(const struct reply *a, const struct reply *b, bool pairs, struct arena *mem)
{
	struct reply x, y;

	if (a->kind != REPLY_ARRAY || b->kind != REPLY_ARRAY)
		return order(a, b) == 0;
	if (a->n != b->n || (pairs && a->n % 2 != 0))
		return false;
	x = sorted(a, pairs, mem);
	y = sorted(b, pairs, mem);
	return order(&x, &y) == 0;
}

/* ---- what chance decides ---- */

/* Errors alike, otherwise kinds and counts. */
static bool
same_shape(const struct reply *a, const struct reply *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == REPLY_ERROR ? order(a, b) == 0 : a->kind != REPLY_ARRAY || a->n == b->n;
}

/* With ANY it is redis' traversal that decides which are told. */
static bool
same_nearby(const struct line *l, const struct reply *a, const struct reply *b, struct arena *mem)
{
	if (line_has(l, 3, "any"))
		return same_shape(a, b);
	if (line_has(l, 3, "asc") || line_has(l, 3, "desc") || line_has(l, 3, "count"))
		return order(a, b) == 0;
	return same_in_any_order(a, b, false, mem);
}

/* EXEC answers an array of what was queued: each by its own rule, which are
 * EXACT or say why not; sides.c calls for each item. */
bool
replies_agree(enum how how, const struct line *l, const struct reply *redis, const struct reply *muster,
    struct arena *mem)
{
	switch (how) {
	case EXACT:
	case TALLIED:
		return order(redis, muster) == 0;
	case UNORDERED:
		return same_in_any_order(redis, muster, false, mem);
	case PAIRED:
		return same_in_any_order(redis, muster, true, mem);
	case NEARBY:
		return same_nearby(l, redis, muster, mem);
	case KIND:
		return redis->kind == muster->kind &&
		       (redis->kind != REPLY_ERROR || order(redis, muster) == 0);
	case POPPED:
	case SAMPLED:
	case SCANNED:
		return same_shape(redis, muster);
	}
	return false;
}

bool
sample_is_of(const struct line *l, const struct reply *sample, const struct reply *members, struct arena *mem)
{
	bool pairs = line_has(l, 3, "withvalues") || line_has(l, 3, "withscores");
	bool with_values = members->n && (str_is(str(l->rule->name), "hrandfield") ||
					     str_is(str(l->rule->name), "zrandmember"));
	struct reply all, one;
	size_t n;

	if (sample->kind == REPLY_BULK) {
		one =
		    (struct reply){ .kind = REPLY_ARRAY, .items = arena_array(mem, struct reply, 1), .n = 1 };
		one.items[0] = *sample;
		sample = &one;
	}
	if (sample->kind != REPLY_ARRAY || sample->n == 0)
		return true;
	all = sorted(members, with_values, mem);
	for (size_t i = 0; with_values && !pairs && i < all.n; i++)
		all.items[i] = all.items[i].items[0]; /* still sorted: fields are unique */
	struct reply some = sorted(sample, pairs, mem);
	for (size_t i = 0; i < some.n; i++)
		if (bsearch(&some.items[i], all.items, all.n, sizeof(*all.items), order_items) == NULL)
			return false;
	n = some.n;
	unique(&some);
	return n == some.n || (l->n > 2 && l->args[2].n && l->args[2].p[0] == '-');
}

bool
scans_agree(const struct reply *redis, const struct reply *muster, bool pairs, struct arena *mem)
{
	struct reply x = sorted(redis, pairs, mem), y = sorted(muster, pairs, mem);

	unique(&x); /* while it rehashes, redis may tell one twice; muster must not */
	return (!pairs || (redis->n % 2 == 0 && muster->n % 2 == 0)) && order(&x, &y) == 0;
}

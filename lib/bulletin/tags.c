/*
 * tags.c - which tags there are, as one reader sees them.
 *
 * Each audience has a ranking of its tags by their posts; a reader's numbers
 * are those of his audiences, added up.
 */
#include <stdlib.h>

#include <utf8proc.h>

#include "hash.h"
#include "timeline.h"
#include "zset.h"

enum {
	LOOKED = 8000,      /* tags read in all, */
	LOOKED_LEAST = 100, /* and of each audience */
	SPELLINGS = 200,    /* of a tag in an audience that are compared */
	TAGS_MAX = 100,
};

struct tags {
	struct db *db;
	struct arena *a;
	const struct reader *reader;
	struct tag_count *v;
	size_t n, room;
	bool partly; /* not all tags were read */
};

static struct str
ranking_key(struct arena *a, struct str audience)
{
	return arena_strf(a, "hashtags:%.*s", FMT(audience));
}

/* ---- candidates -------------------------------------------------------------- */

/* Those of a range behind `after`, in byte order, that begin so; *all: the range
 * is no longer than what was read of it. */
static enum err
add_range(struct tags *t, struct str audience, const struct zrange *r, struct str prefix, struct str *after,
    bool *all)
{
	struct zmember *m;
	size_t n;
	enum err e = zset_range(t->db, t->a, ranking_key(t->a, audience), r, &m, &n);

	*all = e == OK && n < (size_t)r->count;
	for (size_t i = 0; i < n && e == OK; i++) {
		struct str key = m[i].member;

		if (str_cmp(key, *after) <= 0 || key.n < prefix.n ||
		    !str_eq((struct str){ key.p, prefix.n }, prefix))
			continue;
		t->v = arena_grow(t->a, t->v, t->n, &t->room);
		t->v[t->n++] = (struct tag_count){ .key = key, .n = (int64_t)m[i].score };
	}
	if (n && e == OK)
		*after = m[n - 1].member;
	return e;
}

/* Those that begin so, in byte order; where they are too many to be read, the
 * most frequent ones of all besides. */
static enum err
add_audience(struct tags *t, struct str audience, struct str prefix, int64_t most)
{
	struct zrange top = { .by = ZRANGE_RANK, .reverse = true, .last = most - 1, .count = most };
	struct zrange named = { .by = ZRANGE_LEX, .count = most };
	struct str after = S("");
	bool all = false;
	enum err e = OK;

	named.min = (struct zbound){ .bytes = prefix };
	/* Behind all that go on with a letter. */
	named.max = (struct zbound){ .bytes = arena_strf(t->a, "%.*s\xf4\x8f\xbf\xbf", FMT(prefix)) };
	if (prefix.n)
		e = add_range(t, audience, &named, prefix, &after, &all);
	if (e == OK && !all)
		e = add_range(t, audience, &top, prefix, &after, &all);
	t->partly |= !all;
	return e;
}

static int
by_key(const void *x, const void *y)
{
	return str_cmp(((const struct tag_count *)x)->key, ((const struct tag_count *)y)->key);
}

static int
by_number(const void *x, const void *y)
{
	const struct tag_count *a = x, *b = y;

	return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : by_key(x, y);
}

/* Each key once, the most frequent first. */
static void
unite(struct tags *t)
{
	size_t n = 0;

	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), by_key);
	for (size_t i = 0; i < t->n; i++)
		if (n && str_eq(t->v[n - 1].key, t->v[i].key))
			t->v[n - 1].n += t->v[i].n;
		else
			t->v[n++] = t->v[i];
	t->n = n;
	if (n)
		qsort(t->v, n, sizeof(*t->v), by_number);
}

/* ---- numbers and spellings ------------------------------------------------------ */

static enum err
count(struct tags *t, struct tag_count *tag)
{
	tag->n = 0;
	for (size_t i = 0; i < t->reader->naudiences; i++) {
		struct str key = ranking_key(t->a, t->reader->audiences[i]);
		double n;
		enum err e = zset_score(t->db, key, tag->key, &n);

		if (e != OK && e != ERR_NOT_FOUND)
			return e;
		if (e == OK)
			tag->n += (int64_t)n;
	}
	return OK;
}

/* A capital within: #DrumÎnchis is read out as words. */
static bool
has_capital_within(struct str s)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	for (size_t at = 0; at < s.n; at += (size_t)n) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)s.p + at, (utf8proc_ssize_t)(s.n - at), &c);
		if (n <= 0)
			return false;
		if (at > 0 && utf8proc_category(c) == UTF8PROC_CATEGORY_LU)
			return true;
	}
	return false;
}

struct spelling {
	struct str as;
	int64_t n;
	bool capital;
};

static int
by_spelling(const void *x, const void *y)
{
	return str_cmp(((const struct spelling *)x)->as, ((const struct spelling *)y)->as);
}

static bool
is_better(const struct spelling *x, const struct spelling *y)
{
	if (x->capital != y->capital)
		return x->capital;
	return x->n != y->n ? x->n > y->n : str_cmp(x->as, y->as) < 0;
}

static enum err
read_spellings(struct tags *t, struct str tag, struct spelling **v, size_t *n)
{
	size_t room = 0;

	*n = 0;
	*v = NULL;
	for (size_t i = 0; i < t->reader->naudiences; i++) {
		struct str key =
		    arena_strf(t->a, "hashtag:%.*s:as:%.*s", FMT(tag), FMT(t->reader->audiences[i]));
		struct field *f;
		size_t nf;
		enum err e = hash_page(t->db, t->a, key, (struct str){ 0 }, SPELLINGS, &f, &nf);

		if (e != OK)
			return e;
		for (size_t k = 0; k < nf; k++) {
			*v = arena_grow(t->a, *v, *n, &room);
			(*v)[*n] = (struct spelling){ f[k].name, 0, has_capital_within(f[k].name) };
			str_int(f[k].value, 0, INT64_MAX, &(*v)[(*n)++].n);
		}
	}
	return OK;
}

static enum err
spell(struct tags *t, struct tag_count *tag)
{
	struct spelling *v, best = { 0 };
	size_t n;
	enum err e = read_spellings(t, tag->key, &v, &n);

	tag->spelling = tag->key;
	if (e != OK || n == 0)
		return e;
	qsort(v, n, sizeof(*v), by_spelling);
	for (size_t i = 0, to; i < n; i = to) {
		for (to = i + 1; to < n && str_eq(v[to].as, v[i].as); to++)
			v[i].n += v[to].n;
		if (i == 0 || is_better(&v[i], &best))
			best = v[i];
	}
	tag->spelling = best.as;
	return OK;
}

/* ---- asked from outside ------------------------------------------------------------ */

enum err
tags_read(struct db *db, struct arena *a, const struct reader *r, struct str prefix, size_t limit,
    struct tag_count **tags, size_t *n)
{
	struct tags t = { .db = db, .a = a, .reader = r };
	int64_t most = LOOKED / (int64_t)(r->naudiences + 1);
	enum err e = OK;

	*n = 0;
	*tags = NULL;
	most = most < LOOKED_LEAST ? LOOKED_LEAST : most;
	limit = limit < TAGS_MAX ? limit : TAGS_MAX;
	for (size_t i = 0; i < r->naudiences && e == OK; i++)
		e = add_audience(&t, r->audiences[i], prefix, most);
	unite(&t);
	if (t.partly) { /* the first ones may be in audiences where they were not read */
		t.n = t.n < 2 * limit ? t.n : 2 * limit;
		for (size_t i = 0; i < t.n && e == OK; i++)
			e = count(&t, &t.v[i]);
		if (t.n)
			qsort(t.v, t.n, sizeof(*t.v), by_number);
	}
	*tags = t.v;
	*n = t.n < limit ? t.n : limit;
	for (size_t i = 0; i < *n && e == OK; i++)
		e = spell(&t, &t.v[i]);
	return e;
}

enum err
tag_read(struct db *db, struct arena *a, const struct reader *r, struct str key, struct tag_count *tag)
{
	struct tags t = { .db = db, .a = a, .reader = r };
	enum err e;

	*tag = (struct tag_count){ .key = key, .spelling = key };
	if ((e = count(&t, tag)) != OK || tag->n == 0)
		return e;
	return spell(&t, tag);
}

/* zcombine.c - unions, intersections and differences of sorted sets and sets. */
#include <math.h>
#include <stdlib.h>

#include "set.h"
#include "sql.h"
#include "zset.h"

struct source {
	struct str name;
	struct key key; /* length 0: missing */
	double weight;
	size_t turn; /* where it stood in the caller's list */
};

/* A member as one source has it. */
struct part {
	struct zmember m;
	size_t source;
};

static enum err
find_sources(struct db *db, const struct str *names, const double *weights, size_t n, struct source *v)
{
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct source){ .name = names[i], .weight = weights ? weights[i] : 1, .turn = i };
		if (!key_look(db, names[i], &v[i].key))
			v[i].key.length = 0;
		else if (v[i].key.type != KEY_ZSET && v[i].key.type != KEY_SET)
			return ERR_TYPE;
	}
	return OK;
}

/* The order in which Redis adds: it decides how a sum is rounded. */
static int
by_length(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	if (x->key.length != y->key.length)
		return x->key.length < y->key.length ? -1 : 1;
	return (x->turn > y->turn) - (x->turn < y->turn);
}

static int
by_member(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int c = str_cmp(x->m.member, y->m.member);

	return c ? c : (x->source > y->source) - (x->source < y->source);
}

static int
by_score(const void *a, const void *b)
{
	const struct zmember *x = a, *y = b;

	if (x->score < y->score || x->score > y->score)
		return x->score < y->score ? -1 : 1;
	return str_cmp(x->member, y->member);
}

/* All members of a source, in any order. */
static enum err
read_source(struct db *db, struct arena *a, const struct source *s, struct zmember **out, size_t *n)
{
	struct str *members;
	enum err e;

	if (s->key.type == KEY_ZSET)
		return zset_by_member(db, a, s->name, (struct str){ NULL, 0 }, SIZE_MAX, out, n);
	e = set_page(db, a, s->name, (struct str){ NULL, 0 }, SIZE_MAX, &members, n);
	*out = arena_array(a, struct zmember, *n);
	for (size_t i = 0; i < *n; i++)
		(*out)[i] = (struct zmember){ .member = members[i], .score = 1 };
	return e;
}

/* The score of a member in a source; false: it is not there. */
static bool
look_up(struct db *db, const struct source *s, struct str member, double *score)
{
	*score = 1;
	if (s->key.length == 0)
		return false;
	if (s->key.type == KEY_SET)
		return set_has(db, s->name, member);
	return zset_score(db, s->name, member, score) == OK;
}

static double
weighed(double weight, double score)
{
	double v = weight * score;

	return isnan(v) ? 0 : v;
}

static void
aggregate(enum zset_aggregate how, double *score, double v)
{
	if (how == ZSET_SUM)
		*score = isnan(*score + v) ? 0 : *score + v;
	else if (how == ZSET_MIN ? v < *score : v > *score)
		*score = v;
}

static enum err
unite(struct db *db, struct arena *a, const struct source *v, size_t nv, enum zset_aggregate how,
    struct zmember **out, size_t *n)
{
	struct part *parts = NULL;
	size_t nparts = 0, room = 0;

	for (size_t i = 0; i < nv; i++) {
		struct zmember *m;
		size_t nm;
		enum err e = read_source(db, a, &v[i], &m, &nm);

		if (e != OK)
			return e;
		for (size_t j = 0; j < nm; j++) {
			parts = arena_grow(a, parts, nparts, &room);
			m[j].score = weighed(v[i].weight, m[j].score);
			parts[nparts++] = (struct part){ m[j], i };
		}
	}
	*n = 0;
	*out = arena_array(a, struct zmember, nparts);
	if (nparts == 0)
		return OK;
	qsort(parts, nparts, sizeof(*parts), by_member);
	for (size_t i = 0; i < nparts; i++)
		if (*n > 0 && str_eq((*out)[*n - 1].member, parts[i].m.member))
			aggregate(how, &(*out)[*n - 1].score, parts[i].m.score);
		else
			(*out)[(*n)++] = parts[i].m;
	return OK;
}

/* The members of v[0] that the others all have, or (`differ`) that none has. */
static enum err
filter(struct db *db, struct arena *a, const struct source *v, size_t nv, bool differ,
    enum zset_aggregate how, size_t limit, struct zmember **out, size_t *n)
{
	struct zmember *m;
	size_t nm;
	enum err e = read_source(db, a, &v[0], &m, &nm);

	*n = 0;
	*out = m;
	for (size_t i = 0; e == OK && i < nm && (limit == 0 || *n < limit); i++) {
		double score = differ ? m[i].score : weighed(v[0].weight, m[i].score), other;
		bool kept = true;

		for (size_t k = 1; k < nv && kept; k++) {
			kept = look_up(db, &v[k], m[i].member, &other) != differ;
			if (kept && !differ)
				aggregate(how, &score, other * v[k].weight);
		}
		if (kept)
			m[(*n)++] = (struct zmember){ .member = m[i].member, .score = score };
	}
	return e;
}

enum err
zset_combine(struct db *db, struct arena *a, enum zset_op op, const struct str *names, const double *weights,
    size_t nkeys, enum zset_aggregate how, size_t limit, struct zmember **out, size_t *n)
{
	struct source *v = arena_array(a, struct source, nkeys);
	enum err e = find_sources(db, names, weights, nkeys, v);

	*n = 0;
	*out = NULL;
	if (e != OK || nkeys == 0)
		return e;
	if (op != ZSET_DIFF)
		qsort(v, nkeys, sizeof(*v), by_length);
	if (op == ZSET_UNION)
		e = unite(db, a, v, nkeys, how, out, n);
	else if (v[0].key.length > 0)
		e = filter(db, a, v, nkeys, op == ZSET_DIFF, how, limit, out, n);
	if (*n > 0)
		qsort(*out, *n, sizeof(**out), by_score);
	return e;
}

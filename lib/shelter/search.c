/* search.c - finding shelters. */
#include "search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "set.h"
#include "value.h"
#include "zset.h"

#define POSITIONS S("shelters:geo")
#define FIRST_RING 750.0 /* metres; each next reaches three times as far */

enum { RARE = 400, PAGE = 100 };

static bool
passes(const struct filter *f, const struct card *c)
{
	if (f->open && c->status != STATUS_OPEN)
		return false;
	if (f->seats > 0 && (!c->known || c->projected < f->seats))
		return false;
	for (size_t i = 0; i < f->nneeds; i++)
		if (!card_has(c, f->needs[i]))
			return false;
	return true;
}

static bool
behind(const struct cursor *after, const struct geo_hit *h)
{
	if (after == NULL || h->distance > after->at)
		return true;
	return h->distance >= after->at && str_cmp(h->member, after->id) > 0;
}

/* Takes those of the hits, nearest first, that are behind the cursor and pass. */
static enum err
take_hits(struct db *db, struct arena *a, const struct geo_hit *hits, size_t nhits, const struct filter *f,
    const struct cursor *after, size_t limit, struct found *out, size_t *n)
{
	for (size_t i = 0; i < nhits && *n < limit; i++) {
		struct found *found = &out[*n];
		struct str bytes;
		enum err e;

		if (!behind(after, &hits[i]))
			continue;
		e = string_get(db, a, arena_strf(a, "%.*s" CARD, FMT(hits[i].member)), &bytes);
		if (e == ERR_NOT_FOUND)
			continue;
		if (e != OK)
			return e;
		if (!card_parse(bytes, &found->card) || !passes(f, &found->card))
			continue;
		found->id = hits[i].member;
		found->distance = hits[i].distance;
		(*n)++;
	}
	return OK;
}

static int
hit_cmp(const void *x, const void *y)
{
	const struct geo_hit *a = x, *b = y;

	if (a->distance < b->distance || a->distance > b->distance)
		return a->distance < b->distance ? -1 : 1;
	return str_cmp(a->member, b->member);
}

/* The rarest of the wanted needs; its members in *ids where they are few. */
static enum err
rarest(struct db *db, struct arena *a, const struct filter *f, bool *few, struct str **ids, size_t *n)
{
	struct str key = S("");
	int64_t least = RARE + 1, count;
	enum err e;

	*few = false;
	for (size_t i = 0; i < f->nneeds; i++) {
		struct str one = arena_strf(a, "need:%.*s", FMT(f->needs[i]));

		if ((e = set_card(db, one, &count)) != OK)
			return e;
		if (count < least) {
			least = count;
			key = one;
		}
	}
	if (key.n == 0)
		return OK;
	*few = true;
	return set_page(db, a, key, (struct str){ 0 }, RARE, ids, n);
}

/* Few have it: measure the way to each of them rather than walk outward. */
static enum err
near_few(struct db *db, struct arena *a, const struct str *ids, size_t nids, struct geo centre, double radius,
    const struct filter *f, const struct cursor *after, size_t limit, struct found *out, size_t *n)
{
	struct geo_hit *hits = arena_array(a, struct geo_hit, nids);
	size_t nhits = 0;

	for (size_t i = 0; i < nids; i++) {
		struct geo at;

		if (geo_pos(db, POSITIONS, ids[i], &at) != OK)
			continue;
		hits[nhits] = (struct geo_hit){ ids[i], geo_distance(centre, at) };
		nhits += hits[nhits].distance <= radius;
	}
	if (nhits)
		qsort(hits, nhits, sizeof(*hits), hit_cmp);
	return take_hits(db, a, hits, nhits, f, after, limit, out, n);
}

enum err
search_near(struct db *db, struct arena *a, struct geo centre, double radius, const struct filter *f,
    const struct cursor *after, size_t limit, struct found **out, size_t *n)
{
	double inner = -1, outer = FIRST_RING;
	struct geo_hit *hits;
	struct str *ids;
	size_t nids, nhits;
	bool few;
	enum err e = rarest(db, a, f, &few, &ids, &nids);

	*n = 0;
	*out = arena_array(a, struct found, limit);
	if (e != OK)
		return e;
	if (few)
		return near_few(db, a, ids, nids, centre, radius, f, after, limit, *out, n);
	while (e == OK && *n < limit && inner < radius) {
		outer = outer < radius ? outer : radius;
		if (after == NULL || outer >= after->at) {
			e = geo_ring(db, a, POSITIONS, centre, inner, outer, &hits, &nhits);
			if (e == OK)
				e = take_hits(db, a, hits, nhits, f, after, limit, *out, n);
		}
		inner = outer;
		outer *= 3;
	}
	return e;
}

/* One location's ranking, read page by page. */
struct source {
	struct str key;
	struct zmember *page, last;
	size_t at, n;
	bool started, ended;
};

/* The next of a source that passes; false at its end. */
static bool
next_passing(struct db *db, struct arena *a, struct source *s, const struct filter *f, size_t limit,
    struct found *out, enum err *e)
{
	for (;;) {
		struct zpage page = { ZPAGE_ALL, .reverse = true, .limit = limit, .get = CARD };

		for (; s->at < s->n; s->at++) {
			struct zmember *m = &s->page[s->at];

			if (!card_parse(m->value, &out->card) || !passes(f, &out->card))
				continue;
			out->id = m->member;
			out->score = m->score;
			out->distance = -1;
			return true;
		}
		if (s->ended)
			return false;
		page.after = s->started ? &s->last : NULL;
		if ((*e = zset_page(db, a, s->key, &page, &s->page, &s->n)) != OK)
			return false;
		s->at = 0;
		s->started = true;
		s->ended = s->n < limit;
		if (s->n)
			s->last = s->page[s->n - 1];
	}
}

/* Whether x stands before y: higher score, then the greater id, as ZREVRANGE. */
static bool
before(const struct found *x, const struct found *y)
{
	if (x->score > y->score || x->score < y->score)
		return x->score > y->score;
	return str_cmp(x->id, y->id) > 0;
}

enum err
search_ranked(struct db *db, struct arena *a, const struct str *locations, size_t nlocations,
    struct str criterion, const struct filter *f, const struct cursor *after, size_t limit,
    struct found **out, size_t *n)
{
	bool plain = f->nneeds == 0 && f->seats == 0 && !f->open;
	struct source *sources = arena_array(a, struct source, nlocations);
	struct found *heads = arena_array(a, struct found, nlocations);
	bool *have = arena_array(a, bool, nlocations);
	enum err e = OK;

	*n = 0;
	*out = arena_array(a, struct found, limit);
	for (size_t i = 0; i < nlocations; i++) {
		sources[i].key = arena_strf(a, "%.*s-%.*s", FMT(locations[i]), FMT(criterion));
		if (after != NULL) {
			sources[i].started = true;
			sources[i].last = (struct zmember){ .member = after->id, .score = after->at };
		}
		have[i] = next_passing(db, a, &sources[i], f, plain ? limit : PAGE, &heads[i], &e);
	}
	while (*n < limit && e == OK) {
		size_t best = nlocations;

		for (size_t i = 0; i < nlocations; i++)
			if (have[i] && (best == nlocations || before(&heads[i], &heads[best])))
				best = i;
		if (best == nlocations)
			break;
		/* A shelter in two of the locations is shown once. */
		if (*n == 0 || !str_eq((*out)[*n - 1].id, heads[best].id))
			(*out)[(*n)++] = heads[best];
		sources[best].at++;
		have[best] = next_passing(db, a, &sources[best], f, PAGE, &heads[best], &e);
	}
	return e;
}

enum err
search_alternatives(struct db *db, struct arena *a, const struct shelter *s, int64_t people, size_t limit,
    struct found **out, size_t *n)
{
	struct filter f = { .seats = people, .open = true };
	struct str city = shelter_city(a, s->id);
	enum err e;

	if (s->placed)
		e = search_near(db, a, s->position, GEO_FARTHEST, &f, NULL, limit + 1, out, n);
	else
		e = search_ranked(db, a, &city, 1, S("projected"), &f, NULL, limit + 1, out, n);
	for (size_t i = 0; e == OK && i < *n; i++)
		if (str_eq((*out)[i].id, s->id))
			memmove(&(*out)[i], &(*out)[i + 1], (--*n - i) * sizeof(**out));
	*n = *n > limit ? limit : *n;
	return e;
}

void
found_json(struct json *j, const struct found *f)
{
	/* The card's JSON is an object without its closing brace. */
	json_raw(j, f->card.json);
	if (f->distance >= 0)
		json_key_int(j, "distance", llround(f->distance));
	json_close(j, '}');
}

struct str
cursor_print(struct arena *a, double at, struct str id)
{
	return arena_strf(a, "%.17g~%.*s", at, FMT(id));
}

bool
cursor_read(struct str s, struct cursor *c)
{
	struct str at = str_cut(&s, '~');

	c->id = s;
	if (str_is(at, "-inf")) {
		c->at = -HUGE_VAL;
		return s.n > 0;
	}
	return str_double(at, &c->at) && s.n > 0;
}

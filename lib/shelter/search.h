/*
 * search.h - finding shelters: nearest first, or by a location's ranking.
 */
#ifndef MUSTER_SEARCH_H
#define MUSTER_SEARCH_H

#include "shelter.h"

enum { NEEDS_MAX = 8 };

/* What must hold for a shelter to be shown. */
struct filter {
	struct str needs[NEEDS_MAX]; /* slugs; all of them */
	size_t nneeds;
	int64_t seats; /* projected places at least; 0: any, unknown too */
	bool open;     /* only open ones */
};

struct found {
	struct str id;
	double distance; /* metres; by ranking: negative */
	double score;    /* by ranking */
	struct card card;
};

/* Where a page goes on; NULL in the calls: at the start. */
struct cursor {
	double at; /* distance, or score */
	struct str id;
};

/* The nearest to `centre` within `radius` metres, in order of (distance, id). */
enum err search_near(struct db *, struct arena *, struct geo centre, double radius, const struct filter *,
    const struct cursor *after, size_t limit, struct found **, size_t *n);

/* The best of some locations by a criterion (availability, projected,
 * features, capacity, or a resource's slug), in order of (score, id), highest
 * first; unknown last. */
enum err search_ranked(struct db *, struct arena *, const struct str *locations, size_t nlocations,
    struct str criterion, const struct filter *, const struct cursor *after, size_t limit, struct found **,
    size_t *n);

/* The nearest shelters that take so many more people, for one that does not. */
enum err search_alternatives(struct db *, struct arena *, const struct shelter *, int64_t people,
    size_t limit, struct found **, size_t *n);

/* An answer as api.md has it: the shelter, with `distance` where one was measured. */
void found_json(struct json *, const struct found *);

/* A cursor as text and back. */
struct str cursor_print(struct arena *, double at, struct str id);
bool cursor_read(struct str, struct cursor *);

#endif

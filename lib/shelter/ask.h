/*
 * ask.h - what a citizen or a program asks for when it searches, from the
 * query of a request to the shelters that answer it.
 */
#ifndef MUSTER_ASK_H
#define MUSTER_ASK_H

#include "place.h"
#include "request.h"
#include "search.h"

struct ask {
	bool near; /* by distance; otherwise by the ranking of locations */
	struct geo centre;
	double radius;
	struct str *locations;
	size_t nlocations;
	struct str criterion;
	struct filter filter;
	size_t limit;
	bool has_cursor;
	struct cursor cursor;
	struct str q;                    /* the place as it was typed */
	struct place places[PLACES_MAX]; /* what it may mean; the first is `centre` */
	size_t nplaces;
};

/* Reads near, radius, q, location, sort, need, seats, open, limit and cursor;
 * `usual` is the page's size where none is asked for.  ERR_INPUT with the
 * faults.  Empty parameters count as not given, as forms send them. */
enum err ask_read(struct req *, size_t usual, struct ask *);

/* A page of answers; with `limit` answers there may be more behind the last. */
enum err ask_run(struct db *, struct arena *, const struct ask *, struct found **, size_t *n);

/* The cursor behind an answer. */
struct str ask_cursor(struct arena *, const struct ask *, const struct found *);

#endif

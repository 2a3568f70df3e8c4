/* ask.c - what is asked for in a search. */
#include "ask.h"

#include "set.h"
#include "utf8.h"

enum { Q_MAX = 100, LOCATIONS_MAX = 50 };

static bool
read_near(struct req *rq, struct ask *ask)
{
	struct str near = query(rq, "near"), radius = query(rq, "radius");
	bool good = true;

	ask->radius = GEO_FARTHEST;
	if (radius.n && (!str_double(radius, &ask->radius) || ask->radius <= 0))
		good = fault(rq, "radius", "range", "Give a distance in metres, more than 0.");
	if (near.n == 0 || ask->q.n)
		return good;
	ask->near = true;
	if (!parse_near(near, &ask->centre.latitude, &ask->centre.longitude))
		return fault(
		    rq, "near", "format", "Give latitude and longitude in degrees, such as 46.77,23.59.");
	if (!geo_valid(ask->centre))
		return fault(
		    rq, "near", "range", "Latitude goes from -85 to 85, longitude from -180 to 180.");
	return good;
}

static bool
read_filter(struct req *rq, struct filter *f)
{
	struct str seats = query(rq, "seats"), open = query(rq, "open"), need;
	bool good = true;
	size_t at = 0;

	if (seats.n && !str_int(seats, 0, PEOPLE_MAX, &f->seats))
		good = fault(rq, "seats", "range", "Give a number of people, 1 or more.");
	f->open = open.n && !str_is(open, "0");
	while (param_next(&rq->query, "need", &at, &need)) {
		struct str slug = need_slug(rq->arena, need);

		if (slug.n == 0)
			continue;
		if (f->nneeds == NEEDS_MAX)
			return fault(rq, "need", "length", "Ask for at most %d.", NEEDS_MAX);
		f->needs[f->nneeds++] = slug;
	}
	return good;
}

/* A place is searched around its middle. */
static bool
read_place(struct req *rq, struct ask *ask)
{
	ask->q = query(rq, "q");
	if (utf8_length(ask->q) > Q_MAX)
		return fault(rq, "q", "length", "Use at most %d characters.", Q_MAX);
	if (ask->q.n == 0)
		return true;
	ask->near = true;
	if (place_find(rq->db, rq->arena, ask->q, ask->places, &ask->nplaces) != OK)
		ask->nplaces = 0;
	if (ask->nplaces)
		ask->centre = ask->places[0].centre;
	return true;
}

/* The countries, together: every shelter is in one. */
static void
everywhere(struct req *rq, struct ask *ask)
{
	struct str *names;
	size_t n;

	if (set_page(rq->db, rq->arena, S("locations"), S("country-"), LOCATIONS_MAX, &names, &n) != OK)
		return;
	ask->locations = names;
	while (ask->nlocations < n && str_starts(names[ask->nlocations], "country-"))
		ask->nlocations++;
}

static bool
read_ranking(struct req *rq, struct ask *ask)
{
	struct str location = query(rq, "location"), sort = query(rq, "sort");

	ask->criterion = sort.n ? need_slug(rq->arena, sort) : S("availability");
	if (str_is(ask->criterion, "projected-availability"))
		ask->criterion = S("projected");
	if (ask->criterion.n == 0 || ask->criterion.n > Q_MAX)
		return fault(
		    rq, "sort", "choice", "Use availability, projected, features, or a resource's name.");
	if (location.n == 0) {
		everywhere(rq, ask);
		return true;
	}
	if (!location_valid(location))
		return fault(rq, "location", "format", "Give a location such as city-CJ or country-RO.");
	ask->locations = arena_array(rq->arena, struct str, 1);
	ask->locations[0] = location;
	ask->nlocations = 1;
	return true;
}

enum err
ask_read(struct req *rq, size_t usual, struct ask *ask)
{
	struct str cursor = query(rq, "cursor");
	bool good;

	*ask = (struct ask){ 0 };
	good = query_limit(rq, usual, &ask->limit);
	good &= read_place(rq, ask);
	good &= read_near(rq, ask);
	good &= read_filter(rq, &ask->filter);
	if (!ask->near)
		good &= read_ranking(rq, ask);
	ask->has_cursor = cursor.n > 0;
	if (ask->has_cursor && !cursor_read(cursor, &ask->cursor))
		good = fault(rq, "cursor", "format", "Use the cursor of an answer as it is.");
	return good ? OK : ERR_INPUT;
}

enum err
ask_run(struct db *db, struct arena *a, const struct ask *ask, struct found **out, size_t *n)
{
	const struct cursor *after = ask->has_cursor ? &ask->cursor : NULL;

	*n = 0;
	*out = NULL;
	if (ask->q.n && ask->nplaces == 0)
		return OK;
	if (ask->near)
		return search_near(db, a, ask->centre, ask->radius, &ask->filter, after, ask->limit, out, n);
	return search_ranked(
	    db, a, ask->locations, ask->nlocations, ask->criterion, &ask->filter, after, ask->limit, out, n);
}

struct str
ask_cursor(struct arena *a, const struct ask *ask, const struct found *f)
{
	return cursor_print(a, ask->near ? f->distance : f->score, f->id);
}

/* area.c - where a location lies. */
#include "area.h"

#include <math.h>
#include <stdlib.h>

#include "clock.h"
#include "geo.h"
#include "hash.h"
#include "set.h"
#include "value.h"

enum {
	PAGE = 1000,
	LOOKED_AT = 10000, /* positions; of more shelters each second, third, … */
	CORNERS = 8,       /* around each position */
	VERTICES = 99      /* of a polygon, without the first that ends it */
};
static const double margin_km = 2, km_a_degree = 111.2;

struct points {
	struct geo *v;
	size_t n, room;
};

/* ---- positions ---- */

static void
add(struct arena *a, struct points *p, struct geo at)
{
	p->v = arena_grow(a, p->v, p->n, &p->room);
	p->v[p->n++] = at;
}

/* In an order that is the same each time. */
static struct points
positions(struct db *db, struct arena *a, struct str location)
{
	struct points p = { 0 };
	struct str after = { NULL, 0 }, *ids;
	int64_t all = 0, seen = 0, stride;
	size_t n = PAGE;

	set_card(db, location, &all);
	stride = all / LOOKED_AT + 1;
	while (n == PAGE && set_page(db, a, location, after, PAGE, &ids, &n) == OK && n > 0) {
		for (size_t i = 0; i < n; i++) {
			struct geo at;

			if (seen++ % stride == 0 && geo_pos(db, S("shelters:geo"), ids[i], &at) == OK)
				add(a, &p, at);
		}
		after = ids[n - 1];
	}
	return p;
}

/* ---- a polygon ---- */

/* Eight corners around each corner of a hull; false: they reach over the edge of
 * the map. */
static bool
widen(struct arena *a, const struct points *p, struct points *out)
{
	double step = 2 * M_PI / CORNERS, most = margin_km / cos(M_PI / CORNERS) / km_a_degree;

	for (size_t i = 0; i < p->n; i++)
		for (int k = 0; k < CORNERS; k++) {
			struct geo at = p->v[i];

			at.longitude += most * cos(step * k) / cos(at.latitude * M_PI / 180);
			at.latitude += most * sin(step * k);
			if (fabs(at.longitude) > 180 || fabs(at.latitude) > 90)
				return false;
			/* Three decimals are some 100 m; so nothing is left to be rounded. */
			at.longitude = round(at.longitude * 1000) / 1000;
			at.latitude = round(at.latitude * 1000) / 1000;
			add(a, out, at);
		}
	return true;
}

static int
by_place(const void *x, const void *y)
{
	const struct geo *a = x, *b = y;

	if (a->longitude != b->longitude)
		return a->longitude < b->longitude ? -1 : 1;
	return (a->latitude > b->latitude) - (a->latitude < b->latitude);
}

static double
turn(const struct geo *o, const struct geo *a, const struct geo *b)
{
	return (a->longitude - o->longitude) * (b->latitude - o->latitude) -
	       (a->latitude - o->latitude) * (b->longitude - o->longitude);
}

/* Andrew's monotone chain: v is put in order, the hull (counter-clockwise) is
 * written to `hull`, which has room for n + 1. */
static size_t
convex_hull(struct geo *v, size_t n, struct geo *hull)
{
	size_t k = 0;

	qsort(v, n, sizeof(*v), by_place);
	for (size_t i = 0; i < n; i++) {
		while (k >= 2 && turn(&hull[k - 2], &hull[k - 1], &v[i]) <= 1e-9)
			k--;
		hull[k++] = v[i];
	}
	for (size_t i = n - 1, lower = k + 1; i-- > 0;) {
		while (k >= lower && turn(&hull[k - 2], &hull[k - 1], &v[i]) <= 1e-9)
			k--;
		hull[k++] = v[i];
	}
	return k - 1; /* the last is the first */
}

static struct str
polygon(struct arena *a, const struct points *p)
{
	struct points wide = { 0 }, outer;
	struct geo *hull = arena_array(a, struct geo, p->n + 1);
	struct str text = S("polygon");
	size_t n;

	/* What lies within widens nothing: the hull first, of thousands some dozens. */
	outer = (struct points){ .v = hull, .n = p->n > 1 ? convex_hull(p->v, p->n, hull) : 0 };
	if (!widen(a, outer.n > 0 ? &outer : p, &wide))
		return S("");
	hull = arena_array(a, struct geo, wide.n + 1);
	n = convex_hull(wide.v, wide.n, hull);
	if (n < 3 || n > VERTICES)
		return S("");
	for (size_t i = 0; i <= n; i++)
		text =
		    arena_strf(a, "%.*s %.3f,%.3f", FMT(text), hull[i % n].latitude, hull[i % n].longitude);
	return text;
}

/* ---- a circle ---- */

static struct str
circle(struct arena *a, const struct points *p)
{
	double x = 0, y = 0, z = 0, radius = 0;
	struct geo centre;

	for (size_t i = 0; i < p->n; i++) {
		double lat = p->v[i].latitude * M_PI / 180, lon = p->v[i].longitude * M_PI / 180;

		x += cos(lat) * cos(lon);
		y += cos(lat) * sin(lon);
		z += sin(lat);
	}
	centre.longitude = round(atan2(y, x) * 180 / M_PI * 1000) / 1000;
	centre.latitude = round(atan2(z, hypot(x, y)) * 180 / M_PI * 1000) / 1000;
	for (size_t i = 0; i < p->n; i++)
		radius = fmax(radius, geo_distance(centre, p->v[i]));
	return arena_strf(a, "circle %.3f,%.3f %.1f", centre.latitude, centre.longitude,
	    ceil((radius / 1000 + margin_km) * 10) / 10);
}

/* ---- all of it ---- */

struct str
area_draw(struct db *db, struct arena *a, struct str location)
{
	struct points p = positions(db, a, location);
	struct str area;

	if (p.n == 0)
		return S("");
	area = polygon(a, &p);
	return area.n > 0 ? area : circle(a, &p);
}

static struct str
areas_key(struct arena *a, const struct alert *al)
{
	return arena_strf(a, "alert:%lld:areas", (long long)al->id);
}

/* A country's thousands of positions are not read while all other writers wait:
 * a drawing holds for an hour, or until there is a shelter more or less. */
static struct str
draw_once(struct db *db, struct arena *a, struct str location)
{
	struct str key = arena_strf(a, "area:%.*s", FMT(location)), kept, area;
	int64_t members = 0, then;

	set_card(db, location, &members);
	if (string_get(db, a, key, &kept) == OK && str_int(str_cut(&kept, ' '), 0, INT64_MAX, &then) &&
	    then == members)
		return kept;
	area = area_draw(db, a, location);
	string_set(db, key, arena_strf(a, "%lld %.*s", (long long)members, FMT(area)), db_now(db) + HOUR_MS);
	return area;
}

enum err
area_keep(struct db *db, struct arena *a, const struct alert *al)
{
	enum err e = OK;

	for (size_t i = 0; e == OK && i < al->nlocations; i++) {
		struct str area = draw_once(db, a, al->locations[i]);

		if (area.n > 0)
			e = hash_set(db, areas_key(a, al), &(struct field){ al->locations[i], area }, 1);
	}
	return e;
}

struct str
area_of(struct db *db, struct arena *a, const struct alert *al, struct str location)
{
	struct str area;

	return hash_get(db, a, areas_key(a, al), location, &area) == OK ? area : area_draw(db, a, location);
}

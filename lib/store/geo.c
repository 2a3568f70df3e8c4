/* geo.c - positions as scores of a sorted set. */
#include "geo.h"

#include <math.h>
#include <stdlib.h>

#include "sql.h"
#include "zset.h"

#define EARTH_RADIUS 6372797.560856
#define LATITUDE_LIMIT 85.05112878
#define METRES_PER_DEGREE (EARTH_RADIUS * M_PI / 180.0)

enum { STEPS = 26, CELLS_ACROSS = 6, CELLS_MAX = (CELLS_ACROSS + 2) * (CELLS_ACROSS + 2) };

bool
geo_valid(struct geo g)
{
	return g.longitude >= -180 && g.longitude <= 180 && g.latitude >= -LATITUDE_LIMIT &&
	       g.latitude <= LATITUDE_LIMIT;
}

/* Bits of v at the even places (Morton order). */
static uint64_t
spread(uint32_t v)
{
	uint64_t x = v;

	x = (x | (x << 16)) & 0x0000ffff0000ffffULL;
	x = (x | (x << 8)) & 0x00ff00ff00ff00ffULL;
	x = (x | (x << 4)) & 0x0f0f0f0f0f0f0f0fULL;
	x = (x | (x << 2)) & 0x3333333333333333ULL;
	return (x | (x << 1)) & 0x5555555555555555ULL;
}

static uint32_t
gather(uint64_t x)
{
	x &= 0x5555555555555555ULL;
	x = (x | (x >> 1)) & 0x3333333333333333ULL;
	x = (x | (x >> 2)) & 0x0f0f0f0f0f0f0f0fULL;
	x = (x | (x >> 4)) & 0x00ff00ff00ff00ffULL;
	x = (x | (x >> 8)) & 0x0000ffff0000ffffULL;
	return (uint32_t)(x | (x >> 16));
}

/* The column (or row) of `v` on a grid of 2^steps over [-limit, limit]. */
static uint32_t
grid(double v, double limit, int steps)
{
	double cells = ldexp(1.0, steps), at = floor((v + limit) / (2 * limit) * cells);

	return at >= cells ? (uint32_t)cells - 1 : at > 0 ? (uint32_t)at : 0;
}

static uint64_t
interleave(uint32_t row, uint32_t column)
{
	return spread(row) | spread(column) << 1;
}

uint64_t
geo_encode(struct geo g)
{
	return interleave(grid(g.latitude, LATITUDE_LIMIT, STEPS), grid(g.longitude, 180, STEPS));
}

struct geo
geo_decode(uint64_t score)
{
	double cells = ldexp(1.0, STEPS);

	return (struct geo){
		.longitude = -180 + 360 * ((gather(score >> 1) + 0.5) / cells),
		.latitude = -LATITUDE_LIMIT + 2 * LATITUDE_LIMIT * ((gather(score) + 0.5) / cells),
	};
}

static double
radians(double degrees)
{
	return degrees * M_PI / 180.0;
}

double
geo_distance(struct geo a, struct geo b)
{
	double u = sin(radians(b.latitude - a.latitude) / 2);
	double v = sin(radians(b.longitude - a.longitude) / 2);
	double h = u * u + cos(radians(a.latitude)) * cos(radians(b.latitude)) * v * v;

	return 2 * EARTH_RADIUS * asin(sqrt(h < 1 ? h : 1));
}

double
geo_bearing(struct geo from, struct geo to)
{
	double a = radians(from.latitude), b = radians(to.latitude);
	double l = radians(to.longitude - from.longitude);
	double degrees = atan2(sin(l) * cos(b), cos(a) * sin(b) - sin(a) * cos(b) * cos(l)) * 180 / M_PI;

	return degrees < 0 ? degrees + 360 : degrees;
}

enum err
geo_add(struct db *db, struct str key, struct str member, struct geo g)
{
	return geo_valid(g) ? zset_add(db, key, member, (double)geo_encode(g)) : ERR_INPUT;
}

enum err
geo_pos(struct db *db, struct str key, struct str member, struct geo *g)
{
	double score;
	enum err e = zset_score(db, key, member, &score);

	if (e == OK)
		*g = geo_decode((uint64_t)score);
	return e;
}

/* A run of scores [first, last]. */
struct run {
	uint64_t first, last;
};

static int
run_cmp(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Half the extent of a disc in degrees. */
struct extent {
	double latitude, longitude;
};

static struct extent
extent_of(struct geo centre, double radius)
{
	struct extent e = { radius / METRES_PER_DEGREE, 180 };
	double top = fabs(centre.latitude) + e.latitude;

	/* The widest parallel of the disc lies beyond its centre; asin(sin r /
	 * cos lat) is its half width.  A disc that holds a pole holds them all. */
	if (top < 90)
		e.longitude =
		    asin(fmin(1, sin(radius / EARTH_RADIUS) / cos(radians(centre.latitude)))) * 180 / M_PI;
	return e;
}

/* The finest grid on which the disc's box is at most CELLS_ACROSS cells wide
 * and high. */
static int
steps_for(struct extent e)
{
	int steps = STEPS;

	while (steps > 1 && (2 * e.longitude / (360 / ldexp(1.0, steps)) > CELLS_ACROSS ||
				2 * e.latitude / (2 * LATITUDE_LIMIT / ldexp(1.0, steps)) > CELLS_ACROSS))
		steps--;
	return steps;
}

/* False only if no point of the cell lies in the ring.  Cells are at most a
 * few kilometres to a few thousand wide, so the cell's half diagonal bounds
 * the distance of its points from its middle. */
static bool
touches(struct geo centre, double inner, double outer, int steps, uint32_t row, uint32_t column)
{
	double cells = ldexp(1.0, steps);
	struct geo middle = { -180 + 360 * ((column + 0.5) / cells),
		-LATITUDE_LIMIT + 2 * LATITUDE_LIMIT * ((row + 0.5) / cells) };
	double half_lat = LATITUDE_LIMIT / cells, half_lon = 180 / cells;
	double low = fmax(0, fabs(middle.latitude) - half_lat);
	double reach = METRES_PER_DEGREE * hypot(half_lat, half_lon * cos(radians(low)));
	double d = geo_distance(centre, middle);

	return d - reach <= outer && d + reach > inner;
}

/* The runs of scores of the cells that touch the ring, merged. */
static size_t
cover(struct geo centre, double inner, double outer, struct run runs[static CELLS_MAX])
{
	struct extent e = extent_of(centre, outer);
	int steps = steps_for(e), shift = 2 * (STEPS - steps);
	int64_t across = INT64_C(1) << steps;
	int64_t bottom = grid(centre.latitude - e.latitude, LATITUDE_LIMIT, steps);
	int64_t top = grid(centre.latitude + e.latitude, LATITUDE_LIMIT, steps);
	double cell = 360 / ldexp(1.0, steps);
	int64_t west = (int64_t)floor((centre.longitude - e.longitude + 180) / cell);
	int64_t east = (int64_t)floor((centre.longitude + e.longitude + 180) / cell);
	size_t n = 0, kept = 0;

	if (east - west >= across)
		west = 0, east = across - 1;
	for (int64_t row = bottom; row <= top; row++)
		for (int64_t at = west; at <= east; at++) {
			uint32_t column = (uint32_t)((at % across + across) % across);
			uint64_t cell_id = interleave((uint32_t)row, column);

			if (touches(centre, inner, outer, steps, (uint32_t)row, column))
				runs[n++] = (struct run){ cell_id << shift, ((cell_id + 1) << shift) - 1 };
		}
	/* cppcheck-suppress uninitvar */
	qsort(runs, n, sizeof(*runs), run_cmp);
	for (size_t i = 1; i < n; i++)
		if (runs[i].first == runs[kept].last + 1)
			runs[kept].last = runs[i].last;
		else
			runs[++kept] = runs[i];
	return n ? kept + 1 : 0;
}

static int
hit_cmp(const void *a, const void *b)
{
	const struct geo_hit *x = a, *y = b;

	if (x->distance < y->distance || x->distance > y->distance)
		return x->distance < y->distance ? -1 : 1;
	return str_cmp(x->member, y->member);
}

enum { RUN };
static const char *const sql[] = {
	[RUN] = "select score, member from ranking where key = ?1 and score between ?2 and ?3",
};

/* Hits grow in the arena by doubling. */
struct hits {
	struct geo_hit *v;
	size_t n, room;
};

static void
hits_add(struct hits *h, struct arena *a, struct geo_hit hit)
{
	if (h->n == h->room) {
		struct geo_hit *old = h->v;

		h->room = h->room ? h->room * 2 : 64;
		h->v = arena_array(a, struct geo_hit, h->room);
		for (size_t i = 0; i < h->n; i++)
			h->v[i] = old[i];
	}
	h->v[h->n++] = hit;
}

enum err
geo_ring(struct db *db, struct arena *a, struct str name, struct geo centre, double inner, double outer,
    struct geo_hit **out, size_t *n)
{
	struct run runs[CELLS_MAX];
	struct hits hits = { 0 };
	struct key key;
	enum err e = key_find(db, name, KEY_ZSET, &key);
	size_t count = e == OK ? cover(centre, inner, outer, runs) : 0;

	for (size_t i = 0; i < count; i++) {
		sqlite3_stmt *st = db_stmt(
		    db, SQL_GEO, sql, RUN, "idd", key.id, (double)runs[i].first, (double)runs[i].last);

		while (db_row(db, st)) {
			struct geo at = geo_decode((uint64_t)sqlite3_column_double(st, 0));
			double d = geo_distance(centre, at);

			if (d > inner && d <= outer)
				hits_add(&hits, a, (struct geo_hit){ db_column(a, st, 1), d });
		}
	}
	if (hits.n)
		qsort(hits.v, hits.n, sizeof(*hits.v), hit_cmp);
	*out = hits.v;
	*n = hits.n;
	return e == ERR_NOT_FOUND ? OK : e;
}

/* geo.c - positions as scores of a sorted set. */
#include "geo.h"

#include <math.h>
#include <stdlib.h>

#include "sql.h"
#include "zset.h"

#define EARTH_RADIUS 6372797.560856
#define LATITUDE_LIMIT 85.05112878
#define METRES_PER_DEGREE (EARTH_RADIUS * M_PI / 180.0)

enum { STEPS = 26, CELLS_ACROSS = 6, CELLS_MAX = (CELLS_ACROSS + 2) * (CELLS_ACROSS + 2) + 1 };

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

/* The column (or row) of `v` on a grid of 2^steps over [-limit, limit]; at the
 * upper limit it is the one beyond the last, as Redis has it. */
static uint32_t
grid(double v, double limit, int steps)
{
	return (uint32_t)((v + limit) / (2 * limit) * ldexp(1.0, steps));
}

/* The same for any v, kept on the grid. */
static uint32_t
grid_within(double v, double limit, int steps)
{
	uint32_t last = (UINT32_C(1) << steps) - 1, at;

	if (v <= -limit)
		return 0;
	return v >= limit || (at = grid(v, limit, steps)) > last ? last : at;
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

/* Degrees. */
struct bounds {
	double south, north, west, east;
};

/* A cell of the grid of 2^steps. */
struct cell {
	uint32_t row, column;
};

static struct bounds
cell_bounds(struct cell c, int steps)
{
	double cells = ldexp(1.0, steps);

	return (struct bounds){
		.south = -LATITUDE_LIMIT + c.row / cells * (2 * LATITUDE_LIMIT),
		.north = -LATITUDE_LIMIT + (c.row + 1) / cells * (2 * LATITUDE_LIMIT),
		.west = -180 + c.column / cells * 360,
		.east = -180 + (c.column + 1) / cells * 360,
	};
}

static struct geo
middle(struct bounds b)
{
	return (struct geo){ .longitude = (b.west + b.east) / 2, .latitude = (b.south + b.north) / 2 };
}

static double
clamp(double v, double limit)
{
	return v > limit ? limit : v < -limit ? -limit : v;
}

struct geo
geo_decode(uint64_t score)
{
	struct geo g = middle(cell_bounds((struct cell){ gather(score), gather(score >> 1) }, STEPS));

	return (struct geo){ clamp(g.longitude, 180), clamp(g.latitude, LATITUDE_LIMIT) };
}

/* Redis casts, which C leaves undefined beyond the type; this is what the
 * cast does on amd64. */
uint64_t
geo_bits(double score)
{
	if (score >= 0)
		return score < 0x1p64 ? (uint64_t)score : 0;
	return score > -0x1p63 ? (uint64_t)(int64_t)score : UINT64_C(1) << 63;
}

void
geo_hash(struct geo g, char hash[static GEO_HASH + 1])
{
	static const char letters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
	uint64_t bits = interleave(grid(g.latitude, 90, STEPS), grid(g.longitude, 180, STEPS));

	for (int i = 0; i < GEO_HASH - 1; i++)
		hash[i] = letters[bits >> (2 * STEPS - 5 * (i + 1)) & 31];
	hash[GEO_HASH - 1] = '0'; /* 52 bits are 10 letters and a bit */
	hash[GEO_HASH] = '\0';
}

/* These are rounded as Redis rounds: a distance is the same to the last bit. */
static double
radians(double degrees)
{
	return degrees * (M_PI / 180.0);
}

static double
degrees(double radians)
{
	return radians / (M_PI / 180.0);
}

double
geo_distance(struct geo a, struct geo b)
{
	double from = radians(a.latitude), to = radians(b.latitude), h;
	double u = sin((to - from) / 2);
	double v = sin((radians(b.longitude) - radians(a.longitude)) / 2);

	if (fabs(v) > 0) {
		h = u * u + cos(from) * cos(to) * v * v;
		return 2 * EARTH_RADIUS * asin(sqrt(h < 1 ? h : 1));
	}
	return EARTH_RADIUS * fabs(to - from); /* along a meridian */
}

double
geo_bearing(struct geo from, struct geo to)
{
	double a = radians(from.latitude), b = radians(to.latitude);
	double l = radians(to.longitude - from.longitude);
	double bearing = degrees(atan2(sin(l) * cos(b), cos(a) * sin(b) - sin(a) * cos(b) * cos(l)));

	return bearing < 0 ? bearing + 360 : bearing;
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
		*g = geo_decode(geo_bits(score));
	return e;
}

/* Scores from `first` up to, but not with, `end`. */
struct run {
	uint64_t first, end;
};

static int
run_cmp(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* The scores of a cell's positions. */
static struct run
run_of(struct cell c, int steps)
{
	uint64_t id = interleave(c.row, c.column);
	int shift = 2 * (STEPS - steps);

	return (struct run){ id << shift, (id + 1) << shift };
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
touches(struct geo centre, double inner, double outer, int steps, struct cell c)
{
	struct geo m = middle(cell_bounds(c, steps));
	double cells = ldexp(1.0, steps), half_lat = LATITUDE_LIMIT / cells, half_lon = 180 / cells;
	double low = fmax(0, fabs(m.latitude) - half_lat);
	double reach = METRES_PER_DEGREE * hypot(half_lat, half_lon * cos(radians(low)));
	double d = geo_distance(centre, m);

	return d - reach <= outer && d + reach > inner;
}

/* The runs of scores of the cells that touch the ring, merged. */
static size_t
cover(struct geo centre, double inner, double outer, struct run runs[static CELLS_MAX])
{
	struct extent e = extent_of(centre, outer);
	int steps = steps_for(e);
	int64_t across = INT64_C(1) << steps;
	uint32_t bottom = grid_within(centre.latitude - e.latitude, LATITUDE_LIMIT, steps);
	uint32_t top = grid_within(centre.latitude + e.latitude, LATITUDE_LIMIT, steps);
	double cell = 360 / ldexp(1.0, steps);
	int64_t west = (int64_t)floor((centre.longitude - e.longitude + 180) / cell);
	int64_t east = (int64_t)floor((centre.longitude + e.longitude + 180) / cell);
	size_t n = 0, kept = 0;

	if (east - west >= across)
		west = 0, east = across - 1;
	for (uint32_t row = bottom; row <= top; row++)
		for (int64_t at = west; at <= east; at++) {
			struct cell c = { row, (uint32_t)((at % across + across) % across) };

			if (touches(centre, inner, outer, steps, c))
				runs[n++] = run_of(c, steps);
		}
	/* Who stands on the very edge of the map is beyond all cells. */
	runs[n++] = (struct run){ UINT64_C(1) << 2 * STEPS, UINT64_C(1) << (2 * STEPS + 2) };
	qsort(runs, n, sizeof(*runs), run_cmp);
	for (size_t i = 1; i < n; i++)
		if (runs[i].first == runs[kept].end)
			runs[kept].end = runs[i].end;
		else
			runs[++kept] = runs[i];
	return kept + 1;
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
	[RUN] = "select score, member from ranking where key = ?1 and score >= ?2 and score < ?3"
		" order by score, member",
};

static sqlite3_stmt *
run_statement(struct db *db, const struct key *key, struct run run)
{
	return db_stmt(db, SQL_GEO, sql, RUN, "idd", key->id, (double)run.first, (double)run.end);
}

enum err
geo_ring(struct db *db, struct arena *a, struct str name, struct geo centre, double inner, double outer,
    struct geo_hit **out, size_t *n)
{
	struct run runs[CELLS_MAX];
	struct geo_hit *hits = NULL;
	struct key key;
	enum err e = key_find(db, name, KEY_ZSET, &key);
	size_t count = e == OK ? cover(centre, inner, outer, runs) : 0, found = 0, room = 0;

	for (size_t i = 0; i < count; i++) {
		sqlite3_stmt *st = run_statement(db, &key, runs[i]);

		while (db_row(db, st)) {
			double d = geo_distance(centre, geo_decode(geo_bits(sqlite3_column_double(st, 0))));

			if (d <= inner || d > outer)
				continue;
			hits = arena_grow(a, hits, found, &room);
			hits[found++] = (struct geo_hit){ db_column(a, st, 1), d };
		}
	}
	if (found)
		qsort(hits, found, sizeof(*hits), hit_cmp);
	*out = hits;
	*n = found;
	return e == ERR_NOT_FOUND ? OK : e;
}

/* ---- GEOSEARCH: nine cells, as Redis takes them ---- */

#define HALF_ROUND 20037726.37 /* metres; Redis' measure of how coarse cells must be */

static struct bounds
bounds_of(const struct geo_area *a)
{
	double up = degrees(a->unit * (a->box ? a->height / 2 : a->radius) / EARTH_RADIUS);
	double far = a->centre.latitude < 0 ? a->centre.latitude - up : a->centre.latitude + up;
	double aside =
	    degrees(a->unit * (a->box ? a->width / 2 : a->radius) / EARTH_RADIUS / cos(radians(far)));

	return (struct bounds){ a->centre.latitude - up, a->centre.latitude + up, a->centre.longitude - aside,
		a->centre.longitude + aside };
}

/* The grid on which nine cells hold an area of this reach, mostly. */
static int
steps_of_reach(double reach, double latitude)
{
	int steps = -1;

	if (!(reach > 0))
		return STEPS;
	for (; reach < HALF_ROUND; reach *= 2)
		steps++;
	if (fabs(latitude) > 66) /* parallels are shorter there */
		steps -= fabs(latitude) > 80 ? 2 : 1;
	return steps < 1 ? 1 : steps > STEPS ? STEPS : steps;
}

/* The cell `up` rows and `right` columns on; the grid goes round both ways. */
static struct cell
neighbour(struct cell c, int steps, int up, int right)
{
	uint32_t mask = (UINT32_C(1) << steps) - 1;

	if (up)
		c.row = (c.row + (uint32_t)up) & mask;
	if (right)
		c.column = (c.column + (uint32_t)right) & mask;
	return c;
}

static struct cell
cell_at(struct geo g, int steps)
{
	return (struct cell){ grid(g.latitude, LATITUDE_LIMIT, steps), grid(g.longitude, 180, steps) };
}

/* The neighbours reach as far as the bounds. */
static bool
nine_hold(struct cell c, int steps, struct bounds b)
{
	return !(cell_bounds(neighbour(c, steps, 1, 0), steps).north < b.north ||
		 cell_bounds(neighbour(c, steps, -1, 0), steps).south > b.south ||
		 cell_bounds(neighbour(c, steps, 0, 1), steps).east < b.east ||
		 cell_bounds(neighbour(c, steps, 0, -1), steps).west > b.west);
}

/* The cells that Redis reads, in its order: the middle and those around it but
 * for the sides on which the middle alone reaches beyond the bounds. */
static size_t
nine_cells(const struct geo_area *a, struct cell cells[static 9], int *steps)
{
	static const struct {
		int up, right;
	} around[] = { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 }, { 1, 1 }, { 1, -1 }, { -1, 1 }, { -1, -1 } };
	struct bounds b = bounds_of(a), c;
	double reach =
	    a->box ? sqrt(a->width / 2 * (a->width / 2) + a->height / 2 * (a->height / 2)) : a->radius;
	size_t n = 1;

	*steps = steps_of_reach(reach * a->unit, a->centre.latitude);
	if (*steps > 1 && !nine_hold(cell_at(a->centre, *steps), *steps, b))
		--*steps;
	cells[0] = cell_at(a->centre, *steps);
	c = cell_bounds(cells[0], *steps);
	for (size_t i = 0; i < LEN(around); i++) {
		struct cell next = neighbour(cells[0], *steps, around[i].up, around[i].right);
		const struct cell *last = &cells[n - 1];

		if (*steps > 1 &&
		    ((around[i].up < 0 && c.south < b.south) || (around[i].up > 0 && c.north > b.north) ||
			(around[i].right < 0 && c.west < b.west) || (around[i].right > 0 && c.east > b.east)))
			continue;
		if (n == 1 || next.row != last->row || next.column != last->column)
			cells[n++] = next;
	}
	return n;
}

static bool
within(const struct geo_area *a, struct geo at, double *distance)
{
	struct geo meridian = { a->centre.longitude, at.latitude };
	struct geo parallel = { at.longitude, a->centre.latitude };

	if (a->box && (geo_distance(at, meridian) > a->width * a->unit / 2 ||
			  geo_distance(at, parallel) > a->height * a->unit / 2))
		return false;
	*distance = geo_distance(a->centre, at);
	return a->box || !(*distance > a->radius * a->unit);
}

struct searching {
	struct db *db;
	struct arena *arena;
	struct key key;
	const struct geo_search *search;
	struct geo_found *found;
	size_t n, room;
};

static bool
enough(const struct searching *s)
{
	return s->search->any && s->n >= (size_t)s->search->limit;
}

static void
read_run(struct searching *s, struct run run)
{
	sqlite3_stmt *st;

	if (run.first == run.end)
		return;
	st = run_statement(s->db, &s->key, run);
	while (!enough(s) && db_row(s->db, st)) {
		double score = sqlite3_column_double(st, 0), d;

		if (!within(&s->search->area, geo_decode(geo_bits(score)), &d))
			continue;
		s->found = arena_grow(s->arena, s->found, s->n, &s->room);
		s->found[s->n] = (struct geo_found){ db_column(s->arena, st, 1), score, d, s->n };
		s->n++;
	}
	db_done(st);
}

/* Reads a cell by its parts, in order of scores, but for those that lie
 * outside.  No point of a box is farther than half its sides together. */
static void
read_cell(struct searching *s, struct cell c, int steps)
{
	const struct geo_area *a = &s->search->area;
	double reach = a->unit * (a->box ? (a->width + a->height) / 2 : a->radius);
	int finer = STEPS - steps < 2 ? STEPS : steps + 2, parts = 1 << 2 * (finer - steps);
	struct run run = { 0, 0 };

	if (c.row >> steps || c.column >> steps) { /* the edge of the map: not on the grid */
		read_run(s, run_of(c, steps));
		return;
	}
	for (int i = 0; i < parts; i++) {
		uint64_t id = interleave(c.row, c.column) << 2 * (finer - steps) | (uint64_t)i;
		struct cell part = { gather(id), gather(id >> 1) };
		struct run next = run_of(part, finer);

		if (!touches(a->centre, -1, reach, finer, part))
			continue;
		if (run.end == next.first) {
			run.end = next.end;
			continue;
		}
		read_run(s, run);
		run = next;
	}
	read_run(s, run);
}

static int
found_cmp(const void *a, const void *b)
{
	const struct geo_found *x = a, *y = b;

	if (x->distance < y->distance || x->distance > y->distance)
		return x->distance < y->distance ? -1 : 1;
	return (x->met > y->met) - (x->met < y->met);
}

static int
found_cmp_down(const void *a, const void *b)
{
	const struct geo_found *x = a, *y = b;

	if (x->distance < y->distance || x->distance > y->distance)
		return x->distance < y->distance ? 1 : -1;
	return (x->met > y->met) - (x->met < y->met);
}

enum err
geo_search(struct db *db, struct arena *a, struct str name, const struct geo_search *search,
    struct geo_found **out, size_t *n)
{
	struct searching s = { .db = db, .arena = a, .search = search };
	struct cell cells[9];
	int steps = 0;
	enum err e = key_find(db, name, KEY_ZSET, &s.key);
	size_t count = e == OK ? nine_cells(&search->area, cells, &steps) : 0;

	for (size_t i = 0; i < count && !enough(&s); i++)
		read_cell(&s, cells[i], steps);
	if (s.n && (search->order != GEO_UNORDERED || (search->limit && !search->any)))
		qsort(s.found, s.n, sizeof(*s.found),
		    search->order == GEO_DESCENDING ? found_cmp_down : found_cmp);
	*out = s.found;
	*n = search->limit && s.n > (size_t)search->limit ? (size_t)search->limit : s.n;
	return e == ERR_NOT_FOUND ? OK : e;
}

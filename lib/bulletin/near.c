/* near.c - the geohash cells that a disc touches. */
#include <math.h>

#include "postindex.h"

#define EARTH_RADIUS 6372797.560856
#define DEGREES (180.0 / M_PI)
#define SLACK 1.0 /* metres: sums of doubles, and the edges' own */

/* The grid of geohashes of some letters: an odd number of bits has one more for
 * the longitude. */
struct cells {
	size_t letters;
	int across, up;       /* bits */
	double width, height; /* degrees */
};

static struct cells
cells_of(size_t letters)
{
	int bits = 5 * (int)letters;
	struct cells c = { .letters = letters, .across = (bits + 1) / 2, .up = bits / 2 };

	c.width = ldexp(360.0, -c.across);
	c.height = ldexp(180.0, -c.up);
	return c;
}

static struct str
letters_of(struct arena *a, const struct cells *c, int64_t row, int64_t column)
{
	static const char letters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
	char hash[CELL_LONGEST + 1];
	int bits = 5 * (int)c->letters, x = c->across, y = c->up;

	for (int i = 0, v = 0; i < bits; i++) {
		v = v << 1 | (int)(i % 2 ? row >> --y & 1 : column >> --x & 1);
		if (i % 5 == 4) {
			hash[i / 5] = letters[v];
			v = 0;
		}
	}
	return arena_dup(a, (struct str){ hash, c->letters });
}

static double
within(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

/* How far it is to a piece of a meridian: the nearest point of the whole one, or
 * the end on this side of it. */
static double
to_meridian(struct geo g, double longitude, double south, double north)
{
	double east = (longitude - g.longitude) / DEGREES;
	double lat = atan2(tan(g.latitude / DEGREES), cos(east)) * DEGREES;

	/* Beyond a quarter of the way round it is over the pole. */
	if (cos(east) <= 0)
		lat = g.latitude < 0 ? -90 : 90;
	return geo_distance(g, (struct geo){ longitude, within(lat, south, north) });
}

static double
to_cell(struct geo g, const struct cells *c, int64_t row, int64_t column)
{
	double south = -90 + (double)row * c->height, north = south + c->height;
	double west = -180 + (double)column * c->width;
	double east = fmod(g.longitude - west + 720, 360); /* of its western edge */
	double one, other;

	if (east <= c->width)
		return geo_distance(g, (struct geo){ g.longitude, within(g.latitude, south, north) });
	one = to_meridian(g, west, south, north);
	other = to_meridian(g, west + c->width, south, north);
	return one < other ? one : other;
}

/* Degrees of longitude that a disc reaches to each side; 180: it holds a pole. */
static double
reach(struct geo g, double angle)
{
	double s = sin(angle) / cos(g.latitude / DEGREES);

	if (fabs(g.latitude) / DEGREES + angle >= M_PI / 2 || s >= 1)
		return 180;
	return asin(s) * DEGREES;
}

/* The cells of one kind; false: more than `most`.  A row or column that the disc
 * reaches has one that it touches, so too many of these are enough to know. */
static bool
touched(struct arena *a, struct geo g, double radius, const struct cells *c, size_t most, struct str *out,
    size_t *n)
{
	double angle = (radius + SLACK) / EARTH_RADIUS, lat = angle * DEGREES, lon = reach(g, angle);
	int64_t rows = INT64_C(1) << c->up, columns = INT64_C(1) << c->across;
	int64_t south = (int64_t)floor(within((g.latitude - lat + 90) / c->height, 0, (double)(rows - 1)));
	int64_t north = (int64_t)floor(within((g.latitude + lat + 90) / c->height, 0, (double)(rows - 1)));
	int64_t west = (int64_t)floor((g.longitude - lon + 180) / c->width);
	int64_t east = (int64_t)floor((g.longitude + lon + 180) / c->width);

	*n = 0;
	if (east - west + 1 > columns)
		east = west + columns - 1;
	if (north - south >= (int64_t)most || east - west >= (int64_t)most + 2)
		return false;
	for (int64_t row = south; row <= north; row++)
		for (int64_t i = west; i <= east; i++) {
			int64_t column = (i % columns + columns) % columns;

			if (to_cell(g, c, row, column) > radius + SLACK)
				continue;
			if (*n == most)
				return false;
			out[(*n)++] = letters_of(a, c, row, column);
		}
	return true;
}

size_t
near_cells(struct arena *a, struct geo centre, double radius, size_t most, struct str **cells)
{
	size_t n = 0;

	*cells = arena_array(a, struct str, most + 1);
	for (size_t letters = CELL_LONGEST; letters >= CELL_SHORTEST; letters--) {
		struct cells c = cells_of(letters);

		if (touched(a, centre, radius, &c, most, *cells, &n))
			return n;
	}
	return 0;
}

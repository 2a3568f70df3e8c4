/*
 * geo.h - positions: a sorted set whose score is the 52-bit interleaved
 * (latitude, longitude), as Redis' GEO commands keep it.
 *
 * Degrees are WGS 84; distances are metres on Redis' sphere (radius
 * 6,372,797.560856 m).  A position comes back within about 0.6 m of what was
 * put in.  Latitudes beyond +-85.05112878 cannot be kept.
 */
#ifndef MUSTER_GEO_H
#define MUSTER_GEO_H

#include "db.h"

struct geo {
	double longitude, latitude;
};

struct geo_hit {
	struct str member;
	double distance; /* metres */
};

/* Within what can be kept: longitude +-180, latitude +-85.05112878. */
bool geo_valid(struct geo);

/* The score of a position and back (the centre of its cell).  A position on
 * the very edge, at 180 or 85.05112878, has a cell beyond the 52 bits, as in
 * Redis. */
uint64_t geo_encode(struct geo);
struct geo geo_decode(uint64_t score);

/* What Redis 7.0 decodes where a score is none of geo_encode()'s: negative,
 * infinite, with a fraction. */
uint64_t geo_bits(double score);

/* The geohash as the rest of the world writes it: 11 letters, the last "0". */
enum { GEO_HASH = 11 };
void geo_hash(struct geo, char hash[static GEO_HASH + 1]);

double geo_distance(struct geo, struct geo);

/* The initial bearing from one to the other, degrees clockwise from north. */
double geo_bearing(struct geo from, struct geo to);

/* W.  GEOADD of one.  ERR_INPUT: not valid. */
enum err geo_add(struct db *, struct str key, struct str member, struct geo);

/* GEOPOS of one.  ERR_NOT_FOUND. */
enum err geo_pos(struct db *, struct str key, struct str member, struct geo *);

/* GEOSEARCH FROMLONLAT BYRADIUS ASC WITHDIST of the ring inner < distance <=
 * outer (inner < 0: the whole disc): nearest first, ties by member.  Reads
 * the cells that touch the ring, so a growing search reads each member about
 * once. */
enum err geo_ring(struct db *, struct arena *, struct str key, struct geo centre, double inner, double outer,
    struct geo_hit **, size_t *n);

/* What is looked for around a place: a disc, or a box whose sides run along
 * meridians and parallels.  Lengths are in a unit of `unit` metres. */
struct geo_area {
	struct geo centre;
	bool box;
	double unit;
	double radius;        /* of a disc */
	double width, height; /* of a box */
};

enum geo_order { GEO_UNORDERED, GEO_ASCENDING, GEO_DESCENDING };

struct geo_search {
	struct geo_area area;
	enum geo_order order;
	int64_t limit; /* 0: all */
	bool any;      /* the first `limit` that are met, not the nearest; reads no further */
};

struct geo_found {
	struct str member;
	double score, distance; /* metres */
	size_t met;             /* how many were met before it */
};

/* GEOSEARCH.  It finds whom Redis 7.0 finds, in the order in which Redis meets
 * them: a disc of some thousand kilometres, or one over a pole, loses members
 * there, and so it does here.  geo_ring() is for who wants all of them.  Of
 * equal distance the one that was met first comes first.  A limit without an
 * order, and not `any`, orders ascending.  A missing key is empty. */
enum err geo_search(
    struct db *, struct arena *, struct str key, const struct geo_search *, struct geo_found **, size_t *n);

/* Half the way round: no two points are farther apart. */
#define GEO_FARTHEST 20020741.0

#endif

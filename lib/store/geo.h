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

/* The score of a position and back (the centre of its cell). */
uint64_t geo_encode(struct geo);
struct geo geo_decode(uint64_t score);

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

/* Half the way round: no two points are farther apart. */
#define GEO_FARTHEST 20020741.0

#endif

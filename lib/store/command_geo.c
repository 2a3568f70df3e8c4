/* command_geo.c - GEOADD, GEOPOS, GEODIST, GEOHASH, GEOSEARCH, GEORADIUS and their variants. */
#include "call.h"

#include <math.h>
#include <string.h>

#include "geo.h"
#include "zset.h"

#define NO_SUCH_MEMBER "ERR could not decode requested zset member"

/* ---- arguments ---- */

/* Longitude and latitude at i and i + 1. */
static bool
arg_place(struct call *c, size_t i, struct geo *g)
{
	if (!arg_double(c, i, &g->longitude, NULL) || !arg_double(c, i + 1, &g->latitude, NULL))
		return false;
	if (geo_valid(*g))
		return true;
	reply_error(c, "ERR invalid longitude,latitude pair %f,%f", g->longitude, g->latitude);
	return false;
}

/* The metres of a unit. */
static bool
arg_unit(struct call *c, size_t i, double *metres)
{
	static const struct {
		const char *name;
		double metres;
	} units[] = { { "m", 1 }, { "km", 1000 }, { "ft", 0.3048 }, { "mi", 1609.34 } };

	for (size_t u = 0; u < LEN(units); u++)
		if (arg_is(c, i, units[u].name)) {
			*metres = units[u].metres;
			return true;
		}
	reply_error(c, "ERR unsupported unit provided. please use M, KM, FT, MI");
	return false;
}

/* "radius unit" */
static bool
arg_disc(struct call *c, size_t i, struct geo_area *a)
{
	a->box = false;
	if (!arg_double(c, i, &a->radius, "ERR need numeric radius"))
		return false;
	if (a->radius < 0) {
		reply_error(c, "ERR radius cannot be negative");
		return false;
	}
	return arg_unit(c, i + 1, &a->unit);
}

/* "width height unit" */
static bool
arg_box(struct call *c, size_t i, struct geo_area *a)
{
	a->box = true;
	if (!arg_double(c, i, &a->width, "ERR need numeric width") ||
	    !arg_double(c, i + 1, &a->height, "ERR need numeric height"))
		return false;
	if (a->width < 0 || a->height < 0) {
		reply_error(c, "ERR height or width cannot be negative");
		return false;
	}
	return arg_unit(c, i + 2, &a->unit);
}

/* The place where the member named by the i-th argument is. */
static bool
arg_member(struct call *c, struct str key, size_t i, struct geo *g)
{
	enum err e = geo_pos(c->db, key, c->args[i], g);

	if (e == ERR_NOT_FOUND)
		reply_error(c, NO_SUCH_MEMBER);
	return e == OK;
}

/* ---- replies ---- */

/* Four digits behind the point, rounded as Redis does it: after scaling, a
 * half to the even neighbour, which is not what %.4f makes of it. */
static struct reply
reply_of_distance(struct arena *a, double d)
{
	long long scaled = llrint(d * 10000);

	return reply_of_bulk(arena_strf(a, "%lld.%04lld", scaled / 10000, scaled % 10000));
}

/* 17 digits behind the point, without the zeros at their end. */
static struct reply
reply_of_degrees(struct arena *a, double degrees)
{
	struct str s = arena_strf(a, "%.17f", degrees);

	while (s.p[s.n - 1] == '0')
		s.n--;
	if (s.p[s.n - 1] == '.')
		s.n--;
	return reply_of_bulk(str_is(s, "-0") ? S("0") : s);
}

static struct reply
reply_of_place(struct arena *a, struct geo g)
{
	struct reply r = reply_of_array(a, 2);

	r.items[0] = reply_of_degrees(a, g.longitude);
	r.items[1] = reply_of_degrees(a, g.latitude);
	return r;
}

/* ---- GEOADD key [NX | XX] [CH] longitude latitude member ... ---- */

static size_t
geoadd_options(const struct call *c, unsigned *flags, bool *changed)
{
	size_t i = 2;

	for (; i < c->n; i++)
		if (arg_is(c, i, "nx"))
			*flags |= ZADD_NX;
		else if (arg_is(c, i, "xx"))
			*flags |= ZADD_XX;
		else if (arg_is(c, i, "ch"))
			*changed = true;
		else
			break;
	return i;
}

void
call_geoadd(struct call *c)
{
	unsigned flags = 0;
	bool changed = false;
	size_t first = geoadd_options(c, &flags, &changed), n = (c->n - first) / 3;
	struct geo *places = arena_array(c->arena, struct geo, n);
	int64_t count = 0;

	if (n == 0 || (c->n - first) % 3 || flags == (ZADD_NX | ZADD_XX)) {
		reply_error(c, SYNTAX_ERROR);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (!arg_place(c, first + 3 * i, &places[i]))
			return;
	for (size_t i = 0; i < n; i++) {
		enum zadd_result result;
		double score;

		if (!reply_unless(c, zset_add_with(c->db, c->args[1], c->args[first + 3 * i + 2],
					 (double)geo_encode(places[i]), flags, &score, &result)))
			return;
		count += result == ZADD_ADDED || (changed && result == ZADD_UPDATED);
	}
	reply_int(c, count);
}

/* ---- GEOPOS, GEOHASH: key member ...; GEODIST key member member [unit] ---- */

/* An array with the answer to each member; `missing` where there is none. */
static void
of_each(struct call *c, enum reply_kind missing, struct reply (*answer)(struct arena *, struct geo))
{
	struct reply *items;
	int64_t n;

	if (!reply_unless(c, zset_card(c->db, c->args[1], &n)))
		return;
	items = reply_array(c, c->n - 2);
	for (size_t i = 2; i < c->n; i++) {
		struct geo g;

		if (n > 0 && geo_pos(c->db, c->args[1], c->args[i], &g) == OK)
			items[i - 2] = answer(c->arena, g);
		else
			items[i - 2].kind = missing;
	}
}

static struct reply
reply_of_hash(struct arena *a, struct geo g)
{
	char hash[GEO_HASH + 1];

	geo_hash(g, hash);
	return reply_of_bulk(arena_dup(a, str(hash)));
}

void
call_geopos(struct call *c)
{
	of_each(c, REPLY_NIL_ARRAY, reply_of_place);
}

void
call_geohash(struct call *c)
{
	of_each(c, REPLY_NIL, reply_of_hash);
}

void
call_geodist(struct call *c)
{
	struct geo from = { 0 }, to = { 0 };
	double unit = 1;
	enum err e;

	if (c->n > 5) {
		reply_error(c, SYNTAX_ERROR);
		return;
	}
	if (c->n == 5 && !arg_unit(c, 4, &unit))
		return;
	if ((e = geo_pos(c->db, c->args[1], c->args[2], &from)) == OK)
		e = geo_pos(c->db, c->args[1], c->args[3], &to);
	if (reply_unless(c, e))
		c->reply = reply_of_distance(c->arena, geo_distance(from, to) / unit);
}

/* ---- GEOSEARCH, GEORADIUS ---- */

enum variant {
	RADIUS = 1, /* GEORADIUS: place and radius stand at fixed arguments */
	RADIUS_MEMBER = 2,
	READ_ONLY = 4, /* _RO: no STORE */
	SEARCH = 8,    /* GEOSEARCH: both are options */
	SEARCH_STORE = 16,
};

/* A command that is being read. */
struct query {
	unsigned variant;
	struct str key;
	bool exists; /* the key does */
	struct geo_search search;
	bool from_member, from_place, by_radius, by_box;
	bool with_distance, with_hash, with_place;
	bool store, distances; /* into `into`; the distances rather than the cells */
	struct str into;
};

static bool
take_count(struct call *c, size_t i, struct query *q)
{
	if (!arg_int(c, i, &q->search.limit, NULL))
		return false;
	if (q->search.limit > 0)
		return true;
	reply_error(c, "ERR COUNT must be > 0");
	return false;
}

static bool
take_store(struct call *c, size_t i, struct query *q, bool distances)
{
	q->store = true;
	q->distances = distances;
	q->into = c->args[i];
	return true;
}

/* A word without an argument. */
static bool
take_word(const struct call *c, size_t i, struct query *q)
{
	if (arg_is(c, i, "withdist"))
		q->with_distance = true;
	else if (arg_is(c, i, "withhash"))
		q->with_hash = true;
	else if (arg_is(c, i, "withcoord"))
		q->with_place = true;
	else if (arg_is(c, i, "any"))
		q->search.any = true;
	else if (arg_is(c, i, "asc"))
		q->search.order = GEO_ASCENDING;
	else if (arg_is(c, i, "desc"))
		q->search.order = GEO_DESCENDING;
	else if (arg_is(c, i, "storedist") && q->variant & SEARCH_STORE)
		q->distances = true;
	else
		return false;
	return true;
}

/* A word of GEOSEARCH with `left` arguments behind it: how many it takes, 0 if
 * it is none, or an error is in the reply. */
static size_t
take_where(struct call *c, size_t i, size_t left, struct query *q)
{
	struct geo_area *a = &q->search.area;

	if (arg_is(c, i, "frommember") && left >= 1 && !q->from_place) {
		q->from_member = true;
		return !q->exists || arg_member(c, q->key, i + 1, &a->centre) ? 1 : 0;
	}
	if (arg_is(c, i, "fromlonlat") && left >= 2 && !q->from_member) {
		q->from_place = true;
		return arg_place(c, i + 1, &a->centre) ? 2 : 0;
	}
	if (arg_is(c, i, "byradius") && left >= 2 && !q->by_box) {
		q->by_radius = true;
		return arg_disc(c, i + 1, a) ? 2 : 0;
	}
	if (arg_is(c, i, "bybox") && left >= 3 && !q->by_radius) {
		q->by_box = true;
		return arg_box(c, i + 1, a) ? 3 : 0;
	}
	return 0;
}

/* A word with arguments, as take_where(). */
static size_t
take_option(struct call *c, size_t i, size_t left, struct query *q)
{
	if (arg_is(c, i, "count") && left >= 1)
		return take_count(c, i + 1, q) ? 1 : 0;
	if (q->variant & SEARCH)
		return take_where(c, i, left, q);
	if (arg_is(c, i, "store") && left >= 1 && !(q->variant & READ_ONLY))
		return take_store(c, i + 1, q, false);
	if (arg_is(c, i, "storedist") && left >= 1 && !(q->variant & READ_ONLY))
		return take_store(c, i + 1, q, true);
	return 0;
}

static bool
take_options(struct call *c, size_t i, struct query *q)
{
	for (; i < c->n; i++) {
		size_t taken;

		if (take_word(c, i, q))
			continue;
		if ((taken = take_option(c, i, c->n - i - 1, q)) == 0) {
			if (c->reply.kind != REPLY_ERROR)
				reply_error(c, SYNTAX_ERROR);
			return false;
		}
		i += taken;
	}
	return true;
}

/* Place and radius of GEORADIUS, and where its options begin.  Of a missing
 * key GEORADIUSBYMEMBER does not even look at the radius. */
static bool
take_fixed(struct call *c, struct query *q, size_t *options)
{
	struct geo_area *a = &q->search.area;

	if (q->variant & RADIUS) {
		*options = 6;
		return arg_place(c, 2, &a->centre) && arg_disc(c, 4, a);
	}
	if (q->variant & RADIUS_MEMBER) {
		*options = 5;
		return !q->exists || (arg_member(c, q->key, 2, &a->centre) && arg_disc(c, 3, a));
	}
	*options = q->store ? 3 : 2;
	return true;
}

/* The options go together. */
static bool
query_is_whole(struct call *c, const struct query *q)
{
	if (q->store && (q->with_distance || q->with_hash || q->with_place))
		reply_error(c, "ERR %s is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
		    q->variant & SEARCH_STORE ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS");
	else if (q->variant & SEARCH && !q->from_member && !q->from_place)
		reply_error(c, "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for %.*s",
		    FMT(c->args[0]));
	else if (q->variant & SEARCH && !q->by_radius && !q->by_box)
		reply_error(
		    c, "ERR exactly one of BYRADIUS and BYBOX can be specified for %.*s", FMT(c->args[0]));
	else if (q->search.any && q->search.limit == 0)
		reply_error(c, "ERR the ANY argument requires COUNT argument");
	else
		return true;
	return false;
}

/* One who was found: the member, or an array of it and what was asked for. */
static struct reply
reply_of_found(struct arena *a, const struct query *q, const struct geo_found *f)
{
	struct reply r = reply_of_bulk(f->member), all;
	size_t n = 1;

	if (!q->with_distance && !q->with_hash && !q->with_place)
		return r;
	all = reply_of_array(a, 1 + (size_t)q->with_distance + (size_t)q->with_hash + (size_t)q->with_place);
	all.items[0] = r;
	if (q->with_distance)
		all.items[n++] = reply_of_distance(a, f->distance / q->search.area.unit);
	if (q->with_hash)
		all.items[n++] = reply_of_int((int64_t)f->score);
	if (q->with_place)
		all.items[n++] = reply_of_place(a, geo_decode(geo_bits(f->score)));
	return all;
}

static void
store_found(struct call *c, const struct query *q, const struct geo_found *found, size_t n)
{
	struct zmember *members = arena_array(c->arena, struct zmember, n);

	for (size_t i = 0; i < n; i++) {
		members[i].member = found[i].member;
		members[i].score = q->distances ? found[i].distance / q->search.area.unit : found[i].score;
	}
	zset_replace(c->db, q->into, members, n);
	reply_int(c, (int64_t)n);
}

static void
answer(struct call *c, const struct query *q)
{
	struct geo_found *found = NULL;
	struct reply *items;
	size_t n = 0;

	if (q->exists && !reply_unless(c, geo_search(c->db, c->arena, q->key, &q->search, &found, &n)))
		return;
	if (q->store) {
		store_found(c, q, found, n);
		return;
	}
	items = reply_array(c, n);
	for (size_t i = 0; i < n; i++)
		items[i] = reply_of_found(c->arena, q, &found[i]);
}

static void
search(struct call *c, unsigned variant)
{
	struct query q = { .variant = variant, .store = variant & SEARCH_STORE };
	size_t options;
	int64_t n;

	q.key = c->args[q.store ? 2 : 1];
	if (q.store)
		q.into = c->args[1];
	if (!reply_unless(c, zset_card(c->db, q.key, &n)))
		return;
	q.exists = n > 0;
	if (take_fixed(c, &q, &options) && take_options(c, options, &q) && query_is_whole(c, &q))
		answer(c, &q);
}

void
call_georadius(struct call *c)
{
	search(c, RADIUS);
}

void
call_georadius_ro(struct call *c)
{
	search(c, RADIUS | READ_ONLY);
}

void
call_georadiusbymember(struct call *c)
{
	search(c, RADIUS_MEMBER);
}

void
call_georadiusbymember_ro(struct call *c)
{
	search(c, RADIUS_MEMBER | READ_ONLY);
}

void
call_geosearch(struct call *c)
{
	search(c, SEARCH);
}

void
call_geosearchstore(struct call *c)
{
	search(c, SEARCH | SEARCH_STORE);
}

/* geo_test.c - what geo.h promises: positions, distances, rings. */
#include "collections.h"

#include "geo.h"

#define LIMIT 85.05112878

static const struct geo palermo = { 13.361389, 38.115556 }, catania = { 15.087269, 37.502669 };

/* ---- golden: what redis-server says -------------------------------------------- */

TEST(scores_are_those_of_redis)
{
	assert_int_equal(geo_encode(palermo), 3479099956230698);
	assert_int_equal(geo_encode(catania), 3479447370796909);
}

TEST(distances_are_those_of_redis)
{
	struct geo p = geo_decode(3479099956230698), c = geo_decode(3479447370796909);

	assert_near(geo_distance(p, c), 166274.1516, 0.00005);
	assert_near(geo_distance(c, p), 166274.1516, 0.00005);
	assert_near(
	    geo_distance((struct geo){ 15, 37 }, p), 190442.4, 0.5); /* GEOSEARCH's example: 190.4424 km */
	assert_near(geo_distance((struct geo){ 15, 37 }, c), 56441.3, 0.5);
}

TEST(positions_read_as_those_of_redis)
{
	struct geo p = geo_decode(3479099956230698);

	assert_near(p.longitude, 13.36138933897018433, 1e-14);
	assert_near(p.latitude, 38.11555639549629859, 1e-14);
}

/* ---- codes, distances, bearings ---------------------------------------------------- */

static struct geo
anywhere(void)
{
	return (struct geo){ rnd_between(-180, 180), rnd_between(-LIMIT, LIMIT) };
}

TEST(a_position_comes_back_within_0_6_m)
{
	rnd_start();
	for (int i = 0; i < 20000; i++) {
		struct geo g = anywhere();

		assert_true(geo_distance(g, geo_decode(geo_encode(g))) < 0.6);
	}
}

TEST(a_position_read_back_encodes_to_the_same_score)
{
	rnd_start();
	for (int i = 0; i < 20000; i++) {
		uint64_t score = geo_encode(anywhere());

		assert_true(score < 1ULL << 52);
		assert_true(geo_encode(geo_decode(score)) == score);
	}
}

TEST(the_corners_of_the_map_can_be_kept)
{
	static const struct geo corners[] = { { -180, -LIMIT }, { -180, LIMIT }, { 180, -LIMIT },
		{ 180, LIMIT }, { 0, 0 } };

	for (size_t i = 0; i < LEN(corners); i++) {
		assert_true(geo_valid(corners[i]));
		assert_true(geo_encode(corners[i]) < 1ULL << 52);
		assert_true(geo_distance(corners[i], geo_decode(geo_encode(corners[i]))) < 0.6);
	}
}

TEST(what_cannot_be_kept_is_not_valid)
{
	static const struct geo wrong[] = { { 180.000001, 0 }, { -181, 0 }, { 0, 85.0511288 }, { 0, -90 },
		{ NAN, 0 }, { 0, NAN }, { INFINITY, 0 }, { 0, -INFINITY } };

	for (size_t i = 0; i < LEN(wrong); i++)
		assert_false(geo_valid(wrong[i]));
}

TEST(no_two_points_are_farther_apart_than_the_farthest)
{
	rnd_start();
	for (int i = 0; i < 10000; i++)
		assert_true(geo_distance(anywhere(), anywhere()) <= GEO_FARTHEST);
	assert_true(geo_distance((struct geo){ 0, 0 }, (struct geo){ 180, 0 }) <= GEO_FARTHEST);
	assert_near(geo_distance((struct geo){ 30, 40 }, (struct geo){ -150, -40 }), GEO_FARTHEST, 10);
}

TEST(a_distance_does_not_mind_the_antimeridian)
{
	struct geo west = { 179.999, 10 }, east = { -179.999, 10 };

	assert_near(
	    geo_distance(west, east), geo_distance((struct geo){ 0, 10 }, (struct geo){ 0.002, 10 }), 1e-6);
	assert_double(geo_distance(west, west), 0);
}

TEST(a_bearing_counts_clockwise_from_north)
{
	struct geo from = { 23.6, 46.77 };

	assert_near(geo_bearing(from, (struct geo){ 23.6, 47 }), 0, 1e-9);
	assert_near(geo_bearing((struct geo){ 0, 0 }, (struct geo){ 1, 0 }), 90, 1e-9);
	assert_near(geo_bearing(from, (struct geo){ 23.6, 46 }), 180, 1e-9);
	assert_near(geo_bearing((struct geo){ 0, 0 }, (struct geo){ -1, 0 }), 270, 1e-9);
	assert_near(geo_bearing((struct geo){ 179.5, 0 }, (struct geo){ -179.5, 0 }), 90, 1e-9);
}

/* ---- keys ------------------------------------------------------------------------------ */

STORE_TEST(a_position_is_a_member_of_a_ranking)
{
	struct geo at_;
	double score;

	assert_int_equal(geo_add(db, S("g"), S("Palermo"), palermo), OK);
	assert_int_equal(zset_score(db, S("g"), S("Palermo"), &score), OK);
	assert_double(score, 3479099956230698.0);
	assert_int_equal(geo_pos(db, S("g"), S("Palermo"), &at_), OK);
	assert_near(at_.longitude, palermo.longitude, 1e-5);
	assert_near(at_.latitude, palermo.latitude, 1e-5);
}

STORE_TEST(a_missing_member_has_no_position)
{
	struct geo g;

	assert_int_equal(geo_pos(db, S("g"), S("x"), &g), ERR_NOT_FOUND);
	geo_add(db, S("g"), S("y"), palermo);
	assert_int_equal(geo_pos(db, S("g"), S("x"), &g), ERR_NOT_FOUND);
}

STORE_TEST(a_position_that_cannot_be_kept_is_refused_and_makes_no_key)
{
	assert_int_equal(geo_add(db, S("g"), S("pole"), (struct geo){ 0, 90 }), ERR_INPUT);
	assert_int_equal(geo_add(db, S("g"), S("nan"), (struct geo){ NAN, 0 }), ERR_INPUT);
	assert_false(key_exists(db, S("g")));
}

STORE_TEST(a_key_of_another_type_is_an_error)
{
	struct geo_hit *hits;
	struct geo g;
	size_t n;

	string_set(db, S("g"), S("v"), 0);
	assert_int_equal(geo_add(db, S("g"), S("m"), palermo), ERR_TYPE);
	assert_int_equal(geo_pos(db, S("g"), S("m"), &g), ERR_TYPE);
	assert_int_equal(geo_ring(db, mem, S("g"), palermo, -1, 10, &hits, &n), ERR_TYPE);
}

/* ---- rings, against looking at every point ------------------------------------------------ */

enum { POINTS = 1500 };

struct point {
	struct str name;
	struct geo at; /* as it is kept */
};

static struct point points[POINTS];

/* Where trouble may be: the antimeridian, the edges towards the poles, the
 * equator and Greenwich, a town; and anywhere. */
static struct geo
somewhere(void)
{
	double side = rnd_below(2) ? 1 : -1, off = rnd_between(0, 1);

	switch (rnd_below(6)) {
	case 0:
		return (struct geo){ side * (180 - off * off), rnd_between(-LIMIT, LIMIT) };
	case 1:
		return (struct geo){ rnd_between(-180, 180), side * (LIMIT - off) };
	case 2:
		return (struct geo){ side * off * off, rnd_between(-1, 1) };
	case 3:
		return (struct geo){ 23.6 + off * 0.1, 46.77 + side * off * off * 0.05 };
	default:
		return anywhere();
	}
}

static void
scatter(void)
{
	rnd_start();
	for (int i = 0; i < POINTS; i++) {
		/* Now and then two at one place. */
		struct geo g = i && rnd_below(20) == 0 ? points[i - 1].at : somewhere();

		points[i].name = numbered("p", i);
		assert_int_equal(geo_add(db, S("g"), points[i].name, g), OK);
		assert_int_equal(geo_pos(db, S("g"), points[i].name, &points[i].at), OK);
	}
}

static int
nearer(const void *a, const void *b)
{
	const struct geo_hit *x = a, *y = b;
	int by_distance = (x->distance > y->distance) - (x->distance < y->distance);

	return by_distance ? by_distance : str_cmp(x->member, y->member);
}

static size_t
look_at_all(struct geo centre, double inner, double outer, struct geo_hit *out)
{
	size_t n = 0;

	for (int i = 0; i < POINTS; i++) {
		double d = geo_distance(centre, points[i].at);

		if (d > inner && d <= outer)
			out[n++] = (struct geo_hit){ points[i].name, d };
	}
	qsort(out, n, sizeof(*out), nearer);
	return n;
}

static void
same_as_looking_at_all(struct geo centre, double inner, double outer)
{
	struct geo_hit want[POINTS], *have;
	size_t nwant = look_at_all(centre, inner, outer, want), n;
	struct arena *own = arena_new();

	assert_int_equal(geo_ring(db, own, S("g"), centre, inner, outer, &have, &n), OK);
	if (n != nwant)
		fail_msg("%zu of %zu: centre %.17g %.17g, from %.17g to %.17g", n, nwant, centre.longitude,
		    centre.latitude, inner, outer);
	for (size_t i = 0; i < n; i++) {
		assert_bytes(have[i].member, want[i].member);
		assert_double(have[i].distance, want[i].distance);
	}
	arena_free(own);
}

STORE_TEST(a_disc_of_any_size_anywhere_is_what_looking_at_all_gives)
{
	scatter();
	for (int i = 0; i < 400; i++)
		same_as_looking_at_all(somewhere(), -1, pow(10, rnd_between(-1, 7.4)));
}

STORE_TEST(a_ring_of_any_size_anywhere_is_what_looking_at_all_gives)
{
	scatter();
	for (int i = 0; i < 400; i++) {
		double outer = pow(10, rnd_between(0, 7.4));

		same_as_looking_at_all(somewhere(), outer * rnd_between(0, 1), outer);
	}
}

STORE_TEST(a_disc_whose_edge_runs_through_a_point_holds_it)
{
	scatter();
	for (int i = 0; i < 200; i++) {
		struct geo centre = somewhere();
		double d = geo_distance(centre, points[rnd_below(POINTS)].at);

		same_as_looking_at_all(centre, -1, d);
		same_as_looking_at_all(centre, d, d * 2);
	}
}

STORE_TEST(a_disc_around_a_pole_and_around_the_limit_is_whole)
{
	scatter();
	for (int i = 0; i < 100; i++) {
		double side = i % 2 ? 1 : -1, latitude = i % 5 == 0   ? 90
							 : i % 5 == 1 ? LIMIT
								      : rnd_between(80, 90);

		same_as_looking_at_all((struct geo){ rnd_between(-180, 180), side * latitude }, -1,
		    pow(10, rnd_between(2, 7.4)));
	}
}

STORE_TEST(the_whole_world_is_found_from_everywhere)
{
	struct geo_hit *hits;
	size_t n;

	scatter();
	for (int i = 0; i < 10; i++) {
		assert_int_equal(geo_ring(db, mem, S("g"), somewhere(), -1, GEO_FARTHEST, &hits, &n), OK);
		assert_int_equal(n, POINTS);
	}
}

STORE_TEST(rings_one_around_the_other_lose_nobody_and_double_nobody)
{
	scatter();
	for (int round = 0; round < 10; round++) {
		struct geo centre = round % 2 ? points[rnd_below(POINTS)].at : somewhere();
		double inner = -1, outer = 0, last = -1;
		size_t seen = 0;

		for (; inner<GEO_FARTHEST; inner = outer, outer = outer> 0 ? outer * 3 : 0.5) {
			struct geo_hit *hits;
			size_t n;

			assert_int_equal(geo_ring(db, mem, S("g"), centre, inner, outer, &hits, &n), OK);
			for (size_t i = 0; i < n; i++) {
				assert_true(hits[i].distance >= last);
				assert_true(hits[i].distance > inner && hits[i].distance <= outer);
				last = hits[i].distance;
			}
			seen += n;
		}
		assert_int_equal(seen, POINTS);
	}
}

STORE_TEST(a_disc_of_radius_0_holds_who_stands_in_its_centre)
{
	struct geo_hit *hits;
	struct geo at_;
	size_t n;

	geo_add(db, S("g"), S("b"), palermo);
	geo_add(db, S("g"), S("a"), palermo);
	geo_add(db, S("g"), S("c"), catania);
	geo_pos(db, S("g"), S("a"), &at_);
	assert_int_equal(geo_ring(db, mem, S("g"), at_, -1, 0, &hits, &n), OK);
	assert_int_equal(n, 2);
	assert_str(hits[0].member, "a");
	assert_str(hits[1].member, "b");
	assert_int_equal(geo_ring(db, mem, S("g"), at_, 0, 200000, &hits, &n), OK);
	assert_int_equal(n, 1);
	assert_str(hits[0].member, "c");
}

STORE_TEST(a_missing_key_has_nobody_around)
{
	struct geo_hit *hits;
	size_t n = 9;

	assert_int_equal(geo_ring(db, mem, S("g"), palermo, -1, GEO_FARTHEST, &hits, &n), OK);
	assert_int_equal(n, 0);
}

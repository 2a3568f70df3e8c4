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

TEST(scores_at_the_edges_are_those_of_redis)
{
	assert_int_equal(geo_encode((struct geo){ -180, -LIMIT }), 0);
	assert_int_equal(geo_encode((struct geo){ -180, LIMIT }), 4503599627370496);
	assert_int_equal(geo_encode((struct geo){ 180, -LIMIT }), 9007199254740992);
	assert_int_equal(geo_encode((struct geo){ 180, LIMIT }), 13510798882111488);
	assert_int_equal(geo_encode((struct geo){ 180, 0 }), 10133099161583616);
	assert_int_equal(geo_encode((struct geo){ 0, LIMIT }), 6755399441055744);
}

/* ZADD puts any score in; GEOPOS makes this of them. */
TEST(scores_that_are_no_positions_read_as_with_redis)
{
	static const struct {
		double score;
		struct geo at;
	} odd[] = { { -1, { 180, LIMIT } }, { -5.5, { 180, LIMIT } },
		{ 1e30, { -179.99999731779098511, -85.05112751263942528 } },
		{ INFINITY, { -179.99999731779098511, -85.05112751263942528 } },
		{ -INFINITY, { 180, -85.05112751263942528 } }, { -1e30, { 180, -85.05112751263942528 } },
		{ 3.7, { -179.99999195337295532, -85.05112497791824921 } },
		{ 4503599627370495.5, { 179.99999731779098511, 85.05112751263942528 } },
		{ 18446744073709551616.0, { -179.99999731779098511, -85.05112751263942528 } },
		{ 9223372036854775808.0, { 180, -85.05112751263942528 } }, { 1e19, { 180, LIMIT } } };

	for (size_t i = 0; i < LEN(odd); i++) {
		struct geo g = geo_decode(geo_bits(odd[i].score));

		assert_double(g.longitude, odd[i].at.longitude);
		assert_double(g.latitude, odd[i].at.latitude);
	}
}

static void
hash_is(struct geo g, const char *want)
{
	char hash[GEO_HASH + 1];

	geo_hash(geo_decode(geo_encode(g)), hash);
	assert_string_equal(hash, want);
}

TEST(geohashes_are_those_of_redis)
{
	hash_is(palermo, "sqc8b49rny0");
	hash_is(catania, "sqdtr74hyu0");
	hash_is((struct geo){ 10, -60 }, "hjr4et3f8v0");
	hash_is((struct geo){ -180, 0 }, "80000000000");
	hash_is((struct geo){ 180, LIMIT }, "bp05b5048p0");
	hash_is((struct geo){ 0, -LIMIT }, "h0bh0hbj200");
}

static double
kept_distance(struct geo a, struct geo b)
{
	return geo_distance(geo_decode(geo_encode(a)), geo_decode(geo_encode(b)));
}

TEST(distances_are_those_of_redis_to_the_last_bit)
{
	struct geo a = { 10, 10 };

	/* Along a meridian Redis has a formula of its own. */
	assert_double(kept_distance(a, (struct geo){ 10, 20 }) / 1000, 1112.2629622800714);
	assert_double(kept_distance(a, (struct geo){ 10, -60 }) / 1000, 7785.841017888165);
	assert_double(kept_distance(a, (struct geo){ 10, 10.00001 }) / 1000, 0.0011277106237693024);
	assert_double(kept_distance((struct geo){ -179.98817414045333862, 19.29971543136618806 },
			  (struct geo){ -0.17510801553726196, 0.43188480153686015 }),
	    17825966.299710602);
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

STORE_TEST(who_stands_on_the_very_edge_of_the_map_is_found)
{
	static const struct geo edges[] = { { 180, 10 }, { -180, 10 }, { 30, LIMIT }, { 30, -LIMIT },
		{ 180, LIMIT } };

	for (size_t i = 0; i < LEN(edges); i++)
		geo_add(db, S("g"), numbered("e", (int)i), edges[i]);
	for (size_t i = 0; i < LEN(edges); i++) {
		struct geo_hit *hits;
		size_t n;

		assert_int_equal(geo_ring(db, mem, S("g"), edges[i], -1, 10, &hits, &n), OK);
		assert_true(n >= 1);
		/* -180 and 180 are one place. */
		assert_bytes(hits[i == 1 && n > 1 ? 1 : 0].member, numbered("e", (int)i));
	}
}

STORE_TEST(a_missing_key_has_nobody_around)
{
	struct geo_hit *hits;
	size_t n = 9;

	assert_int_equal(geo_ring(db, mem, S("g"), palermo, -1, GEO_FARTHEST, &hits, &n), OK);
	assert_int_equal(n, 0);
}

/* ---- GEOSEARCH ------------------------------------------------------------------------------ */

static struct geo_found *
search(struct geo_search s, size_t *n)
{
	struct geo_found *found;

	assert_int_equal(geo_search(db, mem, S("g"), &s, &found, n), OK);
	return found;
}

static struct geo_area
disc(struct geo centre, double radius)
{
	return (struct geo_area){ .centre = centre, .unit = 1, .radius = radius };
}

static struct geo_area
box(struct geo centre, double width, double height)
{
	return (
	    struct geo_area){ .centre = centre, .box = true, .unit = 1, .width = width, .height = height };
}

/* "b a": who is found. */
static struct str
found_text(struct geo_search s)
{
	size_t n;
	struct geo_found *found = search(s, &n);
	struct str v[16];

	assert_true(n <= LEN(v));
	for (size_t i = 0; i < n; i++)
		v[i] = found[i].member;
	return joined(v, n);
}

/* Away from the poles, and with no more than a thousand kilometres, Redis
 * loses nobody. */
static struct geo
tame(void)
{
	struct geo g = somewhere();

	while (fabs(g.latitude) > 60)
		g = somewhere();
	return g;
}

STORE_TEST(a_search_of_a_disc_is_what_looking_at_all_gives)
{
	scatter();
	for (int i = 0; i < 400; i++) {
		struct geo centre = tame();
		double radius = pow(10, rnd_between(-1, 6));
		struct geo_hit want[POINTS];
		size_t n, nwant = look_at_all(centre, -1, radius, want);
		struct geo_found *found =
		    search((struct geo_search){ .area = disc(centre, radius), .order = GEO_ASCENDING }, &n);

		if (n != nwant)
			fail_msg("%zu of %zu: centre %.17g %.17g, radius %.17g", n, nwant, centre.longitude,
			    centre.latitude, radius);
		for (size_t k = 0; k < n; k++)
			assert_double(found[k].distance, want[k].distance);
	}
}

static bool
in_box(struct geo centre, double width, double height, struct geo at)
{
	return geo_distance(at, (struct geo){ centre.longitude, at.latitude }) <= width / 2 &&
	       geo_distance(at, (struct geo){ at.longitude, centre.latitude }) <= height / 2;
}

STORE_TEST(a_search_of_a_box_is_what_looking_at_all_gives)
{
	scatter();
	for (int i = 0; i < 400; i++) {
		struct geo centre = tame();
		double width = pow(10, rnd_between(0, 6)), height = pow(10, rnd_between(0, 6));
		size_t n, want = 0;

		for (int k = 0; k < POINTS; k++)
			want += in_box(centre, width, height, points[k].at);
		search((struct geo_search){ .area = box(centre, width, height) }, &n);
		if (n != want)
			fail_msg("%zu of %zu: centre %.17g %.17g, %.17g by %.17g", n, want, centre.longitude,
			    centre.latitude, width, height);
	}
}

STORE_TEST(a_unit_measures_the_area_but_not_the_distances_found)
{
	struct geo_area a = disc((struct geo){ 15, 37 }, 200);
	struct geo_found *found;
	size_t n;

	geo_add(db, S("g"), S("Palermo"), palermo);
	a.unit = 1000;
	found = search((struct geo_search){ .area = a }, &n);
	assert_int_equal(n, 1);
	assert_near(found[0].distance, 190442.4298, 0.00005);
	assert_double(found[0].score, 3479099956230698.0);
}

static void
a_row_of_five(void)
{
	static const char *const names[] = { "c", "a", "e", "b", "d" };

	for (int i = 0; i < 5; i++)
		geo_add(db, S("g"), str(names[i]), (struct geo){ 20 + (names[i][0] - 'a') * 0.01, 45 });
}

STORE_TEST(found_are_ordered_as_wanted)
{
	struct geo_area a = disc((struct geo){ 20, 45 }, 10000);

	a_row_of_five();
	assert_str(found_text((struct geo_search){ .area = a, .order = GEO_ASCENDING }), "a b c d e");
	assert_str(found_text((struct geo_search){ .area = a, .order = GEO_DESCENDING }), "e d c b a");
}

STORE_TEST(a_limit_takes_the_nearest_or_with_descending_the_farthest)
{
	struct geo_area a = disc((struct geo){ 20, 45 }, 10000);

	a_row_of_five();
	assert_str(found_text((struct geo_search){ .area = a, .limit = 2 }), "a b");
	assert_str(found_text((struct geo_search){ .area = a, .limit = 2, .order = GEO_DESCENDING }), "e d");
	assert_str(found_text((struct geo_search){ .area = a, .limit = 9 }), "a b c d e");
}

STORE_TEST(any_takes_the_first_that_are_met_and_orders_only_those)
{
	struct geo_area a = disc((struct geo){ 20, 45 }, 10000);
	struct geo_search any = { .area = a, .limit = 3, .any = true };
	size_t n;
	struct geo_found *found;

	a_row_of_five();
	found = search(any, &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(found[i].met, i);
	any.order = GEO_DESCENDING;
	found = search(any, &n);
	assert_int_equal(n, 3);
	assert_true(found[0].distance > found[1].distance && found[1].distance > found[2].distance);
}

STORE_TEST(of_equal_distance_the_first_met_comes_first)
{
	struct geo_area a = disc(palermo, 10000);

	geo_add(db, S("g"), S("b"), palermo);
	geo_add(db, S("g"), S("c"), palermo);
	geo_add(db, S("g"), S("a"), palermo);
	assert_str(found_text((struct geo_search){ .area = a, .order = GEO_ASCENDING }), "a b c");
	assert_str(found_text((struct geo_search){ .area = a, .order = GEO_DESCENDING }), "a b c");
}

STORE_TEST(whom_redis_misses_beyond_a_pole_a_search_misses_too)
{
	struct geo_area a = disc((struct geo){ 0, 85 }, 9000000);
	struct geo_hit *hits;
	size_t n;

	geo_add(db, S("g"), S("a"), (struct geo){ 0, 85 });
	geo_add(db, S("g"), S("b"), (struct geo){ 180, 85 });
	geo_add(db, S("g"), S("c"), (struct geo){ 90, 85 });
	geo_add(db, S("g"), S("d"), (struct geo){ -90, 85 });
	assert_str(found_text((struct geo_search){ .area = a, .order = GEO_ASCENDING }), "a d c");
	assert_int_equal(geo_ring(db, mem, S("g"), a.centre, -1, a.radius, &hits, &n), OK);
	assert_int_equal(n, 4);
}

STORE_TEST(a_score_with_a_fraction_at_the_end_of_a_cell_is_found)
{
	size_t n;
	struct geo_hit *hits;
	struct geo at_ = geo_decode(geo_encode(palermo) | 0xfff);

	zset_add(db, S("g"), S("m"), (double)(geo_encode(palermo) | 0xfff) + 0.5);
	assert_int_equal(geo_ring(db, mem, S("g"), at_, -1, 1, &hits, &n), OK);
	assert_int_equal(n, 1);
	assert_str(found_text((struct geo_search){ .area = disc(at_, 1) }), "m");
	assert_str(found_text((struct geo_search){ .area = disc(at_, 500) }), "m");
}

STORE_TEST(a_search_of_a_missing_key_finds_nobody)
{
	size_t n = 9;

	search((struct geo_search){ .area = disc(palermo, 1e7) }, &n);
	assert_int_equal(n, 0);
}

STORE_TEST(a_search_of_another_type_is_an_error)
{
	struct geo_search s = { .area = disc(palermo, 1e7) };
	struct geo_found *found;
	size_t n;

	string_set(db, S("g"), S("v"), 0);
	assert_int_equal(geo_search(db, mem, S("g"), &s, &found, &n), ERR_TYPE);
	assert_int_equal(n, 0);
}

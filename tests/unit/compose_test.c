/* compose_test.c - a place is shared only as exactly as its author wants. */
#include "unit.h"

#include <math.h>

#include "compose.h"

static const struct geo places[] = {
	{ 23.590437, 46.771233 },
	{ -70.65, -33.45 },
	{ 139.69171, 35.68949 },
	{ 0, 0 },
	{ 180, 85 },
	{ -180, -85.05 },
	{ 25.46816, 65.01236 },
	{ 18.95508, 69.6489 },
	{ 1e-7, -1e-7 },
};

TEST(no_precision_leaves_it_as_it_is)
{
	for (size_t i = 0; i < LEN(places); i++) {
		struct geo at = compose_coarse(places[i], 0);

		assert_true(geo_distance(at, places[i]) < 1e-9);
	}
}

/* A cell is as wide as was asked for and at most three times that, so what is
 * shown is within half its diagonal. */
TEST(it_moves_by_no_more_than_its_cell)
{
	static const double metres[] = { 100, 1000 };

	for (size_t i = 0; i < LEN(places); i++)
		for (size_t k = 0; k < LEN(metres); k++) {
			struct geo at = compose_coarse(places[i], metres[k]);

			assert_true(geo_valid(at));
			assert_true(geo_distance(at, places[i]) <= 2.2 * metres[k]);
		}
}

/* All within a cell look alike: who is 90 m away cannot be told apart. */
TEST(neighbours_share_a_place)
{
	struct geo centre = compose_coarse(places[0], 1000);

	for (int i = 0; i < 360; i += 5) {
		double turn = i * M_PI / 180;
		struct geo near = { centre.longitude + 0.0055 * cos(turn),
			centre.latitude + 0.004 * sin(turn) };

		assert_true(geo_distance(compose_coarse(near, 1000), centre) < 1e-6);
	}
}

TEST(what_is_coarse_stays_where_it_is)
{
	for (size_t i = 0; i < LEN(places); i++) {
		struct geo once = compose_coarse(places[i], 1000);

		assert_true(geo_distance(compose_coarse(once, 1000), once) < 1e-6);
	}
}

TEST(it_is_short_to_read)
{
	struct geo at = compose_coarse(places[0], 100);

	assert_true(fabs(at.latitude - 46.771) < 1e-12);
	assert_true(fabs(at.longitude - 23.59) < 1e-12);
}

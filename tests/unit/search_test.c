/*
 * search_test.c - finding shelters, against a plain look at all of them.
 *
 * A world of random shelters is kept twice: in the store, and as an array that
 * the tests filter and sort themselves.
 */
#include "shelters.h"

#include "search.h"

#define SEARCH_TEST(name) TEST_WITH(name, world_setup, store_teardown)

enum { WORLD = 700, FOUND_MAX = WORLD };

static struct shelter world[WORLD];
static const char *const features[] = { "wheelchair", "pets", "showers", "insulin fridge" };
static const struct str needs[] = { B("step-free"), B("pets"), B("showers"), B("insulin-fridge"),
	B("electricity"), B("water"), B("nobody-has-this") };
static const struct geo town = { 23.59, 46.77 };

/* Half of them are in one town, the rest anywhere; many share a building. */
static void
place_one(struct shelter *s, int i)
{
	if (rnd_below(10) == 0)
		return;
	if (i > 0 && world[i - 1].placed && rnd_below(5) == 0)
		put_at(s, world[i - 1].position.latitude, world[i - 1].position.longitude);
	else if (rnd_below(2))
		put_at(
		    s, town.latitude + rnd_between(-0.05, 0.05), town.longitude + rnd_between(-0.05, 0.05));
	else
		put_at(s, rnd_between(-80, 80), rnd_between(-180, 180));
}

static void
furnish(struct shelter *s)
{
	static const int one_in[] = { 1, 2, 3, 60 }; /* of the features: common to rare */
	const char *has[LEN(features)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(features); i++)
		if (rnd_below(one_in[i]) == 0)
			has[n++] = features[i];
	give_features(s, has, n);
	if (rnd_below(3) == 0)
		give_resource(s, "water", rnd_below(4));
	s->electricity = (enum tri)rnd_below(3);
}

static int
world_setup(void **state)
{
	int rc = store_setup(state);

	rnd_start();
	for (int i = 0; i < WORLD && rc == 0; i++) {
		struct shelter *s = &world[i];

		*s = draft(
		    arena_printf(mem, "RO-%c-%03d", 'A' + i % 3, i), rnd_below(4) ? rnd_below(12) : UNKNOWN);
		s->occupancy = rnd_below(6);
		s->expected = rnd_below(3);
		s->status = rnd_below(3) ? STATUS_OPEN : (enum status)rnd_below(STATUS__MAX);
		place_one(s, i);
		furnish(s);
		rc = shelter_save(db, mem, NULL, s, &by_staff) == OK ? 0 : -1;
	}
	return rc;
}

/* ---- the plain look ---------------------------------------------------------------------- */

struct hit {
	struct str id;
	double at; /* distance, or score */
};

static bool
has(const struct shelter *s, struct str need)
{
	for (size_t i = 0; i < s->nfeatures; i++)
		if (str_eq(need_slug(mem, s->features[i]), need))
			return true;
	if (str_is(need, "electricity"))
		return s->electricity == TRI_YES;
	return str_is(need, "water") && s->nresources && s->resources[0].quantity > 0;
}

static bool
fits(const struct shelter *s, const struct filter *f)
{
	if (f->open && s->status != STATUS_OPEN)
		return false;
	if (f->seats && (s->capacity == UNKNOWN || s->capacity - s->occupancy - s->expected < f->seats))
		return false;
	for (size_t i = 0; i < f->nneeds; i++)
		if (!has(s, f->needs[i]))
			return false;
	return true;
}

static int
nearer(const void *x, const void *y)
{
	const struct hit *a = x, *b = y;

	if (a->at < b->at || a->at > b->at)
		return a->at < b->at ? -1 : 1;
	return str_cmp(a->id, b->id);
}

static int
better(const void *x, const void *y)
{
	return nearer(y, x); /* both orders are turned */
}

static size_t
look_near(struct geo centre, double radius, const struct filter *f, struct hit *out)
{
	size_t n = 0;

	for (int i = 0; i < WORLD; i++) {
		double d =
		    world[i].placed ? geo_distance(centre, geo_decode(geo_encode(world[i].position))) : 0;

		if (world[i].placed && d <= radius && fits(&world[i], f))
			out[n++] = (struct hit){ world[i].id, d };
	}
	qsort(out, n, sizeof(*out), nearer);
	return n;
}

/* Whether a shelter is ranked by this, and with which score. */
static bool
scored(const struct shelter *s, const char *criterion, double *score)
{
	bool known = s->capacity != UNKNOWN;

	if (strcmp(criterion, "availability") == 0)
		*score = known ? (double)(s->capacity - s->occupancy) : -HUGE_VAL;
	else if (strcmp(criterion, "projected") == 0)
		*score = known ? (double)(s->capacity - s->occupancy - s->expected) : -HUGE_VAL;
	else if (strcmp(criterion, "features") == 0)
		*score = (double)s->nfeatures;
	else if (strcmp(criterion, "capacity") == 0)
		*score = (double)s->capacity;
	else
		*score = s->nresources ? s->resources[0].quantity : 0;
	if (strcmp(criterion, "capacity") == 0)
		return known;
	return strcmp(criterion, "water") != 0 || s->nresources > 0;
}

static size_t
look_ranked(const struct str *locations, size_t nlocations, const char *criterion, const struct filter *f,
    struct hit *out)
{
	size_t n = 0;

	for (int i = 0; i < WORLD; i++) {
		bool in = false;
		double score;

		for (size_t k = 0; k < nlocations; k++)
			in |= set_has(db, locations[k], world[i].id);
		if (in && scored(&world[i], criterion, &score) && fits(&world[i], f))
			out[n++] = (struct hit){ world[i].id, score };
	}
	qsort(out, n, sizeof(*out), better);
	return n;
}

/* ---- the search, page by page ------------------------------------------------------------ */

struct search {
	const char *criterion; /* NULL: nearest */
	struct geo centre;
	double radius;
	struct str locations[4];
	size_t nlocations;
	struct filter f;
};

static enum err
one_page(const struct search *q, const struct cursor *after, size_t limit, struct found **found, size_t *n)
{
	if (q->criterion == NULL)
		return search_near(db, mem, q->centre, q->radius, &q->f, after, limit, found, n);
	return search_ranked(
	    db, mem, q->locations, q->nlocations, str(q->criterion), &q->f, after, limit, found, n);
}

/* All pages, each from the cursor of the one before, as text and back. */
static size_t
all_pages(const struct search *q, size_t limit, struct hit *out)
{
	struct cursor after;
	struct found *found;
	size_t all = 0, n;

	do {
		assert_int_equal(one_page(q, all ? &after : NULL, limit, &found, &n), OK);
		assert_true(n <= limit);
		for (size_t i = 0; i < n; i++) {
			assert_true(all < FOUND_MAX);
			out[all++] =
			    (struct hit){ found[i].id, q->criterion ? found[i].score : found[i].distance };
		}
		if (n)
			assert_true(cursor_read(cursor_print(mem, out[all - 1].at, out[all - 1].id), &after));
	} while (n == limit);
	return all;
}

static void
is_what_a_plain_look_finds(const struct search *q, size_t limit)
{
	static struct hit have[FOUND_MAX], want[FOUND_MAX];
	size_t n = all_pages(q, limit, have);
	size_t m = q->criterion ? look_ranked(q->locations, q->nlocations, q->criterion, &q->f, want)
				: look_near(q->centre, q->radius, &q->f, want);

	for (size_t i = 0; i < n && i < m; i++) {
		assert_bytes(have[i].id, want[i].id);
		assert_double(have[i].at, want[i].at);
	}
	assert_int_equal(n, m);
}

static struct filter
random_filter(void)
{
	struct filter f = { .open = rnd_below(3) == 0, .seats = rnd_below(3) ? 0 : 1 + rnd_below(6) };

	f.nneeds = (size_t)(rnd_below(2) ? 0 : 1 + rnd_below(3));
	for (size_t i = 0; i < f.nneeds; i++)
		f.needs[i] = needs[rnd_below(LEN(needs))];
	return f;
}

static struct search
nearest(void)
{
	return (struct search){ .centre = town, .radius = GEO_FARTHEST };
}

/* ---- promises ------------------------------------------------------------------------------- */

SEARCH_TEST(the_nearest_are_what_a_plain_look_finds)
{
	for (int i = 0; i < 60; i++) {
		struct search q = nearest();

		if (rnd_below(2))
			q.centre = (struct geo){ rnd_between(-180, 180), rnd_between(-84, 84) };
		if (rnd_below(2))
			q.radius = rnd_between(1, 20000);
		if (rnd_below(4) == 0)
			q.radius = rnd_between(1, GEO_FARTHEST);
		q.f = random_filter();
		is_what_a_plain_look_finds(&q, 1 + (size_t)rnd_below(100));
	}
}

SEARCH_TEST(pages_of_one_lose_and_double_nobody)
{
	struct search q = nearest();

	q.radius = 4000;
	is_what_a_plain_look_finds(&q, 1);
	q = (struct search){ .criterion = "availability", .locations = { S("city-A") }, .nlocations = 1 };
	is_what_a_plain_look_finds(&q, 1);
}

SEARCH_TEST(those_in_one_building_come_in_the_order_of_their_ids)
{
	struct search q = nearest();
	struct found *found;
	size_t n, ties = 0;

	assert_int_equal(one_page(&q, NULL, 300, &found, &n), OK);
	for (size_t i = 1; i < n; i++)
		if (found[i].distance <= found[i - 1].distance) {
			assert_true(str_cmp(found[i - 1].id, found[i].id) < 0);
			ties++;
		}
	assert_true(ties > 5);
}

SEARCH_TEST(a_rare_need_and_a_common_one_are_found_by_two_ways_with_one_answer)
{
	struct search q = nearest();
	int64_t common, rare;

	assert_int_equal(set_card(db, S("need:step-free"), &common), OK);
	assert_int_equal(set_card(db, S("need:insulin-fridge"), &rare), OK);
	assert_true(common > 400 && rare < 400 && rare > 0);
	for (int i = 0; i < 8; i++) {
		q.radius = i % 2 ? GEO_FARTHEST : rnd_between(100, 9000);
		q.f = (struct filter){ .needs = { S("step-free") }, .nneeds = 1 };
		is_what_a_plain_look_finds(&q, 7);
		q.f = (struct filter){ .needs = { S("step-free"), S("insulin-fridge") }, .nneeds = 2 };
		is_what_a_plain_look_finds(&q, 7);
	}
}

SEARCH_TEST(what_nobody_has_is_found_nowhere)
{
	struct search q = nearest();
	struct found *found;
	size_t n;

	q.f = (struct filter){ .needs = { S("step-free"), S("nobody-has-this") }, .nneeds = 2 };
	assert_int_equal(one_page(&q, NULL, 20, &found, &n), OK);
	assert_int_equal(n, 0);
}

SEARCH_TEST(an_unknown_capacity_offers_no_seats)
{
	struct search q = nearest();
	struct found *found;
	size_t n;

	q.f.seats = 1;
	assert_int_equal(one_page(&q, NULL, 100, &found, &n), OK);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++)
		assert_true(found[i].card.known && found[i].card.projected >= 1);
}

SEARCH_TEST(a_ranking_of_one_location_is_the_sorted_list)
{
	static const char *const criteria[] = { "availability", "projected", "features", "capacity",
		"water" };

	for (size_t i = 0; i < LEN(criteria); i++)
		for (int k = 0; k < 6; k++) {
			struct search q = {
				.criterion = criteria[i], .locations = { S("country-RO") }, .nlocations = 1
			};

			if (k)
				q.f = random_filter();
			is_what_a_plain_look_finds(&q, 1 + (size_t)rnd_below(100));
		}
}

SEARCH_TEST(the_ranking_of_several_locations_is_one_sorted_list_without_repeats)
{
	for (int i = 0; i < WORLD; i += 3)
		assert_int_equal(
		    shelter_join(db, mem, &world[rnd_below(WORLD)], i % 2 ? S("ward-1") : S("ward-2")), OK);
	for (int i = 0; i < 30; i++) {
		struct search q = { .criterion = i % 2 ? "projected" : "features",
			.locations = { S("ward-1"), S("city-B"), S("ward-2"), S("nowhere-1") },
			.nlocations = 4 };

		if (i > 3)
			q.f = random_filter();
		is_what_a_plain_look_finds(&q, 1 + (size_t)rnd_below(60));
	}
}

SEARCH_TEST(the_unknown_come_last_and_paging_goes_through_them)
{
	struct search q = { .criterion = "availability", .locations = { S("country-RO") }, .nlocations = 1 };
	static struct hit all[FOUND_MAX];
	size_t n = all_pages(&q, 9, all), unknown = 0;

	for (size_t i = 0; i < n; i++) {
		unknown += all[i].at <= -HUGE_VAL;
		assert_true(unknown == 0 || all[i].at <= -HUGE_VAL);
	}
	assert_true(unknown > 20);
	assert_int_equal(n, WORLD);
}

SEARCH_TEST(a_page_stays_right_while_others_come_and_go)
{
	struct search q = nearest();
	struct found *found;
	struct cursor after;
	struct shelter gone, new = draft("RO-A-0000", 5);
	struct str expected;
	size_t n;

	assert_int_equal(one_page(&q, NULL, 20, &found, &n), OK);
	expected = found[10].id;
	after = (struct cursor){ found[9].distance, found[9].id };
	assert_int_equal(shelter_load(db, mem, found[9].id, &gone), OK);
	shelter_delete(db, mem, &gone);
	put_at(&new, town.latitude, town.longitude);
	save_new(&new);
	assert_int_equal(one_page(&q, &after, 10, &found, &n), OK);
	assert_bytes(found[0].id, expected);
}

SEARCH_TEST(alternatives_are_the_nearest_open_ones_with_room_and_never_itself)
{
	static struct hit want[FOUND_MAX];
	struct filter f = { .seats = 3, .open = true };
	int asked = 0;

	for (int i = 0; i < WORLD && asked < 25; i++) {
		struct geo here = world[i].position;
		struct found *found;
		size_t n, at = 0;

		if (!world[i].placed)
			continue;
		asked++;
		look_near(here, GEO_FARTHEST, &f, want);
		assert_int_equal(search_alternatives(db, mem, &world[i], 3, 3, &found, &n), OK);
		assert_int_equal(n, 3);
		for (size_t k = 0; k < n; k++, at++) {
			at += str_eq(want[at].id, world[i].id);
			assert_bytes(found[k].id, want[at].id);
		}
	}
}

STORE_TEST(without_a_position_alternatives_are_the_roomiest_of_its_city)
{
	struct shelter s = made("RO-CJ-01", 1);
	struct found *found;
	size_t n;

	made("RO-CJ-02", 5);
	made("RO-CJ-03", 9);
	made("RO-CJ-04", 2);
	made("RO-TM-01", 99);
	assert_int_equal(search_alternatives(db, mem, &s, 3, 3, &found, &n), OK);
	assert_int_equal(n, 2);
	assert_str(found[0].id, "RO-CJ-03");
	assert_str(found[1].id, "RO-CJ-02");
}

STORE_TEST(nobody_is_lost_at_the_edges_of_the_rings_that_the_search_grows_by)
{
	static const double edges[] = { 750, 2250, 6750 };
	struct search q = nearest();
	struct found *found;
	size_t n, all = 0;

	for (size_t e = 0; e < LEN(edges); e++)
		for (double m = edges[e] - 5; m < edges[e] + 5; m += 0.5) {
			struct shelter s = draft(arena_printf(mem, "RO-CJ-%03zu", all++), 1);

			put_at(&s, town.latitude + m / 111226, town.longitude); /* metres in a degree */
			save_new(&s);
		}
	assert_int_equal(one_page(&q, NULL, 100, &found, &n), OK);
	assert_int_equal(n, all);
	for (size_t i = 1; i < n; i++)
		assert_true(found[i - 1].distance <= found[i].distance);
}

STORE_TEST(in_an_empty_store_nothing_is_found)
{
	struct search q = nearest();
	struct found *found;
	size_t n;

	assert_int_equal(one_page(&q, NULL, 20, &found, &n), OK);
	assert_int_equal(n, 0);
	q = (struct search){ .criterion = "availability", .locations = { S("city-CJ") }, .nlocations = 1 };
	assert_int_equal(one_page(&q, NULL, 20, &found, &n), OK);
	assert_int_equal(n, 0);
	q.nlocations = 0;
	assert_int_equal(one_page(&q, NULL, 20, &found, &n), OK);
	assert_int_equal(n, 0);
}

TEST(a_cursor_is_read_back_to_the_last_bit)
{
	static const double at[] = { 0, 0.1, 1e-300, 20020741.123456789, -7, 3, -HUGE_VAL };
	struct arena *a = arena_new();
	struct cursor c;

	for (size_t i = 0; i < LEN(at); i++) {
		assert_true(cursor_read(cursor_print(a, at[i], S("RO-CJ-01")), &c));
		assert_double(c.at, at[i]);
		assert_str(c.id, "RO-CJ-01");
	}
	arena_free(a);
}

TEST(what_is_no_cursor_is_refused)
{
	static const char *const bad[] = { "", "~", "12", "12~", "x~RO-CJ-01", "nan~RO-CJ-01", "inf~RO-CJ-01",
		"-inf~", "-inf" };
	struct cursor c;

	for (size_t i = 0; i < LEN(bad); i++)
		if (cursor_read(str(bad[i]), &c))
			fail_msg("%s is taken for a cursor", bad[i]);
}

/* pace_test.c - what pace.h promises. */
#include "unit.h"

#include "pace.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };
static const int64_t day = 24 * 60 * 60 * 1000;

static struct destination
fresh(double width)
{
	return (struct destination){ .id = 7, .width = width };
}

static size_t
window(const struct destination *d, int64_t now)
{
	return pace_window(d, LANE_NORMAL, now);
}

/* Fails until it opens; how many it took. */
static int
open_it(struct destination *d, int64_t now)
{
	int n = 0;

	while (!pace_is_open(d, now) && n < 1000) {
		pace_bad(d, now);
		n++;
	}
	return n;
}

TEST(the_window_grows_by_one_after_a_full_cohort_up_to_its_bound)
{
	struct destination d = fresh(4);

	for (int i = 0; i < 3; i++)
		pace_good(&d, 6, 0);
	assert_int_equal(window(&d, 0), 4);
	for (int i = 0; i < 2; i++)
		pace_good(&d, 6, 0);
	assert_int_equal(window(&d, 0), 5);
	for (int i = 0; i < 100; i++)
		pace_good(&d, 6, 0);
	assert_int_equal(window(&d, 0), 6);
	assert_false(pace_good(&d, 6, 0)); /* nothing to be saved any more */
}

TEST(a_failure_narrows_it_at_once_but_never_below_one)
{
	struct destination d = fresh(4);

	pace_bad(&d, 0);
	assert_int_equal(window(&d, 0), 3);
	assert_double(d.width, 3.75);
	for (int i = 0; i < 50; i++) {
		pace_bad(&d, 0);
		d.failures = 0; /* as if others succeeded */
	}
	assert_double(d.width, 1);
}

TEST(it_opens_when_more_than_one_cohort_has_failed)
{
	struct destination d = fresh(4), wide = fresh(64), one = fresh(1);

	assert_int_equal(open_it(&d, 0), 4); /* .25 + .27 + .29 + .31 */
	assert_int_equal(open_it(&wide, 0), 64);
	assert_int_equal(open_it(&one, 0), 2);
	assert_int_equal(window(&d, 0), 0);
	assert_int_equal(d.trips, 1);
}

TEST(a_success_forgets_the_failed_cohorts)
{
	struct destination d = fresh(4);

	for (int i = 0; i < 100; i++) {
		pace_bad(&d, 0);
		pace_bad(&d, 0);
		pace_good(&d, 20, 0);
		assert_false(pace_is_open(&d, 0));
		d.width = 4;
	}
}

TEST(it_stays_open_for_10_20_40_seconds_up_to_five_minutes_a_fifth_more_or_less)
{
	double low = 2, high = 0;

	for (int64_t id = 1; id <= 500; id++) {
		struct destination d = { .id = id, .width = 1 };
		int64_t now = 1000;

		open_it(&d, now);
		for (int k = 0; k < 12; k++) {
			double want = 10.0 * (1 << k), took = (double)(d.open_until - now) / SECOND;

			if (want > 300)
				want = 300;
			assert_true(took >= want * 0.79 && took <= want * 1.21 && took <= 300);
			if (k == 0 && took / want < low)
				low = took / want;
			if (k == 0 && took / want > high)
				high = took / want;
			assert_int_equal(window(&d, d.open_until - 1), 0);
			assert_int_equal(window(&d, d.open_until), 1);
			now = d.open_until;
			pace_bad(&d, now); /* the probe fails */
		}
	}
	assert_true(low < 0.82 && high > 1.18); /* they do not all come back together */
}

TEST(what_is_urgent_waits_30_seconds_at_most)
{
	struct destination d = fresh(1);
	int64_t now = 0;

	open_it(&d, now);
	for (int k = 0; k < 10; k++) {
		int64_t opens = pace_opens(&d, LANE_URGENT, now + 1);

		assert_in_range(opens - now, 8 * SECOND, 30 * SECOND);
		assert_int_equal(pace_window(&d, LANE_URGENT, opens - 1), 0);
		assert_int_equal(pace_window(&d, LANE_URGENT, opens), 1);
		now = d.open_until;
		pace_bad(&d, now);
	}
}

TEST(half_open_lets_one_probe_through_and_a_good_one_starts_anew_at_one)
{
	struct destination d = fresh(40);

	open_it(&d, 0);
	assert_int_equal(window(&d, d.open_until), 1);
	pace_good(&d, 64, d.open_until);
	assert_int_equal(d.trips, 0);
	assert_int_equal(d.open_until, 0);
	assert_double(d.width, 1);
	pace_good(&d, 64, MINUTE);
	assert_int_equal(window(&d, MINUTE), 2);
}

TEST(what_was_under_way_when_it_opened_changes_nothing)
{
	struct destination d = fresh(4);
	int64_t until;

	open_it(&d, 0);
	until = d.open_until;
	assert_false(pace_bad(&d, 5));
	assert_int_equal(d.trips, 1);
	pace_good(&d, 64, 6);
	assert_int_equal(d.open_until, until);
	assert_int_equal(d.trips, 1);
}

TEST(silence_that_was_asked_for_holds_for_all_its_rows_and_is_no_trip)
{
	struct destination d = fresh(8);

	assert_true(pace_asked(&d, 30 * SECOND, 1000));
	assert_int_equal(window(&d, 30999), 0);
	assert_int_equal(pace_window(&d, LANE_URGENT, 30999), 0);
	assert_int_equal(window(&d, 31000), 8);
	assert_false(pace_asked(&d, 10 * SECOND, 1000)); /* never shorter */
}

TEST(nothing_but_failures_for_five_days_disables_it)
{
	struct destination d = fresh(4);
	int64_t now = 1000;

	open_it(&d, now);
	while (d.disabled.n == 0 && now < 10 * day) {
		now = d.open_until;
		pace_bad(&d, now);
	}
	assert_in_range(now, 5 * day, 5 * day + 10 * MINUTE);
	assert_str(d.disabled, "nothing but failures for five days");
}

TEST(one_success_in_five_days_keeps_it)
{
	struct destination d = fresh(4);
	int64_t now = 1000;

	while (now < 20 * day) {
		open_it(&d, now);
		for (int64_t since = now; now < since + 4 * day; now = d.open_until)
			pace_bad(&d, now);
		pace_good(&d, 64, now);
	}
	assert_int_equal(d.disabled.n, 0);
}

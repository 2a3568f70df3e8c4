/* quiet_test.c - quiet hours over changes of summer time, and zone.h's promises. */
#include "unit.h"

#include <time.h>

#include "clock.h"
#include "subscription.h"
#include "zone.h"

/* "2026-03-29T00:30Z" as unix ms. */
static int64_t
utc(const char *text)
{
	struct tm tm = { 0 };

	assert_int_equal(
	    sscanf(text, "%d-%d-%dT%d:%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min),
	    5);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm) * 1000;
}

static int
minutes(const char *clock)
{
	int h, m;

	assert_int_equal(sscanf(clock, "%d:%d", &h, &m), 2);
	return h * 60 + m;
}

struct row {
	const char *zone, *from, *to, *now, *until; /* until NULL: it may go now */
};

static void
holds(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct subscription s = {
			.quiet_from = minutes(r->from), .quiet_to = minutes(r->to), .zone = str(r->zone)
		};
		int64_t now = utc(r->now), want = r->until ? utc(r->until) : now,
			got = quiet_until(&s, S("UTC"), now);

		if (got != want)
			fail_msg("%s %s-%s at %s: %lld s off", r->zone, r->from, r->to, r->now,
			    (long long)(got - want) / 1000);
	}
}

TEST(quiet_hours_are_those_of_the_local_clock)
{
	static const struct row rows[] = {
		{ "Europe/Bucharest", "22:00", "07:00", "2026-11-27T19:59Z", NULL },
		{ "Europe/Bucharest", "22:00", "07:00", "2026-11-27T20:00Z", "2026-11-28T05:00Z" },
		{ "Europe/Bucharest", "22:00", "07:00", "2026-11-28T04:59Z", "2026-11-28T05:00Z" },
		{ "Europe/Bucharest", "22:00", "07:00", "2026-11-28T05:00Z", NULL },
		{ "Europe/Bucharest", "22:00", "07:00", "2026-07-01T19:00Z", "2026-07-02T04:00Z" },
		{ "America/New_York", "22:00", "07:00", "2026-01-10T04:00Z", "2026-01-10T12:00Z" },
		{ "America/New_York", "22:00", "07:00", "2026-07-10T02:00Z", "2026-07-10T11:00Z" },
		{ "Asia/Kolkata", "22:00", "06:30", "2026-01-10T16:30Z", "2026-01-11T01:00Z" },
		{ "Asia/Kolkata", "22:00", "06:30", "2026-01-10T16:29Z", NULL },
		{ "Pacific/Chatham", "21:00", "06:00", "2026-01-10T07:15Z", "2026-01-10T16:15Z" },
		{ "Pacific/Chatham", "21:00", "06:00", "2026-07-10T08:15Z", "2026-07-10T17:15Z" },
		{ "UTC", "00:00", "06:00", "2026-01-10T00:00Z", "2026-01-10T06:00Z" },
		{ "UTC", "13:00", "15:00", "2026-01-10T14:00Z", "2026-01-10T15:00Z" },
		{ "UTC", "13:00", "00:00", "2026-01-10T23:59Z", "2026-01-11T00:00Z" },
	};

	holds(rows, LEN(rows));
}

/* Clocks leap from 3 to 4 in Bucharest, from 2 to 3 in New York, from 2:45 to
 * 3:45 on Chatham. */
TEST(a_time_that_does_not_exist_is_the_next_one_that_does)
{
	static const struct row rows[] = {
		{ "Europe/Bucharest", "22:00", "03:30", "2026-03-29T00:59Z", "2026-03-29T01:00Z" },
		{ "Europe/Bucharest", "22:00", "03:30", "2026-03-29T01:00Z", NULL },
		{ "Europe/Bucharest", "03:30", "05:00", "2026-03-29T00:59Z", NULL },
		{ "Europe/Bucharest", "03:30", "05:00", "2026-03-29T01:00Z", "2026-03-29T02:00Z" },
		{ "Europe/Bucharest", "03:10", "03:50", "2026-03-29T01:00Z", NULL },
		{ "Europe/Bucharest", "22:00", "07:00", "2026-03-28T21:00Z", "2026-03-29T04:00Z" },
		{ "America/New_York", "23:00", "02:30", "2026-03-08T06:59Z", "2026-03-08T07:00Z" },
		{ "Pacific/Chatham", "22:00", "03:00", "2026-09-26T13:59Z", "2026-09-26T14:00Z" },
	};

	holds(rows, LEN(rows));
}

/* Clocks go from 4 back to 3 in Bucharest, from 2 to 1 in New York, from 3:45
 * to 2:45 on Chatham. */
TEST(of_an_hour_that_comes_twice_the_first_counts)
{
	static const struct row rows[] = {
		{ "Europe/Bucharest", "22:00", "03:30", "2026-10-25T00:00Z", "2026-10-25T00:30Z" },
		{ "Europe/Bucharest", "22:00", "03:30", "2026-10-25T00:30Z", NULL },
		{ "Europe/Bucharest", "22:00", "03:30", "2026-10-25T01:10Z", NULL },
		{ "Europe/Bucharest", "03:30", "07:00", "2026-10-25T00:30Z", "2026-10-25T05:00Z" },
		{ "Europe/Bucharest", "03:30", "07:00", "2026-10-25T01:10Z", "2026-10-25T05:00Z" },
		{ "America/New_York", "23:00", "01:30", "2026-11-01T05:10Z", "2026-11-01T05:30Z" },
		{ "America/New_York", "23:00", "01:30", "2026-11-01T06:10Z", NULL },
		{ "Pacific/Chatham", "22:00", "03:00", "2026-04-04T13:00Z", "2026-04-04T13:15Z" },
		{ "Pacific/Chatham", "22:00", "03:00", "2026-04-04T14:05Z", NULL },
	};

	holds(rows, LEN(rows));
}

TEST(equal_hours_are_no_quiet_hours)
{
	static const struct row rows[] = {
		{ "UTC", "00:00", "00:00", "2026-01-10T00:00Z", NULL },
		{ "Europe/Bucharest", "22:00", "22:00", "2026-01-10T20:00Z", NULL },
	};

	holds(rows, LEN(rows));
}

TEST(without_a_zone_of_its_own_the_tenants_counts)
{
	struct subscription s = { .quiet_from = 22 * 60, .quiet_to = 7 * 60 };
	int64_t now = utc("2026-11-27T20:30Z");

	assert_int_equal(quiet_until(&s, S("Europe/Bucharest"), now), utc("2026-11-28T05:00Z"));
	assert_int_equal(quiet_until(&s, S("UTC"), now), now);
	s.zone = S("Mars/Olympus"); /* what is not known is UTC */
	assert_int_equal(quiet_until(&s, S("Europe/Bucharest"), now), now);
}

/* Every quarter of an hour of a year: never asked to wait for what is over, nor
 * longer than the window and the leap. */
TEST(an_end_lies_ahead_and_is_itself_not_quiet)
{
	static const char *const zones[] = { "Europe/Bucharest", "America/New_York", "Pacific/Chatham",
		"America/Havana", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kolkata" };

	for (size_t z = 0; z < LEN(zones); z++) {
		struct subscription s = {
			.quiet_from = 22 * 60, .quiet_to = 2 * 60 + 30, .zone = str(zones[z])
		};

		for (int64_t t = utc("2026-01-01T00:00Z"); t < utc("2027-01-01T00:00Z"); t += 15 * 60000) {
			int64_t end = quiet_until(&s, S("UTC"), t);

			assert_in_range(end - t, 0, (4 * 60 + 30 + 60) * 60000);
			assert_int_equal(quiet_until(&s, S("UTC"), end), end);
		}
	}
}

TEST(zones_are_names_of_tzdata_and_no_paths)
{
	assert_true(zone_known(S("Europe/Bucharest")));
	assert_true(zone_known(S("America/Argentina/Ushuaia")));
	assert_true(zone_known(S("UTC")));
	assert_false(zone_known(S("")));
	assert_false(zone_known(S("Europe")));
	assert_false(zone_known(S("Europe/Nowhere")));
	assert_false(zone_known(S("../../etc/passwd")));
	assert_false(zone_known(S("/etc/localtime")));
	assert_false(zone_known(S("zone.tab")));
	assert_false(zone_known(S("Europe/Bucharest\n")));
	assert_false(zone_known(S("EET-2EEST")));
}

/* As libc has it, each six hours of two years. */
TEST(offsets_are_those_of_libc)
{
	static const char *const zones[] = { "Europe/Bucharest", "America/New_York", "Pacific/Chatham" };

	for (size_t z = 0; z < LEN(zones); z++)
		for (int64_t t = utc("2025-01-01T00:00Z"); t < utc("2027-01-01T00:00Z"); t += 6 * 3600000) {
			time_t second = (time_t)(t / 1000);
			int64_t got = zone_offset(str(zones[z]), t);
			struct tm tm;

			setenv("TZ", zones[z], 1);
			tzset();
			localtime_r(&second, &tm);
			assert_int_equal(got, (int64_t)tm.tm_gmtoff * 1000);
		}
}

TEST(the_time_zone_of_the_process_stays)
{
	char before[48], after[48];

	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	clock_local(0, 0, before);
	zone_offset(S("America/Caracas"), utc("2026-01-01T00:00Z"));
	clock_local(0, 0, after);
	assert_string_equal(before, after);
	assert_string_equal(getenv("TZ"), "Asia/Tokyo");
	unsetenv("TZ");
	zone_offset(S("America/Lima"), utc("2026-01-01T00:00Z"));
	assert_null(getenv("TZ"));
}

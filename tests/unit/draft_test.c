/* draft_test.c - what draft.h promises of times; what it promises of fields is in alerts.t. */
#include "http.h"

#include <stdlib.h>
#include <time.h>

#include "draft.h"

static int64_t
read_in(const char *zone, const char *text)
{
	int64_t at = -1;

	setenv("TZ", zone, 1);
	tzset();
	return local_time_read(str(text), &at) ? at : -1;
}

HTTP_TEST(a_local_time_is_one_of_the_zone)
{
	assert_int_equal(read_in("UTC", "2026-11-28T18:00"), 1795888800000);
	assert_int_equal(read_in("UTC", "2026-11-28 18:00"), 1795888800000);
	assert_int_equal(read_in("UTC", "2026-11-28T18:00:30"), 1795888800000);
	assert_int_equal(read_in("Europe/Bucharest", "2026-11-28T20:00"), 1795888800000);
	assert_int_equal(read_in("Europe/Bucharest", "2026-07-01T03:05"), 1782864300000);
}

HTTP_TEST(a_local_time_that_a_leap_of_the_clocks_leaves_out_is_next_to_it)
{
	int64_t leap = 1774746000000; /* 29 March 2026, 03:00 there becomes 04:00 */
	int64_t at = read_in("Europe/Bucharest", "2026-03-29T03:30");

	assert_true(at >= leap - 30 * 60000 && at <= leap + 30 * 60000);
}

HTTP_TEST(what_is_no_time_is_refused)
{
	static const char *const bad[] = { "", "soon", "2026-11-28", "2026-02-31T10:00", "2026-13-01T10:00",
		"2026-11-28T24:00", "2026-11-28T18:60", "2026/11/28T18:00", "28-11-2026T18:00",
		"2026-1-28T018:00", "-026-11-28T18:00", "2026-11-28T18.00" };

	for (size_t i = 0; i < LEN(bad); i++)
		assert_int_equal(read_in("UTC", bad[i]), -1);
}

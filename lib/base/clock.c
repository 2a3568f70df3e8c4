/* clock.c - the time, as Unix milliseconds. */
#include "clock.h"

#include <stdlib.h>
#include <time.h>

int64_t
now_ms(void)
{
	const char *fixed = getenv("MUSTER_NOW");
	struct timespec ts;

	if (fixed != NULL)
		return strtoll(fixed, NULL, 10);
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
ticks_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
clock_local(int64_t at, int64_t now, char out[static 48])
{
	time_t t = (time_t)(at / 1000), n = (time_t)(now / 1000);
	struct tm then, today;
	const char *form;

	localtime_r(&t, &then);
	localtime_r(&n, &today);
	form = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year ? "%H:%M %Z" : "%e %b %H:%M %Z";
	if (strftime(out, 48, form, &then) == 0)
		out[0] = '\0';
}

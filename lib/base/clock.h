/*
 * clock.h - the time, as Unix milliseconds.
 *
 * A handler asks its request (req.now), not the clock: tests set
 * MUSTER_NOW (milliseconds) in the environment and need no sleep.
 */
#ifndef MUSTER_CLOCK_H
#define MUSTER_CLOCK_H

#include <stdint.h>

int64_t now_ms(void);

/* Milliseconds of a clock that nobody sets: for how long something takes. */
int64_t ticks_ms(void);

#define NEVER INT64_MAX /* later than any time */

enum { SECOND_MS = 1000, MINUTE_MS = 60 * 1000, HOUR_MS = 60 * 60 * 1000 };

static inline int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Local time of the process' TZ, "18:05" or "18:05 on 22 Nov" when it is not
 * the day of `now`, with the zone's name: "18:05 EET".  `out` holds 48 bytes. */
void clock_local(int64_t at, int64_t now, char out[static 48]);

#endif

/*
 * pace.h - how much a destination bears: window and circuit breaker.
 *
 * The window is Postfix's: each good try widens it by 1/width, so by one after a
 * full cohort; each failure that tells of the destination (connect, time-out,
 * 429, 503) narrows it by 1/width at once and adds 1/width to the failed
 * cohorts, which a good try resets.  Beyond one failed cohort the breaker
 * opens: nothing is sent for 10 s * 2^k, up to five minutes, a fifth more or
 * less; what is urgent waits 30 s at most.  Then one probe: when it is good the
 * window starts anew at one, else the breaker opens for longer.
 *
 * All of it is in struct destination, so it outlives the dispatcher.  Nothing
 * here is random or asks a clock: the fifth hangs on destination and opening.
 */
#ifndef MUSTER_PACE_H
#define MUSTER_PACE_H

#include "outbox.h"

enum {
	PACE_OPEN_MS = 10 * 1000,
	PACE_OPEN_MOST_MS = 5 * 60 * 1000,
	PACE_URGENT_MOST_MS = 30 * 1000,
	PACE_GIVE_UP_MS = 5 * 24 * 60 * 60 * 1000, /* nothing but failures for so long: disabled */
};

/* How many tries may be under way at `now` in this lane: 0 while it is open. */
size_t pace_window(const struct destination *, enum outbox_lane, int64_t now);

/* When this lane may send again (unix ms); 0: now. */
int64_t pace_opens(const struct destination *, enum outbox_lane, int64_t now);

bool pace_is_open(const struct destination *, int64_t now);

/* What a try told of the destination.  They return whether anything changed. */
bool pace_good(struct destination *, double width_max, int64_t now);
bool pace_bad(struct destination *, int64_t now);

/* It asked for `ms` of silence (429, 503 with Retry-After): all its rows wait. */
bool pace_asked(struct destination *, int64_t ms, int64_t now);

#endif

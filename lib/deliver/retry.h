/*
 * retry.h - whether and when a message is tried again.
 *
 * A schedule is the seconds before retry 1, 2, …, and ends with 0: n numbers
 * are n + 1 tries.  Chance moves each wait by up to a fifth, so that what
 * failed together does not come back together.
 */
#ifndef MUSTER_RETRY_H
#define MUSTER_RETRY_H

#include "deliver.h"

extern const int retry_webhook[]; /* 5 s to 10 h: some 18 hours in all */
extern const int retry_email[];   /* a minute (greylisting), then hourly: a day in all */
extern const int retry_sms[];     /* 5 s to half an hour: it is soon too late for a text */

enum {
	RETRY_AFTER_MOST_MS = 24 * 60 * 60 * 1000, /* whatever the other side asks */
	POISON_CLAIMS = 5, /* so many claims that nobody lived to settle: it kills the dispatcher */
};

/* How long to wait after a failed try (ms), when `tries` had failed before it;
 * 0: the schedule is spent.  retry_after: what the other side asked (ms; 0:
 * nothing): it is waited for at least that long.  luck: 0 to 1. */
int64_t retry_wait(const int *schedule, int64_t tries, int64_t retry_after, double luck);

/* The value of a Retry-After header, seconds or an HTTP date (RFC 9110, 10.2.3;
 * all three forms), as ms from now within [0, RETRY_AFTER_MOST_MS]; false: it
 * is neither. */
bool retry_after(struct str value, int64_t now, int64_t *ms);

/* Why a message that was just claimed must not be sent: *s says what becomes
 * of it.  False: it may be. */
bool retry_refuses(const struct message *, int64_t now, struct settled *s);

/* What becomes of a message after a verdict.  What is to be tried again beyond
 * its expiry waits until then, and is found expired. */
void retry_settle(const struct channel *, const struct message *, const struct verdict *, int64_t now,
    double luck, struct settled *);

#endif

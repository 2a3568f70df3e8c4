/*
 * throttle.h - a bound on failed tries: guessed codes, wrong passwords.
 *
 * Only failures count, so that a shelter's one address may serve hundreds of
 * people.  A bucket is a counter that expires: throttle:WHAT:WHO.
 */
#ifndef MUSTER_THROTTLE_H
#define MUSTER_THROTTLE_H

#include "request.h"

/* ERR_TOO_MANY once `bucket` has `limit` failures in its window. */
enum err throttle_check(struct req *, struct str bucket, int64_t limit);

/* Counts a failure: written after the request, whatever became of it. */
void throttle_note(struct req *, struct str bucket, int64_t window_ms);

/* W.  What serve() does with the notes. */
void throttle_record(struct req *);

/* The client's network: an IPv4 address, or an IPv6 /64. */
struct str throttle_network(struct req *);

#endif

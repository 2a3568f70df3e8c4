/*
 * live.h - the publisher: tells open pages at once what the log of events holds.
 *
 * Part of the dispatcher (live_guest() in engine.h), which calls live_turn() after each ring of the bell,
 * each transfer that ended, and at the time that live_turn() named.  It posts
 * to the hub (nginx/live.conf.in) over a kept-alive unix socket, STATE/run/live/pub.sock.
 *
 * It is an accelerator: what does not go through is dropped after four tries,
 * for pages fetch what they find missing (each event names the one before it,
 * a tick every 15 s names the last of each channel).  So nothing waits for the
 * hub, and without its socket nothing happens at all.
 *
 * Closed channels ("staff", "team-SLUG") are told as the others, but stand neither
 * in that tick nor in the head file, for these are read by everybody: a channel
 * that has spoken gets three ticks of its own, on itself.  Whoever hears one is
 * cut off every five minutes, and within five seconds after somebody lost a right
 * to hear (the channel "cut" of the log), and has to ask again.
 *
 * "availability" is told once a second at most, and then the latest state of
 * each shelter; all others at once and every one.
 */
#ifndef MUSTER_LIVE_H
#define MUSTER_LIVE_H

#include <curl/curl.h>

#include "engine.h"
#include "tenant.h"

struct live;

/* Who carries the posts: drives `easy` with other transfers in the same thread,
 * and calls done() once with what came of it, when the handle is its own again. */
struct live_carrier {
	void *to;
	void (*start)(void *to, CURL *easy, void (*done)(void *arg, CURL *easy, CURLcode), void *arg);
};

/* A tenant's: its channels have its name before them (tenant_channel()), the
 * head file lies in its directory. */
struct live *live_new(const char *state, const struct tenant *, struct live_carrier);

/* After the carrier has let go of all handles.  NULL is allowed. */
void live_free(struct live *);

/* Reads what is new, posts it, writes live/head.json when the sequence
 * has moved; writes down how far it came once a second at most, and only when
 * it moved.  `news`: somebody has committed.  Outside of a transaction.  When it
 * wants its next turn (unix ms). */
int64_t live_turn(struct live *, struct db *, int64_t now, bool news);

/* Whether a post is under way: two seconds at most. */
bool live_busy(const struct live *);

/* When it is needed though nobody rings (unix ms): 0 while anything is to be
 * told or noted, at the next tick where somebody listens, else NEVER. */
int64_t live_due(const struct live *);

/* Writes the head file and how far it came now rather than soon. */
void live_flush(struct live *, struct db *, int64_t now);

/* The end: nothing new is posted, and how far it came is written down. */
void live_rest(struct live *, struct db *, int64_t now);

#endif

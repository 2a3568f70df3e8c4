/*
 * engine.h - sends what is due: claims, starts, drives, judges, settles.
 *
 * One thread, one curl multi handle, some hundred tries at once.  A turn is one
 * write transaction at most, which settles what is finished and claims what can
 * be sent at once, and one read transaction in which the channels set up what
 * was claimed.  Nothing is sent before the claim is committed.
 *
 * Each channel gets an easy handle with these options set: NOSIGNAL, no proxy
 * (PROXY ""), no redirects, HTTP/1.1, http(s) and smtp(s) only, CONNECTTIMEOUT
 * 5 s, TIMEOUT the channel's, callbacks that keep ANSWER_MAX of the answer's
 * body and of its header (for SMTP: the replies in `answer`), PRIVATE.  A
 * channel may change any of them but PRIVATE.  With HTTP it builds its own
 * headers, "Expect:" among them.
 */
#ifndef MUSTER_ENGINE_H
#define MUSTER_ENGINE_H

#include "deliver.h"

struct engine;

/* `owner` is who holds the claims (relay.h). */
struct engine *engine_new(struct db *, int64_t owner);

/* Breaks off what is under way: its leases stay, for an heir to take back. */
void engine_free(struct engine *); /* NULL is allowed */

/* Puts a channel into the table, or another one in its place. */
void engine_channel(struct engine *, const struct channel *);

/* One turn.  `news`: something may be due that was not before (the bell rang).
 * Returns for how long (ms) nothing needs another turn, transfers aside. */
int64_t engine_turn(struct engine *, int64_t now, bool news);

/* Sleeps until a transfer has something to do, `bell` (or -1) has input, or
 * `ms` have passed; true: the bell. */
bool engine_wait(struct engine *, int bell, int64_t ms);

/* From now on nothing is claimed; turns go on until engine_busy() is 0. */
void engine_stop(struct engine *);

/* Tries that are under way or not yet settled. */
size_t engine_busy(const struct engine *);

/* Nothing is due, as far as it knows, and no look is outstanding; also after a
 * transaction that failed, while it waits to try again. */
bool engine_rests(const struct engine *);

/* At the end of patience: breaks off what is under way and gives it back, as no
 * fault of anybody's.  What may not be sent twice is UNSURE then. */
void engine_abandon(struct engine *, int64_t now);

/* Somebody else's transfer beside ours; `done` is called within a turn, the
 * handle is out of the multi by then.  PRIVATE is the engine's meanwhile. */
void engine_transfer(struct engine *, CURL *, void (*done)(void *arg, CURL *, CURLcode), void *arg);

/* What has happened so far. */
struct engine_counts {
	int64_t claimed, sent, retried, ended, fenced, writes;
};
const struct engine_counts *engine_counts(const struct engine *);

/* Whoever else lives in the dispatcher's loop, such as the live publisher: its
 * turn is called once a turn outside of any transaction, `news` as above, and
 * returns for how long (ms) it needs no other.  At the end of life end() is
 * called once, and turns go on for some seconds while busy() is true. */
struct guest {
	int64_t (*turn)(struct guest *, struct engine *, int64_t now, bool news);
	bool (*busy)(const struct guest *); /* a transfer of its own is under way */
	void (*end)(struct guest *);
};

/* The live publisher (live.c), on a store of role DB_DISPATCH; NULL: there is
 * nobody to publish to.  It lives until the process ends. */
struct guest *live_guest(struct db *, const char *state);

#endif

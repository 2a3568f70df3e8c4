/*
 * engine.h - sends what is due: claims, starts, drives, judges, settles.
 *
 * One thread, one curl multi handle, some hundred tries at once, of any number
 * of houses: stores with their own channels and destinations.  A house's turn is
 * one write transaction at most, which settles what is finished and claims what
 * can be sent at once, and one read transaction in which the channels set up what
 * was claimed.  Nothing is sent before the claim is committed.
 *
 * Among houses that have something to send the tries are shared fairly, whatever
 * anybody's backlog is; where there is but one it may have them all.
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
struct house;

/* `owner` is who holds the claims (relay.h). */
struct engine *engine_new(int64_t owner);

/* Breaks off what is under way: its leases stay, for an heir to take back. */
void engine_free(struct engine *); /* NULL is allowed */

/* A store more, of role DB_DISPATCH.  It is looked through in the next turn. */
struct house *engine_house(struct engine *, struct db *);

/* Puts a channel into its table, or another one in its place. */
void house_channel(struct house *, const struct channel *);

/* Something may be due that was not before. */
void house_news(struct house *);

/* From now on nothing of it is claimed. */
void house_stop(struct house *);

/* As engine_busy() and engine_rests(), of the one. */
size_t house_busy(const struct house *);
bool house_rests(const struct house *);

/* In a transaction of its store: looks when its earliest message can be sent
 * (unix ms); NEVER: none waits. */
int64_t house_due(struct house *);

/* It is no longer served.  What is under way is broken off as by engine_free(). */
void house_leave(struct house *);

/* One turn.  `news`: house_news() of all.  Returns for how long (ms) nothing
 * needs another turn, transfers aside. */
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
	/* When it is needed though there is no news (unix ms), 0: now, NEVER. */
	int64_t (*due)(const struct guest *);
	void (*flush)(struct guest *, int64_t now); /* writes down what it would write soon */
	void (*end)(struct guest *);
	void (*free)(struct guest *); /* not while it is busy */
};

/* A tenant's live publisher (live.c), on its store of role DB_DISPATCH; NULL:
 * there is nobody to publish to. */
struct tenant;
struct guest *live_guest(struct db *, const char *state, const struct tenant *);

#endif

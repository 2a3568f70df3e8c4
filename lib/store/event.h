/*
 * event.h - the log of events: what open pages hear of, in the order it happened.
 *
 * An event is written in the transaction of its change and has the change's
 * write sequence as its id, so ids rise over all channels and one cursor serves
 * any mix of them.  The log is the truth: whatever carries events to browsers
 * may lose or double them.
 *
 * Channels are lower-case names.  Heard by everybody: "availability" (topic: the
 * shelter, the latest state wins), "alerts" (no topic: every one counts), "posts"
 * (topic: the post).  Closed: "staff", heard by all who work here, and
 * "team-SLUG", by that closed team; who else asks learns not even when something
 * is written there.  "cut" is read by the dispatcher alone: a right to hear was
 * taken away, so whoever hears what is closed shall show his again.
 */
#ifndef MUSTER_EVENT_H
#define MUSTER_EVENT_H

#include "db.h"

enum { EVENT_CHANNELS = 20 }; /* the most in one question */

#define EVENT_OPEN "availability,alerts,posts"
#define EVENT_CUT "cut"

bool event_open(struct str channel); /* heard by everybody */

struct event {
	int64_t id, prev,
	    created; /* prev: the one before it on its channel that the reader has or is given */
	struct str channel, topic, data;
};

/* W.  Appends `data`, a JSON object in one line, under `sequence`, a number
 * just taken by db_sequence_next().  Rings for the dispatcher at the commit. */
void event_put(struct db *, const char *channel, struct str topic, struct str data, int64_t sequence);

/* W.  What was told of a topic before now says this instead, whoever asks for it: for what must not
 * be read any more.  Looks through the channel. */
void event_replace(struct db *, const char *channel, struct str topic, struct str data);

/* W.  A right to hear what is closed was taken away: whoever hears it has to show his anew. */
void event_cut(struct db *);

/* The events with after < id <= to of these channels, oldest first, `limit` rows
 * of the log at most (*more: there are others).  Of several of one topic only
 * the latest is given; each one's `prev` is the id given before it on its
 * channel, or else the last one there up to `after`.  *last is the id up to
 * which the answer is complete. */
struct events {
	struct event *v;
	size_t n;
	int64_t last;
	bool more;
};
void event_range(struct db *, struct arena *, const struct str *channels, size_t nchannels, int64_t after,
    int64_t to, size_t limit, struct events *);

/* How many rows of these channels are behind `after`, counted up to `most`. */
size_t event_behind(struct db *, const struct str *channels, size_t nchannels, int64_t after, size_t most);

/* The last id on a channel (0: none yet) and on all of them. */
int64_t event_head(struct db *, struct str channel);
int64_t event_heads(struct db *, struct arena *, struct event **, size_t *n); /* id and channel of each */

/* Who has seen less than this cannot be told what is missing. */
int64_t event_floor(struct db *);

/* W.  Takes away what is older than `before` (unix ms) or beyond the latest
 * `keep`, `limit` rows at most; whether there is more to do. */
bool event_trim(struct db *, int64_t before, int64_t keep, size_t limit);

/* W.  After a backup was put back: every cursor given out so far is too old. */
void event_forget(struct db *);

/* "data" with "seq" and "prev" as its first members, as clients get it. */
struct str event_json(struct arena *, const struct event *);

#endif

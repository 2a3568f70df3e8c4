/*
 * outbox.h - what is to be told to the world, written where it happened.
 *
 * A handler puts rows in the transaction of the change they tell of; the
 * dispatcher claims, sends outside of any transaction, and settles.  At least
 * once: the row's id travels along as the message's id.
 */
#ifndef MUSTER_OUTBOX_H
#define MUSTER_OUTBOX_H

#include "db.h"

struct outbox_row {
	int64_t id, sequence, created, attempts;
	struct str topic, payload;
};

/* W.  Queues `payload` for `channel`, due at `due` (unix ms), telling of the
 * change with this write sequence.  With a topic it takes the place of a
 * waiting row of the same channel and topic: the latest state wins.  Without
 * (an empty one) every row goes out. */
void outbox_put(
    struct db *, const char *channel, struct str topic, struct str payload, int64_t sequence, int64_t due);

/* W.  Claims up to `limit` rows of `channel` that are due, the oldest first,
 * and leases them: nobody else gets them for `lease_ms`. */
enum err outbox_claim(struct db *, struct arena *, const char *channel, int64_t lease_ms, size_t limit,
    struct outbox_row **, size_t *n);

/* W.  It was sent: the row goes, unless a newer state took its place. */
void outbox_done(struct db *, const struct outbox_row *);

/* W.  It was not: the row is due again at `due`, with one more attempt and
 * the reason. */
void outbox_retry(struct db *, const struct outbox_row *, int64_t due, const char *error);

/* How many rows wait, and since when the oldest (unix ms; 0: none). */
void outbox_depth(struct db *, const char *channel, int64_t *rows, int64_t *oldest);

#endif

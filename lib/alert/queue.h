/*
 * queue.h - the outbox as its operator sees and mends it: what pages
 * (cgi-bin/outbox.c) and the command (muster queue) have in common.
 */
#ifndef MUSTER_QUEUE_H
#define MUSTER_QUEUE_H

#include "json.h"
#include "outbox.h"

enum {
	QUEUE_STEP = 1000,                    /* dead letters requeued in one transaction */
	QUEUE_AGAIN_MS = 24 * 60 * 60 * 1000, /* what was requeued may be sent for so long */
	QUEUE_BEAT_LATE_MS = 3 * 60 * 1000    /* the dispatcher beats each minute */
};

/* Which messages.  `dead`: of all four states that are dead letters, and
 * filter.state counts for nothing. */
struct queue {
	struct outbox_filter filter;
	bool dead;
};

/* "waiting", …; "dead" is all dead letters.  False: no such state. */
bool queue_state(struct str, struct queue *);

/* A page of them, of dead letters the latest first over all four states. */
void queue_list(struct db *, struct arena *, const struct queue *, struct message **, size_t *n);

/* Where a page goes on behind its last, and back; false: not one of ours. */
struct str queue_cursor(struct arena *, const struct message *);
bool queue_after(struct str cursor, struct queue *);

/* W.  One step of QUEUE_STEP at most; how many.  *more: there may be others. */
size_t queue_requeue(struct db *, const struct queue *, bool *more);

/* W.  OK; ERR_NOT_FOUND; ERR_CONFLICT: it is neither waiting nor dead. */
enum err queue_remove(struct db *, struct arena *, int64_t id);

/* W.  Sent to again, whatever was learned of it.  ERR_NOT_FOUND. */
enum err queue_enable(struct db *, struct arena *, int64_t destination);

/* "42" or "msg_…_42". */
bool queue_id(struct db *, struct str, int64_t *id);

/* "a…@example.org", "+40…678", "https://example.org/…": enough to know whose it
 * is for who knows it anyway. */
struct str queue_mask(struct arena *, enum outbox_channel, struct str target);

/* ---- words ---- */

const char *queue_channel_words(enum outbox_channel); /* "E-mail" */
const char *queue_state_words(enum outbox_state);     /* "refused for good" */

/* "timeout" as "no answer in time"; a reason that is not known is its own word. */
struct str queue_reason_words(struct arena *, struct str reason);

/* What a destination is now: "open", "paused", "probing" or "disabled". */
const char *queue_breaker(const struct destination *, int64_t now);

/* "up to 1 min", …, "older": of the column of a shape. */
const char *queue_age_words(int column);

/* What happened to a message, in order. */
struct moment {
	int64_t at;
	const char *what; /* "created", "failed", "sent", …, "due" (not yet) */
	int64_t code;
	struct str reason, detail;
};
void queue_timeline(struct db *, struct arena *, const struct message *, struct moment **, size_t *n);

#endif

/*
 * outbox.h - messages to the world, written where it happened, sent later.
 *
 * A message is a row: to whom, by which channel, from when, until when, and the
 * payload it shares with others.  Who writes one does so in the transaction of
 * the change it tells of.  The dispatcher claims due rows under a lease, sends
 * outside of any transaction, and settles what came of it; a claim raises the
 * row's epoch, and a settlement of an older epoch does nothing.  At least once:
 * the message's id is the same at every try, so a receiver can tell.
 *
 * Functions marked W need TX_WRITE.
 */
#ifndef MUSTER_OUTBOX_H
#define MUSTER_OUTBOX_H

#include "db.h"

enum outbox_channel { CHANNEL_EMAIL = 1, CHANNEL_SMS, CHANNEL_WEBHOOK, CHANNEL__MAX };

/* Lanes: what saves lives goes first and has slots of its own. */
enum outbox_lane { LANE_URGENT, LANE_NORMAL, LANE_BULK, LANE__MAX };

enum outbox_state {
	OUTBOX_WAITING,    /* not yet sent: ready, delayed, leased or between two tries */
	OUTBOX_SENT,       /* the other side took it; whether it was delivered is another matter */
	OUTBOX_DELIVERED,  /* the other side says that it arrived */
	OUTBOX_FAILED,     /* refused for good */
	OUTBOX_DEAD,       /* all tries spent, or it kills the dispatcher */
	OUTBOX_UNSURE,     /* may have been sent, and sending twice is worse */
	OUTBOX_EXPIRED,    /* its time was over before it could be sent */
	OUTBOX_SUPPRESSED, /* the address takes nothing from us */
	OUTBOX_CANCELLED,
	OUTBOX__MAX
};
/* Dead letters, which can be requeued, are FAILED, DEAD, UNSURE and EXPIRED. */

const char *channel_name(enum outbox_channel); /* "email", "sms", "webhook" */
const char *state_name(enum outbox_state);     /* "waiting", "sent", … */
bool channel_named(struct str, enum outbox_channel *);
bool state_named(struct str, enum outbox_state *);
bool state_is_dead(enum outbox_state);

struct message {
	int64_t id, destination;
	enum outbox_channel channel;
	enum outbox_lane lane;
	enum outbox_state state;
	int64_t due, owner, epoch, tries, created, expires;
	int64_t claims; /* in a row without a word of what became of it: a high one kills dispatchers */
	int64_t source, recipient, payload;
	struct str target;
	int64_t finished, code; /* from here on: outbox_get() and outbox_list() only */
	struct str reason, detail, reference;
};

/* "msg_TENANT_42": what other sides know it by; has no dot.  The other way:
 * false for what is not one of this tenant. */
struct str message_name(struct db *, struct arena *, int64_t id);
bool message_named(struct db *, struct str name, int64_t *id);

/* This tenant's id (lower-case letters and digits) and its 32 secret bytes. */
struct str tenant_id(struct db *, struct arena *);
struct str tenant_secret(struct db *, struct arena *);

/* ---- writing ---- */

/* W.  A payload; its id. */
int64_t payload_put(struct db *, struct str body);
enum err payload_get(struct db *, struct arena *, int64_t id, struct str *body); /* ERR_NOT_FOUND */

/* W.  The id of the destination of that name, made where it is new. */
int64_t destination_id(struct db *, enum outbox_channel, struct str name);

/* W.  Queues a message: destination, channel, lane, due, expires, source,
 * recipient, payload, target are read, the rest is set here.  Its id. */
int64_t outbox_put(struct db *, const struct message *);

/* ---- the dispatcher ---- */

/* The first destination beyond `after` that has a waiting row in this lane, and
 * when its earliest is due; false: there is none.  Destinations are found by a
 * skip scan: a million rows of one cost no more than one. */
bool outbox_next(struct db *, enum outbox_lane, int64_t after, int64_t *destination, int64_t *due);

/* W.  Claims up to `limit` due rows of a lane and destination for `owner`,
 * the earliest first; nobody else gets them before `lease_end` (unix ms).
 * Targets are from the arena. */
void outbox_claim(struct db *, struct arena *, enum outbox_lane, int64_t destination, int64_t owner,
    int64_t lease_end, size_t limit, struct message **, size_t *n);

/* What became of a claimed message.  WAITING: to be tried again at `due`, and
 * `counts` as a failed try unless it was no fault of anybody's (shut down,
 * deferred).  Any other state: settled. */
struct settled {
	const struct message *message;
	enum outbox_state state;
	int64_t due;
	bool counts;
	int64_t code;
	struct str reason, detail, reference; /* empty: none */
};

/* W.  Settles many.  A row whose lease was lost in the meantime, or that was
 * cancelled, stays as it is; returns how many such there were. */
size_t outbox_settle(struct db *, const struct settled *, size_t n);

/* W.  Gives rows back that `owner` holds: due now.  How many. */
int64_t outbox_release(struct db *, int64_t owner);

/* W.  The same when no message is to blame: `owner` was killed from outside.  The
 * claims count for one in sixteen only, since the kernel kills who takes all the
 * memory, too; but one stays, for who must know that there was a try. */
int64_t outbox_pardon(struct db *, int64_t owner);

/* All owners that hold rows. */
void outbox_owners(struct db *, struct arena *, int64_t **, size_t *n);

struct destination {
	int64_t id;
	enum outbox_channel channel;
	struct str name;
	double width, failures;
	int64_t trips, open_until, failing_since;
	struct str disabled; /* why; empty: it is not */
};
enum err destination_get(struct db *, struct arena *, int64_t id, struct destination *); /* ERR_NOT_FOUND */
void destination_save(struct db *, const struct destination *);                          /* W */
void destination_list(struct db *, struct arena *, struct destination **, size_t *n);    /* by name */

/* ---- people ---- */

/* ERR_NOT_FOUND. */
enum err outbox_get(struct db *, struct arena *, int64_t id, struct message *);

/* Settled messages of one state, the latest first, or waiting ones by id:
 * a page goes on behind the last one's `finished` and id (0: from the start).
 * Filters: a zero or an empty one does not filter. */
struct outbox_filter {
	enum outbox_state state;
	enum outbox_channel channel;
	int64_t source;
	struct str reason;
	int64_t before_finished, before_id;
	size_t limit;
};
void outbox_list(struct db *, struct arena *, const struct outbox_filter *, struct message **, size_t *n);

/* Failed tries of a message that counted, or were its last: the first one first,
 * a hundred at most. */
struct attempt {
	int64_t at, code;
	struct str reason, detail;
};
void outbox_attempts(struct db *, struct arena *, int64_t id, struct attempt **, size_t *n);

/* Of an alert (0: of all) by channel and state. */
struct tally {
	enum outbox_channel channel;
	enum outbox_state state;
	int64_t n;
};
void outbox_tally(struct db *, struct arena *, int64_t source, struct tally **, size_t *n);

/* How many dead letters there are by channel, state and reason. */
struct reason_count {
	enum outbox_channel channel;
	enum outbox_state state;
	struct str reason;
	int64_t n;
};
void outbox_reasons(struct db *, struct arena *, struct reason_count **, size_t *n);

/* Waiting rows of a destination by age (since `created`), as Postfix' qshape
 * shows them: up to 1, 5, 15, 60 minutes, 4 hours, a day, older.  Of one with
 * more than SHAPE_MOST only those due first are counted. */
enum { SHAPE_AGES = 7, SHAPE_MOST = 20000 };
struct shape {
	int64_t destination, total, oldest; /* oldest: `created`, unix ms */
	int64_t by_age[SHAPE_AGES];
};
void outbox_shape(struct db *, struct arena *, struct shape **, size_t *n);

/* Since when the oldest ready message of a lane is due (unix ms); 0: none is. */
int64_t outbox_oldest(struct db *, enum outbox_lane);

/* W.  A dead letter is due again at once, its tries and expiry anew; its epoch
 * goes on, so that an ack of its first life is not one of its second.  ERR_NOT_FOUND; ERR_CONFLICT: it is
 * none. */
enum err outbox_requeue(struct db *, int64_t id, int64_t expires);

/* W.  The same for up to `limit` dead letters that the filter finds; how many. */
size_t outbox_requeue_some(struct db *, const struct outbox_filter *, int64_t expires);

/* W.  A waiting message will not be sent (one on its way may arrive).
 * ERR_NOT_FOUND; ERR_CONFLICT: it is settled. */
enum err outbox_cancel(struct db *, int64_t id, struct str reason);

/* W.  Nobody will look at a dead letter again: it counts as cancelled.
 * ERR_NOT_FOUND; ERR_CONFLICT: it is none. */
enum err outbox_discard(struct db *, int64_t id);

/* W.  The waiting ones of a source to a recipient; how many, and whether one of
 * its messages (also a settled one) was ever claimed: it may have arrived. */
size_t outbox_cancel_to(struct db *, int64_t source, int64_t recipient, struct str reason, bool *tried);

/* W.  A recipient is gone: what waits for it, whatever it tells of, is not sent,
 * and no row holds its address any more.  How many waited. */
size_t outbox_forget(struct db *, int64_t recipient, struct str reason);

/* W.  The waiting ones of a source, a page of up to `limit` messages at a time:
 * *recipient is 0 at first, then where to go on; false: that was the last page. */
bool outbox_cancel_page(struct db *, int64_t source, struct str reason, size_t limit, int64_t *recipient);

/* W.  What the other side says later (a gateway's callback): SENT and UNSURE
 * become DELIVERED or FAILED.  DELIVERED is also believed of a message that was
 * claimed and is not settled: who sent it has died, or is about to say so.  Any
 * other state stays.  ERR_NOT_FOUND. */
enum err outbox_report(struct db *, int64_t id, enum outbox_state, int64_t code, struct str reason);

/* W.  Takes away what was settled before `before` (unix ms) in this state;
 * whether there is more to do.  Payloads go by their age alone: keep them longer
 * than any message. */
bool outbox_purge(struct db *, enum outbox_state, int64_t before, size_t limit);
bool payload_purge(struct db *, int64_t before, size_t limit);

#endif

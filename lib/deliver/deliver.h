/*
 * deliver.h - a channel: how one message leaves the building.
 *
 * The engine (engine.h) claims, paces, retries and settles; a channel only says
 * what to send and what came of it.  It sets up a transfer on a libcurl easy
 * handle that the engine drives with hundreds of others in one thread, so a
 * channel never waits.
 */
#ifndef MUSTER_DELIVER_H
#define MUSTER_DELIVER_H

#include <curl/curl.h>

#include "arena.h"
#include "buf.h"
#include "outbox.h"

enum { ANSWER_MAX = 20 * 1024 }; /* kept of what the other side says */

/* One try of one message. */
struct delivery {
	struct arena *arena; /* lives until the verdict */
	const struct message *message;
	struct str name;        /* "msg_…": the same at every try and in every channel */
	struct str payload;     /* the bytes of its payload */
	struct str destination; /* its name */
	int64_t now;            /* unix ms */
	struct db *db;          /* in start(), a read transaction; in settle(), a write transaction */

	CURL *easy;                              /* clean, the engine's own options set: see engine.h */
	struct curl_slist *headers, *recipients; /* set by start(), freed by the engine */
	struct buf answer;                       /* body (HTTP) or lines (SMTP), up to ANSWER_MAX */
	struct buf head;                         /* header lines (HTTP), up to ANSWER_MAX */
	void *own;                               /* the channel's, from the arena */
};

enum outcome {
	OUTCOME_SENT,
	OUTCOME_RETRY,     /* not taken now: by the schedule, or after retry_after */
	OUTCOME_FAILED,    /* refused for good */
	OUTCOME_UNSURE,    /* it may have been taken, and the channel cannot be asked */
	OUTCOME_SUPPRESSED /* not to be sent to this address: nothing was tried */
};

struct verdict {
	enum outcome outcome;
	bool hurts; /* tells of the destination (connect, time-out, 429, 503) rather than of the message */
	int64_t retry_after; /* ms from now, as the other side asked; 0: it did not */
	int code;            /* HTTP or SMTP status; 0: there was none */
	char reason[32];     /* groups dead letters: "http-500", "timeout", "dns", "no-such-user" */
	char detail[240];    /* the other side's words; never a secret */
	char reference[80];  /* the other side's name for it */
};

struct channel {
	enum outbox_channel number;
	const int *schedule; /* seconds before retry 1, 2, …; ends with 0: then it is dead */
	double width_max;    /* of a destination's window */
	int64_t timeout_ms;  /* of one try */

	/* True: a transfer is set up on d->easy.  False: *v says it all already. */
	bool (*start)(const struct channel *, struct delivery *, struct verdict *v);

	/* What the transfer came to. */
	void (*judge)(const struct channel *, struct delivery *, CURLcode, struct verdict *v);

	/* NULL, or what else is to be written in the transaction that settles it:
	 * an address that does not exist, an endpoint that is gone. */
	void (*settle)(const struct channel *, struct delivery *, const struct verdict *);

	const void *settings; /* the channel's own, read from the store by its …_channel() */
};

#endif

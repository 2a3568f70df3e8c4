/*
 * suppress.h - addresses that get nothing from us any more.
 *
 * An address that does not exist, one whose owner complained or opted out, one
 * that the operator entered.  Looked up at each try, not only when a message is
 * queued.
 *
 * Keys: hash `suppressed:email`, `suppressed:sms`: a keyed hash of the address
 * (BLAKE2b with the tenant's secret) -> {"why","source","at"}.  So the list
 * holds no addresses: it answers "this one?", never "which ones?".
 */
#ifndef MUSTER_SUPPRESS_H
#define MUSTER_SUPPRESS_H

#include "outbox.h"

/* Why: "hard-bounce", "complaint", "invalid", "opted-out" or "operator". */
bool suppress_reason(struct str why);

/* Whether it is; *why (may be NULL) is from the arena. */
bool suppressed(struct db *, struct arena *, enum outbox_channel, struct str address, struct str *why);

/* W.  The first reason stays, but an opt-out or a complaint takes the place of
 * any other: it is the owner's word.  `source`: who said so, a message's name
 * or a person's; never the address.  A `why` that is none is a bug. */
void suppress(struct db *, struct arena *, enum outbox_channel, struct str address, const char *why,
    const char *source);

/* W.  It may be written to again; false: it was not suppressed. */
bool unsuppress(struct db *, struct arena *, enum outbox_channel, struct str address);

struct suppression {
	struct str hash; /* the cursor for what follows it */
	struct str why, source;
	int64_t at; /* unix ms */
};

/* Those after `after` (all: an empty str with p = NULL), in no order that means
 * anything. */
void suppress_list(struct db *, struct arena *, enum outbox_channel, struct str after, size_t limit,
    struct suppression **, size_t *n);

/* How many. */
int64_t suppress_count(struct db *, enum outbox_channel);

#endif

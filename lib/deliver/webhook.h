/*
 * webhook.h - messages to programs: a POST signed by Standard Webhooks 1.0.
 *
 * The body is the payload as it is (JSON).  webhook-id is the message's name,
 * the same at every try, so that a receiver can tell a repetition;
 * webhook-timestamp is the second of this try; webhook-signature has a "v1,…"
 * for the endpoint's secret and, for a day after a rotation, for the one before.
 *
 * What an answer means.  By the standard only 2xx is success, everything else a
 * failed try, and 410 ends it; we give up at once only where the same bytes
 * would be refused again, so that somebody hears of it now:
 *
 *	2xx                                   SENT
 *	410                                   FAILED "gone"; the endpoint is disabled
 *	400 405 406 411 413 414 415 422 431   FAILED "http-400" …: it is the message
 *	429 408 502 503 504                   RETRY, hurts: the receiver has too much
 *	3xx (nothing is followed), 401 403 404 425, other 4xx and 5xx
 *	                                      RETRY: a receiver that is being set up
 *	no answer: dns connect tls timeout broken
 *	                                      RETRY, hurts
 *	an address that net.allow would have to name, or no URL at all
 *	                                      FAILED "address", "url"
 *
 * Retry-After is passed on with any RETRY.  An endpoint that is disabled or gone
 * gets nothing: SUPPRESSED "disabled", "no-endpoint".
 */
#ifndef MUSTER_WEBHOOK_H
#define MUSTER_WEBHOOK_H

#include "channels.h"

/* What webhook-signature holds: "v1,…", or "v1,… v1,…" where `previous` is not
 * empty.  The secrets are the bytes behind "whsec_". */
struct str webhook_signature(struct arena *, struct str secret, struct str previous, struct str id,
    int64_t timestamp, struct str body);

#endif

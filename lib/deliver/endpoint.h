/*
 * endpoint.h - a webhook endpoint: where it is, the secret it is signed with.
 *
 * Belongs to a subscription and has its id.  The secret is 32 random bytes, shown
 * once as "whsec_" and their base64 (Standard Webhooks); after a rotation the
 * one before it signs beside it for a day, so that the receiver can change over
 * without losing a message.
 *
 * Keys: hash webhook:ID.
 */
#ifndef MUSTER_ENDPOINT_H
#define MUSTER_ENDPOINT_H

#include "clock.h"
#include "db.h"

enum { ENDPOINT_URL_MAX = 2000, ENDPOINT_SECRET = 32 };
#define ENDPOINT_OVERLAP_MS ((int64_t)24 * HOUR_MS)

struct endpoint {
	struct str url;
	struct str secret,
	    previous;           /* the bytes; previous is empty where there is none or its time is over */
	int64_t previous_until; /* unix ms; 0: there is none */
	int64_t created_at, rotated_at, disabled_at; /* unix ms; 0: never */
	struct str disabled;                         /* why; empty: it is not */
};

/* The name of a URL's destination, "https://example.org:443": lower case, always
 * with the port.  Returns NULL, or what is wrong with the URL in words for
 * people: http and https only, no user or password, no fragment, the host in
 * ASCII, port 80, 443 or one from 1024 on. */
const char *endpoint_destination(struct arena *, struct str url, struct str *name);

/* W.  Makes it, or gives an existing one this URL and a new secret at once.
 * *secret is what to show, never again.  ERR_INPUT: *why. */
enum err endpoint_make(
    struct db *, struct arena *, int64_t id, struct str url, struct str *secret, const char **why);

/* ERR_NOT_FOUND. */
enum err endpoint_get(struct db *, struct arena *, int64_t id, struct endpoint *);

/* W.  A new secret beside the present one.  A second rotation within the day ends
 * the oldest at once: two sign, never three.  ERR_NOT_FOUND. */
enum err endpoint_rotate(struct db *, struct arena *, int64_t id, struct str *secret);

/* W.  Nothing is sent to it until it is enabled; one that is disabled keeps its
 * reason and time.  ERR_NOT_FOUND. */
enum err endpoint_disable(struct db *, struct arena *, int64_t id, struct str why);
enum err endpoint_enable(struct db *, struct arena *, int64_t id);

/* W.  With the subscription. */
void endpoint_delete(struct db *, struct arena *, int64_t id);

#endif

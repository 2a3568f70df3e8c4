/*
 * optin.h - nobody gets alerts who did not ask for them.
 *
 * Who asks for alerts by e-mail or SMS gets one message there, with a link or a
 * code; only who uses it is subscribed.  What was asked lies in the hash
 * pending:HASH for a day (HASH of the token, or of number and code).
 *
 * The same is written whether an address is subscribed, suppressed or unknown,
 * so neither an answer nor its time tells anything.  An address gets
 * OPTIN_MESSAGES a day, however often somebody asks: counter asked:HASH.
 */
#ifndef MUSTER_OPTIN_H
#define MUSTER_OPTIN_H

#include "clock.h"
#include "subscription.h"

enum { OPTIN_MS = 24 * HOUR_MS, OPTIN_MESSAGES = 3, OPTIN_CODE = 6 };

/* W.  Writes down the wish and sends the message. */
enum err optin_ask(struct db *, struct arena *, const struct subscription *wish);

/* What was asked for and is not yet confirmed. */
struct pending {
	struct str key;
	struct subscription wish;
};

/* What a link's token, or a number's code, stands for.  ERR_NOT_FOUND: used, too
 * old, or never given out. */
enum err optin_by_token(struct db *, struct arena *, struct str token, struct pending *);
enum err optin_by_code(struct db *, struct arena *, struct str address, struct str code, struct pending *);

/* W.  Makes it true, once: the wish becomes a subscription, which has its id. */
enum err optin_confirm(struct db *, struct arena *, struct pending *);

/* W.  A message marked TEST to a subscription (id 0: to an address, for staff who
 * try their settings); its id. */
int64_t optin_test(struct db *, struct arena *, const struct subscription *);

/* The address of its page, with the token that opens it: site.url/subscriptions/… */
struct str subscription_link(struct db *, struct arena *, int64_t id);

#endif

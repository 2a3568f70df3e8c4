/*
 * subscription.h - who wants to hear of what, and how to reach them.
 *
 * One subscription per channel and address; it has locations, a least severity,
 * a language and quiet hours.  E-mail and SMS begin only after the address was
 * confirmed (a link, a code); what is asked before that lies in a pending entry
 * that expires.  Webhooks are made by staff and need no confirmation.
 *
 * Keys: hash subscription:ID; ranking subscribers:LOC (score and member: the id)
 * for each of its locations; ranking within:COUNTRY for those of its locations
 * that lie in that country; string subscriber:HASH -> id, HASH of channel and
 * address; counter subscriptions: the last id given; ranking webhooks: those of
 * that channel, each with an endpoint (endpoint.h) of the same id.
 */
#ifndef MUSTER_SUBSCRIPTION_H
#define MUSTER_SUBSCRIPTION_H

#include "alert.h"
#include "hash.h"

enum { SUBSCRIPTION_LOCATIONS = 50 };

/* The purpose (link.h) of the token that opens a subscription's page. */
#define SUBSCRIPTION_LINK "subscription"

struct subscription {
	int64_t id;
	enum outbox_channel channel;
	struct str address; /* normalised: lower-case domain; E.164; a URL */
	struct str *locations;
	size_t nlocations;
	enum severity min_severity;
	struct str language;
	int quiet_from, quiet_to; /* minutes of the local day; equal: no quiet hours */
	struct str zone;          /* IANA name; empty: the tenant's */
	int64_t created_at, confirmed_at;
};

/* ERR_NOT_FOUND, both. */
enum err subscription_find(struct db *, struct arena *, enum outbox_channel, struct str address, int64_t *id);
enum err subscription_get(struct db *, struct arena *, int64_t id, struct subscription *);

/* W.  Writes a confirmed one and its indexes; where the address has one already
 * that one is replaced and keeps its id.  Sets s->id. */
enum err subscription_save(struct db *, struct arena *, struct subscription *);

/* W.  Saves one whose address was `from` until now; nobody has the new one. */
enum err subscription_move(struct db *, struct arena *, struct str from, struct subscription *);

/* W.  Takes it out of everything; what waits for it is not sent. */
enum err subscription_delete(struct db *, struct arena *, int64_t id);

/* Ids of those whom an alert for `location` concerns, in order, beyond `after`:
 * subscribers of the location, of its country (for a city), or of anything within
 * it (for a country).  An id may come for several locations. */
enum err subscription_page(
    struct db *, struct arena *, struct str location, int64_t after, size_t limit, int64_t **ids, size_t *n);

/* Ids of the webhooks, in order, beyond `after`. */
enum err subscription_webhooks(
    struct db *, struct arena *, int64_t after, size_t limit, int64_t **ids, size_t *n);

/* How many that are, counted fast: may count one twice who chose several. */
enum err subscription_count(struct db *, struct arena *, struct str location, int64_t *n);

/* When a message of this instant may go: now, or the end of the quiet hours that
 * it falls into, in the subscription's zone over changes of summer time. */
int64_t quiet_until(const struct subscription *, struct str tenant_zone, int64_t now);

/* prefix + HASH: the key of what is kept about an address. */
struct str subscription_key(struct arena *, const char *prefix, enum outbox_channel, struct str address);

/* What a record of it holds, as fields of a hash, and back; fields that are not
 * its own are passed over. */
enum { SUBSCRIPTION_FIELDS = 10 };
size_t subscription_fields(
    struct arena *, const struct subscription *, struct field out[static SUBSCRIPTION_FIELDS]);
void subscription_read(struct arena *, struct subscription *, const struct field *, size_t n);

/* "ana@example.org" with the domain in lower case, "+40712345678" without
 * blanks; false: not an address of this channel. */
bool address_normal(struct arena *, enum outbox_channel, struct str given, struct str *address);

/* The same for what a person typed: a number without its country is one of the
 * setting sms.country.  *why: what is wrong, in words. */
bool address_typed(struct db *, struct arena *, enum outbox_channel, struct str given, struct str *address,
    const char **why);

/* What may be shown to who should know it anyway: "a***@example.org". */
struct str address_masked(struct arena *, enum outbox_channel, struct str address);

/* Compares each with its indexes and these with all of them; tells each
 * difference and returns how many there are.  *found: subscriptions. */
int64_t subscription_check(struct db *, void (*tell)(void *arg, const char *text), void *arg, int64_t *found);

#endif

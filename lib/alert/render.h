/*
 * render.h - an alert as others get it: e-mail, SMS, webhook, the API.
 *
 * A payload is the same for all who get the alert by that channel in that
 * language; what differs from one to the next (the address, the link to
 * unsubscribe) is put in by the channel as it sends:
 *
 *	email    {"subject","text","html","language","urgent","list":true}, with
 *	         {unsubscribe} in both texts where the link belongs
 *	sms      {"text","language","urgent"}
 *	webhook  {"type":"alert.published"|"alert.updated"|"alert.cancelled",
 *	         "timestamp","data":{the alert as in the API}}
 */
#ifndef MUSTER_RENDER_H
#define MUSTER_RENDER_H

#include "alert.h"
#include "json.h"

/* The payload; the text is one of the alert's, and of no account for a webhook. */
struct str render_payload(
    struct db *, struct arena *, const struct alert *, const struct alert_text *, enum outbox_channel);

/* The alert as in api.md: an object; or its members only, for who adds some.
 * staff: also who published it and how many were foreseen. */
void alert_json(struct json *, const struct alert *, int64_t now, bool staff);
void alert_members(struct json *, const struct alert *, int64_t now, bool staff);

#endif

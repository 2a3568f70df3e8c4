/*
 * sms_gateway.h - what sms.c shares with the two ways of asking a gateway.
 */
#ifndef MUSTER_SMS_GATEWAY_H
#define MUSTER_SMS_GATEWAY_H

#include "sms.h"

enum sms_mode { SMS_OFF, SMS_MESSAGES, SMS_TEMPLATE, SMS_FILE };

/* The settings, as they were when the channel was read. */
struct gateway {
	enum sms_mode mode;
	struct str url, account, user, secret, from, service;
	struct str method, type, headers, body, success, accepted, reference; /* of a template */
	struct str site; /* empty: nobody said where callbacks can reach us */
	int64_t segments;
	bool unaccented;
};

/* One try's own. */
struct sms {
	struct str text;
	struct str callback; /* where the gateway tells what became of it; empty: nowhere */
	bool asking;         /* it is not sent but asked for */
	const char *suppress;
};

/* What start() and judge() do in each mode; false: *v says it all already. */
bool messages_start(const struct gateway *, struct delivery *, struct verdict *);
void messages_judge(
    const struct channel *, const struct gateway *, struct delivery *, CURLcode, struct verdict *);
bool template_start(const struct gateway *, struct delivery *, struct verdict *);
void template_judge(
    const struct channel *, const struct gateway *, struct delivery *, CURLcode, struct verdict *);

/* Sets *v. */
void sms_say(struct verdict *, enum outcome, bool hurts, const char *reason, struct str detail);

/* True: no status came, and *v says what that means. */
bool sms_no_answer(const struct channel *, struct delivery *, CURLcode, bool can_ask, struct verdict *);

/* It may have been taken. */
void sms_unsure(const struct channel *, struct delivery *, bool can_ask, struct verdict *);

/* What a status means that is neither success nor explained. */
void sms_judge_status(struct delivery *, struct verdict *);

/* Percent-encoded (also for forms). */
void put_encoded(struct buf *, struct str);

/* For CURLOPT_HTTPHEADER, freed by the engine. */
void put_header(struct delivery *, const char *line);

#endif

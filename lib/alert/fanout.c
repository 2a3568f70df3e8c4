/*
 * fanout.c - from one alert to a message for each who asked for it.
 *
 * A chain of alerts has one audience, expanded once: its cursor is the hash
 * alert:FIRST:fanout, and whoever was reached by it stands in the ranking
 * alert:FIRST:recipients.  Their score is twice the id of the alert that they
 * got last, plus 1 where a message of the chain was ever claimed.  So those whom
 * an Update or Cancel has yet to reach are the ones below twice its own id, no
 * cursor needed; and what may still wait for them is of that last alert alone.
 */
#include "fanout.h"

#include <math.h>

#include "email.h"
#include "endpoint.h"
#include "feed.h"
#include "hash.h"
#include "log.h"
#include "render.h"
#include "setting.h"
#include "sms.h"
#include "subscription.h"
#include "zset.h"

#define FANOUTS S("fanouts")

enum { CHOICE = 20 }; /* due ones among which the most urgent goes first */

struct fanout {
	struct db *db;
	struct arena *a;
	const struct alert *alert;
	struct str id, recipients, cursor, payloads; /* the alert's id; keys */
	struct str zone;
	int64_t *payload;   /* by channel and text, as they were needed; 0: not yet */
	int64_t email, sms; /* destinations; 0: not yet */
	size_t left;        /* of this chunk */
	bool done;
};

static struct str
number(struct arena *a, int64_t n)
{
	return arena_strf(a, "%lld", (long long)n);
}

/* ---- one message ---- */

/* A payload is rendered when the first who needs it comes, whichever chunk. */
static enum err
payload_id(struct fanout *f, enum outbox_channel channel, const struct alert_text *t, int64_t *id)
{
	/* A webhook gets all languages at once. */
	size_t which = channel == CHANNEL_WEBHOOK ? 0 : (size_t)(t - f->alert->texts);
	int64_t *known = &f->payload[which * CHANNEL__MAX + channel];
	struct field field = { .name = arena_strf(f->a, "%s:%zu", channel_name(channel), which) };
	enum err e = OK;

	if (*known == 0) {
		e = hash_get(f->db, f->a, f->payloads, field.name, &field.value);
		if (e == OK)
			str_int(field.value, 1, INT64_MAX, known);
	}
	if (e == ERR_NOT_FOUND) {
		*known = payload_put(f->db, render_payload(f->db, f->a, f->alert, t, channel));
		field.value = number(f->a, *known);
		e = hash_set(f->db, f->payloads, &field, 1);
	}
	*id = *known;
	return e;
}

/* 0: an address that leads nowhere. */
static int64_t
destination_of(struct fanout *f, const struct subscription *s)
{
	struct str name;

	switch (s->channel) {
	case CHANNEL_EMAIL:
		if (f->email == 0)
			f->email = destination_id(f->db, CHANNEL_EMAIL, email_destination(f->db, f->a));
		return f->email;
	case CHANNEL_SMS:
		if (f->sms == 0)
			f->sms = destination_id(f->db, CHANNEL_SMS, sms_destination(f->db, f->a));
		return f->sms;
	default:
		return endpoint_destination(f->a, s->address, &name) == NULL
			   ? destination_id(f->db, CHANNEL_WEBHOOK, name)
			   : 0;
	}
}

static enum err
put_message(struct fanout *f, const struct subscription *s)
{
	int64_t now = db_now(f->db), payload, destination = destination_of(f, s);
	bool critical = alert_is_critical(f->alert);
	enum err e = payload_id(f, s->channel, alert_text_for(f->alert, s->language), &payload);

	if (e != OK || destination == 0)
		return e;
	outbox_put(f->db, &(struct message){
			      .destination = destination,
			      .channel = s->channel,
			      .lane = alert_lane(f->alert),
			      .due = critical ? now : quiet_until(s, f->zone, now),
			      .expires = f->alert->expires_at,
			      .source = f->alert->id,
			      .recipient = s->id,
			      .payload = payload,
			      .target = s->address,
			  });
	return OK;
}

static enum err
remember(struct fanout *f, int64_t id, bool reached)
{
	return zset_add(f->db, f->recipients, number(f->a, id), (double)(2 * f->alert->id + reached));
}

/* ---- those who got what this one replaces ---- */

static enum err
tell_again(struct fanout *f, const struct zmember *m)
{
	int64_t score = (int64_t)m->score, id = 0;
	bool reached = score & 1, tried = false;
	struct subscription s;
	enum err e;

	str_int(m->member, 1, INT64_MAX, &id);
	if ((e = subscription_get(f->db, f->a, id, &s)) == ERR_NOT_FOUND)
		return zset_rem(f->db, f->recipients, m->member);
	if (e != OK)
		return e;
	/* A program hears of every step; a person of the last one.  Where nothing
	 * waits and nothing is known of a try, the message is long gone. */
	if (s.channel != CHANNEL_WEBHOOK) {
		size_t waiting = outbox_cancel_to(f->db, score / 2, id, S("superseded"), &tried);

		reached = reached || tried || waiting == 0;
	}
	if (f->alert->type != MSG_CANCEL || reached || s.channel == CHANNEL_WEBHOOK)
		e = put_message(f, &s);
	return e == OK ? remember(f, id, reached) : e;
}

/* Taking the old message back and writing the new one costs as much as two. */
static enum err
chain_chunk(struct fanout *f)
{
	struct zpage before = {
		.min = -HUGE_VAL, .max = (double)(2 * f->alert->id - 1), .limit = (f->left + 1) / 2
	};
	struct zmember *m;
	size_t n;
	enum err e = zset_page(f->db, f->a, f->recipients, &before, &m, &n);

	for (size_t i = 0; i < n && e == OK; i++)
		e = tell_again(f, &m[i]);
	f->left = n == before.limit ? 0 : f->left - n;
	return e;
}

/* ---- those who have heard nothing yet ---- */

static enum err
tell_first(struct fanout *f, int64_t id)
{
	struct subscription s;
	double score;
	enum err e = zset_score(f->db, f->recipients, number(f->a, id), &score);

	if (e != ERR_NOT_FOUND)
		return e; /* through another of its locations */
	if ((e = subscription_get(f->db, f->a, id, &s)) != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	if (!(f->alert->channels & (1U << s.channel)) || f->alert->severity < s.min_severity)
		return OK;
	if ((e = put_message(f, &s)) != OK)
		return e;
	return remember(f, id, false);
}

static enum err
audience_chunk(struct fanout *f)
{
	static const struct str names[] = { { "location", 8 }, { "after", 5 } };
	struct str values[LEN(names)];
	int64_t at = 0, after = 0, *ids;
	size_t n;
	enum err e = hash_get_many(f->db, f->a, f->cursor, names, LEN(names), values);

	str_int(values[0], 0, INT64_MAX, &at);
	str_int(values[1], 0, INT64_MAX, &after);
	if (f->alert->channels == 0)
		at = (int64_t)f->alert->nlocations;
	while (e == OK && f->left > 0 && at < (int64_t)f->alert->nlocations) {
		e = subscription_page(f->db, f->a, f->alert->locations[at], after, f->left, &ids, &n);
		for (size_t i = 0; i < n && e == OK; i++)
			e = tell_first(f, ids[i]);
		if (e == OK && n < f->left)
			at++;
		after = e == OK && n == f->left ? ids[n - 1] : 0;
		f->left -= e == OK ? n : 0;
	}
	f->done = at >= (int64_t)f->alert->nlocations;
	if (e != OK)
		return e;
	return hash_set(f->db, f->cursor,
	    (struct field[]){ { names[0], number(f->a, at) }, { names[1], number(f->a, after) } },
	    LEN(names));
}

/* ---- one chunk ---- */

static enum err
chunk(struct fanout *f)
{
	enum err e = f->alert->first == f->alert->id ? OK : chain_chunk(f);

	if (e != OK || f->left == 0)
		return e;
	/* Who has not heard of the first has nothing to hear of its Cancel. */
	if (f->alert->type == MSG_CANCEL) {
		f->done = true;
		return OK;
	}
	return audience_chunk(f);
}

static enum err
expand(struct db *db, struct arena *a, const struct alert *al, size_t limit)
{
	struct fanout f = {
		.db = db,
		.a = a,
		.alert = al,
		.id = number(a, al->id),
		.recipients = arena_strf(a, "alert:%lld:recipients", (long long)al->first),
		.cursor = arena_strf(a, "alert:%lld:fanout", (long long)al->first),
		.payloads = arena_strf(a, "alert:%lld:payloads", (long long)al->id),
		.zone = setting_text(db, a, "site.zone"),
		.payload = arena_array(a, int64_t, al->ntexts * CHANNEL__MAX),
		.left = limit,
	};
	enum err e = chunk(&f);

	if (e != OK || !f.done)
		return e;
	e = zset_rem(db, FANOUTS, f.id);
	return e == OK ? alert_sweep(db, a, limit) : e;
}

/* It ended before it could be told: nobody hears of it any more. */
static enum err
let_go(struct db *db, struct arena *a, const struct alert *al)
{
	struct str id = number(a, al->id);
	enum err e = zset_rem(db, FANOUTS, id);

	log_line("alert %lld expired before all were told", (long long)al->id);
	if (e == OK)
		e = zset_rem(db, S("alerts:scheduled"), id);
	if (e != OK)
		return e;
	return feed_notice(db, a, S("An alert ended before everybody was told"),
	    arena_strf(a, "Alert %.*s, \"%.*s\": its time was over. Nothing more is sent of it.", FMT(id),
		FMT(al->texts[0].title)));
}

static enum err
step(struct db *db, struct arena *a, struct alert *al, size_t limit)
{
	enum err e;

	if (al->expires_at <= db_now(db))
		return let_go(db, a, al);
	if (al->public_at == 0 && (e = alert_go_public(db, a, al)) != OK)
		return e;
	return expand(db, a, al, limit);
}

/* Of those that are due: urgent ones first, then in their order. */
static enum err
choose(struct db *db, struct arena *a, struct alert *al, bool *found)
{
	struct zpage due = { .min = -HUGE_VAL, .max = (double)db_now(db), .limit = CHOICE };
	struct zmember *m;
	size_t n;
	enum err e = zset_page(db, a, FANOUTS, &due, &m, &n);

	*found = false;
	for (size_t i = 0; i < n && e == OK; i++) {
		struct alert other;
		int64_t id = 0;

		str_int(m[i].member, 1, INT64_MAX, &id);
		e = alert_get(db, a, id, &other);
		if (e == ERR_NOT_FOUND) { /* must not keep all others from being sent */
			log_line("fanouts: \"%.*s\" is no alert", FMT(m[i].member));
			e = zset_rem(db, FANOUTS, m[i].member);
			continue;
		}
		if (e != OK)
			break;
		if (!*found || alert_lane(&other) < alert_lane(al))
			*al = other;
		*found = true;
	}
	return e;
}

/* When the first of all is due; 0: there is none. */
static enum err
first_due(struct db *db, struct arena *a, int64_t *at)
{
	struct zpage first = { ZPAGE_ALL, .limit = 1 };
	struct zmember *m;
	size_t n;
	enum err e = zset_page(db, a, FANOUTS, &first, &m, &n);

	*at = e == OK && n > 0 ? (int64_t)m[0].score : 0;
	return e;
}

int64_t
fanout_next(struct db *db, struct arena *a)
{
	int64_t at;

	return first_due(db, a, &at) == OK ? at : 0;
}

enum err
fanout_step(struct db *db, struct arena *a, size_t limit, bool *more, int64_t *next)
{
	struct alert al = { 0 };
	bool found;
	enum err e = choose(db, a, &al, &found);

	*more = false;
	*next = 0;
	if (e == OK)
		e = found ? step(db, a, &al, limit) : alert_sweep(db, a, limit);
	if (e == OK)
		e = first_due(db, a, next);
	*more = *next != 0 && *next <= db_now(db);
	return e;
}

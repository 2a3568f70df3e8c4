/* queue.c - the outbox as its operator sees and mends it. */
#include "queue.h"

#include <string.h>

static const enum outbox_state dead_states[] = { OUTBOX_FAILED, OUTBOX_DEAD, OUTBOX_UNSURE, OUTBOX_EXPIRED };

/* ---- lists ---- */

bool
queue_state(struct str word, struct queue *q)
{
	q->dead = str_is(word, "dead");
	return q->dead || state_named(word, &q->filter.state);
}

static bool
is_later(const struct message *a, const struct message *b)
{
	return a->finished != b->finished ? a->finished > b->finished : a->id > b->id;
}

/* The latest of some lists, each of which has the latest first. */
static void
merge(struct message *lists[], size_t have[], size_t nlists, size_t limit, struct message *out, size_t *n)
{
	size_t at[LEN(dead_states)] = { 0 };

	for (*n = 0; *n < limit; (*n)++) {
		size_t best = nlists;

		for (size_t i = 0; i < nlists; i++)
			if (at[i] < have[i] &&
			    (best == nlists || is_later(&lists[i][at[i]], &lists[best][at[best]])))
				best = i;
		if (best == nlists)
			return;
		out[*n] = lists[best][at[best]++];
	}
}

void
queue_list(struct db *db, struct arena *a, const struct queue *q, struct message **out, size_t *n)
{
	struct message *lists[LEN(dead_states)];
	size_t have[LEN(dead_states)];
	struct outbox_filter f = q->filter;

	if (!q->dead) {
		outbox_list(db, a, &f, out, n);
		return;
	}
	for (size_t i = 0; i < LEN(dead_states); i++) {
		f.state = dead_states[i];
		outbox_list(db, a, &f, &lists[i], &have[i]);
	}
	*out = arena_array(a, struct message, f.limit);
	merge(lists, have, LEN(dead_states), f.limit, *out, n);
}

struct str
queue_cursor(struct arena *a, const struct message *last)
{
	return arena_strf(a, "%lld-%lld", (long long)last->finished, (long long)last->id);
}

bool
queue_after(struct str cursor, struct queue *q)
{
	struct str id = cursor, finished = str_cut(&id, '-');

	return str_int(finished, 0, INT64_MAX, &q->filter.before_finished) &&
	       str_int(id, 1, INT64_MAX, &q->filter.before_id);
}

/* ---- mending ---- */

size_t
queue_requeue(struct db *db, const struct queue *q, bool *more)
{
	struct outbox_filter f = q->filter;
	size_t done = 0;

	for (size_t i = 0; i < LEN(dead_states) && done < QUEUE_STEP; i++) {
		if (!q->dead && dead_states[i] != q->filter.state)
			continue;
		f.state = dead_states[i];
		f.limit = QUEUE_STEP - done;
		done += outbox_requeue_some(db, &f, db_now(db) + QUEUE_AGAIN_MS);
	}
	*more = done == QUEUE_STEP;
	return done;
}

enum err
queue_remove(struct db *db, struct arena *a, int64_t id)
{
	struct message m;
	enum err e = outbox_get(db, a, id, &m);

	if (e != OK)
		return e;
	return m.state == OUTBOX_WAITING ? outbox_cancel(db, id, S("operator")) : outbox_discard(db, id);
}

enum err
queue_enable(struct db *db, struct arena *a, int64_t id)
{
	struct destination d;
	enum err e = destination_get(db, a, id, &d);

	if (e != OK)
		return e;
	d.width = 1; /* as after the breaker's good probe */
	d.failures = 0;
	d.trips = d.open_until = d.failing_since = 0;
	d.disabled = S("");
	destination_save(db, &d);
	return OK;
}

bool
queue_id(struct db *db, struct str name, int64_t *id)
{
	return str_int(name, 1, INT64_MAX / 2, id) || message_named(db, name, id);
}

/* ---- words ---- */

static struct str
mask_email(struct arena *a, struct str target)
{
	struct str domain = target, who = str_cut(&domain, '@');
	size_t first = who.n > 0;

	while (first < who.n && ((unsigned char)who.p[first] & 0xc0) == 0x80)
		first++;
	return arena_strf(a, "%.*s…@%.*s", (int)first, who.p, FMT(domain));
}

static struct str
mask_number(struct arena *a, struct str target)
{
	size_t head = target.n >= 9 ? 3 : 0, tail = target.n >= 9 ? 3 : 0;

	return arena_strf(a, "%.*s…%.*s", (int)head, target.p, (int)tail, target.p + target.n - tail);
}

/* A path or a query may be a secret; so may what stands before an '@'. */
static struct str
mask_url(struct arena *a, struct str target)
{
	struct str rest = target, scheme = str_cut(&rest, '/'), host, behind;

	str_cut(&rest, '/');
	host = str_cut(&rest, '/');
	behind = host;
	str_cut(&behind, '@');
	return arena_strf(a, "%.*s//%.*s/…", FMT(scheme), FMT(behind.n ? behind : host));
}

struct str
queue_mask(struct arena *a, enum outbox_channel channel, struct str target)
{
	switch (channel) {
	case CHANNEL_EMAIL:
		return mask_email(a, target);
	case CHANNEL_SMS:
		return mask_number(a, target);
	default:
		return mask_url(a, target);
	}
}

const char *
queue_channel_words(enum outbox_channel channel)
{
	static const char *const words[CHANNEL__MAX] = {
		[CHANNEL_EMAIL] = "E-mail", [CHANNEL_SMS] = "SMS", [CHANNEL_WEBHOOK] = "Webhooks"
	};

	return words[channel];
}

const char *
queue_state_words(enum outbox_state state)
{
	static const char *const words[OUTBOX__MAX] = {
		[OUTBOX_WAITING] = "waiting",
		[OUTBOX_SENT] = "sent",
		[OUTBOX_DELIVERED] = "delivered",
		[OUTBOX_FAILED] = "refused for good",
		[OUTBOX_DEAD] = "given up after all tries",
		[OUTBOX_UNSURE] = "perhaps sent",
		[OUTBOX_EXPIRED] = "expired before it could be sent",
		[OUTBOX_SUPPRESSED] = "not sent: the address takes nothing",
		[OUTBOX_CANCELLED] = "cancelled",
	};

	return words[state];
}

struct str
queue_reason_words(struct arena *a, struct str reason)
{
	static const struct {
		const char *reason, *words;
	} known[] = {
		{ "", "no reason given" },
		{ "timeout", "no answer in time" },
		{ "dns", "the host's name is not known" },
		{ "connect", "no connection" },
		{ "tls", "no secure connection" },
		{ "auth", "our name or password was refused" },
		{ "relay", "the relay did not take it" },
		{ "connection-lost", "the connection broke" },
		{ "greylisted", "the other side wants us to come again" },
		{ "mailbox-full", "the mailbox is full" },
		{ "gone", "the other side says that it is gone" },
		{ "poison", "it stopped the dispatcher again and again" },
		{ "unsure", "the answer did not come: it may have been sent" },
		{ "channel-off", "the channel is off" },
		{ "disabled", "the destination is switched off" },
		{ "expired", "its time was over" },
		{ "no-such-user", "no such mailbox" },
		{ "operator", "taken out by an operator" },
	};
	struct str code = reason;

	for (size_t i = 0; i < LEN(known); i++)
		if (str_is(reason, known[i].reason))
			return str(known[i].words);
	if (str_starts(reason, "http-") || str_starts(reason, "smtp-")) {
		str_cut(&code, '-');
		return arena_strf(a, "answer %.*s", FMT(code));
	}
	return reason;
}

const char *
queue_breaker(const struct destination *d, int64_t now)
{
	if (d->disabled.n > 0)
		return "disabled";
	if (d->open_until > now)
		return "paused";
	return d->open_until > 0 ? "probing" : "open";
}

const char *
queue_age_words(int column)
{
	static const char *const words[SHAPE_AGES] = { "up to 1 min", "5 min", "15 min", "1 h", "4 h",
		"1 day", "older" };

	return words[column];
}

/* ---- one message ---- */

/* The last failed try of one that was settled is also why: told once. */
static bool
told_already(const struct message *m, const struct moment *v, size_t n)
{
	return n > 0 && v[n - 1].at == m->finished && str_eq(v[n - 1].reason, m->reason);
}

void
queue_timeline(struct db *db, struct arena *a, const struct message *m, struct moment **out, size_t *n)
{
	struct attempt *tries;
	struct moment *v;
	size_t ntries, k = 0;

	outbox_attempts(db, a, m->id, &tries, &ntries);
	v = arena_array(a, struct moment, ntries + 2);
	v[k++] = (struct moment){ .at = m->created, .what = "created" };
	for (size_t i = 0; i < ntries; i++)
		v[k++] =
		    (struct moment){ tries[i].at, "failed", tries[i].code, tries[i].reason, tries[i].detail };
	if (m->state == OUTBOX_WAITING)
		v[k++] = (struct moment){ .at = m->due, .what = m->owner ? "leased" : "due" };
	else if (told_already(m, v, k))
		v[k++] = (struct moment){ .at = m->finished, .what = state_name(m->state) };
	else
		v[k++] = (struct moment){ m->finished, state_name(m->state), m->code, m->reason, m->detail };
	*out = v;
	*n = k;
}

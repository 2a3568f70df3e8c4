/*
 * /metrics - figures for a monitoring system, as Prometheus reads them.
 *
 *	GET /metrics   text format 0.0.4; from this machine only
 *
 * Names are of docs/operator.md: an alarm that somebody set hangs on each.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "bell.h"
#include "event.h"
#include "queue.h"
#include "serve.h"
#include "set.h"
#include "value.h"
#include "zset.h"

enum { DESTINATIONS = 1000, REASONS = 1000 }; /* the most lines of one name */

/* ---- the format --------------------------------------------------------------------- */

static void
name(struct res *rs, const char *metric, const char *help)
{
	buf_printf(&rs->body, "# HELP %s %s\n# TYPE %s gauge\n", metric, help, metric);
}

/* In a label's quotes. */
static struct str
label(struct req *rq, struct str s)
{
	struct buf out = { 0 };
	struct str escaped;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n') {
			buf_str(&out, S("\\n"));
			continue;
		}
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_char(&out, '\\');
		buf_char(&out, s.p[i]);
	}
	escaped = arena_dup(rq->arena, (struct str){ out.p, out.n });
	buf_free(&out);
	return escaped;
}

static void
plain(struct res *rs, const char *metric, const char *help, int64_t value)
{
	name(rs, metric, help);
	buf_printf(&rs->body, "%s %lld\n", metric, (long long)value);
}

static double
seconds(int64_t ms)
{
	return ms > 0 ? (double)ms / 1000 : 0;
}

/* ---- the outbox --------------------------------------------------------------------- */

static void
messages(struct req *rq, struct res *rs)
{
	struct tally *t;
	size_t n;

	outbox_tally(rq->db, rq->arena, 0, &t, &n);
	name(rs, "muster_outbox_messages", "Messages by channel and state, since the beginning.");
	for (size_t i = 0; i < n; i++)
		buf_printf(&rs->body, "muster_outbox_messages{channel=\"%s\",state=\"%s\"} %lld\n",
		    channel_name(t[i].channel), state_name(t[i].state), (long long)t[i].n);
}

static void
oldest(struct req *rq, struct res *rs)
{
	static const char *const lanes[LANE__MAX] = { "urgent", "normal", "bulk" };

	name(rs, "muster_outbox_oldest_seconds",
	    "For how long the oldest message that is due waits; 0: none is.");
	for (int i = 0; i < LANE__MAX; i++) {
		int64_t since = outbox_oldest(rq->db, (enum outbox_lane)i);

		buf_printf(&rs->body, "muster_outbox_oldest_seconds{lane=\"%s\"} %.3f\n", lanes[i],
		    since ? seconds(rq->now - since) : 0.0);
	}
}

static void
dead_letters(struct req *rq, struct res *rs)
{
	struct reason_count *r;
	size_t n;

	outbox_reasons(rq->db, rq->arena, &r, &n);
	name(rs, "muster_dead_letters", "Messages that could not be sent and are still there, by reason.");
	for (size_t i = 0; i < n && i < REASONS; i++)
		buf_printf(&rs->body,
		    "muster_dead_letters{channel=\"%s\",state=\"%s\",reason=\"%.*s\"} %lld\n",
		    channel_name(r[i].channel), state_name(r[i].state), FMT(label(rq, r[i].reason)),
		    (long long)r[i].n);
}

static void
destinations(struct req *rq, struct res *rs)
{
	struct destination *d;
	size_t n;

	destination_list(rq->db, rq->arena, &d, &n);
	n = n < DESTINATIONS ? n : DESTINATIONS;
	name(rs, "muster_destination_open", "1: takes messages. 0: does not answer, or is switched off.");
	for (size_t i = 0; i < n; i++)
		buf_printf(&rs->body, "muster_destination_open{destination=\"%.*s\",channel=\"%s\"} %d\n",
		    FMT(label(rq, d[i].name)), channel_name(d[i].channel),
		    str_is(str(queue_breaker(&d[i], rq->now)), "open"));
	name(rs, "muster_destination_window", "How many messages it is sent at the same time, at most.");
	for (size_t i = 0; i < n; i++)
		buf_printf(&rs->body, "muster_destination_window{destination=\"%.*s\",channel=\"%s\"} %.3f\n",
		    FMT(label(rq, d[i].name)), channel_name(d[i].channel), d[i].width);
}

/* ---- all else ------------------------------------------------------------------------ */

static void
dispatcher(struct req *rq, struct res *rs)
{
	int64_t beat = 0;

	if (bell_is_heard(rq->db))
		beat = rq->now;
	else if (string_get_int(rq->db, S("dispatcher:beat"), &beat) != OK || beat == 0)
		return; /* it has never run: absent, not 0 */
	name(rs, "muster_dispatcher_beat_seconds", "Since when nothing was seen of the dispatcher.");
	buf_printf(&rs->body, "muster_dispatcher_beat_seconds %.3f\n", seconds(rq->now - beat));
}

static void
events(struct req *rq, struct res *rs)
{
	struct event *heads;
	size_t n;

	event_heads(rq->db, rq->arena, &heads, &n);
	name(rs, "muster_events_head", "Id of the last event on a channel.");
	for (size_t i = 0; i < n && i < REASONS; i++)
		buf_printf(&rs->body, "muster_events_head{channel=\"%.*s\"} %lld\n",
		    FMT(label(rq, heads[i].channel)), (long long)heads[i].id);
	plain(rs, "muster_events_floor", "Id up to which events are gone.", event_floor(rq->db));
	plain(rs, "muster_sequence", "Number of the last visible change.", db_sequence(rq->db));
}

static void
holdings(struct req *rq, struct res *rs)
{
	int64_t shelters = 0, intents = 0, alerts = 0, file, log;

	set_card(rq->db, S("shelters"), &shelters);
	zset_card(rq->db, S("intents:expiring"), &intents);
	zset_card(rq->db, S("alerts:active"), &alerts);
	db_size(rq->db, &file, &log);
	plain(rs, "muster_shelters", "Shelters.", shelters);
	plain(rs, "muster_intents", "Intentions that hold places.", intents);
	plain(rs, "muster_alerts", "Alerts in force.", alerts);
	plain(rs, "muster_database_bytes", "Size of the database.", file);
	plain(rs, "muster_wal_bytes", "Size of its log; it grows when the dispatcher is not at work.", log);
}

/* nginx lets nobody else through; this is for the day when it does. */
static bool
from_here(struct str address)
{
	struct in6_addr six;
	struct in_addr four;
	char text[INET6_ADDRSTRLEN];

	if (address.n == 0 || address.n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", FMT(address));
	if (inet_pton(AF_INET, text, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static enum err
show(struct req *rq, struct res *rs)
{
	if (!from_here(rq->address))
		return fail(rq, ERR_FORBIDDEN, "Figures are told on this machine only.");
	rs->status = 200;
	rs->type = "text/plain; version=0.0.4; charset=utf-8";
	rs->cache = "no-store";
	messages(rq, rs);
	oldest(rq, rs);
	dead_letters(rq, rs);
	destinations(rq, rs);
	dispatcher(rq, rs);
	events(rq, rs);
	holdings(rq, rs);
	return OK;
}

static const struct route routes[] = {
	{ GET, "/metrics", ANYONE, TX_READ, show },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

/*
 * /outbox - what was to be told to the world, and what became of it; for admins.
 *
 *	GET    /outbox?state=dead&channel=&reason=&source=&cursor=&limit=
 *	GET    /outbox/shape                       what waits, destination by age
 *	GET    /outbox/destinations                where it goes, and whether that answers
 *	POST   /outbox/destinations/{destination}/enable
 *	                                           sends there again
 *	POST   /outbox/retry  state?, channel?, reason?, source? | all
 *	                                           requeues dead letters, a step at a time
 *	GET    /outbox/{message}                   one, with its timeline
 *	POST   /outbox/{message}/retry             requeues it
 *	DELETE /outbox/{message}                   cancels what waits, discards what is dead
 *
 * Addresses are masked here as everywhere: who may look at a queue need not
 * learn who lives where.
 */
#include <json-c/json.h>
#include <string.h>

#include "bell.h"
#include "clock.h"
#include "html.h"
#include "queue.h"
#include "serve.h"
#include "value.h"
#include "view.h"

enum { PER_PAGE = 50, SHOWN = 20, REASON_MAX = 32, SHAPES = 100 };

/* ---- reading ----------------------------------------------------------------------- */

static bool
read_state(struct req *rq, struct str word, struct queue *q)
{
	if (word.n == 0 || queue_state(word, q))
		return true;
	return fault(rq, "state", "choice",
	    "Choose waiting, sent, delivered, failed, dead, unsure, expired, "
	    "suppressed or cancelled.");
}

static bool
read_channel(struct req *rq, struct str word, struct queue *q)
{
	if (word.n == 0 || channel_named(word, &q->filter.channel))
		return true;
	return fault(rq, "channel", "choice", "Choose email, sms or webhook.");
}

/* The query of a list. */
static enum err
read_query(struct req *rq, size_t usual, struct queue *q)
{
	struct str source = query(rq, "source"), cursor = query(rq, "cursor");
	bool good = read_state(rq, query(rq, "state"), q);

	good &= read_channel(rq, query(rq, "channel"), q);
	q->filter.reason = query(rq, "reason");
	if (source.n > 0 && !str_int(source, 1, INT64_MAX, &q->filter.source))
		good = fault(rq, "source", "format", "Give the number of an alert.");
	if (cursor.n > 0 && !queue_after(cursor, q))
		good = fault(rq, "cursor", "format", "Take the cursor from the page before.");
	good &= query_limit(rq, usual, &q->filter.limit);
	return good ? OK : ERR_INPUT;
}

/* The path's message. */
static enum err
load(struct req *rq, struct message *m)
{
	int64_t id;

	if (!queue_id(rq->db, rq->arg[0], &id) || outbox_get(rq->db, rq->arena, id, m) != OK)
		return fail(rq, ERR_NOT_FOUND, "There is no such message.");
	return OK;
}

/* ---- JSON -------------------------------------------------------------------------- */

static void
time_or_null(struct json *j, const char *key, int64_t at)
{
	json_key_known(j, key, at != 0, at);
}

static struct str
name_of(struct req *rq, int64_t destination)
{
	struct destination d;

	return destination_get(rq->db, rq->arena, destination, &d) == OK ? d.name : S("");
}

/* Up to the brace that closes it. */
static void
message_json(struct req *rq, struct json *j, const struct message *m)
{
	static const char *const lanes[LANE__MAX] = { "urgent", "normal", "bulk" };

	json_open(j, '{');
	json_key_int(j, "id", m->id);
	json_key_str(j, "name", message_name(rq->db, rq->arena, m->id));
	json_key_str(j, "channel", str(channel_name(m->channel)));
	json_key_str(j, "state", str(state_name(m->state)));
	json_key_str(j, "lane", str(lanes[m->lane]));
	json_key_str(j, "to", queue_mask(rq->arena, m->channel, m->target));
	json_key_str(j, "destination", name_of(rq, m->destination));
	json_key_known(j, "source", m->source != 0, m->source);
	json_key_int(j, "tries", m->tries);
	json_key_int(j, "created_at", m->created);
	json_key_int(j, "expires_at", m->expires);
	time_or_null(j, "due_at", m->state == OUTBOX_WAITING ? m->due : 0);
	time_or_null(j, "finished_at", m->finished);
	json_key(j, "leased");
	json_flag(j, m->owner != 0);
	json_key_known(j, "code", m->code != 0, m->code);
	json_key_given(j, "reason", m->reason);
	json_key_given(j, "detail", m->detail);
	json_key_given(j, "reference", m->reference);
}

static void
counts_json(struct req *rq, struct json *j)
{
	struct tally *t;
	size_t n;

	outbox_tally(rq->db, rq->arena, 0, &t, &n);
	json_key(j, "counts");
	json_open(j, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(j, '{');
		json_key_str(j, "channel", str(channel_name(t[i].channel)));
		json_key_str(j, "state", str(state_name(t[i].state)));
		json_key_int(j, "n", t[i].n);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
list_json(struct req *rq, struct res *rs, const struct message *m, size_t n, struct str next)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "messages");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++) {
		message_json(rq, &j, &m[i]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	counts_json(rq, &j);
	json_key_given(&j, "next", next);
	json_close(&j, '}');
}

static void
one_json(struct req *rq, struct res *rs, const struct message *m)
{
	struct json j = res_json(rs, 200);
	struct moment *v;
	size_t n;

	queue_timeline(rq->db, rq->arena, m, &v, &n);
	message_json(rq, &j, m);
	json_key(&j, "timeline");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(&j, '{');
		json_key_int(&j, "at", v[i].at);
		json_key_str(&j, "what", str(v[i].what));
		json_key_known(&j, "code", v[i].code != 0, v[i].code);
		json_key_given(&j, "reason", v[i].reason);
		json_key_given(&j, "detail", v[i].detail);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
}

static void
destination_json(struct req *rq, struct json *j, const struct destination *d)
{
	json_open(j, '{');
	json_key_int(j, "id", d->id);
	json_key_str(j, "name", d->name);
	json_key_str(j, "channel", str(channel_name(d->channel)));
	json_key_str(j, "state", str(queue_breaker(d, rq->now)));
	json_key(j, "window");
	json_num(j, d->width);
	json_key_int(j, "trips", d->trips);
	time_or_null(j, "open_until", d->open_until > rq->now ? d->open_until : 0);
	time_or_null(j, "failing_since", d->failing_since);
	json_key_given(j, "disabled", d->disabled);
	json_close(j, '}');
}

/* ---- the page ---------------------------------------------------------------------- */

static const struct tally *
tally_of(const struct tally *t, size_t n, enum outbox_channel channel, enum outbox_state state)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].channel == channel && t[i].state == state)
			return &t[i];
	return NULL;
}

static void
deliveries(struct req *rq, struct res *rs)
{
	static const struct tally none;
	const struct tally *one;
	struct tally *t;
	size_t n;

	outbox_tally(rq->db, rq->arena, 0, &t, &n);
	html(rs, "<section class=\"box\" aria-labelledby=\"sent\">\n<h2 id=\"sent\">By channel</h2>\n");
	if (n == 0)
		html(rs, "<p>No message was written yet.</p>\n");
	for (int c = CHANNEL_EMAIL; c < CHANNEL__MAX && n > 0; c++) {
		html(rs, "<h3>%s</h3>\n<dl class=\"facts\">\n", queue_channel_words((enum outbox_channel)c));
		for (int s = 0; s < OUTBOX__MAX; s++) {
			one = tally_of(t, n, (enum outbox_channel)c, (enum outbox_state)s);
			one = one ? one : &none;
			if (one->n == 0 && s != OUTBOX_WAITING && s != OUTBOX_SENT)
				continue;
			html(rs,
			    "<dt>%s</dt><dd><a href=\"/outbox?state=%s&amp;channel=%s\">%lld"
			    "<span class=\"hide\"> of %s</span></a></dd>\n",
			    queue_state_words((enum outbox_state)s), state_name((enum outbox_state)s),
			    channel_name((enum outbox_channel)c), (long long)one->n,
			    queue_channel_words((enum outbox_channel)c));
		}
		html(rs, "</dl>\n");
	}
	html(rs, "</section>\n");
}

static void
reason_row(struct req *rq, struct res *rs, const struct reason_count *r)
{
	struct str words = queue_reason_words(rq->arena, r->reason);
	const char *state = state_name(r->state), *channel = channel_name(r->channel);

	html(rs,
	    "<li>\n<p><b>%lld</b> · %s · %s: %.*s</p>\n<form class=\"row\" method=\"post\" action=\"/outbox/retry\">\n",
	    (long long)r->n, queue_channel_words(r->channel), queue_state_words(r->state), FMT(words));
	html(rs,
	    "<a href=\"/outbox?state=%s&amp;channel=%s&amp;reason=%s\">Show <span class=\"hide\">%.*s</span></a>\n",
	    state, channel, url(rq->arena, "%.*s", FMT(r->reason)), FMT(words));
	if (r->reason.n > 0) {
		html_tokens(rq, rs);
		html(rs,
		    "<input type=\"hidden\" name=\"state\" value=\"%s\">"
		    "<input type=\"hidden\" name=\"channel\" value=\"%s\">"
		    "<input type=\"hidden\" name=\"reason\" value=\"%.*s\">\n"
		    "<button class=\"quiet\">Send again <span class=\"hide\">%lld: %s, %.*s</span></button>\n",
		    state, channel, FMT(r->reason), (long long)r->n, queue_channel_words(r->channel),
		    FMT(words));
	}
	html(rs, "</form>\n</li>\n");
}

static void
dead_by_reason(struct req *rq, struct res *rs)
{
	struct reason_count *r;
	size_t n;

	outbox_reasons(rq->db, rq->arena, &r, &n);
	html(rs, "<section class=\"box\" aria-labelledby=\"dead\">\n<h2 id=\"dead\">Dead letters</h2>\n");
	html(rs,
	    n == 0
		? "<p>There are none.</p>\n"
		: "<p class=\"hint\">What could not be sent, by reason. Mend the cause first: what is sent "
		  "again may fail again.</p>\n<ol class=\"plain rows\">\n");
	for (size_t i = 0; i < n && i < SHAPES; i++)
		reason_row(rq, rs, &r[i]);
	html(rs, n ? "</ol>\n</section>\n" : "</section>\n");
}

static void
shape_row(struct req *rq, struct res *rs, const struct shape *s)
{
	html(rs, "<tr><th scope=\"row\">%.*s</th><td class=\"n\">%lld</td>", FMT(name_of(rq, s->destination)),
	    (long long)s->total);
	for (int i = 0; i < SHAPE_AGES; i++)
		html(rs, "<td class=\"n\">%lld</td>", (long long)s->by_age[i]);
	html(rs, "</tr>\n");
}

static void
shape(struct req *rq, struct res *rs)
{
	struct shape *s;
	size_t n;

	outbox_shape(rq->db, rq->arena, &s, &n);
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"shape\">\n<h2 id=\"shape\">What waits, and how long"
	    "</h2>\n");
	if (n == 0) {
		html(rs, "<p>Nothing waits.</p>\n</section>\n");
		return;
	}
	html(rs,
	    "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"shape\">\n<table>\n"
	    "<caption class=\"hide\">Messages by destination and age</caption>\n<thead><tr><th scope=\"col\">Destination</th>"
	    "<th scope=\"col\" class=\"n\">All</th>");
	for (int i = 0; i < SHAPE_AGES; i++)
		html(rs, "<th scope=\"col\" class=\"n\">%s</th>", queue_age_words(i));
	html(rs, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n && i < SHAPES; i++)
		shape_row(rq, rs, &s[i]);
	html(rs, "</tbody>\n</table>\n</div>\n");
	if (n > SHAPES)
		html(rs, "<p class=\"hint\">And %zu more destinations.</p>\n", n - SHAPES);
	html(rs, "</section>\n");
}

static void
breaker(struct req *rq, struct res *rs, const struct destination *d)
{
	const char *state = queue_breaker(d, rq->now);

	if (strcmp(state, "open") == 0) {
		html(rs, "<p class=\"st open\">Takes messages, up to %lld at the same time</p>\n",
		    (long long)(d->width < 1 ? 1 : d->width));
	} else if (strcmp(state, "probing") == 0) {
		html(rs, "<p class=\"late\">Did not answer; one message is tried</p>\n");
	} else if (strcmp(state, "paused") == 0) {
		html(rs, "<p class=\"late\">Does not answer: nothing is sent until ");
		view_time(rq, rs, d->open_until);
		html(rs, " (pause %lld in a row)</p>\n", (long long)d->trips);
	} else {
		html(rs, "<p class=\"late\">Switched off: %.*s</p>\n", FMT(d->disabled));
	}
	if (d->failing_since != 0) {
		html(rs, "<p class=\"hint\">Nothing got through since ");
		view_time(rq, rs, d->failing_since);
		html(rs, "</p>\n");
	}
	if (strcmp(state, "open") == 0)
		return;
	html(rs, "<form class=\"row\" method=\"post\" action=\"/outbox/destinations/%lld/enable\">\n",
	    (long long)d->id);
	html_tokens(rq, rs);
	html(rs, "<button class=\"quiet\">Try again now <span class=\"hide\">%.*s</span></button>\n</form>\n",
	    FMT(d->name));
}

static void
destinations(struct req *rq, struct res *rs)
{
	struct destination *d;
	size_t n;

	destination_list(rq->db, rq->arena, &d, &n);
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"where\">\n<h2 id=\"where\">Where messages go</h2>\n");
	html(rs, n == 0 ? "<p>Nothing was sent anywhere yet.</p>\n" : "<ol class=\"plain rows\">\n");
	for (size_t i = 0; i < n && i < SHAPES; i++) {
		html(
		    rs, "<li>\n<p><b>%.*s</b> · %s</p>\n", FMT(d[i].name), queue_channel_words(d[i].channel));
		breaker(rq, rs, &d[i]);
		html(rs, "</li>\n");
	}
	html(rs, n ? "</ol>\n</section>\n" : "</section>\n");
}

/* ---- lists of messages --------------------------------------------------------------- */

static void
message_row(struct req *rq, struct res *rs, const struct message *m)
{
	html(rs, "<li>\n<p><a href=\"/outbox/%lld\">%.*s</a> · %s</p>\n<p class=\"hint\">%s",
	    (long long)m->id, FMT(queue_mask(rq->arena, m->channel, m->target)),
	    queue_channel_words(m->channel), queue_state_words(m->state));
	if (m->reason.n)
		html(rs, ": %.*s", FMT(queue_reason_words(rq->arena, m->reason)));
	html(rs, ". ");
	view_time(rq, rs, m->finished ? m->finished : m->created);
	if (m->tries)
		html(rs, ", %lld failed %s", (long long)m->tries, m->tries == 1 ? "try" : "tries");
	html(rs, "</p>\n</li>\n");
}

static const char *
query_without_cursor(struct req *rq)
{
	static const char *const names[] = { "state", "channel", "reason", "source" };
	const char *all = "";

	for (size_t i = 0; i < LEN(names); i++) {
		struct str v = query(rq, names[i]);

		if (v.n > 0)
			all = arena_printf(
			    rq->arena, "%s%s=%s&", all, names[i], url(rq->arena, "%.*s", FMT(v)));
	}
	return all;
}

static void
list_of(struct req *rq, struct res *rs, const struct message *m, size_t n, struct str next)
{
	html(rs, "<section class=\"box\" aria-labelledby=\"list\">\n<h2 id=\"list\">Messages</h2>\n");
	html(rs, n == 0 ? "<p>There are none.</p>\n" : "<ol class=\"plain rows\">\n");
	for (size_t i = 0; i < n; i++)
		message_row(rq, rs, &m[i]);
	html(rs, n ? "</ol>\n" : "");
	if (next.n)
		html(rs,
		    "<p class=\"links\"><a rel=\"next\" href=\"/outbox?%scursor=%.*s\">Next messages</a></p>\n",
		    query_without_cursor(rq), FMT(next));
	html(rs, "</section>\n");
}

static void
done_words(struct req *rq, struct res *rs)
{
	struct str done = query(rq, "done");
	int64_t n;

	if (str_int(done, 0, INT64_MAX, &n))
		html(rs, "<p class=\"done\" role=\"status\">%lld %s again.%s</p>\n", (long long)n,
		    n == 1 ? "message is sent" : "messages are sent",
		    n == QUEUE_STEP ? " There may be more: press the button once more." : "");
	else if (str_is(done, "enabled"))
		html(rs, "<p class=\"done\" role=\"status\">It is tried again now.</p>\n");
}

/* The dispatcher beats each minute; what waits without one waits for long. */
static void
dispatcher(struct req *rq, struct res *rs)
{
	int64_t beat = 0;

	string_get_int(rq->db, S("dispatcher:beat"), &beat);
	if (bell_is_heard(rq->db) || (beat != 0 && rq->now - beat < QUEUE_BEAT_LATE_MS))
		return;
	html(rs, "<div class=\"problem\">\n<h2>The dispatcher is not at work</h2>\n<p>");
	if (beat == 0)
		html(rs, "It has never run. ");
	else {
		html(rs, "It was last seen ");
		html_ago(rs, beat, rq->now);
		html(rs, ". ");
	}
	html(rs, "Nothing is sent without it: see to the cron entry.</p>\n</div>\n");
}

static void
list_page(struct req *rq, struct res *rs, const struct message *m, size_t n, struct str next)
{
	bool narrowed = *query_without_cursor(rq) != '\0';

	html_page(rq, rs, 200, narrowed ? "Messages" : "Outbox", narrowed ? "Messages" : "Outbox");
	done_words(rq, rs);
	html(rs, "<p class=\"hint\">As of ");
	view_time(rq, rs, rq->now);
	html(rs, ". It does not change by itself.</p>\n");
	if (narrowed) {
		html(rs, "<p class=\"links\"><a href=\"/outbox\">The whole outbox</a></p>\n");
		list_of(rq, rs, m, n, next);
	} else {
		dispatcher(rq, rs);
		dead_by_reason(rq, rs);
		shape(rq, rs);
		html(rs, "<div class=\"two\">\n");
		deliveries(rq, rs);
		destinations(rq, rs);
		html(rs, "</div>\n");
	}
	html_end(rq, rs);
}

static enum err
list(struct req *rq, struct res *rs)
{
	struct queue q = { 0 };
	struct message *m;
	struct str next = S("");
	size_t n;
	enum err e = read_query(rq, rq->face == FACE_JSON ? PER_PAGE : SHOWN, &q);

	if (e != OK)
		return e;
	queue_list(rq->db, rq->arena, &q, &m, &n);
	if (n == q.filter.limit)
		next = queue_cursor(rq->arena, &m[n - 1]);
	if (rq->face == FACE_JSON)
		list_json(rq, rs, m, n, next);
	else
		list_page(rq, rs, m, n, next);
	return OK;
}

static enum err
show_shape(struct req *rq, struct res *rs)
{
	struct shape *s;
	struct json j;
	size_t n;

	if (rq->face == FACE_HTML)
		return res_see_other(rs, "/outbox#shape");
	outbox_shape(rq->db, rq->arena, &s, &n);
	j = res_json(rs, 200);
	json_open(&j, '{');
	json_key(&j, "shape");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(&j, '{');
		json_key_int(&j, "destination", s[i].destination);
		json_key_str(&j, "name", name_of(rq, s[i].destination));
		json_key_int(&j, "total", s[i].total);
		json_key_int(&j, "oldest_at", s[i].oldest);
		json_key(&j, "by_age");
		json_open(&j, '[');
		for (int k = 0; k < SHAPE_AGES; k++)
			json_int(&j, s[i].by_age[k]);
		json_close(&j, ']');
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	return OK;
}

static enum err
show_destinations(struct req *rq, struct res *rs)
{
	struct destination *d;
	struct json j;
	size_t n;

	if (rq->face == FACE_HTML)
		return res_see_other(rs, "/outbox#where");
	destination_list(rq->db, rq->arena, &d, &n);
	j = res_json(rs, 200);
	json_open(&j, '{');
	json_key(&j, "destinations");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++)
		destination_json(rq, &j, &d[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	return OK;
}

static enum err
enable(struct req *rq, struct res *rs)
{
	struct destination d;
	struct json j;
	int64_t id;

	if (!str_int(rq->arg[0], 1, INT64_MAX, &id) || queue_enable(rq->db, rq->arena, id) != OK)
		return fail(rq, ERR_NOT_FOUND, "There is no such destination.");
	if (rq->face == FACE_HTML)
		return res_see_other(rs, "/outbox?done=enabled");
	destination_get(rq->db, rq->arena, id, &d);
	j = res_json(rs, 200);
	destination_json(rq, &j, &d);
	return OK;
}

/* ---- one message ---------------------------------------------------------------------- */

static void
fact(struct res *rs, const char *name, struct str value)
{
	if (value.n > 0)
		html(rs, "<dt>%s</dt><dd>%.*s</dd>\n", name, FMT(value));
}

static void
facts(struct req *rq, struct res *rs, const struct message *m)
{
	html(rs, "<section class=\"box\" aria-labelledby=\"what\">\n<h2 id=\"what\">The message</h2>\n"
		 "<dl class=\"facts\">\n");
	fact(rs, "State", str(queue_state_words(m->state)));
	fact(rs, "Channel", str(queue_channel_words(m->channel)));
	fact(rs, "To", queue_mask(rq->arena, m->channel, m->target));
	fact(rs, "By way of", name_of(rq, m->destination));
	fact(rs, "Name", message_name(rq->db, rq->arena, m->id));
	fact(rs, "Their name for it", m->reference);
	html(rs, "<dt>Not sent after</dt><dd>");
	view_time(rq, rs, m->expires);
	html(rs, "</dd>\n</dl>\n");
	if (m->source)
		html(rs, "<p class=\"links\"><a href=\"/alerts/%lld\">The alert</a></p>\n",
		    (long long)m->source);
	html(rs, "</section>\n");
}

static void
moment(struct req *rq, struct res *rs, const struct moment *v)
{
	static const struct {
		const char *what, *words;
	} known[] = { { "created", "Written" }, { "failed", "A try failed" }, { "due", "Is to be tried" },
		{ "leased", "Is being sent; the lease ends" } };
	enum outbox_state state;
	const char *words = NULL;

	for (size_t i = 0; i < LEN(known); i++)
		if (strcmp(known[i].what, v->what) == 0)
			words = known[i].words;
	if (words == NULL && state_named(str(v->what), &state))
		words = queue_state_words(state);
	html(rs, "<li>\n<p>");
	view_time(rq, rs, v->at);
	html(rs, " <b>%s</b>", words);
	if (v->reason.n)
		html(rs, ": %.*s", FMT(queue_reason_words(rq->arena, v->reason)));
	html(rs, "</p>\n");
	if (v->code || v->detail.n)
		html(rs, "<p class=\"hint\">%s%lld %.*s</p>\n", v->code ? "They said: " : "",
		    (long long)v->code, FMT(v->detail));
	html(rs, "</li>\n");
}

static void
buttons(struct req *rq, struct res *rs, const struct message *m)
{
	bool dead = state_is_dead(m->state);

	if (dead) {
		html(rs, "<form class=\"row\" method=\"post\" action=\"/outbox/%lld/retry\">\n",
		    (long long)m->id);
		html_tokens(rq, rs);
		html(rs, "<button>Send it again</button>\n</form>\n");
	}
	if (!dead && m->state != OUTBOX_WAITING)
		return;
	html(rs, "<form class=\"row\" method=\"post\" action=\"/outbox/%lld\">\n", (long long)m->id);
	html_tokens(rq, rs);
	html(rs, "<button class=\"stop\" name=\"_method\" value=\"DELETE\">%s</button>\n</form>\n",
	    dead ? "Put it away" : "Do not send it");
}

static void
one_page(struct req *rq, struct res *rs, int status, const struct message *m)
{
	struct moment *v;
	size_t n;

	queue_timeline(rq->db, rq->arena, m, &v, &n);
	html_page(rq, rs, status, arena_printf(rq->arena, "Message %lld", (long long)m->id), NULL);
	if (query(rq, "done").n)
		html(rs, "<p class=\"done\" role=\"status\">Done.</p>\n");
	html(rs, "<p class=\"links\"><a href=\"/outbox\">The whole outbox</a></p>\n<h1>Message %lld</h1>\n",
	    (long long)m->id);
	facts(rq, rs, m);
	html(rs, "<section class=\"box\" aria-labelledby=\"time\">\n<h2 id=\"time\">What happened</h2>\n"
		 "<ol class=\"plain rows\">\n");
	for (size_t i = 0; i < n; i++)
		moment(rq, rs, &v[i]);
	html(rs, "</ol>\n</section>\n");
	buttons(rq, rs, m);
	html_end(rq, rs);
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct message m;
	enum err e = load(rq, &m);

	if (e != OK)
		return e;
	if (rq->face == FACE_JSON)
		one_json(rq, rs, &m);
	else
		one_page(rq, rs, 200, &m);
	return OK;
}

/* After a change of one: it as it is now. */
static enum err
changed(struct req *rq, struct res *rs, int64_t id)
{
	struct message m;

	if (rq->face == FACE_HTML)
		return res_see_other(rs, arena_printf(rq->arena, "/outbox/%lld?done=1", (long long)id));
	outbox_get(rq->db, rq->arena, id, &m);
	one_json(rq, rs, &m);
	return OK;
}

static enum err
retry(struct req *rq, struct res *rs)
{
	struct message m;
	enum err e = load(rq, &m);

	if (e != OK)
		return e;
	if (outbox_requeue(rq->db, m.id, rq->now + QUEUE_AGAIN_MS) != OK)
		return fail(rq, ERR_CONFLICT, "This message is no dead letter: it is %s.",
		    queue_state_words(m.state));
	return changed(rq, rs, m.id);
}

static enum err
take_out(struct req *rq, struct res *rs)
{
	struct message m;
	enum err e = load(rq, &m);

	if (e != OK)
		return e;
	if (queue_remove(rq->db, rq->arena, m.id) != OK)
		return fail(rq, ERR_CONFLICT, "This message cannot be taken back: it is %s.",
		    queue_state_words(m.state));
	return changed(rq, rs, m.id);
}

/* ---- many ----------------------------------------------------------------------------- */

static const char *const members[] = { "state", "channel", "reason", "source", "all" };

static bool
is_member(const char *name)
{
	for (size_t i = 0; i < LEN(members); i++)
		if (strcmp(name, members[i]) == 0)
			return true;
	return false;
}

/* A word that is not known must never mean "all": every member is looked at. */
static bool
only_known(struct req *rq)
{
	static const char *const ours[] = { "csrf", "token", "_method" };
	bool good = true;

	if (rq->json != NULL) {
		json_object_object_foreach(rq->json, name, value)
		{
			(void)value;
			if (!is_member(name))
				good = fault(rq, arena_printf(rq->arena, "%s", name), "unknown",
				    "There is no such member.");
		}
		return good;
	}
	for (size_t i = 0; i < rq->form.n; i++) {
		struct str name = rq->form.v[i].name;
		bool known = is_member(arena_printf(rq->arena, "%.*s", FMT(name)));

		for (size_t k = 0; k < LEN(ours); k++)
			known |= str_is(name, ours[k]);
		if (!known)
			good = fault(rq, arena_printf(rq->arena, "%.*s", FMT(name)), "unknown",
			    "There is no such field.");
	}
	return good;
}

/* Given, it must say something: an empty one would be a filter that is none. */
static bool
is_given(struct req *rq, const char *name)
{
	return rq->json != NULL ? json_object_object_get_ex(rq->json, name, NULL) : has_field(rq, name);
}

static bool
given_text(struct req *rq, const char *name, size_t max, struct str *out)
{
	*out = S("");
	return is_given(rq, name) ? need_text(rq, name, max, out) : true;
}

static bool
wants_all(struct req *rq)
{
	struct json_object *v;

	if (rq->json != NULL)
		return json_object_object_get_ex(rq->json, "all", &v) &&
		       json_object_is_type(v, json_type_boolean) && json_object_get_boolean(v);
	return str_is(form_value(rq, "all"), "1");
}

static enum err
read_filter(struct req *rq, struct queue *q)
{
	struct str state, channel;
	bool good = only_known(rq), all = wants_all(rq), any;

	good &= given_text(rq, "state", 20, &state);
	good &= given_text(rq, "channel", 20, &channel);
	good &= given_text(rq, "reason", REASON_MAX, &q->filter.reason);
	good &= is_given(rq, "source") ? need_int(rq, "source", 1, INT64_MAX, &q->filter.source) : true;
	if (!good)
		return ERR_INPUT;
	any = state.n || channel.n || q->filter.reason.n || q->filter.source;
	good = read_state(rq, state, q) && read_channel(rq, channel, q);
	if (good && state.n && !q->dead && !state_is_dead(q->filter.state))
		good = fault(rq, "state", "choice",
		    "Only dead letters can be sent again: dead, failed, unsure "
		    "or expired.");
	if (any && all)
		good = fault(rq, "all", "choice", "Say either what is to be sent again, or all.");
	if (!any && !all)
		good = fault(rq, "all", "missing", "Say what is to be sent again, or \"all\": true.");
	q->dead |= state.n == 0;
	return good ? OK : ERR_INPUT;
}

static enum err
retry_many(struct req *rq, struct res *rs)
{
	struct queue q = { 0 };
	struct json j;
	bool more;
	size_t n;
	enum err e = read_filter(rq, &q);

	if (e != OK)
		return e;
	n = queue_requeue(rq->db, &q, &more);
	if (rq->face == FACE_HTML)
		return res_see_other(rs, arena_printf(rq->arena, "/outbox?done=%zu", n));
	j = res_json(rs, 200);
	json_open(&j, '{');
	json_key_int(&j, "requeued", (int64_t)n);
	json_key(&j, "more");
	json_flag(&j, more);
	json_close(&j, '}');
	return OK;
}

static const struct route routes[] = {
	{ GET, "/outbox", ROLE_ADMIN, TX_READ, list },
	{ GET, "/outbox/shape", ROLE_ADMIN, TX_READ, show_shape },
	{ GET, "/outbox/destinations", ROLE_ADMIN, TX_READ, show_destinations },
	{ POST, "/outbox/destinations/{destination}/enable", ROLE_ADMIN, TX_WRITE, enable },
	{ POST, "/outbox/retry", ROLE_ADMIN, TX_WRITE, retry_many },
	{ GET, "/outbox/{message}", ROLE_ADMIN, TX_READ, show },
	{ POST, "/outbox/{message}/retry", ROLE_ADMIN, TX_WRITE, retry },
	{ DELETE, "/outbox/{message}", ROLE_ADMIN, TX_WRITE, take_out },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

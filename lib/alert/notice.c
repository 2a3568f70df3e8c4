/* notice.c - an alert as people and programs see it. */
#include "notice.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "place.h"
#include "render.h"
#include "view.h"

enum { GREEN_MS = 3 * HOUR_MS }; /* so long an all-clear stands over every page */

/* ---- words ------------------------------------------------------------------------ */

const char *
urgency_words(enum urgency u)
{
	static const char *const words[] = {
		[URGENCY_PAST] = "Over",
		[URGENCY_FUTURE] = "Be prepared",
		[URGENCY_EXPECTED] = "Act within the hour",
		[URGENCY_IMMEDIATE] = "Act now",
	};

	return words[u];
}

const char *
certainty_words(enum certainty c)
{
	static const char *const words[] = {
		[CERTAINTY_UNLIKELY] = "Unlikely",
		[CERTAINTY_POSSIBLE] = "Possible",
		[CERTAINTY_LIKELY] = "Likely",
		[CERTAINTY_OBSERVED] = "It is happening",
	};

	return words[c];
}

/* What CAP's response types ask of people. */
static const char *
response_words(struct str response)
{
	static const struct {
		const char *name, *words;
	} all[] = {
		{ "Shelter", "Go indoors or to a shelter" },
		{ "Evacuate", "Leave the area" },
		{ "Prepare", "Prepare" },
		{ "Execute", "Do what is said below" },
		{ "Avoid", "Stay away" },
		{ "Monitor", "Keep informed" },
		{ "AllClear", "Nothing more to do" },
	};

	for (size_t i = 0; i < LEN(all); i++)
		if (str_is(response, all[i].name))
			return all[i].words;
	return NULL;
}

/* The class of a severity: "extreme". */
static const char *
grade_class(const struct alert *al)
{
	static const char *const classes[] = { "minor", "minor", "moderate", "severe", "extreme" };

	return al->type == MSG_CANCEL ? "gone" : al->all_clear ? "clear" : classes[al->severity];
}

static const char *
grade_words(const struct alert *al)
{
	return al->type == MSG_CANCEL ? "Cancelled"
	       : al->all_clear        ? "All clear"
				      : severity_name(al->severity);
}

/* It was in force once.  A draft and one that waits for its time were not yet. */
static bool
is_over(const struct req *rq, const struct alert *al)
{
	return al->public_at && al->type != MSG_CANCEL && !alert_is_active(al, rq->now);
}

void
notice_grade(struct req *rq, struct res *rs, const struct alert *al)
{
	bool over = is_over(rq, al);

	html(rs, "<p class=\"grade %s\">%s%s", over ? "gone" : grade_class(al),
	    al->exercise ? "Exercise · " : "", grade_words(al));
	if (over)
		html(rs, " · no longer in force");
	else if (al->type != MSG_CANCEL && !al->all_clear)
		html(rs, " · %s", urgency_words(al->urgency));
	html(rs, "</p>\n");
}

struct str
notice_areas(struct db *db, struct arena *a, const struct alert *al)
{
	struct str all = S("");

	for (size_t i = 0; i < al->nlocations; i++)
		all = arena_strf(a, "%.*s%s%.*s", FMT(all),
		    i == 0                   ? ""
		    : i + 1 < al->nlocations ? ", "
					     : " and ",
		    FMT(location_title(db, a, al->locations[i])));
	return all;
}

void
notice_text(struct res *rs, struct str text)
{
	while (text.n) {
		const char *gap = memmem(text.p, text.n, "\n\n", 2);
		size_t n = gap ? (size_t)(gap - text.p) : text.n;

		if (n)
			html(rs, "<p class=\"text\">%.*s</p>\n", (int)n, text.p);
		n += gap ? 2 : 0;
		text.p += n;
		text.n -= n;
	}
}

static void
lang(struct res *rs, const struct alert_text *t)
{
	if (!str_is(t->language, "en"))
		html(rs, " lang=\"%.*s\"", FMT(t->language));
}

/* ---- JSON ------------------------------------------------------------------------- */

/* Waiting messages are "queued" in the contract. */
static const char *
state_key(enum outbox_state s)
{
	return s == OUTBOX_WAITING ? "queued" : state_name(s);
}

static int64_t
tally_of(const struct tally *t, size_t n, enum outbox_channel c, enum outbox_state s)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].channel == c && t[i].state == s)
			return t[i].n;
	return 0;
}

static void
put_deliveries(struct req *rq, struct json *j, const struct alert *al)
{
	struct tally *tally;
	size_t n;

	outbox_tally(rq->db, rq->arena, al->id, &tally, &n);
	json_key(j, "deliveries");
	json_open(j, '{');
	for (int c = CHANNEL_EMAIL; c < CHANNEL__MAX; c++) {
		if ((al->channels & 1u << c) == 0)
			continue;
		json_key(j, channel_name((enum outbox_channel)c));
		json_open(j, '{');
		for (int s = 0; s < OUTBOX__MAX; s++)
			json_key_int(j, state_key((enum outbox_state)s),
			    tally_of(tally, n, (enum outbox_channel)c, (enum outbox_state)s));
		json_close(j, '}');
	}
	json_close(j, '}');
}

void
notice_json(struct req *rq, struct json *j, const struct alert *al)
{
	json_open(j, '{');
	alert_members(j, al, rq->now, rq->who.roles != 0);
	json_key_str(j, "url", arena_strf(rq->arena, "/alerts/%lld", (long long)al->id));
	if (rq->who.roles)
		put_deliveries(rq, j, al);
	json_close(j, '}');
}

/* ---- lists -------------------------------------------------------------------------- */

/* What is to be known before the rest: it does not hold (any more, yet). */
static void
state_line(struct req *rq, struct res *rs, const struct alert *al)
{
	if (al->public_at == 0 && (al->replaced_by || al->type == MSG_CANCEL))
		html(rs, "<p class=\"late\">Withdrawn before it was published: nobody has seen it</p>\n");
	else if (al->public_at == 0) {
		html(rs, "<p class=\"late\">Not published yet: will be at ");
		view_time(rq, rs, al->not_before);
		html(rs, "</p>\n");
	} else if (al->replaced_by)
		html(rs,
		    "<p class=\"late\">Replaced by <a href=\"/alerts/%lld\">what came after it</a></p>\n",
		    (long long)al->replaced_by);
	else if (al->type != MSG_CANCEL && al->expires_at <= rq->now) {
		html(rs, "<p class=\"late\">No longer valid: ended at ");
		view_time(rq, rs, al->expires_at);
		html(rs, "</p>\n");
	}
}

static void
when_and_where(struct req *rq, struct res *rs, const struct alert *al)
{
	html(rs, "<p class=\"where\">%.*s", FMT(notice_areas(rq->db, rq->arena, al)));
	if (al->public_at) {
		html(rs, " · sent ");
		view_time(rq, rs, al->sent_at);
		html(rs, ", ");
		html_ago(rs, al->sent_at, rq->now);
	}
	if (alert_is_active(al, rq->now)) {
		html(rs, " · valid until ");
		view_time(rq, rs, al->expires_at);
	}
	html(rs, "</p>\n");
}

void
notice_card(struct req *rq, struct res *rs, const struct alert *al, int level)
{
	html(rs, "<li class=\"notice %s%s\">\n", alert_is_active(al, rq->now) ? grade_class(al) : "gone",
	    al->exercise ? " drill" : "");
	notice_grade(rq, rs, al);
	html(rs, "<h%d", level);
	lang(rs, &al->texts[0]);
	html(rs, "><a href=\"/alerts/%lld\">%.*s</a></h%d>\n", (long long)al->id, FMT(al->texts[0].title),
	    level);
	when_and_where(rq, rs, al);
	state_line(rq, rs, al);
	html(rs, "</li>\n");
}

/* ---- one -------------------------------------------------------------------------- */

static void
other_languages(struct res *rs, const struct alert *al)
{
	for (size_t i = 1; i < al->ntexts; i++) {
		const struct alert_text *t = &al->texts[i];

		html(rs, "<details class=\"box\"");
		lang(rs, t);
		html(rs, ">\n<summary>%.*s <span class=\"hint\">%.*s</span></summary>\n", FMT(t->title),
		    FMT(t->language));
		notice_text(rs, t->message);
		notice_text(rs, t->instruction);
		html(rs, "</details>\n");
	}
}

static void
facts(struct req *rq, struct res *rs, const struct alert *al)
{
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"about\">\n<h2 id=\"about\">About this alert</h2>\n"
	    "<dl class=\"facts\">\n<dt>What</dt><dd>%.*s</dd>\n<dt>Where</dt><dd>%.*s</dd>\n"
	    "<dt>How bad</dt><dd>%s</dd>\n<dt>How soon</dt><dd>%s</dd>\n<dt>How sure</dt><dd>%s</dd>\n",
	    FMT(al->event), FMT(notice_areas(rq->db, rq->arena, al)), severity_name(al->severity),
	    urgency_words(al->urgency), certainty_words(al->certainty));
	if (al->public_at) {
		html(rs, "<dt>Sent</dt><dd>");
		view_time(rq, rs, al->sent_at);
		html(rs, "</dd>\n");
	}
	html(rs, "<dt>Valid until</dt><dd>");
	view_time(rq, rs, al->expires_at);
	html(rs, "</dd>\n");
	if (rq->who.roles)
		html(rs, "<dt>Published by</dt><dd>%.*s</dd>\n", FMT(al->by));
	html(rs, "</dl>\n");
	if (al->public_at)
		html(rs,
		    "<p class=\"links\"><a href=\"/alerts/%lld.cap\">For programs: CAP 1.2</a> "
		    "<a href=\"/alerts.atom\">Feed of all alerts</a></p>\n",
		    (long long)al->id);
	html(rs, "</section>\n");
}

static void
shelters(struct req *rq, struct res *rs, const struct alert *al)
{
	html(rs, "<p class=\"row\">");
	for (size_t i = 0; i < al->nlocations && i < 6; i++)
		html(rs, "<a class=\"go %s\" href=\"%s\">Open shelters in %.*s</a>\n", i ? "quiet" : "",
		    url(rq->arena, "/shelters?location=%.*s&open=1", FMT(al->locations[i])),
		    FMT(location_title(rq->db, rq->arena, al->locations[i])));
	html(rs, "</p>\n");
}

/* The chain, the newest first: what was said before, and what after. */
static void
history(struct req *rq, struct res *rs, const struct alert *al)
{
	struct alert *chain;
	size_t n;

	if (alert_chain(rq->db, rq->arena, al->id, &chain, &n) != OK || n < 2)
		return;
	html(rs, "<section class=\"box\" aria-labelledby=\"before\">\n<h2 id=\"before\">How it went</h2>\n"
		 "<ol class=\"plain rows\">\n");
	for (size_t i = 0; i < n; i++) {
		html(rs, "<li><p>");
		view_time(rq, rs, chain[i].sent_at);
		html(rs, " · %s</p>\n<p>", chain[i].all_clear ? "All clear" : msg_type_name(chain[i].type));
		if (chain[i].id == al->id)
			html(rs, "<b>%.*s</b> <span class=\"hint\">(this one)</span>",
			    FMT(chain[i].texts[0].title));
		else
			html(rs, "<a href=\"/alerts/%lld\">%.*s</a>", (long long)chain[i].id,
			    FMT(chain[i].texts[0].title));
		html(rs, "</p></li>\n");
	}
	html(rs, "</ol>\n</section>\n");
}

static void
texts(struct res *rs, const struct alert_text *t, struct str text)
{
	if (text.n == 0)
		return;
	html(rs, "<div class=\"side\"");
	lang(rs, t);
	html(rs, ">\n");
	notice_text(rs, text);
	html(rs, "</div>\n");
}

void
notice_page(struct req *rq, struct res *rs, const struct alert *al)
{
	const struct alert_text *t = &al->texts[0];
	const char *respond = response_words(al->response);

	html(rs, "<article class=\"notice %s%s\" data-alert=\"%lld\">\n",
	    is_over(rq, al) ? "gone" : grade_class(al), al->exercise ? " drill" : "", (long long)al->id);
	if (al->exercise)
		html(rs, "<p class=\"exercise\">Exercise. This is practice, not a real emergency.</p>\n");
	notice_grade(rq, rs, al);
	html(rs, "<h1");
	lang(rs, t);
	html(rs, ">%.*s</h1>\n", FMT(t->title));
	state_line(rq, rs, al);
	when_and_where(rq, rs, al);
	texts(rs, t, t->message);
	if (respond || t->instruction.n)
		html(rs, "<h2>%s</h2>\n", respond ? respond : "What to do");
	texts(rs, t, t->instruction);
	if (alert_is_active(al, rq->now) && !al->all_clear)
		shelters(rq, rs, al);
	html(rs, "</article>\n");
}

void
notice_more(struct req *rq, struct res *rs, const struct alert *al)
{
	other_languages(rs, al);
	history(rq, rs, al);
	facts(rq, rs, al);
}

/* ---- staff -------------------------------------------------------------------------- */

static const char *
channel_words(enum outbox_channel c)
{
	return c == CHANNEL_EMAIL ? "E-mail" : c == CHANNEL_SMS ? "SMS" : "Webhook";
}

static void
delivery_row(struct res *rs, const struct tally *t, size_t n, enum outbox_channel c)
{
	int64_t waiting = tally_of(t, n, c, OUTBOX_WAITING), delivered = tally_of(t, n, c, OUTBOX_DELIVERED);
	int64_t sent = tally_of(t, n, c, OUTBOX_SENT) + delivered, all = 0;

	for (int s = 0; s < OUTBOX__MAX; s++)
		all += tally_of(t, n, c, (enum outbox_state)s);
	html(rs,
	    "<tr><th scope=\"row\">%s</th><td class=\"n\">%lld</td><td class=\"n\">%lld</td>"
	    "<td class=\"n\">%lld</td></tr>\n",
	    channel_words(c), (long long)waiting, (long long)sent, (long long)(all - waiting - sent));
}

/* Why some were not sent: what there is of each, in words. */
static void
delivery_reasons(struct res *rs, const struct tally *t, size_t n)
{
	static const struct {
		enum outbox_state state;
		const char *words;
	} all[] = {
		{ OUTBOX_DELIVERED, "known to have arrived" },
		{ OUTBOX_FAILED, "refused for good" },
		{ OUTBOX_DEAD, "given up after all tries" },
		{ OUTBOX_UNSURE, "may or may not have been sent" },
		{ OUTBOX_EXPIRED, "too late to be of use" },
		{ OUTBOX_SUPPRESSED, "to addresses that take nothing from us" },
		{ OUTBOX_CANCELLED, "cancelled" },
	};

	for (size_t i = 0; i < LEN(all); i++) {
		int64_t sum = 0;

		for (int c = CHANNEL_EMAIL; c < CHANNEL__MAX; c++)
			sum += tally_of(t, n, (enum outbox_channel)c, all[i].state);
		if (sum)
			html(rs, "<li>%lld %s</li>\n", (long long)sum, all[i].words);
	}
}

void
notice_deliveries(struct req *rq, struct res *rs, const struct alert *al)
{
	struct tally *tally;
	size_t n;

	outbox_tally(rq->db, rq->arena, al->id, &tally, &n);
	html(
	    rs, "<section class=\"box\" aria-labelledby=\"sent\">\n<h2 id=\"sent\">What became of it</h2>\n");
	view_fresh(rq, rs, "", arena_printf(rq->arena, "/alerts/%lld", (long long)al->id));
	if (al->channels) {
		html(rs,
		    "<table>\n<caption>About %lld recipients</caption>\n<thead><tr><th scope=\"col\">By</th>"
		    "<th scope=\"col\" class=\"n\">Waiting</th><th scope=\"col\" class=\"n\">Sent</th>"
		    "<th scope=\"col\" class=\"n\">Not sent</th></tr></thead>\n<tbody>\n",
		    (long long)al->recipients);
		for (int c = CHANNEL_EMAIL; c < CHANNEL__MAX; c++)
			if (al->channels & 1u << c)
				delivery_row(rs, tally, n, (enum outbox_channel)c);
		html(rs, "</tbody>\n</table>\n<ul class=\"plain hint\">\n");
		delivery_reasons(rs, tally, n);
		html(rs,
		    "</ul>\n<p class=\"hint\">Sent means that the other side took it, not that it was read.</p>\n");
	} else {
		html(rs, "<p>It is on the site and in the feed only; no messages were sent.</p>\n");
	}
	if (rq->who.roles & ROLE_ADMIN)
		html(rs, "<p class=\"links\"><a href=\"/outbox\">Outbox and dead letters</a></p>\n");
	html(rs, "</section>\n");
}

/* ---- the banner ------------------------------------------------------------------------ */

/* Real before exercise, worse before better, sooner before later. */
static int
gravity(const struct alert *al)
{
	return (al->exercise ? 0 : 100) + (int)al->severity * 10 + (int)al->urgency;
}

static int
graver(const void *a, const void *b)
{
	int by = gravity(b) - gravity(a);
	const struct alert *x = a, *y = b;

	return by ? by : (x->sequence < y->sequence) - (x->sequence > y->sequence);
}

void
notice_sort(struct alert *all, size_t n)
{
	if (n > 1)
		qsort(all, n, sizeof(*all), graver);
}

static void
banner_of(struct req *rq, struct res *rs, const struct alert *al, size_t more, int64_t head)
{
	const struct alert_text *t = &al->texts[0];

	html(rs,
	    "<section id=\"banner\" class=\"alert %s%s\" data-seq=\"%lld\" data-alert=\"%lld\" aria-label=\"%s\">\n"
	    "<p><b class=\"grade\">%s%s</b> <a href=\"/alerts/%lld\"",
	    grade_class(al), al->exercise ? " drill" : "", (long long)head, (long long)al->id,
	    al->exercise    ? "Exercise"
	    : al->all_clear ? "All clear"
			    : "Alert",
	    al->exercise ? "EXERCISE · " : "", grade_words(al), (long long)al->id);
	lang(rs, t);
	html(rs, ">%.*s</a>", FMT(t->title));
	if (!al->all_clear) {
		html(rs, " <span>until ");
		view_time(rq, rs, al->expires_at);
		html(rs, "</span>");
	}
	if (more)
		html(rs, " <a href=\"/alerts\">+%zu more</a>", more);
	html(rs, "</p>\n</section>\n");
}

void
notice_banner(struct req *rq, struct res *rs, const struct alert *all, size_t n)
{
	const struct alert *worst = NULL, *clear = NULL;
	int64_t head = db_sequence(rq->db); /* live.js goes on from there */
	size_t more = 0;

	for (size_t i = 0; i < n; i++) {
		if (all[i].all_clear) {
			if (clear == NULL && all[i].sent_at + GREEN_MS > rq->now)
				clear = &all[i];
			continue;
		}
		more += worst != NULL;
		if (worst == NULL || gravity(&all[i]) > gravity(worst))
			worst = &all[i];
	}
	if (worst || clear)
		banner_of(rq, rs, worst ? worst : clear, more, head);
	else
		html(rs, "<section id=\"banner\" data-seq=\"%lld\" hidden></section>\n", (long long)head);
}

/*
 * /alerts - what duty officers publish, and what becomes of it.
 *
 *	GET  /alerts?active=1&location=   the newest first
 *	POST /alerts                      publisher: publishes                -> its page
 *	GET  /alerts/new                  publisher: the composer; ?references=ID&kind=update
 *	POST /alerts/new                  publisher: its steps: preview, back, one more language
 *	GET  /alerts/banner               what stands over every page
 *	GET  /alerts/title                the organisation's name, for static pages
 *	GET  /alerts/{id}                 one, with its chain; staff see the deliveries too
 *	GET  /alerts/{id}.cap             CAP 1.2
 *	GET  /alerts.atom                 a feed of them
 *	POST /alerts/{id}/update          publisher: takes its place
 *	POST /alerts/{id}/cancel          publisher: it was wrong
 *	POST /alerts/{id}/all-clear       publisher: the danger is over
 *
 * Publishing writes and is done; the dispatcher sends.
 */
#include "atom.h"
#include "cap.h"
#include "clock.h"
#include "composer.h"
#include "idempotency.h"
#include "notice.h"
#include "place.h"
#include "search.h"
#include "serve.h"
#include "session.h"
#include "set.h"
#include "value.h"
#include "view.h"

enum {
	PER_PAGE = 20,
	FEED_MOST = 50,
	ACTIVE_MOST = 100,
	TITLE_S = 10, /* seldom changed, in every page */
	LOOKS = 5,
	ROOMS = 3,
	PUBLISHERS = ROLE_ADMIN | ROLE_PUBLISHER
};

/* ---- finding ------------------------------------------------------------------------ */

/* One that the caller may see: what is not public yet is for publishers. */
static enum err
find(struct req *rq, struct str name, struct alert *al)
{
	int64_t id;
	bool good = str_int(name, 1, INT64_MAX / 2, &id) && alert_get(rq->db, rq->arena, id, al) == OK;

	if (good && al->public_at == 0 && (rq->who.roles & PUBLISHERS) == 0)
		good = false;
	return good ? OK : fail(rq, ERR_NOT_FOUND, "There is no such alert.");
}

/* "RO" of RO-CJ-01: a country's alert concerns all within it. */
static bool
lies_in(struct req *rq, struct str location, struct str area)
{
	struct str *ids, country, name = area;
	size_t n;

	str_cut(&name, '-');
	if (!str_starts(area, "country-") || str_starts(location, "country-") ||
	    set_page(rq->db, rq->arena, location, (struct str){ 0 }, 1, &ids, &n) != OK || n == 0)
		return false;
	country = ids[0];
	return str_eq(str_cut(&country, '-'), name);
}

static bool
concerns(struct req *rq, const struct alert *al, struct str location)
{
	for (size_t i = 0; i < al->nlocations; i++)
		if (str_eq(al->locations[i], location) || lies_in(rq, location, al->locations[i]) ||
		    lies_in(rq, al->locations[i], location))
			return true;
	return location.n == 0;
}

struct asked {
	bool active;
	struct str location;
	int64_t before;
	size_t limit;
};

static bool
read_asked(struct req *rq, struct asked *ask)
{
	struct str active = query(rq, "active"), cursor = query(rq, "cursor");
	bool good = query_limit(rq, PER_PAGE, &ask->limit);

	ask->active = active.n && !str_is(active, "0");
	ask->location = query(rq, "location");
	if (ask->location.n && !location_valid(ask->location))
		good = fault(rq, "location", "format", "Give a location such as city-CJ or country-RO.");
	ask->before = 0;
	if (cursor.n && !str_int(cursor, 1, INT64_MAX / 2, &ask->before))
		good = fault(rq, "cursor", "format", "Use the cursor of an answer as it is.");
	return good;
}

/* A page of those asked for; *next: where to go on, 0: that was all.  Of a rare
 * location so many are looked at that a page may come out short. */
static enum err
search(struct req *rq, const struct asked *ask, struct alert **out, size_t *n, int64_t *next)
{
	int64_t before = ask->before;

	*next = 0;

	*out = arena_array(rq->arena, struct alert, ask->limit);
	*n = 0;
	for (int looks = 0; looks < LOOKS; looks++) {
		struct alert *some;
		size_t got;
		enum err e = alert_list(rq->db, rq->arena, ask->active, before, ask->limit + 1, &some, &got);

		if (e != OK)
			return e;
		for (size_t i = 0; i < got; i++) {
			if (*n == ask->limit) {
				*next = before;
				return OK;
			}
			if (concerns(rq, &some[i], ask->location))
				(*out)[(*n)++] = some[i];
			before = some[i].sequence;
		}
		*next = before;
		if (got <= ask->limit) {
			*next = 0;
			return OK;
		}
	}
	return OK;
}

/* ---- lists ---------------------------------------------------------------------------- */

static void
list_json(struct req *rq, struct res *rs, const struct alert *all, size_t n, int64_t next)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "alerts");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++)
		notice_json(rq, &j, &all[i]);
	json_close(&j, ']');
	json_key_given(&j, "next", next ? arena_strf(rq->arena, "%lld", (long long)next) : S(""));
	json_close(&j, '}');
}

static void
cards(struct req *rq, struct res *rs, const char *heading, const struct alert *all, size_t n)
{
	if (n == 0)
		return;
	html(rs, "<h2>%s</h2>\n<ol class=\"cards\">\n", heading);
	for (size_t i = 0; i < n; i++)
		notice_card(rq, rs, &all[i], 3);
	html(rs, "</ol>\n");
}

static void
staff_lists(struct req *rq, struct res *rs)
{
	struct alert *waiting;
	size_t n;

	if ((rq->who.roles & PUBLISHERS) == 0)
		return;
	html(rs, "<p><a class=\"go\" href=\"/alerts/new\">New alert</a></p>\n");
	if (alert_scheduled(rq->db, rq->arena, ACTIVE_MOST, &waiting, &n) == OK)
		cards(rq, rs, "To be published later", waiting, n);
}

/* Those in force stand first; what else was is told page by page. */
static enum err
list_page(
    struct req *rq, struct res *rs, const struct asked *ask, const struct alert *all, size_t n, int64_t next)
{
	struct alert *now, *over = arena_array(rq->arena, struct alert, n + 1);
	size_t nnow = 0, nover = 0, seen = 0;
	enum err e = alert_list(rq->db, rq->arena, true, 0, ACTIVE_MOST, &now, &nnow);

	for (size_t i = 0; i < nnow; i++)
		if (concerns(rq, &now[i], ask->location))
			now[seen++] = now[i];
	notice_sort(now, seen);
	for (size_t i = 0; i < n; i++)
		if (!alert_is_active(&all[i], rq->now))
			over[nover++] = all[i];
	html_page(rq, rs, 200, "Alerts", "Alerts");
	html(rs, "<p class=\"fresh\">As of ");
	view_time(rq, rs, rq->now);
	html(rs, ". <a href=\"/alerts\">Refresh</a></p>\n");
	if (ask->before == 0) {
		staff_lists(rq, rs);
		if (seen == 0)
			html(rs, "<p class=\"box lead\">No alert is in force.</p>\n");
		cards(rq, rs, "In force", now, seen);
	}
	cards(rq, rs, ask->before ? "Older" : "Over", over, nover);
	html(rs, "<nav class=\"links\" aria-label=\"More alerts\">");
	if (next)
		html(rs, "<a rel=\"next\" href=\"%s\">Older alerts</a> ",
		    url(rq->arena, "/alerts?location=%.*s&cursor=%lld", FMT(ask->location), (long long)next));
	html(rs, ask->before ? "<a href=\"/alerts\">Back to the newest</a></nav>\n"
			     : "<a href=\"/subscriptions\">Get alerts by e-mail or SMS</a> "
			       "<a href=\"/alerts.atom\">Atom feed</a></nav>\n");
	html_end(rq, rs);
	return e;
}

static enum err
list(struct req *rq, struct res *rs)
{
	struct asked ask;
	struct alert *all;
	size_t n;
	int64_t next;
	enum err e;

	if (!read_asked(rq, &ask))
		return ERR_INPUT;
	if ((e = search(rq, &ask, &all, &n, &next)) != OK)
		return e;
	if (rq->face == FACE_HTML)
		return list_page(rq, rs, &ask, all, n, next);
	list_json(rq, rs, all, n, next);
	if (rq->who.roles == 0)
		res_same(rq, rs);
	return OK;
}

/* A part of pages that no handler writes. */
static enum err
site_title(struct req *rq, struct res *rs)
{
	rs->status = 200;
	rs->rendered = true;
	rs->type = "text/html; charset=utf-8";
	rs->keep = TITLE_S;
	html(rs, "%.*s", FMT(rq->title));
	return OK;
}

static enum err
banner(struct req *rq, struct res *rs)
{
	struct alert *now;
	size_t n;
	enum err e = alert_list(rq->db, rq->arena, true, 0, ACTIVE_MOST, &now, &n);

	if (e != OK)
		return e;
	rs->status = 200;
	rs->rendered = true;
	rs->type = "text/html; charset=utf-8";
	notice_banner(rq, rs, now, n);
	return OK;
}

/* ---- one --------------------------------------------------------------------------------- */

static void
page_notice(struct req *rq, struct res *rs)
{
	static const struct {
		const char *done, *words;
	} notices[] = {
		{ "published", "Published. The messages are on their way." },
		{ "later", "Saved. It will be published at its time." },
		{ "withdrawn", "Withdrawn. Nobody will see it." },
		{ "again", "This was published already. To change it, press Update." },
	};

	for (size_t i = 0; i < LEN(notices); i++)
		if (rq->who.roles && str_is(query(rq, "done"), notices[i].done))
			html(rs, "<p class=\"done\" role=\"status\">%s</p>\n", notices[i].words);
}

static void
publisher_links(struct req *rq, struct res *rs, const struct alert *al)
{
	static const struct {
		const char *kind, *words;
	} all[] = { { "update", "Update" }, { "all-clear", "All clear" }, { "cancel", "Cancel it" } };

	if ((rq->who.roles & PUBLISHERS) == 0 || al->replaced_by || al->type == MSG_CANCEL)
		return;
	html(rs,
	    "<form class=\"row\" method=\"get\" action=\"/alerts/new\">\n"
	    "<input type=\"hidden\" name=\"references\" value=\"%lld\">\n",
	    (long long)al->id);
	for (size_t i = 0; i < LEN(all); i++)
		if (al->public_at || i != 1)
			html(rs, "<button class=\"%s\" name=\"kind\" value=\"%s\">%s</button>\n",
			    i == 2   ? "stop"
			    : i == 1 ? "quiet"
				     : "go",
			    all[i].kind, all[i].words);
	html(rs, "</form>\n");
}

/* Where people are sent, the shelters with the most room there. */
static void
with_room(struct req *rq, struct res *rs, const struct alert *al)
{
	const struct filter open = { .open = true };
	struct found *found;
	size_t n;

	if (!alert_is_active(al, rq->now) ||
	    !(str_is(al->response, "Shelter") || str_is(al->response, "Evacuate")) ||
	    search_ranked(rq->db, rq->arena, al->locations, al->nlocations, S("projected"), &open, NULL,
		ROOMS, &found, &n) != OK ||
	    n == 0)
		return;
	html(rs, "<h2>Shelters with room</h2>\n");
	view_fresh(rq, rs, "", arena_printf(rq->arena, "/alerts/%lld", (long long)al->id));
	html(rs, "<ol class=\"cards\">\n");
	for (size_t i = 0; i < n; i++) {
		struct shelter s;

		if (shelter_load(rq->db, rq->arena, found[i].id, &s) != OK)
			continue;
		view_card(rq, rs, &(struct view_card){ .s = &s, .distance = -1, .level = 3, .query = "" });
		html(rs, "</li>\n");
	}
	html(rs, "</ol>\n");
}

static enum err
show_page(struct req *rq, struct res *rs, const struct alert *al)
{
	html_page(rq, rs, 200, arena_dup(rq->arena, al->texts[0].title).p, NULL);
	page_notice(rq, rs);
	html(rs, "<p class=\"links\"><a href=\"/alerts\">All alerts</a></p>\n");
	notice_page(rq, rs, al);
	publisher_links(rq, rs, al);
	with_room(rq, rs, al);
	notice_more(rq, rs, al);
	if (rq->who.roles) {
		notice_deliveries(rq, rs, al);
	} else {
		html(rs,
		    "<p class=\"links\"><a href=\"/subscriptions\">Get alerts by e-mail or SMS</a></p>\n");
	}
	html_end(rq, rs);
	return OK;
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct alert al;
	struct json j;
	enum err e = find(rq, rq->arg[0], &al);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		return show_page(rq, rs, &al);
	j = res_json(rs, 200);
	notice_json(rq, &j, &al);
	if (rq->who.roles == 0)
		res_same(rq, rs);
	return OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool
published_before(struct req *rq, struct res *rs, struct str key)
{
	struct str id;

	if (key.n == 0 || string_get(rq->db, rq->arena, key, &id) != OK)
		return false;
	res_see_other(rs, arena_printf(rq->arena, "/alerts/%.*s?done=again", FMT(id)));
	return true;
}

static enum err
answer(struct req *rq, struct res *rs, const struct alert *al)
{
	struct json j;

	if (rq->face == FACE_HTML)
		return res_see_other(rs, arena_printf(rq->arena, "/alerts/%lld?done=%s", (long long)al->id,
					     al->public_at            ? "published"
					     : al->type == MSG_CANCEL ? "withdrawn"
								      : "later"));
	j = res_json(rs, 202);
	json_open(&j, '{');
	json_key_int(&j, "id", al->id);
	json_key_int(&j, "recipients", al->recipients);
	json_key_int(&j, "expires_at", al->expires_at);
	json_key_str(&j, "url", arena_strf(rq->arena, "/alerts/%lld", (long long)al->id));
	json_close(&j, '}');
	res_header(rs, "Location", "/api/alerts/%lld", (long long)al->id);
	return OK;
}

/* Why nothing can take this one's place; NULL: something can. */
static const char *
closed(const struct alert *old)
{
	return old == NULL               ? NULL
	       : old->type == MSG_CANCEL ? "A cancelled alert cannot be changed any more. Publish a new one."
	       : old->replaced_by && old->public_at == 0 ? "This alert was withdrawn before it was published."
	       : old->replaced_by ? "This alert was replaced already. Change the one that came after it."
				  : NULL;
}

static enum err
refuse_closed(struct req *rq, struct res *rs, const struct alert *old)
{
	int64_t next = old->replaced_by ? old->replaced_by : old->id;

	if (rq->face == FACE_HTML) {
		html_page(rq, rs, 409, "That did not work", "That did not work");
		html(rs,
		    "<p class=\"lead\">%s</p>\n<p>Nothing was published.</p>\n"
		    "<p class=\"links\"><a href=\"/alerts/%lld\">The alert that holds now</a> "
		    "<a href=\"/alerts\">All alerts</a></p>\n",
		    closed(old), (long long)next);
		html_end(rq, rs);
	}
	return fail(rq, ERR_CONFLICT, "%s", closed(old));
}

static enum err
publish(struct req *rq, struct res *rs, enum draft_kind kind, const struct alert *old)
{
	struct str key = form_key(rq);
	struct draft d;
	enum err e;

	if (published_before(rq, rs, key))
		return OK;
	if (closed(old) != NULL)
		return refuse_closed(rq, rs, old);
	if ((e = draft_read(rq, kind, old, &d)) != OK) {
		if (rq->face == FACE_HTML)
			composer_form(rq, rs, 422, &d);
		return e;
	}
	if (rq->face == FACE_HTML && !composer_confirmed(rq, &d.alert)) {
		composer_preview(rq, rs, 422, &d, old);
		return ERR_INPUT;
	}
	if ((e = alert_publish(rq->db, rq->arena, &d.alert)) != OK)
		return e;
	if (key.n)
		string_set(rq->db, key, arena_strf(rq->arena, "%lld", (long long)d.alert.id),
		    rq->now + 24 * (int64_t)HOUR_MS);
	return answer(rq, rs, &d.alert);
}

static enum err
create(struct req *rq, struct res *rs)
{
	struct alert old;
	int64_t id;

	if (!draft_references(rq, &id))
		return ERR_INPUT;
	if (id == 0)
		return publish(rq, rs, DRAFT_NEW, NULL);
	if (alert_get(rq->db, rq->arena, id, &old) != OK) {
		fault(rq, "references", "unknown", "There is no alert %lld.", (long long)id);
		return ERR_INPUT;
	}
	return publish(rq, rs, DRAFT_UPDATE, &old);
}

static enum err
follow(struct req *rq, struct res *rs, enum draft_kind kind)
{
	struct alert old;
	enum err e = find(rq, rq->arg[0], &old);

	return e == OK ? publish(rq, rs, kind, &old) : e;
}

static enum err
update(struct req *rq, struct res *rs)
{
	return follow(rq, rs, DRAFT_UPDATE);
}

static enum err
cancel(struct req *rq, struct res *rs)
{
	return follow(rq, rs, DRAFT_CANCEL);
}

static enum err
all_clear(struct req *rq, struct res *rs)
{
	return follow(rq, rs, DRAFT_ALL_CLEAR);
}

/* ---- the composer -------------------------------------------------------------------------------- */

/* What it is about: a new one, or what follows another. */
static enum err
subject(struct req *rq, struct str references, struct str name, enum draft_kind *kind, struct alert *old,
    const struct alert **about)
{
	enum err e;

	*about = NULL;
	*kind = DRAFT_NEW;
	if (references.n == 0)
		return OK;
	if ((e = find(rq, references, old)) != OK)
		return e;
	*about = old;
	if (!draft_kind_named(name, kind) || *kind == DRAFT_NEW)
		*kind = DRAFT_UPDATE;
	return OK;
}

static enum err
compose(struct req *rq, struct res *rs)
{
	const struct alert *about;
	struct alert old;
	enum draft_kind kind;
	struct draft d;
	enum err e;

	if (rq->face == FACE_JSON)
		return fail(rq, ERR_NOT_FOUND, "There is no such alert.");
	e = subject(rq, query(rq, "references"), query(rq, "kind"), &kind, &old, &about);
	if (e != OK)
		return e;
	if (closed(about) != NULL)
		return refuse_closed(rq, rs, about);
	draft_start(rq, kind, about, &d);
	composer_form(rq, rs, 200, &d);
	return OK;
}

/* Nothing is written: a step only shows what was typed in another way. */
static enum err
step(struct req *rq, struct res *rs)
{
	struct str act = form_value(rq, "do");
	const struct alert *about;
	struct alert old;
	enum draft_kind kind;
	struct draft d;
	enum err e;

	if (rq->face == FACE_JSON)
		return fail(rq, ERR_NOT_FOUND, "There is no such alert.");
	e = subject(rq, form_value(rq, "references"), form_value(rq, "kind"), &kind, &old, &about);
	if (e != OK)
		return e;
	if (!composer_step(rq))
		e = ERR_INPUT;
	if (str_is(act, "edit") || str_is(act, "language") || str_is(act, "area"))
		draft_start(rq, kind, about, &d);
	else
		e = draft_read(rq, kind, about, &d) == OK ? e : ERR_INPUT;
	if (e != OK || str_is(act, "edit") || str_is(act, "language") || str_is(act, "area"))
		composer_form(rq, rs, e == OK ? 200 : 422, &d);
	else
		composer_preview(rq, rs, 200, &d, about);
	return e;
}

/* ---- for other systems -------------------------------------------------------------- */

/* Browsers show no file of the type that programs know it by. */
static void
type_for(struct req *rq, struct res *rs, const char *type)
{
	rs->type = cap_type(rq->accept, type);
	res_header(rs, "Vary", "Accept");
	res_same(rq, rs);
}

static enum err
cap(struct req *rq, struct res *rs)
{
	struct alert al;
	int64_t id;

	if (!str_int(rq->arg[0], 1, INT64_MAX / 2, &id) || alert_get(rq->db, rq->arena, id, &al) != OK ||
	    al.public_at == 0)
		return fail(rq, ERR_NOT_FOUND, "There is no such alert.");
	rs->status = 200;
	cap_write(rq->db, rq->arena, &al, &rs->body);
	type_for(rq, rs, CAP_TYPE);
	return OK;
}

static enum err
atom(struct req *rq, struct res *rs)
{
	struct alert *v;
	size_t n;
	enum err e = alert_list(rq->db, rq->arena, false, 0, FEED_MOST, &v, &n);

	if (e != OK)
		return e;
	rs->status = 200;
	atom_write(rq->db, rq->arena, v, n, &rs->body);
	type_for(rq, rs, ATOM_TYPE);
	return OK;
}

static const struct route routes[] = {
	{ GET, "/alerts", SHARED, TX_READ, list },
	{ POST, "/alerts", PUBLISHERS, TX_WRITE, create },
	{ GET, "/alerts/new", PUBLISHERS, TX_READ, compose },
	{ POST, "/alerts/new", PUBLISHERS, TX_READ, step },
	{ GET, "/alerts/banner", PUBLIC, TX_READ, banner },
	{ GET, "/alerts/title", PUBLIC, TX_READ, site_title },
	{ GET, "/alerts.atom", PUBLIC, TX_READ, atom },
	{ GET, "/alerts/{id}.cap", PUBLIC, TX_READ, cap },
	{ GET, "/alerts/{id}", SHARED, TX_READ, show },
	{ POST, "/alerts/{id}/update", PUBLISHERS, TX_WRITE, update },
	{ POST, "/alerts/{id}/cancel", PUBLISHERS, TX_WRITE, cancel },
	{ POST, "/alerts/{id}/all-clear", PUBLISHERS, TX_WRITE, all_clear },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

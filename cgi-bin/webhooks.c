/*
 * /webhooks - programs of others that hear of alerts; for admins.
 *
 *	GET    /webhooks                                   all of them
 *	POST   /webhooks  url, locations, min_severity?    -> 201 with its secret, once
 *	GET    /webhooks/{id}
 *	PATCH  /webhooks/{id}  url?, locations?, min_severity?, enabled?
 *	                                                   another url has another secret
 *	DELETE /webhooks/{id}
 *	POST   /webhooks/{id}/rotate                       -> a new secret, once
 *	POST   /webhooks/{id}/enable
 *	POST   /webhooks/{id}/test                         a message of the type "test"
 */
#include <json-c/json.h>
#include <string.h>

#include "endpoint.h"
#include "html.h"
#include "place.h"
#include "serve.h"
#include "set.h"
#include "subscription.h"
#include "view.h"
#include "wish.h"

enum { PER_PAGE = 20, RECENT = 200 };

struct hook {
	struct subscription s;
	struct endpoint p;
};

/* ---- one and all ---------------------------------------------------------------- */

static enum err
get_hook(struct req *rq, int64_t id, struct hook *h)
{
	enum err e = subscription_get(rq->db, rq->arena, id, &h->s);

	if (e == OK && h->s.channel != CHANNEL_WEBHOOK)
		e = ERR_NOT_FOUND;
	return e == OK ? endpoint_get(rq->db, rq->arena, id, &h->p) : e;
}

static enum err
load(struct req *rq, struct hook *h)
{
	int64_t id;

	if (!str_int(rq->arg[0], 1, INT64_MAX, &id))
		return fail(rq, ERR_NOT_FOUND, "There is no such webhook.");
	if (get_hook(rq, id, h) != OK)
		return fail(rq, ERR_NOT_FOUND, "There is no such webhook.");
	return OK;
}

/* The last message to it that was given up, among the latest; false: none was. */
static bool
last_failure(struct req *rq, int64_t id, struct message *last)
{
	static const enum outbox_state states[] = { OUTBOX_DEAD, OUTBOX_FAILED };

	*last = (struct message){ 0 };
	for (size_t i = 0; i < LEN(states); i++) {
		struct outbox_filter f = { .state = states[i], .channel = CHANNEL_WEBHOOK, .limit = RECENT };
		struct message *m;
		size_t n;

		outbox_list(rq->db, rq->arena, &f, &m, &n);
		for (size_t k = 0; k < n; k++)
			if (m[k].recipient == id && m[k].finished > last->finished)
				*last = m[k];
	}
	return last->id != 0;
}

/* What the dispatcher knows of its host; false: nothing was sent there yet. */
static bool
host_of(struct req *rq, const struct hook *h, struct destination *out)
{
	struct destination *d;
	struct str name;
	size_t n;

	if (endpoint_destination(rq->arena, h->s.address, &name) != NULL)
		return false;
	destination_list(rq->db, rq->arena, &d, &n);
	for (size_t i = 0; i < n; i++)
		if (str_eq(d[i].name, name)) {
			*out = d[i];
			return true;
		}
	return false;
}

/* ---- JSON -------------------------------------------------------------------------- */

static void
time_or_null(struct json *j, const char *key, int64_t at)
{
	json_key_known(j, key, at != 0, at);
}

static void
failure_json(struct req *rq, struct json *j, int64_t id)
{
	struct message m;

	json_key(j, "last_failure");
	if (!last_failure(rq, id, &m)) {
		json_null(j);
		return;
	}
	json_open(j, '{');
	json_key_int(j, "at", m.finished);
	json_key_int(j, "code", m.code);
	json_key_str(j, "reason", m.reason);
	json_close(j, '}');
}

static void
members(struct req *rq, struct json *j, const struct hook *h, struct str secret)
{
	struct destination d = { 0 };

	host_of(rq, h, &d);
	json_open(j, '{');
	json_key_int(j, "id", h->s.id);
	json_key_str(j, "url", h->s.address);
	json_key_strs(j, "locations", h->s.locations, h->s.nlocations);
	json_key_str(j, "min_severity", str(severity_name(h->s.min_severity)));
	json_key(j, "enabled");
	json_flag(j, h->p.disabled_at == 0);
	json_key_given(j, "disabled", h->p.disabled);
	time_or_null(j, "disabled_at", h->p.disabled_at);
	time_or_null(j, "failing_since", d.failing_since);
	failure_json(rq, j, h->s.id);
	json_key_int(j, "created_at", h->p.created_at);
	time_or_null(j, "rotated_at", h->p.rotated_at);
	time_or_null(j, "previous_secret_until", h->p.previous.n ? h->p.previous_until : 0);
	if (secret.n)
		json_key_str(j, "secret", secret);
	json_close(j, '}');
}

static void
one_json(struct req *rq, struct res *rs, int status, const struct hook *h, struct str secret)
{
	struct json j = res_json(rs, status);

	members(rq, &j, h, secret);
}

/* ---- what was sent ------------------------------------------------------------------- */

/* A form has one line of names with commas. */
static bool
read_locations(struct req *rq, struct subscription *s)
{
	struct str line;
	bool good = true;

	if (rq->json != NULL)
		return wish_locations(rq, s);
	if (!opt_text(rq, "locations", 4000, &line))
		return false;
	s->locations = arena_array(rq->arena, struct str, SUBSCRIPTION_LOCATIONS);
	s->nlocations = 0;
	while (line.n > 0)
		good &= wish_location(rq, str_trim(str_cut(&line, ',')), s);
	if (good && s->nlocations == 0)
		return fault(rq, "locations", "missing", "Name at least one place.");
	return good;
}

/* One URL is one webhook. */
static bool
read_url(struct req *rq, struct subscription *s)
{
	struct str name, given;
	const char *why;
	int64_t other = 0;

	if (!need_text(rq, "url", ENDPOINT_URL_MAX, &given))
		return false;
	if ((why = endpoint_destination(rq->arena, given, &name)) != NULL)
		return fault(rq, "url", "format", "This address cannot be used: %s.", why);
	if (subscription_find(rq->db, rq->arena, CHANNEL_WEBHOOK, given, &other) == OK && other != s->id)
		return fault(rq, "url", "used", "There is a webhook for this address already.");
	s->address = given;
	return true;
}

/* ---- pages ------------------------------------------------------------------------------ */

static struct str
place_names(struct req *rq, const struct subscription *s)
{
	struct str all = S("");

	for (size_t i = 0; i < s->nlocations; i++)
		all = arena_strf(rq->arena, "%.*s%s%.*s", FMT(all), i ? ", " : "", FMT(s->locations[i]));
	return all;
}

static struct str
typed_or(struct req *rq, const char *name, struct str usual)
{
	return rq->faults ? form_value(rq, name) : usual;
}

static void
fields(struct req *rq, struct res *rs, const struct subscription *s)
{
	html_input(rq, rs, "url", "Address (https://…)",
	    "type=\"url\" maxlength=\"2000\" autocomplete=\"off\" spellcheck=\"false\" required",
	    typed_or(rq, "url", s->address));
	html_input(rq, rs, "locations", "Places, with commas: Cluj, country-RO",
	    "maxlength=\"4000\" autocomplete=\"off\" spellcheck=\"false\" required",
	    typed_or(rq, "locations", place_names(rq, s)));
	html(rs, "<div><label for=\"min_severity\">From which severity on</label>\n"
		 "<select id=\"min_severity\" name=\"min_severity\">\n");
	for (int i = SEVERITY_MINOR; i <= SEVERITY_EXTREME; i++) {
		const char *name = severity_name((enum severity)i);

		html(rs,
		    i == (int)s->min_severity ? "<option selected>%s</option>\n" : "<option>%s</option>\n",
		    name);
	}
	html(rs, "</select></div>\n");
}

static void
state_words(struct req *rq, struct res *rs, const struct hook *h)
{
	struct destination d = { 0 };
	struct message m;

	if (h->p.disabled_at != 0) {
		html(rs, "<p class=\"late\">Off since ");
		view_time(rq, rs, h->p.disabled_at);
		html(rs, ": %.*s</p>\n", FMT(h->p.disabled));
	} else if (host_of(rq, h, &d) && d.failing_since != 0) {
		html(rs, "<p class=\"late\">Does not answer since ");
		view_time(rq, rs, d.failing_since);
		html(rs, ". We go on trying.</p>\n");
	} else {
		html(rs, "<p class=\"st open\">On</p>\n");
	}
	if (!last_failure(rq, h->s.id, &m))
		return;
	html(rs, "<p class=\"hint\">Last failure: %.*s, ", FMT(m.reason));
	view_time(rq, rs, m.finished);
	html(rs, ". <a href=\"/outbox/%lld\">What happened</a></p>\n", (long long)m.id);
}

static void
list_page(struct req *rq, struct res *rs, int status, struct hook *hooks, size_t n, int64_t next)
{
	struct subscription fresh = { .min_severity = SEVERITY_MODERATE };

	html_page(rq, rs, status, "Webhooks", NULL);
	html_faults(rq, rs);
	if (str_is(query(rq, "done"), "deleted"))
		html(rs,
		    "<p class=\"done\" role=\"status\">The webhook is deleted. Nothing more is sent there.</p>\n");
	html(rs, "<h1>Webhooks</h1>\n<p class=\"lead\">Programs of others that hear of alerts as they are "
		 "published.</p>\n");
	if (n > 0)
		html(rs, "<ol class=\"cards\">\n");
	for (size_t i = 0; i < n; i++) {
		html(rs,
		    "<li>\n<h2><a href=\"/webhooks/%lld\">%.*s</a></h2>\n<p class=\"where\">%.*s · from %s on</p>\n",
		    (long long)hooks[i].s.id, FMT(hooks[i].s.address), FMT(place_names(rq, &hooks[i].s)),
		    severity_name(hooks[i].s.min_severity));
		state_words(rq, rs, &hooks[i]);
		html(rs, "</li>\n");
	}
	if (n > 0)
		html(rs, "</ol>\n");
	if (next != 0)
		html(rs, "<p class=\"links\"><a href=\"/webhooks?cursor=%lld\">More</a></p>\n",
		    (long long)next);
	html(rs, "<form class=\"box\" method=\"post\" action=\"/webhooks\" novalidate>\n<h2>Add one</h2>\n");
	html_tokens(rq, rs);
	if (rq->faults)
		severity_named(form_value(rq, "min_severity"), &fresh.min_severity);
	fields(rq, rs, &fresh);
	html(rs, "<button>Add</button>\n</form>\n");
	html_end(rq, rs);
}

static void
secret_box(struct res *rs, struct str secret, bool rotated)
{
	html(rs,
	    "<div class=\"done\" role=\"status\">\n<h2>Its secret</h2>\n<p class=\"id\">%.*s</p>\n"
	    "<p>Copy it now to the program that receives: it is not shown again.</p>\n",
	    FMT(secret));
	if (rotated)
		html(rs, "<p>The one before it signs beside it for 24 hours.</p>\n");
	html(rs, "</div>\n");
}

static void
notice(struct req *rq, struct res *rs)
{
	static const struct {
		const char *done, *words;
	} notices[] = {
		{ "changed", "Your changes are saved." },
		{ "enabled", "It is on: what is published from now on is sent." },
		{ "test", "A test is on its way. It has the type \"test\"." },
	};

	for (size_t i = 0; i < LEN(notices); i++)
		if (str_is(query(rq, "done"), notices[i].done))
			html(rs, "<p class=\"done\" role=\"status\">%s</p>\n", notices[i].words);
}

/* A form with one button. */
static void
press(struct req *rq, struct res *rs, int64_t id, const char *what, const char *words)
{
	html(rs, "<form method=\"post\" action=\"/webhooks/%lld/%s\">\n", (long long)id, what);
	html_tokens(rq, rs);
	html(rs, "<button class=\"quiet\">%s</button>\n</form>\n", words);
}

static void
hook_page(struct req *rq, struct res *rs, int status, const struct hook *h, struct str secret, bool rotated)
{
	html_page(rq, rs, status, "Webhook", NULL);
	html_faults(rq, rs);
	notice(rq, rs);
	if (secret.n)
		secret_box(rs, secret, rotated);
	html(rs, "<h1>Webhook</h1>\n<section class=\"box\" aria-label=\"How it is\">\n<p><b>%.*s</b></p>\n",
	    FMT(h->s.address));
	state_words(rq, rs, h);
	html(rs, "<div class=\"row\">\n");
	if (h->p.disabled_at != 0)
		press(rq, rs, h->s.id, "enable", "Turn it on");
	press(rq, rs, h->s.id, "test", "Send a test");
	press(rq, rs, h->s.id, "rotate", "Make a new secret");
	html(rs,
	    "</div>\n</section>\n<form class=\"box\" method=\"post\" action=\"/webhooks/%lld\" novalidate>\n"
	    "<h2>Change</h2>\n<p class=\"hint\">Another address gets another secret.</p>\n",
	    (long long)h->s.id);
	html_tokens(rq, rs);
	fields(rq, rs, &h->s);
	html(rs,
	    "<button name=\"_method\" value=\"PATCH\">Save</button>\n</form>\n"
	    "<form class=\"box\" method=\"post\" action=\"/webhooks/%lld\">\n<h2>Not needed any more?</h2>\n",
	    (long long)h->s.id);
	html_tokens(rq, rs);
	html(rs, "<button class=\"stop\" name=\"_method\" value=\"DELETE\">Delete it</button>\n</form>\n"
		 "<p class=\"links\"><a href=\"/webhooks\">All webhooks</a></p>\n");
	html_end(rq, rs);
}

/* ---- routes ------------------------------------------------------------------------------- */

static enum err
page_of(struct req *rq, struct hook **hooks, size_t *n, int64_t *next)
{
	int64_t after = 0, *ids;
	size_t limit, count;
	enum err e;

	if (!query_limit(rq, PER_PAGE, &limit))
		return ERR_INPUT;
	if (query(rq, "cursor").n && !str_int(query(rq, "cursor"), 0, INT64_MAX, &after)) {
		fault(rq, "cursor", "format", "This cursor is none of ours.");
		return ERR_INPUT;
	}
	if ((e = subscription_webhooks(rq->db, rq->arena, after, limit + 1, &ids, &count)) != OK)
		return e;
	*hooks = arena_array(rq->arena, struct hook, limit);
	*next = count > limit ? ids[limit - 1] : 0;
	for (*n = 0; *n < limit && *n < count; (*n)++)
		if ((e = get_hook(rq, ids[*n], &(*hooks)[*n])) != OK)
			return e;
	return OK;
}

static enum err
list(struct req *rq, struct res *rs)
{
	struct hook *hooks;
	struct json j;
	int64_t next;
	size_t n;
	enum err e = page_of(rq, &hooks, &n, &next);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML) {
		list_page(rq, rs, 200, hooks, n, next);
		return OK;
	}
	j = res_json(rs, 200);
	json_open(&j, '{');
	json_key(&j, "webhooks");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++)
		members(rq, &j, &hooks[i], S(""));
	json_close(&j, ']');
	json_key_given(&j, "next", next ? arena_strf(rq->arena, "%lld", (long long)next) : S(""));
	json_close(&j, '}');
	return OK;
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct hook h;
	enum err e = load(rq, &h);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		hook_page(rq, rs, 200, &h, S(""), false);
	else
		one_json(rq, rs, 200, &h, S(""));
	return OK;
}

/* With its endpoint as it is now, and a secret where there is a new one. */
static enum err
answer(struct req *rq, struct res *rs, int status, struct hook *h, struct str secret, const char *done)
{
	enum err e = get_hook(rq, h->s.id, h);

	if (e != OK)
		return e;
	if (rq->face == FACE_JSON)
		one_json(rq, rs, status, h, secret);
	else if (secret.n)
		hook_page(rq, rs, status, h, secret, h->p.previous.n > 0);
	else
		return res_see_other(rs, url(rq->arena, "/webhooks/%lld?done=%s", (long long)h->s.id, done));
	return OK;
}

static enum err
refused(struct req *rq, struct res *rs)
{
	struct hook *hooks;
	int64_t next;
	size_t n;

	if (rq->face == FACE_HTML && page_of(rq, &hooks, &n, &next) == OK)
		list_page(rq, rs, 422, hooks, n, next);
	return ERR_INPUT;
}

static enum err
add(struct req *rq, struct res *rs)
{
	struct hook h = { .s = { .channel = CHANNEL_WEBHOOK, .min_severity = SEVERITY_MINOR } };
	struct str secret;
	const char *why = NULL;
	bool good = read_url(rq, &h.s);
	enum err e;

	good &= read_locations(rq, &h.s);
	good &= wish_severity(rq, &h.s);
	if (!good)
		return refused(rq, rs);
	if ((e = subscription_save(rq->db, rq->arena, &h.s)) != OK)
		return e;
	e = endpoint_make(rq->db, rq->arena, h.s.id, h.s.address, &secret, &why);
	if (e != OK)
		return why ? fail(rq, e, "This address cannot be used: %s.", why) : e;
	if ((e = answer(rq, rs, 201, &h, secret, "")) == OK)
		res_header(rs, "Location", "%s/webhooks/%lld", rq->face == FACE_JSON ? "/api" : "",
		    (long long)h.s.id);
	return e;
}

/* Another URL: the old one's key goes, the id stays. */
static enum err
move(struct req *rq, const struct hook *before, struct subscription *s, struct str *secret)
{
	const char *why = NULL;
	enum err e = OK;

	*secret = S("");
	if (str_eq(before->s.address, s->address))
		return subscription_save(rq->db, rq->arena, s);
	if ((e = subscription_move(rq->db, rq->arena, before->s.address, s)) != OK)
		return e;
	e = endpoint_make(rq->db, rq->arena, s->id, s->address, secret, &why);
	return e != OK && why ? fail(rq, e, "This address cannot be used: %s.", why) : e;
}

static enum err
turn(struct req *rq, const struct hook *h)
{
	struct json_object *v = NULL;

	if (rq->json == NULL || !json_object_object_get_ex(rq->json, "enabled", &v))
		return OK;
	if (!json_object_is_type(v, json_type_boolean)) {
		fault(rq, "enabled", "type", "Give true or false.");
		return ERR_INPUT;
	}
	if (json_object_get_boolean(v))
		return endpoint_enable(rq->db, rq->arena, h->s.id);
	return endpoint_disable(
	    rq->db, rq->arena, h->s.id, arena_strf(rq->arena, "turned off by %.*s", FMT(rq->who.name)));
}

static enum err
change(struct req *rq, struct res *rs)
{
	struct hook before, h;
	struct str secret;
	bool good = true;
	enum err e = load(rq, &before);

	if (e != OK)
		return e;
	h = before;
	if (wish_told(rq, "url"))
		good &= read_url(rq, &h.s);
	if (wish_told(rq, "locations"))
		good &= read_locations(rq, &h.s);
	if (wish_told(rq, "min_severity"))
		good &= wish_severity(rq, &h.s);
	if (!good) {
		if (rq->face == FACE_HTML)
			hook_page(rq, rs, 422, &before, S(""), false);
		return ERR_INPUT;
	}
	if ((e = move(rq, &before, &h.s, &secret)) != OK || (e = turn(rq, &h)) != OK)
		return e;
	return answer(rq, rs, 200, &h, secret, "changed");
}

static enum err
end(struct req *rq, struct res *rs)
{
	struct hook h;
	enum err e = load(rq, &h);

	if (e == OK)
		e = subscription_delete(rq->db, rq->arena, h.s.id);
	if (e != OK)
		return e;
	return rq->face == FACE_HTML ? res_see_other(rs, "/webhooks?done=deleted") : res_no_content(rs);
}

static enum err
rotate(struct req *rq, struct res *rs)
{
	struct hook h;
	struct str secret;
	enum err e = load(rq, &h);

	if (e == OK)
		e = endpoint_rotate(rq->db, rq->arena, h.s.id, &secret);
	return e == OK ? answer(rq, rs, 200, &h, secret, "") : e;
}

static enum err
enable(struct req *rq, struct res *rs)
{
	struct hook h;
	enum err e = load(rq, &h);

	if (e == OK)
		e = endpoint_enable(rq->db, rq->arena, h.s.id);
	return e == OK ? answer(rq, rs, 200, &h, S(""), "enabled") : e;
}

static int64_t
test_payload(struct req *rq)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	int64_t id;

	json_open(&j, '{');
	json_key_str(&j, "type", S("test"));
	json_key_int(&j, "timestamp", rq->now);
	json_key(&j, "data");
	json_open(&j, '{');
	json_key_str(&j, "message", S("TEST. This is not an alert."));
	json_close(&j, '}');
	json_close(&j, '}');
	id = payload_put(rq->db, (struct str){ out.p, out.n });
	buf_free(&out);
	return id;
}

static enum err
test(struct req *rq, struct res *rs)
{
	struct hook h;
	struct str name;
	enum err e = load(rq, &h);

	if (e != OK)
		return e;
	if (endpoint_destination(rq->arena, h.s.address, &name) != NULL)
		return fail(rq, ERR_CONFLICT, "Its address cannot be used.");
	outbox_put(rq->db, &(struct message){ .destination = destination_id(rq->db, CHANNEL_WEBHOOK, name),
			       .channel = CHANNEL_WEBHOOK,
			       .lane = LANE_NORMAL,
			       .due = rq->now,
			       .expires = rq->now + HOUR_MS,
			       .recipient = h.s.id,
			       .payload = test_payload(rq),
			       .target = h.s.address });
	return answer(rq, rs, 202, &h, S(""), "test");
}

static const struct route routes[] = {
	{ GET, "/webhooks", ROLE_ADMIN, TX_READ, list },
	{ POST, "/webhooks", ROLE_ADMIN, TX_WRITE, add },
	{ GET, "/webhooks/{id}", ROLE_ADMIN, TX_READ, show },
	{ PATCH, "/webhooks/{id}", ROLE_ADMIN, TX_WRITE, change },
	{ DELETE, "/webhooks/{id}", ROLE_ADMIN, TX_WRITE, end },
	{ POST, "/webhooks/{id}/rotate", ROLE_ADMIN, TX_WRITE, rotate },
	{ POST, "/webhooks/{id}/enable", ROLE_ADMIN, TX_WRITE, enable },
	{ POST, "/webhooks/{id}/test", ROLE_ADMIN, TX_WRITE, test },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

/*
 * /intents - "we are coming, 4 people": intentions and their tickets.
 *
 *	POST   /intents              shelter, people, needs?, name?, phone?  -> the code
 *	GET    /intents?code=        a code that was typed in               -> its ticket
 *	GET    /intents/{code}       the ticket
 *	PATCH  /intents/{code}       people: more or fewer
 *	DELETE /intents/{code}       not coming
 *	POST   /intents/{code}/reject  reason?   staff: not coming
 *
 * Whoever holds the code may see, change and cancel; a wrong code and an ended
 * one look alike, and guessing is slowed down.
 */
#include <qrencode.h>

#include "clock.h"
#include "code.h"
#include "html.h"
#include "idempotency.h"
#include "intent.h"
#include "search.h"
#include "serve.h"
#include "session.h"
#include "throttle.h"
#include "value.h"
#include "view.h"

enum { GUESSES = 30, ALTERNATIVES = 3, NEED_ITEMS = 8 };

/* ---- answers ----------------------------------------------------------------- */

static void
intent_json(struct res *rs, int status, const struct intent *in, const struct shelter *s)
{
	struct json j = res_json(rs, status);
	bool known = s->capacity != UNKNOWN;

	json_open(&j, '{');
	json_key_str(&j, "code", in->code);
	json_key_str(&j, "shelter", in->shelter);
	json_key_int(&j, "people", in->people);
	json_key_str(&j, "needs", in->needs);
	json_key_int(&j, "created_at", in->created_at);
	json_key_int(&j, "expires_at", in->expires_at);
	json_key_known(&j, "availability", known, shelter_availability(s));
	json_key_known(&j, "projected_availability", known, shelter_projected(s));
	json_close(&j, '}');
}

/* The site's address of a ticket; the bare code where the Host is odd. */
static const char *
ticket_url(struct req *rq, struct str code)
{
	for (size_t i = 0; i < rq->host.n; i++) {
		char c = rq->host.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '.' || c == '-' || c == ':' || c == '[' || c == ']'))
			return code.p;
	}
	if (rq->host.n == 0 || rq->host.n > 100)
		return code.p;
	return arena_printf(
	    rq->arena, "%s://%.*s/intents/%.*s", rq->https ? "https" : "http", FMT(rq->host), FMT(code));
}

/* One path of the dark squares, with the four squares of quiet zone. */
static void
qr(struct req *rq, struct res *rs, struct str code)
{
	QRcode *q = QRcode_encodeString8bit(ticket_url(rq, code), 0, QR_ECLEVEL_M);

	if (q == NULL)
		return;
	html(rs,
	    "<svg class=\"qr\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"The code as a QR picture\"><path d=\"",
	    q->width + 8, q->width + 8);
	for (int y = 0; y < q->width; y++)
		for (int x = 0, run; x < q->width; x += run) {
			bool dark = q->data[y * q->width + x] & 1;

			for (run = 1; x + run < q->width && (q->data[y * q->width + x + run] & 1) == dark;
			     run++)
				;
			if (dark)
				html(rs, "M%d %dh%dv1h-%dz", x + 4, y + 4, run, run);
		}
	html(rs, "\"/></svg>\n");
	QRcode_free(q);
}

static void
ticket_notice(struct req *rq, struct res *rs)
{
	static const struct {
		const char *done, *words;
	} notices[] = {
		{ "new", "Write down the code, or take a photo of it." },
		{ "again", "You have this place already. Are you more or fewer? Change the number below." },
		{ "changed", "The number is changed." },
	};

	for (size_t i = 0; i < LEN(notices); i++)
		if (str_is(query(rq, "done"), notices[i].done))
			html(rs, "<p class=\"done\" role=\"status\">%s</p>\n", notices[i].words);
}

static void
needs_words(struct req *rq, struct res *rs, struct str needs)
{
	for (bool first = true; needs.n; first = false) {
		struct str one = str_trim(str_cut(&needs, ','));

		html(rs, "%s%s", first ? "" : ", ", view_need(rq->arena, one));
	}
}

static void
ticket_facts(struct req *rq, struct res *rs, const struct intent *in, const struct shelter *s)
{
	int64_t minutes = (in->expires_at - rq->now) / MINUTE_MS;

	html(rs,
	    "<div>\n<h2><a href=\"/shelters/%.*s\">%.*s</a></h2>\n"
	    "<p class=\"st %s\">%s</p>\n"
	    "<dl class=\"facts\">\n<dt>People</dt><dd>%lld</dd>\n<dt>Kept until</dt><dd>",
	    FMT(s->id), FMT(s->name), status_name(s->status),
	    s->status == STATUS_OPEN      ? "Open"
	    : s->status == STATUS_FULL    ? "Full: your place is still kept"
	    : s->status == STATUS_STANDBY ? "On standby: opens when needed"
					  : "Closed: do not go there, call 112 if you are in danger",
	    (long long)in->people);
	view_time(rq, rs, in->expires_at);
	if (minutes >= 60)
		html(rs, ", %lld h %lld min from now</dd>\n", (long long)(minutes / 60),
		    (long long)(minutes % 60));
	else
		html(rs, ", %lld min from now</dd>\n", (long long)minutes);
	if (in->needs.n) {
		html(rs, "<dt>You need</dt><dd>");
		needs_words(rq, rs, in->needs);
		html(rs, "</dd>\n");
	}
	html(rs, "</dl>\n");
	view_directions(rq, rs, s);
	html(rs, "</div>\n");
}

static void
ticket_forms(struct req *rq, struct res *rs, const struct intent *in)
{
	html(rs,
	    "<div class=\"two\">\n"
	    "<form class=\"box\" method=\"post\" action=\"/intents/%.*s\" novalidate>\n"
	    "<h2>Are you more or fewer?</h2>\n",
	    FMT(in->code));
	html_tokens(rq, rs);
	html_input(rq, rs, "people", "People now",
	    "class=\"few\" type=\"number\" inputmode=\"numeric\" min=\"1\" max=\"50\" required",
	    rq->faults ? form_value(rq, "people") : arena_strf(rq->arena, "%lld", (long long)in->people));
	html(rs,
	    "<button class=\"quiet\" name=\"_method\" value=\"PATCH\">Change the number</button>\n</form>\n"
	    "<form class=\"box\" method=\"post\" action=\"/intents/%.*s\">\n"
	    "<h2>Not coming?</h2>\n<p>Cancel, so that others can have your place.</p>\n",
	    FMT(in->code));
	html_tokens(rq, rs);
	html(rs,
	    "<button class=\"stop\" name=\"_method\" value=\"DELETE\">Cancel our place</button>\n</form>\n</div>\n");
}

/* Staff that open a ticket can let its people in. */
static void
staff_form(struct req *rq, struct res *rs, const struct intent *in)
{
	if (!may_manage(rq, in->shelter))
		return;
	html(rs,
	    "<form class=\"box\" method=\"post\" action=\"/arrivals\" novalidate>\n<h2>For staff: they are here</h2>\n");
	html_tokens(rq, rs);
	html(rs,
	    "<input type=\"hidden\" name=\"intent\" value=\"%.*s\">\n"
	    "<p><label for=\"came\">People who came</label>\n"
	    "<input class=\"few\" id=\"came\" name=\"people\" type=\"number\" inputmode=\"numeric\" min=\"1\" "
	    "max=\"500\" value=\"%lld\"></p>\n<button>They are here</button>\n</form>\n",
	    FMT(in->code), (long long)in->people);
}

static void
ticket_page(struct req *rq, struct res *rs, int status, const struct intent *in, const struct shelter *s)
{
	html_page(rq, rs, status,
	    arena_printf(rq->arena, "Your place is kept: %s", view_code(rq->arena, in->code)), NULL);
	html_faults(rq, rs);
	ticket_notice(rq, rs);
	html(rs,
	    "<h1>Your place is kept</h1>\n"
	    "<section class=\"ticket\" aria-label=\"Your ticket\">\n<div class=\"stub\">\n"
	    "<h2>Show this code at the door</h2>\n<p class=\"code\">%s</p>\n",
	    view_code(rq->arena, in->code));
	qr(rq, rs, in->code);
	html(rs, "</div>\n");
	ticket_facts(rq, rs, in, s);
	html(rs, "</section>\n");
	staff_form(rq, rs, in);
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"bring\">\n<h2 id=\"bring\">Bring if you can</h2>\n<ul>\n"
	    "<li>your medicines and papers</li>\n<li>warm clothes and a blanket</li>\n"
	    "<li>water and some food</li>\n<li>phone, charger, small light</li>\n</ul>\n"
	    "<p>Cannot take it? Come anyway. Late? Come anyway: staff will look for a place.</p>\n</section>\n");
	ticket_forms(rq, rs, in);
	html_end(rq, rs);
}

static void
ended_page(struct req *rq, struct res *rs, struct str typed)
{
	html_page(rq, rs, 404, "This code is not in use", "This code is not in use");
	html(rs,
	    "<p class=\"lead\">It may be typed wrong. Or it has ended: you arrived, you cancelled, or its time ran "
	    "out.</p>\n"
	    "<form class=\"box\" method=\"get\" action=\"/intents\" novalidate>\n<h2>Try the code again</h2>\n"
	    "<p class=\"hint\" id=\"code-hint\">8 letters and digits, like K7M2 9QXT.</p>\n"
	    "<p><label for=\"code-in\">Your code</label>\n"
	    "<input id=\"code-in\" name=\"code\" maxlength=\"20\" autocomplete=\"off\" autocapitalize=\"characters\" "
	    "spellcheck=\"false\" aria-describedby=\"code-hint\" value=\"%.*s\"></p>\n"
	    "<button>Show my place</button>\n</form>\n"
	    "<p>You can still go to a shelter. <a href=\"/\">Find one with room</a>. In danger? Call "
	    "<a href=\"tel:112\">112</a>.</p>\n",
	    FMT(typed));
	html_end(rq, rs);
}

/* ---- the code ------------------------------------------------------------------ */

static struct str
guess_bucket(struct req *rq)
{
	return arena_strf(rq->arena, "throttle:code:%.*s", FMT(throttle_network(rq)));
}

static enum err
not_in_use(struct req *rq, struct res *rs)
{
	throttle_note(rq, guess_bucket(rq), MINUTE_MS);
	if (rq->face == FACE_HTML)
		ended_page(rq, rs, rq->arg[0]);
	return fail(rq, ERR_NOT_FOUND, "This code is not in use: it may be typed wrong, or it has ended.");
}

/* The intention of the path and its shelter. */
static enum err
load(struct req *rq, struct res *rs, struct intent *in, struct shelter *s)
{
	struct str code;
	enum err e = throttle_check(rq, guess_bucket(rq), GUESSES);

	if (e != OK)
		return e;
	if (!code_read(rq->arena, rq->arg[0], &code) || intent_load(rq->db, rq->arena, code, in) != OK)
		return not_in_use(rq, rs);
	return shelter_load(rq->db, rq->arena, in->shelter, s);
}

static enum err
find(struct req *rq, struct res *rs)
{
	struct str typed = query(rq, "code"), code;

	if (rq->face == FACE_JSON)
		return fail(rq, ERR_NOT_FOUND, "Ask for /api/intents/CODE.");
	if (typed.n == 0)
		return res_see_other(rs, "/#code");
	if (code_read(rq->arena, typed, &code))
		return res_see_other(rs, url(rq->arena, "/intents/%.*s", FMT(code)));
	ended_page(rq, rs, typed);
	return fail(rq, ERR_NOT_FOUND, "This is not a code.");
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct intent in;
	struct shelter s;
	enum err e = load(rq, rs, &in, &s);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		ticket_page(rq, rs, 200, &in, &s);
	else
		intent_json(rs, 200, &in, &s);
	return OK;
}

/* ---- announcing ------------------------------------------------------------------ */

static bool
phone_valid(struct str s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			digits++;
		else if (!(s.p[i] == '+' && i == 0) && s.p[i] != ' ' && s.p[i] != '-' && s.p[i] != '/' &&
			 s.p[i] != '(' && s.p[i] != ')' && s.p[i] != '.')
			return false;
	}
	return s.n == 0 || (digits >= 3 && digits <= 15);
}

/* A list of needs, or one text, as "step-free, medicine". */
static bool
read_needs(struct req *rq, struct str *out)
{
	struct str *items;
	size_t n = 0;
	bool good;

	*out = S("");
	if (rq->json != NULL && is_text(rq, "needs"))
		return opt_text(rq, "needs", 300, out);
	good = opt_list(rq, "needs", NEED_ITEMS, 100, &items, &n);
	for (size_t i = 0; i < n; i++)
		*out = arena_strf(rq->arena, "%.*s%s%.*s", FMT(*out), i ? ", " : "", FMT(items[i]));
	return good;
}

static bool
parse(struct req *rq, struct intent *in)
{
	bool good = need_text(rq, "shelter", 30, &in->shelter);

	if (has_field(rq, "people"))
		good &= opt_int(rq, "people", 1, INTENT_PEOPLE_MAX, &in->people);
	else
		good = fault(
		    rq, "people", "missing", "Say how many people you are, from 1 to %d.", INTENT_PEOPLE_MAX);
	good &= read_needs(rq, &in->needs);
	good &= opt_text(rq, "name", 80, &in->name);
	good &= opt_text(rq, "phone", 30, &in->phone);
	if (!phone_valid(in->phone))
		good = fault(
		    rq, "phone", "format", "Write the phone number with digits only, like 0712 345 678.");
	return good;
}

static void
refused_page(struct req *rq, struct res *rs, struct str shelter)
{
	struct shelter s;
	const char *name = "We are coming";

	if (shelter_load(rq->db, rq->arena, shelter, &s) == OK)
		name = arena_dup(rq->arena, s.name).p;
	html_page(rq, rs, 422, name, NULL);
	html_faults(rq, rs);
	html(rs, "<h1>%s</h1>\n", name);
	view_come(rq, rs, shelter);
	html_end(rq, rs);
}

/* The members `alternatives` of the problem. */
static void
alternatives_json(struct req *rq, const struct found *found, size_t n)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };

	json_key(&j, "alternatives");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++)
		found_json(&j, &found[i]);
	json_close(&j, ']');
	rq->extra = arena_dup(rq->arena, (struct str){ out.p, out.n });
	buf_free(&out);
}

/* One tap to another shelter, with everything that was typed. */
static void
switch_form(struct req *rq, struct res *rs, const struct shelter *s, const struct intent *in)
{
	struct str need;

	html(rs, "<form method=\"post\" action=\"/intents\">\n");
	html_tokens(rq, rs);
	html(rs,
	    "<input type=\"hidden\" name=\"shelter\" value=\"%.*s\">\n"
	    "<input type=\"hidden\" name=\"people\" value=\"%lld\">\n",
	    FMT(s->id), (long long)in->people);
	for (size_t at = 0; param_next(&rq->form, "needs", &at, &need);)
		html(rs, "<input type=\"hidden\" name=\"needs\" value=\"%.*s\">\n", FMT(need));
	if (in->name.n)
		html(rs, "<input type=\"hidden\" name=\"name\" value=\"%.*s\">\n", FMT(in->name));
	if (in->phone.n)
		html(rs, "<input type=\"hidden\" name=\"phone\" value=\"%.*s\">\n", FMT(in->phone));
	html(rs, "<button>We go here <span class=\"hide\">to %.*s</span></button>\n</form>\n", FMT(s->name));
}

static void
why_no_room(struct res *rs, const struct shelter *s)
{
	int64_t left = s->capacity == UNKNOWN ? 0 : shelter_projected(s);

	html(rs, "<p class=\"lead\">%.*s ", FMT(s->name));
	if (!view_takes_people(s))
		html(rs, "takes nobody in now.");
	else
		html(rs, "has %lld %s left.", (long long)(left > 0 ? left : 0),
		    left == 1 ? "place" : "places");
	html(rs, " Nothing was kept for you yet.</p>\n");
}

static void
no_room_page(struct req *rq, struct res *rs, const struct shelter *s, const struct intent *in,
    const struct found *found, size_t n)
{
	int64_t left = s->capacity == UNKNOWN ? 0 : shelter_projected(s);

	html_page(rq, rs, 409, "Not enough room", NULL);
	html(rs, "<h1>Not enough room for %lld %s</h1>\n", (long long)in->people,
	    in->people == 1 ? "person" : "people");
	why_no_room(rs, s);
	html(rs, n ? "<h2>These have room for all of you</h2>\n<ol class=\"cards\">\n"
		   : "<p>No other shelter has room for all of you. You can go in two groups.</p>\n");
	for (size_t i = 0; i < n; i++) {
		struct shelter other;

		if (shelter_load(rq->db, rq->arena, found[i].id, &other) != OK)
			continue;
		view_card(rq, rs,
		    &(struct view_card){ .s = &other,
			.distance = found[i].distance,
			.from = s->placed ? &s->position : NULL,
			.behind = " of it",
			.level = 3,
			.query = "" });
		switch_form(rq, rs, &other, in);
		html(rs, "</li>\n");
	}
	html(rs, n ? "</ol>\n<p>" : "<p>");
	if (left > 0 && view_takes_people(s))
		html(rs,
		    "Some of you can still go: <a href=\"/shelters/%.*s?seats=%lld#come\">keep %lld %s there</a>. ",
		    FMT(s->id), (long long)left, (long long)left, left == 1 ? "place" : "places");
	html(rs, "In danger? Call <a href=\"tel:112\">112</a>.</p>\n");
	html_end(rq, rs);
}

static enum err
no_room(struct req *rq, struct res *rs, const struct shelter *s, const struct intent *in)
{
	int64_t left = s->capacity == UNKNOWN ? 0 : shelter_projected(s);
	struct found *found;
	size_t n;

	if (search_alternatives(rq->db, rq->arena, s, in->people, ALTERNATIVES, &found, &n) != OK)
		n = 0;
	if (rq->face == FACE_HTML)
		no_room_page(rq, rs, s, in, found, n);
	else
		alternatives_json(rq, found, n);
	if (s->status == STATUS_CLOSED || s->status == STATUS_FULL)
		return fail(rq, ERR_CONFLICT, "%.*s takes nobody in now: it is %s.", FMT(s->id),
		    status_name(s->status));
	return fail(rq, ERR_CONFLICT, "%.*s has %lld places left counting those on their way.", FMT(s->id),
	    (long long)(left > 0 ? left : 0));
}

static bool
announced_before(struct req *rq, struct res *rs, struct str key)
{
	struct str code;
	struct intent in;

	if (key.n == 0 || string_get(rq->db, rq->arena, key, &code) != OK ||
	    intent_load(rq->db, rq->arena, code, &in) != OK)
		return false;
	res_see_other(rs, url(rq->arena, "/intents/%.*s?done=again", FMT(code)));
	return true;
}

static enum err
announce(struct req *rq, struct res *rs)
{
	struct str form = form_key(rq);
	struct intent in = { 0 };
	struct shelter s;
	enum err e;
	bool good;

	if (announced_before(rq, rs, form))
		return OK;
	good = parse(rq, &in);
	if (in.shelter.n && shelter_load(rq->db, rq->arena, in.shelter, &s) != OK)
		good = fault(rq, "shelter", "unknown", "There is no shelter %.*s.", FMT(in.shelter));
	if (!good) {
		if (rq->face == FACE_HTML)
			refused_page(rq, rs, in.shelter);
		return ERR_INPUT;
	}
	if ((e = intent_announce(rq->db, rq->arena, &s, &in)) == ERR_CONFLICT)
		return no_room(rq, rs, &s, &in);
	if (e != OK)
		return e;
	if (form.n)
		string_set(rq->db, form, in.code, in.expires_at);
	if (rq->face == FACE_HTML)
		return res_see_other(rs, url(rq->arena, "/intents/%.*s?done=new", FMT(in.code)));
	intent_json(rs, 201, &in, &s);
	res_header(rs, "Location", "/api/intents/%.*s", FMT(in.code));
	return OK;
}

/* ---- changing and ending ------------------------------------------------------------ */

static enum err
change(struct req *rq, struct res *rs)
{
	struct intent in;
	struct shelter s;
	int64_t people = 0;
	enum err e = load(rq, rs, &in, &s);

	if (e != OK)
		return e;
	if (!need_int(rq, "people", 1, INTENT_PEOPLE_MAX, &people)) {
		if (rq->face == FACE_HTML)
			ticket_page(rq, rs, 422, &in, &s);
		return ERR_INPUT;
	}
	e = intent_change(rq->db, rq->arena, &s, &in, people);
	if (e == ERR_CONFLICT && rq->face == FACE_HTML) {
		fault(rq, "people", "room", "There is no room for so many. Your %lld %s still kept.",
		    (long long)in.people, in.people == 1 ? "place is" : "places are");
		ticket_page(rq, rs, 409, &in, &s);
		return e;
	}
	if (e == ERR_CONFLICT) {
		in.people = people;
		return no_room(rq, rs, &s, &in);
	}
	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		return res_see_other(rs, url(rq->arena, "/intents/%.*s?done=changed", FMT(in.code)));
	intent_json(rs, 200, &in, &s);
	return OK;
}

static enum err
cancel(struct req *rq, struct res *rs)
{
	struct intent in;
	struct shelter s;
	enum err e = load(rq, rs, &in, &s);

	if (e == OK)
		e = intent_end(rq->db, rq->arena, &s, &in, &(struct change){ .kind = "cancel" });
	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		return res_see_other(rs, url(rq->arena, "/shelters/%.*s?done=cancelled", FMT(s.id)));
	return res_no_content(rs);
}

static enum err
reject(struct req *rq, struct res *rs)
{
	struct change how = { .kind = "reject", .by = rq->who.name };
	struct intent in;
	struct shelter s;
	enum err e;

	if (!opt_text(rq, "reason", 200, &how.reason))
		return ERR_INPUT;
	if ((e = load(rq, rs, &in, &s)) != OK)
		return e;
	if (!may_manage(rq, s.id))
		return fail(rq, ERR_FORBIDDEN, "This shelter is not one of yours.");
	if ((e = intent_end(rq->db, rq->arena, &s, &in, &how)) != OK)
		return e;
	if (rq->face == FACE_HTML)
		return res_see_other(rs, url(rq->arena, "/arrivals/%.*s?done=rejected", FMT(s.id)));
	return res_no_content(rs);
}

static const struct route routes[] = {
	{ POST, "/intents", ANYONE, TX_WRITE, announce },
	{ GET, "/intents", ANYONE, TX_READ, find },
	{ GET, "/intents/{code}", ANYONE, TX_READ, show },
	{ PATCH, "/intents/{code}", ANYONE, TX_WRITE, change },
	{ DELETE, "/intents/{code}", ANYONE, TX_WRITE, cancel },
	{ POST, "/intents/{code}/reject", ROLE_ADMIN | ROLE_MANAGER, TX_WRITE, reject },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

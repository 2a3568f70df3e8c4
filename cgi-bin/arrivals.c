/*
 * /arrivals - the door of a shelter: who is on the way, who came.
 *
 *	GET  /arrivals             staff: my shelters, those first that need a look
 *	GET  /arrivals/{shelter}   staff: its desk; as JSON the shelter and its intentions
 *	POST /arrivals             staff: intent, people?, shelter?  or  shelter, people
 *
 * An intention is confirmed with the people who really came; people without
 * one are walk-ins.
 */
#include "clock.h"
#include "code.h"
#include "door.h"
#include "html.h"
#include "intent.h"
#include "serve.h"
#include "session.h"
#include "set.h"
#include "view.h"

enum { SHELTERS_SHOWN = 25, INTENTS_SHOWN = 200 };

/* ---- the desk -------------------------------------------------------------------- */

static void
hidden(struct req *rq, struct res *rs, struct str shelter)
{
	html_tokens(rq, rs);
	html(rs, "<input type=\"hidden\" name=\"shelter\" value=\"%.*s\">\n", FMT(shelter));
}

/* One press, one form: +1 twice are two presses, a reload is none. */
static void
press(struct req *rq, struct res *rs, const struct shelter *s, bool in, int people)
{
	html(rs, "<form method=\"post\" action=\"/%s\">", in ? "arrivals" : "departures");
	hidden(rq, rs, s->id);
	html(rs,
	    in ? "<button name=\"people\" value=\"%d\">%s%d <span class=\"hide\">%s %s</span></button></form>\n"
	       : "<button class=\"quiet\" name=\"people\" value=\"%d\">%s%d <span class=\"hide\">%s %s</span></button>"
		 "</form>\n",
	    people, in ? "+" : "−", people, people == 1 ? "person" : "people", in ? "came in" : "left");
}

static void
undo(struct req *rq, struct res *rs, const struct shelter *s, const char *action, int64_t people)
{
	html(rs, "<form method=\"post\" action=\"/%s\">\n", action);
	hidden(rq, rs, s->id);
	html(rs,
	    "<input type=\"hidden\" name=\"people\" value=\"%lld\">\n<button class=\"quiet\">Undo</button>\n</form>\n",
	    (long long)people);
}

static void
notice(struct req *rq, struct res *rs, const struct shelter *s)
{
	struct str done = query(rq, "done");
	int64_t people = 0;

	str_int(query(rq, "people"), 1, DOOR_PEOPLE_MAX, &people);
	if (str_is(done, "rejected"))
		html(rs,
		    "<p class=\"done\" role=\"status\">Noted: they are not coming. Their places are free again.</p>\n");
	if (str_is(done, "status"))
		html(rs, "<p class=\"done\" role=\"status\">Done. Everybody sees it now.</p>\n");
	if (str_is(done, "counted"))
		html(rs, "<p class=\"done\" role=\"status\"><b>Confirmed:</b> %lld people are inside.</p>\n",
		    (long long)s->occupancy);
	if (people == 0 || (!str_is(done, "came") && !str_is(done, "left")))
		return;
	html(rs,
	    "<div class=\"done\" role=\"status\">\n<p><b>Counted: %lld %s.</b> Now %lld people are inside.</p>\n",
	    (long long)people, str_is(done, "came") ? "more inside" : "left", (long long)s->occupancy);
	undo(rq, rs, s, str_is(done, "came") ? "departures" : "arrivals", people);
	html(rs, "</div>\n");
}

static void
now_section(struct req *rq, struct res *rs, const struct shelter *s)
{
	html(rs, "<section class=\"box\" aria-labelledby=\"now\">\n<h2 id=\"now\" class=\"hide\">Now</h2>\n");
	view_status(rs, s);
	view_numbers(rs, s, true);
	html(rs, "<p>%lld people inside · %lld on their way · ", (long long)s->occupancy,
	    (long long)s->expected);
	if (s->capacity == UNKNOWN)
		html(rs, "places in all not known</p>\n");
	else
		html(rs, "%lld places in all</p>\n", (long long)s->capacity);
	view_age(rq, rs, s);
	html(rs,
	    "<p class=\"links\"><a href=\"/arrivals/%.*s\">Refresh</a> "
	    "<a href=\"/shelters/%.*s\">The public page</a></p>\n</section>\n",
	    FMT(s->id), FMT(s->id));
}

static void
in_section(struct req *rq, struct res *rs, const struct shelter *s)
{
	static const int steps[] = { 1, 2, 4 };

	html(rs, "<div class=\"two\">\n<section class=\"box\" aria-labelledby=\"in\">\n"
		 "<h2 id=\"in\">Someone came in</h2>\n<div class=\"row huge\">\n");
	for (size_t i = 0; i < LEN(steps); i++)
		press(rq, rs, s, true, steps[i]);
	html(rs,
	    "</div>\n<p class=\"hint\">Only for people without a code.</p>\n</section>\n"
	    "<form class=\"box\" method=\"post\" action=\"/arrivals\" novalidate>\n<h2>They have a code</h2>\n");
	hidden(rq, rs, s->id);
	html_input(rq, rs, "intent", "Code",
	    "maxlength=\"20\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" required",
	    form_value(rq, "intent"));
	html_input(rq, rs, "people", "People, if not as announced",
	    "class=\"few\" type=\"number\" inputmode=\"numeric\" min=\"1\" max=\"500\"",
	    form_value(rq, "people"));
	html(rs, "<button>They are here</button>\n</form>\n</div>\n");
}

static void
span(struct res *rs, int64_t ms)
{
	int64_t minutes = ms / MINUTE_MS;

	if (minutes >= 60)
		html(rs, "%lld h ", (long long)(minutes / 60));
	html(rs, "%lld min", (long long)(minutes % 60));
}

static void
row(struct req *rq, struct res *rs, const struct intent *in, size_t i)
{
	const char *code = view_code(rq->arena, in->code);

	html(rs, "<li>\n<p><b class=\"id\">%s</b> · <b>%lld %s</b>", code, (long long)in->people,
	    in->people == 1 ? "person" : "people");
	if (in->name.n)
		html(rs, " · %.*s", FMT(in->name));
	if (in->phone.n)
		html(rs, " · <a href=\"tel:%s\">%.*s</a>", url(rq->arena, "%.*s", FMT(in->phone)),
		    FMT(in->phone));
	html(rs, "</p>\n<p class=\"hint\">");
	if (in->needs.n)
		html(rs, "Needs: %.*s. ", FMT(in->needs));
	html(rs, "Announced ");
	html_ago(rs, in->created_at, rq->now);
	html(rs, ", ends in ");
	span(rs, in->expires_at - rq->now);
	html(rs, ".</p>\n<form class=\"row\" method=\"post\" action=\"/arrivals\" novalidate>\n");
	html_tokens(rq, rs);
	html(rs,
	    "<input type=\"hidden\" name=\"intent\" value=\"%.*s\">\n"
	    "<label for=\"n%zu\" class=\"hide\">People who came with %s</label>\n"
	    "<input class=\"few\" id=\"n%zu\" name=\"people\" type=\"number\" inputmode=\"numeric\" min=\"1\" "
	    "max=\"500\" value=\"%lld\">\n"
	    "<button>Arrived <span class=\"hide\">%s</span></button>\n"
	    "<button class=\"stop\" formaction=\"/intents/%.*s/reject\">Not coming "
	    "<span class=\"hide\">%s</span></button>\n</form>\n</li>\n",
	    FMT(in->code), i, code, i, (long long)in->people, code, FMT(in->code), code);
}

static enum err
way_section(struct req *rq, struct res *rs, const struct shelter *s)
{
	struct intent *in;
	size_t n;
	enum err e = intent_list(rq->db, rq->arena, s->id, INTENTS_SHOWN, &in, &n);

	html(rs, "<section class=\"box\" aria-labelledby=\"way\">\n");
	if (n == 0) {
		html(rs,
		    "<h2 id=\"way\">On their way</h2>\n<p>Nobody has said that they are coming.</p>\n</section>\n");
		return e;
	}
	html(rs, "<h2 id=\"way\">On their way: %lld %s in %s%zu %s</h2>\n<ol class=\"plain rows\">\n",
	    (long long)s->expected, s->expected == 1 ? "person" : "people",
	    n == INTENTS_SHOWN ? "more than " : "", n, n == 1 ? "group" : "groups");
	for (size_t i = 0; i < n; i++)
		row(rq, rs, &in[i], i);
	html(rs, "</ol>\n</section>\n");
	return e;
}

static void
out_section(struct req *rq, struct res *rs, const struct shelter *s)
{
	static const int steps[] = { 1, 2, 4 };

	html(rs, "<section class=\"box\" aria-labelledby=\"out\">\n<h2 id=\"out\">Someone left</h2>\n"
		 "<div class=\"row huge\">\n");
	for (size_t i = 0; i < LEN(steps); i++)
		press(rq, rs, s, false, steps[i]);
	html(rs, "</div>\n<form class=\"row\" method=\"post\" action=\"/departures\" novalidate>\n");
	hidden(rq, rs, s->id);
	html(rs,
	    "<label for=\"left\">Another number</label>\n"
	    "<input class=\"few\" id=\"left\" name=\"people\" type=\"number\" inputmode=\"numeric\" min=\"1\" "
	    "max=\"500\">\n<button class=\"quiet\">They left</button>\n</form>\n</section>\n");
}

static void
count_section(struct req *rq, struct res *rs, const struct shelter *s)
{
	html(rs,
	    "<form class=\"box\" method=\"post\" action=\"/shelters/%.*s\" novalidate>\n<h2>We counted</h2>\n",
	    FMT(s->id));
	html_tokens(rq, rs);
	html(rs,
	    "<p><label for=\"inside\">People inside, counted</label>\n"
	    "<input class=\"few\" id=\"inside\" name=\"occupancy\" type=\"number\" inputmode=\"numeric\" min=\"0\" "
	    "max=\"100000\" value=\"%lld\" aria-describedby=\"inside-hint\"></p>\n"
	    "<p class=\"hint\" id=\"inside-hint\">The right number? Press the button too: it confirms the number for "
	    "all.</p>\n<button name=\"_method\" value=\"PATCH\">This many are inside</button>\n</form>\n",
	    (long long)s->occupancy);
}

static void
status_section(struct req *rq, struct res *rs, const struct shelter *s)
{
	static const char *const words[STATUS__MAX] = {
		[STATUS_OPEN] = "Open",
		[STATUS_FULL] = "Full",
		[STATUS_STANDBY] = "On standby",
		[STATUS_CLOSED] = "Closed",
	};

	html(rs,
	    "<form class=\"box\" method=\"post\" action=\"/shelters/%.*s\" novalidate>\n"
	    "<h2 id=\"is\">This shelter is</h2>\n",
	    FMT(s->id));
	html_tokens(rq, rs);
	html(rs, "<div class=\"ticks\" role=\"radiogroup\" aria-labelledby=\"is\">\n");
	for (int i = 0; i < STATUS__MAX; i++)
		html(rs,
		    "<label class=\"tick\"><input type=\"radio\" name=\"status\" value=\"%s\"%s> %s</label>\n",
		    status_name((enum status)i), s->status == (enum status)i ? " checked" : "", words[i]);
	html(rs, "</div>\n<button name=\"_method\" value=\"PATCH\">Set</button>\n</form>\n");
}

static enum err
desk_page(struct req *rq, struct res *rs, const struct shelter *s, int status)
{
	const char *name = arena_dup(rq->arena, s->name).p;
	enum err e;

	html_page(rq, rs, status, arena_printf(rq->arena, "Desk: %s", name), NULL);
	html_faults(rq, rs);
	notice(rq, rs, s);
	html(rs, "<h1>%s</h1>\n", name);
	now_section(rq, rs, s);
	in_section(rq, rs, s);
	e = way_section(rq, rs, s);
	html(rs, "<div class=\"two\">\n");
	out_section(rq, rs, s);
	count_section(rq, rs, s);
	status_section(rq, rs, s);
	html(rs, "</div>\n");
	html_end(rq, rs);
	return e;
}

static enum err
desk_json(struct req *rq, struct res *rs, const struct shelter *s)
{
	struct json j = res_json(rs, 200);
	struct intent *in;
	size_t n;
	enum err e = intent_list(rq->db, rq->arena, s->id, INTENTS_SHOWN, &in, &n);

	json_open(&j, '{');
	json_key(&j, "shelter");
	shelter_json(&j, s);
	json_close(&j, '}');
	json_key(&j, "intents");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(&j, '{');
		json_key_str(&j, "code", in[i].code);
		json_key_int(&j, "people", in[i].people);
		json_key_str(&j, "needs", in[i].needs);
		json_key_str(&j, "name", in[i].name);
		json_key_str(&j, "phone", in[i].phone);
		json_key_int(&j, "created_at", in[i].created_at);
		json_key_int(&j, "expires_at", in[i].expires_at);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	return e;
}

static enum err
desk(struct req *rq, struct res *rs)
{
	struct shelter s;
	enum err e = door_mine(rq, rq->arg[0], &s);

	if (e != OK)
		return e;
	return rq->face == FACE_HTML ? desk_page(rq, rs, &s, 200) : desk_json(rq, rs, &s);
}

/* ---- my shelters ------------------------------------------------------------------- */

/* An admin's are all of them, page by page; a manager's those given. */
static enum err
my_ids(struct req *rq, struct str **ids, size_t *n)
{
	struct str key = rq->who.roles & ROLE_ADMIN
			     ? S("shelters")
			     : arena_strf(rq->arena, "%.*s:shelters", FMT(rq->who.key));
	struct str after = query(rq, "cursor");

	return set_page(rq->db, rq->arena, key, after.n ? after : (struct str){ 0 }, SHELTERS_SHOWN, ids, n);
}

/* Those whose number is oldest come first. */
static void
sort_by_age(struct shelter *s, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct shelter one = s[i];
		size_t k = i;

		for (; k > 0 && s[k - 1].confirmed_at > one.confirmed_at; k--)
			s[k] = s[k - 1];
		s[k] = one;
	}
}

static void
mine_page(struct req *rq, struct res *rs, const struct shelter *s, size_t n, struct str next)
{
	html_page(rq, rs, 200, "My shelters", "My shelters");
	view_fresh(rq, rs, "", "/arrivals");
	if (rq->who.roles & ROLE_ADMIN)
		html(rs,
		    "<form class=\"box row\" method=\"get\" action=\"/arrivals\" novalidate>\n"
		    "<label for=\"shelter\">Open the desk of</label>\n"
		    "<input class=\"few\" id=\"shelter\" name=\"shelter\" maxlength=\"30\" autocomplete=\"off\" "
		    "autocapitalize=\"characters\" placeholder=\"RO-CJ-01\">\n<button>Go</button>\n</form>\n");
	if (n == 0)
		html(rs, "<p>No shelter was given to you yet. Ask an admin.</p>\n");
	html(rs, "<ol class=\"cards\">\n");
	for (size_t i = 0; i < n; i++) {
		const char *note = s[i].expected ? arena_printf(rq->arena, "%lld people on their way",
						       (long long)s[i].expected)
						 : "nobody on the way";

		view_card(rq, rs,
		    &(struct view_card){
			.s = &s[i], .distance = -1, .level = 2, .query = "", .note = note, .desk = true });
		html(rs,
		    "<a class=\"go\" href=\"/arrivals/%.*s\">Open the desk <span class=\"hide\">of %.*s</span></a>\n"
		    "</li>\n",
		    FMT(s[i].id), FMT(s[i].name));
	}
	html(rs, "</ol>\n");
	if (next.n)
		html(rs,
		    "<nav class=\"links\" aria-label=\"More shelters\"><a rel=\"next\" href=\"%s\">More shelters</a></nav>\n",
		    url(rq->arena, "/arrivals?cursor=%.*s", FMT(next)));
	html_end(rq, rs);
}

static void
mine_json(struct res *rs, const struct shelter *s, size_t n, struct str next)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "shelters");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++) {
		shelter_json(&j, &s[i]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_key_given(&j, "next", next);
	json_close(&j, '}');
}

static enum err
mine(struct req *rq, struct res *rs)
{
	struct str *ids, asked = query(rq, "shelter"), next = S("");
	struct shelter *s;
	size_t n, kept = 0;
	enum err e;

	if (asked.n && rq->face == FACE_HTML)
		return res_see_other(rs, url(rq->arena, "/arrivals/%.*s", FMT(asked)));
	if ((e = my_ids(rq, &ids, &n)) != OK)
		return e;
	s = arena_array(rq->arena, struct shelter, n);
	for (size_t i = 0; i < n; i++)
		kept += shelter_load(rq->db, rq->arena, ids[i], &s[kept]) == OK;
	if (n == SHELTERS_SHOWN)
		next = ids[n - 1];
	sort_by_age(s, kept);
	if (rq->face == FACE_HTML)
		mine_page(rq, rs, s, kept, next);
	else
		mine_json(rs, s, kept, next);
	return OK;
}

/* ---- counting ------------------------------------------------------------------------ */

/* A form that cannot be counted: its desk again, with what is wrong. */
static enum err
refused(struct req *rq, struct res *rs, struct str id, enum err e)
{
	struct shelter s;

	if (rq->face == FACE_HTML && door_mine(rq, id, &s) == OK)
		desk_page(rq, rs, &s, err_words(e)->status);
	return e;
}

static enum err
walk_in(struct req *rq, struct res *rs)
{
	struct change c = { .kind = "walk-in", .by = rq->who.name, .confirms = true };
	struct shelter s;
	bool good = need_int(rq, "people", 1, DOOR_PEOPLE_MAX, &c.occupancy);
	enum err e = door_shelter(rq, &s);

	if (e == OK && !good)
		return refused(rq, rs, s.id, ERR_INPUT);
	if (e == OK)
		e = intent_expire(rq->db, rq->arena, &s);
	if (e == OK)
		e = shelter_apply(rq->db, rq->arena, &s, &c);
	return e == OK ? door_answer(rq, rs, &s, "came", c.occupancy) : e;
}

static enum err
wrong_code(struct req *rq, struct res *rs, struct str id)
{
	fault(rq, "intent", "unknown",
	    "This code is not in use: it may be typed wrong, or it has ended. "
	    "You can count them without a code.");
	if (rq->face == FACE_JSON)
		return fail(
		    rq, ERR_NOT_FOUND, "This code is not in use: it may be typed wrong, or it has ended.");
	return refused(rq, rs, id, ERR_NOT_FOUND);
}

/* They announced at one shelter and stand at another's door: the places there
 * return, the people are counted here. */
static enum err
came_here(struct req *rq, struct res *rs, const struct intent *in, struct shelter *here, int64_t people)
{
	struct change elsewhere = { .kind = "elsewhere", .by = rq->who.name, .reason = here->id };
	struct change walk_in = {
		.kind = "walk-in", .occupancy = people, .code = in->code, .by = rq->who.name, .confirms = true
	};
	struct shelter there;
	enum err e = shelter_load(rq->db, rq->arena, in->shelter, &there);

	if (e == OK)
		e = intent_end(rq->db, rq->arena, &there, in, &elsewhere);
	if (e == OK)
		e = shelter_apply(rq->db, rq->arena, here, &walk_in);
	return e == OK ? door_answer(rq, rs, here, "came", people) : e;
}

static enum err
confirm(struct req *rq, struct res *rs)
{
	struct str said, code, id;
	struct intent in;
	struct shelter s;
	int64_t people = 0;
	bool good = need_text(rq, "intent", 30, &said), live;
	enum err e;

	good &= opt_int(rq, "people", 1, DOOR_PEOPLE_MAX, &people);
	good &= opt_text(rq, "shelter", 30, &id);
	live = code_read(rq->arena, said, &code) && intent_load(rq->db, rq->arena, code, &in) == OK;
	if (!good)
		return refused(rq, rs, live ? in.shelter : id, ERR_INPUT);
	if (!live)
		return wrong_code(rq, rs, id);
	if ((e = door_mine(rq, id.n ? id : in.shelter, &s)) != OK)
		return e;
	if (people == 0)
		people = in.people;
	if (!str_eq(s.id, in.shelter))
		return came_here(rq, rs, &in, &s, people);
	if ((e = intent_arrive(rq->db, rq->arena, &s, &in, people, rq->who.name)) != OK)
		return e;
	return door_answer(rq, rs, &s, "came", people);
}

/* A form that asks for a code and got none is not a walk-in. */
static enum err
arrive(struct req *rq, struct res *rs)
{
	struct str empty;
	size_t at = 0;

	return has_field(rq, "intent") || param_next(&rq->form, "intent", &at, &empty) ? confirm(rq, rs)
										       : walk_in(rq, rs);
}

static const struct route routes[] = {
	{ GET, "/arrivals", ROLE_ADMIN | ROLE_MANAGER, TX_READ, mine },
	{ GET, "/arrivals/{shelter}", ROLE_ADMIN | ROLE_MANAGER, TX_READ, desk },
	{ POST, "/arrivals", ROLE_ADMIN | ROLE_MANAGER, TX_WRITE, arrive },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

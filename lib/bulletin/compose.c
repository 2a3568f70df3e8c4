/* compose.c - writing a post. */
#include "compose.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "clock.h"
#include "html.h"
#include "utf8.h"

enum {
	TYPED_MAX = 2 * POST_MAX /* lines may end in two characters */,
	PLACE_MAX = 60,
	LONG = 160 /* bytes of a text that wants a higher field */
};

static const struct {
	const char *value, *words;
	double metres;
} precisions[] = {
	{ "0", "Exact", 0 },
	{ "100", "Within 100 m", 100 },
	{ "1000", "Within 1 km", 1000 },
};
enum { USUAL_PRECISION = 1 };

/* ---- what arrives -------------------------------------------------------------------- */

bool
compose_read_text(struct req *rq, struct str *text)
{
	size_t length;

	if (!opt_text(rq, "text", rq->json ? SIZE_MAX : TYPED_MAX + POST_MAX, text))
		return false;
	*text = utf8_lines(rq->arena, *text);
	if (text->n == 0)
		return fault(rq, "text", "missing", "Write something.");
	if ((length = utf8_length(*text)) > POST_MAX)
		return fault(rq, "text", "length",
		    "A post has at most %d characters; these are %zu. Make two of it.", POST_MAX, length);
	return true;
}

static bool
read_public(struct req *rq, bool *public)
{
	struct json_object *v = NULL;

	if (rq->json == NULL) {
		*public = str_is(form_value(rq, "public"), "1");
		return true;
	}
	if (!json_object_object_get_ex(rq->json, "public", &v) || v == NULL)
		return true;
	if (!json_object_is_type(v, json_type_boolean))
		return fault(rq, "public", "type", "Give true or false.");
	*public = json_object_get_boolean(v);
	return true;
}

static bool
number_of(struct json_object *v, const char *name, double *out)
{
	struct json_object *x;

	if (!json_object_object_get_ex(v, name, &x) ||
	    !(json_object_is_type(x, json_type_double) || json_object_is_type(x, json_type_int)))
		return false;
	*out = json_object_get_double(x);
	return true;
}

/* What was given as a place; *given: false where there is none. */
static bool
read_place(struct req *rq, struct geo *at, bool *given)
{
	struct json_object *v = NULL;
	struct str typed;

	*given = false;
	if (rq->json != NULL) {
		if (!json_object_object_get_ex(rq->json, "position", &v) || v == NULL)
			return true;
		*given = json_object_is_type(v, json_type_object) &&
			 number_of(v, "longitude", &at->longitude) && number_of(v, "latitude", &at->latitude);
		return *given ||
		       fault(rq, "position", "type", "Give {\"longitude\": x, \"latitude\": y} in degrees.");
	}
	if (!opt_text(rq, "position", PLACE_MAX, &typed))
		return false;
	if (typed.n == 0)
		return true;
	*given = parse_near(typed, &at->latitude, &at->longitude);
	return *given ||
	       fault(rq, "position", "format", "Write latitude and longitude in degrees, as 46.77, 23.59.");
}

static bool
read_position(struct req *rq, struct post *p)
{
	int64_t metres = 0;

	if (!read_place(rq, &p->position, &p->placed) || !opt_int(rq, "precision", 0, 1000, &metres))
		return false;
	if (!p->placed)
		return true;
	if (!geo_valid(p->position))
		return fault(
		    rq, "position", "range", "Longitude goes from -180 to 180, latitude from -85 to 85.");
	p->position = compose_coarse(p->position, (double)metres);
	return true;
}

bool
compose_read(struct req *rq, struct post *p)
{
	bool good = compose_read_text(rq, &p->text);

	good &= opt_list(rq, "teams", POST_TEAMS, TEAM_SLUG_MAX, &p->teams, &p->nteams);
	good &= read_public(rq, &p->public);
	good &= read_position(rq, p);
	return good;
}

/* A step of 1, 2 or 5 of a power of ten, so that what comes out is short. */
static double
step_of(double degrees)
{
	static const double steps[] = { 1, 2, 5 };
	double power = 1e-6;

	for (;; power *= 10)
		for (size_t i = 0; i < LEN(steps); i++)
			if (steps[i] * power >= degrees)
				return steps[i] * power;
}

static double
nearest(double x, double step, double most)
{
	double v = round(x / step) * step;

	v = round(v * 1e6) / 1e6;
	return fabs(v) > most ? x < 0 ? -most : most : v;
}

struct geo
compose_coarse(struct geo at, double metres)
{
	const double degree = 111195; /* metres of latitude */
	double narrow = cos(at.latitude * M_PI / 180);

	if (metres < 1)
		return at;
	return (struct geo){
		.latitude = nearest(at.latitude, step_of(metres * 0.9 / degree), 85.05),
		.longitude = nearest(at.longitude, step_of(metres * 0.9 / degree / narrow), 180),
	};
}

/* ---- teams ------------------------------------------------------------------------------ */

enum err
compose_teams(
    struct req *rq, const struct reader *rd, size_t most, struct team **out, size_t *n, size_t *mine)
{
	struct team *all;
	size_t nall;
	enum err e = team_list(rq->db, rq->arena, &all, &nall);

	*n = *mine = 0;
	if (e != OK || !rd->staff)
		return e;
	*out = arena_array(rq->arena, struct team, nall + 1);
	for (size_t i = 0; i < nall; i++)
		if (str_among(all[i].slug, rd->teams, rd->nteams))
			(*out)[(*n)++] = all[i];
	*mine = *n;
	for (size_t i = 0; i < nall && *n < most; i++)
		if (!str_among(all[i].slug, rd->teams, rd->nteams) &&
		    (all[i].open || str_among(all[i].slug, rd->closed, rd->nclosed)))
			(*out)[(*n)++] = all[i];
	return OK;
}

/* ---- the form ----------------------------------------------------------------------------- */

static bool
sent_team(struct req *rq, struct str slug)
{
	struct str value;

	for (size_t at = 0; param_next(&rq->form, "teams", &at, &value);)
		if (str_eq(value, slug))
			return true;
	return false;
}

static void
team_tick(struct req *rq, struct res *rs, const struct team *t, struct str team)
{
	bool on = rq->form.n ? sent_team(rq, t->slug) : str_eq(t->slug, team);

	html(rs,
	    on ? "<label class=\"tick\"><input type=\"checkbox\" name=\"teams\" value=\"%.*s\" checked> "
	       : "<label class=\"tick\"><input type=\"checkbox\" name=\"teams\" value=\"%.*s\"> ",
	    FMT(t->slug));
	html(rs,
	    t->open ? "<span dir=\"auto\">%.*s</span></label>\n"
		    : "<span dir=\"auto\">%.*s</span> <span class=\"hint\">(closed)</span></label>\n",
	    FMT(t->title));
}

static void
team_ticks(struct req *rq, struct res *rs, const struct team *v, size_t n, struct str team)
{
	html(rs, "<div class=\"ticks\">\n");
	for (size_t i = 0; i < n; i++)
		team_tick(rq, rs, &v[i], team);
	html(rs, "</div>\n");
}

static bool
is_faulty(const struct req *rq, const char *field)
{
	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		if (strcmp(f->field, field) == 0)
			return true;
	return false;
}

/* Others than one's own are one press away; open where one of them is ticked. */
static void
other_teams(struct req *rq, struct res *rs, const struct team *v, size_t n, struct str team)
{
	bool open = false;

	for (size_t i = 0; i < n; i++)
		open |= rq->form.n ? sent_team(rq, v[i].slug) : str_eq(v[i].slug, team);
	html(rs, open ? "<details open>\n<summary>Other teams</summary>\n"
		      : "<details>\n<summary>Other teams</summary>\n");
	team_ticks(rq, rs, v, n, team);
	html(rs, "</details>\n");
}

static void
team_fields(struct req *rq, struct res *rs, const struct reader *rd, struct str team)
{
	struct team *teams;
	size_t n, mine;

	if (compose_teams(rq, rd, COMPOSE_TEAMS, &teams, &n, &mine) != OK || n == 0)
		return;
	html(rs, is_faulty(rq, "teams")
		     ? "<fieldset id=\"teams\" class=\"bad\" aria-describedby=\"teams-hint teams-err\">\n"
		     : "<fieldset id=\"teams\" aria-describedby=\"teams-hint\">\n");
	html(rs, "<legend>For which teams?</legend>\n"
		 "<p class=\"hint\" id=\"teams-hint\">None: all staff read it. Only closed ones: only their "
		 "members do.</p>\n");
	html_fault_of(rq, rs, "teams");
	if (mine)
		team_ticks(rq, rs, teams, mine, team);
	if (n > mine && mine)
		other_teams(rq, rs, teams + mine, n - mine, team);
	else if (n > mine)
		team_ticks(rq, rs, teams, n, team);
	html(rs, "</fieldset>\n");
}

static void
text_field(struct req *rq, struct res *rs, const char *label, int rows, struct str value)
{
	bool bad = is_faulty(rq, "text");

	html(rs,
	    bad ? "<div class=\"bad\">\n<label for=\"text\">%s</label>\n"
		: "<div>\n<label for=\"text\">%s</label>\n",
	    label);
	html(rs,
	    "<p class=\"hint\" id=\"text-hint\">#tags and @names become links. Up to 2,000 characters.</p>\n");
	html_fault_of(rq, rs, "text");
	/* The server counts characters; browsers count twice what is beyond U+FFFF. */
	html(rs,
	    "<textarea id=\"text\" name=\"text\" rows=\"%d\" maxlength=\"%d\" dir=\"auto\" required data-most=\"%d\" ",
	    rows, TYPED_MAX, POST_MAX);
	html(rs,
	    bad ? "aria-invalid=\"true\" aria-describedby=\"text-hint text-err\">\n%.*s</textarea>\n"
		: "aria-describedby=\"text-hint\">\n%.*s</textarea>\n",
	    FMT(value));
	html(rs, "<p class=\"hint\" id=\"text-left\" hidden></p>\n"
		 "<p class=\"links\" id=\"text-tags\" hidden></p>\n</div>\n");
}

static void
place_fields(struct req *rq, struct res *rs)
{
	struct str typed = form_value(rq, "position"), near = form_value(rq, "precision");

	html(rs, typed.n || is_faulty(rq, "position") ? "<details open>\n" : "<details>\n");
	html(rs,
	    "<summary>Attach a place</summary>\n"
	    "<button type=\"button\" class=\"quiet\" data-place=\"position\" hidden>Use my location</button>\n"
	    "<p class=\"hint\" data-said=\"position\" role=\"status\"></p>\n");
	html_input(rq, rs, "position", "Latitude and longitude, as 46.77, 23.59",
	    "maxlength=\"60\" autocomplete=\"off\" spellcheck=\"false\"", typed);
	html(rs, "<fieldset><legend>How exact?</legend>\n<div class=\"ticks\">\n");
	for (size_t i = 0; i < LEN(precisions); i++)
		html(rs,
		    "<label class=\"tick\"><input type=\"radio\" name=\"precision\" value=\"%s\"%s> %s</label>\n",
		    precisions[i].value,
		    (near.n ? str_is(near, precisions[i].value) : i == USUAL_PRECISION) ? " checked" : "",
		    precisions[i].words);
	html(rs, "</div></fieldset>\n</details>\n");
}

void
compose_form(struct req *rq, struct res *rs, const struct reader *rd, struct str team)
{
	html(rs, "<form class=\"box\" method=\"post\" action=\"/posts\" id=\"compose\" novalidate>\n");
	html_tokens(rq, rs);
	text_field(
	    rq, rs, "What is going on?", form_value(rq, "text").n > LONG ? 8 : 2, form_value(rq, "text"));
	team_fields(rq, rs, rd, team);
	place_fields(rq, rs);
	if (rq->who.roles & (ROLE_ADMIN | ROLE_PUBLISHER))
		html(rs,
		    "<label class=\"tick\"><input type=\"checkbox\" name=\"public\" value=\"1\"%s> "
		    "Public: everybody reads it, without an account</label>\n",
		    str_is(form_value(rq, "public"), "1") ? " checked" : "");
	html(rs, "<p id=\"compose-said\" role=\"status\"></p>\n<button>Post</button>\n</form>\n"
		 "<script src=\"/compose.js\" defer></script>\n");
}

void
compose_edit_form(struct req *rq, struct res *rs, const struct post *p)
{
	int64_t minutes = (p->created_at + POST_EDIT_MS - rq->now + MINUTE_MS - 1) / MINUTE_MS;

	html(rs,
	    "<form class=\"box\" method=\"post\" action=\"/posts/%lld\" novalidate>\n<h2>Change it</h2>\n"
	    "<p class=\"hint\">You can do this for %lld more %s. What it said before stays visible.</p>\n",
	    (long long)p->id, (long long)minutes, minutes == 1 ? "minute" : "minutes");
	html_tokens(rq, rs);
	text_field(rq, rs, "Text", 5, rq->form.n ? form_value(rq, "text") : p->text);
	html(rs, "<button name=\"_method\" value=\"PATCH\">Save</button>\n</form>\n"
		 "<script src=\"/compose.js\" defer></script>\n");
}

/*
 * /teams - who works together.
 *
 *	GET    /teams                               those that one may see
 *	POST   /teams  title, slug?, open?          -> 201; for admins
 *	GET    /teams/{team}                        with its people
 *	PATCH  /teams/{team}  title?, open?         for admins
 *	POST   /teams/{team}/members  user?         joins; oneself, where nobody is named
 *	DELETE /teams/{team}/members/{name}         leaves
 *
 * An open team is seen by all staff, who join and leave it as they like.  A closed
 * one is seen by its members and admins, who let others in; to all others it is not
 * there.  Only admins take out others than themselves.
 */
#include <json-c/json.h>
#include <string.h>

#include "account.h"
#include "html.h"
#include "serve.h"
#include "team.h"
#include "words.h"
#include "zset.h"

enum { PER_PAGE = 20, ON_A_PAGE = 100, PEOPLE = 100 };

struct seen {
	struct team t;
	bool mine;
	int64_t posts;
	struct str *people;
	size_t npeople;
	struct str next; /* people from here on: another page */
};

/* ---- who may what ------------------------------------------------------------------ */

static bool
is_admin(const struct req *rq)
{
	return (rq->who.roles & ROLE_ADMIN) != 0;
}

/* A program is nobody's colleague. */
static bool
is_person(const struct req *rq)
{
	return rq->who.session.n > 0;
}

static enum err
look_at(struct req *rq, const struct team *t, struct seen *s)
{
	*s = (struct seen){ .t = *t };
	s->mine = is_person(rq) && team_has(rq->db, rq->arena, t->slug, rq->who.name);
	return zset_card(rq->db, arena_strf(rq->arena, "team:%.*s:posts", FMT(t->slug)), &s->posts);
}

static bool
visible(const struct req *rq, const struct seen *s)
{
	return s->t.open || s->mine || is_admin(rq);
}

/* The same words for a team that is closed to the asker and for none at all. */
static enum err
find(struct req *rq, struct seen *s)
{
	struct team t;
	enum err e = team_get(rq->db, rq->arena, rq->arg[0], &t);

	if (e == OK)
		e = look_at(rq, &t, s);
	if (e == ERR_NOT_FOUND || (e == OK && !visible(rq, s)))
		return fail(rq, ERR_NOT_FOUND, "There is no such team.");
	return e;
}

static enum err
find_people(struct req *rq, struct seen *s)
{
	struct str after = query(rq, "cursor");
	enum err e = team_members(rq->db, rq->arena, s->t.slug, after.n ? after : (struct str){ 0 },
	    PEOPLE + 1, &s->people, &s->npeople);

	s->next = S("");
	if (e == OK && s->npeople > PEOPLE) {
		s->npeople = PEOPLE;
		s->next = s->people[PEOPLE - 1];
	}
	return e;
}

/* ---- JSON ------------------------------------------------------------------------ */

static void
members(struct json *j, const struct seen *s)
{
	json_key_str(j, "slug", s->t.slug);
	json_key_str(j, "title", s->t.title);
	json_key(j, "open");
	json_flag(j, s->t.open);
	json_key_int(j, "members", s->t.members);
	json_key_int(j, "posts", s->posts);
	json_key(j, "mine");
	json_flag(j, s->mine);
	json_key_int(j, "created_at", s->t.created_at);
}

static void
one_json(struct res *rs, int status, const struct seen *s)
{
	struct json j = res_json(rs, status);

	json_open(&j, '{');
	members(&j, s);
	json_key_strs(&j, "people", s->people, s->npeople);
	json_key_given(&j, "next", s->next);
	json_close(&j, '}');
}

static void
list_json(struct res *rs, const struct seen *all, size_t n, struct str next)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "teams");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(&j, '{');
		members(&j, &all[i]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_key_given(&j, "next", next);
	json_close(&j, '}');
}

/* ---- pages ------------------------------------------------------------------------ */

/* The two kinds of team, as radio buttons. */
static void
open_field(struct req *rq, struct res *rs, bool open)
{
	if (rq->faults && form_value(rq, "open").n)
		open = str_is(form_value(rq, "open"), "1");
	html(rs, "<fieldset><legend>Who reads it</legend>\n");
	html_fault_of(rq, rs, "open");
	html(rs, "<div class=\"choices\">\n");
	html(rs,
	    open
		? "<label class=\"tick\"><input type=\"radio\" id=\"open\" name=\"open\" value=\"1\" checked>"
		: "<label class=\"tick\"><input type=\"radio\" id=\"open\" name=\"open\" value=\"1\">");
	html(rs, " Open: all staff, who may join</label>\n");
	html(rs, open ? "<label class=\"tick\"><input type=\"radio\" name=\"open\" value=\"0\">"
		      : "<label class=\"tick\"><input type=\"radio\" name=\"open\" value=\"0\" checked>");
	html(rs, " Closed: its members and admins; others do not know that it is there</label>\n"
		 "</div>\n</fieldset>\n");
}

static void
add_form(struct req *rq, struct res *rs)
{
	html(rs, "<form class=\"box\" method=\"post\" action=\"/teams\" novalidate>\n<h2>Add a team</h2>\n");
	html_tokens(rq, rs);
	html_input(rq, rs, "title", "Name of the team", "maxlength=\"80\" autocomplete=\"off\" required",
	    form_value(rq, "title"));
	html_input(rq, rs, "slug", "Short name in addresses, if you want another: small letters, digits, -",
	    "maxlength=\"40\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"",
	    form_value(rq, "slug"));
	open_field(rq, rs, true);
	html(rs, "<button>Add</button>\n</form>\n");
}

static void
list_page(struct req *rq, struct res *rs, int status, const struct seen *all, size_t n, struct str next)
{
	html_page(rq, rs, status, "Teams", NULL);
	html_faults(rq, rs);
	if (str_is(query(rq, "done"), "left"))
		html(rs, "<p class=\"done\" role=\"status\">You have left that team.</p>\n");
	html(rs, "<h1>Teams</h1>\n");
	html(rs, n ? "<ul class=\"cards\">\n" : "<p class=\"lead\">There are none yet.</p>\n");
	for (size_t i = 0; i < n; i++) {
		const struct team *t = &all[i].t;

		html(rs, "<li>\n<h2><a href=\"%s\">%.*s</a></h2>\n<p class=\"where\">%s · ",
		    url(rq->arena, "/teams/%s", t->slug.p), FMT(t->title), t->open ? "open" : "closed");
		html(rs, t->members == 1 ? "%lld person" : "%lld people", (long long)t->members);
		html(rs, all[i].mine ? " · <b>you are in it</b></p>\n</li>\n" : "</p>\n</li>\n");
	}
	if (n)
		html(rs, "</ul>\n");
	if (next.n)
		html(rs, "<p class=\"links\"><a href=\"%s\">More teams</a></p>\n",
		    url(rq->arena, "/teams?cursor=%s", next.p));
	if (is_admin(rq))
		add_form(rq, rs);
	html_end(rq, rs);
}

static void
notice(struct req *rq, struct res *rs)
{
	static const struct {
		const char *done, *words;
	} notices[] = {
		{ "made", "The team is there. Now add its people." },
		{ "changed", "Your changes are saved." },
		{ "joined", "Added to the team." },
		{ "left", "Taken out of the team." },
	};

	for (size_t i = 0; i < LEN(notices); i++)
		if (str_is(query(rq, "done"), notices[i].done))
			html(rs, "<p class=\"done\" role=\"status\">%s</p>\n", notices[i].words);
}

static void
leave_form(struct req *rq, struct res *rs, const struct seen *s, struct str name, const char *words)
{
	html(rs, "<form method=\"post\" action=\"/teams/%.*s/members/%.*s\">\n", FMT(s->t.slug), FMT(name));
	html_tokens(rq, rs);
	html(rs,
	    "<button class=\"quiet\" name=\"_method\" value=\"DELETE\">%s <span class=\"hide\">%.*s</span></button>\n</form>\n",
	    words, FMT(name));
}

static void
people_box(struct req *rq, struct res *rs, const struct seen *s)
{
	html(rs, "<section class=\"box\" aria-labelledby=\"people\">\n<h2 id=\"people\">People</h2>\n");
	html(rs, s->npeople ? "<ul class=\"plain rows\">\n" : "<p>Nobody yet.</p>\n");
	for (size_t i = 0; i < s->npeople; i++) {
		html(rs, "<li class=\"row\">");
		if (is_admin(rq))
			html(rs, "<a href=\"%s\">%.*s</a>\n", url(rq->arena, "/people/%s", s->people[i].p),
			    FMT(s->people[i]));
		else
			html(rs, "<span>%.*s</span>\n", FMT(s->people[i]));
		if (is_admin(rq))
			leave_form(rq, rs, s, s->people[i], "Take out");
		html(rs, "</li>\n");
	}
	if (s->npeople)
		html(rs, "</ul>\n");
	if (s->next.n)
		html(rs, "<p class=\"links\"><a href=\"%s\">More people</a></p>\n",
		    url(rq->arena, "/teams/%s?cursor=%s", s->t.slug.p, s->next.p));
	html(rs, "</section>\n");
}

/* Joining and leaving, for the one who looks. */
static void
own_box(struct req *rq, struct res *rs, const struct seen *s)
{
	if (!is_person(rq))
		return;
	if (s->mine) {
		leave_form(rq, rs, s, rq->who.name, "Leave this team");
		return;
	}
	html(rs, "<form method=\"post\" action=\"%s\">\n",
	    arena_printf(rq->arena, "/teams/%s/members", s->t.slug.p));
	html_tokens(rq, rs);
	html(rs, is_admin(rq) ? "<button class=\"quiet\">Join this team</button>\n</form>\n"
			      : "<button>Join this team</button>\n</form>\n");
}

static void
admin_forms(struct req *rq, struct res *rs, const struct seen *s)
{
	bool sent = rq->faults && form_value(rq, "title").n;

	html(rs, "<form class=\"box\" method=\"post\" action=\"%s\" novalidate>\n<h2>Change the team</h2>\n",
	    arena_printf(rq->arena, "/teams/%s", s->t.slug.p));
	html_tokens(rq, rs);
	html_input(rq, rs, "title", "Name of the team", "maxlength=\"80\" autocomplete=\"off\" required",
	    sent ? form_value(rq, "title") : s->t.title);
	open_field(rq, rs, s->t.open);
	html(rs, "<button class=\"quiet\" name=\"_method\" value=\"PATCH\">Save</button>\n</form>\n");
}

static void
team_page(struct req *rq, struct res *rs, int status, const struct seen *s)
{
	html_page(rq, rs, status, s->t.title.p, NULL);
	html_faults(rq, rs);
	notice(rq, rs);
	html(rs, "<h1>%.*s</h1>\n<p class=\"where\">%s</p>\n", FMT(s->t.title),
	    s->t.open ? "Open: all staff read it and may join"
		      : "Closed: only its members and admins see it");
	html(rs, "<p class=\"links\"><a href=\"%s\">What it writes</a></p>\n",
	    url(rq->arena, "/posts?team=%.*s", FMT(s->t.slug)));
	own_box(rq, rs, s);
	people_box(rq, rs, s);
	if (is_admin(rq) || (s->mine && !s->t.open)) {
		html(rs,
		    "<form class=\"box\" method=\"post\" action=\"%s\" novalidate>\n<h2>Add a person</h2>\n",
		    arena_printf(rq->arena, "/teams/%s/members", s->t.slug.p));
		html_tokens(rq, rs);
		html_input(rq, rs, "user", "Their name, as they sign in",
		    "maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" required",
		    form_value(rq, "user"));
		html(rs, "<button>Add</button>\n</form>\n");
	}
	if (is_admin(rq))
		admin_forms(rq, rs, s);
	html(rs, "<p class=\"links\"><a href=\"/teams\">All teams</a></p>\n");
	html_end(rq, rs);
}

/* ---- routes ------------------------------------------------------------------------- */

static enum err
page_of(struct req *rq, struct seen **out, size_t *n, struct str *next)
{
	struct str cursor = query(rq, "cursor");
	struct team *teams;
	size_t limit, nteams;
	enum err e;

	*n = 0;
	*next = S("");
	if (!query_limit(rq, rq->face == FACE_HTML ? ON_A_PAGE : PER_PAGE, &limit))
		return ERR_INPUT;
	if ((e = team_list(rq->db, rq->arena, &teams, &nteams)) != OK)
		return e;
	*out = arena_array(rq->arena, struct seen, limit + 1);
	for (size_t i = 0; i < nteams && *n <= limit && e == OK; i++) {
		if (cursor.n && str_cmp(teams[i].slug, cursor) <= 0)
			continue;
		if ((e = look_at(rq, &teams[i], &(*out)[*n])) == OK && visible(rq, &(*out)[*n]))
			++*n;
	}
	if (*n > limit) {
		*n = limit;
		*next = (*out)[limit - 1].t.slug;
	}
	return e;
}

static enum err
list(struct req *rq, struct res *rs)
{
	struct seen *all;
	struct str next;
	size_t n;
	enum err e = page_of(rq, &all, &n, &next);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		list_page(rq, rs, 200, all, n, next);
	else
		list_json(rs, all, n, next);
	return OK;
}

static enum err
answer(struct req *rq, struct res *rs, int status)
{
	struct seen s;
	enum err e = find(rq, &s);

	if (e == OK)
		e = find_people(rq, &s);
	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		team_page(rq, rs, status, &s);
	else
		one_json(rs, status, &s);
	return OK;
}

static enum err
show(struct req *rq, struct res *rs)
{
	return answer(rq, rs, 200);
}

/* "Search & rescue" is "search-rescue"; a title without one letter of the
 * alphabet has none of its own. */
static struct str
slug_of(struct arena *a, struct str title)
{
	struct word *words;
	size_t n = words_of(a, title, &words);
	struct str slug = S("");

	for (size_t i = 0; i < n; i++) {
		struct str next =
		    arena_strf(a, "%.*s%s%.*s", FMT(slug), slug.n ? "-" : "", FMT(words[i].folded));

		if (!team_slug_valid(words[i].folded))
			continue;
		if (next.n > TEAM_SLUG_MAX)
			break;
		slug = next;
	}
	return slug;
}

/* JSON's true and false, a form's 1 and 0; *open stays where nothing is said. */
static bool
read_open(struct req *rq, bool *open)
{
	struct json_object *v = NULL;

	if (rq->json == NULL) {
		struct str given = form_value(rq, "open");

		if (given.n)
			*open = str_is(given, "1");
		return true;
	}
	if (!json_object_object_get_ex(rq->json, "open", &v))
		return true;
	if (!json_object_is_type(v, json_type_boolean))
		return fault(rq, "open", "type", "Give true or false.");
	*open = json_object_get_boolean(v);
	return true;
}

static enum err
refused(struct req *rq, struct res *rs)
{
	struct seen *all;
	struct str next;
	size_t n;

	if (rq->face == FACE_HTML && page_of(rq, &all, &n, &next) == OK)
		list_page(rq, rs, 422, all, n, next);
	return ERR_INPUT;
}

static bool
read_new(struct req *rq, struct str *title, struct str *slug, bool *open)
{
	bool good = need_text(rq, "title", TEAM_TITLE_MAX, title);

	good &= opt_text(rq, "slug", TEAM_SLUG_MAX, slug);
	good &= read_open(rq, open);
	if (!good)
		return false;
	if (slug->n == 0)
		*slug = slug_of(rq->arena, *title);
	if (slug->n == 0)
		return fault(
		    rq, "slug", "missing", "Give a short name: small letters, digits and single dashes.");
	return team_slug_valid(*slug) ||
	       fault(rq, "slug", "format", "A short name takes small letters, digits and single dashes.");
}

static enum err
add(struct req *rq, struct res *rs)
{
	struct str title, slug;
	bool open = true;
	enum err e;

	if (!read_new(rq, &title, &slug, &open))
		return refused(rq, rs);
	e = team_add(rq->db, rq->arena, slug, title, open);
	if (e == ERR_CONFLICT) {
		fault(
		    rq, "slug", "used", "There is a team %.*s already. Give another short name.", FMT(slug));
		return refused(rq, rs);
	}
	if (e == ERR_TOO_LARGE) {
		fault(rq, "title", "room", "There are %d teams. More do not fit.", TEAMS_MAX);
		return refused(rq, rs);
	}
	if (e != OK)
		return e;
	rq->target = arena_strf(rq->arena, "team:%.*s", FMT(slug));
	rq->arg[0] = slug;
	if (rq->face == FACE_HTML)
		return res_see_other(
		    rs, arena_printf(rq->arena, "/teams/%s?done=made", arena_dup(rq->arena, slug).p));
	res_header(rs, "Location", "/api/teams/%.*s", FMT(slug));
	return answer(rq, rs, 201);
}

static enum err
see_team(struct req *rq, struct res *rs, const struct seen *s, const char *done)
{
	return res_see_other(rs, arena_printf(rq->arena, "/teams/%s?done=%s", s->t.slug.p, done));
}

/* Who may read its posts would change with it. */
static enum err
settled(struct req *rq, struct res *rs, struct seen *s)
{
	static const char words[] =
	    "This team has posts, and who may read them was settled when they were written. Make a new team.";

	if (rq->face == FACE_JSON)
		return fail(rq, ERR_CONFLICT, words);
	fault(rq, "open", "settled", words);
	if (find_people(rq, s) == OK)
		team_page(rq, rs, 409, s);
	return ERR_CONFLICT;
}

static enum err
change(struct req *rq, struct res *rs)
{
	struct seen s;
	struct str title;
	bool good, open;
	enum err e = find(rq, &s);

	if (e != OK)
		return e;
	title = s.t.title;
	open = s.t.open;
	good =
	    (rq->json != NULL && !has_field(rq, "title")) || need_text(rq, "title", TEAM_TITLE_MAX, &title);
	good &= read_open(rq, &open);
	if (!good) {
		if (rq->face == FACE_HTML && find_people(rq, &s) == OK)
			team_page(rq, rs, 422, &s);
		return ERR_INPUT;
	}
	if ((e = team_change(rq->db, rq->arena, s.t.slug, title, open)) == ERR_CONFLICT)
		return settled(rq, rs, &s);
	if (e != OK)
		return e;
	return rq->face == FACE_HTML ? see_team(rq, rs, &s, "changed") : answer(rq, rs, 200);
}

static bool
read_user(struct req *rq, struct str *name)
{
	struct str typed;
	size_t at = 0;

	if (!opt_text(rq, "user", USER_NAME_MAX, name))
		return false;
	/* An empty field of a form is a forgotten name, not oneself. */
	if (name->n == 0 && (!is_person(rq) || param_next(&rq->form, "user", &at, &typed)))
		return fault(rq, "user", "missing", "Say who.");
	if (name->n == 0)
		*name = rq->who.name;
	return true;
}

/* Who may let somebody in: an admin; into an open team one oneself; into a closed
 * one its members. */
static bool
may_add(struct req *rq, const struct seen *s, struct str name)
{
	if (is_admin(rq) || (is_person(rq) && s->t.open && str_eq(name, rq->who.name)))
		return true;
	return s->mine && !s->t.open;
}

static enum err
join_refused(struct req *rq, struct res *rs, struct seen *s)
{
	if (rq->face == FACE_HTML && find_people(rq, s) == OK)
		team_page(rq, rs, 422, s);
	return ERR_INPUT;
}

static enum err
join(struct req *rq, struct res *rs)
{
	struct seen s;
	struct str name;
	enum err e = find(rq, &s);

	if (e != OK)
		return e;
	if (!read_user(rq, &name))
		return join_refused(rq, rs, &s);
	if (!may_add(rq, &s, name))
		return fail(rq, ERR_FORBIDDEN, "Only they themselves or an admin can do that.");
	e = team_join(rq->db, rq->arena, s.t.slug, name);
	if (e == ERR_NOT_FOUND) {
		fault(rq, "user", "unknown", "There is nobody of this name.");
		return join_refused(rq, rs, &s);
	}
	if (e != OK)
		return e;
	rq->target = arena_strf(rq->arena, "%.*s/%.*s", FMT(s.t.slug), FMT(name));
	return rq->face == FACE_HTML ? see_team(rq, rs, &s, "joined") : answer(rq, rs, 201);
}

static enum err
leave(struct req *rq, struct res *rs)
{
	struct seen s;
	struct str name = rq->arg[1];
	bool own = is_person(rq) && str_eq(name, rq->who.name);
	enum err e = find(rq, &s);

	if (e != OK)
		return e;
	if (!own && !is_admin(rq))
		return fail(rq, ERR_FORBIDDEN, "Only they themselves or an admin can do that.");
	e = team_leave(rq->db, rq->arena, s.t.slug, name);
	if (e == ERR_NOT_FOUND)
		return fail(rq, e, "There is nobody of this name.");
	if (e != OK || rq->face == FACE_JSON)
		return e == OK ? res_no_content(rs) : e;
	/* Who left a closed team does not see it any more. */
	return own && !s.t.open && !is_admin(rq) ? res_see_other(rs, "/teams?done=left")
						 : see_team(rq, rs, &s, "left");
}

static const struct route routes[] = {
	{ GET, "/teams", STAFF, TX_READ, list },
	{ POST, "/teams", ROLE_ADMIN, TX_WRITE, add },
	{ GET, "/teams/{team}", STAFF, TX_READ, show },
	{ PATCH, "/teams/{team}", ROLE_ADMIN, TX_WRITE, change },
	{ POST, "/teams/{team}/members", STAFF, TX_WRITE, join },
	{ DELETE, "/teams/{team}/members/{name}", STAFF, TX_WRITE, leave },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

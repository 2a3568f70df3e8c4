/*
 * /people - who may sign in, and what for; for admins.
 *
 *	GET    /people                                   by name
 *	POST   /people  name, roles, shelters?           -> 201 with a password, once
 *	GET    /people/{name}
 *	PATCH  /people/{name}  roles?, shelters?
 *	POST   /people/{name}/password                   -> another password, once
 *	POST   /people/{name}/disable, …/enable
 *	DELETE /people/{name}/sessions                   signs out everywhere
 *
 * A password shown here is good for a week, and for nothing but choosing another.
 * One admin who can sign in always stays.
 */
#include <string.h>

#include "account.h"
#include "grant.h"
#include "html.h"
#include "serve.h"
#include "session.h"
#include "team.h"
#include "view.h"

enum { PER_PAGE = 20 };

#define LAST_ADMIN "This is the last admin who can sign in. Make another one first."

struct person {
	struct user u;
	struct grant g;
	struct session *sessions;
	size_t nsessions;
	struct str *teams;
	size_t nteams;
};

static enum err
load(struct req *rq, struct str name, struct person *p)
{
	struct str key = arena_strf(rq->arena, "user:%.*s", FMT(name));
	enum err e = user_get(rq->db, rq->arena, name, &p->u);

	if (e == ERR_NOT_FOUND)
		return fail(rq, e, "There is nobody of this name.");
	p->g.roles = p->u.roles;
	if (e == OK)
		e = shelters_given(rq->db, rq->arena, key, &p->g.shelters, &p->g.nshelters);
	if (e == OK)
		e = session_list(rq->db, rq->arena, name, &p->sessions, &p->nsessions);
	return e == OK ? team_of(rq->db, rq->arena, name, &p->teams, &p->nteams) : e;
}

/* ---- JSON ------------------------------------------------------------------------ */

static void
user_members(struct json *j, const struct user *u)
{
	json_key_str(j, "name", u->name);
	json_key_int(j, "created_at", u->created_at);
	json_key_known(j, "disabled_at", u->disabled_at != 0, u->disabled_at);
	json_key_known(j, "password_until", u->once_until != 0, u->once_until);
}

static void
person_json(struct req *rq, struct res *rs, int status, const struct person *p, struct str password)
{
	struct json j = res_json(rs, status);

	json_open(&j, '{');
	user_members(&j, &p->u);
	grant_json(&j, rq, &p->g);
	json_key_strs(&j, "teams", p->teams, p->nteams);
	json_key_int(&j, "sessions", (int64_t)p->nsessions);
	if (password.n)
		json_key_str(&j, "password", password);
	json_close(&j, '}');
}

static void
list_json(struct req *rq, struct res *rs, const struct user *users, size_t n, struct str next)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "people");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(&j, '{');
		user_members(&j, &users[i]);
		grant_roles_json(&j, rq, users[i].roles);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_key_given(&j, "next", next);
	json_close(&j, '}');
}

/* ---- pages ------------------------------------------------------------------------ */

static void
add_form(struct req *rq, struct res *rs)
{
	const struct grant fresh = { .roles = ROLE_RESPONDER };

	html(rs, "<form class=\"box\" method=\"post\" action=\"/people\" novalidate>\n<h2>Add a person</h2>\n"
		 "<p class=\"hint\">A password is made and shown once. It opens one page: the one where they "
		 "choose their own.</p>\n");
	html_tokens(rq, rs);
	html_input(rq, rs, "name", "Name for signing in: small letters, digits, . _ -",
	    "maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" required",
	    form_value(rq, "name"));
	grant_fields(rq, rs, &fresh);
	html(rs, "<button>Add</button>\n</form>\n");
}

static void
list_page(struct req *rq, struct res *rs, int status, const struct user *users, size_t n, struct str next)
{
	html_page(rq, rs, status, "People", NULL);
	html_faults(rq, rs);
	html(rs,
	    "<h1>People</h1>\n<p class=\"lead\">Who may sign in, and what for.</p>\n"
	    "<p class=\"links\"><a href=\"/tokens\">Tokens of programs</a> "
	    "<a href=\"/audit\">Who did what</a></p>\n<section class=\"box\" aria-label=\"All people\">\n<ul class=\"plain rows\">\n");
	for (size_t i = 0; i < n; i++) {
		const struct user *u = &users[i];

		html(rs, "<li><div><a href=\"%s\"><b>%.*s</b></a> <span class=\"hint\">%.*s</span></div>",
		    url(rq->arena, "/people/%s", u->name.p), FMT(u->name),
		    FMT(grant_roles_words(rq->arena, u->roles)));
		if (u->disabled_at)
			html(rs, "<p class=\"st closed\">Disabled</p>");
		else if (u->once_until)
			html(rs, "<p class=\"hint\">Has not chosen a password yet</p>");
		html(rs, "</li>\n");
	}
	html(rs, "</ul>\n");
	if (next.n)
		html(rs, "<p class=\"links\"><a href=\"%s\">More people</a></p>\n",
		    url(rq->arena, "/people?cursor=%s", next.p));
	html(rs, "</section>\n");
	add_form(rq, rs);
	html_end(rq, rs);
}

static void
password_box(struct req *rq, struct res *rs, const struct person *p, struct str password)
{
	html(rs,
	    "<div class=\"done\" role=\"status\">\n<h2>Password for %.*s</h2>\n<p class=\"id\">%.*s</p>\n"
	    "<p>Tell it to them now, best by voice: it is not shown again. It is good until ",
	    FMT(p->u.name), FMT(password));
	view_time(rq, rs, p->u.once_until);
	html(rs, " and only to choose another one.</p>\n</div>\n");
}

static void
notice(struct req *rq, struct res *rs)
{
	static const struct {
		const char *done, *words;
	} notices[] = {
		{ "changed", "Your changes are saved. They hold from now on." },
		{ "disabled", "Disabled. All sessions have ended." },
		{ "enabled", "Enabled. They can sign in again." },
		{ "ended", "All sessions have ended." },
	};

	for (size_t i = 0; i < LEN(notices); i++)
		if (str_is(query(rq, "done"), notices[i].done))
			html(rs, "<p class=\"done\" role=\"status\">%s</p>\n", notices[i].words);
}

/* A form with one button. */
static void
press(struct req *rq, struct res *rs, const struct person *p, const char *what, const char *method,
    const char *look, const char *words)
{
	html(rs, "<form method=\"post\" action=\"%s\">\n",
	    arena_printf(rq->arena, "%s/%s", url(rq->arena, "/people/%s", p->u.name.p), what));
	html_tokens(rq, rs);
	html(rs, "<button class=\"%s\" name=\"_method\" value=\"%s\">%s</button>\n</form>\n", look, method,
	    words);
}

static void
state_box(struct req *rq, struct res *rs, const struct person *p)
{
	html(rs, "<section class=\"box\" aria-label=\"How it is\">\n");
	if (p->u.disabled_at) {
		html(rs, "<p class=\"st closed\">Disabled since ");
		view_time(rq, rs, p->u.disabled_at);
		html(rs, "</p>\n");
	} else {
		html(rs, "<p class=\"st open\">Can sign in</p>\n");
	}
	if (p->u.once_until && rq->now < p->u.once_until) {
		html(rs, "<p class=\"hint\">Has still to choose a password, until ");
		view_time(rq, rs, p->u.once_until);
		html(rs, ".</p>\n");
	} else if (p->u.once_until) {
		html(rs, "<p class=\"late\">The password that was made is too old. Make another one.</p>\n");
	}
	html(rs, p->nsessions == 1 ? "<p>Signed in at %zu place.</p>\n" : "<p>Signed in at %zu places.</p>\n",
	    p->nsessions);
	html(rs, "<div class=\"row\">\n");
	press(rq, rs, p, "password", "POST", "quiet", "Make a new password");
	if (p->nsessions)
		press(rq, rs, p, "sessions", "DELETE", "quiet", "Sign out everywhere");
	if (p->u.disabled_at)
		press(rq, rs, p, "enable", "POST", "quiet", "Enable");
	else
		press(rq, rs, p, "disable", "POST", "stop", "Disable");
	html(rs, "</div>\n</section>\n");
}

static void
teams_box(struct req *rq, struct res *rs, const struct person *p)
{
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"teams\">\n<h2 id=\"teams\">Teams</h2>\n<p class=\"links\">");
	for (size_t i = 0; i < p->nteams; i++)
		html(rs, "<a href=\"%s\">%.*s</a> ", url(rq->arena, "/teams/%s", p->teams[i].p),
		    FMT(p->teams[i]));
	html(rs, p->nteams ? "</p>\n</section>\n"
			   : "None yet. <a href=\"/teams\">All teams</a></p>\n</section>\n");
}

static void
person_page(struct req *rq, struct res *rs, int status, const struct person *p, struct str password)
{
	html_page(rq, rs, status, p->u.name.p, NULL);
	html_faults(rq, rs);
	notice(rq, rs);
	if (password.n)
		password_box(rq, rs, p, password);
	html(rs, "<h1>%.*s</h1>\n<p class=\"where\">Since ", FMT(p->u.name));
	view_time(rq, rs, p->u.created_at);
	html(rs, "</p>\n");
	state_box(rq, rs, p);
	html(rs, "<form class=\"box\" method=\"post\" action=\"%s\" novalidate>\n<h2>What for</h2>\n",
	    url(rq->arena, "/people/%s", p->u.name.p));
	html_tokens(rq, rs);
	grant_fields(rq, rs, &p->g);
	html(rs, "<button name=\"_method\" value=\"PATCH\">Save</button>\n</form>\n");
	teams_box(rq, rs, p);
	html(rs,
	    "<p class=\"links\"><a href=\"/people\">All people</a> <a href=\"%s\">What they did</a></p>\n",
	    url(rq->arena, "/audit?who=%s", p->u.name.p));
	html_end(rq, rs);
}

/* ---- routes ------------------------------------------------------------------------- */

static enum err
page_of(struct req *rq, struct user **users, size_t *n, struct str *next)
{
	struct str cursor = query(rq, "cursor");
	size_t limit;
	enum err e;

	*next = S("");
	if (!query_limit(rq, PER_PAGE, &limit))
		return ERR_INPUT;
	e = user_list(rq->db, rq->arena, cursor.n ? cursor : (struct str){ 0 }, limit + 1, users, n);
	if (e == OK && *n > limit) {
		*n = limit;
		*next = (*users)[limit - 1].name;
	}
	return e;
}

static enum err
list(struct req *rq, struct res *rs)
{
	struct user *users;
	struct str next;
	size_t n;
	enum err e = page_of(rq, &users, &n, &next);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		list_page(rq, rs, 200, users, n, next);
	else
		list_json(rq, rs, users, n, next);
	return OK;
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct person p = { 0 };
	enum err e = load(rq, rq->arg[0], &p);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		person_page(rq, rs, 200, &p, S(""));
	else
		person_json(rq, rs, 200, &p, S(""));
	return OK;
}

/* With a secret in it: where it is kept for a repeated request, it is sealed. */
static enum err
answer_password(struct req *rq, struct res *rs, struct str name, int status, struct str password)
{
	struct person p = { 0 };
	enum err e = load(rq, name, &p);

	if (e != OK)
		return e;
	rs->secret = true;
	if (rq->face == FACE_HTML)
		person_page(rq, rs, status, &p, password);
	else
		person_json(rq, rs, status, &p, password);
	return OK;
}

static enum err
refused(struct req *rq, struct res *rs)
{
	struct user *users;
	struct str next;
	size_t n;

	if (rq->face == FACE_HTML && page_of(rq, &users, &n, &next) == OK)
		list_page(rq, rs, 422, users, n, next);
	return ERR_INPUT;
}

static enum err
add(struct req *rq, struct res *rs)
{
	struct str name, password, unknown;
	struct grant g = { 0 };
	bool good = need_text(rq, "name", USER_NAME_MAX, &name);
	enum err e;

	if (good && !user_name_valid(name))
		good = fault(rq, "name", "format", "A name takes small letters, digits, '.', '_' and '-'.");
	good &= grant_read(rq, &g, false);
	if (!good)
		return refused(rq, rs);
	password = password_make(rq->arena);
	e = user_add(rq->db, rq->arena, name, password, g.roles, g.shelters, g.nshelters, &unknown);
	if (e == ERR_CONFLICT) {
		fault(rq, "name", "used", "There is somebody of this name already.");
		return refused(rq, rs);
	}
	if (e == OK)
		e = user_once(rq->db, rq->arena, name);
	if (e != OK)
		return e;
	rq->target = arena_strf(rq->arena, "user:%.*s", FMT(name));
	res_header(rs, "Location", "%s/people/%.*s", rq->face == FACE_JSON ? "/api" : "", FMT(name));
	return answer_password(rq, rs, name, 201, password);
}

static enum err
changed(struct req *rq, struct res *rs, struct str name, const char *done)
{
	struct person p = { 0 };
	enum err e;

	if (rq->face == FACE_HTML)
		return res_see_other(
		    rs, arena_printf(rq->arena, "%s?done=%s", url(rq->arena, "/people/%s", name.p), done));
	if ((e = load(rq, name, &p)) == OK)
		person_json(rq, rs, 200, &p, S(""));
	return e;
}

static enum err
last_admin(struct req *rq, struct res *rs, const struct person *p)
{
	if (rq->face == FACE_HTML) {
		fault(rq, "roles", "wrong", LAST_ADMIN);
		person_page(rq, rs, 409, p, S(""));
	}
	return fail(rq, ERR_CONFLICT, LAST_ADMIN);
}

static enum err
change(struct req *rq, struct res *rs)
{
	struct person p = { 0 };
	struct grant g;
	struct str unknown;
	enum err e = load(rq, rq->arg[0], &p);

	if (e != OK)
		return e;
	g = p.g;
	if (!grant_read(rq, &g, true)) {
		if (rq->face == FACE_HTML)
			person_page(rq, rs, 422, &p, S(""));
		return ERR_INPUT;
	}
	e = user_set_roles(rq->db, rq->arena, p.u.name, g.roles);
	if (e == ERR_CONFLICT)
		return last_admin(rq, rs, &p);
	if (e == OK)
		e = shelters_give(rq->db, rq->arena, arena_strf(rq->arena, "user:%.*s", FMT(p.u.name)),
		    g.shelters, g.nshelters, &unknown);
	return e == OK ? changed(rq, rs, p.u.name, "changed") : e;
}

static enum err
new_password(struct req *rq, struct res *rs)
{
	struct str password = password_make(rq->arena);
	struct person p = { 0 };
	enum err e = load(rq, rq->arg[0], &p);

	if (e == OK)
		e = user_set_password(rq->db, rq->arena, p.u.name, user_hash(rq->arena, password), true);
	return e == OK ? answer_password(rq, rs, p.u.name, 200, password) : e;
}

static enum err
set_enabled(struct req *rq, struct res *rs, bool enabled)
{
	struct person p = { 0 };
	enum err e = load(rq, rq->arg[0], &p);

	if (e != OK)
		return e;
	e = user_enable(rq->db, rq->arena, p.u.name, enabled);
	if (e == ERR_CONFLICT)
		return last_admin(rq, rs, &p);
	return e == OK ? changed(rq, rs, p.u.name, enabled ? "enabled" : "disabled") : e;
}

static enum err
disable(struct req *rq, struct res *rs)
{
	return set_enabled(rq, rs, false);
}

static enum err
enable(struct req *rq, struct res *rs)
{
	return set_enabled(rq, rs, true);
}

static enum err
end_sessions(struct req *rq, struct res *rs)
{
	struct person p = { 0 };
	enum err e = load(rq, rq->arg[0], &p);

	if (e == OK)
		e = session_end_all(rq->db, rq->arena, p.u.name, S(""));
	if (e != OK)
		return e;
	return rq->face == FACE_HTML ? changed(rq, rs, p.u.name, "ended") : res_no_content(rs);
}

static const struct route routes[] = {
	{ GET, "/people", ROLE_ADMIN, TX_READ, list },
	{ POST, "/people", ROLE_ADMIN, TX_WRITE, add },
	{ GET, "/people/{name}", ROLE_ADMIN, TX_READ, show },
	{ PATCH, "/people/{name}", ROLE_ADMIN, TX_WRITE, change },
	{ POST, "/people/{name}/password", ROLE_ADMIN, TX_WRITE, new_password },
	{ POST, "/people/{name}/disable", ROLE_ADMIN, TX_WRITE, disable },
	{ POST, "/people/{name}/enable", ROLE_ADMIN, TX_WRITE, enable },
	{ DELETE, "/people/{name}/sessions", ROLE_ADMIN, TX_WRITE, end_sessions },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

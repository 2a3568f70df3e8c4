/*
 * /account - one's own: password, sessions, teams; for everybody who is signed in.
 *
 *	GET    /account
 *	POST   /account/password  old, new, again?    ends all other sessions
 *	DELETE /account/sessions                      signs out everywhere
 *	DELETE /account/sessions/{id}                 ends one of them
 *
 * Wrong old passwords are counted with the wrong tries of signing in.
 */
#include "account.h"
#include "grant.h"
#include "html.h"
#include "serve.h"
#include "session.h"
#include "team.h"
#include "throttle.h"
#include "utf8.h"
#include "view.h"

enum { TRIES = 10, WINDOW_MS = 10 * MINUTE_MS };

struct own {
	struct session *sessions;
	size_t nsessions;
	struct team *teams;
	size_t nteams;
};

static bool
is_person(const struct req *rq)
{
	return rq->who.session.n > 0;
}

static enum err
load(struct req *rq, struct own *o)
{
	struct str *slugs;
	size_t n;
	enum err e;

	*o = (struct own){ 0 };
	if (!is_person(rq))
		return OK;
	if ((e = session_list(rq->db, rq->arena, rq->who.name, &o->sessions, &o->nsessions)) != OK)
		return e;
	if ((e = team_of(rq->db, rq->arena, rq->who.name, &slugs, &n)) != OK)
		return e;
	o->teams = arena_array(rq->arena, struct team, n + 1);
	for (size_t i = 0; i < n; i++)
		if (team_get(rq->db, rq->arena, slugs[i], &o->teams[o->nteams]) == OK)
			o->nteams++;
	return OK;
}

static bool
is_this(struct req *rq, const struct session *s)
{
	struct str id = rq->who.session;

	str_cut(&id, ':');
	return str_eq(id, s->id);
}

/* ---- showing ------------------------------------------------------------------------ */

static void
show_json(struct req *rq, struct res *rs, const struct own *o)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key_str(&j, "name", rq->who.name);
	grant_roles_json(&j, rq, rq->who.roles);
	json_key(&j, "choose_password");
	json_flag(&j, rq->who.first);
	json_key(&j, "teams");
	json_open(&j, '[');
	for (size_t i = 0; i < o->nteams; i++)
		json_str(&j, o->teams[i].slug);
	json_close(&j, ']');
	json_key(&j, "sessions");
	json_open(&j, '[');
	for (size_t i = 0; i < o->nsessions; i++) {
		json_open(&j, '{');
		json_key_str(&j, "id", o->sessions[i].id);
		json_key_int(&j, "created_at", o->sessions[i].created_at);
		json_key_int(&j, "ends_at", o->sessions[i].ends_at);
		json_key(&j, "this");
		json_flag(&j, is_this(rq, &o->sessions[i]));
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
}

static void
password_form(struct req *rq, struct res *rs)
{
	html(rs, "<form class=\"box\" method=\"post\" action=\"/account/password\" novalidate>\n");
	html(rs, rq->who.first ? "<h2>Choose your password</h2>\n" : "<h2>Change your password</h2>\n");
	html(rs,
	    "<p class=\"hint\">At least %d characters; a few words that nobody would guess are good. "
	    "Your other sessions end.</p>\n",
	    PASSWORD_MIN);
	html_tokens(rq, rs);
	/* For programs that keep passwords: whose these are. */
	html(rs, "<input type=\"hidden\" name=\"username\" autocomplete=\"username\" value=\"%.*s\">\n",
	    FMT(rq->who.name));
	html_input(rq, rs, "old", rq->who.first ? "The password that you were given" : "Your password now",
	    "type=\"password\" maxlength=\"200\" autocomplete=\"current-password\" required", S(""));
	html_input(rq, rs, "new", "The new one",
	    "type=\"password\" maxlength=\"200\" autocomplete=\"new-password\" required", S(""));
	html_input(rq, rs, "again", "The new one again",
	    "type=\"password\" maxlength=\"200\" autocomplete=\"new-password\" required", S(""));
	html(rs, "<button>Save</button>\n</form>\n");
}

static void
session_row(struct req *rq, struct res *rs, const struct session *s)
{
	html(rs, "<li><p>Signed in ");
	html_ago(rs, s->created_at, rq->now);
	html(rs, ", ends at ");
	view_time(rq, rs, s->ends_at);
	html(rs, is_this(rq, s) ? " · <b>this one</b></p>\n" : "</p>\n");
	if (!is_this(rq, s)) {
		html(rs, "<form method=\"post\" action=\"/account/sessions/%.*s\">\n", FMT(s->id));
		html_tokens(rq, rs);
		html(rs,
		    "<button class=\"quiet\" name=\"_method\" value=\"DELETE\">End it <span class=\"hide\">(");
		html_ago(rs, s->created_at, rq->now);
		html(rs, ")</span></button>\n</form>\n");
	}
	html(rs, "</li>\n");
}

static void
sessions_box(struct req *rq, struct res *rs, const struct own *o)
{
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"sessions\">\n<h2 id=\"sessions\">Where you are signed in</h2>\n"
	    "<ul class=\"plain rows\">\n");
	for (size_t i = 0; i < o->nsessions; i++)
		session_row(rq, rs, &o->sessions[i]);
	html(rs, "</ul>\n<form method=\"post\" action=\"/account/sessions\">\n");
	html_tokens(rq, rs);
	html(rs, "<button class=\"stop\" name=\"_method\" value=\"DELETE\">Sign out everywhere</button>\n"
		 "</form>\n</section>\n");
}

static void
teams_box(struct req *rq, struct res *rs, const struct own *o)
{
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"teams\">\n<h2 id=\"teams\">Your teams</h2>\n<p class=\"links\">");
	for (size_t i = 0; i < o->nteams; i++)
		html(rs, "<a href=\"%s\">%.*s</a> ", url(rq->arena, "/teams/%s", o->teams[i].slug.p),
		    FMT(o->teams[i].title));
	html(rs, o->nteams ? "</p>\n<p><a href=\"/teams\">All teams</a></p>\n</section>\n"
			   : "None yet. <a href=\"/teams\">All teams</a></p>\n</section>\n");
}

static void
notice(struct req *rq, struct res *rs)
{
	if (str_is(query(rq, "done"), "password"))
		html(rs,
		    "<p class=\"done\" role=\"status\">Your new password is saved. Your other sessions have "
		    "ended.</p>\n");
	if (str_is(query(rq, "done"), "ended"))
		html(rs, "<p class=\"done\" role=\"status\">That session has ended.</p>\n");
}

static void
page(struct req *rq, struct res *rs, int status, const struct own *o)
{
	html_page(rq, rs, status, "Your account", NULL);
	html_faults(rq, rs);
	notice(rq, rs);
	html(rs, "<h1>Your account</h1>\n<p class=\"lead\">%.*s <span class=\"hint\">%.*s</span></p>\n",
	    FMT(rq->who.name), FMT(grant_roles_words(rq->arena, rq->who.roles)));
	if (rq->who.first)
		html(rs, "<p>Somebody else made the password that you came with. Choose your own, then "
			 "everything is open to you.</p>\n");
	if (rq->who.first || !is_person(rq)) {
		if (is_person(rq))
			password_form(rq, rs);
	} else {
		html(rs,
		    "<p class=\"links\"><a href=\"%s\">Your posts</a> "
		    "<a href=\"/posts?timeline=mentions\">Where you are mentioned</a></p>\n",
		    url(rq->arena, "/posts?user=%.*s", FMT(rq->who.name)));
		teams_box(rq, rs, o);
		password_form(rq, rs);
		sessions_box(rq, rs, o);
	}
	html_end(rq, rs);
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct own o;
	enum err e = load(rq, &o);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		page(rq, rs, 200, &o);
	else
		show_json(rq, rs, &o);
	return OK;
}

/* ---- password ------------------------------------------------------------------------ */

static enum err
refused(struct req *rq, struct res *rs, enum err e)
{
	struct own o;

	if (rq->face == FACE_HTML && db_begin(rq->db, TX_READ, rq->now) == OK) {
		if (load(rq, &o) == OK)
			page(rq, rs, err_words(e)->status, &o);
		db_rollback(rq->db);
	}
	return e;
}

static bool
read_passwords(struct req *rq, struct str *old, struct str *new)
{
	struct str again;
	bool good = need_text(rq, "old", PASSWORD_MAX, old);
	bool fits = need_text(rq, "new", PASSWORD_MAX, new);

	if (fits && utf8_length(*new) < PASSWORD_MIN)
		fits = fault(rq, "new", "length", "A password has at least %d characters.", PASSWORD_MIN);
	else if (fits && (str_eq(*new, *old) || str_eq(*new, rq->who.name)))
		fits = fault(rq, "new", "used", "Choose another password than that.");
	good &= fits;
	if (rq->face == FACE_HTML && fits) {
		good &= need_text(rq, "again", PASSWORD_MAX, &again);
		if (good && !str_eq(*new, again))
			good =
			    fault(rq, "again", "wrong", "The two are not the same. Type the new one twice.");
	}
	return good;
}

/* The reading part: Argon2id takes its time, and no lock is held meanwhile. */
static enum err
verify(struct req *rq, struct str old, struct str *hash)
{
	struct str bucket = arena_strf(rq->arena, "throttle:signin:%.*s", FMT(rq->who.name));
	enum err e = db_begin(rq->db, TX_READ, rq->now);

	if (e != OK)
		return e;
	if ((e = throttle_check(rq, bucket, TRIES)) == OK &&
	    user_verify(rq->db, rq->arena, rq->who.name, old) != OK) {
		throttle_note(rq, bucket, WINDOW_MS);
		fault(rq, "old", "wrong", "This is not your password.");
		e = ERR_INPUT;
	}
	if (e == OK)
		e = user_password(rq->db, rq->arena, rq->who.name, hash);
	db_rollback(rq->db);
	return e;
}

/* The writing part: all sessions end, and this one goes on as a new one. */
static enum err
replace(struct req *rq, struct res *rs, struct str was, struct str hash)
{
	struct user u = { 0 };
	struct str kept = S("");
	enum err e = user_get(rq->db, rq->arena, rq->who.name, &u);

	if (e == OK)
		e = user_password(rq->db, rq->arena, rq->who.name, &kept);
	if (e != OK || u.disabled_at != 0 || !str_eq(was, kept))
		return fail(rq, ERR_LOGIN, "This account was changed just now. Sign in again.");
	if ((e = user_set_password(rq->db, rq->arena, rq->who.name, hash, false)) != OK)
		return e;
	session_start(rq, rs, rq->who.name);
	return serve_audit(rq);
}

static enum err
change_password(struct req *rq, struct res *rs)
{
	struct str old, new, was, hash;
	enum err e;

	if (!is_person(rq))
		return fail(rq, ERR_FORBIDDEN, "A program has no password.");
	if (!read_passwords(rq, &old, &new))
		return refused(rq, rs, ERR_INPUT);
	if ((e = verify(rq, old, &was)) != OK)
		return e == ERR_INPUT ? refused(rq, rs, e) : e;
	hash = user_hash(rq->arena, new);
	if ((e = db_begin(rq->db, TX_WRITE, rq->now)) != OK)
		return e;
	if ((e = replace(rq, rs, was, hash)) == OK)
		e = db_commit(rq->db);
	db_rollback(rq->db);
	if (e != OK)
		return e;
	return rq->face == FACE_HTML ? res_see_other(rs, "/account?done=password") : res_no_content(rs);
}

/* ---- sessions ------------------------------------------------------------------------- */

static enum err
end_all(struct req *rq, struct res *rs)
{
	enum err e;

	if (!is_person(rq))
		return fail(rq, ERR_FORBIDDEN, "A program has no sessions.");
	if ((e = session_end_all(rq->db, rq->arena, rq->who.name, S(""))) != OK)
		return e;
	session_end(rq, rs);
	return rq->face == FACE_HTML ? res_see_other(rs, "/session") : res_no_content(rs);
}

static enum err
end_one(struct req *rq, struct res *rs)
{
	enum err e;

	if (!is_person(rq))
		return fail(rq, ERR_FORBIDDEN, "A program has no sessions.");
	e = session_end_one(rq->db, rq->arena, rq->who.name, rq->arg[0]);
	if (e == ERR_NOT_FOUND)
		return fail(rq, e, "That session has ended already.");
	if (e != OK)
		return e;
	return rq->face == FACE_HTML ? res_see_other(rs, "/account?done=ended") : res_no_content(rs);
}

static const struct route routes[] = {
	{ GET, "/account", STAFF | FIRST, TX_READ, show },
	{ POST, "/account/password", STAFF | FIRST, TX_NONE, change_password },
	{ DELETE, "/account/sessions", STAFF, TX_WRITE, end_all },
	{ DELETE, "/account/sessions/{id}", STAFF, TX_WRITE, end_one },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

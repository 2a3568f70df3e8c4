/*
 * /session - signing in and out.
 *
 *	GET    /session                        the form; as JSON who is signed in
 *	POST   /session  name, password, next? signs in
 *	DELETE /session                        signs out
 *
 * Wrong tries are counted by name and by network.
 */
#include <string.h>

#include "account.h"
#include "clock.h"
#include "html.h"
#include "serve.h"
#include "session.h"
#include "throttle.h"

enum { TRIES_NAME = 10, TRIES_NETWORK = 40, WINDOW_MS = 10 * 60 * 1000 };

/* A path of this site, and nothing else: "//other.example" is not one. */
static const char *
next_page(struct req *rq, struct str next)
{
	bool good = next.n > 1 && next.n < 200 && next.p[0] == '/' && next.p[1] != '/' && next.p[1] != '\\';

	for (size_t i = 0; good && i < next.n; i++)
		good = next.p[i] > 0x20 && next.p[i] != '\\' && next.p[i] != 0x7f;
	return good ? arena_dup(rq->arena, next).p : "/arrivals";
}

/* Where work begins, for who came from nowhere: not everybody has shelters, or alerts to publish. */
static const char *
first_page(const char *next, unsigned roles, bool first)
{
	if (first)
		return "/account";
	if (strcmp(next, "/arrivals") != 0 || (roles & (ROLE_ADMIN | ROLE_MANAGER)) != 0)
		return next;
	return roles & ROLE_PUBLISHER ? "/alerts" : "/posts";
}

/* Where browsers keep the session's cookie without https, too. */
static bool
is_this_machine(const struct req *rq)
{
	struct str host = rq->host, name = str_cut(&host, ':');

	return str_is(name, "localhost") || str_is(name, "127.0.0.1") || str_ends(name, ".localhost");
}

static void
sign_in_page(struct req *rq, struct res *rs, int status, struct str name, struct str next)
{
	html_page(rq, rs, status, "Staff sign-in", NULL);
	html_faults(rq, rs);
	html(rs, "<h1>Staff sign-in</h1>\n");
	if (!rq->https && !is_this_machine(rq))
		html(rs,
		    "<p class=\"late\">This connection is not encrypted, so a browser will not stay signed in. "
		    "Use the https address.</p>\n");
	html(rs,
	    "<form class=\"box\" method=\"post\" action=\"/session\" novalidate>\n"
	    "<input type=\"hidden\" name=\"next\" value=\"%s\">\n",
	    next_page(rq, next));
	html_input(rq, rs, "name", "Name",
	    "maxlength=\"80\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required",
	    name);
	html_input(rq, rs, "password", "Password",
	    "type=\"password\" maxlength=\"200\" autocomplete=\"current-password\" required", S(""));
	html(rs,
	    "<button>Sign in</button>\n</form>\n"
	    "<p class=\"hint\">Looking for a shelter? You need no sign-in: <a href=\"/\">start here</a>.</p>\n");
	html_end(rq, rs);
}

static void
who_json(struct req *rq, struct res *rs, struct str name, unsigned roles, bool first)
{
	struct json j = res_json(rs, 200);
	struct str list = roles_print(rq->arena, roles);

	json_open(&j, '{');
	json_key_str(&j, "name", name);
	json_key(&j, "roles");
	json_open(&j, '[');
	while (list.n)
		json_str(&j, str_cut(&list, ','));
	json_close(&j, ']');
	if (first) {
		json_key(&j, "choose_password");
		json_flag(&j, true);
	}
	json_close(&j, '}');
}

static enum err
show(struct req *rq, struct res *rs)
{
	if (rq->face == FACE_HTML && rq->who.roles)
		return res_see_other(rs, first_page("/arrivals", rq->who.roles, rq->who.first));
	if (rq->face == FACE_HTML)
		sign_in_page(rq, rs, 200, S(""), query(rq, "next"));
	else if (rq->who.roles == 0)
		return fail(rq, ERR_LOGIN, "Nobody is signed in.");
	else
		who_json(rq, rs, rq->who.name, rq->who.roles, rq->who.first);
	return OK;
}

static enum err
refused(struct req *rq, struct res *rs, struct str name, struct str next)
{
	fault(rq, "password", "wrong", "This name and password do not go together.");
	if (rq->face == FACE_HTML)
		sign_in_page(rq, rs, 401, name, next);
	return fail(rq, ERR_LOGIN, "This name and password do not go together.");
}

/* The reading part: Argon2id takes its time, and no lock is held meanwhile. */
static enum err
verify(
    struct req *rq, struct res *rs, struct str name, struct str password, struct str next, struct str *hash)
{
	struct str by_name = arena_strf(rq->arena, "throttle:signin:%.*s", FMT(name));
	struct str by_network = arena_strf(rq->arena, "throttle:signin-from:%.*s", FMT(throttle_network(rq)));
	enum err e = db_begin(rq->db, TX_READ, rq->now);

	if (e != OK)
		return e;
	if ((e = throttle_check(rq, by_name, TRIES_NAME)) == OK)
		e = throttle_check(rq, by_network, TRIES_NETWORK);
	if (e == OK && user_verify(rq->db, rq->arena, name, password) != OK) {
		throttle_note(rq, by_name, WINDOW_MS);
		throttle_note(rq, by_network, WINDOW_MS);
		e = refused(rq, rs, name, next);
	}
	if (e == OK)
		e = user_password(rq->db, rq->arena, name, hash);
	db_rollback(rq->db);
	return e;
}

/* The writing part.  Meanwhile the password may have been changed, the account
 * disabled: what was verified is not good any more then. */
static enum err
enter(struct req *rq, struct res *rs, struct str name, struct str hash, struct user *u)
{
	struct str now_kept = S("");
	enum err e = user_get(rq->db, rq->arena, name, u);

	if (e == OK)
		e = user_password(rq->db, rq->arena, name, &now_kept);
	if (e != OK || u->disabled_at != 0 || !str_eq(hash, now_kept))
		return fail(rq, ERR_LOGIN, "This account was changed just now. Sign in again.");
	session_start(rq, rs, name);
	rq->who = (struct who){ .key = arena_strf(rq->arena, "user:%.*s", FMT(name)), .name = name };
	return serve_audit(rq);
}

static enum err
sign_in(struct req *rq, struct res *rs)
{
	struct str name, password, next, hash;
	struct user u;
	bool good = need_text(rq, "name", 80, &name);
	enum err e;

	good &= need_text(rq, "password", PASSWORD_MAX, &password);
	good &= opt_text(rq, "next", 200, &next);
	if (!good) {
		if (rq->face == FACE_HTML)
			sign_in_page(rq, rs, 422, name, next);
		return ERR_INPUT;
	}
	if ((e = verify(rq, rs, name, password, next, &hash)) != OK)
		return e;
	if ((e = db_begin(rq->db, TX_WRITE, rq->now)) != OK)
		return e;
	e = enter(rq, rs, name, hash, &u);
	if (e == OK)
		e = db_commit(rq->db);
	db_rollback(rq->db);
	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		return res_see_other(rs, first_page(next_page(rq, next), u.roles, u.once_until != 0));
	who_json(rq, rs, name, u.roles, u.once_until != 0);
	return OK;
}

static enum err
sign_out(struct req *rq, struct res *rs)
{
	session_end(rq, rs);
	return rq->face == FACE_HTML ? res_see_other(rs, "/") : res_no_content(rs);
}

static const struct route routes[] = {
	{ GET, "/session", ANYONE | FIRST, TX_READ, show },
	{ POST, "/session", ANYONE, TX_NONE, sign_in },
	{ DELETE, "/session", STAFF | FIRST, TX_WRITE, sign_out },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

/*
 * /posts - what response teams write.
 *
 *	GET    /posts?timeline=&team=&user=&hashtag=&q=&near=&radius=…   the newest first
 *	GET    /posts.atom?…                                             the same as a feed
 *	POST   /posts  text, teams?, position?, public?                  staff: writes
 *	GET    /posts/{id}           one, with what it said before
 *	PATCH  /posts/{id}  text     its author, for 30 minutes
 *	GET    /posts/{id}/delete    asks once more
 *	DELETE /posts/{id}           its author, or an admin
 *
 * Who shows no session reads what is public; what somebody may not read looks like
 * what is not there.
 */
#include "article.h"
#include "board.h"
#include "clock.h"
#include "compose.h"
#include "html.h"
#include "idempotency.h"
#include "postfeed.h"
#include "serve.h"
#include "session.h"
#include "setting.h"
#include "throttle.h"
#include "value.h"
#include "view.h"

enum { PUBLISHERS = ROLE_ADMIN | ROLE_PUBLISHER, FORM_KEPT_MS = 24 * HOUR_MS };

/* ---- lists ---------------------------------------------------------------------------- */

static enum err
list(struct req *rq, struct res *rs)
{
	struct board b;
	enum err e = board_read(rq, &b, S(""));

	if (e == OK && !b.count)
		e = board_load(rq, &b);
	if (e == ERR_INPUT && rq->face == FACE_HTML)
		board_page(rq, rs, 422, &b);
	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		return board_page(rq, rs, 200, &b);
	board_json(rq, rs, &b);
	if (rq->who.roles == 0)
		res_same(rq, rs);
	return OK;
}

static enum err
atom(struct req *rq, struct res *rs)
{
	struct board b;
	enum err e = board_read(rq, &b, S(""));

	if (e == OK)
		e = board_load(rq, &b);
	if (e == OK)
		posts_atom(rq, rs, &b.reader, &b.t, &b.page);
	return e;
}

/* ---- one ---------------------------------------------------------------------------------- */

struct seen {
	struct reader reader;
	struct post p;
	struct post_version *versions;
	size_t nversions;
};

static bool
is_author(struct req *rq, const struct post *p)
{
	return rq->who.roles && str_eq(article_author(rq), p->user);
}

static bool
may_delete(struct req *rq, const struct post *p)
{
	return is_author(rq, p) || (rq->who.roles & ROLE_ADMIN) != 0;
}

static bool
may_edit(struct req *rq, const struct post *p)
{
	return is_author(rq, p) && rq->now < p->created_at + POST_EDIT_MS;
}

/* The post of the path, "7" or "post:7", also a deleted one. */
static enum err
find(struct req *rq, struct seen *s)
{
	struct str name = rq->arg[0];
	int64_t id;
	enum err e = article_reader(rq, &s->reader);

	if (e != OK)
		return e;
	if (str_starts(name, "post:"))
		str_cut(&name, ':');
	e = str_int(name, 1, INT64_MAX / 2, &id) ? post_get(rq->db, rq->arena, id, &s->p) : ERR_NOT_FOUND;
	if (e == ERR_NOT_FOUND || (e == OK && !post_readable(&s->p, &s->reader)))
		return fail(rq, ERR_NOT_FOUND, "There is no such post.");
	rq->target = arena_strf(rq->arena, "post:%lld", (long long)id);
	return e;
}

static void
gone_page(struct req *rq, struct res *rs)
{
	html_page(rq, rs, 410, "This post was deleted", "This post was deleted");
	html(rs, "<p class=\"lead\">What it said is not kept.</p>\n"
		 "<p class=\"links\"><a href=\"/posts\">Bulletins</a></p>\n");
	html_end(rq, rs);
}

/* The same, for who needs one that is there. */
static enum err
find_live(struct req *rq, struct res *rs, struct seen *s)
{
	enum err e = find(rq, s);

	if (e == OK && s->p.deleted_at) {
		if (rq->face == FACE_HTML)
			gone_page(rq, rs);
		return fail(rq, ERR_GONE, "This post was deleted.");
	}
	if (e == OK)
		e = post_versions(rq->db, rq->arena, s->p.id, &s->versions, &s->nversions);
	return e;
}

static void
one_json(struct req *rq, struct res *rs, int status, const struct seen *s)
{
	struct json j = res_json(rs, status);

	json_open(&j, '{');
	json_key(&j, "post");
	article_json(rq, &j, &s->reader, &s->p);
	json_key(&j, "versions");
	json_open(&j, '[');
	for (size_t i = 0; i < s->nversions; i++) {
		json_open(&j, '{');
		json_key_str(&j, "text", s->versions[i].text);
		json_key_int(&j, "until", s->versions[i].until);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
}

/* ---- its page --------------------------------------------------------------------------------- */

static void
notice(struct req *rq, struct res *rs)
{
	static const struct {
		const char *done, *words;
	} notices[] = {
		{ "new", "Posted." },
		{ "again", "You posted this already. To say it differently, change it below." },
		{ "changed", "Your change is saved." },
	};

	for (size_t i = 0; i < LEN(notices); i++)
		if (rq->who.roles && str_is(query(rq, "done"), notices[i].done))
			html(rs, "<p class=\"done\" role=\"status\">%s</p>\n", notices[i].words);
}

static void
versions(struct req *rq, struct res *rs, const struct seen *s)
{
	if (s->nversions == 0)
		return;
	html(rs, "<section class=\"box\" id=\"versions\" aria-labelledby=\"before\">\n"
		 "<h2 id=\"before\">What it said before</h2>\n<ol class=\"plain rows\">\n");
	for (size_t i = s->nversions; i-- > 0;) {
		html(rs, "<li>\n<p class=\"where\">Until ");
		view_time(rq, rs, s->versions[i].until);
		html(rs, "</p>\n");
		article_text(rq, rs, &s->reader, NULL, s->versions[i].text, NULL);
		html(rs, "</li>\n");
	}
	html(rs, "</ol>\n</section>\n");
}

static void
own_forms(struct req *rq, struct res *rs, const struct seen *s)
{
	if (may_edit(rq, &s->p))
		compose_edit_form(rq, rs, &s->p);
	else if (form_value(rq, "text").n) /* too late: not lost, to be copied */
		html(rs,
		    "<div class=\"box\">\n<label for=\"text\">What you typed</label>\n"
		    "<textarea id=\"text\" rows=\"5\" dir=\"auto\" readonly>\n%.*s</textarea>\n</div>\n",
		    FMT(form_value(rq, "text")));
	else if (is_author(rq, &s->p))
		html(rs, "<p class=\"hint\">Its text can no longer be changed: 30 minutes are over. "
			 "Delete it and write a new one, or add what is new.</p>\n");
	if (may_delete(rq, &s->p))
		html(rs, "<p><a class=\"go stop\" href=\"/posts/%lld/delete\">Delete it</a></p>\n",
		    (long long)s->p.id);
}

static void
post_page(struct req *rq, struct res *rs, int status, const struct seen *s)
{
	const char *title = arena_printf(rq->arena, "Post %lld by %.*s", (long long)s->p.id, FMT(s->p.user));

	html_page(rq, rs, status, title, NULL);
	html_faults(rq, rs);
	notice(rq, rs);
	html(rs,
	    "<p class=\"links\"><a href=\"/posts\">Bulletins</a> <a href=\"%s\">All by %.*s</a></p>\n"
	    "<h1>Post %lld</h1>\n",
	    url(rq->arena, "/posts?user=%.*s", FMT(s->p.user)), FMT(s->p.user), (long long)s->p.id);
	article_html(rq, rs, &s->reader, &s->p, NULL, NULL, 2, true);
	versions(rq, rs, s);
	own_forms(rq, rs, s);
	html_end(rq, rs);
}

static enum err
answer(struct req *rq, struct res *rs, int status, const struct seen *s)
{
	if (rq->face == FACE_HTML)
		post_page(rq, rs, status, s);
	else
		one_json(rq, rs, status, s);
	return OK;
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct seen s = { 0 };
	enum err e = find_live(rq, rs, &s);

	if (e != OK)
		return e;
	answer(rq, rs, 200, &s);
	if (rq->who.roles == 0 && rq->face == FACE_JSON)
		res_same(rq, rs);
	return OK;
}

/* ---- writing --------------------------------------------------------------------------------------- */

/* The page that the form stood on, with what was typed. */
static enum err
refused(struct req *rq, struct res *rs, enum err e)
{
	struct board b;

	if (rq->face == FACE_HTML && board_read(rq, &b, S("")) == OK)
		board_page(rq, rs, err_words(e)->status, &b);
	return e;
}

static struct str
pace_bucket(struct req *rq, const char *unit)
{
	return arena_strf(rq->arena, "throttle:posts:%s:%.*s", unit, FMT(article_author(rq)));
}

/* So many a minute, so many an hour: a program gone wild drowns nobody. */
static enum err
check_pace(struct req *rq, struct res *rs)
{
	int64_t minute = setting_number(rq->db, rq->arena, "posts.per_minute");
	int64_t hour = setting_number(rq->db, rq->arena, "posts.per_hour");
	enum err e = throttle_check(rq, pace_bucket(rq, "minute"), minute);

	if (e == OK)
		e = throttle_check(rq, pace_bucket(rq, "hour"), hour);
	if (e == OK)
		return e;
	fail(rq, e, "You wrote many posts in a short time. Wait %lld %s, then send this one again.",
	    (long long)(rq->retry_after + 59) / 60, rq->retry_after > 60 ? "minutes" : "minute");
	if (rq->face == FACE_HTML)
		fault(rq, "text", "room", "%s", rq->detail);
	return refused(rq, rs, e);
}

static void
count_pace(struct req *rq)
{
	throttle_note(rq, pace_bucket(rq, "minute"), MINUTE_MS);
	throttle_note(rq, pace_bucket(rq, "hour"), HOUR_MS);
}

static bool
posted_before(struct req *rq, struct res *rs, struct str key)
{
	struct str id;

	if (key.n == 0 || string_get(rq->db, rq->arena, key, &id) != OK)
		return false;
	res_see_other(rs, arena_printf(rq->arena, "/posts/%.*s?done=again", FMT(id)));
	return true;
}

/* The same words to the same teams, a moment ago. */
static enum err
twice(struct req *rq, struct res *rs, int64_t first)
{
	rq->extra = arena_strf(rq->arena, "\"post\":\"post:%lld\"", (long long)first);
	if (rq->face == FACE_HTML) {
		html_page(rq, rs, 409, "You posted this already", "You posted this already");
		html(rs,
		    "<p class=\"lead\">The same words, to the same teams, less than a minute ago. "
		    "Nothing was posted a second time.</p>\n"
		    "<p><a class=\"go\" href=\"/posts/%lld\">See that post</a></p>\n"
		    "<p class=\"links\"><a href=\"/posts\">Bulletins</a></p>\n",
		    (long long)first);
		html_end(rq, rs);
	}
	return fail(rq, ERR_CONFLICT, "You posted this already, as post:%lld.", (long long)first);
}

static enum err
add(struct req *rq, struct res *rs, const struct reader *rd, struct post *p)
{
	struct post_fault why = { 0 };
	enum err e = post_add(rq->db, rq->arena, rd, p, &why);

	if (e == ERR_CONFLICT)
		return twice(rq, rs, p->id);
	if (e == ERR_INPUT) {
		fault(rq, why.field, why.code, "%s", why.message);
		return refused(rq, rs, e);
	}
	return e;
}

static enum err
create(struct req *rq, struct res *rs)
{
	struct str form = form_key(rq), id;
	struct seen s = { .p = { .user = article_author(rq) } };
	enum err e;

	if (posted_before(rq, rs, form))
		return OK;
	if ((e = article_reader(rq, &s.reader)) != OK)
		return e;
	if (!compose_read(rq, &s.p))
		return refused(rq, rs, ERR_INPUT);
	if (s.p.public && (rq->who.roles & PUBLISHERS) == 0)
		return fail(rq, ERR_FORBIDDEN, "Only publishers and admins post for everybody.");
	if ((e = check_pace(rq, rs)) != OK || (e = add(rq, rs, &s.reader, &s.p)) != OK)
		return e;
	count_pace(rq);
	id = arena_strf(rq->arena, "%lld", (long long)s.p.id);
	rq->target = arena_strf(rq->arena, "post:%.*s", FMT(id));
	if (form.n)
		string_set(rq->db, form, id, rq->now + FORM_KEPT_MS);
	if (rq->face == FACE_HTML)
		return res_see_other(rs, arena_printf(rq->arena, "/posts/%s?done=new", id.p));
	res_header(rs, "Location", "/api/posts/%s", id.p);
	return answer(rq, rs, 201, &s);
}

/* ---- changing ------------------------------------------------------------------------------------------ */

static enum err
change_refused(struct req *rq, struct res *rs, enum err e, const struct seen *s)
{
	if (rq->face == FACE_HTML)
		post_page(rq, rs, err_words(e)->status, s);
	return e;
}

static enum err
too_late(struct req *rq, struct res *rs, const struct seen *s)
{
	fail(rq, ERR_CONFLICT, "A post can be changed for 30 minutes. They are over.");
	if (rq->face == FACE_HTML)
		fault(rq, "text", "range", "%s", rq->detail);
	return change_refused(rq, rs, ERR_CONFLICT, s);
}

static enum err
change(struct req *rq, struct res *rs)
{
	struct seen s = { 0 };
	struct post_fault why = { 0 };
	struct str text;
	enum err e = find_live(rq, rs, &s);

	if (e != OK)
		return e;
	if (!is_author(rq, &s.p))
		return fail(rq, ERR_FORBIDDEN, "Only its author changes a post.");
	if (!compose_read_text(rq, &text))
		return change_refused(rq, rs, ERR_INPUT, &s);
	e = post_edit(rq->db, rq->arena, s.p.id, text, &s.p, &why);
	if (e == ERR_CONFLICT)
		return too_late(rq, rs, &s);
	if (e == ERR_INPUT) {
		fault(rq, why.field, why.code, "%s", why.message);
		return change_refused(rq, rs, e, &s);
	}
	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		return res_see_other(
		    rs, arena_printf(rq->arena, "/posts/%lld?done=changed", (long long)s.p.id));
	if ((e = post_versions(rq->db, rq->arena, s.p.id, &s.versions, &s.nversions)) != OK)
		return e;
	return answer(rq, rs, 200, &s);
}

/* ---- deleting --------------------------------------------------------------------------------------------
 */

static enum err
ask_delete(struct req *rq, struct res *rs)
{
	struct seen s = { 0 };
	enum err e = find_live(rq, rs, &s);

	if (e != OK)
		return e;
	if (rq->face == FACE_JSON)
		return fail(rq, ERR_NOT_FOUND, "Send DELETE /api/posts/%lld.", (long long)s.p.id);
	if (!may_delete(rq, &s.p))
		return fail(rq, ERR_FORBIDDEN, "Only its author or an admin deletes a post.");
	html_page(rq, rs, 200, "Delete this post?", "Delete this post?");
	article_html(rq, rs, &s.reader, &s.p, NULL, NULL, 2, true);
	html(rs,
	    "<form class=\"box\" method=\"post\" action=\"/posts/%lld\">\n"
	    "<p>It goes at once: from all lists, tags, searches and feeds, with what it said before. "
	    "It cannot be brought back.</p>\n",
	    (long long)s.p.id);
	html_tokens(rq, rs);
	html(rs,
	    "<button class=\"stop\" name=\"_method\" value=\"DELETE\">Delete it</button>\n</form>\n"
	    "<p class=\"links\"><a href=\"/posts/%lld\">Keep it</a></p>\n",
	    (long long)s.p.id);
	html_end(rq, rs);
	return OK;
}

/* Twice is once: the second finds it gone already. */
static enum err
destroy(struct req *rq, struct res *rs)
{
	struct seen s = { 0 };
	enum err e = find(rq, &s);

	if (e != OK)
		return e;
	if (!may_delete(rq, &s.p))
		return fail(rq, ERR_FORBIDDEN, "Only its author or an admin deletes a post.");
	if ((e = post_delete(rq->db, rq->arena, s.p.id)) != OK)
		return e;
	return rq->face == FACE_HTML ? res_see_other(rs, "/posts?done=deleted") : res_no_content(rs);
}

static const struct route routes[] = {
	{ GET, "/posts", SHARED, TX_READ, list },
	{ GET, "/posts.atom", SHARED, TX_READ, atom },
	{ POST, "/posts", STAFF, TX_WRITE, create },
	{ GET, "/posts/{id}", SHARED, TX_READ, show },
	{ PATCH, "/posts/{id}", STAFF, TX_WRITE, change },
	{ GET, "/posts/{id}/delete", STAFF, TX_READ, ask_delete },
	{ DELETE, "/posts/{id}", STAFF, TX_WRITE, destroy },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

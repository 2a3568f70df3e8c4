/*
 * /tokens - what programs call with; for admins.
 *
 *	GET    /tokens                                      all of them, by name
 *	POST   /tokens  name, roles, shelters?, days?       -> 201 with its secret, once
 *	DELETE /tokens/{id}                                 revokes it
 *
 * The store holds the hash of a token only.
 */
#include "account.h"
#include "grant.h"
#include "html.h"
#include "serve.h"
#include "session.h"
#include "view.h"

enum { DAYS_MAX = 3650, DAYS_USUAL = 90, DAY_MS = 24 * HOUR_MS };

struct listed {
	struct token t;
	struct grant g;
};

static enum err
load_grant(struct req *rq, const struct token *t, struct listed *l)
{
	struct str key = arena_strf(rq->arena, "token:%.*s", FMT(t->id));

	*l = (struct listed){ .t = *t, .g = { .roles = t->roles } };
	return shelters_given(rq->db, rq->arena, key, &l->g.shelters, &l->g.nshelters);
}

/* ---- JSON ------------------------------------------------------------------------ */

static void
members(struct req *rq, struct json *j, const struct listed *l, struct str secret)
{
	json_open(j, '{');
	json_key_str(j, "id", l->t.id);
	json_key_str(j, "name", l->t.name);
	grant_json(j, rq, &l->g);
	json_key_int(j, "created_at", l->t.created_at);
	json_key_known(j, "used_at", l->t.used_at != 0, l->t.used_at);
	json_key_known(j, "expires_at", l->t.expires_at != 0, l->t.expires_at);
	if (secret.n)
		json_key_str(j, "token", secret);
	json_close(j, '}');
}

static void
list_json(struct req *rq, struct res *rs, const struct listed *all, size_t n, struct str next)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "tokens");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++)
		members(rq, &j, &all[i], S(""));
	json_close(&j, ']');
	json_key_given(&j, "next", next);
	json_close(&j, '}');
}

/* ---- pages ------------------------------------------------------------------------ */

static void
add_form(struct req *rq, struct res *rs)
{
	static const struct {
		int days;
		const char *words;
	} terms[] = { { 30, "30 days" }, { DAYS_USUAL, "90 days" }, { 365, "1 year" },
		{ 0, "until it is revoked" } };
	const struct grant fresh = { .roles = 0 };
	struct str typed = form_value(rq, "days");

	html(rs, "<form class=\"box\" method=\"post\" action=\"/tokens\" novalidate>\n<h2>Make a token</h2>\n"
		 "<p class=\"hint\">For one program each, with no more roles than it needs.</p>\n");
	html_tokens(rq, rs);
	html_input(rq, rs, "name", "Name of the program: small letters, digits, . _ -",
	    "maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" required",
	    form_value(rq, "name"));
	grant_fields(rq, rs, &fresh);
	html(rs, "<div><label for=\"days\">Good for</label>\n<select id=\"days\" name=\"days\">\n");
	for (size_t i = 0; i < LEN(terms); i++) {
		struct str value = terms[i].days ? arena_strf(rq->arena, "%d", terms[i].days) : S("");
		bool on = rq->faults ? str_eq(typed, value) : terms[i].days == DAYS_USUAL;

		html(rs, "<option value=\"%.*s\"", FMT(value));
		html(rs, on ? " selected>%s</option>\n" : ">%s</option>\n", terms[i].words);
	}
	html(rs, "</select></div>\n<button>Make it</button>\n</form>\n");
}

static void
one_row(struct req *rq, struct res *rs, const struct listed *l)
{
	html(rs, "<li><div><b>%.*s</b> <span class=\"hint\">%.*s</span></div>\n<p class=\"hint\">Made ",
	    FMT(l->t.name), FMT(grant_roles_words(rq->arena, l->t.roles)));
	html_ago(rs, l->t.created_at, rq->now);
	if (l->t.used_at) {
		html(rs, " · last used about ");
		view_time(rq, rs, l->t.used_at);
	} else {
		html(rs, " · never used");
	}
	if (l->t.expires_at) {
		html(rs, " · good until ");
		view_time(rq, rs, l->t.expires_at);
	} else {
		html(rs, " · good until it is revoked");
	}
	html(rs, "</p>\n<form method=\"post\" action=\"/tokens/%.*s\">\n", FMT(l->t.id));
	html_tokens(rq, rs);
	html(rs,
	    "<button class=\"stop\" name=\"_method\" value=\"DELETE\">Revoke <span class=\"hide\">%.*s</span></button>\n"
	    "</form>\n</li>\n",
	    FMT(l->t.name));
}

static void
secret_box(struct res *rs, const struct listed *l, struct str secret)
{
	html(rs,
	    "<div class=\"done\" role=\"status\">\n<h2>Token for %.*s</h2>\n<p class=\"id\">%.*s</p>\n"
	    "<p>Copy it to the program now: it is not shown again. It calls with "
	    "<b>Authorization: Bearer</b> and the token.</p>\n</div>\n",
	    FMT(l->t.name), FMT(secret));
}

static void
list_page(struct req *rq, struct res *rs, int status, const struct listed *all, size_t n, struct str next,
    const struct listed *made, struct str secret)
{
	html_page(rq, rs, status, "Tokens", NULL);
	html_faults(rq, rs);
	if (str_is(query(rq, "done"), "revoked"))
		html(rs, "<p class=\"done\" role=\"status\">Revoked. It opens nothing any more.</p>\n");
	if (made != NULL)
		secret_box(rs, made, secret);
	html(rs, "<h1>Tokens</h1>\n<p class=\"lead\">With a token a program calls as a person signs in.</p>\n"
		 "<section class=\"box\" aria-label=\"All tokens\">\n");
	html(rs, n ? "<ul class=\"plain rows\">\n" : "<p>There are none yet.</p>\n");
	for (size_t i = 0; i < n; i++)
		one_row(rq, rs, &all[i]);
	if (n)
		html(rs, "</ul>\n");
	if (next.n)
		html(rs, "<p class=\"links\"><a href=\"%s\">More tokens</a></p>\n",
		    url(rq->arena, "/tokens?cursor=%s", next.p));
	html(rs, "</section>\n");
	add_form(rq, rs);
	html(rs, "<p class=\"links\"><a href=\"/people\">People</a></p>\n");
	html_end(rq, rs);
}

/* ---- routes ------------------------------------------------------------------------- */

/* The cursor is the last token's name and id: those behind it in the list. */
static bool
behind(const struct token *t, struct str cursor)
{
	struct str name = str_cut(&cursor, ':');
	int order = str_cmp(t->name, name);

	return order ? order > 0 : str_cmp(t->id, cursor) > 0;
}

static enum err
page_of(struct req *rq, struct listed **all, size_t *n, struct str *next)
{
	struct str cursor = query(rq, "cursor");
	struct token *tokens;
	size_t limit, found;
	enum err e;

	*n = 0;
	*next = S("");
	if (!query_limit(rq, 20, &limit))
		return ERR_INPUT;
	if ((e = token_list(rq->db, rq->arena, &tokens, &found)) != OK)
		return e;
	*all = arena_array(rq->arena, struct listed, limit + 1);
	for (size_t i = 0; i < found && e == OK; i++) {
		if (cursor.n && !behind(&tokens[i], cursor))
			continue;
		if (*n == limit) {
			const struct token *last = &(*all)[limit - 1].t;

			*next = arena_strf(rq->arena, "%.*s:%.*s", FMT(last->name), FMT(last->id));
			break;
		}
		e = load_grant(rq, &tokens[i], &(*all)[(*n)++]);
	}
	return e;
}

static enum err
list(struct req *rq, struct res *rs)
{
	struct listed *all;
	struct str next;
	size_t n;
	enum err e = page_of(rq, &all, &n, &next);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		list_page(rq, rs, 200, all, n, next, NULL, S(""));
	else
		list_json(rq, rs, all, n, next);
	return OK;
}

static bool
read_new(struct req *rq, struct str *name, struct grant *g, int64_t *days)
{
	struct token *tokens;
	size_t n;
	bool good = need_text(rq, "name", USER_NAME_MAX, name);

	if (good && !user_name_valid(*name))
		good = fault(rq, "name", "format", "A name takes small letters, digits, '.', '_' and '-'.");
	good &= grant_read(rq, g, false);
	good &= opt_int(rq, "days", 1, DAYS_MAX, days);
	if (good && token_list(rq->db, rq->arena, &tokens, &n) == OK && n >= TOKENS_MAX)
		good = fault(rq, "name", "room", "There are %d tokens. Revoke some first.", TOKENS_MAX);
	return good;
}

static enum err
answer(struct req *rq, struct res *rs, struct str secret)
{
	struct str id = secret_key(rq->arena, "", secret), next;
	struct listed made, *all;
	struct token t;
	size_t n;
	enum err e = token_get(rq->db, rq->arena, id, &t);

	if (e == OK)
		e = load_grant(rq, &t, &made);
	if (e == OK && rq->face == FACE_HTML)
		e = page_of(rq, &all, &n, &next);
	if (e != OK)
		return e;
	rs->secret = true;
	if (rq->face == FACE_HTML) {
		list_page(rq, rs, 201, all, n, next, &made, secret);
	} else {
		struct json j = res_json(rs, 201);

		members(rq, &j, &made, secret);
	}
	return OK;
}

static enum err
add(struct req *rq, struct res *rs)
{
	struct str name, secret, unknown, next;
	struct grant g = { 0 };
	struct listed *all;
	int64_t days = 0;
	size_t n;
	enum err e;

	if (!read_new(rq, &name, &g, &days)) {
		if (rq->face == FACE_HTML && page_of(rq, &all, &n, &next) == OK)
			list_page(rq, rs, 422, all, n, next, NULL, S(""));
		return ERR_INPUT;
	}
	e = token_add(rq->db, rq->arena, name, g.roles, g.shelters, g.nshelters, &secret, &unknown);
	if (e == OK && days > 0)
		e = token_expire(rq->db, rq->arena, secret, rq->now + days * DAY_MS);
	if (e != OK)
		return e;
	rq->target = arena_strf(rq->arena, "token:%.*s", FMT(name));
	return answer(rq, rs, secret);
}

static enum err
revoke(struct req *rq, struct res *rs)
{
	struct token t;
	enum err e = token_get(rq->db, rq->arena, rq->arg[0], &t);

	if (e == OK)
		e = token_revoke(rq->db, rq->arena, t.id);
	if (e == ERR_NOT_FOUND)
		return fail(rq, e, "There is no such token (any more).");
	if (e != OK)
		return e;
	rq->target = arena_strf(rq->arena, "token:%.*s", FMT(t.name));
	return rq->face == FACE_HTML ? res_see_other(rs, "/tokens?done=revoked") : res_no_content(rs);
}

static const struct route routes[] = {
	{ GET, "/tokens", ROLE_ADMIN, TX_READ, list },
	{ POST, "/tokens", ROLE_ADMIN, TX_WRITE, add },
	{ DELETE, "/tokens/{id}", ROLE_ADMIN, TX_WRITE, revoke },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

/* match.c - from a request's parameters to a route. */
#include "match.h"

#include <json-c/json.h>
#include <string.h>

#include "utf8.h"

enum { JSON_DEPTH = 16, URI_MAX = 4096 };

static void
take_method(struct req *rq, struct str v)
{
	static const struct {
		const char *name;
		enum method method;
	} methods[] = { { "GET", GET }, { "HEAD", GET }, { "POST", POST }, { "PATCH", PATCH },
		{ "DELETE", DELETE } };

	for (size_t i = 0; i < LEN(methods); i++)
		if (str_is(v, methods[i].name))
			rq->method = methods[i].method;
	rq->head = str_is(v, "HEAD");
}

static void
take_type(struct req *rq, struct str v)
{
	struct str type = str_trim(str_cut(&v, ';'));
	char *lower = arena_alloc(rq->arena, type.n + 1);

	/* Media types know no case (RFC 9110, 8.3.1). */
	for (size_t i = 0; i < type.n; i++)
		lower[i] = type.p[i] >= 'A' && type.p[i] <= 'Z' ? (char)(type.p[i] - 'A' + 'a') : type.p[i];
	rq->type = (struct str){ lower, type.n };
}

static void
take_https(struct req *rq, struct str v)
{
	rq->https = str_is(v, "on");
}

static void
take_ssi(struct req *rq, struct str v)
{
	rq->ssi = str_is(v, "1");
}

void
match_param(struct req *rq, const char *name, struct str value)
{
	static const struct {
		const char *name;
		size_t offset;                          /* of a struct str in struct req */
		void (*take)(struct req *, struct str); /* or what reads it */
	} params[] = {
		{ "REQUEST_METHOD", 0, take_method },
		{ "CONTENT_TYPE", 0, take_type },
		{ "HTTPS", 0, take_https },
		{ "MUSTER_SSI", 0, take_ssi },
		{ "HTTP_HOST", offsetof(struct req, host), NULL },
		{ "REMOTE_ADDR", offsetof(struct req, address), NULL },
		{ "HTTP_COOKIE", offsetof(struct req, cookie), NULL },
		{ "HTTP_AUTHORIZATION", offsetof(struct req, authorization), NULL },
		{ "HTTP_ACCEPT", offsetof(struct req, accept), NULL },
		{ "HTTP_IF_NONE_MATCH", offsetof(struct req, if_none_match), NULL },
		{ "HTTP_IF_MATCH", offsetof(struct req, if_match), NULL },
		{ "HTTP_LAST_EVENT_ID", offsetof(struct req, last_event_id), NULL },
		{ "HTTP_IDEMPOTENCY_KEY", offsetof(struct req, idempotency_key), NULL },
	};

	for (size_t i = 0; i < LEN(params); i++) {
		if (strcmp(name, params[i].name) != 0)
			continue;
		if (params[i].take)
			params[i].take(rq, value);
		else
			*(struct str *)(void *)((char *)rq + params[i].offset) = value;
		return;
	}
}

enum err
match_uri(struct req *rq, struct str uri)
{
	struct str path, raw = uri;
	bool api;

	path = str_cut(&raw, '?');
	api = str_starts(path, "/api/");
	/* These have no page: programs alone ask for them. */
	rq->face = api || str_is(path, "/health") || str_is(path, "/metrics") || str_starts(path, "/events")
		       ? FACE_JSON
		       : FACE_HTML;
	if (uri.n > URI_MAX)
		return fail(rq, ERR_MALFORMED, "The address is longer than %d bytes.", URI_MAX);
	if (!percent_decode(rq->arena, path, false, &rq->path) ||
	    parse_params(rq->arena, raw, &rq->query) != OK)
		return fail(rq, ERR_MALFORMED, "The address holds a bad %%-escape or is not UTF-8.");
	if (api) {
		rq->path.p += strlen("/api");
		rq->path.n -= strlen("/api");
	}
	return OK;
}

static bool
last_segment(struct str s)
{
	return s.n == 0 || memchr(s.p, '/', s.n) == NULL;
}

/* What {…} stands for in a segment: all of it, or what is before the ending
 * that the pattern has behind it ("{id}.cap").  Empty: it does not fit. */
static struct str
stands_for(struct str pattern, struct str part)
{
	struct str ending = pattern;

	str_cut(&ending, '}');
	if (!str_ends(part, ending.p) || part.n == ending.n)
		return S("");
	part.n -= ending.n;
	return part;
}

/* Whether the path has the form of the pattern; {…} stands for one segment. */
static bool
fits(struct req *rq, const char *pattern)
{
	struct str want = str(pattern), have = rq->path;
	size_t n = 0;

	for (;;) {
		bool want_last = last_segment(want), have_last = last_segment(have);
		struct str w = str_cut(&want, '/'), part = str_cut(&have, '/');

		if (str_starts(w, "{")) {
			part = stands_for(arena_dup(rq->arena, w), part);
			if (part.n == 0 || n == LEN(rq->arg))
				return false;
			rq->arg[n++] = arena_dup(rq->arena, part);
		} else if (!str_eq(w, part)) {
			return false;
		}
		if (want_last || have_last)
			return want_last && have_last;
	}
}

enum err
match_route(struct req *rq, const struct route *routes, size_t n, const struct route **out, char **allow)
{
	static const char *const names[] = {
		[GET] = "GET, HEAD", [POST] = "POST", [PATCH] = "PATCH", [DELETE] = "DELETE"
	};
	bool path_known = false;

	*allow = arena_printf(rq->arena, "%s", "");
	for (size_t i = 0; i < n; i++) {
		if (!fits(rq, routes[i].path))
			continue;
		if (routes[i].method == rq->method) {
			*out = &routes[i];
			return OK;
		}
		path_known = true;
		*allow =
		    arena_printf(rq->arena, "%s%s%s", *allow, **allow ? ", " : "", names[routes[i].method]);
	}
	if (!path_known)
		return fail(rq, ERR_NOT_FOUND, "There is nothing at this address.");
	return fail(rq, ERR_METHOD, "Use one of: %s.", *allow);
}

static enum err
read_json(struct req *rq)
{
	struct json_tokener *tok;
	enum err e = OK;

	/* json-c stops at a NUL and lets surrogates and overlong forms pass. */
	if (!utf8_text(rq->body))
		return fail(
		    rq, ERR_MALFORMED, "The body is not JSON: it is not UTF-8, or holds control characters.");
	tok = json_tokener_new_ex(JSON_DEPTH);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	rq->json = json_tokener_parse_ex(tok, rq->body.p, (int)rq->body.n + 1);
	if (rq->json == NULL || json_tokener_get_error(tok) != json_tokener_success)
		e = fail(rq, ERR_MALFORMED, "The body is not JSON: %s at byte %zu.",
		    json_tokener_error_desc(json_tokener_get_error(tok)), json_tokener_get_parse_end(tok));
	else if (!json_object_is_type(rq->json, json_type_object))
		e = fail(rq, ERR_MALFORMED, "The body must be a JSON object.");
	json_tokener_free(tok);
	return e;
}

static void
override_method(struct req *rq)
{
	struct str value;
	size_t at = 0;

	if (rq->method == POST && param_next(&rq->form, "_method", &at, &value) &&
	    (str_is(value, "PATCH") || str_is(value, "DELETE")))
		take_method(rq, value);
}

enum err
match_body(struct req *rq, bool files)
{
	bool form = str_is(rq->type, "application/x-www-form-urlencoded");
	bool json = str_is(rq->type, "application/json") || str_is(rq->type, "application/merge-patch+json");

	if (rq->method == GET || (rq->body.n == 0 && rq->type.n == 0))
		return OK;
	if (files)
		return OK;
	if (rq->face == FACE_JSON && json)
		return rq->body.n == 0 && rq->method != PATCH && rq->method != POST ? OK : read_json(rq);
	if (form && rq->face == FACE_HTML) {
		if (parse_params(rq->arena, rq->body, &rq->form) != OK)
			return fail(rq, ERR_MALFORMED, "The form's fields cannot be read.");
		override_method(rq);
		return OK;
	}
	if (rq->body.n == 0)
		return OK;
	return fail(rq, ERR_MEDIA, "Send %s.",
	    rq->face == FACE_JSON ? "application/json" : "application/x-www-form-urlencoded");
}

/*
 * request.h - what arrived: method, path, fields, body, who asks.
 *
 * Texts are well-formed UTF-8 without control characters but tab and newline;
 * anything else was refused before a handler sees it.  All of it lives in the
 * request's arena.
 */
#ifndef MUSTER_REQUEST_H
#define MUSTER_REQUEST_H

#include "arena.h"
#include "db.h"
#include "err.h"

struct json_object; /* json-c */

enum method { GET = 1, POST, PATCH, DELETE };

/* Two faces, one handler: /api/X speaks JSON, /X is a page or a form. */
enum face { FACE_HTML, FACE_JSON };

enum role { ROLE_ADMIN = 1, ROLE_MANAGER = 2, ROLE_PUBLISHER = 4, ROLE_RESPONDER = 8 };

/* Who signed in; roles = 0: nobody. */
struct who {
	struct str key;  /* "user:ana" or "token:importer": the key of its hash */
	struct str name; /* "ana" */
	unsigned roles;
	struct str csrf;    /* of the session; empty with a bearer token */
	struct str session; /* the key of the session */
	struct str secret;  /* what was shown for it: a cookie's or a token's; kept nowhere */
	bool first;         /* has still to choose a password of his own */
};

struct param {
	struct str name, value;
};

struct params {
	struct param *v;
	size_t n;
};

/* What is wrong with a field, for the user: 422 collects them all. */
struct fault {
	const char *field, *code, *message;
	struct fault *next;
};

/* A failed try to be counted (throttle.h) once the request is over. */
struct note {
	struct str key;
	int64_t window_ms;
	struct note *next;
};

struct req {
	struct arena *arena;
	struct db *db;     /* its tenant's, and no other's */
	struct str tenant; /* that one's name (tenant.h); empty: the default one */
	struct str title;  /* the organisation's name, as pages show it */
	int64_t now;       /* unix ms */

	enum method method;
	bool head; /* HEAD: a GET whose body is not sent */
	enum face face;
	struct str path;   /* decoded, without /api */
	struct str arg[3]; /* what stood for {…} in the route */
	struct params query, form;
	struct json_object *json; /* the body, an object; NULL without one */
	struct str body;          /* as it came */
	struct str type;          /* of the body, without parameters */

	struct str host, address; /* Host and the client's address */
	struct str cookie, authorization, accept;
	struct str if_none_match, if_match, idempotency_key;
	struct str last_event_id; /* whatever somebody sent: not yet a number */
	bool https;
	bool ssi; /* the server in front fills in include directives */

	struct who who;
	const char *pattern; /* of the route: "/people/{name}" */
	struct str target;   /* for the audit log, where the path does not say what was changed: "post:7" */
	struct str used;     /* key of a token whose last use is to be noted */
	struct fault *faults, **faults_end;
	const char *detail; /* of the problem, for the user */
	struct str extra;   /* members added to the problem: `"alternatives":[…]` */
	struct note *notes;
	int64_t retry_after; /* seconds, beside ERR_TOO_MANY; 0: the usual minute */
};

/* Says what is wrong, in words for the user, and hands the error back. */
enum err fail(struct req *, enum err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Adds a fault: always false, so that `return fault(…)` reads well.  `code` is
 * for programs: missing, type, length, range, choice, format, unknown, used,
 * read-only, name, room, wrong. */
bool fault(struct req *, const char *field, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A query parameter; empty where it is not given.  param_next() walks over
 * those of one name: start with *at = 0; false at the end. */
struct str query(const struct req *, const char *name);
bool param_next(const struct params *, const char *name, size_t *at, struct str *value);

/* A form's field as it was typed; empty where there is none. */
struct str form_value(const struct req *, const char *name);

/* Fields of the body, JSON member or form field alike.  need_* adds a fault
 * when it is missing, both when it is wrong.  Lengths are in code points; text
 * is trimmed.  An empty form field counts as missing. */
bool has_field(struct req *, const char *name);
bool is_text(struct req *, const char *name); /* one text, not a list or a number */
bool need_text(struct req *, const char *name, size_t max, struct str *out);
bool opt_text(struct req *, const char *name, size_t max, struct str *out); /* empty: none */
bool need_int(struct req *, const char *name, int64_t min, int64_t max, int64_t *out);
bool opt_int(struct req *, const char *name, int64_t min, int64_t max, int64_t *out); /* untouched: none */

/* A list of texts: a JSON array, or form fields of that name. */
bool opt_list(
    struct req *, const char *name, size_t max_items, size_t max_length, struct str **out, size_t *n);

/* Page size: `limit` of the query, 1 to 100, `usual` where not given; larger
 * is cut, nonsense is a fault. */
bool query_limit(struct req *, size_t usual, size_t *out);

/* "46.77,23.59" (latitude first) as degrees. */
bool parse_near(struct str, double *latitude, double *longitude);

/* Decodes a=b&c=d (application/x-www-form-urlencoded) into at most 256 pairs.
 * ERR_MALFORMED: more, or not text. */
enum err parse_params(struct arena *, struct str, struct params *);

/* %XX (and + where `plus`) decoded.  False: a bad escape or not text. */
bool percent_decode(struct arena *, struct str, bool plus, struct str *out);

#endif

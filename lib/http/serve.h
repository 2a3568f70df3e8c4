/*
 * serve.h - the one main loop of every handler.
 *
 * A route's row says method, path, who may, which transaction.  serve() checks
 * them for all routes alike: path and method, body, who asks, CSRF token,
 * idempotency; runs the handler in its transaction; commits; and only then
 * replies.  A handler is a function of its request.
 *
 * Writes that arrive together share one durable commit: each runs in a
 * savepoint of its own, one that fails takes only itself back, and nobody is
 * answered before the commit.
 *
 * Run from a shell with CGI's environment (RFC 3875) a program answers one
 * request on standard output: that is how the route tests call it.
 */
#ifndef MUSTER_SERVE_H
#define MUSTER_SERVE_H

#include "request.h"
#include "response.h"

/* Who may call, as a mask of roles, or one of these. */
enum {
	PUBLIC = 0, /* everybody, and the answer is the same for all: the server may keep it for a second */
	ANYONE = 1u << 30, /* everybody, but the answer is for the one who asks */
	SHARED = 1u << 29, /* everybody: who shows no session and no token gets what all such get, as PUBLIC;
			      staff get their own, which nobody keeps */
	ANY_BODY = 1u << 28, /* beside one of them: a body of any type is taken, and not read */
	FIRST = 1u << 27,    /* beside one of them: also for who has still to choose a password */
	STAFF = ROLE_ADMIN | ROLE_MANAGER | ROLE_PUBLISHER | ROLE_RESPONDER,
};

struct route {
	enum method method;
	const char *path; /* "/shelters/{id}": both faces; an extension makes a path of its own */
	unsigned who;
	enum tx tx; /* TX_NONE: the handler has its own, and answers for it */
	enum err (*handle)(struct req *, struct res *);
};

/* Serves until the process is told to end; the exit status for main().  With
 * MUSTER_ROUTES in the environment it serves nothing but prints the table, a line
 * "METHOD PATH WHO TX" each: what tests/route/matrix.t is held against. */
int serve(const struct route *, size_t n);
int serve_table(const struct route *, size_t n);

/* W.  Writes into the audit log what this request did, where a person or a
 * program signed in for it (rq->who).  serve() does it for each TX_WRITE that
 * succeeds; a handler with transactions of its own calls it in the one that counts. */
enum err serve_audit(struct req *);

/* As serve(), for bodies of other types than JSON and forms, up to `max_body`
 * bytes, handed on as they came (import). */
int serve_files(const struct route *, size_t n, size_t max_body);

#endif

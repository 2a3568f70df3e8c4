/*
 * response.h - what leaves: status, headers, body.
 *
 * Written into memory and sent only after the transaction was committed;
 * whole data sets alone are streamed (res_stream), from a read transaction.
 */
#ifndef MUSTER_RESPONSE_H
#define MUSTER_RESPONSE_H

#include "buf.h"
#include "err.h"
#include "json.h"
#include "request.h"

struct res {
	int status;
	bool rendered;     /* there is an answer, also beside an error */
	bool sent_head;    /* streaming has begun */
	bool no_body;      /* HEAD */
	bool token;        /* a one-time token is in it: nobody on the way may hand it to two */
	bool secret;       /* a secret is in it: kept only sealed, where it is kept (idempotency.h) */
	bool alone;        /* not even the server in front may keep it */
	const char *type;  /* Content-Type */
	const char *cache; /* Cache-Control, if not what the route's row says */
	int64_t keep;      /* seconds that the server in front may keep it; 0: this one */
	struct buf head;   /* further header lines */
	struct buf body;
	const char *feed, *feed_title; /* of a page: html_alternate() */
	void (*flush)(struct res *);   /* sends what is in body (the head first) and empties it */
	void *to;                      /* where to: serve()'s */
};

/* A header; CR and LF in it become spaces. */
void res_header(struct res *, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Starts a JSON answer; write into the struct json it gives. */
struct json res_json(struct res *, int status);

/* 303 See Other to a path of this site. */
enum err res_see_other(struct res *, const char *path);

enum err res_no_content(struct res *);

/* Names the version of a public answer by the write sequence it shows.  True:
 * the client has it (If-None-Match) and the answer is 304, done. */
bool res_fresh(const struct req *, struct res *, int64_t sequence);

/* The same for an answer that is written already and hangs on more than the
 * write sequence, such as on the time: its bytes are its version. */
bool res_same(const struct req *, struct res *);

/* Called now and then while a large body is written: sends what there is. */
void res_stream(struct res *);

#endif

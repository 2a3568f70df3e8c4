/*
 * session.h - who asks: sessions of people, tokens of programs.
 *
 * A session's and a token's secret is 256 random bits; the store holds only
 * its BLAKE2b hash, as the key session:HASH or token:HASH.  Roles are read
 * from the user at each request: what an admin takes away is gone at once.
 */
#ifndef MUSTER_SESSION_H
#define MUSTER_SESSION_H

#include "request.h"
#include "response.h"

#define SESSION_COOKIE "muster_session"

enum { SESSION_MS = 12 * 60 * 60 * 1000 };

/* Fills in rq->who from the cookie or the Authorization header; nobody where
 * there is none.  ERR_LOGIN: a bearer token that is not (or no longer) good. */
enum err session_who(struct req *);

/* W.  Starts a session for a user and sets its cookie. */
void session_start(struct req *, struct res *, struct str user);

/* W.  What serve() does with rq->used: a token's last use, at most once an hour. */
void session_record(struct req *);

/* A user's sessions, the latest first.  `id`: the key without its prefix, no secret. */
struct session {
	struct str id;
	int64_t created_at, ends_at;
};
enum { SESSIONS_MAX = 50 }; /* of one user; one more ends the oldest */
enum err session_list(struct db *, struct arena *, struct str user, struct session **, size_t *n);

/* W.  Ends one; ERR_NOT_FOUND: it is none of this user's.  Ends all, but for `except`
 * (a key; empty: none). */
enum err session_end_one(struct db *, struct arena *, struct str user, struct str id);
enum err session_end_all(struct db *, struct arena *, struct str user, struct str except);

/* W.  Ends the caller's session and takes its cookie back. */
void session_end(struct req *, struct res *);

/* The key that holds what a secret stands for: prefix + hash in hexadecimal. */
struct str secret_key(struct arena *, const char *prefix, struct str secret);

/* Compares in a time that tells nothing of the content. */
bool secret_eq(struct str a, struct str b);

/* "admin,manager" as a mask and back; an unknown role is left out. */
unsigned roles_parse(struct str list);
struct str roles_print(struct arena *, unsigned roles);
unsigned role_named(struct str name); /* 0: no such role */

/* Whether the caller may work at this shelter's door: an admin, or a manager
 * to whom it was given (set {who}:shelters). */
bool may_manage(struct req *, struct str shelter);

#endif

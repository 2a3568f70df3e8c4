/*
 * account.h - people and programs that may do more than citizens.
 *
 * Hash user:NAME (password, roles, created_at, disabled_at, once_until), set
 * user:NAME:shelters, set `users`; hash token:HASH (name, roles, created_at,
 * used_at) and set token:HASH:shelters.  Passwords are kept as Argon2id strings (libsodium,
 * its "interactive" cost).
 */
#ifndef MUSTER_ACCOUNT_H
#define MUSTER_ACCOUNT_H

#include "db.h"

#include "clock.h"

enum { ONCE_MS = 7 * 24 * HOUR_MS, TOKENS_MAX = 1000, SHELTERS_GIVEN = 200 };
enum { PASSWORD_MIN = 10, PASSWORD_MAX = 200, USER_NAME_MAX = 64 };

/* Lower-case letters, digits and . _ - , up to 64. */
bool user_name_valid(struct str);

/* W.  ERR_CONFLICT: the name is taken.  ERR_NOT_FOUND: one of the shelters
 * does not exist; *unknown says which. */
enum err user_add(struct db *, struct arena *, struct str name, struct str password, unsigned roles,
    const struct str *shelters, size_t n, struct str *unknown);

/* ERR_NOT_FOUND: no such user, or not this password, or disabled, or a password
 * for one sign-in that is too old; takes as long for all. */
enum err user_verify(struct db *, struct arena *, struct str name, struct str password);

struct user {
	struct str name;
	unsigned roles;
	int64_t created_at, disabled_at; /* 0: enabled */
	int64_t once_until;              /* its password was made by somebody else; 0: chosen */
};
enum err user_get(struct db *, struct arena *, struct str name, struct user *); /* ERR_NOT_FOUND */

/* Users after `after` (all: an empty str with p = NULL) by name, `limit` at most. */
enum err user_list(struct db *, struct arena *, struct str after, size_t limit, struct user **, size_t *n);

/* W.  ERR_NOT_FOUND.  ERR_CONFLICT: no admin who can sign in would be left. */
enum err user_set_roles(struct db *, struct arena *, struct str name, unsigned roles);

/* W.  Disabled: all sessions end, and there is no sign-in.  Errors as above. */
enum err user_enable(struct db *, struct arena *, struct str name, bool enabled);

/* W.  All sessions end.  `once`: made by somebody else; good for ONCE_MS, and for
 * nothing but choosing another.  Hashing takes its time: user_hash() before the
 * transaction where that matters. */
struct str user_hash(struct arena *, struct str password);
enum err user_set_password(struct db *, struct arena *, struct str name, struct str hash, bool once);

/* W.  What its password is now is good for ONCE_MS, and to choose another. */
enum err user_once(struct db *, struct arena *, struct str name);

/* The hash as it is kept: two readings tell whether it was changed between. */
enum err user_password(struct db *, struct arena *, struct str name, struct str *hash);

/* The shelters given to "user:NAME" or "token:HASH"; W: exactly these.
 * ERR_NOT_FOUND: *unknown is none. */
enum err shelters_given(struct db *, struct arena *, struct str who, struct str **ids, size_t *n);
enum err shelters_give(
    struct db *, struct arena *, struct str who, const struct str *ids, size_t n, struct str *unknown);

struct token {
	struct str id; /* its key without the prefix: no secret */
	struct str name;
	unsigned roles;
	int64_t created_at, used_at, expires_at; /* 0: never */
};
enum err token_list(struct db *, struct arena *, struct token **, size_t *n);   /* by name */
enum err token_get(struct db *, struct arena *, struct str id, struct token *); /* ERR_NOT_FOUND */
enum err token_revoke(struct db *, struct arena *, struct str id);              /* W; ERR_NOT_FOUND */

/* W.  Until when the token with this secret is good. */
enum err token_expire(struct db *, struct arena *, struct str secret, int64_t at);

/* W.  A bearer token; *secret is shown once and kept nowhere.  Errors as user_add. */
enum err token_add(struct db *, struct arena *, struct str name, unsigned roles, const struct str *shelters,
    size_t n, struct str *secret, struct str *unknown);

/* A random password of four groups of five letters and digits: 100 bits. */
struct str password_make(struct arena *);

#endif

/*
 * account.h - people and programs that may do more than citizens.
 *
 * Hash user:NAME (password, roles, created_at), set user:NAME:shelters, set
 * `users`; hash token:HASH (name, roles, created_at) and set
 * token:HASH:shelters.  Passwords are kept as Argon2id strings (libsodium,
 * its "interactive" cost).
 */
#ifndef MUSTER_ACCOUNT_H
#define MUSTER_ACCOUNT_H

#include "db.h"

enum { PASSWORD_MIN = 10, PASSWORD_MAX = 200, USER_NAME_MAX = 64 };

/* Lower-case letters, digits and . _ - , up to 64. */
bool user_name_valid(struct str);

/* W.  ERR_CONFLICT: the name is taken.  ERR_NOT_FOUND: one of the shelters
 * does not exist; *unknown says which. */
enum err user_add(struct db *, struct arena *, struct str name, struct str password, unsigned roles,
    const struct str *shelters, size_t n, struct str *unknown);

/* ERR_NOT_FOUND: no such user, or not this password; takes as long for both. */
enum err user_verify(struct db *, struct arena *, struct str name, struct str password);

/* A user's roles, as roles_parse() reads them.  ERR_NOT_FOUND. */
enum err user_roles(struct db *, struct arena *, struct str name, struct str *roles);

/* W.  A bearer token; *secret is shown once and kept nowhere.  Errors as user_add. */
enum err token_add(struct db *, struct arena *, struct str name, unsigned roles, const struct str *shelters,
    size_t n, struct str *secret, struct str *unknown);

/* A random password of four groups of five letters and digits: 100 bits. */
struct str password_make(struct arena *);

#endif

/*
 * set.h - sets: members under one key, each once.
 *
 * All calls: ERR_TYPE when the key holds another kind of value.
 */
#ifndef MUSTER_SET_H
#define MUSTER_SET_H

#include "db.h"

/* W.  SADD; a member that is there stays.  set_add_many() tells how many are new. */
enum err set_add(struct db *, struct str key, struct str member);
enum err set_add_many(struct db *, struct str key, const struct str *members, size_t n, int64_t *added);

/* W.  SREM; a missing member is no fault.  set_rem_many() tells how many went. */
enum err set_rem(struct db *, struct str key, struct str member);
enum err set_rem_many(struct db *, struct str key, const struct str *members, size_t n, int64_t *removed);

/* SISMEMBER; false also where the key is missing or of another type. */
bool set_has(struct db *, struct str key, struct str member);

/* SMISMEMBER: has[i]. */
enum err set_has_many(struct db *, struct str key, const struct str *members, size_t n, bool *has);

/* SCARD; a missing key has 0. */
enum err set_card(struct db *, struct str key, int64_t *n);

/* Members after `after` (all: an empty str with p = NULL) in byte order,
 * `limit` at most. */
enum err set_page(struct db *, struct arena *, struct str key, struct str after, size_t limit,
    struct str **members, size_t *n);

/* SRANDMEMBER: `count` different ones (all where there are fewer) or,
 * negative, -count that may repeat.  W: SPOP, which also takes them away. */
enum err set_random(struct db *, struct arena *, struct str key, int64_t count, struct str **, size_t *n);
enum err set_pop(struct db *, struct arena *, struct str key, int64_t count, struct str **, size_t *n);

/* W.  SMOVE: *moved is false where `from` has it not.  ERR_TYPE: one of the
 * two is no set; nothing was changed. */
enum err set_move(struct db *, struct str from, struct str to, struct str member, bool *moved);

/* SINTER, SUNION, SDIFF of several sets, in byte order; a missing key is empty.
 * `limit` ends an intersection early (SINTERCARD); 0: none. */
enum set_op { SET_INTER, SET_UNION, SET_DIFF };
enum err set_combine(struct db *, struct arena *, enum set_op, const struct str *keys, size_t nkeys,
    size_t limit, struct str **members, size_t *n);

/* W.  The key, of whatever type it was, becomes exactly these, its expiry gone:
 * what *STORE does.  n = 0: it goes. */
void set_replace(struct db *, struct str key, const struct str *members, size_t n);

#endif

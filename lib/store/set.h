/*
 * set.h - sets: members under one key, each once.
 *
 * All calls: ERR_TYPE when the key holds another kind of value.
 */
#ifndef MUSTER_SET_H
#define MUSTER_SET_H

#include "db.h"

/* W.  SADD; a member that is there stays. */
enum err set_add(struct db *, struct str key, struct str member);

/* W.  SREM; a missing member is no fault. */
enum err set_rem(struct db *, struct str key, struct str member);

/* SISMEMBER; false also where the key is missing or of another type. */
bool set_has(struct db *, struct str key, struct str member);

/* SCARD; a missing key has 0. */
enum err set_card(struct db *, struct str key, int64_t *n);

/* Members after `after` (all: an empty str with p = NULL) in byte order,
 * `limit` at most. */
enum err set_page(struct db *, struct arena *, struct str key, struct str after, size_t limit,
    struct str **members, size_t *n);

#endif

/*
 * hash.h - hashes: fields with values under one key.
 *
 * Fields and values are bytes; a value that is a 64-bit decimal integer can be
 * counted.  All calls: ERR_TYPE when the key holds another kind of value.
 */
#ifndef MUSTER_HASH_H
#define MUSTER_HASH_H

#include "db.h"

struct field {
	struct str name, value;
};

/* W.  HSET of n fields; a field named twice: the last one wins.  What already
 * has its value is not written again. */
enum err hash_set(struct db *, struct str key, const struct field *, size_t n);

/* W.  Appends a field that is known to be new, such as a numbered entry:
 * HSETNX without the look-up.  A field that exists is a bug and ends the
 * process. */
enum err hash_append(struct db *, struct str key, struct str field, struct str value);

/* HGET.  ERR_NOT_FOUND: no such key or field. */
enum err hash_get(struct db *, struct arena *, struct str key, struct str field, struct str *value);

/* HGETALL, in byte order of the fields.  A missing key is empty: *n = 0. */
enum err hash_all(struct db *, struct arena *, struct str key, struct field **, size_t *n);

/* Fields after `after` (all: an empty str with p = NULL) in byte order,
 * `limit` at most. */
enum err hash_page(
    struct db *, struct arena *, struct str key, struct str after, size_t limit, struct field **, size_t *n);

/* W.  HDEL; a missing field is no fault. */
enum err hash_del(struct db *, struct str key, struct str field);

/* HLEN. */
enum err hash_len(struct db *, struct str key, int64_t *n);

#endif

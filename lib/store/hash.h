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
 * has its value is not written again.  hash_set_many() also tells how many are new. */
enum err hash_set(struct db *, struct str key, const struct field *, size_t n);
enum err hash_set_many(struct db *, struct str key, const struct field *, size_t n, int64_t *added);

/* W.  HSETNX: *set is false where the field is there. */
enum err hash_set_new(struct db *, struct str key, struct str field, struct str value, bool *set);

/* W.  Appends a field that is known to be new, such as a numbered entry:
 * HSETNX without the look-up.  A field that exists is a bug and ends the
 * process. */
enum err hash_append(struct db *, struct str key, struct str field, struct str value);

/* HGET.  ERR_NOT_FOUND: no such key or field. */
enum err hash_get(struct db *, struct arena *, struct str key, struct str field, struct str *value);

/* HMGET: values[i].p = NULL where there is none. */
enum err hash_get_many(
    struct db *, struct arena *, struct str key, const struct str *fields, size_t n, struct str *values);

/* HGETALL, in byte order of the fields.  A missing key is empty: *n = 0. */
enum err hash_all(struct db *, struct arena *, struct str key, struct field **, size_t *n);

/* Fields after `after` (all: an empty str with p = NULL) in byte order,
 * `limit` at most. */
enum err hash_page(
    struct db *, struct arena *, struct str key, struct str after, size_t limit, struct field **, size_t *n);

/* W.  HDEL; a missing field is no fault.  hash_del_many() tells how many went. */
enum err hash_del(struct db *, struct str key, struct str field);
enum err hash_del_many(struct db *, struct str key, const struct str *fields, size_t n, int64_t *removed);

/* HLEN. */
enum err hash_len(struct db *, struct str key, int64_t *n);

/* W.  HINCRBY.  ERR_INPUT: the value is not an integer; ERR_CONFLICT: the sum
 * leaves 64 bits. */
enum err hash_incr(struct db *, struct str key, struct str field, int64_t by, int64_t *value);

/* W.  HINCRBYFLOAT, as string_incr_float(). */
enum err hash_incr_float(
    struct db *, struct arena *, struct str key, struct str field, long double by, struct str *value);

/* HRANDFIELD: `count` different ones (all where there are fewer) or, negative,
 * -count that may repeat.  A missing key has none. */
enum err hash_random(struct db *, struct arena *, struct str key, int64_t count, struct field **, size_t *n);

#endif

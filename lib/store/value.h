/*
 * value.h - strings and counters: SET, GET, INCRBY.  (string.h is libc's.)
 *
 * A value is bytes, 512 MiB at most as in Redis; a counter is one whose bytes
 * are a 64-bit decimal integer, kept as an integer inside.  SET overwrites any
 * type, as Redis does; all others answer ERR_TYPE where the key holds one.
 */
#ifndef MUSTER_VALUE_H
#define MUSTER_VALUE_H

#include "db.h"

#define STRING_MAX (INT64_C(512) * 1024 * 1024)

/* W.  SET, with PXAT where `expires` (unix ms) is not 0: without it the key
 * loses its expiry. */
void string_set(struct db *, struct str name, struct str value, int64_t expires);
void string_set_int(struct db *, struct str name, int64_t value);

/* W.  SET with its options.  *old (NULL: not wanted, as without GET) becomes
 * what was there, p = NULL for nothing; ERR_TYPE then, and nothing is written,
 * when that is no string.  *set tells whether the condition held.  An `expires`
 * that is past takes the key away. */
enum string_flag { STRING_NX = 1, STRING_XX = 2, STRING_KEEPTTL = 4 };
enum err string_set_if(struct db *, struct arena *, struct str name, struct str value, unsigned flags,
    int64_t expires, struct str *old, bool *set);

/* GET.  *value from the arena.  ERR_NOT_FOUND, ERR_TYPE. */
enum err string_get(struct db *, struct arena *, struct str name, struct str *value);

/* STRLEN; a missing key has 0. */
enum err string_len(struct db *, struct str name, int64_t *n);

/* A counter's value; a missing key is 0.  ERR_TYPE; ERR_INPUT: not an integer. */
enum err string_get_int(struct db *, struct str name, int64_t *value);

/* W.  INCRBY: keeps the expiry.  ERR_INPUT: not an integer; ERR_CONFLICT: the
 * sum leaves 64 bits. */
enum err string_incr(struct db *, struct str name, int64_t by, int64_t *value);

/* W.  INCRBYFLOAT: the new value as Redis writes it (17 digits behind the
 * point, trailing zeros cut, no exponent).  ERR_INPUT: not a number;
 * ERR_CONFLICT: the sum is not finite. */
enum err string_incr_float(struct db *, struct arena *, struct str name, long double by, struct str *value);

/* W.  APPEND; *n is the new length.  ERR_TOO_LARGE. */
enum err string_append(struct db *, struct arena *, struct str name, struct str value, int64_t *n);

/* W.  SETRANGE: overwrites from `offset` (>= 0) on, after zero bytes where the
 * string is shorter; an empty value changes nothing.  ERR_TOO_LARGE. */
enum err string_set_range(
    struct db *, struct arena *, struct str name, int64_t offset, struct str value, int64_t *n);

#endif

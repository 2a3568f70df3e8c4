/*
 * value.h - strings and counters: SET, GET, INCRBY.  (string.h is libc's.)
 *
 * A value is bytes; a counter is one whose bytes are a 64-bit decimal integer,
 * kept as an integer inside.  SET overwrites any type, as Redis does.
 */
#ifndef MUSTER_VALUE_H
#define MUSTER_VALUE_H

#include "db.h"

/* W.  SET, with PXAT where `expires` (unix ms) is not 0: without it the key
 * loses its expiry. */
void string_set(struct db *, struct str name, struct str value, int64_t expires);
void string_set_int(struct db *, struct str name, int64_t value);

/* GET.  *value from the arena.  ERR_NOT_FOUND, ERR_TYPE. */
enum err string_get(struct db *, struct arena *, struct str name, struct str *value);

/* A counter's value; a missing key is 0.  ERR_TYPE; ERR_INPUT: not an integer. */
enum err string_get_int(struct db *, struct str name, int64_t *value);

/* W.  INCRBY: keeps the expiry.  ERR_INPUT: not an integer, or the sum leaves
 * 64 bits. */
enum err string_incr(struct db *, struct str name, int64_t by, int64_t *value);

#endif

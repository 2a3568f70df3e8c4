/*
 * link.h - addresses that only we can have given out.
 *
 * A token is what it stands for and a keyed hash over it (BLAKE2b with the
 * tenant's secret), so that none needs to be kept and none can be guessed:
 * "42-9m3k…": letters, digits and dashes only.
 */
#ifndef MUSTER_LINK_H
#define MUSTER_LINK_H

#include "arena.h"
#include "db.h"

/* For `purpose` ("unsubscribe", "sms-status") and a number. */
struct str link_token(struct db *, struct arena *, const char *purpose, int64_t id);

/* The number; false: this was never one of ours for that purpose. */
bool link_verify(struct db *, struct arena *, const char *purpose, struct str token, int64_t *id);

/* The keyed hash alone, as `bytes` (64 at most) in hexadecimal: for what must be
 * found again and not be read, such as an address. */
struct str link_hash(struct db *, struct arena *, struct str what, size_t bytes);

#endif

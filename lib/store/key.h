/*
 * key.h - what holds for keys of every type: DEL, EXISTS, EXPIRE, PTTL, sweeping.
 *
 * Names are bytes.  A key is gone in every read and write at the millisecond
 * its time comes; its row and members are taken away later, in small batches.
 */
#ifndef MUSTER_KEY_H
#define MUSTER_KEY_H

#include "db.h"

/* W.  Deletes; a missing key is no fault.  Large collections go at once for
 * every reader, their members later by key_sweep(). */
void key_del(struct db *, struct str name);

bool key_exists(struct db *, struct str name);

/* W.  The time at which it goes (unix ms); 0 = never.  One in the past
 * deletes.  ERR_NOT_FOUND. */
enum err key_expire_at(struct db *, struct str name, int64_t at);

/* When it goes; 0 = never or no such key. */
int64_t key_expires(struct db *, struct str name);

/* W.  Takes away at most about `batch` rows of expired keys and dropped
 * collections; false when nothing is left to do. */
bool key_sweep(struct db *, int64_t batch);

/* The names of live keys after `after` in byte order, `limit` at most, as an
 * array from the arena; SCAN for checks and tools. */
size_t key_scan(struct db *, struct arena *, struct str after, size_t limit, struct str **names);

#endif

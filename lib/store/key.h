/*
 * key.h - what holds for keys of every type: DEL, EXISTS, EXPIRE, PTTL, sweeping.
 *
 * Names are bytes.  A key is gone in every read and write at the millisecond
 * its time comes; its row and members are taken away later, in small batches.
 */
#ifndef MUSTER_KEY_H
#define MUSTER_KEY_H

#include "db.h"

/* W.  DEL; false: there was none.  Large collections go at once for every
 * reader, their members later by key_sweep(). */
bool key_del(struct db *, struct str name);

bool key_exists(struct db *, struct str name);

/* TYPE: "string", "list", "set", "zset", "hash", or "none". */
const char *key_type(struct db *, struct str name);

/* W.  RENAME: `to`, whatever it was, is replaced; the expiry goes along.
 * ERR_NOT_FOUND. */
enum err key_rename(struct db *, struct str name, struct str to);

/* W.  COPY, with the expiry.  ERR_NOT_FOUND; ERR_CONFLICT: `to` exists and is
 * not to be replaced. */
enum err key_copy(struct db *, struct str name, struct str to, bool replace);

/* DBSIZE: live keys. */
int64_t key_count(struct db *);

/* RANDOMKEY; false: there is none.  Uniform while most keys ever made live. */
bool key_random(struct db *, struct arena *, struct str *name);

/* W.  FLUSHDB: every key goes.  The write sequence and the outbox stay. */
void key_clear(struct db *);

/* W.  The time at which it goes (unix ms); 0 = never.  One in the past
 * deletes.  ERR_NOT_FOUND. */
enum err key_expire_at(struct db *, struct str name, int64_t at);

/* When it goes; 0 = never or no such key. */
int64_t key_expires(struct db *, struct str name);

/* When the next key of all goes, or should have been swept; 0: none ever. */
int64_t key_next_expiry(struct db *);

/* W.  Takes away expired keys and members of dropped collections: at most
 * about `batch` rows, and not for longer than some 2 ms, so that other writers
 * hardly wait; false when nothing is left to do. */
bool key_sweep(struct db *, int64_t batch);

/* The names of live keys after `after` (all: an empty str with p = NULL) in
 * byte order, `limit` at most, as an array from the arena. */
size_t key_scan(struct db *, struct arena *, struct str after, size_t limit, struct str **names);

/* SCAN: live keys in the order of their making, from *cursor (0: the first)
 * on, looking at `limit` rows at most.  *cursor then says where to go on, 0: at
 * the end.  Whatever lives all the while is returned once. */
struct key_entry {
	struct str name;
	const char *type; /* as key_type() */
};
size_t key_scan_ids(struct db *, struct arena *, int64_t *cursor, size_t limit, struct key_entry **);

/* Compares what is kept beside the members (lengths, counted runs, the number of
 * keys) with them, in a TX_READ that has written nothing; tells each difference
 * (`tell` may be NULL) and returns how many there are. */
int64_t key_check(struct db *, void (*tell)(void *arg, const char *text), void *arg);

#endif

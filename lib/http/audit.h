/*
 * audit.h - who did what, and when; nobody can take it back unseen.
 *
 * Entries are numbered from 1 in the hash `audit` and never change: each holds
 * the hash (BLAKE2b) of the one before it, so that a changed, missing or
 * inserted one shows (audit_check).  serve() writes one for every change that a
 * signed-in person or program made; no texts, addresses or secrets are in it.
 * `audit:head` holds the last number and hash, `audit:by:WHO` the numbers of one
 * person.  Who writes all of them anew leaves no trace here: only a head that was
 * noted elsewhere (muster check prints it) tells.
 */
#ifndef MUSTER_AUDIT_H
#define MUSTER_AUDIT_H

#include "arena.h"
#include "db.h"

enum { AUDIT_TEXT_MAX = 200 }; /* bytes of each of an entry's texts */

struct audit_entry {
	int64_t id, at;
	struct str who;    /* "user:ana", "token:importer" (its name), "cli:root" */
	struct str what;   /* "POST /posts", "user add" */
	struct str target; /* "post:7", "user:dan"; may be empty */
};

/* W.  Sets the id. */
enum err audit_put(struct db *, struct arena *, struct str who, struct str what, struct str target);

/* The newest first, below `before` (0: from the newest); of one person where `who` is not empty. */
enum err audit_list(struct db *, struct arena *, struct str who, int64_t before, size_t limit,
    struct audit_entry **, size_t *n);

/* OK, or ERR_CONFLICT and the id of the first entry that does not follow from the one before. */
enum err audit_check(struct db *, struct arena *, int64_t *broken);

/* How many there are, and the hash of the last (64 hexadecimal digits).
 * ERR_CONFLICT: it is spoilt. */
enum err audit_head(struct db *, struct arena *, int64_t *n, struct str *hash);

#endif

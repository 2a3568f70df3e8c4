/*
 * merge.h - several rankings of posts by N, read as one list.
 *
 * Each is read a few at a time, however long it is; a post that is in several
 * comes once.
 */
#ifndef MUSTER_MERGE_H
#define MUSTER_MERGE_H

#include "arena.h"
#include "db.h"

/* Ids between, both inclusive; the newest first, or the oldest. */
struct span {
	int64_t low, high;
	bool oldest;
};

struct merge;

struct merge *merge_new(struct db *, struct arena *, struct span);

/* `sure`: whoever reads the list may read all that is in this ranking. */
void merge_add(struct merge *, struct str key, bool sure);

/* false: the end, or *e is not OK. */
bool merge_next(struct merge *, int64_t *id, bool *sure, enum err *e);

#endif

/*
 * zset.h - sorted sets ("rankings"): members ordered by (score, member).
 *
 * Scores are doubles, infinities allowed; NaN is refused.  Members of one
 * score stand in byte order; a reversed reading reverses that too, as in
 * Redis.  All calls: ERR_TYPE when the key holds another kind of value.
 */
#ifndef MUSTER_ZSET_H
#define MUSTER_ZSET_H

#include "db.h"

struct zmember {
	struct str member;
	double score;
	struct str value; /* zset_page with `get`: empty where there is none */
};

/* W.  ZADD: adds or rescores.  ERR_INPUT: the score is NaN. */
enum err zset_add(struct db *, struct str key, struct str member, double score);

/* W.  ZREM; a missing member is no fault. */
enum err zset_rem(struct db *, struct str key, struct str member);

/* ZSCORE.  ERR_NOT_FOUND. */
enum err zset_score(struct db *, struct str key, struct str member, double *score);

/* ZCARD; a missing key has 0. */
enum err zset_card(struct db *, struct str key, int64_t *n);

/* A page of a ranking: where it starts and what comes along. */
struct zpage {
	bool reverse;                /* highest first */
	const struct zmember *after; /* NULL: from the start; else behind this (score, member) */
	double min, max;             /* only scores within [min, max] */
	size_t limit;
	const char *get; /* not NULL: also the string at key MEMBER + get, as SORT ... GET *suffix */
};
#define ZPAGE_ALL .min = -HUGE_VAL, .max = HUGE_VAL

/* ZRANGE BYSCORE LIMIT, continued by value rather than by rank: a page stays
 * right while others come and go.  A missing key is empty. */
enum err zset_page(
    struct db *, struct arena *, struct str key, const struct zpage *, struct zmember **, size_t *n);

/* How many finite scores there are and their sum: one pass over the index. */
enum err zset_sum(struct db *, struct str key, int64_t *count, double *sum);

#endif

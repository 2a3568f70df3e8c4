/*
 * zset.h - sorted sets ("rankings"): members ordered by (score, member).
 *
 * Scores are doubles, infinities allowed; NaN is refused.  Members of one
 * score stand in byte order; a reversed reading reverses that too, as in
 * Redis.  Ranks count from 0, the lowest score first.  All calls: ERR_TYPE when
 * the key holds another kind of value.
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

/* W.  ZADD of one with its options; with ZADD_INCR the score is added to the
 * present one.  *score becomes the member's score.  ERR_INPUT: it would be NaN. */
enum zadd_flag { ZADD_NX = 1, ZADD_XX = 2, ZADD_GT = 4, ZADD_LT = 8, ZADD_INCR = 16 };
enum zadd_result {
	ZADD_NOTHING, /* a condition did not hold */
	ZADD_SAME,
	ZADD_ADDED,
	ZADD_UPDATED
};
enum err zset_add_with(struct db *, struct str key, struct str member, double by, unsigned flags,
    double *score, enum zadd_result *);

/* W.  ZREM; a missing member is no fault.  zset_rem_many() tells how many went. */
enum err zset_rem(struct db *, struct str key, struct str member);
enum err zset_rem_many(struct db *, struct str key, const struct str *members, size_t n, int64_t *removed);

/* ZSCORE.  ERR_NOT_FOUND. */
enum err zset_score(struct db *, struct str key, struct str member, double *score);

/* ZCARD; a missing key has 0. */
enum err zset_card(struct db *, struct str key, int64_t *n);

/* ZRANK, or ZREVRANK.  ERR_NOT_FOUND. */
enum err zset_rank(struct db *, struct str key, struct str member, bool reverse, int64_t *rank);

/* What ZRANGE takes.  ZRANGE_LEX is for members of one score; with several the
 * members stand in byte order alone. */
enum zrange_by { ZRANGE_RANK, ZRANGE_SCORE, ZRANGE_LEX };
struct zbound {
	bool open;        /* the bound itself is not meant */
	bool end;         /* LEX: "-" of a min, "+" of a max */
	struct str bytes; /* LEX */
	double score;     /* SCORE */
};
struct zrange {
	enum zrange_by by;
	bool reverse;        /* the highest first; RANK counts from there */
	int64_t first, last; /* RANK, inclusive; negative: from the end */
	struct zbound min, max;
	int64_t offset, count; /* LIMIT; a negative count: all */
};

/* ZRANGE with BYSCORE, BYLEX, REV, LIMIT.  A missing key is empty. */
enum err zset_range(
    struct db *, struct arena *, struct str key, const struct zrange *, struct zmember **, size_t *n);

/* ZCOUNT, ZLEXCOUNT: how many a range by SCORE or LEX holds, LIMIT aside. */
enum err zset_count(struct db *, struct arena *, struct str key, const struct zrange *, int64_t *n);

/* W.  ZREMRANGEBY*: takes the members of a range away. */
enum err zset_remove_range(struct db *, struct arena *, struct str key, const struct zrange *, int64_t *n);

/* W.  ZPOPMIN, ZPOPMAX: takes up to `count` from an end. */
enum err zset_pop(
    struct db *, struct arena *, struct str key, bool max, int64_t count, struct zmember **, size_t *n);

/* ZRANDMEMBER: `count` different ones (all where there are fewer) or,
 * negative, -count that may repeat. */
enum err zset_random(
    struct db *, struct arena *, struct str key, int64_t count, struct zmember **, size_t *n);

/* ZUNION, ZINTER, ZDIFF of sorted sets and sets (score 1), by (score, member).
 * `weights` may be NULL; `limit` ends an intersection early (ZINTERCARD), 0:
 * none.  inf + -inf and 0 * inf are 0, as in Redis. */
enum zset_op { ZSET_INTER, ZSET_UNION, ZSET_DIFF };
enum zset_aggregate { ZSET_SUM, ZSET_MIN, ZSET_MAX };
enum err zset_combine(struct db *, struct arena *, enum zset_op, const struct str *keys,
    const double *weights, size_t nkeys, enum zset_aggregate, size_t limit, struct zmember **, size_t *n);

/* W.  The key, of whatever type it was, becomes exactly these, its expiry gone:
 * what *STORE does.  n = 0: it goes. */
void zset_replace(struct db *, struct str key, const struct zmember *, size_t n);

/* Members after `after` (all: an empty str with p = NULL) in byte order,
 * `limit` at most: ZSCAN. */
enum err zset_by_member(struct db *, struct arena *, struct str key, struct str after, size_t limit,
    struct zmember **, size_t *n);

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

/*
 * run.h - counted runs: ranks in large collections; for lib/store only.
 *
 * The members of a sorted set stand in order of (score, member), those of sets
 * and hashes in order of their bytes (score 0).  From some hundred members on
 * the order is divided into runs of a bounded number of members whose counts
 * are kept, runs of runs above them and so on: a rank is the sum of a few short
 * ranges, its cost grows with log n.  Smaller collections are simply counted.
 *
 * Counts are changed in memory and written when the transaction ends or a rank
 * is asked for: a thousand changes of one run in a transaction are one write.
 */
#ifndef MUSTER_RUN_H
#define MUSTER_RUN_H

#include "sql.h"

struct place {
	double score;
	struct str member;
};

/* W.  A member came (+1) or went (-1): after its row and key_resize(). */
void run_change(struct db *, struct key *, double score, struct str member, int by);

/* W.  A member's score changed: after its row. */
void run_move(struct db *, struct key *, struct str member, double from, double to);

/* How many members stand before this place. */
int64_t run_rank(struct db *, const struct key *, struct place);

/* A place that exactly *skip members (few) lie behind which the member of
 * this rank stands; the place's bytes are from the arena. */
struct place run_seek(struct db *, struct arena *, const struct key *, int64_t rank, int64_t *skip);

/* Random ranks below `length` (> 0) as an array from the arena: `count`
 * different ones (at most `length`), or -count that may repeat.  Returns how
 * many. */
size_t run_sample(struct arena *, int64_t length, int64_t count, int64_t **ranks);

/* So many that reading the whole collection once is cheaper than a seek each. */
bool run_sample_reads_all(int64_t length, size_t n);

/* W.  The key goes: so does what is remembered of it. */
void run_drop(struct db *, const struct key *);

/* Compares every count of the key with the members: how many are wrong. */
int64_t run_check(struct db *, const struct key *);

/* Called by db.c and key.c, as keys_*(). */
struct runs *runs_new(void);
void runs_free(struct runs *);
struct runs *db_runs(struct db *);
void runs_flush(struct db *);
void runs_forget(struct db *);

#endif

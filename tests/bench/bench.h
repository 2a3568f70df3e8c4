/*
 * bench.h - what the store's bench is made of: stores in build/, names, turns
 * taken by two sides, rows with a verdict.
 *
 * Only ratios within one run mean something: the two sides of a row take turns
 * of some milliseconds, so that what else the machine does falls on both alike,
 * and what is counted is processor time, the system's for us included.  The
 * disk's own time is in no row but those about locks: it would be the same.
 */
#ifndef BENCH_H
#define BENCH_H

#include <ftw.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "log.h"
#include "sql.h"

enum { ROUNDS_MAX = 99, NAME = 16 };

static int rounds = 5;
static int missed;
static bool judging; /* the sizes are those that the targets are for */
static char bench_dir[256];
static FILE *json;
static volatile int64_t sink; /* what is read must not be optimised away */

/* ---- time and chance ------------------------------------------------------ */

static inline int64_t
clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* What this process alone has used: the machine may have others on it. */
static inline int64_t
worked_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static uint64_t bench_seed = 88172645463325252ULL;

static inline uint64_t
rnd(void)
{
	bench_seed ^= bench_seed << 13;
	bench_seed ^= bench_seed >> 7;
	bench_seed ^= bench_seed << 17;
	return bench_seed;
}

static inline int64_t
rnd_below(int64_t n)
{
	return (int64_t)(((rnd() >> 32) * (uint64_t)n) >> 32);
}

static inline int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double
median(const double *values, int n)
{
	double sorted[ROUNDS_MAX];

	memcpy(sorted, values, sizeof(*values) * (size_t)n);
	qsort(sorted, (size_t)n, sizeof(*sorted), compare_doubles);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* ---- names: 16 bytes, in byte order; the even ones are loaded, the odd ones
 * are new, so that what is added falls between what is there. ---------------- */

static char (*names)[NAME];
static int64_t names_loaded;

static inline void
names_make(int64_t loaded)
{
	char text[32];

	free(names);
	names_loaded = loaded;
	if ((names = malloc((size_t)loaded * 2 * NAME)) == NULL)
		die("out of memory");
	for (int64_t i = 0; i < loaded * 2; i++) {
		snprintf(text, sizeof(text), "m%015lld", (long long)i);
		memcpy(names[i], text, NAME);
	}
}

static inline struct str
name_at(int64_t i)
{
	return (struct str){ names[i], NAME };
}

static inline struct str
name_old(void)
{
	return name_at(rnd_below(names_loaded) * 2);
}

/* Each odd name once, in an order that jumps about: the step, a prime, is
 * coprime to every count that is not a multiple of it. */
static inline struct str
name_new(int64_t *used)
{
	return name_at((int64_t)((uint64_t)(*used)++ * 7368787 % (uint64_t)names_loaded) * 2 + 1);
}

/* ---- stores ---------------------------------------------------------------- */

struct store {
	struct db *db;
	sqlite3 *handle;
	struct arena *arena;
	sqlite3_stmt *raw;
	int64_t id;   /* of the collection, for the raw side */
	int64_t used; /* new names */
	char path[300];
};

static inline void
sql_exec(sqlite3 *handle, const char *text)
{
	if (sqlite3_exec(handle, text, NULL, NULL, NULL) != SQLITE_OK)
		die("%s: %s", text, sqlite3_errmsg(handle));
}

static inline sqlite3_stmt *
sql_prepare(sqlite3 *handle, const char *text)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v3(handle, text, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
		die("%s: %s", text, sqlite3_errmsg(handle));
	return st;
}

static inline void
sql_blob(sqlite3_stmt *st, int i, struct str s)
{
	sqlite3_bind_blob(st, i, s.p, (int)s.n, SQLITE_STATIC);
}

/* Steps a statement that gives at most one row, and makes it ready again. */
static inline bool
sql_step(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		die("%s: %s", sqlite3_sql(st), sqlite3_errmsg(sqlite3_db_handle(st)));
	if (rc == SQLITE_DONE)
		sqlite3_reset(st);
	return rc == SQLITE_ROW;
}

static inline int64_t
sql_number(sqlite3 *handle, const char *text)
{
	sqlite3_stmt *st = sql_prepare(handle, text);
	int64_t n = sql_step(st) ? sqlite3_column_int64(st, 0) : 0;

	sqlite3_finalize(st);
	return n;
}

/* The connection under a struct db, which no header gives away: the raw side
 * runs on it, so that both sides have the same pages in the same cache. */
static inline sqlite3 *
handle_of(struct db *db)
{
	static const char *const sql[SQL_STATEMENTS] = { [SQL_STATEMENTS - 1] = "select 1" };

	return sqlite3_db_handle(db_stmt(db, SQL_OUTBOX, sql, SQL_STATEMENTS - 1, ""));
}

static inline void
store_reopen(struct store *s, enum db_role role)
{
	sqlite3_finalize(s->raw);
	s->raw = NULL;
	db_close(s->db);
	if (db_open(&s->db, s->path, role) != OK)
		die("%s does not open", s->path);
	s->handle = handle_of(s->db);
}

/* synchronous = NORMAL and no checkpoint in the middle of a turn: the disk is
 * the same for both sides, and not what is measured. */
static inline void
store_undisturbed(struct store *s)
{
	sql_exec(s->handle, "pragma synchronous = normal; pragma wal_autocheckpoint = 0");
}

static inline struct store *
store_new(enum db_role role)
{
	static int number;
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		die("out of memory");
	snprintf(s->path, sizeof(s->path), "%s/%d.db", bench_dir, number++);
	s->arena = arena_new();
	if (db_create(s->path) != OK)
		die("%s cannot be made", s->path);
	store_reopen(s, role);
	return s;
}

static inline void
store_checkpoint(struct store *s)
{
	sql_exec(s->handle, "pragma wal_checkpoint(truncate)");
}

static inline void
store_free(struct store *s)
{
	char log[320];

	sqlite3_finalize(s->raw);
	db_close(s->db);
	arena_free(s->arena);
	snprintf(log, sizeof(log), "%s-wal", s->path);
	unlink(log);
	snprintf(log, sizeof(log), "%s-turn", s->path);
	unlink(log);
	snprintf(log, sizeof(log), "%s-shm", s->path);
	unlink(log);
	unlink(s->path);
	free(s);
}

static inline void
begin(struct store *s, enum tx tx)
{
	if (db_begin(s->db, tx, now_ms()) != OK)
		die("begin");
}

static inline void
commit(struct store *s)
{
	if (db_commit(s->db) != OK)
		die("commit");
	arena_reset(s->arena);
}

/* Calls add(s, i) for i below n, in transactions of 10,000. */
static inline void
store_load(struct store *s, int64_t n, void (*add)(struct store *, int64_t i))
{
	for (int64_t i = 0; i < n; i++) {
		if (i % 10000 == 0)
			begin(s, TX_WRITE);
		add(s, i);
		if (i % 10000 == 9999 || i == n - 1)
			commit(s);
	}
	store_checkpoint(s);
}

/* ---- rows ------------------------------------------------------------------ */

/* Where the time of the run goes. */
static inline void
elapsed(const char *what)
{
	static int64_t since;
	int64_t now = clock_ns();

	if (since != 0 && getenv("VERBOSE") != NULL)
		printf("# %.1f s: %s\n", (double)(now - since) / 1e9, what);
	since = now;
}

static inline void
part(const char *title, const char *a, const char *b)
{
	printf("\n%-48s %12s %12s %8s   target\n", title, a, b, "ratio");
}

/* One more object in the JSON. */
static inline void __attribute__((format(printf, 1, 2))) note(const char *fmt, ...)
{
	static bool more;
	va_list ap;

	fputs(more ? ",\n{" : "[\n{", json);
	more = true;
	va_start(ap, fmt);
	vfprintf(json, fmt, ap);
	va_end(ap);
	fputs("}", json);
}

static inline const char *
verdict(bool good)
{
	missed += !good;
	return good ? "ok" : "MISSED";
}

/* A figure that may be `most` at most; 0: shown only. */
static inline void
figure(const char *name, double value, const char *unit, double most)
{
	printf("%-48s %12.4g %-12s", name, value, unit);
	if (most > 0 && judging)
		printf(" %8s   %s: <= %g", "", verdict(value <= most), most);
	printf("\n");
	fflush(stdout);
	note("\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"most\":%g", name, value, unit, most);
}

/* ---- two sides ------------------------------------------------------------- */

struct side {
	void (*run)(void *arg, int ops);
	void *arg;
	int ops; /* a turn */
};

static inline int64_t
turn(const struct side *s)
{
	int64_t from = worked_ns();

	s->run(s->arg, s->ops);
	return worked_ns() - from;
}

/* `turns` of each a round, taken in turn; `tidy` (may be NULL) runs between
 * rounds.  The ratio is the median of the rounds' own: a slow minute is slow
 * for both.  target 0: shown only. */
static inline void
duel(const char *name, struct side muster, struct side other, int turns, double target, void (*tidy)(void *))
{
	double mine[ROUNDS_MAX], theirs[ROUNDS_MAX], ratios[ROUNDS_MAX], ratio;

	turn(&muster); /* statements are prepared, caches are warm */
	turn(&other);
	for (int r = 0; r < rounds; r++) {
		int64_t a = 0, b = 0;

		if (tidy != NULL) {
			tidy(muster.arg);
			tidy(other.arg);
		}
		for (int t = 0; t < turns; t++)
			if (t % 2) {
				b += turn(&other);
				a += turn(&muster);
			} else {
				a += turn(&muster);
				b += turn(&other);
			}
		mine[r] = 1e9 * muster.ops * turns / (double)a;
		theirs[r] = 1e9 * other.ops * turns / (double)b;
		ratios[r] = mine[r] / theirs[r];
	}
	ratio = median(ratios, rounds);
	printf("%-48s %12.0f %12.1f %8.2f", name, median(mine, rounds), median(theirs, rounds), ratio);
	if (target > 0 && judging)
		printf("   %s: >= %g", verdict(ratio >= target), target);
	printf("\n");
	fflush(stdout);
	note("\"name\":\"%s\",\"muster_per_s\":%.1f,\"other_per_s\":%.1f,\"ratio\":%.4f,\"least\":%g", name,
	    median(mine, rounds), median(theirs, rounds), ratio, target);
}

#endif

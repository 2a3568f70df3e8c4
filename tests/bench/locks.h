/*
 * locks.h - for how long deleting a large collection, and sweeping what it
 * leaves, keep others from writing.
 *
 * A second process writes a little all the time, as handlers do, and says how
 * long it waited for its turn.  This one deletes, then sweeps as bin/dispatch
 * does, and says how long each of its transactions held the lock: from the
 * granted `begin` until the commit is done, without the checkpoint that may
 * follow (it lets writers through).  Time in which this process was ready but
 * the machine ran others is told apart and not counted; the very longest still
 * depends on what else the disk had to do, so 99 of 100 are judged.
 */
#ifndef LOCKS_H
#define LOCKS_H

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "bench.h"
#include "command.h"
#include "key.h"
#include "value.h"

enum {
	SAMPLES = 1 << 18,
	SWEEP_BATCH = 64 /* bin/dispatch's KEYS_AT_ONCE */,
	SWEEP_SECONDS = 50 /* its RUN_MS */
};

enum phase { ALONE, SWEEPING, OVER };

struct samples {
	int64_t n;
	double ms[SAMPLES];
};

/* Shared with the second process. */
struct watched {
	volatile int phase;
	struct samples wait[OVER]; /* for the lock */
};

static inline void
sample(struct samples *s, double ms)
{
	if (s->n < SAMPLES)
		s->ms[s->n++] = ms;
}

static inline double
percentile(struct samples *s, double p)
{
	qsort(s->ms, (size_t)s->n, sizeof(*s->ms), compare_doubles);
	return s->n > 0 ? s->ms[(int64_t)(p * (double)(s->n - 1))] : 0;
}

/* ---- the second process ----------------------------------------------------- */

static inline void
write_a_little(struct db *db, struct samples *waits)
{
	int64_t from = clock_ns(), value;

	if (db_begin(db, TX_WRITE, now_ms()) != OK)
		die("the writer's begin");
	sample(waits, (double)(clock_ns() - from) / 1e6);
	string_incr(db, S("writer"), 1, &value);
	if (db_commit(db) != OK)
		die("the writer's commit");
}

static inline pid_t
start_writer(const char *path, struct watched *watched)
{
	pid_t pid = fork();
	struct db *db;
	int phase;

	if (pid != 0)
		return pid;
	if (db_open(&db, path, DB_HANDLER) != OK)
		_exit(1);
	while ((phase = watched->phase) != OVER) {
		write_a_little(db, &watched->wait[phase]);
		usleep(300);
	}
	db_close(db);
	_exit(0);
}

/* ---- how long a transaction holds the lock -------------------------------------- */

struct held {
	int64_t since, until;
	int64_t since_ready, until_ready; /* ns ready but not running, so far */
	int checkpoint_pages;
	struct samples ms;
};

/* The kernel's count, where it keeps one. */
static inline int64_t
ready_ns(void)
{
	static int fd = -2;
	char text[100] = "";
	long long running, ready = 0;

	if (fd == -2)
		fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && pread(fd, text, sizeof(text) - 1, 0) > 0)
		sscanf(text, "%lld %lld", &running, &ready);
	return ready;
}

/* The commit is done and its lock given back; then what SQLite's own
 * automatic checkpoint does, which is such a hook too. */
static inline int
committed(void *arg, sqlite3 *handle, const char *schema, int pages)
{
	struct held *held = arg;

	held->until = clock_ns();
	held->until_ready = ready_ns();
	if (held->checkpoint_pages > 0 && pages >= held->checkpoint_pages)
		sqlite3_wal_checkpoint(handle, schema);
	return SQLITE_OK;
}

static inline void
hold(struct store *s, struct held *held)
{
	begin(s, TX_WRITE);
	held->since = held->until = clock_ns();
	held->since_ready = held->until_ready = ready_ns();
}

static inline void
let_go(struct store *s, struct held *held)
{
	commit(s);
	sample(
	    &held->ms, (double)(held->until - held->since - (held->until_ready - held->since_ready)) / 1e6);
}

static inline void
watch_commits(struct store *s, struct held *held)
{
	held->checkpoint_pages = (int)sql_number(s->handle, "pragma wal_autocheckpoint");
	sqlite3_wal_hook(s->handle, committed, held);
}

/* ---- the row -------------------------------------------------------------------- */

/* As bin/dispatch: transaction after transaction, and the rest the next time.
 * Seconds. */
static inline double
sweep(struct store *s, struct held *held, bool *left)
{
	int64_t from = clock_ns();
	bool more = true;

	while (more && clock_ns() - from < SWEEP_SECONDS * INT64_C(1000000000)) {
		hold(s, held);
		more = key_sweep(s->db, SWEEP_BATCH);
		let_go(s, held);
	}
	*left = more;
	return (double)(clock_ns() - from) / 1e9;
}

/* Milliseconds of lock. */
static inline double
delete_it(struct store *s, struct held *held, struct str key)
{
	struct str args[] = { S("del"), key };
	double ms;

	hold(s, held);
	if (command_run(s->db, s->arena, args, 2).integer != 1)
		die("DEL: no such key");
	let_go(s, held);
	ms = held->ms.ms[0];
	held->ms.n = 0;
	return ms;
}

static inline void
locks(struct store *s, struct str key)
{
	struct watched *watched =
	    mmap(NULL, sizeof(*watched), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct held *held = calloc(1, sizeof(*held));
	double deleted, swept;
	bool left;
	int status;
	pid_t pid;

	if (watched == MAP_FAILED || held == NULL)
		die("out of memory");
	printf("\nlocks: a large ranking is deleted and swept while another process writes\n");
	db_close(s->db); /* a connection is not carried into a child */
	s->db = NULL;
	pid = start_writer(s->path, watched);
	usleep(1000000);
	watched->phase = SWEEPING;
	store_reopen(s, DB_DISPATCH);
	watch_commits(s, held);
	deleted = delete_it(s, held, key);
	swept = sweep(s, held, &left);
	watched->phase = OVER;
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("the other writer failed");
	figure("DEL", deleted, "ms of lock", 5);
	figure("sweep: transactions, 99 % below", percentile(&held->ms, 0.99), "ms of lock", 5);
	figure("sweep: the longest", percentile(&held->ms, 1), "ms of lock", 0);
	figure("sweep: median", percentile(&held->ms, 0.5), "ms of lock", 0);
	figure(left ? "sweep: stopped before its end, after" : "sweep: in all", swept, "s", 0);
	figure("the other's longest wait, alone", percentile(&watched->wait[ALONE], 1), "ms", 0);
	figure("the other's longest wait, meanwhile", percentile(&watched->wait[SWEEPING], 1), "ms", 0);
	figure("the other's waits, 99 % below", percentile(&watched->wait[SWEEPING], 0.99), "ms", 0);
	figure("the other's waits, median", percentile(&watched->wait[SWEEPING], 0.5), "ms", 0);
	munmap(watched, sizeof(*watched));
	free(held);
}

#endif

/*
 * memory_test.c - SQLite runs out of memory at the n-th allocation: the
 * process ends (or goes on where that one was no need), the data is whole.
 *
 *	FAULTS=2   ten times so many n; all: many more
 */
#include "workload.h"

#include "audit.h"

enum { TRIES_MAX = 3000 }; /* FAULTS=all: some minutes */

/* ---- memory that ends ------------------------------------------------------------ */

static sqlite3_mem_methods memory;
static long allocations, ends_at; /* 0: never */
static bool came_back;            /* only this one fails; those after it do not */

static bool
is_out(void)
{
	allocations++;
	return ends_at && !calm && (came_back ? allocations == ends_at : allocations >= ends_at);
}

static void *
limited_malloc(int n)
{
	return is_out() ? NULL : memory.xMalloc(n);
}

static void *
limited_realloc(void *p, int n)
{
	return is_out() ? NULL : memory.xRealloc(p, n);
}

/* Before anything of SQLite is used. */
__attribute__((constructor)) static void
limit_memory(void)
{
	sqlite3_mem_methods limited;

	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory);
	limited = memory;
	limited.xMalloc = limited_malloc;
	limited.xRealloc = limited_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &limited);
}

/* ---- a process that runs out -------------------------------------------------------- */

static int acks[2]; /* a byte for each step that was acknowledged */

static void
work(void)
{
	struct db *db = NULL;

	close(acks[0]);
	ends_at += allocations; /* counted from here */
	for (int i = 0; i < STEPS; i++)
		if (step_do(&db, i) != OK || write(acks[1], "", 1) != 1)
			_exit(1); /* the step answered as if it were the disk */
	db_close(db);
	_exit(0);
}

/* How many steps the child acknowledged before it ended. */
static int
steps_of_child(int *status)
{
	char byte;
	int n = 0;

	work_afresh();
	assert_int_equal(pipe(acks), 0);
	fflush(NULL);
	*status = exit_status(work);
	close(acks[1]);
	while (read(acks[0], &byte, 1) == 1)
		n++;
	close(acks[0]);
	return n;
}

static void
is_whole(int done)
{
	int next = done < STEPS ? done + 1 : done;
	struct db *db = NULL;
	struct str found;

	assert_int_equal(db_open(&db, work_path, DB_HANDLER), OK);
	assert_int_equal(db_integrity(db), OK);
	found = state_now(db);
	if (!str_eq(found, states[next]))
		state_is(found, states[done]);
	db_close(db);
	assert_int_equal(audit(work_path), 0);
	arena_reset(mem);
}

/* How many allocations the work needs. */
static long
need(void)
{
	struct db *db = NULL;
	long before;

	work_afresh();
	before = allocations;
	for (int i = 0; i < STEPS; i++)
		assert_int_equal(step_do(&db, i), OK);
	db_close(db);
	return allocations - before;
}

static void
run_out(void)
{
	int tries = samples() * 10 < TRIES_MAX ? samples() * 10 : TRIES_MAX, ended = 0, status;
	long n = need(), stride = 1 + n / tries;

	rnd_start();
	for (long at = 1 + rnd_below((int)stride); at <= n; at += stride) {
		int done;

		ends_at = at;
		done = steps_of_child(&status);
		ends_at = 0;
		if (status != EXIT_BUG && !(status == 0 && done == STEPS))
			fail_msg("allocation %ld fails: exit %d after %d steps", at, status, done);
		ended += status == EXIT_BUG;
		is_whole(done);
	}
	print_message("# %ld allocations, one in %ld failed, %d processes ended of it\n", n, stride, ended);
	assert_true(ended > tries / 2);
}

static int
setup(void **state)
{
	(void)state;
	return workload_prepare();
}

static int
teardown(void **state)
{
	(void)state;
	return workload_remove();
}

TEST_WITH(memory_that_runs_out_ends_the_process_not_the_data, setup, teardown)
{
	came_back = false;
	run_out();
}

TEST_WITH(a_single_allocation_that_fails_is_no_different, setup, teardown)
{
	came_back = true;
	run_out();
}

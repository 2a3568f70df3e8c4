/*
 * fault_test.c - the disk fails at every n-th call of each kind: the step that
 * it strikes says so, nothing of it is kept, and all goes on once the disk is
 * well again.
 *
 *	FAULTS=2   so many of each kind; all: every n (minutes)
 */
#include "workload.h"

#include "audit.h"
#include "err.h"
#include "faultvfs.h"
#include "log.h"
#include "schema.h"

enum { AUDIT_STRIDE = 5 };

/* ---- what is logged, in the place of log.c ------------------------------------ */

static char logged[1024];

void
log_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(logged, sizeof(logged), fmt, ap);
	va_end(ap);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (at call %ld of %s)\n", fault_now.at, fault_now.what.name);
	abort();
}

/* ---- one run -------------------------------------------------------------------- */

/* What lasts: one of each kind, for how the first call fails makes no
 * difference to the next; not what is taken, for that waits (db_test.c). */
static const struct fault faults[] = {
	{ "write: disk full", FAULT_WRITE, SQLITE_FULL, false, true },
	{ "write: I/O error", FAULT_WRITE, SQLITE_IOERR_WRITE, false, false },
	{ "write: torn", FAULT_WRITE, SQLITE_IOERR_WRITE, true, false },
	{ "write: torn, disk full", FAULT_WRITE, SQLITE_FULL, true, false },
	{ "sync", FAULT_SYNC, SQLITE_IOERR_FSYNC, false, true },
	{ "read: I/O error", FAULT_READ, SQLITE_IOERR_READ, false, true },
	{ "read: half, I/O error", FAULT_READ, SQLITE_IOERR_READ, true, false },
	{ "read: short", FAULT_PREAD, SQLITE_OK, false, true },
	{ "truncate", FAULT_TRUNCATE, SQLITE_IOERR_TRUNCATE, false, true },
	{ "open", FAULT_OPEN, SQLITE_CANTOPEN, false, true },
	{ "size", FAULT_SIZE, SQLITE_IOERR_FSTAT, false, true },
	{ "delete", FAULT_DELETE, SQLITE_IOERR_DELETE, false, true },
	{ "access", FAULT_ACCESS, SQLITE_IOERR_ACCESS, false, true },
	{ "lock: I/O error", FAULT_LOCK, SQLITE_IOERR_LOCK, false, true },
	{ "lock: taken", FAULT_LOCK, SQLITE_BUSY, false, false },
	{ "shared memory: no room", FAULT_SHM_MAP, SQLITE_IOERR_SHMSIZE, false, false },
	{ "shared memory: no map", FAULT_SHM_MAP, SQLITE_IOERR_SHMMAP, false, true },
	{ "shared memory: lock fails", FAULT_SHM_LOCK, SQLITE_IOERR_SHMLOCK, false, true },
	{ "shared memory: lock taken", FAULT_SHM_LOCK, SQLITE_BUSY, false, false },
};

/* The same through this connection and through a new one. */
static void
both_see(struct db *db, struct str want)
{
	struct db *other = NULL;

	if (db != NULL)
		state_is(state_now(db), want);
	assert_int_equal(db_open(&other, work_path, DB_TOOL), OK);
	state_is(state_now(other), want);
	db_close(other);
}

/* A step that may be struck.  What it answers must be true: it was done, or
 * it failed, was logged, and left everything as it was. */
static void
step_under_fault(struct db **db, int i)
{
	enum err e;

	*logged = '\0';
	if ((e = step_do(db, i)) == OK)
		return;
	assert_true(fault_now.struck);
	if (fault_now.what.rc == SQLITE_OK)
		fail_msg("step %d fails without a fault: %d", i, e);
	if (e != ERR_STORE && (e != ERR_BUSY || fault_now.what.rc != SQLITE_BUSY))
		fail_msg("step %d answers %d", i, e);
	if (e == ERR_STORE && strstr(logged, "store") == NULL && strstr(logged, "integrity") == NULL)
		fail_msg("step %d failed and the log says \"%s\"", i, logged);
	if (fault_now.lasting && (e = step_do(db, i)) != OK)
		assert_true(e == ERR_STORE || e == ERR_BUSY);
	fault_lift();
	if (e == OK)
		return;
	both_see(*db, states[i]);
	assert_int_equal(step_do(db, i), OK);
}

/* False: nothing failed, there are fewer such calls. */
static bool
run(const struct fault *f, long at, bool lasting)
{
	struct db *db = NULL;

	work_afresh();
	fault_plan(f, at, lasting);
	for (int i = 0; i < STEPS; i++)
		step_under_fault(&db, i);
	fault_lift();
	state_is(state_now(db), states[STEPS]);
	db_close(db);
	assert_int_equal(db_open(&db, work_path, DB_HANDLER), OK);
	assert_int_equal(db_integrity(db), OK);
	db_close(db);
	if (at % AUDIT_STRIDE == 0)
		assert_int_equal(audit(work_path), 0);
	arena_reset(mem);
	return fault_now.struck > 0;
}

/* How many calls of its kind an undisturbed run makes. */
static long
calls(const struct fault *f)
{
	run(f, 0, false);
	return fault_now.seen;
}

static void
sweep_calls(bool lasting)
{
	rnd_start();
	for (size_t i = 0; i < LEN(faults); i++) {
		long n = calls(&faults[i]), stride = n < samples() ? 1 : n / samples(), tried = 0;

		if (lasting && !faults[i].lasts)
			continue;
		for (long at = 1 + (long)(rnd() % (uint64_t)stride); at <= n; at += stride, tried++)
			if (!run(&faults[i], at, lasting) &&
			    at < n * 9 / 10) /* sweeping looks at the clock */
				fail_msg("call %ld of %ld did not come: %s", at, n, faults[i].name);
		print_message("# %-28s %4ld of %4ld calls\n", faults[i].name, tried, n);
	}
}

/* ---- a file that ends too early ---------------------------------------------------- */

/* SQLite takes zeros for what lies behind the end of its file; within a page
 * of rows it notices, within a large value it cannot.  Once it has noticed,
 * the zeros must not stay in the connection's memory. */
static bool
look_at_an_end(long at, int *noticed)
{
	static const struct fault end = { "read: at the end", FAULT_READ, SQLITE_IOERR_SHORT_READ, false,
		false };
	struct db *db = NULL;

	work_afresh();
	assert_int_equal(db_open(&db, work_path, DB_HANDLER), OK);
	fault_plan(&end, at, false);
	if (db_begin(db, TX_READ, NOW) == OK) {
		state_of(db);
		if (db_commit(db) != OK) {
			++*noticed;
			state_is(state_now(db), states[0]);
		}
	}
	fault_lift();
	db_close(db);
	arena_reset(mem);
	return fault_now.struck > 0;
}

/* ---- a store that is made, or brought up to date -------------------------------- */

/* No store yet, or one of the first schema with a key in it. */
static void
before_create(bool old)
{
	sqlite3 *handle = NULL;

	work_afresh();
	unlink(work_path);
	if (!old)
		return;
	assert_int_equal(sqlite3_open(work_path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, schema_steps[0].sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(handle,
		"insert into key (name, type, value) values (x'6b', 1, 7); pragma user_version = 1", NULL,
		NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(handle);
}

/* True while there was a call to strike at. */
static bool
create_under_fault(const struct fault *f, long at, bool lasting, bool old)
{
	struct db *db = NULL;
	int64_t value;
	enum err e;

	before_create(old);
	*logged = '\0';
	fault_plan(f, at, lasting);
	e = db_create(work_path);
	fault_lift();
	if (e != OK) {
		assert_int_equal(e, ERR_STORE);
		assert_non_null(strstr(logged, "store"));
		assert_int_equal(db_create(work_path), OK);
	}
	assert_int_equal(db_open(&db, work_path, DB_HANDLER), OK);
	assert_int_equal(db_integrity(db), OK);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	assert_int_equal(string_get_int(db, S("k"), &value), OK);
	assert_int_equal(value, old ? 7 : 0);
	assert_int_equal(db_commit(db), OK);
	db_close(db);
	return fault_now.struck > 0;
}

static void
create_under_faults(bool old)
{
	rnd_start();
	for (size_t i = 0; i < LEN(faults); i++)
		for (int lasting = 0; lasting <= faults[i].lasts; lasting++)
			for (long at = 1; create_under_fault(&faults[i], at, lasting, old);
			     at += 1 + rnd_below(1 + 24 / samples()))
				;
}

/* ---- the power fails -------------------------------------------------------------- */

/* The power goes at the n-th write, sync or truncation; each sector that was
 * not synced arrived, or did not.  What is found afterwards; *done steps were
 * acknowledged before. */
static struct str
state_after_cut(long at, int *done)
{
	static const struct fault cut = { "power cut", FAULT_CUT, SQLITE_IOERR, false, true };
	char path[320];
	struct db *db = NULL;
	struct str found;

	work_afresh();
	disk_watch(work_path);
	fault_plan(&cut, at, true);
	for (*done = 0; *done < STEPS && step_do(&db, *done) == OK;)
		++*done;
	db_close(db);
	fault_lift();
	disk_cut(work_path, "-cut", (unsigned)rnd_below(257), rnd);

	snprintf(path, sizeof(path), "%s-cut", work_path);
	assert_int_equal(db_open(&db, path, DB_HANDLER), OK);
	assert_int_equal(db_integrity(db), OK);
	found = state_now(db);
	db_close(db);
	assert_int_equal(audit(path), 0);
	return found;
}

/* One of the states after step `from` to after the one that was cut. */
static void
found_within(struct str found, int from, int done)
{
	int i = done < STEPS ? done + 1 : done;

	while (i >= from && !str_eq(found, states[i]))
		i--;
	if (i < from)
		state_is(found, states[done]);
	arena_reset(mem);
}

/* True while there is a call to strike at. */
static bool
next_cut(long *at)
{
	bool more = *at == 0 || fault_now.struck;

	*at += 1 + rnd_below(1 + 480 / samples());
	if (!more)
		assert_true(*at > 500);
	return more;
}

static int
setup(void **state)
{
	(void)state;
	fault_disk();
	fault_now.calm = &calm;
	work_role = DB_HANDLER;
	return workload_prepare();
}

static int
setup_dispatch(void **state)
{
	int rc = setup(state);

	work_role = DB_DISPATCH;
	return rc;
}

static int
teardown(void **state)
{
	(void)state;
	return workload_remove();
}

TEST_WITH(each_fault_that_comes_once_is_told_and_undoes_no_more_than_its_step, setup, teardown)
{
	sweep_calls(false);
}

TEST_WITH(each_fault_that_lasts_is_told_until_it_ends_and_leaves_no_trace, setup, teardown)
{
	sweep_calls(true);
}

TEST_WITH(a_page_that_was_missing_is_read_anew_once_it_is_there, setup, teardown)
{
	int noticed = 0;

	for (long at = 1; look_at_an_end(at, &noticed); at++)
		;
	assert_true(noticed > 20);
}

TEST_WITH(a_store_that_could_not_be_made_is_made_the_next_time, setup, teardown)
{
	create_under_faults(false);
}

TEST_WITH(a_store_that_could_not_be_brought_up_to_date_is_the_next_time, setup, teardown)
{
	create_under_faults(true);
}

TEST_WITH(a_power_cut_takes_nothing_that_was_acknowledged_and_leaves_nothing_half, setup, teardown)
{
	int done;

	rnd_start();
	for (long at = 0; next_cut(&at);) {
		struct str found = state_after_cut(at, &done);

		found_within(found, done, done);
	}
}

TEST_WITH(a_power_cut_takes_the_dispatchers_store_back_to_its_checkpoint_at_most, setup_dispatch, teardown)
{
	int done, kept;

	rnd_start();
	for (long at = 0; next_cut(&at);) {
		struct str found = state_after_cut(at, &done);

		for (kept = done; kept > 0 && steps[kept - 1].kind != CHECKPOINT; kept--)
			;
		found_within(found, kept, done);
	}
}

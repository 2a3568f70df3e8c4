/* db_test.c - what db.h promises: transactions, the sequence, crashes. */
#include "store.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "hash.h"
#include "key.h"
#include "value.h"
#include "zset.h"

/* The monotonic clock of this program runs ahead by `hurry_ms` at each look:
 * patience ends without waiting for it. */
static int64_t hurry_ms, ahead_ms;

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_MONOTONIC && hurry_ms) {
		ahead_ms += hurry_ms;
		ts->tv_sec += ahead_ms / 1000;
	}
	return rc;
}

static int64_t
counter(const char *name)
{
	int64_t v = -1;

	assert_int_equal(string_get_int(db, str(name), &v), OK);
	return v;
}

static struct db *
another(void)
{
	struct db *other = NULL;

	assert_int_equal(db_open(&other, store_path, DB_DISPATCH), OK);
	return other;
}

/* ---- opening ---------------------------------------------------------------- */

STORE_TEST(a_store_that_is_not_there_is_not_found)
{
	struct db *other = (struct db *)1;

	assert_int_equal(db_open(&other, "/nonexistent/muster.db", DB_TOOL), ERR_NOT_FOUND);
	assert_null(other);
}

STORE_TEST(a_store_without_our_schema_is_a_conflict)
{
	char path[320];
	struct db *other;

	snprintf(path, sizeof(path), "%s/empty", store_dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(db_open(&other, path, DB_TOOL), ERR_CONFLICT);
	unlink(path);
}

/* Runs in a child: what it logs is none of the test's words. */
static void
open_rubbish(void)
{
	char path[320];
	struct db *other;
	FILE *f;
	enum err e;

	snprintf(path, sizeof(path), "%s/rubbish", store_dir);
	if ((f = fopen(path, "w")) == NULL)
		_exit(100);
	for (int i = 0; i < 1000; i++)
		fputs("no database\n", f);
	fclose(f);
	e = db_open(&other, path, DB_TOOL);
	unlink(path);
	_exit((int)e);
}

STORE_TEST(a_file_that_is_no_store_cannot_be_opened)
{
	assert_int_equal(exit_status(open_rubbish), ERR_STORE);
}

STORE_TEST(creating_a_store_twice_keeps_what_is_in_it)
{
	string_set(db, S("k"), S("v"), 0);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_create(store_path), OK);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	assert_true(key_exists(db, S("k")));
}

STORE_TEST(many_may_create_the_same_store_at_once)
{
	char path[400];
	pid_t pids[8];
	int bad = 0;

	snprintf(path, sizeof(path), "%s/new", store_dir);
	fflush(NULL);
	for (size_t i = 0; i < LEN(pids); i++)
		if ((pids[i] = fork()) == 0) {
			dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
			_exit(db_create(path));
		}
	for (size_t i = 0; i < LEN(pids); i++)
		bad += unit_wait(pids[i]) != OK;
	unlink(path);
	assert_int_equal(bad, 0);
}

/* ---- transactions -------------------------------------------------------------- */

STORE_TEST(what_is_committed_is_there_for_the_next_one_who_opens)
{
	struct db *other;
	struct str v;

	string_set(db, S("k"), S("v"), 0);
	assert_int_equal(db_commit(db), OK);
	other = another();
	assert_int_equal(db_begin(other, TX_READ, NOW), OK);
	assert_int_equal(string_get(other, mem, S("k"), &v), OK);
	assert_str(v, "v");
	assert_int_equal(db_commit(other), OK);
	db_close(other);
}

STORE_TEST(what_is_rolled_back_never_happened)
{
	string_set(db, S("k"), S("v"), 0);
	start_over();
	assert_false(key_exists(db, S("k")));
}

STORE_TEST(rolling_back_without_a_transaction_does_nothing)
{
	assert_int_equal(db_commit(db), OK);
	db_rollback(db);
	assert_int_equal(db_tx(db), TX_NONE);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
}

STORE_TEST(a_transaction_knows_its_kind_and_its_clock)
{
	assert_int_equal(db_tx(db), TX_WRITE);
	assert_int_equal(db_now(db), NOW);
	db_rollback(db);
	assert_int_equal(db_tx(db), TX_NONE);
	assert_int_equal(db_begin(db, TX_READ, NOW + 5), OK);
	assert_int_equal(db_tx(db), TX_READ);
	assert_int_equal(db_now(db), NOW + 5);
}

STORE_TEST(a_reader_keeps_its_view_while_another_writes)
{
	struct db *other = another();

	string_set_int(db, S("n"), 1);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	assert_int_equal(counter("n"), 1);

	assert_int_equal(db_begin(other, TX_WRITE, NOW), OK);
	string_set_int(other, S("n"), 2);
	assert_int_equal(db_commit(other), OK);
	db_close(other);

	assert_int_equal(counter("n"), 1);
	at(NOW);
	assert_int_equal(counter("n"), 2);
}

static void
begin_twice(void)
{
	db_begin(db, TX_READ, NOW);
}

static void
commit_twice(void)
{
	db_rollback(db);
	db_commit(db);
}

STORE_TEST(a_transaction_inside_one_and_a_commit_without_one_are_bugs)
{
	assert_int_equal(exit_status(begin_twice), EXIT_BUG);
	assert_int_equal(exit_status(commit_twice), EXIT_BUG);
}

STORE_TEST(closing_no_store_is_allowed)
{
	db_close(NULL);
}

/* ---- a part that can be taken back ------------------------------------------------ */

STORE_TEST(a_part_that_is_undone_leaves_the_rest)
{
	string_set_int(db, S("before"), 1);
	db_savepoint(db);
	string_set_int(db, S("before"), 2);
	string_set_int(db, S("inside"), 1);
	db_undo(db);
	string_set_int(db, S("after"), 1);
	at(NOW);
	assert_int_equal(counter("before"), 1);
	assert_false(key_exists(db, S("inside")));
	assert_int_equal(counter("after"), 1);
}

STORE_TEST(a_part_that_is_released_stays)
{
	db_savepoint(db);
	string_set_int(db, S("inside"), 1);
	assert_int_equal(db_release(db), OK);
	at(NOW);
	assert_int_equal(counter("inside"), 1);
}

STORE_TEST(parts_follow_one_another_each_on_its_own)
{
	for (int i = 0; i < 10; i++) {
		db_savepoint(db);
		string_set_int(db, numbered("k", i), i);
		if (i % 2)
			db_undo(db);
		else
			assert_int_equal(db_release(db), OK);
	}
	at(NOW);
	for (int i = 0; i < 10; i++)
		assert_int_equal(key_exists(db, numbered("k", i)), i % 2 == 0);
}

STORE_TEST(rolling_back_takes_released_parts_along)
{
	db_savepoint(db);
	string_set_int(db, S("inside"), 1);
	assert_int_equal(db_release(db), OK);
	start_over();
	assert_false(key_exists(db, S("inside")));
}

/* ---- the write sequence ------------------------------------------------------------- */

STORE_TEST(the_sequence_begins_at_0_and_counts_by_1)
{
	assert_int_equal(db_sequence(db), 0);
	for (int i = 1; i <= 3; i++)
		assert_int_equal(db_sequence_next(db), i);
	assert_int_equal(db_sequence(db), 3);
	at(NOW);
	assert_int_equal(db_sequence(db), 3);
}

STORE_TEST(the_sequence_has_no_gaps_whatever_is_undone)
{
	assert_int_equal(db_sequence_next(db), 1);
	db_savepoint(db);
	assert_int_equal(db_sequence_next(db), 2);
	assert_int_equal(db_sequence_next(db), 3);
	db_undo(db);
	assert_int_equal(db_sequence_next(db), 2);
	at(NOW);
	assert_int_equal(db_sequence_next(db), 3);
	start_over();
	assert_int_equal(db_sequence_next(db), 3);
}

/* ---- several at once ------------------------------------------------------------------ */

STORE_TEST(a_writer_who_waits_too_long_is_told_that_the_store_is_busy)
{
	struct db *other = another();
	enum err e;

	hurry_ms = 1000;
	e = db_begin(other, TX_WRITE, NOW);
	hurry_ms = 0;
	assert_int_equal(e, ERR_BUSY);
	assert_true(ahead_ms > 5000);
	assert_int_equal(db_tx(other), TX_NONE);

	db_rollback(db);
	assert_int_equal(db_begin(other, TX_WRITE, NOW), OK);
	db_close(other);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
}

STORE_TEST(a_reader_never_waits_for_a_writer)
{
	struct db *other = another();

	string_set_int(db, S("n"), 1);
	assert_int_equal(db_begin(other, TX_READ, NOW), OK);
	assert_false(key_exists(other, S("n")));
	db_close(other);
}

STORE_TEST(writers_of_many_processes_take_turns_and_lose_nothing)
{
	enum { WRITERS = 4, TURNS = 40 };
	pid_t pids[WRITERS];

	db_rollback(db);
	fflush(NULL);
	for (int w = 0; w < WRITERS; w++)
		if ((pids[w] = fork()) == 0) {
			struct db *mine;
			int64_t v;

			if (db_open(&mine, store_path, DB_DISPATCH) != OK)
				_exit(1);
			for (int i = 0; i < TURNS; i++)
				if (db_begin(mine, TX_WRITE, NOW) != OK || db_sequence_next(mine) < 1 ||
				    string_incr(mine, S("n"), 1, &v) != OK || db_commit(mine) != OK)
					_exit(2);
			_exit(0);
		}
	for (int w = 0; w < WRITERS; w++)
		assert_int_equal(unit_wait(pids[w]), 0);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	assert_int_equal(counter("n"), WRITERS * TURNS);
	assert_int_equal(db_sequence(db), WRITERS * TURNS);
}

/* ---- crashes ---------------------------------------------------------------------------- */

/* One announcement: three collections and the sequence that must agree. */
static void
announce(struct db *to, int i)
{
	char name[32];

	snprintf(name, sizeof(name), "%08d", i);
	db_sequence_next(to);
	hash_append(to, S("ledger"), str(name), S("+1"));
	zset_add(to, S("ranking"), str(name), i);
	string_set_int(to, S("count"), i);
}

/* Announces 1, 2, ...; tells each commit down the pipe. */
static void
announce_for_ever(int pipe_end, int from)
{
	struct db *mine;

	if (db_open(&mine, store_path, DB_HANDLER) != OK)
		_exit(1);
	for (int i = from;; i++) {
		if (db_begin(mine, TX_WRITE, NOW) != OK)
			_exit(1);
		announce(mine, i);
		if (db_commit(mine) != OK || write(pipe_end, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static void
all_agree(int64_t n)
{
	int64_t have;

	assert_int_equal(db_integrity(db), OK);
	assert_int_equal(db_sequence(db), n);
	assert_int_equal(counter("count"), n);
	assert_int_equal(hash_len(db, S("ledger"), &have), OK);
	assert_int_equal(have, n);
	assert_int_equal(zset_card(db, S("ranking"), &have), OK);
	assert_int_equal(have, n);
}

/* Lets a process announce, kills it after about `us`; the last it told of. */
static int
killed_after(int from, unsigned us)
{
	int ends[2], last = from - 1, i;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	if ((pid = fork()) == 0)
		announce_for_ever(ends[1], from);
	close(ends[1]);
	assert_int_equal(read(ends[0], &last, sizeof(last)), sizeof(last));
	usleep(us);
	kill(pid, SIGKILL);
	while (read(ends[0], &i, sizeof(i)) == sizeof(i))
		last = i;
	close(ends[0]);
	assert_int_equal(unit_wait(pid), 128 + SIGKILL);
	return last;
}

STORE_TEST(a_process_killed_at_any_moment_loses_nothing_it_had_acknowledged)
{
	int64_t n = 0;

	db_close(db);
	rnd_start();
	for (int round = 0; round < 12; round++) {
		int told = killed_after((int)n + 1, (unsigned)rnd_below(8000));

		assert_int_equal(db_open(&db, store_path, DB_HANDLER), OK);
		assert_int_equal(db_begin(db, TX_READ, NOW), OK);
		n = db_sequence(db);
		assert_true(n == told || n == told + 1); /* committed, not yet told */
		all_agree(n);
		db_close(db);
	}
	assert_int_equal(db_open(&db, store_path, DB_HANDLER), OK);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
}

/* More than the page cache holds: some of it goes to the disk at once. */
static void
announce_much(struct db *to)
{
	static char page[4000];

	memset(page, 'x', sizeof(page));
	for (int i = 2; i < 1000; i++) {
		announce(to, i);
		string_set(to, (struct str){ (char *)&i, sizeof(i) }, (struct str){ page, sizeof(page) }, 0);
	}
}

static void
die_in_the_middle(void)
{
	struct db *mine;

	if (db_open(&mine, store_path, DB_HANDLER) != OK || db_begin(mine, TX_WRITE, NOW) != OK)
		_exit(1);
	announce_much(mine);
	kill(getpid(), SIGKILL);
}

STORE_TEST(a_process_killed_inside_a_transaction_leaves_nothing_of_it)
{
	announce(db, 1);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(exit_status(die_in_the_middle), 128 + SIGKILL);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	all_agree(1);
	announce(db, 2);
	at(NOW);
	all_agree(2);
}

/* ---- a disk that takes no more -------------------------------------------------------------- */

/* A file may grow no longer: writing fails, as on a full disk. */
static void
fill_the_disk(void)
{
	struct rlimit limit = { 512 * 1024, 512 * 1024 };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(100);
}

/* Writes past what the disk takes, in the middle of a transaction: what comes
 * after the fault must not slip in outside of it. */
static void
write_to_a_full_disk(void)
{
	struct db *mine;

	fill_the_disk();
	if (db_open(&mine, store_path, DB_HANDLER) != OK || db_begin(mine, TX_WRITE, NOW) != OK)
		_exit(100);
	announce_much(mine);
	db_savepoint(mine);
	string_set_int(mine, S("late"), 1);
	db_release(mine);
	_exit((int)db_commit(mine));
}

static void
undo_on_a_full_disk(void)
{
	struct db *mine;

	fill_the_disk();
	if (db_open(&mine, store_path, DB_HANDLER) != OK || db_begin(mine, TX_WRITE, NOW) != OK)
		_exit(100);
	db_savepoint(mine);
	announce_much(mine);
	db_undo(mine);
	string_set_int(mine, S("late"), 1);
	if (db_commit(mine) != ERR_STORE)
		_exit(101);
	if (db_begin(mine, TX_WRITE, NOW) != OK) /* the next one has its own fate */
		_exit(102);
	announce(mine, 2);
	_exit((int)db_commit(mine));
}

STORE_TEST(a_transaction_that_the_disk_refused_leaves_nothing)
{
	announce(db, 1);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(exit_status(write_to_a_full_disk), ERR_STORE);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	all_agree(1);
	assert_false(key_exists(db, S("late")));
}

STORE_TEST(after_a_refused_transaction_the_next_one_works)
{
	announce(db, 1);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(exit_status(undo_on_a_full_disk), OK);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	all_agree(2);
	assert_false(key_exists(db, S("late")));
}

/* ---- upkeep ------------------------------------------------------------------------------------
 */

STORE_TEST(a_checkpoint_writes_everything_back_when_nobody_reads)
{
	char wal[320];
	int64_t left = -1;
	struct stat st;

	for (int i = 1; i < 500; i++)
		announce(db, i);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_checkpoint(db, &left), OK);
	assert_int_equal(left, 0);
	snprintf(wal, sizeof(wal), "%s-wal", store_path);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	all_agree(499);
}

STORE_TEST(a_checkpoint_tells_how_many_pages_a_reader_holds_back)
{
	struct db *reader = another();
	int64_t left = -1;

	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_begin(reader, TX_READ, NOW), OK);
	db_sequence(reader);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	announce(db, 1);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_checkpoint(db, &left), OK);
	assert_true(left > 0);
	db_close(reader);
	assert_int_equal(db_checkpoint(db, &left), OK);
	assert_int_equal(left, 0);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
}

/* ---- a transaction as a whole ------------------------------------------------------------------ */

/* What a body does, and how often it ran. */
static int runs;
static int64_t found;
static enum err answers[8];

static enum err
count_and_answer(void *arg)
{
	int64_t n;

	assert_ptr_equal(arg, &runs);
	assert_int_equal(string_get_int(db, S("n"), &found), OK);
	assert_int_equal(string_incr(db, S("n"), 1, &n), OK);
	hash_append(db, S("ledger"), S("one"), S("v"));
	db_sequence_next(db);
	return answers[runs++ < 7 ? runs - 1 : 7];
}

static enum err
transact(void)
{
	db_rollback(db);
	runs = 0;
	return db_transact(db, TX_WRITE, NOW + 1, count_and_answer, &runs);
}

static void
nothing_happened(void)
{
	assert_int_equal(db_tx(db), TX_NONE);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	assert_int_equal(key_count(db), 0);
	assert_int_equal(db_sequence(db), 0);
}

STORE_TEST(a_body_that_succeeds_is_committed_once)
{
	memset(answers, 0, sizeof(answers));
	assert_int_equal(transact(), OK);
	assert_int_equal(runs, 1);
	assert_int_equal(db_tx(db), TX_NONE);
	assert_int_equal(db_now(db), NOW + 1);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	assert_int_equal(counter("n"), 1);
	assert_int_equal(db_sequence(db), 1);
}

STORE_TEST(the_error_of_a_body_is_returned_and_takes_everything_back)
{
	for (int e = OK + 1; e < ERR__MAX; e++) {
		if (e == ERR_BUSY)
			continue;
		for (size_t i = 0; i < LEN(answers); i++)
			answers[i] = (enum err)e;
		assert_int_equal(transact(), e);
		assert_int_equal(runs, 1);
		nothing_happened();
	}
}

STORE_TEST(a_busy_body_runs_again_from_the_start)
{
	memset(answers, 0, sizeof(answers));
	answers[0] = answers[1] = answers[2] = ERR_BUSY;
	assert_int_equal(transact(), OK);
	assert_int_equal(runs, 4);
	assert_int_equal(found, 0); /* nothing was left of those before */
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	assert_int_equal(counter("n"), 1);
	assert_int_equal(db_sequence(db), 1);
}

STORE_TEST(a_body_that_is_busy_for_ever_ends_after_five_seconds)
{
	int64_t before = ahead_ms;
	enum err e;

	for (size_t i = 0; i < LEN(answers); i++)
		answers[i] = ERR_BUSY;
	hurry_ms = 100;
	e = transact();
	hurry_ms = 0;
	assert_int_equal(e, ERR_BUSY);
	assert_true(runs > 1);
	assert_in_range(ahead_ms - before, 5000, 7000);
	nothing_happened();
}

/* Takes the write lock, tells so, and after `us` raises the counter and lets go. */
static pid_t
holder(unsigned us)
{
	int ends[2];
	char told;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		struct db *mine;
		int64_t n;

		if (db_open(&mine, store_path, DB_HANDLER) != OK || db_begin(mine, TX_WRITE, NOW) != OK ||
		    write(ends[1], "x", 1) != 1)
			_exit(1);
		usleep(us);
		_exit(string_incr(mine, S("n"), 10, &n) != OK || db_commit(mine) != OK);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &told, 1), 1);
	close(ends[0]);
	return pid;
}

STORE_TEST(a_transaction_waits_for_the_one_who_holds_the_lock)
{
	pid_t pid;

	memset(answers, 0, sizeof(answers));
	db_rollback(db);
	pid = holder(200000);
	assert_int_equal(transact(), OK);
	assert_int_equal(unit_wait(pid), 0);
	assert_int_equal(runs, 1);
	assert_int_equal(found, 10); /* it ran on what was there then */
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	assert_int_equal(counter("n"), 11);
}

STORE_TEST(a_transaction_that_waits_too_long_never_runs_its_body)
{
	struct db *other = another();
	int64_t before = ahead_ms;
	enum err e;

	db_rollback(db);
	assert_int_equal(db_begin(other, TX_WRITE, NOW), OK);
	hurry_ms = 1000;
	e = transact();
	hurry_ms = 0;
	db_rollback(other);
	db_close(other);
	assert_int_equal(e, ERR_BUSY);
	assert_int_equal(runs, 0);
	assert_in_range(ahead_ms - before, 5000, 20000);
	nothing_happened();
}

static enum err
only_read(void *arg)
{
	*(int64_t *)arg = counter("n");
	return OK;
}

STORE_TEST(a_reading_transaction_waits_for_nobody)
{
	int64_t n = -1;
	pid_t pid;

	string_set_int(db, S("n"), 4);
	assert_int_equal(db_commit(db), OK);
	pid = holder(50000);
	assert_int_equal(db_transact(db, TX_READ, NOW, only_read, &n), OK);
	assert_int_equal(n, 4);
	assert_int_equal(unit_wait(pid), 0);
	assert_int_equal(db_transact(db, TX_READ, NOW, only_read, &n), OK);
	assert_int_equal(n, 14);
}

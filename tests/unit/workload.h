/*
 * workload.h - a fixed run of steps over everything the store does, and what
 * must be there after each: for tests in which the disk or the memory fails.
 *
 * A step is one transaction, one checkpoint, or closing and opening.  It may
 * be done again after it failed.  workload_prepare() writes the store that
 * each run starts from and learns from one undisturbed run what the state is
 * after each step.
 */
#ifndef UNIT_WORKLOAD_H
#define UNIT_WORKLOAD_H

#include "unit.h"

#include <dirent.h>
#include <math.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "buf.h"
#include "db.h"
#include "event.h"
#include "hash.h"
#include "key.h"
#include "list.h"
#include "outbox.h"
#include "set.h"
#include "value.h"
#include "zset.h"

enum { NOW = 1000000, SOME = 300, CROWD = 2500 };

static struct arena *mem, *keep;
static enum db_role work_role = DB_HANDLER;
static char work_dir[256], work_base[300], work_path[300];

static struct str
numbered(const char *prefix, int i)
{
	return arena_strf(mem, "%s%d", prefix, i);
}

static bool calm; /* nothing fails while this stands */

/* ---- what a store holds, as text ---------------------------------------------- */

static void
tell_bytes(struct buf *out, struct str s)
{
	uint64_t sum = s.n;

	buf_char(out, ' ');
	buf_put(out, s.p, s.n < 200 ? s.n : 20);
	for (size_t i = 20; s.n >= 200 && i < s.n; i++)
		sum = sum * 31 + (unsigned char)s.p[i];
	if (s.n >= 200)
		buf_printf(out, "...%zu bytes, sum %llu", s.n, (unsigned long long)sum);
}

static void
tell_hash(struct buf *out, struct db *db, struct str key)
{
	struct field *f;
	int64_t length;
	size_t n;

	if (hash_all(db, mem, key, &f, &n) != OK || n == 0)
		return;
	hash_len(db, key, &length);
	buf_printf(out, " hash of %lld:", (long long)length);
	for (size_t i = 0; i < n; i++) {
		tell_bytes(out, f[i].name);
		tell_bytes(out, f[i].value);
	}
}

static void
tell_set(struct buf *out, struct db *db, struct str key)
{
	struct str *m;
	int64_t length;
	size_t n;

	if (set_page(db, mem, key, (struct str){ NULL, 0 }, 4000, &m, &n) != OK || n == 0)
		return;
	set_card(db, key, &length);
	buf_printf(out, " set of %lld:", (long long)length);
	for (size_t i = 0; i < n; i++)
		tell_bytes(out, m[i]);
}

static void
tell_zset(struct buf *out, struct db *db, struct str key)
{
	struct zpage page = { ZPAGE_ALL, .limit = 4000 };
	struct zmember *m;
	int64_t length;
	size_t n;

	if (zset_page(db, mem, key, &page, &m, &n) != OK || n == 0)
		return;
	zset_card(db, key, &length);
	buf_printf(out, " zset of %lld:", (long long)length);
	for (size_t i = 0; i < n; i++) {
		tell_bytes(out, m[i].member);
		buf_char(out, ' ');
		buf_int(out, (int64_t)(m[i].score * 2)); /* all are halves */
	}
	for (size_t i = 0; i < n; i += 97) {
		int64_t rank = -1;

		zset_rank(db, key, m[i].member, false, &rank);
		buf_printf(out, " %lld.", (long long)rank);
	}
}

static void
tell_list(struct buf *out, struct db *db, struct str key)
{
	struct str *v;
	int64_t length;
	size_t n;

	if (list_range(db, mem, key, 0, -1, &v, &n) != OK || n == 0)
		return;
	list_length(db, key, &length);
	buf_printf(out, " list of %lld:", (long long)length);
	for (size_t i = 0; i < n; i++)
		tell_bytes(out, v[i]);
}

static void
tell_key(struct buf *out, struct db *db, struct str key)
{
	struct str v;

	buf_printf(out, "%.*s until %lld", FMT(key), (long long)key_expires(db, key));
	if (string_get(db, mem, key, &v) == OK)
		tell_bytes(out, v);
	tell_hash(out, db, key);
	tell_set(out, db, key);
	tell_zset(out, db, key);
	tell_list(out, db, key);
	buf_char(out, '\n');
}

static void
tell_outbox(struct buf *out, struct db *db)
{
	struct reason_count *reasons;
	struct destination *where;
	struct message m;
	struct tally *t;
	size_t n;

	for (int64_t id = 1; id < 20; id++)
		if (outbox_get(db, mem, id, &m) == OK)
			buf_printf(out, "%lld %s owner %lld epoch %lld tries %lld due %lld %.*s\n",
			    (long long)id, state_name(m.state), (long long)m.owner, (long long)m.epoch,
			    (long long)m.tries, (long long)m.due, FMT(m.reason));
	outbox_tally(db, mem, 0, &t, &n);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%lld %s, ", (long long)t[i].n, state_name(t[i].state));
	outbox_reasons(db, mem, &reasons, &n);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%lld of %.*s, ", (long long)reasons[i].n, FMT(reasons[i].reason));
	destination_list(db, mem, &where, &n);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%.*s %d wide, ", FMT(where[i].name), (int)where[i].width);
	buf_printf(out, "oldest %lld\n", (long long)outbox_oldest(db, LANE_NORMAL));
}

static void
tell_events(struct buf *out, struct db *db)
{
	const struct str channels[] = { S("availability"), S("alerts") };
	struct events e;

	event_range(db, mem, channels, LEN(channels), 0, INT64_MAX, 100, &e);
	for (size_t i = 0; i < e.n; i++)
		buf_printf(out, "%lld after %lld: %.*s %.*s\n", (long long)e.v[i].id, (long long)e.v[i].prev,
		    FMT(e.v[i].topic), FMT(e.v[i].data));
	buf_printf(out, "events from %lld to %lld\n", (long long)event_floor(db),
	    (long long)event_head(db, channels[0]));
}

/* In a transaction. */
static struct str
state_of(struct db *db)
{
	static struct buf out;
	struct str *names;
	size_t n = key_scan(db, mem, S(""), 1000, &names);

	buf_reset(&out);
	for (size_t i = 0; i < n; i++)
		tell_key(&out, db, names[i]);
	tell_outbox(&out, db);
	tell_events(&out, db);
	buf_printf(&out, "%lld keys, ", (long long)key_count(db));
	buf_printf(&out, "sequence %lld\n", (long long)db_sequence(db));
	return arena_dup(mem, (struct str){ out.p, out.n });
}

/* ---- the steps -------------------------------------------------------------------- */

static void
fill(struct db *db)
{
	char large[9000];

	memset(large, 'x', sizeof(large));
	string_set(db, S("large"), (struct str){ large, sizeof(large) }, 0);
	for (int i = 0; i < SOME; i++) {
		hash_append(db, S("hash"), numbered("f", i), numbered("old", i));
		set_add(db, S("set"), numbered("m", i));
		string_set_int(db, numbered("n", i % 60), i);
	}
	for (int i = 0; i < CROWD; i++)
		zset_add(db, S("crowd"), numbered("m", i), i % 100);
	for (int i = 0; i < SOME; i++) {
		struct str element = numbered("e", i);
		int64_t length;

		list_push(db, S("list"), i % 3 ? LIST_TAIL : LIST_HEAD, &element, 1, &length);
	}
	for (int i = 0; i < 2 * SOME; i++)
		zset_add(db, S("doomed"), numbered("m", i), i);
}

static void
message(struct db *db, const char *target)
{
	struct message m = {
		.channel = CHANNEL_EMAIL, .lane = LANE_NORMAL, .due = NOW, .expires = NOW + 999
	};

	m.destination = destination_id(db, CHANNEL_EMAIL, S("smtp://relay"));
	m.payload = payload_put(db, S("letter"));
	m.target = str(target);
	outbox_put(db, &m);
}

static void
change_of_each(struct db *db)
{
	struct field f[] = { { S("f1"), S("new") }, { S("f999"), S("more") }, { S("count"), S("7") } };
	struct str element = S("pushed");
	int64_t n;

	string_incr(db, S("counter"), 5, &n);
	list_push(db, S("list"), LIST_HEAD, &element, 1, &n);
	hash_set(db, S("hash"), f, LEN(f));
	set_add(db, S("set"), S("another"));
	set_rem(db, S("set"), S("m7"));
	zset_add(db, S("crowd"), S("m17"), 50.5);
	event_put(db, "availability", S("topic"), S("{1}"), db_sequence_next(db));
	event_put(db, "alerts", S(""), S("{}"), db_sequence_next(db));
	for (int i = 0; i < 5; i++)
		message(db, "ana@example.org");
}

static void
crowding(struct db *db)
{
	for (int i = 0; i < 200; i++)
		zset_add(db, S("crowd"), numbered("new", i), 42);
	for (int i = 0; i < 100; i++)
		zset_rem(db, S("crowd"), numbered("m", i * 7));
}

static void
parts(struct db *db)
{
	db_savepoint(db);
	for (int i = 0; i < 40; i++)
		zset_add(db, S("crowd"), numbered("undone", i), i);
	key_del(db, S("hash"));
	key_rename(db, S("n1"), S("list"));
	db_undo(db);
	db_savepoint(db);
	set_add(db, S("parts"), S("kept"));
	key_expire_at(db, S("n3"), NOW + 500);
	list_trim(db, S("list"), 5, 150);
	key_copy(db, S("hash"), S("copy"), false);
	key_rename(db, S("n6"), S("n7"));
	event_put(db, "availability", S("topic"), S("{2}"), db_sequence_next(db));
	message(db, "ion@example.org");
	db_release(db);
}

static void
other_types(struct db *db)
{
	char large[5000];

	memset(large, 'y', sizeof(large));
	string_set(db, S("set"), (struct str){ large, sizeof(large) }, 0);
	string_set(db, S("large"), S("small"), NOW + 100);
	key_del(db, S("n5"));
	set_add(db, S("n5"), S("now a set"));
}

static void
drop(struct db *db)
{
	key_del(db, S("doomed"));
	set_add(db, S("doomed"), S("risen"));
	key_expire_at(db, S("n4"), NOW - 1);
}

static void
sweep(struct db *db)
{
	key_sweep(db, 250);
}

static void
send(struct db *db)
{
	struct message *m;
	size_t n;

	outbox_claim(db, mem, LANE_NORMAL, 1, 77, NOW + 1000, 5, &m, &n);
}

/* What was claimed before. */
static void
settle(struct db *db)
{
	static const enum outbox_state to[] = { OUTBOX_SENT, OUTBOX_WAITING, OUTBOX_DEAD, OUTBOX_UNSURE };
	struct destination relay = { .id = 1, .width = 8 };
	struct settled s[LEN(to)];
	struct message m[LEN(to)];

	for (size_t i = 0; i < LEN(to); i++) {
		if (outbox_get(db, mem, (int64_t)i + 1, &m[i]) != OK)
			m[i].id = 0;
		s[i] = (struct settled){ .message = &m[i],
			.state = to[i],
			.due = NOW + 50,
			.counts = true,
			.code = 500,
			.reason = S("no answer") };
	}
	outbox_settle(db, s, LEN(to));
	destination_save(db, &relay);
}

static void
intervene(struct db *db)
{
	outbox_requeue(db, 3, NOW + 5000);
	outbox_report(db, 1, OUTBOX_DELIVERED, 0, S(""));
	outbox_cancel(db, 5, S("replaced"));
	event_trim(db, NOW - 1, 1, 10);
}

/* More than the page cache holds, so that pages go out before the commit. */
static void
flood(struct db *db)
{
	char large[40000];

	memset(large, 'z', sizeof(large));
	for (int i = 0; i < 28; i++)
		string_set(db, numbered("flood", i), (struct str){ large, sizeof(large) - (size_t)i }, 0);
}

static void
ebb(struct db *db)
{
	for (int i = 0; i < 28; i++)
		key_del(db, numbered("flood", i));
}

static void
look(struct db *db)
{
	state_of(db);
}

enum step_kind { WRITE, READ, CHECKPOINT, REOPEN, VISIT, INTEGRITY };
static const struct step {
	enum step_kind kind;
	void (*run)(struct db *);
} steps[] = {
	{ WRITE, change_of_each },
	{ WRITE, crowding },
	{ WRITE, parts },
	{ CHECKPOINT, NULL },
	{ WRITE, drop },
	{ WRITE, sweep },
	{ WRITE, other_types },
	{ REOPEN, NULL },
	{ READ, look },
	{ WRITE, sweep },
	{ WRITE, send },
	{ WRITE, settle },
	{ WRITE, intervene },
	{ CHECKPOINT, NULL },
	{ WRITE, flood },
	{ WRITE, sweep },
	{ REOPEN, NULL },
	{ VISIT, NULL },
	{ WRITE, ebb },
	{ INTEGRITY, NULL },
	{ WRITE, change_of_each },
};
enum { STEPS = LEN(steps) };

/* The state after each step; [0] is what was there before the first. */
static struct str states[STEPS + 1];

/* *db is NULL while opening has failed. */
static enum err
step_open(struct db **db)
{
	enum err e = db_create(work_path);

	return e == OK ? db_open(db, work_path, work_role) : e;
}

/* The operator looks in with SQLite's own tool: the schema's number changes,
 * all statements have to be prepared again. */
static enum err
visit(void)
{
	sqlite3 *handle = NULL;
	int rc;

	calm = true;
	rc = sqlite3_open(work_path, &handle);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, "begin immediate; create table visit (x); drop table visit; commit",
		    NULL, NULL, NULL);
	sqlite3_close(handle);
	calm = false;
	return rc == SQLITE_OK ? OK : ERR_STORE;
}

static enum err
step_do(struct db **db, int i)
{
	enum err e;
	int64_t left;

	if (steps[i].kind == REOPEN) {
		db_close(*db);
		*db = NULL;
	}
	if (*db == NULL && (e = step_open(db)) != OK)
		return e;
	if (steps[i].kind == REOPEN)
		return OK;
	if (steps[i].kind == VISIT)
		return visit();
	if (steps[i].kind == INTEGRITY)
		return db_integrity(*db);
	if (steps[i].kind == CHECKPOINT)
		return db_checkpoint(*db, &left);
	if ((e = db_begin(*db, steps[i].kind == WRITE ? TX_WRITE : TX_READ, NOW + i)) != OK)
		return e;
	steps[i].run(*db);
	return db_commit(*db);
}

/* How many of each kind of failure are tried: FAULTS=all, or a number. */
static int
samples(void)
{
	const char *given = getenv("FAULTS");

	return given == NULL ? 2 : strcmp(given, "all") == 0 ? 100000 : atoi(given);
}

/* ---- comparing ----------------------------------------------------------------------- */

/* The state in a transaction of its own. */
static struct str
state_now(struct db *db)
{
	struct str s;

	assert_int_equal(db_begin(db, TX_READ, NOW + STEPS), OK);
	s = state_of(db);
	assert_int_equal(db_commit(db), OK);
	return s;
}

static void
state_is(struct str have, struct str want)
{
	size_t i = 0;

	if (str_eq(have, want))
		return;
	while (i < have.n && i < want.n && have.p[i] == want.p[i])
		i++;
	i = i < 100 ? 0 : i - 100;
	print_error("...%.200s\n  where there should be\n...%.200s\n", have.p + i, want.p + i);
	fail_msg("the state is another");
}

static void
copy_file(const char *from, const char *to)
{
	char part[16384];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t n;

	if (in == NULL || out == NULL)
		fail_msg("%s: cannot be copied", from);
	while ((n = fread(part, 1, sizeof(part), in)) > 0)
		assert_int_equal(fwrite(part, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* A fresh copy of what each run starts from. */
static void
work_afresh(void)
{
	char name[320];

	snprintf(name, sizeof(name), "%s-wal", work_path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", work_path);
	unlink(name);
	copy_file(work_base, work_path);
}

/* For cmocka's group setup; false: the machine is to blame. */
static int
workload_prepare(void)
{
	const char *tmp = getenv("TMPDIR");
	struct db *db = NULL;

	mem = arena_new();
	keep = arena_new();
	snprintf(work_dir, sizeof(work_dir), "%s/muster-fault-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(work_dir) == NULL)
		return -1;
	snprintf(work_base, sizeof(work_base), "%s/base", work_dir);
	snprintf(work_path, sizeof(work_path), "%s/store", work_dir);
	if (db_create(work_base) != OK || db_open(&db, work_base, DB_HANDLER) != OK ||
	    db_begin(db, TX_WRITE, NOW) != OK)
		return -1;
	fill(db);
	if (db_commit(db) != OK)
		return -1;
	db_close(db);

	work_afresh();
	db = NULL;
	assert_int_equal(step_open(&db), OK);
	states[0] = arena_dup(keep, state_now(db));
	for (int i = 0; i < STEPS; i++) {
		assert_int_equal(step_do(&db, i), OK);
		states[i + 1] = arena_dup(keep, state_now(db));
		arena_reset(mem);
	}
	db_close(db);
	return 0;
}

/* Takes it all away again. */
static int
workload_remove(void)
{
	DIR *dir = opendir(work_dir);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), e->d_name, 0); /* not "." and "..", which are folders */
	closedir(dir);
	arena_free(mem);
	arena_free(keep);
	return rmdir(work_dir);
}

#endif

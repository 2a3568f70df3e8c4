/*
 * store.c - writers are killed at random moments, again and again; the store
 * holds what was acknowledged, all of it, and nothing by halves.
 *
 *	ROUNDS=300  kills of all processes at once
 *	SEED=...    repeats the choice of what is written (not the moments)
 *
 * What the s-th transaction of a writer does follows from the writer and s
 * alone.  So from how many of its transactions are in the store follows all
 * that must be there; a writer acknowledges each through a pipe, after the
 * commit, and at most one can be in the store without.
 */
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/audit.h"
#include "buf.h"
#include "db.h"
#include "event.h"
#include "hash.h"
#include "key.h"
#include "list.h"
#include "outbox.h"
#include "random.h"
#include "set.h"
#include "value.h"
#include "zset.h"

enum {
	WRITERS = 3,
	SWEEPER = WRITERS, /* the process behind the writers */
	FIELDS = 120,
	MEMBERS = 1600, /* of one writer in the shared collections */
	QUEUE = 90,     /* elements of a list at most */
	HEAP = 60,      /* members of what is dropped and made again */
	NOW = 1000000,
	LARGE = 1000
};

static char dir[256], path[300];
static struct arena *mem;
static uint32_t seed;
static int round_now, failures;

/* ---- chance that can be repeated ------------------------------------------------- */

struct chance {
	uint64_t state;
};

static uint64_t
draw(struct chance *c)
{
	c->state ^= c->state >> 12;
	c->state ^= c->state << 25;
	c->state ^= c->state >> 27;
	return c->state * 2685821657736338717ULL >> 16;
}

static int
below(struct chance *c, int bound)
{
	return (int)(draw(c) % (unsigned)bound);
}

/* All that the s-th transaction of a writer draws. */
static struct chance
chance_of(int writer, int64_t s)
{
	struct chance c = { ((uint64_t)seed << 32 | 1) ^
			    ((uint64_t)s * 8 + (uint64_t)writer + 1) * 0x9e3779b97f4a7c15ULL };

	for (int i = 0; i < 4; i++)
		draw(&c);
	return c;
}

/* ---- what must be there ---------------------------------------------------------- */

static struct model {
	int64_t done; /* transactions */
	int64_t field[FIELDS], list[QUEUE + 1];
	size_t queue;
	int64_t heap; /* the transaction that made it, 0: not there */
	bool name[MEMBERS], ranked[MEMBERS];
	int score[MEMBERS];
} models[WRITERS];

static struct str
named(const char *what, int writer)
{
	return arena_strf(mem, "%s:%d", what, writer);
}

static struct str
number(int64_t n)
{
	return arena_strf(mem, "%lld", (long long)n);
}

/* Members of all writers lie among each other: runs are shared. */
static struct str
member(int i, int writer)
{
	return arena_strf(mem, "m%d-%d", i, writer);
}

static struct str
page_of(int64_t s)
{
	size_t n = LARGE + (size_t)(s % 5000);
	char *p = arena_alloc(mem, n);

	memset(p, 'a' + (int)(s % 26), n);
	return (struct str){ p, n };
}

/* ---- one transaction, on the model and in the store ------------------------------- */

/* Either side may be NULL. */
static void
hash_part(struct chance *c, struct db *db, struct model *m, int w, int64_t s)
{
	for (int i = 0; i < 4; i++) {
		int f = below(c, FIELDS);
		bool goes = below(c, 3) == 0;
		struct field field = { arena_strf(mem, "f%d", f), number(s) };

		if (db != NULL && goes)
			hash_del(db, named("hash", w), field.name);
		else if (db != NULL)
			hash_set(db, named("hash", w), &field, 1);
		if (m != NULL)
			m->field[f] = goes ? 0 : s;
	}
}

static void
set_part(struct chance *c, struct db *db, struct model *m, int w)
{
	for (int i = 0; i < 4; i++) {
		int which = below(c, MEMBERS);
		bool goes = below(c, 3) == 0;

		if (db != NULL)
			(goes ? set_rem : set_add)(db, S("names"), member(which, w));
		if (m != NULL)
			m->name[which] = !goes;
	}
}

static void
zset_part(struct chance *c, struct db *db, struct model *m, int w)
{
	/* Now and then many of one score: a run must be split. */
	int n = below(c, 12) ? 5 : 150, crowd = below(c, 400);

	for (int i = 0; i < n; i++) {
		int which = below(c, MEMBERS), score = n > 5 ? crowd : below(c, 400);
		bool goes = below(c, 3) == 0;

		if (db != NULL && goes)
			zset_rem(db, S("crowd"), member(which, w));
		else if (db != NULL)
			zset_add(db, S("crowd"), member(which, w), score);
		if (m != NULL) {
			m->ranked[which] = !goes;
			m->score[which] = score;
		}
	}
}

static void
list_part(struct db *db, struct model *m, int w, int64_t s)
{
	struct str key = named("list", w), *gone, element = number(s);
	int64_t length;
	size_t n;

	if (db != NULL && list_push(db, key, LIST_TAIL, &element, 1, &length) == OK && length > QUEUE)
		list_pop(db, mem, key, LIST_HEAD, length - QUEUE, &gone, &n);
	if (m == NULL)
		return;
	m->list[m->queue++] = s;
	if (m->queue > QUEUE)
		memmove(m->list, m->list + 1, --m->queue * sizeof(m->list[0]));
}

/* A collection is dropped, left to the sweeper, and made again. */
static void
heap_part(struct chance *c, struct db *db, struct model *m, int w, int64_t s)
{
	if (below(c, 3))
		return;
	if (db != NULL) {
		key_del(db, named("heap", w));
		for (int i = 0; s % 2 && i < HEAP; i++)
			zset_add(db, named("heap", w), arena_strf(mem, "%lld-%d", (long long)s, i), i);
	}
	if (m != NULL)
		m->heap = s % 2 ? s : 0;
}

/* What goes by itself: not in the model, for the sweeper may have been there. */
static void
temporary_part(struct chance *c, struct db *db, int w)
{
	struct str key = arena_strf(mem, "temporary:%d:%d", w, below(c, 3));

	if (db == NULL)
		return;
	for (int i = 0; i < 40; i++)
		set_add(db, key, number(i));
	key_expire_at(db, key, NOW + 1);
}

/* A message and an event; every third one before is sent, every seventh is dead. */
static void
tell(struct db *db, int w, int64_t s)
{
	struct message m = { .channel = CHANNEL_EMAIL, .source = w + 1, .expires = NOW + 1000 }, *claimed;
	size_t n;

	m.destination = destination_id(db, CHANNEL_EMAIL, named("smtp://relay", w));
	m.payload = payload_put(db, number(s));
	m.target = number(s);
	outbox_put(db, &m);
	event_put(db, "alerts", named("topic", w), S("{}"), db_sequence_next(db));
	if (s % 3)
		return;
	outbox_claim(db, mem, LANE_URGENT, m.destination, w + 1, NOW + 1000, 1, &claimed, &n);
	for (size_t i = 0; i < n; i++) {
		struct settled to = { .message = &claimed[i], .state = s % 7 ? OUTBOX_SENT : OUTBOX_DEAD };

		outbox_settle(db, &to, 1);
	}
}

static void
transaction(struct db *db, struct model *m, int w, int64_t s)
{
	struct chance c = chance_of(w, s);
	int64_t value;

	if (db != NULL) {
		string_incr(db, named("count", w), 1, &value);
		string_incr(db, S("total"), 1, &value);
		string_set(db, named("page", w), page_of(s), 0);
		tell(db, w, s);
	}
	if (m != NULL)
		m->done = s;
	hash_part(&c, db, m, w, s);
	set_part(&c, db, m, w);
	zset_part(&c, db, m, w);
	list_part(db, m, w, s);
	heap_part(&c, db, m, w, s);
	temporary_part(&c, db, w);
}

/* ---- comparing ---------------------------------------------------------------------- */

static bool
wrong(const char *fmt, ...)
{
	va_list ap;

	printf("# round %d, seed %u: ", round_now, seed);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	failures++;
	return false;
}

static bool
same_hash(struct db *db, int w)
{
	struct field *f;
	int64_t length = -1;
	size_t n, want = 0;

	if (hash_all(db, mem, named("hash", w), &f, &n) != OK ||
	    hash_len(db, named("hash", w), &length) != OK)
		return wrong("hash:%d cannot be read", w);
	for (int i = 0; i < FIELDS; i++)
		want += models[w].field[i] != 0;
	if (n != want || length != (int64_t)want)
		return wrong(
		    "hash:%d has %zu fields, says %lld, should have %zu", w, n, (long long)length, want);
	for (size_t i = 0; i < n; i++)
		if (!str_eq(f[i].value, number(models[w].field[atoi(f[i].name.p + 1)])))
			return wrong("hash:%d %.*s is %.*s", w, FMT(f[i].name), FMT(f[i].value));
	return true;
}

static bool
same_list(struct db *db, int w)
{
	const struct model *m = &models[w];
	struct str *v;
	size_t n;

	if (list_range(db, mem, named("list", w), 0, -1, &v, &n) != OK || n != m->queue)
		return wrong("list:%d has not its %zu elements", w, m->queue);
	for (size_t i = 0; i < n; i++)
		if (!str_eq(v[i], number(m->list[i])))
			return wrong("list:%d has %.*s at %zu", w, FMT(v[i]), i);
	return true;
}

static bool
same_heap(struct db *db, int w)
{
	const struct model *m = &models[w];
	struct zrange all = { .by = ZRANGE_RANK, .first = 0, .last = -1, .count = -1 };
	struct zmember *z;
	size_t n;

	if (zset_range(db, mem, named("heap", w), &all, &z, &n) != OK || n != (m->heap ? HEAP : 0))
		return wrong("heap:%d has not its members", w);
	for (size_t i = 0; i < n; i++)
		if (!str_eq(z[i].member, arena_strf(mem, "%lld-%zu", (long long)m->heap, i)))
			return wrong("heap:%d has %.*s at %zu", w, FMT(z[i].member), i);
	return true;
}

static bool
same_strings(struct db *db, int w)
{
	const struct model *m = &models[w];
	int64_t count = -1;
	struct str page = { NULL, 0 };

	if (string_get_int(db, named("count", w), &count) != OK || count != m->done)
		return wrong("count:%d is %lld", w, (long long)count);
	if (m->done &&
	    (string_get(db, mem, named("page", w), &page) != OK || !str_eq(page, page_of(m->done))))
		return wrong("page:%d is not that of %lld", w, (long long)m->done);
	return true;
}

/* Every member in the set, with its score and rank in the sorted set. */
static bool
same_shared(struct db *db)
{
	struct zrange all = { .by = ZRANGE_RANK, .first = 0, .last = -1, .count = -1 };
	int64_t names = 0, ranked = 0, have = -1, rank = -1;
	struct zmember *z;
	double score;
	size_t n;

	for (int w = 0; w < WRITERS; w++)
		for (int i = 0; i < MEMBERS; i++) {
			const struct model *m = &models[w];
			struct str who = member(i, w);

			if (set_has(db, S("names"), who) != m->name[i])
				return wrong("%.*s is%s in the set", FMT(who), m->name[i] ? " not" : "");
			if (zset_score(db, S("crowd"), who, &score) != (m->ranked[i] ? OK : ERR_NOT_FOUND) ||
			    (m->ranked[i] && (int)score != m->score[i]))
				return wrong("%.*s has another score", FMT(who));
			names += m->name[i];
			ranked += m->ranked[i];
		}
	if (set_card(db, S("names"), &have) != OK || have != names)
		return wrong("the set has %lld members, says %lld", (long long)names, (long long)have);
	if (zset_card(db, S("crowd"), &have) != OK || have != ranked ||
	    zset_range(db, mem, S("crowd"), &all, &z, &n) != OK || (int64_t)n != ranked)
		return wrong("the ranking has %lld members, says %lld", (long long)ranked, (long long)have);
	for (size_t i = random_below(50); i < n; i += 50)
		if (zset_rank(db, S("crowd"), z[i].member, false, &rank) != OK || rank != (int64_t)i)
			return wrong("%.*s ranks %lld, not %zu", FMT(z[i].member), (long long)rank, i);
	return true;
}

static bool
same_totals(struct db *db)
{
	int64_t want = 0, total = -1, rows = 0;
	struct tally *t;
	size_t n;

	for (int w = 0; w < WRITERS; w++)
		want += models[w].done;
	outbox_tally(db, mem, 0, &t, &n);
	for (size_t i = 0; i < n; i++)
		rows += t[i].n;
	if (string_get_int(db, S("total"), &total) != OK || total != want || db_sequence(db) != want ||
	    rows != want)
		return wrong("%lld transactions: total %lld, sequence %lld, %lld rows in the outbox",
		    (long long)want, (long long)total, (long long)db_sequence(db), (long long)rows);
	return true;
}

/* How far each writer came; the model goes there too. */
static bool
catch_up(struct db *db, const int64_t *acked)
{
	bool good = true;

	for (int w = 0; w < WRITERS; w++) {
		int64_t done = -1;

		if (string_get_int(db, named("count", w), &done) != OK || done < acked[w] ||
		    done > acked[w] + 1)
			good = wrong("writer %d acknowledged %lld, the store has %lld", w,
			    (long long)acked[w], (long long)done);
		while (models[w].done < done)
			transaction(NULL, &models[w], w, models[w].done + 1);
	}
	return good;
}

enum { KILLED, INTEGRITY, ACKNOWLEDGED, WHOLE, AUDIT, PROMISES };
static int broken[PROMISES];

static void
check(const int64_t *acked)
{
	struct db *db = NULL;
	bool whole = true;

	arena_reset(mem);
	if (db_open(&db, path, DB_TOOL) != OK || db_integrity(db) != OK) {
		broken[INTEGRITY]++;
		wrong("the file is damaged or cannot be opened");
		exit(1);
	}
	if (db_begin(db, TX_READ, NOW) != OK)
		exit(1);
	broken[ACKNOWLEDGED] += !catch_up(db, acked);
	for (int w = 0; w < WRITERS; w++)
		whole =
		    same_strings(db, w) && same_hash(db, w) && same_list(db, w) && same_heap(db, w) && whole;
	whole = same_shared(db) && same_totals(db) && whole;
	broken[WHOLE] += !whole;
	db_rollback(db);
	db_close(db);
	if (audit(path) != 0) {
		broken[AUDIT]++;
		wrong("lengths, members or runs disagree");
	}
}

/* ---- processes ------------------------------------------------------------------------ */

static void
write_until_killed(int w, int ack)
{
	struct db *db = NULL;

	if (db_open(&db, path, DB_HANDLER) != OK)
		_exit(2);
	for (int64_t s = models[w].done + 1;; s++) {
		enum err e;

		while ((e = db_begin(db, TX_WRITE, NOW)) == ERR_BUSY)
			;
		if (e != OK)
			_exit(3);
		transaction(db, NULL, w, s);
		if (db_commit(db) != OK)
			_exit(4);
		if (write(ack, &s, sizeof(s)) != sizeof(s))
			_exit(5);
		arena_reset(mem);
	}
}

/* As the dispatcher: what has expired goes, the log is written back. */
static void
sweep_until_killed(void)
{
	struct db *db = NULL;
	int64_t left;

	if (db_open(&db, path, DB_DISPATCH) != OK)
		_exit(2);
	for (int i = 0;; i++) {
		if (db_begin(db, TX_WRITE, NOW + 10) == OK) {
			key_sweep(db, 200);
			if (db_commit(db) != OK)
				_exit(4);
		}
		if (i % 8 == 7)
			db_checkpoint(db, &left);
		usleep(2000);
	}
}

/* Whoever comes first after a kill has to put the log in order, and may be
 * killed at that too. */
static void
recover_until_killed(void)
{
	struct db *db = NULL;
	int64_t left;

	if (db_open(&db, path, DB_TOOL) == OK)
		db_checkpoint(db, &left);
	pause();
}

static void
kill_all(pid_t *pids, int n)
{
	int status;

	for (int i = n - 1; i > 0; i--) { /* in a random order, not quite at once */
		int j = (int)random_below((uint32_t)i + 1);
		pid_t p = pids[i];

		pids[i] = pids[j];
		pids[j] = p;
	}
	for (int i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		if (random_below(2))
			usleep(random_below(8000));
	}
	for (int i = 0; i < n; i++)
		if (waitpid(pids[i], &status, 0) != pids[i] || !WIFSIGNALED(status) ||
		    WTERMSIG(status) != SIGKILL) {
			broken[KILLED]++;
			wrong("a process ended by itself, status %d", status);
		}
}

static pid_t
forked(void)
{
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) < 0)
		exit(1);
	return pid;
}

static void
one_round(int64_t *acked)
{
	int pipes[WRITERS][2];
	pid_t pids[WRITERS + 1];
	int64_t s;

	for (int w = 0; w < WRITERS; w++) {
		acked[w] = models[w].done;
		if (pipe2(pipes[w], O_CLOEXEC) != 0 || fcntl(pipes[w][1], F_SETPIPE_SZ, 1 << 20) < 0)
			exit(1);
		if ((pids[w] = forked()) == 0)
			write_until_killed(w, pipes[w][1]);
		close(pipes[w][1]);
	}
	if ((pids[SWEEPER] = forked()) == 0)
		sweep_until_killed();
	usleep(random_below(round_now % 8 ? 250000 : 8000)); /* some while they open it */
	kill_all(pids, WRITERS + 1);
	for (int w = 0; w < WRITERS; w++) {
		while (read(pipes[w][0], &s, sizeof(s)) == sizeof(s))
			acked[w] = s;
		close(pipes[w][0]);
	}
	if (round_now % 3 == 0) {
		if ((pids[0] = forked()) == 0)
			recover_until_killed();
		usleep(random_below(6000));
		kill_all(pids, 1);
	}
}

/* ---- all of it ---------------------------------------------------------------------------- */

static void
clean_up(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0); /* not "." and "..", which are folders */
	closedir(d);
	rmdir(dir);
}

static void
told(int promise, const char *words)
{
	printf("%sok %d - %s\n", broken[promise] ? "not " : "", promise + 1, words);
}

int
main(void)
{
	const char *rounds = getenv("ROUNDS"), *given = getenv("SEED"), *build = getenv("B");
	int n = rounds ? atoi(rounds) : 300;
	int64_t acked[WRITERS], all = 0;

	random_bytes(&seed, sizeof(seed));
	if (given != NULL)
		seed = (uint32_t)strtoul(given, NULL, 10);
	mem = arena_new();
	snprintf(dir, sizeof(dir), "%s/chaos-store-XXXXXX", build ? build : "build");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/store", dir);
	if (db_create(path) != OK)
		return 1;
	printf("1..%d\n", PROMISES);
	for (round_now = 1; round_now <= n && failures == 0; round_now++) {
		one_round(acked);
		check(acked);
	}
	for (int w = 0; w < WRITERS; w++)
		all += models[w].done;
	printf("# %d rounds, %lld transactions, seed %u\n", round_now - 1, (long long)all, seed);
	told(KILLED, "nobody ended but of the kill");
	told(INTEGRITY, "after each kill the file is sound");
	told(ACKNOWLEDGED, "every acknowledged transaction is there, and at most one more of each writer");
	told(WHOLE, "every transaction that is there is there as a whole");
	told(AUDIT, "lengths, runs and rows agree with the members");
	if (failures == 0)
		clean_up();
	arena_free(mem);
	return failures != 0 || all < n;
}

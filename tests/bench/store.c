/*
 * store - how fast lib/store is: against SQLite alone, against redka, as its
 * collections grow, and how long it keeps others from writing.
 *
 * `make bench-store` runs it.  All in one process, in a folder of its own in
 * build/ (a real disk).  What is judged is a ratio of two sides in the same
 * run, never microseconds; the exceptions are bytes and lock times.
 *
 *	ROUNDS=5  SIZES='1e3 1e4 1e5 1e6'  VERBOSE=1
 *	build/tests/bench/store [reads] [writes] [peer] [bytes] [locks] [growth]
 *
 * The largest of SIZES is "large" below; without arguments all parts run.
 * Targets are for 1e5 at least, those of growth for a thousandfold: below that
 * figures are shown, not judged.  Exit 1 when a target is missed; the figures
 * also go to build/bench-store.json.
 */
#include "bench.h"

#include "command.h"
#include "growth.h"
#include "hash.h"
#include "locks.h"
#include "redka.h"
#include "set.h"
#include "value.h"
#include "zset.h"

static int64_t base, large;

#define KEY S("collection")

static double
any_score(void)
{
	return (double)rnd_below(1000000);
}

/* ---- 1. reads: muster against one raw prepared point read ------------------ */

static void
load_string(struct store *s, int64_t i)
{
	string_set(s->db, name_at(i * 2), name_at(i), 0);
}

static void
load_counter(struct store *s, int64_t i)
{
	string_set_int(s->db, name_at(i * 2), i);
}

static void
load_field(struct store *s, int64_t i)
{
	hash_set(s->db, KEY, &(struct field){ name_at(i * 2), name_at(i) }, 1);
}

static void
load_member(struct store *s, int64_t i)
{
	set_add(s->db, KEY, name_at(i * 2));
}

static void
load_ranked(struct store *s, int64_t i)
{
	zset_add(s->db, KEY, name_at(i * 2), any_score());
}

static void
check(bool good, const char *what)
{
	if (!good)
		die("%s: not what was stored", what);
}

/* A handler resets its arena with each request. */
static void
request_ends(struct store *s, int i)
{
	if (i % 50 == 49)
		arena_reset(s->arena);
}

static void
muster_get(void *arg, int ops)
{
	struct store *s = arg;
	struct str value;

	for (int i = 0; i < ops; i++) {
		check(string_get(s->db, s->arena, name_old(), &value) == OK, "GET");
		sink += (int64_t)value.n;
		request_ends(s, i);
	}
}

static void
muster_hget(void *arg, int ops)
{
	struct store *s = arg;
	struct str value;

	for (int i = 0; i < ops; i++) {
		check(hash_get(s->db, s->arena, KEY, name_old(), &value) == OK, "HGET");
		sink += (int64_t)value.n;
		request_ends(s, i);
	}
}

static void
muster_sismember(void *arg, int ops)
{
	struct store *s = arg;

	for (int i = 0; i < ops; i++)
		check(set_has(s->db, KEY, name_old()), "SISMEMBER");
}

static void
muster_zscore(void *arg, int ops)
{
	struct store *s = arg;
	double score;

	for (int i = 0; i < ops; i++) {
		check(zset_score(s->db, KEY, name_old(), &score) == OK, "ZSCORE");
		sink += (int64_t)score;
	}
}

static void
raw_read(void *arg, int ops)
{
	struct store *s = arg;
	int last = sqlite3_bind_parameter_count(s->raw);

	for (int i = 0; i < ops; i++) {
		if (last == 2)
			sqlite3_bind_int64(s->raw, 1, s->id);
		sql_blob(s->raw, last, name_old());
		check(sql_step(s->raw), "raw");
		if (sqlite3_column_type(s->raw, 0) == SQLITE_BLOB)
			sink +=
			    *(const char *)sqlite3_column_blob(s->raw, 0) + sqlite3_column_bytes(s->raw, 0);
		else
			sink += sqlite3_column_int64(s->raw, 0);
		sqlite3_reset(s->raw);
	}
}

/* Ids are not the smallest, which take no room in a row. */
static struct store *
store_used(void)
{
	struct store *s = store_new(DB_TOOL);

	begin(s, TX_WRITE);
	for (int i = 0; i < 1000; i++)
		string_set_int(s->db, arena_strf(s->arena, "before %d", i), i);
	commit(s);
	return s;
}

/* A store with `base` loaded, as a handler opens it. */
static struct store *
loaded(void (*load)(struct store *, int64_t), const char *raw)
{
	struct store *s = store_used();

	store_load(s, base, load);
	store_reopen(s, DB_HANDLER);
	store_undisturbed(s);
	s->raw = sql_prepare(s->handle, raw);
	s->id = sql_number(s->handle, "select max(id) from key");
	return s;
}

/* As a handler reads, with its small page cache, where a read is mostly a page
 * fetched from the system; then with all pages in the cache, where it is
 * mostly the descent and our own code: shown, for whoever tunes. */
static void
reads(void)
{
	static const struct {
		const char *name;
		void (*load)(struct store *, int64_t);
		void (*muster)(void *, int);
		const char *raw;
	} rows[] = {
		{ "GET", load_string, muster_get, "select value from key where name = ?1" },
		{ "HGET", load_field, muster_hget, "select value from hash where key = ?1 and field = ?2" },
		{ "SISMEMBER", load_member, muster_sismember,
		    "select 1 from member where key = ?1 and member = ?2" },
		{ "ZSCORE", load_ranked, muster_zscore,
		    "select score from ranking where key = ?1 and member = ?2" },
	};

	part("reads in one transaction", "muster/s", "raw read/s");
	for (size_t i = 0; i < LEN(rows); i++) {
		struct store *s = loaded(rows[i].load, rows[i].raw);
		struct side muster = { rows[i].muster, s, 2000 }, raw = { raw_read, s, 2000 };
		char name[32];

		begin(s, TX_READ);
		duel(rows[i].name, muster, raw, 16, 0.8, NULL);
		commit(s);
		sql_exec(s->handle, "pragma cache_size = -262144");
		begin(s, TX_READ);
		for (int64_t k = 0; k < names_loaded / 4000; k++) /* into the cache */
			turn(&raw);
		snprintf(name, sizeof(name), "%s, all in the cache", rows[i].name);
		duel(name, muster, raw, 16, 0, NULL);
		commit(s);
		store_free(s);
	}
}

/* ---- 2. writes: muster against the raw upsert ------------------------------- */

/* Every other name is new, the rest are there. */
static struct str
written(struct store *s, int i)
{
	return i % 2 ? name_new(&s->used) : name_old();
}

static void
muster_incr(void *arg, int ops)
{
	struct store *s = arg;
	int64_t value;

	begin(s, TX_WRITE);
	for (int i = 0; i < ops; i++)
		check(string_incr(s->db, written(s, i), 1, &value) == OK, "INCR");
	commit(s);
}

static void
muster_hset(void *arg, int ops)
{
	struct store *s = arg;

	begin(s, TX_WRITE);
	for (int i = 0; i < ops; i++)
		check(hash_set(s->db, KEY, &(struct field){ written(s, i), name_old() }, 1) == OK, "HSET");
	commit(s);
}

static void
muster_sadd(void *arg, int ops)
{
	struct store *s = arg;

	begin(s, TX_WRITE);
	for (int i = 0; i < ops; i++)
		check(set_add(s->db, KEY, written(s, i)) == OK, "SADD");
	commit(s);
}

static void
muster_zadd(void *arg, int ops)
{
	struct store *s = arg;

	begin(s, TX_WRITE);
	for (int i = 0; i < ops; i++)
		check(zset_add(s->db, KEY, written(s, i), any_score()) == OK, "ZADD");
	commit(s);
}

/* ?1: the collection's id, or a new one for a key; ?2: the name; ?3: a value. */
static void
raw_write(struct store *s, int ops, bool keys, bool scores)
{
	begin(s, TX_WRITE);
	for (int i = 0; i < ops; i++) {
		sqlite3_bind_int64(s->raw, 1, keys ? ++s->id : s->id);
		sql_blob(s->raw, 2, written(s, i));
		if (scores)
			sqlite3_bind_double(s->raw, 3, any_score());
		else if (sqlite3_bind_parameter_count(s->raw) == 3)
			sql_blob(s->raw, 3, name_old());
		sql_step(s->raw);
	}
	commit(s);
}

static void
raw_keys(void *arg, int ops)
{
	raw_write(arg, ops, true, false);
}

static void
raw_members(void *arg, int ops)
{
	raw_write(arg, ops, false, false);
}

static void
raw_scores(void *arg, int ops)
{
	raw_write(arg, ops, false, true);
}

static void
tidy_store(void *arg)
{
	store_checkpoint(arg);
}

static void
writes(void)
{
	static const struct {
		const char *name;
		void (*load)(struct store *, int64_t);
		void (*muster)(void *, int), (*other)(void *, int);
		const char *raw;
	} rows[] = {
		{ "INCR", load_counter, muster_incr, raw_keys,
		    "insert into key (id, name, type, value) values (?1, ?2, 1, 1)"
		    " on conflict (name) do update set value = value + 1" },
		{ "HSET", load_field, muster_hset, raw_members,
		    "insert into hash (key, field, value) values (?1, ?2, ?3)"
		    " on conflict (key, field) do update set value = excluded.value" },
		{ "SADD", load_member, muster_sadd, raw_members,
		    "insert into member (key, member) values (?1, ?2) on conflict do nothing" },
		{ "ZADD", load_ranked, muster_zadd, raw_scores,
		    "insert into ranking (key, member, score) values (?1, ?2, ?3)"
		    " on conflict (key, member) do update set score = excluded.score" },
	};

	part("writes, 1,000 a transaction, half of them new", "muster/s", "raw upsert/s");
	for (size_t i = 0; i < LEN(rows); i++) {
		struct store *s = loaded(rows[i].load, rows[i].raw), *raw = loaded(rows[i].load, rows[i].raw);

		duel(rows[i].name, (struct side){ rows[i].muster, s, 1000 },
		    (struct side){ rows[i].other, raw, 1000 }, 8, 0.6, tidy_store);
		store_free(s);
		store_free(raw);
	}
}

/* ---- 3. the peer ------------------------------------------------------------ */

static void
redka_load(struct redka *rk, int64_t n, bool ranked)
{
	sql_exec(rk->handle, "begin immediate");
	for (int64_t i = 0; i < n; i++)
		if (ranked)
			redka_zadd(rk, KEY, name_at(i * 2), any_score());
		else
			redka_put(rk, name_at(i * 2), S("1"));
	sql_exec(rk->handle, "commit; pragma wal_checkpoint(truncate)");
}

static void
peer_get(void *arg, int ops)
{
	char value[32];

	for (int i = 0; i < ops; i++)
		check(redka_get(arg, name_old(), value, sizeof(value)), "redka GET");
}

static void
peer_incr(void *arg, int ops)
{
	struct redka *rk = arg;

	sql_exec(rk->handle, "begin immediate");
	for (int i = 0; i < ops; i++)
		redka_incr(rk, i % 2 ? name_new(&rk->used) : name_old());
	sql_exec(rk->handle, "commit");
}

static void
peer_zadd(void *arg, int ops)
{
	struct redka *rk = arg;

	sql_exec(rk->handle, "begin immediate");
	for (int i = 0; i < ops; i++)
		redka_zadd(rk, KEY, i % 2 ? name_new(&rk->used) : name_old(), any_score());
	sql_exec(rk->handle, "commit");
}

static void
peer_zrank(void *arg, int ops)
{
	for (int i = 0; i < ops; i++)
		check(redka_zrank(arg, KEY, name_old()) >= 0, "redka ZRANK");
}

static void
peer_zrange(void *arg, int ops)
{
	for (int i = 0; i < ops; i++)
		check(redka_zrange(arg, KEY, 0, 9) == 10, "redka ZRANGE");
}

static void
muster_zrank(void *arg, int ops)
{
	struct store *s = arg;

	for (int i = 0; i < ops; i++) {
		struct str args[] = { S("zrank"), KEY, name_old() };

		check(command_run(s->db, s->arena, args, 3).kind == REPLY_INTEGER, "ZRANK");
		request_ends(s, i);
	}
}

static void
muster_zrange(void *arg, int ops)
{
	struct store *s = arg;
	const struct str args[] = { S("zrange"), KEY, S("0"), S("9") };

	for (int i = 0; i < ops; i++) {
		check(command_run(s->db, s->arena, args, 4).n == 10, "ZRANGE");
		request_ends(s, i);
	}
}

/* How muster is opened: as it opens itself for such work but for synchronous,
 * NORMAL as redka's, or (role < 0) with redka's own pragmas. */
static struct store *
against_peer(void (*load)(struct store *, int64_t), int role)
{
	struct store *s = store_new(DB_TOOL);

	store_load(s, base, load);
	store_reopen(s, role < 0 ? DB_HANDLER : (enum db_role)role);
	sql_exec(s->handle, role < 0 ? redka_pragmas : "pragma synchronous = normal");
	return s;
}

/* One row: reads in one transaction, or writes `ops` a transaction. */
static void
peer_row(const char *name, bool ranked, int role, void (*muster)(void *, int), void (*redka)(void *, int),
    int ops, double target)
{
	struct store *s = against_peer(ranked ? load_ranked : load_counter, role);
	struct redka *rk = redka_new();
	bool reads = redka == peer_get;

	redka_load(rk, base, ranked);
	if (reads) {
		begin(s, TX_READ);
		sql_exec(rk->handle, "begin");
	}
	duel(name, (struct side){ muster, s, ops }, (struct side){ redka, rk, ops },
	    ops == 1 ? 1000
	    : reads  ? 16
		     : 8,
	    target, NULL);
	if (reads)
		commit(s);
	store_free(s);
	redka_free(rk);
}

/* Peers are judged by what has room in memory on both sides (redka maps 256 MiB):
 * DB_TOOL, as the operator's import opens it.  A handler's cache is 1 MiB, for
 * there are many of them; that is shown too. */
static void
peer(void)
{
	enum { REDKAS = -1 };

	part("the peer: redka, each as it opens itself", "muster/s", "redka/s");
	peer_row("GET", false, DB_TOOL, muster_get, peer_get, 1000, 2);
	peer_row("GET, a handler's small cache", false, DB_HANDLER, muster_get, peer_get, 1000, 0);
	peer_row("INCR, 1,000 a transaction, half new", false, DB_TOOL, muster_incr, peer_incr, 1000, 2);
	peer_row("ZADD, 1,000 a transaction, half new", true, DB_TOOL, muster_zadd, peer_zadd, 1000, 2);
	peer_row("INCR, a transaction each", false, DB_HANDLER, muster_incr, peer_incr, 1, 0);
	peer_row("ZADD, a transaction each", true, DB_HANDLER, muster_zadd, peer_zadd, 1, 0);
	part("the peer: both with redka's pragmas", "muster/s", "redka/s");
	peer_row("GET", false, REDKAS, muster_get, peer_get, 1000, 0);
	peer_row("INCR, 1,000 a transaction, half new", false, REDKAS, muster_incr, peer_incr, 1000, 0);
	peer_row("ZADD, 1,000 a transaction, half new", true, REDKAS, muster_zadd, peer_zadd, 1000, 0);
}

/* `s` is a large ranking. */
static void
peer_large(struct store *s)
{
	struct redka *rk = redka_new();

	part("the peer, a large ranking", "muster/s", "redka/s");
	redka_load(rk, large, true);
	begin(s, TX_READ);
	duel("ZRANGE 0 9", (struct side){ muster_zrange, s, 500 }, (struct side){ peer_zrange, rk, 1 }, 1,
	    100, NULL);
	duel(
	    "ZRANK", (struct side){ muster_zrank, s, 500 }, (struct side){ peer_zrank, rk, 1 }, 1, 100, NULL);
	commit(s);
	redka_free(rk);
}

/* ---- 4. bytes a member -------------------------------------------------------- */

/* Scores as they come with time (ms since 1970), members in order: a feed. */
static void
load_feed(struct store *s, int64_t i)
{
	zset_add(s->db, KEY, name_at(i * 2), (double)(1700000000000 + i * 37));
}

/* Members in no order. */
static void
load_scattered(struct store *s, int64_t i)
{
	(void)i;
	zset_add(s->db, KEY, name_new(&s->used), any_score());
}

static struct store *
weigh(const char *name, int64_t n, void (*load)(struct store *, int64_t), double most)
{
	struct store *s = store_used();
	int64_t before = sql_number(s->handle, "pragma page_count"), pages;

	store_load(s, n, load);
	pages = sql_number(s->handle, "pragma page_count") - before;
	figure(name, (double)(pages * sql_number(s->handle, "pragma page_size")) / (double)n, "bytes/member",
	    most);
	return s;
}

/* The large ranking, for what comes next. */
static struct store *
bytes(void)
{
	printf("\nbytes a member of 16 in a ranking, loaded without vacuum\n");
	store_free(weigh("times as scores (6 bytes each), in order", large, load_feed, 0));
	store_free(weigh("scores below a million, members in no order", base, load_scattered, 0));
	return weigh("scores below a million, members in order", large, load_ranked, 65);
}

/* ---- all ------------------------------------------------------------------------ */

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
clean_up(void)
{
	nftw(bench_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static int
read_sizes(const char *text, int64_t *sizes, int most)
{
	int n = 0;

	for (char *end; n < most && *text != '\0'; text = end) {
		double size = strtod(text, &end);

		if (end == text || size < 1000 || size > 1e7)
			die("SIZES: numbers from 1e3 to 1e7");
		sizes[n++] = (int64_t)size;
		large = sizes[n - 1] > large ? sizes[n - 1] : large;
		end += strspn(end, " ,");
	}
	if (n == 0)
		die("SIZES: none");
	return n;
}

static void
interrupted(int signal_number)
{
	clean_up();
	_exit(128 + signal_number);
}

static void
start(const char *program)
{
	const char *b = getenv("B"), *given = getenv("ROUNDS");
	char path[300];

	log_name(program);
	b = b != NULL ? b : "build";
	rounds = given != NULL ? atoi(given) : rounds;
	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("ROUNDS: 1 to %d", ROUNDS_MAX);
	snprintf(bench_dir, sizeof(bench_dir), "%s/bench-store.XXXXXX", b);
	if (mkdtemp(bench_dir) == NULL)
		die("no folder in %s/", b);
	atexit(clean_up);
	signal(SIGINT, interrupted);
	signal(SIGTERM, interrupted);
	snprintf(path, sizeof(path), "%s/bench-store.json", b);
	if ((json = fopen(path, "w")) == NULL)
		die("%s cannot be written", path);
}

static bool
wanted(char **only, const char *what)
{
	bool all = *only == NULL;

	while (*only != NULL && strcmp(*only, what) != 0)
		only++;
	return all || *only != NULL;
}

/* What needs the large ranking. */
static void
with_large(char **only)
{
	struct store *s;

	names_make(large);
	s = bytes();
	elapsed("bytes");
	store_reopen(s, DB_HANDLER);
	if (wanted(only, "peer"))
		peer_large(s);
	elapsed("the peer, large");
	if (wanted(only, "locks"))
		locks(s, KEY);
	elapsed("locks");
	store_free(s);
}

int
main(int argc, char **argv)
{
	const char *text = getenv("SIZES");
	char **only = argv + 1;
	int64_t sizes[SIZES_MAX];
	int nsizes = read_sizes(text != NULL ? text : "1e3 1e4 1e5 1e6", sizes, SIZES_MAX);

	(void)argc;
	start(argv[0]);
	base = large < 100000 ? large : 100000;
	judging = base == 100000;
	printf("store: %d rounds; %lld keys and members, large: %lld\n", rounds, (long long)base,
	    (long long)large);
	names_make(base);
	elapsed("names");
	if (wanted(only, "reads"))
		reads();
	elapsed("reads");
	if (wanted(only, "writes"))
		writes();
	elapsed("writes");
	if (wanted(only, "peer"))
		peer();
	elapsed("the peer");
	if (wanted(only, "bytes") || wanted(only, "peer") || wanted(only, "locks"))
		with_large(only);
	names_make(large);
	if (wanted(only, "growth"))
		growth(sizes, nsizes);
	elapsed("growth");
	fprintf(json, "\n]\n");
	fclose(json);
	printf("\n%d missed\n", missed);
	return missed > 0;
}

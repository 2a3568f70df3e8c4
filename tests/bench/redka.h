/*
 * redka.h - the peer: how redka (nalgeon/redka 0.6) keeps strings and sorted
 * sets in SQLite, replayed.
 *
 * Its tables, its triggers and the statements that a command runs one after
 * the other, written again from their description.  Statements are prepared
 * once, which redka's driver does not do: the peer is rather too fast here
 * than too slow.
 */
#ifndef REDKA_H
#define REDKA_H

#include "bench.h"

enum { RK_GET, RK_KEY, RK_STRING, RK_COUNT, RK_ZKEY, RK_ZADD, RK_ZRANK, RK_ZRANGE, RK__MAX };

struct redka {
	sqlite3 *handle;
	sqlite3_stmt *st[RK__MAX];
	int64_t used;
};

/* It sets the first four; the others are what SQLite has without being told. */
static const char redka_pragmas[] =
    "pragma synchronous = normal; pragma temp_store = memory; pragma mmap_size = 268435456;"
    "pragma foreign_keys = on; pragma cache_size = -2000; pragma wal_autocheckpoint = 1000";

static const char redka_schema[] =
    "create table rkey (id integer primary key, key text not null, type integer not null,"
    " version integer not null, etime integer, mtime integer not null, len integer) strict;"
    "create unique index rkey_key_idx on rkey (key);"
    "create index rkey_etime_idx on rkey (etime) where etime is not null;"
    "create table rstring (kid integer not null, value blob not null,"
    " foreign key (kid) references rkey (id) on delete cascade) strict;"
    "create unique index rstring_pk_idx on rstring (kid);"
    "create table rzset (kid integer not null, elem blob not null, score real not null,"
    " foreign key (kid) references rkey (id) on delete cascade) strict;"
    "create unique index rzset_pk_idx on rzset (kid, elem);"
    "create index rzset_score_idx on rzset (kid, score, elem);"
    "create trigger rzset_on_insert before insert on rzset for each row"
    " when (select count(*) from rzset where kid = new.kid and elem = new.elem) = 0"
    " begin update rkey set len = len + 1 where id = new.kid; end";

#define RK_LIVE(n) " and (etime is null or etime > ?" #n ")"
#define RK_RANKED \
	"with ranked as (select elem, score, row_number() over w - 1 as rank" \
	" from rzset join rkey on kid = rkey.id and type = 5 where key = ?1" RK_LIVE( \
	    2) " window w as (partition by kid order by score, elem)) "
#define RK_UPSERT \
	" on conflict (key) do update set" \
	" type = case when type = excluded.type then type else null end," \
	" version = version + 1, mtime = excluded.mtime"

static const char *const redka_sql[RK__MAX] = {
	[RK_GET] = "select value from rstring join rkey on kid = rkey.id and type = 1"
		   " where key = ?1" RK_LIVE(2),
	[RK_KEY] =
	    "insert into rkey (key, type, version, etime, mtime) values (?1, 1, 1, null, ?2)" RK_UPSERT,
	[RK_STRING] = "insert into rstring (kid, value) values ((select id from rkey where key = ?1), ?2)"
		      " on conflict (kid) do update set value = excluded.value",
	[RK_COUNT] = "select count(elem) from rzset join rkey on kid = rkey.id and type = 5"
		     " where key = ?1" RK_LIVE(2) " and elem in (?3)",
	[RK_ZKEY] = "insert into rkey (key, type, version, mtime, len) values (?1, 5, 1, ?2, 0)" RK_UPSERT
		    " returning id",
	[RK_ZADD] = "insert into rzset (kid, elem, score) values (?1, ?2, ?3)"
		    " on conflict (kid, elem) do update set score = excluded.score",
	[RK_ZRANK] = RK_RANKED "select rank, score from ranked where elem = ?3",
	[RK_ZRANGE] =
	    RK_RANKED "select elem, score from ranked where rank between ?3 and ?4 order by rank, elem",
};

static inline struct redka *
redka_new(void)
{
	static int number;
	struct redka *rk = calloc(1, sizeof(*rk));
	char path[300];

	if (rk == NULL)
		die("out of memory");
	snprintf(path, sizeof(path), "%s/redka-%d.db", bench_dir, number++);
	if (sqlite3_open(path, &rk->handle) != SQLITE_OK)
		die("%s does not open", path);
	sql_exec(rk->handle, "pragma journal_mode = wal");
	sql_exec(rk->handle, redka_pragmas);
	sql_exec(rk->handle, redka_schema);
	for (int i = 0; i < RK__MAX; i++)
		rk->st[i] = sql_prepare(rk->handle, redka_sql[i]);
	return rk;
}

static inline void
redka_free(struct redka *rk)
{
	for (int i = 0; i < RK__MAX; i++)
		sqlite3_finalize(rk->st[i]);
	sqlite3_close(rk->handle);
	free(rk);
}

/* The statement with its first two parameters: a key (text, as redka has it)
 * and the time. */
static inline sqlite3_stmt *
redka_bound(struct redka *rk, int which, struct str key)
{
	sqlite3_bind_text(rk->st[which], 1, key.p, (int)key.n, SQLITE_STATIC);
	sqlite3_bind_int64(rk->st[which], 2, now_ms());
	return rk->st[which];
}

/* false: no such key. */
static inline bool
redka_get(struct redka *rk, struct str key, char *out, size_t size)
{
	sqlite3_stmt *st = redka_bound(rk, RK_GET, key);
	bool found = sql_step(st);

	if (found) {
		size_t n = (size_t)sqlite3_column_bytes(st, 0);

		n = n < size ? n : size - 1;
		memcpy(out, sqlite3_column_blob(st, 0), n);
		out[n] = '\0';
		sqlite3_reset(st);
	}
	return found;
}

static inline void
redka_put(struct redka *rk, struct str key, struct str value)
{
	sql_step(redka_bound(rk, RK_KEY, key));
	sqlite3_bind_text(rk->st[RK_STRING], 1, key.p, (int)key.n, SQLITE_STATIC);
	sql_blob(rk->st[RK_STRING], 2, value);
	sql_step(rk->st[RK_STRING]);
}

static inline void
redka_incr(struct redka *rk, struct str key)
{
	char digits[32] = "0";

	redka_get(rk, key, digits, sizeof(digits));
	snprintf(digits, sizeof(digits), "%lld", strtoll(digits, NULL, 10) + 1);
	redka_put(rk, key, str(digits));
}

static inline void
redka_zadd(struct redka *rk, struct str key, struct str member, double score)
{
	sqlite3_stmt *st = redka_bound(rk, RK_COUNT, key);
	int64_t id;

	sql_blob(st, 3, member);
	sql_step(st);
	sqlite3_reset(st);
	st = redka_bound(rk, RK_ZKEY, key);
	sql_step(st);
	id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	st = rk->st[RK_ZADD];
	sqlite3_bind_int64(st, 1, id);
	sql_blob(st, 2, member);
	sqlite3_bind_double(st, 3, score);
	sql_step(st);
}

static inline int64_t
redka_zrank(struct redka *rk, struct str key, struct str member)
{
	sqlite3_stmt *st = redka_bound(rk, RK_ZRANK, key);
	int64_t rank;

	sql_blob(st, 3, member);
	rank = sql_step(st) ? sqlite3_column_int64(st, 0) : -1;
	sqlite3_reset(st);
	return rank;
}

/* How many members came. */
static inline int
redka_zrange(struct redka *rk, struct str key, int64_t start, int64_t stop)
{
	sqlite3_stmt *st = redka_bound(rk, RK_ZRANGE, key);
	int n = 0;

	sqlite3_bind_int64(st, 3, start);
	sqlite3_bind_int64(st, 4, stop);
	while (sql_step(st)) {
		sink += sqlite3_column_bytes(st, 0);
		n++;
	}
	return n;
}

#endif

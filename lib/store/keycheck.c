/* keycheck.c - proves that what the store keeps beside the members agrees with them. */
#include <stdio.h>

#include "key.h"
#include "run.h"

#define EACH_TABLE(X) X(HASH, "hash") X(SET, "member") X(ZSET, "ranking") X(LIST, "item")

enum {
	NEXT,
	KEYS,
	LASTID,
	LARGE_LOST,
	LARGE_LEFT,
	GAPS,
	RUNS_LEFT,
	WAITING,
	SETTLED,
	NOWHERE,
	EMPTY,
	HEADS,
	CHAINS,
	AHEAD,
#define X(type, table) COUNT_##type, LEFT_##type,
	EACH_TABLE(X)
#undef X
};
static const char *const sql[] = {
	[NEXT] = "select name, id, type, length, levels from key where id > ?1 order by id limit 1",
	[KEYS] = "select (select count(*) from key) - keys from counter",
	[LASTID] = "select max(0, (select coalesce(max(id), 0) from key) - lastid) from counter",
	[LARGE_LOST] = "select count(*) from key where type = 1 and value is null"
		       " and id not in (select key from string)",
	[LARGE_LEFT] = "select count(*) from string where key not in"
		       " (select id from key where type = 1 and value is null)",
	[GAPS] = "select count(*) from (select max(position) - min(position) + 1 - count(*) as gap from item"
		 " where key not in (select key from trash) group by key) where gap <> 0",
	[RUNS_LEFT] = "select count(*) from run where key not in (select id from key where levels > 0)"
		      " and key not in (select key from trash)",
	[WAITING] = "select count(*) from (select sum(n) as n from (select source, channel, n from tally"
		    " where state = 0 union all select source, channel, -count(*) from outbox where state = 0"
		    " group by source, channel) group by source, channel) where n <> 0",
	/* A tally stays when its rows are taken away. */
	[SETTLED] = "select count(*) from (select source, channel, state, count(*) as n from outbox"
		    " where state > 0 group by source, channel, state) o left join tally t using (source,"
		    " channel, state) where o.n > coalesce(t.n, 0)",
	[NOWHERE] = "select count(*) from outbox where destination not in (select id from destination)",
	[EMPTY] = "select count(*) from outbox where state = 0 and payload <> 0"
		  " and payload not in (select id from payload)",
	[HEADS] =
	    "select count(*) from channel, event_floor where head <> coalesce((select max(id) from event"
	    " where channel = name), min(head, value))",
	[CHAINS] =
	    "select count(*) from (select prev, lag(id) over (partition by channel order by id) as last"
	    " from event), event_floor where prev <> coalesce(last, min(prev, value))",
	[AHEAD] = "select count(*) from event where id > (select value from sequence)",
#define X(type, table) \
	[COUNT_##type] = "select count(*) from " table " where key = ?1", \
	[LEFT_##type] = "select count(*) from " table " where key not in (select id from key)" \
			" and key not in (select key from trash)",
	EACH_TABLE(X)
#undef X
};

struct check {
	struct db *db;
	void (*tell)(void *, const char *);
	void *arg;
	int64_t differences;
};

static void
differ(struct check *c, struct str name, const char *what, int64_t by)
{
	char text[256];

	c->differences++;
	if (name.n > 0)
		snprintf(text, sizeof(text), "store: key %.*s: %s (%lld)", (int)(name.n < 100 ? name.n : 100),
		    name.p, what, (long long)by);
	else
		snprintf(text, sizeof(text), "store: %s (%lld)", what, (long long)by);
	if (c->tell != NULL)
		c->tell(c->arg, text);
}

static void
check_collection(struct check *c, const struct key *key)
{
	static const int counts[] = { [KEY_HASH] = COUNT_HASH,
		[KEY_SET] = COUNT_SET,
		[KEY_ZSET] = COUNT_ZSET,
		[KEY_LIST] = COUNT_LIST };
	int64_t n = db_int(c->db, db_stmt(c->db, SQL_CHECK, sql, counts[key->type], "i", key->id)), wrong;

	if (n != key->length)
		differ(c, key->name, "its length is not that of its members, by", key->length - n);
	if (key->length == 0)
		differ(c, key->name, "is empty", 0);
	if ((wrong = run_check(c->db, key)) > 0)
		differ(c, key->name, "counted runs that are wrong", wrong);
}

static void
check_keys(struct check *c, struct arena *a)
{
	struct key key = { 0 };
	sqlite3_stmt *st;

	for (;;) {
		st = db_stmt(c->db, SQL_CHECK, sql, NEXT, "i", key.id);
		if (!db_row(c->db, st))
			return;
		key = (struct key){ .name = db_column(a, st, 0),
			.id = sqlite3_column_int64(st, 1),
			.type = sqlite3_column_int(st, 2),
			.length = sqlite3_column_int64(st, 3),
			.levels = sqlite3_column_int(st, 4) };
		db_done(st);
		if (key.type != KEY_STRING)
			check_collection(c, &key);
		arena_reset(a);
	}
}

int64_t
key_check(struct db *db, void (*tell)(void *arg, const char *text), void *arg)
{
	static const struct {
		int which;
		const char *what;
	} sums[] = { { KEYS, "keys that are not counted" }, { LASTID, "ids beyond the last given" },
		{ LARGE_LOST, "strings without their value" }, { LARGE_LEFT, "values without a string" },
		{ GAPS, "lists with gaps" }, { RUNS_LEFT, "runs of no key" },
		{ WAITING, "tallies of waiting messages that are wrong" },
		{ SETTLED, "tallies that are less than their messages" },
		{ NOWHERE, "messages without a destination" },
		{ EMPTY, "waiting messages without a payload" },
		{ HEADS, "heads of channels that are not their last event" },
		{ CHAINS, "events whose one before is another" }, { AHEAD, "events beyond the sequence" },
#define X(type, table) { LEFT_##type, "members of no key in " table },
		EACH_TABLE(X)
#undef X
	};
	struct check c = { db, tell, arg, 0 };
	struct arena *a = arena_new();

	check_keys(&c, a);
	arena_free(a);
	for (size_t i = 0; i < LEN(sums); i++) {
		int64_t n = db_int(db, db_stmt(db, SQL_CHECK, sql, sums[i].which, ""));

		if (n != 0)
			differ(&c, (struct str){ NULL, 0 }, sums[i].what, n);
	}
	return c.differences;
}

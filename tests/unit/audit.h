/*
 * audit.h - what must hold inside a store's file whatever happened to it, asked
 * of SQLite itself: behind the backs of lib/store and its memories.
 */
#ifndef UNIT_AUDIT_H
#define UNIT_AUDIT_H

#include <sqlite3.h>
#include <stdio.h>

/* Members of a type in byte order from a run's first to the next run's first. */
#define AUDIT_RUN(type, table, column) \
	"select count(*) from bound b join key k on k.id = b.key and k.type = " type \
	" where n <> (select count(*) from " table " m where m.key = b.key and m." column " >= b.member" \
	" and (b.nextmember is null or m." column " < b.nextmember))"
#define AUDIT_LENGTH(type, table) \
	"select count(*) from key k where type = " type " and length <> (select count(*) from " table \
	" m where m.key = k.id)"
#define AUDIT_ORPHAN(table) \
	"select count(*) from " table " where key not in (select id from key union all select key from trash)"

static const struct audit_rule {
	const char *name, *sql; /* which counts the violations */
} audit_rules[] = {
	{ "a hash's length", AUDIT_LENGTH("2", "hash") },
	{ "a set's length", AUDIT_LENGTH("3", "member") },
	{ "a sorted set's length", AUDIT_LENGTH("4", "ranking") },
	{ "a list's length", AUDIT_LENGTH("5", "item") },
	{ "a list's positions",
	    "select count(*) from (select max(position) - min(position) + 1 as span, count(*) as n from item"
	    " where key in (select id from key) group by key) where span <> n" },
	{ "an empty collection", "select count(*) from key where type > 1 and length < 1" },
	{ "hash fields without a key", AUDIT_ORPHAN("hash") },
	{ "set members without a key", AUDIT_ORPHAN("member") },
	{ "sorted set members without a key", AUDIT_ORPHAN("ranking") },
	{ "list items without a key", AUDIT_ORPHAN("item") },
	{ "runs without a key", AUDIT_ORPHAN("run") },
	{ "a string without its key, or a key without its string",
	    "select (select count(*) from string where key not in (select id from key where type = 1))"
	    " + (select count(*) from key where type = 1 and value is null and id not in (select key from string))"
	    " + (select count(*) from key where value is not null and (type > 1 or id in (select key from"
	    " string)))" },
	{ "trash that is alive", "select count(*) from trash where key in (select id from key)" },
	{ "the number of keys", "select count(*) from counter where keys <> (select count(*) from key)" },
	{ "the last id",
	    "select count(*) from counter where lastid < (select coalesce(max(id), 0) from key)" },
	{ "the levels of runs", "select count(*) from key k where levels <> (select coalesce(max(level), 0)"
				" from run where key = k.id)" },
	{ "the sum of runs", "select count(*) from (select key, level, sum(n) as n from run group by 1, 2) r"
			     " join key k on k.id = r.key where r.n <> k.length" },
	{ "runs of a sorted set", "select count(*) from bound b join key k on k.id = b.key and k.type = 4"
				  " where n <> (select count(*) from ranking m where m.key = b.key"
				  " and (m.score, m.member) >= (b.score, b.member) and (b.nextmember is null"
				  " or (m.score, m.member) < (b.nextscore, b.nextmember)))" },
	{ "runs of a set", AUDIT_RUN("3", "member", "member") },
	{ "runs of a hash", AUDIT_RUN("2", "hash", "field") },
	{ "tallies of what waits",
	    "select count(*) from (select sum(n) as n from (select source, channel, n from tally where state = 0"
	    " union all select source, channel, -count(*) from outbox where state = 0 group by 1, 2)"
	    " group by source, channel) where n <> 0" },
	{ "tallies of what is settled",
	    "select count(*) from (select source, channel, state, count(*) as n from outbox where state > 0"
	    " group by 1, 2, 3) o where n <> coalesce((select n from tally t where t.source = o.source"
	    " and t.channel = o.channel and t.state = o.state), 0)" },
	{ "leases of settled messages", "select count(*) from outbox where state > 0 and owner is not null" },
	{ "heads of channels", "select count(*) from channel where head <> (select max(id) from event"
			       " where channel = name)" },
	{ "events beyond the sequence",
	    "select count(*) from event where id > (select value from sequence)" },
	{ "runs that stand above none",
	    "select count(*) from run r where level > 1 and not exists (select 1 from run where key = r.key"
	    " and level = r.level - 1 and score = r.score and member = r.member)" },
};

/* Each run with the first place behind it. */
static const char audit_views[] =
    "create temp view bound as select key, level, score, member, n, lead(score) over w as nextscore,"
    " lead(member) over w as nextmember from run window w as (partition by key, level order by score, member)";

/* How many rules are broken; says which. */
static int
audit(const char *path)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *st;
	int broken = 0;

	if (sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(handle, 5000) != SQLITE_OK ||
	    sqlite3_exec(handle, audit_views, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "audit: %s\n", sqlite3_errmsg(handle));
		sqlite3_close(handle);
		return 1;
	}
	for (size_t i = 0; i < sizeof(audit_rules) / sizeof(audit_rules[0]); i++) {
		if (sqlite3_prepare_v2(handle, audit_rules[i].sql, -1, &st, NULL) != SQLITE_OK ||
		    sqlite3_step(st) != SQLITE_ROW) {
			fprintf(stderr, "audit: %s: %s\n", audit_rules[i].name, sqlite3_errmsg(handle));
			broken++;
		} else if (sqlite3_column_int64(st, 0) != 0) {
			fprintf(stderr, "audit: %s: %lld wrong\n", audit_rules[i].name,
			    (long long)sqlite3_column_int64(st, 0));
			broken++;
		}
		sqlite3_finalize(st);
	}
	sqlite3_close(handle);
	return broken;
}

#endif

/* event.c - the log of events. */
#include "event.h"

#include <stdlib.h>
#include <string.h>

#include "bell.h"
#include "sql.h"

enum {
	HEAD,
	HEADS,
	HEAD_SET,
	HEADS_SET,
	APPEND,
	RANGE_ONE,
	BEHIND,
	FLOOR,
	FLOOR_SET,
	OLDEST,
	NTH,
	DELETE,
	DELETE_ALL,
	BEFORE,
	REPLACE,
};
static const char *const sql[] = {
	[HEAD] = "select head from channel where name = ?1",
	[HEADS] = "select head, name from channel order by name",
	[HEAD_SET] = "insert into channel (name, head) values (?1, ?2)"
		     " on conflict (name) do update set head = excluded.head",
	[APPEND] =
	    "insert into event (id, channel, prev, created, topic, data) values (?1, ?2, ?3, ?4, ?5, ?6)",
	[RANGE_ONE] = "select id, prev, created, topic, data from event"
		      " where channel = ?1 and id > ?2 and id <= ?3 order by id limit ?4",
	[BEHIND] = "select count(*) from (select 1 from event where channel = ?1 and id > ?2 limit ?3)",
	[HEADS_SET] = "update channel set head = ?1",
	[FLOOR] = "select value from event_floor",
	[FLOOR_SET] = "update event_floor set value = ?1",
	/* No index on `created`: it rises with the id. */
	[OLDEST] =
	    "select max(id) from (select id, created from event order by id limit ?2) where created < ?1",
	/* Mostly there are not that many ids between the ends: then nothing is walked. */
	[NTH] = "select id from event where (select max(id) from event) - (select min(id) from event) >= ?1"
		" order by id desc limit 1 offset ?1",
	[DELETE] = "delete from event where id <= ?1",
	[DELETE_ALL] = "delete from event",
	[REPLACE] = "update event set data = ?3 where channel = ?1 and topic = ?2",
	[BEFORE] = "select max(id) from (select id from event where id <= ?1 order by id limit ?2)",
};

/* More than any instance writes between a backup and its return. */
enum { FORGET = 1000 * 1000 * 1000 };

bool
event_open(struct str channel)
{
	struct str open = S(EVENT_OPEN);

	while (open.n > 0)
		if (str_eq(str_cut(&open, ','), channel))
			return true;
	return false;
}

int64_t
event_head(struct db *db, struct str channel)
{
	return db_int(db, db_stmt(db, SQL_EVENT, sql, HEAD, "t", channel));
}

int64_t
event_heads(struct db *db, struct arena *a, struct event **out, size_t *n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_EVENT, sql, HEADS, "");
	size_t room = 0;
	int64_t last = 0;

	*out = NULL;
	*n = 0;
	while (db_row(db, st)) {
		struct event *e;

		*out = arena_grow(a, *out, *n, &room);
		e = &(*out)[(*n)++];
		*e = (struct event){ .id = sqlite3_column_int64(st, 0), .channel = db_column(a, st, 1) };
		last = e->id > last ? e->id : last;
	}
	return last;
}

int64_t
event_floor(struct db *db)
{
	return db_int(db, db_stmt(db, SQL_EVENT, sql, FLOOR, ""));
}

void
event_put(struct db *db, const char *channel, struct str topic, struct str data, int64_t sequence)
{
	int64_t prev = event_head(db, str(channel));

	db_run(db, db_stmt(db, SQL_EVENT, sql, APPEND, "itiibb", sequence, str(channel), prev, db_now(db),
		       topic, data));
	db_run(db, db_stmt(db, SQL_EVENT, sql, HEAD_SET, "ti", str(channel), sequence));
	bell_want(db);
}

void
event_replace(struct db *db, const char *channel, struct str topic, struct str data)
{
	db_run(db, db_stmt(db, SQL_EVENT, sql, REPLACE, "tbb", str(channel), topic, data));
}

void
event_cut(struct db *db)
{
	event_put(db, EVENT_CUT, S(""), S("{}"), db_sequence_next(db));
}

/* ---- reading ---- */

struct reading {
	struct event *v;
	size_t n, room;
};

/* The rows of one channel; the id up to which they are complete. */
static int64_t
read_channel(struct db *db, struct arena *a, struct str channel, int64_t after, int64_t to, size_t limit,
    struct reading *r)
{
	sqlite3_stmt *st =
	    db_stmt(db, SQL_EVENT, sql, RANGE_ONE, "tiii", channel, after, to, (int64_t)limit + 1);
	size_t got = 0;
	int64_t last = to;

	while (db_row(db, st)) {
		struct event *e;

		if (got++ == limit) {
			last = r->v[r->n - 1].id;
			db_done(st);
			break;
		}
		r->v = arena_grow(a, r->v, r->n, &r->room);
		e = &r->v[r->n++];
		e->id = sqlite3_column_int64(st, 0);
		e->prev = sqlite3_column_int64(st, 1);
		e->created = sqlite3_column_int64(st, 2);
		e->channel = channel;
		e->topic = db_column(a, st, 3);
		e->data = db_column(a, st, 4);
	}
	return last;
}

static int
by_id(const void *x, const void *y)
{
	const struct event *a = x, *b = y;

	return a->id < b->id ? -1 : a->id > b->id;
}

static uint64_t
hash_of(struct str channel, struct str topic)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < channel.n + topic.n; i++) {
		h ^= (unsigned char)(i < channel.n ? channel.p[i] : topic.p[i - channel.n]);
		h *= 1099511628211u;
	}
	return h;
}

/* Takes out all but the latest of each topic; v is in order of ids. */
static size_t
coalesce(struct arena *a, struct event *v, size_t n)
{
	size_t size = 16, kept = n, to = n;
	size_t *slots; /* index + 1 of the latest of a topic */

	while (size < 2 * n)
		size *= 2;
	slots = arena_array(a, size_t, size);
	while (kept > 0) { /* from the end, the kept ones gather there */
		struct event *e = &v[--kept];
		size_t at = hash_of(e->channel, e->topic) & (size - 1);

		if (e->topic.n > 0) {
			while (slots[at] && !(str_eq(v[slots[at] - 1].topic, e->topic) &&
						str_eq(v[slots[at] - 1].channel, e->channel)))
				at = (at + 1) & (size - 1);
			if (slots[at])
				continue;
		}
		v[--to] = *e;
		if (e->topic.n > 0)
			slots[at] = to + 1;
	}
	memmove(v, v + to, (n - to) * sizeof(*v));
	return n - to;
}

/* Asked for twice, given once. */
static bool
named_before(const struct str *channels, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_eq(channels[j], channels[i]))
			return true;
	return false;
}

void
event_range(struct db *db, struct arena *a, const struct str *channels, size_t nchannels, int64_t after,
    int64_t to, size_t limit, struct events *out)
{
	struct reading r = { 0 };
	int64_t first_prev[EVENT_CHANNELS], last = to;

	nchannels = nchannels > EVENT_CHANNELS ? EVENT_CHANNELS : nchannels;
	limit = limit ? limit : 1; /* or it would not move */
	for (size_t i = 0; i < nchannels; i++) {
		size_t from = r.n;
		int64_t upto;

		if (named_before(channels, i))
			continue;
		upto = read_channel(db, a, channels[i], after, to, limit, &r);
		first_prev[i] = r.n > from ? r.v[from].prev : 0;
		last = upto < last ? upto : last;
	}
	if (r.n > 1)
		qsort(r.v, r.n, sizeof(*r.v), by_id);
	if (r.n > limit && r.v[limit - 1].id < last)
		last = r.v[limit - 1].id;
	while (r.n > 0 && r.v[r.n - 1].id > last)
		r.n--;
	out->n = r.n > 0 ? coalesce(a, r.v, r.n) : 0;
	out->v = r.v;
	for (size_t i = 0; i < out->n; i++)
		for (size_t c = 0; c < nchannels; c++)
			if (str_eq(out->v[i].channel, channels[c])) {
				out->v[i].prev = first_prev[c];
				first_prev[c] = out->v[i].id;
				break;
			}
	out->more = last < to;
	out->last = last;
}

size_t
event_behind(struct db *db, const struct str *channels, size_t nchannels, int64_t after, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < nchannels && n < most; i++)
		n += (size_t)db_int(
		    db, db_stmt(db, SQL_EVENT, sql, BEHIND, "tii", channels[i], after, (int64_t)(most - n)));
	return n;
}

/* ---- keeping it small ---- */

bool
event_trim(struct db *db, int64_t before, int64_t keep, size_t limit)
{
	int64_t old = db_int(db, db_stmt(db, SQL_EVENT, sql, OLDEST, "ii", before, (int64_t)limit));
	int64_t beyond = db_int(db, db_stmt(db, SQL_EVENT, sql, NTH, "i", keep));
	int64_t upto = old > beyond ? old : beyond;

	if (upto == 0)
		return false;
	upto = db_int(db, db_stmt(db, SQL_EVENT, sql, BEFORE, "ii", upto, (int64_t)limit));
	db_run(db, db_stmt(db, SQL_EVENT, sql, DELETE, "i", upto));
	if (upto > event_floor(db))
		db_run(db, db_stmt(db, SQL_EVENT, sql, FLOOR_SET, "i", upto));
	return upto < (old > beyond ? old : beyond) ||
	       db_int(db, db_stmt(db, SQL_EVENT, sql, OLDEST, "ii", before, INT64_C(1))) > 0;
}

void
event_forget(struct db *db)
{
	int64_t now = db_sequence_skip(db, FORGET);

	db_run(db, db_stmt(db, SQL_EVENT, sql, DELETE_ALL, ""));
	db_run(db, db_stmt(db, SQL_EVENT, sql, FLOOR_SET, "i", now));
	/* Who still has a later one than the backup is told by the next tick. */
	db_run(db, db_stmt(db, SQL_EVENT, sql, HEADS_SET, "i", now));
	bell_want(db);
}

struct str
event_json(struct arena *a, const struct event *e)
{
	bool empty = e->data.n <= 2;

	return arena_strf(a, "{\"seq\":%lld,\"prev\":%lld%s%.*s", (long long)e->id, (long long)e->prev,
	    empty ? "" : ",", e->data.n ? (int)e->data.n - 1 : 1, e->data.n ? e->data.p + 1 : "}");
}

/* outbox.c - what is to be told to the world. */
#include "outbox.h"

#include "sql.h"

enum { WAITING, INSERT, REPLACE, DUE, LEASE, DONE, RETRY, DEPTH };
static const char *const sql[] = {
	[WAITING] = "select id from outbox where channel = ?1 and topic = ?2",
	[INSERT] = "insert into outbox (channel, topic, payload, sequence, created, due)"
		   " values (?1, ?2, ?3, ?4, ?5, ?6)",
	/* created stays: the age of a topic is that of its first untold change;
	 * a lease ends, for what is being sent is the older state. */
	[REPLACE] = "update outbox set payload = ?2, sequence = ?3, due = ?4 where id = ?1",
	[DUE] = "select id, sequence, created, attempts, topic, payload from outbox"
		" where due <= ?1 and channel = ?2 order by due, id limit ?3",
	[LEASE] = "update outbox set due = ?2 where id = ?1",
	[DONE] = "delete from outbox where id = ?1 and sequence = ?2",
	[RETRY] = "update outbox set due = ?3, attempts = attempts + 1, error = ?4"
		  " where id = ?1 and sequence = ?2",
	[DEPTH] = "select count(*), coalesce(min(created), 0) from outbox where channel = ?1",
};

void
outbox_put(
    struct db *db, const char *channel, struct str topic, struct str payload, int64_t sequence, int64_t due)
{
	sqlite3_stmt *st;
	int64_t id;

	if (topic.n == 0) {
		db_run(db, db_stmt(db, SQL_OUTBOX, sql, INSERT, "tnbiii", str(channel), payload, sequence,
			       db_now(db), due));
		return;
	}
	st = db_stmt(db, SQL_OUTBOX, sql, WAITING, "tb", str(channel), topic);
	if (db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		db_done(st);
		db_run(db, db_stmt(db, SQL_OUTBOX, sql, REPLACE, "ibii", id, payload, sequence, due));
	} else {
		db_run(db, db_stmt(db, SQL_OUTBOX, sql, INSERT, "tbbiii", str(channel), topic, payload,
			       sequence, db_now(db), due));
	}
}

enum err
outbox_claim(struct db *db, struct arena *a, const char *channel, int64_t lease_ms, size_t limit,
    struct outbox_row **rows, size_t *n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, DUE, "iti", db_now(db), str(channel), (int64_t)limit);

	*n = 0;
	*rows = arena_array(a, struct outbox_row, limit);
	while (db_row(db, st)) {
		struct outbox_row *r = &(*rows)[(*n)++];

		r->id = sqlite3_column_int64(st, 0);
		r->sequence = sqlite3_column_int64(st, 1);
		r->created = sqlite3_column_int64(st, 2);
		r->attempts = sqlite3_column_int64(st, 3);
		r->topic = db_column(a, st, 4);
		r->payload = db_column(a, st, 5);
	}
	for (size_t i = 0; i < *n; i++)
		db_run(db, db_stmt(db, SQL_OUTBOX, sql, LEASE, "ii", (*rows)[i].id, db_now(db) + lease_ms));
	return OK;
}

void
outbox_done(struct db *db, const struct outbox_row *row)
{
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, DONE, "ii", row->id, row->sequence));
}

void
outbox_retry(struct db *db, const struct outbox_row *row, int64_t due, const char *error)
{
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, RETRY, "iiit", row->id, row->sequence, due, str(error)));
}

void
outbox_depth(struct db *db, const char *channel, int64_t *rows, int64_t *oldest)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, DEPTH, "t", str(channel));

	*rows = *oldest = 0;
	if (db_row(db, st)) {
		*rows = sqlite3_column_int64(st, 0);
		*oldest = sqlite3_column_int64(st, 1);
		db_done(st);
	}
}

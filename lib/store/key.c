/* key.c - keys of every type. */
#include "key.h"

#include "sql.h"

enum { DROP_AT_ONCE = 500 }; /* members deleted with their key rather than swept */

enum {
	FIND,
	MAKE,
	RESIZE,
	DELETE,
	EXPIRE,
	TRASH,
	DUE,
	TRASH_NEXT,
	TRASH_END,
	DROP_HASH,
	DROP_SET,
	DROP_ZSET,
	SWEEP_HASH,
	SWEEP_SET,
	SWEEP_ZSET,
	SCAN
};
static const char *const sql[] = {
	[FIND] = "select id, type, expires, length from key where name = ?1",
	[MAKE] = "insert into key (name, type) values (?1, ?2)",
	[RESIZE] = "update key set length = ?2 where id = ?1",
	[DELETE] = "delete from key where id = ?1",
	[EXPIRE] = "update key set expires = ?2 where id = ?1",
	[TRASH] = "insert into trash (key) values (?1)",
	[DUE] = "select id, type, length from key where expires <= ?1 order by expires limit 1",
	[TRASH_NEXT] = "select key from trash limit 1",
	[TRASH_END] = "delete from trash where key = ?1",
	[DROP_HASH] = "delete from hash where key = ?1",
	[DROP_SET] = "delete from member where key = ?1",
	[DROP_ZSET] = "delete from ranking where key = ?1",
	[SWEEP_HASH] = "delete from hash where key = ?1 and field <="
		       " coalesce((select field from hash where key = ?1 order by field limit 1 offset ?2),"
		       " (select max(field) from hash where key = ?1))",
	[SWEEP_SET] =
	    "delete from member where key = ?1 and member <="
	    " coalesce((select member from member where key = ?1 order by member limit 1 offset ?2),"
	    " (select max(member) from member where key = ?1))",
	[SWEEP_ZSET] =
	    "delete from ranking where key = ?1 and member <="
	    " coalesce((select member from ranking where key = ?1 order by member limit 1 offset ?2),"
	    " (select max(member) from ranking where key = ?1))",
	[SCAN] = "select name from key where name > ?1 and (expires is null or expires > ?2)"
		 " order by name limit ?3",
};

struct row {
	struct key key;
	int type;
	int64_t expires; /* 0 = never */
};

static bool
find(struct db *db, struct str name, struct row *row)
{
	sqlite3_stmt *st = db_stmt(db, SQL_KEY, sql, FIND, "b", name);

	if (!db_row(db, st))
		return false;
	row->key.id = sqlite3_column_int64(st, 0);
	row->type = sqlite3_column_int(st, 1);
	row->expires = sqlite3_column_int64(st, 2);
	row->key.length = sqlite3_column_int64(st, 3);
	db_done(st);
	return true;
}

static bool
live(struct db *db, const struct row *row)
{
	return row->expires == 0 || row->expires > db_now(db);
}

/* Takes the key away; its members with it or, where they are many, later. */
static void
drop(struct db *db, const struct row *row)
{
	static const int drops[] = { [KEY_HASH] = DROP_HASH, [KEY_SET] = DROP_SET, [KEY_ZSET] = DROP_ZSET };

	if (row->type != KEY_STRING && row->key.length > DROP_AT_ONCE)
		db_run(db, db_stmt(db, SQL_KEY, sql, TRASH, "i", row->key.id));
	else if (row->type != KEY_STRING)
		db_run(db, db_stmt(db, SQL_KEY, sql, drops[row->type], "i", row->key.id));
	db_run(db, db_stmt(db, SQL_KEY, sql, DELETE, "i", row->key.id));
}

enum err
key_find(struct db *db, struct str name, enum key_type type, struct key *key)
{
	struct row row;

	if (!find(db, name, &row) || !live(db, &row))
		return ERR_NOT_FOUND;
	if (row.type != (int)type)
		return ERR_TYPE;
	*key = row.key;
	return OK;
}

enum err
key_make(struct db *db, struct str name, enum key_type type, struct key *key)
{
	struct row row;

	if (find(db, name, &row)) {
		if (live(db, &row)) {
			*key = row.key;
			return row.type == (int)type ? OK : ERR_TYPE;
		}
		drop(db, &row);
	}
	db_run(db, db_stmt(db, SQL_KEY, sql, MAKE, "bi", name, (int64_t)type));
	*key = (struct key){ .id = db_last_id(db) };
	return OK;
}

void
key_resize(struct db *db, struct key *key, int64_t by)
{
	if (by == 0)
		return;
	key->length += by;
	if (key->length > 0)
		db_run(db, db_stmt(db, SQL_KEY, sql, RESIZE, "ii", key->id, key->length));
	else
		db_run(db, db_stmt(db, SQL_KEY, sql, DELETE, "i", key->id));
}

void
key_del(struct db *db, struct str name)
{
	struct row row;

	if (find(db, name, &row))
		drop(db, &row);
}

bool
key_exists(struct db *db, struct str name)
{
	struct row row;

	return find(db, name, &row) && live(db, &row);
}

enum err
key_expire_at(struct db *db, struct str name, int64_t at)
{
	struct row row;

	if (!find(db, name, &row) || !live(db, &row))
		return ERR_NOT_FOUND;
	if (at == 0)
		db_run(db, db_stmt(db, SQL_KEY, sql, EXPIRE, "in", row.key.id));
	else if (at <= db_now(db))
		drop(db, &row);
	else
		db_run(db, db_stmt(db, SQL_KEY, sql, EXPIRE, "ii", row.key.id, at));
	return OK;
}

int64_t
key_expires(struct db *db, struct str name)
{
	struct row row;

	return find(db, name, &row) && live(db, &row) ? row.expires : 0;
}

/* Takes up to `batch` members of one dropped collection; false: none waits. */
static bool
sweep_trash(struct db *db, int64_t batch)
{
	sqlite3_stmt *st = db_stmt(db, SQL_KEY, sql, TRASH_NEXT, "");
	bool more = false;
	int64_t id;

	if (!db_row(db, st))
		return false;
	id = sqlite3_column_int64(st, 0);
	db_done(st);
	/* One of the three holds them; the other two find nothing. */
	for (int which = SWEEP_HASH; which <= SWEEP_ZSET && !more; which++) {
		db_run(db, db_stmt(db, SQL_KEY, sql, which, "ii", id, batch));
		more = db_changes(db) > 0;
	}
	if (!more)
		db_run(db, db_stmt(db, SQL_KEY, sql, TRASH_END, "i", id));
	return true;
}

bool
key_sweep(struct db *db, int64_t batch)
{
	sqlite3_stmt *st;
	struct row row;
	int64_t cost = 0;

	for (; cost < batch; cost += 1 + (row.key.length > DROP_AT_ONCE ? 0 : row.key.length)) {
		st = db_stmt(db, SQL_KEY, sql, DUE, "i", db_now(db));
		if (!db_row(db, st))
			return sweep_trash(db, batch - cost);
		row.key.id = sqlite3_column_int64(st, 0);
		row.type = sqlite3_column_int(st, 1);
		row.key.length = sqlite3_column_int64(st, 2);
		db_done(st);
		drop(db, &row);
	}
	return true;
}

size_t
key_scan(struct db *db, struct arena *a, struct str after, size_t limit, struct str **names)
{
	sqlite3_stmt *st = db_stmt(db, SQL_KEY, sql, SCAN, "bii", after, db_now(db), (int64_t)limit);
	size_t n = 0;

	*names = arena_array(a, struct str, limit);
	while (db_row(db, st))
		(*names)[n++] = db_column(a, st, 0);
	return n;
}

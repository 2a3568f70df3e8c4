/* set.c - sets. */
#include "set.h"

#include "sql.h"

enum { HAS, FIRST, PAGE, INSERT, DELETE };
static const char *const sql[] = {
	[HAS] = "select 1 from member where key = ?1 and member = ?2",
	[FIRST] = "select member from member where key = ?1 order by member limit ?2",
	[PAGE] = "select member from member where key = ?1 and member > ?3 order by member limit ?2",
	[INSERT] = "insert into member (key, member) values (?1, ?2)",
	[DELETE] = "delete from member where key = ?1 and member = ?2",
};

static bool
has(struct db *db, const struct key *key, struct str member)
{
	sqlite3_stmt *st = db_stmt(db, SQL_SET, sql, HAS, "ib", key->id, member);
	bool found = db_row(db, st);

	if (found)
		db_done(st);
	return found;
}

enum err
set_add(struct db *db, struct str name, struct str member)
{
	struct key key;
	enum err e = key_make(db, name, KEY_SET, &key);

	if (e != OK || has(db, &key, member))
		return e;
	db_run(db, db_stmt(db, SQL_SET, sql, INSERT, "ib", key.id, member));
	key_resize(db, &key, 1);
	return OK;
}

enum err
set_rem(struct db *db, struct str name, struct str member)
{
	struct key key;
	enum err e = key_find(db, name, KEY_SET, &key);

	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	if (!has(db, &key, member))
		return OK;
	db_run(db, db_stmt(db, SQL_SET, sql, DELETE, "ib", key.id, member));
	key_resize(db, &key, -1);
	return OK;
}

bool
set_has(struct db *db, struct str name, struct str member)
{
	struct key key;

	return key_find(db, name, KEY_SET, &key) == OK && has(db, &key, member);
}

enum err
set_card(struct db *db, struct str name, int64_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_SET, &key);

	*n = e == OK ? key.length : 0;
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
set_page(struct db *db, struct arena *a, struct str name, struct str after, size_t limit,
    struct str **members, size_t *n)
{
	struct key key;
	sqlite3_stmt *st;
	size_t room;
	enum err e = key_find(db, name, KEY_SET, &key);

	*n = 0;
	*members = NULL;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	room = (size_t)key.length < limit ? (size_t)key.length : limit;
	*members = arena_array(a, struct str, room);
	st = after.p == NULL ? db_stmt(db, SQL_SET, sql, FIRST, "ii", key.id, (int64_t)room)
			     : db_stmt(db, SQL_SET, sql, PAGE, "iib", key.id, (int64_t)room, after);
	while (db_row(db, st))
		(*members)[(*n)++] = db_column(a, st, 0);
	return OK;
}

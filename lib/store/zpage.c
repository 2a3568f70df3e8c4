/* zpage.c - pages of a ranking, continued by value, with what belongs to each member. */
#include <float.h>
#include <math.h>

#include "sql.h"
#include "zset.h"

/* A page: one statement per direction, start and companion, so that each is a
 * plain range of the covering index. */
#define PAGE_(what, from, where, order) \
	"select z.member, z.score" what " from ranking z" from \
	" where z.key = ?1 and z.score between ?2 and ?3" where " order by z.score " order \
	", z.member " order " limit ?4"
#define VALUE ", coalesce(k.value, s.value)"
#define JOIN \
	" left join key k on k.name = cast(z.member || ?5 as blob) and k.type = 1" \
	" and (k.expires is null or k.expires > ?6) left join string s on k.value is null and s.key = k.id"

enum { SUM, UP, UP_AFTER, DOWN, DOWN_AFTER, UP_GET, UP_AFTER_GET, DOWN_GET, DOWN_AFTER_GET };
static const char *const sql[] = {
	[SUM] = "select count(*), total(score) from ranking where key = ?1"
		" and score between ?2 and ?3",
	[UP] = PAGE_("", "", "", "asc"),
	[UP_AFTER] = PAGE_("", "", " and (z.score, z.member) > (?5, ?6)", "asc"),
	[DOWN] = PAGE_("", "", "", "desc"),
	[DOWN_AFTER] = PAGE_("", "", " and (z.score, z.member) < (?5, ?6)", "desc"),
	[UP_GET] = PAGE_(VALUE, JOIN, "", "asc"),
	[UP_AFTER_GET] = PAGE_(VALUE, JOIN, " and (z.score, z.member) > (?7, ?8)", "asc"),
	[DOWN_GET] = PAGE_(VALUE, JOIN, "", "desc"),
	[DOWN_AFTER_GET] = PAGE_(VALUE, JOIN, " and (z.score, z.member) < (?7, ?8)", "desc"),
};

static sqlite3_stmt *
page_statement(struct db *db, const struct key *key, const struct zpage *p, size_t limit)
{
	int which = (p->get ? UP_GET : UP) + (p->reverse ? 2 : 0) + (p->after ? 1 : 0);
	int64_t id = key->id, room = (int64_t)limit;

	if (p->get && p->after)
		return db_stmt(db, SQL_ZPAGE, sql, which, "iddibidb", id, p->min, p->max, room, str(p->get),
		    db_now(db), p->after->score, p->after->member);
	if (p->get)
		return db_stmt(
		    db, SQL_ZPAGE, sql, which, "iddibi", id, p->min, p->max, room, str(p->get), db_now(db));
	if (p->after)
		return db_stmt(db, SQL_ZPAGE, sql, which, "iddidb", id, p->min, p->max, room, p->after->score,
		    p->after->member);
	return db_stmt(db, SQL_ZPAGE, sql, which, "iddi", id, p->min, p->max, room);
}

enum err
zset_page(struct db *db, struct arena *a, struct str name, const struct zpage *page, struct zmember **out,
    size_t *n)
{
	struct key key;
	sqlite3_stmt *st;
	size_t room;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*n = 0;
	*out = NULL;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	room = (size_t)key.length < page->limit ? (size_t)key.length : page->limit;
	*out = arena_array(a, struct zmember, room);
	st = page_statement(db, &key, page, room);
	while (db_row(db, st)) {
		struct zmember *m = &(*out)[(*n)++];

		m->member = db_column(a, st, 0);
		m->score = sqlite3_column_double(st, 1);
		if (page->get)
			m->value = db_column(a, st, 2);
	}
	return OK;
}

enum err
zset_sum(struct db *db, struct str name, int64_t *count, double *sum)
{
	struct key key;
	sqlite3_stmt *st;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*count = 0;
	*sum = 0;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	st = db_stmt(db, SQL_ZPAGE, sql, SUM, "idd", key.id, -DBL_MAX, DBL_MAX);
	if (db_row(db, st)) {
		*count = sqlite3_column_int64(st, 0);
		*sum = sqlite3_column_double(st, 1);
		db_done(st);
	}
	return OK;
}

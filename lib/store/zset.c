/* zset.c - sorted sets. */
#include "zset.h"

#include <math.h>

#include "sql.h"

/* A page: one statement per direction, start and companion, so that each is a
 * plain range of the covering index. */
#define PAGE_(what, from, where, order) \
	"select z.member, z.score" what " from ranking z" from \
	" where z.key = ?1 and z.score between ?2 and ?3" where " order by z.score " order \
	", z.member " order " limit ?4"
#define VALUE ", k.value"
#define JOIN \
	" left join key k on k.name = cast(z.member || ?5 as blob) and k.type = 1" \
	" and (k.expires is null or k.expires > ?6)"

enum {
	SCORE,
	SUM,
	INSERT,
	UPDATE,
	DELETE,
	UP,
	UP_AFTER,
	DOWN,
	DOWN_AFTER,
	UP_GET,
	UP_AFTER_GET,
	DOWN_GET,
	DOWN_AFTER_GET
};
static const char *const sql[] = {
	[SCORE] = "select score from ranking where key = ?1 and member = ?2",
	[SUM] = "select count(*), total(score) from ranking where key = ?1"
		" and score between -1.7976931348623157e308 and 1.7976931348623157e308",
	[INSERT] = "insert into ranking (key, member, score) values (?1, ?2, ?3)",
	[UPDATE] = "update ranking set score = ?3 where key = ?1 and member = ?2",
	[DELETE] = "delete from ranking where key = ?1 and member = ?2",
	[UP] = PAGE_("", "", "", "asc"),
	[UP_AFTER] = PAGE_("", "", " and (z.score, z.member) > (?5, ?6)", "asc"),
	[DOWN] = PAGE_("", "", "", "desc"),
	[DOWN_AFTER] = PAGE_("", "", " and (z.score, z.member) < (?5, ?6)", "desc"),
	[UP_GET] = PAGE_(VALUE, JOIN, "", "asc"),
	[UP_AFTER_GET] = PAGE_(VALUE, JOIN, " and (z.score, z.member) > (?7, ?8)", "asc"),
	[DOWN_GET] = PAGE_(VALUE, JOIN, "", "desc"),
	[DOWN_AFTER_GET] = PAGE_(VALUE, JOIN, " and (z.score, z.member) < (?7, ?8)", "desc"),
};

static bool
score_of(struct db *db, const struct key *key, struct str member, double *score)
{
	sqlite3_stmt *st = db_stmt(db, SQL_ZSET, sql, SCORE, "ib", key->id, member);

	if (!db_row(db, st))
		return false;
	*score = sqlite3_column_double(st, 0);
	db_done(st);
	return true;
}

enum err
zset_add(struct db *db, struct str name, struct str member, double score)
{
	struct key key;
	double old;
	enum err e;

	if (isnan(score))
		return ERR_INPUT;
	if ((e = key_make(db, name, KEY_ZSET, &key)) != OK)
		return e;
	score += 0.0; /* -0 reads as 0, as in Redis */
	if (key.length == 0 || !score_of(db, &key, member, &old)) {
		db_run(db, db_stmt(db, SQL_ZSET, sql, INSERT, "ibd", key.id, member, score));
		key_resize(db, &key, 1);
	} else if (old < score || old > score) {
		db_run(db, db_stmt(db, SQL_ZSET, sql, UPDATE, "ibd", key.id, member, score));
	}
	return OK;
}

enum err
zset_rem(struct db *db, struct str name, struct str member)
{
	struct key key;
	double score;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	if (!score_of(db, &key, member, &score))
		return OK;
	db_run(db, db_stmt(db, SQL_ZSET, sql, DELETE, "ib", key.id, member));
	key_resize(db, &key, -1);
	return OK;
}

enum err
zset_score(struct db *db, struct str name, struct str member, double *score)
{
	struct key key;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	if (e != OK)
		return e;
	return score_of(db, &key, member, score) ? OK : ERR_NOT_FOUND;
}

enum err
zset_card(struct db *db, struct str name, int64_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*n = e == OK ? key.length : 0;
	return e == ERR_NOT_FOUND ? OK : e;
}

static sqlite3_stmt *
page_statement(struct db *db, const struct key *key, const struct zpage *p, size_t limit)
{
	int which = (p->get ? UP_GET : UP) + (p->reverse ? 2 : 0) + (p->after ? 1 : 0);
	int64_t id = key->id, room = (int64_t)limit;

	if (p->get && p->after)
		return db_stmt(db, SQL_ZSET, sql, which, "iddibidb", id, p->min, p->max, room, str(p->get),
		    db_now(db), p->after->score, p->after->member);
	if (p->get)
		return db_stmt(
		    db, SQL_ZSET, sql, which, "iddibi", id, p->min, p->max, room, str(p->get), db_now(db));
	if (p->after)
		return db_stmt(db, SQL_ZSET, sql, which, "iddidb", id, p->min, p->max, room, p->after->score,
		    p->after->member);
	return db_stmt(db, SQL_ZSET, sql, which, "iddi", id, p->min, p->max, room);
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
	st = db_stmt(db, SQL_ZSET, sql, SUM, "i", key.id);
	if (db_row(db, st)) {
		*count = sqlite3_column_int64(st, 0);
		*sum = sqlite3_column_double(st, 1);
		db_done(st);
	}
	return OK;
}

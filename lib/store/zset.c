/* zset.c - sorted sets: single members and ranges of them. */
#include "zset.h"

#include <math.h>

#include "key.h"
#include "run.h"

/* Ranges: a statement per direction and kind of bound, so that each is a plain
 * range of an index.  A byte string's successor is itself and a zero byte, a
 * double's the next one: so every bound can be made a closed one. */
#define MEMBERS(where, order) "select member, score from ranking where key = ?1" where " order by " order
#define UP "score, member"
#define DOWN "score desc, member desc"
enum {
	SCORE,
	INSERT,
	UPDATE,
	DELETE,
	ALL,
	RANK_UP,
	RANK_DOWN,
	RANK_FROM,
	SCORE_UP,
	SCORE_DOWN,
	LEX_UP,
	LEX_DOWN,
	LEX_UP_FROM,
	LEX_DOWN_FROM,
	BY_MEMBER,
	COUNT_SCORE,
	COUNT_LEX,
	COUNT_LEX_FROM
};
static const char *const sql[] = {
	[SCORE] = "select score from ranking where key = ?1 and member = ?2",
	[INSERT] = "insert into ranking (key, member, score) values (?1, ?2, ?3)",
	[UPDATE] = "update ranking set score = ?3 where key = ?1 and member = ?2",
	[DELETE] = "delete from ranking where key = ?1 and member = ?2",
	[ALL] = MEMBERS("", UP),
	[RANK_UP] = MEMBERS("", UP " limit ?2 offset ?3"),
	[RANK_DOWN] = MEMBERS("", DOWN " limit ?2 offset ?3"),
	[RANK_FROM] = MEMBERS(" and (score, member) >= (?4, ?5)", UP " limit ?2 offset ?3"),
	[SCORE_UP] = MEMBERS(" and score between ?4 and ?5", UP " limit ?2 offset ?3"),
	[SCORE_DOWN] = MEMBERS(" and score between ?4 and ?5", DOWN " limit ?2 offset ?3"),
	[LEX_UP] = MEMBERS(" and member >= ?4 and member < ?5", "member limit ?2 offset ?3"),
	[LEX_DOWN] = MEMBERS(" and member >= ?4 and member < ?5", "member desc limit ?2 offset ?3"),
	[LEX_UP_FROM] = MEMBERS(" and member >= ?4", "member limit ?2 offset ?3"),
	[LEX_DOWN_FROM] = MEMBERS(" and member >= ?4", "member desc limit ?2 offset ?3"),
	[BY_MEMBER] = MEMBERS(" and member > ?3", "member limit ?2"),
	[COUNT_SCORE] = "select count(*) from ranking where key = ?1 and score between ?2 and ?3",
	[COUNT_LEX] = "select count(*) from ranking where key = ?1 and member >= ?2 and member < ?3",
	[COUNT_LEX_FROM] = "select count(*) from ranking where key = ?1 and member >= ?2",
};

/* ---- single members ------------------------------------------------------------ */

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

static void
insert(struct db *db, struct key *key, struct str member, double score)
{
	db_run(db, db_stmt(db, SQL_ZSET, sql, INSERT, "ibd", key->id, member, score));
	key_resize(db, key, 1);
	run_change(db, key, score, member, 1);
}

static void
erase(struct db *db, struct key *key, struct str member, double score)
{
	db_run(db, db_stmt(db, SQL_ZSET, sql, DELETE, "ib", key->id, member));
	key_resize(db, key, -1);
	run_change(db, key, score, member, -1);
}

static void
move(struct db *db, struct key *key, struct str member, double from, double to)
{
	db_run(db, db_stmt(db, SQL_ZSET, sql, UPDATE, "ibd", key->id, member, to));
	run_move(db, key, member, from, to);
}

enum err
zset_add_with(struct db *db, struct str name, struct str member, double by, unsigned flags, double *score,
    enum zadd_result *result)
{
	struct key key;
	double old = 0;
	bool there;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*result = ZADD_NOTHING;
	if (e == ERR_TYPE || isnan(by))
		return e == ERR_TYPE ? e : ERR_INPUT;
	there = e == OK && score_of(db, &key, member, &old);
	if (there ? flags & ZADD_NX : flags & ZADD_XX)
		return OK;
	if (there && flags & ZADD_INCR)
		by += old;
	if (isnan(by))
		return ERR_INPUT;
	if (there && ((flags & ZADD_LT && by >= old) || (flags & ZADD_GT && by <= old)))
		return OK;
	*score = by += 0.0; /* -0 reads as 0 */
	if (there) {
		*result = by < old || by > old ? ZADD_UPDATED : ZADD_SAME;
		if (*result == ZADD_UPDATED)
			move(db, &key, member, old, by);
		return OK;
	}
	*result = ZADD_ADDED;
	if (e != OK)
		key_make(db, name, KEY_ZSET, &key);
	insert(db, &key, member, by);
	return OK;
}

enum err
zset_add(struct db *db, struct str name, struct str member, double score)
{
	enum zadd_result result;

	return zset_add_with(db, name, member, score, 0, &score, &result);
}

enum err
zset_rem_many(struct db *db, struct str name, const struct str *members, size_t n, int64_t *removed)
{
	struct key key;
	double score;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*removed = 0;
	for (size_t i = 0; e == OK && i < n && key.length > 0; i++)
		if (score_of(db, &key, members[i], &score)) {
			erase(db, &key, members[i], score);
			++*removed;
		}
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
zset_rem(struct db *db, struct str name, struct str member)
{
	int64_t removed;

	return zset_rem_many(db, name, &member, 1, &removed);
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

enum err
zset_rank(struct db *db, struct str name, struct str member, bool reverse, int64_t *rank)
{
	struct key key;
	double score;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	if (e != OK)
		return e;
	if (!score_of(db, &key, member, &score))
		return ERR_NOT_FOUND;
	*rank = run_rank(db, &key, (struct place){ score, member });
	if (reverse)
		*rank = key.length - 1 - *rank;
	return OK;
}

/* ---- ranges ----------------------------------------------------------------------- */

/* Bounds as the statements take them: closed scores, or members from `low` up
 * to but not with `high` (p = NULL: to the end). */
struct bounds {
	double min, max;
	struct str low, high;
	bool none; /* nothing can lie within */
};

static struct str
successor(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i];
	return (struct str){ p, s.n + 1 };
}

static struct bounds
bounds_of(struct arena *a, const struct zrange *r)
{
	struct bounds b = { .min = r->min.score, .max = r->max.score, .low = S("") };

	if (r->by == ZRANGE_SCORE) {
		b.none = (r->min.open && b.min >= HUGE_VAL) || (r->max.open && b.max <= -HUGE_VAL);
		if (r->min.open)
			b.min = nextafter(b.min, HUGE_VAL);
		if (r->max.open)
			b.max = nextafter(b.max, -HUGE_VAL);
		b.none |= b.min > b.max;
	} else if (r->by == ZRANGE_LEX) {
		/* "+" as a min and "-" as a max are beyond every member. */
		b.none = (r->min.end && r->min.open) || (r->max.end && r->max.open);
		if (!r->min.end)
			b.low = r->min.open ? successor(a, r->min.bytes) : r->min.bytes;
		if (!r->max.end)
			b.high = r->max.open ? r->max.bytes : successor(a, r->max.bytes);
		if (b.high.p != NULL)
			b.none |= str_cmp(b.low, b.high) >= 0;
	}
	return b;
}

/* Reads what is left of a statement of (member, score). */
static void
read_members(struct db *db, struct arena *a, sqlite3_stmt *st, struct zmember **out, size_t *n)
{
	size_t room = 0;

	*n = 0;
	*out = NULL;
	while (db_row(db, st)) {
		*out = arena_grow(a, *out, *n, &room);
		(*out)[*n].member = db_column(a, st, 0);
		(*out)[(*n)++].score = sqlite3_column_double(st, 1);
	}
}

static void
turn_round(struct zmember *m, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct zmember t = m[i];

		m[i] = m[n - 1 - i];
		m[n - 1 - i] = t;
	}
}

enum { NEAR = 300 }; /* so many members of an end are walked rather than sought */

/* Ranks first..last from the low end, the lowest first. */
static void
read_ranks(struct db *db, struct arena *a, const struct key *key, int64_t first, int64_t last,
    struct zmember **out, size_t *n)
{
	int64_t count = last - first + 1, skip, above = key->length - 1 - last;
	struct place from;

	if (first <= NEAR || (key->levels == 0 && first <= above)) {
		read_members(
		    db, a, db_stmt(db, SQL_ZSET, sql, RANK_UP, "iii", key->id, count, first), out, n);
	} else if (above <= NEAR || key->levels == 0) {
		read_members(
		    db, a, db_stmt(db, SQL_ZSET, sql, RANK_DOWN, "iii", key->id, count, above), out, n);
		turn_round(*out, *n);
	} else {
		from = run_seek(db, a, key, first, &skip);
		read_members(db, a,
		    db_stmt(
			db, SQL_ZSET, sql, RANK_FROM, "iiidb", key->id, count, skip, from.score, from.member),
		    out, n);
	}
}

static void
range_by_rank(struct db *db, struct arena *a, const struct key *key, const struct zrange *r,
    struct zmember **out, size_t *n)
{
	int64_t first = r->first < 0 ? r->first + key->length : r->first;
	int64_t last = r->last < 0 ? r->last + key->length : r->last;

	if (first < 0)
		first = 0;
	if (last >= key->length)
		last = key->length - 1;
	if (first > last)
		return;
	if (!r->reverse) {
		read_ranks(db, a, key, first, last, out, n);
		return;
	}
	read_ranks(db, a, key, key->length - 1 - last, key->length - 1 - first, out, n);
	turn_round(*out, *n);
}

/* How many members have a score below this one, or up to and with it. */
static int64_t
rank_of_score(struct db *db, const struct key *key, double score, bool with)
{
	if (with && score >= HUGE_VAL)
		return key->length;
	return run_rank(db, key, (struct place){ with ? nextafter(score, HUGE_VAL) : score, { "", 0 } });
}

static void
range_by_score(struct db *db, struct arena *a, const struct key *key, const struct zrange *r,
    const struct bounds *b, struct zmember **out, size_t *n)
{
	int64_t count = r->count < 0 ? INT64_MAX : r->count, low, high;

	if (r->offset <= NEAR || key->levels == 0) {
		read_members(db, a,
		    db_stmt(db, SQL_ZSET, sql, r->reverse ? SCORE_DOWN : SCORE_UP, "iiidd", key->id, count,
			r->offset, b->min, b->max),
		    out, n);
		return;
	}
	/* Deep inside: by rank, which no offset slows down. */
	low = rank_of_score(db, key, b->min, false);
	high = rank_of_score(db, key, b->max, true) - 1;
	if (r->offset > high - low)
		return;
	if (count > high - low - r->offset + 1)
		count = high - low - r->offset + 1;
	if (count == 0)
		return;
	low = r->reverse ? high - r->offset - count + 1 : low + r->offset;
	read_ranks(db, a, key, low, low + count - 1, out, n);
	if (r->reverse)
		turn_round(*out, *n);
}

static void
range_by_lex(struct db *db, struct arena *a, const struct key *key, const struct zrange *r,
    const struct bounds *b, struct zmember **out, size_t *n)
{
	int64_t count = r->count < 0 ? INT64_MAX : r->count;
	int which = (b->high.p ? LEX_UP : LEX_UP_FROM) + (r->reverse ? 1 : 0);

	read_members(db, a,
	    db_stmt(db, SQL_ZSET, sql, which, b->high.p ? "iiibb" : "iiib", key->id, count, r->offset, b->low,
		b->high),
	    out, n);
}

static void
read_range(struct db *db, struct arena *a, const struct key *key, const struct zrange *r,
    struct zmember **out, size_t *n)
{
	struct bounds b = bounds_of(a, r);

	*n = 0;
	*out = NULL;
	if (r->by == ZRANGE_RANK)
		range_by_rank(db, a, key, r, out, n);
	else if (b.none || r->offset < 0 || r->count == 0)
		return;
	else if (r->by == ZRANGE_SCORE)
		range_by_score(db, a, key, r, &b, out, n);
	else
		range_by_lex(db, a, key, r, &b, out, n);
}

enum err
zset_range(
    struct db *db, struct arena *a, struct str name, const struct zrange *r, struct zmember **out, size_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*n = 0;
	*out = NULL;
	if (e == OK)
		read_range(db, a, &key, r, out, n);
	return e == ERR_NOT_FOUND ? OK : e;
}

/* The score that all members have; false: they have several. */
static bool
one_score(struct db *db, const struct key *key, double *score)
{
	double ends[2] = { 0, 1 };

	for (int i = 0; i < 2; i++) {
		sqlite3_stmt *st = db_stmt(
		    db, SQL_ZSET, sql, i ? RANK_DOWN : RANK_UP, "iii", key->id, INT64_C(1), INT64_C(0));

		if (db_row(db, st)) {
			ends[i] = sqlite3_column_double(st, 1);
			db_done(st);
		}
	}
	*score = ends[0];
	return !(ends[0] < ends[1]) && !(ends[0] > ends[1]);
}

static int64_t
count_lex(struct db *db, const struct key *key, const struct bounds *b)
{
	double score;

	if (key->levels > 0 && one_score(db, key, &score))
		return (b->high.p ? run_rank(db, key, (struct place){ score, b->high }) : key->length) -
		       run_rank(db, key, (struct place){ score, b->low });
	return db_int(db, db_stmt(db, SQL_ZSET, sql, b->high.p ? COUNT_LEX : COUNT_LEX_FROM,
			      b->high.p ? "ibb" : "ib", key->id, b->low, b->high));
}

enum err
zset_count(struct db *db, struct arena *a, struct str name, const struct zrange *r, int64_t *n)
{
	struct key key;
	struct bounds b;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*n = 0;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	b = bounds_of(a, r);
	if (b.none)
		*n = 0;
	else if (r->by == ZRANGE_LEX)
		*n = count_lex(db, &key, &b);
	else if (key.levels > 0)
		*n = rank_of_score(db, &key, b.max, true) - rank_of_score(db, &key, b.min, false);
	else
		*n = db_int(db, db_stmt(db, SQL_ZSET, sql, COUNT_SCORE, "idd", key.id, b.min, b.max));
	return OK;
}

/* ---- taking away ------------------------------------------------------------------- */

static void
erase_all(struct db *db, struct key *key, const struct zmember *m, size_t n)
{
	if ((int64_t)n == key->length) {
		key_drop(db, key);
		return;
	}
	for (size_t i = 0; i < n; i++)
		erase(db, key, m[i].member, m[i].score);
}

enum err
zset_remove_range(struct db *db, struct arena *a, struct str name, const struct zrange *r, int64_t *n)
{
	struct key key;
	struct zmember *m;
	size_t count = 0;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	if (e == OK) {
		read_range(db, a, &key, r, &m, &count);
		if (count > 0)
			erase_all(db, &key, m, count);
	}
	*n = (int64_t)count;
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
zset_pop(
    struct db *db, struct arena *a, struct str name, bool max, int64_t count, struct zmember **out, size_t *n)
{
	struct key key;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*n = 0;
	*out = NULL;
	if (e != OK || count <= 0)
		return e == ERR_NOT_FOUND ? OK : e;
	read_members(db, a,
	    db_stmt(db, SQL_ZSET, sql, max ? RANK_DOWN : RANK_UP, "iii", key.id, count, INT64_C(0)), out, n);
	if (*n > 0)
		erase_all(db, &key, *out, *n);
	return OK;
}

void
zset_replace(struct db *db, struct str name, const struct zmember *m, size_t n)
{
	struct key key;

	key_del(db, name);
	if (n > 0 && key_make(db, name, KEY_ZSET, &key) == OK)
		for (size_t i = 0; i < n; i++)
			insert(db, &key, m[i].member, m[i].score + 0.0);
}

/* ---- others -------------------------------------------------------------------------- */

static bool
member_at(struct db *db, struct arena *a, const struct key *key, int64_t rank, struct zmember *out)
{
	int64_t skip;
	struct place from = run_seek(db, a, key, rank, &skip);
	sqlite3_stmt *st = db_stmt(
	    db, SQL_ZSET, sql, RANK_FROM, "iiidb", key->id, INT64_C(1), skip, from.score, from.member);

	if (!db_row(db, st))
		return false;
	*out = (struct zmember){ .member = db_column(a, st, 0), .score = sqlite3_column_double(st, 1) };
	db_done(st);
	return true;
}

enum err
zset_random(struct db *db, struct arena *a, struct str name, int64_t count, struct zmember **out, size_t *n)
{
	struct key key;
	struct zmember *all;
	int64_t *ranks;
	size_t nall;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*n = 0;
	*out = NULL;
	if (e != OK || count == 0)
		return e == ERR_NOT_FOUND ? OK : e;
	if (count >= key.length) {
		read_members(db, a, db_stmt(db, SQL_ZSET, sql, ALL, "i", key.id), out, n);
		return OK;
	}
	*n = run_sample(a, key.length, count, &ranks);
	*out = arena_array(a, struct zmember, *n);
	if (run_sample_reads_all(key.length, *n)) {
		read_members(db, a, db_stmt(db, SQL_ZSET, sql, ALL, "i", key.id), &all, &nall);
		for (size_t i = 0; i < *n && nall == (size_t)key.length; i++)
			(*out)[i] = all[ranks[i]];
		return OK;
	}
	for (size_t i = 0; i < *n; i++)
		if (!member_at(db, a, &key, ranks[i], &(*out)[i]))
			*n = i; /* a fault: the transaction will be undone */
	return OK;
}

enum err
zset_by_member(struct db *db, struct arena *a, struct str name, struct str after, size_t limit,
    struct zmember **out, size_t *n)
{
	struct key key;
	sqlite3_stmt *st;
	int64_t most = limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
	enum err e = key_find(db, name, KEY_ZSET, &key);

	*n = 0;
	*out = NULL;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	st = after.p == NULL
		 ? db_stmt(db, SQL_ZSET, sql, LEX_UP_FROM, "iiib", key.id, most, INT64_C(0), S(""))
		 : db_stmt(db, SQL_ZSET, sql, BY_MEMBER, "iib", key.id, most, after);
	read_members(db, a, st, out, n);
	return OK;
}

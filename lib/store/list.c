/*
 * list.c - lists.
 *
 * Positions are consecutive, so that an index is the first position and a sum.
 * The first element of a new list stands at 0, and each push goes one further
 * in its direction: at a million pushes a second 64 bits last 290,000 years,
 * so no end is looked for.
 *
 * A change in the middle moves values from row to row rather than rows from
 * position to position: rows keep their place in the tree and their size, which
 * measured 1.3 to 4 times as fast as renumbering, and nothing can collide.
 */
#include "list.h"

#include <string.h>

#include "key.h"
#include "sql.h"

enum {
	CHUNK = 32,  /* values that are in memory while others are moved */
	MANY = 1000, /* elements: more are not deleted by LTRIM, but left to be swept */
};

enum {
	FIRST,
	INDEX,
	RANGE_UP,
	RANGE_DOWN,
	FIND_UP,
	FIND_DOWN,
	MATCHES_UP,
	MATCHES_DOWN,
	INSERT,
	UPDATE,
	DELETE
};

#define POSITIONS "select position from item where key = ?1 and value = ?2"
#define VALUES \
	"select value from item where key = ?1 and position between ?2 and ?3 and value is not ?4" \
	" order by position"

static const char *const sql[] = {
	[FIRST] = "select position from item where key = ?1 order by position limit 1",
	[INDEX] = "select value from item where key = ?1 and position = ?2 +"
		  " (select position from item where key = ?1 order by position limit 1)",
	[RANGE_UP] = VALUES,
	[RANGE_DOWN] = VALUES " desc",
	[FIND_UP] = POSITIONS " and position between ?3 and ?4 order by position limit ?5 offset ?6",
	[FIND_DOWN] = POSITIONS " and position between ?3 and ?4 order by position desc limit ?5 offset ?6",
	[MATCHES_UP] = "select count(*), min(position), max(position) from"
		       " (" POSITIONS " order by position limit ?3)",
	[MATCHES_DOWN] = "select count(*), min(position), max(position) from"
			 " (" POSITIONS " order by position desc limit ?3)",
	[INSERT] = "insert into item (key, position, value) values (?1, ?2, ?3)",
	[UPDATE] = "update item set value = ?3 where key = ?1 and position = ?2",
	[DELETE] = "delete from item where key = ?1 and position between ?2 and ?3",
};

/* A list and where it stands. */
struct list {
	struct key key;
	int64_t first, last; /* positions; an empty one: 0 and -1 */
};

static void
locate(struct db *db, struct list *l)
{
	sqlite3_stmt *st;

	l->first = 0;
	if (l->key.length > 0) {
		st = db_stmt(db, SQL_LIST, sql, FIRST, "i", l->key.id);
		if (db_row(db, st)) {
			l->first = sqlite3_column_int64(st, 0);
			db_done(st);
		}
	}
	l->last = l->first + l->key.length - 1;
}

static enum err
find(struct db *db, struct str name, struct list *l)
{
	enum err e = key_find(db, name, KEY_LIST, &l->key);

	if (e == OK)
		locate(db, l);
	return e;
}

static enum err
make(struct db *db, struct str name, struct list *l)
{
	enum err e = key_make(db, name, KEY_LIST, &l->key);

	if (e == OK)
		locate(db, l);
	return e;
}

/* One more at an end; the key's length is the caller's. */
static void
extend(struct db *db, struct list *l, enum list_end end, struct str value)
{
	int64_t position = end == LIST_HEAD ? --l->first : ++l->last;

	db_run(db, db_stmt(db, SQL_LIST, sql, INSERT, "iib", l->key.id, position, value));
}

/* Takes n rows away at an end; the key's length is the caller's. */
static void
shorten(struct db *db, struct list *l, enum list_end end, int64_t n)
{
	int64_t from = end == LIST_HEAD ? l->first : l->last - n + 1;

	if (n == 0)
		return;
	db_run(db, db_stmt(db, SQL_LIST, sql, DELETE, "iii", l->key.id, from, from + n - 1));
	if (end == LIST_HEAD)
		l->first += n;
	else
		l->last -= n;
}

static void
put(struct db *db, const struct list *l, int64_t position, struct str value)
{
	db_run(db, db_stmt(db, SQL_LIST, sql, UPDATE, "iib", l->key.id, position, value));
}

/* The values from..to, but those that are `except` (NULL: none is), upwards or
 * downwards. */
static size_t
values(struct db *db, struct arena *a, const struct list *l, int64_t from, int64_t to, bool up,
    const struct str *except, struct str *out)
{
	int which = up ? RANGE_UP : RANGE_DOWN;
	sqlite3_stmt *st = except ? db_stmt(db, SQL_LIST, sql, which, "iiib", l->key.id, from, to, *except)
				  : db_stmt(db, SQL_LIST, sql, which, "iiin", l->key.id, from, to);
	size_t n = 0;

	while (db_row(db, st))
		out[n++] = db_column(a, st, 0);
	return n;
}

/* Writes the values of `n` rows, beginning at `from` and going by `step` (1 or
 * -1), but those that are `except`, onto the rows from `at` on in the same
 * direction, never past the one that is read next; tells where it ended. */
static int64_t
slide(struct db *db, const struct list *l, int64_t from, int64_t n, int step, const struct str *except,
    int64_t at)
{
	struct arena *a = arena_new();
	struct str v[CHUNK];

	for (int64_t part; n > 0; n -= part, from += step * part, arena_reset(a)) {
		int64_t far = from + step * ((part = n < CHUNK ? n : CHUNK) - 1);
		size_t kept = step > 0 ? values(db, a, l, from, far, true, except, v)
				       : values(db, a, l, far, from, false, except, v);

		for (size_t i = 0; i < kept; i++, at += step)
			put(db, l, at, v[i]);
	}
	arena_free(a);
	return at;
}

/* Makes positions from 0 of a range of indexes; false: nothing lies within. */
static bool
clamp(int64_t length, int64_t *first, int64_t *last)
{
	if (*first < 0)
		*first += length;
	if (*last < 0)
		*last += length;
	if (*first < 0)
		*first = 0;
	if (*last >= length)
		*last = length - 1;
	return *first <= *last;
}

static int64_t
push(struct db *db, struct list *l, enum list_end end, const struct str *elements, size_t n)
{
	for (size_t i = 0; i < n; i++)
		extend(db, l, end, elements[i]);
	key_resize(db, &l->key, (int64_t)n);
	return l->key.length;
}

enum err
list_push(
    struct db *db, struct str name, enum list_end end, const struct str *elements, size_t n, int64_t *length)
{
	struct list l;
	enum err e = make(db, name, &l);

	if (e == OK)
		*length = push(db, &l, end, elements, n);
	return e;
}

enum err
list_push_existing(
    struct db *db, struct str name, enum list_end end, const struct str *elements, size_t n, int64_t *length)
{
	struct list l;
	enum err e = find(db, name, &l);

	*length = e == OK ? push(db, &l, end, elements, n) : 0;
	return e == ERR_NOT_FOUND ? OK : e;
}

/* Up to n values from an end inwards. */
static size_t
values_at(struct db *db, struct arena *a, const struct list *l, enum list_end end, int64_t n, struct str *out)
{
	if (end == LIST_HEAD)
		return values(db, a, l, l->first, l->first + n - 1, true, NULL, out);
	return values(db, a, l, l->last - n + 1, l->last, false, NULL, out);
}

enum err
list_pop(struct db *db, struct arena *a, struct str name, enum list_end end, int64_t limit,
    struct str **elements, size_t *n)
{
	struct list l;
	enum err e = find(db, name, &l);

	*elements = NULL;
	*n = 0;
	if (e != OK)
		return e;
	if (limit > l.key.length)
		limit = l.key.length;
	*elements = arena_array(a, struct str, (size_t)limit);
	*n = values_at(db, a, &l, end, limit, *elements);
	shorten(db, &l, end, limit);
	key_resize(db, &l.key, -limit);
	return OK;
}

enum err
list_length(struct db *db, struct str name, int64_t *length)
{
	struct key key;
	enum err e = key_find(db, name, KEY_LIST, &key);

	*length = e == OK ? key.length : 0;
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
list_index(struct db *db, struct arena *a, struct str name, int64_t index, struct str *element)
{
	struct key key;
	sqlite3_stmt *st;
	enum err e = key_find(db, name, KEY_LIST, &key);

	if (e != OK)
		return e;
	if (index < 0)
		index += key.length;
	if (index < 0 || index >= key.length)
		return ERR_NOT_FOUND;
	st = db_stmt(db, SQL_LIST, sql, INDEX, "ii", key.id, index);
	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	*element = db_column(a, st, 0);
	db_done(st);
	return OK;
}

enum err
list_set(struct db *db, struct str name, int64_t index, struct str element)
{
	struct list l;
	enum err e = find(db, name, &l);

	if (e != OK)
		return e;
	if (index < 0)
		index += l.key.length;
	if (index < 0 || index >= l.key.length)
		return ERR_INPUT;
	put(db, &l, l.first + index, element);
	return OK;
}

enum err
list_range(struct db *db, struct arena *a, struct str name, int64_t first, int64_t last,
    struct str **elements, size_t *n)
{
	struct list l;
	enum err e = find(db, name, &l);

	*elements = NULL;
	*n = 0;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	if (!clamp(l.key.length, &first, &last))
		return OK;
	*elements = arena_array(a, struct str, (size_t)(last - first + 1));
	*n = values(db, a, &l, l.first + first, l.first + last, true, NULL, *elements);
	return OK;
}

/* Little is kept of much: it becomes a new list, for taking the old one away
 * as a whole is cheap. */
static enum err
renew(struct db *db, struct str name, const struct list *l, int64_t first, int64_t last)
{
	struct arena *a = arena_new();
	struct str *v = arena_array(a, struct str, (size_t)(last - first + 1));
	size_t n = values(db, a, l, l->first + first, l->first + last, true, NULL, v);
	int64_t expires = l->key.expires, length;
	enum err e;

	key_drop(db, &l->key);
	e = list_push(db, name, LIST_TAIL, v, n, &length);
	if (e == OK && expires != 0)
		e = key_expire_at(db, name, expires);
	arena_free(a);
	return e;
}

enum err
list_trim(struct db *db, struct str name, int64_t first, int64_t last)
{
	struct list l;
	int64_t behind;
	enum err e = find(db, name, &l);

	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	if (!clamp(l.key.length, &first, &last)) {
		key_drop(db, &l.key); /* which leaves many elements to be swept */
		return OK;
	}
	behind = l.key.length - 1 - last;
	if (first + behind > MANY && last - first < MANY)
		return renew(db, name, &l, first, last);
	shorten(db, &l, LIST_HEAD, first);
	shorten(db, &l, LIST_TAIL, behind);
	key_resize(db, &l.key, -(first + behind));
	return OK;
}

/* How many elements LREM is about, and between which positions they lie: all
 * that are equal there go. */
static int64_t
matches(struct db *db, const struct list *l, int64_t count, struct str element, int64_t *from, int64_t *to)
{
	int which = count < 0 ? MATCHES_DOWN : MATCHES_UP;
	int64_t limit = count == 0 || count == INT64_MIN ? INT64_MAX : count < 0 ? -count : count;
	sqlite3_stmt *st = db_stmt(db, SQL_LIST, sql, which, "ibi", l->key.id, element, limit);
	int64_t n = 0;

	if (db_row(db, st)) {
		n = sqlite3_column_int64(st, 0);
		*from = sqlite3_column_int64(st, 1);
		*to = sqlite3_column_int64(st, 2);
		db_done(st);
	}
	return n;
}

enum err
list_remove(struct db *db, struct str name, int64_t count, struct str element, int64_t *removed)
{
	struct list l;
	int64_t from = 0, to = 0, at;
	enum err e = find(db, name, &l);

	*removed = 0;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	*removed = matches(db, &l, count, element, &from, &to);
	if (*removed == l.key.length) {
		key_drop(db, &l.key);
	} else if (*removed > 0 && l.last - from < to - l.first) {
		at = slide(db, &l, from, to - from + 1, 1, &element, from);
		slide(db, &l, to + 1, l.last - to, 1, NULL, at);
		shorten(db, &l, LIST_TAIL, *removed);
		key_resize(db, &l.key, -*removed);
	} else if (*removed > 0) {
		at = slide(db, &l, to, to - from + 1, -1, &element, to);
		slide(db, &l, from - 1, from - l.first, -1, NULL, at);
		shorten(db, &l, LIST_HEAD, *removed);
		key_resize(db, &l.key, -*removed);
	}
	return OK;
}

static bool
first_match(struct db *db, const struct list *l, struct str element, int64_t *position)
{
	sqlite3_stmt *st = db_stmt(db, SQL_LIST, sql, FIND_UP, "ibiiii", l->key.id, element, l->first,
	    l->last, (int64_t)1, (int64_t)0);

	if (!db_row(db, st))
		return false;
	*position = sqlite3_column_int64(st, 0);
	db_done(st);
	return true;
}

enum err
list_insert(
    struct db *db, struct str name, bool before, struct str pivot, struct str element, int64_t *length)
{
	struct list l;
	int64_t at, ahead, behind;
	enum err e = find(db, name, &l);

	*length = 0;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	*length = -1;
	if (!first_match(db, &l, pivot, &at))
		return OK;
	at += !before;
	ahead = at - l.first;
	behind = l.key.length - ahead;
	if (behind < ahead) {
		extend(db, &l, LIST_TAIL, element);
		at = slide(db, &l, l.last - 1, behind, -1, NULL, l.last);
	} else {
		extend(db, &l, LIST_HEAD, element);
		at = slide(db, &l, l.first + 1, ahead, 1, NULL, l.first);
	}
	if (behind > 0 && ahead > 0)
		put(db, &l, at, element);
	key_resize(db, &l.key, 1);
	*length = l.key.length;
	return OK;
}

enum err
list_move(struct db *db, struct arena *a, struct str source, enum list_end from, struct str destination,
    enum list_end to, struct str *element)
{
	struct list l;
	struct key other;
	int64_t length;
	enum err e = find(db, source, &l);

	if (e == OK && key_find(db, destination, KEY_LIST, &other) == ERR_TYPE)
		e = ERR_TYPE;
	if (e != OK)
		return e;
	if (values_at(db, a, &l, from, 1, element) == 0)
		return ERR_NOT_FOUND;
	if (str_eq(source, destination)) {
		if (from != to) {
			shorten(db, &l, from, 1);
			extend(db, &l, to, *element);
		}
		return OK;
	}
	shorten(db, &l, from, 1);
	key_resize(db, &l.key, -1);
	return list_push(db, destination, to, element, 1, &length);
}

/* Room for one more index behind n. */
static int64_t *
grow(struct arena *a, int64_t *v, size_t n)
{
	int64_t *more;

	if (n == 0)
		return arena_array(a, int64_t, 8);
	if (n < 8 || (n & (n - 1)) != 0)
		return v;
	more = arena_array(a, int64_t, 2 * n);
	memcpy(more, v, n * sizeof(*v));
	return more;
}

enum err
list_find(struct db *db, struct arena *a, struct str name, struct str element, const struct list_search *by,
    int64_t **indexes, size_t *n)
{
	struct list l;
	sqlite3_stmt *st;
	bool up = by->rank > 0;
	int64_t from, to, skip = (up ? by->rank : -by->rank) - 1;
	enum err e = find(db, name, &l);

	*indexes = NULL;
	*n = 0;
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	from = l.first;
	to = l.last;
	if (by->within > 0 && by->within < l.key.length && up)
		to = from + by->within - 1;
	else if (by->within > 0 && by->within < l.key.length)
		from = to - by->within + 1;
	st = db_stmt(db, SQL_LIST, sql, up ? FIND_UP : FIND_DOWN, "ibiiii", l.key.id, element, from, to,
	    by->limit > 0 ? by->limit : INT64_MAX, skip);
	for (; db_row(db, st); (*n)++) {
		*indexes = grow(a, *indexes, *n);
		(*indexes)[*n] = sqlite3_column_int64(st, 0) - l.first;
	}
	return OK;
}

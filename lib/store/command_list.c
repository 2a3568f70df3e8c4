/* command_list.c - the commands of lists. */
#include "call.h"
#include "list.h"

#define NOT_POSITIVE "ERR value is out of range, must be positive"

/* ---- at the ends ---- */

typedef enum err (*pusher)(
    struct db *, struct str, enum list_end, const struct str *elements, size_t n, int64_t *length);

static void
push(struct call *c, pusher list_pusher, enum list_end end)
{
	int64_t length;

	if (reply_unless(c, list_pusher(c->db, c->args[1], end, c->args + 2, c->n - 2, &length)))
		reply_int(c, length);
}

void
call_lpush(struct call *c)
{
	push(c, list_push, LIST_HEAD);
}

void
call_rpush(struct call *c)
{
	push(c, list_push, LIST_TAIL);
}

void
call_lpushx(struct call *c)
{
	push(c, list_push_existing, LIST_HEAD);
}

void
call_rpushx(struct call *c)
{
	push(c, list_push_existing, LIST_TAIL);
}

static void
pop(struct call *c, enum list_end end)
{
	bool counted = c->n > 2;
	int64_t limit = 1;
	struct str *v;
	size_t n;
	enum err e;

	if (c->n > 3) {
		reply_error(c, "ERR wrong number of arguments for '%s' command", c->command->name);
		return;
	}
	if (counted && !arg_int_in(c, 2, 0, INT64_MAX, &limit, NOT_POSITIVE))
		return;
	e = list_pop(c->db, c->arena, c->args[1], end, limit, &v, &n);
	if (e == ERR_NOT_FOUND && counted)
		reply_nil_array(c);
	else if (reply_unless(c, e) && counted)
		reply_strs(c, v, n);
	else if (e == OK && n == 1)
		reply_bulk(c, v[0]);
}

void
call_lpop(struct call *c)
{
	pop(c, LIST_HEAD);
}

void
call_rpop(struct call *c)
{
	pop(c, LIST_TAIL);
}

/* LEFT or RIGHT; false: the error is in the reply. */
static bool
arg_end(struct call *c, size_t i, enum list_end *end)
{
	*end = arg_is(c, i, "left") ? LIST_HEAD : LIST_TAIL;
	if (*end == LIST_HEAD || arg_is(c, i, "right"))
		return true;
	reply_error(c, SYNTAX_ERROR);
	return false;
}

static void
move(struct call *c, enum list_end from, enum list_end to)
{
	struct str element;

	if (reply_unless(c, list_move(c->db, c->arena, c->args[1], from, c->args[2], to, &element)))
		reply_bulk(c, element);
}

void
call_lmove(struct call *c)
{
	enum list_end from, to;

	if (arg_end(c, 3, &from) && arg_end(c, 4, &to))
		move(c, from, to);
}

void
call_rpoplpush(struct call *c)
{
	move(c, LIST_TAIL, LIST_HEAD);
}

/* The first list among the n keys from args[2] on. */
static void
pop_first(struct call *c, size_t n, enum list_end end, int64_t limit)
{
	for (size_t i = 2; i < n + 2; i++) {
		struct str *v;
		size_t taken;
		struct reply *pair;
		enum err e = list_pop(c->db, c->arena, c->args[i], end, limit, &v, &taken);

		if (e == ERR_NOT_FOUND)
			continue;
		if (!reply_unless(c, e))
			return;
		pair = reply_array(c, 2);
		pair[0] = reply_of_bulk(c->args[i]);
		pair[1] = reply_of_array(c->arena, taken);
		for (size_t j = 0; j < taken; j++)
			pair[1].items[j] = reply_of_bulk(v[j]);
		return;
	}
	reply_nil_array(c);
}

void
call_lmpop(struct call *c)
{
	int64_t n, limit = 1;
	enum list_end end;
	size_t i;

	if (!arg_int_in(c, 1, 1, INT64_MAX, &n, "ERR numkeys should be greater than 0"))
		return;
	if ((uint64_t)n >= c->n - 2) {
		reply_error(c, SYNTAX_ERROR);
		return;
	}
	i = (size_t)n + 2;
	if (!arg_end(c, i++, &end))
		return;
	if (i + 1 < c->n && arg_is(c, i, "count")) {
		if (!arg_int_in(c, i + 1, 1, INT64_MAX, &limit, "ERR count should be greater than 0"))
			return;
		i += 2;
	}
	if (i < c->n)
		reply_error(c, SYNTAX_ERROR);
	else
		pop_first(c, (size_t)n, end, limit);
}

/* ---- reading ---- */

void
call_llen(struct call *c)
{
	int64_t length;

	if (reply_unless(c, list_length(c->db, c->args[1], &length)))
		reply_int(c, length);
}

/* LINDEX and LSET look for the key before they read the index: one that is no
 * number is told only where there is a list. */
static enum err
there(struct call *c)
{
	int64_t length;
	enum err e = list_length(c->db, c->args[1], &length);

	return e == OK && length == 0 ? ERR_NOT_FOUND : e;
}

void
call_lindex(struct call *c)
{
	int64_t index;
	struct str element;
	bool read = arg_int(c, 2, &index, NULL);
	enum err e = read ? list_index(c->db, c->arena, c->args[1], index, &element) : there(c);

	if (e == ERR_NOT_FOUND)
		reply_nil(c);
	else if (reply_unless(c, e) && read)
		reply_bulk(c, element);
}

void
call_lrange(struct call *c)
{
	int64_t first, last;
	struct str *v;
	size_t n;

	if (!arg_int(c, 2, &first, NULL) || !arg_int(c, 3, &last, NULL))
		return;
	if (reply_unless(c, list_range(c->db, c->arena, c->args[1], first, last, &v, &n)))
		reply_strs(c, v, n);
}

static bool
search_option(struct call *c, size_t i, struct list_search *by, bool *counted)
{
	if (arg_is(c, i, "rank")) {
		if (!arg_int(c, i + 1, &by->rank, NULL))
			return false;
		if (by->rank == 0)
			reply_error(c,
			    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the"
			    " second ... or use negative to start from the end of the list");
		return by->rank != 0;
	}
	if (arg_is(c, i, "count")) {
		*counted = true;
		return arg_int_in(c, i + 1, 0, INT64_MAX, &by->limit, "ERR COUNT can't be negative");
	}
	if (arg_is(c, i, "maxlen"))
		return arg_int_in(c, i + 1, 0, INT64_MAX, &by->within, "ERR MAXLEN can't be negative");
	reply_error(c, SYNTAX_ERROR);
	return false;
}

void
call_lpos(struct call *c)
{
	struct list_search by = { .rank = 1, .limit = 1 };
	bool counted = false;
	int64_t *v;
	size_t n;

	for (size_t i = 3; i < c->n; i += 2) {
		if (i + 1 == c->n) {
			reply_error(c, SYNTAX_ERROR);
			return;
		}
		if (!search_option(c, i, &by, &counted))
			return;
	}
	if (by.rank == INT64_MIN) { /* Redis' negation of it overflows, and with it its count of matches */
		by.rank = -1;
		by.limit = counted ? 0 : 1;
	}
	if (!reply_unless(c, list_find(c->db, c->arena, c->args[1], c->args[2], &by, &v, &n)))
		return;
	if (counted) {
		struct reply *items = reply_array(c, n);

		for (size_t i = 0; i < n; i++)
			items[i] = reply_of_int(v[i]);
	} else if (n > 0) {
		reply_int(c, v[0]);
	}
}

/* ---- in the middle ---- */

void
call_lset(struct call *c)
{
	int64_t index;
	bool read = arg_int(c, 2, &index, NULL);
	enum err e = read ? list_set(c->db, c->args[1], index, c->args[3]) : there(c);

	if (e == ERR_NOT_FOUND)
		reply_error(c, "ERR no such key");
	else if (e == ERR_INPUT)
		reply_error(c, "ERR index out of range");
	else if (reply_unless(c, e) && read)
		reply_ok(c);
}

void
call_ltrim(struct call *c)
{
	int64_t first, last;

	if (!arg_int(c, 2, &first, NULL) || !arg_int(c, 3, &last, NULL))
		return;
	if (reply_unless(c, list_trim(c->db, c->args[1], first, last)))
		reply_ok(c);
}

void
call_lrem(struct call *c)
{
	int64_t count, removed;

	if (!arg_int(c, 2, &count, NULL))
		return;
	if (reply_unless(c, list_remove(c->db, c->args[1], count, c->args[3], &removed)))
		reply_int(c, removed);
}

void
call_linsert(struct call *c)
{
	bool before = arg_is(c, 2, "before");
	int64_t length;

	if (!before && !arg_is(c, 2, "after"))
		reply_error(c, SYNTAX_ERROR);
	else if (reply_unless(c, list_insert(c->db, c->args[1], before, c->args[3], c->args[4], &length)))
		reply_int(c, length);
}

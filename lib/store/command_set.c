/* command_set.c - SADD, SINTER and their kin. */
#include "call.h"
#include "set.h"

void
call_sadd(struct call *c)
{
	int64_t n;

	if (reply_unless(c, set_add_many(c->db, c->args[1], c->args + 2, c->n - 2, &n)))
		reply_int(c, n);
}

void
call_srem(struct call *c)
{
	int64_t n;

	if (reply_unless(c, set_rem_many(c->db, c->args[1], c->args + 2, c->n - 2, &n)))
		reply_int(c, n);
}

void
call_scard(struct call *c)
{
	int64_t n;

	if (reply_unless(c, set_card(c->db, c->args[1], &n)))
		reply_int(c, n);
}

void
call_sismember(struct call *c)
{
	bool has;

	if (reply_unless(c, set_has_many(c->db, c->args[1], c->args + 2, 1, &has)))
		reply_int(c, has);
}

void
call_smismember(struct call *c)
{
	bool *has = arena_array(c->arena, bool, c->n - 2);
	struct reply *items;

	if (!reply_unless(c, set_has_many(c->db, c->args[1], c->args + 2, c->n - 2, has)))
		return;
	items = reply_array(c, c->n - 2);
	for (size_t i = 0; i < c->n - 2; i++)
		items[i] = reply_of_int(has[i]);
}

void
call_smembers(struct call *c)
{
	struct str *v;
	size_t n;

	if (reply_unless(c, set_page(c->db, c->arena, c->args[1], (struct str){ NULL, 0 }, SIZE_MAX, &v, &n)))
		reply_strs(c, v, n);
}

void
call_smove(struct call *c)
{
	bool moved;

	if (reply_unless(c, set_move(c->db, c->args[1], c->args[2], c->args[3], &moved)))
		reply_int(c, moved);
}

void
call_spop(struct call *c)
{
	struct str *v;
	int64_t count = 1;
	size_t n;

	if (c->n > 3) {
		reply_error(c, SYNTAX_ERROR);
		return;
	}
	if (c->n == 3 && !arg_int_in(c, 2, 0, INT64_MAX, &count, NOT_POSITIVE))
		return;
	if (!reply_unless(c, set_pop(c->db, c->arena, c->args[1], count, &v, &n)))
		return;
	if (c->n == 3)
		reply_strs(c, v, n);
	else if (n > 0)
		reply_bulk(c, v[0]);
}

void
call_srandmember(struct call *c)
{
	struct random_args r;
	struct str *v;
	size_t n;

	if (!random_args(c, NULL, &r) ||
	    !reply_unless(c, set_random(c->db, c->arena, c->args[1], r.count, &v, &n)))
		return;
	if (!r.single)
		reply_strs(c, v, n);
	else if (n > 0)
		reply_bulk(c, v[0]);
}

/* Sets from argument `first` on; with `store` the result becomes argument 1. */
static void
combine(struct call *c, enum set_op op, bool store)
{
	size_t first = store ? 2 : 1, n;
	struct str *v;

	if (!reply_unless(c, set_combine(c->db, c->arena, op, c->args + first, c->n - first, 0, &v, &n)))
		return;
	if (!store) {
		reply_strs(c, v, n);
		return;
	}
	set_replace(c->db, c->args[1], v, n);
	reply_int(c, (int64_t)n);
}

void
call_sinter(struct call *c)
{
	combine(c, SET_INTER, false);
}

void
call_sinterstore(struct call *c)
{
	combine(c, SET_INTER, true);
}

void
call_sunion(struct call *c)
{
	combine(c, SET_UNION, false);
}

void
call_sunionstore(struct call *c)
{
	combine(c, SET_UNION, true);
}

void
call_sdiff(struct call *c)
{
	combine(c, SET_DIFF, false);
}

void
call_sdiffstore(struct call *c)
{
	combine(c, SET_DIFF, true);
}

void
call_sintercard(struct call *c)
{
	int64_t nkeys, limit = 0;
	struct str *v;
	size_t n;

	if (!arg_int_in(c, 1, 1, INT64_MAX, &nkeys, "ERR numkeys should be greater than 0"))
		return;
	if (nkeys > (int64_t)c->n - 2) {
		reply_error(c, "ERR Number of keys can't be greater than number of args");
		return;
	}
	for (size_t i = 2 + (size_t)nkeys; i < c->n; i += 2) {
		if (!arg_is(c, i, "limit") || i + 1 == c->n) {
			reply_error(c, SYNTAX_ERROR);
			return;
		}
		if (!arg_int_in(c, i + 1, 0, INT64_MAX, &limit, "ERR LIMIT can't be negative"))
			return;
	}
	if (reply_unless(c,
		set_combine(c->db, c->arena, SET_INTER, c->args + 2, (size_t)nkeys, (size_t)limit, &v, &n)))
		reply_int(c, (int64_t)n);
}

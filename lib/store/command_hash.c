/* command_hash.c - HSET, HGET and their kin. */
#include <math.h>

#include "call.h"
#include "hash.h"
#include "number.h"

/* The pairs from argument 2 on; false: one lacks its value. */
static bool
put_pairs(struct call *c, int64_t *added)
{
	size_t n = (c->n - 2) / 2;
	struct field *f;

	if (c->n % 2 == 1) {
		reply_arity(c);
		return false;
	}
	f = arena_array(c->arena, struct field, n);
	for (size_t i = 0; i < n; i++)
		f[i] = (struct field){ c->args[2 + 2 * i], c->args[3 + 2 * i] };
	return reply_unless(c, hash_set_many(c->db, c->args[1], f, n, added));
}

void
call_hset(struct call *c)
{
	int64_t added;

	if (put_pairs(c, &added))
		reply_int(c, added);
}

void
call_hmset(struct call *c)
{
	int64_t added;

	if (put_pairs(c, &added))
		reply_ok(c);
}

void
call_hsetnx(struct call *c)
{
	bool set;

	if (reply_unless(c, hash_set_new(c->db, c->args[1], c->args[2], c->args[3], &set)))
		reply_int(c, set);
}

void
call_hget(struct call *c)
{
	struct str v;

	if (reply_unless(c, hash_get(c->db, c->arena, c->args[1], c->args[2], &v)))
		reply_bulk(c, v);
}

void
call_hmget(struct call *c)
{
	struct str *v = arena_array(c->arena, struct str, c->n - 2);

	if (reply_unless(c, hash_get_many(c->db, c->arena, c->args[1], c->args + 2, c->n - 2, v)))
		reply_strs(c, v, c->n - 2);
}

/* HGETALL, HKEYS, HVALS. */
static void
all(struct call *c, bool names, bool values)
{
	struct field *f;
	struct reply *items;
	size_t n;

	if (!reply_unless(c, hash_all(c->db, c->arena, c->args[1], &f, &n)))
		return;
	items = reply_array(c, n * (names && values ? 2 : 1));
	for (size_t i = 0; i < n; i++) {
		if (names)
			*items++ = reply_of_bulk(f[i].name);
		if (values)
			*items++ = reply_of_bulk(f[i].value);
	}
}

void
call_hgetall(struct call *c)
{
	all(c, true, true);
}

void
call_hkeys(struct call *c)
{
	all(c, true, false);
}

void
call_hvals(struct call *c)
{
	all(c, false, true);
}

void
call_hlen(struct call *c)
{
	int64_t n;

	if (reply_unless(c, hash_len(c->db, c->args[1], &n)))
		reply_int(c, n);
}

/* HEXISTS and HSTRLEN of the field's value. */
static void
look(struct call *c, bool length)
{
	struct str v = S("");
	enum err e = hash_get(c->db, c->arena, c->args[1], c->args[2], &v);

	if (e == ERR_NOT_FOUND)
		reply_int(c, 0);
	else if (reply_unless(c, e))
		reply_int(c, length ? (int64_t)v.n : 1);
}

void
call_hexists(struct call *c)
{
	look(c, false);
}

void
call_hstrlen(struct call *c)
{
	look(c, true);
}

void
call_hdel(struct call *c)
{
	int64_t n;

	if (reply_unless(c, hash_del_many(c->db, c->args[1], c->args + 2, c->n - 2, &n)))
		reply_int(c, n);
}

void
call_hincrby(struct call *c)
{
	int64_t by, v;
	enum err e;

	if (!arg_int(c, 3, &by, NULL))
		return;
	e = hash_incr(c->db, c->args[1], c->args[2], by, &v);
	if (e == ERR_INPUT)
		reply_error(c, "ERR hash value is not an integer");
	else if (e == ERR_CONFLICT)
		reply_error(c, "ERR increment or decrement would overflow");
	else if (reply_unless(c, e))
		reply_int(c, v);
}

void
call_hincrbyfloat(struct call *c)
{
	long double by;
	struct str v;
	enum err e;

	if (!number_long_double(c->args[3], &by)) {
		reply_error(c, NOT_A_FLOAT);
		return;
	}
	if (!isfinite(by)) {
		reply_error(c, "ERR value is NaN or Infinity");
		return;
	}
	e = hash_incr_float(c->db, c->arena, c->args[1], c->args[2], by, &v);
	if (e == ERR_INPUT)
		reply_error(c, "ERR hash value is not a float");
	else if (e == ERR_CONFLICT)
		reply_error(c, "ERR increment would produce NaN or Infinity");
	else if (reply_unless(c, e))
		reply_bulk(c, v);
}

void
call_hrandfield(struct call *c)
{
	struct random_args r;
	struct field *f;
	struct reply *items;
	size_t n;

	if (!random_args(c, "withvalues", &r) ||
	    !reply_unless(c, hash_random(c->db, c->arena, c->args[1], r.count, &f, &n)))
		return;
	if (r.single) {
		if (n > 0)
			reply_bulk(c, f[0].name);
		return;
	}
	items = reply_array(c, n * (r.with ? 2 : 1));
	for (size_t i = 0; i < n; i++) {
		*items++ = reply_of_bulk(f[i].name);
		if (r.with)
			*items++ = reply_of_bulk(f[i].value);
	}
}

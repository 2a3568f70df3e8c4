/* command_key.c - commands for keys of every type, and those without a key. */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "key.h"

void
call_del(struct call *c)
{
	int64_t n = 0;

	for (size_t i = 1; i < c->n; i++)
		n += key_del(c->db, c->args[i]);
	reply_int(c, n);
}

void
call_unlink(struct call *c)
{
	call_del(c);
}

void
call_exists(struct call *c)
{
	int64_t n = 0;

	for (size_t i = 1; i < c->n; i++)
		n += key_exists(c->db, c->args[i]);
	reply_int(c, n);
}

void
call_touch(struct call *c)
{
	call_exists(c);
}

void
call_type(struct call *c)
{
	reply_status(c, key_type(c->db, c->args[1]));
}

void
call_rename(struct call *c)
{
	if (key_rename(c->db, c->args[1], c->args[2]) == OK)
		reply_ok(c);
	else
		reply_error(c, "ERR no such key");
}

void
call_renamenx(struct call *c)
{
	if (!key_exists(c->db, c->args[1]))
		reply_error(c, "ERR no such key");
	else if (key_exists(c->db, c->args[2]))
		reply_int(c, 0);
	else
		reply_int(c, key_rename(c->db, c->args[1], c->args[2]) == OK);
}

/* DB 0 is the only one there is. */
void
call_copy(struct call *c)
{
	bool replace = false;
	int64_t number;

	for (size_t i = 3; i < c->n; i++) {
		if (arg_is(c, i, "replace")) {
			replace = true;
		} else if (arg_is(c, i, "db") && i + 1 < c->n) {
			if (!arg_int_in(c, ++i, INT32_MIN, INT32_MAX, &number, NULL))
				return;
			if (number != 0) {
				reply_error(c, "ERR DB index is out of range");
				return;
			}
		} else {
			reply_error(c, SYNTAX_ERROR);
			return;
		}
	}
	if (str_eq(c->args[1], c->args[2]))
		reply_error(c, "ERR source and destination objects are the same");
	else
		reply_int(c, key_copy(c->db, c->args[1], c->args[2], replace) == OK);
}

void
call_randomkey(struct call *c)
{
	struct str name;

	if (key_random(c->db, c->arena, &name))
		reply_bulk(c, name);
}

void
call_dbsize(struct call *c)
{
	reply_int(c, key_count(c->db));
}

void
call_flushdb(struct call *c)
{
	if (c->n > 2 || (c->n == 2 && !arg_is(c, 1, "async") && !arg_is(c, 1, "sync"))) {
		reply_error(c, SYNTAX_ERROR);
		return;
	}
	key_clear(c->db);
	reply_ok(c);
}

void
call_flushall(struct call *c)
{
	call_flushdb(c);
}

/* ---- expiry ------------------------------------------------------------------- */

enum { NX = 1, XX = 2, GT = 4, LT = 8 };

static bool
expire_flags(struct call *c, unsigned *flags)
{
	static const char *const words[] = { "nx", "xx", "gt", "lt" };

	*flags = 0;
	for (size_t i = 3; i < c->n; i++) {
		size_t w = 0;

		while (w < LEN(words) && !arg_is(c, i, words[w]))
			w++;
		if (w == LEN(words)) {
			reply_error(c, "ERR Unsupported option %.*s",
			    (int)strnlen(c->args[i].p, c->args[i].n), c->args[i].p);
			return false;
		}
		*flags |= 1u << w;
	}
	if (*flags & NX && *flags & (XX | GT | LT))
		reply_error(c, "ERR NX and XX, GT or LT options at the same time are not compatible");
	else if (*flags & GT && *flags & LT)
		reply_error(c, "ERR GT and LT options at the same time are not compatible");
	else
		return true;
	return false;
}

static bool
condition_holds(unsigned flags, int64_t present, int64_t at)
{
	if (flags & NX && present != 0)
		return false;
	if (flags & XX && present == 0)
		return false;
	if (flags & GT && (present == 0 || at <= present))
		return false;
	return !(flags & LT && present != 0 && at >= present);
}

/* The moment is argument 2 in units of `ms`, from `base` on. */
static void
expire(struct call *c, int64_t ms, int64_t base)
{
	unsigned flags;
	int64_t at;

	if (!expire_flags(c, &flags) || !arg_int(c, 2, &at, NULL))
		return;
	if (__builtin_mul_overflow(at, ms, &at) || __builtin_add_overflow(at, base, &at)) {
		reply_error(c, "ERR invalid expire time in '%s' command", c->command->name);
		return;
	}
	if (!key_exists(c->db, c->args[1]) || !condition_holds(flags, key_expires(c->db, c->args[1]), at)) {
		reply_int(c, 0);
		return;
	}
	key_expire_at(c->db, c->args[1], at > 0 ? at : 1); /* 0 would mean never */
	reply_int(c, 1);
}

void
call_expire(struct call *c)
{
	expire(c, 1000, db_now(c->db));
}

void
call_pexpire(struct call *c)
{
	expire(c, 1, db_now(c->db));
}

void
call_expireat(struct call *c)
{
	expire(c, 1000, 0);
}

void
call_pexpireat(struct call *c)
{
	expire(c, 1, 0);
}

/* Its moment less `base`, in units of `ms`, rounded. */
static void
ttl(struct call *c, int64_t ms, int64_t base)
{
	int64_t at = key_expires(c->db, c->args[1]), left = at - base;

	if (at == 0)
		reply_int(c, key_exists(c->db, c->args[1]) ? -1 : -2);
	else
		reply_int(c, left / ms + (left % ms * 2 >= ms));
}

void
call_ttl(struct call *c)
{
	ttl(c, 1000, db_now(c->db));
}

void
call_pttl(struct call *c)
{
	ttl(c, 1, db_now(c->db));
}

void
call_expiretime(struct call *c)
{
	ttl(c, 1000, 0);
}

void
call_pexpiretime(struct call *c)
{
	ttl(c, 1, 0);
}

void
call_persist(struct call *c)
{
	bool had = key_expires(c->db, c->args[1]) != 0;

	if (had)
		key_expire_at(c->db, c->args[1], 0);
	reply_int(c, had);
}

/* ---- without a key ---------------------------------------------------------------- */

void
call_ping(struct call *c)
{
	if (c->n > 2)
		reply_arity(c);
	else if (c->n == 2)
		reply_bulk(c, c->args[1]);
	else
		reply_status(c, "PONG");
}

void
call_echo(struct call *c)
{
	reply_bulk(c, c->args[1]);
}

/* Of the transaction's clock, which stands still. */
void
call_time(struct call *c)
{
	struct reply *items = reply_array(c, 2);

	items[0] = reply_of_bulk(arena_strf(c->arena, "%lld", (long long)(db_now(c->db) / 1000)));
	items[1] = reply_of_bulk(arena_strf(c->arena, "%lld", (long long)(db_now(c->db) % 1000 * 1000)));
}

void
call_command(struct call *c)
{
	size_t n;

	command_table(&n);
	if (c->n == 2 && arg_is(c, 1, "count"))
		reply_int(c, (int64_t)n);
	else
		reply_error(c, "ERR only COMMAND COUNT is known here");
}

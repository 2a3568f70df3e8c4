/* command_string.c - SET, GET and their kin. */
#include "call.h"
#include "key.h"
#include "number.h"
#include "value.h"

enum option {
	NX = 1,
	XX = 2,
	GET = 4,
	KEEPTTL = 8,
	PERSIST = 16,
	EX = 32,
	PX = 64,
	EXAT = 128,
	PXAT = 256,
	EXPIRES = EX | PX | EXAT | PXAT
};

/* The options from argument i on; *at is the argument that holds the time, 0:
 * none.  Those that `allowed` does not have are a syntax error. */
static bool
options(struct call *c, size_t i, unsigned allowed, unsigned *flags, size_t *at)
{
	static const struct {
		const char *word;
		unsigned flag, against;
	} words[] = { { "nx", NX, XX }, { "xx", XX, NX }, { "get", GET, 0 },
		{ "keepttl", KEEPTTL, PERSIST | EXPIRES }, { "persist", PERSIST, KEEPTTL | EXPIRES },
		{ "ex", EX, KEEPTTL | PERSIST | (EXPIRES & ~EX) },
		{ "px", PX, KEEPTTL | PERSIST | (EXPIRES & ~PX) },
		{ "exat", EXAT, KEEPTTL | PERSIST | (EXPIRES & ~EXAT) },
		{ "pxat", PXAT, KEEPTTL | PERSIST | (EXPIRES & ~PXAT) } };

	*flags = 0;
	*at = 0;
	for (; i < c->n; i++) {
		size_t w = 0;

		while (w < LEN(words) && !arg_is(c, i, words[w].word))
			w++;
		if (w == LEN(words) || !(words[w].flag & allowed) || *flags & words[w].against ||
		    (words[w].flag & EXPIRES && i + 1 == c->n)) {
			reply_error(c, SYNTAX_ERROR);
			return false;
		}
		*flags |= words[w].flag;
		if (words[w].flag & EXPIRES)
			*at = ++i;
	}
	return true;
}

/* The moment that argument `at` names in the unit of its option. */
static bool
moment(struct call *c, size_t at, unsigned flags, int64_t *ms)
{
	bool seconds = flags & (EX | EXAT), wrong;

	if (!arg_int(c, at, ms, NULL))
		return false;
	wrong = *ms <= 0 || (seconds && __builtin_mul_overflow(*ms, 1000, ms)) ||
		(flags & (EX | PX) && __builtin_add_overflow(*ms, db_now(c->db), ms));
	if (wrong)
		reply_error(c, "ERR invalid expire time in '%s' command", c->command->name);
	return !wrong;
}

static unsigned
conditions(unsigned flags)
{
	return (flags & NX ? STRING_NX : 0u) | (flags & XX ? STRING_XX : 0u) |
	       (flags & KEEPTTL ? STRING_KEEPTTL : 0u);
}

/* SET and its older forms; argument `value` is the value, `at` the time. */
static void
set(struct call *c, unsigned flags, size_t value, size_t at)
{
	struct str old;
	int64_t expires = 0;
	bool done;

	if (at && !moment(c, at, flags, &expires))
		return;
	if (!reply_unless(c, string_set_if(c->db, c->arena, c->args[1], c->args[value], conditions(flags),
				 expires, flags & GET ? &old : NULL, &done)))
		return;
	if (flags & GET && old.p != NULL)
		reply_bulk(c, old);
	else if (done && !(flags & GET))
		reply_ok(c);
}

void
call_set(struct call *c)
{
	unsigned flags;
	size_t at;

	if (options(c, 3, NX | XX | GET | KEEPTTL | EXPIRES, &flags, &at))
		set(c, flags, 2, at);
}

void
call_setex(struct call *c)
{
	set(c, EX, 3, 2);
}

void
call_psetex(struct call *c)
{
	set(c, PX, 3, 2);
}

void
call_setnx(struct call *c)
{
	set(c, NX, 2, 0);
	reply_int(c, c->reply.kind == REPLY_STATUS);
}

void
call_getset(struct call *c)
{
	set(c, GET, 2, 0);
}

void
call_get(struct call *c)
{
	struct str v;

	if (reply_unless(c, string_get(c->db, c->arena, c->args[1], &v)))
		reply_bulk(c, v);
}

void
call_getdel(struct call *c)
{
	call_get(c);
	if (c->reply.kind == REPLY_BULK)
		key_del(c->db, c->args[1]);
}

void
call_getex(struct call *c)
{
	unsigned flags;
	size_t at;
	struct str v;
	int64_t expires = 0;

	if (!options(c, 2, PERSIST | EXPIRES, &flags, &at) ||
	    !reply_unless(c, string_get(c->db, c->arena, c->args[1], &v)) ||
	    (at && !moment(c, at, flags, &expires)))
		return;
	if (at || flags & PERSIST)
		key_expire_at(c->db, c->args[1], expires);
	reply_bulk(c, v);
}

void
call_mget(struct call *c)
{
	struct str *v = arena_array(c->arena, struct str, c->n - 1);

	for (size_t i = 1; i < c->n; i++)
		if (string_get(c->db, c->arena, c->args[i], &v[i - 1]) != OK)
			v[i - 1].p = NULL;
	reply_strs(c, v, c->n - 1);
}

static void
set_all(struct call *c)
{
	for (size_t i = 1; i < c->n; i += 2)
		string_set(c->db, c->args[i], c->args[i + 1], 0);
}

void
call_mset(struct call *c)
{
	if (c->n % 2 == 0) {
		reply_arity(c);
		return;
	}
	set_all(c);
	reply_ok(c);
}

void
call_msetnx(struct call *c)
{
	bool none = true;

	if (c->n % 2 == 0) {
		reply_arity(c);
		return;
	}
	for (size_t i = 1; i < c->n && none; i += 2)
		none = !key_exists(c->db, c->args[i]);
	if (none)
		set_all(c);
	reply_int(c, none);
}

void
call_strlen(struct call *c)
{
	int64_t n;

	if (reply_unless(c, string_len(c->db, c->args[1], &n)))
		reply_int(c, n);
}

static void
length_or_error(struct call *c, enum err e, int64_t n)
{
	if (e == ERR_TOO_LARGE)
		reply_error(c, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
	else if (reply_unless(c, e))
		reply_int(c, n);
}

void
call_append(struct call *c)
{
	int64_t n;
	enum err e = string_append(c->db, c->arena, c->args[1], c->args[2], &n);

	length_or_error(c, e, n);
}

void
call_setrange(struct call *c)
{
	int64_t offset, n;
	enum err e;

	if (!arg_int(c, 2, &offset, NULL))
		return;
	if (offset < 0) {
		reply_error(c, "ERR offset is out of range");
		return;
	}
	e = string_set_range(c->db, c->arena, c->args[1], offset, c->args[3], &n);
	length_or_error(c, e, n);
}

void
call_getrange(struct call *c)
{
	struct str v;
	int64_t start, end, n;
	enum err e;

	if (!arg_int(c, 2, &start, NULL) || !arg_int(c, 3, &end, NULL))
		return;
	e = string_get(c->db, c->arena, c->args[1], &v);
	if (e == ERR_NOT_FOUND)
		reply_bulk(c, S(""));
	if (!reply_unless(c, e))
		return;
	n = (int64_t)v.n;
	reply_bulk(c, S(""));
	if (start < 0 && end < 0 && start > end)
		return;
	start = start < 0 ? start + n : start;
	end = end < 0 ? end + n : end;
	start = start < 0 ? 0 : start;
	end = end < 0 ? 0 : end >= n ? n - 1 : end;
	if (n > 0 && start <= end)
		reply_bulk(c, (struct str){ v.p + start, (size_t)(end - start + 1) });
}

void
call_substr(struct call *c)
{
	call_getrange(c);
}

static void
incr(struct call *c, int64_t by)
{
	int64_t v;
	enum err e = string_incr(c->db, c->args[1], by, &v);

	if (e == ERR_INPUT)
		reply_error(c, NOT_AN_INTEGER);
	else if (e == ERR_CONFLICT)
		reply_error(c, "ERR increment or decrement would overflow");
	else if (reply_unless(c, e))
		reply_int(c, v);
}

void
call_incr(struct call *c)
{
	incr(c, 1);
}

void
call_decr(struct call *c)
{
	incr(c, -1);
}

void
call_incrby(struct call *c)
{
	int64_t by;

	if (arg_int(c, 2, &by, NULL))
		incr(c, by);
}

void
call_decrby(struct call *c)
{
	int64_t by;

	if (!arg_int(c, 2, &by, NULL))
		return;
	if (by == INT64_MIN)
		reply_error(c, "ERR decrement would overflow");
	else
		incr(c, -by);
}

void
call_incrbyfloat(struct call *c)
{
	struct str v;
	long double by, old;
	enum err e = string_get(c->db, c->arena, c->args[1], &v);

	if (e == ERR_TYPE) {
		reply_unless(c, e);
		return;
	}
	if ((e == OK && !number_long_double(v, &old)) || !number_long_double(c->args[2], &by)) {
		reply_error(c, NOT_A_FLOAT);
		return;
	}
	e = string_incr_float(c->db, c->arena, c->args[1], by, &v);
	if (e == ERR_CONFLICT)
		reply_error(c, "ERR increment would produce NaN or Infinity");
	else if (reply_unless(c, e))
		reply_bulk(c, v);
}

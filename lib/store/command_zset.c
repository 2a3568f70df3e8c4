/* command_zset.c - ZADD, ZRANGE and their kin. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "key.h"
#include "zset.h"

#define NOT_A_NUMBER "ERR resulting score is not a number (NaN)"

/* Members, each followed by its score where that is wanted. */
static void
reply_members(struct call *c, const struct zmember *m, size_t n, bool scores)
{
	struct reply *items = reply_array(c, n * (scores ? 2 : 1));

	for (size_t i = 0; i < n; i++) {
		*items++ = reply_of_bulk(m[i].member);
		if (scores)
			*items++ = reply_of_double(c->arena, m[i].score);
	}
}

/* ---- adding --------------------------------------------------------------------- */

enum { CH = 32 }; /* beside enum zadd_flag */

/* Pairs of score and member from argument i on. */
static void
add(struct call *c, size_t i, unsigned flags)
{
	size_t n = (c->n - i) / 2;
	double *scores = arena_array(c->arena, double, n), score = 0;
	enum zadd_result result = ZADD_NOTHING;
	int64_t added = 0, updated = 0;

	for (size_t k = 0; k < n; k++)
		if (!arg_double(c, i + 2 * k, &scores[k], NULL))
			return;
	for (size_t k = 0; k < n; k++) {
		enum err e = zset_add_with(c->db, c->args[1], c->args[i + 2 * k + 1], scores[k],
		    flags & ~(unsigned)CH, &score, &result);

		if (e == ERR_INPUT)
			reply_error(c, NOT_A_NUMBER);
		if (e == ERR_INPUT || !reply_unless(c, e))
			return;
		added += result == ZADD_ADDED;
		updated += result == ZADD_UPDATED;
	}
	if (!(flags & ZADD_INCR))
		reply_int(c, added + (flags & CH ? updated : 0));
	else if (result != ZADD_NOTHING)
		reply_double(c, score);
}

/* ZINCRBY takes ZADD's words too. */
static void
add_with_words(struct call *c, unsigned flags)
{
	static const struct {
		const char *word;
		unsigned flag;
	} words[] = { { "nx", ZADD_NX }, { "xx", ZADD_XX }, { "gt", ZADD_GT }, { "lt", ZADD_LT },
		{ "ch", CH }, { "incr", ZADD_INCR } };
	size_t i = 2;

	for (; i < c->n; i++) {
		size_t w = 0;

		while (w < LEN(words) && !arg_is(c, i, words[w].word))
			w++;
		if (w == LEN(words))
			break;
		flags |= words[w].flag;
	}
	if ((c->n - i) % 2 || i == c->n)
		reply_error(c, SYNTAX_ERROR);
	else if (flags & ZADD_NX && flags & ZADD_XX)
		reply_error(c, "ERR XX and NX options at the same time are not compatible");
	else if ((flags & ZADD_NX && flags & (ZADD_GT | ZADD_LT)) || (flags & ZADD_GT && flags & ZADD_LT))
		reply_error(c, "ERR GT, LT, and/or NX options at the same time are not compatible");
	else if (flags & ZADD_INCR && c->n - i > 2)
		reply_error(c, "ERR INCR option supports a single increment-element pair");
	else
		add(c, i, flags);
}

void
call_zadd(struct call *c)
{
	add_with_words(c, 0);
}

void
call_zincrby(struct call *c)
{
	add_with_words(c, ZADD_INCR);
}

/* ---- single members ----------------------------------------------------------------- */

void
call_zrem(struct call *c)
{
	int64_t n;

	if (reply_unless(c, zset_rem_many(c->db, c->args[1], c->args + 2, c->n - 2, &n)))
		reply_int(c, n);
}

void
call_zcard(struct call *c)
{
	int64_t n;

	if (reply_unless(c, zset_card(c->db, c->args[1], &n)))
		reply_int(c, n);
}

void
call_zscore(struct call *c)
{
	double score;

	if (reply_unless(c, zset_score(c->db, c->args[1], c->args[2], &score)))
		reply_double(c, score);
}

void
call_zmscore(struct call *c)
{
	struct reply *items = reply_array(c, c->n - 2);
	double score;

	for (size_t i = 0; i < c->n - 2; i++) {
		enum err e = zset_score(c->db, c->args[1], c->args[2 + i], &score);

		if (e == ERR_TYPE) {
			reply_unless(c, e);
			return;
		}
		if (e == OK)
			items[i] = reply_of_double(c->arena, score);
	}
}

static void
rank(struct call *c, bool reverse)
{
	int64_t n;

	if (reply_unless(c, zset_rank(c->db, c->args[1], c->args[2], reverse, &n)))
		reply_int(c, n);
}

void
call_zrank(struct call *c)
{
	rank(c, false);
}

void
call_zrevrank(struct call *c)
{
	rank(c, true);
}

/* ---- ranges ---------------------------------------------------------------------------- */

/* Up to a NUL, and blanks in front, as strtod takes it: Redis does so here. */
static bool
score_bound(struct call *c, size_t i, struct zbound *b)
{
	const char *p = c->args[i].n ? c->args[i].p : "";
	char *text = arena_printf(c->arena, "%.*s", (int)strnlen(p, c->args[i].n), p), *end;

	b->open = text[0] == '(';
	b->score = strtod(text + b->open, &end);
	return *end == '\0' && !isnan(b->score);
}

static bool
lex_bound(const struct call *c, size_t i, bool max, struct zbound *b)
{
	struct str s = c->args[i];

	if (s.n == 0)
		return false;
	if (s.p[0] == '+' || s.p[0] == '-') {
		b->end = true;
		b->open = (s.p[0] == '+') != max; /* the end of the other side: beyond all */
		return s.n == 1 || s.p[1] == '\0';
	}
	b->open = s.p[0] == '(';
	b->bytes = (struct str){ s.p + 1, s.n - 1 };
	return s.p[0] == '(' || s.p[0] == '[';
}

/* The bounds in arguments `min` and `max`. */
static bool
bounds(struct call *c, size_t min, size_t max, struct zrange *r)
{
	if (r->by == ZRANGE_RANK)
		return arg_int(c, min, &r->first, NULL) && arg_int(c, max, &r->last, NULL);
	if (r->by == ZRANGE_SCORE) {
		if (score_bound(c, min, &r->min) && score_bound(c, max, &r->max))
			return true;
		reply_error(c, "ERR min or max is not a float");
	} else {
		if (lex_bound(c, min, false, &r->min) && lex_bound(c, max, true, &r->max))
			return true;
		reply_error(c, "ERR min or max not valid string range item");
	}
	return false;
}

/* Which words a command of this family takes: those with a fixed kind or
 * direction have no word for it. */
struct form {
	bool store;     /* argument 1 is where the result goes */
	bool any_order; /* REV */
	bool any_kind;  /* BYSCORE, BYLEX */
};

static bool
range_words(struct call *c, size_t i, const struct form *form, struct zrange *r, bool *scores)
{
	bool kind = false;

	for (; i < c->n; i++) {
		if (!form->store && arg_is(c, i, "withscores")) {
			*scores = true;
		} else if (arg_is(c, i, "limit") && i + 2 < c->n) {
			if (!arg_int(c, i + 1, &r->offset, NULL) || !arg_int(c, i + 2, &r->count, NULL))
				return false;
			i += 2;
		} else if (form->any_order && !r->reverse && arg_is(c, i, "rev")) {
			r->reverse = true;
		} else if (form->any_kind && !kind && (arg_is(c, i, "bylex") || arg_is(c, i, "byscore"))) {
			kind = true;
			r->by = arg_is(c, i, "bylex") ? ZRANGE_LEX : ZRANGE_SCORE;
		} else {
			reply_error(c, SYNTAX_ERROR);
			return false;
		}
	}
	return true;
}

static void
range(struct call *c, const struct form *form, struct zrange r)
{
	size_t key = form->store ? 2 : 1, n;
	bool scores = false, swap;
	struct zmember *m;

	r.count = -1;
	if (!range_words(c, key + 3, form, &r, &scores))
		return;
	if (r.count != -1 && r.by == ZRANGE_RANK) {
		reply_error(c, "ERR syntax error, LIMIT is only supported in combination with either BYSCORE "
			       "or BYLEX");
		return;
	}
	if (scores && r.by == ZRANGE_LEX) {
		reply_error(c, "ERR syntax error, WITHSCORES not supported in combination with BYLEX");
		return;
	}
	swap = r.reverse && r.by != ZRANGE_RANK;
	if (!bounds(c, key + (swap ? 2 : 1), key + (swap ? 1 : 2), &r) ||
	    !reply_unless(c, zset_range(c->db, c->arena, c->args[key], &r, &m, &n)))
		return;
	if (!form->store) {
		reply_members(c, m, n, scores);
		return;
	}
	zset_replace(c->db, c->args[1], m, n);
	reply_int(c, (int64_t)n);
}

void
call_zrange(struct call *c)
{
	range(c, &(struct form){ .any_order = true, .any_kind = true }, (struct zrange){ 0 });
}

void
call_zrangestore(struct call *c)
{
	range(c, &(struct form){ true, true, true }, (struct zrange){ 0 });
}

void
call_zrevrange(struct call *c)
{
	range(c, &(struct form){ 0 }, (struct zrange){ .reverse = true });
}

void
call_zrangebyscore(struct call *c)
{
	range(c, &(struct form){ 0 }, (struct zrange){ .by = ZRANGE_SCORE });
}

void
call_zrevrangebyscore(struct call *c)
{
	range(c, &(struct form){ 0 }, (struct zrange){ .by = ZRANGE_SCORE, .reverse = true });
}

void
call_zrangebylex(struct call *c)
{
	range(c, &(struct form){ 0 }, (struct zrange){ .by = ZRANGE_LEX });
}

void
call_zrevrangebylex(struct call *c)
{
	range(c, &(struct form){ 0 }, (struct zrange){ .by = ZRANGE_LEX, .reverse = true });
}

static void
count(struct call *c, enum zrange_by by)
{
	struct zrange r = { .by = by };
	int64_t n;

	if (bounds(c, 2, 3, &r) && reply_unless(c, zset_count(c->db, c->arena, c->args[1], &r, &n)))
		reply_int(c, n);
}

void
call_zcount(struct call *c)
{
	count(c, ZRANGE_SCORE);
}

void
call_zlexcount(struct call *c)
{
	count(c, ZRANGE_LEX);
}

static void
remove_range(struct call *c, enum zrange_by by)
{
	struct zrange r = { .by = by, .count = -1 };
	int64_t n;

	if (bounds(c, 2, 3, &r) && reply_unless(c, zset_remove_range(c->db, c->arena, c->args[1], &r, &n)))
		reply_int(c, n);
}

void
call_zremrangebyrank(struct call *c)
{
	remove_range(c, ZRANGE_RANK);
}

void
call_zremrangebyscore(struct call *c)
{
	remove_range(c, ZRANGE_SCORE);
}

void
call_zremrangebylex(struct call *c)
{
	remove_range(c, ZRANGE_LEX);
}

/* ---- taking from the ends, and by chance ---------------------------------------------------- */

static void
pop(struct call *c, bool max)
{
	struct zmember *m;
	int64_t n = 1;
	size_t got;

	if (c->n > 3)
		reply_error(c, SYNTAX_ERROR);
	else if (c->n < 3 || arg_int_in(c, 2, 0, INT64_MAX, &n, NOT_POSITIVE))
		if (reply_unless(c, zset_pop(c->db, c->arena, c->args[1], max, n, &m, &got)))
			reply_members(c, m, got, true);
}

void
call_zpopmin(struct call *c)
{
	pop(c, false);
}

void
call_zpopmax(struct call *c)
{
	pop(c, true);
}

/* [key, [[member, score], ...]] of the first key that has some. */
static void
pop_first(struct call *c, size_t first, size_t nkeys, bool max, int64_t count)
{
	struct zmember *m;
	struct reply *two, *pair;
	size_t n = 0, i = first;

	for (; i < first + nkeys; i++) {
		if (!reply_unless(c, zset_pop(c->db, c->arena, c->args[i], max, count, &m, &n)))
			return;
		if (n > 0)
			break;
	}
	if (n == 0) {
		reply_nil_array(c);
		return;
	}
	two = reply_array(c, 2);
	two[0] = reply_of_bulk(c->args[i]);
	two[1] = reply_of_array(c->arena, n);
	for (size_t k = 0; k < n; k++) {
		two[1].items[k] = reply_of_array(c->arena, 2);
		pair = two[1].items[k].items;
		pair[0] = reply_of_bulk(m[k].member);
		pair[1] = reply_of_double(c->arena, m[k].score);
	}
}

void
call_zmpop(struct call *c)
{
	int64_t nkeys, count = -1;
	size_t where;
	bool max;

	if (!arg_int_in(c, 1, 1, INT64_MAX, &nkeys, "ERR numkeys should be greater than 0"))
		return;
	where = (size_t)nkeys + 2;
	if (nkeys > (int64_t)c->n || where >= c->n ||
	    (!(max = arg_is(c, where, "max")) && !arg_is(c, where, "min"))) {
		reply_error(c, SYNTAX_ERROR);
		return;
	}
	for (size_t i = where + 1; i < c->n; i += 2) {
		if (count != -1 || !arg_is(c, i, "count") || i + 1 == c->n) {
			reply_error(c, SYNTAX_ERROR);
			return;
		}
		if (!arg_int_in(c, i + 1, 1, INT64_MAX, &count, "ERR count should be greater than 0"))
			return;
	}
	pop_first(c, 2, (size_t)nkeys, max, count == -1 ? 1 : count);
}

void
call_zrandmember(struct call *c)
{
	struct random_args r;
	struct zmember *m;
	size_t n;

	if (!random_args(c, "withscores", &r) ||
	    !reply_unless(c, zset_random(c->db, c->arena, c->args[1], r.count, &m, &n)))
		return;
	if (!r.single)
		reply_members(c, m, n, r.with);
	else if (n > 0)
		reply_bulk(c, m[0].member);
}

/* ---- several keys ------------------------------------------------------------------------------ */

enum outcome { MEMBERS, CARD, STORE };

struct combination {
	size_t nkeys;
	double *weights;
	enum zset_aggregate aggregate;
	bool scores;
	int64_t limit;
};

/* WEIGHTS, AGGREGATE, WITHSCORES, LIMIT from argument i on. */
static bool
combination_words(struct call *c, size_t i, enum zset_op op, enum outcome outcome, struct combination *k)
{
	static const char *const names[] = { [ZSET_SUM] = "sum", [ZSET_MIN] = "min", [ZSET_MAX] = "max" };

	while (i < c->n) {
		size_t left = c->n - i, how = 0;

		if (op != ZSET_DIFF && outcome != CARD && left >= k->nkeys + 1 && arg_is(c, i, "weights")) {
			k->weights = arena_array(c->arena, double, k->nkeys);
			for (size_t j = 0; j < k->nkeys; j++)
				if (!arg_double(
					c, i + 1 + j, &k->weights[j], "ERR weight value is not a float"))
					return false;
			i += k->nkeys + 1;
			continue;
		}
		if (op != ZSET_DIFF && outcome != CARD && left >= 2 && arg_is(c, i, "aggregate")) {
			while (how < LEN(names) && !arg_is(c, i + 1, names[how]))
				how++;
			k->aggregate = (enum zset_aggregate)how;
			i += 2;
			if (how < LEN(names))
				continue;
		} else if (outcome == MEMBERS && arg_is(c, i, "withscores")) {
			k->scores = true;
			i++;
			continue;
		} else if (outcome == CARD && left >= 2 && arg_is(c, i, "limit")) {
			if (!arg_int_in(c, i + 1, 0, INT64_MAX, &k->limit, "ERR LIMIT can't be negative"))
				return false;
			i += 2;
			continue;
		}
		reply_error(c, SYNTAX_ERROR);
		return false;
	}
	return true;
}

static void
combine(struct call *c, enum zset_op op, enum outcome outcome)
{
	size_t at = outcome == STORE ? 2 : 1, n;
	struct combination k = { 0 };
	struct zmember *m;
	int64_t nkeys;

	if (!arg_int(c, at, &nkeys, NULL))
		return;
	if (nkeys < 1) {
		reply_error(c, "ERR at least 1 input key is needed for '%s' command", c->command->name);
		return;
	}
	if (nkeys > (int64_t)(c->n - at - 1)) {
		reply_error(c, SYNTAX_ERROR);
		return;
	}
	k.nkeys = (size_t)nkeys;
	/* The keys' types are looked at before the words behind them. */
	for (size_t i = 0; i < k.nkeys; i++) {
		const char *type = key_type(c->db, c->args[at + 1 + i]);

		if (strcmp(type, "none") != 0 && strcmp(type, "zset") != 0 && strcmp(type, "set") != 0) {
			reply_unless(c, ERR_TYPE);
			return;
		}
	}
	if (!combination_words(c, at + 1 + k.nkeys, op, outcome, &k) ||
	    !reply_unless(c, zset_combine(c->db, c->arena, op, c->args + at + 1, k.weights, k.nkeys,
				 k.aggregate, (size_t)k.limit, &m, &n)))
		return;
	if (outcome == MEMBERS) {
		reply_members(c, m, n, k.scores);
		return;
	}
	if (outcome == STORE)
		zset_replace(c->db, c->args[1], m, n);
	reply_int(c, (int64_t)n);
}

void
call_zunion(struct call *c)
{
	combine(c, ZSET_UNION, MEMBERS);
}

void
call_zunionstore(struct call *c)
{
	combine(c, ZSET_UNION, STORE);
}

void
call_zinter(struct call *c)
{
	combine(c, ZSET_INTER, MEMBERS);
}

void
call_zinterstore(struct call *c)
{
	combine(c, ZSET_INTER, STORE);
}

void
call_zintercard(struct call *c)
{
	combine(c, ZSET_INTER, CARD);
}

void
call_zdiff(struct call *c)
{
	combine(c, ZSET_DIFF, MEMBERS);
}

void
call_zdiffstore(struct call *c)
{
	combine(c, ZSET_DIFF, STORE);
}

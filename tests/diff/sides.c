/* sides.c - steps run on both sides, reply by reply. */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

enum { BATCH = 64, CURSORS = 200000 };

/* ---- a difference ---- */

static bool
differ(struct difference *d, size_t step, size_t line, const char *what, const struct reply *redis,
    const struct reply *muster)
{
	d->step = step;
	d->line = line;
	d->what = what;
	buf_reset(&d->redis);
	buf_reset(&d->muster);
	reply_print(&d->redis, redis);
	reply_print(&d->muster, muster);
	return false;
}

static void
count(struct sides *s, const struct line *l, const struct reply *r)
{
	s->compared++;
	if (s->answers != NULL && l->rule != NULL)
		(r->kind == REPLY_ERROR ? s->errors : s->answers)[l->rule - rules]++;
}

static enum how
how_of(const struct line *l)
{
	return l->rule ? l->rule->how : EXACT;
}

/* ---- commands sent in a bunch ---- */

/* What tells all there is to sample from: asked of redis alone. */
static void
send_whole(struct oracle *o, const struct line *l)
{
	struct str name = str(l->rule->name), key = l->n > 1 ? l->args[1] : S("");

	if (str_is(name, "randomkey"))
		oracle_send(o, (struct str[]){ S("KEYS"), S("*") }, 2);
	else if (str_is(name, "srandmember"))
		oracle_send(o, (struct str[]){ S("SMEMBERS"), key }, 2);
	else if (str_is(name, "hrandfield"))
		oracle_send(o, (struct str[]){ S("HGETALL"), key }, 2);
	else
		oracle_send(o, (struct str[]){ S("ZRANGE"), key, S("0"), S("-1"), S("WITHSCORES") }, 5);
}

static void
send_step(struct oracle *o, const struct step *step)
{
	if (step->kind == COMMAND && how_of(step->lines) == TALLIED)
		oracle_send(o, (struct str[]){ S("SCAN"), S("0"), S("COUNT"), S("100000") }, 4);
	if (step->kind == UNDONE || step->kind == CHECK)
		return;
	for (size_t i = 0; i < step->n; i++)
		oracle_send(o, step->lines[i].args, step->lines[i].n);
	if (step->kind == COMMAND && how_of(step->lines) == SAMPLED)
		send_whole(o, step->lines);
}

/* EXEC: an item for each line that was queued, by its rule. */
static bool
execs_agree(const struct step *step, const struct reply *queued, const struct reply *redis,
    const struct reply *muster, struct arena *mem)
{
	size_t n = 0;

	if (redis->kind != REPLY_ARRAY || muster->kind != REPLY_ARRAY || redis->n != muster->n)
		return replies_agree(EXACT, step->lines, redis, muster, mem);
	for (size_t i = 0; i < step->n; i++) {
		const struct line *l = &step->lines[i];

		if (queued[i].kind != REPLY_STATUS || !str_is(queued[i].text, "QUEUED"))
			continue;
		if (n < redis->n) {
			settle_scores(l, &redis->items[n], mem);
			settle_scores(l, &muster->items[n], mem);
		}
		if (n == redis->n || !replies_agree(how_of(l), l, &redis->items[n], &muster->items[n], mem))
			return false;
		n++;
	}
	return n == redis->n;
}

static bool
read_step(struct sides *s, const struct step *step, size_t at, struct reply *muster, struct difference *d)
{
	struct reply *redis = arena_array(s->mem, struct reply, step->n);
	bool ok = true;

	if (step->kind == UNDONE)
		return true;
	if (step->kind == CHECK)
		return muster->integer == 0 ||
		       differ(d, at, 0, "lengths or runs do not agree with the members", muster, muster);
	if (step->kind == COMMAND && how_of(step->lines) == TALLIED)
		oracle_read(s->redis, s->mem); /* SCAN's: it has touched all */
	for (size_t i = 0; i < step->n; i++) {
		const struct line *l = &step->lines[i];
		bool exec = step->kind == TRANSACTION && str_is(str(l->rule ? l->rule->name : ""), "exec");

		redis[i] = oracle_read(s->redis, s->mem);
		settle_scores(l, &redis[i], s->mem);
		settle_scores(l, &muster[i], s->mem);
		count(s, l, &redis[i]);
		if (ok && !(exec ? execs_agree(step, redis, &redis[i], &muster[i], s->mem)
				 : replies_agree(step->kind == TRANSACTION ? EXACT : how_of(l), l, &redis[i],
				       &muster[i], s->mem)))
			ok = differ(d, at, i, "another answer", &redis[i], &muster[i]);
	}
	if (step->kind == COMMAND && how_of(step->lines) == SAMPLED) {
		struct reply all = oracle_read(s->redis, s->mem);

		settle_scores(step->lines, &all, s->mem);
		if (ok && all.kind == REPLY_ARRAY && !sample_is_of(step->lines, &muster[0], &all, s->mem))
			ok = differ(d, at, 0, "not a sample of what is there", &all, &muster[0]);
	}
	return ok;
}

static struct reply *
checked(struct sides *s)
{
	struct reply *r = arena_array(s->mem, struct reply, 1);

	r->kind = REPLY_INTEGER;
	r->integer = peer_check(s->muster);
	return r;
}

static void
ask_muster(struct sides *s, const struct step *step, struct reply *replies)
{
	for (size_t i = 0; i < step->n; i++)
		replies[i] =
		    peer_ask(s->muster, s->mem, step->lines[i].args, step->lines[i].n, step->by_client);
}

/* Redis works on its part while muster does. */
static bool
run_batch(struct sides *s, struct step *steps, size_t from, size_t to, struct difference *d)
{
	struct reply **muster;
	bool ok = true;

	arena_reset(s->mem);
	muster = arena_array(s->mem, struct reply *, to - from + 1);
	for (size_t i = from; i < to; i++)
		send_step(s->redis, &steps[i]);
	oracle_flush(s->redis);
	for (size_t i = from; i < to; i++) {
		struct step *step = &steps[i];

		s->at = step;
		muster[i - from] = arena_array(s->mem, struct reply, step->n);
		if (step->kind == SWEEP)
			peer_sweep(s->muster);
		else if (step->kind == CHECK)
			muster[i - from] = checked(s);
		else if (step->kind == UNDONE)
			peer_undone(s->muster, s->mem, step);
		else
			ask_muster(s, step, muster[i - from]);
	}
	for (size_t i = from; i < to; i++) { /* all are read, also behind a difference */
		struct difference unused = { 0 };

		if (steps[i].kind != UNDONE &&
		    !read_step(s, &steps[i], i, muster[i - from], ok ? d : &unused))
			ok = false;
		buf_free(&unused.redis);
		buf_free(&unused.muster);
	}
	return ok;
}

/* ---- SPOP: redis is made to pop what muster did ---- */

static struct line *
as_srem(struct arena *mem, const struct line *l, const struct reply *popped)
{
	struct line *rem = arena_array(mem, struct line, 1);
	size_t n = popped->kind == REPLY_ARRAY ? popped->n : 1;
	const struct reply *items = popped->kind == REPLY_ARRAY ? popped->items : popped;

	rem->rule = rule_find(S("srem"));
	rem->n = n + 2;
	rem->args = arena_array(mem, struct str, rem->n);
	rem->args[0] = S("SREM");
	rem->args[1] = l->args[1];
	for (size_t i = 0; i < n; i++)
		rem->args[i + 2] = arena_dup(mem, items[i].text);
	return rem;
}

static bool
run_pop(struct sides *s, struct arena *keep, struct step *steps, size_t at, struct difference *d)
{
	struct step *step = &steps[at];
	struct line *l = step->lines, *back;
	struct reply muster, redis, gone;

	s->at = step;
	arena_reset(s->mem);
	muster = peer_ask(s->muster, s->mem, l->args, l->n, step->by_client);
	redis = oracle_ask(s->redis, s->mem, l->args, l->n);
	count(s, l, &redis);
	if (!replies_agree(POPPED, l, &redis, &muster, s->mem))
		return differ(d, at, 0, "another answer", &redis, &muster);
	if (redis.kind != REPLY_BULK && (redis.kind != REPLY_ARRAY || redis.n == 0))
		return true;
	back = as_srem(s->mem, l, &redis);
	back->args[0] = S("SADD");
	oracle_ask(s->redis, s->mem, back->args, back->n);
	step->done = as_srem(keep, l, &muster);
	gone = oracle_ask(s->redis, s->mem, step->done->args, step->done->n);
	if (gone.kind == REPLY_INTEGER && gone.integer == (int64_t)step->done->n - 2)
		return true;
	step->done = NULL;
	return differ(d, at, 0, "popped what was not there, or twice", &redis, &muster);
}

/* ---- cursors ---- */

static void
collect(struct reply *all, const struct reply *page, struct arena *mem)
{
	struct reply *items = arena_array(mem, struct reply, all->n + page->n + 1);

	if (all->n)
		memcpy(items, all->items, all->n * sizeof(*items));
	if (page->n)
		memcpy(items + all->n, page->items, page->n * sizeof(*items));
	all->items = items;
	all->n += page->n;
}

static bool
is_page(const struct reply *r)
{
	return r->kind == REPLY_ARRAY && r->n == 2 && r->items[0].kind == REPLY_BULK &&
	       r->items[1].kind == REPLY_ARRAY;
}

/* All that comes until the cursor is "0" again; false: it never is. */
static bool
follow(
    struct sides *s, bool of_redis, const struct line *l, size_t cursor, struct reply page, struct reply *all)
{
	struct str *args = arena_array(s->mem, struct str, l->n + 2);

	*all = (struct reply){ .kind = REPLY_ARRAY };
	memcpy(args, l->args, l->n * sizeof(*args));
	args[l->n] = S("COUNT");
	args[l->n + 1] = S("1000");
	for (int i = 0; i < CURSORS && is_page(&page); i++) {
		if (page.items[1].n)
			collect(all, &page.items[1], s->mem);
		if (str_is(page.items[0].text, "0"))
			return true;
		args[cursor] = page.items[0].text;
		page = of_redis ? oracle_ask(s->redis, s->mem, args, l->n + 2)
				: peer_ask(s->muster, s->mem, args, l->n, false);
	}
	return false;
}

static bool
run_scan(struct sides *s, struct step *steps, size_t at, struct difference *d)
{
	struct step *step = &steps[at];
	struct line *l = step->lines;
	size_t cursor = str_is(str(l->rule->name), "scan") ? 1 : 2;
	bool pairs = str_is(str(l->rule->name), "hscan") || str_is(str(l->rule->name), "zscan");
	struct reply redis, muster, all_redis, all_muster;

	s->at = step;
	arena_reset(s->mem);
	redis = oracle_ask(s->redis, s->mem, l->args, l->n);
	muster = peer_ask(s->muster, s->mem, l->args, l->n, step->by_client);
	count(s, l, &redis);
	if (l->n > cursor && l->args[cursor].n > 19)
		return true; /* to redis no cursor, to muster perhaps */
	if (!replies_agree(SCANNED, l, &redis, &muster, s->mem) || is_page(&redis) != is_page(&muster))
		return differ(d, at, 0, "another answer", &redis, &muster);
	if (!is_page(&redis) || strtoull(l->args[cursor].p, NULL, 10) != 0)
		return true; /* an error, or a cursor made up: each side makes its own sense of it */
	if (!follow(s, true, l, cursor, redis, &all_redis))
		return differ(d, at, 0, "redis has no end", &redis, &muster);
	if (!follow(s, false, l, cursor, muster, &all_muster))
		return differ(d, at, 0, "the cursor has no end", &redis, &muster);
	settle_scores(l, &all_redis, s->mem);
	settle_scores(l, &all_muster, s->mem);
	if (!scans_agree(&all_redis, &all_muster, pairs, s->mem))
		return differ(d, at, 0, "another set was scanned", &all_redis, &all_muster);
	return true;
}

/* ---- sequences ---- */

void
sides_reset(struct sides *s, int64_t now)
{
	struct arena *mem = arena_new();

	oracle_ask(s->redis, mem, &S("FLUSHALL"), 1);
	oracle_clock(s->redis, now);
	arena_free(mem);
	peer_reset(s->muster, now);
	s->now = now;
}

/* In the very millisecond of its expiry a key is gone in muster, as all its
 * callers were promised; redis keeps it for that one yet, unless it is set in
 * it.  So the clock steps over such a millisecond. */
static int64_t
no_expiry_at(struct sides *s, int64_t now)
{
	struct reply keys, *at;

	arena_reset(s->mem);
	keys = oracle_ask(s->redis, s->mem, (struct str[]){ S("KEYS"), S("*") }, 2);
	at = arena_array(s->mem, struct reply, keys.n + 1);
	for (size_t i = 0; i < keys.n; i++)
		oracle_send(s->redis, (struct str[]){ S("PEXPIRETIME"), keys.items[i].text }, 2);
	oracle_flush(s->redis);
	for (size_t i = 0; i < keys.n; i++)
		at[i] = oracle_read(s->redis, s->mem);
	for (size_t i = 0; i < keys.n; i++)
		if (at[i].integer == now || now % 1000 == 0) { /* that one EXAT can name */
			now++;
			i = (size_t)-1; /* from the first again */
		}
	return now;
}

/* Steps that go one by one. */
static bool
alone(const struct step *step)
{
	return step->kind == CLOCK ||
	       (step->kind == COMMAND && (how_of(step->lines) == POPPED || how_of(step->lines) == SCANNED));
}

static bool
run_alone(struct sides *s, struct arena *keep, struct step *steps, size_t at, struct difference *d)
{
	struct step *step = &steps[at];

	if (step->kind == COMMAND)
		return how_of(step->lines) == POPPED ? run_pop(s, keep, steps, at, d)
						     : run_scan(s, steps, at, d);
	s->at = step;
	s->now = step->now = no_expiry_at(s, step->now);
	oracle_clock(s->redis, s->now);
	peer_clock(s->muster, s->now);
	return true;
}

bool
sides_run(struct sides *s, struct arena *keep, struct step *steps, size_t n, struct difference *d)
{
	size_t from = 0;
	bool ok = true;

	while (ok && from < n) {
		size_t to = from;

		while (to < n && to < from + BATCH && !alone(&steps[to]))
			to++;
		if (to > from)
			ok = run_batch(s, steps, from, to, d);
		else
			ok = run_alone(s, keep, steps, to++, d);
		from = to;
	}
	s->at = NULL;
	return ok;
}

/* ---- all there is ---- */

struct list {
	struct sides *s;
	struct arena *mem;
	struct step *steps;
	size_t n;
};

static void
look(struct list *list, struct str name, struct str key, size_t n, const struct str *more)
{
	struct line *l = arena_array(list->mem, struct line, 1);
	size_t first = key.p ? 2 : 1;

	l->rule = rule_find(name);
	if (l->rule == NULL || !peer_knows(list->s->muster, l->rule))
		return;
	l->n = n + first;
	l->args = arena_array(list->mem, struct str, l->n);
	l->args[0] = name;
	if (key.p)
		l->args[1] = key;
	for (size_t i = 0; i < n; i++)
		l->args[first + i] = more[i];
	list->steps[list->n++] = (struct step){ .kind = COMMAND, .n = 1, .lines = l };
}

static void
look_into(struct list *list, struct str key, struct str type)
{
	const struct str range[] = { S("0"), S("-1"), S("WITHSCORES") };

	look(list, S("type"), key, 0, NULL);
	look(list, S("pexpiretime"), key, 0, NULL);
	if (str_is(type, "string"))
		look(list, S("get"), key, 0, NULL);
	if (str_is(type, "hash"))
		look(list, S("hgetall"), key, 0, NULL), look(list, S("hlen"), key, 0, NULL);
	if (str_is(type, "set"))
		look(list, S("smembers"), key, 0, NULL), look(list, S("scard"), key, 0, NULL);
	if (str_is(type, "zset"))
		look(list, S("zrange"), key, 3, range), look(list, S("zcard"), key, 0, NULL);
	if (str_is(type, "list"))
		look(list, S("lrange"), key, 2, range), look(list, S("llen"), key, 0, NULL);
}

struct step *
sides_inventory(struct sides *s, struct arena *mem, size_t *n)
{
	struct str star = S("*");
	struct reply keys = oracle_ask(s->redis, mem, (struct str[]){ S("KEYS"), star }, 2);
	struct list list = { s, mem, arena_array(mem, struct step, 5 * keys.n + 3), 0 };

	look(&list, S("keys"), (struct str){ 0 }, 1, &star);
	look(&list, S("dbsize"), (struct str){ 0 }, 0, NULL);
	for (size_t i = 0; i < keys.n; i++) {
		struct str key = keys.items[i].text;
		struct reply type = oracle_ask(s->redis, mem, (struct str[]){ S("TYPE"), key }, 2);

		look_into(&list, key, type.text);
	}
	list.steps[list.n++] = (struct step){ .kind = CHECK };
	*n = list.n;
	return list.steps;
}

/*
 * growth.h - what a command costs as keys and collections grow.
 *
 * Each row is a command, or a few that leave the size as it was, run by
 * command_run() in one transaction.  From the smallest to the largest size it
 * may cost as many times more as log n grows, times what a raw point read (for
 * a command that writes: a raw upsert) in the same tables costs more: larger
 * trees are deeper and miss more of the processor's caches.  All pages are in
 * the page cache, so the disk's share is nothing.
 *
 * What is O(n) by nature (SMEMBERS, SINTER ...) is not here.
 */
#ifndef GROWTH_H
#define GROWTH_H

#include "bench.h"
#include "command.h"

enum {
	SIZES_MAX = 8,
	GROWTH_ROWS = 100,
	WORDS = 12,
	TURN_NS = 6000000,
	LOAD_AT_ONCE = 100, /* members in a command */
};

/* Words that stand for something else in each run:
 *   %k a key of a string     %i an integer           %u the cursor that came last
 *   %m a member that exists  %f a new one            %p, %q what the command before gave
 *   %s a score               %a, %b a range of scores, a quarter of them
 *   %r, %e a rank and the one nine higher            %x, %y degrees   %d a radius of ten members
 */
static const char *const growth_rows[] = {
	"!read", "!upsert", "GET %k", "EXISTS %k", "RANDOMKEY", "DBSIZE", "SCAN %u COUNT 10", "HGET hash %m",
	"HLEN hash", "HRANDFIELD hash", "HSCAN hash %u COUNT 10", "SISMEMBER set %m", "SMISMEMBER set %m %f",
	"SRANDMEMBER set", "SSCAN set %u COUNT 10", "ZSCORE zset %m", "ZRANK zset %m", "ZREVRANK zset %m",
	"ZCOUNT zset %a %b", "ZLEXCOUNT lex [%m +", "ZRANGE zset 0 9", "ZRANGE zset %r %e",
	"ZRANGE zset %r %e REV", "ZRANGE zset %a +inf BYSCORE LIMIT 0 10",
	"ZRANGE zset -inf +inf BYSCORE LIMIT %r 10", "ZRANGE lex [%m + BYLEX LIMIT 0 10", "ZRANDMEMBER zset",
	"ZSCAN zset %u COUNT 10", "GEOPOS geo %m", "GEOSEARCH geo FROMLONLAT %x %y BYRADIUS %d km",
	"LINDEX list %r", "LRANGE list %r %e", "SET %k %i", "SET %f 1; DEL %f", "INCR %k", "EXPIRE %k 100000",
	"HSET hash %m %i", "HSET hash %f 1; HDEL hash %f", "HINCRBY hash %m 1", "SADD set %f; SREM set %f",
	"SPOP set; SADD set %p", "ZADD zset %s %m", "ZADD zset %s %f; ZREM zset %f", "ZINCRBY zset 1 %m",
	"ZREM zset %m; ZADD zset %s %m", "ZPOPMIN zset; ZADD zset %q %p", "GEOADD geo %x %y %m",
	"LPUSH list 1; RPOP list", "LSET list %r 2", "DEL", /* of whole collections; last, and once */
};

struct growth_word {
	const char *text;
	char of;   /* the letter behind '%', or 0 */
	size_t at; /* where the '%' is: what stands before it is kept */
};

struct growth_row {
	const char *text;
	struct growth_word words[WORDS];
	size_t first[4], ncommands, nwords; /* first[i]: the i-th command's first word */
	size_t number;
	bool writes;
	const char *failed; /* an error's words: the row cannot be judged */
	double us[SIZES_MAX][ROUNDS_MAX];
};

/* One size: a store with collections of n members each. */
struct growth {
	struct store *s;
	int64_t n;
	sqlite3_stmt *read, *upsert;
	struct str p, q;
	char cursors[GROWTH_ROWS][24];
	int ops[GROWTH_ROWS]; /* a turn */
};

/* ---- reading the table --------------------------------------------------------- */

static inline void
growth_word(struct growth_row *row, const char *text)
{
	struct growth_word *w = &row->words[row->nwords++];
	const char *percent = strchr(text, '%');

	w->text = text;
	w->of = percent != NULL ? percent[1] : '\0';
	w->at = percent != NULL ? (size_t)(percent - text) : 0;
}

static inline void
growth_parse(struct growth_row *row, const char *text, size_t number)
{
	char *copy = strdup(text), *save = NULL;
	bool starts = true;

	if (copy == NULL)
		die("out of memory");
	row->text = text;
	row->number = number;
	for (char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
		size_t n = strlen(word);
		const struct command *c;

		if (row->nwords == WORDS || row->ncommands == LEN(row->first))
			die("%s: too long", text);
		if (starts)
			row->first[row->ncommands++] = row->nwords;
		if ((starts && (c = command_find(str(word))) != NULL && c->flags & COMMAND_WRITE) ||
		    strcmp(word, "!upsert") == 0)
			row->writes = true;
		starts = word[n - 1] == ';';
		if (starts)
			word[n - 1] = '\0';
		growth_word(row, word);
	}
}

/* ---- running a row --------------------------------------------------------------- */

/* What is the same in all words of one run. */
struct draw {
	char text[WORDS][48];
	int64_t rank;
	double low;
	struct str old, new;
};

static inline struct draw
draw(struct growth *g)
{
	struct draw d;

	d.rank = rnd_below(g->n - 10);
	d.low = (double)rnd_below(750000);
	d.old = name_at(rnd_below(g->n) * 2);
	d.new = name_at(rnd_below(g->n) * 2 + 1);
	return d;
}

static inline struct str __attribute__((format(printf, 2, 3))) print_word(char *out, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, 48, fmt, ap);
	va_end(ap);
	return (struct str){ out, (size_t)n };
}

/* Ten members lie within it, on average: see growth_load_geo. */
static inline double
radius_km(int64_t n)
{
	return sqrt(10 * 443000.0 / 3.14159 / (double)n);
}

static inline struct str
drawn(struct growth *g, struct growth_row *row, const struct growth_word *w, const struct draw *d, char *out)
{
	switch (w->of) {
	case 'k':
	case 'm':
		return w->at == 0 ? d->old : print_word(out, "%.*s%.*s", (int)w->at, w->text, FMT(d->old));
	case 'f':
		return d->new;
	case 'i':
		return print_word(out, "%lld", (long long)rnd_below(1000000));
	case 's':
		return print_word(out, "%lld", (long long)rnd_below(1000000));
	case 'a':
		return print_word(out, "%.0f", d->low);
	case 'b':
		return print_word(out, "%.0f", d->low + 250000);
	case 'r':
		return print_word(out, "%lld", (long long)d->rank);
	case 'e':
		return print_word(out, "%lld", (long long)d->rank + 9);
	case 'x':
		return print_word(out, "%.6f", 20 + (double)rnd_below(10000000) / 1e6);
	case 'y':
		return print_word(out, "%.6f", 43 + (double)rnd_below(5000000) / 1e6);
	case 'd':
		return print_word(out, "%.3f", radius_km(g->n));
	case 'u':
		return str(g->cursors[row->number]);
	case 'p':
		return g->p;
	case 'q':
		return g->q;
	default:
		return str(w->text);
	}
}

/* What the next command may name, or the next run's cursor. */
static inline void
remember(struct growth *g, struct growth_row *row, const struct reply *r)
{
	if (r->kind == REPLY_ERROR && row->failed == NULL)
		row->failed = strndup(r->text.p, r->text.n);
	g->p = r->kind == REPLY_ARRAY && r->n > 0 ? r->items[0].text : r->text;
	g->q = r->kind == REPLY_ARRAY && r->n > 1 ? r->items[1].text : r->text;
	if (strstr(row->text, "%u") != NULL)
		snprintf(g->cursors[row->number], sizeof(g->cursors[0]), "%.*s", FMT(g->p));
}

static inline void
run_commands(struct growth *g, struct growth_row *row)
{
	struct draw d = draw(g);

	for (size_t c = 0; c < row->ncommands; c++) {
		size_t from = row->first[c], to = c + 1 < row->ncommands ? row->first[c + 1] : row->nwords;
		struct str args[WORDS];
		struct reply r;

		for (size_t i = from; i < to; i++)
			args[i - from] = drawn(g, row, &row->words[i], &d, d.text[i]);
		r = command_run(g->s->db, g->s->arena, args, to - from);
		remember(g, row, &r);
	}
}

static inline void
run_raw(struct growth *g, sqlite3_stmt *st, bool writes)
{
	sqlite3_bind_int64(st, 1, g->s->id);
	sql_blob(st, 2, name_at(rnd_below(g->n) * 2));
	if (writes)
		sqlite3_bind_int64(st, 3, rnd_below(1000000));
	if (sql_step(st)) {
		sink += sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
}

static inline int64_t
run_row(struct growth *g, struct growth_row *row, int ops)
{
	int64_t from = worked_ns();

	for (int i = 0; i < ops; i++) {
		if (row->text[0] == '!')
			run_raw(g, row->writes ? g->upsert : g->read, row->writes);
		else
			run_commands(g, row);
		if (i % 50 == 49)
			arena_reset(g->s->arena);
	}
	arena_reset(g->s->arena);
	return worked_ns() - from;
}

/* ---- loading ----------------------------------------------------------------------- */

static inline void
must_not_fail(const char *command, struct reply r)
{
	if (r.kind == REPLY_ERROR)
		die("%s: %.*s", command, FMT(r.text));
}

/* `NAME key a b a b ...`, LOAD_AT_ONCE pairs (or single words) a command; fill()
 * writes those of the i-th member and says how many words they are. */
static inline void
growth_load(struct growth *g, const char *command, const char *key,
    size_t (*fill)(struct arena *, int64_t i, struct str *words))
{
	struct str args[2 + LOAD_AT_ONCE * 3];

	for (int64_t i = 0; i < g->n;) {
		size_t n = 0;

		if (i % 10000 == 0)
			begin(g->s, TX_WRITE);
		args[n++] = str(command);
		if (key[0] != '\0')
			args[n++] = str(key);
		for (int k = 0; k < LOAD_AT_ONCE && i < g->n; k++, i++)
			n += fill(g->s->arena, i, args + n);
		must_not_fail(command, command_run(g->s->db, g->s->arena, args, n));
		if (i % 10000 == 0 || i == g->n)
			commit(g->s);
	}
}

static inline size_t
fill_pair(struct arena *a, int64_t i, struct str *words)
{
	words[0] = name_at(i * 2);
	words[1] = arena_strf(a, "%lld", (long long)rnd_below(1000000));
	return 2;
}

static inline size_t
fill_one(struct arena *a, int64_t i, struct str *words)
{
	(void)a;
	words[0] = name_at(i * 2);
	return 1;
}

static inline size_t
fill_scored(struct arena *a, int64_t i, struct str *words)
{
	words[0] = arena_strf(a, "%lld", (long long)rnd_below(1000000));
	words[1] = name_at(i * 2);
	return 2;
}

static inline size_t
fill_lex(struct arena *a, int64_t i, struct str *words)
{
	(void)a;
	words[0] = S("0");
	words[1] = name_at(i * 2);
	return 2;
}

/* 10 by 5 degrees, 443,000 square kilometres. */
static inline size_t
fill_placed(struct arena *a, int64_t i, struct str *words)
{
	words[0] = arena_strf(a, "%.6f", 20 + (double)rnd_below(10000000) / 1e6);
	words[1] = arena_strf(a, "%.6f", 43 + (double)rnd_below(5000000) / 1e6);
	words[2] = name_at(i * 2);
	return 3;
}

static const char *const growth_collections[] = { "hash", "set", "zset", "lex", "geo", "list" };

static inline void
growth_load_all(struct growth *g)
{
	growth_load(g, "MSET", "", fill_pair);
	growth_load(g, "HSET", "hash", fill_pair);
	growth_load(g, "SADD", "set", fill_one);
	growth_load(g, "ZADD", "zset", fill_scored);
	growth_load(g, "ZADD", "lex", fill_lex);
	growth_load(g, "GEOADD", "geo", fill_placed);
	growth_load(g, "RPUSH", "list", fill_one);
}

/* ---- one size ---------------------------------------------------------------------------- */

static inline void
growth_open(struct growth *g, int64_t n)
{
	g->n = n;
	g->s = store_new(DB_TOOL);
	sql_exec(g->s->handle, "pragma synchronous = off; pragma cache_size = -2000000");
	growth_load_all(g);
	store_checkpoint(g->s);
	g->s->id = sql_number(g->s->handle, "select id from key where name = x'68617368'"); /* hash */
	g->read = sql_prepare(g->s->handle, "select value from hash where key = ?1 and field = ?2");
	g->upsert =
	    sql_prepare(g->s->handle, "insert into hash (key, field, value) values (?1, ?2, ?3)"
				      " on conflict (key, field) do update set value = excluded.value");
	for (int i = 0; i < GROWTH_ROWS; i++)
		snprintf(g->cursors[i], sizeof(g->cursors[i]), "0");
	begin(g->s, TX_WRITE);
}

static inline void
growth_close(struct growth *g)
{
	db_rollback(g->s->db);
	sqlite3_finalize(g->read);
	sqlite3_finalize(g->upsert);
	store_free(g->s);
}

/* So many that a turn lasts TURN_NS. */
static inline void
growth_pace(struct growth *g, struct growth_row *row)
{
	double each;

	run_row(g, row, 20); /* prepares the statements */
	each = (double)run_row(g, row, 20) / 20;
	g->ops[row->number] = each * 4 > TURN_NS ? 4 : (int)(TURN_NS / each);
}

static inline double
growth_turn(struct growth *g, struct growth_row *row)
{
	int ops = g->ops[row->number];

	return (double)run_row(g, row, ops) / ops / 1e3;
}

/* The median of one DEL of each collection; two smaller ones come first, so
 * that the statements are prepared. */
static inline double
time_del(struct growth *g, struct growth_row *row)
{
	double us[LEN(growth_collections)];

	for (int i = 0; i < 2000; i++) {
		struct str add[] = { S("SADD"), S("small"), arena_strf(g->s->arena, "%d", i) };
		struct str del[] = { S("DEL"), S("small") };

		command_run(g->s->db, g->s->arena, add, 3);
		if (i % 1000 == 999)
			command_run(g->s->db, g->s->arena, del, 2);
	}
	for (size_t i = 0; i < LEN(growth_collections); i++) {
		struct str args[] = { S("DEL"), str(growth_collections[i]) };
		int64_t from = worked_ns();
		struct reply r = command_run(g->s->db, g->s->arena, args, 2);

		us[i] = (double)(worked_ns() - from) / 1e3;
		remember(g, row, &r);
	}
	return median(us, LEN(us));
}

/* ---- the table -------------------------------------------------------------------------- */

/* How much more the largest size cost, and how much of that the raw row too:
 * medians of the rounds' own ratios. */
static inline double
grown(const struct growth_row *row, int nsizes)
{
	double ratios[ROUNDS_MAX];

	for (int r = 0; r < rounds; r++)
		ratios[r] = row->us[nsizes - 1][r] / row->us[0][r];
	return median(ratios, rounds);
}

static inline void
growth_show(
    const struct growth_row *row, const struct growth_row *raw, const struct growth *sizes, int nsizes)
{
	double log_n = log((double)sizes[nsizes - 1].n) / log((double)sizes[0].n);
	double most = log_n * fmax(grown(raw, nsizes), 1), growth = grown(row, nsizes);

	printf("%-46s", row->text);
	for (int i = 0; i < nsizes; i++) {
		double us = median(row->us[i], rounds);

		printf(" %9.2f", us);
		note("\"name\":\"growth: %s\",\"size\":%lld,\"us\":%.3f", row->text, (long long)sizes[i].n,
		    us);
	}
	printf(" %8.2f", growth);
	if (row->failed != NULL)
		printf("   %s: %s", verdict(false), row->failed);
	else if (row != raw && sizes[nsizes - 1].n >= sizes[0].n * 1000) /* levels come in steps */
		printf("   %s: <= %.2f", verdict(growth <= most), most);
	printf("\n");
}

/* Every row in every size, round after round: a slow second is slow for a row
 * in all sizes. */
static inline void
growth_rounds(struct growth *sizes, int nsizes, struct growth_row *rows, size_t nrows)
{
	for (size_t i = 0; i < nrows; i++)
		for (int k = 0; k < nsizes; k++)
			growth_pace(&sizes[k], &rows[i]);
	for (int r = 0; r < rounds; r++)
		for (size_t i = 0; i < nrows; i++)
			for (int k = 0; k < nsizes; k++)
				rows[i].us[k][r] = growth_turn(&sizes[k], &rows[i]);
}

static inline void
growth(const int64_t *ns, int nsizes)
{
	static struct growth_row rows[GROWTH_ROWS];
	static struct growth sizes[SIZES_MAX];
	size_t nrows = LEN(growth_rows), del = nrows - 1;

	for (size_t i = 0; i < nrows; i++)
		growth_parse(&rows[i], growth_rows[i], i);
	for (int k = 0; k < nsizes; k++)
		growth_open(&sizes[k], ns[k]);
	elapsed("loading for growth");
	growth_rounds(sizes, nsizes, rows, del);
	for (int k = 0; k < nsizes; k++) {
		rows[del].us[k][0] = time_del(&sizes[k], &rows[del]);
		for (int r = 1; r < rounds; r++)
			rows[del].us[k][r] = rows[del].us[k][0];
		growth_close(&sizes[k]);
	}
	printf("\n%-46s", "microseconds a command, by size");
	for (int k = 0; k < nsizes; k++)
		printf(" %9lld", (long long)ns[k]);
	printf("   growth   target\n");
	for (size_t i = 0; i < nrows; i++)
		growth_show(&rows[i], &rows[rows[i].writes ? 1 : 0], sizes, nsizes);
}

#endif

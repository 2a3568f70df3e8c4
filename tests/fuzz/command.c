/*
 * command.c - any lines as commands of the table, on a store of their own.
 *
 * An input is a script for `muster kv`, run from an empty store with a client
 * of its own, in which two more lines have a meaning: "# N" moves the clock on
 * by N ms, and "@N ZADD k % m%" is one ZADD with N pairs, % being 1, 2, 3 ...
 * SHOW=1 prints the script as `muster kv` takes it.
 *
 * The bytes of an input tell how it runs: a quarter as a connection would, the
 * others, faster, in one transaction that is taken back in the end; an eighth
 * with all of their @ lines, the others with small ones.
 *
 * Mutations know the table: half of them are lines with a command's name and
 * about its arity of words.
 */
#include "fuzz.h"

#include <dirent.h>
#include <strings.h>
#include <unistd.h>

#include "command.h"
#include "key.h"

enum {
	LINES_MAX = 32,
	START = 1000000,    /* ms */
	NUMBER_MAX = 10000, /* of a length or a count that takes memory */
	MANY_MAX = 1400,    /* words of @ lines, where there are many */
	FEW_MAX = 60,
	TIMES_MAX = 700,  /* more than a collection has before it keeps counted runs */
	SWEEP_EACH = 5000 /* inputs */
};

static struct arena *mem;
static struct buf out;
static struct db *db;
static char dir[256];
static bool shown;

/* ---- the store ---------------------------------------------------------------- */

static void
remove_store(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	db_close(db);
	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *tmp = getenv("TMPDIR");
	char path[300];

	(void)argc, (void)argv;
	mem = arena_new();
	shown = getenv("SHOW") != NULL;
	snprintf(dir, sizeof(dir), "%.200s/muster-fuzz-XXXXXX", tmp ? tmp : "/tmp");
	hold(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/muster.db", dir);
	hold(db_create(path) == OK && db_open(&db, path, DB_DISPATCH) == OK);
	atexit(remove_store);
	return 0;
}

struct run {
	struct client *client; /* NULL: one transaction */
	int64_t now;
	size_t many; /* words of @ lines that may still come */
};

/* Every input finds an empty store, or it would not fail again alone. */
static void
start(struct run *run, bool connected, size_t many)
{
	struct str flush = S("flushall");

	*run = (struct run){ .now = START, .many = many };
	if (connected) {
		run->client = client_new(db);
		hold(client_call(run->client, mem, &flush, 1, START).kind == REPLY_STATUS);
	} else {
		hold(db_begin(db, TX_WRITE, START) == OK);
		hold(command_run(db, mem, &flush, 1).kind == REPLY_STATUS);
	}
	if (shown)
		printf("# now %d\nFLUSHALL\n%s", START, connected ? "" : "MULTI\n");
}

static void
end(struct run *run)
{
	static int count;
	int64_t left;

	client_free(run->client);
	db_rollback(db);
	if (shown)
		puts(run->client ? "" : "EXEC");
	if (++count % SWEEP_EACH == 0) {
		hold(db_begin(db, TX_WRITE, START) == OK);
		while (key_sweep(db, 10000))
			;
		hold(db_commit(db) == OK);
		hold(db_checkpoint(db, &left) == OK);
		hold(db_integrity(db) == OK);
	}
}

/* ---- running an input --------------------------------------------------------- */

/* Commands whose numbers are lengths or counts: SETRANGE k 500000000 x is
 * right, and no fault that could be found. */
static bool
too_much(const struct str *words, size_t n)
{
	static const char *const greedy[] = { "setrange", "setbit", "bitfield", "srandmember", "hrandfield",
		"zrandmember" };

	for (size_t i = 0; i < LEN(greedy); i++)
		if (strcasecmp(words[0].p, greedy[i]) == 0)
			for (size_t j = 1; j < n; j++)
				if (llabs(strtoll(words[j].p, NULL, 10)) > NUMBER_MAX)
					return true;
	return false;
}

static void
show(const struct run *run, const struct str *words, size_t n)
{
	out.n = 0;
	if (run->client != NULL)
		buf_printf(&out, "# now %lld\n", (long long)run->now);
	for (size_t i = 0; i < n; i++) {
		buf_str(&out, i ? S(" ") : S(""));
		cli_quote(&out, words[i]);
	}
	printf("%.*s\n", (int)out.n, out.p);
}

/* What could not stand between MULTI and EXEC; needs a connection to be tried. */
static bool
refused(const struct str *words, size_t n)
{
	const struct command *c = command_find(words[0]);

	return c == NULL || c->flags & COMMAND_CLIENT || (int)n < abs(c->arity) ||
	       (c->arity > 0 && (int)n != c->arity);
}

static void
run_words(struct run *run, const struct str *words, size_t n)
{
	struct str *apart = arena_array(mem, struct str, n); /* each a malloc: reading past one shows */
	struct reply r;

	if (too_much(words, n) || (run->client == NULL && refused(words, n)))
		return;
	run->now++;
	if (shown)
		show(run, words, n);
	for (size_t i = 0; i < n; i++)
		apart[i] = arena_dup(mem, words[i]);
	r = run->client ? client_call(run->client, mem, apart, n, run->now) : command_run(db, mem, apart, n);
	hold(db_tx(db) == (run->client ? TX_NONE : TX_WRITE));
	out.n = 0;
	cli_print(&out, &r);
	hold(out.n > 0);
}

/* The word with i in the place of each %. */
static struct str
filled(struct str word, size_t i)
{
	out.n = 0;
	for (size_t j = 0; j < word.n; j++)
		if (word.p[j] == '%')
			buf_int(&out, (int64_t)i);
		else
			buf_char(&out, word.p[j]);
	return arena_dup(mem, (struct str){ out.p, out.n });
}

/* @N NAME KEY, then words that come N times. */
static void
run_many(struct run *run, const struct str *words, size_t n)
{
	size_t times = (size_t)abs(atoi(words[0].p + 1)) % (TIMES_MAX + 1), each = n - 3;
	struct str *all;

	if (times * each > run->many)
		return;
	run->many -= times * each;
	all = arena_array(mem, struct str, 2 + times * each);
	all[0] = words[1];
	all[1] = words[2];
	for (size_t i = 0; i < times * each; i++)
		all[2 + i] = filled(words[3 + i % each], i / each + 1);
	run_words(run, all, 2 + times * each);
}

static void
run_line(struct run *run, struct str line)
{
	struct str *words;
	size_t n;

	if (!cli_split(mem, line, &words, &n) || n == 0)
		return;
	if (str_is(words[0], "#") && n == 2)
		run->now += atoi(words[1].p) & 0xffff;
	else if (str_starts(words[0], "@") && n > 3)
		run_many(run, words, n);
	else
		run_words(run, words, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	unsigned sum = 0;
	struct run run;

	for (size_t i = 0; i < size; i++)
		sum = sum * 31 + data[i];
	start(&run, sum % 4 == 0, sum / 4 % 8 ? FEW_MAX : MANY_MAX);
	for (int i = 0; i < LINES_MAX && rest.n; i++)
		run_line(&run, str_cut(&rest, '\n'));
	end(&run);
	arena_reset(mem);
	return 0;
}

/* ---- mutations ---------------------------------------------------------------- */

static unsigned chance;

static size_t
below(size_t bound)
{
	chance = chance * 1664525u + 1013904223u;
	return (size_t)(chance >> 8) % bound;
}

static const char *
any_word(void)
{
	static const char *const words[] = { "a", "b", "c", "d", "e", "a", "b", "c", "0", "1", "-1", "2", "3",
		"5", "10", "-2", "100", "1000", "9223372036854775807", "-9223372036854775808",
		"9223372036854775808", "1.5", "-0", "1e400", "3e-5", "0x10", "inf", "-inf", "+inf", "nan",
		"(1", "(inf", "[a", "(b", "[", "-", "+", "''", "\"\\x00\"", "\"\\xff\\n\"", "*", "a*",
		"[a-c]", "?", "[^", "\\", "13.36", "38.11", "NX", "XX", "GT", "LT", "CH", "INCR", "EX", "PX",
		"EXAT", "PXAT", "KEEPTTL", "GET", "PERSIST", "WITHSCORES", "WITHVALUES", "LIMIT", "BYSCORE",
		"BYLEX", "REV", "COUNT", "MATCH", "TYPE", "WEIGHTS", "AGGREGATE", "SUM", "MIN", "MAX",
		"FROMMEMBER", "FROMLONLAT", "BYRADIUS", "BYBOX", "km", "m", "ASC", "DESC", "ANY", "WITHCOORD",
		"WITHDIST", "WITHHASH", "STORE", "STOREDIST", "LEFT", "RIGHT", "BEFORE", "AFTER", "RANK",
		"MAXLEN", "DB", "REPLACE", "string", "hash", "zset", "ENCODING", "USAGE", "DOCS" };

	return words[below(LEN(words))];
}

static void
any_many(struct buf *b)
{
	static const char *const lines[] = { "zadd", " % m%", "zadd", " 1 m%", "sadd", " m%", "hset", " f% %",
		"rpush", " %", "zrem", " m%", "srem", " m%", "hdel", " f%", "mset", " 1 k%", "geoadd",
		" % 1 m%" };
	size_t which = below(LEN(lines) / 2) * 2;

	buf_printf(b, "@%zu %s %c%s\n", below(16) ? below(20) : 500 + below(TIMES_MAX - 500), lines[which],
	    "abcd"[below(4)], lines[which + 1]);
}

/* A line with a name of the table and about as many words as it takes. */
static void
any_command(struct buf *b)
{
	size_t n, words;
	const struct command *table = command_table(&n), *c = &table[below(n)];

	if (below(16) == 0) {
		buf_printf(b, "# %zu\n", below(2000));
		return;
	}
	if (below(16) == 0) {
		any_many(b);
		return;
	}
	words = (size_t)abs(c->arity) - 1 + (c->arity < 0 ? below(5) : 0) + (below(16) == 0);
	buf_str(b, str(c->name));
	for (size_t i = 1; i <= words; i++) {
		bool key = c->first > 0 && (int)i >= c->first && (int)i <= c->first + 1 && below(8);

		buf_printf(b, " %s", key ? (const char *[]){ "a", "b", "c", "d" }[below(4)] : any_word());
	}
	buf_char(b, '\n');
}

/* Where some line of the text begins. */
static size_t
any_start(const uint8_t *data, size_t size)
{
	size_t at = below(size + 1);

	while (at > 0 && data[at - 1] != '\n')
		at--;
	return at;
}

/* Half of the time bytes are changed as libFuzzer does; else a line comes,
 * takes the place of another, or goes. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	static struct buf line;
	size_t at, end, length;

	chance = seed;
	if (below(2))
		return LLVMFuzzerMutate(data, size, max);
	line.n = 0;
	if (below(8))
		any_command(&line);
	at = end = any_start(data, size);
	if (line.n == 0 || below(2))
		while (end < size && data[end++] != '\n')
			;
	length = at + line.n + (size - end);
	if (length > max || length == 0)
		return LLVMFuzzerMutate(data, size, max);
	memmove(data + at + line.n, data + end, size - end);
	if (line.n)
		memcpy(data + at, line.p, line.n);
	return length;
}

/*
 * diff.c - muster's store against redis-server, command by command.
 *
 *	SEED=n       repeats a run; fresh by default, told where something differs
 *	COMMANDS=n   how many (200000); 0: until stopped (make soak)
 *	DIFF_ONLY=hash,zset,...   only these families (grammar.c)
 *	DIFF_STATS=1 how often each command was answered
 *	DIFF_BREAK=command   falsifies muster's integer replies to it: must fail
 *	DIFF_PEER=redis      two redis-servers: must agree
 *
 * Commands come in epochs, each from empty sides and from a seed of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "diff.h"
#include "log.h"
#include "random.h"

enum { CHUNK = 500, WIDE = 1000, SHRINK_SECONDS = 90, HANG_SECONDS = 120, PROGRESS_SECONDS = 10 };

static const int64_t START = 1700000000123; /* any */

static struct sides sides;
static struct oracle *second; /* in muster's place */
static char dir[256];
static int results, failures;

static volatile sig_atomic_t stopped;

/* What runs, for a report of its end: an epoch's steps up to now. */
static struct epoch {
	uint32_t seed;
	struct arena *mem;
	struct step *steps;
	size_t n, cap;
} epoch;

/* ---- TAP ---- */

__attribute__((format(printf, 2, 3))) static void
result(bool ok, const char *fmt, ...)
{
	va_list ap;

	failures += !ok;
	printf("%sok %d - ", ok ? "" : "not ", ++results);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

static void
comment(const struct buf *text)
{
	struct str rest = { text->p, text->n };

	while (rest.n > 0) {
		struct str one = str_cut(&rest, '\n');

		printf("#   %.*s%s\n", (int)(one.n < WIDE ? one.n : WIDE), one.p, one.n < WIDE ? "" : "...");
	}
}

/* ---- the two sides ---- */

static const char *
path_of(const char *name)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
clean(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0); /* not folders: "." and ".." stay */
	if (d != NULL)
		closedir(d);
	rmdir(path);
}

static void
clean_all(void)
{
	clean(path_of("redis"));
	clean(path_of("second"));
	clean(path_of("muster"));
	rmdir(dir);
}

static const char *
folder(const char *name)
{
	const char *path = path_of(name);

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		die("%s: %s", path, strerror(errno));
	return path;
}

static void
close_sides(void)
{
	peer_free(sides.muster);
	oracle_stop(sides.redis);
	oracle_stop(second);
}

static const char *
open_sides(void)
{
	const char *peer = getenv("DIFF_PEER"), *why = NULL;

	if (access("/dev/shm", W_OK) == 0)
		strcpy(dir, "/dev/shm/muster-diff-XXXXXX");
	else
		strcpy(dir, "/tmp/muster-diff-XXXXXX");
	if (mkdtemp(dir) == NULL)
		die("%s: %s", dir, strerror(errno));
	atexit(clean_all);
	sides.mem = arena_new();
	sides.redis = oracle_start(folder("redis"), START, &why);
	if (why == NULL && peer != NULL && strcmp(peer, "redis") == 0)
		second = oracle_start(folder("second"), START, &why);
	if (why == NULL)
		sides.muster = peer_new(folder("muster"), second);
	sides.answers = calloc(nrules, sizeof(*sides.answers));
	sides.errors = calloc(nrules, sizeof(*sides.errors));
	return why;
}

/* ---- when we do not live to tell ---- */

static void
write_script(const char *why)
{
	struct buf b = { 0 };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/muster-diff-%u.kv", epoch.seed);
	script_print(&b, epoch.steps, epoch.n, START);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) >= 0 &&
	    write(fd, b.p, b.n) == (ssize_t)b.n)
		printf("# %s: MUSTER_NOW=%lld muster kv <%s\n", why, (long long)START, path);
	if (fd >= 0)
		close(fd);
	buf_free(&b);
}

static void
last_words(void)
{
	struct buf b = { 0 };

	if (sides.at == NULL)
		return;
	printf("# ended by this command; SEED=%u COMMANDS=%zu repeats it:\n", epoch.seed, epoch.n);
	script_print(&b, sides.at, 1, sides.now);
	comment(&b);
	write_script("all of it");
	fflush(stdout);
	sides.at = NULL;
}

/* It allocates and prints, which a handler must not; but nothing is left to
 * lose by it. */
static void
on_crash(int sig)
{
	signal(sig, SIG_DFL);
	printf("# %s\n", sig == SIGALRM ? "a command takes for ever" : strsignal(sig));
	last_words();
	clean_all();
	raise(sig);
}

static void
on_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static void
watch(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM };

	for (size_t i = 0; i < LEN(crashes); i++)
		signal(crashes[i], on_crash);
	signal(SIGINT, on_stop);
	signal(SIGTERM, on_stop);
	atexit(last_words); /* die() */
}

/* ---- epochs ---- */

static void
epoch_begin(uint32_t seed)
{
	if (epoch.mem == NULL)
		epoch.mem = arena_new();
	arena_reset(epoch.mem);
	epoch.seed = seed;
	epoch.n = 0;
	sides_reset(&sides, START);
}

static void
epoch_add(struct step step)
{
	if (epoch.n == epoch.cap) {
		epoch.cap = epoch.cap ? 2 * epoch.cap : 4096;
		epoch.steps = realloc(epoch.steps, epoch.cap * sizeof(*epoch.steps));
		if (epoch.steps == NULL)
			die("out of memory");
	}
	epoch.steps[epoch.n++] = step;
}

static bool
run_from(size_t from, struct difference *d)
{
	bool ok;

	alarm(HANG_SECONDS);
	ok = sides_run(&sides, epoch.mem, epoch.steps + from, epoch.n - from, d);
	alarm(0);
	if (!ok)
		epoch.n = from + d->step + 1; /* what came behind it does not matter */
	return ok;
}

/* All keys, types, expiries and contents; the look at what differs becomes
 * the epoch's last step. */
static bool
states_agree(struct difference *d)
{
	size_t n, from = epoch.n;
	struct step *looks = sides_inventory(&sides, epoch.mem, &n);

	for (size_t i = 0; i < n; i++)
		epoch_add(looks[i]);
	if (!run_from(from, d)) {
		epoch.steps[from] = epoch.steps[epoch.n - 1];
		epoch.n = from + 1;
		return false;
	}
	epoch.n = from;
	return true;
}

/* At most `most` replies of one seed. */
static bool
epoch_run(uint32_t seed, uint64_t most, struct difference *d)
{
	struct generator *g = generator_new(seed, getenv("DIFF_ONLY"), sides.muster);
	uint64_t end, wanted;
	bool ok = true;

	epoch_begin(seed);
	wanted = generator_epoch(g, START);
	end = sides.compared + (wanted < most ? wanted : most);
	while (ok && sides.compared < end && !stopped) {
		size_t from = epoch.n;

		for (int i = 0; i < CHUNK; i++)
			epoch_add(generate(g, epoch.mem));
		ok = run_from(from, d);
	}
	ok = ok && states_agree(d);
	generator_free(g);
	return ok;
}

/* ---- what is told ---- */

static void
tell(struct difference *d)
{
	struct step *steps = epoch.steps;
	size_t n = epoch.n;
	struct arena *mem = arena_new();
	struct buf b = { 0 };
	bool again;

	printf("# %s, after %zu steps of SEED=%u; now shrinking\n", d->what, n, epoch.seed);
	fflush(stdout);
	again = shrink(&sides, mem, &steps, &n, START, SHRINK_SECONDS, d);
	if (again)
		printf("# %s; MUSTER_NOW=%lld muster kv:\n", d->what, (long long)START);
	else
		write_script("it does not happen again; what led to it, and ended so");
	if (!again && n > 3)
		steps += n - 3, n = 3;
	script_print(&b, steps, n, START);
	comment(&b);
	printf("# redis:\n");
	comment(&d->redis);
	printf("# muster:\n");
	comment(&d->muster);
	buf_free(&b);
	arena_free(mem);
}

static void
stats(void)
{
	for (size_t i = 0; i < nrules; i++)
		if (sides.answers[i] + sides.errors[i] > 0)
			printf("# %-8s %-20s %9llu %9llu errors  %s\n", family_names[rules[i].family],
			    rules[i].name, (unsigned long long)sides.answers[i],
			    (unsigned long long)sides.errors[i], rules[i].grammar);
}

static void
progress(uint64_t total)
{
	static struct timespec last;
	static uint64_t before;
	struct timespec ts;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	seconds = (double)(ts.tv_sec - last.tv_sec) + (double)(ts.tv_nsec - last.tv_nsec) / 1e9;
	if (last.tv_sec != 0 && seconds < PROGRESS_SECONDS)
		return;
	if (last.tv_sec != 0) {
		printf("# %llu commands, %.0f a second\n", (unsigned long long)total,
		    (double)(total - before) / seconds);
		fflush(stdout);
	}
	last = ts;
	before = total;
}

/* ---- the tests ---- */

static void
every_command_has_a_rule(void)
{
	size_t n, missing = 0;
	const struct command *table = command_table(&n);

	for (size_t i = 0; i < n; i++)
		if (rule_find(str(table[i].name)) == NULL) {
			printf("# nothing tests %s: grammar.c needs a rule\n", table[i].name);
			missing++;
		}
	result(missing == 0, "each of the table's %zu commands has a rule", n);
}

static void
a_wrong_reply_is_noticed(void)
{
	const char *name =
	    rule_find(S("zadd")) && peer_knows(sides.muster, rule_find(S("zadd"))) ? "zadd" : "append";
	struct difference d = { 0 };
	struct arena *mem = arena_new();
	struct generator *g = generator_new(1, NULL, sides.muster);
	struct step *steps;
	size_t n;
	bool found = false;

	epoch_begin(1);
	generator_epoch(g, START);
	for (int i = 0; i < 1000; i++)
		epoch_add(generate(g, epoch.mem));
	for (int i = 0; i < 20; i++)
		epoch_add(generate_one(g, epoch.mem, rule_find(str(name))));
	peer_break(sides.muster, name, NULL);
	found = !run_from(0, &d);
	steps = epoch.steps;
	n = epoch.n;
	found = found && shrink(&sides, mem, &steps, &n, START, SHRINK_SECONDS, &d);
	peer_break(sides.muster, NULL, NULL);
	result(found && n == 1 && steps[0].n == 1 && str_eq(str(steps[0].lines->rule->name), str(name)),
	    "a wrong reply is noticed, and shrunk to its one command (%s)", name);
	buf_free(&d.redis);
	buf_free(&d.muster);
	generator_free(g);
	arena_free(mem);
}

static void
a_lost_write_is_noticed(void)
{
	struct str args[] = { S("append"), S("key"), S("x") };
	struct line l = { rule_find(S("append")), args, LEN(args) };
	struct difference d = { 0 };
	bool answered, agree;

	epoch_begin(1);
	epoch_add((struct step){ .kind = COMMAND, .n = 1, .lines = &l });
	peer_break(sides.muster, NULL, "append");
	answered = run_from(0, &d);
	peer_break(sides.muster, NULL, NULL);
	agree = states_agree(&d);
	result(
	    answered && !agree, "a lost write is noticed by what is left, were its reply as good as can be");
	buf_free(&d.redis);
	buf_free(&d.muster);
}

static void
they_agree(uint32_t seed, uint64_t commands)
{
	struct difference d = { 0 };
	bool ok = true;

	printf("# SEED=%u\n", seed);
	fflush(stdout);
	peer_break(sides.muster, getenv("DIFF_BREAK"), NULL);
	sides.compared = 0;
	memset(sides.answers, 0, nrules * sizeof(*sides.answers));
	memset(sides.errors, 0, nrules * sizeof(*sides.errors));
	while (ok && !stopped && (commands == 0 || sides.compared < commands)) {
		uint64_t left = commands - sides.compared, most = commands / 12 + 1000;

		ok = epoch_run(seed++, commands == 0 ? UINT64_MAX : left < most ? left : most, &d);
		if (commands == 0 || commands > 1000000)
			progress(sides.compared);
	}
	if (!ok)
		tell(&d);
	result(ok, "%llu commands are answered as redis does, and leave the same",
	    (unsigned long long)sides.compared);
	buf_free(&d.redis);
	buf_free(&d.muster);
}

/* Of all rules of this name. */
static bool
was_answered(const char *name)
{
	for (size_t i = 0; i < nrules; i++)
		if (strcmp(rules[i].name, name) == 0 && sides.answers[i] > 0)
			return true;
	return false;
}

/* Or the generator would have gone astray: it tests nothing then.  Rare ones
 * may not have come. */
static void
every_command_was_answered(void)
{
	size_t missing = 0;

	for (size_t i = 0; i < nrules; i++)
		if (peer_knows(sides.muster, &rules[i]) && rules[i].weight > 1 &&
		    !was_answered(rules[i].name)) {
			printf("# never answered but by an error: %s\n", rules[i].name);
			missing++;
		}
	result(missing == 0, "each command led to answers that are no errors");
}

int
main(void)
{
	const char *given = getenv("SEED"), *count = getenv("COMMANDS"), *why;
	uint64_t commands = count ? strtoull(count, NULL, 10) : 200000;
	uint32_t seed;

	if (access(REDIS_SERVER, X_OK) != 0) {
		printf("1..0 # skip redis-server is not installed\n");
		return 0;
	}
	random_bytes(&seed, sizeof(seed));
	if (given != NULL)
		seed = (uint32_t)strtoul(given, NULL, 10);
	watch();
	if ((why = open_sides()) != NULL) {
		printf("Bail out! %s\n", why);
		return 1;
	}
	if (second == NULL)
		every_command_has_a_rule();
	a_wrong_reply_is_noticed();
	a_lost_write_is_noticed();
	they_agree(seed, commands);
	if (getenv("DIFF_ONLY") == NULL && commands >= 200000 && failures == 0)
		every_command_was_answered();
	if (getenv("DIFF_STATS") != NULL)
		stats();
	printf("1..%d\n", results);
	close_sides();
	return failures != 0;
}

/*
 * gate.c - what publishing costs an officer: as much with 100,000 subscribers
 * as with 10.
 *
 * Two stores take turns at the transaction of POST /api/alerts, from begin to
 * durable, as a handler commits (synchronous = FULL).  A round's figure is the
 * 99th percentile of its turns; the verdict is on the median of the rounds.
 * Then the same while a dispatcher expands what was published in each: there a
 * publisher may have to wait for the chunk that is being written.  No target:
 * with 10 there is hardly anything to wait for.
 *
 *	ROUNDS=5  TURNS=400  SUBSCRIBERS=100000
 *
 * Exit 1 when the target is missed; the figures also go to build/bench-gate.json.
 */
#include "bench.h"

#include <signal.h>
#include <sys/wait.h>

#include "alert.h"
#include "fanout.h"
#include "subscription.h"

/* AT_ONCE: what the dispatcher writes in one transaction. */
enum { FEW = 10, AT_ONCE = 100, TURNS_MAX = 10000, BUSY_TURNS = 50 };

static int turns = 400;
static struct str place = { "city-CJ", 7 };

static int
number(const char *name, int usual)
{
	const char *given = getenv(name);

	return given ? atoi(given) : usual;
}

static struct store *
with_subscribers(int64_t n)
{
	struct store *s = store_new(DB_TOOL);

	for (int64_t i = 0; i < n;) {
		if (db_begin(s->db, TX_WRITE, now_ms()) != OK)
			die("no transaction");
		for (int k = 0; k < 1000 && i < n; k++, i++) {
			struct subscription sub = { .channel = CHANNEL_EMAIL,
				.address = arena_strf(s->arena, "r%lld@example.org", (long long)i),
				.locations = &place,
				.nlocations = 1,
				.min_severity = SEVERITY_MINOR,
				.language = { "ro", 2 } };

			if (subscription_save(s->db, s->arena, &sub) != OK)
				die("no subscription");
		}
		if (db_commit(s->db) != OK)
			die("no commit");
		arena_reset(s->arena);
	}
	store_checkpoint(s);
	store_reopen(s, DB_HANDLER);
	return s;
}

static enum err
publish(void *arg)
{
	struct store *s = arg;
	struct alert_text text = { S("ro"), S("Inundație la Cluj"), S("Apa crește. Mergeți sus."),
		S("Urcați.") };
	struct alert al = { .by = S("ana"),
		.severity = SEVERITY_SEVERE,
		.urgency = URGENCY_EXPECTED,
		.certainty = CERTAINTY_LIKELY,
		.category = S("Met"),
		.event = S("Flood"),
		.channels = 1U << CHANNEL_EMAIL,
		.locations = &place,
		.nlocations = 1,
		.texts = &text,
		.ntexts = 1,
		.expires_at = db_now(s->db) + HOUR_MS };

	return alert_publish(s->db, s->arena, &al);
}

/* One answer, in ms. */
static double
publish_once(struct store *s)
{
	int64_t from = clock_ns();

	if (db_transact(s->db, TX_WRITE, now_ms(), publish, s) != OK)
		die("not published");
	arena_reset(s->arena);
	return (double)(clock_ns() - from) / 1e6;
}

static double
percentile(double *values, int n, double of_100)
{
	qsort(values, (size_t)n, sizeof(*values), compare_doubles);
	return values[(int)((double)(n - 1) * of_100 / 100)];
}

struct figures {
	double p50[2][ROUNDS_MAX], p99[2][ROUNDS_MAX];
};

static void
keep(struct figures *f, int side, int round, double *took, int n)
{
	f->p50[side][round] = percentile(took, n, 50);
	f->p99[side][round] = percentile(took, n, 99);
}

/* The two sides take turns, each the first as often as the other. */
static void
quiet_round(struct store *const s[2], struct figures *f, int round)
{
	static double took[2][TURNS_MAX];

	for (int i = 0; i < turns; i++)
		for (int k = 0; k < 2; k++) {
			int side = (i + k) % 2;

			took[side][i] = publish_once(s[side]);
		}
	for (int side = 0; side < 2; side++) {
		store_checkpoint(s[side]);
		keep(f, side, round, took[side], turns);
	}
}

static pid_t
dispatcher(const char *path)
{
	pid_t pid = fork();
	struct arena *a;
	struct db *db;

	if (pid != 0)
		return pid;
	a = arena_new();
	if (db_open(&db, path, DB_DISPATCH) != OK)
		_exit(1);
	for (;;) {
		bool more = false;
		int64_t next;

		if (db_begin(db, TX_WRITE, now_ms()) == OK &&
		    (fanout_step(db, a, AT_ONCE, &more, &next) != OK || db_commit(db) != OK))
			db_rollback(db);
		arena_reset(a);
		if (!more)
			usleep(1000);
	}
}

/* Fifty alerts within a second or two, while they are expanded. */
static void
busy_round(struct store *const s[2], struct figures *f, int round)
{
	static double took[BUSY_TURNS];

	for (int side = 0; side < 2; side++) {
		pid_t pid = dispatcher(s[side]->path);

		for (int i = 0; i < BUSY_TURNS; i++) {
			took[i] = publish_once(s[side]);
			usleep(20000 + (useconds_t)rnd_below(10000));
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		keep(f, side, round, took, BUSY_TURNS);
	}
}

static double
row(const char *what, const struct figures *f, double target, FILE *out)
{
	double few = median(f->p99[0], rounds), many = median(f->p99[1], rounds), ratio = many / few;
	bool good = target <= 0 || ratio <= target;

	printf("%-24s %8.2f %8.2f %8.2f %8.2f %7.2f   ", what, median(f->p50[0], rounds), few,
	    median(f->p50[1], rounds), many, ratio);
	if (target > 0)
		printf("%s: <= %.1f\n", good ? "ok" : "MISSED", target);
	else
		printf("\n");
	missed += !good;
	fprintf(out, "%s\"%s\":{\"few_p99_ms\":%.3f,\"many_p99_ms\":%.3f,\"ratio\":%.3f}",
	    target > 0 ? "{" : ",", what, few, many, ratio);
	return ratio;
}

int
main(void)
{
	const char *build = getenv("B") ? getenv("B") : "build";
	static struct figures quiet, busy;
	struct store *s[2];
	FILE *out;

	rounds = number("ROUNDS", 5);
	turns = number("TURNS", 400);
	if (rounds < 1 || rounds > ROUNDS_MAX || turns < 10 || turns > TURNS_MAX)
		die("ROUNDS up to %d, TURNS up to %d", ROUNDS_MAX, TURNS_MAX);
	snprintf(bench_dir, sizeof(bench_dir), "%s/bench-gate.XXXXXX", build);
	if (mkdtemp(bench_dir) == NULL)
		die("%s: no folder", bench_dir);
	s[0] = with_subscribers(FEW);
	s[1] = with_subscribers(number("SUBSCRIBERS", 100000));
	for (int r = 0; r < rounds; r++)
		quiet_round(s, &quiet, r);
	for (int r = 0; r < rounds; r++)
		busy_round(s, &busy, r);

	out = fopen(arena_printf(s[0]->arena, "%s/bench-gate.json", build), "w");
	if (out == NULL)
		die("no room for the figures");
	printf("\n%-24s %8s %8s %8s %8s %7s   %s\n", "publishing an alert, ms", "10: p50", "p99", "100k: p50",
	    "p99", "ratio", "target");
	row("gate", &quiet, 1.5, out);
	row("while alerts go out", &busy, 0, out);
	fprintf(out, "}\n");
	fclose(out);
	store_free(s[0]);
	store_free(s[1]);
	rmdir(bench_dir);
	return missed > 0;
}

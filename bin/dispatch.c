/*
 * dispatch - what happens in the background, for all tenants of a state
 * directory; cron starts it each minute.
 *
 * Sends what waits in the outbox, expands alerts to their recipients, publishes
 * to open pages, ends intentions whose time is over, takes away what is old,
 * writes the log back into the database file.  One works and up to two wait for
 * it to end (relay.h); a bell wakes it after each commit that concerns it.  What
 * a tenant's store needs is in service.h, who is served when in roll.h.
 * Every step is a short transaction, so a kill loses nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bell.h"
#include "clock.h"
#include "log.h"
#include "roll.h"

enum {
	LIFE_S = 110,              /* two minutes less a bit: an heir is there by then */
	DRAIN_MS = 30 * 1000,      /* at the end of a life, */
	DRAIN_ENDED_MS = 5 * 1000, /* and when it is asked to end */
	LOOK_MS = SECOND_MS,
	DESCRIPTORS = 2048,
	KEPT_FREE = 4 * 1024 * 1024, /* of memory */
};

struct dispatch {
	struct crew crew;
	struct roll *roll;
	int bell;
	struct rings rings;
	bool once;
	int64_t until; /* monotonic ms */
};

static volatile sig_atomic_t over;
static int wake = -1;

static void
on_end(int sig)
{
	int saved = errno;

	(void)sig;
	over = 1;
	if (wake >= 0 && write(wake, "\n", 1) < 0)
		over = 1; /* a full bell wakes as well */
	errno = saved;
}

/* Whoever waits has nothing to put in order. */
static void
on_end_waiting(int sig)
{
	(void)sig;
	_exit(0);
}

static void
on_signals(void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The one of us that works; NULL: not yet, or no longer. */
static struct relay *at_work;

static void
on_exit_by_fault(void)
{
	if (at_work != NULL)
		relay_confess(at_work);
}

static void
on_fault(int sig)
{
	on_exit_by_fault();
	raise(sig); /* as soon as we return: the default again */
}

/* A message that ends us again and again must be told from one that is under
 * way when somebody kills us. */
static void
on_faults(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS };
	struct sigaction sa = { .sa_handler = on_fault, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < LEN(faults); i++)
		sigaction(faults[i], &sa, NULL);
	atexit(on_exit_by_fault);
}

/* ---- life ---- */

/* A turn of everybody; for how long (ms) nobody needs another. */
static int64_t
turn(struct dispatch *d)
{
	int64_t now = now_ms(), wait = roll_before(d->roll, now);

	wait = sooner(wait, engine_turn(d->crew.engine, now, false));
	wait = sooner(wait, roll_after(d->roll, now));
	return sooner(wait, LOOK_MS);
}

static bool
busy(const struct dispatch *d)
{
	return engine_busy(d->crew.engine) > 0 || roll_busy(d->roll);
}

static void
heard(void *arg, struct str name)
{
	roll_ring(arg, name);
}

static void
work(struct dispatch *d)
{
	while (!over && ticks_ms() < d->until) {
		int64_t wait = turn(d);

		/* Under a test's clock nothing becomes due by waiting. */
		if (d->once && wait > 0 && !busy(d) && engine_rests(d->crew.engine) && roll_rests(d->roll))
			return;
		/* Rings first, then the look at what they are about. */
		if (engine_wait(d->crew.engine, d->bell, sooner(wait, d->until - ticks_ms())) &&
		    !bell_take(d->bell, &d->rings, heard, d->roll))
			roll_ring_all(d->roll);
	}
}

/* Claims nothing more, lets the heir begin, and waits for what is under way. */
static void
hand_over(struct dispatch *d)
{
	int64_t until = ticks_ms() + (over ? DRAIN_ENDED_MS : DRAIN_MS);

	engine_stop(d->crew.engine);
	wake = -1;
	close(d->bell);
	relay_hand_over(d->crew.relay);
	roll_stop(d->roll);
	while (busy(d) && ticks_ms() < until) {
		int64_t wait = turn(d);

		if (busy(d))
			engine_wait(d->crew.engine, -1, sooner(wait, until - ticks_ms()));
	}
	engine_abandon(d->crew.engine, now_ms());
	roll_leave(d->roll, now_ms(), d->once);
}

static void
sum_up(const struct engine_counts *c)
{
	if (c->claimed > 0)
		log_line(
		    "%lld claimed: %lld sent, %lld to be tried again, %lld ended otherwise, %lld settled by others",
		    (long long)c->claimed, (long long)c->sent, (long long)c->retried, (long long)c->ended,
		    (long long)c->fenced);
}

/* Four descriptors a store, and one a transfer. */
static void
want_descriptors(void)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) != 0)
		return;
	most.rlim_cur =
	    most.rlim_max == RLIM_INFINITY || most.rlim_max > DESCRIPTORS ? DESCRIPTORS : most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
}

static void
begin(struct dispatch *d, int64_t life_s)
{
	relay_promote(d->crew.relay);
	if ((d->bell = bell_open(d->crew.state)) < 0)
		die("%s/bell: %s", d->crew.state, strerror(errno));
	wake = d->bell;
	on_signals(on_end);
	d->until = d->once ? INT64_MAX : ticks_ms() + life_s * SECOND_MS;
	d->crew.engine = engine_new(relay_owner(d->crew.relay));
	d->crew.checkpointer = checkpointer_new();
	d->roll = roll_new(&d->crew);
	at_work = d->crew.relay;
	on_faults();
}

static void
usage(int status)
{
	fputs("usage: dispatch [--life SECONDS] [--once]\n\n"
	      "Does the background work of the state directory in MUSTER_STATE. Start it each minute\n"
	      "from cron: one works for 110 seconds, up to two wait for it to end, others leave.\n"
	      "--once does what is due now, waits for what is under way, and ends.\n",
	    status == 0 ? stdout : stderr);
	exit(status);
}

static void
options(struct dispatch *d, int argc, char **argv, int64_t *life_s)
{
	static const struct option known[] = { { "life", required_argument, NULL, 'l' },
		{ "once", no_argument, NULL, 'o' }, { "help", no_argument, NULL, 'h' }, { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'o')
			d->once = true;
		else if (c != 'l' || !str_int(str(optarg), 1, 86400, life_s))
			usage(c == 'h' ? 0 : 2);
	if (optind < argc)
		usage(2);
	d->once |= getenv("MUSTER_NOW") != NULL; /* a test's clock stands still */
}

int
main(int argc, char **argv)
{
	const char *state = getenv("MUSTER_STATE");
	struct dispatch d = { .crew = { .state = state ? state : "var" } };
	int64_t life_s = LIFE_S;

	log_name(argv[0]);
	options(&d, argc, argv, &life_s);
	on_signals(on_end_waiting);
	want_descriptors();
	if ((d.crew.relay = relay_join(d.crew.state, !d.once)) == NULL)
		return 0;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	/* curl takes its buffers anew for each transfer: giving them back to the
	 * kernel in between, and faulting them in again, is a twentieth of a mail. */
	mallopt(M_TRIM_THRESHOLD, KEPT_FREE);
	begin(&d, life_s);
	work(&d);
	hand_over(&d);
	sum_up(engine_counts(d.crew.engine));
	roll_free(d.roll);
	checkpointer_free(d.crew.checkpointer);
	at_work = NULL;
	relay_leave(d.crew.relay);
	engine_free(d.crew.engine);
	return 0;
}

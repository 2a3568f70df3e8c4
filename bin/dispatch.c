/*
 * dispatch - what happens in the background; cron starts it each minute.
 *
 * Sends what waits in the outbox, expands alerts to their recipients, publishes
 * to open pages, ends intentions whose time is over, takes away what is old,
 * writes the log back into the database file.  One works and up to two wait for
 * it to end (relay.h); a bell wakes it after each commit that concerns it.
 * Every step is a short transaction, so a kill loses nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bell.h"
#include "channels.h"
#include "checkpointer.h"
#include "clock.h"
#include "engine.h"
#include "event.h"
#include "fanout.h"
#include "hash.h"
#include "intent.h"
#include "key.h"
#include "log.h"
#include "relay.h"
#include "text.h"
#include "value.h"

enum {
	LIFE_S = 110,              /* two minutes less a bit: an heir is there by then */
	DRAIN_MS = 30 * 1000,      /* at the end of a life, */
	DRAIN_ENDED_MS = 5 * 1000, /* and when it is asked to end */
	INTENTS_AT_ONCE = 50,      /* a transaction stays at some milliseconds */
	RECIPIENTS_AT_ONCE = 100,  /* 3 ms: whoever publishes meanwhile waits for one of these */
	KEYS_AT_ONCE = 64,
	EVENTS_AT_ONCE = 500,
	MESSAGES_AT_ONCE = 200,
	PAGES_AT_ONCE = 8, /* of the full-text index */
	EVENTS_KEPT = 20000,
	EVENTS_FOR_MS = 48 * HOUR_MS,
	LOOK_MS = SECOND_MS, /* at settings that changed without a ring */
	LOG_MOST = 4 * 1024 * 1024,
	KEPT_FREE = 4 * 1024 * 1024,   /* of memory */
	CHECKPOINT_MS = 5 * SECOND_MS, /* each makes the next writer wait for a flush */
	RECLAIM_FIRST_MS = 50,         /* after we began to work, then ever more seldom */
	RECLAIM_LAST_MS = 30 * 1000,
};
#define DAYS_MS(n) ((int64_t)(n)*24 * HOUR_MS)

struct dispatch {
	struct db *db;
	struct arena *arena;
	const char *state;
	struct engine *engine;
	struct relay *relay;
	struct guest *live;
	int bell;
	bool once;
	int64_t now, until; /* until: monotonic ms */
	int64_t looked_at;
	bool alerts, filled;             /* a fan-out waits; one has just written messages */
	uint64_t settings;               /* a hash of them */
	int64_t settings_read;           /* when the channels were made of them */
	int64_t reclaim_at, reclaim_gap; /* monotonic ms */
	struct checkpointer *checkpointer;
	struct timespec log_written;
	int64_t checkpoint_at; /* monotonic ms */
};

static volatile sig_atomic_t over;
static int wake = -1;

static void
on_end(int sig)
{
	int saved = errno;

	(void)sig;
	over = 1;
	if (wake >= 0 && write(wake, "", 1) < 0)
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

static int64_t
ticks_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- chores: each a short write transaction, again while there is more ---- */

static enum err
fan_out(struct dispatch *d, bool *more, int64_t *next)
{
	*more = false;
	if (!d->alerts)
		return OK;
	d->filled = true;
	return fanout_step(d->db, d->arena, RECIPIENTS_AT_ONCE, more, next);
}

static enum err
end_intents(struct dispatch *d, bool *more, int64_t *next)
{
	size_t n;
	enum err e = intent_expire_all(d->db, d->arena, INTENTS_AT_ONCE, &n);

	(void)next;
	*more = n > 0;
	return e;
}

static enum err
sweep(struct dispatch *d, bool *more, int64_t *next)
{
	(void)next;
	*more = key_sweep(d->db, KEYS_AT_ONCE) || text_tidy(d->db, d->arena, PAGES_AT_ONCE);
	return OK;
}

static enum err
trim_events(struct dispatch *d, bool *more, int64_t *next)
{
	(void)next;
	*more = event_trim(d->db, db_now(d->db) - EVENTS_FOR_MS, EVENTS_KEPT, EVENTS_AT_ONCE);
	return OK;
}

static enum err
purge(struct dispatch *d, bool *more, int64_t *next)
{
	(void)next;
	*more = payload_purge(d->db, db_now(d->db) - DAYS_MS(45), MESSAGES_AT_ONCE);
	for (int state = OUTBOX_SENT; state < OUTBOX__MAX && !*more; state++) {
		bool good = state == OUTBOX_SENT || state == OUTBOX_DELIVERED;

		*more = outbox_purge(d->db, (enum outbox_state)state, db_now(d->db) - DAYS_MS(good ? 14 : 30),
		    MESSAGES_AT_ONCE);
	}
	return OK;
}

/* So that others can tell that somebody is at work. */
static enum err
beat(struct dispatch *d, bool *more, int64_t *next)
{
	(void)next;
	*more = false;
	string_set_int(d->db, S("dispatcher:beat"), db_now(d->db));
	return OK;
}

struct chore {
	const char *what;
	enum err (*step)(struct dispatch *, bool *more, int64_t *next);
	int64_t every_ms;
	bool rings; /* also when the bell rang */
	int64_t due;
};
static struct chore chores[] = {
	{ .what = "alerts", .step = fan_out, .every_ms = MINUTE_MS, .rings = true },
	{ .what = "ending intentions", .step = end_intents, .every_ms = 15 * SECOND_MS },
	{ .what = "events", .step = trim_events, .every_ms = MINUTE_MS },
	{ .what = "sweeping", .step = sweep, .every_ms = MINUTE_MS },
	{ .what = "old messages", .step = purge, .every_ms = MINUTE_MS },
	{ .what = "beat", .step = beat, .every_ms = MINUTE_MS },
};

/* One step; when the next one is due. */
static int64_t
do_chore(struct dispatch *d, const struct chore *c)
{
	int64_t next = 0;
	bool more = false;
	enum err e = db_begin(d->db, TX_WRITE, d->now);

	if (e == OK && (e = c->step(d, &more, &next)) == OK)
		e = db_commit(d->db);
	db_rollback(d->db);
	arena_reset(d->arena);
	if (e != OK) {
		log_line("%s: %s; to be tried again", c->what, err_words(e)->title);
		return d->now + c->every_ms;
	}
	if (more)
		return d->now;
	return next > d->now && next < d->now + c->every_ms ? next : d->now + c->every_ms;
}

/* One step of each that is due; for how long (ms) none is. */
static int64_t
do_chores(struct dispatch *d, bool rang)
{
	int64_t wait = MINUTE_MS;

	for (size_t i = 0; i < LEN(chores); i++) {
		struct chore *c = &chores[i];

		if (c->due <= d->now || (c->rings && rang && d->alerts))
			c->due = do_chore(d, c);
		if (c->due - d->now < wait)
			wait = c->due - d->now;
	}
	return wait;
}

/* ---- what others change ---- */

static uint64_t
hash_bytes(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3U;
	return (h ^ 0xff) * 0x100000001b3U;
}

static uint64_t
settings_hash(struct dispatch *d)
{
	uint64_t h = 0xcbf29ce484222325U;
	struct field *f;
	size_t n = 0;

	if (hash_all(d->db, d->arena, S("settings"), &f, &n) == OK)
		for (size_t i = 0; i < n; i++)
			h = hash_bytes(hash_bytes(h, f[i].name), f[i].value);
	return h;
}

/* Channels are made anew; what is under way keeps the old ones, so their arenas
 * stay until the end: a few of them in a life. */
static void
read_channels(struct dispatch *d)
{
	struct arena *a = arena_new();

	engine_channel(d->engine, webhook_channel(d->db, a));
	engine_channel(d->engine, sms_channel(d->db, a));
	engine_channel(d->engine, email_channel(d->db, a));
}

/* The fan-outs and the settings; false: the store could not be read. */
static bool
look(struct dispatch *d)
{
	uint64_t settings;

	if (db_begin(d->db, TX_READ, d->now) != OK)
		return false;
	d->alerts = key_exists(d->db, S("fanouts"));
	settings = settings_hash(d);
	if (settings != d->settings || d->settings_read == 0 || d->now - d->settings_read >= MINUTE_MS) {
		read_channels(d);
		d->settings = settings;
		d->settings_read = d->now;
	}
	if (db_commit(d->db) != OK) {
		db_rollback(d->db);
		return false;
	}
	arena_reset(d->arena);
	return true;
}

/* ---- the log ---- */

static void
checkpoint(struct dispatch *d)
{
	int64_t left = 0;
	enum err e = db_checkpoint(d->db, &left);

	if (e != OK)
		log_line("checkpoint: %s", err_words(e)->title);
}

/* Every few seconds while anybody writes, sooner when the log is large. */
static void
tend_log(struct dispatch *d)
{
	char path[4096];
	struct stat st;
	int64_t now = ticks_ms();

	if (now < d->checkpoint_at - CHECKPOINT_MS + SECOND_MS)
		return;
	snprintf(path, sizeof(path), "%s/muster.db-wal", d->state);
	if (stat(path, &st) != 0 || (now < d->checkpoint_at && st.st_size < LOG_MOST))
		return;
	if (st.st_mtim.tv_sec == d->log_written.tv_sec && st.st_mtim.tv_nsec == d->log_written.tv_nsec)
		return;
	checkpointer_ask(d->checkpointer);
	d->log_written = st.st_mtim;
	d->checkpoint_at = now + CHECKPOINT_MS;
}

/* ---- claims of the dead ---- */

/* Again and again, for whoever hands over to us may be killed while it waits for
 * its last tries. */
static int64_t
reclaim(struct dispatch *d)
{
	int64_t now = ticks_ms(), n;
	bool others;

	if (now < d->reclaim_at)
		return d->reclaim_at - now;
	n = relay_reclaim(d->relay, d->db, d->arena, d->now, &others); /* due in this very turn */
	arena_reset(d->arena);
	if (n > 0) {
		log_line("%lld claims of a dispatcher that was killed are taken up", (long long)n);
		d->filled = true;
	}
	d->reclaim_gap = others && d->reclaim_gap < SECOND_MS ? d->reclaim_gap * 2 : RECLAIM_LAST_MS;
	d->reclaim_at = now + d->reclaim_gap;
	return d->reclaim_gap;
}

/* ---- life ---- */

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A turn of everybody; for how long (ms) nobody needs another. */
static int64_t
turn(struct dispatch *d, bool news)
{
	int64_t wait, since;

	d->now = now_ms();
	since = d->now - d->looked_at;
	/* Before anything is claimed: what was set before a message was written holds
	 * for it. */
	if (news || since >= LOOK_MS || since < 0) {
		look(d);
		d->looked_at = d->now;
	}
	d->filled = false;
	wait = sooner(do_chores(d, news), reclaim(d));
	wait = sooner(wait, engine_turn(d->engine, d->now, news || d->filled));
	if (d->live != NULL)
		wait = sooner(wait, d->live->turn(d->live, d->engine, d->now, news));
	tend_log(d);
	return sooner(wait, LOOK_MS);
}

static bool
busy(const struct dispatch *d)
{
	return engine_busy(d->engine) > 0 || (d->live != NULL && d->live->busy(d->live));
}

static void
work(struct dispatch *d)
{
	bool news = true;

	while (!over && ticks_ms() < d->until) {
		int64_t wait = turn(d, news);

		/* Under a test's clock nothing becomes due by waiting. */
		if (d->once && wait > 0 && !busy(d) && engine_rests(d->engine) && d->reclaim_gap > SECOND_MS)
			return;
		/* Rings first, then the look at what they are about. */
		if ((news = engine_wait(d->engine, d->bell, sooner(wait, d->until - ticks_ms()))))
			bell_drain(d->bell);
	}
}

/* Claims nothing more, lets the heir begin, and waits for what is under way. */
static void
hand_over(struct dispatch *d)
{
	int64_t until = ticks_ms() + (over ? DRAIN_ENDED_MS : DRAIN_MS);

	engine_stop(d->engine);
	wake = -1;
	close(d->bell);
	relay_hand_over(d->relay);
	if (d->live != NULL)
		d->live->end(d->live);
	while (busy(d) && ticks_ms() < until) {
		int64_t wait = engine_turn(d->engine, now_ms(), false);

		if (d->live != NULL && d->live->busy(d->live))
			wait = sooner(wait, d->live->turn(d->live, d->engine, now_ms(), false));
		if (busy(d))
			engine_wait(d->engine, -1, sooner(wait, until - ticks_ms()));
	}
	engine_abandon(d->engine, now_ms());
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

static void
begin(struct dispatch *d, int64_t life_s)
{
	char path[4096];

	relay_promote(d->relay);
	at_work = d->relay;
	on_faults();
	snprintf(path, sizeof(path), "%s/muster.db", d->state);
	if ((d->bell = bell_open(d->state)) < 0)
		die("%s/bell: %s", d->state, strerror(errno));
	wake = d->bell;
	on_signals(on_end);
	d->until = d->once ? INT64_MAX : ticks_ms() + life_s * SECOND_MS;
	d->reclaim_gap = RECLAIM_FIRST_MS / 2;
	d->engine = engine_new(d->db, relay_owner(d->relay));
	d->checkpointer = checkpointer_new(path);
	d->live = live_guest(d->db, d->state);
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
	struct dispatch d = { .state = state ? state : "var" };
	int64_t life_s = LIFE_S;
	char path[4096];
	enum err e;

	log_name(argv[0]);
	options(&d, argc, argv, &life_s);
	on_signals(on_end_waiting);
	if ((d.relay = relay_join(d.state, !d.once)) == NULL)
		return 0;
	snprintf(path, sizeof(path), "%s/muster.db", d.state);
	if ((e = db_open(&d.db, path, DB_DISPATCH)) != OK)
		die("the store in %s cannot be opened: %s", d.state, err_words(e)->title);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	/* curl takes its buffers anew for each transfer: giving them back to the
	 * kernel in between, and faulting them in again, is a twentieth of a mail. */
	mallopt(M_TRIM_THRESHOLD, KEPT_FREE);
	d.arena = arena_new();
	begin(&d, life_s);
	work(&d);
	hand_over(&d);
	sum_up(engine_counts(d.engine));
	checkpointer_free(d.checkpointer);
	checkpoint(&d);
	at_work = NULL;
	relay_leave(d.relay);
	engine_free(d.engine);
	arena_free(d.arena);
	db_close(d.db);
	return 0;
}

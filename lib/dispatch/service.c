/* service.c - one tenant that the dispatcher serves. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "channels.h"
#include "clock.h"
#include "event.h"
#include "fanout.h"
#include "hash.h"
#include "intent.h"
#include "key.h"
#include "log.h"
#include "text.h"
#include "value.h"

enum {
	INTENTS_AT_ONCE = 50,     /* a transaction stays at some milliseconds */
	RECIPIENTS_AT_ONCE = 100, /* 3 ms: whoever publishes meanwhile waits for one of these */
	KEYS_AT_ONCE = 64,
	EVENTS_AT_ONCE = 500,
	MESSAGES_AT_ONCE = 200,
	PAGES_AT_ONCE = 8, /* of the full-text index */
	EVENTS_KEPT = 20000,
	EVENTS_FOR_MS = 48 * HOUR_MS,
	LOOK_MS = SECOND_MS, /* at settings that changed without a ring */
	TEND_MS = 250,       /* between two looks at the log's size */
	LOG_MOST = 4 * 1024 * 1024,
	CHECKPOINT_MS = 5 * SECOND_MS, /* each makes the next writer wait for a flush */
	RECLAIM_FIRST_MS = 50,         /* after we began to work, then ever more seldom */
	RECLAIM_LAST_MS = 30 * 1000,
	PATIENCE_MS = 100,           /* with others' writers, where other tenants wait */
	TIDY_MS = HOUR_MS,           /* what is only swept away need not be so at once, */
	TIDY_LAST_MS = 24 * HOUR_MS, /* but each day there may be something */
};
#define DAYS_MS(n) ((int64_t)(n)*24 * HOUR_MS)

enum { ALERTS, INTENTS, EVENTS, SWEEP, PURGE, BEAT, CHORES };

/* The database file and its log, as they were written last. */
struct stamp {
	struct timespec db, log;
	off_t log_size;
};

struct service {
	const struct crew *crew;
	struct tenant tenant;
	char path[TENANT_DIR + 16];
	dev_t dev;
	ino_t ino;
	struct db *db;
	struct arena *arena;
	struct arena **channels; /* of those that are used, the last one, and were, as long as tries may be */
	size_t nchannels, channels_room;
	struct house *house;
	struct guest *live;
	int64_t now, looked_at;
	int64_t due[CHORES];
	bool alerts, filled;             /* a fan-out waits; one has just written messages */
	uint64_t settings;               /* a hash of them */
	int64_t settings_read;           /* when the channels were made of them */
	int64_t reclaim_at, reclaim_gap; /* monotonic ms */
	bool settled, over, stopped, blocked;
	int64_t before_at, live_at; /* when their turn is needed */
	bool live_busy;
	struct timespec log_written;
	int64_t tend_at, checkpoint_at; /* monotonic ms */
	struct stamp stamp;
};

/* Log lines of the default tenant need no name. */
static void
tell(const struct service *s, const char *what, enum err e)
{
	log_line("%s%s%s: %s; to be tried again", s->tenant.name, s->tenant.name[0] ? ": " : "", what,
	    err_words(e)->title);
}

/* ---- chores: each a short write transaction, again while there is more ---- */

static enum err
fan_out(struct service *s, bool *more, int64_t *next)
{
	*more = false;
	if (!s->alerts)
		return OK;
	s->filled = true;
	return fanout_step(s->db, s->arena, RECIPIENTS_AT_ONCE, more, next);
}

static enum err
end_intents(struct service *s, bool *more, int64_t *next)
{
	size_t n;
	enum err e = intent_expire_all(s->db, s->arena, INTENTS_AT_ONCE, &n);

	(void)next;
	*more = n > 0;
	return e;
}

static enum err
sweep(struct service *s, bool *more, int64_t *next)
{
	(void)next;
	*more = key_sweep(s->db, KEYS_AT_ONCE) || text_tidy(s->db, s->arena, PAGES_AT_ONCE);
	return OK;
}

static enum err
trim_events(struct service *s, bool *more, int64_t *next)
{
	(void)next;
	*more = event_trim(s->db, db_now(s->db) - EVENTS_FOR_MS, EVENTS_KEPT, EVENTS_AT_ONCE);
	return OK;
}

static enum err
purge(struct service *s, bool *more, int64_t *next)
{
	(void)next;
	*more = payload_purge(s->db, db_now(s->db) - DAYS_MS(45), MESSAGES_AT_ONCE);
	for (int state = OUTBOX_SENT; state < OUTBOX__MAX && !*more; state++) {
		bool good = state == OUTBOX_SENT || state == OUTBOX_DELIVERED;

		*more = outbox_purge(s->db, (enum outbox_state)state, db_now(s->db) - DAYS_MS(good ? 14 : 30),
		    MESSAGES_AT_ONCE);
	}
	return OK;
}

/* So that others can tell that somebody is at work.  A tenant that may lie at
 * rest asks the bell instead: its files are not to change for nothing. */
static enum err
beat(struct service *s, bool *more, int64_t *next)
{
	(void)next;
	*more = false;
	if (s->tenant.name[0] == '\0')
		string_set_int(s->db, S("dispatcher:beat"), db_now(s->db));
	return OK;
}

static const struct chore {
	const char *what;
	enum err (*step)(struct service *, bool *more, int64_t *next);
	int64_t every_ms;
	bool rings; /* also when the bell rang */
} chores[CHORES] = {
	[ALERTS] = { "alerts", fan_out, MINUTE_MS, true },
	[INTENTS] = { "ending intentions", end_intents, 15 * SECOND_MS, false },
	[EVENTS] = { "events", trim_events, MINUTE_MS, false },
	[SWEEP] = { "sweeping", sweep, MINUTE_MS, false },
	[PURGE] = { "old messages", purge, MINUTE_MS, false },
	[BEAT] = { "beat", beat, MINUTE_MS, false },
};

/* One step; when the next one is due. */
static int64_t
do_chore(struct service *s, const struct chore *c)
{
	int64_t next = 0;
	bool more = false;
	enum err e = db_begin(s->db, TX_WRITE, s->now);

	if (e == OK && (e = c->step(s, &more, &next)) == OK)
		e = db_commit(s->db);
	db_rollback(s->db);
	arena_reset(s->arena);
	if (e != OK) {
		tell(s, c->what, e);
		s->blocked = true;
		return s->now + (e == ERR_BUSY ? sooner(c->every_ms, SECOND_MS) : c->every_ms);
	}
	if (more)
		return s->now;
	return next > s->now && next < s->now + c->every_ms ? next : s->now + c->every_ms;
}

/* One step of each that is due; for how long (ms) none is.  Where one finds the
 * store locked or broken the others do not try it too. */
static int64_t
do_chores(struct service *s, bool rang)
{
	int64_t wait = MINUTE_MS;

	s->blocked = false;
	for (size_t i = 0; i < CHORES; i++) {
		const struct chore *c = &chores[i];

		if (!s->blocked && (s->due[i] <= s->now || (c->rings && rang && s->alerts)))
			s->due[i] = do_chore(s, c);
		if (s->blocked && s->due[i] <= s->now)
			s->due[i] = s->now + SECOND_MS;
		wait = sooner(wait, s->due[i] - s->now);
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
settings_hash(struct service *s)
{
	uint64_t h = 0xcbf29ce484222325U;
	struct field *f;
	size_t n = 0;

	if (hash_all(s->db, s->arena, S("settings"), &f, &n) == OK)
		for (size_t i = 0; i < n; i++)
			h = hash_bytes(hash_bytes(h, f[i].name), f[i].value);
	return h;
}

static void
forget_channels(struct service *s)
{
	for (size_t i = 0; i < s->nchannels; i++)
		arena_free(s->channels[i]);
	s->nchannels = 0;
}

/* Channels are made anew; what is under way keeps the old ones. */
static void
read_channels(struct service *s)
{
	struct arena *a = arena_new();

	if (house_busy(s->house) == 0)
		forget_channels(s);
	if (s->nchannels == s->channels_room) {
		s->channels_room += 4;
		s->channels = realloc(s->channels, s->channels_room * sizeof(struct arena *));
		if (s->channels == NULL)
			die("out of memory");
	}
	s->channels[s->nchannels++] = a;
	house_channel(s->house, webhook_channel(s->db, a));
	house_channel(s->house, sms_channel(s->db, a));
	house_channel(s->house, email_channel(s->db, a));
}

/* Whether it is still the one that was opened. */
static bool
is_there(const struct service *s)
{
	struct tenant t;
	struct stat st;

	if (stat(s->path, &st) != 0 || st.st_ino != s->ino || st.st_dev != s->dev)
		return false;
	return tenant_named(s->crew->state, str(s->tenant.name), &t) == OK && !t.suspended;
}

/* The fan-outs and the settings; false: the store could not be read. */
static bool
look(struct service *s)
{
	uint64_t settings;

	if (db_begin(s->db, TX_READ, s->now) != OK)
		return false;
	s->alerts = key_exists(s->db, S("fanouts"));
	settings = settings_hash(s);
	if (settings != s->settings || s->settings_read == 0 || s->now - s->settings_read >= MINUTE_MS) {
		read_channels(s);
		s->settings = settings;
		s->settings_read = s->now;
	}
	arena_reset(s->arena);
	if (db_commit(s->db) != OK) {
		db_rollback(s->db);
		return false;
	}
	return true;
}

/* ---- the log ---- */

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
log_of(const struct service *s, struct stat *st)
{
	char path[sizeof(s->path) + 8];

	snprintf(path, sizeof(path), "%s-wal", s->path);
	return stat(path, st) == 0;
}

/* Every few seconds while anybody writes, sooner when the log is large. */
static void
tend_log(struct service *s)
{
	struct stat st;
	int64_t now = ticks_ms();

	if (now < s->tend_at || now < s->checkpoint_at - CHECKPOINT_MS + SECOND_MS)
		return;
	s->tend_at = now + TEND_MS;
	if (!log_of(s, &st))
		return;
	if ((now < s->checkpoint_at && st.st_size < LOG_MOST) || same_time(st.st_mtim, s->log_written))
		return;
	checkpointer_ask(s->crew->checkpointer, s->path);
	s->log_written = st.st_mtim;
	s->checkpoint_at = now + CHECKPOINT_MS;
}

/* ---- claims of the dead ---- */

/* Again and again, for whoever hands over to us may be killed while it waits for
 * its last tries. */
static int64_t
reclaim(struct service *s)
{
	int64_t now = ticks_ms(), n;
	bool others;

	if (now < s->reclaim_at)
		return s->reclaim_at - now;
	n = relay_reclaim(s->crew->relay, s->db, s->arena, s->now, &others); /* due in this very turn */
	arena_reset(s->arena);
	if (n > 0) {
		log_line("%lld claims of a dispatcher that was killed are taken up", (long long)n);
		s->filled = true;
	}
	s->reclaim_gap = others && s->reclaim_gap < SECOND_MS ? s->reclaim_gap * 2 : RECLAIM_LAST_MS;
	s->settled = s->reclaim_gap == RECLAIM_LAST_MS; /* or those live, and end what they began */
	s->reclaim_at = now + s->reclaim_gap;
	return s->reclaim_gap;
}

/* ---- turns ---- */

int64_t
service_before(struct service *s, int64_t now, bool news)
{
	int64_t since = now - s->looked_at;

	if (s->stopped)
		return LOOK_MS;
	if ((!news && now < s->before_at && since >= 0))
		return s->before_at - now;
	s->now = now;
	/* Before anything is claimed: what was set before a message was written holds
	 * for it. */
	if (news || since >= LOOK_MS || since < 0) {
		s->over = !is_there(s);
		if (s->over) {
			service_stop(s);
			return 0;
		}
		look(s);
		s->looked_at = now;
	}
	s->filled = false;
	s->before_at = now + sooner(sooner(do_chores(s, news), reclaim(s)), LOOK_MS);
	if (news || s->filled)
		house_news(s->house);
	return s->before_at - now;
}

int64_t
service_after(struct service *s, int64_t now, bool news)
{
	tend_log(s);
	if (s->live == NULL || (!news && !s->live_busy && now < s->live_at && now >= s->looked_at))
		return s->live == NULL ? LOOK_MS : s->live_at - now;
	s->live_at = now + s->live->turn(s->live, s->crew->engine, now, news && !s->stopped);
	s->live_busy = s->live->busy(s->live);
	return s->live_at - now;
}

bool
service_busy(const struct service *s)
{
	return house_busy(s->house) > 0 || (s->live != NULL && s->live->busy(s->live));
}

bool
service_rests(const struct service *s)
{
	return !service_busy(s) && s->settled && house_rests(s->house) && s->before_at > s->now;
}

bool
service_is_settled(const struct service *s)
{
	return s->settled;
}

bool
service_is_over(const struct service *s)
{
	return s->over;
}

/* ---- when it is needed next ---- */

/* 0 of a store's answer: there is none. */
static int64_t
or_never(int64_t at)
{
	return at == 0 ? NEVER : at;
}

static int64_t
tidying(struct service *s, int64_t now)
{
	int64_t at = or_never(key_next_expiry(s->db));

	at = at > now + TIDY_MS ? at : now + TIDY_MS;
	return sooner(at, now + TIDY_LAST_MS);
}

int64_t
service_due(struct service *s, int64_t now)
{
	int64_t at = s->live != NULL ? s->live->due(s->live) : NEVER;
	enum err e;

	if (db_begin(s->db, TX_READ, now) != OK)
		return 0;
	at = sooner(at, house_due(s->house));
	at = sooner(at, or_never(fanout_next(s->db, s->arena)));
	at = sooner(at, or_never(intent_next_end(s->db, s->arena)));
	at = sooner(at, tidying(s, now));
	e = db_commit(s->db);
	db_rollback(s->db);
	arena_reset(s->arena);
	return e == OK ? at : 0;
}

void
service_flush(struct service *s, int64_t now)
{
	if (s->live != NULL)
		s->live->flush(s->live, now);
}

bool
service_was_written(struct service *s)
{
	struct stat db, log = { 0 };
	struct stamp before = s->stamp;

	if (stat(s->path, &db) != 0)
		return true;
	log_of(s, &log);
	s->stamp = (struct stamp){ db.st_mtim, log.st_mtim, log.st_size };
	return !same_time(before.db, s->stamp.db) || !same_time(before.log, s->stamp.log) ||
	       before.log_size != s->stamp.log_size;
}

/* ---- life ---- */

void
service_alone(struct service *s, bool alone)
{
	db_patience(s->db, alone ? 0 : PATIENCE_MS);
}

void
service_stop(struct service *s)
{
	if (s->stopped)
		return;
	s->stopped = true;
	house_stop(s->house);
	if (s->live != NULL)
		s->live->end(s->live);
}

enum err
service_open(struct service **out, const struct crew *crew, const struct tenant *tenant)
{
	struct service *s = calloc(1, sizeof(*s));
	struct stat st = { 0 };
	enum err e;

	if (s == NULL)
		die("out of memory");
	*out = NULL;
	s->crew = crew;
	s->tenant = *tenant;
	snprintf(s->path, sizeof(s->path), "%s/muster.db", tenant->dir);
	/* First the name, then the store: one that is put in its place in between
	 * looks as if it had changed. */
	if (stat(s->path, &st) != 0 || (e = db_open(&s->db, s->path, DB_DISPATCH)) != OK) {
		e = s->db == NULL && st.st_ino == 0 ? ERR_NOT_FOUND : e;
		free(s);
		return e;
	}
	db_keep_log(s->db);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->arena = arena_new();
	s->house = engine_house(crew->engine, s->db);
	s->live = live_guest(s->db, crew->state, &s->tenant);
	s->reclaim_gap = RECLAIM_FIRST_MS / 2;
	*out = s;
	return OK;
}

/* Its log is written back by the thread that may wait for the disk. */
void
service_close(struct service *s)
{
	struct stat st;

	if (s == NULL)
		return;
	if (s->live != NULL)
		s->live->free(s->live);
	house_leave(s->house);
	forget_channels(s);
	free(s->channels);
	arena_free(s->arena);
	db_close(s->db);
	if (log_of(s, &st) && st.st_size > 0)
		checkpointer_ask(s->crew->checkpointer, s->path);
	free(s);
}

/*
 * dispatch - what happens in the background; cron starts it each minute.
 *
 * Ends intentions whose time is over, tells what waits in the outbox, sweeps
 * expired keys, writes the log back into the database file.  One at a time: a
 * second one finds the lock and leaves.  Every step is a short transaction, so
 * a kill loses nothing and the next minute goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "event.h"
#include "intent.h"
#include "key.h"
#include "log.h"
#include "text.h"

enum {
	INTENTS_AT_ONCE = 50, /* a transaction stays at some milliseconds */
	KEYS_AT_ONCE = 64,
	EVENTS_AT_ONCE = 500,
	PAGES_AT_ONCE = 8, /* of the full-text index */
	EVENTS_KEPT = 20000,
	EVENTS_FOR_MS = 48 * HOUR_MS,
	RUN_MS = 50 * 1000, /* the next one starts after a minute */
};

struct dispatch {
	struct db *db;
	struct arena *arena;
	const char *state;
	int64_t until;
};

/* Runs `step` in transactions of its own until it has nothing left to do. */
static void
repeat(struct dispatch *d, const char *what, enum err (*step)(struct dispatch *, bool *more))
{
	bool more = true;

	while (more && now_ms() < d->until) {
		enum err e = db_begin(d->db, TX_WRITE, now_ms());

		more = false;
		if (e == OK && (e = step(d, &more)) == OK)
			e = db_commit(d->db);
		db_rollback(d->db);
		if (e != OK)
			log_line("%s: %s; the next minute tries again", what, err_words(e)->title);
		arena_reset(d->arena);
	}
}

static enum err
end_intents(struct dispatch *d, bool *more)
{
	size_t n;
	enum err e = intent_expire_all(d->db, d->arena, INTENTS_AT_ONCE, &n);

	*more = n > 0;
	return e;
}

static enum err
sweep(struct dispatch *d, bool *more)
{
	*more = key_sweep(d->db, KEYS_AT_ONCE) || text_tidy(d->db, d->arena, PAGES_AT_ONCE);
	return OK;
}

/* Replaces a file by renaming: a reader sees the old one or the new one. */
static bool
replace_file(const char *path, const char *text)
{
	char temporary[4200];
	FILE *f;
	bool good;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	if ((f = fopen(temporary, "w")) == NULL)
		return false;
	good = fputs(text, f) >= 0;
	good = fclose(f) == 0 && good;
	return good && rename(temporary, path) == 0;
}

/* The number of the last change, for pages that ask a plain file whether to
 * look again. */
static bool
write_head(struct dispatch *d, int64_t sequence)
{
	char path[4096], text[64];

	snprintf(path, sizeof(path), "%s/live", d->state);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/live/head.json", d->state);
	snprintf(text, sizeof(text), "{\"sequence\":%lld}\n", (long long)sequence);
	return replace_file(path, text);
}

static enum err
tell(struct dispatch *d, bool *more)
{
	write_head(d, db_sequence(d->db));
	*more = event_trim(d->db, db_now(d->db) - EVENTS_FOR_MS, EVENTS_KEPT, EVENTS_AT_ONCE);
	return OK;
}

static void
checkpoint(struct dispatch *d)
{
	int64_t left = 0;
	enum err e = db_checkpoint(d->db, &left);

	if (e != OK)
		log_line("checkpoint: %s", err_words(e)->title);
}

/* Holds the lock until the process ends; false: another one has it. */
static bool
lock(const char *state)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/dispatch.lock", state);
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		die("%s: %s", path, strerror(errno));
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

int
main(int argc, char **argv)
{
	const char *state = getenv("MUSTER_STATE");
	struct dispatch d = { .state = state ? state : "var" };
	char path[4096];
	enum err e;

	log_name(argv[0]);
	if (argc > 1) {
		printf("usage: dispatch\n\n"
		       "Does the background work of one minute for the state directory in MUSTER_STATE,\n"
		       "then ends. Start it each minute from cron.\n");
		return strcmp(argv[1], "--help") == 0 ? 0 : 2;
	}
	snprintf(path, sizeof(path), "%s/muster.db", d.state);
	if (!lock(d.state))
		return 0;
	if ((e = db_open(&d.db, path, DB_DISPATCH)) != OK)
		die("the store in %s cannot be opened: %s", d.state, err_words(e)->title);
	d.arena = arena_new();
	d.until = now_ms() + RUN_MS;
	if (getenv("MUSTER_NOW") != NULL)
		d.until = INT64_MAX; /* a test's clock stands still */
	repeat(&d, "ending intentions", end_intents);
	repeat(&d, "events", tell);
	repeat(&d, "sweeping", sweep);
	checkpoint(&d);
	arena_free(d.arena);
	db_close(d.db);
	return 0;
}

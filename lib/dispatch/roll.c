/* roll.c - who is served now, who lies at rest, and until when. */
#include "roll.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bell.h"
#include "clock.h"
#include "log.h"

enum {
	SCAN_MS = MINUTE_MS,      /* through the directory */
	OPEN_A_TURN = 4,          /* some ms: others wait for that */
	REST_MS = 5 * SECOND_MS,  /* open without anything to do, where nobody waits */
	SLICE_MS = 2 * SECOND_MS, /* served at least, where somebody waits */
	SOON_MS = 2 * SECOND_MS,  /* not worth closing for */
	WRONG_MS = MINUTE_MS,     /* before the next try with a store that cannot be opened */
};

struct entry {
	char name[TENANT_NAME + 1];
	int64_t due; /* unix ms; 0: since the bell rang, or nobody knows */
	struct service *service;
	int64_t opened, active; /* monotonic ms */
	bool rang, leaving, wrong, seen;
};

struct roll {
	const struct crew *crew;
	struct arena *arena;
	struct entry **v; /* by name */
	size_t n, room;
	struct entry *open[SERVED + LEAVING];
	size_t nopen, nleaving;
	int64_t now, next, scanned; /* next: when the first of those at rest is due */
	bool scan, dirty, stopped, settled;
};

/* ---- the list ---- */

/* Where it is, or would be. */
static size_t
place(const struct roll *r, struct str name)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (str_cmp(str(r->v[mid]->name), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct entry *
find(struct roll *r, struct str name)
{
	size_t at = place(r, name);

	return at < r->n && str_eq(str(r->v[at]->name), name) ? r->v[at] : NULL;
}

static struct entry *
add(struct roll *r, struct str name)
{
	size_t at = place(r, name);
	struct entry *e = calloc(1, sizeof(*e));

	if (r->n == r->room) {
		r->room = r->room ? r->room * 2 : 16;
		r->v = realloc(r->v, r->room * sizeof(struct entry *));
	}
	if (e == NULL || r->v == NULL)
		die("out of memory");
	memcpy(e->name, name.p, name.n);
	memmove(r->v + at + 1, r->v + at, (r->n - at) * sizeof(struct entry *));
	r->v[at] = e;
	r->n++;
	r->dirty = true;
	return e;
}

/* ---- the files of those at rest ---- */

static void
dir_of(const struct roll *r, const struct entry *e, char dir[static TENANT_DIR])
{
	snprintf(dir, TENANT_DIR, "%s%s%s", r->crew->state, e->name[0] ? "/tenants/" : "", e->name);
}

static void
forget_due(const struct roll *r, const struct entry *e)
{
	char dir[TENANT_DIR], path[TENANT_DIR + 8];

	dir_of(r, e, dir);
	snprintf(path, sizeof(path), "%s/due", dir);
	unlink(path);
}

static bool
later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec >= b.tv_nsec);
}

/* Somebody wrote after `due` was: his ring may have been lost with the dispatcher
 * that was to hear it.  An empty log is that of one who only read. */
static bool
written_since(const char *dir)
{
	static const char *const files[] = { "muster.db", "muster.db-wal" };
	char path[TENANT_DIR + 16];
	struct stat due, st;

	snprintf(path, sizeof(path), "%s/due", dir);
	if (stat(path, &due) != 0)
		return true;
	for (size_t i = 0; i < LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (stat(path, &st) == 0 && (i == 0 || st.st_size > 0) && later(st.st_mtim, due.st_ctim))
			return true;
	}
	return false;
}

static void
read_due(const struct roll *r, struct entry *e, bool first)
{
	char dir[TENANT_DIR];

	dir_of(r, e, dir);
	e->due = first && written_since(dir) ? 0 : tenant_due(dir);
}

static void
drop(struct roll *r, size_t i)
{
	free(r->v[i]);
	memmove(r->v + i, r->v + i + 1, (--r->n - i) * sizeof(struct entry *));
}

/* Which tenants there are, and when those at rest are due. */
static void
scan(struct roll *r)
{
	bool first = r->scanned == 0;
	struct str *names;
	size_t n = tenant_names(r->crew->state, r->arena, &names);

	for (size_t i = 0; i < r->n; i++) {
		r->v[i]->seen = r->v[i]->name[0] == '\0';
		if (r->v[i]->seen && r->v[i]->service == NULL)
			r->v[i]->due = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct entry *e = find(r, names[i]);

		if (e == NULL)
			e = add(r, names[i]);
		e->seen = true;
		if (e->service == NULL)
			read_due(r, e, first);
	}
	for (size_t i = r->n; i-- > 0;)
		if (!r->v[i]->seen && r->v[i]->service == NULL)
			drop(r, i);
	arena_reset(r->arena);
	r->scanned = r->now;
	r->scan = r->settled = false;
	r->dirty = true;
}

/* ---- opening ---- */

/* Alone, a store's writers may be waited for. */
static void
tell_alone(struct roll *r)
{
	for (size_t i = 0; i < r->nopen; i++)
		service_alone(r->open[i]->service, r->nopen == 1);
}

static void
cannot(struct roll *r, struct entry *e, const char *why)
{
	if (!e->wrong)
		log_line(
		    "tenant %s: the store cannot be opened: %s", e->name[0] ? e->name : "(default)", why);
	e->wrong = true;
	e->due = r->now + WRONG_MS;
}

/* True: it is served. */
static bool
open_one(struct roll *r, struct entry *e)
{
	struct tenant t;
	enum err err = tenant_named(r->crew->state, str(e->name), &t);

	r->dirty = true;
	if (err != OK || t.suspended) {
		e->due = NEVER; /* until the next scan */
		return false;
	}
	if ((err = service_open(&e->service, r->crew, &t)) != OK) {
		cannot(r, e, err_words(err)->title);
		return false;
	}
	if (e->name[0] != '\0')
		forget_due(r, e);
	e->wrong = false;
	e->rang = true;
	e->opened = e->active = ticks_ms();
	r->open[r->nopen++] = e;
	tell_alone(r);
	return true;
}

/* ---- closing ---- */

static void
close_one(struct roll *r, size_t i)
{
	struct entry *e = r->open[i];

	r->nleaving -= e->leaving;
	e->leaving = false;
	service_close(e->service);
	e->service = NULL;
	r->open[i] = r->open[--r->nopen];
	r->dirty = true;
	tell_alone(r);
}

/* A commit that nobody heard of is either before the look, or seen by the files'
 * times after `due` is written: then it stays open. */
static bool
lay_to_rest(struct roll *r, size_t i, int64_t least_ms)
{
	struct entry *e = r->open[i];
	char dir[TENANT_DIR];
	int64_t due;

	if (least_ms == 0)
		service_flush(e->service, r->now);
	service_was_written(e->service);
	due = service_due(e->service, r->now);
	if (due < r->now + least_ms || due <= r->now)
		return false;
	dir_of(r, e, dir);
	tenant_due_set(dir, due);
	if (service_was_written(e->service)) {
		forget_due(r, e);
		return false;
	}
	e->due = due;
	close_one(r, i);
	return true;
}

/* Nobody's any more, or it has ended what was under way. */
static void
let_go(struct roll *r)
{
	for (size_t i = r->nopen; i-- > 0;) {
		struct entry *e = r->open[i];

		if (service_is_over(e->service) && !e->leaving) {
			service_stop(e->service);
			e->leaving = true;
			r->nleaving++;
		}
		if (!e->leaving || service_busy(e->service))
			continue;
		e->due = service_is_over(e->service) ? 0 : r->now;
		close_one(r, i);
	}
}

/* The one that may go now, or NULL: of those at rest the one that had nothing to
 * do for the longest time. */
static size_t
idlest(const struct roll *r)
{
	size_t best = r->nopen;

	for (size_t i = 0; i < r->nopen; i++) {
		const struct entry *e = r->open[i];

		if (e->name[0] == '\0' || e->leaving || e->rang || !service_rests(e->service))
			continue;
		if (best == r->nopen || e->active < r->open[best]->active)
			best = i;
	}
	return best;
}

/* The one that was served longest ends what it has under way. */
static void
retire(struct roll *r)
{
	struct entry *best = NULL;

	for (size_t i = 0; i < r->nopen; i++) {
		struct entry *e = r->open[i];

		if (e->name[0] != '\0' && !e->leaving && (best == NULL || e->opened < best->opened))
			best = e;
	}
	if (best == NULL || r->nleaving == LEAVING || ticks_ms() - best->opened < SLICE_MS)
		return;
	service_stop(best->service);
	best->leaving = true;
	r->nleaving++;
}

/* Whether there is room for one more. */
static bool
make_room(struct roll *r)
{
	size_t i;

	if (r->nopen - r->nleaving < SERVED)
		return r->nopen < SERVED + LEAVING;
	if ((i = idlest(r)) < r->nopen) {
		r->open[i]->active = ticks_ms(); /* where it may not: another one next time */
		if (lay_to_rest(r, i, 0))
			return true;
	}
	retire(r);
	return r->nopen - r->nleaving < SERVED && r->nopen < SERVED + LEAVING;
}

/* Those that had nothing to do for a while. */
static void
close_idle(struct roll *r)
{
	int64_t ticks = ticks_ms();
	size_t i = idlest(r);

	if (i == r->nopen || ticks - r->open[i]->active < REST_MS)
		return;
	r->open[i]->active = ticks;
	lay_to_rest(r, i, SOON_MS);
}

/* ---- turns ---- */

/* The one at rest that is due first. */
static struct entry *
first_due(const struct roll *r)
{
	struct entry *best = NULL;

	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = r->v[i];

		if (e->service == NULL && (best == NULL || e->due < best->due))
			best = e;
	}
	return best;
}

static void
open_due(struct roll *r)
{
	struct entry *e = NULL;

	if (!r->dirty && r->next > r->now)
		return;
	for (int i = 0; i < OPEN_A_TURN; i++) {
		if ((e = first_due(r)) == NULL || e->due > r->now || !make_room(r))
			break;
		open_one(r, e);
	}
	e = first_due(r);
	r->next = e != NULL ? e->due : NEVER;
	r->dirty = false;
}

/* Once nobody is left in whose store they may have claims. */
static void
bury(struct roll *r)
{
	if (r->settled || r->next == 0)
		return;
	for (size_t i = 0; i < r->nopen; i++)
		if (!service_is_settled(r->open[i]->service))
			return;
	relay_bury(r->crew->relay);
	r->settled = true;
}

int64_t
roll_before(struct roll *r, int64_t now)
{
	int64_t wait = SCAN_MS;

	r->now = now;
	let_go(r);
	if (!r->stopped) {
		if (r->scan || now - r->scanned >= SCAN_MS || now < r->scanned)
			scan(r);
		open_due(r);
	}
	for (size_t i = 0; i < r->nopen; i++)
		wait = sooner(wait, service_before(r->open[i]->service, now, r->open[i]->rang));
	return wait;
}

int64_t
roll_after(struct roll *r, int64_t now)
{
	int64_t wait = SCAN_MS;

	for (size_t i = 0; i < r->nopen; i++) {
		struct entry *e = r->open[i];

		wait = sooner(wait, service_after(e->service, now, e->rang));
		if (e->rang || service_busy(e->service))
			e->active = ticks_ms();
		e->rang = false;
	}
	if (r->stopped)
		return wait;
	bury(r);
	close_idle(r);
	if (r->dirty)
		return 0;
	if (r->next <= now) /* not all were opened, or there was no room: for some ms yet */
		return sooner(wait, r->nopen - r->nleaving < SERVED ? 0 : 1);
	return sooner(wait, r->next - now);
}

void
roll_ring(struct roll *r, struct str name)
{
	struct entry *e = find(r, name);
	struct tenant t;

	if (e == NULL && tenant_named(r->crew->state, name, &t) != OK)
		return;
	if (e == NULL)
		e = add(r, name); /* made since the last scan */
	e->rang = true;
	r->dirty = true;
	if (e->service == NULL && e->due > r->now)
		e->due = r->now;
}

void
roll_ring_all(struct roll *r)
{
	r->scan = true;
	for (size_t i = 0; i < r->nopen; i++)
		r->open[i]->rang = true;
}

bool
roll_busy(const struct roll *r)
{
	for (size_t i = 0; i < r->nopen; i++)
		if (service_busy(r->open[i]->service))
			return true;
	return false;
}

bool
roll_rests(const struct roll *r)
{
	if (r->next <= r->now || r->dirty)
		return false;
	for (size_t i = 0; i < r->nopen; i++)
		if (!service_rests(r->open[i]->service))
			return false;
	return true;
}

size_t
roll_open(const struct roll *r)
{
	return r->nopen;
}

bool
roll_serves(struct roll *r, struct str name)
{
	const struct entry *e = find(r, name);

	return e != NULL && e->service != NULL;
}

/* ---- life ---- */

struct roll *
roll_new(const struct crew *crew)
{
	struct roll *r = calloc(1, sizeof(*r));

	if (r == NULL)
		die("out of memory");
	r->crew = crew;
	r->arena = arena_new();
	r->now = now_ms();
	r->scan = true;
	if (!open_one(r, add(r, S(""))) && r->v[0]->wrong)
		die("the store in %s cannot be opened", crew->state);
	return r;
}

void
roll_stop(struct roll *r)
{
	r->stopped = true;
	for (size_t i = 0; i < r->nopen; i++)
		service_stop(r->open[i]->service);
}

static void
ring_for(const struct roll *r, const struct entry *e)
{
	char dir[TENANT_DIR], path[TENANT_DIR + 16];
	struct ringer *bell;

	dir_of(r, e, dir);
	snprintf(path, sizeof(path), "%s/muster.db", dir);
	bell = ringer_new(path);
	ringer_ring(bell);
	ringer_free(bell);
}

void
roll_leave(struct roll *r, int64_t now, bool alone)
{
	r->now = now;
	for (size_t i = r->nopen; i-- > 0;) {
		struct entry *e = r->open[i];

		if (alone && e->name[0] != '\0' && service_rests(e->service) && lay_to_rest(r, i, 0))
			continue;
		if (!service_is_over(e->service))
			ring_for(r, e); /* what we gave back last is due for the heir */
	}
}

void
roll_free(struct roll *r)
{
	while (r->nopen > 0)
		close_one(r, r->nopen - 1);
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i]);
	free(r->v);
	arena_free(r->arena);
	free(r);
}

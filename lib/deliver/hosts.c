/* hosts.c - the destinations in the engine's memory, and whose turn it is. */
#include "hosts.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "log.h"
#include "pace.h"

enum {
	QUANTUM = 8,           /* starts a turn */
	FRESH_MS = 1000,       /* what was read longer ago is read again by a scan */
	REFUSED_AT_ONCE = 256, /* rows of a disabled one: no slots are needed for them */
};

struct ring {
	struct host **v;
	size_t n, room, at;
};

struct hosts {
	struct host **v; /* by id */
	size_t n, room;
	struct ring rings[LANE__MAX];
	struct host **changed; /* saved, not yet committed */
	size_t nchanged, changed_room;
	double widest[CHANNEL__MAX];
	struct arena *scratch;
};

static void *
grown(void *v, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return v;
	*room = *room ? *room * 2 : 64;
	if ((v = realloc(v, *room * size)) == NULL)
		die("out of memory");
	return v;
}

struct hosts *
hosts_new(void)
{
	struct hosts *h = calloc(1, sizeof(*h));

	if (h == NULL)
		die("out of memory");
	h->scratch = arena_new();
	for (int i = 0; i < CHANNEL__MAX; i++)
		h->widest[i] = 1e9;
	return h;
}

void
hosts_free(struct hosts *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->n; i++) {
		free((char *)h->v[i]->d.name.p);
		free(h->v[i]);
	}
	for (int l = 0; l < LANE__MAX; l++)
		free(h->rings[l].v);
	free(h->v);
	free(h->changed);
	arena_free(h->scratch);
	free(h);
}

/* Copies the numbers, and the words into a place that lasts. */
static void
copy(struct destination *to, const struct destination *from, char words[static 160])
{
	struct str name = to->name;
	size_t n = from->disabled.n < 160 ? from->disabled.n : 160;

	if (n > 0)
		memmove(words, from->disabled.p, n);
	*to = *from;
	to->name = name;
	to->disabled = (struct str){ words, n };
}

static bool
same(const struct destination *a, const struct destination *b)
{
	return !(a->width < b->width || a->width > b->width) &&
	       !(a->failures < b->failures || a->failures > b->failures) && a->trips == b->trips &&
	       a->open_until == b->open_until && a->failing_since == b->failing_since &&
	       str_eq(a->disabled, b->disabled);
}

static void
adopt(struct host *x, const struct destination *d, int64_t now)
{
	copy(&x->d, d, x->words[0]);
	copy(&x->stored, d, x->words[1]);
	x->read_at = now;
	x->changed = false;
}

static struct host *
read_host(struct db *db, struct arena *a, int64_t id, int64_t now)
{
	struct host *x = calloc(1, sizeof(*x));
	struct destination d = { .id = id, .width = 4 };

	if (x == NULL)
		die("out of memory");
	/* Without its row (a bug, or a hand in the store) it is one that answers
	 * to no channel; its rows are deferred. */
	if (destination_get(db, a, id, &d) != OK)
		log_line("destination %lld is not there", (long long)id);
	x->d.name.p = strndup(d.name.n ? d.name.p : "", d.name.n);
	if (x->d.name.p == NULL)
		die("out of memory");
	x->d.name.n = d.name.n;
	adopt(x, &d, now);
	for (int l = 0; l < LANE__MAX; l++)
		x->due[l] = NEVER;
	return x;
}

/* Where it is, or would be. */
static size_t
place(const struct hosts *h, int64_t id)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (h->v[mid]->d.id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Of that id; read where it is new. */
static struct host *
hosts_get(struct hosts *h, struct db *db, int64_t id, int64_t now)
{
	size_t at = place(h, id);

	if (at < h->n && h->v[at]->d.id == id)
		return h->v[at];
	h->v = grown(h->v, h->n, &h->room, sizeof(struct host *));
	memmove(h->v + at + 1, h->v + at, (h->n - at) * sizeof(struct host *));
	h->v[at] = read_host(db, h->scratch, id, now);
	h->v[at]->widest = &h->widest[h->v[at]->d.channel];
	h->n++;
	arena_reset(h->scratch);
	return h->v[at];
}

/* What others may have changed: an operator has switched it on again. */
static void
read_again(struct hosts *h, struct db *db, struct host *x, int64_t now)
{
	struct destination d;

	if (x->changed || now - x->read_at < FRESH_MS)
		return;
	if (destination_get(db, h->scratch, x->d.id, &d) == OK)
		adopt(x, &d, now);
	arena_reset(h->scratch);
}

static void
scan_lane(struct hosts *h, struct db *db, enum outbox_lane lane, int64_t now)
{
	struct ring *r = &h->rings[lane];
	int64_t turn = r->at < r->n ? r->v[r->at]->d.id : 0, id = 0, due;

	r->n = r->at = 0;
	while (outbox_next(db, lane, id, &id, &due)) {
		struct host *x = hosts_get(h, db, id, now);

		read_again(h, db, x, now);
		x->due[lane] = due;
		r->v = grown(r->v, r->n, &r->room, sizeof(struct host *));
		if (id < turn)
			r->at = r->n + 1;
		r->v[r->n++] = x;
	}
	if (r->at >= r->n)
		r->at = 0;
}

void
hosts_scan(struct hosts *h, struct db *db, int64_t now)
{
	for (size_t i = 0; i < h->n; i++)
		for (int l = 0; l < LANE__MAX; l++)
			h->v[i]->due[l] = NEVER;
	for (int l = 0; l < LANE__MAX; l++)
		scan_lane(h, db, (enum outbox_lane)l, now);
}

void
hosts_look(struct host *x, struct db *db, enum outbox_lane lane)
{
	int64_t id = 0, due = 0;

	if (outbox_next(db, lane, x->d.id - 1, &id, &due) && id == x->d.id)
		x->due[lane] = due;
	else
		x->due[lane] = NEVER;
}

void
hosts_note(struct host *x, enum outbox_lane lane, int64_t due)
{
	if (due < x->due[lane])
		x->due[lane] = due;
}

/* How many more may be started now, by its window; with `settling` those that
 * are over no longer count. */
static size_t
host_room(const struct host *x, enum outbox_lane lane, int64_t now, bool settling)
{
	size_t busy = x->running + (settling ? 0 : x->finished), window;

	if (x->d.disabled.n > 0)
		return REFUSED_AT_ONCE;
	window = pace_window(&x->d, lane, now);
	if ((double)window > *x->widest)
		window = *x->widest < 1 ? 1 : (size_t)*x->widest;
	for (int l = 0; l < LANE__MAX; l++)
		busy += x->planned[l];
	return window > busy ? window - busy : 0;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Deals out the budget; a claim's size is what several rounds gave. */
static size_t
deal(struct ring *r, enum outbox_lane lane, size_t budget, int64_t now, bool settling)
{
	size_t given = 0;

	for (size_t idle = 0; given < budget && idle < r->n; r->at = (r->at + 1) % r->n) {
		struct host *x = r->v[r->at];
		size_t room = x->due[lane] <= now ? host_room(x, lane, now, settling) : 0, n;

		if (x->d.disabled.n > 0 && x->planned[lane] > 0)
			room = 0;
		if (room == 0) {
			x->deficit[lane] = 0;
			idle++;
			continue;
		}
		idle = 0;
		x->deficit[lane] += QUANTUM;
		n = least(least(x->deficit[lane], room), budget - given);
		x->deficit[lane] -= n;
		x->planned[lane] += n;
		given += n;
	}
	return given;
}

size_t
hosts_share(struct hosts *h, enum outbox_lane lane, size_t budget, int64_t now, bool settling,
    void (*claim)(void *arg, struct host *, enum outbox_lane, size_t n), void *arg)
{
	struct ring *r = &h->rings[lane];
	size_t given = r->n == 0 ? 0 : deal(r, lane, budget, now, settling);

	for (size_t i = 0; given > 0 && i < r->n; i++) {
		struct host *x = r->v[i];
		size_t n = x->planned[lane];

		x->planned[lane] = 0;
		if (n > 0)
			claim(arg, x, lane, n);
	}
	return given;
}

void
hosts_widest(struct hosts *h, enum outbox_channel channel, double most)
{
	h->widest[channel] = most;
}

int64_t
hosts_next(const struct hosts *h, const bool lanes[LANE__MAX], int64_t now, bool settling)
{
	int64_t next = NEVER;

	for (int l = 0; l < LANE__MAX; l++)
		for (size_t i = 0; lanes[l] && i < h->rings[l].n; i++) {
			const struct host *x = h->rings[l].v[i];
			int64_t opens = x->d.disabled.n ? 0 : pace_opens(&x->d, (enum outbox_lane)l, now);
			int64_t at = x->due[l] > opens ? x->due[l] : opens;

			/* One that is due and has no room is waked by what finishes. */
			if (at < next && (at > now || host_room(x, (enum outbox_lane)l, now, settling) > 0))
				next = at;
		}
	return next;
}

void
hosts_save(struct hosts *h, struct db *db, struct arena *a, int64_t now)
{
	h->nchanged = 0;
	for (size_t i = 0; i < h->n; i++) {
		struct host *x = h->v[i];
		struct destination there;

		if (!x->changed || destination_get(db, a, x->d.id, &there) != OK)
			continue;
		if (!same(&there, &x->stored)) {
			adopt(x, &there, now);
			continue;
		}
		destination_save(db, &x->d);
		h->changed = grown(h->changed, h->nchanged, &h->changed_room, sizeof(struct host *));
		h->changed[h->nchanged++] = x;
	}
}

void
hosts_saved(struct hosts *h)
{
	for (size_t i = 0; i < h->nchanged; i++) {
		struct host *x = h->changed[i];

		copy(&x->stored, &x->d, x->words[1]);
		x->changed = false;
	}
	h->nchanged = 0;
}

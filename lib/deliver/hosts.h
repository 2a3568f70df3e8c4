/*
 * hosts.h - the destinations in the engine's memory, and whose turn it is; for
 * engine.c only.
 *
 * A scan lists, lane by lane, every destination with waiting rows and when its
 * earliest is due; claims and settlements keep that up to date, so that under
 * load the next scan can wait.  Turns are fair: deficit round robin within a
 * lane, whatever anybody's backlog is.
 */
#ifndef MUSTER_HOSTS_H
#define MUSTER_HOSTS_H

#include "clock.h"
#include "outbox.h"

struct host {
	struct destination d;      /* as we have it; its name lives as long as this */
	struct destination stored; /* as it lies in the store */
	char words[2][160];        /* of d.disabled and stored.disabled */
	int64_t due[LANE__MAX];    /* the earliest waiting row, or NEVER */
	size_t planned[LANE__MAX]; /* to be claimed now */
	size_t deficit[LANE__MAX]; /* what its last turn left over */
	size_t running, finished;  /* tries under way; over, but not settled */
	int64_t read_at;
	const double *widest; /* its channel's */
	bool changed;
};

struct hosts;
struct hosts *hosts_new(void);
void hosts_free(struct hosts *);

/* Looks through the queue. */
void hosts_scan(struct hosts *, struct db *, int64_t now);

/* Looks again when the earliest row of one is due. */
void hosts_look(struct host *, struct db *, enum outbox_lane);

/* A row of it will be due. */
void hosts_note(struct host *, enum outbox_lane, int64_t due);

/* Shares `budget` starts among those of a lane that have something due and
 * room: it calls claim() for each that gets some.  How many it gave out. */
size_t hosts_share(struct hosts *, enum outbox_lane, size_t budget, int64_t now, bool settling,
    void (*claim)(void *arg, struct host *, enum outbox_lane, size_t n), void *arg);

/* When the next one with room has something due in one of these lanes (unix
 * ms); NEVER. */
int64_t hosts_next(const struct hosts *, const bool lanes[LANE__MAX], int64_t now, bool settling);

/* The most that a window of this channel's may be. */
void hosts_widest(struct hosts *, enum outbox_channel, double);

/* W.  Saves what changed.  Where somebody else has changed it meanwhile (an
 * operator, a channel that disabled it), theirs holds.  hosts_saved(): it is
 * committed. */
void hosts_save(struct hosts *, struct db *, struct arena *, int64_t now);
void hosts_saved(struct hosts *);

#endif

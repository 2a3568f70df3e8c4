/*
 * relay.h - one dispatcher works, at most two wait for it to end.
 *
 * cron starts one each minute.  Kernel locks say who is who, so a killed one
 * leaves nothing behind that needs cleaning: in STATE/dispatch the files seat.0
 * and seat.1 (who waits), primary (who works), own.ID (who lives: the owner of
 * the claims of that ID; not empty: it died of what it did).  All locks are flock()s of descriptors that no
 * child inherits.
 */
#ifndef MUSTER_RELAY_H
#define MUSTER_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"

struct relay;

/* Takes a seat; NULL: both are taken, or somebody else works and `wait` is
 * false. */
struct relay *relay_join(const char *state, bool wait);

/* Sleeps until it is our turn to work.  Then the owner's file is there. */
void relay_promote(struct relay *);

/* Who we are: never 0. */
int64_t relay_owner(const struct relay *);

/* Notes that we end by a fault of our own, so that what we have claimed is
 * suspected of it.  May be called by a signal's handler. */
void relay_confess(const struct relay *);

/* Gives back what dead owners hold in a store, in transactions of its own; the messages of one that was
 * killed from outside are not suspected of anything; how many rows.  *others: somebody else's claims are
 * left, of one that lives, or is dying: the kernel lets a killed one's locks go one by one, so that we may
 * work before its claims are known to be nobody's. */
int64_t relay_reclaim(struct relay *, struct db *, struct arena *, int64_t now, bool *others);

/* Takes the files of the dead away, once no store is left in which they may hold
 * something: a claim whose owner has no file is as of one killed from outside. */
void relay_bury(struct relay *);

/* The next one may work; our claims stay ours. */
void relay_hand_over(struct relay *);

/* The end. */
void relay_leave(struct relay *); /* NULL is allowed */

#endif

/*
 * roll.h - all tenants of a state directory: who is served now, who lies at rest,
 * and when that one is to be looked at.
 *
 * At most SERVED stores are open and served at once.  A tenant is opened when its
 * bell rings or its time comes, and closed when it rests, at once where others
 * wait; its file `due` has then its next time (tenant.h).  One that is open has
 * no such file: so whoever comes after a dispatcher that was killed looks at it.
 * Where more want to be served than there is room for, those that were longest
 * end what they have under way and make room.  The default tenant stays open.
 */
#ifndef MUSTER_ROLL_H
#define MUSTER_ROLL_H

#include "service.h"

/* At most; others that only end what they began.  To open a store costs 2 ms,
 * mostly statements: with 100 at work and 32 of them open a message waited half a
 * second for its turn, with all open some ms.  Each is four descriptors and up to
 * a megabyte. */
enum { SERVED = 128, LEAVING = 16 };

struct roll;

/* Opens the default tenant's store: without it the process ends. */
struct roll *roll_new(const struct crew *);

/* Closes all.  Nothing may be under way. */
void roll_free(struct roll *);

/* The bell rang for that one; for so many that some were lost. */
void roll_ring(struct roll *, struct str name);
void roll_ring_all(struct roll *);

/* Before the engine's turn, and after it; for how long (ms) neither is needed. */
int64_t roll_before(struct roll *, int64_t now);
int64_t roll_after(struct roll *, int64_t now);

/* A transfer of a live publisher is under way. */
bool roll_busy(const struct roll *);

/* Nobody is due, and all that are open rest. */
bool roll_rests(const struct roll *);

/* The end: nothing is begun any more. */
void roll_stop(struct roll *);

/* Before roll_free(), with nothing under way: tenants that rest get their `due`
 * (`alone`: there is no heir), for all others the bell rings. */
void roll_leave(struct roll *, int64_t now, bool alone);

/* How many stores are open, and whether that one is. */
size_t roll_open(const struct roll *);
bool roll_serves(struct roll *, struct str name);

#endif

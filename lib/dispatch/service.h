/*
 * service.h - one tenant that the dispatcher serves: its open store, its part of
 * the engine, its live publisher, its chores.
 *
 * Whatever one tenant's store does (full, broken, locked by somebody), others
 * are served: nothing here ends the process, and a transaction waits no longer
 * than service_alone() allows.
 */
#ifndef MUSTER_SERVICE_H
#define MUSTER_SERVICE_H

#include "checkpointer.h"
#include "engine.h"
#include "relay.h"
#include "tenant.h"

/* What all of them share. */
struct crew {
	const char *state;
	struct engine *engine;
	struct relay *relay;
	struct checkpointer *checkpointer;
};

struct service;

/* The errors of db_open(). */
enum err service_open(struct service **, const struct crew *, const struct tenant *);

/* Closes its store.  Not while service_busy(). */
void service_close(struct service *); /* NULL is allowed */

/* Others are open too (false): they shall not wait for this one's writers. */
void service_alone(struct service *, bool);

/* Before the engine's turn, and after it; for how long (ms) neither is needed.
 * `news`: the bell rang for it. */
int64_t service_before(struct service *, int64_t now, bool news);
int64_t service_after(struct service *, int64_t now, bool news);

/* Something of it is under way. */
bool service_busy(const struct service *);

/* Nothing is under way or due, as far as it knows. */
bool service_rests(const struct service *);

/* All that dead dispatchers left in it has been taken up. */
bool service_is_settled(const struct service *);

/* Its store is another's now, or nobody's, or it was suspended: noticed within
 * a second. */
bool service_is_over(const struct service *);

/* From now on nothing is begun. */
void service_stop(struct service *);

/* When it is to be looked at next, though nobody rings for it (unix ms); 0:
 * now. */
int64_t service_due(struct service *, int64_t now);

/* Writes down what it would write soon anyway. */
void service_flush(struct service *, int64_t now);

/* Whether its files have changed since it was asked last. */
bool service_was_written(struct service *);

#endif

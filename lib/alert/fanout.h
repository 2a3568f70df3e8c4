/*
 * fanout.h - from one alert to a message for each who asked for it.
 *
 * Publishing leaves one entry in the ranking `fanouts` (by the time it may
 * begin); the dispatcher expands it in chunks, each a transaction that also
 * moves the cursor, so that a kill repeats nothing and forgets nobody.
 */
#ifndef MUSTER_FANOUT_H
#define MUSTER_FANOUT_H

#include "alert.h"

/* W.  Writes the next chunk of the fan-out that is due first: messages for up
 * to `limit` subscriptions.  *more: there is something left that is due now.
 * *next: when the next one is due (unix ms; 0: none waits). */
enum err fanout_step(struct db *, struct arena *, size_t limit, bool *more, int64_t *next);

/* When the first that waits is due (unix ms); 0: none waits. */
int64_t fanout_next(struct db *, struct arena *);

#endif

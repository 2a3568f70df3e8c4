/*
 * check.h - the proof that everything agrees with everything.
 */
#ifndef MUSTER_CHECK_H
#define MUSTER_CHECK_H

#include "shelter.h"

struct check_report {
	int64_t shelters, intents, entries; /* looked at */
	int64_t differences;
	void (*tell)(void *arg, const char *difference); /* each one, in words */
	void *arg;
};

/* Compares, shelter by shelter: the numbers with the sums of its ledger and of
 * its live intentions; counters, rankings, position, needs, place and card
 * with what its hash says; then every index backwards.  Within a transaction
 * of the caller.  The arena is reset on the way. */
enum err check_all(struct db *, struct arena *, struct check_report *);

#endif

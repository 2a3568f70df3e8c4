/*
 * alertcheck.h - the proof that alerts, feed and fan-outs agree.
 */
#ifndef MUSTER_ALERTCHECK_H
#define MUSTER_ALERTCHECK_H

#include "alert.h"

struct alert_report {
	int64_t alerts; /* looked at */
	int64_t differences;
	void (*tell)(void *arg, const char *difference); /* each one, in words */
	void *arg;
};

/* Compares, alert by alert: rankings, feed item, chain, fan-out and recipients
 * with what its hash says; then how many the indexes hold with how many they
 * should.  Within a transaction of the caller.  The arena is reset on the way. */
enum err alert_check(struct db *, struct arena *, struct alert_report *);

#endif

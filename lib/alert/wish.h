/*
 * wish.h - what a request says about whom alerts concern: places, severity.
 *
 * Shared by those who ask for alerts (subscriptions) and those who get them for
 * a program (webhooks).  Each adds its faults to the request; false: there are.
 */
#ifndef MUSTER_WISH_H
#define MUSTER_WISH_H

#include "request.h"
#include "subscription.h"

/* Whether a change speaks of this field: a form always does. */
bool wish_told(struct req *, const char *field);

/* "locations": ids of places that there are, each once. */
bool wish_locations(struct req *, struct subscription *);

/* Adds one, an id or (where a person writes) a name; twice is once. */
bool wish_location(struct req *, struct str word, struct subscription *);

/* "min_severity"; stays what it was where it is not given. */
bool wish_severity(struct req *, struct subscription *);

#endif

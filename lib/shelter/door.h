/*
 * door.h - counting at the door: what arrivals and departures share.
 */
#ifndef MUSTER_DOOR_H
#define MUSTER_DOOR_H

#include "response.h"
#include "shelter.h"

enum { DOOR_PEOPLE_MAX = 10000 }; /* a press or a form at once */

/* Loads the shelter that the body names, for somebody who works at its door.
 * ERR_INPUT (no such shelter, or none named), ERR_FORBIDDEN. */
enum err door_shelter(struct req *, struct shelter *);

/* What was counted: JSON with both numbers, or back to the desk with a notice. */
enum err door_answer(struct req *, struct res *, const struct shelter *, const char *what, int64_t people);

/* The shelter of this id, for somebody who works at its door.  ERR_NOT_FOUND,
 * ERR_FORBIDDEN. */
enum err door_mine(struct req *, struct str id, struct shelter *);

#endif

/*
 * edit.h - what a request says of a shelter: for creating and changing one.
 */
#ifndef MUSTER_EDIT_H
#define MUSTER_EDIT_H

#include "request.h"
#include "shelter.h"

/* Brings the fields of the body into `s` (RFC 7396: absent stays, null makes
 * unknown or empty); from a form only status and occupancy.  Faults are
 * collected in the request; false when there are any.  `creating`: a name is
 * needed, and what the server computes (availability …) is passed over rather
 * than refused, so that what one server gave another takes. */
bool shelter_edit(struct req *, struct shelter *s, bool creating);

#endif

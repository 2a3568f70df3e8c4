/*
 * draft.h - an alert while it is being written: from a request to what
 * alert_publish() takes.
 *
 * JSON and form have the same fields, but that a form gives its audience as
 * `locations`, further languages as language_2, title_2 …, and its times as
 * `hours` or local date-times (`until`, `from`).  Every fault is told, not only the first.
 */
#ifndef MUSTER_DRAFT_H
#define MUSTER_DRAFT_H

#include "alert.h"
#include "request.h"

enum draft_kind { DRAFT_NEW, DRAFT_UPDATE, DRAFT_CANCEL, DRAFT_ALL_CLEAR };

enum { DRAFT_HOURS = 24, DRAFT_DAYS_MAX = 7 };

struct draft {
	enum draft_kind kind;
	struct alert alert;  /* what will be published */
	bool waits;          /* what it replaces is not public yet: it may wait as well */
	bool expiry_assumed; /* no end was given: DRAFT_HOURS */
};

/* What stands in the form at first: nothing, or what `old` said; an end of the
 * danger has its own words.  `old` is NULL for a new one. */
void draft_start(struct req *, enum draft_kind, const struct alert *old, struct draft *);

/* Reads the request over what draft_start() has.  What an update does not
 * mention stays; its audience and channels stay in any case.  ERR_INPUT with the faults. */
enum err draft_read(struct req *, enum draft_kind, const struct alert *old, struct draft *);

/* The alert that `references` names; 0: none.  A fault where it is no number. */
bool draft_references(struct req *, int64_t *id);

/* "2026-11-28T18:00" in the process' time zone as Unix milliseconds. */
bool local_time_read(struct str, int64_t *at);

#endif

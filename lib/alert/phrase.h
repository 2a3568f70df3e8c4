/*
 * phrase.h - the fixed words around an alert, in the languages that messages have.
 *
 * One table: English, Romanian, Hungarian, Ukrainian, German.  Words go with the
 * text that they stand beside, so a text in another language gets English ones.
 */
#ifndef MUSTER_PHRASE_H
#define MUSTER_PHRASE_H

#include "arena.h"

enum phrase {
	PHRASE_EXERCISE,       /* the mark before a title */
	PHRASE_EXERCISE_NOTE,  /* the same as a sentence */
	PHRASE_UPDATE,         /* before a title */
	PHRASE_ALL_CLEAR,      /* before a title */
	PHRASE_ALL_CLEAR_NOTE, /* where nothing else was written */
	PHRASE_CANCELLED,      /* before a title: it was sent in error */
	PHRASE_CANCELLED_NOTE, /* where nothing else was written */
	PHRASE_WHAT_TO_DO,
	PHRASE_AREAS,
	PHRASE_VALID_UNTIL,
	PHRASE_TIME, /* strftime's form of an instant */
	PHRASE_MORE, /* before a link */
	PHRASE_WHY,  /* why this came */
	PHRASE_UNSUBSCRIBE,
	PHRASE__MAX
};

/* Never empty. */
const char *phrase(struct str language, enum phrase);

/* An instant on clocks of that zone: "18:05 on 28 Nov 2026 (Europe/Bucharest)". */
struct str phrase_time(struct arena *, struct str language, struct str zone, int64_t at);

#endif

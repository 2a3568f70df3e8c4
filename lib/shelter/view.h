/*
 * view.h - what several pages show of a shelter; the vocabulary is
 * docs/pages.md.
 */
#ifndef MUSTER_VIEW_H
#define MUSTER_VIEW_H

#include "html.h"
#include "shelter.h"

enum { CONFIRMED_FOR_MS = 60 * 60 * 1000 }; /* then a number is "unconfirmed" */

/* <time>18:05 EET</time> */
void view_time(struct req *, struct res *, int64_t at);

/* "Numbers of 18:17 EET. Refresh" */
void view_fresh(struct req *, struct res *, const char *before, const char *href);

void view_status(struct res *, const struct shelter *);
void view_numbers(struct res *, const struct shelter *, bool huge);
void view_age(struct req *, struct res *, const struct shelter *);
void view_tags(struct res *, const struct shelter *, size_t most);
void view_directions(struct req *, struct res *, const struct shelter *);

/* Places left as words for a table or a sentence: "12", "none", "unknown". */
void view_count(struct res *, bool known, int64_t n);

struct view_card {
	const struct shelter *s;
	double distance;        /* metres; negative: not shown */
	const struct geo *from; /* for the direction; NULL: none */
	const char *behind;     /* after the direction: " of it"; NULL: nothing */
	int level;              /* of its heading */
	const char *query;      /* kept in its links: "?seats=4"; "" for none */
	const char *note;       /* after the address; NULL: nothing */
	bool desk;              /* links lead to the staff's desk */
};

/* <li class="card …"> up to, not including, </li>. */
void view_card(struct req *, struct res *, const struct view_card *);

/* Whether a citizen may be told to come here. */
bool view_takes_people(const struct shelter *);

/* The form "We are coming" to this shelter.  What stands in it comes from the
 * search that led here (seats, need), or is what was typed, when it is refused. */
void view_come(struct req *, struct res *, struct str shelter);

/* "Step-free way in" for step-free; the text itself where it is not known. */
const char *view_need(struct arena *, struct str need);

/* "K7M2 9QXT" */
const char *view_code(struct arena *, struct str code);

#endif

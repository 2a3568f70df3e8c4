/*
 * notice.h - an alert as people and programs see it: JSON, card, page, banner.
 *
 * The vocabulary of pages is docs/pages.md.
 */
#ifndef MUSTER_NOTICE_H
#define MUSTER_NOTICE_H

#include "alert.h"
#include "html.h"
#include "json.h"

/* An alert's members as in api.md (an object).  Staff also get who published it,
 * how many recipients were foreseen and what became of the messages. */
void notice_json(struct req *, struct json *, const struct alert *);

/* "Extreme", "Severe" … with its shape, and how soon to act; "All clear", "Cancelled". */
void notice_grade(struct req *, struct res *, const struct alert *);

/* "Cluj, Iași and Romania" */
struct str notice_areas(struct db *, struct arena *, const struct alert *);

/* A text with its lines as paragraphs; `lang` is the text's language. */
void notice_text(struct res *, struct str text);

/* <li> of a list of alerts, whole. */
void notice_card(struct req *, struct res *, const struct alert *, int level);

/* The gravest first: real before exercise, of equals the newest. */
void notice_sort(struct alert *, size_t n);

/* What its page says first, its h1 with it; and what one may read on. */
void notice_page(struct req *, struct res *, const struct alert *);
void notice_more(struct req *, struct res *, const struct alert *);

/* What became of its messages, by channel; for staff. */
void notice_deliveries(struct req *, struct res *, const struct alert *);

/* The banner over every page: the gravest of those in force and how many more,
 * an all-clear for a while, or nothing that is seen. */
void notice_banner(struct req *, struct res *, const struct alert *, size_t n);

/* Words for people: "Act now", "Seen to happen". */
const char *urgency_words(enum urgency);
const char *certainty_words(enum certainty);

#endif

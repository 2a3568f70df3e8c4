/*
 * composer.h - the pages on which an officer writes an alert: the form, and
 * what will leave, to be looked at before it does.
 *
 * Nothing is kept between the steps but what the pages carry: they work without
 * a script, and what was typed is never lost.
 */
#ifndef MUSTER_COMPOSER_H
#define MUSTER_COMPOSER_H

#include "draft.h"
#include "html.h"

/* So many recipients of a critical alert ask for a typed word. */
enum { CONFIRM_ABOVE = 100 };

/* A form's step that is neither preview nor publishing: adds the area that was
 * typed to those chosen, or a block for another language.  False: a fault. */
bool composer_step(struct req *);

/* The form, with its faults if there are any; what was typed, or the draft. */
void composer_form(struct req *, struct res *, int status, const struct draft *);

/* What will leave, by each channel, and to how many. */
void composer_preview(struct req *, struct res *, int status, const struct draft *, const struct alert *old);

/* A critical alert to many is published only with an area's name or the number
 * typed in; a fault of `confirm` where it was not. */
bool composer_confirmed(struct req *, const struct alert *);

/* "update" of the field or parameter `kind`; false: no such kind. */
bool draft_kind_named(struct str, enum draft_kind *);

#endif

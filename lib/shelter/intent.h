/*
 * intent.h - "we are coming, 4 people": intentions, from announcement to end.
 *
 * An intention lives until it is cancelled, rejected, confirmed at the door,
 * or its time is over; then its record is gone, with name and phone, and what
 * it did stays in the ledger.  At every moment a shelter's `expected` is the
 * sum of the people of its live intentions.
 */
#ifndef MUSTER_INTENT_H
#define MUSTER_INTENT_H

#include "shelter.h"

enum { INTENT_PEOPLE_MAX = 50, INTENT_MS = 2 * 60 * 60 * 1000 };

struct intent {
	struct str code, shelter;
	int64_t people;
	struct str needs;       /* as told: "step-free, medicine"; may be empty */
	struct str name, phone; /* only if they were given; for the staff at the door */
	int64_t created_at, expires_at;
};

/* W.  Announces: sets code, created_at, expires_at; `s` as loaded in this
 * transaction is brought up to date.  Unknown capacity takes everybody.
 * ERR_CONFLICT: not enough projected places, or the shelter is closed or
 * declared full; nothing was done. */
enum err intent_announce(struct db *, struct arena *, struct shelter *s, struct intent *);

/* A live one.  ERR_NOT_FOUND: wrong, or ended: nobody learns which. */
enum err intent_load(struct db *, struct arena *, struct str code, struct intent *);

/* W.  Another number of people.  ERR_CONFLICT: more than there is room for. */
enum err intent_change(struct db *, struct arena *, struct shelter *s, struct intent *, int64_t people);

/* W.  Ends it without an arrival; `how` says the kind (cancel, reject, expire),
 * who on the staff, and why. */
enum err intent_end(
    struct db *, struct arena *, struct shelter *s, const struct intent *, const struct change *how);

/* W.  Ends it with `people` who came, fewer or more than announced. */
enum err intent_arrive(
    struct db *, struct arena *, struct shelter *s, const struct intent *, int64_t people, struct str by);

/* W.  Ends those of one shelter whose time is over; also what every write at
 * the shelter begins with, so that their places are free. */
enum err intent_expire(struct db *, struct arena *, struct shelter *s);

/* W.  Ends at most `limit` of the whole tenant; *n: how many it were. */
enum err intent_expire_all(struct db *, struct arena *, size_t limit, size_t *n);

/* When the first of all ends (unix ms); 0: there is none. */
int64_t intent_next_end(struct db *, struct arena *);

/* Who is on the way to a shelter, the next to expire first; `limit` at most. */
enum err intent_list(
    struct db *, struct arena *, struct str shelter, size_t limit, struct intent **, size_t *n);

/* Room for so many more on their way? */
bool shelter_takes(const struct shelter *, int64_t people);

#endif

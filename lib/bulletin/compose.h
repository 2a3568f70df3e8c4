/*
 * compose.h - writing a post: its form, and what arrives from it.
 */
#ifndef MUSTER_COMPOSE_H
#define MUSTER_COMPOSE_H

#include "post.h"
#include "response.h"
#include "team.h"

enum { COMPOSE_TEAMS = 60 /* offered by their names; others by their short name */ };

/* The teams that a reader may know of, his own first, `most` at most; *mine: how many are his. */
enum err compose_teams(
    struct req *, const struct reader *, size_t most, struct team **, size_t *n, size_t *mine);

/* The form.  `team` is ticked in a new one; a refused one keeps what was typed. */
void compose_form(struct req *, struct res *, const struct reader *, struct str team);

/* The form that changes the text of a post, with the time left for it. */
void compose_edit_form(struct req *, struct res *, const struct post *);

/* Text, teams, public and position of the body: JSON members or form fields.  False: see
 * the faults. */
bool compose_read(struct req *, struct post *);

/* The text alone. */
bool compose_read_text(struct req *, struct str *text);

/* A place as it is shared: on a grid whose cells have sides of about so many metres, or more;
 * 0 and below one metre: as it is. */
struct geo compose_coarse(struct geo, double metres);

#endif

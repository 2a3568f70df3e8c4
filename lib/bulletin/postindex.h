/*
 * postindex.h - what is derived from a post: for post.c, postcheck.c and the bench only.
 *
 * A post's entries follow from the post alone, so that what was put in can be
 * taken out, and checked, at any time later.
 */
#ifndef MUSTER_POSTINDEX_H
#define MUSTER_POSTINDEX_H

#include "post.h"

#define POST_INDEX S("posts") /* of full text */

enum { CELL_SHORTEST = 4, CELL_LONGEST = 6 }; /* letters */

struct str post_key(struct arena *, int64_t id);
struct str post_number(struct arena *, int64_t id); /* "17" */

/* Only members of teams read it. */
bool audience_closed(struct str audience);

/* What a list of names becomes: 32 hexadecimal digits, or 16. */
struct str post_hash(struct arena *, struct str bytes, size_t size);

/* The audience that its teams and `public` make. */
enum err post_audience(struct db *, struct arena *, const struct post *, struct str *audience);

/* Its tags, spellings and the names after '@', as the text has them. */
void post_entities(struct arena *, struct post *);

/* Every ranking of which it is a member, under its number. */
size_t post_rankings(struct arena *, const struct post *, struct str **keys);

/* Its labels in the index of full text. */
size_t post_labels(struct arena *, const struct post *, struct str **labels);

struct str tags_ranking(struct arena *, struct str audience);
struct str tag_spellings(struct arena *, struct str tag, struct str audience);
struct str team_audiences(struct arena *, struct str slug);

/* W.  A post comes, goes (NULL), or changes into what it is now: all of its
 * entries, but not the post itself. */
enum err post_reindex(struct db *, struct arena *, const struct post *old, const struct post *now);

/* What an event says of it, with these teams. */
struct str post_event(struct arena *, const struct post *, const struct str *teams, size_t nteams);

/* W.  Tells of it on the channels of those who may read it. */
enum err post_tell(struct db *, struct arena *, const struct post *);

#endif

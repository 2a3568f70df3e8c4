/*
 * place.h - names of places: towns of shelters, and locations' titles.
 */
#ifndef MUSTER_PLACE_H
#define MUSTER_PLACE_H

#include "shelter.h"

/* W.  A shelter lies in (or no longer in) a town: set place:SLUG, and the
 * slug in the set `places`. */
enum err place_add(struct db *, struct arena *, struct str town, struct str id);
enum err place_rem(struct db *, struct arena *, struct str town, struct str id);

struct place {
	struct str title;    /* as people write it */
	struct str location; /* "city-CJ" when the name is that of a location; else empty */
	struct geo centre;   /* the median of its shelters' positions */
	int64_t shelters;
};

enum { PLACES_MAX = 8 };

/* The places that a name may mean, the best first: the whole name before its
 * beginning, towns before areas, large before small.  Accents and case do not
 * count.  Places without any position are left out. */
enum err place_find(struct db *, struct arena *, struct str name, struct place *, size_t *n);

/* "Cluj" for city-CJ, "Romania" for country-RO; what was set; else the code. */
struct str location_title(struct db *, struct arena *, struct str location);

/* Up to `limit` locations that a name may mean: with a word of their title that
 * begins with it, by their code, or because a town of this name lies there.  An
 * empty name: the largest, countries first. */
enum err location_search(
    struct db *, struct arena *, struct str name, size_t limit, struct str **locations, size_t *n);

/* W.  Names a location that has no name of its own yet. */
enum err location_name(struct db *, struct arena *, struct str location, struct str title);

/* "city-CJ", "country-RO": lower-case letters, a dash, capitals and digits;
 * 40 characters at most.  Names with other characters would meet other keys. */
bool location_valid(struct str);

#endif

/* wish.c - what a request says about whom alerts concern. */
#include "wish.h"

#include <json-c/json.h>

#include "place.h"
#include "set.h"
#include "shelter.h"

bool
wish_told(struct req *rq, const char *field)
{
	return rq->json == NULL || json_object_object_get_ex(rq->json, field, NULL);
}

bool
wish_location(struct req *rq, struct str word, struct subscription *s)
{
	struct str *found = &word;
	size_t n = 1;

	/* People write "Cluj", programs "city-CJ". */
	if (!location_valid(word) || !set_has(rq->db, S("locations"), word)) {
		if (rq->face == FACE_JSON || word.n == 0 || word.n > 80 ||
		    location_search(rq->db, rq->arena, word, 1, &found, &n) != OK || n == 0)
			return fault(rq, "locations", "unknown", "There is no place %.*s.", FMT(word));
	}
	for (size_t i = 0; i < s->nlocations; i++)
		if (str_eq(s->locations[i], found[0]))
			return true;
	if (s->nlocations == SUBSCRIPTION_LOCATIONS)
		return fault(rq, "locations", "length", "Give at most %d.", SUBSCRIPTION_LOCATIONS);
	s->locations[s->nlocations++] = found[0];
	return true;
}

bool
wish_locations(struct req *rq, struct subscription *s)
{
	struct str *given;
	size_t n = 0;
	bool good = true;

	if (!opt_list(rq, "locations", SUBSCRIPTION_LOCATIONS, 40, &given, &n))
		return false;
	s->locations = arena_array(rq->arena, struct str, SUBSCRIPTION_LOCATIONS);
	s->nlocations = 0;
	for (size_t i = 0; i < n; i++)
		good &= wish_location(rq, given[i], s);
	if (n == 0)
		return fault(rq, "locations", "missing", "Choose at least one place.");
	return good;
}

bool
wish_severity(struct req *rq, struct subscription *s)
{
	struct str word;

	if (!opt_text(rq, "min_severity", 20, &word))
		return false;
	if (word.n && !severity_named(word, &s->min_severity))
		return fault(rq, "min_severity", "choice", "Choose Minor, Moderate, Severe or Extreme.");
	return true;
}

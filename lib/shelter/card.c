/*
 * card.c - the one string that lists and searches read.
 *
 * "SEQUENCE STATUS PROJECTED |needs|" and a newline, then the JSON: what a
 * filter looks at stands in front, so that nothing is parsed for the rest.
 */
#include <string.h>

#include "shelter.h"
#include "value.h"

enum err
shelter_card(struct db *db, struct arena *a, struct str id, struct str *bytes)
{
	return shelter_id_valid(id) ? string_get(db, a, arena_strf(a, "%.*s" CARD, FMT(id)), bytes)
				    : ERR_NOT_FOUND;
}

bool
card_parse(struct str bytes, struct card *c)
{
	struct str line = str_cut(&bytes, '\n'), status, projected;
	int64_t n;

	if (!str_int(str_cut(&line, ' '), 0, INT64_MAX, &c->sequence))
		return false;
	status = str_cut(&line, ' ');
	projected = str_cut(&line, ' ');
	if (!status_parse(status, &c->status))
		return false;
	c->known = str_int(projected, INT64_MIN, INT64_MAX, &n);
	c->projected = c->known ? n : 0;
	c->needs = line;
	c->json = bytes;
	return true;
}

bool
card_has(const struct card *c, struct str need)
{
	const char *p = c->needs.p, *end = p + c->needs.n;

	/* Every slug stands between two bars. */
	while (need.n && (p = memmem(p, (size_t)(end - p), need.p, need.n)) != NULL) {
		if (p > c->needs.p && p[-1] == '|' && p + need.n < end && p[need.n] == '|')
			return true;
		p++;
	}
	return false;
}

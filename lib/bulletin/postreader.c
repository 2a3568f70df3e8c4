/* postreader.c - who may read a post, and what of it he may know. */
#include <stdlib.h>

#include "hash.h"
#include "postindex.h"
#include "set.h"
#include "team.h"

/* ERR_NOT_FOUND: there is no such team. */
static enum err
is_open(struct db *db, struct arena *a, struct str slug, bool *open)
{
	struct str value;
	enum err e;

	if (!team_slug_valid(slug))
		return ERR_NOT_FOUND;
	if ((e = hash_get(db, a, arena_strf(a, "team:%.*s", FMT(slug)), S("open"), &value)) == OK)
		*open = str_is(value, "1");
	return e;
}

/* The closed ones among some teams. */
static enum err
closed_of(struct db *db, struct arena *a, const struct str *slugs, size_t n, struct reader *r)
{
	enum err e = OK;
	bool open = false;

	r->closed = arena_array(a, struct str, n + 1);
	for (size_t i = 0; i < n && e == OK; i++)
		if ((e = is_open(db, a, slugs[i], &open)) == OK && !open)
			r->closed[r->nclosed++] = slugs[i];
	return e;
}

/* An audience of several teams is met once for each of them. */
static enum err
audiences_of(struct db *db, struct arena *a, struct reader *r)
{
	size_t room = 0, n, kept;
	enum err e = OK;

	for (size_t i = 0; i < r->nclosed && e == OK; i++) {
		struct str *list;

		e = set_page(
		    db, a, team_audiences(a, r->closed[i]), (struct str){ 0 }, AUDIENCES_MAX, &list, &n);
		for (size_t k = 0; e == OK && k < n; k++) {
			r->audiences = arena_grow(a, r->audiences, r->naudiences, &room);
			r->audiences[r->naudiences++] = list[k];
		}
	}
	if (e == OK && r->naudiences > 1) {
		qsort(r->audiences, r->naudiences, sizeof(struct str), str_by_bytes);
		kept = 1;
		for (size_t i = 1; i < r->naudiences; i++)
			if (!str_eq(r->audiences[i], r->audiences[kept - 1]))
				r->audiences[kept++] = r->audiences[i];
		r->naudiences = kept;
	}
	return e;
}

/* "public" and "org" stand before those of teams. */
static void
add_common(struct arena *a, struct reader *r)
{
	struct str *all = arena_array(a, struct str, r->naudiences + 2);
	size_t n = 0;

	all[n++] = S("public");
	if (r->staff)
		all[n++] = S("org");
	for (size_t i = 0; i < r->naudiences; i++)
		all[n++] = r->audiences[i];
	r->audiences = all;
	r->naudiences = n;
}

enum err
reader_of(struct db *db, struct arena *a, struct str user, bool staff, bool admin, struct reader *r)
{
	struct str *all;
	size_t n;
	enum err e = OK;

	*r = (struct reader){ .name = user, .staff = staff, .admin = staff && admin };
	if (staff && user.n)
		e = team_of(db, a, user, &r->teams, &r->nteams);
	if (e != OK)
		return e;
	all = r->teams;
	n = r->nteams;
	if (r->admin)
		e = set_page(db, a, S("teams"), (struct str){ 0 }, TEAMS_MAX, &all, &n);
	if (e == OK)
		e = closed_of(db, a, all, n, r);
	if (e == OK)
		e = audiences_of(db, a, r);
	add_common(a, r);
	return e;
}

bool
reader_knows(struct db *db, struct arena *a, const struct reader *r, struct str slug)
{
	bool open = false;

	return str_among(slug, r->closed, r->nclosed) || (is_open(db, a, slug, &open) == OK && open);
}

/* Asks the teams, not the list of audiences: one that has no post any more may
 * still be a tombstone's. */
bool
post_readable(const struct post *p, const struct reader *r)
{
	if (str_is(p->audience, "public"))
		return true;
	if (str_is(p->audience, "org"))
		return r->staff;
	for (size_t i = 0; audience_closed(p->audience) && i < p->nteams; i++)
		if (str_among(p->teams[i], r->closed, r->nclosed))
			return true;
	return false;
}

size_t
post_teams_shown(
    struct db *db, struct arena *a, const struct post *p, const struct reader *r, struct str **teams)
{
	size_t n = 0;

	*teams = arena_array(a, struct str, p->nteams + 1);
	for (size_t i = 0; i < p->nteams && post_readable(p, r); i++)
		if (reader_knows(db, a, r, p->teams[i]))
			(*teams)[n++] = p->teams[i];
	return n;
}

/* team.c - who works together. */
#include "team.h"

#include <string.h>

#include "event.h"
#include "hash.h"
#include "key.h"
#include "set.h"
#include "zset.h"

bool
team_slug_valid(struct str s)
{
	return str_slug(s, TEAM_SLUG_MAX);
}

static struct str
team_key(struct arena *a, struct str slug)
{
	return arena_strf(a, "team:%.*s", FMT(slug));
}

static struct str
members_key(struct arena *a, struct str slug)
{
	return arena_strf(a, "team:%.*s:members", FMT(slug));
}

static struct str
user_key(struct arena *a, struct str user)
{
	return arena_strf(a, "user:%.*s", FMT(user));
}

static struct str
teams_key(struct arena *a, struct str user)
{
	return arena_strf(a, "user:%.*s:teams", FMT(user));
}

enum err
team_get(struct db *db, struct arena *a, struct str slug, struct team *t)
{
	const struct str names[] = { S("title"), S("open"), S("created_at") };
	struct str v[LEN(names)];
	enum err e;

	/* A slug from outside must not become the name of another key. */
	if (!team_slug_valid(slug))
		return ERR_NOT_FOUND;
	if ((e = hash_get_many(db, a, team_key(a, slug), names, LEN(names), v)) != OK)
		return e;
	if (v[0].p == NULL)
		return ERR_NOT_FOUND;
	*t = (struct team){ .slug = arena_dup(a, slug), .title = v[0], .open = v[1].p && str_is(v[1], "1") };
	if (v[2].p)
		str_int(v[2], 0, INT64_MAX, &t->created_at);
	return set_card(db, members_key(a, slug), &t->members);
}

enum err
team_list(struct db *db, struct arena *a, struct team **teams, size_t *n)
{
	struct str *slugs;
	size_t nslugs;
	enum err e = set_page(db, a, S("teams"), (struct str){ 0 }, TEAMS_MAX, &slugs, &nslugs);

	*n = 0;
	*teams = arena_array(a, struct team, e == OK ? nslugs + 1 : 1);
	for (size_t i = 0; e == OK && i < nslugs; i++)
		if ((e = team_get(db, a, slugs[i], &(*teams)[*n])) == OK)
			++*n;
	return e;
}

static enum err
put(struct db *db, struct arena *a, struct str slug, struct str title, bool open)
{
	struct field fields[] = {
		{ S("title"), title },
		{ S("open"), open ? S("1") : S("0") },
	};

	return hash_set(db, team_key(a, slug), fields, LEN(fields));
}

enum err
team_add(struct db *db, struct arena *a, struct str slug, struct str title, bool open)
{
	struct field made = { S("created_at"), arena_strf(a, "%lld", (long long)db_now(db)) };
	int64_t n;
	enum err e;

	if (!team_slug_valid(slug))
		return ERR_INPUT;
	if (key_exists(db, team_key(a, slug)))
		return ERR_CONFLICT;
	if ((e = set_card(db, S("teams"), &n)) != OK)
		return e;
	if (n >= TEAMS_MAX)
		return ERR_TOO_LARGE;
	if ((e = set_add(db, S("teams"), slug)) != OK)
		return e;
	if ((e = hash_set(db, team_key(a, slug), &made, 1)) != OK)
		return e;
	return put(db, a, slug, title, open);
}

enum err
team_change(struct db *db, struct arena *a, struct str slug, struct str title, bool open)
{
	struct team t;
	int64_t posts = 0;
	enum err e = team_get(db, a, slug, &t);

	if (e == OK && t.open != open)
		e = zset_card(db, arena_strf(a, "team:%.*s:posts", FMT(slug)), &posts);
	if (e == OK && posts > 0)
		return ERR_CONFLICT;
	return e == OK ? put(db, a, slug, title, open) : e;
}

/* The team and the user exist, both. */
static enum err
both(struct db *db, struct arena *a, struct str slug, struct str user)
{
	if (!team_slug_valid(slug) || !key_exists(db, team_key(a, slug)))
		return ERR_NOT_FOUND;
	return set_has(db, S("users"), user) && key_exists(db, user_key(a, user)) ? OK : ERR_NOT_FOUND;
}

enum err
team_join(struct db *db, struct arena *a, struct str slug, struct str user)
{
	enum err e = both(db, a, slug, user);

	if (e == OK)
		e = set_add(db, members_key(a, slug), user);
	return e == OK ? set_add(db, teams_key(a, user), slug) : e;
}

enum err
team_leave(struct db *db, struct arena *a, struct str slug, struct str user)
{
	enum err e = both(db, a, slug, user);
	struct team t;

	if (e == OK && team_get(db, a, slug, &t) == OK && !t.open)
		event_cut(db);
	if (e == OK)
		e = set_rem(db, members_key(a, slug), user);
	return e == OK ? set_rem(db, teams_key(a, user), slug) : e;
}

enum err
team_of(struct db *db, struct arena *a, struct str user, struct str **slugs, size_t *n)
{
	return set_page(db, a, teams_key(a, user), (struct str){ 0 }, TEAMS_MAX, slugs, n);
}

enum err
team_members(struct db *db, struct arena *a, struct str slug, struct str after, size_t limit,
    struct str **names, size_t *n)
{
	return set_page(db, a, members_key(a, slug), after, limit, names, n);
}

bool
team_has(struct db *db, struct arena *a, struct str slug, struct str user)
{
	return team_slug_valid(slug) && set_has(db, members_key(a, slug), user);
}

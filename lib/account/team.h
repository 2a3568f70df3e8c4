/*
 * team.h - who works together.
 *
 * Hash team:SLUG (title, open, created_at), set `teams`, set team:SLUG:members,
 * set user:NAME:teams.  Everybody in the organisation reads what an open team
 * writes; a closed one is for its members and admins, and to all others it looks
 * like a team that does not exist.  Which of both it is is settled while it has posts
 * (team:SLUG:posts, lib/bulletin/post.h): who may read them was written with them.  A
 * team is never taken away, and its slug never changes: posts name it.
 */
#ifndef MUSTER_TEAM_H
#define MUSTER_TEAM_H

#include "arena.h"
#include "db.h"

enum { TEAM_SLUG_MAX = 40, TEAM_TITLE_MAX = 80, TEAMS_MAX = 1000 };

struct team {
	struct str slug, title;
	bool open;
	int64_t created_at, members;
};

bool team_slug_valid(struct str); /* a-z 0-9 and single dashes within */
enum err team_get(struct db *, struct arena *, struct str slug, struct team *); /* ERR_NOT_FOUND */
enum err team_list(struct db *, struct arena *, struct team **, size_t *n);     /* by slug */

/* W.  ERR_CONFLICT: the slug is taken.  ERR_INPUT: it is none.  ERR_TOO_LARGE: there are TEAMS_MAX. */
enum err team_add(struct db *, struct arena *, struct str slug, struct str title, bool open);

/* W.  ERR_CONFLICT: it has posts, and `open` is not what it was. */
enum err team_change(struct db *, struct arena *, struct str slug, struct str title, bool open);
enum err team_join(
    struct db *, struct arena *, struct str slug, struct str user); /* W; ERR_NOT_FOUND: either */
enum err team_leave(struct db *, struct arena *, struct str slug, struct str user); /* W */

/* Members after `after` (all: an empty str with p = NULL) in byte order, `limit` at most. */
enum err team_members(struct db *, struct arena *, struct str slug, struct str after, size_t limit,
    struct str **names, size_t *n);

/* The slugs of a user's teams, in order. */
enum err team_of(struct db *, struct arena *, struct str user, struct str **slugs, size_t *n);
bool team_has(struct db *, struct arena *, struct str slug, struct str user);

#endif

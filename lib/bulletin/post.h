/*
 * post.h - what a response team writes, and who may read it.
 *
 * A post belongs to its author and to teams, or to the whole organisation where
 * it names none.  Who may read it: its *scopes*.  "org" (everybody signed in) where
 * it names no team or at least one open one; else its closed teams; besides, anybody
 * at all where it is public.  Every index is kept by scope, so that what one may
 * not read shows in no list, count, suggestion or error.
 *
 * Keys: counter `post:id`; hash post:N (text user teams tags mentions longitude
 * latitude public created_at edited_at sequence versions deleted_at); list
 * post:N:versions; and these rankings of N by the write sequence of its making:
 * posts:org, posts:public, team:SLUG:posts, user:NAME:posts (org) and
 * user:NAME:posts:SLUG (a closed team's), hashtag:KEY (org), hashtag:KEY:SLUG,
 * hashtag:KEY:public, mentions:NAME; geo posts:geo; the full-text index `posts`
 * with labels s:org s:SLUG s:public u:NAME t:SLUG; rankings hashtags,
 * hashtags:SLUG, hashtags:public of tag keys by the number of posts; hash
 * hashtag:KEY:as of spellings and how often each.  A deleted post keeps post:N
 * without its text.
 */
#ifndef MUSTER_POST_H
#define MUSTER_POST_H

#include "arena.h"
#include "db.h"
#include "geo.h"

enum {
	POST_MAX = 2000, /* code points */
	POST_TEAMS = 20,
	POST_TAGS = 200,
	POST_EDIT_MS = 30 * 60 * 1000,
};

struct post {
	int64_t id, sequence; /* sequence: of its making; lists are in its order */
	struct str text, user;
	struct str *teams, *tags; /* slugs; keys, as often as different */
	size_t nteams, ntags;
	struct str *spellings; /* of the tags, as written */
	bool public, placed;
	struct geo position;                       /* where placed */
	int64_t created_at, edited_at, deleted_at; /* 0: never */
	int64_t versions;                          /* earlier ones */
};

/* Who reads: the name (empty: nobody signed in), his teams, whether he is an
 * admin (who reads all). */
struct reader {
	struct str name;
	struct str *teams;
	size_t nteams;
	bool admin, staff;
};
enum err reader_of(struct db *, struct arena *, struct str user, unsigned roles, struct reader *);

bool post_readable(struct db *, struct arena *, const struct post *, const struct reader *);

/* W.  Writes it with all its indexes and its events (channel "posts" for scope org
 * and public, "team-SLUG" for closed teams): text, user, teams, public, position
 * are read; the rest is set.  ERR_INPUT, *why: what is wrong with it (text, teams).
 * ERR_CONFLICT: the author posted the same text within a minute. */
enum err post_add(struct db *, struct arena *, struct post *, const char **why);

/* W.  Another text; the old one becomes a version.  Everything derived follows. */
enum err post_edit(struct db *, struct arena *, struct post *, struct str text, const char **why);

/* W.  Takes it out of everything at once; what stays is a tombstone. */
enum err post_delete(struct db *, struct arena *, struct post *);

/* Also a deleted one (deleted_at is set).  ERR_NOT_FOUND. */
enum err post_get(struct db *, struct arena *, int64_t id, struct post *);

struct post_version {
	struct str text;
	int64_t until;
};
enum err post_versions(struct db *, struct arena *, int64_t id, struct post_version **, size_t *n);

#endif

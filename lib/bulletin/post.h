/*
 * post.h - what response teams write, and who may read it.
 *
 * A post has an author and names teams, or none: then it is the whole
 * organisation's.  Who may read it is its *audience*, one of
 *	public          anybody: the author said so
 *	org             everybody signed in: it names no team, or an open one
 *	team-SLUG       the members of the one closed team that it names, and admins
 *	teams-HASH      those of the several closed teams that it names
 * fixed when it is written.  Every index is kept by audience, each post in just
 * one: so a reader's lists and counts are those of his audiences, added up, and
 * what he may not read shows in no list, count, suggestion or error.  A closed
 * team's name is shown to nobody outside of it, not even in a post that he may
 * read for another reason (post_teams_shown).
 *
 * Ids rise in the order of writing (there is one writer at a time), so N is a
 * post's place in every list, and the cursor of a page.
 *
 * Keys, with A an audience and KEY a hashtag's key:
 *	post:id                     counter
 *	post:N                      hash: text user audience teams tags mentions longitude latitude
 *	                            created_at edited_at deleted_at; a deleted one keeps no text,
 *	                            tags, mentions, position
 *	post:N:versions             list of earlier texts, each "UNTIL_MS TEXT"; gone with the post
 *	posts:A                     ranking of N by N, as are all of these:
 *	posts:everyone:A            those that name no team
 *	team:SLUG:posts             of the teams that it names, open and closed
 *	user:NAME:posts:A           by its author
 *	hashtag:KEY:A               with this tag
 *	mentions:NAME               that mention somebody who could read it when it was written
 *	near:CELL:A                 CELL: its geohash's first 4, 5, and 6 letters
 *	hashtags:A                  ranking of KEY by the number of posts
 *	hashtag:KEY:as:A            hash: spelling -> number of posts
 *	team:SLUG:audiences         set: of a closed team, the audiences team- and teams- where its posts
 *	                            are now (AUDIENCES_MAX)
 *	post:same:HASH              string, 60 s: author and text, against pressing twice
 * and the full-text index `posts` (text.h): id N, labels "a:A" "u:NAME" "t:SLUG" "c:CELL" (6
 * letters) "h:" + 16 hexadecimal digits of BLAKE2b(KEY): post_label().
 */
#ifndef MUSTER_POST_H
#define MUSTER_POST_H

#include "arena.h"
#include "db.h"
#include "geo.h"

enum {
	POST_MAX = 2000, /* code points */
	POST_TEAMS = 20,
	POST_TAGS = 200,     /* different ones; beyond them a tag stays text */
	POST_MENTIONS = 100, /* likewise */
	AUDIENCES_MAX = 200, /* that one closed team takes part in */
	POST_VERSIONS = 100, /* earlier ones of one post */
	POST_EDIT_MS = 30 * 60 * 1000,
	POST_SAME_MS = 60 * 1000,
};

struct post {
	int64_t id;
	struct str text, user, audience;                 /* user: "ana", or "token:importer" */
	struct str *teams, *tags, *spellings, *mentions; /* slugs; keys, and as written; names */
	size_t nteams, ntags, nmentions;
	bool public, placed;
	struct geo position;                       /* where placed */
	int64_t created_at, edited_at, deleted_at; /* unix ms; 0: never */
	int64_t versions;                          /* earlier ones */
};

/* Who reads. */
struct reader {
	struct str name;   /* empty: nobody signed in, or a program */
	bool staff, admin; /* admin: reads what every team writes */
	struct str *teams; /* his teams, open and closed; of an admin also: his own ones */
	size_t nteams;
	struct str *closed; /* the closed teams that he may read: his, or an admin's: all */
	size_t nclosed;
	struct str *audiences; /* all that he may read, "public" first */
	size_t naudiences;
};

/* `user` is empty for nobody and for programs. */
enum err reader_of(struct db *, struct arena *, struct str user, bool staff, bool admin, struct reader *);

/* Whether he may know of this team; false also where there is none.  Of an open one all may. */
bool reader_knows(struct db *, struct arena *, const struct reader *, struct str slug);

bool post_readable(const struct post *, const struct reader *);

/* The teams of a post that this reader may know of. */
size_t post_teams_shown(
    struct db *, struct arena *, const struct post *, const struct reader *, struct str **);

/* A label of the full-text index: kind 'a', 'u', 't', 'c' or 'h', and the audience, name, slug, cell or
 * tag's key; what is too long for one stands there as its hash. */
struct str post_label(struct arena *, char kind, struct str value);

/* What is wrong with a post, for whoever wrote it. */
struct post_fault {
	const char *field, *code; /* as in request.h: "text" "length", "teams" "unknown" */
	const char *message;      /* in the arena or constant */
};

/* W.  Writes it with all its indexes and events.  Its lines end with LF, blanks around it go.  Of the post
 * text, user, teams, public, placed and position are read; all else is set.  A team must be one that the
 * author may know of (reader); twice is once.  ERR_INPUT: see the fault.  ERR_CONFLICT: the author wrote the
 * same text to the same teams within POST_SAME_MS (id: that post).  Nothing was written then. */
enum err post_add(struct db *, struct arena *, const struct reader *, struct post *, struct post_fault *);

/* W.  Another text, within POST_EDIT_MS of the first; the old one becomes a version and all that
 * is derived follows.  The same text changes nothing.  ERR_CONFLICT: too late.  ERR_GONE or
 * ERR_NOT_FOUND: it is deleted, or there is none (as post_get() says).  *post: as it is now. */
enum err post_edit(
    struct db *, struct arena *, int64_t id, struct str text, struct post *, struct post_fault *);

/* W.  Takes it out of everything at once; what stays is a tombstone.  One that is deleted: OK. */
enum err post_delete(struct db *, struct arena *, int64_t id);

/* Also a deleted one: deleted_at is set then.  ERR_NOT_FOUND.  The caller asks post_readable(). */
enum err post_get(struct db *, struct arena *, int64_t id, struct post *);

struct post_version {
	struct str text;
	int64_t until; /* unix ms */
};
enum err post_versions(
    struct db *, struct arena *, int64_t id, struct post_version **, size_t *n); /* oldest first */

/* The object that programs get; of its teams only those that the reader may know of. */
struct json;
void post_json(struct json *, struct arena *, const struct post *, const struct str *teams, size_t nteams,
    bool mentions);

/* Events, in the transaction of the change, on the channel of those who may read it: "posts" (public),
 * "staff" (org), "team-SLUG" for each closed team of the audience; topic N, so that who comes later
 * hears only the last; data: on "posts" the post as it is now, on the others the same without text and
 * position, with its open teams and the channel's own; or {"deleted":"post:7"}, which also takes the place
 * of all that was told of it before. */

/* The cells (geohashes of 4, 5 or 6 letters) of the index near: that touch a disc, of the longest kind
 * of which there are at most `most`; 0: there are more even of the shortest. */
size_t near_cells(struct arena *, struct geo centre, double radius, size_t most, struct str **cells);

/* Compares every list, ranking, index, count and version with what the posts themselves give, and
 * the other way round; tells each difference (`tell` may be NULL), returns how many.  A transaction
 * each some hundred posts or a thousand entries (all spellings of one tag where something differs),
 * so others may write meanwhile; within one of the caller's it stays in that. */
size_t posts_check(struct db *, void (*tell)(void *arg, struct str), void *arg);

#endif

/*
 * timeline.h - lists of posts, the newest first, for one reader.
 *
 * Fan-out on read: a list is made of rankings by N (post.h), a page takes the
 * first few of each and merges.  A cursor is a post's N, so pages stay put
 * while others write.
 *
 * All that is given must hold: team and user and hashtag and near and the
 * words of the query.  What the reader may not know of finds nothing, and
 * looks like what does not exist.
 */
#ifndef MUSTER_TIMELINE_H
#define MUSTER_TIMELINE_H

#include "post.h"
#include "text.h"

enum { TIMELINE_MAX = 100, NEAR_MAX = 50000 /* metres */, TIMELINE_LOOKED = 10000 };

enum timeline_of {
	TIMELINE_ALL,  /* all that the reader may read */
	TIMELINE_HOME, /* his teams, the whole organisation's, and where he is mentioned */
	TIMELINE_MENTIONS,
};

struct timeline {
	enum timeline_of of;
	struct str team, user, hashtag; /* slug, name, key; empty: any */
	bool near;
	struct geo at;
	double radius; /* metres, NEAR_MAX at most */
	/* As typed: words, "phrases", -without, the last word as a beginning; in:team from:user
	 * #tag after:2026-10-01 before:2026-11-01 (days of the tenant's zone, inclusive and
	 * exclusive).  Whatever else is words. */
	struct str query;
	int64_t since, until;  /* unix ms, inclusive and exclusive; 0: open */
	int64_t before, after; /* cursors, exclusive; 0: none.  after: the oldest ones newer than it */
	size_t limit;
};

struct timeline_page {
	struct post *v; /* newest first */
	size_t n;
	int64_t older, newer; /* the `before` and `after` of the next pages; 0: there is nothing more there */
	/* Where the query's words are found: text_marks(arena, &words, post.text, …); words.query is
	 * empty where there are none. */
	struct text_search words;
};

/* ERR_INPUT, *why: what is wrong with the query.  With several filters a page may be short, even empty, and
 * yet have an older one: TIMELINE_LOOKED posts were looked at. */
enum err timeline_read(struct db *, struct arena *, const struct reader *, const struct timeline *,
    struct timeline_page *, const char **why);

/* How many of a timeline are newer than N, counted up to `most` (TEXT_HITS at most): "7 new posts". */
int64_t timeline_newer(
    struct db *, struct arena *, const struct reader *, const struct timeline *, int64_t n, int64_t most);

/* A tag as one reader sees it.  spelling: the most frequent one with capitals within, else the most frequent.
 */
struct tag_count {
	struct str key, spelling;
	int64_t n; /* posts that he may read */
};

/* Tags whose key begins with `prefix` (empty: all), by the number of posts, `limit` (100 at most).  The
 * numbers are exact; with many audiences a tag that is rare in each may be missing from the end of the list.
 */
enum err tags_read(struct db *, struct arena *, const struct reader *, struct str prefix, size_t limit,
    struct tag_count **, size_t *n);

/* One tag; n = 0: nothing that he may read has it. */
enum err tag_read(struct db *, struct arena *, const struct reader *, struct str key, struct tag_count *);

#endif

/*
 * timeline.h - lists of posts, the newest first, for one reader.
 *
 * Fan-out on read: every source is a ranking by write sequence; a page takes the
 * first few of each and merges.  A cursor is a sequence, so that pages stay put
 * while new posts come: before=S goes back in time, after=S forward.
 */
#ifndef MUSTER_TIMELINE_H
#define MUSTER_TIMELINE_H

#include "post.h"

struct timeline {
	enum {
		TIMELINE_ORG,
		TIMELINE_HOME,
		TIMELINE_TEAM,
		TIMELINE_USER,
		TIMELINE_TAG,
		TIMELINE_MENTIONS,
		TIMELINE_PUBLIC
	} kind;
	struct str name; /* team's slug, user, tag's key */
	int64_t before,
	    after; /* sequences, exclusive; 0: none.  after alone: the oldest ones newer than it */
	size_t limit;
};

/* *older: there are ones behind the last; *newer: there are ones before the
 * first.  A team or user that the reader may not know: ERR_NOT_FOUND. */
enum err timeline_read(struct db *, struct arena *, const struct reader *, const struct timeline *,
    struct post **, size_t *n, bool *older, bool *newer);

/* Full text (words, "phrases", -not; in:team from:user #tag before:DATE after:DATE near:PLACE?), within
 * what the reader may see; marks for highlighting by text_marks() on *terms. */
struct post_search {
	struct str query; /* as typed */
	struct str hashtag, team, user;
	bool near;
	struct geo at;
	double radius;  /* metres */
	int64_t before; /* a sequence */
	size_t limit;
};
enum err posts_search(struct db *, struct arena *, const struct reader *, const struct post_search *,
    struct post **, size_t *n, int64_t *next, struct str *terms);

/* Tags by the number of posts that the reader may see, or that begin with `prefix`. */
struct tag_count {
	struct str key, spelling;
	int64_t n;
};
enum err tags_read(struct db *, struct arena *, const struct reader *, struct str prefix, size_t limit,
    struct tag_count **, size_t *n);

#endif

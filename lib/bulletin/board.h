/*
 * board.h - a timeline as it is asked for and shown: /posts and /hashtags/KEY.
 */
#ifndef MUSTER_BOARD_H
#define MUSTER_BOARD_H

#include "response.h"
#include "timeline.h"

enum {
	BOARD_PAGE = 20,
	BOARD_RADIUS = 1000, /* metres, where none is given */
	BOARD_NEWER = 99,    /* new ones are counted up to this */
};

struct board {
	struct reader reader;
	struct timeline t;
	bool filtered; /* more is asked for than one of the tabs */
	bool count;    /* only how many are newer than t.after */
	struct timeline_page page;
	struct tag_count tag; /* of t.hashtag, on its own page */
};

/* Who asks, and for what: timeline, team, user, hashtag, q, near, radius, since, until, cursor,
 * after, count, limit of the query; `hashtag`: a tag's own page.  ERR_INPUT: see the faults. */
enum err board_read(struct req *, struct board *, struct str hashtag);

/* Reads the page that was asked for.  ERR_INPUT with a fault of `q`. */
enum err board_load(struct req *, struct board *);

/* {"posts": […], "next": …}, or {"newer": 7}. */
void board_json(struct req *, struct res *, const struct board *);

/* The page of a timeline; status 422 where something in the query is wrong, or where the
 * composer on it was refused. */
enum err board_page(struct req *, struct res *, int status, struct board *);

#endif

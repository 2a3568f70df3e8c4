/*
 * feed.h - the notifications that everybody reads, and how far each has read.
 *
 * A broadcast is one item, never a row a reader.  An item's id is the write
 * sequence of its making: the order of the feed, its cursor, and the id of the
 * event that told of it.  What a reader has read is a mark ("all up to here")
 * and a small set of items beyond it that were read one by one.
 */
#ifndef MUSTER_FEED_H
#define MUSTER_FEED_H

#include "alert.h"
#include "json.h"

enum {
	FEED_IDS_MAX = 100,      /* of one call of feed_mark() */
	FEED_SINGLES_MAX = 500,  /* read one by one beyond the mark: with more the mark moves */
	FEED_NOTICES_MAX = 1000, /* notices to staff that are kept */
};

struct feed_item {
	int64_t id;
	struct str kind; /* alert_kind(), or "notice": for staff */
	int64_t alert;   /* 0: of none */
	struct str title, message, severity, language;
	bool exercise;
	int64_t created_at, expires_at; /* expires_at 0: never */
	int64_t supersedes;             /* the item that it takes the place of; 0: none */
	int64_t superseded_by;          /* the item that took its place; 0: none */
	bool read;
};

/* W.  Adds the item of a public alert; its id is the alert's sequence. */
enum err feed_add_alert(
    struct db *, struct arena *, const struct alert *, int64_t supersedes, struct feed_item *);

/* W.  A notice to staff; takes a write sequence. */
enum err feed_notice(struct db *, struct arena *, struct str title, struct str message);

struct feed_query {
	struct str user; /* empty: an anonymous reader, for whom nothing is read */
	bool staff;      /* notices to staff too */
	int64_t before;  /* items below this id; 0: from the newest */
	size_t limit;    /* 1 to 100 */
};

struct feed {
	struct feed_item *items; /* the newest first */
	size_t n;
	int64_t next;   /* `before` of the next page; 0: this was the last */
	int64_t head;   /* the newest id of all: mark up to this as read; 0: there is none */
	int64_t unread; /* what was superseded counts as read; -1: anonymous */
};
enum err feed_page(struct db *, struct arena *, const struct feed_query *, struct feed *);

/* One item.  ERR_NOT_FOUND. */
enum err feed_get(struct db *, struct arena *, int64_t id, struct feed_item *);

/* W.  All items up to this id are read; a mark never goes back, nor beyond the
 * newest item. */
enum err feed_mark_up_to(struct db *, struct arena *, struct str user, int64_t id);

/* W.  These are read; ids that are no items' are left out. */
enum err feed_mark(struct db *, struct arena *, struct str user, const int64_t *ids, size_t n);

/* An item's members as in api.md (an object); `read` is left out of events. */
void feed_item_json(struct json *, const struct feed_item *, bool with_read);

#endif

/*
 * text.h - full-text indexes: documents found by their words.
 *
 * An index has a name (bytes; it is there once something was put in) and
 * documents with ids from 1 to TEXT_ID_MAX.  An id says how new a document is:
 * the write sequence of what it tells of, so that the highest is the newest.
 * The text itself is not kept, only its words: whoever shows a hit has the
 * text (a second copy of all texts would double the file), and asks
 * text_marks() where it matches.
 *
 * Words are those of words.h: without case and accents; characters of scripts
 * without blanks one by one.
 *
 * A query is what a person typed.  Every word of it must be in the document;
 * "some words" in quotes (of any kind) must stand there side by side, and so
 * must the parts of Cluj-Napoca or 避難所; -word and -"some words" must not be
 * there.  There is no other syntax: AND, *, NEAR(, a lone quote are words or
 * nothing.  A query without a word that must be there finds nothing.
 *
 * The newest first is found without looking at all that match, however many.
 * Relevance looks at all: for smaller indexes, or rare words.
 *
 * What is put in a transaction is found in it, and goes with it when it is
 * taken back.  An index knows no expiry.
 */
#ifndef MUSTER_TEXT_H
#define MUSTER_TEXT_H

#include "db.h"

#define TEXT_ID_MAX ((int64_t)1 << 47)

enum {
	TEXT_BYTES = 65536,     /* of a document */
	TEXT_QUERY_BYTES = 512, /* of a query, */
	TEXT_QUERY_WORDS = 64,  /* and its words; ideographs count as words */
	TEXT_LABELS = 256,      /* of a document, of a group */
	TEXT_LABEL_BYTES = 64,
	TEXT_GROUPS = 8,
	TEXT_HITS = 1000,    /* of one call */
	TEXT_LOOKED = 10000, /* documents that `wants` is asked about in one call */
	TEXT_RANKED = 10000, /* the newest so many that match are put in order of relevance */
};

/* A document has at least one of these labels (bytes, as they were put).  An
 * empty group is had by none: who may read nothing finds nothing. */
struct text_group {
	const struct str *labels;
	size_t n;
};

struct text_search {
	struct str query;
	bool prefix;           /* the last word may be a beginning, if it has two letters and no quotes */
	int64_t after, before; /* ids between, both exclusive; 0: no bound */
	const struct text_group *groups; /* at least one label of each */
	size_t ngroups;
	/* For what labels cannot say; NULL: all are wanted.  It may read the
	 * store, but not search it. */
	bool (*wants)(void *arg, int64_t id);
	void *arg;
	bool relevance; /* the best first (BM25; the newer of equals), not the newest */
	bool oldest;    /* the oldest first: a page that goes back towards the newest */
	size_t limit;   /* TEXT_HITS at most */
};

/* W.  Puts a document in, or in the place of the one with this id.  Its labels
 * are what it can be filtered by: who may read it, its author, its teams.
 * ERR_INPUT: something is beyond its bounds. */
enum err text_put(struct db *, struct arena *, struct str index, int64_t id, struct str text,
    const struct str *labels, size_t nlabels);

/* W.  A missing one is no fault.  It is found no more; its words leave the file
 * with text_tidy(). */
void text_del(struct db *, struct arena *, struct str index, int64_t id);

/* Ids of the documents that match, the newest first, as an array from the
 * arena.  *next is the `before` (with `oldest` the `after`) of the next page, 0 at the end; with `wants` a
 * page may be short, even empty, and yet have a next.  By relevance there is
 * one page only.  ERR_INPUT: the query, or the groups, are beyond their
 * bounds.  No such index: nothing is found. */
enum err text_find(struct db *, struct arena *, struct str index, const struct text_search *, int64_t **ids,
    size_t *n, int64_t *next);

/* How many match, counted up to `most`; with `wants` of the newest TEXT_LOOKED
 * only.  0 for what text_find() refuses. */
int64_t text_count(struct db *, struct arena *, struct str index, const struct text_search *, int64_t most);

/* Bytes [from, to) of a text. */
struct text_mark {
	size_t from, to;
};

/* Where a text matches the words of a query: in order, without overlaps, each
 * phrase one mark.  As an array from the arena; returns how many. */
size_t text_marks(struct arena *, const struct text_search *, struct str text, struct text_mark **);

/* The part to show of a long text (UTF-8): at most `length` code points with as many
 * marks as can be, cut at blanks where there are any.  Without marks it is the
 * beginning. */
struct text_mark text_snippet(struct str text, const struct text_mark *, size_t n, size_t length);

/* Ids in an index after `after`, the lowest first, `limit` at most: for checks. */
size_t text_ids(struct db *, struct arena *, struct str index, int64_t after, size_t limit, int64_t **ids);

/* Whether the index holds this very text under these labels, in this order. */
bool text_holds(struct db *, struct arena *, struct str index, int64_t id, struct str text,
    const struct str *labels, size_t nlabels);

/* W, though it changes nothing.  Whether the indexes agree with the documents
 * put in; ERR_STORE with a line in the log. */
enum err text_check(struct db *);

/* W.  A step of about `pages` pages towards an index in one piece, without the
 * words of what was deleted; false when nothing is left to do.  Searches are
 * right without it, and fast enough: for quiet hours. */
bool text_tidy(struct db *, struct arena *, size_t pages);

#endif

/*
 * list.h - lists: elements in a row under one key, added and taken at both ends.
 *
 * Elements are bytes, each at most as long as SQLite holds a blob.  An index
 * counts from 0 at the head; a negative one from the tail, -1 being the last.
 * Ends are reached in O(log n), an index too; what changes the middle rewrites
 * the elements of the shorter side.  All calls: ERR_TYPE when the key holds
 * another kind of value, and nothing was changed.
 */
#ifndef MUSTER_LIST_H
#define MUSTER_LIST_H

#include "db.h"

enum list_end { LIST_HEAD, LIST_TAIL };

/* W.  LPUSH, RPUSH of n >= 1 elements, one after the other (so n at the head
 * end up in the reverse order); *length is what the list has then. */
enum err list_push(
    struct db *, struct str key, enum list_end, const struct str *elements, size_t n, int64_t *length);

/* W.  LPUSHX, RPUSHX: as list_push, but a missing key stays missing: *length = 0. */
enum err list_push_existing(
    struct db *, struct str key, enum list_end, const struct str *elements, size_t n, int64_t *length);

/* W.  LPOP, RPOP: takes `limit` elements at most, in the order in which they
 * leave.  ERR_NOT_FOUND: no such key. */
enum err list_pop(struct db *, struct arena *, struct str key, enum list_end, int64_t limit,
    struct str **elements, size_t *n);

/* LLEN; a missing key has 0. */
enum err list_length(struct db *, struct str key, int64_t *length);

/* LINDEX.  ERR_NOT_FOUND: no such key, or nothing stands there. */
enum err list_index(struct db *, struct arena *, struct str key, int64_t index, struct str *element);

/* W.  LSET.  ERR_NOT_FOUND: no such key; ERR_INPUT: nothing stands there. */
enum err list_set(struct db *, struct str key, int64_t index, struct str element);

/* LRANGE: the elements first..last inclusive, as far as they exist.  A missing
 * key is empty. */
enum err list_range(struct db *, struct arena *, struct str key, int64_t first, int64_t last,
    struct str **elements, size_t *n);

/* W.  LTRIM: keeps first..last inclusive; a missing key is no fault. */
enum err list_trim(struct db *, struct str key, int64_t first, int64_t last);

/* W.  LREM: takes away the first `count` elements that are equal to this one,
 * the last -count where it is negative, all where it is 0. */
enum err list_remove(struct db *, struct str key, int64_t count, struct str element, int64_t *removed);

/* W.  LINSERT: right before or behind the first element that is equal to
 * `pivot`.  *length: what the list has then; -1: no such element; 0: no such key. */
enum err list_insert(
    struct db *, struct str key, bool before, struct str pivot, struct str element, int64_t *length);

/* W.  LMOVE, RPOPLPUSH: takes the element at one end and adds it at another;
 * both may be of one list, which keeps its expiry whatever its length.
 * ERR_NOT_FOUND: no such source, and the destination was not looked at. */
enum err list_move(struct db *, struct arena *, struct str source, enum list_end from, struct str destination,
    enum list_end to, struct str *element);

/* Which matches are wanted: from the rank-th on (1: the first); a negative rank
 * counts from the tail (-1: the last) and goes headwards.  Never 0 or INT64_MIN. */
struct list_search {
	int64_t rank;
	int64_t limit;  /* matches at most; 0: all */
	int64_t within; /* compares this many elements at most; 0: all */
};

/* LPOS: the indexes (from the head) of elements equal to this one, in the
 * order of the search.  A missing key has none. */
enum err list_find(struct db *, struct arena *, struct str key, struct str element,
    const struct list_search *, int64_t **indexes, size_t *n);

#endif

/*
 * arena.h - memory that lives as long as a request.
 *
 * Nothing taken from an arena is freed or kept: arena_reset() takes it all
 * back.  Allocation never fails; out of memory ends the process.  Built with
 * ASan every allocation is a malloc of its own, so overruns and use after the
 * reply show.
 */
#ifndef MUSTER_ARENA_H
#define MUSTER_ARENA_H

#include "str.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *); /* NULL is allowed */

/* Takes everything back; keeps one block for the next request. */
void arena_reset(struct arena *);

/* `size` zeroed bytes, aligned for any type, never NULL. */
void *arena_alloc(struct arena *, size_t size);

/* `n` zeroed elements. */
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

/* An array of *room elements that is full at n is moved to one twice as large;
 * else the same array.  NULL and 0 are an empty one. */
#define arena_grow(a, array, n, room) \
	((__typeof__(array))arena_grow_((a), (array), (n), (room), sizeof(*(array))))
void *arena_grow_(struct arena *, void *array, size_t n, size_t *room, size_t size);

/* A copy of `s`, followed by a NUL. */
struct str arena_dup(struct arena *, struct str s);

/* printf into the arena: as bytes, and as a C string. */
struct str arena_strf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

/* arena.c - memory that lives as long as a request. */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_SIZE 0 /* every allocation a block of its own */
#else
#define BLOCK_SIZE (64 * 1024)
#endif

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) char data[];
};

struct arena {
	struct block *blocks; /* the newest first */
};

static struct block *
block_new(size_t size)
{
	struct block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		die("out of memory (%zu bytes)", size);
	b->next = NULL;
	b->size = size;
	b->used = 0;
	return b;
}

struct arena *
arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a == NULL)
		die("out of memory");
	return a;
}

static void
blocks_free(struct block *b)
{
	while (b != NULL) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	blocks_free(a->blocks);
	free(a);
}

void
arena_reset(struct arena *a)
{
	struct block *keep = NULL, *b, *next;

	for (b = a->blocks; b != NULL; b = next) {
		next = b->next;
		if (keep == NULL && BLOCK_SIZE != 0 && b->size == BLOCK_SIZE)
			keep = b;
		else
			free(b);
	}
	a->blocks = keep;
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
	}
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->blocks;
	size_t need = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *p;

	if (need < size || need > PTRDIFF_MAX)
		die("allocation of %zu bytes", size);
	if (b == NULL || b->size - b->used < need) {
		b = block_new(need > BLOCK_SIZE ? need : BLOCK_SIZE);
		/* A large block goes behind the one that still has room. */
		if (a->blocks != NULL && need > BLOCK_SIZE / 4 && BLOCK_SIZE != 0) {
			b->next = a->blocks->next;
			a->blocks->next = b;
		} else {
			b->next = a->blocks;
			a->blocks = b;
		}
	}
	p = b->data + b->used;
	b->used += need;
	return memset(p, 0, size);
}

void *
arena_grow_(struct arena *a, void *array, size_t n, size_t *room, size_t size)
{
	void *larger;

	if (n < *room)
		return array;
	*room = *room ? *room * 2 : 16;
	if (*room > PTRDIFF_MAX / size)
		die("an array of %zu elements", *room);
	larger = arena_alloc(a, *room * size);
	if (n)
		memcpy(larger, array, n * size);
	return larger;
}

struct str
arena_dup(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

static struct str
vstrf(struct arena *a, const char *fmt, va_list ap)
{
	char brief[256]; /* most are: so they are formatted once */
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(brief, sizeof(brief), fmt, again);
	va_end(again);
	if (n < 0)
		die("format '%s'", fmt);
	p = arena_alloc(a, (size_t)n + 1);
	if ((size_t)n < sizeof(brief))
		memcpy(p, brief, (size_t)n + 1);
	else
		vsnprintf(p, (size_t)n + 1, fmt, ap);
	return (struct str){ p, (size_t)n };
}

struct str
arena_strf(struct arena *a, const char *fmt, ...)
{
	struct str s;
	va_list ap;

	va_start(ap, fmt);
	s = vstrf(a, fmt, ap);
	va_end(ap);
	return s;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = (char *)vstrf(a, fmt, ap).p;
	va_end(ap);
	return p;
}

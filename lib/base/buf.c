/* buf.c - a growing run of bytes. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum { KEPT = 256 * 1024 };

char *
buf_room(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 1024;
	char *p;

	if (b->cap - b->n >= n)
		return b->p + b->n;
	while (cap - b->n < n)
		cap *= 2;
	if ((p = realloc(b->p, cap)) == NULL)
		die("out of memory (%zu bytes)", cap);
	b->p = p;
	b->cap = cap;
	return b->p + b->n;
}

void
buf_put(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), bytes, n);
	b->n += n;
}

void
buf_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void
buf_char(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->n++;
}

void
buf_int(struct buf *b, int64_t v)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	if (v < 0)
		*--p = '-';
	buf_put(b, p, (size_t)(digits + sizeof(digits) - p));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t room = 256; /* enough for most: so they are formatted once */
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf_room(b, room), room, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("format '%s'", fmt);
	if ((size_t)n >= room) {
		room = (size_t)n + 1;
		va_start(ap, fmt);
		vsnprintf(buf_room(b, room), room, fmt, ap);
		va_end(ap);
	}
	b->n += (size_t)n;
}

void
buf_reset(struct buf *b)
{
	if (b->cap > KEPT)
		buf_free(b);
	b->n = 0;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

/*
 * buf.h - a growing run of bytes, such as a reply being written.
 *
 * Lives across requests: buf_reset() keeps the memory (up to 256 KiB), so a
 * handler settles at the size of its usual answer.  Appending never fails;
 * out of memory ends the process.
 */
#ifndef MUSTER_BUF_H
#define MUSTER_BUF_H

#include "str.h"

struct buf {
	char *p;
	size_t n, cap;
};

void buf_put(struct buf *, const void *bytes, size_t n);
void buf_str(struct buf *, struct str);
void buf_char(struct buf *, char);
void buf_int(struct buf *, int64_t);
void buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for `n` more bytes, to be filled by the caller, who then adds to .n. */
char *buf_room(struct buf *, size_t n);

void buf_reset(struct buf *);
void buf_free(struct buf *);

#endif

/*
 * str.h - bytes with a length, and the few things done with them.
 *
 * A struct str borrows its bytes; whoever made them keeps them alive.  The
 * bytes may hold NUL.  Strings that come from an arena are followed by a NUL
 * that `n` does not count, so .p can be handed to C functions.
 */
#ifndef MUSTER_STR_H
#define MUSTER_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t n;
};

#define S(literal) ((struct str){ ("" literal), sizeof(literal) - 1 })
#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define FMT(s) (int)(s).n, (s).p /* for "%.*s"; looks at s twice: nothing with an effect */

/* The bytes up to the NUL; NULL is the empty string. */
struct str str(const char *cstr);

bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *cstr);
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);

/* memcmp order, the shorter first on a tie: Redis' order of members. */
int str_cmp(struct str a, struct str b);

/* The same of two struct str, for qsort(). */
int str_by_bytes(const void *, const void *);

/* Whether one of the n is the same; for short lists, all are compared. */
bool str_among(struct str s, const struct str *list, size_t n);

/* A name for keys and addresses: a-z 0-9 and single dashes within, 1 to `max` bytes. */
bool str_slug(struct str s, size_t max);

/* Without leading and trailing ASCII white space. */
struct str str_trim(struct str s);

/* Splits off what stands before the first `by`: returns it and moves *rest
 * behind the separator.  Without one all of *rest is returned. */
struct str str_cut(struct str *rest, char by);

/* The whole of `s` as a decimal integer within [min, max]; false otherwise:
 * no sign but '-', no blanks, no leading zeros. */
bool str_int(struct str s, int64_t min, int64_t max, int64_t *out);

/* The whole of `s` as a finite decimal number ("46.77", "-1e3"). */
bool str_double(struct str s, double *out);

#endif

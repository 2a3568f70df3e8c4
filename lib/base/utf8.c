/* utf8.c - checks and foldings of text. */
#include "utf8.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "log.h"

/* The code point at `s` and its length; -1 where the bytes are ill-formed. */
static utf8proc_int32_t
next(struct str s, size_t *length)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &c);

	*length = n > 0 ? (size_t)n : 1;
	return n > 0 ? c : -1;
}

static bool
printable(utf8proc_int32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0));
}

bool
utf8_text(struct str s)
{
	size_t n;

	for (; s.n; s.p += n, s.n -= n) {
		if ((unsigned char)s.p[0] < 0x7f && (unsigned char)s.p[0] >= 0x20) {
			n = 1;
			continue;
		}
		if (!printable(next(s, &n)))
			return false;
	}
	return true;
}

size_t
utf8_length(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		count += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return count;
}

struct str
utf8_lines(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r')
			p[n++] = s.p[i];
		else if (i + 1 == s.n || s.p[i + 1] != '\n')
			p[n++] = '\n';
	p[n] = '\0';
	return (struct str){ p, n };
}

struct str
utf8_mend(struct arena *a, struct str s)
{
	char *out;
	size_t n, used = 0;

	if (utf8_text(s))
		return arena_dup(a, s);
	out = arena_alloc(a, s.n * 3 + 1);
	for (; s.n; s.p += n, s.n -= n) {
		if (printable(next(s, &n))) {
			memcpy(out + used, s.p, n);
			used += n;
		} else {
			memcpy(out + used, "\xef\xbf\xbd", 3);
			used += 3;
		}
	}
	return (struct str){ out, used };
}

static bool
word_char(utf8proc_int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return true;
	default:
		return false;
	}
}

/* Folds into words with `gap` between them. */
static struct str
fold(struct arena *a, struct str s, char gap)
{
	utf8proc_uint8_t *mapped = NULL;
	utf8proc_ssize_t n;
	struct str rest;
	size_t used = 0, step;
	char *out;

	s = utf8_mend(a, s);
	n = utf8proc_map((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &mapped,
	    UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK |
		UTF8PROC_IGNORE);
	if (n < 0)
		die("utf8proc_map: %s", utf8proc_errmsg(n));
	out = arena_alloc(a, (size_t)n + 1);
	rest = (struct str){ (const char *)mapped, (size_t)n };
	for (; rest.n; rest.p += step, rest.n -= step) {
		if (word_char(next(rest, &step))) {
			memcpy(out + used, rest.p, step);
			used += step;
		} else if (used && out[used - 1] != gap) {
			out[used++] = gap;
		}
	}
	free(mapped);
	if (used && out[used - 1] == gap)
		used--;
	out[used] = '\0';
	return (struct str){ out, used };
}

struct str
utf8_fold(struct arena *a, struct str s)
{
	return fold(a, s, ' ');
}

struct str
utf8_slug(struct arena *a, struct str s)
{
	return fold(a, s, '-');
}

struct str
utf8_title(struct arena *a, struct str s)
{
	struct str rest = s;
	size_t n, used = 0;
	bool start = true;
	char *out;

	for (; rest.n; rest.p += n, rest.n -= n) {
		utf8proc_int32_t c = next(rest, &n);

		if (c < 0 || utf8proc_category(c) == UTF8PROC_CATEGORY_LL)
			return s;
	}
	out = arena_alloc(a, s.n * 4 + 1);
	for (rest = s; rest.n; rest.p += n, rest.n -= n) {
		utf8proc_int32_t c = next(rest, &n);

		used += (size_t)utf8proc_encode_char(
		    start ? c : utf8proc_tolower(c), (utf8proc_uint8_t *)out + used);
		if (utf8proc_category(c) != UTF8PROC_CATEGORY_MN)
			start = !word_char(c); /* a mark belongs to its letter */
	}
	return (struct str){ out, used };
}

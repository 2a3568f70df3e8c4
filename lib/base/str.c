/* str.c - bytes with a length. */
#include "str.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct str
str(const char *cstr)
{
	return (struct str){ cstr ? cstr : "", cstr ? strlen(cstr) : 0 };
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
str_is(struct str a, const char *cstr)
{
	return str_eq(a, str(cstr));
}

bool
str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool
str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static bool
blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

int
str_by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool
str_among(struct str s, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(s, list[i]))
			return true;
	return false;
}

bool
str_slug(struct str s, size_t max)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '-' ? i == 0 || i == s.n - 1 || s.p[i - 1] == '-'
			     : !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			return false;
	}
	return s.n > 0 && s.n <= max;
}

struct str
str_trim(struct str s)
{
	while (s.n && blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str
str_cut(struct str *rest, char by)
{
	const char *at = rest->n ? memchr(rest->p, by, rest->n) : NULL;
	struct str head = *rest;

	if (at == NULL) {
		*rest = (struct str){ rest->p + rest->n, 0 };
		return head;
	}
	head.n = (size_t)(at - rest->p);
	rest->p += head.n + 1;
	rest->n -= head.n + 1;
	return head;
}

bool
str_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = s.n && s.p[0] == '-';
	size_t i = negative ? 1 : 0;
	uint64_t v = 0;

	if (i == s.n || s.n - i > 19 || (s.p[i] == '0' && (s.n > i + 1 || negative)))
		return false;
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return false;
	*out = negative ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	return *out >= min && *out <= max;
}

bool
str_double(struct str s, double *out)
{
	char buf[64], *end;
	size_t i;

	if (s.n == 0 || s.n >= sizeof(buf))
		return false;
	for (i = 0; i < s.n; i++)
		if (strchr("0123456789+-.eE", s.p[i]) == NULL || s.p[i] == '\0')
			return false;
	memcpy(buf, s.p, s.n);
	buf[s.n] = '\0';
	errno = 0;
	*out = strtod(buf, &end);
	return *end == '\0' && end != buf && isfinite(*out);
}

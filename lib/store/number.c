/* number.c - floats as Redis 7.0 reads and writes them. */
#include "number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 5 * 1024 }; /* Redis' MAX_LONG_DOUBLE_CHARS */

/* A copy that ends with a NUL; false: it cannot be a number. */
static bool
copy(struct str s, char out[static DIGITS_MAX])
{
	if (s.n == 0 || s.n >= DIGITS_MAX || isspace((unsigned char)s.p[0]))
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

bool
number_double(struct str s, double *out)
{
	char buf[DIGITS_MAX], *end;

	if (!copy(s, buf))
		return false;
	errno = 0;
	*out = strtod(buf, &end);
	return end == buf + s.n && !isnan(*out) &&
	       !(errno == ERANGE && (isinf(*out) || fpclassify(*out) == FP_ZERO));
}

bool
number_long_double(struct str s, long double *out)
{
	char buf[DIGITS_MAX], *end;

	if (!copy(s, buf))
		return false;
	errno = 0;
	*out = strtold(buf, &end);
	return end == buf + s.n && !isnan(*out) &&
	       !(errno == ERANGE && (isinf(*out) || fpclassify(*out) == FP_ZERO));
}

struct str
number_score(struct arena *a, double score)
{
	return arena_strf(a, "%.17g", score + 0.0);
}

struct str
number_human(struct arena *a, long double v)
{
	struct str s = arena_strf(a, "%.17Lf", v);

	while (s.p[s.n - 1] == '0')
		s.n--;
	if (s.p[s.n - 1] == '.')
		s.n--;
	return str_is(s, "-0") ? S("0") : s;
}

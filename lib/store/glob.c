/* glob.c - patterns. */
#include "glob.h"

enum { STARS = 1000 };

static bool
within(char c, char from, char to)
{
	signed char x = (signed char)c, a = (signed char)from, b = (signed char)to;

	return a <= b ? a <= x && x <= b : b <= x && x <= a;
}

/* Whether the class whose first byte is at *i has `c`; moves *i behind it. */
static bool
class_has(struct str p, size_t *i, char c)
{
	bool no = *i < p.n && p.p[*i] == '^', has = false;
	size_t at = *i + no;

	for (; at < p.n && p.p[at] != ']'; at++) {
		if (p.p[at] == '\\' && at + 1 < p.n) {
			has |= p.p[++at] == c;
		} else if (at + 2 < p.n && p.p[at + 1] == '-') {
			has |= within(c, p.p[at], p.p[at + 2]);
			at += 2;
		} else {
			has |= p.p[at] == c;
		}
	}
	*i = at < p.n ? at + 1 : at;
	return has != no;
}

/* Whether what is at *i (no star) takes `c`; moves *i behind it. */
static bool
takes(struct str p, size_t *i, char c)
{
	char first = p.p[(*i)++];

	if (first == '?')
		return true;
	if (first == '[')
		return class_has(p, i, c);
	if (first == '\\' && *i < p.n)
		first = p.p[(*i)++];
	return first == c;
}

static void
skip_stars(struct str p, size_t *i)
{
	while (*i < p.n && p.p[*i] == '*')
		(*i)++;
}

/* Only the last star is ever tried again: were an earlier one to take more,
 * what follows it would have to match further right, and it was just seen not
 * to match anywhere there. */
bool
glob_match(struct str p, struct str s)
{
	size_t i = 0, j = 0, after = 0, from = 0; /* behind the last star: in p, in s */
	int stars = 0;

	if (s.n == 0)
		return p.n == 0 || str_is(p, "*");
	for (;;) {
		if (j == s.n)
			skip_stars(p, &i);
		if (i == p.n && j == s.n)
			return true;
		if (i < p.n && p.p[i] == '*') {
			skip_stars(p, &i);
			if (i == p.n)
				return true;
			if (++stars > STARS)
				return false;
			after = i;
			from = j;
		} else if (i < p.n && j < s.n && takes(p, &i, s.p[j])) {
			j++;
		} else if (stars > 0 && from + 1 < s.n) {
			i = after;
			j = ++from;
		} else {
			return false;
		}
	}
}

size_t
glob_prefix(struct str p)
{
	size_t n = 0;

	while (n < p.n && p.p[n] != '*' && p.p[n] != '?' && p.p[n] != '[' && p.p[n] != '\\')
		n++;
	return n;
}

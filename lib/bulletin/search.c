/* search.c - what a person typed into the search of posts. */
#include "search.h"

#include <time.h>

#include "buf.h"
#include "entity.h"
#include "query.h"
#include "setting.h"
#include "utf8.h"
#include "zone.h"

static struct str
lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 'a' - 'A') : s.p[i];
	p[s.n] = '\0';
	return (struct str){ p, s.n };
}

/* Whether it is NAME:value; an empty value is none. */
static bool
is_filter(struct arena *a, struct str token, const char *name, struct str *value)
{
	struct str low = lower(a, token);

	if (!str_starts(low, name) || low.n == str(name).n)
		return false;
	*value = (struct str){ low.p + str(name).n, low.n - str(name).n };
	return true;
}

static void
push(struct arena *a, struct str **v, size_t *n, struct str s)
{
	if (*v == NULL) /* a filter has four bytes and a blank */
		*v = arena_array(a, struct str, SEARCH_BYTES / 2);
	(*v)[(*n)++] = s;
}

/* ---- days ------------------------------------------------------------------- */

static bool
digits(struct str s, size_t from, size_t n, int64_t min, int64_t max, int *out)
{
	int64_t v = 0;

	for (size_t i = from; i < from + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*out = (int)v;
	return v >= min && v <= max;
}

/* 2026-10-01 as a day counted from 1970-01-01. */
static bool
parse_day(struct str s, int64_t *day)
{
	struct tm tm = { 0 };
	int year, month, mday;
	time_t t;

	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !digits(s, 0, 4, 1970, 9999, &year) ||
	    !digits(s, 5, 2, 1, 12, &month) || !digits(s, 8, 2, 1, 31, &mday))
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = mday;
	t = timegm(&tm);
	*day = (int64_t)t / 86400;
	return tm.tm_mday == mday; /* else there is no such day in that month */
}

static enum err
take_day(struct db *db, struct arena *a, const char *name, struct str value, int64_t *at, const char **why)
{
	struct str zone = setting_text(db, a, "site.zone");
	int64_t day;

	if (!parse_day(value, &day)) {
		*why = arena_printf(a,
		    "“%s%.*s” is not a day. Write it as %s2026-10-31: year, month, day. "
		    "To search for the words themselves, put them in quotes.",
		    name, FMT(utf8_mend(a, value)), name);
		return ERR_INPUT;
	}
	*at = zone_instant(zone, day * 86400 * 1000, day, 0);
	return OK;
}

/* ---- filters ------------------------------------------------------------------ */

/* Takes a token that is a filter; *took: it is one. */
static enum err
take(struct db *db, struct arena *a, struct str token, struct search *s, bool *took, const char **why)
{
	struct str value;
	int64_t at = 0;
	enum err e = OK;

	*took = true;
	if (is_filter(a, token, "in:", &value)) {
		push(a, &s->teams, &s->nteams, value);
	} else if (is_filter(a, token, "from:", &value)) {
		if (value.n > 1 && value.p[0] == '@')
			value = (struct str){ value.p + 1, value.n - 1 };
		push(a, &s->users, &s->nusers, value);
	} else if (is_filter(a, token, "after:", &value)) {
		e = take_day(db, a, "after:", value, &at, why);
		s->since = at > s->since ? at : s->since; /* all that is given must hold */
	} else if (is_filter(a, token, "before:", &value)) {
		e = take_day(db, a, "before:", value, &at, why);
		s->until = s->until == 0 || at < s->until ? at : s->until;
	} else if ((str_starts(token, "#") || str_starts(token, "\xef\xbc\x83")) && utf8_text(token) &&
		   hashtag_key(a, token, &value)) {
		push(a, &s->tags, &s->ntags, value);
	} else {
		*took = false;
	}
	return e;
}

enum err
search_parse(struct db *db, struct arena *a, struct str typed, struct search *s, const char **why)
{
	struct query_tokens tokens = { .rest = typed, .fresh = true };
	struct str token;
	struct buf left = { 0 };
	bool took, plain;
	enum err e = OK;

	*s = (struct search){ 0 };
	if (typed.n > SEARCH_BYTES) {
		*why = "This is too long to search for. Use fewer words.";
		return ERR_INPUT;
	}
	while (e == OK && query_token(&tokens, &token, &plain)) {
		took = false;
		if (plain)
			e = take(db, a, token, s, &took, why);
		if (!took)
			buf_str(&left, token);
		else
			buf_char(&left, ' ');
	}
	s->words = str_trim(arena_dup(a, (struct str){ left.p, left.n }));
	buf_free(&left);
	return e;
}

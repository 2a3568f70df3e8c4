/* zone.c - local time anywhere. */
#include "zone.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define ZONEINFO "/usr/share/zoneinfo/"

enum { ZONE_NAME = 64, SPANS = 6, KEPT = 32, DAY_S = 24 * 60 * 60, AROUND_S = 4 * DAY_S, STEP_S = 30 * 60 };

/* Seconds [from, next one's from) during which clocks are `offset` seconds off UTC. */
struct span {
	int64_t from, offset;
};

struct zone {
	char name[ZONE_NAME + 1];
	int64_t from, to; /* the seconds that it was looked at for */
	struct span v[SPANS];
	size_t n;
};

static struct zone kept[KEPT];
static size_t next_kept;

static bool
name_plain(struct str name)
{
	if (name.n == 0 || name.n > ZONE_NAME || name.p[0] == '/' || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '/' || c == '_' || c == '-' || c == '+'))
			return false;
	}
	return true;
}

bool
zone_known(struct str name)
{
	char path[PATH_MAX], magic[4] = { 0 };
	FILE *f;

	if (!name_plain(name))
		return false;
	snprintf(path, sizeof(path), ZONEINFO "%.*s", FMT(name));
	if ((f = fopen(path, "re")) == NULL)
		return false;
	if (fread(magic, 1, sizeof(magic), f) != sizeof(magic)) /* a folder reads as nothing */
		magic[0] = '\0';
	fclose(f);
	return memcmp(magic, "TZif", sizeof(magic)) == 0;
}

/* ---- what libc knows -------------------------------------------------------- */

static int64_t
offset_now(int64_t second)
{
	time_t t = (time_t)second;
	struct tm tm;

	return localtime_r(&t, &tm) ? (int64_t)tm.tm_gmtoff : 0;
}

/* The first second of (low, high] with the offset that holds at high. */
static int64_t
change_between(int64_t low, int64_t high)
{
	int64_t before = offset_now(low);

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (offset_now(middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static void
look(struct zone *z)
{
	z->n = 1;
	z->v[0] = (struct span){ z->from, offset_now(z->from) };
	for (int64_t s = z->from + STEP_S; s <= z->to && z->n < SPANS; s += STEP_S)
		if (offset_now(s) != z->v[z->n - 1].offset) {
			int64_t change = change_between(s - STEP_S, s);

			z->v[z->n++] = (struct span){ change, offset_now(change) };
		}
}

static void
set_tz(const char *value)
{
	if ((value ? setenv("TZ", value, 1) : unsetenv("TZ")) != 0)
		die("out of memory");
	tzset();
}

/* libc looks at one zone at a time, the process' own. */
static void
look_as(struct zone *z, const char *name)
{
	const char *tz = getenv("TZ");
	char *own = tz ? strdup(tz) : NULL;

	if (tz != NULL && own == NULL)
		die("out of memory");
	set_tz(name);
	look(z);
	set_tz(own);
	free(own);
}

static const struct zone *
find(struct str name, int64_t at)
{
	int64_t second = at / 1000;
	struct zone *z = NULL;

	if (name.n > ZONE_NAME)
		name = S("UTC");
	for (size_t i = 0; i < KEPT && z == NULL; i++)
		if (str_is(name, kept[i].name))
			z = &kept[i];
	if (z != NULL && z->n > 0 && second >= z->from + AROUND_S / 2 && second < z->to - AROUND_S / 2)
		return z;
	if (z == NULL)
		z = &kept[next_kept++ % KEPT];
	memcpy(z->name, name.p, name.n);
	z->name[name.n] = '\0';
	z->from = second - AROUND_S;
	z->to = second + AROUND_S;
	look_as(z, zone_known(name) ? z->name : "UTC");
	return z;
}

/* ---- what is asked ------------------------------------------------------------ */

int64_t
zone_offset(struct str name, int64_t at)
{
	const struct zone *z = find(name, at);
	size_t i = z->n - 1;

	while (i > 0 && z->v[i].from > at / 1000)
		i--;
	return z->v[i].offset * 1000;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
zone_day(struct str name, int64_t at)
{
	return floor_div(at + zone_offset(name, at), (int64_t)DAY_S * 1000);
}

int64_t
zone_instant(struct str name, int64_t about, int64_t day, int minute)
{
	const struct zone *z = find(name, about);
	int64_t shown = day * DAY_S + minute * 60;

	for (size_t i = 0; i < z->n; i++) {
		int64_t second = shown - z->v[i].offset;

		if (i + 1 == z->n || second < z->v[i + 1].from)
			/* Before this span's beginning: clocks leapt over it. */
			return (i > 0 && second < z->v[i].from ? z->v[i].from : second) * 1000;
	}
	return shown * 1000; /* not reached: the last span has no end */
}

void
zone_use(struct str name)
{
	const char *now = getenv("TZ");
	char tz[ZONE_NAME + 1];

	snprintf(
	    tz, sizeof(tz), "%.*s", zone_known(name) ? (int)name.n : 3, zone_known(name) ? name.p : "UTC");
	if (now != NULL && strcmp(now, tz) == 0)
		return;
	if (setenv("TZ", tz, 1) != 0)
		die("out of memory");
	tzset();
}

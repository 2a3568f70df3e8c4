/* pace.c - how much a destination bears. */
#include "pace.h"

#include <math.h>

/* Between 0 and 1, the same for the same opening: splitmix64. */
static double
luck(int64_t id, int64_t trips)
{
	uint64_t x = (uint64_t)id * 0x9e3779b97f4a7c15U + (uint64_t)trips;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return (double)((x ^ (x >> 31)) >> 11) / 9007199254740992.0;
}

/* How long the present opening, the `trips`th in a row, lasts. */
static int64_t
open_ms(const struct destination *d, int64_t most)
{
	double ms = ldexp(PACE_OPEN_MS, (int)(d->trips < 20 ? d->trips - 1 : 20));

	ms *= 0.8 + 0.4 * luck(d->id, d->trips);
	return ms < (double)most ? (int64_t)ms : most;
}

int64_t
pace_opens(const struct destination *d, enum outbox_lane lane, int64_t now)
{
	int64_t until = d->open_until;

	if (lane == LANE_URGENT && d->trips > 0)
		until -= open_ms(d, PACE_OPEN_MOST_MS) - open_ms(d, PACE_URGENT_MOST_MS);
	return until > now ? until : 0;
}

bool
pace_is_open(const struct destination *d, int64_t now)
{
	return d->open_until > now;
}

size_t
pace_window(const struct destination *d, enum outbox_lane lane, int64_t now)
{
	if (pace_opens(d, lane, now) != 0)
		return 0;
	if (d->trips > 0)
		return 1; /* half open: the probe */
	return d->width < 1 ? 1 : (size_t)d->width;
}

bool
pace_good(struct destination *d, double width_max, int64_t now)
{
	bool changed = d->failures > 0 || d->trips > 0 || d->failing_since != 0 || d->width < width_max;

	d->failing_since = 0;
	if (d->trips > 0) {
		/* What was under way when it opened is no probe. */
		if (pace_opens(d, LANE_URGENT, now) != 0)
			return changed;
		d->trips = 0;
		d->open_until = 0;
		d->width = 1;
	} else {
		d->width += 1 / (d->width < 1 ? 1 : d->width);
	}
	d->failures = 0;
	if (d->width > width_max)
		d->width = width_max;
	return changed;
}

static void
trip(struct destination *d, int64_t now)
{
	d->trips++;
	d->failures = 0;
	d->width = 1;
	d->open_until = now + open_ms(d, PACE_OPEN_MOST_MS);
	if (d->failing_since == 0)
		d->failing_since = now;
	else if (now - d->failing_since >= PACE_GIVE_UP_MS && d->disabled.n == 0)
		d->disabled = S("nothing but failures for five days");
}

bool
pace_bad(struct destination *d, int64_t now)
{
	double width = d->width < 1 ? 1 : d->width;

	if (d->trips > 0) {
		if (pace_opens(d, LANE_URGENT, now) != 0)
			return false; /* it is open already: this was sent before */
		trip(d, now);
		return true;
	}
	d->failures += 1 / width;
	d->width = width - 1 / width < 1 ? 1 : width - 1 / width;
	/* A hair more: four quarters are a cohort, not more than one. */
	if (d->failures > 1 + 1e-9)
		trip(d, now);
	return true;
}

bool
pace_asked(struct destination *d, int64_t ms, int64_t now)
{
	if (now + ms <= d->open_until)
		return false;
	d->open_until = now + ms;
	return true;
}

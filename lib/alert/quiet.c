/* quiet.c - quiet hours: when a message may go. */
#include "subscription.h"
#include "zone.h"

static bool
within_day(int minute)
{
	return minute >= 0 && minute < 24 * 60;
}

/* Windows are compared as instants, not by what a clock shows: in a night in
 * which an hour comes twice, quiet hours end once. */
int64_t
quiet_until(const struct subscription *s, struct str tenant_zone, int64_t now)
{
	struct str zone = s->zone.n ? s->zone : tenant_zone;
	int64_t today;

	if (s->quiet_from == s->quiet_to || !within_day(s->quiet_from) || !within_day(s->quiet_to))
		return now;
	today = zone_day(zone, now);
	for (int64_t day = today - 1; day <= today + 1; day++) {
		int64_t ends_on = s->quiet_to < s->quiet_from ? day + 1 : day;

		if (now >= zone_instant(zone, now, day, s->quiet_from)) {
			int64_t end = zone_instant(zone, now, ends_on, s->quiet_to);

			if (now < end)
				return end;
		}
	}
	return now;
}

/*
 * zone.h - local time anywhere: IANA zones over changes of summer time.
 *
 * The rules are the system's (tzdata, read by libc); what was read of a zone
 * is remembered for the days around the instant in question, so that a fan-out
 * to 100,000 people in one zone asks libc once.  The process' own TZ is left as
 * it was.  Not for threads.
 */
#ifndef MUSTER_ZONE_H
#define MUSTER_ZONE_H

#include "str.h"

/* Whether tzdata knows it: "Europe/Bucharest", "UTC". */
bool zone_known(struct str name);

/* How much later than UTC local clocks are at an instant (ms).  A zone that is
 * not known is UTC, here and below. */
int64_t zone_offset(struct str name, int64_t at);

/* The local day of an instant, counted from 1970-01-01. */
int64_t zone_day(struct str name, int64_t at);

/* The instant at which local clocks show `minute` (0 to 1439) of a local day
 * near `about`: of a doubled hour the first; where clocks leap over it, the
 * instant of the leap. */
int64_t zone_instant(struct str name, int64_t about, int64_t day, int minute);

/* Makes it the process' zone: that of localtime(), mktime() and clock_local(). */
void zone_use(struct str name);

#endif

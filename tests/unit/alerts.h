/*
 * alerts.h - alerts for tests.
 */
#ifndef UNIT_ALERTS_H
#define UNIT_ALERTS_H

#include "store.h"

#include "alert.h"
#include "alertcheck.h"
#include "clock.h"
#include "event.h"
#include "feed.h"
#include "subscription.h"
#include "zset.h"

/* A severe one for Cluj that ends in two hours. */
static inline struct alert
flood(void)
{
	static struct str cluj[] = { B("city-CJ") };
	static struct alert_text texts[] = {
		{ B("ro"), B("Inundație"), B("Apa crește. Mergeți sus."), B("Urcați.") },
		{ B("en"), B("Flood"), B("The water rises. Go up."), B("Climb.") },
	};

	return (struct alert){
		.by = S("ana"),
		.severity = SEVERITY_SEVERE,
		.urgency = URGENCY_IMMEDIATE,
		.certainty = CERTAINTY_LIKELY,
		.category = S("Met"),
		.response = S("Shelter"),
		.event = S("Flood"),
		.channels = 1U << CHANNEL_EMAIL | 1U << CHANNEL_SMS,
		.locations = cluj,
		.nlocations = 1,
		.texts = texts,
		.ntexts = 2,
		.expires_at = db_now(db) + 2 * HOUR_MS,
	};
}

static inline struct alert
published(struct alert al)
{
	assert_int_equal(alert_publish(db, mem, &al), OK);
	return al;
}

static inline struct alert
replaced(const struct alert *old, enum msg_type type)
{
	return published((struct alert){ .type = type, .replaces = old->id, .by = S("ion") });
}

static inline struct alert
loaded(int64_t id)
{
	struct alert al;

	assert_int_equal(alert_get(db, mem, id, &al), OK);
	return al;
}

/* "3 1": ids of a list. */
static inline struct str
listed(bool active, int64_t before, size_t limit)
{
	struct alert *all;
	struct str ids = S("");
	size_t n;

	assert_int_equal(alert_list(db, mem, active, before, limit, &all, &n), OK);
	for (size_t i = 0; i < n; i++)
		ids = arena_strf(mem, "%.*s%s%lld", FMT(ids), i ? " " : "", (long long)all[i].id);
	return ids;
}

static inline void
alerts_differ(void *arg, const char *text)
{
	if (arg != NULL)
		print_error("%s\n", text);
}

/* How many differences the check finds; `loud`: each is told. */
static inline int64_t
alert_differences(bool loud)
{
	struct alert_report r = { .tell = alerts_differ, .arg = loud ? mem : NULL };
	struct arena *own = arena_new();

	assert_int_equal(alert_check(db, own, &r), OK);
	arena_free(own);
	return r.differences;
}

#define assert_alerts_agree() assert_int_equal(alert_differences(true), 0)

#endif

/* subscribers.h - a stand-in for subscription.c, in the key layout of its header. */
#ifndef UNIT_SUBSCRIBERS_H
#define UNIT_SUBSCRIBERS_H

#include <math.h>

#include "hash.h"
#include "key.h"
#include "subscription.h"
#include "value.h"
#include "zset.h"

static struct str
sub_key(struct arena *a, int64_t id)
{
	return arena_strf(a, "subscription:%lld", (long long)id);
}

enum err
subscription_save(struct db *d, struct arena *a, struct subscription *s)
{
	struct str locations = S("");

	string_incr(d, S("subscription:id"), 1, &s->id);
	for (size_t i = 0; i < s->nlocations; i++) {
		zset_add(d, arena_strf(a, "subscribers:%.*s", FMT(s->locations[i])),
		    arena_strf(a, "%lld", (long long)s->id), (double)s->id);
		locations = arena_strf(a, "%.*s %.*s", FMT(locations), FMT(s->locations[i]));
	}
	return hash_set(d, sub_key(a, s->id),
	    (struct field[]){
		{ S("channel"), str(channel_name(s->channel)) },
		{ S("address"), s->address },
		{ S("language"), s->language },
		{ S("severity"), arena_strf(a, "%d", s->min_severity) },
		{ S("quiet_from"), arena_strf(a, "%d", s->quiet_from) },
		{ S("quiet_to"), arena_strf(a, "%d", s->quiet_to) },
	    },
	    6);
}

static int64_t
sub_number(struct db *d, struct arena *a, int64_t id, struct str field)
{
	struct str value;
	int64_t n = 0;

	if (hash_get(d, a, sub_key(a, id), field, &value) == OK)
		str_int(value, 0, INT64_MAX, &n);
	return n;
}

enum err
subscription_get(struct db *d, struct arena *a, int64_t id, struct subscription *s)
{
	struct str channel;

	*s = (struct subscription){ .id = id };
	if (hash_get(d, a, sub_key(a, id), S("channel"), &channel) != OK)
		return ERR_NOT_FOUND;
	channel_named(channel, &s->channel);
	hash_get(d, a, sub_key(a, id), S("address"), &s->address);
	hash_get(d, a, sub_key(a, id), S("language"), &s->language);
	s->min_severity = (enum severity)sub_number(d, a, id, S("severity"));
	s->quiet_from = (int)sub_number(d, a, id, S("quiet_from"));
	s->quiet_to = (int)sub_number(d, a, id, S("quiet_to"));
	return OK;
}

enum err
subscription_delete(struct db *d, struct arena *a, int64_t id)
{
	key_del(d, sub_key(a, id));
	zset_rem(d, S("subscribers:city-CJ"), arena_strf(a, "%lld", (long long)id));
	zset_rem(d, S("subscribers:country-RO"), arena_strf(a, "%lld", (long long)id));
	return OK;
}

enum err
subscription_page(
    struct db *d, struct arena *a, struct str location, int64_t after, size_t limit, int64_t **ids, size_t *n)
{
	struct zpage page = { .min = (double)after + 1, .max = HUGE_VAL, .limit = limit };
	struct zmember *m;
	enum err e = zset_page(d, a, arena_strf(a, "subscribers:%.*s", FMT(location)), &page, &m, n);

	*ids = arena_array(a, int64_t, *n);
	for (size_t i = 0; i < *n; i++)
		(*ids)[i] = (int64_t)m[i].score;
	return e;
}

enum err
subscription_count(struct db *d, struct arena *a, struct str location, int64_t *n)
{
	return zset_card(d, arena_strf(a, "subscribers:%.*s", FMT(location)), n);
}

/* Quiet is quiet for an hour. */
int64_t
quiet_until(const struct subscription *s, struct str zone, int64_t now)
{
	(void)zone;
	return s->quiet_from == s->quiet_to ? now : now + 3600000;
}

#endif

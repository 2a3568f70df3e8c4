/* subscriptioncheck.c - the proof that subscriptions and their indexes agree. */
#include <string.h>

#include "endpoint.h"
#include "key.h"
#include "subscription.h"
#include "value.h"
#include "zset.h"

struct check {
	struct db *db;
	struct arena *a; /* of one subscription */
	void (*tell)(void *arg, const char *text);
	void *arg;
	int64_t differences;
	int64_t addresses, ranked; /* what the indexes should hold in all */
};

static void
differ(struct check *c, const char *text)
{
	c->differences++;
	c->tell(c->arg, text);
}

static void
ranked(struct check *c, struct str key, int64_t id)
{
	double score = 0;

	c->ranked++;
	if (zset_score(c->db, key, arena_strf(c->a, "%lld", (long long)id), &score) != OK ||
	    (int64_t)score != id)
		differ(
		    c, arena_printf(c->a, "subscription %lld is missing in %.*s", (long long)id, FMT(key)));
}

static void
check_one(struct check *c, const struct subscription *s)
{
	struct str inside = S("");
	struct endpoint p;
	int64_t id = 0;

	c->addresses++;
	if (subscription_find(c->db, c->a, s->channel, s->address, &id) != OK || id != s->id)
		differ(
		    c, arena_printf(c->a, "subscription %lld is not found by its address", (long long)s->id));
	for (size_t i = 0; i < s->nlocations; i++)
		ranked(c, arena_strf(c->a, "subscribers:%.*s", FMT(s->locations[i])), s->id);
	hash_get(c->db, c->a, arena_strf(c->a, "subscription:%lld", (long long)s->id), S("within"), &inside);
	while (inside.n > 0) {
		struct str country = str_cut(&inside, ',');

		ranked(c, arena_strf(c->a, "within:%.*s", FMT(country)), s->id);
	}
	if (s->channel != CHANNEL_WEBHOOK)
		return;
	ranked(c, S("webhooks"), s->id);
	if (endpoint_get(c->db, c->a, s->id, &p) != OK)
		differ(c, arena_printf(c->a, "webhook %lld has no endpoint", (long long)s->id));
}

/* Live keys that begin with a prefix, and the members of those that are rankings. */
static void
count_keys(struct check *c, const char *prefix, int64_t *keys, int64_t *members)
{
	struct str after = str(prefix), *names;
	size_t n;

	do {
		n = key_scan(c->db, c->a, after, 100, &names);
		for (size_t i = 0; i < n; i++) {
			int64_t card = 0;

			if (!str_starts(names[i], prefix))
				return;
			(*keys)++;
			if (strcmp(key_type(c->db, names[i]), "zset") == 0 &&
			    zset_card(c->db, names[i], &card) == OK)
				*members += card;
			after = names[i];
		}
	} while (n > 0);
}

static void
compare(struct check *c, const char *what, int64_t have, int64_t want)
{
	if (have != want)
		differ(c, arena_printf(c->a, "%s hold %lld, subscriptions need %lld", what, (long long)have,
			      (long long)want));
}

int64_t
subscription_check(struct db *db, void (*tell)(void *arg, const char *text), void *arg, int64_t *found)
{
	struct check c = { .db = db, .a = arena_new(), .tell = tell, .arg = arg };
	int64_t last = 0, addresses = 0, members = 0, keys = 0, hooks = 0;

	*found = 0;
	string_get_int(db, S("subscriptions"), &last);
	for (int64_t id = 1; id <= last; id++) {
		struct subscription s;

		if (subscription_get(db, c.a, id, &s) == OK) {
			check_one(&c, &s);
			(*found)++;
		}
		arena_reset(c.a);
	}
	count_keys(&c, "subscriber:", &addresses, &members);
	count_keys(&c, "subscribers:", &keys, &members);
	count_keys(&c, "within:", &keys, &members);
	zset_card(db, S("webhooks"), &hooks);
	compare(&c, "addresses", addresses, c.addresses);
	compare(&c, "rankings of subscribers", members + hooks, c.ranked);
	arena_free(c.a);
	return c.differences;
}

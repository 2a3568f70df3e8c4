/* subscription.c - who wants to hear of what. */
#include "subscription.h"

#include <math.h>

#include "endpoint.h"
#include "key.h"
#include "session.h"
#include "set.h"
#include "shelter.h"
#include "value.h"
#include "zset.h"

enum { COUNTRIES = 20, RANKINGS = 1 + COUNTRIES };

static struct str
record_key(struct arena *a, int64_t id)
{
	return arena_strf(a, "subscription:%lld", (long long)id);
}

static struct str
number(struct arena *a, int64_t n)
{
	return arena_strf(a, "%lld", (long long)n);
}

/* Mail servers take any case of a name, people write it in any: one person is
 * one subscription. */
struct str
subscription_key(struct arena *a, const char *prefix, enum outbox_channel channel, struct str address)
{
	char *p = arena_printf(a, "%s:%.*s", channel_name(channel), FMT(address));

	if (channel == CHANNEL_EMAIL)
		for (size_t i = 0; p[i] != '\0'; i++)
			if (p[i] >= 'A' && p[i] <= 'Z')
				p[i] = (char)(p[i] - 'A' + 'a');
	return secret_key(a, prefix, str(p));
}

static struct str
address_key(struct arena *a, enum outbox_channel channel, struct str address)
{
	return subscription_key(a, "subscriber:", channel, address);
}

/* ---- where it counts -------------------------------------------------------- */

/* The countries that a location's shelters lie in.  Ids begin with the country
 * and stand in order: a look for each country, not for each shelter. */
static enum err
countries(struct db *db, struct arena *a, struct str location, struct str out[static COUNTRIES], size_t *n)
{
	struct str after = { 0 }, *ids;
	size_t found = 1;
	enum err e = OK;

	*n = 0;
	if (str_starts(location, "country-"))
		return OK;
	while (*n < COUNTRIES && (e = set_page(db, a, location, after, 1, &ids, &found)) == OK && found > 0) {
		if (!shelter_id_valid(ids[0]))
			break;
		out[(*n)++] = shelter_country(a, ids[0]);
		after = arena_strf(a, "%.2s.", ids[0].p); /* behind "RO-" and all that follows it */
	}
	return e == ERR_TYPE ? OK : e;
}

/* The rankings that together hold everybody whom an alert for it concerns. */
static enum err
rankings(struct db *db, struct arena *a, struct str location, struct str out[static RANKINGS], size_t *n)
{
	struct str in[COUNTRIES];
	size_t nin;
	enum err e = countries(db, a, location, in, &nin);

	*n = 0;
	out[(*n)++] = arena_strf(a, "subscribers:%.*s", FMT(location));
	if (str_starts(location, "country-"))
		out[(*n)++] = arena_strf(a, "within:%.*s", FMT(location));
	for (size_t i = 0; i < nin; i++)
		out[(*n)++] = arena_strf(a, "subscribers:%.*s", FMT(in[i]));
	return e;
}

/* Countries in which it has something, without those that it has as a whole. */
static enum err
within(struct db *db, struct arena *a, const struct subscription *s, struct str **out, size_t *n)
{
	size_t room = 0;

	*out = NULL;
	*n = 0;
	for (size_t i = 0; i < s->nlocations; i++) {
		struct str in[COUNTRIES];
		size_t nin;
		enum err e = countries(db, a, s->locations[i], in, &nin);

		if (e != OK)
			return e;
		for (size_t k = 0; k < nin; k++) {
			if (str_among(in[k], *out, *n) || str_among(in[k], s->locations, s->nlocations))
				continue;
			*out = arena_grow(a, *out, *n, &room);
			(*out)[(*n)++] = in[k];
		}
	}
	return OK;
}

/* ---- one record --------------------------------------------------------------- */

static struct str
join(struct arena *a, const struct str *list, size_t n)
{
	struct str all = S("");

	for (size_t i = 0; i < n; i++)
		all = arena_strf(a, "%.*s%s%.*s", FMT(all), i ? "," : "", FMT(list[i]));
	return all;
}

static void
split(struct arena *a, struct str all, struct str **list, size_t *n)
{
	size_t room = 0;

	*list = NULL;
	*n = 0;
	while (all.n > 0) {
		struct str one = str_cut(&all, ',');

		*list = arena_grow(a, *list, *n, &room);
		(*list)[(*n)++] = one;
	}
}

static int64_t
read_number(struct str s)
{
	int64_t n = 0;

	return str_int(s, 0, INT64_MAX, &n) ? n : 0;
}

static void
read_field(struct arena *a, struct subscription *s, const struct field *f)
{
	if (str_is(f->name, "channel"))
		channel_named(f->value, &s->channel);
	else if (str_is(f->name, "address"))
		s->address = f->value;
	else if (str_is(f->name, "locations"))
		split(a, f->value, &s->locations, &s->nlocations);
	else if (str_is(f->name, "min_severity"))
		s->min_severity = (enum severity)read_number(f->value);
	else if (str_is(f->name, "language"))
		s->language = f->value;
	else if (str_is(f->name, "quiet_from"))
		s->quiet_from = (int)read_number(f->value);
	else if (str_is(f->name, "quiet_to"))
		s->quiet_to = (int)read_number(f->value);
	else if (str_is(f->name, "zone"))
		s->zone = f->value;
	else if (str_is(f->name, "created_at"))
		s->created_at = read_number(f->value);
	else if (str_is(f->name, "confirmed_at"))
		s->confirmed_at = read_number(f->value);
}

void
subscription_read(struct arena *a, struct subscription *s, const struct field *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		read_field(a, s, &f[i]);
}

static enum err
read_record(struct db *db, struct arena *a, int64_t id, struct subscription *s, struct str *inside)
{
	struct field *f;
	size_t n;
	enum err e = hash_all(db, a, record_key(a, id), &f, &n);

	*s = (struct subscription){ .id = id };
	*inside = S("");
	if (e != OK || n == 0)
		return e == OK ? ERR_NOT_FOUND : e;
	subscription_read(a, s, f, n);
	for (size_t i = 0; i < n; i++)
		if (str_is(f[i].name, "within"))
			*inside = f[i].value;
	return OK;
}

enum err
subscription_get(struct db *db, struct arena *a, int64_t id, struct subscription *s)
{
	struct str inside;

	return read_record(db, a, id, s, &inside);
}

enum err
subscription_find(
    struct db *db, struct arena *a, enum outbox_channel channel, struct str address, int64_t *id)
{
	struct str value;
	enum err e = string_get(db, a, address_key(a, channel, address), &value);

	if (e == OK && !str_int(value, 1, INT64_MAX, id))
		e = ERR_NOT_FOUND;
	return e;
}

size_t
subscription_fields(
    struct arena *a, const struct subscription *s, struct field out[static SUBSCRIPTION_FIELDS])
{
	struct field all[SUBSCRIPTION_FIELDS] = {
		{ S("channel"), str(channel_name(s->channel)) },
		{ S("address"), s->address },
		{ S("locations"), join(a, s->locations, s->nlocations) },
		{ S("min_severity"), number(a, s->min_severity) },
		{ S("language"), s->language },
		{ S("quiet_from"), number(a, s->quiet_from) },
		{ S("quiet_to"), number(a, s->quiet_to) },
		{ S("zone"), s->zone },
		{ S("created_at"), number(a, s->created_at) },
		{ S("confirmed_at"), number(a, s->confirmed_at) },
	};
	size_t n = 0;

	for (size_t i = 0; i < LEN(all); i++)
		if (all[i].value.n)
			out[n++] = all[i];
	return n;
}

static enum err
write_record(struct db *db, struct arena *a, const struct subscription *s, struct str inside)
{
	struct field set[SUBSCRIPTION_FIELDS + 1];
	struct str key = record_key(a, s->id);
	size_t n = subscription_fields(a, s, set);

	if (inside.n)
		set[n++] = (struct field){ S("within"), inside };
	key_del(db, key); /* so that what is empty now is gone */
	return hash_set(db, key, set, n);
}

/* ---- its indexes ---------------------------------------------------------------- */

typedef enum err rank_fn(struct db *, struct str key, struct str member, double score);

static enum err
take_out(struct db *db, struct str key, struct str member, double score)
{
	(void)score;
	return zset_rem(db, key, member);
}

static enum err
index_all(struct db *db, struct arena *a, const struct subscription *s, struct str inside, rank_fn *rank)
{
	struct str member = number(a, s->id), *in;
	size_t n;
	enum err e = OK;

	for (size_t i = 0; i < s->nlocations && e == OK; i++)
		e = rank(db, arena_strf(a, "subscribers:%.*s", FMT(s->locations[i])), member, (double)s->id);
	split(a, inside, &in, &n);
	for (size_t i = 0; i < n && e == OK; i++)
		e = rank(db, arena_strf(a, "within:%.*s", FMT(in[i])), member, (double)s->id);
	if (e == OK && s->channel == CHANNEL_WEBHOOK)
		e = rank(db, S("webhooks"), member, (double)s->id);
	return e;
}

/* What an earlier one at this address leaves: its id, and when it was made. */
static enum err
take_place(
    struct db *db, struct arena *a, struct subscription *s, struct subscription *old, struct str *old_inside)
{
	int64_t id;
	enum err e = subscription_find(db, a, s->channel, s->address, &id);

	*old = (struct subscription){ 0 };
	*old_inside = S("");
	if (e == OK)
		e = read_record(db, a, id, old, old_inside);
	if (e == OK) {
		s->id = id;
		s->created_at = old->created_at;
	}
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err
subscription_save(struct db *db, struct arena *a, struct subscription *s)
{
	struct subscription old;
	struct str old_inside, inside, *in;
	size_t n;
	enum err e = take_place(db, a, s, &old, &old_inside);

	if (e == OK)
		e = within(db, a, s, &in, &n);
	if (e != OK)
		return e;
	inside = join(a, in, n);
	s->created_at = s->created_at ? s->created_at : db_now(db);
	s->confirmed_at = s->confirmed_at ? s->confirmed_at : db_now(db);
	if (old.id == 0 && (e = string_incr(db, S("subscriptions"), 1, &s->id)) != OK)
		return e;
	if (old.id != 0 && (e = index_all(db, a, &old, old_inside, take_out)) != OK)
		return e;
	if ((e = write_record(db, a, s, inside)) != OK)
		return e;
	string_set(db, address_key(a, s->channel, s->address), number(a, s->id), 0);
	return index_all(db, a, s, inside, zset_add);
}

enum err
subscription_move(struct db *db, struct arena *a, struct str from, struct subscription *s)
{
	key_del(db, address_key(a, s->channel, from));
	string_set(db, address_key(a, s->channel, s->address), number(a, s->id), 0);
	return subscription_save(db, a, s);
}

enum err
subscription_delete(struct db *db, struct arena *a, int64_t id)
{
	struct subscription s;
	struct str inside;
	enum err e = read_record(db, a, id, &s, &inside);

	if (e != OK)
		return e;
	if ((e = index_all(db, a, &s, inside, take_out)) != OK)
		return e;
	key_del(db, record_key(a, id));
	key_del(db, address_key(a, s.channel, s.address));
	if (s.channel == CHANNEL_WEBHOOK)
		endpoint_delete(db, a, id);
	outbox_forget(db, id, S("unsubscribed"));
	return OK;
}

/* ---- who is concerned -------------------------------------------------------------- */

static void
insert(int64_t *ids, size_t *n, size_t limit, int64_t id)
{
	size_t at = *n;

	while (at > 0 && ids[at - 1] > id)
		at--;
	if (at == limit || (at > 0 && ids[at - 1] == id))
		return;
	if (*n < limit)
		(*n)++;
	for (size_t i = *n - 1; i > at; i--)
		ids[i] = ids[i - 1];
	ids[at] = id;
}

/* The first `limit` beyond `after` of a ranking, put in among the others. */
static enum err
page_of(struct db *db, struct arena *a, struct str key, int64_t after, size_t limit, int64_t *ids, size_t *n)
{
	struct zpage beyond = { .min = (double)(after + 1), .max = HUGE_VAL, .limit = limit };
	struct zmember *m;
	size_t found;
	enum err e = zset_page(db, a, key, &beyond, &m, &found);

	for (size_t i = 0; e == OK && i < found; i++)
		insert(ids, n, limit, (int64_t)m[i].score);
	return e;
}

enum err
subscription_webhooks(struct db *db, struct arena *a, int64_t after, size_t limit, int64_t **ids, size_t *n)
{
	*ids = arena_array(a, int64_t, limit);
	*n = 0;
	return page_of(db, a, S("webhooks"), after, limit, *ids, n);
}

enum err
subscription_page(struct db *db, struct arena *a, struct str location, int64_t after, size_t limit,
    int64_t **ids, size_t *n)
{
	struct str keys[RANKINGS];
	size_t nkeys;
	enum err e = rankings(db, a, location, keys, &nkeys);

	*ids = arena_array(a, int64_t, limit);
	*n = 0;
	for (size_t k = 0; k < nkeys && e == OK; k++)
		e = page_of(db, a, keys[k], after, limit, *ids, n);
	return e;
}

enum err
subscription_count(struct db *db, struct arena *a, struct str location, int64_t *n)
{
	struct str keys[RANKINGS];
	size_t nkeys;
	enum err e = rankings(db, a, location, keys, &nkeys);

	*n = 0;
	for (size_t k = 0; k < nkeys && e == OK; k++) {
		int64_t here = 0;

		e = zset_card(db, keys[k], &here);
		*n += here;
	}
	return e;
}

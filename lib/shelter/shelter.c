/* shelter.c - a shelter: how it is kept. */
#include "shelter.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "hash.h"
#include "key.h"
#include "log.h"
#include "place.h"
#include "random.h"
#include "set.h"
#include "value.h"
#include "zset.h"

static const char *const statuses[STATUS__MAX] = {
	[STATUS_OPEN] = "open",
	[STATUS_FULL] = "full",
	[STATUS_STANDBY] = "standby",
	[STATUS_CLOSED] = "closed",
};

const char *
status_name(enum status s)
{
	return statuses[s];
}

bool
status_parse(struct str text, enum status *out)
{
	for (int i = 0; i < STATUS__MAX; i++)
		if (str_is(text, statuses[i])) {
			*out = (enum status)i;
			return true;
		}
	return false;
}

static bool
all_of(struct str s, size_t min, size_t max, bool capitals, bool digits)
{
	if (s.n < min || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!(capitals && s.p[i] >= 'A' && s.p[i] <= 'Z') &&
		    !(digits && s.p[i] >= '0' && s.p[i] <= '9'))
			return false;
	return true;
}

bool
shelter_id_valid(struct str id)
{
	struct str number = id, country = str_cut(&number, '-'), city = str_cut(&number, '-');

	return all_of(country, 2, 2, true, false) && all_of(city, 1, 12, true, true) &&
	       all_of(number, 2, 8, false, true);
}

struct str
shelter_country(struct arena *a, struct str id)
{
	struct str country = str_cut(&id, '-'); /* FMT() looks twice */

	return arena_strf(a, "country-%.*s", FMT(country));
}

struct str
shelter_city(struct arena *a, struct str id)
{
	struct str city;

	str_cut(&id, '-');
	city = str_cut(&id, '-');
	return arena_strf(a, "city-%.*s", FMT(city));
}

int64_t
shelter_availability(const struct shelter *s)
{
	return s->capacity - s->occupancy;
}

int64_t
shelter_projected(const struct shelter *s)
{
	return shelter_availability(s) - s->expected;
}

/* ---- the hash: one table for reading and writing -------------------------- */

enum kind { TEXT, NUMBER, PEOPLE, DEGREES, TRI, STATUS, FEATURES, RESOURCES };

static const struct column {
	const char *name;
	enum kind kind;
	size_t at;
} columns[] = {
#define AT(member) offsetof(struct shelter, member)
	{ "_id", TEXT, AT(uid) },
	{ "address", TEXT, AT(address) },
	{ "attributes", TEXT, AT(attributes) },
	{ "capacity", PEOPLE, AT(capacity) },
	{ "confirmed_at", NUMBER, AT(confirmed_at) },
	{ "created_at", NUMBER, AT(created_at) },
	{ "electricity", TRI, AT(electricity) },
	{ "expected", NUMBER, AT(expected) },
	{ "features", FEATURES, AT(features) },
	{ "heating", TRI, AT(heating) },
	{ "latitude", DEGREES, AT(position.latitude) },
	{ "longitude", DEGREES, AT(position.longitude) },
	{ "name", TEXT, AT(name) },
	{ "needs", TEXT, AT(needs) },
	{ "occupancy", NUMBER, AT(occupancy) },
	{ "place", TEXT, AT(place) },
	{ "resources", RESOURCES, AT(resources) },
	{ "sequence", NUMBER, AT(sequence) },
	{ "status", STATUS, AT(status) },
	{ "updated_at", NUMBER, AT(updated_at) },
#undef AT
};

static const void *
member_of(const struct shelter *s, const struct column *c)
{
	return (const char *)s + c->at;
}

static struct str
json_text(struct arena *a, struct json_object *v)
{
	return arena_dup(a, (struct str){ json_object_get_string(v), (size_t)json_object_get_string_len(v) });
}

static void
read_texts(struct arena *a, struct json_object *array, struct str **out, size_t *n)
{
	*n = json_object_array_length(array);
	*out = arena_array(a, struct str, *n);
	for (size_t i = 0; i < *n; i++)
		(*out)[i] = json_text(a, json_object_array_get_idx(array, i));
}

static void
read_resources(struct arena *a, struct json_object *map, struct shelter *s)
{
	s->resources = arena_array(a, struct resource, (size_t)json_object_object_length(map));
	json_object_object_foreach(map, key, v)
	{
		struct resource *r = &s->resources[s->nresources++];
		struct json_object *part;

		r->name = arena_dup(a, str(key));
		if (json_object_is_type(v, json_type_array)) {
			read_texts(a, v, &r->items, &r->nitems);
			continue;
		}
		r->counted = true;
		if (json_object_object_get_ex(v, "quantity", &part))
			r->quantity = json_object_get_double(part);
		if (json_object_object_get_ex(v, "unit", &part))
			r->unit = json_text(a, part);
	}
}

static void
read_column(struct arena *a, struct shelter *s, const struct column *c, struct str value)
{
	void *to = (char *)s + c->at;
	struct json_object *v;

	switch (c->kind) {
	case TEXT:
		*(struct str *)to = value;
		break;
	case NUMBER:
	case PEOPLE:
		str_int(value, INT64_MIN, INT64_MAX, to);
		break;
	case DEGREES:
		s->placed = str_double(value, to);
		break;
	case TRI:
		*(enum tri *)to = str_is(value, "true") ? TRI_YES : TRI_NO;
		break;
	case STATUS:
		status_parse(value, to);
		break;
	case FEATURES:
	case RESOURCES:
		if ((v = json_tokener_parse(value.p)) == NULL)
			die("shelter %.*s: its %s are no JSON", FMT(s->id), c->name);
		if (c->kind == FEATURES)
			read_texts(a, v, &s->features, &s->nfeatures);
		else
			read_resources(a, v, s);
		json_object_put(v);
		break;
	}
}

enum err
shelter_load(struct db *db, struct arena *a, struct str id, struct shelter *s)
{
	struct field *fields;
	size_t n, c = 0;
	enum err e = shelter_id_valid(id) ? hash_all(db, a, id, &fields, &n) : ERR_NOT_FOUND;

	*s = (struct shelter){ .id = id, .capacity = UNKNOWN };
	if (e != OK || n == 0)
		return e == OK || e == ERR_TYPE ? ERR_NOT_FOUND : e;
	/* Both are in byte order of the names. */
	for (size_t i = 0; i < n; i++) {
		while (c < LEN(columns) && str_cmp(str(columns[c].name), fields[i].name) < 0)
			c++;
		if (c < LEN(columns) && str_is(fields[i].name, columns[c].name))
			read_column(a, s, &columns[c], fields[i].value);
	}
	return OK;
}

static void
features_json(struct json *j, const struct shelter *s)
{
	json_strs(j, s->features, s->nfeatures);
}

static void
json_key_text(struct json *j, struct str key)
{
	json_str(j, key);
	buf_char(j->out, ':');
	j->comma = false;
}

static void
resource_json(struct json *j, const struct resource *r)
{
	json_key_text(j, r->name);
	if (r->counted) {
		json_open(j, '{');
		json_key(j, "quantity");
		json_num(j, r->quantity);
		json_key_str(j, "unit", r->unit);
		json_close(j, '}');
		return;
	}
	json_open(j, '[');
	for (size_t i = 0; i < r->nitems; i++)
		json_str(j, r->items[i]);
	json_close(j, ']');
}

static void
resources_json(struct json *j, const struct shelter *s)
{
	json_open(j, '{');
	for (size_t i = 0; i < s->nresources; i++)
		resource_json(j, &s->resources[i]);
	json_close(j, '}');
}

static struct str
json_column(struct arena *a, const struct shelter *s, void (*write)(struct json *, const struct shelter *))
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	struct str text;

	write(&j, s);
	text = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return text;
}

struct str
shelter_features(struct arena *a, const struct shelter *s)
{
	return json_column(a, s, features_json);
}

/* A column as it is stored; empty: it is left out (unknown, none). */
static struct str
print_column(struct arena *a, const struct shelter *s, const struct column *c)
{
	const void *from = member_of(s, c);
	int64_t n;

	switch (c->kind) {
	case TEXT:
		return *(const struct str *)from;
	case NUMBER:
		return arena_strf(a, "%lld", (long long)*(const int64_t *)from);
	case PEOPLE:
		n = *(const int64_t *)from;
		return n == UNKNOWN ? S("") : arena_strf(a, "%lld", (long long)n);
	case DEGREES:
		return s->placed ? arena_strf(a, "%.10g", *(const double *)from) : S("");
	case TRI:
		switch (*(const enum tri *)from) {
		case TRI_YES:
			return S("true");
		case TRI_NO:
			return S("false");
		default:
			return S("");
		}
	case STATUS:
		return str(status_name(*(const enum status *)from));
	case FEATURES:
		return s->nfeatures ? json_column(a, s, features_json) : S("");
	case RESOURCES:
		return s->nresources ? json_column(a, s, resources_json) : S("");
	}
	return S("");
}

/* Unchanged for sure, without printing: what most changes leave alone. */
static bool
same_column(const struct shelter *old, const struct shelter *s, const struct column *c)
{
	const void *x = member_of(old, c), *y = member_of(s, c);

	switch (c->kind) {
	case TEXT:
		return str_eq(*(const struct str *)x, *(const struct str *)y);
	case NUMBER:
	case PEOPLE:
		return *(const int64_t *)x == *(const int64_t *)y;
	case FEATURES:
		return old->features == s->features && old->nfeatures == s->nfeatures;
	case RESOURCES:
		return old->resources == s->resources && old->nresources == s->nresources;
	case TRI:
		return *(const enum tri *)x == *(const enum tri *)y;
	case STATUS:
		return *(const enum status *)x == *(const enum status *)y;
	case DEGREES:
		return old->placed == s->placed && memcmp(x, y, sizeof(double)) == 0;
	}
	return false;
}

static enum err
write_hash(struct db *db, struct arena *a, const struct shelter *old, const struct shelter *s)
{
	struct field set[LEN(columns)];
	size_t n = 0;
	enum err e = OK;

	for (size_t i = 0; i < LEN(columns) && e == OK; i++) {
		struct str value;

		if (old != NULL && same_column(old, s, &columns[i]))
			continue;
		value = print_column(a, s, &columns[i]);
		if (value.n)
			set[n++] = (struct field){ str(columns[i].name), value };
		else if (old != NULL)
			e = hash_del(db, s->id, str(columns[i].name));
	}
	return e == OK ? hash_set(db, s->id, set, n) : e;
}

/* ---- JSON and card -------------------------------------------------------- */

static void
tri_json(struct json *j, const char *key, enum tri t)
{
	json_key(j, key);
	if (t == TRI_UNKNOWN)
		json_null(j);
	else
		json_flag(j, t == TRI_YES);
}

void
shelter_json(struct json *j, const struct shelter *s)
{
	bool known = s->capacity != UNKNOWN;

	json_open(j, '{');
	json_key_str(j, "id", s->id);
	json_key_str(j, "_id", s->uid);
	json_key_str(j, "name", s->name);
	json_key_str(j, "address", s->address);
	json_key_str(j, "place", s->place);
	json_key_position(j, "position", s->placed, s->position.longitude, s->position.latitude);
	json_key_known(j, "capacity", known, s->capacity);
	json_key_int(j, "occupancy", s->occupancy);
	json_key_int(j, "expected", s->expected);
	json_key_known(j, "availability", known, shelter_availability(s));
	json_key_known(j, "projected_availability", known, shelter_projected(s));
	json_key(j, "features");
	features_json(j, s);
	json_key(j, "resources");
	resources_json(j, s);
	tri_json(j, "electricity", s->electricity);
	tri_json(j, "heating", s->heating);
	json_key_str(j, "status", str(status_name(s->status)));
	json_key_int(j, "updated_at", s->updated_at);
	json_key_known(j, "confirmed_at", s->confirmed_at != 0, s->confirmed_at);
	json_key(j, "attributes");
	json_raw(j, s->attributes.n ? s->attributes : S("{}"));
}

static struct str
suffixed(struct arena *a, struct str id, const char *suffix)
{
	return arena_strf(a, "%.*s%s", FMT(id), suffix);
}

static void
write_card(struct db *db, struct arena *a, const struct shelter *s)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };

	buf_printf(&out, "%lld %s ", (long long)s->sequence, status_name(s->status));
	if (s->capacity == UNKNOWN)
		buf_char(&out, '?');
	else
		buf_int(&out, shelter_projected(s));
	buf_printf(&out, " %.*s\n", FMT(s->needs));
	shelter_json(&j, s);
	string_set(db, suffixed(a, s->id, CARD), (struct str){ out.p, out.n }, 0);
	buf_free(&out);
}

/* ---- indexes -------------------------------------------------------------- */

/* Both calls are made: what fails undoes the transaction anyway. */
static enum err
both(enum err first, enum err second)
{
	return first != OK ? first : second;
}

static enum err
rank(struct db *db, struct arena *a, struct str location, const char *criterion, struct str id, double score)
{
	return zset_add(db, arena_strf(a, "%.*s-%s", FMT(location), criterion), id, score);
}

static enum err
unrank(struct db *db, struct arena *a, struct str location, const char *criterion, struct str id)
{
	return zset_rem(db, arena_strf(a, "%.*s-%s", FMT(location), criterion), id);
}

/* The unknown stands behind everything known. */
static enum err
rank_numbers(struct db *db, struct arena *a, struct str location, const struct shelter *s)
{
	bool known = s->capacity != UNKNOWN;
	enum err e =
	    rank(db, a, location, "availability", s->id, known ? (double)shelter_availability(s) : -HUGE_VAL);

	return both(
	    e, rank(db, a, location, "projected", s->id, known ? (double)shelter_projected(s) : -HUGE_VAL));
}

static double
amount(const struct resource *r)
{
	return r->counted ? r->quantity : (double)r->nitems;
}

bool
shelter_amount(struct arena *a, const struct shelter *s, struct str slug, double *sum)
{
	bool has = false;

	*sum = 0;
	for (size_t i = 0; i < s->nresources; i++)
		if (str_eq(need_slug(a, s->resources[i].name), slug)) {
			has = true;
			*sum += amount(&s->resources[i]);
		}
	return has;
}

static enum err
rank_profile(
    struct db *db, struct arena *a, struct str location, const struct shelter *old, const struct shelter *s)
{
	enum err e = rank(db, a, location, "features", s->id, (double)s->nfeatures);
	double sum;

	if (s->capacity != UNKNOWN)
		e = both(e, rank(db, a, location, "capacity", s->id, (double)s->capacity));
	else if (old != NULL && old->capacity != UNKNOWN)
		e = both(e, unrank(db, a, location, "capacity", s->id));
	for (size_t i = 0; i < s->nresources; i++) {
		struct str slug = need_slug(a, s->resources[i].name);

		shelter_amount(a, s, slug, &sum);
		e = both(e, rank(db, a, location, slug.p, s->id, sum));
	}
	for (size_t i = 0; old != NULL && i < old->nresources; i++) {
		struct str slug = need_slug(a, old->resources[i].name);

		if (!shelter_amount(a, s, slug, &sum))
			e = both(e, unrank(db, a, location, slug.p, s->id));
	}
	return e;
}

/* One more slug, unless it stands there already. */
static void
add_need(struct buf *out, struct str slug)
{
	struct card sofar = { .needs = { out->p, out->n } };

	if (slug.n && !card_has(&sofar, slug))
		buf_printf(out, "%.*s|", FMT(slug));
}

/* "|step-free|electricity|": every slug once. */
static struct str
needs_of(struct arena *a, const struct shelter *s)
{
	struct buf out = { 0 };
	struct str text;

	buf_char(&out, '|');
	for (size_t i = 0; i < s->nfeatures; i++)
		add_need(&out, need_slug(a, s->features[i]));
	for (size_t i = 0; i < s->nresources; i++) {
		const struct resource *r = &s->resources[i];

		if (amount(r) > 0)
			add_need(&out, need_slug(a, r->name));
		for (size_t k = 0; k < r->nitems; k++)
			add_need(&out, need_slug(a, r->items[k]));
	}
	if (s->electricity == TRI_YES)
		add_need(&out, S("electricity"));
	if (s->heating == TRI_YES)
		add_need(&out, S("heating"));
	text = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return text;
}

/* The sets need:SLUG: adds where `add`, takes out otherwise. */
static enum err
index_needs(struct db *db, struct arena *a, struct str id, struct str needs, bool add)
{
	enum err e = OK;

	while (needs.n) {
		struct str slug = str_cut(&needs, '|'), key = arena_strf(a, "need:%.*s", FMT(slug));

		if (slug.n)
			e = both(e, add ? set_add(db, key, id) : set_rem(db, key, id));
	}
	return e;
}

static enum err
index_position(struct db *db, const struct shelter *old, const struct shelter *s)
{
	if (s->placed)
		return geo_add(db, S("shelters:geo"), s->id, s->position);
	return old != NULL && old->placed ? zset_rem(db, S("shelters:geo"), s->id) : OK;
}

static enum err
index_place(struct db *db, struct arena *a, const struct shelter *old, const struct shelter *s)
{
	enum err e = OK;

	if (old != NULL && str_eq(old->place, s->place))
		return OK;
	if (old != NULL)
		e = place_rem(db, a, old->place, s->id);
	return both(e, place_add(db, a, s->place, s->id));
}

static bool
same_profile(const struct shelter *old, const struct shelter *s)
{
	return old->capacity == s->capacity && old->features == s->features &&
	       old->nfeatures == s->nfeatures && old->resources == s->resources &&
	       old->nresources == s->nresources && old->electricity == s->electricity &&
	       old->heating == s->heating && old->placed == s->placed &&
	       memcmp(&old->position, &s->position, sizeof(s->position)) == 0 && str_eq(old->place, s->place);
}

static enum err
index_profile(struct db *db, struct arena *a, const struct shelter *old, struct shelter *s)
{
	struct str *locations;
	size_t n;
	enum err e;

	if (old != NULL && same_profile(old, s))
		return OK;
	s->needs = needs_of(a, s);
	if (old != NULL)
		index_needs(db, a, s->id, old->needs, false);
	e = index_needs(db, a, s->id, s->needs, true);
	e = both(e, index_position(db, old, s));
	e = both(e, index_place(db, a, old, s));
	e = both(e, shelter_locations(db, a, s->id, &locations, &n));
	for (size_t i = 0; e == OK && i < n; i++)
		e = rank_profile(db, a, locations[i], old, s);
	return e;
}

static enum err
index_numbers(struct db *db, struct arena *a, const struct shelter *old, const struct shelter *s)
{
	struct str *locations;
	size_t n;
	enum err e;

	if (old != NULL && old->capacity == s->capacity && old->occupancy == s->occupancy &&
	    old->expected == s->expected)
		return OK;
	if (s->capacity == UNKNOWN) {
		key_del(db, suffixed(a, s->id, "-availability"));
		key_del(db, suffixed(a, s->id, "-projected"));
	} else {
		string_set_int(db, suffixed(a, s->id, "-availability"), shelter_availability(s));
		string_set_int(db, suffixed(a, s->id, "-projected"), shelter_projected(s));
	}
	e = shelter_locations(db, a, s->id, &locations, &n);
	for (size_t i = 0; e == OK && i < n; i++)
		e = rank_numbers(db, a, locations[i], s);
	return e;
}

/* ---- ledger and event ------------------------------------------------------ */

static enum err
write_ledger(struct db *db, struct arena *a, const struct shelter *s, const struct change *c)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	enum err e;

	json_open(&j, '{');
	json_key_str(&j, "kind", str(c->kind));
	json_key_int(&j, "occupancy", c->occupancy);
	json_key_int(&j, "expected", c->expected);
	if (c->code.n)
		json_key_str(&j, "code", c->code);
	if (c->by.n)
		json_key_str(&j, "by", c->by);
	if (c->reason.n)
		json_key_str(&j, "reason", c->reason);
	json_key_int(&j, "at", db_now(db));
	json_close(&j, '}');
	e = hash_append(db, suffixed(a, s->id, ":ledger"),
	    arena_strf(a, "%016llx", (unsigned long long)s->sequence), (struct str){ out.p, out.n });
	buf_free(&out);
	return e;
}

/* Coalesced: of a shelter that changes ten times before it is told, the last
 * state alone is told. */
static void
write_event(struct db *db, const struct shelter *s, bool deleted)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	bool known = s->capacity != UNKNOWN;

	json_open(&j, '{');
	json_key_str(&j, "shelter", s->id);
	if (deleted) {
		json_key(&j, "deleted");
		json_flag(&j, true);
	} else {
		json_key_known(&j, "availability", known, shelter_availability(s));
		json_key_known(&j, "projected_availability", known, shelter_projected(s));
		json_key_str(&j, "status", str(status_name(s->status)));
		json_key_int(&j, "updated_at", s->updated_at);
	}
	json_close(&j, '}');
	event_put(db, "availability", s->id, (struct str){ out.p, out.n }, s->sequence);
	buf_free(&out);
}

/* ---- changes -------------------------------------------------------------- */

static void
make_new(struct shelter *s, struct arena *a, int64_t now)
{
	char uid[8];

	random_name(uid, sizeof(uid) - 1);
	s->uid = arena_dup(a, str(uid));
	s->created_at = now;
}

/* Seven decimals, a centimetre: what comes back from the hash is what the card
 * was made of. */
static double
rounded(double degrees)
{
	return round(degrees * 1e7) / 1e7;
}

static enum err
write_all(struct db *db, struct arena *a, const struct shelter *old, struct shelter *s)
{
	enum err e = index_profile(db, a, old, s);

	e = both(e, index_numbers(db, a, old, s));
	e = both(e, write_hash(db, a, old, s));
	write_card(db, a, s);
	write_event(db, s, false);
	return e;
}

enum err
shelter_save(
    struct db *db, struct arena *a, const struct shelter *old, struct shelter *s, const struct change *change)
{
	struct change c = *change;
	enum err e = OK;

	s->position = (struct geo){ rounded(s->position.longitude), rounded(s->position.latitude) };
	c.occupancy = s->occupancy - (old ? old->occupancy : 0);
	c.expected = s->expected - (old ? old->expected : 0);
	s->sequence = db_sequence_next(db);
	s->updated_at = db_now(db);
	if (c.confirms)
		s->confirmed_at = db_now(db);
	if (old == NULL) {
		make_new(s, a, db_now(db));
		e = set_add(db, S("shelters"), s->id);
	}
	if (c.occupancy != 0 || c.expected != 0)
		e = both(e, write_ledger(db, a, s, &c));
	e = both(e, write_all(db, a, old, s));
	if (old == NULL) {
		e = both(e, shelter_join(db, a, s, shelter_country(a, s->id)));
		e = both(e, shelter_join(db, a, s, shelter_city(a, s->id)));
	}
	return e;
}

enum err
shelter_apply(struct db *db, struct arena *a, struct shelter *s, const struct change *change)
{
	struct shelter old = *s;

	if (s->occupancy + change->occupancy < 0 || s->expected + change->expected < 0)
		return ERR_CONFLICT;
	s->occupancy += change->occupancy;
	s->expected += change->expected;
	s->sequence = db_sequence_next(db);
	s->updated_at = db_now(db);
	if (change->confirms)
		s->confirmed_at = db_now(db);
	return both(write_ledger(db, a, s, change), write_all(db, a, &old, s));
}

enum err
shelter_locations(struct db *db, struct arena *a, struct str id, struct str **out, size_t *n)
{
	return set_page(db, a, suffixed(a, id, ":locations"), (struct str){ 0 }, 1000, out, n);
}

enum err
shelter_join(struct db *db, struct arena *a, const struct shelter *s, struct str location)
{
	enum err e;

	if (!location_valid(location))
		return ERR_INPUT;
	e = set_add(db, location, s->id);
	e = both(e, set_add(db, suffixed(a, s->id, ":locations"), location));
	e = both(e, set_add(db, S("locations"), location));
	e = both(e, location_name(db, a, location, s->place));
	e = both(e, rank_numbers(db, a, location, s));
	return both(e, rank_profile(db, a, location, NULL, s));
}

enum err
shelter_leave(struct db *db, struct arena *a, const struct shelter *s, struct str location)
{
	static const char *const criteria[] = { "availability", "projected", "features", "capacity" };
	enum err e = set_rem(db, location, s->id);
	int64_t left = 0;

	e = both(e, set_rem(db, suffixed(a, s->id, ":locations"), location));
	for (size_t i = 0; i < LEN(criteria); i++)
		e = both(e, unrank(db, a, location, criteria[i], s->id));
	for (size_t i = 0; i < s->nresources; i++)
		e = both(e, unrank(db, a, location, need_slug(a, s->resources[i].name).p, s->id));
	if (e == OK && set_card(db, location, &left) == OK && left == 0)
		e = set_rem(db, S("locations"), location);
	return e;
}

/* The intentions of a shelter that goes away go with it. */
static void
delete_intents(struct db *db, struct arena *a, struct str id)
{
	struct str key = suffixed(a, id, ":intents");
	struct zmember *m;
	size_t n;

	do {
		struct zpage page = { ZPAGE_ALL, .limit = 1000 };

		if (zset_page(db, a, key, &page, &m, &n) != OK)
			return;
		for (size_t i = 0; i < n; i++) {
			key_del(db, arena_strf(a, "intent:%.*s", FMT(m[i].member)));
			zset_rem(db, S("intents:expiring"), m[i].member);
			zset_rem(db, key, m[i].member);
		}
	} while (n > 0);
}

void
shelter_delete(struct db *db, struct arena *a, const struct shelter *s)
{
	static const char *const keys[] = { "", CARD, "-availability", "-projected", ":ledger",
		":locations" };
	struct shelter gone = *s;
	struct str *locations;
	size_t n;

	if (shelter_locations(db, a, s->id, &locations, &n) == OK)
		for (size_t i = 0; i < n; i++)
			shelter_leave(db, a, s, locations[i]);
	delete_intents(db, a, s->id);
	index_needs(db, a, s->id, s->needs, false);
	zset_rem(db, S("shelters:geo"), s->id);
	place_rem(db, a, s->place, s->id);
	set_rem(db, S("shelters"), s->id);
	for (size_t i = 0; i < LEN(keys); i++)
		key_del(db, suffixed(a, s->id, keys[i]));
	gone.sequence = db_sequence_next(db);
	write_event(db, &gone, true);
}

/* check.c - the proof that everything agrees. */
#include "check.h"

#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "key.h"
#include "place.h"
#include "set.h"
#include "utf8.h"
#include "value.h"
#include "zset.h"

enum { PAGE = 500 };

struct check {
	struct db *db;
	struct arena *a;
	struct check_report *r;
	/* Members that indexes should have, by what the shelters say; then less
	 * those that they have. */
	int64_t rankings, needs, places, intents, towns;
};

static void __attribute__((format(printf, 2, 3))) differs(struct check *k, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	k->r->differences++;
	if (k->r->tell)
		k->r->tell(k->r->arg, text);
}

static void
same_number(struct check *k, struct str id, const char *what, int64_t is, int64_t should)
{
	if (is != should)
		differs(
		    k, "%.*s: %s is %lld, should be %lld", FMT(id), what, (long long)is, (long long)should);
}

static int64_t
number_in(struct json_object *entry, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(entry, key, &v) ? json_object_get_int64(v) : 0;
}

/* The sums of the ledger against the numbers. */
static void
check_ledger(struct check *k, const struct shelter *s)
{
	struct str key = arena_strf(k->a, "%.*s:ledger", FMT(s->id)), after = S("");
	int64_t occupancy = 0, expected = 0;
	struct field *f;
	size_t n;

	while (hash_page(k->db, k->a, key, after, PAGE, &f, &n) == OK && n > 0) {
		for (size_t i = 0; i < n; i++) {
			struct json_object *entry = json_tokener_parse(f[i].value.p);

			if (entry == NULL)
				differs(k, "%.*s: ledger entry %.*s is no JSON", FMT(s->id), FMT(f[i].name));
			occupancy += number_in(entry, "occupancy");
			expected += number_in(entry, "expected");
			json_object_put(entry);
			k->r->entries++;
		}
		after = f[n - 1].name;
	}
	same_number(k, s->id, "occupancy", s->occupancy, occupancy);
	same_number(k, s->id, "expected", s->expected, expected);
}

/* The people of its intentions, live or not yet swept, against `expected`. */
static void
check_intents(struct check *k, const struct shelter *s)
{
	struct str key = arena_strf(k->a, "%.*s:intents", FMT(s->id));
	struct zpage page = { ZPAGE_ALL, .limit = PAGE };
	struct zmember *m, last;
	int64_t people = 0;
	size_t n;

	while (zset_page(k->db, k->a, key, &page, &m, &n) == OK && n > 0) {
		for (size_t i = 0; i < n; i++) {
			struct str in = arena_strf(k->a, "intent:%.*s", FMT(m[i].member)), value;
			int64_t one = 0;
			double score;

			if (hash_get(k->db, k->a, in, S("people"), &value) == OK)
				str_int(value, 0, INT64_MAX, &one);
			if (hash_get(k->db, k->a, in, S("shelter"), &value) != OK || !str_eq(value, s->id))
				differs(
				    k, "%.*s: an intention in its list is not one of its own", FMT(s->id));
			if (zset_score(k->db, S("intents:expiring"), m[i].member, &score) != OK ||
			    score < m[i].score || score > m[i].score)
				differs(k, "%.*s: an intention has no or another time to expire", FMT(s->id));
			people += one;
			k->r->intents++;
		}
		last = m[n - 1];
		page.after = &last;
	}
	same_number(k, s->id, "expected (by its intentions)", s->expected, people);
}

static void
check_counter(struct check *k, const struct shelter *s, const char *suffix, int64_t should)
{
	struct str key = arena_strf(k->a, "%.*s%s", FMT(s->id), suffix);
	int64_t is = 0;

	if (s->capacity == UNKNOWN) {
		if (key_exists(k->db, key))
			differs(
			    k, "%.*s: has a counter %s though its capacity is unknown", FMT(s->id), suffix);
		return;
	}
	if (!key_exists(k->db, key) || string_get_int(k->db, key, &is) != OK)
		differs(k, "%.*s: has no counter %s", FMT(s->id), suffix);
	else
		same_number(k, s->id, suffix, is, should);
}

static void
check_rank(
    struct check *k, const struct shelter *s, struct str location, const char *criterion, double should)
{
	struct str key = arena_strf(k->a, "%.*s-%s", FMT(location), criterion);
	double is = 0;

	k->rankings++;
	if (zset_score(k->db, key, s->id, &is) != OK)
		differs(k, "%.*s: is not in %.*s", FMT(s->id), FMT(key));
	else if (is < should || is > should)
		differs(k, "%.*s: %g in %.*s, should be %g", FMT(s->id), is, FMT(key), should);
}

/* Names of one meaning have one place in the ranking. */
static bool
named_before(struct check *k, const struct shelter *s, size_t r, struct str slug)
{
	for (size_t i = 0; i < r; i++)
		if (str_eq(need_slug(k->a, s->resources[i].name), slug))
			return true;
	return false;
}

static void
check_resources(struct check *k, const struct shelter *s, struct str location)
{
	for (size_t r = 0; r < s->nresources; r++) {
		struct str slug = need_slug(k->a, s->resources[r].name);
		double sum;

		if (named_before(k, s, r, slug))
			continue;
		shelter_amount(k->a, s, slug, &sum);
		check_rank(k, s, location, slug.p, sum);
	}
}

static void
check_locations(struct check *k, const struct shelter *s)
{
	bool known = s->capacity != UNKNOWN;
	struct str *locations;
	size_t n;

	if (shelter_locations(k->db, k->a, s->id, &locations, &n) != OK)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!set_has(k->db, locations[i], s->id))
			differs(k, "%.*s: is not in the set %.*s", FMT(s->id), FMT(locations[i]));
		if (!set_has(k->db, S("locations"), locations[i]))
			differs(k, "%.*s: its location %.*s is not listed", FMT(s->id), FMT(locations[i]));
		check_rank(
		    k, s, locations[i], "availability", known ? (double)shelter_availability(s) : -HUGE_VAL);
		check_rank(k, s, locations[i], "projected", known ? (double)shelter_projected(s) : -HUGE_VAL);
		check_rank(k, s, locations[i], "features", (double)s->nfeatures);
		if (known)
			check_rank(k, s, locations[i], "capacity", (double)s->capacity);
		check_resources(k, s, locations[i]);
	}
}

static void
check_card(struct check *k, const struct shelter *s)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	struct str bytes;
	struct card c;

	shelter_json(&j, s);
	if (string_get(k->db, k->a, arena_strf(k->a, "%.*s" CARD, FMT(s->id)), &bytes) != OK ||
	    !card_parse(bytes, &c))
		differs(k, "%.*s: has no card", FMT(s->id));
	else if (!str_eq(c.json, (struct str){ out.p, out.n }) || c.sequence != s->sequence ||
		 c.status != s->status || !str_eq(c.needs, s->needs) || c.known != (s->capacity != UNKNOWN) ||
		 (c.known && c.projected != shelter_projected(s)))
		differs(k, "%.*s: its card tells something else than its hash", FMT(s->id));
	buf_free(&out);
}

static void
check_indexes(struct check *k, const struct shelter *s)
{
	struct str needs = s->needs, town = utf8_slug(k->a, s->place);
	double score = 0;

	if (s->placed && (zset_score(k->db, S("shelters:geo"), s->id, &score) != OK ||
			     (uint64_t)score != geo_encode(s->position)))
		differs(k, "%.*s: lies somewhere else in shelters:geo", FMT(s->id));
	if (!s->placed && zset_score(k->db, S("shelters:geo"), s->id, &score) == OK)
		differs(k, "%.*s: has no position, but lies in shelters:geo", FMT(s->id));
	while (needs.n) {
		struct str slug = str_cut(&needs, '|');

		k->needs += slug.n > 0;
		if (slug.n && !set_has(k->db, arena_strf(k->a, "need:%.*s", FMT(slug)), s->id))
			differs(k, "%.*s: is not in need:%.*s", FMT(s->id), FMT(slug));
	}
	k->places += town.n > 0;
	if (town.n && (!set_has(k->db, arena_strf(k->a, "place:%.*s", FMT(town)), s->id) ||
			  !set_has(k->db, S("places"), town)))
		differs(k, "%.*s: is not in place:%.*s, or that is not listed", FMT(s->id), FMT(town));
}

static void
check_shelter(struct check *k, struct str id)
{
	struct shelter s;

	k->r->shelters++;
	if (shelter_load(k->db, k->a, id, &s) != OK) {
		differs(k, "%.*s: is listed, but there is no such shelter", FMT(id));
		return;
	}
	check_ledger(k, &s);
	check_intents(k, &s);
	check_counter(k, &s, "-availability", shelter_availability(&s));
	check_counter(k, &s, "-projected", shelter_projected(&s));
	check_locations(k, &s);
	check_indexes(k, &s);
	check_card(k, &s);
}

/* Backwards: the members of an index are as many as shelters say they are. */
static void
check_sizes(struct check *k, int64_t placed, int64_t intents)
{
	int64_t n = 0;

	zset_card(k->db, S("shelters:geo"), &n);
	if (n != placed)
		differs(k, "shelters:geo has %lld members, %lld shelters have a position", (long long)n,
		    (long long)placed);
	zset_card(k->db, S("intents:expiring"), &n);
	if (n != intents)
		differs(k, "intents:expiring has %lld members, the shelters list %lld", (long long)n,
		    (long long)intents);
}

/* Every location's members know of it, and its rankings have no others. */
static void
check_location(struct check *k, struct str location)
{
	struct str after = { 0 }, *ids;
	int64_t members = 0, ranked = 0;
	size_t n;

	while (set_page(k->db, k->a, location, after, PAGE, &ids, &n) == OK && n > 0) {
		for (size_t i = 0; i < n; i++)
			if (!set_has(k->db, arena_strf(k->a, "%.*s:locations", FMT(ids[i])), location))
				differs(k, "%.*s: is in the set %.*s and does not know", FMT(ids[i]),
				    FMT(location));
		members += (int64_t)n;
		after = ids[n - 1];
	}
	zset_card(k->db, arena_strf(k->a, "%.*s-availability", FMT(location)), &ranked);
	if (members == 0)
		differs(k, "%.*s: is listed and has no shelters", FMT(location));
	if (ranked != members)
		differs(k, "%.*s: %lld members, %lld in its ranking", FMT(location), (long long)members,
		    (long long)ranked);
}

/* The shelter whose key this is; empty: it is no shelter's. */
static struct str
owner_of(struct str name)
{
	static const char *const ends[] = { "", CARD, ":ledger", ":intents", ":locations", "-availability",
		"-projected" };

	for (size_t i = 0; i < LEN(ends); i++) {
		struct str id = { name.p, name.n - strlen(ends[i]) };

		if (str_ends(name, ends[i]) && shelter_id_valid(id))
			return id;
	}
	return S("");
}

/* "city-CJ-water": a ranking of a location. */
static bool
is_ranking(struct str name)
{
	struct str criterion = name;

	str_cut(&criterion, '-');
	str_cut(&criterion, '-');
	return criterion.n > 0 && location_valid((struct str){ name.p, name.n - criterion.n - 1 });
}

static void
check_key(struct check *k, struct str name)
{
	struct str owner = owner_of(name);
	int64_t n = 0;

	if (owner.n && !set_has(k->db, S("shelters"), owner))
		differs(k, "%.*s: belongs to a shelter that is not listed", FMT(name));
	else if (location_valid(name) && !set_has(k->db, S("locations"), name))
		differs(k, "%.*s: is a location that is not listed", FMT(name));
	else if (is_ranking(name) && zset_card(k->db, name, &n) == OK)
		k->rankings -= n;
	else if (str_starts(name, "need:") && set_card(k->db, name, &n) == OK)
		k->needs -= n;
	else if (str_starts(name, "place:") && set_card(k->db, name, &n) == OK)
		k->places -= n, k->towns--;
	else if (str_starts(name, "intent:"))
		k->intents--;
}

/* Every key, for what no shelter leads to.  What is missing was told of by
 * its shelter; so where the numbers are even nothing is left over. */
static void
check_keys(struct check *k)
{
	const struct {
		const char *what;
		const int64_t *left;
	} sums[] = { { "rankings", &k->rankings }, { "sets need:…", &k->needs },
		{ "sets place:…", &k->places }, { "records of intentions", &k->intents },
		{ "towns", &k->towns } };
	struct buf after = { 0 };
	struct str *names;
	size_t n;

	k->intents = k->r->intents;
	set_card(k->db, S("places"), &k->towns);
	while ((n = key_scan(k->db, k->a, (struct str){ after.p, after.n }, PAGE, &names)) > 0) {
		for (size_t i = 0; i < n; i++)
			check_key(k, names[i]);
		after.n = 0;
		buf_str(&after, names[n - 1]);
		arena_reset(k->a);
	}
	for (size_t i = 0; i < LEN(sums); i++)
		if (*sums[i].left != 0)
			differs(
			    k, "%s: %lld more than shelters say", sums[i].what, (long long)-*sums[i].left);
	buf_free(&after);
}

enum err
check_all(struct db *db, struct arena *a, struct check_report *r)
{
	struct arena *names = arena_new();
	struct check k = { .db = db, .a = a, .r = r };
	struct str after = { 0 }, *ids;
	int64_t placed = 0;
	double score;
	size_t n;
	enum err e;

	while ((e = set_page(db, names, S("shelters"), after, PAGE, &ids, &n)) == OK && n > 0) {
		for (size_t i = 0; i < n; i++) {
			check_shelter(&k, ids[i]);
			placed += zset_score(db, S("shelters:geo"), ids[i], &score) == OK;
			arena_reset(a);
		}
		after = ids[n - 1];
	}
	check_sizes(&k, placed, r->intents);
	after = (struct str){ 0 };
	while (e == OK && (e = set_page(db, names, S("locations"), after, PAGE, &ids, &n)) == OK && n > 0) {
		for (size_t i = 0; i < n; i++) {
			check_location(&k, ids[i]);
			arena_reset(a);
		}
		after = ids[n - 1];
	}
	if (e == OK)
		check_keys(&k);
	arena_free(names);
	return e;
}

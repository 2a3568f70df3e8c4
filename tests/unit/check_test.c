/*
 * check_test.c - the proof: silent after whatever is done by the rules, and
 * loud after each kind of tampering.
 */
#include "shelters.h"

#include "place.h"

/* ---- by the rules ------------------------------------------------------------------------- */

enum { SHELTERS = 8, LIVE = 60, ACTIONS = 3000, CHECK_EVERY = 50 };

/* What a shelter must show, counted beside the store. */
struct shadow {
	bool here;
	int64_t capacity, occupancy;
};

static const char *const ids[SHELTERS] = { "RO-CJ-01", "RO-CJ-02", "RO-B-01", "RO-B-02", "JP-17205-01",
	"JP-17205-02", "RO-TM-0001", "NO-0301-99" };
static const char *const spare[] = { "ward-1", "ward-2", "city-CJ", "country-RO" };
static struct shadow shadows[SHELTERS];
static struct live {
	char code[16];
	int shelter;
	int64_t people, expires;
} live[LIVE];
static int nlive;

static void
drop_live(int i)
{
	live[i] = live[--nlive];
}

static int64_t
on_their_way(int which)
{
	int64_t sum = 0;

	for (int i = 0; i < nlive; i++)
		sum += live[i].shelter == which ? live[i].people : 0;
	return sum;
}

/* Every write at a shelter begins with this: so does the shadow. */
static void
shadow_expires(int which)
{
	for (int i = nlive - 1; i >= 0; i--)
		if ((which < 0 || live[i].shelter == which) && live[i].expires <= db_now(db))
			drop_live(i);
}

static void
random_profile(struct shelter *s)
{
	static const char *const texts[] = { "ramp", "wheelchair", "pets", "power", "Pets allowed",
		"baby room" };
	static const char *const names[] = { "water", "Water", "electricity", "power", "food", "blankets" };
	static const char *const towns[] = { "Dej", "DEJ", "Gherla", "", "珠洲市" };
	const char *some[LEN(texts)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(texts); i++)
		if (rnd_below(3) == 0)
			some[n++] = texts[i];
	give_features(s, some, n);
	s->nresources = 0;
	for (size_t i = 0; i < LEN(names); i++)
		if (rnd_below(3) == 0)
			give_resource(s, names[i], rnd_below(4) * 0.5);
	if (rnd_below(2))
		put_at(s, rnd_between(-80, 80), rnd_between(-180, 180));
	else
		s->placed = false, s->position = (struct geo){ 0 };
	s->place = str(towns[rnd_below(LEN(towns))]);
	s->electricity = (enum tri)rnd_below(3);
	s->heating = (enum tri)rnd_below(3);
	s->status = (enum status)rnd_below(STATUS__MAX);
}

static void
create(int w)
{
	struct shelter s = draft(ids[w], rnd_below(3) ? rnd_below(80) : UNKNOWN);

	if (shadows[w].here)
		return;
	random_profile(&s);
	s.occupancy = rnd_below(10);
	save_new(&s);
	shadows[w] = (struct shadow){ true, s.capacity, s.occupancy };
}

static void
edit(int w)
{
	struct shelter old = stored(ids[w]), s = old;

	if (rnd_below(2))
		random_profile(&s);
	if (rnd_below(2))
		s.capacity = rnd_below(4) ? rnd_below(80) : UNKNOWN;
	if (rnd_below(2))
		s.occupancy = rnd_below(60);
	assert_int_equal(shelter_save(db, mem, &old, &s, &by_staff), OK);
	shadows[w].capacity = s.capacity;
	shadows[w].occupancy = s.occupancy;
}

static void
destroy(int w)
{
	struct shelter s = stored(ids[w]);

	shelter_delete(db, mem, &s);
	shadows[w].here = false;
	for (int i = nlive - 1; i >= 0; i--)
		if (live[i].shelter == w)
			drop_live(i);
}

static void
announce(int w)
{
	struct shelter s = stored(ids[w]);
	struct intent in = { .shelter = s.id, .people = 1 + rnd_below(12), .name = S("x") };
	enum err e;

	if (nlive == LIVE)
		return;
	shadow_expires(w);
	e = intent_announce(db, mem, &s, &in);
	if (s.status == STATUS_CLOSED || s.status == STATUS_FULL)
		assert_int_equal(e, ERR_CONFLICT);
	else if (s.capacity != UNKNOWN)
		assert_int_equal(
		    e, in.people <= s.capacity - shadows[w].occupancy - on_their_way(w) ? OK : ERR_CONFLICT);
	else
		assert_int_equal(e, OK);
	if (e != OK)
		return;
	live[nlive] = (struct live){ .shelter = w, .people = in.people, .expires = in.expires_at };
	memcpy(live[nlive++].code, in.code.p, in.code.n);
}

/* One of the live intentions, and what may become of it. */
static void
go_on(void)
{
	int i = nlive ? rnd_below(nlive) : -1;
	struct intent in;
	struct shelter s;
	int64_t people = 1 + rnd_below(12);

	if (i < 0)
		return;
	if (live[i].expires <= db_now(db)) {
		assert_int_equal(intent_load(db, mem, str(live[i].code), &in), ERR_NOT_FOUND);
		return;
	}
	assert_int_equal(intent_load(db, mem, str(live[i].code), &in), OK);
	assert_int_equal(in.people, live[i].people);
	s = stored(ids[live[i].shelter]);
	switch (rnd_below(4)) {
	case 0:
		if (intent_change(db, mem, &s, &in, people) == OK)
			live[i].people = people;
		shadow_expires(live[i].shelter);
		return;
	case 1:
		assert_int_equal(intent_end(db, mem, &s, &in, &(struct change){ .kind = "cancel" }), OK);
		break;
	case 2:
		assert_int_equal(
		    intent_end(db, mem, &s, &in, &(struct change){ .kind = "reject", .by = S("ana") }), OK);
		break;
	default:
		assert_int_equal(intent_arrive(db, mem, &s, &in, people, S("ana")), OK);
		shadows[live[i].shelter].occupancy += people;
	}
	drop_live(i);
}

static void
count(int w, const char *kind, int64_t people)
{
	struct shelter s = stored(ids[w]);
	enum err e = shelter_apply(db, mem, &s, &(struct change){ .kind = kind, .occupancy = people });

	assert_int_equal(e, shadows[w].occupancy + people < 0 ? ERR_CONFLICT : OK);
	if (e == OK)
		shadows[w].occupancy += people;
}

static void
expire(int w)
{
	struct shelter s = stored(ids[w]);
	size_t n;

	if (rnd_below(2)) {
		assert_int_equal(intent_expire(db, mem, &s), OK);
		shadow_expires(w);
		return;
	}
	do
		assert_int_equal(intent_expire_all(db, mem, 3, &n), OK);
	while (n > 0);
	shadow_expires(-1);
}

static void
join_or_leave(int w)
{
	struct shelter s = stored(ids[w]);
	struct str location = str(spare[rnd_below(LEN(spare))]);

	if (set_has(db, location, s.id))
		assert_int_equal(shelter_leave(db, mem, &s, location), OK);
	else
		assert_int_equal(shelter_join(db, mem, &s, location), OK);
}

static void
act(int w)
{
	int what = rnd_below(20);

	if (!shadows[w].here || what == 0)
		create(w);
	else if (what <= 2)
		edit(w);
	else if (what == 3 && rnd_below(4) == 0)
		destroy(w);
	else if (what <= 8)
		announce(w);
	else if (what <= 13)
		go_on();
	else if (what == 14)
		count(w, "walk-in", 1 + rnd_below(8));
	else if (what == 15)
		count(w, "depart", -1 - rnd_below(8));
	else if (what == 16)
		join_or_leave(w);
	else if (what == 17)
		expire(w);
	else if (what == 18)
		at(db_now(db) + rnd_below(INTENT_MS / 8));
	else
		while (key_sweep(db, 50))
			;
}

/* The store shows what was counted beside it. */
static void
same_as_shadow(int w)
{
	struct shelter s;
	const struct shadow *is = &shadows[w];

	if (!is->here) {
		assert_int_equal(shelter_load(db, mem, str(ids[w]), &s), ERR_NOT_FOUND);
		return;
	}
	s = stored(ids[w]);
	assert_int_equal(s.capacity, is->capacity);
	assert_int_equal(s.occupancy, is->occupancy);
	assert_int_equal(s.expected, on_their_way(w));
	if (is->capacity == UNKNOWN) {
		assert_int_equal(counter(ids[w], "-availability"), UNKNOWN);
		return;
	}
	assert_int_equal(counter(ids[w], "-availability"), is->capacity - is->occupancy);
	assert_int_equal(counter(ids[w], "-projected"), is->capacity - is->occupancy - on_their_way(w));
}

STORE_TEST(after_any_actions_everything_agrees)
{
	rnd_start();
	for (int i = 0; i < ACTIONS; i++) {
		int w = rnd_below(SHELTERS);

		act(w);
		same_as_shadow(w);
		if (i % CHECK_EVERY == 0)
			assert_all_agree();
		arena_reset(mem);
	}
	assert_all_agree();
	for (int w = 0; w < SHELTERS; w++)
		if (shadows[w].here)
			destroy(w);
	assert_all_agree();
	assert_int_equal(zset_text("intents:expiring").n, 0);
}

/* ---- against the rules ---------------------------------------------------------------------- */

static struct intent coming;

/* A small town in order: one with everything, one without a capacity. */
static void
in_order(void)
{
	struct shelter s = draft("RO-CJ-01", 50), unknown = draft("RO-CJ-02", UNKNOWN);

	s.place = S("Dej");
	s.occupancy = 5;
	s.electricity = TRI_YES;
	put_at(&s, 47, 23);
	FEATURES(&s, "ramp");
	give_resource(&s, "water", 200);
	save_new(&s);
	save_new(&unknown);
	coming = announced(&s, 4);
	assert_all_agree();
}

/* Each tampering on a town in order. */
#define FOUND(...) \
	do { \
		start_over(); \
		in_order(); \
		__VA_ARGS__; \
		if (differences(false) == 0) \
			fail_msg("not found: %s", #__VA_ARGS__); \
	} while (0)

static struct str
of_coming(const char *before)
{
	return arena_strf(mem, "%s%s", before, coming.code.p);
}

STORE_TEST(what_is_in_order_is_counted_and_nothing_is_said)
{
	struct check_report r = { 0 };

	in_order();
	assert_int_equal(check_all(db, mem, &r), OK);
	assert_int_equal(r.shelters, 2);
	assert_int_equal(r.intents, 1);
	assert_int_equal(r.entries, 2);
	assert_int_equal(r.differences, 0);
}

STORE_TEST(an_empty_store_is_in_order)
{
	assert_all_agree();
}

STORE_TEST(a_wrong_or_missing_counter_is_found)
{
	FOUND(string_set_int(db, S("RO-CJ-01-availability"), 46));
	FOUND(string_set_int(db, S("RO-CJ-01-projected"), 45));
	FOUND(key_del(db, S("RO-CJ-01-availability")));
	FOUND(key_del(db, S("RO-CJ-01-projected")));
	FOUND(string_set(db, S("RO-CJ-01-projected"), S("many"), 0));
	FOUND(string_set_int(db, S("RO-CJ-02-availability"), 0));
	FOUND(string_set_int(db, S("RO-CJ-03-availability"), 0));
}

STORE_TEST(a_number_in_the_hash_that_the_ledger_does_not_bear_out_is_found)
{
	FOUND(hash_put("RO-CJ-01", "occupancy", "6"));
	FOUND(hash_put("RO-CJ-01", "expected", "3"));
	FOUND(hash_put("RO-CJ-01", "capacity", "51"));
	FOUND(hash_del(db, S("RO-CJ-01"), S("capacity")));
	FOUND(hash_put("RO-CJ-02", "occupancy", "1"));
}

STORE_TEST(a_wrong_missing_or_strange_entry_of_the_ledger_is_found)
{
	FOUND(hash_put("RO-CJ-01:ledger", "ffff", "{\"kind\":\"walk-in\",\"occupancy\":1,\"expected\":0}"));
	FOUND(hash_put("RO-CJ-01:ledger", "ffff", "no JSON"));
	FOUND(key_del(db, S("RO-CJ-01:ledger")));
	FOUND(hash_put("RO-CJ-03:ledger", "ffff", "{\"kind\":\"walk-in\",\"occupancy\":0,\"expected\":0}"));
}

STORE_TEST(a_wrong_ranking_is_found)
{
	static const char *const rankings[] = { "city-CJ-availability", "country-RO-projected",
		"city-CJ-features", "country-RO-capacity", "city-CJ-water" };

	for (size_t i = 0; i < LEN(rankings); i++) {
		FOUND(zset_add(db, str(rankings[i]), S("RO-CJ-01"), 3.5));
		FOUND(zset_rem(db, str(rankings[i]), S("RO-CJ-01")));
		FOUND(zset_add(db, str(rankings[i]), S("RO-CJ-77"), 1));
	}
	FOUND(zset_add(db, S("city-CJ-availability"), S("RO-CJ-02"), 0));
	FOUND(zset_add(db, S("city-CJ-capacity"), S("RO-CJ-02"), 0));
	FOUND(zset_add(db, S("city-CJ-water"), S("RO-CJ-02"), 0));
	FOUND(zset_add(db, S("city-CJ-gold"), S("RO-CJ-01"), 1));
}

STORE_TEST(a_stale_or_missing_card_is_found)
{
	struct str card;

	FOUND(key_del(db, S("RO-CJ-01:card")));
	FOUND(string_set(db, S("RO-CJ-01:card"), S("{}"), 0));
	FOUND(hash_put("RO-CJ-01", "name", "Another"));
	FOUND(hash_put("RO-CJ-01", "status", "closed"));
	FOUND(hash_put("RO-CJ-01", "heating", "true"));
	FOUND(string_get(db, mem, S("RO-CJ-01:card"), &card), string_set(db, S("RO-CJ-02:card"), card, 0));
	FOUND(string_set(db, S("RO-CJ-03:card"), S("1 open 1 |\n{"), 0));
}

STORE_TEST(a_wrong_position_is_found)
{
	static const struct geo elsewhere = { 23.01, 47.0 };

	FOUND(geo_add(db, S("shelters:geo"), S("RO-CJ-01"), elsewhere));
	FOUND(zset_rem(db, S("shelters:geo"), S("RO-CJ-01")));
	FOUND(geo_add(db, S("shelters:geo"), S("RO-CJ-02"), elsewhere));
	FOUND(geo_add(db, S("shelters:geo"), S("RO-CJ-77"), elsewhere));
	FOUND(hash_put("RO-CJ-01", "latitude", "47.5"));
}

STORE_TEST(a_wrong_need_is_found)
{
	FOUND(set_rem(db, S("need:step-free"), S("RO-CJ-01")));
	FOUND(set_add(db, S("need:step-free"), S("RO-CJ-02")));
	FOUND(set_add(db, S("need:gold"), S("RO-CJ-01")));
	FOUND(hash_put("RO-CJ-01", "needs", "|step-free|"));
}

STORE_TEST(a_wrong_set_of_a_location_is_found)
{
	FOUND(set_rem(db, S("city-CJ"), S("RO-CJ-01")));
	FOUND(set_add(db, S("city-CJ"), S("RO-CJ-77")));
	FOUND(set_add(db, S("city-TM"), S("RO-CJ-01")));
	FOUND(set_rem(db, S("locations"), S("city-CJ")));
	FOUND(set_add(db, S("locations"), S("city-TM")));
	FOUND(set_add(db, S("RO-CJ-01:locations"), S("city-TM")));
	FOUND(set_rem(db, S("RO-CJ-01:locations"), S("city-CJ")));
}

STORE_TEST(a_shelter_that_is_not_listed_or_not_there_is_found)
{
	FOUND(set_rem(db, S("shelters"), S("RO-CJ-01")));
	FOUND(set_rem(db, S("shelters"), S("RO-CJ-02")));
	FOUND(set_add(db, S("shelters"), S("RO-CJ-77")));
	FOUND(key_del(db, S("RO-CJ-02")));
}

STORE_TEST(a_wrong_town_is_found)
{
	FOUND(set_rem(db, S("place:dej"), S("RO-CJ-01")));
	FOUND(set_add(db, S("place:dej"), S("RO-CJ-02")));
	FOUND(set_rem(db, S("places"), S("dej")));
	FOUND(set_add(db, S("places"), S("gherla")));
}

STORE_TEST(a_wrong_intention_is_found)
{
	struct field people = { S("people"), S("9") }, shelter = { S("shelter"), S("RO-CJ-02") };

	FOUND(hash_set(db, of_coming("intent:"), &people, 1));
	FOUND(hash_set(db, of_coming("intent:"), &shelter, 1));
	FOUND(key_del(db, of_coming("intent:")));
	FOUND(zset_rem(db, S("RO-CJ-01:intents"), coming.code));
	FOUND(zset_rem(db, S("intents:expiring"), coming.code));
	FOUND(zset_add(db, S("intents:expiring"), coming.code, 1));
	FOUND(zset_add(db, S("intents:expiring"), S("00000000"), 1));
	FOUND(hash_put("intent:00000000", "people", "3"));
	FOUND(zset_add(db, S("RO-CJ-03:intents"), S("00000000"), 1));
}

STORE_TEST(each_difference_is_told_in_words)
{
	struct check_report r = { .tell = tell_difference };

	in_order();
	string_set_int(db, S("RO-CJ-01-availability"), 46);
	assert_int_equal(check_all(db, mem, &r), OK);
	assert_int_equal(r.differences, 1);
}

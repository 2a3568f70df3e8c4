/* shelter_test.c - a shelter: its hash, its numbers, and everything that follows them. */
#include "shelters.h"

#include "event.h"
#include "place.h"

/* Applies a change of people by staff. */
static enum err
people(struct shelter *s, const char *kind, int64_t occupancy, int64_t expected)
{
	struct change c = {
		.kind = kind, .occupancy = occupancy, .expected = expected, .confirms = occupancy != 0
	};

	return shelter_apply(db, mem, s, &c);
}

/* Saves `s` over what is stored, as a handler does. */
static void
edited(struct shelter *s)
{
	struct shelter old;

	assert_int_equal(shelter_load(db, mem, s->id, &old), OK);
	assert_int_equal(shelter_save(db, mem, &old, s, &by_staff), OK);
}

static struct str
as_json(const struct shelter *s)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	struct str text;

	shelter_json(&j, s);
	text = arena_dup(mem, (struct str){ out.p, out.n });
	buf_free(&out);
	return text;
}

static void
json_has(const struct shelter *s, const char *part)
{
	if (strstr(as_json(s).p, part) == NULL)
		fail_msg("no %s in %s", part, as_json(s).p);
}

/* ---- ids ---------------------------------------------------------------------------- */

TEST(an_id_is_country_city_number)
{
	static const char *const good[] = { "RO-CJ-01", "RO-B-01", "JP-17205-00000001",
		"US-ABCDEFGHIJKL-99" };
	static const char *const bad[] = { "", "RO", "RO-CJ", "RO-CJ-", "RO-CJ-1", "ro-CJ-01", "R-CJ-01",
		"ROU-CJ-01", "RO-cj-01", "RO--01", "RO-CJ-0a", "RO-CJ-123456789", "RO-ABCDEFGHIJKLM-01",
		"RO-CJ-01-availability", "RO-CJ-01:card", " RO-CJ-01", "RO-CJ-01 ", "RO-C\xc8-01" };

	for (size_t i = 0; i < LEN(good); i++)
		assert_true(shelter_id_valid(str(good[i])));
	for (size_t i = 0; i < LEN(bad); i++)
		assert_false(shelter_id_valid(str(bad[i])));
	assert_false(shelter_id_valid((struct str){ "RO-CJ-0\0", 8 }));
}

TEST(an_id_names_its_country_and_its_city)
{
	struct arena *a = arena_new();

	assert_str(shelter_country(a, S("RO-CJ-01")), "country-RO");
	assert_str(shelter_city(a, S("RO-CJ-01")), "city-CJ");
	assert_str(shelter_city(a, S("RO-B-01")), "city-B");
	assert_str(shelter_country(a, S("JP-17205-0001")), "country-JP");
	assert_str(shelter_city(a, S("JP-17205-0001")), "city-17205");
	arena_free(a);
}

TEST(every_status_has_a_name_that_is_read_back)
{
	enum status s;

	for (int i = 0; i < STATUS__MAX; i++) {
		assert_true(status_parse(str(status_name((enum status)i)), &s));
		assert_int_equal(s, i);
	}
	assert_false(status_parse(S("Open"), &s));
	assert_false(status_parse(S(""), &s));
}

/* ---- keeping ------------------------------------------------------------------------ */

STORE_TEST(what_was_saved_is_loaded)
{
	struct shelter s = draft("RO-CJ-01", 300), t;
	struct str items[] = { S("insulin"), S("plasturi „mici”") };

	s.name = S("Școala \"de pe Deal\"\n");
	s.address = S("Strada Stejarului 12");
	s.place = S("Cluj-Napoca");
	s.attributes = S("{\"floor\":\"2\"}");
	s.electricity = TRI_YES;
	s.heating = TRI_NO;
	s.status = STATUS_STANDBY;
	s.occupancy = 41;
	put_at(&s, 46.774501, -23.599199);
	FEATURES(&s, "counseling", "disabled persons special access");
	give_resource(&s, "water", 200.5);
	s.resources[0].unit = S("liters");
	give_resource(&s, "medicine", 0);
	s.resources[1] = (struct resource){ .name = S("medicine"), .items = items, .nitems = 2 };
	save_new(&s);
	t = stored("RO-CJ-01");
	assert_bytes(t.name, s.name);
	assert_bytes(t.address, s.address);
	assert_bytes(t.place, s.place);
	assert_bytes(t.attributes, s.attributes);
	assert_bytes(t.uid, s.uid);
	assert_int_equal(t.electricity, TRI_YES);
	assert_int_equal(t.heating, TRI_NO);
	assert_int_equal(t.status, STATUS_STANDBY);
	assert_int_equal(t.capacity, 300);
	assert_int_equal(t.occupancy, 41);
	assert_double(t.position.latitude, 46.774501);
	assert_double(t.position.longitude, -23.599199);
	assert_int_equal(t.nfeatures, 2);
	assert_str(t.features[1], "disabled persons special access");
	assert_double(t.resources[0].quantity, 200.5);
	assert_str(t.resources[0].unit, "liters");
	assert_false(t.resources[1].counted);
	assert_bytes(t.resources[1].items[1], items[1]);
	assert_int_equal(t.created_at, NOW);
	assert_bytes(as_json(&t), as_json(&s));
	assert_all_agree();
}

STORE_TEST(a_shelter_that_is_not_there_is_not_found)
{
	struct shelter s;

	assert_int_equal(shelter_load(db, mem, S("RO-CJ-01"), &s), ERR_NOT_FOUND);
	assert_int_equal(shelter_load(db, mem, S("users"), &s), ERR_NOT_FOUND);
	assert_int_equal(shelter_load(db, mem, S(""), &s), ERR_NOT_FOUND);
	string_set(db, S("RO-CJ-02"), S("no hash"), 0);
	assert_int_equal(shelter_load(db, mem, S("RO-CJ-02"), &s), ERR_NOT_FOUND);
}

STORE_TEST(a_position_keeps_seven_decimals)
{
	struct shelter s = draft("RO-CJ-01", 1);

	put_at(&s, 46.12345678901, -179.98765432109);
	save_new(&s);
	assert_double(stored("RO-CJ-01").position.latitude, 46.1234568);
	assert_double(stored("RO-CJ-01").position.longitude, -179.9876543);
	assert_all_agree();
}

STORE_TEST(the_random_id_is_made_once_and_differs)
{
	struct shelter a = made("RO-CJ-01", 1), b = made("RO-CJ-02", 1), changed = a;

	assert_int_equal(a.uid.n, 7);
	assert_false(str_eq(a.uid, b.uid));
	changed.name = S("Other");
	edited(&changed);
	assert_bytes(stored("RO-CJ-01").uid, a.uid);
}

STORE_TEST(each_change_takes_the_next_number_of_the_tenant)
{
	struct shelter a = made("RO-CJ-01", 10), b = made("RO-CJ-02", 10);

	assert_int_equal(b.sequence, a.sequence + 1);
	assert_int_equal(people(&a, "walk-in", 1, 0), OK);
	assert_int_equal(a.sequence, b.sequence + 1);
	assert_int_equal(stored("RO-CJ-01").sequence, a.sequence);
	assert_int_equal(db_sequence(db), a.sequence);
}

/* ---- the two numbers ----------------------------------------------------------------- */

STORE_TEST(availability_is_capacity_less_those_inside_and_projected_less_those_on_their_way)
{
	struct shelter s = made("RO-CJ-01", 100);

	numbers_are("RO-CJ-01", 100, 100);
	assert_int_equal(people(&s, "walk-in", 30, 0), OK);
	numbers_are("RO-CJ-01", 70, 70);
	assert_int_equal(people(&s, "announce", 0, 5), OK);
	numbers_are("RO-CJ-01", 70, 65);
	s.capacity = 40;
	edited(&s);
	numbers_are("RO-CJ-01", 10, 5);
	s.occupancy = 50;
	edited(&s);
	numbers_are("RO-CJ-01", -10, -15);
}

STORE_TEST(an_unknown_capacity_is_never_0)
{
	struct shelter s = made("RO-CJ-01", UNKNOWN);

	assert_int_equal(people(&s, "walk-in", 3, 0), OK);
	assert_int_equal(stored("RO-CJ-01").capacity, UNKNOWN);
	assert_int_equal(counter("RO-CJ-01", "-availability"), UNKNOWN);
	assert_int_equal(counter("RO-CJ-01", "-projected"), UNKNOWN);
	json_has(&s, "\"capacity\":null");
	json_has(&s, "\"availability\":null");
	json_has(&s, "\"projected_availability\":null");
	json_has(&s, "\"occupancy\":3");
	assert_str(zset_text("city-CJ-capacity"), "");
}

STORE_TEST(a_capacity_of_0_is_known)
{
	made("RO-CJ-01", 0);
	numbers_are("RO-CJ-01", 0, 0);
	assert_str(zset_text("city-CJ-capacity"), "RO-CJ-01");
}

STORE_TEST(the_unknown_sorts_behind_everything_known)
{
	struct shelter full;

	made("RO-CJ-01", UNKNOWN);
	full = made("RO-CJ-02", 1);
	made("RO-CJ-03", 0);
	assert_int_equal(people(&full, "walk-in", 500, 0), OK);
	assert_str(zset_text("city-CJ-availability"), "RO-CJ-01 RO-CJ-02 RO-CJ-03");
	assert_str(zset_text("country-RO-projected"), "RO-CJ-01 RO-CJ-02 RO-CJ-03");
}

STORE_TEST(a_capacity_may_become_known_and_unknown_again)
{
	struct shelter s = made("RO-CJ-01", UNKNOWN);

	s.capacity = 20;
	edited(&s);
	numbers_are("RO-CJ-01", 20, 20);
	assert_str(zset_text("city-CJ-capacity"), "RO-CJ-01");
	s = stored("RO-CJ-01");
	s.capacity = UNKNOWN;
	edited(&s);
	assert_int_equal(counter("RO-CJ-01", "-availability"), UNKNOWN);
	assert_str(zset_text("city-CJ-capacity"), "");
	assert_all_agree();
}

STORE_TEST(more_than_there_are_cannot_leave_and_nothing_is_done)
{
	struct shelter s = made("RO-CJ-01", 10);
	int64_t entries, sequence, n;

	assert_int_equal(people(&s, "walk-in", 4, 0), OK);
	assert_int_equal(hash_len(db, S("RO-CJ-01:ledger"), &entries), OK);
	sequence = db_sequence(db);
	assert_int_equal(people(&s, "depart", -5, 0), ERR_CONFLICT);
	assert_int_equal(people(&s, "cancel", 0, -1), ERR_CONFLICT);
	assert_int_equal(s.occupancy, 4);
	assert_int_equal(stored("RO-CJ-01").occupancy, 4);
	assert_int_equal(db_sequence(db), sequence);
	assert_int_equal(hash_len(db, S("RO-CJ-01:ledger"), &n), OK);
	assert_int_equal(n, entries);
	assert_int_equal(people(&s, "depart", -4, 0), OK);
	assert_all_agree();
}

STORE_TEST(the_ledger_says_what_was_added_by_whom_and_why)
{
	struct shelter s = made("RO-CJ-01", 10);
	struct change c = { .kind = "reject",
		.expected = -2,
		.code = S("K7M29QXT"),
		.by = S("ana"),
		.reason = S("no \"bus\"") };
	struct str entry;

	assert_int_equal(people(&s, "announce", 0, 2), OK);
	assert_int_equal(shelter_apply(db, mem, &s, &c), OK);
	assert_int_equal(hash_get(db, mem, S("RO-CJ-01:ledger"),
			     arena_strf(mem, "%016llx", (unsigned long long)s.sequence), &entry),
	    OK);
	assert_str(entry,
	    "{\"kind\":\"reject\",\"occupancy\":0,\"expected\":-2,\"code\":\"K7M29QXT\",\"by\":\"ana\","
	    "\"reason\":\"no \\\"bus\\\"\",\"at\":1000000}");
}

STORE_TEST(a_count_by_staff_goes_to_the_ledger_as_the_difference)
{
	struct shelter s = draft("RO-CJ-01", 100);

	s.occupancy = 40;
	save_new(&s);
	s.occupancy = 33;
	edited(&s);
	numbers_are("RO-CJ-01", 67, 67);
	assert_all_agree();
}

STORE_TEST(a_number_is_confirmed_by_counting_and_not_by_announcing)
{
	struct shelter s = made("RO-CJ-01", 10);

	assert_int_equal(s.confirmed_at, 0);
	at(NOW + 1000);
	assert_int_equal(people(&s, "announce", 0, 2), OK);
	assert_int_equal(stored("RO-CJ-01").confirmed_at, 0);
	assert_int_equal(people(&s, "walk-in", 1, 0), OK);
	assert_int_equal(stored("RO-CJ-01").confirmed_at, NOW + 1000);
	at(NOW + 2000);
	assert_int_equal(people(&s, "cancel", 0, -2), OK);
	assert_int_equal(stored("RO-CJ-01").confirmed_at, NOW + 1000);
	assert_int_equal(stored("RO-CJ-01").updated_at, NOW + 2000);
}

/* ---- indexes ------------------------------------------------------------------------- */

STORE_TEST(a_resource_ranks_by_its_amount_and_leaves_with_it)
{
	struct shelter a = draft("RO-CJ-01", 1), b = draft("RO-CJ-02", 1);

	give_resource(&a, "water", 200);
	give_resource(&b, "water", 300);
	save_new(&a);
	save_new(&b);
	assert_str(zset_text("city-CJ-water"), "RO-CJ-01 RO-CJ-02");
	assert_str(set_text("need:water"), "RO-CJ-01 RO-CJ-02");
	b.resources = NULL;
	b.nresources = 0;
	edited(&b);
	assert_str(zset_text("city-CJ-water"), "RO-CJ-01");
	assert_str(set_text("need:water"), "RO-CJ-01");
	assert_all_agree();
}

STORE_TEST(nothing_left_of_a_resource_is_ranked_but_fills_no_need)
{
	struct shelter s = draft("RO-CJ-01", 1);

	give_resource(&s, "water", 0);
	save_new(&s);
	assert_str(zset_text("city-CJ-water"), "RO-CJ-01");
	assert_str(set_text("need:water"), "");
}

STORE_TEST(two_resources_with_names_of_one_meaning_rank_as_their_sum)
{
	struct shelter s = draft("RO-CJ-01", 1), fewer;
	double score = 0;

	give_resource(&s, "Water", 5);
	give_resource(&s, "water", 7);
	save_new(&s);
	assert_int_equal(zset_score(db, S("city-CJ-water"), s.id, &score), OK);
	assert_double(score, 12);
	assert_all_agree();
	fewer = stored("RO-CJ-01");
	fewer.nresources = 0;
	fewer.resources = NULL;
	give_resource(&fewer, "water", 7);
	edited(&fewer);
	assert_int_equal(zset_score(db, S("city-CJ-water"), s.id, &score), OK);
	assert_double(score, 7);
	assert_all_agree();
}

STORE_TEST(every_need_is_filled_once_whatever_it_is_called)
{
	struct shelter s = draft("RO-CJ-01", 1);
	struct str items[] = { S("insulin") };

	FEATURES(&s, "wheelchair", "Ramp", "baby room");
	give_resource(&s, "medicine", 0);
	s.resources[0] = (struct resource){ .name = S("medicine"), .items = items, .nitems = 1 };
	s.electricity = TRI_YES;
	s.heating = TRI_NO;
	save_new(&s);
	assert_str(s.needs, "|step-free|baby-room|medicine|insulin|electricity|");
	assert_str(set_text("need:step-free"), "RO-CJ-01");
	assert_str(set_text("need:heating"), "");
}

STORE_TEST(a_shelter_without_a_position_lies_nowhere)
{
	struct shelter s = draft("RO-CJ-01", 1);
	struct geo g;

	put_at(&s, 46, 23);
	save_new(&s);
	assert_int_equal(geo_pos(db, S("shelters:geo"), s.id, &g), OK);
	s.placed = false;
	s.position = (struct geo){ 0 };
	edited(&s);
	assert_int_equal(geo_pos(db, S("shelters:geo"), s.id, &g), ERR_NOT_FOUND);
	assert_false(stored("RO-CJ-01").placed);
	json_has(&s, "\"position\":null");
	assert_all_agree();
}

STORE_TEST(a_location_has_the_set_and_every_ranking)
{
	struct shelter s = draft("RO-CJ-01", 50);

	FEATURES(&s, "pets");
	give_resource(&s, "water", 9);
	save_new(&s);
	assert_int_equal(shelter_join(db, mem, &s, S("ward-7")), OK);
	assert_int_equal(shelter_join(db, mem, &s, S("ward-7")), OK);
	assert_str(set_text("ward-7"), "RO-CJ-01");
	assert_str(set_text("RO-CJ-01:locations"), "city-CJ country-RO ward-7");
	assert_int_equal(people(&s, "walk-in", 8, 0), OK);
	assert_all_agree();
	assert_int_equal(shelter_leave(db, mem, &s, S("ward-7")), OK);
	assert_str(set_text("locations"), "city-CJ country-RO");
	assert_str(zset_text("ward-7-availability"), "");
	assert_str(zset_text("ward-7-water"), "");
	assert_all_agree();
}

STORE_TEST(a_location_with_a_name_like_another_key_is_refused)
{
	struct shelter s = made("RO-CJ-01", 50);

	assert_int_equal(shelter_join(db, mem, &s, S("RO-CJ-01")), ERR_INPUT);
	assert_int_equal(shelter_join(db, mem, &s, S("city-CJ-availability")), ERR_INPUT);
	assert_int_equal(shelter_join(db, mem, &s, S("users")), ERR_INPUT);
}

STORE_TEST(nothing_of_a_deleted_shelter_stays)
{
	struct str *names;
	struct shelter s = draft("RO-CJ-01", 50);

	s.place = S("Cluj-Napoca");
	put_at(&s, 46, 23);
	FEATURES(&s, "pets", "ramp");
	give_resource(&s, "water", 9);
	save_new(&s);
	assert_int_equal(shelter_join(db, mem, &s, S("city-DEJ")), OK);
	announced(&s, 4);
	announced(&s, 2);
	assert_int_equal(people(&s, "walk-in", 8, 0), OK);
	shelter_delete(db, mem, &s);
	while (key_sweep(db, 100))
		;
	assert_int_equal(key_scan(db, mem, S(""), 10, &names), 1); /* names of locations are kept */
	assert_str(names[0], "titles");
	assert_all_agree();
}

/* ---- the card ------------------------------------------------------------------------ */

STORE_TEST(the_card_follows_every_change)
{
	struct shelter s = draft("RO-CJ-01", 50);
	struct str bytes;
	struct card c;

	FEATURES(&s, "wheelchair");
	save_new(&s);
	assert_int_equal(people(&s, "announce", 0, 8), OK);
	s.status = STATUS_FULL;
	edited(&s);
	assert_int_equal(shelter_card(db, mem, s.id, &bytes), OK);
	assert_true(card_parse(bytes, &c));
	assert_int_equal(c.sequence, s.sequence);
	assert_int_equal(c.status, STATUS_FULL);
	assert_true(c.known);
	assert_int_equal(c.projected, 42);
	assert_true(card_has(&c, S("step-free")));
	assert_bytes(c.json, as_json(&s));
}

TEST(a_card_says_that_it_does_not_know)
{
	struct card c;

	assert_true(card_parse(S("7 open ? |\n{"), &c));
	assert_false(c.known);
	assert_true(card_parse(S("7 open -3 |\n{"), &c));
	assert_true(c.known);
	assert_int_equal(c.projected, -3);
	assert_false(card_parse(S(""), &c));
	assert_false(card_parse(S("x open 1 |\n{"), &c));
	assert_false(card_parse(S("7 ajar 1 |\n{"), &c));
}

TEST(a_need_is_held_whole_and_not_as_a_part_of_another)
{
	struct card c = { .needs = S("|warm-water|water-2|heating|") };

	assert_true(card_has(&c, S("heating")));
	assert_true(card_has(&c, S("warm-water")));
	assert_false(card_has(&c, S("water")));
	assert_false(card_has(&c, S("warm")));
	assert_false(card_has(&c, S("")));
	assert_false(card_has(&c, S("|")));
	c.needs = S("|wet-water|water|");
	assert_true(card_has(&c, S("water")));
}

STORE_TEST(a_card_of_an_odd_id_is_not_found)
{
	struct str bytes;

	assert_int_equal(shelter_card(db, mem, S("nope"), &bytes), ERR_NOT_FOUND);
	assert_int_equal(shelter_card(db, mem, S("RO-CJ-01"), &bytes), ERR_NOT_FOUND);
}

/* ---- what is told -------------------------------------------------------------------- */

STORE_TEST(of_many_changes_the_last_state_alone_is_told)
{
	struct shelter s = made("RO-CJ-01", 50);
	const struct str channel = S("availability");
	struct events told;

	for (int i = 0; i < 10; i++)
		assert_int_equal(people(&s, "walk-in", 1, 0), OK);
	event_range(db, mem, &channel, 1, 0, s.sequence, 100, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.v[0].id, s.sequence);
	assert_str(told.v[0].topic, "RO-CJ-01");
	assert_str(told.v[0].data,
	    "{\"shelter\":\"RO-CJ-01\",\"availability\":40,\"projected_availability\":40,"
	    "\"status\":\"open\",\"updated_at\":1000000}");
}

/* place_test.c - names of places, and what they may mean. */
#include "shelters.h"

#include "place.h"

/* A shelter in a town, at a position. */
static void
in_town(const char *id, const char *town, double latitude, double longitude)
{
	struct shelter s = draft(id, 10);

	s.place = arena_dup(mem, str(town));
	if (latitude < 90)
		put_at(&s, latitude, longitude);
	save_new(&s);
}

enum { NOWHERE = 91 };

/* "Cluj-Napoca(2) Cluj(3)": what a name may mean, the best first. */
static struct str
found_as(const char *name)
{
	struct place p[PLACES_MAX];
	struct str all = S("");
	size_t n;

	assert_int_equal(place_find(db, mem, str(name), p, &n), OK);
	for (size_t i = 0; i < n; i++)
		all = arena_strf(mem, "%.*s%s%.*s(%lld)", FMT(all), i ? " " : "", FMT(p[i].title),
		    (long long)p[i].shelters);
	return all;
}

STORE_TEST(a_town_is_found_without_accents_and_in_any_case)
{
	in_town("RO-BV-01", "Săcele", 45.6, 25.7);
	assert_str(found_as("sacele"), "Săcele(1)");
	assert_str(found_as(" SĂCELE "), "Săcele(1)");
	assert_str(found_as("Sãcele"), "Săcele(1)");
}

STORE_TEST(a_comma_below_and_a_cedilla_are_the_same_letter)
{
	in_town("RO-IS-01", "Târgu Frumoș", 47.2, 27.0);
	assert_str(found_as("Târgu Frumoş"), "Târgu Frumoș(1)");
	assert_str(found_as("targu-frumos"), "Târgu Frumoș(1)");
}

STORE_TEST(a_town_in_capitals_is_shown_with_small_letters)
{
	in_town("RO-DJ-01", "CRAIOVA", 44.3, 23.8);
	assert_str(found_as("craiova"), "Craiova(1)");
}

STORE_TEST(the_whole_name_comes_before_its_beginning)
{
	in_town("RO-CJ-01", "Turda", 46.5, 23.8);
	in_town("RO-CJ-02", "Turda Nouă", 46.6, 23.9);
	in_town("RO-CJ-03", "Turda Nouă", 46.6, 23.9);
	assert_str(found_as("turda"), "Turda(1) Turda Nouă(2)");
	assert_str(found_as("turda n"), "Turda Nouă(2)");
}

STORE_TEST(a_town_comes_before_an_area_of_the_same_name)
{
	in_town("RO-B-01", "București", 44.4, 26.1);
	assert_str(found_as("bucuresti"), "București(1) București(1)");
}

STORE_TEST(an_area_is_found_by_its_title_its_code_and_its_key)
{
	struct place p[PLACES_MAX];
	size_t n;

	in_town("RO-CJ-01", "Gherla", 47, 23.9);
	assert_str(found_as("Cluj"), "Cluj(1)");
	assert_str(found_as("cj"), "Cluj(1)");
	assert_str(found_as("city-CJ"), "Cluj(1)");
	assert_str(found_as("romania"), "Romania(1)");
	assert_int_equal(place_find(db, mem, S("Cluj"), p, &n), OK);
	assert_str(p[0].location, "city-CJ");
}

STORE_TEST(of_several_beginnings_the_largest_comes_first)
{
	in_town("RO-CJ-01", "Valea A", 46, 23);
	in_town("RO-CJ-02", "Valea B", 46, 23);
	in_town("RO-CJ-03", "Valea B", 46, 23);
	assert_str(found_as("valea"), "Valea B(2) Valea A(1)");
}

STORE_TEST(the_centre_is_the_median_so_that_one_stray_row_does_not_move_it)
{
	struct place p[PLACES_MAX];
	size_t n;

	in_town("RO-CJ-01", "Dej", 47.14, 23.87);
	in_town("RO-CJ-02", "Dej", 47.14, 23.88);
	in_town("RO-CJ-03", "Dej", 44.00, 28.60);
	assert_int_equal(place_find(db, mem, S("dej"), p, &n), OK);
	assert_near(p[0].centre.latitude, 47.14, 0.001);
	assert_near(p[0].centre.longitude, 23.88, 0.001);
}

STORE_TEST(a_place_without_any_position_is_left_out)
{
	in_town("RO-CJ-01", "Dej", NOWHERE, 0);
	assert_str(found_as("dej"), "");
	in_town("RO-CJ-02", "Dej", 47, 23);
	assert_str(found_as("dej"), "Dej(2)");
}

STORE_TEST(a_name_that_nobody_has_is_no_place)
{
	in_town("RO-CJ-01", "Dej", 47, 23);
	assert_str(found_as("Atlantis"), "");
	assert_str(found_as(""), "");
	assert_str(found_as("--"), "");
	assert_str(found_as("ej"), "");
}

STORE_TEST(no_more_places_than_can_be_shown)
{
	for (int i = 0; i < 30; i++)
		in_town(arena_printf(mem, "RO-CJ-%02d", i), arena_printf(mem, "Valea %02d", i), 46, 23);
	in_town("RO-CJ-90", "Valea", 46, 23);
	assert_true(str_starts(found_as("valea"), "Valea(1) "));
}

STORE_TEST(a_town_that_loses_its_last_shelter_is_forgotten)
{
	struct shelter s, moved;

	in_town("RO-CJ-01", "Dej", 47, 23);
	s = moved = stored("RO-CJ-01");
	moved.place = S("Gherla");
	assert_int_equal(shelter_save(db, mem, &s, &moved, &by_staff), OK);
	assert_str(found_as("dej"), "");
	assert_str(found_as("gherla"), "Gherla(1)");
	assert_str(set_text("places"), "gherla");
	shelter_delete(db, mem, &moved);
	assert_str(set_text("places"), "");
}

STORE_TEST(a_location_shows_its_known_name_or_that_of_its_first_town)
{
	in_town("RO-CJ-01", "Dej", 47, 23);
	in_town("JP-17205-01", "珠洲市", 37.4, 137.2);
	in_town("JP-17205-02", "飯田", 37.4, 137.2);
	in_town("NO-0301-01", "", 59.9, 10.7);
	assert_str(location_title(db, mem, S("city-CJ")), "Cluj");
	assert_str(location_title(db, mem, S("country-JP")), "Japan");
	assert_str(location_title(db, mem, S("city-17205")), "珠洲市");
	assert_str(location_title(db, mem, S("city-0301")), "0301");
}

/* "country-RO city-CJ": where somebody may mean, the best first. */
static struct str
locations_called(const char *name, size_t limit)
{
	struct str all = S(""), *found;
	size_t n;

	assert_int_equal(location_search(db, mem, str(name), limit, &found, &n), OK);
	for (size_t i = 0; i < n; i++)
		all = arena_strf(mem, "%.*s%s%.*s", FMT(all), i ? " " : "", FMT(found[i]));
	return all;
}

STORE_TEST(a_location_is_found_by_its_name_its_code_or_a_town_in_it)
{
	in_town("RO-CJ-01", "Dej", 47, 23);
	in_town("RO-CS-01", "Reșița", 45.3, 21.9);
	in_town("RO-CS-02", "Dealu", 45.3, 21.9);
	assert_str(locations_called("cluj", 9), "city-CJ");
	assert_str(locations_called("CJ", 9), "city-CJ");
	assert_str(locations_called("city-CJ", 9), "city-CJ");
	assert_str(locations_called("severin", 9), "city-CS"); /* a later word of Caraș-Severin */
	assert_str(locations_called("caras-sev", 9), "city-CS");
	assert_str(locations_called("resita", 9), "city-CS");
	assert_str(locations_called("rom", 9), "country-RO");
	assert_str(locations_called("de", 9), "city-CJ city-CS");
	assert_str(locations_called("atlantis", 9), "");
	assert_str(locations_called("", 9), "country-RO city-CS city-CJ");
	assert_str(locations_called("", 2), "country-RO city-CS");
}

TEST(a_locations_name_meets_no_other_key)
{
	static const char *const good[] = { "city-CJ", "country-RO", "ward-13", "x-0" };
	static const char *const bad[] = { "", "city", "city-", "-CJ", "City-CJ", "city-cj",
		"city-CJ-availability", "city-C J", "city:CJ", "RO-CJ-01", "city-CJ\n",
		"a-ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNO" };

	for (size_t i = 0; i < LEN(good); i++)
		assert_true(location_valid(str(good[i])));
	for (size_t i = 0; i < LEN(bad); i++)
		assert_false(location_valid(str(bad[i])));
	assert_false(location_valid((struct str){ "city-C\0", 7 }));
}

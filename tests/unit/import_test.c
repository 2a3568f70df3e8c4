/* import_test.c - what import.h promises: files, columns, the store. */
#include "store.h"

#include <math.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "hash.h"
#include "import.h"
#include "key.h"

static int
memory_up(void **state)
{
	(void)state;
	mem = arena_new();
	return 0;
}

static int
memory_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

/* The store stands outside of any transaction: an import brings its own. */
static int
import_setup(void **state)
{
	return store_setup(state) == 0 && db_commit(db) == OK ? 0 : -1;
}

#define FILE_TEST(name) TEST_WITH(name, memory_up, memory_down)
#define IMPORT_TEST(name) TEST_WITH(name, import_setup, store_teardown)

/* ---- CSV ------------------------------------------------------------------ */

static struct import_row *rows;
static size_t nrows;
static const char *why;

static void
csv(struct str file)
{
	if (!csv_rows(mem, file, &rows, &nrows, &why))
		fail_msg("%s", why);
}

/* A column of a row; absent: empty. */
static struct str
cell(size_t row, const char *name)
{
	assert_true(row < nrows);
	for (size_t i = 0; i < rows[row].n; i++)
		if (str_is(rows[row].cells[i].name, name))
			return rows[row].cells[i].value;
	return S("");
}

#define refuses(call, words) \
	do { \
		assert_false(call); \
		assert_non_null(why); \
		if (strstr(why, words) == NULL) \
			fail_msg("\"%s\" does not say \"%s\"", why, words); \
	} while (0)
#define csv_refuses(file, words) refuses(csv_rows(mem, (file), &rows, &nrows, &why), words)
#define json_refuses(file, words) refuses(json_rows(mem, str(file), &rows, &nrows, &why), words)

FILE_TEST(a_cell_comes_with_the_name_of_its_column)
{
	csv(S("name,capacity\nGym,80\nHall,120\n"));
	assert_int_equal(nrows, 2);
	assert_str(cell(0, "name"), "Gym");
	assert_str(cell(1, "capacity"), "120");
}

FILE_TEST(quotes_hold_separators_line_ends_and_doubled_quotes)
{
	csv(S("name,note\n\"Gym, old\",\"two\r\nlines\"\n\"The \"\"Pit\"\"\",\"\"\"\"\n"));
	assert_str(cell(0, "name"), "Gym, old");
	assert_str(cell(0, "note"), "two\r\nlines");
	assert_str(cell(1, "name"), "The \"Pit\"");
	assert_str(cell(1, "note"), "\"");
}

FILE_TEST(a_quote_within_a_bare_cell_is_a_character)
{
	csv(S("name,note\nGym,6\" pipe\n"));
	assert_str(cell(0, "note"), "6\" pipe");
}

FILE_TEST(every_kind_of_line_end_ends_a_row)
{
	static const char *const files[] = { "a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r",
		"a,b\n1,2\r\n3,4" };

	for (size_t i = 0; i < LEN(files); i++) {
		csv(str(files[i]));
		assert_int_equal(nrows, 2);
		assert_str(cell(0, "b"), "2");
		assert_str(cell(1, "b"), "4");
		assert_int_equal(rows[1].line, 3);
	}
}

FILE_TEST(a_byte_order_mark_is_no_part_of_the_first_heading)
{
	csv(S("\xef\xbb\xbfname\nGym\n"));
	assert_str(cell(0, "name"), "Gym");
}

FILE_TEST(the_separator_is_found_from_the_heading)
{
	csv(S("name;place\nGym, old;Cluj\n"));
	assert_str(cell(0, "name"), "Gym, old");
	csv(S("name\tplace\nGym, old; small\tCluj\n"));
	assert_str(cell(0, "place"), "Cluj");
	csv(S("\"a;b;c\",name\n1,Gym\n"));
	assert_str(cell(0, "name"), "Gym");
}

FILE_TEST(blank_lines_and_rows_of_nothing_are_skipped)
{
	csv(S("\n\nname,note\n\n , \n,,\nGym,\n\n"));
	assert_int_equal(nrows, 1);
	assert_str(cell(0, "name"), "Gym");
	assert_int_equal(rows[0].n, 1);
	assert_int_equal(rows[0].line, 7);
}

FILE_TEST(missing_cells_at_the_end_of_a_row_are_absent)
{
	csv(S("name,place,note\nGym\nHall,Cluj\n"));
	assert_int_equal(rows[0].n, 1);
	assert_int_equal(rows[1].n, 2);
}

FILE_TEST(cells_beyond_the_heading_are_kept_under_their_number)
{
	csv(S("name,place\nGym,Cluj,more,,still\n"));
	assert_str(cell(0, "column 3"), "more");
	assert_str(cell(0, "column 5"), "still");
}

FILE_TEST(headings_that_repeat_or_are_empty_get_a_number)
{
	csv(S("note,note,,note, note 2 \n1,2,3,4,5\n"));
	assert_str(cell(0, "note"), "1");
	assert_str(cell(0, "note 2"), "2");
	assert_str(cell(0, "column 3"), "3");
	assert_str(cell(0, "note 3"), "4");
	assert_str(cell(0, "note 2 2"), "5");
}

FILE_TEST(a_row_knows_the_line_where_it_starts)
{
	csv(S("name,note\nGym,\"one\ntwo\r\nthree\"\nHall,\n"));
	assert_int_equal(rows[0].line, 2);
	assert_int_equal(rows[1].line, 5);
}

FILE_TEST(a_quote_that_is_never_closed_is_an_error_with_its_line)
{
	csv_refuses(S("name,note\nGym,x\nHall,\"one\ntwo\n"), "line 3");
	csv_refuses(S("name\n\"a\"\"\n"), "line 2");
	csv_refuses(S("\""), "line 1");
}

FILE_TEST(text_behind_a_closing_quote_is_an_error_with_its_line)
{
	csv_refuses(S("name,note\n\"The \"Pit\"\",x\n"), "line 2");
	csv(S("name,note\n\"Gym\" ,x\n"));
	assert_str(cell(0, "name"), "Gym");
}

FILE_TEST(ill_formed_text_is_mended)
{
	csv(S("name\nG\xffym\n"));
	assert_str(cell(0, "name"), "G\xef\xbf\xbdym");
}

FILE_TEST(a_file_of_nothing_is_an_error)
{
	csv_refuses(S(""), "empty");
	csv_refuses(S("\n\r\n"), "empty");
	csv(S("name\n"));
	assert_int_equal(nrows, 0);
}

static struct str
repeated(const char *before, char c, size_t n, const char *after)
{
	struct buf b = { 0 };
	struct str s;

	buf_str(&b, str(before));
	memset(buf_room(&b, n), c, n);
	b.n += n;
	buf_str(&b, str(after));
	s = arena_dup(mem, (struct str){ b.p, b.n });
	buf_free(&b);
	return s;
}

FILE_TEST(columns_and_cells_have_bounds)
{
	csv(repeated("name", ',', 255, "\nGym\n"));
	csv_refuses(repeated("name", ',', 256, "\nGym\n"), "256 columns");
	csv(repeated("name\n", 'x', 64 * 1024, "\n"));
	csv_refuses(repeated("name\n", 'x', 64 * 1024 + 1, "\n"), "line 2");
}

FILE_TEST(cells_borrow_from_the_file)
{
	struct str file = S("name,note\n\"Gym\",plain\n");

	csv(file);
	for (size_t i = 0; i < rows[0].n; i++)
		assert_true(rows[0].cells[i].value.p > file.p && rows[0].cells[i].value.p < file.p + file.n);
}

/* ---- JSON ----------------------------------------------------------------- */

static void
json(const char *file)
{
	if (!json_rows(mem, str(file), &rows, &nrows, &why))
		fail_msg("%s", why);
}

#define COLLECTION(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"
#define FEATURE(geometry, properties) \
	"{\"type\":\"Feature\",\"geometry\":" geometry ",\"properties\":" properties "}"
#define POINT(x, y) "{\"type\":\"Point\",\"coordinates\":[" x "," y "]}"

FILE_TEST(a_feature_gives_its_properties_and_its_point_longitude_first)
{
	json(COLLECTION(FEATURE(POINT("23.5", "46.7"), "{\"name\":\"Gym\",\"capacity\":80}")));
	assert_int_equal(nrows, 1);
	assert_int_equal(rows[0].line, 1);
	assert_str(cell(0, "name"), "Gym");
	assert_str(cell(0, "capacity"), "80");
	assert_str(cell(0, "longitude"), "23.5");
	assert_str(cell(0, "latitude"), "46.7");
}

FILE_TEST(a_feature_without_a_geometry_is_a_row_without_a_position)
{
	json(COLLECTION(
	    FEATURE("null", "{\"name\":\"Gym\"}") "," FEATURE(POINT("1", "2"), "{\"name\":\"Hall\"}")));
	assert_int_equal(rows[0].n, 1);
	assert_int_equal(rows[1].line, 2);
}

FILE_TEST(a_geometry_that_is_no_point_marks_its_row)
{
	json(COLLECTION(FEATURE(
	    "{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,4],[5,6],[1,2]]]}", "{\"name\":\"Gym\"}")));
	assert_str(cell(0, "geometry_fault"), "Polygon");
	json(COLLECTION(FEATURE("{\"type\":\"Point\",\"coordinates\":[1]}", "{}")));
	assert_true(cell(0, "geometry_fault").n > 0);
	json(COLLECTION(FEATURE("{\"type\":\"Point\"}", "{}")));
	assert_true(cell(0, "geometry_fault").n > 0);
}

FILE_TEST(a_features_own_id_stands_in_where_its_properties_have_none)
{
	json("{\"type\":\"FeatureCollection\",\"features\":["
	     "{\"type\":\"Feature\",\"id\":7,\"geometry\":null,\"properties\":{\"name\":\"Gym\"}},"
	     "{\"type\":\"Feature\",\"id\":8,\"geometry\":null,\"properties\":{\"id\":\"x\"}}]}");
	assert_str(cell(0, "id"), "7");
	assert_str(cell(1, "id"), "x");
}

FILE_TEST(the_geometry_goes_before_what_the_properties_say_of_the_position)
{
	json(COLLECTION(FEATURE(
	    POINT("23.5", "46.7"), "{\"longitude\":\"1\",\"position\":{\"longitude\":2,\"latitude\":3}}")));
	assert_int_equal(rows[0].n, 2);
	assert_str(cell(0, "longitude"), "23.5");
}

FILE_TEST(another_coordinate_system_is_refused_and_crs84_is_not)
{
	json_refuses("{\"type\":\"FeatureCollection\",\"crs\":{\"type\":\"name\",\"properties\":"
		     "{\"name\":\"urn:ogc:def:crs:EPSG::25833\"}},\"features\":[]}",
	    "WGS 84");
	json("{\"type\":\"FeatureCollection\",\"crs\":{\"type\":\"name\",\"properties\":"
	     "{\"name\":\"urn:ogc:def:crs:OGC:1.3:CRS84\"}},\"features\":[]}");
	json("{\"crs\":null,\"features\":[]}");
}

FILE_TEST(an_array_of_objects_gives_a_row_each)
{
	json(" [ {\"name\":\"Gym\",\"open\":true} , {\"name\":\"Hall\",\"note\":null} ]\n");
	assert_int_equal(nrows, 2);
	assert_str(cell(0, "open"), "true");
	assert_int_equal(rows[1].n, 1);
	json("[]");
	assert_int_equal(nrows, 0);
}

FILE_TEST(an_answer_of_our_own_api_gives_a_row_a_shelter)
{
	json("{\"shelters\":[{\"id\":\"RO-CJ-01\",\"position\":{\"longitude\":23.59,\"latitude\":"
	     "46.77},"
	     "\"features\":[\"a;b\",\"c\"],\"resources\":{\"water\":{\"quantity\":200,\"unit\":"
	     "\"l\"}},"
	     "\"capacity\":null}],\"next\":null}");
	assert_str(cell(0, "longitude"), "23.59");
	assert_str(cell(0, "latitude"), "46.77");
	assert_str(cell(0, "features"), "[\"a;b\",\"c\"]");
	assert_str(cell(0, "resources"), "{\"water\":{\"quantity\":200,\"unit\":\"l\"}}");
	assert_str(cell(0, "capacity"), "");
}

FILE_TEST(a_number_in_json_stays_as_it_was_written)
{
	json("[{\"a\":46.7700,\"b\":1e3,\"c\":-0.0,\"d\":12345678901234567}]");
	assert_str(cell(0, "a"), "46.7700");
	assert_str(cell(0, "b"), "1e3");
	assert_str(cell(0, "d"), "12345678901234567");
}

FILE_TEST(brackets_and_quotes_within_texts_do_not_end_an_element)
{
	json("[{\"a\":\"]},{\\\"[\",\"b\":\"\\\\\"},{\"a\":\"2\"}]");
	assert_int_equal(nrows, 2);
	assert_str(cell(0, "a"), "]},{\"[");
	assert_str(cell(0, "b"), "\\");
}

FILE_TEST(what_is_not_json_is_refused)
{
	static const char *const wrong[] = { "", "x", "1", "\"x\"", "{", "[", "[{]", "[{}", "[{},]",
		"[{} {}]", "[1]", "[{}]x", "{}", "{}x", "{\"features\":1}", "{\"features\":[]",
		"{\"features\" []}", "{features:[]}", "[{\"a\":1,}]", "[{\"a\":}]", "[{\"a\":\"]",
		"[{\"a\":01}]", "{\"shelters\":[{\"a\":1}}" };

	for (size_t i = 0; i < LEN(wrong); i++)
		if (json_rows(mem, str(wrong[i]), &rows, &nrows, &why))
			fail_msg("%s was read", wrong[i]);
		else
			assert_non_null(why);
}

FILE_TEST(json_nested_without_end_is_refused)
{
	struct str deep = repeated("[{\"a\":", '[', 100000, "");

	json_refuses(deep.p, "early");
	deep = arena_strf(mem, "%s%s}]", deep.p, repeated("", ']', 100000, "").p);
	json_refuses(deep.p, "element 1");
}

/* ---- a row as a shelter ------------------------------------------------------ */

static struct import_options options = { .country = B("RO"), .status = STATUS_STANDBY };
static struct draft draft;
static const char *fault, *warning;

static bool
draft_row(size_t row)
{
	bool good = draft_from_row(mem, &rows[row], &options, &draft, &fault, &warning);

	assert_true(good == (fault == NULL));
	return good;
}

/* The one row of a file that has id, county and name already. */
static bool
drafted(const char *headings, const char *cells)
{
	csv(arena_strf(mem, "id\tcounty\tname\t%s\n7\tCJ\tGym\t%s\n", headings, cells));
	return draft_row(0);
}

static void
draft_of(const char *headings, const char *cells)
{
	if (!drafted(headings, cells))
		fail_msg("%s", fault);
}

static void
says(const char *text, const char *words)
{
	if (text == NULL || strstr(text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text ? text : "nothing", words);
}

static void
faulty(const char *headings, const char *cells, const char *words)
{
	assert_false(drafted(headings, cells));
	says(fault, words);
}

static void
warned(const char *headings, const char *cells, const char *words)
{
	draft_of(headings, cells);
	says(warning, words);
}

FILE_TEST(the_romanian_list_is_understood)
{
	csv(S("id,county,town,address,type,lat,lon,capacity,status\n"
	      "41,VS,BÂRLAD,\"Str. Teiului, nr. 3\",privat,46.23,27.67,80,orange\n"));
	assert_true(draft_row(0));
	assert_str(draft.source, "41");
	assert_str(draft.country, "RO");
	assert_str(draft.city, "VS");
	assert_str(draft.s.name, "Str. Teiului, nr. 3");
	assert_str(draft.s.address, "Str. Teiului, nr. 3, Bârlad");
	assert_str(draft.s.place, "Bârlad");
	assert_int_equal(draft.s.capacity, 80);
	assert_true(draft.s.placed);
	assert_double(draft.s.position.latitude, 46.23);
	assert_double(draft.s.position.longitude, 27.67);
	assert_true(draft.has_status);
	assert_int_equal(draft.s.status, STATUS_OPEN);
	assert_str(draft.s.attributes, "{\"condition\":\"partly functional\",\"ownership\":\"private\"}");
	assert_null(warning);
}

FILE_TEST(the_japanese_list_is_understood)
{
	options.country = S("JP");
	csv(S("団体コード,NO,共通ID,都道府県名及び市町村名,施設・場所名,住所,洪水,備考,緯度,経度\r\n"
	      "012345,7,E0123,ある県海町,海の丘公園,ある県海町1-2,1,\"津波：\n3階\",43.5,142.5\r\n"));
	assert_true(draft_row(0));
	options.country = S("RO");
	assert_str(draft.source, "E0123");
	assert_str(draft.city, "012345");
	assert_str(draft.s.name, "海の丘公園");
	assert_str(draft.s.address, "ある県海町1-2");
	assert_str(draft.s.place, "ある県海町");
	assert_int_equal(draft.s.capacity, UNKNOWN);
	assert_double(draft.s.position.latitude, 43.5);
	assert_str(draft.s.attributes, "{\"NO\":\"7\",\"洪水\":\"1\",\"備考\":\"津波：\\n3階\"}");
	assert_null(warning);
}

FILE_TEST(the_american_list_is_understood)
{
	options.country = S("US");
	csv(S("SHELTER_ID,SHELTER_NAME,ADDRESS,CITY,STATE,ZIP,SHELTER_STATUS,EVACUATION_CAPACITY,"
	      "POST_IMPACT_CAPACITY,"
	      "TOTAL_POPULATION,ADA_COMPLIANT,WHEELCHAIR_ACCESSIBLE,PET_ACCOMMODATIONS_CODE,"
	      "GENERATOR_ONSITE,LATITUDE,LONGITUDE\n"
	      "31,Elm School,1 Elm "
	      "St,Elmville,TX,00700,OPEN,0,120,14,NO,YES,ONSITE,YES,30.1,-95.2\n"));
	assert_true(draft_row(0));
	options.country = S("RO");
	assert_str(draft.source, "31");
	assert_str(draft.city, "TX");
	assert_str(draft.s.address, "1 Elm St, Elmville");
	assert_int_equal(draft.s.capacity, 120);
	assert_int_equal(draft.occupancy, 14);
	assert_int_equal(draft.s.status, STATUS_OPEN);
	assert_int_equal(draft.s.nfeatures, 2);
	assert_str(draft.s.features[0], "step-free");
	assert_str(draft.s.features[1], "pets");
	assert_int_equal(draft.s.electricity, TRI_YES);
	assert_str(draft.s.attributes, "{\"ZIP\":\"00700\",\"ADA_COMPLIANT\":\"NO\"}");
}

FILE_TEST(nordic_ukrainian_and_taiwanese_headings_are_understood)
{
	static const struct {
		const char *country, *file, *source, *city;
		int64_t capacity;
	} lists[] = {
		{ "NO",
		    "romnr,kommune,adresse,plasser,latitude,longitude\n9,Tromsø,Vei "
		    "1,50,69.6,18.9\n",
		    "9", "TROMSO", 50 },
		{ "SE", "skyddsrumsnr,kommunnamn,gatuadress,antalplatser\n8-1,Åre,Väg 2,60\n", "8-1", "ARE",
		    60 },
		{ "UA", "Адреса,Район,Місткість,пандус\nвул. Нова 1,Печерський,70,так\n", NULL, "PECHERSKYY",
		    70 },
		{ "TW",
		    "電腦編號,city_code,地址,可容納人數,緯經度\nA1,TPE,某路1號,\"88人\",\"25.03,"
		    "121.56\"\n",
		    "A1", "TPE", 88 },
	};

	for (size_t i = 0; i < LEN(lists); i++) {
		options.country = str(lists[i].country);
		csv(str(lists[i].file));
		if (!draft_row(0))
			fail_msg("%s: %s", lists[i].country, fault);
		if (lists[i].source != NULL)
			assert_str(draft.source, lists[i].source);
		assert_str(draft.city, lists[i].city);
		assert_int_equal(draft.s.capacity, lists[i].capacity);
	}
	options.country = S("RO");
	assert_true(draft.s.placed);
	assert_double(draft.s.position.longitude, 121.56);
}

FILE_TEST(headings_are_recognised_however_they_are_written)
{
	csv(S("ID;County ; SHELTER NAME;Max. Capacity\n1;CJ;Gym;5\n"));
	assert_true(draft_row(0));
	assert_str(draft.s.name, "Gym");
	assert_int_equal(draft.s.capacity, 5);
	csv(S("Județul,Denumire\nCJ,Sala\n"));
	assert_true(draft_row(0));
	assert_str(draft.city, "CJ");
	assert_str(draft.s.name, "Sala");
}

FILE_TEST(an_id_of_ours_names_country_city_and_shelter)
{
	options.country = S("");
	csv(S("id,name\nRO-CJ-01,Gym\n"));
	assert_true(draft_row(0));
	options.country = S("RO");
	assert_str(draft.id, "RO-CJ-01");
	assert_str(draft.country, "RO");
	assert_str(draft.city, "CJ");
}

FILE_TEST(a_row_needs_a_country_of_two_letters)
{
	options.country = S("");
	csv(S("county,name,country\nCJ,Gym,\nCJ,Gym,Romania\nCJ,Gym,ro\n"));
	assert_false(draft_row(0));
	says(fault, "needs a country");
	assert_false(draft_row(1));
	says(fault, "\"Romania\"");
	assert_true(draft_row(2));
	assert_str(draft.country, "RO");
	options.country = S("RO");
}

FILE_TEST(a_row_needs_a_county_or_a_city_that_letters_can_name)
{
	csv(S("county,town,name\n,,Gym\nCluj County,,Gym\n,Târgu Mureș,Gym\n東区,,Gym\n"));
	assert_false(draft_row(0));
	says(fault, "county or city");
	assert_true(draft_row(1));
	assert_str(draft.city, "CLUJCOUNTY");
	assert_str(draft.s.attributes, "{\"county\":\"Cluj County\"}");
	assert_true(draft_row(2));
	assert_str(draft.city, "TARGUMURES");
	assert_false(draft_row(3));
	says(fault, "city_code");
}

FILE_TEST(a_row_needs_a_name_or_an_address)
{
	csv(S("county,town,name,address\nCJ,Cluj,,\nCJ,Cluj,,Str. Nouă 1\nCJ,Cluj,Gym,\n"));
	assert_false(draft_row(0));
	says(fault, "name or an address");
	assert_true(draft_row(1));
	assert_str(draft.s.name, "Str. Nouă 1");
	assert_true(draft_row(2));
	assert_str(draft.s.address, "Cluj");
}

FILE_TEST(the_town_joins_an_address_that_does_not_name_it)
{
	draft_of("address\ttown", "Str. Nouă 1\tTURDA");
	assert_str(draft.s.address, "Str. Nouă 1, Turda");
	assert_str(draft.s.place, "Turda");
	draft_of("address\ttown", "TÂRGU MUREŞ, Str. Nouă 1\tTârgu Mureș");
	assert_str(draft.s.address, "TÂRGU MUREŞ, Str. Nouă 1");
	draft_of("address\ttown", "Str. Turdașului 1\tTurda");
	assert_str(draft.s.address, "Str. Turdașului 1, Turda");
}

FILE_TEST(a_name_is_one_line_of_300_characters_at_most)
{
	char text[1000];

	memset(text, 'x', sizeof(text));
	text[301] = '\0';
	csv(S("county,name\nCJ,\"Gym\r\n(old)\"\n"));
	assert_true(draft_row(0));
	assert_str(draft.s.name, "Gym (old)");
	warned("address", text, "300 characters");
	assert_int_equal(draft.s.address.n, 300);
	text[300] = '\0';
	draft_of("address", text);
	assert_null(warning);
}

FILE_TEST(a_capacity_that_is_not_known_is_unknown_rather_than_0)
{
	static const char *const nothing[] = { "", "0", "-", "UNK", "unknown", "<Null>", "n/a", "N/A", " ",
		"0.0", "?" };

	for (size_t i = 0; i < LEN(nothing); i++) {
		draft_of("capacity\tnote", arena_printf(mem, "%s\t1", nothing[i]));
		assert_int_equal(draft.s.capacity, UNKNOWN);
		assert_null(warning);
	}
}

FILE_TEST(a_capacity_is_read_as_people_write_numbers)
{
	static const struct {
		const char *text;
		int64_t people;
		bool warns;
	} cells[] = {
		{ "120", 120, false },
		{ " 120 ", 120, false },
		{ "80.0", 80, false },
		{ "007", 7, false },
		{ "120 persons", 120, true },
		{ "88人", 88, true },
		{ "1,200", 1200, true },
		{ "1.200", 1200, true },
		{ "12 000", 12000, true },
		{ "1'200 places", 1200, true },
		{ "1\xc2\xa0"
		  "200",
		    1200, true },
		{ "25000", 25000, true },
		{ "1000000", 1000000, true },
	};

	for (size_t i = 0; i < LEN(cells); i++) {
		draft_of("capacity", cells[i].text);
		assert_int_equal(draft.s.capacity, cells[i].people);
		assert_true((warning != NULL) == cells[i].warns);
	}
}

FILE_TEST(a_capacity_that_might_mean_anything_is_a_fault)
{
	static const char *const wrong[] = { "4.42899989E8", "1.2E+3", "1e3", "-5", "12.5", "1,20", "1,2000",
		"1,200,30", "100-150", "about 100", "120+", "abc", "1000001", "99999999999999999999999",
		"1.200,5", "½", "10 x 12" };

	for (size_t i = 0; i < LEN(wrong); i++)
		if (drafted("capacity", wrong[i]))
			fail_msg("%s was read as %lld", wrong[i], (long long)draft.s.capacity);
	faulty("capacity", "4.42899989E8", "scientific notation");
	faulty("capacity", "-5", "negative");
	faulty("capacity", "2000000", "right column");
	faulty("capacity", "about 100", "\"about 100\"");
}

FILE_TEST(a_message_quotes_at_most_40_characters_of_a_cell)
{
	faulty("capacity", "ășășășășășășășășășășășășășășășășășășășășășășășăș",
	    "\"ășășășășășășășășășășășășășășășășășășășăș…\"");
}

FILE_TEST(people_inside_are_read_and_0_of_them_is_a_number)
{
	draft_of("occupancy", "0");
	assert_int_equal(draft.occupancy, 0);
	draft_of("occupancy\tnote", "\t1");
	assert_int_equal(draft.occupancy, UNKNOWN);
	draft_of("occupancy", "14");
	assert_int_equal(draft.occupancy, 14);
	faulty("occupancy", "-1", "negative");
}

static void
placed(const char *headings, const char *cells, double latitude, double longitude)
{
	draft_of(headings, cells);
	assert_true(draft.s.placed);
	assert_double(draft.s.position.latitude, latitude);
	assert_double(draft.s.position.longitude, longitude);
}

FILE_TEST(a_position_is_read_as_people_write_it)
{
	placed("lat\tlon", "46.77\t23.59", 46.77, 23.59);
	placed("lat\tlng", "46,77\t23,59", 46.77, 23.59);
	placed("Y\tX", "46.77\t23.59", 46.77, 23.59);
	placed("coordinates", "46.77,23.59", 46.77, 23.59);
	placed("coordinates", "46.77, 23.59", 46.77, 23.59);
	placed("coordinates", "46,77; 23,59", 46.77, 23.59);
	placed("coordinates", "46,77, 23,59", 46.77, 23.59);
	placed("coordinates", "46.77 23.59", 46.77, 23.59);
	placed("coordinates", "[23.59, 46.77]", 46.77, 23.59);
	placed("lat\tlon", "46.77,23.59\t", 46.77, 23.59);
	assert_null(warning);
}

FILE_TEST(no_position_and_0_0_are_no_position)
{
	static const char *const nowhere[] = { "\t\tx", "0\t0\tx", "0.0\t-0.000\tx", "-\tUNK\tx",
		"<Null>\t\tx" };

	for (size_t i = 0; i < LEN(nowhere); i++) {
		draft_of("lat\tlon\tnote", nowhere[i]);
		assert_false(draft.s.placed);
		assert_null(warning);
	}
}

FILE_TEST(half_a_position_is_none_and_warned_of)
{
	warned("lat\tlon\tnote", "46.77\t\t1", "half");
	assert_false(draft.s.placed);
	warned("lat\tlon", "46,77\t", "half");
	assert_false(draft.s.placed);
}

FILE_TEST(a_wrong_position_is_a_fault_that_guesses_why)
{
	faulty("lat\tlon", "139.7\t35.6", "swapped");
	faulty("lat\tlon", "23.59\t46.77", "swapped");
	faulty("lat\tlon", "5181234.5\t394321.1", "projected metres");
	faulty("lat\tlon", "46.77\t394321.1", "projected metres");
	faulty("lat\tlon", "89\t20", "85 degrees");
	faulty("lat\tlon", "north\t23.59", "\"north\"");
	faulty("lat\tlon", "46.77\teast", "longitude \"east\"");
	faulty("coordinates", "somewhere", "\"somewhere\"");
}

FILE_TEST(a_position_outside_its_country_is_warned_of)
{
	warned("lat\tlon", "48.85\t2.35", "outside RO");
	assert_true(draft.s.placed);
	placed("lat\tlon\tcountry", "48.85\t2.35\tFR", 48.85, 2.35);
	assert_null(warning);
}

FILE_TEST(a_geometry_that_is_no_point_is_a_fault)
{
	faulty("geometry_fault", "Polygon", "one point");
}

FILE_TEST(status_is_one_of_our_words_or_a_colour_of_condition)
{
	static const struct {
		const char *text;
		enum status status;
		const char *attributes;
	} cells[] = {
		{ "open", STATUS_OPEN, "" },
		{ "FULL", STATUS_FULL, "" },
		{ "Standby", STATUS_STANDBY, "" },
		{ "closed", STATUS_CLOSED, "" },
		{ "green", STATUS_OPEN, "{\"condition\":\"functional\"}" },
		{ "orange", STATUS_OPEN, "{\"condition\":\"partly functional\"}" },
		{ "red", STATUS_CLOSED, "{\"condition\":\"not functional\"}" },
		{ "0", STATUS_STANDBY, "{\"condition\":\"unknown\"}" },
	};

	for (size_t i = 0; i < LEN(cells); i++) {
		draft_of("status", cells[i].text);
		assert_true(draft.has_status);
		assert_int_equal(draft.s.status, cells[i].status);
		assert_str(draft.s.attributes, cells[i].attributes);
	}
}

FILE_TEST(a_status_of_other_words_is_kept_and_warned_of)
{
	warned("status", "alert", "\"alert\"");
	assert_false(draft.has_status);
	assert_int_equal(draft.s.status, STATUS_STANDBY);
	assert_str(draft.s.attributes, "{\"status_source\":\"alert\"}");
}

FILE_TEST(a_type_of_public_or_private_is_the_ownership)
{
	draft_of("type", "privat");
	assert_str(draft.s.attributes, "{\"ownership\":\"private\"}");
	draft_of("type", "public");
	assert_str(draft.s.attributes, "{\"ownership\":\"public\"}");
	draft_of("type", "metro");
	assert_str(draft.s.attributes, "{\"type\":\"metro\"}");
}

FILE_TEST(features_are_a_list_or_a_json_array)
{
	draft_of("features", "step-free; pets |counseling;;pets");
	assert_int_equal(draft.s.nfeatures, 3);
	assert_str(draft.s.features[1], "pets");
	assert_str(draft.s.features[2], "counseling");
	draft_of("features", "[\"a;b\", \"c\"]");
	assert_int_equal(draft.s.nfeatures, 2);
	assert_str(draft.s.features[0], "a;b");
	faulty("features", "[\"a\"", "JSON");
}

FILE_TEST(more_features_than_can_be_kept_are_warned_of)
{
	struct str list = S("");

	for (int i = 0; i < FEATURES_MAX + 1; i++)
		list = arena_strf(mem, "%s;f%d", list.p, i);
	warned("features", list.p, "\"f50\"");
	assert_int_equal(draft.s.nfeatures, FEATURES_MAX);
}

FILE_TEST(yes_and_no_are_read_and_all_else_is_unknown)
{
	draft_of("electricity\theating", "da\tNU");
	assert_int_equal(draft.s.electricity, TRI_YES);
	assert_int_equal(draft.s.heating, TRI_NO);
	draft_of("electricity\theating", "1\tfalse");
	assert_int_equal(draft.s.electricity, TRI_YES);
	assert_int_equal(draft.s.heating, TRI_NO);
	draft_of("electricity\theating\tnote", "UNK\t\t1");
	assert_int_equal(draft.s.electricity, TRI_UNKNOWN);
	assert_null(warning);
	warned("electricity", "sometimes", "\"sometimes\"");
	draft_of("electricity\tgenerator", "no\tYES");
	assert_int_equal(draft.s.electricity, TRI_NO);
}

FILE_TEST(no_pets_is_no_feature)
{
	draft_of("pet_accommodations", "NONE");
	assert_int_equal(draft.s.nfeatures, 0);
	draft_of("pet_accommodations", "COLOCATED");
	assert_str(draft.s.features[0], "pets");
}

FILE_TEST(a_resource_is_a_quantity_with_a_unit_or_a_list)
{
	draft_of("Water\tfood\tmedicine\tbeds\tfuel", "200 l\t150 meals\tinsulin; bandages\t12\t1,5 t");
	assert_int_equal(draft.s.nresources, 5);
	assert_str(draft.s.resources[0].name, "water");
	assert_true(draft.s.resources[0].counted);
	assert_double(draft.s.resources[0].quantity, 200);
	assert_str(draft.s.resources[0].unit, "l");
	assert_str(draft.s.resources[1].unit, "meals");
	assert_false(draft.s.resources[2].counted);
	assert_int_equal(draft.s.resources[2].nitems, 2);
	assert_str(draft.s.resources[2].items[1], "bandages");
	assert_double(draft.s.resources[3].quantity, 12);
	assert_str(draft.s.resources[3].unit, "");
	assert_double(draft.s.resources[4].quantity, 1.5);
	assert_null(warning);
}

FILE_TEST(a_resource_that_is_not_there_is_none)
{
	draft_of("water\tfood\tmedicine\tnote", "no\t\t-\t1");
	assert_int_equal(draft.s.nresources, 0);
	faulty("water", "-5 l", "negative");
}

FILE_TEST(resources_come_as_our_api_writes_them)
{
	draft_of("resources", "{\"water\":{\"quantity\":2.5,\"unit\":\"t\"},\"medicine\":[\"a\",\"b\"]}");
	assert_int_equal(draft.s.nresources, 2);
	assert_double(draft.s.resources[0].quantity, 2.5);
	assert_str(draft.s.resources[0].unit, "t");
	assert_str(draft.s.resources[1].items[1], "b");
	faulty("resources", "water", "quantity");
	faulty("resources", "{\"water\":5}", "\"water\"");
	faulty("resources", "{\"water\":{\"quantity\":-1}}", "negative");
	warned("resources", "{\"capacity\":{\"quantity\":1,\"unit\":\"\"}}", "\"capacity\"");
	assert_int_equal(draft.s.nresources, 0);
}

FILE_TEST(columns_that_are_not_known_are_kept_as_attributes)
{
	draft_of("Floor \"B\"\tRemark\tEmpty\tNothing", "-2\t<a href=\"x\">\t\tn/a");
	assert_str(
	    draft.s.attributes, "{\"Floor \\\"B\\\"\":\"-2\",\"Remark\":\"\\u003ca href=\\\"x\\\"\\u003e\"}");
}

FILE_TEST(attributes_have_bounds_and_what_is_left_out_is_warned_of)
{
	struct str headings = S("note"), cells = S("x");

	for (int i = 0; i < 70; i++) {
		headings = arena_strf(mem, "%s\ta%d", headings.p, i);
		cells = arena_strf(mem, "%s\t%d", cells.p, i);
	}
	warned(headings.p, cells.p, "7 more columns");
	says(draft.s.attributes.p, "\"a62\"");
	warned("big\tsmall", arena_printf(mem, "%s\ty", repeated("", 'x', 20000, "").p), "1 more column");
	assert_str(draft.s.attributes, "{\"small\":\"y\"}");
}

FILE_TEST(without_an_id_the_same_name_address_and_place_are_the_same_source)
{
	struct str first;

	csv(S("county,name,address,lat,lon\nCJ,Sală,Str. Nouă 1,46.77,23.59\nCJ,SALA,str nouă "
	      "1,46.77,23.59\n"
	      "CJ,Sală,Str. Nouă 2,46.77,23.59\nCJ,Sală,Str. Nouă 1,46.78,23.59\n"));
	assert_true(draft_row(0));
	first = draft.source;
	assert_int_equal(first.n, 32);
	assert_true(draft_row(1));
	assert_bytes(draft.source, first);
	assert_true(draft_row(2) && !str_eq(draft.source, first));
	assert_true(draft_row(3) && !str_eq(draft.source, first));
}

FILE_TEST(an_id_that_a_spreadsheet_spoiled_is_warned_of)
{
	csv(S("id,county,name\n1.23E+12,CJ,Gym\n"));
	assert_true(draft_row(0));
	says(warning, "scientific notation");
}

FILE_TEST(what_an_export_of_ours_works_out_anew_is_no_attribute)
{
	json("[{\"id\":\"RO-CJ-01\",\"_id\":\"abc\",\"name\":\"Gym\",\"expected\":3,"
	     "\"availability\":5,"
	     "\"projected_availability\":2,\"updated_at\":1,\"confirmed_at\":1,\"distance\":7,"
	     "\"attributes\":{\"zone\":\"A\",\"floor\":\"-1\"}}]");
	assert_true(draft_row(0));
	assert_str(draft.s.attributes, "{\"zone\":\"A\",\"floor\":\"-1\"}");
	csv(S("county,name,updated_at\nCJ,Gym,yesterday\n"));
	assert_true(draft_row(0));
	assert_str(draft.s.attributes, "{\"updated_at\":\"yesterday\"}");
}

/* ---- the store ---------------------------------------------------------------- */

static struct import_report report;
static int64_t clock_now = NOW;

static enum err
import(struct str file, struct import_options o)
{
	return import_run(db, mem, file, &o, ++clock_now, &report, &why);
}

#define OPTIONS(...) \
	(struct import_options) \
	{ \
		.country = S("RO"), .status = STATUS_STANDBY, .by = S("ana"), __VA_ARGS__ \
	}

static void
imported(struct str file, int64_t created, int64_t updated, int64_t unchanged)
{
	enum err e = import(file, OPTIONS());

	if (e != OK)
		fail_msg("%d: %s", e, report.kept ? report.faults[0].message.p : why ? why : "");
	if (report.created != created || report.updated != updated || report.unchanged != unchanged)
		fail_msg("%lld created, %lld updated, %lld unchanged", (long long)report.created,
		    (long long)report.updated, (long long)report.unchanged);
}

static struct shelter
load(const char *id)
{
	struct shelter s;

	assert_int_equal(db_begin(db, TX_READ, clock_now), OK);
	assert_int_equal(shelter_load(db, mem, str(id), &s), OK);
	assert_int_equal(db_commit(db), OK);
	return s;
}

static bool
exists(const char *id)
{
	struct shelter s;
	enum err e;

	assert_int_equal(db_begin(db, TX_READ, clock_now), OK);
	e = shelter_load(db, mem, str(id), &s);
	db_rollback(db);
	return e == OK;
}

/* Staff changes a shelter. */
static void
save(const struct shelter *old, struct shelter s)
{
	assert_int_equal(db_begin(db, TX_WRITE, ++clock_now), OK);
	assert_int_equal(
	    shelter_save(db, mem, old, &s, &(struct change){ .kind = "correct", .confirms = true }), OK);
	assert_int_equal(db_commit(db), OK);
}

static int64_t
sequence(void)
{
	int64_t n;

	assert_int_equal(db_begin(db, TX_READ, clock_now), OK);
	n = db_sequence(db);
	db_rollback(db);
	return n;
}

#define TOWNS \
	"id,county,name,lat,lon,capacity,status,features,water\n" \
	"a,CJ,Gym,46.77,23.59,80,open,step-free;pets,200 l\n" \
	"b,CJ,Hall,46.78,23.58,,standby,,\n" \
	"c,AB,Cellar,,,40,closed,,\n"

IMPORT_TEST(shelters_are_numbered_within_their_city_in_file_order)
{
	imported(S(TOWNS), 3, 0, 0);
	assert_str(load("RO-CJ-01").name, "Gym");
	assert_str(load("RO-CJ-02").name, "Hall");
	assert_str(load("RO-AB-01").name, "Cellar");
	assert_int_equal(load("RO-CJ-01").capacity, 80);
	assert_int_equal(load("RO-CJ-02").capacity, UNKNOWN);
	assert_int_equal(load("RO-CJ-01").resources[0].quantity, 200);
	assert_int_equal(load("RO-AB-01").status, STATUS_CLOSED);
}

IMPORT_TEST(the_same_file_again_changes_nothing)
{
	int64_t before;

	imported(S(TOWNS), 3, 0, 0);
	before = sequence();
	imported(S(TOWNS), 0, 0, 3);
	assert_int_equal(sequence(), before);
}

IMPORT_TEST(ids_stay_when_rows_move_and_new_rows_get_the_next_number)
{
	imported(S("id,county,name\na,CJ,Gym\nb,CJ,Hall\n"), 2, 0, 0);
	imported(S("id,county,name\nz,CJ,New\nb,CJ,Hall\n"), 1, 0, 1);
	assert_str(load("RO-CJ-01").name, "Gym");
	assert_str(load("RO-CJ-02").name, "Hall");
	assert_str(load("RO-CJ-03").name, "New");
}

IMPORT_TEST(ids_without_a_source_of_their_own_stay_too)
{
	imported(S("county,name,lat,lon\nCJ,Gym,46.77,23.59\nCJ,Hall,46.78,23.6\n"), 2, 0, 0);
	imported(S("county,name,lat,lon\nCJ,Hall,46.78,23.6\nCJ,Gym,46.77,23.59\n"), 0, 0, 2);
}

IMPORT_TEST(a_row_that_differs_updates_its_shelter)
{
	imported(S(TOWNS), 3, 0, 0);
	imported(
	    S("id,county,name,lat,lon,capacity,features\na,CJ,Gymnasium,46.7701,23.59,90,pets\n"), 0, 1, 0);
	assert_str(load("RO-CJ-01").name, "Gymnasium");
	assert_int_equal(load("RO-CJ-01").capacity, 90);
	assert_int_equal(load("RO-CJ-01").nfeatures, 1);
	assert_near(load("RO-CJ-01").position.latitude, 46.7701, 1e-9);
}

IMPORT_TEST(what_a_file_does_not_say_takes_nothing_away)
{
	imported(S(TOWNS), 3, 0, 0);
	imported(S("id,county,name,capacity\na,CJ,Gym,0\n"), 0, 0, 1);
	assert_int_equal(load("RO-CJ-01").capacity, 80);
	assert_int_equal(load("RO-CJ-01").nfeatures, 2);
	assert_true(load("RO-CJ-01").placed);
}

IMPORT_TEST(rows_missing_in_a_file_are_never_deleted)
{
	imported(S(TOWNS), 3, 0, 0);
	imported(S("id,county,name\na,CJ,Gym\n"), 0, 0, 1);
	assert_true(exists("RO-AB-01"));
}

IMPORT_TEST(the_files_status_holds_until_staff_confirmed)
{
	struct shelter s, old;

	imported(S("id,county,name,status,capacity\na,CJ,Gym,standby,80\n"), 1, 0, 0);
	imported(S("id,county,name,status,capacity\na,CJ,Gym,closed,80\n"), 0, 1, 0);
	old = s = load("RO-CJ-01");
	assert_int_equal(s.status, STATUS_CLOSED);
	s.status = STATUS_OPEN;
	s.occupancy = 5;
	save(&old, s);
	imported(S("id,county,name,status,capacity\na,CJ,Gym,closed,80\n"), 0, 0, 1);
	assert_int_equal(load("RO-CJ-01").status, STATUS_OPEN);
}

IMPORT_TEST(people_inside_come_from_a_file_only_when_it_creates)
{
	imported(S("id,county,name,occupancy\na,CJ,Gym,12\n"), 1, 0, 0);
	assert_int_equal(load("RO-CJ-01").occupancy, 12);
	imported(S("id,county,name,occupancy\na,CJ,Gym,50\n"), 0, 0, 1);
	assert_int_equal(load("RO-CJ-01").occupancy, 12);
}

IMPORT_TEST(a_new_number_skips_ids_that_are_taken)
{
	save(NULL, (struct shelter){ .id = S("RO-CJ-02"), .name = S("By hand"), .capacity = UNKNOWN });
	imported(S("id,county,name\na,CJ,Gym\nb,CJ,Hall\n"), 2, 0, 0);
	assert_str(load("RO-CJ-01").name, "Gym");
	assert_str(load("RO-CJ-02").name, "By hand");
	assert_str(load("RO-CJ-03").name, "Hall");
}

IMPORT_TEST(rows_that_name_our_ids_keep_them_whatever_stands_before)
{
	imported(S("id,county,name\nx,CJ,First\nRO-CJ-01,CJ,Named\n"), 2, 0, 0);
	assert_str(load("RO-CJ-01").name, "Named");
	assert_str(load("RO-CJ-02").name, "First");
}

IMPORT_TEST(sources_of_two_countries_do_not_meet)
{
	imported(S("id,country,county,name\n1,RO,CJ,Gym\n1,UA,KYIV,Метро\n"), 2, 0, 0);
	imported(S("id,country,county,name\n1,RO,CJ,Gym\n1,UA,KYIV,Метро\n"), 0, 0, 2);
	assert_str(load("UA-KYIV-01").name, "Метро");
}

IMPORT_TEST(a_row_with_a_fault_keeps_the_whole_file_out)
{
	int64_t before = sequence();

	assert_int_equal(
	    import(S("id,county,name,capacity\na,CJ,Gym,80\nb,CJ,Hall,many\n"), OPTIONS()), ERR_INPUT);
	assert_int_equal(report.created, 0);
	assert_int_equal(report.skipped, 1);
	assert_int_equal(report.nfaults, 1);
	assert_int_equal(report.faults[0].row, 3);
	says(report.faults[0].message.p, "\"many\"");
	assert_int_equal(sequence(), before);
	assert_false(exists("RO-CJ-01"));
}

IMPORT_TEST(a_partial_import_leaves_out_only_the_rows_with_faults)
{
	assert_int_equal(import(S("id,county,name,capacity\na,CJ,Gym,80\nb,CJ,Hall,many\nc,CJ,Cellar,9\n"),
			     OPTIONS(.partial = true)),
	    OK);
	assert_int_equal(report.created, 2);
	assert_int_equal(report.skipped, 1);
	assert_str(load("RO-CJ-02").name, "Cellar");
}

IMPORT_TEST(a_dry_run_reports_the_true_numbers_and_changes_nothing)
{
	int64_t before;

	imported(S("id,county,name\na,CJ,Gym\nb,CJ,Hall\n"), 2, 0, 0);
	before = sequence();
	assert_int_equal(import(S("id,county,name,capacity\na,CJ,Gymnasium,\nb,CJ,Hall,\nc,CJ,"
				  "Cellar,\nd,CJ,X,many\n"),
			     OPTIONS(.dry_run = true)),
	    OK);
	assert_int_equal(report.created, 1);
	assert_int_equal(report.updated, 1);
	assert_int_equal(report.unchanged, 1);
	assert_int_equal(report.skipped, 1);
	assert_int_equal(sequence(), before);
	assert_str(load("RO-CJ-01").name, "Gym");
	assert_false(exists("RO-CJ-03"));
}

IMPORT_TEST(an_id_that_repeats_is_a_fault_that_names_both_rows)
{
	assert_int_equal(import(S("id,county,name\na,CJ,Gym\na,CJ,Hall\n"), OPTIONS()), ERR_INPUT);
	assert_int_equal(report.faults[0].row, 3);
	says(report.faults[0].message.p, "repeats id a of row 2");
}

IMPORT_TEST(faults_stand_before_warnings_and_all_are_counted)
{
	struct buf b = { 0 };

	buf_str(&b, S("id,county,name,capacity\n"));
	for (int i = 0; i < 1200; i++)
		buf_printf(&b, "%d,CJ,Gym,25000\n", i);
	buf_str(&b, S("x,CJ,Gym,many\n"));
	assert_int_equal(import((struct str){ b.p, b.n }, OPTIONS(.dry_run = true)), OK);
	buf_free(&b);
	assert_int_equal(report.kept, IMPORT_FAULTS_MAX);
	assert_int_equal(report.nwarnings, 1200);
	assert_int_equal(report.nfaults, 1);
	assert_false(report.faults[0].warning);
}

IMPORT_TEST(a_file_that_is_no_list_is_malformed_and_says_why)
{
	static const struct {
		const char *file, *words;
	} files[] = { { "PK\x03\x04....", "spreadsheet" }, { "\xff\xfen\0a", "UTF-16" },
		{ "<!doctype html>", "HTML" }, { "", "empty" }, { "{\"a\":1}", "FeatureCollection" },
		{ "name\n\"x", "line 2" } };

	for (size_t i = 0; i < LEN(files); i++) {
		assert_int_equal(import(str(files[i].file), OPTIONS()), ERR_MALFORMED);
		says(why, files[i].words);
	}
}

static bool
warns(const char *words)
{
	for (size_t i = 0; i < report.kept; i++)
		if (report.faults[i].warning && report.faults[i].row == 1 &&
		    strstr(report.faults[i].message.p, words) != NULL)
			return true;
	return false;
}

static struct str
many_rows(int n, const char *position, bool spread)
{
	struct buf b = { 0 };
	struct str s;

	buf_str(&b, S("id,county,name,lat,lon\n"));
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%d,CJ,Gym,%s%s\n", i, position, spread ? arena_printf(mem, "%d", i) : "");
	s = arena_dup(mem, (struct str){ b.p, b.n });
	buf_free(&b);
	return s;
}

IMPORT_TEST(a_file_as_a_whole_is_warned_of_when_it_looks_cut_misplaced_or_heaped)
{
	assert_int_equal(import(many_rows(1000, "46.5,23.1", true), OPTIONS(.dry_run = true)), OK);
	assert_true(warns("exactly 1000 rows"));
	assert_false(warns("outside"));
	assert_false(warns("points"));
	assert_int_equal(import(many_rows(11, "46.5,3.1", true), OPTIONS(.dry_run = true)), OK);
	assert_true(warns("outside"));
	assert_int_equal(import(many_rows(11, "46.5,23.1", false), OPTIONS(.dry_run = true)), OK);
	assert_true(warns("1 points carry 10"));
	assert_int_equal(import(S("id,county,name\n"), OPTIONS()), OK);
	assert_true(warns("no rows"));
}

/* What GET /api/shelters answers of one shelter. */
static struct str
exported(const char *before, const char *id, const char *after)
{
	struct shelter s = load(id);
	struct buf b = { 0 };
	struct json j = { .out = &b };
	struct str text;

	buf_str(&b, str(before));
	shelter_json(&j, &s);
	json_close(&j, '}');
	buf_str(&b, str(after));
	text = arena_dup(mem, (struct str){ b.p, b.n });
	buf_free(&b);
	return text;
}

IMPORT_TEST(what_our_api_exports_comes_back_unchanged)
{
	imported(S("id,county,town,name,address,lat,lon,capacity,status,features,electricity,"
		   "heating,water,medicine,Floor <B>\n"
		   "1,CJ,Turda,\"Gym \"\"A\"\"\",Str. Nouă "
		   "1,46.1234567,23.7654321,80,full,step-free;pets,yes,no,12.5 l,"
		   "insulin;x & y,-2\n2,CJ,,Hall,,,,,,,,,,,\n"),
	    2, 0, 0);
	imported(exported("{\"shelters\":[", "RO-CJ-01", "],\"next\":null}"), 0, 0, 1);
	imported(exported("{\"shelters\":[", "RO-CJ-02", "]}"), 0, 0, 1);
	imported(exported("[", "RO-CJ-01", "]"), 0, 0, 1);
	imported(exported("{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\","
			  "\"id\":\"RO-CJ-01\","
			  "\"geometry\":{\"type\":\"Point\",\"coordinates\":[23.7654321,46.1234567]"
			  "},\"properties\":",
		     "RO-CJ-01", "}]}"),
	    0, 0, 1);
}

IMPORT_TEST(what_our_csv_exports_comes_back_unchanged)
{
	imported(S("id,county,town,name,address,lat,lon,capacity,status,features,electricity,water\n"
		   "1,CJ,Turda,Gym,Str. Nouă 1,46.1234567,23.7654321,80,full,step-free;pets,yes,12.5 "
		   "l\n"),
	    1, 0, 0);
	imported(S("id,name,address,place,longitude,latitude,capacity,occupancy,expected,availability,"
		   "projected_availability,status,features,resources,electricity,heating,updated_at,"
		   "confirmed_at\r\n"
		   "RO-CJ-01,Gym,\"Str. Nouă 1, Turda\",Turda,23.7654321,46.1234567,80,0,0,80,80,full,"
		   "\"step-free;pets\",\"{\"\"water\"\":{\"\"quantity\"\":12.5,\"\"unit\"\":\"\"l\"\"}}"
		   "\","
		   "yes,,1700000000000,\r\n"),
	    0, 0, 1);
}

IMPORT_TEST(an_export_of_ours_makes_the_same_shelter_elsewhere)
{
	imported(S("[{\"id\":\"RO-CJ-01\",\"name\":\"Gym\",\"place\":\"Turda\",\"capacity\":80,"
		   "\"features\":[\"pets\"],"
		   "\"resources\":{\"water\":{\"quantity\":9,\"unit\":\"l\"}}}]"),
	    1, 0, 0);
	assert_int_equal(load("RO-CJ-01").capacity, 80);
	assert_str(load("RO-CJ-01").place, "Turda");
	assert_str(load("RO-CJ-01").resources[0].unit, "l");
}

/* ---- real lists, where they are at hand ------------------------------------------ */

/* Bytes from the command's output; skips the test where there is none. */
static struct str
output_of(const char *command)
{
	struct buf b = { 0 };
	FILE *p = popen(command, "r");
	struct str s;
	size_t n;

	assert_non_null(p);
	while ((n = fread(buf_room(&b, 65536), 1, 65536, p)) > 0)
		b.n += n;
	pclose(p);
	if (b.n == 0) {
		buf_free(&b);
		skip();
	}
	s = arena_dup(mem, (struct str){ b.p, b.n });
	buf_free(&b);
	return s;
}

#define DATA "../shared/data/"

IMPORT_TEST(the_whole_romanian_list_comes_in_and_again_without_a_change)
{
	struct str file = output_of("cat " DATA "romania/romania-shelters.csv 2>/dev/null");
	size_t nowhere = 0, unknown = 0;
	int64_t people = 0;

	csv(file);
	assert_int_equal(nrows, 5769);
	for (size_t i = 0; i < nrows; i++) {
		assert_true(draft_row(i));
		nowhere += !draft.s.placed;
		unknown += draft.s.capacity == UNKNOWN;
		people += draft.s.capacity == UNKNOWN ? 0 : draft.s.capacity;
	}
	assert_int_equal(nowhere, 22);
	assert_int_equal(unknown, 63);
	assert_int_equal(people, 661738);
	imported(file, 5769, 0, 0);
	imported(file, 0, 0, 5769);
}

FILE_TEST(the_whole_japanese_list_is_read)
{
	csv(output_of("gzip -dc " DATA "japan/gsi-emergency.csv.gz 2>/dev/null"));
	assert_int_equal(nrows, 115402);
	options.country = S("JP");
	for (size_t i = 0; i < nrows; i += 10) {
		assert_true(draft_row(i));
		assert_null(warning);
		assert_true(draft.s.placed);
	}
	options.country = S("RO");
}

IMPORT_TEST(a_list_with_swapped_axes_is_refused_row_by_row)
{
	struct str file = output_of("cat " DATA "fixtures/irma-swapped-latlon.json 2>/dev/null");

	assert_int_equal(import(file, (struct import_options){ .country = S("US") }), ERR_INPUT);
	assert_int_equal(report.nfaults, 23);
	says(report.faults[0].message.p, "swapped");
}

/* ---- anything at all --------------------------------------------------------------- */

/* Bytes that parsers stumble over, and pieces of good files. */
static struct str
nonsense(void)
{
	static const char *const pieces[] = { "\"", "\"\"", ",", ";", "\t", "\n", "\r\n", "\r", "{", "}", "[",
		"]", ":", "id", "county", "name", "capacity", "lat", "lon", "features", "water", "resources",
		"\"id\":", "\\", "null", "1e999", "-", "46.77", "RO-CJ-01", "\xff", "\xef\xbb\xbf", "é",
		"住所", " ", "0", "\"features\":[", "attributes", "{\"a\":[1]}", "\"geometry\":", "CJ",
		"status", "\n1,CJ,Gym," };
	struct buf b = { 0 };
	struct str s;

	for (int i = rnd_below(60); i >= 0; i--)
		if (rnd_below(20))
			buf_str(&b, str(pieces[rnd_below((int)LEN(pieces))]));
		else
			buf_char(&b, (char)rnd_below(256));
	s = arena_dup(mem, (struct str){ b.p, b.n });
	buf_free(&b);
	return s;
}

FILE_TEST(any_bytes_are_read_or_refused_and_do_no_harm)
{
	rnd_start();
	for (int i = 0; i < 5000; i++) {
		struct str file = nonsense();
		bool good = rnd_below(2) ? csv_rows(mem, file, &rows, &nrows, &why)
					 : json_rows(mem, file, &rows, &nrows, &why);

		assert_true(good || why != NULL);
		for (size_t k = 0; good && k < nrows; k++)
			if (!draft_row(k))
				assert_true(strlen(fault) > 10);
		if (i % 100 == 0)
			arena_reset(mem);
	}
}

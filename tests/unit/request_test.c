/* request_test.c - what request.h promises: fields of both faces, and faults. */
#include "http.h"

static struct str text;
static int64_t number;

/* The same content as JSON and as a form: on both faces ... */
#define ON_BOTH_FACES(json_text, form_text) \
	for (int face_ = 0; face_ < 2 && (face_ ? form(form_text) : json(json_text), true); face_++)

/* ---- texts ------------------------------------------------------------------------- */

HTTP_TEST(a_text_is_taken_trimmed_on_both_faces)
{
	ON_BOTH_FACES("{\"name\": \" Ana Pop\\n\"}", "name=+Ana+Pop%0A")
	{
		assert_true(need_text(&rq, "name", 7, &text));
		assert_str(text, "Ana Pop");
		assert_true(opt_text(&rq, "name", 7, &text));
		assert_str(faults(), "");
	}
}

HTTP_TEST(tab_and_line_ends_may_stand_inside_a_text)
{
	ON_BOTH_FACES("{\"note\": \"a\\tb\\r\\nc\"}", "note=a%09b%0D%0Ac")
	{
		assert_true(need_text(&rq, "note", 100, &text));
		assert_str(text, "a\tb\r\nc");
	}
}

HTTP_TEST(a_needed_text_that_is_missing_or_empty_is_a_fault)
{
	static const char *const jsons[] = { "{}", "{\"name\":null}", "{\"name\":\"\"}",
		"{\"name\":\" \\n \"}" };
	static const char *const forms[] = { "", "name", "name=", "name=+%0A+" };

	for (size_t i = 0; i < LEN(jsons); i++)
		ON_BOTH_FACES(jsons[i], forms[i])
		{
			assert_false(need_text(&rq, "name", 10, &text));
			assert_str(faults(), "name:missing");
		}
}

HTTP_TEST(a_text_that_may_be_missing_is_then_empty)
{
	static const char *const jsons[] = { "{}", "{\"name\":null}", "{\"name\":\" \"}" };
	static const char *const forms[] = { "", "name=", "name=+" };

	for (size_t i = 0; i < LEN(jsons); i++)
		ON_BOTH_FACES(jsons[i], forms[i])
		{
			text = S("before");
			assert_true(opt_text(&rq, "name", 10, &text));
			assert_int_equal(text.n, 0);
		}
}

HTTP_TEST(length_is_counted_in_code_points_after_trimming)
{
	ON_BOTH_FACES("{\"name\": \" ȘȚĂÂÎ \"}", "name=+ȘȚĂÂÎ+")
	{
		assert_true(opt_text(&rq, "name", 5, &text));
		assert_false(opt_text(&rq, "name", 4, &text));
		assert_str(faults(), "name:length");
	}
}

HTTP_TEST(json_that_is_no_text_is_a_fault_of_type)
{
	static const char *const wrong[] = { "{\"name\":1}", "{\"name\":true}", "{\"name\":[]}",
		"{\"name\":{}}", "{\"name\":1.5}" };

	for (size_t i = 0; i < LEN(wrong); i++) {
		json(wrong[i]);
		assert_false(need_text(&rq, "name", 10, &text));
		assert_false(opt_text(&rq, "name", 10, &text));
		assert_str(faults(), "name:type name:type");
	}
}

HTTP_TEST(control_characters_in_json_are_a_fault_of_format)
{
	static const char *const wrong[] = { "{\"name\":\"a\\u0000b\"}", "{\"name\":\"a\\u001bb\"}",
		"{\"name\":\"a\\u007fb\"}", "{\"name\":\"a\\u0085b\"}" };

	for (size_t i = 0; i < LEN(wrong); i++) {
		json(wrong[i]);
		assert_false(need_text(&rq, "name", 10, &text));
		assert_str(faults(), "name:format");
	}
}

/* ---- whole numbers ---------------------------------------------------------------------- */

HTTP_TEST(a_whole_number_is_taken_on_both_faces)
{
	static const struct {
		const char *json, *form;
		int64_t want;
	} good[] = {
		{ "{\"n\":4}", "n=4", 4 },
		{ "{\"n\":-7}", "n=-7", -7 },
		{ "{\"n\":0}", "n=+0+", 0 },
		{ "{\"n\":4.0}", "n=%2B4", 4 },
		{ "{\"n\":4e2}", "n=400", 400 },
		{ "{\"n\":9007199254740993}", "n=9007199254740993", 9007199254740993 },
	};

	for (size_t i = 0; i < LEN(good); i++)
		ON_BOTH_FACES(good[i].json, good[i].form)
		{
			number = 99;
			assert_true(need_int(&rq, "n", -10, INT64_MAX - 1, &number));
			assert_int_equal(number, good[i].want);
			number = 99;
			assert_true(opt_int(&rq, "n", -10, INT64_MAX - 1, &number));
			assert_int_equal(number, good[i].want);
		}
}

HTTP_TEST(what_is_no_whole_number_is_a_fault_of_type)
{
	static const char *const jsons[] = { "{\"n\":\"4\"}", "{\"n\":4.5}", "{\"n\":true}", "{\"n\":[4]}",
		"{\"n\":{}}", "{\"n\":1e300}", "{\"n\":NaN}", "{\"n\":-Infinity}" };
	static const char *const forms[] = { "n=four", "n=4.5", "n=4e2", "n=%2B-4", "n=--4", "n=04", "n=%2B",
		"n=1+000" };

	for (size_t i = 0; i < LEN(jsons); i++)
		ON_BOTH_FACES(jsons[i], forms[i])
		{
			number = 99;
			assert_false(need_int(&rq, "n", -10, 1000, &number));
			assert_false(opt_int(&rq, "n", -10, 1000, &number));
			assert_str(faults(), "n:type n:type");
			assert_int_equal(number, 99);
		}
}

HTTP_TEST(a_number_outside_its_bounds_is_a_fault_of_range)
{
	static const char *const jsons[] = { "{\"n\":0}", "{\"n\":21}", "{\"n\":-1}",
		"{\"n\":9223372036854775807}" };
	static const char *const forms[] = { "n=0", "n=21", "n=-1", "n=9223372036854775807" };

	for (size_t i = 0; i < LEN(jsons); i++)
		ON_BOTH_FACES(jsons[i], forms[i])
		{
			assert_false(need_int(&rq, "n", 1, 20, &number));
			assert_str(faults(), "n:range");
		}
	ON_BOTH_FACES("{\"n\":1,\"m\":20}", "n=1&m=20")
	{
		assert_true(need_int(&rq, "n", 1, 20, &number));
		assert_true(need_int(&rq, "m", 1, 20, &number));
	}
}

HTTP_TEST(a_needed_number_that_is_missing_is_a_fault)
{
	static const char *const jsons[] = { "{}", "{\"n\":null}" };
	static const char *const forms[] = { "", "n=+" };

	for (size_t i = 0; i < LEN(jsons); i++)
		ON_BOTH_FACES(jsons[i], forms[i])
		{
			assert_false(need_int(&rq, "n", 1, 20, &number));
			assert_str(faults(), "n:missing");
		}
}

HTTP_TEST(a_number_that_may_be_missing_is_then_left_as_it_was)
{
	ON_BOTH_FACES("{\"n\":null}", "n=")
	{
		number = 99;
		assert_true(opt_int(&rq, "n", 1, 20, &number));
		assert_int_equal(number, 99);
	}
}

/* ---- lists --------------------------------------------------------------------------------- */

static struct str *list;
static size_t nlist;

HTTP_TEST(a_list_of_texts_is_taken_trimmed_without_its_empty_ones)
{
	ON_BOTH_FACES("{\"l\":[\" a\",\"\",\"Ș b \"]}", "l=+a&x=1&l=&l=Ș+b+")
	{
		assert_true(opt_list(&rq, "l", 3, 3, &list, &nlist));
		assert_int_equal(nlist, 2);
		assert_str(list[0], "a");
		assert_str(list[1], "Ș b");
	}
}

HTTP_TEST(a_missing_list_is_empty)
{
	ON_BOTH_FACES("{\"l\":null}", "")
	{
		nlist = 9;
		assert_true(opt_list(&rq, "l", 3, 3, &list, &nlist));
		assert_int_equal(nlist, 0);
	}
}

HTTP_TEST(a_list_that_is_too_long_and_an_item_that_is_too_long_are_faults_of_length)
{
	ON_BOTH_FACES("{\"l\":[\"a\",\"b\",\"c\"]}", "l=a&l=b&l=c")
	{
		assert_true(opt_list(&rq, "l", 3, 1, &list, &nlist));
		assert_false(opt_list(&rq, "l", 2, 1, &list, &nlist));
	}
	ON_BOTH_FACES("{\"l\":[\"abc\"]}", "l=abc")
	{
		assert_false(opt_list(&rq, "l", 3, 2, &list, &nlist));
		assert_str(faults(), "l:length");
	}
}

HTTP_TEST(json_that_is_no_list_of_texts_is_a_fault_of_type)
{
	static const char *const wrong[] = { "{\"l\":\"a\"}", "{\"l\":{}}", "{\"l\":[1]}",
		"{\"l\":[\"a\",null]}", "{\"l\":[[\"a\"]]}" };

	for (size_t i = 0; i < LEN(wrong); i++) {
		json(wrong[i]);
		assert_false(opt_list(&rq, "l", 9, 9, &list, &nlist));
		assert_str(faults(), "l:type");
	}
}

/* ---- faults --------------------------------------------------------------------------------- */

HTTP_TEST(every_fault_is_collected_in_the_order_it_was_found)
{
	bool ok = true;

	json("{\"age\":\"x\",\"people\":50}");
	ok &= need_text(&rq, "name", 10, &text);
	ok &= need_int(&rq, "age", 0, 120, &number);
	ok &= need_int(&rq, "people", 1, 20, &number);
	assert_false(ok);
	assert_str(faults(), "name:missing age:type people:range");
}

HTTP_TEST(a_fault_keeps_its_words_after_the_caller_s_are_gone)
{
	char field[] = "name", word[] = "blue";

	assert_false(fault(&rq, field, "choice", "Not %s.", word));
	field[0] = word[0] = 'X';
	assert_string_equal(rq.faults->field, "name");
	assert_string_equal(rq.faults->message, "Not blue.");
}

HTTP_TEST(failing_hands_the_error_back_and_keeps_the_words)
{
	assert_int_equal(fail(&rq, ERR_CONFLICT, "%d left", 3), ERR_CONFLICT);
	assert_string_equal(rq.detail, "3 left");
}

HTTP_TEST(a_field_is_there_when_it_holds_something)
{
	ON_BOTH_FACES("{\"a\":\"x\",\"n\":null}", "a=x&n=")
	{
		assert_true(has_field(&rq, "a"));
		assert_false(has_field(&rq, "n"));
		assert_false(has_field(&rq, "missing"));
	}
	json("{\"f\":false,\"z\":0}");
	assert_true(has_field(&rq, "f"));
	assert_true(has_field(&rq, "z"));
}

/* ---- parameters -------------------------------------------------------------------------------
 */

static enum err
query_is(const char *q)
{
	next_request();
	return parse_params(mem, str(q), &rq.query);
}

HTTP_TEST(parameters_of_one_name_come_in_their_order)
{
	struct str v;
	size_t at_ = 0;

	assert_int_equal(query_is("a=1&b=2&a=3&a"), OK);
	assert_true(param_next(&rq.query, "a", &at_, &v));
	assert_str(v, "1");
	assert_true(param_next(&rq.query, "a", &at_, &v));
	assert_str(v, "3");
	assert_true(param_next(&rq.query, "a", &at_, &v));
	assert_str(v, "");
	assert_false(param_next(&rq.query, "a", &at_, &v));
	assert_str(query(&rq, "a"), "1");
	assert_str(query(&rq, "missing"), "");
}

HTTP_TEST(parameters_may_be_written_untidily)
{
	assert_int_equal(query_is("&&a=1&&=x&b=c=d&"), OK);
	assert_str(query(&rq, "a"), "1");
	assert_str(query(&rq, "b"), "c=d");
}

HTTP_TEST(at_most_256_parameters_are_read)
{
	struct str many = S("a=0");

	for (int i = 1; i < 256; i++)
		many = arena_strf(mem, "%.*s&a=%d", FMT(many), i);
	assert_int_equal(parse_params(mem, many, &rq.query), OK);
	assert_int_equal(rq.query.n, 256);
	many = arena_strf(mem, "%.*s&a=256", FMT(many));
	assert_int_equal(parse_params(mem, many, &rq.query), ERR_MALFORMED);
}

HTTP_TEST(the_page_size_is_the_usual_one_unless_given_and_never_above_100)
{
	static const struct {
		const char *query;
		size_t want;
	} good[] = { { "", 20 }, { "limit=", 20 }, { "limit=1", 1 }, { "limit=100", 100 },
		{ "limit=101", 100 }, { "limit=1000000000000", 100 } };

	for (size_t i = 0; i < LEN(good); i++) {
		size_t limit = 0;

		assert_int_equal(query_is(good[i].query), OK);
		assert_true(query_limit(&rq, 20, &limit));
		assert_int_equal(limit, good[i].want);
	}
}

HTTP_TEST(a_page_size_that_is_nonsense_is_a_fault)
{
	static const char *const wrong[] = { "limit=0", "limit=-1", "limit=ten", "limit=1.5", "limit=0x10" };

	for (size_t i = 0; i < LEN(wrong); i++) {
		size_t limit;

		assert_int_equal(query_is(wrong[i]), OK);
		assert_false(query_limit(&rq, 20, &limit));
		assert_str(faults(), "limit:range");
	}
}

HTTP_TEST(a_place_is_latitude_then_longitude)
{
	double latitude, longitude;

	assert_true(parse_near(S("46.77,23.59"), &latitude, &longitude));
	assert_double(latitude, 46.77);
	assert_double(longitude, 23.59);
	assert_true(parse_near(S(" -46.77 , -23 "), &latitude, &longitude));
	assert_double(longitude, -23);
}

HTTP_TEST(what_is_no_place_is_refused)
{
	static const char *const wrong[] = { "", ",", "46.77", "46.77,", ",23.59", "46.77;23.59",
		"46.77,23.59,1", "nan,0", "0,inf", "a,b", "46,77,23,59", "1e999,0" };
	double latitude, longitude;

	for (size_t i = 0; i < LEN(wrong); i++)
		if (parse_near(str(wrong[i]), &latitude, &longitude))
			fail_msg("%s", wrong[i]);
}

/* json_test.c - what json.h promises. */
#include "http.h"

#include <float.h>
#include <math.h>

#include "utf8.h"

/* One text as it is written. */
static struct str
written(struct str s)
{
	struct json j = { .out = &rs.body };

	rs.body.n = 0;
	json_str(&j, s);
	return text_of(&rs.body);
}

static struct str
number(double v)
{
	struct json j = { .out = &rs.body };

	rs.body.n = 0;
	json_num(&j, v);
	return text_of(&rs.body);
}

HTTP_TEST(commas_stand_between_and_nowhere_else)
{
	struct json j = { .out = &rs.body };

	json_open(&j, '{');
	json_key_int(&j, "a", 1);
	json_key(&j, "b");
	json_open(&j, '[');
	json_open(&j, '[');
	json_close(&j, ']');
	json_open(&j, '{');
	json_close(&j, '}');
	json_null(&j);
	json_flag(&j, true);
	json_flag(&j, false);
	json_raw(&j, S("{\"raw\":1}"));
	json_close(&j, ']');
	json_key_str(&j, "c", S("x"));
	json_close(&j, '}');
	assert_str(text_of(&rs.body), "{\"a\":1,\"b\":[[],{},null,true,false,{\"raw\":1}],\"c\":\"x\"}");
}

HTTP_TEST(quotes_backslashes_and_control_characters_are_escaped)
{
	assert_str(written(S("a\"b\\c\n\r\t")), "\"a\\\"b\\\\c\\n\\r\\t\"");
	assert_str(written(S("\0\x01\x1f\x7f\b\f")), "\"\\u0000\\u0001\\u001f\\u007f\\u0008\\u000c\"");
}

HTTP_TEST(markup_is_escaped_so_that_json_is_safe_in_a_page)
{
	assert_str(written(S("</script>&<!--")), "\"\\u003c/script\\u003e\\u0026\\u003c!--\"");
}

HTTP_TEST(well_formed_text_is_written_as_it_is)
{
	assert_str(written(S("")), "\"\"");
	assert_str(written(S("Șos. Ștefan \xf0\x9f\x98\x80 \xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf")),
	    "\"Șos. Ștefan \xf0\x9f\x98\x80 \xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"");
}

HTTP_TEST(ill_formed_text_becomes_replacement_characters_and_its_neighbours_stay)
{
	static const struct str ill[] = { B("\x80"), B("\xc0\x80"), B("\xc1\xbf"), B("\xc2"),
		B("\xe0\x9f\xbf"), B("\xe2\x82"), B("\xed\xa0\x80"), B("\xed\xbf\xbf"), B("\xf0\x8f\xbf\xbf"),
		B("\xf0\x9f\x98"), B("\xf4\x90\x80\x80"), B("\xf5\x80\x80\x80"), B("\xff") };

	for (size_t i = 0; i < LEN(ill); i++) {
		struct str out = written(arena_strf(mem, "ș%.*sȚ", FMT(ill[i])));

		assert_true(utf8_text(out));
		assert_true(str_starts(out, "\"ș\xef\xbf\xbd"));
		assert_true(str_ends(out, "\xef\xbf\xbdȚ\""));
		assert_true(utf8_text(written(ill[i]))); /* at the very end too */
	}
}

HTTP_TEST(any_bytes_at_all_give_json_that_can_be_read)
{
	rnd_start();
	for (int i = 0; i < 3000; i++) {
		unsigned char bytes[20];
		size_t n = (size_t)rnd_below(sizeof(bytes) + 1);
		struct str out;
		struct json_tokener *tok = json_tokener_new();
		struct json_object *back;

		for (size_t k = 0; k < n; k++)
			bytes[k] = (unsigned char)(rnd_below(2) ? 0x80 + rnd_below(0x80) : rnd_below(0x80));
		out = written((struct str){ (char *)bytes, n });
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		back = json_tokener_parse_ex(tok, out.p, (int)out.n);
		assert_non_null(back);
		if (utf8_text((struct str){ (char *)bytes, n }))
			assert_memory_equal(json_object_get_string(back), bytes, n);
		json_object_put(back);
		json_tokener_free(tok);
	}
}

HTTP_TEST(integers_are_written_over_all_of_64_bits)
{
	struct json j = { .out = &rs.body };

	json_open(&j, '[');
	json_int(&j, 0);
	json_int(&j, INT64_MAX);
	json_int(&j, INT64_MIN);
	json_close(&j, ']');
	assert_str(text_of(&rs.body), "[0,9223372036854775807,-9223372036854775808]");
}

HTTP_TEST(numbers_are_written_short)
{
	assert_str(number(0), "0");
	assert_str(number(1), "1");
	assert_str(number(-2.5), "-2.5");
	assert_str(number(0.1), "0.1");
	assert_str(number(46.77), "46.77");
	assert_str(number(0.1 + 0.2), "0.30000000000000004");
}

HTTP_TEST(numbers_read_back_to_the_last_bit)
{
	static const double edges[] = { DBL_MAX, -DBL_MAX, DBL_MIN, 5e-324, DBL_EPSILON, 1e15, 1e17, 1e21,
		1e-7, 9007199254740993.0, 1.0 / 3 };

	for (size_t i = 0; i < LEN(edges); i++)
		assert_double(strtod(arena_dup(mem, number(edges[i])).p, NULL), edges[i]);
	rnd_start();
	for (int i = 0; i < 3000; i++) {
		uint64_t bits = rnd();
		double v;

		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v))
			assert_double(strtod(arena_dup(mem, number(v)).p, NULL), v);
	}
}

HTTP_TEST(what_is_no_number_is_null)
{
	assert_str(number(NAN), "null");
	assert_str(number(INFINITY), "null");
	assert_str(number(-INFINITY), "null");
}

/* response_test.c - what response.h promises. */
#include "http.h"

HTTP_TEST(a_header_cannot_be_broken_into_two)
{
	res_header(&rs, "Location", "/board?x=%s", "a\r\nSet-Cookie: evil=1");
	assert_str(text_of(&rs.head), "Location: /board?x=a  Set-Cookie: evil=1\r\n");
}

HTTP_TEST(a_json_answer_has_its_status_and_type)
{
	struct json j = res_json(&rs, 201);

	json_open(&j, '{');
	json_close(&j, '}');
	assert_int_equal(rs.status, 201);
	assert_true(rs.rendered);
	assert_string_equal(rs.type, "application/json");
	assert_str(text_of(&rs.body), "{}");
}

HTTP_TEST(see_other_leads_to_a_path)
{
	assert_int_equal(res_see_other(&rs, "/board"), OK);
	assert_int_equal(rs.status, 303);
	assert_true(rs.rendered);
	assert_str(text_of(&rs.head), "Location: /board\r\n");
}

HTTP_TEST(no_content_is_an_answer)
{
	assert_int_equal(res_no_content(&rs), OK);
	assert_int_equal(rs.status, 204);
	assert_true(rs.rendered);
	assert_null(rs.type);
}

/* Whether a client that has `tag` is told that nothing changed. */
static bool
fresh(const char *tag, int64_t sequence)
{
	next_request();
	rq.face = FACE_JSON;
	rq.if_none_match = str(tag);
	return res_fresh(&rq, &rs, sequence);
}

HTTP_TEST(who_has_the_version_is_told_304)
{
	static const char *const same[] = { "\"7\"", "W/\"7\"", "\"6\", \"7\"", " W/\"1\" , W/\"7\" ", "*" };

	for (size_t i = 0; i < LEN(same); i++) {
		assert_true(fresh(same[i], 7));
		assert_int_equal(rs.status, 304);
		assert_str(text_of(&rs.head), "ETag: \"7\"\r\n");
	}
}

HTTP_TEST(who_has_another_version_or_none_gets_the_answer)
{
	static const char *const other[] = { "", "\"6\"", "7", "\"77\"", "\"7", "w/\"7\"" };

	for (size_t i = 0; i < LEN(other); i++) {
		assert_false(fresh(other[i], 7));
		assert_int_equal(rs.status, 0);
		assert_str(text_of(&rs.head), "ETag: \"7\"\r\n");
	}
}

HTTP_TEST(a_page_that_shows_ages_changes_its_version_by_the_minute)
{
	rq.now = 60000;
	assert_false(res_fresh(&rq, &rs, 7));
	rq.if_none_match = S("\"7.1\"");
	rq.now = 119999;
	assert_true(res_fresh(&rq, &rs, 7));
	rq.now = 120000;
	assert_false(res_fresh(&rq, &rs, 7));
}

HTTP_TEST(an_answer_that_hangs_on_more_is_known_by_its_bytes)
{
	struct str tag;

	buf_str(&rs.body, S("one"));
	assert_false(res_same(&rq, &rs));
	tag = text_of(&rs.head);
	assert_true(str_starts(tag, "ETag: \"") && tag.n > 30);
	rq.if_none_match = arena_dup(mem, (struct str){ tag.p + 6, tag.n - 8 });
	rs.head.n = 0;
	assert_true(res_same(&rq, &rs));
	assert_int_equal(rs.status, 304);
	assert_int_equal(rs.body.n, 0);
	buf_str(&rs.body, S("two"));
	rs.head.n = 0;
	assert_false(res_same(&rq, &rs));
}

/* match_test.c - what match.h promises: from parameters to a route. */
#include "http.h"

/* ---- parameters ---------------------------------------------------------------- */

HTTP_TEST(parameters_fill_in_the_request)
{
	match_param(&rq, "REQUEST_METHOD", S("PATCH"));
	match_param(&rq, "CONTENT_TYPE", S("application/json; charset=utf-8"));
	match_param(&rq, "HTTP_HOST", S("muster.example"));
	match_param(&rq, "REMOTE_ADDR", S("192.0.2.1"));
	match_param(&rq, "HTTP_COOKIE", S("a=b"));
	match_param(&rq, "HTTP_AUTHORIZATION", S("Bearer x"));
	match_param(&rq, "HTTP_ACCEPT", S("text/html"));
	match_param(&rq, "HTTP_IF_NONE_MATCH", S("\"1\""));
	match_param(&rq, "HTTP_IF_MATCH", S("\"2\""));
	match_param(&rq, "HTTP_IDEMPOTENCY_KEY", S("k"));
	match_param(&rq, "HTTPS", S("on"));
	match_param(&rq, "MUSTER_SSI", S("1"));
	match_param(&rq, "HTTP_X_UNKNOWN", S("y"));
	assert_int_equal(rq.method, PATCH);
	assert_str(rq.type, "application/json");
	assert_str(rq.host, "muster.example");
	assert_str(rq.address, "192.0.2.1");
	assert_str(rq.cookie, "a=b");
	assert_str(rq.authorization, "Bearer x");
	assert_str(rq.accept, "text/html");
	assert_str(rq.if_none_match, "\"1\"");
	assert_str(rq.if_match, "\"2\"");
	assert_str(rq.idempotency_key, "k");
	assert_true(rq.https);
	assert_true(rq.ssi);
}

HTTP_TEST(head_is_a_get_without_its_body)
{
	match_param(&rq, "REQUEST_METHOD", S("HEAD"));
	assert_int_equal(rq.method, GET);
	assert_true(rq.head);
	match_param(&rq, "REQUEST_METHOD", S("GET"));
	assert_int_equal(rq.method, GET);
	assert_false(rq.head);
}

HTTP_TEST(a_method_nobody_knows_is_none)
{
	static const char *const unknown[] = { "PUT", "OPTIONS", "get", "", "POSTT" };

	for (size_t i = 0; i < LEN(unknown); i++) {
		match_param(&rq, "REQUEST_METHOD", str(unknown[i]));
		assert_int_equal(rq.method, 0);
	}
}

/* ---- addresses -------------------------------------------------------------------- */

HTTP_TEST(an_address_is_split_into_face_path_and_query)
{
	assert_int_equal(match_uri(&rq, S("/api/shelters/RO-CJ-01?near=46.77,23.59&q=a+b")), OK);
	assert_int_equal(rq.face, FACE_JSON);
	assert_str(rq.path, "/shelters/RO-CJ-01");
	assert_str(query(&rq, "near"), "46.77,23.59");
	assert_str(query(&rq, "q"), "a b");

	assert_int_equal(match_uri(&rq, S("/shelters")), OK);
	assert_int_equal(rq.face, FACE_HTML);
	assert_str(rq.path, "/shelters");
	assert_int_equal(rq.query.n, 0);
}

HTTP_TEST(only_a_path_below_api_speaks_json)
{
	static const char *const pages[] = { "/api", "/apish/x", "/shelters/api/x", "/%61pi/x" };

	for (size_t i = 0; i < LEN(pages); i++) {
		assert_int_equal(match_uri(&rq, str(pages[i])), OK);
		assert_int_equal(rq.face, FACE_HTML);
	}
}

HTTP_TEST(escapes_are_decoded_and_a_plus_in_a_path_is_one)
{
	assert_int_equal(match_uri(&rq, S("/a%20b+c/%C8%98%c8%99?x%3D=%26&y=%2B")), OK);
	assert_str(rq.path, "/a b+c/Șș");
	assert_str(query(&rq, "x="), "&");
	assert_str(query(&rq, "y"), "+");
}

HTTP_TEST(bad_escapes_and_what_is_not_text_cannot_be_read)
{
	static const char *const bad[] = { "/%", "/%4", "/%zz", "/%4g", "/%00", "/%ff", "/%ed%a0%80", "/%0b",
		"/\xff", "/\x7f", "/?a=%", "/?%ff=a", "/?a=%00", "/?a=%c8", "/api/%c0%80" };

	for (size_t i = 0; i < LEN(bad); i++)
		if (match_uri(&rq, str(bad[i])) != ERR_MALFORMED)
			fail_msg("%s", bad[i]);
}

HTTP_TEST(an_address_has_a_longest_length)
{
	char *uri = arena_alloc(mem, 4097);

	memset(uri, 'a', 4097);
	uri[0] = '/';
	assert_int_equal(match_uri(&rq, (struct str){ uri, 4096 }), OK);
	assert_int_equal(match_uri(&rq, (struct str){ uri, 4097 }), ERR_MALFORMED);
}

/* ---- routes ---------------------------------------------------------------------------- */

static const struct route routes[] = {
	{ GET, "/shelters", PUBLIC, TX_READ, NULL },
	{ POST, "/shelters", STAFF, TX_WRITE, NULL },
	{ GET, "/shelters/{id}", PUBLIC, TX_READ, NULL },
	{ PATCH, "/shelters/{id}", STAFF, TX_WRITE, NULL },
	{ DELETE, "/shelters/{id}/staff/{name}", ROLE_ADMIN, TX_WRITE, NULL },
	{ GET, "/shelters.csv", PUBLIC, TX_READ, NULL },
	{ GET, "/{a}/{b}/{c}", PUBLIC, TX_READ, NULL },
	{ GET, "/", PUBLIC, TX_READ, NULL },
	{ GET, "/alerts/{id}.cap", PUBLIC, TX_READ, NULL },
	{ GET, "/alerts/{id}", PUBLIC, TX_READ, NULL },
};

static char *allow;

/* The number of the route, or minus the error. */
static int
route_of(enum method method, const char *uri)
{
	const struct route *route = NULL;
	enum err e;

	next_request();
	rq.method = method;
	assert_int_equal(match_uri(&rq, str(uri)), OK);
	e = match_route(&rq, routes, LEN(routes), &route, &allow);
	return e == OK ? (int)(route - routes) : -(int)e;
}

HTTP_TEST(method_and_path_lead_to_a_route_on_both_faces)
{
	assert_int_equal(route_of(GET, "/shelters"), 0);
	assert_int_equal(route_of(GET, "/api/shelters?limit=1"), 0);
	assert_int_equal(route_of(POST, "/api/shelters"), 1);
	assert_int_equal(route_of(GET, "/shelters.csv"), 5);
	assert_int_equal(route_of(GET, "/"), 7);
	assert_int_equal(route_of(GET, "/api/"), 7);
}

HTTP_TEST(a_route_s_arguments_are_what_stands_in_its_places)
{
	assert_int_equal(route_of(PATCH, "/shelters/RO-CJ-01"), 3);
	assert_str(rq.arg[0], "RO-CJ-01");
	assert_int_equal(route_of(DELETE, "/shelters/RO%20CJ/staff/%C8%98erban"), 4);
	assert_str(rq.arg[0], "RO CJ");
	assert_str(rq.arg[1], "Șerban");
	assert_int_equal(route_of(GET, "/x/y/z"), 6);
	assert_str(rq.arg[2], "z");
}

HTTP_TEST(a_route_with_an_ending_takes_what_is_before_it)
{
	assert_int_equal(route_of(GET, "/alerts/12.cap"), 8);
	assert_str(rq.arg[0], "12");
	assert_int_equal(route_of(GET, "/alerts/12"), 9);
	assert_int_equal(route_of(GET, "/alerts/.cap"), 9);
	assert_str(rq.arg[0], ".cap");
	assert_int_equal(route_of(GET, "/alerts/12.capx"), 9);
}

HTTP_TEST(an_argument_is_one_segment_and_never_empty)
{
	assert_int_equal(route_of(GET, "/shelters//x"), -ERR_NOT_FOUND);
	assert_int_equal(route_of(PATCH, "/shelters/a/b"), -ERR_METHOD); /* GET /{a}/{b}/{c} alone */
	assert_int_equal(route_of(GET, "/a/b/c/d"), -ERR_NOT_FOUND);
}

HTTP_TEST(a_trailing_slash_is_another_path)
{
	assert_int_equal(route_of(GET, "/shelters/"), -ERR_NOT_FOUND);
	assert_int_equal(route_of(GET, "/shelters/RO-CJ-01/"), -ERR_NOT_FOUND);
	assert_int_equal(route_of(GET, "//shelters"), -ERR_NOT_FOUND);
	assert_int_equal(route_of(GET, "//"), -ERR_NOT_FOUND);
}

HTTP_TEST(a_path_nobody_has_is_not_found)
{
	assert_int_equal(route_of(GET, "/shelter"), -ERR_NOT_FOUND);
	assert_int_equal(route_of(GET, "/sheltersx"), -ERR_NOT_FOUND);
	assert_int_equal(route_of(GET, "/Shelters"), -ERR_NOT_FOUND);
	assert_int_equal(route_of(POST, "/shelter"), -ERR_NOT_FOUND);
	assert_true(strlen(rq.detail) > 0);
}

HTTP_TEST(another_method_on_a_known_path_is_told_which_ones_work)
{
	assert_int_equal(route_of(DELETE, "/shelters"), -ERR_METHOD);
	assert_string_equal(allow, "GET, HEAD, POST");
	assert_int_equal(route_of(POST, "/shelters/RO-CJ-01"), -ERR_METHOD);
	assert_string_equal(allow, "GET, HEAD, PATCH");
	assert_int_equal(route_of((enum method)0, "/shelters.csv"), -ERR_METHOD);
	assert_string_equal(allow, "GET, HEAD");
}

/* ---- bodies -------------------------------------------------------------------------------- */

static enum err
json_body(struct str body)
{
	return arrives(POST, FACE_JSON, "application/json", body);
}

HTTP_TEST(a_json_object_is_read_on_the_json_face)
{
	assert_int_equal(json_body(S("{\"people\": 3}")), OK);
	assert_true(has_field(&rq, "people"));
	assert_int_equal(arrives(PATCH, FACE_JSON, "application/merge-patch+json", S("{\"a\":null}")), OK);
	assert_int_equal(arrives(POST, FACE_JSON, "application/json; charset=utf-8", S(" {} \n")), OK);
}

HTTP_TEST(what_is_not_a_json_object_is_refused)
{
	static const struct str wrong[] = { B("[]"), B("1"), B("\"x\""), B("true"), B("null"), B(""),
		B(" ") };

	for (size_t i = 0; i < LEN(wrong); i++)
		assert_int_equal(json_body(wrong[i]), ERR_MALFORMED);
}

HTTP_TEST(what_is_not_json_is_refused)
{
	static const struct str wrong[] = { B("{"), B("{\"a\":1"), B("{\"a\":}"), B("{\"a\":'x'}"),
		B("{a:1}"), B("{\"a\":1,}"), B("{\"a\":01}"), B("{\"a\":1}}"), B("{} {}"), B("{}x"),
		B("{\"a\":\"\xff\"}"), B("{\"a\":\"\xed\xa0\x80\"}"), B("{\"a\":\"\x01\"}"),
		B("{\"a\":\"\xc0\xaf\"}"), B("{\"a\":True}"), B("{}\0"), B("{}\0{}"), B("{\"a\":\0 1}"),
		B("/**/{}") };

	for (size_t i = 0; i < LEN(wrong); i++)
		if (json_body(wrong[i]) != ERR_MALFORMED)
			fail_msg("%s (number %zu) was read", wrong[i].p, i);
}

static struct str
nested(int depth)
{
	struct str s = S("1");

	for (int i = 0; i < depth; i++)
		s = arena_strf(mem, "{\"a\":%.*s}", FMT(s));
	return s;
}

HTTP_TEST(json_may_be_nested_but_not_without_end)
{
	assert_int_equal(json_body(nested(8)), OK);
	assert_int_equal(json_body(nested(17)), ERR_MALFORMED);
	assert_int_equal(json_body(nested(400)), ERR_MALFORMED);
}

HTTP_TEST(a_form_is_read_on_the_page_face)
{
	assert_int_equal(arrives(POST, FACE_HTML, FORM_TYPE, S("a=1&b=x+y%26z&a=2")), OK);
	assert_int_equal(rq.form.n, 3);
	assert_str(rq.form.v[1].value, "x y&z");
	assert_int_equal(arrives(POST, FACE_HTML, FORM_TYPE "; charset=UTF-8", S("")), OK);
	assert_int_equal(rq.form.n, 0);
}

HTTP_TEST(a_form_that_cannot_be_decoded_is_refused)
{
	assert_int_equal(arrives(POST, FACE_HTML, FORM_TYPE, S("a=%")), ERR_MALFORMED);
	assert_int_equal(arrives(POST, FACE_HTML, FORM_TYPE, S("a=%ff")), ERR_MALFORMED);
	assert_int_equal(arrives(POST, FACE_HTML, FORM_TYPE, S("a=\0")), ERR_MALFORMED);
}

HTTP_TEST(a_body_of_the_other_face_or_of_no_known_type_is_refused)
{
	assert_int_equal(arrives(POST, FACE_HTML, "application/json", S("{}")), ERR_MEDIA);
	assert_int_equal(arrives(POST, FACE_JSON, FORM_TYPE, S("a=b")), ERR_MEDIA);
	assert_int_equal(arrives(POST, FACE_JSON, "text/plain", S("{}")), ERR_MEDIA);
	assert_int_equal(arrives(POST, FACE_JSON, "", S("{}")), ERR_MEDIA);
	assert_int_equal(arrives(POST, FACE_HTML, "multipart/form-data; boundary=x", S("--x")), ERR_MEDIA);
}

HTTP_TEST(a_request_without_a_body_needs_no_type)
{
	assert_int_equal(arrives(POST, FACE_JSON, "", S("")), OK);
	assert_int_equal(arrives(DELETE, FACE_JSON, "application/json", S("")), OK);
	assert_int_equal(arrives(POST, FACE_HTML, "text/plain", S("")), OK);
	assert_null(rq.json);
}

HTTP_TEST(the_body_of_a_get_is_passed_over)
{
	assert_int_equal(arrives(GET, FACE_JSON, "application/json", S("no json")), OK);
	assert_null(rq.json);
}

HTTP_TEST(a_route_for_files_gets_any_type_as_it_came)
{
	rq.method = POST;
	rq.face = FACE_JSON;
	match_param(&rq, "CONTENT_TYPE", S("text/csv"));
	rq.body = S("a;b\n\xff");
	assert_int_equal(match_body(&rq, true), OK);
	assert_bytes(rq.body, S("a;b\n\xff"));
	match_param(&rq, "CONTENT_TYPE", S("application/json"));
	assert_int_equal(match_body(&rq, true), OK);
	assert_null(rq.json);
}

HTTP_TEST(a_form_s_method_makes_its_post_a_patch_or_a_delete)
{
	form("_method=PATCH&x=1");
	assert_int_equal(rq.method, PATCH);
	form("x=1&_method=DELETE");
	assert_int_equal(rq.method, DELETE);
}

HTTP_TEST(a_form_cannot_become_any_other_method)
{
	static const char *const others[] = { "_method=GET", "_method=HEAD", "_method=PUT", "_method=patch",
		"_method=" };

	for (size_t i = 0; i < LEN(others); i++) {
		form(others[i]);
		assert_int_equal(rq.method, POST);
		assert_false(rq.head);
	}
}

HTTP_TEST(json_and_other_methods_do_not_know_the_field_method)
{
	json("{\"_method\":\"DELETE\"}");
	assert_int_equal(rq.method, POST);
	assert_int_equal(arrives(PATCH, FACE_HTML, FORM_TYPE, S("_method=DELETE")), OK);
	assert_int_equal(rq.method, PATCH);
}

/* idempotency_test.c - what idempotency.h promises. */
#include "http.h"

#include "clock.h"
#include "idempotency.h"
#include "key.h"
#include "value.h"

/* A POST to /intents with the key, from whoever `who` is. */
static void
post(const char *key, const char *body)
{
	next_request();
	rq.method = POST;
	rq.path = S("/intents");
	rq.face = FACE_JSON;
	rq.idempotency_key = str(key);
	rq.body = str(body);
}

static void
post_form(const char *body)
{
	form(body);
	rq.path = S("/intents");
}

static enum err
before(bool *answered)
{
	return idempotency_before(&rq, &rs, answered);
}

static bool
is_new(void)
{
	bool answered = true;

	assert_int_equal(before(&answered), OK);
	return !answered;
}

/* The handler's answer. */
static void
answer(int status, const char *type, const char *body)
{
	rs.status = status;
	rs.rendered = true;
	rs.type = type;
	res_header(&rs, "Location", "/intents/7");
	buf_str(&rs.body, str(body));
	idempotency_after(&rq, &rs);
}

static void
answer_json(void)
{
	answer(201, "application/json", "{\"code\":\"7K\"}\n\n");
}

HTTP_STORE_TEST(the_second_time_the_first_answer_is_given_again)
{
	post("k1", "{\"people\":3}");
	assert_true(is_new());
	answer_json();

	post("k1", "{\"people\":3}");
	assert_false(is_new());
	assert_int_equal(rs.status, 201);
	assert_true(rs.rendered);
	assert_string_equal(rs.type, "application/json");
	assert_str(text_of(&rs.body), "{\"code\":\"7K\"}\n\n");
	assert_str(text_of(&rs.head), "Location: /intents/7\r\nIdempotency-Replayed: true\r\n");
}

HTTP_STORE_TEST(a_page_is_given_again_as_a_page)
{
	post_form("token=t1&people=3");
	assert_true(is_new());
	answer(200, "text/html; charset=utf-8", "<!doctype html>");

	post_form("token=t1&people=3");
	assert_false(is_new());
	assert_non_null(rs.type);
	assert_string_equal(rs.type, "text/html; charset=utf-8");
	assert_str(text_of(&rs.body), "<!doctype html>");
}

HTTP_STORE_TEST(an_answer_without_type_and_body_is_given_again)
{
	post_form("token=t1");
	assert_true(is_new());
	res_see_other(&rs, "/intents/7");
	idempotency_after(&rq, &rs);

	post_form("token=t1");
	assert_false(is_new());
	assert_int_equal(rs.status, 303);
	assert_null(rs.type);
	assert_int_equal(rs.body.n, 0);
}

HTTP_STORE_TEST(without_a_key_every_request_is_new)
{
	for (int i = 0; i < 2; i++) {
		post("", "{}");
		assert_true(is_new());
		answer_json();
	}
	for (int i = 0; i < 2; i++) {
		post_form("people=3&token=");
		assert_true(is_new());
		answer_json();
	}
}

HTTP_STORE_TEST(a_key_used_with_another_body_is_refused)
{
	bool answered;

	post("k1", "{\"people\":3}");
	assert_true(is_new());
	answer_json();
	post("k1", "{\"people\":4}");
	assert_int_equal(before(&answered), ERR_INPUT);
	assert_false(answered);
	assert_non_null(rq.faults);
	assert_string_equal(rq.faults->field, "Idempotency-Key");
}

HTTP_STORE_TEST(another_button_of_the_same_form_is_another_deed)
{
	post_form("token=t1&by=1");
	assert_true(is_new());
	answer_json();
	post_form("token=t1&by=-1");
	assert_true(is_new());
}

HTTP_STORE_TEST(a_key_belongs_to_one_path_and_one_caller)
{
	post("k1", "{}");
	assert_true(is_new());
	answer_json();
	post("k1", "{}");
	rq.path = S("/arrivals");
	assert_true(is_new());
	post("k1", "{}");
	rq.who.key = S("user:ana");
	assert_true(is_new());
}

HTTP_STORE_TEST(an_answer_is_kept_for_24_hours)
{
	post("k1", "{}");
	assert_true(is_new());
	answer_json();
	at(NOW + 24 * HOUR_MS - 1);
	post("k1", "{}");
	assert_false(is_new());
	at(NOW + 24 * HOUR_MS);
	post("k1", "{}");
	assert_true(is_new());
}

HTTP_STORE_TEST(a_refusal_is_not_kept)
{
	post("k1", "{}");
	assert_true(is_new());
	answer(409, "application/json", "{}");
	post("k1", "{}");
	assert_true(is_new());
}

HTTP_STORE_TEST(an_answer_that_sets_a_cookie_is_not_written_down)
{
	post("k1", "{}");
	assert_true(is_new());
	res_header(&rs, "Set-Cookie", "muster_session=secret");
	answer_json();
	post("k1", "{}");
	assert_true(is_new());
}

HTTP_STORE_TEST(a_key_is_1_to_128_printable_characters)
{
	static const char *const wrong[] = { "a\x1f", "\x7f", "a\nb", "\xc8\x99" };
	char *longest = arena_alloc(mem, 130);
	bool answered;

	memset(longest, 'k', 128);
	post(longest, "{}");
	assert_true(is_new());
	memset(longest, 'k', 129);
	post(longest, "{}");
	assert_int_equal(before(&answered), ERR_INPUT);
	assert_str(faults(), "Idempotency-Key:format");
	for (size_t i = 0; i < LEN(wrong); i++) {
		post(wrong[i], "{}");
		assert_int_equal(before(&answered), ERR_INPUT);
	}
}

HTTP_STORE_TEST(an_answer_of_an_undone_request_is_not_kept)
{
	db_savepoint(db);
	post("k1", "{}");
	assert_true(is_new());
	answer_json();
	db_undo(db);
	post("k1", "{}");
	assert_true(is_new());
}

/* ---- secrets ---------------------------------------------------------------- */

static void
asker(const char *cookie)
{
	rq.who = (struct who){ .key = S("user:ana"), .secret = str(cookie) };
}

static void
answer_secret(void)
{
	rs.secret = true;
	answer(201, "application/json", "{\"password\":\"hunter-2\"}");
}

HTTP_STORE_TEST(an_answer_with_a_secret_is_given_again_to_who_got_it)
{
	post("k1", "{}");
	asker("cookie-1");
	assert_true(is_new());
	answer_secret();
	post("k1", "{}");
	asker("cookie-1");
	assert_false(is_new());
	assert_int_equal(rs.status, 201);
	assert_str(text_of(&rs.body), "{\"password\":\"hunter-2\"}");
	assert_str(text_of(&rs.head), "Location: /intents/7\r\nIdempotency-Replayed: true\r\n");
}

HTTP_STORE_TEST(nobody_else_gets_the_secret_and_nothing_is_done_twice)
{
	bool answered = false;

	post("k1", "{}");
	asker("cookie-1");
	assert_true(is_new());
	answer_secret();
	post("k1", "{}");
	asker("cookie-2");
	assert_int_equal(before(&answered), ERR_CONFLICT);
	assert_false(answered);
	assert_int_equal(rs.body.n, 0);
}

HTTP_STORE_TEST(the_store_does_not_hold_the_secret_of_an_answer)
{
	struct str *names, kept;
	size_t n;

	post("k1", "{}");
	asker("cookie-1");
	assert_true(is_new());
	answer_secret();
	n = key_scan(db, mem, S(""), 10, &names);
	assert_int_equal(n, 1);
	assert_int_equal(string_get(db, mem, names[0], &kept), OK);
	assert_null(memmem(kept.p, kept.n, "hunter", 6));
	assert_null(memmem(kept.p, kept.n, "password", 8));
}

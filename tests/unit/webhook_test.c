/* webhook_test.c - what webhook.h and endpoint.h promise. */
#include "sink.h"

#include <sodium.h>

#include "endpoint.h"
#include "setting.h"
#include "webhook.h"

#define OK_200 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
enum { ENDPOINT = 7 };

static const struct channel *channel;
static struct verdict verdict;
static const char *why;

static void
allow(const char *list)
{
	assert_int_equal(setting_set(db, mem, S("net.allow"), str(list), &why), OK);
	channel = webhook_channel(db, mem);
}

/* The sink and an endpoint that points to it; its secret as it was shown. */
static struct str
begin(void)
{
	struct str secret;

	sink_start();
	assert_int_equal(endpoint_make(db, mem, ENDPOINT, sink_url("/hook"), &secret, &why), OK);
	allow("127.0.0.0/8");
	return secret;
}

static bool
try(const char *body)
{
	struct delivery d = delivery(CHANNEL_WEBHOOK, LANE_NORMAL, sink_url("/hook"), str(body));

	return carry(channel, &d, &verdict);
}

static void
answered(int status, enum outcome outcome, const char *reason, bool hurts)
{
	sink_says_now(arena_printf(mem, "HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\nhello", status));
	assert_true(try("{}"));
	if (verdict.outcome != outcome || verdict.hurts != hurts || strcmp(verdict.reason, reason) != 0)
		fail_msg("%d: outcome %d, hurts %d, \"%s\"", status, (int)verdict.outcome, verdict.hurts,
		    verdict.reason);
	assert_int_equal(verdict.code, status);
}

/* The bytes behind "whsec_". */
static struct str
bytes_of(struct str shown)
{
	unsigned char *out = arena_alloc(mem, 64);
	size_t n;

	assert_true(str_starts(shown, "whsec_"));
	assert_int_equal(sodium_base642bin(out, 64, shown.p + 6, shown.n - 6, NULL, &n, NULL,
			     sodium_base64_VARIANT_ORIGINAL),
	    0);
	return (struct str){ (const char *)out, n };
}

/* ---- signatures ------------------------------------------------------------ */

TEST(the_signature_is_the_one_of_the_standards_example)
{
	/* The vector of the specification's reference libraries. */
	struct str body = S("{\"test\": 2432232314}");

	mem = arena_new();
	assert_str(webhook_signature(mem, bytes_of(S("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")), S(""),
		       S("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330, body),
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	arena_free(mem);
}

SINK_TEST(a_message_goes_out_whole_with_its_name_its_second_and_its_signature)
{
	struct str secret = begin(), body = S("{\"type\":\"alert.published\",\"ț\":\"\\u0000\"}");
	struct delivery d = delivery(CHANNEL_WEBHOOK, LANE_NORMAL, sink_url("/hook"), body);

	sink_says(OK_200);
	assert_true(carry(channel, &d, &verdict));
	assert_int_equal(verdict.outcome, OUTCOME_SENT);
	assert_true(str_starts(str(sink_asked[0]), "POST /hook HTTP/1.1\r\n"));
	assert_bytes(sink_body(0), body);
	assert_str(sink_header(0, "content-type"), "application/json");
	assert_str(sink_header(0, "webhook-id"), "msg_test_42");
	assert_str(sink_header(0, "webhook-timestamp"), "1000");
	assert_bytes(sink_header(0, "webhook-signature"),
	    webhook_signature(mem, bytes_of(secret), S(""), S("msg_test_42"), 1000, body));
	assert_true(str_starts(sink_header(0, "user-agent"), "muster"));
}

SINK_TEST(each_try_has_its_own_second_and_the_same_id)
{
	begin();
	sink_says(OK_200);
	try("{}");
	at(NOW + 5000);
	try("{}");
	assert_bytes(sink_header(0, "webhook-id"), sink_header(1, "webhook-id"));
	assert_str(sink_header(1, "webhook-timestamp"), "1005");
}

SINK_TEST(for_a_day_after_a_rotation_both_secrets_sign)
{
	struct str old = begin(), new, both;

	sink_says(OK_200);
	assert_int_equal(endpoint_rotate(db, mem, ENDPOINT, &new), OK);
	assert_false(str_eq(old, new));
	at(NOW + ENDPOINT_OVERLAP_MS - 1);
	try("{}");
	both = webhook_signature(mem, bytes_of(new), bytes_of(old), S("msg_test_42"),
	    (NOW + ENDPOINT_OVERLAP_MS - 1) / 1000, S("{}"));
	assert_bytes(sink_header(0, "webhook-signature"), both);
	at(NOW + ENDPOINT_OVERLAP_MS);
	try("{}");
	assert_bytes(sink_header(1, "webhook-signature"),
	    webhook_signature(
		mem, bytes_of(new), S(""), S("msg_test_42"), (NOW + ENDPOINT_OVERLAP_MS) / 1000, S("{}")));
}

/* As the engine does: many are set up in one transaction that only reads. */
static struct str
signed_for(int64_t recipient)
{
	struct delivery d = delivery(CHANNEL_WEBHOOK, LANE_NORMAL, sink_url("/hook"), S("{}"));

	carried.recipient = recipient;
	assert_true(carry(channel, &d, &verdict));
	return sink_header(sink_served - 1, "webhook-signature");
}

static const char *
refused_for(int64_t recipient)
{
	struct delivery d = delivery(CHANNEL_WEBHOOK, LANE_NORMAL, sink_url("/hook"), S("{}"));

	carried.recipient = recipient;
	assert_false(carry(channel, &d, &verdict));
	return verdict.reason;
}

static void
begin_again(enum tx tx)
{
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_begin(db, tx, NOW), OK);
}

SINK_TEST(each_of_many_is_signed_with_its_endpoints_secret_as_it_is_now)
{
	struct str shown = begin(), a = bytes_of(shown), b, now, id = S("msg_test_42"), body = S("{}");

	assert_int_equal(endpoint_make(db, mem, ENDPOINT + 1, sink_url("/hook"), &shown, &why), OK);
	b = bytes_of(shown);
	sink_says(OK_200);
	begin_again(TX_READ);
	for (int i = 0; i < 2; i++) {
		assert_bytes(signed_for(ENDPOINT), webhook_signature(mem, a, S(""), id, 1000, body));
		assert_bytes(signed_for(ENDPOINT), webhook_signature(mem, a, S(""), id, 1000, body));
		assert_bytes(signed_for(ENDPOINT + 1), webhook_signature(mem, b, S(""), id, 1000, body));
	}
	begin_again(TX_WRITE);
	assert_int_equal(endpoint_rotate(db, mem, ENDPOINT + 1, &shown), OK);
	now = bytes_of(shown);
	begin_again(TX_READ);
	assert_bytes(signed_for(ENDPOINT + 1), webhook_signature(mem, now, b, id, 1000, body));
	begin_again(TX_WRITE);
	endpoint_delete(db, mem, ENDPOINT + 1);
	begin_again(TX_READ);
	assert_string_equal(refused_for(ENDPOINT + 1), "no-endpoint");
}

/* ---- what an answer means ---------------------------------------------------- */

SINK_TEST(only_2xx_is_success)
{
	begin();
	answered(200, OUTCOME_SENT, "", false);
	answered(202, OUTCOME_SENT, "", false);
	answered(299, OUTCOME_SENT, "", false);
}

SINK_TEST(bytes_that_will_be_refused_again_fail_at_once)
{
	begin();
	answered(400, OUTCOME_FAILED, "http-400", false);
	answered(413, OUTCOME_FAILED, "http-413", false);
	answered(415, OUTCOME_FAILED, "http-415", false);
	answered(422, OUTCOME_FAILED, "http-422", false);
	assert_string_equal(verdict.detail, "hello");
}

SINK_TEST(a_receiver_with_too_much_to_do_is_hurt_and_the_message_goes_again)
{
	begin();
	answered(408, OUTCOME_RETRY, "http-408", true);
	answered(429, OUTCOME_RETRY, "http-429", true);
	answered(502, OUTCOME_RETRY, "http-502", true);
	answered(503, OUTCOME_RETRY, "http-503", true);
	answered(504, OUTCOME_RETRY, "http-504", true);
}

SINK_TEST(any_other_answer_is_a_failed_try)
{
	begin();
	answered(401, OUTCOME_RETRY, "http-401", false);
	answered(404, OUTCOME_RETRY, "http-404", false);
	answered(425, OUTCOME_RETRY, "http-425", false);
	answered(500, OUTCOME_RETRY, "http-500", false);
}

SINK_TEST(a_redirect_is_not_followed)
{
	begin();
	sink_says_now(arena_printf(mem, "HTTP/1.1 307 Go\r\nLocation: %.*s\r\nContent-Length: 0\r\n\r\n",
	    FMT(sink_url("/elsewhere"))));
	try("{}");
	assert_int_equal(verdict.outcome, OUTCOME_RETRY);
	assert_string_equal(verdict.reason, "http-307");
	assert_int_equal(sink_served, 1);
}

SINK_TEST(retry_after_is_passed_on_as_seconds_or_as_a_date)
{
	begin();
	sink_says_now("HTTP/1.1 429 X\r\nretry-after: 7\r\nContent-Length: 0\r\n\r\n");
	try("{}");
	assert_int_equal(verdict.retry_after, 7000);
	/* NOW is second 1000 of 1970. */
	sink_says_now(
	    "HTTP/1.1 503 X\r\nRetry-After: Thu, 01 Jan 1970 00:20:00 GMT\r\nContent-Length: 0\r\n\r\n");
	try("{}");
	assert_int_equal(verdict.retry_after, 200 * 1000);
	sink_says_now("HTTP/1.1 503 X\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n");
	try("{}");
	assert_int_equal(verdict.retry_after, 0);
	sink_says_now("HTTP/1.1 503 X\r\nRetry-After: 99999999999999\r\nContent-Length: 0\r\n\r\n");
	try("{}");
	assert_int_equal(verdict.retry_after, 86400 * 1000);
}

SINK_TEST(gone_ends_it_and_the_endpoint_gets_nothing_more)
{
	struct endpoint p;

	begin();
	answered(410, OUTCOME_FAILED, "gone", false);
	assert_int_equal(endpoint_get(db, mem, ENDPOINT, &p), OK);
	assert_true(p.disabled.n > 0);
	assert_int_equal(p.disabled_at, NOW);
	assert_false(try("{}"));
	assert_int_equal(sink_served, 1);
	assert_int_equal(verdict.outcome, OUTCOME_SUPPRESSED);
	assert_string_equal(verdict.reason, "disabled");
	assert_int_equal(endpoint_enable(db, mem, ENDPOINT), OK);
	assert_true(try("{}"));
}

SINK_TEST(an_endpoint_that_was_taken_away_gets_nothing)
{
	begin();
	endpoint_delete(db, mem, ENDPOINT);
	assert_false(try("{}"));
	assert_int_equal(verdict.outcome, OUTCOME_SUPPRESSED);
	assert_string_equal(verdict.reason, "no-endpoint");
}

SINK_TEST(silence_a_closed_line_and_no_http_are_failed_tries_that_hurt)
{
	static const struct {
		const char *answer, *reason;
	} cases[] = { { NULL, "timeout" }, { "", "broken" }, { "220 smtp.example ESMTP\r\n", "broken" },
		{ "HTTP/1.1 100 Continue\r\n\r\n", "broken" } };

	begin();
	for (size_t i = 0; i < LEN(cases); i++) {
		sink_says_now(cases[i].answer);
		assert_true(try("{}"));
		assert_int_equal(verdict.outcome, OUTCOME_RETRY);
		assert_string_equal(verdict.reason, cases[i].reason);
		assert_true(verdict.hurts);
		assert_int_equal(verdict.code, 0);
	}
}

SINK_TEST(a_status_counts_however_the_rest_of_the_answer_ends)
{
	begin();
	sink_says_now("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	try("{}");
	assert_int_equal(verdict.outcome, OUTCOME_SENT);
}

SINK_TEST(nobody_listening_is_a_failed_try_that_hurts)
{
	begin();
	sink_stop();
	assert_true(try("{}"));
	assert_int_equal(verdict.outcome, OUTCOME_RETRY);
	assert_string_equal(verdict.reason, "connect");
	assert_true(verdict.hurts);
}

/* ---- endpoints ---------------------------------------------------------------- */

STORE_TEST(a_second_rotation_ends_the_oldest_secret)
{
	struct str first, second, third;
	struct endpoint p;

	assert_int_equal(endpoint_make(db, mem, 1, S("https://example.org/"), &first, &why), OK);
	assert_int_equal(endpoint_rotate(db, mem, 1, &second), OK);
	assert_int_equal(endpoint_rotate(db, mem, 1, &third), OK);
	assert_int_equal(endpoint_get(db, mem, 1, &p), OK);
	assert_bytes(p.secret, bytes_of(third));
	assert_bytes(p.previous, bytes_of(second));
	assert_int_equal(bytes_of(third).n, 32);
}

STORE_TEST(an_endpoint_keeps_its_first_reason)
{
	struct str secret;
	struct endpoint p;

	endpoint_make(db, mem, 1, S("https://example.org/"), &secret, &why);
	assert_int_equal(endpoint_disable(db, mem, 1, S("first")), OK);
	at(NOW + 5);
	assert_int_equal(endpoint_disable(db, mem, 1, S("second")), OK);
	assert_int_equal(endpoint_get(db, mem, 1, &p), OK);
	assert_str(p.disabled, "first");
	assert_int_equal(p.disabled_at, NOW);
	assert_int_equal(endpoint_disable(db, mem, 2, S("x")), ERR_NOT_FOUND);
	assert_int_equal(endpoint_rotate(db, mem, 2, &secret), ERR_NOT_FOUND);
	assert_int_equal(endpoint_enable(db, mem, 2), ERR_NOT_FOUND);
}

static const struct {
	const char *url, *name; /* NULL: refused */
} urls[] = {
	{ "https://example.org/hook?x=1", "https://example.org:443" },
	{ "HTTPS://Example.ORG", "https://example.org:443" },
	{ "http://example.org:8080/a:b@c", "http://example.org:8080" },
	{ "http://example.org?q=/", "http://example.org:80" },
	{ "https://example.org./x", "https://example.org:443" },
	{ "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example:443" },
	{ "https://192.0.2.7:8443/", "https://192.0.2.7:8443" },
	{ "https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443" },
	{ "https://[2001:db8::1]", "https://[2001:db8::1]:443" },
	{ "https://b\303\274cher.example/", NULL },
	{ "ftp://example.org/", NULL },
	{ "file:///etc/passwd", NULL },
	{ "gopher://example.org:70/", NULL },
	{ "//example.org/", NULL },
	{ "example.org", NULL },
	{ "http:/example.org", NULL },
	{ "http://", NULL },
	{ "http:///x", NULL },
	{ "http://:80/", NULL },
	{ "http://.example.org/", NULL },
	{ "http://example..org/", NULL },
	{ "http://user:pass@example.org/", NULL },
	{ "http://example.org@127.0.0.1/", NULL },
	{ "http://example.org#@127.0.0.1/", NULL },
	{ "http://example.org/#x", NULL },
	{ "http://example.org\\@127.0.0.1/", NULL },
	{ "http://exa mple.org/", NULL },
	{ "http://example.org/\r\nHost: x", NULL },
	{ "http://example.org:/", NULL },
	{ "http://example.org:0/", NULL },
	{ "http://example.org:65536/", NULL },
	{ "http://example.org:080/", NULL },
	{ "http://example.org:25/", NULL },
	{ "http://example.org:8o/", NULL },
	{ "http://127.1/", NULL },
	{ "http://0x7f000001/", NULL },
	{ "http://2130706433/", NULL },
	{ "http://017700000001/", NULL },
	{ "http://0x7f.0.0.1/", NULL },
	{ "http://127.0.0.0x1/", NULL },
	{ "http://1.2.3.4.5/", NULL },
	{ "http://[::1/", NULL },
	{ "http://[::1]x/", NULL },
	{ "http://[fe80::1%25eth0]/", NULL },
	{ "http://[127.0.0.1]/", NULL },
	{ "http://exa%6dple.org/", NULL },
	{ "", NULL },
};

TEST(a_url_names_its_destination_or_is_refused_in_words)
{
	mem = arena_new();
	for (size_t i = 0; i < LEN(urls); i++) {
		struct str name = S("");

		why = endpoint_destination(mem, str(urls[i].url), &name);
		if ((why == NULL) != (urls[i].name != NULL))
			fail_msg("%s: %s", urls[i].url, why ? why : "taken");
		if (why == NULL)
			assert_str(name, urls[i].name);
		else
			assert_true(strlen(why) > 10);
	}
	arena_free(mem);
}

/* What libcurl, which connects, makes of a URL: "https://example.org:443". */
static struct str
as_curl(const char *url)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
	struct str name = S("");

	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_OK) {
		size_t n = strlen(host);

		n -= n > 1 && host[n - 1] == '.';
		for (size_t i = 0; i < n; i++)
			if (host[i] >= 'A' && host[i] <= 'Z')
				host[i] |= 0x20;
		name = arena_strf(mem, "%s://%.*s:%s", scheme, (int)n, host, port);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(user);
	curl_url_cleanup(u);
	return name;
}

TEST(whatever_url_is_taken_leads_where_its_name_says)
{
	static const char *const parts[] = { "http", "https", "HTTP", ":", "/", "//", "://", "@", "#", "?",
		"\\", "example.org", "Example", "127.0.0.1", "10.1", "0x7f", "[::1]", "[2001:db8::1]", "[",
		"]", "%", "%40", "80", "443", "8080", "65536", "0", ".", "..", "-", "_", " ", "a", "x=1", ";",
		"&", "\t", "xn--a" };
	int taken = 0;

	rnd_start();
	mem = arena_new();
	for (int i = 0; i < 200000; i++) {
		char url[200] = "";
		struct str name;

		for (int n = rnd_below(9); n > 0; n--)
			strcat(url, parts[rnd_below((int)LEN(parts))]);
		if (rnd_below(2)) {
			memmove(url + 7, url, strlen(url) + 1);
			memcpy(url, "http://", 7);
		}
		if (endpoint_destination(mem, str(url), &name) == NULL) {
			taken++;
			if (!str_eq(name, as_curl(url)))
				fail_msg("%s: we say %.*s, libcurl %s", url, FMT(name), as_curl(url).p);
		}
		arena_reset(mem);
	}
	arena_free(mem);
	assert_true(taken > 1000);
}

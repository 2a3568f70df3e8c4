/* sms_test.c - what sms.h promises. */
#include "sink.h"

#include "hash.h"
#include "link.h"
#include "setting.h"
#include "sms.h"
#include "suppress.h"

#define TO "+40712345678"
#define PAYLOAD(text) S("{\"text\":\"" text "\",\"language\":\"en\",\"urgent\":false}")
#define CREATED "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n"
#define REFUSED "HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\n\r\n"

static const struct channel *channel;
static struct verdict verdict;

static void
set(const char *name, const char *value)
{
	const char *why;

	if (setting_set(db, mem, str(name), str(value), &why) != OK)
		fail_msg("%s: %s", name, why ? why : "no such setting");
	channel = sms_channel(db, mem);
}

/* A gateway that speaks Messages.json. */
static void
messages(void)
{
	sink_start();
	set("sms.mode", "messages");
	set("sms.url", sink_url("/").p);
	set("sms.account", "AC1");
	set("sms.secret", "hush");
	set("sms.from", "+40700000000");
}

/* One that speaks something else. */
static void template(const char *url)
{
	sink_start();
	set("sms.mode", "template");
	set("sms.url", sink_url(url).p);
	set("sms.user", "kim");
	set("sms.secret", "hu&sh");
	set("sms.from", "Muster");
}

/* The message was claimed `epoch` times and failed `tries` times, the last time
 * for `reason`. */
static int64_t message_id;

static void
queue(void)
{
	struct message m = { .channel = CHANNEL_SMS,
		.lane = LANE_NORMAL,
		.due = db_now(db),
		.expires = db_now(db) + 100000,
		.target = S(TO) };

	m.destination = destination_id(db, CHANNEL_SMS, sms_destination(db, mem));
	m.payload = payload_put(db, PAYLOAD("x"));
	message_id = outbox_put(db, &m);
}

static void
failed_before(const char *reason)
{
	struct message *m;
	size_t n;
	struct destination d;
	struct settled s;

	queue();
	assert_int_equal(destination_get(db, mem, 1, &d), OK);
	outbox_claim(db, mem, LANE_NORMAL, d.id, 1, db_now(db) + 1, 1, &m, &n);
	assert_int_equal(n, 1);
	s = (struct settled){ .message = m,
		.state = OUTBOX_WAITING,
		.due = db_now(db),
		.counts = true,
		.reason = str(reason) };
	outbox_settle(db, &s, 1);
}

static struct delivery
try_of(enum outbox_lane lane, struct str payload)
{
	struct delivery d = delivery(CHANNEL_SMS, lane, S(TO), payload);

	if (message_id > 0) {
		carried.id = message_id;
		carried.tries = 1;
	}
	return d;
}

static bool
tries(enum outbox_lane lane, struct str payload)
{
	struct delivery d = try_of(lane, payload);

	return carry(channel, &d, &verdict);
}

static void
is_verdict(enum outcome outcome, const char *reason, bool hurts)
{
	if (verdict.outcome != outcome || verdict.hurts != hurts || strcmp(verdict.reason, reason) != 0)
		fail_msg("outcome %d, hurts %d, \"%s\" (%s)", (int)verdict.outcome, verdict.hurts,
		    verdict.reason, verdict.detail);
}

static bool
contains(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static int
setup(void **state)
{
	message_id = 0;
	return store_setup(state);
}

#define SMS_TEST(name) TEST_WITH(name, setup, sink_teardown)

/* ---- what goes out -------------------------------------------------------------- */

SMS_TEST(a_message_goes_out_as_the_form_that_gateways_expect)
{
	messages();
	sink_says(CREATED "{\"sid\":\"SM42\",\"status\":\"queued\"}");
	assert_true(tries(LANE_NORMAL, PAYLOAD("Water & food: 1+1 \\u20ac")));
	is_verdict(OUTCOME_SENT, "", false);
	assert_string_equal(verdict.reference, "SM42");
	assert_int_equal(verdict.code, 201);
	assert_true(contains(sink_asked[0], "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\n"));
	assert_str(sink_header(0, "authorization"), "Basic QUMxOmh1c2g="); /* AC1:hush */
	assert_str(sink_header(0, "content-type"), "application/x-www-form-urlencoded");
	assert_str(sink_body(0),
	    "To=%2B40712345678&From=%2B40700000000&Body=Water%20%26%20food%3A%201%2B1%20%E2%82%AC"
	    "&ValidityPeriod=3600");
}

SMS_TEST(a_message_is_valid_for_as_long_as_it_is_of_use)
{
	struct delivery d;

	messages();
	sink_says(CREATED "{\"sid\":\"SM1\"}");
	d = try_of(LANE_NORMAL, PAYLOAD("x"));
	carried.expires = NOW + 900;
	carry(channel, &d, &verdict);
	assert_true(contains(sink_asked[0], "&ValidityPeriod=1"));
	d = try_of(LANE_NORMAL, PAYLOAD("x"));
	carried.expires = NOW + INT64_C(99999999999);
	carry(channel, &d, &verdict);
	assert_true(contains(sink_asked[1], "&ValidityPeriod=36000"));
}

SMS_TEST(the_callback_is_an_address_of_ours_that_nobody_can_guess)
{
	messages();
	set("site.url", "https://muster.example/");
	set("sms.service", "MG7");
	set("sms.user", "SK9");
	sink_says(CREATED "{\"sid\":\"SM1\"}");
	tries(LANE_NORMAL, PAYLOAD("x"));
	assert_true(contains(sink_asked[0],
	    arena_printf(mem, "&StatusCallback=https%%3A%%2F%%2Fmuster.example%%2Fsms%%2Fstatus%%2F%.*s",
		FMT(link_token(db, mem, "sms-status", 42)))));
	assert_true(contains(sink_asked[0], "&MessagingServiceSid=MG7&"));
	assert_false(contains(sink_asked[0], "From="));
	assert_str(sink_header(0, "authorization"), "Basic U0s5Omh1c2g=");
}

SMS_TEST(marks_are_left_out_only_where_that_saves_segments)
{
	struct buf b = { 0 };

	set("sms.mode", "file");
	assert_str(sms_text(db, mem, S("Adăpost")), "Adăpost");
	for (int i = 0; i < 12; i++)
		buf_printf(&b, "Adăpost ");
	assert_true(str_starts(sms_text(db, mem, (struct str){ b.p, b.n }), "Adapost "));
	set("sms.unaccented", "0");
	assert_true(str_starts(sms_text(db, mem, (struct str){ b.p, b.n }), "Adăpost "));
	buf_free(&b);
}

SMS_TEST(a_long_text_is_cut_to_the_segments_that_are_paid_for)
{
	struct buf b = { 0 };

	for (int i = 0; i < 400; i++)
		buf_printf(&b, "word ");
	assert_int_equal(sms_measure(sms_text(db, mem, (struct str){ b.p, b.n })).segments, 4);
	set("sms.segments", "2");
	assert_int_equal(sms_measure(sms_text(db, mem, (struct str){ b.p, b.n })).segments, 2);
	assert_true(str_ends(sms_text(db, mem, (struct str){ b.p, b.n }), "word..."));
	buf_free(&b);
}

/* ---- what a gateway says ----------------------------------------------------------- */

static void
error(int code)
{
	const char *body =
	    arena_printf(mem, "HTTP/1.1 %d X\r\n\r\n{\"code\":%d,\"message\":\"It says so.\",\"status\":400}",
		code == 20003   ? 401
		: code == 20429 ? 429
				: 400,
		code);

	sink_says_now(body);
	assert_true(tries(LANE_NORMAL, PAYLOAD("x")));
}

SMS_TEST(a_number_that_cannot_be_reached_gets_nothing_any_more)
{
	static const struct {
		int code;
		const char *reason, *why;
	} cases[] = { { 21211, "no-such-number", "invalid" }, { 21614, "no-mobile", "invalid" },
		{ 21610, "opted-out", "opted-out" }, { 30005, "no-such-number", "invalid" },
		{ 30006, "no-mobile", "invalid" } };
	struct str why;

	messages();
	for (size_t i = 0; i < LEN(cases); i++) {
		error(cases[i].code);
		is_verdict(OUTCOME_FAILED, cases[i].reason, false);
		assert_string_equal(verdict.detail, "It says so.");
		assert_true(suppressed(db, mem, CHANNEL_SMS, S(TO), &why));
		assert_str(why, cases[i].why);
		assert_false(tries(LANE_URGENT, PAYLOAD("x"))); /* nothing is tried */
		is_verdict(OUTCOME_SUPPRESSED, cases[i].why, false);
		unsuppress(db, mem, CHANNEL_SMS, S(TO));
	}
}

SMS_TEST(what_is_wrong_with_us_holds_all_back_and_what_is_wrong_with_one_number_does_not)
{
	messages();
	error(20003);
	is_verdict(OUTCOME_RETRY, "auth", true);
	error(21606);
	is_verdict(OUTCOME_RETRY, "sender", true);
	error(30034);
	is_verdict(OUTCOME_RETRY, "unregistered", true);
	error(21408);
	is_verdict(OUTCOME_FAILED, "region", false);
	error(30007);
	is_verdict(OUTCOME_FAILED, "filtered", false);
	error(21617); /* not in our table */
	is_verdict(OUTCOME_FAILED, "sms-21617", false);
	assert_false(suppressed(db, mem, CHANNEL_SMS, S(TO), NULL));
}

SMS_TEST(what_passes_is_tried_again_when_it_makes_sense)
{
	messages();
	error(20429);
	is_verdict(OUTCOME_RETRY, "too-many", true);
	error(30003);
	is_verdict(OUTCOME_RETRY, "unreachable", false);
	assert_int_equal(verdict.retry_after, 30 * 60 * 1000);
	sink_says_now("HTTP/1.1 429 X\r\nRetry-After: 90\r\n\r\n{\"code\":30001}");
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_RETRY, "queue-full", true);
	assert_int_equal(verdict.retry_after, 90 * 1000);
	sink_says_now("HTTP/1.1 503 X\r\nRetry-After: 9\r\n\r\n<html>");
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_RETRY, "http-503", true);
	assert_int_equal(verdict.retry_after, 9 * 1000);
	sink_says_now("HTTP/1.1 302 X\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n");
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_FAILED, "http-302", false);
}

/* ---- when nobody knows --------------------------------------------------------------- */

SMS_TEST(what_was_not_asked_was_not_sent)
{
	messages();
	sink_stop();
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_RETRY, "connect", true);
	sink_start();
	set("sms.url", arena_printf(mem, "https://127.0.0.1:%d", sink_port));
	sink_says(NULL);
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_RETRY, "timeout", true); /* silent before TLS was agreed on */
}

SMS_TEST(silence_a_broken_line_and_half_an_answer_leave_us_unsure)
{
	static const char *const answers[] = { NULL, "", "HTTP/1.1 100 Continue\r\n\r\n", "junk",
		CREATED "{\"sid\":", CREATED, "HTTP/1.1 200 OK\r\n\r\n<html>Welcome to the hotel" };

	messages();
	for (size_t i = 0; i < LEN(answers); i++) {
		sink_says_now(answers[i]);
		assert_true(tries(LANE_NORMAL, PAYLOAD("x")));
		is_verdict(OUTCOME_RETRY, "unsure", true);
		assert_int_equal(sink_served, 1); /* libcurl did not try again by itself */
	}
}

#define THERE(to, body, date, more) \
	"HTTP/1.1 200 OK\r\n\r\n{\"messages\":[{\"sid\":\"SM0\",\"to\":\"+1\",\"body\":\"x\"},{\"sid\":\"SM7\"," \
	"\"to\":\"" to "\",\"body\":\"" body "\",\"date_created\":\"" date \
	"\",\"direction\":\"outbound-api\"" more "}]}"
#define DATE "Thu, 01 Jan 1970 00:16:41 +0000" /* a second after NOW */

SMS_TEST(when_unsure_the_gateway_is_asked_and_what_it_has_is_not_sent_again)
{
	messages();
	failed_before("unsure");
	sink_says(THERE(TO, "x", DATE, ",\"status\":\"sent\",\"error_code\":null"));
	assert_true(tries(LANE_URGENT, PAYLOAD("x")));
	is_verdict(OUTCOME_SENT, "", false);
	assert_string_equal(verdict.reference, "SM7");
	assert_true(contains(sink_asked[0], "GET /2010-04-01/Accounts/AC1/Messages.json?"));
	assert_true(contains(sink_asked[0], "To=%2B40712345678"));
	assert_str(sink_header(0, "authorization"), "Basic QUMxOmh1c2g=");
}

SMS_TEST(what_the_gateway_has_may_also_have_failed_there)
{
	messages();
	failed_before("unsure");
	sink_says(THERE(TO, "x", DATE, ",\"status\":\"failed\",\"error_code\":30006"));
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_FAILED, "no-mobile", false);
	assert_true(suppressed(db, mem, CHANNEL_SMS, S(TO), NULL));
}

SMS_TEST(another_text_another_number_an_older_message_and_an_answer_are_not_ours)
{
	static const char *const others[] = { THERE(TO, "y", DATE, ""), THERE("+40711111111", "x", DATE, ""),
		THERE(TO, "x", "Thu, 01 Jan 1970 00:10:00 +0000", ""),
		"HTTP/1.1 200 OK\r\n\r\n{\"messages\":[]}",
		"HTTP/1.1 200 OK\r\n\r\n{\"messages\":[{\"to\":\"" TO
		"\",\"body\":\"x\",\"direction\":\"inbound\"}]}" };

	messages();
	failed_before("unsure");
	for (size_t i = 0; i < LEN(others); i++) {
		sink_says_now(others[i]);
		tries(LANE_NORMAL, PAYLOAD("x"));
		is_verdict(OUTCOME_RETRY, "not-there", false);
	}
}

SMS_TEST(what_is_not_there_is_sent_again)
{
	messages();
	failed_before("not-there");
	sink_says(CREATED "{\"sid\":\"SM1\"}");
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_SENT, "", false);
	assert_true(contains(sink_asked[0], "POST /"));
}

SMS_TEST(when_the_gateway_does_not_say_we_stay_unsure)
{
	static const char *const answers[] = { NULL, "", "HTTP/1.1 503 X\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n{}", "HTTP/1.1 404 No\r\n\r\n{\"code\":20404}" };
	struct delivery d;

	messages();
	failed_before("unsure");
	for (size_t i = 0; i < LEN(answers); i++) {
		sink_says_now(answers[i]);
		tries(LANE_NORMAL, PAYLOAD("x"));
		is_verdict(OUTCOME_RETRY, "unsure", true);
	}
	d = try_of(LANE_NORMAL, PAYLOAD("x"));
	carried.tries = 5; /* the last one */
	carry(channel, &d, &verdict);
	is_verdict(OUTCOME_UNSURE, "unsure", true);
}

SMS_TEST(when_a_dispatcher_died_the_gateway_is_asked_first)
{
	struct delivery d;

	messages();
	sink_says("HTTP/1.1 200 OK\r\n\r\n{\"messages\":[]}");
	d = try_of(LANE_NORMAL, PAYLOAD("x"));
	carried.claims = 2; /* the one before was never settled */
	carry(channel, &d, &verdict);
	is_verdict(OUTCOME_RETRY, "not-there", false);
}

/* ---- templates ------------------------------------------------------------------------ */

SMS_TEST(kannel_is_spoken_by_a_template)
{
	template("/cgi-bin/sendsms?username={user}&password={secret}&to={to}&text={text}&coding={coding}"
		 "&charset=UTF-8&validity={minutes}&dlr-mask=19&dlr-url={callback}%3Fstatus%3D%25d");
	set("site.url", "https://muster.example");
	set("sms.method", "GET");
	set("sms.success", "202");
	set("sms.accepted", "^[03]: ");
	sink_says("HTTP/1.1 202 Accepted\r\n\r\n0: Accepted for delivery");
	tries(LANE_NORMAL, PAYLOAD("a&b=c \\u0219"));
	is_verdict(OUTCOME_SENT, "", false);
	assert_true(contains(sink_asked[0],
	    arena_printf(mem,
		"GET /cgi-bin/sendsms?username=kim&password=hu%%26sh&to=%%2B40712345678&text=a%%26b%%3Dc%%20%%C8%%99"
		"&coding=2&charset=UTF-8&validity=60&dlr-mask=19&dlr-url=https%%3A%%2F%%2Fmuster.example%%2Fsms"
		"%%2Fstatus%%2F%.*s%%3Fstatus%%3D%%25d HTTP/1.1",
		FMT(link_token(db, mem, "sms-status", 42)))));
	sink_says_now("HTTP/1.1 202 Accepted\r\n\r\n4: Not for me");
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_FAILED, "refused", false);
	assert_string_equal(verdict.detail, "4: Not for me");
	sink_says_now("HTTP/1.1 503 Busy\r\n\r\nTemporal failure");
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_RETRY, "http-503", true);
}

SMS_TEST(jasmin_is_spoken_by_a_template)
{
	template("/send");
	set("sms.body", "username={user}&password={secret}&to={to}&from={from}&hex-content={hex}&coding={dcs}"
			"&dlr=yes&dlr-level=2&dlr-url={callback}&dlr-method=POST");
	set("sms.accepted", "^Success");
	set("sms.reference", "^Success \"([^\"]+)\"");
	sink_says("HTTP/1.1 200 OK\r\n\r\nSuccess \"07033084-5cfd-4812-90a4-e4d24ffb6e3d\"");
	tries(LANE_NORMAL, PAYLOAD("a\\u0219"));
	is_verdict(OUTCOME_SENT, "", false);
	assert_string_equal(verdict.reference, "07033084-5cfd-4812-90a4-e4d24ffb6e3d");
	assert_true(contains(sink_asked[0], "&from=Muster&hex-content=00610219&coding=8&"));
	sink_says_now("HTTP/1.1 403 No\r\n\r\nError \"Authentication failure for hu&sh\"");
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_RETRY, "auth", true);
	assert_string_equal(verdict.detail, "Error \"Authentication failure for *****\"");
}

SMS_TEST(json_and_headers_are_filled_in_without_breaking_out)
{
	template("/v1/sms?id={id}");
	set("sms.type", "json");
	set("sms.headers", "Authorization: Bearer {secret}\nX-To: {to}");
	set("sms.body", "{\"to\":[\"{to}\"],\"text\":\"{text}\",\"n\":{minutes}}");
	sink_says("HTTP/1.1 200 OK\r\n\r\n{}");
	tries(LANE_NORMAL, PAYLOAD("say \\\"no\\\"\\nnow \\\\ </b>"));
	is_verdict(OUTCOME_SENT, "", false);
	assert_true(contains(sink_asked[0], "POST /v1/sms?id=msg_test_42 HTTP/1.1\r\n"));
	assert_str(sink_header(0, "authorization"), "Bearer hu&sh");
	assert_str(sink_header(0, "x-to"), TO);
	assert_str(sink_header(0, "content-type"), "application/json");
	assert_str(
	    sink_body(0), "{\"to\":[\"" TO "\"],\"text\":\"say \\\"no\\\"\\nnow \\\\ </b>\",\"n\":60}");
}

SMS_TEST(a_typing_error_in_a_template_is_sent_to_nobody)
{
	template("/send?to={too}");
	assert_false(tries(LANE_NORMAL, PAYLOAD("x")));
	is_verdict(OUTCOME_RETRY, "config", true);
	assert_string_equal(verdict.detail, "{too} stands for nothing");
	set("sms.url", sink_url("/").p);
	set("sms.body", "text={txt}");
	assert_false(tries(LANE_NORMAL, PAYLOAD("x")));
	is_verdict(OUTCOME_RETRY, "config", true);
	set("sms.body", "text={text}");
	set("sms.headers", "X: {}{A}{ to}{to");
	sink_says("HTTP/1.1 200 OK\r\n\r\n");
	assert_true(tries(LANE_NORMAL, PAYLOAD("x")));
	assert_str(sink_header(0, "x"), "{}{A}{ to}{to");
}

SMS_TEST(settings_that_could_not_tell_what_was_taken_send_nothing)
{
	template("/send?text={text}");
	set("sms.accepted", "(OK");
	assert_false(tries(LANE_URGENT, PAYLOAD("x")));
	is_verdict(OUTCOME_RETRY, "config", true);
	set("sms.accepted", "");
	set("sms.success", "2xx");
	assert_false(tries(LANE_URGENT, PAYLOAD("x")));
	is_verdict(OUTCOME_RETRY, "config", true);
	set("sms.success", "200, 202-204");
	sink_says("HTTP/1.1 203 Fine\r\n\r\n");
	sink_says("HTTP/1.1 201 Hm\r\n\r\n");
	tries(LANE_URGENT, PAYLOAD("x"));
	is_verdict(OUTCOME_SENT, "", false);
	tries(LANE_URGENT, PAYLOAD("x"));
	is_verdict(OUTCOME_FAILED, "http-201", false);
}

SMS_TEST(a_gateway_that_cannot_be_asked_gets_again_what_saves_lives_and_nothing_else)
{
	template("/send");
	set("sms.body", "{text}");
	sink_says("");
	tries(LANE_URGENT, PAYLOAD("x"));
	is_verdict(OUTCOME_RETRY, "unsure", true);
	tries(LANE_NORMAL, PAYLOAD("x"));
	is_verdict(OUTCOME_UNSURE, "unsure", true);
	tries(LANE_BULK, PAYLOAD("x"));
	is_verdict(OUTCOME_UNSURE, "unsure", true);
	sink_stop();
	tries(LANE_BULK, PAYLOAD("x"));
	is_verdict(OUTCOME_RETRY, "connect", true);
}

/* ---- modes ----------------------------------------------------------------------------- */

SMS_TEST(as_a_file_it_is_sent_at_once)
{
	struct str dir = arena_strf(mem, "%s/sent", store_dir);
	char text[400] = "";
	FILE *f;

	setenv("MUSTER_STATE", store_dir, 1);
	set("sms.mode", "file");
	assert_false(tries(LANE_NORMAL, PAYLOAD("Ajut\\u0103!")));
	is_verdict(OUTCOME_SENT, "", false);
	assert_non_null(f = fopen(arena_printf(mem, "%.*s/msg_test_42.sms", FMT(dir)), "r"));
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_string_equal(
	    text, "To: " TO "\nFrom: \nId: msg_test_42\nEncoding: UCS-2\nLength: 6\nSegments: 1\n\nAjută!\n");
	unlink(arena_printf(mem, "%.*s/msg_test_42.sms", FMT(dir)));
	assert_int_equal(rmdir(dir.p), 0); /* nothing else is in it */
	unsetenv("MUSTER_STATE");
}

SMS_TEST(without_a_gateway_nothing_is_sent_and_the_reason_says_so)
{
	channel = sms_channel(db, mem);
	assert_false(tries(LANE_URGENT, PAYLOAD("x")));
	is_verdict(OUTCOME_FAILED, "channel-off", false);
	set("sms.mode", "messages");
	assert_false(tries(LANE_URGENT, PAYLOAD("x")));
	is_verdict(OUTCOME_RETRY, "config", true);
}

SMS_TEST(a_payload_without_a_text_is_refused)
{
	set("sms.mode", "file");
	tries(LANE_NORMAL, S("{\"language\":\"en\"}"));
	is_verdict(OUTCOME_FAILED, "content", false);
	tries(LANE_NORMAL, S("{\"text\":\" \"}"));
	is_verdict(OUTCOME_FAILED, "content", false);
	tries(LANE_NORMAL, S("no JSON"));
	is_verdict(OUTCOME_FAILED, "content", false);
	tries(LANE_NORMAL, S(""));
	is_verdict(OUTCOME_FAILED, "content", false);
}

SMS_TEST(a_destination_is_the_gateway_and_never_holds_a_secret)
{
	assert_str(sms_destination(db, mem), "sms:off");
	set("sms.mode", "file");
	assert_str(sms_destination(db, mem), "sms:file");
	set("sms.mode", "template");
	/* Such a URL is refused where it is set; it may have got there otherwise. */
	hash_set(
	    db, S("settings"), &(struct field){ S("sms.url"), S("https://kim:hush@gw.example:8443?a=@") }, 1);
	assert_str(sms_destination(db, mem), "sms:https://gw.example:8443");
	set("sms.url", "http://127.0.0.1:13013/cgi-bin/sendsms?password=hush");
	assert_str(sms_destination(db, mem), "sms:http://127.0.0.1:13013");
}

SMS_TEST(a_gateways_word_is_the_end_of_it_or_is_not)
{
	assert_int_equal(sms_status(S("delivered")), OUTBOX_DELIVERED);
	assert_int_equal(sms_status(S("1")), OUTBOX_DELIVERED);
	assert_int_equal(sms_status(S("DELIVRD")), OUTBOX_DELIVERED);
	assert_int_equal(sms_status(S("undelivered")), OUTBOX_FAILED);
	assert_int_equal(sms_status(S("16")), OUTBOX_FAILED);
	assert_int_equal(sms_status(S("sent")), OUTBOX_WAITING);
	assert_int_equal(sms_status(S("8")), OUTBOX_WAITING);
	assert_int_equal(sms_status(S("")), OUTBOX_WAITING);
}

/* email_test.c - mails as bytes, and what a try at a relay comes to. */
#include "store.h"

#include "email.h"
#include "hash.h"
#include "link.h"
#include "setting.h"
#include "smtpd.h"
#include "suppress.h"

static CURLM *multi;

static void
set(const char *name, const char *value)
{
	const char *why;

	assert_int_equal(setting_set(db, mem, str(name), str(value), &why), OK);
}

static int
setup(void **state)
{
	if (store_setup(state) != 0)
		return -1;
	multi = curl_multi_init();
	set("site.url", "https://muster.example.org/");
	set("email.mode", "smtp");
	set("email.from", "Alerte \xc3\xaen Cluj <alerts@example.org>");
	return 0;
}

static int
teardown(void **state)
{
	curl_multi_cleanup(multi);
	smtpd_stop();
	return store_teardown(state);
}

#define EMAIL_TEST(name) TEST_WITH(name, setup, teardown)

static const char payload[] =
    "{\"subject\":\"Inunda\xc8\x9bii acum\",\"text\":\"Pleca\xc8\x9bi.\\n{unsubscribe}\\n\","
    "\"html\":\"<p><a href='{unsubscribe}'>x</a>\",\"language\":\"ro\",\"urgent\":true,"
    "\"list\":true}";

static struct message
message_to(const char *target, int64_t recipient)
{
	struct field f = { S("channel"), S("1") };
	struct message m = { .id = 42,
		.channel = CHANNEL_EMAIL,
		.created = 1795848802000,
		.target = str(target),
		.recipient = recipient };

	if (recipient != 0)
		hash_set(db, arena_strf(mem, "subscription:%lld", (long long)recipient), &f, 1);
	return m;
}

/* ---- bytes ------------------------------------------------------------------- */

static const char *
bytes(int64_t recipient, const char *body)
{
	struct message m = message_to("ana@example.org", recipient);

	return email_bytes(db, mem, &m, S("msg_t_42"), str(body)).p;
}

EMAIL_TEST(a_mail_of_a_list_is_these_bytes)
{
	const char *token = link_token(db, mem, "subscription", 7).p;

	assert_string_equal(bytes(7, payload),
	    arena_printf(mem,
		"From: =?UTF-8?Q?Alerte_=C3=AEn_Cluj?= <alerts@example.org>\r\n"
		"To: ana@example.org\r\n"
		"Subject: =?UTF-8?Q?Inunda=C8=9Bii_acum?=\r\n"
		"Date: Sat, 28 Nov 2026 06:53:22 +0000\r\n"
		"Message-ID: <msg_t_42@example.org>\r\n"
		"Content-Language: ro\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"X-Auto-Response-Suppress: All\r\n"
		"Importance: high\r\n"
		"Priority: urgent\r\n"
		"X-Priority: 1\r\n"
		"List-Id: <alerts.example.org>\r\n"
		"List-Unsubscribe:\r\n <https://muster.example.org/subscriptions/%s/unsubscribe>\r\n"
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: multipart/alternative;\r\n boundary=\"=_msg_t_42\"\r\n\r\n"
		"--=_msg_t_42\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		"Pleca=C8=9Bi.\r\n"
		"https://muster.example.org/subscriptions/%.34s=\r\n%s\r\n\r\n"
		"--=_msg_t_42\r\n"
		"Content-Type: text/html; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		"<p><a href=3D'https://muster.example.org/subscriptions/%.20s=\r\n%s'>x</a>\r\n"
		"--=_msg_t_42--\r\n",
		token, token, token + 34, token, token + 20));
}

EMAIL_TEST(a_mail_is_the_same_at_every_try)
{
	const char *first = bytes(7, payload);

	at(NOW + 5000000);
	assert_string_equal(first, bytes(7, payload));
}

EMAIL_TEST(one_click_needs_https)
{
	set("site.url", "http://muster.example.org");
	assert_non_null(
	    strstr(bytes(7, payload), "\r\nList-Unsubscribe:\r\n <http://muster.example.org/sub"));
	assert_null(strstr(bytes(7, payload), "List-Unsubscribe-Post"));
}

EMAIL_TEST(only_mail_of_a_list_has_its_headers)
{
	const char *mail = bytes(7, "{\"subject\":\"Hi\",\"text\":\"x\"}");

	assert_null(strstr(mail, "List-"));
	assert_null(strstr(mail, "Importance"));
	assert_null(strstr(mail, "Content-Language"));
	assert_null(strstr(mail, "multipart"));
	assert_null(strstr(bytes(0, payload), "List-"));
}

EMAIL_TEST(a_site_address_is_escaped_in_html_only)
{
	const char *mail;

	set("site.url", "https://h/a?b=1&c='");
	mail = bytes(0, "{\"subject\":\"s\",\"text\":\"{unsubscribe}\",\"html\":\"<i a='{unsubscribe}'>\"}");
	assert_non_null(strstr(mail, "\r\nhttps://h/a?b=3D1&c=3D'/subscriptions\r\n"));
	assert_non_null(strstr(mail, "<i a=3D'https://h/a?b=3D1&amp;c=3D&#39;/subscriptions'>"));
}

EMAIL_TEST(the_way_out_stands_wherever_its_mark_does)
{
	const char *mail =
	    bytes(0, "{\"text\":\"a=\\n{unsubscribe} b {unsubscribe}=\\nc\\n\\nd={unsubscribe}\\n=e\"}");

	assert_non_null(
	    strstr(mail, "\r\n\r\na=3D\r\n"
			 "https://muster.example.org/subscriptions b https://muster.example.org/subsc=\r\n"
			 "riptions=3D\r\nc\r\n\r\nd=3Dhttps://muster.example.org/subscriptions\r\n=3De\r\n"));
}

EMAIL_TEST(another_payload_is_another_mail)
{
	const char *one = bytes(7, payload), *other = bytes(7, "{\"subject\":\"Hi\",\"text\":\"bad \xff\"}");

	assert_non_null(strstr(other, "\r\nbad =EF=BF=BD\r\n"));
	assert_string_equal(bytes(7, payload), one);
	assert_string_equal(bytes(7, "nonsense"), "");
	assert_string_equal(bytes(7, "nonsense"), "");
	assert_string_equal(bytes(7, payload), one);
}

EMAIL_TEST(a_payload_that_no_mail_can_be_is_none)
{
	assert_string_equal(bytes(7, ""), "");
	assert_string_equal(bytes(7, "[1]"), "");
	assert_string_equal(bytes(7, "{\"subject\":"), "");
}

EMAIL_TEST(nothing_that_a_payload_holds_begins_a_header)
{
	const char *mail = bytes(7, "{\"subject\":\"Flood\\r\\nBcc: x@y.example\\tnow\",\"text\":\"t\","
				    "\"language\":\"ro\\r\\nX-Evil: y\"}");

	assert_non_null(strstr(mail, "\r\nSubject: =?UTF-8?Q?Flood__Bcc=3A_x=40y=2Eexample_now?=\r\n"));
	assert_null(strstr(mail, "\r\nBcc"));
	assert_null(strstr(mail, "X-Evil"));
	assert_null(strstr(mail, "Content-Language"));
}

/* ---- a try ------------------------------------------------------------------- */

static size_t
keep_line(char *p, size_t size, size_t n, void *arg)
{
	buf_put(arg, p, size * n);
	return size * n;
}

/* What the engine does for one message. */
static struct verdict
tried(const struct message *m)
{
	const struct channel *ch = email_channel(db, mem);
	struct delivery d = { .arena = mem,
		.db = db,
		.message = m,
		.name = S("msg_t_42"),
		.payload = str(payload),
		.now = NOW };
	struct verdict v = { 0 };
	CURLMsg *msg = NULL;
	int running = 1, left;

	d.easy = curl_easy_init();
	curl_easy_setopt(d.easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(d.easy, CURLOPT_TIMEOUT_MS, 10000L);
	curl_easy_setopt(d.easy, CURLOPT_HEADERFUNCTION, keep_line);
	curl_easy_setopt(d.easy, CURLOPT_HEADERDATA, &d.answer);
	if (ch->start(ch, &d, &v)) {
		curl_multi_add_handle(multi, d.easy);
		while (msg == NULL) {
			curl_multi_perform(multi, &running);
			if ((msg = curl_multi_info_read(multi, &left)) == NULL)
				curl_multi_poll(multi, NULL, 0, 100, NULL);
		}
		ch->judge(ch, &d, msg->data.result, &v);
		curl_multi_remove_handle(multi, d.easy);
		ch->settle(ch, &d, &v);
	}
	curl_easy_cleanup(d.easy);
	buf_free(&d.answer);
	return v;
}

static void
relay(const struct smtp_rule *rules)
{
	smtpd_start(rules);
	set("email.relay", arena_printf(mem, "smtp://127.0.0.1:%d", smtpd.port));
}

static void
came_to(struct verdict v, enum outcome outcome, bool hurts, const char *reason)
{
	if (v.outcome != outcome || v.hurts != hurts || strcmp(v.reason, reason) != 0)
		fail_msg("%d %d %s (%s), wanted %d %d %s", v.outcome, v.hurts, v.reason, v.detail, outcome,
		    hurts, reason);
}

EMAIL_TEST(a_mail_that_the_relay_takes_is_sent)
{
	struct message m = message_to("ana@example.org", 7);
	struct verdict v;

	relay((struct smtp_rule[]){ { 0 } });
	v = tried(&m);
	came_to(v, OUTCOME_SENT, false, "");
	assert_int_equal(v.code, 250);
	assert_string_equal(v.reference, "Q7");
	assert_int_equal(smtpd_times("EHLO muster.example.org"), 1);
	assert_int_equal(smtpd_times("MAIL FROM:<alerts@example.org>"), 1);
	assert_int_equal(smtpd_times("RCPT TO:<ana@example.org>"), 1);
	assert_int_equal(smtpd_times("Message-ID: <msg_t_42@example.org>"), 1);
}

EMAIL_TEST(the_next_mail_takes_the_same_connection)
{
	struct message m = message_to("ana@example.org", 7);

	relay((struct smtp_rule[]){ { 0 } });
	for (int i = 0; i < 5; i++)
		came_to(tried(&m), OUTCOME_SENT, false, "");
	assert_int_equal(smtpd_times("EHLO"), 1);
	assert_int_equal(smtpd_times("DATA"), 5);
}

EMAIL_TEST(a_kept_connection_that_the_relay_closed_is_made_anew)
{
	struct message m = message_to("ana@example.org", 7);
	struct verdict v;

	relay((struct smtp_rule[]){ { ".", "250 2.0.0 Ok\r\n421 4.4.2 idle too long", 1 }, { 0 } });
	came_to(tried(&m), OUTCOME_SENT, false, "");
	v = tried(&m);
	if (v.outcome == OUTCOME_RETRY) { /* the farewell came after we had begun */
		came_to(v, OUTCOME_RETRY, false, "connection-lost");
		v = tried(&m);
	}
	came_to(v, OUTCOME_SENT, false, "");
	assert_int_equal(smtpd_times("EHLO"), 2);
}

EMAIL_TEST(a_reader_whom_nobody_knows_is_never_written_to_again)
{
	struct message m = message_to("nobody@example.org", 7), other = message_to("ana@example.org", 7);
	struct verdict v;
	struct str why;

	relay((struct smtp_rule[]){ { "RCPT TO:<nobody", "550 5.1.1 no such user", 0 }, { 0 } });
	v = tried(&m);
	came_to(v, OUTCOME_FAILED, false, "no-such-user");
	assert_int_equal(v.code, 550);
	assert_string_equal(v.detail, "550 5.1.1 no such user");
	assert_true(suppressed(db, mem, CHANNEL_EMAIL, S("nobody@example.org"), &why));
	assert_true(str_is(why, "hard-bounce"));
	came_to(tried(&m), OUTCOME_SUPPRESSED, false, "hard-bounce");
	came_to(tried(&other), OUTCOME_SENT, false, "");
	assert_int_equal(smtpd_times("RCPT TO:<nobody"), 1);
}

EMAIL_TEST(what_the_relay_minds_about_us_suppresses_nobody)
{
	struct message m = message_to("ana@example.org", 7);

	relay((struct smtp_rule[]){ { "MAIL", "550 unknown user", 1 },
	    { "RCPT", "550 relay not permitted", 1 }, { "RCPT", "554 5.7.1 not from you", 1 },
	    { "RCPT", "550 go away", 1 }, { "DATA", "554 no", 1 }, { 0 } });
	came_to(tried(&m), OUTCOME_RETRY, true, "sender-refused");
	came_to(tried(&m), OUTCOME_FAILED, false, "policy");
	came_to(tried(&m), OUTCOME_FAILED, false, "policy");
	came_to(tried(&m), OUTCOME_FAILED, false, "refused");
	came_to(tried(&m), OUTCOME_FAILED, false, "refused");
	assert_int_equal(suppress_count(db, CHANNEL_EMAIL), 0);
}

EMAIL_TEST(a_refusal_is_told_by_where_it_comes)
{
	struct message m = message_to("ana@example.org", 7);

	relay((struct smtp_rule[]){ { "RCPT", "451 4.7.1 greylisted", 1 }, { "DATA", "554 5.6.0 what", 1 },
	    { ".", "550 5.7.1 looks like spam", 1 }, { ".", "452 4.3.1 disk full", 1 },
	    { "MAIL", "421 4.3.2 going down", 1 }, { 0 } });
	came_to(tried(&m), OUTCOME_RETRY, true, "busy");
	came_to(tried(&m), OUTCOME_RETRY, false, "greylisted");
	came_to(tried(&m), OUTCOME_FAILED, false, "content");
	came_to(tried(&m), OUTCOME_FAILED, false, "policy");
	came_to(tried(&m), OUTCOME_RETRY, true, "busy");
	came_to(tried(&m), OUTCOME_SENT, false, "");
	assert_int_equal(suppress_count(db, CHANNEL_EMAIL), 0);
}

EMAIL_TEST(a_relay_that_greets_with_a_refusal_hurts)
{
	struct message m = message_to("ana@example.org", 7);

	relay((struct smtp_rule[]){ { "", "554 5.7.1 not you", 1 }, { "", "421 full", 1 }, { "", "drop", 1 },
	    { ".", "drop", 1 }, { 0 } });
	came_to(tried(&m), OUTCOME_RETRY, true, "relay");
	came_to(tried(&m), OUTCOME_RETRY, true, "busy");
	came_to(tried(&m), OUTCOME_RETRY, true, "connection-lost");
	came_to(tried(&m), OUTCOME_RETRY, true, "connection-lost");
	came_to(tried(&m), OUTCOME_SENT, false, "");
}

EMAIL_TEST(no_relay_at_all_hurts)
{
	struct message m = message_to("ana@example.org", 7);

	relay((struct smtp_rule[]){ { 0 } });
	smtpd_stop();
	came_to(tried(&m), OUTCOME_RETRY, true, "connect");
	set("email.relay", "http://127.0.0.1:1");
	came_to(tried(&m), OUTCOME_RETRY, true, "config");
}

EMAIL_TEST(a_setting_that_no_mail_can_hold_fails_none)
{
	static const char *const bad[][2] = { { "email.from", "nobody" }, { "email.reply_to", "x" },
		{ "email.list_id", "Alerte \xc3\xaen Cluj" },
		{ "site.url", "https://inunda\xc8\x9bii.example" } };
	struct message m = message_to("ana@example.org", 7);

	relay((struct smtp_rule[]){ { 0 } });
	for (size_t i = 0; i < LEN(bad); i++) {
		/* Past the checks of setting_set(), as an older version may have left it. */
		hash_set(db, S("settings"), &(struct field){ str(bad[i][0]), str(bad[i][1]) }, 1);
		came_to(tried(&m), OUTCOME_RETRY, true, "config");
		set(bad[i][0], i == 0 ? "a@example.org" : "");
	}
	came_to(tried(&m), OUTCOME_SENT, false, "");
}

EMAIL_TEST(required_tls_that_is_stripped_sends_nothing)
{
	struct message m = message_to("ana@example.org", 7);

	relay((struct smtp_rule[]){ { 0 } });
	set("email.tls", "required");
	came_to(tried(&m), OUTCOME_RETRY, true, "tls");
	assert_int_equal(smtpd_times("MAIL"), 0);
	set("email.tls", "try");
	came_to(tried(&m), OUTCOME_SENT, false, "");
}

EMAIL_TEST(a_refused_sign_in_is_ours_to_set_right)
{
	struct message m = message_to("ana@example.org", 7);

	relay((struct smtp_rule[]){ { "EHLO", "250-fake\r\n250 AUTH PLAIN LOGIN", 0 },
	    { "AUTH PLAIN AHVzAHB3", "235 2.7.0 welcome", 1 }, { "AUTH", "535 5.7.8 no", 0 }, { 0 } });
	set("email.user", "us");
	set("email.password", "pw");
	set("email.auth", "plain");
	came_to(tried(&m), OUTCOME_SENT, false, "");
	set("email.password", "wrong");
	came_to(tried(&m), OUTCOME_RETRY, true, "auth");
	assert_int_equal(smtpd_times("DATA"), 1);
}

EMAIL_TEST(a_bounce_can_tell_which_message_it_is_about)
{
	struct message m = message_to("ana@example.org", 7);

	relay((struct smtp_rule[]){ { 0 } });
	set("email.bounces", "bounce+{id}@example.org");
	came_to(tried(&m), OUTCOME_SENT, false, "");
	assert_int_equal(smtpd_times("MAIL FROM:<bounce+msg_t_42@example.org>"), 1);
}

EMAIL_TEST(what_is_not_to_be_sent_asks_no_relay)
{
	struct message m = message_to("ana@example.org", 7), gone = message_to("bob@example.org", 0);
	struct message bad = message_to("ana@example.org>\r\nRCPT TO:<x@y", 0);

	relay((struct smtp_rule[]){ { 0 } });
	gone.recipient = 8;
	suppress(db, mem, CHANNEL_EMAIL, S("Ana@example.org"), "opted-out", "msg_t_1");
	came_to(tried(&m), OUTCOME_SUPPRESSED, false, "opted-out");
	came_to(tried(&gone), OUTCOME_SUPPRESSED, false, "unsubscribed");
	came_to(tried(&bad), OUTCOME_FAILED, false, "invalid");
	set("email.mode", "off");
	came_to(tried(&gone), OUTCOME_FAILED, false, "channel-off");
	assert_string_equal(smtpd.heard, "");
}

EMAIL_TEST(with_mode_file_a_mail_becomes_a_file_of_the_same_bytes)
{
	struct message m = message_to("ana@example.org", 7);
	const char *path = arena_printf(mem, "%s/sent/msg_t_42.eml", store_dir);
	char got[8192] = "";
	FILE *f;

	set("email.mode", "file");
	setenv("MUSTER_STATE", store_dir, 1);
	came_to(tried(&m), OUTCOME_SENT, false, "");
	assert_non_null(f = fopen(path, "r"));
	assert_true(fread(got, 1, sizeof(got) - 1, f) > 0);
	fclose(f);
	unlink(path);
	rmdir(arena_printf(mem, "%s/sent", store_dir));
	unsetenv("MUSTER_STATE");
	assert_string_equal(got, bytes(7, payload));
}

EMAIL_TEST(mails_are_queued_for_the_relay)
{
	set("email.relay", "smtps://relay.example.org");
	assert_true(str_is(email_destination(db, mem), "smtps://relay.example.org"));
	set("email.mode", "file");
	assert_true(str_is(email_destination(db, mem), "email:file"));
}

/* smtp_test.c - what a relay's answers mean: conversations as relays have them. */
#include "unit.h"

#include "smtp.h"

static struct verdict
judged(CURLcode rc, int code, bool reused, const char *lines)
{
	struct arena *a = arena_new();
	struct smtp_try t = { .rc = rc, .code = code, .reused = reused, .lines = str(lines), .error = "" };
	struct verdict v;

	smtp_verdict(a, &t, &v);
	arena_free(a);
	return v;
}

#define HELLO "220 mx ESMTP\r\n250-mx\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"
#define AUTH "220 mx\r\n250 mx\r\n220 go ahead\r\n250-mx\r\n250 AUTH PLAIN\r\n235 2.7.0 ok\r\n"

static void
means(CURLcode rc, const char *lines, enum outcome outcome, bool hurts, const char *reason)
{
	struct verdict v = judged(rc, 0, strncmp(lines, "220", 3) != 0, lines);

	if (v.outcome != outcome || v.hurts != hurts || strcmp(v.reason, reason) != 0)
		fail_msg("%s\n-> %d %d %s", lines, v.outcome, v.hurts, v.reason);
}

TEST(an_accepted_mail_keeps_the_relays_name_for_it)
{
	struct verdict v = judged(CURLE_OK, 250, false,
	    HELLO "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n250 2.0.0 Ok: queued as 4F2A1B\r\n");

	assert_int_equal(v.outcome, OUTCOME_SENT);
	assert_int_equal(v.code, 250);
	assert_string_equal(v.reference, "4F2A1B");
	v = judged(CURLE_OK, 250, true, "250 OK\r\n250 Accepted\r\n354 go\r\n250 OK id=1vOu6B-0000Qf-2i\r\n");
	assert_string_equal(v.reference, "1vOu6B-0000Qf-2i");
}

TEST(a_refused_recipient_is_judged_by_the_enhanced_status)
{
	static const struct {
		const char *line, *reason;
	} rows[] = {
		{ "550 5.1.1 <a@b>: Recipient address rejected: User unknown", "no-such-user" },
		{ "550-5.1.1 The email account that you tried to reach does\r\n550 5.1.1 not exist",
		    "no-such-user" },
		{ "556 5.1.10 null MX", "no-such-user" },
		{ "501 5.1.3 bad address syntax", "invalid" },
		{ "550 5.2.1 mailbox disabled", "mailbox-disabled" },
		{ "552 5.2.2 over quota", "mailbox-full" },
		{ "554 5.7.1 Relay access denied", "policy" },
		{ "550 5.7.26 unauthenticated mail", "policy" },
		{ "552 5.3.4 too big", "too-large" },
		{ "550 5.4.4 no route", "no-such-user" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		char lines[500];

		snprintf(lines, sizeof(lines), HELLO "250 ok\r\n%s\r\n", rows[i].line);
		means(CURLE_SEND_ERROR, lines, OUTCOME_FAILED, false, rows[i].reason);
		snprintf(lines, sizeof(lines), AUTH "250 ok\r\n%s\r\n", rows[i].line);
		means(CURLE_SEND_ERROR, lines, OUTCOME_FAILED, false, rows[i].reason);
		snprintf(lines, sizeof(lines), "250 ok\r\n%s\r\n", rows[i].line);
		means(CURLE_SEND_ERROR, lines, OUTCOME_FAILED, false, rows[i].reason);
	}
}

TEST(without_enhanced_status_only_clear_words_mean_that_nobody_lives_there)
{
	means(CURLE_SEND_ERROR, "250 ok\r\n550 Unknown user\r\n", OUTCOME_FAILED, false, "no-such-user");
	means(
	    CURLE_SEND_ERROR, "250 ok\r\n550 Unrouteable address\r\n", OUTCOME_FAILED, false, "no-such-user");
	means(CURLE_SEND_ERROR, "250 ok\r\n550 relay not permitted\r\n", OUTCOME_FAILED, false, "policy");
	means(CURLE_SEND_ERROR, "250 ok\r\n550 unknown host, spam blocked\r\n", OUTCOME_FAILED, false,
	    "policy");
	means(CURLE_SEND_ERROR, "250 ok\r\n550 no\r\n", OUTCOME_FAILED, false, "refused");
	means(CURLE_SEND_ERROR, "250 ok\r\n552 full\r\n", OUTCOME_FAILED, false, "mailbox-full");
	means(CURLE_WEIRD_SERVER_REPLY, "250 ok\r\n250 ok\r\n354 go\r\n550 user unknown to the filter\r\n",
	    OUTCOME_FAILED, false, "policy");
}

TEST(a_temporary_refusal_is_tried_again_and_tells_of_the_relay_only_where_it_does)
{
	means(CURLE_SEND_ERROR, "250 ok\r\n451 4.7.1 Greylisting in action\r\n", OUTCOME_RETRY, false,
	    "greylisted");
	means(
	    CURLE_SEND_ERROR, "250 ok\r\n451 greylisted, come back\r\n", OUTCOME_RETRY, false, "greylisted");
	means(CURLE_SEND_ERROR, "250 ok\r\n450 4.2.0 busy mailbox\r\n", OUTCOME_RETRY, false, "deferred");
	means(CURLE_SEND_ERROR, "250 ok\r\n452 4.2.2 over quota\r\n", OUTCOME_RETRY, false, "mailbox-full");
	means(CURLE_SEND_ERROR, "250 ok\r\n452 4.3.1 disk full\r\n", OUTCOME_RETRY, true, "busy");
	means(CURLE_SEND_ERROR, HELLO "421 4.3.2 shutting down\r\n", OUTCOME_RETRY, true, "busy");
	means(CURLE_SEND_ERROR, "250 ok\r\n421 4.3.2 shutting down\r\n", OUTCOME_RETRY, true, "busy");
	means(CURLE_WEIRD_SERVER_REPLY, "220-\r\n421 too many connections\r\n", OUTCOME_RETRY, true, "busy");
	means(CURLE_SEND_ERROR, AUTH "454 4.7.0 cannot sign in now\r\n", OUTCOME_RETRY, true, "auth");
}

TEST(what_is_ours_to_set_right_never_counts_against_a_reader)
{
	means(
	    CURLE_LOGIN_DENIED, "220 mx\r\n250 AUTH PLAIN\r\n535 5.7.8 no\r\n", OUTCOME_RETRY, true, "auth");
	means(CURLE_SEND_ERROR, HELLO "530 5.7.0 Must issue a STARTTLS command first\r\n", OUTCOME_RETRY,
	    true, "auth");
	means(CURLE_SEND_ERROR, HELLO "250 ok\r\n530 5.7.0 Authentication required\r\n", OUTCOME_RETRY, true,
	    "auth");
	means(CURLE_SEND_ERROR, HELLO "553 5.1.8 sender domain not found\r\n", OUTCOME_RETRY, true,
	    "sender-refused");
	means(CURLE_SEND_ERROR, "250 ok\r\n553 5.1.8 sender domain not found\r\n", OUTCOME_RETRY, true,
	    "sender-refused");
	means(CURLE_SEND_ERROR, HELLO "550 unknown user\r\n", OUTCOME_RETRY, true, "sender-refused");
	means(
	    CURLE_WEIRD_SERVER_REPLY, "220-\r\n554 5.7.1 no mail from you\r\n", OUTCOME_RETRY, true, "relay");
	means(
	    CURLE_SEND_ERROR, HELLO "552 5.3.4 larger than we take\r\n", OUTCOME_FAILED, false, "too-large");
}

TEST(an_old_relay_that_knows_no_ehlo_is_judged_alike)
{
	means(CURLE_SEND_ERROR, "220 mx\r\n502 what?\r\n250 mx\r\n250 ok\r\n550 user unknown\r\n",
	    OUTCOME_FAILED, false, "no-such-user");
}

TEST(no_answer_hurts_the_relay)
{
	means(CURLE_COULDNT_RESOLVE_HOST, "220", OUTCOME_RETRY, true, "dns");
	means(CURLE_COULDNT_CONNECT, "220", OUTCOME_RETRY, true, "connect");
	means(CURLE_OPERATION_TIMEDOUT, HELLO "250 ok\r\n", OUTCOME_RETRY, true, "timeout");
	means(CURLE_PEER_FAILED_VERIFICATION, "220 mx\r\n", OUTCOME_RETRY, true, "tls");
	means(CURLE_USE_SSL_FAILED, HELLO, OUTCOME_RETRY, true, "tls");
	means(CURLE_RECV_ERROR, HELLO "250 ok\r\n", OUTCOME_RETRY, true, "connection-lost");
}

TEST(a_kept_connection_that_is_over_hurts_nobody)
{
	means(CURLE_SEND_ERROR, "", OUTCOME_RETRY, false, "connection-lost");
	means(CURLE_RECV_ERROR, "250 ok\r\n", OUTCOME_RETRY, false, "connection-lost");
	means(CURLE_SEND_ERROR, "421 4.4.2 idle too long\r\n", OUTCOME_RETRY, false, "connection-lost");
}

TEST(the_farewell_of_another_connection_changes_nothing)
{
	means(CURLE_SEND_ERROR, "221 bye\r\n250 ok\r\n550 5.1.1 unknown\r\n221 2.0.0 Bye\r\n", OUTCOME_FAILED,
	    false, "no-such-user");
	assert_int_equal(
	    judged(CURLE_SEND_ERROR, 550, true, "250 ok\r\n550 5.1.1 unknown\r\n221 Bye\r\n").code, 550);
}

TEST(the_relays_words_are_kept_short_and_clean)
{
	struct verdict v =
	    judged(CURLE_SEND_ERROR, 550, true, "250 ok\r\n550-5.7.1 We \x01 do\r\n550 5.7.1 not\r\n");

	assert_string_equal(v.detail, "550 5.7.1 We \xef\xbf\xbd do not");
	assert_int_equal(v.code, 550);
	v = judged(CURLE_COULDNT_CONNECT, 0, false, "");
	assert_string_equal(v.detail, curl_easy_strerror(CURLE_COULDNT_CONNECT));
}

TEST(whatever_a_relay_says_is_some_verdict)
{
	static const char *const pieces[] = { "250", "550", "354", "-", " ", "\r\n", "\n", "5.1.1", "4.7.",
		"x", "\xff", "999", "2", "220 ", "421", "." };

	for (int i = 0; i < 20000; i++) {
		char lines[200] = "";
		struct verdict v;

		for (uint32_t n = random_below(20); n > 0; n--)
			strcat(lines, pieces[random_below(LEN(pieces))]);
		v = judged((CURLcode)random_below(98), (int)random_below(600), random_below(2) == 1, lines);
		assert_true(v.outcome == OUTCOME_SENT || v.reason[0] != '\0');
		assert_true(memchr(v.detail, '\0', sizeof(v.detail)) != NULL);
		assert_true(v.outcome != OUTCOME_FAILED || !v.hurts);
	}
}

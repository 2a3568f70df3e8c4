/* retry_test.c - what retry.h promises. */
#include "unit.h"

#include "retry.h"

static int64_t
seconds(const int *schedule, int64_t tries, int64_t after, double luck)
{
	return retry_wait(schedule, tries, after * 1000, luck) / 1000;
}

TEST(a_webhook_is_tried_again_seven_times_from_5_seconds_to_10_hours)
{
	static const int64_t want[] = { 5, 30, 300, 1800, 7200, 18000, 36000, 0, 0 };

	for (size_t i = 0; i < LEN(want); i++)
		assert_int_equal(seconds(retry_webhook, (int64_t)i, 0, 0.5), want[i]);
}

TEST(a_text_is_tried_again_for_less_than_an_hour)
{
	static const int64_t want[] = { 5, 30, 120, 600, 1800, 0 };

	for (size_t i = 0; i < LEN(want); i++)
		assert_int_equal(seconds(retry_sms, (int64_t)i, 0, 0.5), want[i]);
}

TEST(a_mail_is_first_tried_again_after_a_minute_then_hourly_for_a_day)
{
	int64_t sum = 0, n = 0;

	assert_int_equal(seconds(retry_email, 0, 0, 0.5), 60);
	assert_int_equal(seconds(retry_email, 1, 0, 0.5), 300);
	for (; seconds(retry_email, n, 0, 0.5) != 0; n++)
		sum += seconds(retry_email, n, 0, 0.5);
	assert_in_range(sum, 23 * 3600, 24 * 3600);
	assert_int_equal(seconds(retry_email, n - 1, 0, 0.5), 3600);
}

TEST(chance_moves_a_wait_by_a_fifth_both_ways)
{
	assert_int_equal(seconds(retry_webhook, 2, 0, 0), 240);
	assert_int_equal(seconds(retry_webhook, 2, 0, 1), 360);
}

TEST(what_the_other_side_asked_for_is_waited_for_and_chance_only_adds)
{
	assert_int_equal(seconds(retry_webhook, 0, 100, 0), 100);
	assert_int_equal(seconds(retry_webhook, 0, 100, 1), 120);
	assert_int_equal(seconds(retry_webhook, 2, 299, 0), 299); /* 240 would be too early */
}

TEST(what_asks_for_less_than_the_schedule_does_not_use_up_the_tries)
{
	assert_int_equal(seconds(retry_webhook, 3, 1, 0.5), 1800);
	assert_int_equal(seconds(retry_webhook, 7, 1, 0.5), 0);
}

TEST(nobody_can_ask_for_more_than_a_day)
{
	assert_in_range(seconds(retry_webhook, 0, 1000000, 0), 86400, 86400);
	assert_in_range(seconds(retry_webhook, 0, 1000000, 1), 86400, 103680);
}

TEST(retry_after_is_seconds_or_one_of_three_forms_of_date)
{
	static const struct {
		const char *text;
		int64_t ms; /* negative: it is neither */
	} table[] = {
		{ "0", 0 },
		{ "1", 1000 },
		{ " 120 ", 120000 },
		{ "86400", 86400000 },
		{ "86401", 86400000 },
		{ "99999999999999999999999999", 86400000 },
		{ "007", 7000 },
		{ "Sun, 06 Nov 1994 08:50:07 GMT", 30000 },
		{ "Sunday, 06-Nov-94 08:50:07 GMT", 30000 },
		{ "Sun Nov  6 08:50:07 1994", 30000 },
		{ "Sun, 06 Nov 1994 08:49:36 GMT", 0 }, /* past */
		{ "Sun, 06 Nov 2094 08:49:36 GMT", 86400000 },
		{ "", -1 },
		{ " ", -1 },
		{ "-1", -1 },
		{ "+5", -1 },
		{ "1.5", -1 },
		{ "5s", -1 },
		{ "soon", -1 },
		{ "Sun, 06 Nov 1994 08:49:37", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 CET", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT x", -1 },
		{ "1994-11-06T08:49:37Z", -1 },
		{ "Sun, 99 Nov 1994 08:49:37 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT                                                  ", 0 },
	};
	const int64_t now = 784111777000; /* 1994-11-06 08:49:37 */

	for (size_t i = 0; i < LEN(table); i++) {
		int64_t ms = -7;
		bool good = retry_after(str(table[i].text), now, &ms);

		if (good != (table[i].ms >= 0) || (good && ms != table[i].ms))
			fail_msg("'%s': %d, %lld ms", table[i].text, good, (long long)ms);
	}
	assert_false(retry_after((struct str){ "1\0002", 3 }, now, &(int64_t){ 0 }));
}

static const struct channel channel = { .schedule = retry_sms };

static struct settled
after(enum outcome outcome, int64_t tries, int64_t expires)
{
	static struct message m;
	static struct verdict v;
	struct settled s;

	m = (struct message){ .tries = tries, .expires = expires };
	v = (struct verdict){ .outcome = outcome, .code = 418, .reason = "teapot", .detail = "short" };
	retry_settle(&channel, &m, &v, 1000, 0.5, &s);
	return s;
}

TEST(what_becomes_of_a_message_hangs_on_the_verdict)
{
	struct settled s = after(OUTCOME_SENT, 0, INT64_MAX);

	assert_int_equal(s.state, OUTBOX_SENT);
	assert_false(s.counts);
	assert_int_equal(s.reason.n, 0);
	s = after(OUTCOME_RETRY, 0, INT64_MAX);
	assert_int_equal(s.state, OUTBOX_WAITING);
	assert_int_equal(s.due, 6000);
	assert_true(s.counts);
	assert_int_equal(s.code, 418);
	assert_str(s.reason, "teapot");
	assert_int_equal(after(OUTCOME_FAILED, 0, INT64_MAX).state, OUTBOX_FAILED);
	assert_int_equal(after(OUTCOME_UNSURE, 0, INT64_MAX).state, OUTBOX_UNSURE);
	s = after(OUTCOME_SUPPRESSED, 0, INT64_MAX);
	assert_int_equal(s.state, OUTBOX_SUPPRESSED);
	assert_false(s.counts);
}

TEST(a_message_whose_schedule_is_spent_is_dead)
{
	assert_int_equal(after(OUTCOME_RETRY, 4, INT64_MAX).state, OUTBOX_WAITING);
	assert_int_equal(after(OUTCOME_RETRY, 5, INT64_MAX).state, OUTBOX_DEAD);
	assert_int_equal(after(OUTCOME_RETRY, 50, INT64_MAX).state, OUTBOX_DEAD);
}

TEST(a_retry_beyond_the_expiry_waits_for_the_expiry)
{
	struct settled s = after(OUTCOME_RETRY, 1, 9000);

	assert_int_equal(s.state, OUTBOX_WAITING);
	assert_int_equal(s.due, 9000);
}

TEST(a_message_is_refused_at_its_expiry_and_not_before)
{
	struct message m = { .expires = 5000, .epoch = 1 };
	struct settled s;

	assert_false(retry_refuses(&m, 4999, &s));
	assert_true(retry_refuses(&m, 5000, &s));
	assert_int_equal(s.state, OUTBOX_EXPIRED);
	assert_str(s.reason, "expired");
}

TEST(a_message_that_was_claimed_six_times_and_never_settled_is_poison)
{
	struct message m = { .expires = INT64_MAX, .epoch = 80, .tries = 3, .claims = 5 };
	struct settled s;

	assert_false(retry_refuses(&m, 0, &s));
	m.claims = 6;
	assert_true(retry_refuses(&m, 0, &s));
	assert_int_equal(s.state, OUTBOX_DEAD);
	assert_str(s.reason, "poison");
}

/* queue_test.c - what queue.h promises. */
#include "store.h"

#include "queue.h"

TEST(a_mask_tells_whose_it_is_to_who_knows_it_and_nobody_else)
{
	static const struct {
		enum outbox_channel channel;
		const char *target, *mask;
	} cases[] = {
		{ CHANNEL_EMAIL, "ana.pop@example.org", "a…@example.org" },
		{ CHANNEL_EMAIL, "șerban@example.org", "ș…@example.org" },
		{ CHANNEL_EMAIL, "@example.org", "…@example.org" },
		{ CHANNEL_EMAIL, "no address", "n…@" },
		{ CHANNEL_EMAIL, "", "…@" },
		{ CHANNEL_SMS, "+40712345678", "+40…678" },
		{ CHANNEL_SMS, "12345678", "…" },
		{ CHANNEL_SMS, "", "…" },
		{ CHANNEL_WEBHOOK, "https://example.org/a/secret?key=1", "https://example.org/…" },
		{ CHANNEL_WEBHOOK, "https://user:pass@example.org:8443/x", "https://example.org:8443/…" },
		{ CHANNEL_WEBHOOK, "https://a@b@example.org/x", "https://example.org/…" },
		{ CHANNEL_WEBHOOK, "https://example.org?token=1", "https://example.org/…" },
		{ CHANNEL_WEBHOOK, "https://example.org#x", "https://example.org/…" },
		{ CHANNEL_WEBHOOK, "odd", "odd///…" },
		{ CHANNEL_WEBHOOK, "", "///…" },
	};

	mem = arena_new();
	for (size_t i = 0; i < LEN(cases); i++)
		assert_str(queue_mask(mem, cases[i].channel, str(cases[i].target)), cases[i].mask);
	arena_free(mem);
}

TEST(a_cursor_comes_back_as_it_was_given)
{
	struct message m = { .finished = 1700000000000, .id = 42 };
	struct queue q = { 0 };

	mem = arena_new();
	assert_true(queue_after(queue_cursor(mem, &m), &q));
	assert_int_equal(q.filter.before_finished, m.finished);
	assert_int_equal(q.filter.before_id, 42);
	assert_false(queue_after(S(""), &q));
	assert_false(queue_after(S("1-"), &q));
	assert_false(queue_after(S("1-0"), &q));
	assert_false(queue_after(S("-1-5"), &q));
	assert_false(queue_after(S("1-2-3"), &q));
	arena_free(mem);
}

STORE_TEST(pages_of_dead_letters_go_over_all_their_states_and_miss_none)
{
	static const enum outbox_state states[] = { OUTBOX_FAILED, OUTBOX_DEAD, OUTBOX_UNSURE, OUTBOX_EXPIRED,
		OUTBOX_SENT };
	struct message m = { .channel = CHANNEL_SMS, .expires = NOW + 1000000 }, *v, *page;
	struct queue q = { .dead = true, .filter.limit = 7 };
	int64_t seen = 0, last_finished = INT64_MAX;
	size_t n, got;

	m.destination = destination_id(db, CHANNEL_SMS, S("sms"));
	for (int i = 0; i < 100; i++) {
		outbox_put(db, &m);
		outbox_claim(db, mem, LANE_URGENT, m.destination, 1, NOW + 500000, 1, &v, &got);
		assert_int_equal(got, 1);
		outbox_settle(db, &(struct settled){ .message = v, .state = states[random_below(5)] }, 1);
		if (random_below(3) == 0)
			at(db_now(db) + 1);
	}
	do {
		queue_list(db, mem, &q, &page, &n);
		for (size_t i = 0; i < n; i++) {
			assert_true(state_is_dead(page[i].state));
			assert_true(page[i].finished <= last_finished);
			last_finished = page[i].finished;
			seen++;
		}
		if (n > 0)
			assert_true(queue_after(queue_cursor(mem, &page[n - 1]), &q));
	} while (n == q.filter.limit);
	q = (struct queue){ .filter = { .state = OUTBOX_SENT, .limit = 100 } };
	queue_list(db, mem, &q, &page, &n);
	assert_int_equal(seen + (int64_t)n, 100);
}

STORE_TEST(a_step_of_requeuing_takes_a_thousand_over_all_states)
{
	struct message m = { .channel = CHANNEL_SMS, .expires = NOW + 1 }, *v;
	struct queue q = { .dead = true };
	bool more;
	size_t got;

	m.destination = destination_id(db, CHANNEL_SMS, S("sms"));
	for (int i = 0; i < 1200; i++) {
		outbox_put(db, &m);
		outbox_claim(db, mem, LANE_URGENT, m.destination, 1, NOW + 500000, 1, &v, &got);
		outbox_settle(db,
		    &(struct settled){ .message = v, .state = i % 2 ? OUTBOX_FAILED : OUTBOX_EXPIRED }, 1);
	}
	assert_int_equal(queue_requeue(db, &q, &more), QUEUE_STEP);
	assert_true(more);
	assert_int_equal(queue_requeue(db, &q, &more), 200);
	assert_false(more);
}

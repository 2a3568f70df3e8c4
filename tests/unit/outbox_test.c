/* outbox_test.c - what outbox.h promises. */
#include "collections.h"

#include "outbox.h"

enum { LEASE = 5000, HOUR = 3600 * 1000, ME = 7, OTHER = 8, FAR = 1 << 30 };

static struct message *got; /* what was claimed last */
static size_t ngot;
static int64_t place; /* a destination */

static int
outbox_setup(void **state)
{
	if (store_setup(state) != 0)
		return -1;
	ngot = 0;
	place = destination_id(db, CHANNEL_EMAIL, S("smtp://relay:587"));
	return 0;
}

#define OUTBOX_TEST(name) TEST_WITH(name, outbox_setup, store_teardown)

static struct message
letter(int64_t source, int64_t recipient)
{
	return (struct message){ .destination = place,
		.channel = CHANNEL_EMAIL,
		.lane = LANE_NORMAL,
		.due = NOW,
		.expires = FAR,
		.source = source,
		.recipient = recipient,
		.target = S("ana@example.org") };
}

static int64_t
put(int64_t source, int64_t recipient)
{
	struct message m = letter(source, recipient);

	return outbox_put(db, &m);
}

static int64_t
put_at(int64_t due)
{
	struct message m = letter(0, 0);

	m.due = due;
	return outbox_put(db, &m);
}

static size_t
claim_as(int64_t owner, size_t limit)
{
	outbox_claim(db, mem, LANE_NORMAL, place, owner, db_now(db) + LEASE, limit, &got, &ngot);
	assert_true(ngot <= limit);
	return ngot;
}

/* What became of got[i]; whether it was fenced off. */
static size_t
settle(size_t i, enum outbox_state state, const char *reason)
{
	struct settled s = { .message = &got[i],
		.state = state,
		.due = db_now(db) + 100,
		.counts = state != OUTBOX_SENT,
		.code = 500,
		.reason = str(reason),
		.detail = S("their words"),
		.reference = S("SM1") };

	return outbox_settle(db, &s, 1);
}

static struct message
row(int64_t id)
{
	struct message m = { 0 };

	assert_int_equal(outbox_get(db, mem, id, &m), OK);
	return m;
}

static int64_t
tallied(int64_t source, enum outbox_state state)
{
	struct tally *t;
	int64_t sum = 0;
	size_t n;

	outbox_tally(db, mem, source, &t, &n);
	for (size_t i = 0; i < n; i++)
		sum += t[i].state == state ? t[i].n : 0;
	return sum;
}

/* One that went to an end. */
static int64_t
settled(int64_t source, int64_t recipient, enum outbox_state state, const char *reason)
{
	int64_t id = put(source, recipient);

	while (claim_as(ME, 1) == 1 && got[0].id != id)
		;
	assert_int_equal(ngot, 1);
	assert_int_equal(settle(0, state, reason), 0);
	return id;
}

/* ---- writing and claiming ---- */

OUTBOX_TEST(a_claimed_message_has_all_that_was_put)
{
	struct message m = letter(42, 17);
	struct str body;

	m.payload = payload_put(db, S("p\0\xff"));
	m.expires = NOW + HOUR;
	m.id = outbox_put(db, &m);
	at(NOW + 5);
	assert_int_equal(claim_as(ME, 10), 1);
	assert_int_equal(got[0].id, m.id);
	assert_int_equal(got[0].destination, place);
	assert_int_equal(got[0].channel, CHANNEL_EMAIL);
	assert_int_equal(got[0].lane, LANE_NORMAL);
	assert_int_equal(got[0].state, OUTBOX_WAITING);
	assert_int_equal(got[0].created, NOW);
	assert_int_equal(got[0].expires, NOW + HOUR);
	assert_int_equal(got[0].source, 42);
	assert_int_equal(got[0].recipient, 17);
	assert_int_equal(got[0].owner, ME);
	assert_int_equal(got[0].epoch, 1);
	assert_int_equal(got[0].claims, 1);
	assert_int_equal(got[0].tries, 0);
	assert_str(got[0].target, "ana@example.org");
	assert_int_equal(payload_get(db, mem, got[0].payload, &body), OK);
	assert_bytes(body, S("p\0\xff"));
	assert_int_equal(payload_get(db, mem, 99, &body), ERR_NOT_FOUND);
}

OUTBOX_TEST(a_message_is_claimed_when_it_is_due_and_not_before)
{
	put_at(NOW + 10);
	assert_int_equal(claim_as(ME, 10), 0);
	at(NOW + 9);
	assert_int_equal(claim_as(ME, 10), 0);
	at(NOW + 10);
	assert_int_equal(claim_as(ME, 10), 1);
}

OUTBOX_TEST(those_due_first_are_claimed_first_and_of_one_time_the_first_put)
{
	int64_t late = put_at(NOW + 2), early = put_at(NOW), middle[3];

	for (size_t i = 0; i < LEN(middle); i++)
		middle[i] = put_at(NOW + 1);
	at(NOW + 10);
	assert_int_equal(claim_as(ME, 2), 2);
	assert_int_equal(got[0].id, early);
	assert_int_equal(got[1].id, middle[0]);
	assert_int_equal(claim_as(ME, 2), 2);
	assert_int_equal(got[0].id, middle[1]);
	assert_int_equal(got[1].id, middle[2]);
	assert_int_equal(claim_as(ME, 2), 1);
	assert_int_equal(got[0].id, late);
	assert_int_equal(claim_as(ME, 2), 0);
}

OUTBOX_TEST(a_retry_does_not_overtake_those_that_wait_longer)
{
	int64_t first = put_at(NOW);

	claim_as(ME, 1);
	settle(0, OUTBOX_WAITING, "timeout"); /* due at +100 */
	put_at(NOW + 50);
	at(NOW + 200);
	assert_int_equal(claim_as(ME, 1), 1);
	assert_int_not_equal(got[0].id, first);
	claim_as(ME, 1);
	assert_int_equal(got[0].id, first);
}

OUTBOX_TEST(lanes_and_destinations_are_claimed_apart)
{
	int64_t other = destination_id(db, CHANNEL_SMS, S("sms://gateway"));
	struct message m = letter(0, 0);
	size_t n;

	m.lane = LANE_URGENT;
	outbox_put(db, &m);
	m.destination = other;
	outbox_put(db, &m);
	assert_int_equal(claim_as(ME, 10), 0);
	outbox_claim(db, mem, LANE_BULK, place, ME, NOW + LEASE, 10, &got, &n);
	assert_int_equal(n, 0);
	outbox_claim(db, mem, LANE_URGENT, other, ME, NOW + LEASE, 10, &got, &n);
	assert_int_equal(n, 1);
	outbox_claim(db, mem, LANE_URGENT, place, ME, NOW + LEASE, 10, &got, &n);
	assert_int_equal(n, 1);
}

OUTBOX_TEST(destinations_that_have_something_are_found_one_after_the_other_by_lane)
{
	int64_t ids[4], at_id = 0, due;
	struct message m = letter(0, 0);

	for (int i = 0; i < 4; i++) {
		ids[i] = destination_id(db, CHANNEL_WEBHOOK, numbered("https://w", i));
		m.destination = ids[i];
		m.lane = i == 2 ? LANE_BULK : LANE_URGENT;
		for (int k = 3; k > 0; k--) {
			m.due = NOW + i * 10 + k;
			outbox_put(db, &m);
		}
	}
	for (int i = 0; i < 4; i++) {
		if (i == 2)
			continue;
		assert_true(outbox_next(db, LANE_URGENT, at_id, &at_id, &due));
		assert_int_equal(at_id, ids[i]);
		assert_int_equal(due, NOW + i * 10 + 1);
	}
	assert_false(outbox_next(db, LANE_URGENT, at_id, &at_id, &due));
	assert_true(outbox_next(db, LANE_BULK, 0, &at_id, &due));
	assert_int_equal(at_id, ids[2]);
	assert_false(outbox_next(db, LANE_NORMAL, 0, &at_id, &due));
}

OUTBOX_TEST(a_name_has_one_destination)
{
	assert_int_equal(destination_id(db, CHANNEL_EMAIL, S("smtp://relay:587")), place);
	assert_int_not_equal(destination_id(db, CHANNEL_EMAIL, S("smtp://relay:25")), place);
}

OUTBOX_TEST(what_was_learned_of_a_destination_stays)
{
	struct destination d, *all;
	size_t n;

	assert_int_equal(destination_get(db, mem, place, &d), OK);
	assert_double(d.width, 4);
	assert_int_equal(d.disabled.n, 0);
	d.width = 7.5;
	d.failures = 1.25;
	d.trips = 3;
	d.open_until = NOW + 9;
	d.failing_since = NOW;
	d.disabled = S("gone");
	destination_save(db, &d);
	destination_id(db, CHANNEL_EMAIL, S("a first"));
	at(NOW);
	destination_list(db, mem, &all, &n);
	assert_int_equal(n, 2);
	assert_str(all[0].name, "a first");
	assert_int_equal(all[1].id, place);
	assert_double(all[1].width, 7.5);
	assert_double(all[1].failures, 1.25);
	assert_int_equal(all[1].trips, 3);
	assert_int_equal(all[1].open_until, NOW + 9);
	assert_int_equal(all[1].failing_since, NOW);
	assert_str(all[1].disabled, "gone");
	all[1].disabled = S("");
	destination_save(db, &all[1]);
	assert_int_equal(destination_get(db, mem, place, &d), OK);
	assert_int_equal(d.disabled.n, 0);
	assert_int_equal(destination_get(db, mem, 99, &d), ERR_NOT_FOUND);
}

/* ---- leases and fences ---- */

OUTBOX_TEST(a_claimed_message_is_nobody_elses_for_its_lease)
{
	put(0, 0);
	assert_int_equal(claim_as(ME, 10), 1);
	assert_int_equal(claim_as(OTHER, 10), 0);
	at(NOW + LEASE - 1);
	assert_int_equal(claim_as(OTHER, 10), 0);
	at(NOW + LEASE);
	assert_int_equal(claim_as(OTHER, 10), 1);
	assert_int_equal(got[0].epoch, 2);
	assert_int_equal(got[0].claims, 2);
}

OUTBOX_TEST(an_ack_of_a_lost_lease_changes_nothing)
{
	int64_t id = put(5, 0);
	struct message late;

	claim_as(ME, 1);
	late = got[0];
	at(NOW + LEASE);
	claim_as(OTHER, 1);
	assert_int_equal(
	    outbox_settle(db, &(struct settled){ .message = &late, .state = OUTBOX_SENT }, 1), 1);
	assert_int_equal(
	    outbox_settle(db, &(struct settled){ .message = &late, .state = OUTBOX_WAITING }, 1), 1);
	assert_int_equal(row(id).state, OUTBOX_WAITING);
	assert_int_equal(row(id).owner, OTHER);
	assert_int_equal(row(id).due, NOW + 2 * LEASE);
	assert_int_equal(tallied(5, OUTBOX_WAITING), 1);
	assert_int_equal(settle(0, OUTBOX_SENT, ""), 0);
	assert_int_equal(settle(0, OUTBOX_SENT, ""), 1); /* twice is once */
	assert_int_equal(tallied(5, OUTBOX_SENT), 1);
	all_agrees();
}

OUTBOX_TEST(the_same_owner_is_fenced_off_from_its_own_older_claim)
{
	struct message late;

	put(0, 0);
	claim_as(ME, 1);
	late = got[0];
	at(NOW + LEASE);
	claim_as(ME, 1);
	assert_int_equal(
	    outbox_settle(db, &(struct settled){ .message = &late, .state = OUTBOX_SENT }, 1), 1);
	assert_int_equal(settle(0, OUTBOX_SENT, ""), 0);
}

OUTBOX_TEST(an_ack_of_its_first_life_is_not_one_of_its_second)
{
	struct message late;
	int64_t id = put(0, 0);

	claim_as(ME, 1);
	late = got[0];
	at(NOW + LEASE);
	claim_as(OTHER, 1);
	settle(0, OUTBOX_DEAD, "timeout");
	assert_int_equal(outbox_requeue(db, id, FAR), OK);
	claim_as(ME, 1);
	assert_int_equal(got[0].tries, 0);
	assert_int_equal(got[0].claims, 1);
	assert_int_equal(
	    outbox_settle(db, &(struct settled){ .message = &late, .state = OUTBOX_SENT }, 1), 1);
	assert_int_equal(row(id).state, OUTBOX_WAITING);
}

OUTBOX_TEST(a_message_that_comes_to_nothing_is_known_by_its_claims)
{
	for (int i = 1; i <= 3; i++) {
		if (i == 1)
			put(0, 0);
		assert_int_equal(claim_as(ME, 1), 1);
		assert_int_equal(got[0].claims, i);
		assert_int_equal(outbox_release(db, ME), 1); /* its dispatcher died */
	}
	claim_as(ME, 1);
	settle(0, OUTBOX_WAITING, "timeout"); /* one word is enough */
	at(NOW + 100);
	claim_as(ME, 1);
	assert_int_equal(got[0].claims, 1);
	assert_int_equal(got[0].epoch, 5);
}

OUTBOX_TEST(a_message_is_not_suspected_for_one_who_was_killed_from_outside)
{
	put(0, 0);
	for (int i = 1; i <= 64; i++) {
		assert_int_equal(claim_as(ME, 1), 1);
		assert_int_equal(got[0].epoch, i);
		/* That there was a try stays known; and it is not for ever. */
		assert_int_equal(got[0].claims, 1 + (i > 1) + (i - 1) / 16);
		assert_int_equal(outbox_pardon(db, ME), 1);
		assert_int_equal(outbox_pardon(db, ME), 0);
	}
}

OUTBOX_TEST(who_is_released_gives_back_its_own_and_no_others)
{
	int64_t *owners;
	size_t n;

	for (int i = 0; i < 5; i++)
		put(0, 0);
	claim_as(ME, 2);
	claim_as(OTHER, 2);
	outbox_owners(db, mem, &owners, &n);
	assert_int_equal(n, 2);
	assert_int_equal(owners[0] + owners[1], ME + OTHER);
	assert_int_equal(outbox_release(db, ME), 2);
	assert_int_equal(outbox_release(db, ME), 0);
	outbox_owners(db, mem, &owners, &n);
	assert_int_equal(n, 1);
	assert_int_equal(owners[0], OTHER);
	assert_int_equal(claim_as(ME, 10), 3);
}

/* ---- settling ---- */

OUTBOX_TEST(a_failed_try_is_due_again_and_in_the_timeline)
{
	struct attempt *tries;
	int64_t id = put(0, 0);
	size_t n;

	for (int i = 0; i < 3; i++) {
		claim_as(ME, 1);
		assert_int_equal(got[0].tries, i);
		assert_int_equal(settle(0, OUTBOX_WAITING, "http-500"), 0);
		assert_int_equal(claim_as(ME, 1), 0);
		at(db_now(db) + 100);
	}
	assert_int_equal(row(id).owner, 0);
	assert_str(row(id).reason, "http-500");
	outbox_attempts(db, mem, id, &tries, &n);
	assert_int_equal(n, 3);
	assert_int_equal(tries[0].at, NOW);
	assert_int_equal(tries[2].at, NOW + 200);
	assert_int_equal(tries[0].code, 500);
	assert_str(tries[0].reason, "http-500");
	assert_str(tries[0].detail, "their words");
}

OUTBOX_TEST(a_deferred_try_counts_for_nothing)
{
	struct attempt *tries;
	int64_t id = put(0, 0);
	size_t n;

	claim_as(ME, 1);
	assert_int_equal(
	    outbox_settle(
		db, &(struct settled){ .message = &got[0], .due = NOW + 50, .reason = S("quiet") }, 1),
	    0);
	assert_int_equal(row(id).tries, 0);
	assert_str(row(id).reason, "quiet");
	outbox_attempts(db, mem, id, &tries, &n);
	assert_int_equal(n, 0);
}

OUTBOX_TEST(a_settled_message_is_never_claimed_and_keeps_what_was_said)
{
	int64_t id = settled(0, 0, OUTBOX_FAILED, "no-such-user");

	at(NOW + 100 * LEASE);
	assert_int_equal(claim_as(ME, 10), 0);
	assert_int_equal(row(id).state, OUTBOX_FAILED);
	assert_int_equal(row(id).finished, NOW);
	assert_int_equal(row(id).code, 500);
	assert_int_equal(row(id).tries, 1);
	assert_int_equal(row(id).owner, 0);
	assert_str(row(id).reason, "no-such-user");
	assert_str(row(id).detail, "their words");
	assert_str(row(id).reference, "SM1");
}

OUTBOX_TEST(a_mixed_batch_is_counted_right)
{
	static const enum outbox_state to[] = { OUTBOX_SENT, OUTBOX_SENT, OUTBOX_WAITING, OUTBOX_SENT,
		OUTBOX_FAILED, OUTBOX_FAILED, OUTBOX_SENT, OUTBOX_SUPPRESSED };
	struct settled s[LEN(to)];

	for (size_t i = 0; i < LEN(to); i++)
		put(i < 5 ? 1 : 2, (int64_t)i);
	claim_as(ME, LEN(to));
	for (size_t i = 0; i < LEN(to); i++)
		s[i] = (struct settled){ .message = &got[i], .state = to[i], .due = NOW + 1 };
	outbox_cancel(db, got[1].id, S("replaced")); /* in the meantime */
	assert_int_equal(outbox_settle(db, s, LEN(to)), 1);
	assert_int_equal(tallied(1, OUTBOX_SENT), 2);
	assert_int_equal(tallied(1, OUTBOX_WAITING), 1);
	assert_int_equal(tallied(1, OUTBOX_FAILED), 1);
	assert_int_equal(tallied(1, OUTBOX_CANCELLED), 1);
	assert_int_equal(tallied(2, OUTBOX_FAILED), 1);
	assert_int_equal(tallied(2, OUTBOX_SENT), 1);
	assert_int_equal(tallied(2, OUTBOX_SUPPRESSED), 1);
	assert_int_equal(tallied(0, OUTBOX_SENT), 3);
	all_agrees();
}

OUTBOX_TEST(an_id_is_never_given_again)
{
	int64_t id = settled(0, 0, OUTBOX_SENT, "");

	at(NOW + 10);
	assert_false(outbox_purge(db, OUTBOX_SENT, NOW + 10, 10));
	assert_true(put(0, 0) > id);
}

OUTBOX_TEST(what_is_undone_is_never_sent)
{
	at(NOW);
	db_savepoint(db);
	put(0, 0);
	db_undo(db);
	assert_int_equal(claim_as(ME, 10), 0);
	put(0, 0);
	start_over();
	assert_int_equal(claim_as(ME, 10), 0);
	assert_int_equal(tallied(0, OUTBOX_WAITING), 0);
}

/* ---- names ---- */

OUTBOX_TEST(a_name_is_of_one_message_of_one_tenant)
{
	struct str name = message_name(db, mem, 42), tenant = tenant_id(db, mem);
	int64_t id;

	assert_true(message_named(db, name, &id));
	assert_int_equal(id, 42);
	assert_null(memchr(name.p, '.', name.n));
	assert_false(message_named(db, S("msg_otherone_42"), &id));
	assert_false(message_named(db, S("msg_"), &id));
	assert_false(message_named(db, S(""), &id));
	assert_false(message_named(db, arena_strf(mem, "msg_%.*s_", FMT(tenant)), &id));
	assert_false(message_named(db, arena_strf(mem, "msg_%.*s_0", FMT(tenant)), &id));
	assert_false(message_named(db, arena_strf(mem, "msg_%.*s_4x", FMT(tenant)), &id));
	assert_false(message_named(db, arena_strf(mem, "msg_%.*s_99999999999999999999", FMT(tenant)), &id));
}

OUTBOX_TEST(every_state_and_channel_has_a_name_that_leads_back)
{
	enum outbox_channel channel;
	enum outbox_state named;

	for (int i = 0; i < OUTBOX__MAX; i++) {
		assert_true(state_named(str(state_name((enum outbox_state)i)), &named));
		assert_int_equal(named, i);
	}
	for (int i = CHANNEL_EMAIL; i < CHANNEL__MAX; i++) {
		assert_true(channel_named(str(channel_name((enum outbox_channel)i)), &channel));
		assert_int_equal(channel, i);
	}
	assert_false(state_named(S("Sent"), &named));
	assert_false(state_named(S(""), &named));
	assert_false(channel_named(S("fax"), &channel));
}

/* ---- lists ---- */

/* "3 2 1": ids that a filter finds. */
static struct str
listed(struct outbox_filter f)
{
	struct message *v;
	struct str all = S("");
	size_t n;

	f.limit = f.limit ? f.limit : 10;
	outbox_list(db, mem, &f, &v, &n);
	for (size_t i = 0; i < n; i++)
		all = arena_strf(mem, "%.*s%s%lld", FMT(all), i ? " " : "", (long long)v[i].id);
	return all;
}

OUTBOX_TEST(settled_ones_are_listed_the_latest_first_page_by_page)
{
	struct outbox_filter f = { .state = OUTBOX_DEAD, .limit = 2 };

	for (int i = 0; i < 6; i++) { /* 1 and 2, 3 and 4, 5 and 6 of one time */
		settled(0, 0, OUTBOX_DEAD, "timeout");
		if (i % 2)
			at(db_now(db) + 1);
	}
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_DEAD }), "6 5 4 3 2 1");
	assert_str(listed(f), "6 5");
	f.before_finished = NOW + 2;
	f.before_id = 6;
	assert_str(listed(f), "5 4");
	f.before_finished = NOW + 1;
	f.before_id = 3;
	assert_str(listed(f), "2 1");
	f.before_finished = NOW;
	f.before_id = 1;
	assert_str(listed(f), "");
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_SENT }), "");
}

OUTBOX_TEST(waiting_ones_are_listed_by_id_page_by_page)
{
	struct message m = letter(0, 0);

	m.due = NOW + 500;
	for (int i = 0; i < 3; i++) {
		outbox_put(db, &m);
		m.due -= 100;
		m.lane = (enum outbox_lane)i;
	}
	settled(0, 0, OUTBOX_SENT, "");
	outbox_put(db, &m);
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_WAITING }), "1 2 3 5");
	assert_str(
	    listed((struct outbox_filter){ .state = OUTBOX_WAITING, .limit = 2, .before_id = 1 }), "2 3");
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_WAITING, .before_id = 5 }), "");
}

OUTBOX_TEST(a_filter_takes_what_fits_all_of_it)
{
	settled(1, 0, OUTBOX_DEAD, "timeout");
	settled(2, 0, OUTBOX_DEAD, "timeout");
	settled(2, 0, OUTBOX_DEAD, "dns");
	settled(2, 0, OUTBOX_FAILED, "dns");
	put(2, 0);
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_DEAD, .source = 2 }), "3 2");
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_DEAD, .reason = S("timeout") }), "2 1");
	assert_str(
	    listed((struct outbox_filter){ .state = OUTBOX_DEAD, .source = 2, .reason = S("dns") }), "3");
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_DEAD, .channel = CHANNEL_SMS }), "");
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_FAILED, .channel = CHANNEL_EMAIL }), "4");
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_WAITING, .source = 2 }), "5");
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_WAITING, .source = 3 }), "");
}

OUTBOX_TEST(dead_letters_are_counted_by_reason_the_most_first)
{
	struct reason_count *r;
	size_t n;

	for (int i = 0; i < 3; i++)
		settled(0, 0, OUTBOX_DEAD, "timeout");
	settled(0, 0, OUTBOX_FAILED, "timeout");
	settled(0, 0, OUTBOX_FAILED, "timeout");
	settled(0, 0, OUTBOX_EXPIRED, "");
	settled(0, 0, OUTBOX_SENT, "");
	settled(0, 0, OUTBOX_CANCELLED, "replaced");
	outbox_reasons(db, mem, &r, &n);
	assert_int_equal(n, 3);
	assert_int_equal(r[0].n, 3);
	assert_int_equal(r[0].state, OUTBOX_DEAD);
	assert_int_equal(r[0].channel, CHANNEL_EMAIL);
	assert_str(r[0].reason, "timeout");
	assert_int_equal(r[1].n, 2);
	assert_int_equal(r[1].state, OUTBOX_FAILED);
	assert_int_equal(r[2].n, 1);
	assert_str(r[2].reason, "");
}

OUTBOX_TEST(the_shape_is_destinations_by_age)
{
	static const int want[SHAPE_AGES] = { 2, 1, 0, 1, 0, 1, 1 };
	static const int64_t ages[] = { 0, 60 * 1000, 60 * 1000 + 1, 16 * 60 * 1000, 5 * HOUR, 30 * HOUR };
	int64_t later = NOW + 40 * HOUR, other = destination_id(db, CHANNEL_SMS, S("sms://gateway"));
	struct message m = letter(0, 0);
	struct shape *s;
	size_t n;

	for (int i = (int)LEN(ages) - 1; i >= 0; i--) {
		at(later - ages[i]);
		m.lane = (enum outbox_lane)(i % LANE__MAX);
		outbox_put(db, &m);
	}
	m.destination = other;
	outbox_put(db, &m);
	claim_as(ME, 1); /* leased is waiting too */
	outbox_shape(db, mem, &s, &n);
	assert_int_equal(n, 2);
	assert_int_equal(s[0].destination, place);
	assert_int_equal(s[0].total, 6);
	assert_int_equal(s[0].oldest, later - 30 * HOUR);
	for (int i = 0; i < SHAPE_AGES; i++)
		assert_int_equal(s[0].by_age[i], want[i]);
	assert_int_equal(s[1].destination, other);
	assert_int_equal(s[1].total, 1);
}

OUTBOX_TEST(the_oldest_that_is_ready_is_known_by_lane)
{
	assert_int_equal(outbox_oldest(db, LANE_NORMAL), 0);
	put_at(NOW + 10);
	assert_int_equal(outbox_oldest(db, LANE_NORMAL), 0); /* not ready */
	at(NOW + 20);
	assert_int_equal(outbox_oldest(db, LANE_NORMAL), NOW + 10);
	assert_int_equal(outbox_oldest(db, LANE_URGENT), 0);
	claim_as(ME, 1); /* on its way */
	assert_int_equal(outbox_oldest(db, LANE_NORMAL), 0);
}

/* ---- interventions ---- */

OUTBOX_TEST(a_dead_letter_is_due_at_once_with_tries_and_expiry_anew)
{
	static const enum outbox_state dead[] = { OUTBOX_FAILED, OUTBOX_DEAD, OUTBOX_UNSURE, OUTBOX_EXPIRED };

	for (size_t i = 0; i < LEN(dead); i++) {
		int64_t id = settled(3, 0, dead[i], "timeout");

		at(db_now(db) + 1);
		assert_int_equal(outbox_requeue(db, id, FAR + 5), OK);
		assert_int_equal(row(id).state, OUTBOX_WAITING);
		assert_int_equal(row(id).due, db_now(db));
		assert_int_equal(row(id).tries, 0);
		assert_int_equal(row(id).finished, 0);
		assert_int_equal(row(id).expires, FAR + 5);
		assert_int_equal(claim_as(ME, 1), 1);
		assert_int_equal(got[0].id, id);
		settle(0, OUTBOX_SENT, "");
	}
	assert_int_equal(tallied(3, OUTBOX_SENT), 4);
	all_agrees();
}

OUTBOX_TEST(an_expiry_that_is_later_anyway_stays)
{
	int64_t id = settled(0, 0, OUTBOX_DEAD, "");

	assert_int_equal(outbox_requeue(db, id, NOW + 1), OK);
	assert_int_equal(row(id).expires, FAR);
}

OUTBOX_TEST(what_is_no_dead_letter_is_not_requeued)
{
	static const enum outbox_state alive[] = { OUTBOX_SENT, OUTBOX_DELIVERED, OUTBOX_SUPPRESSED,
		OUTBOX_CANCELLED };

	for (size_t i = 0; i < LEN(alive); i++)
		assert_int_equal(outbox_requeue(db, settled(0, 0, alive[i], ""), FAR), ERR_CONFLICT);
	assert_int_equal(outbox_requeue(db, put(0, 0), FAR), ERR_CONFLICT);
	assert_int_equal(outbox_requeue(db, 99, FAR), ERR_NOT_FOUND);
	assert_int_equal(
	    outbox_requeue_some(db, &(struct outbox_filter){ .state = OUTBOX_SENT, .limit = 9 }, FAR), 0);
	assert_int_equal(
	    outbox_requeue_some(db, &(struct outbox_filter){ .state = OUTBOX_WAITING, .limit = 9 }, FAR), 0);
}

OUTBOX_TEST(many_dead_letters_are_requeued_by_what_they_share_in_steps)
{
	struct outbox_filter f = {
		.state = OUTBOX_DEAD, .channel = CHANNEL_EMAIL, .reason = S("timeout"), .limit = 2
	};

	for (int i = 0; i < 5; i++)
		settled(1 + i % 2, 0, OUTBOX_DEAD, "timeout");
	settled(1, 0, OUTBOX_DEAD, "dns");
	settled(1, 0, OUTBOX_FAILED, "timeout");
	assert_int_equal(outbox_requeue_some(db, &f, FAR), 2);
	assert_int_equal(outbox_requeue_some(db, &f, FAR), 2);
	assert_int_equal(outbox_requeue_some(db, &f, FAR), 1);
	assert_int_equal(outbox_requeue_some(db, &f, FAR), 0);
	assert_int_equal(tallied(0, OUTBOX_WAITING), 5);
	assert_int_equal(tallied(0, OUTBOX_DEAD), 1);
	assert_int_equal(outbox_requeue_some(db,
			     &(struct outbox_filter){ .state = OUTBOX_FAILED, .source = 2, .limit = 9 }, FAR),
	    0);
	assert_int_equal(outbox_requeue_some(db,
			     &(struct outbox_filter){ .state = OUTBOX_FAILED, .source = 1, .limit = 9 }, FAR),
	    1);
	all_agrees();
}

OUTBOX_TEST(a_cancelled_message_is_not_sent)
{
	int64_t id = put(9, 0);

	assert_int_equal(outbox_cancel(db, id, S("replaced")), OK);
	assert_int_equal(claim_as(ME, 1), 0);
	assert_int_equal(row(id).state, OUTBOX_CANCELLED);
	assert_str(row(id).reason, "replaced");
	assert_int_equal(row(id).finished, NOW);
	assert_int_equal(tallied(9, OUTBOX_CANCELLED), 1);
	assert_int_equal(tallied(9, OUTBOX_WAITING), 0);
	assert_int_equal(outbox_cancel(db, id, S("again")), ERR_CONFLICT);
	assert_int_equal(outbox_cancel(db, 99, S("")), ERR_NOT_FOUND);
	all_agrees();
}

OUTBOX_TEST(a_dead_letter_that_is_discarded_is_no_dead_letter_any_more)
{
	int64_t id = settled(9, 0, OUTBOX_DEAD, "timeout"), waits = put(9, 0);

	assert_int_equal(outbox_discard(db, id), OK);
	assert_int_equal(row(id).state, OUTBOX_CANCELLED);
	assert_str(row(id).reason, "timeout");
	assert_int_equal(tallied(9, OUTBOX_DEAD), 0);
	assert_int_equal(outbox_requeue(db, id, FAR), ERR_CONFLICT);
	assert_int_equal(outbox_discard(db, id), ERR_CONFLICT);
	assert_int_equal(outbox_discard(db, waits), ERR_CONFLICT);
	assert_int_equal(outbox_discard(db, 99), ERR_NOT_FOUND);
	all_agrees();
}

OUTBOX_TEST(an_ack_of_a_cancelled_message_changes_nothing)
{
	int64_t id = put(0, 0);

	claim_as(ME, 1);
	assert_int_equal(outbox_cancel(db, id, S("replaced")), OK);
	assert_int_equal(settle(0, OUTBOX_SENT, ""), 1);
	assert_int_equal(row(id).state, OUTBOX_CANCELLED);
	at(NOW + LEASE);
	assert_int_equal(claim_as(ME, 1), 0);
}

OUTBOX_TEST(of_a_recipient_all_that_wait_are_cancelled_and_it_is_known_whether_one_was_tried)
{
	bool tried = true;
	int64_t of_another = put(1, 6), of_other_source = put(2, 5);

	put(1, 5);
	put(1, 5);
	assert_int_equal(outbox_cancel_to(db, 1, 5, S("gone"), &tried), 2);
	assert_false(tried);
	settled(1, 8, OUTBOX_SENT, "");
	assert_int_equal(outbox_cancel_to(db, 1, 8, S("gone"), &tried), 0);
	assert_true(tried);
	assert_int_equal(row(of_another).state, OUTBOX_WAITING);
	assert_int_equal(row(of_other_source).state, OUTBOX_WAITING);
	assert_int_equal(outbox_cancel_to(db, 3, 3, S("gone"), &tried), 0);
	assert_false(tried);
}

OUTBOX_TEST(a_dead_letter_that_was_requeued_was_tried_all_the_same)
{
	bool tried = false;
	int64_t id = settled(1, 5, OUTBOX_DEAD, "timeout");

	assert_int_equal(outbox_requeue(db, id, FAR), OK);
	assert_int_equal(outbox_cancel_to(db, 1, 5, S("replaced"), &tried), 1);
	assert_true(tried);
}

OUTBOX_TEST(all_of_a_source_are_cancelled_page_by_page_whatever_the_size_of_a_page)
{
	for (size_t limit = 1; limit < 6; limit++) {
		int64_t source = (int64_t)limit, recipient = 0, keep;
		int pages = 0;

		for (int i = 0; i < 12; i++) /* three of each: pages end among them */
			put(source, i / 3);
		keep = put(source + 100, 1);
		claim_as(ME, 4);
		settle(3, OUTBOX_SENT, "");
		while (outbox_cancel_page(db, source, S("cancelled"), limit, &recipient))
			assert_true(++pages < 13);
		assert_int_equal(tallied(source, OUTBOX_WAITING), 0);
		assert_int_equal(tallied(source, OUTBOX_CANCELLED), 11);
		assert_int_equal(tallied(source, OUTBOX_SENT), 1);
		assert_int_equal(row(keep).state, OUTBOX_WAITING);
		outbox_cancel(db, keep, S(""));
		at(NOW);
	}
	all_agrees();
}

OUTBOX_TEST(a_delivery_is_believed_of_what_may_have_been_sent)
{
	int64_t unsure = settled(4, 0, OUTBOX_UNSURE, "unsure"),
		refused = settled(4, 0, OUTBOX_UNSURE, "unsure");
	int64_t claimed = put(4, 0);

	assert_int_equal(claim_as(ME, 1), 1);
	assert_int_equal(outbox_report(db, unsure, OUTBOX_DELIVERED, 0, S("")), OK);
	assert_int_equal(outbox_report(db, refused, OUTBOX_FAILED, 1, S("x")), OK);
	assert_int_equal(outbox_report(db, claimed, OUTBOX_FAILED, 1, S("x")), OK);
	assert_int_equal(row(claimed).state, OUTBOX_WAITING);
	assert_int_equal(outbox_report(db, claimed, OUTBOX_DELIVERED, 0, S("")), OK);
	assert_int_equal(row(unsure).state, OUTBOX_DELIVERED);
	assert_int_equal(row(refused).state, OUTBOX_FAILED);
	assert_int_equal(row(claimed).state, OUTBOX_DELIVERED);
	assert_int_equal(settle(0, OUTBOX_SENT, ""), 1); /* whose claim it was comes too late */
	assert_int_equal(row(claimed).state, OUTBOX_DELIVERED);
	all_agrees();
}

OUTBOX_TEST(what_a_gateway_says_later_moves_sent_ones_only)
{
	int64_t id = settled(4, 0, OUTBOX_SENT, ""), bad = settled(4, 0, OUTBOX_SENT, "");
	int64_t waits = put(4, 0);

	at(NOW + 9);
	assert_int_equal(outbox_report(db, id, OUTBOX_DELIVERED, 0, S("")), OK);
	assert_int_equal(outbox_report(db, bad, OUTBOX_FAILED, 30003, S("unreachable")), OK);
	assert_int_equal(outbox_report(db, waits, OUTBOX_DELIVERED, 0, S("")), OK);
	assert_int_equal(row(id).state, OUTBOX_DELIVERED);
	assert_int_equal(row(id).finished, NOW + 9);
	assert_int_equal(row(bad).state, OUTBOX_FAILED);
	assert_int_equal(row(bad).code, 30003);
	assert_str(row(bad).reason, "unreachable");
	assert_int_equal(row(waits).state, OUTBOX_WAITING);
	assert_int_equal(outbox_report(db, id, OUTBOX_FAILED, 0, S("")), OK); /* too late */
	assert_int_equal(row(id).state, OUTBOX_DELIVERED);
	assert_int_equal(outbox_report(db, 99, OUTBOX_DELIVERED, 0, S("")), ERR_NOT_FOUND);
	assert_int_equal(tallied(4, OUTBOX_SENT), 0);
	all_agrees();
}

OUTBOX_TEST(what_is_old_is_taken_away_in_steps_with_its_tries)
{
	struct attempt *tries;
	int64_t last = 0;
	size_t n;

	for (int i = 0; i < 5; i++)
		last = settled(6, 0, OUTBOX_DEAD, "timeout");
	at(NOW + 1);
	settled(6, 0, OUTBOX_DEAD, "young");
	settled(6, 0, OUTBOX_SENT, "");
	put(6, 0);
	assert_true(outbox_purge(db, OUTBOX_DEAD, NOW + 1, 2));
	assert_true(outbox_purge(db, OUTBOX_DEAD, NOW + 1, 2));
	assert_false(outbox_purge(db, OUTBOX_DEAD, NOW + 1, 2));
	assert_false(outbox_purge(db, OUTBOX_WAITING, NOW + FAR, 2));
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_DEAD }), "6");
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_SENT }), "7");
	assert_str(listed((struct outbox_filter){ .state = OUTBOX_WAITING }), "8");
	outbox_attempts(db, mem, last, &tries, &n);
	assert_int_equal(n, 0);
	assert_int_equal(tallied(6, OUTBOX_DEAD), 6); /* history */
	all_agrees();
}

OUTBOX_TEST(payloads_go_by_their_age)
{
	int64_t id[4];
	struct str body;

	for (int i = 0; i < 4; i++) {
		id[i] = payload_put(db, S("x"));
		at(db_now(db) + 10);
	}
	assert_true(payload_purge(db, NOW + 21, 2));
	assert_false(payload_purge(db, NOW + 21, 2));
	assert_false(payload_purge(db, NOW + 21, 2));
	assert_int_equal(payload_get(db, mem, id[2], &body), ERR_NOT_FOUND);
	assert_int_equal(payload_get(db, mem, id[3], &body), OK);
}

/* ---- all together ---- */

/* The tallies of a source against a recount through the lists. */
static void
recount(int64_t source)
{
	for (int state = 0; state < OUTBOX__MAX; state++) {
		struct outbox_filter f = {
			.state = (enum outbox_state)state, .source = source, .limit = 2000
		};
		struct message *v;
		size_t n;

		outbox_list(db, mem, &f, &v, &n);
		assert_int_equal(tallied(source, f.state), n);
	}
}

static void
chance_step(int64_t *last)
{
	static const enum outbox_state to[] = { OUTBOX_SENT, OUTBOX_SENT, OUTBOX_WAITING, OUTBOX_FAILED,
		OUTBOX_DEAD, OUTBOX_UNSURE, OUTBOX_EXPIRED, OUTBOX_SUPPRESSED };
	int64_t some = 1 + random_below((uint32_t)*last + 1), source = 1 + random_below(3), recipient = 0;
	bool tried;

	switch (random_below(10)) {
	default:
		*last = put(source, random_below(20));
		break;
	case 1:
	case 2:
		claim_as(ME + random_below(2), 1 + random_below(5));
		break;
	case 3:
		for (size_t i = 0; i < ngot; i++)
			settle(i, to[random_below(LEN(to))], random_below(2) ? "timeout" : "");
		break;
	case 4:
		outbox_cancel(db, some, S("cancelled"));
		outbox_report(db, some, random_below(2) ? OUTBOX_DELIVERED : OUTBOX_FAILED, 1, S("late"));
		break;
	case 5:
		outbox_requeue(db, some, FAR);
		outbox_requeue_some(
		    db, &(struct outbox_filter){ .state = OUTBOX_DEAD, .source = source, .limit = 3 }, FAR);
		break;
	case 6:
		if (random_below(20) == 0)
			outbox_cancel_page(db, source, S("cancelled"), 3, &recipient);
		outbox_cancel_to(db, source, random_below(20), S("gone"), &tried);
		break;
	case 7:
		outbox_release(db, ME + random_below(2));
		break;
	}
}

OUTBOX_TEST(tallies_agree_with_a_recount_whatever_happened)
{
	int64_t last = 0;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 150; i++)
			chance_step(&last);
		for (int64_t source = 1; source <= 3; source++)
			recount(source);
		all_agrees();
		ngot = 0;
		arena_reset(mem);
		at(db_now(db) + (int64_t)random_below(2 * LEASE));
	}
}

OUTBOX_TEST(a_check_finds_a_tally_that_is_wrong)
{
	static const char *const damages[] = {
		"update tally set n = n + 1 where state = 0",
		"update tally set n = n - 1 where state = 1",
		"delete from tally",
		"delete from destination",
		"delete from payload",
	};
	struct message m = letter(1, 1);

	m.payload = payload_put(db, S("x"));
	settled(1, 1, OUTBOX_SENT, "");
	outbox_put(db, &m);
	all_agrees();
	for (size_t i = 0; i < LEN(damages); i++) {
		at(NOW);
		by_hand("create table keep_tally as select * from tally");
		by_hand("create table keep_destination as select * from destination");
		by_hand("create table keep_payload as select * from payload");
		by_hand(damages[i]);
		assert_true(key_check(db, NULL, NULL) > 0);
		by_hand("delete from tally");
		by_hand("insert into tally select * from keep_tally");
		by_hand("delete from destination");
		by_hand("insert into destination select * from keep_destination");
		by_hand("delete from payload");
		by_hand("insert into payload select * from keep_payload");
		by_hand("drop table keep_tally");
		by_hand("drop table keep_destination");
		by_hand("drop table keep_payload");
		all_agrees();
	}
}

/* fanout_test.c - everybody who asked for it, once. */
#include "alerts.h"

#include <math.h>

#include "fanout.h"
#include "hash.h"
#include "key.h"

static int64_t
subscribed(const char *location, enum outbox_channel channel, const char *address, struct subscription with)
{
	struct str at_ = str(location);

	with.channel = channel;
	with.address = str(address);
	with.locations = &at_;
	with.nlocations = 1;
	with.min_severity = with.min_severity ? with.min_severity : SEVERITY_MINOR;
	with.language = with.language.n ? with.language : S("ro");
	assert_int_equal(subscription_save(db, mem, &with), OK);
	return with.id;
}

static int64_t
reader(int i)
{
	return subscribed(
	    "city-CJ", CHANNEL_EMAIL, arena_printf(mem, "r%d@example.org", i), (struct subscription){ 0 });
}

static void
readers(int n)
{
	for (int i = 0; i < n; i++)
		reader(i);
}

static bool more;
static int64_t next;

static void
step(size_t limit)
{
	assert_int_equal(fanout_step(db, mem, limit, &more, &next), OK);
}

static void
expand(void)
{
	do
		step(3);
	while (more);
	assert_alerts_agree();
}

/* All messages of an alert to a recipient (0: to all), in any state. */
static size_t
messages(int64_t source, int64_t recipient, struct message **out)
{
	size_t n, kept = 0, room = 0;
	struct message *all = NULL;

	for (int state = 0; state < OUTBOX__MAX; state++) {
		struct outbox_filter f = {
			.state = (enum outbox_state)state, .source = source, .limit = 10000
		};
		struct message *m;

		outbox_list(db, mem, &f, &m, &n);
		for (size_t i = 0; i < n; i++)
			if (recipient == 0 || m[i].recipient == recipient) {
				all = arena_grow(mem, all, kept, &room);
				all[kept++] = m[i];
			}
	}
	if (out != NULL)
		*out = all;
	return kept;
}

static struct message
message_to(int64_t source, int64_t recipient)
{
	struct message *m;

	assert_int_equal(messages(source, recipient, &m), 1);
	return m[0];
}

static struct str
payload_of(int64_t source, int64_t recipient)
{
	struct str body;

	assert_int_equal(payload_get(db, mem, message_to(source, recipient).payload, &body), OK);
	return body;
}

/* Takes what is due as the dispatcher would; it may have arrived. */
static void
claim(size_t limit)
{
	int64_t destination = 0, due;
	struct message *m;
	size_t n;

	for (int lane = 0; lane < LANE__MAX; lane++)
		for (destination = 0;
		     outbox_next(db, (enum outbox_lane)lane, destination, &destination, &due);)
			outbox_claim(db, mem, (enum outbox_lane)lane, destination, 1, db_now(db) + 1000,
			    limit, &m, &n);
}

STORE_TEST(everybody_gets_one_message_whatever_the_size_of_a_chunk)
{
	for (size_t limit = 1; limit <= 12; limit++) {
		struct alert al;

		readers(10);
		al = published(flood());
		do
			step(limit);
		while (more);
		assert_int_equal(messages(al.id, 0, NULL), 10);
		assert_int_equal(al.recipients, 10);
		assert_int_equal(next, 0);
	}
}

STORE_TEST(who_chose_several_of_its_locations_gets_one_message)
{
	struct str both[] = { S("city-CJ"), S("city-B") };
	struct subscription s = { .channel = CHANNEL_EMAIL,
		.address = S("a@example.org"),
		.locations = both,
		.nlocations = 2,
		.min_severity = SEVERITY_MINOR,
		.language = S("en") };
	struct alert al = flood();

	assert_int_equal(subscription_save(db, mem, &s), OK);
	al.locations = both;
	al.nlocations = 2;
	al = published(al);
	expand();
	assert_int_equal(messages(al.id, s.id, NULL), 1);
}

STORE_TEST(other_channels_lesser_severities_and_other_places_get_nothing)
{
	struct alert al;

	subscribed("city-CJ", CHANNEL_WEBHOOK, "https://a.example/x", (struct subscription){ 0 });
	subscribed("city-CJ", CHANNEL_EMAIL, "a@example.org",
	    (struct subscription){ .min_severity = SEVERITY_EXTREME });
	subscribed("city-B", CHANNEL_EMAIL, "b@example.org", (struct subscription){ 0 });
	al = published(flood());
	expand();
	assert_int_equal(messages(al.id, 0, NULL), 0);
}

STORE_TEST(a_message_has_all_that_its_channel_needs)
{
	struct message m;
	struct destination d;
	struct alert al = flood();
	int64_t mail = reader(1),
		phone = subscribed("city-CJ", CHANNEL_SMS, "+40712345678", (struct subscription){ 0 }),
		hook = subscribed(
		    "city-CJ", CHANNEL_WEBHOOK, "https://Hooks.example/x?y", (struct subscription){ 0 });

	al.channels |= 1U << CHANNEL_WEBHOOK;
	al = published(al);
	expand();
	m = message_to(al.id, mail);
	assert_int_equal(m.channel, CHANNEL_EMAIL);
	assert_int_equal(m.lane, LANE_URGENT);
	assert_int_equal(m.due, NOW);
	assert_int_equal(m.expires, al.expires_at);
	assert_str(m.target, "r1@example.org");
	m = message_to(al.id, phone);
	assert_int_equal(m.channel, CHANNEL_SMS);
	assert_str(m.target, "+40712345678");
	m = message_to(al.id, hook);
	assert_int_equal(destination_get(db, mem, m.destination, &d), OK);
	assert_str(d.name, "https://hooks.example:443");
	assert_str(m.target, "https://Hooks.example/x?y");
}

STORE_TEST(each_language_is_rendered_once_for_all_its_readers)
{
	int64_t ro[4], en, hu;
	struct alert al;

	for (int i = 0; i < 4; i++)
		ro[i] = reader(i);
	en = subscribed(
	    "city-CJ", CHANNEL_EMAIL, "en@example.org", (struct subscription){ .language = S("en") });
	hu = subscribed(
	    "city-CJ", CHANNEL_EMAIL, "hu@example.org", (struct subscription){ .language = S("hu") });
	al = published(flood());
	expand();
	for (int i = 1; i < 4; i++)
		assert_int_equal(message_to(al.id, ro[i]).payload, message_to(al.id, ro[0]).payload);
	assert_int_equal(message_to(al.id, hu).payload, message_to(al.id, ro[0]).payload);
	assert_int_not_equal(message_to(al.id, en).payload, message_to(al.id, ro[0]).payload);
	assert_non_null(strstr(payload_of(al.id, en).p, "\"subject\":\"Flood\""));
	assert_non_null(strstr(payload_of(al.id, ro[0]).p, "\"subject\":\"Inundație\""));
}

STORE_TEST(quiet_hours_put_a_message_off_unless_it_is_critical)
{
	/* NOW is 00:16:40 UTC. */
	int64_t id = subscribed("city-CJ", CHANNEL_EMAIL, "a@example.org",
	    (struct subscription){ .quiet_from = 22 * 60, .quiet_to = 7 * 60 });
	struct alert al = flood();

	al = published(al);
	expand();
	assert_int_equal(message_to(al.id, id).due, NOW);
	al = flood();
	al.urgency = URGENCY_EXPECTED;
	al = published(al);
	expand();
	assert_int_equal(message_to(al.id, id).due, 7 * HOUR_MS);
	al = flood();
	al.exercise = true;
	al = published(al);
	expand();
	assert_int_equal(message_to(al.id, id).due, 7 * HOUR_MS);
}

STORE_TEST(a_chunk_that_is_taken_back_is_done_again_and_nobody_twice)
{
	struct alert al;

	readers(20);
	al = published(flood());
	at(NOW + 1);
	more = true;
	for (int i = 0; more; i++) {
		bool killed = i % 3 == 0; /* before the commit */

		step(3);
		if (killed)
			start_over();
		else
			at(NOW + 2 + i);
		more = more || killed;
	}
	assert_false(more);
	assert_int_equal(messages(al.id, 0, NULL), 20);
}

STORE_TEST(an_expansion_goes_on_after_the_store_is_opened_again)
{
	struct alert al;

	readers(10);
	al = published(flood());
	for (int i = 0; i < 20; i++) {
		step(2);
		if (!more)
			break;
		assert_int_equal(db_commit(db), OK);
		db_close(db);
		assert_int_equal(db_open(&db, store_path, DB_DISPATCH), OK);
		assert_int_equal(db_begin(db, TX_WRITE, NOW + i), OK);
	}
	assert_int_equal(messages(al.id, 0, NULL), 10);
}

STORE_TEST(a_scheduled_one_becomes_public_with_its_first_chunk)
{
	struct alert al = flood();

	readers(1);
	al.not_before = NOW + HOUR_MS;
	al = published(al);
	step(10);
	assert_false(more);
	assert_int_equal(next, NOW + HOUR_MS);
	assert_str(listed(true, 0, 10), "");
	assert_int_equal(messages(al.id, 0, NULL), 0);
	at(NOW + HOUR_MS);
	step(10);
	assert_str(listed(true, 0, 10), "1");
	assert_int_equal(messages(al.id, 0, NULL), 1);
	assert_int_equal(loaded(al.id).public_at, NOW + HOUR_MS);
}

STORE_TEST(a_scheduled_one_that_expired_meanwhile_is_never_shown)
{
	struct alert al = flood();

	readers(1);
	al.not_before = NOW + HOUR_MS;
	al = published(al);
	at(NOW + 3 * HOUR_MS);
	step(10);
	assert_false(more);
	assert_str(listed(false, 0, 10), "");
	assert_int_equal(messages(al.id, 0, NULL), 0);
}

STORE_TEST(an_update_reaches_exactly_those_who_got_the_first)
{
	struct alert first, update;
	int64_t late;

	readers(5);
	first = published(flood());
	expand();
	claim(100);
	late = reader(99);
	update = replaced(&first, MSG_UPDATE);
	expand();
	assert_int_equal(messages(update.id, 0, NULL), 5);
	assert_int_equal(messages(update.id, late, NULL), 0);
}

STORE_TEST(what_still_waits_of_the_first_is_superseded)
{
	int64_t id = reader(1);
	struct alert first = published(flood()), update;

	expand();
	update = replaced(&first, MSG_UPDATE);
	expand();
	assert_int_equal(message_to(first.id, id).state, OUTBOX_CANCELLED);
	assert_str(message_to(first.id, id).reason, "superseded");
	assert_int_equal(message_to(update.id, id).state, OUTBOX_WAITING);
}

STORE_TEST(a_cancel_goes_only_where_something_may_have_arrived)
{
	int64_t told, untold;
	struct alert first, cancel;

	told = reader(1);
	untold = reader(2);
	first = published(flood());
	expand();
	claim(1);
	cancel = replaced(&first, MSG_CANCEL);
	expand();
	assert_int_equal(messages(cancel.id, told, NULL), 1);
	assert_int_equal(messages(cancel.id, untold, NULL), 0);
	assert_int_equal(message_to(first.id, untold).state, OUTBOX_CANCELLED);
}

STORE_TEST(a_cancel_remembers_what_arrived_before_an_update)
{
	int64_t told = reader(1), untold = reader(2);
	struct alert first = published(flood()), update, cancel;

	expand();
	claim(1);
	update = replaced(&first, MSG_UPDATE);
	expand(); /* nobody sends the update */
	cancel = replaced(&update, MSG_CANCEL);
	expand();
	assert_int_equal(messages(cancel.id, told, NULL), 1);
	assert_int_equal(messages(cancel.id, untold, NULL), 0);
}

STORE_TEST(a_cancel_still_goes_to_those_whose_message_was_long_purged)
{
	int64_t id = reader(1);
	struct alert first = flood(), cancel;
	struct message m;

	first.expires_at = NOW + INT64_C(1000) * HOUR_MS;
	first = published(first);
	expand();
	claim(1);
	m = message_to(first.id, id);
	outbox_settle(db, &(struct settled){ .message = &m, .state = OUTBOX_SENT }, 1);
	at(NOW + INT64_C(500) * HOUR_MS);
	outbox_purge(db, OUTBOX_SENT, db_now(db), 100);
	assert_int_equal(messages(first.id, 0, NULL), 0);
	cancel = replaced(&first, MSG_CANCEL);
	expand();
	assert_int_equal(messages(cancel.id, id, NULL), 1);
}

STORE_TEST(an_update_amid_the_expansion_goes_on_for_the_rest)
{
	struct alert first, update;

	readers(10);
	first = published(flood());
	step(4);
	update = replaced(&first, MSG_UPDATE);
	expand();
	assert_int_equal(messages(first.id, 0, NULL), 4);
	assert_int_equal(messages(update.id, 0, NULL), 10);
}

STORE_TEST(updates_that_follow_fast_leave_each_the_last_word_alone)
{
	struct alert al;
	struct message *m;
	size_t n, waiting = 0;

	readers(10);
	al = published(flood());
	for (int i = 0; i < 5; i++) {
		step(3);
		al = replaced(&al, MSG_UPDATE);
	}
	expand();
	n = messages(0, 0, &m);
	for (size_t i = 0; i < n; i++)
		if (m[i].state == OUTBOX_WAITING) {
			assert_int_equal(m[i].source, al.id);
			waiting++;
		}
	assert_int_equal(waiting, 10);
}

STORE_TEST(a_cancel_amid_the_expansion_leaves_the_rest_alone)
{
	struct alert first, cancel;

	readers(10);
	first = published(flood());
	step(4);
	claim(2);
	cancel = replaced(&first, MSG_CANCEL);
	expand();
	assert_int_equal(messages(first.id, 0, NULL), 4);
	assert_int_equal(messages(cancel.id, 0, NULL), 2);
	assert_int_equal(next, 0);
}

STORE_TEST(a_webhook_gets_every_step)
{
	struct alert al = flood(), update, cancel;
	int64_t hook =
	    subscribed("city-CJ", CHANNEL_WEBHOOK, "https://a.example/x", (struct subscription){ 0 });

	al.channels = 1U << CHANNEL_WEBHOOK;
	al = published(al);
	expand();
	update = replaced(&al, MSG_UPDATE);
	expand();
	cancel = replaced(&update, MSG_CANCEL);
	expand();
	assert_int_equal(message_to(al.id, hook).state, OUTBOX_WAITING);
	assert_non_null(strstr(payload_of(al.id, hook).p, "\"type\":\"alert.published\""));
	assert_non_null(strstr(payload_of(update.id, hook).p, "\"type\":\"alert.updated\""));
	assert_non_null(strstr(payload_of(cancel.id, hook).p, "\"type\":\"alert.cancelled\""));
}

STORE_TEST(who_left_hears_nothing_more)
{
	int64_t id = reader(1);
	struct alert first = published(flood()), update;

	expand();
	claim(1);
	assert_int_equal(subscription_delete(db, mem, id), OK);
	update = replaced(&first, MSG_UPDATE);
	expand();
	assert_int_equal(messages(update.id, 0, NULL), 0);
	assert_int_equal(next, 0);
}

STORE_TEST(an_urgent_one_overtakes_a_long_expansion)
{
	struct alert slow = flood(), fast;

	readers(10);
	slow.urgency = URGENCY_FUTURE;
	slow = published(slow);
	step(2);
	fast = published(flood());
	step(10);
	assert_int_equal(messages(fast.id, 0, NULL), 10);
	assert_int_equal(messages(slow.id, 0, NULL), 2);
	expand();
	assert_int_equal(messages(slow.id, 0, NULL), 10);
}

STORE_TEST(one_that_expires_amid_the_expansion_stops)
{
	struct alert al;
	struct feed feed;

	readers(10);
	al = published(flood());
	step(4);
	at(NOW + 2 * HOUR_MS);
	step(4);
	assert_false(more);
	assert_int_equal(messages(al.id, 0, NULL), 4);
	assert_int_equal(feed_page(db, mem, &(struct feed_query){ .staff = true, .limit = 1 }, &feed), OK);
	assert_str(feed.items[0].kind, "notice");
}

STORE_TEST(what_expired_is_swept_with_the_next_expansion)
{
	int64_t active;

	published(flood());
	expand();
	at(NOW + 3 * HOUR_MS);
	published(flood());
	expand();
	assert_int_equal(zset_card(db, S("alerts:active"), &active), OK);
	assert_int_equal(active, 1);
}

STORE_TEST(without_channels_there_is_nothing_to_expand)
{
	struct alert al = flood();

	readers(3);
	al.channels = 0;
	al = published(al);
	assert_int_equal(al.recipients, 0);
	step(10);
	assert_false(more);
	assert_int_equal(messages(al.id, 0, NULL), 0);
}

STORE_TEST(when_idle_a_step_writes_nothing)
{
	step(10);
	assert_false(more);
	assert_int_equal(next, 0);
	assert_int_equal(key_count(db), 0);
}

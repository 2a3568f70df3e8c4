/* event_test.c - what event.h promises. */
#include "collections.h"

#include "event.h"

static const struct str both[] = { { "availability", 12 }, { "alerts", 6 } };

static int64_t
put(const char *channel, const char *topic, const char *data)
{
	int64_t id = db_sequence_next(db);

	event_put(db, channel, str(topic), str(data), id);
	return id;
}

static struct events told;

/* "3<1:A 4<3": id, prev and topic of what a range of both channels has. */
static struct str
range(int64_t after, int64_t to, size_t limit)
{
	struct str all = S("");

	event_range(db, mem, both, LEN(both), after, to, limit, &told);
	for (size_t i = 0; i < told.n; i++)
		all =
		    arena_strf(mem, "%.*s%s%lld<%lld%s%.*s", FMT(all), i ? " " : "", (long long)told.v[i].id,
			(long long)told.v[i].prev, told.v[i].topic.n ? ":" : "", FMT(told.v[i].topic));
	return all;
}

STORE_TEST(events_come_in_order_over_all_channels_each_with_the_one_before_it_on_its_own)
{
	put("alerts", "", "{}");
	put("availability", "A", "{}");
	put("posts", "", "{}");
	put("alerts", "", "{}");
	put("availability", "B", "{}");
	assert_str(range(0, 5, 100), "1<0 2<0:A 4<1 5<2:B");
	assert_int_equal(told.last, 5);
	assert_false(told.more);
	assert_str(range(1, 5, 100), "2<0:A 4<1 5<2:B");
	assert_str(range(2, 4, 100), "4<1");
	assert_str(range(5, 5, 100), "");
	assert_int_equal(told.last, 5);
	all_agrees();
}

STORE_TEST(an_event_has_all_that_was_put)
{
	const struct str posts = S("posts");

	put("posts", "t\xc8\x99", "{\"a\":1}");
	event_range(db, mem, &posts, 1, 0, 9, 10, &told);
	assert_int_equal(told.n, 1);
	assert_str(told.v[0].channel, "posts");
	assert_str(told.v[0].topic, "t\xc8\x99");
	assert_str(told.v[0].data, "{\"a\":1}");
	assert_int_equal(told.v[0].created, NOW);
	assert_str(event_json(mem, &told.v[0]), "{\"seq\":1,\"prev\":0,\"a\":1}");
	told.v[0].data = S("{}");
	assert_str(event_json(mem, &told.v[0]), "{\"seq\":1,\"prev\":0}");
}

STORE_TEST(of_a_topic_the_latest_alone_is_given_and_the_chain_closes_over_the_gap)
{
	put("availability", "A", "{}");
	put("availability", "B", "{}");
	put("alerts", "", "{}");
	put("availability", "A", "{}");
	put("availability", "C", "{}");
	put("alerts", "", "{}");
	put("availability", "A", "{}");
	assert_str(range(0, 7, 100), "2<0:B 3<0 5<2:C 6<3 7<5:A");
	assert_str(range(2, 7, 100), "3<0 5<2:C 6<3 7<5:A");
	assert_str(range(2, 4, 100), "3<0 4<2:A"); /* the latest up to there */
}

STORE_TEST(a_topic_of_one_channel_is_not_that_of_another)
{
	put("availability", "A", "{}");
	put("alerts", "A", "{}");
	assert_str(range(0, 2, 100), "1<0:A 2<0:A");
}

STORE_TEST(a_limit_cuts_where_the_answer_is_complete)
{
	for (int i = 0; i < 10; i++)
		put(i % 2 ? "alerts" : "availability", i % 2 ? "" : "A", "{}");
	assert_str(range(0, 10, 4), "2<0 3<0:A 4<2");
	assert_int_equal(told.last, 4);
	assert_true(told.more);
	assert_str(range(4, 10, 4), "6<4 7<3:A 8<6");
	assert_int_equal(told.last, 8);
	assert_str(range(8, 10, 4), "9<7:A 10<8");
	assert_false(told.more);
	range(0, 10, 0);
	assert_true(told.last > 0); /* it moves on whatever was asked */
}

STORE_TEST(a_limit_holds_for_all_channels_together)
{
	for (int i = 0; i < 20; i++)
		put(i % 2 ? "alerts" : "availability", "", "{}");
	range(0, 20, 5);
	assert_int_equal(told.n, 5);
	assert_int_equal(told.last, 5);
}

STORE_TEST(pages_give_the_latest_of_each_topic_and_every_alert_whatever_their_size)
{
	enum { EVENTS = 300, TOPICS = 7 };
	bool alert[EVENTS + 1] = { 0 };
	int64_t latest[TOPICS] = { 0 };

	for (int i = 1; i <= EVENTS; i++) {
		int topic = (int)random_below(TOPICS);

		alert[i] = random_below(4) == 0;
		if (!alert[i])
			latest[topic] = i;
		put(alert[i] ? "alerts" : "availability", alert[i] ? "" : numbered("T", topic).p, "{}");
	}
	for (size_t limit = 1; limit < 400; limit = limit * 3 + 1) {
		int64_t after = 0, last[2] = { 0 }, seen[TOPICS] = { 0 }, alerts = 0, want = 0;

		do {
			range(after, EVENTS, limit);
			assert_true(told.last > after);
			for (size_t i = 0; i < told.n; i++) {
				const struct event *e = &told.v[i];
				bool is_alert = str_is(e->channel, "alerts");

				assert_true(e->id > after && e->id <= told.last);
				assert_true(e->prev >= last[is_alert]);
				last[is_alert] = e->id;
				alerts += is_alert;
				if (!is_alert)
					seen[e->topic.p[1] - '0'] = e->id;
			}
			after = told.last;
		} while (told.more);
		for (int i = 1; i <= EVENTS; i++)
			want += alert[i];
		assert_int_equal(alerts, want);
		assert_memory_equal(seen, latest, sizeof(seen));
		arena_reset(mem);
	}
}

STORE_TEST(a_channel_asked_for_twice_is_given_once)
{
	const struct str twice[] = { S("alerts"), S("posts"), S("alerts") };

	put("alerts", "", "{}");
	put("alerts", "", "{}");
	event_range(db, mem, twice, LEN(twice), 0, 2, 100, &told);
	assert_int_equal(told.n, 2);
	assert_int_equal(told.v[1].prev, 1);
}

STORE_TEST(heads_are_the_last_id_of_each_channel)
{
	struct event *heads;
	size_t n;

	assert_int_equal(event_heads(db, mem, &heads, &n), 0);
	put("posts", "", "{}");
	put("alerts", "", "{}");
	put("posts", "", "{}");
	assert_int_equal(event_head(db, S("posts")), 3);
	assert_int_equal(event_head(db, S("alerts")), 2);
	assert_int_equal(event_head(db, S("none")), 0);
	assert_int_equal(event_heads(db, mem, &heads, &n), 3);
	assert_int_equal(n, 2);
	assert_str(heads[0].channel, "alerts");
	assert_int_equal(heads[1].id, 3);
}

/* ---- keeping it small ---- */

STORE_TEST(what_is_old_goes_in_steps_and_the_floor_tells_how_far)
{
	int64_t floor = event_floor(db);

	for (int i = 0; i < 10; i++) {
		put("alerts", "", "{}");
		at(db_now(db) + 1);
	}
	assert_int_equal(event_floor(db), floor);
	assert_true(event_trim(db, NOW + 5, 100, 2));
	assert_int_equal(event_floor(db), 2);
	assert_true(event_trim(db, NOW + 5, 100, 2));
	assert_false(event_trim(db, NOW + 5, 100, 2));
	assert_int_equal(event_floor(db), 5);
	assert_false(event_trim(db, NOW + 5, 100, 2));
	assert_str(range(5, 10, 100), "6<5 7<6 8<7 9<8 10<9"); /* who has seen 5 misses nothing */
	assert_int_equal(event_head(db, S("alerts")), 10);
	all_agrees();
}

STORE_TEST(what_is_beyond_the_latest_goes)
{
	for (int i = 0; i < 10; i++)
		put(i % 2 ? "alerts" : "posts", "", "{}");
	assert_false(event_trim(db, 0, 10, 100));
	assert_false(event_trim(db, 0, 4, 100));
	assert_int_equal(event_floor(db), 6);
	assert_false(event_trim(db, 0, 4, 100));
	assert_str(range(6, 10, 100), "8<6 10<8");
	while (event_trim(db, 0, 0, 3))
		;
	assert_int_equal(event_floor(db), 10);
	put("alerts", "", "{}");
	assert_str(range(10, 11, 100), "11<10");
	all_agrees();
}

STORE_TEST(gaps_between_ids_do_not_count_as_events)
{
	for (int i = 0; i < 6; i++) {
		db_sequence_skip(db, 50);
		put("alerts", "", "{}");
	}
	assert_false(event_trim(db, 0, 4, 100));
	range(0, 10000, 100);
	assert_int_equal(told.n, 4);
}

STORE_TEST(an_empty_log_is_trimmed_without_harm)
{
	assert_false(event_trim(db, NOW, 0, 10));
	assert_int_equal(event_floor(db), 0);
}

STORE_TEST(after_a_backup_was_put_back_every_cursor_is_too_old)
{
	int64_t given;

	put("alerts", "", "{}");
	given = put("alerts", "", "{}");
	event_forget(db);
	assert_true(event_floor(db) > given + 1000000); /* also one that was given after the backup */
	range(0, INT64_MAX, 100);
	assert_int_equal(told.n, 0);
	given = put("alerts", "", "{}");
	assert_true(given > event_floor(db));
	assert_int_equal(event_head(db, S("alerts")), given);
	all_agrees();
}

STORE_TEST(how_far_behind_a_cursor_is_is_counted_on_its_channels_and_no_further_than_asked)
{
	for (int i = 0; i < 5; i++)
		put("alerts", "", "{}");
	put("posts", "", "{}");
	put("availability", "A", "{}");
	assert_int_equal(event_behind(db, both, LEN(both), 0, 100), 6);
	assert_int_equal(event_behind(db, both, LEN(both), 4, 100), 2);
	assert_int_equal(event_behind(db, both, LEN(both), 7, 100), 0);
	assert_int_equal(event_behind(db, both, LEN(both), 0, 3), 3);
}

STORE_TEST(after_a_backup_was_put_back_the_heads_tell_who_has_later_ids)
{
	put("alerts", "", "{}");
	event_forget(db);
	assert_true(event_head(db, S("alerts")) > 1000000);
	assert_int_equal(event_head(db, S("alerts")), event_floor(db));
	all_agrees();
}

STORE_TEST(an_event_that_is_undone_was_never_told)
{
	db_savepoint(db);
	put("alerts", "", "{}");
	db_undo(db);
	assert_int_equal(event_head(db, S("alerts")), 0);
	put("alerts", "", "{}");
	assert_str(range(0, 10, 10), "1<0");
}

STORE_TEST(a_check_finds_a_head_or_a_chain_that_is_wrong)
{
	static const char *const damages[] = {
		"update channel set head = 1 where name = 'alerts'",
		"update channel set head = 9 where name = 'posts'",
		"update event set prev = 2 where id = 3",
		"update event set id = 77 where id = 4",
	};

	put("alerts", "", "{}");
	put("posts", "", "{}");
	put("alerts", "", "{}");
	put("alerts", "", "{}");
	for (size_t i = 0; i < LEN(damages); i++) {
		at(NOW);
		by_hand("create table keep_channel as select * from channel");
		by_hand("create table keep_event as select * from event");
		by_hand(damages[i]);
		assert_true(key_check(db, NULL, NULL) > 0);
		by_hand("delete from channel");
		by_hand("insert into channel select * from keep_channel");
		by_hand("delete from event");
		by_hand("insert into event select * from keep_event");
		by_hand("drop table keep_channel");
		by_hand("drop table keep_event");
		all_agrees();
	}
}

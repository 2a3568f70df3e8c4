/* outbox_test.c - what outbox.h promises. */
#include "store.h"

#include "outbox.h"

enum { LEASE = 5000 };

/* "payload payload": what is claimed, at most `limit`. */
static struct outbox_row *rows;
static size_t nrows;

static struct str
claimed(const char *channel, size_t limit)
{
	struct str all = S("");

	assert_int_equal(outbox_claim(db, mem, channel, LEASE, limit, &rows, &nrows), OK);
	assert_true(nrows <= limit);
	for (size_t i = 0; i < nrows; i++)
		all = arena_strf(mem, "%.*s%s%.*s", FMT(all), i ? " " : "", FMT(rows[i].payload));
	return all;
}

static void
put(const char *topic, const char *payload, int64_t due)
{
	outbox_put(db, "live", str(topic), str(payload), db_sequence_next(db), due);
}

static int64_t
waiting(const char *channel)
{
	int64_t n, oldest;

	outbox_depth(db, channel, &n, &oldest);
	return n;
}

STORE_TEST(a_row_comes_back_with_all_that_was_put)
{
	db_sequence_next(db);
	outbox_put(db, "live", S("t\0x"), S("p\0\xff"), db_sequence_next(db), NOW);
	at(NOW + 1);
	claimed("live", 10);
	assert_int_equal(nrows, 1);
	assert_bytes(rows[0].topic, S("t\0x"));
	assert_bytes(rows[0].payload, S("p\0\xff"));
	assert_int_equal(rows[0].sequence, 2);
	assert_int_equal(rows[0].created, NOW);
	assert_int_equal(rows[0].attempts, 0);
}

STORE_TEST(a_row_is_claimed_when_it_is_due_and_not_before)
{
	put("", "later", NOW + 10);
	assert_str(claimed("live", 10), "");
	at(NOW + 9);
	assert_str(claimed("live", 10), "");
	at(NOW + 10);
	assert_str(claimed("live", 10), "later");
}

STORE_TEST(the_oldest_come_first_and_no_more_than_asked_for)
{
	put("", "c", NOW + 2);
	put("", "a", NOW + 1);
	put("", "b", NOW + 1);
	at(NOW + 10);
	assert_str(claimed("live", 2), "a b");
	assert_str(claimed("live", 2), "c");
	assert_str(claimed("live", 2), "");
}

STORE_TEST(each_channel_has_its_own_rows)
{
	outbox_put(db, "live", S("t"), S("for live"), 1, NOW);
	outbox_put(db, "email", S("t"), S("for email"), 1, NOW);
	assert_str(claimed("sms", 10), "");
	assert_str(claimed("email", 10), "for email");
	assert_str(claimed("live", 10), "for live");
}

STORE_TEST(of_one_topic_the_latest_state_wins)
{
	put("RO-CJ-01", "12", NOW);
	put("RO-CJ-02", "5", NOW);
	put("RO-CJ-01", "11", NOW);
	put("RO-CJ-01", "10", NOW);
	assert_int_equal(waiting("live"), 2);
	assert_str(claimed("live", 10), "10 5");
	assert_int_equal(rows[0].sequence, 4);
}

STORE_TEST(without_a_topic_every_row_goes_out)
{
	put("", "same", NOW);
	put("", "same", NOW);
	assert_str(claimed("live", 10), "same same");
	assert_true(rows[0].id != rows[1].id);
}

STORE_TEST(a_claimed_row_is_nobody_elses_for_its_lease)
{
	put("", "x", NOW);
	assert_str(claimed("live", 10), "x");
	at(NOW + LEASE - 1);
	assert_str(claimed("live", 10), "");
	at(NOW + LEASE);
	assert_str(claimed("live", 10), "x");
}

STORE_TEST(a_row_that_was_sent_is_gone)
{
	put("t", "x", NOW);
	put("", "y", NOW);
	claimed("live", 10);
	for (size_t i = 0; i < nrows; i++)
		outbox_done(db, &rows[i]);
	at(NOW + 2 * LEASE);
	assert_str(claimed("live", 10), "");
	assert_int_equal(waiting("live"), 0);
}

STORE_TEST(a_newer_state_put_while_the_older_is_sent_goes_out_too)
{
	put("t", "old", NOW);
	assert_str(claimed("live", 10), "old");
	put("t", "new", NOW);
	outbox_done(db, &rows[0]);
	assert_str(claimed("live", 10), "new");
	outbox_done(db, &rows[0]);
	assert_int_equal(waiting("live"), 0);
}

STORE_TEST(a_newer_state_does_not_wait_for_the_retry_of_the_older)
{
	put("t", "old", NOW);
	claimed("live", 10);
	put("t", "new", NOW);
	outbox_retry(db, &rows[0], NOW + 1000000, "refused");
	assert_str(claimed("live", 10), "new");
	assert_int_equal(rows[0].attempts, 0);
}

STORE_TEST(a_row_that_was_not_sent_is_due_again_with_one_more_attempt)
{
	put("", "x", NOW);
	for (int i = 0; i < 3; i++) {
		assert_str(claimed("live", 10), "x");
		assert_int_equal(rows[0].attempts, i);
		outbox_retry(db, &rows[0], db_now(db) + 100, "no answer");
		at(db_now(db) + 99);
		assert_str(claimed("live", 10), "");
		at(db_now(db) + 1);
	}
	assert_str(claimed("live", 10), "x");
}

STORE_TEST(a_row_keeps_its_id_through_every_attempt)
{
	int64_t id;

	put("", "x", NOW);
	claimed("live", 10);
	id = rows[0].id;
	outbox_retry(db, &rows[0], NOW, "no answer");
	claimed("live", 10);
	assert_int_equal(rows[0].id, id);
	outbox_done(db, &rows[0]);
	put("", "y", NOW);
	claimed("live", 10);
	assert_true(rows[0].id > id); /* a message's id is never used again */
}

STORE_TEST(the_depth_counts_rows_and_tells_since_when_the_oldest_waits)
{
	int64_t n = 9, oldest = 9;

	outbox_depth(db, "live", &n, &oldest);
	assert_int_equal(n, 0);
	assert_int_equal(oldest, 0);
	put("t", "1", NOW);
	at(NOW + 50);
	put("t", "2", NOW + 50);
	put("", "3", NOW + 50);
	outbox_depth(db, "live", &n, &oldest);
	assert_int_equal(n, 2);
	assert_int_equal(oldest, NOW); /* the first change of the topic that was not told */
}

STORE_TEST(a_row_of_a_transaction_that_is_undone_is_never_sent)
{
	db_savepoint(db);
	put("", "x", NOW);
	db_undo(db);
	assert_str(claimed("live", 10), "");
	put("", "y", NOW);
	start_over();
	assert_str(claimed("live", 10), "");
}

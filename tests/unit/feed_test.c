/* feed_test.c - the feed, and how far each has read. */
#include "alerts.h"

static struct feed feed;

static struct str
page(const char *user, bool staff, int64_t before, size_t limit)
{
	struct feed_query q = { .user = str(user), .staff = staff, .before = before, .limit = limit };
	struct str ids = S("");

	assert_int_equal(feed_page(db, mem, &q, &feed), OK);
	for (size_t i = 0; i < feed.n; i++)
		ids = arena_strf(mem, "%.*s%s%lld%s", FMT(ids), i ? " " : "", (long long)feed.items[i].id,
		    feed.items[i].read ? "r" : "");
	return ids;
}

static void
alerts(int n)
{
	while (n-- > 0)
		published(flood());
}

static void
mark(const char *user, int64_t id)
{
	assert_int_equal(feed_mark(db, mem, str(user), &id, 1), OK);
}

STORE_TEST(the_newest_comes_first_and_pages_go_on_by_cursor)
{
	alerts(5);
	assert_str(page("", false, 0, 2), "5 4");
	assert_int_equal(feed.next, 4);
	assert_int_equal(feed.head, 5);
	alerts(1); /* what comes in the meantime shifts nothing */
	assert_str(page("", false, 4, 2), "3 2");
	assert_str(page("", false, 2, 2), "1");
	assert_int_equal(feed.next, 0);
	assert_str(page("", false, 0, 6), "6 5 4 3 2 1");
	assert_int_equal(feed.next, 0);
}

STORE_TEST(for_an_anonymous_reader_nothing_is_read_or_counted)
{
	alerts(2);
	assert_str(page("", false, 0, 10), "2 1");
	assert_int_equal(feed.unread, -1);
}

STORE_TEST(an_empty_feed_has_neither_items_nor_a_head)
{
	assert_str(page("ana", true, 0, 10), "");
	assert_int_equal(feed.head, 0);
	assert_int_equal(feed.unread, 0);
}

STORE_TEST(reading_up_to_an_item_leaves_later_ones_unread)
{
	alerts(4);
	assert_int_equal(feed_mark_up_to(db, mem, S("ana"), 2), OK);
	assert_str(page("ana", false, 0, 10), "4 3 2r 1r");
	assert_int_equal(feed.unread, 2);
	assert_str(page("ion", false, 0, 10), "4 3 2 1");
	assert_int_equal(feed.unread, 4);
	assert_int_equal(feed_mark_up_to(db, mem, S("ana"), 1), OK);
	assert_str(page("ana", false, 0, 10), "4 3 2r 1r");
}

STORE_TEST(a_mark_beyond_the_newest_does_not_read_what_is_to_come)
{
	alerts(1);
	assert_int_equal(feed_mark_up_to(db, mem, S("ana"), INT64_MAX), OK);
	alerts(1);
	assert_str(page("ana", false, 0, 10), "2 1r");
	assert_int_equal(feed.unread, 1);
}

STORE_TEST(single_items_are_read_beyond_the_mark)
{
	alerts(4);
	mark("ana", 3);
	mark("ana", 3);
	mark("ana", 99); /* none of ours */
	assert_str(page("ana", false, 0, 10), "4 3r 2 1");
	assert_int_equal(feed.unread, 3);
	assert_int_equal(feed_mark_up_to(db, mem, S("ana"), 3), OK);
	assert_str(page("ana", false, 0, 10), "4 3r 2r 1r");
	assert_int_equal(feed.unread, 1);
}

STORE_TEST(what_was_superseded_counts_as_read_once)
{
	struct alert first = published(flood());

	alerts(1);
	mark("ana", first.sequence);
	replaced(&first, MSG_UPDATE);
	assert_str(page("ana", false, 0, 10), "3 2 1r");
	assert_int_equal(feed.unread, 2);
	assert_str(page("ion", false, 0, 10), "3 2 1r");
	assert_int_equal(feed.unread, 2);
	assert_int_equal(feed.items[2].superseded_by, 3);
}

STORE_TEST(notices_are_for_staff_alone)
{
	alerts(1);
	assert_int_equal(feed_notice(db, mem, S("An endpoint was switched off"), S("It is gone.")), OK);
	alerts(1);
	assert_str(page("ana", true, 0, 10), "3 2 1");
	assert_int_equal(feed.unread, 3);
	assert_str(feed.items[1].kind, "notice");
	assert_str(page("ana", false, 0, 10), "3 1");
	assert_int_equal(feed.unread, 2);
	mark("ana", 2);
	assert_str(page("ana", true, 0, 10), "3 2r 1");
	assert_int_equal(feed.unread, 2);
	assert_str(page("ana", false, 0, 10), "3 1");
	assert_int_equal(feed.unread, 2);
}

STORE_TEST(marks_of_single_items_are_bounded_the_oldest_join_the_mark)
{
	int64_t ids[FEED_SINGLES_MAX + 10];

	alerts(FEED_SINGLES_MAX + 11); /* number 1 stays unread */
	for (size_t i = 0; i < LEN(ids); i++)
		ids[i] = (int64_t)i + 2;
	for (size_t i = 0; i < LEN(ids); i += 10)
		assert_int_equal(feed_mark(db, mem, S("ana"), ids + i, 10), OK);
	page("ana", false, 0, 1);
	assert_int_equal(feed.unread, 0);
	assert_str(page("ana", false, 3, 2), "2r 1r");
}

STORE_TEST(old_notices_go)
{
	struct feed_item item;

	for (int i = 0; i < FEED_NOTICES_MAX + 3; i++)
		assert_int_equal(feed_notice(db, mem, S("n"), S("m")), OK);
	assert_int_equal(feed_get(db, mem, 3, &item), ERR_NOT_FOUND);
	assert_int_equal(feed_get(db, mem, 4, &item), OK);
}

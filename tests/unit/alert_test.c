/* alert_test.c - publishing, chains, lists. */
#include "alerts.h"

#include "hash.h"
#include "setting.h"

enum { SECOND = NOW + 1000, THIRD = NOW + 2000 };

static void
site(const char *url)
{
	const char *why;

	assert_int_equal(setting_set(db, mem, S("site.url"), str(url), &why), OK);
}

static struct events
events_after(int64_t after)
{
	struct events all;

	event_range(db, mem, &(struct str){ "alerts", 6 }, 1, after, INT64_MAX, 100, &all);
	return all;
}

STORE_TEST(what_is_published_is_read_back_whole)
{
	struct alert al, is;

	site("https://alerts.example.org:8443/x");
	al = published(flood());
	is = loaded(al.id);
	assert_int_equal(al.id, 1);
	assert_int_equal(is.first, 1);
	assert_int_equal(is.sequence, al.sequence);
	assert_str(is.identifier, "muster.alerts.example.org.19700101001640.1");
	assert_str(alert_sender(&is), "alerts.example.org");
	assert_int_equal(is.sent_at, NOW);
	assert_int_equal(is.public_at, NOW);
	assert_int_equal(is.expires_at, al.expires_at);
	assert_int_equal(is.severity, SEVERITY_SEVERE);
	assert_int_equal(is.urgency, URGENCY_IMMEDIATE);
	assert_int_equal(is.certainty, CERTAINTY_LIKELY);
	assert_int_equal(is.channels, al.channels);
	assert_int_equal(is.nlocations, 1);
	assert_str(is.locations[0], "city-CJ");
	assert_int_equal(is.ntexts, 2);
	assert_str(is.texts[0].title, "Inundație");
	assert_str(is.texts[1].instruction, "Climb.");
	assert_str(is.category, "Met");
	assert_str(is.response, "Shelter");
	assert_str(is.event, "Flood");
	assert_str(is.by, "ana");
	assert_str(is.references, "");
}

STORE_TEST(the_sender_stays_what_it_was_when_the_site_moves)
{
	struct alert al, next;

	site("http://[::1]:8080");
	al = published(flood());
	site("https://b.example");
	next = replaced(&al, MSG_UPDATE);
	assert_str(alert_sender(&next), "b.example");
	assert_str(next.references, "::1,muster.::1.19700101001640.1,1970-01-01T00:16:40-00:00");
}

STORE_TEST(publishing_takes_one_number_and_tells_pages_under_it)
{
	int64_t before = db_sequence(db);
	struct alert al = published(flood());
	struct events e = events_after(before);
	struct feed_item item;

	assert_int_equal(db_sequence(db), before + 1);
	assert_int_equal(e.n, 1);
	assert_int_equal(e.v[0].id, al.sequence);
	assert_non_null(strstr(e.v[0].data.p, "\"title\":\"Inundație\""));
	assert_null(strstr(e.v[0].data.p, "\"read\""));
	assert_int_equal(feed_get(db, mem, al.sequence, &item), OK);
	assert_int_equal(item.alert, al.id);
	assert_str(item.kind, "alert");
}

STORE_TEST(an_update_takes_the_place_of_the_first_everywhere)
{
	struct alert first = published(flood()), update;
	struct feed_item item;

	at(SECOND);
	update = replaced(&first, MSG_UPDATE);
	assert_int_equal(update.first, first.id);
	assert_int_equal(loaded(first.id).replaced_by, update.id);
	assert_str(listed(true, 0, 10), "2");
	assert_str(listed(false, 0, 10), "2 1");
	assert_int_equal(feed_get(db, mem, first.sequence, &item), OK);
	assert_int_equal(item.superseded_by, update.sequence);
	assert_int_equal(feed_get(db, mem, update.sequence, &item), OK);
	assert_int_equal(item.supersedes, first.sequence);
	assert_str(item.kind, "update");
	assert_str(update.texts[0].title, "Inundație");
}

STORE_TEST(references_name_all_earlier_ones_that_have_not_expired)
{
	struct alert first = published(flood()), update, last;

	at(SECOND);
	update = (struct alert){ .type = MSG_UPDATE, .replaces = first.id, .expires_at = NOW + 4 * HOUR_MS };
	update = published(update);
	at(THIRD);
	last = replaced(&update, MSG_CANCEL);
	assert_str(last.references, "127.0.0.1,muster.127.0.0.1.19700101001640.1,1970-01-01T00:16:40-00:00 "
				    "127.0.0.1,muster.127.0.0.1.19700101001641.2,1970-01-01T00:16:41-00:00");
}

STORE_TEST(references_leave_expired_ones_out_but_never_what_is_replaced)
{
	struct alert first = published(flood()), update;

	update = (struct alert){ .type = MSG_UPDATE, .replaces = first.id, .expires_at = NOW + 4 * HOUR_MS };
	update = published(update);
	at(NOW + 3 * HOUR_MS);
	update = replaced(&update, MSG_UPDATE);
	assert_str(
	    update.references, "127.0.0.1,muster.127.0.0.1.19700101001640.2,1970-01-01T00:16:40-00:00");
	at(NOW + 9 * HOUR_MS);
	update = (struct alert){ .type = MSG_UPDATE, .all_clear = true, .replaces = update.id };
	update = published(update);
	assert_str(
	    update.references, "127.0.0.1,muster.127.0.0.1.19700101031640.3,1970-01-01T03:16:40-00:00");
	assert_str(update.response, "AllClear");
	assert_int_equal(update.expires_at, NOW + 33 * HOUR_MS);
}

STORE_TEST(what_was_replaced_or_cancelled_cannot_be_replaced_again)
{
	struct alert first = published(flood()), cancel = replaced(&first, MSG_CANCEL), again;

	again = (struct alert){ .type = MSG_UPDATE, .replaces = first.id };
	assert_int_equal(alert_publish(db, mem, &again), ERR_CONFLICT);
	again.replaces = cancel.id;
	assert_int_equal(alert_publish(db, mem, &again), ERR_CONFLICT);
	again.replaces = 77;
	assert_int_equal(alert_publish(db, mem, &again), ERR_NOT_FOUND);
	assert_str(listed(true, 0, 10), "");
	assert_str(listed(false, 0, 10), "2 1");
}

STORE_TEST(a_scheduled_one_is_in_no_list_before_its_time)
{
	struct alert al = flood(), *all;
	int64_t before = db_sequence(db);
	size_t n;

	al.not_before = NOW + HOUR_MS;
	al = published(al);
	assert_str(listed(false, 0, 10), "");
	assert_str(listed(true, 0, 10), "");
	assert_int_equal(events_after(before).n, 0);
	assert_int_equal(alert_scheduled(db, mem, 10, &all, &n), OK);
	assert_int_equal(n, 1);
	at(NOW + HOUR_MS);
	assert_int_equal(alert_go_public(db, mem, &al), OK);
	assert_str(listed(true, 0, 10), "1");
	assert_int_equal(loaded(1).sent_at, NOW + HOUR_MS);
	assert_str(loaded(1).identifier, "muster.127.0.0.1.19700101011640.1");
	assert_int_equal(events_after(before).n, 1);
	assert_int_equal(alert_scheduled(db, mem, 10, &all, &n), OK);
	assert_int_equal(n, 0);
}

STORE_TEST(a_scheduled_one_that_is_cancelled_was_never_there)
{
	struct alert al = flood(), cancel, *all;
	int64_t before = db_sequence(db), waiting;
	size_t n;

	al.not_before = NOW + HOUR_MS;
	al = published(al);
	cancel = replaced(&al, MSG_CANCEL);
	assert_int_equal(cancel.public_at, 0);
	assert_str(listed(false, 0, 10), "");
	assert_int_equal(events_after(before).n, 0);
	assert_int_equal(alert_scheduled(db, mem, 10, &all, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(zset_card(db, S("fanouts"), &waiting), OK);
	assert_int_equal(waiting, 0);
}

STORE_TEST(an_update_of_a_scheduled_one_begins_a_chain_of_its_own)
{
	struct alert al = flood(), next;

	al.not_before = NOW + HOUR_MS;
	al = published(al);
	next = replaced(&al, MSG_UPDATE);
	assert_int_equal(next.type, MSG_ALERT);
	assert_int_equal(next.first, next.id);
	assert_str(next.references, "");
	assert_str(listed(true, 0, 10), "2");
	assert_int_equal(loaded(1).replaced_by, 2);
}

STORE_TEST(an_expired_one_is_not_active_and_is_swept_later)
{
	int64_t have;

	published(flood());
	at(NOW + 2 * HOUR_MS - 1);
	assert_str(listed(true, 0, 10), "1");
	at(NOW + 2 * HOUR_MS);
	assert_str(listed(true, 0, 10), "");
	assert_str(listed(false, 0, 10), "1");
	assert_int_equal(alert_sweep(db, mem, 10), OK);
	assert_int_equal(zset_card(db, S("alerts:active"), &have), OK);
	assert_int_equal(have, 0);
}

STORE_TEST(lists_go_on_where_the_last_page_ended)
{
	for (int i = 0; i < 5; i++)
		published(flood());
	assert_str(listed(false, 0, 2), "5 4");
	assert_str(listed(false, loaded(4).sequence, 2), "3 2");
	assert_str(listed(true, loaded(4).sequence, 2), "3 2");
	assert_str(listed(true, loaded(2).sequence, 2), "1");
}

STORE_TEST(a_chain_is_found_from_each_of_its_members)
{
	struct alert first = published(flood()), second = replaced(&first, MSG_UPDATE), *all;
	size_t n;

	replaced(&second, MSG_CANCEL);
	for (int64_t id = 1; id <= 3; id++) {
		assert_int_equal(alert_chain(db, mem, id, &all, &n), OK);
		assert_int_equal(n, 3);
		assert_int_equal(all[0].id, 3);
		assert_int_equal(all[2].id, 1);
	}
}

STORE_TEST(a_reader_gets_their_language_its_kin_or_the_main_one)
{
	struct alert al = flood();

	assert_str(alert_text_for(&al, S("en"))->title, "Flood");
	assert_str(alert_text_for(&al, S("EN-gb"))->title, "Flood");
	assert_str(alert_text_for(&al, S("hu"))->title, "Inundație");
	assert_str(alert_text_for(&al, S(""))->title, "Inundație");
}

STORE_TEST(an_exercise_is_never_critical)
{
	struct alert al = flood();

	assert_true(alert_is_critical(&al));
	al.exercise = true;
	assert_false(alert_is_critical(&al));
	assert_int_equal(alert_lane(&al), LANE_URGENT);
	al.urgency = URGENCY_FUTURE;
	assert_int_equal(alert_lane(&al), LANE_NORMAL);
}

TEST(words_of_cap_are_read_in_any_case)
{
	enum severity s;
	enum urgency u;
	enum certainty c;

	assert_true(severity_named(S("eXtreme"), &s));
	assert_int_equal(s, SEVERITY_EXTREME);
	assert_true(urgency_named(S("Past"), &u));
	assert_int_equal(u, URGENCY_PAST);
	assert_true(certainty_named(S("observed"), &c));
	assert_false(severity_named(S("Unknown"), &s));
	assert_false(severity_named(S(""), &s));
}

/* subscription_test.c - what subscription.h promises. */
#include "shelters.h"

#include "endpoint.h"
#include "hash.h"
#include "key.h"
#include "outbox.h"
#include "setting.h"
#include "subscription.h"

static struct subscription
wish(enum outbox_channel channel, const char *address, const char *location)
{
	struct str *locations = arena_array(mem, struct str, 1);

	*locations = str(location);
	return (struct subscription){ .channel = channel,
		.address = str(address),
		.locations = locations,
		.nlocations = 1,
		.min_severity = SEVERITY_MODERATE,
		.language = S("ro") };
}

static int64_t
saved(const char *address, const char *location)
{
	struct subscription s = wish(CHANNEL_EMAIL, address, location);

	assert_int_equal(subscription_save(db, mem, &s), OK);
	assert_true(s.id > 0);
	return s.id;
}

/* "1 3 4": who is concerned. */
static struct str
concerned(const char *location, int64_t after, size_t limit)
{
	struct str all = S("");
	int64_t *ids;
	size_t n;

	assert_int_equal(subscription_page(db, mem, str(location), after, limit, &ids, &n), OK);
	assert_true(n <= limit);
	for (size_t i = 0; i < n; i++)
		all = arena_strf(mem, "%.*s%s%lld", FMT(all), i ? " " : "", (long long)ids[i]);
	return all;
}

static int64_t
counted(const char *location)
{
	int64_t n;

	assert_int_equal(subscription_count(db, mem, str(location), &n), OK);
	return n;
}



STORE_TEST(what_was_saved_is_read_back)
{
	struct subscription s = wish(CHANNEL_SMS, "+40712345678", "city-CJ"), back;

	made("RO-CJ-01", 10);
	s.quiet_from = 22 * 60;
	s.quiet_to = 7 * 60;
	s.zone = S("Europe/Bucharest");
	assert_int_equal(subscription_save(db, mem, &s), OK);
	assert_int_equal(subscription_get(db, mem, s.id, &back), OK);
	assert_int_equal(back.channel, CHANNEL_SMS);
	assert_str(back.address, "+40712345678");
	assert_int_equal(back.nlocations, 1);
	assert_str(back.locations[0], "city-CJ");
	assert_int_equal(back.min_severity, SEVERITY_MODERATE);
	assert_str(back.language, "ro");
	assert_int_equal(back.quiet_from, 22 * 60);
	assert_int_equal(back.quiet_to, 7 * 60);
	assert_str(back.zone, "Europe/Bucharest");
	assert_int_equal(back.created_at, NOW);
	assert_int_equal(back.confirmed_at, NOW);
	assert_int_equal(subscription_get(db, mem, s.id + 1, &back), ERR_NOT_FOUND);
}

STORE_TEST(an_address_has_one_subscription_that_keeps_its_id)
{
	struct subscription s = wish(CHANNEL_EMAIL, "Ana@example.org", "city-TM"), back;
	int64_t first, found;

	made("RO-CJ-01", 10);
	made("RO-TM-01", 10);
	first = saved("ana@example.org", "city-CJ");
	at(NOW + 5000);
	assert_int_equal(subscription_save(db, mem, &s), OK);
	assert_int_equal(s.id, first);
	assert_int_equal(subscription_get(db, mem, first, &back), OK);
	assert_int_equal(back.created_at, NOW);
	assert_str(concerned("city-CJ", 0, 10), "");
	assert_str(concerned("city-TM", 0, 10), "1");
	assert_str(concerned("country-RO", 0, 10), "1");
	assert_int_equal(subscription_find(db, mem, CHANNEL_EMAIL, S("ANA@example.org"), &found), OK);
	assert_int_equal(found, first);
	assert_int_equal(
	    subscription_find(db, mem, CHANNEL_SMS, S("ana@example.org"), &found), ERR_NOT_FOUND);
}

STORE_TEST(an_alert_concerns_the_place_its_country_and_what_lies_within)
{
	made("RO-CJ-01", 10);
	made("RO-TM-01", 10);
	made("UA-KV-01", 10);
	saved("1@example.org", "city-CJ");
	saved("2@example.org", "city-TM");
	saved("3@example.org", "country-RO");
	saved("4@example.org", "city-KV");
	saved("5@example.org", "country-UA");
	assert_str(concerned("city-CJ", 0, 10), "1 3");
	assert_str(concerned("city-TM", 0, 10), "2 3");
	assert_str(concerned("country-RO", 0, 10), "1 2 3");
	assert_str(concerned("country-UA", 0, 10), "4 5");
	assert_str(concerned("city-XX", 0, 10), "");
	assert_int_equal(counted("country-RO"), 3);
	assert_int_equal(counted("city-KV"), 2);
}

STORE_TEST(an_area_over_two_countries_concerns_people_of_both)
{
	struct shelter a = made("RO-CJ-01", 10), b = made("UA-KV-01", 10);

	assert_int_equal(shelter_join(db, mem, &a, S("area-BORDER")), OK);
	assert_int_equal(shelter_join(db, mem, &b, S("area-BORDER")), OK);
	saved("1@example.org", "area-BORDER");
	saved("2@example.org", "country-RO");
	saved("3@example.org", "country-UA");
	assert_str(concerned("area-BORDER", 0, 10), "1 2 3");
	assert_str(concerned("country-RO", 0, 10), "1 2");
	assert_str(concerned("country-UA", 0, 10), "1 3");
}

STORE_TEST(who_chose_a_place_and_its_country_is_counted_for_the_country_once)
{
	struct subscription s = wish(CHANNEL_EMAIL, "ana@example.org", "city-CJ");
	struct str both[2] = { S("city-CJ"), S("country-RO") };

	made("RO-CJ-01", 10);
	s.locations = both;
	s.nlocations = 2;
	assert_int_equal(subscription_save(db, mem, &s), OK);
	assert_str(concerned("country-RO", 0, 10), "1");
	assert_str(concerned("city-CJ", 0, 10), "1");
	assert_int_equal(counted("country-RO"), 1);
}

STORE_TEST(pages_go_through_all_in_order_each_once)
{
	int64_t after = 0, *ids, seen = 0;
	size_t n;

	made("RO-CJ-01", 10);
	for (int i = 0; i < 100; i++)
		saved(arena_printf(mem, "%d@example.org", i), i % 3 ? "city-CJ" : "country-RO");
	do {
		assert_int_equal(subscription_page(db, mem, S("city-CJ"), after, 7, &ids, &n), OK);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(ids[i], ++seen);
			after = ids[i];
		}
	} while (n > 0);
	assert_int_equal(seen, 100);
}

STORE_TEST(nothing_of_a_deleted_one_is_left)
{
	struct subscription back;
	int64_t id, found, keys;

	made("RO-CJ-01", 10);
	saved("0@example.org", "city-CJ"); /* so that the counter is there */
	assert_int_equal(subscription_delete(db, mem, 1), OK);
	keys = key_count(db);
	id = saved("ana@example.org", "city-CJ");
	assert_int_equal(subscription_delete(db, mem, id), OK);
	assert_int_equal(key_count(db), keys);
	assert_int_equal(subscription_get(db, mem, id, &back), ERR_NOT_FOUND);
	assert_int_equal(
	    subscription_find(db, mem, CHANNEL_EMAIL, S("ana@example.org"), &found), ERR_NOT_FOUND);
	assert_int_equal(subscription_delete(db, mem, id), ERR_NOT_FOUND);
	assert_true(saved("ana@example.org", "city-CJ") > id); /* an id is never used again */
}

static int64_t
waiting(int64_t source, int64_t recipient)
{
	return outbox_put(
	    db, &(struct message){ .destination = destination_id(db, CHANNEL_EMAIL, S("smtp://relay:25")),
		    .channel = CHANNEL_EMAIL,
		    .lane = LANE_NORMAL,
		    .due = NOW,
		    .expires = NOW + 1000,
		    .source = source,
		    .recipient = recipient,
		    .payload = 1,
		    .target = S("ana@example.org") });
}

static enum outbox_state
state_of(int64_t id)
{
	struct message m;

	assert_int_equal(outbox_get(db, mem, id, &m), OK);
	return m.state;
}

static size_t
with_address(const char *address)
{
	size_t found = 0;

	for (int state = 0; state < OUTBOX__MAX; state++) {
		struct message *m;
		size_t n;

		outbox_list(db, mem,
		    &(struct outbox_filter){ .state = (enum outbox_state)state, .limit = 100 }, &m, &n);
		for (size_t i = 0; i < n; i++)
			found += str_is(m[i].target, address);
	}
	return found;
}

STORE_TEST(what_waits_for_a_deleted_one_is_not_sent_and_no_row_has_its_address)
{
	int64_t id, other, first, second, test, theirs;

	made("RO-CJ-01", 10);
	id = saved("ana@example.org", "city-CJ");
	other = saved("dan@example.org", "city-CJ");
	first = waiting(1, id);
	second = waiting(7, id);
	test = waiting(0, id);
	theirs = waiting(7, other);
	assert_int_equal(with_address("ana@example.org"), 4);
	assert_int_equal(subscription_delete(db, mem, id), OK);
	assert_int_equal(with_address("ana@example.org"), 1); /* theirs: made so above */
	assert_int_equal(state_of(first), OUTBOX_CANCELLED);
	assert_int_equal(state_of(second), OUTBOX_CANCELLED);
	assert_int_equal(state_of(test), OUTBOX_CANCELLED);
	assert_int_equal(state_of(theirs), OUTBOX_WAITING);
}

/* ---- webhooks ---- */

static int64_t
hook(const char *url)
{
	struct subscription s = wish(CHANNEL_WEBHOOK, url, "city-CJ");
	const char *why = NULL;
	struct str secret;

	assert_int_equal(subscription_save(db, mem, &s), OK);
	assert_int_equal(endpoint_make(db, mem, s.id, s.address, &secret, &why), OK);
	return s.id;
}

static size_t
hooks(int64_t after)
{
	int64_t *ids;
	size_t n;

	assert_int_equal(subscription_webhooks(db, mem, after, 10, &ids, &n), OK);
	return n;
}

STORE_TEST(a_webhook_is_listed_and_goes_with_its_endpoint)
{
	struct endpoint p;
	int64_t id;

	made("RO-CJ-01", 10);
	saved("ana@example.org", "city-CJ");
	id = hook("https://hooks.example.org/a");
	hook("https://hooks.example.org/b");
	assert_int_equal(hooks(0), 2);
	assert_int_equal(hooks(id), 1);
	assert_str(concerned("city-CJ", 0, 10), "1 2 3");
	assert_int_equal(subscription_delete(db, mem, id), OK);
	assert_int_equal(hooks(0), 1);
	assert_int_equal(endpoint_get(db, mem, id, &p), ERR_NOT_FOUND);
}

STORE_TEST(one_that_moves_keeps_its_id_and_frees_its_address)
{
	struct subscription s;
	int64_t id, found;

	made("RO-CJ-01", 10);
	id = hook("https://hooks.example.org/A");
	assert_int_equal(subscription_get(db, mem, id, &s), OK);
	s.address = S("https://hooks.example.org/a"); /* the case of a path counts */
	assert_int_equal(subscription_find(db, mem, CHANNEL_WEBHOOK, s.address, &found), ERR_NOT_FOUND);
	assert_int_equal(subscription_move(db, mem, S("https://hooks.example.org/A"), &s), OK);
	assert_int_equal(s.id, id);
	assert_int_equal(
	    subscription_find(db, mem, CHANNEL_WEBHOOK, S("https://hooks.example.org/A"), &found),
	    ERR_NOT_FOUND);
	assert_int_equal(subscription_find(db, mem, CHANNEL_WEBHOOK, s.address, &found), OK);
	assert_int_equal(found, id);
	assert_int_equal(hooks(0), 1);
}

/* ---- addresses ------------------------------------------------------------------ */

struct row {
	const char *given, *address; /* NULL: it is none */
};

STORE_TEST(email_addresses)
{
	static const struct row rows[] = {
		{ "ana@example.org", "ana@example.org" },
		{ "  Ana.Pop@Example.ORG ", "Ana.Pop@example.org" },
		{ "a+b_c-d!#$%&'*/=?^`{|}~@example.org", "a+b_c-d!#$%&'*/=?^`{|}~@example.org" },
		{ "a@b.co", "a@b.co" },
		{ "o'neil@mail.example.co.uk", "o'neil@mail.example.co.uk" },
		{ "ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example" },
		{ "ana@123.example", "ana@123.example" },
		{ "", NULL },
		{ "ana", NULL },
		{ "@example.org", NULL },
		{ "ana@", NULL },
		{ "ana@example", NULL },
		{ "ana@example.org.", NULL },
		{ "ana@example..org", NULL },
		{ "ana@-example.org", NULL },
		{ "ana@example-.org", NULL },
		{ "ana@127.0.0.1", NULL },
		{ "ana@[127.0.0.1]", NULL },
		{ ".ana@example.org", NULL },
		{ "ana.@example.org", NULL },
		{ "a..na@example.org", NULL },
		{ "\"ana\"@example.org", NULL },
		{ "ana pop@example.org", NULL },
		{ "ana@exam ple.org", NULL },
		{ "ana@example.org, dan@example.org", NULL },
		{ "ana@dan@example.org", NULL },
		{ "Ana <ana@example.org>", NULL },
		{ "ana@b\xc3\xbc"
		  "cher.example",
		    NULL },
		{ "an\xc4\x83@example.org", NULL },
		{ "ana@example.org\r\nBcc: x@example.org", NULL },
	};
	struct str address;

	for (size_t i = 0; i < LEN(rows); i++) {
		bool good = address_normal(mem, CHANNEL_EMAIL, str(rows[i].given), &address);

		if (good != (rows[i].address != NULL))
			fail_msg("%s is %s", rows[i].given, good ? "taken" : "refused");
		if (good)
			assert_str(address, rows[i].address);
	}
}

STORE_TEST(long_parts_of_an_address_are_refused)
{
	char local[66], label[65];
	struct str address;

	memset(local, 'a', sizeof(local));
	memset(label, 'b', sizeof(label));
	assert_true(
	    address_normal(mem, CHANNEL_EMAIL, arena_strf(mem, "%.64s@example.org", local), &address));
	assert_false(
	    address_normal(mem, CHANNEL_EMAIL, arena_strf(mem, "%.65s@example.org", local), &address));
	assert_true(address_normal(mem, CHANNEL_EMAIL, arena_strf(mem, "a@%.63s.org", label), &address));
	assert_false(address_normal(mem, CHANNEL_EMAIL, arena_strf(mem, "a@%.64s.org", label), &address));
	assert_false(address_normal(mem, CHANNEL_EMAIL,
	    arena_strf(mem, "%.64s@%.63s.%.63s.%.63s.org", local, label, label, label), &address));
}

STORE_TEST(telephone_numbers_are_of_the_country_unless_they_say_another)
{
	static const struct row rows[] = {
		{ "0712345678", "+40712345678" },
		{ "0712 345 678", "+40712345678" },
		{ "(0712) 345-678", "+40712345678" },
		{ "712.345.678", "+40712345678" },
		{ "+40 712 345 678", "+40712345678" },
		{ "0040712345678", "+40712345678" },
		{ "40712345678", "+40712345678" },
		{ "+1 212-555-0123", "+12125550123" },
		{ "00380441234567", "+380441234567" },
		{ "+0712345678", NULL },
		{ "+", NULL },
		{ "", NULL },
		{ "112", NULL },
		{ "07123456789012345", NULL },
		{ "+40712345678901234", NULL },
		{ "0712x345678", NULL },
		{ "ana@example.org", NULL },
		{ "+40+712345678", NULL },
	};
	const char *why;
	struct str address;

	for (size_t i = 0; i < LEN(rows); i++) {
		bool good = address_typed(db, mem, CHANNEL_SMS, str(rows[i].given), &address, &why);

		if (good != (rows[i].address != NULL))
			fail_msg("%s is %s", rows[i].given, good ? "taken" : "refused");
		if (good)
			assert_str(address, rows[i].address);
		else
			assert_true(strlen(why) > 10);
	}
	assert_int_equal(setting_set(db, mem, S("sms.country"), S("+39"), &why), OK);
	assert_true(address_typed(db, mem, CHANNEL_SMS, S("06 1234 5678"), &address, &why));
	assert_str(address, "+390612345678");
	assert_false(address_normal(mem, CHANNEL_SMS, S("0712345678"), &address));
}

STORE_TEST(other_letters_in_an_address_are_refused_with_what_to_do)
{
	const char *why;
	struct str address;

	assert_false(
	    address_typed(db, mem, CHANNEL_EMAIL, S("ana@b\xc3\xbc\x63her.example"), &address, &why));
	assert_non_null(strstr(why, "xn--"));
}

STORE_TEST(a_masked_address_tells_who_knows_it_and_nobody_else)
{
	assert_str(address_masked(mem, CHANNEL_EMAIL, S("ana.pop@example.org")), "a***@example.org");
	assert_str(address_masked(mem, CHANNEL_SMS, S("+40712345678")), "+40 *** 678");
}

/* optin_test.c - what optin.h promises. */
#include "shelters.h"

#include <json-c/json.h>

#include "hash.h"
#include "key.h"
#include "optin.h"
#include "outbox.h"
#include "suppress.h"

enum { DAY = 24 * HOUR_MS };

static struct str places[] = { B("city-CJ") };

static struct subscription
wish(enum outbox_channel channel, const char *address)
{
	return (struct subscription){ .channel = channel,
		.address = str(address),
		.locations = places,
		.nlocations = 1,
		.min_severity = SEVERITY_SEVERE,
		.language = S("en"),
		.quiet_from = 60 };
}

static void
ask(enum outbox_channel channel, const char *address)
{
	struct subscription s = wish(channel, address);

	assert_int_equal(optin_ask(db, mem, &s), OK);
}

/* The messages that wait, the first one first. */
static struct message *sent;
static size_t nsent;

static size_t
messages(void)
{
	outbox_list(db, mem, &(struct outbox_filter){ .limit = 100 }, &sent, &nsent);
	return nsent;
}

/* What the last one says. */
static struct str
said(void)
{
	struct json_object *all, *text = NULL;
	struct str body, words;

	assert_true(messages() > 0);
	assert_int_equal(payload_get(db, mem, sent[nsent - 1].payload, &body), OK);
	all = json_tokener_parse(arena_dup(mem, body).p);
	assert_non_null(all);
	assert_true(json_object_object_get_ex(all, "text", &text));
	words = arena_dup(mem, str(json_object_get_string(text)));
	json_object_put(all);
	return words;
}

static struct str
token_in(struct str words)
{
	const char *at = strstr(words.p, "/subscriptions/");

	assert_non_null(at);
	at += strlen("/subscriptions/");
	return (struct str){ at, strspn(at, "0123456789abcdef") };
}

static struct str
code_in(struct str words)
{
	const char *at = strpbrk(words.p, "0123456789");

	assert_non_null(at);
	return (struct str){ at, strspn(at, "0123456789") };
}

STORE_TEST(a_wish_becomes_true_by_the_link_that_was_sent_and_once)
{
	struct pending p, again;
	struct subscription s;
	struct str token;
	int64_t id;

	made("RO-CJ-01", 10);
	ask(CHANNEL_EMAIL, "ana@example.org");
	assert_int_equal(subscription_find(db, mem, CHANNEL_EMAIL, S("ana@example.org"), &id), ERR_NOT_FOUND);
	token = token_in(said());
	assert_int_equal(token.n, 40);
	at(NOW + DAY - 1);
	assert_int_equal(optin_by_token(db, mem, token, &p), OK);
	assert_int_equal(optin_by_token(db, mem, token, &again), OK); /* looking takes nothing */
	assert_int_equal(optin_confirm(db, mem, &p), OK);
	assert_int_equal(subscription_get(db, mem, p.wish.id, &s), OK);
	assert_true(str_is(s.address, "ana@example.org"));
	assert_int_equal(s.min_severity, SEVERITY_SEVERE);
	assert_int_equal(s.quiet_from, 60);
	assert_int_equal(s.confirmed_at, NOW + DAY - 1);
	assert_int_equal(optin_by_token(db, mem, token, &p), ERR_NOT_FOUND);
}

STORE_TEST(a_link_ends_after_a_day)
{
	struct pending p;
	struct str token;

	ask(CHANNEL_EMAIL, "ana@example.org");
	token = token_in(said());
	assert_int_equal(sent[0].expires, NOW + DAY);
	at(NOW + DAY);
	assert_int_equal(optin_by_token(db, mem, token, &p), ERR_NOT_FOUND);
}

STORE_TEST(a_code_is_good_for_its_number_and_no_token)
{
	struct pending p;
	struct str code;

	made("RO-CJ-01", 10);
	ask(CHANNEL_SMS, "+40712345678");
	code = code_in(said());
	assert_int_equal(code.n, OPTIN_CODE);
	assert_int_equal(optin_by_code(db, mem, S("+40712345679"), code, &p), ERR_NOT_FOUND);
	assert_int_equal(optin_by_token(db, mem, code, &p), ERR_NOT_FOUND);
	assert_int_equal(
	    optin_by_token(db, mem, arena_strf(mem, "+40712345678 %.*s", FMT(code)), &p), ERR_NOT_FOUND);
	assert_int_equal(optin_by_code(db, mem, S("+40712345678"), code, &p), OK);
	assert_int_equal(optin_confirm(db, mem, &p), OK);
	assert_int_equal(optin_by_code(db, mem, S("+40712345678"), code, &p), ERR_NOT_FOUND);
}

/* A number as long as a token with its blank and its code is no way round. */
STORE_TEST(what_looks_like_a_token_is_only_looked_up_as_one)
{
	struct pending p;

	assert_int_equal(
	    optin_by_token(db, mem, S("+4071234567890123456789012345678 123456"), &p), ERR_NOT_FOUND);
	assert_int_equal(optin_by_token(db, mem, S(""), &p), ERR_NOT_FOUND);
}

STORE_TEST(an_address_gets_three_messages_a_day_however_it_is_written)
{
	ask(CHANNEL_EMAIL, "ana@example.org");
	ask(CHANNEL_EMAIL, "ANA@example.org");
	ask(CHANNEL_EMAIL, "Ana@example.org");
	ask(CHANNEL_EMAIL, "ana@example.org");
	assert_int_equal(messages(), 3);
	ask(CHANNEL_EMAIL, "dan@example.org");
	assert_int_equal(messages(), 4);
	at(NOW + DAY - 1);
	ask(CHANNEL_EMAIL, "ana@example.org"); /* later tries do not make the day longer */
	assert_int_equal(messages(), 4);
	at(NOW + DAY);
	ask(CHANNEL_EMAIL, "ana@example.org");
	assert_int_equal(messages(), 5);
}

static void
subscribe(const char *address)
{
	struct subscription s = wish(CHANNEL_EMAIL, address);

	made("RO-CJ-01", 10);
	assert_int_equal(subscription_save(db, mem, &s), OK);
}

/* Keys and messages that asking adds. */
static void
added(const char *address, int64_t *keys, size_t *rows)
{
	int64_t before = key_count(db);
	size_t n = messages();

	ask(CHANNEL_EMAIL, address);
	*keys = key_count(db) - before;
	*rows = messages() - n;
}

STORE_TEST(as_much_is_written_for_a_known_or_suppressed_address_as_for_any)
{
	int64_t keys[3];
	size_t rows[3];

	subscribe("known@example.org");
	suppress(db, mem, CHANNEL_EMAIL, S("never@example.org"), "complaint", "test");
	added("known@example.org", &keys[0], &rows[0]);
	added("never@example.org", &keys[1], &rows[1]);
	added("fresh@example.org", &keys[2], &rows[2]);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(keys[i], keys[2]);
		assert_int_equal(rows[i], 1);
	}
}

STORE_TEST(who_is_subscribed_reads_so_and_how_to_change_or_end_it)
{
	struct subscription s = wish(CHANNEL_EMAIL, "ana@example.org");
	struct str words, own;

	subscribe("ana@example.org");
	own = subscription_link(db, mem, 1);
	assert_int_equal(optin_ask(db, mem, &s), OK);
	words = said();
	assert_non_null(strstr(words.p, "already"));
	assert_non_null(strstr(words.p, own.p));
	assert_non_null(strstr(words.p, "/unsubscribe"));
	ask(CHANNEL_EMAIL, "dan@example.org");
	words = said();
	assert_null(strstr(words.p, "already"));
	assert_null(strstr(words.p, "/unsubscribe"));
}

STORE_TEST(confirming_twice_changes_what_is_there)
{
	struct pending first, second;
	struct str token;

	made("RO-CJ-01", 10);
	ask(CHANNEL_EMAIL, "ana@example.org");
	token = token_in(said());
	ask(CHANNEL_EMAIL, "ana@example.org");
	assert_int_equal(optin_by_token(db, mem, token, &first), OK);
	assert_int_equal(optin_by_token(db, mem, token_in(said()), &second), OK);
	assert_int_equal(optin_confirm(db, mem, &first), OK);
	assert_int_equal(optin_confirm(db, mem, &second), OK);
	assert_int_equal(first.wish.id, second.wish.id);
}

STORE_TEST(messages_are_in_the_language_asked_for_or_in_english)
{
	struct subscription s = wish(CHANNEL_EMAIL, "ana@example.org");

	s.language = S("ro-RO");
	assert_int_equal(optin_ask(db, mem, &s), OK);
	assert_non_null(strstr(said().p, "alerte"));
	s.language = S("xx");
	assert_int_equal(optin_ask(db, mem, &s), OK);
	assert_non_null(strstr(said().p, "alerts"));
}

STORE_TEST(a_code_fits_into_one_sms)
{
	ask(CHANNEL_SMS, "+40712345678");
	assert_true(said().n <= 160);
}

STORE_TEST(a_test_says_so_and_belongs_to_its_subscription)
{
	struct subscription s = wish(CHANNEL_EMAIL, "ana@example.org");

	subscribe("ana@example.org");
	s.id = 1;
	optin_test(db, mem, &s);
	assert_true(str_starts(said(), "TEST."));
	assert_int_equal(sent[0].recipient, 1);
	assert_int_equal(subscription_delete(db, mem, 1), OK);
	assert_int_equal(messages(), 0);
	s.id = 0;
	optin_test(db, mem, &s);
	assert_null(strstr(said().p, "/subscriptions/"));
}

/* suppress_test.c - addresses that get nothing from us any more. */
#include "store.h"

#include "hash.h"
#include "suppress.h"

static bool
is(const char *address)
{
	return suppressed(db, mem, CHANNEL_EMAIL, str(address), NULL);
}

static struct str
why(enum outbox_channel channel, const char *address)
{
	struct str out = S("");

	suppressed(db, mem, channel, str(address), &out);
	return out;
}

STORE_TEST(only_the_address_that_was_suppressed_is)
{
	suppress(db, mem, CHANNEL_EMAIL, S("ana@example.org"), "hard-bounce", "msg_x_1");
	assert_true(is("ana@example.org"));
	assert_false(is("ann@example.org"));
	assert_false(is("ana@example.or"));
	assert_false(is(""));
	assert_int_equal(suppress_count(db, CHANNEL_EMAIL), 1);
}

STORE_TEST(spellings_of_one_mailbox_are_one)
{
	suppress(db, mem, CHANNEL_EMAIL, S("Ana@Example.ORG"), "operator", "admin");
	assert_true(is("ana@example.org"));
	assert_true(is(" ANA@example.org "));
	suppress(db, mem, CHANNEL_SMS, S("+40 712-345 678"), "opted-out", "gateway");
	assert_true(suppressed(db, mem, CHANNEL_SMS, S("+40712345678"), NULL));
}

STORE_TEST(each_channel_has_a_list_of_its_own)
{
	suppress(db, mem, CHANNEL_SMS, S("+40712345678"), "invalid", "msg_x_1");
	assert_false(suppressed(db, mem, CHANNEL_EMAIL, S("+40712345678"), NULL));
	assert_int_equal(suppress_count(db, CHANNEL_SMS), 1);
	assert_int_equal(suppress_count(db, CHANNEL_EMAIL), 0);
}

STORE_TEST(the_list_holds_no_address)
{
	struct field *f;
	size_t n;

	suppress(db, mem, CHANNEL_EMAIL, S("ana@example.org"), "hard-bounce", "msg_x_1");
	assert_int_equal(hash_all(db, mem, S("suppressed:email"), &f, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(f[0].name.n, 40);
	assert_null(strstr(f[0].name.p, "ana"));
	assert_null(strstr(f[0].value.p, "example"));
	assert_string_equal(f[0].value.p, "{\"why\":\"hard-bounce\",\"source\":\"msg_x_1\",\"at\":1000000}");
}

STORE_TEST(the_owners_word_outweighs_a_bounce_and_is_outweighed_by_none)
{
	suppress(db, mem, CHANNEL_EMAIL, S("a@b.example"), "hard-bounce", "x");
	suppress(db, mem, CHANNEL_EMAIL, S("a@b.example"), "invalid", "x");
	assert_true(str_is(why(CHANNEL_EMAIL, "a@b.example"), "hard-bounce"));
	suppress(db, mem, CHANNEL_EMAIL, S("a@b.example"), "complaint", "x");
	assert_true(str_is(why(CHANNEL_EMAIL, "a@b.example"), "complaint"));
	suppress(db, mem, CHANNEL_EMAIL, S("a@b.example"), "hard-bounce", "x");
	assert_true(str_is(why(CHANNEL_EMAIL, "a@b.example"), "complaint"));
}

STORE_TEST(what_is_taken_back_may_be_written_to_again)
{
	assert_false(unsuppress(db, mem, CHANNEL_EMAIL, S("a@b.example")));
	suppress(db, mem, CHANNEL_EMAIL, S("a@b.example"), "operator", "admin");
	assert_true(unsuppress(db, mem, CHANNEL_EMAIL, S("A@b.example")));
	assert_false(is("a@b.example"));
}

STORE_TEST(the_list_goes_page_by_page_and_shows_each_once)
{
	struct suppression *s;
	struct str after = { 0 };
	size_t n, seen = 0;

	for (int i = 0; i < 25; i++)
		suppress(db, mem, CHANNEL_EMAIL, arena_strf(mem, "u%d@b.example", i), "operator", "somebody");
	do {
		suppress_list(db, mem, CHANNEL_EMAIL, after, 10, &s, &n);
		for (size_t i = 0; i < n; i++) {
			assert_true(after.p == NULL || str_cmp(after, s[i].hash) < 0);
			assert_true(str_is(s[i].why, "operator"));
			assert_true(str_is(s[i].source, "somebody"));
			assert_int_equal(s[i].at, NOW);
			after = s[i].hash;
		}
		seen += n;
	} while (n > 0);
	assert_int_equal(seen, 25);
}

STORE_TEST(only_the_five_reasons_are_reasons)
{
	assert_true(suppress_reason(S("hard-bounce")));
	assert_true(suppress_reason(S("operator")));
	assert_false(suppress_reason(S("")));
	assert_false(suppress_reason(S("bounce")));
}

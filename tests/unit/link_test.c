/* link_test.c - what link.h promises. */
#include "store.h"

#include "link.h"
#include "outbox.h"

static bool
holds(const char *purpose, struct str token, int64_t want)
{
	int64_t id = 0;

	return link_verify(db, mem, purpose, token, &id) && id == want;
}

STORE_TEST(a_token_stands_for_its_number)
{
	assert_true(holds("unsubscribe", link_token(db, mem, "unsubscribe", 42), 42));
	assert_true(holds("unsubscribe", link_token(db, mem, "unsubscribe", INT64_MAX), INT64_MAX));
}

STORE_TEST(for_its_purpose_alone)
{
	assert_false(holds("sms-status", link_token(db, mem, "unsubscribe", 42), 42));
}

STORE_TEST(it_is_plain_enough_for_every_address)
{
	struct str token = link_token(db, mem, "unsubscribe", 42);

	for (size_t i = 0; i < token.n; i++)
		assert_true((token.p[i] >= '0' && token.p[i] <= '9') ||
			    (token.p[i] >= 'a' && token.p[i] <= 'f') || token.p[i] == '-');
}

STORE_TEST(another_number_or_another_letter_is_none_of_ours)
{
	struct str token = link_token(db, mem, "unsubscribe", 42), other;
	char *p;

	other = arena_strf(mem, "43%.*s", (int)token.n - 2, token.p + 2);
	assert_false(holds("unsubscribe", other, 43));
	for (size_t i = 0; i < token.n; i++) {
		p = (char *)arena_dup(mem, token).p;
		p[i] = p[i] == '0' ? '1' : '0';
		assert_false(holds("unsubscribe", (struct str){ p, token.n }, 42));
		assert_false(holds("unsubscribe", (struct str){ token.p, i }, 42));
	}
	assert_false(holds("unsubscribe", arena_strf(mem, "%.*s0", FMT(token)), 42));
	assert_false(holds("unsubscribe", S("0-"), 0));
	assert_false(holds("unsubscribe", S("-"), 0));
}

STORE_TEST(a_hash_is_as_long_as_asked_and_needs_the_secret)
{
	struct str hash = link_hash(db, mem, S("ana@example.org"), 20);

	assert_int_equal(hash.n, 40);
	assert_true(str_eq(hash, link_hash(db, mem, S("ana@example.org"), 20)));
	assert_false(str_eq(hash, link_hash(db, mem, S("ana@example.net"), 20)));
	assert_int_equal(link_hash(db, mem, S(""), 64).n, 128);
	assert_int_equal(tenant_secret(db, mem).n, 32);
}

/* set_test.c - what set.h promises. */
#include "collections.h"

STORE_TEST(a_member_is_in_the_set_once_however_often_it_was_added)
{
	int64_t n;

	for (int i = 0; i < 3; i++)
		assert_int_equal(set_add(db, S("s"), S("m")), OK);
	assert_true(set_has(db, S("s"), S("m")));
	assert_int_equal(set_card(db, S("s"), &n), OK);
	assert_int_equal(n, 1);
}

STORE_TEST(members_are_bytes_and_numbers_written_differently_differ)
{
	static const struct str members[] = { B(""), B("\0"), B("1"), B("01"), B("1.0"), B("a"), B("a\0b"),
		B("\xff") };
	struct str *v;
	size_t n;

	for (size_t i = LEN(members); i-- > 0;)
		assert_int_equal(set_add(db, S("s"), members[i]), OK);
	assert_int_equal(set_page(db, mem, S("s"), (struct str){ NULL, 0 }, 100, &v, &n), OK);
	assert_int_equal(n, LEN(members));
	assert_bytes(v[0], S(""));
	assert_bytes(v[1], S("\0"));
	for (size_t i = 0; i < n; i++) {
		assert_true(set_has(db, S("s"), members[i]));
		assert_true(i == 0 || str_cmp(v[i - 1], v[i]) < 0);
	}
	assert_false(set_has(db, S("s"), S("a\0")));
}

STORE_TEST(a_missing_set_has_no_members)
{
	struct str *v;
	size_t n = 9;
	int64_t card = 9;

	assert_false(set_has(db, S("s"), S("m")));
	assert_int_equal(set_card(db, S("s"), &card), OK);
	assert_int_equal(card, 0);
	assert_int_equal(set_page(db, mem, S("s"), (struct str){ NULL, 0 }, 10, &v, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(set_rem(db, S("s"), S("m")), OK);
}

STORE_TEST(a_removed_member_is_gone_and_a_missing_one_no_fault)
{
	set_add(db, S("s"), S("a"));
	set_add(db, S("s"), S("b"));
	assert_int_equal(set_rem(db, S("s"), S("a")), OK);
	assert_int_equal(set_rem(db, S("s"), S("a")), OK);
	assert_str(set_text("s"), "b");
}

STORE_TEST(removing_the_last_member_takes_the_key)
{
	set_add(db, S("s"), S("a"));
	assert_int_equal(set_rem(db, S("s"), S("a")), OK);
	assert_false(key_exists(db, S("s")));
}

STORE_TEST(pages_follow_one_another_by_member_from_the_empty_one_on)
{
	struct str *v, last = { NULL, 0 };
	size_t n, seen = 0;

	set_add(db, S("s"), S(""));
	for (int i = 1; i < 25; i++)
		set_add(db, S("s"), arena_strf(mem, "%03d", i));
	while (assert_int_equal(set_page(db, mem, S("s"), last, 10, &v, &n), OK), n > 0) {
		assert_true(n <= 10);
		for (size_t i = 0; i < n; i++, seen++)
			assert_str(v[i], seen ? arena_printf(mem, "%03zu", seen) : "");
		last = v[n - 1];
	}
	assert_int_equal(seen, 25);
}

STORE_TEST(a_key_of_another_type_is_an_error)
{
	struct str *v;
	size_t n;
	int64_t card;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "set"))
			continue;
		assert_int_equal(set_add(db, each_type[i], S("m")), ERR_TYPE);
		assert_int_equal(set_rem(db, each_type[i], S("m")), ERR_TYPE);
		assert_int_equal(set_card(db, each_type[i], &card), ERR_TYPE);
		assert_int_equal(set_page(db, mem, each_type[i], S(""), 1, &v, &n), ERR_TYPE);
		assert_false(set_has(db, each_type[i], S("m")));
	}
}

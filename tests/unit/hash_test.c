/* hash_test.c - what hash.h promises. */
#include "collections.h"

STORE_TEST(a_field_comes_back_byte_for_byte)
{
	struct field f[] = { { S("a\0b"), S("v\0w") }, { S("\xff"), S("") }, { S(""), S("\x80") } };
	struct str v;

	assert_int_equal(hash_set(db, S("h"), f, LEN(f)), OK);
	for (size_t i = 0; i < LEN(f); i++) {
		assert_int_equal(hash_get(db, mem, S("h"), f[i].name, &v), OK);
		assert_bytes(v, f[i].value);
	}
}

STORE_TEST(a_missing_key_and_a_missing_field_are_not_found)
{
	struct str v;

	assert_int_equal(hash_get(db, mem, S("h"), S("f"), &v), ERR_NOT_FOUND);
	hash_put("h", "f", "v");
	assert_int_equal(hash_get(db, mem, S("h"), S("g"), &v), ERR_NOT_FOUND);
}

STORE_TEST(setting_adds_fields_and_changes_those_that_are_there)
{
	struct field f[] = { { S("a"), S("1") }, { S("b"), S("2") } };
	struct field g[] = { { S("b"), S("3") }, { S("c"), S("4") } };
	int64_t n;

	assert_int_equal(hash_set(db, S("h"), f, LEN(f)), OK);
	assert_int_equal(hash_set(db, S("h"), g, LEN(g)), OK);
	assert_str(hash_text("h"), "a=1 b=3 c=4");
	assert_int_equal(hash_len(db, S("h"), &n), OK);
	assert_int_equal(n, 3);
}

STORE_TEST(of_a_field_named_twice_the_last_one_wins)
{
	struct field f[] = { { S("a"), S("1") }, { S("b"), S("2") }, { S("a"), S("3") } };
	int64_t n;

	for (int round = 0; round < 2; round++) { /* a new hash, and one that is there */
		assert_int_equal(hash_set(db, S("h"), f, LEN(f)), OK);
		assert_str(hash_text("h"), "a=3 b=2");
		assert_int_equal(hash_len(db, S("h"), &n), OK);
		assert_int_equal(n, 2);
	}
}

STORE_TEST(setting_no_fields_makes_no_key)
{
	assert_int_equal(hash_set(db, S("h"), NULL, 0), OK);
	assert_false(key_exists(db, S("h")));
}

STORE_TEST(appended_entries_stand_in_order)
{
	fill_hash("h", 3);
	assert_str(hash_text("h"), "m0=old m1=old m2=old");
}

static void
append_twice(void)
{
	hash_append(db, S("h"), S("f"), S("v"));
	hash_append(db, S("h"), S("f"), S("w"));
}

STORE_TEST(appending_a_field_that_exists_is_a_bug)
{
	assert_int_equal(exit_status(append_twice), EXIT_BUG);
}

STORE_TEST(all_fields_come_in_byte_order)
{
	hash_put("h", "b", "1");
	hash_put("h", "B", "2");
	hash_put("h", "\xc8\x99", "3");
	hash_put("h", "aa", "4");
	hash_put("h", "", "5");
	assert_str(hash_text("h"), "=5 B=2 aa=4 b=1 \xc8\x99=3");
}

STORE_TEST(a_missing_hash_is_empty)
{
	struct field *f;
	size_t n = 9;
	int64_t len = 9;

	assert_int_equal(hash_all(db, mem, S("h"), &f, &n), OK);
	assert_int_equal(n, 0);
	n = 9;
	assert_int_equal(hash_page(db, mem, S("h"), S(""), 10, &f, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(hash_len(db, S("h"), &len), OK);
	assert_int_equal(len, 0);
	assert_int_equal(hash_del(db, S("h"), S("f")), OK);
}

STORE_TEST(pages_follow_one_another_by_field)
{
	struct field *f;
	struct str last = S("");
	size_t n, seen = 0;

	for (int i = 0; i < 25; i++)
		hash_append(db, S("h"), arena_strf(mem, "%03d", i), S("v"));
	while (assert_int_equal(hash_page(db, mem, S("h"), last, 10, &f, &n), OK), n > 0) {
		assert_true(n <= 10);
		for (size_t i = 0; i < n; i++, seen++)
			assert_str(f[i].name, arena_printf(mem, "%03zu", seen));
		last = f[n - 1].name;
	}
	assert_int_equal(seen, 25);
}

STORE_TEST(a_deleted_field_is_gone_and_a_missing_one_no_fault)
{
	int64_t n;

	hash_put("h", "f", "v");
	hash_put("h", "g", "w");
	assert_int_equal(hash_del(db, S("h"), S("f")), OK);
	assert_int_equal(hash_del(db, S("h"), S("f")), OK);
	assert_str(hash_text("h"), "g=w");
	assert_int_equal(hash_len(db, S("h"), &n), OK);
	assert_int_equal(n, 1);
}

STORE_TEST(deleting_the_last_field_takes_the_key)
{
	hash_put("h", "f", "v");
	assert_int_equal(hash_del(db, S("h"), S("f")), OK);
	assert_false(key_exists(db, S("h")));
}

STORE_TEST(a_key_of_another_type_is_an_error_in_every_call)
{
	struct field f = { S("f"), S("v") }, *all;
	struct str v;
	size_t n;
	int64_t len;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		if (str_is(each_type[i], "hash"))
			continue;
		assert_int_equal(hash_set(db, each_type[i], &f, 1), ERR_TYPE);
		assert_int_equal(hash_append(db, each_type[i], S("f"), S("v")), ERR_TYPE);
		assert_int_equal(hash_get(db, mem, each_type[i], S("f"), &v), ERR_TYPE);
		assert_int_equal(hash_all(db, mem, each_type[i], &all, &n), ERR_TYPE);
		assert_int_equal(hash_page(db, mem, each_type[i], S(""), 1, &all, &n), ERR_TYPE);
		assert_int_equal(hash_del(db, each_type[i], S("f")), ERR_TYPE);
		assert_int_equal(hash_len(db, each_type[i], &len), ERR_TYPE);
	}
	assert_str(string_text("string"), "v");
}

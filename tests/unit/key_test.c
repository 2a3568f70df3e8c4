/* key_test.c - what key.h promises, for keys of every type. */
#include "collections.h"

STORE_TEST(a_key_exists_once_it_was_written)
{
	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++)
		assert_true(key_exists(db, each_type[i]));
	assert_false(key_exists(db, S("missing")));
}

STORE_TEST(a_deleted_key_is_gone_whatever_its_type)
{
	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		key_del(db, each_type[i]);
		assert_false(key_exists(db, each_type[i]));
	}
}

STORE_TEST(deleting_a_missing_key_is_no_fault)
{
	key_del(db, S("missing"));
	at(NOW);
}

STORE_TEST(names_are_bytes)
{
	string_set(db, S("a\0b"), S("1"), 0);
	string_set(db, S("\xff\xfe"), S("2"), 0);
	string_set(db, S(""), S("3"), 0);
	assert_true(key_exists(db, S("a\0b")));
	assert_true(key_exists(db, S("\xff\xfe")));
	assert_true(key_exists(db, S("")));
	assert_false(key_exists(db, S("a")));
	assert_false(key_exists(db, S("a\0")));
}

STORE_TEST(names_are_compared_exactly_also_where_they_look_like_numbers)
{
	string_set(db, S("1"), S("a"), 0);
	assert_false(key_exists(db, S("01")));
	assert_false(key_exists(db, S("1.0")));
	assert_false(key_exists(db, S("A")));
}

/* ---- expiry ------------------------------------------------------------------ */

STORE_TEST(a_new_key_never_expires)
{
	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++)
		assert_int_equal(key_expires(db, each_type[i]), 0);
	assert_int_equal(key_expires(db, S("missing")), 0);
}

STORE_TEST(a_key_is_gone_at_the_millisecond_its_time_comes)
{
	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++)
		assert_int_equal(key_expire_at(db, each_type[i], NOW + 100), OK);
	at(NOW + 99);
	for (size_t i = 0; i < LEN(each_type); i++) {
		assert_true(key_exists(db, each_type[i]));
		assert_int_equal(key_expires(db, each_type[i]), NOW + 100);
	}
	at(NOW + 100);
	for (size_t i = 0; i < LEN(each_type); i++) {
		assert_false(key_exists(db, each_type[i]));
		assert_int_equal(key_expires(db, each_type[i]), 0);
	}
}

STORE_TEST(an_expired_key_reads_as_missing_in_every_type)
{
	struct str v;
	double score;
	int64_t n;

	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++)
		key_expire_at(db, each_type[i], NOW + 1);
	at(NOW + 1);
	assert_int_equal(string_get(db, mem, S("string"), &v), ERR_NOT_FOUND);
	assert_int_equal(string_get_int(db, S("string"), &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(hash_get(db, mem, S("hash"), S("f"), &v), ERR_NOT_FOUND);
	assert_str(hash_text("hash"), "");
	assert_int_equal(hash_len(db, S("hash"), &n), OK);
	assert_int_equal(n, 0);
	assert_false(set_has(db, S("set"), S("m")));
	assert_str(set_text("set"), "");
	assert_int_equal(zset_score(db, S("zset"), S("m"), &score), ERR_NOT_FOUND);
	assert_str(zset_text("zset"), "");
	assert_int_equal(zset_card(db, S("zset"), &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(key_expire_at(db, S("hash"), NOW + 50), ERR_NOT_FOUND);
}

STORE_TEST(an_expired_key_is_missing_also_to_what_only_takes_away)
{
	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++)
		key_expire_at(db, each_type[i], NOW + 1);
	at(NOW + 1);
	assert_int_equal(hash_del(db, S("string"), S("f")), OK); /* not ERR_TYPE */
	assert_int_equal(set_rem(db, S("hash"), S("m")), OK);
	assert_int_equal(zset_rem(db, S("set"), S("m")), OK);
	key_del(db, S("zset"));
}

STORE_TEST(an_expired_key_may_be_written_again_as_any_other_type)
{
	for (int type = 0; type < 4; type++) {
		start_over();
		one_of_each();
		for (size_t i = 0; i < LEN(each_type); i++)
			key_expire_at(db, each_type[i], NOW + 1);
		at(NOW + 1);
		for (size_t i = 0; i < LEN(each_type); i++) {
			const char *name = each_type[i].p;

			if (type == 0)
				string_set(db, str(name), S("new"), 0);
			else if (type == 1)
				hash_put(name, "g", "new");
			else if (type == 2)
				assert_int_equal(set_add(db, str(name), S("new")), OK);
			else
				assert_int_equal(zset_add(db, str(name), S("new"), 2), OK);
			assert_str(type == 0   ? string_text(name)
				   : type == 1 ? hash_text(name)
				   : type == 2 ? set_text(name)
					       : zset_text(name),
			    type == 1 ? "g=new" : "new");
			assert_int_equal(key_expires(db, str(name)), 0);
			key_del(db, str(name));
		}
		at(NOW);
	}
}

STORE_TEST(writing_into_an_expired_collection_begins_with_an_empty_one)
{
	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++)
		key_expire_at(db, each_type[i], NOW + 1);
	at(NOW + 1);
	hash_put("hash", "g", "w");
	set_add(db, S("set"), S("n"));
	zset_add(db, S("zset"), S("n"), 2);
	assert_str(hash_text("hash"), "g=w");
	assert_str(set_text("set"), "n");
	assert_str(zset_text("zset"), "n");
}

STORE_TEST(an_expiry_may_be_moved_and_taken_off)
{
	string_set(db, S("k"), S("v"), NOW + 10);
	assert_int_equal(key_expire_at(db, S("k"), NOW + 20), OK);
	at(NOW + 15);
	assert_int_equal(key_expires(db, S("k")), NOW + 20);
	assert_int_equal(key_expire_at(db, S("k"), 0), OK);
	at(NOW + 1000000);
	assert_str(string_text("k"), "v");
	assert_int_equal(key_expires(db, S("k")), 0);
}

STORE_TEST(an_expiry_in_the_past_deletes)
{
	one_of_each();
	assert_int_equal(key_expire_at(db, S("string"), NOW), OK);
	assert_int_equal(key_expire_at(db, S("hash"), NOW - 1), OK);
	assert_int_equal(key_expire_at(db, S("set"), 1), OK);
	assert_int_equal(key_expire_at(db, S("zset"), -5), OK);
	for (size_t i = 0; i < LEN(each_type); i++)
		assert_false(key_exists(db, each_type[i]));
}

STORE_TEST(a_missing_key_cannot_be_given_an_expiry)
{
	assert_int_equal(key_expire_at(db, S("missing"), NOW + 1), ERR_NOT_FOUND);
	assert_int_equal(key_expire_at(db, S("missing"), 0), ERR_NOT_FOUND);
}

STORE_TEST(members_coming_and_going_keep_the_expiry)
{
	one_of_each();
	for (size_t i = 1; i < LEN(each_type); i++)
		key_expire_at(db, each_type[i], NOW + 100);
	hash_put("hash", "g", "w");
	hash_del(db, S("hash"), S("f"));
	set_add(db, S("set"), S("n"));
	set_rem(db, S("set"), S("m"));
	zset_add(db, S("zset"), S("n"), 2);
	zset_rem(db, S("zset"), S("m"));
	for (size_t i = 1; i < LEN(each_type); i++)
		assert_int_equal(key_expires(db, each_type[i]), NOW + 100);
}

STORE_TEST(an_emptied_collection_vanishes_with_its_expiry)
{
	one_of_each();
	for (size_t i = 1; i < LEN(each_type); i++)
		key_expire_at(db, each_type[i], NOW + 100);
	hash_del(db, S("hash"), S("f"));
	set_rem(db, S("set"), S("m"));
	zset_rem(db, S("zset"), S("m"));
	for (size_t i = 1; i < LEN(each_type); i++)
		assert_false(key_exists(db, each_type[i]));
	hash_put("hash", "f", "v");
	assert_int_equal(key_expires(db, S("hash")), 0);
}

/* ---- large collections ----------------------------------------------------------- */

static void
many_of_each(void)
{
	fill_hash("hash", MANY);
	fill_set("set", MANY);
	fill_zset("zset", MANY);
}

/* Sweeps to the end; how many turns that took. */
static int
sweep_all(int64_t batch)
{
	int turns = 0;

	while (key_sweep(db, batch))
		if (++turns > 100000)
			fail_msg("sweeping never ends");
	return turns;
}

STORE_TEST(a_large_collection_made_anew_has_none_of_its_old_members)
{
	many_of_each();
	for (size_t i = 1; i < LEN(each_type); i++)
		key_del(db, each_type[i]);
	hash_put("hash", "m1", "new");
	set_add(db, S("set"), S("m2"));
	zset_add(db, S("zset"), S("m3"), 3);
	assert_str(hash_text("hash"), "m1=new");
	assert_str(set_text("set"), "m2");
	assert_str(zset_text("zset"), "m3");
	sweep_all(100);
	at(NOW);
	assert_str(hash_text("hash"), "m1=new");
	assert_str(set_text("set"), "m2");
	assert_str(zset_text("zset"), "m3");
}

STORE_TEST(sweeping_ends_and_takes_expired_keys_and_dropped_members_only)
{
	one_of_each();
	fill_hash("dropped", MANY);
	key_del(db, S("dropped"));
	for (int i = 0; i < 100; i++)
		string_set(db, numbered("expired", i), S("v"), NOW + 10);
	fill_set("large", MANY);
	key_expire_at(db, S("large"), NOW + 10);
	string_set(db, S("later"), S("v"), NOW + 11);

	at(NOW + 10);
	assert_true(sweep_all(50) > 2 * MANY / 60);
	assert_false(key_sweep(db, 50));
	for (size_t i = 0; i < LEN(each_type); i++)
		assert_true(key_exists(db, each_type[i]));
	assert_str(string_text("later"), "v");
}

STORE_TEST(one_sweep_takes_about_a_batch)
{
	struct str *names;
	int turns;

	for (int i = 0; i < 1000; i++)
		string_set(db, numbered("k", i), S("v"), NOW + 1);
	at(NOW + 1);
	turns = sweep_all(100);
	assert_in_range(turns, 9, 11);
	assert_int_equal(key_scan(db, mem, S(""), 10, &names), 0);

	fill_zset("zset", MANY);
	key_del(db, S("zset"));
	turns = sweep_all(100);
	assert_in_range(turns, MANY / 101, MANY / 99 + 1);
}

STORE_TEST(a_sweep_with_nothing_to_do_says_so)
{
	one_of_each();
	assert_false(key_sweep(db, 100));
}

/* ---- scanning ---------------------------------------------------------------------- */

STORE_TEST(a_scan_gives_live_names_in_byte_order_page_by_page)
{
	struct str *names, last = S("");
	size_t n;

	string_set(db, S("b"), S("v"), 0);
	string_set(db, S("a"), S("v"), NOW + 1);
	string_set(db, S("\xff"), S("v"), 0);
	string_set(db, S("B"), S("v"), 0);
	string_set(db, S("gone"), S("v"), NOW + 1);
	at(NOW + 1);
	string_set(db, S("a"), S("v"), NOW + 2);

	n = key_scan(db, mem, last, 2, &names);
	assert_str(joined(names, n), "B a");
	n = key_scan(db, mem, names[1], 2, &names);
	assert_str(joined(names, n), "b \xff");
	assert_int_equal(key_scan(db, mem, names[1], 2, &names), 0);
}

STORE_TEST(a_scan_finds_every_key_that_lives_through_it)
{
	struct str *names, last = S("");
	int kept = 0;
	size_t n;

	for (int i = 0; i < 200; i++)
		string_set(db, numbered("keep", i), S("v"), 0);
	for (int round = 0; (n = key_scan(db, mem, last, 7, &names)) > 0; round++) {
		for (size_t i = 0; i < n; i++)
			kept += str_starts(names[i], "keep");
		last = names[n - 1];
		string_set(db, numbered("a", round), S("v"), 0);
		key_del(db, numbered("a", round - 1));
		string_set(db, numbered("z", round % 3), S("v"), 0);
	}
	assert_int_equal(kept, 200);
}

/* key_test.c - what key.h promises, for keys of every type. */
#include "collections.h"

#include <sys/syscall.h>
#include <time.h>

#include "event.h"
#include "list.h"
#include "outbox.h"

/* The monotonic clock of this program: it goes, or it moves on by `look_us` at
 * each look, so that it does not matter how fast the machine is. */
static bool clock_by_looks;
static int64_t look_us, clock_us;

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_MONOTONIC && clock_by_looks) {
		clock_us += look_us;
		ts->tv_sec = clock_us / 1000000;
		ts->tv_nsec = clock_us % 1000000 * 1000;
	}
	return rc;
}

static bool
sweep_with_looks_of(int64_t us, int64_t batch)
{
	bool more;

	clock_by_looks = true;
	look_us = us;
	more = key_sweep(db, batch);
	clock_by_looks = false;
	return more;
}

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

static int64_t
rows_of(const char *table)
{
	sqlite3 *handle;
	sqlite3_stmt *st;
	int64_t n;

	at(db_now(db));
	assert_int_equal(sqlite3_open(store_path, &handle), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(handle, arena_printf(mem, "select count(*) from %s", table), -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(handle);
	return n;
}

/* Sweeps to the end with all the time there is; how many turns that took. */
static int
sweep_without_haste(int64_t batch)
{
	int turns = 0;

	while (sweep_with_looks_of(0, batch))
		turns++;
	return turns;
}

STORE_TEST(one_sweep_takes_about_a_batch)
{
	struct str *names;
	int turns;

	for (int i = 0; i < 1000; i++)
		string_set(db, numbered("k", i), S("v"), NOW + 1);
	at(NOW + 1);
	turns = sweep_without_haste(100);
	assert_in_range(turns, 9, 11);
	assert_int_equal(key_scan(db, mem, S(""), 10, &names), 0);

	fill_zset("zset", MANY);
	key_del(db, S("zset"));
	turns = sweep_without_haste(100);
	assert_in_range(turns, MANY / 101, MANY / 99 + 1);
}

STORE_TEST(a_sweep_ends_when_its_time_is_over)
{
	int64_t rows;

	for (int i = 0; i < 1000; i++)
		string_set(db, numbered("k", i), S("v"), NOW + 1);
	fill_set("set", MANY);
	key_del(db, S("set"));
	at(NOW + 1);
	assert_true(sweep_with_looks_of(100, 1000)); /* 2 ms are 20 looks */
	assert_in_range(rows_of("key"), 1000 - 25, 1000 - 1);
	sweep_all(1000000);
	fill_set("set", MANY);
	key_del(db, S("set"));
	rows = rows_of("member") + rows_of("run");
	assert_true(sweep_with_looks_of(1000, MANY));
	assert_in_range(rows_of("member") + rows_of("run"), rows - 200, rows - 1);
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

/* ---- types and names ------------------------------------------------------------------ */

static const struct str list_elements[] = { B("e"), B("f") };

static void
one_list(const char *key)
{
	int64_t n;

	assert_int_equal(list_push(db, str(key), LIST_TAIL, list_elements, LEN(list_elements), &n), OK);
}

static struct str
list_text(const char *key)
{
	struct str *v;
	size_t n;

	assert_int_equal(list_range(db, mem, str(key), 0, -1, &v, &n), OK);
	return joined(v, n);
}

/* A key of each of the five types, with an expiry. */
static const struct str all_types[] = { B("string"), B("hash"), B("set"), B("zset"), B("list") };

static void
five_keys(int64_t expires)
{
	one_of_each();
	one_list("list");
	for (size_t i = 0; i < LEN(all_types); i++)
		assert_int_equal(key_expire_at(db, all_types[i], expires), OK);
}

/* What is held at a name that was one of five_keys(). */
static void
assert_holds(const char *key, const char *type)
{
	static const char *const texts[] = { "v", "f=v", "m", "m", "e f" };
	size_t i = 0;

	while (!str_is(all_types[i], type))
		i++;
	assert_string_equal(key_type(db, str(key)), type);
	assert_str(i == 0   ? string_text(key)
		   : i == 1 ? hash_text(key)
		   : i == 2 ? set_text(key)
		   : i == 3 ? zset_text(key)
			    : list_text(key),
	    texts[i]);
}

STORE_TEST(a_type_has_the_name_that_redis_gives_it)
{
	five_keys(0);
	for (size_t i = 0; i < LEN(all_types); i++)
		assert_string_equal(key_type(db, all_types[i]), all_types[i].p);
	assert_string_equal(key_type(db, S("missing")), "none");
	key_expire_at(db, S("hash"), NOW + 1);
	at(NOW + 1);
	assert_string_equal(key_type(db, S("hash")), "none");
}

STORE_TEST(deleting_tells_whether_there_was_a_key)
{
	one_of_each();
	for (size_t i = 0; i < LEN(each_type); i++) {
		assert_true(key_del(db, each_type[i]));
		assert_false(key_del(db, each_type[i]));
	}
	string_set(db, S("expired"), S("v"), NOW + 1);
	at(NOW + 1);
	assert_false(key_del(db, S("expired")));
	all_agrees();
}

STORE_TEST(a_renamed_key_holds_what_it_held_with_its_expiry)
{
	five_keys(NOW + 50);
	for (size_t i = 0; i < LEN(all_types); i++) {
		assert_int_equal(key_rename(db, all_types[i], S("new")), OK);
		assert_false(key_exists(db, all_types[i]));
		assert_holds("new", all_types[i].p);
		assert_int_equal(key_expires(db, S("new")), NOW + 50);
	}
	all_agrees();
}

STORE_TEST(renaming_replaces_what_was_there_whatever_its_type)
{
	for (size_t i = 0; i < LEN(all_types); i++)
		for (size_t j = 0; j < LEN(all_types); j++) {
			if (i == j)
				continue;
			start_over();
			five_keys(NOW + 50);
			assert_int_equal(key_expire_at(db, all_types[i], 0), OK);
			assert_int_equal(key_rename(db, all_types[i], all_types[j]), OK);
			assert_holds(all_types[j].p, all_types[i].p);
			assert_int_equal(key_expires(db, all_types[j]), 0);
			assert_false(key_exists(db, all_types[i]));
			assert_int_equal(key_count(db), 4);
		}
	all_agrees();
}

STORE_TEST(renaming_a_key_to_itself_changes_nothing)
{
	five_keys(NOW + 50);
	for (size_t i = 0; i < LEN(all_types); i++) {
		assert_int_equal(key_rename(db, all_types[i], all_types[i]), OK);
		assert_holds(all_types[i].p, all_types[i].p);
		assert_int_equal(key_expires(db, all_types[i]), NOW + 50);
	}
	all_agrees();
}

STORE_TEST(a_missing_or_expired_key_is_not_renamed)
{
	string_set(db, S("to"), S("v"), 0);
	string_set(db, S("expired"), S("w"), NOW + 1);
	at(NOW + 1);
	assert_int_equal(key_rename(db, S("missing"), S("to")), ERR_NOT_FOUND);
	assert_int_equal(key_rename(db, S("expired"), S("to")), ERR_NOT_FOUND);
	assert_int_equal(key_rename(db, S("missing"), S("missing")), ERR_NOT_FOUND);
	assert_str(string_text("to"), "v");
}

STORE_TEST(a_key_is_renamed_over_an_expired_one)
{
	one_of_each();
	for (size_t i = 1; i < LEN(each_type); i++)
		key_expire_at(db, each_type[i], NOW + 1);
	at(NOW + 1);
	assert_int_equal(key_rename(db, S("string"), S("hash")), OK);
	assert_int_equal(key_rename(db, S("hash"), S("zset")), OK);
	assert_holds("zset", "string");
	assert_int_equal(key_expires(db, S("zset")), 0);
	all_agrees();
}

STORE_TEST(what_changes_after_a_renaming_changes_under_the_new_name)
{
	fill_zset("old", MANY);
	assert_int_equal(key_rename(db, S("old"), S("new")), OK);
	fill_zset("old", 3);
	for (int i = 0; i < 100; i++)
		assert_int_equal(zset_rem(db, S("new"), numbered("m", i * 11)), OK);
	all_agrees();
	assert_str(zset_text("old"), "m0 m1 m2");
}

/* ---- copies --------------------------------------------------------------------------------- */

STORE_TEST(a_copy_holds_the_same_with_the_expiry_and_the_original_stays)
{
	five_keys(NOW + 50);
	for (size_t i = 0; i < LEN(all_types); i++) {
		assert_int_equal(key_copy(db, all_types[i], S("copy"), i > 0), OK);
		assert_holds("copy", all_types[i].p);
		assert_holds(all_types[i].p, all_types[i].p);
		assert_int_equal(key_expires(db, S("copy")), NOW + 50);
	}
	all_agrees();
}

STORE_TEST(a_copy_lives_its_own_life)
{
	five_keys(0);
	string_set(db, S("string"), bytes_of(500, 'a'), 0);
	for (size_t i = 0; i < LEN(all_types); i++)
		assert_int_equal(key_copy(db, all_types[i], numbered("copy", (int)i), false), OK);
	string_set(db, S("copy0"), S("v"), 0);
	assert_bytes(string_text("string"), bytes_of(500, 'a'));
	hash_put("copy1", "g", "w");
	assert_str(hash_text("hash"), "f=v");
	assert_int_equal(set_rem(db, S("set"), S("m")), OK);
	assert_str(set_text("copy2"), "m");
	assert_int_equal(zset_add(db, S("zset"), S("a"), 0), OK);
	assert_str(zset_text("copy3"), "m");
	one_list("copy4");
	assert_str(list_text("list"), "e f");
	all_agrees();
}

STORE_TEST(a_copy_over_a_key_needs_to_be_asked_for)
{
	one_of_each();
	assert_int_equal(key_copy(db, S("string"), S("hash"), false), ERR_CONFLICT);
	assert_str(hash_text("hash"), "f=v");
	assert_int_equal(key_copy(db, S("string"), S("hash"), true), OK);
	assert_str(string_text("hash"), "v");
	assert_int_equal(key_copy(db, S("missing"), S("set"), true), ERR_NOT_FOUND);
	assert_str(set_text("set"), "m");
	all_agrees();
}

STORE_TEST(an_expired_key_is_neither_copied_nor_in_the_way_of_a_copy)
{
	one_of_each();
	key_expire_at(db, S("hash"), NOW + 1);
	at(NOW + 1);
	assert_int_equal(key_copy(db, S("hash"), S("copy"), false), ERR_NOT_FOUND);
	assert_int_equal(key_copy(db, S("set"), S("hash"), false), OK);
	assert_str(set_text("hash"), "m");
	all_agrees();
}

STORE_TEST(a_key_copied_onto_itself_stays)
{
	five_keys(NOW + 50);
	for (size_t i = 0; i < LEN(all_types); i++) {
		assert_int_equal(key_copy(db, all_types[i], all_types[i], false), ERR_CONFLICT);
		assert_int_equal(key_copy(db, all_types[i], all_types[i], true), OK);
		assert_holds(all_types[i].p, all_types[i].p);
		assert_int_equal(key_expires(db, all_types[i]), NOW + 50);
	}
	all_agrees();
}

static int64_t
rank_in(const char *key, int member)
{
	int64_t rank = -1;

	assert_int_equal(zset_rank(db, str(key), numbered("m", member), false, &rank), OK);
	return rank;
}

STORE_TEST(a_copy_of_counted_runs_has_its_own)
{
	enum { N = 9000 };

	fill_zset("zset", N);
	fill_set("set", MANY);
	fill_hash("hash", MANY);
	for (size_t i = 1; i < LEN(each_type); i++)
		assert_int_equal(key_copy(db, each_type[i], numbered("copy", (int)i), false), OK);
	for (int i = 0; i < N; i += 501)
		assert_int_equal(rank_in("copy3", i), i);
	for (int i = 0; i < 600; i++) { /* from the front of one, into the front of the other */
		assert_int_equal(zset_rem(db, S("zset"), numbered("m", i)), OK);
		assert_int_equal(zset_add(db, S("copy3"), numbered("x", i), -1), OK);
		assert_int_equal(set_rem(db, S("set"), numbered("m", i)), OK);
		assert_int_equal(hash_del(db, numbered("copy", 1), numbered("m", i)), OK);
	}
	assert_int_equal(rank_in("zset", 5000), 4400);
	assert_int_equal(rank_in("copy3", 5000), 5600);
	all_agrees();
	key_del(db, S("copy3"));
	while (key_sweep(db, 1000))
		;
	assert_int_equal(rank_in("zset", 8999), 8399);
	all_agrees();
}

/* ---- how many, and one of them --------------------------------------------------------------- */

STORE_TEST(live_keys_are_counted)
{
	assert_int_equal(key_count(db), 0);
	five_keys(0);
	assert_int_equal(key_count(db), 5);
	assert_int_equal(set_rem(db, S("set"), S("m")), OK);
	assert_int_equal(key_count(db), 4);
	key_del(db, S("hash"));
	assert_int_equal(key_rename(db, S("string"), S("zset")), OK);
	assert_int_equal(key_count(db), 2);
	assert_int_equal(key_copy(db, S("zset"), S("copy"), false), OK);
	assert_int_equal(key_count(db), 3);
	start_over();
	assert_int_equal(key_count(db), 0);
}

STORE_TEST(expired_keys_are_not_counted_swept_or_not)
{
	five_keys(NOW + 5);
	string_set(db, S("stays"), S("v"), 0);
	at(NOW + 4);
	assert_int_equal(key_count(db), 6);
	at(NOW + 5);
	assert_int_equal(key_count(db), 1);
	hash_put("hash", "f", "v");
	assert_int_equal(key_count(db), 2);
	while (key_sweep(db, 100))
		;
	assert_int_equal(key_count(db), 2);
	all_agrees();
}

STORE_TEST(there_is_no_random_key_where_there_is_none)
{
	struct str name;

	assert_false(key_random(db, mem, &name));
	string_set(db, S("k"), S("v"), NOW + 1);
	at(NOW + 1);
	assert_false(key_random(db, mem, &name));
	string_set(db, S("last"), S("v"), 0);
	for (int i = 0; i < 20; i++) {
		assert_true(key_random(db, mem, &name));
		assert_str(name, "last");
	}
}

STORE_TEST(every_key_is_drawn_equally_often)
{
	int seen[20] = { 0 };
	struct str name;

	for (int i = 0; i < 40; i++)
		string_set(db, numbered("k", i), S("v"), i < 20 ? 0 : NOW + 1);
	at(NOW + 1);
	for (int i = 0; i < 4000; i++) {
		assert_true(key_random(db, mem, &name));
		seen[strtol(arena_printf(mem, "%.*s", FMT(name)) + 1, NULL, 10)]++;
	}
	assert_even(seen, LEN(seen));
}

STORE_TEST(a_cleared_store_is_empty_but_keeps_its_sequence_and_outbox)
{
	struct message m = { .channel = CHANNEL_EMAIL, .expires = NOW + 1000 };
	struct message *claimed;
	int64_t sequence = db_sequence_next(db);
	size_t n;

	five_keys(NOW + 50);
	many_of_each();
	key_del(db, S("zset"));
	string_set(db, S("large"), bytes_of(500, 'a'), 0);
	m.destination = destination_id(db, CHANNEL_EMAIL, S("smtp://relay:587"));
	m.payload = payload_put(db, S("payload"));
	outbox_put(db, &m);
	event_put(db, "alerts", S(""), S("{}"), sequence);
	at(NOW);
	hash_put("hash", "not yet", "written");
	key_clear(db);
	assert_int_equal(key_count(db), 0);
	for (size_t i = 0; i < LEN(all_types); i++)
		assert_false(key_exists(db, all_types[i]));
	assert_false(key_sweep(db, 100));
	all_agrees();
	assert_int_equal(db_sequence(db), 1);
	outbox_claim(db, mem, LANE_URGENT, m.destination, 1, NOW + 1000, 10, &claimed, &n);
	assert_int_equal(n, 1);
	assert_int_equal(event_head(db, S("alerts")), sequence);
	five_keys(0);
	for (size_t i = 0; i < LEN(all_types); i++)
		assert_holds(all_types[i].p, all_types[i].p);
	all_agrees();
}

STORE_TEST(clearing_can_be_taken_back)
{
	five_keys(0);
	at(NOW);
	key_clear(db);
	start_over();
	assert_int_equal(key_count(db), 5);
	for (size_t i = 0; i < LEN(all_types); i++)
		assert_holds(all_types[i].p, all_types[i].p);
	all_agrees();
}

/* ---- SCAN ------------------------------------------------------------------------------------- */

STORE_TEST(a_scan_by_age_gives_names_and_types_page_by_page)
{
	struct key_entry *keys;
	int64_t cursor = 0;
	size_t seen = 0;

	five_keys(0);
	string_set(db, S("expired"), S("v"), NOW + 1);
	at(NOW + 1);
	do {
		size_t n = key_scan_ids(db, mem, &cursor, 2, &keys);

		assert_true(n <= 2);
		for (size_t i = 0; i < n; i++, seen++) {
			assert_bytes(keys[i].name, all_types[seen]);
			assert_string_equal(keys[i].type, all_types[seen].p);
		}
	} while (cursor != 0);
	assert_int_equal(seen, LEN(all_types));
}

/* A turn's worth of keys that come, go, change and take other names. */
static void
others_at_work(int turn)
{
	string_set(db, numbered("new", turn), S("v"), turn % 3 ? 0 : NOW + 1);
	key_del(db, numbered("new", turn - 4));
	string_set(db, numbered("keep", rnd_below(200)), bytes_of((size_t)rnd_below(300), 'a'), 0);
	hash_put(arena_printf(mem, "keephash%d", rnd_below(50)), "g", "w");
	string_set(db, S("gone"), S("v"), 0);
	key_rename(db, S("gone"), numbered("renamed", turn));
	key_del(db, numbered("leave", turn));
	if (turn % 5 == 0)
		at(NOW);
}

STORE_TEST(a_scan_by_age_gives_every_key_that_lives_through_it_once)
{
	static int seen[250];

	rnd_start();
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < 200; i++) {
		string_set(db, numbered("keep", i), S("v"), 0);
		string_set(db, numbered("leave", i), S("v"), 0);
		if (i % 4 == 0)
			hash_put(arena_printf(mem, "keephash%d", i / 4), "f", "v");
	}
	for (int64_t cursor = 0, turn = 0; turn == 0 || cursor != 0; turn++) {
		struct key_entry *keys;
		size_t n = key_scan_ids(db, mem, &cursor, 7, &keys);

		for (size_t i = 0; i < n; i++) {
			const char *name = arena_printf(mem, "%.*s", FMT(keys[i].name));

			if (strncmp(name, "keephash", 8) == 0)
				seen[200 + strtol(name + 8, NULL, 10)]++;
			else if (strncmp(name, "keep", 4) == 0)
				seen[strtol(name + 4, NULL, 10)]++;
		}
		others_at_work((int)turn);
		assert_true(turn < 1000);
	}
	for (size_t i = 0; i < LEN(seen); i++)
		assert_int_equal(seen[i], 1);
}

STORE_TEST(a_scan_of_nothing_ends_at_once)
{
	struct key_entry *keys;
	int64_t cursor = 0;

	assert_int_equal(key_scan_ids(db, mem, &cursor, 10, &keys), 0);
	assert_int_equal(cursor, 0);
}

/* ---- sweeping collections of every type ---------------------------------------------------------- */

static const char *const tables[] = { "key", "string", "hash", "member", "ranking", "item", "run", "trash" };

static void
fill_list(const char *key, int n)
{
	int64_t length;

	for (int i = 0; i < n; i++) {
		struct str e = numbered("e", i);

		assert_int_equal(list_push(db, str(key), LIST_TAIL, &e, 1, &length), OK);
	}
}

STORE_TEST(sweeping_leaves_no_row_of_what_was_dropped_whatever_its_type_and_size)
{
	static const int sizes[] = { 1, 31, 32, 33, 34, 500, MANY };

	for (size_t i = 0; i < LEN(sizes); i++)
		for (int expire = 0; expire < 2; expire++) {
			string_set(db, S("string"), bytes_of((size_t)sizes[i], 'a'), 0);
			fill_hash("hash", sizes[i]);
			fill_set("set", sizes[i]);
			fill_zset("zset", sizes[i]);
			fill_list("list", sizes[i]);
			for (size_t k = 0; k < LEN(all_types); k++)
				if (expire)
					assert_int_equal(key_expire_at(db, all_types[k], NOW + 1), OK);
				else
					assert_true(key_del(db, all_types[k]));
			at(NOW + expire);
			assert_int_equal(key_count(db), 0);
			sweep_all(64);
			for (size_t t = 0; t < LEN(tables); t++)
				assert_int_equal(rows_of(tables[t]), 0);
			at(NOW);
		}
	all_agrees();
}

STORE_TEST(a_collection_emptied_member_by_member_leaves_no_row)
{
	many_of_each();
	fill_list("list", MANY);
	for (int i = 0; i < MANY; i++) {
		struct str m = numbered("m", i), *e;
		size_t n;

		assert_int_equal(hash_del(db, S("hash"), m), OK);
		assert_int_equal(set_rem(db, S("set"), m), OK);
		assert_int_equal(zset_rem(db, S("zset"), m), OK);
		assert_int_equal(list_pop(db, mem, S("list"), LIST_HEAD, 1, &e, &n), OK);
		if (i == MANY / 2)
			at(NOW);
	}
	assert_int_equal(key_count(db), 0);
	sweep_all(64);
	for (size_t t = 0; t < LEN(tables); t++)
		assert_int_equal(rows_of(tables[t]), 0);
}

STORE_TEST(a_sweep_that_is_undone_is_done_again)
{
	fill_zset("zset", MANY);
	key_del(db, S("zset"));
	at(NOW);
	sweep_all(100);
	start_over();
	sweep_all(100);
	for (size_t t = 0; t < LEN(tables); t++)
		assert_int_equal(rows_of(tables[t]), 0);
}

/* ---- what a check finds ------------------------------------------------------------------------------- */

static char told[1000];

static void
listen(void *arg, const char *text)
{
	size_t used = strlen(told);

	assert_ptr_equal(arg, told);
	snprintf(told + used, sizeof(told) - used, "%s\n", text);
}

/* How many differences a check tells of, each in a line that has these words. */
static int64_t
check_finds(const char *words)
{
	int64_t n, lines = 0;

	told[0] = '\0';
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	n = key_check(db, listen, told);
	assert_int_equal(key_check(db, NULL, NULL), n);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	for (const char *p = told; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, n);
	if (n > 0 && strstr(told, words) == NULL)
		fail_msg("'%s' is not in: %s", words, told);
	return n;
}

/* Each damage, done by hand to a store that was whole, is found; made good, all
 * is well. */
static void
finds(const char *damage, const char *words, const char *repair)
{
	assert_int_equal(check_finds(""), 0);
	by_hand(damage);
	if (check_finds(words) < 1)
		fail_msg("not found: %s", damage);
	by_hand(repair);
	assert_int_equal(check_finds(""), 0);
}

STORE_TEST(a_check_finds_a_length_that_is_wrong)
{
	five_keys(0);
	many_of_each();
	for (size_t i = 1; i < LEN(all_types); i++)
		finds(arena_printf(mem, "update key set length = length + 1 where name = x'%s'",
			  i == 1   ? "68617368"
			  : i == 2 ? "736574"
			  : i == 3 ? "7a736574"
				   : "6c697374"),
		    arena_printf(mem, "key %s: its length", all_types[i].p),
		    arena_printf(mem, "update key set length = length - 1 where type = %zu", i + 1));
}

STORE_TEST(a_check_finds_a_count_of_a_run_that_is_wrong)
{
	fill_zset("zset", 9000);
	at(NOW);
	finds("update run set n = n + 1 where level = 1 and score = (select max(score) from run)",
	    "counted runs",
	    "update run set n = n - 1 where level = 1 and score = (select max(score) from run)");
	finds(
	    "update run set n = n + 1 where level = 2 and score = (select max(score) from run where level = 2)",
	    "counted runs",
	    "update run set n = n - 1 where level = 2 and score = (select max(score) from run where level = 2)");
	finds("update key set levels = 1", "counted runs", "update key set levels = 2");
	finds("insert into run values ((select id from key), 3, 0, x'', 9000)", "counted runs",
	    "delete from run where level = 3");
}

STORE_TEST(a_check_finds_members_that_are_lost_or_left)
{
	static const char *const members[] = { "hash values (99, x'61', x'62')", "member values (99, x'61')",
		"ranking values (99, x'61', 1)", "item values (99, 0, x'61')" };

	five_keys(0);
	for (size_t i = 0; i < LEN(members); i++)
		finds(arena_printf(mem, "insert into %s", members[i]), "members of no key",
		    "delete from hash where key = 99; delete from member where key = 99;"
		    "delete from ranking where key = 99; delete from item where key = 99");
	finds(
	    "insert into run values (99, 1, 0, x'', 1)", "runs of no key", "delete from run where key = 99");
	finds("update ranking set key = -key", "its length", "update ranking set key = -key");
	finds("update item set position = position + 1 where position = (select max(position) from item)",
	    "gaps",
	    "update item set position = position - 1 where position = (select max(position) from item)");
}

STORE_TEST(a_check_finds_a_value_that_is_lost_or_left)
{
	string_set(db, S("large"), bytes_of(500, 'a'), 0);
	string_set(db, S("small"), S("v"), 0);
	finds("update string set key = 99", "strings without their value",
	    "update string set key = (select id from key where value is null)");
	finds("insert into string values (99, x'61')", "values without a string",
	    "delete from string where key = 99");
	finds("insert into string select id, x'61' from key where value is not null",
	    "values without a string", "delete from string where value = x'61'");
}

STORE_TEST(a_check_finds_keys_that_are_miscounted)
{
	five_keys(0);
	finds("update counter set keys = keys - 1", "not counted", "update counter set keys = keys + 1");
	finds(
	    "update counter set lastid = lastid - 1", "ids beyond", "update counter set lastid = lastid + 1");
}

STORE_TEST(a_check_finds_nothing_in_what_waits_for_the_sweeper)
{
	many_of_each();
	fill_list("list", MANY);
	for (size_t i = 1; i < LEN(all_types); i++)
		key_del(db, all_types[i]);
	assert_int_equal(check_finds(""), 0);
	key_sweep(db, 100);
	assert_int_equal(check_finds(""), 0);
}

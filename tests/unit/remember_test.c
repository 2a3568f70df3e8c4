/*
 * remember_test.c - what a connection remembers is never stale: lengths, levels
 * and counts of keys, after others have written and after its own work was
 * taken back.
 */
#include "collections.h"

#include "list.h"

static struct db *other;

static int
two_setup(void **state)
{
	if (store_setup(state) != 0 || db_open(&other, store_path, DB_HANDLER) != OK)
		return -1;
	return 0;
}

static int
two_teardown(void **state)
{
	db_rollback(other);
	db_close(other);
	return store_teardown(state);
}

/* As STORE_TEST, with a second connection: `other`. */
#define TWO_TEST(name) TEST_WITH(name, two_setup, two_teardown)

/* ---- the keys, and what a connection sees of one --------------------------------- */

static const struct str types[] = { B("hash"), B("set"), B("zset"), B("list") };

static void
add_to(struct db *c, struct str key, struct str type, int i)
{
	struct str m = numbered("m", i);
	int64_t n;

	if (str_is(type, "hash"))
		assert_int_equal(hash_set(c, key, &(struct field){ m, S("v") }, 1), OK);
	else if (str_is(type, "set"))
		assert_int_equal(set_add(c, key, m), OK);
	else if (str_is(type, "zset"))
		assert_int_equal(zset_add(c, key, m, i), OK);
	else
		assert_int_equal(list_push(c, key, LIST_TAIL, &m, 1, &n), OK);
}

static void
take_from(struct db *c, struct str key, struct str type, int i)
{
	struct str m = numbered("m", i), *e;
	size_t n;

	if (str_is(type, "hash"))
		assert_int_equal(hash_del(c, key, m), OK);
	else if (str_is(type, "set"))
		assert_int_equal(set_rem(c, key, m), OK);
	else if (str_is(type, "zset"))
		assert_int_equal(zset_rem(c, key, m), OK);
	else
		list_pop(c, mem, key, LIST_TAIL, 1, &e, &n);
}

static void
add_some(struct db *c, struct str key, struct str type, int from, int to)
{
	for (int i = from; i < to; i++)
		add_to(c, key, type, i);
}

/* All that a connection says of a key. */
static struct str
view(struct db *c, struct str key)
{
	const char *type = key_type(c, key);
	struct str head = arena_strf(mem, "%s %lld", type, (long long)key_expires(c, key)), *s = NULL,
		   value = S(""), members;
	struct zrange ranks = { .by = ZRANGE_RANK, .last = -1 };
	struct zmember *z;
	struct field *f;
	int64_t length = 0;
	size_t n = 0;

	if (strcmp(type, "hash") == 0) {
		assert_int_equal(hash_len(c, key, &length), OK);
		assert_int_equal(hash_all(c, mem, key, &f, &n), OK);
		s = arena_array(mem, struct str, n);
		for (size_t i = 0; i < n; i++)
			s[i] = arena_strf(mem, "%.*s=%.*s", FMT(f[i].name), FMT(f[i].value));
	} else if (strcmp(type, "set") == 0) {
		assert_int_equal(set_card(c, key, &length), OK);
		assert_int_equal(set_page(c, mem, key, (struct str){ NULL, 0 }, 5000, &s, &n), OK);
	} else if (strcmp(type, "zset") == 0) {
		assert_int_equal(zset_card(c, key, &length), OK);
		assert_int_equal(zset_range(c, mem, key, &ranks, &z, &n), OK);
		s = arena_array(mem, struct str, n);
		for (size_t i = 0; i < n; i++)
			s[i] = arena_strf(mem, "%.*s=%g", FMT(z[i].member), z[i].score);
	} else if (strcmp(type, "list") == 0) {
		assert_int_equal(list_length(c, key, &length), OK);
		assert_int_equal(list_range(c, mem, key, 0, -1, &s, &n), OK);
	} else {
		string_get(c, mem, key, &value);
	}
	assert_int_equal(length, n);
	members = joined(s, n);
	return arena_strf(mem, "%.*s %.*s%.*s", FMT(head), FMT(value), FMT(members));
}

/* What somebody who has just come sees. */
static struct str
fresh_view(struct str key)
{
	struct db *third;
	struct str all;

	assert_int_equal(db_open(&third, store_path, DB_HANDLER), OK);
	assert_int_equal(db_begin(third, TX_READ, db_now(db)), OK);
	all = view(third, key);
	db_close(third);
	return all;
}

static void
assert_not_stale(struct str key)
{
	assert_bytes(view(db, key), fresh_view(key));
}

/* ---- what others do ---------------------------------------------------------------- */

/* Each to the key "k" of this type, which `db` remembers with 40 members. */
static void
add_one(struct str type)
{
	add_to(other, S("k"), type, 100);
}

static void
take_one(struct str type)
{
	take_from(other, S("k"), type, 39);
}

static void
take_all(struct str type)
{
	for (int i = 39; i >= 0; i--)
		take_from(other, S("k"), type, i);
}

static void
delete_it(struct str type)
{
	(void)type;
	assert_true(key_del(other, S("k")));
}

static void
make_it_anew(struct str type)
{
	delete_it(type);
	add_some(other, S("k"), type, 7, 9);
}

static void
make_another_type(struct str type)
{
	delete_it(type);
	add_to(other, S("k"), str_is(type, "hash") ? S("zset") : S("hash"), 1);
}

static void
make_a_string(struct str type)
{
	(void)type;
	string_set(other, S("k"), S("a string"), 0);
}

static void
rename_it(struct str type)
{
	(void)type;
	assert_int_equal(key_rename(other, S("k"), S("elsewhere")), OK);
}

static void
rename_onto_it(struct str type)
{
	add_some(other, S("source"), type, 50, 53);
	assert_int_equal(key_rename(other, S("source"), S("k")), OK);
}

static void
copy_onto_it(struct str type)
{
	add_some(other, S("source"), type, 50, 53);
	assert_int_equal(key_copy(other, S("source"), S("k"), true), OK);
}

static void
give_it_an_expiry(struct str type)
{
	(void)type;
	assert_int_equal(key_expire_at(other, S("k"), NOW + 100), OK);
}

static void
let_it_expire(struct str type)
{
	(void)type;
	assert_int_equal(key_expire_at(other, S("k"), NOW + 1), OK);
}

static void
make_it_large(struct str type)
{
	add_some(other, S("k"), type, 200, 900);
}

static void
clear_all(struct str type)
{
	(void)type;
	key_clear(other);
}

static void (*const deeds[])(struct str type) = { add_one, take_one, take_all, delete_it, make_it_anew,
	make_another_type, make_a_string, rename_it, rename_onto_it, copy_onto_it, give_it_an_expiry,
	let_it_expire, make_it_large, clear_all };

/* "k" is written and remembered; then the other does its deed.  Afterwards
 * `db` stands in a new transaction of this kind. */
static void
remembered_then(void (*deed)(struct str), struct str type, enum tx tx)
{
	key_clear(db);
	add_some(db, S("k"), type, 0, 40);
	at(NOW);
	view(db, S("k"));
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_begin(other, TX_WRITE, NOW), OK);
	deed(type);
	assert_int_equal(db_commit(other), OK);
	assert_int_equal(db_begin(db, tx, NOW + 1), OK);
}

TWO_TEST(what_another_did_to_a_key_is_seen_by_the_next_transaction)
{
	for (size_t t = 0; t < LEN(types); t++)
		for (size_t d = 0; d < LEN(deeds); d++)
			for (enum tx tx = TX_READ; tx <= TX_WRITE; tx++) {
				remembered_then(deeds[d], types[t], tx);
				assert_not_stale(S("k"));
				assert_not_stale(S("elsewhere"));
				assert_int_equal(db_commit(db), OK);
				assert_int_equal(db_begin(db, TX_WRITE, NOW + 1), OK);
				arena_reset(mem);
			}
}

/* Writing first, with no look before it. */
TWO_TEST(what_is_written_after_another_did_something_is_written_onto_that)
{
	for (size_t t = 0; t < LEN(types); t++)
		for (size_t d = 0; d < LEN(deeds); d++) {
			struct str m = numbered("m", 500), v = S("v");
			int64_t n;

			remembered_then(deeds[d], types[t], TX_WRITE);
			if (t == 0)
				hash_set(db, S("k"), &(struct field){ m, v }, 1);
			else if (t == 1)
				set_add(db, S("k"), m);
			else if (t == 2)
				zset_add(db, S("k"), m, 500);
			else
				list_push(db, S("k"), LIST_TAIL, &m, 1, &n);
			all_agrees();
			assert_not_stale(S("k"));
			arena_reset(mem);
		}
}

TWO_TEST(what_a_transaction_has_seen_stays_until_it_ends)
{
	int64_t n;

	for (size_t t = 0; t < LEN(types); t++) {
		struct str before;

		key_clear(db);
		add_some(db, S("k"), types[t], 0, 40);
		assert_int_equal(db_commit(db), OK);
		assert_int_equal(db_begin(db, TX_READ, NOW), OK);
		before = view(db, S("k"));
		assert_int_equal(db_begin(other, TX_WRITE, NOW), OK);
		add_some(other, S("k"), types[t], 40, 700);
		assert_int_equal(db_commit(other), OK);
		assert_bytes(view(db, S("k")), before);
		at(NOW);
		assert_not_stale(S("k"));
		assert_int_equal(key_count(db), 1);
	}
	assert_int_equal(list_length(db, S("k"), &n), OK);
	assert_int_equal(n, 700);
}

TWO_TEST(keys_that_others_make_are_counted_and_their_ids_not_taken)
{
	for (int round = 0; round < 20; round++) {
		struct db *c = round % 2 ? db : other;

		if (round % 2 == 0) {
			assert_int_equal(db_commit(db), OK);
			assert_int_equal(db_begin(other, TX_WRITE, NOW), OK);
		}
		for (int i = 0; i < 10; i++)
			add_to(c, numbered("k", round * 10 + i), types[i % 4], 1);
		string_set(c, numbered("s", round), S("v"), 0);
		assert_int_equal(key_count(c), 11 * (round + 1));
		if (round % 2 == 0) {
			assert_int_equal(db_commit(other), OK);
			assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
		}
	}
	all_agrees();
}

/* Two connections at random, with undone work on both sides. */
static void
do_something(struct db *c)
{
	int which = rnd_below(12), i = rnd_below(30);
	struct str key = numbered("k", which), type = types[which % 4];
	const char *now = key_type(c, key);

	if (strcmp(now, "none") != 0)
		type = str(now);
	if (str_is(type, "string")) {
		key_del(c, key);
		return;
	}
	switch (rnd_below(12)) {
	case 0:
		key_del(c, key);
		break;
	case 1:
		key_rename(c, key, numbered("k", rnd_below(12)));
		break;
	case 2:
		key_copy(c, key, numbered("k", rnd_below(12)), rnd_below(2));
		break;
	case 3:
		key_expire_at(c, key, rnd_below(3) ? NOW + rnd_below(5) : 0);
		break;
	case 4:
		string_set(c, key, numbered("v", i), 0);
		break;
	case 5:
		add_some(c, key, type, 0, 1 + rnd_below(700));
		break;
	case 6:
		for (int m = 700; m-- > 0;)
			take_from(c, key, type, m);
		break;
	case 7:
	case 8:
		take_from(c, key, type, i);
		break;
	default:
		add_to(c, key, type, i);
	}
}

static void
one_transaction(struct db *c)
{
	assert_int_equal(db_begin(c, TX_WRITE, NOW + rnd_below(5)), OK);
	for (int part = rnd_below(4); part >= 0; part--) {
		bool within = rnd_below(2);

		if (within)
			db_savepoint(c);
		for (int i = rnd_below(5); i > 0; i--)
			do_something(c);
		if (within && rnd_below(2))
			db_undo(c);
		else if (within)
			assert_int_equal(db_release(c), OK);
	}
	if (rnd_below(4))
		assert_int_equal(db_commit(c), OK);
	else
		db_rollback(c);
}

TWO_TEST(two_connections_at_random_see_what_a_fresh_one_sees)
{
	rnd_start();
	assert_int_equal(db_commit(db), OK);
	for (int turn = 0; turn < 300; turn++) {
		one_transaction(rnd_below(2) ? db : other);
		assert_int_equal(db_begin(db, TX_READ, NOW), OK);
		for (int k = 0; k < 3; k++)
			assert_not_stale(numbered("k", rnd_below(12)));
		if (turn % 50 == 0)
			assert_int_equal(key_check(db, show_difference, NULL), 0);
		assert_int_equal(db_commit(db), OK);
		arena_reset(mem);
	}
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	all_agrees();
}

/* ---- what was taken back ------------------------------------------------------------- */

STORE_TEST(what_was_rolled_back_is_forgotten)
{
	for (size_t t = 0; t < LEN(types); t++) {
		struct str before;

		add_some(db, types[t], types[t], 0, 40);
		at(NOW);
		before = view(db, types[t]);
		add_some(db, types[t], types[t], 40, 90);
		start_over();
		assert_bytes(view(db, types[t]), before);
		key_del(db, types[t]);
		add_to(db, types[t], types[(t + 1) % LEN(types)], 3);
		start_over();
		assert_bytes(view(db, types[t]), before);
		assert_int_equal(key_rename(db, types[t], S("elsewhere")), OK);
		assert_int_equal(key_expire_at(db, S("elsewhere"), NOW + 50), OK);
		start_over();
		assert_bytes(view(db, types[t]), before);
		assert_false(key_exists(db, S("elsewhere")));
		add_to(db, types[t], types[t], 41);
		all_agrees();
	}
}

STORE_TEST(what_was_undone_is_forgotten_and_the_rest_is_not)
{
	for (size_t t = 0; t < LEN(types); t++) {
		struct str before;

		add_some(db, types[t], types[t], 0, 40);
		before = view(db, types[t]);
		db_savepoint(db);
		add_some(db, types[t], types[t], 40, 90);
		assert_int_equal(key_expire_at(db, types[t], NOW + 50), OK);
		db_undo(db);
		assert_bytes(view(db, types[t]), before);
		db_savepoint(db);
		key_del(db, types[t]);
		add_to(db, types[t], types[(t + 1) % LEN(types)], 3);
		db_undo(db);
		assert_bytes(view(db, types[t]), before);
		add_to(db, types[t], types[t], 41);
		all_agrees();
		assert_not_stale(types[t]);
	}
}

STORE_TEST(a_key_whose_making_was_undone_is_made_again)
{
	for (int round = 0; round < 3; round++) {
		for (size_t t = 0; t < LEN(types); t++) {
			db_savepoint(db);
			add_to(db, types[t], types[t], round);
			db_undo(db);
			assert_false(key_exists(db, types[t]));
			assert_int_equal(key_count(db), 0);
		}
	}
	for (size_t t = 0; t < LEN(types); t++)
		add_to(db, types[t], types[t], 1);
	all_agrees();
}

static void
ranks_are(int from, int to)
{
	int64_t rank;

	for (int i = from; i < to; i += 97) {
		assert_int_equal(zset_rank(db, S("zset"), numbered("m", i), false, &rank), OK);
		assert_int_equal(rank, i - from);
	}
}

/* Counts wait in memory until they are written: what is undone must not be. */
STORE_TEST(counts_of_what_was_undone_are_forgotten)
{
	add_some(db, S("zset"), S("zset"), 1000, 4000);
	at(NOW);
	for (int round = 0; round < 4; round++) {
		bool part = round % 2;

		if (part)
			db_savepoint(db);
		add_some(db, S("zset"), S("zset"), 0, 700);
		for (int i = 2000; i < 2500; i++)
			take_from(db, S("zset"), S("zset"), i);
		if (round > 1)
			ranks_are(0, 700); /* they are written, too */
		if (part)
			db_undo(db);
		else
			start_over();
		ranks_are(1000, 4000);
		add_to(db, S("zset"), S("zset"), 4000 + round);
		all_agrees();
		ranks_are(1000, 4000 + round);
	}
}

STORE_TEST(runs_that_were_made_or_dropped_in_vain_are_as_before)
{
	for (size_t t = 0; t < 3; t++) {
		add_some(db, types[t], types[t], 0, 500);
		at(NOW);
		db_savepoint(db);
		add_some(db, types[t], types[t], 500, 800); /* makes runs */
		db_undo(db);
		all_agrees();
		add_some(db, types[t], types[t], 500, 800);
		at(NOW);
		for (int i = 0; i < 750; i++) /* drops them */
			take_from(db, types[t], types[t], i);
		start_over();
		add_to(db, types[t], types[t], 801);
		all_agrees();
	}
}

/* ---- more than is remembered, and names that are not ------------------------------------ */

STORE_TEST(more_keys_than_are_remembered_are_all_right)
{
	enum { KEYS = 1500, ROUNDS = 4 };
	int64_t n;

	for (int round = 0; round < ROUNDS; round++) {
		for (int k = 0; k < KEYS; k++)
			add_to(db, numbered("key", k), types[k % 4], round);
		arena_reset(mem);
	}
	for (int k = 0; k < KEYS; k += 7) {
		assert_int_equal(key_rename(db, numbered("key", k), numbered("new", k)), OK);
		add_to(db, numbered("new", k), types[k % 4], ROUNDS);
		key_del(db, numbered("key", k + 1));
	}
	all_agrees();
	for (int k = 0; k < KEYS; k += 7)
		assert_not_stale(numbered("new", k));
	assert_int_equal(set_card(db, S("new21"), &n), OK);
	assert_int_equal(n, ROUNDS + 1);
}

/* Pairs of keys that drive each other out, each with counts that wait. */
STORE_TEST(large_collections_beyond_what_is_remembered_are_all_right)
{
	enum { KEYS = 600, LARGE = 8 };

	for (int i = 0; i < 1100; i++)
		for (int k = 0; k < LARGE; k++)
			add_to(db, numbered("large", k), types[k % 3], i);
	at(NOW);
	for (int i = 0; i < 3000; i++) {
		add_to(db, numbered("small", i % KEYS), types[i % 3], i / KEYS);
		add_to(db, numbered("large", i % LARGE), types[i % LARGE % 3], 1100 + rnd_below(400));
		take_from(
		    db, numbered("large", (i + 3) % LARGE), types[(i + 3) % LARGE % 3], rnd_below(1100));
		if (i % 500 == 0) {
			db_savepoint(db);
			take_from(db, numbered("large", 0), types[0], i / 10);
			if (i % 1000)
				db_undo(db);
			else
				assert_int_equal(db_release(db), OK);
		}
	}
	all_agrees();
}

TWO_TEST(long_names_are_names_like_any_other)
{
	static const size_t sizes[] = { 199, 200, 201, 300, 5000 };

	for (size_t s = 0; s < LEN(sizes); s++)
		for (size_t t = 0; t < LEN(types); t++) {
			struct str name = bytes_of(sizes[s], 'A'), to = bytes_of(sizes[s], 'B'), before;

			add_some(db, name, types[t], 0, 30);
			at(NOW);
			before = view(db, name);
			add_some(db, name, types[t], 30, 60);
			start_over();
			assert_bytes(view(db, name), before);
			db_savepoint(db);
			add_some(db, name, types[t], 30, 60);
			db_undo(db);
			add_to(db, name, types[t], 30);
			assert_int_equal(db_commit(db), OK);

			assert_int_equal(db_begin(other, TX_WRITE, NOW), OK);
			add_to(other, name, types[t], 31);
			assert_int_equal(db_commit(other), OK);
			assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
			assert_not_stale(name);
			take_from(db, name, types[t], 31);
			assert_int_equal(key_expire_at(db, name, NOW + 10), OK);
			assert_int_equal(key_rename(db, name, to), OK);
			assert_int_equal(key_copy(db, to, name, false), OK);
			all_agrees();
			assert_bytes(view(db, name), view(db, to));
			for (int i = 30; i >= 0; i--)
				take_from(db, name, types[t], i);
			assert_false(key_exists(db, name));
			at(NOW + 10);
			assert_false(key_exists(db, to));
			while (key_sweep(db, 100))
				;
			all_agrees();
		}
}

STORE_TEST(large_collections_of_a_long_name_are_counted_right)
{
	struct str name = bytes_of(1000, 'A');

	for (size_t t = 0; t < LEN(types); t++) {
		int64_t removed, rank;

		add_some(db, name, types[t], 0, 9000);
		if (t == 2) {
			struct zrange r = { .by = ZRANGE_RANK, .first = 1000, .last = 1010 };

			assert_int_equal(zset_remove_range(db, mem, name, &r, &removed), OK);
			assert_int_equal(zset_rank(db, name, S("m5011"), false, &rank), OK);
			assert_int_equal(rank, 5000);
		}
		all_agrees();
		for (int i = 8999; i >= 100; i--)
			take_from(db, name, types[t], i);
		all_agrees();
		key_del(db, name);
		while (key_sweep(db, 1000))
			;
		all_agrees();
		arena_reset(mem);
		name = bytes_of(1000, 'A');
	}
}

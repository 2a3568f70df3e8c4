/*
 * migrate_test.c - a store made by the first schema, brought up to date: what it
 * held reads the same, and it goes on from there.
 */
#include "collections.h"

#include "event.h"
#include "outbox.h"
#include "schema.h"

enum { LARGE = 2000, LAST_ID = 100 };

static sqlite3 *old;

static void
run(const char *text)
{
	if (sqlite3_exec(old, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(old));
}

/* A store as the first schema made it, empty; what was there is taken away. */
static int
old_setup(void **state)
{
	if (store_setup(state) != 0)
		return -1;
	db_rollback(db);
	db_close(db);
	db = NULL;
	unlink(store_path);
	if (sqlite3_open(store_path, &old) != SQLITE_OK)
		return -1;
	run("pragma journal_mode = wal");
	run(schema_steps[0].sql);
	run("pragma user_version = 1");
	return 0;
}

static int
old_teardown(void **state)
{
	sqlite3_close(old);
	old = NULL;
	return store_teardown(state);
}

#define OLD_TEST(name) TEST_WITH(name, old_setup, old_teardown)

/* Brings it up to date and opens it. */
static void
migrate(void)
{
	assert_int_equal(sqlite3_close(old), SQLITE_OK);
	old = NULL;
	assert_int_equal(db_create(store_path), OK);
	assert_int_equal(db_open(&db, store_path, DB_HANDLER), OK);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	all_agrees();
}

/* A key of each type by name, some members each; `zset` with an expiry. */
static void
small_keys(void)
{
	run("insert into key (id, name, type, length) values (3, x'68617368', 2, 3), (5, x'736574', 3, 2)");
	run("insert into key (id, name, type, length, expires) values (6, x'7a736574', 4, 3, 1000050)");
	run("insert into hash values (3, x'61', x'31'), (3, x'62', 7), (3, x'', x'ff80')");
	run("insert into member values (5, x'6d'), (5, x'6e')");
	run("insert into ranking values (6, x'61', 1.5), (6, x'62', -2), (6, x'63', 9e999)");
}

static void
string_key(const char *name, const char *value, const char *expires)
{
	run(arena_printf(mem,
	    "insert into key (name, type, value, expires) values (cast('%s' as blob), 1, %s, %s)", name,
	    value, expires));
}

OLD_TEST(a_store_of_the_first_schema_is_not_opened_before_it_is_brought_up_to_date)
{
	assert_int_equal(db_open(&db, store_path, DB_HANDLER), ERR_CONFLICT);
	migrate();
	assert_int_equal(key_count(db), 0);
}

OLD_TEST(strings_of_every_shape_read_the_same)
{
	static const int lengths[] = { 0, 1, 127, 128, 129, 5000 };
	int64_t n;

	for (size_t i = 0; i < LEN(lengths); i++)
		string_key(arena_printf(mem, "s%d", lengths[i]),
		    arena_printf(mem, "cast(substr(replace(hex(zeroblob(2500)), '0', 'xy'), 1, %d) as blob)",
			lengths[i]),
		    "null");
	string_key("bytes", "x'00ff8000'", "null");
	string_key("number", "-42", "null");
	string_key("digits", "x'3132'", "null");
	migrate();
	for (size_t i = 0; i < LEN(lengths); i++) {
		struct str v = string_text(arena_printf(mem, "s%d", lengths[i]));

		assert_non_null(v.p);
		assert_int_equal(v.n, lengths[i]);
		for (size_t j = 0; j < v.n; j++)
			assert_int_equal(v.p[j], "xy"[j % 2]);
	}
	assert_bytes(string_text("bytes"), S("\0\xff\x80\0"));
	assert_str(string_text("number"), "-42");
	assert_int_equal(string_incr(db, S("number"), 2, &n), OK);
	assert_int_equal(n, -40);
	assert_int_equal(string_incr(db, S("digits"), 1, &n), OK);
	assert_int_equal(n, 13);
	assert_int_equal(key_count(db), LEN(lengths) + 3);
	for (size_t i = 0; i < LEN(lengths); i++)
		string_set(db, arena_strf(mem, "s%d", lengths[i]), S("new"), 0);
	all_agrees();
}

OLD_TEST(collections_read_the_same)
{
	int64_t n;

	small_keys();
	migrate();
	assert_bytes(hash_text("hash"), S("=\xff\x80 a=1 b=7"));
	assert_str(set_text("set"), "m n");
	assert_str(zset_text("zset"), "b a c");
	assert_int_equal(hash_incr(db, S("hash"), S("b"), 1, &n), OK);
	assert_int_equal(n, 8);
	assert_int_equal(set_card(db, S("set"), &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(key_count(db), 3);
}

OLD_TEST(a_time_to_go_stays)
{
	small_keys();
	string_key("soon", "x'61'", "1000010");
	string_key("gone", "x'61'", "999999");
	string_key("large", "cast(printf('%500d', 1) as blob)", "1000020");
	migrate();
	assert_false(key_exists(db, S("gone")));
	assert_int_equal(key_expires(db, S("soon")), NOW + 10);
	assert_int_equal(key_expires(db, S("large")), NOW + 20);
	assert_int_equal(key_expires(db, S("zset")), NOW + 50);
	assert_int_equal(key_expires(db, S("set")), 0);
	at(NOW + 20);
	assert_false(key_exists(db, S("large")));
	assert_int_equal(key_count(db), 3);
	while (key_sweep(db, 10))
		;
	all_agrees();
}

OLD_TEST(no_id_is_given_again)
{
	struct key_entry *keys;
	int64_t cursor = 0;

	small_keys();
	string_key("last", "x'61'", "null");
	run(arena_printf(mem, "update sqlite_sequence set seq = %d where name = 'key'", LAST_ID - 1));
	string_key("of a key that is gone", "x'61'", "null"); /* LAST_ID */
	run("delete from key where id = 100");
	run("insert into ranking values (100, x'6f6c64', 1)"); /* it waits for the sweeper */
	run("insert into trash values (100)");
	migrate();
	assert_int_equal(zset_add(db, S("new"), S("m"), 1), OK);
	assert_str(zset_text("new"), "m");
	assert_int_equal(key_scan_ids(db, mem, &cursor, 100, &keys), 5);
	cursor = LAST_ID;
	assert_int_equal(key_scan_ids(db, mem, &cursor, 100, &keys), 1);
	assert_str(keys[0].name, "new");
	while (key_sweep(db, 10))
		;
	all_agrees();
	assert_str(zset_text("new"), "m");
}

OLD_TEST(a_store_that_never_had_a_key_begins_with_the_first)
{
	migrate();
	one_of_each();
	assert_int_equal(key_count(db), 4);
	all_agrees();
}

OLD_TEST(a_large_collection_has_right_ranks_before_and_after_it_is_counted)
{
	int64_t rank;

	run("insert into key (id, name, type, length) values (1, x'7a736574', 4, 2000), (2, x'736574', 3, 2000),"
	    " (4, x'68617368', 2, 2000)");
	run("with recursive i (i) as (select 0 union all select i + 1 from i where i < 1999)"
	    " insert into ranking select 1, cast('m' || i as blob), i from i");
	run("insert into member select 2, member from ranking");
	run("insert into hash select 4, member, member from ranking");
	migrate();
	for (int change = 0; change < 2; change++) {
		for (int i = 0; i < LARGE; i += 111) {
			assert_int_equal(zset_rank(db, S("zset"), numbered("m", i), false, &rank), OK);
			assert_int_equal(rank, i + change);
		}
		assert_int_equal(zset_add(db, S("zset"), S("first"), -1), OK);
		assert_int_equal(set_add(db, S("set"), S("first")), OK);
		hash_put("hash", "first", "v");
		all_agrees();
	}
	for (int i = 0; i < LARGE; i++) {
		assert_int_equal(set_rem(db, S("set"), numbered("m", i)), OK);
		assert_int_equal(hash_del(db, S("hash"), numbered("m", i)), OK);
	}
	assert_str(set_text("set"), "first");
	assert_str(hash_text("hash"), "first=v");
	all_agrees();
}

OLD_TEST(the_sequence_stays_and_the_log_of_events_begins_behind_it)
{
	struct event *heads;
	size_t n;

	run("update sequence set value = 17");
	run("insert into outbox (id, channel, topic, payload, sequence, created, due, attempts)"
	    " values (9, 'live', x'74', x'70', 17, 999000, 999500, 2)");
	migrate();
	assert_int_equal(db_sequence(db), 17);
	assert_int_equal(db_sequence_next(db), 18);
	assert_int_equal(event_floor(db), 17); /* who was told by the old outbox reads all anew */
	assert_int_equal(event_heads(db, mem, &heads, &n), 0);
	assert_int_equal(n, 0);
	event_put(db, "alerts", S(""), S("{}"), 18);
	assert_int_equal(event_head(db, S("alerts")), 18);
	all_agrees();
}

/* A store as each schema left it, up to 003, with a row that 004 takes away. */
OLD_TEST(from_every_schema_on_the_way_an_outbox_that_is_empty_begins)
{
	struct tally *t;
	struct message m = { .channel = CHANNEL_SMS, .expires = NOW + 1 };
	size_t n;

	for (size_t i = 1; i < schema_nsteps && schema_steps[i].version < 4; i++)
		run(schema_steps[i].sql);
	run("pragma user_version = 3");
	run("insert into outbox (channel, topic, payload, sequence, created, due)"
	    " values ('live', x'74', x'70', 17, 999000, 999500)");
	migrate();
	outbox_tally(db, mem, 0, &t, &n);
	assert_int_equal(n, 0);
	m.destination = destination_id(db, CHANNEL_SMS, S("sms://gateway"));
	assert_true(outbox_put(db, &m) > 0);
	all_agrees();
}

OLD_TEST(a_tenant_has_one_name_and_one_secret_from_the_first_start_on)
{
	struct str id, secret;

	migrate();
	id = tenant_id(db, mem);
	secret = tenant_secret(db, mem);
	assert_int_equal(id.n, 8);
	assert_int_equal(secret.n, 32);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_create(store_path), OK);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	assert_bytes(tenant_id(db, mem), id);
	assert_bytes(tenant_secret(db, mem), secret);
}

OLD_TEST(bringing_it_up_to_date_twice_changes_nothing)
{
	small_keys();
	migrate();
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_create(store_path), OK);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	assert_str(set_text("set"), "m n");
	all_agrees();
}

OLD_TEST(many_may_bring_it_up_to_date_at_once)
{
	pid_t pids[6];
	int bad = 0;

	small_keys();
	assert_int_equal(sqlite3_close(old), SQLITE_OK);
	old = NULL;
	fflush(NULL);
	for (size_t i = 0; i < LEN(pids); i++)
		if ((pids[i] = fork()) == 0) {
			dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
			_exit(db_create(store_path));
		}
	for (size_t i = 0; i < LEN(pids); i++)
		bad += unit_wait(pids[i]) != OK;
	assert_int_equal(bad, 0);
	migrate();
	assert_str(zset_text("zset"), "b a c");
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_integrity(db), OK);
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
}

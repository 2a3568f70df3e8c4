/*
 * roll_test.c - what roll.h promises: three tenants beside the default one, in
 * real stores; a message to an endpoint that is not there is settled without any
 * network, which shows that its tenant was served.
 */
#include "store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "alert.h"
#include "bell.h"
#include "endpoint.h"
#include "outbox.h"
#include "roll.h"

#define ROLL_TEST(name) TEST_WITH(name, roll_setup, roll_teardown)

enum { TENANTS = SERVED + 30 };

static struct crew crew;
static struct roll *roll;
static struct rings rings;
static int bell;
static struct tenant tenants[TENANTS];
static struct db *stores[TENANTS]; /* as a handler has them open; NULL: not */
static size_t ntenants;
static enum db_role role; /* DB_DISPATCH neither rings nor flushes */

/* ---- tenants ---- */

/* A copy of an empty store: to make one flushes the disk a dozen times. */
static void
copy_store(const char *to)
{
	char from[TENANT_DIR], bytes[4096];
	ssize_t n;
	int in, out;

	snprintf(from, sizeof(from), "%s/template.db", store_dir);
	if (access(from, F_OK) != 0)
		assert_int_equal(db_create(from), OK);
	in = open(from, O_RDONLY);
	out = open(to, O_WRONLY | O_CREAT, 0600);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)n), n);
	close(in);
	close(out);
}

static void
make(const char *name)
{
	struct tenant *t = &tenants[ntenants++];
	char path[TENANT_DIR + 16];

	snprintf(path, sizeof(path), "%s/tenants", store_dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/tenants/%s", store_dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(tenant_named(store_dir, str(name), t), OK);
	snprintf(path, sizeof(path), "%s/muster.db", t->dir);
	copy_store(path);
}

static struct db *
store(size_t i)
{
	char path[TENANT_DIR + 16];

	snprintf(path, sizeof(path), "%s/muster.db", tenants[i].dir);
	if (stores[i] == NULL)
		assert_int_equal(db_open(&stores[i], path, role), OK);
	return stores[i];
}

static int64_t
put_into(struct db *to, int64_t due)
{
	struct message m = { .channel = CHANNEL_WEBHOOK,
		.lane = LANE_NORMAL,
		.due = due,
		.expires = due + HOUR_MS,
		.recipient = 77,
		.target = S("https://nobody.example/") };
	int64_t id;

	assert_int_equal(db_begin(to, TX_WRITE, now_ms()), OK);
	m.payload = payload_put(to, S("{}"));
	m.destination = destination_id(to, CHANNEL_WEBHOOK, S("https://nobody.example"));
	id = outbox_put(to, &m);
	assert_int_equal(db_commit(to), OK);
	return id;
}

static int64_t
put(size_t i, int64_t due)
{
	return put_into(store(i), due);
}

/* Whether anything became of it. */
static bool
is_served(size_t i, int64_t id)
{
	struct message m;

	assert_int_equal(db_begin(store(i), TX_READ, now_ms()), OK);
	assert_int_equal(outbox_get(store(i), mem, id, &m), OK);
	db_rollback(store(i));
	return m.state != OUTBOX_WAITING || m.tries > 0;
}

/* ---- a dispatcher ---- */

static void
hear(void *arg, struct str name)
{
	roll_ring(arg, name);
}

static bool
serves(size_t i)
{
	return roll_serves(roll, str(tenants[i].name));
}

static int64_t clock_now = NOW;

static void
set_clock(int64_t ms)
{
	char text[32];

	clock_now = ms;
	snprintf(text, sizeof(text), "%lld", (long long)ms);
	setenv("MUSTER_NOW", text, 1);
}

/* One turn as bin/dispatch does it; for how long nobody needs another. */
static int64_t
turn(void)
{
	int64_t wait = roll_before(roll, clock_now), engine = engine_turn(crew.engine, clock_now, false);
	int64_t after = roll_after(roll, clock_now);

	wait = wait < engine ? wait : engine;
	wait = wait < after ? wait : after;
	if (!bell_take(bell, &rings, hear, roll)) {
		roll_ring_all(roll);
		return 0;
	}
	return wait;
}

/* Until nothing is to be done at this moment. */
static void
run(int64_t ms)
{
	set_clock(ms);
	for (int i = 0, calm = 0; i < 4000 && calm < 3; i++) {
		bool rests = turn() > 0 && roll_rests(roll) && engine_rests(crew.engine);

		calm = rests ? calm + 1 : 0;
		if (!rests)
			engine_wait(crew.engine, -1, 1);
	}
}

static void
begin(void)
{
	bell = bell_open(store_dir);
	rings = (struct rings){ .n = 0 };
	crew = (struct crew){ .state = store_dir, .relay = relay_join(store_dir, false) };
	assert_non_null(crew.relay);
	relay_promote(crew.relay);
	crew.engine = engine_new(relay_owner(crew.relay));
	crew.checkpointer = checkpointer_new();
	roll = roll_new(&crew);
}

/* Dies: nothing is put in order.  `alone`: in order, and no heir is there. */
static void
end(bool in_order)
{
	if (in_order) {
		engine_stop(crew.engine);
		roll_stop(roll);
		roll_leave(roll, clock_now, true);
	}
	roll_free(roll);
	checkpointer_free(crew.checkpointer);
	relay_leave(crew.relay);
	engine_free(crew.engine);
	close(bell);
}

/* All that rest are closed: five seconds without work. */
static void
sleep_all(int64_t ms)
{
	/* Twice: the log is written back after the first. */
	for (int i = 0; i < 2; i++) {
		run(ms);
		end(true);
		begin();
	}
	run(ms);
}

static int
roll_setup(void **state)
{
	int bad = store_setup(state);

	if (bad != 0)
		return bad;
	db_commit(db);
	ntenants = 0;
	role = DB_HANDLER;
	memset(stores, 0, sizeof(stores));
	set_clock(NOW);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	make("east");
	make("north");
	make("south");
	begin();
	return 0;
}

static int
roll_teardown(void **state)
{
	char command[400];

	end(false);
	for (size_t i = 0; i < ntenants; i++)
		db_close(stores[i]);
	snprintf(command, sizeof(command), "cd %s && rm -rf tenants template.db* dispatch live", store_dir);
	unsetenv("MUSTER_NOW");
	return system(command) != 0 || store_teardown(state) != 0;
}

ROLL_TEST(all_tenants_are_served_by_one)
{
	int64_t ids[3], own;

	for (size_t i = 0; i < 3; i++)
		ids[i] = put(i, NOW);
	own = put_into(db, NOW);
	run(NOW);
	for (size_t i = 0; i < 3; i++)
		assert_true(is_served(i, ids[i]));
	assert_int_equal(db_begin(db, TX_READ, NOW), OK);
	struct message m;
	assert_int_equal(outbox_get(db, mem, own, &m), OK);
	assert_int_not_equal(m.state, OUTBOX_WAITING);
	db_rollback(db);
}

ROLL_TEST(a_tenant_at_rest_is_closed_and_its_file_says_when_it_is_due)
{
	int64_t id = put(0, NOW + 20 * MINUTE_MS);

	sleep_all(NOW);
	assert_false(serves(0));
	assert_int_equal(roll_open(roll), 1); /* the default one */
	assert_int_equal(tenant_due(tenants[0].dir), NOW + 20 * MINUTE_MS);
	assert_true(tenant_due(tenants[1].dir) >= NOW + HOUR_MS);
	assert_true(tenant_due(tenants[1].dir) <= NOW + 24 * HOUR_MS);
	run(NOW + 20 * MINUTE_MS - 1);
	assert_false(serves(0));
	run(NOW + 20 * MINUTE_MS);
	assert_true(serves(0));
	assert_true(is_served(0, id));
	assert_false(serves(1));
	assert_int_equal(tenant_due(tenants[0].dir), 0); /* whoever comes after us looks */
}

ROLL_TEST(a_ring_opens_the_one_that_rang)
{
	int64_t id;

	sleep_all(NOW);
	id = put(1, NOW);
	run(NOW + 1);
	assert_true(is_served(1, id));
	assert_true(serves(1));
	assert_false(serves(0));
	assert_false(serves(2));
}

ROLL_TEST(a_ring_that_nobody_heard_is_found_by_the_next_dispatcher)
{
	int64_t id;

	run(NOW);
	end(true);
	id = put(2, NOW); /* nobody listens */
	assert_int_equal(tenant_due(tenants[2].dir), 0);
	begin();
	run(NOW);
	assert_true(is_served(2, id));
}

ROLL_TEST(a_ring_that_died_with_its_listener_is_found_by_the_files_times)
{
	int64_t id;

	sleep_all(NOW);
	id = put(2, NOW);
	assert_true(tenant_due(tenants[2].dir) > NOW); /* it was heard, as far as the ringer knows */
	end(false);
	begin();
	run(NOW);
	assert_true(is_served(2, id));
	assert_false(serves(0));
}

ROLL_TEST(a_ring_lost_in_a_full_bell_is_found_at_once)
{
	int64_t id;

	sleep_all(NOW);
	while (write(bell, "east\n", 5) == 5)
		;
	while (write(bell, "\n", 1) == 1)
		;
	id = put(2, NOW);
	run(NOW + 1);
	assert_true(is_served(2, id));
}

ROLL_TEST(a_tenant_made_meanwhile_is_served_when_it_rings_and_else_within_a_minute)
{
	int64_t id;

	sleep_all(NOW);
	make("west");
	id = put(3, NOW);
	run(NOW + 1);
	assert_true(is_served(3, id));
	make("young");
	run(NOW + MINUTE_MS + 2);
	assert_true(serves(4));
}

static void
write_file(size_t i, const char *name, const char *text)
{
	char path[TENANT_DIR + 32];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", tenants[i].dir, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void
remove_file(size_t i, const char *name)
{
	char path[TENANT_DIR + 32];

	snprintf(path, sizeof(path), "%s/%s", tenants[i].dir, name);
	unlink(path);
}

ROLL_TEST(a_broken_or_missing_store_stops_nobody_else)
{
	int64_t id;

	make("broken");
	make("missing");
	remove_file(3, "muster.db");
	write_file(3, "muster.db", "this is no database, whatever its name says");
	remove_file(4, "muster.db");
	id = put(0, NOW);
	run(NOW);
	assert_true(is_served(0, id));
	assert_false(serves(3));
	run(NOW + 2 * MINUTE_MS);
	assert_false(serves(3));
}

ROLL_TEST(a_store_that_breaks_while_it_is_served_stops_nobody_else)
{
	char path[TENANT_DIR + 16];
	int64_t id = put(1, NOW);
	int fd;

	run(NOW);
	assert_true(is_served(1, id));
	db_close(stores[1]);
	stores[1] = NULL;
	snprintf(path, sizeof(path), "%s/muster.db", tenants[1].dir);
	fd = open(path, O_WRONLY);
	for (off_t at = 0; at < 400000; at += 4096)
		assert_int_equal(pwrite(fd, "nonsense", 8, at), 8);
	close(fd);
	roll_ring(roll, S("north"));
	id = put(0, NOW + 1);
	for (int i = 0; i < 50; i++)
		run(NOW + 1 + i * SECOND_MS);
	assert_true(is_served(0, id));
}

ROLL_TEST(a_suspended_tenant_is_not_served_until_it_is_no_longer_so)
{
	int64_t id = put(1, NOW + 10 * SECOND_MS);

	run(NOW);
	assert_true(serves(1));
	write_file(1, "suspended", "");
	run(NOW + 2 * SECOND_MS);
	assert_false(serves(1));
	run(NOW + 70 * SECOND_MS);
	assert_false(is_served(1, id));
	remove_file(1, "suspended");
	run(NOW + 131 * SECOND_MS);
	assert_true(is_served(1, id));
}

ROLL_TEST(a_deleted_tenant_is_let_go_and_another_of_its_name_is_served)
{
	char command[TENANT_DIR + 16];
	int64_t id;

	put(1, NOW);
	run(NOW);
	assert_true(serves(1));
	assert_int_equal(roll_open(roll), 4);
	snprintf(command, sizeof(command), "rm -r %s", tenants[1].dir);
	db_close(stores[1]);
	stores[1] = NULL;
	assert_int_equal(system(command), 0);
	run(NOW + 2 * SECOND_MS);
	assert_int_equal(roll_open(roll), 3);
	make("north");
	id = put(3, NOW + 3 * SECOND_MS);
	run(NOW + 3 * SECOND_MS);
	assert_true(is_served(3, id));
}

ROLL_TEST(whoever_locks_one_store_holds_up_no_other)
{
	struct timespec from, to;
	int64_t id, locked = put(0, NOW);

	run(NOW);
	assert_true(is_served(0, locked));
	locked = put(0, NOW + 1);
	assert_int_equal(db_begin(store(0), TX_WRITE, NOW), OK); /* and keeps it */
	id = put(1, NOW + 1);
	clock_gettime(CLOCK_MONOTONIC, &from);
	set_clock(NOW + 20 * SECOND_MS); /* all chores are due */
	for (int i = 0; i < 6; i++)
		turn();
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(is_served(1, id));
	assert_in_range(to.tv_sec - from.tv_sec, 0, 2);
	db_rollback(store(0));
	for (int i = 0; i < 100 && !is_served(0, locked); i++) {
		run(NOW + 40 * SECOND_MS);
		engine_wait(crew.engine, -1, 20);
	}
	assert_true(is_served(0, locked));
}

ROLL_TEST(of_many_tenants_only_some_are_open_and_all_are_served)
{
	int64_t ids[TENANTS];

	role = DB_DISPATCH;
	for (size_t i = ntenants; i < TENANTS; i++)
		make(arena_printf(mem, "t%zu", i));
	for (size_t i = 0; i < TENANTS; i++) {
		ids[i] = put(i, NOW);
		db_keep_log(stores[i]);
		db_close(stores[i]);
		stores[i] = NULL;
	}
	set_clock(NOW);
	for (int i = 0; i < 3000 && !(turn() > 0 && roll_rests(roll)); i++) {
		assert_in_range(roll_open(roll), 1, SERVED + LEAVING);
		engine_wait(crew.engine, -1, 1);
	}
	for (size_t i = 0; i < TENANTS; i++)
		assert_true(is_served(i, ids[i]));
	assert_in_range(roll_open(roll), 1, SERVED);
}

/* bell_test.c - what bell.h promises. */
#include "store.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "bell.h"
#include "event.h"
#include "outbox.h"
#include "tenant.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Whether it rings now. */
static bool
rings(int bell)
{
	struct pollfd p = { .fd = bell, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static char heard[256]; /* "north;;south;" */

static void
hear(void *arg, struct str name)
{
	size_t n = strlen(heard);

	(void)arg;
	snprintf(heard + n, sizeof(heard) - n, "%.*s;", FMT(name));
}

static bool
take(int bell)
{
	static struct rings kept;

	heard[0] = '\0';
	return bell_take(bell, &kept, hear, NULL);
}

static bool
rang(int bell)
{
	bool yes = rings(bell);

	take(bell);
	assert_false(rings(bell));
	return yes;
}

static void
tell(void)
{
	event_put(db, "alerts", S(""), S("{}"), db_sequence_next(db));
}

STORE_TEST(the_commit_of_an_event_or_a_message_rings_and_nothing_else_does)
{
	struct message m = { .channel = CHANNEL_SMS };
	int bell = bell_open(store_dir);

	assert_true(bell >= 0);
	tell();
	assert_false(rings(bell)); /* not before it can be seen */
	at(NOW);
	assert_true(rang(bell));
	m.destination = destination_id(db, CHANNEL_SMS, S("sms"));
	at(NOW);
	assert_false(rang(bell));
	outbox_put(db, &m);
	at(NOW);
	assert_true(rang(bell));
	bell_want(db);
	at(NOW);
	assert_true(rang(bell));
	at(NOW);
	assert_false(rang(bell));
	close(bell);
}

STORE_TEST(what_is_rolled_back_does_not_ring)
{
	int bell = bell_open(store_dir);

	tell();
	start_over();
	at(NOW);
	assert_false(rang(bell));
	close(bell);
}

STORE_TEST(many_rings_are_heard_once)
{
	int bell = bell_open(store_dir);

	for (int i = 0; i < 2000; i++) {
		bell_want(db);
		at(NOW);
	}
	assert_true(rang(bell));
	close(bell);
}

STORE_TEST(a_full_bell_keeps_nobody_waiting)
{
	int bell = bell_open(store_dir);
	char full[4096] = { 0 };

	while (write(bell, full, sizeof(full)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	tell();
	at(NOW);
	assert_true(rang(bell));
	close(bell);
}

STORE_TEST(nobody_listens_and_nobody_minds)
{
	int bell;

	tell();
	at(NOW); /* no bell yet */
	bell = bell_open(store_dir);
	tell();
	at(NOW);
	assert_true(rang(bell));
	close(bell);
	tell();
	at(NOW); /* the signal would end this program */
	tell();
	at(NOW);
	bell = bell_open(store_dir);
	tell();
	at(NOW);
	assert_true(rang(bell));
	close(bell);
}

static volatile sig_atomic_t signals;

static void
note(int number)
{
	(void)number;
	signals++;
}

STORE_TEST(no_signal_comes_of_it_and_those_of_others_are_kept)
{
	int bell = bell_open(store_dir), ends[2];

	signal(SIGPIPE, note);
	signals = 0;
	tell();
	at(NOW);
	close(bell);
	tell();
	at(NOW);
	assert_int_equal(signals, 0);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(write(ends[1], "", 1), -1);
	assert_int_equal(signals, 1);
	close(ends[1]);
	signal(SIGPIPE, SIG_DFL);
}

STORE_TEST(the_dispatcher_does_not_ring_for_itself)
{
	struct db *own = NULL;
	int bell = bell_open(store_dir);

	at(NOW);
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_open(&own, store_path, DB_DISPATCH), OK);
	assert_int_equal(db_begin(own, TX_WRITE, NOW), OK);
	event_put(own, "alerts", S(""), S("{}"), db_sequence_next(own));
	assert_int_equal(db_commit(own), OK);
	assert_false(rang(bell));
	db_close(own);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	close(bell);
}

STORE_TEST(a_bell_that_is_there_is_opened_again)
{
	int one = bell_open(store_dir), two = bell_open(store_dir);

	assert_true(one >= 0 && two >= 0);
	tell();
	at(NOW);
	assert_true(rings(one) && rings(two));
	close(one);
	close(two);
	assert_true(bell_open("/nonexistent") < 0);
}

/* ---- tenants ---- */

static struct db *north;
static char north_dir[600];

static void
open_north(void)
{
	char path[640];

	snprintf(path, sizeof(path), "%s/tenants", store_dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(north_dir, sizeof(north_dir), "%s/tenants/north", store_dir);
	assert_int_equal(mkdir(north_dir, 0700), 0);
	snprintf(path, sizeof(path), "%s/muster.db", north_dir);
	assert_int_equal(db_create(path), OK);
	assert_int_equal(db_open(&north, path, DB_HANDLER), OK);
}

static int
north_teardown(void **state)
{
	char command[500];

	db_close(north);
	north = NULL;
	snprintf(command, sizeof(command), "rm -r %s/tenants", store_dir);
	return system(command) != 0 || store_teardown(state) != 0;
}

#define TENANT_TEST(name) TEST_WITH(name, store_setup, north_teardown)

static void
north_tells(void)
{
	assert_int_equal(db_begin(north, TX_WRITE, NOW), OK);
	event_put(north, "alerts", S(""), S("{}"), db_sequence_next(north));
	assert_int_equal(db_commit(north), OK);
}

TENANT_TEST(a_ring_says_whose_it_is)
{
	int bell = bell_open(store_dir);

	open_north();
	north_tells();
	tell();
	at(NOW);
	north_tells();
	assert_true(take(bell));
	assert_string_equal(heard, "north;;north;");
	close(bell);
}

TENANT_TEST(a_ring_that_nobody_hears_takes_the_due_file_away)
{
	int bell;

	open_north();
	tenant_due_set(north_dir, INT64_C(4000000000000));
	bell = bell_open(store_dir);
	north_tells();
	assert_int_equal(tenant_due(north_dir), INT64_C(4000000000000));
	close(bell);
	north_tells();
	assert_int_equal(tenant_due(north_dir), 0);
}

TENANT_TEST(a_ring_into_a_full_bell_takes_the_due_file_away_and_the_listener_is_told)
{
	int bell = bell_open(store_dir);

	open_north();
	while (write(bell, "north\n", 6) == 6)
		;
	while (write(bell, "\n", 1) == 1)
		;
	tenant_due_set(north_dir, INT64_C(4000000000000));
	north_tells();
	assert_int_equal(tenant_due(north_dir), 0);
	assert_false(take(bell)); /* some may be lost */
	north_tells();
	assert_true(take(bell));
	close(bell);
}

TENANT_TEST(an_open_page_rings_for_a_tenant_that_may_rest_and_not_for_the_default_one)
{
	int bell = bell_open(store_dir);

	open_north();
	assert_int_equal(db_begin(north, TX_READ, NOW), OK);
	bell_want_awake(north);
	assert_int_equal(db_commit(north), OK);
	bell_want_awake(db);
	at(NOW);
	take(bell);
	assert_string_equal(heard, "north;");
	assert_true(bell_is_heard(north));
	assert_false(bell_is_heard(db));
	close(bell);
	assert_false(bell_is_heard(north));
}

STORE_TEST(names_may_come_in_parts_and_what_is_no_name_is_nobodys)
{
	int bell = bell_open(store_dir);

	assert_int_equal(write(bell, "sou", 3), 3);
	take(bell);
	assert_string_equal(heard, "");
	assert_int_equal(write(bell, "th\n\nBad\n../x\na-b\n", 18), 18);
	take(bell);
	assert_string_equal(heard, "south;;a-b;");
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(bell, "x", 1), 1);
	assert_int_equal(write(bell, "\nok\n", 4), 4);
	take(bell);
	assert_string_equal(heard, "ok;");
	close(bell);
}

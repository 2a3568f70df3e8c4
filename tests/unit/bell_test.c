/* bell_test.c - what bell.h promises. */
#include "store.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "bell.h"
#include "event.h"
#include "outbox.h"

/* Whether it rings now. */
static bool
rings(int bell)
{
	struct pollfd p = { .fd = bell, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static bool
rang(int bell)
{
	bool yes = rings(bell);

	bell_drain(bell);
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

/*
 * engine_test.c - what engine.h promises, with a channel of our own: a target
 * says what becomes of it ("sent", "retry", "http": a listener in this very
 * process, which answers when the test wants).
 */
#include "store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "engine.h"
#include "pace.h"
#include "relay.h"
#include "retry.h"

#define ENGINE_TEST(name) TEST_WITH(name, engine_setup, engine_teardown)

enum { OWNER = 41, TOO_MANY = 2000 };

static struct engine *engine;
static struct house *home;
static int64_t sent_to[TOO_MANY], clock_ms; /* destinations, in the order of the tries */
static size_t nsent;
static int settles, listener, port;
static char last_name[64], last_payload[64];

static bool
fake_start(const struct channel *c, struct delivery *d, struct verdict *v)
{
	char url[64];

	(void)c;
	assert_int_equal(db_tx(d->db), TX_READ);
	if (nsent < TOO_MANY)
		sent_to[nsent++] = d->message->destination;
	snprintf(last_name, sizeof(last_name), "%.*s", FMT(d->name));
	snprintf(last_payload, sizeof(last_payload), "%.*s", FMT(d->payload));
	if (str_is(d->message->target, "http")) {
		snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
		curl_easy_setopt(d->easy, CURLOPT_URL, url);
		curl_easy_setopt(d->easy, CURLOPT_POSTFIELDS, d->payload.p);
		d->headers = curl_slist_append(NULL, "Expect:");
		curl_easy_setopt(d->easy, CURLOPT_HTTPHEADER, d->headers);
		return true;
	}
	*v = (struct verdict){ .outcome = OUTCOME_SENT };
	if (str_is(d->message->target, "retry"))
		*v = (struct verdict){ .outcome = OUTCOME_RETRY, .reason = "made-up" };
	if (str_is(d->message->target, "fail"))
		*v = (struct verdict){ .outcome = OUTCOME_FAILED, .code = 400, .reason = "no-such" };
	return false;
}

static void
fake_judge(const struct channel *c, struct delivery *d, CURLcode code, struct verdict *v)
{
	long status = 0;

	(void)c;
	curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &status);
	*v = (struct verdict){ .outcome = OUTCOME_SENT, .code = (int)status };
	if (code != CURLE_OK || status == 503) {
		v->outcome = OUTCOME_RETRY;
		v->hurts = true;
		v->retry_after = status == 503 ? 100 * 1000 : 0;
		snprintf(v->reason, sizeof(v->reason), "%s", status == 503 ? "http-503" : "connect");
	}
	snprintf(v->detail, sizeof(v->detail), "%zu bytes", d->answer.n);
}

static void
fake_settle(const struct channel *c, struct delivery *d, const struct verdict *v)
{
	(void)c, (void)v;
	assert_int_equal(db_tx(d->db), TX_WRITE);
	settles++;
}

static struct channel fake = { .number = CHANNEL_WEBHOOK,
	.schedule = retry_webhook,
	.width_max = 64,
	.timeout_ms = 10000,
	.start = fake_start,
	.judge = fake_judge,
	.settle = fake_settle };

static void
listen_here(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(listener, (struct sockaddr *)&a, sizeof(a)), errno);
	assert_return_code(listen(listener, 500), errno);
	getsockname(listener, (struct sockaddr *)&a, &n);
	port = ntohs(a.sin_port);
}

static int
engine_setup(void **state)
{
	if (store_setup(state) != 0 || db_commit(db) != OK)
		return -1;
	listen_here();
	nsent = 0;
	settles = 0;
	clock_ms = NOW;
	engine = engine_new(OWNER);
	home = engine_house(engine, db);
	house_channel(home, &fake);
	return db_begin(db, TX_WRITE, NOW) == OK ? 0 : -1;
}

static int
engine_teardown(void **state)
{
	db_rollback(db);
	engine_free(engine);
	engine = NULL;
	close(listener);
	return store_teardown(state);
}

static int64_t
host(const char *name)
{
	return destination_id(db, CHANNEL_WEBHOOK, str(name));
}

static struct message
message(int64_t destination, const char *target)
{
	static int64_t payload;

	if (nsent == 0 && clock_ms == NOW)
		payload = payload_put(db, S("hello"));
	return (struct message){ .destination = destination,
		.channel = CHANNEL_WEBHOOK,
		.lane = LANE_NORMAL,
		.due = clock_ms,
		.expires = INT64_MAX,
		.payload = payload,
		.target = str(target) };
}

static int64_t
put(int64_t destination, const char *target)
{
	struct message m = message(destination, target);

	return outbox_put(db, &m);
}

/* Commits what the test wrote, and turns until nothing is to be done at once. */
static void
run(int64_t ms)
{
	bool news = true;

	clock_ms = ms;
	assert_int_equal(db_commit(db), OK);
	for (int i = 0, calm = 0; i < 400 && calm < (engine_busy(engine) > 0 ? 4 : 1); i++) {
		int64_t wait = engine_turn(engine, ms, news);

		news = false;
		calm = wait > 20 ? calm + 1 : 0;
		if (engine_busy(engine) > 0) /* requests are to be on their way */
			engine_wait(engine, -1, wait < 10 ? wait : 10);
	}
	assert_int_equal(db_begin(db, TX_WRITE, ms), OK);
}

static struct message
get(int64_t id)
{
	struct message m;

	assert_int_equal(outbox_get(db, mem, id, &m), OK);
	return m;
}

static struct destination
dest(int64_t id)
{
	struct destination d;

	assert_int_equal(destination_get(db, mem, id, &d), OK);
	return d;
}

/* Accepts a connection, reads the request and answers; closes without an
 * answer where that is NULL. */
static void
answer_one(const char *answer)
{
	int fd = accept(listener, NULL, NULL);
	char request[4096];

	assert_true(fd >= 0);
	assert_true(read(fd, request, sizeof(request)) > 0);
	if (answer != NULL)
		assert_true(write(fd, answer, strlen(answer)) > 0);
	close(fd);
}

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/* Turns until nothing is under way. */
static void
finish(int64_t ms)
{
	clock_ms = ms;
	assert_int_equal(db_commit(db), OK);
	for (int i = 0; i < 500 && engine_busy(engine) > 0; i++) {
		int64_t wait = engine_turn(engine, ms, false);

		if (engine_busy(engine) > 0)
			engine_wait(engine, -1, wait < 50 ? wait : 50);
	}
	assert_int_equal(engine_busy(engine), 0);
	assert_int_equal(db_begin(db, TX_WRITE, ms), OK);
}

ENGINE_TEST(a_due_message_is_sent_and_settled)
{
	int64_t id = put(host("a"), "sent");
	struct message m;

	run(NOW);
	m = get(id);
	assert_int_equal(m.state, OUTBOX_SENT);
	assert_int_equal(m.epoch, 1);
	assert_int_equal(m.tries, 0);
	assert_str(message_name(db, mem, id), last_name);
	assert_string_equal(last_payload, "hello");
	assert_int_equal(settles, 1);
	assert_int_equal(engine_counts(engine)->sent, 1);
}

ENGINE_TEST(a_message_is_not_sent_before_it_is_due)
{
	struct message m = message(host("a"), "sent");
	int64_t id;

	m.due = NOW + 10;
	id = outbox_put(db, &m);
	run(NOW + 9);
	assert_int_equal(nsent, 0);
	run(NOW + 10);
	assert_int_equal(get(id).state, OUTBOX_SENT);
}

ENGINE_TEST(a_failed_try_is_repeated_by_the_schedule_until_it_is_spent)
{
	int64_t id = put(host("a"), "retry"), now = NOW, waits[8];
	struct attempt *attempts;
	size_t n;

	for (int i = 0; i < 8; i++) {
		struct message m;

		run(now);
		m = get(id);
		assert_int_equal(m.tries, i + 1);
		assert_int_equal(nsent, i + 1);
		if (i == 7) {
			assert_int_equal(m.state, OUTBOX_DEAD);
			assert_str(m.reason, "made-up");
			break;
		}
		assert_int_equal(m.state, OUTBOX_WAITING);
		waits[i] = m.due - now;
		assert_in_range(waits[i], retry_webhook[i] * 800, retry_webhook[i] * 1200);
		run(m.due - 1);
		assert_int_equal(nsent, i + 1);
		now = m.due;
	}
	outbox_attempts(db, mem, id, &attempts, &n);
	assert_int_equal(n, 8);
}

ENGINE_TEST(what_was_refused_for_good_is_not_tried_again)
{
	int64_t id = put(host("a"), "fail");

	run(NOW);
	assert_int_equal(get(id).state, OUTBOX_FAILED);
	assert_int_equal(get(id).code, 400);
	run(NOW + 1000000);
	assert_int_equal(nsent, 1);
}

ENGINE_TEST(an_expired_message_is_never_sent_late)
{
	struct message m = message(host("a"), "sent");
	int64_t id;

	m.expires = NOW + 5;
	id = outbox_put(db, &m);
	run(NOW + 5);
	assert_int_equal(nsent, 0);
	assert_int_equal(get(id).state, OUTBOX_EXPIRED);
}

ENGINE_TEST(a_message_that_nobody_lived_to_settle_six_times_is_poison)
{
	int64_t id = put(host("a"), "sent");

	for (int i = 0; i < 5; i++) {
		struct message *m;
		size_t n;

		outbox_claim(db, mem, LANE_NORMAL, host("a"), 1000 + i, NOW + 60000, 1, &m, &n);
		assert_int_equal(n, 1);
		outbox_release(db, 1000 + i);
	}
	put(host("a"), "sent");
	outbox_claim(db, mem, LANE_NORMAL, host("a"), 1006, NOW + 60000, 1, &(struct message *){ NULL },
	    &(size_t){ 0 });
	outbox_release(db, 1006);
	run(NOW);
	assert_int_equal(get(id).state, OUTBOX_DEAD);
	assert_str(get(id).reason, "poison");
	assert_int_equal(nsent, 1); /* the other one */
}

ENGINE_TEST(being_put_off_again_and_again_is_no_poison)
{
	struct message m = message(destination_id(db, CHANNEL_SMS, S("gateway")), "sent");
	int64_t id, now = NOW;

	m.channel = CHANNEL_SMS; /* no such channel here */
	id = outbox_put(db, &m);
	for (int i = 0; i < 20; i++) {
		run(now);
		assert_int_equal(get(id).state, OUTBOX_WAITING);
		assert_int_equal(get(id).tries, 0);
		assert_true(get(id).due > now);
		now = get(id).due;
	}
}

ENGINE_TEST(a_message_without_its_payload_fails_and_harms_nobody)
{
	struct message m = message(host("a"), "sent");
	int64_t id;

	m.payload = 4711;
	id = outbox_put(db, &m);
	run(NOW);
	assert_int_equal(get(id).state, OUTBOX_FAILED);
	assert_str(get(id).reason, "no-payload");
}

ENGINE_TEST(a_transfer_is_driven_and_its_answer_kept)
{
	int64_t id = put(host("a"), "http");

	run(NOW);
	assert_int_equal(get(id).state, OUTBOX_WAITING);
	assert_int_equal(get(id).due, NOW + 25000); /* the lease: 10 s and 15 s more */
	assert_int_equal(engine_busy(engine), 1);
	answer_one(ok);
	finish(NOW + 1);
	assert_int_equal(get(id).state, OUTBOX_SENT);
	assert_int_equal(get(id).code, 200);
}

ENGINE_TEST(no_more_is_claimed_than_the_window_lets_through)
{
	for (int i = 0; i < 50; i++)
		put(host("a"), "http");
	run(NOW);
	assert_int_equal(engine_busy(engine), 4);
	assert_int_equal(engine_counts(engine)->claimed, 4);
	answer_one(ok);
	for (int i = 0; i < 100 && engine_counts(engine)->sent == 0; i++)
		run(NOW + 1);
	assert_int_equal(engine_busy(engine), 4);
	assert_int_equal(engine_counts(engine)->claimed, 5);
}

ENGINE_TEST(a_dead_destination_opens_its_breaker_and_its_rows_keep_their_tries)
{
	int64_t a = host("a"), ids[20];
	struct destination d;

	for (int i = 0; i < 20; i++)
		ids[i] = put(a, "http");
	close(listener); /* connections are refused */
	run(NOW);
	finish(NOW + 1);
	run(NOW + 2);
	d = dest(a);
	assert_int_equal(d.trips, 1);
	assert_in_range(d.open_until, NOW + 8000, NOW + 12100);
	assert_int_equal(nsent, 4);
	for (int i = 4; i < 20; i++)
		assert_int_equal(get(ids[i]).epoch, 0);
	run(d.open_until - 1);
	assert_int_equal(nsent, 4);
	run(d.open_until);
	finish(d.open_until);
	assert_int_equal(nsent, 5); /* the probe */
	assert_int_equal(dest(a).trips, 2);
}

ENGINE_TEST(the_breaker_outlives_the_dispatcher)
{
	int64_t a = host("a");

	for (int i = 0; i < 8; i++)
		put(a, "http");
	close(listener);
	run(NOW);
	finish(NOW + 1);
	assert_int_equal(nsent, 4);
	assert_int_equal(db_commit(db), OK);
	engine_free(engine);
	engine = engine_new(OWNER + 1);
	home = engine_house(engine, db);
	house_channel(home, &fake);
	assert_int_equal(db_begin(db, TX_WRITE, NOW + 2), OK);
	run(NOW + 5000);
	assert_int_equal(nsent, 4);
}

ENGINE_TEST(retry_after_makes_all_rows_of_the_destination_wait)
{
	int64_t a = host("a");

	put(a, "http");
	run(NOW);
	answer_one("HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	finish(NOW + 1);
	assert_int_equal(dest(a).open_until, NOW + 1 + 100000);
	put(a, "sent");
	run(NOW + 100000);
	assert_int_equal(nsent, 1);
	run(NOW + 100001);
	assert_int_equal(nsent, 2);
}

ENGINE_TEST(what_an_operator_changes_meanwhile_holds)
{
	int64_t a = host("a");
	struct destination d;

	for (int i = 0; i < 4; i++)
		put(a, "http");
	run(NOW);
	d = dest(a);
	d.disabled = S("by hand");
	destination_save(db, &d);
	close(listener);
	for (int i = 0; i < 4; i++) {
		close(accept(listener, NULL, NULL));
	}
	put(a, "sent");
	run(NOW + 2000);
	assert_str(dest(a).disabled, "by hand");
}

ENGINE_TEST(rows_of_a_disabled_destination_become_dead_letters_that_say_so)
{
	int64_t a = host("a"), id;
	struct destination d = dest(a);

	d.disabled = S("by hand");
	destination_save(db, &d);
	for (int i = 0; i < 1000; i++)
		id = put(a, "sent");
	run(NOW);
	assert_int_equal(nsent, 0);
	assert_int_equal(get(id).state, OUTBOX_DEAD);
	assert_str(get(id).reason, "disabled");
	assert_str(get(id).detail, "by hand");
	assert_int_equal(engine_counts(engine)->ended, 1000);
}

ENGINE_TEST(destinations_take_turns_whatever_their_backlogs)
{
	int64_t big = host("big"), small[10];
	size_t seen[10] = { 0 };

	for (int i = 0; i < 1000; i++)
		put(big, "sent");
	for (int i = 0; i < 10; i++) {
		small[i] = host(arena_printf(mem, "small%d", i));
		for (int k = 0; k < 10; k++)
			put(small[i], "sent");
	}
	run(NOW);
	assert_int_equal(nsent, 1100);
	for (size_t i = 0; i < 200; i++)
		for (int k = 0; k < 10; k++)
			seen[k] += sent_to[i] == small[k];
	for (int k = 0; k < 10; k++)
		assert_int_equal(seen[k], 10); /* among the first 200 of 1100 */
}

/* Many destinations with a silent message each. */
static void
fill(enum outbox_lane lane, int n)
{
	for (int i = 0; i < n; i++) {
		struct message m = message(host(arena_printf(mem, "silent%d", i)), "http");

		m.lane = lane;
		outbox_put(db, &m);
	}
}

ENGINE_TEST(what_is_urgent_has_32_slots_that_nobody_else_takes)
{
	struct message m;

	fill(LANE_NORMAL, 400);
	run(NOW);
	assert_int_equal(engine_busy(engine), 224);
	m = message(host("urgent"), "sent");
	m.lane = LANE_URGENT;
	outbox_put(db, &m);
	run(NOW + 1);
	assert_int_equal(nsent, 225);
	assert_int_equal(sent_to[224], host("urgent"));
}

ENGINE_TEST(tries_again_take_half_of_the_slots_at_most)
{
	fill(LANE_NORMAL, 400);
	for (int i = 0; i < 400; i++) { /* all of them have failed once */
		struct message *m;
		size_t n;

		outbox_claim(
		    db, mem, LANE_NORMAL, host(arena_printf(mem, "silent%d", i)), 77, NOW + 1, 1, &m, &n);
		outbox_settle(db,
		    &(struct settled){
			.message = m, .state = OUTBOX_WAITING, .due = NOW, .counts = true, .reason = S("x") },
		    1);
	}
	run(NOW);
	assert_int_equal(engine_busy(engine), 112);
	for (int i = 0; i < 50; i++)
		put(host(arena_printf(mem, "new%d", i)), "sent");
	run(NOW + 1);
	assert_int_equal(engine_counts(engine)->sent, 50);
}

ENGINE_TEST(a_message_cancelled_on_its_way_stays_cancelled)
{
	int64_t id = put(host("a"), "http");

	run(NOW);
	assert_int_equal(outbox_cancel(db, id, S("no longer true")), OK);
	run(NOW + 1);
	answer_one(ok);
	finish(NOW + 2);
	assert_int_equal(get(id).state, OUTBOX_CANCELLED);
	assert_int_equal(engine_counts(engine)->fenced, 1);
}

ENGINE_TEST(a_claim_that_another_took_over_cannot_be_settled)
{
	int64_t id = put(host("a"), "http");
	struct message *m;
	size_t n;

	run(NOW);
	outbox_release(db, OWNER);
	outbox_claim(db, mem, LANE_NORMAL, host("a"), 99, NOW + 60000, 1, &m, &n);
	assert_int_equal(n, 1);
	run(NOW + 1);
	answer_one(ok);
	finish(NOW + 2);
	assert_int_equal(get(id).state, OUTBOX_WAITING);
	assert_int_equal(get(id).owner, 99);
}

ENGINE_TEST(two_dispatchers_never_send_the_same_twice)
{
	struct engine *other;

	db_rollback(db);
	other = engine_new(OWNER + 1);
	house_channel(engine_house(other, db), &fake);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	for (int i = 0; i < 300; i++)
		put(host(arena_printf(mem, "h%d", i % 7)), "sent");
	assert_int_equal(db_commit(db), OK);
	for (int i = 0; i < 400; i++)
		engine_turn(i % 2 ? engine : other, NOW, i < 2);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	assert_int_equal(nsent, 300);
	assert_int_equal(engine_counts(engine)->sent + engine_counts(other)->sent, 300);
	assert_int_equal(engine_counts(engine)->fenced + engine_counts(other)->fenced, 0);
	engine_free(other);
}

ENGINE_TEST(after_stop_nothing_is_claimed_and_what_is_under_way_ends)
{
	int64_t id = put(host("a"), "http"), late;

	run(NOW);
	engine_stop(engine);
	late = put(host("a"), "sent");
	run(NOW + 1);
	answer_one(ok);
	finish(NOW + 2);
	assert_int_equal(get(id).state, OUTBOX_SENT);
	assert_int_equal(get(late).epoch, 0);
}

ENGINE_TEST(what_is_abandoned_is_due_again_and_no_try_is_burnt)
{
	int64_t id = put(host("a"), "http");

	run(NOW);
	assert_int_equal(db_commit(db), OK);
	engine_abandon(engine, NOW + 1);
	assert_int_equal(db_begin(db, TX_WRITE, NOW + 2), OK);
	assert_int_equal(get(id).state, OUTBOX_WAITING);
	assert_int_equal(get(id).tries, 0);
	assert_int_equal(get(id).claims, 0);
	assert_int_equal(get(id).owner, 0);
	assert_true(get(id).due <= NOW + 2);
	assert_int_equal(engine_busy(engine), 0);
}

ENGINE_TEST(an_answer_without_end_is_cut_and_its_status_holds)
{
	int64_t id = put(host("a"), "http");
	pid_t pid;

	run(NOW);
	if ((pid = fork()) == 0) {
		static char much[65536];
		int fd = accept(listener, NULL, NULL);

		if (read(fd, much, sizeof(much)) > 0 && write(fd, "HTTP/1.1 200 OK\r\n\r\n", 19) == 19)
			while (write(fd, much, sizeof(much)) > 0)
				;
		_exit(0);
	}
	finish(NOW + 1);
	assert_int_equal(get(id).state, OUTBOX_SENT);
	kill(pid, SIGKILL);
	unit_wait(pid);
}

ENGINE_TEST(when_nothing_is_due_nothing_is_written)
{
	int64_t before;

	put(host("a"), "sent");
	run(NOW);
	before = engine_counts(engine)->writes;
	for (int i = 1; i < 100; i++)
		run(NOW + i);
	assert_int_equal(engine_counts(engine)->writes, before);
}

/* ---- several stores ---- */

static struct db *second;
static struct house *away;
static size_t nsent_away;

static bool
away_start(const struct channel *c, struct delivery *d, struct verdict *v)
{
	bool going = fake_start(c, d, v);

	nsent--;
	nsent_away++;
	return going;
}

static void
open_second(struct channel *channel)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/second.db", store_dir);
	assert_int_equal(db_create(path), OK);
	assert_int_equal(db_open(&second, path, DB_DISPATCH), OK);
	away = engine_house(engine, second);
	nsent_away = 0;
	*channel = fake;
	channel->start = away_start;
	house_channel(away, channel);
}

static void
close_second(void)
{
	house_leave(away);
	db_close(second);
}

/* `n` messages, one commit. */
static int64_t
put_away(int n, const char *target)
{
	struct message m = { .channel = CHANNEL_WEBHOOK,
		.lane = LANE_NORMAL,
		.due = clock_ms,
		.expires = INT64_MAX,
		.target = str(target) };
	int64_t id = 0;

	assert_int_equal(db_begin(second, TX_WRITE, clock_ms), OK);
	m.payload = payload_put(second, S("from afar"));
	m.destination = destination_id(second, CHANNEL_WEBHOOK, S("a"));
	for (int i = 0; i < n; i++)
		id = outbox_put(second, &m);
	assert_int_equal(db_commit(second), OK);
	house_news(away);
	return id;
}

static enum outbox_state
state_away(int64_t id)
{
	struct message m;

	assert_int_equal(db_begin(second, TX_READ, clock_ms), OK);
	assert_int_equal(outbox_get(second, mem, id, &m), OK);
	db_rollback(second);
	return m.state;
}

ENGINE_TEST(each_store_has_its_channels_its_destinations_and_its_payloads)
{
	struct channel channel;
	struct str name;
	int64_t there, here;

	open_second(&channel);
	here = put(host("a"), "fail");
	there = put_away(1, "sent"); /* the same ids in both stores */
	assert_int_equal(there, here);
	run(NOW);
	assert_int_equal(nsent, 1);
	assert_int_equal(nsent_away, 1);
	assert_int_equal(get(here).state, OUTBOX_FAILED);
	assert_int_equal(state_away(there), OUTBOX_SENT);
	assert_string_equal(last_payload, "from afar");
	assert_int_equal(db_begin(second, TX_READ, NOW), OK);
	name = message_name(second, mem, there);
	db_rollback(second);
	assert_str(name, last_name);
	assert_false(str_eq(name, message_name(db, mem, here)));
	close_second();
}

ENGINE_TEST(one_store_with_a_flood_for_the_dead_leaves_slots_for_another)
{
	struct channel channel;

	open_second(&channel);
	for (int i = 0; i < 1600; i++)
		put(host(arena_printf(mem, "silent%d", i % 80)), "http");
	run(NOW);
	assert_true(engine_busy(engine) >= 160); /* nobody answers any of them */
	put_away(20, "sent");
	assert_int_equal(db_commit(db), OK);
	for (int i = 0; i < 10; i++)
		engine_turn(engine, NOW, false);
	assert_int_equal(nsent_away, 20);
	assert_int_equal(house_busy(away), 0);
	/* And it goes on being so while the first wants all that becomes free. */
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 8; i++)
			answer_one(ok);
		put_away(20, "sent");
		for (int i = 0; i < 10; i++) {
			engine_turn(engine, NOW + round, false);
			engine_wait(engine, -1, 1);
		}
		assert_int_equal(nsent_away, 20 * (round + 2));
	}
	assert_true(house_busy(home) >= 160);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	close_second();
}

ENGINE_TEST(two_stores_with_floods_share_alike)
{
	struct channel channel;

	open_second(&channel);
	channel.width_max = 1000;
	for (int i = 0; i < 1600; i++)
		put(host(arena_printf(mem, "silent%d", i % 80)), "http");
	assert_int_equal(db_begin(second, TX_WRITE, NOW), OK);
	for (int i = 0; i < 1600; i++) {
		struct message m = {
			.channel = CHANNEL_WEBHOOK, .lane = LANE_NORMAL, .due = NOW, .expires = INT64_MAX
		};

		m.payload = 1;
		m.target = S("http");
		if (i == 0)
			payload_put(second, S("x"));
		m.destination = destination_id(second, CHANNEL_WEBHOOK, numbered("d", i % 80));
		outbox_put(second, &m);
	}
	assert_int_equal(db_commit(second), OK);
	run(NOW);
	assert_in_range(house_busy(home), 80, 130);
	assert_in_range(house_busy(away), 80, 130);
	close_second();
}

ENGINE_TEST(what_a_store_that_leaves_had_under_way_takes_no_slot)
{
	struct channel channel;
	int64_t id;

	open_second(&channel);
	id = put_away(1, "http");
	run(NOW);
	assert_int_equal(engine_busy(engine), 1);
	assert_int_equal(state_away(id), OUTBOX_WAITING);
	close_second();
	assert_int_equal(engine_busy(engine), 0);
	put(host("a"), "sent");
	run(NOW + 1);
	assert_int_equal(nsent, 1);
}

ENGINE_TEST(a_store_that_stops_is_not_claimed_from_and_the_other_is)
{
	struct channel channel;
	int64_t id;

	open_second(&channel);
	house_stop(away);
	id = put_away(1, "sent");
	put(host("a"), "sent");
	run(NOW);
	assert_int_equal(nsent, 1);
	assert_int_equal(nsent_away, 0);
	assert_int_equal(state_away(id), OUTBOX_WAITING);
	close_second();
}

/* ---- the relay ---- */

static char relay_dir[] = "/tmp/muster-relay-XXXXXX";

ENGINE_TEST(one_works_two_wait_and_the_next_one_leaves)
{
	struct relay *first, *a, *b;

	assert_non_null(mkdtemp(relay_dir));
	first = relay_join(relay_dir, true);
	relay_promote(first);
	a = relay_join(relay_dir, true);
	b = relay_join(relay_dir, true);
	assert_non_null(a);
	assert_non_null(b);
	assert_null(relay_join(relay_dir, true));
	assert_null(relay_join(relay_dir, false));
	relay_hand_over(first);
	relay_promote(a); /* does not block */
	assert_true(relay_owner(a) != relay_owner(first));
	relay_leave(first);
	relay_leave(b);
	relay_leave(a);
}

ENGINE_TEST(the_dead_give_their_claims_back_and_the_living_keep_theirs)
{
	struct relay *dead = relay_join(relay_dir, true), *slow, *heir;
	int64_t id = put(host("a"), "sent"), other = put(host("b"), "sent");
	char path[128];
	struct message *m;
	size_t n;
	bool others;
	int status;
	pid_t pid;

	assert_int_equal(db_commit(db), OK);
	relay_leave(dead);
	slow = relay_join(relay_dir, true);
	relay_promote(slow);
	relay_hand_over(slow);
	fflush(NULL);
	if ((pid = fork()) == 0) { /* one that is killed while it works */
		dead = relay_join(relay_dir, true);
		relay_promote(dead);
		if (db_open(&db, store_path, DB_HANDLER) == OK && db_begin(db, TX_WRITE, NOW) == OK)
			outbox_claim(db, mem, LANE_NORMAL, 1, relay_owner(dead), NOW + 60000, 1, &m, &n);
		db_commit(db);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	outbox_claim(db, mem, LANE_NORMAL, host("b"), relay_owner(slow), NOW + 60000, 1, &m, &n);
	assert_true(get(id).owner != 0);
	assert_int_equal(db_commit(db), OK);
	heir = relay_join(relay_dir, true);
	relay_promote(heir);
	snprintf(path, sizeof(path), "ls %s/dispatch | grep -c '^own\\.' | grep -q '^%d$'", relay_dir, 3);
	assert_int_equal(system(path), 0);
	assert_int_equal(relay_reclaim(heir, db, mem, NOW + 5, &others), 1);
	assert_true(others); /* the slow one */
	relay_bury(heir);
	snprintf(path, sizeof(path), "ls %s/dispatch | grep -c '^own\\.' | grep -q '^%d$'", relay_dir, 2);
	assert_int_equal(system(path), 0);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	assert_int_equal(get(id).owner, 0);
	assert_int_equal(get(id).due, NOW + 5);
	assert_int_equal(get(other).owner, relay_owner(slow));
	relay_leave(slow);
	relay_leave(heir);
	snprintf(path, sizeof(path), "rm -r %s", relay_dir);
	assert_int_equal(system(path), 0);
}

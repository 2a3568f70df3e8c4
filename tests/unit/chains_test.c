/*
 * chains_test.c - publishers, subscribers and dispatchers, each a process of its
 * own, the dispatchers killed in the middle of things: everybody who should has
 * one message of each alert, and the last word of each chain.
 *
 *	ROUNDS=40   how many steps of each publisher
 */
#include "alerts.h"

#include <signal.h>
#include <sys/mman.h>

#include "fanout.h"
#include "key.h"
#include "value.h"

enum {
	STEADY = 30, /* subscribed before all others, and for good */
	PUBLISHERS = 2,
	DISPATCHERS = 2,
	CHILDREN = PUBLISHERS + DISPATCHERS + 1,
	PAGE = 500,
};

static const char *const places[] = { "city-CJ", "city-B", "country-RO" };
static _Atomic int *working; /* publishers that are not done; shared */
static int steps = 40;

/* Of the i-th subscriber. */
static enum outbox_channel
channel_of(int64_t i)
{
	return (enum outbox_channel)(CHANNEL_EMAIL + i % 3);
}

static enum severity
severity_of(int64_t i)
{
	return (enum severity)(SEVERITY_MINOR + i / 3 % 4);
}

static enum err
subscribe(int64_t i)
{
	struct str where[2] = { str(places[i % 3]), str(places[i / 2 % 3]) };
	char address[64];
	struct subscription s = { .channel = channel_of(i),
		.locations = where,
		.nlocations = str_eq(where[0], where[1]) ? 1 : 2,
		.min_severity = severity_of(i),
		.language = i % 2 ? S("ro") : S("en") };

	switch (i % 3) {
	case 0:
		snprintf(address, sizeof(address), "r%lld@example.org", (long long)i);
		break;
	case 1:
		snprintf(address, sizeof(address), "+4071200%04lld", (long long)i);
		break;
	default:
		snprintf(address, sizeof(address), "https://h%lld.example/", (long long)i);
	}
	s.address = str(address);
	return subscription_save(db, mem, &s);
}

/* ---- what the processes do --------------------------------------------------- */

/* A new alert, or one in the place of a random one. */
static enum err
publish(void *arg)
{
	static struct str where[3];
	struct alert al = flood();
	int64_t last = 0;
	enum err e;

	(void)arg;
	al.severity = (enum severity)(SEVERITY_MINOR + rnd_below(4));
	al.channels = (channel_mask)(rnd_below(8) << CHANNEL_EMAIL);
	for (int i = 0; i < 3; i++)
		where[i] = str(places[i]);
	al.locations = where + rnd_below(2);
	al.nlocations = 1 + (size_t)rnd_below(2);
	if (rnd_below(8) == 0)
		al.not_before = db_now(db) + 1;
	if (string_get_int(db, S("alert:id"), &last) != OK)
		return ERR_STORE;
	if (rnd_below(4) > 0 && last > 3) /* mostly while it is being expanded */
		al = (struct alert){ .type = rnd_below(4) ? MSG_UPDATE : MSG_CANCEL,
			.replaces = last - rnd_below(3) };
	e = alert_publish(db, mem, &al);
	return e == ERR_CONFLICT || e == ERR_NOT_FOUND ? OK : e;
}

static enum err
churn(void *arg)
{
	int64_t i = STEADY + rnd_below(20), id;

	(void)arg;
	if (rnd_below(2))
		return subscribe(i);
	id = STEADY + 1 + rnd_below(20);
	return subscription_delete(db, mem, id) == ERR_STORE ? ERR_STORE : OK;
}

/* One chunk or one claim; now and then the process dies before the commit. */
static enum err
dispatch(void *arg)
{
	enum outbox_lane lane = (enum outbox_lane)rnd_below(2);
	int64_t next, destination = 0, due;
	struct message *m;
	enum err e = OK;
	bool more;
	size_t n;

	(void)arg;
	if (rnd_below(3) > 0)
		e = fanout_step(db, mem, 1 + (size_t)rnd_below(4), &more, &next);
	else
		while (outbox_next(db, lane, destination, &destination, &due))
			outbox_claim(db, mem, lane, destination, 1, db_now(db) + 1, 3, &m, &n);
	if (rnd_below(6) == 0)
		raise(SIGKILL);
	return e;
}

static void
child(int which)
{
	enum err (*body)(void *) = which < PUBLISHERS                 ? publish
				   : which < PUBLISHERS + DISPATCHERS ? dispatch
								      : churn;

	mem = arena_new();
	for (int i = 0; i < which + 8 + getpid() % 64; i++)
		rnd();
	if (db_open(&db, store_path, DB_DISPATCH) != OK)
		_exit(3);
	for (int i = 0; body == publish ? i < steps : *working > 0; i++) {
		enum err e = db_transact(db, TX_WRITE, now_ms(), body, NULL);

		if (e != OK && e != ERR_BUSY)
			_exit(4);
		arena_reset(mem);
	}
	if (body == publish)
		--*working;
	_exit(0);
}

static pid_t
start(int which)
{
	pid_t pid = fork();

	if (pid == 0)
		child(which);
	assert_true(pid > 0);
	return pid;
}

/* Runs them all; who was killed is started again.  How often that was. */
static int
run_all(void)
{
	pid_t pids[CHILDREN];
	int alive = CHILDREN, kills = 0, status;

	for (int i = 0; i < CHILDREN; i++)
		pids[i] = start(i);
	while (alive > 0) {
		pid_t pid = wait(&status);

		for (int i = 0; i < CHILDREN; i++) {
			if (pids[i] != pid)
				continue;
			if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
				kills++;
				pids[i] = start(i);
				continue;
			}
			assert_int_equal(status, 0);
			alive--;
		}
	}
	return kills;
}

/* ---- what must hold then --------------------------------------------------------- */

enum { ALERTS_MAX = 300, SUBSCRIBERS_MAX = 200 };
static struct heard {
	int messages, waiting;
	bool tried;
} heard[ALERTS_MAX][SUBSCRIBERS_MAX];

/* Every message there is. */
static void
listen(void)
{
	memset(heard, 0, sizeof(heard));
	for (int state = 0; state < OUTBOX__MAX; state++) {
		struct outbox_filter f = { .state = (enum outbox_state)state, .limit = PAGE };
		struct message *m;
		size_t n;

		do {
			outbox_list(db, mem, &f, &m, &n);
			for (size_t i = 0; i < n; i++) {
				struct heard *h = &heard[m[i].source][m[i].recipient];

				assert_true(m[i].source < ALERTS_MAX && m[i].recipient < SUBSCRIBERS_MAX);
				h->messages++;
				h->waiting += m[i].state == OUTBOX_WAITING;
				h->tried |= m[i].epoch > 0;
			}
			if (n > 0) {
				f.before_id = m[n - 1].id;
				f.before_finished = m[n - 1].finished;
			}
		} while (n == PAGE);
	}
}

static bool
concerned(const struct alert *first, int64_t subscriber)
{
	int64_t i = subscriber - 1;
	bool there = false;

	for (size_t k = 0; k < first->nlocations; k++)
		there |= str_is(first->locations[k], places[i % 3]) ||
			 str_is(first->locations[k], places[i / 2 % 3]);
	return there && first->channels & (1U << channel_of(i));
}

/* The severity that was in force when it was expanded to that one is not known
 * where it changed: here an Update keeps it. */
static void
check_last_word(const struct alert *last, int64_t subscriber)
{
	struct alert al = *last, first = loaded(last->first);
	const struct heard *h = &heard[last->id][subscriber];
	bool tried = false, told = false, hook = channel_of(subscriber - 1) == CHANNEL_WEBHOOK;

	for (; al.id != al.first; al = loaded(al.replaces)) {
		const struct heard *before = &heard[al.replaces][subscriber];

		tried |= before->tried;
		told |= before->messages > 0;
		if (!hook)
			assert_int_equal(before->waiting, 0);
	}
	if (!concerned(&first, subscriber) || first.severity < severity_of(subscriber - 1))
		assert_int_equal(h->messages, 0);
	else if (last->type == MSG_CANCEL)
		assert_int_equal(h->messages, hook ? told : tried);
	else
		assert_int_equal(h->messages, 1);
}

static int
check_all_words(void)
{
	struct alert *all;
	size_t n;
	int chains = 0;

	assert_int_equal(alert_list(db, mem, false, 0, ALERTS_MAX, &all, &n), OK);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		for (int64_t s = 1; s < SUBSCRIBERS_MAX; s++)
			assert_true(heard[all[i].id][s].messages <= 1);
		if (all[i].replaced_by != 0)
			continue;
		chains++;
		for (int64_t s = 1; s <= STEADY; s++)
			check_last_word(&all[i], s);
	}
	return chains;
}

static void
tell(void *arg, const char *text)
{
	(void)arg;
	print_error("%s\n", text);
}

STORE_TEST(whatever_is_published_and_whoever_dies_each_has_the_last_word_once)
{
	bool more = true;
	int64_t next;
	int kills;

	rnd_start();
	if (getenv("ROUNDS"))
		steps = atoi(getenv("ROUNDS")) < 140 ? atoi(getenv("ROUNDS")) : 140;
	for (int64_t i = 0; i < STEADY; i++)
		assert_int_equal(subscribe(i), OK);
	assert_int_equal(db_commit(db), OK);
	db_close(db);
	working = mmap(NULL, sizeof(*working), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*working = PUBLISHERS;
	kills = run_all();
	assert_int_equal(db_open(&db, store_path, DB_DISPATCH), OK);
	assert_int_equal(db_begin(db, TX_WRITE, now_ms()), OK);
	while (more)
		assert_int_equal(fanout_step(db, mem, 10, &more, &next), OK);
	listen();
	printf("# %d chains, %d kills\n", check_all_words(), kills);
	assert_alerts_agree();
	at(now_ms()); /* a key's length is written with the commit */
	assert_int_equal(key_check(db, tell, NULL), 0);
}

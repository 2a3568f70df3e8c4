/* live_test.c - what live.h promises, with a hub on a unix socket. */
#include "store.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "clock.h"
#include "event.h"
#include "live.h"
#include "value.h"

/* ---- the hub: one request after the other ------------------------------------- */

enum { POSTS = 64 };
static struct {
	char path[64], event[64], body[512];
} posts[POSTS];
static size_t nposts, shown, cuts;
static const char *says; /* a letter a request: 2: 202, 5: 500, c: it closes; the last one repeats */
static int hub_fd = -1;
static pthread_t hub_thread;
static struct live *live;
static struct tenant tenant;
static CURLM *multi;

static void
header_of(const char *request, const char *name, char *out, size_t size)
{
	const char *at = strcasestr(request, name);

	snprintf(
	    out, size, "%.*s", at ? (int)strcspn(at + strlen(name), "\r") : 0, at ? at + strlen(name) : "");
}

static bool
hub_answer(int fd, char *request)
{
	static const char good[] =
	    "HTTP/1.1 202 Accepted\r\nContent-Length: 44\r\n\r\nqueued messages: 1\nactive subscribers: 20000\n\n";
	static const char bad[] = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
	size_t at = nposts < strlen(says) ? nposts : strlen(says) - 1;
	char *body = strstr(request, "\r\n\r\n") + 4;

	if (strncmp(request, "DELETE ", 7) == 0) {
		assert_non_null(strstr(request, "DELETE /pub/cut "));
		cuts++;
		return write(fd, good, sizeof(good) - 1) > 0;
	}
	if (nposts < POSTS) {
		snprintf(posts[nposts].path, sizeof(posts[0].path), "%.*s",
		    (int)strcspn(request + strlen("POST "), " "), request + strlen("POST "));
		header_of(request, "X-EventSource-Event: ", posts[nposts].event, sizeof(posts[0].event));
		snprintf(posts[nposts].body, sizeof(posts[0].body), "%s", body);
	}
	nposts++;
	if (says[at] == 'c')
		return false;
	return says[at] == '2' ? write(fd, good, sizeof(good) - 1) > 0 : write(fd, bad, sizeof(bad) - 1) > 0;
}

static void
hub_serve(int fd)
{
	char in[4096], length[32];
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, in + n, sizeof(in) - 1 - n)) > 0) {
		char *end;

		in[n += (size_t)got] = '\0';
		if ((end = strstr(in, "\r\n\r\n")) == NULL)
			continue;
		header_of(in, "Content-Length: ", length, sizeof(length));
		if (n < (size_t)(end + 4 - in) + strtoul(length, NULL, 10))
			continue;
		if (!hub_answer(fd, in))
			break;
		n = 0;
	}
	close(fd);
}

static void *
hub_one(void *fd)
{
	hub_serve((int)(intptr_t)fd);
	return NULL;
}

/* A connection a channel is kept open: a thread each. */
static void *
hub_run(void *arg)
{
	int fd;

	while ((fd = accept(hub_fd, NULL, NULL)) >= 0) {
		pthread_t t;

		pthread_create(&t, NULL, hub_one, (void *)(intptr_t)fd);
		pthread_detach(t);
	}
	return arg;
}

static void
hub_start(const char *script)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char dir[300];

	snprintf(dir, sizeof(dir), "%s/run", store_dir);
	mkdir(dir, 0700);
	snprintf(dir, sizeof(dir), "%s/run/live", store_dir);
	mkdir(dir, 0700);
	snprintf(name.sun_path, sizeof(name.sun_path), "%.80s/run/live/pub.sock", store_dir);
	says = script;
	hub_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(hub_fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(hub_fd, 8), 0);
	pthread_create(&hub_thread, NULL, hub_run, NULL);
}

/* ---- the engine: carries to the end ------------------------------------------- */

static struct {
	CURL *easy;
	void (*done)(void *, CURL *, CURLcode);
	void *arg;
} jobs[16];
static size_t njobs;

static void
carry(void *to, CURL *easy, void (*done)(void *arg, CURL *easy, CURLcode), void *arg)
{
	(void)to;
	jobs[njobs].easy = easy;
	jobs[njobs].done = done;
	jobs[njobs++].arg = arg;
	curl_multi_add_handle(multi, easy);
}

static void
settle(CURLMsg *m)
{
	CURLcode code = m->data.result;
	CURL *easy = m->easy_handle;
	size_t i = 0;

	while (jobs[i].easy != easy)
		i++;
	curl_multi_remove_handle(multi, easy);
	void (*done)(void *, CURL *, CURLcode) = jobs[i].done;
	void *arg = jobs[i].arg;
	jobs[i] = jobs[--njobs];
	done(arg, easy, code);
}

/* A turn at `now`, and everything that it starts; when the next one is wanted. */
static int64_t
turn(int64_t now)
{
	int64_t next = live_turn(live, db, now, true);
	int running, left;

	while (njobs > 0) {
		CURLMsg *m;

		curl_multi_perform(multi, &running);
		while ((m = curl_multi_info_read(multi, &left)) != NULL)
			if (m->msg == CURLMSG_DONE)
				settle(m);
		curl_multi_poll(multi, NULL, 0, 20, NULL);
	}
	return next;
}

static int
setup(void **state)
{
	int bad = store_setup(state);

	if (bad != 0)
		return bad;
	db_commit(db);
	nposts = shown = njobs = cuts = 0;
	tenant = (struct tenant){ 0 };
	snprintf(tenant.dir, sizeof(tenant.dir), "%s", store_dir);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	live = live_new(store_dir, &tenant, (struct live_carrier){ NULL, carry });
	return 0;
}

static int
teardown(void **state)
{
	static const char *const made[] = { "run/live/pub.sock", "run/live", "run", "live/head.json",
		"live" };
	char path[400];

	live_free(live);
	curl_multi_cleanup(multi);
	if (hub_fd >= 0) {
		shutdown(hub_fd, SHUT_RDWR);
		pthread_join(hub_thread, NULL);
		close(hub_fd);
		hub_fd = -1;
	}
	for (size_t i = 0; i < LEN(made); i++) {
		snprintf(path, sizeof(path), "%s/%s", store_dir, made[i]);
		remove(path);
	}
	return store_teardown(state);
}

#define LIVE_TEST(name) TEST_WITH(name, setup, teardown)

static void
put(const char *channel, const char *topic)
{
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	event_put(db, channel, str(topic), arena_strf(mem, "{\"t\":\"%s\"}", topic), db_sequence_next(db));
	assert_int_equal(db_commit(db), OK);
}

/* What was posted since the last call, ticks left out: "alerts 2<1: …". */
static const char *
news(void)
{
	struct str all = S("");

	for (; shown < nposts; shown++) {
		long long seq = 0, prev = 0;
		char topic[16] = "";

		if (strcmp(posts[shown].event, "tick") == 0)
			continue;
		sscanf(
		    posts[shown].body, "{\"seq\":%lld,\"prev\":%lld,\"t\":\"%15[^\"]\"}", &seq, &prev, topic);
		assert_string_equal(posts[shown].path + strlen("/pub/"), posts[shown].event);
		all = arena_strf(mem, "%.*s%s%s %lld<%lld%s%s", FMT(all), all.n ? ", " : "",
		    posts[shown].event, seq, prev, *topic ? ":" : "", topic);
	}
	return arena_dup(mem, all).p;
}

static const char *
last_tick(void)
{
	for (size_t i = nposts; i-- > 0;)
		if (strcmp(posts[i].path, "/pub/tick") == 0)
			return posts[i].body;
	return "";
}

static int64_t
published(void)
{
	int64_t n = 0;

	db_begin(db, TX_READ, NOW);
	assert_int_equal(string_get_int(db, S("live:published"), &n), OK);
	db_commit(db);
	return n;
}

/* ---- promises ------------------------------------------------------------------- */

LIVE_TEST(an_event_is_told_at_once_on_its_channel_after_the_one_before_it)
{
	hub_start("2");
	turn(NOW);
	put("alerts", "");
	put("posts", "");
	put("alerts", "");
	turn(NOW + 20);
	const char *told = news();
	assert_non_null(strstr(told, "alerts 1<0, "));
	assert_non_null(strstr(told, "posts 2<0"));
	assert_non_null(strstr(told, "alerts 3<1"));
	turn(NOW + 5000);
	assert_string_equal(news(), "");
}

LIVE_TEST(states_are_told_once_a_second_the_latest_of_each)
{
	hub_start("2");
	turn(NOW);
	put("availability", "A");
	turn(NOW + 20);
	assert_string_equal(news(), "availability 1<0:A");
	put("availability", "A");
	put("availability", "B");
	put("availability", "A");
	assert_in_range(turn(NOW + 500), NOW + 501, NOW + 1020);
	assert_string_equal(news(), "");
	put("alerts", "");
	turn(NOW + 600);
	assert_string_equal(news(), "alerts 5<0"); /* waits for no state */
	turn(NOW + 1020);
	assert_string_equal(news(), "availability 3<1:B, availability 4<3:A");
}

LIVE_TEST(of_very_many_states_the_last_alone_is_told_and_what_is_before_it_shows_the_hole)
{
	hub_start("2");
	turn(NOW);
	for (int i = 0; i < 40; i++)
		put("availability", arena_printf(mem, "S%d", i));
	turn(NOW + 20);
	assert_string_equal(news(), "availability 40<39:S39");
	put("availability", "S1");
	turn(NOW + 2000);
	assert_string_equal(news(), "availability 41<40:S1");
}

LIVE_TEST(what_does_not_go_through_is_tried_four_times_then_left_to_those_who_miss_it)
{
	hub_start("25555");
	turn(NOW); /* the tick */
	put("alerts", "");
	put("alerts", "");
	turn(NOW + 20);
	assert_int_equal(turn(NOW + 30), NOW + 120);
	assert_string_equal(news(), "alerts 1<0");
	turn(NOW + 119);
	assert_string_equal(news(), "");
	turn(NOW + 120);
	assert_string_equal(news(), "alerts 1<0");
	turn(NOW + 620);
	assert_string_equal(news(), "alerts 1<0");
	says = "2";
	put("alerts", "");
	turn(NOW + 2619);
	assert_string_equal(news(), "");
	turn(NOW + 2620);
	turn(NOW + 2640);
	assert_string_equal(news(), "alerts 1<0, alerts 2<1, alerts 3<2");
}

LIVE_TEST(what_is_dropped_holds_up_nothing_behind_it)
{
	hub_start("2555525");
	turn(NOW);
	put("alerts", "");
	put("alerts", "");
	for (int64_t t = NOW; t < NOW + 3000; t += 20)
		turn(t);
	news();
	says = "2";
	put("alerts", "");
	turn(NOW + 4000);
	assert_string_equal(news(), "alerts 3<2"); /* 2 was never told: whoever hears this asks for it */
}

LIVE_TEST(a_hub_that_closes_without_a_word_is_asked_again)
{
	hub_start("2c2");
	turn(NOW);
	put("alerts", "");
	turn(NOW + 20);
	turn(NOW + 120);
	assert_string_equal(news(), "alerts 1<0, alerts 1<0");
}

LIVE_TEST(without_a_hub_nothing_is_done_but_the_head_file)
{
	put("alerts", "");
	turn(NOW);
	put("alerts", "");
	turn(NOW + 1000);
	live_rest(live, db, NOW + 2000);
	assert_int_equal(published(), 0);
}

LIVE_TEST(a_hub_that_comes_later_is_told_from_then_on)
{
	put("alerts", "");
	turn(NOW);
	hub_start("2");
	put("alerts", "");
	turn(NOW + 2000);
	assert_string_equal(news(), "alerts 2<1");
}

LIVE_TEST(a_tick_every_15_s_names_the_last_of_each_channel_and_how_far_to_spread)
{
	hub_start("2");
	put("alerts", "");
	turn(NOW);
	assert_string_equal(last_tick(), "{\"heads\":{\"alerts\":1},\"w\":2}");
	put("availability", "A");
	turn(NOW + 14999);
	assert_int_equal(nposts, 2);
	turn(NOW + 15000);
	assert_string_equal(last_tick(), "{\"heads\":{\"alerts\":1,\"availability\":2},\"w\":40}");
}

LIVE_TEST(how_far_it_came_is_written_down_when_it_moved_and_the_next_goes_on_there)
{
	hub_start("2");
	put("alerts", "");
	turn(NOW);
	assert_int_equal(published(), 1); /* it began behind it */
	put("alerts", "");
	turn(NOW + 20);
	turn(NOW + 1020);
	assert_int_equal(published(), 2);
	live_rest(live, db, NOW + 1500);
	live_free(live);
	put("alerts", "");
	live = live_new(store_dir, &tenant, (struct live_carrier){ NULL, carry });
	news();
	turn(NOW + 2000);
	assert_string_equal(news(), "alerts 3<2");
}

LIVE_TEST(one_that_rested_before_anything_happened_tells_the_first_event_when_it_wakes)
{
	hub_start("2");
	turn(NOW);
	live_flush(live, db, NOW);
	live_free(live);
	put("alerts", "");
	live = live_new(store_dir, &tenant, (struct live_carrier){ NULL, carry });
	news();
	turn(NOW + 2000);
	assert_string_equal(news(), "alerts 1<0");
}

LIVE_TEST(idle_it_writes_nothing_and_wants_a_turn_a_second)
{
	char wal[400];
	struct stat before, after;

	snprintf(wal, sizeof(wal), "%s-wal", store_path);
	hub_start("2");
	put("alerts", "");
	for (int64_t t = NOW; t < NOW + 5000; t += 100)
		turn(t);
	assert_int_equal(stat(wal, &before), 0);
	for (int64_t t = NOW + 5000; t < NOW + 60000; t += 1000)
		assert_in_range(turn(t) - t, 1, 1000);
	assert_int_equal(stat(wal, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

LIVE_TEST(the_head_file_names_the_last_of_each_channel_and_the_sequence)
{
	char path[400], text[200] = "";
	FILE *f;

	put("alerts", "");
	put("availability", "A");
	turn(NOW);
	snprintf(path, sizeof(path), "%s/live/head.json", store_dir);
	assert_non_null(f = fopen(path, "r"));
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_string_equal(text, "{\"sequence\":2,\"heads\":{\"alerts\":1,\"availability\":2}}\n");
}

/* Ticks that a channel had on itself since the last call. */
static size_t
own_ticks(const char *channel, const char *body)
{
	size_t n = 0;

	for (; shown < nposts; shown++)
		if (strcmp(posts[shown].event, "tick") == 0 && strcmp(posts[shown].path + 5, channel) == 0) {
			assert_string_equal(posts[shown].body, body);
			n++;
		}
	return n;
}

LIVE_TEST(a_closed_channel_is_told_and_named_to_nobody_else)
{
	char path[400], text[200] = "";
	FILE *f;

	hub_start("2");
	turn(NOW);
	put("posts", "1");
	put("team-rope", "2");
	put("staff", "3");
	turn(NOW + 20);
	const char *told = news();
	assert_non_null(strstr(told, "team-rope 2<0:2"));
	assert_non_null(strstr(told, "staff 3<0:3"));
	turn(NOW + 15000);
	turn(NOW + 15300);
	for (size_t i = 0; i < nposts; i++)
		if (strcmp(posts[i].path, "/pub/tick") == 0)
			assert_null(strstr(posts[i].body, "team"));
	assert_string_equal(last_tick(), "{\"heads\":{\"posts\":1},\"w\":40}");
	snprintf(path, sizeof(path), "%s/live/head.json", store_dir);
	assert_non_null(f = fopen(path, "r"));
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_string_equal(text, "{\"sequence\":3,\"heads\":{\"posts\":1}}\n");
}

LIVE_TEST(it_has_three_ticks_of_its_own_after_it_has_spoken)
{
	size_t ticks = 0;

	hub_start("2");
	turn(NOW);
	turn(NOW + 15000);
	put("team-rope", "2");
	turn(NOW + 15020);
	news();
	for (int64_t t = NOW + 16000; t < NOW + 120000; t += 1000) {
		turn(t);
		ticks += own_ticks("team-rope", "{\"heads\":{\"team-rope\":1}}");
	}
	assert_int_equal(ticks, 3);
	put("team-rope", "2");
	turn(NOW + 120000);
	assert_string_equal(news(), "team-rope 2<1:2");
}

LIVE_TEST(one_that_the_hub_did_not_take_is_named_by_its_ticks)
{
	size_t ticks = 0;

	hub_start("25");
	turn(NOW);
	put("team-rope", "2");
	for (int64_t t = NOW + 20; t < NOW + 5000; t += 20)
		turn(t);
	news();
	says = "2";
	for (int64_t t = NOW + 5000; t < NOW + 120000; t += 1000) {
		turn(t);
		ticks += own_ticks("team-rope", "{\"heads\":{\"team-rope\":1}}");
	}
	assert_int_equal(ticks, 3);
}

LIVE_TEST(who_hears_closed_channels_is_cut_off_every_five_minutes_over_all_dispatchers)
{
	size_t before;

	hub_start("2");
	turn(NOW);
	assert_int_equal(cuts, 1); /* nobody knows since when they listen */
	for (int64_t t = NOW + 1000; t < NOW + 299000; t += 1000) {
		turn(t);
		if ((t - NOW) % 60000 != 0)
			continue;
		live_rest(live, db, t);
		live_free(live);
		live = live_new(store_dir, &tenant, (struct live_carrier){ NULL, carry });
	}
	assert_int_equal(cuts, 1);
	turn(NOW + 300000);
	assert_int_equal(cuts, 2);
	before = cuts;
	turn(NOW + 301000);
	assert_int_equal(cuts, before);
}

LIVE_TEST(and_within_five_seconds_after_a_right_was_taken_away)
{
	hub_start("2");
	turn(NOW);
	put("cut", "");
	put("cut", "");
	assert_in_range(turn(NOW + 1000), NOW + 1001, NOW + 5000);
	assert_int_equal(cuts, 1);
	turn(NOW + 5000);
	assert_int_equal(cuts, 2);
	turn(NOW + 60000);
	put("cut", "");
	turn(NOW + 60020);
	assert_int_equal(cuts, 3); /* at once, where the last one is a while ago */
	turn(NOW + 66000);
	assert_int_equal(cuts, 3);
	assert_string_equal(news(), "");
}

LIVE_TEST(a_publisher_is_needed_for_the_next_tick_where_somebody_listens_and_else_for_news_only)
{
	hub_start("2"); /* it tells of 20000 listeners */
	assert_int_equal(live_due(live), 0);
	turn(NOW + 1);
	put("alerts", "");
	turn(NOW + 20);
	turn(NOW + 1020);
	turn(NOW + 2040);
	assert_in_range(live_due(live), NOW + 2041, NOW + 2040 + 15000);
	live_rest(live, db, NOW + 2041);
	assert_true(live_due(live) == NEVER);
}

/*
 * load.c - writes webhook messages (and mails) into an outbox, for tests and benches.
 *
 *	load STATE put N URL            N messages of one payload, in few commits
 *	load STATE each N URL [GAP_MS]  one commit each, as handlers do; a line
 *	                                "ID COMMITTED_US" for each
 *	load STATE chaos N URL...       up to N in all, each with a payload of its own,
 *	                                20 a commit, over the URLs in turn; killed and
 *	                                started again it goes on where it was.  "mail"
 *	                                for a URL is a mail to rN@example.net
 *	load STATE subscribe N LOCATION URL
 *	                                N webhooks URL/LOCATION/1 ...; where the URL is
 *	                                "mail", N readers LOCATION.1@example.net ...
 *	load STATE left                 how many wait
 *	load STATE states               what became of all
 *
 * The addresses of this machine are allowed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "email.h"
#include "endpoint.h"
#include "log.h"
#include "outbox.h"
#include "setting.h"
#include "subscription.h"
#include "value.h"

static struct db *db;
static struct arena *mem;

static void
begin(void)
{
	enum err e;

	while ((e = db_begin(db, TX_WRITE, now_ms())) == ERR_BUSY)
		;
	if (e != OK)
		die("load: %s", err_words(e)->title);
}

static void
commit(void)
{
	if (db_commit(db) != OK)
		die("load: commit");
	arena_reset(mem);
}

/* About what an alert is as JSON. */
static int64_t
payload(int64_t n)
{
	return payload_put(db,
	    arena_strf(mem,
		"{\"type\":\"alert.published\",\"n\":%lld,\"data\":{\"title\":\"Flood warning for the lower "
		"town\",\"message\":\"The river will reach the quay this evening. Move cars and what is dear "
		"to you to higher ground; the school on the hill takes in who needs a bed.\",\"severity\":"
		"\"Severe\",\"urgency\":\"Expected\",\"certainty\":\"Likely\",\"locations\":[\"city-CJ\"]}}",
		(long long)n));
}

/* A message to an endpoint that has this URL. */
static struct message
message(int id, const char *url)
{
	struct str name, secret;
	const char *why;
	struct endpoint p;

	if (endpoint_get(db, mem, id, &p) != OK && endpoint_make(db, mem, id, str(url), &secret, &why) != OK)
		die("load: %s: %s", url, why);
	if ((why = endpoint_destination(mem, str(url), &name)) != NULL)
		die("load: %s: %s", url, why);
	return (struct message){ .destination = destination_id(db, CHANNEL_WEBHOOK, name),
		.channel = CHANNEL_WEBHOOK,
		.lane = LANE_NORMAL,
		.expires = now_ms() + 24 * HOUR_MS,
		.recipient = id,
		.target = arena_dup(mem, str(url)) };
}

/* The same endpoint for the same URL: its number is a hash of it. */
static int
endpoint_of(const char *url)
{
	unsigned h = 5381;

	for (; *url != '\0'; url++)
		h = h * 33 + (unsigned char)*url;
	return (int)(h % 1000000) + 1;
}

static void
put_many(int64_t n, const char *url)
{
	for (int64_t done = 0; done < n;) {
		struct message m;

		begin();
		m = message(endpoint_of(url), url);
		m.payload = payload(0);
		m.due = now_ms();
		for (int i = 0; i < 20000 && done < n; i++, done++)
			outbox_put(db, &m);
		commit();
	}
}

static void
put_each(int64_t n, const char *url, int gap_ms)
{
	int64_t body;

	begin();
	body = payload(0);
	commit();
	for (int64_t i = 0; i < n; i++) {
		struct timespec ts;
		struct message m;
		int64_t id;
		char name[80];

		begin();
		m = message(endpoint_of(url), url);
		m.payload = body;
		m.due = db_now(db);
		id = outbox_put(db, &m);
		snprintf(name, sizeof(name), "%.*s", FMT(message_name(db, mem, id)));
		commit();
		clock_gettime(CLOCK_REALTIME, &ts);
		printf("%s %lld\n", name, (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
		usleep((unsigned)gap_ms * 1000);
	}
}

static int64_t
letter(int64_t n)
{
	return payload_put(db,
	    arena_strf(mem,
		"{\"subject\":\"Flood warning no. %lld\",\"text\":\"The river will reach the quay this evening.\\n"
		"{unsubscribe}\\n\",\"html\":\"<p>The river will reach the quay this evening.</p>\",\"language\":"
		"\"en\"}",
		(long long)n));
}

static bool
is_mail(const char *url)
{
	return strcmp(url, "mail") == 0;
}

/* The n-th of a chaos: whatever arrives tells its number. */
static void
put_nth(int64_t n, const char *url)
{
	struct message m;

	if (is_mail(url)) {
		m = (struct message){ .destination =
					  destination_id(db, CHANNEL_EMAIL, email_destination(db, mem)),
			.channel = CHANNEL_EMAIL,
			.lane = LANE_NORMAL,
			.expires = now_ms() + 24 * HOUR_MS,
			.target = arena_strf(mem, "r%lld@example.net", (long long)n),
			.payload = letter(n) };
	} else {
		m = message(endpoint_of(url), url);
		m.payload = payload(n);
	}
	m.due = db_now(db);
	outbox_put(db, &m);
}

static void
put_chaos(int64_t n, char **urls, int nurls)
{
	int64_t done = 0;

	while (done < n) {
		begin();
		string_get_int(db, S("load:done"), &done);
		for (int i = 0; i < 20 && done < n; i++, done++)
			put_nth(done, urls[done % nurls]);
		string_set_int(db, S("load:done"), done);
		commit();
	}
}

static void
subscribe(int64_t n, const char *location, const char *url)
{
	struct str where = str(location), secret;
	const char *why = "the store";

	begin();
	for (int64_t i = 1; i <= n; i++) {
		struct subscription s = { .locations = &where,
			.nlocations = 1,
			.language = S("en"),
			.channel = is_mail(url) ? CHANNEL_EMAIL : CHANNEL_WEBHOOK };

		s.address = is_mail(url) ? arena_strf(mem, "%s.%lld@example.net", location, (long long)i)
					 : arena_strf(mem, "%s/%s/%lld", url, location, (long long)i);
		if (subscription_save(db, mem, &s) != OK ||
		    (!is_mail(url) && endpoint_make(db, mem, (int)s.id, s.address, &secret, &why) != OK))
			die("load: %s: %s", url, why);
	}
	commit();
}

static int64_t
left(void)
{
	struct tally *t;
	size_t n;
	int64_t sum = 0;

	outbox_tally(db, mem, 0, &t, &n);
	for (size_t i = 0; i < n; i++)
		if (t[i].state == OUTBOX_WAITING)
			sum += t[i].n;
	return sum;
}

/* "sent 20000", and what else became of them, with reasons. */
static void
states(void)
{
	struct tally *t;
	struct reason_count *r;
	struct shape *shape;
	size_t n;

	outbox_tally(db, mem, 0, &t, &n);
	for (size_t i = 0; i < n; i++)
		printf("%s %lld\n", state_name(t[i].state), (long long)t[i].n);
	outbox_shape(db, mem, &shape, &n);
	for (size_t i = 0; i < n; i++)
		printf("# rows that wait: %lld\n", (long long)shape[i].total);
	outbox_reasons(db, mem, &r, &n);
	for (size_t i = 0; i < n; i++)
		printf("# %s: %.*s %lld\n", state_name(r[i].state), FMT(r[i].reason), (long long)r[i].n);
}

int
main(int argc, char **argv)
{
	char path[4096];
	const char *why;

	if (argc < 3)
		die("usage: load STATE put|each|chaos|subscribe|left ...");
	snprintf(path, sizeof(path), "%s/muster.db", argv[1]);
	if (db_open(&db, path, DB_HANDLER) != OK)
		die("load: %s cannot be opened", path);
	mem = arena_new();
	if (argc == 3) {
		if (db_begin(db, TX_READ, now_ms()) != OK)
			die("load: it cannot be read");
		if (strcmp(argv[2], "states") == 0)
			states();
		else
			printf("%lld\n", (long long)left());
		db_rollback(db);
	} else if (argc > 4) {
		int64_t n = atoll(argv[3]);

		begin();
		if (setting_set(db, mem, S("net.allow"), S("127.0.0.0/8"), &why) != OK)
			die("load: %s", why);
		commit();
		if (strcmp(argv[2], "put") == 0)
			put_many(n, argv[4]);
		else if (strcmp(argv[2], "each") == 0)
			put_each(n, argv[4], argc > 5 ? atoi(argv[5]) : 0);
		else if (strcmp(argv[2], "subscribe") == 0 && argc > 5)
			subscribe(n, argv[4], argv[5]);
		else
			put_chaos(n, argv + 4, argc - 4);
	}
	arena_free(mem);
	db_close(db);
	return 0;
}

/* queue_command.c - muster queue. */
#include "queue_command.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bell.h"
#include "queue.h"
#include "value.h"

const char help_queue[] =
    "usage: muster queue [COMMAND]\n\n"
    "  queue                        what waits, what failed and why, and who does not answer\n"
    "  queue shape                  what waits: destinations by age in minutes, as qshape has it\n"
    "  queue dead [FILTER]          dead letters, the latest first (--limit N, 50)\n"
    "  queue show ID                one message and what happened to it\n"
    "  queue retry ID               sends a dead letter again\n"
    "  queue retry FILTER | --all   sends many again, a thousand at a time\n"
    "  queue cancel ID              a waiting one will not be sent; a dead one is put away\n"
    "  queue destinations           where messages go, and how that is\n"
    "  queue enable ID              sends to a destination again\n\n"
    "FILTER is one or more of --state failed|dead|unsure|expired (dead: all of them),\n"
    "--channel email|sms|webhook, --reason R, --source ALERT.\n"
    "ID is a message's number or its name (msg_…). Addresses are masked.\n";

struct asked {
	struct db *db;
	struct arena *a;
	int64_t now;
	int argc;
	char **argv;
	const char **why;
	struct queue q;
	bool any, all; /* a filter was given; --all was */
	int64_t id;
};

/* ---- words ------------------------------------------------------------------------ */

static struct str
instant(struct asked *c, int64_t at)
{
	time_t seconds = (time_t)(at / 1000);
	char text[40];
	struct tm tm;

	if (at == 0)
		return S("-");
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
	return arena_strf(c->a, "%s", text);
}

static struct str
span(struct asked *c, int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 120)
		return arena_strf(c->a, "%lld s", (long long)s);
	if (s < 2 * 60 * 60)
		return arena_strf(c->a, "%lld min", (long long)s / 60);
	return arena_strf(c->a, "%lld h", (long long)s / 3600);
}

/* What others said goes to a terminal: nothing that it would obey.  C1 controls
 * are two bytes in UTF-8, c2 80 to c2 9f. */
static struct str
tame(struct asked *c, struct str s)
{
	char *p = arena_alloc(c->a, s.n + 1);

	for (size_t i = 0; i < s.n; i++) {
		unsigned char at = (unsigned char)s.p[i], next = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
		bool c1 = at == 0xc2 && next >= 0x80 && next < 0xa0;

		p[i] = at < ' ' || at == 0x7f || c1 ? ' ' : s.p[i];
		if (c1)
			p[++i] = ' ';
	}
	return (struct str){ p, s.n };
}

static bool
wrong(struct asked *c, const char *why)
{
	*c->why = why;
	return false;
}

static enum err
refuse(struct asked *c, const char *why)
{
	*c->why = why;
	return ERR_INPUT;
}

/* ---- what was asked ----------------------------------------------------------------- */

static bool
take_option(struct asked *c, const char *name, struct str value)
{
	struct outbox_filter *f = &c->q.filter;
	int64_t n;

	c->any |= strcmp(name, "--limit") != 0;
	if (strcmp(name, "--state") == 0)
		return (queue_state(value, &c->q) && (c->q.dead || state_is_dead(f->state))) ||
		       wrong(c, "--state is failed, dead, unsure or expired");
	if (strcmp(name, "--channel") == 0)
		return channel_named(value, &f->channel) || wrong(c, "--channel is email, sms or webhook");
	if (strcmp(name, "--source") == 0)
		return str_int(value, 1, INT64_MAX, &f->source) || wrong(c, "--source is an alert's number");
	if (strcmp(name, "--reason") == 0) {
		f->reason = value;
		return true;
	}
	if (strcmp(name, "--limit") != 0)
		return wrong(c, "there is no such option");
	if (!str_int(value, 1, 10000, &n))
		return wrong(c, "--limit is a number up to 10000");
	f->limit = (size_t)n;
	return true;
}

/* From argv[2] on; a word that is not known is never passed over. */
static bool
read_options(struct asked *c)
{
	c->q = (struct queue){ .filter = { .limit = 50 }, .dead = true };
	for (int i = 2; i < c->argc; i++) {
		if (strcmp(c->argv[i], "--all") == 0) {
			c->all = true;
			continue;
		}
		if (i + 1 == c->argc || c->argv[i + 1][0] == '\0')
			return wrong(c, "an option needs its value");
		if (!take_option(c, c->argv[i], str(c->argv[i + 1])))
			return false;
		i++;
	}
	return true;
}

/* ---- what is there ---------------------------------------------------------------------- */

static void
tell_dispatcher(struct asked *c)
{
	int64_t beat = 0;

	string_get_int(c->db, S("dispatcher:beat"), &beat);
	if (bell_is_heard(c->db))
		printf("The dispatcher is at work.\n");
	else if (beat == 0)
		printf("The dispatcher has never run.\n");
	else
		printf("The dispatcher was seen %.*s ago%s\n", FMT(span(c, c->now - beat)),
		    c->now - beat > QUEUE_BEAT_LATE_MS ? ": it is NOT at work." : ".");
}

static void
tell_tallies(struct asked *c)
{
	static const char *const lanes[LANE__MAX] = { "urgent", "normal", "bulk" };
	struct tally *t;
	size_t n;

	outbox_tally(c->db, c->a, 0, &t, &n);
	printf("\n%-10s %-12s %10s\n", "CHANNEL", "STATE", "MESSAGES");
	for (size_t i = 0; i < n; i++)
		printf("%-10s %-12s %10lld\n", channel_name(t[i].channel), state_name(t[i].state),
		    (long long)t[i].n);
	for (int i = 0; i < LANE__MAX; i++) {
		int64_t since = outbox_oldest(c->db, (enum outbox_lane)i);

		if (since)
			printf("The oldest that is due (%s) waits for %.*s.\n", lanes[i],
			    FMT(span(c, c->now - since)));
	}
}

static void
tell_reasons(struct asked *c)
{
	struct reason_count *r;
	size_t n;

	outbox_reasons(c->db, c->a, &r, &n);
	if (n > 0)
		printf("\n%10s  %-10s %-12s %s\n", "DEAD", "CHANNEL", "STATE", "REASON");
	for (size_t i = 0; i < n; i++)
		printf("%10lld  %-10s %-12s %.*s (%.*s)\n", (long long)r[i].n, channel_name(r[i].channel),
		    state_name(r[i].state), FMT(tame(c, r[i].reason)),
		    FMT(tame(c, queue_reason_words(c->a, r[i].reason))));
}

static void
tell_destination(struct asked *c, const struct destination *d)
{
	printf("%6lld  %-9s %5.1f  %.*s", (long long)d->id, queue_breaker(d, c->now), d->width,
	    FMT(tame(c, d->name)));
	if (d->open_until > c->now)
		printf("  until %.*s", FMT(instant(c, d->open_until)));
	if (d->failing_since != 0)
		printf("  failing since %.*s", FMT(instant(c, d->failing_since)));
	if (d->disabled.n)
		printf("  %.*s", FMT(tame(c, d->disabled)));
	printf("\n");
}

static enum err
tell_destinations(struct asked *c, bool only_troubled)
{
	struct destination *d;
	bool headed = false;
	size_t n;

	destination_list(c->db, c->a, &d, &n);
	for (size_t i = 0; i < n; i++) {
		if (only_troubled && strcmp(queue_breaker(&d[i], c->now), "open") == 0)
			continue;
		if (!headed)
			printf("%s%6s  %-9s %5s  %s\n", only_troubled ? "\n" : "", "ID", "STATE", "WIDTH",
			    "DESTINATION");
		headed = true;
		tell_destination(c, &d[i]);
	}
	return OK;
}

static enum err
summary(struct asked *c)
{
	tell_dispatcher(c);
	tell_tallies(c);
	tell_reasons(c);
	return tell_destinations(c, true);
}

static enum err
all_destinations(struct asked *c)
{
	return tell_destinations(c, false);
}

static enum err
shape(struct asked *c)
{
	struct shape *s;
	size_t n;

	outbox_shape(c->db, c->a, &s, &n);
	printf(
	    "%-40s %7s %7s %7s %7s %7s %7s %7s %7s\n", "", "T", "1", "5", "15", "60", "240", "1440", "1440+");
	for (size_t i = 0; i < n; i++) {
		struct destination d = { 0 };

		destination_get(c->db, c->a, s[i].destination, &d);
		printf("%40.*s %7lld", FMT(tame(c, d.name)), (long long)s[i].total);
		for (int k = 0; k < SHAPE_AGES; k++)
			printf(" %7lld", (long long)s[i].by_age[k]);
		printf("\n");
	}
	return OK;
}

static enum err
dead(struct asked *c)
{
	struct message *m;
	size_t n;

	queue_list(c->db, c->a, &c->q, &m, &n);
	for (size_t i = 0; i < n; i++)
		printf("%lld  %.*s  %s  %s  %.*s  %lld  %.*s\n", (long long)m[i].id,
		    FMT(instant(c, m[i].finished)), channel_name(m[i].channel), state_name(m[i].state),
		    FMT(m[i].reason.n ? tame(c, m[i].reason) : S("-")), (long long)m[i].code,
		    FMT(tame(c, queue_mask(c->a, m[i].channel, m[i].target))));
	return OK;
}

static enum err
show(struct asked *c)
{
	struct destination d = { 0 };
	struct message m;
	struct moment *v;
	size_t n;
	enum err e = outbox_get(c->db, c->a, c->id, &m);

	if (e != OK)
		return e;
	destination_get(c->db, c->a, m.destination, &d);
	queue_timeline(c->db, c->a, &m, &v, &n);
	printf("%.*s  %s  %s  alert %lld\nto %.*s by way of %.*s\nnot sent after %.*s\n",
	    FMT(message_name(c->db, c->a, m.id)), channel_name(m.channel), state_name(m.state),
	    (long long)m.source, FMT(tame(c, queue_mask(c->a, m.channel, m.target))), FMT(tame(c, d.name)),
	    FMT(instant(c, m.expires)));
	for (size_t i = 0; i < n; i++)
		printf("%.*s  %-10s %.*s %lld %.*s\n", FMT(instant(c, v[i].at)), v[i].what,
		    FMT(tame(c, v[i].reason)), (long long)v[i].code, FMT(tame(c, v[i].detail)));
	return OK;
}

/* ---- what is done about it ------------------------------------------------------------- */

static enum err
retry_one(void *arg)
{
	struct asked *c = arg;

	return outbox_requeue(c->db, c->id, c->now + QUEUE_AGAIN_MS);
}

static enum err
cancel(void *arg)
{
	struct asked *c = arg;

	return queue_remove(c->db, c->a, c->id);
}

static enum err
enable(void *arg)
{
	struct asked *c = arg;

	return queue_enable(c->db, c->a, c->id);
}

struct step {
	struct asked *c;
	size_t done;
	bool more;
};

static enum err
retry_step(void *arg)
{
	struct step *s = arg;

	s->done = queue_requeue(s->c->db, &s->c->q, &s->more);
	return OK;
}

static enum err
retry_many(struct asked *c)
{
	struct step s = { .c = c, .more = true };
	size_t all = 0;
	enum err e = OK;

	while (e == OK && s.more) {
		e = db_transact(c->db, TX_WRITE, c->now, retry_step, &s);
		all += e == OK ? s.done : 0;
	}
	printf("%zu messages are sent again\n", all);
	return e;
}

/* ---- which ------------------------------------------------------------------------------- */

static enum err
reading(struct asked *c, enum err (*tell)(struct asked *))
{
	enum err e = db_begin(c->db, TX_READ, c->now);

	if (e == OK)
		e = tell(c);
	db_rollback(c->db);
	if (e == ERR_NOT_FOUND)
		fprintf(stderr, "muster: there is no message %s\n", c->argv[2]);
	return e;
}

static enum err
find_id(void *arg)
{
	struct asked *c = arg;

	return queue_id(c->db, str(c->argv[2]), &c->id) ? OK : ERR_NOT_FOUND;
}

static enum err
changing(struct asked *c, enum err (*change)(void *))
{
	enum err e = db_transact(c->db, TX_WRITE, c->now, change, c);

	if (e == ERR_NOT_FOUND)
		fprintf(stderr, "muster: there is no %s\n", c->argv[2]);
	else if (e == ERR_CONFLICT)
		fprintf(stderr, "muster: %s is in no state for that; nothing was changed\n", c->argv[2]);
	else if (e == OK)
		printf("done\n");
	return e;
}

static enum err
retry(struct asked *c)
{
	if (!read_options(c))
		return ERR_INPUT;
	if (c->any == c->all)
		return refuse(c, c->all ? "say either which, or --all" : "say which, or --all");
	return retry_many(c);
}

/* Those that name one: show, retry, cancel, enable. */
static enum err
with_id(struct asked *c, const char *word)
{
	enum err e;

	if (c->argc != 3)
		return refuse(c, "name one");
	if ((e = db_transact(c->db, TX_READ, c->now, find_id, c)) != OK) {
		if (e == ERR_NOT_FOUND)
			fprintf(stderr, "muster: there is no %s\n", c->argv[2]);
		return e;
	}
	if (strcmp(word, "show") == 0)
		return reading(c, show);
	return changing(c, strcmp(word, "retry") == 0    ? retry_one
			   : strcmp(word, "cancel") == 0 ? cancel
							 : enable);
}

static enum err
run(struct asked *c)
{
	const char *word = c->argc > 1 ? c->argv[1] : "";

	if (strcmp(word, "retry") == 0 && c->argc > 2 && c->argv[2][0] == '-')
		return retry(c);
	if (strcmp(word, "show") == 0 || strcmp(word, "retry") == 0 || strcmp(word, "cancel") == 0 ||
	    strcmp(word, "enable") == 0)
		return with_id(c, word);
	if (strcmp(word, "dead") == 0) {
		if (!read_options(c))
			return ERR_INPUT;
		return c->all ? refuse(c, "there is no such option") : reading(c, dead);
	}
	if (c->argc > 2)
		return refuse(c, "nothing may follow");
	if (strcmp(word, "") == 0)
		return reading(c, summary);
	if (strcmp(word, "shape") == 0)
		return reading(c, shape);
	if (strcmp(word, "destinations") == 0)
		return reading(c, all_destinations);
	return refuse(c, "there is no such command");
}

enum err
queue_command(struct db *db, int argc, char **argv, int64_t now, const char **why)
{
	struct asked c = { .db = db, .a = arena_new(), .now = now, .argc = argc, .argv = argv, .why = why };
	enum err e;

	*why = NULL;
	e = run(&c);
	arena_free(c.a);
	return e;
}

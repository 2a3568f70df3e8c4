/*
 * live.c - ten thousand open pages in one process, as www/live.js is one.
 *
 *	live tail PORT N    each holds a stream of /live, and asks /events at every opening and for every hole
 *	live poll PORT N    each asks /events, and comes back when it is told to
 *	live fuzz PORT S    for S seconds: what is no id, in every place where one may stand
 *
 * Standard input says what to wait for: "wait COUNT SUM STATE…" (alerts so far and the sum of their ids, the
 *number of each shelter) is answered by a line of JSON once all have it, or after 90 s with who has not; then
 *the next.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "str.h"

enum { SHELTERS = 8, CHANNELS = 2, WAIT_MS = 90 * 1000, WATCHDOG_MS = 40 * 1000 };
static const char *const channels[CHANNELS] = { "availability", "alerts" };

struct page;
struct wire {
	struct page *page;
	int fd; /* -1: none */
	char *in;
	size_t n, room;
	long body; /* bytes of the answer's body; -1: until it closes; -2: the head is not there yet */
};

struct page {
	struct wire tail, ask;
	int64_t known[CHANNELS], hole[CHANNELS]; /* hole: up to here something is missing */
	int64_t alerts, sum, last[SHELTERS];
	int64_t open_at, ask_at, heard, retry, cursor; /* *_at: 0: not planned */
	int fails;
};

static struct page *pages;
static size_t npages;
static int loop, port;
static bool polls;
static int64_t now, spread = 2;
static long long opened, asked, doubled, resets, dropped, odd, most_late;
static int64_t want_alerts = -1, want_sum, want_last[SHELTERS], waiting_since;
static size_t have;

static int64_t
at_random(int64_t ms)
{
	return ms > 0 ? (int64_t)(random() % ms) : 0;
}

/* ---- wires ----------------------------------------------------------------------- */

static void
wire_close(struct wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->n = 0;
	w->body = -2;
}

static bool
wire_open(struct wire *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = w };

	/* On loopback a connect is done at once, or the backlog is full. */
	if ((w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0 ||
	    connect(w->fd, (struct sockaddr *)&to, sizeof(to)) < 0 || fcntl(w->fd, F_SETFL, O_NONBLOCK) < 0) {
		wire_close(w);
		return false;
	}
	w->n = 0;
	w->body = -2;
	epoll_ctl(loop, EPOLL_CTL_ADD, w->fd, &ev);
	return true;
}

static bool
wire_say(struct wire *w, const char *text, int n)
{
	return w->fd >= 0 && send(w->fd, text, (size_t)n, MSG_NOSIGNAL) == n;
}

/* ---- what a page does with an event ------------------------------------------------ */

static int64_t
member(const char *data, const char *name)
{
	const char *at = strstr(data, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static void
apply(struct page *p, size_t ch, int64_t seq, const char *data)
{
	const char *shelter = strstr(data, "\"shelter\":\"RO-CJ-0");
	int64_t made = member(data, ch == 1 ? "\"created_at\":" : "\"updated_at\":");

	if (seq <= p->known[ch]) {
		doubled++;
		return;
	}
	p->known[ch] = seq;
	if (ch == 1) {
		p->alerts++;
		p->sum += seq;
	} else if (shelter != NULL) {
		p->last[(shelter[18] - '0') % SHELTERS] = member(data, "\"projected_availability\":");
	}
	if (made > 0 && now - made > most_late)
		most_late = now - made;
}

static void
plan_ask(struct page *p, int64_t after_ms)
{
	if (p->ask.fd < 0 && p->ask_at == 0)
		p->ask_at = now + after_ms;
}

/* From the tail: drop what is known, ask for what is missing. */
static void
hear(struct page *p, size_t ch, const char *data)
{
	int64_t seq = member(data, "\"seq\":"), prev = member(data, "\"prev\":");

	if (seq <= p->known[ch]) {
		dropped++;
	} else if (prev <= p->known[ch] && p->hole[ch] <= p->known[ch] && p->ask.fd < 0) {
		apply(p, ch, seq, data);
	} else {
		p->hole[ch] = seq > p->hole[ch] ? seq : p->hole[ch];
		plan_ask(p, at_random(300));
	}
}

static void
tick(struct page *p, const char *data)
{
	int64_t w = member(data, "\"w\":");

	p->heard = now;
	if (w > 0)
		spread = w;
	for (size_t ch = 0; ch < CHANNELS; ch++) {
		char name[32];
		int64_t head;

		snprintf(name, sizeof(name), "\"%s\":", channels[ch]);
		if ((head = member(data, name)) > p->known[ch]) {
			p->hole[ch] = head > p->hole[ch] ? head : p->hole[ch];
			plan_ask(p, at_random(300));
		}
	}
}

static void
take_block(struct page *p, bool from_tail, char *block)
{
	char *event = strstr(block, "event: "), *data = strstr(block, "data: "), *id = strstr(block, "id: ");
	char *retry = strstr(block, "retry: ");

	if (!from_tail && id != NULL)
		p->cursor = strtoll(id + 4, NULL, 10);
	if (!from_tail && retry != NULL)
		p->retry = strtoll(retry + 7, NULL, 10);
	if (event == NULL || data == NULL)
		return;
	if (strncmp(event + 7, "reset", 5) == 0) {
		resets++;
		for (size_t ch = 0; ch < CHANNELS; ch++)
			p->known[ch] = p->cursor;
	} else if (strncmp(event + 7, "tick", 4) == 0) {
		tick(p, data);
	} else {
		size_t ch = strncmp(event + 7, "alerts", 6) == 0;

		if (from_tail)
			hear(p, ch, data);
		else if (polls || member(data, "\"seq\":") > p->known[ch])
			apply(p, ch, member(data, "\"seq\":"), data);
		else
			dropped++;
	}
}

/* ---- asking ---------------------------------------------------------------------- */

static void
ask(struct page *p)
{
	char text[300], range[60] = "";
	const char *which = "availability,alerts";
	int64_t after = p->known[0] < p->known[1] ? p->known[0] : p->known[1];

	p->ask_at = 0;
	if (polls)
		after = p->cursor;
	else
		for (size_t ch = 0; ch < CHANNELS; ch++)
			if (p->hole[ch] > p->known[ch] && p->hole[1 - ch] <= p->known[1 - ch]) {
				which = channels[ch];
				after = p->known[ch];
				snprintf(range, sizeof(range), "&to=%lld", (long long)p->hole[ch]);
			}
	asked++;
	if ((p->ask.fd < 0 && !wire_open(&p->ask)) ||
	    !wire_say(&p->ask, text,
		snprintf(text, sizeof(text),
		    "GET /events?channels=%s&after=%lld%s HTTP/1.1\r\nHost: m\r\n%s\r\n", which,
		    (long long)after, range, polls ? "" : "Connection: close\r\n"))) {
		wire_close(&p->ask);
		p->ask_at = now + 1000 + at_random(2000);
	}
}

/* The answer is complete: everything up to its cursor is known. */
static void
answered(struct page *p)
{
	if (!polls) {
		wire_close(&p->ask);
		for (size_t ch = 0; ch < CHANNELS; ch++)
			if (p->hole[ch] > p->known[ch])
				plan_ask(p, 1);
		return;
	}
	p->ask.n = 0;
	p->ask.body = -2;
	p->ask_at = now + p->retry;
}

static void
ask_failed(struct page *p)
{
	wire_close(&p->ask);
	odd++;
	p->ask_at = now + 1000 + at_random(2000);
}

static void
open_tail(struct page *p)
{
	static const char text[] = "GET /live?channels=availability,alerts HTTP/1.0\r\nHost: m\r\n\r\n";

	p->open_at = 0;
	opened++;
	if (!wire_open(&p->tail) || !wire_say(&p->tail, text, sizeof(text) - 1)) {
		wire_close(&p->tail);
		p->open_at = now + 500 + at_random(2000);
	}
	p->heard = now;
}

static void
tail_ended(struct page *p)
{
	bool was = p->tail.body == -1;

	wire_close(&p->tail);
	if (was)
		p->fails = 0;
	else
		plan_ask(p, at_random(5000)); /* polls meanwhile */
	p->open_at = now + 1 + at_random(was ? spread * 1000 : 1000 * (1 << (p->fails < 6 ? ++p->fails : 6)));
}

/* ---- reading --------------------------------------------------------------------- */

static bool
read_head(struct wire *w)
{
	char *end = strstr(w->in, "\r\n\r\n"), *length;

	if (end == NULL)
		return true;
	if (strncmp(w->in + 9, "200", 3) != 0)
		return false;
	*end = '\0';
	length = strcasestr(w->in, "\r\nContent-Length: ");
	w->body = length ? strtol(length + 18, NULL, 10) : -1;
	w->n -= (size_t)(end + 4 - w->in);
	memmove(w->in, end + 4, w->n + 1);
	if (w == &w->page->tail) /* it is open: what was missed meanwhile? */
		plan_ask(w->page, 1);
	return w == &w->page->tail || w->body >= 0;
}

static void
read_blocks(struct wire *w)
{
	bool is_tail = w == &w->page->tail;
	char *from = w->in, *end;

	if (!is_tail && w->n < (size_t)w->body)
		return;
	while ((end = strstr(from, "\n\n")) != NULL) {
		*end = '\0';
		take_block(w->page, is_tail, from);
		from = end + 2;
	}
	w->n -= (size_t)(from - w->in);
	memmove(w->in, from, w->n + 1);
	if (!is_tail)
		answered(w->page);
}

static void
readable(struct wire *w)
{
	ssize_t got = 1;
	bool good = true;

	while (good && w->fd >= 0) {
		if (w->room - w->n < 1024 && (w->in = realloc(w->in, w->room = w->room * 2 + 2048)) == NULL)
			die("out of memory");
		if ((got = read(w->fd, w->in + w->n, w->room - w->n - 1)) <= 0)
			break;
		w->in[w->n += (size_t)got] = '\0';
		if (w->body == -2)
			good = read_head(w);
		if (good && w->body != -2)
			read_blocks(w);
	}
	if (w->fd < 0 || (good && got < 0 && errno == EAGAIN))
		return;
	if (w == &w->page->tail)
		tail_ended(w->page);
	else if (polls && w->body == -2 && w->n == 0 && w->page->ask_at != 0)
		wire_close(w); /* kept alive for long enough */
	else
		ask_failed(w->page);
}

/* ---- all of them ------------------------------------------------------------------- */

static bool
is_settled(const struct page *p)
{
	if (p->alerts != want_alerts || p->sum != want_sum)
		return false;
	for (size_t i = 0; i < SHELTERS; i++)
		if (want_last[i] >= 0 && p->last[i] != want_last[i])
			return false;
	return true;
}

static size_t
streams(void)
{
	size_t n = 0;

	for (size_t i = 0; i < npages; i++)
		n += pages[i].tail.body == -1;
	return n;
}

static void
report(void)
{
	printf(
	    "{\"pages\":%zu,\"have\":%zu,\"streams\":%zu,\"ms\":%lld,\"latest_ms\":%lld,\"opened\":%lld,\"asked\":%lld,"
	    "\"doubled\":%lld,\"dropped\":%lld,\"resets\":%lld,\"odd\":%lld,\"spread\":%lld}\n",
	    npages, have, streams(), (long long)(now - waiting_since), most_late, opened, asked, doubled,
	    dropped, resets, odd, (long long)spread);
	fflush(stdout);
	want_alerts = -1;
}

static void
command(void)
{
	static char line[1000];
	char *at = line;
	ssize_t n = read(0, line, sizeof(line) - 1);

	if (n <= 0)
		exit(0);
	line[n] = '\0';
	strsep(&at, " ");
	want_alerts = strtoll(at, &at, 10);
	want_sum = strtoll(at, &at, 10);
	for (size_t i = 0; i < SHELTERS; i++) {
		char *before = at;

		want_last[i] = strtoll(at, &at, 10);
		if (at == before)
			want_last[i] = -1;
	}
	waiting_since = now;
	most_late = 0;
}

static void
timers(void)
{
	have = 0;
	for (size_t i = 0; i < npages; i++) {
		struct page *p = &pages[i];

		if (p->open_at != 0 && now >= p->open_at)
			open_tail(p);
		if (p->ask_at != 0 && now >= p->ask_at)
			ask(p);
		if (!polls && p->tail.fd >= 0 && now - p->heard > WATCHDOG_MS)
			tail_ended(p);
		have += want_alerts >= 0 && is_settled(p);
	}
	if (want_alerts >= 0 && (have == npages || now - waiting_since > WAIT_MS))
		report();
}

static void
run(void)
{
	static struct epoll_event got[512];
	struct epoll_event in = { .events = EPOLLIN };
	int64_t next = 0;

	epoll_ctl(loop, EPOLL_CTL_ADD, 0, &in);
	for (;;) {
		int n = epoll_wait(loop, got, 512, 20);

		now = now_ms();
		for (int i = 0; i < n; i++)
			if (got[i].data.ptr == NULL)
				command();
			else
				readable(got[i].data.ptr);
		if (now >= next) {
			timers();
			next = now + 20;
		}
	}
}

/* ---- what is no id ------------------------------------------------------------------ */

static void
fuzz(int seconds)
{
	static const char *const ids[] = { "1:0", "1:", ":", "-1", "0:0", "1:-1", "1795342413:[1],0,0", "1:[",
		"1:[0],-,-", "99999999999999999999:1", "1:99999999999", "[1]", "1:1,1,1,1,1,1,1,1,1,1", "%00",
		"\t", "0", "18446744073709551615", "1:0\xff\xfe", "-", "1:0:0", "1795342413:[-1],-2" };
	int64_t until = now_ms() + seconds * 1000;
	long long sent = 0;

	while (now_ms() < until) {
		const char *id = ids[random() % (long)LEN(ids)];
		const char *path = random() % 4 == 0 ? "/events" : "/live";
		static const char *const places[] = { "Last-Event-ID: %s\r\n",
			"If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\nIf-None-Match: %s\r\n",
			"If-None-Match: %s\r\n", "If-Modified-Since: %s\r\n", "X: %s\r\n" };
		char text[600], place[200], junk[2048];
		struct wire w = { .fd = -1 };

		snprintf(place, sizeof(place), places[random() % (long)LEN(places)], id);
		if (wire_open(&w)) {
			wire_say(&w, text,
			    snprintf(text, sizeof(text),
				"GET %s?channels=%s&last_event_id=%.30s&after=%.30s HTTP/1.0\r\nHost: m\r\n%s\r\n",
				path, random() % 2 ? "posts" : "alerts,availability", *id == '\t' ? "" : id,
				*id == '\t' ? "" : id, place));
			usleep(4000);
			sent += read(w.fd, junk, sizeof(junk)) > 0;
		}
		wire_close(&w);
	}
	printf("{\"sent\":%lld}\n", sent);
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	loop = epoll_create1(EPOLL_CLOEXEC);
	port = atoi(argv[2]);
	srandom((unsigned)getpid());
	if (strcmp(argv[1], "fuzz") == 0) {
		fuzz(atoi(argv[3]));
		return 0;
	}
	polls = strcmp(argv[1], "poll") == 0;
	npages = (size_t)atoi(argv[3]);
	if ((pages = calloc(npages, sizeof(*pages))) == NULL)
		die("out of memory");
	now = now_ms();
	for (size_t i = 0; i < npages; i++) {
		struct page *p = &pages[i];

		p->tail = (struct wire){ .page = p, .fd = -1, .body = -2 };
		p->ask = p->tail;
		p->retry = 3000;
		if (polls)
			p->ask_at = now + 1 + at_random(3000);
		else
			p->open_at = now + 1 + at_random(3000);
	}
	run();
}

/*
 * engine.c - sends what is due: claims, starts, drives, judges, settles.
 *
 * A try goes FREE -> CLAIMED (committed) -> RUNNING (in curl's hands) -> OVER
 * (judged) -> FREE (settled).  What ends without a transfer skips RUNNING.
 *
 * The slots are one set for all houses.  A house that wants some is always given
 * its share; beyond that it may have what is free but for a reserve, which is for
 * those that begin to want.  So one with a million rows for a destination that
 * never answers holds up nobody else.
 */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "hosts.h"
#include "log.h"
#include "pace.h"
#include "random.h"
#include "retry.h"

enum {
	SLOTS = 256,
	URGENT_SLOTS = 32, /* only for what is urgent */
	OTHER_SLOTS = SLOTS - URGENT_SLOTS,
	NORMAL_SLOTS = OTHER_SLOTS - OTHER_SLOTS / 4, /* while there is bulk too */
	RETRY_SLOTS = OTHER_SLOTS / 2,                /* of the others; the rest is for what is new */
	RESERVE = 32, /* where there are several houses: for those that have less than their share */
	BATCH = 32,   /* settled together, or after */
	BATCH_MS = 5,
	LEASE_MORE_MS = 15 * 1000, /* a lease outlives its try by so much */
	CONNECT_MS = 5 * 1000,
	DEFER_MS = 60 * 1000,    /* no channel takes it */
	CROWDED_MS = 1000,       /* too many are tried again at this moment */
	SCAN_MS = 5 * 1000,      /* at the latest */
	SCAN_SHARE = 4,          /* of the time, one part in so many at most goes into scans */
	TROUBLE_MS = 250,        /* after a transaction that failed */
	SPILL_MAX = 1024 * 1024, /* of an answer, read and thrown away */
	PAYLOADS = 48,
	PASSES = 4,
};

/* Whatever is in curl's hands; what CURLOPT_PRIVATE points to. */
struct job {
	void (*done)(struct engine *, struct job *, CURL *, CURLcode);
};

struct guest_job {
	struct job job;
	void (*done)(void *arg, CURL *, CURLcode);
	void *arg;
};

struct payload {
	int64_t id; /* 0: none */
	const struct house *house;
	struct str body;
	uint64_t used;
	size_t users;
};

enum phase { FREE, CLAIMED, RUNNING, OVER };

struct
try {
	struct job job; /* the first member: a job is a try */
	struct house *house;
	enum phase phase;
	struct delivery d;
	struct message message;
	struct host *host;
	const struct channel *channel; /* NULL: none takes it */
	struct payload *payload;
	struct verdict v;
	CURL *easy;
	size_t spilled;
	bool told;     /* there was a transfer: it tells of the destination */
	bool felt;     /* pace has heard of it */
	int64_t defer; /* not 0: nobody's fault; again after so many ms */
};

/* One store; what others have no part in. */
struct house {
	struct engine *engine;
	struct db *db;
	const struct channel *channels[CHANNEL__MAX];
	struct hosts *hosts;
	struct str prefix; /* "msg_TENANT_" */
	struct arena *lasting;
	struct try *over[SLOTS];
	size_t nover, busy;
	size_t running[LANE__MAX], retries; /* claimed or running */
	bool news, stopped, stirred;
	bool starved[LANE__MAX]; /* no slot was left for it */
	int64_t scanned_at, scan_us, next, over_since, trouble_until;
};

struct engine {
	CURLM *multi;
	int poller;      /* epoll, with curl's sockets and the bell */
	int bell;        /* the one that is in it; -1: none */
	int64_t curl_at; /* when curl wants to be called (us); NEVER */
	struct epoll_event ready[SLOTS];
	int nready;
	int64_t owner;
	struct arena *turn;

	struct house **houses;
	size_t nhouses, room, first; /* first: whose turn it is to be asked first */
	size_t wanting;              /* houses that have something to do now; never 0 */

	struct try tries[SLOTS];
	struct try *free[SLOTS], *claimed[SLOTS];
	size_t nfree, nclaimed;
	size_t running[LANE__MAX], retries; /* of all houses */
	struct settled refused[SLOTS * PASSES];
	size_t nrefused;
	struct payload payloads[PAYLOADS];
	uint64_t uses;

	bool stopped;
	int64_t now;
	struct engine_counts counts, before; /* before: of the transaction that may fail */
};

static int64_t
ticks_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- tries ---- */

static void try_done(struct engine *, struct job *, CURL *, CURLcode);

static void
put_free(struct engine *e, struct try *t)
{
	t->phase = FREE;
	e->free[e->nfree++] = t;
}

static void
release(struct engine *e, struct try *t)
{
	curl_slist_free_all(t->d.headers);
	curl_slist_free_all(t->d.recipients);
	t->d.headers = t->d.recipients = NULL;
	if (t->payload != NULL)
		t->payload->users--;
	t->payload = NULL;
	arena_reset(t->d.arena);
	t->house->busy--;
	put_free(e, t);
}

static bool
is_retry(const struct message *m)
{
	return m->lane != LANE_URGENT && m->tries > 0;
}

/* It no longer takes a slot of its lane. */
static void
leave_lane(struct house *h, const struct message *m)
{
	h->running[m->lane]--;
	h->engine->running[m->lane]--;
	h->retries -= is_retry(m);
	h->engine->retries -= is_retry(m);
}

static void
over(struct try *t)
{
	struct house *h = t->house;

	t->phase = OVER;
	t->host->running--;
	t->host->finished++;
	leave_lane(h, &t->message);
	if (h->nover == 0)
		h->over_since = ticks_us();
	h->over[h->nover++] = t;
}

/* ---- curl ---- */

static size_t
keep(struct buf *buf, const char *p, size_t n)
{
	size_t room = buf->n < ANSWER_MAX ? ANSWER_MAX - buf->n : 0;

	buf_put(buf, p, n < room ? n : room);
	return n < room ? 0 : n - room;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct try *t = arg;

	t->spilled += keep(&t->d.answer, p, size * n);
	return t->spilled > SPILL_MAX ? 0 : size * n;
}

static size_t
on_head(char *p, size_t size, size_t n, void *arg)
{
	struct try *t = arg;

	t->spilled += keep(&t->d.head, p, size * n);
	return t->spilled > SPILL_MAX ? 0 : size * n;
}

static void
set_options(struct try *t)
{
	CURL *c = t->easy;

	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)t->channel->timeout_ms);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_PRIVATE, &t->job);
}

/* An answer that did not end was cut by us; its status is known. */
static CURLcode
judged_code(const struct try *t, CURLcode code)
{
	long status = 0;

	if (code != CURLE_WRITE_ERROR || t->spilled <= SPILL_MAX)
		return code;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 ? CURLE_OK : code;
}

/* curl hands SMTP's replies to the header's callback. */
static void
sort_answer(struct try *t)
{
	const char *scheme = NULL;

	if (t->d.answer.n == 0 && t->d.head.n > 0 &&
	    curl_easy_getinfo(t->easy, CURLINFO_SCHEME, &scheme) == CURLE_OK && scheme != NULL &&
	    (scheme[0] == 'S' || scheme[0] == 's')) {
		struct buf swap = t->d.answer;

		t->d.answer = t->d.head;
		t->d.head = swap;
	}
}

static void
try_done(struct engine *e, struct job *job, CURL *easy, CURLcode code)
{
	struct try *t = (struct try *)job;

	(void)easy;
	sort_answer(t);
	t->told = true;
	t->d.now = e->now;
	t->channel->judge(t->channel, &t->d, judged_code(t, code), &t->v);
	over(t);
}

static void
guest_done(struct engine *e, struct job *job, CURL *easy, CURLcode code)
{
	struct guest_job *g = (struct guest_job *)job;

	(void)e;
	g->done(g->arg, easy, code);
	free(g);
}

void
engine_transfer(struct engine *e, CURL *easy, void (*done)(void *arg, CURL *, CURLcode), void *arg)
{
	struct guest_job *g = malloc(sizeof(*g));

	if (g == NULL)
		die("out of memory");
	*g = (struct guest_job){ { guest_done }, done, arg };
	curl_easy_setopt(easy, CURLOPT_PRIVATE, &g->job);
	curl_multi_add_handle(e->multi, easy);
}

/* curl tells which sockets it waits for: looking at all of them at each turn
 * (curl_multi_perform) costs more than the transfers. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct engine *e = arg;
	struct epoll_event ev = { .events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
					    (what & CURL_POLL_OUT ? EPOLLOUT : 0),
		.data.fd = fd };

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(e->poller, EPOLL_CTL_DEL, fd, NULL); /* it may be closed already */
		return 0;
	}
	if (known == NULL)
		curl_multi_assign(e->multi, fd, e);
	if (epoll_ctl(e->poller, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	/* A number that was used again before curl took note of it. */
	return epoll_ctl(e->poller, errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev);
}

static int
on_timer(CURLM *multi, long ms, void *arg)
{
	struct engine *e = arg;

	(void)multi;
	e->curl_at = ms < 0 ? NEVER : ticks_us() + ms * 1000;
	return 0;
}

/* Sockets that have something, as far as we have not told curl yet. */
static void
poll_sockets(struct engine *e, int64_t ms)
{
	int n = epoll_wait(e->poller, e->ready + e->nready, SLOTS - e->nready, (int)ms);

	e->nready += n > 0 ? n : 0;
}

/* Lets curl work and takes what it has finished. */
static void
drive(struct engine *e)
{
	int running, left;
	CURLMsg *m;

	for (int i = 0; i < e->nready; i++) {
		uint32_t what = e->ready[i].events;

		if (e->ready[i].data.fd != e->bell)
			curl_multi_socket_action(e->multi, e->ready[i].data.fd,
			    (what & EPOLLIN ? CURL_CSELECT_IN : 0) |
				(what & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
				(what & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
			    &running);
	}
	e->nready = 0;
	if (e->curl_at <= ticks_us()) {
		e->curl_at = NEVER;
		curl_multi_socket_action(e->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	while ((m = curl_multi_info_read(e->multi, &left)) != NULL) {
		CURL *easy = m->easy_handle;
		CURLcode code = m->data.result;
		char *private = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		curl_multi_remove_handle(e->multi, easy); /* m is gone now */
		((struct job *)(void *)private)->done(e, (struct job *)(void *)private, easy, code);
	}
}

/* ---- payloads ---- */

/* The one that may be replaced: nobody uses it, and for the longest time. */
static struct payload *
oldest_payload(struct engine *e)
{
	struct payload *best = NULL;

	for (size_t i = 0; i < PAYLOADS; i++) {
		struct payload *p = &e->payloads[i];

		if (p->users == 0 && (best == NULL || p->used < best->used))
			best = p;
	}
	return best;
}

static bool
read_payload(const struct house *h, struct payload *p, int64_t id)
{
	struct str body;
	char *copy;

	if (payload_get(h->db, h->engine->turn, id, &body) != OK)
		return false;
	if ((copy = malloc(body.n + 1)) == NULL)
		die("out of memory");
	memcpy(copy, body.p, body.n);
	copy[body.n] = '\0';
	free((char *)p->body.p);
	p->body.p = copy;
	p->body.n = body.n;
	p->id = id;
	p->house = h;
	return true;
}

/* The payload of a try: shared where there is room among those that are kept. */
static bool
find_payload(struct engine *e, struct try *t)
{
	const struct house *h = t->house;
	int64_t id = t->message.payload;
	struct payload *p = NULL;

	for (size_t i = 0; i < PAYLOADS && p == NULL; i++)
		if (e->payloads[i].id == id && e->payloads[i].house == h)
			p = &e->payloads[i];
	if (p == NULL && (p = oldest_payload(e)) == NULL)
		return payload_get(h->db, t->d.arena, id, &t->d.payload) == OK;
	if ((p->id != id || p->house != h) && !read_payload(h, p, id))
		return false;
	p->used = ++e->uses;
	p->users++;
	t->payload = p;
	t->d.payload = p->body;
	return true;
}

/* ---- starting ---- */

static void
say(struct verdict *v, enum outcome outcome, const char *reason)
{
	*v = (struct verdict){ .outcome = outcome };
	strncpy(v->reason, reason, sizeof(v->reason) - 1);
}

/* A message that was just claimed gets a slot. */
static void
take_slot(struct house *h, const struct message *m, struct host *host)
{
	struct engine *e = h->engine;
	struct try *t = e->free[--e->nfree];
	struct delivery d = {
		.arena = t->d.arena, .easy = t->easy, .answer = t->d.answer, .head = t->d.head
	};

	t->phase = CLAIMED;
	t->house = h;
	h->busy++;
	t->d = d;
	buf_reset(&t->d.answer);
	buf_reset(&t->d.head);
	t->message = *m;
	t->message.target = arena_dup(t->d.arena, m->target);
	t->host = host;
	t->channel = h->channels[m->channel];
	t->v = (struct verdict){ 0 };
	t->spilled = 0;
	t->told = t->felt = false;
	t->defer = t->channel == NULL ? DEFER_MS : 0;
	t->d.message = &t->message;
	t->d.destination = host->d.name;
	t->d.now = e->now;
	t->d.name = arena_strf(t->d.arena, "%.*s%lld", FMT(h->prefix), (long long)m->id);
	e->claimed[e->nclaimed++] = t;
}

/* True: it is in curl's hands. */
static bool
start(struct engine *e, struct try *t)
{
	bool going;

	if (!find_payload(e, t)) {
		say(&t->v, OUTCOME_FAILED, "no-payload");
		return false;
	}
	if (t->easy == NULL && (t->easy = curl_easy_init()) == NULL)
		die("out of memory");
	set_options(t);
	t->d.easy = t->easy;
	t->d.db = t->house->db;
	going = t->channel->start(t->channel, &t->d, &t->v);
	t->d.db = NULL;
	return going && curl_multi_add_handle(e->multi, t->easy) == CURLM_OK;
}

/* Sets up all that was claimed of a house. */
static void
start_all(struct house *h)
{
	struct engine *e = h->engine;
	bool can_read = e->nclaimed > 0 && db_begin(h->db, TX_READ, e->now) == OK;

	for (size_t i = 0; i < e->nclaimed; i++) {
		struct try *t = e->claimed[i];

		if (!can_read && t->defer == 0)
			t->defer = CROWDED_MS;
		if (t->defer == 0 && start(e, t))
			t->phase = RUNNING;
		else
			over(t);
	}
	e->nclaimed = 0;
	if (can_read && db_commit(h->db) != OK)
		db_rollback(h->db);
}

/* ---- claiming ---- */

static void
refuse(struct engine *e, const struct settled *s)
{
	e->refused[e->nrefused++] = *s;
}

static bool
too_many_retries(const struct house *h)
{
	return h->engine->retries >= RETRY_SLOTS && h->retries >= RETRY_SLOTS / h->engine->wanting;
}

/* Whether a message that was just claimed is sent now; if not, it is settled in
 * the very transaction that claimed it. */
static bool
admit(const struct house *h, const struct host *host, const struct message *m)
{
	struct engine *e = h->engine;
	struct settled s;

	if (retry_refuses(m, e->now, &s)) {
		refuse(e, &s);
		return false;
	}
	if (host->d.disabled.n > 0) {
		s.state = OUTBOX_DEAD;
		s.reason = S("disabled");
		s.detail = host->d.disabled;
		refuse(e, &s);
		return false;
	}
	if (is_retry(m) && too_many_retries(h)) {
		s.state = OUTBOX_WAITING;
		s.due = e->now + CROWDED_MS + (int64_t)random_below(CROWDED_MS);
		refuse(e, &s);
		return false;
	}
	return true;
}

struct claim {
	struct message *m;
	struct host *host;
};

struct claims {
	struct house *house;
	struct claim v[SLOTS];
	size_t n;
};

static void
enter_lane(struct house *h, const struct message *m)
{
	h->running[m->lane]++;
	h->engine->running[m->lane]++;
	h->retries += is_retry(m);
	h->engine->retries += is_retry(m);
}

static void
claim(void *arg, struct host *host, enum outbox_lane lane, size_t limit)
{
	struct claims *claims = arg;
	struct house *h = claims->house;
	struct engine *e = h->engine;
	const struct channel *c = h->channels[host->d.channel];
	int64_t lease = (c ? c->timeout_ms : 0) + LEASE_MORE_MS;
	struct message *v;
	size_t n, most = LEN(e->refused) - e->nrefused;

	if (most < limit)
		limit = most;
	if (limit == 0)
		return;
	outbox_claim(h->db, e->turn, lane, host->d.id, e->owner, e->now + lease, limit, &v, &n);
	e->counts.claimed += (int64_t)n;
	if (n < limit)
		hosts_look(host, h->db, lane);
	for (size_t i = 0; i < n; i++) {
		if (!admit(h, host, &v[i]))
			continue;
		host->running++;
		enter_lane(h, &v[i]);
		claims->v[claims->n++] = (struct claim){ &v[i], host };
	}
}

static size_t
all_of(const size_t running[LANE__MAX], enum outbox_lane lane)
{
	return running[LANE_NORMAL] + running[LANE_BULK] + (lane == LANE_URGENT ? running[LANE_URGENT] : 0);
}

/* Something of it can be sent now, as far as is known. */
static bool
hungry(const struct house *h)
{
	return !h->stopped && (h->stirred || h->next <= h->engine->now);
}

/* What others that are hungry lack of their share. */
static size_t
owed(const struct house *h, enum outbox_lane lane, size_t share)
{
	const struct engine *e = h->engine;
	size_t n = 0;

	for (size_t i = 0; i < e->nhouses; i++) {
		size_t theirs = all_of(e->houses[i]->running, lane);

		if (e->houses[i] != h && theirs < share && hungry(e->houses[i]))
			n += share - theirs;
	}
	return n;
}

/* What a house may have of `free` slots of `most`. */
static size_t
fair(const struct house *h, enum outbox_lane lane, size_t most, size_t free)
{
	const struct engine *e = h->engine;
	size_t share = most > RESERVE ? (most - RESERVE) / e->wanting : 0;
	size_t mine = all_of(h->running, lane), own, spare;

	if (e->nhouses < 2)
		return free;
	share = share > 0 ? share : 1;
	spare = RESERVE + owed(h, lane, share);
	spare = free > spare ? free - spare : 0;
	own = share > mine ? share - mine : 0;
	own = own > spare ? own : spare;
	return own < free ? own : free;
}

/* Free slots for a lane; those that are over are settled with the same commit. */
static size_t
budget(const struct house *h, enum outbox_lane lane, size_t others_most)
{
	const struct engine *e = h->engine;
	size_t others = all_of(e->running, LANE_NORMAL), all = all_of(e->running, LANE_URGENT);
	size_t free = all < SLOTS ? SLOTS - all : 0, left;

	if (lane == LANE_URGENT)
		return fair(h, lane, SLOTS, free);
	if (others >= others_most)
		return 0;
	left = others_most - others;
	return fair(h, lane, others_most, free < left ? free : left);
}

static size_t
share(struct house *h, enum outbox_lane lane, size_t most, bool settling, struct claims *claims)
{
	return hosts_share(h->hosts, lane, budget(h, lane, most), h->engine->now, settling, claim, claims);
}

/* Nobody knows how much a destination has before it is claimed: what one did
 * not need is shared out again. */
static void
claim_all(struct house *h, bool settling, struct claims *claims)
{
	for (int pass = 0; pass < PASSES; pass++) {
		size_t given = share(h, LANE_URGENT, SLOTS, settling, claims);

		given += share(h, LANE_NORMAL, NORMAL_SLOTS, settling, claims);
		given += share(h, LANE_BULK, OTHER_SLOTS, settling, claims);
		given += share(h, LANE_NORMAL, OTHER_SLOTS, settling, claims);
		if (given == 0)
			return;
	}
}

/* ---- settling ---- */

/* What the try told of its destination. */
static void
feel(struct engine *e, struct try *t)
{
	struct host *host = t->host;

	if (!t->told || t->felt)
		return;
	t->felt = true;
	if (!t->v.hurts) {
		host->changed |= pace_good(&host->d, t->channel->width_max, e->now);
		return;
	}
	host->changed |= pace_bad(&host->d, e->now);
	if (t->v.retry_after > 0) {
		int64_t ms = t->v.retry_after < RETRY_AFTER_MOST_MS ? t->v.retry_after : RETRY_AFTER_MOST_MS;

		host->changed |= pace_asked(&host->d, ms, e->now);
	}
}

static void
settle_as(struct engine *e, struct try *t, struct settled *s)
{
	double luck = 0; /* only a retry needs any */

	if (t->v.outcome == OUTCOME_RETRY)
		luck = (double)random_below(1 << 20) / (1 << 20);
	if (t->defer == 0) {
		retry_settle(t->channel, &t->message, &t->v, e->now, luck, s);
		return;
	}
	*s = (struct settled){ .message = &t->message, .state = OUTBOX_WAITING };
	s->due = e->now + t->defer;
	if (s->due > t->message.expires)
		s->due = t->message.expires;
}

static void
count(struct engine *e, const struct settled *s)
{
	if (s->state == OUTBOX_SENT)
		e->counts.sent++;
	else if (s->state == OUTBOX_WAITING)
		e->counts.retried++;
	else
		e->counts.ended++;
}

/* All that is over, in the present write transaction. */
static void
settle_all(struct house *h)
{
	struct engine *e = h->engine;
	struct settled *v = arena_array(e->turn, struct settled, h->nover);

	for (size_t i = 0; i < h->nover; i++) {
		feel(e, h->over[i]);
		settle_as(e, h->over[i], &v[i]);
		count(e, &v[i]);
	}
	e->counts.fenced += (int64_t)outbox_settle(h->db, v, h->nover);
	for (size_t i = 0; i < h->nover; i++) {
		struct try *t = h->over[i];

		if (t->defer != 0 || t->channel->settle == NULL)
			continue;
		t->d.db = h->db;
		t->channel->settle(t->channel, &t->d, &t->v);
		t->d.db = NULL;
	}
	for (size_t i = 0; i < h->nover; i++)
		if (v[i].state == OUTBOX_WAITING)
			hosts_note(h->over[i]->host, h->over[i]->message.lane, v[i].due);
}

static void
settle_refused(struct house *h)
{
	struct engine *e = h->engine;

	if (e->nrefused == 0)
		return;
	e->counts.fenced += (int64_t)outbox_settle(h->db, e->refused, e->nrefused);
	for (size_t i = 0; i < e->nrefused; i++)
		count(e, &e->refused[i]);
	h->stirred = true; /* there may be more of them */
	e->nrefused = 0;
}

static void
free_settled(struct house *h)
{
	struct engine *e = h->engine;

	for (size_t i = 0; i < h->nover; i++) {
		h->over[i]->host->finished--;
		release(e, h->over[i]);
	}
	h->nover = 0;
}

/* The claims of a transaction that came to nothing. */
static void
unclaim(struct house *h, const struct claims *claims)
{
	for (size_t i = 0; i < claims->n; i++) {
		claims->v[i].host->running--;
		leave_lane(h, claims->v[i].m);
	}
	h->engine->nrefused = 0;
	h->news = true;
}

/* ---- turns ---- */

static bool
stopped(const struct house *h)
{
	return h->stopped || h->engine->stopped;
}

static bool
batch_is_due(const struct house *h)
{
	size_t running = all_of(h->running, LANE_URGENT);

	/* With few at once a full batch never comes: half of them settle and are
	 * followed while the other half is under way. */
	return h->nover >= BATCH || (h->nover > 0 && h->nover >= running) ||
	       (h->nover > 0 && ticks_us() - h->over_since >= BATCH_MS * 1000);
}

/* The one write transaction of a house's turn. */
static void
write_turn(struct house *h, bool settling)
{
	struct engine *e = h->engine;
	struct claims claims = { .house = h };
	enum err err;

	e->before = e->counts;
	err = db_begin(h->db, TX_WRITE, e->now);
	if (err == OK) {
		if (settling)
			settle_all(h);
		if (!stopped(h))
			claim_all(h, settling, &claims);
		settle_refused(h);
		hosts_save(h->hosts, h->db, e->turn, e->now);
		err = db_commit(h->db);
	}
	if (err != OK) {
		db_rollback(h->db);
		log_line("outbox: %s; trying again", err_words(err)->title);
		unclaim(h, &claims);
		e->counts = e->before;
		h->trouble_until = ticks_us() + TROUBLE_MS * 1000;
		return;
	}
	e->counts.writes++;
	hosts_saved(h->hosts);
	if (settling)
		free_settled(h);
	for (size_t i = 0; i < claims.n; i++)
		take_slot(h, claims.v[i].m, claims.v[i].host);
}

/* Looks through the queue, unless that would take too much of the time. */
static void
scan(struct house *h)
{
	int64_t start = ticks_us();
	bool due = h->scanned_at == 0 || start - h->scanned_at >= SCAN_MS * 1000 ||
		   (h->news && start - h->scanned_at >= SCAN_SHARE * h->scan_us);

	if (!due || stopped(h) || h->trouble_until > start)
		return;
	if (db_begin(h->db, TX_READ, h->engine->now) != OK)
		return;
	hosts_scan(h->hosts, h->db, h->engine->now);
	if (db_commit(h->db) != OK) {
		db_rollback(h->db);
		return;
	}
	h->scanned_at = ticks_us();
	h->scan_us = h->scanned_at - start;
	h->news = false;
	h->stirred = true;
}

static int64_t
soonest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* For how long a house needs nothing but what curl tells. */
static int64_t
patience(const struct house *h)
{
	int64_t ms = SCAN_MS, us = ticks_us(), now = h->engine->now;

	if (h->trouble_until > us)
		return (h->trouble_until - us) / 1000 + 1;
	if (h->stirred && !stopped(h))
		return 0;
	if (!stopped(h) && h->next != NEVER)
		ms = soonest(ms, h->next > now ? h->next - now : 0);
	if (h->nover > 0)
		ms = soonest(ms, (BATCH_MS * 1000 - (us - h->over_since)) / 1000);
	if (h->news && !stopped(h))
		ms = soonest(ms, (h->scanned_at + SCAN_SHARE * h->scan_us - us) / 1000 + 1);
	return ms < 0 ? 0 : ms;
}

static bool
has_slots(const struct house *h, enum outbox_lane lane)
{
	return budget(h, lane, lane == LANE_URGENT ? SLOTS : OTHER_SLOTS) > 0;
}

/* When there is something to claim and a slot for it. */
static int64_t
look_ahead(struct house *h, bool settling)
{
	bool lanes[LANE__MAX];

	for (int l = 0; l < LANE__MAX; l++) {
		lanes[l] = has_slots(h, (enum outbox_lane)l);
		h->starved[l] = !lanes[l];
	}
	return hosts_next(h->hosts, lanes, h->engine->now, settling);
}

/* Is there anything to claim, as far as we know? */
static bool
can_claim(struct house *h, bool settling)
{
	if (stopped(h))
		return false;
	if (settling)
		return look_ahead(h, true) <= h->engine->now;
	if (h->stirred)
		h->next = look_ahead(h, false);
	return h->next <= h->engine->now;
}

static void
turn_of(struct house *h)
{
	bool settling = batch_is_due(h), claiming = can_claim(h, settling);

	h->stirred = false;
	if ((!settling && !claiming) || ticks_us() < h->trouble_until)
		return;
	/* Also what is over and could wait: the commit is paid for. */
	write_turn(h, h->nover > 0);
	start_all(h);
	h->next = look_ahead(h, false);
	drive(h->engine);
	if (batch_is_due(h) || h->next <= h->engine->now)
		h->stirred = true;
}

/* Those among whom the slots are to be shared. */
static void
count_wanting(struct engine *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->nhouses; i++) {
		const struct house *h = e->houses[i];

		n += h->busy > 0 || h->stirred || h->next <= e->now;
	}
	e->wanting = n > 0 ? n : 1;
}

/* Slots have become free, or are owed to nobody any more. */
static void
wake_starved(struct engine *e)
{
	for (size_t i = 0; e->nhouses > 1 && i < e->nhouses; i++) {
		struct house *h = e->houses[i];

		for (int l = 0; l < LANE__MAX; l++)
			h->stirred |= h->starved[l] && has_slots(h, (enum outbox_lane)l);
	}
}

int64_t
engine_turn(struct engine *e, int64_t now, bool news)
{
	int64_t wait = SCAN_MS;

	e->now = now;
	drive(e);
	for (size_t i = 0; i < e->nhouses; i++) {
		e->houses[i]->news |= news;
		scan(e->houses[i]);
	}
	count_wanting(e);
	for (size_t i = 0; i < e->nhouses; i++)
		turn_of(e->houses[(e->first + i) % e->nhouses]);
	e->first++;
	arena_reset(e->turn);
	count_wanting(e);
	wake_starved(e);
	for (size_t i = 0; i < e->nhouses; i++)
		wait = soonest(wait, patience(e->houses[i]));
	return wait;
}

/* The bell is one more descriptor to wait for. */
static void
watch(struct engine *e, int bell)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = bell };

	if (e->bell == bell)
		return;
	if (e->bell >= 0)
		epoll_ctl(e->poller, EPOLL_CTL_DEL, e->bell, NULL);
	e->bell = bell >= 0 && epoll_ctl(e->poller, EPOLL_CTL_ADD, bell, &ev) == 0 ? bell : -1;
}

bool
engine_wait(struct engine *e, int bell, int64_t ms)
{
	int64_t curl_ms = e->curl_at == NEVER ? MINUTE_MS : (e->curl_at - ticks_us() + 999) / 1000;
	bool rang = false;

	watch(e, bell);
	ms = soonest(ms, curl_ms);
	poll_sockets(e, ms < 0 ? 0 : ms);
	for (int i = 0; i < e->nready && bell >= 0; i++)
		rang |= e->ready[i].data.fd == bell;
	return rang;
}

/* ---- life ---- */

struct engine *
engine_new(int64_t owner)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (e == NULL || (e->multi = curl_multi_init()) == NULL)
		die("out of memory");
	e->owner = owner;
	e->bell = -1;
	e->curl_at = NEVER;
	if ((e->poller = epoll_create1(EPOLL_CLOEXEC)) < 0)
		die("epoll: %s", strerror(errno));
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETDATA, e);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERDATA, e);
	e->turn = arena_new();
	curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS, (long)SLOTS + 16);
	for (int i = SLOTS - 1; i >= 0; i--) {
		e->tries[i].job.done = try_done;
		e->tries[i].d.arena = arena_new();
		put_free(e, &e->tries[i]);
	}
	return e;
}

struct house *
engine_house(struct engine *e, struct db *db)
{
	struct house *h = calloc(1, sizeof(*h));

	if (e->nhouses == e->room) {
		e->room = e->room ? e->room * 2 : 8;
		e->houses = realloc(e->houses, e->room * sizeof(struct house *));
	}
	if (h == NULL || e->houses == NULL)
		die("out of memory");
	*h = (struct house){ .engine = e, .db = db, .next = NEVER, .news = true };
	h->hosts = hosts_new();
	h->lasting = arena_new();
	if (db_begin(db, TX_READ, now_ms()) == OK)
		h->prefix = arena_strf(h->lasting, "msg_%.*s_", FMT(tenant_id(db, h->lasting)));
	db_rollback(db);
	e->houses[e->nhouses++] = h;
	return h;
}

static void
house_free(struct house *h)
{
	hosts_free(h->hosts);
	arena_free(h->lasting);
	free(h);
}

/* Its tries are broken off where there are any. */
static void
break_off(struct house *h)
{
	struct engine *e = h->engine;

	for (size_t i = 0; h->busy > 0 && i < SLOTS; i++) {
		struct try *t = &e->tries[i];

		if (t->phase == FREE || t->house != h)
			continue;
		if (t->phase == RUNNING) {
			curl_multi_remove_handle(e->multi, t->easy);
			leave_lane(h, &t->message);
		}
		release(e, t);
	}
}

void
house_leave(struct house *h)
{
	struct engine *e = h->engine;
	size_t at = 0;

	break_off(h);
	for (size_t i = 0; i < PAYLOADS; i++)
		if (e->payloads[i].house == h)
			e->payloads[i].id = 0; /* another house may come to lie at this address */
	while (e->houses[at] != h)
		at++;
	e->nhouses--;
	memmove(e->houses + at, e->houses + at + 1, (e->nhouses - at) * sizeof(struct house *));
	house_free(h);
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		struct try *t = &e->tries[i];

		if (t->phase == RUNNING)
			curl_multi_remove_handle(e->multi, t->easy);
		if (t->easy != NULL)
			curl_easy_cleanup(t->easy);
		curl_slist_free_all(t->d.headers);
		curl_slist_free_all(t->d.recipients);
		buf_free(&t->d.answer);
		buf_free(&t->d.head);
		arena_free(t->d.arena);
	}
	curl_multi_cleanup(e->multi);
	close(e->poller);
	for (size_t i = 0; i < PAYLOADS; i++)
		free((char *)e->payloads[i].body.p);
	for (size_t i = 0; i < e->nhouses; i++)
		house_free(e->houses[i]);
	free(e->houses);
	arena_free(e->turn);
	free(e);
}

void
house_channel(struct house *h, const struct channel *c)
{
	if (c == NULL)
		return;
	h->channels[c->number] = c;
	hosts_widest(h->hosts, c->number, c->width_max);
}

void
house_news(struct house *h)
{
	h->news = true;
}

void
house_stop(struct house *h)
{
	h->stopped = true;
}

void
engine_stop(struct engine *e)
{
	e->stopped = true;
}

size_t
house_busy(const struct house *h)
{
	return h->busy;
}

size_t
engine_busy(const struct engine *e)
{
	return SLOTS - e->nfree;
}

bool
house_rests(const struct house *h)
{
	if (h->trouble_until > ticks_us())
		return true;
	return !h->news && !h->stirred && (h->next == NEVER || h->next > h->engine->now);
}

bool
engine_rests(const struct engine *e)
{
	for (size_t i = 0; i < e->nhouses; i++)
		if (!house_rests(e->houses[i]))
			return false;
	return true;
}

int64_t
house_due(struct house *h)
{
	static const bool all[LANE__MAX] = { true, true, true };

	hosts_scan(h->hosts, h->db, h->engine->now);
	return hosts_next(h->hosts, all, h->engine->now, true);
}

void
engine_abandon(struct engine *e, int64_t now)
{
	e->stopped = true;
	e->now = now;
	for (size_t i = 0; i < SLOTS; i++) {
		struct try *t = &e->tries[i];

		if (t->phase != RUNNING)
			continue;
		curl_multi_remove_handle(e->multi, t->easy);
		t->channel->judge(t->channel, &t->d, CURLE_OPERATION_TIMEDOUT, &t->v);
		if (t->v.outcome != OUTCOME_UNSURE)
			t->defer = 1;
		over(t);
	}
	for (size_t i = 0; i < e->nhouses; i++)
		if (e->houses[i]->nover > 0)
			write_turn(e->houses[i], true);
	arena_reset(e->turn);
}

const struct engine_counts *
engine_counts(const struct engine *e)
{
	return &e->counts;
}

/*
 * engine.c - sends what is due: claims, starts, drives, judges, settles.
 *
 * A try goes FREE -> CLAIMED (committed) -> RUNNING (in curl's hands) -> OVER
 * (judged) -> FREE (settled).  What ends without a transfer skips RUNNING.
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
	BATCH = 32,                                   /* settled together, or after */
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
	struct str body;
	uint64_t used;
	size_t users;
};

enum phase { FREE, CLAIMED, RUNNING, OVER };

struct
try {
	struct job job; /* the first member: a job is a try */
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

struct engine {
	struct db *db;
	CURLM *multi;
	int poller;      /* epoll, with curl's sockets and the bell */
	int bell;        /* the one that is in it; -1: none */
	int64_t curl_at; /* when curl wants to be called (us); NEVER */
	struct epoll_event ready[SLOTS];
	int nready;
	int64_t owner;
	const struct channel *channels[CHANNEL__MAX];
	struct hosts *hosts;
	struct str prefix; /* "msg_TENANT_" */
	struct arena *lasting, *turn;

	struct try tries[SLOTS];
	struct try *free[SLOTS], *over[SLOTS], *claimed[SLOTS];
	size_t nfree, nover, nclaimed;
	size_t running[LANE__MAX], retries; /* claimed or running */
	struct settled refused[SLOTS * PASSES];
	size_t nrefused;
	struct payload payloads[PAYLOADS];
	uint64_t uses;

	bool news, stopped, stirred;
	int64_t scanned_at, scan_us, next, over_since, trouble_until;
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
	put_free(e, t);
}

static bool
is_retry(const struct message *m)
{
	return m->lane != LANE_URGENT && m->tries > 0;
}

/* It no longer takes a slot of its lane. */
static void
leave_lane(struct engine *e, const struct message *m)
{
	e->running[m->lane]--;
	e->retries -= is_retry(m);
}

static void
over(struct engine *e, struct try *t)
{
	t->phase = OVER;
	t->host->running--;
	t->host->finished++;
	leave_lane(e, &t->message);
	if (e->nover == 0)
		e->over_since = ticks_us();
	e->over[e->nover++] = t;
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
	over(e, t);
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
read_payload(struct engine *e, struct payload *p, int64_t id)
{
	struct str body;
	char *copy;

	if (payload_get(e->db, e->turn, id, &body) != OK)
		return false;
	if ((copy = malloc(body.n + 1)) == NULL)
		die("out of memory");
	memcpy(copy, body.p, body.n);
	copy[body.n] = '\0';
	free((char *)p->body.p);
	p->body.p = copy;
	p->body.n = body.n;
	p->id = id;
	return true;
}

/* The payload of a try: shared where there is room among those that are kept. */
static bool
find_payload(struct engine *e, struct try *t)
{
	int64_t id = t->message.payload;
	struct payload *p = NULL;

	for (size_t i = 0; i < PAYLOADS && p == NULL; i++)
		if (e->payloads[i].id == id)
			p = &e->payloads[i];
	if (p == NULL && (p = oldest_payload(e)) == NULL)
		return payload_get(e->db, t->d.arena, id, &t->d.payload) == OK;
	if (p->id != id && !read_payload(e, p, id))
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
take_slot(struct engine *e, const struct message *m, struct host *host)
{
	struct try *t = e->free[--e->nfree];
	struct delivery d = {
		.arena = t->d.arena, .easy = t->easy, .answer = t->d.answer, .head = t->d.head
	};

	t->phase = CLAIMED;
	t->d = d;
	buf_reset(&t->d.answer);
	buf_reset(&t->d.head);
	t->message = *m;
	t->message.target = arena_dup(t->d.arena, m->target);
	t->host = host;
	t->channel = e->channels[m->channel];
	t->v = (struct verdict){ 0 };
	t->spilled = 0;
	t->told = t->felt = false;
	t->defer = t->channel == NULL ? DEFER_MS : 0;
	t->d.message = &t->message;
	t->d.destination = host->d.name;
	t->d.now = e->now;
	t->d.name = arena_strf(t->d.arena, "%.*s%lld", FMT(e->prefix), (long long)m->id);
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
	t->d.db = e->db;
	going = t->channel->start(t->channel, &t->d, &t->v);
	t->d.db = NULL;
	return going && curl_multi_add_handle(e->multi, t->easy) == CURLM_OK;
}

/* Sets up all that was claimed. */
static void
start_all(struct engine *e)
{
	bool can_read = e->nclaimed > 0 && db_begin(e->db, TX_READ, e->now) == OK;

	for (size_t i = 0; i < e->nclaimed; i++) {
		struct try *t = e->claimed[i];

		if (!can_read && t->defer == 0)
			t->defer = CROWDED_MS;
		if (t->defer == 0 && start(e, t))
			t->phase = RUNNING;
		else
			over(e, t);
	}
	e->nclaimed = 0;
	if (can_read && db_commit(e->db) != OK)
		db_rollback(e->db);
}

/* ---- claiming ---- */

static void
refuse(struct engine *e, const struct settled *s)
{
	e->refused[e->nrefused++] = *s;
}

/* Whether a message that was just claimed is sent now; if not, it is settled in
 * the very transaction that claimed it. */
static bool
admit(struct engine *e, const struct host *host, const struct message *m)
{
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
	if (is_retry(m) && e->retries >= RETRY_SLOTS) {
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
	struct engine *e;
	struct claim v[SLOTS];
	size_t n;
};

static void
claim(void *arg, struct host *host, enum outbox_lane lane, size_t limit)
{
	struct claims *claims = arg;
	struct engine *e = claims->e;
	const struct channel *c = e->channels[host->d.channel];
	int64_t lease = (c ? c->timeout_ms : 0) + LEASE_MORE_MS;
	struct message *v;
	size_t n, most = LEN(e->refused) - e->nrefused;

	if (most < limit)
		limit = most;
	if (limit == 0)
		return;
	outbox_claim(e->db, e->turn, lane, host->d.id, e->owner, e->now + lease, limit, &v, &n);
	e->counts.claimed += (int64_t)n;
	if (n < limit)
		hosts_look(host, e->db, lane);
	for (size_t i = 0; i < n; i++) {
		if (!admit(e, host, &v[i]))
			continue;
		host->running++;
		e->running[lane]++;
		e->retries += is_retry(&v[i]);
		claims->v[claims->n++] = (struct claim){ &v[i], host };
	}
}

/* Free slots for a lane; those that are over are settled with the same commit. */
static size_t
budget(const struct engine *e, enum outbox_lane lane, size_t others_most)
{
	size_t others = e->running[LANE_NORMAL] + e->running[LANE_BULK];
	size_t all = others + e->running[LANE_URGENT];
	size_t free = all < SLOTS ? SLOTS - all : 0;

	if (lane == LANE_URGENT)
		return free;
	if (others >= others_most)
		return 0;
	return free < others_most - others ? free : others_most - others;
}

static size_t
share(struct engine *e, enum outbox_lane lane, size_t most, bool settling, struct claims *claims)
{
	return hosts_share(e->hosts, lane, budget(e, lane, most), e->now, settling, claim, claims);
}

/* Nobody knows how much a destination has before it is claimed: what one did
 * not need is shared out again. */
static void
claim_all(struct engine *e, bool settling, struct claims *claims)
{
	for (int pass = 0; pass < PASSES; pass++) {
		size_t given = share(e, LANE_URGENT, SLOTS, settling, claims);

		given += share(e, LANE_NORMAL, NORMAL_SLOTS, settling, claims);
		given += share(e, LANE_BULK, OTHER_SLOTS, settling, claims);
		given += share(e, LANE_NORMAL, OTHER_SLOTS, settling, claims);
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
settle_all(struct engine *e)
{
	struct settled *v = arena_array(e->turn, struct settled, e->nover);

	for (size_t i = 0; i < e->nover; i++) {
		feel(e, e->over[i]);
		settle_as(e, e->over[i], &v[i]);
		count(e, &v[i]);
	}
	e->counts.fenced += (int64_t)outbox_settle(e->db, v, e->nover);
	for (size_t i = 0; i < e->nover; i++) {
		struct try *t = e->over[i];

		if (t->defer != 0 || t->channel->settle == NULL)
			continue;
		t->d.db = e->db;
		t->channel->settle(t->channel, &t->d, &t->v);
		t->d.db = NULL;
	}
	for (size_t i = 0; i < e->nover; i++)
		if (v[i].state == OUTBOX_WAITING)
			hosts_note(e->over[i]->host, e->over[i]->message.lane, v[i].due);
}

static void
settle_refused(struct engine *e)
{
	if (e->nrefused == 0)
		return;
	e->counts.fenced += (int64_t)outbox_settle(e->db, e->refused, e->nrefused);
	for (size_t i = 0; i < e->nrefused; i++)
		count(e, &e->refused[i]);
	e->stirred = true; /* there may be more of them */
	e->nrefused = 0;
}

static void
free_settled(struct engine *e)
{
	for (size_t i = 0; i < e->nover; i++) {
		e->over[i]->host->finished--;
		release(e, e->over[i]);
	}
	e->nover = 0;
}

/* The claims of a transaction that came to nothing. */
static void
unclaim(struct engine *e, const struct claims *claims)
{
	for (size_t i = 0; i < claims->n; i++) {
		claims->v[i].host->running--;
		leave_lane(e, claims->v[i].m);
	}
	e->nrefused = 0;
	e->news = true;
}

/* ---- turns ---- */

static bool
batch_is_due(const struct engine *e)
{
	size_t running = e->running[0] + e->running[1] + e->running[2];

	/* With few at once a full batch never comes: half of them settle and are
	 * followed while the other half is under way. */
	return e->nover >= BATCH || (e->nover > 0 && e->nover >= running) ||
	       (e->nover > 0 && ticks_us() - e->over_since >= BATCH_MS * 1000);
}

/* The one write transaction of a turn. */
static void
write_turn(struct engine *e, bool settling)
{
	struct claims claims = { .e = e };
	enum err err;

	e->before = e->counts;
	err = db_begin(e->db, TX_WRITE, e->now);
	if (err == OK) {
		if (settling)
			settle_all(e);
		if (!e->stopped)
			claim_all(e, settling, &claims);
		settle_refused(e);
		hosts_save(e->hosts, e->db, e->turn, e->now);
		err = db_commit(e->db);
	}
	if (err != OK) {
		db_rollback(e->db);
		log_line("outbox: %s; trying again", err_words(err)->title);
		unclaim(e, &claims);
		e->counts = e->before;
		e->trouble_until = ticks_us() + TROUBLE_MS * 1000;
		return;
	}
	e->counts.writes++;
	hosts_saved(e->hosts);
	if (settling)
		free_settled(e);
	for (size_t i = 0; i < claims.n; i++)
		take_slot(e, claims.v[i].m, claims.v[i].host);
}

/* Looks through the queue, unless that would take too much of the time. */
static void
scan(struct engine *e)
{
	int64_t start = ticks_us();
	bool due = e->scanned_at == 0 || start - e->scanned_at >= SCAN_MS * 1000 ||
		   (e->news && start - e->scanned_at >= SCAN_SHARE * e->scan_us);

	if (!due || e->stopped || db_begin(e->db, TX_READ, e->now) != OK)
		return;
	hosts_scan(e->hosts, e->db, e->now);
	if (db_commit(e->db) != OK) {
		db_rollback(e->db);
		return;
	}
	e->scanned_at = ticks_us();
	e->scan_us = e->scanned_at - start;
	e->news = false;
	e->stirred = true;
}

static int64_t
soonest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* For how long nothing is to be done but for what curl tells. */
static int64_t
patience(struct engine *e)
{
	int64_t ms = SCAN_MS, us = ticks_us();

	if (e->stirred && !e->stopped)
		return 0;
	if (!e->stopped && e->next != NEVER)
		ms = soonest(ms, e->next > e->now ? e->next - e->now : 0);
	if (e->trouble_until > us)
		return (e->trouble_until - us) / 1000 + 1;
	if (e->nover > 0)
		ms = soonest(ms, (BATCH_MS * 1000 - (us - e->over_since)) / 1000);
	if (e->news && !e->stopped)
		ms = soonest(ms, (e->scanned_at + SCAN_SHARE * e->scan_us - us) / 1000 + 1);
	return ms < 0 ? 0 : ms;
}

/* When there is something to claim and a slot for it. */
static int64_t
look_ahead(const struct engine *e, bool settling)
{
	bool lanes[LANE__MAX] = { budget(e, LANE_URGENT, SLOTS) > 0, budget(e, LANE_NORMAL, OTHER_SLOTS) > 0,
		budget(e, LANE_BULK, OTHER_SLOTS) > 0 };

	return hosts_next(e->hosts, lanes, e->now, settling);
}

/* Is there anything to claim, as far as we know? */
static bool
can_claim(struct engine *e, bool settling)
{
	if (e->stopped)
		return false;
	if (settling)
		return look_ahead(e, true) <= e->now;
	if (e->stirred)
		e->next = look_ahead(e, false);
	return e->next <= e->now;
}

int64_t
engine_turn(struct engine *e, int64_t now, bool news)
{
	bool settling, claiming;

	e->now = now;
	e->news |= news;
	drive(e);
	scan(e);
	settling = batch_is_due(e);
	claiming = can_claim(e, settling);
	e->stirred = false;
	if ((settling || claiming) && ticks_us() >= e->trouble_until) {
		/* Also what is over and could wait: the commit is paid for. */
		write_turn(e, e->nover > 0);
		start_all(e);
		e->next = look_ahead(e, false);
		drive(e);
		if (batch_is_due(e) || e->next <= now)
			e->stirred = true;
	}
	arena_reset(e->turn);
	return patience(e);
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
engine_new(struct db *db, int64_t owner)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (e == NULL || (e->multi = curl_multi_init()) == NULL)
		die("out of memory");
	e->db = db;
	e->owner = owner;
	e->bell = -1;
	e->curl_at = NEVER;
	if ((e->poller = epoll_create1(EPOLL_CLOEXEC)) < 0)
		die("epoll: %s", strerror(errno));
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETDATA, e);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERDATA, e);
	e->hosts = hosts_new();
	e->lasting = arena_new();
	e->turn = arena_new();
	e->next = NEVER;
	e->news = true;
	if (db_begin(db, TX_READ, now_ms()) == OK)
		e->prefix = arena_strf(e->lasting, "msg_%.*s_", FMT(tenant_id(db, e->lasting)));
	db_rollback(db);
	curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS, (long)SLOTS + 16);
	for (int i = SLOTS - 1; i >= 0; i--) {
		e->tries[i].job.done = try_done;
		e->tries[i].d.arena = arena_new();
		put_free(e, &e->tries[i]);
	}
	return e;
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
	hosts_free(e->hosts);
	arena_free(e->lasting);
	arena_free(e->turn);
	free(e);
}

void
engine_channel(struct engine *e, const struct channel *c)
{
	if (c == NULL)
		return;
	e->channels[c->number] = c;
	hosts_widest(e->hosts, c->number, c->width_max);
}

void
engine_stop(struct engine *e)
{
	e->stopped = true;
}

size_t
engine_busy(const struct engine *e)
{
	return SLOTS - e->nfree;
}

bool
engine_rests(const struct engine *e)
{
	if (e->trouble_until > ticks_us())
		return true;
	return !e->news && !e->stirred && (e->next == NEVER || e->next > e->now);
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
		over(e, t);
	}
	if (e->nover > 0)
		write_turn(e, true);
	arena_reset(e->turn);
}

const struct engine_counts *
engine_counts(const struct engine *e)
{
	return &e->counts;
}

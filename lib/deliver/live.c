/* live.c - the publisher: tells open pages at once what the log of events holds. */
#include "live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "event.h"
#include "json.h"
#include "log.h"
#include "value.h"

enum {
	ROWS = 500,    /* of the log, a channel and turn */
	MOST = 16,     /* told one by one; of more only the last: pages fetch the rest in one cached answer */
	GAP_MS = 1000, /* between two tellings of a channel of states */
	LOOK_MS = SECOND_MS, /* at the log, for those who have not rung; */
	LOOK_LEAST_MS = 10,  /* and after rings, however many */
	HEAD_MS = 250,       /* between two writings of the head file */
	NOTE_MS = 1000,      /* between two notes of how far it came */
	AWAY_MS = 5000,      /* a hub that is started again lacks its socket for a moment */
	TICK_MS = 15 * 1000,
	TRY_MS = 2000, /* the hub answers after its fan-out: 0.3 s with 20,000 listening */
	LANES = 1024,  /* TEAMS_MAX, and some */
	BEATS = 3,     /* ticks after the last event of a closed channel that name it */
	CUT_MS = 5 * 60 * 1000,
	CUT_LEAST_MS = 5 * 1000,  /* however many lose a right: all of the staff comes back after each */
	LISTENERS_A_SECOND = 500, /* may come back together after a cut: TLS handshakes are the limit */
	SPREAD_MIN = 2,
	SPREAD_MAX = 120,
};

static const int64_t pauses[] = { 100, 500, 2000 }; /* before the tries behind the first */

#define PUBLISHED S("live:published")
#define CUT S("live:cut") /* when closed streams were last cut off, unix ms */

/* A channel: what is to be told on it, one post at a time, so in order. */
struct lane {
	struct live *live;
	struct str name;
	int64_t gap;  /* ms between two readings */
	int64_t read; /* the log is read up to here */
	int64_t head; /* the last id there is */
	int64_t told; /* the last one that was posted, or given up */
	int64_t next; /* when it may be read again */

	struct arena *arena; /* the queue's */
	struct event *v;
	size_t n, at;

	CURL *easy;
	struct curl_slist *headers;
	char url[128], error[CURL_ERROR_SIZE];
	struct buf body, answer;
	bool flying;
	bool beat; /* in body is no event: a tick, or the cut */
	bool open; /* heard by everybody: its head stands in the tick and in the head file */
	int beats; /* of a closed one: so many ticks of its own are to come */
	size_t tries;
	int64_t again; /* when the next try is due; 0: now */
};

struct live {
	struct live_carrier carrier;
	char dir[4096], socket[4160], prefix[TENANT_NAME + 2];
	struct arena *arena;
	struct lane *lanes[LANES], tick, cut;
	size_t nlanes;
	int64_t cut_at, cut_asked,
	    cut_done;     /* the last one; the log's head on that channel, and what of it is done */
	int64_t sequence; /* at the last look; -1: there was none */
	int64_t noted, note_next;
	bool to_note; /* it begins at `noted`, and nothing says so */
	int64_t head, head_next;
	int64_t tick_next;
	int64_t listeners, hub_seen;
	int64_t now, look_next, looked;
	bool started, hub, resting;
};

/* ---- one post ---------------------------------------------------------------- */

static size_t
take_answer(char *p, size_t size, size_t n, void *arg)
{
	struct buf *answer = arg;

	if (answer->n < 1024)
		buf_put(answer, p, size * n);
	return size * n;
}

static void
lane_open(struct live *l, struct lane *lane, struct str name, int64_t read)
{
	char *own = strndup(name.p, name.n);

	if (own == NULL)
		die("out of memory");
	*lane = (struct lane){ .live = l, .name = str(own), .read = read };
	lane->gap = str_is(name, "availability") ? GAP_MS : 0;
	lane->open = event_open(name);
	lane->arena = arena_new();
	snprintf(lane->url, sizeof(lane->url), "http://hub/pub/%s%s", l->prefix, own);
	lane->headers = curl_slist_append(NULL, "Expect:");
	lane->headers = curl_slist_append(lane->headers, "Content-Type: application/json");
	lane->headers = curl_slist_append(
	    lane->headers, arena_printf(lane->arena, "X-EventSource-Event: %.*s", FMT(name)));
}

static void
lane_close(struct lane *lane)
{
	if (lane->easy != NULL)
		curl_easy_cleanup(lane->easy);
	curl_slist_free_all(lane->headers);
	buf_free(&lane->body);
	buf_free(&lane->answer);
	arena_free(lane->arena);
	free((char *)(uintptr_t)lane->name.p);
}

static void posted(void *arg, CURL *easy, CURLcode code);

static void
post(struct lane *lane)
{
	CURL *easy = lane->easy;

	if (easy == NULL && (easy = lane->easy = curl_easy_init()) == NULL)
		die("curl_easy_init");
	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, lane->url);
	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, lane->live->socket);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lane->beat ? lane->live->tick.headers : lane->headers);
	if (lane == &lane->live->cut) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
	} else {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, lane->body.p);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)lane->body.n);
	}
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TRY_MS);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &lane->answer);
	/* A post in flight when the hub's worker dies is never answered on that
	 * connection: the second try takes a new one. */
	if (lane->tries > 0)
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	buf_reset(&lane->answer);
	lane->flying = true;
	lane->live->carrier.start(lane->live->carrier.to, easy, posted, lane);
}

/* Fills the body with the event whose turn it is. */
static void
write_body(struct lane *lane)
{
	struct event *e = &lane->v[lane->at];

	buf_reset(&lane->body);
	buf_str(&lane->body, event_json(lane->arena, e));
}

/* Starts what may start now: events first. */
static void
lane_go(struct lane *lane, int64_t now)
{
	if (lane->flying || lane->again > now || lane->live->resting)
		return;
	if (lane->at < lane->n) {
		lane->beat = false;
		if (lane->tries == 0)
			write_body(lane);
	} else if (!lane->beat) {
		return;
	}
	post(lane);
}

/* "active subscribers: 42": all that listen hear the tick.  Those who were cut
 * off come back within the next ticks, so the number falls slowly. */
static void
count_listeners(struct lane *lane)
{
	const char *words = "active subscribers: ", *found;
	int64_t n, left = lane->live->listeners * 3 / 4;

	buf_char(&lane->answer, '\0');
	if ((found = strstr(lane->answer.p, words)) == NULL)
		return;
	n = strtoll(found + strlen(words), NULL, 10);
	lane->live->listeners = n > left ? n : left;
}

static void
lane_next(struct lane *lane, int64_t told)
{
	if (told > lane->told)
		lane->told = told;
	lane->tries = 0;
	lane->again = 0;
}

/* The rest goes with it: the hub is away, and what is missing is fetched. */
static void
give_up(struct lane *lane, const char *why)
{
	if (lane == &lane->live->cut)
		log_line("live: closed streams were not cut off: %s", why);
	if (!lane->beat) {
		log_line("live: %zu events on %s are not told at once: %s", lane->n - lane->at,
		    lane->open ? lane->name.p : "a closed channel", why);
		lane_next(lane, lane->v[lane->n - 1].id);
		lane->at = lane->n;
		lane->beats = BEATS;
	}
	lane->beat = false;
	lane->tries = 0;
	lane->again = 0;
}

/* 404: nobody listens there. */
static bool
taken(const struct lane *lane, long status)
{
	if (lane == &lane->live->cut)
		return status == 200 || status == 202 || status == 404;
	return status == 201 || status == 202;
}

static void
went_well(struct lane *lane)
{
	if (lane == &lane->live->tick)
		count_listeners(lane);
	lane_next(lane, lane->beat ? 0 : lane->v[lane->at].id);
	if (!lane->beat) {
		lane->at++;
		lane->beats = BEATS;
	}
	lane->beat = false;
}

static void
posted(void *arg, CURL *easy, CURLcode code)
{
	struct lane *lane = arg;
	int64_t now = lane->live->now;
	long status = 0;

	lane->flying = false;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && taken(lane, status))
		went_well(lane);
	else if (lane->tries < LEN(pauses))
		lane->again = now + pauses[lane->tries++];
	else
		give_up(lane, code != CURLE_OK ? curl_easy_strerror(code) : "the hub refused");
	lane_go(lane, now);
}

/* ---- what is new ------------------------------------------------------------- */

static struct lane *
lane_of(struct live *l, struct str name, int64_t head)
{
	struct lane *lane;

	for (size_t i = 0; i < l->nlanes; i++)
		if (str_eq(l->lanes[i]->name, name))
			return l->lanes[i];
	if (l->nlanes == LANES || name.n > 64)
		return NULL;
	/* Of a thousand teams few write in a dispatcher's two minutes. */
	if (head <= l->noted && !event_open(name))
		return NULL;
	if ((lane = calloc(1, sizeof(*lane))) == NULL)
		die("out of memory");
	lane_open(l, lane, name, l->noted);
	lane->head = head;
	lane->told = head < l->noted ? head : l->noted;
	return l->lanes[l->nlanes++] = lane;
}

/* The next part of the log into the empty queue. */
static void
lane_fill(struct lane *lane, struct db *db, int64_t head, int64_t now)
{
	struct events found;

	arena_reset(lane->arena);
	event_range(db, lane->arena, &lane->name, 1, lane->read, head, ROWS, &found);
	lane->v = found.v;
	lane->n = found.n;
	lane->at = 0;
	if (lane->gap > 0 && found.n > MOST)
		lane->at = found.n - 1; /* its prev is one that nobody was told */
	lane->read = found.last;
	lane->next = now + lane->gap;
}

/* Where it begins: where the last dispatcher stopped, or now. */
static void
start(struct live *l, struct db *db, int64_t sequence)
{
	struct str before;

	if (string_get(db, l->arena, PUBLISHED, &before) != OK || !str_int(before, 0, sequence, &l->noted) ||
	    !l->hub || sequence - l->noted > ROWS || l->noted < event_floor(db)) {
		l->noted = sequence;
		l->to_note = l->hub; /* else who comes next begins later still */
	}
	if (string_get_int(db, CUT, &l->cut_at) != OK || l->cut_at > l->now)
		l->cut_at = 0;
	l->cut_done = l->noted;
	l->started = true;
}

static void
look(struct live *l, struct db *db, int64_t now)
{
	struct event *heads;
	size_t n;

	arena_reset(l->arena);
	if (db_begin(db, TX_READ, now) != OK)
		return;
	l->sequence = db_sequence(db);
	if (!l->started)
		start(l, db, l->sequence);
	event_heads(db, l->arena, &heads, &n);
	for (size_t i = 0; i < n; i++) {
		struct lane *lane;

		if (str_is(heads[i].channel, EVENT_CUT)) {
			l->cut_asked = heads[i].id;
			continue;
		}
		if ((lane = lane_of(l, heads[i].channel, heads[i].id)) == NULL)
			continue;
		lane->head = heads[i].id;
		if (lane->at < lane->n || lane->next > now)
			continue;
		if (!l->hub)
			lane->read = l->sequence, lane->told = lane->head;
		else if (lane->read < l->sequence)
			lane_fill(lane, db, l->sequence, now);
	}
	db_commit(db);
}

static int64_t
came(const struct lane *lane)
{
	return lane->at == lane->n ? lane->read : lane->told;
}

/* How far all lanes came: a next dispatcher goes on from here. */
static int64_t
published(const struct live *l)
{
	int64_t least = l->sequence;

	for (size_t i = 0; i < l->nlanes; i++)
		if (came(l->lanes[i]) < least)
			least = came(l->lanes[i]);
	return least;
}

static void
note(struct live *l, struct db *db, int64_t now)
{
	int64_t at = published(l), there = 0;

	l->note_next = now + NOTE_MS;
	if ((at <= l->noted && !l->to_note) || db_begin(db, TX_WRITE, now) != OK)
		return;
	/* An heir may have gone on already. */
	if (string_get_int(db, PUBLISHED, &there) != OK || there <= at || there > l->sequence)
		string_set_int(db, PUBLISHED, at);
	if (db_commit(db) == OK) {
		l->noted = at;
		l->to_note = false;
	}
}

/* ---- the tick, the cut and the head file ----------------------------------------- */

/* Of what everybody hears; when a closed channel moves is nobody else's business. */
static void
heads_json(struct live *l, struct json *j, bool told)
{
	json_key(j, "heads");
	json_open(j, '{');
	for (size_t i = 0; i < l->nlanes; i++)
		if (l->lanes[i]->open)
			json_key_int(j, l->lanes[i]->name.p, told ? l->lanes[i]->told : l->lanes[i]->head);
	json_close(j, '}');
}

static void
beat(struct lane *lane, int64_t now)
{
	lane->beat = true;
	lane->tries = LEN(pauses); /* the next one comes soon enough */
	lane->again = 0;
	lane_go(lane, now);
}

/* A closed channel has ticks of its own, some after each event, so that whoever
 * has missed the last one hears of it. */
static void
tick_closed(struct lane *lane, int64_t now)
{
	struct json j = { .out = &lane->body };

	if (lane->open || lane->flying || lane->at < lane->n || lane->beats == 0)
		return;
	lane->beats--;
	buf_reset(&lane->body);
	json_open(&j, '{');
	json_key(&j, "heads");
	json_open(&j, '{');
	json_key_int(&j, lane->name.p, lane->told);
	json_close(&j, '}');
	json_close(&j, '}');
	beat(lane, now);
}

/* Heads are what was told: naming what is on its way would send all to fetch it. */
static void
tick(struct live *l, int64_t now)
{
	struct lane *lane = &l->tick;
	int64_t spread = l->listeners / LISTENERS_A_SECOND;
	struct json j = { .out = &lane->body };

	if (lane->flying)
		return;
	spread = spread < SPREAD_MIN ? SPREAD_MIN : spread > SPREAD_MAX ? SPREAD_MAX : spread;
	buf_reset(&lane->body);
	json_open(&j, '{');
	heads_json(l, &j, true);
	json_key_int(&j, "w", spread);
	json_close(&j, '}');
	l->tick_next = now + TICK_MS;
	beat(lane, now);
	for (size_t i = 0; i < l->nlanes; i++)
		tick_closed(l->lanes[i], now);
}

/* When closed streams are to be cut off: in their time, and sooner where a
 * right was taken away. */
static int64_t
cut_next(const struct live *l)
{
	return l->cut_at + (l->cut_asked > l->cut_done ? CUT_LEAST_MS : CUT_MS);
}

/* Who hears closed channels listens on this one too: with it the hub takes
 * away their streams, whatever the client would like.  They come back through
 * /events/auth, if they may. */
static void
cut(struct live *l, struct db *db, int64_t now)
{
	if (l->cut.flying || db_begin(db, TX_WRITE, now) != OK)
		return;
	string_set_int(db, CUT, now);
	if (db_commit(db) != OK)
		return;
	l->cut_at = now;
	l->cut_done = l->cut_asked;
	l->cut.beat = true;
	l->cut.tries = 0;
	lane_go(&l->cut, now);
}

/* Replaces a file by renaming: a reader sees the old one or the new one. */
static bool
replace_file(const char *path, const char *text, size_t n)
{
	char temporary[4300];
	FILE *f;
	bool good;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	if ((f = fopen(temporary, "w")) == NULL)
		return false;
	good = fwrite(text, 1, n, f) == n;
	good = fchmod(fileno(f), 0644) == 0 && good;
	good = fclose(f) == 0 && good;
	return good && rename(temporary, path) == 0;
}

/* The number of the last change, for pages that ask a plain file whether to
 * look again. */
static void
write_head(struct live *l, int64_t now)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	char path[4200];

	snprintf(path, sizeof(path), "%s/live", l->dir);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/live/head.json", l->dir);
	json_open(&j, '{');
	json_key_int(&j, "sequence", l->sequence);
	heads_json(l, &j, false);
	json_close(&j, '}');
	buf_char(&out, '\n');
	if (replace_file(path, out.p, out.n))
		l->head = l->sequence;
	else
		log_line("live: %s: %s", path, strerror(errno));
	l->head_next = now + HEAD_MS;
	buf_free(&out);
}

/* ---- a turn ------------------------------------------------------------------- */

static void
at_latest(int64_t *at, int64_t due)
{
	if (due < *at)
		*at = due;
}

/* When something is to be done that no bell rings for. */
static int64_t
next_turn(const struct live *l, int64_t now)
{
	int64_t at = l->look_next;

	for (size_t i = 0; i < l->nlanes; i++) {
		const struct lane *lane = l->lanes[i];

		if (lane->at < lane->n && !lane->flying)
			at_latest(&at, lane->again);
		else if (lane->at == lane->n && lane->read < l->sequence)
			at_latest(&at, lane->next);
	}
	if (l->hub)
		at_latest(&at, l->tick_next < cut_next(l) ? l->tick_next : cut_next(l));
	if (l->cut.beat && !l->cut.flying)
		at_latest(&at, l->cut.again);
	if (l->head != l->sequence)
		at_latest(&at, l->head_next);
	if (l->hub && (published(l) > l->noted || l->to_note))
		at_latest(&at, l->note_next);
	return at > now ? at : now + 1;
}

/* Whether to look at the log in this turn: the queues of channels of states
 * wait for their second. */
static bool
time_to_look(struct live *l, int64_t now, bool news)
{
	if (news && l->look_next > l->looked + LOOK_LEAST_MS)
		l->look_next = l->looked + LOOK_LEAST_MS;
	for (size_t i = 0; i < l->nlanes; i++)
		if (l->lanes[i]->at == l->lanes[i]->n && l->lanes[i]->read < l->sequence)
			at_latest(&l->look_next, l->lanes[i]->next);
	return now >= l->look_next || now < l->looked;
}

/* The default tenant's store is never closed. */
static bool
may_rest(const struct live *l)
{
	return l->prefix[0] != '\0';
}

int64_t
live_turn(struct live *l, struct db *db, int64_t now, bool news)
{
	l->now = now;
	if (l->resting)
		return now + LOOK_MS;
	if (access(l->socket, F_OK) == 0)
		l->hub_seen = now;
	l->hub = l->hub_seen != 0 && now - l->hub_seen < AWAY_MS;
	if (time_to_look(l, now, news)) {
		look(l, db, now);
		l->looked = now;
		l->look_next = now + LOOK_MS;
	}
	if (!l->started)
		return now + LOOK_MS; /* the store is busy */
	for (size_t i = 0; i < l->nlanes; i++)
		lane_go(l->lanes[i], now);
	lane_go(&l->cut, now);
	if (news && may_rest(l) && l->listeners == 0 && l->tick_next > now + SECOND_MS)
		l->tick_next = now + SECOND_MS; /* the last one found nobody: a page may have rung */
	if (l->hub && now >= l->tick_next)
		tick(l, now);
	if (l->hub && now >= cut_next(l))
		cut(l, db, now);
	if (l->head != l->sequence && now >= l->head_next)
		write_head(l, now);
	if (l->hub && now >= l->note_next)
		note(l, db, now);
	return next_turn(l, now);
}

void
live_flush(struct live *l, struct db *db, int64_t now)
{
	if (l->started && l->hub)
		note(l, db, now);
	if (l->started && l->head != l->sequence)
		write_head(l, now);
}

void
live_rest(struct live *l, struct db *db, int64_t now)
{
	l->resting = true;
	live_flush(l, db, now);
}

struct live *
live_new(const char *state, const struct tenant *tenant, struct live_carrier carrier)
{
	struct live *l = calloc(1, sizeof(*l));

	if (l == NULL)
		die("out of memory");
	l->carrier = carrier;
	l->sequence = l->head = -1;
	l->arena = arena_new();
	snprintf(l->dir, sizeof(l->dir), "%s", tenant->dir);
	/* As tenant_channel() has it. */
	snprintf(l->prefix, sizeof(l->prefix), "%s%s", tenant->name, tenant->name[0] ? "." : "");
	snprintf(l->socket, sizeof(l->socket), "%s/run/live/pub.sock", state);
	lane_open(l, &l->tick, S("tick"), 0);
	lane_open(l, &l->cut, S(EVENT_CUT), 0);
	return l;
}

void
live_free(struct live *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->nlanes; i++) {
		lane_close(l->lanes[i]);
		free(l->lanes[i]);
	}
	lane_close(&l->tick);
	lane_close(&l->cut);
	arena_free(l->arena);
	free(l);
}

bool
live_busy(const struct live *l)
{
	bool flying = l->tick.flying || l->cut.flying;

	for (size_t i = 0; i < l->nlanes; i++)
		flying |= l->lanes[i]->flying;
	return flying;
}

int64_t
live_due(const struct live *l)
{
	if (l->resting)
		return NEVER;
	if (!l->started || live_busy(l) || l->head != l->sequence)
		return 0;
	if (!l->hub)
		return NEVER;
	if (l->tick_next == 0 || published(l) < l->sequence || published(l) > l->noted || l->to_note ||
	    l->cut_asked > l->cut_done || l->cut.beat)
		return 0;
	if (l->listeners == 0)
		return NEVER;
	for (size_t i = 0; i < l->nlanes; i++)
		if (!l->lanes[i]->open && l->lanes[i]->beats > 0)
			return 0; /* only this publisher knows of those */
	return l->tick_next;
}

/* ---- as a guest of the engine --------------------------------------------------- */

struct stay {
	struct guest guest; /* first: a struct guest * is one of us */
	struct live *live;
	struct db *db;
	struct engine *engine;
};

static void
carry(void *to, CURL *easy, void (*done)(void *arg, CURL *easy, CURLcode), void *arg)
{
	engine_transfer(((struct stay *)to)->engine, easy, done, arg);
}

static int64_t
stay_turn(struct guest *g, struct engine *engine, int64_t now, bool news)
{
	struct stay *s = (struct stay *)g;

	s->engine = engine;
	return live_turn(s->live, s->db, now, news) - now;
}

static bool
stay_busy(const struct guest *g)
{
	return live_busy(((const struct stay *)g)->live);
}

static int64_t
stay_due(const struct guest *g)
{
	return live_due(((const struct stay *)g)->live);
}

static void
stay_flush(struct guest *g, int64_t now)
{
	struct stay *s = (struct stay *)g;

	live_flush(s->live, s->db, now);
}

static void
stay_free(struct guest *g)
{
	live_free(((struct stay *)g)->live);
	free(g);
}

static void
stay_end(struct guest *g)
{
	struct stay *s = (struct stay *)g;

	live_rest(s->live, s->db, now_ms());
}

struct guest *
live_guest(struct db *db, const char *state, const struct tenant *tenant)
{
	struct stay *s = calloc(1, sizeof(*s));

	if (s == NULL)
		die("out of memory");
	*s = (struct stay){ .guest = { stay_turn, stay_busy, stay_due, stay_flush, stay_end, stay_free },
		.db = db };
	s->live = live_new(state, tenant, (struct live_carrier){ s, carry });
	return &s->guest;
}

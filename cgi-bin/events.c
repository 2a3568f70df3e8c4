/*
 * /events - what happened behind a cursor, as text/event-stream; then it ends.
 *
 *	GET /events?channels=availability,alerts,posts,staff,team-SLUG
 *	    &after=ID or Last-Event-ID    the cursor; without one: from now on
 *	    &to=ID                        a closed range: it changes no more, but for a post that
 *	                                  is deleted later
 *	    &retry=MS                     when to come back; nginx spreads it
 *	GET /events/auth?channels=        asked by nginx: what may be heard live, as the hub
 *	                                  calls it (X-Channels)
 *	GET /events/names?channels=       the same of open channels alone, for all: kept
 *
 * Whoever comes back with the last id he saw gets everything once.  A cursor
 * that nothing can be told from is answered with `event: reset`: read anew, go
 * on from this id.  Never 204, which ends an EventSource for good.
 *
 * What is heard by everybody is answered without a look at who asks, so one
 * answer does for all and is kept.  "staff" is heard by all who work here,
 * "team-SLUG" by the members of that closed team and by admins; to all others
 * it looks like a team that does not exist, as does the channel of an open
 * team, which writes on "staff".  Such an answer is kept by nobody.
 */
#include <string.h>

#include "bell.h"
#include "event.h"
#include "serve.h"
#include "session.h"
#include "team.h"
#include "tenant.h"

enum {
	ROWS = 500,   /* of the log, in one answer */
	FAR = 5000,   /* rows behind: reading everything anew is less */
	SOON_MS = 50, /* there is more: come back at once */
	RETRY_MS = 3000,
	KEEP_S = 3600,
	NAMES_S = 60,
};

/* A question.  after, to: -1 where they are not given. */
struct ask {
	struct str channels[EVENT_CHANNELS];
	size_t n;
	bool closed; /* one of them is not for everybody */
	int64_t after, to, retry;
};

/* Who asks, looked up with the first name that is not for everybody.  Who has
 * still to choose a password is nobody yet. */
static enum err
look_who(struct req *rq, struct ask *ask)
{
	enum err e;

	if (ask->closed)
		return OK;
	ask->closed = true;
	if ((e = session_who(rq)) == OK && rq->who.first)
		rq->who = (struct who){ 0 };
	return e;
}

static bool
hears_team(struct req *rq, struct str slug)
{
	struct team t;

	if (team_get(rq->db, rq->arena, slug, &t) != OK || t.open)
		return false;
	return (rq->who.roles & ROLE_ADMIN) != 0 ||
	       (str_starts(rq->who.key, "user:") && team_has(rq->db, rq->arena, slug, rq->who.name));
}

/* The same words for a team that is closed to the asker and for none at all. */
static enum err
may_hear(struct req *rq, struct ask *ask, struct str name)
{
	bool team = str_starts(name, "team-");
	enum err e;

	if (event_open(name))
		return OK;
	if (!team && !str_is(name, "staff"))
		return fail(rq, ERR_NOT_FOUND, "There is no such channel.");
	if ((e = look_who(rq, ask)) != OK)
		return e;
	if ((rq->who.roles & STAFF) == 0)
		return fail(rq, ERR_LOGIN, "This channel is for staff: sign in.");
	if (team && !hears_team(rq, (struct str){ name.p + 5, name.n - 5 }))
		return fail(rq, ERR_NOT_FOUND, "There is no such channel.");
	return OK;
}

static enum err
read_channels(struct req *rq, struct ask *ask)
{
	struct str list = query(rq, "channels");
	enum err e;

	if (list.n == 0)
		list = S(EVENT_OPEN);
	while (list.n > 0) {
		struct str name = str_cut(&list, ',');

		if ((e = may_hear(rq, ask, name)) != OK)
			return e;
		if (str_among(name, ask->channels, ask->n))
			continue;
		if (ask->n == EVENT_CHANNELS)
			return fail(rq, ERR_MALFORMED, "At most %d channels at once.", EVENT_CHANNELS);
		ask->channels[ask->n++] = name;
	}
	return OK;
}

/* Anybody can send anything as a cursor: what is not one counts as none. */
static int64_t
read_cursor(struct str s)
{
	int64_t n;

	if (s.n == 0 || s.n > 15)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
	return str_int(s, 0, INT64_MAX, &n) ? n : -1;
}

/* A closed range is what its address says; else the id that an EventSource saw
 * is newer than the address it was opened with. */
static void
read_cursors(struct req *rq, struct ask *ask)
{
	int64_t seen = read_cursor(rq->last_event_id);

	ask->to = read_cursor(query(rq, "to"));
	ask->after = read_cursor(query(rq, "after"));
	if (seen >= 0 && ask->to < 0)
		ask->after = seen;
	ask->retry = read_cursor(query(rq, "retry"));
	if (ask->retry < 500 || ask->retry > 60000)
		ask->retry = RETRY_MS;
}

/* ---- answers --------------------------------------------------------------- */

/* The last block has no data: it moves the cursor and fires nothing.  So a
 * quiet channel's reader does not fall behind the log. */
static void
end_stream(struct res *rs, const char *words, int64_t id, int64_t retry)
{
	buf_printf(&rs->body, ": %s\nretry: %lld\nid: %lld\n\n", words, (long long)retry, (long long)id);
}

static void
reset(struct res *rs, int64_t head, int64_t retry)
{
	buf_printf(&rs->body, "retry: %lld\nid: %lld\nevent: reset\ndata: {\"seq\":%lld}\n\n",
	    (long long)retry, (long long)head, (long long)head);
}

/* Whether there was a post among them: what it says may be taken back. */
static bool
tell(struct req *rq, struct res *rs, const struct ask *ask, int64_t to)
{
	struct events found;
	bool posts = false;

	event_range(rq->db, rq->arena, ask->channels, ask->n, ask->after, to, ROWS, &found);
	for (size_t i = 0; i < found.n; i++) {
		const struct event *e = &found.v[i];
		struct str data = event_json(rq->arena, e);

		posts = posts || str_is(e->channel, "posts");
		buf_printf(&rs->body, "id: %lld\nevent: %.*s\ndata: ", (long long)e->id, FMT(e->channel));
		buf_str(&rs->body, data);
		buf_str(&rs->body, S("\n\n"));
	}
	if (found.more)
		end_stream(rs, "more", found.last, SOON_MS);
	else
		end_stream(rs, "head", found.last, ask->retry);
	return posts;
}

static bool
too_far(struct req *rq, const struct ask *ask, int64_t head)
{
	return ask->after > head || ask->after < event_floor(rq->db) ||
	       event_behind(rq->db, ask->channels, ask->n, ask->after, FAR + 1) > FAR;
}

static void
keep_for_all(struct res *rs)
{
	rs->cache = "public, max-age=31536000, immutable, no-transform";
	rs->keep = KEEP_S;
}

static enum err
answer(struct req *rq, struct res *rs)
{
	int64_t head = db_sequence(rq->db);
	struct ask ask = { 0 };
	enum err e = read_channels(rq, &ask);

	rs->alone = ask.closed;
	if (e != OK)
		return e;
	read_cursors(rq, &ask);
	if (ask.to < 0)
		bell_want_awake(rq->db); /* a page was opened, or came back */
	rs->status = 200;
	rs->rendered = true;
	rs->type = "text/event-stream";
	rs->cache = ask.closed ? "private, no-store, no-transform" : "no-store, no-transform";
	if (ask.after < 0) {
		end_stream(rs, "head", head, ask.retry);
	} else if (too_far(rq, &ask, head)) {
		reset(rs, head, ask.retry);
	} else if (ask.to < 0 || ask.to > head) {
		tell(rq, rs, &ask, head);
	} else {
		if (!tell(rq, rs, &ask, ask.to) && !ask.closed)
			keep_for_all(rs);
	}
	return OK;
}

/* As the hub calls them, with the tick that tells a page that it still hears.
 * Who hears what is not for everybody also listens where the hub cuts such
 * streams off (EVENT_CUT), so that he has to come here again. */
static void
name_channels(struct req *rq, struct res *rs, const struct ask *ask)
{
	struct str list = tenant_channel(rq->arena, rq->tenant, S("tick"));

	if (ask->closed)
		list = arena_strf(rq->arena, "%.*s,%.*s",
		    FMT(tenant_channel(rq->arena, rq->tenant, S(EVENT_CUT))), FMT(list));
	for (size_t i = ask->n; i-- > 0;)
		list = arena_strf(rq->arena, "%.*s,%.*s",
		    FMT(tenant_channel(rq->arena, rq->tenant, ask->channels[i])), FMT(list));
	res_header(rs, "X-Channels", "%.*s", FMT(list));
}

static enum err
names(struct req *rq, struct res *rs)
{
	struct ask ask = { 0 };
	enum err e = read_channels(rq, &ask);

	rs->alone = ask.closed;
	if (e != OK)
		return e;
	if (ask.closed)
		return fail(rq, ERR_NOT_FOUND, "There is no such channel.");
	name_channels(rq, rs, &ask);
	rs->status = 200;
	rs->rendered = true;
	rs->type = "text/plain; charset=utf-8";
	rs->keep = NAMES_S;
	return OK;
}

/* For nginx's auth_request, which knows 2xx, 401 and 403. */
static enum err
authorize(struct req *rq, struct res *rs)
{
	struct ask ask = { 0 };
	enum err e = read_channels(rq, &ask);

	if (e != OK)
		return e == ERR_LOGIN || e == ERR_STORE ? e : ERR_FORBIDDEN;
	name_channels(rq, rs, &ask);
	return res_no_content(rs);
}

static const struct route routes[] = {
	{ GET, "/events", PUBLIC, TX_READ, answer },
	{ GET, "/events/auth", ANYONE, TX_READ, authorize },
	{ GET, "/events/names", PUBLIC, TX_READ, names },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

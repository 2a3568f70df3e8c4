/* serve.c - the one main loop of every handler. */
#include "serve.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "clock.h"
#include "html.h"
#include "idempotency.h"
#include "log.h"
#include "match.h"
#include "session.h"
#include "setting.h"
#include "tenant.h"
#include "throttle.h"
#include "zone.h"

enum {
	TOGETHER = 16, /* requests taken in one turn: the most that share a commit */
	STORES = 16,   /* open at once: some five descriptors and up to a MiB each */
	IDLE_MS = 60 * 1000,
	ZONE_NAME = 64,
	TITLE = 1000, /* a setting has no more */
	BODY_MAX = 64 * 1024,
};

/* One request on its way through. */
struct client {
	FCGX_Request fcgi;
	bool cgi; /* standard input and output instead */
	struct arena *arena;
	struct req rq;
	struct res rs;
	struct tenant tenant; /* whose it is */
	const struct route *route;
	char *allow;
	enum err e;
};

/* A tenant's store, kept open from request to request. */
struct store {
	char dir[TENANT_DIR];
	struct db *db; /* NULL: this place is free */
	dev_t dev;     /* which file it was: another one in its place is another store */
	ino_t ino;
	int64_t used;   /* when it was asked last */
	int64_t looked; /* when what follows was looked up */
	char zone[ZONE_NAME + 1], title[TITLE + 1];
};

struct server {
	const struct route *routes;
	size_t nroutes, max_body;
	bool files;
	const char *state;
	struct store stores[STORES];
	char zone[ZONE_NAME + 1]; /* the process' own at present */
	struct client clients[TOGETHER];
};

extern char **environ;

static volatile sig_atomic_t ending;

static void
on_end(int sig)
{
	(void)sig;
	ending = 1;
}

/* ---- what arrives ------------------------------------------------------- */

static void
take_params(struct client *c)
{
	char **env = c->cgi ? environ : c->fcgi.envp;

	for (; *env != NULL; env++) {
		const char *equals = strchr(*env, '=');
		char name[64];

		if (equals == NULL || (size_t)(equals - *env) >= sizeof(name))
			continue;
		memcpy(name, *env, (size_t)(equals - *env));
		name[equals - *env] = '\0';
		match_param(&c->rq, name, str(equals + 1));
	}
}

static const char *
param(struct client *c, const char *name)
{
	const char *v = c->cgi ? getenv(name) : FCGX_GetParam(name, c->fcgi.envp);

	return v ? v : "";
}

static enum err
take_body(struct client *c, size_t max)
{
	const char *given = param(c, "CONTENT_LENGTH");
	int64_t length = 0;
	size_t got = 0;
	char *p;

	if (*given != '\0' && !str_int(str(given), 0, INT64_MAX, &length))
		return fail(&c->rq, ERR_MALFORMED, "Content-Length is not a number.");
	if ((uint64_t)length > max)
		return fail(&c->rq, ERR_TOO_LARGE, "Send at most %zu bytes.", max);
	p = arena_alloc(c->arena, (size_t)length + 1);
	while (got < (size_t)length) {
		size_t want = (size_t)length - got;
		int n;

		want = want > 1 << 20 ? 1 << 20 : want;
		n = c->cgi ? (int)fread(p + got, 1, want, stdin)
			   : FCGX_GetStr(p + got, (int)want, c->fcgi.in);
		if (n <= 0)
			return fail(&c->rq, ERR_MALFORMED, "The body ended too early.");
		got += (size_t)n;
	}
	c->rq.body = (struct str){ p, (size_t)length };
	return OK;
}

/* Whose it is, by the host that it names: nothing of another's is read for it. */
static enum err
take_tenant(struct server *sv, struct client *c)
{
	struct req *rq = &c->rq;
	enum err e = tenant_of_host(sv->state, rq->host, &c->tenant);

	rq->tenant = str(c->tenant.name);
	if (e != OK)
		return fail(rq, e, "There is no site under this name.");
	return c->tenant.suspended ? fail(rq, ERR_SUSPENDED, "Nothing was saved and nothing is sent.") : OK;
}

/* Everything up to the route, in the order in which faults should be told. */
static enum err
prepare(struct server *sv, struct client *c)
{
	struct req *rq = &c->rq;
	enum err e;
	bool form;

	take_params(c);
	if ((e = take_tenant(sv, c)) != OK) {
		match_uri(rq, str(param(c, "REQUEST_URI"))); /* only for its face */
		return e;
	}
	if ((e = match_uri(rq, str(param(c, "REQUEST_URI")))) != OK)
		return e;
	if ((e = take_body(c, sv->max_body)) != OK)
		return e;
	form = str_is(rq->type, "application/x-www-form-urlencoded");
	if (form && (e = match_body(rq, sv->files)) != OK)
		return e; /* first: a form may say _method */
	if ((e = match_route(rq, sv->routes, sv->nroutes, &c->route, &c->allow)) != OK)
		return e;
	rq->pattern = c->route->path;
	return form ? OK : match_body(rq, sv->files || (c->route->who & ANY_BODY));
}

/* ---- who may ------------------------------------------------------------ */

static bool
csrf_holds(struct req *rq)
{
	/* Another site cannot send JSON or a bearer token with our cookie. */
	if (rq->method == GET || rq->face == FACE_JSON || rq->who.session.n == 0)
		return true;
	return secret_eq(form_value(rq, "csrf"), rq->who.csrf);
}

/* Who holds a password that somebody else made opens nothing with it but the
 * page where another is chosen. */
static enum err
first_things_first(struct client *c, unsigned who)
{
	struct req *rq = &c->rq;

	if (who == ANYONE || who == SHARED) {
		rq->who = (struct who){ 0 };
		return OK;
	}
	if (rq->face == FACE_HTML && rq->method == GET)
		res_see_other(&c->rs, "/account");
	return fail(rq, ERR_FORBIDDEN, "Choose a password of your own first, on the page /account.");
}

static enum err
authorize(struct client *c)
{
	struct req *rq = &c->rq;
	unsigned who = c->route->who & ~(unsigned)(ANY_BODY | FIRST);
	enum err e;

	if (who == PUBLIC)
		return OK;
	if ((e = session_who(rq)) != OK)
		return e;
	if (rq->who.first && (c->route->who & FIRST) == 0)
		return first_things_first(c, who);
	if (who == ANYONE || who == SHARED)
		return OK;
	if (rq->who.roles == 0)
		return fail(rq, ERR_LOGIN, "This is for staff.");
	if ((rq->who.roles & who) == 0)
		return fail(rq, ERR_FORBIDDEN, "Your account may not do this. Ask an admin.");
	if (!csrf_holds(rq))
		return fail(
		    rq, ERR_FORBIDDEN, "This form is too old. Go back, reload the page, and send it again.");
	return OK;
}

/* ---- stores -------------------------------------------------------------- */

static void
close_store(struct store *st)
{
	db_close(st->db);
	st->db = NULL;
}

/* The store of that directory; else a free place, else that of whoever was asked
 * least lately.  There are as many as a turn has requests: none is taken from
 * one of this turn. */
static struct store *
place_for(struct server *sv, const char *dir)
{
	struct store *best = &sv->stores[0];

	for (struct store *st = sv->stores; st < sv->stores + STORES; st++) {
		if (st->db != NULL && strcmp(st->dir, dir) == 0)
			return st;
		if (best->db != NULL && (st->db == NULL || st->used < best->used))
			best = st;
	}
	close_store(best);
	snprintf(best->dir, sizeof(best->dir), "%s", dir);
	best->looked = 0;
	return best;
}

/* A database that is gone is a tenant's that was deleted; the default tenant's
 * is only not there yet. */
static enum err
gone(const struct client *c)
{
	return c->tenant.name[0] != '\0' ? ERR_NOT_FOUND : ERR_STORE;
}

/* Looked at each time: what a deleted tenant's handlers still wrote into a file
 * without a name would be lost, and what they read is nobody's. */
static enum err
open_store(struct server *sv, struct client *c, struct store **out)
{
	struct store *st = place_for(sv, c->tenant.dir);
	char path[TENANT_DIR + 16];
	struct stat file;

	*out = st;
	st->used = c->rq.now;
	snprintf(path, sizeof(path), "%s/muster.db", st->dir);
	if (stat(path, &file) != 0) {
		close_store(st);
		return gone(c);
	}
	if (st->db != NULL && (st->dev != file.st_dev || st->ino != file.st_ino))
		close_store(st);
	if (st->db != NULL)
		return OK;
	st->dev = file.st_dev;
	st->ino = file.st_ino;
	st->looked = 0;
	return db_open(&st->db, path, DB_HANDLER) == OK ? OK : ERR_STORE;
}

/* Those of tenants that nobody has asked for.  The default one's stays. */
static void
close_idle(struct server *sv)
{
	int64_t now = now_ms();

	for (struct store *st = sv->stores; st < sv->stores + STORES; st++)
		if (st->db != NULL && strcmp(st->dir, sv->state) != 0 &&
		    (now < st->used || now - st->used >= IDLE_MS))
			close_store(st);
}

static bool
any_to_close(const struct server *sv)
{
	for (const struct store *st = sv->stores; st < sv->stores + STORES; st++)
		if (st->db != NULL && strcmp(st->dir, sv->state) != 0)
			return true;
	return false;
}

/* ---- one transaction ---------------------------------------------------- */

/* What every page needs of the tenant's settings, looked up once a second: its
 * name, and the zone of times, which is the process'.  In a transaction. */
static void
use_settings(struct server *sv, struct store *st, struct req *rq)
{
	if (st->looked == 0 || rq->now < st->looked || rq->now - st->looked >= SECOND_MS) {
		st->looked = rq->now;
		snprintf(
		    st->zone, sizeof(st->zone), "%.*s", FMT(setting_text(rq->db, rq->arena, "site.zone")));
		snprintf(
		    st->title, sizeof(st->title), "%.*s", FMT(setting_text(rq->db, rq->arena, "site.title")));
	}
	rq->title = arena_dup(rq->arena, str(st->title));
	if (strcmp(st->zone, sv->zone) == 0)
		return;
	memcpy(sv->zone, st->zone, sizeof(sv->zone));
	zone_use(str(sv->zone));
}

/* ---- who did it ---------------------------------------------------------- */

/* What stands for a code or a token in a path is somebody's secret. */
static bool
is_secret(struct str name)
{
	return str_is(name, "code") || str_is(name, "token");
}

/* The path's arguments, with '/' between them. */
static struct str
target_of(struct req *rq)
{
	struct str rest = str(rq->pattern), all = S("");

	for (size_t i = 0; i < LEN(rq->arg); i++) {
		struct str name;

		str_cut(&rest, '{');
		name = str_cut(&rest, '}');
		if (name.n == 0)
			break;
		if (!is_secret(name))
			all =
			    arena_strf(rq->arena, "%.*s%s%.*s", FMT(all), all.n ? "/" : "", FMT(rq->arg[i]));
	}
	return all;
}

enum err
serve_audit(struct req *rq)
{
	static const char *const methods[] = {
		[GET] = "GET", [POST] = "POST", [PATCH] = "PATCH", [DELETE] = "DELETE"
	};
	struct str who = rq->who.key;

	if (rq->method == GET || who.n == 0)
		return OK;
	if (!str_starts(who, "user:"))
		who = arena_strf(rq->arena, "token:%.*s", FMT(rq->who.name));
	return audit_put(rq->db, rq->arena, who,
	    arena_strf(rq->arena, "%s %s", methods[rq->method], rq->pattern),
	    rq->target.n ? rq->target : target_of(rq));
}

/* Notes of failed tries outlive a request that failed. */
static void
record_notes(struct db *db, struct client *c)
{
	if ((c->rq.notes == NULL && c->rq.used.n == 0) || db_begin(db, TX_WRITE, c->rq.now) != OK)
		return;
	throttle_record(&c->rq);
	session_record(&c->rq);
	db_commit(db);
}

static void
run_read(struct server *sv, struct client *c)
{
	struct store *st;
	enum err e;

	if ((c->e = open_store(sv, c, &st)) != OK)
		return;
	c->rq.db = st->db;
	if ((c->e = db_begin(st->db, TX_READ, c->rq.now)) != OK)
		return;
	use_settings(sv, st, &c->rq);
	c->e = authorize(c);
	if (c->e == OK && c->route->tx == TX_READ)
		c->e = c->route->handle(&c->rq, &c->rs);
	if ((e = db_commit(st->db)) != OK)
		c->e = e;
	if (c->e == OK && c->route->tx == TX_NONE)
		c->e = c->route->handle(&c->rq, &c->rs);
	record_notes(st->db, c);
}

/* One of a group: its own part of the transaction. */
static void
run_part(struct server *sv, struct store *st, struct client *c)
{
	bool answered = false;

	c->rq.db = st->db;
	use_settings(sv, st, &c->rq);
	db_savepoint(st->db);
	c->e = authorize(c);
	if (c->e == OK)
		c->e = idempotency_before(&c->rq, &c->rs, &answered);
	if (c->e == OK && !answered)
		c->e = c->route->handle(&c->rq, &c->rs);
	if (c->e == OK && !answered && (c->e = serve_audit(&c->rq)) != OK)
		c->rs.rendered = false; /* what the handler would have said is not so */
	if (c->e == OK && !answered)
		idempotency_after(&c->rq, &c->rs);
	if (c->e == OK)
		c->e = db_release(st->db);
	else
		db_undo(st->db);
	throttle_record(&c->rq);
	session_record(&c->rq);
}

/* All writes of this turn to one store in one durable commit. */
static void
run_group(struct server *sv, struct client **group, size_t n)
{
	struct store *st;
	enum err e = open_store(sv, group[0], &st);

	if (e == OK)
		e = db_begin(st->db, TX_WRITE, group[0]->rq.now);
	for (size_t i = 0; i < n && e == OK; i++)
		run_part(sv, st, group[i]);
	if (e == OK)
		e = db_commit(st->db);
	if (e != OK)
		for (size_t i = 0; i < n; i++)
			group[i]->e = e;
}

/* Tenants share no commit: what befalls one store is told to its own alone. */
static void
run_writes(struct server *sv, struct client **writes, size_t n)
{
	bool done[TOGETHER] = { false };

	for (size_t i = 0; i < n; i++) {
		struct client *group[TOGETHER];
		size_t members = 0;

		for (size_t k = i; k < n; k++)
			if (!done[k] && strcmp(writes[k]->tenant.dir, writes[i]->tenant.dir) == 0) {
				group[members++] = writes[k];
				done[k] = true;
			}
		if (members > 0)
			run_group(sv, group, members);
	}
}

/* ---- what leaves -------------------------------------------------------- */

static void
put(struct client *c, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (c->cgi)
		fwrite(p, 1, n, stdout);
	else
		while (n > 0) {
			int most = n > 1 << 20 ? 1 << 20 : (int)n;

			if (FCGX_PutStr(p, most, c->fcgi.out) != most)
				return; /* the client went away */
			p += most;
			n -= (size_t)most;
		}
}

/* RFC 9110's reason phrases. */
static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = { { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
		{ 303, "See Other" }, { 304, "Not Modified" }, { 400, "Bad Request" },
		{ 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 409, "Conflict" }, { 410, "Gone" },
		{ 412, "Precondition Failed" }, { 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" }, { 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" }, { 503, "Service Unavailable" } };

	for (size_t i = 0; i < LEN(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

/* Whether the answer is the same for all who could get it: nginx asks the
 * same of a request ($muster_known in http.conf). */
static bool
for_all(const struct client *c)
{
	struct str cookie = c->rq.cookie;

	if (c->route == NULL)
		return false;
	if (c->route->who != SHARED)
		return c->route->who == PUBLIC;
	return c->rq.authorization.n == 0 &&
	       (cookie.n == 0 || memmem(cookie.p, cookie.n, SESSION_COOKIE, strlen(SESSION_COOKIE)) == NULL);
}

/* The head; with the whole body at hand its length too. */
static void
put_head(struct client *c, bool whole)
{
	struct res *rs = &c->rs;
	struct buf head = { 0 };
	bool may_cache = for_all(c) && c->rq.method == GET && (rs->status == 200 || rs->status == 304);

	buf_printf(&head, "Status: %d %s\r\n", rs->status, reason(rs->status));
	if (rs->type)
		buf_printf(&head, "Content-Type: %s\r\n", rs->type);
	buf_printf(&head, "Cache-Control: %s\r\n",
	    rs->cache    ? rs->cache
	    : !may_cache ? "private, no-store"
	    : rs->token  ? "private, no-cache"
			 : "public, max-age=1, stale-while-revalidate=30");
	/* nginx counts whole seconds: valid until this one is over, not the next. */
	if (may_cache && rs->keep > 0)
		buf_printf(&head, "X-Accel-Expires: %lld\r\n", (long long)rs->keep);
	else if (may_cache && !rs->alone)
		buf_printf(&head, "X-Accel-Expires: @%lld\r\n", (long long)(c->rq.now / 1000));
	if (c->route && c->route->who == SHARED)
		buf_put(&head, "Vary: Cookie, Authorization\r\n", 29);
	if (whole && rs->type)
		buf_printf(&head, "Content-Length: %zu\r\n", rs->body.n);
	buf_put(&head, rs->head.p, rs->head.n);
	buf_put(&head, "\r\n", 2);
	put(c, head.p, head.n);
	buf_free(&head);
	rs->sent_head = true;
}

static void
send_body(struct client *c, bool whole)
{
	struct res *rs = &c->rs;

	if (!rs->sent_head)
		put_head(c, whole);
	if (!rs->no_body)
		put(c, rs->body.p, rs->body.n);
	rs->body.n = 0;
}

/* What res_stream() calls: there is more to come. */
static void
flush(struct res *rs)
{
	send_body(rs->to, false);
}

/* RFC 9457. */
static void
problem(struct req *rq, struct res *rs, enum err e)
{
	const struct err_words *w = err_words(e);
	struct json j = res_json(rs, w->status);

	rs->type = "application/problem+json";
	json_open(&j, '{');
	json_key_str(&j, "type", arena_strf(rq->arena, "/problems.html#%s", w->type));
	json_key_str(&j, "title", str(w->title));
	json_key_int(&j, "status", w->status);
	if (rq->detail)
		json_key_str(&j, "detail", str(rq->detail));
	if (rq->faults) {
		json_key(&j, "errors");
		json_open(&j, '[');
		for (const struct fault *f = rq->faults; f != NULL; f = f->next) {
			json_open(&j, '{');
			json_key_str(&j, "field", str(f->field));
			json_key_str(&j, "code", str(f->code));
			json_key_str(&j, "message", str(f->message));
			json_close(&j, '}');
		}
		json_close(&j, ']');
	}
	if (rq->extra.n) {
		buf_char(&rs->body, ',');
		buf_str(&rs->body, rq->extra);
	}
	json_close(&j, '}');
}

static void
render_error(struct client *c)
{
	struct res *rs = &c->rs;

	rs->head.n = 0;
	rs->body.n = 0;
	rs->cache = NULL;
	rs->keep = 0;
	if (c->rq.face == FACE_JSON)
		problem(&c->rq, rs, c->e);
	else
		html_error(&c->rq, rs, c->e);
}

static void
reply(struct client *c)
{
	struct res *rs = &c->rs;

	if (c->e != OK && !rs->sent_head && (!rs->rendered || err_words(c->e)->status == 503))
		render_error(c);
	if (c->e == ERR_METHOD)
		res_header(rs, "Allow", "%s", c->allow);
	if (c->e == ERR_LOGIN && c->rq.face == FACE_JSON)
		res_header(rs, "WWW-Authenticate", "Bearer");
	if (rs->status == 429)
		res_header(
		    rs, "Retry-After", "%lld", (long long)(c->rq.retry_after ? c->rq.retry_after : 60));
	if (rs->status == 503)
		res_header(rs, "Retry-After", c->e == ERR_SUSPENDED ? "600" : "2");
	send_body(c, true);
}

static void
finish(struct client *c)
{
	reply(c);
	if (c->cgi)
		fflush(stdout);
	else
		FCGX_Finish_r(&c->fcgi);
	if (c->rq.json != NULL)
		json_object_put(c->rq.json);
	arena_reset(c->arena);
	buf_reset(&c->rs.head);
	buf_reset(&c->rs.body);
}

/* ---- the loop ----------------------------------------------------------- */

static void
begin(struct client *c)
{
	struct buf head = c->rs.head, body = c->rs.body;

	if (c->arena == NULL)
		c->arena = arena_new();
	c->rq = (struct req){ .arena = c->arena, .now = now_ms() };
	c->rs = (struct res){ .head = head, .body = body, .flush = flush, .to = c };
	c->route = NULL;
	c->allow = NULL;
}

/* Answers what may be answered alone, gathers the writes. */
static void
turn(struct server *sv, size_t n)
{
	struct client *writes[TOGETHER];
	size_t nwrites = 0;

	for (size_t i = 0; i < n; i++) {
		struct client *c = &sv->clients[i];

		begin(c);
		c->e = prepare(sv, c);
		c->rs.no_body = c->rq.head;
		if (c->e == OK && c->route->tx == TX_WRITE) {
			writes[nwrites++] = c;
			continue;
		}
		if (c->e == OK)
			run_read(sv, c);
		finish(c);
	}
	run_writes(sv, writes, nwrites);
	for (size_t i = 0; i < nwrites; i++)
		finish(writes[i]);
}

/* Waits for a request, then takes those that are there already.  The socket
 * does not block: another process may have been quicker. */
static size_t
accept_some(struct server *sv)
{
	struct pollfd socket = { .fd = 0, .events = POLLIN };
	size_t n = 0;

	while (!ending) {
		if (n == TOGETHER || FCGX_Accept_r(&sv->clients[n].fcgi) < 0) {
			if (n > 0)
				return n;
			close_idle(sv);
			poll(&socket, 1, any_to_close(sv) ? IDLE_MS : -1);
		} else {
			n++;
		}
	}
	return n;
}

static int
serve_fcgi(struct server *sv)
{
	struct sigaction sa = { .sa_handler = on_end };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK) < 0)
		die("fcntl: %s", strerror(errno));
	FCGX_Init();
	for (size_t i = 0; i < TOGETHER; i++)
		FCGX_InitRequest(&sv->clients[i].fcgi, 0, 0);
	while (!ending)
		turn(sv, accept_some(sv));
	return 0;
}

static int
serve_all(const struct route *routes, size_t n, size_t max_body, bool files)
{
	struct server *sv = calloc(1, sizeof(*sv));
	int status = 0;

	if (sv == NULL)
		die("out of memory");
	sv->routes = routes;
	sv->nroutes = n;
	sv->max_body = max_body;
	sv->files = files;
	sv->state = getenv("MUSTER_STATE");
	if (sv->state == NULL || *sv->state == '\0')
		sv->state = "var";
	if (FCGX_IsCGI()) {
		sv->clients[0].cgi = true;
		turn(sv, 1);
	} else {
		status = serve_fcgi(sv);
	}
	for (size_t i = 0; i < TOGETHER; i++) {
		arena_free(sv->clients[i].arena);
		buf_free(&sv->clients[i].rs.head);
		buf_free(&sv->clients[i].rs.body);
	}
	for (size_t i = 0; i < STORES; i++)
		close_store(&sv->stores[i]);
	free(sv);
	return status;
}

int
serve(const struct route *routes, size_t n)
{
	return serve_all(routes, n, BODY_MAX, false);
}

int
serve_files(const struct route *routes, size_t n, size_t max_body)
{
	return serve_all(routes, n, max_body, true);
}

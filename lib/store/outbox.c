/* outbox.c - messages to the world. */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "bell.h"
#include "sql.h"

#define WHAT \
	"id, destination, channel, lane, state, due, owner, epoch, tries, created, expires," \
	" source, recipient, payload, target, finished, code, reason, detail, reference, claims"
#define DEAD "state >= 3 and state <= 6" /* as outbox_dead has it, word by word */
#define FILTER "(?2 = 0 or channel = ?2) and (?3 = 0 or source = ?3) and (?4 is null or reason = ?4)"

enum {
	TENANT,
	PAYLOAD_PUT,
	PAYLOAD_GET,
	DEST_FIND,
	DEST_MAKE,
	DEST_GET,
	DEST_SAVE,
	DEST_LIST,
	TALLY_ADD,
	PUT,
	NEXT,
	CLAIM,
	RETRY,
	SETTLE,
	ATTEMPT,
	RELEASE,
	PARDON,
	OWNERS,
	GET,
	LIST_SETTLED,
	LIST_WAITING,
	ATTEMPTS,
	TALLY_ONE,
	TALLY_ALL,
	REASONS,
	SHAPE,
	FIND_DEAD,
	FIND_DEAD_REASON,
	REQUEUE,
	OF_RECIPIENT,
	OF_SOURCE,
	FORGET,
	NEXT_SOURCE,
	OF_RECIPIENT_MORE,
	CANCEL,
	DISCARD,
	REPORT,
	FIND_OLD,
	DELETE,
	DELETE_ATTEMPTS,
	OLD_PAYLOADS,
	PAYLOAD_DELETE,
};
static const char *const sql[] = {
	[TENANT] = "select id, secret from tenant",
	[PAYLOAD_PUT] = "insert into payload (created, body) values (?1, ?2)",
	[PAYLOAD_GET] = "select body from payload where id = ?1",
	[DEST_FIND] = "select id from destination where name = ?1",
	[DEST_MAKE] = "insert into destination (channel, name) values (?1, ?2)",
	[DEST_GET] = "select id, channel, name, width, failures, trips, open_until, failing_since, disabled"
		     " from destination where id = ?1",
	[DEST_SAVE] = "update destination set width = ?2, failures = ?3, trips = ?4, open_until = ?5,"
		      " failing_since = ?6, disabled = ?7 where id = ?1",
	[DEST_LIST] = "select id, channel, name, width, failures, trips, open_until, failing_since, disabled"
		      " from destination order by name",
	[TALLY_ADD] = "insert into tally (source, channel, state, n) values (?1, ?2, ?3, ?4)"
		      " on conflict (source, channel, state) do update set n = n + excluded.n",
	[PUT] = "insert into outbox (destination, channel, lane, due, created, expires, source, recipient,"
		" payload, target) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[NEXT] = "select destination, due from outbox where state = 0 and lane = ?1 and destination > ?2"
		 " order by destination, due limit 1",
	/* All changes are made before the first row comes, and the lease holds
	 * only once the transaction is committed. */
	[CLAIM] =
	    "update outbox set due = ?4, owner = ?5, epoch = epoch + 1, claims = claims + 1 where id in"
	    " (select id from outbox where state = 0 and lane = ?1 and destination = ?2 and due <= ?3"
	    " order by due limit ?6)"
	    " returning id, epoch, tries, created, expires, source, recipient, payload, target, channel, claims",
	[RETRY] = "update outbox set due = ?4, owner = null, claims = 0, tries = tries + ?5, code = ?6,"
		  " reason = ?7, detail = ?8 where id = ?1 and owner = ?2 and epoch = ?3 and state = 0",
	[SETTLE] = "update outbox set state = ?4, owner = null, finished = ?5, code = ?6, reason = ?7,"
		   " detail = ?8, reference = ?9, tries = tries + ?10"
		   " where id = ?1 and owner = ?2 and epoch = ?3 and state = 0",
	[ATTEMPT] = "insert or replace into attempt (message, at, code, reason, detail)"
		    " values (?1, ?2, ?3, ?4, ?5)",
	[RELEASE] = "update outbox set due = ?2, owner = null where owner = ?1 and state = 0",
	[PARDON] = "update outbox set due = ?2, owner = null, claims = max(claims - (epoch % 16 > 0), 1)"
		   " where owner = ?1 and state = 0",
	[OWNERS] = "select distinct owner from outbox where owner is not null",
	[GET] = "select " WHAT " from outbox where id = ?1",
	[LIST_SETTLED] = "select " WHAT " from outbox where state > 0 and state = ?1 and " FILTER
			 " and (finished, id) < (?5, ?6) order by finished desc, id desc limit ?7",
	/* Left to itself it goes along all ids, settled ones too. */
	[LIST_WAITING] =
	    "select " WHAT " from outbox where id in"
	    " (select id from outbox indexed by outbox_due where state = 0 and ?1 = 0 and " FILTER
	    " and ?5 > 0 and id > ?6 order by id limit ?7) order by id",
	[ATTEMPTS] = "select at, code, reason, detail from attempt where message = ?1 order by at limit 100",
	[TALLY_ONE] = "select channel, state, n from tally where source = ?1 and n <> 0",
	[TALLY_ALL] = "select channel, state, sum(n) from tally group by channel, state having sum(n) <> 0",
	[REASONS] = "select channel, state, coalesce(reason, ''), count(*) from outbox where " DEAD
		    " group by state, channel, coalesce(reason, '') order by 4 desc, 1, 2, 3",
	[SHAPE] = "select created from outbox where state = 0 and lane = ?1 and destination = ?2"
		  " order by due limit ?3",
	[FIND_DEAD] =
	    "select id, source, channel, state from outbox where state > 0 and state = ?1 and " FILTER
	    " order by finished limit ?5",
	[FIND_DEAD_REASON] = "select id, source, channel, state from outbox where " DEAD
			     " and state = ?1 and channel = ?2 and coalesce(reason, '') = ?4"
			     " and (?3 = 0 or source = ?3) order by finished limit ?5",
	[REQUEUE] =
	    "update outbox set state = 0, due = ?2, owner = null, tries = 0, claims = 0, finished = null,"
	    " expires = case when expires < ?3 then ?3 else expires end where id = ?1",
	[OF_RECIPIENT] = "select id, source, channel, state, epoch from outbox"
			 " where source = ?1 and recipient = ?2 order by id limit 1000",
	[OF_SOURCE] = "select id, source, channel, state, recipient from outbox"
		      " where source = ?1 and recipient >= ?2 order by recipient, id limit ?3",
	[FORGET] = "update outbox set target = '' where source = ?1 and recipient = ?2",
	[NEXT_SOURCE] = "select source from outbox where source > ?1 order by source limit 1",
	[OF_RECIPIENT_MORE] = "select id, source, channel, state from outbox"
			      " where source = ?1 and recipient = ?2 and id > ?3 order by id limit 1000",
	[CANCEL] = "update outbox set state = 8, owner = null, finished = ?2, reason = ?3 where id = ?1",
	[DISCARD] = "update outbox set state = 8 where id = ?1", /* the reason of its death stays */
	[REPORT] = "update outbox set state = ?2, owner = null, finished = ?3, code = ?4, reason = ?5"
		   " where id = ?1",
	[FIND_OLD] = "select id, source, channel, state from outbox"
		     " where state > 0 and state = ?1 and finished < ?2 order by finished limit ?3",
	[DELETE] = "delete from outbox where id = ?1",
	[DELETE_ATTEMPTS] = "delete from attempt where message = ?1",
	[OLD_PAYLOADS] =
	    /* no index on `created`: it rises with the id */
	"select id from (select id, created from payload order by id limit ?2) where created < ?1",
	[PAYLOAD_DELETE] = "delete from payload where id = ?1",
};

static const char *const channels[CHANNEL__MAX] = {
	[CHANNEL_EMAIL] = "email",
	[CHANNEL_SMS] = "sms",
	[CHANNEL_WEBHOOK] = "webhook",
};
static const char *const states[OUTBOX__MAX] = {
	[OUTBOX_WAITING] = "waiting",
	[OUTBOX_SENT] = "sent",
	[OUTBOX_DELIVERED] = "delivered",
	[OUTBOX_FAILED] = "failed",
	[OUTBOX_DEAD] = "dead",
	[OUTBOX_UNSURE] = "unsure",
	[OUTBOX_EXPIRED] = "expired",
	[OUTBOX_SUPPRESSED] = "suppressed",
	[OUTBOX_CANCELLED] = "cancelled",
};

const char *
channel_name(enum outbox_channel channel)
{
	return channels[channel];
}

const char *
state_name(enum outbox_state state)
{
	return states[state];
}

bool
channel_named(struct str name, enum outbox_channel *channel)
{
	for (int i = CHANNEL_EMAIL; i < CHANNEL__MAX; i++)
		if (str_is(name, channels[i])) {
			*channel = (enum outbox_channel)i;
			return true;
		}
	return false;
}

bool
state_named(struct str name, enum outbox_state *state)
{
	for (int i = 0; i < OUTBOX__MAX; i++)
		if (str_is(name, states[i])) {
			*state = (enum outbox_state)i;
			return true;
		}
	return false;
}

bool
state_is_dead(enum outbox_state state)
{
	return state == OUTBOX_FAILED || state == OUTBOX_DEAD || state == OUTBOX_UNSURE ||
	       state == OUTBOX_EXPIRED;
}

/* ---- names ---- */

static size_t
copy(char *to, size_t room, struct str from)
{
	size_t n = from.n < room ? from.n : room;

	memcpy(to, from.p, n);
	return n;
}

static const struct tenant_row *
tenant(struct db *db)
{
	struct tenant_row *t = db_tenant(db);
	sqlite3_stmt *st;

	if (t->read)
		return t;
	st = db_stmt(db, SQL_OUTBOX, sql, TENANT, "");
	if (db_row(db, st)) {
		t->id_n = copy(t->id, sizeof(t->id), db_column_view(st, 0));
		t->secret_n = copy(t->secret, sizeof(t->secret), db_column_view(st, 1));
		t->read = true;
		db_done(st);
	}
	return t;
}

struct str
tenant_id(struct db *db, struct arena *a)
{
	const struct tenant_row *t = tenant(db);

	return arena_dup(a, (struct str){ t->id, t->id_n });
}

struct str
tenant_secret(struct db *db, struct arena *a)
{
	const struct tenant_row *t = tenant(db);

	return arena_dup(a, (struct str){ t->secret, t->secret_n });
}

struct str
message_name(struct db *db, struct arena *a, int64_t id)
{
	return arena_strf(a, "msg_%.*s_%lld", FMT(tenant_id(db, a)), (long long)id);
}

bool
message_named(struct db *db, struct str name, int64_t *id)
{
	const struct tenant_row *t = tenant(db);
	struct str rest = name;

	return str_is(str_cut(&rest, '_'), "msg") &&
	       str_eq(str_cut(&rest, '_'), (struct str){ t->id, t->id_n }) && str_int(rest, 1, INT64_MAX, id);
}

/* ---- writing ---- */

static void
tally_add(struct db *db, int64_t source, enum outbox_channel channel, enum outbox_state state, int64_t n)
{
	db_run(
	    db, db_stmt(db, SQL_OUTBOX, sql, TALLY_ADD, "iiii", source, (int64_t)channel, (int64_t)state, n));
}

static void
tally_move(
    struct db *db, int64_t source, enum outbox_channel channel, enum outbox_state from, enum outbox_state to)
{
	tally_add(db, source, channel, from, -1);
	tally_add(db, source, channel, to, 1);
}

int64_t
payload_put(struct db *db, struct str body)
{
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, PAYLOAD_PUT, "ib", db_now(db), body));
	return db_inserted(db);
}

enum err
payload_get(struct db *db, struct arena *a, int64_t id, struct str *body)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, PAYLOAD_GET, "i", id);

	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	*body = db_column(a, st, 0);
	db_done(st);
	return OK;
}

int64_t
destination_id(struct db *db, enum outbox_channel channel, struct str name)
{
	int64_t id = db_int(db, db_stmt(db, SQL_OUTBOX, sql, DEST_FIND, "t", name));

	if (id != 0)
		return id;
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, DEST_MAKE, "it", (int64_t)channel, name));
	return db_inserted(db);
}

int64_t
outbox_put(struct db *db, const struct message *m)
{
	int64_t id;

	db_run(db, db_stmt(db, SQL_OUTBOX, sql, PUT, "iiiiiiiiit", m->destination, (int64_t)m->channel,
		       (int64_t)m->lane, m->due, db_now(db), m->expires, m->source, m->recipient, m->payload,
		       m->target));
	id = db_inserted(db);
	tally_add(db, m->source, m->channel, OUTBOX_WAITING, 1);
	bell_want(db);
	return id;
}

/* ---- the dispatcher ---- */

bool
outbox_next(struct db *db, enum outbox_lane lane, int64_t after, int64_t *destination, int64_t *due)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, NEXT, "ii", (int64_t)lane, after);

	if (!db_row(db, st))
		return false;
	*destination = sqlite3_column_int64(st, 0);
	*due = sqlite3_column_int64(st, 1);
	db_done(st);
	return true;
}

static int
by_id(const void *x, const void *y)
{
	const struct message *a = x, *b = y;

	return a->id < b->id ? -1 : a->id > b->id;
}

void
outbox_claim(struct db *db, struct arena *a, enum outbox_lane lane, int64_t destination, int64_t owner,
    int64_t lease_end, size_t limit, struct message **out, size_t *n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, CLAIM, "iiiiii", (int64_t)lane, destination,
	    db_now(db), lease_end, owner, (int64_t)limit);

	*out = arena_array(a, struct message, limit);
	*n = 0;
	while (db_row(db, st)) {
		struct message *m = &(*out)[(*n)++];

		m->id = sqlite3_column_int64(st, 0);
		m->epoch = sqlite3_column_int64(st, 1);
		m->tries = sqlite3_column_int64(st, 2);
		m->created = sqlite3_column_int64(st, 3);
		m->expires = sqlite3_column_int64(st, 4);
		m->source = sqlite3_column_int64(st, 5);
		m->recipient = sqlite3_column_int64(st, 6);
		m->payload = sqlite3_column_int64(st, 7);
		m->target = db_column(a, st, 8);
		m->channel = (enum outbox_channel)sqlite3_column_int(st, 9);
		m->claims = sqlite3_column_int64(st, 10);
		m->destination = destination;
		m->lane = lane;
		m->due = lease_end;
		m->owner = owner;
	}
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), by_id); /* RETURNING promises no order */
}

static void
note_attempt(struct db *db, const struct settled *s)
{
	if (s->reason.n > 0 && (s->counts || state_is_dead(s->state)))
		db_run(db, db_stmt(db, SQL_OUTBOX, sql, ATTEMPT, "iiitt", s->message->id, db_now(db), s->code,
			       s->reason, s->detail));
}

/* The row of one; false: it is no longer ours. */
static bool
settle_one(struct db *db, const struct settled *s)
{
	const struct message *m = s->message;
	int64_t counts = s->counts;

	if (s->state == OUTBOX_WAITING)
		db_run(db, db_stmt(db, SQL_OUTBOX, sql, RETRY, "iiiiiiTT", m->id, m->owner, m->epoch, s->due,
			       counts, s->code, s->reason, s->detail));
	else
		db_run(db,
		    db_stmt(db, SQL_OUTBOX, sql, SETTLE, "iiiiiiTTTi", m->id, m->owner, m->epoch,
			(int64_t)s->state, db_now(db), s->code, s->reason, s->detail, s->reference, counts));
	return db_changes(db) > 0;
}

size_t
outbox_settle(struct db *db, const struct settled *v, size_t n)
{
	size_t fenced = 0, alike = 0;

	for (size_t i = 0; i < n; i++) {
		const struct settled *s = &v[i];
		bool last;

		if (settle_one(db, s)) {
			note_attempt(db, s);
			alike += s->state != OUTBOX_WAITING;
		} else {
			fenced++;
		}
		/* Most of a batch are of one alert: they are counted together. */
		last = i + 1 == n || v[i + 1].state != s->state ||
		       v[i + 1].message->source != s->message->source ||
		       v[i + 1].message->channel != s->message->channel;
		if (last && alike > 0) {
			tally_add(
			    db, s->message->source, s->message->channel, OUTBOX_WAITING, -(int64_t)alike);
			tally_add(db, s->message->source, s->message->channel, s->state, (int64_t)alike);
			alike = 0;
		}
	}
	return fenced;
}

int64_t
outbox_release(struct db *db, int64_t owner)
{
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, RELEASE, "ii", owner, db_now(db)));
	return db_changes(db);
}

int64_t
outbox_pardon(struct db *db, int64_t owner)
{
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, PARDON, "ii", owner, db_now(db)));
	return db_changes(db);
}

void
outbox_owners(struct db *db, struct arena *a, int64_t **owners, size_t *n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, OWNERS, "");
	size_t room = 0;

	*owners = NULL;
	*n = 0;
	while (db_row(db, st)) {
		*owners = arena_grow(a, *owners, *n, &room);
		(*owners)[(*n)++] = sqlite3_column_int64(st, 0);
	}
}

static void
read_destination(struct arena *a, sqlite3_stmt *st, struct destination *d)
{
	d->id = sqlite3_column_int64(st, 0);
	d->channel = (enum outbox_channel)sqlite3_column_int(st, 1);
	d->name = db_column(a, st, 2);
	d->width = sqlite3_column_double(st, 3);
	d->failures = sqlite3_column_double(st, 4);
	d->trips = sqlite3_column_int64(st, 5);
	d->open_until = sqlite3_column_int64(st, 6);
	d->failing_since = sqlite3_column_int64(st, 7);
	d->disabled = db_column(a, st, 8);
}

enum err
destination_get(struct db *db, struct arena *a, int64_t id, struct destination *d)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, DEST_GET, "i", id);

	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	read_destination(a, st, d);
	db_done(st);
	return OK;
}

void
destination_save(struct db *db, const struct destination *d)
{
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, DEST_SAVE, "iddiiiT", d->id, d->width, d->failures, d->trips,
		       d->open_until, d->failing_since, d->disabled));
}

void
destination_list(struct db *db, struct arena *a, struct destination **out, size_t *n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, DEST_LIST, "");
	size_t room = 0;

	*out = NULL;
	*n = 0;
	while (db_row(db, st)) {
		*out = arena_grow(a, *out, *n, &room);
		read_destination(a, st, &(*out)[(*n)++]);
	}
}

/* ---- people ---- */

static void
read_message(struct arena *a, sqlite3_stmt *st, struct message *m)
{
	m->id = sqlite3_column_int64(st, 0);
	m->destination = sqlite3_column_int64(st, 1);
	m->channel = (enum outbox_channel)sqlite3_column_int(st, 2);
	m->lane = (enum outbox_lane)sqlite3_column_int(st, 3);
	m->state = (enum outbox_state)sqlite3_column_int(st, 4);
	m->due = sqlite3_column_int64(st, 5);
	m->owner = sqlite3_column_int64(st, 6);
	m->epoch = sqlite3_column_int64(st, 7);
	m->tries = sqlite3_column_int64(st, 8);
	m->created = sqlite3_column_int64(st, 9);
	m->expires = sqlite3_column_int64(st, 10);
	m->source = sqlite3_column_int64(st, 11);
	m->recipient = sqlite3_column_int64(st, 12);
	m->payload = sqlite3_column_int64(st, 13);
	m->target = db_column(a, st, 14);
	m->finished = sqlite3_column_int64(st, 15);
	m->code = sqlite3_column_int64(st, 16);
	m->reason = db_column(a, st, 17);
	m->detail = db_column(a, st, 18);
	m->reference = db_column(a, st, 19);
	m->claims = sqlite3_column_int64(st, 20);
}

enum err
outbox_get(struct db *db, struct arena *a, int64_t id, struct message *m)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, GET, "i", id);

	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	read_message(a, st, m);
	db_done(st);
	return OK;
}

void
outbox_list(struct db *db, struct arena *a, const struct outbox_filter *f, struct message **out, size_t *n)
{
	int64_t before = f->before_finished ? f->before_finished : INT64_MAX;
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql,
	    f->state == OUTBOX_WAITING ? LIST_WAITING : LIST_SETTLED, "iiiTiii", (int64_t)f->state,
	    (int64_t)f->channel, f->source, f->reason, before, f->before_id, (int64_t)f->limit);

	*out = arena_array(a, struct message, f->limit);
	*n = 0;
	while (db_row(db, st))
		read_message(a, st, &(*out)[(*n)++]);
}

void
outbox_attempts(struct db *db, struct arena *a, int64_t id, struct attempt **out, size_t *n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, ATTEMPTS, "i", id);
	size_t room = 0;

	*out = NULL;
	*n = 0;
	while (db_row(db, st)) {
		*out = arena_grow(a, *out, *n, &room);
		(*out)[(*n)++] = (struct attempt){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
			db_column(a, st, 2), db_column(a, st, 3) };
	}
}

void
outbox_tally(struct db *db, struct arena *a, int64_t source, struct tally **out, size_t *n)
{
	sqlite3_stmt *st = source == 0 ? db_stmt(db, SQL_OUTBOX, sql, TALLY_ALL, "")
				       : db_stmt(db, SQL_OUTBOX, sql, TALLY_ONE, "i", source);
	size_t room = 0;

	*out = NULL;
	*n = 0;
	while (db_row(db, st)) {
		*out = arena_grow(a, *out, *n, &room);
		(*out)[(*n)++] = (struct tally){ (enum outbox_channel)sqlite3_column_int(st, 0),
			(enum outbox_state)sqlite3_column_int(st, 1), sqlite3_column_int64(st, 2) };
	}
}

void
outbox_reasons(struct db *db, struct arena *a, struct reason_count **out, size_t *n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, REASONS, "");
	size_t room = 0;

	*out = NULL;
	*n = 0;
	while (db_row(db, st)) {
		*out = arena_grow(a, *out, *n, &room);
		(*out)[(*n)++] = (struct reason_count){ (enum outbox_channel)sqlite3_column_int(st, 0),
			(enum outbox_state)sqlite3_column_int(st, 1), db_column(a, st, 2),
			sqlite3_column_int64(st, 3) };
	}
}

static void
shape_of(struct db *db, enum outbox_lane lane, struct shape *s)
{
	static const int64_t minutes[SHAPE_AGES - 1] = { 1, 5, 15, 60, 4 * 60, 24 * 60 };
	sqlite3_stmt *st =
	    db_stmt(db, SQL_OUTBOX, sql, SHAPE, "iii", (int64_t)lane, s->destination, (int64_t)SHAPE_MOST);

	while (db_row(db, st)) {
		int64_t created = sqlite3_column_int64(st, 0), age = db_now(db) - created;
		size_t i = 0;

		while (i < LEN(minutes) && age > minutes[i] * 60 * 1000)
			i++;
		s->by_age[i]++;
		s->total++;
		if (s->oldest == 0 || created < s->oldest)
			s->oldest = created;
	}
}

static struct shape *
shape_for(struct arena *a, int64_t destination, struct shape **v, size_t *n, size_t *room)
{
	for (size_t i = 0; i < *n; i++)
		if ((*v)[i].destination == destination)
			return &(*v)[i];
	*v = arena_grow(a, *v, *n, room);
	(*v)[*n] = (struct shape){ .destination = destination };
	return &(*v)[(*n)++];
}

void
outbox_shape(struct db *db, struct arena *a, struct shape **out, size_t *n)
{
	size_t room = 0;

	*out = NULL;
	*n = 0;
	for (int lane = 0; lane < LANE__MAX; lane++) {
		int64_t destination = 0, due;

		while (outbox_next(db, (enum outbox_lane)lane, destination, &destination, &due))
			shape_of(db, (enum outbox_lane)lane, shape_for(a, destination, out, n, &room));
	}
}

int64_t
outbox_oldest(struct db *db, enum outbox_lane lane)
{
	int64_t destination = 0, due, oldest = 0;

	while (outbox_next(db, lane, destination, &destination, &due))
		if (due <= db_now(db) && (oldest == 0 || due < oldest))
			oldest = due;
	return oldest;
}

/* ---- interventions ---- */

static void
requeue(struct db *db, int64_t id, int64_t source, enum outbox_channel channel, enum outbox_state state,
    int64_t expires)
{
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, REQUEUE, "iii", id, db_now(db), expires));
	tally_move(db, source, channel, state, OUTBOX_WAITING);
	bell_want(db);
}

enum err
outbox_requeue(struct db *db, int64_t id, int64_t expires)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, GET, "i", id);
	int64_t source;
	int channel, state;

	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	channel = sqlite3_column_int(st, 2);
	state = sqlite3_column_int(st, 4);
	source = sqlite3_column_int64(st, 11);
	db_done(st);
	if (!state_is_dead((enum outbox_state)state))
		return ERR_CONFLICT;
	requeue(db, id, source, (enum outbox_channel)channel, (enum outbox_state)state, expires);
	return OK;
}

enum { AT_ONCE = 1000 };
struct row {
	int64_t id, source, last; /* last: the query's fifth column */
	int channel, state;
};

/* Rows first, changes after: a query must not run over what it changes. */
static size_t
read_rows(struct db *db, sqlite3_stmt *st, struct row rows[static AT_ONCE], bool five)
{
	size_t n = 0;

	while (n < AT_ONCE && db_row(db, st))
		rows[n++] = (struct row){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
			five ? sqlite3_column_int64(st, 4) : 0, sqlite3_column_int(st, 2),
			sqlite3_column_int(st, 3) };
	if (n == AT_ONCE)
		db_done(st);
	return n;
}

static int64_t
at_most(size_t limit)
{
	return limit < AT_ONCE ? (int64_t)limit : AT_ONCE;
}

size_t
outbox_requeue_some(struct db *db, const struct outbox_filter *f, int64_t expires)
{
	struct row rows[AT_ONCE];
	size_t n;

	if (!state_is_dead(f->state))
		return 0;
	n = read_rows(db,
	    db_stmt(db, SQL_OUTBOX, sql, f->channel && f->reason.n ? FIND_DEAD_REASON : FIND_DEAD, "iiiTi",
		(int64_t)f->state, (int64_t)f->channel, f->source, f->reason, at_most(f->limit)),
	    rows, false);
	for (size_t i = 0; i < n; i++)
		requeue(db, rows[i].id, rows[i].source, (enum outbox_channel)rows[i].channel,
		    (enum outbox_state)rows[i].state, expires);
	return n;
}

enum err
outbox_discard(struct db *db, int64_t id)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, GET, "i", id);
	enum outbox_channel channel;
	enum outbox_state state;
	int64_t source;

	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	channel = (enum outbox_channel)sqlite3_column_int(st, 2);
	state = (enum outbox_state)sqlite3_column_int(st, 4);
	source = sqlite3_column_int64(st, 11);
	db_done(st);
	if (!state_is_dead(state))
		return ERR_CONFLICT;
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, DISCARD, "i", id));
	tally_move(db, source, channel, state, OUTBOX_CANCELLED);
	return OK;
}

static void
cancel(struct db *db, const struct row *r, struct str reason)
{
	db_run(db, db_stmt(db, SQL_OUTBOX, sql, CANCEL, "iit", r->id, db_now(db), reason));
	tally_move(db, r->source, (enum outbox_channel)r->channel, OUTBOX_WAITING, OUTBOX_CANCELLED);
}

enum err
outbox_cancel(struct db *db, int64_t id, struct str reason)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, GET, "i", id);
	struct row r = { .id = id };

	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	r.channel = sqlite3_column_int(st, 2);
	r.state = sqlite3_column_int(st, 4);
	r.source = sqlite3_column_int64(st, 11);
	db_done(st);
	if (r.state != OUTBOX_WAITING)
		return ERR_CONFLICT;
	cancel(db, &r, reason);
	return OK;
}

size_t
outbox_cancel_to(struct db *db, int64_t source, int64_t recipient, struct str reason, bool *tried)
{
	struct row rows[AT_ONCE];
	size_t done = 0, n = read_rows(db,
			     db_stmt(db, SQL_OUTBOX, sql, OF_RECIPIENT, "ii", source, recipient), rows, true);

	*tried = false;
	for (size_t i = 0; i < n; i++) {
		*tried |= rows[i].last > 0;
		if (rows[i].state == OUTBOX_WAITING) {
			cancel(db, &rows[i], reason);
			done++;
		}
	}
	return done;
}

/* A skip scan over the sources: there are as many as alerts of the last weeks. */
size_t
outbox_forget(struct db *db, int64_t recipient, struct str reason)
{
	int64_t source = -1;
	size_t done = 0;
	bool more, tried;

	do {
		sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, NEXT_SOURCE, "i", source);

		if ((more = db_row(db, st))) {
			source = sqlite3_column_int64(st, 0);
			db_done(st);
			done += outbox_cancel_to(db, source, recipient, reason, &tried);
			db_run(db, db_stmt(db, SQL_OUTBOX, sql, FORGET, "ii", source, recipient));
		}
	} while (more);
	return done;
}

static void
cancel_waiting(struct db *db, const struct row *rows, size_t n, struct str reason)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].state == OUTBOX_WAITING)
			cancel(db, &rows[i], reason);
}

/* A page may end in the middle of a recipient's messages. */
static void
cancel_rest(struct db *db, const struct row *end, struct str reason)
{
	struct row rows[AT_ONCE];
	int64_t after = end->id;
	size_t n;

	do {
		n = read_rows(db,
		    db_stmt(db, SQL_OUTBOX, sql, OF_RECIPIENT_MORE, "iii", end->source, end->last, after),
		    rows, false);
		cancel_waiting(db, rows, n, reason);
		after = n > 0 ? rows[n - 1].id : after;
	} while (n == AT_ONCE);
}

bool
outbox_cancel_page(struct db *db, int64_t source, struct str reason, size_t limit, int64_t *recipient)
{
	struct row rows[AT_ONCE];
	size_t n = read_rows(db,
	    db_stmt(db, SQL_OUTBOX, sql, OF_SOURCE, "iii", source, *recipient, at_most(limit)), rows, true);

	cancel_waiting(db, rows, n, reason);
	if ((int64_t)n < at_most(limit))
		return false;
	cancel_rest(db, &rows[n - 1], reason);
	*recipient = rows[n - 1].last + 1;
	return true;
}

/* Whether a later word is believed. */
static bool
may_report(int64_t was, int64_t epoch, enum outbox_state state)
{
	if (was == OUTBOX_SENT || was == OUTBOX_UNSURE)
		return state == OUTBOX_DELIVERED || state == OUTBOX_FAILED;
	return was == OUTBOX_WAITING && epoch > 0 && state == OUTBOX_DELIVERED;
}

enum err
outbox_report(struct db *db, int64_t id, enum outbox_state state, int64_t code, struct str reason)
{
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, GET, "i", id);
	int64_t source, epoch;
	int channel, was;

	if (!db_row(db, st))
		return ERR_NOT_FOUND;
	channel = sqlite3_column_int(st, 2);
	was = sqlite3_column_int(st, 4);
	epoch = sqlite3_column_int64(st, 7);
	source = sqlite3_column_int64(st, 11);
	db_done(st);
	if (!may_report(was, epoch, state))
		return OK;
	db_run(
	    db, db_stmt(db, SQL_OUTBOX, sql, REPORT, "iiiiT", id, (int64_t)state, db_now(db), code, reason));
	tally_move(db, source, (enum outbox_channel)channel, (enum outbox_state)was, state);
	return OK;
}

bool
payload_purge(struct db *db, int64_t before, size_t limit)
{
	struct row rows[AT_ONCE];
	sqlite3_stmt *st = db_stmt(db, SQL_OUTBOX, sql, OLD_PAYLOADS, "ii", before, at_most(limit));
	size_t n = 0;

	while (n < AT_ONCE && db_row(db, st))
		rows[n++].id = sqlite3_column_int64(st, 0);
	if (n == AT_ONCE)
		db_done(st);
	for (size_t i = 0; i < n; i++)
		db_run(db, db_stmt(db, SQL_OUTBOX, sql, PAYLOAD_DELETE, "i", rows[i].id));
	return (int64_t)n == at_most(limit);
}

bool
outbox_purge(struct db *db, enum outbox_state state, int64_t before, size_t limit)
{
	struct row rows[AT_ONCE];
	size_t n = read_rows(db,
	    db_stmt(db, SQL_OUTBOX, sql, FIND_OLD, "iii", (int64_t)state, before, at_most(limit)), rows,
	    false);

	for (size_t i = 0; i < n; i++) {
		db_run(db, db_stmt(db, SQL_OUTBOX, sql, DELETE, "i", rows[i].id));
		db_run(db, db_stmt(db, SQL_OUTBOX, sql, DELETE_ATTEMPTS, "i", rows[i].id));
	}
	return (int64_t)n == at_most(limit);
}

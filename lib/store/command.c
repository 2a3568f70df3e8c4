/* command.c - the table of commands, and the running of one. */
#include "command.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "call.h"
#include "log.h"
#include "number.h"

static const struct command table[] = {
#define COMMAND(name, arity, flags, first, last, step) \
	{ #name, arity, flags, first, last, step, call_##name },
#include "commands.def"
#undef COMMAND
};

const struct command *
command_table(size_t *n)
{
	*n = LEN(table);
	return table;
}

static int
by_name(const void *name, const void *command)
{
	return strcasecmp(name, ((const struct command *)command)->name);
}

const struct command *
command_find(struct str name)
{
	char text[32];

	if (name.n >= sizeof(text) || (name.n > 0 && memchr(name.p, '\0', name.n) != NULL))
		return NULL;
	snprintf(text, sizeof(text), "%.*s", FMT(name));
	return bsearch(text, table, LEN(table), sizeof(*table), by_name);
}

/* ---- arguments -------------------------------------------------------------- */

bool
arg_is(const struct call *c, size_t i, const char *word)
{
	return c->args[i].n == strlen(word) && strncasecmp(c->args[i].p, word, c->args[i].n) == 0;
}

bool
arg_int_in(struct call *c, size_t i, int64_t min, int64_t max, int64_t *out, const char *error)
{
	int64_t v;

	if (!str_int(c->args[i], INT64_MIN, INT64_MAX, &v)) {
		reply_error(c, "%s", error ? error : NOT_AN_INTEGER);
		return false;
	}
	if (v < min || v > max) {
		if (error != NULL)
			reply_error(c, "%s", error);
		else
			reply_error(c, "ERR value is out of range, value must between %lld and %lld",
			    (long long)min, (long long)max);
		return false;
	}
	*out = v;
	return true;
}

bool
arg_int(struct call *c, size_t i, int64_t *out, const char *error)
{
	return arg_int_in(c, i, INT64_MIN, INT64_MAX, out, error);
}

bool
arg_double(struct call *c, size_t i, double *out, const char *error)
{
	if (number_double(c->args[i], out))
		return true;
	reply_error(c, "%s", error ? error : NOT_A_FLOAT);
	return false;
}

bool
random_args(struct call *c, const char *with, struct random_args *r)
{
	enum { REPEATS_MAX = 1000000 };

	*r = (struct random_args){ .count = 1, .single = c->n == 2 };
	if (c->n == 2)
		return true;
	if (with == NULL && c->n > 3) {
		reply_error(c, SYNTAX_ERROR);
		return false;
	}
	if (!arg_int_in(c, 2, -INT64_MAX, INT64_MAX, &r->count, NULL))
		return false;
	r->with = with != NULL && c->n > 3;
	if (with != NULL && (c->n > 4 || (r->with && !arg_is(c, 3, with)))) {
		reply_error(c, SYNTAX_ERROR);
		return false;
	}
	if ((r->with && (r->count < -INT64_MAX / 2 || r->count > INT64_MAX / 2)) || r->count < -REPEATS_MAX) {
		reply_error(c, "ERR value is out of range");
		return false;
	}
	if (r->count == 0)
		reply_array(c, 0);
	return true;
}

/* ---- replies ----------------------------------------------------------------- */

void
reply_nil(struct call *c)
{
	c->reply = (struct reply){ .kind = REPLY_NIL };
}

void
reply_nil_array(struct call *c)
{
	c->reply = (struct reply){ .kind = REPLY_NIL_ARRAY };
}

void
reply_int(struct call *c, int64_t v)
{
	c->reply = reply_of_int(v);
}

void
reply_status(struct call *c, const char *word)
{
	c->reply = (struct reply){ .kind = REPLY_STATUS, .text = str(word) };
}

void
reply_ok(struct call *c)
{
	reply_status(c, "OK");
}

void
reply_bulk(struct call *c, struct str s)
{
	c->reply = reply_of_bulk(s);
}

void
reply_double(struct call *c, double v)
{
	c->reply = reply_of_double(c->arena, v);
}

void
reply_text(struct call *c, struct str text)
{
	char *p = arena_alloc(c->arena, text.n + 1);

	/* A line feed would end the reply on the wire: those at the end go, others
	 * become blanks. */
	while (text.n > 0 && (text.p[text.n - 1] == '\r' || text.p[text.n - 1] == '\n'))
		text.n--;
	for (size_t i = 0; i < text.n; i++)
		p[i] = text.p[i] == '\r' || text.p[i] == '\n' ? ' ' : text.p[i];
	c->reply = (struct reply){ .kind = REPLY_ERROR, .text = { p, text.n } };
}

void
reply_error(struct call *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply_text(c, str(text));
}

bool
reply_unless(struct call *c, enum err e)
{
	if (e == ERR_TYPE)
		reply_error(c, "WRONGTYPE Operation against a key holding the wrong kind of value");
	return e == OK;
}

struct reply *
reply_array(struct call *c, size_t n)
{
	c->reply = reply_of_array(c->arena, n);
	return c->reply.items;
}

void
reply_strs(struct call *c, const struct str *v, size_t n)
{
	struct reply *items = reply_array(c, n);

	for (size_t i = 0; i < n; i++)
		if (v[i].p != NULL)
			items[i] = reply_of_bulk(v[i]);
}

struct reply
reply_of_int(int64_t v)
{
	return (struct reply){ .kind = REPLY_INTEGER, .integer = v };
}

struct reply
reply_of_bulk(struct str s)
{
	return (struct reply){ .kind = REPLY_BULK, .text = s };
}

struct reply
reply_of_double(struct arena *a, double v)
{
	return reply_of_bulk(number_score(a, v));
}

struct reply
reply_of_array(struct arena *a, size_t n)
{
	return (struct reply){ .kind = REPLY_ARRAY, .items = arena_array(a, struct reply, n), .n = n };
}

/* ---- one command ---------------------------------------------------------------- */

/* Bytes up to a NUL, as Redis' printf takes them. */
static struct str
as_cstr(struct str s)
{
	return (struct str){ s.p, s.n ? strnlen(s.p, s.n) : 0 };
}

static void
unknown(struct call *c)
{
	struct buf b = { 0 };
	struct str name = as_cstr(c->args[0]);
	size_t start;

	buf_printf(&b,
	    "ERR unknown command '%.*s', with args beginning with: ", (int)(name.n < 128 ? name.n : 128),
	    name.n ? name.p : "");
	start = b.n;
	for (size_t i = 1; i < c->n && b.n - start < 128; i++) {
		struct str s = as_cstr(c->args[i]);
		size_t room = 128 - (b.n - start);

		buf_printf(&b, "'%.*s' ", (int)(s.n < room ? s.n : room), s.n ? s.p : "");
	}
	reply_text(c, arena_dup(c->arena, (struct str){ b.p, b.n }));
	buf_free(&b);
}

void
reply_arity(struct call *c)
{
	reply_error(c, "ERR wrong number of arguments for '%s' command", c->command->name);
}

/* Whether it can be run at all: known, and with enough arguments. */
static bool
acceptable(struct call *c)
{
	c->command = command_find(c->args[0]);
	if (c->command == NULL)
		unknown(c);
	else if (c->command->arity > 0 ? c->n != (size_t)c->command->arity
				       : c->n < (size_t)-c->command->arity)
		reply_arity(c);
	else
		return true;
	return false;
}

struct reply
command_run(struct db *db, struct arena *a, const struct str *args, size_t n)
{
	struct call c = { .db = db, .arena = a, .args = args, .n = n };

	if (acceptable(&c))
		c.command->run(&c);
	return c.reply;
}

/* ---- a connection ------------------------------------------------------------------ */

struct queued {
	struct str *args;
	size_t n;
	const struct command *command;
};

struct client {
	struct db *db;
	struct arena *arena; /* of the queue */
	struct queued *queue;
	size_t n, room, bytes;
	bool multi, refused; /* one could not be queued */
};

enum {
	QUEUE_MAX = 100000,                /* commands between MULTI and EXEC */
	QUEUE_BYTES_MAX = 64 * 1024 * 1024 /* ... and their arguments */
};

struct client *
client_new(struct db *db)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		die("out of memory");
	c->db = db;
	c->arena = arena_new();
	return c;
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	arena_free(c->arena);
	free(c);
}

static void
discard(struct client *c)
{
	arena_reset(c->arena);
	c->queue = NULL;
	c->n = c->room = c->bytes = 0;
	c->multi = c->refused = false;
}

static void
store_failed(struct call *call, enum err e)
{
	if (e == ERR_BUSY)
		reply_error(call, "ERR the store is busy: nothing was changed, try again");
	else
		reply_error(call, "ERR the store failed (disk full or broken?): nothing was changed");
}

/* Commands that are to be one transaction. */
struct batch {
	struct db *db;
	struct arena *arena;
	const struct queued *v;
	size_t n;
	struct reply *replies;
};

static enum err
run_batch(void *arg)
{
	struct batch *b = arg;

	for (size_t i = 0; i < b->n; i++)
		b->replies[i] = command_run(b->db, b->arena, b->v[i].args, b->v[i].n);
	return OK;
}

static enum err
transact(
    struct client *c, struct arena *a, const struct queued *v, size_t n, struct reply *replies, int64_t now)
{
	struct batch b = { c->db, a, v, n, replies };
	enum tx tx = TX_READ;

	for (size_t i = 0; i < n; i++)
		if (v[i].command->flags & COMMAND_WRITE)
			tx = TX_WRITE;
	return db_transact(c->db, tx, now, run_batch, &b);
}

static void
exec(struct client *c, struct call *call, int64_t now)
{
	struct reply *items;
	enum err e;

	if (!c->multi) {
		reply_error(call, "ERR EXEC without MULTI");
		return;
	}
	if (c->refused) {
		reply_error(call, "EXECABORT Transaction discarded because of previous errors.");
	} else {
		/* A reply may be made of arguments, and outlives the queue. */
		for (size_t i = 0; i < c->n; i++)
			for (size_t k = 0; k < c->queue[i].n; k++)
				c->queue[i].args[k] = arena_dup(call->arena, c->queue[i].args[k]);
		items = reply_array(call, c->n);
		if (c->n > 0 && (e = transact(c, call->arena, c->queue, c->n, items, now)) != OK)
			store_failed(call, e);
	}
	discard(c);
}

static void
queue(struct client *c, struct call *call)
{
	struct queued *q;

	for (size_t i = 0; i < call->n; i++)
		c->bytes += call->args[i].n + sizeof(struct str);
	if (c->n == QUEUE_MAX || c->bytes > QUEUE_BYTES_MAX) {
		c->refused = true;
		reply_error(call, "ERR the transaction is too large: EXEC a part of it first");
		return;
	}
	c->queue = arena_grow(c->arena, c->queue, c->n, &c->room);
	q = &c->queue[c->n++];
	*q = (struct queued){ arena_array(c->arena, struct str, call->n), call->n, call->command };
	for (size_t i = 0; i < call->n; i++)
		q->args[i] = arena_dup(c->arena, call->args[i]);
	reply_status(call, "QUEUED");
}

static void
control(struct client *c, struct call *call, int64_t now)
{
	if (strcmp(call->command->name, "exec") == 0) {
		exec(c, call, now);
	} else if (strcmp(call->command->name, "multi") == 0) {
		if (c->multi) {
			reply_error(call, "ERR MULTI calls can not be nested");
			return;
		}
		c->multi = true;
		reply_ok(call);
	} else if (c->multi) {
		discard(c);
		reply_ok(call);
	} else {
		reply_error(call, "ERR DISCARD without MULTI");
	}
}

struct reply
client_call(struct client *c, struct arena *a, const struct str *args, size_t n, int64_t now)
{
	struct call call = { .db = c->db, .arena = a, .args = args, .n = n };
	struct queued one = { (struct str *)args, n, NULL };
	enum err e;

	if (!acceptable(&call)) {
		c->refused |= c->multi;
		return call.reply;
	}
	one.command = call.command;
	if (call.command->flags & COMMAND_CLIENT)
		control(c, &call, now);
	else if (c->multi)
		queue(c, &call);
	else if ((e = transact(c, a, &one, 1, &call.reply, now)) != OK)
		store_failed(&call, e);
	return call.reply;
}

/* MULTI, EXEC, DISCARD are a connection's: command_run() has none. */
static void
no_connection(struct call *c)
{
	reply_error(c, "ERR %s is not allowed here", c->command->name);
}

void
call_multi(struct call *c)
{
	no_connection(c);
}

void
call_exec(struct call *c)
{
	no_connection(c);
}

void
call_discard(struct call *c)
{
	no_connection(c);
}

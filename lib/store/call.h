/*
 * call.h - what a command's function gets, and how it reads its arguments and
 * answers; for lib/store/command*.c only.
 *
 * A function leaves after the first error it put into the reply.  The order in
 * which arguments are looked at is Redis': it decides which error is told.
 */
#ifndef MUSTER_CALL_H
#define MUSTER_CALL_H

#include "command.h"

struct call {
	struct db *db;
	struct arena *arena;
	const struct command *command;
	const struct str *args; /* args[0] is the name */
	size_t n;
	struct reply reply; /* nil, unless one is put */
};

#define SYNTAX_ERROR "ERR syntax error"
#define NOT_AN_INTEGER "ERR value is not an integer or out of range"
#define NOT_A_FLOAT "ERR value is not a valid float"
#define NOT_POSITIVE "ERR value is out of range, must be positive"

/* ---- arguments ---- */

/* The i-th argument is this word, in any case. */
bool arg_is(const struct call *, size_t i, const char *word);

/* A 64-bit integer as Redis reads it (no blanks, no '+', no leading zeros);
 * false: the error (NULL: NOT_AN_INTEGER) is in the reply. */
bool arg_int(struct call *, size_t i, int64_t *, const char *error);

/* The same within [min, max]. */
bool arg_int_in(struct call *, size_t i, int64_t min, int64_t max, int64_t *, const char *error);

/* A float as Redis reads it ("inf", "1e3", "0x10"; not NaN); NULL: NOT_A_FLOAT. */
bool arg_double(struct call *, size_t i, double *, const char *error);

/* KEY [count [WITH...]] of SRANDMEMBER, HRANDFIELD, ZRANDMEMBER; without a
 * count it is 1 and `single`.  A reply of more than a million members that may
 * repeat is refused, for it has no natural bound. */
struct random_args {
	int64_t count;
	bool single, with;
};
bool random_args(struct call *, const char *with, struct random_args *);

/* ---- replies ---- */

void reply_nil(struct call *);
void reply_nil_array(struct call *);
void reply_int(struct call *, int64_t);
void reply_ok(struct call *);
void reply_status(struct call *, const char *word);
void reply_bulk(struct call *, struct str);
void reply_double(struct call *, double); /* as Redis 7.0 writes scores: %.17g */
void reply_error(struct call *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void reply_text(struct call *, struct str text); /* an error, of any bytes */
void reply_arity(struct call *);                 /* wrong number of arguments */

/* ERR_TYPE: WRONGTYPE ...; ERR_NOT_FOUND: nothing is put (each command has its
 * own answer to a missing key).  True: there was none of that, e is OK. */
bool reply_unless(struct call *, enum err e);

/* An array of n items, all nil, to be filled by the caller. */
struct reply *reply_array(struct call *, size_t n);
void reply_strs(struct call *, const struct str *, size_t n);

struct reply reply_of_int(int64_t);
struct reply reply_of_bulk(struct str);
struct reply reply_of_double(struct arena *, double);
struct reply reply_of_array(struct arena *, size_t n); /* items all nil */

/* ---- the commands: call_NAME() each ---- */

#define COMMAND(name, arity, flags, first, last, step) void call_##name(struct call *);
#include "commands.def"
#undef COMMAND

#endif

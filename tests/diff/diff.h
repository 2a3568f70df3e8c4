/*
 * diff.h - the differential test: muster's store beside a real redis-server 7.0.
 *
 * generate.c makes up commands by the rules of grammar.c; sides.c runs them on
 * both sides, oracle.c being redis and peer.c muster; compare.c holds the
 * replies against each other; shrink.c makes a failing sequence short.
 *
 * What is run is a sequence of steps.  The clock moves only by a step, on both
 * sides at once, so a sequence means the same each time it is run.
 */
#ifndef DIFF_H
#define DIFF_H

#include "arena.h"
#include "buf.h"
#include "command.h"

/* ---- rules ---- */

enum family { STRINGS, HASHES, SETS, ZSETS, LISTS, LEX, GEO, KEYS, OTHER, FAMILY__MAX };

extern const char *const family_names[FAMILY__MAX];

/* How two replies are held against each other. */
enum how {
	EXACT,     /* the same bytes */
	UNORDERED, /* an array of the same items in any order */
	PAIRED,    /* the same pairs in any order: HGETALL */
	NEARBY,    /* GEOSEARCH: unordered, unless its options sort */
	KIND,      /* the same kind: TIME */
	TALLIED,   /* DBSIZE: redis counts what has expired until it is touched */
	POPPED,    /* SPOP: members by chance, and then redis is made to follow */
	SAMPLED,   /* SRANDMEMBER ...: as many, and all of them truly there */
	SCANNED,   /* cursors: followed to their end, all that came compared */
};

struct rule {
	const char *name; /* lower case */
	enum family family;
	unsigned weight;
	enum how how;
	const char *grammar; /* generate.c tells how it reads */
};

extern const struct rule rules[];
extern const size_t nrules;

/* The first rule of this name; NULL: none. */
const struct rule *rule_find(struct str name);

/* ---- steps ---- */

struct line {
	const struct rule *rule; /* NULL: of an unknown command */
	struct str *args;
	size_t n;
};

enum step_kind {
	COMMAND,
	TRANSACTION, /* MULTI ... EXEC */
	CLOCK,
	SWEEP,  /* muster takes away some of what was dropped */
	CHECK,  /* muster's lengths and counted runs against the members they count */
	UNDONE, /* muster runs the lines and takes them back: nothing may be left of them */
};

struct step {
	enum step_kind kind;
	bool by_client; /* muster's side: by client_call(), a transaction of its own */
	size_t n;       /* lines: 1 of a COMMAND */
	struct line *lines;
	struct line *done; /* of SPOP, once it was run: the SREM that does the same */
	int64_t now;       /* of CLOCK */
};

/* ---- generate.c ---- */

struct generator;
struct peer;

/* `only`: families by name, separated by commas; NULL: all.  Commands that
 * the peer does not know are left out. */
struct generator *generator_new(uint64_t seed, const char *only, const struct peer *);
void generator_free(struct generator *);

/* Starts anew on empty sides: other weights, the clock at `now`.  Returns how
 * many commands are worth the while. */
unsigned generator_epoch(struct generator *, int64_t now);
struct step generate(struct generator *, struct arena *);
struct step generate_one(struct generator *, struct arena *, const struct rule *);

/* ---- oracle.c: a redis-server of our own ---- */

#define REDIS_SERVER "/usr/bin/redis-server"

struct oracle;

/* Started in `dir`, its clock at `now`; NULL and *why when that fails. */
struct oracle *oracle_start(const char *dir, int64_t now, const char **why);
void oracle_stop(struct oracle *); /* NULL is allowed */
void oracle_clock(struct oracle *, int64_t now);

/* Commands are sent in a bunch by oracle_flush(); their replies are then read
 * one by one, and must be. */
void oracle_send(struct oracle *, const struct str *args, size_t n);
void oracle_flush(struct oracle *);
struct reply oracle_read(struct oracle *, struct arena *);

/* The three in one, while nothing else is under way. */
struct reply oracle_ask(struct oracle *, struct arena *, const struct str *args, size_t n);

/* ---- peer.c: what is tested ---- */

/* In `dir`.  `redis` (else NULL): this one is tested instead of muster, to
 * prove that the test itself finds no fault where there is none. */
struct peer *peer_new(const char *dir, struct oracle *redis);
void peer_free(struct peer *);
void peer_reset(struct peer *, int64_t now); /* an empty store */
void peer_clock(struct peer *, int64_t now);
void peer_sweep(struct peer *);
int64_t peer_check(struct peer *); /* how much is wrong */
void peer_undone(struct peer *, struct arena *, const struct step *);
struct reply peer_ask(struct peer *, struct arena *, const struct str *args, size_t n, bool by_client);

/* Whether a rule's command is in muster's table. */
bool peer_knows(const struct peer *, const struct rule *);

/* For proving that the test can fail: replies of this command are falsified,
 * or the command is not run and a good reply is made up.  NULL: neither. */
void peer_break(struct peer *, const char *falsified, const char *lost);

/* ---- compare.c ---- */

bool replies_agree(
    enum how, const struct line *, const struct reply *redis, const struct reply *muster, struct arena *);

/* Takes out of a reply what hangs on redis' encodings alone. */
void settle_scores(const struct line *, struct reply *, struct arena *);

/* `members` is the whole collection, as its own command tells it. */
bool sample_is_of(
    const struct line *, const struct reply *sample, const struct reply *members, struct arena *);

/* Items of both as sets: SCAN may tell one twice. */
bool scans_agree(const struct reply *redis, const struct reply *muster, bool pairs, struct arena *);

/* Whether a word of the line, from the i-th on, is this one in any case. */
bool line_has(const struct line *, size_t from, const char *word);

/* ---- sides.c ---- */

struct sides {
	struct oracle *redis;
	struct peer *muster;
	struct arena *mem; /* replies of the batch that runs */
	int64_t now;
	uint64_t compared; /* replies */
	uint64_t *answers; /* per rule: not errors; NULL: not counted */
	uint64_t *errors;
	const struct step *at; /* what runs, for a report of a crash */
};

struct difference {
	size_t step, line;
	struct buf redis, muster; /* as redis-cli prints them */
	const char *what;
};

/* Both sides empty, the clock at `now`. */
void sides_reset(struct sides *, int64_t now);

/* False: at the difference that is told.  SPOP leaves `done` in its step. */
bool sides_run(struct sides *, struct arena *, struct step *, size_t n, struct difference *);

/* The steps that look at everything there is: keys, types, expiry, contents. */
struct step *sides_inventory(struct sides *, struct arena *, size_t *n);

/* ---- shrink.c ---- */

/* Makes the sequence, that fails from empty sides at `start`, as short as it
 * can within `seconds`, and tells its difference; false: it does not fail again. */
bool shrink(struct sides *, struct arena *, struct step **, size_t *n, int64_t start, int seconds,
    struct difference *);

/* A script for `muster kv`; and a reply, much as redis-cli prints it, but with
 * the two kinds of nil told apart. */
void script_print(struct buf *, const struct step *, size_t n, int64_t start);
void reply_print(struct buf *, const struct reply *);

#endif

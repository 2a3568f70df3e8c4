/* run.c - counted runs: ranks in large collections. */
#include "run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "random.h"

enum {
	BUILD_AT = 512, /* members: fewer are counted one by one */
	DROP_BELOW = 128,
	RUN_MAX = 128, /* of a run: members, or runs of the level below */
	RUN_HALF = RUN_MAX / 2,
	RUN_SMALL = RUN_MAX / 8, /* may join its neighbour */
	LEVELS_MAX = 12,
	PENDING_MAX = 512 /* changed runs of a level; a power of two */
};

enum {
	NODE_PUT,
	NODE_SET,
	NODE_DELETE,
	NODE_AT,    /* the run that holds a place */
	NODE_NEXT,  /* the one behind a boundary */
	NODE_N,     /* the count at a boundary, where it is one */
	NODE_RANGE, /* from a boundary up to and with a place */
	NODE_FROM,  /* from a boundary on */
	NODES,      /* of a level */
	TOP,        /* the highest level */
	DELETE_ALL,
	COUNT_ZSET, /* [from, to) */
	COUNT_SET,
	COUNT_HASH,
	COUNT_ZSET_FROM,
	COUNT_SET_FROM,
	COUNT_HASH_FROM,
	AT_ZSET, /* the place `offset` members behind a place */
	AT_SET,
	AT_HASH
};
static const char *const sql[] = {
	[NODE_PUT] = "insert into run (key, level, score, member, n) values (?1, ?2, ?3, ?4, ?5)",
	[NODE_SET] = "update run set n = ?5 where key = ?1 and level = ?2 and score = ?3 and member = ?4",
	[NODE_DELETE] = "delete from run where key = ?1 and level = ?2 and score = ?3 and member = ?4",
	[NODE_AT] = "select score, member, n from run where key = ?1 and level = ?2"
		    " and (score, member) <= (?3, ?4) order by score desc, member desc limit 1",
	[NODE_NEXT] = "select score, member, n from run where key = ?1 and level = ?2"
		      " and (score, member) > (?3, ?4) order by score, member limit 1",
	[NODE_N] = "select n from run where key = ?1 and level = ?2 and score = ?3 and member = ?4",
	[NODE_RANGE] =
	    "select score, member, n from run where key = ?1 and level = ?2"
	    " and (score, member) >= (?3, ?4) and (score, member) <= (?5, ?6) order by score, member",
	[NODE_FROM] = "select score, member, n from run where key = ?1 and level = ?2"
		      " and (score, member) >= (?3, ?4) order by score, member",
	[NODES] = "select count(*) from run where key = ?1 and level = ?2",
	[TOP] = "select level from run where key = ?1 order by level desc limit 1",
	[DELETE_ALL] = "delete from run where key = ?1",
	[COUNT_ZSET] = "select count(*) from ranking where key = ?1 and (score, member) >= (?2, ?3)"
		       " and (score, member) < (?4, ?5)",
	[COUNT_SET] = "select count(*) from member where key = ?1 and member >= ?3 and member < ?5",
	[COUNT_HASH] = "select count(*) from hash where key = ?1 and field >= ?3 and field < ?5",
	[COUNT_ZSET_FROM] = "select count(*) from ranking where key = ?1 and (score, member) >= (?2, ?3)",
	[COUNT_SET_FROM] = "select count(*) from member where key = ?1 and member >= ?3",
	[COUNT_HASH_FROM] = "select count(*) from hash where key = ?1 and field >= ?3",
	[AT_ZSET] = "select score, member from ranking where key = ?1 and (score, member) >= (?2, ?3)"
		    " order by score, member limit 1 offset ?4",
	[AT_SET] = "select 0.0, member from member where key = ?1 and member >= ?3"
		   " order by member limit 1 offset ?4",
	[AT_HASH] = "select 0.0, field from hash where key = ?1 and field >= ?3"
		    " order by field limit 1 offset ?4",
};

/* Where every level begins. */
static struct place
beginning(void)
{
	return (struct place){ -INFINITY, { "", 0 } };
}

static bool
same_place(struct place a, struct place b)
{
	return !(a.score < b.score) && !(a.score > b.score) && str_eq(a.member, b.member);
}

static int
compare_places(struct place a, struct place b)
{
	return a.score < b.score ? -1 : a.score > b.score ? 1 : str_cmp(a.member, b.member);
}

static bool
is_beginning(struct place p)
{
	return same_place(p, beginning());
}

/* Which of the three statements that follow each other is this type's. */
static int
of_type(int zset_statement, const struct key *key)
{
	return zset_statement + (key->type == KEY_SET ? 1 : key->type == KEY_HASH ? 2 : 0);
}

/* ---- changes that are not written yet -------------------------------------- */

struct change {
	int64_t id; /* of the key; 0: it is gone */
	int type;   /* of the key */
	struct place run;
	size_t room; /* of run.member.p, which is owned */
	int64_t n;   /* the count that is stored */
	int64_t by;
	bool used;
	bool divided; /* has become several, or one that it holds has */
};

/* Of one level: an open hash table. */
struct changes {
	struct change v[PENDING_MAX];
	size_t n;
};

struct runs {
	struct changes level[2]; /* the first, and the one above while it is written */
	struct arena *scratch;
};

struct runs *
runs_new(void)
{
	struct runs *r = calloc(1, sizeof(*r));

	if (r == NULL)
		die("out of memory");
	r->scratch = arena_new();
	return r;
}

static void
changes_clear(struct changes *c)
{
	for (size_t i = 0; c->n > 0 && i < PENDING_MAX; i++)
		c->v[i].used = false;
	c->n = 0;
}

void
runs_free(struct runs *r)
{
	if (r == NULL)
		return;
	for (size_t l = 0; l < LEN(r->level); l++)
		for (size_t i = 0; i < PENDING_MAX; i++)
			free((char *)r->level[l].v[i].run.member.p);
	arena_free(r->scratch);
	free(r);
}

void
runs_forget(struct db *db)
{
	struct runs *r = db_runs(db);

	changes_clear(&r->level[0]);
	changes_clear(&r->level[1]);
}

void
run_drop(struct db *db, const struct key *key)
{
	struct changes *c = &db_runs(db)->level[0];

	for (size_t i = 0; c->n > 0 && i < PENDING_MAX; i++)
		if (c->v[i].id == key->id)
			c->v[i].id = 0;
}

static size_t
hash_of(int64_t id, struct place p)
{
	uint64_t h = (uint64_t)id * 0x9e3779b97f4a7c15ULL, bits;

	memcpy(&bits, &p.score, sizeof(bits));
	h = (h ^ bits) * 0xff51afd7ed558ccdULL;
	for (size_t i = 0; i < p.member.n; i++)
		h = (h ^ (unsigned char)p.member.p[i]) * 1099511628211ULL;
	return (size_t)(h ^ h >> 29) & (PENDING_MAX - 1);
}

/* Adds to the change of a run whose count is n; there must be room for one more. */
static struct change *
note(struct changes *c, int64_t id, int type, struct place run, int64_t n, int64_t by)
{
	size_t i = hash_of(id, run);
	struct change *e;

	while (c->v[i].used && (c->v[i].id != id || !same_place(c->v[i].run, run)))
		i = (i + 1) & (PENDING_MAX - 1);
	e = &c->v[i];
	if (e->used) {
		e->by += by;
		return e;
	}
	if (e->room < run.member.n + 1) {
		e->room = run.member.n + 33;
		if ((e->run.member.p = realloc((char *)e->run.member.p, e->room)) == NULL)
			die("out of memory");
	}
	memcpy((char *)e->run.member.p, run.member.p, run.member.n);
	e->run.member.n = run.member.n;
	e->run.score = run.score;
	e->id = id;
	e->type = type;
	e->n = n;
	e->by = by;
	e->used = true;
	e->divided = false;
	c->n++;
	return e;
}

static int
compare_changes(const void *a, const void *b)
{
	const struct change *x = *(const struct change *const *)a, *y = *(const struct change *const *)b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return compare_places(x->run, y->run);
}

/* Those of keys that are still there, in order of place: neighbours have the
 * same run above them. */
static size_t
in_order(struct changes *c, struct change *v[static PENDING_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < PENDING_MAX; i++)
		if (c->v[i].used && c->v[i].id != 0)
			v[n++] = &c->v[i];
	qsort(v, n, sizeof(*v), compare_changes);
	return n;
}

/* ---- single runs -------------------------------------------------------------- */

struct node {
	struct place at;
	int64_t n;
};

/* The bytes are borrowed until the statement moves on. */
static struct node
node_view(sqlite3_stmt *st)
{
	return (struct node){ { sqlite3_column_double(st, 0), db_column_view(st, 1) },
		sqlite3_column_int64(st, 2) };
}

/* One run by NODE_AT or NODE_NEXT; its bytes are scratch. */
static bool
node_get(struct db *db, int which, int64_t id, int level, struct place p, struct node *out)
{
	sqlite3_stmt *st = db_stmt(db, SQL_RUN, sql, which, "iidb", id, (int64_t)level, p.score, p.member);

	if (!db_row(db, st))
		return false;
	*out = node_view(st);
	out->at.member = arena_dup(db_runs(db)->scratch, out->at.member);
	db_done(st);
	return true;
}

static bool
node_n(struct db *db, int64_t id, int level, struct place p, int64_t *n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_RUN, sql, NODE_N, "iidb", id, (int64_t)level, p.score, p.member);
	bool found = db_row(db, st);

	if (found) {
		*n = sqlite3_column_int64(st, 0);
		db_done(st);
	}
	return found;
}

/* NODE_PUT, NODE_SET. */
static void
node_write(struct db *db, int which, int64_t id, int level, struct place p, int64_t n)
{
	db_run(db, db_stmt(db, SQL_RUN, sql, which, "iidbi", id, (int64_t)level, p.score, p.member, n));
}

static int
top_of(struct db *db, int64_t id)
{
	return (int)db_int(db, db_stmt(db, SQL_RUN, sql, TOP, "i", id));
}

/* Runs of the level below that one of this level holds. */
static int64_t
children(struct db *db, int64_t id, int level, struct place p)
{
	struct node next;
	bool bounded = node_get(db, NODE_NEXT, id, level, p, &next);
	sqlite3_stmt *st =
	    db_stmt(db, SQL_RUN, sql, NODE_FROM, "iidb", id, (int64_t)level - 1, p.score, p.member);
	int64_t n = 0;

	while (db_row(db, st)) {
		if (bounded && same_place(node_view(st).at, next.at)) {
			db_done(st);
			break;
		}
		n++;
	}
	return n;
}

/* ---- keeping them bounded ------------------------------------------------------ */

static bool
member_at(struct db *db, int64_t id, int type, struct place from, int64_t offset, struct place *out)
{
	const struct key key = { .type = type };
	sqlite3_stmt *st =
	    db_stmt(db, SQL_RUN, sql, of_type(AT_ZSET, &key), "idbi", id, from.score, from.member, offset);

	if (!db_row(db, st))
		return false;
	*out = (struct place){ sqlite3_column_double(st, 0),
		arena_dup(db_runs(db)->scratch, db_column_view(st, 1)) };
	db_done(st);
	return true;
}

/* A run of the first level with too many members becomes several. */
static void
split_members(struct db *db, int64_t id, int type, struct place at, int64_t n)
{
	int64_t size;

	node_write(db, NODE_SET, id, 1, at, RUN_HALF);
	for (n -= RUN_HALF; n > 0; n -= size) {
		if (!member_at(db, id, type, at, RUN_HALF, &at))
			return; /* a fault: the transaction will be undone */
		size = n > RUN_MAX ? RUN_HALF : n;
		node_write(db, NODE_PUT, id, 1, at, size);
	}
}

/* The runs of a level from one on, `most` of them, as scratch. */
static size_t
nodes_from(struct db *db, int64_t id, int level, struct place at, size_t most, struct node **out)
{
	struct arena *a = db_runs(db)->scratch;
	sqlite3_stmt *st =
	    db_stmt(db, SQL_RUN, sql, NODE_FROM, "iidb", id, (int64_t)level, at.score, at.member);
	size_t n = 0, room = 0;

	*out = NULL;
	while (n < most && db_row(db, st)) {
		*out = arena_grow(a, *out, n, &room);
		(*out)[n] = node_view(st);
		(*out)[n].at.member = arena_dup(a, (*out)[n].at.member);
		n++;
	}
	db_done(st);
	return n;
}

/* Runs v[0..n) of a level come under runs of the level above, RUN_HALF each;
 * the first of these is there already (`first` NODE_SET) or not (NODE_PUT). */
static void
gather(struct db *db, int64_t id, int level, const struct node *v, size_t n, int first)
{
	for (size_t i = 0, end; i < n; i = end, first = NODE_PUT) {
		int64_t sum = 0;

		end = n - i > RUN_MAX ? i + RUN_HALF : n;
		for (size_t j = i; j < end; j++)
			sum += v[j].n;
		node_write(db, first, id, level + 1, v[i].at, sum);
	}
}

/* A new level, when the highest has too many runs. */
static void
grow(struct db *db, int64_t id)
{
	int top = top_of(db, id);
	struct node *v;
	size_t n;

	for (; top > 0 && top < LEVELS_MAX; top++) {
		if (db_int(db, db_stmt(db, SQL_RUN, sql, NODES, "ii", id, (int64_t)top)) <= RUN_MAX)
			break;
		n = nodes_from(db, id, top, beginning(), SIZE_MAX, &v);
		gather(db, id, top, v, n, NODE_PUT);
	}
	key_levels_by_id(db, id, top);
}

/* A run that has become small takes its right neighbour in, unless a run of
 * the level above begins there. */
static void
join(struct db *db, int64_t id, int level, struct place at, int64_t n)
{
	struct node next;
	int64_t above;

	if (!node_get(db, NODE_NEXT, id, level, at, &next) || node_n(db, id, level + 1, next.at, &above))
		return;
	if (level == 1 ? n + next.n > RUN_HALF
		       : children(db, id, level, at) + children(db, id, level, next.at) > RUN_HALF)
		return;
	db_run(db, db_stmt(db, SQL_RUN, sql, NODE_DELETE, "iidb", id, (int64_t)level, next.at.score,
		       next.at.member));
	node_write(db, NODE_SET, id, level, at, n + next.n);
}

/* Looks at the members only where the count says so, and at the runs that one
 * holds only where one of those has become several. */
static void
balance(struct db *db, int level, struct change *e)
{
	int64_t n, under;
	struct node *v;

	if (e->n >= RUN_SMALL && !(level == 1 ? e->n > RUN_MAX : e->divided))
		return;
	if (!node_n(db, e->id, level, e->run, &n))
		return; /* its neighbour has taken it in */
	if (n < RUN_SMALL) {
		join(db, e->id, level, e->run, n);
		e->divided = false;
	} else if (level == 1 && n > RUN_MAX) {
		split_members(db, e->id, e->type, e->run, n);
		e->divided = true;
	} else if (level > 1) {
		under = children(db, e->id, level, e->run);
		e->divided = under > RUN_MAX;
		if (!e->divided)
			return;
		nodes_from(db, e->id, level - 1, e->run, (size_t)under, &v);
		gather(db, e->id, level - 1, v, (size_t)under, NODE_SET);
	}
}

/* The run above the one before, if it reaches so far, else read. */
struct above {
	int64_t id;
	bool found, bounded;
	struct node run, next;
};

static bool
find_above(struct db *db, int level, const struct change *e, struct above *above)
{
	bool same = above->id == e->id && above->found &&
		    (!above->bounded || compare_places(e->run, above->next.at) < 0);

	if (same)
		return true;
	above->id = e->id;
	above->found = node_get(db, NODE_AT, e->id, level + 1, e->run, &above->run);
	above->bounded = above->found && node_get(db, NODE_NEXT, e->id, level + 1, e->run, &above->next);
	return above->found;
}

/* Writes the changes of a level and notes those of the level above. */
static void
write_level(struct db *db, int level, struct changes *here, struct changes *above)
{
	struct change *v[PENDING_MAX];
	struct above over = { .id = 0 };
	size_t n = in_order(here, v);

	for (size_t i = 0; i < n; i++) {
		if (v[i]->by == 0)
			continue;
		v[i]->n += v[i]->by;
		node_write(db, NODE_SET, v[i]->id, level, v[i]->run, v[i]->n);
		if (find_above(db, level, v[i], &over))
			note(above, v[i]->id, v[i]->type, over.run.at, over.run.n, v[i]->by);
	}
	for (size_t i = 0; i < n; i++)
		balance(db, level, v[i]);
	over.found = false; /* from the start again */
	for (size_t i = 0; i < n; i++) {
		if (!v[i]->divided)
			continue;
		if (find_above(db, level, v[i], &over))
			note(above, v[i]->id, v[i]->type, over.run.at, over.run.n, 0)->divided = true;
		else if (top_of(db, v[i]->id) == level)
			grow(db, v[i]->id);
	}
	changes_clear(here);
}

void
runs_flush(struct db *db)
{
	struct runs *r = db_runs(db);

	for (int level = 1; r->level[0].n > 0 || r->level[1].n > 0; level++)
		write_level(db, level, &r->level[(level - 1) % 2], &r->level[level % 2]);
	arena_reset(r->scratch);
}

/* ---- what run.h promises --------------------------------------------------------- */

static void
build(struct db *db, struct key *key)
{
	node_write(db, NODE_PUT, key->id, 1, beginning(), key->length);
	split_members(db, key->id, key->type, beginning(), key->length);
	grow(db, key->id);
	key->levels = top_of(db, key->id);
	arena_reset(db_runs(db)->scratch);
}

/* Whether there are counts to be changed; builds or drops them. */
static bool
counted(struct db *db, struct key *key)
{
	if (key->length == 0)
		return false; /* key_resize() has seen to it */
	if (key->levels == 0) {
		if (key->length >= BUILD_AT)
			build(db, key);
		return false;
	}
	if (key->length < DROP_BELOW) {
		run_drop(db, key);
		db_run(db, db_stmt(db, SQL_RUN, sql, DELETE_ALL, "i", key->id));
		key_set_levels(db, key, 0);
		return false;
	}
	return true;
}

static void
count_one(struct db *db, const struct key *key, struct place p, int by)
{
	struct node at;

	if (node_get(db, NODE_AT, key->id, 1, p, &at))
		note(&db_runs(db)->level[0], key->id, key->type, at.at, at.n, by);
}

/* Only when all changes are noted: runs are divided by the members that are
 * there, so a member that is not noted yet would be counted twice. */
static void
changed(struct db *db)
{
	struct runs *r = db_runs(db);

	if (r->level[0].n >= PENDING_MAX * 3 / 4)
		runs_flush(db);
	arena_reset(r->scratch);
}

void
run_change(struct db *db, struct key *key, double score, struct str member, int by)
{
	if (!counted(db, key))
		return;
	count_one(db, key, (struct place){ score, member }, by);
	changed(db);
}

void
run_move(struct db *db, struct key *key, struct str member, double from, double to)
{
	if (!counted(db, key))
		return;
	count_one(db, key, (struct place){ from, member }, -1);
	count_one(db, key, (struct place){ to, member }, 1);
	changed(db);
}

int64_t
run_rank(struct db *db, const struct key *key, struct place p)
{
	struct runs *r = db_runs(db);
	struct place from = beginning();
	sqlite3_stmt *st;
	int64_t rank = 0;

	if (r->level[0].n > 0)
		runs_flush(db);
	for (int level = key->levels; level > 0; level--) {
		struct node last = { from, 0 };

		st = db_stmt(db, SQL_RUN, sql, NODE_RANGE, "iidbdb", key->id, (int64_t)level, from.score,
		    from.member, p.score, p.member);
		while (db_row(db, st)) {
			rank += last.n;
			last = node_view(st);
			last.at.member = arena_dup(r->scratch, last.at.member);
		}
		from = last.at;
	}
	rank += db_int(db, db_stmt(db, SQL_RUN, sql, of_type(COUNT_ZSET, key), "idbdb", key->id, from.score,
			       from.member, p.score, p.member));
	arena_reset(r->scratch);
	return rank;
}

struct place
run_seek(struct db *db, struct arena *a, const struct key *key, int64_t rank, int64_t *skip)
{
	struct runs *r = db_runs(db);
	struct place from = beginning();

	if (r->level[0].n > 0)
		runs_flush(db);
	for (int level = key->levels; level > 0; level--) {
		sqlite3_stmt *st = db_stmt(
		    db, SQL_RUN, sql, NODE_FROM, "iidb", key->id, (int64_t)level, from.score, from.member);
		struct node at = { from, 0 };

		while (db_row(db, st)) {
			at = node_view(st);
			if (rank < at.n)
				break;
			rank -= at.n;
		}
		from = (struct place){ at.at.score, arena_dup(a, at.at.member) };
		db_done(st);
	}
	*skip = rank;
	return from;
}

static uint64_t
random_rank(int64_t length)
{
	uint64_t r;

	random_bytes(&r, sizeof(r)); /* the bias of % is below 2^-32 for what fits a disk */
	return r % (uint64_t)length;
}

/* Different ones: Floyd's algorithm; what was drawn is kept in a table. */
static void
sample_different(struct arena *a, int64_t length, size_t n, int64_t *ranks)
{
	size_t mask = 1;
	int64_t *seen;

	while (mask < 2 * n)
		mask *= 2;
	seen = arena_array(a, int64_t, mask);
	mask--;
	for (size_t i = 0; i < n; i++) {
		int64_t top = length - (int64_t)n + (int64_t)i, r = (int64_t)random_rank(top + 1);
		size_t at;

		for (int again = 0; again < 2; again++, r = top) {
			at = (size_t)((uint64_t)r * 0x9e3779b97f4a7c15ULL >> 20) & mask;
			while (seen[at] != 0 && seen[at] != r + 1)
				at = (at + 1) & mask;
			if (seen[at] == 0)
				break;
		}
		ranks[i] = r;
		seen[at] = r + 1;
	}
}

size_t
run_sample(struct arena *a, int64_t length, int64_t count, int64_t **ranks)
{
	size_t n = count < 0 ? (size_t)-count : (size_t)(count < length ? count : length);

	*ranks = arena_array(a, int64_t, n);
	if (count > 0)
		sample_different(a, length, n, *ranks);
	for (size_t i = 0; count < 0 && i < n; i++)
		(*ranks)[i] = (int64_t)random_rank(length);
	return n;
}

bool
run_sample_reads_all(int64_t length, size_t n)
{
	return (int64_t)n > length / 16;
}

/* ---- proof -------------------------------------------------------------------------- */

/* Members from a place to the next, or to the end. */
static int64_t
members_between(struct db *db, const struct key *key, struct place from, const struct node *next)
{
	if (next == NULL)
		return db_int(db, db_stmt(db, SQL_RUN, sql, of_type(COUNT_ZSET_FROM, key), "idb", key->id,
				      from.score, from.member));
	return db_int(db, db_stmt(db, SQL_RUN, sql, of_type(COUNT_ZSET, key), "idbdb", key->id, from.score,
			      from.member, next->at.score, next->at.member));
}

int64_t
run_check(struct db *db, const struct key *key)
{
	int64_t wrong = 0, all;
	struct node *v;
	size_t n;

	runs_flush(db);
	if (key->levels != top_of(db, key->id))
		wrong++;
	for (int level = 1; level <= key->levels; level++) {
		n = nodes_from(db, key->id, level, beginning(), SIZE_MAX, &v);
		if (n == 0 || !is_beginning(v[0].at))
			wrong++;
		all = 0;
		for (size_t i = 0; i < n; i++) {
			int64_t under;

			all += v[i].n;
			if (v[i].n != members_between(db, key, v[i].at, i + 1 < n ? &v[i + 1] : NULL))
				wrong++;
			if (level > 1 && !node_n(db, key->id, level - 1, v[i].at, &under))
				wrong++;
		}
		wrong += all != key->length;
	}
	arena_reset(db_runs(db)->scratch);
	return wrong;
}

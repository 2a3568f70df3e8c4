/* key.c - keys of every type, and what a connection remembers of them. */
#include "key.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "random.h"
#include "run.h"

enum {
	DROP_AT_ONCE = 32,    /* members deleted with their key rather than swept */
	SWEEP_AT_ONCE = 32,   /* rows between two looks at the clock */
	SWEEP_US = 800,       /* of writer lock; the commit comes on top */
	SLOTS = 256,          /* keys remembered: a power of two */
	NAME_REMEMBERED = 200 /* bytes: longer ones are looked up each time */
};

/* The tables of members, in the order of enum key_type. */
#define EACH_TABLE(X) \
	X(HASH, "hash", "field", ", value") \
	X(SET, "member", "member", "") \
	X(ZSET, "ranking", "member", ", score") \
	X(LIST, "item", "position", ", value")

enum {
	FIND,
	MAKE,
	RESIZE,
	LENGTH,
	LEVELS,
	DELETE,
	EXPIRE,
	RENAME,
	VERSION,
	COUNTER,
	COUNT,
	TRASH,
	DUE,
	DUE_COUNT,
	NEXT_EXPIRY,
	TRASH_NEXT,
	TRASH_END,
	SCAN_FIRST,
	SCAN,
	SCAN_IDS,
	FIRST_ID,
	LAST_ID,
	BY_ID,
	BY_EXACT_ID,
	COPY_KEY,
	COPY_STRING,
	COPY_RUNS,
	DROP_STRING,
	RUN_AT,
	SWEEP_RUNS,
	DROP_RUNS,
#define X(type, table, column, rest) SWEEP_##type,
	EACH_TABLE(X)
#undef X
#define X(type, table, column, rest) DROP_##type,
	    EACH_TABLE(X)
#undef X
#define X(type, table, column, rest) COPY_##type,
		EACH_TABLE(X)
#undef X
		    CLEAR_KEYS,
	CLEAR_STRINGS,
	CLEAR_RUNS,
#define X(type, table, column, rest) CLEAR_##type,
	EACH_TABLE(X)
#undef X
	    CLEAR_TRASH,
	SWEEP_FIRST = SWEEP_HASH,
	SWEEP_LAST = DROP_HASH - 1
};
static const char *const sql[] = {
	[FIND] = "select id, type, expires, length, levels from key where name = ?1",
	[MAKE] = "insert into key (name, id, type) values (?1, ?2, ?3)",
	[RESIZE] = "update key set length = ?2, levels = ?3 where name = ?1",
	[LENGTH] = "update key set length = ?2 where name = ?1",
	[LEVELS] = "update key set levels = ?2 where name = ?1",
	[DELETE] = "delete from key where name = ?1",
	[EXPIRE] = "update key set expires = ?2 where name = ?1",
	[RENAME] = "update key set name = ?2 where name = ?1",
	[VERSION] = "pragma data_version",
	[COUNTER] = "select keys, lastid from counter",
	[COUNT] = "update counter set keys = ?1, lastid = ?2",
	[TRASH] = "insert into trash (key) values (?1)",
	[DUE] = "select name from key where expires <= ?1 order by expires limit 1",
	[NEXT_EXPIRY] = "select expires from key where expires is not null order by expires limit 1",
	[DUE_COUNT] = "select count(*) from key where expires <= ?1",
	[TRASH_NEXT] = "select key from trash limit 1",
	[TRASH_END] = "delete from trash where key = ?1",
	[SCAN_FIRST] = "select name from key where (expires is null or expires > ?1) order by name limit ?2",
	[SCAN] = "select name from key where name > ?3 and (expires is null or expires > ?1)"
		 " order by name limit ?2",
	[SCAN_IDS] = "select id, name, type, expires from key where id > ?1 order by id limit ?2",
	[FIRST_ID] = "select id from key order by id limit 1",
	[LAST_ID] = "select id from key order by id desc limit 1",
	[BY_ID] = "select name, id from key where id >= ?1 and (expires is null or expires > ?2)"
		  " order by id limit 1",
	[BY_EXACT_ID] = "select name from key where id = ?1",
	[COPY_KEY] = "insert into key (name, id, type, expires, length, levels, value)"
		     " select ?2, ?3, type, expires, length, levels, value from key where name = ?1",
	[COPY_STRING] = "insert into string (key, value) select ?2, value from string where key = ?1",
	[COPY_RUNS] = "insert into run (key, level, score, member, n)"
		      " select ?2, level, score, member, n from run where key = ?1",
	[DROP_STRING] = "delete from string where key = ?1",
	[RUN_AT] = "select level, score, member from run where key = ?1 order by level, score, member"
		   " limit 1 offset ?2",
	[SWEEP_RUNS] = "delete from run where key = ?1 and level = ?2 and (score, member) <= (?3, ?4)",
	[DROP_RUNS] = "delete from run where key = ?1",
#define X(type, table, column, rest) \
	[DROP_##type] = "delete from " table " where key = ?1", \
	[SWEEP_##type] = "delete from " table " where key = ?1 and " column " <= coalesce((select " column \
			 " from " table " where key = ?1 order by " column \
			 " limit 1 offset ?2), (select max(" column ") from " table " where key = ?1))", \
	[COPY_##type] = "insert into " table " (key, " column rest ") select ?2, " column rest \
			" from " table " where key = ?1", \
	[CLEAR_##type] = "delete from " table,
	EACH_TABLE(X)
#undef X
	    [CLEAR_KEYS] = "delete from key",
	[CLEAR_STRINGS] = "delete from string",
	[CLEAR_RUNS] = "delete from run",
	[CLEAR_TRASH] = "delete from trash",
};

/* ---- what a connection remembers ------------------------------------------- */

struct slot {
	struct key key; /* .name: NULL in an empty slot; owned */
	size_t room;    /* of the name */
	bool dirty;     /* length or levels are not written yet */
};

struct keys {
	struct slot slots[SLOTS];
	struct slot *dirty[SLOTS];
	size_t ndirty;
	int64_t version; /* the data_version for which it all holds */
	bool checked;    /* ... was looked at in this transaction */
	bool counted, counter_dirty;
	int64_t count, lastid;
};

struct keys *
keys_new(void)
{
	struct keys *k = calloc(1, sizeof(*k));

	if (k == NULL)
		die("out of memory");
	k->version = -1;
	return k;
}

void
keys_free(struct keys *k)
{
	for (size_t i = 0; k != NULL && i < SLOTS; i++)
		free((char *)k->slots[i].key.name.p);
	free(k);
}

void
keys_begin(struct db *db)
{
	db_keys(db)->checked = false;
}

void
keys_forget(struct db *db)
{
	struct keys *k = db_keys(db);

	for (size_t i = 0; i < SLOTS; i++) {
		k->slots[i].key.type = 0;
		k->slots[i].dirty = false;
	}
	k->ndirty = 0;
	k->counted = k->counter_dirty = false;
}

/* The memory, true of this transaction's snapshot.  The pragma's number
 * changes when another connection has committed; reading it also opens the
 * snapshot, so nothing can come in between. */
static struct keys *
memory(struct db *db)
{
	struct keys *k = db_keys(db);
	sqlite3_stmt *st;
	int64_t version = -1;

	if (k->checked)
		return k;
	st = db_stmt(db, SQL_KEY, sql, VERSION, "");
	if (db_row(db, st)) {
		version = sqlite3_column_int64(st, 0);
		db_done(st);
	}
	if (version != k->version || version < 0)
		keys_forget(db);
	k->version = version;
	k->checked = true;
	return k;
}

/* FNV-1a over eight bytes at a time would need care at the end; names are
 * short. */
static size_t
slot_of(struct str name)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 1099511628211ULL;
	return (size_t)(h ^ h >> 32) & (SLOTS - 1);
}

static struct slot *
recall(struct db *db, struct str name)
{
	struct slot *s = &memory(db)->slots[slot_of(name)];

	return s->key.type != 0 && str_eq(s->key.name, name) ? s : NULL;
}

static void
write_slot(struct db *db, struct slot *s)
{
	if (s->dirty && s->key.type != 0)
		db_run(db, db_stmt(db, SQL_KEY, sql, RESIZE, "bii", s->key.name, s->key.length,
			       (int64_t)s->key.levels));
	s->dirty = false;
}

void
keys_flush(struct db *db)
{
	struct keys *k = db_keys(db);

	for (size_t i = 0; i < k->ndirty; i++)
		write_slot(db, k->dirty[i]);
	k->ndirty = 0;
	if (k->counter_dirty)
		db_run(db, db_stmt(db, SQL_KEY, sql, COUNT, "ii", k->count, k->lastid));
	k->counter_dirty = false;
}

static void
remember(struct db *db, const struct key *key)
{
	struct slot *s = &memory(db)->slots[slot_of(key->name)];
	struct str name = s->key.name;

	if (key->type == KEY_STRING || key->name.n > NAME_REMEMBERED)
		return;
	write_slot(db, s);
	if (s->room < key->name.n + 1) {
		s->room = key->name.n + 1 + 32;
		if ((name.p = realloc((char *)name.p, s->room)) == NULL)
			die("out of memory");
	}
	name.n = key->name.n;
	memcpy((char *)name.p, key->name.p ? key->name.p : "", name.n);
	s->key = *key;
	s->key.name = name;
}

static void
forget(struct db *db, struct str name)
{
	struct slot *s = recall(db, name);

	if (s != NULL)
		s->key.type = 0;
}

/* ---- rows ------------------------------------------------------------------- */

static bool
find(struct db *db, struct str name, struct key *key)
{
	struct slot *s = recall(db, name);
	sqlite3_stmt *st;

	if (s != NULL) {
		*key = s->key;
		key->name = name;
		return true;
	}
	st = db_stmt(db, SQL_KEY, sql, FIND, "b", name);
	if (!db_row(db, st))
		return false;
	*key = (struct key){ .id = sqlite3_column_int64(st, 0),
		.type = sqlite3_column_int(st, 1),
		.expires = sqlite3_column_int64(st, 2),
		.length = sqlite3_column_int64(st, 3),
		.levels = sqlite3_column_int(st, 4),
		.name = name };
	db_done(st);
	remember(db, key);
	return true;
}

static bool
live(struct db *db, const struct key *key)
{
	return key->expires == 0 || key->expires > db_now(db);
}

static struct keys *
counter(struct db *db)
{
	struct keys *k = memory(db);
	sqlite3_stmt *st;

	if (k->counted)
		return k;
	st = db_stmt(db, SQL_KEY, sql, COUNTER, "");
	if (db_row(db, st)) {
		k->count = sqlite3_column_int64(st, 0);
		k->lastid = sqlite3_column_int64(st, 1);
		db_done(st);
	}
	k->counted = true;
	return k;
}

static void
count(struct db *db, int by)
{
	struct keys *k = counter(db);

	k->count += by;
	k->counter_dirty = true;
}

int64_t
key_number(struct db *db)
{
	count(db, 1);
	return ++counter(db)->lastid;
}

/* Only the row: members are where they are. */
static void
delete_row(struct db *db, const struct key *key)
{
	forget(db, key->name);
	db_run(db, db_stmt(db, SQL_KEY, sql, DELETE, "b", key->name));
	count(db, -1);
}

void
key_drop(struct db *db, const struct key *key)
{
	static const int drops[] = { [KEY_STRING] = DROP_STRING,
		[KEY_HASH] = DROP_HASH,
		[KEY_SET] = DROP_SET,
		[KEY_ZSET] = DROP_ZSET,
		[KEY_LIST] = DROP_LIST };

	if (key->length > DROP_AT_ONCE || key->levels > 0)
		db_run(db, db_stmt(db, SQL_KEY, sql, TRASH, "i", key->id));
	else
		db_run(db, db_stmt(db, SQL_KEY, sql, drops[key->type], "i", key->id));
	run_drop(db, key);
	delete_row(db, key);
}

bool
key_look(struct db *db, struct str name, struct key *key)
{
	return find(db, name, key) && live(db, key);
}

enum err
key_find(struct db *db, struct str name, enum key_type type, struct key *key)
{
	if (!key_look(db, name, key))
		return ERR_NOT_FOUND;
	return key->type == (int)type ? OK : ERR_TYPE;
}

enum err
key_make(struct db *db, struct str name, enum key_type type, struct key *key)
{
	if (find(db, name, key)) {
		if (live(db, key))
			return key->type == (int)type ? OK : ERR_TYPE;
		key_drop(db, key);
	}
	*key = (struct key){ .id = key_number(db), .type = (int)type, .name = name };
	db_run(db, db_stmt(db, SQL_KEY, sql, MAKE, "bii", name, key->id, (int64_t)type));
	remember(db, key);
	return OK;
}

/* The row is behind what the slot says: to be written before the commit. */
static void
changed(struct db *db, struct slot *s)
{
	struct keys *k = memory(db);

	if (s->dirty)
		return;
	if (k->ndirty == SLOTS) /* the same slot again and again, for other keys */
		keys_flush(db);
	s->dirty = true;
	k->dirty[k->ndirty++] = s;
}

/* Of `key` only the length: its levels may have grown behind the caller's back,
 * when counts were written. */
void
key_resize(struct db *db, struct key *key, int64_t by)
{
	struct slot *s;

	if (by == 0)
		return;
	key->length += by;
	if (key->length > 0) {
		if ((s = recall(db, key->name)) == NULL) {
			db_run(db, db_stmt(db, SQL_KEY, sql, LENGTH, "bi", key->name, key->length));
			return;
		}
		s->key.length = key->length;
		changed(db, s);
		return;
	}
	if (key->levels > 0) /* emptied runs */
		db_run(db, db_stmt(db, SQL_KEY, sql, TRASH, "i", key->id));
	run_drop(db, key);
	delete_row(db, key);
}

void
key_set_levels(struct db *db, struct key *key, int levels)
{
	struct slot *s = recall(db, key->name);

	key->levels = levels;
	if (s == NULL) {
		db_run(db, db_stmt(db, SQL_KEY, sql, LEVELS, "bi", key->name, (int64_t)levels));
		return;
	}
	s->key.levels = levels;
	changed(db, s);
}

/* A name that outlives its statement. */
struct name {
	struct str s;
	char few[NAME_REMEMBERED];
	char *many; /* where these are not enough */
};

static bool
read_name(struct db *db, sqlite3_stmt *st, struct name *name)
{
	struct str s;

	*name = (struct name){ .s = S("") };
	if (!db_row(db, st))
		return false;
	s = db_column_view(st, 0);
	if (s.n > sizeof(name->few) && (name->many = malloc(s.n)) == NULL)
		die("out of memory");
	name->s = (struct str){ name->many ? name->many : name->few, s.n };
	memcpy((char *)name->s.p, s.p, s.n);
	db_done(st);
	return true;
}

void
key_levels_by_id(struct db *db, int64_t id, int levels)
{
	struct name name;
	struct key key;

	if (!read_name(db, db_stmt(db, SQL_KEY, sql, BY_EXACT_ID, "i", id), &name))
		return;
	if (find(db, name.s, &key) && key.levels != levels)
		key_set_levels(db, &key, levels);
	free(name.many);
}

/* ---- what key.h promises ------------------------------------------------------ */

bool
key_del(struct db *db, struct str name)
{
	struct key key;
	bool was;

	if (!find(db, name, &key))
		return false;
	was = live(db, &key);
	key_drop(db, &key);
	return was;
}

bool
key_exists(struct db *db, struct str name)
{
	struct key key;

	return key_look(db, name, &key);
}

static const char *const type_names[] = { [KEY_STRING] = "string",
	[KEY_HASH] = "hash",
	[KEY_SET] = "set",
	[KEY_ZSET] = "zset",
	[KEY_LIST] = "list" };

const char *
key_type(struct db *db, struct str name)
{
	struct key key;

	return key_look(db, name, &key) ? type_names[key.type] : "none";
}

static void
set_expiry(struct db *db, const struct key *key, int64_t at)
{
	struct slot *s = recall(db, key->name);

	if (s != NULL)
		s->key.expires = at;
	if (at == 0)
		db_run(db, db_stmt(db, SQL_KEY, sql, EXPIRE, "bn", key->name));
	else
		db_run(db, db_stmt(db, SQL_KEY, sql, EXPIRE, "bi", key->name, at));
}

enum err
key_expire_at(struct db *db, struct str name, int64_t at)
{
	struct key key;

	if (!key_look(db, name, &key))
		return ERR_NOT_FOUND;
	if (at != 0 && at <= db_now(db))
		key_drop(db, &key);
	else
		set_expiry(db, &key, at);
	return OK;
}

int64_t
key_expires(struct db *db, struct str name)
{
	struct key key;

	return key_look(db, name, &key) ? key.expires : 0;
}

enum err
key_rename(struct db *db, struct str name, struct str to)
{
	struct key key;

	if (!key_look(db, name, &key))
		return ERR_NOT_FOUND;
	if (str_eq(name, to))
		return OK;
	key_del(db, to);
	runs_flush(db);
	keys_flush(db);
	forget(db, name);
	db_run(db, db_stmt(db, SQL_KEY, sql, RENAME, "bb", name, to));
	return OK;
}

int64_t
key_count(struct db *db)
{
	int64_t due = db_int(db, db_stmt(db, SQL_KEY, sql, DUE_COUNT, "i", db_now(db)));

	return counter(db)->count - due;
}

/* A random id from the first to the last, and the key that has it.  Where most
 * ids are gone (their keys were deleted) the next one is taken, which favours
 * keys behind gaps. */
bool
key_random(struct db *db, struct arena *a, struct str *name)
{
	enum { TRIES = 100 };
	int64_t first = db_int(db, db_stmt(db, SQL_KEY, sql, FIRST_ID, ""));
	int64_t span = db_int(db, db_stmt(db, SQL_KEY, sql, LAST_ID, "")) - first + 1, at;
	bool found = false;

	for (int try = 0; try <= TRIES && span > 0 && !found; try++) {
		sqlite3_stmt *st;
		uint64_t r;

		random_bytes(&r, sizeof(r));
		at = try == TRIES ? first : first + (int64_t)(r % (uint64_t)span);
		st = db_stmt(db, SQL_KEY, sql, BY_ID, "ii", at, db_now(db));
		if (!db_row(db, st))
			continue;
		found = try > TRIES / 2 || sqlite3_column_int64(st, 1) == at;
		if (found)
			*name = db_column(a, st, 0);
		db_done(st);
	}
	return found;
}

size_t
key_scan(struct db *db, struct arena *a, struct str after, size_t limit, struct str **names)
{
	sqlite3_stmt *st = after.p == NULL
			       ? db_stmt(db, SQL_KEY, sql, SCAN_FIRST, "ii", db_now(db), (int64_t)limit)
			       : db_stmt(db, SQL_KEY, sql, SCAN, "iib", db_now(db), (int64_t)limit, after);
	size_t n = 0, room = limit < 64 ? limit : 64;

	*names = arena_array(a, struct str, room);
	while (db_row(db, st)) {
		*names = arena_grow(a, *names, n, &room);
		(*names)[n++] = db_column(a, st, 0);
	}
	return n;
}

size_t
key_scan_ids(struct db *db, struct arena *a, int64_t *cursor, size_t limit, struct key_entry **keys)
{
	sqlite3_stmt *st = db_stmt(db, SQL_KEY, sql, SCAN_IDS, "ii", *cursor, (int64_t)limit);
	size_t n = 0, rows = 0, room = limit < 64 ? limit : 64;

	*keys = arena_array(a, struct key_entry, room);
	for (; db_row(db, st); rows++) {
		struct key key = { .expires = sqlite3_column_int64(st, 3) };

		*cursor = sqlite3_column_int64(st, 0);
		if (!live(db, &key))
			continue;
		*keys = arena_grow(a, *keys, n, &room);
		(*keys)[n++] =
		    (struct key_entry){ db_column(a, st, 1), type_names[sqlite3_column_int(st, 2)] };
	}
	if (rows < limit)
		*cursor = 0;
	return n;
}

/* ---- copies -------------------------------------------------------------------- */

enum err
key_copy(struct db *db, struct str name, struct str to, bool replace)
{
	static const int copies[] = { [KEY_STRING] = COPY_STRING,
		[KEY_HASH] = COPY_HASH,
		[KEY_SET] = COPY_SET,
		[KEY_ZSET] = COPY_ZSET,
		[KEY_LIST] = COPY_LIST };
	struct key key, old;
	int64_t id;

	if (!key_look(db, name, &key))
		return ERR_NOT_FOUND;
	if (key_look(db, to, &old) && !replace)
		return ERR_CONFLICT;
	if (str_eq(name, to))
		return OK;
	key_del(db, to);
	runs_flush(db);
	keys_flush(db);
	id = key_number(db);
	db_run(db, db_stmt(db, SQL_KEY, sql, COPY_KEY, "bbi", name, to, id));
	db_run(db, db_stmt(db, SQL_KEY, sql, copies[key.type], "ii", key.id, id));
	if (key.levels > 0)
		db_run(db, db_stmt(db, SQL_KEY, sql, COPY_RUNS, "ii", key.id, id));
	return OK;
}

void
key_clear(struct db *db)
{
	struct keys *k = counter(db);
	int64_t lastid = k->lastid;

	runs_forget(db);
	keys_forget(db);
	for (int which = CLEAR_KEYS; which <= CLEAR_TRASH; which++)
		db_run(db, db_stmt(db, SQL_KEY, sql, which, ""));
	k->count = 0;
	k->lastid = lastid; /* an id is never used again */
	k->counted = k->counter_dirty = true;
}

/* ---- sweeping ------------------------------------------------------------------- */

/* Takes the first `n` rows of a dropped collection out of one table; false:
 * there was none. */
static bool
sweep_table(struct db *db, int which, int64_t id, int64_t n)
{
	db_run(db, db_stmt(db, SQL_KEY, sql, which, "ii", id, n - 1));
	return db_changes(db) > 0;
}

static bool
sweep_runs(struct db *db, int64_t id, int64_t n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_KEY, sql, RUN_AT, "ii", id, n - 1), *by;

	if (!db_row(db, st)) {
		db_run(db, db_stmt(db, SQL_KEY, sql, DROP_RUNS, "i", id));
		return db_changes(db) > 0;
	}
	by = db_stmt(db, SQL_KEY, sql, SWEEP_RUNS, "iidb", id, sqlite3_column_int64(st, 0),
	    sqlite3_column_double(st, 1), db_column_view(st, 2));
	db_run(db, by);
	db_done(st);
	return true;
}

/* A step of work; false: nothing is left. */
static bool
sweep_trash(struct db *db, int64_t n)
{
	sqlite3_stmt *st = db_stmt(db, SQL_KEY, sql, TRASH_NEXT, "");
	bool more;
	int64_t id;

	if (!db_row(db, st))
		return false;
	id = sqlite3_column_int64(st, 0);
	db_done(st);
	more = sweep_runs(db, id, n);
	/* One table holds the members and one the runs; the others have nothing. */
	for (int which = SWEEP_FIRST; which <= SWEEP_LAST && !more; which++)
		more = sweep_table(db, which, id, n);
	if (!more)
		db_run(db, db_stmt(db, SQL_KEY, sql, TRASH_END, "i", id));
	return true;
}

static bool
sweep_expired(struct db *db)
{
	struct name name;
	struct key key;

	if (!read_name(db, db_stmt(db, SQL_KEY, sql, DUE, "i", db_now(db)), &name))
		return false;
	if (find(db, name.s, &key))
		key_drop(db, &key);
	free(name.many);
	return true;
}

int64_t
key_next_expiry(struct db *db)
{
	return db_int(db, db_stmt(db, SQL_KEY, sql, NEXT_EXPIRY, ""));
}

bool
key_sweep(struct db *db, int64_t batch)
{
	int64_t until = monotonic_us() + SWEEP_US;

	for (int64_t n; batch > 0; batch -= n) {
		n = 1;
		if (!sweep_expired(db)) {
			n = batch < SWEEP_AT_ONCE ? batch : SWEEP_AT_ONCE;
			if (!sweep_trash(db, n))
				return false;
		}
		if (monotonic_us() > until)
			break;
	}
	return true;
}

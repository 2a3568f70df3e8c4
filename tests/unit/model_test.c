/*
 * model_test.c - the store against a model in memory.
 *
 * Random commands on few keys and few members, with clocks that move on, keys
 * that expire, sweeps, and parts that are undone; after each step the touched
 * key must be what the model says, and now and then all of them.
 */
#include "collections.h"

#include <sqlite3.h>

enum { KEYS = 10, MEMBERS = 16, TEXT = 24, STEPS = 6000 };
enum type { NONE, STRING, HASH, SET, ZSET };

/* Members and names are bytes that sort in the order of their index. */
static const struct str members[MEMBERS] = { B("\0"), B("\0\0"), B("01"), B("1"), B("1.0"), B("A"), B("a"),
	B("a\0"), B("a\0b"), B("ab"), B("b"), B("b\x7f"), B("\xc8\x99"), B("\xff"), B("\xff\0"),
	B("\xff\xff") };
static const struct str names[KEYS] = { B("\0x"), B("0"), B("00"), B("K"), B("k"), B("k\0"), B("k\0k"),
	B("kk"), B("\xc8"), B("\xff") };

struct model_key {
	enum type type;
	int64_t expires;
	char text[TEXT]; /* of a string */
	struct {
		bool here;
		char value[TEXT]; /* of a hash */
		double score;     /* of a ranking */
	} m[MEMBERS];
};

struct model {
	struct model_key key[KEYS];
	int64_t sequence;
};

static struct model model;
static int64_t now;

static bool
lives(const struct model_key *k)
{
	return k->type != NONE && (k->expires == 0 || k->expires > now);
}

static int
count(const struct model_key *k)
{
	int n = 0;

	for (int i = 0; i < MEMBERS; i++)
		n += k->m[i].here;
	return n;
}

/* The model's key for writing as `type`; NULL: it holds another type. */
static struct model_key *
for_writing(int which, enum type type)
{
	struct model_key *k = &model.key[which];

	if (!lives(k))
		*k = (struct model_key){ NONE };
	if (k->type != NONE && k->type != type)
		return NULL;
	k->type = type;
	return k;
}

static void
vanish_if_empty(struct model_key *k)
{
	if (k->type != STRING && count(k) == 0)
		*k = (struct model_key){ NONE };
}

/* ---- one command, on both sides --------------------------------------------------- */

static void
do_string_set(int k)
{
	int64_t expires = rnd_below(3) ? 0 : now + rnd_below(200) - 20;

	model.key[k] = (struct model_key){ .type = STRING, .expires = expires };
	snprintf(model.key[k].text, TEXT, "%d", rnd_below(2000) - 1000);
	if (rnd_below(4) == 0)
		strcat(model.key[k].text, "x");
	string_set(db, names[k], str(model.key[k].text), expires);
}

static void
do_string_set_int(int k)
{
	int64_t v = (int64_t)rnd();

	model.key[k] = (struct model_key){ .type = STRING };
	snprintf(model.key[k].text, TEXT, "%lld", (long long)v);
	string_set_int(db, names[k], v);
}

static void
do_incr(int k)
{
	int64_t by = rnd_below(3) ? rnd_below(9) - 4 : (int64_t)rnd(), old = 0, sum, have;
	struct model_key *m = &model.key[k];
	enum err want = OK;

	if (lives(m) && m->type != STRING)
		want = ERR_TYPE;
	else if (lives(m) && !str_int(str(m->text), INT64_MIN, INT64_MAX, &old))
		want = ERR_INPUT;
	else if (__builtin_add_overflow(old, by, &sum))
		want = ERR_CONFLICT;
	assert_int_equal(string_incr(db, names[k], by, &have), want);
	if (want != OK)
		return;
	assert_int_equal(have, sum);
	snprintf(for_writing(k, STRING)->text, TEXT, "%lld", (long long)sum);
}

static void
do_hash_set(int k)
{
	struct field f[4];
	char values[4][TEXT];
	size_t n = 1 + (size_t)rnd_below(4);
	int which[4];
	struct model_key *m = for_writing(k, HASH);

	for (size_t i = 0; i < n; i++) {
		which[i] = rnd_below(MEMBERS);
		snprintf(values[i], TEXT, "%d", rnd_below(5));
		f[i] = (struct field){ members[which[i]], str(values[i]) };
	}
	assert_int_equal(hash_set(db, names[k], f, n), m ? OK : ERR_TYPE);
	for (size_t i = 0; m && i < n; i++) {
		m->m[which[i]].here = true;
		memcpy(m->m[which[i]].value, values[i], TEXT);
	}
}

static void
do_set_add(int k)
{
	int i = rnd_below(MEMBERS);
	struct model_key *m = for_writing(k, SET);

	assert_int_equal(set_add(db, names[k], members[i]), m ? OK : ERR_TYPE);
	if (m)
		m->m[i].here = true;
}

static void
do_zset_add(int k)
{
	static const double scores[] = { -INFINITY, -1.5, -0.0, 0, 1, 1, 2, INFINITY };
	int i = rnd_below(MEMBERS);
	double score = scores[rnd_below(LEN(scores))];
	struct model_key *m = for_writing(k, ZSET);

	assert_int_equal(zset_add(db, names[k], members[i], score), m ? OK : ERR_TYPE);
	if (m) {
		m->m[i].here = true;
		m->m[i].score = score;
	}
}

static void
do_remove(int k)
{
	static enum err (*const removers[])(
	    struct db *, struct str, struct str) = { [HASH] = hash_del, [SET] = set_rem, [ZSET] = zset_rem };
	enum type type = HASH + (unsigned)rnd_below(3);
	int i = rnd_below(MEMBERS);
	struct model_key *m = &model.key[k];
	bool fits = !lives(m) || m->type == type;

	assert_int_equal(removers[type](db, names[k], members[i]), fits ? OK : ERR_TYPE);
	if (fits && lives(m)) {
		m->m[i].here = false;
		vanish_if_empty(m);
	}
}

static void
do_del(int k)
{
	key_del(db, names[k]);
	model.key[k] = (struct model_key){ NONE };
}

static void
do_expire(int k)
{
	int64_t when = rnd_below(4) ? now + rnd_below(300) - 20 : 0;
	struct model_key *m = &model.key[k];

	assert_int_equal(key_expire_at(db, names[k], when), lives(m) ? OK : ERR_NOT_FOUND);
	if (lives(m) && when != 0 && when <= now)
		*m = (struct model_key){ NONE };
	else if (lives(m))
		m->expires = when;
}

static void
do_sweep(int k)
{
	key_sweep(db, 1 + k);
}

static void
do_sequence(int k)
{
	(void)k;
	assert_int_equal(db_sequence_next(db), ++model.sequence);
}

static void (*const commands[])(int) = { do_string_set, do_string_set_int, do_incr, do_hash_set, do_hash_set,
	do_set_add, do_set_add, do_set_add, do_zset_add, do_zset_add, do_zset_add, do_remove, do_remove,
	do_del, do_expire, do_sweep, do_sequence };

/* ---- both sides compared ------------------------------------------------------------ */

static void
same_string(int k, const struct model_key *m)
{
	struct str v;
	enum err e = string_get(db, mem, names[k], &v);

	if (!lives(m) || m->type != STRING)
		assert_int_equal(e, lives(m) ? ERR_TYPE : ERR_NOT_FOUND);
	else
		assert_str(v, m->text);
}

static void
same_hash(int k, const struct model_key *m)
{
	struct field *f;
	size_t n, j = 0;

	assert_int_equal(hash_all(db, mem, names[k], &f, &n), OK);
	for (int i = 0; i < MEMBERS; i++)
		if (m->m[i].here) {
			assert_true(j < n);
			assert_bytes(f[j].name, members[i]);
			assert_str(f[j++].value, m->m[i].value);
		}
	assert_int_equal(j, n);
}

static void
same_set(int k, const struct model_key *m)
{
	struct str *v;
	size_t n, j = 0;

	assert_int_equal(set_page(db, mem, names[k], (struct str){ NULL, 0 }, 100, &v, &n), OK);
	for (int i = 0; i < MEMBERS; i++) {
		assert_int_equal(set_has(db, names[k], members[i]), m->m[i].here);
		if (m->m[i].here) {
			assert_true(j < n);
			assert_bytes(v[j++], members[i]);
		}
	}
	assert_int_equal(j, n);
}

/* Both directions in pages of random size: each member stands behind the one
 * before it, and all are there. */
static void
same_zset(int k, const struct model_key *m)
{
	struct zpage page = { ZPAGE_ALL, .reverse = rnd_below(2), .limit = 1 + (size_t)rnd_below(6) };
	struct zmember *z, mark = { 0 };
	int seen = 0;
	size_t n;

	while (assert_int_equal(zset_page(db, mem, names[k], &page, &z, &n), OK), n > 0) {
		for (size_t i = 0; i < n; i++, seen++) {
			int which = 0, order;

			while (!str_eq(members[which], z[i].member))
				if (++which == MEMBERS)
					fail_msg("a member nobody put");
			assert_true(m->m[which].here);
			assert_double(z[i].score, m->m[which].score);
			order = (mark.score < z[i].score) - (mark.score > z[i].score);
			order = order ? order : str_cmp(z[i].member, mark.member);
			assert_true(seen == 0 || (page.reverse ? order < 0 : order > 0));
			mark = z[i];
		}
		page.after = &mark;
	}
	assert_int_equal(seen, count(m));
}

static void
same(int k)
{
	static void (*const compare[])(int, const struct model_key *) = {
		[STRING] = same_string, [HASH] = same_hash, [SET] = same_set, [ZSET] = same_zset
	};
	const struct model_key *m = &model.key[k];
	int64_t n;

	assert_int_equal(key_exists(db, names[k]), lives(m));
	assert_int_equal(key_expires(db, names[k]), lives(m) ? m->expires : 0);
	same_string(k, m);
	if (lives(m))
		compare[m->type](k, m);
	if (lives(m) && m->type == HASH) {
		assert_int_equal(hash_len(db, names[k], &n), OK);
		assert_int_equal(n, count(m));
	}
}

static void
all_the_same(void)
{
	struct str *have;
	size_t n = key_scan(db, mem, S(""), 100, &have), j = 0;

	for (int k = 0; k < KEYS; k++) {
		same(k);
		if (lives(&model.key[k])) {
			assert_true(j < n);
			assert_bytes(have[j++], names[k]);
		}
	}
	assert_int_equal(j, n);
	assert_int_equal(db_sequence(db), model.sequence);
	arena_reset(mem);
}

/* ---- steps ------------------------------------------------------------------------------ */

static void
steps(int n)
{
	for (int i = 0; i < n; i++) {
		int k = rnd_below(KEYS);

		commands[rnd_below(LEN(commands))](k);
		same(k);
	}
}

/* A few steps in a part of their own, kept or taken back. */
static void
part(void)
{
	struct model before = model;

	db_savepoint(db);
	steps(1 + rnd_below(12));
	if (rnd_below(2)) {
		assert_int_equal(db_release(db), OK);
		return;
	}
	db_undo(db);
	model = before;
	all_the_same();
}

/* Past the headers: every length is right, and no member is left without its
 * key. */
static void
nothing_is_left_over(void)
{
	static const char *const query =
	    "with m as (select key from hash union all select key from member union all"
	    " select key from ranking) select (select count(*) from m where key not in (select id "
	    "from key))"
	    " + (select count(*) from key where type <> 1 and"
	    "  length <> (select count(*) from m where m.key = key.id)) + (select count(*) from "
	    "trash)";
	sqlite3 *handle;
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_open(store_path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, query, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(st, 0), 0);
	sqlite3_finalize(st);
	sqlite3_close(handle);
}

STORE_TEST(random_commands_leave_the_store_as_they_leave_the_model)
{
	rnd_start();
	now = NOW;
	model = (struct model){ 0 };
	for (int done = 0; done < STEPS; done += 20) {
		struct model before = model;

		part();
		steps(7);
		part();
		if (rnd_below(6) == 0) {
			start_over();
			model = before;
		} else {
			now += rnd_below(40);
			at(now);
		}
		all_the_same();
	}
	now += 1000;
	at(now);
	while (key_sweep(db, 10))
		;
	all_the_same();
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_integrity(db), OK);
	nothing_is_left_over();
}

/* run_test.c - counted runs agree with the members, whatever came and went. */
#include "store.h"

#include "hash.h"
#include "run.h"
#include "set.h"
#include "zset.h"

#define KEY S("k")

static int64_t
wrong(enum key_type type)
{
	struct key key;

	return key_find(db, KEY, type, &key) == OK ? run_check(db, &key) : 0;
}

/* Phases that favour adding or removing, scattered or all in one place. */
static struct str
member_of(int phase, int i)
{
	return arena_strf(mem, "%05d", phase % 2 ? rnd_below(20000) : 10000 + (i + rnd_below(50)) % 3000);
}

static void
change(enum key_type type, int phase, int i)
{
	struct str m = member_of(phase, i);
	bool add = rnd_below(10) < (phase % 4 < 2 ? 8 : 2);

	if (type == KEY_ZSET && add)
		zset_add(db, KEY, m, rnd_below(2) ? rnd_below(100) : i);
	else if (type == KEY_ZSET)
		zset_rem(db, KEY, m);
	else if (type == KEY_SET && add)
		set_add(db, KEY, m);
	else if (type == KEY_SET)
		set_rem(db, KEY, m);
	else if (add)
		hash_set(db, KEY, &(struct field){ m, S("v") }, 1);
	else
		hash_del(db, KEY, m);
}

static void
changes(enum key_type type)
{
	for (int phase = 0; phase < 8; phase++) {
		for (int i = 0; i < 6000; i++) {
			change(type, phase, i);
			if (rnd_below(700) == 0)
				at(NOW);
			if (i % 100 == 0)
				arena_reset(mem);
		}
		assert_int_equal(wrong(type), 0);
	}
}

STORE_TEST(counts_of_a_sorted_set_are_those_of_its_members)
{
	rnd_start();
	changes(KEY_ZSET);
}

STORE_TEST(counts_of_a_set_are_those_of_its_members)
{
	rnd_start();
	changes(KEY_SET);
}

STORE_TEST(counts_of_a_hash_are_those_of_its_members)
{
	rnd_start();
	changes(KEY_HASH);
}

/* Members counted one by one, the yardstick. */
STORE_TEST(a_rank_is_the_number_of_members_before)
{
	enum { N = 30000 };
	int64_t rank;

	for (int i = 0; i < N; i++)
		zset_add(db, KEY, arena_strf(mem, "%05d", i), (i * 7919) % N);
	for (int i = 0; i < N; i += 97) {
		assert_int_equal(zset_rank(db, KEY, arena_strf(mem, "%05d", i), false, &rank), OK);
		assert_int_equal(rank, (i * 7919) % N);
	}
}

static int64_t
ask(const char *text)
{
	static const char *const sql[SQL_STATEMENTS] = { [SQL_STATEMENTS - 1] = "select 1" };
	sqlite3 *handle = sqlite3_db_handle(db_stmt(db, SQL_RUN, sql, SQL_STATEMENTS - 1, ""));
	sqlite3_stmt *st;
	int64_t n = -1;

	assert_int_equal(sqlite3_prepare_v2(handle, text, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* At the end, in front, scattered: a rank stays a few short sums. */
STORE_TEST(runs_stay_short)
{
	enum { N = 25000, SHORT = 128 };

	for (int i = 0; i < N; i++) {
		zset_add(db, KEY, arena_strf(mem, "a%05d", i), i);
		zset_add(db, KEY, arena_strf(mem, "b%05d", i), -i);
		zset_add(db, KEY, arena_strf(mem, "c%05d", i), (i * 7919) % N);
		arena_reset(mem);
		if (i % 3000 == 0)
			at(NOW);
	}
	at(NOW);
	assert_true(ask("select max(level) from run") > 1);
	assert_in_range(ask("select max(n) from run where level = 1"), 1, SHORT);
	assert_in_range(
	    ask("select max(n) from (select count(*) as n from run a join (select level, score,"
		" member, lead(score) over w as s, lead(member) over w as m from run where level > 1"
		" window w as (partition by level order by score, member)) b on a.level = b.level - 1"
		" and (a.score, a.member) >= (b.score, b.member)"
		" and (s is null or (a.score, a.member) < (s, m)) group by b.level, b.score, b.member)"),
	    1, SHORT);
	assert_in_range(ask("select count(*) from run where level = (select max(level) from run)"), 1, SHORT);
	assert_int_equal(wrong(KEY_ZSET), 0);
}

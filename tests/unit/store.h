/*
 * store.h - a fresh, empty store for each test.
 *
 * STORE_TEST(...) { ... } runs in a write transaction of `db` whose clock
 * stands at NOW; `mem` is an arena.  at(ms) commits and goes on with the clock
 * there: no test sleeps.
 */
#ifndef UNIT_STORE_H
#define UNIT_STORE_H

#include "unit.h"

#include <dirent.h>

#include "db.h"

#define STORE_TEST(name) TEST_WITH(name, store_setup, store_teardown)

enum { NOW = 1000000 };

static struct db *db;
static struct arena *mem;
static char store_dir[256], store_path[300];

static inline int
store_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(store_dir, sizeof(store_dir), "%s/muster-unit-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(store_dir) == NULL)
		return -1;
	snprintf(store_path, sizeof(store_path), "%s/muster.db", store_dir);
	mem = arena_new();
	if (db_create(store_path) != OK || db_open(&db, store_path, DB_HANDLER) != OK)
		return -1;
	return db_begin(db, TX_WRITE, NOW) == OK ? 0 : -1;
}

static inline int
store_teardown(void **state)
{
	DIR *dir = opendir(store_dir);
	struct dirent *e;

	(void)state;
	db_rollback(db);
	db_close(db);
	arena_free(mem);
	while (dir != NULL && (e = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), e->d_name, 0); /* not "." and "..", which are folders */
	closedir(dir);
	return rmdir(store_dir);
}

/* Commits what was done and goes on at another time. */
static inline void
at(int64_t ms)
{
	assert_int_equal(db_commit(db), OK);
	assert_int_equal(db_begin(db, TX_WRITE, ms), OK);
}

/* Takes back what was done since the last commit. */
static inline void
start_over(void)
{
	int64_t now = db_now(db);

	db_rollback(db);
	assert_int_equal(db_begin(db, TX_WRITE, now), OK);
}

/* "m17" */
static inline struct str
numbered(const char *prefix, int i)
{
	return arena_strf(mem, "%s%d", prefix, i);
}

#endif

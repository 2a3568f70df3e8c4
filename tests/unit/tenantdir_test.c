/* tenantdir_test.c - what tenantdir.h and archive.h promise, and db.h of copies. */
#include "store.h"

#include <sys/stat.h>

#include "archive.h"
#include "bell.h"
#include "event.h"
#include "tenantdir.h"

static const char *
in(const char *name)
{
	return arena_printf(mem, "%s/%s", store_dir, name);
}

static int
end(void **state)
{
	int status = system(arena_printf(mem, "rm -rf %s/tenants %s/hosts", store_dir, store_dir));

	return store_teardown(state) || status;
}

#define TENANT_TEST(name) TEST_WITH(name, store_setup, end)

static bool
there(const char *name)
{
	struct stat st;

	return lstat(in(name), &st) == 0;
}

/* A tenant with a database, as the command makes it. */
static void
make(const char *name, const char *host)
{
	char dir[TENANT_DIR];
	int lock = tenant_lock(store_dir);

	assert_true(lock >= 0);
	assert_int_equal(tenant_begin(store_dir, str(name), dir), OK);
	assert_int_equal(db_create(arena_printf(mem, "%s/muster.db", dir)), OK);
	assert_int_equal(tenant_appear(store_dir, str(name)), OK);
	assert_int_equal(tenant_host_add(store_dir, host, str(name)), OK);
	close(lock);
}

static struct db *
open_of(const char *name)
{
	struct db *of = NULL;

	assert_int_equal(db_open(&of, in(arena_printf(mem, "tenants/%s/muster.db", name)), DB_HANDLER), OK);
	return of;
}

static void
write_to(struct db *of, int64_t times)
{
	for (int64_t i = 0; i < times; i++) {
		assert_int_equal(db_begin(of, TX_WRITE, NOW), OK);
		db_sequence_next(of);
		assert_int_equal(db_commit(of), OK);
	}
}

static int64_t
sequence_of(struct db *of)
{
	int64_t n;

	assert_int_equal(db_begin(of, TX_READ, NOW), OK);
	n = db_sequence(of);
	db_rollback(of);
	return n;
}

static void
end_of(const char *name)
{
	int lock = tenant_lock(store_dir);

	assert_int_equal(tenant_delete(store_dir, mem, str(name)), OK);
	close(lock);
}

static struct str
whose(const char *host)
{
	struct tenant t;

	if (tenant_of_host(store_dir, str(host), &t) != OK)
		return S("-");
	return arena_strf(mem, "%s", t.name);
}

TENANT_TEST(a_tenant_appears_whole_or_not_at_all)
{
	char dir[TENANT_DIR];
	struct tenant t;
	int lock = tenant_lock(store_dir);

	assert_int_equal(tenant_begin(store_dir, S("north"), dir), OK);
	assert_int_equal(tenant_named(store_dir, S("north"), &t), ERR_NOT_FOUND);
	close(lock); /* as when it is killed */
	close(tenant_lock(store_dir));
	assert_false(there("tenants/.new-north"));
	make("north", "north.example");
	assert_int_equal(tenant_begin(store_dir, S("north"), dir), ERR_CONFLICT);
	assert_str(whose("north.example"), "north");
}

TENANT_TEST(a_host_is_one_tenants_until_it_gives_it_back)
{
	struct str *hosts;

	make("north", "north.example");
	make("south", "south.example");
	assert_int_equal(tenant_host_add(store_dir, "north.example", S("south")), ERR_CONFLICT);
	assert_int_equal(tenant_host_remove(store_dir, "north.example", S("south")), ERR_NOT_FOUND);
	assert_int_equal(tenant_host_remove(store_dir, "west.example", S("south")), ERR_NOT_FOUND);
	assert_int_equal(tenant_host_add(store_dir, "a.example", S("north")), OK);
	assert_int_equal(tenant_hosts(store_dir, mem, S("north"), &hosts), 2);
	assert_str(hosts[0], "a.example");
	assert_str(hosts[1], "north.example");
	assert_int_equal(tenant_host_remove(store_dir, "a.example", S("north")), OK);
	assert_str(whose("a.example"), "");
	assert_int_equal(tenant_host_add(store_dir, "a.example", S("south")), OK);
	assert_str(whose("a.example"), "south");
}

TENANT_TEST(a_deleted_ones_hosts_are_nobodys_until_somebody_gets_them)
{
	make("north", "north.example");
	end_of("north");
	assert_str(whose("north.example"), "-");
	assert_true(there("tenants/.deleted/deleted"));
	assert_false(there("tenants/north"));
	assert_false(there("tenants/.old-north"));
	make("north", "other.example"); /* nor do they come back with the name */
	assert_str(whose("north.example"), "-");
	make("south", "north.example");
	assert_str(whose("north.example"), "south");
}

TENANT_TEST(a_host_of_a_deleted_one_can_be_given_back_to_the_default_tenant)
{
	make("north", "north.example");
	end_of("north");
	assert_int_equal(tenant_host_remove(store_dir, "north.example", S("north")), OK);
	assert_str(whose("north.example"), "");
}

TENANT_TEST(a_suspended_one_is_known_as_such)
{
	struct tenant t;

	make("north", "north.example");
	assert_int_equal(tenant_suspend(in("tenants/north"), true), OK);
	assert_int_equal(tenant_suspend(in("tenants/north"), true), OK);
	assert_int_equal(tenant_named(store_dir, S("north"), &t), OK);
	assert_true(t.suspended);
	assert_int_equal(tenant_suspend(in("tenants/north"), false), OK);
	assert_int_equal(tenant_suspend(in("tenants/north"), false), OK);
	assert_int_equal(tenant_named(store_dir, S("north"), &t), OK);
	assert_false(t.suspended);
}

static void
count_ring(void *arg, struct str name)
{
	assert_str(name, "north");
	++*(int *)arg;
}

TENANT_TEST(the_dispatcher_hears_of_one_that_is_new_and_of_one_that_goes_on)
{
	struct rings rings = { 0 };
	int heard = 0, bell = bell_open(store_dir);

	make("north", "north.example");
	assert_true(bell_take(bell, &rings, count_ring, &heard));
	assert_int_equal(heard, 1);
	tenant_suspend(in("tenants/north"), true);
	assert_true(bell_take(bell, &rings, count_ring, &heard));
	assert_int_equal(heard, 1);
	tenant_suspend(in("tenants/north"), false);
	assert_true(bell_take(bell, &rings, count_ring, &heard));
	assert_int_equal(heard, 2);
	close(bell);
}

/* The last to close a database takes its log away, by name: SQLite looks first whether
 * the file is still that one. */
TENANT_TEST(who_still_holds_a_deleted_one_does_no_harm_to_the_next_of_its_name)
{
	struct db *old, *new;

	make("north", "north.example");
	old = open_of("north");
	write_to(old, 3);
	end_of("north");
	make("north", "north.example");
	new = open_of("north");
	write_to(new, 5);
	assert_true(there("tenants/north/muster.db-wal"));
	write_to(old, 1); /* into files without a name */
	db_close(old);
	assert_true(there("tenants/north/muster.db-wal"));
	assert_true(there("tenants/north/muster.db-shm"));
	write_to(new, 1);
	assert_int_equal(db_integrity(new), OK);
	db_close(new);
	new = open_of("north");
	assert_int_equal(sequence_of(new), 6);
	db_close(new);
}

TENANT_TEST(a_copy_is_the_store_as_it_was_and_goes_its_own_way)
{
	struct db *copy = NULL;

	db_sequence_next(db);
	at(NOW);
	db_rollback(db);
	assert_int_equal(db_copy(db, in("copy.db")), OK);
	assert_int_equal(db_copy(db, in("copy.db")), ERR_STORE); /* it is there */
	assert_int_equal(db_open(&copy, in("copy.db"), DB_TOOL), OK);
	assert_int_equal(sequence_of(copy), 1);
	write_to(copy, 1);
	assert_int_equal(sequence_of(copy), 2);
	assert_int_equal(sequence_of(db), 1);
	db_close(copy);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
}

/* ---- archives ------------------------------------------------------------------ */

static void
put(const char *name, struct str bytes)
{
	FILE *f = fopen(in(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fclose(f), 0);
}

static struct str
take(const char *name)
{
	FILE *f = fopen(in(name), "r");
	char *p = arena_alloc(mem, 65536);
	size_t n;

	assert_non_null(f);
	n = fread(p, 1, 65536, f);
	fclose(f);
	return (struct str){ p, n };
}

TENANT_TEST(an_archive_gives_back_what_was_put_in)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 513, 5000 };
	char bytes[5000];
	struct str note;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	for (size_t i = 0; i < LEN(sizes); i++) {
		const char *tar = arena_printf(mem, "%zu.tar", i), *out = arena_printf(mem, "%zu.out", i);

		put("in", (struct str){ bytes, sizes[i] });
		assert_int_equal(archive_write(in(tar), S("name north\n"), in("in"), NOW), OK);
		assert_int_equal(archive_read(in(tar), mem, &note, in(out)), OK);
		assert_str(note, "name north\n");
		assert_bytes(take(out), ((struct str){ bytes, sizes[i] }));
		assert_int_equal(take(tar).n % 512, 0);
	}
	assert_int_equal(archive_write(in("0.tar"), S(""), in("in"), NOW), ERR_CONFLICT);
	assert_false(there("0.tar.part"));
}

TENANT_TEST(what_is_no_archive_of_ours_or_not_whole_is_refused)
{
	struct str note, tar;
	char *p;

	put("in", S("some bytes of a database"));
	assert_int_equal(archive_write(in("good.tar"), S("n"), in("in"), NOW), OK);
	tar = take("good.tar");
	p = (char *)tar.p;
	for (size_t n = 0; n < 4 * 512; n += 100) { /* the last blocks are only an end */
		unlink(in("out"));
		put("bad.tar", (struct str){ tar.p, n });
		assert_int_equal(archive_read(in("bad.tar"), mem, &note, in("out")), ERR_MALFORMED);
	}
	for (size_t at = 0; at < 512; at += 8) { /* a header's sum knows every byte of it */
		unlink(in("out"));
		p[at] ^= 1;
		put("bad.tar", tar);
		assert_int_equal(archive_read(in("bad.tar"), mem, &note, in("out")), ERR_MALFORMED);
		p[at] ^= 1;
	}
	assert_int_equal(archive_read(in("none.tar"), mem, &note, in("out")), ERR_NOT_FOUND);
}

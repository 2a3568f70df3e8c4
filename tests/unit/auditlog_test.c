/* auditlog_test.c - nobody takes back unseen what he did. */
#include "store.h"

#include "../../lib/http/audit.h"
#include "hash.h"
#include "key.h"
#include "value.h"

static void
done(const char *who, const char *what, const char *target)
{
	assert_int_equal(audit_put(db, mem, str(who), str(what), str(target)), OK);
}

/* "3 2 1" */
static struct str
ids(const char *who, int64_t before, size_t limit)
{
	struct str all = S("");
	struct audit_entry *e;
	size_t n;

	assert_int_equal(audit_list(db, mem, str(who), before, limit, &e, &n), OK);
	for (size_t i = 0; i < n; i++)
		all = arena_strf(mem, "%.*s%s%lld", FMT(all), i ? " " : "", (long long)e[i].id);
	return all;
}

/* The entry that audit_check() finds; 0: none. */
static int64_t
broken(void)
{
	int64_t id = -1;
	enum err e = audit_check(db, mem, &id);

	assert_int_equal(e, id == 0 ? OK : ERR_CONFLICT);
	return id;
}

static void
five(void)
{
	for (int i = 1; i <= 5; i++)
		done(i % 2 ? "user:ana" : "token:importer", "POST /posts", numbered("post:", i).p);
	assert_int_equal(broken(), 0);
}

static struct str
field_of(int i)
{
	return arena_strf(mem, "%016x", i);
}

STORE_TEST(what_was_done_is_told_as_it_was)
{
	struct audit_entry *e;
	size_t n;

	done("user:ana", "POST /people", "user:dan");
	at(NOW + 7);
	done("cli:root", "user add", "");
	assert_int_equal(audit_list(db, mem, S(""), 0, 10, &e, &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(e[0].id, 2);
	assert_int_equal(e[0].at, NOW + 7);
	assert_str(e[0].who, "cli:root");
	assert_str(e[0].what, "user add");
	assert_str(e[0].target, "");
	assert_int_equal(e[1].id, 1);
	assert_int_equal(e[1].at, NOW);
	assert_str(e[1].target, "user:dan");
}

STORE_TEST(the_newest_come_first_and_older_ones_below)
{
	assert_str(ids("", 0, 10), "");
	five();
	assert_str(ids("", 0, 2), "5 4");
	assert_str(ids("", 4, 2), "3 2");
	assert_str(ids("", 2, 2), "1");
	assert_str(ids("", 1, 2), "");
	assert_str(ids("", 99, 9), "5 4 3 2 1");
}

STORE_TEST(one_persons_are_found_alone)
{
	five();
	assert_str(ids("user:ana", 0, 2), "5 3");
	assert_str(ids("user:ana", 3, 2), "1");
	assert_str(ids("token:importer", 0, 9), "4 2");
	assert_str(ids("user:an", 0, 9), "");
}

STORE_TEST(no_text_from_outside_adds_a_line)
{
	struct audit_entry *e;
	size_t n;

	done("user:ana", "POST /x\ny", "a\nb");
	assert_int_equal(audit_list(db, mem, S(""), 0, 1, &e, &n), OK);
	assert_str(e[0].what, "POST /x y");
	assert_str(e[0].target, "a b");
	assert_int_equal(broken(), 0);
}

STORE_TEST(a_long_text_is_cut)
{
	char *text = arena_alloc(mem, 10001);
	struct audit_entry *e;
	size_t n;

	memset(text, 'x', 10000);
	done("user:ana", "POST /x", text);
	assert_int_equal(audit_list(db, mem, S(""), 0, 1, &e, &n), OK);
	assert_int_equal(e[0].target.n, AUDIT_TEXT_MAX);
}

STORE_TEST(a_chain_is_whole_over_many_pages)
{
	for (int i = 0; i < 1203; i++)
		done("user:ana", "POST /posts", "");
	assert_int_equal(broken(), 0);
	hash_del(db, S("audit"), field_of(1001));
	assert_int_equal(broken(), 1001);
}

STORE_TEST(an_empty_chain_is_whole)
{
	assert_int_equal(broken(), 0);
}

STORE_TEST(a_changed_entry_shows_in_the_one_behind_it)
{
	struct field f = { field_of(3), S("") };
	struct str kept;
	char *p;

	five();
	assert_int_equal(hash_get(db, mem, S("audit"), f.name, &kept), OK);
	p = memmem(kept.p, kept.n, "ana", 3);
	assert_non_null(p);
	memcpy(p, "dan", 3);
	f.value = kept;
	hash_set(db, S("audit"), &f, 1);
	assert_int_equal(broken(), 4);
}

STORE_TEST(a_changed_last_entry_shows_in_the_head)
{
	struct field f = { field_of(5), S("") };
	struct str kept;

	five();
	assert_int_equal(hash_get(db, mem, S("audit"), f.name, &kept), OK);
	f.value = arena_strf(mem, "%.*s!", FMT(kept));
	hash_set(db, S("audit"), &f, 1);
	assert_int_equal(broken(), 5);
}

STORE_TEST(a_missing_entry_shows)
{
	five();
	hash_del(db, S("audit"), field_of(3));
	assert_int_equal(broken(), 3);
}

STORE_TEST(the_last_ones_cut_off_show)
{
	five();
	hash_del(db, S("audit"), field_of(5));
	assert_int_equal(broken(), 5);
	key_del(db, S("audit"));
	assert_int_equal(broken(), 1);
}

STORE_TEST(an_inserted_entry_shows)
{
	struct field f = { field_of(6), S("") };

	five();
	assert_int_equal(hash_get(db, mem, S("audit"), field_of(5), &f.value), OK);
	hash_set(db, S("audit"), &f, 1);
	assert_int_equal(broken(), 6);
}

STORE_TEST(two_entries_that_changed_places_show)
{
	struct field f[] = { { field_of(2), S("") }, { field_of(3), S("") } };

	five();
	hash_get(db, mem, S("audit"), f[0].name, &f[1].value);
	hash_get(db, mem, S("audit"), f[1].name, &f[0].value);
	hash_set(db, S("audit"), f, 2);
	assert_int_equal(broken(), 2);
}

STORE_TEST(a_lost_or_spoilt_head_shows)
{
	five();
	string_set(db, S("audit:head"), S("nonsense"), 0);
	assert_int_not_equal(broken(), 0);
	key_del(db, S("audit:head"));
	assert_int_not_equal(broken(), 0);
}

STORE_TEST(work_goes_on_behind_a_lost_head_and_the_break_shows_for_ever)
{
	five();
	key_del(db, S("audit:head"));
	done("user:ana", "POST /x", "");
	assert_str(ids("", 0, 9), "6 5 4 3 2 1");
	assert_int_equal(broken(), 6);
	done("user:ana", "POST /x", "");
	assert_int_equal(broken(), 6);
	string_set(db, S("audit:head"), S("7 short"), 0);
	done("user:ana", "POST /x", "");
	assert_str(ids("user:ana", 0, 3), "8 7 6");
	assert_int_equal(broken(), 6);
}

STORE_TEST(a_head_that_was_put_back_overwrites_nothing)
{
	struct str head;

	five();
	assert_int_equal(string_get(db, mem, S("audit:head"), &head), OK);
	done("user:dan", "POST /evil", "");
	string_set(db, S("audit:head"), head, 0);
	done("user:ana", "POST /x", "");
	assert_str(ids("user:dan", 0, 9), "6");
	assert_str(ids("", 0, 2), "7 6");
	assert_int_equal(broken(), 7);
}

STORE_TEST(the_head_moves_with_every_entry)
{
	struct str first, second;
	int64_t n;

	assert_int_equal(audit_head(db, mem, &n, &first), OK);
	assert_int_equal(n, 0);
	five();
	assert_int_equal(audit_head(db, mem, &n, &second), OK);
	assert_int_equal(n, 5);
	assert_int_equal(second.n, 64);
	assert_false(str_eq(first, second));
}

/* tenant_test.c - what tenant.h promises. */
#include "unit.h"

#include <sys/stat.h>

#include "tenant.h"

static char state_dir[] = "/tmp/tenant_test.XXXXXX";
static struct arena *a;

static const char *
in(const char *name)
{
	return arena_printf(a, "%s/%s", state_dir, name);
}

/* A state with the tenants north and south, and the hosts that are given. */
static int
begin(void **state)
{
	(void)state;
	strcpy(state_dir + strlen(state_dir) - 6, "XXXXXX");
	a = arena_new();
	assert_non_null(mkdtemp(state_dir));
	mkdir(in("hosts"), 0700);
	mkdir(in("tenants"), 0700);
	mkdir(in("tenants/north"), 0700);
	mkdir(in("tenants/south"), 0700);
	assert_int_equal(symlink("../tenants/north", in("hosts/north.localhost")), 0);
	assert_int_equal(symlink("../tenants/south", in("hosts/south.localhost")), 0);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	assert_int_equal(system(arena_printf(a, "rm -rf %s", state_dir)), 0);
	arena_free(a);
	return 0;
}

#define TENANT_TEST(name) TEST_WITH(name, begin, end)

static void
make_file(const char *name)
{
	close(open(in(name), O_CREAT | O_WRONLY, 0600));
}

/* The name of whoever a Host header belongs to; "-" of nobody. */
static struct str
whose(const char *host)
{
	struct tenant t;

	if (tenant_of_host(state_dir, str(host), &t) != OK)
		return S("-");
	return arena_strf(a, "%s", t.name);
}

TEST(a_name_is_letters_digits_and_single_dashes_within)
{
	static const char *const good[] = { "a", "0", "north", "a-b-c" };
	static const char *const bad[] = { "", "-", "-a", "a-", "a--b", "xn--0", "A", "a.b", "a/b", "..", ".",
		"ș", "a b", "abcdefghijklmnopqrstuvwxyz1234567" };

	for (size_t i = 0; i < LEN(good); i++)
		assert_true(tenant_name_valid(str(good[i])));
	for (size_t i = 0; i < LEN(bad); i++)
		assert_false(tenant_name_valid(str(bad[i])));
	assert_true(tenant_name_valid(S("abcdefghijklmnopqrstuvwxyz123456")));
	assert_false(tenant_name_valid(S("a\0b")));
}

TEST(a_host_is_lower_case_without_port_and_trailing_dot)
{
	static const struct {
		const char *given, *host;
	} rows[] = { { "north.localhost", "north.localhost" }, { "NORTH.Localhost", "north.localhost" },
		{ "north.localhost:8080", "north.localhost" }, { "north.localhost.", "north.localhost" },
		{ "north.localhost.:8080", "north.localhost" }, { "north.localhost:", "north.localhost" },
		{ "127.0.0.1:80", "127.0.0.1" }, { "xn--bcher-kva.example", "xn--bcher-kva.example" } };
	char host[TENANT_HOST + 1];

	for (size_t i = 0; i < LEN(rows); i++) {
		assert_true(tenant_host(str(rows[i].given), host));
		assert_string_equal(host, rows[i].host);
	}
}

TEST(what_cannot_be_a_host_name_is_none)
{
	static const char *const bad[] = { "", ".", "..", "a..b", ".a", "a..", "a/b", "../tenants/north",
		"a%2fb", "-a", "a-.b", "a.-b", "a-", "[::1]", "[::1]:80", "a:b", "a:1:2", "a:123456", "a b",
		"a_b", "ș.ro", "a\r\nb", ":80", "north.localhost,south.localhost" };
	char host[TENANT_HOST + 1], longest[TENANT_HOST + 2];

	for (size_t i = 0; i < LEN(bad); i++)
		if (tenant_host(str(bad[i]), host))
			fail_msg("'%s' is taken for a host", bad[i]);
	assert_false(tenant_host(S("a\0b"), host));
	memset(longest, 'a', sizeof(longest));
	assert_true(tenant_host((struct str){ longest, TENANT_HOST }, host));
	assert_false(tenant_host((struct str){ longest, TENANT_HOST + 1 }, host));
}

TENANT_TEST(a_host_with_a_link_is_its_tenants_and_any_other_the_default_ones)
{
	assert_str(whose("north.localhost"), "north");
	assert_str(whose("SOUTH.localhost:8080"), "south");
	assert_str(whose("west.localhost"), "");
	assert_str(whose(""), "");
	assert_str(whose("../tenants/north"), "");
}

TENANT_TEST(a_link_that_leads_nowhere_or_elsewhere_shows_nobodys_data)
{
	assert_int_equal(rmdir(in("tenants/north")), 0);
	assert_str(whose("north.localhost"), "-");
	assert_int_equal(symlink("../../etc", in("hosts/etc.localhost")), 0);
	assert_str(whose("etc.localhost"), "-");
	assert_int_equal(symlink("../tenants/../hosts", in("hosts/up.localhost")), 0);
	assert_str(whose("up.localhost"), "-");
	make_file("hosts/file.localhost");
	assert_str(whose("file.localhost"), "-");
}

TENANT_TEST(a_tenant_is_found_by_name_and_knows_whether_it_is_suspended)
{
	struct tenant t;

	assert_int_equal(tenant_named(state_dir, S("north"), &t), OK);
	assert_string_equal(t.name, "north");
	assert_string_equal(t.dir, in("tenants/north"));
	assert_false(t.suspended);
	make_file("tenants/north/suspended");
	assert_int_equal(tenant_named(state_dir, S("north"), &t), OK);
	assert_true(t.suspended);
	assert_int_equal(tenant_of_host(state_dir, S("south.localhost"), &t), OK);
	assert_false(t.suspended);
	assert_int_equal(tenant_named(state_dir, S("west"), &t), ERR_NOT_FOUND);
	assert_int_equal(tenant_named(state_dir, S("../etc"), &t), ERR_NOT_FOUND);
	assert_int_equal(tenant_named(state_dir, S(""), &t), OK);
	assert_string_equal(t.dir, state_dir);
}

TENANT_TEST(the_names_come_sorted_and_without_what_is_being_made_or_taken_away)
{
	struct str *names;

	mkdir(in("tenants/a-1"), 0700);
	mkdir(in("tenants/.new-x"), 0700);
	make_file("tenants/file");
	assert_int_equal(tenant_names(state_dir, a, &names), 3);
	assert_str(names[0], "a-1");
	assert_str(names[1], "north");
	assert_str(names[2], "south");
	assert_int_equal(tenant_names(in("nowhere"), a, &names), 0);
}

TENANT_TEST(when_something_is_due_is_known_to_the_millisecond)
{
	const char *dir = in("tenants/north");

	assert_int_equal(tenant_due(dir), 0);
	tenant_due_set(dir, 1800000000123);
	assert_int_equal(tenant_due(dir), 1800000000123);
	tenant_due_set(dir, 5);
	assert_int_equal(tenant_due(dir), 5);
}

TENANT_TEST(the_hub_knows_channels_of_different_tenants_by_different_names)
{
	assert_str(tenant_channel(a, S(""), S("alerts")), "alerts");
	assert_str(tenant_channel(a, S("north"), S("alerts")), "north.alerts");
	assert_str(tenant_channel(a, S("a-b"), S("team-c")), "a-b.team-c");
}

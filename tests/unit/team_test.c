/* Who works together. */
#include "store.h"

#include "account.h"
#include "hash.h"
#include "request.h"
#include "set.h"
#include "team.h"
#include "zset.h"

static void
person(const char *name)
{
	struct field f = { S("roles"), S("responder") };

	assert_int_equal(set_add(db, S("users"), str(name)), OK);
	assert_int_equal(hash_set(db, arena_strf(mem, "user:%s", name), &f, 1), OK);
}

STORE_TEST(a_slug_is_small_letters_digits_and_single_dashes_within)
{
	assert_true(team_slug_valid(S("a")));
	assert_true(team_slug_valid(S("search-and-rescue-2")));
	assert_true(team_slug_valid(S("abcdefghijabcdefghijabcdefghijabcdefghij")));
	assert_false(team_slug_valid(S("abcdefghijabcdefghijabcdefghijabcdefghijk")));
	assert_false(team_slug_valid(S("")));
	assert_false(team_slug_valid(S("-a")));
	assert_false(team_slug_valid(S("a-")));
	assert_false(team_slug_valid(S("a--b")));
	assert_false(team_slug_valid(S("A")));
	assert_false(team_slug_valid(S("a:members")));
	assert_false(team_slug_valid(S("a\0b")));
	assert_false(team_slug_valid(S("ă")));
}

STORE_TEST(a_team_is_found_as_it_was_made)
{
	struct team t;

	assert_int_equal(team_add(db, mem, S("boats"), S("Boats & divers"), true), OK);
	assert_int_equal(team_get(db, mem, S("boats"), &t), OK);
	assert_true(str_is(t.slug, "boats"));
	assert_true(str_is(t.title, "Boats & divers"));
	assert_true(t.open);
	assert_int_equal(t.created_at, NOW);
	assert_int_equal(t.members, 0);
	assert_int_equal(team_get(db, mem, S("boat"), &t), ERR_NOT_FOUND);
}

STORE_TEST(no_two_teams_have_one_slug)
{
	assert_int_equal(team_add(db, mem, S("boats"), S("Boats"), true), OK);
	assert_int_equal(team_add(db, mem, S("boats"), S("Others"), false), ERR_CONFLICT);
	assert_int_equal(team_add(db, mem, S("a:b"), S("No slug"), false), ERR_INPUT);
}

STORE_TEST(a_slug_from_outside_never_names_another_key)
{
	struct team t;

	person("ana");
	assert_int_equal(team_add(db, mem, S("boats"), S("Boats"), true), OK);
	assert_int_equal(team_join(db, mem, S("boats"), S("ana")), OK);
	assert_int_equal(team_get(db, mem, S("boats:members"), &t), ERR_NOT_FOUND);
	assert_int_equal(team_join(db, mem, S("boats:members"), S("ana")), ERR_NOT_FOUND);
	assert_false(team_has(db, mem, S("boats:members"), S("ana")));
}

STORE_TEST(what_a_change_leaves_alone_stays)
{
	struct team t;

	person("ana");
	assert_int_equal(team_add(db, mem, S("boats"), S("Boats"), true), OK);
	assert_int_equal(team_join(db, mem, S("boats"), S("ana")), OK);
	at(NOW + 5);
	assert_int_equal(team_change(db, mem, S("boats"), S("Rescue boats"), false), OK);
	assert_int_equal(team_get(db, mem, S("boats"), &t), OK);
	assert_true(str_is(t.title, "Rescue boats"));
	assert_false(t.open);
	assert_int_equal(t.created_at, NOW);
	assert_int_equal(t.members, 1);
	assert_int_equal(team_change(db, mem, S("nobody"), S("x"), true), ERR_NOT_FOUND);
}

STORE_TEST(teams_and_members_know_of_each_other)
{
	struct str *slugs, *names;
	struct team t;
	size_t n;

	person("ana");
	person("dan");
	assert_int_equal(team_add(db, mem, S("boats"), S("Boats"), true), OK);
	assert_int_equal(team_add(db, mem, S("alpha"), S("Alpha"), false), OK);
	assert_int_equal(team_join(db, mem, S("boats"), S("ana")), OK);
	assert_int_equal(team_join(db, mem, S("boats"), S("ana")), OK);
	assert_int_equal(team_join(db, mem, S("alpha"), S("ana")), OK);
	assert_int_equal(team_join(db, mem, S("boats"), S("dan")), OK);
	assert_int_equal(team_get(db, mem, S("boats"), &t), OK);
	assert_int_equal(t.members, 2);
	assert_true(team_has(db, mem, S("alpha"), S("ana")));
	assert_false(team_has(db, mem, S("alpha"), S("dan")));
	assert_int_equal(team_of(db, mem, S("ana"), &slugs, &n), OK);
	assert_int_equal(n, 2);
	assert_true(str_is(slugs[0], "alpha"));
	assert_true(str_is(slugs[1], "boats"));
	assert_int_equal(team_members(db, mem, S("boats"), S("ana"), 10, &names, &n), OK);
	assert_int_equal(n, 1);
	assert_true(str_is(names[0], "dan"));
}

STORE_TEST(who_leaves_is_gone_on_both_sides)
{
	struct str *slugs;
	struct team t;
	size_t n;

	person("ana");
	assert_int_equal(team_add(db, mem, S("boats"), S("Boats"), true), OK);
	assert_int_equal(team_join(db, mem, S("boats"), S("ana")), OK);
	assert_int_equal(team_leave(db, mem, S("boats"), S("ana")), OK);
	assert_int_equal(team_leave(db, mem, S("boats"), S("ana")), OK);
	assert_int_equal(team_get(db, mem, S("boats"), &t), OK);
	assert_int_equal(t.members, 0);
	assert_int_equal(team_of(db, mem, S("ana"), &slugs, &n), OK);
	assert_int_equal(n, 0);
}

STORE_TEST(only_who_exists_joins_only_what_exists)
{
	person("ana");
	assert_int_equal(team_add(db, mem, S("boats"), S("Boats"), true), OK);
	assert_int_equal(team_join(db, mem, S("boats"), S("eve")), ERR_NOT_FOUND);
	assert_int_equal(team_join(db, mem, S("trucks"), S("ana")), ERR_NOT_FOUND);
	assert_int_equal(team_leave(db, mem, S("trucks"), S("ana")), ERR_NOT_FOUND);
	assert_int_equal(team_leave(db, mem, S("boats"), S("eve")), ERR_NOT_FOUND);
}

STORE_TEST(teams_are_listed_by_slug_up_to_a_bound)
{
	struct team *teams;
	size_t n;

	assert_int_equal(team_list(db, mem, &teams, &n), OK);
	assert_int_equal(n, 0);
	for (int i = TEAMS_MAX; i > 0; i--)
		assert_int_equal(
		    team_add(db, mem, arena_strf(mem, "t%04d", i), numbered("Team ", i), i % 2), OK);
	assert_int_equal(team_add(db, mem, S("one-more"), S("x"), true), ERR_TOO_LARGE);
	assert_int_equal(team_list(db, mem, &teams, &n), OK);
	assert_int_equal(n, TEAMS_MAX);
	assert_true(str_is(teams[0].slug, "t0001"));
	assert_true(str_is(teams[0].title, "Team 1"));
	assert_true(teams[0].open);
	assert_false(teams[n - 1].open);
}

STORE_TEST(who_reads_a_team_is_settled_while_it_has_posts)
{
	struct team t;

	assert_int_equal(team_add(db, mem, S("boats"), S("Boats"), true), OK);
	assert_int_equal(zset_add(db, S("team:boats:posts"), S("1"), 1), OK);
	assert_int_equal(team_change(db, mem, S("boats"), S("Boats"), false), ERR_CONFLICT);
	assert_int_equal(team_change(db, mem, S("boats"), S("Ships"), true), OK);
	assert_int_equal(zset_rem(db, S("team:boats:posts"), S("1")), OK);
	assert_int_equal(team_change(db, mem, S("boats"), S("Ships"), false), OK);
	assert_int_equal(team_get(db, mem, S("boats"), &t), OK);
	assert_false(t.open);
}

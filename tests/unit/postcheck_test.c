/* The check of posts tells of everything that is off, and of nothing else. */
#include "posts.h"

static char told[4096];

static void
listen(void *arg, struct str text)
{
	size_t n = strlen(told);

	(void)arg;
	snprintf(told + n, sizeof(told) - n, "%.*s\n", FMT(text));
}

/* Some of everything: 8 posts, one of them edited, one deleted. */
static void
fill(void)
{
	struct post p = { .text = S("Water at #Grigorescu"), .user = S("ana"), .public = true };
	struct reader ana = reader("ana");
	struct post_fault f;

	p.placed = true;
	p.position = (struct geo){ 23.59, 46.77 };
	assert_int_equal(post_add(db, mem, &ana, &p, &f), OK);
	post("ana", "#Cool @bob", "");
	post("bob", "#COOL and #apă @eva", "dogs medics");
	post("eva", "#cool @bob", "medics");
	post("eva", "Boats! @ana", "boats medics");
	post("dan", "gone #soon", "dogs");
	post("dan", "#first @ana", "dogs");
	post("token:importer", "counted", "");
	edit(7, "#Second @bob");
	assert_int_equal(post_delete(db, mem, 6), OK);
}

/* Spoils one thing and wants to hear of it, of one thing or of both ends of it. */
#define SPOILT(what) \
	do { \
		at(db_now(db) + 1); \
		told[0] = '\0'; \
		assert_int_equal((what), OK); \
		if (posts_check(db, listen, NULL) == 0) \
			fail_msg("not told: %s", #what); \
		start_over(); \
	} while (0)

static enum err
field(const char *key, const char *name, const char *value)
{
	struct field f = { str(name), str(value) };

	return hash_set(db, str(key), &f, 1);
}

static enum err
gone(const char *key)
{
	return key_del(db, str(key)) ? OK : ERR_NOT_FOUND;
}

static enum err
version(const char *text)
{
	struct str s = str(text);
	int64_t n;

	return list_push(db, S("post:2:versions"), LIST_TAIL, &s, 1, &n);
}

POSTS_TEST(what_was_written_and_changed_by_the_rules_is_in_order)
{
	assert_int_equal(posts_check(db, listen, NULL), 0);
	fill();
	told[0] = '\0';
	if (posts_check(db, listen, NULL) != 0)
		fail_msg("%s", told);
}

POSTS_TEST(a_post_that_is_off_is_told)
{
	fill();
	SPOILT(gone("post:2"));
	SPOILT(gone("post:6"));
	SPOILT(field("post:9", "text", "from nowhere"));
	SPOILT(field("post:2", "text", "#Cold @bob"));
	SPOILT(field("post:2", "tags", "cool/CooL"));
	SPOILT(field("post:2", "tags", "cold"));
	SPOILT(field("post:2", "mentions", "bob eva"));
	SPOILT(field("post:2", "user", "bob"));
	SPOILT(field("post:2", "audience", "public"));
	SPOILT(field("post:4", "audience", "org"));
	SPOILT(field("post:4", "teams", "dogs"));
	SPOILT(field("post:1", "latitude", "46.870000"));
	SPOILT(field("post:2", "deleted_at", "1000001"));
	SPOILT(field("post:6", "text", "still here"));
	SPOILT(field("post:6", "tags", "soon"));
	SPOILT(field("team:medics", "open", "1"));
	string_set(db, S("post:id"), S("7"), 0);
	assert_true(posts_check(db, listen, NULL) > 0);
}

POSTS_TEST(versions_that_are_off_are_told)
{
	fill();
	SPOILT(gone("post:7:versions"));
	SPOILT(version("1000000 older"));
	SPOILT(field("post:2", "edited_at", "1000001"));
	SPOILT(list_set(db, S("post:7:versions"), 0, S("17 too early")));
	SPOILT(list_set(db, S("post:7:versions"), 0, S("1000000 #Second @bob")));
	SPOILT(list_set(db, S("post:7:versions"), 0, S("1000000 ")));
	SPOILT(key_rename(db, S("post:7:versions"), S("post:6:versions")));
}

POSTS_TEST(a_list_that_lacks_a_post_or_has_one_too_many_is_told)
{
	static const char *const lists[] = { "posts:public", "posts:org", "posts:team-medics",
		"posts:everyone:public", "posts:everyone:org", "team:boats:posts", "team:medics:posts",
		"user:ana:posts:public", "user:token:importer:posts:org", "hashtag:grigorescu:public",
		"hashtag:cool:org", "mentions:bob", "near:u82f:public", "near:u82f0:public",
		"near:u82f0f:public" };

	fill();
	for (size_t i = 0; i < LEN(lists); i++) {
		struct str first = str(ranking(lists[i])), member = str_cut(&first, ' ');

		assert_true(member.n > 0);
		SPOILT(zset_rem(db, str(lists[i]), member));
		SPOILT(zset_add(db, str(lists[i]), member, 77));
		SPOILT(zset_add(db, str(lists[i]), str(str_is(member, "3") ? "4" : "3"), 3));
		SPOILT(zset_add(db, str(lists[i]), S("6"), 6));
		SPOILT(zset_add(db, str(lists[i]), S("x"), 6));
		SPOILT(gone(lists[i]));
		SPOILT((string_set(db, str(lists[i]), S("x"), 0), OK));
	}
	SPOILT(zset_add(db, S("posts:team-none"), S("2"), 2));
	SPOILT(zset_add(db, S("user:eva:posts:org"), S("2"), 2));
	SPOILT(zset_add(db, S("mentions:nobody"), S("2"), 2));
	SPOILT(zset_add(db, S("near:u82g:org"), S("2"), 2));
	SPOILT(zset_add(db, S("hashtag:cold:org"), S("2"), 2));
}

POSTS_TEST(a_count_or_a_spelling_that_is_off_is_told)
{
	fill();
	SPOILT(zset_add(db, S("hashtags:org"), S("cool"), 2));
	SPOILT(zset_rem(db, S("hashtags:org"), S("cool")));
	SPOILT(zset_add(db, S("hashtags:org"), S("cold"), 1));
	SPOILT(zset_add(db, S("hashtags:team-none"), S("cool"), 1));
	SPOILT(field("hashtag:cool:as:org", "Cool", "2"));
	SPOILT(field("hashtag:cool:as:org", "CooL", "1"));
	SPOILT(hash_del(db, S("hashtag:cool:as:org"), S("Cool")));
	SPOILT(field("hashtag:cold:as:org", "Cold", "1"));
	SPOILT(key_rename(db, S("hashtag:cool:as:org"), S("hashtag:cool:as:public")));
}

POSTS_TEST(audiences_of_a_team_that_are_off_are_told)
{
	fill();
	SPOILT(set_rem(db, S("team:medics:audiences"), S("team-medics")));
	SPOILT(set_add(db, S("team:medics:audiences"), S("team-none")));
	SPOILT(set_add(db, S("team:dogs:audiences"), S("team-medics")));
	SPOILT(set_add(db, S("team:boats:audiences"), S("org")));
	SPOILT(gone("team:dogs:audiences"));
}

POSTS_TEST(a_full_text_index_that_is_off_is_told)
{
	struct str labels[] = { S("a:org"), S("u:ana") };

	fill();
	SPOILT((text_del(db, mem, S("posts"), 2), OK));
	SPOILT(text_put(db, mem, S("posts"), 2, S("#Cool @bob"), labels, 2));
	SPOILT(text_put(db, mem, S("posts"), 2, S("other words"), labels, 2));
	SPOILT(text_put(db, mem, S("posts"), 6, S("gone #soon"), labels, 2));
	SPOILT(text_put(db, mem, S("posts"), 99, S("never"), labels, 2));
}

POSTS_TEST(a_team_whose_posts_are_all_deleted_may_be_opened)
{
	post("ana", "once", "dogs");
	assert_int_equal(team_change(db, mem, S("dogs"), S("Dogs"), true), ERR_CONFLICT);
	assert_int_equal(post_delete(db, mem, 1), OK);
	assert_int_equal(team_change(db, mem, S("dogs"), S("Dogs"), true), OK);
	told[0] = '\0';
	if (posts_check(db, listen, NULL) != 0)
		fail_msg("%s", told);
}

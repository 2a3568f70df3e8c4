/* What response teams write, and what is kept about it. */
#include "posts.h"

#include "event.h"

static const struct geo CLUJ = { 23.59, 46.77 };

POSTS_TEST(a_post_is_read_as_it_was_written)
{
	struct post p = post("ana", "  Water at #Mănăștur\r\nask @bob  ", "boats"), q;

	assert_int_equal(post_get(db, mem, p.id, &q), OK);
	assert_str(q.text, "Water at #Mănăștur\nask @bob");
	assert_str(q.user, "ana");
	assert_str(q.audience, "org");
	assert_int_equal(q.nteams, 1);
	assert_str(q.teams[0], "boats");
	assert_int_equal(q.ntags, 1);
	assert_str(q.tags[0], "mănăștur");
	assert_str(q.spellings[0], "Mănăștur");
	assert_int_equal(q.nmentions, 1);
	assert_str(q.mentions[0], "bob");
	assert_int_equal(q.created_at, NOW);
	assert_int_equal(q.edited_at, 0);
	assert_false(q.placed);
	assert_false(q.public);
	assert_int_equal(post_get(db, mem, p.id + 1, &q), ERR_NOT_FOUND);
}

POSTS_TEST(an_audience_is_what_a_post_and_its_teams_say)
{
	struct post p = { .text = S("to all"), .user = S("ana"), .public = true };
	struct reader ana = reader("ana");
	struct post_fault f;

	assert_int_equal(post_add(db, mem, &ana, &p, &f), OK);
	assert_str(p.audience, "public");
	assert_str(post("ana", "a", "").audience, "org");
	assert_str(post("ana", "b", "boats").audience, "org");
	assert_str(post("ana", "c", "dogs boats").audience, "org");
	assert_str(post("ana", "d", "dogs").audience, "team-dogs");
	assert_true(str_starts(post("bob", "e", "dogs medics").audience, "teams-"));
	assert_bytes(
	    post("bob", "f", "medics dogs medics").audience, post("bob", "g", "dogs medics").audience);
}

POSTS_TEST(every_list_has_the_post_once_and_gives_it_back)
{
	struct reader ana = reader("ana");
	struct post p = { .text = S("#Cool #cool @bob @bob @nobody"), .user = S("ana") };
	struct post_fault f;

	p.placed = true;
	p.position = CLUJ;
	assert_int_equal(post_add(db, mem, &ana, &p, &f), OK);
	assert_str(str(ranking("posts:org")), "1");
	assert_str(str(ranking("posts:everyone:org")), "1");
	assert_str(str(ranking("user:ana:posts:org")), "1");
	assert_str(str(ranking("hashtag:cool:org")), "1");
	assert_str(str(ranking("mentions:bob")), "1");
	assert_str(str(ranking("mentions:nobody")), "");
	assert_int_equal(score("hashtags:org", "cool"), 1);
	assert_str(str(ranking("near:u82f0:org")), "1");
	post("ana", "#COOL", "boats");
	assert_int_equal(score("hashtags:org", "cool"), 2);
	assert_str(str(ranking("team:boats:posts")), "2");
	assert_str(str(ranking("posts:everyone:org")), "1");
	assert_int_equal(post_delete(db, mem, 1), OK);
	assert_str(str(ranking("posts:org")), "2");
	assert_str(str(ranking("hashtag:cool:org")), "2");
	assert_str(str(ranking("mentions:bob")), "");
	assert_str(str(ranking("near:u82f0:org")), "");
	assert_int_equal(score("hashtags:org", "cool"), 1);
	assert_int_equal(post_delete(db, mem, 2), OK);
	assert_false(key_exists(db, S("hashtags:org")));
	assert_false(key_exists(db, S("hashtag:cool:as:org")));
	assert_false(key_exists(db, S("posts:org")));
	assert_false(key_exists(db, S("team:boats:posts")));
}

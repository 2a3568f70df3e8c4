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

/* ---- what is refused ----------------------------------------------------------- */

static void
refused(const char *user, const char *text, const char *teams, const char *field, const char *code)
{
	struct post p;
	struct post_fault f;

	assert_int_equal(try_post(user, text, teams, &p, &f), ERR_INPUT);
	assert_string_equal(f.field, field);
	assert_string_equal(f.code, code);
	assert_false(key_exists(db, S("post:id")));
}

static const char *
repeat(const char *s, int n)
{
	struct str all = S("");

	while (n-- > 0)
		all = arena_strf(mem, "%.*s%s", FMT(all), s);
	return all.p;
}

POSTS_TEST(what_is_no_post_is_refused_and_nothing_is_written)
{
	struct post p = { .text = S("here"), .user = S("ana"), .placed = true };
	struct reader ana = reader("ana");
	struct post_fault f;

	refused("ana", "", "", "text", "missing");
	refused("ana", " \r\n\t ", "", "text", "missing");
	refused("ana", "a\x01", "", "text", "format");
	refused("ana", "a\xff", "", "text", "format");
	refused("ana", "\xed\xa0\x80", "", "text", "format");
	refused("ana", repeat("\xf0\x9f\x9a\x92", POST_MAX + 1), "", "text", "length");
	refused("ana", "x", "nobodys", "teams", "unknown");
	refused("ana", "x", "boats medics", "teams", "unknown");
	refused("ana", "x", "boats:posts", "teams", "unknown");
	p.position = (struct geo){ 0, 86 };
	assert_int_equal(post_add(db, mem, &ana, &p, &f), ERR_INPUT);
	assert_string_equal(f.field, "position");
	p.position = (struct geo){ (double)NAN, 0 };
	assert_int_equal(post_add(db, mem, &ana, &p, &f), ERR_INPUT);
	post("ana", repeat("\xf0\x9f\x9a\x92", POST_MAX), "");
	post("ana", repeat("a\r\n", POST_MAX / 2), "boats");
}

POSTS_TEST(a_closed_team_of_others_looks_like_one_that_is_not_there)
{
	struct post p;
	struct post_fault f, g;

	assert_int_equal(try_post("ana", "x", "medics", &p, &f), ERR_INPUT);
	assert_int_equal(try_post("ana", "x", "nobody", &p, &g), ERR_INPUT);
	assert_string_equal(f.code, g.code);
	assert_string_equal(f.message, "There is no team medics.");
	assert_string_equal(g.message, "There is no team nobody.");
}

POSTS_TEST(more_than_twenty_teams_are_refused)
{
	struct str names = S("");
	struct post p;
	struct post_fault f;

	for (int i = 0; i <= POST_TEAMS; i++) {
		team_add(db, mem, numbered("t", i), S("T"), true);
		names = arena_strf(mem, "%.*s%st%d", FMT(names), i ? " " : "", i);
	}
	assert_int_equal(try_post("ana", "x", names.p, &p, &f), ERR_INPUT);
	assert_string_equal(f.code, "length");
	assert_int_equal(post("ana", "x", names.p + 3).nteams, POST_TEAMS);
}

POSTS_TEST(a_closed_team_writes_with_so_many_groups_and_no_more)
{
	struct post p;
	struct post_fault f;

	for (int i = 0; i <= AUDIENCES_MAX; i++) {
		team_add(db, mem, numbered("t", i), S("T"), false);
		assert_int_equal(team_join(db, mem, numbered("t", i), S("ana")), OK);
	}
	for (int i = 0; i < AUDIENCES_MAX; i++)
		post("ana", "x", arena_printf(mem, "dogs t%d", i));
	assert_int_equal(
	    try_post("ana", "x", arena_printf(mem, "dogs t%d", AUDIENCES_MAX), &p, &f), ERR_INPUT);
	assert_string_equal(f.code, "room");
	post("ana", "y", "dogs t7");
	assert_int_equal(post_delete(db, mem, 1), OK);
	post("ana", "x", arena_printf(mem, "dogs t%d", AUDIENCES_MAX));
	assert_int_equal(posts_check(db, NULL, NULL), 0);
}

POSTS_TEST(pressing_twice_writes_once)
{
	struct post p;
	struct post_fault f;

	post("ana", "Water", "boats");
	post("ana", "Water", "");
	post("bob", "Water", "boats");
	at(NOW + POST_SAME_MS - 1);
	assert_int_equal(try_post("ana", "Water", "boats", &p, &f), ERR_CONFLICT);
	assert_int_equal(p.id, 1);
	assert_int_equal(try_post("ana", " Water\r\n", "boats boats", &p, &f), ERR_CONFLICT);
	assert_int_equal(p.id, 1);
	at(NOW + POST_SAME_MS);
	assert_int_equal(post("ana", "Water", "boats").id, 4);
	assert_int_equal(post_delete(db, mem, 4), OK);
	assert_int_equal(post("ana", "Water", "boats").id, 5);
	edit(5, "Fire");
	assert_int_equal(post("ana", "Water", "boats").id, 6);
}

/* ---- what stands in it ----------------------------------------------------------- */

POSTS_TEST(two_hundred_tags_are_kept_and_the_rest_is_text)
{
	struct str text = S("");
	struct post p;

	for (int i = 0; i < 250; i++)
		text = arena_strf(mem, "%.*s #t%d", FMT(text), i);
	p = post("ana", text.p, "");
	assert_int_equal(p.ntags, POST_TAGS);
	assert_str(p.tags[POST_TAGS - 1], "t199");
	assert_int_equal(score("hashtags:org", "t199"), 1);
	assert_int_equal(score("hashtags:org", "t200"), 0);
	assert_int_equal(posts_check(db, NULL, NULL), 0);
	assert_int_equal(post("ana", "# nothing ## #1", "").ntags, 0);
}

POSTS_TEST(only_people_who_can_read_it_are_mentioned)
{
	post("ana", "@ANA @bob @eva @dan @nobody @users", "dogs");
	assert_str(str(ranking("mentions:ana")), "1");
	assert_str(str(ranking("mentions:bob")), "1");
	assert_str(str(ranking("mentions:dan")), "1");
	assert_str(str(ranking("mentions:eva")), "");
	assert_str(str(ranking("mentions:nobody")), "");
	assert_str(str(ranking("mentions:users")), "");
	post("ana", "@eva", "dogs boats");
	assert_str(str(ranking("mentions:eva")), "2");
}

POSTS_TEST(a_spelling_counts_the_posts_that_use_it_first)
{
	struct str n;

	post("ana", "#Cool #cool #COOL", "");
	post("bob", "#Cool", "");
	post("eva", "＃cool", "");
	assert_int_equal(hash_get(db, mem, S("hashtag:cool:as:org"), S("Cool"), &n), OK);
	assert_str(n, "2");
	assert_int_equal(hash_get(db, mem, S("hashtag:cool:as:org"), S("cool"), &n), OK);
	assert_str(n, "1");
	assert_int_equal(hash_get(db, mem, S("hashtag:cool:as:org"), S("COOL"), &n), ERR_NOT_FOUND);
}

/* ---- edits and tombstones ----------------------------------------------------------- */

POSTS_TEST(an_edit_keeps_what_was_said_and_moves_what_follows)
{
	struct post_version *v;
	struct post p;
	size_t n;

	post("ana", "#one #Two @bob", "boats");
	at(NOW + 1000);
	p = edit(1, "#TWO #three @eva");
	assert_int_equal(p.edited_at, NOW + 1000);
	assert_int_equal(p.versions, 1);
	assert_int_equal(score("hashtags:org", "one"), 0);
	assert_int_equal(score("hashtags:org", "two"), 1);
	assert_str(str(ranking("hashtag:one:org")), "");
	assert_str(str(ranking("hashtag:two:org")), "1");
	assert_str(str(ranking("hashtag:three:org")), "1");
	assert_str(str(ranking("mentions:bob")), "");
	assert_str(str(ranking("mentions:eva")), "1");
	at(NOW + POST_EDIT_MS);
	edit(1, "plain");
	assert_int_equal(post_get(db, mem, 1, &p), OK);
	assert_str(p.text, "plain");
	assert_int_equal(p.ntags, 0);
	assert_int_equal(p.versions, 2);
	assert_int_equal(post_versions(db, mem, 1, &v, &n), OK);
	assert_int_equal(n, 2);
	assert_str(v[0].text, "#one #Two @bob");
	assert_int_equal(v[0].until, NOW + 1000);
	assert_str(v[1].text, "#TWO #three @eva");
	assert_int_equal(v[1].until, NOW + POST_EDIT_MS);
	assert_int_equal(posts_check(db, NULL, NULL), 0);
}

POSTS_TEST(an_edit_that_says_nothing_new_or_comes_too_late_changes_nothing)
{
	struct post p;
	struct post_fault f;

	post("ana", "one", "");
	assert_int_equal(edit(1, " one\r\n").versions, 0);
	at(NOW + POST_EDIT_MS + 1);
	assert_int_equal(post_edit(db, mem, 1, S("two"), &p, &f), ERR_CONFLICT);
	assert_str(p.text, "one");
	assert_int_equal(post_edit(db, mem, 1, S(""), &p, &f), ERR_INPUT);
	assert_string_equal(f.field, "text");
	assert_int_equal(post_edit(db, mem, 2, S("two"), &p, &f), ERR_NOT_FOUND);
	assert_int_equal(post_delete(db, mem, 1), OK);
	assert_int_equal(post_edit(db, mem, 1, S("two"), &p, &f), ERR_GONE);
}

POSTS_TEST(versions_have_an_end)
{
	struct post p;
	struct post_fault f;

	post("ana", "0", "");
	for (int i = 1; i <= POST_VERSIONS; i++)
		edit(1, numbered("", i).p);
	assert_int_equal(post_edit(db, mem, 1, S("more"), &p, &f), ERR_INPUT);
	assert_string_equal(f.code, "room");
}

POSTS_TEST(of_a_deleted_post_nothing_is_left_but_that_it_was)
{
	struct reader ana = reader("ana");
	struct text_search s = { .query = S("water") };
	struct text_group all = { (struct str[]){ S("a:team-dogs") }, 1 };
	struct post p = { .text = S("Water #Cool @bob"), .user = S("ana"), .placed = true };
	struct post_fault f;
	struct field *fields;
	int64_t *ids, next, keys;
	size_t n;

	s.groups = &all;
	s.ngroups = 1;
	s.limit = 10;
	string_set(db, S("post:id"), S("6"), 0);
	keys = key_count(db);
	p.position = CLUJ;
	p.teams = arena_array(mem, struct str, 1);
	p.teams[p.nteams++] = S("dogs");
	assert_int_equal(post_add(db, mem, &ana, &p, &f), OK);
	edit(7, "Water! #Hot @bob");
	assert_int_equal(text_find(db, mem, S("posts"), &s, &ids, &n, &next), OK);
	assert_int_equal(n, 1);
	at(NOW + POST_SAME_MS);
	assert_int_equal(post_delete(db, mem, 7), OK);
	assert_int_equal(post_delete(db, mem, 7), OK);
	assert_int_equal(text_find(db, mem, S("posts"), &s, &ids, &n, &next), OK);
	assert_int_equal(n, 0);
	assert_int_equal(key_count(db), keys + 1);
	assert_int_equal(hash_all(db, mem, S("post:7"), &fields, &n), OK);
	assert_int_equal(n, 6);
	assert_str(fields[0].name, "audience");
	assert_str(fields[1].name, "created_at");
	assert_str(fields[2].name, "deleted_at");
	assert_str(fields[3].name, "edited_at");
	assert_str(fields[4].name, "teams");
	assert_str(fields[5].name, "user");
	assert_int_equal(post_get(db, mem, 7, &p), OK);
	assert_int_equal(p.deleted_at, NOW + POST_SAME_MS);
	assert_true(post_readable(&p, &ana));
	assert_int_equal(post_delete(db, mem, 8), ERR_NOT_FOUND);
}

/* ---- events ----------------------------------------------------------------------- */

/* What a channel says, a line each. */
static const char *
heard(const char *channel)
{
	struct str c = str(channel), s = S("");
	struct events e;

	event_range(db, mem, &c, 1, 0, INT64_MAX, 100, &e);
	for (size_t i = 0; i < e.n; i++)
		s = arena_strf(
		    mem, "%.*s%s%.*s %.*s", FMT(s), i ? "\n" : "", FMT(e.v[i].topic), FMT(e.v[i].data));
	return s.p;
}

#define TIMES "\"created_at\":1000000,\"edited_at\":null"

POSTS_TEST(those_who_may_read_it_hear_of_it_and_nobody_else)
{
	struct post p = { .text = S("to all"), .user = S("bob"), .public = true };
	struct reader bob = reader("bob");
	struct post_fault f;

	p.teams = (struct str[]){ S("boats"), S("dogs") };
	p.nteams = 2;
	assert_int_equal(post_add(db, mem, &bob, &p, &f), OK);
	assert_string_equal(heard("posts"),
	    "1 {\"id\":\"post:1\",\"text\":\"to all\",\"user\":\"bob\",\"teams\":[\"boats\"],\"hashtags\":[],"
	    "\"position\":null,\"public\":true," TIMES "}");
	assert_string_equal(heard("staff"), "");
	assert_string_equal(heard("team-dogs"), "");
	post("bob", "#x @eva", "dogs medics");
	assert_string_equal(heard("staff"), "");
	assert_string_equal(heard("team-boats"), "");
	assert_string_equal(heard("team-dogs"),
	    "2 {\"id\":\"post:2\",\"user\":\"bob\",\"teams\":[\"dogs\"],\"hashtags\":[\"x\"],\"mentions\":[\"eva\"]," TIMES
	    "}");
	assert_string_equal(heard("team-medics"),
	    "2 {\"id\":\"post:2\",\"user\":\"bob\",\"teams\":[\"medics\"],\"hashtags\":[\"x\"],\"mentions\":[\"eva\"]," TIMES
	    "}");
	post("bob", "ours", "dogs boats");
	assert_string_equal(heard("staff"),
	    "3 {\"id\":\"post:3\",\"user\":\"bob\",\"teams\":[\"boats\"],\"hashtags\":[],\"mentions\":[]," TIMES
	    "}");
	edit(3, "ours!");
	assert_null(strstr(heard("staff"), "\"edited_at\":null"));
	post_delete(db, mem, 3);
	assert_string_equal(heard("staff"), "3 {\"deleted\":\"post:3\"}");
	post_delete(db, mem, 1);
	assert_string_equal(heard("posts"), "1 {\"deleted\":\"post:1\"}");
}

/* Also up to before it was deleted. */
POSTS_TEST(the_log_of_events_forgets_what_a_deleted_post_said)
{
	struct post p = { .text = S("a #secret word"), .user = S("bob"), .public = true };
	struct reader bob = reader("bob");
	struct str posts = S("posts");
	struct post_fault f;
	struct events e;
	int64_t then;

	assert_int_equal(post_add(db, mem, &bob, &p, &f), OK);
	edit(1, "another #secret");
	then = event_head(db, posts);
	post_delete(db, mem, 1);
	event_range(db, mem, &posts, 1, 0, then, 100, &e);
	assert_int_equal(e.n, 1);
	assert_str(e.v[0].data, "{\"deleted\":\"post:1\"}");
}

/* ---- who reads what ------------------------------------------------------------------ */

POSTS_TEST(a_reader_has_his_teams_and_their_audiences)
{
	struct reader r;

	post("bob", "1", "dogs medics");
	post("bob", "2", "medics");
	r = reader("bob");
	assert_int_equal(r.nteams, 2);
	assert_int_equal(r.nclosed, 2);
	assert_int_equal(r.naudiences, 4);
	assert_str(r.audiences[0], "public");
	assert_str(r.audiences[1], "org");
	r = reader("ana");
	assert_int_equal(r.naudiences, 3);
	r = reader("oto");
	assert_int_equal(r.naudiences, 2);
	r = reader("");
	assert_int_equal(r.naudiences, 1);
	r = reader("dan");
	assert_int_equal(r.nteams, 0);
	assert_int_equal(r.nclosed, 2);
	assert_int_equal(r.naudiences, 4);
	assert_int_equal(reader_of(db, mem, S(""), true, false, &r), OK);
	assert_int_equal(r.naudiences, 2);
	assert_int_equal(reader_of(db, mem, S(""), true, true, &r), OK);
	assert_int_equal(r.naudiences, 4);
	team_leave(db, mem, S("medics"), S("bob"));
	r = reader("bob");
	assert_int_equal(r.naudiences, 3);
}

/* As a person would say it: may this one read it? */
static bool
naive(const char *who, bool public, const int *teams, bool in[5][4])
{
	static const char *const names[] = { "ana", "bob", "eva", "oto", "dan" };
	bool named = false;
	int i = 0;

	if (public)
		return true;
	if (*who == '\0')
		return false;
	while (strcmp(names[i], who) != 0)
		i++;
	for (int t = 0; t < 4; t++)
		if (teams[t]) {
			named = true;
			if (t < 2 || in[i][t] || i == 4) /* 0 and 1 are open */
				return true;
		}
	return !named;
}

/* Whether he hears of it on the channels that he may follow; none tells him of a
 * closed team that he does not know. */
static bool
hears(const struct reader *r, const struct post *p, int64_t after)
{
	struct str channels[8] = { S("posts"), S("staff") };
	size_t n = r->staff ? 2 : 1;
	struct events e;

	for (size_t i = 0; i < r->nclosed; i++)
		channels[n++] = arena_strf(mem, "team-%.*s", FMT(r->closed[i]));
	event_range(db, mem, channels, n, after, INT64_MAX, 100, &e);
	for (size_t i = 0; i < e.n; i++) {
		assert_bytes(e.v[i].topic, numbered("", (int)p->id));
		for (size_t t = 0; t < p->nteams; t++)
			if (!reader_knows(db, mem, r, p->teams[t]))
				assert_null(
				    strstr(e.v[i].data.p, arena_printf(mem, "\"%.*s\"", FMT(p->teams[t]))));
	}
	return e.n > 0;
}

POSTS_TEST(random_readers_see_what_they_may_of_random_posts_and_no_more)
{
	static const char *const slugs[] = { "o1", "o2", "c1", "c2" };
	static const char *const names[] = { "ana", "bob", "eva", "oto", "dan" };
	bool in[5][4] = { 0 };

	rnd_start();
	for (int t = 0; t < 4; t++)
		assert_int_equal(team_add(db, mem, str(slugs[t]), S("T"), t < 2), OK);
	for (int round = 0; round < 300; round++) {
		int u = rnd_below(5), t = rnd_below(4), w = rnd_below(5), teams[4];
		struct reader r = reader(names[w]);
		struct post p = { .text = numbered("text ", round), .user = str(names[w]) };
		struct post_fault f;
		int64_t before = db_sequence(db);
		bool may = true;

		in[u][t] = !in[u][t];
		assert_int_equal(
		    (in[u][t] ? team_join : team_leave)(db, mem, str(slugs[t]), str(names[u])), OK);
		r = reader(names[w]);
		p.public = rnd_below(4) == 0;
		p.teams = arena_array(mem, struct str, 4);
		for (t = 0; t < 4; t++)
			if ((teams[t] = rnd_below(3) == 0)) {
				p.teams[p.nteams++] = str(slugs[t]);
				may = may && (t < 2 || in[w][t] || w == 4);
			}
		assert_int_equal(post_add(db, mem, &r, &p, &f), may ? OK : ERR_INPUT);
		for (int i = 0; may && i < 6; i++) {
			const char *who = i < 5 ? names[i] : "";
			struct reader x = reader(who);
			struct post q;
			struct str *shown;
			bool listed = false;
			size_t n, want = 0;

			assert_int_equal(post_get(db, mem, p.id, &q), OK);
			assert_int_equal(post_readable(&q, &x), naive(who, p.public, teams, in));
			assert_int_equal(hears(&x, &q, before), naive(who, p.public, teams, in));
			for (size_t k = 0; k < x.naudiences; k++)
				listed |= str_eq(x.audiences[k], q.audience);
			assert_int_equal(listed, naive(who, p.public, teams, in));
			for (t = 0; t < 4; t++)
				want += teams[t] && (t < 2 || i == 4 || (i < 4 && in[i][t]));
			n = post_teams_shown(db, mem, &q, &x, &shown);
			assert_int_equal(n, listed ? want : 0);
			for (size_t k = 0; k < n; k++)
				assert_true(reader_knows(db, mem, &x, shown[k]));
			for (t = 0; t < 4; t++)
				assert_int_equal(reader_knows(db, mem, &x, str(slugs[t])),
				    t < 2 || i == 4 || (i < 4 && in[i][t]));
		}
	}
	assert_int_equal(posts_check(db, NULL, NULL), 0);
}

/* ---- near ------------------------------------------------------------------------------ */

static bool
is_in(struct geo g, const struct str *cells, size_t n)
{
	char hash[GEO_HASH + 1];

	geo_hash(g, hash);
	for (size_t i = 0; i < n; i++)
		if (memcmp(hash, cells[i].p, cells[i].n) == 0)
			return true;
	return false;
}

TEST(the_cells_near_a_place_hold_every_point_of_its_disc)
{
	struct arena *a = arena_new();

	rnd_start();
	for (int round = 0; round < 2000; round++) {
		struct geo g = { rnd_between(-180, 180), rnd_between(-85, 85) };
		double radius = exp(rnd_between(0, log(50000))), around;
		struct str *cells;
		size_t n;

		if (round % 4 == 0)
			g.longitude = rnd_between(179.9, 180.1) - (rnd_below(2) ? 360 : 0);
		if (round % 4 == 0 && (g.longitude > 180 || g.longitude < -180))
			g.longitude = 180;
		n = near_cells(a, g, radius, 64, &cells);
		if (radius <= 20000 && fabs(g.latitude) < 60)
			assert_true(n > 0);
		assert_true(n <= 64);
		if (n == 0)
			continue;
		assert_true(is_in(g, cells, n));
		around = radius / 111000;
		for (int i = 0; i < 50; i++) {
			struct geo at_ = { g.longitude +
					       rnd_between(-around, around) / cos(g.latitude * M_PI / 180),
				g.latitude + rnd_between(-around, around) };

			at_.longitude += at_.longitude > 180 ? -360 : at_.longitude < -180 ? 360 : 0;
			if (geo_valid(at_) && geo_distance(g, at_) <= radius)
				assert_true(is_in(at_, cells, n));
		}
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < i; k++)
				assert_false(str_eq(cells[i], cells[k]));
		arena_reset(a);
	}
	arena_free(a);
}

TEST(cells_are_as_small_as_there_is_room_for)
{
	struct arena *a = arena_new();
	struct str *cells;
	size_t few = near_cells(a, CLUJ, 100, 64, &cells);

	assert_in_range(few, 1, 4);
	assert_int_equal(cells[0].n, 6);
	assert_in_range(near_cells(a, CLUJ, 10000, 64, &cells), 9, 64);
	assert_int_equal(cells[0].n, 5);
	assert_in_range(near_cells(a, CLUJ, 50000, 64, &cells), 9, 64);
	assert_int_equal(cells[0].n, 4);
	assert_int_equal(near_cells(a, CLUJ, 50000, 3, &cells), 0);
	arena_free(a);
}

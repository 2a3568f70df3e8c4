/*
 * posts.h - people, teams and posts for tests: team "boats" is open, "dogs" and
 * "medics" are closed; ana and bob are in "dogs", bob and eva in "medics"; dan
 * is an admin and in none; oto is in none.
 */
#ifndef UNIT_POSTS_H
#define UNIT_POSTS_H

#include "store.h"

#include <math.h>

#include "hash.h"
#include "key.h"
#include "list.h"
#include "post.h"
#include "request.h"
#include "set.h"
#include "team.h"
#include "text.h"
#include "value.h"
#include "zset.h"

#define POSTS_TEST(name) TEST_WITH(name, posts_setup, store_teardown)

static inline void
person(const char *name, const char *roles)
{
	struct field f = { S("roles"), str(roles) };

	assert_int_equal(set_add(db, S("users"), str(name)), OK);
	assert_int_equal(hash_set(db, arena_strf(mem, "user:%s", name), &f, 1), OK);
}

static inline int
posts_setup(void **state)
{
	static const char *const people[] = { "ana", "bob", "eva", "oto" };

	if (store_setup(state) != 0)
		return -1;
	for (size_t i = 0; i < LEN(people); i++)
		person(people[i], "responder");
	person("dan", "admin");
	team_add(db, mem, S("boats"), S("Boats"), true);
	team_add(db, mem, S("dogs"), S("Dogs"), false);
	team_add(db, mem, S("medics"), S("Medics"), false);
	team_join(db, mem, S("dogs"), S("ana"));
	team_join(db, mem, S("dogs"), S("bob"));
	team_join(db, mem, S("medics"), S("bob"));
	return team_join(db, mem, S("medics"), S("eva")) == OK ? 0 : -1;
}

/* "" is nobody. */
static inline struct reader
reader(const char *name)
{
	struct reader r;

	assert_int_equal(reader_of(db, mem, str(name), *name != '\0', strcmp(name, "dan") == 0, &r), OK);
	return r;
}

static inline enum err
try_post(const char *user, const char *text, const char *teams, struct post *p, struct post_fault *f)
{
	struct reader r = reader(user);
	struct str rest = str(teams);

	*p = (struct post){ .text = str(text), .user = str(user) };
	p->teams = arena_array(mem, struct str, 64);
	while (rest.n)
		p->teams[p->nteams++] = str_cut(&rest, ' ');
	return post_add(db, mem, &r, p, f);
}

static inline struct post
post(const char *user, const char *text, const char *teams)
{
	struct post p;
	struct post_fault f;

	assert_int_equal(try_post(user, text, teams, &p, &f), OK);
	return p;
}

static inline struct post
edit(int64_t id, const char *text)
{
	struct post p;
	struct post_fault f;

	assert_int_equal(post_edit(db, mem, id, str(text), &p, &f), OK);
	return p;
}

/* A ranking's members, the first first: "1 2 7". */
static inline const char *
ranking(const char *key)
{
	struct zpage page = { ZPAGE_ALL, .limit = 1000 };
	struct zmember *m;
	struct str s = S("");
	size_t n;

	assert_int_equal(zset_page(db, mem, str(key), &page, &m, &n), OK);
	for (size_t i = 0; i < n; i++)
		s = arena_strf(mem, "%.*s%s%.*s", FMT(s), i ? " " : "", FMT(m[i].member));
	return s.p;
}

static inline int
score(const char *key, const char *member)
{
	double v = 0;

	return zset_score(db, str(key), str(member), &v) == OK ? (int)v : 0;
}

#endif

/* account_test.c - what account.h promises. */
#include "http.h"

#include "account.h"
#include "hash.h"
#include "key.h"
#include "session.h"
#include "set.h"
#include "value.h"

/* A user whose password nobody needs: hashing one takes its time. */
static void
user(const char *name, unsigned roles)
{
	struct field f = { S("roles"), roles_print(mem, roles) };

	assert_int_equal(set_add(db, S("users"), str(name)), OK);
	assert_int_equal(hash_set(db, arena_strf(mem, "user:%s", name), &f, 1), OK);
}

static unsigned
roles_of(const char *name)
{
	struct user u;

	assert_int_equal(user_get(db, mem, str(name), &u), OK);
	return u.roles;
}

/* Signs in; whether the session that was begun still is one. */
static struct str
sign_in(const char *name)
{
	struct str head, value;

	next_request();
	session_start(&rq, &rs, str(name));
	head = arena_dup(mem, text_of(&rs.head));
	str_cut(&head, ' ');
	value = str_cut(&head, ';');
	return value;
}

static bool
still_in(struct str cookie)
{
	next_request();
	rq.cookie = cookie;
	assert_int_equal(session_who(&rq), OK);
	return rq.who.roles != 0;
}

HTTP_STORE_TEST(users_are_listed_by_name_a_page_at_a_time)
{
	struct user *u;
	size_t n;

	user("dan", ROLE_MANAGER);
	user("ana", ROLE_ADMIN);
	user("eva", ROLE_RESPONDER);
	assert_int_equal(user_list(db, mem, (struct str){ 0 }, 2, &u, &n), OK);
	assert_int_equal(n, 2);
	assert_str(u[0].name, "ana");
	assert_int_equal(u[1].roles, ROLE_MANAGER);
	assert_int_equal(user_list(db, mem, u[1].name, 2, &u, &n), OK);
	assert_int_equal(n, 1);
	assert_str(u[0].name, "eva");
}

HTTP_STORE_TEST(a_name_from_outside_never_names_another_key)
{
	struct user u;

	user("ana", ROLE_ADMIN);
	sign_in("ana");
	assert_int_equal(user_get(db, mem, S("ana:sessions"), &u), ERR_NOT_FOUND);
	assert_int_equal(user_get(db, mem, S(""), &u), ERR_NOT_FOUND);
}

HTTP_STORE_TEST(the_last_admin_stays_one)
{
	user("ana", ROLE_ADMIN);
	user("dan", ROLE_MANAGER);
	assert_int_equal(user_set_roles(db, mem, S("ana"), ROLE_MANAGER), ERR_CONFLICT);
	assert_int_equal(user_enable(db, mem, S("ana"), false), ERR_CONFLICT);
	assert_int_equal(roles_of("ana"), ROLE_ADMIN);
	assert_int_equal(user_set_roles(db, mem, S("ana"), ROLE_ADMIN | ROLE_MANAGER), OK);
	assert_int_equal(user_set_roles(db, mem, S("dan"), ROLE_ADMIN), OK);
	assert_int_equal(user_enable(db, mem, S("ana"), false), OK);
	assert_int_equal(user_set_roles(db, mem, S("dan"), ROLE_MANAGER), ERR_CONFLICT);
	assert_int_equal(user_enable(db, mem, S("dan"), false), ERR_CONFLICT);
	assert_int_equal(user_enable(db, mem, S("ana"), true), OK);
	assert_int_equal(user_set_roles(db, mem, S("dan"), ROLE_MANAGER), OK);
}

HTTP_STORE_TEST(the_other_admin_is_found_among_hundreds)
{
	user("ana", ROLE_ADMIN);
	for (int i = 0; i < 250; i++)
		user(numbered("m", i).p, ROLE_RESPONDER);
	assert_int_equal(user_enable(db, mem, S("ana"), false), ERR_CONFLICT);
	user("zoe", ROLE_ADMIN);
	assert_int_equal(user_enable(db, mem, S("ana"), false), OK);
}

HTTP_STORE_TEST(who_is_disabled_is_out_at_once)
{
	struct str cookie;

	user("ana", ROLE_ADMIN);
	user("dan", ROLE_MANAGER);
	cookie = sign_in("dan");
	assert_true(still_in(cookie));
	assert_int_equal(user_enable(db, mem, S("dan"), false), OK);
	assert_false(still_in(cookie));
	assert_int_equal(user_enable(db, mem, S("dan"), true), OK);
	assert_false(still_in(cookie));
	assert_int_equal(user_enable(db, mem, S("nobody"), false), ERR_NOT_FOUND);
}

HTTP_STORE_TEST(a_changed_password_ends_all_sessions)
{
	struct str one, two, before, after;

	user("ana", ROLE_ADMIN);
	one = sign_in("ana");
	two = sign_in("ana");
	assert_int_equal(user_set_password(db, mem, S("ana"), S("$first"), false), OK);
	assert_false(still_in(one));
	assert_false(still_in(two));
	assert_int_equal(user_password(db, mem, S("ana"), &before), OK);
	assert_int_equal(user_set_password(db, mem, S("ana"), S("$second"), false), OK);
	assert_int_equal(user_password(db, mem, S("ana"), &after), OK);
	assert_false(str_eq(before, after));
}

HTTP_STORE_TEST(a_password_that_somebody_else_made_is_good_for_a_week)
{
	struct str unknown;
	struct user u;

	assert_int_equal(user_add(db, mem, S("ana"), S("first password"), ROLE_ADMIN, NULL, 0, &unknown), OK);
	assert_int_equal(user_set_password(db, mem, S("ana"), user_hash(mem, S("made by other")), true), OK);
	assert_int_equal(user_get(db, mem, S("ana"), &u), OK);
	assert_int_equal(u.once_until, NOW + ONCE_MS);
	assert_int_equal(user_verify(db, mem, S("ana"), S("first password")), ERR_NOT_FOUND);
	at(NOW + ONCE_MS - 1);
	assert_int_equal(user_verify(db, mem, S("ana"), S("made by other")), OK);
	sign_in("ana");
	rq.cookie = sign_in("ana");
	assert_int_equal(session_who(&rq), OK);
	assert_true(rq.who.first);
	at(NOW + ONCE_MS);
	assert_int_equal(user_verify(db, mem, S("ana"), S("made by other")), ERR_NOT_FOUND);
	assert_int_equal(user_set_password(db, mem, S("ana"), user_hash(mem, S("of my own now")), false), OK);
	assert_int_equal(user_get(db, mem, S("ana"), &u), OK);
	assert_int_equal(u.once_until, 0);
	assert_int_equal(user_verify(db, mem, S("ana"), S("of my own now")), OK);
}

HTTP_STORE_TEST(who_is_disabled_does_not_sign_in_with_the_right_password)
{
	struct str unknown;

	user("eva", ROLE_ADMIN);
	assert_int_equal(user_add(db, mem, S("ana"), S("first password"), ROLE_ADMIN, NULL, 0, &unknown), OK);
	assert_int_equal(user_verify(db, mem, S("ana"), S("first password")), OK);
	assert_int_equal(user_enable(db, mem, S("ana"), false), OK);
	assert_int_equal(user_verify(db, mem, S("ana"), S("first password")), ERR_NOT_FOUND);
}

HTTP_STORE_TEST(shelters_given_are_exactly_these_and_all_exist)
{
	struct str two[] = { S("RO-CJ-01"), S("RO-CJ-02") }, bad[] = { S("RO-CJ-01"), S("RO-XX-09") };
	struct str *ids, unknown = S("");
	size_t n;

	set_add(db, S("shelters"), two[0]);
	set_add(db, S("shelters"), two[1]);
	assert_int_equal(shelters_give(db, mem, S("user:ana"), two, 2, &unknown), OK);
	assert_int_equal(shelters_give(db, mem, S("user:ana"), bad, 2, &unknown), ERR_NOT_FOUND);
	assert_str(unknown, "RO-XX-09");
	assert_int_equal(shelters_given(db, mem, S("user:ana"), &ids, &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(shelters_give(db, mem, S("user:ana"), &two[1], 1, &unknown), OK);
	assert_int_equal(shelters_given(db, mem, S("user:ana"), &ids, &n), OK);
	assert_int_equal(n, 1);
	assert_str(ids[0], "RO-CJ-02");
	assert_int_equal(shelters_give(db, mem, S("user:ana"), NULL, 0, &unknown), OK);
	assert_int_equal(shelters_given(db, mem, S("user:ana"), &ids, &n), OK);
	assert_int_equal(n, 0);
}

/* ---- tokens ------------------------------------------------------------------ */

static struct str
token(const char *name)
{
	struct str secret, unknown, shelter = S("RO-CJ-01");

	set_add(db, S("shelters"), shelter);
	assert_int_equal(token_add(db, mem, str(name), ROLE_RESPONDER, &shelter, 1, &secret, &unknown), OK);
	return secret;
}

HTTP_STORE_TEST(tokens_are_listed_by_name_and_nothing_else_is)
{
	struct token *t;
	size_t n;

	string_set(db, S("tokens-of-old"), S("x"), 0);
	string_set(db, S("token:short"), S("x"), 0);
	token("zeta");
	token("alpha");
	assert_int_equal(token_list(db, mem, &t, &n), OK);
	assert_int_equal(n, 2);
	assert_str(t[0].name, "alpha");
	assert_str(t[1].name, "zeta");
	assert_int_equal(t[0].roles, ROLE_RESPONDER);
	assert_int_equal(t[0].created_at, NOW);
	assert_int_equal(t[0].used_at, 0);
	assert_int_equal(t[0].expires_at, 0);
}

HTTP_STORE_TEST(every_token_is_listed_whatever_their_number)
{
	struct token *t;
	size_t n;

	for (int i = 0; i < 300; i++)
		token(numbered("t", i).p);
	assert_int_equal(token_list(db, mem, &t, &n), OK);
	assert_int_equal(n, 300);
}

HTTP_STORE_TEST(a_token_ends_at_its_time_with_all_that_belongs_to_it)
{
	struct str secret = token("alpha");
	struct token *t;
	size_t n;

	assert_int_equal(token_expire(db, mem, secret, NOW + 10), OK);
	assert_int_equal(token_list(db, mem, &t, &n), OK);
	assert_int_equal(t[0].expires_at, NOW + 10);
	at(NOW + 10);
	assert_int_equal(token_list(db, mem, &t, &n), OK);
	assert_int_equal(n, 0);
	assert_false(
	    key_exists(db, arena_strf(mem, "%.*s:shelters", FMT(secret_key(mem, "token:", secret)))));
}

HTTP_STORE_TEST(a_revoked_token_is_good_for_nothing)
{
	struct str secret = token("alpha");
	struct token *t;
	size_t n;

	assert_int_equal(token_list(db, mem, &t, &n), OK);
	assert_int_equal(token_revoke(db, mem, t[0].id), OK);
	assert_int_equal(token_revoke(db, mem, t[0].id), ERR_NOT_FOUND);
	assert_int_equal(token_revoke(db, mem, S("short")), ERR_NOT_FOUND);
	next_request();
	rq.authorization = arena_strf(mem, "Bearer %.*s", FMT(secret));
	assert_int_equal(session_who(&rq), ERR_LOGIN);
}

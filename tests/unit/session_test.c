/* session_test.c - what session.h promises: who asks. */
#include "http.h"

#include "hash.h"
#include "key.h"
#include "session.h"
#include "set.h"

static void
user(const char *name, const char *roles)
{
	struct field f = { S("roles"), str(roles) };

	assert_int_equal(hash_set(db, arena_strf(mem, "user:%s", name), &f, 1), OK);
}

static void
token(const char *secret, const char *name, const char *roles)
{
	struct field f[] = { { S("name"), str(name) }, { S("roles"), str(roles) } };

	assert_int_equal(hash_set(db, secret_key(mem, "token:", str(secret)), f, 2), OK);
}

/* Signs in; the cookie's value as the browser sends it back. */
static struct str
sign_in(const char *name)
{
	struct str head, value;

	next_request();
	session_start(&rq, &rs, str(name));
	head = arena_dup(mem, text_of(&rs.head));
	assert_true(str_starts(head, "Set-Cookie: " SESSION_COOKIE "="));
	str_cut(&head, ' ');
	value = str_cut(&head, ';');
	return value;
}

static enum err
asks(struct str cookie, const char *authorization)
{
	next_request();
	rq.cookie = cookie;
	rq.authorization = str(authorization);
	return session_who(&rq);
}

/* ---- roles ---------------------------------------------------------------------- */

TEST(roles_are_read_from_a_list_and_unknown_ones_left_out)
{
	assert_int_equal(roles_parse(S("admin")), ROLE_ADMIN);
	assert_int_equal(roles_parse(S("admin, manager")), ROLE_ADMIN | ROLE_MANAGER);
	assert_int_equal(roles_parse(S("publisher,root,,responder,")), ROLE_PUBLISHER | ROLE_RESPONDER);
	assert_int_equal(roles_parse(S("")), 0);
	assert_int_equal(roles_parse(S("Admin,adminx,15")), 0);
}

HTTP_TEST(roles_are_written_as_they_are_read)
{
	assert_str(roles_print(mem, ROLE_ADMIN | ROLE_RESPONDER), "admin,responder");
	assert_str(roles_print(mem, 0), "");
	for (unsigned roles = 0; roles < 16; roles++)
		assert_int_equal(roles_parse(roles_print(mem, roles)), roles);
}

TEST(a_role_has_a_name)
{
	assert_int_equal(role_named(S("manager")), ROLE_MANAGER);
	assert_int_equal(role_named(S("")), 0);
	assert_int_equal(role_named(S("admin,manager")), 0);
}

/* ---- secrets ---------------------------------------------------------------------- */

HTTP_TEST(the_key_of_a_secret_is_its_blake2b_hash)
{
	assert_str(secret_key(mem, "token:", S("")),
	    "token:0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	assert_str(secret_key(mem, "", S("abc")),
	    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST(secrets_are_equal_when_every_byte_is)
{
	assert_true(secret_eq(S("abc"), S("abc")));
	assert_false(secret_eq(S("abc"), S("abd")));
	assert_false(secret_eq(S("abc"), S("ab")));
	assert_false(secret_eq(S("a\0b"), S("a\0c")));
	assert_true(secret_eq((struct str){ NULL, 0 }, S("")));
}

/* ---- sessions ---------------------------------------------------------------------- */

HTTP_STORE_TEST(nobody_asks_where_nothing_is_shown)
{
	assert_int_equal(asks(S(""), ""), OK);
	assert_int_equal(rq.who.roles, 0);
	assert_int_equal(rq.who.name.n, 0);
}

HTTP_STORE_TEST(a_session_s_cookie_tells_who_asks)
{
	struct str cookie;

	user("ana", "manager,responder");
	cookie = sign_in("ana");
	assert_int_equal(asks(cookie, ""), OK);
	assert_str(rq.who.name, "ana");
	assert_str(rq.who.key, "user:ana");
	assert_int_equal(rq.who.roles, ROLE_MANAGER | ROLE_RESPONDER);
	assert_int_equal(rq.who.csrf.n, 64);
	assert_true(str_starts(rq.who.session, "session:"));
}

HTTP_STORE_TEST(the_cookie_is_found_among_others)
{
	struct str cookie;

	user("ana", "admin");
	cookie = arena_strf(mem, "a=b; x" SESSION_COOKIE "=no;%.*s ;z", FMT(sign_in("ana")));
	assert_int_equal(asks(cookie, ""), OK);
	assert_str(rq.who.name, "ana");
}

HTTP_STORE_TEST(the_cookie_is_hidden_from_scripts_and_other_sites)
{
	sign_in("ana");
	for (size_t i = 0; i < 4; i++) {
		static const char *const parts[] = { "; HttpOnly", "; Secure", "; SameSite=Strict",
			"; Path=/" };

		assert_non_null(memmem(rs.head.p, rs.head.n, parts[i], strlen(parts[i])));
	}
}

HTTP_STORE_TEST(the_store_holds_no_secret)
{
	struct str cookie = sign_in("ana"), secret = cookie, *names;
	size_t n = key_scan(db, mem, S(""), 10, &names);

	str_cut(&secret, '=');
	assert_int_equal(secret.n, 64);
	assert_int_equal(n, 2);
	assert_true(str_starts(names[0], "session:"));
	assert_str(names[1], "user:ana:sessions");
	assert_null(memmem(names[0].p, names[0].n, secret.p, secret.n));
	assert_false(set_has(db, names[1], secret));
	assert_bytes(names[0], secret_key(mem, "session:", secret));
}

HTTP_STORE_TEST(every_session_has_secrets_of_its_own)
{
	struct str first, second, csrf;

	user("ana", "admin");
	first = sign_in("ana");
	second = sign_in("ana");
	assert_false(str_eq(first, second));
	asks(first, "");
	csrf = rq.who.csrf;
	asks(second, "");
	assert_false(str_eq(rq.who.csrf, csrf));
}

HTTP_STORE_TEST(a_cookie_of_no_session_is_nobody)
{
	user("ana", "admin");
	sign_in("ana");
	assert_int_equal(asks(S(SESSION_COOKIE "=0123"), ""), OK);
	assert_int_equal(rq.who.roles, 0);
	assert_int_equal(asks(S(SESSION_COOKIE "="), ""), OK);
	assert_int_equal(rq.who.roles, 0);
	assert_int_equal(asks(S(SESSION_COOKIE), ""), OK);
	assert_int_equal(rq.who.roles, 0);
}

HTTP_STORE_TEST(a_session_ends_at_its_time)
{
	struct str cookie;

	user("ana", "admin");
	cookie = sign_in("ana");
	at(NOW + SESSION_MS - 1);
	asks(cookie, "");
	assert_str(rq.who.name, "ana");
	at(NOW + SESSION_MS);
	assert_int_equal(asks(cookie, ""), OK);
	assert_int_equal(rq.who.roles, 0);
	assert_int_equal(rq.who.session.n, 0);
}

HTTP_STORE_TEST(signing_out_ends_this_session_alone)
{
	struct str first, second;

	user("ana", "admin");
	first = sign_in("ana");
	second = sign_in("ana");
	asks(first, "");
	session_end(&rq, &rs);
	assert_non_null(memmem(rs.head.p, rs.head.n, "Max-Age=0", 9));
	asks(first, "");
	assert_int_equal(rq.who.roles, 0);
	asks(second, "");
	assert_str(rq.who.name, "ana");
}

HTTP_STORE_TEST(what_an_admin_takes_away_is_gone_at_the_next_request)
{
	struct str cookie;

	user("ana", "admin");
	cookie = sign_in("ana");
	user("ana", "responder");
	asks(cookie, "");
	assert_int_equal(rq.who.roles, ROLE_RESPONDER);
	user("ana", "");
	asks(cookie, "");
	assert_int_equal(rq.who.roles, 0);
	assert_int_equal(rq.who.name.n, 0);
	key_del(db, S("user:ana"));
	assert_int_equal(asks(cookie, ""), OK);
	assert_int_equal(rq.who.roles, 0);
}

/* The sessions of a user: how many. */
static size_t
sessions_of(const char *name)
{
	struct session *list;
	size_t n;

	assert_int_equal(session_list(db, mem, str(name), &list, &n), OK);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(list[i].ends_at, list[i].created_at + SESSION_MS);
	for (size_t i = 1; i < n; i++)
		assert_true(list[i].created_at <= list[i - 1].created_at);
	return n;
}

HTTP_STORE_TEST(a_user_s_sessions_are_listed_until_they_end)
{
	struct str first;

	user("ana", "admin");
	user("dan", "admin");
	first = sign_in("ana");
	at(NOW + 1000);
	sign_in("ana");
	sign_in("dan");
	assert_int_equal(sessions_of("ana"), 2);
	asks(first, "");
	session_end(&rq, &rs);
	assert_int_equal(sessions_of("ana"), 1);
	assert_int_equal(sessions_of("dan"), 1);
	at(NOW + 1000 + SESSION_MS);
	assert_int_equal(sessions_of("ana"), 0);
}

HTTP_STORE_TEST(all_sessions_end_at_once_but_the_one_that_is_to_stay)
{
	struct str first, second, other;

	user("ana", "admin");
	user("dan", "admin");
	first = sign_in("ana");
	second = sign_in("ana");
	other = sign_in("dan");
	asks(first, "");
	assert_int_equal(session_end_all(db, mem, S("ana"), rq.who.session), OK);
	asks(second, "");
	assert_int_equal(rq.who.roles, 0);
	asks(first, "");
	assert_str(rq.who.name, "ana");
	assert_int_equal(session_end_all(db, mem, S("ana"), S("")), OK);
	asks(first, "");
	assert_int_equal(rq.who.roles, 0);
	asks(other, "");
	assert_str(rq.who.name, "dan");
}

HTTP_STORE_TEST(nobody_ends_another_s_session)
{
	struct session *list;
	size_t n;

	user("ana", "admin");
	sign_in("ana");
	assert_int_equal(session_list(db, mem, S("ana"), &list, &n), OK);
	assert_int_equal(session_end_one(db, mem, S("dan"), list[0].id), ERR_NOT_FOUND);
	assert_int_equal(session_end_one(db, mem, S("ana"), list[0].id), OK);
	assert_int_equal(session_end_one(db, mem, S("ana"), list[0].id), ERR_NOT_FOUND);
	assert_int_equal(sessions_of("ana"), 0);
}

HTTP_STORE_TEST(one_session_too_many_ends_the_oldest)
{
	struct str first, second;
	int64_t kept;

	user("ana", "admin");
	first = sign_in("ana");
	at(NOW + 1);
	second = sign_in("ana");
	for (int i = 2; i <= SESSIONS_MAX; i++) {
		at(NOW + i);
		sign_in("ana");
	}
	assert_int_equal(sessions_of("ana"), SESSIONS_MAX);
	set_card(db, S("user:ana:sessions"), &kept);
	assert_int_equal(kept, SESSIONS_MAX);
	asks(first, "");
	assert_int_equal(rq.who.roles, 0);
	asks(second, "");
	assert_str(rq.who.name, "ana");
}

HTTP_STORE_TEST(ids_of_expired_sessions_leave_with_the_next_sign_in)
{
	int64_t kept;

	user("ana", "admin");
	sign_in("ana");
	at(NOW + SESSION_MS - 1);
	sign_in("ana");
	at(NOW + SESSION_MS);
	sign_in("ana");
	set_card(db, S("user:ana:sessions"), &kept);
	assert_int_equal(kept, 2);
}

HTTP_STORE_TEST(a_disabled_user_s_session_is_nobody)
{
	struct field off = { S("disabled_at"), S("1") };
	struct str cookie;

	user("ana", "admin");
	cookie = sign_in("ana");
	hash_set(db, S("user:ana"), &off, 1);
	assert_int_equal(asks(cookie, ""), OK);
	assert_int_equal(rq.who.roles, 0);
	assert_int_equal(rq.who.key.n, 0);
}

/* ---- tokens ---------------------------------------------------------------------------- */

HTTP_STORE_TEST(a_bearer_token_tells_who_asks)
{
	token("s3cret", "importer", "admin");
	assert_int_equal(asks(S(""), "Bearer s3cret"), OK);
	assert_str(rq.who.name, "importer");
	assert_int_equal(rq.who.roles, ROLE_ADMIN);
	assert_int_equal(rq.who.session.n, 0);
	assert_int_equal(rq.who.csrf.n, 0);
}

HTTP_STORE_TEST(a_bearer_token_that_is_not_good_is_refused)
{
	token("s3cret", "importer", "admin");
	assert_int_equal(asks(S(""), "Bearer wrong"), ERR_LOGIN);
	assert_int_equal(rq.who.roles, 0);
	assert_int_equal(asks(S(""), "Bearer "), ERR_LOGIN);
	assert_true(strlen(rq.detail) > 0);
}

HTTP_STORE_TEST(an_expired_token_is_not_good)
{
	token("s3cret", "importer", "admin");
	key_expire_at(db, secret_key(mem, "token:", S("s3cret")), NOW + 10);
	at(NOW + 10);
	assert_int_equal(asks(S(""), "Bearer s3cret"), ERR_LOGIN);
}

/* When the token was last used, as it is kept; 0: never. */
static int64_t
used(void)
{
	struct str v = S("0");
	int64_t ms = -1;

	hash_get(db, mem, secret_key(mem, "token:", S("s3cret")), S("used_at"), &v);
	assert_true(str_int(v, 0, INT64_MAX, &ms));
	return ms;
}

HTTP_STORE_TEST(a_token_s_last_use_is_noted_once_an_hour)
{
	token("s3cret", "importer", "admin");
	asks(S(""), "Bearer s3cret");
	session_record(&rq);
	assert_int_equal(used(), NOW);
	at(NOW + 3599999);
	asks(S(""), "Bearer s3cret");
	assert_int_equal(rq.used.n, 0);
	session_record(&rq);
	assert_int_equal(used(), NOW);
	at(NOW + 3600000);
	asks(S(""), "Bearer s3cret");
	session_record(&rq);
	assert_int_equal(used(), NOW + 3600000);
}

HTTP_STORE_TEST(a_token_that_was_revoked_meanwhile_does_not_come_back)
{
	struct str key = secret_key(mem, "token:", S("s3cret"));

	token("s3cret", "importer", "admin");
	asks(S(""), "Bearer s3cret");
	key_del(db, key);
	session_record(&rq);
	assert_false(key_exists(db, key));
}

HTTP_STORE_TEST(a_session_s_secret_is_no_token_and_a_token_no_session)
{
	struct str secret;

	user("ana", "admin");
	secret = sign_in("ana");
	str_cut(&secret, '=');
	assert_int_equal(asks(S(""), arena_printf(mem, "Bearer %.*s", FMT(secret))), ERR_LOGIN);
	token("s3cret", "importer", "admin");
	assert_int_equal(asks(S(SESSION_COOKIE "=s3cret"), ""), OK);
	assert_int_equal(rq.who.roles, 0);
}

HTTP_STORE_TEST(another_scheme_of_authorization_is_passed_over)
{
	assert_int_equal(asks(S(""), "Basic YTpi"), OK);
	assert_int_equal(rq.who.roles, 0);
}

/* ---- doors ------------------------------------------------------------------------------- */

HTTP_STORE_TEST(an_admin_may_manage_every_shelter_and_a_manager_those_given)
{
	rq.who = (struct who){ .key = S("user:ana"), .roles = ROLE_MANAGER };
	set_add(db, S("user:ana:shelters"), S("RO-CJ-01"));
	assert_true(may_manage(&rq, S("RO-CJ-01")));
	assert_false(may_manage(&rq, S("RO-CJ-02")));
	rq.who.roles = ROLE_RESPONDER | ROLE_PUBLISHER;
	assert_false(may_manage(&rq, S("RO-CJ-01")));
	rq.who.roles = ROLE_ADMIN;
	assert_true(may_manage(&rq, S("RO-CJ-02")));
	rq.who = (struct who){ 0 };
	assert_false(may_manage(&rq, S("RO-CJ-01")));
}

/* account.c - people and programs that may do more than citizens. */
#include "account.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "hash.h"
#include "key.h"
#include "log.h"
#include "random.h"
#include "session.h"
#include "set.h"

bool
user_name_valid(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", s.p[i]) == NULL)
			return false;
	return s.n > 0 && s.n <= USER_NAME_MAX;
}

struct str
user_hash(struct arena *a, struct str password)
{
	char *out = arena_alloc(a, crypto_pwhash_STRBYTES);

	if (sodium_init() < 0 ||
	    crypto_pwhash_str(out, password.p, password.n, crypto_pwhash_OPSLIMIT_INTERACTIVE,
		crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		die("hashing a password: out of memory");
	return str(out);
}

/* Gives the shelters to whoever has this key. */
static enum err
give_shelters(
    struct db *db, struct arena *a, struct str who, const struct str *shelters, size_t n, struct str *unknown)
{
	enum err e = OK;

	for (size_t i = 0; i < n && e == OK; i++) {
		if (!set_has(db, S("shelters"), shelters[i])) {
			*unknown = shelters[i];
			return ERR_NOT_FOUND;
		}
		e = set_add(db, arena_strf(a, "%.*s:shelters", FMT(who)), shelters[i]);
	}
	return e;
}

enum err
user_add(struct db *db, struct arena *a, struct str name, struct str password, unsigned roles,
    const struct str *shelters, size_t n, struct str *unknown)
{
	struct str key = arena_strf(a, "user:%.*s", FMT(name));
	struct field fields[] = {
		{ S("password"), user_hash(a, password) },
		{ S("roles"), roles_print(a, roles) },
		{ S("created_at"), arena_strf(a, "%lld", (long long)db_now(db)) },
	};
	enum err e;

	if (key_exists(db, key))
		return ERR_CONFLICT;
	if ((e = give_shelters(db, a, key, shelters, n, unknown)) != OK)
		return e;
	if ((e = set_add(db, S("users"), name)) != OK)
		return e;
	return hash_set(db, key, fields, LEN(fields));
}

enum err
user_verify(struct db *db, struct arena *a, struct str name, struct str password)
{
	/* Argon2id of nothing in particular: an unknown name costs the same. */
	static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
				     "RdescudvJCsgt3ub+b+dWRWJTmaaJObGAAAAAAAAAAA";
	struct str kept = str(nobody);
	struct user u;
	bool known = user_name_valid(name) && user_get(db, a, name, &u) == OK &&
		     user_password(db, a, name, &kept) == OK && u.disabled_at == 0 &&
		     (u.once_until == 0 || db_now(db) < u.once_until);

	if (sodium_init() < 0)
		die("libsodium");
	return crypto_pwhash_str_verify(kept.p, password.p, password.n) == 0 && known ? OK : ERR_NOT_FOUND;
}

enum err
token_add(struct db *db, struct arena *a, struct str name, unsigned roles, const struct str *shelters,
    size_t n, struct str *secret, struct str *unknown)
{
	struct field fields[] = {
		{ S("name"), name },
		{ S("roles"), roles_print(a, roles) },
		{ S("created_at"), arena_strf(a, "%lld", (long long)db_now(db)) },
	};
	char bits[65];
	struct str key;
	enum err e;

	random_token(bits);
	*secret = arena_dup(a, str(bits));
	key = secret_key(a, "token:", *secret);
	if ((e = give_shelters(db, a, key, shelters, n, unknown)) != OK)
		return e;
	return hash_set(db, key, fields, LEN(fields));
}

/* ---- what admins change ------------------------------------------------------- */

static struct str
user_key(struct arena *a, struct str name)
{
	return arena_strf(a, "user:%.*s", FMT(name));
}

static int64_t
number(struct str s)
{
	int64_t n = 0;

	return s.p != NULL && str_int(s, 0, INT64_MAX, &n) ? n : 0;
}

enum err
user_password(struct db *db, struct arena *a, struct str name, struct str *hash)
{
	return hash_get(db, a, user_key(a, name), S("password"), hash);
}

enum err
user_get(struct db *db, struct arena *a, struct str name, struct user *u)
{
	const struct str names[] = { S("roles"), S("created_at"), S("disabled_at"), S("once_until") };
	struct str v[LEN(names)];
	enum err e;

	if (!user_name_valid(name))
		return ERR_NOT_FOUND;
	if ((e = hash_get_many(db, a, user_key(a, name), names, LEN(names), v)) != OK)
		return e;
	if (v[0].p == NULL)
		return ERR_NOT_FOUND;
	*u = (struct user){ arena_dup(a, name), roles_parse(v[0]), number(v[1]), number(v[2]), number(v[3]) };
	return OK;
}

enum err
user_list(struct db *db, struct arena *a, struct str after, size_t limit, struct user **users, size_t *n)
{
	struct str *names;
	size_t found;
	enum err e = set_page(db, a, S("users"), after, limit, &names, &found);

	*n = 0;
	*users = arena_array(a, struct user, limit + 1);
	for (size_t i = 0; e == OK && i < found; i++)
		if (user_get(db, a, names[i], &(*users)[*n]) == OK)
			++*n;
	return e;
}

/* Whether somebody else is an admin who can sign in. */
static bool
another_admin(struct db *db, struct arena *a, struct str name)
{
	enum { PAGE = 100 };
	struct str after = { 0 }, *names;
	struct user u;
	size_t n;

	do {
		if (set_page(db, a, S("users"), after, PAGE, &names, &n) != OK)
			return false;
		for (size_t i = 0; i < n; i++)
			if (!str_eq(names[i], name) && user_get(db, a, names[i], &u) == OK &&
			    (u.roles & ROLE_ADMIN) && u.disabled_at == 0)
				return true;
		if (n > 0)
			after = names[n - 1];
	} while (n == PAGE);
	return false;
}

static enum err
set_field(struct db *db, struct arena *a, struct str name, const char *field, struct str value)
{
	struct field f = { str(field), value };

	return value.n ? hash_set(db, user_key(a, name), &f, 1) : hash_del(db, user_key(a, name), f.name);
}

enum err
user_set_roles(struct db *db, struct arena *a, struct str name, unsigned roles)
{
	struct user u;
	enum err e = user_get(db, a, name, &u);

	if (e != OK)
		return e;
	if ((u.roles & ROLE_ADMIN) && !(roles & ROLE_ADMIN) && u.disabled_at == 0 &&
	    !another_admin(db, a, name))
		return ERR_CONFLICT;
	if (u.roles & ~roles)
		event_cut(db);
	return set_field(db, a, name, "roles", roles_print(a, roles));
}

enum err
user_enable(struct db *db, struct arena *a, struct str name, bool enabled)
{
	struct user u;
	enum err e = user_get(db, a, name, &u);

	if (e != OK || enabled == (u.disabled_at == 0))
		return e;
	if (enabled)
		return set_field(db, a, name, "disabled_at", S(""));
	if ((u.roles & ROLE_ADMIN) && !another_admin(db, a, name))
		return ERR_CONFLICT;
	if ((e = session_end_all(db, a, name, S(""))) != OK)
		return e;
	return set_field(db, a, name, "disabled_at", arena_strf(a, "%lld", (long long)db_now(db)));
}

enum err
user_once(struct db *db, struct arena *a, struct str name)
{
	return set_field(db, a, name, "once_until", arena_strf(a, "%lld", (long long)(db_now(db) + ONCE_MS)));
}

enum err
user_set_password(struct db *db, struct arena *a, struct str name, struct str hash, bool once)
{
	struct user u;
	enum err e = user_get(db, a, name, &u);

	if (e != OK)
		return e;
	if ((e = session_end_all(db, a, name, S(""))) != OK)
		return e;
	if ((e = set_field(db, a, name, "password", hash)) != OK)
		return e;
	return once ? user_once(db, a, name) : set_field(db, a, name, "once_until", S(""));
}

enum err
shelters_given(struct db *db, struct arena *a, struct str who, struct str **ids, size_t *n)
{
	return set_page(
	    db, a, arena_strf(a, "%.*s:shelters", FMT(who)), (struct str){ 0 }, SHELTERS_GIVEN, ids, n);
}

enum err
shelters_give(
    struct db *db, struct arena *a, struct str who, const struct str *ids, size_t n, struct str *unknown)
{
	for (size_t i = 0; i < n; i++)
		if (!set_has(db, S("shelters"), ids[i])) {
			*unknown = ids[i];
			return ERR_NOT_FOUND;
		}
	set_replace(db, arena_strf(a, "%.*s:shelters", FMT(who)), ids, n);
	return OK;
}

/* ---- tokens -------------------------------------------------------------------- */

static bool
token_id_valid(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] == '\0' || strchr("0123456789abcdef", id.p[i]) == NULL)
			return false;
	return id.n == 64;
}

static struct str
token_key(struct arena *a, struct str id)
{
	return arena_strf(a, "token:%.*s", FMT(id));
}

enum err
token_get(struct db *db, struct arena *a, struct str id, struct token *t)
{
	const struct str names[] = { S("name"), S("roles"), S("created_at"), S("used_at") };
	struct str v[LEN(names)], key = token_key(a, id);
	enum err e;

	if (!token_id_valid(id))
		return ERR_NOT_FOUND;
	if ((e = hash_get_many(db, a, key, names, LEN(names), v)) != OK)
		return e;
	if (v[0].p == NULL)
		return ERR_NOT_FOUND;
	*t = (struct token){ arena_dup(a, id), v[0], v[1].p ? roles_parse(v[1]) : 0, number(v[2]),
		number(v[3]), key_expires(db, key) };
	return OK;
}

static int
by_name(const void *a, const void *b)
{
	const struct token *x = a, *y = b;
	int order = str_cmp(x->name, y->name);

	return order ? order : str_cmp(x->id, y->id);
}

/* The names of the keys are the list: a token that expires leaves it by itself. */
enum err
token_list(struct db *db, struct arena *a, struct token **tokens, size_t *n)
{
	enum { PAGE = 256 };
	struct str after = S("token:"), *names;
	size_t found;

	*n = 0;
	*tokens = arena_array(a, struct token, TOKENS_MAX);
	do {
		found = key_scan(db, a, after, PAGE, &names);
		for (size_t i = 0; i < found && *n < TOKENS_MAX; i++) {
			struct str id = names[i];

			if (!str_starts(id, "token:")) {
				found = 0;
				break;
			}
			str_cut(&id, ':');
			if (token_get(db, a, id, &(*tokens)[*n]) == OK)
				++*n;
		}
		if (found > 0)
			after = names[found - 1];
	} while (found == PAGE && *n < TOKENS_MAX);
	qsort(*tokens, *n, sizeof(**tokens), by_name);
	return OK;
}

enum err
token_revoke(struct db *db, struct arena *a, struct str id)
{
	struct token t;
	enum err e = token_get(db, a, id, &t);

	if (e != OK)
		return e;
	key_del(db, arena_strf(a, "%.*s:shelters", FMT(token_key(a, id))));
	key_del(db, token_key(a, id));
	event_cut(db);
	return OK;
}

enum err
token_expire(struct db *db, struct arena *a, struct str secret, int64_t at)
{
	struct str key = secret_key(a, "token:", secret);
	struct str shelters = arena_strf(a, "%.*s:shelters", FMT(key));

	if (key_exists(db, shelters))
		key_expire_at(db, shelters, at);
	return key_expire_at(db, key, at);
}

struct str
password_make(struct arena *a)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	char *p = arena_alloc(a, 24);

	for (int i = 0; i < 23; i++)
		p[i] = i % 6 == 5 ? '-' : letters[random_below(32)];
	return (struct str){ p, 23 };
}

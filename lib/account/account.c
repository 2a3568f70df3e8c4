/* account.c - people and programs that may do more than citizens. */
#include "account.h"

#include <sodium.h>
#include <string.h>

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

static struct str
hash_password(struct arena *a, struct str password)
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
		{ S("password"), hash_password(a, password) },
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
	struct str key = arena_strf(a, "user:%.*s", FMT(name)), kept = str(nobody);
	bool known = user_name_valid(name) && hash_get(db, a, key, S("password"), &kept) == OK;

	if (sodium_init() < 0)
		die("libsodium");
	return crypto_pwhash_str_verify(kept.p, password.p, password.n) == 0 && known ? OK : ERR_NOT_FOUND;
}

enum err
user_roles(struct db *db, struct arena *a, struct str name, struct str *roles)
{
	return hash_get(db, a, arena_strf(a, "user:%.*s", FMT(name)), S("roles"), roles);
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

struct str
password_make(struct arena *a)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	char *p = arena_alloc(a, 24);

	for (int i = 0; i < 23; i++)
		p[i] = i % 6 == 5 ? '-' : letters[random_below(32)];
	return (struct str){ p, 23 };
}

/* session.c - who asks. */
#include "session.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "hash.h"
#include "key.h"
#include "log.h"
#include "random.h"
#include "set.h"

static const struct {
	const char *name;
	unsigned role;
} role_names[] = {
	{ "admin", ROLE_ADMIN },
	{ "manager", ROLE_MANAGER },
	{ "publisher", ROLE_PUBLISHER },
	{ "responder", ROLE_RESPONDER },
};

unsigned
role_named(struct str name)
{
	for (size_t i = 0; i < LEN(role_names); i++)
		if (str_is(name, role_names[i].name))
			return role_names[i].role;
	return 0;
}

unsigned
roles_parse(struct str list)
{
	unsigned roles = 0;

	while (list.n)
		roles |= role_named(str_trim(str_cut(&list, ',')));
	return roles;
}

struct str
roles_print(struct arena *a, unsigned roles)
{
	struct str out = S("");

	for (size_t i = 0; i < LEN(role_names); i++)
		if (roles & role_names[i].role)
			out = arena_strf(a, "%.*s%s%s", FMT(out), out.n ? "," : "", role_names[i].name);
	return out;
}

struct str
secret_key(struct arena *a, const char *prefix, struct str secret)
{
	unsigned char hash[32];
	char hex[65];

	if (sodium_init() < 0)
		die("libsodium");
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)secret.p, secret.n, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return arena_strf(a, "%s%s", prefix, hex);
}

bool
secret_eq(struct str a, struct str b)
{
	return a.n == b.n && sodium_memcmp(a.p, b.p, a.n) == 0;
}

static struct str
cookie_value(struct str cookies)
{
	while (cookies.n) {
		struct str value = str_trim(str_cut(&cookies, ';')), name = str_cut(&value, '=');

		if (str_is(name, SESSION_COOKIE))
			return value;
	}
	return S("");
}

static struct str
get(struct req *rq, struct str key, const char *field)
{
	struct str v = S("");

	if (hash_get(rq->db, rq->arena, key, str(field), &v) != OK)
		v = S("");
	return v;
}

static enum err
bearer(struct req *rq)
{
	struct str secret = rq->authorization, key;

	str_cut(&secret, ' ');
	key = secret_key(rq->arena, "token:", str_trim(secret));

	rq->who.name = get(rq, key, "name");
	if (rq->who.name.n == 0)
		return fail(rq, ERR_LOGIN, "This token is not known. Ask the host for a new one.");
	rq->who.key = key;
	rq->who.roles = roles_parse(get(rq, key, "roles"));
	return OK;
}

static void
cookie(struct req *rq, struct str secret)
{
	struct str key = secret_key(rq->arena, "session:", secret);
	struct str user = get(rq, key, "user");

	if (user.n == 0)
		return;
	rq->who.key = arena_strf(rq->arena, "user:%.*s", FMT(user));
	rq->who.roles = roles_parse(get(rq, rq->who.key, "roles"));
	if (rq->who.roles == 0) {
		rq->who = (struct who){ 0 };
		return;
	}
	rq->who.name = user;
	rq->who.session = key;
	rq->who.csrf = get(rq, key, "csrf");
}

enum err
session_who(struct req *rq)
{
	struct str secret;

	if (rq->authorization.n >= strlen("Bearer ") &&
	    strncasecmp(rq->authorization.p, "Bearer ", strlen("Bearer ")) == 0)
		return bearer(rq);
	if ((secret = cookie_value(rq->cookie)).n > 0)
		cookie(rq, secret);
	return OK;
}

void
session_start(struct req *rq, struct res *rs, struct str user)
{
	char secret[65], csrf[65];
	struct str key;
	struct field fields[2];

	random_token(secret);
	random_token(csrf);
	key = secret_key(rq->arena, "session:", str(secret));
	fields[0] = (struct field){ S("user"), user };
	fields[1] = (struct field){ S("csrf"), str(csrf) };
	hash_set(rq->db, key, fields, LEN(fields));
	key_expire_at(rq->db, key, rq->now + SESSION_MS);
	res_header(rs, "Set-Cookie",
	    SESSION_COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; Secure; SameSite=Strict", secret,
	    SESSION_MS / 1000);
}

void
session_end(struct req *rq, struct res *rs)
{
	if (rq->who.session.n)
		key_del(rq->db, rq->who.session);
	res_header(
	    rs, "Set-Cookie", SESSION_COOKIE "=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict");
}

bool
may_manage(struct req *rq, struct str shelter)
{
	if (rq->who.roles & ROLE_ADMIN)
		return true;
	return (rq->who.roles & ROLE_MANAGER) &&
	       set_has(rq->db, arena_strf(rq->arena, "%.*s:shelters", FMT(rq->who.key)), shelter);
}

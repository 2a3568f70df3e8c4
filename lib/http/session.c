/* session.c - who asks. */
#include "session.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "event.h"
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
	int64_t used = -HOUR_MS;

	str_cut(&secret, ' ');
	secret = str_trim(secret);
	key = secret_key(rq->arena, "token:", secret);

	rq->who.name = get(rq, key, "name");
	if (rq->who.name.n == 0)
		return fail(rq, ERR_LOGIN, "This token is not known. Ask the host for a new one.");
	rq->who.key = key;
	rq->who.secret = secret;
	rq->who.roles = roles_parse(get(rq, key, "roles"));
	str_int(get(rq, key, "used_at"), 0, INT64_MAX, &used);
	if (rq->now - used >= HOUR_MS)
		rq->used = key;
	return OK;
}

void
session_record(struct req *rq)
{
	struct field f = { S("used_at"), S("") };

	/* It may have been revoked since it was read. */
	if (rq->used.n == 0 || !key_exists(rq->db, rq->used))
		return;
	f.value = arena_strf(rq->arena, "%lld", (long long)rq->now);
	hash_set(rq->db, rq->used, &f, 1);
}

/* Several fields of a key that may not be there: then they are empty. */
static void
get_many(struct req *rq, struct str key, const struct str *names, size_t n, struct str *values)
{
	if (hash_get_many(rq->db, rq->arena, key, names, n, values) != OK)
		memset(values, 0, n * sizeof(*values));
}

static void
cookie(struct req *rq, struct str secret)
{
	enum { USER, CSRF, CREATED, SESSION_FIELDS };
	enum { ROLES, DISABLED, ONCE, USER_FIELDS };
	const struct str of_session[] = { S("user"), S("csrf"), S("created_at") };
	const struct str of_user[] = { S("roles"), S("disabled_at"), S("once_until") };
	struct str key = secret_key(rq->arena, "session:", secret), who;
	struct str s[SESSION_FIELDS], u[USER_FIELDS];
	unsigned roles;

	get_many(rq, key, of_session, SESSION_FIELDS, s);
	/* Without its time it is of an older version, and in no list of its user's:
	 * nothing that ends all sessions would find it. */
	if (s[USER].n == 0 || s[CREATED].n == 0)
		return;
	who = arena_strf(rq->arena, "user:%.*s", FMT(s[USER]));
	get_many(rq, who, of_user, USER_FIELDS, u);
	if ((roles = roles_parse(u[ROLES])) == 0 || u[DISABLED].n > 0)
		return;
	rq->who = (struct who){ .key = who,
		.name = s[USER],
		.roles = roles,
		.csrf = s[CSRF],
		.session = key,
		.secret = secret,
		.first = u[ONCE].n > 0 };
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

/* ---- a user's sessions ---------------------------------------------------- */

static struct str
sessions_key(struct arena *a, struct str user)
{
	return arena_strf(a, "user:%.*s:sessions", FMT(user));
}

static struct str
session_key(struct arena *a, struct str id)
{
	return arena_strf(a, "session:%.*s", FMT(id));
}

static int
latest_first(const void *a, const void *b)
{
	const struct session *x = a, *y = b;

	return x->created_at == y->created_at  ? str_cmp(x->id, y->id)
	       : x->created_at < y->created_at ? 1
					       : -1;
}

enum err
session_list(struct db *db, struct arena *a, struct str user, struct session **list, size_t *n)
{
	struct str *ids, created;
	size_t nids;
	enum err e = set_page(db, a, sessions_key(a, user), (struct str){ 0 }, 2 * SESSIONS_MAX, &ids, &nids);

	*n = 0;
	*list = arena_array(a, struct session, e == OK ? nids + 1 : 1);
	for (size_t i = 0; e == OK && i < nids; i++) {
		struct session *s = &(*list)[*n];

		/* An expired one is gone; its id goes at the next sign-in. */
		if (hash_get(db, a, session_key(a, ids[i]), S("created_at"), &created) != OK)
			continue;
		s->id = ids[i];
		s->ends_at = key_expires(db, session_key(a, ids[i]));
		if (str_int(created, 0, INT64_MAX, &s->created_at))
			++*n;
	}
	qsort(*list, *n, sizeof(**list), latest_first);
	return e;
}

enum err
session_end_one(struct db *db, struct arena *a, struct str user, struct str id)
{
	if (!set_has(db, sessions_key(a, user), id))
		return ERR_NOT_FOUND;
	set_rem(db, sessions_key(a, user), id);
	return key_del(db, session_key(a, id)) ? OK : ERR_NOT_FOUND;
}

enum err
session_end_all(struct db *db, struct arena *a, struct str user, struct str except)
{
	struct str *ids;
	size_t n;
	enum err e = set_page(db, a, sessions_key(a, user), (struct str){ 0 }, 2 * SESSIONS_MAX, &ids, &n);

	if (e == OK && n > 0)
		event_cut(db);
	for (size_t i = 0; e == OK && i < n; i++)
		if (!str_eq(session_key(a, ids[i]), except)) {
			key_del(db, session_key(a, ids[i]));
			e = set_rem(db, sessions_key(a, user), ids[i]);
		}
	return e;
}

/* Among the user's: what has expired leaves, and the oldest where there are
 * too many. */
static void
remember_session(struct req *rq, struct str user, struct str key)
{
	struct str *ids, set = sessions_key(rq->arena, user), id = key;
	struct session *list;
	size_t nids, n;

	str_cut(&id, ':');
	if (set_page(rq->db, rq->arena, set, (struct str){ 0 }, 2 * SESSIONS_MAX, &ids, &nids) != OK ||
	    session_list(rq->db, rq->arena, user, &list, &n) != OK)
		return;
	for (size_t i = 0; i < nids; i++)
		if (!key_exists(rq->db, session_key(rq->arena, ids[i])))
			set_rem(rq->db, set, ids[i]);
	for (size_t i = SESSIONS_MAX - 1; i < n; i++)
		session_end_one(rq->db, rq->arena, user, list[i].id);
	set_add(rq->db, set, id);
	key_expire_at(rq->db, set, rq->now + SESSION_MS);
}

void
session_start(struct req *rq, struct res *rs, struct str user)
{
	char secret[65], csrf[65];
	struct str key;
	struct field fields[3];

	random_token(secret);
	random_token(csrf);
	key = secret_key(rq->arena, "session:", str(secret));
	fields[0] = (struct field){ S("user"), user };
	fields[1] = (struct field){ S("csrf"), str(csrf) };
	fields[2] = (struct field){ S("created_at"), arena_strf(rq->arena, "%lld", (long long)rq->now) };
	remember_session(rq, user, key);
	hash_set(rq->db, key, fields, LEN(fields));
	key_expire_at(rq->db, key, rq->now + SESSION_MS);
	res_header(rs, "Set-Cookie",
	    SESSION_COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; Secure; SameSite=Strict", secret,
	    SESSION_MS / 1000);
}

void
session_end(struct req *rq, struct res *rs)
{
	struct str id = rq->who.session;

	str_cut(&id, ':');
	if (rq->who.session.n) {
		key_del(rq->db, rq->who.session);
		set_rem(rq->db, sessions_key(rq->arena, rq->who.name), id);
	}
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

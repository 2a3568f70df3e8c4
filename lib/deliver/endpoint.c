/* endpoint.c - a webhook endpoint: where it is, the secret it is signed with. */
#include "endpoint.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <string.h>

#include "hash.h"
#include "key.h"
#include "random.h"

static struct str
endpoint_key(struct arena *a, int64_t id)
{
	return arena_strf(a, "webhook:%lld", (long long)id);
}

/* ---- the URL ---------------------------------------------------------------- */

static bool
is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* URL readers take "127.1", "0x7f000001" and "2130706433" for addresses. */
static bool
ends_in_number(struct str host)
{
	struct str last = host;

	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] == '.')
			last = (struct str){ host.p + i + 1, host.n - i - 1 };
	return is_digits(last) || str_starts(last, "0x");
}

static bool
is_address(struct str host, int family)
{
	unsigned char bytes[16];
	char z[INET6_ADDRSTRLEN] = "";

	if (host.n >= sizeof(z))
		return false;
	memcpy(z, host.p, host.n);
	return inet_pton(family, z, bytes) == 1;
}

static bool
is_name(struct str host)
{
	if (host.n == 0 || host.n > 253 || host.p[0] == '.' || host.p[0] == '-')
		return false;
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
			return false;
		if (c == '.' && i > 0 && host.p[i - 1] == '.')
			return false;
	}
	return true;
}

static struct str
lower(struct arena *a, struct str s)
{
	struct str copy = arena_dup(a, s);
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)(copy.p[i] >= 'A' && copy.p[i] <= 'Z' ? copy.p[i] | 0x20 : copy.p[i]);
	return (struct str){ p, s.n };
}

static const char *
fault_of_text(struct str url)
{
	if (url.n == 0 || url.n > ENDPOINT_URL_MAX)
		return "it must have 1 to 2000 characters";
	for (size_t i = 0; i < url.n; i++) {
		unsigned char c = (unsigned char)url.p[i];

		if (c >= 0x80)
			return "it must be ASCII: write the host in its xn-- form and the path percent-encoded";
		if (c <= ' ' || c == 0x7f || c == '\\' || c == '"' || c == '<' || c == '>')
			return "it holds a blank or another character that no URL has";
		if (c == '#')
			return "leave out the part from # on: it is never sent";
	}
	return NULL;
}

/* The port behind the host; `usual` where none is given. */
static const char *
read_port(struct str text, bool given, int64_t usual, int64_t *port)
{
	*port = usual;
	if (!given)
		return NULL;
	if (!str_int(text, 1, 65535, port))
		return "the port must be a number from 1 to 65535";
	if (*port < 1024 && *port != 80 && *port != 443)
		return "ports below 1024 belong to other services: use 80, 443 or one from 1024 on";
	return NULL;
}

static const char *
read_host(struct str *authority, struct str *host, bool *has_port)
{
	struct str rest = *authority;

	if (str_starts(rest, "[")) {
		*host = str_cut(&rest, ']');
		if (host->n == authority->n ||
		    !is_address((struct str){ host->p + 1, host->n - 1 }, AF_INET6))
			return "what stands in [] must be an IPv6 address";
		*host = (struct str){ host->p, host->n + 1 };
		if (rest.n > 0 && rest.p[0] != ':')
			return "behind the ] only a port may stand";
		*has_port = rest.n > 0;
		*authority = *has_port ? (struct str){ rest.p + 1, rest.n - 1 } : rest;
		return NULL;
	}
	*host = str_cut(&rest, ':');
	*has_port = host->n < authority->n;
	*authority = rest;
	if (str_ends(*host, ".") && host->n > 1)
		host->n--; /* the same host with the root written out */
	if (!is_name(*host))
		return "the host must be a name such as example.org, or an address";
	if (ends_in_number(*host) && !is_address(*host, AF_INET))
		return "an IPv4 address is written as four decimal numbers";
	return NULL;
}

const char *
endpoint_destination(struct arena *a, struct str url, struct str *name)
{
	const char *why = fault_of_text(url);
	struct str rest = url, scheme, authority, host;
	bool https, has_port;
	int64_t port;

	if (why != NULL)
		return why;
	scheme = lower(a, str_cut(&rest, ':'));
	https = str_is(scheme, "https");
	if (!(https || str_is(scheme, "http")) || !str_starts(rest, "//"))
		return "it must begin with https:// or http://";
	rest = (struct str){ rest.p + 2, rest.n - 2 };
	authority = rest;
	for (size_t i = 0; i < rest.n && authority.n == rest.n; i++)
		if (rest.p[i] == '/' || rest.p[i] == '?')
			authority.n = i;
	authority = lower(a, authority);
	if (memchr(authority.p, '@', authority.n) != NULL)
		return "leave out user and password: the signature says who is calling";
	if ((why = read_host(&authority, &host, &has_port)) != NULL)
		return why;
	if ((why = read_port(authority, has_port, https ? 443 : 80, &port)) != NULL)
		return why;
	*name = arena_strf(a, "%.*s://%.*s:%lld", FMT(scheme), FMT(host), (long long)port);
	return NULL;
}

/* ---- the record --------------------------------------------------------------- */

static struct str
number(struct arena *a, int64_t n)
{
	return arena_strf(a, "%lld", (long long)n);
}

static struct str
make_secret(struct arena *a)
{
	char *bytes = arena_alloc(a, ENDPOINT_SECRET);

	random_bytes(bytes, ENDPOINT_SECRET);
	return (struct str){ bytes, ENDPOINT_SECRET };
}

static struct str
shown(struct arena *a, struct str secret)
{
	char text[sodium_base64_ENCODED_LEN(ENDPOINT_SECRET, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(
	    text, sizeof(text), (const unsigned char *)secret.p, secret.n, sodium_base64_VARIANT_ORIGINAL);
	return arena_strf(a, "whsec_%s", text);
}

enum err
endpoint_make(
    struct db *db, struct arena *a, int64_t id, struct str url, struct str *secret, const char **why)
{
	struct str name, key = endpoint_key(a, id), bytes = make_secret(a);
	struct field f[] = {
		{ S("url"), url },
		{ S("secret"), bytes },
		{ S("created_at"), number(a, db_now(db)) },
	};

	if ((*why = endpoint_destination(a, url, &name)) != NULL)
		return ERR_INPUT;
	key_del(db, key);
	*secret = shown(a, bytes);
	return hash_set(db, key, f, LEN(f));
}

static void
read_field(struct endpoint *p, struct str name, struct str value)
{
	const struct {
		const char *name;
		struct str *text;
		int64_t *number;
	} fields[] = {
		{ "url", &p->url, NULL },
		{ "secret", &p->secret, NULL },
		{ "previous", &p->previous, NULL },
		{ "previous_until", NULL, &p->previous_until },
		{ "created_at", NULL, &p->created_at },
		{ "rotated_at", NULL, &p->rotated_at },
		{ "disabled", &p->disabled, NULL },
		{ "disabled_at", NULL, &p->disabled_at },
	};

	for (size_t i = 0; i < LEN(fields); i++)
		if (str_is(name, fields[i].name)) {
			if (fields[i].text != NULL)
				*fields[i].text = value;
			else
				str_int(value, 0, INT64_MAX, fields[i].number);
		}
}

/* In one scan: each message to a webhook comes by here. */
enum err
endpoint_get(struct db *db, struct arena *a, int64_t id, struct endpoint *p)
{
	struct field *f;
	size_t n;
	enum err e = hash_all(db, a, endpoint_key(a, id), &f, &n);

	*p = (struct endpoint){ 0 };
	if (e != OK)
		return e;
	for (size_t i = 0; i < n; i++)
		read_field(p, f[i].name, f[i].value);
	if (p->previous_until <= db_now(db))
		p->previous = S("");
	return p->secret.n > 0 ? OK : ERR_NOT_FOUND;
}

enum err
endpoint_rotate(struct db *db, struct arena *a, int64_t id, struct str *secret)
{
	struct str bytes = make_secret(a);
	struct endpoint p = { 0 };
	enum err e = endpoint_get(db, a, id, &p);
	struct field f[] = {
		{ S("secret"), bytes },
		{ S("previous"), p.secret },
		{ S("previous_until"), number(a, db_now(db) + ENDPOINT_OVERLAP_MS) },
		{ S("rotated_at"), number(a, db_now(db)) },
	};

	if (e != OK)
		return e;
	*secret = shown(a, bytes);
	return hash_set(db, endpoint_key(a, id), f, LEN(f));
}

enum err
endpoint_disable(struct db *db, struct arena *a, int64_t id, struct str why)
{
	struct field f[] = { { S("disabled"), why }, { S("disabled_at"), number(a, db_now(db)) } };
	struct endpoint p;
	enum err e = endpoint_get(db, a, id, &p);

	if (e != OK || p.disabled.n > 0)
		return e;
	return hash_set(db, endpoint_key(a, id), f, LEN(f));
}

enum err
endpoint_enable(struct db *db, struct arena *a, int64_t id)
{
	const struct str names[] = { S("disabled"), S("disabled_at") };
	int64_t removed;
	struct endpoint p;
	enum err e = endpoint_get(db, a, id, &p);

	return e == OK ? hash_del_many(db, endpoint_key(a, id), names, LEN(names), &removed) : e;
}

void
endpoint_delete(struct db *db, struct arena *a, int64_t id)
{
	key_del(db, endpoint_key(a, id));
}

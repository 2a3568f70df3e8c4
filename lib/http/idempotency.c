/* idempotency.c - the same POST twice changes things once. */
#include "idempotency.h"

#include <sodium.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "session.h"
#include "value.h"

enum { KEPT_MS = 24 * HOUR_MS };

/* What names the request; empty: it has no key. */
static struct str
name_of(struct req *rq)
{
	struct str secret;

	if (rq->idempotency_key.n)
		secret = arena_strf(rq->arena, "%d %.*s\n%.*s\n%.*s", (int)rq->method, FMT(rq->path),
		    FMT(rq->who.key), FMT(rq->idempotency_key));
	else if (form_value(rq, "token").n)
		secret = arena_strf(rq->arena, "%d %.*s\n%.*s\nform\n%.*s", (int)rq->method, FMT(rq->path),
		    FMT(rq->who.key), FMT(rq->body));
	else
		return S("");
	return secret;
}

/* Where the answer is kept; empty: nowhere. */
static struct str
place(struct req *rq)
{
	struct str name = name_of(rq);

	return name.n ? secret_key(rq->arena, "idempotency:", name) : S("");
}

/* ---- answers with a secret in them ------------------------------------------- */

enum { SEALED = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES };

static void
seal_key(struct req *rq, unsigned char key[static crypto_secretbox_KEYBYTES])
{
	struct str from = arena_strf(rq->arena, "%.*s\n%.*s", FMT(rq->who.secret), FMT(name_of(rq)));

	if (sodium_init() < 0 || crypto_generichash(key, crypto_secretbox_KEYBYTES,
				     (const unsigned char *)from.p, from.n, NULL, 0) != 0)
		die("libsodium");
}

static void
seal(struct req *rq, struct buf *out, struct str plain)
{
	unsigned char key[crypto_secretbox_KEYBYTES], *p;

	seal_key(rq, key);
	p = (unsigned char *)buf_room(out, SEALED + plain.n);
	randombytes_buf(p, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(
	    p + crypto_secretbox_NONCEBYTES, (const unsigned char *)plain.p, plain.n, p, key);
	out->n += SEALED + plain.n;
	sodium_memzero(key, sizeof(key));
}

static bool
unseal(struct req *rq, struct str sealed, struct str *plain)
{
	const unsigned char *p = (const unsigned char *)sealed.p;
	unsigned char key[crypto_secretbox_KEYBYTES];
	char *out;

	if (sealed.n < SEALED)
		return false;
	out = arena_alloc(rq->arena, sealed.n);
	*plain = (struct str){ out, sealed.n - SEALED };
	seal_key(rq, key);
	return crypto_secretbox_open_easy((unsigned char *)out, p + crypto_secretbox_NONCEBYTES,
		   sealed.n - crypto_secretbox_NONCEBYTES, p, key) == 0;
}

static bool
printable(struct str key)
{
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] < 0x20 || key.p[i] == 0x7f)
			return false;
	return key.n <= 128;
}

/* The body's hash, the status, the headers' length and the type in one line;
 * then the headers; then the body. */
static void
replay(struct req *rq, struct res *rs, struct str kept)
{
	struct str line = str_cut(&kept, '\n');
	int64_t status = 0, head = 0;

	str_cut(&line, ' ');
	str_int(str_cut(&line, ' '), 100, 599, &status);
	str_int(str_cut(&line, ' '), 0, (int64_t)kept.n, &head);
	rs->status = (int)status;
	rs->rendered = true;
	rs->type = line.n ? arena_dup(rq->arena, line).p : NULL;
	buf_put(&rs->head, kept.p, (size_t)head);
	buf_put(&rs->body, kept.p + head, kept.n - (size_t)head);
	res_header(rs, "Idempotency-Replayed", "true");
}

/* "HASH sealed" is the first line then; *kept becomes what is behind it. */
static bool
is_sealed(struct str *kept)
{
	struct str rest = *kept, line = str_cut(&rest, '\n');

	if (!str_ends(line, " sealed"))
		return false;
	*kept = rest;
	return true;
}

static struct str
body_hash(struct req *rq)
{
	return secret_key(rq->arena, "", rq->body);
}

enum err
idempotency_before(struct req *rq, struct res *rs, bool *answered)
{
	struct str key, kept;

	*answered = false;
	if (!printable(rq->idempotency_key)) {
		fault(rq, "Idempotency-Key", "format", "Use 1 to 128 printable characters.");
		return ERR_INPUT;
	}
	key = place(rq);
	if (key.n == 0 || string_get(rq->db, rq->arena, key, &kept) != OK)
		return OK;
	if (!str_starts(kept, body_hash(rq).p)) {
		fault(rq, "Idempotency-Key", "used",
		    "This key was used with another body. Make a new key for a new request.");
		return ERR_INPUT;
	}
	if (is_sealed(&kept) && !unseal(rq, kept, &kept))
		return fail(rq, ERR_CONFLICT,
		    "This was done already. What was shown then is a secret, and not shown again.");
	replay(rq, rs, kept);
	*answered = true;
	return OK;
}

void
idempotency_after(struct req *rq, struct res *rs)
{
	struct str key = place(rq);
	struct buf kept = { 0 };

	/* A cookie is a secret: it is not written down. */
	if (key.n == 0 || rs->status >= 400 ||
	    (rs->head.n && memmem(rs->head.p, rs->head.n, "Set-Cookie:", strlen("Set-Cookie:")) != NULL))
		return;
	buf_printf(
	    &kept, "%s %d %zu %s\n", body_hash(rq).p, rs->status, rs->head.n, rs->type ? rs->type : "");
	buf_put(&kept, rs->head.p, rs->head.n);
	buf_put(&kept, rs->body.p, rs->body.n);
	if (rs->secret) {
		struct str plain = arena_dup(rq->arena, (struct str){ kept.p, kept.n });

		sodium_memzero(kept.p, kept.n);
		kept.n = 0;
		buf_printf(&kept, "%s sealed\n", body_hash(rq).p);
		seal(rq, &kept, plain);
	}
	string_set(rq->db, key, (struct str){ kept.p, kept.n }, rq->now + KEPT_MS);
	buf_free(&kept);
}

struct str
form_key(struct req *rq)
{
	struct str token = form_value(rq, "token");

	return rq->face == FACE_HTML && token.n >= 16 ? secret_key(rq->arena, "form:", token) : S("");
}

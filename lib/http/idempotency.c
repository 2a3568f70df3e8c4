/* idempotency.c - the same POST twice changes things once. */
#include "idempotency.h"

#include <string.h>

#include "clock.h"
#include "session.h"
#include "value.h"

enum { KEPT_MS = 24 * HOUR_MS };

/* Where the answer is kept; empty: this request has no key. */
static struct str
place(struct req *rq)
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
	return secret_key(rq->arena, "idempotency:", secret);
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
	string_set(rq->db, key, (struct str){ kept.p, kept.n }, rq->now + KEPT_MS);
	buf_free(&kept);
}

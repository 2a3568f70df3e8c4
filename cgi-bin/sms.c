/*
 * /sms - what SMS gateways tell later.
 *
 *	POST /sms/status/{token}  MessageStatus, ErrorCode            Messages.json
 *	POST /sms/status/{token}  status or message_status            others
 *	GET  /sms/status/{token}?status=…                             Kannel
 *
 * The token was given to the gateway with the message and is of no use for
 * another.  A word that is not the end of it changes nothing, nor does one that
 * comes after the end: they may come in any order, and several times.  The
 * answer is the one that Jasmin wants to see; others do not look at it.
 */
#include "sms.h"
#include "link.h"
#include "serve.h"
#include "suppress.h"

static struct str
given(const struct req *rq, const char *name)
{
	struct str value = form_value(rq, name);

	return value.n > 0 ? value : query(rq, name);
}

static struct str
status_word(const struct req *rq)
{
	static const char *const names[] = { "MessageStatus", "status", "message_status" };
	struct str word = S("");

	for (size_t i = 0; i < LEN(names) && word.n == 0; i++)
		word = given(rq, names[i]);
	return str_trim(word);
}

/* A number that does not exist or has opted out gets nothing any more. */
static void
suppress_number(struct req *rq, const struct message *m, const struct sms_error *e)
{
	if (e != NULL && e->suppress != NULL)
		suppress(rq->db, rq->arena, CHANNEL_SMS, m->target, e->suppress,
		    arena_printf(rq->arena, "%.*s", FMT(message_name(rq->db, rq->arena, m->id))));
}

static struct str
reason_of(struct req *rq, const struct sms_error *e, int64_t code)
{
	if (e != NULL)
		return str(e->reason);
	return code > 0 ? arena_strf(rq->arena, "sms-%lld", (long long)code) : S("undelivered");
}

/* A message that is no longer kept is nothing the gateway should hear of. */
static enum err
record(struct req *rq, int64_t id, struct str word, int64_t code)
{
	enum outbox_state state = sms_status(word);
	const struct sms_error *error = sms_error(code);
	struct message m;

	if (state == OUTBOX_WAITING || outbox_get(rq->db, rq->arena, id, &m) != OK)
		return OK;
	if (state == OUTBOX_DELIVERED)
		return outbox_report(rq->db, id, state, 0, S(""));
	suppress_number(rq, &m, error);
	return outbox_report(rq->db, id, state, code, reason_of(rq, error, code));
}

static enum err
status(struct req *rq, struct res *rs)
{
	int64_t id, code = 0;
	enum err e;

	if (!link_verify(rq->db, rq->arena, "sms-status", rq->arg[0], &id))
		return ERR_NOT_FOUND;
	str_int(str_trim(given(rq, "ErrorCode")), 0, INT32_MAX, &code);
	if (!rq->head && (e = record(rq, id, status_word(rq), code)) != OK)
		return e;
	rs->status = 200;
	rs->rendered = true;
	rs->type = "text/plain; charset=utf-8";
	buf_str(&rs->body, S("ACK/Jasmin"));
	return OK;
}

static const struct route routes[] = {
	{ GET, "/sms/status/{token}", ANYONE, TX_WRITE, status },
	{ POST, "/sms/status/{token}", ANYONE, TX_WRITE, status },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

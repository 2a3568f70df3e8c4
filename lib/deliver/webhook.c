/* webhook.c - messages to programs: a POST signed by Standard Webhooks 1.0. */
#include "webhook.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "endpoint.h"
#include "log.h"
#include "net.h"
#include "retry.h"
#include "setting.h"

enum {
	TRY_MS = 15 * 1000, /* the standard's 15 to 30 s */
	WIDTH_MAX = 64,
	MAC_TEXT = sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL),
};

/* ---- the signature ----------------------------------------------------------- */

/* An endpoint's keys, made ready.  Messages to one endpoint often come in a row,
 * such as all that waited while it was down: within a transaction, what was read
 * for one is good for the next. */
struct signer {
	int64_t transaction, recipient; /* when it was read, and for whom */
	crypto_auth_hmacsha256_state present, previous;
	bool two;
};

static void
take_keys(struct signer *s, struct str secret, struct str previous)
{
	crypto_auth_hmacsha256_init(&s->present, (const unsigned char *)secret.p, secret.n);
	s->two = previous.n > 0;
	if (s->two)
		crypto_auth_hmacsha256_init(&s->previous, (const unsigned char *)previous.p, previous.n);
}

static void
sign(char out[static MAC_TEXT], const crypto_auth_hmacsha256_state *key, struct str head, struct str body)
{
	crypto_auth_hmacsha256_state state = *key;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_update(&state, (const unsigned char *)head.p, head.n);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.p, body.n);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_bin2base64(out, MAC_TEXT, mac, sizeof(mac), sodium_base64_VARIANT_ORIGINAL);
}

static struct str
signature(struct arena *a, const struct signer *s, struct str id, int64_t timestamp, struct str body)
{
	struct str head = arena_strf(a, "%.*s.%lld.", FMT(id), (long long)timestamp);
	char new[MAC_TEXT], old[MAC_TEXT];

	sign(new, &s->present, head, body);
	if (!s->two)
		return arena_strf(a, "v1,%s", new);
	sign(old, &s->previous, head, body);
	return arena_strf(a, "v1,%s v1,%s", new, old);
}

struct str
webhook_signature(struct arena *a, struct str secret, struct str previous, struct str id, int64_t timestamp,
    struct str body)
{
	struct signer s;

	take_keys(&s, secret, previous);
	return signature(a, &s, id, timestamp, body);
}

/* ---- a try --------------------------------------------------------------------- */

/* The headers that are the same for all; "Expect:" takes libcurl's own away. */
static struct curl_slist no_expect = { .data = "Expect:" };
static struct curl_slist agent = { .data = "User-Agent: muster-webhook/1", .next = &no_expect };
static struct curl_slist json_type = { .data = "Content-Type: application/json", .next = &agent };

struct webhook {
	struct net net;
	struct signer *last;
};

struct call {
	struct net_call net;
	struct curl_slist id, timestamp, signature;
};

/* The list hangs together by nodes in the arena: nothing to allocate one by one,
 * nothing for the engine to free. */
static struct curl_slist *
headers(struct delivery *d, struct call *c, const struct signer *s)
{
	int64_t timestamp = d->now / SECOND_MS;
	struct str mac = signature(d->arena, s, d->name, timestamp, d->payload);

	c->id =
	    (struct curl_slist){ arena_printf(d->arena, "webhook-id: %.*s", FMT(d->name)), &c->timestamp };
	c->timestamp =
	    (struct curl_slist){ arena_printf(d->arena, "webhook-timestamp: %lld", (long long)timestamp),
		    &c->signature };
	c->signature =
	    (struct curl_slist){ arena_printf(d->arena, "webhook-signature: %.*s", FMT(mac)), &json_type };
	return &c->id;
}

static bool
suppressed(struct verdict *v, const char *reason, struct str detail)
{
	*v = (struct verdict){ .outcome = OUTCOME_SUPPRESSED };
	snprintf(v->reason, sizeof(v->reason), "%s", reason);
	snprintf(v->detail, sizeof(v->detail), "%.*s", FMT(detail));
	return false;
}

/* False: nothing may be sent to it. */
static bool
find_signer(struct signer *s, struct delivery *d, struct verdict *v)
{
	struct endpoint p;

	if (s->transaction == db_number(d->db) && s->recipient == d->message->recipient)
		return true;
	s->transaction = 0;
	if (endpoint_get(d->db, d->arena, d->message->recipient, &p) != OK)
		return suppressed(v, "no-endpoint", S(""));
	if (p.disabled.n > 0)
		return suppressed(v, "disabled", p.disabled);
	take_keys(s, p.secret, p.previous);
	/* Of one that writes, the endpoint may change before the next message. */
	s->transaction = db_tx(d->db) == TX_READ ? db_number(d->db) : 0;
	s->recipient = d->message->recipient;
	return true;
}

static bool
start(const struct channel *ch, struct delivery *d, struct verdict *v)
{
	const struct webhook *hook = ch->settings;
	struct call *c = arena_alloc(d->arena, sizeof(*c));

	if (!find_signer(hook->last, d, v))
		return false;
	c->net.net = &hook->net;
	d->own = c;
	net_guard(d->easy, &c->net);
	curl_easy_setopt(d->easy, CURLOPT_URL, arena_printf(d->arena, "%.*s", FMT(d->message->target)));
	curl_easy_setopt(d->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)d->payload.n);
	curl_easy_setopt(d->easy, CURLOPT_POSTFIELDS, d->payload.p);
	curl_easy_setopt(d->easy, CURLOPT_HTTPHEADER, headers(d, c, hook->last));
	return true;
}

static const struct {
	int code;
	enum outcome outcome;
	bool hurts;
} meanings[] = {
	{ 400, OUTCOME_FAILED, false },
	{ 405, OUTCOME_FAILED, false },
	{ 406, OUTCOME_FAILED, false },
	{ 408, OUTCOME_RETRY, true },
	{ 410, OUTCOME_FAILED, false },
	{ 411, OUTCOME_FAILED, false },
	{ 413, OUTCOME_FAILED, false },
	{ 414, OUTCOME_FAILED, false },
	{ 415, OUTCOME_FAILED, false },
	{ 422, OUTCOME_FAILED, false },
	{ 429, OUTCOME_RETRY, true },
	{ 431, OUTCOME_FAILED, false },
	{ 502, OUTCOME_RETRY, true },
	{ 503, OUTCOME_RETRY, true },
	{ 504, OUTCOME_RETRY, true },
};

static void
judge_status(struct verdict *v)
{
	v->outcome = OUTCOME_RETRY;
	for (size_t i = 0; i < LEN(meanings); i++)
		if (meanings[i].code == v->code) {
			v->outcome = meanings[i].outcome;
			v->hurts = meanings[i].hurts;
		}
	if (v->code == 410)
		snprintf(v->reason, sizeof(v->reason), "gone");
	else
		snprintf(v->reason, sizeof(v->reason), "http-%d", v->code);
}

static void
judge(const struct channel *ch, struct delivery *d, CURLcode rc, struct verdict *v)
{
	const struct call *c = d->own;

	(void)ch;
	*v = (struct verdict){ .outcome = OUTCOME_SENT };
	if (net_failed(d->easy, rc, &c->net, v) || v->code / 100 == 2)
		return;
	judge_status(v);
	net_line((struct str){ d->answer.p, d->answer.n }, v->detail, sizeof(v->detail));
	if (v->outcome == OUTCOME_RETRY)
		v->retry_after = net_retry_after(&d->head, d->now);
}

static void
settle(const struct channel *ch, struct delivery *d, const struct verdict *v)
{
	(void)ch;
	if (v->outcome == OUTCOME_FAILED && v->code == 410)
		(void)endpoint_disable(
		    d->db, d->arena, d->message->recipient, S("it answered 410 Gone: it wants nothing more"));
}

const struct channel *
webhook_channel(struct db *db, struct arena *a)
{
	struct channel *ch = arena_alloc(a, sizeof(*ch));
	struct webhook *hook = arena_alloc(a, sizeof(*hook));
	struct str wrong;

	hook->last = arena_alloc(a, sizeof(*hook->last));
	if (!net_parse(setting_text(db, a, "net.allow"), &hook->net, &wrong))
		log_line("net.allow: %.*s is no range of addresses; it ends there", FMT(wrong));
	*ch = (struct channel){
		.number = CHANNEL_WEBHOOK,
		.schedule = retry_webhook,
		.width_max = WIDTH_MAX,
		.timeout_ms = TRY_MS,
		.start = start,
		.judge = judge,
		.settle = settle,
		.settings = hook,
	};
	return ch;
}

/*
 * sms_messages.c - the Messages.json form API that many gateways speak.
 *
 * It has no key by which a repeated request could be told from a new one: so
 * after a broken line we ask for what was sent to this number.
 */
#include "sms_gateway.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "net.h"

enum {
	VALID_MOST_S = 36000,
	ASK_FOR = 5,    /* the number's latest messages: more may not fit into ANSWER_MAX */
	CLOCKS_S = 120, /* the gateway's clock may be behind ours */
};

/* ---- asking -------------------------------------------------------------------- */

static char *
address(const struct gateway *g, struct arena *a)
{
	struct str base = g->url;

	while (str_ends(base, "/"))
		base.n--;
	return arena_printf(a, "%.*s/2010-04-01/Accounts/%.*s/Messages.json", FMT(base), FMT(g->account));
}

static void
put_field(struct buf *form, const char *name, struct str value)
{
	buf_printf(form, "%s%s=", form->n ? "&" : "", name);
	put_encoded(form, value);
}

/* No longer than it is of use. */
static struct str
validity(struct delivery *d)
{
	int64_t seconds = (d->message->expires - d->now) / SECOND_MS;

	seconds = seconds < 1 ? 1 : seconds > VALID_MOST_S ? VALID_MOST_S : seconds;
	return arena_strf(d->arena, "%lld", (long long)seconds);
}

static void
set_send(const struct gateway *g, struct delivery *d, const struct sms *s)
{
	struct buf form = { 0 };

	put_field(&form, "To", d->message->target);
	if (g->service.n > 0)
		put_field(&form, "MessagingServiceSid", g->service);
	else
		put_field(&form, "From", g->from);
	put_field(&form, "Body", s->text);
	put_field(&form, "ValidityPeriod", validity(d));
	if (s->callback.n > 0)
		put_field(&form, "StatusCallback", s->callback);
	curl_easy_setopt(d->easy, CURLOPT_URL, address(g, d->arena));
	curl_easy_setopt(d->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)form.n);
	curl_easy_setopt(d->easy, CURLOPT_COPYPOSTFIELDS, form.p);
	buf_free(&form);
}

/* Not by DateSent, though the API has it: what still waits there has none. */
static void
set_ask(const struct gateway *g, struct delivery *d)
{
	struct buf url = { 0 };

	buf_printf(&url, "%s?PageSize=%d&To=", address(g, d->arena), ASK_FOR);
	put_encoded(&url, d->message->target);
	buf_char(&url, '\0');
	curl_easy_setopt(d->easy, CURLOPT_URL, url.p);
	curl_easy_setopt(d->easy, CURLOPT_HTTPGET, 1L);
	buf_free(&url);
}

/* The last try was broken off; or there was a claim of which nothing was heard:
 * who had it died, perhaps after it was sent. */
static bool
may_be_there(struct delivery *d)
{
	struct attempt *v;
	size_t n;

	if (d->message->claims > 1)
		return true;
	outbox_attempts(d->db, d->arena, d->message->id, &v, &n);
	return n > 0 && str_is(v[n - 1].reason, "unsure");
}

bool
messages_start(const struct gateway *g, struct delivery *d, struct verdict *v)
{
	struct sms *s = d->own;

	if (g->url.n == 0 || g->account.n == 0 || (g->from.n == 0 && g->service.n == 0)) {
		sms_say(v, OUTCOME_RETRY, true, "config", S("sms.url, sms.account and sms.from are needed"));
		return false;
	}
	put_header(d, "Accept: application/json");
	curl_easy_setopt(d->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	curl_easy_setopt(d->easy, CURLOPT_USERNAME, arena_printf(d->arena, "%.*s", FMT(g->user)));
	curl_easy_setopt(d->easy, CURLOPT_PASSWORD, arena_printf(d->arena, "%.*s", FMT(g->secret)));
	if ((s->asking = may_be_there(d)))
		set_ask(g, d);
	else
		set_send(g, d, s);
	return true;
}

/* ---- answers ------------------------------------------------------------------- */

/* A text member; "" where there is none. */
static const char *
text(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return "";
	return json_object_get_string(v);
}

static int64_t
number(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_int64(v) : 0;
}

static void
judge_error(struct delivery *d, int64_t code, struct verdict *v)
{
	const struct sms_error *e = sms_error(code);
	struct sms *s = d->own;

	if (e == NULL) {
		sms_judge_status(d, v);
		if (code > 0 && v->outcome == OUTCOME_FAILED)
			snprintf(v->reason, sizeof(v->reason), "sms-%lld", (long long)code);
		return;
	}
	sms_say(v, e->outcome, e->hurts, e->reason, S(""));
	if (e->outcome == OUTCOME_RETRY) {
		v->retry_after = net_retry_after(&d->head, d->now);
		if (v->retry_after < (int64_t)e->after_s * SECOND_MS)
			v->retry_after = (int64_t)e->after_s * SECOND_MS;
	}
	s->suppress = e->suppress;
}

static bool
has_failed(struct json_object *o)
{
	return sms_status(str(text(o, "status"))) == OUTBOX_FAILED && sms_error(number(o, "error_code"));
}

/* It has a message of ours: that is as good as sent, unless it says otherwise. */
static void
judge_taken(struct delivery *d, struct json_object *o, struct verdict *v)
{
	if (has_failed(o)) {
		judge_error(d, number(o, "error_code"), v);
		return;
	}
	sms_say(v, OUTCOME_SENT, false, "", S(""));
	net_line(str(text(o, "sid")), v->reference, sizeof(v->reference));
}

static bool
is_ours(struct delivery *d, struct json_object *o)
{
	const struct sms *s = d->own;
	time_t made = curl_getdate(text(o, "date_created"), NULL);

	if (!str_is(s->text, text(o, "body")) || !str_is(d->message->target, text(o, "to")))
		return false;
	if (strcmp(text(o, "direction"), "inbound") == 0)
		return false;
	return made < 0 || made + CLOCKS_S >= d->message->created / SECOND_MS;
}

static void
judge_asked(const struct channel *ch, struct delivery *d, struct json_object *o, struct verdict *v)
{
	struct json_object *list = NULL;

	if (v->code / 100 != 2 || !json_object_object_get_ex(o, "messages", &list) ||
	    !json_object_is_type(list, json_type_array)) {
		sms_unsure(ch, d, true, v);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (is_ours(d, one)) {
			judge_taken(d, one, v);
			return;
		}
	}
	sms_say(v, OUTCOME_RETRY, false, "not-there", S("the gateway does not have it: it is sent again"));
}

static void
judge_sent(const struct channel *ch, struct delivery *d, struct json_object *o, struct verdict *v)
{
	if (v->code / 100 != 2) {
		net_line(str(text(o, "message")), v->detail, sizeof(v->detail));
		judge_error(d, number(o, "code"), v);
	} else if (*text(o, "sid") != '\0') {
		judge_taken(d, o, v);
	} else {
		sms_unsure(ch, d, true, v); /* a page of somebody else, or half an answer */
	}
}

void
messages_judge(
    const struct channel *ch, const struct gateway *g, struct delivery *d, CURLcode rc, struct verdict *v)
{
	const struct sms *s = d->own;
	struct json_tokener *t;
	struct json_object *o;

	(void)g;
	if (sms_no_answer(ch, d, rc, true, v))
		return;
	t = json_tokener_new();
	json_tokener_set_flags(t, JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, d->answer.p ? d->answer.p : "", (int)d->answer.n);
	(s->asking ? judge_asked : judge_sent)(ch, d, o, v);
	json_object_put(o);
	json_tokener_free(t);
}

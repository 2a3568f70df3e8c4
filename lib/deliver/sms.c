/* sms.c - messages to telephones, through a gateway. */
#include "sms.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "endpoint.h"
#include "file.h"
#include "link.h"
#include "net.h"
#include "retry.h"
#include "setting.h"
#include "sms_gateway.h"
#include "suppress.h"

enum {
	TRY_MS = 20 * 1000,
	WIDTH_MAX = 8, /* gateways take few at once, telephones even fewer */
};

/* ---- the text ------------------------------------------------------------------ */

static struct str
shape(struct arena *a, const struct gateway *g, struct str text)
{
	struct str composed = sms_composed(a, text), plain;

	if (g->unaccented) {
		plain = sms_unaccented(a, text);
		if (sms_measure(plain).segments < sms_measure(composed).segments)
			composed = plain;
	}
	return sms_cut(a, composed, g->segments);
}

/* The member "text" of a payload; false: it is none. */
static bool
read_payload(struct arena *a, struct str payload, struct str *text)
{
	struct json_tokener *t = json_tokener_new();
	struct json_object *o = NULL, *v = NULL;

	*text = S("");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (payload.n < INT32_MAX)
		o = json_tokener_parse_ex(t, payload.p, (int)payload.n);
	if (json_object_object_get_ex(o, "text", &v) && json_object_is_type(v, json_type_string))
		*text = arena_dup(
		    a, (struct str){ json_object_get_string(v), (size_t)json_object_get_string_len(v) });
	json_object_put(o);
	json_tokener_free(t);
	*text = str_trim(*text);
	return text->n > 0;
}

/* ---- settings ------------------------------------------------------------------ */

static enum sms_mode
mode(struct db *db, struct arena *a)
{
	struct str word = setting_text(db, a, "sms.mode");

	return str_is(word, "messages")   ? SMS_MESSAGES
	       : str_is(word, "template") ? SMS_TEMPLATE
	       : str_is(word, "file")     ? SMS_FILE
					  : SMS_OFF;
}

/* Where the site can be reached, unless nobody has said so: gateways refuse
 * callbacks to a loopback address, and with them the message. */
static struct str
site_url(struct db *db, struct arena *a)
{
	struct str url = setting_text(db, a, "site.url");

	for (const struct setting *s = settings; s->name != NULL; s++)
		if (strcmp(s->name, "site.url") == 0 && str_is(url, s->usual))
			return S("");
	while (str_ends(url, "/"))
		url.n--;
	return url;
}

static struct gateway *
read_settings(struct db *db, struct arena *a)
{
	struct gateway *g = arena_alloc(a, sizeof(*g));

	*g = (struct gateway){
		.mode = mode(db, a),
		.url = setting_text(db, a, "sms.url"),
		.account = setting_text(db, a, "sms.account"),
		.user = setting_text(db, a, "sms.user"),
		.secret = setting_text(db, a, "sms.secret"),
		.from = setting_text(db, a, "sms.from"),
		.service = setting_text(db, a, "sms.service"),
		.method = setting_text(db, a, "sms.method"),
		.type = setting_text(db, a, "sms.type"),
		.headers = setting_text(db, a, "sms.headers"),
		.body = setting_text(db, a, "sms.body"),
		.success = setting_text(db, a, "sms.success"),
		.accepted = setting_text(db, a, "sms.accepted"),
		.reference = setting_text(db, a, "sms.reference"),
		.site = site_url(db, a),
		.segments = setting_number(db, a, "sms.segments"),
		.unaccented = setting_number(db, a, "sms.unaccented") == 1,
	};
	if (g->user.n == 0)
		g->user = g->account;
	return g;
}

struct str
sms_text(struct db *db, struct arena *a, struct str text)
{
	return shape(a, read_settings(db, a), text);
}

/* ---- what both ways share ------------------------------------------------------ */

void
sms_say(struct verdict *v, enum outcome outcome, bool hurts, const char *reason, struct str detail)
{
	v->outcome = outcome;
	v->hurts = hurts;
	snprintf(v->reason, sizeof(v->reason), "%s", reason);
	if (detail.n > 0)
		snprintf(v->detail, sizeof(v->detail), "%.*s", FMT(detail));
}

void
sms_unsure(const struct channel *ch, struct delivery *d, bool can_ask, struct verdict *v)
{
	bool last = retry_wait(ch->schedule, d->message->tries, 0, 0.5) == 0;
	bool again = can_ask ? !last : d->message->lane == LANE_URGENT;

	sms_say(v, again ? OUTCOME_RETRY : OUTCOME_UNSURE, true, "unsure", S(""));
}

bool
sms_no_answer(const struct channel *ch, struct delivery *d, CURLcode rc, bool can_ask, struct verdict *v)
{
	const struct sms *s = d->own;
	long written = 0;

	if (!net_failed(d->easy, rc, NULL, v))
		return false;
	/* Without a byte written it was certainly not sent; having asked, we are
	 * as unsure as before. */
	curl_easy_getinfo(d->easy, CURLINFO_REQUEST_SIZE, &written);
	if (written > 0 || s->asking)
		sms_unsure(ch, d, can_ask, v);
	return true;
}

void
sms_judge_status(struct delivery *d, struct verdict *v)
{
	bool ours = v->code == 401 || v->code == 403 || v->code == 407; /* who we are, not what we say */
	bool later = v->code == 408 || v->code == 425 || v->code == 429 || v->code >= 500;
	char reason[32];

	snprintf(reason, sizeof(reason), ours ? "auth" : "http-%d", v->code);
	sms_say(v, ours || later ? OUTCOME_RETRY : OUTCOME_FAILED, ours || later, reason, S(""));
	if (later)
		v->retry_after = net_retry_after(&d->head, d->now);
}

void
put_encoded(struct buf *out, struct str s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\0' && strchr(plain, s.p[i]) != NULL)
			buf_char(out, s.p[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)s.p[i]);
}

void
put_header(struct delivery *d, const char *line)
{
	d->headers = curl_slist_append(d->headers, line);
}

/* ---- a try --------------------------------------------------------------------- */

static void
write_file(struct delivery *d, const struct gateway *g, const struct sms *s, struct verdict *v)
{
	struct sms_size size = sms_measure(s->text);
	struct str bytes = arena_strf(d->arena,
	    "To: %.*s\nFrom: %.*s\nId: %.*s\nEncoding: %s\nLength: %lld\nSegments: %lld\n\n%.*s\n",
	    FMT(d->message->target), FMT(g->from), FMT(d->name),
	    size.encoding == SMS_GSM7 ? "GSM 7" : "UCS-2", (long long)size.length, (long long)size.segments,
	    FMT(s->text));

	file_deliver(d, "sms", bytes, v);
}

/* No redirects; and a connection of its own, for on a used one libcurl itself
 * sends a request again when the line dies without a word. */
static void
set_up(struct delivery *d, const struct gateway *g, struct sms *s)
{
	struct str token;

	net_guard(d->easy, NULL);
	curl_easy_setopt(d->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(d->easy, CURLOPT_FORBID_REUSE, 1L);
	put_header(d, "User-Agent: muster-sms/1");
	put_header(d, "Expect:");
	if (g->site.n == 0)
		return;
	token = link_token(d->db, d->arena, "sms-status", d->message->id);
	s->callback = arena_strf(d->arena, "%.*s/sms/status/%.*s", FMT(g->site), FMT(token));
}

static bool
start(const struct channel *ch, struct delivery *d, struct verdict *v)
{
	const struct gateway *g = ch->settings;
	struct sms *s = arena_alloc(d->arena, sizeof(*s));
	struct str text, why;

	*v = (struct verdict){ 0 };
	d->own = s;
	if (suppressed(d->db, d->arena, CHANNEL_SMS, d->message->target, &why))
		return sms_say(v, OUTCOME_SUPPRESSED, false, arena_printf(d->arena, "%.*s", FMT(why)), S("")),
		       false;
	if (!read_payload(d->arena, d->payload, &text))
		return sms_say(v, OUTCOME_FAILED, false, "content", S("the payload has no text")), false;
	s->text = shape(d->arena, g, text);
	if (g->mode == SMS_OFF)
		return sms_say(v, OUTCOME_FAILED, false, "channel-off", S("sms.mode is off")), false;
	if (g->mode == SMS_FILE)
		return write_file(d, g, s, v), false;
	set_up(d, g, s);
	if (!(g->mode == SMS_MESSAGES ? messages_start : template_start)(g, d, v))
		return false;
	curl_easy_setopt(d->easy, CURLOPT_HTTPHEADER, d->headers);
	return true;
}

static void
judge(const struct channel *ch, struct delivery *d, CURLcode rc, struct verdict *v)
{
	const struct gateway *g = ch->settings;
	char *secret;

	*v = (struct verdict){ .outcome = OUTCOME_SENT };
	(g->mode == SMS_MESSAGES ? messages_judge : template_judge)(ch, g, d, rc, v);
	/* An error page may repeat the address it was asked for. */
	while (g->secret.n > 0 && (secret = strstr(v->detail, g->secret.p)) != NULL)
		memset(secret, '*', g->secret.n);
}

static void
settle(const struct channel *ch, struct delivery *d, const struct verdict *v)
{
	const struct sms *s = d->own;

	(void)ch;
	if (v->outcome == OUTCOME_FAILED && s->suppress != NULL)
		suppress(d->db, d->arena, CHANNEL_SMS, d->message->target, s->suppress,
		    arena_printf(d->arena, "%.*s", FMT(d->name)));
}

const struct channel *
sms_channel(struct db *db, struct arena *a)
{
	struct channel *ch = arena_alloc(a, sizeof(*ch));

	*ch = (struct channel){
		.number = CHANNEL_SMS,
		.schedule = retry_sms,
		.width_max = WIDTH_MAX,
		.timeout_ms = TRY_MS,
		.start = start,
		.judge = judge,
		.settle = settle,
		.settings = read_settings(db, a),
	};
	return ch;
}

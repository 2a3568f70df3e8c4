/*
 * sms_template.c - any gateway with an HTTP interface, by templates.
 *
 * In sms.url, sms.headers and sms.body stand placeholders; each value is
 * escaped for where it stands:
 *
 *	{to} {from} {text} {user} {secret} {account}
 *	{id}         the message's name
 *	{callback}   where the gateway reports (docs/operator.md); empty while site.url is not set
 *	{hex}        the text as it goes over the air, in hexadecimal
 *	{coding}     0 where that is GSM 7, 2 for UCS-2 (Kannel's count)
 *	{dcs}        0 or 8 (SMPP's count)
 *	{minutes}    for how long it is of use
 *
 * Any other word in braces is a fault, so that a typing error is not sent to
 * people's telephones.
 */
#include "sms_gateway.h"

#include <json-c/json.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "net.h"

enum context { IN_URL, IN_FORM, IN_JSON, IN_HEADER };

enum { LOOK_AT = 4096 }; /* of an answer: regular expressions can be slow */

/* ---- templates ------------------------------------------------------------------ */

static struct str
hex_of(struct arena *a, struct str text)
{
	struct buf b = { 0 };
	struct str s;

	sms_hex(&b, text);
	s = arena_dup(a, (struct str){ b.p, b.n });
	buf_free(&b);
	return s;
}

static struct str
minutes(const struct delivery *d)
{
	int64_t left = (d->message->expires - d->now) / MINUTE_MS;

	return arena_strf(d->arena, "%lld",
	    (long long)(left < 1             ? 1
			: left > 7 * 24 * 60 ? 7 * 24 * 60
					     : left));
}

static bool
value_of(const struct gateway *g, const struct delivery *d, struct str name, struct str *value)
{
	const struct sms *s = d->own;
	bool gsm7 = sms_measure(s->text).encoding == SMS_GSM7;
	const struct {
		const char *name;
		struct str value;
	} values[] = {
		{ "to", d->message->target },
		{ "from", g->from },
		{ "text", s->text },
		{ "user", g->user },
		{ "secret", g->secret },
		{ "account", g->account },
		{ "id", d->name },
		{ "callback", s->callback },
		{ "hex", hex_of(d->arena, s->text) },
		{ "coding", gsm7 ? S("0") : S("2") },
		{ "dcs", gsm7 ? S("0") : S("8") },
		{ "minutes", minutes(d) },
	};

	for (size_t i = 0; i < LEN(values); i++)
		if (str_is(name, values[i].name)) {
			*value = values[i].value;
			return true;
		}
	return false;
}

static void
put_json(struct buf *out, struct str s)
{
	struct json_object *o = json_object_new_string_len(s.p, (int)s.n);
	size_t n = 0;
	const char *text = json_object_to_json_string_length(o, JSON_C_TO_STRING_NOSLASHESCAPE, &n);

	buf_put(out, text + 1, n - 2); /* the quotes are the template's */
	json_object_put(o);
}

static void
put_escaped(struct buf *out, enum context context, struct str s)
{
	switch (context) {
	case IN_URL:
	case IN_FORM:
		put_encoded(out, s);
		break;
	case IN_JSON:
		put_json(out, s);
		break;
	case IN_HEADER:
		for (size_t i = 0; i < s.n; i++)
			buf_char(out, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
		break;
	}
}

/* "{word}" at the beginning; JSON has none such. */
static bool
placeholder(struct str s, struct str *word)
{
	size_t n = 1;

	while (n < s.n && s.p[n] >= 'a' && s.p[n] <= 'z')
		n++;
	*word = (struct str){ s.p + 1, n - 1 };
	return s.p[0] == '{' && n > 1 && n < s.n && s.p[n] == '}';
}

/* With a NUL behind it; false: *wrong is a word that stands for nothing. */
static bool
fill(const struct gateway *g, const struct delivery *d, enum context context, struct str template,
    struct buf *out, struct str *wrong)
{
	buf_reset(out);
	while (template.n > 0) {
		size_t step = 1;
		struct str value;

		if (placeholder(template, wrong)) {
			if (!value_of(g, d, *wrong, &value))
				return false;
			put_escaped(out, context, value);
			step = wrong->n + 2;
		} else {
			buf_char(out, template.p[0]);
		}
		template = (struct str){ template.p + step, template.n - step };
	}
	buf_char(out, '\0');
	return true;
}

/* ---- what a gateway takes ------------------------------------------------------- */

/* The first of "200-299, 304"; false: it is none. */
static bool
next_range(struct str *list, int64_t *low, int64_t *high)
{
	struct str one = str_trim(str_cut(list, ',')), from = str_cut(&one, '-');

	if (!str_int(from, 100, 599, low))
		return false;
	*high = *low;
	return one.n == 0 || str_int(one, *low, 599, high);
}

static bool
is_success(struct str list, int code)
{
	int64_t low, high;

	while (list.n > 0 && next_range(&list, &low, &high))
		if (code >= low && code <= high)
			return true;
	return false;
}

static bool
is_expression(struct arena *a, struct str expression)
{
	regex_t re;

	if (regcomp(&re, arena_printf(a, "%.*s", FMT(expression)), REG_EXTENDED) != 0)
		return false;
	regfree(&re);
	return true;
}

/* What would only show when a message was sent already; NULL: nothing. */
static const char *
fault_of(struct arena *a, const struct gateway *g)
{
	struct str rest = g->success;
	int64_t low, high;

	if (g->url.n == 0)
		return "sms.url is needed";
	if (!is_expression(a, g->accepted))
		return "sms.accepted is no regular expression";
	if (!is_expression(a, g->reference))
		return "sms.reference is no regular expression";
	while (rest.n > 0)
		if (!next_range(&rest, &low, &high))
			return "sms.success must be statuses, as 200-299";
	return NULL;
}

/* ---- a try ---------------------------------------------------------------------- */

static bool
set_headers(const struct gateway *g, struct delivery *d, struct buf *b, struct str *wrong)
{
	struct str rest = g->headers;

	while (rest.n > 0) {
		struct str line = str_trim(str_cut(&rest, '\n'));

		if (line.n == 0)
			continue;
		if (!fill(g, d, IN_HEADER, line, b, wrong))
			return false;
		put_header(d, b->p);
	}
	return true;
}

static bool
set_body(const struct gateway *g, struct delivery *d, struct buf *b, struct str *wrong)
{
	bool json = str_is(g->type, "json");

	if (str_is(g->method, "GET")) {
		curl_easy_setopt(d->easy, CURLOPT_HTTPGET, 1L);
		return true;
	}
	if (!fill(g, d, json ? IN_JSON : IN_FORM, g->body, b, wrong))
		return false;
	curl_easy_setopt(d->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(b->n - 1));
	curl_easy_setopt(d->easy, CURLOPT_COPYPOSTFIELDS, b->p);
	if (json)
		put_header(d, "Content-Type: application/json");
	return true;
}

bool
template_start(const struct gateway *g, struct delivery *d, struct verdict *v)
{
	const char *why = fault_of(d->arena, g);
	struct buf b = { 0 };
	struct str wrong;
	bool good = why == NULL && fill(g, d, IN_URL, g->url, &b, &wrong);

	if (good) {
		curl_easy_setopt(d->easy, CURLOPT_URL, b.p);
		good = set_headers(g, d, &b, &wrong) && set_body(g, d, &b, &wrong);
	}
	buf_free(&b);
	if (!good)
		sms_say(v, OUTCOME_RETRY, true, "config",
		    why != NULL ? str(why) : arena_strf(d->arena, "{%.*s} stands for nothing", FMT(wrong)));
	return good;
}

/* ---- answers -------------------------------------------------------------------- */

/* Whether the answer matches; *found (may be NULL) is the first group, or all
 * that matched. */
static bool
matches(struct arena *a, struct str expression, const char *answer, struct str *found)
{
	regmatch_t m[2];
	regex_t re;
	bool good;

	if (regcomp(&re, arena_printf(a, "%.*s", FMT(expression)), REG_EXTENDED) != 0)
		return false;
	good = regexec(&re, answer, LEN(m), m, 0) == 0;
	if (good && found != NULL) {
		regmatch_t *at = m[1].rm_so >= 0 ? &m[1] : &m[0];

		*found = (struct str){ answer + at->rm_so, (size_t)(at->rm_eo - at->rm_so) };
	}
	regfree(&re);
	return good;
}

void
template_judge(
    const struct channel *ch, const struct gateway *g, struct delivery *d, CURLcode rc, struct verdict *v)
{
	struct str whole = { d->answer.p, d->answer.n < LOOK_AT ? d->answer.n : LOOK_AT }, found = S("");
	const char *answer;

	if (sms_no_answer(ch, d, rc, false, v))
		return;
	answer = arena_printf(d->arena, "%.*s", FMT(whole));
	if (is_success(g->success, v->code) &&
	    (g->accepted.n == 0 || matches(d->arena, g->accepted, answer, NULL))) {
		if (g->reference.n > 0 && matches(d->arena, g->reference, answer, &found))
			net_line(found, v->reference, sizeof(v->reference));
		return;
	}
	net_line(whole, v->detail, sizeof(v->detail));
	if (is_success(g->success, v->code))
		sms_say(v, OUTCOME_FAILED, false, "refused", S(""));
	else
		sms_judge_status(d, v);
}

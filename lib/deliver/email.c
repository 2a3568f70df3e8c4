/* email.c - messages to people, through a mail relay. */
#include "email.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "key.h"
#include "link.h"
#include "mime.h"
#include "retry.h"
#include "setting.h"
#include "smtp.h"
#include "suppress.h"
#include "utf8.h"

enum {
	TRY_MS = 90 * 1000, /* a relay that looks into what it takes needs its time */
	WIDTH_MAX = 20,
	PLAIN_MOST = 700, /* with a path behind it still within a line */
	UPLOAD_ROOM = 16 * 1024,
	IDLE_S = 30, /* relays close what says nothing for long */
};

/* What an operator set, read once. */
struct email {
	bool off, file;
	struct str relay, url, tls, auth, user, password, ca;
	struct str from_name, from, reply_to_name, reply_to, bounces;
	struct str site, list_id, domain; /* domain: of `from` */
	const char *fault;                /* what is wrong with it; NULL: nothing */
};

/* ---- settings ---------------------------------------------------------------- */

/* "https://example.org:8443/x" -> "example.org" */
static struct str
host_of(struct str url)
{
	const char *p = memmem(url.p, url.n, "://", 3);
	size_t n = 0;

	if (p != NULL)
		url = (struct str){ p + 3, url.n - (size_t)(p + 3 - url.p) };
	while (n < url.n && url.p[n] != '/' && url.p[n] != ':')
		n++;
	return (struct str){ url.p, n };
}

static bool
is_host_name(struct str s)
{
	bool letter = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '-')
			return false;
		letter = letter || is_letter;
	}
	return letter; /* an address in digits is no name to introduce oneself with */
}

/* Whether the relay is this machine. */
static bool
is_here(struct str relay)
{
	struct str host = host_of(relay);

	return str_is(host, "localhost") || (str_starts(host, "127.") && !is_host_name(host)) ||
	       str_starts(relay, "smtp://[::1]") || str_starts(relay, "smtps://[::1]");
}

/* libcurl takes the name for EHLO from the URL's path. */
static struct str
relay_url(struct arena *a, struct str relay, struct str helo)
{
	while (str_ends(relay, "/"))
		relay.n--;
	return arena_strf(a, "%.*s/%.*s", FMT(relay), is_host_name(helo) ? (int)helo.n : 0, helo.p);
}

static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return s.n <= PLAIN_MOST;
}

/* Whatever could make each mail one that cannot be written. */
static void
check(struct email *e)
{
	if (!e->file && !str_starts(e->relay, "smtp://") && !str_starts(e->relay, "smtps://"))
		e->fault = "email.relay must begin with smtp:// or smtps://";
	else if (e->from.n == 0)
		e->fault = "email.from is no address";
	else if (e->reply_to_name.p == NULL)
		e->fault = "email.reply_to is no address";
	else if (!is_plain(e->list_id))
		e->fault = "email.list_id must be ASCII, and short";
	else if (!is_plain(e->site))
		e->fault = "site.url must be ASCII (xn--…), and short";
}

static void
read_addresses(struct db *db, struct arena *a, struct email *e)
{
	struct str reply_to = setting_text(db, a, "email.reply_to");
	const char *at;

	e->reply_to_name = S("");
	if (!mail_address_split(setting_text(db, a, "email.from"), &e->from_name, &e->from))
		e->from = S("");
	if (reply_to.n > 0 && !mail_address_split(reply_to, &e->reply_to_name, &e->reply_to))
		e->reply_to_name.p = NULL;
	at = e->from.n ? memrchr(e->from.p, '@', e->from.n) : NULL;
	e->domain = at ? (struct str){ at + 1, e->from.n - (size_t)(at + 1 - e->from.p) } : S("localhost");
}

static struct str
list_id(struct db *db, struct arena *a, const struct email *e)
{
	struct str set = setting_text(db, a, "email.list_id");

	if (set.n == 0)
		return arena_strf(a, "<alerts.%.*s>", FMT(e->domain));
	return memchr(set.p, '<', set.n) ? set : arena_strf(a, "<%.*s>", FMT(set));
}

static struct email *
read_settings(struct db *db, struct arena *a)
{
	struct email *e = arena_alloc(a, sizeof(*e));
	struct str helo = setting_text(db, a, "email.helo");

	e->off = setting_is(db, a, "email.mode", "off");
	e->file = setting_is(db, a, "email.mode", "file");
	e->relay = setting_text(db, a, "email.relay");
	e->tls = setting_text(db, a, "email.tls");
	e->auth = setting_text(db, a, "email.auth");
	e->user = setting_text(db, a, "email.user");
	e->password = setting_text(db, a, "email.password");
	e->ca = setting_text(db, a, "email.ca");
	e->bounces = setting_text(db, a, "email.bounces");
	e->site = setting_text(db, a, "site.url");
	while (str_ends(e->site, "/"))
		e->site.n--;
	read_addresses(db, a, e);
	e->list_id = list_id(db, a, e);
	e->url = relay_url(a, e->relay, helo.n ? helo : host_of(e->site));
	check(e);
	return e;
}

/* ---- the payload ------------------------------------------------------------- */

static const struct str mark = { "{unsubscribe}", sizeof("{unsubscribe}") - 1 };

/* A text whose lines around those with a mark are encoded already. */
struct content_part {
	struct buf before, after, marked;
};

/* The last payload, read: a fan-out shares one, and thousands of mails of it
 * are written one after another. */
struct content {
	struct buf payload;
	struct json_object *tree;   /* NULL: it is none */
	struct buf subject, traits; /* headers: its subject, what kind of mail it is */
	struct content_part text, html;
	bool list, refused; /* refused: a header of it cannot be written */
};
static struct content last;

static struct str
text_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return S("");
	return (struct str){ json_object_get_string(v), (size_t)json_object_get_string_len(v) };
}

/* An alert must not stay unsent for a tab in its title: what a header cannot
 * hold becomes a blank. */
static struct str
one_line(struct arena *a, struct str s)
{
	s = arena_dup(a, utf8_mend(a, s));
	for (char *p = (char *)s.p; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return str_trim(s);
}

static bool
is_language(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') &&
		    s.p[i] != '-')
			return false;
	return s.n > 0;
}

static bool
flag_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) && json_object_get_boolean(v);
}

static struct json_object *
parsed(struct str payload)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o = json_tokener_parse_ex(tok, payload.p, (int)payload.n);

	if (json_tokener_get_error(tok) != json_tokener_success ||
	    !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

/* Where the first mark begins and the last one ends; false: there is none. */
static bool
marks(struct str s, size_t *from, size_t *to)
{
	const char *p = s.n ? memmem(s.p, s.n, mark.p, mark.n) : NULL;

	if (p == NULL)
		return false;
	*from = (size_t)(p - s.p);
	for (; p != NULL; p = memmem(s.p + *to, s.n - *to, mark.p, mark.n))
		*to = (size_t)(p - s.p) + mark.n;
	return true;
}

static void
read_part(struct arena *a, struct str s, struct content_part *part)
{
	size_t from = 0, to = 0;

	buf_reset(&part->before);
	buf_reset(&part->marked);
	buf_reset(&part->after);
	s = utf8_mend(a, s);
	if (!marks(s, &from, &to)) {
		quoted_printable(&part->before, s);
		return;
	}
	while (from > 0 && s.p[from - 1] != '\n')
		from--;
	while (to < s.n && s.p[to] != '\n')
		to++;
	quoted_printable(&part->before, (struct str){ s.p, from });
	buf_put(&part->marked, s.p + from, to - from);
	quoted_printable(&part->after, (struct str){ s.p + to, s.n - to });
}

static void
urgent_headers(struct mime *m)
{
	mime_plain(m, "Importance", S("high"));
	mime_plain(m, "Priority", S("urgent"));
	mime_plain(m, "X-Priority", S("1"));
}

/* The headers that are the same for every reader. */
static void
read_headers(struct arena *a, struct content *c)
{
	struct mime subject = { .out = &c->subject }, traits = { .out = &c->traits };
	struct str language = text_of(c->tree, "language");

	buf_reset(&c->subject);
	buf_reset(&c->traits);
	mime_text(&subject, "Subject", one_line(a, text_of(c->tree, "subject")));
	if (is_language(language))
		mime_plain(&traits, "Content-Language", language);
	/* Nobody's holiday is to answer a thousand of these. */
	mime_plain(&traits, "Auto-Submitted", S("auto-generated"));
	mime_plain(&traits, "X-Auto-Response-Suppress", S("All"));
	if (flag_of(c->tree, "urgent"))
		urgent_headers(&traits);
	c->refused = subject.refused || traits.refused;
}

/* NULL: it is no payload.  Holds until the next one is read. */
static const struct content *
read_content(struct arena *a, struct str payload)
{
	struct content *c = &last;

	if (c->tree != NULL && str_eq(payload, (struct str){ c->payload.p, c->payload.n }))
		return c;
	json_object_put(c->tree);
	buf_reset(&c->payload);
	buf_str(&c->payload, payload);
	if ((c->tree = parsed(payload)) == NULL)
		return NULL;
	read_headers(a, c);
	c->list = flag_of(c->tree, "list");
	read_part(a, text_of(c->tree, "text"), &c->text);
	read_part(a, text_of(c->tree, "html"), &c->html);
	return c;
}

/* `what` instead of each mark. */
static struct str
filled(struct arena *a, const struct buf *marked, struct str what)
{
	struct str rest = { marked->p, marked->n }, result;
	struct buf out = { 0 };
	const char *p;

	while (rest.n > 0 && (p = memmem(rest.p, rest.n, mark.p, mark.n)) != NULL) {
		size_t n = (size_t)(p - rest.p);

		buf_put(&out, rest.p, n);
		buf_str(&out, what);
		rest = (struct str){ p + mark.n, rest.n - n - mark.n };
	}
	buf_str(&out, rest);
	result = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return result;
}

static struct mime_part
filled_part(struct arena *a, const struct content_part *p, struct str what)
{
	return (struct mime_part){ .before = { p->before.p, p->before.n },
		.text = filled(a, &p->marked, what),
		.after = { p->after.p, p->after.n } };
}

static struct str
escaped(struct arena *a, struct str s)
{
	struct buf out = { 0 };
	struct str result;

	for (size_t i = 0; i < s.n; i++) {
		static const char *const words[] = {
			['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"
		};
		unsigned char c = (unsigned char)s.p[i];

		if (c < LEN(words) && words[c] != NULL)
			buf_str(&out, str(words[c]));
		else
			buf_char(&out, s.p[i]);
	}
	result = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return result;
}

/* ---- the mail ---------------------------------------------------------------- */

/* Where this reader ends or changes the subscription. */
static struct str
way_out(struct db *db, struct arena *a, const struct email *e, int64_t recipient)
{
	struct str token;

	if (recipient == 0)
		return arena_strf(a, "%.*s/subscriptions", FMT(e->site));
	token = link_token(db, a, "subscription", recipient);
	return arena_strf(a, "%.*s/subscriptions/%.*s", FMT(e->site), FMT(token));
}

static void
list_headers(struct mime *m, struct arena *a, const struct email *e, struct str way)
{
	mime_plain(m, "List-Id", e->list_id);
	mime_plain(m, "List-Unsubscribe", arena_strf(a, "<%.*s/unsubscribe>", FMT(way)));
	/* By RFC 8058 a POST there needs no further step; it wants https. */
	if (str_starts(e->site, "https://"))
		mime_plain(m, "List-Unsubscribe-Post", S("List-Unsubscribe=One-Click"));
}

static void
write_mail(struct mime *m, struct db *db, struct arena *a, const struct email *e, const struct message *msg,
    struct str name, const struct content *c)
{
	struct str way = way_out(db, a, e, msg->recipient);
	struct mime_part text = filled_part(a, &c->text, way);
	struct mime_part html = filled_part(a, &c->html, escaped(a, way));

	mime_address(m, "From", e->from_name, e->from);
	mime_address(m, "To", S(""), msg->target);
	if (e->reply_to.n > 0)
		mime_address(m, "Reply-To", e->reply_to_name, e->reply_to);
	buf_put(m->out, c->subject.p, c->subject.n);
	mime_date(m, "Date", msg->created);
	mime_plain(m, "Message-ID", arena_strf(a, "<%.*s@%.*s>", FMT(name), FMT(e->domain)));
	buf_put(m->out, c->traits.p, c->traits.n);
	if (c->list && msg->recipient != 0)
		list_headers(m, a, e, way);
	mime_body(m, name, &text, html.before.n + html.text.n + html.after.n > 0 ? &html : NULL);
}

static struct str
mail(struct db *db, struct arena *a, const struct email *e, const struct message *msg, struct str name,
    struct str payload)
{
	static struct buf out; /* keeps its room */
	struct mime m = { .out = &out };
	const struct content *c = read_content(a, payload);

	if (c == NULL || c->refused)
		return S("");
	buf_reset(&out);
	write_mail(&m, db, a, e, msg, name, c);
	return m.refused ? S("") : arena_dup(a, (struct str){ out.p, out.n });
}

struct str
email_bytes(struct db *db, struct arena *a, const struct message *msg, struct str name, struct str payload)
{
	return mail(db, a, read_settings(db, a), msg, name, payload);
}

/* ---- a try ------------------------------------------------------------------- */

/* A mail on its way. */
struct sending {
	struct str bytes;
	size_t at;
	struct curl_slist recipient;
	char error[CURL_ERROR_SIZE];
};

static size_t
read_more(char *out, size_t size, size_t n, void *arg)
{
	struct sending *s = arg;
	size_t some = s->bytes.n - s->at;

	if (some > size * n)
		some = size * n;
	memcpy(out, s->bytes.p + s->at, some);
	s->at += some;
	return some;
}

static bool
end(struct verdict *v, enum outcome outcome, const char *reason, const char *detail)
{
	*v = (struct verdict){ .outcome = outcome };
	snprintf(v->reason, sizeof(v->reason), "%s", reason);
	snprintf(v->detail, sizeof(v->detail), "%s", detail);
	return false;
}

/* True: it may be sent to. */
static bool
may_send(const struct email *e, struct delivery *d, struct verdict *v)
{
	const struct message *m = d->message;
	struct str why;

	if (e->off)
		return end(v, OUTCOME_FAILED, "channel-off", "email.mode is off");
	if (!mail_address_valid(m->target))
		return end(v, OUTCOME_FAILED, "invalid", "not an address that mail can be sent to");
	if (suppressed(d->db, d->arena, CHANNEL_EMAIL, m->target, &why))
		return end(v, OUTCOME_SUPPRESSED, why.p, "the address is suppressed");
	if (m->recipient != 0 &&
	    !key_exists(d->db, arena_strf(d->arena, "subscription:%lld", (long long)m->recipient)))
		return end(v, OUTCOME_SUPPRESSED, "unsubscribed", "the subscription is gone");
	if (e->fault == NULL)
		return true;
	end(v, OUTCOME_RETRY, "config", e->fault);
	v->hurts = true;
	return false;
}

/* "bounce+{id}@host": so that a bounce tells which message it is about. */
static const char *
return_path(struct arena *a, const struct email *e, struct str name)
{
	const char *p = e->bounces.n ? memmem(e->bounces.p, e->bounces.n, "{id}", 4) : NULL;
	struct str s = e->bounces.n ? e->bounces : e->from;

	if (p != NULL)
		s = arena_strf(a, "%.*s%.*s%s", (int)(p - e->bounces.p), e->bounces.p, FMT(name), p + 4);
	return arena_printf(a, "%.*s", FMT(mail_address_valid(s) ? s : e->from));
}

/* "try" takes any certificate, as it would take none at all; but a password
 * goes to nobody elsewhere who has not shown one. */
static void
set_tls(const struct email *e, CURL *easy)
{
	bool off = str_is(e->tls, "off"), secret = e->password.n > 0 && !is_here(e->relay);
	bool must = str_is(e->tls, "required") || (secret && !off);

	curl_easy_setopt(easy, CURLOPT_USE_SSL,
	    (long)(off    ? CURLUSESSL_NONE
		   : must ? CURLUSESSL_ALL
			  : CURLUSESSL_TRY));
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, (long)(must || str_starts(e->relay, "smtps:")));
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, must || str_starts(e->relay, "smtps:") ? 2L : 0L);
	if (e->ca.n > 0)
		curl_easy_setopt(easy, CURLOPT_CAINFO, e->ca.p);
}

static void
set_login(const struct email *e, CURL *easy)
{
	static const char *const mechanisms[][2] = { { "plain", "AUTH=PLAIN" }, { "login", "AUTH=LOGIN" },
		{ "cram-md5", "AUTH=CRAM-MD5" } };

	if (e->user.n == 0)
		return;
	curl_easy_setopt(easy, CURLOPT_USERNAME, e->user.p);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, e->password.p);
	curl_easy_setopt(easy, CURLOPT_SASL_IR, 1L); /* one round trip less */
	for (size_t i = 0; i < LEN(mechanisms); i++)
		if (str_is(e->auth, mechanisms[i][0]))
			curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, mechanisms[i][1]);
}

static void
set_transfer(const struct email *e, struct delivery *d, struct sending *s)
{
	CURL *easy = d->easy;

	s->recipient.data = arena_printf(d->arena, "%.*s", FMT(d->message->target));
	curl_easy_setopt(easy, CURLOPT_URL, e->url.p);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, s->error);
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, return_path(d->arena, e, d->name));
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, &s->recipient);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->bytes.n);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_more);
	curl_easy_setopt(easy, CURLOPT_READDATA, s);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
	/* The usual 64 KiB, thrice, are taken anew for each mail. */
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_ROOM);
	set_tls(e, easy);
	set_login(e, easy);
}

static bool
start(const struct channel *ch, struct delivery *d, struct verdict *v)
{
	const struct email *e = ch->settings;
	struct sending *s;

	if (!may_send(e, d, v))
		return false;
	d->own = s = arena_alloc(d->arena, sizeof(*s));
	s->bytes = mail(d->db, d->arena, e, d->message, d->name, d->payload);
	if (s->bytes.n == 0)
		return end(v, OUTCOME_FAILED, "content", "the payload is no mail");
	if (e->file)
		file_deliver(d, "eml", s->bytes, v);
	else
		set_transfer(e, d, s);
	return !e->file;
}

static void
judge(const struct channel *ch, struct delivery *d, CURLcode rc, struct verdict *v)
{
	const struct sending *s = d->own;
	struct smtp_try t = { .rc = rc, .lines = { d->answer.p, d->answer.n }, .error = s->error };
	long code = 0, connects = 0;

	(void)ch;
	curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_getinfo(d->easy, CURLINFO_NUM_CONNECTS, &connects);
	curl_easy_setopt(d->easy, CURLOPT_ERRORBUFFER, NULL); /* it is the arena's */
	t.code = (int)code;
	t.reused = connects == 0;
	smtp_verdict(d->arena, &t, v);
}

static void
settle(const struct channel *ch, struct delivery *d, const struct verdict *v)
{
	const char *why = strcmp(v->reason, "no-such-user") == 0 ? "hard-bounce"
			  : strcmp(v->reason, "invalid") == 0    ? "invalid"
								 : NULL;

	(void)ch;
	if (v->outcome == OUTCOME_FAILED && why != NULL)
		suppress(d->db, d->arena, CHANNEL_EMAIL, d->message->target, why, d->name.p);
}

const struct channel *
email_channel(struct db *db, struct arena *a)
{
	struct channel *ch = arena_alloc(a, sizeof(*ch));

	*ch = (struct channel){ .number = CHANNEL_EMAIL,
		.schedule = retry_email,
		.width_max = WIDTH_MAX,
		.timeout_ms = TRY_MS,
		.start = start,
		.judge = judge,
		.settle = settle,
		.settings = read_settings(db, a) };
	return ch;
}

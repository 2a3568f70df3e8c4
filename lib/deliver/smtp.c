/* smtp.c - what a mail relay's answers mean for one message. */
#include "smtp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

/* ---- what was said ----------------------------------------------------------- */

/* Where in the conversation the last reply came. */
enum stage { SETTING_UP, AT_MAIL, AT_RCPT, AT_DATA, AT_BODY };

struct reply {
	int code;
	int class, subject, detail; /* 5.1.1; 0.0.0: there is none */
	struct str text;            /* without codes, lines joined by blanks */
};

static int
number(struct str s)
{
	int64_t n;

	return str_int(s, 0, 999, &n) ? (int)n : -1;
}

/* "5.1.1 " at the beginning of *text, which then goes on behind it. */
static void
take_enhanced(struct str *text, struct reply *r)
{
	struct str rest = *text, status = str_cut(&rest, ' ');
	int class = number(str_cut(&status, '.')), subject = number(str_cut(&status, '.'));
	int detail = number(status);

	if (class < 2 || class > 5 || subject < 0 || detail < 0)
		return;
	r->class = class;
	r->subject = subject;
	r->detail = detail;
	*text = rest;
}

static bool
take_line(struct str *lines, struct str *text, int *code, bool *last)
{
	struct str line = str_cut(lines, '\n');

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n < 3 || (*code = number((struct str){ line.p, 3 })) < 0)
		return false;
	*last = line.n == 3 || line.p[3] != '-';
	*text = (struct str){ line.p + 3 + (line.n > 3), line.n - 3 - (line.n > 3) };
	return true;
}

/* The next whole reply; false: there is none. */
static bool
take_reply(struct arena *a, struct str *lines, struct reply *r)
{
	bool last = false, any = false;

	*r = (struct reply){ .text = S("") };
	while (!last && lines->n > 0) {
		struct str text;

		if (!take_line(lines, &text, &r->code, &last))
			continue;
		take_enhanced(&text, r);
		r->text = any ? arena_strf(a, "%.*s %.*s", FMT(r->text), FMT(text)) : text;
		any = true;
	}
	return any;
}

/* The last reply, and which command it answers: on a new connection the
 * greeting (220), EHLO and sign-in (235) come first, then MAIL, RCPT, DATA. */
static enum stage
last_reply(struct arena *a, const struct smtp_try *t, struct reply *last)
{
	struct str lines = t->lines;
	struct reply r;
	enum stage stage = t->reused ? AT_MAIL : SETTING_UP;

	*last = (struct reply){ .code = t->code, .text = S("") };
	while (take_reply(a, &lines, &r)) {
		/* The farewell may be that of another connection, closed meanwhile. */
		if (r.code == 221)
			continue;
		*last = r;
		if (r.code >= 400)
			continue; /* an EHLO that is not known is followed by HELO */
		if (r.code == 220)
			stage = SETTING_UP;
		else if (r.code == 235)
			stage = AT_MAIL;
		else if (r.code == 354)
			stage = AT_BODY;
		else if (r.code < 300 && stage < AT_DATA)
			stage++;
	}
	return stage;
}

/* ---- what it means ----------------------------------------------------------- */

static void
say(struct verdict *v, enum outcome outcome, bool hurts, const char *reason)
{
	v->outcome = outcome;
	v->hurts = hurts;
	snprintf(v->reason, sizeof(v->reason), "%s", reason);
}

static bool
mentions(struct str text, const char *const *words)
{
	for (; *words != NULL; words++)
		for (size_t i = 0, n = strlen(*words); i + n <= text.n; i++)
			if (strncasecmp(text.p + i, *words, n) == 0)
				return true;
	return false;
}

static const char *const grey_words[] = { "greylist", "graylist", "grey list", "gray list", NULL };
static const char *const policy_words[] = { "relay", "spam", "block", "policy", "denied", "authent",
	"reputation", "spf", "dkim", "dmarc", NULL };
static const char *const unknown_words[] = { "unknown", "no such", "not exist", "n't exist", "not found",
	"unrouteable", "invalid recipient", "no mailbox", "not a valid", NULL };

static void
judge_transient(const struct reply *r, struct verdict *v)
{
	if (r->code == 421 || r->subject == 3 || (r->code == 452 && r->subject == 0))
		say(v, OUTCOME_RETRY, true, "busy");
	else if (r->code == 454)
		say(v, OUTCOME_RETRY, true, "auth");
	else if (r->subject == 7 || mentions(r->text, grey_words))
		say(v, OUTCOME_RETRY, false, "greylisted");
	else if (r->subject == 2 && r->detail == 2)
		say(v, OUTCOME_RETRY, false, "mailbox-full");
	else
		say(v, OUTCOME_RETRY, false, "deferred");
}

static bool
is_auth(const struct reply *r)
{
	return r->code == 530 || r->code == 534 || r->code == 535 || r->code == 538 ||
	       (r->subject == 7 && (r->detail == 8 || r->detail == 9));
}

/* 5.SUBJECT.DETAIL -> what it is; a detail of -1: any other. */
static const struct {
	int subject, detail;
	enum outcome outcome;
	bool hurts;
	const char *reason;
} meanings[] = {
	{ 1, 1, OUTCOME_FAILED, false, "no-such-user" },
	{ 1, 2, OUTCOME_FAILED, false, "no-such-user" },
	{ 1, 3, OUTCOME_FAILED, false, "invalid" },
	{ 1, 6, OUTCOME_FAILED, false, "no-such-user" },
	{ 1, 7, OUTCOME_RETRY, true, "sender-refused" },
	{ 1, 8, OUTCOME_RETRY, true, "sender-refused" },
	{ 1, 10, OUTCOME_FAILED, false, "no-such-user" },
	{ 2, 1, OUTCOME_FAILED, false, "mailbox-disabled" },
	{ 2, 2, OUTCOME_FAILED, false, "mailbox-full" },
	{ 2, 3, OUTCOME_FAILED, false, "too-large" },
	{ 3, 4, OUTCOME_FAILED, false, "too-large" },
	{ 4, 4, OUTCOME_FAILED, false, "no-such-user" },
	{ 6, -1, OUTCOME_FAILED, false, "content" },
	{ 7, -1, OUTCOME_FAILED, false, "policy" },
};

/* A relay that gives no enhanced status, or one that says nothing ("5.0.0"). */
static const char *
by_words(const struct reply *r, enum stage stage)
{
	if (r->code == 552)
		return stage == AT_RCPT ? "mailbox-full" : "too-large";
	if (stage == AT_BODY || mentions(r->text, policy_words))
		return "policy";
	if (stage == AT_RCPT && (r->code == 550 || r->code == 551 || r->code == 553) &&
	    mentions(r->text, unknown_words))
		return "no-such-user";
	return "refused";
}

static void
judge_refusal(const struct reply *r, enum stage stage, struct verdict *v)
{
	if (is_auth(r)) {
		say(v, OUTCOME_RETRY, true, "auth");
		return;
	}
	if (stage == SETTING_UP || (stage == AT_MAIL && r->code != 552)) {
		say(v, OUTCOME_RETRY, true, stage == SETTING_UP ? "relay" : "sender-refused");
		return;
	}
	for (size_t i = 0; i < LEN(meanings); i++)
		if (meanings[i].subject == r->subject &&
		    (meanings[i].detail == r->detail || meanings[i].detail < 0)) {
			say(v, meanings[i].outcome, meanings[i].hurts, meanings[i].reason);
			return;
		}
	say(v, OUTCOME_FAILED, false, by_words(r, stage));
}

/* Errors before or beside any answer; NULL: it is none of these. */
static const char *
broken(CURLcode rc)
{
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "dns";
	case CURLE_COULDNT_CONNECT:
		return "connect";
	case CURLE_OPERATION_TIMEDOUT:
		return "timeout";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_USE_SSL_FAILED:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_ENGINE_INITFAILED:
		return "tls";
	case CURLE_LOGIN_DENIED:
		return "auth";
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return "config";
	default:
		return NULL;
	}
}

/* ---- what is kept of it ------------------------------------------------------ */

/* As much of it as fits, and no half characters. */
static void
keep(struct arena *a, char *out, size_t size, struct str text)
{
	text = str_trim(utf8_mend(a, text));
	if (text.n > size - 1) {
		text.n = size - 1;
		while (text.n > 0 && ((unsigned char)text.p[text.n] & 0xC0) == 0x80)
			text.n--;
	}
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
}

/* "Ok: queued as 4XyZ", "OK id=1abc-0000-xy", or what it says. */
static struct str
queue_id(struct str text)
{
	static const char *const before[] = { "queued as ", "id=" };

	for (size_t i = 0; i < LEN(before); i++) {
		const char *p = text.n ? memmem(text.p, text.n, before[i], strlen(before[i])) : NULL;
		struct str rest;

		if (p == NULL)
			continue;
		p += strlen(before[i]);
		rest = (struct str){ p, text.n - (size_t)(p - text.p) };
		return str_cut(&rest, ' ');
	}
	return text;
}

static void
keep_words(struct arena *a, const struct smtp_try *t, const struct reply *r, struct verdict *v)
{
	struct str words = str(t->error[0] ? t->error : curl_easy_strerror(t->rc));

	if (r->code >= 400 && r->class > 0)
		words =
		    arena_strf(a, "%d %d.%d.%d %.*s", r->code, r->class, r->subject, r->detail, FMT(r->text));
	else if (r->code >= 400)
		words = arena_strf(a, "%d %.*s", r->code, FMT(r->text));
	keep(a, v->detail, sizeof(v->detail), words);
}

void
smtp_verdict(struct arena *a, const struct smtp_try *t, struct verdict *v)
{
	struct reply r;
	enum stage stage = last_reply(a, t, &r);
	const char *why = broken(t->rc);

	*v = (struct verdict){ .code = r.code };
	if (t->rc == CURLE_OK) {
		say(v, OUTCOME_SENT, false, "");
		keep(a, v->reference, sizeof(v->reference), queue_id(r.text));
		return;
	}
	keep_words(a, t, &r, v);
	if (why != NULL)
		say(v, OUTCOME_RETRY, true, why);
	else if (r.code >= 500)
		judge_refusal(&r, stage, v);
	else if (r.code >= 400 && !(r.code == 421 && t->reused && stage == AT_MAIL))
		judge_transient(&r, v);
	else /* one that was kept open too long is nobody's fault */
		say(v, OUTCOME_RETRY, !t->reused, "connection-lost");
}

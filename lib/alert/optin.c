/* optin.c - nobody gets alerts who did not ask for them. */
#include "optin.h"

#include <string.h>

#include "email.h"
#include "html.h"
#include "key.h"
#include "link.h"
#include "random.h"
#include "session.h"
#include "setting.h"
#include "sms.h"
#include "value.h"

enum { TOKEN_LENGTH = 40 }; /* hexadecimal digits: 160 bits */

/* ---- words ------------------------------------------------------------------ */

struct words {
	const char *language;
	const char *subject, *ask, *confirm, *ignore, *known, *change, *end;
	const char *sms_ask, *sms_known;
	const char *test_subject, *test;
};

static const struct words catalogue[] = {
	{ .language = "en",
	    .subject = "Confirm your alerts",
	    .ask = "Somebody, probably you, asked for alerts at this address.",
	    .confirm = "To get them, open this page and press Confirm",
	    .ignore = "It was not you? Do nothing: you will get no alerts. The link ends after 24 hours.",
	    .known = "You get alerts at this address already.",
	    .change = "To change what you get",
	    .end = "To get no more alerts",
	    .sms_ask = "is your code for alerts. Type it in at",
	    .sms_known = "You get alerts already. Change or end:",
	    .test_subject = "TEST: your alerts arrive",
	    .test = "TEST. This is not an alert. You asked for a test message: alerts reach you here." },
	{ .language = "ro",
	    .subject = "Confirmă alertele",
	    .ask = "Cineva, probabil tu, a cerut alerte la această adresă.",
	    .confirm = "Ca să le primești, deschide pagina și apasă Confirm",
	    .ignore = "Nu ai cerut tu? Nu face nimic: nu vei primi alerte. Linkul expiră după 24 de ore.",
	    .known = "Primești deja alerte la această adresă.",
	    .change = "Ca să schimbi ce primești",
	    .end = "Ca să nu mai primești alerte",
	    .sms_ask = "este codul tau pentru alerte. Scrie-l la",
	    .sms_known = "Primesti deja alerte. Schimba sau opreste:",
	    .test_subject = "TEST: alertele ajung la tine",
	    .test = "TEST. Aceasta nu este o alertă. Ai cerut un mesaj de probă: alertele ajung aici." },
};

static const struct words *
words_in(struct str language)
{
	struct str primary = str_cut(&language, '-');

	for (size_t i = 0; i < LEN(catalogue); i++)
		if (str_is(primary, catalogue[i].language))
			return &catalogue[i];
	return &catalogue[0];
}

/* ---- links -------------------------------------------------------------------- */

static struct str
site_page(struct db *db, struct arena *a, struct str path)
{
	struct str site = setting_text(db, a, "site.url");

	while (str_ends(site, "/"))
		site.n--;
	return arena_strf(a, "%.*s/subscriptions/%.*s", FMT(site), FMT(path));
}

struct str
subscription_link(struct db *db, struct arena *a, int64_t id)
{
	return site_page(db, a, link_token(db, a, SUBSCRIPTION_LINK, id));
}

/* ---- messages ------------------------------------------------------------------- */

/* A paragraph, and where it leads; in both forms. */
static void
line(struct res *page, struct buf *text, const char *words, struct str to)
{
	buf_printf(text, to.n ? "%s:\n%.*s\n\n" : "%s\n\n", words, FMT(to));
	if (to.n)
		html(page, "<p>%s:<br><a href=\"%.*s\">%.*s</a></p>\n", words, FMT(to), FMT(to));
	else
		html(page, "<p>%s</p>\n", words);
}

static int64_t
put_payload(struct db *db, const struct words *w, enum outbox_channel channel, struct str subject,
    struct str text, struct str page)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	int64_t id;

	json_open(&j, '{');
	if (channel == CHANNEL_EMAIL) {
		json_key_str(&j, "subject", subject);
		json_key_str(&j, "html", page);
	}
	json_key_str(&j, "text", text);
	json_key_str(&j, "language", str(w->language));
	json_key(&j, "urgent");
	json_flag(&j, false);
	if (channel == CHANNEL_EMAIL) {
		json_key(&j, "list");
		json_flag(&j, false);
	}
	json_close(&j, '}');
	id = payload_put(db, (struct str){ out.p, out.n });
	buf_free(&out);
	return id;
}

static int64_t
send_email(struct db *db, struct arena *a, const struct subscription *s, int64_t recipient,
    const struct words *w, const char *subject, struct buf *text, struct res *page)
{
	struct str title = setting_text(db, a, "site.title"),
		   line = arena_strf(a, "%.*s: %s", FMT(title), subject);
	struct res whole = { 0 };
	int64_t payload;

	html(&whole,
	    "<!doctype html>\n<html lang=\"%s\">\n<head><meta charset=\"utf-8\"><title>%.*s</title></head>\n<body>\n",
	    w->language, FMT(line));
	buf_put(&whole.body, page->body.p, page->body.n);
	html(&whole, "</body>\n</html>\n");
	payload = put_payload(db, w, CHANNEL_EMAIL, line, (struct str){ text->p, text->n },
	    (struct str){ whole.body.p, whole.body.n });
	buf_free(&whole.body);
	buf_free(text);
	buf_free(&page->body);
	return outbox_put(
	    db, &(struct message){ .destination = destination_id(db, CHANNEL_EMAIL, email_destination(db, a)),
		    .channel = CHANNEL_EMAIL,
		    .lane = LANE_NORMAL,
		    .due = db_now(db),
		    .expires = db_now(db) + OPTIN_MS,
		    .recipient = recipient,
		    .payload = payload,
		    .target = s->address });
}

static int64_t
send_sms(struct db *db, struct arena *a, const struct subscription *s, int64_t recipient,
    const struct words *w, struct str text)
{
	return outbox_put(
	    db, &(struct message){ .destination = destination_id(db, CHANNEL_SMS, sms_destination(db, a)),
		    .channel = CHANNEL_SMS,
		    .lane = LANE_NORMAL,
		    .due = db_now(db),
		    .expires = db_now(db) + OPTIN_MS,
		    .recipient = recipient,
		    .payload = put_payload(db, w, CHANNEL_SMS, S(""), text, S("")),
		    .target = s->address });
}

/* To a new address the link; to a known one also how things stand, which only
 * its owner reads. */
static void
ask_by_email(struct db *db, struct arena *a, const struct subscription *wish, int64_t known, struct str token)
{
	const struct words *w = words_in(wish->language);
	struct res page = { 0 };
	struct buf text = { 0 };

	line(&page, &text, known ? w->known : w->ask, S(""));
	line(&page, &text, w->confirm, site_page(db, a, token));
	if (known) {
		struct str own = subscription_link(db, a, known);

		line(&page, &text, w->change, own);
		line(&page, &text, w->end, arena_strf(a, "%.*s/unsubscribe", FMT(own)));
	}
	line(&page, &text, w->ignore, S(""));
	send_email(db, a, wish, 0, w, w->subject, &text, &page);
}

static void
ask_by_sms(struct db *db, struct arena *a, const struct subscription *wish, int64_t known, struct str code)
{
	const struct words *w = words_in(wish->language);
	struct str text, title = setting_text(db, a, "site.title");

	if (known)
		text = arena_strf(
		    a, "%.*s: %s %.*s", FMT(title), w->sms_known, FMT(subscription_link(db, a, known)));
	else
		text = arena_strf(a, "%.*s: %.*s %s %.*s", FMT(title), FMT(code), w->sms_ask,
		    FMT(site_page(db, a, S("code"))));
	send_sms(db, a, wish, 0, w, text);
}

int64_t
optin_test(struct db *db, struct arena *a, const struct subscription *s)
{
	const struct words *w = words_in(s->language);
	struct res page = { 0 };
	struct buf text = { 0 };

	if (s->channel == CHANNEL_SMS)
		return send_sms(db, a, s, s->id, w,
		    arena_strf(a, "%.*s: %s", FMT(setting_text(db, a, "site.title")), w->test));
	line(&page, &text, w->test, S(""));
	if (s->id != 0)
		line(&page, &text, w->change, subscription_link(db, a, s->id));
	return send_email(db, a, s, s->id, w, w->test_subject, &text, &page);
}

/* ---- what waits to be confirmed -------------------------------------------------- */

static struct str
secret_of(struct arena *a, struct str address, struct str code)
{
	return arena_strf(a, "%.*s %.*s", FMT(address), FMT(code));
}

static struct str
make_code(struct arena *a)
{
	return arena_strf(a, "%06u", (unsigned)random_below(1000000));
}

static struct str
make_token(struct arena *a)
{
	char token[65];

	random_token(token);
	return arena_dup(a, (struct str){ token, TOKEN_LENGTH });
}

static enum err
write_pending(struct db *db, struct arena *a, struct str secret, const struct subscription *wish)
{
	struct str key = secret_key(a, "pending:", secret);
	struct field f[SUBSCRIPTION_FIELDS];
	size_t n = subscription_fields(a, wish, f);
	enum err e;

	key_del(db, key); /* a code that came again by chance */
	if ((e = hash_set(db, key, f, n)) != OK)
		return e;
	return key_expire_at(db, key, db_now(db) + OPTIN_MS);
}

/* Counts a message to this address; false: it has had enough for a day. */
static enum err
count(struct db *db, struct arena *a, const struct subscription *wish, bool *enough)
{
	struct str key = subscription_key(a, "asked:", wish->channel, wish->address);
	int64_t before = 0, now;
	enum err e = string_get_int(db, key, &before);

	*enough = before >= OPTIN_MESSAGES;
	if (e == OK)
		e = string_incr(db, key, 1, &now);
	if (e == OK && before == 0)
		e = key_expire_at(db, key, db_now(db) + OPTIN_MS);
	return e;
}

enum err
optin_ask(struct db *db, struct arena *a, const struct subscription *wish)
{
	struct str token = wish->channel == CHANNEL_SMS ? make_code(a) : make_token(a);
	int64_t known = 0;
	bool enough;
	enum err e = subscription_find(db, a, wish->channel, wish->address, &known);

	if (e != OK && e != ERR_NOT_FOUND)
		return e;
	if ((e = count(db, a, wish, &enough)) != OK || enough)
		return e;
	e = write_pending(
	    db, a, wish->channel == CHANNEL_SMS ? secret_of(a, wish->address, token) : token, wish);
	if (e != OK)
		return e;
	if (wish->channel == CHANNEL_SMS)
		ask_by_sms(db, a, wish, known, token);
	else
		ask_by_email(db, a, wish, known, token);
	return OK;
}

static enum err
find(struct db *db, struct arena *a, struct str secret, struct pending *p)
{
	struct field *f;
	size_t n;
	enum err e;

	*p = (struct pending){ .key = secret_key(a, "pending:", secret) };
	if ((e = hash_all(db, a, p->key, &f, &n)) != OK || n == 0)
		return e == OK ? ERR_NOT_FOUND : e;
	subscription_read(a, &p->wish, f, n);
	return OK;
}

/* A number and a code are no token: those are looked up where guesses count. */
enum err
optin_by_token(struct db *db, struct arena *a, struct str token, struct pending *p)
{
	*p = (struct pending){ 0 };
	if (token.n != TOKEN_LENGTH || memchr(token.p, ' ', token.n) != NULL)
		return ERR_NOT_FOUND;
	return find(db, a, token, p);
}

enum err
optin_by_code(struct db *db, struct arena *a, struct str address, struct str code, struct pending *p)
{
	return find(db, a, secret_of(a, address, code), p);
}

enum err
optin_confirm(struct db *db, struct arena *a, struct pending *p)
{
	key_del(db, p->key);
	p->wish.created_at = p->wish.confirmed_at = 0;
	return subscription_save(db, a, &p->wish);
}

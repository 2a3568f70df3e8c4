/* setting.c - what an operator sets for a tenant. */
#include "setting.h"

#include <string.h>

#include "hash.h"
#include "log.h"
#include "utf8.h"
#include "zone.h"

enum { TEXT_MAX = 1000 };

const struct setting settings[] = {
	{ .name = "site.url",
	    .kind = SETTING_URL,
	    .usual = "http://127.0.0.1:8080",
	    .help = "where people reach the site: links in messages begin with it" },
	{ .name = "site.title",
	    .kind = SETTING_TEXT,
	    .usual = "muster",
	    .help = "the name on pages and in messages" },
	{ .name = "site.zone",
	    .kind = SETTING_ZONE,
	    .usual = "UTC",
	    .help = "time zone of pages, messages and quiet hours, as Europe/Bucharest" },
	{ .name = "site.language",
	    .kind = SETTING_TEXT,
	    .usual = "en",
	    .help = "language of alerts that name none" },
	{ .name = "site.languages",
	    .kind = SETTING_TEXT,
	    .usual = "en,ro",
	    .help = "languages that people may ask for, with commas" },
	{ .name = "posts.per_minute",
	    .kind = SETTING_NUMBER,
	    .min = 1,
	    .max = 1000,
	    .usual = "10",
	    .help = "the most posts that one author writes in a minute" },
	{ .name = "posts.per_hour",
	    .kind = SETTING_NUMBER,
	    .min = 1,
	    .max = 100000,
	    .usual = "100",
	    .help = "and in an hour" },
	{ .name = "sms.country",
	    .kind = SETTING_TEXT,
	    .usual = "+40",
	    .help = "country of telephone numbers that are written without one" },
	{ .name = "net.allow",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "inner addresses that webhooks may reach, as 10.1.0.0/16, fd00::/8" },
	{ .name = "email.mode",
	    .kind = SETTING_CHOICE,
	    .choices = "off|smtp|file",
	    .usual = "off",
	    .help = "whether e-mails go to the relay, or into files in the state directory (to try it)" },
	{ .name = "email.relay",
	    .kind = SETTING_TEXT,
	    .usual = "smtp://127.0.0.1:25",
	    .help = "the mail server that takes them, smtp:// or smtps://" },
	{ .name = "email.tls",
	    .kind = SETTING_CHOICE,
	    .choices = "off|try|required",
	    .usual = "try",
	    .help = "STARTTLS with the relay; required: and its certificate must be good" },
	{ .name = "email.ca",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "file with the certificates that the relay's is checked against, if not the system's" },
	{ .name = "email.user",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "whom to sign in as at the relay, where it wants that" },
	{ .name = "email.password", .kind = SETTING_SECRET, .usual = "", .help = "and the password" },
	{ .name = "email.auth",
	    .kind = SETTING_CHOICE,
	    .choices = "any|plain|login|cram-md5",
	    .usual = "any",
	    .help = "how to sign in; any: the best that the relay offers" },
	{ .name = "email.from",
	    .kind = SETTING_TEXT,
	    .usual = "muster <noreply@localhost>",
	    .help = "whom e-mails come from, as Alerts <alerts@example.org>" },
	{ .name = "email.reply_to",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "where answers go, if not to the sender" },
	{ .name = "email.bounces",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "return path, as bounce+{id}@example.org; {id} becomes the message's id" },
	{ .name = "email.helo",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "the name to introduce ourselves with; empty: the host of site.url" },
	{ .name = "email.list_id",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "List-Id of alerts, as alerts.example.org" },
	{ .name = "sms.mode",
	    .kind = SETTING_CHOICE,
	    .choices = "off|messages|template|file",
	    .usual = "off",
	    .help = "how SMS leave: the Messages.json API, a gateway by template, or files (to try it)" },
	{ .name = "sms.url",
	    .kind = SETTING_URL,
	    .usual = "",
	    .help = "the gateway: of Messages.json what stands before /2010-04-01, else a template" },
	{ .name = "sms.account",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "the account (AC… in Messages.json)" },
	{ .name = "sms.user",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "whom to sign in as, if not the account: the name of a key" },
	{ .name = "sms.secret",
	    .kind = SETTING_SECRET,
	    .usual = "",
	    .help = "and the secret that belongs to it" },
	{ .name = "sms.from",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "the number or name that SMS come from" },
	{ .name = "sms.service",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "MessagingServiceSid, instead of a number" },
	{ .name = "sms.segments",
	    .kind = SETTING_NUMBER,
	    .min = 1,
	    .max = 10,
	    .usual = "4",
	    .help = "the most segments of one SMS; what is longer is cut" },
	{ .name = "sms.unaccented",
	    .kind = SETTING_NUMBER,
	    .min = 0,
	    .max = 1,
	    .usual = "1",
	    .help = "1: leave marks out where that saves segments" },
	{ .name = "sms.method",
	    .kind = SETTING_CHOICE,
	    .choices = "GET|POST",
	    .usual = "POST",
	    .help = "of a template" },
	{ .name = "sms.type",
	    .kind = SETTING_CHOICE,
	    .choices = "form|json",
	    .usual = "form",
	    .help = "of a template's body" },
	{ .name = "sms.headers",
	    .kind = SETTING_SECRET,
	    .usual = "",
	    .help = "header lines of a template, as Authorization: Bearer {secret}" },
	{ .name = "sms.body",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "body of a template: {to} {from} {text} {id} {callback} …" },
	{ .name = "sms.success",
	    .kind = SETTING_TEXT,
	    .usual = "200-299",
	    .help = "statuses by which a template's gateway takes a message, as 200,202" },
	{ .name = "sms.accepted",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "regular expression that its answer must match, too" },
	{ .name = "sms.reference",
	    .kind = SETTING_TEXT,
	    .usual = "",
	    .help = "regular expression whose first group is the gateway's name for the message" },
	{ .name = NULL },
};

static const struct setting *
named(struct str name)
{
	const struct setting *s = settings;

	while (s->name != NULL && !str_is(name, s->name))
		s++;
	return s->name ? s : NULL;
}

struct str
setting_text(struct db *db, struct arena *a, const char *name)
{
	const struct setting *s = named(str(name));
	struct str value;

	if (s == NULL)
		die("no setting %s", name);
	return hash_get(db, a, S("settings"), str(name), &value) == OK ? value : str(s->usual);
}

struct str
setting_host(struct db *db, struct arena *a)
{
	struct str url = setting_text(db, a, "site.url"), host;

	str_cut(&url, '/');
	str_cut(&url, '/');
	host = str_cut(&url, '/');
	if (host.n > 0 && host.p[0] == '[') { /* [::1]:8080: a colon is no end here */
		struct str address = host;

		address = str_cut(&address, ']');
		return (struct str){ address.p + 1, address.n - 1 };
	}
	return str_cut(&host, ':');
}

int64_t
setting_number(struct db *db, struct arena *a, const char *name)
{
	struct str text = setting_text(db, a, name);
	int64_t n = 0;

	return str_int(text, INT64_MIN, INT64_MAX, &n) ? n : 0;
}

bool
setting_is(struct db *db, struct arena *a, const char *name, const char *choice)
{
	return str_is(setting_text(db, a, name), choice);
}

static bool
is_choice(struct str value, const char *choices)
{
	struct str rest = str(choices);

	while (rest.n > 0)
		if (str_eq(str_cut(&rest, '|'), value))
			return true;
	return false;
}

static bool
is_host(struct str host)
{
	bool six = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';

	for (size_t i = six ? 1 : 0; i < host.n - (six ? 1 : 0); i++) {
		char c = host.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '.' || c == '-' || (six && c == ':')))
			return false;
	}
	return host.n > 0;
}

/* The host of "host:port" and of "[::1]:port"; false: the port is none. */
static bool
cut_port(struct str authority, struct str *host)
{
	size_t end = authority.n;
	int64_t port;

	while (end > 0 && authority.p[end - 1] >= '0' && authority.p[end - 1] <= '9')
		end--;
	*host = authority;
	if (end == 0 || authority.p[end - 1] != ':')
		return true;
	*host = (struct str){ authority.p, end - 1 };
	return str_int((struct str){ authority.p + end, authority.n - end }, 1, 65535, &port);
}

/* http(s)://host[:port][/…]: no user, no blanks. */
static bool
is_url(struct str value)
{
	size_t scheme = str_starts(value, "https://")  ? strlen("https://")
			: str_starts(value, "http://") ? strlen("http://")
						       : 0;
	struct str rest = { value.p + scheme, value.n - scheme }, host;

	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] > '~' || strchr("\"<>\\^`", value.p[i]) != NULL)
			return false;
	return scheme > 0 && cut_port(str_cut(&rest, '/'), &host) && is_host(host);
}

static const char *
choice_words(struct arena *a, const char *choices)
{
	struct str rest = str(choices), all = S("it must be one of");

	while (rest.n > 0) {
		struct str one = str_cut(&rest, '|');

		all = arena_strf(a, "%.*s %.*s", FMT(all), FMT(one));
	}
	return all.p;
}

/* What is wrong with a value; NULL: nothing. */
static const char *
fault_of(struct arena *a, const struct setting *s, struct str value)
{
	int64_t n;

	if (value.n > TEXT_MAX || !utf8_text(value))
		return "it must be text of at most 1000 bytes";
	switch (s->kind) {
	case SETTING_NUMBER:
		return str_int(value, s->min, s->max, &n)
			   ? NULL
			   : arena_printf(a, "it must be a whole number from %lld to %lld", (long long)s->min,
				 (long long)s->max);
	case SETTING_CHOICE:
		return is_choice(value, s->choices) ? NULL : choice_words(a, s->choices);
	case SETTING_URL:
		return is_url(value) ? NULL : "it must be an address like https://example.org";
	case SETTING_ZONE:
		return zone_known(value) ? NULL : "it must be a time zone like Europe/Bucharest";
	default:
		return NULL;
	}
}

struct str
setting_shown(struct db *db, struct arena *a, const struct setting *s, bool *set)
{
	struct str value;

	*set = hash_get(db, a, S("settings"), str(s->name), &value) == OK;
	if (s->kind == SETTING_SECRET)
		return *set ? S("****") : S("");
	return *set ? value : str(s->usual);
}

enum err
setting_set(struct db *db, struct arena *a, struct str name, struct str value, const char **why)
{
	const struct setting *s = named(name);

	*why = NULL;
	if (s == NULL)
		return ERR_NOT_FOUND;
	if (value.n == 0)
		return hash_del(db, S("settings"), name);
	if ((*why = fault_of(a, s, value)) != NULL)
		return ERR_INPUT;
	return hash_set(db, S("settings"), &(struct field){ name, value }, 1);
}

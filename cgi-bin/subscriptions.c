/*
 * /subscriptions - who gets alerts by e-mail or SMS, and ends it again.
 *
 *	GET    /subscriptions  q?, place*, go?    which places; then the form
 *	POST   /subscriptions  channel, address, locations, min_severity?,
 *	                       language?, quiet_from?, quiet_to?, zone?
 *	                                          -> 202: a message with a link or a code
 *	GET    /subscriptions/code                where the code is typed in
 *	POST   /subscriptions/code  address, code -> its page
 *	GET    /subscriptions/{token}             what was asked, or what one gets
 *	POST   /subscriptions/{token}             confirms
 *	PATCH  /subscriptions/{token}             changes
 *	DELETE /subscriptions/{token}             ends
 *	POST   /subscriptions/{token}/test        a test message
 *	GET    /subscriptions/{token}/unsubscribe a page with a button
 *	POST   /subscriptions/{token}/unsubscribe ends, in one step (RFC 8058)
 *
 * No answer tells whether an address is subscribed.  A GET changes nothing:
 * mail scanners follow links.
 */
#include <json-c/json.h>
#include <string.h>

#include "html.h"
#include "key.h"
#include "link.h"
#include "optin.h"
#include "place.h"
#include "serve.h"
#include "set.h"
#include "setting.h"
#include "throttle.h"
#include "value.h"
#include "view.h"
#include "wish.h"
#include "zone.h"

enum {
	FOUND = 12,      /* places offered at once */
	ASKS = 30,       /* confirmation messages that a network may ask for in an hour, */
	SMS_ASKS = 300,  /* and SMS in all: each costs the tenant */
	GUESSES = 30,    /* wrong codes of a network in a minute, */
	GUESSES_ONE = 5, /* and for one number in an hour */
	TESTS = 3,       /* of a subscription in an hour */
};

static const struct {
	enum severity severity;
	const char *words;
} severities[] = {
	{ SEVERITY_MINOR, "Everything, also small things" },
	{ SEVERITY_MODERATE, "Possible danger or disruption, and worse" },
	{ SEVERITY_SEVERE, "Serious danger, and worse" },
	{ SEVERITY_EXTREME, "Only extreme danger to life" },
};

/* ---- what was sent --------------------------------------------------------------- */

/* Whether the body says something about a member: null says "none".  A form
 * always says it all. */
static bool
read_reach(struct req *rq, struct subscription *s)
{
	struct str channel, given;
	const char *why;
	bool good = need_text(rq, "channel", 10, &channel);

	if (good && (!channel_named(channel, &s->channel) || s->channel == CHANNEL_WEBHOOK))
		good = fault(rq, "channel", "choice", "Choose e-mail or SMS.");
	if (!need_text(rq, "address", 320, &given) || !good)
		return false;
	if (!address_typed(rq->db, rq->arena, s->channel, given, &s->address, &why))
		return fault(rq, "address", "format", "%s", why);
	return true;
}

static bool
offered(struct req *rq, struct str language)
{
	struct str list = setting_text(rq->db, rq->arena, "site.languages");

	while (list.n)
		if (str_eq(str_trim(str_cut(&list, ',')), language))
			return true;
	return false;
}

static bool
read_language(struct req *rq, struct subscription *s)
{
	struct str word;

	if (!opt_text(rq, "language", 35, &word))
		return false;
	if (word.n && !offered(rq, word))
		return fault(rq, "language", "choice", "Choose one of the languages of this site.");
	if (word.n)
		s->language = word;
	return true;
}

/* One or two digits up to `max`. */
static bool
two_digits(struct str s, int64_t max, int64_t *n)
{
	if (s.n == 2 && s.p[0] == '0')
		s = (struct str){ s.p + 1, 1 };
	return s.n <= 2 && str_int(s, 0, max, n);
}

/* "22:00", "7.05" or "22" as minutes of the day. */
static bool
read_clock(struct req *rq, const char *name, int *minutes, bool *given)
{
	struct str text, rest, hour;
	int64_t h, m = 0;
	bool good;

	if (!opt_text(rq, name, 5, &text))
		return false;
	*given = text.n > 0;
	if (!*given)
		return true;
	rest = text;
	hour = str_cut(&rest, memchr(text.p, '.', text.n) ? '.' : ':');
	good = two_digits(hour, 23, &h);
	if (hour.n < text.n)
		good = good && rest.n == 2 && two_digits(rest, 59, &m);
	if (!good)
		return fault(rq, name, "format", "Write a time of day, like 22:00.");
	*minutes = (int)(h * 60 + m);
	return true;
}

static bool
read_quiet(struct req *rq, struct subscription *s)
{
	bool from, to, good;
	int quiet_from = 0, quiet_to = 0;

	good = read_clock(rq, "quiet_from", &quiet_from, &from);
	good &= read_clock(rq, "quiet_to", &quiet_to, &to);
	if (good && from != to)
		return fault(rq, from ? "quiet_to" : "quiet_from", "missing",
		    "Quiet hours have a beginning and an end. Leave both empty for none.");
	s->quiet_from = quiet_from;
	s->quiet_to = quiet_to;
	return good;
}

static bool
read_zone(struct req *rq, struct subscription *s)
{
	if (!opt_text(rq, "zone", 64, &s->zone))
		return false;
	if (s->zone.n && !zone_known(s->zone))
		return fault(rq, "zone", "unknown", "Write a time zone like Europe/Bucharest.");
	return true;
}

/* All that may be changed; what the body does not name stays as it is. */
static bool
read_choices(struct req *rq, struct subscription *s)
{
	bool good = true;

	if (wish_told(rq, "locations"))
		good &= wish_locations(rq, s);
	if (wish_told(rq, "min_severity"))
		good &= wish_severity(rq, s);
	if (wish_told(rq, "language"))
		good &= read_language(rq, s);
	if (wish_told(rq, "quiet_from") || wish_told(rq, "quiet_to"))
		good &= read_quiet(rq, s);
	if (wish_told(rq, "zone"))
		good &= read_zone(rq, s);
	return good;
}

/* ---- parts of pages ------------------------------------------------------------------ */

/* Opens a group of fields, with the words of its fault where it has one. */
static void
group(struct req *rq, struct res *rs, const char *name, const char *legend)
{
	bool bad = false;

	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		bad |= strcmp(f->field, name) == 0;
	if (bad)
		html(rs, "<fieldset class=\"bad\" aria-describedby=\"%s-err\">\n", name);
	else
		html(rs, "<fieldset>\n");
	html(rs, "<legend>%s</legend>\n", legend);
	html_fault_of(rq, rs, name);
}

/* "Cluj", "Romania (whole country)" */
static void
place_words(struct req *rq, struct res *rs, struct str location)
{
	html(rs, "%.*s%s", FMT(location_title(rq->db, rq->arena, location)),
	    str_starts(location, "country-") ? " (whole country)" : "");
}

/* The first of a group has the group's name as its id: a fault leads to it. */
static void
tick(struct res *rs, const char *type, const char *name, struct str value, bool ticked, bool first)
{
	html(rs, "<label class=\"tick\"><input type=\"%s\" name=\"%s\" value=\"%.*s\"", type, name,
	    FMT(value));
	if (first)
		html(rs, " id=\"%s\"", name);
	html(rs, ticked ? " checked> " : "> ");
}

/* Those that are chosen, then those that the search found. */
static void
place_ticks(struct req *rq, struct res *rs, const char *name, const struct str *chosen, size_t nchosen,
    const struct str *found, size_t nfound)
{
	bool first = true;

	html(rs, "<div class=\"ticks\">\n");
	for (size_t i = 0; i < nchosen + nfound; i++) {
		struct str one = i < nchosen ? chosen[i] : found[i - nchosen];

		if (i >= nchosen && str_among(one, chosen, nchosen))
			continue;
		tick(rs, "checkbox", name, one, i < nchosen, first);
		place_words(rq, rs, one);
		html(rs, "</label>\n");
		first = false;
	}
	html(rs, "</div>\n");
}

static void
severity_ticks(struct req *rq, struct res *rs, enum severity chosen)
{
	group(rq, rs, "min_severity", "How bad must it be?");
	html(rs, "<div class=\"ticks\">\n");
	for (size_t i = 0; i < LEN(severities); i++) {
		tick(rs, "radio", "min_severity", str(severity_name(severities[i].severity)),
		    severities[i].severity == chosen, i == 0);
		html(rs, "%s</label>\n", severities[i].words);
	}
	html(rs, "</div>\n</fieldset>\n");
}

/* A language in its own words; the code of one that is not here. */
static const char *
language_words(struct req *rq, struct str code)
{
	static const struct {
		const char *code, *words;
	} names[] = { { "en", "English" }, { "ro", "Română" }, { "hu", "Magyar" }, { "de", "Deutsch" },
		{ "uk", "Українська" }, { "fr", "Français" }, { "es", "Español" }, { "it", "Italiano" },
		{ "pl", "Polski" }, { "bg", "Български" }, { "sr", "Српски" }, { "ru", "Русский" },
		{ "ja", "日本語" }, { "zh", "中文" }, { "ar", "العربية" }, { "he", "עברית" } };

	for (size_t i = 0; i < LEN(names); i++)
		if (str_is(code, names[i].code))
			return names[i].words;
	return arena_dup(rq->arena, code).p;
}

static void
language_field(struct req *rq, struct res *rs, struct str chosen)
{
	struct str list = setting_text(rq->db, rq->arena, "site.languages");

	html(rs, "<div><label for=\"language\">Language of the messages</label>\n");
	html_fault_of(rq, rs, "language");
	html(rs, "<select id=\"language\" name=\"language\">\n");
	while (list.n) {
		struct str one = str_trim(str_cut(&list, ','));

		html(rs, "<option value=\"%.*s\" lang=\"%.*s\"", FMT(one), FMT(one));
		html(rs, str_eq(one, chosen) ? " selected>%s</option>\n" : ">%s</option>\n",
		    language_words(rq, one));
	}
	html(rs, "</select></div>\n");
}

/* "22:00"; empty where there are no quiet hours. */
static struct str
clock_words(struct req *rq, const struct subscription *s, int minutes)
{
	if (s->quiet_from == s->quiet_to)
		return S("");
	return arena_strf(rq->arena, "%02d:%02d", minutes / 60, minutes % 60);
}

static struct str
typed_or(struct req *rq, const char *name, struct str usual)
{
	return rq->faults ? form_value(rq, name) : usual;
}

static struct str
zone_of(struct req *rq, const struct subscription *s)
{
	return s->zone.n ? s->zone : setting_text(rq->db, rq->arena, "site.zone");
}

static void
quiet_fields(struct req *rq, struct res *rs, const struct subscription *s)
{
	bool open = s->quiet_from != s->quiet_to;

	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		open |= str_starts(str(f->field), "quiet_") || strcmp(f->field, "zone") == 0;
	html(rs, open ? "<details open>\n" : "<details>\n");
	html(rs, "<summary>Quiet hours (you can skip this)</summary>\n"
		 "<p class=\"hint\">What comes in these hours waits until they end. "
		 "Critical alerts still come, at any hour.</p>\n");
	html_input(rq, rs, "quiet_from", "Quiet from, like 22:00",
	    "class=\"few\" maxlength=\"5\" autocomplete=\"off\"",
	    typed_or(rq, "quiet_from", clock_words(rq, s, s->quiet_from)));
	html_input(rq, rs, "quiet_to", "Quiet until, like 07:00",
	    "class=\"few\" maxlength=\"5\" autocomplete=\"off\"",
	    typed_or(rq, "quiet_to", clock_words(rq, s, s->quiet_to)));
	html_input(rq, rs, "zone", "Time zone, like Europe/Bucharest",
	    "maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"",
	    typed_or(rq, "zone", zone_of(rq, s)));
	html(rs, "</details>\n");
}

/* ---- asking: the places, then the rest ------------------------------------------------ */

/* The places of the query that there are. */
static void
chosen_places(struct req *rq, struct str **out, size_t *n)
{
	struct str value;

	*out = arena_array(rq->arena, struct str, SUBSCRIPTION_LOCATIONS);
	*n = 0;
	for (size_t at = 0; *n < SUBSCRIPTION_LOCATIONS && param_next(&rq->query, "place", &at, &value);)
		if (location_valid(value) && set_has(rq->db, S("locations"), value) &&
		    !str_among(value, *out, *n))
			(*out)[(*n)++] = value;
}

static void
places_notice(struct req *rq, struct res *rs)
{
	if (str_is(query(rq, "done"), "ended"))
		html(rs, "<p class=\"done\" role=\"status\">You get no more alerts from us. "
			 "Your address is deleted.</p>\n");
}

static enum err
places_page(struct req *rq, struct res *rs, const struct str *chosen, size_t n)
{
	struct str name = query(rq, "q"), *found;
	size_t nfound;
	enum err e = location_search(rq->db, rq->arena, name, FOUND, &found, &nfound);

	if (e != OK)
		return e;
	html_page(rq, rs, rq->faults ? 422 : 200, "Get alerts", NULL);
	html_faults(rq, rs);
	places_notice(rq, rs);
	html(rs, "<h1>Get alerts</h1>\n"
		 "<p class=\"lead\">We write to you when there is danger in the places that you choose.</p>\n"
		 "<form class=\"box\" method=\"get\" action=\"/subscriptions\" novalidate>\n"
		 "<h2>Which places?</h2>\n");
	html_input(rq, rs, "q", "Town, county or country", "maxlength=\"80\" autocomplete=\"off\"", name);
	html(rs, "<button class=\"quiet\">Find</button>\n");
	group(rq, rs, "place", "Tick the places you want to hear about");
	if (nfound == 0)
		html(rs,
		    "<p class=\"hint\">We know no place called %.*s. Try a larger town near it, "
		    "or the county.</p>\n",
		    FMT(name));
	place_ticks(rq, rs, "place", chosen, n, found, nfound);
	html(rs, "</fieldset>\n<button name=\"go\" value=\"1\">Continue</button>\n</form>\n");
	html_end(rq, rs);
	return OK;
}

static void
chosen_words(struct req *rq, struct res *rs, const struct subscription *s)
{
	for (size_t i = 0; i < s->nlocations; i++) {
		html(rs, i ? ", " : "");
		place_words(rq, rs, s->locations[i]);
	}
}

/* Where the chosen places can be changed. */
static void
change_places(struct res *rs, const struct subscription *s)
{
	html(rs, " <a href=\"/subscriptions");
	for (size_t i = 0; i < s->nlocations; i++)
		html(rs, i ? "&amp;place=%.*s" : "?place=%.*s", FMT(s->locations[i]));
	html(rs, "\">Change places</a>");
}

static void
reach_fields(struct req *rq, struct res *rs)
{
	struct str channel = form_value(rq, "channel");

	group(rq, rs, "channel", "How do we reach you?");
	html(rs, "<div class=\"ticks\">\n");
	tick(rs, "radio", "channel", S("email"), str_is(channel, "email"), true);
	html(rs, "By e-mail</label>\n");
	tick(rs, "radio", "channel", S("sms"), str_is(channel, "sms"), false);
	html(rs, "By SMS</label>\n</div>\n</fieldset>\n");
	html_input(rq, rs, "address", "E-mail address, or mobile number",
	    "maxlength=\"320\" autocapitalize=\"none\" spellcheck=\"false\" required",
	    form_value(rq, "address"));
}

static void
ask_page(struct req *rq, struct res *rs, const struct subscription *s)
{
	html_page(rq, rs, rq->faults ? 422 : 200, "Get alerts", NULL);
	html_faults(rq, rs);
	html(rs, "<h1>Get alerts</h1>\n"
		 "<form class=\"box\" method=\"post\" action=\"/subscriptions\" novalidate>\n");
	html_tokens(rq, rs);
	html(rs, "<div id=\"locations\" tabindex=\"-1\">\n");
	html_fault_of(rq, rs, "locations");
	html(rs, "<p>For <b>");
	chosen_words(rq, rs, s);
	html(rs, "</b>.");
	change_places(rs, s);
	html(rs, "</p>\n</div>\n");
	for (size_t i = 0; i < s->nlocations; i++)
		html(rs, "<input type=\"hidden\" name=\"locations\" value=\"%.*s\">\n", FMT(s->locations[i]));
	reach_fields(rq, rs);
	severity_ticks(rq, rs, s->min_severity);
	language_field(rq, rs, s->language);
	quiet_fields(rq, rs, s);
	html(rs, "<p class=\"hint\">We use your address for these alerts only. When you end them it is "
		 "deleted.</p>\n<button>Send me a message to confirm</button>\n</form>\n");
	html_end(rq, rs);
}

static struct subscription
usual(struct req *rq)
{
	struct str language = setting_text(rq->db, rq->arena, "site.language");
	struct str list = setting_text(rq->db, rq->arena, "site.languages");

	if (!offered(rq, language))
		language = str_trim(str_cut(&list, ','));
	return (struct subscription){ .min_severity = SEVERITY_MODERATE, .language = language };
}

static enum err
choose(struct req *rq, struct res *rs)
{
	struct subscription s = usual(rq);

	if (rq->face == FACE_JSON)
		return fail(rq, ERR_NOT_FOUND, "Ask for /api/subscriptions/TOKEN.");
	chosen_places(rq, &s.locations, &s.nlocations);
	if (query(rq, "go").n == 0)
		return places_page(rq, rs, s.locations, s.nlocations);
	if (s.nlocations == 0) {
		fault(rq, "place", "missing", "Tick at least one place.");
		return places_page(rq, rs, NULL, 0);
	}
	ask_page(rq, rs, &s);
	return OK;
}

/* ---- asking: what is done ---------------------------------------------------------------- */

/* Every wish counts, not only what fails: each sends a message. */
static enum err
enough(struct req *rq, const char *bucket, int64_t limit)
{
	struct str key = str(bucket);
	enum err e = throttle_check(rq, key, limit);

	if (e != OK)
		return fail(rq, e, "Many have asked for alerts just now. Try again in %lld min.",
		    (long long)(rq->retry_after + 59) / 60);
	throttle_note(rq, key, HOUR_MS);
	return OK;
}

static enum err
bounded(struct req *rq, enum outbox_channel channel)
{
	enum err e =
	    enough(rq, arena_printf(rq->arena, "throttle:ask:%.*s", FMT(throttle_network(rq))), ASKS);

	if (e == OK && channel == CHANNEL_SMS)
		e = enough(rq, "throttle:ask-sms", SMS_ASKS);
	return e;
}

static enum err
ask(struct req *rq, struct res *rs)
{
	struct subscription s = usual(rq);
	struct json j;
	bool good = read_reach(rq, &s);
	enum err e;

	if (!wish_told(rq, "locations"))
		good = fault(rq, "locations", "missing", "Choose at least one place.");
	if (!read_choices(rq, &s) || !good) {
		if (rq->face == FACE_HTML)
			ask_page(rq, rs, &s);
		return ERR_INPUT;
	}
	if ((e = bounded(rq, s.channel)) != OK || (e = optin_ask(rq->db, rq->arena, &s)) != OK)
		return e;
	if (rq->face == FACE_HTML)
		return res_see_other(
		    rs, s.channel == CHANNEL_SMS ? "/subscriptions/code" : "/subscriptions/sent");
	j = res_json(rs, 202);
	json_open(&j, '{');
	json_key_str(&j, "message",
	    S("If this address takes messages, one is on its way. Open its link, or type in its code."));
	json_close(&j, '}');
	return OK;
}

static enum err
sent_page(struct req *rq, struct res *rs)
{
	if (rq->face == FACE_JSON)
		return fail(rq, ERR_NOT_FOUND, "There is nothing at this address.");
	html_page(rq, rs, 200, "Look at your e-mail", "Look at your e-mail");
	html(rs, "<p class=\"lead\">A message is on its way to you. Open the link in it, and press "
		 "Confirm. Then you get alerts.</p>\n<section class=\"box\" aria-labelledby=\"none\">\n"
		 "<h2 id=\"none\">No message after 10 minutes?</h2>\n<ul>\n"
		 "<li>Look among the junk.</li>\n<li>Was the address right? "
		 "<a href=\"/subscriptions\">Write it again</a>.</li>\n"
		 "<li>We send at most 3 such messages to an address in a day.</li>\n</ul>\n</section>\n");
	html_end(rq, rs);
	return OK;
}

/* ---- the code of an SMS ------------------------------------------------------------------- */

static void
code_form(struct req *rq, struct res *rs, int status)
{
	html_page(rq, rs, status, "Type in the code", NULL);
	html_faults(rq, rs);
	html(rs, "<h1>Type in the code</h1>\n"
		 "<p class=\"lead\">An SMS with a code of 6 digits is on its way to you.</p>\n"
		 "<form class=\"box\" method=\"post\" action=\"/subscriptions/code\" novalidate>\n");
	html_tokens(rq, rs);
	html_input(rq, rs, "address", "Your mobile number",
	    "type=\"tel\" maxlength=\"40\" autocomplete=\"tel\" required", form_value(rq, "address"));
	html_input(rq, rs, "code", "Code",
	    "class=\"few\" maxlength=\"12\" inputmode=\"numeric\" autocomplete=\"one-time-code\" required",
	    S(""));
	html(rs,
	    "<button>Confirm</button>\n</form>\n"
	    "<p class=\"hint\">No SMS after 10 minutes? Was the number right? "
	    "<a href=\"/subscriptions\">Write it again</a>. We send at most 3 to a number in a day.</p>\n");
	html_end(rq, rs);
}

static enum err
code_page(struct req *rq, struct res *rs)
{
	if (rq->face == FACE_JSON)
		return fail(rq, ERR_NOT_FOUND, "There is nothing at this address.");
	code_form(rq, rs, 200);
	return OK;
}

static void subscription_json(struct req *, struct res *, int status, const struct subscription *);

/* Its page is where a new subscription leads. */
static enum err
confirmed(struct req *rq, struct res *rs, struct pending *p)
{
	enum err e = optin_confirm(rq->db, rq->arena, p);

	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		return res_see_other(
		    rs, url(rq->arena, "/subscriptions/%.*s?done=confirmed",
			    FMT(link_token(rq->db, rq->arena, SUBSCRIPTION_LINK, p->wish.id))));
	subscription_json(rq, rs, 200, &p->wish);
	return OK;
}

static struct str
digits_only(struct req *rq, struct str typed)
{
	char *p = arena_alloc(rq->arena, typed.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < typed.n; i++)
		if (typed.p[i] != ' ' && typed.p[i] != '-')
			p[n++] = typed.p[i];
	return (struct str){ p, n };
}

static enum err
wrong_code(struct req *rq, struct res *rs, struct str by_network, struct str by_number)
{
	throttle_note(rq, by_network, MINUTE_MS);
	throttle_note(rq, by_number, HOUR_MS);
	fault(rq, "code", "wrong", "This code is not right for this number, or too old.");
	if (rq->face == FACE_HTML)
		code_form(rq, rs, 422);
	return ERR_INPUT;
}

static enum err
take_code(struct req *rq, struct res *rs)
{
	struct str given, code, address, by_network, by_number;
	struct pending p;
	const char *why;
	bool good = need_text(rq, "address", 40, &given);
	enum err e;

	good &= need_text(rq, "code", 12, &code);
	if (good && !address_typed(rq->db, rq->arena, CHANNEL_SMS, given, &address, &why))
		good = fault(rq, "address", "format", "%s", why);
	if (!good) {
		if (rq->face == FACE_HTML)
			code_form(rq, rs, 422);
		return ERR_INPUT;
	}
	by_network = arena_strf(rq->arena, "throttle:subscribe:%.*s", FMT(throttle_network(rq)));
	by_number = subscription_key(rq->arena, "throttle:subscribe:", CHANNEL_SMS, address);
	if ((e = throttle_check(rq, by_network, GUESSES)) != OK ||
	    (e = throttle_check(rq, by_number, GUESSES_ONE)) != OK)
		return e;
	e = optin_by_code(rq->db, rq->arena, address, digits_only(rq, code), &p);
	if (e == ERR_NOT_FOUND)
		return wrong_code(rq, rs, by_network, by_number);
	return e == OK ? confirmed(rq, rs, &p) : e;
}

/* ---- what a token stands for ---------------------------------------------------------------- */

static enum err
not_in_use(struct req *rq, struct res *rs)
{
	if (rq->face == FACE_HTML) {
		html_page(rq, rs, 404, "This link is not in use", "This link is not in use");
		html(rs, "<p class=\"lead\">It was used already, it is older than a day, or the alerts were "
			 "ended.</p>\n<p><a class=\"go\" href=\"/subscriptions\">Get alerts</a></p>\n");
		html_end(rq, rs);
	}
	return fail(rq, ERR_NOT_FOUND, "This link is not in use: used, too old, or the alerts were ended.");
}

static enum err
load(struct req *rq, struct res *rs, struct subscription *s)
{
	int64_t id;

	if (!link_verify(rq->db, rq->arena, SUBSCRIPTION_LINK, rq->arg[0], &id) ||
	    subscription_get(rq->db, rq->arena, id, s) != OK || s->channel == CHANNEL_WEBHOOK)
		return not_in_use(rq, rs);
	return OK;
}

static void
json_clock(struct req *rq, struct json *j, const char *key, const struct subscription *s, int minutes)
{
	json_key_given(j, key, clock_words(rq, s, minutes));
}

static void
subscription_json(struct req *rq, struct res *rs, int status, const struct subscription *s)
{
	struct json j = res_json(rs, status);

	json_open(&j, '{');
	json_key_str(&j, "channel", str(channel_name(s->channel)));
	json_key_str(&j, "address", address_masked(rq->arena, s->channel, s->address));
	json_key_strs(&j, "locations", s->locations, s->nlocations);
	json_key_str(&j, "min_severity", str(severity_name(s->min_severity)));
	json_key_str(&j, "language", s->language);
	json_clock(rq, &j, "quiet_from", s, s->quiet_from);
	json_clock(rq, &j, "quiet_to", s, s->quiet_to);
	json_key_str(&j, "zone", zone_of(rq, s));
	json_key(&j, "confirmed");
	json_flag(&j, s->id != 0);
	if (s->id != 0) {
		json_key_int(&j, "confirmed_at", s->confirmed_at);
		json_key_str(&j, "token", link_token(rq->db, rq->arena, SUBSCRIPTION_LINK, s->id));
	}
	json_close(&j, '}');
}

static const char *
severity_words(enum severity severity)
{
	for (size_t i = 0; i < LEN(severities); i++)
		if (severities[i].severity == severity)
			return severities[i].words;
	return "";
}

static void
facts(struct req *rq, struct res *rs, const struct subscription *s)
{
	html(rs, "<dl class=\"facts\">\n<dt>To</dt><dd>%.*s, by %s</dd>\n<dt>For</dt><dd>",
	    FMT(address_masked(rq->arena, s->channel, s->address)),
	    s->channel == CHANNEL_SMS ? "SMS" : "e-mail");
	chosen_words(rq, rs, s);
	html(rs, "</dd>\n<dt>What</dt><dd>%s</dd>\n<dt>Language</dt><dd>%s</dd>\n<dt>Quiet hours</dt><dd>",
	    severity_words(s->min_severity), language_words(rq, s->language));
	if (s->quiet_from == s->quiet_to)
		html(rs, "none</dd>\n</dl>\n");
	else
		html(rs, "%.*s to %.*s, %.*s time. Critical alerts still come.</dd>\n</dl>\n",
		    FMT(clock_words(rq, s, s->quiet_from)), FMT(clock_words(rq, s, s->quiet_to)),
		    FMT(zone_of(rq, s)));
}

static void
confirm_page(struct req *rq, struct res *rs, const struct subscription *wish)
{
	html_page(rq, rs, 200, "Confirm your alerts", "Confirm your alerts");
	html(rs, "<p class=\"lead\">Do you want these alerts? Nothing is sent until you press Confirm.</p>\n"
		 "<section class=\"box\" aria-label=\"What you asked for\">\n");
	facts(rq, rs, wish);
	html(rs, "<form method=\"post\" action=\"/subscriptions/%.*s\">\n", FMT(rq->arg[0]));
	html_tokens(rq, rs);
	html(rs, "<button>Confirm</button>\n</form>\n</section>\n"
		 "<p>It was not you? Close this page: no alerts will come.</p>\n");
	html_end(rq, rs);
}

/* ---- one's own page ----------------------------------------------------------------------- */

static struct str
test_key(struct req *rq, int64_t id)
{
	return arena_strf(rq->arena, "subscription:%lld:test", (long long)id);
}

static const char *
test_words(enum outbox_state state, enum outbox_channel channel)
{
	switch (state) {
	case OUTBOX_WAITING:
		return "It is on its way.";
	case OUTBOX_SENT:
		return channel == CHANNEL_SMS ? "The SMS service has accepted it."
					      : "The mail server has accepted it.";
	case OUTBOX_DELIVERED:
		return "It was delivered.";
	case OUTBOX_SUPPRESSED:
		return "It was not sent: this address refused our messages before.";
	default:
		return "It could not be sent.";
	}
}

/* What became of the last test, for a day. */
static void
test_notice(struct req *rq, struct res *rs, const struct subscription *s)
{
	struct message m;
	int64_t id = 0;

	if (string_get_int(rq->db, test_key(rq, s->id), &id) != OK || id == 0 ||
	    outbox_get(rq->db, rq->arena, id, &m) != OK)
		return;
	html(rs, str_is(query(rq, "done"), "test") ? "<div class=\"done\" role=\"status\">\n" : "<div>\n");
	html(rs, "<p>Test of ");
	view_time(rq, rs, m.created);
	html(rs, ": %s</p>\n</div>\n", test_words(m.state, s->channel));
}

static void
own_notice(struct req *rq, struct res *rs)
{
	if (str_is(query(rq, "done"), "confirmed"))
		html(rs, "<p class=\"done\" role=\"status\">Done: you get alerts from now on. "
			 "Keep this page, or the link in each message.</p>\n");
	if (str_is(query(rq, "done"), "changed"))
		html(rs, "<p class=\"done\" role=\"status\">Your changes are saved.</p>\n");
}

static enum err
change_form(struct req *rq, struct res *rs, const struct subscription *s)
{
	struct str name = query(rq, "q"), *found = NULL;
	size_t nfound = 0;
	enum err e = OK;

	if (name.n)
		e = location_search(rq->db, rq->arena, name, FOUND, &found, &nfound);
	if (e != OK)
		return e;
	html(rs,
	    "<form class=\"box\" method=\"get\" action=\"/subscriptions/%.*s\" novalidate>\n"
	    "<h2>Add a place</h2>\n",
	    FMT(rq->arg[0]));
	html_input(rq, rs, "q", "Town, county or country", "maxlength=\"80\" autocomplete=\"off\"", name);
	html(rs, "<button class=\"quiet\">Find</button>\n");
	if (name.n)
		html(rs, nfound ? "<p role=\"status\">Tick what you want below, then save.</p>\n"
				: "<p role=\"status\">We know no place of this name.</p>\n");
	html(rs,
	    "</form>\n<form class=\"box\" method=\"post\" action=\"/subscriptions/%.*s\" novalidate>\n"
	    "<h2>Change</h2>\n",
	    FMT(rq->arg[0]));
	html_tokens(rq, rs);
	group(rq, rs, "locations", "Places");
	place_ticks(rq, rs, "locations", s->locations, s->nlocations, found, nfound);
	html(rs, "</fieldset>\n");
	severity_ticks(rq, rs, s->min_severity);
	language_field(rq, rs, s->language);
	quiet_fields(rq, rs, s);
	html(rs, "<button name=\"_method\" value=\"PATCH\">Save</button>\n</form>\n");
	return OK;
}

static enum err
own_page(struct req *rq, struct res *rs, int status, const struct subscription *s)
{
	enum err e;

	html_page(rq, rs, status, "Your alerts", NULL);
	html_faults(rq, rs);
	own_notice(rq, rs);
	test_notice(rq, rs, s);
	html(rs, "<h1>Your alerts</h1>\n<section class=\"box\" aria-label=\"What you get\">\n");
	facts(rq, rs, s);
	html(rs, "<form method=\"post\" action=\"/subscriptions/%.*s/test\">\n", FMT(rq->arg[0]));
	html_tokens(rq, rs);
	html(rs, "<button class=\"quiet\">Send me a test message</button>\n</form>\n</section>\n");
	if ((e = change_form(rq, rs, s)) != OK)
		return e;
	html(rs,
	    "<form class=\"box\" method=\"post\" action=\"/subscriptions/%.*s\">\n"
	    "<h2>No more alerts?</h2>\n<p>Your address is deleted at once.</p>\n",
	    FMT(rq->arg[0]));
	html_tokens(rq, rs);
	html(
	    rs, "<button class=\"stop\" name=\"_method\" value=\"DELETE\">End my alerts</button>\n</form>\n");
	html_end(rq, rs);
	return OK;
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct subscription s;
	struct pending p;
	enum err e = optin_by_token(rq->db, rq->arena, rq->arg[0], &p);

	if (e == OK && rq->face == FACE_HTML)
		confirm_page(rq, rs, &p.wish);
	else if (e == OK)
		subscription_json(rq, rs, 200, &p.wish);
	if (e != ERR_NOT_FOUND)
		return e;
	if ((e = load(rq, rs, &s)) != OK)
		return e;
	if (rq->face == FACE_HTML)
		return own_page(rq, rs, 200, &s);
	subscription_json(rq, rs, 200, &s);
	return OK;
}

static enum err
confirm(struct req *rq, struct res *rs)
{
	struct pending p;
	enum err e = optin_by_token(rq->db, rq->arena, rq->arg[0], &p);

	if (e == ERR_NOT_FOUND)
		return not_in_use(rq, rs);
	return e == OK ? confirmed(rq, rs, &p) : e;
}

static enum err
change(struct req *rq, struct res *rs)
{
	struct subscription s, before;
	enum err e = load(rq, rs, &s);
	bool good;

	if (e != OK)
		return e;
	before = s;
	good = read_choices(rq, &s);
	if (has_field(rq, "address") || has_field(rq, "channel"))
		good = fault(rq, "address", "read-only", "To use another address, ask for alerts there.");
	if (!good) {
		s.locations = s.nlocations ? s.locations : before.locations;
		s.nlocations = s.nlocations ? s.nlocations : before.nlocations;
		if (rq->face == FACE_HTML && (e = own_page(rq, rs, 422, &s)) != OK)
			return e;
		return ERR_INPUT;
	}
	if ((e = subscription_save(rq->db, rq->arena, &s)) != OK)
		return e;
	if (rq->face == FACE_HTML)
		return res_see_other(rs, url(rq->arena, "/subscriptions/%.*s?done=changed", FMT(rq->arg[0])));
	subscription_json(rq, rs, 200, &s);
	return OK;
}

static enum err
end(struct req *rq, struct res *rs)
{
	struct subscription s;
	enum err e = load(rq, rs, &s);

	if (e == OK)
		e = subscription_delete(rq->db, rq->arena, s.id);
	if (e != OK)
		return e;
	if (rq->face == FACE_HTML)
		return res_see_other(rs, "/subscriptions?done=ended");
	return res_no_content(rs);
}

static enum err
test(struct req *rq, struct res *rs)
{
	struct subscription s;
	struct str bucket;
	enum err e = load(rq, rs, &s);
	int64_t id;

	if (e != OK)
		return e;
	bucket = arena_strf(rq->arena, "throttle:test:%lld", (long long)s.id);
	if ((e = throttle_check(rq, bucket, TESTS)) != OK)
		return fail(rq, e, "You had %d tests in this hour. Try again later.", TESTS);
	throttle_note(rq, bucket, HOUR_MS);
	id = optin_test(rq->db, rq->arena, &s);
	string_set(
	    rq->db, test_key(rq, s.id), arena_strf(rq->arena, "%lld", (long long)id), rq->now + OPTIN_MS);
	if (rq->face == FACE_HTML)
		return res_see_other(rs, url(rq->arena, "/subscriptions/%.*s?done=test", FMT(rq->arg[0])));
	rs->status = 202;
	rs->rendered = true;
	return OK;
}

/* ---- one click (RFC 8058) --------------------------------------------------------------------- */

/* A mail carries a token for this alone, or that of the page. */
static bool
whose(struct req *rq, int64_t *id)
{
	return link_verify(rq->db, rq->arena, SUBSCRIPTION_LINK, rq->arg[0], id) ||
	       link_verify(rq->db, rq->arena, "unsubscribe", rq->arg[0], id);
}

static enum err
unsubscribe_page(struct req *rq, struct res *rs)
{
	int64_t id;

	if (rq->face == FACE_JSON)
		return fail(rq, ERR_NOT_FOUND, "Send a POST here.");
	if (!whose(rq, &id))
		return not_in_use(rq, rs);
	html_page(rq, rs, 200, "No more alerts?", "No more alerts?");
	html(rs,
	    "<form class=\"box\" method=\"post\" action=\"/subscriptions/%.*s/unsubscribe\">\n"
	    "<p>You get nothing more from us, and your address is deleted.</p>\n"
	    "<input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\">\n"
	    "<button class=\"stop\">End my alerts</button>\n</form>\n",
	    FMT(rq->arg[0]));
	html_end(rq, rs);
	return OK;
}

/* By a machine or a person, without a cookie; twice is once.  No redirect: who
 * sends this may not follow. */
static enum err
unsubscribe(struct req *rq, struct res *rs)
{
	enum err e;
	int64_t id;

	if (!whose(rq, &id))
		return not_in_use(rq, rs);
	e = subscription_delete(rq->db, rq->arena, id);
	if (e != OK && e != ERR_NOT_FOUND)
		return e;
	if (rq->face == FACE_JSON)
		return res_no_content(rs);
	html_page(rq, rs, 200, "You get no more alerts", "You get no more alerts");
	html(rs, "<p class=\"lead\">Your address is deleted. In danger, always call "
		 "<a href=\"tel:112\">112</a>.</p>\n"
		 "<p>That was a mistake? <a href=\"/subscriptions\">Get alerts again</a>.</p>\n");
	html_end(rq, rs);
	return OK;
}

static const struct route routes[] = {
	{ GET, "/subscriptions", ANYONE, TX_READ, choose },
	{ POST, "/subscriptions", ANYONE, TX_WRITE, ask },
	{ GET, "/subscriptions/sent", ANYONE, TX_READ, sent_page },
	{ GET, "/subscriptions/code", ANYONE, TX_READ, code_page },
	{ POST, "/subscriptions/code", ANYONE, TX_WRITE, take_code },
	{ GET, "/subscriptions/{token}", ANYONE, TX_READ, show },
	{ POST, "/subscriptions/{token}", ANYONE, TX_WRITE, confirm },
	{ PATCH, "/subscriptions/{token}", ANYONE, TX_WRITE, change },
	{ DELETE, "/subscriptions/{token}", ANYONE, TX_WRITE, end },
	{ POST, "/subscriptions/{token}/test", ANYONE, TX_WRITE, test },
	{ GET, "/subscriptions/{token}/unsubscribe", ANYONE, TX_READ, unsubscribe_page },
	{ POST, "/subscriptions/{token}/unsubscribe", ANYONE | ANY_BODY, TX_WRITE, unsubscribe },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

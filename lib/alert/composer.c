/* composer.c - the pages on which an officer writes an alert. */
#include "composer.h"

#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "gsm7.h"
#include "notice.h"
#include "place.h"
#include "random.h"
#include "render.h"
#include "set.h"
#include "setting.h"
#include "subscription.h"
#include "utf8.h"
#include "value.h"
#include "view.h"

enum { TICKS_MOST = 24, AREAS_MOST = 1000 };

/* ---- what was typed ---------------------------------------------------------------- */

static const struct {
	const char *name, *heading, *again;
} kinds[] = {
	[DRAFT_NEW] = { "", "New alert", "" },
	[DRAFT_UPDATE] = { "update", "Update the alert",
	    "Everybody who got the alert gets this in its place, by the same channels." },
	[DRAFT_CANCEL] = { "cancel", "Cancel the alert",
	    "For an alert that was wrong. Everybody who got it is told that it does not hold." },
	[DRAFT_ALL_CLEAR] = { "all-clear", "All clear",
	    "The danger is over. Everybody who got the alert is told so." },
};

bool
draft_kind_named(struct str name, enum draft_kind *kind)
{
	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_is(name, kinds[i].name)) {
			*kind = (enum draft_kind)i;
			return true;
		}
	return false;
}

/* What stands in a field: as it was typed, or what the draft has. */
static struct str
shown(const struct req *rq, const char *name, struct str usual)
{
	return rq->form.n ? form_value(rq, name) : usual;
}

static bool
ticked(const struct req *rq, const char *name, struct str value, bool usual)
{
	struct str one;

	if (rq->form.n == 0)
		return usual;
	for (size_t at = 0; param_next(&rq->form, name, &at, &one);)
		if (str_eq(one, value))
			return true;
	return false;
}

static struct str
local_time(struct req *rq, int64_t at)
{
	char text[32] = "";
	time_t t = (time_t)(at / 1000);
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M", &tm);
	return arena_strf(rq->arena, "%s", text);
}

/* ---- areas --------------------------------------------------------------------------- */

static void
form_add(struct req *rq, const char *name, struct str value)
{
	struct param *v = arena_array(rq->arena, struct param, rq->form.n + 1);

	memcpy(v, rq->form.v, rq->form.n * sizeof(*v));
	v[rq->form.n] = (struct param){ str(name), value };
	rq->form.v = v;
	rq->form.n++;
}

static void
all_areas(struct req *rq, struct str **names, size_t *n)
{
	if (set_page(rq->db, rq->arena, S("locations"), (struct str){ 0 }, AREAS_MOST, names, n) != OK)
		*n = 0;
}

/* Areas whose code is what was typed, or whose name is or begins so. */
static size_t
matching(struct req *rq, struct str typed, struct str found[static 4])
{
	struct str *names, want = utf8_fold(rq->arena, typed);
	size_t n, hits = 0;

	all_areas(rq, &names, &n);
	for (size_t i = 0; i < n; i++) {
		struct str title = utf8_fold(rq->arena, location_title(rq->db, rq->arena, names[i]));

		if (str_eq(names[i], typed) || str_eq(title, want)) {
			found[0] = names[i];
			return 1;
		}
		if (want.n && str_starts(title, want.p)) {
			if (hits < 4)
				found[hits] = names[i];
			hits++;
		}
	}
	return hits;
}

static bool
add_area(struct req *rq)
{
	struct str typed = str_trim(form_value(rq, "area")), found[4];
	size_t n;

	if (typed.n == 0)
		return true;
	n = matching(rq, typed, found);
	if (n == 0)
		return fault(rq, "area", "unknown", "No area is called “%.*s” here.", FMT(typed));
	if (n > 1)
		return fault(rq, "area", "choice",
		    "Several areas begin so: %.*s, %.*s%s. Write more of the name.",
		    FMT(location_title(rq->db, rq->arena, found[0])),
		    FMT(location_title(rq->db, rq->arena, found[1])), n > 2 ? " and others" : "");
	form_add(rq, "locations", found[0]);
	return true;
}

bool
composer_step(struct req *rq)
{
	return add_area(rq);
}

/* ---- fields ---------------------------------------------------------------------------- */

static bool
has_fault(const struct req *rq, const char *name)
{
	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		if (strcmp(f->field, name) == 0)
			return true;
	return false;
}

/* <div> with label, hint and fault, up to the field itself. */
static void
field_open(struct req *rq, struct res *rs, const char *name, const char *label, const char *hint)
{
	html(rs, has_fault(rq, name) ? "<div class=\"bad\">\n" : "<div>\n");
	html(rs, "<label for=\"%s\">%s</label>\n", name, label);
	if (hint)
		html(rs, "<p class=\"hint\" id=\"%s-hint\">%s</p>\n", name, hint);
	html_fault_of(rq, rs, name);
}

static void
described(struct req *rq, struct res *rs, const char *name, bool hint)
{
	bool bad = has_fault(rq, name);

	if (hint && bad)
		html(rs, " aria-describedby=\"%s-hint %s-err\"", name, name);
	else if (hint || bad)
		html(rs, " aria-describedby=\"%s-%s\"", name, bad ? "err" : "hint");
	if (bad)
		html(rs, " aria-invalid=\"true\"");
}

/* `more`: its other attributes, a literal. */
static void
input(struct req *rq, struct res *rs, const char *name, const char *label, const char *hint, const char *more,
    struct str value)
{
	field_open(rq, rs, name, label, hint);
	html(rs, "<input id=\"%s\" name=\"%s\" ", name, name);
	buf_str(&rs->body, str(more));
	html(rs, " value=\"%.*s\"", FMT(value));
	described(rq, rs, name, hint != NULL);
	html(rs, ">\n</div>\n");
}

static void
area(struct req *rq, struct res *rs, const char *name, const char *label, const char *hint, int rows,
    struct str value)
{
	field_open(rq, rs, name, label, hint);
	html(rs, "<textarea id=\"%s\" name=\"%s\" rows=\"%d\" maxlength=\"%d\"", name, name, rows,
	    ALERT_MESSAGE_MAX);
	described(rq, rs, name, hint != NULL);
	html(rs, ">\n%.*s</textarea>\n</div>\n", FMT(value));
}

struct option {
	const char *value, *words, *more;
};

static void
fieldset_open(struct req *rq, struct res *rs, const char *name, const char *legend, const char *hint)
{
	html(rs, "<fieldset class=\"%s\"", has_fault(rq, name) ? "bad" : "");
	described(rq, rs, name, hint != NULL);
	html(rs, "><legend>%s</legend>\n", legend);
	if (hint)
		html(rs, "<p class=\"hint\" id=\"%s-hint\">%s</p>\n", name, hint);
	html_fault_of(rq, rs, name);
}

/* Radio buttons, one below the other, each with what it means. */
static void
choices(struct req *rq, struct res *rs, const char *name, const char *legend, const struct option *options,
    size_t n, const char *usual)
{
	fieldset_open(rq, rs, name, legend, NULL);
	html(rs, "<div class=\"choices\">\n");
	for (size_t i = 0; i < n; i++) {
		struct str value = str(options[i].value);
		bool on = ticked(rq, name, value, usual && strcmp(usual, options[i].value) == 0);

		html(rs, "<label class=\"tick\"><input type=\"radio\" name=\"%s\" value=\"%.*s\"%s", name,
		    FMT(value), on ? " checked" : "");
		if (i == 0)
			html(rs, " id=\"%s\"", name);
		html(rs, "> <span><b>%s</b> %s</span></label>\n", options[i].words, options[i].more);
	}
	html(rs, "</div></fieldset>\n");
}

static void
select_of(struct req *rq, struct res *rs, const char *name, const char *label, const struct option *options,
    size_t n, struct str usual)
{
	struct str value = shown(rq, name, usual);

	field_open(rq, rs, name, label, NULL);
	html(rs, "<select id=\"%s\" name=\"%s\"", name, name);
	described(rq, rs, name, false);
	html(rs, ">\n");
	for (size_t i = 0; i < n; i++)
		html(rs, "<option value=\"%s\"%s>%s</option>\n", options[i].value,
		    str_is(value, options[i].value) ? " selected" : "", options[i].words);
	html(rs, "</select>\n</div>\n");
}

/* ---- the form, part by part ---------------------------------------------------------------- */

static void
what_part(struct req *rq, struct res *rs, const struct draft *d)
{
	static const char *const events[] = { "Flood", "Wildfire", "Fire", "Storm", "Heat", "Snow and ice",
		"Earthquake", "Landslide", "Chemical accident", "Power cut", "Water not safe", "Air raid",
		"Missing person" };
	const struct alert_text *t = &d->alert.texts[0];

	html(rs, "<section class=\"box\" aria-labelledby=\"what\">\n<h2 id=\"what\">What people read</h2>\n");
	input(rq, rs, "event", "What is it?", "In a word or two, at most 35 characters.",
	    "list=\"events\" maxlength=\"35\" autocomplete=\"off\" required",
	    shown(rq, "event", d->alert.event));
	html(rs, "<datalist id=\"events\">\n");
	for (size_t i = 0; i < LEN(events); i++)
		html(rs, "<option value=\"%s\">\n", events[i]);
	html(rs, "</datalist>\n");
	input(rq, rs, "title", "Title",
	    "What happens, where: it stands on every page. At most 140 characters.",
	    "maxlength=\"140\" autocomplete=\"off\" required", shown(rq, "title", t->title));
	area(rq, rs, "message", "Message", "What happens and what it means. Short sentences, plain words.", 5,
	    shown(rq, "message", t->message));
	area(rq, rs, "instruction", "What to do", "One step a line. You can leave it empty.", 4,
	    shown(rq, "instruction", t->instruction));
	input(rq, rs, "language", "Language of these texts", "Its code: en, ro, hu, uk.",
	    "class=\"few\" maxlength=\"20\" autocomplete=\"off\" autocapitalize=\"none\"",
	    shown(rq, "language", t->language));
	html(rs, "</section>\n");
}

static void
grade_part(struct req *rq, struct res *rs, const struct alert *al)
{
	static const struct option severity[] = {
		{ "Extreme", "Extreme", "Danger to life for many." },
		{ "Severe", "Severe", "Danger to life or property." },
		{ "Moderate", "Moderate", "People may get hurt, things may break." },
		{ "Minor", "Minor", "Little danger." },
	};
	static const struct option urgency[] = {
		{ "Immediate", "Now", "People must act at once." },
		{ "Expected", "Within the hour", "It begins soon." },
		{ "Future", "Later", "There is time to prepare." },
		{ "Past", "It is over", "For news of what happened." },
	};
	static const struct option certainty[] = {
		{ "Observed", "It is happening", "Somebody has seen or measured it." },
		{ "Likely", "Likely", "More likely than not." },
		{ "Possible", "Possible", "It may or may not come." },
		{ "Unlikely", "Unlikely", "It will hardly come, but people should know." },
	};

	html(rs, "<section class=\"box\" aria-labelledby=\"how\">\n<h2 id=\"how\">How grave it is</h2>\n");
	choices(rq, rs, "severity", "How bad is it?", severity, LEN(severity),
	    al->severity ? severity_name(al->severity) : NULL);
	choices(rq, rs, "urgency", "How soon must people act?", urgency, LEN(urgency),
	    al->urgency ? urgency_name(al->urgency) : NULL);
	choices(rq, rs, "certainty", "How sure is it?", certainty, LEN(certainty),
	    al->certainty ? certainty_name(al->certainty) : NULL);
	html(rs,
	    "<p class=\"hint\">Extreme or severe, and now: this also reaches people in their quiet hours.</p>\n"
	    "</section>\n");
}

static void
kind_part(struct req *rq, struct res *rs, const struct draft *d)
{
	static const struct option response[] = {
		{ "None", "Nothing in particular", NULL },
		{ "Shelter", "Go indoors or to a shelter", NULL },
		{ "Evacuate", "Leave the area", NULL },
		{ "Prepare", "Prepare", NULL },
		{ "Execute", "Do what is written above", NULL },
		{ "Avoid", "Stay away", NULL },
		{ "Monitor", "Keep informed", NULL },
	};
	static const struct option category[] = {
		{ "Safety", "General safety", NULL },
		{ "Met", "Weather and floods", NULL },
		{ "Geo", "Earthquake, landslide", NULL },
		{ "Fire", "Fire", NULL },
		{ "Rescue", "Rescue", NULL },
		{ "Security", "Police, army, attack", NULL },
		{ "Health", "Health", NULL },
		{ "Env", "Environment, pollution", NULL },
		{ "Transport", "Roads and transport", NULL },
		{ "Infra", "Power, water, phones", NULL },
		{ "CBRNE", "Chemical, nuclear, explosives", NULL },
		{ "Other", "Other", NULL },
	};

	html(rs, "<section class=\"box\" aria-labelledby=\"more\">\n<h2 id=\"more\">For other systems</h2>\n"
		 "<div class=\"pair\">\n");
	if (!d->alert.all_clear)
		select_of(
		    rq, rs, "response", "What should people do?", response, LEN(response), d->alert.response);
	select_of(rq, rs, "category", "What kind is it?", category, LEN(category), d->alert.category);
	html(rs, "</div>\n</section>\n");
}

static void
area_tick(struct req *rq, struct res *rs, struct str name, bool on)
{
	html(rs,
	    "<label class=\"tick\"><input type=\"checkbox\" name=\"locations\" value=\"%.*s\"%s> %.*s</label>\n",
	    FMT(name), on ? " checked" : "", FMT(location_title(rq->db, rq->arena, name)));
}

/* Hundreds of areas are found by typing: the list of names comes with the page. */
static void
area_search(struct req *rq, struct res *rs, const struct str *names, size_t n)
{
	input(rq, rs, "area", "Add an area", "Write the beginning of its name, then press Add.",
	    "list=\"areas\" maxlength=\"100\" autocomplete=\"off\"", shown(rq, "area", S("")));
	html(rs, "<datalist id=\"areas\">\n");
	for (size_t i = 0; i < n; i++)
		html(rs, "<option value=\"%.*s\">%.*s\n", FMT(location_title(rq->db, rq->arena, names[i])),
		    FMT(names[i]));
	html(rs, "</datalist>\n<button class=\"quiet\" name=\"do\" value=\"area\">Add this area</button>\n");
}

static void
where_part(struct req *rq, struct res *rs)
{
	struct str *names;
	size_t n;

	all_areas(rq, &names, &n);
	html(rs, "<section class=\"box\" aria-labelledby=\"where\">\n<h2 id=\"where\">Where</h2>\n");
	fieldset_open(rq, rs, "locations", "Which areas is it for?",
	    "People who asked for alerts of these areas get it. A country counts for all within it.");
	html(rs, "<div class=\"ticks\" id=\"locations\" tabindex=\"-1\">\n");
	for (size_t i = 0; i < n; i++) {
		bool on = ticked(rq, "locations", names[i], false);

		if (on || n <= TICKS_MOST)
			area_tick(rq, rs, names[i], on);
	}
	html(rs, "</div></fieldset>\n");
	if (n > TICKS_MOST)
		area_search(rq, rs, names, n);
	html(rs, "</section>\n");
}

static void
channel_part(struct req *rq, struct res *rs)
{
	static const struct {
		const char *name, *words;
	} all[] = { { "email", "E-mail" }, { "sms", "SMS" }, { "webhook", "Other systems (webhooks)" } };

	html(rs, "<section class=\"box\" aria-labelledby=\"by\">\n<h2 id=\"by\">How it goes out</h2>\n");
	fieldset_open(
	    rq, rs, "channels", "By which channels?", "It always stands on this site and in the feed.");
	html(rs, "<input type=\"hidden\" name=\"channels\" value=\"inapp\">\n"
		 "<div class=\"ticks\" id=\"channels\" tabindex=\"-1\">\n");
	for (size_t i = 0; i < LEN(all); i++)
		html(rs,
		    "<label class=\"tick\"><input type=\"checkbox\" name=\"channels\" value=\"%s\"%s> %s</label>\n",
		    all[i].name, ticked(rq, "channels", str(all[i].name), true) ? " checked" : "",
		    all[i].words);
	html(rs, "</div></fieldset>\n");
	html(rs,
	    "<label class=\"tick\"><input type=\"checkbox\" name=\"exercise\" value=\"1\"%s> "
	    "This is an exercise: every page and message says so</label>\n</section>\n",
	    ticked(rq, "exercise", S("1"), false) ? " checked" : "");
}

/* An update's areas and channels cannot be chosen. */
static void
fixed_part(struct req *rq, struct res *rs, const struct alert *al)
{
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"where\">\n<h2 id=\"where\">Who gets it</h2>\n"
	    "<dl class=\"facts\">\n<dt>Areas</dt><dd>%.*s</dd>\n<dt>Channels</dt><dd>this site",
	    FMT(notice_areas(rq->db, rq->arena, al)));
	for (int c = CHANNEL_EMAIL; c < CHANNEL__MAX; c++)
		if (al->channels & 1u << c)
			html(rs, ", %s", channel_name((enum outbox_channel)c));
	html(rs,
	    "</dd>\n</dl>\n<p class=\"hint\">The same as before: those who got the first get this one.</p>\n</section>\n");
}

static void
when_part(struct req *rq, struct res *rs, const struct draft *d)
{
	struct str until = d->expiry_assumed ? S("") : local_time(rq, d->alert.expires_at);
	char zone[48];

	clock_local(rq->now, rq->now, zone);
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"when\">\n<h2 id=\"when\">How long it holds</h2>\n"
	    "<p class=\"hint\">Times are those of this site: it is %s now.</p>\n<div class=\"pair\">\n",
	    zone);
	input(rq, rs, "hours", "For how many hours?", "Empty: 24 hours. At most 168, which is 7 days.",
	    "class=\"few\" type=\"number\" inputmode=\"numeric\" min=\"1\" max=\"168\"",
	    shown(rq, "hours", d->expiry_assumed ? S("24") : S("")));
	input(rq, rs, "until", "Or until when?", "This counts where both are filled in.",
	    "type=\"datetime-local\"", shown(rq, "until", until));
	html(rs, "</div>\n");
	if (d->kind == DRAFT_NEW || d->waits)
		input(rq, rs, "from", "Publish it later?", "Empty: at once. Nobody sees it before.",
		    "type=\"datetime-local\"",
		    shown(rq, "from", d->alert.not_before ? local_time(rq, d->alert.not_before) : S("")));
	html(rs, "</section>\n");
}

/* ---- further languages -------------------------------------------------------------------- */

static struct str
nth(struct req *rq, const struct alert *al, const char *name, int i, struct str usual)
{
	return shown(rq, arena_printf(rq->arena, "%s_%d", name, i), i <= (int)al->ntexts ? usual : S(""));
}

/* How many blocks are shown: those with something in them, and one more if asked. */
static int
language_blocks(struct req *rq, const struct alert *al)
{
	int last = (int)al->ntexts;

	if (rq->form.n == 0)
		return last;
	last = 1;
	for (int i = 2; i <= ALERT_LANGUAGES_MAX; i++)
		if (form_value(rq, arena_printf(rq->arena, "language_%d", i)).n ||
		    form_value(rq, arena_printf(rq->arena, "title_%d", i)).n ||
		    form_value(rq, arena_printf(rq->arena, "message_%d", i)).n)
			last = i;
	if (str_is(form_value(rq, "do"), "language") && last < ALERT_LANGUAGES_MAX)
		last++;
	return last;
}

static void
languages_part(struct req *rq, struct res *rs, const struct draft *d)
{
	const struct alert *al = &d->alert;
	const struct alert_text none = { 0 };
	int blocks = language_blocks(rq, al);

	html(rs, "<section class=\"box\" aria-labelledby=\"languages\">\n"
		 "<h2 id=\"languages\">In other languages</h2>\n");
	for (int i = 2; i <= blocks; i++) {
		const struct alert_text *t = i <= (int)al->ntexts ? &al->texts[i - 1] : &none;

		html(rs, "<fieldset class=\"side\"><legend>Language %d</legend>\n", i);
		input(rq, rs, arena_printf(rq->arena, "language_%d", i), "Its code", NULL,
		    "class=\"few\" maxlength=\"20\" autocomplete=\"off\" autocapitalize=\"none\"",
		    nth(rq, al, "language", i, t->language));
		input(rq, rs, arena_printf(rq->arena, "title_%d", i), "Title", NULL,
		    "maxlength=\"140\" autocomplete=\"off\"", nth(rq, al, "title", i, t->title));
		area(rq, rs, arena_printf(rq->arena, "message_%d", i), "Message", NULL, 4,
		    nth(rq, al, "message", i, t->message));
		area(rq, rs, arena_printf(rq->arena, "instruction_%d", i), "What to do", NULL, 3,
		    nth(rq, al, "instruction", i, t->instruction));
		html(rs, "</fieldset>\n");
	}
	html(rs,
	    blocks < ALERT_LANGUAGES_MAX
		? "<button class=\"quiet\" name=\"do\" value=\"language\">Add a language</button>\n</section>\n"
		: "</section>\n");
}

/* ---- the form --------------------------------------------------------------------------------- */

/* Hidden: session, and the token that makes one alert of however many presses.
 * The token goes along from step to step. */
static void
tokens(struct req *rq, struct res *rs)
{
	struct str token = form_value(rq, "token");
	bool good = token.n == 32;
	char fresh[65];

	for (size_t i = 0; good && i < token.n; i++)
		good = strchr("0123456789abcdef", token.p[i]) != NULL;
	random_token(fresh);
	html(rs,
	    "<input type=\"hidden\" name=\"csrf\" value=\"%.*s\">\n"
	    "<input type=\"hidden\" name=\"token\" value=\"%.32s\">\n",
	    FMT(rq->who.csrf), good ? token.p : fresh);
}

static void
kind_fields(struct res *rs, const struct draft *d)
{
	if (d->kind != DRAFT_NEW)
		html(rs,
		    "<input type=\"hidden\" name=\"references\" value=\"%lld\">\n"
		    "<input type=\"hidden\" name=\"kind\" value=\"%s\">\n",
		    (long long)d->alert.replaces, kinds[d->kind].name);
}

void
composer_form(struct req *rq, struct res *rs, int status, const struct draft *d)
{
	bool end = d->kind == DRAFT_CANCEL || d->kind == DRAFT_ALL_CLEAR;

	html_page(rq, rs, status, kinds[d->kind].heading, NULL);
	html_faults(rq, rs);
	html(rs, "<h1>%s</h1>\n", kinds[d->kind].heading);
	if (d->kind != DRAFT_NEW)
		html(rs, "<p class=\"lead\">%s</p>\n",
		    !d->waits                 ? kinds[d->kind].again
		    : d->kind == DRAFT_CANCEL ? "Nobody has seen it yet, and nobody will."
					      : "Nobody has seen it yet. This is published in its place.");
	html(rs, "<form class=\"composer\" method=\"post\" action=\"/alerts/new\" novalidate>\n");
	tokens(rq, rs);
	kind_fields(rs, d);
	/* Enter in a field presses the first button of a form. */
	html(rs,
	    "<button class=\"hide\" name=\"do\" value=\"preview\" tabindex=\"-1\" aria-hidden=\"true\">Preview"
	    "</button>\n");
	html(rs, "<div class=\"two\">\n<div class=\"side\">\n");
	what_part(rq, rs, d);
	languages_part(rq, rs, d);
	html(rs, "</div>\n<div class=\"side\">\n");
	if (!end)
		grade_part(rq, rs, &d->alert);
	if (d->kind == DRAFT_NEW)
		where_part(rq, rs);
	else
		fixed_part(rq, rs, &d->alert);
	if (d->kind == DRAFT_NEW)
		channel_part(rq, rs);
	if (d->kind != DRAFT_CANCEL)
		when_part(rq, rs, d);
	if (!end)
		kind_part(rq, rs, d);
	html(rs, "</div>\n</div>\n");
	html(rs, "<p class=\"hint\">Nothing is sent yet: you see everything before it goes.</p>\n"
		 "<button name=\"do\" value=\"preview\">Preview</button>\n</form>\n");
	html_end(rq, rs);
}

/* ---- the preview --------------------------------------------------------------------------------- */

/* How many it is foreseen for. */
static int64_t
composer_recipients(struct req *rq, const struct alert *al)
{
	int64_t all = 0, n;

	for (size_t i = 0; i < al->nlocations; i++)
		if (subscription_count(rq->db, rq->arena, al->locations[i], &n) == OK)
			all += n;
	return al->channels ? all : 0;
}

static bool
must_confirm(const struct alert *al, int64_t recipients)
{
	return alert_is_critical(al) && al->type == MSG_ALERT && recipients > CONFIRM_ABOVE;
}

bool
composer_confirmed(struct req *rq, const struct alert *al)
{
	int64_t recipients = composer_recipients(rq, al);
	struct str typed = str_trim(form_value(rq, "confirm")), folded;

	if (!must_confirm(al, recipients) ||
	    str_eq(typed, arena_strf(rq->arena, "%lld", (long long)recipients)))
		return true;
	folded = utf8_fold(rq->arena, typed);
	for (size_t i = 0; folded.n && i < al->nlocations; i++)
		if (str_eq(folded, utf8_fold(rq->arena, location_title(rq->db, rq->arena, al->locations[i]))))
			return true;
	return fault(rq, "confirm", typed.n ? "wrong" : "missing",
	    "Type the name of an area it goes to, or the number of recipients: %lld.", (long long)recipients);
}

/* Everything that was typed goes along, but for what belongs to a page. */
static void
carried(struct req *rq, struct res *rs)
{
	static const char *const own[] = { "csrf", "token", "do", "area", "confirm", "_method" };

	for (size_t i = 0; i < rq->form.n; i++) {
		const struct param *p = &rq->form.v[i];
		bool skip = false;

		for (size_t k = 0; k < LEN(own); k++)
			skip |= str_is(p->name, own[k]);
		if (!skip)
			html(rs, "<input type=\"hidden\" name=\"%.*s\" value=\"%.*s\">\n", FMT(p->name),
			    FMT(p->value));
	}
}

static void
changed(struct res *rs, const char *what, struct str before, struct str now)
{
	if (str_eq(before, now))
		return;
	html(rs, "<dt>%s</dt><dd><del>%.*s</del> <ins>%.*s</ins></dd>\n", what, FMT(before), FMT(now));
}

/* What an update changes of what people have read. */
static void
changes(struct res *rs, const struct alert *old, const struct alert *al)
{
	html(rs, "<section class=\"box\" aria-labelledby=\"changes\">\n<h2 id=\"changes\">What changes</h2>\n"
		 "<dl class=\"facts changes\">\n");
	changed(rs, "Title", old->texts[0].title, al->texts[0].title);
	changed(rs, "Message", old->texts[0].message, al->texts[0].message);
	changed(rs, "What to do", old->texts[0].instruction, al->texts[0].instruction);
	changed(rs, "What", old->event, al->event);
	changed(rs, "How bad", str(severity_name(old->severity)), str(severity_name(al->severity)));
	changed(rs, "How soon", str(urgency_words(old->urgency)), str(urgency_words(al->urgency)));
	changed(rs, "How sure", str(certainty_words(old->certainty)), str(certainty_words(al->certainty)));
	html(rs, "</dl>\n</section>\n");
}

static void
summary(struct req *rq, struct res *rs, const struct draft *d, int64_t recipients)
{
	const struct alert *al = &d->alert;

	html(rs,
	    "<section class=\"box\" aria-labelledby=\"sum\">\n<h2 id=\"sum\">Who gets it, and until when</h2>\n"
	    "<dl class=\"facts\">\n<dt>Areas</dt><dd>%.*s</dd>\n<dt>Recipients</dt><dd>",
	    FMT(notice_areas(rq->db, rq->arena, al)));
	if (al->channels == 0)
		html(rs, "on the site only");
	else
		html(rs, "up to %lld by e-mail, SMS and webhook, and everybody on this site",
		    (long long)recipients);
	html(rs, "</dd>\n<dt>Begins</dt><dd>");
	if (al->not_before)
		view_time(rq, rs, al->not_before);
	else
		html(rs, "at once");
	html(rs, "</dd>\n");
	if (al->type != MSG_CANCEL) {
		html(rs, "<dt>Holds until</dt><dd>");
		view_time(rq, rs, al->expires_at);
		html(rs, "%s</dd>\n", d->expiry_assumed ? " (24 hours, for you gave no end)" : "");
	}
	html(rs, "</dl>\n");
	if (alert_is_critical(al) && al->channels)
		html(rs,
		    "<p class=\"late\">This is critical: it also reaches people in their quiet hours.</p>\n");
	html(rs, "</section>\n");
}

static void
as_on_the_site(struct req *rq, struct res *rs, const struct alert *al)
{
	html(rs, "<section class=\"box\" aria-labelledby=\"site\">\n<h2 id=\"site\">On the site</h2>\n");
	for (size_t i = 0; i < al->ntexts; i++) {
		const struct alert_text *t = &al->texts[i];

		html(rs, "<div class=\"sheet\" lang=\"%.*s\">\n", FMT(t->language));
		notice_grade(rq, rs, al);
		html(rs, "<h3>%.*s</h3>\n", FMT(t->title));
		notice_text(rs, t->message);
		notice_text(rs, t->instruction);
		html(rs, "</div>\n");
	}
	html(rs, "</section>\n");
}

/* ---- what leaves by each channel ---- */

/* A member of a payload, as the channel will read it. */
static struct str
member(struct req *rq, struct str payload, const char *name)
{
	struct json_object *whole = json_tokener_parse(payload.p), *v = NULL;
	struct str text = S("");

	if (whole != NULL && json_object_object_get_ex(whole, name, &v) && v != NULL)
		text = arena_dup(rq->arena,
		    (struct str){ json_object_get_string(v), (size_t)json_object_get_string_len(v) });
	json_object_put(whole);
	return text;
}

/* Paragraphs are made of texts elsewhere; a message is shown as it is. */
static void
sheet(struct res *rs, struct str language, struct str heading, struct str text)
{
	html(rs, "<div class=\"sheet\" lang=\"%.*s\">\n", FMT(language));
	if (heading.n)
		html(rs, "<p><b>%.*s</b></p>\n", FMT(heading));
	html(rs, "<p class=\"text\">%.*s</p>\n</div>\n", FMT(text));
}

static void
as_email(struct req *rq, struct res *rs, const struct alert *al)
{
	html(rs, "<details class=\"box\" open>\n<summary>By e-mail</summary>\n");
	for (size_t i = 0; i < al->ntexts; i++) {
		struct str payload = render_payload(rq->db, rq->arena, al, &al->texts[i], CHANNEL_EMAIL);

		sheet(rs, al->texts[i].language, member(rq, payload, "subject"), member(rq, payload, "text"));
	}
	html(rs, "<p class=\"hint\">{unsubscribe} is each reader's own link.</p>\n</details>\n");
}

static void
sms_words(struct res *rs, struct sms_size size)
{
	html(rs, "<p class=\"hint\">%lld %s, sent as %lld %s (%s).", (long long)size.length,
	    size.encoding == SMS_GSM7 ? "characters" : "characters of 2 bytes", (long long)size.segments,
	    size.segments == 1 ? "SMS" : "joined SMS", size.encoding == SMS_GSM7 ? "GSM-7" : "UCS-2");
	if (size.encoding == SMS_UCS2)
		html(rs, " Letters outside the phone alphabet make it longer.");
	html(rs, "</p>\n");
}

static void
as_sms(struct req *rq, struct res *rs, const struct alert *al)
{
	bool plain = setting_number(rq->db, rq->arena, "sms.unaccented") == 1;

	html(rs, "<details class=\"box\" open>\n<summary>By SMS</summary>\n");
	for (size_t i = 0; i < al->ntexts; i++) {
		struct str payload = render_payload(rq->db, rq->arena, al, &al->texts[i], CHANNEL_SMS);
		struct str text = member(rq, payload, "text");

		if (plain)
			text = sms_unaccented(rq->arena, text);
		sheet(rs, al->texts[i].language, S(""), text);
		sms_words(rs, sms_measure(text));
	}
	html(rs, "</details>\n");
}

/* With the number that it will have, unless somebody is faster: links count in
 * an SMS. */
static void
by_channel(struct req *rq, struct res *rs, const struct alert *draft)
{
	struct alert numbered = *draft, *al = &numbered;
	struct str last;

	if (string_get(rq->db, rq->arena, S("alert:id"), &last) != OK ||
	    !str_int(last, 0, INT64_MAX / 2, &al->id))
		al->id = 0;
	al->id++;
	if (al->channels & 1u << CHANNEL_SMS)
		as_sms(rq, rs, al);
	if (al->channels & 1u << CHANNEL_EMAIL)
		as_email(rq, rs, al);
	if (al->channels & 1u << CHANNEL_WEBHOOK)
		html(rs,
		    "<p class=\"box\">Other systems get the whole alert as signed JSON: all languages, areas and "
		    "grades.</p>\n");
}

static void
publish_form(struct req *rq, struct res *rs, const struct draft *d, int64_t recipients)
{
	const struct alert *al = &d->alert;

	html(rs, "<form class=\"box\" method=\"post\" action=\"/alerts");
	if (d->kind != DRAFT_NEW)
		html(rs, "/%lld/%s", (long long)al->replaces, kinds[d->kind].name);
	html(rs, "\" novalidate>\n<h2>%s</h2>\n", al->exercise ? "Publish the exercise" : "Publish");
	tokens(rq, rs);
	carried(rq, rs);
	if (must_confirm(al, recipients))
		input(rq, rs, "confirm", "Are you sure?",
		    arena_printf(rq->arena,
			"It goes to about %lld recipients. Type the name of an area it goes to, or this number.",
			(long long)recipients),
		    "maxlength=\"100\" autocomplete=\"off\"", S(""));
	html(rs,
	    "<div class=\"row\">\n<button>Publish</button>\n"
	    "<button class=\"quiet\" formaction=\"/alerts/new\" name=\"do\" value=\"edit\">Back to editing</button>\n"
	    "</div>\n</form>\n");
}

void
composer_preview(struct req *rq, struct res *rs, int status, const struct draft *d, const struct alert *old)
{
	int64_t recipients = composer_recipients(rq, &d->alert);

	html_page(rq, rs, status, "Check before you publish", NULL);
	html_faults(rq, rs);
	html(rs, "<h1>Check before you publish</h1>\n<p class=\"lead\">%s. Nothing has been sent yet.</p>\n",
	    kinds[d->kind].heading);
	summary(rq, rs, d, recipients);
	if (d->kind == DRAFT_UPDATE && old != NULL)
		changes(rs, old, &d->alert);
	html(rs, "<div class=\"two\">\n");
	as_on_the_site(rq, rs, &d->alert);
	html(rs, "<div class=\"side\">\n");
	by_channel(rq, rs, &d->alert);
	html(rs, "</div>\n</div>\n");
	publish_form(rq, rs, d, recipients);
	html_end(rq, rs);
}

/* draft.c - an alert while it is being written. */
#include "draft.h"

#include <json-c/json.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "clock.h"
#include "phrase.h"
#include "place.h"
#include "set.h"
#include "setting.h"
#include "utf8.h"

enum { LANGUAGE_MAX = 20 };

#define DAY_MS (24 * (int64_t)HOUR_MS)

/* ---- what stands there at first ------------------------------------------------ */

/* An end of the danger needs no writing.  The title stays: what came to an end
 * is put before it wherever it is shown. */
static void
end_texts(struct draft *d)
{
	enum phrase why = d->kind == DRAFT_CANCEL ? PHRASE_CANCELLED_NOTE : PHRASE_ALL_CLEAR_NOTE;

	for (size_t i = 0; i < d->alert.ntexts; i++) {
		d->alert.texts[i].message = str(phrase(d->alert.texts[i].language, why));
		d->alert.texts[i].instruction = S("");
	}
}

static void
start_over(struct req *rq, const struct alert *old, struct draft *d)
{
	struct alert *a = &d->alert;

	*a = *old;
	a->id = a->first = a->sequence = a->sent_at = a->replaced_by = a->recipients = 0;
	a->identifier = a->references = S("");
	a->replaces = old->id;
	d->waits = old->public_at == 0;
	a->not_before =
	    d->waits && d->kind == DRAFT_UPDATE && old->not_before > rq->now ? old->not_before : 0;
	a->type = d->kind == DRAFT_CANCEL ? MSG_CANCEL : MSG_UPDATE;
	a->all_clear = d->kind == DRAFT_ALL_CLEAR;
	a->texts = arena_array(rq->arena, struct alert_text, ALERT_LANGUAGES_MAX);
	memcpy(a->texts, old->texts, old->ntexts * sizeof(*a->texts));
	if (d->kind != DRAFT_UPDATE)
		end_texts(d);
	if (!a->all_clear)
		return;
	a->response = S("AllClear");
	a->urgency = URGENCY_PAST;
	a->certainty = CERTAINTY_OBSERVED;
}

void
draft_start(struct req *rq, enum draft_kind kind, const struct alert *old, struct draft *d)
{
	*d = (struct draft){ .kind = kind, .expiry_assumed = true };
	if (old != NULL) {
		start_over(rq, old, d);
	} else {
		d->alert.texts = arena_array(rq->arena, struct alert_text, ALERT_LANGUAGES_MAX);
		d->alert.texts[0].language = setting_text(rq->db, rq->arena, "site.language");
		d->alert.ntexts = 1;
		d->alert.category = S("Safety");
		d->alert.response = S("None");
	}
	d->alert.by = rq->who.name;
	d->alert.expires_at = rq->now + DRAFT_HOURS * (int64_t)HOUR_MS;
	if (kind == DRAFT_UPDATE && old->expires_at > rq->now) {
		d->alert.expires_at = old->expires_at;
		d->expiry_assumed = false;
	}
}

/* ---- words --------------------------------------------------------------------- */

/* Whether the request says anything of it: a form's emptied field does. */
static bool
mentions(struct req *rq, const char *name)
{
	struct str value;
	size_t at = 0;

	return rq->json != NULL ? has_field(rq, name) : param_next(&rq->form, name, &at, &value);
}

static bool
read_line(struct req *rq, const char *name, size_t max, const char *missing, struct str *out)
{
	if (mentions(rq, name) && !opt_text(rq, name, max, out))
		return false;
	if (out->n == 0)
		return fault(rq, name, "missing", "%s", missing);
	if (memchr(out->p, '\n', out->n) != NULL || memchr(out->p, '\r', out->n) != NULL)
		return fault(rq, name, "format", "Write this in one line.");
	return true;
}

static bool
read_lines(struct req *rq, const char *name, const char *missing, struct str *out)
{
	if (mentions(rq, name) && !opt_text(rq, name, ALERT_MESSAGE_MAX, out))
		return false;
	*out = utf8_lines(rq->arena, *out);
	return out->n > 0 || missing == NULL || fault(rq, name, "missing", "%s", missing);
}

static bool
severity_of(struct str s, int *v)
{
	enum severity x;

	return severity_named(s, &x) && (*v = (int)x, true);
}

static bool
urgency_of(struct str s, int *v)
{
	enum urgency x;

	return urgency_named(s, &x) && (*v = (int)x, true);
}

static bool
certainty_of(struct str s, int *v)
{
	enum certainty x;

	return certainty_named(s, &x) && (*v = (int)x, true);
}

/* One of CAP's three scales; Unknown is not taken: who warns must judge. */
static bool
read_scale(struct req *rq, const char *name, bool (*named)(struct str, int *), const char *ask, int *out)
{
	struct str word = S("");

	if (mentions(rq, name) && !opt_text(rq, name, 20, &word))
		return false;
	if (word.n == 0)
		return *out != 0 || fault(rq, name, "missing", "%s", ask);
	return named(word, out) || fault(rq, name, "choice", "%s", ask);
}

/* A word of a table, written as CAP does. */
static bool
read_word(struct req *rq, const char *name, const char *const *words, struct str *out)
{
	struct str word = S("");
	char *list = arena_printf(rq->arena, "%s", "");

	if (!mentions(rq, name))
		return true;
	if (!opt_text(rq, name, 20, &word))
		return false;
	if (word.n == 0)
		return true;
	for (; *words != NULL; words++) {
		if (strlen(*words) == word.n && strncasecmp(*words, word.p, word.n) == 0) {
			*out = str(*words);
			return true;
		}
		list = arena_printf(rq->arena, "%s%s%s", list, *list ? ", " : "", *words);
	}
	return fault(rq, name, "choice", "Use one of: %s.", list);
}

static bool
read_scales(struct req *rq, struct alert *a)
{
	int severity = (int)a->severity, urgency = (int)a->urgency, certainty = (int)a->certainty;
	bool good = read_scale(
	    rq, "severity", severity_of, "Say how bad it is: Extreme, Severe, Moderate or Minor.", &severity);

	good &= read_scale(rq, "urgency", urgency_of,
	    "Say how soon people must act: Immediate, Expected, Future or Past.", &urgency);
	good &= read_scale(rq, "certainty", certainty_of,
	    "Say how sure it is: Observed, Likely, Possible or Unlikely.", &certainty);
	a->severity = (enum severity)severity;
	a->urgency = (enum urgency)urgency;
	a->certainty = (enum certainty)certainty;
	return good;
}

static bool
read_kind_words(struct req *rq, struct draft *d)
{
	struct alert *a = &d->alert;
	struct str response = a->response;
	bool good = read_word(rq, "category", alert_categories, &a->category);

	good &= read_word(rq, "response", alert_responses, &response);
	if (!str_is(response, "AllClear")) {
		a->response = a->all_clear ? a->response : response;
	} else if (a->replaces == 0) {
		good = fault(rq, "response", "choice",
		    "An all-clear ends an alert: give it as `references`, or press All clear on its page.");
	} else if (d->kind == DRAFT_UPDATE) {
		a->response = response;
		a->all_clear = true;
	}
	return good;
}

/* ---- languages ------------------------------------------------------------------ */

/* BCP 47 as far as it matters: "ro", "pt-BR", "sr-Latn". */
static bool
language_valid(struct str s)
{
	bool first = true;

	if (s.n == 0 || s.n > LANGUAGE_MAX || s.p[s.n - 1] == '-')
		return false;
	while (s.n) {
		struct str part = str_cut(&s, '-');

		if (part.n < 2 || part.n > (first ? 3u : 8u))
			return false;
		for (size_t i = 0; i < part.n; i++) {
			char c = part.p[i];
			bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

			if (!letter && (first || c < '0' || c > '9'))
				return false;
		}
		first = false;
	}
	return true;
}

static bool
has_language(const struct alert *a, struct str language)
{
	for (size_t i = 0; i < a->ntexts; i++)
		if (a->texts[i].language.n == language.n &&
		    strncasecmp(a->texts[i].language.p, language.p, language.n) == 0)
			return true;
	return false;
}

static bool
add_text(struct req *rq, const char *field, struct alert *a, const struct alert_text *text)
{
	if (!language_valid(text->language))
		return fault(rq, field, "format", "Give a language as its code: en, ro, hu, uk.");
	if (has_language(a, text->language))
		return fault(rq, field, "used", "This language is there already.");
	if (a->ntexts == ALERT_LANGUAGES_MAX)
		return fault(rq, field, "length", "Use at most %d languages.", ALERT_LANGUAGES_MAX);
	a->texts[a->ntexts++] = *text;
	return true;
}

static bool
read_main(struct req *rq, struct alert *a)
{
	struct alert_text *t = &a->texts[0];
	bool good = read_line(rq, "title", ALERT_TITLE_MAX, "Give it a title of one line.", &t->title);

	good &= read_lines(rq, "message", "Say what happens and what it means for people.", &t->message);
	good &= read_lines(rq, "instruction", NULL, &t->instruction);
	if (mentions(rq, "language"))
		good &= opt_text(rq, "language", LANGUAGE_MAX, &t->language);
	if (!language_valid(t->language))
		good = fault(rq, "language", "format", "Give a language as its code: en, ro, hu, uk.");
	return good;
}

/* Faults beyond `from` are those of a member within a member. */
static void
put_before(struct req *rq, struct fault *from, const char *prefix)
{
	for (struct fault *f = from; f != NULL; f = f->next)
		f->field = arena_printf(rq->arena, "%s%s", prefix, f->field);
}

static bool
same_text(const struct alert_text *a, const struct alert_text *b)
{
	return str_eq(a->language, b->language) && str_eq(a->title, b->title) &&
	       str_eq(a->message, b->message) && str_eq(a->instruction, b->instruction);
}

/* {"title", "message", "instruction"} of one language. */
static bool
read_member(struct req *rq, struct alert *a, const char *language, struct json_object *v)
{
	const char *field = arena_printf(rq->arena, "languages.%s", language);
	struct alert_text text = { .language = arena_dup(rq->arena, str(language)) };
	struct json_object *whole = rq->json;
	struct fault **at = rq->faults_end ? rq->faults_end : &rq->faults;
	bool good;

	if (!json_object_is_type(v, json_type_object))
		return fault(rq, field, "type", "Give {\"title\", \"message\", \"instruction\"}.");
	rq->json = v;
	good = read_line(rq, "title", ALERT_TITLE_MAX, "Give it a title of one line.", &text.title);
	good &= read_lines(rq, "message", "Say what happens and what it means for people.", &text.message);
	good &= read_lines(rq, "instruction", NULL, &text.instruction);
	rq->json = whole;
	put_before(rq, *at, arena_printf(rq->arena, "%s.", field));
	if (good && same_text(&a->texts[0], &text))
		return true; /* an answer of ours has the main one here too */
	return add_text(rq, field, a, &text) && good;
}

static bool
read_json_languages(struct req *rq, struct alert *a)
{
	struct json_object *all = NULL;
	bool good = true;

	if (!json_object_object_get_ex(rq->json, "languages", &all) || all == NULL)
		return true;
	if (!json_object_is_type(all, json_type_object))
		return fault(
		    rq, "languages", "type", "Give {\"ro\": {\"title\", \"message\", \"instruction\"}}.");
	for (struct json_object_iterator i = json_object_iter_begin(all), end = json_object_iter_end(all);
	     !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		good &= read_member(rq, a, json_object_iter_peek_name(&i), json_object_iter_peek_value(&i));
	return good;
}

/* language_2, title_2 …: a block that is left empty is none. */
static bool
read_form_languages(struct req *rq, struct alert *a)
{
	bool good = true;

	for (int i = 2; i <= ALERT_LANGUAGES_MAX; i++) {
		const char *language = arena_printf(rq->arena, "language_%d", i);
		const char *title = arena_printf(rq->arena, "title_%d", i);
		const char *message = arena_printf(rq->arena, "message_%d", i);
		const char *instruction = arena_printf(rq->arena, "instruction_%d", i);
		struct alert_text text = { 0 };

		if (!has_field(rq, title) && !has_field(rq, message) && !has_field(rq, instruction))
			continue;
		good &= opt_text(rq, language, LANGUAGE_MAX, &text.language);
		good &= read_line(
		    rq, title, ALERT_TITLE_MAX, "Give it a title in this language too.", &text.title);
		good &= read_lines(rq, message, "Write the message in this language too.", &text.message);
		good &= read_lines(rq, instruction, NULL, &text.instruction);
		good &= add_text(rq, language, a, &text);
	}
	return good;
}

/* A translation of other words is worse than none: with a new text those that
 * are not given again are gone. */
static bool
read_texts(struct req *rq, struct alert *a)
{
	bool anew = mentions(rq, "title") || mentions(rq, "message") || mentions(rq, "instruction") ||
		    mentions(rq, "languages");
	bool good = read_main(rq, a);

	if (anew)
		a->ntexts = 1;
	return (rq->json != NULL ? read_json_languages(rq, a) : read_form_languages(rq, a)) && good;
}

/* ---- whom it is for -------------------------------------------------------------- */

static bool
opt_locations(struct req *rq, const char *field, struct str **out, size_t *n)
{
	struct json_object *audience = NULL, *whole = rq->json;
	struct fault **at = rq->faults_end ? rq->faults_end : &rq->faults;
	bool good;

	*n = 0;
	if (whole == NULL)
		return opt_list(rq, "locations", ALERT_LOCATIONS_MAX, 40, out, n);
	json_object_object_get_ex(whole, "audience", &audience);
	if (audience == NULL)
		return true;
	if (!json_object_is_type(audience, json_type_object))
		return fault(rq, field, "type", "Give {\"locations\": [\"city-CJ\"]}.");
	rq->json = audience;
	good = opt_list(rq, "locations", ALERT_LOCATIONS_MAX, 40, out, n);
	rq->json = whole;
	put_before(rq, *at, "audience.");
	return good;
}

/* Those who got the first get what follows: no more, no less. */
static bool
same_audience(struct req *rq, const char *field, const struct alert *a, const struct str *given, size_t n)
{
	bool same = true;

	for (size_t i = 0; i < n; i++)
		same &= str_among(given[i], a->locations, a->nlocations);
	for (size_t i = 0; n && i < a->nlocations; i++)
		same &= str_among(a->locations[i], given, n);
	return same || fault(rq, field, "read-only", "This goes to those who got the first: the areas stay.");
}

static bool
read_audience(struct req *rq, struct alert *a)
{
	const char *field = rq->json ? "audience.locations" : "locations";
	struct str *given = NULL;
	size_t n = 0, kept = 0;
	bool good = opt_locations(rq, field, &given, &n);

	if (!good || a->replaces)
		return good && same_audience(rq, field, a, given, n);
	for (size_t i = 0; i < n; i++) {
		if (!location_valid(given[i]) || !set_has(rq->db, S("locations"), given[i]))
			good = fault(rq, field, "unknown", "There is no area %.*s.", FMT(given[i]));
		else if (!str_among(given[i], given, kept))
			given[kept++] = given[i];
	}
	if (n == 0)
		good = fault(rq, field, "missing", "Choose at least one area.");
	a->locations = given;
	a->nlocations = kept;
	return good;
}

static bool
read_channels(struct req *rq, struct alert *a)
{
	struct str *given;
	size_t n;
	channel_mask mask = 0;
	bool good = opt_list(rq, "channels", 8, 20, &given, &n);

	for (size_t i = 0; i < n && good; i++) {
		enum outbox_channel c;

		if (channel_named(given[i], &c))
			mask |= 1u << c;
		else if (!str_is(given[i], "inapp"))
			good = fault(rq, "channels", "choice",
			    "Use inapp, email, sms and webhook; inapp is always on.");
	}
	if (!good)
		return false;
	if (a->replaces)
		return n == 0 || mask == a->channels ||
		       fault(rq, "channels", "read-only",
			   "This goes the way that the first went: the channels stay.");
	a->channels = mask;
	return n > 0 ||
	       fault(rq, "channels", "missing", "Say by which channels: inapp, email, sms, webhook.");
}

/* ---- when ------------------------------------------------------------------------ */

bool
local_time_read(struct str s, int64_t *at)
{
	struct tm tm = { .tm_isdst = -1 };
	int64_t year, month, day, hour, minute;
	time_t t;

	if (s.n < 16 || s.p[4] != '-' || s.p[7] != '-' || (s.p[10] != 'T' && s.p[10] != ' ') ||
	    s.p[13] != ':')
		return false;
#define PART(from, length, min, max, out) \
	str_int((struct str){ s.p + (from) + (s.p[from] == '0' && (length) > 1), \
		    (size_t)(length) - (s.p[from] == '0' && (length) > 1) }, \
	    min, max, out)
	if (!PART(0, 4, 1970, 9999, &year) || !PART(5, 2, 1, 12, &month) || !PART(8, 2, 1, 31, &day) ||
	    !PART(11, 2, 0, 23, &hour) || !PART(14, 2, 0, 59, &minute))
		return false;
#undef PART
	tm.tm_year = (int)year - 1900;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)day;
	tm.tm_hour = (int)hour;
	tm.tm_min = (int)minute;
	t = mktime(&tm);
	if (t == -1 || tm.tm_mday != day)
		return false; /* 31 February */
	*at = (int64_t)t * 1000;
	return true;
}

/* A form's local time, or a program's milliseconds. */
static bool
read_time(struct req *rq, const char *json, const char *local, int64_t *out)
{
	struct str typed = S("");

	if (rq->json != NULL)
		return opt_int(rq, json, 0, INT64_MAX / 4, out);
	if (!opt_text(rq, local, 40, &typed))
		return false;
	return typed.n == 0 || local_time_read(typed, out) ||
	       fault(rq, local, "format", "Write date and time like 2026-11-28 18:00.");
}

static const char *
end_field(struct req *rq)
{
	return rq->json ? "expires_at" : has_field(rq, "until") ? "until" : "hours";
}

static bool
check_times(struct req *rq, struct alert *a)
{
	const char *field = end_field(rq);

	if (a->not_before && a->not_before >= a->expires_at)
		return fault(rq, rq->json ? "not_before" : "from", "range", "It must begin before it ends.");
	if (a->expires_at <= rq->now)
		return fault(rq, field, "range", "It must end in the future.");
	if (a->expires_at > rq->now + DRAFT_DAYS_MAX * DAY_MS)
		return fault(rq, field, "range",
		    "It may hold for %d days at most. Publish an update before it ends.", DRAFT_DAYS_MAX);
	return true;
}

static bool
read_times(struct req *rq, struct draft *d)
{
	struct alert *a = &d->alert;
	int64_t hours = 0, end = 0;
	bool good;

	if (rq->json == NULL && mentions(rq, "from"))
		a->not_before = 0; /* emptied */
	good = read_time(rq, "not_before", "from", &a->not_before);
	if (a->not_before > rq->now && a->replaces && !d->waits)
		good = fault(rq, rq->json ? "not_before" : "from", "read-only",
		    "What follows an alert is published at once.");
	if (a->not_before <= rq->now)
		a->not_before = 0;
	good &= read_time(rq, "expires_at", "until", &end);
	if (rq->json == NULL)
		good &= opt_int(rq, "hours", 1, DRAFT_DAYS_MAX * 24, &hours);
	if (!good)
		return false;
	if (end == 0 && hours)
		end = (a->not_before ? a->not_before : rq->now) + hours * HOUR_MS;
	if (end == 0 && rq->json == NULL && mentions(rq, "hours"))
		d->expiry_assumed = true; /* both were emptied */
	if (end == 0 && d->expiry_assumed)
		end = (a->not_before ? a->not_before : rq->now) + DRAFT_HOURS * (int64_t)HOUR_MS;
	else if (end)
		d->expiry_assumed = false;
	if (end)
		a->expires_at = end;
	return check_times(rq, a);
}

static bool
read_exercise(struct req *rq, struct alert *a)
{
	struct json_object *v = NULL;
	bool given;

	if (rq->json == NULL) {
		a->exercise = a->replaces ? a->exercise : has_field(rq, "exercise");
		return true;
	}
	if (!json_object_object_get_ex(rq->json, "exercise", &v) || v == NULL)
		return true;
	if (!json_object_is_type(v, json_type_boolean))
		return fault(rq, "exercise", "type", "Give true or false.");
	given = json_object_get_boolean(v);
	if (a->replaces && given != a->exercise)
		return fault(
		    rq, "exercise", "read-only", "An exercise stays one, and so does the real thing.");
	a->exercise = given;
	return true;
}

/* ---- all of it -------------------------------------------------------------------- */

bool
draft_references(struct req *rq, int64_t *id)
{
	struct str text = S("");

	*id = 0;
	if (rq->json == NULL || !has_field(rq, "references"))
		return true;
	if (!is_text(rq, "references"))
		return opt_int(rq, "references", 1, INT64_MAX / 2, id);
	if (!opt_text(rq, "references", 20, &text))
		return false;
	return str_int(text, 1, INT64_MAX / 2, id) ||
	       fault(rq, "references", "format", "Give the id of the alert that this one replaces.");
}

enum err
draft_read(struct req *rq, enum draft_kind kind, const struct alert *old, struct draft *d)
{
	bool good;

	draft_start(rq, kind, old, d);
	good = read_line(
	    rq, "event", ALERT_EVENT_MAX, "Say what happens, in a word or two: Flood.", &d->alert.event);
	good &= read_texts(rq, &d->alert);
	good &= read_kind_words(rq, d);
	good &= read_scales(rq, &d->alert);
	good &= read_audience(rq, &d->alert);
	good &= read_channels(rq, &d->alert);
	good &= read_times(rq, d);
	good &= read_exercise(rq, &d->alert);
	return good ? OK : ERR_INPUT;
}

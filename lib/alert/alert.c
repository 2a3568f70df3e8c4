/* alert.c - alerts, from publishing to the end of their chain. */
#include "alert.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "area.h"
#include "bell.h"
#include "clock.h"
#include "event.h"
#include "feed.h"
#include "hash.h"
#include "phrase.h"
#include "setting.h"
#include "subscription.h"
#include "value.h"
#include "zset.h"

#define ALERTS S("alerts")
#define ACTIVE S("alerts:active")
#define SCHEDULED S("alerts:scheduled")
#define FANOUTS S("fanouts")

enum {
	ACTIVE_MOST = 500, /* active at the same time, of which a list knows */
	LAST_WORD_MS = 24 * HOUR_MS
};

const char *const alert_categories[] = { "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health",
	"Env", "Transport", "Infra", "CBRNE", "Other", NULL };
const char *const alert_responses[] = { "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor",
	"AllClear", "None", NULL };

static const char *const types[] = { "Alert", "Update", "Cancel" };
static const char *const severities[] = { NULL, "Minor", "Moderate", "Severe", "Extreme" };
static const char *const urgencies[] = { NULL, "Past", "Future", "Expected", "Immediate" };
static const char *const certainties[] = { NULL, "Unlikely", "Possible", "Likely", "Observed" };

const char *
severity_name(enum severity s)
{
	return severities[s];
}

const char *
urgency_name(enum urgency u)
{
	return urgencies[u];
}

const char *
certainty_name(enum certainty c)
{
	return certainties[c];
}

const char *
msg_type_name(enum msg_type t)
{
	return types[t];
}

/* Where a word stands in a table, in any case; 0: it does not (or is the first). */
static int
word_at(struct str word, const char *const *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (table[i] != NULL && word.n == str(table[i]).n &&
		    strncasecmp(word.p, table[i], word.n) == 0)
			return (int)i;
	return 0;
}

bool
severity_named(struct str word, enum severity *s)
{
	*s = (enum severity)word_at(word, severities, LEN(severities));
	return *s != 0;
}

bool
urgency_named(struct str word, enum urgency *u)
{
	*u = (enum urgency)word_at(word, urgencies, LEN(urgencies));
	return *u != 0;
}

bool
certainty_named(struct str word, enum certainty *c)
{
	*c = (enum certainty)word_at(word, certainties, LEN(certainties));
	return *c != 0;
}

const char *
alert_kind(const struct alert *al)
{
	return al->type == MSG_CANCEL   ? "cancel"
	       : al->all_clear          ? "all-clear"
	       : al->type == MSG_UPDATE ? "update"
					: "alert";
}

bool
alert_is_active(const struct alert *al, int64_t now)
{
	return al->public_at != 0 && al->type != MSG_CANCEL && al->replaced_by == 0 && al->expires_at > now;
}

enum outbox_lane
alert_lane(const struct alert *al)
{
	return al->urgency >= URGENCY_EXPECTED && al->severity >= SEVERITY_SEVERE ? LANE_URGENT : LANE_NORMAL;
}

bool
alert_is_critical(const struct alert *al)
{
	return al->severity >= SEVERITY_SEVERE && al->urgency == URGENCY_IMMEDIATE && !al->exercise;
}

/* "en" of "en-GB" */
static struct str
primary(struct str language)
{
	return str_cut(&language, '-');
}

static bool
same_word(struct str a, struct str b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

const struct alert_text *
alert_text_for(const struct alert *al, struct str language)
{
	for (size_t i = 0; i < al->ntexts; i++)
		if (same_word(al->texts[i].language, language))
			return &al->texts[i];
	for (size_t i = 0; i < al->ntexts; i++)
		if (same_word(primary(al->texts[i].language), primary(language)))
			return &al->texts[i];
	return al->texts;
}

/* ---- names and times ---- */

static void
utc(int64_t at, struct tm *tm)
{
	time_t seconds = at / SECOND_MS;

	gmtime_r(&seconds, tm);
}

struct str
alert_cap_time(struct arena *a, int64_t at)
{
	char text[40];
	struct tm tm;

	utc(at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S-00:00", &tm);
	return arena_strf(a, "%s", text);
}

static struct str
make_identifier(struct db *db, struct arena *a, const struct alert *al)
{
	char when[32];
	struct tm tm;

	utc(al->sent_at, &tm);
	strftime(when, sizeof(when), "%Y%m%d%H%M%S", &tm);
	return arena_strf(a, "muster.%.*s.%s.%lld", FMT(setting_host(db, a)), when, (long long)al->id);
}

struct str
alert_sender(const struct alert *al)
{
	struct str host = al->identifier;

	str_cut(&host, '.');
	for (int parts = 2; parts > 0 && host.n > 0; host.n--)
		parts -= host.p[host.n - 1] == '.';
	return host;
}

/* ---- the record ---- */

static struct str
alert_key(struct arena *a, int64_t id)
{
	return arena_strf(a, "alert:%lld", (long long)id);
}

static struct str
number(struct arena *a, int64_t n)
{
	return arena_strf(a, "%lld", (long long)n);
}

static struct str
channel_words(struct arena *a, channel_mask channels)
{
	struct str all = S("");

	for (int i = CHANNEL_EMAIL; i < CHANNEL__MAX; i++)
		if (channels & (1U << i))
			all = arena_strf(
			    a, "%.*s%s%s", FMT(all), all.n ? "," : "", channel_name((enum outbox_channel)i));
	return all;
}

static channel_mask
channels_of(struct str words)
{
	channel_mask channels = 0;
	enum outbox_channel c;

	while (words.n > 0)
		if (channel_named(str_cut(&words, ','), &c))
			channels |= 1U << c;
	return channels;
}

static struct str
locations_json(struct arena *a, const struct alert *al)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	struct str text;

	json_strs(&j, al->locations, al->nlocations);
	text = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return text;
}

static struct str
texts_json(struct arena *a, const struct alert *al)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	struct str text;

	json_open(&j, '[');
	for (size_t i = 0; i < al->ntexts; i++) {
		const struct alert_text *t = &al->texts[i];

		json_open(&j, '{');
		json_key_str(&j, "language", t->language);
		json_key_str(&j, "title", t->title);
		json_key_str(&j, "message", t->message);
		json_key_str(&j, "instruction", t->instruction);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	text = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return text;
}

static struct str
json_text(struct arena *a, struct json_object *o)
{
	if (o == NULL)
		return S("");
	return arena_dup(a, (struct str){ json_object_get_string(o), (size_t)json_object_get_string_len(o) });
}

static struct str
json_member(struct arena *a, struct json_object *o, const char *key)
{
	return json_text(a, json_object_object_get(o, key));
}

static void
read_locations(struct arena *a, struct str json, struct alert *al)
{
	struct json_object *all = json_tokener_parse(json.p);

	al->nlocations = all ? json_object_array_length(all) : 0;
	al->locations = arena_array(a, struct str, al->nlocations);
	for (size_t i = 0; i < al->nlocations; i++)
		al->locations[i] = json_text(a, json_object_array_get_idx(all, i));
	json_object_put(all);
}

static void
read_texts(struct arena *a, struct str json, struct alert *al)
{
	struct json_object *all = json_tokener_parse(json.p);

	al->ntexts = all ? json_object_array_length(all) : 0;
	al->texts = arena_array(a, struct alert_text, al->ntexts);
	for (size_t i = 0; i < al->ntexts; i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		al->texts[i] = (struct alert_text){
			.language = json_member(a, o, "language"),
			.title = json_member(a, o, "title"),
			.message = json_member(a, o, "message"),
			.instruction = json_member(a, o, "instruction"),
		};
	}
	json_object_put(all);
}

static enum err
write_alert(struct db *db, struct arena *a, const struct alert *al)
{
	const struct field all[] = {
		{ S("first"), number(a, al->first) },
		{ S("replaces"), number(a, al->replaces) },
		{ S("replaced_by"), number(a, al->replaced_by) },
		{ S("sequence"), number(a, al->sequence) },
		{ S("identifier"), al->identifier },
		{ S("references"), al->references },
		{ S("by"), al->by },
		{ S("type"), str(types[al->type]) },
		{ S("severity"), str(severities[al->severity]) },
		{ S("urgency"), str(urgencies[al->urgency]) },
		{ S("certainty"), str(certainties[al->certainty]) },
		{ S("category"), al->category },
		{ S("response"), al->response },
		{ S("event"), al->event },
		{ S("exercise"), number(a, al->exercise) },
		{ S("all_clear"), number(a, al->all_clear) },
		{ S("channels"), channel_words(a, al->channels) },
		{ S("locations"), locations_json(a, al) },
		{ S("texts"), texts_json(a, al) },
		{ S("sent_at"), number(a, al->sent_at) },
		{ S("public_at"), number(a, al->public_at) },
		{ S("not_before"), number(a, al->not_before) },
		{ S("expires_at"), number(a, al->expires_at) },
		{ S("recipients"), number(a, al->recipients) },
	};

	return hash_set(db, alert_key(a, al->id), all, LEN(all));
}

/* Where a number of that name is kept; NULL: it is none. */
static int64_t *
number_named(struct alert *al, struct str name)
{
	const struct {
		const char *name;
		int64_t *at;
	} all[] = {
		{ "first", &al->first },
		{ "replaces", &al->replaces },
		{ "replaced_by", &al->replaced_by },
		{ "sequence", &al->sequence },
		{ "sent_at", &al->sent_at },
		{ "public_at", &al->public_at },
		{ "not_before", &al->not_before },
		{ "expires_at", &al->expires_at },
		{ "recipients", &al->recipients },
	};

	for (size_t i = 0; i < LEN(all); i++)
		if (str_is(name, all[i].name))
			return all[i].at;
	return NULL;
}

static struct str *
text_named(struct alert *al, struct str name)
{
	const struct {
		const char *name;
		struct str *at;
	} all[] = {
		{ "identifier", &al->identifier },
		{ "references", &al->references },
		{ "by", &al->by },
		{ "category", &al->category },
		{ "response", &al->response },
		{ "event", &al->event },
	};

	for (size_t i = 0; i < LEN(all); i++)
		if (str_is(name, all[i].name))
			return all[i].at;
	return NULL;
}

static void
read_field(struct arena *a, const struct field *f, struct alert *al)
{
	int64_t *n = number_named(al, f->name);
	struct str *text = text_named(al, f->name);

	if (n != NULL)
		str_int(f->value, 0, INT64_MAX, n);
	else if (text != NULL)
		*text = f->value;
	else if (str_is(f->name, "type"))
		al->type = (enum msg_type)word_at(f->value, types, LEN(types));
	else if (str_is(f->name, "severity"))
		severity_named(f->value, &al->severity);
	else if (str_is(f->name, "urgency"))
		urgency_named(f->value, &al->urgency);
	else if (str_is(f->name, "certainty"))
		certainty_named(f->value, &al->certainty);
	else if (str_is(f->name, "exercise"))
		al->exercise = str_is(f->value, "1");
	else if (str_is(f->name, "all_clear"))
		al->all_clear = str_is(f->value, "1");
	else if (str_is(f->name, "channels"))
		al->channels = channels_of(f->value);
	else if (str_is(f->name, "locations"))
		read_locations(a, f->value, al);
	else if (str_is(f->name, "texts"))
		read_texts(a, f->value, al);
}

enum err
alert_get(struct db *db, struct arena *a, int64_t id, struct alert *al)
{
	struct field *f;
	size_t n;
	enum err e = id > 0 ? hash_all(db, a, alert_key(a, id), &f, &n) : ERR_NOT_FOUND;

	*al = (struct alert){ .id = id };
	if (e != OK || n == 0)
		return e == OK ? ERR_NOT_FOUND : e;
	for (size_t i = 0; i < n; i++)
		read_field(a, &f[i], al);
	return OK;
}

/* ---- publishing ---- */

/* The same titles.  The end of a warning does not repeat the warning, least of
 * all what to do. */
static void
inherit_texts(struct arena *a, const struct alert *old, struct alert *al)
{
	bool ends = al->type == MSG_CANCEL || al->all_clear;
	enum phrase note = al->type == MSG_CANCEL ? PHRASE_CANCELLED_NOTE : PHRASE_ALL_CLEAR_NOTE;

	al->ntexts = old->ntexts;
	al->texts = arena_array(a, struct alert_text, old->ntexts);
	for (size_t i = 0; i < old->ntexts; i++) {
		al->texts[i] = old->texts[i];
		if (ends) {
			al->texts[i].message = str(phrase(old->texts[i].language, note));
			al->texts[i].instruction = S("");
		}
	}
}

/* What an alert has of the one whose place it takes. */
static void
inherit(struct arena *a, const struct alert *old, struct alert *al, int64_t now)
{
	bool last_word = al->type == MSG_CANCEL || al->all_clear;

	al->locations = old->locations;
	al->nlocations = old->nlocations;
	al->channels = old->channels;
	al->exercise = old->exercise;
	if (al->ntexts == 0)
		inherit_texts(a, old, al);
	al->severity = al->severity ? al->severity : old->severity;
	al->urgency = al->urgency ? al->urgency : old->urgency;
	al->certainty = al->certainty ? al->certainty : old->certainty;
	al->event = al->event.n ? al->event : old->event;
	al->category = al->category.n ? al->category : old->category;
	if (al->all_clear)
		al->response = S("AllClear");
	al->response = al->response.n ? al->response : old->response;
	if (al->expires_at == 0)
		al->expires_at = old->expires_at;
	if (last_word && al->expires_at < now + LAST_WORD_MS)
		al->expires_at = now + LAST_WORD_MS;
}

/* The triplets of `al` and all before it that have not expired; the one that is
 * replaced stands there in any case, for an Update without references is none. */
static enum err
refer(struct db *db, struct arena *a, struct alert old, struct str *references)
{
	struct str all = S("");
	enum err e = OK;

	for (int i = 0; e == OK && i < ALERT_CHAIN_MAX; i++) {
		if (old.public_at != 0 && (i == 0 || old.expires_at > db_now(db)))
			all = arena_strf(a, "%.*s,%.*s,%.*s%s%.*s", FMT(alert_sender(&old)),
			    FMT(old.identifier), FMT(alert_cap_time(a, old.sent_at)), all.n ? " " : "",
			    FMT(all));
		if (old.id == old.first || old.replaces == 0)
			break;
		e = alert_get(db, a, old.replaces, &old);
	}
	*references = all;
	return e;
}

static enum err
foresee(struct db *db, struct arena *a, struct alert *al)
{
	al->recipients = 0;
	for (size_t i = 0; i < al->nlocations && al->channels != 0; i++) {
		int64_t n;
		enum err e = subscription_count(db, a, al->locations[i], &n);

		if (e != OK)
			return e;
		al->recipients += n;
	}
	return OK;
}

static enum err
mark_replaced(struct db *db, struct arena *a, const struct alert *old, int64_t by)
{
	struct str id = number(a, old->id);
	enum err e;

	if ((e = hash_set(
		 db, alert_key(a, old->id), &(struct field){ S("replaced_by"), number(a, by) }, 1)) != OK)
		return e;
	/* Who had not been expanded yet is the new one's business. */
	if ((e = zset_rem(db, FANOUTS, id)) != OK || (e = zset_rem(db, ACTIVE, id)) != OK)
		return e;
	return zset_rem(db, SCHEDULED, id);
}

static enum err
tell_pages(struct db *db, struct arena *a, const struct alert *al, int64_t supersedes)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	struct feed_item item;
	enum err e = feed_add_alert(db, a, al, supersedes, &item);

	if (e != OK)
		return e;
	feed_item_json(&j, &item, false);
	event_put(db, "alerts", S(""), (struct str){ out.p, out.n }, al->sequence);
	buf_free(&out);
	return OK;
}

/* Everything that makes it visible, the record last. */
static enum err
go_public(struct db *db, struct arena *a, struct alert *al, int64_t supersedes)
{
	struct str id = number(a, al->id);
	enum err e;

	al->public_at = al->sent_at;
	al->sequence = db_sequence_next(db);
	if ((e = zset_add(db, ALERTS, id, (double)al->sequence)) != OK)
		return e;
	if (al->type != MSG_CANCEL && (e = zset_add(db, ACTIVE, id, (double)al->expires_at)) != OK)
		return e;
	if ((e = tell_pages(db, a, al, supersedes)) != OK || (e = area_keep(db, a, al)) != OK)
		return e;
	return write_alert(db, a, al);
}

enum err
alert_go_public(struct db *db, struct arena *a, struct alert *al)
{
	enum err e;

	al->sent_at = db_now(db);
	al->identifier = make_identifier(db, a, al);
	e = zset_rem(db, SCHEDULED, number(a, al->id));
	return e == OK ? go_public(db, a, al, 0) : e;
}

/* Kept for its time, or for the record alone (a Cancel of what nobody saw). */
static enum err
keep_unseen(struct db *db, struct arena *a, struct alert *al)
{
	al->sequence = db_sequence_next(db);
	return write_alert(db, a, al);
}

/* Its fan-out, from `due` on. */
static enum err
queue(struct db *db, struct arena *a, const struct alert *al, int64_t due)
{
	bell_want(db);
	return zset_add(db, FANOUTS, number(a, al->id), (double)due);
}

/* Whether it takes the place of what people have seen. */
static bool
follows(const struct alert *old)
{
	return old != NULL && old->public_at != 0;
}

static bool
withdraws(const struct alert *al, const struct alert *old)
{
	return old != NULL && old->public_at == 0 && al->type == MSG_CANCEL;
}

/* What it is going to be: all that must be read, before the first write. */
static enum err
prepare(struct db *db, struct arena *a, struct alert *al, const struct alert *old)
{
	bool of_chain = follows(old) || withdraws(al, old);
	int64_t last;
	enum err e = string_get_int(db, S("alert:id"), &last);

	if (e != OK)
		return e;
	al->id = last + 1;
	al->sent_at = db_now(db);
	al->identifier = make_identifier(db, a, al);
	al->replaced_by = al->public_at = 0;
	al->references = S("");
	if (!of_chain)
		al->type = MSG_ALERT;
	al->first = of_chain ? old->first : al->id;
	if (of_chain || al->not_before <= db_now(db))
		al->not_before = 0;
	al->recipients = of_chain ? old->recipients : 0;
	return follows(old) ? refer(db, a, *old, &al->references) : of_chain ? OK : foresee(db, a, al);
}

static enum err
write_new(struct db *db, struct arena *a, struct alert *al, const struct alert *old)
{
	enum err e = old ? mark_replaced(db, a, old, al->id) : OK;

	string_set_int(db, S("alert:id"), al->id);
	if (e != OK || withdraws(al, old))
		return e == OK ? keep_unseen(db, a, al) : e;
	if (al->not_before == 0) {
		e = go_public(db, a, al, follows(old) ? old->sequence : 0);
		return e == OK ? queue(db, a, al, db_now(db)) : e;
	}
	if ((e = zset_add(db, SCHEDULED, number(a, al->id), (double)al->not_before)) != OK ||
	    (e = keep_unseen(db, a, al)) != OK)
		return e;
	return queue(db, a, al, al->not_before);
}

enum err
alert_publish(struct db *db, struct arena *a, struct alert *al)
{
	struct alert replaced = { 0 }, *old = al->replaces ? &replaced : NULL;
	enum err e = old ? alert_get(db, a, al->replaces, old) : OK;

	if (e != OK)
		return e;
	if (old != NULL && (old->replaced_by != 0 || old->type == MSG_CANCEL))
		return ERR_CONFLICT;
	if (old != NULL)
		inherit(a, old, al, db_now(db));
	e = prepare(db, a, al, old);
	return e == OK ? write_new(db, a, al, old) : e;
}

/* ---- lists ---- */

static enum err
get_all(struct db *db, struct arena *a, const struct zmember *m, size_t n, struct alert *out)
{
	enum err e = OK;

	for (size_t i = 0; i < n && e == OK; i++) {
		int64_t id = 0;

		str_int(m[i].member, 1, INT64_MAX, &id);
		e = alert_get(db, a, id, &out[i]);
	}
	return e;
}

static int
newest_first(const void *x, const void *y)
{
	const struct zmember *a = x, *b = y;

	return (a->score < b->score) - (a->score > b->score);
}

/* The active ones stand by their end; here they are put by their sequence. */
static enum err
active_members(struct db *db, struct arena *a, int64_t before, size_t limit, struct zmember **out, size_t *n)
{
	struct zpage live = {
		.reverse = true, .min = (double)db_now(db) + 1, .max = HUGE_VAL, .limit = ACTIVE_MOST
	};
	struct zmember *m;
	size_t all, kept = 0;
	enum err e = zset_page(db, a, ACTIVE, &live, &m, &all);

	for (size_t i = 0; i < all && e == OK; i++) {
		e = zset_score(db, ALERTS, m[i].member, &m[i].score);
		if (e == OK && (before == 0 || m[i].score < (double)before))
			m[kept++] = m[i];
	}
	if (kept > 1)
		qsort(m, kept, sizeof(*m), newest_first);
	*out = m;
	*n = kept < limit ? kept : limit;
	return e;
}

enum err
alert_list(
    struct db *db, struct arena *a, bool active, int64_t before, size_t limit, struct alert **out, size_t *n)
{
	struct zpage all = {
		.reverse = true, .min = 0, .max = before ? (double)before - 1 : HUGE_VAL, .limit = limit
	};
	struct zmember *m;
	enum err e =
	    active ? active_members(db, a, before, limit, &m, n) : zset_page(db, a, ALERTS, &all, &m, n);

	if (e != OK)
		return e;
	*out = arena_array(a, struct alert, *n);
	return get_all(db, a, m, *n, *out);
}

enum err
alert_scheduled(struct db *db, struct arena *a, size_t limit, struct alert **out, size_t *n)
{
	struct zpage all = { ZPAGE_ALL, .limit = limit };
	struct zmember *m;
	enum err e = zset_page(db, a, SCHEDULED, &all, &m, n);

	if (e != OK)
		return e;
	*out = arena_array(a, struct alert, *n);
	return get_all(db, a, m, *n, *out);
}

enum err
alert_chain(struct db *db, struct arena *a, int64_t id, struct alert **out, size_t *n)
{
	struct alert *all = arena_array(a, struct alert, ALERT_CHAIN_MAX), at;
	enum err e = alert_get(db, a, id, &at);

	for (int i = 0; e == OK && at.public_at != 0 && at.replaced_by != 0 && i < ALERT_CHAIN_MAX; i++)
		e = alert_get(db, a, at.replaced_by, &at);
	for (*n = 0; e == OK && at.public_at != 0 && *n < ALERT_CHAIN_MAX;) {
		all[(*n)++] = at;
		if (at.id == at.first)
			break;
		e = alert_get(db, a, at.replaces, &at);
	}
	*out = all;
	return e;
}

enum err
alert_sweep(struct db *db, struct arena *a, size_t limit)
{
	struct zpage over = { .min = -HUGE_VAL, .max = (double)db_now(db), .limit = limit };
	struct zmember *m;
	size_t n;
	enum err e = zset_page(db, a, ACTIVE, &over, &m, &n);

	for (size_t i = 0; i < n && e == OK; i++)
		e = zset_rem(db, ACTIVE, m[i].member);
	return e;
}

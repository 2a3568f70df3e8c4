/* render.c - an alert as others get it. */
#include "render.h"

#include <time.h>

#include "clock.h"
#include "html.h"
#include "phrase.h"
#include "place.h"
#include "setting.h"

enum { SENTENCE_MAX = 160 }; /* characters of an SMS for the first sentence */

/* ---- pieces ---- */

/* The title with what it is in front: "EXERCISE: Update: Flood in Cluj". */
static struct str
render_title(struct arena *a, const struct alert *al, const struct alert_text *t)
{
	const char *kind = NULL;

	if (al->type == MSG_CANCEL)
		kind = phrase(t->language, PHRASE_CANCELLED);
	else if (al->all_clear)
		kind = phrase(t->language, PHRASE_ALL_CLEAR);
	else if (al->type == MSG_UPDATE)
		kind = phrase(t->language, PHRASE_UPDATE);
	return arena_strf(a, "%s%s%s%s%.*s", al->exercise ? phrase(t->language, PHRASE_EXERCISE) : "",
	    al->exercise ? ": " : "", kind ? kind : "", kind ? ": " : "", FMT(t->title));
}

/* The address of its page: site.url/alerts/ID. */
static struct str
render_link(struct db *db, struct arena *a, const struct alert *al)
{
	struct str site = setting_text(db, a, "site.url");

	while (site.n > 0 && site.p[site.n - 1] == '/')
		site.n--;
	return arena_strf(a, "%.*s/alerts/%lld", FMT(site), (long long)al->id);
}

static struct str
areas(struct db *db, struct arena *a, const struct alert *al)
{
	struct str all = S("");

	for (size_t i = 0; i < al->nlocations; i++)
		all = arena_strf(
		    a, "%.*s%s%.*s", FMT(all), i ? ", " : "", FMT(location_title(db, a, al->locations[i])));
	return all;
}

static struct str
taken(struct arena *a, struct buf *out)
{
	struct str text = arena_dup(a, (struct str){ out->p, out->n });

	buf_free(out);
	return text;
}

/* ---- e-mail ---- */

/* What both forms of an e-mail say. */
struct letter {
	const struct alert *alert;
	const struct alert_text *text;
	struct str title, areas, link;
	struct str until; /* empty: the warning is over with this */
};

static const char *
word(const struct letter *l, enum phrase which)
{
	return phrase(l->text->language, which);
}

static struct str
letter_text(struct arena *a, const struct letter *l)
{
	const struct alert_text *t = l->text;
	struct buf out = { 0 };

	buf_printf(&out, "%.*s\n\n", FMT(l->title));
	if (l->alert->exercise)
		buf_printf(&out, "%s\n\n", word(l, PHRASE_EXERCISE_NOTE));
	if (t->message.n > 0)
		buf_printf(&out, "%.*s\n\n", FMT(t->message));
	if (t->instruction.n > 0)
		buf_printf(&out, "%s:\n%.*s\n\n", word(l, PHRASE_WHAT_TO_DO), FMT(t->instruction));
	buf_printf(&out, "%s: %.*s\n", word(l, PHRASE_AREAS), FMT(l->areas));
	if (l->until.n > 0)
		buf_printf(&out, "%s: %.*s\n", word(l, PHRASE_VALID_UNTIL), FMT(l->until));
	buf_printf(&out, "\n%s:\n%.*s\n\n-- \n", word(l, PHRASE_MORE), FMT(l->link));
	buf_printf(&out, "%s\n%s: {unsubscribe}\n", word(l, PHRASE_WHY), word(l, PHRASE_UNSUBSCRIBE));
	return taken(a, &out);
}

/* Blank lines part paragraphs, other ends of lines stay. */
static void
paragraphs(struct res *rs, struct str text)
{
	bool open = false;

	while (text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));

		if (line.n > 0)
			html(rs, open ? "<br>\n%.*s" : "<p>%.*s", FMT(line));
		else if (open)
			html(rs, "</p>\n");
		open = line.n > 0;
	}
	if (open)
		html(rs, "</p>\n");
}

static struct str
letter_html(struct arena *a, const struct letter *l)
{
	const struct alert_text *t = l->text;
	struct res rs = { 0 };

	html(&rs,
	    "<!doctype html>\n<html lang=\"%.*s\">\n<head><meta charset=\"utf-8\"><title>%.*s</title></head>\n",
	    FMT(t->language), FMT(l->title));
	html(&rs, "<body>\n<h1>%.*s</h1>\n", FMT(l->title));
	if (l->alert->exercise)
		html(&rs, "<p><strong>%s</strong></p>\n", word(l, PHRASE_EXERCISE_NOTE));
	paragraphs(&rs, t->message);
	if (t->instruction.n > 0)
		html(&rs, "<h2>%s</h2>\n", word(l, PHRASE_WHAT_TO_DO));
	paragraphs(&rs, t->instruction);
	html(&rs, "<p>%s: %.*s", word(l, PHRASE_AREAS), FMT(l->areas));
	if (l->until.n > 0)
		html(&rs, "<br>\n%s: %.*s", word(l, PHRASE_VALID_UNTIL), FMT(l->until));
	html(&rs, "</p>\n");
	html(&rs, "<p><a href=\"%.*s\">%s</a></p>\n", FMT(l->link), word(l, PHRASE_MORE));
	html(&rs, "<hr>\n<p><small>%s ", word(l, PHRASE_WHY));
	html(&rs, "<a href=\"{unsubscribe}\">%s</a></small></p>\n</body>\n</html>\n",
	    word(l, PHRASE_UNSUBSCRIBE));
	return taken(a, &rs.body);
}

static void
email(struct db *db, struct arena *a, const struct alert *al, const struct alert_text *t, struct json *j)
{
	struct letter l = {
		.alert = al,
		.text = t,
		.title = render_title(a, al, t),
		.areas = areas(db, a, al),
		.link = render_link(db, a, al),
	};

	if (al->type != MSG_CANCEL && !al->all_clear)
		l.until = phrase_time(a, t->language, setting_text(db, a, "site.zone"), al->expires_at);
	json_key_str(j, "subject", l.title);
	json_key_str(j, "text", letter_text(a, &l));
	json_key_str(j, "html", letter_html(a, &l));
	json_key_str(j, "language", t->language);
	json_key(j, "urgent");
	json_flag(j, alert_lane(al) == LANE_URGENT);
	json_key(j, "list");
	json_flag(j, true);
}

/* ---- SMS ---- */

/* "nr. 3", "Str. Lungă", "bl. b": what follows a full stop is no new sentence
 * where it begins with a digit or a small letter, nor is the word before it the
 * last of one where it has three letters or fewer.  Rather a sentence too many
 * than the number of the school left out. */
static bool
abbreviates(struct str s, size_t stop)
{
	size_t from = stop;

	while (from > 0 && s.p[from - 1] != ' ' && s.p[from - 1] != '\n')
		from--;
	if (stop - from <= 3)
		return true;
	return stop + 2 < s.n && ((s.p[stop + 2] >= '0' && s.p[stop + 2] <= '9') ||
				     (s.p[stop + 2] >= 'a' && s.p[stop + 2] <= 'z'));
}

static bool
ends_sentence(struct str s, size_t i)
{
	bool stop = s.p[i] == '.' || s.p[i] == '!' || s.p[i] == '?';

	if (s.p[i] == '\n' || (stop && i + 1 == s.n))
		return true;
	if (!stop || (s.p[i + 1] != ' ' && s.p[i + 1] != '\n'))
		return false;
	return s.p[i] != '.' || s.p[i + 1] == '\n' || !abbreviates(s, i);
}

/* The first sentence; of a long one as many whole words as there is room for. */
static struct str
first_sentence(struct arena *a, struct str s)
{
	size_t characters = 0, word_end = 0;

	s = str_trim(s);
	for (size_t i = 0; i < s.n; i++) {
		if (ends_sentence(s, i))
			return str_trim((struct str){ s.p, i + 1 });
		if (s.p[i] == ' ')
			word_end = i;
		characters += ((unsigned char)s.p[i] & 0xc0) != 0x80;
		if (characters > SENTENCE_MAX)
			return arena_strf(a, "%.*s...", (int)(word_end ? word_end : i), s.p);
	}
	return s;
}

static void
sms(struct db *db, struct arena *a, const struct alert *al, const struct alert_text *t, struct json *j)
{
	struct str title = render_title(a, al, t), sentence = first_sentence(a, t->message);
	bool stop = title.n > 0 && !ends_sentence(title, title.n - 1);

	json_key_str(j, "text",
	    arena_strf(a, "%.*s%s %.*s%s%.*s", FMT(title), stop ? "." : "", FMT(sentence),
		sentence.n ? " " : "", FMT(render_link(db, a, al))));
	json_key_str(j, "language", t->language);
	json_key(j, "urgent");
	json_flag(j, alert_lane(al) == LANE_URGENT);
}

/* ---- the API and webhooks ---- */

static void
put_text(struct json *j, const struct alert_text *t)
{
	json_key_str(j, "title", t->title);
	json_key_str(j, "message", t->message);
	json_key_str(j, "instruction", t->instruction);
}

static void
put_texts(struct json *j, const struct alert *al)
{
	if (al->ntexts == 0)
		return;
	json_key_str(j, "language", al->texts[0].language);
	put_text(j, &al->texts[0]);
	json_key(j, "languages");
	json_open(j, '{');
	for (size_t i = 0; i < al->ntexts; i++) {
		json_key(j, al->texts[i].language.p);
		json_open(j, '{');
		put_text(j, &al->texts[i]);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void
put_reach(struct json *j, const struct alert *al)
{
	json_key(j, "channels");
	json_open(j, '[');
	json_str(j, S("inapp"));
	for (int i = CHANNEL_EMAIL; i < CHANNEL__MAX; i++)
		if (al->channels & (1U << i))
			json_str(j, str(channel_name((enum outbox_channel)i)));
	json_close(j, ']');
	json_key(j, "audience");
	json_open(j, '{');
	json_key_strs(j, "locations", al->locations, al->nlocations);
	json_close(j, '}');
}

static void
put_flag(struct json *j, const char *key, bool set)
{
	json_key(j, key);
	json_flag(j, set);
}

void
alert_members(struct json *j, const struct alert *al, int64_t now, bool staff)
{
	json_key_int(j, "id", al->id);
	json_key_int(j, "first", al->first);
	json_key_known(j, "replaces", al->replaces != 0, al->replaces);
	json_key_known(j, "replaced_by", al->replaced_by != 0, al->replaced_by);
	json_key_str(j, "identifier", al->identifier);
	json_key_str(j, "type", str(msg_type_name(al->type)));
	json_key_given(j, "references", al->references);
	put_texts(j, al);
	json_key_str(j, "severity", str(severity_name(al->severity)));
	json_key_str(j, "urgency", str(urgency_name(al->urgency)));
	json_key_str(j, "certainty", str(certainty_name(al->certainty)));
	json_key_given(j, "category", al->category);
	json_key_given(j, "response", al->response);
	json_key_given(j, "event", al->event);
	put_flag(j, "exercise", al->exercise);
	put_flag(j, "all_clear", al->all_clear);
	put_flag(j, "active", alert_is_active(al, now));
	put_reach(j, al);
	json_key_int(j, "sent_at", al->sent_at);
	json_key_known(j, "not_before", al->not_before != 0, al->not_before);
	json_key_int(j, "expires_at", al->expires_at);
	if (staff) {
		put_flag(j, "public", al->public_at != 0);
		json_key_given(j, "by", al->by);
		json_key_int(j, "recipients", al->recipients);
	}
}

void
alert_json(struct json *j, const struct alert *al, int64_t now, bool staff)
{
	json_open(j, '{');
	alert_members(j, al, now, staff);
	json_close(j, '}');
}

static void
webhook(struct arena *a, const struct alert *al, struct json *j)
{
	time_t sent = (time_t)(al->sent_at / SECOND_MS);
	char text[40];
	struct tm tm;

	gmtime_r(&sent, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_key_str(j, "type",
	    al->type == MSG_CANCEL   ? S("alert.cancelled")
	    : al->type == MSG_UPDATE ? S("alert.updated")
				     : S("alert.published"));
	json_key_str(j, "timestamp", arena_strf(a, "%s", text));
	json_key(j, "data");
	alert_json(j, al, al->sent_at, false);
}

struct str
render_payload(struct db *db, struct arena *a, const struct alert *al, const struct alert_text *t,
    enum outbox_channel channel)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };

	json_open(&j, '{');
	if (channel == CHANNEL_EMAIL)
		email(db, a, al, t, &j);
	else if (channel == CHANNEL_SMS)
		sms(db, a, al, t, &j);
	else
		webhook(a, al, &j);
	json_close(&j, '}');
	return taken(a, &out);
}

/* cap.c - an alert as CAP 1.2. */
#include "cap.h"

#include <string.h>

#include "area.h"
#include "place.h"
#include "setting.h"
#include "utf8.h"
#include "xml.h"

static const char top[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			  "<?xml-stylesheet type=\"text/xsl\" href=\"/cap.xsl\"?>\n"
			  "<?xml-stylesheet type=\"text/css\" href=\"/cap.css\"?>\n"
			  "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n";

/* At most `max` characters. */
static struct str
cut(struct str s, size_t max)
{
	size_t n = 0, at = 0;

	while (at < s.n && n < max) {
		at++;
		while (at < s.n && ((unsigned char)s.p[at] & 0xc0) == 0x80)
			at++;
		n++;
	}
	return (struct str){ s.p, at };
}

/* ---- areas ---- */

static void
write_area(struct db *db, struct arena *a, const struct alert *al, struct str location, struct buf *out)
{
	struct str shape = area_of(db, a, al, location), kind = str_cut(&shape, ' ');

	buf_str(out, S("<area>\n"));
	xml_element(out, "areaDesc", location_title(db, a, location));
	if (shape.n > 0)
		xml_element(out, str_is(kind, "polygon") ? "polygon" : "circle", shape);
	buf_str(out, S("<geocode>\n<valueName>muster:location</valueName>\n"));
	xml_element(out, "value", location);
	buf_str(out, S("</geocode>\n</area>\n"));
}

/* ---- info ---- */

static const char *
response_of(const struct alert *al)
{
	if (al->all_clear || al->type == MSG_CANCEL)
		return "AllClear";
	for (const char *const *word = alert_responses; *word != NULL; word++)
		if (str_is(al->response, *word))
			return *word;
	return NULL;
}

static void
write_codes(const struct alert *al, struct buf *out)
{
	const char *response = response_of(al);

	xml_element(out, "category", al->category.n ? al->category : S("Safety"));
	xml_element(out, "event", cut(al->event.n ? al->event : al->texts[0].title, ALERT_EVENT_MAX));
	if (response != NULL)
		xml_element(out, "responseType", str(response));
	xml_element(out, "urgency", str(urgency_name(al->urgency)));
	xml_element(out, "severity", str(severity_name(al->severity)));
	xml_element(out, "certainty", str(certainty_name(al->certainty)));
}

static void
parameter(struct buf *out, const char *name, struct str value)
{
	buf_printf(out, "<parameter>\n<valueName>%s</valueName>\n", name);
	xml_element(out, "value", value);
	buf_str(out, S("</parameter>\n"));
}

static void
write_info(
    struct db *db, struct arena *a, const struct alert *al, const struct alert_text *t, struct buf *out)
{
	buf_str(out, S("<info>\n"));
	xml_element(out, "language", t->language);
	write_codes(al, out);
	xml_element(out, "expires", alert_cap_time(a, al->expires_at));
	xml_element(out, "senderName", setting_text(db, a, "site.title"));
	xml_element(out, "headline", cut(t->title, ALERT_TITLE_MAX));
	xml_element(out, "description", t->message.n ? t->message : t->title);
	/* Who wrote none has said in the message what to do. */
	xml_element(out, "instruction", t->instruction.n ? t->instruction : t->message);
	xml_element(out, "web",
	    arena_strf(a, "%.*s/alerts/%lld", FMT(setting_text(db, a, "site.url")), (long long)al->id));
	parameter(out, "muster:chain", arena_strf(a, "%lld", (long long)al->first));
	for (size_t i = 0; i < al->nlocations; i++)
		write_area(db, a, al, al->locations[i], out);
	buf_str(out, S("</info>\n"));
}

/* ---- the message ---- */

/* An exercise has to have its name there, a Cancel its reason. */
static void
write_note(const struct alert *al, struct arena *a, struct buf *out)
{
	struct str title = al->ntexts ? al->texts[0].title : al->event;

	if (al->exercise)
		xml_element(out, "note", arena_strf(a, "Exercise, not a real emergency: %.*s", FMT(title)));
	else if (al->type == MSG_CANCEL)
		xml_element(out, "note", arena_strf(a, "Taken back: %.*s", FMT(title)));
}

void
cap_write(struct db *db, struct arena *a, const struct alert *al, struct buf *out)
{
	buf_str(out, str(top));
	xml_element(out, "identifier", al->identifier);
	xml_element(out, "sender", alert_sender(al));
	xml_element(out, "sent", alert_cap_time(a, al->sent_at));
	xml_element(out, "status", al->exercise ? S("Exercise") : S("Actual"));
	xml_element(out, "msgType", str(msg_type_name(al->type)));
	xml_element(out, "scope", S("Public"));
	write_note(al, a, out);
	xml_element(out, "references", al->references);
	for (size_t i = 0; i < al->ntexts; i++)
		write_info(db, a, al, &al->texts[i], out);
	buf_str(out, S("</alert>\n"));
}

const char *
cap_type(struct str accept, const char *type)
{
	return accept.n > 0 && memmem(accept.p, accept.n, "text/html", 9) != NULL ? "application/xml" : type;
}

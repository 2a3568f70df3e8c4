/* atom.c - alerts as an Atom feed. */
#include "atom.h"

#include "cap.h"
#include "place.h"
#include "setting.h"
#include "xml.h"

static const char top[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			  "<?xml-stylesheet type=\"text/css\" href=\"/cap.css\"?>\n"
			  "<feed xmlns=\"http://www.w3.org/2005/Atom\""
			  " xmlns:cap=\"urn:oasis:names:tc:emergency:cap:1.2\">\n";

/* A tag URI (RFC 4151): it need not lead anywhere, and a change of the site's
 * address does not change it. */
static struct str
entry_id(struct arena *a, const struct alert *al)
{
	return arena_strf(
	    a, "tag:%.*s,%.10s:%.*s", FMT(alert_sender(al)), xml_time(a, al->sent_at).p, FMT(al->identifier));
}

static void
write_cap(struct db *db, struct arena *a, const struct alert *al, struct buf *out)
{
	xml_element(out, "cap:status", al->exercise ? S("Exercise") : S("Actual"));
	xml_element(out, "cap:msgType", str(msg_type_name(al->type)));
	xml_element(out, "cap:event", al->event);
	xml_element(out, "cap:urgency", str(urgency_name(al->urgency)));
	xml_element(out, "cap:severity", str(severity_name(al->severity)));
	xml_element(out, "cap:certainty", str(certainty_name(al->certainty)));
	xml_element(out, "cap:expires", alert_cap_time(a, al->expires_at));
	for (size_t i = 0; i < al->nlocations; i++)
		xml_element(out, "cap:areaDesc", location_title(db, a, al->locations[i]));
}

static void
write_entry(struct db *db, struct arena *a, const struct alert *al, struct str site, struct buf *out)
{
	const struct alert_text *t = &al->texts[0];
	struct str when = xml_time(a, al->sent_at);
	struct str page = arena_strf(a, "%.*s/alerts/%lld", FMT(site), (long long)al->id);

	buf_str(out, S("<entry>\n"));
	xml_element(out, "id", entry_id(a, al));
	buf_str(out, S("<title>"));
	xml_text(out, al->exercise ? S("Exercise: ") : S(""));
	xml_text(out, t->title);
	buf_str(out, S("</title>\n"));
	xml_element(out, "updated", when);
	xml_element(out, "published", when);
	buf_str(out, S("<author><name>"));
	xml_text(out, setting_text(db, a, "site.title"));
	buf_str(out, S("</name></author>\n<category term=\""));
	xml_text(out, al->category.n ? al->category : S("Safety"));
	buf_str(out, S("\"/>\n"));
	xml_link(out, "alternate", CAP_TYPE, arena_strf(a, "%.*s.cap", FMT(page)));
	xml_link(out, "alternate", "text/html", page);
	xml_element(out, "summary", t->message);
	write_cap(db, a, al, out);
	buf_str(out, S("</entry>\n"));
}

/* Of a feed without entries it is the beginning of time: it does not change. */
static int64_t
newest(const struct alert *v, size_t n)
{
	int64_t at = 0;

	for (size_t i = 0; i < n; i++)
		at = v[i].sent_at > at ? v[i].sent_at : at;
	return at;
}

void
atom_write(struct db *db, struct arena *a, const struct alert *v, size_t n, struct buf *out)
{
	struct str site = setting_text(db, a, "site.url"), title = setting_text(db, a, "site.title");
	struct str self = arena_strf(a, "%.*s/alerts.atom", FMT(site));

	buf_str(out, str(top));
	xml_element(out, "id", self);
	xml_element(out, "title", arena_strf(a, "Alerts – %.*s", FMT(title)));
	xml_element(out, "updated", xml_time(a, newest(v, n)));
	buf_str(out, S("<author><name>"));
	xml_text(out, title);
	buf_str(out, S("</name></author>\n"));
	xml_link(out, "self", ATOM_TYPE, self);
	xml_link(out, "alternate", "text/html", arena_strf(a, "%.*s/alerts", FMT(site)));
	for (size_t i = 0; i < n; i++)
		if (v[i].ntexts > 0 && v[i].replaced_by == 0 && v[i].expires_at > db_now(db))
			write_entry(db, a, &v[i], site, out);
	buf_str(out, S("</feed>\n"));
}

/* cap_test.c - what cap.h, atom.h, area.h and xml.h promise. */
#include "alerts.h"

#include <math.h>

#include "area.h"
#include "atom.h"
#include "cap.h"
#include "geo.h"
#include "hash.h"
#include "set.h"
#include "xml.h"

static struct buf out;

static const char *
text(void)
{
	buf_char(&out, '\0');
	return out.p;
}

static const char *
cap(const struct alert *al)
{
	buf_reset(&out);
	cap_write(db, mem, al, &out);
	return text();
}

static const char *
atom(const struct alert *v, size_t n)
{
	buf_reset(&out);
	atom_write(db, mem, v, n, &out);
	return text();
}

static void
has(const char *where, const char *what)
{
	if (strstr(where, what) == NULL)
		fail_msg("'%s' is not in:\n%s", what, where);
}

static void
has_not(const char *where, const char *what)
{
	if (strstr(where, what) != NULL)
		fail_msg("'%s' is in:\n%s", what, where);
}

static void
shelter_at(const char *location, const char *id, double latitude, double longitude)
{
	assert_int_equal(set_add(db, str(location), str(id)), OK);
	assert_int_equal(geo_add(db, S("shelters:geo"), str(id), (struct geo){ longitude, latitude }), OK);
}

static void
set(const char *name, const char *value)
{
	hash_set(db, S("settings"), &(struct field){ str(name), str(value) }, 1);
}

/* ---- a message ---- */

STORE_TEST(an_alert_is_this_message)
{
	struct alert al;

	set("site.url", "https://muster.example.org");
	set("site.title", "Cluj & around");
	shelter_at("city-CJ", "RO-CJ-01", 46.77, 23.59);
	at(1764322200000 + 999); /* 2025-11-28 09:30:00.999 UTC */
	al = published(flood());
	assert_string_equal(cap(&al),
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<?xml-stylesheet type=\"text/xsl\" href=\"/cap.xsl\"?>\n"
	    "<?xml-stylesheet type=\"text/css\" href=\"/cap.css\"?>\n"
	    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n"
	    "<identifier>muster.muster.example.org.20251128093000.1</identifier>\n"
	    "<sender>muster.example.org</sender>\n"
	    "<sent>2025-11-28T09:30:00-00:00</sent>\n"
	    "<status>Actual</status>\n"
	    "<msgType>Alert</msgType>\n"
	    "<scope>Public</scope>\n"
	    "<info>\n<language>ro</language>\n<category>Met</category>\n<event>Flood</event>\n"
	    "<responseType>Shelter</responseType>\n<urgency>Immediate</urgency>\n<severity>Severe</severity>\n"
	    "<certainty>Likely</certainty>\n<expires>2025-11-28T11:30:00-00:00</expires>\n"
	    "<senderName>Cluj &amp; around</senderName>\n<headline>Inundație</headline>\n"
	    "<description>Apa crește. Mergeți sus.</description>\n<instruction>Urcați.</instruction>\n"
	    "<web>https://muster.example.org/alerts/1</web>\n"
	    "<parameter>\n<valueName>muster:chain</valueName>\n<value>1</value>\n</parameter>\n"
	    "<area>\n<areaDesc>Cluj</areaDesc>\n"
	    "<polygon>46.770,23.562 46.756,23.570 46.751,23.590 46.756,23.610 46.770,23.618 46.784,23.610"
	    " 46.789,23.590 46.784,23.570 46.770,23.562</polygon>\n"
	    "<geocode>\n<valueName>muster:location</valueName>\n<value>city-CJ</value>\n</geocode>\n</area>\n"
	    "</info>\n"
	    "<info>\n<language>en</language>\n<category>Met</category>\n<event>Flood</event>\n"
	    "<responseType>Shelter</responseType>\n<urgency>Immediate</urgency>\n<severity>Severe</severity>\n"
	    "<certainty>Likely</certainty>\n<expires>2025-11-28T11:30:00-00:00</expires>\n"
	    "<senderName>Cluj &amp; around</senderName>\n<headline>Flood</headline>\n"
	    "<description>The water rises. Go up.</description>\n<instruction>Climb.</instruction>\n"
	    "<web>https://muster.example.org/alerts/1</web>\n"
	    "<parameter>\n<valueName>muster:chain</valueName>\n<value>1</value>\n</parameter>\n"
	    "<area>\n<areaDesc>Cluj</areaDesc>\n"
	    "<polygon>46.770,23.562 46.756,23.570 46.751,23.590 46.756,23.610 46.770,23.618 46.784,23.610"
	    " 46.789,23.590 46.784,23.570 46.770,23.562</polygon>\n"
	    "<geocode>\n<valueName>muster:location</valueName>\n<value>city-CJ</value>\n</geocode>\n</area>\n"
	    "</info>\n"
	    "</alert>\n");
}

STORE_TEST(an_update_and_a_cancel_refer_to_all_before_them)
{
	struct alert first = published(flood()), next, last;

	at(NOW + 60000);
	next = replaced(&first, MSG_UPDATE);
	has(cap(&next), "<msgType>Update</msgType>\n<scope>Public</scope>\n"
			"<references>127.0.0.1,muster.127.0.0.1.19700101001640.1,1970-01-01T00:16:40-00:00"
			"</references>\n<info>");
	at(NOW + 120000);
	last = replaced(&next, MSG_CANCEL);
	has(cap(&last), "<msgType>Cancel</msgType>");
	has(out.p, "muster.127.0.0.1.19700101001640.1,1970-01-01T00:16:40-00:00 127.0.0.1,muster.");
	has(out.p, "<note>Taken back: ");
	has(out.p, "<responseType>AllClear</responseType>");
	has(out.p, "<value>1</value>"); /* one chain */
}

STORE_TEST(an_exercise_says_so_in_its_status_and_with_its_name)
{
	struct alert al = flood();

	al.exercise = true;
	al = published(al);
	has(cap(&al), "<status>Exercise</status>");
	has(out.p, "<note>Exercise, not a real emergency: Inundație</note>");
	has(atom(&al, 1), "<title>Exercise: Inundație</title>");
}

STORE_TEST(what_somebody_wrote_is_never_markup)
{
	static struct alert_text odd[] = { { B("en"), B("<b>\"A\" & B</b>"),
	    B("]]>\x01\x1f\xef\xbf\xbf\r\n\t'"), B("<!--") } };
	struct alert al = flood();

	al.texts = odd;
	al.ntexts = 1;
	al = published(al);
	has(cap(&al), "<headline>&lt;b&gt;&quot;A&quot; &amp; B&lt;/b&gt;</headline>");
	has(out.p, "<description>]]&gt;\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd&#13;\n\t'</description>");
	has(out.p, "<instruction>&lt;!--</instruction>");
	has(atom(&al, 1), "<summary>]]&gt;\xef\xbf\xbd");
}

STORE_TEST(headline_and_event_are_cut_between_characters)
{
	static char title[2 * 150 + 1];
	static struct alert_text texts[] = { { B("ro"), { title, 300 }, B("m"), B("") } };
	struct alert al = flood();
	char want[400];

	for (int i = 0; i < 150; i++)
		memcpy(title + 2 * i, "ș", 2);
	al.texts = texts;
	al.ntexts = 1;
	al.event = (struct str){ title, 100 };
	al = published(al);
	snprintf(want, sizeof(want), "<headline>%.280s</headline>", title);
	has(cap(&al), want);
	snprintf(want, sizeof(want), "<event>%.70s</event>", title);
	has(out.p, want);
	has(out.p, "<instruction>m</instruction>");
}

STORE_TEST(times_are_never_in_zulu)
{
	struct alert al = published(flood());

	has_not(cap(&al), "Z<");
}

STORE_TEST(who_asks_for_a_page_gets_a_type_that_browsers_show)
{
	assert_string_equal(
	    cap_type(S("text/html,application/xhtml+xml,*/*;q=0.8"), CAP_TYPE), "application/xml");
	assert_string_equal(cap_type(S("*/*"), CAP_TYPE), "application/cap+xml");
	assert_string_equal(cap_type(S(""), ATOM_TYPE), "application/atom+xml");
}

/* ---- areas ---- */

/* Reads "polygon a,b c,d" or what remains of it. */
static size_t
vertices(struct str area, struct geo *v, size_t room)
{
	size_t n = 0;

	assert_str(str_cut(&area, ' '), "polygon");
	while (area.n > 0) {
		struct str pair = str_cut(&area, ' '), latitude = str_cut(&pair, ',');

		assert_true(n < room);
		assert_true(str_double(latitude, &v[n].latitude) && str_double(pair, &v[n].longitude));
		n++;
	}
	return n;
}

static bool
inside(const struct geo *v, size_t n, struct geo p)
{
	for (size_t i = 0; i + 1 < n; i++) {
		double cross = (v[i + 1].longitude - v[i].longitude) * (p.latitude - v[i].latitude) -
			       (v[i + 1].latitude - v[i].latitude) * (p.longitude - v[i].longitude);

		if (cross < 0)
			return false;
	}
	return true;
}

STORE_TEST(a_polygon_is_closed_convex_and_around_every_shelter)
{
	struct geo v[101], where[200];
	size_t n;

	for (int i = 0; i < 200; i++) {
		where[i] =
		    (struct geo){ 23 + random_below(10000) / 10000.0, 46 + random_below(10000) / 10000.0 };
		shelter_at("city-CJ", numbered("RO-CJ-", i).p, where[i].latitude, where[i].longitude);
	}
	n = vertices(area_draw(db, mem, S("city-CJ")), v, LEN(v));
	assert_in_range(n, 4, 100);
	assert_double(v[0].latitude, v[n - 1].latitude);
	assert_double(v[0].longitude, v[n - 1].longitude);
	for (size_t i = 0; i < LEN(where); i++)
		assert_true(inside(v, n, where[i]));
	for (size_t i = 0; i + 2 < n; i++)
		assert_true(inside(v, n, v[i + 1]));
}

STORE_TEST(a_location_of_unknown_position_has_a_code_alone)
{
	struct alert al = published(flood());

	set_add(db, S("city-CJ"), S("RO-CJ-01"));
	assert_str(area_draw(db, mem, S("city-CJ")), "");
	has(cap(&al), "<areaDesc>Cluj</areaDesc>\n<geocode>");
}

STORE_TEST(over_the_edge_of_the_map_it_is_a_circle)
{
	struct str area, radius;
	double km;

	shelter_at("country-NZ", "NZ-CI-1", -44, 179.999);
	shelter_at("country-NZ", "NZ-CI-2", -44, -179.99);
	area = area_draw(db, mem, S("country-NZ"));
	assert_true(str_starts(area, "circle -44.000,"));
	radius = area;
	str_cut(&radius, ' ');
	str_cut(&radius, ' ');
	assert_true(str_double(radius, &km));
	assert_true(km > 2 && km < 4);
}

STORE_TEST(what_an_alert_said_of_its_area_stays)
{
	struct alert al;
	struct str before;

	shelter_at("city-CJ", "RO-CJ-01", 46.77, 23.59);
	al = published(flood());
	before = area_of(db, mem, &al, S("city-CJ"));
	shelter_at("city-CJ", "RO-CJ-02", 47.5, 24);
	assert_bytes(area_of(db, mem, &al, S("city-CJ")), before);
	assert_false(str_eq(area_draw(db, mem, S("city-CJ")), before));
}

STORE_TEST(of_very_many_shelters_some_are_looked_at_and_it_is_the_same_each_time)
{
	struct str once;

	for (int i = 0; i < 12000; i++)
		shelter_at(
		    "country-RO", numbered("RO-X-", i).p, 44 + i % 100 / 50.0, 22 + i / 100 % 100 / 20.0);
	once = area_draw(db, mem, S("country-RO"));
	assert_true(str_starts(once, "polygon "));
	assert_bytes(area_draw(db, mem, S("country-RO")), once);
}

/* ---- the feed ---- */

STORE_TEST(a_feed_has_an_entry_for_each_that_holds)
{
	struct alert al[3];

	set("site.url", "https://muster.example.org");
	al[0] = flood();
	al[0].expires_at = NOW + 500;
	al[0] = published(al[0]);
	al[1] = published(flood());
	at(1764322200000);
	al[2] = published(flood());
	al[1].expires_at = al[2].expires_at;
	has(atom(al, 3), "<id>https://muster.example.org/alerts.atom</id>\n<title>Alerts – muster</title>\n"
			 "<updated>2025-11-28T09:30:00Z</updated>");
	has(out.p, "<link rel=\"self\" type=\"application/atom+xml\""
		   " href=\"https://muster.example.org/alerts.atom\"/>");
	has(out.p, "<id>tag:muster.example.org,2025-11-28:muster.muster.example.org.20251128093000.3</id>");
	has(out.p, "<link rel=\"alternate\" type=\"application/cap+xml\""
		   " href=\"https://muster.example.org/alerts/3.cap\"/>");
	has(out.p, "<cap:expires>2025-11-28T11:30:00-00:00</cap:expires>\n<cap:areaDesc>Cluj</cap:areaDesc>");
	has(out.p, "/alerts/2.cap");
	has_not(out.p, "/alerts/1.cap"); /* expired */
	al[1].replaced_by = 3;
	has_not(atom(al, 3), "/alerts/2.cap");
}

STORE_TEST(a_feed_without_entries_is_one_all_the_same)
{
	has(atom(NULL, 0), "<updated>1970-01-01T00:00:00Z</updated>");
	has_not(out.p, "<entry>");
}

/*
 * /shelters - finding shelters, one shelter, and keeping them.
 *
 *	GET    /shelters?near=|q=|location=…   the search: nearest, or by a ranking
 *	GET    /shelters.geojson, .csv         the same, whole
 *	GET    /shelters/{id}                  one
 *	POST   /shelters                       admin: creates
 *	PATCH  /shelters/{id}                  admin, its manager: changes (RFC 7396)
 *	DELETE /shelters/{id}?force=1          admin
 *
 * Each under /api as JSON and without as a page.
 */
#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "article.h"
#include "ask.h"
#include "edit.h"
#include "entity.h"
#include "html.h"
#include "intent.h"
#include "serve.h"
#include "session.h"
#include "timeline.h"
#include "view.h"

enum { PER_PAGE = 20, PER_SCREEN = 10, PER_BATCH = 500, POSTS = 3 };

/* ---- the search as JSON ---------------------------------------------------- */

static void
put_places(struct json *j, const struct ask *ask)
{
	json_key(j, "places");
	json_open(j, '[');
	for (size_t i = 0; i < ask->nplaces; i++) {
		json_open(j, '{');
		json_key_str(j, "title", ask->places[i].title);
		json_key_int(j, "shelters", ask->places[i].shelters);
		json_key_position(
		    j, "position", true, ask->places[i].centre.longitude, ask->places[i].centre.latitude);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
list_json(
    struct req *rq, struct res *rs, const struct ask *ask, const struct found *found, size_t n, bool more)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "shelters");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++)
		found_json(&j, &found[i]);
	json_close(&j, ']');
	json_key_given(&j, "next", more ? ask_cursor(rq->arena, ask, &found[n - 1]) : S(""));
	if (ask->q.n)
		put_places(&j, ask);
	json_close(&j, '}');
}

/* ---- the search as a page -------------------------------------------------- */

static const struct {
	const char *slug, *words;
} offered[] = {
	{ "step-free", "Step-free way in" },
	{ "medicine", "Medicine" },
	{ "electricity", "Electricity" },
	{ "heating", "Heating" },
	{ "pets", "Room for pets" },
};

static bool
wants(const struct ask *ask, const char *slug)
{
	for (size_t i = 0; i < ask->filter.nneeds; i++)
		if (str_is(ask->filter.needs[i], slug))
			return true;
	return false;
}

/* The search as a link, but for what is left out. */
enum { KEEP_NEEDS = 1, KEEP_OPEN = 2, KEEP_SEATS = 4, KEEP_ALL = 7 };

static char *
search_link(struct req *rq, const struct ask *ask, int keep, struct str cursor)
{
	static const char *const kept[] = { "radius", "sort", "limit" };
	struct str location = query(rq, "location"), near = query(rq, "near");
	char *link = ask->q.n     ? url(rq->arena, "/shelters?q=%.*s", FMT(ask->q))
		     : near.n     ? url(rq->arena, "/shelters?near=%.*s", FMT(near))
		     : location.n ? url(rq->arena, "/shelters?location=%.*s", FMT(location))
				  : arena_printf(rq->arena, "/shelters?");

	/* A cursor is of this order within this radius. */
	for (size_t i = 0; i < LEN(kept); i++)
		if (query(rq, kept[i]).n)
			link = arena_printf(rq->arena, "%s&%s=%s", link, kept[i],
			    url(rq->arena, "%.*s", FMT(query(rq, kept[i]))));
	if ((keep & KEEP_SEATS) && ask->filter.seats)
		link = arena_printf(rq->arena, "%s&seats=%lld", link, (long long)ask->filter.seats);
	for (size_t i = 0; (keep & KEEP_NEEDS) && i < ask->filter.nneeds; i++)
		link = arena_printf(
		    rq->arena, "%s&need=%s", link, url(rq->arena, "%.*s", FMT(ask->filter.needs[i])));
	if ((keep & KEEP_OPEN) && ask->filter.open)
		link = arena_printf(rq->arena, "%s&open=1", link);
	if (cursor.n)
		link = arena_printf(rq->arena, "%s&cursor=%s", link, url(rq->arena, "%.*s", FMT(cursor)));
	return link;
}

/* "?seats=4&need=step-free": what the shelter's own form starts with. */
static const char *
kept_query(struct req *rq, const struct ask *ask)
{
	char *q = arena_printf(rq->arena, "%s", "");

	if (ask->filter.seats)
		q = arena_printf(rq->arena, "&seats=%lld", (long long)ask->filter.seats);
	for (size_t i = 0; i < ask->filter.nneeds; i++)
		q = arena_printf(
		    rq->arena, "%s&need=%s", q, url(rq->arena, "%.*s", FMT(ask->filter.needs[i])));
	if (*q != '\0')
		*q = '?';
	return q;
}

static void
search_summary(struct res *rs, const struct ask *ask)
{
	const char *before = ": ";

	html(rs, "<summary>Change the search");
	if (ask->filter.seats) {
		html(rs, "%s%lld %s", before, (long long)ask->filter.seats,
		    ask->filter.seats == 1 ? "person" : "people");
		before = ", ";
	}
	for (size_t i = 0; i < ask->filter.nneeds; i++, before = ", ")
		html(rs, "%s%.*s", before, FMT(ask->filter.needs[i]));
	if (ask->filter.open)
		html(rs, "%sopen now", before);
	html(rs, "</summary>\n");
}

static void
search_form(struct req *rq, struct res *rs, const struct ask *ask, bool open)
{
	struct str near = query(rq, "near");

	html(rs, open ? "<details class=\"box\" open>\n" : "<details class=\"box\">\n");
	search_summary(rs, ask);
	html(rs, "<form method=\"get\" action=\"/shelters\" id=\"search\" novalidate>\n"
		 "<button type=\"button\" id=\"locate\" hidden>Use my location</button>\n"
		 "<p id=\"said\" role=\"status\"></p>\n");
	html(rs,
	    near.n ? "<input type=\"hidden\" name=\"near\" id=\"near\" value=\"%.*s\">\n"
		   : "<input type=\"hidden\" name=\"near\" id=\"near\" value=\"%.*s\" disabled>\n",
	    FMT(near));
	html_input(rq, rs, "q", "Town or area",
	    "type=\"search\" maxlength=\"100\" autocomplete=\"address-level2\"", ask->q);
	html_input(rq, rs, "seats", "How many people are you?",
	    "class=\"few\" type=\"number\" inputmode=\"numeric\" min=\"1\"", query(rq, "seats"));
	html(rs, "<fieldset><legend>What do you need?</legend>\n<div class=\"ticks\">\n");
	for (size_t i = 0; i < LEN(offered); i++)
		html(rs,
		    "<label class=\"tick\"><input type=\"checkbox\" name=\"need\" value=\"%s\"%s> %s</label>\n",
		    offered[i].slug, wants(ask, offered[i].slug) ? " checked" : "", offered[i].words);
	html(rs,
	    "</div></fieldset>\n"
	    "<label class=\"tick\"><input type=\"checkbox\" name=\"open\" value=\"1\"%s> Only shelters open now</label>\n"
	    "<button>Show shelters</button>\n</form>\n</details>\n<script src=\"/near.js\" defer></script>\n",
	    ask->filter.open ? " checked" : "");
}

/* What else a name may have meant, with what else was asked for. */
static void
other_places(struct req *rq, struct res *rs, const struct ask *ask)
{
	const char *rest = strchr(search_link(rq, ask, KEEP_ALL, S("")), '&');

	if (ask->nplaces < 2)
		return;
	html(rs, "<p class=\"links\">Other places of that name:");
	for (size_t i = 1; i < ask->nplaces; i++) {
		const struct place *p = &ask->places[i];
		const char *link = str_eq(p->title, ask->places[0].title)
				       ? arena_printf(rq->arena, "/shelters?near=%.3f,%.3f",
					     p->centre.latitude, p->centre.longitude)
				       : url(rq->arena, "/shelters?q=%.*s", FMT(p->title));

		html(rs, " <a href=\"%s%s\">%.*s <span class=\"hint\">(%lld)</span></a>", link,
		    rest ? rest : "", FMT(p->title), (long long)p->shelters);
	}
	html(rs, "</p>\n");
}

static void
nothing_found(struct req *rq, struct res *rs, const struct ask *ask)
{
	html(rs, "<div class=\"box\">\n");
	if (ask->q.n && ask->nplaces == 0)
		html(rs,
		    "<p class=\"lead\">No place is called “%.*s” here. Try the nearest town, or "
		    "<a href=\"/locations\">browse by area</a>.</p>\n",
		    FMT(ask->q));
	else
		html(rs, "<p class=\"lead\">No shelter fits your search.</p>\n");
	html(rs, "<ul>\n");
	if (ask->filter.nneeds || ask->filter.open)
		html(rs, "<li><a href=\"%s\">Search without special needs, and with closed ones</a></li>\n",
		    search_link(rq, ask, KEEP_SEATS, S("")));
	if (ask->filter.seats)
		html(rs,
		    "<li><a href=\"%s\">Show all shelters here</a></li>\n"
		    "<li>Are you many? You can go to two shelters.</li>\n",
		    search_link(rq, ask, 0, S("")));
	html(rs, "<li>In danger? Call <a href=\"tel:112\">112</a>.</li>\n</ul>\n</div>\n");
}

static enum err
cards(struct req *rq, struct res *rs, const struct ask *ask, const struct found *found, size_t n)
{
	const char *kept = kept_query(rq, ask);

	html(rs, "<ol class=\"cards\">\n");
	for (size_t i = 0; i < n; i++) {
		struct shelter s;
		enum err e = shelter_load(rq->db, rq->arena, found[i].id, &s);

		if (e != OK)
			return e;
		view_card(rq, rs,
		    &(struct view_card){
			.s = &s,
			.distance = found[i].distance,
			.from = ask->near ? &ask->centre : NULL,
			.level = 2,
			.query = kept,
		    });
		if (view_takes_people(&s))
			html(rs,
			    "<a class=\"go\" href=\"/shelters/%.*s%s#come\">We are coming "
			    "<span class=\"hide\">to %.*s</span></a>\n",
			    FMT(s.id), kept, FMT(s.name));
		html(rs, "</li>\n");
	}
	html(rs, "</ol>\n");
	return OK;
}

static char *
results_title(struct req *rq, const struct ask *ask)
{
	struct str location = query(rq, "location");

	if (ask->q.n && ask->nplaces)
		return arena_printf(rq->arena, "Shelters near %.*s", FMT(ask->places[0].title));
	if (ask->q.n)
		return arena_printf(rq->arena, "Shelters for “%.*s”", FMT(ask->q));
	if (ask->near)
		return arena_printf(rq->arena, "Shelters near you");
	if (location.n) {
		struct str title = location_title(rq->db, rq->arena, location);

		return arena_printf(rq->arena, "Shelters in %.*s", FMT(title));
	}
	return arena_printf(rq->arena, "All shelters");
}

static enum err
list_page(
    struct req *rq, struct res *rs, const struct ask *ask, const struct found *found, size_t n, bool more)
{
	char *title = n ? results_title(rq, ask) : arena_printf(rq->arena, "No shelter found");
	enum err e = OK;

	html_page(rq, rs, 200, title, title);
	if (n == 0) {
		nothing_found(rq, rs, ask);
		search_form(rq, rs, ask, true);
		html_end(rq, rs);
		return OK;
	}
	view_fresh(rq, rs, ask->near ? "Nearest first. " : "Most places first. ",
	    search_link(rq, ask, KEEP_ALL, S("")));
	other_places(rq, rs, ask);
	search_form(rq, rs, ask, false);
	e = cards(rq, rs, ask, found, n);
	html(rs, "<nav class=\"links\" aria-label=\"More results\">");
	if (more)
		html(rs, "<a rel=\"next\" href=\"%s\">Next %zu shelters</a> ",
		    search_link(rq, ask, KEEP_ALL, ask_cursor(rq->arena, ask, &found[n - 1])), ask->limit);
	if (ask->has_cursor)
		html(rs, "<a href=\"%s\">Back to the first</a>", search_link(rq, ask, KEEP_ALL, S("")));
	html(rs, "</nav>\n");
	html_end(rq, rs);
	return e;
}

static void
refused_search(struct req *rq, struct res *rs, const struct ask *ask)
{
	html_page(rq, rs, 422, "Find a shelter", NULL);
	html_faults(rq, rs);
	html(rs, "<h1>Find a shelter</h1>\n");
	search_form(rq, rs, ask, true);
	html_end(rq, rs);
}

static enum err
list(struct req *rq, struct res *rs)
{
	struct ask ask;
	struct found *found;
	size_t n;
	bool more;
	enum err e = ask_read(rq, rq->face == FACE_JSON ? PER_PAGE : PER_SCREEN, &ask);

	if (e != OK) {
		if (rq->face == FACE_HTML)
			refused_search(rq, rs, &ask);
		return e;
	}
	if (res_fresh(rq, rs, db_sequence(rq->db)))
		return OK;
	ask.limit++; /* one more, or a full last page would promise a next one */
	if ((e = ask_run(rq->db, rq->arena, &ask, &found, &n)) != OK)
		return e;
	more = n == ask.limit--;
	n -= more;
	if (rq->face == FACE_HTML)
		return list_page(rq, rs, &ask, found, n, more);
	list_json(rq, rs, &ask, found, n, more);
	return OK;
}

/* ---- whole sets, streamed --------------------------------------------------- */

/* Walks over all answers in batches; `put` writes one. */
static enum err
each(struct req *rq, struct res *rs, struct ask *ask,
    void (*put)(struct req *, struct res *, const struct found *))
{
	struct arena *batch = arena_new();
	struct found *found;
	size_t n;
	char id[64];
	enum err e;

	ask->limit = PER_BATCH;
	do {
		if ((e = ask_run(rq->db, batch, ask, &found, &n)) != OK)
			break;
		for (size_t i = 0; i < n; i++) {
			put(rq, rs, &found[i]);
			res_stream(rs);
		}
		if (n) {
			size_t length = found[n - 1].id.n < sizeof(id) ? found[n - 1].id.n : sizeof(id);

			memcpy(id, found[n - 1].id.p, length);
			ask->cursor = (struct cursor){ ask->near ? found[n - 1].distance : found[n - 1].score,
				{ id, length } };
			ask->has_cursor = true;
		}
		arena_reset(batch);
	} while (n == PER_BATCH);
	arena_free(batch);
	return e;
}

static void
put_feature(struct req *rq, struct res *rs, const struct found *f)
{
	struct arena *a = arena_new();
	struct json j = { .out = &rs->body, .comma = rs->sent_head || rs->body.p[rs->body.n - 1] != '[' };
	struct shelter s;

	if (shelter_load(rq->db, a, f->id, &s) == OK) {
		json_open(&j, '{');
		json_key_str(&j, "type", S("Feature"));
		json_key_str(&j, "id", s.id);
		json_key(&j, "geometry");
		if (s.placed) {
			json_open(&j, '{');
			json_key_str(&j, "type", S("Point"));
			json_key(&j, "coordinates");
			json_open(&j, '[');
			json_num(&j, s.position.longitude);
			json_num(&j, s.position.latitude);
			json_close(&j, ']');
			json_close(&j, '}');
		} else {
			json_null(&j);
		}
		json_key(&j, "properties");
		found_json(&j, f);
		json_close(&j, '}');
	}
	arena_free(a);
}

/* What both exports begin with.  *done: there is nothing to write. */
static enum err export(struct req *rq, struct res *rs, const char *type, struct ask *ask, bool *done) {
	enum err e = ask_read(rq, PER_PAGE, ask);

	rq->face = FACE_JSON; /* faults are told to programs */
	    *done = e != OK || res_fresh(rq, rs, db_sequence(rq->db));
	if (*done) return e;
	rs->status = 200;
	rs->rendered = true;
	rs->type = type;
	return OK;
}

/* RFC 7946; foreign members say when it was made. */
static enum err
geojson(struct req *rq, struct res *rs)
{
	struct ask ask;
	bool done;
	enum err e = export(rq, rs, "application/geo+json", &ask, &done);

	if (done)
		return e;
	buf_printf(&rs->body, "{\"type\":\"FeatureCollection\",\"generated_at\":%lld,\"features\":[",
	    (long long)rq->now);
	e = each(rq, rs, &ask, put_feature);
	buf_str(&rs->body, S("]}\n"));
	return e;
}

/* RFC 4180: quoted where it must be. */
static void
csv_cell(struct res *rs, struct str s, bool last)
{
	bool quote = false;

	for (size_t i = 0; i < s.n; i++)
		quote |= strchr(",\"\r\n;", s.p[i]) != NULL;
	if (quote)
		buf_char(&rs->body, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_char(&rs->body, '"');
		buf_char(&rs->body, s.p[i]);
	}
	if (quote)
		buf_char(&rs->body, '"');
	buf_str(&rs->body, last ? S("\r\n") : S(","));
}

static void
csv_number(struct res *rs, bool known, int64_t n)
{
	if (known)
		buf_int(&rs->body, n);
	buf_char(&rs->body, ',');
}

static struct str
tri_word(enum tri t)
{
	return t == TRI_YES ? S("yes") : t == TRI_NO ? S("no") : S("");
}

/* Features and resources in one cell: what an import reads back. */
static struct str
features_cell(struct arena *a, const struct shelter *s)
{
	struct str out = S("");

	for (size_t i = 0; i < s->nfeatures; i++)
		if (memchr(s->features[i].p, ';', s->features[i].n) != NULL)
			return shelter_features(a, s); /* as JSON: nothing to split wrongly */
	for (size_t i = 0; i < s->nfeatures; i++)
		out = arena_strf(a, "%.*s%s%.*s", FMT(out), i ? ";" : "", FMT(s->features[i]));
	return out;
}

/* The member `resources` of the card: JSON text. */
static struct str
resources_cell(struct arena *a, const struct found *f)
{
	struct str whole = arena_strf(a, "%.*s}", FMT(f->card.json)), text = S("");
	struct json_object *o = json_tokener_parse(whole.p), *resources;

	if (o != NULL && json_object_object_get_ex(o, "resources", &resources) &&
	    json_object_object_length(resources) > 0)
		text = arena_dup(a, str(json_object_to_json_string_ext(resources, JSON_C_TO_STRING_PLAIN)));
	json_object_put(o);
	return text;
}

static void
put_row(struct req *rq, struct res *rs, const struct found *f)
{
	struct arena *a = arena_new();
	struct shelter s;

	if (shelter_load(rq->db, a, f->id, &s) == OK) {
		bool known = s.capacity != UNKNOWN;

		csv_cell(rs, s.id, false);
		csv_cell(rs, s.name, false);
		csv_cell(rs, s.address, false);
		csv_cell(rs, s.place, false);
		buf_printf(
		    &rs->body, s.placed ? "%.10g,%.10g," : ",,", s.position.longitude, s.position.latitude);
		csv_number(rs, known, s.capacity);
		csv_number(rs, true, s.occupancy);
		csv_number(rs, true, s.expected);
		csv_number(rs, known, shelter_availability(&s));
		csv_number(rs, known, shelter_projected(&s));
		csv_cell(rs, str(status_name(s.status)), false);
		csv_cell(rs, features_cell(a, &s), false);
		csv_cell(rs, resources_cell(a, f), false);
		csv_cell(rs, tri_word(s.electricity), false);
		csv_cell(rs, tri_word(s.heating), false);
		csv_number(rs, true, s.updated_at);
		csv_cell(rs, s.confirmed_at ? arena_strf(a, "%lld", (long long)s.confirmed_at) : S(""), true);
	}
	arena_free(a);
}

static enum err
csv(struct req *rq, struct res *rs)
{
	struct ask ask;
	bool done;
	enum err e = export(rq, rs, "text/csv; charset=utf-8; header=present", &ask, &done);

	if (done)
		return e;
	res_header(rs, "Content-Disposition", "attachment; filename=\"shelters.csv\"");
	buf_str(
	    &rs->body, S("id,name,address,place,longitude,latitude,capacity,occupancy,expected,availability,"
			 "projected_availability,status,features,resources,electricity,heating,updated_at,"
			 "confirmed_at\r\n"));
	return each(rq, rs, &ask, put_row);
}

/* ---- one shelter ------------------------------------------------------------- */

static void
fact(struct res *rs, const char *name, struct str value)
{
	html(rs, "<tr><th scope=\"row\">%s</th><td>%.*s</td></tr>\n", name, FMT(value));
}

static struct str
yes_no(enum tri t)
{
	return t == TRI_YES ? S("Yes") : t == TRI_NO ? S("No") : S("not known");
}

static struct str
resource_words(struct arena *a, const struct resource *r)
{
	struct str out = S("");

	if (r->counted)
		return arena_strf(a, "%.15g %.*s", r->quantity, FMT(r->unit));
	for (size_t i = 0; i < r->nitems; i++)
		out = arena_strf(a, "%.*s%s%.*s", FMT(out), i ? ", " : "", FMT(r->items[i]));
	return out.n ? out : S("none");
}

/* What the source of an import told besides. */
static void
attributes(struct req *rq, struct res *rs, const struct shelter *s)
{
	struct json_object *o = s->attributes.n ? json_tokener_parse(s->attributes.p) : NULL;

	if (o == NULL)
		return;
	json_object_object_foreach(o, key, value)
	    fact(rs, key, str(value ? json_object_get_string(value) : ""));
	json_object_put(o);
	(void)rq;
}

static void
facts(struct req *rq, struct res *rs, const struct shelter *s)
{
	struct arena *a = rq->arena;
	struct str city = shelter_city(a, s->id), area = location_title(rq->db, a, city);

	html(rs, "<section class=\"box\" aria-labelledby=\"facts\">\n<h2 id=\"facts\">What is there</h2>\n");
	view_tags(rs, s, FEATURES_MAX);
	html(rs,
	    "<table>\n<caption>Building and supplies</caption>\n"
	    "<thead><tr><th scope=\"col\">What</th><th scope=\"col\">How much</th></tr></thead>\n<tbody>\n");
	fact(rs, "Places in all",
	    s->capacity == UNKNOWN ? S("not known") : arena_strf(a, "%lld", (long long)s->capacity));
	fact(rs, "People inside", arena_strf(a, "%lld", (long long)s->occupancy));
	fact(rs, "Electricity", yes_no(s->electricity));
	fact(rs, "Heating", yes_no(s->heating));
	for (size_t i = 0; i < s->nresources; i++)
		fact(rs, s->resources[i].name.p, resource_words(a, &s->resources[i]));
	attributes(rq, rs, s);
	html(rs,
	    "</tbody>\n</table>\n"
	    "<p class=\"links\"><a href=\"/locations/%.*s\">All shelters in %.*s</a></p>\n</section>\n",
	    FMT(city), FMT(area));
}

static void
takes_nobody(struct res *rs, const struct shelter *s)
{
	html(rs, "<p class=\"box\">This shelter takes nobody in now.");
	if (s->placed)
		html(rs, " <a href=\"/shelters?near=%.3f,%.3f&amp;open=1\">Open shelters near it</a>",
		    s->position.latitude, s->position.longitude);
	html(rs, "</p>\n");
}

/* The page is the same for all, so only public posts stand on it; what else
 * somebody may read is behind the link. */
static void
what_teams_write(struct req *rq, struct res *rs, const struct shelter *s)
{
	struct timeline about = { .limit = POSTS };
	struct timeline_page page;
	struct reader nobody;
	const char *why;

	if (!hashtag_key(rq->arena, s->id, &about.hashtag) ||
	    reader_of(rq->db, rq->arena, S(""), false, false, &nobody) != OK ||
	    timeline_read(rq->db, rq->arena, &nobody, &about, &page, &why) != OK)
		return;
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"write\">\n<h2 id=\"write\">What teams write about it</h2>\n"
	    "<div class=\"posts\">\n");
	for (size_t i = 0; i < page.n; i++)
		article_html(rq, rs, &nobody, &page.v[i], NULL, NULL, 3, false);
	html(rs, "</div>\n<p class=\"links\"><a href=\"%s\">All posts with #%.*s</a></p>\n</section>\n",
	    url(rq->arena, "/posts?hashtag=%.*s", FMT(about.hashtag)), FMT(s->id));
}

static void
shelter_page(struct req *rq, struct res *rs, const struct shelter *s)
{
	const char *name = arena_dup(rq->arena, s->name).p;

	html_page(rq, rs, 200, name, NULL);
	if (str_is(query(rq, "done"), "cancelled"))
		html(rs,
		    "<p class=\"done\" role=\"status\">Your place is cancelled. Thank you: others can have it "
		    "now.</p>\n");
	html(rs, "<h1>%s</h1>\n", name);
	view_fresh(rq, rs, "", url(rq->arena, "/shelters/%.*s", FMT(s->id)));
	html(rs, "<div class=\"two\">\n<section class=\"box\" aria-labelledby=\"room\">\n"
		 "<h2 id=\"room\" class=\"hide\">Is there room?</h2>\n");
	view_status(rs, s);
	view_numbers(rs, s, false);
	view_age(rq, rs, s);
	html(rs, "<h2>How to get there</h2>\n");
	view_directions(rq, rs, s);
	html(rs, "</section>\n");
	if (view_takes_people(s))
		view_come(rq, rs, s->id);
	else
		takes_nobody(rs, s);
	facts(rq, rs, s);
	what_teams_write(rq, rs, s);
	html(rs, "</div>\n");
	html_end(rq, rs);
}

static void
shelter_answer(struct res *rs, const struct shelter *s, int status)
{
	struct json j = res_json(rs, status);

	shelter_json(&j, s);
	json_close(&j, '}');
}

/* As JSON the card is the answer; the hash need not be read. */
static enum err
show_json(struct req *rq, struct res *rs)
{
	struct str bytes;
	struct card card;
	struct json j;
	enum err e = shelter_card(rq->db, rq->arena, rq->arg[0], &bytes);

	if (e != OK || !card_parse(bytes, &card))
		return fail(rq, e == OK ? ERR_STORE : e, "There is no shelter %.*s.", FMT(rq->arg[0]));
	if (res_fresh(rq, rs, card.sequence))
		return OK;
	j = res_json(rs, 200);
	json_raw(&j, card.json);
	json_close(&j, '}');
	return OK;
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct shelter s;
	enum err e;

	if (rq->face == FACE_JSON)
		return show_json(rq, rs);
	if ((e = shelter_load(rq->db, rq->arena, rq->arg[0], &s)) != OK)
		return fail(rq, e, "There is no shelter %.*s.", FMT(rq->arg[0]));
	/* Posts about it are on the page too, so its version is the whole store's. */
	if (!res_fresh(rq, rs, db_sequence(rq->db)))
		shelter_page(rq, rs, &s);
	return OK;
}

/* ---- keeping them ------------------------------------------------------------ */

static enum err
create(struct req *rq, struct res *rs)
{
	struct change change = {
		.kind = "create", .by = rq->who.name, .confirms = has_field(rq, "occupancy")
	};
	struct shelter s = { .capacity = UNKNOWN, .status = STATUS_OPEN }, there;
	bool good;

	if (rq->json == NULL)
		return fail(rq, ERR_MEDIA, "Send the shelter as application/json to /api/shelters.");
	good = need_text(rq, "id", 30, &s.id);
	if (good && !shelter_id_valid(s.id))
		good = fault(rq, "id", "format", "Give COUNTRY-CITY-NUMBER, such as RO-CJ-01.");
	good &= shelter_edit(rq, &s, true);
	if (!good)
		return ERR_INPUT;
	if (shelter_load(rq->db, rq->arena, s.id, &there) == OK)
		return fail(rq, ERR_CONFLICT, "There is a shelter %.*s already.", FMT(s.id));
	if (shelter_save(rq->db, rq->arena, NULL, &s, &change) != OK)
		return ERR_STORE;
	shelter_answer(rs, &s, 201);
	res_header(rs, "Location", "/api/shelters/%.*s", FMT(s.id));
	return OK;
}

/* Loads the shelter of the path for somebody who may change it; nobody whose
 * time is over is on the way to it. */
static enum err
load_mine(struct req *rq, struct shelter *s)
{
	enum err e = shelter_load(rq->db, rq->arena, rq->arg[0], s);

	if (e != OK)
		return fail(rq, e, "There is no shelter %.*s.", FMT(rq->arg[0]));
	if (!may_manage(rq, s->id))
		return fail(rq, ERR_FORBIDDEN, "This shelter is not one of yours.");
	if (rq->if_match.n && !str_is(rq->if_match, "*") &&
	    !str_is(rq->if_match, arena_printf(rq->arena, "\"%lld\"", (long long)s->sequence)))
		return fail(rq, ERR_PRECONDITION, "The shelter was changed since. Read it again.");
	return intent_expire(rq->db, rq->arena, s);
}

static enum err
change(struct req *rq, struct res *rs)
{
	/* Also where the number stays: somebody counted. */
	bool counted = has_field(rq, "occupancy");
	struct change by = { .kind = "correct", .by = rq->who.name, .confirms = counted };
	struct shelter old, s;
	enum err e = load_mine(rq, &old);

	if (e != OK)
		return e;
	s = old;
	if (!shelter_edit(rq, &s, false))
		return ERR_INPUT;
	if (shelter_save(rq->db, rq->arena, &old, &s, &by) != OK)
		return ERR_STORE;
	if (rq->face == FACE_HTML)
		return res_see_other(
		    rs, url(rq->arena, "/arrivals/%.*s?done=%s", FMT(s.id), counted ? "counted" : "status"));
	shelter_answer(rs, &s, 200);
	res_header(rs, "ETag", "\"%lld\"", (long long)s.sequence);
	return OK;
}

static enum err
destroy(struct req *rq, struct res *rs)
{
	struct shelter s;
	enum err e = load_mine(rq, &s);

	if (e != OK)
		return e;
	if ((s.occupancy || s.expected) && !str_is(query(rq, "force"), "1"))
		return fail(rq, ERR_CONFLICT,
		    "%lld people are inside and %lld on their way. Add ?force=1 to delete it.",
		    (long long)s.occupancy, (long long)s.expected);
	shelter_delete(rq->db, rq->arena, &s);
	return res_no_content(rs);
}

static const struct route routes[] = {
	{ GET, "/shelters", PUBLIC, TX_READ, list },
	{ GET, "/shelters.geojson", PUBLIC, TX_READ, geojson },
	{ GET, "/shelters.csv", PUBLIC, TX_READ, csv },
	{ GET, "/shelters/{id}", PUBLIC, TX_READ, show },
	{ POST, "/shelters", ROLE_ADMIN, TX_WRITE, create },
	{ PATCH, "/shelters/{id}", ROLE_ADMIN | ROLE_MANAGER, TX_WRITE, change },
	{ DELETE, "/shelters/{id}", ROLE_ADMIN, TX_WRITE, destroy },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

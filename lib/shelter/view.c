/* view.c - what several pages show of a shelter. */
#include "view.h"

#include <string.h>
#include <time.h>

#include "clock.h"
#include "intent.h"

static const struct {
	const char *slug, *words;
} needs[] = {
	{ "step-free", "Step-free way in" },
	{ "medicine", "Medicine" },
	{ "electricity", "Power" },
	{ "power", "Power for a device" },
	{ "heating", "Heating" },
	{ "pets", "Room for a pet" },
};

const char *
view_need(struct arena *a, struct str need)
{
	for (size_t i = 0; i < LEN(needs); i++)
		if (str_is(need, needs[i].slug))
			return needs[i].words;
	return arena_dup(a, need).p;
}

const char *
view_code(struct arena *a, struct str code)
{
	return arena_printf(a, "%.4s %.4s", code.p, code.n > 4 ? code.p + 4 : "");
}

void
view_time(struct req *rq, struct res *rs, int64_t at)
{
	char local[48], utc[32];
	time_t t = (time_t)(at / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(utc, sizeof(utc), "%Y-%m-%dT%H:%M:%SZ", &tm);
	clock_local(at, rq->now, local);
	html(rs, "<time datetime=\"%s\">%s</time>", utc, local);
}

void
view_fresh(struct req *rq, struct res *rs, const char *before, const char *href)
{
	html(rs, "<p class=\"fresh\">%sNumbers of ", before);
	view_time(rq, rs, rq->now);
	html(rs, ". <a href=\"%s\">Refresh</a></p>\n", href);
}

static const char *
status_words(enum status s)
{
	static const char *const words[STATUS__MAX] = {
		[STATUS_OPEN] = "Open",
		[STATUS_FULL] = "Full",
		[STATUS_STANDBY] = "On standby: opens when needed",
		[STATUS_CLOSED] = "Closed",
	};

	return words[s];
}

void
view_status(struct res *rs, const struct shelter *s)
{
	html(rs, "<p data-shelter=\"%.*s\" data-n=\"status\" class=\"st %s\">%s</p>\n", FMT(s->id),
	    status_name(s->status), status_words(s->status));
}

void
view_count(struct res *rs, bool known, int64_t n)
{
	if (!known)
		html(rs, "unknown");
	else if (n < 10000)
		html(rs, "%lld", (long long)n);
	else if (n < 1000000)
		html(rs, "%lld,%03lld", (long long)(n / 1000), (long long)(n % 1000));
	else
		html(rs, "%lld,%03lld,%03lld", (long long)(n / 1000000), (long long)(n / 1000 % 1000),
		    (long long)(n % 1000));
}

static void
number(struct res *rs, const char *words, const char *name, const struct shelter *s, int64_t n)
{
	bool known = s->capacity != UNKNOWN;

	html(rs,
	    known ? "<div><dt>%s</dt><dd data-n=\"%s\">"
		  : "<div><dt>%s</dt><dd class=\"word\" data-n=\"%s\">",
	    words, name);
	view_count(rs, known, n > 0 ? n : 0);
	html(rs, "</dd></div>\n");
}

void
view_numbers(struct res *rs, const struct shelter *s, bool huge)
{
	html(rs, "<dl class=\"nums%s\" data-shelter=\"%.*s\">\n", huge ? " huge" : "", FMT(s->id));
	number(rs, "Places now", "availability", s, shelter_availability(s));
	number(
	    rs, "Places left counting those on their way", "projected_availability", s, shelter_projected(s));
	html(rs, "</dl>\n");
	if (s->capacity != UNKNOWN && shelter_availability(s) < 0)
		html(rs, "<p class=\"late\">%lld people more than places</p>\n",
		    (long long)-shelter_availability(s));
}

void
view_age(struct req *rq, struct res *rs, const struct shelter *s)
{
	bool late = rq->now - s->confirmed_at > CONFIRMED_FOR_MS;

	if (s->confirmed_at == 0) {
		html(rs, "<p class=\"late\">Never confirmed by staff</p>\n");
		return;
	}
	html(rs, "<p class=\"%s\">%s ", late ? "late" : "age",
	    late ? "Unconfirmed: last confirmed" : "Confirmed");
	html_ago(rs, s->confirmed_at, rq->now);
	html(rs, " (");
	view_time(rq, rs, s->confirmed_at);
	html(rs, ")</p>\n");
}

/* A text with its first letter a capital, if that letter is ASCII. */
static void
capital(struct res *rs, struct str s)
{
	char first = s.n && s.p[0] >= 'a' && s.p[0] <= 'z' ? (char)(s.p[0] - 'a' + 'A') : '\0';

	if (first)
		html(rs, "%c%.*s", first, (int)(s.n - 1), s.p + 1);
	else
		html(rs, "%.*s", FMT(s));
}

void
view_tags(struct res *rs, const struct shelter *s, size_t most)
{
	size_t n = 0;

	if (s->nfeatures == 0 && s->electricity != TRI_YES && s->heating != TRI_YES)
		return;
	html(rs, "<ul class=\"tags\" aria-label=\"What is there\">");
	for (size_t i = 0; i < s->nfeatures && n < most; i++, n++) {
		html(rs, "<li>");
		capital(rs, s->features[i]);
		html(rs, "</li>");
	}
	if (s->electricity == TRI_YES && n++ < most)
		html(rs, "<li>Electricity</li>");
	if (s->heating == TRI_YES && n++ < most)
		html(rs, "<li>Heating</li>");
	html(rs, "</ul>\n");
}

void
view_directions(struct req *rq, struct res *rs, const struct shelter *s)
{
	double lat = s->position.latitude, lon = s->position.longitude;

	if (s->address.n)
		html(rs, "<p><b>%.*s</b></p>\n", FMT(s->address));
	if (!s->placed) {
		html(rs, "<p>No position known. Use the address.</p>\n");
		return;
	}
	html(rs, "<p class=\"links\"><a href=\"geo:%.6f,%.6f?q=%.6f,%.6f(%s)\">Open in my map app</a>\n", lat,
	    lon, lat, lon, url(rq->arena, "%.*s", FMT(s->name)));
	html(rs,
	    "<a href=\"https://www.openstreetmap.org/?mlat=%.6f&amp;mlon=%.6f#map=17/%.6f/%.6f\" "
	    "rel=\"noreferrer\">OpenStreetMap</a></p>\n",
	    lat, lon, lat, lon);
}

static const char *
compass(double degrees)
{
	static const char *const words[] = { "north", "north-east", "east", "south-east", "south",
		"south-west", "west", "north-west" };

	return words[(int)((degrees + 22.5) / 45) % 8];
}

bool
view_takes_people(const struct shelter *s)
{
	return s->status == STATUS_OPEN || s->status == STATUS_STANDBY;
}

/* The address without the name that it begins with: in many lists houses are
 * called by their address. */
static struct str
address_beside_name(const struct shelter *s)
{
	struct str rest = s->address;
	size_t n = s->name.n;

	if (str_eq(rest, s->name))
		return S("");
	if (rest.n > n && rest.p[n] == ',' && str_eq((struct str){ rest.p, n }, s->name))
		return str_trim((struct str){ rest.p + n + 1, rest.n - n - 1 });
	return rest;
}

static void
where(struct res *rs, const struct view_card *c)
{
	const struct shelter *s = c->s;
	struct str address = address_beside_name(s);
	const char *dot = "";

	if (c->distance < 0 && address.n == 0 && c->note == NULL)
		return;
	html(rs, "<p class=\"where\">");
	if (c->distance >= 0 && c->distance < 20) {
		html(rs, "here");
		dot = " · ";
	} else if (c->distance >= 0) {
		html_distance(rs, c->distance);
		if (c->from != NULL)
			html(rs, " %s", compass(geo_bearing(*c->from, s->position)));
		html(rs, "%s", c->behind ? c->behind : "");
		dot = " · ";
	}
	if (address.n) {
		html(rs, "%s%.*s", dot, FMT(address));
		dot = " · ";
	}
	html(rs, "%s%s</p>\n", c->note ? dot : "", c->note ? c->note : "");
}

void
view_card(struct req *rq, struct res *rs, const struct view_card *c)
{
	const struct shelter *s = c->s;
	const char *page = c->desk ? "arrivals" : "shelters";

	html(rs, "<li class=\"card %s\">\n<h%d><a href=\"/%s/%.*s%s\">%.*s</a></h%d>\n",
	    status_name(s->status), c->level, page, FMT(s->id), c->query, FMT(s->name), c->level);
	where(rs, c);
	html(rs, "<p data-shelter=\"%.*s\" data-n=\"status\" class=\"st\">%s</p>\n", FMT(s->id),
	    status_words(s->status));
	view_numbers(rs, s, false);
	if (!c->desk)
		view_tags(rs, s, 6);
	view_age(rq, rs, s);
}

/* Asked for in the search, or ticked in the form; "power" is asked for as
 * electricity. */
static bool
ticked(struct req *rq, const char *need)
{
	struct str slug = need_slug(rq->arena, str(need)), value;

	for (size_t at = 0; param_next(&rq->query, "need", &at, &value);)
		if (str_eq(need_slug(rq->arena, value), slug))
			return true;
	for (size_t at = 0; param_next(&rq->form, "needs", &at, &value);)
		if (str_eq(need_slug(rq->arena, value), slug))
			return true;
	return false;
}

static struct str
come_people(struct req *rq)
{
	struct str seats = query(rq, "seats");
	int64_t n;

	if (rq->form.n)
		return form_value(rq, "people");
	return str_int(seats, 1, INTENT_PEOPLE_MAX, &n) ? seats : S("");
}

static void
come_needs(struct req *rq, struct res *rs)
{
	static const struct {
		const char *value, *words;
	} offered[] = { { "step-free", "A step-free way in" }, { "medicine", "Medicine" },
		{ "power", "Power for a device" }, { "pets", "Room for a pet" } };

	html(rs,
	    "<fieldset><legend>Does someone need: <span class=\"hint\">(you can skip this)</span></legend>\n"
	    "<div class=\"ticks\">\n");
	for (size_t i = 0; i < LEN(offered); i++)
		html(rs,
		    "<label class=\"tick\"><input type=\"checkbox\" name=\"needs\" value=\"%s\"%s> %s</label>\n",
		    offered[i].value, ticked(rq, offered[i].value) ? " checked" : "", offered[i].words);
	html(rs, "</div></fieldset>\n");
}

void
view_come(struct req *rq, struct res *rs, struct str shelter)
{
	html(rs,
	    "<form class=\"box tall\" method=\"post\" action=\"/intents\" id=\"come\" novalidate>\n"
	    "<h2>We are coming</h2>\n"
	    "<p class=\"hint\">We keep places for you for 2 hours. You get a code to show at the door.</p>\n");
	html_tokens(rq, rs);
	html(rs, "<input type=\"hidden\" name=\"shelter\" id=\"shelter\" value=\"%.*s\">\n", FMT(shelter));
	html_input(rq, rs, "people", "How many people are you?",
	    "class=\"few\" type=\"number\" inputmode=\"numeric\" min=\"1\" max=\"50\" required",
	    come_people(rq));
	come_needs(rq, rs);
	html(rs, rq->faults ? "<details open>\n<summary>Add a name or phone (you can skip this)</summary>\n"
			    : "<details>\n<summary>Add a name or phone (you can skip this)</summary>\n");
	html_input(rq, rs, "name", "Name to call at the door", "maxlength=\"80\" autocomplete=\"name\"",
	    form_value(rq, "name"));
	html_input(rq, rs, "phone", "Phone", "type=\"tel\" maxlength=\"30\" autocomplete=\"tel\"",
	    form_value(rq, "phone"));
	html(rs,
	    "</details>\n"
	    "<p class=\"hint\">Only the staff of this shelter see what you send. It is deleted after your code ends.</p>\n"
	    "<button>We are coming</button>\n</form>\n");
}

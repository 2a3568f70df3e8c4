/*
 * /locations - areas: sets of shelters, with sums.
 *
 *	GET    /locations                             all of them
 *	GET    /locations/{location}                  one, with its members
 *	POST   /locations/{location}  shelters        admin: adds members, creates it
 *	DELETE /locations/{location}/shelters/{id}    admin: takes one out
 */
#include "html.h"
#include "place.h"
#include "search.h"
#include "serve.h"
#include "set.h"
#include "view.h"
#include "zset.h"

enum { PER_PAGE = 100, PER_SCREEN = 20, MEMBERS_MAX = 10000, ADDED_MAX = 1000 };

struct sums {
	int64_t shelters, known;
	double capacity, availability, projected;
};

static enum err
sum(struct req *rq, struct str location, const char *criterion, int64_t *known, double *total)
{
	return zset_sum(rq->db, arena_strf(rq->arena, "%.*s-%s", FMT(location), criterion), known, total);
}

static enum err
add_up(struct req *rq, struct str location, struct sums *s)
{
	enum err e = set_card(rq->db, location, &s->shelters);

	if (e == OK)
		e = sum(rq, location, "capacity", &s->known, &s->capacity);
	if (e == OK)
		e = sum(rq, location, "availability", &s->known, &s->availability);
	if (e == OK)
		e = sum(rq, location, "projected", &s->known, &s->projected);
	return e;
}

/* ---- JSON ------------------------------------------------------------------------- */

static void
put_sum(struct json *j, const char *key, const struct sums *s, double total)
{
	json_key(j, key);
	if (s->known)
		json_num(j, total);
	else
		json_null(j);
}

/* Sums are of the known; `unknown` says how many are not in them. */
static void
put_location(struct req *rq, struct json *j, struct str location, const struct sums *s)
{
	json_open(j, '{');
	json_key_str(j, "name", location);
	json_key_str(j, "title", location_title(rq->db, rq->arena, location));
	json_key_int(j, "shelters", s->shelters);
	put_sum(j, "capacity", s, s->capacity);
	put_sum(j, "availability", s, s->availability);
	put_sum(j, "projected_availability", s, s->projected);
	json_key_int(j, "unknown", s->shelters - s->known);
}

static enum err
list_json(struct req *rq, struct res *rs, const struct str *names, size_t n, struct str next)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "locations");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++) {
		struct sums s;
		enum err e = add_up(rq, names[i], &s);

		if (e != OK)
			return e;
		put_location(rq, &j, names[i], &s);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_key_given(&j, "next", next);
	json_close(&j, '}');
	return OK;
}

static enum err
one_json(struct req *rq, struct res *rs, struct str location, const struct sums *s, int status)
{
	struct json j = res_json(rs, status);
	struct str after = query(rq, "cursor"), *ids;
	size_t n;
	enum err e = set_page(rq->db, rq->arena, location,
	    after.n && rq->method == GET ? after : (struct str){ 0 }, MEMBERS_MAX, &ids, &n);

	put_location(rq, &j, location, s);
	json_key_strs(&j, "members", ids, n);
	json_key_given(&j, "next", n == MEMBERS_MAX ? ids[n - 1] : S(""));
	json_close(&j, '}');
	return e;
}

/* ---- pages ------------------------------------------------------------------------- */

static void
sum_cell(struct res *rs, const struct sums *s, double total)
{
	html(rs, "<td class=\"n\">");
	view_count(rs, s->known > 0, total > 0 ? (int64_t)total : 0);
	html(rs, "</td>");
}

static enum err
list_page(struct req *rq, struct res *rs, const struct str *names, size_t n, struct str next)
{
	enum err e = OK;

	html_page(rq, rs, 200, "Areas", "Areas");
	view_fresh(rq, rs, "", "/locations");
	html(rs,
	    "<div class=\"box\">\n<table>\n<caption>Places now, and places left counting those on their way</caption>\n"
	    "<thead><tr><th scope=\"col\">Area</th><th scope=\"col\" class=\"n\">Places now</th>"
	    "<th scope=\"col\" class=\"n\">Places left</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n && e == OK; i++) {
		struct str title = location_title(rq->db, rq->arena, names[i]);
		struct sums s;

		e = add_up(rq, names[i], &s);
		html(rs,
		    "<tr><th scope=\"row\"><a href=\"/locations/%.*s\">%.*s</a> <span class=\"hint\">%lld %s</span></th>",
		    FMT(names[i]), FMT(title), (long long)s.shelters,
		    s.shelters == 1 ? "shelter" : "shelters");
		sum_cell(rs, &s, s.availability);
		sum_cell(rs, &s, s.projected);
		html(rs, "</tr>\n");
	}
	html(rs,
	    "</tbody>\n</table>\n<p class=\"hint\">Full and closed shelters are in these sums too. Those whose places are not known are not.</p>\n</div>\n");
	if (next.n)
		html(rs,
		    "<nav class=\"links\" aria-label=\"More areas\"><a rel=\"next\" href=\"%s\">More areas</a></nav>\n",
		    url(rq->arena, "/locations?cursor=%.*s", FMT(next)));
	html_end(rq, rs);
	return e;
}

static void
sums_section(struct res *rs, const struct sums *s)
{
	html(rs,
	    "<section class=\"box\" aria-labelledby=\"sum\">\n<h2 id=\"sum\">%s%lld %s%s</h2>\n<dl class=\"nums\">\n"
	    "<div><dt>Places now</dt><dd>",
	    s->shelters == 1 ? "" : "All ", (long long)s->shelters, s->shelters == 1 ? "shelter" : "shelters",
	    s->shelters == 1 ? "" : " together");
	view_count(rs, s->known > 0, s->availability > 0 ? (int64_t)s->availability : 0);
	html(rs, "</dd></div>\n<div><dt>Places left counting those on their way</dt><dd>");
	view_count(rs, s->known > 0, s->projected > 0 ? (int64_t)s->projected : 0);
	html(rs, "</dd></div>\n</dl>\n<p class=\"hint\">");
	if (s->known) {
		view_count(rs, true, (int64_t)s->capacity);
		html(rs, " places in all, full and closed shelters too.");
	}
	if (s->known < s->shelters)
		html(rs, " The places of %lld %s are not known.", (long long)(s->shelters - s->known),
		    s->shelters - s->known == 1 ? "shelter" : "shelters");
	html(rs, "</p>\n</section>\n");
}

static enum err
one_page(struct req *rq, struct res *rs, struct str location, const struct sums *sums)
{
	struct str title = location_title(rq->db, rq->arena, location), text = query(rq, "cursor");
	struct filter any = { 0 };
	struct cursor cursor;
	struct found *found;
	size_t n;
	bool later = text.n && cursor_read(text, &cursor);
	enum err e = search_ranked(rq->db, rq->arena, &location, 1, S("availability"), &any,
	    later ? &cursor : NULL, PER_SCREEN, &found, &n);

	html_page(rq, rs, 200, arena_printf(rq->arena, "%.*s", FMT(title)), NULL);
	html(rs, "<p class=\"links\"><a href=\"/locations\">All areas</a></p>\n<h1>Shelters in %.*s</h1>\n",
	    FMT(title));
	view_fresh(rq, rs, "", url(rq->arena, "/locations/%.*s", FMT(location)));
	sums_section(rs, sums);
	html(rs, "<ol class=\"cards\">\n");
	for (size_t i = 0; i < n && e == OK; i++) {
		struct shelter s;

		if ((e = shelter_load(rq->db, rq->arena, found[i].id, &s)) != OK)
			break;
		view_card(rq, rs, &(struct view_card){ .s = &s, .distance = -1, .level = 2, .query = "" });
		if (view_takes_people(&s))
			html(rs,
			    "<a class=\"go\" href=\"/shelters/%.*s#come\">We are coming <span class=\"hide\">to %.*s</span>"
			    "</a>\n",
			    FMT(s.id), FMT(s.name));
		html(rs, "</li>\n");
	}
	html(rs, "</ol>\n");
	if (n == PER_SCREEN)
		html(rs,
		    "<nav class=\"links\" aria-label=\"More shelters\"><a rel=\"next\" href=\"%s\">Next %d shelters</a></nav>\n",
		    url(rq->arena, "/locations/%.*s?cursor=%.*s", FMT(location),
			FMT(cursor_print(rq->arena, found[n - 1].score, found[n - 1].id))),
		    PER_SCREEN);
	html_end(rq, rs);
	return e;
}

/* ---- the routes ---------------------------------------------------------------------- */

static enum err
list(struct req *rq, struct res *rs)
{
	struct str after = query(rq, "cursor"), *names, next;
	size_t n, limit;
	enum err e;

	if (!query_limit(rq, PER_PAGE, &limit))
		return ERR_INPUT;
	if (res_fresh(rq, rs, db_sequence(rq->db)))
		return OK;
	e = set_page(
	    rq->db, rq->arena, S("locations"), after.n ? after : (struct str){ 0 }, limit, &names, &n);
	if (e != OK)
		return e;
	next = n == limit ? names[n - 1] : S("");
	return rq->face == FACE_HTML ? list_page(rq, rs, names, n, next) : list_json(rq, rs, names, n, next);
}

static enum err
not_there(struct req *rq)
{
	return fail(rq, ERR_NOT_FOUND, "There is no area %.*s.", FMT(rq->arg[0]));
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct sums s;
	enum err e;

	if (!location_valid(rq->arg[0]) || !set_has(rq->db, S("locations"), rq->arg[0]))
		return not_there(rq);
	if (res_fresh(rq, rs, db_sequence(rq->db)))
		return OK;
	if ((e = add_up(rq, rq->arg[0], &s)) != OK)
		return e;
	return rq->face == FACE_HTML ? one_page(rq, rs, rq->arg[0], &s)
				     : one_json(rq, rs, rq->arg[0], &s, 200);
}

static enum err
add(struct req *rq, struct res *rs)
{
	struct str location = rq->arg[0], *ids;
	struct sums s;
	size_t n;
	bool there = set_has(rq->db, S("locations"), location), good;
	enum err e = OK;

	if (!location_valid(location)) {
		fault(rq, "location", "format",
		    "Give a name such as city-CJ: small letters, '-', then capitals and digits.");
		return ERR_INPUT;
	}
	good = opt_list(rq, "shelters", ADDED_MAX, 30, &ids, &n);
	if (good && n == 0)
		good = fault(rq, "shelters", "missing", "Give a list of shelter ids.");
	for (size_t i = 0; good && i < n && e == OK; i++) {
		struct shelter shelter;

		if (shelter_load(rq->db, rq->arena, ids[i], &shelter) != OK)
			good = fault(rq, "shelters", "unknown", "There is no shelter %.*s.", FMT(ids[i]));
		else if (!set_has(rq->db, location, ids[i]))
			e = shelter_join(rq->db, rq->arena, &shelter, location);
	}
	if (!good)
		return ERR_INPUT;
	if (e == OK)
		e = add_up(rq, location, &s);
	if (e != OK)
		return e;
	db_sequence_next(rq->db); /* what lists show has changed */
	return one_json(rq, rs, location, &s, there ? 200 : 201);
}

static enum err
take_out(struct req *rq, struct res *rs)
{
	struct shelter s;
	enum err e;

	if (!location_valid(rq->arg[0]) || !set_has(rq->db, rq->arg[0], rq->arg[1]))
		return fail(rq, ERR_NOT_FOUND, "%.*s is not in %.*s.", FMT(rq->arg[1]), FMT(rq->arg[0]));
	if ((e = shelter_load(rq->db, rq->arena, rq->arg[1], &s)) != OK)
		return e;
	if ((e = shelter_leave(rq->db, rq->arena, &s, rq->arg[0])) != OK)
		return e;
	db_sequence_next(rq->db);
	return res_no_content(rs);
}

static const struct route routes[] = {
	{ GET, "/locations", PUBLIC, TX_READ, list },
	{ GET, "/locations/{location}", PUBLIC, TX_READ, show },
	{ POST, "/locations/{location}", ROLE_ADMIN, TX_WRITE, add },
	{ DELETE, "/locations/{location}/shelters/{id}", ROLE_ADMIN, TX_WRITE, take_out },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

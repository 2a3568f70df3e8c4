/* board.c - a timeline as it is asked for and shown. */
#include "board.h"

#include "article.h"
#include "compose.h"
#include "entity.h"
#include "event.h"
#include "html.h"
#include "view.h"

enum { TABS = 12, OPTIONS = 200, CLOSED_CHANNELS = EVENT_CHANNELS - 4 };

/* ---- what is asked for ------------------------------------------------------------------ */

static bool
read_which(struct req *rq, struct board *b)
{
	struct str which = query(rq, "timeline");

	if (str_is(which, "home"))
		b->t.of = TIMELINE_HOME;
	else if (str_is(which, "mentions"))
		b->t.of = TIMELINE_MENTIONS;
	else if (str_is(which, "all"))
		b->t.of = TIMELINE_ALL;
	else if (which.n)
		return fault(rq, "timeline", "choice", "Choose home, mentions or all.");
	else /* what a person sees first is what concerns him */
		b->t.of =
		    rq->face == FACE_HTML && b->reader.name.n && !b->filtered ? TIMELINE_HOME : TIMELINE_ALL;
	return true;
}

static bool
read_near(struct req *rq, struct board *b)
{
	struct str near = query(rq, "near"), radius = query(rq, "radius");

	b->t.radius = BOARD_RADIUS;
	b->t.near = near.n > 0;
	if (!b->t.near)
		return true;
	if (!parse_near(near, &b->t.at.latitude, &b->t.at.longitude) || !geo_valid(b->t.at))
		return fault(
		    rq, "near", "format", "Write latitude and longitude in degrees, as 46.77,23.59.");
	if (radius.n && !(str_double(radius, &b->t.radius) && b->t.radius > 0 && b->t.radius <= NEAR_MAX))
		return fault(rq, "radius", "range", "Give metres, %d at most.", NEAR_MAX);
	return true;
}

/* A day goes into the query, which knows whose days these are. */
static bool
read_time(struct req *rq, struct board *b, const char *name, const char *word, int64_t *at)
{
	struct str given = query(rq, name);

	if (given.n == 0 || str_int(given, 0, INT64_MAX / 2, at))
		return true;
	if (given.n != 10)
		return fault(rq, name, "format", "Write a day as 2026-10-31.");
	b->t.query = arena_strf(rq->arena, "%s:%.*s %.*s", word, FMT(given), FMT(b->t.query));
	return true;
}

static bool
read_cursor(struct req *rq, const char *name, int64_t *at)
{
	struct str given = query(rq, name);

	return given.n == 0 || str_int(given, 0, INT64_MAX / 2, at) ||
	       fault(rq, name, "format", "Use the cursor of an answer as it is.");
}

static bool
read_tag(struct req *rq, struct board *b, struct str own)
{
	struct str typed = own.n ? own : query(rq, "hashtag");

	return typed.n == 0 || hashtag_key(rq->arena, typed, &b->t.hashtag) ||
	       fault(rq, "hashtag", "format", "This is no tag: letters and digits, with a letter in it.");
}

enum err
board_read(struct req *rq, struct board *b, struct str hashtag)
{
	static const char *const filters[] = { "team", "user", "hashtag", "q", "near", "since", "until" };
	bool good = true;
	enum err e;

	*b = (struct board){ 0 };
	if ((e = article_reader(rq, &b->reader)) != OK)
		return e;
	b->filtered = hashtag.n > 0;
	for (size_t i = 0; i < LEN(filters); i++)
		b->filtered |= query(rq, filters[i]).n > 0;
	b->t.team = query(rq, "team");
	b->t.user = query(rq, "user");
	b->t.query = query(rq, "q");
	b->count = query(rq, "count").n > 0;
	good &= read_which(rq, b);
	good &= read_near(rq, b);
	good &= read_tag(rq, b, hashtag);
	good &= read_time(rq, b, "since", "after", &b->t.since);
	good &= read_time(rq, b, "until", "before", &b->t.until);
	good &= read_cursor(rq, "cursor", &b->t.before);
	good &= read_cursor(rq, "after", &b->t.after);
	good &= query_limit(rq, BOARD_PAGE, &b->t.limit);
	return good ? OK : ERR_INPUT;
}

enum err
board_load(struct req *rq, struct board *b)
{
	const char *why = NULL;
	enum err e = timeline_read(rq->db, rq->arena, &b->reader, &b->t, &b->page, &why);

	if (e == ERR_INPUT)
		fault(rq, "q", "format", "%s", why ? why : "This cannot be searched for.");
	return e;
}

/* ---- as links ------------------------------------------------------------------------------ */

static const char *
which_name(const struct board *b)
{
	return b->t.of == TIMELINE_HOME ? "home" : b->t.of == TIMELINE_MENTIONS ? "mentions" : "all";
}

/* All filters but `tag`, where the path says it. */
static struct str
filters_of(struct req *rq, const struct board *b, bool tag)
{
	static const char *const kept[] = { "team", "user", "q", "near", "radius", "since", "until",
		"limit" };
	struct str all = arena_strf(rq->arena, "timeline=%s", which_name(b));

	if (tag && b->t.hashtag.n)
		all = arena_strf(
		    rq->arena, "%.*s&hashtag=%s", FMT(all), url(rq->arena, "%.*s", FMT(b->t.hashtag)));
	for (size_t i = 0; i < LEN(kept); i++)
		if (query(rq, kept[i]).n)
			all = arena_strf(rq->arena, "%.*s&%s=%s", FMT(all), kept[i],
			    url(rq->arena, "%.*s", FMT(query(rq, kept[i]))));
	return all;
}

/* "timeline=home&team=…", as the JSON list and the Atom feed take it. */
static struct str
board_query(struct req *rq, const struct board *b)
{
	return filters_of(rq, b, true);
}

static bool
is_tag_page(const struct req *rq)
{
	return str_starts(rq->path, "/hashtags/");
}

static const char *
here(struct req *rq, const struct board *b, const char *more)
{
	const char *path = is_tag_page(rq) ? url(rq->arena, "/hashtags/%.*s", FMT(b->t.hashtag)) : "/posts";

	return arena_printf(rq->arena, "%s?%s%s", path, filters_of(rq, b, !is_tag_page(rq)).p, more);
}

static const char *
feed_of(struct req *rq, const struct board *b)
{
	return arena_printf(rq->arena, "/posts.atom?%s", board_query(rq, b).p);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void
newer_json(struct req *rq, struct res *rs, const struct board *b)
{
	struct timeline all = b->t;
	struct json j;

	all.after = all.before = 0;
	j = res_json(rs, 200);
	json_open(&j, '{');
	json_key_int(
	    &j, "newer", timeline_newer(rq->db, rq->arena, &b->reader, &all, b->t.after, BOARD_NEWER));
	json_close(&j, '}');
}

void
board_json(struct req *rq, struct res *rs, const struct board *b)
{
	struct json j;

	if (b->count) {
		newer_json(rq, rs, b);
		return;
	}
	j = res_json(rs, 200);
	json_open(&j, '{');
	json_key(&j, "posts");
	json_open(&j, '[');
	for (size_t i = 0; i < b->page.n; i++)
		article_json(rq, &j, &b->reader, &b->page.v[i]);
	json_close(&j, ']');
	json_key_given(
	    &j, "next", b->page.older ? arena_strf(rq->arena, "%lld", (long long)b->page.older) : S(""));
	json_close(&j, '}');
}

/* ---- tabs ------------------------------------------------------------------------------------- */

static void
tab(struct res *rs, const char *href, struct str words, bool here_now)
{
	html(rs,
	    here_now ? "<li><a href=\"%s\" aria-current=\"page\" dir=\"auto\">%.*s</a></li>\n"
		     : "<li><a href=\"%s\" dir=\"auto\">%.*s</a></li>\n",
	    href, FMT(words));
}

static void
tabs(struct req *rq, struct res *rs, const struct board *b)
{
	bool plain = !b->filtered;

	if (!b->reader.staff)
		return;
	html(rs, "<nav class=\"tabs\" aria-label=\"Bulletins\">\n<ul>\n");
	if (b->reader.name.n) {
		tab(rs, "/posts", S("Home"), plain && b->t.of == TIMELINE_HOME);
		tab(rs, "/posts?timeline=all", S("Everything"), plain && b->t.of == TIMELINE_ALL);
		tab(rs, "/posts?timeline=mentions", S("Mentions"), plain && b->t.of == TIMELINE_MENTIONS);
	} else {
		tab(rs, "/posts", S("Everything"), plain);
	}
	for (size_t i = 0; i < b->reader.nteams && i < TABS; i++)
		tab(rs, url(rq->arena, "/posts?team=%.*s", FMT(b->reader.teams[i])),
		    article_team(rq, &b->reader, b->reader.teams[i]),
		    str_eq(b->reader.teams[i], b->t.team) && !query(rq, "q").n);
	tab(rs, "/hashtags", S("Tags"), false);
	html(rs, "</ul>\n</nav>\n");
}

/* ---- the search form --------------------------------------------------------------------------- */

static void
option(struct res *rs, struct str value, struct str words, bool chosen)
{
	html(rs,
	    chosen ? "<option value=\"%.*s\" selected>%.*s</option>\n"
		   : "<option value=\"%.*s\">%.*s</option>\n",
	    FMT(value), FMT(words));
}

static void
team_choice(struct req *rq, struct res *rs, const struct board *b)
{
	struct team *teams;
	size_t n, mine;
	bool found = b->t.team.n == 0;

	if (compose_teams(rq, &b->reader, OPTIONS, &teams, &n, &mine) != OK || (n == 0 && found))
		return;
	html(rs, "<div><label for=\"team\">Team</label>\n<select id=\"team\" name=\"team\">\n");
	option(rs, S(""), S("Any"), found);
	for (size_t i = 0; i < n; i++) {
		option(rs, teams[i].slug, teams[i].title, str_eq(teams[i].slug, b->t.team));
		found |= str_eq(teams[i].slug, b->t.team);
	}
	if (!found)
		option(rs, b->t.team, b->t.team, true);
	html(rs, "</select></div>\n");
}

static void
near_fields(struct req *rq, struct res *rs)
{
	static const struct {
		const char *metres, *words;
	} radii[] = { { "200", "200 m" }, { "1000", "1 km" }, { "5000", "5 km" }, { "20000", "20 km" } };
	struct str radius = query(rq, "radius");
	bool found = false;

	html_input(rq, rs, "near", "Near: latitude, longitude",
	    "maxlength=\"60\" autocomplete=\"off\" spellcheck=\"false\"", query(rq, "near"));
	html(rs, "<div><label for=\"radius\">Within</label>\n<select id=\"radius\" name=\"radius\">\n");
	for (size_t i = 0; i < LEN(radii); i++) {
		bool this = radius.n ? str_is(radius, radii[i].metres) : i == 1;

		option(rs, str(radii[i].metres), str(radii[i].words), this);
		found |= this;
	}
	if (!found)
		option(rs, radius, arena_strf(rq->arena, "%.*s m", FMT(radius)), true);
	html(rs, "</select></div>\n");
}

static bool
is_narrowed(struct req *rq)
{
	static const char *const names[] = { "team", "user", "near", "since", "until", "hashtag" };
	bool any = rq->faults != NULL && rq->method == GET;

	for (size_t i = 0; i < LEN(names); i++)
		any |= query(rq, names[i]).n > 0;
	return any;
}

static void
search_form(struct req *rq, struct res *rs, const struct board *b)
{
	bool open = b->filtered || (rq->faults != NULL && rq->method == GET);

	html(rs, open ? "<details class=\"box\" id=\"search\" open>\n<summary>Search</summary>\n"
		      : "<details class=\"box\" id=\"search\">\n<summary>Search</summary>\n");
	html(rs, "<form method=\"get\" action=\"/posts\" role=\"search\" novalidate>\n");
	html_input(rq, rs, "q", "Words",
	    "type=\"search\" maxlength=\"300\" dir=\"auto\" aria-describedby=\"q-hint\"", query(rq, "q"));
	html(rs, b->reader.staff
		     ? "<p class=\"hint\" id=\"q-hint\">Also “exact words”, -without, #tag, in:team, "
		       "from:name, after:2026-10-01, before:2026-11-01.</p>\n"
		     : "<p class=\"hint\" id=\"q-hint\">Also “exact words”, -without, #tag, "
		       "after:2026-10-01, before:2026-11-01.</p>\n");
	html(rs, is_narrowed(rq) ? "<details open>\n<summary>Narrow it down</summary>\n"
				 : "<details>\n<summary>Narrow it down</summary>\n");
	html(rs, "<div class=\"pair\">\n");
	team_choice(rq, rs, b);
	html_input(rq, rs, "user", "Written by, as they sign in",
	    "maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"",
	    query(rq, "user"));
	html_input(rq, rs, "since", "From this day on", "type=\"date\"", query(rq, "since"));
	html_input(rq, rs, "until", "Before this day", "type=\"date\"", query(rq, "until"));
	near_fields(rq, rs);
	html_input(rq, rs, "hashtag", "Tag", "maxlength=\"100\" autocomplete=\"off\" dir=\"auto\"",
	    query(rq, "hashtag"));
	html(rs, "</div>\n"
		 "<button type=\"button\" class=\"quiet\" data-place=\"near\" hidden>Near me</button>\n"
		 "<p class=\"hint\" data-said=\"near\" role=\"status\"></p>\n"
		 "</details>\n<button>Search</button>\n</form>\n</details>\n"
		 "<script src=\"/compose.js\" defer></script>\n");
}

/* ---- the page -------------------------------------------------------------------------------------- */

static struct str
tag_shown(struct req *rq, const struct board *b)
{
	return b->tag.spelling.n ? b->tag.spelling : arena_dup(rq->arena, b->t.hashtag);
}

static const char *
heading(struct req *rq, const struct board *b)
{
	const struct timeline *t = &b->t;

	if (is_tag_page(rq))
		return arena_printf(rq->arena, "#%s", tag_shown(rq, b).p);
	if (query(rq, "q").n)
		return "Search in bulletins";
	if (t->team.n)
		return arena_printf(rq->arena, "Posts of %.*s", FMT(article_team(rq, &b->reader, t->team)));
	if (t->user.n && str_eq(t->user, b->reader.name))
		return "Your posts";
	if (t->user.n)
		return arena_printf(rq->arena, "Posts by %.*s", FMT(t->user));
	if (t->hashtag.n)
		return arena_printf(rq->arena, "Posts with #%.*s", FMT(t->hashtag));
	if (t->near)
		return "Posts near a place";
	return t->of == TIMELINE_MENTIONS ? "Where you are mentioned" : "Bulletins";
}

static void
notice(struct req *rq, struct res *rs)
{
	if (str_is(query(rq, "done"), "deleted") && rq->who.roles)
		html(rs, "<p class=\"done\" role=\"status\">The post is deleted.</p>\n");
}

/* The bar that posts.js fills when there is something newer: on a page that begins with the newest. */
static void
new_posts(struct req *rq, struct res *rs, const struct board *b)
{
	struct str channels = S("posts");

	if (b->page.newer || b->t.before)
		return;
	if (b->reader.staff)
		channels = S("posts,staff");
	for (size_t i = 0; i < b->reader.nclosed && i < CLOSED_CHANNELS; i++)
		channels = arena_strf(rq->arena, "%.*s,team-%.*s", FMT(channels), FMT(b->reader.closed[i]));
	html(rs,
	    "<div id=\"new-posts\" hidden data-channels=\"%.*s\" data-timeline=\"%.*s\" data-newest=\"%lld\"></div>\n"
	    "<script src=\"/posts.js\" defer></script>\n",
	    FMT(channels), FMT(board_query(rq, b)), (long long)(b->page.n ? b->page.v[0].id : 0));
}

static void
nothing(struct res *rs, const struct board *b)
{
	if (b->page.older)
		html(rs, "<p class=\"box lead\">Nothing among the newest. There may be older ones.</p>\n");
	else if (b->filtered)
		html(rs, "<p class=\"box lead\">No post fits. Try fewer words, or a longer time.</p>\n");
	else if (b->t.of == TIMELINE_MENTIONS)
		html(rs, "<p class=\"box lead\">Nobody has written @%.*s yet.</p>\n", FMT(b->reader.name));
	else
		html(rs, "<p class=\"box lead\">No posts yet.</p>\n");
}

static void
pager(struct req *rq, struct res *rs, const struct board *b)
{
	html(rs, "<nav class=\"links\" aria-label=\"More posts\">");
	if (b->page.newer)
		html(rs, "<a rel=\"prev\" href=\"%s\">Newer posts</a> ",
		    here(rq, b, arena_printf(rq->arena, "&after=%lld", (long long)b->page.newer)));
	if (b->page.older)
		html(rs, "<a rel=\"next\" href=\"%s\">Older posts</a> ",
		    here(rq, b, arena_printf(rq->arena, "&cursor=%lld", (long long)b->page.older)));
	if (b->page.newer || b->t.before)
		html(rs, "<a href=\"%s\">The newest</a> ", here(rq, b, ""));
	html(rs, "<a href=\"%s\">Atom feed</a></nav>\n", feed_of(rq, b));
}

static void
list(struct req *rq, struct res *rs, const struct board *b)
{
	const struct text_search *words = b->page.words.query.n ? &b->page.words : NULL;

	new_posts(rq, rs, b);
	if (b->page.n == 0)
		nothing(rs, b);
	html(rs, "<div id=\"posts\" class=\"posts\">\n");
	for (size_t i = 0; i < b->page.n; i++)
		article_html(rq, rs, &b->reader, &b->page.v[i], words, b->t.near ? &b->t.at : NULL, 2, false);
	html(rs, "</div>\n");
	pager(rq, rs, b);
}

/* What the tag's page says of it. */
static void
tag_facts(struct req *rq, struct res *rs, const struct board *b)
{
	struct str id;

	html(rs, b->tag.n == 1 ? "<p class=\"lead\">%lld post</p>\n" : "<p class=\"lead\">%lld posts</p>\n",
	    (long long)b->tag.n);
	if (article_shelter(rq, b->t.hashtag, &id))
		html(rs, "<p><a class=\"go\" href=\"/shelters/%.*s\">The shelter %.*s</a></p>\n", FMT(id),
		    FMT(id));
	html(rs,
	    "<p class=\"links\"><a href=\"/hashtags\">All tags</a> <a href=\"/posts\">Bulletins</a></p>\n");
}

static void
fresh(struct req *rq, struct res *rs, const struct board *b)
{
	html(rs, "<p class=\"fresh\">As of ");
	view_time(rq, rs, rq->now);
	html(rs, ". <a href=\"%s\">Refresh</a></p>\n", here(rq, b, ""));
}

static void
team_links(struct req *rq, struct res *rs, const struct board *b)
{
	if (b->t.team.n && b->reader.staff && reader_knows(rq->db, rq->arena, &b->reader, b->t.team))
		html(rs, "<p class=\"links\"><a href=\"%s\">The team and its people</a></p>\n",
		    url(rq->arena, "/teams/%.*s", FMT(b->t.team)));
}

enum err
board_page(struct req *rq, struct res *rs, int status, struct board *b)
{
	const char *title = heading(rq, b);
	/* The composer stands where one reads what is new, not on every search. */
	bool compose = b->reader.staff && !b->t.before && !b->page.newer && query(rq, "q").n == 0 &&
		       !b->t.near && b->t.user.n == 0 && !is_tag_page(rq);

	html_alternate(rq, rs, feed_of(rq, b), title);
	html_page(rq, rs, status, title, NULL);
	html_faults(rq, rs);
	notice(rq, rs);
	html(rs, "<h1 dir=\"auto\">%s</h1>\n", title);
	fresh(rq, rs, b);
	tabs(rq, rs, b);
	if (is_tag_page(rq))
		tag_facts(rq, rs, b);
	team_links(rq, rs, b);
	if (compose)
		compose_form(rq, rs, &b->reader, b->t.team);
	if (!is_tag_page(rq))
		search_form(rq, rs, b);
	if (status == 200)
		list(rq, rs, b);
	html_end(rq, rs);
	return OK;
}

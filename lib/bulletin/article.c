/* article.c - one post as programs and people get it. */
#include "article.h"

#include "html.h"
#include "prose.h"
#include "session.h"
#include "shelter.h"
#include "team.h"
#include "view.h"

/* ---- who asks ------------------------------------------------------------------------ */

enum err
article_reader(struct req *rq, struct reader *rd)
{
	bool person = rq->who.session.n > 0, staff = rq->who.roles != 0;

	return reader_of(rq->db, rq->arena, person && staff ? rq->who.name : S(""), staff,
	    (rq->who.roles & ROLE_ADMIN) != 0, rd);
}

struct str
article_author(struct req *rq)
{
	return rq->who.session.n ? rq->who.name : arena_strf(rq->arena, "token:%.*s", FMT(rq->who.name));
}

struct str
article_team(struct req *rq, const struct reader *rd, struct str slug)
{
	struct team t;

	if (!reader_knows(rq->db, rq->arena, rd, slug) || team_get(rq->db, rq->arena, slug, &t) != OK)
		return slug;
	return t.title;
}

/* ---- JSON ------------------------------------------------------------------------------ */

void
article_json(struct req *rq, struct json *j, const struct reader *rd, const struct post *p)
{
	struct str *teams;
	size_t n = post_teams_shown(rq->db, rq->arena, p, rd, &teams);

	post_json(j, rq->arena, p, teams, n, rd->staff);
}

/* ---- text ------------------------------------------------------------------------------- */

struct known {
	struct req *rq;
	const struct post *p;
};

/* Ids are capitals; the tag's key is folded. */
bool
article_shelter(struct req *rq, struct str key, struct str *id)
{
	char *upper = arena_alloc(rq->arena, key.n + 1);
	struct str card;

	for (size_t i = 0; i < key.n; i++)
		upper[i] = key.p[i] >= 'a' && key.p[i] <= 'z' ? (char)(key.p[i] - 'a' + 'A') : key.p[i];
	*id = (struct str){ upper, key.n };
	return shelter_id_valid(*id) && shelter_card(rq->db, rq->arena, *id, &card) == OK;
}

static bool
shelter_of(void *arg, struct str key, struct str *id)
{
	return article_shelter(((struct known *)arg)->rq, key, id);
}

static bool
is_mentioned(void *arg, struct str name)
{
	const struct post *p = ((struct known *)arg)->p;

	return str_among(name, p->mentions, p->nmentions);
}

void
article_text(struct req *rq, struct res *rs, const struct reader *rd, const struct post *p, struct str text,
    const struct text_search *words)
{
	struct known known = { rq, p };
	struct prose how = { .shelter = shelter_of, .arg = &known };
	struct text_mark *marks;

	/* Who is not of the staff learns no names by their links. */
	if (p != NULL && rd->staff)
		how.user = is_mentioned;
	if (words != NULL && words->query.n) {
		how.nmarks = text_marks(rq->arena, words, text, &marks);
		how.marks = marks;
	}
	html(rs, "<div class=\"prose\">\n");
	prose_html(rs, rq->arena, text, &how);
	html(rs, "</div>\n");
}

/* ---- the article ---------------------------------------------------------------------------- */

static void
author(struct req *rq, struct res *rs, const struct post *p)
{
	struct str name = p->user;
	bool program = str_starts(name, "token:");

	if (program)
		str_cut(&name, ':');
	html(rs, "<a href=\"%s\" dir=\"auto\">%.*s</a>", url(rq->arena, "/posts?user=%.*s", FMT(p->user)),
	    FMT(name));
	if (program)
		html(rs, " <span class=\"hint\">(a program)</span>");
}

/* Whom it is for, as far as this reader may know. */
static void
whom(struct req *rq, struct res *rs, const struct reader *rd, const struct post *p)
{
	struct str *teams;
	size_t n = post_teams_shown(rq->db, rq->arena, p, rd, &teams);

	if (n == 0 && p->nteams == 0 && rd->staff)
		html(rs, " <span class=\"to\">to all</span>");
	for (size_t i = 0; i < n; i++) {
		struct str title = article_team(rq, rd, teams[i]);

		html(rs, i ? ", " : " <span class=\"to\">to ");
		html(rs, "<a href=\"%s\" dir=\"auto\">%.*s</a>",
		    url(rq->arena, "/posts?team=%.*s", FMT(teams[i])), FMT(title));
	}
	if (n)
		html(rs, "</span>");
	if (p->public && rd->staff)
		html(rs, " <span class=\"new\">Public</span>");
}

static void
article_time(struct req *rq, struct res *rs, int64_t at)
{
	html_ago(rs, at, rq->now);
	html(rs, " (");
	view_time(rq, rs, at);
	html(rs, ")");
}

static void
when(struct req *rq, struct res *rs, const struct post *p, bool own)
{
	html(rs, "<p class=\"where\">");
	if (own) {
		article_time(rq, rs, p->created_at);
	} else {
		html(rs, "<a href=\"/posts/%lld\"><span class=\"hide\">Post %lld, </span>", (long long)p->id,
		    (long long)p->id);
		html_ago(rs, p->created_at, rq->now);
		html(rs, "</a> (");
		view_time(rq, rs, p->created_at);
		html(rs, ")");
	}
	if (p->edited_at && !own)
		html(rs, " · <a href=\"/posts/%lld#versions\">edited</a>", (long long)p->id);
	else if (p->edited_at) {
		html(rs, " · <b>edited</b> ");
		article_time(rq, rs, p->edited_at);
	}
	html(rs, "</p>\n");
}

static struct str
article_place(struct arena *a, struct geo at)
{
	return arena_strf(a, "%.10g,%.10g", at.latitude, at.longitude);
}

static void
place(struct req *rq, struct res *rs, const struct post *p, const struct geo *from)
{
	struct str at = article_place(rq->arena, p->position);

	if (!p->placed)
		return;
	html(rs, "<p class=\"where\">Place: <a href=\"geo:%.*s\">%.10g, %.10g</a> · ", FMT(at),
	    p->position.latitude, p->position.longitude);
	if (from != NULL) {
		html_distance(rs, geo_distance(*from, p->position));
		html(rs, " away · ");
	}
	html(rs, "<a href=\"%s\">Posts near it</a></p>\n",
	    url(rq->arena, "/posts?near=%.*s&radius=1000", FMT(at)));
}

void
article_html(struct req *rq, struct res *rs, const struct reader *rd, const struct post *p,
    const struct text_search *words, const struct geo *from, int level, bool own)
{
	long long id = (long long)p->id;

	html(rs,
	    "<article class=\"post\" id=\"p%lld\" data-post=\"%lld\" aria-labelledby=\"by%lld\">\n"
	    "<h%d id=\"by%lld\">",
	    id, id, id, level, id);
	author(rq, rs, p);
	whom(rq, rs, rd, p);
	html(rs, "</h%d>\n", level);
	when(rq, rs, p, own);
	article_text(rq, rs, rd, p, p->text, words);
	place(rq, rs, p, from);
	html(rs, "</article>\n");
}

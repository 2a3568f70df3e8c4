/* postfeed.c - a timeline as an Atom feed. */
#include "postfeed.h"

#include "article.h"
#include "html.h"
#include "setting.h"
#include "xml.h"

#define ATOM "application/atom+xml"

enum { TITLE_MAX = 80 /* code points */ };

/* A feed and all that its parts need. */
struct feed {
	struct req *rq;
	struct buf *out;
	const struct reader *reader;
	const struct timeline *t;
	struct str site, host;
	struct str query; /* the filters, "timeline=all&hashtag=flood" */
};

/* The filters, not the place within: always in one order, for a feed has one id. */
static struct str
filters_of(struct req *rq, const struct timeline *t)
{
	static const char *const kept[] = { "team", "user", "hashtag", "q", "near", "radius", "since",
		"until" };
	const char *which = t->of == TIMELINE_HOME ? "home" : t->of == TIMELINE_MENTIONS ? "mentions" : "all";
	struct str all = arena_strf(rq->arena, "timeline=%s", which);

	for (size_t i = 0; i < LEN(kept); i++)
		if (query(rq, kept[i]).n > 0)
			all = arena_strf(rq->arena, "%.*s&%s=%s", FMT(all), kept[i],
			    url(rq->arena, "%.*s", FMT(query(rq, kept[i]))));
	return all;
}

static struct str
title_of(const struct feed *f)
{
	struct arena *a = f->rq->arena;
	struct str title = S("Posts");

	if (f->t->of == TIMELINE_HOME)
		title = arena_strf(a, "My posts (%.*s)", FMT(f->reader->name));
	else if (f->t->of == TIMELINE_MENTIONS)
		title = arena_strf(a, "Posts that mention @%.*s", FMT(f->reader->name));
	if (f->t->hashtag.n > 0)
		title = arena_strf(a, "%.*s #%.*s", FMT(title), FMT(f->t->hashtag));
	if (f->t->team.n > 0)
		title = arena_strf(
		    a, "%.*s to %.*s", FMT(title), FMT(article_team(f->rq, f->reader, f->t->team)));
	if (f->t->user.n > 0)
		title = arena_strf(a, "%.*s by %.*s", FMT(title), FMT(f->t->user));
	return arena_strf(a, "%.*s – %.*s", FMT(title), FMT(setting_text(f->rq->db, a, "site.title")));
}

/* ---- entries --------------------------------------------------------------------------- */

/* The first line, or what of it fits. */
static struct str
heading_of(struct arena *a, struct str text)
{
	struct str line = str_cut(&text, '\n'), cut = line;

	while (line.n == 0 && text.n > 0)
		cut = line = str_cut(&text, '\n');
	for (size_t n = 0, at = 0; at < line.n; n++) {
		if (n == TITLE_MAX) {
			cut.n = at;
			return arena_strf(a, "%.*s…", FMT(cut));
		}
		for (at++; at < line.n && ((unsigned char)line.p[at] & 0xc0) == 0x80;)
			at++;
	}
	return cut;
}

static void
write_author(const struct feed *f, const struct post *p)
{
	struct str name = p->user;

	if (str_starts(name, "token:"))
		str_cut(&name, ':');
	buf_str(f->out, S("<author>"));
	xml_element(f->out, "name", name);
	buf_str(f->out, S("</author>\n"));
}

static void
write_tags(const struct feed *f, const struct post *p)
{
	for (size_t i = 0; i < p->ntags; i++) {
		buf_str(f->out, S("<category term=\""));
		xml_text(f->out, p->tags[i]);
		buf_str(f->out, S("\" scheme=\""));
		xml_text(f->out, f->site);
		buf_str(f->out, S("/hashtags/\" label=\"#"));
		xml_text(f->out, p->spellings[i]);
		buf_str(f->out, S("\"/>\n"));
	}
}

/* As the page has it, so escaped twice. */
static void
write_text(const struct feed *f, const struct post *p)
{
	struct res page = { 0 };

	article_text(f->rq, &page, f->reader, p, p->text, NULL);
	buf_str(f->out, S("<content type=\"html\">"));
	xml_text(f->out, (struct str){ page.body.p, page.body.n });
	buf_str(f->out, S("</content>\n"));
	buf_free(&page.body);
}

static int64_t
changed_at(const struct post *p)
{
	return p->edited_at > p->created_at ? p->edited_at : p->created_at;
}

static void
write_entry(const struct feed *f, const struct post *p)
{
	struct arena *a = f->rq->arena;
	struct str created = xml_time(a, p->created_at), title = heading_of(a, p->text);

	buf_str(f->out, S("<entry>\n"));
	xml_element(f->out, "id",
	    arena_strf(a, "tag:%.*s,%.10s:post:%lld", FMT(f->host), created.p, (long long)p->id));
	buf_str(f->out, S("<title>"));
	xml_text(f->out, title);
	buf_str(f->out, S("</title>\n"));
	xml_element(f->out, "updated", xml_time(a, changed_at(p)));
	xml_element(f->out, "published", created);
	write_author(f, p);
	write_tags(f, p);
	xml_link(f->out, "alternate", "text/html",
	    arena_strf(a, "%.*s/posts/%lld", FMT(f->site), (long long)p->id));
	write_text(f, p);
	if (p->placed)
		xml_element(f->out, "georss:point",
		    arena_strf(a, "%.10g %.10g", p->position.latitude, p->position.longitude));
	buf_str(f->out, S("</entry>\n"));
}

/* ---- the feed ------------------------------------------------------------------------------ */

static void
link_page(const struct feed *f, const char *rel, int64_t cursor)
{
	struct str at = arena_strf(f->rq->arena, "%.*s/posts.atom?%.*s", FMT(f->site), FMT(f->query));

	if (query(f->rq, "limit").n > 0)
		at = arena_strf(f->rq->arena, "%.*s&limit=%zu", FMT(at), f->t->limit);
	if (cursor > 0)
		at = arena_strf(f->rq->arena, "%.*s&cursor=%lld", FMT(at), (long long)cursor);
	xml_link(f->out, rel, ATOM, at);
}

/* Of a feed without entries it is the beginning of time: it does not change. */
static int64_t
newest(const struct timeline_page *page)
{
	int64_t at = 0;

	for (size_t i = 0; i < page->n; i++)
		at = changed_at(&page->v[i]) > at ? changed_at(&page->v[i]) : at;
	return at;
}

static void
write_top(const struct feed *f, const struct timeline_page *page)
{
	struct arena *a = f->rq->arena;

	buf_str(f->out,
	    S("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:georss=\"http://www.georss.org/georss\""
	      " xml:base=\""));
	xml_text(f->out, f->site);
	buf_str(f->out, S("/\">\n"));
	xml_element(f->out, "id", arena_strf(a, "tag:%.*s,2026:posts?%.*s", FMT(f->host), FMT(f->query)));
	xml_element(f->out, "title", title_of(f));
	xml_element(f->out, "updated", xml_time(a, newest(page)));
	link_page(f, "self", f->t->before);
	xml_link(
	    f->out, "alternate", "text/html", arena_strf(a, "%.*s/posts?%.*s", FMT(f->site), FMT(f->query)));
	if (f->t->before > 0)
		link_page(f, "first", 0);
	if (page->older > 0)
		link_page(f, "next", page->older);
}

void
posts_atom(struct req *rq, struct res *rs, const struct reader *rd, const struct timeline *t,
    const struct timeline_page *page)
{
	struct feed f = { .rq = rq, .out = &rs->body, .reader = rd, .t = t };

	f.site = setting_text(rq->db, rq->arena, "site.url");
	f.host = setting_host(rq->db, rq->arena);
	f.query = filters_of(rq, t);
	rs->status = 200;
	rs->rendered = true;
	rs->type = ATOM "; charset=utf-8";
	write_top(&f, page);
	for (size_t i = 0; i < page->n; i++)
		write_entry(&f, &page->v[i]);
	buf_str(f.out, S("</feed>\n"));
	if (!rd->staff)
		res_same(rq, rs);
}

/*
 * /audit - who did what, and when; for admins.
 *
 *	GET /audit?who=&cursor=     the newest first; of one person or program
 */
#include "audit.h"

#include <string.h>

#include "account.h"
#include "html.h"
#include "serve.h"
#include "view.h"

enum { PER_PAGE = 20, ON_A_PAGE = 50, WHO_MAX = 80 };

struct page {
	struct str who; /* "user:ana"; empty: everybody */
	struct audit_entry *entries;
	size_t n;
	int64_t next; /* 0: there are no older ones */
};

static enum err
load(struct req *rq, struct page *p)
{
	struct str given = query(rq, "who");
	int64_t before = 0;
	size_t limit;
	enum err e;

	*p = (struct page){ .who = str_trim(given) };
	if (p->who.n > WHO_MAX)
		fault(rq, "who", "length", "A name has at most %d characters.", WHO_MAX);
	if (p->who.n > 0 && memchr(p->who.p, ':', p->who.n) == NULL)
		p->who = arena_strf(rq->arena, "user:%.*s", FMT(p->who));
	if (query(rq, "cursor").n && !str_int(query(rq, "cursor"), 1, INT64_MAX, &before))
		fault(rq, "cursor", "format", "This cursor is none of ours.");
	query_limit(rq, rq->face == FACE_HTML ? ON_A_PAGE : PER_PAGE, &limit);
	if (rq->faults)
		return ERR_INPUT;
	e = audit_list(rq->db, rq->arena, p->who, before, limit + 1, &p->entries, &p->n);
	if (e == OK && p->n > limit) {
		p->n = limit;
		p->next = p->entries[limit - 1].id;
	}
	return e;
}

static void
show_json(struct arena *a, struct res *rs, const struct page *p)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "entries");
	json_open(&j, '[');
	for (size_t i = 0; i < p->n; i++) {
		json_open(&j, '{');
		json_key_int(&j, "id", p->entries[i].id);
		json_key_int(&j, "at", p->entries[i].at);
		json_key_str(&j, "who", p->entries[i].who);
		json_key_str(&j, "what", p->entries[i].what);
		json_key_given(&j, "target", p->entries[i].target);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_key_given(&j, "next", p->next ? arena_strf(a, "%lld", (long long)p->next) : S(""));
	json_close(&j, '}');
}

static void
entries(struct req *rq, struct res *rs, const struct page *p)
{
	html(rs,
	    "<section class=\"box\" aria-label=\"Entries, the newest first\">\n<ul class=\"plain rows\">\n");
	for (size_t i = 0; i < p->n; i++) {
		const struct audit_entry *e = &p->entries[i];

		html(rs, "<li><p>");
		view_time(rq, rs, e->at);
		html(rs, " · <b>%.*s</b><br>\n%.*s", FMT(e->who), FMT(e->what));
		if (e->target.n)
			html(rs, " · %.*s", FMT(e->target));
		html(rs, "</p></li>\n");
	}
	html(rs, "</ul>\n</section>\n");
}

static void
page(struct req *rq, struct res *rs, int status, const struct page *p)
{
	html_page(rq, rs, status, "Who did what", NULL);
	html_faults(rq, rs);
	html(rs,
	    "<h1>Who did what</h1>\n<p class=\"lead\">Every change by people, programs and commands. Nothing "
	    "is ever taken out: <b>muster check</b> proves it.</p>\n"
	    "<form class=\"box\" method=\"get\" action=\"/audit\" novalidate>\n");
	html_input(rq, rs, "who", "Of one person, or of a program: token:name",
	    "maxlength=\"80\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"",
	    query(rq, "who"));
	html(rs, "<button>Show</button>\n</form>\n");
	if (p->n > 0)
		entries(rq, rs, p);
	else if (!rq->faults)
		html(rs, "<p>There is nothing.</p>\n");
	if (p->next)
		html(rs, "<p class=\"links\"><a href=\"%s\">Older</a></p>\n",
		    url(rq->arena, "/audit?who=%s&cursor=%lld", p->who.n ? p->who.p : "",
			(long long)p->next));
	html_end(rq, rs);
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct page p;
	enum err e = load(rq, &p);

	if (e == ERR_INPUT && rq->face == FACE_HTML)
		page(rq, rs, 422, &p);
	else if (e == OK && rq->face == FACE_HTML)
		page(rq, rs, 200, &p);
	else if (e == OK)
		show_json(rq->arena, rs, &p);
	return e;
}

static const struct route routes[] = {
	{ GET, "/audit", ROLE_ADMIN, TX_READ, show },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

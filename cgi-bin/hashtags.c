/*
 * /hashtags - what the posts are about.
 *
 *	GET /hashtags?prefix=&limit=   the most used first
 *	GET /hashtags/{key}            one; its page lists the posts
 *
 * Counts are of the posts that the reader may read.
 */
#include "article.h"
#include "board.h"
#include "entity.h"
#include "html.h"
#include "serve.h"

enum { PER_PAGE = 100, PER_ANSWER = 20 };

static void
members(struct json *j, const struct tag_count *t)
{
	json_key_str(j, "key", t->key);
	json_key_str(j, "hashtag", t->spelling);
	json_key_int(j, "posts", t->n);
}

static void
list_json(struct res *rs, const struct tag_count *v, size_t n)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "hashtags");
	json_open(&j, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(&j, '{');
		members(&j, &v[i]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
}

static void
list_page(struct req *rq, struct res *rs, const struct tag_count *v, size_t n)
{
	html_page(rq, rs, 200, "Tags", "Tags");
	html(rs, "<p class=\"links\"><a href=\"/posts\">Bulletins</a></p>\n");
	html(rs, "<form class=\"box\" method=\"get\" action=\"/hashtags\" role=\"search\" novalidate>\n");
	html_input(rq, rs, "prefix", "Tags that begin with",
	    "type=\"search\" maxlength=\"100\" autocomplete=\"off\" autocapitalize=\"none\" dir=\"auto\"",
	    query(rq, "prefix"));
	html(rs, "<button class=\"quiet\">Show</button>\n</form>\n");
	html(rs, n ? "<ul class=\"tags list\">\n" : "<p class=\"box lead\">No tags here yet.</p>\n");
	for (size_t i = 0; i < n; i++)
		html(rs,
		    "<li><a href=\"%s\" dir=\"auto\">#%.*s</a> <span class=\"hint\">%lld<span "
		    "class=\"hide\"> %s</span></span></li>\n",
		    url(rq->arena, "/hashtags/%.*s", FMT(v[i].key)), FMT(v[i].spelling), (long long)v[i].n,
		    v[i].n == 1 ? "post" : "posts");
	html(rs, n ? "</ul>\n" : "");
	html_end(rq, rs);
}

/* What was typed as the beginning of a tag, as keys begin. */
static struct str
prefix_of(struct req *rq)
{
	struct str typed = query(rq, "prefix"), key;

	if (typed.n == 0 || str_is(typed, "#"))
		return S("");
	return hashtag_key(rq->arena, typed, &key) ? key : typed;
}

static enum err
list(struct req *rq, struct res *rs)
{
	struct reader rd;
	struct tag_count *v;
	size_t n, limit;
	enum err e;

	if (!query_limit(rq, rq->face == FACE_HTML ? PER_PAGE : PER_ANSWER, &limit))
		return ERR_INPUT;
	if ((e = article_reader(rq, &rd)) != OK ||
	    (e = tags_read(rq->db, rq->arena, &rd, prefix_of(rq), limit, &v, &n)) != OK)
		return e;
	if (rq->face == FACE_HTML)
		list_page(rq, rs, v, n);
	else
		list_json(rs, v, n);
	if (rq->face == FACE_JSON && rq->who.roles == 0)
		res_same(rq, rs);
	return OK;
}

static void
one_json(struct req *rq, struct res *rs, const struct tag_count *t)
{
	struct json j = res_json(rs, 200);
	struct str id;

	json_open(&j, '{');
	members(&j, t);
	json_key_given(&j, "shelter", article_shelter(rq, t->key, &id) ? id : S(""));
	json_close(&j, '}');
	if (rq->who.roles == 0)
		res_same(rq, rs);
}

/* The tag of the path, with what it counts for this reader. */
static enum err
find(struct req *rq, struct tag_count *t)
{
	struct reader rd;
	struct str key;
	enum err e;

	if (!hashtag_key(rq->arena, rq->arg[0], &key))
		return fail(rq, ERR_NOT_FOUND, "This is no tag.");
	if ((e = article_reader(rq, &rd)) != OK || (e = tag_read(rq->db, rq->arena, &rd, key, t)) != OK)
		return e;
	t->key = key;
	return t->n ? OK : fail(rq, ERR_NOT_FOUND, "No post that you may read has this tag.");
}

static enum err
show(struct req *rq, struct res *rs)
{
	struct tag_count tag;
	struct board b;
	enum err e = find(rq, &tag);

	if (e != OK)
		return e;
	if (rq->face == FACE_JSON) {
		one_json(rq, rs, &tag);
		return OK;
	}
	/* One address for each tag. */
	if (!str_eq(tag.key, rq->arg[0]))
		return res_see_other(rs, url(rq->arena, "/hashtags/%.*s", FMT(tag.key)));
	if ((e = board_read(rq, &b, tag.key)) != OK)
		return e;
	b.tag = tag;
	if ((e = board_load(rq, &b)) != OK)
		return e;
	return board_page(rq, rs, 200, &b);
}

static const struct route routes[] = {
	{ GET, "/hashtags", SHARED, TX_READ, list },
	{ GET, "/hashtags/{key}", SHARED, TX_READ, show },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

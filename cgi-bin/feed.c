/*
 * /feed - what was published, the newest first, and how far one has read.
 *
 *	GET  /feed?cursor=&limit=     all: public items; staff: theirs too, with what is unread
 *	GET  /feed/unread             how much that is, for the staff's bar
 *	POST /feed/read  ids | up_to  staff: these, or all up to that cursor, are read
 */
#include <json-c/json.h>

#include "feed.h"
#include "html.h"
#include "notice.h"
#include "serve.h"
#include "view.h"

enum { PER_PAGE = 20 };

/* Whose marks: a person's, or a program's, whose name may be a person's too. */
static struct str
reader(const struct req *rq)
{
	return str_starts(rq->who.key, "user:") ? rq->who.name : rq->who.key;
}

/* ---- reading -------------------------------------------------------------------------- */

static void
feed_json(struct req *rq, struct res *rs, const struct feed *feed)
{
	struct json j = res_json(rs, 200);
	bool staff = rq->who.roles != 0;

	json_open(&j, '{');
	json_key(&j, "items");
	json_open(&j, '[');
	for (size_t i = 0; i < feed->n; i++)
		feed_item_json(&j, &feed->items[i], true);
	json_close(&j, ']');
	json_key_known(&j, "unread", staff, feed->unread);
	json_key_given(&j, "next", feed->next ? arena_strf(rq->arena, "%lld", (long long)feed->next) : S(""));
	json_key_str(&j, "cursor", arena_strf(rq->arena, "%lld", (long long)feed->head));
	json_close(&j, '}');
}

/* The class of its colour. */
static const char *
grade(const struct feed_item *it)
{
	static const char *const classes[] = { "", "minor", "moderate", "severe", "extreme" };
	enum severity severity;

	if (str_is(it->kind, "all-clear"))
		return "clear";
	return it->severity.n && severity_named(it->severity, &severity) ? classes[severity] : "";
}

static void
item(struct req *rq, struct res *rs, const struct feed_item *it)
{
	bool staff = rq->who.roles != 0,
	     gone = it->superseded_by || (it->expires_at && it->expires_at <= rq->now);

	html(rs, "<li class=\"notice %s%s\" id=\"item-%lld\"", gone ? "gone" : grade(it),
	    it->exercise ? " drill" : "", (long long)it->id);
	if (it->language.n && !str_is(it->language, "en"))
		html(rs, " lang=\"%.*s\"", FMT(it->language));
	html(rs, ">\n<h2>");
	if (staff && !it->read)
		html(rs, "<span class=\"new\">New</span> ");
	if (it->exercise)
		html(rs, "Exercise: ");
	if (it->alert)
		html(rs, "<a href=\"/alerts/%lld\">%.*s</a></h2>\n", (long long)it->alert, FMT(it->title));
	else
		html(rs, "%.*s</h2>\n", FMT(it->title));
	html(rs, "<p class=\"where\">%s · ",
	    str_is(it->kind, "notice")      ? "For staff"
	    : str_is(it->kind, "all-clear") ? "All clear"
	    : str_is(it->kind, "cancel")    ? "Cancelled"
	    : str_is(it->kind, "update")    ? "Update"
					    : "Alert");
	view_time(rq, rs, it->created_at);
	html(rs, ", ");
	html_ago(rs, it->created_at, rq->now);
	html(rs, "%s</p>\n", it->superseded_by ? " · replaced since" : gone ? " · no longer valid" : "");
	notice_text(rs, it->message);
	html(rs, "</li>\n");
}

static void
unread_form(struct req *rq, struct res *rs, const struct feed *feed)
{
	if (rq->who.roles == 0)
		return;
	html(rs, "<p class=\"lead\" role=\"status\"><b data-n=\"unread\">%lld</b> unread</p>\n",
	    (long long)feed->unread);
	if (feed->unread == 0)
		return;
	html(rs, "<form method=\"post\" action=\"/feed/read\">\n");
	html_tokens(rq, rs);
	html(rs,
	    "<input type=\"hidden\" name=\"up_to\" value=\"%lld\">\n"
	    "<button class=\"quiet\">Mark all as read, up to here</button>\n</form>\n",
	    (long long)feed->head);
}

static enum err
feed_html(struct req *rq, struct res *rs, const struct feed *feed, bool later)
{
	html_page(rq, rs, 200, rq->who.roles ? "Feed" : "Notices", rq->who.roles ? "Feed" : "Notices");
	html(rs, "<p class=\"fresh\">As of ");
	view_time(rq, rs, rq->now);
	html(rs, ". <a href=\"/feed\">Refresh</a></p>\n");
	unread_form(rq, rs, feed);
	if (feed->n == 0)
		html(rs, "<p class=\"box lead\">Nothing was published yet.</p>\n");
	else
		html(rs, "<ol class=\"cards\">\n");
	for (size_t i = 0; i < feed->n; i++)
		item(rq, rs, &feed->items[i]);
	if (feed->n)
		html(rs, "</ol>\n");
	html(rs, "<nav class=\"links\" aria-label=\"More notices\">");
	if (feed->next)
		html(rs, "<a rel=\"next\" href=\"/feed?cursor=%lld\">Older</a> ", (long long)feed->next);
	if (later)
		html(rs, "<a href=\"/feed\">Back to the newest</a> ");
	html(rs, "<a href=\"/alerts\">Alerts in force</a></nav>\n");
	html_end(rq, rs);
	return OK;
}

static enum err
list(struct req *rq, struct res *rs)
{
	struct feed_query q = { .user = reader(rq), .staff = rq->who.roles != 0 };
	struct str cursor = query(rq, "cursor");
	struct feed feed;
	bool good = query_limit(rq, PER_PAGE, &q.limit);
	enum err e;

	if (cursor.n && !str_int(cursor, 0, INT64_MAX / 2, &q.before))
		good = fault(rq, "cursor", "format", "Use the cursor of an answer as it is.");
	if (!good)
		return ERR_INPUT;
	if ((e = feed_page(rq->db, rq->arena, &q, &feed)) != OK)
		return e;
	if (rq->face == FACE_HTML)
		return feed_html(rq, rs, &feed, q.before != 0);
	feed_json(rq, rs, &feed);
	if (rq->who.roles == 0)
		res_same(rq, rs);
	return OK;
}

/* A part of every page of staff, beside the link to their feed. */
static enum err
unread(struct req *rq, struct res *rs)
{
	struct feed_query q = { .user = reader(rq), .staff = rq->who.roles != 0, .limit = 1 };
	struct feed feed = { .unread = 0 };
	enum err e = rq->who.roles ? feed_page(rq->db, rq->arena, &q, &feed) : OK;

	if (e != OK)
		return e;
	rs->status = 200;
	rs->rendered = true;
	rs->type = "text/html; charset=utf-8";
	if (feed.unread > 0)
		html(rs,
		    " <span class=\"new\" data-n=\"unread\">%lld</span><span class=\"hide\"> unread</span>",
		    (long long)feed.unread);
	else
		html(rs, " <span class=\"new\" data-n=\"unread\" hidden></span>");
	return OK;
}

/* ---- marking ---------------------------------------------------------------------------- */

/* A list of ids, as numbers or as texts. */
static bool
read_ids(struct req *rq, int64_t **ids, size_t *n)
{
	struct json_object *list = NULL;

	*n = 0;
	if (rq->json == NULL || !json_object_object_get_ex(rq->json, "ids", &list) || list == NULL)
		return true;
	if (!json_object_is_type(list, json_type_array))
		return fault(rq, "ids", "type", "Give a list of ids.");
	if (json_object_array_length(list) > FEED_IDS_MAX)
		return fault(rq, "ids", "length", "Give at most %d.", FEED_IDS_MAX);
	*ids = arena_array(rq->arena, int64_t, json_object_array_length(list) + 1);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_string))
			return fault(rq, "ids", "type", "Give a list of ids.");
		if (!str_int(str(json_object_get_string(v)), 1, INT64_MAX / 2, &(*ids)[(*n)++]))
			return fault(rq, "ids", "type", "Give a list of ids.");
	}
	return true;
}

/* The answer's `cursor`, as text or number; -1: not given. */
static bool
read_up_to(struct req *rq, int64_t *up_to)
{
	struct str text;

	*up_to = -1;
	if (!has_field(rq, "up_to"))
		return true;
	if (rq->json != NULL && !is_text(rq, "up_to"))
		return opt_int(rq, "up_to", 0, INT64_MAX / 2, up_to);
	if (!opt_text(rq, "up_to", 20, &text))
		return false;
	return str_int(text, 0, INT64_MAX / 2, up_to) ||
	       fault(rq, "up_to", "format", "Use the cursor of an answer as it is.");
}

static enum err
mark(struct req *rq, struct res *rs)
{
	int64_t *ids = NULL, up_to;
	size_t n;
	bool good = read_ids(rq, &ids, &n);
	enum err e = OK;

	good &= read_up_to(rq, &up_to);
	if (good && n == 0 && up_to < 0 && !has_field(rq, "ids"))
		good = fault(rq, "up_to", "missing", "Give up_to, a cursor, or ids.");
	if (!good)
		return ERR_INPUT;
	if (n)
		e = feed_mark(rq->db, rq->arena, reader(rq), ids, n);
	if (e == OK && up_to >= 0)
		e = feed_mark_up_to(rq->db, rq->arena, reader(rq), up_to);
	if (e != OK)
		return e;
	return rq->face == FACE_HTML ? res_see_other(rs, "/feed") : res_no_content(rs);
}

static const struct route routes[] = {
	{ GET, "/feed", SHARED, TX_READ, list },
	{ GET, "/feed/unread", ANYONE, TX_READ, unread },
	{ POST, "/feed/read", STAFF, TX_WRITE, mark },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

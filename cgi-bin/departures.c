/*
 * /departures - people who left.
 *
 *	POST /departures  shelter, people   staff; never below zero (409)
 */
#include "door.h"
#include "html.h"
#include "intent.h"
#include "serve.h"

static enum err
too_many(struct req *rq, const struct shelter *s, int64_t people)
{
	return fail(rq, ERR_CONFLICT,
	    "%lld cannot leave: %lld %s inside. Count again and set the number inside.", (long long)people,
	    (long long)s->occupancy, s->occupancy == 1 ? "person is" : "people are");
}

/* People go back to the desk; nothing was counted. */
static enum err
refused(struct req *rq, struct res *rs, const struct shelter *s, enum err e)
{
	if (rq->face != FACE_HTML)
		return e;
	html_page(rq, rs, err_words(e)->status, "Nothing was counted", "Nothing was counted");
	if (rq->detail)
		html(rs, "<p class=\"lead\">%s</p>\n", rq->detail);
	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		html(rs, "<p class=\"lead\">How many left? %s</p>\n", f->message);
	html(rs, "<p><a class=\"go\" href=\"/arrivals/%.*s\">Back to the desk</a></p>\n", FMT(s->id));
	html_end(rq, rs);
	return e;
}

static enum err
leave(struct req *rq, struct res *rs)
{
	struct change c = { .kind = "depart", .by = rq->who.name, .confirms = true };
	struct shelter s;
	int64_t people = 0;
	bool good = need_int(rq, "people", 1, DOOR_PEOPLE_MAX, &people);
	enum err e = door_shelter(rq, &s);

	if (e == OK && !good)
		return refused(rq, rs, &s, ERR_INPUT);
	if (e == OK)
		e = intent_expire(rq->db, rq->arena, &s);
	if (e != OK)
		return e;
	c.occupancy = -people;
	if ((e = shelter_apply(rq->db, rq->arena, &s, &c)) == ERR_CONFLICT)
		return refused(rq, rs, &s, too_many(rq, &s, people));
	return e == OK ? door_answer(rq, rs, &s, "left", people) : e;
}

static const struct route routes[] = {
	{ POST, "/departures", ROLE_ADMIN | ROLE_MANAGER, TX_WRITE, leave },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

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
	return fail(rq, ERR_CONFLICT, "%lld cannot leave: %lld %s inside. Count again and set the number inside.",
	    (long long)people, (long long)s->occupancy, s->occupancy == 1 ? "person is" : "people are");
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
		return ERR_INPUT;
	if (e == OK)
		e = intent_expire(rq->db, rq->arena, &s);
	if (e != OK)
		return e;
	c.occupancy = -people;
	if ((e = shelter_apply(rq->db, rq->arena, &s, &c)) == ERR_CONFLICT)
		return too_many(rq, &s, people);
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

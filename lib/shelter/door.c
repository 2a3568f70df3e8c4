/* door.c - counting at the door. */
#include "door.h"

#include "html.h"
#include "session.h"

enum err
door_mine(struct req *rq, struct str id, struct shelter *s)
{
	enum err e = shelter_load(rq->db, rq->arena, id, s);

	if (e != OK)
		return fail(rq, e, "There is no shelter %.*s.", FMT(id));
	if (!may_manage(rq, s->id))
		return fail(
		    rq, ERR_FORBIDDEN, "This shelter is not one of yours. Ask an admin to give it to you.");
	return OK;
}

enum err
door_shelter(struct req *rq, struct shelter *s)
{
	struct str id;
	enum err e;

	if (!need_text(rq, "shelter", 30, &id))
		return ERR_INPUT;
	e = door_mine(rq, id, s);
	if (e == ERR_NOT_FOUND) {
		fault(rq, "shelter", "unknown", "There is no shelter %.*s.", FMT(id));
		return ERR_INPUT;
	}
	return e;
}

enum err
door_answer(struct req *rq, struct res *rs, const struct shelter *s, const char *what, int64_t people)
{
	struct json j;

	if (rq->face == FACE_HTML)
		return res_see_other(rs, url(rq->arena, "/arrivals/%.*s?done=%s&people=%lld", FMT(s->id),
					     what, (long long)people));
	j = res_json(rs, 201);
	json_open(&j, '{');
	json_key_str(&j, "shelter", s->id);
	json_key_int(&j, "people", people);
	json_key_int(&j, "occupancy", s->occupancy);
	json_key_int(&j, "expected", s->expected);
	json_key_known(&j, "availability", s->capacity != UNKNOWN, shelter_availability(s));
	json_key_known(&j, "projected_availability", s->capacity != UNKNOWN, shelter_projected(s));
	json_key_int(&j, "confirmed_at", s->confirmed_at);
	json_close(&j, '}');
	return OK;
}

/* postevent.c - posts as programs get them, and as open pages hear of them. */
#include "event.h"
#include "json.h"
#include "postindex.h"
#include "team.h"

static void
names_json(struct json *j, const struct post *p, const struct str *teams, size_t nteams)
{
	json_key_str(j, "user", p->user);
	json_key_strs(j, "teams", teams, nteams);
	json_key_strs(j, "hashtags", p->tags, p->ntags);
}

static void
times_json(struct json *j, const struct post *p)
{
	json_key_int(j, "created_at", p->created_at);
	json_key_known(j, "edited_at", p->edited_at != 0, p->edited_at);
}

void
post_json(struct json *j, struct arena *a, const struct post *p, const struct str *teams, size_t nteams,
    bool mentions)
{
	json_open(j, '{');
	json_key_str(j, "id", post_key(a, p->id));
	json_key_str(j, "text", p->text);
	names_json(j, p, teams, nteams);
	if (mentions)
		json_key_strs(j, "mentions", p->mentions, p->nmentions);
	json_key_position(j, "position", p->placed, p->position.longitude, p->position.latitude);
	json_key(j, "public");
	json_flag(j, p->public);
	times_json(j, p);
	json_close(j, '}');
}

/* Who has just lost the right to hear a channel may do so for some minutes: what is
 * not for all is told without what it says. */
static void
notice_json(struct json *j, struct arena *a, const struct post *p, const struct str *teams, size_t nteams)
{
	json_open(j, '{');
	json_key_str(j, "id", post_key(a, p->id));
	names_json(j, p, teams, nteams);
	json_key_strs(j, "mentions", p->mentions, p->nmentions);
	times_json(j, p);
	json_close(j, '}');
}

struct str
post_event(struct arena *a, const struct post *p, const struct str *teams, size_t nteams)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };
	struct str data;

	if (p->public)
		post_json(&j, a, p, teams, nteams, false);
	else
		notice_json(&j, a, p, teams, nteams);
	data = arena_dup(a, (struct str){ b.p, b.n });
	buf_free(&b);
	return data;
}

/* The log keeps no text of what is deleted: not in what was told before either. */
static void
tell(struct db *db, struct arena *a, const struct post *p, const char *channel, const struct str *teams,
    size_t nteams)
{
	struct str topic = post_number(a, p->id), data;

	if (p->deleted_at) {
		data = arena_strf(a, "{\"deleted\":\"post:%lld\"}", (long long)p->id);
		event_replace(db, channel, topic, data);
	} else {
		data = post_event(a, p, teams, nteams);
	}
	event_put(db, channel, topic, data, db_sequence_next(db));
}

/* Of those who read a post for another reason than a closed team's, not all are of
 * that team: they hear of the open ones. */
static enum err
tell_all(struct db *db, struct arena *a, const struct post *p, const char *channel)
{
	struct str *open = arena_array(a, struct str, p->nteams + 1);
	size_t n = 0;
	struct team t;
	enum err e = OK;

	for (size_t i = 0; i < p->nteams && e == OK; i++)
		if ((e = team_get(db, a, p->teams[i], &t)) == OK && t.open)
			open[n++] = p->teams[i];
	if (e == OK)
		tell(db, a, p, channel, open, n);
	return e;
}

enum err
post_tell(struct db *db, struct arena *a, const struct post *p)
{
	if (!audience_closed(p->audience))
		return tell_all(db, a, p, p->public ? "posts" : "staff");
	for (size_t i = 0; i < p->nteams; i++)
		tell(db, a, p, arena_printf(a, "team-%.*s", FMT(p->teams[i])), &p->teams[i], 1);
	return OK;
}

/* post.c - posts, from the first word to the tombstone. */
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "buf.h"
#include "entity.h"
#include "hash.h"
#include "key.h"
#include "list.h"
#include "postindex.h"
#include "request.h"
#include "set.h"
#include "team.h"
#include "utf8.h"
#include "value.h"

static struct str
versions_key(struct arena *a, int64_t id)
{
	return arena_strf(a, "post:%lld:versions", (long long)id);
}

/* ---- as it is kept ------------------------------------------------------------- */

/* None of what is listed has a blank in it. */
static struct str
join(struct arena *a, const struct str *list, size_t n)
{
	struct buf b = { 0 };
	struct str s;

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(&b, ' ');
		buf_str(&b, list[i]);
	}
	s = arena_dup(a, (struct str){ b.p, b.n });
	buf_free(&b);
	return s;
}

static size_t
split(struct arena *a, struct str s, struct str **list)
{
	size_t n = 0, room = 1;

	for (size_t i = 0; i < s.n; i++)
		room += s.p[i] == ' ';
	*list = arena_array(a, struct str, room);
	while (s.n > 0)
		(*list)[n++] = arena_dup(a, str_cut(&s, ' '));
	return n;
}

/* "key" or, where somebody wrote it another way, "key/Key". */
static struct str
join_tags(struct arena *a, const struct post *p)
{
	struct str *list = arena_array(a, struct str, p->ntags + 1);

	for (size_t i = 0; i < p->ntags; i++)
		list[i] = str_eq(p->tags[i], p->spellings[i])
			      ? p->tags[i]
			      : arena_strf(a, "%.*s/%.*s", FMT(p->tags[i]), FMT(p->spellings[i]));
	return join(a, list, p->ntags);
}

static void
split_tags(struct arena *a, struct str s, struct post *p)
{
	p->ntags = split(a, s, &p->tags);
	p->spellings = arena_array(a, struct str, p->ntags + 1);
	for (size_t i = 0; i < p->ntags; i++) {
		struct str rest = p->tags[i], key = str_cut(&rest, '/');

		p->spellings[i] = rest.n ? rest : key;
		p->tags[i] = rest.n ? arena_dup(a, key) : key;
	}
}

static struct str
degrees(struct arena *a, double v)
{
	return arena_strf(a, "%.6f", v);
}

static struct str
number(struct arena *a, int64_t v)
{
	return v ? arena_strf(a, "%lld", (long long)v) : S("");
}

/* Writes what is not empty; a new post has no fields yet. */
static enum err
write_post(struct db *db, struct arena *a, const struct post *p)
{
	struct field all[] = {
		{ S("text"), p->text },
		{ S("user"), p->user },
		{ S("audience"), p->audience },
		{ S("teams"), join(a, p->teams, p->nteams) },
		{ S("tags"), join_tags(a, p) },
		{ S("mentions"), join(a, p->mentions, p->nmentions) },
		{ S("longitude"), p->placed ? degrees(a, p->position.longitude) : S("") },
		{ S("latitude"), p->placed ? degrees(a, p->position.latitude) : S("") },
		{ S("created_at"), number(a, p->created_at) },
		{ S("edited_at"), number(a, p->edited_at) },
		{ S("deleted_at"), number(a, p->deleted_at) },
	};
	struct field set[LEN(all)];
	struct str gone[LEN(all)];
	size_t nset = 0, ngone = 0;
	int64_t removed;
	enum err e;

	for (size_t i = 0; i < LEN(all); i++)
		if (all[i].value.n)
			set[nset++] = all[i];
		else
			gone[ngone++] = all[i].name;
	e = hash_set(db, post_key(a, p->id), set, nset);
	if (e == OK && (p->edited_at || p->deleted_at))
		e = hash_del_many(db, post_key(a, p->id), gone, ngone, &removed);
	return e;
}

static void
read_field(struct arena *a, const struct field *f, struct post *p, int *placed)
{
	if (str_is(f->name, "text"))
		p->text = f->value;
	else if (str_is(f->name, "user"))
		p->user = f->value;
	else if (str_is(f->name, "audience"))
		p->audience = f->value;
	else if (str_is(f->name, "teams"))
		p->nteams = split(a, f->value, &p->teams);
	else if (str_is(f->name, "tags"))
		split_tags(a, f->value, p);
	else if (str_is(f->name, "mentions"))
		p->nmentions = split(a, f->value, &p->mentions);
	else if (str_is(f->name, "longitude"))
		*placed += str_double(f->value, &p->position.longitude);
	else if (str_is(f->name, "latitude"))
		*placed += str_double(f->value, &p->position.latitude);
	else if (str_is(f->name, "created_at"))
		str_int(f->value, 0, INT64_MAX, &p->created_at);
	else if (str_is(f->name, "edited_at"))
		str_int(f->value, 0, INT64_MAX, &p->edited_at);
	else if (str_is(f->name, "deleted_at"))
		str_int(f->value, 0, INT64_MAX, &p->deleted_at);
}

enum err
post_get(struct db *db, struct arena *a, int64_t id, struct post *p)
{
	struct field *f;
	size_t n = 0;
	int placed = 0;
	enum err e = hash_all(db, a, post_key(a, id), &f, &n);

	*p = (struct post){ .id = id };
	if (e != OK || n == 0)
		return e == OK ? ERR_NOT_FOUND : e;
	for (size_t i = 0; i < n; i++)
		read_field(a, &f[i], p, &placed);
	p->public = str_is(p->audience, "public");
	p->placed = placed == 2;
	return p->edited_at && !p->deleted_at ? list_length(db, versions_key(a, id), &p->versions) : OK;
}

enum err
post_versions(struct db *db, struct arena *a, int64_t id, struct post_version **v, size_t *n)
{
	struct str *list;
	enum err e = list_range(db, a, versions_key(a, id), 0, -1, &list, n);

	*v = arena_array(a, struct post_version, e == OK ? *n + 1 : 1);
	for (size_t i = 0; e == OK && i < *n; i++) {
		struct str rest = list[i], until = str_cut(&rest, ' ');

		(*v)[i].text = rest;
		str_int(until, 0, INT64_MAX, &(*v)[i].until);
	}
	return e;
}

/* ---- what is wrong with it ------------------------------------------------------- */

static enum err
refuse(struct post_fault *f, const char *field, const char *code, const char *message)
{
	*f = (struct post_fault){ field, code, message };
	return ERR_INPUT;
}

static enum err
read_text(struct arena *a, struct str typed, struct str *text, struct post_fault *f)
{
	if (!utf8_text(typed))
		return refuse(f, "text", "format", "Use plain text without control characters.");
	*text = str_trim(utf8_lines(a, typed));
	if (text->n == 0)
		return refuse(f, "text", "missing", "Write something.");
	if (utf8_length(*text) > POST_MAX)
		return refuse(f, "text", "length",
		    arena_printf(
			a, "Use at most %d characters; these are %zu.", POST_MAX, utf8_length(*text)));
	return OK;
}

/* In order and each once, so that the same teams are the same audience. */
static enum err
read_teams(struct db *db, struct arena *a, const struct reader *r, struct post *p, struct post_fault *f)
{
	struct str *teams = arena_array(a, struct str, p->nteams + 1);
	size_t n = 0;

	for (size_t i = 0; i < p->nteams; i++)
		teams[i] = p->teams[i];
	qsort(teams, p->nteams, sizeof(*teams), str_by_bytes);
	for (size_t i = 0; i < p->nteams; i++)
		if (n == 0 || !str_eq(teams[i], teams[n - 1]))
			teams[n++] = teams[i];
	p->teams = teams;
	p->nteams = n;
	if (n > POST_TEAMS)
		return refuse(f, "teams", "length", arena_printf(a, "Name at most %d teams.", POST_TEAMS));
	for (size_t i = 0; i < n; i++)
		if (!reader_knows(db, a, r, teams[i]))
			return refuse(f, "teams", "unknown",
			    team_slug_valid(teams[i])
				? arena_printf(a, "There is no team %.*s.", FMT(teams[i]))
				: "There is no such team.");
	return OK;
}

static enum err
all_closed(struct db *db, struct arena *a, const struct post *p, bool *closed)
{
	enum err e = OK;
	struct team t;

	*closed = p->nteams > 0;
	for (size_t i = 0; i < p->nteams && e == OK; i++)
		if ((e = team_get(db, a, p->teams[i], &t)) == OK && t.open)
			*closed = false;
	return e;
}

enum err
post_audience(struct db *db, struct arena *a, const struct post *p, struct str *audience)
{
	bool closed;
	enum err e = all_closed(db, a, p, &closed);

	if (p->public)
		*audience = S("public");
	else if (!closed)
		*audience = S("org");
	else if (p->nteams == 1)
		*audience = arena_strf(a, "team-%.*s", FMT(p->teams[0]));
	else
		*audience = arena_strf(a, "teams-%.*s", FMT(post_hash(a, join(a, p->teams, p->nteams), 32)));
	return e;
}

/* What a reader of each of its teams has to look through is bounded. */
static enum err
room_for(struct db *db, struct arena *a, const struct post *p, struct post_fault *f)
{
	for (size_t i = 0; audience_closed(p->audience) && i < p->nteams; i++) {
		struct str key = team_audiences(a, p->teams[i]);
		int64_t n;
		enum err e = set_card(db, key, &n);

		if (e != OK)
			return e;
		if (n >= AUDIENCES_MAX && !set_has(db, key, p->audience))
			return refuse(f, "teams", "room",
			    arena_printf(a,
				"The team %.*s writes with %d different groups of teams. More do not fit.",
				FMT(p->teams[i]), AUDIENCES_MAX));
	}
	return OK;
}

static enum err
read_position(struct arena *a, struct post *p, struct post_fault *f)
{
	if (!p->placed)
		return OK;
	if (!geo_valid(p->position))
		return refuse(f, "position", "range", "Give a position on the map.");
	/* As it is kept, so that its cells are those of what is kept. */
	str_double(degrees(a, p->position.longitude), &p->position.longitude);
	str_double(degrees(a, p->position.latitude), &p->position.latitude);
	return OK;
}

/* ---- what stands in it -------------------------------------------------------- */

/* As written, less the sign in front: '#', or the wide one. */
static struct str
spelling_of(struct arena *a, struct str text, const struct entity *e)
{
	size_t sign = text.p[e->from] == '#' ? 1 : 3;

	return arena_dup(a, (struct str){ text.p + e->from + sign, e->to - e->from - sign });
}

void
post_entities(struct arena *a, struct post *p)
{
	struct entity *list;
	size_t n = entities_of(a, p->text, &list);

	p->tags = arena_array(a, struct str, POST_TAGS);
	p->spellings = arena_array(a, struct str, POST_TAGS);
	p->mentions = arena_array(a, struct str, POST_MENTIONS);
	p->ntags = p->nmentions = 0;
	for (size_t i = 0; i < n; i++) {
		struct str key = list[i].key;

		if (list[i].kind == ENTITY_HASHTAG && p->ntags < POST_TAGS &&
		    !str_among(key, p->tags, p->ntags)) {
			p->spellings[p->ntags] = spelling_of(a, p->text, &list[i]);
			p->tags[p->ntags++] = key;
		}
		if (list[i].kind == ENTITY_MENTION && p->nmentions < POST_MENTIONS &&
		    !str_among(key, p->mentions, p->nmentions))
			p->mentions[p->nmentions++] = key;
	}
}

static bool
may_read(struct db *db, struct arena *a, const struct post *p, struct str user)
{
	struct user u;

	if (!audience_closed(p->audience))
		return true;
	for (size_t i = 0; i < p->nteams; i++)
		if (team_has(db, a, p->teams[i], user))
			return true;
	return user_get(db, a, user, &u) == OK && u.roles & ROLE_ADMIN;
}

/* Of the names in the text those of people who can read it. */
static enum err
keep_readers(struct db *db, struct arena *a, struct post *p)
{
	bool there[POST_MENTIONS] = { false };
	size_t n = 0;
	enum err e;

	if (p->nmentions == 0)
		return OK;
	if ((e = set_has_many(db, S("users"), p->mentions, p->nmentions, there)) != OK)
		return e;
	for (size_t i = 0; i < p->nmentions; i++)
		if (there[i] && may_read(db, a, p, p->mentions[i]))
			p->mentions[n++] = p->mentions[i];
	p->nmentions = n;
	return OK;
}

static enum err
derive(struct db *db, struct arena *a, struct post *p)
{
	post_entities(a, p);
	return keep_readers(db, a, p);
}

/* ---- pressing twice -------------------------------------------------------------- */

static struct str
same_key(struct arena *a, const struct post *p)
{
	/* None of the first two has a line feed in it. */
	struct str all =
	    arena_strf(a, "%.*s\n%.*s\n%.*s", FMT(p->user), FMT(join(a, p->teams, p->nteams)), FMT(p->text));

	return arena_strf(a, "post:same:%.*s", FMT(post_hash(a, all, 32)));
}

/* Whether it was just written: *id.  A post that was deleted or edited since may be
 * written again. */
static enum err
written(struct db *db, struct arena *a, const struct post *p, int64_t *id)
{
	struct post before;
	enum err e = string_get_int(db, same_key(a, p), id);

	if (e != OK || *id == 0)
		return e;
	e = post_get(db, a, *id, &before);
	if (e == ERR_NOT_FOUND || (e == OK && (before.deleted_at || !str_eq(before.text, p->text))))
		*id = 0;
	return e == ERR_NOT_FOUND ? OK : e;
}

static void
remember(struct db *db, struct arena *a, const struct post *p)
{
	string_set(db, same_key(a, p), post_number(a, p->id), db_now(db) + POST_SAME_MS);
}

/* ---- actions ---------------------------------------------------------------------- */

static enum err
read_post(struct db *db, struct arena *a, const struct reader *r, struct post *p, struct post_fault *f)
{
	enum err e = read_text(a, p->text, &p->text, f);

	if (e == OK)
		e = read_teams(db, a, r, p, f);
	if (e == OK)
		e = read_position(a, p, f);
	if (e == OK)
		e = post_audience(db, a, p, &p->audience);
	return e == OK ? room_for(db, a, p, f) : e;
}

enum err
post_add(struct db *db, struct arena *a, const struct reader *r, struct post *p, struct post_fault *f)
{
	int64_t before = 0;
	enum err e;

	*f = (struct post_fault){ 0 };
	if ((e = read_post(db, a, r, p, f)) != OK)
		return e;
	if ((e = written(db, a, p, &before)) != OK)
		return e;
	if ((p->id = before) != 0)
		return ERR_CONFLICT;
	if ((e = derive(db, a, p)) != OK || (e = string_incr(db, S("post:id"), 1, &p->id)) != OK)
		return e;
	p->created_at = db_now(db);
	p->edited_at = p->deleted_at = p->versions = 0;
	if ((e = write_post(db, a, p)) != OK || (e = post_reindex(db, a, NULL, p)) != OK)
		return e;
	remember(db, a, p);
	return post_tell(db, a, p);
}

static enum err
push_version(struct db *db, struct arena *a, const struct post *old, struct post *p)
{
	struct str v = arena_strf(a, "%lld %.*s", (long long)p->edited_at, FMT(old->text));

	return list_push(db, versions_key(a, p->id), LIST_TAIL, &v, 1, &p->versions);
}

/* Who waited for others to write has an older clock than they. */
static int64_t
later(struct db *db, const struct post *p)
{
	int64_t last = p->edited_at ? p->edited_at : p->created_at, now = db_now(db);

	return now > last ? now : last;
}

enum err
post_edit(struct db *db, struct arena *a, int64_t id, struct str text, struct post *p, struct post_fault *f)
{
	struct post old;
	enum err e = post_get(db, a, id, &old);

	*f = (struct post_fault){ 0 };
	*p = old;
	if (e != OK)
		return e;
	if (old.deleted_at)
		return ERR_GONE;
	if ((e = read_text(a, text, &text, f)) != OK)
		return e;
	if (str_eq(text, old.text))
		return OK;
	if (db_now(db) - old.created_at > POST_EDIT_MS)
		return ERR_CONFLICT;
	if (old.versions >= POST_VERSIONS)
		return refuse(f, "text", "room",
		    arena_printf(a, "It was changed %d times. Write a new post.", POST_VERSIONS));
	p->text = text;
	p->edited_at = later(db, &old);
	if ((e = derive(db, a, p)) != OK || (e = push_version(db, a, &old, p)) != OK)
		return e;
	if ((e = write_post(db, a, p)) != OK || (e = post_reindex(db, a, &old, p)) != OK)
		return e;
	return post_tell(db, a, p);
}

enum err
post_delete(struct db *db, struct arena *a, int64_t id)
{
	struct post p, stone;
	enum err e = post_get(db, a, id, &p);

	if (e != OK || p.deleted_at)
		return e;
	stone = p;
	stone.text = S("");
	stone.ntags = stone.nmentions = 0;
	stone.placed = false;
	stone.deleted_at = later(db, &p);
	if ((e = write_post(db, a, &stone)) != OK || (e = post_reindex(db, a, &p, NULL)) != OK)
		return e;
	key_del(db, versions_key(a, id));
	return post_tell(db, a, &stone);
}

/*
 * timeline.c - lists of posts.
 *
 * What was asked for is a number of conditions that must all hold.  Each has
 * rankings of its own; those with the fewest posts are read, as one list, and
 * the other conditions are asked of each post.  Words are looked up in the
 * full-text index, where labels say most of the conditions.
 */
#include "timeline.h"

#include "account.h"
#include "entity.h"
#include "hash.h"
#include "key.h"
#include "merge.h"
#include "search.h"
#include "utf8.h"
#include "value.h"
#include "zset.h"

enum {
	STREAMS = 512,     /* rankings read at once for a place, about */
	CELLS_FEW = 4,     /* cells of a place, at least so many */
	CELLS_USUAL = 32,  /* and at most, as long as they are not too many for the radius */
	CELLS_MOST = 1024, /* 50 km at the northern end of the map are some 200 */
	PASSED_KEPT = 100, /* posts */
	FEW_AUDIENCES = 8,
	LITTLE = 8,          /* an eighth of all posts */
	SKEW_MS = 60 * 1000, /* so much older than its neighbours may a post look: its writer waited */
};

/* What must hold. */
struct ask {
	struct db *db;
	struct arena *a, *scratch; /* scratch: for what is only looked at */
	const struct reader *reader;
	enum timeline_of of;
	struct str *teams, *users, *tags;
	size_t nteams, nusers, ntags;
	bool near;
	struct geo at;
	double radius;
	int64_t since, until;
	struct span span;         /* that the times leave */
	bool nothing;             /* it cannot hold */
	bool searched;            /* there are words */
	struct text_search words; /* its labels and bounds aside */
	struct found *found;      /* of the list that is being read */
	enum err fault;           /* of reading a post */
};

/* ---- conditions, asked of a post ------------------------------------------------ */

static bool
has_all(const struct str *v, size_t n, const struct str *all, size_t nall)
{
	for (size_t i = 0; i < nall; i++)
		if (!str_among(all[i], v, n))
			return false;
	return true;
}

static bool
mentions(const struct post *p, const struct reader *r)
{
	return r->name.n && str_among(r->name, p->mentions, p->nmentions);
}

static bool
is_home(const struct post *p, const struct reader *r)
{
	bool mine = p->nteams == 0 || mentions(p, r);

	for (size_t i = 0; i < p->nteams && !mine; i++)
		mine = str_among(p->teams[i], r->teams, r->nteams);
	return mine;
}

static bool
holds(const struct ask *k, const struct post *p)
{
	if (p->deleted_at || !post_readable(p, k->reader))
		return false;
	if (k->of != TIMELINE_ALL &&
	    !(k->of == TIMELINE_HOME ? is_home(p, k->reader) : mentions(p, k->reader)))
		return false;
	if (k->nusers && !has_all(&p->user, 1, k->users, k->nusers))
		return false;
	if ((k->since && p->created_at < k->since) || (k->until && p->created_at >= k->until))
		return false;
	if (k->near && !(p->placed && geo_distance(k->at, p->position) <= k->radius))
		return false;
	return has_all(p->teams, p->nteams, k->teams, k->nteams) &&
	       has_all(p->tags, p->ntags, k->tags, k->ntags);
}

/* What was found of a list, and where to go on. */
struct found {
	struct post *posts; /* all of them hold; of some only the id was read */
	bool *read;
	size_t n, passed; /* passed: posts that do not hold, read into the request's memory */
	int64_t next;     /* what was looked at last; 0: the list is at its end */
};

/* Asks a post.  What holds is kept, as it will be shown; of what does not, only
 * so much as does no harm. */
static bool
post_holds(struct ask *k, int64_t id)
{
	struct found *f = k->found;
	bool keep = f->passed < PASSED_KEPT;
	struct post *p = &f->posts[f->n];
	enum err e = post_get(k->db, keep ? k->a : k->scratch, id, p);
	bool good = e == OK && holds(k, p);

	if (e != OK && e != ERR_NOT_FOUND)
		k->fault = e;
	f->passed += !good;
	f->read[f->n] = good && keep;
	p->id = id;
	if (!keep)
		arena_reset(k->scratch);
	return good;
}

/* ---- times as ids ------------------------------------------------------------------ */

/* When the first post from N on that there is was written; INT64_MAX: there is none. */
static int64_t
written_at(struct ask *k, int64_t id, int64_t last)
{
	int64_t at = INT64_MAX;

	for (; id <= last; id++) {
		struct str key = arena_strf(k->a, "post:%lld", (long long)id), text;

		if (hash_get(k->db, k->a, key, S("created_at"), &text) == OK &&
		    str_int(text, 0, INT64_MAX, &at))
			break;
	}
	return at;
}

/* The first N not written before `at`: ids rise as time does, nearly. */
static int64_t
first_since(struct ask *k, int64_t at, int64_t last)
{
	int64_t low = 1, high = last + 1;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (written_at(k, middle, last) < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum err
bound_times(struct ask *k)
{
	int64_t last;
	enum err e;

	if (!k->since && !k->until)
		return OK;
	if ((e = string_get_int(k->db, S("post:id"), &last)) != OK)
		return e;
	if (k->since)
		k->span.low = first_since(k, k->since - SKEW_MS, last);
	if (k->until)
		k->span.high = first_since(k, k->until + SKEW_MS, last) - 1;
	return OK;
}

/* ---- what was asked for -------------------------------------------------------------- */

static void
push(struct ask *k, struct str **v, size_t *n, const struct str *more, size_t nmore)
{
	struct str *all = arena_array(k->a, struct str, *n + nmore + 1);

	for (size_t i = 0; i < *n; i++)
		all[i] = (*v)[i];
	for (size_t i = 0; i < nmore; i++)
		if (!str_among(more[i], all, *n))
			all[(*n)++] = more[i];
	*v = all;
}

/* A name from outside must not become a part of another key. */
static bool
is_author(struct str name)
{
	struct str rest = name;

	if (str_starts(name, "token:"))
		str_cut(&rest, ':');
	return rest.n && rest.n <= USER_NAME_MAX && user_name_valid(rest);
}

static bool
is_tag(struct ask *k, struct str key)
{
	struct str again;

	return utf8_text(key) && hashtag_key(k->a, key, &again) && str_eq(again, key);
}

static void
check_names(struct ask *k)
{
	for (size_t i = 0; i < k->nteams; i++)
		k->nothing |= !reader_knows(k->db, k->a, k->reader, k->teams[i]);
	for (size_t i = 0; i < k->nusers; i++)
		k->nothing |= !is_author(k->users[i]);
	for (size_t i = 0; i < k->ntags; i++)
		k->nothing |= !is_tag(k, k->tags[i]);
	k->nothing |= k->nusers > 1 || (k->of == TIMELINE_MENTIONS && k->reader->name.n == 0);
	k->nothing |= k->near && !geo_valid(k->at);
}

static enum err
understand(struct ask *k, const struct timeline *t, const char **why)
{
	struct search s;
	enum err e = search_parse(k->db, k->a, t->query, &s, why);

	if (e != OK)
		return e;
	push(k, &k->teams, &k->nteams, s.teams, s.nteams);
	push(k, &k->teams, &k->nteams, &t->team, t->team.n > 0);
	push(k, &k->users, &k->nusers, s.users, s.nusers);
	push(k, &k->users, &k->nusers, &t->user, t->user.n > 0);
	push(k, &k->tags, &k->ntags, s.tags, s.ntags);
	push(k, &k->tags, &k->ntags, &t->hashtag, t->hashtag.n > 0);
	k->since = s.since > t->since ? s.since : t->since;
	k->until = s.until && (!t->until || s.until < t->until) ? s.until : t->until;
	k->near = t->near;
	k->at = t->at;
	k->radius = t->radius < NEAR_MAX ? t->radius : NEAR_MAX;
	k->searched = s.words.n > 0;
	k->words = (struct text_search){ .query = s.words, .prefix = true };
	check_names(k);
	return bound_times(k);
}

static enum err
ask_new(struct db *db, struct arena *a, const struct reader *r, const struct timeline *t, struct ask **out,
    const char **why)
{
	struct ask *k = *out = arena_alloc(a, sizeof(*k));

	*k = (struct ask){ .db = db, .a = a, .reader = r, .of = t->of, .span = { 1, TEXT_ID_MAX, false } };
	k->scratch = arena_new();
	return understand(k, t, why);
}

/* ---- rankings -------------------------------------------------------------------------- */

/* The rankings of one condition. */
struct source {
	struct str *keys;
	bool *sure;
	size_t n, room, sure_room;
	int64_t posts; /* in all of them */
	size_t covers; /* conditions that need not be asked again */
};

static void
add_key(struct ask *k, struct source *s, struct str key, bool sure)
{
	s->keys = arena_grow(k->a, s->keys, s->n, &s->room);
	s->sure = arena_grow(k->a, s->sure, s->n, &s->sure_room);
	s->keys[s->n] = key;
	s->sure[s->n++] = sure;
}

/* One for each audience. */
static void
add_audiences(struct ask *k, struct source *s, const char *prefix)
{
	for (size_t i = 0; i < k->reader->naudiences; i++)
		add_key(k, s, arena_strf(k->a, "%s:%.*s", prefix, FMT(k->reader->audiences[i])), true);
}

static void
add_team(struct ask *k, struct source *s, struct str slug)
{
	/* It has what several audiences may read; who is signed in and knows
	 * the team reads all of it. */
	add_key(k, s, arena_strf(k->a, "team:%.*s:posts", FMT(slug)), k->reader->staff);
}

static void
add_mentions(struct ask *k, struct source *s)
{
	if (k->reader->name.n)
		add_key(k, s, arena_strf(k->a, "mentions:%.*s", FMT(k->reader->name)), false);
}

static void
add_home(struct ask *k, struct source *s)
{
	const struct reader *r = k->reader;

	for (size_t i = 0; i < r->naudiences; i++)
		if (str_is(r->audiences[i], "public") || str_is(r->audiences[i], "org"))
			add_key(k, s, arena_strf(k->a, "posts:everyone:%.*s", FMT(r->audiences[i])), true);
	for (size_t i = 0; i < r->nteams; i++)
		add_team(k, s, r->teams[i]);
	add_mentions(k, s);
}

/* Small cells where the reader has few audiences: the more they are, the less
 * is read in vain, but the more rankings there are. */
static size_t
cells_of(struct ask *k, struct str **cells)
{
	size_t most = STREAMS / (k->reader->naudiences + 1), n;

	most = most > CELLS_USUAL ? CELLS_USUAL : most < CELLS_FEW ? CELLS_FEW : most;
	n = near_cells(k->a, k->at, k->radius, most, cells);
	return n ? n : near_cells(k->a, k->at, k->radius, CELLS_MOST, cells);
}

/* Those of a cell that are there, in one look at the names of keys; false: there
 * are many more than the reader has audiences. */
static bool
add_present(struct ask *k, struct source *s, struct str prefix)
{
	size_t most = 2 * k->reader->naudiences, n;
	struct str *names;

	n = key_scan(k->db, k->a, prefix, most, &names);
	if (n == most && str_starts(names[n - 1], prefix.p))
		return false;
	for (size_t i = 0; i < n && str_starts(names[i], prefix.p); i++) {
		struct str audience = { names[i].p + prefix.n, names[i].n - prefix.n };

		if (str_among(audience, k->reader->audiences, k->reader->naudiences))
			add_key(k, s, names[i], true);
	}
	return true;
}

static bool
add_near(struct ask *k, struct source *s)
{
	struct str *cells;
	size_t n = cells_of(k, &cells);

	for (size_t i = 0; i < n; i++) {
		struct str prefix = arena_strf(k->a, "near:%.*s:", FMT(cells[i]));

		if (k->reader->naudiences <= FEW_AUDIENCES || !add_present(k, s, prefix))
			add_audiences(k, s, arena_printf(k->a, "near:%.*s", FMT(cells[i])));
	}
	return n > 0;
}

static enum err
count_posts(struct ask *k, struct source *s)
{
	enum err e = OK;

	s->posts = 0;
	for (size_t i = 0; i < s->n && e == OK; i++) {
		int64_t n;

		e = zset_card(k->db, s->keys[i], &n);
		s->posts += n;
	}
	return e;
}

/* Takes the one with fewer posts. */
static enum err
prefer(struct ask *k, struct source *best, struct source *other)
{
	enum err e = count_posts(k, other);

	if (e == OK && (best->covers > 1 || other->posts < best->posts))
		*best = *other;
	return e;
}

enum { NO_SOURCE = 2 }; /* as `covers` of the first one to be compared with */

static enum err
source_of_each(struct ask *k, struct source *best)
{
	enum err e = OK;

	for (size_t i = 0; i < k->nteams && e == OK; i++) {
		struct source s = { .covers = 1 };

		add_team(k, &s, k->teams[i]);
		e = prefer(k, best, &s);
	}
	for (size_t i = 0; i < k->nusers && e == OK; i++) {
		struct source s = { .covers = 1 };

		add_audiences(k, &s, arena_printf(k->a, "user:%.*s:posts", FMT(k->users[i])));
		e = prefer(k, best, &s);
	}
	for (size_t i = 0; i < k->ntags && e == OK; i++) {
		struct source s = { .covers = 1 };

		add_audiences(k, &s, arena_printf(k->a, "hashtag:%.*s", FMT(k->tags[i])));
		e = prefer(k, best, &s);
	}
	return e;
}

/* The rankings to be read, and whether conditions are left to be asked. */
static enum err
choose(struct ask *k, struct source *best, bool *ask_all)
{
	struct source of = { .covers = k->of != TIMELINE_ALL }, near = { .covers = 0 };
	size_t conditions = of.covers + k->nteams + k->nusers + k->ntags + k->near + (k->since || k->until);
	enum err e;

	*best = (struct source){ .covers = NO_SOURCE };
	if (k->of == TIMELINE_ALL)
		add_audiences(k, &of, "posts");
	else if (k->of == TIMELINE_HOME)
		add_home(k, &of);
	else
		add_mentions(k, &of);
	if (conditions == of.covers) { /* nothing to choose from: not counted */
		*best = of;
		*ask_all = false;
		return OK;
	}
	if ((e = prefer(k, best, &of)) == OK && (e = source_of_each(k, best)) == OK && k->near &&
	    add_near(k, &near))
		e = prefer(k, best, &near);
	*ask_all = conditions > best->covers;
	return e;
}

static enum err
read_rankings(struct ask *k, struct span span, size_t limit)
{
	struct found *f = k->found;
	struct merge *m = merge_new(k->db, k->a, span);
	struct source s;
	int64_t id, last = 0;
	size_t looked = 0;
	bool ask_all, sure;
	enum err e = choose(k, &s, &ask_all);

	for (size_t i = 0; i < s.n && e == OK; i++)
		merge_add(m, s.keys[i], s.sure[i]);
	while (e == OK && merge_next(m, &id, &sure, &e)) {
		if (f->n == limit || looked == TIMELINE_LOOKED) {
			f->next = last;
			break;
		}
		last = id;
		f->posts[f->n].id = id;
		if (!sure || ask_all) {
			looked++;
			if (!post_holds(k, id))
				continue;
		}
		f->n++;
	}
	return e;
}

/* ---- words --------------------------------------------------------------------------------- */

static bool
wants(void *arg, int64_t id)
{
	struct ask *k = arg;
	bool good = post_holds(k, id);

	k->found->n += good;
	return good;
}

/* Labels as a group; false: they cannot be said so, and each post is to be asked. */
static bool
add_group(
    struct ask *k, struct text_group *groups, size_t *n, char kind, const struct str *values, size_t nvalues)
{
	struct str *labels = arena_array(k->a, struct str, nvalues + 1);

	if (*n == TEXT_GROUPS || nvalues > TEXT_LABELS)
		return false;
	for (size_t i = 0; i < nvalues; i++)
		labels[i] = post_label(k->a, kind, values[i]);
	groups[(*n)++] = (struct text_group){ labels, nvalues };
	return true;
}

/* The cells of the labels have six letters. */
static bool
add_cell_group(struct ask *k, struct text_group *groups, size_t *n)
{
	struct str *cells;
	size_t ncells = near_cells(k->a, k->at, k->radius, TEXT_LABELS, &cells);

	if (ncells && cells[0].n == 6)
		add_group(k, groups, n, 'c', cells, ncells);
	return false; /* a cell is not a disc */
}

/* Whether what he reads is so little of all that its labels are worth their lists:
 * else it is quicker to look at whose the posts are that have the words. */
static bool
reads_little(struct ask *k)
{
	int64_t all, mine = 0, n;

	if (k->reader->naudiences > FEW_AUDIENCES || string_get_int(k->db, S("post:id"), &all) != OK)
		return false;
	for (size_t i = 0; i < k->reader->naudiences; i++)
		if (zset_card(k->db, arena_strf(k->a, "posts:%.*s", FMT(k->reader->audiences[i])), &n) == OK)
			mine += n;
	return mine * LITTLE < all;
}

static bool
add_groups(struct ask *k, struct text_group *groups, size_t *n)
{
	/* An admin reads what all audiences read. */
	bool all = k->reader->admin || (reads_little(k) && add_group(k, groups, n, 'a', k->reader->audiences,
							       k->reader->naudiences));

	for (size_t i = 0; i < k->nteams; i++)
		all &= add_group(k, groups, n, 't', &k->teams[i], 1);
	for (size_t i = 0; i < k->nusers; i++)
		all &= add_group(k, groups, n, 'u', &k->users[i], 1);
	for (size_t i = 0; i < k->ntags; i++)
		all &= add_group(k, groups, n, 'h', &k->tags[i], 1);
	if (k->near)
		all &= add_cell_group(k, groups, n);
	return all && k->of == TIMELINE_ALL && !k->since && !k->until;
}

static enum err
read_index(struct ask *k, struct span span, size_t limit, const char **why)
{
	struct text_group groups[TEXT_GROUPS];
	struct text_search s = k->words;
	int64_t *ids;
	size_t n;
	enum err e;

	s.groups = groups;
	s.after = span.low - 1;
	s.before = span.high + 1;
	s.oldest = span.oldest;
	s.limit = limit;
	if (!add_groups(k, groups, &s.ngroups)) {
		s.wants = wants;
		s.arg = k;
	}
	if ((e = text_find(k->db, k->a, S("posts"), &s, &ids, &n, &k->found->next)) == ERR_INPUT)
		*why = "This is too much to search for. Use fewer words.";
	for (size_t i = 0; i < n && s.wants == NULL; i++)
		k->found->posts[i].id = ids[i];
	k->found->n = n;
	return e;
}

/* ---- pages ------------------------------------------------------------------------------------ */

/* Up to `limit` of what was asked for, between the ids of a span. */
static enum err
scan(struct ask *k, struct span span, size_t limit, struct found *f, const char **why)
{
	enum err e;

	*f = (struct found){ .posts = arena_array(k->a, struct post, limit + 1),
		.read = arena_array(k->a, bool, limit + 1) };
	for (size_t i = 0; i <= limit; i++)
		f->read[i] = false;
	k->found = f;
	if (span.low < k->span.low)
		span.low = k->span.low;
	if (span.high > k->span.high)
		span.high = k->span.high;
	if (k->nothing || span.low > span.high)
		return OK;
	e = k->searched ? read_index(k, span, limit, why) : read_rankings(k, span, limit);
	return e == OK ? k->fault : e;
}

/* Whether there may be any; where too many had to be looked at to know, it may. */
static enum err
any(struct ask *k, struct span span, bool *yes, const char **why)
{
	struct found f;
	enum err e = scan(k, span, 1, &f, why);

	*yes = e == OK && (f.n > 0 || f.next != 0);
	return e;
}

/* The posts themselves, the newest first. */
static enum err
read_posts(struct ask *k, const struct found *f, bool oldest, struct timeline_page *page)
{
	page->v = arena_array(k->a, struct post, f->n + 1);
	for (size_t i = 0; i < f->n; i++) {
		size_t at = oldest ? f->n - 1 - i : i;
		struct post *p = &page->v[page->n];
		enum err e = OK;

		*p = f->posts[at];
		if (!f->read[at])
			e = post_get(k->db, k->a, f->posts[at].id, p);
		if (e != OK && e != ERR_NOT_FOUND)
			return e;
		/* Whatever an index says. */
		if (e == OK && !p->deleted_at && post_readable(p, k->reader))
			page->n++;
	}
	return OK;
}

static enum err
read_older(struct ask *k, int64_t before, size_t limit, struct timeline_page *page, const char **why)
{
	struct found f;
	bool more = false;
	enum err e = scan(k, (struct span){ 1, before ? before - 1 : TEXT_ID_MAX, false }, limit, &f, why);

	if (e == OK && before)
		e = any(k, (struct span){ before, TEXT_ID_MAX, true }, &more, why);
	if (e != OK)
		return e;
	page->older = f.next;
	page->newer = more ? before - 1 : 0;
	return read_posts(k, &f, false, page);
}

static enum err
read_newer(
    struct ask *k, const struct timeline *t, size_t limit, struct timeline_page *page, const char **why)
{
	struct found f;
	bool older = false, more = false;
	int64_t high = t->before ? t->before - 1 : TEXT_ID_MAX;
	enum err e = scan(k, (struct span){ t->after + 1, high, true }, limit, &f, why);

	if (e == OK)
		e = any(k, (struct span){ 1, t->after, false }, &older, why);
	if (e == OK && f.next == 0 && t->before)
		e = any(k, (struct span){ t->before, TEXT_ID_MAX, true }, &more, why);
	if (e != OK)
		return e;
	page->older = older ? t->after + 1 : 0;
	page->newer = f.next ? f.next : more ? high : 0;
	return read_posts(k, &f, true, page);
}

static enum err
read_page(struct ask *k, const struct timeline *asked, struct timeline_page *page, const char **why)
{
	struct timeline t = *asked;
	size_t limit = t.limit < TIMELINE_MAX ? t.limit : TIMELINE_MAX;

	if (t.before < 0 || t.before > TEXT_ID_MAX)
		t.before = 0;
	if (t.after > TEXT_ID_MAX)
		t.after = TEXT_ID_MAX;
	if (k->searched && !k->nothing)
		page->words = k->words;
	return t.after > 0 ? read_newer(k, &t, limit, page, why) : read_older(k, t.before, limit, page, why);
}

enum err
timeline_read(struct db *db, struct arena *a, const struct reader *r, const struct timeline *t,
    struct timeline_page *page, const char **why)
{
	struct ask *k;
	enum err e = ask_new(db, a, r, t, &k, why);

	*page = (struct timeline_page){ 0 };
	if (e == OK)
		e = read_page(k, t, page, why);
	arena_free(k->scratch);
	return e;
}

int64_t
timeline_newer(
    struct db *db, struct arena *a, const struct reader *r, const struct timeline *t, int64_t n, int64_t most)
{
	const char *why;
	struct ask *k;
	struct found f = { 0 };
	enum err e = ask_new(db, a, r, t, &k, &why);

	n = n < 0 ? 0 : n > TEXT_ID_MAX ? TEXT_ID_MAX : n;
	most = most < 0 ? 0 : most > TEXT_HITS ? TEXT_HITS : most;
	if (e == OK)
		e = scan(k, (struct span){ n + 1, TEXT_ID_MAX, true }, (size_t)most, &f, &why);
	arena_free(k->scratch);
	return e == OK ? (int64_t)f.n : 0;
}

/*
 * postcheck.c - the proof that posts and their indexes agree.
 *
 * What should be there is summed up post by post, what is there key by key: each
 * entry as a keyed hash of what it is, times its count.  Where the sums agree
 * nothing is missing and nothing is left over, whatever the order, with two numbers
 * of memory.  Where they do not, or somebody wrote meanwhile, every entry is looked
 * up from both sides.
 */
#include <math.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "hash.h"
#include "key.h"
#include "list.h"
#include "log.h"
#include "postindex.h"
#include "set.h"
#include "text.h"
#include "utf8.h"
#include "value.h"
#include "zset.h"

enum { CHUNK = 200, MEMBERS = 1000, SPELLINGS = 10000 };

struct check {
	struct db *db;
	struct arena *a; /* of a chunk */
	void (*tell)(void *arg, struct str);
	void *arg;
	size_t differences;
	bool slow; /* every entry is looked up */
	bool own;  /* each chunk has a transaction */
	unsigned char key[crypto_shorthash_KEYBYTES];
	uint64_t due, there; /* the sums */
};

static void differ(struct check *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
differ(struct check *c, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->differences++;
	if (c->tell)
		c->tell(c->arg, str(text));
}

/* A chunk, in a transaction of its own unless the caller has one. */
static bool
begin(struct check *c)
{
	arena_reset(c->a);
	if (!c->own || db_begin(c->db, TX_READ, now_ms()) == OK)
		return true;
	differ(c, "posts cannot be read now");
	return false;
}

static void
end(struct check *c)
{
	if (c->own)
		db_rollback(c->db);
}

static uint64_t
hash_of(const struct check *c, struct str key, struct str member)
{
	struct str both = arena_strf(c->a, "%.*s %.*s", FMT(key), FMT(member));
	uint64_t h;

	crypto_shorthash((unsigned char *)&h, (const unsigned char *)both.p, both.n, c->key);
	return h;
}

/* Any double may stand there. */
static bool
is_score(double score, int64_t n)
{
	return score >= (double)n && score <= (double)n;
}

static bool
live(struct check *c, int64_t id, struct post *p)
{
	return post_get(c->db, c->a, id, p) == OK && !p->deleted_at;
}

/* ---- a post by itself --------------------------------------------------------- */

static bool
same_list(const struct str *a, size_t na, const struct str *b, size_t nb)
{
	for (size_t i = 0; i < na && na == nb; i++)
		if (!str_eq(a[i], b[i]))
			return false;
	return na == nb;
}

static void
check_tags(struct check *c, const struct post *p)
{
	struct post again = *p;
	size_t k = 0;

	post_entities(c->a, &again);
	if (!same_list(p->tags, p->ntags, again.tags, again.ntags))
		differ(c, "post %lld: its tags are not those of its text", (long long)p->id);
	else if (!same_list(p->spellings, p->ntags, again.spellings, again.ntags))
		differ(c, "post %lld: its tags are spelt otherwise in its text", (long long)p->id);
	/* Who could read it then, nobody knows any more; but they stand in it, in order. */
	for (size_t i = 0; i < p->nmentions; i++, k++) {
		while (k < again.nmentions && !str_eq(again.mentions[k], p->mentions[i]))
			k++;
		if (k >= again.nmentions) {
			differ(
			    c, "post %lld: it does not mention %.*s", (long long)p->id, FMT(p->mentions[i]));
			return;
		}
		if (!set_has(c->db, S("users"), p->mentions[i]))
			differ(c, "post %lld mentions %.*s, who is nobody", (long long)p->id,
			    FMT(p->mentions[i]));
	}
}

static void
check_versions(struct check *c, const struct post *p)
{
	struct post_version *v;
	int64_t before = p->created_at;
	size_t n;

	if (post_versions(c->db, c->a, p->id, &v, &n) != OK || (n > 0) != (p->edited_at > 0)) {
		differ(c, "post %lld: its versions are not those of an edited post", (long long)p->id);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		bool good = v[i].until >= before && v[i].text.n > 0 && utf8_text(v[i].text);

		if (i == n - 1)
			good = good && v[i].until == p->edited_at && !str_eq(v[i].text, p->text);
		if (!good)
			differ(c, "post %lld: its version %zu is none", (long long)p->id, i + 1);
		before = v[i].until;
	}
}

static void
check_fields(struct check *c, const struct post *p)
{
	struct str audience;

	if (p->user.n == 0 || p->created_at == 0)
		differ(c, "post %lld: nobody wrote it, or never", (long long)p->id);
	/* Who would read a deleted one may have changed since: it settles nothing. */
	if (!p->deleted_at &&
	    (post_audience(c->db, c->a, p, &audience) != OK || !str_eq(audience, p->audience)))
		differ(c, "post %lld: its audience is not that of its teams", (long long)p->id);
}

static void
check_stone(struct check *c, const struct post *p)
{
	struct str versions = arena_strf(c->a, "post:%lld:versions", (long long)p->id);

	if (p->text.n || p->ntags || p->nmentions || p->placed || key_exists(c->db, versions))
		differ(c, "post %lld: it is deleted and says something", (long long)p->id);
}

/* ---- what should be there ------------------------------------------------------ */

static void
due_ranking(struct check *c, struct str key, int64_t id)
{
	struct str member = post_number(c->a, id);
	double score = 0;

	c->due += hash_of(c, key, member);
	if (c->slow && (zset_score(c->db, key, member, &score) != OK || !is_score(score, id)))
		differ(c, "post %lld is missing in %.*s", (long long)id, FMT(key));
}

static void
due_tag(struct check *c, const struct post *p, size_t i)
{
	struct str counts = tags_ranking(c->a, p->audience), value;
	struct str spellings = tag_spellings(c->a, p->tags[i], p->audience);
	double score;

	c->due += hash_of(c, counts, p->tags[i]);
	c->due += hash_of(c, spellings, p->spellings[i]);
	if (!c->slow)
		return;
	if (zset_score(c->db, counts, p->tags[i], &score) != OK)
		differ(c, "post %lld: its tag is missing in %.*s", (long long)p->id, FMT(counts));
	if (hash_get(c->db, c->a, spellings, p->spellings[i], &value) != OK)
		differ(c, "post %lld: its spelling is missing in %.*s", (long long)p->id, FMT(spellings));
}

static void
due_entries(struct check *c, const struct post *p)
{
	struct str *list;
	size_t n = post_rankings(c->a, p, &list);

	for (size_t i = 0; i < n; i++)
		due_ranking(c, list[i], p->id);
	for (size_t i = 0; i < p->ntags; i++)
		due_tag(c, p, i);
	if (c->slow)
		return;
	for (size_t i = 0; audience_closed(p->audience) && i < p->nteams; i++)
		if (!set_has(c->db, team_audiences(c->a, p->teams[i]), p->audience))
			differ(c, "post %lld: team %.*s does not know its audience", (long long)p->id,
			    FMT(p->teams[i]));
	n = post_labels(c->a, p, &list);
	if (!text_holds(c->db, c->a, POST_INDEX, p->id, p->text, list, n))
		differ(c, "post %lld: the full-text index has it otherwise or not at all", (long long)p->id);
}

static void
check_post(struct check *c, int64_t id)
{
	struct post p;

	if (post_get(c->db, c->a, id, &p) != OK) {
		differ(c, "post %lld is missing", (long long)id);
		return;
	}
	if (!c->slow)
		check_fields(c, &p);
	if (p.deleted_at) {
		if (!c->slow)
			check_stone(c, &p);
		return;
	}
	if (!c->slow) {
		check_tags(c, &p);
		check_versions(c, &p);
	}
	due_entries(c, &p);
}

static void
check_posts(struct check *c)
{
	int64_t id = 1, last = 0;

	do {
		if (!begin(c))
			return;
		string_get_int(c->db, S("post:id"), &last);
		for (int i = 0; i < CHUNK && id <= last; i++)
			check_post(c, id++);
		end(c);
	} while (id <= last);
}

/* ---- what is there --------------------------------------------------------------- */

static void
member_there(struct check *c, struct str key, const struct zmember *m)
{
	struct post p;
	struct str *keys;
	int64_t id;
	size_t n;

	c->there += hash_of(c, key, m->member);
	if (!str_int(m->member, 1, INT64_MAX, &id) || !is_score(m->score, id)) {
		if (!c->slow) /* said once is enough */
			differ(c, "%.*s holds what is no post, or not in its place", FMT(key));
		return;
	}
	if (!c->slow)
		return;
	if (live(c, id, &p)) {
		n = post_rankings(c->a, &p, &keys);
		if (str_among(key, keys, n))
			return;
	}
	differ(c, "%.*s holds post %lld, which does not belong there", FMT(key), (long long)id);
}

static void
count_there(struct check *c, struct str ranking, const struct zmember *m)
{
	struct str audience = { ranking.p + 9, ranking.n - 9 }; /* behind "hashtags:" */
	struct str posts = arena_strf(c->a, "hashtag:%.*s:%.*s", FMT(m->member), FMT(audience));
	int64_t n = 0;

	if (m->score >= 1 && m->score < 0x1p53)
		c->there += hash_of(c, ranking, m->member) * (uint64_t)m->score;
	else
		c->there++; /* no count at all: the sums will differ */
	if (!c->slow)
		return;
	zset_card(c->db, posts, &n);
	if (n == 0 || !is_score(m->score, n))
		differ(c, "%.*s counts %.0f posts with a tag that %lld have", FMT(ranking), m->score,
		    (long long)n);
}

/* Walks a ranking; a page is a transaction, so it may change on the way. */
static void
each_member(struct check *c, struct str key, void (*look)(struct check *, struct str, const struct zmember *))
{
	struct zpage page = { ZPAGE_ALL, .limit = MEMBERS };
	struct zmember *m, after;
	struct buf last = { 0 };
	size_t n;

	do {
		n = 0;
		if (!begin(c))
			break;
		if (zset_page(c->db, c->a, key, &page, &m, &n) != OK)
			differ(c, "%.*s is no ranking", FMT(key));
		for (size_t i = 0; i < n; i++)
			look(c, key, &m[i]);
		if (n > 0) {
			after = m[n - 1];
			buf_reset(&last);
			buf_str(&last, after.member);
			after.member = (struct str){ last.p, last.n };
			page.after = &after;
		}
		end(c);
	} while (n == MEMBERS);
	buf_free(&last);
}

static void
check_ranking(struct check *c, struct str key)
{
	each_member(c, key, member_there);
}

/* ---- tags and how they are spelt ---------------------------------------------------- */

struct spelling {
	struct str s;
	int64_t n;
};

static void
count_one(struct arena *keep, struct spelling *all, size_t *n, struct str s)
{
	size_t i = 0;

	while (i < *n && !str_eq(all[i].s, s))
		i++;
	if (i == SPELLINGS)
		return; /* more than any hash should have: it will differ */
	if (i == *n)
		all[(*n)++] = (struct spelling){ arena_dup(keep, s), 0 };
	all[i].n++;
}

/* How often each spelling stands in the posts of a tag. */
static size_t
recount(struct check *c, struct arena *keep, struct str posts, struct str tag, struct spelling *all)
{
	struct zpage page = { ZPAGE_ALL, .limit = CHUNK };
	struct arena *a = arena_new(), *chunk = c->a;
	struct zmember *m, *after = arena_alloc(keep, sizeof(*after));
	size_t n = 0, found = 0;
	struct post p;

	c->a = a;
	do {
		arena_reset(a);
		if (zset_page(c->db, a, posts, &page, &m, &n) != OK)
			break;
		for (size_t i = 0; i < n; i++) {
			int64_t id = 0;

			if (!str_int(m[i].member, 1, INT64_MAX, &id) || !live(c, id, &p))
				continue;
			for (size_t k = 0; k < p.ntags; k++)
				if (str_eq(p.tags[k], tag))
					count_one(keep, all, &found, p.spellings[k]);
		}
		if (n > 0) {
			*after = m[n - 1];
			after->member = arena_dup(keep, after->member);
			page.after = after;
		}
	} while (n == CHUNK);
	c->a = chunk;
	arena_free(a);
	return found;
}

static void
compare_spellings(
    struct check *c, struct str key, const struct field *f, size_t n, const struct spelling *all, size_t nall)
{
	if (n != nall)
		differ(c, "%.*s has %zu spellings, the posts have %zu", FMT(key), n, nall);
	for (size_t i = 0; i < n; i++) {
		int64_t have = 0, want = 0;

		str_int(f[i].value, 0, INT64_MAX, &have);
		for (size_t k = 0; k < nall; k++)
			if (str_eq(all[k].s, f[i].name))
				want = all[k].n;
		if (have != want)
			differ(c, "%.*s counts %lld of a spelling that %lld posts have", FMT(key),
			    (long long)have, (long long)want);
	}
}

/* hashtag:KEY:as:A.  In one transaction, however many posts: it must not change
 * while it is counted. */
static void
check_spellings(struct check *c, struct str key)
{
	struct str rest = key, tag, audience;
	struct field *f;
	size_t n = 0;

	if (!begin(c))
		return;
	str_cut(&rest, ':');
	tag = str_cut(&rest, ':');
	str_cut(&rest, ':');
	audience = rest;
	if (hash_all(c->db, c->a, key, &f, &n) != OK)
		differ(c, "%.*s is no hash", FMT(key));
	for (size_t i = 0; i < n; i++) {
		int64_t count = 0;

		str_int(f[i].value, 0, INT64_MAX, &count);
		c->there += hash_of(c, key, f[i].name) * (uint64_t)count;
	}
	if (c->slow) {
		struct spelling *all = arena_array(c->a, struct spelling, SPELLINGS);
		struct str posts = arena_strf(c->a, "hashtag:%.*s:%.*s", FMT(tag), FMT(audience));
		size_t nall = recount(c, c->a, posts, tag, all);

		compare_spellings(c, key, f, n, all, nall);
	}
	end(c);
}

static void
check_hashtag(struct check *c, struct str key)
{
	struct str rest = key;

	str_cut(&rest, ':');
	str_cut(&rest, ':');
	if (str_starts(rest, "as:"))
		check_spellings(c, key);
	else
		check_ranking(c, key);
}

static void
check_counts(struct check *c, struct str key)
{
	each_member(c, key, count_there);
}

/* ---- teams and their audiences ---------------------------------------------------------- */

static void
audience_there(struct check *c, struct str slug, struct str audience)
{
	struct zpage one = { ZPAGE_ALL, .limit = 1 };
	struct str posts = arena_strf(c->a, "posts:%.*s", FMT(audience));
	struct zmember *m;
	struct post p;
	int64_t id;
	size_t n = 0;

	if (audience_closed(audience) && zset_page(c->db, c->a, posts, &one, &m, &n) == OK && n == 1 &&
	    str_int(m[0].member, 1, INT64_MAX, &id) && live(c, id, &p))
		for (size_t i = 0; i < p.nteams; i++)
			if (str_eq(p.teams[i], slug))
				return;
	differ(c, "team %.*s has an audience without a post: %.*s", FMT(slug), FMT(audience));
}

static void
check_audiences(struct check *c, struct str key)
{
	struct str rest = key, *list, slug;
	size_t n = 0;

	if (c->slow || !begin(c))
		return;
	str_cut(&rest, ':');
	slug = str_cut(&rest, ':');
	if (set_page(c->db, c->a, key, (struct str){ 0 }, AUDIENCES_MAX + 1, &list, &n) != OK ||
	    n > AUDIENCES_MAX)
		differ(c, "%.*s is no set, or too large", FMT(key));
	for (size_t i = 0; i < n; i++)
		audience_there(c, slug, list[i]);
	end(c);
}

static void
check_team(struct check *c, struct str key)
{
	struct str rest = key;

	str_cut(&rest, ':');
	str_cut(&rest, ':'); /* a team may be called "posts" */
	if (str_is(rest, "posts"))
		check_ranking(c, key);
	else if (str_is(rest, "audiences"))
		check_audiences(c, key);
}

static void
check_user(struct check *c, struct str key)
{
	struct str rest = key;

	str_cut(&rest, ':');
	/* Of a program: user:token:NAME:posts:A, whatever is in NAME. */
	if (memmem(rest.p, rest.n, ":posts:", 7) != NULL)
		check_ranking(c, key);
}

/* post:id, post:N, post:N:versions, post:same:HASH: a post that is there is within
 * the counter, and only what was edited has versions. */
static void
check_key(struct check *c, struct str key)
{
	struct str rest = { key.p + 5, key.n - 5 }, number = str_cut(&rest, ':');
	int64_t id, last = 0;
	bool good = true;
	struct post p;

	if (c->slow || str_is(number, "id") || str_is(number, "same") || !begin(c))
		return;
	string_get_int(c->db, S("post:id"), &last);
	if (!str_int(number, 1, last, &id))
		good = false;
	else if (rest.n)
		good = str_is(rest, "versions") && live(c, id, &p) && p.edited_at > 0;
	/* Since its name was read it may have gone with its post. */
	if (!good && key_exists(c->db, key))
		differ(c, "%.*s belongs to no post", FMT(key));
	end(c);
}

/* ---- all keys --------------------------------------------------------------------------- */

static void
each_key(struct check *c, const char *prefix, void (*look)(struct check *, struct str key))
{
	struct arena *page = arena_new();
	struct str after = str(prefix), *names;
	struct buf last = { 0 };
	bool inside = true;
	size_t n;

	do {
		arena_reset(page);
		if (!begin(c))
			break;
		n = key_scan(c->db, page, after, CHUNK, &names);
		end(c);
		for (size_t i = 0; i < n && inside; i++)
			if ((inside = str_starts(names[i], prefix)))
				look(c, names[i]);
		if (n > 0) {
			buf_reset(&last);
			buf_str(&last, names[n - 1]);
			after = (struct str){ last.p, last.n };
		}
	} while (inside && n == CHUNK);
	buf_free(&last);
	arena_free(page);
}

static void
check_keys(struct check *c)
{
	static const struct {
		const char *prefix;
		void (*look)(struct check *, struct str);
	} all[] = {
		{ "post:", check_key },
		{ "posts:", check_ranking },
		{ "team:", check_team },
		{ "user:", check_user },
		{ "hashtag:", check_hashtag },
		{ "hashtags:", check_counts },
		{ "mentions:", check_ranking },
		{ "near:", check_ranking },
	};

	for (size_t i = 0; i < LEN(all); i++)
		each_key(c, all[i].prefix, all[i].look);
}

static void
check_texts(struct check *c)
{
	int64_t *ids, after = 0;
	struct post p;
	size_t n;

	do {
		if (!begin(c))
			return;
		n = text_ids(c->db, c->a, POST_INDEX, after, CHUNK, &ids);
		for (size_t i = 0; i < n; i++)
			if (!live(c, after = ids[i], &p))
				differ(c, "the full-text index holds post %lld, which is not there",
				    (long long)ids[i]);
		end(c);
	} while (n == CHUNK);
}

size_t
posts_check(struct db *db, void (*tell)(void *arg, struct str), void *arg)
{
	struct check c = { .db = db, .a = arena_new(), .tell = tell, .arg = arg };

	if (sodium_init() < 0)
		die("libsodium cannot be had");
	crypto_shorthash_keygen(c.key);
	c.own = db_tx(db) == TX_NONE;
	check_posts(&c);
	check_texts(&c);
	check_keys(&c);
	if (c.due != c.there) {
		c.slow = true;
		check_posts(&c);
		check_keys(&c);
	}
	arena_free(c.a);
	return c.differences;
}

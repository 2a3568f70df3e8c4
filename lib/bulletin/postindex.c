/* postindex.c - the lists, rankings and counts that a post is in. */
#include "postindex.h"

#include <sodium.h>
#include <string.h>

#include "event.h"
#include "hash.h"
#include "json.h"
#include "log.h"
#include "set.h"
#include "team.h"
#include "text.h"
#include "zset.h"

/* ---- names ------------------------------------------------------------------ */

struct str
post_number(struct arena *a, int64_t id)
{
	return arena_strf(a, "%lld", (long long)id);
}

struct str
post_key(struct arena *a, int64_t id)
{
	return arena_strf(a, "post:%lld", (long long)id);
}

struct str
tags_ranking(struct arena *a, struct str audience)
{
	return arena_strf(a, "hashtags:%.*s", FMT(audience));
}

struct str
tag_spellings(struct arena *a, struct str tag, struct str audience)
{
	return arena_strf(a, "hashtag:%.*s:as:%.*s", FMT(tag), FMT(audience));
}

struct str
team_audiences(struct arena *a, struct str slug)
{
	return arena_strf(a, "team:%.*s:audiences", FMT(slug));
}

static struct str
posts_ranking(struct arena *a, struct str audience)
{
	return arena_strf(a, "posts:%.*s", FMT(audience));
}

bool
audience_closed(struct str audience)
{
	return str_starts(audience, "team-") || str_starts(audience, "teams-");
}

struct str
post_hash(struct arena *a, struct str bytes, size_t size)
{
	unsigned char hash[crypto_generichash_BYTES];
	char hex[2 * sizeof(hash) + 1];

	if (sodium_init() < 0 ||
	    crypto_generichash(hash, sizeof(hash), (const unsigned char *)bytes.p, bytes.n, NULL, 0) != 0)
		die("BLAKE2b cannot be had");
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return arena_dup(a, (struct str){ hex, size });
}

/* What is too long for a label, and every tag, stands there as its hash. */
struct str
post_label(struct arena *a, char kind, struct str value)
{
	if (kind == 'h' || value.n + 2 > TEXT_LABEL_BYTES)
		value = post_hash(a, value, 16);
	return arena_strf(a, "%c:%.*s", kind, FMT(value));
}

static struct str
cell_of(struct arena *a, struct geo g, size_t letters)
{
	char hash[GEO_HASH + 1];

	geo_hash(g, hash);
	return arena_dup(a, (struct str){ hash, letters });
}

/* ---- entries ---------------------------------------------------------------- */

size_t
post_rankings(struct arena *a, const struct post *p, struct str **keys)
{
	struct str *k = *keys = arena_array(a, struct str, p->nteams + p->ntags + p->nmentions + 8);
	size_t n = 0;

	k[n++] = posts_ranking(a, p->audience);
	if (p->nteams == 0)
		k[n++] = arena_strf(a, "posts:everyone:%.*s", FMT(p->audience));
	for (size_t i = 0; i < p->nteams; i++)
		k[n++] = arena_strf(a, "team:%.*s:posts", FMT(p->teams[i]));
	k[n++] = arena_strf(a, "user:%.*s:posts:%.*s", FMT(p->user), FMT(p->audience));
	for (size_t i = 0; i < p->ntags; i++)
		k[n++] = arena_strf(a, "hashtag:%.*s:%.*s", FMT(p->tags[i]), FMT(p->audience));
	for (size_t i = 0; i < p->nmentions; i++)
		k[n++] = arena_strf(a, "mentions:%.*s", FMT(p->mentions[i]));
	for (size_t letters = CELL_SHORTEST; p->placed && letters <= CELL_LONGEST; letters++)
		k[n++] =
		    arena_strf(a, "near:%.*s:%.*s", FMT(cell_of(a, p->position, letters)), FMT(p->audience));
	return n;
}

size_t
post_labels(struct arena *a, const struct post *p, struct str **labels)
{
	struct str *l = *labels = arena_array(a, struct str, p->nteams + p->ntags + 3);
	size_t n = 0;

	l[n++] = post_label(a, 'a', p->audience);
	l[n++] = post_label(a, 'u', p->user);
	for (size_t i = 0; i < p->nteams; i++)
		l[n++] = post_label(a, 't', p->teams[i]);
	if (p->placed)
		l[n++] = post_label(a, 'c', cell_of(a, p->position, CELL_LONGEST));
	for (size_t i = 0; i < p->ntags; i++)
		l[n++] = post_label(a, 'h', p->tags[i]);
	return n;
}

/* An edit leaves most of them as they are. */
static enum err
move_rankings(struct db *db, struct arena *a, const struct post *old, const struct post *now)
{
	struct str *had = NULL, *has = NULL;
	size_t nhad = old ? post_rankings(a, old, &had) : 0;
	size_t nhas = now ? post_rankings(a, now, &has) : 0;
	int64_t id = now ? now->id : old->id;
	struct str member = post_number(a, id);
	enum err e = OK;

	for (size_t i = 0; i < nhad && e == OK; i++)
		if (!str_among(had[i], has, nhas))
			e = zset_rem(db, had[i], member);
	for (size_t i = 0; i < nhas && e == OK; i++)
		if (!str_among(has[i], had, nhad))
			e = zset_add(db, has[i], member, (double)id);
	return e;
}

static enum err
count_tag(struct db *db, struct arena *a, struct str audience, struct str tag, int by)
{
	struct str key = tags_ranking(a, audience);
	enum zadd_result result;
	double score = 0;
	enum err e;

	if (by > 0)
		return zset_add_with(db, key, tag, by, ZADD_INCR, &score, &result);
	if ((e = zset_score(db, key, tag, &score)) != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	return score > 1 ? zset_add_with(db, key, tag, by, ZADD_INCR, &score, &result)
			 : zset_rem(db, key, tag);
}

static enum err
count_spelling(
    struct db *db, struct arena *a, struct str audience, struct str tag, struct str spelling, int by)
{
	struct str key = tag_spellings(a, tag, audience), value;
	int64_t n = 0;
	enum err e;

	if (by > 0)
		return hash_incr(db, key, spelling, by, &n);
	if ((e = hash_get(db, a, key, spelling, &value)) != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	str_int(value, 0, INT64_MAX, &n);
	return n > 1 ? hash_incr(db, key, spelling, by, &n) : hash_del(db, key, spelling);
}

static bool
has_tag(const struct post *p, struct str tag, struct str spelling)
{
	for (size_t i = 0; p != NULL && i < p->ntags; i++)
		if (str_eq(tag, p->tags[i]) && (spelling.p == NULL || str_eq(spelling, p->spellings[i])))
			return true;
	return false;
}

/* The tags of one state of the post that the other state has not. */
static enum err
count_tags(struct db *db, struct arena *a, const struct post *p, const struct post *other, int by)
{
	enum err e = OK;

	for (size_t i = 0; p != NULL && i < p->ntags && e == OK; i++) {
		if (!has_tag(other, p->tags[i], (struct str){ 0 }))
			e = count_tag(db, a, p->audience, p->tags[i], by);
		if (e == OK && !has_tag(other, p->tags[i], p->spellings[i]))
			e = count_spelling(db, a, p->audience, p->tags[i], p->spellings[i], by);
	}
	return e;
}

/* Before its rankings change: the last post of an audience takes it along. */
static enum err
move_audience(struct db *db, struct arena *a, const struct post *old, const struct post *now)
{
	const struct post *p = now ? now : old;
	int64_t posts = 0;
	enum err e;

	if ((old && now) || !audience_closed(p->audience))
		return OK;
	if ((e = zset_card(db, posts_ranking(a, p->audience), &posts)) != OK)
		return e;
	if (posts != (now ? 0 : 1))
		return OK;
	for (size_t i = 0; i < p->nteams && e == OK; i++)
		e = (now ? set_add : set_rem)(db, team_audiences(a, p->teams[i]), p->audience);
	return e;
}

enum err
post_reindex(struct db *db, struct arena *a, const struct post *old, const struct post *now)
{
	struct str *labels;
	size_t n;
	enum err e = move_audience(db, a, old, now);

	if (e == OK)
		e = move_rankings(db, a, old, now);
	if (e == OK)
		e = count_tags(db, a, old, now, -1);
	if (e == OK)
		e = count_tags(db, a, now, old, 1);
	if (e != OK)
		return e;
	if (now == NULL) {
		text_del(db, a, POST_INDEX, old->id);
		return OK;
	}
	n = post_labels(a, now, &labels);
	return text_put(db, a, POST_INDEX, now->id, now->text, labels, n);
}

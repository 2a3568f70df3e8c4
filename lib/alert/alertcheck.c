/* alertcheck.c - the proof that alerts, feed and fan-outs agree. */
#include "alertcheck.h"

#include <stdarg.h>
#include <stdio.h>

#include "feed.h"
#include "value.h"
#include "zset.h"

enum { PAGE = 500 };

struct check {
	struct db *db;
	struct arena *a;
	struct alert_report *r;
	/* Members that indexes should have; then less those that they have. */
	int64_t public, active, scheduled, superseded;
};

static void __attribute__((format(printf, 2, 3))) differs(struct check *k, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	k->r->differences++;
	if (k->r->tell)
		k->r->tell(k->r->arg, text);
}

/* Whether a ranking has the member, with the score that it should have. */
static bool
ranked(struct check *k, const char *ranking, int64_t member, int64_t should)
{
	double score;
	enum err e = zset_score(k->db, str(ranking), arena_strf(k->a, "%lld", (long long)member), &score);

	if (e == OK && (int64_t)score != should)
		differs(k, "alert %lld: in %s at %lld, should be at %lld", (long long)member, ranking,
		    (long long)score, (long long)should);
	return e == OK;
}

static void
in_ranking(struct check *k, const char *ranking, const struct alert *al, int64_t score, bool should)
{
	bool is = ranked(k, ranking, al->id, score);

	if (is != should)
		differs(k, "alert %lld: %s in %s", (long long)al->id, is ? "is" : "is not", ranking);
}

/* An active one that has expired may have been swept already. */
static void
check_rankings(struct check *k, const struct alert *al)
{
	bool public = al->public_at != 0, over = al->expires_at <= db_now(k->db);
	bool holds = public && al->type != MSG_CANCEL && al->replaced_by == 0;
	bool waits = !public && al->type != MSG_CANCEL && al->replaced_by == 0;

	in_ranking(k, "alerts", al, al->sequence, public);
	k->public += public;
	if (!holds || !over)
		in_ranking(k, "alerts:active", al, al->expires_at, holds);
	k->active += holds && ranked(k, "alerts:active", al->id, al->expires_at);
	if (!waits || !over)
		in_ranking(k, "alerts:scheduled", al, al->not_before, waits);
	k->scheduled += waits && ranked(k, "alerts:scheduled", al->id, al->not_before);
	if (waits && !over)
		in_ranking(k, "fanouts", al, al->not_before, true);
}

static void
check_item(struct check *k, const struct alert *al, const struct alert *next)
{
	struct feed_item item;

	if (al->public_at == 0)
		return;
	if (feed_get(k->db, k->a, al->sequence, &item) != OK || item.alert != al->id) {
		differs(k, "alert %lld: has no feed item", (long long)al->id);
		return;
	}
	if (!ranked(k, "notifications:feed", al->sequence, al->sequence))
		differs(k, "alert %lld: is not in the feed", (long long)al->id);
	if (item.superseded_by != (next ? next->sequence : 0))
		differs(k, "alert %lld: its feed item is superseded by %lld", (long long)al->id,
		    (long long)item.superseded_by);
	k->superseded += next != NULL;
}

/* What took its place says so too. */
static void
check_chain(struct check *k, const struct alert *al, struct alert *next, bool *replaced)
{
	double score;

	*replaced = al->replaced_by != 0;
	if (!*replaced)
		return;
	if (alert_get(k->db, k->a, al->replaced_by, next) != OK || next->replaces != al->id)
		differs(k, "alert %lld: what replaced it does not know it", (long long)al->id);
	else if (al->public_at != 0 && next->first != al->first)
		differs(k, "alert %lld: was replaced by one of another chain", (long long)al->id);
	if (zset_score(k->db, S("fanouts"), arena_strf(k->a, "%lld", (long long)al->id), &score) == OK)
		differs(k, "alert %lld: was replaced and is still to be sent", (long long)al->id);
}

/* Each of whom this was the last they got has had a message of it. */
static void
check_recipients(struct check *k, const struct alert *al)
{
	struct zrange mine = { .by = ZRANGE_SCORE,
		.min.score = (double)(2 * al->id),
		.max.score = (double)(2 * al->id + 1),
		.count = -1 };
	struct tally *t;
	int64_t reached = 0, messages = 0;
	size_t n;

	if (al->public_at == 0 || al->type == MSG_CANCEL)
		return;
	if (zset_count(k->db, k->a, arena_strf(k->a, "alert:%lld:recipients", (long long)al->first), &mine,
		&reached) != OK)
		differs(k, "alert %lld: its recipients cannot be counted", (long long)al->id);
	outbox_tally(k->db, k->a, al->id, &t, &n);
	for (size_t i = 0; i < n; i++)
		messages += t[i].n;
	if (reached > messages)
		differs(k, "alert %lld: %lld recipients, %lld messages", (long long)al->id,
		    (long long)reached, (long long)messages);
}

static enum err
check_one(struct check *k, int64_t id)
{
	struct alert al, next;
	bool replaced;
	enum err e = alert_get(k->db, k->a, id, &al);

	if (e == ERR_NOT_FOUND) {
		differs(k, "alert %lld: is not there", (long long)id);
		return OK;
	}
	if (e != OK)
		return e;
	k->r->alerts++;
	if (al.ntexts == 0 || al.severity == 0 || al.first == 0)
		differs(k, "alert %lld: is not whole", (long long)id);
	check_chain(k, &al, &next, &replaced);
	check_rankings(k, &al);
	check_item(k, &al, replaced ? &next : NULL);
	check_recipients(k, &al);
	return OK;
}

static void
same_count(struct check *k, const char *ranking, int64_t should)
{
	int64_t is = 0;

	if (zset_card(k->db, str(ranking), &is) != OK || is != should)
		differs(k, "%s: %lld members, should be %lld", ranking, (long long)is, (long long)should);
}

/* What is to be expanded exists. */
static enum err
check_fanouts(struct check *k)
{
	struct zmember *m;
	struct str after = { 0 };
	size_t n;
	enum err e;

	while ((e = zset_by_member(k->db, k->a, S("fanouts"), after, PAGE, &m, &n)) == OK && n > 0) {
		for (size_t i = 0; i < n; i++) {
			struct alert al;
			int64_t id = 0;

			if (!str_int(m[i].member, 1, INT64_MAX, &id) || alert_get(k->db, k->a, id, &al) != OK)
				differs(k, "fanouts: \"%.*s\" is no alert", FMT(m[i].member));
		}
		after = m[n - 1].member;
	}
	return e;
}

enum err
alert_check(struct db *db, struct arena *a, struct alert_report *r)
{
	struct check k = { .db = db, .a = a, .r = r };
	int64_t last;
	enum err e = string_get_int(db, S("alert:id"), &last);

	for (int64_t id = 1; id <= last && e == OK; id++) {
		e = check_one(&k, id);
		arena_reset(a);
	}
	same_count(&k, "alerts", k.public);
	same_count(&k, "alerts:active", k.active);
	same_count(&k, "alerts:scheduled", k.scheduled);
	same_count(&k, "notifications:feed", k.public);
	same_count(&k, "notifications:superseded", k.superseded);
	if (e == OK)
		e = check_fanouts(&k);
	arena_reset(a);
	return e;
}

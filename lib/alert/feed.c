/* feed.c - one list for all, and marks of who has read how far. */
#include "feed.h"

#include <math.h>

#include "hash.h"
#include "key.h"
#include "set.h"
#include "zset.h"

#define PUBLIC S("notifications:feed")
#define STAFF S("notifications:staff")
#define SUPERSEDED S("notifications:superseded")

static struct str
item_key(struct arena *a, struct str id)
{
	return arena_strf(a, "feed:%.*s", FMT(id));
}

static struct str
number(struct arena *a, int64_t n)
{
	return arena_strf(a, "%lld", (long long)n);
}

/* ---- writing ---- */

static enum err
write_item(struct db *db, struct arena *a, struct str ranking, const struct feed_item *item)
{
	struct str id = number(a, item->id);
	const struct field all[] = {
		{ S("kind"), item->kind },
		{ S("alert"), number(a, item->alert) },
		{ S("title"), item->title },
		{ S("message"), item->message },
		{ S("severity"), item->severity },
		{ S("language"), item->language },
		{ S("exercise"), number(a, item->exercise) },
		{ S("created_at"), number(a, item->created_at) },
		{ S("expires_at"), number(a, item->expires_at) },
		{ S("supersedes"), number(a, item->supersedes) },
	};
	enum err e = hash_set(db, item_key(a, id), all, LEN(all));

	return e == OK ? zset_add(db, ranking, id, (double)item->id) : e;
}

static enum err
supersede(struct db *db, struct arena *a, int64_t old, int64_t by)
{
	struct str id = number(a, old);
	struct field f = { S("superseded_by"), number(a, by) };
	enum err e = hash_set(db, item_key(a, id), &f, 1);

	return e == OK ? zset_add(db, SUPERSEDED, id, (double)old) : e;
}

enum err
feed_add_alert(
    struct db *db, struct arena *a, const struct alert *al, int64_t supersedes, struct feed_item *item)
{
	enum err e;

	*item = (struct feed_item){
		.id = al->sequence,
		.kind = str(alert_kind(al)),
		.alert = al->id,
		.title = al->texts[0].title,
		.message = al->texts[0].message,
		.severity = str(severity_name(al->severity)),
		.language = al->texts[0].language,
		.exercise = al->exercise,
		.created_at = al->sent_at,
		.expires_at = al->expires_at,
		.supersedes = supersedes,
	};
	if ((e = write_item(db, a, PUBLIC, item)) != OK || supersedes == 0)
		return e;
	return supersede(db, a, supersedes, item->id);
}

/* Notices beyond the latest go, a few at a time. */
static enum err
trim_notices(struct db *db, struct arena *a)
{
	struct zpage oldest = { ZPAGE_ALL, .limit = 10 };
	struct zmember *m;
	int64_t have;
	size_t n = 0;
	enum err e = zset_card(db, STAFF, &have);

	if (e != OK || have <= FEED_NOTICES_MAX)
		return e;
	e = zset_page(db, a, STAFF, &oldest, &m, &n);
	for (size_t i = 0; i < n && e == OK && have > FEED_NOTICES_MAX; i++, have--) {
		key_del(db, item_key(a, m[i].member));
		e = zset_rem(db, STAFF, m[i].member);
	}
	return e;
}

enum err
feed_notice(struct db *db, struct arena *a, struct str title, struct str message)
{
	struct feed_item item = {
		.id = db_sequence_next(db),
		.kind = S("notice"),
		.title = title,
		.message = message,
		.severity = S(""),
		.language = S("en"),
		.created_at = db_now(db),
	};
	enum err e = write_item(db, a, STAFF, &item);

	return e == OK ? trim_notices(db, a) : e;
}

/* ---- marks ---- */

static struct str
mark_key(struct arena *a, struct str user)
{
	return arena_strf(a, "user:%.*s:feed", FMT(user));
}

static struct str
singles_key(struct arena *a, struct str user)
{
	return arena_strf(a, "user:%.*s:feed:read", FMT(user));
}

static enum err
read_mark(struct db *db, struct arena *a, struct str user, int64_t *mark)
{
	struct str value;
	enum err e = hash_get(db, a, mark_key(a, user), S("read_up_to"), &value);

	*mark = 0;
	if (e == OK)
		str_int(value, 0, INT64_MAX, mark);
	return e == ERR_NOT_FOUND ? OK : e;
}

static enum err
newest(struct db *db, struct arena *a, struct str ranking, int64_t *id)
{
	struct zpage last = { ZPAGE_ALL, .reverse = true, .limit = 1 };
	struct zmember *m;
	size_t n;
	enum err e = zset_page(db, a, ranking, &last, &m, &n);

	if (e == OK && n > 0 && (int64_t)m[0].score > *id)
		*id = (int64_t)m[0].score;
	return e;
}

static enum err
set_mark(struct db *db, struct arena *a, struct str user, int64_t mark)
{
	struct field f = { S("read_up_to"), number(a, mark) };
	struct zrange below = { .by = ZRANGE_SCORE, .min.score = 0, .max.score = (double)mark, .count = -1 };
	int64_t n;
	enum err e = hash_set(db, mark_key(a, user), &f, 1);

	return e == OK ? zset_remove_range(db, a, singles_key(a, user), &below, &n) : e;
}

enum err
feed_mark_up_to(struct db *db, struct arena *a, struct str user, int64_t id)
{
	int64_t mark, head = 0;
	enum err e;

	if ((e = read_mark(db, a, user, &mark)) != OK || (e = newest(db, a, PUBLIC, &head)) != OK ||
	    (e = newest(db, a, STAFF, &head)) != OK)
		return e;
	/* Beyond the head nothing can have been read: what comes is new. */
	if (id > head)
		id = head;
	return id > mark ? set_mark(db, a, user, id) : OK;
}

/* With too many single ones the mark moves up to the lowest of them that stays
 * within the bound: what is older counts as read. */
static enum err
bound_singles(struct db *db, struct arena *a, struct str user)
{
	struct zrange at = {
		.by = ZRANGE_RANK, .first = -FEED_SINGLES_MAX - 1, .last = -FEED_SINGLES_MAX - 1, .count = -1
	};
	struct zmember *m;
	int64_t have;
	size_t n;
	enum err e = zset_card(db, singles_key(a, user), &have);

	if (e != OK || have <= FEED_SINGLES_MAX)
		return e;
	if ((e = zset_range(db, a, singles_key(a, user), &at, &m, &n)) != OK || n == 0)
		return e;
	return set_mark(db, a, user, (int64_t)m[0].score);
}

static bool
is_item(struct db *db, struct str id)
{
	double score;

	return zset_score(db, PUBLIC, id, &score) == OK || zset_score(db, STAFF, id, &score) == OK;
}

enum err
feed_mark(struct db *db, struct arena *a, struct str user, const int64_t *ids, size_t n)
{
	int64_t mark;
	enum err e = read_mark(db, a, user, &mark);

	for (size_t i = 0; i < n && i < FEED_IDS_MAX && e == OK; i++)
		if (ids[i] > mark && is_item(db, number(a, ids[i])))
			e = zset_add(db, singles_key(a, user), number(a, ids[i]), (double)ids[i]);
	return e == OK ? bound_singles(db, a, user) : e;
}

/* ---- reading ---- */

static enum err
read_item(struct db *db, struct arena *a, struct str id, struct feed_item *item)
{
	struct field *f;
	size_t n;
	enum err e = hash_all(db, a, item_key(a, id), &f, &n);

	*item = (struct feed_item){ 0 };
	str_int(id, 0, INT64_MAX, &item->id);
	for (size_t i = 0; i < n && e == OK; i++) {
		const struct {
			const char *name;
			struct str *text;
			int64_t *number;
		} all[] = {
			{ "kind", &item->kind, NULL },
			{ "title", &item->title, NULL },
			{ "message", &item->message, NULL },
			{ "severity", &item->severity, NULL },
			{ "language", &item->language, NULL },
			{ "alert", NULL, &item->alert },
			{ "created_at", NULL, &item->created_at },
			{ "expires_at", NULL, &item->expires_at },
			{ "supersedes", NULL, &item->supersedes },
			{ "superseded_by", NULL, &item->superseded_by },
		};

		if (str_is(f[i].name, "exercise"))
			item->exercise = str_is(f[i].value, "1");
		for (size_t k = 0; k < LEN(all); k++)
			if (str_is(f[i].name, all[k].name) && all[k].text)
				*all[k].text = f[i].value;
			else if (str_is(f[i].name, all[k].name))
				str_int(f[i].value, 0, INT64_MAX, all[k].number);
	}
	return e == OK && n == 0 ? ERR_NOT_FOUND : e;
}

enum err
feed_get(struct db *db, struct arena *a, int64_t id, struct feed_item *item)
{
	return read_item(db, a, number(a, id), item);
}

static enum err
beyond(struct db *db, struct arena *a, struct str ranking, int64_t mark, int64_t *n)
{
	struct zrange r = { .by = ZRANGE_SCORE,
		.min = { .open = true, .score = (double)mark },
		.max.score = HUGE_VAL,
		.count = -1 };

	return zset_count(db, a, ranking, &r, n);
}

/* Of the reader's single ones: those that count, and of these the superseded. */
static enum err
count_singles(
    struct db *db, struct arena *a, const struct feed_query *q, int64_t mark, int64_t *read, int64_t *both)
{
	struct zpage r = { .min = (double)mark + 1, .max = HUGE_VAL, .limit = FEED_SINGLES_MAX };
	struct zmember *m;
	size_t n;
	enum err e = zset_page(db, a, singles_key(a, q->user), &r, &m, &n);

	*read = *both = 0;
	for (size_t i = 0; i < n && e == OK; i++) {
		double score;
		bool public = zset_score(db, PUBLIC, m[i].member, &score) == OK;

		*read += public || (q->staff && zset_score(db, STAFF, m[i].member, &score) == OK);
		*both += zset_score(db, SUPERSEDED, m[i].member, &score) == OK;
	}
	return e;
}

static enum err
count_unread(struct db *db, struct arena *a, const struct feed_query *q, int64_t mark, int64_t *unread)
{
	int64_t all, staff = 0, superseded, read, both;
	enum err e;

	if ((e = beyond(db, a, PUBLIC, mark, &all)) != OK ||
	    (q->staff && (e = beyond(db, a, STAFF, mark, &staff)) != OK) ||
	    (e = beyond(db, a, SUPERSEDED, mark, &superseded)) != OK ||
	    (e = count_singles(db, a, q, mark, &read, &both)) != OK)
		return e;
	*unread = all + staff - superseded - read + both;
	return OK;
}

/* Two rankings as one, the newest first, `limit` at most. */
static size_t
merge(
    const struct zmember *a, size_t na, const struct zmember *b, size_t nb, size_t limit, struct zmember *out)
{
	size_t i = 0, k = 0, n = 0;

	while (n < limit && (i < na || k < nb))
		out[n++] = k == nb || (i < na && a[i].score > b[k].score) ? a[i++] : b[k++];
	return n;
}

static enum err
fill(struct db *db, struct arena *a, const struct feed_query *q, int64_t mark, const struct zmember *m,
    struct feed *feed)
{
	struct str singles = singles_key(a, q->user);
	enum err e = OK;

	feed->items = arena_array(a, struct feed_item, feed->n);
	for (size_t i = 0; i < feed->n && e == OK; i++) {
		struct feed_item *item = &feed->items[i];
		double score;

		if ((e = read_item(db, a, m[i].member, item)) == OK && q->user.n > 0)
			item->read = item->id <= mark || item->superseded_by != 0 ||
				     zset_score(db, singles, m[i].member, &score) == OK;
	}
	return e;
}

enum err
feed_page(struct db *db, struct arena *a, const struct feed_query *q, struct feed *feed)
{
	/* One more than wanted tells whether there is a next page. */
	struct zpage page = { .reverse = true,
		.min = 0,
		.max = q->before ? (double)q->before - 1 : HUGE_VAL,
		.limit = q->limit + 1 };
	struct zmember *open, *staff = NULL, *m = arena_array(a, struct zmember, q->limit + 1);
	size_t nopen, nstaff = 0, n;
	int64_t mark = 0;
	enum err e;

	*feed = (struct feed){ .unread = -1 };
	if ((e = zset_page(db, a, PUBLIC, &page, &open, &nopen)) != OK ||
	    (q->staff && (e = zset_page(db, a, STAFF, &page, &staff, &nstaff)) != OK) ||
	    (e = newest(db, a, PUBLIC, &feed->head)) != OK ||
	    (q->staff && (e = newest(db, a, STAFF, &feed->head)) != OK))
		return e;
	if (q->user.n > 0 && ((e = read_mark(db, a, q->user, &mark)) != OK ||
				 (e = count_unread(db, a, q, mark, &feed->unread)) != OK))
		return e;
	n = merge(open, nopen, staff, nstaff, q->limit + 1, m);
	feed->n = n > q->limit ? q->limit : n;
	feed->next = n > q->limit ? (int64_t)m[q->limit - 1].score : 0;
	return fill(db, a, q, mark, m, feed);
}

void
feed_item_json(struct json *j, const struct feed_item *item, bool with_read)
{
	json_open(j, '{');
	json_key_int(j, "id", item->id);
	json_key_str(j, "kind", item->kind);
	json_key_known(j, "alert", item->alert != 0, item->alert);
	json_key_str(j, "title", item->title);
	json_key_str(j, "message", item->message);
	json_key_given(j, "severity", item->severity);
	json_key_str(j, "language", item->language);
	json_key(j, "exercise");
	json_flag(j, item->exercise);
	json_key_int(j, "created_at", item->created_at);
	json_key_known(j, "expires_at", item->expires_at != 0, item->expires_at);
	json_key_known(j, "supersedes", item->supersedes != 0, item->supersedes);
	json_key_known(j, "superseded_by", item->superseded_by != 0, item->superseded_by);
	if (with_read) {
		json_key(j, "read");
		json_flag(j, item->read);
	}
	json_close(j, '}');
}

/*
 * timeline_test.c - what timeline.h promises, against a model that looks at
 * every post.
 *
 * The model knows by whom each post may be read from the teams alone, and
 * matches words one by one: nothing of lib/bulletin but entities is in it.
 */
#include "store.h"

#include <math.h>

#include "account.h"
#include "hash.h"
#include "set.h"
#include "team.h"
#include "timeline.h"
#include "words.h"

/* ---- people and teams -------------------------------------------------------- */

static const char *const teams[] = { "boats", "medics", "police", "spies", "lone" };
enum { TEAMS = LEN(teams), OPEN = 3 /* boats and medics: bits */ };

static const char *const people[] = { "ana", "bogdan", "cora", "dan", "eva" };
enum { PEOPLE = LEN(people), NOBODY = PEOPLE, ADMIN = 4 /* eva */, READERS };

static unsigned member_of[PEOPLE]; /* bits of teams */

static void
person(const char *name, const char *roles)
{
	struct field f = { S("roles"), str(roles) };

	assert_int_equal(set_add(db, S("users"), str(name)), OK);
	assert_int_equal(hash_set(db, arena_strf(mem, "user:%s", name), &f, 1), OK);
}

static void
join(int who, int team)
{
	assert_int_equal(team_join(db, mem, str(teams[team]), str(people[who])), OK);
	member_of[who] |= 1u << team;
}

static void
leave(int who, int team)
{
	assert_int_equal(team_leave(db, mem, str(teams[team]), str(people[who])), OK);
	member_of[who] &= ~(1u << team);
}

static void
settle(void)
{
	static const int members[][2] = { { 0, 0 }, { 0, 2 }, { 1, 1 }, { 1, 3 }, { 2, 2 }, { 2, 3 },
		{ 2, 1 }, { 4, 0 } };
	struct field zone = { S("site.zone"), S("Europe/Bucharest") };

	assert_int_equal(hash_set(db, S("settings"), &zone, 1), OK);
	memset(member_of, 0, sizeof(member_of));
	for (size_t i = 0; i < PEOPLE; i++)
		person(people[i], i == ADMIN ? "admin" : "responder");
	for (size_t i = 0; i < TEAMS; i++)
		assert_int_equal(team_add(db, mem, str(teams[i]), S("A team"), OPEN >> i & 1), OK);
	for (size_t i = 0; i < LEN(members); i++)
		join(members[i][0], members[i][1]);
}

static struct reader
reader(int who)
{
	struct reader r;

	assert_int_equal(
	    reader_of(db, mem, who == NOBODY ? S("") : str(people[who]), who != NOBODY, who == ADMIN, &r),
	    OK);
	return r;
}

/* The teams that a reader may know of. */
static unsigned
knows(int who)
{
	return who == NOBODY ? OPEN : who == ADMIN ? (1u << TEAMS) - 1 : OPEN | member_of[who];
}

/* ---- the model's posts ---------------------------------------------------------- */

enum { POSTS = 400 };

struct wrote {
	int64_t id, at;
	struct str text, words; /* words: the folded ones, a blank before and behind each */
	int user;
	unsigned teams, mentions; /* bits; mentions: of those who could read it */
	bool public, placed, gone;
	struct geo position;
};
static struct wrote wrote[POSTS + 100];
static int nwrote;

static bool
may_read(const struct wrote *p, int who)
{
	if (p->public)
		return true;
	if (who == NOBODY)
		return false;
	return who == ADMIN || p->teams == 0 || p->teams & OPEN || p->teams & member_of[who];
}

static struct str
spaced(struct str text)
{
	struct word *w;
	size_t n = words_of(mem, text, &w);

	return arena_strf(mem, " %.*s ", FMT(words_join(mem, w, n)));
}

static size_t
team_names(unsigned bits, struct str *out)
{
	size_t n = 0;

	for (size_t i = 0; i < TEAMS; i++)
		if (bits >> i & 1)
			out[n++] = str(teams[i]);
	return n;
}

static unsigned
mentioned(const struct wrote *p)
{
	unsigned bits = 0;

	for (int i = 0; i < PEOPLE; i++)
		if (strstr(p->text.p, arena_printf(mem, "@%s", people[i])) != NULL && may_read(p, i))
			bits |= 1u << i;
	return bits;
}

/* Writes p into the store and the model. */
static struct wrote *
write_post(struct wrote p)
{
	struct str names[TEAMS];
	struct post post = { .text = p.text,
		.user = str(people[p.user]),
		.teams = names,
		.public = p.public,
		.placed = p.placed,
		.position = p.position };
	struct reader r = reader(ADMIN);
	struct post_fault fault = { 0 };
	enum err e;

	post.nteams = team_names(p.teams, names);
	e = post_add(db, mem, &r, &post, &fault);
	if (e != OK)
		fail_msg("post_add: %d %s %s", e, fault.field ? fault.field : "",
		    fault.message ? fault.message : "");
	p.id = post.id;
	p.at = db_now(db);
	p.position = post.position;
	p.words = spaced(p.text);
	p.mentions = mentioned(&p);
	wrote[nwrote] = p;
	return &wrote[nwrote++];
}

/* Words as typed; the model folds them.  All are different after folding but
 * those that should not be. */
static const char *const pool[] = { "apă", "APA", "potabilă", "școală", "pod", "podul", "podoabă",
	"Cluj-Napoca", "Napoca", "避難所", "避難", "укриття", "strada", "lungă", "nouă", "O'Brien", "pâine",
	"inundație" };
static const char *const tags[] = { "#apă", "#DrumÎnchis", "#drumînchis", "#避難所", "#RO-CJ-01", "#Бухта" };
static const char *const keys[] = { "apă", "drumînchis", "避難所", "ro-cj-01", "бухта" };

static const struct geo places[] = { { 23.6, 46.77 }, { 179.9995, 10 }, { -179.9995, 10 }, { 12, 85.04 },
	{ -60, -85.04 } };

static struct geo
some_position(double spread)
{
	struct geo g = places[rnd_below((int)LEN(places))];

	g.latitude += rnd_between(-spread, spread);
	g.longitude += rnd_between(-spread, spread) / cos(g.latitude / 57.29578);
	g.longitude += g.longitude > 180 ? -360 : g.longitude < -180 ? 360 : 0;
	g.latitude = g.latitude > 85.05 ? 85.05 : g.latitude < -85.05 ? -85.05 : g.latitude;
	return g;
}

/* Every post has words that no other has: "n17", and where it is closed "zzc17". */
static struct wrote
some_post(int number)
{
	struct wrote p = { .user = rnd_below(PEOPLE), .public = rnd_below(5) == 0 };
	struct str text = arena_strf(mem, "n%d", number);
	bool closed;

	if (rnd_below(4))
		p.teams = 1u << rnd_below(TEAMS);
	if (rnd_below(4) == 0)
		p.teams |= 1u << rnd_below(TEAMS);
	closed = p.teams && !(p.teams & OPEN) && !p.public;
	for (int i = rnd_below(6); i > 0; i--)
		text = arena_strf(
		    mem, "%.*s%s%s", FMT(text), rnd_below(8) ? " " : "\n", pool[rnd_below((int)LEN(pool))]);
	for (int i = rnd_below(3); i > 0; i--)
		text = arena_strf(mem, "%.*s %s", FMT(text), tags[rnd_below((int)LEN(tags))]);
	if (rnd_below(3) == 0)
		text = arena_strf(mem, "%.*s @%s", FMT(text), people[rnd_below(PEOPLE)]);
	if (closed)
		text = arena_strf(mem, "%.*s zzc%04d #zzt%04d", FMT(text), number, number);
	p.text = text;
	p.placed = rnd_below(3) > 0;
	p.position = some_position(0.05);
	return p;
}

static void
write_some(int n)
{
	for (int i = 0; i < n; i++) {
		at(db_now(db) + rnd_below(40) * 60000);
		write_post(some_post(nwrote));
	}
}

static void
take_away(struct wrote *p)
{
	assert_int_equal(post_delete(db, mem, p->id), OK);
	p->gone = true;
}

static void
change(struct wrote *p)
{
	struct wrote other = some_post((int)(p - wrote));
	struct post_fault fault;
	struct post post;

	if (p->gone || db_now(db) - p->at >= POST_EDIT_MS)
		return;
	/* Its teams stay: so must the words that only closed posts have. */
	if (strstr(p->text.p, "zzc") == NULL)
		other.text = arena_strf(mem, "n%d %s %s", (int)(p - wrote), pool[rnd_below((int)LEN(pool))],
		    tags[rnd_below((int)LEN(tags))]);
	else
		other.text = arena_strf(
		    mem, "n%d zzc%04d #zzt%04d", (int)(p - wrote), (int)(p - wrote), (int)(p - wrote));
	assert_int_equal(post_edit(db, mem, p->id, other.text, &post, &fault), OK);
	p->text = other.text;
	p->words = spaced(p->text);
	p->mentions = mentioned(p);
}

/* A world of posts, some deleted, some changed, with people who came and went. */
static void
write_world(int n)
{
	rnd_start();
	nwrote = 0;
	settle();
	for (int i = 0; i < n; i++) {
		write_some(1);
		if (rnd_below(8) == 0)
			take_away(&wrote[rnd_below(nwrote)]);
		if (rnd_below(4) == 0)
			change(&wrote[nwrote - 1 - rnd_below(nwrote < 3 ? nwrote : 3)]);
		if (rnd_below(40) == 0) {
			int who = rnd_below(4), team = rnd_below(TEAMS);

			(member_of[who] >> team & 1 ? leave : join)(who, team);
		}
	}
}

/* ---- what is asked for ------------------------------------------------------------ */

enum { ITEMS = 3 };

struct item {
	struct str words; /* folded, a blank before and behind, but not behind a beginning */
	bool excluded;
};

/* A timeline, and what the model is to look for. */
struct asked {
	struct timeline t;
	unsigned teams; /* all of them */
	int user;       /* -1: any */
	unsigned keys;  /* bits */
	int64_t since, until;
	struct item items[ITEMS];
	size_t nitems;
	bool nothing;
};

static bool
mentions_key(const struct wrote *p, int key)
{
	static const char *const written[][2] = { { "#apă", NULL }, { "#DrumÎnchis", "#drumînchis" },
		{ "#避難所", NULL }, { "#RO-CJ-01", NULL }, { "#Бухта", NULL } };

	for (size_t i = 0; i < 2 && written[key][i] != NULL; i++)
		if (strstr(p->text.p, written[key][i]) != NULL)
			return true;
	return false;
}

static bool
has_words(const struct asked *q, const struct wrote *p)
{
	for (size_t i = 0; i < q->nitems; i++)
		if ((strstr(p->words.p, q->items[i].words.p) != NULL) == q->items[i].excluded)
			return false;
	return true;
}

static bool
is_of(const struct wrote *p, enum timeline_of of, int who)
{
	bool me = who < PEOPLE && p->mentions >> who & 1;

	if (of == TIMELINE_ALL)
		return true;
	if (of == TIMELINE_MENTIONS)
		return me;
	return me || p->teams == 0 || (who < PEOPLE && p->teams & member_of[who]);
}

static bool
matches(const struct asked *q, const struct wrote *p, int who)
{
	if (q->nothing || p->gone || !may_read(p, who) || !is_of(p, q->t.of, who))
		return false;
	if ((p->teams & q->teams) != q->teams || (q->user >= 0 && p->user != q->user))
		return false;
	for (int i = 0; i < (int)LEN(keys); i++)
		if (q->keys >> i & 1 && !mentions_key(p, i))
			return false;
	if ((q->since && p->at < q->since) || (q->until && p->at >= q->until))
		return false;
	if (q->t.near && !(p->placed && geo_distance(p->position, q->t.at) <= q->t.radius))
		return false;
	return has_words(q, p);
}

/* The model's list, the newest first. */
static size_t
model(const struct asked *q, int who, int64_t *ids)
{
	size_t n = 0;

	for (int i = nwrote - 1; i >= 0; i--)
		if (matches(q, &wrote[i], who))
			ids[n++] = wrote[i].id;
	return n;
}

/* A day of 1970 as people write it, and its beginning in Bucharest's winter (UTC+2). */
static struct str
day(int n, int64_t *at_ms)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int month = 0, rest = n;

	while (rest >= lengths[month])
		rest -= lengths[month++];
	*at_ms = (int64_t)n * 24 * HOUR_MS - 2 * HOUR_MS;
	return arena_strf(mem, "1970-%02d-%02d", month + 1, rest + 1);
}

static struct str
add(struct str query, struct str more)
{
	return rnd_below(2) ? arena_strf(mem, "%.*s %.*s", FMT(query), FMT(more))
			    : arena_strf(mem, "%.*s  %.*s ", FMT(query), FMT(more));
}

static void
add_filter(struct asked *q, int who)
{
	int n = rnd_below(6), i;
	int64_t at_ms;

	if (n == 0) {
		i = rnd_below(TEAMS + 1);
		q->t.query =
		    add(q->t.query, i == TEAMS ? S("in:nosuch") : arena_strf(mem, "In:%s", teams[i]));
		q->teams |= i == TEAMS ? 0 : 1u << i;
		q->nothing |= i == TEAMS || !(knows(who) >> i & 1);
	} else if (n == 1) {
		i = rnd_below(PEOPLE);
		q->t.query =
		    add(q->t.query, arena_strf(mem, "from:%s%s", rnd_below(2) ? "@" : "", people[i]));
		q->nothing |= q->user >= 0 && q->user != i;
		q->user = i;
	} else if (n < 4) {
		i = rnd_below((int)LEN(keys));
		q->t.query = add(q->t.query, arena_strf(mem, "#%s", keys[i]));
		q->keys |= 1u << i;
	} else {
		struct str d = day(rnd_below(7), &at_ms);

		q->t.query =
		    add(q->t.query, arena_strf(mem, "%s%.*s", n == 4 ? "after:" : "before:", FMT(d)));
		if (n == 4 && at_ms > q->since)
			q->since = at_ms;
		if (n == 5 && (q->until == 0 || at_ms < q->until))
			q->until = at_ms;
		q->nothing |= q->until != 0 && q->until <= 0;
	}
}

/* A word, a beginning (where it is the last one), a phrase, or what must not be there. */
static void
add_item(struct asked *q, bool last)
{
	struct item *it = &q->items[q->nitems++];
	int kind = q->nitems == 1 ? rnd_below(2) : rnd_below(3);
	struct str a = str(pool[rnd_below((int)LEN(pool))]);

	if (kind == 1) { /* two words that stand together in some post */
		const struct wrote *p = &wrote[rnd_below(nwrote)];
		struct word *w;
		size_t n = words_of(mem, p->text, &w), from = n > 2 ? (size_t)rnd_below((int)n - 1) : 0;

		a = words_join(mem, w + from, n - from < 2 ? n - from : 2);
		it->words = spaced(a);
		q->t.query = add(q->t.query, arena_strf(mem, "“%.*s”", FMT(a)));
		return;
	}
	it->words = spaced(a);
	it->excluded = kind == 2;
	if (last && !it->excluded) {
		it->words.n--; /* the last word may go on */
		it->words = arena_dup(mem, it->words);
	}
	q->t.query = add(q->t.query, it->excluded ? arena_strf(mem, "-%.*s", FMT(a)) : a);
}

static struct asked
ask(int who)
{
	struct asked q = { .user = -1,
		.t = { .of = rnd_below(4) ? TIMELINE_ALL : (enum timeline_of)rnd_below(3), .query = S("") } };
	int nitems = rnd_below(2) ? rnd_below(ITEMS) + 1 : 0, i;

	if (rnd_below(6) == 0) {
		i = rnd_below(TEAMS);
		q.t.team = str(teams[i]);
		q.teams = 1u << i;
		q.nothing |= !(knows(who) >> i & 1);
	}
	if (rnd_below(6) == 0)
		q.t.user = str(people[q.user = rnd_below(PEOPLE)]);
	if (rnd_below(6) == 0) {
		i = rnd_below((int)LEN(keys));
		q.t.hashtag = str(keys[i]);
		q.keys = 1u << i;
	}
	if (rnd_below(4) == 0) {
		q.t.near = true;
		q.t.at = some_position(0.02);
		q.t.radius = pow(10, rnd_between(2, 4.69));
	}
	if (rnd_below(8) == 0)
		q.t.since = q.since = wrote[rnd_below(nwrote)].at;
	if (rnd_below(8) == 0)
		q.t.until = q.until = wrote[rnd_below(nwrote)].at;
	for (i = 0; i < nitems; i++) {
		if (rnd_below(3) == 0)
			add_filter(&q, who);
		add_item(&q, i == nitems - 1);
	}
	if (rnd_below(3) == 0)
		add_filter(&q, who);
	return q;
}

static void
explain(const struct asked *q, int who)
{
	print_error("reader %s, of %d, team \"%.*s\", user \"%.*s\", tag \"%.*s\", near %d %.6f %.6f %.1f,"
		    " since %lld until %lld, query \"%.*s\"\n",
	    who == NOBODY ? "nobody" : people[who], q->t.of, FMT(q->t.team), FMT(q->t.user),
	    FMT(q->t.hashtag), q->t.near, q->t.at.longitude, q->t.at.latitude, q->t.radius,
	    (long long)q->t.since, (long long)q->t.until, FMT(q->t.query));
}

static void
read_page(const struct asked *q, int who, struct timeline_page *page)
{
	struct reader r = reader(who);
	const char *why = NULL;
	enum err e = timeline_read(db, mem, &r, &q->t, page, &why);

	if (e == OK)
		return;
	explain(q, who);
	fail_msg("timeline_read: %d %s", e, why ? why : "");
}

/* All pages joined, from the newest on; `between` runs between two pages. */
static size_t
walk(const struct asked *q, int who, size_t limit, int64_t *ids, int64_t *oldest_page, void (*between)(void))
{
	struct asked k = *q;
	size_t n = 0;

	k.t.limit = limit;
	*oldest_page = 0;
	do {
		struct timeline_page page;

		read_page(&k, who, &page);
		assert_true(page.n <= limit);
		assert_true(page.n > 0 || page.older == 0); /* of so few posts */
		for (size_t i = 0; i < page.n; i++)
			ids[n++] = page.v[i].id;
		if (k.t.before == 0)
			assert_int_equal(page.newer, 0);
		*oldest_page = k.t.before;
		k.t.before = page.older;
		if (between != NULL)
			between();
	} while (k.t.before);
	return n;
}

/* All pages joined from behind, the oldest post first. */
static size_t
walk_back(const struct asked *q, int who, size_t limit, int64_t after, int64_t *ids)
{
	struct asked k = *q;
	size_t n = 0;

	k.t.limit = limit;
	k.t.after = after;
	do {
		struct timeline_page page;

		read_page(&k, who, &page);
		assert_true(page.n <= limit);
		for (size_t i = page.n; i > 0; i--)
			ids[n++] = page.v[i - 1].id;
		k.t.after = page.newer;
	} while (k.t.after);
	return n;
}

static void
compare(const struct asked *q, int who, const int64_t *have, size_t nhave, const int64_t *want, size_t nwant)
{
	size_t i = 0;

	while (i < nhave && i < nwant && have[i] == want[i])
		i++;
	if (i == nhave && i == nwant)
		return;
	explain(q, who);
	fail_msg("%zu posts, %zu wanted; number %zu is %lld, %lld wanted", nhave, nwant, i,
	    i < nhave ? (long long)have[i] : 0, i < nwant ? (long long)want[i] : 0);
}

static int64_t have[LEN(wrote) * 2], want[LEN(wrote) * 2];

STORE_TEST(pages_joined_are_all_that_match_whoever_reads_and_whatever_is_asked)
{
	size_t found = 0;

	write_world(POSTS);
	for (int i = 0; i < 600; i++) {
		int who = rnd_below(READERS + 0);
		struct asked q = ask(who);
		size_t limit = (size_t)rnd_below(12) + 1, n = model(&q, who, want), back;
		int64_t last;

		compare(&q, who, have, walk(&q, who, limit, have, &last, NULL), want, n);
		found += n > 0;
		if (n == 0)
			continue;
		/* From behind the oldest one, and from the middle. */
		back = walk_back(&q, who, limit, want[n - 1] > 1 ? want[n - 1] - 1 : 1, have);
		for (size_t k = 0; k < n / 2; k++) {
			int64_t t = want[k];

			want[k] = want[n - 1 - k];
			want[n - 1 - k] = t;
		}
		if (want[0] == 1) /* no cursor is before the first post */
			compare(&q, who, have, back, want + 1, n - 1);
		else
			compare(&q, who, have, back, want, n);
	}
	assert_true(found > 100);
}

STORE_TEST(the_number_of_newer_posts_is_exact)
{
	write_world(200);
	for (int i = 0; i < 200; i++) {
		int who = rnd_below(READERS);
		struct asked q = ask(who);
		struct reader r = reader(who);
		size_t n = model(&q, who, want);
		int64_t from = wrote[rnd_below(nwrote)].id, newer = 0;

		while (newer < (int64_t)n && want[newer] > from)
			newer++;
		if (timeline_newer(db, mem, &r, &q.t, from, 1000) != newer)
			explain(&q, who);
		assert_int_equal(timeline_newer(db, mem, &r, &q.t, from, 1000), newer);
		assert_int_equal(timeline_newer(db, mem, &r, &q.t, from, 3), newer < 3 ? newer : 3);
	}
}

static void
others_write(void)
{
	if (nwrote < (int)LEN(wrote) - 1 && rnd_below(2))
		write_some(1);
	if (rnd_below(2))
		take_away(&wrote[rnd_below(nwrote)]);
}

static bool
listed(const int64_t *ids, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

STORE_TEST(pages_have_no_gaps_and_no_repeats_while_others_add_and_delete)
{
	static int64_t before[LEN(wrote)];

	write_world(POSTS);
	for (int i = 0; i < 40; i++) {
		int who = rnd_below(READERS);
		struct asked q = ask(who);
		int64_t last;
		size_t nbefore = model(&q, who, before), n, after;

		n = walk(&q, who, (size_t)rnd_below(9) + 1, have, &last, others_write);
		after = model(&q, who, want);
		for (size_t k = 0; k < n; k++) {
			assert_true(k == 0 || have[k] < have[k - 1]);
			assert_true(listed(before, nbefore, have[k]));
		}
		for (size_t k = 0; k < nbefore; k++) /* what was there all the time */
			if (listed(want, after, before[k]))
				assert_true(listed(have, n, before[k]));
	}
}

/* ---- what is closed ----------------------------------------------------------------- */

static size_t
hits(int who, struct timeline t)
{
	struct asked q = { .t = t };
	struct timeline_page page;

	q.t.limit = 10;
	read_page(&q, who, &page);
	return page.n + (page.older || page.newer || page.words.query.n ? 1000 : 0);
}

/* For each closed post and each reader who may not read it. */
STORE_TEST(what_a_reader_may_not_read_never_comes_out)
{
	size_t tried = 0, seen = 0;

	write_world(150);
	for (int i = 0; i < nwrote; i++)
		for (int who = 0; who < READERS; who++) {
			const struct wrote *p = &wrote[i];
			struct reader r = reader(who);
			struct str word = arena_strf(mem, "zzc%04d", i), tag = arena_strf(mem, "zzt%04d", i);
			struct tag_count one, *list;
			bool may = !p->gone && may_read(p, who);
			size_t n, of = 0;

			if (p->public || p->teams == 0 || p->teams & OPEN)
				continue;
			assert_int_equal(hits(who, (struct timeline){ .query = word }) % 1000, may);
			assert_int_equal(hits(who, (struct timeline){ .hashtag = tag }), may);
			assert_int_equal(
			    hits(who, (struct timeline){ .query = arena_strf(mem, "#%.*s", FMT(tag)) }), may);
			assert_int_equal(tag_read(db, mem, &r, tag, &one), OK);
			assert_int_equal(one.n, may);
			assert_int_equal(tags_read(db, mem, &r, tag, 100, &list, &n), OK);
			for (size_t k = 0; k < n; k++)
				of += str_eq(list[k].key, tag);
			assert_int_equal(of, may);
			if (p->placed && !may)
				for (int radius = 1; radius < 50000; radius *= 37) {
					struct asked q = { .user = -1,
						.t = { .near = true, .at = p->position, .radius = radius } };
					int64_t last;

					assert_false(
					    listed(have, walk(&q, who, 50, have, &last, NULL), p->id));
				}
			tried += !may;
			seen += may;
		}
	assert_true(tried > 50 && seen > 20);
}

STORE_TEST(a_team_that_one_may_not_know_looks_like_none)
{
	static const char *const which[] = { "spies", "nosuch", "no such", "a:b", "" };

	write_world(100);
	for (int who = 0; who <= NOBODY; who += NOBODY) /* ana is no spy */
		for (size_t i = 0; i < LEN(which) - 1; i++) {
			leave(0, 3);
			assert_int_equal(hits(who, (struct timeline){ .team = str(which[i]) }), 0);
			if (strchr(which[i], ' ') == NULL)
				assert_int_equal(hits(who, (struct timeline){ .query = arena_strf(mem,
										  "apa in:%s", which[i]) }),
				    0);
		}
}

/* ---- names that are none --------------------------------------------------------------- */

STORE_TEST(a_name_from_outside_never_names_another_key)
{
	static const char *const names[] = { "ana:posts:public", "as:public", "x:as", "drumînchis:as",
		"DrumÎnchis", "1:versions", ":", "\xff", "a b" };

	write_world(60);
	for (size_t i = 0; i < LEN(names); i++) {
		assert_int_equal(hits(ADMIN, (struct timeline){ .user = str(names[i]) }), 0);
		assert_int_equal(hits(ADMIN, (struct timeline){ .hashtag = str(names[i]) }), 0);
		assert_int_equal(hits(ADMIN, (struct timeline){ .team = str(names[i]) }), 0);
	}
}

/* ---- tags ----------------------------------------------------------------------------------- */

STORE_TEST(the_numbers_of_tags_are_those_of_the_posts_that_one_may_read)
{
	write_world(200);
	for (int who = 0; who < READERS; who++)
		for (int k = 0; k < (int)LEN(keys); k++) {
			struct asked q = { .user = -1, .keys = 1u << k };
			struct reader r = reader(who);
			struct tag_count one, *list;
			size_t n, wanted = model(&q, who, want), at_list = 0;

			assert_int_equal(tag_read(db, mem, &r, str(keys[k]), &one), OK);
			assert_int_equal(one.n, wanted);
			assert_int_equal(tags_read(db, mem, &r, S(""), 100, &list, &n), OK);
			for (size_t i = 0; i < n; i++) {
				assert_true(i == 0 || list[i].n <= list[i - 1].n);
				if (str_is(list[i].key, keys[k]))
					at_list = (size_t)list[i].n;
			}
			if (n < 100)
				assert_int_equal(at_list, wanted);
			assert_int_equal(tags_read(db, mem, &r, str(keys[k]), 1, &list, &n), OK);
			assert_int_equal(n, wanted > 0);
			if (n)
				assert_int_equal(list[0].n, wanted);
		}
}

static void
say(const char *text)
{
	at(db_now(db) + 1000);
	write_post((struct wrote){ .text = str(text) });
}

STORE_TEST(a_tag_is_shown_as_most_people_write_it_with_capitals_within)
{
	struct reader r;
	struct tag_count t;

	nwrote = 0;
	settle();
	r = reader(0);
	say("#drumînchis");
	say("again #drumînchis");
	assert_int_equal(tag_read(db, mem, &r, S("drumînchis"), &t), OK);
	assert_str(t.spelling, "drumînchis");
	say("#Drumînchis 1 2 3");
	say("#DrumÎnchis");
	assert_int_equal(tag_read(db, mem, &r, S("drumînchis"), &t), OK);
	assert_str(t.spelling, "DrumÎnchis");
	assert_int_equal(t.n, 4);
	assert_int_equal(tag_read(db, mem, &r, S("nosuch"), &t), OK);
	assert_int_equal(t.n, 0);
}

/* ---- queries ----------------------------------------------------------------------------------- */

static enum err
try(struct str query, const char **why)
{
	struct reader r = reader(0);
	struct timeline t = { .query = query, .limit = 5 };
	struct timeline_page page;

	*why = "";
	return timeline_read(db, mem, &r, &t, &page, why);
}

STORE_TEST(a_day_that_is_none_is_refused_with_words)
{
	static const char *const bad[] = { "after:yesterday", "before:2026-02-30", "after:2026-2-3",
		"before:26-10-01", "after:2026-10-01x", "before:2026-13-01", "After:01.10.2026" };
	static const char *const good[] = { "after:", "before: 7", "after:2026-10-01", "before:2024-02-29",
		"\"after:noon\"", "-after:noon", "hereafter:noon" };
	const char *why;

	settle();
	for (size_t i = 0; i < LEN(bad); i++) {
		assert_int_equal(try(str(bad[i]), &why), ERR_INPUT);
		assert_non_null(strstr(why, "2026-10-31"));
	}
	for (size_t i = 0; i < LEN(good); i++)
		assert_int_equal(try(str(good[i]), &why), OK);
}

STORE_TEST(days_are_those_of_the_tenants_zone)
{
	struct field zone = { S("site.zone"), S("Asia/Tokyo") };

	nwrote = 0;
	settle();
	hash_set(db, S("settings"), &zone, 1);
	at(INT64_C(1790866799000)); /* 2026-10-01 23:59:59 in Tokyo */
	write_post((struct wrote){ .text = S("late") });
	at(INT64_C(1790866801000)); /* two seconds later it is the 2nd there */
	write_post((struct wrote){ .text = S("early") });
	assert_int_equal(hits(0, (struct timeline){ .query = S("after:2026-10-02") }), 1);
	assert_int_equal(hits(0, (struct timeline){ .query = S("before:2026-10-02") }), 1);
	assert_int_equal(hits(0, (struct timeline){ .query = S("after:2026-10-01 before:2026-10-03") }), 2);
	assert_int_equal(hits(0, (struct timeline){ .query = S("before:2026-10-01") }), 0);
}

STORE_TEST(what_is_no_filter_is_words)
{
	nwrote = 0;
	settle();
	write_post((struct wrote){
	    .text = S("see https://example.org/in:boats today; Cluj-Napoca, # and in: this") });
	assert_int_equal(hits(0, (struct timeline){ .query = S("https://example.org") }), 1001);
	assert_int_equal(hits(0, (struct timeline){ .query = S("\"in this\"") }), 1001);
	assert_int_equal(hits(0, (struct timeline){ .query = S("in: this") }), 1001);
	assert_int_equal(hits(0, (struct timeline){ .query = S("#Cluj-Napoca") }), 1001);
	assert_int_equal(hits(0, (struct timeline){ .query = S("lang:ro") }), 1000);
	assert_int_equal(hits(0, (struct timeline){ .query = S("  ") }), 1);
	assert_int_equal(hits(0, (struct timeline){ .query = S("!?") }), 1000);
}

STORE_TEST(no_query_breaks_anything)
{
	static const char *const bits[] = { "in:", "from:", "#", "after:", "before:", "\"", "-", " ", "apă",
		"2026-10-01", "避", "\xff", "\xe2\x80", "“", "@", ":", "boats", "*", "NEAR(", " OR ", "\t",
		"＃a", "n1", "a:public" };

	write_world(60);
	for (int i = 0; i < 3000; i++) {
		int who = rnd_below(READERS);
		struct reader r = reader(who);
		struct str query = S("");
		struct timeline_page page;
		const char *why = NULL;
		enum err e;

		for (int k = rnd_below(9); k >= 0; k--)
			query = arena_strf(mem, "%.*s%s", FMT(query), bits[rnd_below((int)LEN(bits))]);
		if (rnd_below(50) == 0)
			query = arena_strf(mem, "%0300d %.*s", 7, FMT(query));
		e = timeline_read(
		    db, mem, &r, &(struct timeline){ .query = query, .limit = 20 }, &page, &why);
		assert_true(e == OK || (e == ERR_INPUT && why != NULL));
		for (size_t k = 0; k < page.n; k++)
			assert_true(post_readable(&page.v[k], &r));
		if (i % 100 == 99)
			at(db_now(db));
	}
}

STORE_TEST(cursors_from_outside_are_harmless)
{
	static const int64_t odd[] = { INT64_MIN, -1, 0, 1, 2, 49, 50, 51, TEXT_ID_MAX, TEXT_ID_MAX + 1,
		INT64_MAX };

	write_world(50);
	for (size_t i = 0; i < LEN(odd); i++)
		for (size_t k = 0; k < LEN(odd); k++)
			for (int words = 0; words < 2; words++) {
				struct asked q = { .t = { .before = odd[i],
						       .after = odd[k],
						       .limit = 3,
						       .query = words ? S("n1") : S("") } };
				struct timeline_page page;

				read_page(&q, ADMIN, &page);
				for (size_t n = 0; n < page.n; n++) {
					assert_true(odd[i] <= 0 || page.v[n].id < odd[i]);
					assert_true(odd[k] <= 0 || page.v[n].id > odd[k]);
				}
			}
}

/*
 * After random posts, edits, deletions and changes of teams by several processes,
 * some of them killed in the middle of one, every list and count is what the posts
 * give.  The recomputation here shares nothing with the checker but the rule of what
 * a hashtag is: it makes lines "KEY MEMBER NUMBER" of the posts, and of the store,
 * and compares the two.
 */
#include "posts.h"

#include <signal.h>

#include "entity.h"

enum { WRITERS = 4, ACTIONS = 250, LAST = 1 << 20 };

static const char *const names[] = { "ana", "bob", "eva", "oto", "dan" };
static const char *const slugs[] = { "boats", "dogs", "medics", "cooks", "divers" };
static const char *const words[] = { "#Cool", "#cool", "#COOL", "#Apă", "#apă", "#RO-CJ-01", "#避難所",
	"#бухта", "#Бухта", "＃wide", "@ana", "@bob", "@eva", "@dan", "@nobody", "water", "Bread", "\n\n",
	"#t1", "#t2", "#t3", "#t4", "http://example.org/#no" };

/* ---- the writers --------------------------------------------------------------- */

static struct str
random_text(struct arena *a)
{
	struct str s = arena_strf(a, "w%d", rnd_below(1000000));
	int n = rnd_below(8);

	while (n-- > 0)
		s = arena_strf(a, "%.*s %s", FMT(s), words[rnd_below((int)LEN(words))]);
	return s;
}

static int64_t
random_id(struct db *d)
{
	int64_t last = 0;

	string_get_int(d, S("post:id"), &last);
	return last ? 1 + rnd_below((int)last) : 1;
}

struct turn {
	struct db *db;
	struct arena *a;
	bool dies;
};

static enum err
write_one(struct turn *t)
{
	const char *who = names[rnd_below((int)LEN(names))];
	struct post p = { .text = random_text(t->a), .user = str(who) };
	struct post_fault f;
	struct reader r;
	enum err e = reader_of(t->db, t->a, str(who), true, strcmp(who, "dan") == 0, &r);

	p.public = rnd_below(5) == 0;
	p.placed = rnd_below(2) == 0;
	p.position = (struct geo){ rnd_between(23.5, 23.7), rnd_between(46.7, 46.8) };
	p.teams = arena_array(t->a, struct str, 4);
	for (int i = rnd_below(4); i > 0; i--)
		p.teams[p.nteams++] = str(slugs[rnd_below((int)LEN(slugs))]);
	return e == OK ? post_add(t->db, t->a, &r, &p, &f) : e;
}

static enum err
act(void *arg)
{
	struct turn *t = arg;
	struct post_fault f;
	struct post p;
	int what = rnd_below(20);
	struct str team = str(slugs[rnd_below((int)LEN(slugs))]), who = str(names[rnd_below(5)]);
	enum err e;

	arena_reset(t->a);
	if (what < 10)
		e = write_one(t);
	else if (what < 14)
		e = post_edit(t->db, t->a, random_id(t->db), random_text(t->a), &p, &f);
	else if (what < 17)
		e = post_delete(t->db, t->a, random_id(t->db));
	else if (what < 19)
		e = (what == 17 ? team_join : team_leave)(t->db, t->a, team, who);
	else
		e = team_change(t->db, t->a, team, S("Another name"), rnd_below(2));
	if (t->dies)
		kill(getpid(), SIGKILL);
	return e;
}

static int
writer(int number)
{
	struct turn t = { .a = arena_new() };

	unit_seed = unit_seed * 31 + (uint64_t)number;
	for (int i = 0; i < 8; i++)
		rnd();
	if (db_open(&t.db, store_path, DB_DISPATCH) != OK)
		return 1;
	for (int i = 0; i < ACTIONS; i++) {
		enum err e;

		t.dies = number == 0 && i == ACTIONS / 2;
		/* Clocks of several processes are not in step. */
		e = db_transact(t.db, TX_WRITE, NOW + 1 + i * 1000 + rnd_below(5000), act, &t);
		if (e == ERR_STORE || e == ERR_BUSY || e == ERR_TYPE)
			return 2;
	}
	db_close(t.db);
	arena_free(t.a);
	return 0;
}

/* ---- the recomputation ------------------------------------------------------------ */

struct lines {
	struct str *v;
	size_t n, room;
};

static void
line(struct lines *l, const char *key, struct str member, int64_t number)
{
	l->v = arena_grow(mem, l->v, l->n, &l->room);
	l->v[l->n++] = arena_strf(mem, "%s %.*s %lld", key, FMT(member), (long long)number);
}

/* One more of a count. */
static void
tally(struct lines *l, const char *key, struct str member)
{
	struct str stem = arena_strf(mem, "%s %.*s ", key, FMT(member));
	int64_t n = 0;
	size_t i = 0;

	while (i < l->n && !str_starts(l->v[i], stem.p))
		i++;
	if (i < l->n)
		str_int((struct str){ l->v[i].p + stem.n, l->v[i].n - stem.n }, 0, INT64_MAX, &n);
	if (i == l->n)
		line(l, key, member, 1);
	else
		l->v[i] = arena_strf(mem, "%.*s%lld", FMT(stem), (long long)(n + 1));
}

static const char *
value_of(int64_t id, const char *field)
{
	struct str v = S("");

	hash_get(db, mem, arena_strf(mem, "post:%lld", (long long)id), str(field), &v);
	return v.p;
}

static bool
open_team(struct str slug)
{
	struct str v = S("");

	hash_get(db, mem, arena_strf(mem, "team:%.*s", FMT(slug)), S("open"), &v);
	return str_is(v, "1");
}

static void
expect_cells(struct lines *l, int64_t id, const char *audience)
{
	static const char alphabet[] = "0123456789bcdefghjkmnpqrstuvwxyz";
	double low[2] = { -180, -90 }, high[2] = { 180, 90 };
	double at_[2] = { strtod(value_of(id, "longitude"), NULL), strtod(value_of(id, "latitude"), NULL) };
	char cell[8] = "";
	int v = 0;

	for (int i = 0; i < 30; i++) {
		double middle = (low[i % 2] + high[i % 2]) / 2;
		bool upper = at_[i % 2] >= middle;

		*(upper ? &low[i % 2] : &high[i % 2]) = middle;
		v = v * 2 + upper;
		if (i % 5 == 4) {
			cell[i / 5] = alphabet[v];
			v = 0;
		}
		if (i % 5 == 4 && i >= 19)
			line(l, arena_printf(mem, "near:%s:%s", cell, audience), numbered("", (int)id), id);
	}
}

static void
expect_tags(struct lines *l, int64_t id, const char *audience, struct str text)
{
	struct entity *e;
	size_t n = entities_of(mem, text, &e);

	for (size_t i = 0; i < n; i++) {
		struct str spelt = { text.p + e[i].from, e[i].to - e[i].from };
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again |= e[k].kind == ENTITY_HASHTAG && str_eq(e[k].key, e[i].key);
		if (e[i].kind != ENTITY_HASHTAG || again)
			continue;
		spelt.n -= str_starts(spelt, "#") ? 1 : 3;
		spelt.p += str_starts(spelt, "#") ? 1 : 3;
		line(l, arena_printf(mem, "hashtag:%.*s:%s", FMT(e[i].key), audience), numbered("", (int)id),
		    id);
		tally(l, arena_printf(mem, "hashtags:%s", audience), e[i].key);
		tally(l, arena_printf(mem, "hashtag:%.*s:as:%s", FMT(e[i].key), audience), spelt);
	}
}

static void
expect(struct lines *l, int64_t id)
{
	struct str teams = str(value_of(id, "teams")), mentions = str(value_of(id, "mentions")), n;
	const char *audience = value_of(id, "audience");
	bool everyone = teams.n == 0, open = everyone;
	struct str rest = teams;

	n = numbered("", (int)id);
	while (rest.n)
		open |= open_team(str_cut(&rest, ' '));
	assert_true(strcmp(audience, "public") == 0 || open == (strcmp(audience, "org") == 0));
	line(l, arena_printf(mem, "posts:%s", audience), n, id);
	if (everyone)
		line(l, arena_printf(mem, "posts:everyone:%s", audience), n, id);
	while (teams.n) {
		struct str slug = str_cut(&teams, ' ');

		line(l, arena_printf(mem, "team:%.*s:posts", FMT(slug)), n, id);
		if (strncmp(audience, "team", 4) == 0) {
			char *key = arena_printf(mem, "team:%.*s:audiences", FMT(slug));
			struct str one = arena_strf(mem, "%s %s 0", key, audience);
			bool there = false;

			for (size_t i = 0; i < l->n; i++)
				there |= str_eq(l->v[i], one);
			if (!there)
				line(l, key, str(audience), 0);
		}
	}
	line(l, arena_printf(mem, "user:%s:posts:%s", value_of(id, "user"), audience), n, id);
	while (mentions.n) {
		struct str name = str_cut(&mentions, ' ');

		line(l, arena_printf(mem, "mentions:%.*s", FMT(name)), n, id);
	}
	if (*value_of(id, "longitude"))
		expect_cells(l, id, audience);
	expect_tags(l, id, audience, str(value_of(id, "text")));
}

/* ---- what is there ---------------------------------------------------------------------- */

static void
dump(struct lines *l, struct str key)
{
	const char *type = key_type(db, key);
	size_t n = 0;

	if (strcmp(type, "zset") == 0) {
		struct zpage page = { ZPAGE_ALL, .limit = LAST };
		struct zmember *m;

		assert_int_equal(zset_page(db, mem, key, &page, &m, &n), OK);
		for (size_t i = 0; i < n; i++)
			line(l, key.p, m[i].member, (int64_t)m[i].score);
	} else if (strcmp(type, "hash") == 0) {
		struct field *f;
		int64_t count;

		assert_int_equal(hash_all(db, mem, key, &f, &n), OK);
		for (size_t i = 0; i < n; i++)
			if (str_int(f[i].value, 1, LAST, &count))
				line(l, key.p, f[i].name, count);
	} else if (strcmp(type, "set") == 0) {
		struct str *m;

		assert_int_equal(set_page(db, mem, key, (struct str){ 0 }, LAST, &m, &n), OK);
		for (size_t i = 0; i < n; i++)
			line(l, key.p, m[i], 0);
	}
}

static void
dump_all(struct lines *l)
{
	struct str *keys;
	size_t n = key_scan(db, mem, (struct str){ 0 }, LAST, &keys);

	for (size_t i = 0; i < n; i++) {
		struct str k = keys[i];

		if (str_starts(k, "posts:") || str_starts(k, "hashtag") || str_starts(k, "mentions:") ||
		    str_starts(k, "near:") || (str_starts(k, "team:") && str_ends(k, ":posts")) ||
		    (str_starts(k, "team:") && str_ends(k, ":audiences")) ||
		    (str_starts(k, "user:") && strstr(k.p, ":posts:") != NULL))
			dump(l, k);
	}
}

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
assert_same(struct lines *have, struct lines *want)
{
	qsort(have->v, have->n, sizeof(*have->v), by_bytes);
	qsort(want->v, want->n, sizeof(*want->v), by_bytes);
	for (size_t i = 0; i < have->n && i < want->n; i++)
		assert_bytes(have->v[i], want->v[i]);
	assert_int_equal(have->n, want->n);
}

/* Each post's first word is its own: it is found by it, and a deleted one is not. */
static void
check_found(int64_t last)
{
	for (int64_t id = 1; id <= last; id++) {
		struct str text = str(value_of(id, "text")), word = str_cut(&text, ' ');
		struct text_search s = { .query = word, .limit = 100 };
		bool found = false;
		int64_t *ids, next;
		size_t n;

		if (word.n == 0)
			continue;
		assert_int_equal(text_find(db, mem, S("posts"), &s, &ids, &n, &next), OK);
		for (size_t i = 0; i < n; i++)
			found |= ids[i] == id;
		assert_true(found);
	}
}

static void
show(void *arg, struct str text)
{
	(void)arg;
	print_error("%.*s\n", FMT(text));
}

POSTS_TEST(after_random_work_by_several_processes_every_list_and_count_is_what_the_posts_give)
{
	struct lines want = { 0 }, have = { 0 };
	int64_t last = 0, live = 0, *ids, deleted = 0, edited = 0;
	pid_t pids[WRITERS];

	rnd_start();
	assert_int_equal(team_add(db, mem, S("cooks"), S("Cooks"), false), OK);
	assert_int_equal(team_add(db, mem, S("divers"), S("Divers"), false), OK);
	assert_int_equal(db_commit(db), OK);
	/* SQLite forbids to carry an open file into a child: it would take the parent's locks for its own. */
	db_close(db);
	fflush(NULL);
	for (int i = 0; i < WRITERS; i++)
		if ((pids[i] = fork()) == 0)
			_exit(writer(i));
	assert_int_equal(db_open(&db, store_path, DB_HANDLER), OK);
	while (waitpid(pids[1], NULL, WNOHANG) == 0) /* nor does it take for a difference what is new */
		assert_int_equal(posts_check(db, show, NULL), 0);
	for (int i = 0; i < WRITERS; i++)
		if (i != 1)
			assert_int_equal(unit_wait(pids[i]), i == 0 ? 128 + SIGKILL : 0);
	assert_int_equal(posts_check(db, show, NULL), 0);
	assert_int_equal(db_begin(db, TX_WRITE, NOW), OK);
	assert_int_equal(string_get_int(db, S("post:id"), &last), OK);
	for (int64_t id = 1; id <= last; id++) {
		deleted += *value_of(id, "deleted_at") != '\0';
		edited += *value_of(id, "edited_at") != '\0' && *value_of(id, "deleted_at") == '\0';
		if (*value_of(id, "deleted_at") == '\0' && ++live)
			expect(&want, id);
	}
	assert_true(live > 50 && deleted > 20 && edited > 20);
	dump_all(&have);
	assert_same(&have, &want);
	assert_int_equal(text_ids(db, mem, S("posts"), 0, TEXT_HITS, &ids), live);
	check_found(last);
	assert_int_equal(text_check(db), OK);
}

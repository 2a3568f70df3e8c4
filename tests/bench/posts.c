/*
 * posts - what a list, a search and a new post cost, with few posts and with
 * many.
 *
 * `make bench-posts` runs it.  Made-up texts: words and tags as often as in a
 * language (Zipf), 40 teams of which 10 are closed, 3,000 tags, 2,000 people,
 * positions in one city, in both sizes alike.  What is judged is a ratio of two
 * sides that take turns in one run, in processor time: the large store against
 * one of SMALL posts, and a new post against the store's calls that it comes to.
 *
 *	POSTS=1000000  ROUNDS=5  VERBOSE=1  KEEP=folder
 *
 * With KEEP the stores stay in that folder, and are used again by the next run.
 *
 * Targets are for a hundredfold: with fewer posts the figures are shown, not
 * judged.  Exit 1 when a target is missed; the figures also go to
 * build/bench-posts.json.
 */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "bench.h"

#include "account.h"
#include "event.h"
#include "hash.h"
#include "key.h"
#include "postindex.h"
#include "set.h"
#include "team.h"
#include "timeline.h"
#include "value.h"
#include "zset.h"

enum {
	SMALL = 10000,
	TEAMS = 40,
	CLOSED = 10,
	TAGS = 3000,
	PEOPLE = 2000,
	WORDS = 30000,
	TALKED_OF = 20,  /* those that come next */
	FREQUENT = 20,   /* words that nobody searches for */
	LOADED = 5000,   /* posts a transaction */
	EVERY_MS = 1000, /* a post */
	ASKED = 256,     /* different questions of each kind */
	PAGE = 30
};

/* ---- a language ---------------------------------------------------------------- */

static char words[WORDS][24], tags[TAGS][32];

/* How often ranks are drawn: 1 / (rank + shift). */
struct zipf {
	double *upto;
	int n;
};
static struct zipf by_word, by_tag, by_team, by_user;

static struct zipf
zipf_new(int n, double shift)
{
	struct zipf z = { calloc((size_t)n, sizeof(double)), n };
	double sum = 0;

	if (z.upto == NULL)
		die("out of memory");
	for (int i = 0; i < n; i++)
		z.upto[i] = sum += 1 / (i + 1 + shift);
	return z;
}

static double
chance(void)
{
	return (double)(rnd() >> 11) / 9007199254740992.0;
}

static int
zipf_draw(const struct zipf *z)
{
	double at = chance() * z->upto[z->n - 1];
	int low = 0, high = z->n - 1;

	while (low < high) {
		int middle = (low + high) / 2;

		if (z->upto[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Syllables; the number in them makes each word different. */
static void
make_word(char *out, size_t size, int64_t number)
{
	static const char *const onset[] = { "b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "ș", "t",
		"ț", "v", "tr", "pl", "st" };
	static const char *const nucleus[] = { "a", "e", "i", "o", "u", "ă", "â", "ea", "oa", "ie" };
	size_t n = 0;

	do {
		n += (size_t)snprintf(
		    out + n, size - n, "%s%s", onset[number % 18], nucleus[number / 18 % 10]);
		number /= 180;
	} while (number > 0 && n + 6 < size);
}

static void
make_language(void)
{
	/* Frequent words are short; the others have three syllables, and no order. */
	for (int i = 0; i < WORDS; i++)
		make_word(words[i], sizeof(words[0]),
		    i < FREQUENT ? i : 32400 + (i * INT64_C(2654435761)) % 5799600);
	for (int i = 0; i < TAGS; i++) {
		make_word(tags[i], sizeof(tags[0]), 32400 + (i * INT64_C(2246822519) + 11) % 5799600);
		tags[i][0] =
		    (char)(tags[i][0] >= 'a' && tags[i][0] <= 'z' ? tags[i][0] - 'a' + 'A' : tags[i][0]);
	}
	by_word = zipf_new(WORDS, 2.7);
	by_tag = zipf_new(TAGS, 0);
	by_team = zipf_new(TEAMS, 5);
	by_user = zipf_new(PEOPLE, 20);
}

static struct str
make_text(struct arena *a, int64_t number)
{
	char text[1200];
	int n = 4 + (int)(-12 * log(1 - chance() * 0.98));
	size_t at = (size_t)snprintf(text, sizeof(text), "%lld", (long long)number);

	for (int i = 0; i < n && at < 900; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i % 9 == 8 ? ".\n" : " ",
		    words[zipf_draw(&by_word)]);
	for (int64_t i = rnd_below(4) - 1; i > 0; i--)
		at += (size_t)snprintf(text + at, sizeof(text) - at, " #%s", tags[zipf_draw(&by_tag)]);
	if (rnd_below(10) == 0)
		at += (size_t)snprintf(text + at, sizeof(text) - at, " @u%d", zipf_draw(&by_user));
	return arena_dup(a, (struct str){ text, at });
}

static struct str
team_name(struct arena *a, int i)
{
	return arena_strf(a, "team-%d", i);
}

/* Fifteen kilometres across. */
static struct geo
somewhere(void)
{
	return (struct geo){ 23.5 + chance() * 0.197, 46.7 + chance() * 0.135 };
}

static struct post
make_post(struct arena *a, int64_t number)
{
	struct post p = { .text = make_text(a, number),
		.user = arena_strf(a, "u%d", zipf_draw(&by_user)),
		.public = rnd_below(10) == 0,
		.placed = rnd_below(10) < 4,
		.position = somewhere() };

	p.teams = arena_array(a, struct str, 2);
	if (rnd_below(7))
		p.teams[p.nteams++] = team_name(a, zipf_draw(&by_team));
	if (rnd_below(10) == 0)
		p.teams[p.nteams++] = team_name(a, zipf_draw(&by_team));
	return p;
}

/* ---- stores --------------------------------------------------------------------- */

static const char *keep;
static int64_t made; /* posts, in all stores */
static int64_t now = INT64_C(1790000000000);

static void
begin_at(struct store *s, enum tx tx)
{
	if (db_begin(s->db, tx, now) != OK)
		die("begin");
}

/* Each fourth team is closed. */
static void
add_people(struct store *s)
{
	begin_at(s, TX_WRITE);
	for (int i = 0; i < PEOPLE; i++) {
		struct str name = arena_strf(s->arena, "u%d", i);
		struct field f = { S("roles"), S("responder") };

		set_add(s->db, S("users"), name);
		hash_set(s->db, arena_strf(s->arena, "user:%.*s", FMT(name)), &f, 1);
	}
	for (int i = 0; i < TEAMS; i++) {
		struct str slug = team_name(s->arena, i);

		team_add(s->db, s->arena, slug, S("A team"), i % (TEAMS / CLOSED) != 3);
		for (int k = 0; k < 50; k++)
			team_join(
			    s->db, s->arena, slug, arena_strf(s->arena, "u%d", (i * 37 + k * 41) % PEOPLE));
	}
	/* Who reads: of six teams, two of them closed. */
	for (int i = 0; i < 6; i++)
		team_join(s->db, s->arena, team_name(s->arena, i * 5 + 3), S("u0"));
	commit(s);
}

static void
add_post(struct store *s, const struct reader *all)
{
	struct post p = make_post(s->arena, made++);
	struct post_fault f;

	if (post_add(s->db, s->arena, all, &p, &f) != OK)
		die("post_add: %s", f.message ? f.message : "?");
}

/* As the dispatcher does in the course of a day. */
static void
tidy_up(struct store *s)
{
	begin_at(s, TX_WRITE);
	while (key_sweep(s->db, 10000))
		;
	while (event_trim(s->db, now - 60 * 1000, 10000, 10000))
		;
	commit(s);
}

static struct reader
reads(struct store *s, struct str name, bool admin)
{
	struct reader r;

	if (reader_of(s->db, s->arena, name, true, admin, &r) != OK)
		die("reader_of");
	return r;
}

/* Goes on behind what an earlier run left. */
static bool
is_loaded(struct store *s, int64_t n)
{
	struct post last;
	int64_t id;

	begin_at(s, TX_READ);
	if (string_get_int(s->db, S("post:id"), &id) != OK || id < n ||
	    post_get(s->db, s->arena, id, &last) != OK) {
		commit(s);
		return false;
	}
	made = made > id * 4 ? made : id * 4;
	now = now > last.created_at ? now : last.created_at + HOUR_MS;
	commit(s);
	return true;
}

static void
load(struct store *s, int64_t n)
{
	if (is_loaded(s, n)) {
		store_reopen(s, DB_HANDLER);
		store_undisturbed(s);
		return;
	}
	sql_exec(s->handle, "pragma synchronous = off; pragma cache_size = -1000000");
	add_people(s);
	for (int64_t i = 0; i < n; i += LOADED) {
		struct reader all;

		begin_at(s, TX_WRITE);
		all = reads(s, S(""), true);
		for (int64_t k = i; k < n && k < i + LOADED; k++)
			add_post(s, &all);
		commit(s);
		now += EVERY_MS * LOADED;
		tidy_up(s);
		if (i % 100000 == 0)
			store_checkpoint(s);
	}
	store_checkpoint(s);
	store_reopen(s, DB_HANDLER);
	store_undisturbed(s);
}

/* ---- reading ---------------------------------------------------------------------- */

/* One kind of question: the same ones for both stores. */
struct kind {
	const char *name;
	struct timeline asked[ASKED];
};

struct asking {
	struct store *s;
	struct kind *kind;
	int at;
	int64_t found, pages;
};

static void
read_pages(void *arg, int ops)
{
	struct asking *q = arg;

	for (int i = 0; i < ops; i++) {
		struct timeline_page page;
		const char *why;
		struct reader r;

		begin_at(q->s, TX_READ);
		r = reads(q->s, S("u0"), false);
		if (timeline_read(q->s->db, q->s->arena, &r, &q->kind->asked[q->at++ % ASKED], &page, &why) !=
		    OK)
			die("timeline_read");
		q->found += (int64_t)page.n;
		q->pages++;
		commit(q->s);
	}
}

static struct arena *kept;

static struct timeline
ask_home(void)
{
	return (struct timeline){ .of = TIMELINE_HOME, .limit = PAGE };
}

static struct timeline
ask_tag(void)
{
	const char *tag = tags[zipf_draw(&by_tag)];
	struct str key = arena_dup(kept, str(tag));

	if (key.p[0] >= 'A' && key.p[0] <= 'Z')
		((char *)key.p)[0] += 'a' - 'A';
	return (struct timeline){ .hashtag = key, .limit = PAGE };
}

/* From words so frequent that the page is full in both stores: the same answer. */
static struct timeline
ask_words(void)
{
	int one = FREQUENT + (int)rnd_below(TALKED_OF), other = FREQUENT + (int)rnd_below(TALKED_OF);

	return (
	    struct timeline){ .query = arena_strf(kept, "%s %s", words[one], words[other]), .limit = PAGE };
}

static const char *
some_word(void)
{
	int i;

	do
		i = zipf_draw(&by_word);
	while (i < FREQUENT);
	return words[i];
}

/* As often as they are in texts: most pairs are in no small store at all, and a
 * list of those that are in a large one is walked to its end. */
static struct timeline
ask_rare_words(void)
{
	return (
	    struct timeline){ .query = arena_strf(kept, "%s %s", some_word(), some_word()), .limit = PAGE };
}

static struct timeline
ask_near(void)
{
	return (struct timeline){ .near = true, .at = somewhere(), .radius = 1000, .limit = PAGE };
}

/* ---- posting ------------------------------------------------------------------------ */

struct posting {
	struct store *s;
	struct arena *texts; /* what is made before the clock runs */
	struct post *posts;
	struct bare *bare;
	int n, at;
};

/* What post_add() comes to, as calls of the store. */
struct bare {
	struct post p;
	struct field fields[12];
	struct str *rankings, *labels, same, channel, event, tags_key, *spelling_keys;
	size_t nfields, nrankings, nlabels;
};

static void
prepare_fields(struct arena *a, struct bare *b)
{
	const struct post *p = &b->p;
	struct str teams = S(""), tagged = S(""), called = S("");

	for (size_t i = 0; i < p->nteams; i++)
		teams = arena_strf(a, "%.*s%s%.*s", FMT(teams), i ? " " : "", FMT(p->teams[i]));
	for (size_t i = 0; i < p->ntags; i++)
		tagged = arena_strf(
		    a, "%.*s%s%.*s/%.*s", FMT(tagged), i ? " " : "", FMT(p->tags[i]), FMT(p->spellings[i]));
	for (size_t i = 0; i < p->nmentions; i++)
		called = arena_strf(a, "%.*s%s%.*s", FMT(called), i ? " " : "", FMT(p->mentions[i]));
	b->fields[b->nfields++] = (struct field){ S("text"), p->text };
	b->fields[b->nfields++] = (struct field){ S("user"), p->user };
	b->fields[b->nfields++] = (struct field){ S("audience"), p->audience };
	b->fields[b->nfields++] = (struct field){ S("created_at"), arena_strf(a, "%lld", (long long)now) };
	if (p->nteams)
		b->fields[b->nfields++] = (struct field){ S("teams"), teams };
	if (p->ntags)
		b->fields[b->nfields++] = (struct field){ S("tags"), tagged };
	if (p->nmentions)
		b->fields[b->nfields++] = (struct field){ S("mentions"), called };
	if (p->placed) {
		b->fields[b->nfields++] =
		    (struct field){ S("longitude"), arena_strf(a, "%.6f", p->position.longitude) };
		b->fields[b->nfields++] =
		    (struct field){ S("latitude"), arena_strf(a, "%.6f", p->position.latitude) };
	}
}

static void
prepare(struct store *s, struct arena *a, struct bare *b, const struct post *made_up)
{
	b->p = *made_up;
	post_entities(a, &b->p);
	if (post_audience(s->db, a, &b->p, &b->p.audience) != OK)
		die("post_audience");
	if (audience_closed(b->p.audience))
		b->p.nmentions = 0; /* few of them are of the team */
	prepare_fields(a, b);
	b->nrankings = post_rankings(a, &b->p, &b->rankings);
	b->nlabels = post_labels(a, &b->p, &b->labels);
	b->same = arena_strf(a, "post:same:%.*s", FMT(post_hash(a, b->p.text, 32)));
	b->channel = arena_strf(a, "%.*s", FMT(audience_closed(b->p.audience) ? b->p.audience : S("staff")));
	b->event = arena_strf(a,
	    "{\"post\":\"post:1000000\",\"change\":\"added\",\"user\":\"%.*s\",\"teams\":[\"%.*s\"],"
	    "\"hashtags\":[\"%.*s\"],\"mentions\":[\"%.*s\"]}",
	    FMT(b->p.user), FMT(b->p.nteams ? b->p.teams[0] : S("")), FMT(b->p.ntags ? b->p.tags[0] : S("")),
	    FMT(b->p.nmentions ? b->p.mentions[0] : S("")));
	b->tags_key = tags_ranking(a, b->p.audience);
	b->spelling_keys = arena_array(a, struct str, b->p.ntags + 1);
	for (size_t i = 0; i < b->p.ntags; i++)
		b->spelling_keys[i] = tag_spellings(a, b->p.tags[i], b->p.audience);
}

static void
put_bare(struct store *s, const struct bare *b)
{
	enum zadd_result result;
	int64_t id, n;
	double score;
	struct str number;

	string_incr(s->db, S("post:id"), 1, &id);
	number = post_number(s->arena, id);
	hash_set(s->db, post_key(s->arena, id), b->fields, b->nfields);
	for (size_t i = 0; i < b->nrankings; i++)
		zset_add(s->db, b->rankings[i], number, (double)id);
	for (size_t i = 0; i < b->p.ntags; i++) {
		zset_add_with(s->db, b->tags_key, b->p.tags[i], 1, ZADD_INCR, &score, &result);
		hash_incr(s->db, b->spelling_keys[i], b->p.spellings[i], 1, &n);
	}
	text_put(s->db, s->arena, POST_INDEX, id, b->p.text, b->labels, b->nlabels);
	string_set(s->db, b->same, number, now + POST_SAME_MS);
	event_put(s->db, b->channel.p, number, b->event, db_sequence_next(s->db));
}

/* New texts for the next turns. */
static void
refill(void *arg)
{
	struct posting *p = arg;
	struct store *s = p->s;

	arena_reset(p->texts);
	p->at = 0;
	p->posts = arena_array(p->texts, struct post, (size_t)p->n);
	p->bare = arena_array(p->texts, struct bare, (size_t)p->n);
	begin_at(s, TX_READ);
	for (int i = 0; i < p->n; i++) {
		p->posts[i] = make_post(p->texts, made++);
		p->bare[i] = (struct bare){ 0 };
		prepare(s, p->texts, &p->bare[i], &p->posts[i]);
	}
	commit(s);
	tidy_up(s);
	store_checkpoint(s);
	now += EVERY_MS * 60;
}

/* A handler knows the author before. */
static void
write_posts(void *arg, int ops)
{
	struct posting *p = arg;

	for (int i = 0; i < ops; i++) {
		struct post_fault f;
		struct reader all;

		begin_at(p->s, TX_WRITE);
		all = reads(p->s, S(""), true);
		if (post_add(p->s->db, p->s->arena, &all, &p->posts[p->at++], &f) != OK)
			die("post_add: %s", f.message ? f.message : "?");
		commit(p->s);
	}
}

static void
write_bare(void *arg, int ops)
{
	struct posting *p = arg;

	for (int i = 0; i < ops; i++) {
		begin_at(p->s, TX_WRITE);
		put_bare(p->s, &p->bare[p->at++]);
		commit(p->s);
	}
}

/* ---- the table ------------------------------------------------------------------------ */

/* Microseconds of each in both stores; `tidy` (may be NULL) runs before each round. */
static void
grow(const char *name, struct side small, struct side large, void (*tidy)(void *), double most)
{
	double few[ROUNDS_MAX], many[ROUNDS_MAX], ratios[ROUNDS_MAX], ratio;
	int turns = 5;

	for (int r = -1; r < rounds; r++) { /* one to warm up */
		int64_t a = 0, b = 0;

		if (tidy != NULL) {
			tidy(small.arg);
			tidy(large.arg);
		}
		for (int t = 0; t < turns; t++) {
			a += turn(&small);
			b += turn(&large);
		}
		if (r < 0)
			continue;
		few[r] = (double)a / 1e3 / small.ops / turns;
		many[r] = (double)b / 1e3 / large.ops / turns;
		ratios[r] = many[r] / few[r];
	}
	ratio = median(ratios, rounds);
	printf("%-40s %12.1f %12.1f %8.2f", name, median(few, rounds), median(many, rounds), ratio);
	if (judging && most > 0)
		printf("   %s: <= %g", verdict(ratio <= most), most);
	printf("\n");
	fflush(stdout);
	note("\"name\":\"%s\",\"small_us\":%.1f,\"large_us\":%.1f,\"ratio\":%.3f,\"most\":%g", name,
	    median(few, rounds), median(many, rounds), ratio, most);
}

static void
grow_reads(
    struct store *small, struct store *large, const char *name, struct timeline (*ask)(void), double most)
{
	struct kind *kind = calloc(1, sizeof(*kind));
	struct asking few = { small, kind, 0, 0, 0 }, many = { large, kind, 0, 0, 0 };

	if (kind == NULL)
		die("out of memory");
	kind->name = name;
	for (int i = 0; i < ASKED; i++)
		kind->asked[i] = ask();
	grow(name, (struct side){ read_pages, &few, ASKED / 4 },
	    (struct side){ read_pages, &many, ASKED / 4 }, NULL, most);
	if (getenv("VERBOSE") != NULL)
		printf("#   %.1f and %.1f posts a page\n", (double)few.found / (double)few.pages,
		    (double)many.found / (double)many.pages);
	free(kind);
}

enum { TURN_POSTS = 40, TURNS = 5 };

static struct posting
posting_new(struct store *s)
{
	return (struct posting){ .s = s, .texts = arena_new(), .n = TURN_POSTS * TURNS * 2 };
}

static void
measure(struct store *small, struct store *large, int64_t n)
{
	struct posting few = posting_new(small), many = posting_new(large), bare = posting_new(large);

	printf("\n%-40s %12d %12lld %8s   target\n", "microseconds, by number of posts", SMALL, (long long)n,
	    "ratio");
	grow_reads(small, large, "home of 6 teams", ask_home, 3);
	grow_reads(small, large, "tag page", ask_tag, 3);
	grow_reads(small, large, "search of two words", ask_words, 3);
	grow_reads(small, large, "  of two words that are rarer (shown only)", ask_rare_words, 0);
	grow_reads(small, large, "near 1 km", ask_near, 3);
	grow("post", (struct side){ write_posts, &few, TURN_POSTS },
	    (struct side){ write_posts, &many, TURN_POSTS }, refill, 3);
	part("posts a second, in a transaction each", "post", "bare store");
	refill(&many);
	refill(&bare);
	duel("post", (struct side){ write_posts, &many, TURN_POSTS },
	    (struct side){ write_bare, &bare, TURN_POSTS }, TURNS, 0.5, refill);
	arena_free(few.texts);
	arena_free(many.texts);
	arena_free(bare.texts);
}

/* ---- main ----------------------------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
clean_up(void)
{
	if (keep == NULL)
		nftw(bench_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
interrupted(int number)
{
	clean_up();
	_exit(128 + number);
}

static void
start(const char *program)
{
	const char *b = getenv("B"), *given = getenv("ROUNDS");
	char path[300];

	log_name(program);
	b = b != NULL ? b : "build";
	keep = getenv("KEEP");
	rounds = given != NULL ? atoi(given) : rounds;
	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("ROUNDS: 1 to %d", ROUNDS_MAX);
	snprintf(bench_dir, sizeof(bench_dir), "%s", keep != NULL ? keep : "");
	if (keep == NULL)
		snprintf(bench_dir, sizeof(bench_dir), "%s/bench-posts.XXXXXX", b);
	if (keep == NULL ? mkdtemp(bench_dir) == NULL : mkdir(keep, 0700) != 0 && errno != EEXIST)
		die("no folder %s", bench_dir);
	atexit(clean_up);
	signal(SIGINT, interrupted);
	signal(SIGTERM, interrupted);
	snprintf(path, sizeof(path), "%s/bench-posts.json", b);
	if ((json = fopen(path, "w")) == NULL)
		die("%s cannot be written", path);
}

int
main(int argc, char **argv)
{
	const char *given = getenv("POSTS");
	double n = given != NULL ? strtod(given, NULL) : 1e6;
	struct store *small, *large;
	int64_t file, log;

	(void)argc;
	start(argv[0]);
	if (!(n >= SMALL && n <= 1e7))
		die("POSTS: from %d to 10000000", SMALL);
	judging = n >= 100.0 * SMALL;
	kept = arena_new();
	make_language();
	elapsed("a language");
	small = store_new(DB_TOOL);
	load(small, SMALL);
	large = store_new(DB_TOOL);
	load(large, (int64_t)n);
	elapsed("loading");
	db_size(large->db, &file, &log);
	printf("posts: %d rounds; %.0f posts, %.0f bytes each in the store\n", rounds, n, (double)file / n);
	measure(small, large, (int64_t)n);
	if (keep == NULL) {
		store_free(small);
		store_free(large);
	}
	arena_free(kept);
	fprintf(json, "\n]\n");
	fclose(json);
	printf("\n%d missed\n", missed);
	return missed > 0;
}

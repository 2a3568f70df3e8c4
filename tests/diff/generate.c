/* generate.c - random steps by the rules of grammar.c; the same seed, the same steps. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "log.h"

/* ---- grammar ---- */

static void put_row(struct generator *g, const char *at);

static const char *
skip_item(const char *at)
{
	int depth = 0;

	do {
		depth += (*at == '(' || *at == '{') - (*at == ')' || *at == '}');
		at++;
	} while (depth > 0 || (*at != '\0' && strchr(" *|)}", *at) == NULL));
	return at;
}

/* The beginnings of a group's alternatives. */
static size_t
alternatives(const char *group, const char **starts, size_t max)
{
	size_t n = 0;

	starts[n++] = group + 1;
	for (const char *at = group + 1; *at != ')' && *at != '}';) {
		if (*at == '|' && n < max)
			starts[n++] = at + 1;
		at = *at == '|' || *at == ' ' || *at == '*' ? at + 1 : skip_item(at);
	}
	return n;
}

static void
put_some(struct generator *g, const char *group)
{
	const char *starts[16];
	size_t n = alternatives(group, starts, LEN(starts));
	unsigned p = below(g, 100), some = p < 40 ? 0 : p < 72 ? 1 : p < 88 ? 2 : p < 96 ? 3 : (unsigned)n;

	for (size_t i = 0; i < some && i < n; i++) {
		size_t j =
		    g->nasty && percent(g, 30) ? below(g, (unsigned)n) : i + below(g, (unsigned)(n - i));
		const char *one = starts[j];

		starts[j] = starts[i];
		starts[i] = one;
		put_row(g, one);
	}
}

static void
put_word(struct generator *g, const char *at, size_t n)
{
	char *p = arena_alloc(g->mem, n + 1);
	unsigned cased = below(g, 20);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(cased == 0 || (cased == 1 && percent(g, 50)) ? tolower(at[i]) : at[i]);
	put(g, (struct str){ p, n });
}

static void
put_item(struct generator *g, const char *at)
{
	const char *starts[16];
	size_t n = (size_t)(skip_item(at) - at);

	if (*at == '{')
		put_some(g, at);
	else if (*at == '(')
		put_row(g, starts[below(g, (unsigned)alternatives(at, starts, LEN(starts)))]);
	else if (n == 1)
		put_class(g, *at);
	else
		put_word(g, at, n);
}

static unsigned
how_often(struct generator *g)
{
	if (g->fill)
		return 200;
	if (g->size != SMALL && percent(g, 30))
		return 1 + below(g, 200);
	return percent(g, 50) ? 1 : 1 + below(g, percent(g, 90) ? 4 : 12);
}

/* Up to the end of an alternative. */
static void
put_row(struct generator *g, const char *at)
{
	while (*at != '\0' && *at != '|' && *at != ')' && *at != '}') {
		const char *end = skip_item(at);

		g->often = *end == '*' ? strchr("kK", *at) ? 1 + below(g, 3) : how_often(g) : 1;
		for (unsigned i = g->often; i > 0; i--)
			put_item(g, at);
		at = *end == '*' ? end + 1 : end;
		while (*at == ' ')
			at++;
	}
}

/* ---- lines ---- */

/* How many words must stay as they are, that LEX and GEO keys do too. */
static unsigned
safe_words(const struct generator *g)
{
	if (g->rule->family == LEX || g->rule->family == GEO)
		return (unsigned)g->n - 1;
	return g->rule->family == KEYS && strchr(g->rule->grammar, 'D') ? 3 : 1;
}

/* What nobody would write on purpose: a word lost, doubled, strange or moved. */
static void
damage(struct generator *g)
{
	unsigned safe = safe_words(g), at;
	struct str word;

	if (g->n <= safe || percent(g, 30)) {
		put(g, odd_word(g));
		return;
	}
	at = safe + below(g, (unsigned)g->n - safe);
	word = g->words[at];
	switch (below(g, 4)) {
	case 0:
		memmove(g->words + at, g->words + at + 1, (g->n - at - 1) * sizeof(*g->words));
		g->n--;
		return;
	case 1:
		put(g, word);
		return;
	case 2:
		g->words[at] = odd_word(g);
		return;
	default:
		g->words[at] = g->words[g->n - 1];
		g->words[g->n - 1] = word;
	}
}

static struct line
line(struct generator *g, const struct rule *rule)
{
	struct line l = { .rule = rule };
	unsigned p = below(g, 1000);

	g->rule = rule;
	g->n = 0;
	g->keys = 1;
	g->nasty = percent(g, 8) && g->fill == 0 && rule->how != KIND;
	g->size = g->fill ? BIG : p < 900 ? SMALL : p < 950 ? NUMBERS : BIG;
	if (g->size == BIG && (rule->family == KEYS || strstr(rule->name, "del")) && percent(g, 90))
		g->size = SMALL; /* what grew big may stay a while */
	put_word(g, rule->name, strlen(rule->name));
	put_row(g, rule->grammar);
	if (g->nasty && percent(g, 40))
		damage(g);
	l.n = g->n;
	l.args = arena_array(g->mem, struct str, l.n);
	memcpy(l.args, g->words, l.n * sizeof(*l.args));
	return l;
}

static struct line
unknown(struct generator *g)
{
	static const struct str nonsense[] = {
		BYTES("foo"), BYTES(""), BYTES("g\0et"), BYTES("GETT"), BYTES("\xff\xfe"), BYTES("a b\r\nc"),
		BYTES("'quoted'"), BYTES("%s%n"),
		BYTES(
		    "looooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooong")
	};
	struct line l = { .n = 1 + below(g, 5) };

	g->n = 0;
	put(g, PICK(g, nonsense));
	while (g->n < l.n)
		put_value(g);
	l.args = arena_array(g->mem, struct str, l.n);
	memcpy(l.args, g->words, l.n * sizeof(*l.args));
	return l;
}

static const struct rule *
some_rule(struct generator *g)
{
	unsigned p = below(g, g->total);
	size_t i = 0;

	while (p >= g->weights[i])
		p -= g->weights[i++];
	return &rules[i];
}

static struct line
some_line(struct generator *g)
{
	return below(g, 500) == 0 ? unknown(g) : line(g, some_rule(g));
}

/* ---- steps ---- */

static struct line
bare(struct generator *g, const char *name)
{
	return line(g, rule_find(str(name)));
}

/* MULTI ... EXEC and its faults; nothing by chance, nor what else needs redis'
 * help in the middle. */
static struct step
transaction(struct generator *g)
{
	struct step s = { .kind = TRANSACTION, .by_client = true };
	unsigned n = below(g, 8), p = below(g, 20);

	s.lines = arena_array(g->mem, struct line, n + 3);
	if (p != 0)
		s.lines[s.n++] = bare(g, "multi");
	while (p != 0 && n-- > 0) {
		struct line l = some_line(g);

		if (l.rule == NULL || l.rule->how < TALLIED)
			s.lines[s.n++] = l;
	}
	if (p == 1)
		s.lines[s.n++] = bare(g, "multi"); /* nested */
	s.lines[s.n++] = bare(g, p < 4 ? "discard" : "exec");
	if (s.lines[s.n - 1].n > 1) /* damaged: it would end nothing */
		s.lines[s.n - 1].n = 1;
	s.lines[0].n = 1;
	return s;
}

static struct step
undone(struct generator *g)
{
	struct step s = { .kind = UNDONE, .n = 1 + below(g, 4), .by_client = percent(g, 50) };

	s.lines = arena_array(g->mem, struct line, s.n);
	for (size_t i = 0; i < s.n; i++)
		do
			s.lines[i] = some_line(g);
		while (s.lines[i].rule == NULL);
	return s;
}

static struct step
tick(struct generator *g)
{
	unsigned p = below(g, 100);

	g->now += 1 + below(g, p < 30 ? 10 : p < 80 ? 2000 : p < 97 ? 100000 : 10000000);
	return (struct step){ .kind = CLOCK, .now = g->now };
}

/* Commands that make what is big. */
static struct line
filling(struct generator *g)
{
	static const char *const names_of[] = { [HASHES] = "hset",
		[SETS] = "sadd",
		[ZSETS] = "zadd",
		[LISTS] = "rpush",
		[LEX] = "zadd",
		[GEO] = "geoadd" };
	enum family f = g->biggest ? g->biggest : HASHES + below(g, GEO - HASHES + 1);

	for (size_t i = 0; i < nrules; i++)
		if (rules[i].family == f && str_is(str(rules[i].name), names_of[f]) && g->families[f] &&
		    peer_knows(g->peer, &rules[i]))
			return line(g, &rules[i]);
	return some_line(g);
}

struct step
generate_one(struct generator *g, struct arena *mem, const struct rule *rule)
{
	struct step s = { .kind = COMMAND, .n = 1 };

	g->mem = mem;
	s.lines = arena_array(mem, struct line, 1);
	s.lines[0] = line(g, rule);
	return s;
}

struct step
generate(struct generator *g, struct arena *mem)
{
	struct step s = { .kind = COMMAND, .n = 1 };

	g->mem = mem;
	if (below(g, 120) == 0)
		return tick(g);
	if (below(g, 400) == 0)
		return (struct step){ .kind = SWEEP };
	if (below(g, 150) == 0)
		return undone(g);
	if (g->families[OTHER] && below(g, 60) == 0 && peer_knows(g->peer, rule_find(S("multi"))))
		return transaction(g);
	s.lines = arena_array(mem, struct line, 1);
	s.lines[0] = g->fill ? filling(g) : some_line(g);
	if (g->fill)
		g->fill--;
	if (g->client == 0 && below(g, 500) == 0)
		g->client = 1 + below(g, 50);
	if (g->client) {
		g->client--;
		s.by_client = true;
	}
	return s;
}

/* Each epoch has other habits: some commands never come, some all the time. */
unsigned
generator_epoch(struct generator *g, int64_t now)
{
	static const unsigned habits[] = { 0, 1, 1, 2, 6 };

	g->now = now;
	g->client = 0;
	g->total = 0;
	for (size_t i = 0; i < nrules; i++) {
		g->weights[i] = rules[i].weight * PICK(g, habits);
		if (!g->families[rules[i].family] || !peer_knows(g->peer, &rules[i]))
			g->weights[i] = 0;
		if (str_starts(str(rules[i].name), "flush")) /* else nothing would ever grow */
			g->weights[i] = g->weights[i] != 0 && percent(g, 20);
		g->total += g->weights[i];
	}
	g->universe = 6000;
	g->fill = percent(g, 40) ? 20 + below(g, 150) : 0;
	g->biggest = 0;
	if (percent(g, 4)) { /* so big that its runs need runs of their own */
		g->biggest = HASHES + below(g, LEX - HASHES + 1);
		g->universe = 40000;
		g->fill = 600;
	}
	if (g->total == 0)
		return generator_epoch(g, now);
	return g->biggest ? 5000 : 2000 + below(g, percent(g, 75) ? 8000 : 60000);
}

struct generator *
generator_new(uint64_t by, const char *only, const struct peer *peer)
{
	struct generator *g = calloc(1, sizeof(*g));

	if (g == NULL || (g->weights = calloc(nrules, sizeof(*g->weights))) == NULL)
		die("out of memory");
	g->peer = peer;
	seed(g, by);
	for (int f = 0; f < FAMILY__MAX; f++)
		g->families[f] = only == NULL;
	for (struct str rest = str(only); rest.n > 0;) {
		struct str name = str_cut(&rest, ',');
		int f = 0;

		while (f < FAMILY__MAX && !str_is(name, family_names[f]))
			f++;
		if (f == FAMILY__MAX)
			die("no such family: %.*s", FMT(name));
		g->families[f] = true;
	}
	return g;
}

void
generator_free(struct generator *g)
{
	free(g->weights);
	free(g);
}

/* generate.c - random steps by the rules of grammar.c; the same seed, the same steps. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "log.h"

enum { WORDS = 1200, POOLS = LEX + 2, SLOTS = 6 };

/* What the keys of a slot are filled from; a command keeps to one. */
enum size { SMALL, NUMBERS, BIG };

struct generator {
	uint64_t random;
	int64_t now;
	const struct peer *peer;
	bool families[FAMILY__MAX];
	unsigned *weights, total; /* of this epoch */
	unsigned client;          /* steps more that go by client_call() */
	unsigned fill;            /* steps more that fill big collections */

	/* of the line in the making */
	struct arena *mem;
	const struct rule *rule;
	enum size size;
	bool nasty; /* words that are no good may be among it */
	unsigned often;
	size_t keys;
	struct str words[WORDS];
	size_t n;
};

/* ---- chance ---- */

uint64_t
generator_random(struct generator *g)
{
	g->random ^= g->random >> 12;
	g->random ^= g->random << 25;
	g->random ^= g->random >> 27;
	return g->random * 2685821657736338717ULL;
}

static unsigned
below(struct generator *g, unsigned bound)
{
	return (unsigned)((generator_random(g) >> 33) % bound);
}

static bool
percent(struct generator *g, unsigned p)
{
	return below(g, 100) < p;
}

#define BYTES(literal) \
	{ \
		literal, sizeof(literal) - 1 \
	}
#define PICK(g, table) ((table)[below((g), (unsigned)LEN(table))])

/* ---- words ---- */

/* Keys of each family: four small ones, one of numbers, one that grows big. */
static const struct str names[POOLS][SLOTS] = {
	[STRINGS] = { BYTES(""), BYTES("s"), BYTES("s\0x"), BYTES("\xff"), BYTES("42"), BYTES("s*[a]?") },
	[HASHES] = { BYTES("h"), BYTES("h\0"), BYTES("h\"q\\"), BYTES("ha h"), BYTES("h:int"),
	    BYTES("h:big") },
	[SETS] = { BYTES("\0"), BYTES("set"), BYTES("\xc8\x99"), BYTES("a\r\nb"), BYTES("s:int"),
	    BYTES("s:big") },
	[ZSETS] = { BYTES("z"), BYTES("z\xfe\xff"), BYTES("Z"), BYTES("z'"), BYTES("z:int"), BYTES("z:big") },
	[LISTS] = { BYTES("l"), BYTES("li\0st"), BYTES("^l"), BYTES("l]"), BYTES("l:int"), BYTES("l:big") },
	[LEX] = { BYTES("x"), BYTES("x\0"), BYTES("x1"), BYTES("x2"), BYTES("x:int"), BYTES("x:big") },
	[GEO] = { BYTES("g"), BYTES("g1"), BYTES("g2"), BYTES("g\x80"), BYTES("g:int"), BYTES("g:big") },
};

static const struct str members[] = { BYTES(""), BYTES("\0"), BYTES("\0\0"), BYTES("0"), BYTES("01"),
	BYTES("1"), BYTES("1.0"), BYTES("-1"), BYTES("9223372036854775807"), BYTES("-9223372036854775808"),
	BYTES("A"), BYTES("a"), BYTES("a\0"), BYTES("a\0b"), BYTES("aa"), BYTES("ab"), BYTES("b"),
	BYTES("b\x7f"), BYTES("\xc8\x99"), BYTES("\xff"), BYTES("\xff\0"), BYTES("\xff\xff"), BYTES("[a"),
	BYTES("x*?[y]\\"), BYTES("0123456789012345678901234567890123456789012345678901234567890123456789") };

/* No good where something else is wanted; never one that makes Redis work for
 * hours, such as a large negative count. */
static const struct str odd[] = { BYTES(""), BYTES(" "), BYTES("\0"), BYTES("\xff"), BYTES("abc"),
	BYTES(" 1"), BYTES("1 "), BYTES("+5"), BYTES("010"), BYTES("-0"), BYTES("00"), BYTES("1.5"),
	BYTES("0x10"), BYTES("1e400"), BYTES("nan"), BYTES("-nan"), BYTES("inf"), BYTES("-inf"), BYTES("1e"),
	BYTES("1_0"), BYTES("--1"), BYTES("1\0"), BYTES("9223372036854775807"), BYTES("-9223372036854775808"),
	BYTES("9223372036854775808"), BYTES("18446744073709551616"), BYTES("[a"), BYTES("(1"), BYTES("((1"),
	BYTES("-"), BYTES("+"), BYTES("NX"), BYTES("XX"), BYTES("LIMIT"), BYTES("WITHSCORES"), BYTES("COUNT"),
	BYTES("MATCH"), BYTES("\r\n"),
	BYTES("0.0000000000000000000000000000000000000000000000000000000000000000000000000000001") };

static const struct str integers[] = { BYTES("0"), BYTES("1"), BYTES("-1"), BYTES("7"), BYTES("1000"),
	BYTES("-1000"), BYTES("2147483648"), BYTES("9007199254740993"), BYTES("9223372036854775807"),
	BYTES("-9223372036854775808"), BYTES("-9223372036854775807"), BYTES("4611686018427387904") };

static const struct str floats[] = { BYTES("0"), BYTES("-0"), BYTES("0.1"), BYTES("0.2"), BYTES("-0.3"),
	BYTES("1"), BYTES("3.0e3"), BYTES("1e17"), BYTES("1e16"), BYTES("1e21"), BYTES("1e100"),
	BYTES("1e300"), BYTES("-1e308"), BYTES("5e-324"), BYTES("2.2250738585072011e-308"), BYTES("1e-17"),
	BYTES("1e-5"), BYTES("123456.789"), BYTES("0.10000000000000000555"), BYTES("1.7976931348623157e308"),
	BYTES("9007199254740993"), BYTES(".5"), BYTES("5."), BYTES("0x10"), BYTES("0x1p-3"),
	BYTES("3.14159265358979323846264338327950288"), BYTES("99999999999999999999"), BYTES("1e4"),
	BYTES("+1.5") };

static const struct str infinities[] = { BYTES("inf"), BYTES("+inf"), BYTES("-inf"), BYTES("Infinity"),
	BYTES("-INF") };

static const struct str patterns[] = { BYTES("*"), BYTES("*"), BYTES("*"), BYTES(""), BYTES("?"), BYTES("h*"),
	BYTES("[a-z]*"), BYTES("[z-a]"), BYTES("*[0-9]"), BYTES("[^a]*"), BYTES("[!b]*"), BYTES("a["),
	BYTES("[a"), BYTES("a[b"), BYTES("[]"), BYTES("[^]"), BYTES("\\*"), BYTES("*\\"), BYTES("\\"),
	BYTES("s\\*\\[a]\\?"), BYTES("[\\]l]*"), BYTES("[\\a-\\z]"), BYTES("*a*a*"), BYTES("**"),
	BYTES("*?*"), BYTES("*\0*"), BYTES("\xff*"), BYTES("[\xc0-\xff]*"), BYTES("m0000*"), BYTES("*99"),
	BYTES("[0-]*"), BYTES("?[^-b]*"), BYTES("42"), BYTES("A") };

static void
put(struct generator *g, struct str word)
{
	if (g->n < WORDS)
		g->words[g->n++] = word;
}

#define PUTF(g, ...) put((g), arena_strf((g)->mem, __VA_ARGS__))

static void
put_int(struct generator *g, int64_t v)
{
	PUTF(g, "%lld", (long long)v);
}

/* ---- keys ---- */

/* Who may meet whom: see grammar.c. */
static enum family
pool(struct generator *g, char class)
{
	enum family f = g->rule->family;
	bool ranks = f == ZSETS || f == KEYS || f == OTHER;

	if (f == LEX || (f == GEO && class != 'D'))
		return f;
	if (f == GEO)
		return ZSETS;
	if (class == 'K')
		return below(g, POOLS);
	if (f != KEYS && f != OTHER && percent(g, 85))
		return f;
	return below(g, ranks || class == 'D' ? LISTS + 1 : POOLS);
}

static struct str
key(struct generator *g, char class)
{
	enum family f = pool(g, class);

	switch (g->size) {
	case NUMBERS:
		return names[f][class == 'D' || percent(g, 80) ? 4 : below(g, 4)];
	case BIG:
		return names[f][class == 'D' || percent(g, 80) ? 5 : below(g, 5)];
	case SMALL:
		break;
	}
	return names[f][below(g, 4)];
}

static void
put_counted_keys(struct generator *g)
{
	size_t at = g->n;

	g->keys = percent(g, 80) ? 1 + below(g, 2) : 1 + below(g, 5);
	put(g, S(""));
	for (size_t i = 0; i < g->keys; i++)
		put(g, key(g, 'k'));
	if (g->nasty && percent(g, 20))
		g->words[at] = PICK(g, odd);
	else
		g->words[at] = arena_strf(
		    g->mem, "%d", (int)g->keys + (g->nasty && percent(g, 10) ? (int)below(g, 3) - 1 : 0));
}

/* ---- members, scores, places ---- */

static struct str
member(struct generator *g)
{
	switch (g->size) {
	case NUMBERS:
		return arena_strf(g->mem, "%d", (int)below(g, 700) - 50);
	case BIG:
		return arena_strf(g->mem, "m%05u", below(g, 6000));
	case SMALL:
		break;
	}
	return PICK(g, members);
}

static void
put_value(struct generator *g)
{
	unsigned n;

	switch (below(g, 8)) {
	case 0:
		put(g, PICK(g, integers));
		break;
	case 1:
		put(g, PICK(g, floats));
		break;
	case 2:
		put(g, PICK(g, odd));
		break;
	case 3:
		put_int(g, (int)below(g, 2000) - 1000);
		break;
	case 4: /* up to where a string's value is kept elsewhere, and beyond */
		n = below(g, percent(g, 20) ? 5000 : 300);
		char *p = arena_alloc(g->mem, n + 1);
		for (unsigned i = 0; i < n; i++)
			p[i] = (char)generator_random(g);
		put(g, (struct str){ p, n });
		break;
	default:
		put(g, PICK(g, members));
	}
}

static double
uniform(struct generator *g)
{
	return (double)(generator_random(g) >> 11) / 9007199254740992.0;
}

static void
put_score(struct generator *g)
{
	unsigned p = below(g, 100);

	if (g->nasty && percent(g, g->often > 1 ? 1 : 20))
		put(g, PICK(g, odd));
	else if (p < 45)
		put_int(g, (int)below(g, 10) - 2);
	else if (p < 75)
		put_int(g, (int)below(g, 100000) - 1000);
	else if (p < 90)
		PUTF(g, "%.17g", (uniform(g) - 0.3) * (percent(g, 50) ? 1 : 1e6));
	else if (p < 97)
		put(g, PICK(g, floats));
	else
		put(g, PICK(g, infinities));
}

/* Each member has a place of its own, give or take a little: members at the
 * very same distance would come in no order. */
static void
put_place(struct generator *g, struct str of)
{
	uint32_t h = 2166136261u;
	double lon, lat;

	for (size_t i = 0; i < of.n; i++)
		h = (h ^ (unsigned char)of.p[i]) * 16777619u;
	h = (h ^ h >> 15) * 2654435769u;
	lon = ((double)(h & 0xffff) / 65536 - 0.5) * (h & 1 << 20 ? 360 : 4) + uniform(g) * 0.001;
	lat = ((double)(h >> 16) / 65536 - 0.5) * (h & 1 << 20 ? 170 : 4) + uniform(g) * 0.001;
	if (g->nasty && percent(g, 20)) {
		put(g, PICK(g, odd));
		put(g, PICK(g, odd));
	} else {
		PUTF(g, "%.*f", 5 + (int)below(g, 12), lon);
		PUTF(g, "%.*f", 5 + (int)below(g, 12), lat);
	}
}

static void
put_radius(struct generator *g)
{
	if (g->nasty && percent(g, 20))
		put(g, PICK(g, odd));
	else if (percent(g, 60))
		PUTF(g, "%.3f", uniform(g) * 2000);
	else
		PUTF(g, "%.6g", uniform(g) * (percent(g, 50) ? 3e7 : 1e5));
}

/* ---- numbers ---- */

static void
put_rank(struct generator *g)
{
	if (percent(g, 30))
		put_int(g, percent(g, 50) ? 0 : -1);
	else if (g->size == SMALL)
		put_int(g, (int)below(g, 24) - 12);
	else
		put_int(g, percent(g, 80) ? (int)below(g, 40) - 20 : (int)below(g, 8000) - 4000);
}

static void
put_count(struct generator *g)
{
	static const struct str counts[] = { BYTES("0"), BYTES("1"), BYTES("2"), BYTES("3"), BYTES("5"),
		BYTES("10"), BYTES("100"), BYTES("1000"), BYTES("-1"), BYTES("-2"), BYTES("-5"),
		BYTES("-100"), BYTES("9223372036854775807"), BYTES("-9223372036854775808"),
		BYTES("2147483647") };

	put(g, counts[below(g, g->nasty ? (unsigned)LEN(counts) : 12)]);
}

static void
put_expiry(struct generator *g, char class)
{
	static const struct str limits[] = { BYTES("9223372036854775807"), BYTES("9223372036854775"),
		BYTES("9223372036854776"), BYTES("9223370336854775"), BYTES("-9223372036854775808"),
		BYTES("-1"), BYTES("0"), BYTES("9223370000000000000"), BYTES("-9223372036854775") };
	int64_t span = percent(g, 50) ? 3 : percent(g, 80) ? 100 : 100000;

	if (g->nasty && percent(g, 50)) {
		put(g, PICK(g, limits));
		return;
	}
	switch (class) {
	case 'e':
		put_int(g, 1 + below(g, (unsigned)span));
		break;
	case 'E':
		put_int(g, 1 + below(g, (unsigned)span * 1000));
		break;
	case 't':
		put_int(g, g->now / 1000 + below(g, (unsigned)span + 1) - (percent(g, 20) ? 2 : 0));
		break;
	default:
		put_int(g, g->now + below(g, (unsigned)span * 1000) - (percent(g, 20) ? 500 : 0));
	}
}

static void
put_bound(struct generator *g)
{
	size_t at = g->n;

	if (percent(g, 15))
		put(g, percent(g, 50) ? S("-inf") : S("+inf"));
	else
		put_score(g);
	if (percent(g, 25))
		g->words[at] = arena_strf(g->mem, "(%.*s", FMT(g->words[at]));
}

static void
put_lex_bound(struct generator *g)
{
	struct str m = member(g);
	char *p = arena_alloc(g->mem, m.n + 2);

	if (percent(g, 20)) {
		put(g, percent(g, 50) ? S("-") : S("+"));
		return;
	}
	p[0] = percent(g, 50) ? '[' : '(';
	memcpy(p + 1, m.p, m.n);
	put(g, (struct str){ p, m.n + (percent(g, 90) ? 1 : 0) });
}

static void
put_weights(struct generator *g)
{
	size_t n = g->keys + (g->nasty && percent(g, 20) ? 1 : 0);

	for (size_t i = 0; i < n; i++)
		put_score(g);
}

static void
put_cursor(struct generator *g)
{
	static const struct str cursors[] = { BYTES(""), BYTES("00"), BYTES("+0"), BYTES("-0"), BYTES("0x0"),
		BYTES("abc"), BYTES(" 0"), BYTES("0 "), BYTES("17"), BYTES("-1"), BYTES("0\0") };

	put(g, percent(g, g->nasty ? 40 : 100) ? S("0") : PICK(g, cursors));
}

static void
put_class(struct generator *g, char class)
{
	static const struct str units[] = { BYTES("m"), BYTES("km"), BYTES("km"), BYTES("mi"), BYTES("ft"),
		BYTES("KM") };
	static const struct str types[] = { BYTES("string"), BYTES("hash"), BYTES("set"), BYTES("zset"),
		BYTES("list"), BYTES("HASH"), BYTES("nosuch"), BYTES("stream") };
	struct str m;

	if (g->nasty && strchr("irnpyuceEtTzl", class) != NULL && percent(g, 15)) {
		put(g, PICK(g, odd));
		return;
	}
	switch (class) {
	case 'k':
	case 'K':
	case 'D':
		put(g, key(g, class));
		break;
	case '#':
		put_counted_keys(g);
		break;
	case 'w':
		put_weights(g);
		break;
	case 'm':
		put(g, member(g));
		break;
	case 'v':
	case 'A':
		put_value(g);
		break;
	case 's':
		put_score(g);
		break;
	case 'q':
		put(g, percent(g, 90) ? S("0") : percent(g, 50) ? S("-0") : S("0.0"));
		break;
	case 'i':
		put(g,
		    percent(g, 70) ? arena_strf(g->mem, "%d", (int)below(g, 200) - 100) : PICK(g, integers));
		break;
	case 'x':
		put(g, g->nasty && percent(g, 30) ? PICK(g, odd) : PICK(g, floats));
		break;
	case 'r':
		put_rank(g);
		break;
	case 'n':
		put_count(g);
		break;
	case 'o':
		if (g->nasty)
			put(g, percent(g, 50) ? S("536870912") : S("-1"));
		else
			put_int(g, below(g, percent(g, 90) ? 40 : 3000));
		break;
	case 'e':
	case 'E':
	case 't':
	case 'T':
		put_expiry(g, class);
		break;
	case 'z':
		put_bound(g);
		break;
	case 'l':
		put_lex_bound(g);
		break;
	case 'p':
		put(g, PICK(g, patterns));
		break;
	case 'c':
		put_cursor(g);
		break;
	case 'y':
		put(g, PICK(g, types));
		break;
	case 'u':
		put(g, PICK(g, units));
		break;
	case 'R':
		put_radius(g);
		break;
	case 'j':
		put_place(g, member(g));
		break;
	case 'G':
		m = member(g);
		put_place(g, m);
		put(g, m);
		break;
	default:
		die("grammar of %s: '%c'?", g->rule->name, class);
	}
}

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
		put(g, PICK(g, odd));
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
		g->words[at] = PICK(g, odd);
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
	g->nasty = percent(g, 8) && g->fill == 0;
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

/* MULTI ... EXEC and its faults; nothing by chance: redis could not be made to
 * follow in the middle. */
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

		if (l.rule == NULL ||
		    (l.rule->how != POPPED && l.rule->how != SAMPLED && l.rule->how != SCANNED))
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
	enum family f;

	f = HASHES + below(g, GEO - HASHES + 1);
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
void
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
	g->fill = percent(g, 40) ? 20 + below(g, 150) : 0;
	if (g->total == 0)
		generator_epoch(g, now);
}

struct generator *
generator_new(uint64_t seed, const char *only, const struct peer *peer)
{
	struct generator *g = calloc(1, sizeof(*g));

	if (g == NULL || (g->weights = calloc(nrules, sizeof(*g->weights))) == NULL)
		die("out of memory");
	g->peer = peer;
	g->random = seed << 16 | 1;
	for (int i = 0; i < 8; i++)
		generator_random(g);
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

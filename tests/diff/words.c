/* words.c - the words of random commands: keys, members, numbers good and bad. */
#include <string.h>

#include "generate.h"
#include "log.h"

enum { POOLS = LEX + 2, SLOTS = 6 };

/* ---- chance ---- */

static uint64_t
random_bits(struct generator *g)
{
	g->random ^= g->random >> 12;
	g->random ^= g->random << 25;
	g->random ^= g->random >> 27;
	return g->random * 2685821657736338717ULL;
}

void
seed(struct generator *g, uint64_t by)
{
	g->random = by << 16 | 1;
	for (int i = 0; i < 8; i++)
		random_bits(g);
}

unsigned
below(struct generator *g, unsigned bound)
{
	return (unsigned)((random_bits(g) >> 33) % bound);
}

bool
percent(struct generator *g, unsigned p)
{
	return below(g, 100) < p;
}

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

void
put(struct generator *g, struct str word)
{
	if (g->n < WORDS)
		g->words[g->n++] = word;
}

struct str
odd_word(struct generator *g)
{
	return PICK(g, odd);
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
		g->words[at] = odd_word(g);
	else
		g->words[at] = arena_strf(
		    g->mem, "%d", (int)g->keys + (g->nasty && percent(g, 10) ? (int)below(g, 3) - 1 : 0));
}

/* ---- members, scores, places ---- */

static struct str
member(struct generator *g)
{
	switch (percent(g, 1) ? SMALL : g->size) {
	case NUMBERS:
		return arena_strf(g->mem, "%d", (int)below(g, 700) - 50);
	case BIG:
		return arena_strf(g->mem, "m%05u", below(g, g->universe));
	case SMALL:
		break;
	}
	return PICK(g, members);
}

void
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
		put(g, odd_word(g));
		break;
	case 3:
		put_int(g, (int)below(g, 2000) - 1000);
		break;
	case 4: /* up to where a string's value is kept elsewhere, and beyond */
		n = below(g, percent(g, 20) ? 5000 : 300);
		char *p = arena_alloc(g->mem, n + 1);
		for (unsigned i = 0; i < n; i++)
			p[i] = (char)random_bits(g);
		put(g, (struct str){ p, n });
		break;
	default:
		put(g, PICK(g, members));
	}
}

static double
uniform(struct generator *g)
{
	return (double)(random_bits(g) >> 11) / 9007199254740992.0;
}

static void
put_score(struct generator *g)
{
	unsigned p = below(g, 100);

	if (g->nasty && percent(g, g->often > 1 ? 1 : 20))
		put(g, odd_word(g));
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
		put(g, odd_word(g));
		put(g, odd_word(g));
	} else {
		PUTF(g, "%.*f", 5 + (int)below(g, 12), lon);
		PUTF(g, "%.*f", 5 + (int)below(g, 12), lat);
	}
}

static void
put_radius(struct generator *g)
{
	if (g->nasty && percent(g, 20))
		put(g, odd_word(g));
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
	default: /* never now: see sides.c */
		put_int(g, percent(g, 20) ? g->now - 500 : g->now + 20 + below(g, (unsigned)span * 1000));
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

void
put_class(struct generator *g, char class)
{
	static const struct str units[] = { BYTES("m"), BYTES("km"), BYTES("km"), BYTES("mi"), BYTES("ft"),
		BYTES("KM") };
	static const struct str types[] = { BYTES("string"), BYTES("hash"), BYTES("set"), BYTES("zset"),
		BYTES("list"), BYTES("HASH"), BYTES("nosuch"), BYTES("stream") };
	struct str m;

	if (g->nasty && strchr("irnpyueEtTzl", class) != NULL && percent(g, 15)) {
		put(g, odd_word(g));
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
		put(g, g->nasty && percent(g, 30) ? odd_word(g) : PICK(g, floats));
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

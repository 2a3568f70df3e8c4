/*
 * mapping.c - what the row of somebody's list says of a shelter.
 *
 * Columns are recognised by their headings, cells by what people really write
 * into them.  Nothing is guessed in silence: what had to be interpreted is a
 * warning, what cannot be is a fault, what is not known becomes an attribute.
 */
#include <json-c/json.h>
#include <math.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "import.h"
#include "log.h"
#include "utf8.h"

enum {
	CELLS_MAX = 256,
	TEXT_MAX = 300, /* code points of a name, an address */
	WORD_MAX = 100, /* of a place, a feature, a resource, an item */
	UNIT_MAX = 30,
	SOURCE_MAX = 128, /* bytes */
	QUOTED_MAX = 40,  /* code points of a cell in a message */
	MANY_PEOPLE = 20000,
	ATTRIBUTES_MAX = 64,
	ATTRIBUTES_BYTES = 16 * 1024,
};

/* ---- headings --------------------------------------------------------------- */

/* clang-format off */
enum column {
	ID, SOURCE, COUNTRY, ZONE, TOWN, PLACE, NAME, ADDRESS,
	LATITUDE, LONGITUDE, BOTH, GEOMETRY_FAULT,
	CAPACITY, OCCUPANCY, STATUS, TYPE,
	FEATURES, STEP_FREE, PETS, ELECTRICITY, GENERATOR, HEATING,
	RESOURCE, RESOURCES, ATTRIBUTES,
	OURS, /* worked out by us: an export of our own has it, an import needs it not */
};

/* Headings as utf8_slug() leaves them (marks gone: が is か).  Of two that mean
 * the same, the first one here is taken. */
static const struct synonym {
	enum column column;
	struct str slug;
} synonyms[] = {
#define IS(column, slug) { column, { slug, sizeof(slug) - 1 } }
	/* our own exports, and plain English */
	IS(ID, "id"),
	IS(SOURCE, "source-id"), IS(SOURCE, "shelter-id"), IS(SOURCE, "external-id"),
	IS(COUNTRY, "country"), IS(COUNTRY, "country-code"), IS(COUNTRY, "tara"),
	IS(ZONE, "city-code"), IS(ZONE, "county-code"), IS(ZONE, "county"), IS(ZONE, "state"),
	IS(ZONE, "province"), IS(ZONE, "region"), IS(ZONE, "prefecture"), IS(ZONE, "district"),
	IS(TOWN, "town"), IS(TOWN, "city"), IS(TOWN, "municipality"), IS(TOWN, "neighborhood"),
	IS(PLACE, "place"),
	IS(NAME, "name"), IS(NAME, "shelter-name"), IS(NAME, "shelter"), IS(NAME, "title"),
	IS(ADDRESS, "address"), IS(ADDRESS, "shelter-address"), IS(ADDRESS, "street-address"),
	IS(ADDRESS, "address-1"), IS(ADDRESS, "street"), IS(ADDRESS, "address-old"),
	IS(LATITUDE, "latitude"), IS(LATITUDE, "lat"), IS(LATITUDE, "y"),
	IS(LONGITUDE, "longitude"), IS(LONGITUDE, "lon"), IS(LONGITUDE, "lng"),
	IS(LONGITUDE, "long"), IS(LONGITUDE, "x"),
	IS(BOTH, "position"), IS(BOTH, "coordinates"), IS(BOTH, "lat-lon"),
	IS(BOTH, "latitude-longitude"), IS(BOTH, "latlng"), IS(BOTH, "latlon"),
	IS(GEOMETRY_FAULT, "geometry-fault"),
	IS(CAPACITY, "capacity"), IS(CAPACITY, "evacuation-capacity"),
	IS(CAPACITY, "post-impact-capacity"), IS(CAPACITY, "max-capacity"),
	IS(CAPACITY, "seats"), IS(CAPACITY, "places"),
	IS(OCCUPANCY, "occupancy"), IS(OCCUPANCY, "total-population"),
	IS(OCCUPANCY, "people-now"),
	IS(STATUS, "status"), IS(STATUS, "shelter-status"),
	IS(TYPE, "type"), IS(TYPE, "ownership"),
	IS(FEATURES, "features"), IS(FEATURES, "amenities"), IS(FEATURES, "facilities"),
	IS(STEP_FREE, "wheelchair-accessible"), IS(STEP_FREE, "wheelchair"),
	IS(STEP_FREE, "ada-compliant"), IS(STEP_FREE, "accessible"),
	IS(STEP_FREE, "step-free"),
	IS(PETS, "pet-accommodations"), IS(PETS, "pet-accommodations-code"), IS(PETS, "pets"),
	IS(PETS, "pets-allowed"),
	IS(ELECTRICITY, "electricity"), IS(ELECTRICITY, "power"),
	IS(GENERATOR, "generator"), IS(GENERATOR, "generator-onsite"),
	IS(GENERATOR, "self-sufficient-electricity"),
	IS(HEATING, "heating"),
	IS(RESOURCE, "water"), IS(RESOURCE, "food"), IS(RESOURCE, "meals"),
	IS(RESOURCE, "medicine"), IS(RESOURCE, "medicines"), IS(RESOURCE, "medication"),
	IS(RESOURCE, "beds"), IS(RESOURCE, "cots"), IS(RESOURCE, "mattresses"),
	IS(RESOURCE, "blankets"), IS(RESOURCE, "toilets"), IS(RESOURCE, "showers"),
	IS(RESOURCE, "clothing"), IS(RESOURCE, "hygiene"), IS(RESOURCE, "fuel"),
	IS(RESOURCE, "masks"), IS(RESOURCE, "batteries"),
	IS(RESOURCES, "resources"),
	IS(ATTRIBUTES, "attributes"),
	IS(OURS, "availability"), IS(OURS, "projected-availability"), IS(OURS, "expected"),
	IS(OURS, "updated-at"), IS(OURS, "confirmed-at"), IS(OURS, "created-at"),
	IS(OURS, "sequence"), IS(OURS, "distance"), IS(OURS, "_id"), /* no slug: found as it is written */
	/* Romania */
	IS(ZONE, "judet"), IS(ZONE, "judetul"),
	IS(TOWN, "localitate"), IS(TOWN, "localitatea"), IS(TOWN, "oras"),
	IS(NAME, "denumire"), IS(NAME, "nume"),
	IS(ADDRESS, "adresa"),
	IS(CAPACITY, "capacitate"),
	IS(STATUS, "stare"),
	IS(TYPE, "tip"), IS(TYPE, "proprietate"),
	IS(LATITUDE, "latitudine"),
	IS(LONGITUDE, "longitudine"),
	IS(ELECTRICITY, "electricitate"),
	IS(HEATING, "incalzire"),
	/* Japan (GSI) */
	IS(SOURCE, "共通id"),
	IS(ZONE, "団体コート"),
	IS(TOWN, "都道府県名及ひ市町村名"),
	IS(NAME, "施設-場所名"),
	IS(ADDRESS, "住所"),
	IS(LATITUDE, "緯度"),
	IS(LONGITUDE, "経度"),
	IS(CAPACITY, "想定収容人数"), IS(CAPACITY, "収容人数"),
	/* Taiwan (NPA) */
	IS(SOURCE, "電腦編號"), IS(SOURCE, "編號"),
	IS(ZONE, "轄管分局"),
	IS(TOWN, "村里別"),
	IS(NAME, "建築物名稱"), IS(NAME, "名稱"),
	IS(ADDRESS, "地址"),
	IS(LONGITUDE, "經度"),
	IS(BOTH, "緯經度"), IS(BOTH, "緯度-經度"),
	IS(CAPACITY, "可容納人數"), IS(CAPACITY, "可容納人數-人"),
	/* Norway, Sweden */
	IS(SOURCE, "romnr"),
	IS(ADDRESS, "adresse"),
	IS(CAPACITY, "plasser"),
	IS(ZONE, "fylke"), IS(ZONE, "kommunenummer"),
	IS(TOWN, "kommune"), IS(TOWN, "kommunenavn"),
	IS(SOURCE, "skyddsrumsnr"),
	IS(ADDRESS, "gatuadress"),
	IS(CAPACITY, "antalplatser"), IS(CAPACITY, "antal-platser"),
	IS(ZONE, "lan"),
	IS(TOWN, "kommunnamn"), IS(TOWN, "kommun"),
	/* Ukraine */
	IS(ZONE, "раион"), IS(ZONE, "область"),
	IS(TOWN, "місто"), IS(TOWN, "населении-пункт"),
	IS(NAME, "назва"),
	IS(ADDRESS, "адреса"),
	IS(LATITUDE, "широта"),
	IS(LONGITUDE, "довгота"),
	IS(CAPACITY, "місткість"), IS(CAPACITY, "кількість-місць"),
	IS(TYPE, "тип"),
	IS(STEP_FREE, "пандус"),
	/* Israel */
	IS(SOURCE, "slug"),
	IS(ZONE, "alertzone"),
#undef IS
};
/* clang-format on */

enum { UNKNOWN_HEADING = -1, TAKEN = -2 };

/* Length and last byte tell most of them apart. */
static int
synonym_with(struct str slug)
{
	for (size_t i = 0; slug.n && i < LEN(synonyms); i++) {
		struct str s = synonyms[i].slug;

		if (s.n == slug.n && s.p[s.n - 1] == slug.p[s.n - 1] && memcmp(s.p, slug.p, s.n) == 0)
			return (int)i;
	}
	return UNKNOWN_HEADING;
}

/* utf8_slug() of ASCII, a hundred times as fast; false: not ASCII. */
static bool
ascii_slug(struct str s, char *out, size_t *n)
{
	for (size_t i = *n = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((unsigned char)c >= 0x80)
			return false;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 'a' - 'A');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[(*n)++] = c;
		else if (*n && out[*n - 1] != '-')
			out[(*n)++] = '-';
	}
	if (*n && out[*n - 1] == '-')
		(*n)--;
	return true;
}

static int
synonym_of(struct str heading)
{
	struct arena *scratch;
	char ascii[128];
	size_t n;
	int found;

	if (heading.n > sizeof(ascii) || (found = synonym_with(heading)) != UNKNOWN_HEADING)
		return heading.n > sizeof(ascii) ? UNKNOWN_HEADING : found;
	if (ascii_slug(heading, ascii, &n))
		return synonym_with((struct str){ ascii, n });
	scratch = arena_new();
	found = synonym_with(utf8_slug(scratch, heading));
	arena_free(scratch);
	return found;
}

/* ---- the row being read ------------------------------------------------------ */

struct reading {
	struct arena *a;
	const struct import_row *row;
	const struct import_options *options;
	struct draft *d;
	const char *fault, *warning;
	size_t n;             /* cells that are looked at */
	int known[CELLS_MAX]; /* of each cell: which synonym, or one of the two above */
	struct str features[FEATURES_MAX];
	struct resource resources[RESOURCES_MAX];
	struct buf attributes;
	struct json json; /* writes them */
	struct str keys[ATTRIBUTES_MAX];
	size_t nkeys, dropped;
};

static bool fail(struct reading *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void warn(struct reading *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static const char *
message(struct arena *a, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	return arena_dup(a, str(text)).p;
}

static bool
fail(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->fault = message(r->a, fmt, ap);
	va_end(ap);
	return false;
}

static void
warn(struct reading *r, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = message(r->a, fmt, ap);
	va_end(ap);
	r->warning = r->warning ? arena_printf(r->a, "%s; %s", r->warning, text) : text;
}

/* The first `max` code points. */
static struct str
cut(struct str s, size_t max)
{
	size_t i, count = 0;

	for (i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] & 0xc0) != 0x80 && count++ == max)
			break;
	return (struct str){ s.p, i };
}

/* On one line, and not too long: line ends and tabs become blanks. */
static struct str
one_line(struct reading *r, const char *what, struct str s, size_t max)
{
	struct str short_ = cut(str_trim(s), max);
	char *out;

	if (short_.n < str_trim(s).n)
		warn(r, "%s is longer than %zu characters and was cut", what, max);
	s = arena_dup(r->a, str_trim(short_));
	out = (char *)s.p;
	s.n = 0;
	for (size_t i = 0; out[i] != '\0'; i++) {
		bool control = (unsigned char)out[i] < ' ';

		if (!control)
			out[s.n++] = out[i];
		else if (s.n && out[s.n - 1] != ' ')
			out[s.n++] = ' ';
	}
	out[s.n] = '\0';
	return s;
}

/* A cell in a message: in quotes, on one line, cut. */
static const char *
quote(struct reading *r, struct str s)
{
	struct str head = cut(s, QUOTED_MAX);
	char *text = arena_printf(r->a, "\"%.*s%s\"", FMT(head), head.n < s.n ? "…" : "");

	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return text;
}

/* ASCII letters in lower case, for comparing with words. */
static struct str
lower(struct arena *a, struct str s)
{
	struct str out = arena_dup(a, s);

	for (char *p = (char *)out.p; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 'a' - 'A');
	return out;
}

/* What people and programs write where they know nothing. */
static bool
says_nothing(struct str s)
{
	static const char *const words[] = { "-", "--", "?", "–", "—", "unk", "unknown", "n/a", "#n/a", "nan",
		"null", "<null>" };
	char text[8];

	s = str_trim(s);
	if (s.n == 0 || s.n >= sizeof(text))
		return s.n == 0;
	for (size_t i = 0; i < s.n; i++)
		text[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 'a' - 'A' : s.p[i]);
	for (size_t i = 0; i < LEN(words); i++)
		if (str_is((struct str){ text, s.n }, words[i]))
			return true;
	return false;
}

static bool
is(const struct reading *r, size_t cell, enum column column)
{
	return r->known[cell] >= 0 && synonyms[r->known[cell]].column == column;
}

static struct str
value(const struct reading *r, size_t cell)
{
	return str_trim(r->row->cells[cell].value);
}

static void
recognise(struct reading *r)
{
	r->n = r->row->n < CELLS_MAX ? r->row->n : CELLS_MAX;
	if (r->n < r->row->n)
		warn(r, "only %d cells of the row were looked at", CELLS_MAX);
	for (size_t i = 0; i < r->n; i++)
		r->known[i] =
		    says_nothing(r->row->cells[i].value) ? TAKEN : synonym_of(r->row->cells[i].name);
}

/* The best cell for a column that is not taken; r->n: none. */
static size_t
find(const struct reading *r, enum column column)
{
	size_t best = r->n;

	for (size_t i = 0; i < r->n; i++)
		if (is(r, i, column) && (best == r->n || r->known[i] < r->known[best]))
			best = i;
	return best;
}

static struct str
peek(const struct reading *r, enum column column)
{
	size_t i = find(r, column);

	return i < r->n ? value(r, i) : S("");
}

/* What is never taken becomes an attribute. */
static struct str
take(struct reading *r, enum column column)
{
	size_t i = find(r, column);

	if (i == r->n)
		return S("");
	r->known[i] = TAKEN;
	return value(r, i);
}

/* ---- attributes ---------------------------------------------------------------- */

static void
attribute(struct reading *r, struct str key, struct str text)
{
	size_t before = r->attributes.n;

	for (size_t i = 0; i < r->nkeys; i++)
		if (str_eq(r->keys[i], key))
			return;
	if (r->nkeys == ATTRIBUTES_MAX) {
		r->dropped++;
		return;
	}
	/* json_key() is for names of our own: it does not escape. */
	json_str(&r->json, key);
	buf_char(r->json.out, ':');
	r->json.comma = false;
	json_str(&r->json, text);
	if (r->attributes.n < ATTRIBUTES_BYTES) {
		r->keys[r->nkeys++] = key;
		return;
	}
	r->attributes.n = before;
	r->json.comma = r->nkeys > 0;
	r->dropped++;
}

/* Strict: the whole of `text`, or NULL. */
static struct json_object *
parse_json(struct str text)
{
	struct json_tokener *t = json_tokener_new_ex(32);
	struct json_object *o;

	if (t == NULL)
		die("out of memory");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(t, text.p, (int)text.n);
	if (json_tokener_get_error(t) != json_tokener_success || json_tokener_get_parse_end(t) != text.n) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

static struct str
json_text(struct arena *a, struct json_object *v)
{
	const char *text = json_object_get_string(v);

	return utf8_mend(a, str(text));
}

/* The attributes of an export of our own. */
static void
own_attributes(struct reading *r, struct str text)
{
	struct json_object *o = text.n && text.p[0] == '{' ? parse_json(text) : NULL;
	struct json_object_iter i;

	if (o == NULL && text.n)
		attribute(r, S("attributes"), text);
	if (o == NULL)
		return;
	json_object_object_foreachC(o, i)
	{
		attribute(r, utf8_mend(r->a, str(i.key)), json_text(r->a, i.val));
	}
	json_object_put(o);
}

static void
remaining_attributes(struct reading *r)
{
	bool own = r->d->id.n > 0;

	own_attributes(r, take(r, ATTRIBUTES));
	for (size_t i = 0; i < r->n; i++) {
		if (r->known[i] == TAKEN || (own && is(r, i, OURS)))
			continue;
		attribute(r, r->row->cells[i].name, value(r, i));
	}
	if (r->dropped)
		warn(r, "%zu more columns than can be kept as attributes (%d, 16 KiB)", r->dropped,
		    ATTRIBUTES_MAX);
	if (r->nkeys == 0)
		return;
	json_close(&r->json, '}');
	r->d->s.attributes = arena_dup(r->a, (struct str){ r->attributes.p, r->attributes.n });
}

/* ---- which shelter: country, city, id ------------------------------------------- */

/* Letters that no folding turns into a to z: Nordic ones, and Cyrillic as
 * Ukraine romanises it (2010). */
static const char *const latin[][2] = {
	{ "ø", "o" },
	{ "æ", "ae" },
	{ "œ", "oe" },
	{ "đ", "d" },
	{ "ð", "d" },
	{ "ł", "l" },
	{ "þ", "th" },
	{ "ı", "i" },
	{ "а", "a" },
	{ "б", "b" },
	{ "в", "v" },
	{ "г", "h" },
	{ "ґ", "g" },
	{ "д", "d" },
	{ "е", "e" },
	{ "є", "ie" },
	{ "ж", "zh" },
	{ "з", "z" },
	{ "и", "y" },
	{ "і", "i" },
	{ "к", "k" },
	{ "л", "l" },
	{ "м", "m" },
	{ "н", "n" },
	{ "о", "o" },
	{ "п", "p" },
	{ "р", "r" },
	{ "с", "s" },
	{ "т", "t" },
	{ "у", "u" },
	{ "ф", "f" },
	{ "х", "kh" },
	{ "ц", "ts" },
	{ "ч", "ch" },
	{ "ш", "sh" },
	{ "щ", "shch" },
	{ "ъ", "" },
	{ "ы", "y" },
	{ "ь", "" },
	{ "э", "e" },
	{ "ю", "iu" },
	{ "я", "ia" },
};

/* What folded text begins with, in Latin letters; *used: its bytes. */
static const char *
latin_letters(struct str s, char one[static 2], size_t *used)
{
	*used = 1;
	if ((s.p[0] >= 'a' && s.p[0] <= 'z') || (s.p[0] >= '0' && s.p[0] <= '9')) {
		one[0] = s.p[0];
		one[1] = '\0';
		return one;
	}
	for (size_t i = 0; (unsigned char)s.p[0] >= 0x80 && i < LEN(latin); i++)
		if (str_starts(s, latin[i][0])) {
			*used = strlen(latin[i][0]);
			return latin[i][1];
		}
	return "";
}

/* Capitals and digits, twelve at most: "Alba Iulia" is ALBAIULIA.  Empty:
 * nothing of it can be written so. */
static struct str
city_code(struct arena *a, struct str text)
{
	char code[16], one[2];
	size_t n = 0, used;
	struct str s = utf8_fold(a, cut(text, TEXT_MAX));

	for (; s.n; s.p += used, s.n -= used)
		for (const char *p = latin_letters(s, one, &used); *p != '\0' && n < 12; p++)
			code[n++] = (char)(*p >= 'a' && *p <= 'z' ? *p + 'A' - 'a' : *p);
	return arena_dup(a, (struct str){ code, n });
}

static bool
two_capitals(struct str s)
{
	return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z';
}

static bool
read_country(struct reading *r)
{
	struct str given = take(r, COUNTRY), text = given.n ? given : r->options->country;

	r->d->country = lower(r->a, text);
	for (char *p = (char *)r->d->country.p; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p + 'A' - 'a');
	if (two_capitals(r->d->country))
		return true;
	if (text.n == 0)
		return fail(r, "needs a country: fill a column \"country\", or name it for the whole file");
	return fail(r, "country %s: write its two letters, such as RO", quote(r, text));
}

/* A county that its code says whole is done with; "Cook County" stays an
 * attribute beside COOKCOUNTY. */
static bool
read_city(struct reading *r)
{
	struct str zone = peek(r, ZONE), town = peek(r, TOWN);

	if (zone.n)
		r->d->city = city_code(r->a, zone);
	if (zone.n && str_eq(zone, r->d->city))
		take(r, ZONE);
	if (r->d->city.n == 0 && town.n)
		r->d->city = city_code(r->a, town);
	if (r->d->city.n)
		return true;
	if (zone.n == 0 && town.n == 0)
		return fail(r, "needs a county or city column: the shelter's number counts within it");
	return fail(r, "no code can be made of %s: add a column \"city_code\" with capitals or digits",
	    quote(r, zone.n ? zone : town));
}

static bool
read_identity(struct reading *r)
{
	struct str id = peek(r, ID), rest = id;

	if (!shelter_id_valid(id))
		return read_country(r) && read_city(r);
	r->d->id = arena_dup(r->a, take(r, ID));
	r->d->country = arena_dup(r->a, str_cut(&rest, '-'));
	r->d->city = arena_dup(r->a, str_cut(&rest, '-'));
	if (str_eq(peek(r, COUNTRY), r->d->country))
		take(r, COUNTRY);
	if (str_eq(peek(r, ZONE), r->d->city))
		take(r, ZONE);
	return true;
}

/* "1.5E+12": what a spreadsheet leaves of a long number. */
static bool
scientific(struct str s)
{
	double v;

	return s.n > 2 && (memchr(s.p, 'E', s.n) || memchr(s.p, 'e', s.n)) && memchr(s.p, '.', s.n) &&
	       str_double(s, &v);
}

/* For lists without ids: the same name, address and position is the same
 * shelter. */
static struct str
hashed_source(struct reading *r)
{
	const struct shelter *s = &r->d->s;
	struct arena *scratch = arena_new();
	unsigned char digest[16];
	char hex[sizeof(digest) * 2 + 1];
	struct str text = arena_strf(scratch, "%s\n%s\n%.5f,%.5f", utf8_fold(scratch, s->name).p,
	    utf8_fold(scratch, s->address).p, s->position.latitude, s->position.longitude);

	if (sodium_init() < 0)
		die("libsodium does not start");
	crypto_generichash(digest, sizeof(digest), (const unsigned char *)text.p, text.n, NULL, 0);
	arena_free(scratch);
	return arena_dup(r->a, str(sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest))));
}

static bool
read_source(struct reading *r)
{
	struct str source = take(r, SOURCE);

	if (source.n == 0)
		source = take(r, ID);
	if (source.n == 0)
		source = r->d->id.n ? r->d->id : hashed_source(r);
	if (source.n > SOURCE_MAX)
		return fail(r, "id %s is longer than %d bytes", quote(r, source), SOURCE_MAX);
	if (scientific(source))
		warn(r, "id %s is in scientific notation: a spreadsheet may have spoiled it",
		    quote(r, source));
	r->d->source = source;
	return true;
}

/* ---- name, address, place --------------------------------------------------------- */

static bool
letter_at(struct str s, size_t i)
{
	return i < s.n && ((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9'));
}

/* Whether folded `s` has `word` as words of its own; scripts without blanks
 * between words have it anywhere. */
static bool
has_words(struct str s, struct str word)
{
	bool first = letter_at(word, 0), last = word.n && letter_at(word, word.n - 1);

	for (size_t i = 0; word.n && i + word.n <= s.n; i++)
		if (memcmp(s.p + i, word.p, word.n) == 0 && !(first && i && letter_at(s, i - 1)) &&
		    !(last && letter_at(s, i + word.n)))
			return true;
	return false;
}

static bool
names_town(struct str address, struct str town)
{
	struct arena *scratch = arena_new();
	bool has = has_words(utf8_fold(scratch, address), utf8_fold(scratch, town));

	arena_free(scratch);
	return has;
}

/* "CRAIOVA" as Craiova; "CJ" and "NY" are codes. */
static struct str
titled(struct arena *a, struct str town)
{
	return town.n > 3 ? utf8_title(a, town) : town;
}

static bool
read_names(struct reading *r)
{
	struct shelter *s = &r->d->s;
	struct str town = titled(r->a, one_line(r, "town", take(r, TOWN), WORD_MAX));
	struct str name = one_line(r, "name", take(r, NAME), TEXT_MAX);
	struct str address = one_line(r, "address", take(r, ADDRESS), TEXT_MAX);
	struct str place = one_line(r, "place", take(r, PLACE), WORD_MAX);

	if (name.n == 0 && address.n == 0)
		return fail(r, "needs a name or an address: both are empty, or their columns were "
			       "not recognised");
	s->name = name.n ? name : address;
	s->place = place.n ? place : town;
	if (address.n == 0)
		s->address = town;
	else if (town.n == 0 || names_town(address, town))
		s->address = address;
	else
		s->address = arena_strf(r->a, "%.*s, %.*s", FMT(address), FMT(town));
	return true;
}

/* ---- numbers ------------------------------------------------------------------------ */

static size_t
digits(struct str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

/* The length of a thousands separator at `at`: , . ' blank, and the two
 * blanks that do not break. */
static size_t
separator(struct str s, size_t at)
{
	struct str rest = { s.p + at, s.n - at };

	if (rest.n && strchr(",.' ", rest.p[0]) != NULL)
		return 1;
	return str_starts(rest, "\xc2\xa0") ? 2 : str_starts(rest, "\xe2\x80\xaf") ? 3 : 0;
}

/* "1,200", "12 000 000": the bytes of digits that stand in groups, 0 where
 * they do not. */
static size_t
grouped(struct str s)
{
	size_t first = digits(s, 0), step = separator(s, first), n = first;

	if (first == 0 || first > 3 || step == 0)
		return 0;
	while (separator(s, n) == step && memcmp(s.p + n, s.p + first, step) == 0 && digits(s, n + step) == 3)
		n += step + 3;
	return n > first ? n : 0;
}

/* A whole number at the start of `s`: "120", "1,200", "80.0" (as programs
 * write it).  Returns its bytes, 0 where there is none. */
static size_t
whole(struct str s, double *v, bool *groups)
{
	size_t n = grouped(s), zeros = 0;

	*groups = n > 0;
	if (n == 0)
		n = digits(s, 0);
	*v = 0;
	for (size_t i = 0; i < n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			*v = *v * 10 + (s.p[i] - '0');
	if (n && !*groups && n < s.n && s.p[n] == '.')
		while (n + 1 + zeros < s.n && s.p[n + 1 + zeros] == '0')
			zeros++;
	return zeros ? n + 1 + zeros : n;
}

/* "persons", "人": words, without digits. */
static bool
wordy(struct str s)
{
	bool letter = s.n && ((s.p[0] >= 'a' && s.p[0] <= 'z') || (s.p[0] >= 'A' && s.p[0] <= 'Z') ||
				 (unsigned char)s.p[0] >= 0x80);

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return false;
	return letter;
}

static bool
read_people(struct reading *r, const char *what, struct str text, int64_t *out)
{
	bool groups;
	double v;
	size_t n = whole(text, &v, &groups);
	struct str tail = str_trim((struct str){ text.p + n, text.n - n });

	if (text.n > 1 && text.p[0] == '-' && digits(text, 1))
		return fail(
		    r, "%s %s is negative: leave it empty where it is not known", what, quote(r, text));
	if (scientific(text))
		return fail(
		    r, "%s %s is in scientific notation: write the number in full", what, quote(r, text));
	if (n == 0 || (tail.n && !wordy(tail)))
		return fail(r, "%s %s is not a whole number: write digits alone, or leave it empty", what,
		    quote(r, text));
	if (v > PEOPLE_MAX)
		return fail(r, "%s %s is more than %d people: is it in the right column?", what,
		    quote(r, text), PEOPLE_MAX);
	*out = (int64_t)v;
	if (groups || tail.n)
		warn(r, "%s %s was read as %lld", what, quote(r, text), (long long)*out);
	return true;
}

/* 0 is what lists hold where nobody knows. */
static bool
read_capacity(struct reading *r)
{
	int64_t *capacity = &r->d->s.capacity;

	while (*capacity == UNKNOWN && find(r, CAPACITY) < r->n) {
		if (!read_people(r, "capacity", take(r, CAPACITY), capacity))
			return false;
		if (*capacity == 0)
			*capacity = UNKNOWN;
	}
	if (*capacity > MANY_PEOPLE)
		warn(r, "capacity %lld is very large", (long long)*capacity);
	return true;
}

static bool
read_occupancy(struct reading *r)
{
	struct str text = take(r, OCCUPANCY);

	return text.n == 0 || read_people(r, "occupancy", text, &r->d->occupancy);
}

/* ---- position -------------------------------------------------------------------------- */

static const struct box {
	const char *country;
	double south, north, west, east;
} boxes[] = {
	{ "RO", 43.5, 48.4, 20.1, 29.9 },
	{ "JP", 20, 46, 122, 154.5 },
	{ "NO", 57.5, 81, 4, 32 },
	{ "SE", 55, 69.5, 10.5, 24.5 },
	{ "UA", 44, 52.5, 22, 40.5 },
	{ "TW", 20.5, 26.5, 116, 122.5 },
	{ "US", 17, 72, -180, -64 },
};

static bool
inside(const struct box *b, double latitude, double longitude)
{
	return latitude >= b->south && latitude <= b->north && longitude >= b->west && longitude <= b->east;
}

static const struct box *
box_of(struct str country)
{
	for (size_t i = 0; i < LEN(boxes); i++)
		if (str_is(country, boxes[i].country))
			return &boxes[i];
	return NULL;
}

/* Whether a placed draft lies outside its country, as far as we know that. */
bool
draft_outside(const struct draft *d)
{
	const struct box *b = box_of(d->country);

	return b != NULL && d->s.placed && !inside(b, d->s.position.latitude, d->s.position.longitude);
}

/* Degrees, with a point or a comma. */
static bool
degrees(struct str s, double *out)
{
	char text[32];

	s = str_trim(s);
	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	if (memchr(text, '.', s.n) == NULL && memchr(text, ',', s.n) != NULL)
		*(char *)memchr(text, ',', s.n) = '.';
	return str_double((struct str){ text, s.n }, out);
}

/* "46.77,23.59", "46,77; 23,59", "46.77 23.59", "46,77, 23,59"; and [x, y] as
 * RFC 7946 has it, longitude first. */
static bool
split_position(struct str both, struct str *latitude, struct str *longitude)
{
	bool array = both.n > 1 && both.p[0] == '[' && both.p[both.n - 1] == ']';
	struct str rest = array ? str_trim((struct str){ both.p + 1, both.n - 2 }) : both;
	char by = memchr(rest.p, ';', rest.n) ? ';' : memchr(rest.p, ' ', rest.n) ? ' ' : ',';
	struct str first = str_cut(&rest, by), second = str_trim(rest);

	if (by == ' ' && str_ends(first, ","))
		first.n--;
	*latitude = array ? second : first;
	*longitude = array ? first : second;
	return first.n && second.n;
}

/* Two numbers in a cell for one; "46,77" alone is a number. */
static bool
is_pair(struct str s)
{
	return memchr(s.p, ' ', s.n) || memchr(s.p, ';', s.n) ||
	       (memchr(s.p, '.', s.n) && memchr(s.p, ',', s.n));
}

/* What is certainly wrong, with a guess at why. */
static bool
plausible(struct reading *r, double latitude, double longitude)
{
	const struct box *b = box_of(r->d->country);

	if ((fabs(latitude) > 90 && fabs(latitude) <= 180 && fabs(longitude) <= 90) ||
	    (b != NULL && !inside(b, latitude, longitude) && inside(b, longitude, latitude)))
		return fail(
		    r, "latitude %g and longitude %g look swapped: exchange the two", latitude, longitude);
	if (fabs(longitude) > 180 || fabs(latitude) > 180)
		return fail(r,
		    "position %g, %g looks like projected metres (UTM or Web Mercator): convert it "
		    "to"
		    " WGS 84 degrees",
		    latitude, longitude);
	if (!geo_valid((struct geo){ longitude, latitude }))
		return fail(r, "latitude %g lies beyond 85 degrees", latitude);
	if (b != NULL && !inside(b, latitude, longitude))
		warn(r, "position %g, %g lies outside %s", latitude, longitude, b->country);
	return true;
}

static bool
place_at(struct reading *r, struct str lat, struct str lon)
{
	double latitude, longitude;

	if (!degrees(lat, &latitude))
		return fail(r, "latitude %s is not a number: write degrees such as 46.77", quote(r, lat));
	if (!degrees(lon, &longitude))
		return fail(r, "longitude %s is not a number: write degrees such as 23.59", quote(r, lon));
	if (fabs(latitude) < 1e-9 && fabs(longitude) < 1e-9)
		return true;
	if (!plausible(r, latitude, longitude))
		return false;
	r->d->s.position = (struct geo){ longitude, latitude };
	r->d->s.placed = true;
	return true;
}

static bool
read_pair(struct reading *r, struct str both)
{
	struct str latitude, longitude;

	if (both.n == 0)
		return true;
	if (split_position(both, &latitude, &longitude))
		return place_at(r, latitude, longitude);
	return fail(r, "position %s is not two numbers: write degrees such as 46.77, 23.59", quote(r, both));
}

static bool
read_position(struct reading *r)
{
	struct str fault = take(r, GEOMETRY_FAULT), lat = take(r, LATITUDE), lon = take(r, LONGITUDE), half;

	if (fault.n)
		return fail(r, "its geometry is a %s: give one point, such as the entrance", quote(r, fault));
	if (lat.n && lon.n)
		return place_at(r, lat, lon);
	if (lat.n == 0 && lon.n == 0)
		return read_pair(r, take(r, BOTH));
	half = lat.n ? lat : lon;
	if (is_pair(half))
		return read_pair(r, half);
	warn(r, "position %s is only half of one: the shelter is not on the map", quote(r, half));
	return true;
}

/* ---- status and type --------------------------------------------------------------------- */

/* The Romanian list's colours say how sound the building is. */
static const struct {
	const char *colour;
	enum status status;
	const char *condition;
} conditions[] = {
	{ "green", STATUS_OPEN, "functional" },
	{ "orange", STATUS_OPEN, "partly functional" },
	{ "red", STATUS_CLOSED, "not functional" },
	{ "0", STATUS_STANDBY, "unknown" },
};

static void
read_status(struct reading *r)
{
	struct str text = take(r, STATUS), word = lower(r->a, text);

	r->d->s.status = r->options->status;
	if (text.n == 0)
		return;
	r->d->has_status = status_parse(word, &r->d->s.status);
	for (size_t i = 0; i < LEN(conditions); i++)
		if (str_is(word, conditions[i].colour)) {
			r->d->s.status = conditions[i].status;
			r->d->has_status = true;
			attribute(r, S("condition"), str(conditions[i].condition));
		}
	if (r->d->has_status)
		return;
	attribute(r, S("status_source"), text);
	warn(r, "status %s is none of open, full, standby, closed: kept as an attribute", quote(r, text));
}

static void
read_type(struct reading *r)
{
	struct str word = lower(r->a, peek(r, TYPE));
	bool private = str_is(word, "privat") || str_is(word, "private");

	if (!private && !str_is(word, "public"))
		return;
	take(r, TYPE);
	attribute(r, S("ownership"), private ? S("private") : S("public"));
}

/* ---- features, electricity, heating -------------------------------------------------------- */

static enum tri
yes_or_no(struct reading *r, struct str text)
{
	static const char *const yes[] = { "yes", "y", "true", "1", "da", "ja", "oui", "si", "так", "да",
		"有", "是" };
	static const char *const no[] = { "no", "n", "false", "0", "nu", "nei", "nej", "non", "none", "ні",
		"нет", "無", "无", "否" };
	struct str word = lower(r->a, text);

	for (size_t i = 0; i < LEN(yes); i++)
		if (str_is(word, yes[i]))
			return TRI_YES;
	for (size_t i = 0; i < LEN(no); i++)
		if (str_is(word, no[i]))
			return TRI_NO;
	return TRI_UNKNOWN;
}

static enum tri
read_tri(struct reading *r, const char *what, enum column column)
{
	struct str text = take(r, column);
	enum tri t = yes_or_no(r, text);

	if (text.n && t == TRI_UNKNOWN)
		warn(r, "%s %s is neither yes nor no: taken as unknown", what, quote(r, text));
	return t;
}

static void
add_feature(struct reading *r, struct str text)
{
	struct shelter *s = &r->d->s;

	text = one_line(r, "a feature", text, WORD_MAX);
	if (text.n == 0)
		return;
	for (size_t i = 0; i < s->nfeatures; i++)
		if (str_eq(r->features[i], text))
			return;
	if (s->nfeatures == FEATURES_MAX)
		warn(r, "more than %d features: %s was left out", FEATURES_MAX, quote(r, text));
	else
		r->features[s->nfeatures++] = text;
}

/* Splits off the next part of "a; b | c". */
static struct str
next_part(struct str *rest)
{
	const char *bar = memchr(rest->p, '|', rest->n), *semicolon = memchr(rest->p, ';', rest->n);

	return str_trim(str_cut(rest, bar && (!semicolon || bar < semicolon) ? '|' : ';'));
}

static bool
read_feature_list(struct reading *r)
{
	struct str rest = take(r, FEATURES);
	struct json_object *list;

	if (rest.n == 0 || rest.p[0] != '[') {
		while (rest.n)
			add_feature(r, next_part(&rest));
		return true;
	}
	list = parse_json(rest);
	if (list == NULL)
		return fail(r, "features %s: this JSON cannot be read", quote(r, rest));
	for (size_t i = 0; i < json_object_array_length(list); i++)
		add_feature(r, json_text(r->a, json_object_array_get_idx(list, i)));
	json_object_put(list);
	return true;
}

/* A plain "no" is left to the attributes: it is more than not knowing. */
static bool
read_features(struct reading *r)
{
	struct shelter *s = &r->d->s;

	if (!read_feature_list(r))
		return false;
	s->electricity = read_tri(r, "electricity", ELECTRICITY);
	s->heating = read_tri(r, "heating", HEATING);
	for (size_t i = 0; i < r->n; i++) {
		enum tri t = is(r, i, STEP_FREE) || is(r, i, PETS) || is(r, i, GENERATOR)
				 ? yes_or_no(r, value(r, i))
				 : TRI_NO;

		if (t == TRI_NO || (t == TRI_UNKNOWN && !is(r, i, PETS)))
			continue;
		if (is(r, i, GENERATOR))
			s->electricity = s->electricity == TRI_UNKNOWN ? TRI_YES : s->electricity;
		else
			add_feature(r, is(r, i, PETS) ? S("pets") : S("step-free"));
		r->known[i] = TAKEN;
	}
	return true;
}

/* ---- resources --------------------------------------------------------------------------------
 */

/* The next free place; NULL: there is none, or the name will not do. */
static struct resource *
new_resource(struct reading *r, struct str name)
{
	static const char *const ours[] = { "", "availability", "projected", "features", "capacity" };
	struct shelter *s = &r->d->s;
	struct str slug = utf8_slug(r->a, name = one_line(r, "a resource", name, WORD_MAX));

	for (size_t i = 0; i < LEN(ours); i++)
		if (str_is(slug, ours[i])) {
			warn(r, "no resource can be called %s: left out", quote(r, name));
			return NULL;
		}
	for (size_t i = 0; i < s->nresources; i++)
		if (str_eq(r->resources[i].name, name))
			return NULL;
	if (s->nresources == RESOURCES_MAX) {
		warn(r, "more than %d resources: %s was left out", RESOURCES_MAX, quote(r, name));
		return NULL;
	}
	r->resources[s->nresources] = (struct resource){ .name = name };
	return &r->resources[s->nresources++];
}

static void
add_item(struct reading *r, struct resource *to, struct str text)
{
	text = one_line(r, "an item", text, WORD_MAX);
	if (text.n == 0)
		return;
	if (to->nitems == ITEMS_MAX) {
		warn(r, "more than %d items: %s was left out", ITEMS_MAX, quote(r, text));
		return;
	}
	if (to->items == NULL)
		to->items = arena_array(r->a, struct str, ITEMS_MAX);
	to->items[to->nitems++] = text;
}

/* "200 l", "1,5 t", "1,200 l", "12". */
static bool
read_quantity(struct reading *r, struct resource *to, struct str text)
{
	bool groups;
	size_t n = whole(text, &to->quantity, &groups), all = n;

	while (all < text.n && strchr("0123456789.,", text.p[all]) != NULL)
		all++;
	if (all > n && !degrees((struct str){ text.p, all }, &to->quantity))
		return false;
	to->unit = str_trim((struct str){ text.p + all, text.n - all });
	if (all == 0 || (to->unit.n && !wordy(to->unit)) || !isfinite(to->quantity))
		return false;
	if (all == n && groups)
		warn(r, "%s %s was read as %g", to->name.p, quote(r, text), to->quantity);
	to->unit = one_line(r, "a unit", to->unit, UNIT_MAX);
	return true;
}

static void
read_resource_text(struct reading *r, struct resource *to, struct str text)
{
	struct str rest = text;

	to->counted = read_quantity(r, to, text);
	if (to->counted)
		return;
	to->quantity = 0;
	to->unit = S("");
	while (rest.n)
		add_item(r, to, next_part(&rest));
}

/* {"quantity": 200, "unit": "liters"} or ["insulin"], as api.md has it. */
static bool
read_resource_json(struct reading *r, struct str name, struct json_object *v)
{
	struct json_object *quantity = NULL, *unit = NULL;
	struct resource *to = new_resource(r, name);

	if (to == NULL)
		return true;
	if (json_object_is_type(v, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(v); i++)
			add_item(r, to, json_text(r->a, json_object_array_get_idx(v, i)));
		return true;
	}
	json_object_object_get_ex(v, "quantity", &quantity);
	json_object_object_get_ex(v, "unit", &unit);
	to->counted = true;
	to->quantity = json_object_get_double(quantity);
	if (unit != NULL)
		to->unit = one_line(r, "a unit", json_text(r->a, unit), UNIT_MAX);
	if ((json_object_is_type(quantity, json_type_int) ||
		json_object_is_type(quantity, json_type_double)) &&
	    isfinite(to->quantity) && to->quantity >= 0)
		return true;
	return fail(r, "resource %s needs a quantity, a number that is not negative", quote(r, name));
}

static bool
read_resource_map(struct reading *r, struct str text)
{
	struct json_object *map = text.n ? parse_json(text) : NULL;
	struct json_object_iter i;
	bool good = true;

	if (text.n == 0)
		return true;
	if (!json_object_is_type(map, json_type_object)) {
		json_object_put(map);
		return fail(r, "resources %s: write {\"water\": {\"quantity\": 200, \"unit\": \"liters\"}}",
		    quote(r, text));
	}
	json_object_object_foreachC(map, i)
	{
		good = good && read_resource_json(r, utf8_mend(r->a, str(i.key)), i.val);
	}
	json_object_put(map);
	return good;
}

static bool
read_resource_cell(struct reading *r, struct str name, struct str text)
{
	struct json_object *v = strchr("{[", text.p[0]) ? parse_json(text) : NULL;
	struct resource *to;
	bool good = true;

	if (v != NULL)
		good = read_resource_json(r, name, v);
	else if (text.p[0] == '-')
		good = fail(r, "%s %s is negative", name.p, quote(r, text));
	else if (yes_or_no(r, text) != TRI_NO && (to = new_resource(r, name)) != NULL)
		read_resource_text(r, to, text);
	json_object_put(v);
	return good;
}

/* A resource is called by what its column is known as: "Water" is water. */
static bool
read_resources(struct reading *r)
{
	if (!read_resource_map(r, take(r, RESOURCES)))
		return false;
	for (size_t i = 0; i < r->n; i++) {
		if (!is(r, i, RESOURCE))
			continue;
		if (!read_resource_cell(r, synonyms[r->known[i]].slug, value(r, i)))
			return false;
		r->known[i] = TAKEN;
	}
	return true;
}

/* ---- all of it
 * ------------------------------------------------------------------------------------ */

static void
keep_lists(struct reading *r)
{
	struct shelter *s = &r->d->s;

	s->features = s->nfeatures ? arena_array(r->a, struct str, s->nfeatures) : NULL;
	if (s->nfeatures)
		memcpy(s->features, r->features, s->nfeatures * sizeof(*s->features));
	s->resources = s->nresources ? arena_array(r->a, struct resource, s->nresources) : NULL;
	if (s->nresources)
		memcpy(s->resources, r->resources, s->nresources * sizeof(*s->resources));
}

static bool
read_all(struct reading *r)
{
	recognise(r);
	json_open(&r->json, '{');
	if (!read_identity(r) || !read_names(r) || !read_position(r) || !read_capacity(r) ||
	    !read_occupancy(r) || !read_source(r))
		return false;
	read_status(r);
	read_type(r);
	if (!read_features(r) || !read_resources(r))
		return false;
	keep_lists(r);
	remaining_attributes(r);
	return true;
}

bool
draft_from_row(struct arena *a, const struct import_row *row, const struct import_options *options,
    struct draft *d, const char **fault, const char **warning)
{
	struct reading r = { .a = a, .row = row, .options = options, .d = d };
	bool good;

	*d = (struct draft){ .s = { .capacity = UNKNOWN }, .occupancy = UNKNOWN };
	r.json.out = &r.attributes;
	good = read_all(&r);
	buf_free(&r.attributes);
	*fault = r.fault;
	*warning = r.warning;
	return good;
}

/* place.c - names of places. */
#include "place.h"

#include <stdlib.h>

#include "hash.h"
#include "set.h"
#include "utf8.h"

enum { SAMPLE = 1000 }; /* positions of which the median is taken */

/* ISO 3166-1 and ISO 3166-2:RO.  What is not here takes the name of its first
 * shelter's town, or shows its code. */
static const struct {
	const char *location, *title;
} titles[] = {
	/* clang-format off */
	{ "country-BG", "Bulgaria" }, { "country-HU", "Hungary" }, { "country-IL", "Israel" },
	{ "country-JP", "Japan" }, { "country-MD", "Moldova" }, { "country-NO", "Norway" },
	{ "country-RO", "Romania" }, { "country-RS", "Serbia" }, { "country-SE", "Sweden" },
	{ "country-TW", "Taiwan" }, { "country-UA", "Ukraine" }, { "country-US", "United States" },
	{ "city-AB", "Alba" }, { "city-AG", "Argeș" }, { "city-AR", "Arad" }, { "city-B", "București" },
	{ "city-BC", "Bacău" }, { "city-BH", "Bihor" }, { "city-BN", "Bistrița-Năsăud" },
	{ "city-BR", "Brăila" }, { "city-BT", "Botoșani" }, { "city-BV", "Brașov" },
	{ "city-BZ", "Buzău" }, { "city-CJ", "Cluj" }, { "city-CL", "Călărași" },
	{ "city-CS", "Caraș-Severin" }, { "city-CT", "Constanța" }, { "city-CV", "Covasna" },
	{ "city-DB", "Dâmbovița" }, { "city-DJ", "Dolj" }, { "city-GJ", "Gorj" },
	{ "city-GL", "Galați" }, { "city-GR", "Giurgiu" }, { "city-HD", "Hunedoara" },
	{ "city-HR", "Harghita" }, { "city-IF", "Ilfov" }, { "city-IL", "Ialomița" },
	{ "city-IS", "Iași" }, { "city-MH", "Mehedinți" }, { "city-MM", "Maramureș" },
	{ "city-MS", "Mureș" }, { "city-NT", "Neamț" }, { "city-OT", "Olt" }, { "city-PH", "Prahova" },
	{ "city-SB", "Sibiu" }, { "city-SJ", "Sălaj" }, { "city-SM", "Satu Mare" },
	{ "city-SV", "Suceava" }, { "city-TL", "Tulcea" }, { "city-TM", "Timiș" },
	{ "city-TR", "Teleorman" }, { "city-VL", "Vâlcea" }, { "city-VN", "Vrancea" },
	{ "city-VS", "Vaslui" },
	/* clang-format on */
};

bool
location_valid(struct str s)
{
	struct str code = s, kind = str_cut(&code, '-');

	if (s.n > 40 || kind.n == 0 || code.n == 0)
		return false;
	for (size_t i = 0; i < kind.n; i++)
		if (kind.p[i] < 'a' || kind.p[i] > 'z')
			return false;
	for (size_t i = 0; i < code.n; i++)
		if (!((code.p[i] >= 'A' && code.p[i] <= 'Z') || (code.p[i] >= '0' && code.p[i] <= '9')))
			return false;
	return true;
}

static const char *
known_title(struct str location)
{
	for (size_t i = 0; i < LEN(titles); i++)
		if (str_is(location, titles[i].location))
			return titles[i].title;
	return NULL;
}

struct str
location_title(struct db *db, struct arena *a, struct str location)
{
	const char *known = known_title(location);
	struct str title = location;

	if (known != NULL)
		return str(known);
	if (hash_get(db, a, S("titles"), location, &title) == OK)
		return title;
	str_cut(&title, '-');
	return title;
}

enum err
location_name(struct db *db, struct arena *a, struct str location, struct str title)
{
	struct str old;
	struct field f = { location, title };

	if (title.n == 0 || known_title(location) || str_starts(location, "country-") ||
	    hash_get(db, a, S("titles"), location, &old) == OK)
		return OK;
	return hash_set(db, S("titles"), &f, 1);
}

static struct str
place_key(struct arena *a, struct str slug)
{
	return arena_strf(a, "place:%.*s", FMT(slug));
}

enum err
place_add(struct db *db, struct arena *a, struct str town, struct str id)
{
	struct str slug = utf8_slug(a, town);
	enum err e;

	if (slug.n == 0)
		return OK;
	if ((e = set_add(db, place_key(a, slug), id)) != OK)
		return e;
	return set_add(db, S("places"), slug);
}

enum err
place_rem(struct db *db, struct arena *a, struct str town, struct str id)
{
	struct str slug = utf8_slug(a, town);
	int64_t left;
	enum err e;

	if (slug.n == 0)
		return OK;
	if ((e = set_rem(db, place_key(a, slug), id)) != OK)
		return e;
	if ((e = set_card(db, place_key(a, slug), &left)) != OK || left > 0)
		return e;
	return set_rem(db, S("places"), slug);
}

static int
double_cmp(const void *x, const void *y)
{
	const double *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* The median of the positions of a set's first members; a mean would follow a
 * row that lies in the wrong county.  False: none has a position. */
static bool
centre_of(struct db *db, struct arena *a, struct str set, struct geo *centre)
{
	double *longitudes, *latitudes;
	struct str *ids;
	size_t n, placed = 0;

	if (set_page(db, a, set, (struct str){ 0 }, SAMPLE, &ids, &n) != OK || n == 0)
		return false;
	longitudes = arena_array(a, double, n);
	latitudes = arena_array(a, double, n);
	for (size_t i = 0; i < n; i++) {
		struct geo g;

		if (geo_pos(db, S("shelters:geo"), ids[i], &g) != OK)
			continue;
		longitudes[placed] = g.longitude;
		latitudes[placed++] = g.latitude;
	}
	if (placed == 0)
		return false;
	qsort(longitudes, placed, sizeof(double), double_cmp);
	qsort(latitudes, placed, sizeof(double), double_cmp);
	*centre = (struct geo){ longitudes[placed / 2], latitudes[placed / 2] };
	return true;
}

static void
add_place(struct db *db, struct arena *a, struct str set, struct place p, struct place *out, size_t *n)
{
	if (*n == PLACES_MAX || set_card(db, set, &p.shelters) != OK || p.shelters == 0)
		return;
	if (centre_of(db, a, set, &p.centre))
		out[(*n)++] = p;
}

/* The town as its shelters write it. */
static struct str
town_title(struct db *db, struct arena *a, struct str slug)
{
	struct str *ids, title = slug;
	size_t n;

	if (set_page(db, a, place_key(a, slug), (struct str){ 0 }, 1, &ids, &n) == OK && n == 1)
		hash_get(db, a, ids[0], S("place"), &title);
	return utf8_title(a, title);
}

static void
add_town(struct db *db, struct arena *a, struct str slug, struct place *out, size_t *n)
{
	add_place(db, a, place_key(a, slug), (struct place){ .title = town_title(db, a, slug) }, out, n);
}

/* Locations whose folded title is the name, or begins with it. */
static void
add_locations(struct db *db, struct arena *a, struct str slug, bool whole, struct place *out, size_t *n)
{
	struct str *names;
	size_t count;

	if (set_page(db, a, S("locations"), (struct str){ 0 }, 2000, &names, &count) != OK)
		return;
	for (size_t i = 0; i < count && *n < PLACES_MAX; i++) {
		struct str title = location_title(db, a, names[i]), folded = utf8_slug(a, title);
		struct str code = names[i];

		str_cut(&code, '-');
		if (str_eq(folded, slug) || str_eq(utf8_slug(a, code), slug) ||
			    str_eq(utf8_slug(a, names[i]), slug)
			? !whole
			: (whole || !str_starts(folded, slug.p)))
			continue;
		add_place(db, a, names[i], (struct place){ .title = title, .location = names[i] }, out, n);
	}
}

static int
larger_first(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	return (a->shelters < b->shelters) - (a->shelters > b->shelters);
}

enum err
place_find(struct db *db, struct arena *a, struct str name, struct place *out, size_t *n)
{
	struct str slug = utf8_slug(a, name), *slugs;
	size_t whole, count;
	enum err e;

	*n = 0;
	if (slug.n == 0)
		return OK;
	if (set_has(db, S("places"), slug))
		add_town(db, a, slug, out, n);
	add_locations(db, a, slug, true, out, n);
	whole = *n;
	if ((e = set_page(db, a, S("places"), slug, 50, &slugs, &count)) != OK)
		return e;
	for (size_t i = 0; i < count && str_starts(slugs[i], slug.p); i++)
		add_town(db, a, slugs[i], out, n);
	add_locations(db, a, slug, false, out, n);
	qsort(out + whole, *n - whole, sizeof(*out), larger_first);
	return OK;
}

/* ---- locations by name ---------------------------------------------------------- */

enum { LOCATIONS_MAX = 2000, TOWNS = 5 };

struct hit {
	struct str location;
	int64_t shelters;
	int rank; /* the lower the better */
};

static int
better_first(const void *x, const void *y)
{
	const struct hit *a = x, *b = y;

	if (a->rank != b->rank)
		return a->rank - b->rank;
	if (a->shelters != b->shelters)
		return a->shelters < b->shelters ? 1 : -1;
	return str_cmp(a->location, b->location);
}

/* 0: the whole title or the code; 1: a country, where nothing was asked; 2: a
 * word begins so; -1: it is not meant. */
static int
rank_of(struct db *db, struct arena *a, struct str location, struct str folded)
{
	struct str title = utf8_fold(a, location_title(db, a, location)), code = location;

	str_cut(&code, '-');
	if (folded.n == 0)
		return str_starts(location, "country-") ? 1 : 2;
	if (str_eq(title, folded) || str_eq(utf8_fold(a, code), folded) ||
	    str_eq(utf8_fold(a, location), folded))
		return 0;
	for (; title.n > 0; str_cut(&title, ' '))
		if (str_starts(title, folded.p))
			return 2;
	return -1;
}

static bool
has_hit(const struct hit *hits, size_t n, struct str location)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(hits[i].location, location))
			return true;
	return false;
}

/* Where a town lies: where its first shelter does. */
static void
add_of_town(struct db *db, struct arena *a, struct str slug, struct hit *hits, size_t *n)
{
	struct str *ids, location;
	size_t count;

	if (set_page(db, a, place_key(a, slug), (struct str){ 0 }, 1, &ids, &count) != OK || count == 0)
		return;
	location = shelter_city(a, ids[0]);
	if (!has_hit(hits, *n, location))
		hits[(*n)++] = (struct hit){ .location = location, .rank = 3 };
}

static enum err
add_of_towns(struct db *db, struct arena *a, struct str name, struct hit *hits, size_t *n)
{
	struct str slug = utf8_slug(a, name), *slugs;
	size_t count;
	enum err e;

	if (slug.n == 0)
		return OK;
	if (set_has(db, S("places"), slug))
		add_of_town(db, a, slug, hits, n);
	e = set_page(db, a, S("places"), slug, TOWNS, &slugs, &count);
	for (size_t i = 0; e == OK && i < count && str_starts(slugs[i], slug.p); i++)
		add_of_town(db, a, slugs[i], hits, n);
	return e;
}

enum err
location_search(
    struct db *db, struct arena *a, struct str name, size_t limit, struct str **locations, size_t *n)
{
	struct hit *hits = arena_array(a, struct hit, LOCATIONS_MAX + TOWNS + 1);
	struct str folded = utf8_fold(a, name), *names;
	size_t count, nhits = 0;
	enum err e = set_page(db, a, S("locations"), (struct str){ 0 }, LOCATIONS_MAX, &names, &count);

	*n = 0;
	for (size_t i = 0; e == OK && i < count; i++) {
		int rank = rank_of(db, a, names[i], folded);

		if (rank >= 0 && (e = set_card(db, names[i], &hits[nhits].shelters)) == OK) {
			hits[nhits].location = names[i];
			hits[nhits++].rank = rank;
		}
	}
	if (e == OK)
		e = add_of_towns(db, a, name, hits, &nhits);
	qsort(hits, nhits, sizeof(*hits), better_first);
	*locations = arena_array(a, struct str, limit + 1);
	for (; *n < limit && *n < nhits; (*n)++)
		(*locations)[*n] = hits[*n].location;
	return e;
}

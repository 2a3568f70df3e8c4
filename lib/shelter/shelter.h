/*
 * shelter.h - a shelter: what it is, its two numbers, and how it is kept.
 *
 * The hash at the shelter's id (RO-CJ-01) is the truth; beside it, in the same
 * transaction: the counters ID-availability and ID-projected, the rankings of
 * every location it belongs to, its position, its needs, and its card, which
 * is the JSON that everybody reads.  docs/keys.md lists the keys.
 *
 * availability = capacity - occupancy (what staff confirmed);
 * projected_availability = availability - expected (people on their way).
 * Both are unknown while the capacity is.
 */
#ifndef MUSTER_SHELTER_H
#define MUSTER_SHELTER_H

#include "db.h"
#include "geo.h"
#include "json.h"

#define UNKNOWN INT64_C(-1) /* of a capacity */

enum tri { TRI_UNKNOWN = 0, TRI_NO, TRI_YES };

enum status { STATUS_OPEN, STATUS_FULL, STATUS_STANDBY, STATUS_CLOSED, STATUS__MAX };

/* {"quantity": 200, "unit": "liters"} or a list of texts. */
struct resource {
	struct str name;
	bool counted;
	double quantity;
	struct str unit;
	struct str *items;
	size_t nitems;
};

struct shelter {
	struct str id;                   /* COUNTRY-CITY-NUMBER */
	struct str uid;                  /* "_id": random, made once */
	struct str name, address, place; /* place: the town, for search; may be empty */
	bool placed;                     /* has a position */
	struct geo position;
	int64_t capacity; /* people, or UNKNOWN */
	int64_t occupancy, expected;
	struct str *features;
	size_t nfeatures;
	struct resource *resources;
	size_t nresources;
	enum tri electricity, heating;
	enum status status;
	int64_t created_at, updated_at; /* unix ms */
	int64_t confirmed_at;           /* when staff last confirmed the number inside; 0: never */
	struct str needs;               /* "|step-free|water|": what it has, as slugs; made by shelter_save */
	struct str attributes;          /* a JSON object: what an import brought along; may be empty */
	int64_t sequence;               /* of its last change: its version */
};

enum { FEATURES_MAX = 50, RESOURCES_MAX = 50, ITEMS_MAX = 50, PEOPLE_MAX = 1000000 };

const char *status_name(enum status);
bool status_parse(struct str, enum status *);

/* COUNTRY-CITY-NUMBER: two capitals; 1 to 12 capitals or digits; 2 to 8 digits. */
bool shelter_id_valid(struct str id);

/* The locations an id names: country-RO, city-CJ. */
struct str shelter_country(struct arena *, struct str id);
struct str shelter_city(struct arena *, struct str id);

/* ERR_NOT_FOUND. */
enum err shelter_load(struct db *, struct arena *, struct str id, struct shelter *);

/* Known numbers only: check s->capacity against UNKNOWN first. */
int64_t shelter_availability(const struct shelter *);
int64_t shelter_projected(const struct shelter *);

/* What happened at a shelter: an entry of its ledger. */
struct change {
	const char *kind; /* announce change cancel expire reject arrive walk-in depart correct … */
	int64_t occupancy, expected; /* what it added, or took away (negative) */
	struct str code;             /* of the intention, if one is behind it */
	struct str by;               /* who on the staff; empty: a citizen, or time */
	struct str reason;           /* why, if it was told */
	bool confirms;               /* staff looked: the number inside is confirmed */
};

/* W.  Creates: `old` NULL; or brings `old` (as loaded in this transaction) to
 * `s`.  Occupancy and expected that differ are written to the ledger with
 * `change` (kind and by).  Takes the next write sequence, updates every index,
 * queues the live event.  Sets s->uid, created_at, updated_at, sequence. */
enum err shelter_save(
    struct db *, struct arena *, const struct shelter *old, struct shelter *s, const struct change *change);

/* W.  Applies a change of people: counters, ledger, rankings, card.  Changes
 * of occupancy are a confirmation by staff.  ERR_CONFLICT: more would leave,
 * or stop being expected, than there are; nothing was done. */
enum err shelter_apply(struct db *, struct arena *, struct shelter *s, const struct change *change);

/* W.  Takes it out of everything, its ledger and its intentions too. */
void shelter_delete(struct db *, struct arena *, const struct shelter *);

/* W.  Location membership: set and rankings.  The sets country-… and city-…
 * of its id are joined on creation. */
enum err shelter_join(struct db *, struct arena *, const struct shelter *, struct str location);
enum err shelter_leave(struct db *, struct arena *, const struct shelter *, struct str location);

/* How much of a resource there is, by its slug: what its rankings hold.  Names
 * of one meaning ("Water", "water") count together.  False: it has none of it. */
bool shelter_amount(struct arena *, const struct shelter *, struct str slug, double *sum);

/* Its locations, in byte order. */
enum err shelter_locations(struct db *, struct arena *, struct str id, struct str **, size_t *n);

/* The shelter as api.md has it, without the closing brace: the caller adds
 * members (distance) and closes. */
void shelter_json(struct json *, const struct shelter *);

/* Its features as a JSON array. */
struct str shelter_features(struct arena *, const struct shelter *);

/* ---- the card: what lists and searches read, one string at ID:card -------- */

struct card {
	int64_t sequence;
	enum status status;
	bool known; /* whether projected is */
	int64_t projected;
	struct str needs; /* "|step-free|electricity|water|": what it has, as slugs */
	struct str json;  /* the object up to its closing brace */
};

#define CARD ":card"

/* The bytes of a shelter's card.  ERR_NOT_FOUND. */
enum err shelter_card(struct db *, struct arena *, struct str id, struct str *bytes);

/* Reads one from its bytes (borrowed); false: not a card. */
bool card_parse(struct str bytes, struct card *);

/* Whether it has all of these (slugs). */
bool card_has(const struct card *, struct str need);

/* What a citizen may ask for as one slug: synonyms ("wheelchair", "disabled
 * persons special access", "step-free") come out alike. */
struct str need_slug(struct arena *, struct str text);

#endif

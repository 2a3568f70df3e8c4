/*
 * import.c - a list of shelters comes into the store.
 *
 * First everything is read and judged, outside of any transaction; then one
 * transaction writes it.  What a file does not say (an empty cell, a capacity
 * of 0) never takes away what is known, and what staff confirmed stays theirs:
 * the people inside always, the status once they did.
 *
 * Keys: import:COUNTRY, a hash from the source's ids to ours;
 * number:COUNTRY-CITY, the last number given in a city.
 */
#include "import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "key.h"
#include "value.h"

enum {
	ROUND = 500,     /* rows after which the working memory is taken back */
	BATCH = 250,     /* source ids written in one go */
	SAME_POINT = 10, /* rows on one point that make suspicious */
};

struct entry {
	int64_t line;
	struct draft d;
	const char *fault, *warning;
};

struct run {
	struct db *db;
	struct arena *a, *scratch;
	const struct import_options *options;
	struct import_report *report;
	struct entry *entries;
	size_t n;
	/* Source ids that are to be written, all of one country. */
	struct str country;
	struct field batch[BATCH];
	size_t nbatch;
	enum { NOT_ASKED, FIRST_TIME, SEEN_BEFORE } imported[26 * 26]; /* by country */
};

/* ---- the report ---------------------------------------------------------------- */

static void
tell(struct run *run, int64_t row, const char *text, bool warning)
{
	struct import_report *report = run->report;

	(*(warning ? &report->nwarnings : &report->nfaults))++;
	if (report->kept < IMPORT_FAULTS_MAX)
		report->faults[report->kept++] = (struct import_fault){ row, str(text), warning };
}

/* Faults stand first: they are what must be mended. */
static void
tell_rows(struct run *run)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->entries[i].fault != NULL)
			tell(run, run->entries[i].line, run->entries[i].fault, false);
	for (size_t i = 0; i < run->n; i++)
		if (run->entries[i].warning != NULL)
			tell(run, run->entries[i].line, run->entries[i].warning, true);
	run->report->skipped = run->report->nfaults;
}

/* Exports that are cut end at a round number of rows. */
static void
warn_of_size(struct run *run)
{
	static const size_t limits[] = { 1000, 2000, 5000, 8000, 10000 };

	if (run->n == 0)
		tell(run, 1, "the file has no rows", true);
	for (size_t i = 0; i < LEN(limits); i++)
		if (run->n == limits[i])
			tell(run, 1,
			    arena_printf(run->a, "exactly %zu rows: the list may have been cut", run->n),
			    true);
}

static void
warn_of_country(struct run *run)
{
	size_t outside = 0;

	for (size_t i = 0; i < run->n; i++)
		outside += draft_outside(&run->entries[i].d);
	if (outside * 2 > run->n)
		tell(run, 1,
		    arena_printf(run->a, "%zu of %zu rows lie outside their country: is it the right one?",
			outside, run->n),
		    true);
}

static int
by_point(const void *x, const void *y)
{
	const struct geo *p = x, *q = y;

	if (p->latitude < q->latitude || p->latitude > q->latitude)
		return p->latitude < q->latitude ? -1 : 1;
	return (p->longitude > q->longitude) - (p->longitude < q->longitude);
}

static size_t
points(struct run *run, struct geo *out)
{
	size_t n = 0;

	for (size_t i = 0; i < run->n; i++)
		if (run->entries[i].fault == NULL && run->entries[i].d.s.placed)
			out[n++] = run->entries[i].d.s.position;
	return n;
}

/* A geocoder that does not find an address gives the middle of the town. */
static void
warn_of_points(struct run *run)
{
	struct geo *p = calloc(run->n + 1, sizeof(*p)), worst = { 0 };
	size_t n = p ? points(run, p) : 0, most = 0, crowded = 0;

	if (n)
		qsort(p, n, sizeof(*p), by_point);
	for (size_t i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n && by_point(&p[i], &p[i + same]) == 0; same++)
			;
		crowded += same >= SAME_POINT;
		if (same > most) {
			most = same;
			worst = p[i];
		}
	}
	if (crowded)
		tell(run, 1,
		    arena_printf(run->a,
			"%zu points carry %d or more rows each, %g, %g carries %zu: were"
			" they found by their town alone?",
			crowded, SAME_POINT, worst.latitude, worst.longitude, most),
		    true);
	free(p);
}

/* ---- reading ----------------------------------------------------------------------- */

static char
first_byte(struct str file)
{
	if (str_starts(file, "\xef\xbb\xbf"))
		file = (struct str){ file.p + 3, file.n - 3 };
	file = str_trim(file);
	return file.n ? file.p[0] : '\0';
}

/* What is often sent by mistake; NULL: none of it. */
static const char *
another_kind(struct str file)
{
	if (str_starts(file, "PK\x03\x04"))
		return "this is a spreadsheet or an archive: save it as CSV (UTF-8)";
	if (str_starts(file, "\xff\xfe") || str_starts(file, "\xfe\xff"))
		return "this is UTF-16: save it as UTF-8";
	if (first_byte(file) == '<')
		return "this is HTML or XML: CSV, GeoJSON or JSON is needed";
	return NULL;
}

static bool
read_rows(struct run *run, struct str file, struct import_row **rows, const char **why)
{
	enum import_format format = run->options->format;
	char first = first_byte(file);

	if ((*why = another_kind(file)) != NULL)
		return false;
	if (format == IMPORT_GUESS)
		format = first == '{' || first == '[' ? IMPORT_JSON : IMPORT_CSV;
	if (format == IMPORT_CSV)
		return csv_rows(run->a, file, rows, &run->n, why);
	return json_rows(run->a, file, rows, &run->n, why);
}

static void
make_drafts(struct run *run, const struct import_row *rows)
{
	run->entries = arena_array(run->a, struct entry, run->n);
	for (size_t i = 0; i < run->n; i++) {
		struct entry *e = &run->entries[i];

		e->line = rows[i].line;
		draft_from_row(run->a, &rows[i], run->options, &e->d, &e->fault, &e->warning);
	}
}

static size_t
hash_of(const struct draft *d)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < d->source.n; i++)
		h = (h ^ (unsigned char)d->source.p[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

static bool
same_source(const struct draft *x, const struct draft *y)
{
	return str_eq(x->source, y->source) && str_eq(x->country, y->country);
}

/* Two rows of one id: nobody knows which is right, so the later is a fault. */
static void
find_repeats(struct run *run)
{
	size_t size = 16, at;
	struct entry **table;

	while (size < run->n * 2)
		size *= 2;
	table = arena_array(run->a, struct entry *, size);
	for (size_t i = 0; i < run->n; i++) {
		struct entry *e = &run->entries[i];

		if (e->fault != NULL)
			continue;
		for (at = hash_of(&e->d) % size; table[at] && !same_source(&table[at]->d, &e->d);
		     at = (at + 1) % size)
			;
		if (table[at] == NULL)
			table[at] = e;
		else
			e->fault = arena_printf(run->a,
			    "repeats id %.*s of row %lld: give each shelter an id of its own",
			    FMT(e->d.source), (long long)table[at]->line);
	}
}

/* ---- bringing a shelter up to the file ----------------------------------------------- */

static void
bring_text(struct str *to, struct str from)
{
	if (from.n && !str_eq(*to, from))
		*to = from;
}

static void
bring_tri(enum tri *to, enum tri from)
{
	if (from != TRI_UNKNOWN)
		*to = from;
}

/* The store rounds to a centimetre: what is nearer than that has not moved. */
static void
bring_position(struct shelter *to, const struct shelter *from)
{
	if (!from->placed)
		return;
	if (to->placed && fabs(to->position.latitude - from->position.latitude) < 2e-7 &&
	    fabs(to->position.longitude - from->position.longitude) < 2e-7)
		return;
	to->placed = true;
	to->position = from->position;
}

static bool
same_texts(const struct str *x, size_t nx, const struct str *y, size_t ny)
{
	for (size_t i = 0; nx == ny && i < nx; i++)
		if (!str_eq(x[i], y[i]))
			return false;
	return nx == ny;
}

static bool
same_resource(const struct resource *x, const struct resource *y)
{
	return str_eq(x->name, y->name) && x->counted == y->counted &&
	       !(fabs(x->quantity - y->quantity) > 1e-9 * fabs(x->quantity)) && str_eq(x->unit, y->unit) &&
	       same_texts(x->items, x->nitems, y->items, y->nitems);
}

static bool
same_resources(const struct shelter *x, const struct shelter *y)
{
	for (size_t i = 0; x->nresources == y->nresources && i < x->nresources; i++)
		if (!same_resource(&x->resources[i], &y->resources[i]))
			return false;
	return x->nresources == y->nresources;
}

static void
bring_lists(struct shelter *to, const struct shelter *from)
{
	if (from->nfeatures && !same_texts(to->features, to->nfeatures, from->features, from->nfeatures)) {
		to->features = from->features;
		to->nfeatures = from->nfeatures;
	}
	if (from->nresources && !same_resources(to, from)) {
		to->resources = from->resources;
		to->nresources = from->nresources;
	}
}

static void
bring(struct shelter *to, const struct draft *d)
{
	bring_text(&to->name, d->s.name);
	bring_text(&to->address, d->s.address);
	bring_text(&to->place, d->s.place);
	bring_text(&to->attributes, d->s.attributes);
	bring_position(to, &d->s);
	bring_lists(to, &d->s);
	bring_tri(&to->electricity, d->s.electricity);
	bring_tri(&to->heating, d->s.heating);
	if (d->s.capacity != UNKNOWN)
		to->capacity = d->s.capacity;
	if (d->has_status && to->confirmed_at == 0)
		to->status = d->s.status;
}

/* bring() leaves the very same members where nothing is new. */
static bool
unchanged(const struct shelter *x, const struct shelter *y)
{
	return x->name.p == y->name.p && x->address.p == y->address.p && x->place.p == y->place.p &&
	       x->attributes.p == y->attributes.p && x->placed == y->placed &&
	       memcmp(&x->position, &y->position, sizeof(x->position)) == 0 && x->features == y->features &&
	       x->resources == y->resources && x->electricity == y->electricity && x->heating == y->heating &&
	       x->capacity == y->capacity && x->status == y->status;
}

/* ---- the store ------------------------------------------------------------------------- */

static struct str
source_key(struct arena *a, struct str country)
{
	return arena_strf(a, "import:%.*s", FMT(country));
}

/* Whether a country had been imported before this run: a first import needs
 * no look-up at all. */
static bool
seen_before(struct run *run, struct str country)
{
	size_t at = (size_t)(country.p[0] - 'A') * 26 + (size_t)(country.p[1] - 'A');
	int64_t n = 0;

	if (run->imported[at] == NOT_ASKED) {
		hash_len(run->db, source_key(run->scratch, country), &n);
		run->imported[at] = n ? SEEN_BEFORE : FIRST_TIME;
	}
	return run->imported[at] == SEEN_BEFORE;
}

/* The id that this source's shelter has here; ERR_NOT_FOUND: none yet. */
static enum err
known_id(struct run *run, const struct draft *d, struct str *id)
{
	*id = d->id;
	if (d->id.n)
		return OK;
	if (!seen_before(run, d->country))
		return ERR_NOT_FOUND;
	return hash_get(run->db, run->scratch, source_key(run->scratch, d->country), d->source, id);
}

static enum err
next_id(struct run *run, const struct draft *d, struct str *id)
{
	struct str counter = arena_strf(run->scratch, "number:%.*s-%.*s", FMT(d->country), FMT(d->city));
	int64_t number;
	enum err e;

	do {
		if ((e = string_incr(run->db, counter, 1, &number)) != OK)
			return e;
		*id =
		    arena_strf(run->a, "%.*s-%.*s-%02lld", FMT(d->country), FMT(d->city), (long long)number);
		if (!shelter_id_valid(*id))
			return ERR_CONFLICT;
	} while (key_exists(run->db, *id));
	return OK;
}

static enum err
flush(struct run *run)
{
	enum err e = OK;

	if (run->nbatch)
		e = hash_set(run->db, source_key(run->scratch, run->country), run->batch, run->nbatch);
	run->nbatch = 0;
	return e;
}

/* Remembers whose id it is; rows that name our own id need no such note. */
static enum err
remember(struct run *run, const struct draft *d, struct str id)
{
	enum err e = OK;

	if (str_eq(d->source, id))
		return OK;
	if (run->nbatch == BATCH || !str_eq(run->country, d->country))
		e = flush(run);
	run->country = d->country;
	run->batch[run->nbatch++] = (struct field){ d->source, id };
	return e;
}

static enum err
create(struct run *run, const struct draft *d, struct str id)
{
	struct change c = { .kind = "import", .by = run->options->by };
	struct shelter s = d->s;
	enum err e = OK;

	if (id.n == 0)
		e = next_id(run, d, &id);
	if (e != OK)
		return e;
	s.id = id;
	s.occupancy = d->occupancy == UNKNOWN ? 0 : d->occupancy;
	if ((e = shelter_save(run->db, run->scratch, NULL, &s, &c)) != OK)
		return e;
	run->report->created++;
	return remember(run, d, id);
}

static enum err
update(struct run *run, const struct draft *d, const struct shelter *old)
{
	struct change c = { .kind = "import", .by = run->options->by };
	struct shelter s = *old;

	bring(&s, d);
	if (unchanged(old, &s)) {
		run->report->unchanged++;
		return OK;
	}
	run->report->updated++;
	return shelter_save(run->db, run->scratch, old, &s, &c);
}

static enum err
store_one(struct run *run, const struct draft *d)
{
	struct shelter old;
	struct str id = { 0 };
	enum err e = known_id(run, d, &id);

	if (e == OK)
		e = shelter_load(run->db, run->scratch, id, &old);
	if (e == OK)
		return update(run, d, &old);
	if (e != ERR_NOT_FOUND)
		return e;
	return create(run, d, arena_dup(run->a, id));
}

/* Rows that name our ids go first, so that no new number takes theirs. */
static enum err
store_all(struct run *run)
{
	enum err e = OK;
	size_t done = 0;

	for (int named = 1; named >= 0; named--)
		for (size_t i = 0; i < run->n && e == OK; i++) {
			const struct entry *entry = &run->entries[i];

			if (entry->fault != NULL || (entry->d.id.n > 0) != named)
				continue;
			e = store_one(run, &entry->d);
			if (++done % ROUND == 0)
				arena_reset(run->scratch);
		}
	return e == OK ? flush(run) : e;
}

/* A dry run does all of it and takes it back: its numbers are the true ones. */
static enum err
write_down(struct run *run, int64_t now)
{
	enum err e = db_begin(run->db, TX_WRITE, now);

	if (e != OK)
		return e;
	run->scratch = arena_new();
	e = store_all(run);
	arena_free(run->scratch);
	if (e == OK && !run->options->dry_run && run->options->also != NULL)
		e = run->options->also(run->options->also_arg);
	if (e == OK && !run->options->dry_run)
		e = db_commit(run->db);
	else
		db_rollback(run->db);
	if (e != OK)
		run->report->created = run->report->updated = run->report->unchanged = 0;
	return e;
}

enum err
import_run(struct db *db, struct arena *a, struct str file, const struct import_options *options, int64_t now,
    struct import_report *report, const char **why)
{
	struct run *run = arena_alloc(a, sizeof(*run));
	struct import_row *rows;

	*report = (struct import_report){ .faults = arena_array(a, struct import_fault, IMPORT_FAULTS_MAX) };
	*run = (struct run){ .db = db, .a = a, .options = options, .report = report };
	if (!read_rows(run, file, &rows, why))
		return ERR_MALFORMED;
	make_drafts(run, rows);
	find_repeats(run);
	warn_of_size(run);
	warn_of_country(run);
	warn_of_points(run);
	tell_rows(run);
	if (report->nfaults && !options->partial && !options->dry_run)
		return ERR_INPUT;
	return write_down(run, now);
}

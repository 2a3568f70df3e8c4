/*
 * import.h - shelter lists from files: CSV, GeoJSON, JSON.
 *
 * Columns are recognised by their headings in many spellings (Romanian and
 * Japanese national lists among them); what is not known is kept as an
 * attribute.  A row is matched by its source's own id, so importing the same
 * file again changes nothing and keeps every id; new rows get the next number
 * of their city, in file order.  Rows missing in the file are never deleted.
 *
 * Rules: capacity 0 or absent is unknown; 0,0 is no position; a swapped or
 * projected position, a capacity that is no number and the like are faults of
 * their row.  One write transaction for all: kill -9 leaves the old state.
 */
#ifndef MUSTER_IMPORT_H
#define MUSTER_IMPORT_H

#include "shelter.h"

enum import_format { IMPORT_GUESS, IMPORT_CSV, IMPORT_GEOJSON, IMPORT_JSON };

struct import_options {
	enum import_format format;
	struct str country;          /* "RO": where the file does not say; empty: each row must */
	enum status status;          /* of new shelters where the file does not say; usually standby */
	bool partial;                /* keep good rows although others have faults */
	bool dry_run;                /* report only */
	struct str by;               /* who, for the ledger */
	enum err (*also)(void *arg); /* W: done in the same transaction, at its end; may be NULL */
	void *also_arg;
};

/* A fault, or a warning: the row was taken, but somebody should look. */
struct import_fault {
	int64_t row; /* 1 = the first line of the file, its heading */
	struct str message;
	bool warning;
};

enum { IMPORT_FAULTS_MAX = 1000 }; /* kept in the report; all are counted */

struct import_report {
	int64_t created, updated, unchanged, skipped; /* skipped: rows with faults */
	int64_t nfaults, nwarnings;
	struct import_fault *faults;
	size_t kept;
};

/* Reads a whole file (bytes in memory, at most 64 MiB by its callers) into the
 * store in one transaction of its own.  ERR_INPUT: rows have faults and
 * neither `partial` nor `dry_run` was asked for: nothing was changed, the
 * report says which.  ERR_MALFORMED: not a file of this kind; *why says so. */
enum err import_run(struct db *, struct arena *, struct str file, const struct import_options *, int64_t now,
    struct import_report *, const char **why);

/* ---- its parts, each with its tests ---------------------------------------- */

/* One row as it was read: name and value of each cell that is not empty. */
struct import_row {
	int64_t line; /* where it starts in the file */
	struct cell {
		struct str name, value;
	} * cells;
	size_t n;
};

/* csv.c: RFC 4180 with quotes, newlines in quotes, CRLF, BOM; the separator
 * (, ; or tab) is found from the heading.  geojson.c: features of a
 * FeatureCollection (properties, and cells "longitude", "latitude"), or a JSON
 * array of objects; members that are objects or arrays come as JSON text.
 * Returns false with *why on a file that is not of this kind. */
bool csv_rows(struct arena *, struct str file, struct import_row **, size_t *n, const char **why);
bool json_rows(struct arena *, struct str file, struct import_row **, size_t *n, const char **why);

/* What a row says of a shelter; id, uid and counters are not set here. */
struct draft {
	struct shelter s;         /* name, address, place, position, capacity, features, … attributes */
	struct str source;        /* the source's own id; or a hash of name, address and position */
	struct str country, city; /* "RO", "CJ": the city as capitals and digits */
	struct str id;            /* the file's muster id ("RO-CJ-01"), when it has one */
	bool has_status;
	int64_t occupancy; /* people inside, where the file says so; UNKNOWN otherwise */
};

/* mapping.c: recognises the columns.  False: the row has a fault, in *fault;
 * a warning may stand in *warning although the row is good. */
bool draft_from_row(struct arena *, const struct import_row *, const struct import_options *, struct draft *,
    const char **fault, const char **warning);

/* Whether its position lies outside its country's box, where one is known. */
bool draft_outside(const struct draft *);

#endif

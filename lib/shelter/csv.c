/*
 * csv.c - the rows of a CSV file: RFC 4180, and what spreadsheets make of it.
 *
 * One pass.  Cells borrow their bytes from the file; only those with doubled
 * quotes are copied.  What cannot be read for certain is an error that names
 * its line: a list that shifts by a column in silence is worse than none.
 */
#include <string.h>

#include "import.h"
#include "utf8.h"

enum { COLUMNS_MAX = 256, ROWS_MAX = 2000000, CELL_MAX = 64 * 1024 };

struct reader {
	struct arena *a;
	const char *p, *end;
	int64_t line;
	char separator;
	const char *why;
	struct str names[COLUMNS_MAX];
};

static bool
wrong(struct reader *r, int64_t line, const char *what)
{
	r->why = arena_printf(r->a, "line %lld: %s", (long long)line, what);
	return false;
}

static bool
at_line_end(const struct reader *r)
{
	return r->p == r->end || *r->p == '\n' || *r->p == '\r';
}

/* CRLF, LF, or CR alone. */
static void
next_line(struct reader *r)
{
	if (r->p == r->end)
		return;
	if (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n')
		r->p++;
	r->p++;
	r->line++;
}

static struct str
undouble(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		out[n++] = s.p[i];
		if (s.p[i] == '"')
			i++;
	}
	out[n] = '\0';
	return (struct str){ out, n };
}

/* Up to the closing quote, the opening one behind us. */
static bool
find_quote(struct reader *r, bool *doubled)
{
	int64_t line = r->line;

	while (r->p < r->end) {
		if (*r->p == '"') {
			if (r->p + 1 == r->end || r->p[1] != '"')
				return true;
			*doubled = true;
			r->p += 2;
		} else if (at_line_end(r)) {
			next_line(r);
		} else {
			r->p++;
		}
	}
	return wrong(r, line, "a quote is opened here and never closed");
}

static bool
quoted_cell(struct reader *r, struct str *out)
{
	const char *from = ++r->p;
	bool doubled = false;

	if (!find_quote(r, &doubled))
		return false;
	*out = (struct str){ from, (size_t)(r->p - from) };
	if (doubled)
		*out = undouble(r->a, *out);
	r->p++;
	while (r->p < r->end && *r->p == ' ')
		r->p++;
	if (at_line_end(r) || *r->p == r->separator)
		return true;
	return wrong(
	    r, r->line, "text follows a closing quote; a quote inside a quoted cell is written twice");
}

static void
bare_cell(struct reader *r, struct str *out)
{
	const char *from = r->p;

	while (!at_line_end(r) && *r->p != r->separator)
		r->p++;
	*out = (struct str){ from, (size_t)(r->p - from) };
}

static bool
read_cell(struct reader *r, struct str *out)
{
	int64_t line = r->line;

	if (r->p == r->end || *r->p != '"')
		bare_cell(r, out);
	else if (!quoted_cell(r, out))
		return false;
	return out->n <= CELL_MAX || wrong(r, line, "a cell is longer than 64 KiB");
}

static bool
read_line(struct reader *r, struct str *cells, size_t *n)
{
	for (*n = 0;; r->p++) {
		if (*n == COLUMNS_MAX)
			return wrong(r, r->line, "there are more than 256 columns");
		if (!read_cell(r, &cells[(*n)++]))
			return false;
		if (at_line_end(r))
			break;
	}
	next_line(r);
	return true;
}

/* Whichever of , ; and tab the heading has most often. */
static char
guess_separator(const struct reader *r)
{
	size_t commas = 0, semicolons = 0, tabs = 0;
	bool quoted = false;

	for (const char *p = r->p; p < r->end && (quoted || (*p != '\n' && *p != '\r')); p++) {
		quoted ^= *p == '"';
		commas += !quoted && *p == ',';
		semicolons += !quoted && *p == ';';
		tabs += !quoted && *p == '\t';
	}
	if (semicolons > commas && semicolons >= tabs)
		return ';';
	return tabs > commas ? '\t' : ',';
}

static bool
named(const struct reader *r, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(r->names[i], name))
			return true;
	return false;
}

/* Every column has a name of its own: "note", "note 2", "column 3". */
static struct str
heading(struct reader *r, size_t column, struct str text)
{
	struct str name = str_trim(text);

	if (name.n == 0)
		name = arena_strf(r->a, "column %zu", column + 1);
	for (int again = 2; named(r, column, name); again++)
		name = arena_strf(r->a, "%.*s %d", FMT(str_trim(text)), again);
	return name;
}

static bool
read_headings(struct reader *r)
{
	struct str cells[COLUMNS_MAX];
	size_t n;

	while (r->p < r->end && at_line_end(r))
		next_line(r);
	if (r->p == r->end)
		return wrong(r, r->line, "the file is empty");
	r->separator = guess_separator(r);
	if (!read_line(r, cells, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		r->names[i] = heading(r, i, cells[i]);
	return true;
}

/* The cells that say something, with the names of their columns; a row that
 * is longer than the heading loses nothing. */
static void
fill_row(struct reader *r, struct import_row *row, const struct str *cells, size_t n)
{
	size_t filled = 0;

	for (size_t i = 0; i < n; i++)
		filled += str_trim(cells[i]).n > 0;
	if (filled == 0)
		return;
	row->cells = arena_array(r->a, struct cell, filled);
	for (size_t i = 0; i < n; i++) {
		if (str_trim(cells[i]).n == 0)
			continue;
		if (r->names[i].n == 0)
			r->names[i] = heading(r, i, S(""));
		row->cells[row->n++] = (struct cell){ r->names[i], cells[i] };
	}
}

static bool
read_rows(struct reader *r, struct import_row **rows, size_t *n)
{
	struct str cells[COLUMNS_MAX];
	size_t ncells, room = 0;

	while (r->p < r->end) {
		struct import_row row = { .line = r->line };

		if (!read_line(r, cells, &ncells))
			return false;
		fill_row(r, &row, cells, ncells);
		if (row.n == 0)
			continue;
		if (*n == ROWS_MAX)
			return wrong(r, row.line, "there are more than 2,000,000 rows");
		if (*n == room) {
			struct import_row *old = *rows;

			room = room ? room * 2 : 256;
			*rows = arena_array(r->a, struct import_row, room);
			if (*n)
				memcpy(*rows, old, *n * sizeof(**rows));
		}
		(*rows)[(*n)++] = row;
	}
	return true;
}

bool
csv_rows(struct arena *a, struct str file, struct import_row **rows, size_t *n, const char **why)
{
	struct reader *r = arena_alloc(a, sizeof(*r));
	bool good;

	*rows = NULL;
	*n = 0;
	if (str_starts(file, "\xef\xbb\xbf"))
		file = (struct str){ file.p + 3, file.n - 3 };
	if (!utf8_text(file))
		file = utf8_mend(a, file);
	*r = (struct reader){ .a = a, .p = file.p, .end = file.p + file.n, .line = 1 };
	good = read_headings(r) && read_rows(r, rows, n);
	*why = r->why;
	return good;
}

/*
 * geojson.c - rows from JSON: GeoJSON (RFC 7946), an array of objects, or
 * {"shelters": […]} as our own API answers.
 *
 * The file is walked here, bracket by bracket, and each element alone is handed
 * to json-c: the tree of a whole national list would be forty times the file.
 */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "import.h"
#include "log.h"
#include "utf8.h"

enum {
	DEPTH = 32,
	MEMBERS_MAX = 256,
	ROWS_MAX = 2000000,
	ELEMENT_MAX = 1024 * 1024,
};

struct reader {
	struct arena *a;
	struct json_tokener *tokener;
	const char *p, *end;
	const char *why;
	struct import_row *rows;
	size_t n, room;
};

static bool wrong(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool
wrong(struct reader *r, const char *fmt, ...)
{
	va_list ap;
	char text[256];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r->why == NULL)
		r->why = arena_printf(r->a, "%s", text);
	return false;
}

/* ---- walking over text that is not parsed yet ------------------------------ */

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char
peek(struct reader *r)
{
	while (r->p < r->end && blank(*r->p))
		r->p++;
	return r->p < r->end ? *r->p : '\0';
}

static bool
accept(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->p++;
	return true;
}

static bool
skip_string(struct reader *r)
{
	for (r->p++; r->p < r->end; r->p++) {
		if (*r->p == '"') {
			r->p++;
			return true;
		}
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
	}
	return wrong(r, "the JSON ends within a text");
}

/* Everything up to the bracket that closes this one. */
static bool
skip_nested(struct reader *r)
{
	size_t depth = 0;

	while (r->p < r->end) {
		char c = *r->p;

		if (c == '"') {
			if (!skip_string(r))
				return false;
			continue;
		}
		r->p++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return true;
	}
	return wrong(r, "the JSON ends too early: was the file cut?");
}

static void
skip_word(struct reader *r)
{
	while (r->p < r->end && !blank(*r->p) && strchr(",]}", *r->p) == NULL)
		r->p++;
}

/* The next value's bytes; json-c is to say whether they are right. */
static bool
extent(struct reader *r, struct str *out)
{
	char c = peek(r);
	const char *from = r->p;

	if (c == '{' || c == '[') {
		if (!skip_nested(r))
			return false;
	} else if (c == '"') {
		if (!skip_string(r))
			return false;
	} else {
		skip_word(r);
	}
	*out = (struct str){ from, (size_t)(r->p - from) };
	return out->n > 0 || wrong(r, "this is not JSON");
}

/* ---- one element ----------------------------------------------------------- */

static struct json_object *
parse_object(struct reader *r, struct str text)
{
	struct json_object *o;

	if (text.n == 0 || text.p[0] != '{' || text.n > ELEMENT_MAX)
		return NULL;
	json_tokener_reset(r->tokener);
	o = json_tokener_parse_ex(r->tokener, text.p, (int)text.n);
	if (o != NULL && json_tokener_get_parse_end(r->tokener) == text.n)
		return o;
	json_object_put(o);
	return NULL;
}

/* A value as a cell: texts bare, numbers as they were written, anything else
 * as JSON. */
static struct str
cell_text(struct arena *a, struct json_object *v)
{
	struct str s;

	if (v == NULL)
		return S("");
	if (json_object_is_type(v, json_type_string))
		s = (struct str){ json_object_get_string(v), (size_t)json_object_get_string_len(v) };
	else
		s = str(json_object_to_json_string_ext(
		    v, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	return utf8_mend(a, s);
}

static void
add_cell(struct import_row *row, struct str name, struct str value)
{
	if (str_trim(value).n)
		row->cells[row->n++] = (struct cell){ name, value };
}

static void
add_member(struct arena *a, struct import_row *row, const char *name, struct json_object *v)
{
	add_cell(row, utf8_mend(a, str(name)), cell_text(a, v));
}

/* RFC 7946: longitude first. */
static void
add_geometry(struct arena *a, struct import_row *row, struct json_object *geometry)
{
	struct json_object *type = NULL, *at = NULL;

	if (geometry == NULL)
		return;
	json_object_object_get_ex(geometry, "type", &type);
	json_object_object_get_ex(geometry, "coordinates", &at);
	if (type == NULL || strcmp(json_object_get_string(type), "Point") != 0) {
		add_cell(row, S("geometry_fault"), type ? cell_text(a, type) : S("geometry without a type"));
	} else if (!json_object_is_type(at, json_type_array) || json_object_array_length(at) < 2) {
		add_cell(row, S("geometry_fault"), S("Point without two numbers"));
	} else {
		add_member(a, row, "longitude", json_object_array_get_idx(at, 0));
		add_member(a, row, "latitude", json_object_array_get_idx(at, 1));
	}
}

static bool
has_cell(const struct import_row *row, const char *name)
{
	for (size_t i = 0; i < row->n; i++)
		if (str_is(row->cells[i].name, name))
			return true;
	return false;
}

/* {"longitude": x, "latitude": y}, as our own API has it; a geometry that said
 * so already goes before. */
static bool
add_position(struct arena *a, struct import_row *row, struct json_object *position)
{
	struct json_object *longitude, *latitude;

	if (!json_object_is_type(position, json_type_object) ||
	    !json_object_object_get_ex(position, "longitude", &longitude) ||
	    !json_object_object_get_ex(position, "latitude", &latitude))
		return false;
	if (has_cell(row, "longitude") || has_cell(row, "latitude"))
		return true;
	add_member(a, row, "longitude", longitude);
	add_member(a, row, "latitude", latitude);
	return true;
}

static bool
is_degree(const char *key)
{
	return strcmp(key, "longitude") == 0 || strcmp(key, "latitude") == 0;
}

static void
add_members(struct arena *a, struct import_row *row, struct json_object *o)
{
	struct json_object_iter i;

	json_object_object_foreachC(o, i)
	{
		if (strcmp(i.key, "position") == 0 && add_position(a, row, i.val))
			continue;
		if (is_degree(i.key) && has_cell(row, i.key))
			continue;
		add_member(a, row, i.key, i.val);
	}
}

/* A feature's geometry and properties, or an object's own members. */
static bool
fill_row(struct reader *r, struct import_row *row, struct json_object *o, bool feature)
{
	struct json_object *properties = o, *part = NULL;
	size_t members;

	if (feature && (!json_object_object_get_ex(o, "properties", &properties) ||
			   !json_object_is_type(properties, json_type_object)))
		properties = NULL;
	members = properties ? (size_t)json_object_object_length(properties) : 0;
	if (members > MEMBERS_MAX - 4)
		return wrong(
		    r, "element %zu has %zu members, more than %d", r->n + 1, members, MEMBERS_MAX - 4);
	row->cells = arena_array(r->a, struct cell, members + 4);
	if (feature && json_object_object_get_ex(o, "geometry", &part))
		add_geometry(r->a, row, part);
	if (properties != NULL)
		add_members(r->a, row, properties);
	if (feature && !has_cell(row, "id") && json_object_object_get_ex(o, "id", &part))
		add_member(r->a, row, "id", part);
	return true;
}

static struct import_row *
new_row(struct reader *r)
{
	if (r->n == r->room) {
		struct import_row *old = r->rows;

		r->room = r->room ? r->room * 2 : 256;
		r->rows = arena_array(r->a, struct import_row, r->room);
		if (r->n)
			memcpy(r->rows, old, r->n * sizeof(*old));
	}
	return &r->rows[r->n];
}

static bool
read_element(struct reader *r, struct str text, bool feature)
{
	struct json_object *o;
	bool good;

	if (r->n == ROWS_MAX)
		return wrong(r, "there are more than 2,000,000 elements");
	if ((o = parse_object(r, text)) == NULL)
		return wrong(r, "element %zu is not a JSON object of at most 1 MiB", r->n + 1);
	good = fill_row(r, new_row(r), o, feature);
	json_object_put(o);
	r->rows[r->n].line = (int64_t)r->n + 1;
	r->n++;
	return good;
}

/* ---- the file ---------------------------------------------------------------- */

static bool
read_array(struct reader *r, struct str array, bool features)
{
	struct str element;

	r->p = array.p;
	r->end = array.p + array.n;
	if (!accept(r, '['))
		return wrong(r, "the list of shelters is not an array");
	if (accept(r, ']'))
		return true;
	do {
		if (!extent(r, &element) || !read_element(r, element, features))
			return false;
	} while (accept(r, ','));
	return accept(r, ']') || wrong(r, "behind element %zu neither a comma nor the end follows", r->n);
}

/* The members of the outermost object that matter, unparsed. */
struct outer {
	struct str features, shelters, crs;
};

static bool
read_outer(struct reader *r, struct outer *o)
{
	struct str key, value;

	if (!accept(r, '{'))
		return wrong(r, "this is not JSON");
	if (accept(r, '}'))
		return true;
	do {
		if (peek(r) != '"' || !extent(r, &key) || !accept(r, ':') || !extent(r, &value))
			return wrong(r, "this is not JSON");
		if (str_is(key, "\"features\""))
			o->features = value;
		else if (str_is(key, "\"shelters\""))
			o->shelters = value;
		else if (str_is(key, "\"crs\""))
			o->crs = value;
	} while (accept(r, ','));
	return accept(r, '}') || wrong(r, "this is not JSON");
}

/* GeoJSON of 2008 could name another system; RFC 7946 knows one alone. */
static bool
degrees(struct reader *r, struct str crs)
{
	if (crs.n == 0 || str_is(crs, "null") || memmem(crs.p, crs.n, "CRS84", 5) != NULL)
		return true;
	return wrong(r,
	    "its positions are in another system (crs: %.*s): convert it to WGS 84, longitude "
	    "before "
	    "latitude in degrees, and take the member \"crs\" out",
	    crs.n > 80 ? 80 : (int)crs.n, crs.p);
}

static bool
read_object(struct reader *r)
{
	struct outer o = { 0 };

	if (!read_outer(r, &o))
		return false;
	if (peek(r) != '\0' || r->p < r->end)
		return wrong(r, "something follows behind the JSON");
	if (!degrees(r, o.crs))
		return false;
	if (o.features.n)
		return read_array(r, o.features, true);
	if (o.shelters.n)
		return read_array(r, o.shelters, false);
	return wrong(r, "this is neither a FeatureCollection nor a list of shelters");
}

static bool
read_file(struct reader *r)
{
	struct str array;

	if (peek(r) == '{')
		return read_object(r);
	if (peek(r) != '[')
		return wrong(r, "this is not JSON");
	if (!extent(r, &array))
		return false;
	if (peek(r) != '\0' || r->p < r->end)
		return wrong(r, "something follows behind the JSON");
	return read_array(r, array, false);
}

bool
json_rows(struct arena *a, struct str file, struct import_row **rows, size_t *n, const char **why)
{
	struct reader r = { .a = a };
	bool good;

	if (str_starts(file, "\xef\xbb\xbf"))
		file = (struct str){ file.p + 3, file.n - 3 };
	if (!utf8_text(file))
		file = utf8_mend(a, file);
	r.p = file.p;
	r.end = file.p + file.n;
	if ((r.tokener = json_tokener_new_ex(DEPTH)) == NULL)
		die("out of memory");
	json_tokener_set_flags(r.tokener, JSON_TOKENER_STRICT);
	good = read_file(&r);
	json_tokener_free(r.tokener);
	*rows = r.rows;
	*n = r.n;
	*why = r.why;
	return good;
}

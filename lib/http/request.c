/* request.c - what arrived. */
#include "request.h"

#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

enum { PARAMS_MAX = 256 };

enum err
fail(struct req *rq, enum err e, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rq->detail = arena_dup(rq->arena, str(text)).p;
	return e;
}

bool
fault(struct req *rq, const char *field, const char *code, const char *fmt, ...)
{
	struct fault *f = arena_alloc(rq->arena, sizeof(*f));
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->field = arena_dup(rq->arena, str(field)).p;
	f->code = code;
	f->message = arena_dup(rq->arena, str(text)).p;
	if (rq->faults_end == NULL)
		rq->faults_end = &rq->faults;
	*rq->faults_end = f;
	rq->faults_end = &f->next;
	return false;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

bool
percent_decode(struct arena *a, struct str s, bool plus, struct str *out)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%') {
			if (s.n - i < 3 || hex(s.p[i + 1]) < 0 || hex(s.p[i + 2]) < 0)
				return false;
			p[n++] = (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]));
			i += 2;
		} else {
			p[n++] = plus && s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	*out = (struct str){ p, n };
	return utf8_text(*out);
}

enum err
parse_params(struct arena *a, struct str s, struct params *out)
{
	size_t most = 1;

	for (size_t i = 0; i < s.n; i++)
		most += s.p[i] == '&';
	if (most > PARAMS_MAX)
		return ERR_MALFORMED;
	out->v = arena_array(a, struct param, most);
	out->n = 0;
	while (s.n) {
		struct str value = str_cut(&s, '&'), name = str_cut(&value, '=');
		struct param *p = &out->v[out->n];

		if (name.n == 0 && value.n == 0)
			continue;
		if (!percent_decode(a, name, true, &p->name) || !percent_decode(a, value, true, &p->value))
			return ERR_MALFORMED;
		out->n++;
	}
	return OK;
}

bool
param_next(const struct params *ps, const char *name, size_t *at, struct str *value)
{
	while (*at < ps->n) {
		const struct param *p = &ps->v[(*at)++];

		if (str_is(p->name, name)) {
			*value = p->value;
			return true;
		}
	}
	return false;
}

struct str
query(const struct req *rq, const char *name)
{
	struct str value = S("");
	size_t at = 0;

	param_next(&rq->query, name, &at, &value);
	return str_trim(value);
}

/* The JSON member of this name; null counts as none. */
static struct json_object *
member(const struct req *rq, const char *name)
{
	struct json_object *v = NULL;

	if (rq->json != NULL)
		json_object_object_get_ex(rq->json, name, &v);
	return v;
}

struct str
form_value(const struct req *rq, const char *name)
{
	struct str value = S("");
	size_t at = 0;

	param_next(&rq->form, name, &at, &value);
	return value;
}

static struct str
form_field(const struct req *rq, const char *name)
{
	return str_trim(form_value(rq, name));
}

bool
has_field(struct req *rq, const char *name)
{
	return rq->json != NULL ? member(rq, name) != NULL : form_field(rq, name).n > 0;
}

bool
is_text(struct req *rq, const char *name)
{
	return rq->json != NULL ? json_object_is_type(member(rq, name), json_type_string)
				: form_field(rq, name).n > 0;
}

static struct str
json_text(struct json_object *v)
{
	return (struct str){ json_object_get_string(v), (size_t)json_object_get_string_len(v) };
}

static bool
check_text(struct req *rq, const char *name, size_t max, struct str *s)
{
	if (!utf8_text(*s))
		return fault(rq, name, "format", "Use plain text without control characters.");
	if (utf8_length(*s) > max)
		return fault(rq, name, "length", "Use at most %zu characters.", max);
	return true;
}

bool
opt_text(struct req *rq, const char *name, size_t max, struct str *out)
{
	struct json_object *v = member(rq, name);

	*out = form_field(rq, name);
	if (v != NULL && !json_object_is_type(v, json_type_string))
		return fault(rq, name, "type", "Give a text.");
	if (v != NULL)
		*out = str_trim(arena_dup(rq->arena, json_text(v)));
	return check_text(rq, name, max, out);
}

bool
need_text(struct req *rq, const char *name, size_t max, struct str *out)
{
	if (!opt_text(rq, name, max, out))
		return false;
	return out->n > 0 || fault(rq, name, "missing", "This is needed.");
}

bool
opt_int(struct req *rq, const char *name, int64_t min, int64_t max, int64_t *out)
{
	struct json_object *v = member(rq, name);
	struct str s = form_field(rq, name);
	int64_t n;

	if (v != NULL) {
		if (json_object_is_type(v, json_type_double) &&
		    !(json_object_get_double(v) < floor(json_object_get_double(v))) &&
		    !(json_object_get_double(v) > floor(json_object_get_double(v))) &&
		    fabs(json_object_get_double(v)) < 1e15)
			n = (int64_t)json_object_get_double(v);
		else if (json_object_is_type(v, json_type_int))
			n = json_object_get_int64(v);
		else
			return fault(rq, name, "type", "Give a whole number.");
		if (n < min || n > max)
			return fault(rq, name, "range", "Give a whole number from %lld to %lld.",
			    (long long)min, (long long)max);
		*out = n;
	} else if (s.n > 0) {
		if (s.n > 1 && s.p[0] == '+' && s.p[1] != '-')
			s.p++, s.n--;
		if (!str_int(s, INT64_MIN, INT64_MAX, &n))
			return fault(rq, name, "type", "Give a whole number from %lld to %lld.",
			    (long long)min, (long long)max);
		if (n < min || n > max)
			return fault(rq, name, "range", "Give a whole number from %lld to %lld.",
			    (long long)min, (long long)max);
		*out = n;
	}
	return true;
}

bool
need_int(struct req *rq, const char *name, int64_t min, int64_t max, int64_t *out)
{
	if (!has_field(rq, name))
		return fault(rq, name, "missing", "Give a whole number from %lld to %lld.", (long long)min,
		    (long long)max);
	return opt_int(rq, name, min, max, out);
}

/* One text of a list; empty ones are passed over. */
static bool
list_item(struct req *rq, const char *name, size_t max_length, struct str item, struct str *out, size_t *n)
{
	item = str_trim(item);
	if (!check_text(rq, name, max_length, &item))
		return false;
	if (item.n)
		out[(*n)++] = arena_dup(rq->arena, item);
	return true;
}

bool
opt_list(struct req *rq, const char *name, size_t max_items, size_t max_length, struct str **out, size_t *n)
{
	struct json_object *v = member(rq, name);
	struct str item;
	size_t at = 0, given;

	*n = 0;
	*out = arena_array(rq->arena, struct str, max_items);
	if (v != NULL) {
		if (!json_object_is_type(v, json_type_array))
			return fault(rq, name, "type", "Give a list of texts.");
		given = json_object_array_length(v);
		for (size_t i = 0; i < given; i++) {
			struct json_object *e = json_object_array_get_idx(v, i);

			if (i >= max_items)
				return fault(rq, name, "length", "Give at most %zu.", max_items);
			if (!json_object_is_type(e, json_type_string))
				return fault(rq, name, "type", "Give a list of texts.");
			if (!list_item(rq, name, max_length, json_text(e), *out, n))
				return false;
		}
		return true;
	}
	while (param_next(&rq->form, name, &at, &item)) {
		if (*n >= max_items)
			return fault(rq, name, "length", "Give at most %zu.", max_items);
		if (!list_item(rq, name, max_length, item, *out, n))
			return false;
	}
	return true;
}

bool
query_limit(struct req *rq, size_t usual, size_t *out)
{
	struct str s = query(rq, "limit");
	int64_t v;

	*out = usual;
	if (s.n == 0)
		return true;
	if (!str_int(s, 1, INT64_MAX, &v))
		return fault(rq, "limit", "range", "Give a whole number from 1 to 100.");
	*out = v > 100 ? 100 : (size_t)v;
	return true;
}

bool
parse_near(struct str s, double *latitude, double *longitude)
{
	struct str lat = str_cut(&s, ',');

	return str_double(str_trim(lat), latitude) && str_double(str_trim(s), longitude);
}

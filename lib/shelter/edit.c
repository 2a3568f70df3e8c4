/* edit.c - what a request says of a shelter. */
#include "edit.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "utf8.h"

enum { TEXT_MAX = 300, FEATURE_MAX = 100, UNIT_MAX = 30, ATTRIBUTES_MAX = 16384 };

static bool
text_of(struct req *rq, const char *field, struct json_object *v, size_t max, struct str *out)
{
	struct str s;

	if (v == NULL) {
		*out = S("");
		return true;
	}
	if (!json_object_is_type(v, json_type_string))
		return fault(rq, field, "type", "Give a text.");
	s = str_trim((struct str){ json_object_get_string(v), (size_t)json_object_get_string_len(v) });
	if (!utf8_text(s))
		return fault(rq, field, "format", "Use plain text without control characters.");
	if (utf8_length(s) > max)
		return fault(rq, field, "length", "Use at most %zu characters.", max);
	*out = arena_dup(rq->arena, s);
	return true;
}

static bool
number_of(struct json_object *v, double *out)
{
	if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
		return false;
	*out = json_object_get_double(v);
	return isfinite(*out);
}

static bool
edit_name(struct req *rq, struct shelter *s, struct json_object *v)
{
	if (!text_of(rq, "name", v, TEXT_MAX, &s->name))
		return false;
	return s->name.n > 0 || fault(rq, "name", "missing", "A shelter needs a name.");
}

static bool
edit_address(struct req *rq, struct shelter *s, struct json_object *v)
{
	return text_of(rq, "address", v, TEXT_MAX, &s->address);
}

static bool
edit_place(struct req *rq, struct shelter *s, struct json_object *v)
{
	return text_of(rq, "place", v, FEATURE_MAX, &s->place);
}

static bool
edit_position(struct req *rq, struct shelter *s, struct json_object *v)
{
	struct json_object *x = NULL, *y = NULL;
	struct geo g = s->position;

	if (v == NULL) {
		s->placed = false;
		s->position = (struct geo){ 0 };
		return true;
	}
	/* RFC 7396: half of it changes half of it. */
	if (!json_object_is_type(v, json_type_object) ||
	    (json_object_object_get_ex(v, "longitude", &x) ? !number_of(x, &g.longitude) : !s->placed) ||
	    (json_object_object_get_ex(v, "latitude", &y) ? !number_of(y, &g.latitude) : !s->placed))
		return fault(rq, "position", "type", "Give {\"longitude\": x, \"latitude\": y} in degrees.");
	if (!geo_valid(g))
		return fault(
		    rq, "position", "range", "Longitude goes from -180 to 180, latitude from -85 to 85.");
	s->placed = true;
	s->position = g;
	return true;
}

static bool
people(struct req *rq, const char *field, struct json_object *v, int64_t *out)
{
	double n;

	if (!number_of(v, &n) || n < 0 || n > PEOPLE_MAX || n > floor(n))
		return fault(rq, field, "range", "Give a whole number from 0 to %d.", PEOPLE_MAX);
	*out = (int64_t)n;
	return true;
}

static bool
edit_capacity(struct req *rq, struct shelter *s, struct json_object *v)
{
	if (v == NULL) {
		s->capacity = UNKNOWN;
		return true;
	}
	return people(rq, "capacity", v, &s->capacity);
}

static bool
edit_occupancy(struct req *rq, struct shelter *s, struct json_object *v)
{
	if (v == NULL)
		return fault(rq, "occupancy", "type", "Give the number of people inside.");
	return people(rq, "occupancy", v, &s->occupancy);
}

/* A list of texts without repeats. */
static bool
texts_of(struct req *rq, const char *field, struct json_object *v, size_t most, struct str **out, size_t *n)
{
	size_t given = json_object_array_length(v);

	if (given > most)
		return fault(rq, field, "length", "Give at most %zu.", most);
	*out = arena_array(rq->arena, struct str, given + 1);
	*n = 0;
	for (size_t i = 0; i < given; i++) {
		struct str one;
		bool again = false;

		if (!text_of(rq, field, json_object_array_get_idx(v, i), FEATURE_MAX, &one))
			return false;
		for (size_t k = 0; k < *n; k++)
			again |= str_eq((*out)[k], one);
		if (one.n && !again)
			(*out)[(*n)++] = one;
	}
	return true;
}

static bool
edit_features(struct req *rq, struct shelter *s, struct json_object *v)
{
	s->features = NULL;
	s->nfeatures = 0;
	if (v == NULL)
		return true;
	if (!json_object_is_type(v, json_type_array))
		return fault(rq, "features", "type", "Give a list of texts.");
	return texts_of(rq, "features", v, FEATURES_MAX, &s->features, &s->nfeatures);
}

static bool
quantity(struct req *rq, struct resource *r, struct json_object *v)
{
	struct json_object *q = NULL, *unit = NULL;

	if (json_object_object_get_ex(v, "quantity", &q) ? !number_of(q, &r->quantity) || r->quantity < 0
							 : !r->counted)
		return fault(rq, "resources", "range", "%.*s: give a quantity of 0 or more.", FMT(r->name));
	r->counted = true;
	return !json_object_object_get_ex(v, "unit", &unit) ||
	       text_of(rq, "resources", unit, UNIT_MAX, &r->unit);
}

/* A name that no ranking of ours has already. */
static bool
resource_name(struct req *rq, struct str name)
{
	static const char *const ours[] = { "availability", "projected", "features", "capacity" };
	struct str slug = utf8_slug(rq->arena, name);

	for (size_t i = 0; i < LEN(ours); i++)
		if (str_is(slug, ours[i]))
			return fault(
			    rq, "resources", "name", "%.*s is not a name for a resource.", FMT(name));
	if (slug.n == 0 || utf8_length(name) > FEATURE_MAX || !utf8_text(name))
		return fault(
		    rq, "resources", "name", "A resource needs a name of 1 to %d characters.", FEATURE_MAX);
	return true;
}

static struct resource *
resource_named(struct shelter *s, struct str name)
{
	for (size_t i = 0; i < s->nresources; i++)
		if (str_eq(s->resources[i].name, name))
			return &s->resources[i];
	return &s->resources[s->nresources++];
}

/* RFC 7396 goes into objects: each resource is set, or removed by null. */
static bool
edit_resources(struct req *rq, struct shelter *s, struct json_object *v)
{
	const struct resource *old = s->resources;
	bool good = true;

	if (v == NULL) {
		s->nresources = 0;
		s->resources = NULL;
		return true;
	}
	if (!json_object_is_type(v, json_type_object))
		return fault(rq, "resources", "type",
		    "Give {\"water\": {\"quantity\": 200, \"unit\": \"liters\"}, …}.");
	if (s->nresources + (size_t)json_object_object_length(v) > 2 * RESOURCES_MAX)
		return fault(rq, "resources", "length", "Give at most %d.", RESOURCES_MAX);
	s->resources = arena_array(rq->arena, struct resource, 2 * RESOURCES_MAX);
	if (s->nresources)
		memcpy(s->resources, old, s->nresources * sizeof(*old));
	json_object_object_foreach(v, key, value)
	{
		struct str name = arena_dup(rq->arena, str(key));
		struct resource *r;

		if (!resource_name(rq, name)) {
			good = false;
			continue;
		}
		r = resource_named(s, name);
		if (!r->counted || !json_object_is_type(value, json_type_object))
			*r = (struct resource){ .name = name };
		if (value == NULL)
			*r = s->resources[--s->nresources];
		else if (json_object_is_type(value, json_type_array))
			good &= texts_of(rq, "resources", value, ITEMS_MAX, &r->items, &r->nitems);
		else if (json_object_is_type(value, json_type_object))
			good &= quantity(rq, r, value);
		else
			good = fault(rq, "resources", "type",
			    "%s: give {\"quantity\": n, \"unit\": text} or a list of texts.", key);
	}
	return s->nresources <= RESOURCES_MAX
		   ? good
		   : fault(rq, "resources", "length", "Give at most %d.", RESOURCES_MAX);
}

static bool
tri_of(struct req *rq, const char *field, struct json_object *v, enum tri *out)
{
	if (v != NULL && !json_object_is_type(v, json_type_boolean))
		return fault(rq, field, "type", "Give true, false, or null for unknown.");
	*out = v == NULL ? TRI_UNKNOWN : json_object_get_boolean(v) ? TRI_YES : TRI_NO;
	return true;
}

static bool
edit_electricity(struct req *rq, struct shelter *s, struct json_object *v)
{
	return tri_of(rq, "electricity", v, &s->electricity);
}

static bool
edit_heating(struct req *rq, struct shelter *s, struct json_object *v)
{
	return tri_of(rq, "heating", v, &s->heating);
}

static bool
edit_status(struct req *rq, struct shelter *s, struct json_object *v)
{
	struct str text;

	if (!text_of(rq, "status", v, FEATURE_MAX, &text))
		return false;
	return status_parse(text, &s->status) ||
	       fault(rq, "status", "choice", "Use open, full, standby or closed.");
}

/* Names with texts, finite numbers, booleans or null: what every reader of
 * JSON takes. */
static bool
flat(struct json_object *v)
{
	json_object_object_foreach(v, key, one)
	{
		struct str text = { json_object_get_string(one), (size_t)json_object_get_string_len(one) };
		double n;

		if (!utf8_text(str(key)) || json_object_is_type(one, json_type_object) ||
		    json_object_is_type(one, json_type_array) ||
		    (json_object_is_type(one, json_type_double) && !number_of(one, &n)) ||
		    (json_object_is_type(one, json_type_string) && !utf8_text(text)))
			return false;
	}
	return true;
}

/* Our own writer's texts are safe on every page; of nothing, nothing. */
static void
write_flat(struct buf *out, struct json_object *v)
{
	struct json j = { .out = out };

	if (json_object_object_length(v) == 0)
		return;
	json_open(&j, '{');
	json_object_object_foreach(v, key, one)
	{
		json_str(&j, str(key));
		buf_char(out, ':');
		j.comma = false;
		if (json_object_is_type(one, json_type_string))
			json_str(&j, (struct str){ json_object_get_string(one),
					 (size_t)json_object_get_string_len(one) });
		else
			json_raw(&j, str(json_object_to_json_string(one)));
	}
	json_close(&j, '}');
}

/* A flat object: what an import brought along. */
static bool
edit_attributes(struct req *rq, struct shelter *s, struct json_object *v)
{
	struct buf out = { 0 };
	struct json_object *all;
	bool fits;

	if (v != NULL && (!json_object_is_type(v, json_type_object) || !flat(v)))
		return fault(rq, "attributes", "type", "Give an object of texts, numbers and true or false.");
	if (v == NULL) {
		s->attributes = S("");
		return true;
	}
	all = s->attributes.n ? json_tokener_parse(s->attributes.p) : json_object_new_object();
	json_object_object_foreach(v, key, one)
	{
		if (one == NULL)
			json_object_object_del(all, key);
		else
			json_object_object_add(all, key, json_object_get(one));
	}
	write_flat(&out, all);
	json_object_put(all);
	fits = out.n <= ATTRIBUTES_MAX;
	if (fits)
		s->attributes = arena_dup(rq->arena, (struct str){ out.p, out.n });
	buf_free(&out);
	return fits || fault(rq, "attributes", "length", "Use at most %d bytes.", ATTRIBUTES_MAX);
}

static const struct member {
	const char *name;
	bool (*edit)(struct req *, struct shelter *, struct json_object *); /* NULL: the server's own */
} members[] = {
	{ "name", edit_name },
	{ "address", edit_address },
	{ "place", edit_place },
	{ "position", edit_position },
	{ "capacity", edit_capacity },
	{ "occupancy", edit_occupancy },
	{ "features", edit_features },
	{ "resources", edit_resources },
	{ "electricity", edit_electricity },
	{ "heating", edit_heating },
	{ "status", edit_status },
	{ "attributes", edit_attributes },
	{ "id", NULL },
	{ "_id", NULL },
	{ "expected", NULL },
	{ "availability", NULL },
	{ "projected_availability", NULL },
	{ "updated_at", NULL },
	{ "confirmed_at", NULL },
	{ "distance", NULL },
};

static const struct member *
member_named(const char *name)
{
	for (size_t i = 0; i < LEN(members); i++)
		if (strcmp(name, members[i].name) == 0)
			return &members[i];
	return NULL;
}

static bool
edit_json(struct req *rq, struct shelter *s, bool creating)
{
	bool good = true;

	json_object_object_foreach(rq->json, key, value)
	{
		const struct member *m = member_named(key);

		if (m != NULL && m->edit != NULL)
			good &= m->edit(rq, s, value);
		else if (m == NULL)
			good = fault(rq, key, "unknown", "A shelter has no such member.");
		else if (!creating && strcmp(key, "id") != 0)
			good = fault(rq, key, "read-only", "This is computed: change capacity or occupancy.");
	}
	return good;
}

static bool
edit_form(struct req *rq, struct shelter *s)
{
	struct str status;
	bool good = opt_int(rq, "occupancy", 0, PEOPLE_MAX, &s->occupancy);

	good &= opt_text(rq, "status", FEATURE_MAX, &status);
	if (status.n && !status_parse(status, &s->status))
		good = fault(rq, "status", "choice", "Use open, full, standby or closed.");
	if (!has_field(rq, "occupancy") && status.n == 0)
		good = fault(rq, "occupancy", "missing", "Give the number of people inside.");
	return good;
}

bool
shelter_edit(struct req *rq, struct shelter *s, bool creating)
{
	bool good = rq->json ? edit_json(rq, s, creating) : edit_form(rq, s);

	if (creating && s->name.n == 0 && good)
		good = fault(rq, "name", "missing", "A shelter needs a name.");
	return good;
}

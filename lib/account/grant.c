/* grant.c - what a person or a program may do. */
#include "grant.h"

#include <json-c/json.h>

#include "html.h"
#include "session.h"
#include "set.h"

enum { ID_MAX = 40 };

static const struct {
	const char *name, *words;
} roles_told[] = {
	{ "admin", "everything" },
	{ "manager", "the doors of the shelters below" },
	{ "publisher", "alerts" },
	{ "responder", "bulletins and teams" },
};

static bool
told(struct req *rq, const char *name)
{
	return rq->json == NULL || json_object_object_get_ex(rq->json, name, NULL);
}

static bool
read_roles(struct req *rq, struct grant *g)
{
	struct str *given;
	size_t n;

	if (!opt_list(rq, "roles", LEN(roles_told), 20, &given, &n))
		return false;
	g->roles = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned role = role_named(given[i]);

		if (role == 0)
			return fault(rq, "roles", "choice", "There is no role %.*s.", FMT(given[i]));
		g->roles |= role;
	}
	return g->roles != 0 || fault(rq, "roles", "missing", "Choose at least one role.");
}

static bool
take_shelter(struct req *rq, struct str id, struct grant *g)
{
	if (id.n == 0)
		return true;
	if (!set_has(rq->db, S("shelters"), id))
		return fault(rq, "shelters", "unknown", "There is no shelter %.*s.", FMT(id));
	if (g->nshelters == SHELTERS_GIVEN)
		return fault(rq, "shelters", "length", "Give at most %d.", SHELTERS_GIVEN);
	g->shelters[g->nshelters++] = id;
	return true;
}

/* A list in JSON; in a form one line with commas. */
static bool
read_shelters(struct req *rq, struct grant *g)
{
	struct str *given, line = S("");
	size_t n = 0;
	bool good;

	if (rq->json != NULL)
		good = opt_list(rq, "shelters", SHELTERS_GIVEN, ID_MAX, &given, &n);
	else
		good = opt_text(rq, "shelters", SHELTERS_GIVEN * ID_MAX, &line);
	g->shelters = arena_array(rq->arena, struct str, SHELTERS_GIVEN);
	g->nshelters = 0;
	for (size_t i = 0; good && i < n; i++)
		good = take_shelter(rq, given[i], g);
	while (good && line.n > 0)
		good = take_shelter(rq, str_trim(str_cut(&line, ',')), g);
	return good;
}

bool
grant_read(struct req *rq, struct grant *g, bool partial)
{
	bool good = true;

	if (!partial || told(rq, "roles"))
		good &= read_roles(rq, g);
	if (!partial || told(rq, "shelters"))
		good &= read_shelters(rq, g);
	return good;
}

/* ---- showing ------------------------------------------------------------------- */

static bool
typed(struct req *rq, const char *role)
{
	struct str value;

	for (size_t at = 0; param_next(&rq->form, "roles", &at, &value);)
		if (str_is(value, role))
			return true;
	return false;
}

/* Whether it is this form that was refused, and not a button beside it. */
static bool
sent(struct req *rq)
{
	struct str value;
	size_t at = 0;

	return rq->faults != NULL && param_next(&rq->form, "shelters", &at, &value);
}

static bool
faulty(struct req *rq, const char *name)
{
	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		if (str_is(str(f->field), name))
			return true;
	return false;
}

void
grant_fields(struct req *rq, struct res *rs, const struct grant *g)
{
	struct str ids = S("");

	html(rs, faulty(rq, "roles")
		     ? "<fieldset class=\"bad\" id=\"roles\" aria-describedby=\"roles-err\">\n"
		     : "<fieldset id=\"roles\">\n");
	html(rs, "<legend>Roles</legend>\n");
	html_fault_of(rq, rs, "roles");
	html(rs, "<div class=\"ticks\">\n");
	for (size_t i = 0; i < LEN(roles_told); i++) {
		const char *name = roles_told[i].name;
		bool on = sent(rq) ? typed(rq, name) : (g->roles & role_named(str(name))) != 0;

		html(rs, "<label class=\"tick\"><input type=\"checkbox\" name=\"roles\" value=\"%s\"", name);
		html(rs, on ? " checked> %s: %s</label>\n" : "> %s: %s</label>\n", name, roles_told[i].words);
	}
	html(rs, "</div>\n</fieldset>\n");
	for (size_t i = 0; i < g->nshelters; i++)
		ids = arena_strf(rq->arena, "%.*s%s%.*s", FMT(ids), ids.n ? ", " : "", FMT(g->shelters[i]));
	html_input(rq, rs, "shelters", "Shelters of a manager, with commas: RO-CJ-01, RO-CJ-02",
	    "maxlength=\"8000\" autocomplete=\"off\" spellcheck=\"false\"",
	    sent(rq) ? form_value(rq, "shelters") : ids);
}

void
grant_roles_json(struct json *j, struct req *rq, unsigned roles)
{
	struct str list = roles_print(rq->arena, roles);

	json_key(j, "roles");
	json_open(j, '[');
	while (list.n)
		json_str(j, str_cut(&list, ','));
	json_close(j, ']');
}

void
grant_json(struct json *j, struct req *rq, const struct grant *g)
{
	grant_roles_json(j, rq, g->roles);
	json_key_strs(j, "shelters", g->shelters, g->nshelters);
}

struct str
grant_roles_words(struct arena *a, unsigned roles)
{
	struct str list = roles_print(a, roles), out = S("");

	while (list.n) {
		struct str one = str_cut(&list, ',');

		out = arena_strf(a, "%.*s%s%.*s", FMT(out), out.n ? ", " : "", FMT(one));
	}
	return out;
}

/*
 * /settings - what an admin sets for the whole site.
 *
 *	GET   /settings                       all of them; secrets are not shown
 *	PATCH /settings  NAME: VALUE, …       sets; null takes one back
 *	POST  /settings                       the same, from the page
 *	POST  /settings/test  channel, address  a test message to see whether it arrives
 *
 * Secrets are written, never read: an empty field leaves one as it is.
 */
#include <json-c/json.h>
#include <string.h>

#include "html.h"
#include "optin.h"
#include "serve.h"
#include "setting.h"
#include "throttle.h"

enum { TESTS = 10 };

/* ---- showing ------------------------------------------------------------------ */

static void
one_json(struct req *rq, struct json *j, const struct setting *s)
{
	static const char *const kinds[] = { [SETTING_TEXT] = "text",
		[SETTING_NUMBER] = "number",
		[SETTING_CHOICE] = "choice",
		[SETTING_URL] = "url",
		[SETTING_ZONE] = "zone",
		[SETTING_SECRET] = "secret" };
	struct str choices = str(s->choices ? s->choices : "");
	bool set;
	struct str value = setting_shown(rq->db, rq->arena, s, &set);

	json_open(j, '{');
	json_key_str(j, "name", str(s->name));
	json_key_given(j, "value", set ? value : S(""));
	json_key_str(j, "usual", str(s->usual));
	json_key_str(j, "kind", str(kinds[s->kind]));
	json_key(j, "choices");
	json_open(j, '[');
	while (choices.n)
		json_str(j, str_cut(&choices, '|'));
	json_close(j, ']');
	json_key_str(j, "help", str(s->help));
	json_close(j, '}');
}

static void
all_json(struct req *rq, struct res *rs)
{
	struct json j = res_json(rs, 200);

	json_open(&j, '{');
	json_key(&j, "settings");
	json_open(&j, '[');
	for (const struct setting *s = settings; s->name != NULL; s++)
		one_json(rq, &j, s);
	json_close(&j, ']');
	json_close(&j, '}');
}

static bool
faulty(struct req *rq, const char *name)
{
	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		if (strcmp(f->field, name) == 0)
			return true;
	return false;
}

/* Label, help and fault of a field; its input follows. */
static void
open_field(struct req *rq, struct res *rs, const struct setting *s)
{
	html(rs, faulty(rq, s->name) ? "<div class=\"bad\">\n" : "<div>\n");
	html(rs, "<label for=\"%s\">%s</label>\n<p class=\"hint\" id=\"%s-hint\">%s", s->name, s->name,
	    s->name, s->help);
	if (*s->usual != '\0' && s->kind != SETTING_CHOICE)
		html(rs, ". Usual: %s", s->usual);
	html(rs, "</p>\n");
	html_fault_of(rq, rs, s->name);
}

static void
choice_field(struct res *rs, const struct setting *s, struct str value, bool set)
{
	struct str choices = str(s->choices);

	html(rs, "<select id=\"%s\" name=\"%s\" aria-describedby=\"%s-hint\">\n", s->name, s->name, s->name);
	html(rs, "<option value=\"\">%s (usual)</option>\n", s->usual);
	while (choices.n) {
		struct str one = str_cut(&choices, '|');

		html(rs, "<option value=\"%.*s\"", FMT(one));
		html(rs, set && str_eq(one, value) ? " selected>%.*s</option>\n" : ">%.*s</option>\n",
		    FMT(one));
	}
	html(rs, "</select>\n</div>\n");
}

static void
secret_field(struct res *rs, const struct setting *s, bool set)
{
	html(rs,
	    "<input id=\"%s\" name=\"%s\" type=\"password\" maxlength=\"1000\" autocomplete=\"new-password\" "
	    "aria-describedby=\"%s-hint\" value=\"\">\n",
	    s->name, s->name, s->name);
	if (set)
		html(rs,
		    "<p>One is set. Leave this empty to keep it.</p>\n<label class=\"tick\"><input "
		    "type=\"checkbox\" name=\"remove\" value=\"%s\"> Remove it <span class=\"hide\">(%s)</span></label>\n",
		    s->name, s->name);
	html(rs, "</div>\n");
}

static void
field(struct req *rq, struct res *rs, const struct setting *s)
{
	bool set;
	struct str value = setting_shown(rq->db, rq->arena, s, &set);

	open_field(rq, rs, s);
	if (s->kind == SETTING_CHOICE) {
		choice_field(rs, s, value, set);
		return;
	}
	if (s->kind == SETTING_SECRET) {
		secret_field(rs, s, set);
		return;
	}
	if (rq->faults)
		value = form_value(rq, s->name);
	else if (!set)
		value = S("");
	html(rs,
	    "<input id=\"%s\" name=\"%s\" maxlength=\"1000\" autocomplete=\"off\" autocapitalize=\"none\" "
	    "spellcheck=\"false\" aria-describedby=\"%s-hint\" value=\"%.*s\">\n</div>\n",
	    s->name, s->name, s->name, FMT(value));
}

/* "email" of "email.relay". */
static struct str
part_of(const struct setting *s)
{
	struct str name = str(s->name);

	return str_cut(&name, '.');
}

static const char *
part_words(struct str part)
{
	static const struct {
		const char *part, *words;
	} parts[] = { { "site", "The site" }, { "posts", "Bulletins" }, { "email", "E-mail" },
		{ "sms", "SMS" }, { "net", "Network" } };

	for (size_t i = 0; i < LEN(parts); i++)
		if (str_is(part, parts[i].part))
			return parts[i].words;
	return "More";
}

/* Whether an earlier setting has the same part: then it stands there. */
static bool
part_done(const struct setting *s)
{
	for (const struct setting *before = settings; before < s; before++)
		if (str_eq(part_of(before), part_of(s)))
			return true;
	return false;
}

static void
part_fields(struct req *rq, struct res *rs, const struct setting *first)
{
	struct str part = part_of(first);

	html(rs, "<section class=\"box\" aria-labelledby=\"%.*s\">\n<h2 id=\"%.*s\">%s</h2>\n", FMT(part),
	    FMT(part), part_words(part));
	for (const struct setting *s = first; s->name != NULL; s++)
		if (str_eq(part_of(s), part))
			field(rq, rs, s);
	html(rs, "</section>\n");
}

static void
test_form(struct req *rq, struct res *rs)
{
	html(rs, "<form class=\"box\" method=\"post\" action=\"/settings/test\" novalidate>\n"
		 "<h2>Does it arrive?</h2>\n<p>Saved settings are used.</p>\n");
	html_tokens(rq, rs);
	html_input(rq, rs, "address", "Your e-mail address, or mobile number",
	    "maxlength=\"320\" autocapitalize=\"none\" spellcheck=\"false\"", form_value(rq, "address"));
	html(rs,
	    "<div class=\"row\">\n"
	    "<button class=\"quiet\" name=\"channel\" value=\"email\">Send a test e-mail</button>\n"
	    "<button class=\"quiet\" name=\"channel\" value=\"sms\">Send a test SMS</button>\n</div>\n</form>\n");
}

static void
page(struct req *rq, struct res *rs, int status)
{
	html_page(rq, rs, status, "Settings", NULL);
	html_faults(rq, rs);
	if (str_is(query(rq, "done"), "saved"))
		html(rs, "<p class=\"done\" role=\"status\">Saved. It holds from now on.</p>\n");
	if (str_is(query(rq, "done"), "test"))
		html(rs, "<p class=\"done\" role=\"status\">A test message is on its way. "
			 "If it does not arrive, look into the <a href=\"/outbox\">outbox</a>.</p>\n");
	html(rs, "<h1>Settings</h1>\n<p class=\"lead\">What is empty is as usual.</p>\n"
		 "<form method=\"post\" action=\"/settings\" novalidate>\n");
	html_tokens(rq, rs);
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (!part_done(s))
			part_fields(rq, rs, s);
	html(rs, "<button>Save</button>\n</form>\n");
	test_form(rq, rs);
	html_end(rq, rs);
}

static enum err
show(struct req *rq, struct res *rs)
{
	if (rq->face == FACE_HTML)
		page(rq, rs, 200);
	else
		all_json(rq, rs);
	return OK;
}

/* ---- setting -------------------------------------------------------------------- */

static bool
set(struct req *rq, const char *name, struct str value)
{
	const char *why = NULL;
	enum err e = setting_set(rq->db, rq->arena, str(name), value, &why);

	if (e == ERR_NOT_FOUND)
		return fault(rq, name, "unknown", "There is no such setting.");
	if (e == ERR_INPUT)
		return fault(rq, name, "format", "%s: %s.", name, why);
	return e == OK || fault(rq, name, "wrong", "This could not be saved.");
}

static enum err
patch(struct req *rq, struct res *rs)
{
	bool good = true;

	if (rq->json == NULL)
		return fail(rq, ERR_MALFORMED, "Send an object of settings.");
	json_object_object_foreach(rq->json, name, v)
	{
		struct str value = S("");

		if (v != NULL && json_object_is_type(v, json_type_string))
			value =
			    (struct str){ json_object_get_string(v), (size_t)json_object_get_string_len(v) };
		else if (v != NULL && json_object_is_type(v, json_type_int))
			value = arena_strf(rq->arena, "%lld", (long long)json_object_get_int64(v));
		else if (v != NULL) {
			good = fault(rq, arena_dup(rq->arena, str(name)).p, "type", "Give a text, or null.");
			continue;
		}
		good &= set(rq, arena_dup(rq->arena, str(name)).p, value);
	}
	if (!good)
		return ERR_INPUT;
	all_json(rq, rs);
	return OK;
}

static bool
removed(struct req *rq, const char *name)
{
	struct str value;

	for (size_t at = 0; param_next(&rq->form, "remove", &at, &value);)
		if (str_is(value, name))
			return true;
	return false;
}

static enum err
save(struct req *rq, struct res *rs)
{
	bool good = true;

	if (rq->face == FACE_JSON)
		return fail(rq, ERR_METHOD, "Send a PATCH.");
	for (const struct setting *s = settings; s->name != NULL; s++) {
		struct str value;
		size_t at = 0;

		if (!param_next(&rq->form, s->name, &at, &value))
			continue;
		if (s->kind != SETTING_SECRET)
			value = str_trim(value);
		if (s->kind != SETTING_SECRET || value.n > 0 || removed(rq, s->name))
			good &= set(rq, s->name, value);
	}
	if (good)
		return res_see_other(rs, "/settings?done=saved");
	page(rq, rs, 422);
	return ERR_INPUT;
}

/* ---- a test ------------------------------------------------------------------------ */

static bool
read_test(struct req *rq, struct subscription *s)
{
	struct str channel, given;
	const char *why;
	bool good = need_text(rq, "channel", 10, &channel);

	good &= need_text(rq, "address", 320, &given);
	if (!good)
		return false;
	if (!channel_named(channel, &s->channel) || s->channel == CHANNEL_WEBHOOK)
		return fault(rq, "channel", "choice", "Choose e-mail or SMS.");
	if (!address_typed(rq->db, rq->arena, s->channel, given, &s->address, &why))
		return fault(rq, "address", "format", "%s", why);
	return true;
}

static enum err
test(struct req *rq, struct res *rs)
{
	struct subscription s = { .language = setting_text(rq->db, rq->arena, "site.language") };
	struct str bucket = arena_strf(rq->arena, "throttle:test:%.*s", FMT(rq->who.name));
	enum err e;

	if (!read_test(rq, &s)) {
		if (rq->face == FACE_HTML)
			page(rq, rs, 422);
		return ERR_INPUT;
	}
	if ((e = throttle_check(rq, bucket, TESTS)) != OK)
		return fail(rq, e, "You sent %d tests in this hour. Try again later.", TESTS);
	throttle_note(rq, bucket, HOUR_MS);
	optin_test(rq->db, rq->arena, &s);
	if (rq->face == FACE_HTML)
		return res_see_other(rs, "/settings?done=test");
	rs->status = 202;
	rs->rendered = true;
	return OK;
}

static const struct route routes[] = {
	{ GET, "/settings", ROLE_ADMIN, TX_READ, show },
	{ PATCH, "/settings", ROLE_ADMIN, TX_WRITE, patch },
	{ POST, "/settings", ROLE_ADMIN, TX_WRITE, save },
	{ POST, "/settings/test", ROLE_ADMIN, TX_WRITE, test },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

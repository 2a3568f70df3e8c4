/* suppress.c - addresses that get nothing from us any more. */
#include "suppress.h"

#include <json-c/json.h>
#include <stdio.h>

#include "hash.h"
#include "link.h"
#include "log.h"

enum { HASH_BYTES = 20 };

static const char *const reasons[] = { "hard-bounce", "complaint", "invalid", "opted-out", "operator" };

bool
suppress_reason(struct str why)
{
	for (size_t i = 0; i < LEN(reasons); i++)
		if (str_is(why, reasons[i]))
			return true;
	return false;
}

/* Their owner's own word. */
static bool
is_wish(struct str why)
{
	return str_is(why, "opted-out") || str_is(why, "complaint");
}

static struct str
list_key(struct arena *a, enum outbox_channel channel)
{
	return arena_strf(a, "suppressed:%s", channel_name(channel));
}

/* The spellings of one mailbox or number that are told apart nowhere: letters
 * in lower case, and of a number its digits and plus only. */
static struct str
normal(struct arena *a, enum outbox_channel channel, struct str address)
{
	char *out = arena_alloc(a, address.n + 1);
	size_t n = 0;

	address = str_trim(address);
	for (size_t i = 0; i < address.n; i++) {
		char c = address.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (channel != CHANNEL_SMS || c == '+' || (c >= '0' && c <= '9'))
			out[n++] = c;
	}
	return (struct str){ out, n };
}

/* Keyed: without the secret nobody can try addresses against a stolen list. */
static struct str
field_of(struct db *db, struct arena *a, enum outbox_channel channel, struct str address)
{
	struct str plain = normal(a, channel, address);
	struct str what = arena_strf(a, "suppress:%s:%.*s", channel_name(channel), FMT(plain));

	return link_hash(db, a, what, HASH_BYTES);
}

static struct str
text_of(struct arena *a, struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return S("");
	return arena_dup(a, (struct str){ json_object_get_string(v), (size_t)json_object_get_string_len(v) });
}

static void
read_entry(struct arena *a, const struct field *f, struct suppression *s)
{
	struct json_object *o = json_tokener_parse(f->value.p), *at = NULL;

	*s = (struct suppression){ .hash = f->name, .why = text_of(a, o, "why") };
	s->source = text_of(a, o, "source");
	if (json_object_object_get_ex(o, "at", &at))
		s->at = json_object_get_int64(at);
	json_object_put(o);
}

static struct str
entry(struct db *db, struct arena *a, const char *why, const char *source)
{
	struct json_object *o = json_object_new_object();
	struct str out;

	json_object_object_add(o, "why", json_object_new_string(why));
	json_object_object_add(o, "source", json_object_new_string(source));
	json_object_object_add(o, "at", json_object_new_int64(db_now(db)));
	out = arena_dup(a, str(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN)));
	json_object_put(o);
	return out;
}

bool
suppressed(struct db *db, struct arena *a, enum outbox_channel channel, struct str address, struct str *why)
{
	struct field f = { .name = field_of(db, a, channel, address) };
	struct suppression s;

	if (hash_get(db, a, list_key(a, channel), f.name, &f.value) != OK)
		return false;
	read_entry(a, &f, &s);
	if (why != NULL)
		*why = s.why;
	return true;
}

void
suppress(struct db *db, struct arena *a, enum outbox_channel channel, struct str address, const char *why,
    const char *source)
{
	struct field f = { .name = field_of(db, a, channel, address) };
	struct str before;

	if (!suppress_reason(str(why)))
		die("no reason to suppress: %s", why);
	if (suppressed(db, a, channel, address, &before) && (is_wish(before) || !is_wish(str(why))))
		return;
	f.value = entry(db, a, why, source);
	if (hash_set(db, list_key(a, channel), &f, 1) != OK)
		die("suppressed:%s is no hash", channel_name(channel));
}

bool
unsuppress(struct db *db, struct arena *a, enum outbox_channel channel, struct str address)
{
	if (!suppressed(db, a, channel, address, NULL))
		return false;
	return hash_del(db, list_key(a, channel), field_of(db, a, channel, address)) == OK;
}

void
suppress_list(struct db *db, struct arena *a, enum outbox_channel channel, struct str after, size_t limit,
    struct suppression **list, size_t *n)
{
	struct field *f;

	if (hash_page(db, a, list_key(a, channel), after, limit, &f, n) != OK)
		*n = 0;
	*list = arena_array(a, struct suppression, *n + 1);
	for (size_t i = 0; i < *n; i++)
		read_entry(a, &f[i], &(*list)[i]);
}

int64_t
suppress_count(struct db *db, enum outbox_channel channel)
{
	char key[64];
	int64_t n = 0;

	snprintf(key, sizeof(key), "suppressed:%s", channel_name(channel));
	return hash_len(db, str(key), &n) == OK ? n : 0;
}

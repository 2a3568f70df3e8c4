/* intent.c - intentions, from announcement to end. */
#include "intent.h"

#include <math.h>

#include "clock.h"
#include "code.h"
#include "hash.h"
#include "key.h"
#include "zset.h"

#define EXPIRING S("intents:expiring")

static struct str
intent_key(struct arena *a, struct str code)
{
	return arena_strf(a, "intent:%.*s", FMT(code));
}

static struct str
list_key(struct arena *a, struct str shelter)
{
	return arena_strf(a, "%.*s:intents", FMT(shelter));
}

bool
shelter_takes(const struct shelter *s, int64_t people)
{
	if (s->status == STATUS_CLOSED || s->status == STATUS_FULL)
		return false;
	return s->capacity == UNKNOWN || people <= shelter_projected(s);
}

/* Writes what is not empty; a fresh code has no fields yet. */
static enum err
write_intent(struct db *db, struct arena *a, const struct intent *in)
{
	struct field all[] = {
		{ S("shelter"), in->shelter },
		{ S("people"), arena_strf(a, "%lld", (long long)in->people) },
		{ S("needs"), in->needs },
		{ S("name"), in->name },
		{ S("phone"), in->phone },
		{ S("created_at"), arena_strf(a, "%lld", (long long)in->created_at) },
		{ S("expires_at"), arena_strf(a, "%lld", (long long)in->expires_at) },
	};
	struct field set[LEN(all)];
	size_t n = 0;
	enum err e;

	for (size_t i = 0; i < LEN(all); i++)
		if (all[i].value.n)
			set[n++] = all[i];
	if ((e = hash_set(db, intent_key(a, in->code), set, n)) != OK)
		return e;
	if ((e = zset_add(db, list_key(a, in->shelter), in->code, (double)in->expires_at)) != OK)
		return e;
	return zset_add(db, EXPIRING, in->code, (double)in->expires_at);
}

static enum err
erase(struct db *db, struct arena *a, const struct intent *in)
{
	enum err e;

	key_del(db, intent_key(a, in->code));
	if ((e = zset_rem(db, list_key(a, in->shelter), in->code)) != OK)
		return e;
	return zset_rem(db, EXPIRING, in->code);
}

enum err
intent_announce(struct db *db, struct arena *a, struct shelter *s, struct intent *in)
{
	struct change c = { .kind = "announce", .expected = in->people };
	enum err e = intent_expire(db, a, s);

	if (e != OK)
		return e;
	if (!shelter_takes(s, in->people))
		return ERR_CONFLICT;
	do
		in->code = code_make(a);
	while (key_exists(db, intent_key(a, in->code)));
	in->created_at = db_now(db);
	in->expires_at = db_now(db) + INTENT_MS;
	c.code = in->code;
	if ((e = write_intent(db, a, in)) != OK)
		return e;
	return shelter_apply(db, a, s, &c);
}

/* The record, live or just over. */
static enum err
read_intent(struct db *db, struct arena *a, struct str code, struct intent *in)
{
	struct field *f;
	size_t n;
	enum err e = hash_all(db, a, intent_key(a, code), &f, &n);

	*in = (struct intent){ .code = code };
	if (e != OK || n == 0)
		return e == OK ? ERR_NOT_FOUND : e;
	for (size_t i = 0; i < n; i++) {
		if (str_is(f[i].name, "shelter"))
			in->shelter = f[i].value;
		else if (str_is(f[i].name, "needs"))
			in->needs = f[i].value;
		else if (str_is(f[i].name, "name"))
			in->name = f[i].value;
		else if (str_is(f[i].name, "phone"))
			in->phone = f[i].value;
		else if (str_is(f[i].name, "people"))
			str_int(f[i].value, 0, PEOPLE_MAX, &in->people);
		else if (str_is(f[i].name, "created_at"))
			str_int(f[i].value, 0, INT64_MAX, &in->created_at);
		else if (str_is(f[i].name, "expires_at"))
			str_int(f[i].value, 0, INT64_MAX, &in->expires_at);
	}
	return OK;
}

enum err
intent_load(struct db *db, struct arena *a, struct str code, struct intent *in)
{
	enum err e = read_intent(db, a, code, in);

	return e == OK && in->expires_at <= db_now(db) ? ERR_NOT_FOUND : e;
}

enum err
intent_change(struct db *db, struct arena *a, struct shelter *s, struct intent *in, int64_t people)
{
	struct change c = { .kind = "change", .expected = people - in->people, .code = in->code };
	struct field f = { S("people"), arena_strf(a, "%lld", (long long)people) };
	enum err e = intent_expire(db, a, s);

	if (e != OK)
		return e;
	/* Fewer is always possible. */
	if (c.expected > 0 && !shelter_takes(s, c.expected))
		return ERR_CONFLICT;
	if (c.expected == 0)
		return OK;
	in->people = people;
	if ((e = hash_set(db, intent_key(a, in->code), &f, 1)) != OK)
		return e;
	return shelter_apply(db, a, s, &c);
}

enum err
intent_end(
    struct db *db, struct arena *a, struct shelter *s, const struct intent *in, const struct change *how)
{
	struct change c = *how;
	enum err e = erase(db, a, in);

	c.expected = -in->people;
	c.code = in->code;
	return e == OK ? shelter_apply(db, a, s, &c) : e;
}

enum err
intent_arrive(
    struct db *db, struct arena *a, struct shelter *s, const struct intent *in, int64_t people, struct str by)
{
	struct change c = {
		.kind = "arrive",
		.occupancy = people,
		.expected = -in->people,
		.code = in->code,
		.by = by,
		.confirms = true,
	};
	enum err e = erase(db, a, in);

	return e == OK ? shelter_apply(db, a, s, &c) : e;
}

enum err
intent_expire(struct db *db, struct arena *a, struct shelter *s)
{
	static const struct change expired = { .kind = "expire" };
	struct zpage due = { .min = -HUGE_VAL, .max = (double)db_now(db), .limit = 100 };
	struct zmember *m;
	size_t n;
	enum err e;

	if (s->expected == 0)
		return OK;
	do {
		if ((e = zset_page(db, a, list_key(a, s->id), &due, &m, &n)) != OK)
			return e;
		for (size_t i = 0; i < n && e == OK; i++) {
			struct intent in;

			if ((e = read_intent(db, a, m[i].member, &in)) == OK)
				e = intent_end(db, a, s, &in, &expired);
		}
	} while (e == OK && n > 0);
	return e;
}

enum err
intent_expire_all(struct db *db, struct arena *a, size_t limit, size_t *n)
{
	struct zpage due = { .min = -HUGE_VAL, .max = (double)db_now(db), .limit = limit };
	struct zmember *m;
	enum err e = zset_page(db, a, EXPIRING, &due, &m, n);

	for (size_t i = 0; i < *n && e == OK; i++) {
		struct shelter s;
		struct intent in;

		/* One before it may have taken all of its shelter along. */
		if ((e = read_intent(db, a, m[i].member, &in)) == ERR_NOT_FOUND) {
			e = OK;
			continue;
		}
		if (e == OK && (e = shelter_load(db, a, in.shelter, &s)) == OK)
			e = intent_expire(db, a, &s);
	}
	return e;
}

int64_t
intent_next_end(struct db *db, struct arena *a)
{
	struct zpage first = { ZPAGE_ALL, .limit = 1 };
	struct zmember *m;
	size_t n;

	return zset_page(db, a, EXPIRING, &first, &m, &n) == OK && n > 0 ? (int64_t)m[0].score : 0;
}

enum err
intent_list(struct db *db, struct arena *a, struct str shelter, size_t limit, struct intent **out, size_t *n)
{
	struct zpage live = { .min = (double)db_now(db) + 1, .max = HUGE_VAL, .limit = limit };
	struct zmember *m;
	enum err e = zset_page(db, a, list_key(a, shelter), &live, &m, n);

	*out = arena_array(a, struct intent, *n);
	for (size_t i = 0; i < *n && e == OK; i++)
		e = read_intent(db, a, m[i].member, &(*out)[i]);
	return e;
}

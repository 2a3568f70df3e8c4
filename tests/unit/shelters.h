/*
 * shelters.h - shelters for tests: made, loaded, counted, proved.
 *
 * Goes on top of store.h: everything happens in the test's write transaction.
 */
#ifndef UNIT_SHELTERS_H
#define UNIT_SHELTERS_H

#include "collections.h"

#include "check.h"
#include "intent.h"
#include "shelter.h"

static const struct change by_staff = { .kind = "correct", .by = { "ana", 3 } };

/* An open shelter that nobody has saved yet. */
static inline struct shelter
draft(const char *id, int64_t capacity)
{
	return (struct shelter){ .id = arena_dup(mem, str(id)), .name = S("School"), .capacity = capacity };
}

static inline void
save_new(struct shelter *s)
{
	assert_int_equal(shelter_save(db, mem, NULL, s, &by_staff), OK);
}

static inline struct shelter
made(const char *id, int64_t capacity)
{
	struct shelter s = draft(id, capacity);

	save_new(&s);
	return s;
}

static inline struct shelter
stored(const char *id)
{
	struct shelter s;

	assert_int_equal(shelter_load(db, mem, str(id), &s), OK);
	return s;
}

/* A list of texts that lives as long as the test. */
static inline void
give_features(struct shelter *s, const char *const *texts, size_t n)
{
	s->features = arena_array(mem, struct str, n + 1);
	s->nfeatures = n;
	for (size_t i = 0; i < n; i++)
		s->features[i] = arena_dup(mem, str(texts[i]));
}

#define FEATURES(s, ...) \
	give_features((s), (const char *const[]){ __VA_ARGS__ }, LEN(((const char *const[]){ __VA_ARGS__ })))

/* One more counted resource. */
static inline void
give_resource(struct shelter *s, const char *name, double quantity)
{
	struct resource *all = arena_array(mem, struct resource, s->nresources + 1);

	if (s->nresources)
		memcpy(all, s->resources, s->nresources * sizeof(*all));
	all[s->nresources] =
	    (struct resource){ .name = arena_dup(mem, str(name)), .counted = true, .quantity = quantity };
	s->resources = all;
	s->nresources++;
}

static inline void
put_at(struct shelter *s, double latitude, double longitude)
{
	s->placed = true;
	s->position = (struct geo){ longitude, latitude };
}

/* Announces; the code lives in `mem`. */
static inline struct intent
announced(struct shelter *s, int64_t people)
{
	struct intent in = { .shelter = s->id, .people = people };

	assert_int_equal(intent_announce(db, mem, s, &in), OK);
	return in;
}

/* The two counters as everybody reads them; UNKNOWN where there is none. */
static inline int64_t
counter(const char *id, const char *suffix)
{
	struct str key = arena_strf(mem, "%s%s", id, suffix);
	int64_t n = 0;

	if (!key_exists(db, key))
		return UNKNOWN;
	assert_int_equal(string_get_int(db, key, &n), OK);
	return n;
}

static inline void
numbers_are(const char *id, int64_t availability, int64_t projected)
{
	struct shelter s = stored(id);

	assert_int_equal(shelter_availability(&s), availability);
	assert_int_equal(shelter_projected(&s), projected);
	assert_int_equal(counter(id, "-availability"), availability);
	assert_int_equal(counter(id, "-projected"), projected);
}

static inline void
tell_difference(void *arg, const char *text)
{
	if (arg != NULL)
		print_error("%s\n", text);
}

/* What `muster check` would count; said aloud where `aloud`. */
static inline int64_t
differences(bool aloud)
{
	struct check_report r = { .tell = tell_difference, .arg = aloud ? &r : NULL };
	struct arena *a = arena_new();

	assert_int_equal(check_all(db, a, &r), OK);
	arena_free(a);
	return r.differences;
}

#define assert_all_agree() assert_int_equal(differences(true), 0)

#endif

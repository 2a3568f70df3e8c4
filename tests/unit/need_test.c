/* need_test.c - what citizens ask for, as slugs. */
#include "unit.h"

#include "shelter.h"

static void
asks_for(const char *said, const char *slug)
{
	struct arena *a = arena_new();

	assert_str(need_slug(a, str(said)), slug);
	arena_free(a);
}

TEST(words_for_the_same_thing_are_one_need)
{
	static const char *const step_free[] = { "step-free", "Wheelchair", "wheelchair accessible",
		"WHEELCHAIR ACCESS", "disabled persons special access", "step-free access", "accessible",
		"ramp" };

	for (size_t i = 0; i < LEN(step_free); i++)
		asks_for(step_free[i], "step-free");
	asks_for("power", "electricity");
	asks_for("heat", "heating");
	asks_for("pets allowed", "pets");
	asks_for("medicines", "medicine");
}

TEST(case_accents_and_punctuation_do_not_count)
{
	asks_for("  Baby   Room! ", "baby-room");
	asks_for("Apă caldă", "apa-calda");
	asks_for("APA CALDA", "apa-calda");
}

TEST(what_is_not_known_stays_itself)
{
	asks_for("counseling", "counseling");
	asks_for("wheelchairs for hire", "wheelchairs-for-hire");
	asks_for("発電機", "発電機");
}

TEST(nothing_is_no_need)
{
	asks_for("", "");
	asks_for(" - ", "");
}

TEST(a_need_asked_twice_is_the_same)
{
	static const char *const said[] = { "wheelchair", "Power", "Baby room", "medication" };
	struct arena *a = arena_new();

	for (size_t i = 0; i < LEN(said); i++)
		assert_bytes(need_slug(a, need_slug(a, str(said[i]))), need_slug(a, str(said[i])));
	arena_free(a);
}

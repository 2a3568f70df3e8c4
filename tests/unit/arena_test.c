/* arena_test.c - what arena.h promises. */
#include "unit.h"

static struct arena *mem;

static int
setup(void **state)
{
	(void)state;
	mem = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(mem);
	mem = NULL;
	return 0;
}

#define ARENA_TEST(name) TEST_WITH(name, setup, teardown)

static bool
all_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

ARENA_TEST(memory_comes_zeroed_also_when_it_was_used_before)
{
	for (int round = 0; round < 2; round++) {
		char *p = arena_alloc(mem, 1000);

		assert_true(all_zero(p, 1000));
		memset(p, 'x', 1000);
		arena_reset(mem);
	}
}

ARENA_TEST(memory_is_aligned_for_any_type)
{
	for (size_t size = 0; size < 64; size++)
		assert_int_equal((uintptr_t)arena_alloc(mem, size) % _Alignof(max_align_t), 0);
}

ARENA_TEST(nothing_is_still_something_to_point_at)
{
	assert_non_null(arena_alloc(mem, 0));
	assert_non_null(arena_dup(mem, (struct str){ NULL, 0 }).p);
}

ARENA_TEST(small_and_large_allocations_do_not_touch_each_other)
{
	static const size_t sizes[] = { 1, 70000, 16, 65536, 65520, 20000, 3, 65537, 1 << 20, 100 };
	char *p[LEN(sizes) * 20];

	for (size_t i = 0; i < LEN(p); i++) {
		p[i] = arena_alloc(mem, sizes[i % LEN(sizes)]);
		memset(p[i], (int)i, sizes[i % LEN(sizes)]);
	}
	for (size_t i = 0; i < LEN(p); i++)
		for (size_t j = 0; j < sizes[i % LEN(sizes)]; j += 997)
			assert_int_equal((unsigned char)p[i][j], i);
}

ARENA_TEST(it_can_be_reset_as_often_as_one_likes)
{
	arena_reset(mem);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 1; i < 40; i++)
			memset(arena_alloc(mem, i * 5000), 1, i * 5000);
		arena_reset(mem);
		arena_reset(mem);
	}
}

ARENA_TEST(an_array_has_zeroed_elements)
{
	int64_t *v = arena_array(mem, int64_t, 100);

	for (int i = 0; i < 100; i++)
		assert_int_equal(v[i], 0);
	v[99] = 1;
}

ARENA_TEST(a_copy_keeps_nul_bytes_and_is_followed_by_one)
{
	char from[] = "a\0b";
	struct str copy = arena_dup(mem, (struct str){ from, 3 });

	from[0] = 'x';
	assert_bytes(copy, S("a\0b"));
	assert_int_equal(copy.p[3], '\0');
}

ARENA_TEST(printf_writes_text_of_any_length)
{
	char *line = arena_printf(mem, "%s-%d", "RO-CJ", 7);
	struct str padded = arena_strf(mem, "%100000d", 1);

	assert_string_equal(line, "RO-CJ-7");
	assert_int_equal(padded.n, 100000);
	assert_int_equal(padded.p[99999], '1');
	assert_int_equal(padded.p[100000], '\0');
}

static void
ask_for_everything(void)
{
	arena_alloc(mem, SIZE_MAX);
}

static void
ask_for_nearly_everything(void)
{
	arena_alloc(mem, SIZE_MAX - 31);
}

ARENA_TEST(more_memory_than_there_is_ends_the_process)
{
	assert_int_equal(exit_status(ask_for_everything), EXIT_BUG);
	assert_int_equal(exit_status(ask_for_nearly_everything), EXIT_BUG);
}

TEST(freeing_no_arena_is_allowed)
{
	arena_free(NULL);
}

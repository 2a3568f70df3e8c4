/*
 * unit.h - what every unit test begins with.
 *
 * TEST(a_sentence_that_states_the_promise) { ... } registers itself; main() is
 * here.  CMOCKA_MESSAGE_OUTPUT=TAP is how tests/run.sh hears of the results.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#undef fail /* request.h has a function of this name */
#undef fail_msg
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#include <fcntl.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "random.h"
#include "str.h"

static struct CMUnitTest unit_tests[256];
static size_t unit_ntests;

#define TEST(name) TEST_WITH(name, NULL, NULL)
#define TEST_WITH(name, setup, teardown) \
	static void name(void **); \
	__attribute__((constructor)) static void register_##name(void) \
	{ \
		unit_tests[unit_ntests++] = (struct CMUnitTest){ #name, name, setup, teardown, NULL }; \
	} \
	static void name(void **state __attribute__((unused)))

int
main(void)
{
	if (unit_ntests > LEN(unit_tests))
		return 1;
	return _cmocka_run_group_tests("unit", unit_tests, unit_ntests, NULL, NULL);
}

/* S() for tables that are static. */
#define B(literal) \
	{ \
		("" literal), sizeof(literal) - 1 \
	}

/* ---- bytes compared, and shown where they differ ------------------------- */

static inline void
unit_show(const char *what, struct str s)
{
	print_error("%s \"", what);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= ' ' && s.p[i] < 0x7f && s.p[i] != '\\')
			print_error("%c", s.p[i]);
		else
			print_error("\\x%02x", (unsigned char)s.p[i]);
	print_error("\" (%zu bytes)\n", s.n);
}

static inline void
unit_compare(struct str have, struct str want, const char *file, int line)
{
	if (str_eq(have, want))
		return;
	unit_show("have", have);
	unit_show("want", want);
	_fail(file, line);
}

/* A struct str against one, and against a C string. */
#define assert_bytes(have, want) unit_compare((have), (want), __FILE__, __LINE__)
#define assert_str(have, want) unit_compare((have), str(want), __FILE__, __LINE__)

/* Doubles that are the same number (0 and -0 are). */
#define assert_double(have, want) \
	do { \
		double have_ = (have), want_ = (want); \
		if (have_ < want_ || have_ > want_ || have_ != have_) \
			fail_msg("%.17g is not %.17g", have_, want_); \
	} while (0)

#define assert_near(have, want, by) \
	do { \
		double near_ = (have) - (want); \
		if (!(near_ <= (by) && -near_ <= (by))) \
			fail_msg("%.17g is not within %g of %.17g", (double)(have), (double)(by), \
			    (double)(want)); \
	} while (0)

/* Under valgrind a long double has only the bits of a double, and time means
 * nothing: for tests of either. */
#define not_under_valgrind() \
	do { \
		volatile long double one_ = 1; \
		if (one_ + LDBL_EPSILON <= 1) \
			skip(); \
	} while (0)

/* ---- processes ------------------------------------------------------------ */

static inline int
unit_wait(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The exit status of a child that runs f; what it says goes nowhere. */
static inline int
exit_status(void (*f)(void))
{
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		f();
		_exit(0);
	}
	return unit_wait(pid);
}

enum { EXIT_BUG = 70 }; /* die()'s */

/* ---- chance, repeatable with SEED=... ------------------------------------- */

static uint64_t unit_seed;

static inline uint64_t
rnd(void)
{
	unit_seed ^= unit_seed >> 12;
	unit_seed ^= unit_seed << 25;
	unit_seed ^= unit_seed >> 27;
	return unit_seed * 2685821657736338717ULL;
}

static inline void
rnd_start(void)
{
	const char *given = getenv("SEED");
	uint32_t seed;

	random_bytes(&seed, sizeof(seed));
	if (given != NULL)
		seed = (uint32_t)strtoul(given, NULL, 10);
	printf("# SEED=%u repeats this run\n", seed);
	unit_seed = (uint64_t)seed << 16 | 1;
	for (int i = 0; i < 8; i++)
		rnd();
}

static inline int
rnd_below(int bound)
{
	return (int)(rnd() >> 33) % bound;
}

static inline double
rnd_between(double low, double high)
{
	return low + (high - low) * ((double)(rnd() >> 11) / 9007199254740992.0);
}

#endif

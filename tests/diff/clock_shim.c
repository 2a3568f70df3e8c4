/*
 * clock_shim.c - the wall clock of a redis-server under test (LD_PRELOAD).
 *
 * It stands where the milliseconds in the file CLOCK_SHIM say, an int64 that
 * the test moves on, so that both sides live in the very same millisecond.
 * Monotonic clocks run on.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *clock_ms;

/* Before main(): later calls come from several threads. */
__attribute__((constructor)) static void
clock_map(void)
{
	const char *path = getenv("CLOCK_SHIM");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = fd >= 0 ? mmap(NULL, sizeof(*clock_ms), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		_exit(70); /* a test with another clock would prove nothing */
	clock_ms = p;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	int64_t ms = clock_ms ? *clock_ms : 0;

	(void)zone;
	*tv = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	return 0;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t ms = clock_ms ? *clock_ms : 0;

	if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
		return (int)syscall(SYS_clock_gettime, id, ts);
	*ts = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	return 0;
}

time_t
time(time_t *out)
{
	time_t now = (time_t)((clock_ms ? *clock_ms : 0) / 1000);

	if (out != NULL)
		*out = now;
	return now;
}

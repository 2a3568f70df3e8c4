/* bell.c - wakes the dispatcher. */
#include "bell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Into a FIFO whose reader is gone: EPIPE, but not the signal that ends a
 * program, which a FIFO's write cannot be asked to leave out. */
static ssize_t
write_quietly(int fd)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t broken, before, pending;
	ssize_t n;
	int error;

	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &broken, &before);
	n = write(fd, "", 1);
	error = errno;
	if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&broken, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return n;
}

void
bell_ring(const char *path, int *fd)
{
	for (int tries = 0; tries < 2; tries++) {
		if (*fd < 0)
			*fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (*fd < 0)
			return; /* ENXIO: nobody listens; ENOENT: nobody ever did */
		if (write_quietly(*fd) == 1 || errno == EAGAIN)
			return; /* full: it rings already */
		close(*fd);
		*fd = -1; /* EPIPE: another listener may be there */
	}
}

int
bell_open(const char *state)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/bell", state) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (mkfifo(path, 0620) != 0 && errno != EEXIST)
		return -1;
	/* For writing too: so it never ends, and a ring without a reader stays in it. */
	return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

void
bell_drain(int fd)
{
	char rings[512];

	while (read(fd, rings, sizeof(rings)) == (ssize_t)sizeof(rings))
		;
}

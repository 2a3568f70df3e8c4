/* bell.c - wakes the dispatcher. */
#include "bell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void
bell_ring(const char *path, int *fd)
{
	for (int tries = 0; tries < 2; tries++) {
		if (*fd < 0)
			*fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (*fd < 0)
			return; /* ENXIO: nobody listens; ENOENT: nobody ever did */
		if (write(*fd, "", 1) == 1 || errno == EAGAIN)
			return; /* full: it rings already */
		close(*fd);
		*fd = -1; /* EPIPE: another listener may be there */
	}
}

int
bell_open(const char *state)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/bell", state);
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

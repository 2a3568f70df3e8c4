/* bell.c - wakes the dispatcher. */
#include "bell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "tenant.h"

struct ringer {
	char *bell, *due; /* due: NULL for the default tenant */
	char ring[TENANT_NAME + 2];
	int fd; /* kept open from ring to ring */
};

static char *
path_of(const char *dir, size_t n, const char *rest)
{
	char *path = malloc(n + strlen(rest) + 1);

	if (path == NULL)
		die("out of memory");
	memcpy(path, dir, n);
	memcpy(path + n, rest, strlen(rest) + 1);
	return path;
}

/* …/tenants/NAME/: its name begins where the state's directory ends. */
static bool
is_of_tenant(struct str dir, struct str *state, struct str *name)
{
	static const char folder[] = "tenants/";
	size_t at = dir.n > 0 ? dir.n - 1 : 0, n = strlen(folder);

	while (at > 0 && dir.p[at - 1] != '/')
		at--;
	*name = (struct str){ dir.p + at, dir.n > at ? dir.n - 1 - at : 0 };
	*state = (struct str){ dir.p, at > n ? at - n : 0 };
	return tenant_name_valid(*name) && at >= n && memcmp(dir.p + at - n, folder, n) == 0 &&
	       (at == n || dir.p[at - n - 1] == '/');
}

/* A state directory may itself lie in a folder of that name. */
static bool
has_store(struct str state)
{
	char *path = path_of(state.p, state.n, "muster.db");
	bool yes = access(path, F_OK) == 0;

	free(path);
	return yes;
}

struct ringer *
ringer_new(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str dir = { path, slash ? (size_t)(slash - path) + 1 : 0 }, state, name;
	struct ringer *r = calloc(1, sizeof(*r));

	if (r == NULL)
		die("out of memory");
	r->fd = -1;
	if (is_of_tenant(dir, &state, &name) && has_store(state)) {
		r->due = path_of(dir.p, dir.n, "due");
		memcpy(r->ring, name.p, name.n);
		dir = state;
	}
	r->ring[strlen(r->ring)] = '\n';
	r->bell = path_of(dir.p, dir.n, "bell");
	return r;
}

void
ringer_free(struct ringer *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->bell);
	free(r->due);
	free(r);
}

bool
ringer_is_tenants(const struct ringer *r)
{
	return r->due != NULL;
}

/* Into a FIFO whose reader is gone: EPIPE, but not the signal that ends a
 * program, which a FIFO's write cannot be asked to leave out. */
static ssize_t
write_quietly(int fd, const char *p, size_t n)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t broken, before, pending;
	ssize_t written;
	int error;

	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &broken, &before);
	written = write(fd, p, n);
	error = errno;
	if (written < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&broken, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return written;
}

/* False: nobody listens, or the bell is full. */
static bool
ring(struct ringer *r)
{
	ssize_t n = (ssize_t)strlen(r->ring);

	for (int tries = 0; tries < 2; tries++) {
		if (r->fd < 0)
			r->fd = open(r->bell, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (r->fd < 0)
			return false; /* ENXIO: nobody listens; ENOENT: nobody ever did */
		if (write_quietly(r->fd, r->ring, (size_t)n) == n)
			return true;
		if (errno == EAGAIN)
			return false;
		close(r->fd);
		r->fd = -1; /* EPIPE: another listener may be there */
	}
	return false;
}

/* A tenant at rest is not looked at before it is due: so it is due now.  Whoever
 * began to listen, or emptied the bell, before it was so hears the second ring. */
void
ringer_ring(struct ringer *r)
{
	if (ring(r) || r->due == NULL)
		return;
	unlink(r->due);
	ring(r);
}

/* A descriptor that is kept does not tell. */
bool
ringer_heard(const struct ringer *r)
{
	int fd = open(r->bell, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
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

/* What is not a name is nobody's: the rest of a line that was too long, too. */
static void
hear(struct rings *r, const char *p, size_t n, void (*heard)(void *arg, struct str name), void *arg)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\n') {
			if (r->n < sizeof(r->part))
				r->part[r->n++] = p[i];
			continue;
		}
		if (r->n == 0 || tenant_name_valid((struct str){ r->part, r->n }))
			heard(arg, (struct str){ r->part, r->n });
		r->n = 0;
	}
}

bool
bell_take(int fd, struct rings *r, void (*heard)(void *arg, struct str name), void *arg)
{
	int holds = fcntl(fd, F_GETPIPE_SZ);
	char in[PIPE_BUF];
	size_t all = 0;
	ssize_t n;

	while ((n = read(fd, in, sizeof(in))) > 0) {
		hear(r, in, (size_t)n, heard, arg);
		all += (size_t)n;
	}
	/* Each page of it may have had a ring's length of room left. */
	return holds <= 0 || all < (size_t)holds / 2;
}

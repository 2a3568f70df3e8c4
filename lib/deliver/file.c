/* file.c - messages that leave nowhere. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* STATE/sent, STATE being the state directory that the program works on. */
static struct str
file_folder(struct arena *a)
{
	const char *state = getenv("MUSTER_STATE");

	return arena_strf(a, "%s/sent", state ? state : "var");
}

static bool
write_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes.p += n;
			bytes.n -= (size_t)n;
		}
	}
	return true;
}

/* Writes `bytes` as DIR/NAME.EXT, whole or not at all; makes DIR where it is
 * missing.  False: errno tells why. */
static bool
file_write(struct arena *a, struct str dir, struct str name, const char *ext, struct str bytes)
{
	const char *path = arena_printf(a, "%.*s/%.*s.%s", FMT(dir), FMT(name), ext);
	const char *temporary = arena_printf(a, "%s.%ld", path, (long)getpid());
	bool good;
	int fd;

	if (mkdir(arena_printf(a, "%.*s", FMT(dir)), 0700) != 0 && errno != EEXIST)
		return false;
	if ((fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
		return false;
	good = write_all(fd, bytes);
	good = close(fd) == 0 && good;
	if (good && rename(temporary, path) == 0)
		return true;
	unlink(temporary);
	return false;
}

void
file_deliver(struct delivery *d, const char *ext, struct str bytes, struct verdict *v)
{
	*v = (struct verdict){ .outcome = OUTCOME_SENT };
	if (file_write(d->arena, file_folder(d->arena), d->name, ext, bytes)) {
		snprintf(v->reference, sizeof(v->reference), "%.*s.%s", FMT(d->name), ext);
		return;
	}
	*v = (struct verdict){ .outcome = OUTCOME_RETRY, .hurts = true, .reason = "file" };
	snprintf(v->detail, sizeof(v->detail), "%s", strerror(errno));
}

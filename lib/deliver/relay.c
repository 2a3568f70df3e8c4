/* relay.c - one dispatcher works, at most two wait for it to end. */
#include "relay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "outbox.h"
#include "random.h"

struct relay {
	int dir, seat, primary, own;
	int64_t owner;
};

enum { SEATS = 2 };

static int
open_in(const struct relay *r, const char *name)
{
	int fd = openat(r->dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		die("dispatch/%s: %s", name, strerror(errno));
	return fd;
}

/* A descriptor that holds the file's lock; negative: another one has it. */
static int
try_lock(const struct relay *r, const char *name)
{
	int fd = open_in(r, name);

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct relay *
relay_join(const char *state, bool wait)
{
	struct relay *r = calloc(1, sizeof(*r));
	char path[PATH_MAX];

	if (r == NULL)
		die("out of memory");
	snprintf(path, sizeof(path), "%s/dispatch", state);
	mkdir(path, 0700);
	if ((r->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		die("%s: %s", path, strerror(errno));
	r->seat = r->primary = r->own = -1;
	if (!wait) {
		r->primary = try_lock(r, "primary");
	} else {
		for (int i = 0; i < SEATS && r->seat < 0; i++) {
			char name[16];

			snprintf(name, sizeof(name), "seat.%d", i);
			r->seat = try_lock(r, name);
		}
	}
	if (r->seat < 0 && r->primary < 0) {
		relay_leave(r);
		return NULL;
	}
	return r;
}

static void
own_name(int64_t owner, char name[static 32])
{
	snprintf(name, 32, "own.%lld", (long long)owner);
}

/* Nobody looks at the files of owners but the one that works: it cannot be
 * taken for dead between its making and its lock. */
static void
make_own(struct relay *r)
{
	char name[32];

	do
		random_bytes(&r->owner, sizeof(r->owner));
	while ((r->owner &= INT64_MAX) == 0);
	own_name(r->owner, name);
	if ((r->own = try_lock(r, name)) < 0)
		die("dispatch/%s is locked", name);
}

void
relay_promote(struct relay *r)
{
	if (r->primary < 0) {
		r->primary = open_in(r, "primary");
		while (flock(r->primary, LOCK_EX) != 0)
			if (errno != EINTR)
				die("dispatch/primary: %s", strerror(errno));
	}
	drop(&r->seat);
	make_own(r);
}

int64_t
relay_owner(const struct relay *r)
{
	return r->owner;
}

void
relay_confess(const struct relay *r)
{
	if (r->own >= 0 && write(r->own, "!", 1) < 0)
		return; /* a full disk: then it was an accident */
}

/* Does the process still live whose claims these are?  If not: did it die by a
 * fault of its own?  Only then it may have been one of its messages. */
static bool
lives(const struct relay *r, int64_t owner, bool *fault)
{
	char name[32];
	struct stat st;
	int fd;
	bool locked;

	*fault = false;
	if (owner == r->owner)
		return true;
	own_name(owner, name);
	if ((fd = openat(r->dir, name, O_RDWR | O_CLOEXEC)) < 0)
		return false;
	locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
	*fault = fstat(fd, &st) == 0 && st.st_size > 0;
	close(fd);
	return locked;
}

static int64_t
release(struct db *db, int64_t owner, bool fault, int64_t now)
{
	int64_t n = 0;
	enum err e = db_begin(db, TX_WRITE, now);

	if (e == OK) {
		n = fault ? outbox_release(db, owner) : outbox_pardon(db, owner);
		e = db_commit(db);
	}
	if (e != OK) {
		db_rollback(db);
		log_line("taking back claims: %s", err_words(e)->title);
		return -1;
	}
	return n;
}

void
relay_bury(struct relay *r)
{
	int fd = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		int64_t owner;
		bool fault;

		if (strncmp(e->d_name, "own.", 4) == 0 && str_int(str(e->d_name + 4), 1, INT64_MAX, &owner) &&
		    !lives(r, owner, &fault))
			unlinkat(r->dir, e->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
}

int64_t
relay_reclaim(struct relay *r, struct db *db, struct arena *a, int64_t now, bool *others)
{
	int64_t *owners = NULL, total = 0;
	size_t n = 0;
	bool read = db_begin(db, TX_READ, now) == OK;

	if (read)
		outbox_owners(db, a, &owners, &n);
	db_rollback(db);
	*others = !read;
	for (size_t i = 0; i < n; i++) {
		bool fault;
		int64_t rows = lives(r, owners[i], &fault) ? 0 : release(db, owners[i], fault, now);

		*others |= owners[i] != r->owner && rows <= 0;
		total += rows > 0 ? rows : 0;
	}
	return total;
}

void
relay_hand_over(struct relay *r)
{
	drop(&r->primary);
}

void
relay_leave(struct relay *r)
{
	char name[32];

	if (r == NULL)
		return;
	if (r->own >= 0) {
		own_name(r->owner, name);
		unlinkat(r->dir, name, 0);
	}
	drop(&r->own);
	drop(&r->primary);
	drop(&r->seat);
	close(r->dir);
	free(r);
}

/* archive.c - a tenant as one file: ustar, with GNU's way to write sizes from 8 GiB on. */
#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

enum { BLOCK = 512, STEP = 1024 * 1024 };

static const char note_name[] = "tenant", database_name[] = "muster.db";

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[8];
	char owner[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar's header is a block");

/* ---- bytes --------------------------------------------------------------- */

static bool
write_all(int fd, const void *p, size_t n)
{
	for (const char *at = p; n > 0;) {
		ssize_t k = write(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

static bool
read_all(int fd, void *p, size_t n)
{
	for (char *at = p; n > 0;) {
		ssize_t k = read(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

/* `size` bytes from one to the other. */
static bool
copy(int from, int to, int64_t size)
{
	static char some[STEP];

	while (size > 0) {
		size_t n = size < STEP ? (size_t)size : STEP;

		if (!read_all(from, some, n) || !write_all(to, some, n))
			return false;
		size -= (int64_t)n;
	}
	return true;
}

static size_t
padding(int64_t size)
{
	return (size_t)((BLOCK - size % BLOCK) % BLOCK);
}

/* ---- headers ---------------------------------------------------------------- */

static unsigned
sum_of(const struct header *h)
{
	struct header copy = *h;
	const unsigned char *p = (const unsigned char *)&copy;
	unsigned sum = 0;

	memset(copy.sum, ' ', sizeof(copy.sum));
	for (size_t i = 0; i < sizeof(copy); i++)
		sum += p[i];
	return sum;
}

static void
put_size(struct header *h, int64_t size)
{
	if (size < INT64_C(1) << 33) {
		snprintf(h->size, sizeof(h->size), "%011llo", (long long)size);
		return;
	}
	for (size_t i = sizeof(h->size); i-- > 0; size >>= 8)
		h->size[i] = (char)(size & 0xff);
	h->size[0] = (char)0x80;
}

/* Negative: it is none. */
static int64_t
get_size(const struct header *h)
{
	const unsigned char *p = (const unsigned char *)h->size;
	int64_t size = 0;

	if (p[0] == 0x80) {
		for (size_t i = 4; i < sizeof(h->size); i++)
			size = size << 8 | p[i];
		return p[1] || p[2] || p[3] ? -1 : size;
	}
	for (size_t i = 0; i < sizeof(h->size) && p[i] != '\0' && p[i] != ' '; i++) {
		if (p[i] < '0' || p[i] > '7')
			return -1;
		size = size * 8 + (p[i] - '0');
	}
	return size;
}

static bool
put_header(int fd, const char *name, int64_t size, int64_t now)
{
	struct header h = { .mode = "0000600", .uid = "0000000", .gid = "0000000", .type = '0' };

	snprintf(h.name, sizeof(h.name), "%s", name);
	put_size(&h, size);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo", (long long)(now / 1000) & 077777777777);
	memcpy(h.magic,
	    "ustar\0"
	    "00",
	    8);
	snprintf(h.sum, sizeof(h.sum), "%06o", sum_of(&h));
	h.sum[7] = ' ';
	return write_all(fd, &h, sizeof(h));
}

/* The size of the member that must come next; negative: it does not. */
static int64_t
get_header(int fd, const char *name)
{
	struct header h;
	char sum[8];

	if (!read_all(fd, &h, sizeof(h)))
		return -1;
	snprintf(sum, sizeof(sum), "%06o", sum_of(&h));
	if (memcmp(sum, h.sum, 6) != 0 || strncmp(h.name, name, sizeof(h.name)) != 0 ||
	    (h.type != '0' && h.type != '\0') || h.prefix[0] != '\0')
		return -1;
	return get_size(&h);
}

/* ---- writing ------------------------------------------------------------------ */

static bool
put_members(int fd, struct str note, int database, int64_t size, int64_t now)
{
	static const char zeros[2 * BLOCK];

	return put_header(fd, note_name, (int64_t)note.n, now) && write_all(fd, note.p, note.n) &&
	       write_all(fd, zeros, padding((int64_t)note.n)) && put_header(fd, database_name, size, now) &&
	       copy(database, fd, size) && write_all(fd, zeros, padding(size)) &&
	       write_all(fd, zeros, sizeof(zeros)) && fsync(fd) == 0;
}

/* link(2), unlike rename(2), replaces nothing. */
static enum err
write_archive(const char *path, const char *part, struct str note, int database, int64_t now)
{
	struct stat st;
	int to = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum err e = OK;

	if (to < 0 || fstat(database, &st) != 0 || !put_members(to, note, database, st.st_size, now) ||
	    link(part, path) != 0) {
		e = errno == EEXIST ? ERR_CONFLICT : ERR_STORE;
		log_line("%s: %s", part, strerror(errno));
	}
	if (to >= 0)
		close(to);
	unlink(part);
	return e;
}

enum err
archive_write(const char *path, struct str note, const char *database, int64_t now)
{
	char part[PATH_MAX];
	int from = open(database, O_RDONLY | O_CLOEXEC);
	enum err e = ERR_STORE;

	if (from < 0)
		return ERR_STORE;
	if (snprintf(part, sizeof(part), "%s.part", path) < PATH_MAX) {
		unlink(part); /* of one that was killed */
		e = write_archive(path, part, note, from, now);
	}
	close(from);
	return e;
}

/* ---- reading ------------------------------------------------------------------ */

static bool
skip(int fd, size_t n)
{
	char some[BLOCK];

	return read_all(fd, some, n);
}

static bool
get_note(int fd, struct arena *a, struct str *note)
{
	int64_t size = get_header(fd, note_name);
	char *p;

	if (size < 0 || size > ARCHIVE_NOTE)
		return false;
	p = arena_alloc(a, (size_t)size + 1);
	*note = (struct str){ p, (size_t)size };
	return read_all(fd, p, (size_t)size) && skip(fd, padding(size));
}

/* What the disk did to us is told apart from what the file lacks. */
static enum err
get_database(int from, const char *path)
{
	int64_t size = get_header(from, database_name);
	struct stat st;
	enum err e = OK;
	int to;

	if (size < 0 || fstat(from, &st) != 0 || size > st.st_size)
		return ERR_MALFORMED;
	if ((to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		return ERR_STORE;
	errno = 0;
	if (!copy(from, to, size) || !skip(from, padding(size)))
		e = errno != 0 ? ERR_STORE : ERR_MALFORMED;
	if (e == OK && fsync(to) != 0)
		e = ERR_STORE;
	if (e == ERR_STORE)
		log_line("%s: %s", path, strerror(errno));
	close(to);
	return e;
}

enum err
archive_read(const char *path, struct arena *a, struct str *note, const char *database)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum err e = ERR_MALFORMED;

	if (fd < 0)
		return ERR_NOT_FOUND;
	if (get_note(fd, a, note))
		e = get_database(fd, database);
	close(fd);
	return e;
}

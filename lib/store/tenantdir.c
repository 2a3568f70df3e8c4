/* tenantdir.c - making tenants and taking them away. */
#include "tenantdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bell.h"
#include "log.h"
#include "random.h"

/* The server in front passes through, and reads live/ alone. */
enum { PASS = 0711, SHOWN = 0755 };

static void path_of(char path[static PATH_MAX], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
path_of(char path[static PATH_MAX], const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, PATH_MAX, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= PATH_MAX)
		die("a path is too long");
}

static enum err
trouble(const char *path)
{
	log_line("%s: %s", path, strerror(errno));
	return ERR_STORE;
}

/* What root makes belongs to whom the state belongs to. */
static bool
hand_over(const char *state, const char *path)
{
	struct stat st;

	return geteuid() != 0 || (stat(state, &st) == 0 && lchown(path, st.st_uid, st.st_gid) == 0);
}

static bool
make_dir(const char *state, const char *path, mode_t mode)
{
	if (mkdir(path, mode) != 0)
		return errno == EEXIST;
	return chmod(path, mode) == 0 && hand_over(state, path); /* whatever the umask says */
}

static bool
make_file(const char *state, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return false;
	close(fd);
	return hand_over(state, path);
}

/* What was renamed or linked there stays so when the machine dies. */
static void
settle(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* ---- taking away --------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	if (remove(path) != 0)
		log_line("%s: %s", path, strerror(errno));
	return 0;
}

static void
remove_all(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* What one that was killed left half made or half gone. */
static void
tidy(const char *tenants)
{
	struct dirent *entry;
	char path[PATH_MAX];
	DIR *dir = opendir(tenants);

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (str_starts(str(entry->d_name), ".new-") || str_starts(str(entry->d_name), ".old-")) {
			path_of(path, "%s/%s", tenants, entry->d_name);
			remove_all(path);
		}
	closedir(dir);
}

int
tenant_lock(const char *state)
{
	char hosts[PATH_MAX], tenants[PATH_MAX], path[PATH_MAX];
	int fd;

	path_of(hosts, "%s/hosts", state);
	path_of(tenants, "%s/tenants", state);
	if (!make_dir(state, tenants, PASS) || !make_dir(state, hosts, PASS))
		return -1;
	path_of(path, "%s/.lock", tenants);
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return -1;
	if (!hand_over(state, path) || flock(fd, LOCK_EX) != 0) {
		close(fd);
		return -1;
	}
	tidy(tenants);
	return fd;
}

/* ---- making --------------------------------------------------------------- */

/* A link `id` to a folder of a name that no other tenant has, nor a former one of
 * this name: nginx keeps pages by where it leads. */
static bool
make_id(const char *state, const char *dir)
{
	char folder[] = "id-0123456789abcdef", path[PATH_MAX];

	random_name(folder + strlen("id-"), 16);
	path_of(path, "%s/%s", dir, folder);
	if (!make_dir(state, path, PASS))
		return false;
	path_of(path, "%s/id", dir);
	return symlink(folder, path) == 0;
}

enum err
tenant_begin(const char *state, struct str name, char dir[static TENANT_DIR])
{
	char path[PATH_MAX];
	struct tenant there;

	if (tenant_named(state, name, &there) == OK)
		return ERR_CONFLICT;
	if (snprintf(dir, TENANT_DIR, "%s/tenants/.new-%.*s", state, FMT(name)) >= TENANT_DIR)
		return ERR_STORE;
	path_of(path, "%s/live", dir);
	if (!make_dir(state, dir, PASS) || !make_dir(state, path, SHOWN) || !make_id(state, dir))
		return trouble(dir);
	return OK;
}

/* All in it belongs to whom the state belongs to. */
static bool
hand_over_all(const char *state, const char *dir)
{
	struct dirent *entry;
	char path[PATH_MAX];
	bool good = true;
	DIR *d = opendir(dir);

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		path_of(path, "%s/%s", dir, entry->d_name);
		good &= hand_over(state, path);
	}
	if (d != NULL)
		closedir(d);
	return good && d != NULL;
}

/* Whoever is there from now on is looked at at once. */
static void
wake_for(const char *dir)
{
	char path[PATH_MAX];
	struct ringer *bell;

	path_of(path, "%s/muster.db", dir);
	bell = ringer_new(path);
	ringer_ring(bell);
	ringer_free(bell);
}

enum err
tenant_appear(const char *state, struct str name)
{
	char from[PATH_MAX], to[PATH_MAX], tenants[PATH_MAX];

	path_of(tenants, "%s/tenants", state);
	path_of(from, "%s/.new-%.*s", tenants, FMT(name));
	path_of(to, "%s/%.*s", tenants, FMT(name));
	if (!hand_over_all(state, from))
		return trouble(from);
	settle(from);
	if (rename(from, to) != 0)
		return trouble(to);
	settle(tenants);
	wake_for(to);
	return OK;
}

void
tenant_drop(const char *state, struct str name)
{
	char path[PATH_MAX];

	path_of(path, "%s/tenants/.new-%.*s", state, FMT(name));
	remove_all(path);
}

/* ---- hosts ------------------------------------------------------------------ */

/* In one step, whatever was there. */
static enum err
put_link(const char *state, const char *host, const char *target)
{
	char path[PATH_MAX], fresh[PATH_MAX], hosts[PATH_MAX];

	path_of(hosts, "%s/hosts", state);
	path_of(path, "%s/%s", hosts, host);
	path_of(fresh, "%s/.new", hosts); /* under the lock there is one at a time */
	unlink(fresh);
	if (symlink(target, fresh) != 0 || !hand_over(state, fresh) || rename(fresh, path) != 0)
		return trouble(path);
	settle(hosts);
	return OK;
}

/* Whether a host's link leads to a tenant that is there; its name. */
static bool
is_taken(const char *state, const char *host, char name[static TENANT_NAME + 1])
{
	struct tenant t;

	return tenant_link(state, host, name) == OK && tenant_named(state, str(name), &t) == OK;
}

enum err
tenant_host_add(const char *state, const char *host, struct str name)
{
	char owner[TENANT_NAME + 1], target[TENANT_NAME + 16];

	if (is_taken(state, host, owner) && !str_is(name, owner))
		return ERR_CONFLICT;
	snprintf(target, sizeof(target), "../tenants/%.*s", FMT(name));
	return put_link(state, host, target);
}

enum err
tenant_host_remove(const char *state, const char *host, struct str name)
{
	char owner[TENANT_NAME + 1], path[PATH_MAX];
	enum err e = tenant_link(state, host, owner);

	if (e == ERR_NOT_FOUND || (is_taken(state, host, owner) && !str_is(name, owner)))
		return ERR_NOT_FOUND;
	path_of(path, "%s/hosts/%s", state, host);
	return unlink(path) == 0 ? OK : trouble(path);
}

size_t
tenant_hosts(const char *state, struct arena *a, struct str name, struct str **hosts)
{
	char path[PATH_MAX], owner[TENANT_NAME + 1];
	size_t n = 0, room = 0;
	struct dirent *entry;
	DIR *dir;

	*hosts = NULL;
	path_of(path, "%s/hosts", state);
	if ((dir = opendir(path)) == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || tenant_link(state, entry->d_name, owner) != OK ||
		    !str_is(name, owner))
			continue;
		*hosts = arena_grow(a, *hosts, n, &room);
		(*hosts)[n++] = arena_dup(a, str(entry->d_name));
	}
	closedir(dir);
	if (n > 0)
		qsort(*hosts, n, sizeof(**hosts), str_by_bytes);
	return n;
}

/* ---- pausing, ending ---------------------------------------------------------- */

enum err
tenant_suspend(const char *dir, bool suspended)
{
	char path[PATH_MAX];

	path_of(path, "%s/suspended", dir);
	if (suspended)
		return make_file(dir, path) ? OK : trouble(path);
	if (unlink(path) != 0 && errno != ENOENT)
		return trouble(path);
	wake_for(dir);
	return OK;
}

enum err
tenant_delete(const char *state, struct arena *a, struct str name)
{
	char tenants[PATH_MAX], path[PATH_MAX], old[PATH_MAX];
	struct str *hosts;
	size_t n = tenant_hosts(state, a, name, &hosts);
	enum err e = OK;

	path_of(tenants, "%s/tenants", state);
	path_of(path, "%s/.deleted", tenants);
	path_of(old, "%s/.deleted/deleted", tenants);
	if (!make_dir(state, path, PASS) || !make_file(state, old))
		return trouble(old);
	for (size_t i = 0; i < n && e == OK; i++)
		e = put_link(state, hosts[i].p, "../tenants/.deleted");
	if (e != OK)
		return e;
	path_of(path, "%s/%.*s", tenants, FMT(name));
	path_of(old, "%s/.old-%.*s", tenants, FMT(name));
	remove_all(old);
	if (rename(path, old) != 0)
		return trouble(path);
	settle(tenants);
	remove_all(old);
	return OK;
}

/* tenant.c - whose a request is: names, links, files. */
#include "tenant.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char link_start[] = "../tenants/";

/* ---- names -------------------------------------------------------------- */

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
tenant_name_valid(struct str s)
{
	return str_slug(s, TENANT_NAME);
}

/* The port goes, if it is one. */
static bool
without_port(struct str *s)
{
	struct str rest = *s, host = str_cut(&rest, ':');

	if (host.n == s->n)
		return true;
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return false;
	*s = host;
	return rest.n <= 5;
}

/* A host's parts: none empty, none with a dash at its end. */
static bool
parts_hold(const char *host, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool first = i == 0 || host[i - 1] == '.', last = i + 1 == n || host[i + 1] == '.';

		if (!is_plain(host[i]) && host[i] != '-' && host[i] != '.')
			return false;
		if ((first || last) && !is_plain(host[i]) && (first || host[i] == '-'))
			return false;
	}
	return true;
}

bool
tenant_host(struct str given, char host[static TENANT_HOST + 1])
{
	if (!without_port(&given))
		return false;
	if (given.n > 0 && given.p[given.n - 1] == '.')
		given.n--;
	if (given.n == 0 || given.n > TENANT_HOST)
		return false;
	for (size_t i = 0; i < given.n; i++) {
		char c = given.p[i];

		host[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	host[given.n] = '\0';
	return parts_hold(host, given.n) && host[given.n - 1] != '.';
}

struct str
tenant_channel(struct arena *a, struct str name, struct str channel)
{
	return name.n == 0 ? channel : arena_strf(a, "%.*s.%.*s", FMT(name), FMT(channel));
}

/* ---- directories --------------------------------------------------------- */

static bool
is_suspended(const char *dir)
{
	char path[TENANT_DIR + 16];

	snprintf(path, sizeof(path), "%s/suspended", dir);
	return access(path, F_OK) == 0;
}

enum err
tenant_named(const char *state, struct str name, struct tenant *t)
{
	struct stat st;
	int n;

	*t = (struct tenant){ 0 };
	if (name.n > 0 && !tenant_name_valid(name))
		return ERR_NOT_FOUND;
	snprintf(t->name, sizeof(t->name), "%.*s", FMT(name));
	n = snprintf(t->dir, sizeof(t->dir), "%s%s%s", state, name.n ? "/tenants/" : "", t->name);
	if (n < 0 || (size_t)n >= sizeof(t->dir))
		return ERR_NOT_FOUND;
	/* The default one is there even before its directory is. */
	if (name.n > 0 && (stat(t->dir, &st) != 0 || !S_ISDIR(st.st_mode)))
		return ERR_NOT_FOUND;
	t->suspended = is_suspended(t->dir);
	return OK;
}

enum err
tenant_link(const char *state, const char *host, char name[static TENANT_NAME + 1])
{
	char path[PATH_MAX], target[sizeof(link_start) + TENANT_NAME + 1];
	struct str rest;
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/hosts/%s", state, host) >= (int)sizeof(path))
		return ERR_NOT_FOUND;
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_CONFLICT;
	target[n] = '\0';
	rest = (struct str){ target, (size_t)n };
	if (!str_starts(rest, link_start))
		return ERR_CONFLICT;
	rest.p += strlen(link_start);
	rest.n -= strlen(link_start);
	if (!tenant_name_valid(rest))
		return ERR_CONFLICT;
	memcpy(name, rest.p, rest.n + 1);
	return OK;
}

enum err
tenant_of_host(const char *state, struct str given, struct tenant *t)
{
	char host[TENANT_HOST + 1], name[TENANT_NAME + 1];
	enum err e = ERR_NOT_FOUND;

	if (tenant_host(given, host))
		e = tenant_link(state, host, name);
	if (e == ERR_NOT_FOUND)
		return tenant_named(state, S(""), t);
	/* A link that is none of ours shows nobody's data. */
	return e == OK ? tenant_named(state, str(name), t) : ERR_NOT_FOUND;
}

size_t
tenant_names(const char *state, struct arena *a, struct str **names)
{
	char path[PATH_MAX];
	size_t n = 0, room = 0;
	struct dirent *entry;
	DIR *dir;

	*names = NULL;
	snprintf(path, sizeof(path), "%s/tenants", state);
	if ((dir = opendir(path)) == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (!tenant_name_valid(str(entry->d_name)) ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue; /* also what is being made or taken away: its name begins with a dot */
		*names = arena_grow(a, *names, n, &room);
		(*names)[n++] = arena_dup(a, str(entry->d_name));
	}
	closedir(dir);
	if (n > 0)
		qsort(*names, n, sizeof(**names), str_by_bytes);
	return n;
}

/* ---- when there is something to do ---------------------------------------- */

int64_t
tenant_due(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/due", dir);
	if (stat(path, &st) != 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

void
tenant_due_set(const char *dir, int64_t at)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000 } };
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/due", dir);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return; /* then it is looked at: dearer, not wrong */
	futimens(fd, times);
	close(fd);
}

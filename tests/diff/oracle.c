/* oracle.c - a redis-server of our own on a unix socket; its replies as struct reply. */
#include <errno.h>
#include <fcntl.h>
#include <hiredis/read.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diff.h"
#include "log.h"

struct oracle {
	pid_t pid;
	int fd;
	volatile int64_t *clock;
	redisReader *reader;
	struct buf out;
};

/* ---- replies: hiredis parses, straight into struct reply ---- */

static struct reply *
place(const redisReadTask *task)
{
	struct reply *parent = task->parent ? task->parent->obj : NULL;

	return parent ? &parent->items[task->idx] : arena_array(task->privdata, struct reply, 1);
}

static void *
make_string(const redisReadTask *task, char *p, size_t n)
{
	struct reply *r = place(task);

	r->kind = task->type == REDIS_REPLY_ERROR    ? REPLY_ERROR
		  : task->type == REDIS_REPLY_STATUS ? REPLY_STATUS
						     : REPLY_BULK;
	r->text = arena_dup(task->privdata, (struct str){ p, n });
	return r;
}

static void *
make_array(const redisReadTask *task, int n)
{
	struct reply *r = place(task);

	*r = (struct reply){ .kind = REPLY_ARRAY, .n = (size_t)n };
	r->items = arena_array(task->privdata, struct reply, r->n + 1);
	return r;
}

static void *
make_integer(const redisReadTask *task, long long value)
{
	struct reply *r = place(task);

	*r = (struct reply){ .kind = REPLY_INTEGER, .integer = value };
	return r;
}

static void *
make_nil(const redisReadTask *task)
{
	struct reply *r = place(task);

	r->kind = task->type == REDIS_REPLY_ARRAY ? REPLY_NIL_ARRAY : REPLY_NIL;
	return r;
}

static void
keep(void *reply) /* it is the arena's */
{
	(void)reply;
}

static redisReplyObjectFunctions makers = { make_string, make_array, make_integer, make_nil, keep };

/* ---- the process ---- */

static int
connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(to.sun_path))
		die("oracle: %s: %s", path, strerror(errno));
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int64_t *
clock_file(const char *path, int64_t now)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *p = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(int64_t)) == 0)
		p = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		die("oracle: %s: %s", path, strerror(errno));
	close(fd);
	*(int64_t *)p = now;
	return p;
}

/* Beside this program, where the Makefile puts it. */
static char *
shim_path(struct arena *mem)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		die("oracle: /proc/self/exe: %s", strerror(errno));
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	return arena_printf(mem, "%s/clock_shim.so", self);
}

_Noreturn static void
become_redis(const char *dir, const char *clock, const char *shim)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* whatever ends us ends it */
	if (chdir(dir) != 0 || setenv("LD_PRELOAD", shim, 1) != 0 || setenv("CLOCK_SHIM", clock, 1) != 0)
		_exit(126);
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	execl(REDIS_SERVER, "redis-server", "--port", "0", "--unixsocket", "redis.sock", "--save", "",
	    "--appendonly", "no", "--enable-debug-command", "local", "--daemonize", "no", "--logfile",
	    "redis.log", "--maxmemory", "0", (char *)NULL);
	_exit(127);
}

static bool
prepare(struct oracle *o, struct arena *mem, const char **why)
{
	struct str still[] = { S("DEBUG"), S("SET-ACTIVE-EXPIRE"), S("0") };
	struct str info[] = { S("INFO"), S("server") };
	struct str time[] = { S("TIME") };
	struct reply r = oracle_ask(o, mem, info, 2);

	if (r.kind != REPLY_BULK || strstr(r.text.p, "redis_version:7.0.") == NULL)
		*why = "redis-server is not of the 7.0 series";
	else if (r = oracle_ask(o, mem, still, 3), r.kind != REPLY_STATUS)
		*why = "redis-server takes no DEBUG";
	else if (r = oracle_ask(o, mem, time, 1),
	    r.kind != REPLY_ARRAY || atoll(r.items[0].text.p) != *o->clock / 1000)
		*why = "the clock shim does not work";
	else
		return true;
	return false;
}

struct oracle *
oracle_start(const char *dir, int64_t now, const char **why)
{
	struct oracle *o = calloc(1, sizeof(*o));
	struct arena *mem = arena_new();
	const char *clock = arena_printf(mem, "%s/clock", dir), *shim = shim_path(mem);
	const char *path = arena_printf(mem, "%s/redis.sock", dir);

	if (o == NULL)
		die("out of memory");
	o->clock = clock_file(clock, now);
	o->reader = redisReaderCreateWithFunctions(&makers);
	o->fd = -1;
	fflush(NULL);
	if ((o->pid = fork()) == 0)
		become_redis(dir, clock, shim);
	for (int i = 0; i < 1000 && (o->fd = connect_to(path)) < 0; i++) {
		if (waitpid(o->pid, NULL, WNOHANG) == o->pid) {
			o->pid = 0;
			break;
		}
		usleep(10000);
	}
	if (o->fd < 0)
		*why = "redis-server does not start";
	if (o->fd < 0 || !prepare(o, mem, why)) {
		oracle_stop(o);
		o = NULL;
	}
	arena_free(mem);
	return o;
}

void
oracle_stop(struct oracle *o)
{
	if (o == NULL)
		return;
	if (o->fd >= 0)
		close(o->fd);
	if (o->pid > 0) {
		kill(o->pid, SIGKILL); /* it has nothing to save */
		waitpid(o->pid, NULL, 0);
	}
	redisReaderFree(o->reader);
	munmap((void *)o->clock, sizeof(*o->clock));
	buf_free(&o->out);
	free(o);
}

/* Redis counts keys whose time has come until something touches them; a SCAN
 * does, and then its DBSIZE says what is there. */
void
oracle_clock(struct oracle *o, int64_t now)
{
	struct str scan[] = { S("SCAN"), S("0"), S("COUNT"), S("100000") };
	struct arena *mem = arena_new();
	struct reply r;

	*o->clock = now;
	do {
		r = oracle_ask(o, mem, scan, LEN(scan));
		if (r.kind != REPLY_ARRAY || r.n != 2)
			die("oracle: no SCAN");
		scan[1] = r.items[0].text;
	} while (!str_is(scan[1], "0"));
	arena_free(mem);
}

/* ---- commands ---- */

void
oracle_send(struct oracle *o, const struct str *args, size_t n)
{
	buf_printf(&o->out, "*%zu\r\n", n);
	for (size_t i = 0; i < n; i++) {
		buf_char(&o->out, '$');
		buf_int(&o->out, (int64_t)args[i].n);
		buf_str(&o->out, S("\r\n"));
		buf_str(&o->out, args[i]);
		buf_str(&o->out, S("\r\n"));
	}
}

/* Redis reads on while its replies wait in its own memory: this cannot block
 * for ever. */
void
oracle_flush(struct oracle *o)
{
	size_t done = 0;

	while (done < o->out.n) {
		ssize_t n = send(o->fd, o->out.p + done, o->out.n - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			die("redis-server is gone: %s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	buf_reset(&o->out);
}

struct reply
oracle_read(struct oracle *o, struct arena *mem)
{
	static char in[256 * 1024];
	void *reply = NULL;

	redisReaderSetPrivdata(o->reader, mem);
	while (redisReaderGetReply(o->reader, &reply) == REDIS_OK && reply == NULL) {
		ssize_t n = recv(o->fd, in, sizeof(in), 0);

		if (n == 0 || (n < 0 && errno != EINTR))
			die("redis-server is gone: %s", n ? strerror(errno) : "closed");
		if (n > 0)
			redisReaderFeed(o->reader, in, (size_t)n);
	}
	if (reply == NULL)
		die("redis-server: %s", o->reader->errstr);
	return *(struct reply *)reply;
}

struct reply
oracle_ask(struct oracle *o, struct arena *mem, const struct str *args, size_t n)
{
	oracle_send(o, args, n);
	oracle_flush(o);
	return oracle_read(o, mem);
}

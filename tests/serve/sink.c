/*
 * sink.c - a receiver of webhooks that keeps a list of what it took, and fails
 * as receivers do.
 *
 *	sink PORT LOG [FAULTS]
 *
 * Listens on 127.0.0.1:PORT (0: any; the first line of its output is the port).
 * Each request that it took is a line of LOG: "ID N US PATH", the webhook-id, the
 * number behind "n": or behind "alert no. " in the body, the time of arrival.  /silent never answers,
 * /status/503 answers that, with a Retry-After of what stands behind it
 * (/status/503/30).
 *
 * FAULTS percent of all messages meet a fault once: a 500, a connection that
 * is dropped before or after the request was taken, an answer after 0.3 s, none
 * for a second and then a reset.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 64 * 1024, CONNS = 4096, SEEN = 1 << 18 };

struct conn {
	int fd;
	size_t n, room;
	char *p;
	int64_t answer_at; /* ms; 0: nothing waits */
	bool reset;        /* then, instead of an answer */
};

static struct conn *conns[CONNS];
static int poller, listener, faults;
static FILE *list;
static uint64_t seen[SEEN]; /* hashes of ids that have had their fault */
static volatile sig_atomic_t over;

static int64_t
real_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
fatal(const char *what)
{
	fprintf(stderr, "sink: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
drop(struct conn *c, bool reset)
{
	struct linger now = { .l_onoff = 1 };

	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	conns[c->fd] = NULL;
	free(c->p);
	free(c);
}

/* A header's value within the head; NULL: it is not there. */
static const char *
header(const char *head, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = strstr(head, "\r\n"); p != NULL; p = strstr(p, "\r\n")) {
		p += 2;
		if (strncasecmp(p, name, n) == 0 && p[n] == ':')
			return p + n + 1 + strspn(p + n + 1, " ");
	}
	return NULL;
}

static void
answer(struct conn *c, const char *status, const char *more)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%sContent-Length: 0\r\n\r\n", status, more);

	if (write(c->fd, text, (size_t)n) != n)
		shutdown(c->fd, SHUT_RDWR);
}

static long
number_in(const char *body)
{
	static const char *const marks[] = { "\"n\":", "alert no. " };

	for (int i = 0; i < 2; i++) {
		const char *p = strstr(body, marks[i]);

		if (p != NULL)
			return atol(p + strlen(marks[i]));
	}
	return -1;
}

static void
take(const char *id, const char *path, const char *body)
{
	fprintf(list, "%.*s %ld %lld %.*s\n", (int)strcspn(id, "\r\n"), id, number_in(body),
	    (long long)real_us(), (int)strcspn(path, " \r\n"), path);
}

/* Once for each id, in `faults` of a hundred. */
static bool
fails(const char *id)
{
	uint64_t h = 0xcbf29ce484222325U;
	size_t at;

	for (size_t i = 0; id[i] != '\r' && id[i] != '\0'; i++)
		h = (h ^ (unsigned char)id[i]) * 0x100000001b3U;
	h |= 1;
	if ((int)(h >> 33) % 100 >= faults || faults == 0)
		return false;
	for (at = h % SEEN; seen[at] != 0; at = (at + 1) % SEEN)
		if (seen[at] == h)
			return false;
	seen[at] = h;
	return true;
}

/* False: the connection is gone. */
static bool
fault(struct conn *c, const char *id, const char *path, const char *body)
{
	switch (rand() % 5) {
	case 0:
		answer(c, "500 Oops", "");
		return true;
	case 1:
		drop(c, true);
		return false;
	case 2:
		take(id, path, body);
		drop(c, true);
		return false;
	case 3:
		take(id, path, body);
		c->answer_at = real_us() / 1000 + 300;
		return true;
	default:
		c->answer_at = real_us() / 1000 + 1000;
		c->reset = true;
		return true;
	}
}

static bool
serve(struct conn *c, const char *head, const char *body)
{
	const char *id = header(head, "webhook-id"), *path = strchr(head, ' ');
	char status[32], more[64] = "";
	int after = 0;

	path = path ? path + 1 : "";
	id = id ? id : "-";
	if (strncmp(path, "/silent", 7) == 0)
		return true;
	if (strncmp(path, "/status/", 8) == 0) {
		snprintf(status, sizeof(status), "%.3s Said", path + 8);
		if (path[11] == '/' && (after = atoi(path + 12)) > 0)
			snprintf(more, sizeof(more), "Retry-After: %d\r\n", after);
		answer(c, status, more);
		return true;
	}
	if (fails(id))
		return fault(c, id, path, body);
	take(id, path, body);
	answer(c, "200 OK", "");
	return true;
}

/* All requests that are complete; false: the connection is gone. */
static bool
requests(struct conn *c)
{
	char *end;

	while ((end = memmem(c->p, c->n, "\r\n\r\n", 4)) != NULL) {
		size_t head = (size_t)(end - c->p) + 4, size;
		const char *length;
		char kept;

		end[2] = '\0'; /* the head is a string, with its last line's end */
		length = header(c->p, "content-length");
		size = head + (length ? strtoul(length, NULL, 10) : 0);
		if (size > REQUEST_MAX) {
			drop(c, true);
			return false;
		}
		if (c->n < size) {
			end[2] = '\r';
			return true;
		}
		kept = c->p[size]; /* there is always room for one more */
		c->p[size] = '\0';
		if (!serve(c, c->p, c->p + head))
			return false;
		c->p[size] = kept;
		memmove(c->p, c->p + size, c->n - size);
		c->n -= size;
	}
	return true;
}

static void
readable(struct conn *c)
{
	ssize_t n;

	if (c->room - c->n < 4096) {
		c->room += 16384;
		if (c->room > REQUEST_MAX * 2 || (c->p = realloc(c->p, c->room + 1)) == NULL)
			fatal("a request");
	}
	n = read(c->fd, c->p + c->n, c->room - c->n);
	if (n <= 0) {
		drop(c, false);
		return;
	}
	c->n += (size_t)n;
	requests(c);
}

static void
welcome(void)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct epoll_event ev = { .events = EPOLLIN };

		if (fd >= CONNS || (conns[fd] = calloc(1, sizeof(struct conn))) == NULL) {
			close(fd);
			continue;
		}
		conns[fd]->fd = fd;
		ev.data.fd = fd;
		epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev);
	}
}

static void
late_answers(void)
{
	int64_t now = real_us() / 1000;

	for (int i = 0; i < CONNS; i++) {
		struct conn *c = conns[i];

		if (c == NULL || c->answer_at == 0 || c->answer_at > now)
			continue;
		c->answer_at = 0;
		if (c->reset)
			drop(c, true);
		else
			answer(c, "200 OK", "");
	}
	fflush(list);
}

static void
on_end(int sig)
{
	(void)sig;
	over = 1;
}

static void
listen_on(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	struct epoll_event ev = { .events = EPOLLIN };

	a.sin_port = htons((uint16_t)port);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(listener, (struct sockaddr *)&a, n) != 0 || listen(listener, 4096) != 0)
		fatal("listen");
	getsockname(listener, (struct sockaddr *)&a, &n);
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	poller = epoll_create1(EPOLL_CLOEXEC);
	ev.data.fd = listener;
	epoll_ctl(poller, EPOLL_CTL_ADD, listener, &ev);
}

int
main(int argc, char **argv)
{
	struct epoll_event ev[256];
	struct rlimit files = { CONNS, CONNS };
	int64_t last = 0;

	if (argc < 3 || (list = fopen(argv[2], "a")) == NULL) {
		fprintf(stderr, "usage: sink PORT LOG [FAULTS]\n");
		return 2;
	}
	setvbuf(list, NULL, _IOFBF, 1 << 16);
	faults = argc > 3 ? atoi(argv[3]) : 0;
	srand(7);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_end);
	setrlimit(RLIMIT_NOFILE, &files);
	listen_on(atoi(argv[1]));
	while (!over) {
		int n = epoll_wait(poller, ev, 256, 50);

		for (int i = 0; i < n; i++)
			if (ev[i].data.fd == listener)
				welcome();
			else if (conns[ev[i].data.fd] != NULL)
				readable(conns[ev[i].data.fd]);
		if (real_us() - last > 50000) {
			late_answers();
			last = real_us();
		}
	}
	fclose(list);
	return 0;
}

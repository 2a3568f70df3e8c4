/*
 * sink.h - another side on loopback for channels: says what it is told to, and
 * keeps what it was asked.
 *
 *	sink_start(0);                          sink_port, sink_url("/hook")
 *	sink_says("HTTP/1.1 200 OK\r\n…");      one answer a request, in this order; then they repeat
 *	carry(&channel, &d, &verdict);          start(), the transfer, judge() as an engine would
 *
 * An answer "" closes without a word, NULL says nothing and waits until the
 * other side gives up.  Each connection serves one request.
 */
#ifndef UNIT_SINK_H
#define UNIT_SINK_H

#include "store.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <strings.h>
#include <sys/socket.h>

#include "deliver.h"

enum { SINK_MOST = 16, SINK_BYTES = 16384 };

static int sink_fd = -1, sink_port;
static pthread_t sink_thread;
static const char *sink_script[SINK_MOST];
static size_t sink_nscript, sink_served;
static char sink_asked[SINK_MOST][SINK_BYTES]; /* whole requests */

static inline size_t
sink_length(const char *request)
{
	const char *at = strcasestr(request, "content-length:");

	return at ? strtoul(at + strlen("content-length:"), NULL, 10) : 0;
}

static inline void
sink_serve(int fd)
{
	size_t slot = sink_served % SINK_MOST, n = 0;
	char *in = sink_asked[slot], *end = NULL;
	const char *say = sink_script[sink_served < sink_nscript ? sink_served : sink_nscript - 1];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	memset(in, 0, SINK_BYTES);
	while ((end == NULL || n < (size_t)(end + 4 - in) + sink_length(in)) && n + 1 < SINK_BYTES) {
		ssize_t got = read(fd, in + n, SINK_BYTES - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
		end = strstr(in, "\r\n\r\n");
	}
	sink_served++;
	if (say == NULL) {
		char c;

		while (poll(&p, 1, 5000) == 1 && read(fd, &c, 1) > 0)
			;
	} else if (*say != '\0' && write(fd, say, strlen(say)) < 0) {
		perror("sink");
	}
	close(fd);
}

static inline void *
sink_run(void *arg)
{
	int fd;

	while ((fd = accept(sink_fd, NULL, NULL)) >= 0)
		sink_serve(fd);
	return arg;
}

static inline void
sink_start(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	sink_served = sink_nscript = 0;
	assert_true((sink_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0);
	assert_int_equal(bind(sink_fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(sink_fd, 16), 0);
	assert_int_equal(getsockname(sink_fd, (struct sockaddr *)&at, &size), 0);
	sink_port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&sink_thread, NULL, sink_run, NULL), 0);
}

static inline void
sink_stop(void)
{
	if (sink_fd < 0)
		return;
	shutdown(sink_fd, SHUT_RDWR);
	pthread_join(sink_thread, NULL);
	close(sink_fd);
	sink_fd = -1;
}

static inline void
sink_says(const char *answer)
{
	sink_script[sink_nscript++] = answer;
}

/* From now on, this. */
static inline void
sink_says_now(const char *answer)
{
	sink_script[0] = answer;
	sink_nscript = 1;
	sink_served = 0;
}

static inline struct str
sink_url(const char *path)
{
	return arena_strf(mem, "http://127.0.0.1:%d%s", sink_port, path);
}

/* A header of request `i`, by its name in lower case; "" where it is not there. */
static inline struct str
sink_header(size_t i, const char *name)
{
	struct str rest = str(sink_asked[i]);

	while (rest.n > 0) {
		struct str value = str_trim(str_cut(&rest, '\n')), key = str_cut(&value, ':');

		if (key.n == strlen(name) && strncasecmp(key.p, name, key.n) == 0)
			return arena_dup(mem, str_trim(value));
	}
	return S("");
}

static inline struct str
sink_body(size_t i)
{
	const char *end = strstr(sink_asked[i], "\r\n\r\n");

	return str(end ? end + 4 : "");
}

/* ---- a delivery ------------------------------------------------------------ */

static struct message carried;

static inline struct delivery
delivery(enum outbox_channel channel, enum outbox_lane lane, struct str target, struct str payload)
{
	carried = (struct message){ .id = 42,
		.channel = channel,
		.lane = lane,
		.recipient = 7,
		.target = target,
		.expires = db_now(db) + INT64_C(3600000),
		.created = db_now(db) };
	return (struct delivery){ .arena = mem,
		.message = &carried,
		.name = S("msg_test_42"),
		.payload = payload,
		.now = db_now(db),
		.db = db };
}

static inline size_t
carry_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;
	size_t room = b->n < ANSWER_MAX ? ANSWER_MAX - b->n : 0;

	buf_put(b, p, size * n < room ? size * n : room);
	return size * n;
}

/* Silence alone is waited for; all else comes as fast as the machine can. */
static inline long
carry_ms(void)
{
	size_t next = sink_served < sink_nscript ? sink_served : sink_nscript - 1;

	return sink_fd >= 0 && sink_nscript > 0 && sink_script[next] == NULL ? 300L : 20000L;
}

/* True: something was transferred. */
static inline bool
carry(const struct channel *ch, struct delivery *d, struct verdict *v)
{
	bool started;

	assert_non_null(d->easy = curl_easy_init());
	d->answer = d->head = (struct buf){ 0 };
	curl_easy_setopt(d->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(d->easy, CURLOPT_TIMEOUT_MS, carry_ms());
	curl_easy_setopt(d->easy, CURLOPT_WRITEFUNCTION, carry_bytes);
	curl_easy_setopt(d->easy, CURLOPT_WRITEDATA, &d->answer);
	curl_easy_setopt(d->easy, CURLOPT_HEADERFUNCTION, carry_bytes);
	curl_easy_setopt(d->easy, CURLOPT_HEADERDATA, &d->head);
	*v = (struct verdict){ 0 };
	if ((started = ch->start(ch, d, v)))
		ch->judge(ch, d, curl_easy_perform(d->easy), v);
	if (ch->settle != NULL)
		ch->settle(ch, d, v);
	curl_easy_cleanup(d->easy);
	curl_slist_free_all(d->headers);
	curl_slist_free_all(d->recipients);
	buf_free(&d->answer);
	buf_free(&d->head);
	return started;
}

static inline int
sink_teardown(void **state)
{
	sink_stop();
	return store_teardown(state);
}

#define SINK_TEST(name) TEST_WITH(name, store_setup, sink_teardown)

#endif

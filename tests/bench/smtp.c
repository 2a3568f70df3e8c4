/*
 * smtp.c - mails a second of the dispatcher, beside a bare libcurl loop that
 * sends the same bytes to the same relay over as many connections.
 *
 * The relay is a process of ours that answers at once and throws away what it
 * gets.  Rounds are interleaved: the two sides take turns, each a process of
 * its own.  The dispatcher reads the outbox, asks who is suppressed and who has
 * unsubscribed, writes each mail, and settles; the bare loop does nothing but
 * send.  Wall time from the start of the process to its end.
 *
 *	ROUNDS=5  MAILS=4000 (a side and round)  B=build
 *
 * Exit 1 when the target is missed.  The figures also go to build/bench-smtp.json.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "email.h"
#include "hash.h"
#include "log.h"
#include "setting.h"

enum { CONNECTIONS = 20, SINK_MOST = 256, READ_MOST = 32 * 1024, ROUNDS_MOST = 99 };
#define TARGET 0.6

static char dir[256];
static int port;
static int64_t *taken; /* mails that the relay took: shared with it */

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
number(const char *name, int usual)
{
	const char *s = getenv(name);

	return s ? atoi(s) : usual;
}

/* ---- the relay --------------------------------------------------------------- */

struct peer {
	char line[1000];
	size_t n;
	bool body;
};

static const char *
answer(struct peer *p)
{
	if (p->body) {
		if (strcmp(p->line, ".") != 0)
			return "";
		p->body = false;
		++*taken;
		return "250 2.0.0 Ok: queued as 4F2A1B\r\n";
	}
	if (strncmp(p->line, "DATA", 4) == 0) {
		p->body = true;
		return "354 go ahead\r\n";
	}
	return strncmp(p->line, "EHLO", 4) == 0 ? "250-sink\r\n250-SIZE 100000\r\n250 8BITMIME\r\n"
						: "250 2.1.0 Ok\r\n";
}

static bool
serve(int fd, struct peer *p)
{
	static char in[READ_MOST];
	ssize_t n = read(fd, in, sizeof(in));

	for (ssize_t i = 0; i < n; i++) {
		const char *said;

		if (in[i] != '\n') {
			if (p->n < sizeof(p->line) - 1 && in[i] != '\r')
				p->line[p->n++] = in[i];
			continue;
		}
		p->line[p->n] = '\0';
		p->n = 0;
		said = answer(p);
		if (*said != '\0' && write(fd, said, strlen(said)) < 0)
			return false;
	}
	return n > 0;
}

_Noreturn static void
sink(int listener)
{
	static struct peer peers[SINK_MOST];
	struct pollfd fds[SINK_MOST] = { { .fd = listener, .events = POLLIN } };
	nfds_t n = 1;

	for (;;) {
		poll(fds, n, -1);
		for (nfds_t i = n - 1; i > 0; i--)
			if (fds[i].revents != 0 && !serve(fds[i].fd, &peers[i])) {
				close(fds[i].fd);
				fds[i] = fds[--n];
				peers[i] = peers[n];
			}
		if (fds[0].revents != 0 && n < SINK_MOST) {
			fds[n] = (struct pollfd){ .fd = accept(listener, NULL, NULL), .events = POLLIN };
			peers[n] = (struct peer){ 0 };
			if (write(fds[n].fd, "220 sink\r\n", 10) == 10)
				n++;
		}
	}
}

static pid_t
start_sink(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, SINK_MOST) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		die("no relay: %s", strerror(errno));
	port = ntohs(address.sin_port);
	taken = mmap(NULL, sizeof(*taken), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if ((pid = fork()) == 0)
		sink(fd);
	close(fd);
	return pid;
}

/* ---- the bare loop ------------------------------------------------------------- */

struct upload {
	struct str bytes;
	size_t at;
};

static size_t
read_more(char *out, size_t size, size_t n, void *arg)
{
	struct upload *u = arg;
	size_t some = u->bytes.n - u->at;

	if (some > size * n)
		some = size * n;
	memcpy(out, u->bytes.p + u->at, some);
	u->at += some;
	return some;
}

static void
set_up(CURL *easy, const char *url, struct curl_slist *to, struct upload *u)
{
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, "alerts@example.org");
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)u->bytes.n);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_more);
	curl_easy_setopt(easy, CURLOPT_READDATA, u);
}

_Noreturn static void
bare(struct str mail, int mails)
{
	CURLM *multi = curl_multi_init();
	struct upload uploads[CONNECTIONS];
	struct curl_slist *to = curl_slist_append(NULL, "reader@example.net");
	char url[100];
	int running, left, waiting = mails, done = 0;
	CURLMsg *m;

	snprintf(url, sizeof(url), "smtp://127.0.0.1:%d/muster.example.org", port);
	for (int i = 0; i < CONNECTIONS; i++, waiting--) {
		CURL *easy = curl_easy_init();

		uploads[i] = (struct upload){ mail, 0 };
		set_up(easy, url, to, &uploads[i]);
		curl_easy_setopt(easy, CURLOPT_PRIVATE, &uploads[i]);
		curl_multi_add_handle(multi, easy);
	}
	while (done < mails) {
		curl_multi_perform(multi, &running);
		while ((m = curl_multi_info_read(multi, &left)) != NULL) {
			struct upload *u = NULL;

			if (m->data.result != CURLE_OK)
				die("bare: %s", curl_easy_strerror(m->data.result));
			done++;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&u);
			u->at = 0;
			curl_multi_remove_handle(multi, m->easy_handle);
			if (waiting > 0) {
				waiting--;
				curl_multi_add_handle(multi, m->easy_handle);
			}
		}
		if (done < mails)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	_exit(0);
}

/* ---- the dispatcher ------------------------------------------------------------ */

static struct str
payload(struct arena *a)
{
	static const char line[] =
	    "Evacua\xc8\x9bi zona M\xc4\x83n\xc4\x83\xc8\x99tur acum, pe str. Plopilor. ";
	struct buf out = { 0 };
	struct str s;

	buf_str(&out,
	    S("{\"subject\":\"Inunda\xc8\x9bii: evacua\xc8\x9bi zona\",\"language\":\"ro\",\"urgent\":true,"
	      "\"list\":true,\"text\":\""));
	for (int i = 0; i < 20; i++)
		buf_printf(&out, "%s%s", line, i % 4 == 3 ? "\\n" : "");
	buf_str(&out, S("{unsubscribe}\",\"html\":\"<!doctype html><p>"));
	for (int i = 0; i < 30; i++)
		buf_printf(&out, "<p>%s</p>\\n", line);
	buf_str(&out, S("<p><a href='{unsubscribe}'>x</a>\"}"));
	s = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return s;
}

static struct db *
open_store(void)
{
	static const char *const sets[][2] = { { "site.url", "https://muster.example.org" },
		{ "email.mode", "smtp" }, { "email.from", "Alerte <alerts@example.org>" } };
	char path[300], relay[100];
	struct arena *a = arena_new();
	struct db *db;
	const char *why;

	snprintf(path, sizeof(path), "%s/muster.db", dir);
	if (db_create(path) != OK || db_open(&db, path, DB_TOOL) != OK ||
	    db_begin(db, TX_WRITE, now_ms()) != OK)
		die("no store in %s", dir);
	for (size_t i = 0; i < LEN(sets); i++)
		setting_set(db, a, str(sets[i][0]), str(sets[i][1]), &why);
	snprintf(relay, sizeof(relay), "smtp://127.0.0.1:%d", port);
	setting_set(db, a, S("email.relay"), str(relay), &why);
	if (db_commit(db) != OK)
		die("the store cannot be written");
	arena_free(a);
	return db;
}

/* A round's messages, each to a subscription of its own. */
static void
fill(struct db *db, struct arena *a, int mails)
{
	static int64_t subscription;
	struct message m = { .channel = CHANNEL_EMAIL, .lane = LANE_NORMAL, .source = 1 };
	struct destination dest;

	if (db_begin(db, TX_WRITE, now_ms()) != OK)
		die("the store cannot be written");
	m.payload = payload_put(db, payload(a));
	m.destination = destination_id(db, CHANNEL_EMAIL, email_destination(db, a));
	m.due = db_now(db);
	m.expires = db_now(db) + 24 * HOUR_MS;
	for (int i = 0; i < mails; i++) {
		struct field f = { S("channel"), S("1") };

		m.recipient = ++subscription;
		m.target = arena_strf(a, "reader%lld@example.net", (long long)subscription);
		hash_set(db, arena_strf(a, "subscription:%lld", (long long)subscription), &f, 1);
		outbox_put(db, &m);
	}
	if (destination_get(db, a, m.destination, &dest) != OK)
		die("no destination");
	dest.width = CONNECTIONS; /* as many at once as the other side, from the start */
	destination_save(db, &dest);
	if (db_commit(db) != OK)
		die("the store cannot be written");
}

static struct str
one_mail(struct db *db, struct arena *a)
{
	struct message m = {
		.channel = CHANNEL_EMAIL, .target = S("reader1234@example.net"), .recipient = 1234
	};
	struct str mail;

	if (db_begin(db, TX_READ, now_ms()) != OK)
		die("the store cannot be read");
	m.created = db_now(db);
	mail = email_bytes(db, a, &m, S("msg_abcdefgh_1234"), payload(a));
	db_rollback(db);
	return mail;
}

_Noreturn static void
dispatch(void)
{
	const char *b = getenv("B");
	char path[300];

	snprintf(path, sizeof(path), "%s/bin/dispatch", b ? b : "build");
	setenv("MUSTER_STATE", dir, 1);
	execl(path, path, "--once", (char *)NULL);
	die("%s: %s", path, strerror(errno));
}

/* ---- rounds -------------------------------------------------------------------- */

/* Mails a second of a child that sends so many, and its processor time (us) for one. */
static double
timed(pid_t pid, double start, int64_t before, int mails, const char *who, double *cpu)
{
	struct rusage used;
	int status;

	wait4(pid, &status, 0, &used);
	*cpu = ((double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
		   (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec)) /
	       mails;
	if (status != 0 || *taken - before != mails)
		die("%s: exit %d, the relay took %lld of %d", who, status, (long long)(*taken - before),
		    mails);
	return mails / (seconds() - start);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(const double *of, int n)
{
	double sorted[ROUNDS_MOST];

	memcpy(sorted, of, (size_t)n * sizeof(*of));
	qsort(sorted, (size_t)n, sizeof(*sorted), by_size);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static int
verdict(const double *sent, const double *yardstick, int n, size_t bytes)
{
	double ratios[ROUNDS_MOST], ratio;
	FILE *f = fopen("build/bench-smtp.json", "we");

	for (int i = 0; i < n; i++)
		ratios[i] = sent[i] / yardstick[i];
	ratio = median(ratios, n);
	printf(
	    "smtp           %7.0f mails/s of %zu bytes over %d connections; bare libcurl %.0f/s; ratio %.2f   %s: "
	    ">= %.2f of bare\n",
	    median(sent, n), bytes, CONNECTIONS, median(yardstick, n), ratio,
	    ratio >= TARGET ? "ok" : "MISSED", TARGET);
	if (f != NULL) {
		fprintf(f, "{\"mails_per_s\":%.0f,\"bare_per_s\":%.0f,\"ratio\":%.3f}\n", median(sent, n),
		    median(yardstick, n), ratio);
		fclose(f);
	}
	return ratio >= TARGET ? 0 : 1;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

int
main(void)
{
	int rounds = number("ROUNDS", 5), mails = number("MAILS", 4000), status;
	double sent[ROUNDS_MOST], yardstick[ROUNDS_MOST], cpu, bare_cpu;
	struct arena *a = arena_new();
	struct db *db;
	struct str mail;
	pid_t relay, pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(dir, sizeof(dir), "build/bench-smtp.XXXXXX");
	if (rounds < 1 || rounds > ROUNDS_MOST || mails < CONNECTIONS || mkdtemp(dir) == NULL)
		die("ROUNDS is 1 to %d, MAILS at least %d", ROUNDS_MOST, CONNECTIONS);
	relay = start_sink();
	db = open_store();
	mail = one_mail(db, a);
	for (int i = 0; i < rounds; i++) {
		int64_t before = *taken;
		double start = seconds();

		if ((pid = fork()) == 0)
			bare(mail, mails);
		yardstick[i] = timed(pid, start, before, mails, "bare", &bare_cpu);
		fill(db, a, mails);
		before = *taken;
		start = seconds();
		if ((pid = fork()) == 0)
			dispatch();
		sent[i] = timed(pid, start, before, mails, "dispatch", &cpu);
		printf("round %d  smtp %7.0f/s, %.0f us of a processor each; bare %.0f/s, %.0f us\n", i + 1,
		    sent[i], cpu, yardstick[i], bare_cpu);
	}
	status = verdict(sent, yardstick, rounds, mail.n);
	kill(relay, SIGKILL);
	db_close(db);
	arena_free(a);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return status;
}

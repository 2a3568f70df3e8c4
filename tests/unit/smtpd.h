/*
 * smtpd.h - a mail relay that answers as a test tells it to.
 *
 * A child process for the relay and one for each connection.  A rule is the
 * beginning of a command ("RCPT TO:<nobody", "." is the end of a mail, "" the
 * greeting) and what is answered to it, so many times; what no rule is about
 * is answered as usual.  The answer "drop" closes the connection, and so
 * does one with a second line "421 …", as a relay's that has waited too long.  All that
 * was said to the relay can be read afterwards.
 */
#ifndef UNIT_SMTPD_H
#define UNIT_SMTPD_H

#include <arpa/inet.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

struct smtp_rule {
	const char *command, *answer;
	int times; /* 0: always */
};

enum { SMTPD_HEARD = 256 * 1024, SMTPD_RULES = 16 };

static struct {
	pid_t pid;
	int port;
	char *heard; /* shared with the child, ends with NUL */
} smtpd;

static inline const char *
smtpd_usual(const char *line)
{
	static const char *const usual[][2] = { { "EHLO", "250-fake\r\n250-SIZE 100000\r\n250 8BITMIME" },
		{ "DATA", "354 go ahead" }, { "QUIT", "221 2.0.0 bye" },
		{ ".", "250 2.0.0 Ok: queued as Q7" } };

	for (size_t i = 0; i < LEN(usual); i++)
		if (strncmp(line, usual[i][0], strlen(usual[i][0])) == 0)
			return usual[i][1];
	return line[0] ? "250 2.1.0 Ok" : "220 fake ESMTP";
}

static inline const char *
smtpd_answer(struct smtp_rule *rules, const char *line)
{
	for (struct smtp_rule *r = rules; r->command != NULL; r++) {
		bool same = r->command[0] == '\0' ? line[0] == '\0'
						  : strncmp(line, r->command, strlen(r->command)) == 0;

		if (same && r->times >= 0) {
			if (r->times > 0 && --r->times == 0)
				r->times = -1;
			return r->answer;
		}
	}
	return smtpd_usual(line);
}

static inline void
smtpd_serve(struct smtp_rule *rules, FILE *in, FILE *out)
{
	char line[2000] = "";
	bool body = false;

	do {
		const char *answer;

		line[strcspn(line, "\r\n")] = '\0';
		if (body && strcmp(line, ".") != 0)
			continue;
		answer = smtpd_answer(rules, line);
		body = strncmp(answer, "354", 3) == 0;
		if (strcmp(answer, "drop") == 0)
			return;
		fprintf(out, "%s\r\n", answer);
		fflush(out);
		if (strncmp(answer, "221", 3) == 0 || strstr(answer, "\r\n421") != NULL)
			return;
	} while (fgets(line, sizeof(line), in) != NULL &&
		 strncat(smtpd.heard, line, SMTPD_HEARD - strlen(smtpd.heard) - 1));
}

/* Rules and what was heard are shared by all connections. */
static inline void *
smtpd_shared(size_t n)
{
	return mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static inline void
smtpd_accept(int fd, struct smtp_rule *rules)
{
	int on;

	signal(SIGCHLD, SIG_IGN);
	while ((on = accept(fd, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			smtpd_serve(rules, fdopen(on, "r"), fdopen(dup(on), "w"));
			_exit(0);
		}
		close(on);
	}
}

static inline void
smtpd_start(const struct smtp_rule *rules)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct smtp_rule *shared = smtpd_shared(SMTPD_RULES * sizeof(*rules));

	assert_int_equal(bind(fd, (struct sockaddr *)&address, n), 0);
	assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
	smtpd.port = ntohs(address.sin_port);
	smtpd.heard = smtpd_shared(SMTPD_HEARD);
	for (size_t i = 0; rules[i].command != NULL && i < SMTPD_RULES - 1; i++)
		shared[i] = rules[i];
	if ((smtpd.pid = fork()) == 0) {
		setpgid(0, 0);
		smtpd_accept(fd, shared);
		_exit(0);
	}
	setpgid(smtpd.pid, smtpd.pid);
	munmap(shared, SMTPD_RULES * sizeof(*rules));
	close(fd);
}

static inline void
smtpd_stop(void)
{
	if (smtpd.pid == 0)
		return;
	kill(-smtpd.pid, SIGKILL); /* the connections too */
	waitpid(smtpd.pid, NULL, 0);
	munmap(smtpd.heard, SMTPD_HEARD);
	smtpd.pid = 0;
}

/* How often the relay heard a line that begins so. */
static inline int
smtpd_times(const char *beginning)
{
	int times = 0;

	for (const char *p = smtpd.heard; p != NULL && *p != '\0';
	     p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		times += strncmp(p, beginning, strlen(beginning)) == 0;
	return times;
}

#endif

/* log.c - lines for the operator, and the end of a process. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *name = "muster";

void
log_name(const char *program)
{
	const char *slash = strrchr(program, '/');

	name = slash ? slash + 1 : program;
}

static void
line(const char *fmt, va_list ap)
{
	char text[1024];
	time_t now = time(NULL);
	struct tm tm;
	size_t n;
	int m;

	gmtime_r(&now, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ ", &tm);
	m = snprintf(text + n, sizeof(text) - n, "%s: ", name);
	n += m > 0 ? (size_t)m : 0;
	m = vsnprintf(text + n, sizeof(text) - n - 1, fmt, ap);
	n += m > 0 ? (size_t)m : 0;
	if (n > sizeof(text) - 2)
		n = sizeof(text) - 2;
	text[n++] = '\n';
	if (write(STDERR_FILENO, text, n) < 0)
		return; /* nobody is left to tell */
}

void
log_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
	exit(70);
}

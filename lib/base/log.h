/*
 * log.h - lines for the operator on standard error, and the end of a process.
 *
 * No secret, code, token, password, address or body is ever logged.
 */
#ifndef MUSTER_LOG_H
#define MUSTER_LOG_H

/* One line: time (UTC), program, words. */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For what only our bug or a broken machine can cause: no memory, SQL that
 * does not compile, a schema of another version.  Logs, exits with 70
 * (EX_SOFTWARE of sysexits.h); the process is started again by its manager. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The name in front of each line; argv[0]'s last part is usual. */
void log_name(const char *program);

#endif

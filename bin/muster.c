/*
 * muster - the operator's command.
 *
 * Exit status: 0 done, 1 it could not be done or a check found differences, 2
 * the command line is off.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "account.h"
#include "check.h"
#include "clock.h"
#include "import.h"
#include "log.h"
#include "session.h"

enum { DONE = 0, FAILED = 1, USAGE = 2, SHELTERS_MAX = 200 };

static const char help[] = "usage: muster [--state DIR] COMMAND\n\n"
			   "  init                      make the state directory and its database\n"
			   "  import FILE               bring in a list of shelters\n"
			   "  user add NAME             a person who may sign in\n"
			   "  token add NAME            a program that may call\n"
			   "  check                     prove that all numbers agree with the ledger\n\n"
			   "The state directory is --state, else MUSTER_STATE, else ./var.\n"
			   "muster COMMAND --help tells more.\n";

static const char help_init[] =
    "usage: muster init\n\n"
    "Makes the state directory and its database; where they are there, brings the\n"
    "database up to date. Nothing is lost.\n";

static const char help_import[] =
    "usage: muster import FILE [--country RO] [--format csv|geojson|json]\n"
    "                     [--status standby] [--partial] [--dry-run]\n\n"
    "Brings in shelters. The whole file is one change: if a row has a fault nothing\n"
    "is changed, unless --partial leaves such rows out. Importing the same list again\n"
    "changes nothing; a newer list updates; shelters that it no longer has stay.\n\n"
    "  --country XX    two letters, where the file does not say\n"
    "  --format F      otherwise guessed from the file's name and beginning\n"
    "  --status S      open, standby or closed, for new shelters of which the file\n"
    "                  does not say it (standby)\n"
    "  --partial       keep the good rows\n"
    "  --dry-run       only report\n";

static const char help_user[] =
    "usage: muster user add NAME --role ROLE… [--shelter ID…]\n\n"
    "Roles: admin, manager, publisher, responder; several with commas or with --role\n"
    "again. A manager works at the shelters given with --shelter. The password is read from standard input; when that is a\n"
    "terminal or empty, one is made and printed once.\n";

static const char help_token[] =
    "usage: muster token add NAME --role ROLE… [--shelter ID…]\n\n"
    "Prints a bearer token once: Authorization: Bearer TOKEN. It is kept nowhere.\n";

static const char help_check[] =
    "usage: muster check\n\n"
    "Compares every shelter's numbers with its ledger and its intentions, and every\n"
    "index with the shelters. Prints each difference; exit status 1 if there is one.\n";

struct command {
	const char *state;
	struct arena *arena;
	struct db *db;
	int argc;
	char **argv;
};

static int
usage(const char *text, const char *fault)
{
	if (fault != NULL)
		fprintf(stderr, "muster: %s\n\n", fault);
	fputs(text, fault ? stderr : stdout);
	return fault ? USAGE : DONE;
}

static bool
open_store(struct command *c)
{
	char path[4096];
	enum err e;

	snprintf(path, sizeof(path), "%s/muster.db", c->state);
	e = db_open(&c->db, path, DB_TOOL);
	if (e == ERR_NOT_FOUND)
		fprintf(stderr, "muster: there is no database in %s; make one: muster --state %s init\n",
		    c->state, c->state);
	else if (e == ERR_CONFLICT)
		fprintf(stderr,
		    "muster: the database in %s has another version; run: muster --state %s init\n", c->state,
		    c->state);
	else if (e != OK)
		fprintf(stderr, "muster: the database in %s cannot be opened\n", c->state);
	return e == OK;
}

static int
failed(enum err e)
{
	fprintf(stderr, "muster: %s; nothing was changed\n", err_words(e)->title);
	return FAILED;
}

/* mkdir -p */
static bool
make_directory(const char *path)
{
	char part[4096];

	for (size_t i = 1; i <= strlen(path) && i < sizeof(part); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

static int
cmd_init(struct command *c)
{
	char path[4096];

	if (c->argc > 1)
		return usage(help_init, strcmp(c->argv[1], "--help") == 0 ? NULL : "init takes nothing");
	if (!make_directory(c->state)) {
		fprintf(stderr, "muster: %s: %s\n", c->state, strerror(errno));
		return FAILED;
	}
	snprintf(path, sizeof(path), "%s/muster.db", c->state);
	if (db_create(path) != OK) {
		fprintf(stderr, "muster: %s cannot be made\n", path);
		return FAILED;
	}
	printf("%s is ready\n", path);
	return DONE;
}

/* ---- import ---------------------------------------------------------------- */

struct file {
	struct str bytes;
	char *map;
};

static bool
map_file(const char *path, struct file *f)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0) {
		fprintf(stderr, "muster: %s: %s\n", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	f->map = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	close(fd);
	if (!S_ISREG(st.st_mode) || f->map == MAP_FAILED) {
		fprintf(stderr, "muster: %s cannot be read: give a plain file\n", path);
		return false;
	}
	f->bytes = (struct str){ f->map, (size_t)st.st_size };
	return true;
}

static void
print_report(const struct import_report *r, bool dry)
{
	for (size_t i = 0; i < r->kept; i++)
		fprintf(stderr, "row %lld: %s%.*s\n", (long long)r->faults[i].row,
		    r->faults[i].warning ? "warning: " : "", FMT(r->faults[i].message));
	if ((int64_t)r->kept < r->nfaults + r->nwarnings)
		fprintf(
		    stderr, "… and %lld more\n", (long long)(r->nfaults + r->nwarnings - (int64_t)r->kept));
	printf("%s%lld created, %lld updated, %lld unchanged, %lld skipped, %lld warnings\n",
	    dry ? "would be: " : "", (long long)r->created, (long long)r->updated, (long long)r->unchanged,
	    (long long)r->skipped, (long long)r->nwarnings);
}

static int
import_file(struct command *c, const char *path, const struct import_options *options)
{
	struct import_report report = { 0 };
	struct file file;
	const char *why = NULL;
	enum err e;

	if (!map_file(path, &file) || !open_store(c))
		return FAILED;
	e = import_run(c->db, c->arena, file.bytes, options, now_ms(), &report, &why);
	if (e == ERR_MALFORMED) {
		fprintf(stderr, "muster: %s: %s\n", path, why ? why : "not a list of shelters");
		return FAILED;
	}
	if (e != OK && (e != ERR_INPUT || report.nfaults == 0))
		return failed(e);
	print_report(&report, options->dry_run || e == ERR_INPUT);
	if (e == ERR_INPUT)
		fprintf(stderr, "muster: rows have faults: nothing was changed. Mend them, or leave them out "
				"with --partial.\n");
	return e == OK ? DONE : FAILED;
}

static bool
format_named(const char *name, enum import_format *format)
{
	static const struct {
		const char *name;
		enum import_format format;
	} formats[] = { { "csv", IMPORT_CSV }, { "geojson", IMPORT_GEOJSON }, { "json", IMPORT_JSON } };

	for (size_t i = 0; i < LEN(formats); i++)
		if (strcmp(name, formats[i].name) == 0) {
			*format = formats[i].format;
			return true;
		}
	return false;
}

static int
cmd_import(struct command *c)
{
	static const struct option longs[] = { { "country", required_argument, NULL, 'c' },
		{ "format", required_argument, NULL, 'f' }, { "status", required_argument, NULL, 's' },
		{ "partial", no_argument, NULL, 'p' }, { "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	struct import_options o = { .status = STATUS_STANDBY, .by = S("muster import") };
	int option;

	while ((option = getopt_long(c->argc, c->argv, "", longs, NULL)) != -1)
		switch (option) {
		case 'c':
			o.country = str(optarg);
			if (o.country.n != 2)
				return usage(help_import, "--country takes two letters, such as RO");
			break;
		case 'f':
			if (!format_named(optarg, &o.format))
				return usage(help_import, "--format is csv, geojson or json");
			break;
		case 's':
			if (!status_parse(str(optarg), &o.status))
				return usage(help_import, "--status is open, full, standby or closed");
			break;
		case 'p':
			o.partial = true;
			break;
		case 'n':
			o.dry_run = true;
			break;
		case 'h':
			return usage(help_import, NULL);
		default:
			return usage(help_import, "this option is not known");
		}
	if (optind + 1 != c->argc)
		return usage(help_import, "name one file");
	return import_file(c, c->argv[optind], &o);
}

/* ---- users and tokens -------------------------------------------------------- */

struct grant {
	const char *name;
	unsigned roles;
	struct str shelters[SHELTERS_MAX];
	size_t nshelters;
};

/* --role admin --role manager, or --role admin,manager. */
static bool
read_roles(struct str list, struct grant *g)
{
	while (list.n) {
		unsigned role = role_named(str_trim(str_cut(&list, ',')));

		if (role == 0)
			return false;
		g->roles |= role;
	}
	return true;
}

static bool
read_shelters(struct str list, struct grant *g)
{
	while (list.n) {
		struct str id = str_trim(str_cut(&list, ','));

		if (!shelter_id_valid(id) || g->nshelters == SHELTERS_MAX)
			return false;
		g->shelters[g->nshelters++] = id;
	}
	return true;
}

/* Reads NAME --role … --shelter … behind "add"; 0, or an exit status. */
static int
read_grant(struct command *c, const char *text, struct grant *g, bool *end)
{
	static const struct option longs[] = { { "role", required_argument, NULL, 'r' },
		{ "shelter", required_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' }, { 0 } };
	int option;

	*end = true;
	while ((option = getopt_long(c->argc, c->argv, "", longs, NULL)) != -1) {
		if (option == 'h')
			return usage(text, NULL);
		if (option == 'r' && !read_roles(str(optarg), g))
			return usage(text, "--role is admin, manager, publisher or responder");
		if (option == 's' && !read_shelters(str(optarg), g))
			return usage(text, "--shelter is an id such as RO-CJ-01, 200 of them at most");
		if (option != 'r' && option != 's')
			return usage(text, "this option is not known");
	}
	if (c->argc - optind != 2 || strcmp(c->argv[optind], "add") != 0)
		return usage(text, "say: add NAME");
	g->name = c->argv[optind + 1];
	if (!user_name_valid(str(g->name)))
		return usage(text, "NAME takes a-z, 0-9, '.', '_' and '-', 64 at most");
	if (g->roles == 0)
		return usage(text, "give at least one --role");
	*end = false;
	return DONE;
}

static int
grant_failed(enum err e, const struct grant *g, struct str unknown)
{
	if (e == ERR_CONFLICT)
		fprintf(stderr, "muster: %s is there already; nothing was changed\n", g->name);
	else if (e == ERR_NOT_FOUND)
		fprintf(stderr, "muster: there is no shelter %.*s; nothing was changed\n", FMT(unknown));
	else
		return failed(e);
	return FAILED;
}

/* A line of standard input, unless a person sits there. */
static bool
read_password(struct arena *a, struct str *password)
{
	char line[PASSWORD_MAX + 3];

	*password = S("");
	if (isatty(STDIN_FILENO) || fgets(line, sizeof(line), stdin) == NULL)
		return true;
	line[strcspn(line, "\r\n")] = '\0';
	*password = arena_dup(a, str(line));
	explicit_bzero(line, sizeof(line));
	return password->n == 0 || (password->n >= PASSWORD_MIN && password->n <= PASSWORD_MAX);
}

static int
cmd_user(struct command *c)
{
	struct grant g = { 0 };
	struct str password, unknown = S("");
	bool end, made;
	int status = read_grant(c, help_user, &g, &end);
	enum err e;

	if (end)
		return status;
	if (!read_password(c->arena, &password))
		return usage(help_user, "a password has 10 to 200 characters");
	if ((made = password.n == 0))
		password = password_make(c->arena);
	if (!open_store(c))
		return FAILED;
	if ((e = db_begin(c->db, TX_WRITE, now_ms())) == OK)
		e = user_add(
		    c->db, c->arena, str(g.name), password, g.roles, g.shelters, g.nshelters, &unknown);
	if (e == OK)
		e = db_commit(c->db);
	db_rollback(c->db);
	if (e != OK)
		return grant_failed(e, &g, unknown);
	if (made)
		printf("%s\n", password.p);
	return DONE;
}

static int
cmd_token(struct command *c)
{
	struct grant g = { 0 };
	struct str secret = S(""), unknown = S("");
	bool end;
	int status = read_grant(c, help_token, &g, &end);
	enum err e;

	if (end)
		return status;
	if (!open_store(c))
		return FAILED;
	if ((e = db_begin(c->db, TX_WRITE, now_ms())) == OK)
		e = token_add(
		    c->db, c->arena, str(g.name), g.roles, g.shelters, g.nshelters, &secret, &unknown);
	if (e == OK)
		e = db_commit(c->db);
	db_rollback(c->db);
	if (e != OK)
		return grant_failed(e, &g, unknown);
	printf("%s\n", secret.p);
	return DONE;
}

/* ---- check ------------------------------------------------------------------- */

static void
print_difference(void *arg, const char *text)
{
	(void)arg;
	printf("%s\n", text);
}

static int
cmd_check(struct command *c)
{
	struct check_report r = { .tell = print_difference };
	enum err e;

	if (c->argc > 1)
		return usage(help_check, strcmp(c->argv[1], "--help") == 0 ? NULL : "check takes nothing");
	if (!open_store(c))
		return FAILED;
	if ((e = db_integrity(c->db)) == OK && (e = db_begin(c->db, TX_READ, now_ms())) == OK) {
		e = check_all(c->db, c->arena, &r);
		db_rollback(c->db);
	}
	if (e != OK)
		return failed(e);
	printf("%lld shelters, %lld intentions, %lld ledger entries: %lld differences\n",
	    (long long)r.shelters, (long long)r.intents, (long long)r.entries, (long long)r.differences);
	return r.differences ? FAILED : DONE;
}

static const struct {
	const char *name;
	int (*run)(struct command *);
} commands[] = {
	{ "init", cmd_init },
	{ "import", cmd_import },
	{ "user", cmd_user },
	{ "token", cmd_token },
	{ "check", cmd_check },
};

static int
run(struct command *c, const char *name)
{
	for (size_t i = 0; i < LEN(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(c);
	fprintf(stderr, "muster: there is no command %s\n\n", name);
	fputs(help, stderr);
	return USAGE;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = { { "state", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	struct command c = { .state = getenv("MUSTER_STATE") };
	int option, status;

	log_name(argv[0]);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (option == 'h')
			return usage(help, NULL);
		if (option != 's')
			return usage(help, "this option is not known");
		c.state = optarg;
	}
	if (optind == argc)
		return usage(help, "which command?");
	if (c.state == NULL || *c.state == '\0')
		c.state = "var";
	c.argc = argc - optind;
	c.argv = argv + optind;
	c.arena = arena_new();
	optind = 0; /* getopt starts anew, for the command's own options */
	status = run(&c, c.argv[0]);
	db_close(c.db);
	arena_free(c.arena);
	return status;
}

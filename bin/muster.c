/*
 * muster - the operator's command.
 *
 * Exit status: 0 done, 1 it could not be done or a check found differences, 2
 * the command line is off.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "account.h"
#include "alertcheck.h"
#include "audit.h"
#include "check.h"
#include "cli.h"
#include "clock.h"
#include "event.h"
#include "import.h"
#include "key.h"
#include "log.h"
#include "post.h"
#include "queue_command.h"
#include "session.h"
#include "setting.h"
#include "subscription.h"
#include "suppress.h"
#include "tenant.h"
#include "tenant_command.h"
#include "text.h"

enum { DONE = 0, FAILED = 1, USAGE = 2, SHELTERS_MAX = 200, LINE_LIMIT = 64 * 1024 * 1024 };

static const char help[] =
    "usage: muster [--state DIR] [--tenant NAME] COMMAND\n\n"
    "  init                      make the state directory and its database\n"
    "  tenant                    organisations that share the server\n"
    "  import FILE               bring in a list of shelters\n"
    "  user add NAME             a person who may sign in\n"
    "  token add NAME            a program that may call\n"
    "  settings                  what is set, and what can be\n"
    "  set NAME VALUE            sets it; an empty value takes it back\n"
    "  suppress CHANNEL ADDRESS  nothing is sent there any more\n"
    "  unsuppress CHANNEL ADDRESS\n"
    "  queue                     what waits to be sent, what failed, and what to do about it\n"
    "  check                     prove that all numbers agree with the ledger\n"
    "  restored                  after a backup was put back: open pages read anew\n"
    "  kv                        Redis's commands, one a line of standard input\n\n"
    "The state directory is --state, else MUSTER_STATE, else ./var. --tenant is whom the\n"
    "command is for, if not the default one.\n"
    "muster COMMAND --help tells more.\n";

static const char help_init[] =
    "usage: muster init\n\n"
    "Makes the state directory and its database; where they are there, brings the\n"
    "database up to date, and those of all tenants. Nothing is lost.\n";

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
    "usage: muster token add NAME --role ROLE… [--shelter ID…] [--days N]\n\n"
    "Prints a bearer token once: Authorization: Bearer TOKEN. It is kept nowhere.\n"
    "It is good for N days, or until an admin revokes it (/tokens).\n";

static const char help_settings[] =
    "usage: muster settings\n\n"
    "Every setting: its name, what it is set to or \"usual\", and what it is for.\n"
    "Secrets are not shown.\n";

static const char help_set[] =
    "usage: muster set NAME VALUE\n\n"
    "Sets it for everything that begins from now on; nothing needs to be started\n"
    "again. An empty VALUE takes the setting back to what is usual. VALUE - reads it\n"
    "from standard input: so a secret stands neither on the screen nor in a\n"
    "list of processes.\n";

static const char help_suppress[] =
    "usage: muster suppress email|sms ADDRESS [--why operator|complaint|invalid|opted-out|hard-bounce]\n"
    "       muster suppress email|sms\n"
    "       muster unsuppress email|sms ADDRESS\n\n"
    "Nothing is sent to a suppressed address, whoever asks for it; unsuppress takes\n"
    "that back. Addresses that do not exist get there by themselves. Without ADDRESS,\n"
    "the entries: when, why, who said so. The list holds no addresses, so it cannot\n"
    "show any.\n";

static const char help_check[] =
    "usage: muster check\n\n"
    "Compares every shelter's numbers with its ledger and its intentions, and every\n"
    "index with the shelters; all lists and counts of posts with the posts; follows the audit log from entry to entry. Prints each\n"
    "difference; exit status 1 if there is one. Keep the audit log's last hash somewhere\n"
    "else: who could write the whole log anew cannot change that note.\n";

static const char help_restored[] =
    "usage: muster restored\n\n"
    "After a backup was put back, before anything starts: what open pages and programs\n"
    "heard of since the backup was made never happened now, and its numbers must not be\n"
    "given out again. Every cursor becomes too old, so that all read anew.\n";

static const char help_kv[] =
    "usage: muster kv\n\n"
    "Reads one command a line from standard input and prints each answer as\n"
    "redis-cli --no-raw does; lines are written as for redis-cli: SET k \"a b\\x00\".\n"
    "A number in front repeats a command; quit ends. MULTI and EXEC work; what a\n"
    "MULTI holds at the end of the input is dropped. What redis-cli does itself\n"
    "(help, clear, connect, :set) is not there.\n\n"
    "With MUSTER_NOW in the environment time stands still there, and a line\n"
    "\"# now MILLISECONDS\" sets it.\n";

struct cmd {
	const char *state;
	struct tenant tenant; /* whose database it works on */
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

/* For what takes nothing but --help; 0, or an exit status. */
static int
read_nothing(struct cmd *c, const char *text, bool *end)
{
	*end = c->argc > 1;
	if (!*end)
		return DONE;
	return usage(text, strcmp(c->argv[1], "--help") == 0 ? NULL : "nothing may follow");
}

static const char *
database_path(struct cmd *c)
{
	return arena_printf(c->arena, "%s/muster.db", c->tenant.dir);
}

static bool
open_store(struct cmd *c)
{
	const char *path = database_path(c);
	enum err e = db_open(&c->db, path, DB_TOOL);

	if (e == ERR_NOT_FOUND)
		fprintf(stderr, "muster: there is no database %s; make it: muster --state %s init\n", path,
		    c->state);
	else if (e == ERR_CONFLICT)
		fprintf(stderr, "muster: the database %s has another version; run: muster --state %s init\n",
		    path, c->state);
	else if (e != OK)
		fprintf(stderr, "muster: the database %s cannot be opened\n", path);
	return e == OK;
}

static int
failed(enum err e)
{
	fprintf(stderr, "muster: %s; nothing was changed\n", err_words(e)->title);
	return FAILED;
}

/* Who sits at the terminal, as far as the system knows. */
static struct str
operator(struct arena *a)
{
	const char *before = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw = getpwuid(getuid());

	if (before != NULL && user_name_valid(str(before)))
		return arena_strf(a, "cli:%s", before);
	if (pw != NULL)
		return arena_strf(a, "cli:%s", pw->pw_name);
	return arena_strf(a, "cli:%lld", (long long)getuid());
}

/* W.  What this command did, beside its change. */
static enum err
audit(struct cmd *c, const char *what, struct str target)
{
	return audit_put(c->db, c->arena, operator(c->arena), str(what), target);
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

static bool
bring_up_to_date(const char *path)
{
	if (db_create(path) == OK)
		return true;
	fprintf(stderr, "muster: %s cannot be made\n", path);
	return false;
}

static int
cmd_init(struct cmd *c)
{
	const char *path = database_path(c);
	struct str *names;
	struct tenant t;
	bool end, good;
	int status = read_nothing(c, help_init, &end);
	size_t n;

	if (end)
		return status;
	if (!make_directory(c->state)) {
		fprintf(stderr, "muster: %s: %s\n", c->state, strerror(errno));
		return FAILED;
	}
	if (!(good = bring_up_to_date(path)))
		return FAILED;
	n = c->tenant.name[0] == '\0' ? tenant_names(c->state, c->arena, &names) : 0;
	for (size_t i = 0; i < n; i++)
		if (tenant_named(c->state, names[i], &t) == OK)
			good &= bring_up_to_date(arena_printf(c->arena, "%s/muster.db", t.dir));
	printf("%s is ready\n", path);
	return good ? DONE : FAILED;
}

static int
cmd_tenant(struct cmd *c)
{
	if (c->tenant.name[0] != '\0')
		return usage(help, "tenant takes the name behind it, not --tenant");
	return tenant_command(c->state, c->arena, operator(c->arena), c->argc, c->argv);
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

static enum err
audit_import(void *c)
{
	return audit(c, "import", S(""));
}

static int
import_file(struct cmd *c, const char *path, const struct import_options *options)
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
cmd_import(struct cmd *c)
{
	static const struct option longs[] = { { "country", required_argument, NULL, 'c' },
		{ "format", required_argument, NULL, 'f' }, { "status", required_argument, NULL, 's' },
		{ "partial", no_argument, NULL, 'p' }, { "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	struct import_options o = {
		.status = STATUS_STANDBY, .by = S("muster import"), .also = audit_import, .also_arg = c
	};
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
	int64_t days; /* of a token; 0: until it is revoked */
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
read_grant(struct cmd *c, const char *text, struct grant *g, bool *end)
{
	static const struct option longs[] = { { "role", required_argument, NULL, 'r' },
		{ "shelter", required_argument, NULL, 's' }, { "days", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	int option;

	*end = true;
	while ((option = getopt_long(c->argc, c->argv, "", longs, NULL)) != -1) {
		if (option == 'h')
			return usage(text, NULL);
		if (option == 'd' && (text != help_token || !str_int(str(optarg), 1, 3650, &g->days)))
			return usage(text, "--days is for tokens, from 1 to 3650");
		if (option == 'r' && !read_roles(str(optarg), g))
			return usage(text, "--role is admin, manager, publisher or responder");
		if (option == 's' && !read_shelters(str(optarg), g))
			return usage(text, "--shelter is an id such as RO-CJ-01, 200 of them at most");
		if (option != 'r' && option != 's' && option != 'd')
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
cmd_user(struct cmd *c)
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
		e = audit(c, "user add", arena_strf(c->arena, "user:%s", g.name));
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
cmd_token(struct cmd *c)
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
	if (e == OK && g.days > 0)
		e = token_expire(c->db, c->arena, secret, db_now(c->db) + g.days * 24 * HOUR_MS);
	if (e == OK)
		e = audit(c, "token add", arena_strf(c->arena, "token:%s", g.name));
	if (e == OK)
		e = db_commit(c->db);
	db_rollback(c->db);
	if (e != OK)
		return grant_failed(e, &g, unknown);
	printf("%s\n", secret.p);
	return DONE;
}

/* ---- settings ----------------------------------------------------------------- */

static int
cmd_settings(struct cmd *c)
{
	enum err e;

	if (c->argc > 1)
		return usage(help_settings, strcmp(c->argv[1], "--help") == 0 ? NULL : "nothing may follow");
	if (!open_store(c))
		return FAILED;
	if ((e = db_begin(c->db, TX_READ, now_ms())) != OK)
		return failed(e);
	for (const struct setting *s = settings; s->name != NULL; s++) {
		bool set;
		struct str value = setting_shown(c->db, c->arena, s, &set);

		printf(
		    "%-18s %-28.*s %s\n", s->name, set ? (int)value.n : 5, set ? value.p : "usual", s->help);
		if (!set && *s->usual != '\0')
			printf("%-18s   usual: %s\n", "", s->usual);
		if (s->choices != NULL)
			printf("%-18s   one of: %s\n", "", s->choices);
	}
	db_rollback(c->db);
	return DONE;
}

/* Standard input without its last line feed: header lines are several. */
static bool
read_value(struct arena *a, struct str *value)
{
	char text[2048];
	size_t n = fread(text, 1, sizeof(text), stdin);

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	*value = arena_dup(a, (struct str){ text, n });
	explicit_bzero(text, sizeof(text));
	return n > 0;
}

static int
cmd_set(struct cmd *c)
{
	const char *why = NULL;
	struct str value;
	enum err e;

	if (c->argc == 2 && strcmp(c->argv[1], "--help") == 0)
		return usage(help_set, NULL);
	if (c->argc != 3)
		return usage(help_set, "name a setting and its value");
	value = str(c->argv[2]);
	if (strcmp(c->argv[2], "-") == 0 && !read_value(c->arena, &value))
		return usage(help_set, "there is nothing on standard input");
	if (!open_store(c))
		return FAILED;
	if ((e = db_begin(c->db, TX_WRITE, now_ms())) == OK)
		e = setting_set(c->db, c->arena, str(c->argv[1]), value, &why);
	if (e == OK)
		e = audit(c, "set", str(c->argv[1]));
	if (e == OK)
		e = db_commit(c->db);
	db_rollback(c->db);
	if (e == ERR_NOT_FOUND)
		fprintf(stderr, "muster: there is no setting %s; muster settings lists them\n", c->argv[1]);
	else if (e == ERR_INPUT)
		fprintf(stderr, "muster: %s: %s; nothing was changed\n", c->argv[1], why);
	else if (e != OK)
		return failed(e);
	return e == OK ? DONE : FAILED;
}

static enum err
audit_queue(void *arg)
{
	struct cmd *c = arg;

	return audit(
	    c, arena_printf(c->arena, "queue %s", c->argv[1]), c->argc > 2 ? str(c->argv[2]) : S(""));
}

/* ---- queue ------------------------------------------------------------------- */

static int
cmd_queue(struct cmd *c)
{
	const char *why;
	enum err e;

	if (c->argc == 2 && strcmp(c->argv[1], "--help") == 0)
		return usage(help_queue, NULL);
	if (!open_store(c))
		return FAILED;
	e = queue_command(c->db, c->argc, c->argv, now_ms(), &why);
	if (e == ERR_INPUT)
		return usage(help_queue, why);
	if (e == OK && c->argc > 1 && c->argv[1][0] != '-' && strcmp(c->argv[1], "show") != 0)
		e = db_transact(c->db, TX_WRITE, now_ms(), audit_queue, c);
	if (e == OK)
		return DONE;
	return e == ERR_NOT_FOUND || e == ERR_CONFLICT ? FAILED : failed(e);
}

/* ---- check ------------------------------------------------------------------- */

static void
print_difference(void *arg, const char *text)
{
	(void)arg;
	printf("%s\n", text);
}

static void
print_line(void *arg, struct str text)
{
	(void)arg;
	printf("%.*s\n", FMT(text));
}

/* FTS5 wants a write transaction for looking at its own index. */
static enum err
check_text(void *db)
{
	return text_check(db);
}

/* The audit log: how many entries, and the hash that proves them all. */
static enum err
check_audit(struct cmd *c, int64_t *differences)
{
	struct str head;
	int64_t broken, n;
	enum err e = audit_check(c->db, c->arena, &broken);

	if (e == ERR_CONFLICT) {
		printf("audit log: entry %lld does not follow from the one before\n", (long long)broken);
		++*differences;
		return OK;
	}
	if (e == OK && (e = audit_head(c->db, c->arena, &n, &head)) == OK)
		printf("audit log: %lld entries, the last is %.*s\n", (long long)n, FMT(head));
	return e;
}

static int
cmd_check(struct cmd *c)
{
	struct check_report r = { .tell = print_difference };
	struct alert_report alerts = { .tell = print_difference };
	int64_t subscriptions = 0;
	enum err e;

	if (c->argc > 1)
		return usage(help_check, strcmp(c->argv[1], "--help") == 0 ? NULL : "check takes nothing");
	if (!open_store(c))
		return FAILED;
	if ((e = db_integrity(c->db)) == OK)
		e = db_transact(c->db, TX_WRITE, now_ms(), check_text, c->db);
	if (e == OK && (e = db_begin(c->db, TX_READ, now_ms())) == OK) {
		r.differences += key_check(c->db, print_difference, NULL);
		e = check_all(c->db, c->arena, &r);
		if (e == OK)
			e = alert_check(c->db, c->arena, &alerts);
		r.differences += alerts.differences;
		r.differences += subscription_check(c->db, print_difference, NULL, &subscriptions);
		if (e == OK)
			e = check_audit(c, &r.differences);
		db_rollback(c->db);
	}
	if (e != OK)
		return failed(e);
	r.differences += (int64_t)posts_check(c->db, print_line, NULL);
	printf("%lld shelters, %lld intentions, %lld ledger entries, %lld alerts: %lld differences\n",
	    (long long)r.shelters, (long long)r.intents, (long long)r.entries, (long long)alerts.alerts,
	    (long long)r.differences);
	return r.differences ? FAILED : DONE;
}

/* ---- restored ----------------------------------------------------------------- */

static enum err
forget_events(void *arg)
{
	struct cmd *c = arg;

	event_forget(c->db);
	return audit(c, "restored", S(""));
}

static int
cmd_restored(struct cmd *c)
{
	enum err e;

	if (c->argc > 1)
		return usage(
		    help_restored, strcmp(c->argv[1], "--help") == 0 ? NULL : "restored takes nothing");
	if (!open_store(c))
		return FAILED;
	if ((e = db_transact(c->db, TX_WRITE, now_ms(), forget_events, c)) != OK)
		return failed(e);
	printf("whoever heard of what the backup does not have reads everything anew\n");
	return DONE;
}

/* ---- kv ---------------------------------------------------------------------- */

struct kv {
	struct client *client;
	struct arena *line, *answer;
	struct buf input, output;
	size_t used;     /* of the input */
	bool end, wrong; /* of the input: nothing more comes; it could not be read */
	bool fixed;      /* time stands still, at `now` */
	int64_t now;
};

/* Whoever waits for an answer before the next question gets it first. */
static void
kv_read(struct kv *kv)
{
	enum { STEP = 64 * 1024 };
	size_t rest = kv->input.n - kv->used;
	ssize_t n;

	fflush(stdout);
	if (rest)
		memmove(kv->input.p, kv->input.p + kv->used, rest);
	else
		buf_reset(&kv->input);
	kv->input.n = rest;
	kv->used = 0;
	do
		n = read(STDIN_FILENO, buf_room(&kv->input, STEP), STEP);
	while (n < 0 && errno == EINTR);
	kv->end = n <= 0;
	kv->wrong = n < 0;
	kv->input.n += n > 0 ? (size_t)n : 0;
}

/* The next line without its line feed, which the last one need not have.
 * False: there is none.  *whole is false, and the line empty, when it was too
 * long. */
static bool
kv_next(struct kv *kv, struct str *line, bool *whole)
{
	size_t seen = 0; /* bytes behind `used` that are no line feed */

	*whole = true;
	for (;;) {
		char *from = kv->input.p + kv->used, *feed = NULL;
		size_t n = kv->input.n - kv->used, length;

		if (n > seen)
			feed = memchr(from + seen, '\n', n - seen);
		length = feed ? (size_t)(feed - from) : n;
		*whole = *whole && length <= LINE_LIMIT;
		if (feed != NULL || kv->end) {
			*line = (struct str){ from, *whole ? length : 0 };
			kv->used += length + (feed != NULL);
			return feed != NULL || length > 0 || !*whole;
		}
		kv->used += *whole ? 0 : n;
		seen = *whole ? n : 0;
		kv_read(kv);
	}
}

/* "# now MILLISECONDS", where time stands still. */
static bool
kv_clock(struct kv *kv, struct str line)
{
	static const char word[] = "# now ";

	if (!kv->fixed || !str_starts(line, word))
		return false;
	line.p += strlen(word);
	line.n -= strlen(word);
	return str_int(line, 0, INT64_MAX, &kv->now);
}

static void
kv_call(struct kv *kv, const struct str *words, size_t n)
{
	struct reply r = client_call(kv->client, kv->answer, words, n, kv->fixed ? kv->now : now_ms());

	cli_print(&kv->output, &r);
	fwrite(kv->output.p, 1, kv->output.n, stdout);
	buf_reset(&kv->output);
	arena_reset(kv->answer);
}

/* What redis-cli does with a line that it reads from a file; false: it ends. */
static bool
kv_line(struct kv *kv, struct str line)
{
	struct str *words;
	size_t n;
	char *end;
	long repeat;

	if (!cli_split(kv->line, line, &words, &n)) {
		puts("Invalid argument(s)");
		return true;
	}
	if (n == 0)
		return true;
	if (strcasecmp(words[0].p, "quit") == 0 || strcasecmp(words[0].p, "exit") == 0)
		return false;
	errno = 0;
	repeat = strtol(words[0].p, &end, 10);
	if (n == 1 || *end != '\0')
		kv_call(kv, words, n);
	else if (errno != 0 || repeat <= 0)
		puts("Invalid redis-cli repeat command option value.");
	else
		for (; repeat > 0 && !ferror(stdout); repeat--)
			kv_call(kv, words + 1, n - 1);
	return true;
}

static int
kv_run(struct kv *kv)
{
	bool on = true, whole;
	struct str line;

	kv_read(kv);
	while (on && !ferror(stdout) && kv_next(kv, &line, &whole)) {
		if (!whole)
			puts("(error) ERR the line is longer than 64 MiB");
		else if (!kv_clock(kv, line))
			on = kv_line(kv, line);
		arena_reset(kv->line);
	}
	if (kv->wrong)
		fputs("muster: standard input cannot be read\n", stderr);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("muster: the answers cannot be written\n", stderr);
		return FAILED;
	}
	return kv->wrong ? FAILED : DONE;
}

static int
cmd_kv(struct cmd *c)
{
	struct kv kv = { .line = c->arena, .fixed = getenv("MUSTER_NOW") != NULL, .now = now_ms() };
	bool end;
	int status = read_nothing(c, help_kv, &end);

	if (end)
		return status;
	if (!open_store(c))
		return FAILED;
	kv.client = client_new(c->db);
	kv.answer = arena_new();
	status = kv_run(&kv);
	client_free(kv.client);
	arena_free(kv.answer);
	buf_free(&kv.input);
	buf_free(&kv.output);
	return status;
}

/* ---- addresses that get nothing ------------------------------------------------ */

enum { ENTRIES_AT_ONCE = 500 };

static int
list_suppressed(struct cmd *c, enum outbox_channel channel)
{
	struct suppression *s;
	char last[64] = "";
	size_t n;
	enum err e;

	if (!open_store(c))
		return FAILED;
	if ((e = db_begin(c->db, TX_READ, now_ms())) != OK)
		return failed(e);
	do {
		suppress_list(c->db, c->arena, channel, str(last), ENTRIES_AT_ONCE, &s, &n);
		for (size_t i = 0; i < n; i++) {
			char when[48];

			clock_local(s[i].at, now_ms(), when);
			printf("%-12.*s %-24.*s %s\n", FMT(s[i].why), FMT(s[i].source), when);
			snprintf(last, sizeof(last), "%.*s", FMT(s[i].hash));
		}
		arena_reset(c->arena);
	} while (n > 0);
	printf("%lld suppressed\n", (long long)suppress_count(c->db, channel));
	db_rollback(c->db);
	return DONE;
}

/* why = NULL: it may be written to again. */
static int
change_suppressed(struct cmd *c, enum outbox_channel channel, struct str address, const char *why)
{
	bool was = true;
	enum err e;

	if (!open_store(c))
		return FAILED;
	if ((e = db_begin(c->db, TX_WRITE, now_ms())) != OK)
		return failed(e);
	if (why != NULL)
		suppress(c->db, c->arena, channel, address, why, "muster suppress");
	else
		was = unsuppress(c->db, c->arena, channel, address);
	e = was ? audit(c, why != NULL ? "suppress" : "unsuppress", str(channel_name(channel))) : OK;
	if (e == OK)
		e = db_commit(c->db);
	db_rollback(c->db);
	if (e != OK)
		return failed(e);
	if (!was)
		fprintf(stderr, "muster: it was not suppressed\n");
	return was ? DONE : FAILED;
}

/* suppress and unsuppress */
static int
cmd_suppress(struct cmd *c)
{
	static const struct option longs[] = { { "why", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	bool back = strcmp(c->argv[0], "unsuppress") == 0;
	const char *why = "operator";
	enum outbox_channel channel;
	struct str address;
	int option;

	while ((option = getopt_long(c->argc, c->argv, "", longs, NULL)) != -1) {
		if (option == 'h')
			return usage(help_suppress, NULL);
		if (option != 'w' || back || !suppress_reason(str(optarg)))
			return usage(help_suppress, "--why is one of these reasons");
		why = optarg;
	}
	if (c->argc - optind < 1 || c->argc - optind > 2 || (back && c->argc - optind != 2))
		return usage(help_suppress, "name a channel and an address");
	if (!channel_named(str(c->argv[optind]), &channel) || channel == CHANNEL_WEBHOOK)
		return usage(help_suppress, "the channel is email or sms");
	if (c->argc - optind == 1)
		return list_suppressed(c, channel);
	if (!address_normal(c->arena, channel, str(c->argv[optind + 1]), &address))
		return usage(help_suppress, "this is no address of that channel");
	return change_suppressed(c, channel, address, back ? NULL : why);
}

static const struct {
	const char *name;
	int (*run)(struct cmd *);
} commands[] = {
	{ "init", cmd_init },
	{ "tenant", cmd_tenant },
	{ "import", cmd_import },
	{ "user", cmd_user },
	{ "token", cmd_token },
	{ "settings", cmd_settings },
	{ "set", cmd_set },
	{ "suppress", cmd_suppress },
	{ "unsuppress", cmd_suppress },
	{ "queue", cmd_queue },
	{ "check", cmd_check },
	{ "restored", cmd_restored },
	{ "kv", cmd_kv },
};

static int
run(struct cmd *c, const char *name)
{
	for (size_t i = 0; i < LEN(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(c);
	fprintf(stderr, "muster: there is no command %s\n\n", name);
	fputs(help, stderr);
	return USAGE;
}

/* Whose database the command works on. */
static int
choose_tenant(struct cmd *c, const char *name)
{
	if (name != NULL && !tenant_name_valid(str(name)))
		return usage(help, "--tenant takes a-z, 0-9 and single dashes within, 32 at most");
	if (tenant_named(c->state, str(name), &c->tenant) == OK)
		return DONE;
	fprintf(stderr, "muster: there is no tenant %s; muster tenant list shows them\n", name ? name : "");
	return FAILED;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = { { "state", required_argument, NULL, 's' },
		{ "tenant", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' }, { 0 } };
	struct cmd c = { .state = getenv("MUSTER_STATE") };
	const char *tenant = NULL;
	int option, status;

	log_name(argv[0]);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (option == 'h')
			return usage(help, NULL);
		if (option != 's' && option != 't')
			return usage(help, "this option is not known");
		*(option == 's' ? &c.state : &tenant) = optarg;
	}
	if (optind == argc)
		return usage(help, "which command?");
	if (c.state == NULL || *c.state == '\0')
		c.state = "var";
	if ((status = choose_tenant(&c, tenant)) != DONE)
		return status;
	c.argc = argc - optind;
	c.argv = argv + optind;
	c.arena = arena_new();
	optind = 0; /* getopt starts anew, for the command's own options */
	status = run(&c, c.argv[0]);
	db_close(c.db);
	arena_free(c.arena);
	return status;
}

/* tenant_command.c - muster tenant: organisations of one server, at a terminal. */
#include "tenant_command.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "archive.h"
#include "audit.h"
#include "event.h"
#include "session.h"
#include "setting.h"
#include "tenantdir.h"

enum { DONE = 0, FAILED = 1, USAGE = 2, HOSTS_MAX = 32 };

static const char help[] =
    "usage: muster tenant add NAME --host HOST… [--title T] [--zone Z] [--url U]\n"
    "       muster tenant host NAME add|remove HOST\n"
    "       muster tenant list\n"
    "       muster tenant suspend|resume NAME\n"
    "       muster tenant export NAME FILE.tar\n"
    "       muster tenant import FILE.tar NAME --host HOST… [--url U] [--suspended]\n"
    "       muster tenant delete NAME [--yes NAME]\n\n"
    "Organisations that share this server and nothing else: each has people, data,\n"
    "settings and host names of its own. Hosts without a tenant are the default one's.\n"
    "Any other command is for the tenant in muster --tenant NAME COMMAND.\n\n"
    "  add       prints the password of its first user, admin: good for one sign-in\n"
    "  suspend   nobody is answered and nothing is sent, until resume\n"
    "  export    all that it keeps, as it is at one instant, while it is being used;\n"
    "            the NAME - is the default tenant\n"
    "  import    everybody signs in anew and open pages read anew; people, tokens and links\n"
    "            are as they were; what waited to be sent is sent, unless --suspended\n"
    "  delete    asks for the name again; --yes NAME says it at once\n\n"
    "  --title T  the name on pages and in messages (NAME)\n"
    "  --zone Z   time zone, as Europe/Bucharest (UTC)\n"
    "  --url U    where links in messages lead (https:// and the first HOST)\n";

struct call {
	const char *state;
	struct arena *arena;
	struct str by, name;
	struct db *db;
	int argc;
	char **argv;
	const char *hosts[HOSTS_MAX];
	size_t nhosts;
	const char *title, *zone, *url, *yes;
	bool suspended;
};

static int
wrong(const char *why)
{
	fprintf(stderr, "muster: %s\n\n%s", why, help);
	return USAGE;
}

static int
failed(enum err e)
{
	fprintf(stderr, "muster: %s; nothing was changed\n", err_words(e)->title);
	return FAILED;
}

/* ---- what was said --------------------------------------------------------- */

static const char *
take_host(struct call *c, const char *given)
{
	char host[TENANT_HOST + 1];

	if (!tenant_host(str(given), host) || strchr(given, ':') != NULL)
		return "--host takes a host name, as alerts.example.org";
	if (c->nhosts == HOSTS_MAX)
		return "that is too many hosts for one command";
	c->hosts[c->nhosts++] = arena_printf(c->arena, "%s", host);
	return NULL;
}

/* Options, wherever they stand.  NULL, or what is wrong. */
static const char *
read_options(struct call *c)
{
	static const struct option longs[] = { { "host", required_argument, NULL, 'h' },
		{ "title", required_argument, NULL, 't' }, { "zone", required_argument, NULL, 'z' },
		{ "url", required_argument, NULL, 'u' }, { "yes", required_argument, NULL, 'y' },
		{ "suspended", no_argument, NULL, 's' }, { 0 } };
	const char *why = NULL;
	int option;

	optind = 0;
	opterr = 0;
	while (why == NULL && (option = getopt_long(c->argc, c->argv, "", longs, NULL)) != -1)
		switch (option) {
		case 'h':
			why = take_host(c, optarg);
			break;
		case 't':
			c->title = optarg;
			break;
		case 'z':
			c->zone = optarg;
			break;
		case 'u':
			c->url = optarg;
			break;
		case 'y':
			c->yes = optarg;
			break;
		case 's':
			c->suspended = true;
			break;
		default:
			why = "this option is not known, or lacks its value";
		}
	c->argc -= optind;
	c->argv += optind;
	return why;
}

/* Opens the database in that directory. */
static bool
open_in(struct call *c, const char *dir)
{
	enum err e = db_open(&c->db, arena_printf(c->arena, "%s/muster.db", dir), DB_TOOL);

	if (e == ERR_CONFLICT)
		fprintf(stderr, "muster: its database has another version; run: muster init\n");
	else if (e != OK)
		fprintf(stderr, "muster: the database in %s cannot be opened\n", dir);
	return e == OK;
}

static void
close_db(struct call *c)
{
	db_close(c->db);
	c->db = NULL;
}

static bool
find(struct call *c, struct tenant *t)
{
	if (c->name.n > 0 && tenant_named(c->state, c->name, t) == OK)
		return true;
	fprintf(stderr, "muster: there is no tenant %.*s\n", FMT(c->name));
	return false;
}

/* One entry in the tenant's own audit log. */
static enum err
note(struct call *c, const char *what)
{
	return audit_put(c->db, c->arena, c->by, str(what), c->name);
}

struct noted {
	struct call *c;
	const char *what;
};

static enum err
note_alone(void *arg)
{
	struct noted *n = arg;

	return note(n->c, n->what);
}

static enum err
note_in(struct call *c, const char *dir, const char *what)
{
	struct noted n = { c, what };
	enum err e = ERR_STORE;

	if (open_in(c, dir))
		e = db_transact(c->db, TX_WRITE, now_ms(), note_alone, &n);
	close_db(c);
	return e;
}

/* ---- add, import -------------------------------------------------------------- */

/* Whether all of the hosts may be had. */
static bool
hosts_free(struct call *c)
{
	char owner[TENANT_NAME + 1];
	struct tenant t;

	for (size_t i = 0; i < c->nhosts; i++)
		if (tenant_link(c->state, c->hosts[i], owner) == OK &&
		    tenant_named(c->state, str(owner), &t) == OK) {
			fprintf(stderr, "muster: the host %s is %s's already; nothing was changed\n",
			    c->hosts[i], owner);
			return false;
		}
	return true;
}

static enum err
set(struct call *c, const char *name, const char *value)
{
	const char *why = "";
	enum err e = OK;

	if (value != NULL && (e = setting_set(c->db, c->arena, str(name), str(value), &why)) == ERR_INPUT)
		fprintf(stderr, "muster: %s: %s\n", name, why);
	return e;
}

/* What a new one has: its settings, and somebody who can make everybody else. */
static enum err
furnish(struct call *c, struct str password)
{
	struct str none = S("");
	enum err e;

	if ((e = db_begin(c->db, TX_WRITE, now_ms())) != OK)
		return e;
	if ((e = set(c, "site.title", c->title ? c->title : c->name.p)) == OK &&
	    (e = set(c, "site.zone", c->zone)) == OK &&
	    (e = set(c, "site.url", c->url ? c->url : arena_printf(c->arena, "https://%s", c->hosts[0]))) ==
		OK &&
	    (e = user_add(c->db, c->arena, S("admin"), password, ROLE_ADMIN, NULL, 0, &none)) == OK &&
	    (e = user_once(c->db, c->arena, S("admin"))) == OK && (e = note(c, "tenant add")) == OK)
		e = db_commit(c->db);
	db_rollback(c->db);
	return e;
}

/* Everybody signs in anew; a user at a time, so that none is forgotten. */
static enum err
end_sessions(struct call *c)
{
	struct str after = { NULL, 0 };
	struct user *users;
	size_t n;
	enum err e;

	do {
		e = user_list(c->db, c->arena, after, 100, &users, &n);
		for (size_t i = 0; i < n && e == OK; i++) {
			e = session_end_all(c->db, c->arena, users[i].name, S(""));
			after = users[i].name;
		}
	} while (e == OK && n > 0);
	return e;
}

/* A former state comes back: what was told since must not be gone on from. */
static enum err
wake(struct call *c)
{
	enum err e;

	if ((e = db_integrity(c->db)) != OK || (e = db_begin(c->db, TX_WRITE, now_ms())) != OK)
		return e;
	if ((e = set(c, "site.url", c->url)) == OK && (e = set(c, "site.title", c->title)) == OK &&
	    (e = set(c, "site.zone", c->zone)) == OK && (e = end_sessions(c)) == OK &&
	    (e = note(c, "tenant import")) == OK) {
		event_forget(c->db);
		e = db_commit(c->db);
	}
	db_rollback(c->db);
	return e;
}

/* A name is used again only without the hosts that it had. */
static void
forget_hosts(struct call *c)
{
	struct str *hosts;
	size_t n = tenant_hosts(c->state, c->arena, c->name, &hosts);

	for (size_t i = 0; i < n; i++)
		tenant_host_remove(c->state, hosts[i].p, c->name);
}

/* The directory is complete: it gets its name, then its hosts. */
static enum err
appear(struct call *c, const char *dir)
{
	enum err e = OK;

	close_db(c);
	if (c->suspended)
		e = tenant_suspend(dir, true);
	forget_hosts(c);
	if (e == OK)
		e = tenant_appear(c->state, c->name);
	for (size_t i = 0; i < c->nhosts && e == OK; i++)
		e = tenant_host_add(c->state, c->hosts[i], c->name);
	return e;
}

/* `archive`: NULL for an empty one. */
static enum err
fill(struct call *c, const char *dir, const char *archive, struct str password)
{
	const char *database = arena_printf(c->arena, "%s/muster.db", dir);
	struct str text;
	enum err e = archive ? archive_read(archive, c->arena, &text, database) : OK;

	if (e == OK)
		e = db_create(database);
	if (e == OK && !open_in(c, dir))
		e = ERR_STORE;
	if (e == OK)
		e = archive ? wake(c) : furnish(c, password);
	return e;
}

static int
make(struct call *c, const char *archive)
{
	struct str password = password_make(c->arena);
	int lock = tenant_lock(c->state);
	char dir[TENANT_DIR];
	enum err e;

	if (lock < 0) {
		fprintf(stderr, "muster: %s/tenants: %s\n", c->state, strerror(errno));
		return FAILED;
	}
	if (!hosts_free(c))
		return FAILED;
	if ((e = tenant_begin(c->state, c->name, dir)) == ERR_CONFLICT) {
		fprintf(stderr, "muster: %.*s is there already; nothing was changed\n", FMT(c->name));
		return FAILED;
	}
	if (e == OK)
		e = fill(c, dir, archive, password);
	if (e == OK)
		e = appear(c, dir);
	close_db(c);
	if (e != OK) {
		tenant_drop(c->state, c->name);
		return failed(e);
	}
	if (archive == NULL)
		printf("admin\n%s\n", password.p);
	return DONE;
}

static int
cmd_add(struct call *c)
{
	if (c->argc != 1 || c->nhosts == 0)
		return wrong("say: tenant add NAME --host HOST");
	return make(c, NULL);
}

static int
cmd_import(struct call *c)
{
	if (c->argc != 2 || c->nhosts == 0)
		return wrong("say: tenant import FILE.tar NAME --host HOST");
	c->name = str(c->argv[1]);
	if (!tenant_name_valid(c->name))
		return wrong("a NAME takes a-z, 0-9 and single dashes within, 32 at most");
	return make(c, c->argv[0]);
}

/* ---- hosts ---------------------------------------------------------------------- */

static int
cmd_host(struct call *c)
{
	char host[TENANT_HOST + 1];
	struct tenant t;
	bool add;
	enum err e;

	if (c->argc != 3 || (!(add = strcmp(c->argv[1], "add") == 0) && strcmp(c->argv[1], "remove") != 0))
		return wrong("say: tenant host NAME add HOST, or remove HOST");
	if (!tenant_host(str(c->argv[2]), host) || strchr(c->argv[2], ':') != NULL)
		return wrong("this is no host name");
	if ((add && !find(c, &t)) || tenant_lock(c->state) < 0)
		return FAILED;
	e = add ? tenant_host_add(c->state, host, c->name) : tenant_host_remove(c->state, host, c->name);
	if (e == ERR_CONFLICT)
		fprintf(stderr, "muster: the host %s is another tenant's; nothing was changed\n", host);
	else if (e == ERR_NOT_FOUND)
		fprintf(stderr, "muster: %s is no host of %.*s\n", host, FMT(c->name));
	else if (e != OK)
		return failed(e);
	if (e != OK)
		return FAILED;
	if (tenant_named(c->state, c->name, &t) == OK)
		note_in(c, t.dir, add ? "tenant host add" : "tenant host remove");
	return DONE;
}

static void
print_tenant(struct call *c, struct str name)
{
	struct tenant t;
	struct stat st;
	struct str *hosts;
	size_t n;

	if (tenant_named(c->state, name, &t) != OK)
		return;
	if (stat(arena_printf(c->arena, "%s/muster.db", t.dir), &st) != 0)
		st.st_size = 0;
	n = tenant_hosts(c->state, c->arena, name, &hosts);
	printf("%-20.*s %-9s %8lld KiB ", FMT(name), t.suspended ? "suspended" : "",
	    (long long)st.st_size / 1024);
	for (size_t i = 0; i < n; i++)
		printf(" %.*s", FMT(hosts[i]));
	printf("\n");
}

static int
cmd_list(struct call *c)
{
	struct str *names;
	size_t n = tenant_names(c->state, c->arena, &names);

	if (c->argc != 0)
		return wrong("list takes nothing");
	for (size_t i = 0; i < n; i++)
		print_tenant(c, names[i]);
	return DONE;
}

/* ---- pausing, copying, ending ------------------------------------------------------ */

static int
pause_or_go_on(struct call *c, bool suspended)
{
	struct tenant t;
	enum err e;

	if (c->argc != 1)
		return wrong("name one tenant");
	if (!find(c, &t))
		return FAILED;
	if ((e = tenant_suspend(t.dir, suspended)) == OK)
		e = note_in(c, t.dir, suspended ? "tenant suspend" : "tenant resume");
	return e == OK ? DONE : failed(e);
}

static int
cmd_suspend(struct call *c)
{
	return pause_or_go_on(c, true);
}

static int
cmd_resume(struct call *c)
{
	return pause_or_go_on(c, false);
}

/* What a person sees who looks into the archive. */
static struct str
describe(struct call *c)
{
	struct str *hosts, text = arena_strf(c->arena, "muster-tenant 1\nname %.*s\nexported %lld\n",
			       FMT(c->name), (long long)now_ms());
	size_t n = tenant_hosts(c->state, c->arena, c->name, &hosts);

	for (size_t i = 0; i < n; i++)
		if (text.n + hosts[i].n + 8 < ARCHIVE_NOTE)
			text = arena_strf(c->arena, "%.*shost %.*s\n", FMT(text), FMT(hosts[i]));
	return text;
}

static int
cmd_export(struct call *c)
{
	const char *copy;
	struct tenant t;
	enum err e;

	if (c->argc != 2)
		return wrong("say: tenant export NAME FILE.tar");
	if (c->name.n > 0 ? !find(c, &t) : tenant_named(c->state, c->name, &t) != OK)
		return FAILED;
	if (access(c->argv[1], F_OK) == 0) {
		fprintf(stderr, "muster: %s is there already\n", c->argv[1]);
		return FAILED;
	}
	if (!open_in(c, t.dir))
		return FAILED;
	copy = arena_printf(c->arena, "%s.db-part", c->argv[1]);
	unlink(copy);
	if ((e = db_copy(c->db, copy)) == OK)
		e = archive_write(c->argv[1], describe(c), copy, now_ms());
	unlink(copy);
	if (e != OK)
		fprintf(stderr, "muster: %s cannot be written\n", c->argv[1]);
	return e == OK && note_in(c, t.dir, "tenant export") == OK ? DONE : FAILED;
}

static bool
said_again(struct call *c)
{
	char line[TENANT_NAME + 3] = "";

	if (c->yes != NULL)
		return str_is(c->name, c->yes);
	fprintf(stderr, "All that %.*s keeps will be gone for good. Its name again: ", FMT(c->name));
	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return str_is(c->name, line);
}

static int
cmd_delete(struct call *c)
{
	struct tenant t;
	enum err e;

	if (c->argc != 1)
		return wrong("name one tenant");
	if (!find(c, &t))
		return FAILED;
	if (!said_again(c)) {
		fprintf(stderr, "muster: that is not its name; nothing was changed\n");
		return FAILED;
	}
	if (tenant_lock(c->state) < 0 || (e = tenant_delete(c->state, c->arena, c->name)) != OK) {
		fprintf(stderr, "muster: it could not be deleted as a whole\n");
		return FAILED;
	}
	return DONE;
}

static const struct {
	const char *name;
	int (*run)(struct call *);
} commands[] = {
	{ "add", cmd_add },
	{ "host", cmd_host },
	{ "list", cmd_list },
	{ "suspend", cmd_suspend },
	{ "resume", cmd_resume },
	{ "export", cmd_export },
	{ "import", cmd_import },
	{ "delete", cmd_delete },
};

int
tenant_command(const char *state, struct arena *a, struct str by, int argc, char **argv)
{
	struct call c = { .state = state, .arena = a, .by = by, .argc = argc - 1, .argv = argv + 1 };
	const char *why;
	int status;

	if (argc > 1 && strcmp(argv[argc - 1], "--help") == 0) {
		fputs(help, stdout);
		return DONE;
	}
	if (argc < 2)
		return wrong("what about tenants?");
	if ((why = read_options(&c)) != NULL)
		return wrong(why);
	umask(077); /* what others must pass through or read is made so on purpose */
	for (size_t i = 0; i < LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (c.argc > 0)
			c.name = strcmp(c.argv[0], "-") == 0 ? S("") : str(c.argv[0]);
		if (c.name.n > 0 && commands[i].run != cmd_import && !tenant_name_valid(c.name))
			return wrong("a NAME takes a-z, 0-9 and single dashes within, 32 at most");
		status = commands[i].run(&c);
		close_db(&c);
		return status;
	}
	return wrong("there is no such command");
}

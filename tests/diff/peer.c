/* peer.c - muster's side: a store in a folder of its own, commands in long transactions. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"
#include "key.h"
#include "log.h"

struct peer {
	struct oracle *redis; /* stands in for muster */
	char *path;
	struct db *db;
	struct client *client;
	int64_t now;
	const char *falsified, *lost;
};

struct peer *
peer_new(const char *dir, struct oracle *redis)
{
	struct peer *p = calloc(1, sizeof(*p));
	size_t n = strlen(dir) + sizeof("/muster.db-journal");

	if (p == NULL || (p->path = malloc(n)) == NULL)
		die("out of memory");
	strcpy(p->path, dir);
	strcat(p->path, "/muster.db");
	p->redis = redis;
	return p;
}

static void
shut(struct peer *p)
{
	static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
	size_t n = strlen(p->path);

	if (p->db == NULL)
		return;
	db_rollback(p->db);
	client_free(p->client);
	db_close(p->db);
	p->db = NULL;
	for (size_t i = 0; i < LEN(tails); i++) {
		strcpy(p->path + n, tails[i]);
		unlink(p->path);
	}
	p->path[n] = '\0';
}

void
peer_free(struct peer *p)
{
	shut(p);
	free(p->path);
	free(p);
}

/* A new file: what fails from here fails again. */
void
peer_reset(struct peer *p, int64_t now)
{
	struct arena *mem;

	p->now = now;
	if (p->redis == NULL) {
		shut(p);
		if (db_create(p->path) != OK || db_open(&p->db, p->path, DB_TOOL) != OK)
			die("no store at %s", p->path);
		p->client = client_new(p->db);
		return;
	}
	mem = arena_new();
	oracle_clock(p->redis, now);
	oracle_ask(p->redis, mem, &S("FLUSHALL"), 1);
	arena_free(mem);
}

static void
commit(struct peer *p)
{
	if (p->db != NULL && db_tx(p->db) != TX_NONE && db_commit(p->db) != OK)
		die("a commit failed");
}

void
peer_clock(struct peer *p, int64_t now)
{
	commit(p);
	p->now = now;
	if (p->redis != NULL)
		oracle_clock(p->redis, now);
}

static void
begin(struct peer *p)
{
	if (db_tx(p->db) == TX_NONE && db_begin(p->db, TX_WRITE, p->now) != OK)
		die("no transaction");
}

/* A batch, not all there is: what is half swept must not show either. */
void
peer_sweep(struct peer *p)
{
	if (p->redis != NULL)
		return;
	begin(p);
	key_sweep(p->db, 100);
	commit(p);
}

static bool
is(const struct str *args, const char *name)
{
	return name != NULL && args[0].n == strlen(name) && strncasecmp(args[0].p, name, args[0].n) == 0;
}

static struct reply
run(struct peer *p, struct arena *mem, const struct str *args, size_t n, bool by_client)
{
	if (p->redis != NULL)
		return oracle_ask(p->redis, mem, args, n);
	if (by_client) {
		commit(p);
		return client_call(p->client, mem, args, n, p->now);
	}
	begin(p);
	return command_run(p->db, mem, args, n);
}

struct reply
peer_ask(struct peer *p, struct arena *mem, const struct str *args, size_t n, bool by_client)
{
	struct reply r;

	if (is(args, p->lost))
		return (struct reply){ .kind = REPLY_INTEGER, .integer = 1 };
	r = run(p, mem, args, n, by_client);
	if (is(args, p->falsified) && r.kind == REPLY_INTEGER)
		r.integer++;
	return r;
}

int64_t
peer_check(struct peer *p)
{
	int64_t wrong;

	if (p->redis != NULL)
		return 0;
	commit(p);
	if (db_begin(p->db, TX_READ, p->now) != OK)
		die("no transaction");
	wrong = key_check(p->db, NULL, NULL);
	db_rollback(p->db);
	return wrong;
}

void
peer_undone(struct peer *p, struct arena *mem, const struct step *step)
{
	if (p->redis != NULL)
		return;
	if (step->by_client)
		commit(p);
	begin(p);
	if (!step->by_client)
		db_savepoint(p->db);
	for (size_t i = 0; i < step->n; i++)
		command_run(p->db, mem, step->lines[i].args, step->lines[i].n);
	if (step->by_client)
		db_rollback(p->db);
	else
		db_undo(p->db);
}

bool
peer_knows(const struct peer *p, const struct rule *rule)
{
	return p->redis != NULL || command_find(str(rule->name)) != NULL;
}

void
peer_break(struct peer *p, const char *falsified, const char *lost)
{
	p->falsified = falsified;
	p->lost = lost;
}

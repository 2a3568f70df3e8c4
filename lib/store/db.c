/* db.c - a tenant's store: connection, transactions, statements. */
#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bell.h"
#include "log.h"
#include "random.h"
#include "run.h"
#include "schema.h"
#include "sql.h"

enum {
	PATIENCE_MS = 5000,      /* how long a writer waits for its turn */
	CHECKPOINT_PAGES = 4000, /* a backstop: the dispatcher checkpoints each minute */
};

struct db {
	sqlite3 *handle;
	enum tx tx;
	enum err fault; /* what the disk did to this transaction */
	int64_t now;
	int64_t number;        /* transactions begun */
	int64_t waiting_since; /* monotonic us; of the writer that waits */
	int turn;              /* the file whose lock is the writers' turn */
	int64_t patience_us;
	struct ringer *ringer; /* NULL: this is the dispatcher */
	bool ring;             /* once this transaction is committed */
	struct tenant_row tenant;
	struct keys *keys;
	struct runs *runs;
	sqlite3_stmt *stmts[SQL__MAX][SQL_STATEMENTS];
};

enum { BEGIN_READ, BEGIN_WRITE, COMMIT, ROLLBACK, SAVE, RELEASE, UNDO, SEQUENCE, SEQUENCE_NEXT };
static const char *const sql[] = {
	[BEGIN_READ] = "begin",
	[BEGIN_WRITE] = "begin immediate",
	[COMMIT] = "commit",
	[ROLLBACK] = "rollback",
	[SAVE] = "savepoint part",
	[RELEASE] = "release part",
	[UNDO] = "rollback to part",
	[SEQUENCE] = "select value from sequence",
	[SEQUENCE_NEXT] = "update sequence set value = value + ?1 where one = 1",
};

int64_t
monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* False: patience is at an end. */
static bool
wait_a_little(const struct db *db, unsigned us)
{
	if (monotonic_us() - db->waiting_since > db->patience_us)
		return false;
	usleep(us + random_below(us * 3));
	return true;
}

/* SQLite's own handler naps up to 100 ms and starves writers; short random
 * naps keep the queue moving (measured: worst wait 3 s against 0.1 s). */
static int
nap(void *arg, int count)
{
	struct db *db = arg;

	if (count == 0 && db->tx != TX_WRITE)
		db->waiting_since = monotonic_us();
	return wait_a_little(db, 40);
}

/* Who may try next for the write lock.  Whoever has just given the lock back
 * would take it again before any other has woken; here it has to queue behind
 * the one that holds the turn and waits.  The kernel ends a dead one's turn. */
static bool
take_turn(struct db *db)
{
	db->waiting_since = monotonic_us();
	while (db->turn >= 0 && flock(db->turn, LOCK_EX | LOCK_NB) != 0)
		if ((errno != EWOULDBLOCK && errno != EINTR) || !wait_a_little(db, 150))
			return false;
	return true;
}

/* SQLite meets it anywhere, also in the middle of an I/O call. */
static void
die_without_memory(sqlite3 *handle, int rc)
{
	if (rc == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM ||
	    (rc != SQLITE_OK && sqlite3_extended_errcode(handle) == SQLITE_IOERR_NOMEM))
		die("store: out of memory");
}

/* Remembers what went wrong; a bug ends the process. */
static void
fault(struct db *db, int rc)
{
	die_without_memory(db->handle, rc);
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		db->fault = ERR_BUSY;
		break;
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_PROTOCOL:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		log_line("store: %s (%d)", sqlite3_errmsg(db->handle), sqlite3_extended_errcode(db->handle));
		db->fault = ERR_STORE;
		break;
	default:
		die("store: %s (%d)", sqlite3_errmsg(db->handle), rc);
	}
}

static void
bind(struct db *db, sqlite3_stmt *st, const char *binds, va_list ap)
{
	int rc = SQLITE_OK;

	for (int i = 1; *binds != '\0' && rc == SQLITE_OK; i++, binds++) {
		struct str s;
		int64_t number;

		switch (*binds) {
		case 'i':
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 'd':
			rc = sqlite3_bind_double(st, i, va_arg(ap, double));
			break;
		case 'b':
			s = va_arg(ap, struct str);
			rc = sqlite3_bind_blob64(st, i, s.n ? s.p : "", s.n, SQLITE_STATIC);
			break;
		case 'B':
			s = va_arg(ap, struct str);
			rc = s.p == NULL ? sqlite3_bind_null(st, i)
					 : sqlite3_bind_blob64(st, i, s.n ? s.p : "", s.n, SQLITE_STATIC);
			break;
		case 'z':
			number = va_arg(ap, int64_t);
			rc = number == 0 ? sqlite3_bind_null(st, i) : sqlite3_bind_int64(st, i, number);
			break;
		case 'T':
			s = va_arg(ap, struct str);
			rc = s.n == 0 ? sqlite3_bind_null(st, i)
				      : sqlite3_bind_text64(st, i, s.p, s.n, SQLITE_STATIC, SQLITE_UTF8);
			break;
		case 't':
			s = va_arg(ap, struct str);
			rc = sqlite3_bind_text64(st, i, s.n ? s.p : "", s.n, SQLITE_STATIC, SQLITE_UTF8);
			break;
		case 'n':
			rc = sqlite3_bind_null(st, i);
			break;
		default:
			die("bind letter '%c'", *binds);
		}
	}
	if (rc != SQLITE_OK)
		die("bind: %s", sqlite3_errmsg(db->handle));
}

sqlite3_stmt *
db_stmt(struct db *db, enum module module, const char *const *statements, int which, const char *binds, ...)
{
	sqlite3_stmt **st = &db->stmts[module][which];
	int rc = SQLITE_OK;
	va_list ap;

	if (*st == NULL)
		rc = sqlite3_prepare_v3(
		    db->handle, statements[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	if ((rc & 0xff) == SQLITE_ERROR)
		die("prepare '%s': %s", statements[which], sqlite3_errmsg(db->handle));
	if (rc != SQLITE_OK) { /* the schema was to be read again */
		fault(db, rc);
		return NULL;
	}
	va_start(ap, binds);
	bind(db, *st, binds, ap);
	va_end(ap);
	return *st;
}

bool
db_row(struct db *db, sqlite3_stmt *st)
{
	int rc;

	/* SQLite may have ended the transaction itself: what came after the fault
	 * would be a transaction of its own. */
	if (db->fault != OK) {
		sqlite3_reset(st);
		return false;
	}
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		fault(db, rc);
	sqlite3_reset(st);
	return false;
}

void
db_done(sqlite3_stmt *st)
{
	sqlite3_reset(st);
}

void
db_run(struct db *db, sqlite3_stmt *st)
{
	while (db_row(db, st))
		;
}

/* printf takes a tenth of a GET's time for this. */
static struct str
decimal(struct arena *a, int64_t value)
{
	char text[20], *p = text + sizeof(text);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do
		*--p = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (value < 0)
		*--p = '-';
	return arena_dup(a, (struct str){ p, (size_t)(text + sizeof(text) - p) });
}

struct str
db_column(struct arena *a, sqlite3_stmt *st, int column)
{
	struct str s;

	if (sqlite3_column_type(st, column) == SQLITE_INTEGER)
		return decimal(a, sqlite3_column_int64(st, column));
	s.p = sqlite3_column_blob(st, column);
	s.n = (size_t)sqlite3_column_bytes(st, column);
	return arena_dup(a, s);
}

struct str
db_column_view(sqlite3_stmt *st, int column)
{
	const char *p = sqlite3_column_blob(st, column);

	return (struct str){ p ? p : "", (size_t)sqlite3_column_bytes(st, column) };
}

int64_t
db_int(struct db *db, sqlite3_stmt *st)
{
	int64_t n = 0;

	if (db_row(db, st)) {
		n = sqlite3_column_int64(st, 0);
		db_done(st);
	}
	return n;
}

struct keys *
db_keys(struct db *db)
{
	return db->keys;
}

struct runs *
db_runs(struct db *db)
{
	return db->runs;
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}

struct tenant_row *
db_tenant(struct db *db)
{
	return &db->tenant;
}

int64_t
db_inserted(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

static int
user_version(sqlite3 *handle, int *version)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(handle, "pragma user_version", -1, &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		*version = sqlite3_column_int(st, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc;
}

/* SQL text of our own; to be freed with sqlite3_free(). */
static char *
text_of(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	if (text == NULL)
		die("store: out of memory");
	return text;
}

/* One step of the schema and its number, in one transaction: another process
 * may be at it too. */
static int
migrate_step(sqlite3 *handle, const struct schema_step *step)
{
	char *text = text_of("%s; pragma user_version = %d; commit", step->sql, step->version);
	int version, rc = sqlite3_exec(handle, "begin immediate", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = user_version(handle, &version);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, step->version > version ? text : "commit", NULL, NULL, NULL);
	sqlite3_free(text);
	return rc;
}

/* Turning to WAL needs the file alone, and SQLite does not wait for that. */
static int
turn_to_wal(sqlite3 *handle)
{
	int64_t since = monotonic_us();
	int rc;

	while ((rc = sqlite3_exec(handle, "pragma journal_mode = wal", NULL, NULL, NULL)) == SQLITE_BUSY &&
	       monotonic_us() - since < PATIENCE_MS * 1000)
		usleep(1000 + random_below(3000));
	return rc;
}

/* What tells this tenant from every other, and its secret: made once. */
static int
name_tenant(sqlite3 *handle)
{
	sqlite3_stmt *st = NULL;
	unsigned char secret[32];
	char id[9];
	/* Looked at first: who only reads waits for no writer. */
	int rc = sqlite3_prepare_v2(handle, "select 1 from tenant", -1, &st, NULL);

	if (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		return sqlite3_finalize(st);
	rc = rc == SQLITE_OK ? sqlite3_finalize(st) : rc;
	st = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(
		    handle, "insert or ignore into tenant values (1, ?1, ?2)", -1, &st, NULL);

	random_name(id, sizeof(id) - 1);
	random_bytes(secret, sizeof(secret));
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_blob(st, 2, secret, sizeof(secret), SQLITE_STATIC);
	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_DONE)
		rc = SQLITE_OK;
	sqlite3_finalize(st);
	return rc;
}

enum err
db_create(const char *path)
{
	sqlite3 *handle = NULL;
	int version = 0,
	    rc = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(handle, PATIENCE_MS);
	if (rc == SQLITE_OK)
		rc = turn_to_wal(handle);
	if (rc == SQLITE_OK)
		rc = user_version(handle, &version);
	for (size_t i = 0; i < schema_nsteps && rc == SQLITE_OK; i++)
		if (schema_steps[i].version > version)
			rc = migrate_step(handle, &schema_steps[i]);
	if (rc == SQLITE_OK)
		rc = name_tenant(handle);
	die_without_memory(handle, rc);
	if (rc != SQLITE_OK)
		log_line("creating the store: %s", sqlite3_errmsg(handle));
	sqlite3_close(handle);
	return rc == SQLITE_OK ? OK : ERR_STORE;
}

/* The pragmas belong to the connection, not to the file.  mmap stays off: it
 * gained nothing (measured) and its pages count as the process' memory. */
static int
configure(struct db *db, enum db_role role)
{
	char *text = text_of("pragma synchronous = %s; pragma cache_size = -%d;"
			     "pragma mmap_size = 0; pragma temp_store = memory;"
			     "pragma secure_delete = off; pragma trusted_schema = off;"
			     "pragma journal_size_limit = 67108864;"
			     "pragma wal_autocheckpoint = %d",
	    role == DB_DISPATCH ? "normal" : "full", role == DB_TOOL ? 65536 : 1024,
	    role == DB_TOOL ? CHECKPOINT_PAGES * 4 : CHECKPOINT_PAGES);
	int rc = sqlite3_exec(db->handle, text, NULL, NULL, NULL);

	sqlite3_free(text);
	return rc;
}

/* A file of its own: closing any descriptor of the database file would drop
 * SQLite's locks on it.  It belongs to whom the database belongs to, also when
 * root's command makes it.  Without it (-1) all works but the fairness. */
static int
open_turn(const char *path, const struct stat *like)
{
	char *name = text_of("%s-turn", path);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, like->st_mode & 0666);

	if (fd < 0 || (geteuid() == 0 && fchown(fd, like->st_uid, like->st_gid) != 0))
		log_line("%s: %s; writers will not take turns", name, strerror(errno));
	sqlite3_free(name);
	return fd;
}

enum err
db_open(struct db **out, const char *path, enum db_role role)
{
	struct db *db;
	struct stat st;
	int version = 0, rc;

	*out = NULL;
	if (stat(path, &st) != 0)
		return ERR_NOT_FOUND;
	if ((db = calloc(1, sizeof(*db))) == NULL)
		die("out of memory");
	db->keys = keys_new();
	db->runs = runs_new();
	db->turn = open_turn(path, &st);
	db->patience_us = PATIENCE_MS * 1000;
	if (role != DB_DISPATCH)
		db->ringer = ringer_new(path);
	rc = sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_handler(db->handle, nap, db);
	if (rc == SQLITE_OK)
		rc = configure(db, role);
	if (rc == SQLITE_OK)
		rc = user_version(db->handle, &version);
	die_without_memory(db->handle, rc);
	if (rc != SQLITE_OK) {
		log_line("opening the store: %s", sqlite3_errmsg(db->handle));
		db_close(db);
		return ERR_STORE;
	}
	if (version != schema_steps[schema_nsteps - 1].version) {
		db_close(db);
		return ERR_CONFLICT;
	}
	*out = db;
	return OK;
}

void
db_patience(struct db *db, int64_t ms)
{
	db->patience_us = (ms > 0 ? ms : PATIENCE_MS) * 1000;
}

void
db_keep_log(struct db *db)
{
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (int m = 0; m < SQL__MAX; m++)
		for (int i = 0; i < SQL_STATEMENTS; i++)
			sqlite3_finalize(db->stmts[m][i]);
	sqlite3_close(db->handle);
	if (db->turn >= 0)
		close(db->turn);
	ringer_free(db->ringer);
	keys_free(db->keys);
	runs_free(db->runs);
	free(db);
}

/* A page that came short from the disk would stay in the cache as zeros. */
static void
forget_pages(struct db *db)
{
	sqlite3_db_release_memory(db->handle);
}

enum err
db_begin(struct db *db, enum tx tx, int64_t now)
{
	if (db->tx != TX_NONE)
		die("a transaction inside a transaction");
	db->fault = OK;
	db->ring = false;
	db->now = now;
	db->number++;
	if (tx == TX_WRITE && !take_turn(db))
		return ERR_BUSY;
	db->tx = tx; /* nap(): the wait began with the turn */
	db_run(db, db_stmt(db, SQL_DB, sql, tx == TX_WRITE ? BEGIN_WRITE : BEGIN_READ, ""));
	if (tx == TX_WRITE && db->turn >= 0)
		flock(db->turn, LOCK_UN);
	if (db->fault == ERR_STORE)
		forget_pages(db);
	if (db->fault != OK)
		db->tx = TX_NONE;
	keys_begin(db);
	return db->fault;
}

/* Writes what was only remembered. */
static void
flush(struct db *db)
{
	if (db->tx == TX_WRITE && db->fault == OK) {
		runs_flush(db);
		keys_flush(db);
	}
}

static void
forget(struct db *db)
{
	runs_forget(db);
	keys_forget(db);
}

enum err
db_commit(struct db *db)
{
	if (db->tx == TX_NONE)
		die("commit without a transaction");
	flush(db);
	if (db->fault == OK)
		db_run(db, db_stmt(db, SQL_DB, sql, COMMIT, ""));
	if (db->fault != OK) {
		enum err e = db->fault;

		db_rollback(db);
		return e;
	}
	db->tx = TX_NONE;
	if (db->ring && db->ringer != NULL)
		ringer_ring(db->ringer);
	return OK;
}

void
bell_want(struct db *db)
{
	db->ring = true;
}

void
bell_want_awake(struct db *db)
{
	db->ring |= db->ringer != NULL && ringer_is_tenants(db->ringer);
}

bool
bell_is_heard(struct db *db)
{
	return db->ringer != NULL && ringer_is_tenants(db->ringer) && ringer_heard(db->ringer);
}

void
db_rollback(struct db *db)
{
	bool failed = db->fault == ERR_STORE;

	if (db->tx == TX_WRITE || db->fault != OK)
		forget(db);
	db->fault = OK;
	if (!sqlite3_get_autocommit(db->handle))
		db_run(db, db_stmt(db, SQL_DB, sql, ROLLBACK, ""));
	if (failed)
		forget_pages(db);
	db->tx = TX_NONE;
	db->fault = OK;
}

enum err
db_transact(struct db *db, enum tx tx, int64_t now, enum err (*body)(void *arg), void *arg)
{
	int64_t until = monotonic_us() + PATIENCE_MS * 1000;
	enum err e;

	do {
		e = db_begin(db, tx, now);
		if (e == OK && (e = body(arg)) == OK)
			e = db_commit(db);
		if (e != OK)
			db_rollback(db);
	} while (e == ERR_BUSY && monotonic_us() < until);
	return e;
}

void
db_savepoint(struct db *db)
{
	flush(db);
	db_run(db, db_stmt(db, SQL_DB, sql, SAVE, ""));
}

enum err
db_release(struct db *db)
{
	if (db->fault == OK)
		db_run(db, db_stmt(db, SQL_DB, sql, RELEASE, ""));
	return db->fault;
}

void
db_undo(struct db *db)
{
	forget(db);
	/* After a fault nothing runs: db_commit() takes the whole back. */
	db_run(db, db_stmt(db, SQL_DB, sql, UNDO, ""));
	db_run(db, db_stmt(db, SQL_DB, sql, RELEASE, ""));
}

enum tx
db_tx(const struct db *db)
{
	return db->tx;
}

int64_t
db_now(const struct db *db)
{
	return db->now;
}

int64_t
db_number(const struct db *db)
{
	return db->number;
}

int64_t
db_sequence(struct db *db)
{
	return db_int(db, db_stmt(db, SQL_DB, sql, SEQUENCE, ""));
}

int64_t
db_sequence_next(struct db *db)
{
	return db_sequence_skip(db, 1);
}

int64_t
db_sequence_skip(struct db *db, int64_t by)
{
	int64_t value = db_sequence(db) + by;

	db_run(db, db_stmt(db, SQL_DB, sql, SEQUENCE_NEXT, "i", by));
	return value;
}

enum err
db_checkpoint(struct db *db, int64_t *left)
{
	int log = 0, done = 0;
	int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &done);

	*left = log - done;
	die_without_memory(db->handle, rc);
	if (rc == SQLITE_OK)
		return OK;
	log_line(
	    "store: checkpoint: %s (%d)", sqlite3_errmsg(db->handle), sqlite3_extended_errcode(db->handle));
	return (rc & 0xff) == SQLITE_BUSY ? ERR_BUSY : ERR_STORE;
}

enum err
db_copy(struct db *db, const char *path)
{
	sqlite3_backup *backup = NULL;
	sqlite3 *to = NULL;
	int rc, fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0) {
		log_line("%s: %s", path, strerror(errno));
		return ERR_STORE;
	}
	close(fd);
	rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK && (backup = sqlite3_backup_init(to, "main", db->handle, "main")) != NULL)
		sqlite3_backup_step(backup, -1); /* all in one: of one instant */
	if (rc == SQLITE_OK)
		rc = sqlite3_backup_finish(backup);
	if (backup == NULL)
		rc = sqlite3_errcode(to);
	die_without_memory(to, rc);
	if (rc != SQLITE_OK)
		log_line("store: copy: %s (%d)", sqlite3_errmsg(to), rc);
	sqlite3_close(to);
	return rc == SQLITE_OK ? OK : ERR_STORE;
}

static int64_t
size_of(const char *path)
{
	struct stat st;

	return path != NULL && stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

void
db_size(struct db *db, int64_t *file, int64_t *log)
{
	const char *path = sqlite3_db_filename(db->handle, "main");

	*file = size_of(path);
	*log = path != NULL ? size_of(sqlite3_filename_wal(path)) : 0;
}

enum err
db_integrity(struct db *db)
{
	sqlite3_stmt *st = NULL;
	bool good = true;
	int rc;

	rc = sqlite3_prepare_v2(db->handle, "pragma integrity_check(20)", -1, &st, NULL);
	while (st != NULL && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(st, 0);

		if (text == NULL || strcmp(text, "ok") != 0) {
			log_line("integrity: %s", text ? text : "?");
			good = false;
		}
	}
	if (rc != SQLITE_DONE) {
		die_without_memory(db->handle, rc);
		log_line(
		    "integrity: %s (%d)", sqlite3_errmsg(db->handle), sqlite3_extended_errcode(db->handle));
		good = false;
	}
	sqlite3_finalize(st);
	if (!good)
		forget_pages(db);
	return good ? OK : ERR_STORE;
}

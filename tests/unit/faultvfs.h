/*
 * faultvfs.h - a disk that fails when told to: a VFS around SQLite's own.
 *
 * fault_disk() makes it the one that everything after uses.  fault_plan() says
 * which call of which kind fails, and how; fault_lift() mends the disk.
 * Nothing is synced really: syncs are counted, and what they promise is kept
 * by disk_cut(), which shows the files as a power cut might leave them.
 */
#ifndef UNIT_FAULTVFS_H
#define UNIT_FAULTVFS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fault_call {
	FAULT_OPEN,
	FAULT_DELETE,
	FAULT_ACCESS,
	FAULT_READ,
	FAULT_WRITE,
	FAULT_TRUNCATE,
	FAULT_SYNC,
	FAULT_SIZE,
	FAULT_LOCK,
	FAULT_SHM_MAP,
	FAULT_SHM_LOCK,
	FAULT_PREAD, /* the system call gives fewer bytes than asked for; no fault at all */
	FAULT_CUT,   /* a write, a sync or a truncation: where a power cut may strike */
	FAULT_NONE
};

struct fault {
	const char *name;
	enum fault_call call;
	int rc;
	bool half;  /* of the bytes are written or read all the same */
	bool lasts; /* is worth trying with all later calls failing too */
};

static struct {
	struct fault what;
	long at, seen, struck;
	bool lasting;
	const bool *calm; /* not NULL: nothing but the power fails while it stands */
} fault_now = { .what = { .call = FAULT_NONE } };

/* The `at`-th call from now on fails (1 is the next), or all from it on. */
static inline void
fault_plan(const struct fault *f, long at, bool lasting)
{
	fault_now.what = *f;
	fault_now.at = at;
	fault_now.lasting = lasting;
	fault_now.seen = fault_now.struck = 0;
}

static inline void
fault_lift(void)
{
	fault_now.what.call = FAULT_NONE;
}

static inline bool
fault_strikes(enum fault_call call)
{
	if (fault_now.what.call != call || (call != FAULT_CUT && fault_now.calm != NULL && *fault_now.calm))
		return false;
	fault_now.seen++;
	if (fault_now.seen != fault_now.at && !(fault_now.lasting && fault_now.seen > fault_now.at))
		return false;
	fault_now.struck++;
	return true;
}

/* ---- what a power cut leaves ------------------------------------------------ */

enum { DISK_FILES = 8, DISK_SECTOR = 512 };

/* What is on the platters, and what only the kernel knows. */
struct disk_file {
	char name[512];
	unsigned char *safe;
	size_t size;
	struct disk_write {
		size_t at, n; /* `bytes` NULL: cut to `at` */
		unsigned char *bytes;
	} * writes;
	size_t nwrites;
};

static struct disk_file disk[DISK_FILES];
static bool disk_watched; /* by those who will cut */

static inline struct disk_file *
disk_file(const char *name)
{
	for (int i = 0; i < DISK_FILES; i++)
		if (strcmp(disk[i].name, name) == 0)
			return &disk[i];
	for (int i = 0; i < DISK_FILES; i++)
		if (disk[i].name[0] == '\0') {
			snprintf(disk[i].name, sizeof(disk[i].name), "%s", name);
			return &disk[i];
		}
	abort();
}

static inline void *
disk_grown(void *p, size_t n)
{
	if ((p = realloc(p, n ? n : 1)) == NULL)
		abort();
	return p;
}

static inline void
disk_note(const char *name, size_t at, const void *bytes, size_t n)
{
	struct disk_file *f;
	struct disk_write *w;

	if (!disk_watched)
		return;
	f = disk_file(name);
	f->writes = disk_grown(f->writes, (f->nwrites + 1) * sizeof(*f->writes));
	w = &f->writes[f->nwrites++];
	*w = (struct disk_write){ at, n, NULL };
	if (bytes != NULL)
		w->bytes = memcpy(disk_grown(NULL, n), bytes, n);
}

static inline void
disk_put(struct disk_file *f, size_t at, const unsigned char *bytes, size_t n)
{
	if (at + n > f->size) {
		f->safe = disk_grown(f->safe, at + n);
		memset(f->safe + f->size, 0, at + n - f->size);
		f->size = at + n;
	}
	memcpy(f->safe + at, bytes, n);
}

/* Each sector of what was not synced arrived with a chance of kept/256. */
static inline void
disk_settle(struct disk_file *f, unsigned kept, uint64_t (*chance)(void))
{
	for (size_t i = 0; i < f->nwrites; i++) {
		struct disk_write *w = &f->writes[i];

		if (w->bytes == NULL && w->at < f->size && (kept == 256 || chance() % 256 < kept))
			f->size = w->at;
		for (size_t o = 0; w->bytes != NULL && o < w->n; o += DISK_SECTOR)
			if (kept == 256 || chance() % 256 < kept)
				disk_put(f, w->at + o, w->bytes + o,
				    w->n - o < DISK_SECTOR ? w->n - o : DISK_SECTOR);
		free(w->bytes);
	}
	free(f->writes);
	f->writes = NULL;
	f->nwrites = 0;
}

static inline void
disk_synced(const char *name)
{
	if (disk_watched)
		disk_settle(disk_file(name), 256, NULL);
}

static inline void
disk_forget(const char *name)
{
	struct disk_file *f;

	if (!disk_watched)
		return;
	f = disk_file(name);
	disk_settle(f, 256, NULL);
	free(f->safe);
	*f = (struct disk_file){ 0 };
}

/* Watches what becomes of one file that is all on the disk, and of its log. */
static inline void
disk_watch(const char *path)
{
	unsigned char part[4096];
	struct disk_file *f;
	FILE *in = fopen(path, "rb");
	size_t n;

	disk_watched = true;
	f = disk_file(path);
	while (in != NULL && (n = fread(part, 1, sizeof(part), in)) > 0)
		disk_put(f, f->size, part, n);
	if (in == NULL || fclose(in) != 0)
		abort();
}

/* The power fails: writes every file as it is found afterwards, under its name
 * with `suffix` put behind `path`, and ends the watch. */
static inline void
disk_cut(const char *path, const char *suffix, unsigned kept, uint64_t (*chance)(void))
{
	char name[600];

	disk_watched = false;
	for (int i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &disk[i];
		FILE *out;

		if (f->name[0] == '\0')
			continue;
		disk_settle(f, kept, chance);
		snprintf(name, sizeof(name), "%s%s%s", path, suffix, f->name + strlen(path));
		if ((out = fopen(name, "wb")) == NULL ||
		    (f->size > 0 && fwrite(f->safe, 1, f->size, out) != f->size) || fclose(out) != 0)
			abort();
		free(f->safe);
		*f = (struct disk_file){ 0 };
	}
}

/* ---- files ----------------------------------------------------------------------- */

static sqlite3_vfs *fault_under; /* SQLite's own */

struct fault_file {
	sqlite3_file base;
	const char *name;   /* SQLite keeps it until the file is closed */
	sqlite3_file *real; /* lies behind this */
};

#define REAL(file) (((struct fault_file *)(file))->real)
#define NAME(file) (((struct fault_file *)(file))->name)

static int
fault_close(sqlite3_file *f)
{
	return REAL(f)->pMethods->xClose(REAL(f));
}

static int
fault_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	if (!fault_strikes(FAULT_READ))
		return REAL(f)->pMethods->xRead(REAL(f), to, n, at);
	memset(to, 0, (size_t)n);
	if (fault_now.what.half)
		REAL(f)->pMethods->xRead(REAL(f), to, n / 2, at);
	return fault_now.what.rc;
}

static int
fault_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	bool fails = fault_strikes(FAULT_WRITE);

	if (fault_strikes(FAULT_CUT)) {
		if (fault_now.struck == 1)
			disk_note(NAME(f), (size_t)at, from, (size_t)n);
		return fault_now.what.rc;
	}
	if (fails && fault_now.what.half) {
		disk_note(NAME(f), (size_t)at, from, (size_t)n / 2);
		REAL(f)->pMethods->xWrite(REAL(f), from, n / 2, at);
	}
	if (fails)
		return fault_now.what.rc;
	disk_note(NAME(f), (size_t)at, from, (size_t)n);
	return REAL(f)->pMethods->xWrite(REAL(f), from, n, at);
}

static int
fault_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (fault_strikes(FAULT_TRUNCATE) || fault_strikes(FAULT_CUT))
		return fault_now.what.rc;
	disk_note(NAME(f), (size_t)size, NULL, 0);
	return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

static int
fault_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	if (fault_strikes(FAULT_SYNC) || fault_strikes(FAULT_CUT))
		return fault_now.what.rc;
	disk_synced(NAME(f));
	return SQLITE_OK;
}

static int
fault_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return fault_strikes(FAULT_SIZE) ? fault_now.what.rc : REAL(f)->pMethods->xFileSize(REAL(f), size);
}

static int
fault_lock(sqlite3_file *f, int level)
{
	return fault_strikes(FAULT_LOCK) ? fault_now.what.rc : REAL(f)->pMethods->xLock(REAL(f), level);
}

static int
fault_unlock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), level);
}

static int
fault_check_lock(sqlite3_file *f, int *reserved)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), reserved);
}

static int
fault_control(sqlite3_file *f, int op, void *arg)
{
	return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int
fault_sector(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int
fault_device(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int
fault_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
	*p = NULL;
	return fault_strikes(FAULT_SHM_MAP) ? fault_now.what.rc
					    : REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, p);
}

/* Giving a lock back does not fail. */
static int
fault_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return (flags & SQLITE_SHM_LOCK) && fault_strikes(FAULT_SHM_LOCK)
		   ? fault_now.what.rc
		   : REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags);
}

static void
fault_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int
fault_shm_unmap(sqlite3_file *f, int drop)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), drop);
}

/* Without xFetch: nothing is mapped, all reads come by. */
static const sqlite3_io_methods fault_methods = {
	.iVersion = 2,
	.xClose = fault_close,
	.xRead = fault_read,
	.xWrite = fault_write,
	.xTruncate = fault_truncate,
	.xSync = fault_sync,
	.xFileSize = fault_size,
	.xLock = fault_lock,
	.xUnlock = fault_unlock,
	.xCheckReservedLock = fault_check_lock,
	.xFileControl = fault_control,
	.xSectorSize = fault_sector,
	.xDeviceCharacteristics = fault_device,
	.xShmMap = fault_shm_map,
	.xShmLock = fault_shm_lock,
	.xShmBarrier = fault_shm_barrier,
	.xShmUnmap = fault_shm_unmap,
};

/* ---- the disk ---------------------------------------------------------------------- */

static int
fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct fault_file *file = (struct fault_file *)f;
	int rc;

	(void)vfs;
	file->base.pMethods = NULL;
	if (fault_strikes(FAULT_OPEN))
		return fault_now.what.rc;
	file->name = name;
	file->real = (sqlite3_file *)(file + 1);
	rc = fault_under->xOpen(fault_under, name, file->real, flags, out);
	if (file->real->pMethods != NULL)
		file->base.pMethods = &fault_methods;
	return rc;
}

static int
fault_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	if (fault_strikes(FAULT_DELETE) || (fault_now.what.call == FAULT_CUT && fault_now.struck))
		return fault_now.what.rc;
	disk_forget(name);
	return fault_under->xDelete(fault_under, name, sync);
}

static int
fault_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	return fault_strikes(FAULT_ACCESS) ? fault_now.what.rc
					   : fault_under->xAccess(fault_under, name, flags, out);
}

/* Half of what is there, as a signal may leave it: SQLite asks for the rest. */
static ssize_t
fault_pread(int fd, void *to, size_t n, off_t at)
{
	return pread(fd, to, n > 1 && fault_strikes(FAULT_PREAD) ? n / 2 : n, at);
}

static void
fault_disk(void)
{
	static sqlite3_vfs vfs;

	if (fault_under != NULL)
		return;
	fault_under = sqlite3_vfs_find(NULL);
	fault_under->xSetSystemCall(fault_under, "pread", (sqlite3_syscall_ptr)fault_pread);
	fault_under->xSetSystemCall(fault_under, "pread64", (sqlite3_syscall_ptr)fault_pread);
	vfs = *fault_under;
	vfs.pNext = NULL;
	vfs.zName = "fault";
	vfs.szOsFile += (int)sizeof(struct fault_file);
	vfs.xOpen = fault_open;
	vfs.xDelete = fault_delete;
	vfs.xAccess = fault_access;
	sqlite3_vfs_register(&vfs, 1);
}

#endif

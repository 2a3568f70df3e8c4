/* audit.c - who did what, and when. */
#include "audit.h"

#include <inttypes.h>
#include <math.h>
#include <sodium.h>

#include "hash.h"
#include "log.h"
#include "value.h"
#include "zset.h"

enum { PAGE = 500, LINK = 64 };

/* What the first entry says of the one before it. */
#define NO_LINK S("0000000000000000000000000000000000000000000000000000000000000000")

/* Ids as 16 hexadecimal digits: byte order is their order. */
static struct str
name_of(struct arena *a, int64_t id)
{
	return arena_strf(a, "%016" PRIx64, (uint64_t)id);
}

static bool
id_of(struct str name, int64_t *id)
{
	*id = 0;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) || (i == 0 && c > '7'))
			return false;
		*id = *id << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return name.n == 16;
}

/* What the next entry says of this one: the number is in it, so that two that
 * changed places show as well. */
static struct str
link_of(struct arena *a, struct str name, struct str entry)
{
	unsigned char hash[LINK / 2];
	char hex[LINK + 1];
	crypto_generichash_state h;

	if (sodium_init() < 0 || crypto_generichash_init(&h, NULL, 0, sizeof(hash)) != 0)
		die("libsodium");
	crypto_generichash_update(&h, (const unsigned char *)name.p, name.n);
	crypto_generichash_update(&h, (const unsigned char *)entry.p, entry.n);
	crypto_generichash_final(&h, hash, sizeof(hash));
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return arena_dup(a, str(hex));
}

/* A line each: the link to the one before, time, who, what, target. */
static struct str
entry_print(
    struct arena *a, struct str before, int64_t at, struct str who, struct str what, struct str target)
{
	return arena_strf(
	    a, "%.*s\n%lld\n%.*s\n%.*s\n%.*s", FMT(before), (long long)at, FMT(who), FMT(what), FMT(target));
}

static bool
entry_parse(struct str kept, struct audit_entry *e, struct str *before)
{
	*before = str_cut(&kept, '\n');
	if (before->n != LINK || !str_int(str_cut(&kept, '\n'), INT64_MIN, INT64_MAX, &e->at))
		return false;
	e->who = str_cut(&kept, '\n');
	e->what = str_cut(&kept, '\n');
	e->target = kept;
	return e->who.n > 0 && e->what.n > 0;
}

/* No line feed gets into an entry's line, and nothing endless. */
static struct str
one_line(struct arena *a, struct str s)
{
	struct str copy = arena_dup(a, (struct str){ s.p, s.n < AUDIT_TEXT_MAX ? s.n : AUDIT_TEXT_MAX });
	char *p = (char *)copy.p;

	for (size_t i = 0; i < copy.n; i++)
		if (p[i] == '\n')
			p[i] = ' ';
	return copy;
}

enum err
audit_head(struct db *db, struct arena *a, int64_t *n, struct str *hash)
{
	struct str kept;
	enum err e = string_get(db, a, S("audit:head"), &kept);

	*n = 0;
	*hash = NO_LINK;
	if (e == ERR_NOT_FOUND)
		return OK;
	if (e == OK && (!str_int(str_cut(&kept, ' '), 1, INT64_MAX, n) || kept.n != LINK))
		return ERR_CONFLICT;
	*hash = kept;
	return e;
}

static struct str
index_key(struct arena *a, struct str who)
{
	return arena_strf(a, "audit:by:%.*s", FMT(who));
}

/* The last entry.  Where the head is lost or spoilt it is found anew, without
 * what it said: work must go on, and audit_check() tells it ever after. */
static enum err
find_last(struct db *db, struct arena *a, int64_t *n, struct str *hash)
{
	struct str entry;
	enum err e = audit_head(db, a, n, hash);

	if (e == OK && hash_get(db, a, S("audit"), name_of(a, *n + 1), &entry) == ERR_NOT_FOUND)
		return OK;
	*hash = NO_LINK;
	if ((e = hash_len(db, S("audit"), n)) != OK)
		return e;
	while (hash_get(db, a, S("audit"), name_of(a, *n + 1), &entry) == OK)
		++*n;
	return OK;
}

enum err
audit_put(struct db *db, struct arena *a, struct str who, struct str what, struct str target)
{
	struct str before, name, entry;
	int64_t n;
	enum err e = find_last(db, a, &n, &before);

	if (e != OK)
		return e;
	who = one_line(a, who);
	name = name_of(a, n + 1);
	entry = entry_print(a, before, db_now(db), who, one_line(a, what), one_line(a, target));
	if ((e = hash_append(db, S("audit"), name, entry)) != OK)
		return e;
	if ((e = zset_add(db, index_key(a, who), name, (double)(n + 1))) != OK)
		return e;
	string_set(
	    db, S("audit:head"), arena_strf(a, "%lld %s", (long long)(n + 1), link_of(a, name, entry).p), 0);
	return OK;
}

/* ---- reading ----------------------------------------------------------------- */

/* The numbers of the newest below `before`, at most `limit`. */
static enum err
newest(struct db *db, struct arena *a, struct str who, int64_t before, size_t limit, int64_t *ids, size_t *n)
{
	struct zpage page = {
		.reverse = true, .min = -HUGE_VAL, .max = (double)(before - 1), .limit = limit
	};
	struct zmember *m;
	size_t found;
	enum err e;

	*n = 0;
	if (who.n == 0) {
		while (*n < limit && before > 1)
			ids[(*n)++] = --before;
		return OK;
	}
	if ((e = zset_page(db, a, index_key(a, who), &page, &m, &found)) != OK)
		return e;
	for (size_t i = 0; i < found; i++)
		if (id_of(m[i].member, &ids[*n]))
			++*n;
	return OK;
}

enum err
audit_list(struct db *db, struct arena *a, struct str who, int64_t before, size_t limit,
    struct audit_entry **entries, size_t *n)
{
	int64_t *ids = arena_array(a, int64_t, limit + 1), last;
	struct str hash;
	size_t found;
	enum err e = find_last(db, a, &last, &hash);

	*n = 0;
	*entries = arena_array(a, struct audit_entry, limit + 1);
	if (e != OK)
		return e;
	if (before <= 0 || before > last + 1)
		before = last + 1;
	if ((e = newest(db, a, who, before, limit, ids, &found)) != OK)
		return e;
	for (size_t i = 0; i < found; i++) {
		struct audit_entry *one = &(*entries)[*n];
		struct str kept, link;

		/* One that is gone or spoilt is for audit_check() to tell. */
		if (hash_get(db, a, S("audit"), name_of(a, ids[i]), &kept) != OK ||
		    !entry_parse(kept, one, &link))
			continue;
		one->id = ids[i];
		++*n;
	}
	return OK;
}

/* ---- proving ----------------------------------------------------------------- */

/* The page of entries that follow `*link`; moves it and *id on. */
static enum err
check_page(struct arena *a, const struct field *f, size_t n, int64_t *id, struct str *link)
{
	for (size_t i = 0; i < n; i++) {
		struct audit_entry entry;
		struct str before;
		int64_t have;

		++*id;
		if (!id_of(f[i].name, &have) || have != *id || !entry_parse(f[i].value, &entry, &before) ||
		    !str_eq(before, *link))
			return ERR_CONFLICT;
		*link = link_of(a, f[i].name, f[i].value);
	}
	return OK;
}

enum err
audit_check(struct db *db, struct arena *a, int64_t *broken)
{
	struct str head, link = NO_LINK;
	struct str after = { 0 };
	struct arena *page = arena_new();
	int64_t last, id = 0;
	enum err e = audit_head(db, a, &last, &head);
	size_t n = PAGE;

	while (e == OK && n == PAGE) {
		struct field *f;

		if ((e = hash_page(db, page, S("audit"), after, PAGE, &f, &n)) != OK || n == 0)
			break;
		e = check_page(page, f, n, &id, &link);
		after = arena_dup(a, f[n - 1].name);
		link = arena_dup(a, link);
		arena_reset(page);
	}
	arena_free(page);
	if (e == OK && (id != last || !str_eq(link, head))) {
		e = ERR_CONFLICT;
		id = id < last ? id + 1 : id;
	}
	*broken = e == ERR_CONFLICT ? (id > 0 ? id : 1) : 0;
	return e;
}

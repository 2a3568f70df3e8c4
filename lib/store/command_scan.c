/*
 * command_scan.c - KEYS, SCAN, HSCAN, SSCAN, ZSCAN.
 *
 * A cursor keeps nothing here: it says where to go on.  For keys that is the
 * last one's id.  Members of a collection have no number, so their cursor is the
 * last one's bytes read as a number, behind a leading 1: a decimal integer, but
 * one that may exceed 64 bits.  Collections of up to 512 members come at once, as
 * Redis' small encodings do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "call.h"
#include "glob.h"
#include "hash.h"
#include "key.h"
#include "set.h"
#include "zset.h"

enum {
	AT_ONCE = 512,
	CURSOR_BYTES = 1024, /* of a member; a page does not end at a longer one */
	KEYS_PAGE = 1000
};

/* ---- cursors -------------------------------------------------------------------- */

/* Bytes as a decimal number, behind a leading 1. */
static struct str
cursor_of(struct arena *a, struct str s)
{
	size_t n = s.n < CURSOR_BYTES ? s.n : CURSOR_BYTES, digits = 0, most = n * 5 / 2 + 4;
	unsigned char number[CURSOR_BYTES + 1] = { 1 };
	char *out = arena_alloc(a, most + 1);

	if (n > 0)
		memcpy(number + 1, s.p, n);
	for (size_t first = 0; first <= n;) {
		unsigned rest = 0;

		for (size_t i = first; i <= n; i++) {
			unsigned v = rest << 8 | number[i];

			number[i] = (unsigned char)(v / 10);
			rest = v % 10;
		}
		out[most - ++digits] = (char)('0' + rest);
		while (first <= n && number[first] == 0)
			first++;
	}
	return (struct str){ out + most - digits, digits };
}

/* The bytes of such a number; false: no cursor of ours. */
static bool
bytes_of(struct arena *a, struct str cursor, struct str *s)
{
	unsigned char number[CURSOR_BYTES + 2] = { 0 };
	size_t first = 0, n = sizeof(number);

	for (size_t i = 0; i < cursor.n; i++) {
		unsigned carry = (unsigned)(cursor.p[i] - '0');

		if (carry > 9)
			return false;
		for (size_t k = n; k-- > 0;) {
			unsigned v = number[k] * 10u + carry;

			number[k] = (unsigned char)v;
			carry = v >> 8;
		}
		if (carry || number[0])
			return false;
	}
	while (first < n && number[first] == 0)
		first++;
	if (first == n || number[first] != 1)
		return false;
	*s = arena_dup(a, (struct str){ (const char *)number + first + 1, n - first - 1 });
	return true;
}

/* As Redis reads it, by strtoul; false: the error is in the reply. */
static bool
cursor_valid(struct call *c, size_t i, uint64_t *v)
{
	const char *p = c->args[i].n ? c->args[i].p : "";
	char *text = arena_printf(c->arena, "%.*s", (int)strnlen(p, c->args[i].n), p), *end;
	bool ours = strspn(text, "0123456789") == strlen(text); /* may exceed 64 bits */

	errno = 0;
	*v = strtoull(text, &end, 10);
	if ((*text != ' ' && (*text < '\t' || *text > '\r') && *end == '\0' && errno != ERANGE) || ours)
		return true;
	reply_error(c, "ERR invalid cursor");
	return false;
}

/* ---- options ----------------------------------------------------------------------- */

struct scan {
	struct str match; /* p = NULL: all */
	struct str type;  /* p = NULL: all */
	int64_t count;
};

static bool
scan_options(struct call *c, size_t i, bool keys, struct scan *s)
{
	*s = (struct scan){ .count = 10 };
	for (; i < c->n; i += 2) {
		bool more = i + 1 < c->n;

		if (more && arg_is(c, i, "count")) {
			if (!arg_int(c, i + 1, &s->count, NULL))
				return false;
			if (s->count >= 1)
				continue;
		} else if (more && arg_is(c, i, "match")) {
			s->match = c->args[i + 1];
			if (s->match.p == NULL)
				s->match = S("");
			continue;
		} else if (more && keys && arg_is(c, i, "type")) {
			s->type = c->args[i + 1];
			if (s->type.p == NULL)
				s->type = S("");
			continue;
		}
		reply_error(c, SYNTAX_ERROR);
		return false;
	}
	return true;
}

static bool
matches(const struct scan *s, struct str name)
{
	return s->match.p == NULL || glob_match(s->match, name);
}

/* [cursor, [what was found]] */
static struct reply *
scan_reply(struct call *c, struct str cursor, size_t n)
{
	struct reply *two = reply_array(c, 2);

	two[0] = reply_of_bulk(cursor);
	two[1] = reply_of_array(c->arena, n);
	return two[1].items;
}

/* ---- keys ---------------------------------------------------------------------------- */

void
call_scan(struct call *c)
{
	struct scan s;
	struct key_entry *keys;
	struct reply *items;
	uint64_t v;
	int64_t cursor;
	size_t n, kept = 0;

	if (!cursor_valid(c, 1, &v) || !scan_options(c, 2, true, &s))
		return;
	cursor = v > INT64_MAX ? INT64_MAX : (int64_t)v;
	n = key_scan_ids(c->db, c->arena, &cursor, (size_t)s.count, &keys);
	for (size_t i = 0; i < n; i++)
		if (matches(&s, keys[i].name) &&
		    (s.type.p == NULL || (s.type.n == strlen(keys[i].type) &&
					     strncasecmp(s.type.p, keys[i].type, s.type.n) == 0)))
			keys[kept++] = keys[i];
	items = scan_reply(c, arena_strf(c->arena, "%lld", (long long)cursor), kept);
	for (size_t i = 0; i < kept; i++)
		items[i] = reply_of_bulk(keys[i].name);
}

void
call_keys(struct call *c)
{
	struct str prefix = { c->args[1].p, glob_prefix(c->args[1]) };
	struct str after = { NULL, 0 }, *names, *found = NULL;
	size_t n, kept = 0, room = 0;
	bool more = true;

	if (prefix.n > 0) { /* whatever begins with it stands behind all that is less */
		after = arena_dup(c->arena, prefix);
		if (key_exists(c->db, prefix) && glob_match(c->args[1], prefix)) {
			found = arena_grow(c->arena, found, kept, &room);
			found[kept++] = prefix;
		}
	}
	while (more && (n = key_scan(c->db, c->arena, after, KEYS_PAGE, &names)) > 0) {
		for (size_t i = 0; i < n && more; i++) {
			more = prefix.n == 0 ||
			       (names[i].n >= prefix.n && memcmp(names[i].p, prefix.p, prefix.n) == 0);
			if (more && glob_match(c->args[1], names[i])) {
				found = arena_grow(c->arena, found, kept, &room);
				found[kept++] = names[i];
			}
		}
		after = names[n - 1];
	}
	reply_strs(c, found, kept);
}

/* ---- members --------------------------------------------------------------------------- */

/* What a member looks like in the reply: itself, and its value or score. */
struct entry {
	struct str name, value;
};

struct reader {
	enum err (*length)(struct db *, struct str key, int64_t *n);
	enum err (*page)(struct call *, struct str after, size_t limit, struct entry **, size_t *n);
	bool pairs;
};

static enum err
hash_entries(struct call *c, struct str after, size_t limit, struct entry **out, size_t *n)
{
	struct field *f;
	enum err e = hash_page(c->db, c->arena, c->args[1], after, limit, &f, n);

	*out = arena_array(c->arena, struct entry, *n);
	for (size_t i = 0; i < *n; i++)
		(*out)[i] = (struct entry){ f[i].name, f[i].value };
	return e;
}

static enum err
set_entries(struct call *c, struct str after, size_t limit, struct entry **out, size_t *n)
{
	struct str *v;
	enum err e = set_page(c->db, c->arena, c->args[1], after, limit, &v, n);

	*out = arena_array(c->arena, struct entry, *n);
	for (size_t i = 0; i < *n; i++)
		(*out)[i].name = v[i];
	return e;
}

static enum err
zset_entries(struct call *c, struct str after, size_t limit, struct entry **out, size_t *n)
{
	struct zmember *m;
	enum err e = zset_by_member(c->db, c->arena, c->args[1], after, limit, &m, n);

	*out = arena_array(c->arena, struct entry, *n);
	for (size_t i = 0; i < *n; i++)
		(*out)[i] = (struct entry){ m[i].member, reply_of_double(c->arena, m[i].score).text };
	return e;
}

/* A page of `limit`, and on to the first member whose bytes a cursor can hold. */
static enum err
read_page(struct call *c, const struct reader *r, struct str after, size_t limit, struct entry **out,
    size_t *n, bool *end)
{
	enum err e = r->page(c, after, limit, out, n);
	size_t room = *n;

	*end = *n < limit;
	while (e == OK && !*end && (*out)[*n - 1].name.n > CURSOR_BYTES) {
		struct str last = (*out)[*n - 1].name;
		struct entry *next;
		size_t one;

		if ((e = r->page(c, last, 1, &next, &one)) != OK)
			break;
		*end = one == 0;
		if (*end)
			break;
		*out = arena_grow(c->arena, *out, *n, &room);
		(*out)[(*n)++] = next[0];
	}
	return e;
}

static void
scan_members(struct call *c, const struct reader *r)
{
	struct scan s;
	struct entry *v;
	struct str after = { NULL, 0 };
	struct reply *items;
	uint64_t cursor;
	int64_t length;
	size_t n, kept = 0;
	bool end;

	if (!cursor_valid(c, 2, &cursor) || !reply_unless(c, r->length(c->db, c->args[1], &length)))
		return;
	if (length == 0) {
		scan_reply(c, S("0"), 0);
		return;
	}
	if (!scan_options(c, 3, false, &s))
		return;
	if (length > AT_ONCE)
		bytes_of(c->arena, c->args[2], &after);
	if (length <= AT_ONCE)
		s.count = AT_ONCE + 1;
	if (read_page(c, r, after, (size_t)s.count, &v, &n, &end) != OK)
		return;
	struct str last = n > 0 ? v[n - 1].name : S("");
	for (size_t i = 0; i < n; i++)
		if (matches(&s, v[i].name))
			v[kept++] = v[i];
	items = scan_reply(c, end ? S("0") : cursor_of(c->arena, last), kept * (r->pairs ? 2 : 1));
	for (size_t i = 0; i < kept; i++) {
		*items++ = reply_of_bulk(v[i].name);
		if (r->pairs)
			*items++ = reply_of_bulk(v[i].value);
	}
}

void
call_hscan(struct call *c)
{
	scan_members(c, &(struct reader){ hash_len, hash_entries, true });
}

void
call_sscan(struct call *c)
{
	scan_members(c, &(struct reader){ set_card, set_entries, false });
}

void
call_zscan(struct call *c)
{
	scan_members(c, &(struct reader){ zset_card, zset_entries, true });
}

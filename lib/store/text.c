/*
 * text.c - full-text indexes.
 *
 * What goes into the FTS5 table and into its queries is made here of folded
 * words and labels in quotes: nothing that a person typed reaches FTS5's
 * syntax, for a folded word has letters and digits only.
 */
#include "text.h"

#include "buf.h"
#include "log.h"
#include "query.h"
#include "sql.h"
#include "utf8.h"

enum {
	INDEX_FIND,
	INDEX_LAST,
	INDEX_NEW,
	LOOK,
	PUT,
	DEL,
	WORD_PUT,
	WORD_SUSPECT,
	WORDS_WITH,
	SUSPECTS,
	WORD_HELD,
	WORD_CLEAR,
	WORD_DEL,
	NEWEST,
	OLDEST,
	BEST,
	IDS,
	CHECK,
	CHECK_WORDS,
	MERGE,
	CHANGES
};
static const char *const sql[] = {
	[INDEX_FIND] = "select number from text_index where name = ?1",
	[INDEX_LAST] = "select coalesce(max(number), 0) from text_index",
	[INDEX_NEW] = "insert into text_index (number, name) values (?1, ?2)",
	[LOOK] = "select body, labels from words where rowid = ?1",
	[PUT] = "replace into words (rowid, body, labels) values (?1, ?2, ?3)",
	[DEL] = "delete from words where rowid = ?1",
	[WORD_PUT] = "insert into text_word (word) values (?1) on conflict do nothing",
	[WORD_SUSPECT] = "update text_word set suspect = 1 where word = ?1",
	[WORDS_WITH] = "select word from text_word where word >= ?1 and word < ?2 limit ?3",
	[SUSPECTS] = "select word from text_word where suspect = 1 limit ?1",
	[WORD_HELD] = "select 1 from words where words match ?1 limit 1",
	[WORD_CLEAR] = "update text_word set suspect = 0 where word = ?1",
	[WORD_DEL] = "delete from text_word where word = ?1",
	[NEWEST] = "select rowid from words where words match ?1 and rowid between ?2 and ?3"
		   " order by rowid desc",
	[OLDEST] = "select rowid from words where words match ?1 and rowid between ?2 and ?3 order by rowid",
	/* Labels have no weight.  All words' frequencies are those of the whole
	 * table, other indexes included: near enough for an order. */
	[BEST] = "select rowid from (select rowid, bm25(words, 1.0, 0.0) as score from words"
		 " where words match ?1 and rowid between ?2 and ?3 order by rowid desc limit ?4)"
		 " order by score, rowid desc",
	[IDS] = "select rowid from words where rowid between ?1 and ?2 order by rowid limit ?3",
	[CHECK] = "insert into words (words) values ('integrity-check')",
	[CHECK_WORDS] = "select 1 from words_term where col = 'body' and length(term) >= ?1"
			" and term not in (select word from text_word) limit 1",
	[MERGE] = "insert into words (words, rank) values ('merge', ?1)",
	[CHANGES] = "select total_changes()",
};

enum {
	ID_BITS = 48,
	INDEXES = 32767,
	LISTED = 4,          /* letters of a word that `text_word` lists, at least */
	ENDINGS = 64,        /* of a beginning, that are asked for one by one */
	WORDS_PER_PAGE = 16, /* looked at in text_tidy(): as much work as a page */
};

/* ---- indexes and documents ------------------------------------------------ */

/* The rowid before the first of an index; false: there is no such index. */
static bool
index_find(struct db *db, struct str index, int64_t *base)
{
	sqlite3_stmt *st = db_stmt(db, SQL_TEXT, sql, INDEX_FIND, "b", index);

	if (!db_row(db, st))
		return false;
	*base = sqlite3_column_int64(st, 0) << ID_BITS;
	db_done(st);
	return true;
}

static int64_t
index_make(struct db *db, struct str index)
{
	sqlite3_stmt *st;
	int64_t base, last = 0;

	if (index_find(db, index, &base))
		return base;
	st = db_stmt(db, SQL_TEXT, sql, INDEX_LAST, "");
	if (db_row(db, st)) {
		last = sqlite3_column_int64(st, 0);
		db_done(st);
	}
	if (last >= INDEXES) /* their names are in programs, not in what people type */
		die("too many text indexes");
	db_run(db, db_stmt(db, SQL_TEXT, sql, INDEX_NEW, "ib", last + 1, index));
	return (last + 1) << ID_BITS;
}

static bool
is_id(int64_t id)
{
	return id >= 1 && id <= TEXT_ID_MAX;
}

/* A label as a word that no text has: it begins with a character for private
 * use, and stays clear of the prefix index of what people type.  What the
 * tokenizer would divide or fold, and 'z', stands as z and two digits. */
static void
put_label(struct buf *b, struct str label)
{
	buf_str(b, S("\xee\x80\x80"));
	for (size_t i = 0; i < label.n; i++) {
		unsigned char c = (unsigned char)label.p[i];

		if ((c >= 'a' && c < 'z') || (c >= '0' && c <= '9'))
			buf_char(b, (char)c);
		else
			buf_printf(b, "z%02x", c);
	}
}

static bool
good_labels(const struct str *labels, size_t n)
{
	for (size_t i = 0; i < n && n <= TEXT_LABELS; i++)
		if (labels[i].n == 0 || labels[i].n > TEXT_LABEL_BYTES)
			return false;
	return n <= TEXT_LABELS;
}

/* What was written into *b, in the arena. */
static struct str
take(struct arena *a, struct buf *b)
{
	struct str s = arena_dup(a, (struct str){ b->p, b->n });

	buf_free(b);
	return s;
}

static struct str
join_labels(struct arena *a, const struct str *labels, size_t n)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(&b, ' ');
		put_label(&b, labels[i]);
	}
	return take(a, &b);
}

static struct str
fold(struct arena *a, struct str text)
{
	struct word *words;
	size_t n = words_of(a, text, &words);

	return words_join(a, words, n);
}

/* What is in the place of a document; false: nothing. */
static bool
look(struct db *db, struct arena *a, int64_t row, struct str *body, struct str *labels)
{
	sqlite3_stmt *st = db_stmt(db, SQL_TEXT, sql, LOOK, "i", row);

	*body = *labels = (struct str){ 0 };
	if (!db_row(db, st))
		return false;
	*body = db_column(a, st, 0);
	*labels = db_column(a, st, 1);
	db_done(st);
	return true;
}

/* Does something with the words of a body that are listed. */
static void
each_listed(struct db *db, struct str body, int statement)
{
	while (body.n) {
		struct str word = str_cut(&body, ' ');

		if (utf8_length(word) >= LISTED)
			db_run(db, db_stmt(db, SQL_TEXT, sql, statement, "t", word));
	}
}

enum err
text_put(struct db *db, struct arena *a, struct str index, int64_t id, struct str text,
    const struct str *labels, size_t nlabels)
{
	struct str body, joined, old_body, old_labels;
	int64_t row;

	if (!is_id(id) || text.n > TEXT_BYTES || !good_labels(labels, nlabels))
		return ERR_INPUT;
	row = index_make(db, index) + id;
	body = fold(a, text);
	joined = join_labels(a, labels, nlabels);
	if (look(db, a, row, &old_body, &old_labels) && str_eq(body, old_body) && str_eq(joined, old_labels))
		return OK; /* an edit often changes no word */
	each_listed(db, old_body, WORD_SUSPECT);
	each_listed(db, body, WORD_PUT);
	db_run(db, db_stmt(db, SQL_TEXT, sql, PUT, "itt", row, body, joined));
	return OK;
}

void
text_del(struct db *db, struct arena *a, struct str index, int64_t id)
{
	struct str body, labels;
	int64_t base;

	if (!is_id(id) || !index_find(db, index, &base) || !look(db, a, base + id, &body, &labels))
		return;
	each_listed(db, body, WORD_SUSPECT);
	db_run(db, db_stmt(db, SQL_TEXT, sql, DEL, "i", base + id));
}

bool
text_holds(struct db *db, struct arena *a, struct str index, int64_t id, struct str text,
    const struct str *labels, size_t nlabels)
{
	struct str body, joined;
	int64_t base;

	return is_id(id) && index_find(db, index, &base) && look(db, a, base + id, &body, &joined) &&
	       str_eq(body, fold(a, text)) && str_eq(joined, join_labels(a, labels, nlabels));
}

size_t
text_ids(struct db *db, struct arena *a, struct str index, int64_t after, size_t limit, int64_t **ids)
{
	sqlite3_stmt *st;
	int64_t base;
	size_t n = 0;

	limit = limit < TEXT_HITS ? limit : TEXT_HITS;
	*ids = arena_array(a, int64_t, limit + 1);
	if (after >= TEXT_ID_MAX || !index_find(db, index, &base))
		return 0;
	after = after > 0 ? after : 0;
	st = db_stmt(db, SQL_TEXT, sql, IDS, "iii", base + after + 1, base + TEXT_ID_MAX, (int64_t)limit);
	while (db_row(db, st))
		(*ids)[n++] = sqlite3_column_int64(st, 0) - base;
	return n;
}

/* ---- as FTS5 is asked ------------------------------------------------------ */

/* The listed words that begin so: `room` at most. */
static size_t
words_with(struct db *db, struct arena *a, struct str beginning, size_t room, struct str *words)
{
	/* Behind all that go on with a letter. */
	struct str end = arena_strf(a, "%.*s\xf4\x8f\xbf\xbf", FMT(beginning));
	sqlite3_stmt *st = db_stmt(db, SQL_TEXT, sql, WORDS_WITH, "tti", beginning, end, (int64_t)room);
	size_t n = 0;

	while (db_row(db, st))
		words[n++] = db_column(a, st, 0);
	return n;
}

static void
put_phrase(struct buf *b, struct arena *a, const struct item *it, struct str last)
{
	buf_char(b, '"');
	buf_str(b, words_join(a, it->words, it->n - 1));
	if (it->n > 1)
		buf_char(b, ' ');
	buf_str(b, last);
	buf_char(b, '"');
}

/* FTS5 merges all documents of all words with a beginning before it gives the
 * first, unless a prefix index of that very length is there.  A few words are
 * better asked for by name: then it stops at the newest twenty. */
static void
put_beginning(struct buf *b, struct db *db, struct arena *a, const struct item *it)
{
	struct str last = it->words[it->n - 1].folded, words[ENDINGS + 1];
	size_t most = ENDINGS / it->n, n = 0;

	if (utf8_length(last) >= LISTED)
		n = words_with(db, a, last, most + 1, words);
	if (n == 0 || n > most) {
		put_phrase(b, a, it, last);
		buf_char(b, '*');
		return;
	}
	for (size_t i = 0; i < n; i++) {
		buf_str(b, i ? S(" OR ") : S("("));
		put_phrase(b, a, it, words[i]);
	}
	buf_char(b, ')');
}

static void
put_items(struct buf *b, struct db *db, struct arena *a, const struct query *q, bool excluded)
{
	const char *between = "";

	for (size_t i = 0; i < q->n; i++) {
		const struct item *it = &q->items[i];

		if (it->excluded != excluded)
			continue;
		buf_str(b, str(between));
		if (it->prefix)
			put_beginning(b, db, a, it);
		else
			put_phrase(b, a, it, it->words[it->n - 1].folded);
		between = excluded ? " OR " : " AND ";
	}
}

static void
put_group(struct buf *b, const struct text_group *g)
{
	buf_str(b, S(" AND ("));
	for (size_t i = 0; i < g->n; i++) {
		buf_printf(b, "%s\"", i ? " OR " : "");
		put_label(b, g->labels[i]);
		buf_char(b, '"');
	}
	buf_char(b, ')');
}

static struct str
expression(struct db *db, struct arena *a, const struct query *q, const struct text_search *s)
{
	struct buf b = { 0 };

	buf_str(&b, S("(("));
	put_items(&b, db, a, q, false);
	buf_char(&b, ')');
	for (size_t i = 0; i < s->ngroups; i++)
		put_group(&b, &s->groups[i]);
	buf_char(&b, ')');
	if (q->wanted < q->n) {
		buf_str(&b, S(" NOT ("));
		put_items(&b, db, a, q, true);
		buf_char(&b, ')');
	}
	return take(a, &b);
}

/* ---- searching -------------------------------------------------------------- */

/* A search that has begun. */
struct walk {
	sqlite3_stmt *st; /* NULL: nothing can be found */
	int64_t base;
	size_t looked;
};

static enum err
check_groups(const struct text_search *s, bool *empty)
{
	*empty = false;
	if (s->ngroups > TEXT_GROUPS)
		return ERR_INPUT;
	for (size_t i = 0; i < s->ngroups; i++) {
		if (!good_labels(s->groups[i].labels, s->groups[i].n))
			return ERR_INPUT;
		*empty = *empty || s->groups[i].n == 0;
	}
	return OK;
}

static enum err
start(struct db *db, struct arena *a, struct str index, const struct text_search *s, struct walk *w)
{
	int64_t low = s->after > 0 ? s->after : 0;
	int64_t high = s->before > 0 && s->before <= TEXT_ID_MAX ? s->before - 1 : TEXT_ID_MAX;
	struct query *q = arena_alloc(a, sizeof(*q));
	enum err e = query_parse(a, s, q);
	struct str match;
	bool empty;

	*w = (struct walk){ 0 };
	if (e == OK)
		e = check_groups(s, &empty);
	if (e != OK || empty || q->wanted == 0 || low >= high || !index_find(db, index, &w->base))
		return e;
	match = expression(db, a, q, s);
	if (s->relevance)
		w->st = db_stmt(db, SQL_TEXT, sql, BEST, "tiii", match, w->base + low + 1, w->base + high,
		    (int64_t)TEXT_RANKED);
	else
		w->st = db_stmt(db, SQL_TEXT, sql, s->oldest ? OLDEST : NEWEST, "tii", match,
		    w->base + low + 1, w->base + high);
	return OK;
}

static bool
advance(struct db *db, struct walk *w, int64_t *id)
{
	if (w->st == NULL || !db_row(db, w->st))
		return false;
	*id = sqlite3_column_int64(w->st, 0) - w->base;
	return true;
}

/* As many as were asked for, or as many as may be looked at: what comes now is
 * for the next page. */
static bool
is_full(const struct walk *w, const struct text_search *s, int64_t have, int64_t most)
{
	return have >= most || (s->wants != NULL && w->looked >= TEXT_LOOKED);
}

static bool
is_wanted(struct walk *w, const struct text_search *s, int64_t id)
{
	w->looked++;
	return s->wants == NULL || s->wants(s->arg, id);
}

enum err
text_find(struct db *db, struct arena *a, struct str index, const struct text_search *s, int64_t **ids,
    size_t *n, int64_t *next)
{
	size_t limit = s->limit < TEXT_HITS ? s->limit : TEXT_HITS;
	int64_t id, last = 0;
	struct walk w;
	enum err e = start(db, a, index, s, &w);

	*n = 0;
	*next = 0;
	*ids = arena_array(a, int64_t, limit + 1);
	if (e != OK)
		return e;
	while (advance(db, &w, &id)) {
		if (is_full(&w, s, (int64_t)*n, (int64_t)limit)) {
			*next = s->relevance ? 0 : last;
			db_done(w.st);
			break;
		}
		if (is_wanted(&w, s, id))
			(*ids)[(*n)++] = id;
		last = id;
	}
	return OK;
}

int64_t
text_count(struct db *db, struct arena *a, struct str index, const struct text_search *search, int64_t most)
{
	struct text_search s = *search;
	int64_t id, n = 0;
	struct walk w;

	s.relevance = false;
	if (start(db, a, index, &s, &w) != OK)
		return 0;
	while (advance(db, &w, &id)) {
		if (is_full(&w, &s, n, most)) {
			db_done(w.st);
			break;
		}
		n += is_wanted(&w, &s, id);
	}
	return n;
}

/* ---- care ---------------------------------------------------------------------- */

enum err
text_check(struct db *db)
{
	sqlite3_stmt *st = db_stmt(db, SQL_TEXT, sql, CHECK, "");
	int rc = sqlite3_step(st); /* not db_row(): a damaged index does not undo the transaction */

	sqlite3_reset(st);
	if (rc == SQLITE_DONE) {
		st = db_stmt(db, SQL_TEXT, sql, CHECK_WORDS, "i", (int64_t)LISTED);
		rc = sqlite3_step(st);
		sqlite3_reset(st);
	}
	if (rc == SQLITE_DONE)
		return OK;
	log_line("text: the index does not agree with its documents (%d)", rc);
	return ERR_STORE;
}

static bool
is_held(struct db *db, struct arena *a, struct str word)
{
	struct str quoted = arena_strf(a, "\"%.*s\"", FMT(word));
	sqlite3_stmt *st = db_stmt(db, SQL_TEXT, sql, WORD_HELD, "t", quoted);
	bool held = db_row(db, st);

	db_done(st);
	return held;
}

/* Strikes words that no document has any more off the list. */
static bool
strike_words(struct db *db, struct arena *a, size_t most)
{
	sqlite3_stmt *st = db_stmt(db, SQL_TEXT, sql, SUSPECTS, "i", (int64_t)most);
	struct str *words = arena_array(a, struct str, most);
	size_t n = 0;

	while (db_row(db, st))
		words[n++] = db_column(a, st, 0);
	for (size_t i = 0; i < n; i++)
		db_run(db, db_stmt(db, SQL_TEXT, sql, is_held(db, a, words[i]) ? WORD_CLEAR : WORD_DEL, "t",
			       words[i]));
	return n > 0;
}

/* FTS5 says how much it did by the number of rows changed only: one for the
 * statement itself. */
static bool
merge(struct db *db, int64_t pages)
{
	int64_t before = db_int(db, db_stmt(db, SQL_TEXT, sql, CHANGES, ""));

	db_run(db, db_stmt(db, SQL_TEXT, sql, MERGE, "i", pages));
	return db_int(db, db_stmt(db, SQL_TEXT, sql, CHANGES, "")) - before >= 2;
}

bool
text_tidy(struct db *db, struct arena *a, size_t pages)
{
	/* First what was begun; a negative number begins to join all pieces. */
	return strike_words(db, a, pages * WORDS_PER_PAGE) || merge(db, (int64_t)pages) ||
	       merge(db, -(int64_t)pages);
}

/* merge.c - a heap of rankings, by the next post of each. */
#include "merge.h"

#include "zset.h"

enum { FIRST_READ = 4, MOST_READ = 512, READ_FOR = 64 /* posts: what a page may ask for */ };

struct stream {
	struct str key;
	struct zmember *v;
	size_t n, at, room; /* room: of the next read; 0: it is at its end */
	int64_t edge;       /* the next read begins here */
	bool sure;
};

struct merge {
	struct db *db;
	struct arena *a;
	struct span span;
	struct stream *streams, **heap;
	size_t n, room, live; /* live: those in the heap */
	int64_t last;         /* what came last; 0: nothing */
	bool started;
};

struct merge *
merge_new(struct db *db, struct arena *a, struct span span)
{
	struct merge *m = arena_alloc(a, sizeof(*m));

	*m = (struct merge){ .db = db, .a = a, .span = span };
	return m;
}

void
merge_add(struct merge *m, struct str key, bool sure)
{
	m->streams = arena_grow(m->a, m->streams, m->n, &m->room);
	m->streams[m->n++] = (struct stream){ .key = key, .sure = sure };
}

static int64_t
head(const struct stream *s)
{
	return (int64_t)s->v[s->at].score;
}

/* Whether x comes before y. */
static bool
earlier(const struct merge *m, const struct stream *x, const struct stream *y)
{
	return m->span.oldest ? head(x) < head(y) : head(x) > head(y);
}

/* The next few of a stream; none: it is over. */
static enum err
refill(struct merge *m, struct stream *s)
{
	struct zpage p = { .reverse = !m->span.oldest, .limit = s->room };
	enum err e;

	p.min = (double)(m->span.oldest ? s->edge : m->span.low);
	p.max = (double)(m->span.oldest ? m->span.high : s->edge);
	s->n = s->at = 0;
	if (s->room == 0 || p.min > p.max)
		return OK;
	if ((e = zset_page(m->db, m->a, s->key, &p, &s->v, &s->n)) != OK)
		return e;
	if (s->n < s->room)
		s->room = 0;
	else if (s->room < MOST_READ)
		s->room *= 2;
	if (s->n)
		s->edge = (int64_t)s->v[s->n - 1].score + (m->span.oldest ? 1 : -1);
	return OK;
}

static void
sink(struct merge *m, size_t i)
{
	for (;;) {
		size_t best = i, child = 2 * i + 1;
		struct stream *s = m->heap[i];

		for (size_t k = child; k < child + 2 && k < m->live; k++)
			if (earlier(m, m->heap[k], m->heap[best]))
				best = k;
		if (best == i)
			return;
		m->heap[i] = m->heap[best];
		m->heap[best] = s;
		i = best;
	}
}

static enum err
start(struct merge *m)
{
	size_t each = m->n ? READ_FOR / m->n : 0;

	m->started = true;
	m->heap = arena_array(m->a, struct stream *, m->n + 1);
	for (size_t i = 0; i < m->n; i++) {
		struct stream *s = &m->streams[i];
		enum err e;

		s->room = each > FIRST_READ ? each : FIRST_READ;
		s->edge = m->span.oldest ? m->span.low : m->span.high;
		if ((e = refill(m, s)) != OK)
			return e;
		if (s->n)
			m->heap[m->live++] = s;
	}
	for (size_t i = m->live / 2; i-- > 0;)
		sink(m, i);
	return OK;
}

/* Takes the first one of all off its stream. */
static enum err
advance(struct merge *m)
{
	struct stream *s = m->heap[0];
	enum err e = ++s->at < s->n ? OK : refill(m, s);

	if (e == OK && s->at == s->n)
		m->heap[0] = m->heap[--m->live];
	if (e == OK && m->live)
		sink(m, 0);
	return e;
}

bool
merge_next(struct merge *m, int64_t *id, bool *sure, enum err *e)
{
	*e = m->started ? OK : start(m);
	while (*e == OK && m->live && head(m->heap[0]) == m->last)
		*e = advance(m);
	if (*e != OK || m->live == 0)
		return false;
	*id = m->last = head(m->heap[0]);
	*sure = m->heap[0]->sure;
	*e = advance(m);
	return *e == OK;
}

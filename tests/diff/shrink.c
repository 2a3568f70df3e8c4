/* shrink.c - a failing sequence made short, and printed as a script. */
#include <string.h>
#include <time.h>

#include "cli.h"
#include "diff.h"

struct shrinking {
	struct sides *sides;
	struct arena *mem;
	int64_t start;
	time_t end;
	struct difference *difference;
	struct step *steps; /* fail, and at the last one */
	size_t n;
};

static time_t
seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Runs them; when they fail they are the new sequence, up to the failing one. */
static bool
fails(struct shrinking *s, const struct step *steps, size_t n)
{
	struct arena *mem = arena_new();
	struct step *copy = arena_array(s->mem, struct step, n + 1);
	struct difference d = { 0 };
	bool failed;

	if (n)
		memcpy(copy, steps, n * sizeof(*steps));
	sides_reset(s->sides, s->start);
	failed = !sides_run(s->sides, mem, copy, n, &d);
	for (size_t i = 0; i < n; i++)
		copy[i].done = NULL; /* lay in `mem` */
	if (failed) {
		struct difference old = *s->difference;

		s->steps = copy;
		s->n = d.step + 1;
		*s->difference = d;
		d = old;
	}
	buf_free(&d.redis);
	buf_free(&d.muster);
	arena_free(mem);
	return failed;
}

static bool
time_left(const struct shrinking *s)
{
	return seconds_now() < s->end;
}

static bool
without(struct shrinking *s, size_t from, size_t n)
{
	struct step *rest = arena_array(s->mem, struct step, s->n);

	memcpy(rest, s->steps, from * sizeof(*rest));
	memcpy(rest + from, s->steps + from + n, (s->n - from - n) * sizeof(*rest));
	return fails(s, rest, s->n - n);
}

/* Ever smaller parts are left out, from the end: what fails hangs on what was
 * done shortly before. */
static void
fewer_steps(struct shrinking *s)
{
	for (size_t part = s->n / 2; part > 0 && time_left(s); part /= 2)
		for (size_t at = s->n > part ? s->n - 1 : 0; at > 0 && time_left(s);) {
			size_t from = at > part ? at - part : 0;

			without(s, from, at - from);
			at = from < s->n - 1 ? from : s->n - 1;
		}
}

/* The steps with one line's words changed. */
static bool
with_line(struct shrinking *s, size_t step, size_t line, struct str *args, size_t n)
{
	struct step *all = arena_array(s->mem, struct step, s->n);
	struct line *lines = arena_array(s->mem, struct line, s->steps[step].n);

	memcpy(all, s->steps, s->n * sizeof(*all));
	memcpy(lines, s->steps[step].lines, s->steps[step].n * sizeof(*lines));
	all[step].lines = lines;
	lines[line].args = args;
	lines[line].n = n;
	return fails(s, all, s->n);
}

static void
fewer_words(struct shrinking *s, size_t step, size_t line)
{
	for (size_t part = s->steps[step].lines[line].n / 2; part > 0; part /= 2)
		for (size_t at = 1; step < s->n && time_left(s);) {
			const struct line *l = &s->steps[step].lines[line];
			struct str *args = arena_array(s->mem, struct str, l->n);

			if (l->n <= 2 || at + part > l->n)
				break;
			memcpy(args, l->args, at * sizeof(*args));
			memcpy(args + at, l->args + at + part, (l->n - at - part) * sizeof(*args));
			if (!with_line(s, step, line, args, l->n - part))
				at += part;
		}
}

/* MULTI and EXEC stay. */
static void
fewer_lines(struct shrinking *s, size_t step)
{
	for (size_t i = 1; step < s->n && i + 1 < s->steps[step].n && time_left(s);) {
		struct step *all = arena_array(s->mem, struct step, s->n);
		struct step *one = &all[step];
		struct line *lines = arena_array(s->mem, struct line, s->steps[step].n);

		memcpy(all, s->steps, s->n * sizeof(*all));
		memcpy(lines, one->lines, i * sizeof(*lines));
		memcpy(lines + i, one->lines + i + 1, (one->n - i - 1) * sizeof(*lines));
		one->lines = lines;
		one->n--;
		if (!fails(s, all, s->n))
			i++;
	}
}

bool
shrink(struct sides *sides, struct arena *mem, struct step **steps, size_t *n, int64_t start, int seconds,
    struct difference *d)
{
	struct shrinking s = { sides, mem, start, seconds_now() + seconds, d, *steps, *n };
	struct step *popped = arena_array(mem, struct step, *n + 1);

	/* What SPOP took is known by now; without chance it fails each time. */
	memcpy(popped, *steps, *n * sizeof(*popped));
	for (size_t i = 0; i < *n; i++)
		if (popped[i].done != NULL)
			popped[i].lines = popped[i].done;
	if (!fails(&s, popped, *n) && !fails(&s, *steps, *n))
		return false;
	fewer_steps(&s);
	for (size_t i = 0; i < s.n; i++)
		if (s.steps[i].n > 1)
			fewer_lines(&s, i);
	for (size_t i = 0; i < s.n; i++)
		for (size_t j = 0; i < s.n && j < s.steps[i].n; j++)
			fewer_words(&s, i, j);
	fewer_steps(&s);
	*steps = s.steps;
	*n = s.n;
	return true;
}

/* ---- in print ---- */

void
script_print(struct buf *out, const struct step *steps, size_t n, int64_t start)
{
	buf_printf(out, "# now %lld\n", (long long)start);
	for (size_t i = 0; i < n; i++) {
		if (steps[i].kind == CLOCK)
			buf_printf(out, "# now %lld\n", (long long)steps[i].now);
		if (steps[i].kind == SWEEP)
			buf_printf(out, "# sweep\n");
		if (steps[i].kind == CHECK)
			buf_printf(out, "# check\n");
		for (size_t j = 0; j < steps[i].n; j++) {
			const struct line *l = &steps[i].lines[j];

			if (steps[i].kind == UNDONE)
				buf_printf(out, "# undone%s:", steps[i].by_client ? "" : " (savepoint)");
			for (size_t k = 0; k < l->n; k++) {
				if (k > 0 || steps[i].kind == UNDONE)
					buf_char(out, ' ');
				cli_quote(out, l->args[k]);
			}
			buf_char(out, '\n');
		}
	}
}

static void
print_nested(struct buf *out, const struct reply *r, int depth)
{
	switch (r->kind) {
	case REPLY_NIL:
		buf_printf(out, "(nil)\n");
		return;
	case REPLY_NIL_ARRAY:
		buf_printf(out, "(nil array)\n");
		return;
	case REPLY_INTEGER:
		buf_printf(out, "(integer) %lld\n", (long long)r->integer);
		return;
	case REPLY_STATUS:
	case REPLY_ERROR:
		buf_printf(out, r->kind == REPLY_ERROR ? "(error) %.*s\n" : "%.*s\n", FMT(r->text));
		return;
	case REPLY_BULK:
		cli_quote(out, r->text);
		buf_char(out, '\n');
		return;
	case REPLY_ARRAY:
		if (r->n == 0)
			buf_printf(out, "(empty array)\n");
		for (size_t i = 0; i < r->n; i++) {
			buf_printf(out, "%*s%zu) ", i ? 4 * depth : 0, "", i + 1);
			print_nested(out, &r->items[i], depth + 1);
		}
	}
}

void
reply_print(struct buf *out, const struct reply *r)
{
	print_nested(out, r, 0);
}

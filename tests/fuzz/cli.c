/*
 * cli.c - any bytes as a line, as words and as a reply: what cli_quote() and
 * cli_print() write, cli_split() reads back.
 */
#include "fuzz.h"

enum { DEPTH_MAX = 8, ITEMS_MAX = 12 };

static struct arena *mem;
static struct buf out;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	mem = arena_new();
	return 0;
}

static void
quoted_words_are_read_back(const struct str *words, size_t n)
{
	struct str *again;
	size_t count;

	out.n = 0;
	for (size_t i = 0; i < n; i++) {
		buf_str(&out, i ? S(" ") : S(""));
		cli_quote(&out, words[i]);
	}
	hold(cli_split(mem, (struct str){ out.p, out.n }, &again, &count));
	hold(count == n);
	for (size_t i = 0; i < n; i++)
		hold(str_eq(again[i], words[i]));
}

static struct str
take(struct str *rest, size_t n)
{
	struct str head = { rest->p, n < rest->n ? n : rest->n };

	rest->p += head.n;
	rest->n -= head.n;
	return arena_dup(mem, head);
}

static unsigned
take_byte(struct str *rest)
{
	struct str s = take(rest, 1);

	return s.n ? (unsigned char)s.p[0] : 0;
}

/* A reply of the shape that the bytes tell; *lines: how many it must fill. */
static struct reply
make_reply(struct str *rest, int depth, size_t *lines)
{
	struct reply r = { .kind = (enum reply_kind)(take_byte(rest) % 7),
		.integer = (int64_t)rest->n * -7919 };

	if (r.kind == REPLY_ARRAY)
		r.n = depth < DEPTH_MAX ? take_byte(rest) % ITEMS_MAX : 0;
	else
		r.text = take(rest, take_byte(rest));
	r.items = arena_array(mem, struct reply, r.n);
	for (size_t i = 0; i < r.n; i++)
		r.items[i] = make_reply(rest, depth + 1, lines);
	*lines += r.n == 0;
	if (r.kind == REPLY_STATUS || r.kind == REPLY_ERROR) /* as they are, up to a NUL */
		for (const char *p = r.text.p; *p; p++)
			*lines += *p == '\n';
	return r;
}

static void
replies_are_printed_a_line_a_value(struct str bytes)
{
	size_t lines = 0, feeds = 0;
	struct reply r = make_reply(&bytes, 0, &lines);

	out.n = 0;
	cli_print(&out, &r);
	for (size_t i = 0; i < out.n; i++)
		feeds += out.p[i] == '\n';
	hold(feeds == lines && out.p[out.n - 1] == '\n');
}

static void
a_printed_bulk_is_read_back(struct str bytes)
{
	struct reply r = { .kind = REPLY_BULK, .text = bytes };
	struct str *words;
	size_t n;

	out.n = 0;
	cli_print(&out, &r);
	hold(cli_split(mem, (struct str){ out.p, out.n }, &words, &n));
	hold(n == 1 && str_eq(words[0], bytes));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size }, *words;
	size_t n;

	if (cli_split(mem, bytes, &words, &n))
		quoted_words_are_read_back(words, n);
	quoted_words_are_read_back(&bytes, 1);
	a_printed_bulk_is_read_back(bytes);
	replies_are_printed_a_line_a_value(bytes);
	arena_reset(mem);
	return 0;
}

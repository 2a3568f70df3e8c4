/*
 * csv_fuzz.c - feeds standard input to the readers of shelter lists.
 *
 *	csv_fuzz <file
 *
 * For afl-fuzz, or a loop over mutated files, in a build with sanitizers:
 * whatever comes in, it ends with 0.
 */
#include <stdio.h>

#include "buf.h"
#include "import.h"

static void
feed(struct str file,
    bool (*read_rows)(struct arena *, struct str, struct import_row **, size_t *, const char **))
{
	struct import_options options = { .country = S("RO") };
	struct arena *a = arena_new();
	struct import_row *rows;
	const char *why, *fault, *warning;
	struct draft draft;
	size_t n;

	if (read_rows(a, file, &rows, &n, &why))
		for (size_t i = 0; i < n; i++)
			draft_from_row(a, &rows[i], &options, &draft, &fault, &warning);
	arena_free(a);
}

int
main(void)
{
	struct buf in = { 0 };
	size_t n;

	while ((n = fread(buf_room(&in, 65536), 1, 65536, stdin)) > 0)
		in.n += n;
	feed((struct str){ in.p, in.n }, csv_rows);
	feed((struct str){ in.p, in.n }, json_rows);
	buf_free(&in);
	return 0;
}

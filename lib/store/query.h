/*
 * query.h - what a person typed into a search, taken apart; for text.c and
 * mark.c, and query_token() for who has words of his own among those typed.
 * text.h says what means what.
 */
#ifndef MUSTER_QUERY_H
#define MUSTER_QUERY_H

#include "text.h"
#include "words.h"

/* A word, or words that must stand side by side. */
struct item {
	const struct word *words;
	size_t n;
	bool quoted, excluded, prefix;
};

struct query {
	struct item items[TEXT_QUERY_WORDS];
	size_t n, nwords, wanted; /* items; their words; items that must be there */
};

/* What was typed, piece by piece, nothing left out: runs of blanks, words and
 * phrases with their quotes and minus.  plain: a word with nothing but a blank
 * before it.  Starts with { .rest = typed, .fresh = true }; false: the end. */
struct query_tokens {
	struct str rest;
	bool fresh;
};
bool query_token(struct query_tokens *, struct str *token, bool *plain);

/* ERR_INPUT: the query is too long or has too many words. */
enum err query_parse(struct arena *, const struct text_search *, struct query *);

#endif

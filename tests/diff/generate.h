/*
 * generate.h - what generate.c (rules, lines, steps) and words.c share.
 */
#ifndef DIFF_GENERATE_H
#define DIFF_GENERATE_H

#include "diff.h"

enum { WORDS = 1200 }; /* of a line at most */

/* What the keys of a slot are filled from; a command keeps to one. */
enum size { SMALL, NUMBERS, BIG };

struct generator {
	uint64_t random;
	int64_t now;
	const struct peer *peer;
	bool families[FAMILY__MAX];
	unsigned *weights, total; /* of this epoch */
	enum family biggest;      /* 0: none */
	unsigned universe;        /* of members of big collections */
	unsigned client;          /* steps more that go by client_call() */
	unsigned fill;            /* steps more that fill big collections */

	/* of the line in the making */
	struct arena *mem;
	const struct rule *rule;
	enum size size;
	bool nasty; /* words that are no good may be among it */
	unsigned often;
	size_t keys;
	struct str words[WORDS];
	size_t n;
};

/* ---- chance ---- */

void seed(struct generator *, uint64_t by);
unsigned below(struct generator *, unsigned bound);
bool percent(struct generator *, unsigned p);

#define PICK(g, table) ((table)[below((g), (unsigned)LEN(table))])

#define BYTES(literal) \
	{ \
		literal, sizeof(literal) - 1 \
	}

/* ---- words, each behind those that the line has ---- */

void put(struct generator *, struct str word);
void put_class(struct generator *, char class); /* a letter of grammar.c */
void put_value(struct generator *);
struct str odd_word(struct generator *); /* no good where something else is wanted */

#endif

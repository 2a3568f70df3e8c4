/*
 * words.h - a text as the words that search compares.
 *
 * A word is a run of letters and digits in the form of utf8_fold(): without
 * case, accents and width, NFC and NFD alike, both forms of s and t with a
 * hook alike.  Beyond it, letters are told apart no further than a plain
 * keyboard does: ł is l, đ d, ø o, ı i, æ ae; so are the Persian and the
 * Arabic kaf and yeh.  An apostrophe of any kind divides.
 *
 * Chinese, Japanese, Thai, Lao, Burmese and Khmer are written without blanks
 * between words, and no dictionary is here: each of their characters is a
 * word of its own, and what is searched for is a phrase of them.
 *
 * The bytes may be anything: what is no text divides words.
 */
#ifndef MUSTER_WORDS_H
#define MUSTER_WORDS_H

#include "arena.h"

/* A longer word is compared by its beginning: as many whole characters as fit. */
enum { WORD_BYTES = 64 };

struct word {
	struct str folded;
	size_t from, to; /* its bytes in the text, marks and all; words share a character like ½ */
};

/* The words in their order, as an array from the arena; returns how many. */
size_t words_of(struct arena *, struct str text, struct word **);

/* The folded words with one blank between them. */
struct str words_join(struct arena *, const struct word *, size_t n);

#endif

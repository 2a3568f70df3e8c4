/*
 * entity.h - what stands out in a post's text: #hashtags, @mentions, links.
 *
 * Hashtags: '#' or fullwidth '＃', not behind a word character, '&' or '/', not
 * within a link; then the longest run of letters, marks, digits, '_', ZWNJ, ZWJ
 * and the joiners of some scripts (middle dot, katakana middle dot, wave dashes,
 * Hebrew maqaf, geresh and gershayim, Tibetan tsheg, U+A67E), with a letter or a
 * mark in it, at most 100 code points, and neither '#' nor '://' behind it (the
 * rule of twitter-text's public vectors).  Its key is NFC, case folded simply
 * (no locale), fullwidth ASCII narrowed, trailing joiners dropped; accents stay.
 * Mentions: '@' and 1-30 of a-z 0-9 _ . -, not behind a word character, '@',
 * '/' or '='; trailing '.' and '-' are not of it.  Links: http:// or https://
 * up to a blank, less closing punctuation.
 */
#ifndef MUSTER_ENTITY_H
#define MUSTER_ENTITY_H

#include "arena.h"

enum { HASHTAG_MAX = 100, MENTION_MAX = 30, ENTITIES_MAX = 1000 };

enum entity_kind { ENTITY_HASHTAG, ENTITY_MENTION, ENTITY_LINK };

struct entity {
	enum entity_kind kind;
	size_t from, to; /* bytes of the text, with its # or @ */
	struct str key;  /* hashtag: its key; mention: the name, lower case; link: the URL */
};

/* Those of a well-formed UTF-8 text, in order, without overlaps, as an array
 * from the arena; at most ENTITIES_MAX. */
size_t entities_of(struct arena *, struct str text, struct entity **);

/* The key of what a person typed as a tag, with or without '#'; false: no tag. */
bool hashtag_key(struct arena *, struct str typed, struct str *key);

#endif

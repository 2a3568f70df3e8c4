/*
 * entity.h - what stands out in a post's text: #hashtags, @mentions, links.
 *
 * Hashtags: '#' or fullwidth '＃', not behind a word character, '&' or '/' (but
 * behind a variation selector or ZWJ: emoji end so), not within a link, no keycap
 * emoji; then the longest run of letters, marks, digits, '_', ZWNJ, ZWJ and the
 * joiners of some scripts (middle dot, katakana middle dot, wave dashes, Hebrew
 * maqaf, geresh and gershayim, Tibetan tsheg, U+A67E), with a letter or a mark in
 * it, at most 100 code points in NFC, and neither '#' nor '://' behind it (the
 * rule of twitter-text's public vectors).  What looks like a shelter's id, RO-CJ-01
 * in any case, is a tag with its hyphens; no other tag has any.
 * A tag's key is NFC, case folded simply (no locale), fullwidth ASCII narrowed,
 * variation selectors dropped, and joiners at its ends; accents stay.  It has 400
 * bytes at most, and is its own key.
 * Mentions: '@' and 1-30 of a-z 0-9 _ . - in any case, not behind a word character,
 * '@', '/' or '=', and with no accented letter, '@' or '://' behind; trailing '.' and
 * '-' are not of it.  Links: http:// or https:// and a host, not behind a letter or
 * digit of ASCII, up to a blank, to what no URL holds (< > " \, bidi controls) or to
 * the punctuation of Chinese and Japanese, less closing punctuation.
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

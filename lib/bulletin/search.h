/*
 * search.h - what a person typed into the search of posts, taken apart.
 *
 * in:team from:user #tag after:day before:day, a blank or nothing before each;
 * in any case, since telephones write a capital first.  All else is left for
 * text.h, untouched.
 */
#ifndef MUSTER_SEARCH_H
#define MUSTER_SEARCH_H

#include "arena.h"
#include "db.h"

enum { SEARCH_BYTES = 512 };

struct search {
	struct str words;                 /* what is left; empty: nothing */
	struct str *teams, *users, *tags; /* as slugs, names, keys, whether there are such or not */
	size_t nteams, nusers, ntags;
	int64_t since, until; /* unix ms, inclusive and exclusive; 0: open */
};

/* ERR_INPUT, *why: what is wrong, and what to do. */
enum err search_parse(struct db *, struct arena *, struct str typed, struct search *, const char **why);

#endif

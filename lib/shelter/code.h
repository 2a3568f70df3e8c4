/*
 * code.h - the code of an intention: 8 characters to be read out at the door.
 *
 * Crockford's base32 (no I, L, O, U): seven random characters, 35 bits, and
 * one that checks them, so that a slip of the tongue is told from a code that
 * is not there.  The check is a Reed-Solomon symbol over GF(32): it finds
 * every single wrong character and every swap of two.
 */
#ifndef MUSTER_CODE_H
#define MUSTER_CODE_H

#include "arena.h"

enum { CODE_LENGTH = 8 };

/* A new random code. */
struct str code_make(struct arena *);

/* What a person typed, in the one form that is kept: upper case, O as 0, I
 * and L as 1, blanks and dashes left out.  False: it cannot be a code. */
bool code_read(struct arena *, struct str typed, struct str *code);

#endif

/*
 * glob.h - the patterns of KEYS, SCAN MATCH and their like, exactly as Redis
 * 7.0 reads them.
 *
 *	*        any bytes, also none
 *	?        any one byte
 *	[a-z_]   one of these; a range may run backwards
 *	[^a-z]   none of these; "[!" is no negation
 *	\x       x itself, also in a class; a backslash at the end stands for itself
 *
 * A class that is not closed runs to the end of the pattern.  The bytes of a
 * range are signed, as they are where Redis mostly runs: \x80 stands before a.
 */
#ifndef MUSTER_GLOB_H
#define MUSTER_GLOB_H

#include "str.h"

/* The whole of `s` matches.  Takes at most as many steps as the two lengths
 * multiplied, whatever the pattern; one of more than 1000 separate stars
 * matches nothing.  Of the patterns made of stars only the single one matches
 * the empty string (as KEYS and SCAN have it). */
bool glob_match(struct str pattern, struct str s);

/* How many bytes every match begins with: those of the pattern before its
 * first special one.  As many as the pattern has: it matches itself only. */
size_t glob_prefix(struct str pattern);

#endif

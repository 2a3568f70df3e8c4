/*
 * number.h - floats as Redis 7.0 reads and writes them.
 */
#ifndef MUSTER_NUMBER_H
#define MUSTER_NUMBER_H

#include "arena.h"

/* The whole of `s` as strtod reads it ("inf", "0x10", "1e3"); false for NaN,
 * leading blanks, anything behind, and what over- or underflows. */
bool number_double(struct str s, double *out);
bool number_long_double(struct str s, long double *out);

/* A score: %.17g, no "-0". */
struct str number_score(struct arena *, double);

/* INCRBYFLOAT's result: 17 digits behind the point less trailing zeros. */
struct str number_human(struct arena *, long double);

#endif

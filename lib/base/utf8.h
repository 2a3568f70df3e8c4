/*
 * utf8.h - checks and foldings of text (utf8proc; Unicode 14 in Debian 12).
 */
#ifndef MUSTER_UTF8_H
#define MUSTER_UTF8_H

#include "arena.h"

/* Well-formed UTF-8 (RFC 3629) without NUL and without control characters
 * but tab, line feed and carriage return. */
bool utf8_text(struct str s);

/* Code points in well-formed UTF-8. */
size_t utf8_length(struct str s);

/* `s` with every line end, CR LF or CR, as LF: so that a form and a program mean
 * the same text. */
struct str utf8_lines(struct arena *, struct str s);

/* `s` with every ill-formed sequence and forbidden control character replaced
 * by U+FFFD. */
struct str utf8_mend(struct arena *, struct str s);

/* The form that search compares: NFKD, case folded, marks removed, every run
 * of anything but letters and digits one space, trimmed.  "Cluj-Napoca",
 * "CLUJ NAPOCA" and both forms of s/t with comma or cedilla come out alike. */
struct str utf8_fold(struct arena *, struct str s);

/* The folded form with '-' for each space: a name usable in keys and URLs. */
struct str utf8_slug(struct arena *, struct str s);

/* "CRAIOVA" as "Craiova"; text that has a lower-case letter stays as it is. */
struct str utf8_title(struct arena *, struct str s);

#endif

/*
 * html.h - pages: every %s is escaped, the literal alone is raw.
 *
 * The vocabulary of pages, with examples, is docs/pages.md.
 */
#ifndef MUSTER_HTML_H
#define MUSTER_HTML_H

#include "response.h"

/* printf into the page.  %s and %.*s are escaped for text and for attribute
 * values in double quotes. */
void html(struct res *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* printf of a path with %s percent-encoded (RFC 3986 unreserved stay). */
char *url(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Opens a page: head, header, <main>.  `title` goes into <title> and, where
 * `heading` is not NULL, a <h1> is written with it.  html_end() closes it. */
void html_page(struct req *, struct res *, int status, const char *title, const char *heading);
void html_end(struct req *, struct res *);

/* Before html_page(): the Atom feed of what the page shows. */
void html_alternate(struct req *, struct res *, const char *href, const char *title);

/* The summary of a refused form (role=alert), its faults linked to the fields;
 * nothing where there are none. */
void html_faults(struct req *, struct res *);

/* The words under one field, and whether it has a fault. */
bool html_fault_of(struct req *, struct res *, const char *field);

/* A field with its label; its fault's words and marks where it has one.
 * `more`: its other attributes, a literal. */
void html_input(
    struct req *, struct res *, const char *name, const char *label, const char *more, struct str value);

/* Hidden fields: the session's CSRF token, and a token for this one use that
 * keeps a reload from doing it twice. */
void html_tokens(struct req *, struct res *);

/* The page of an error; a handler's own page goes before it. */
void html_error(struct req *, struct res *, enum err);

/* "just now", "12 min ago", "3 h ago", "2 days ago". */
void html_ago(struct res *, int64_t at, int64_t now);

/* "450 m", "1.2 km", "38 km". */
void html_distance(struct res *, double metres);

#endif

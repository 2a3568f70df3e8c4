/*
 * xml.h - elements of XML 1.0, escaped.
 */
#ifndef MUSTER_XML_H
#define MUSTER_XML_H

#include "arena.h"
#include "buf.h"

/* Text, or the value of an attribute in double quotes.  What XML 1.0 has no
 * place for, escaped or not (controls, U+FFFE, U+FFFF), becomes U+FFFD. */
void xml_text(struct buf *, struct str);

/* <name>value</name> and a newline; nothing where the value is empty. */
void xml_element(struct buf *, const char *name, struct str value);

/* A link of an Atom feed. */
void xml_link(struct buf *, const char *rel, const char *type, struct str href);

/* "2026-10-31T18:05:00Z" */
struct str xml_time(struct arena *, int64_t at);

#endif

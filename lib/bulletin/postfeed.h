/*
 * postfeed.h - a timeline as an Atom feed (RFC 4287), in pages (RFC 5005).
 *
 * For one reader, as the page is: who shows no session gets what is public.  An
 * entry's id is a tag URI of the host in site.url, the day and the post, and
 * stays through edits; the text is HTML as on the page, its links made whole by
 * xml:base; tags are categories, a place is a georss:point.  What was deleted
 * is in it no more.
 */
#ifndef MUSTER_POSTFEED_H
#define MUSTER_POSTFEED_H

#include "response.h"
#include "timeline.h"

/* The filters are named as the request's query names them. */
void posts_atom(
    struct req *, struct res *, const struct reader *, const struct timeline *, const struct timeline_page *);

#endif

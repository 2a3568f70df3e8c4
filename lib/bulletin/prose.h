/*
 * prose.h - a post's text as HTML.
 *
 * Paragraphs (<p dir="auto">, each with its own direction) where a blank line is,
 * <br> where another line begins.  Hashtags link to /hashtags/KEY, or to
 * /shelters/ID where the caller knows such a shelter; mentions of those the caller
 * knows to /posts?user=NAME, others stay text, so that nobody learns who is there.
 *
 * Links show where they lead: the host as the browser resolves it (letters beyond
 * ASCII as xn--…), without the scheme, the end of a long one cut off; of a host
 * that is too long the end is shown, for that is who owns it.  What has a user
 * name in it, or a host that is none, stays text.
 *
 * Characters that turn the direction of what follows, and control characters, are
 * shown by their numbers in <code class="odd">.
 */
#ifndef MUSTER_PROSE_H
#define MUSTER_PROSE_H

#include "arena.h"
#include "response.h"

struct text_mark;

enum { LINK_SHOWN = 48 /* code points */ };

struct prose {
	/* Whether there is a shelter whose id has this key (ro-cj-01): its id.
	 * Whether this user may be named.  NULL: there is none. */
	bool (*shelter)(void *arg, struct str key, struct str *id);
	bool (*user)(void *arg, struct str name);
	void *arg;
	/* Where a search matches (text_marks()), to be shown in <mark>. */
	const struct text_mark *marks;
	size_t nmarks;
};

/* Writes a text (utf8_text()) into the page; no text, no paragraph. */
void prose_html(struct res *, struct arena *, struct str text, const struct prose *);

/* The host of a URL as browsers resolve it: lower case, in ASCII; false: it is none
 * that a link should lead to. */
bool host_ascii(struct arena *, struct str host, struct str *ascii);

#endif

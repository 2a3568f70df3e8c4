/*
 * article.h - one post as programs and people get it.
 *
 * What a reader may not know does not show: closed teams of others are left
 * out, and names in the text are links for staff alone.
 */
#ifndef MUSTER_ARTICLE_H
#define MUSTER_ARTICLE_H

#include "post.h"
#include "response.h"
#include "text.h"

/* Who asks: a person with his teams, a program with those that are open to all staff. */
enum err article_reader(struct req *, struct reader *);

/* Who is named as the author of what this request writes: "ana", "token:importer". */
struct str article_author(struct req *);

/* An object. */
void article_json(struct req *, struct json *, const struct reader *, const struct post *);

/* `words`: what was searched for, to be marked; NULL: nothing.  `level`: of its heading.
 * `from`: the place that was asked about, for the distance; NULL: none.
 * `own`: it has the page to itself, so nothing links to it. */
void article_html(struct req *, struct res *, const struct reader *, const struct post *,
    const struct text_search *words, const struct geo *from, int level, bool own);

/* A text as the article has it; `p` says who is mentioned in it: NULL: nobody. */
void article_text(struct req *, struct res *, const struct reader *, const struct post *p, struct str text,
    const struct text_search *words);

/* The title of a team that this reader may know of; else the name he gave it. */
struct str article_team(struct req *, const struct reader *, struct str slug);

/* The id of the shelter that a tag's key stands for (ro-cj-01); false: none. */
bool article_shelter(struct req *, struct str key, struct str *id);

#endif

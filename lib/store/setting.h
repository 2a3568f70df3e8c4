/*
 * setting.h - what an operator sets for a tenant.
 *
 * The hash `settings`; one table in setting.c names every setting with its kind,
 * its bounds, what holds where it is not set, and a line of help.  Read at each
 * use: a change holds from the next request or message on.
 */
#ifndef MUSTER_SETTING_H
#define MUSTER_SETTING_H

#include "db.h"

enum setting_kind { SETTING_TEXT, SETTING_NUMBER, SETTING_CHOICE, SETTING_URL, SETTING_ZONE, SETTING_SECRET };

struct setting {
	const char *name;    /* "email.relay" */
	const char *usual;   /* where it is not set */
	const char *help;    /* one line */
	const char *choices; /* of a CHOICE: "off|smtp|file" */
	int64_t min, max;    /* of a NUMBER */
	enum setting_kind kind;
};

/* The table; its end has name = NULL. */
extern const struct setting settings[];

/* What is set, or what is usual.  A name that is not in the table is a bug. */
struct str setting_text(struct db *, struct arena *, const char *name);
int64_t setting_number(struct db *, struct arena *, const char *name);
bool setting_is(struct db *, struct arena *, const char *name, const char *choice);

/* "example.org" of site.url https://example.org:8443/muster: what makes ids the site's own. */
struct str setting_host(struct db *, struct arena *);

/* What people may see of it: a secret that is set is "****".  *set: false where
 * it is the usual. */
struct str setting_shown(struct db *, struct arena *, const struct setting *, bool *set);

/* W.  ERR_NOT_FOUND: no such setting.  ERR_INPUT: not of its kind; *why says it
 * in words.  An empty value takes the setting back. */
enum err setting_set(struct db *, struct arena *, struct str name, struct str value, const char **why);

#endif

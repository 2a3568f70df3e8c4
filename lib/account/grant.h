/*
 * grant.h - what a person or a program may do, as forms and JSON say it: roles,
 * and the shelters where a manager works.
 */
#ifndef MUSTER_GRANT_H
#define MUSTER_GRANT_H

#include "account.h"
#include "request.h"
#include "response.h"

struct grant {
	unsigned roles;
	struct str *shelters;
	size_t nshelters;
};

/* Fields `roles` and `shelters` of the body.  `partial`: what a JSON body does not
 * name stays as it is in *g.  Shelters have to exist.  False: faults are told. */
bool grant_read(struct req *, struct grant *, bool partial);

/* The fields of a form, with what was typed where it was refused. */
void grant_fields(struct req *, struct res *, const struct grant *);

/* "roles": […], "shelters": […] */
void grant_json(struct json *, struct req *, const struct grant *);

/* The roles alone; "admin, manager" for people. */
void grant_roles_json(struct json *, struct req *, unsigned roles);
struct str grant_roles_words(struct arena *, unsigned roles);

#endif

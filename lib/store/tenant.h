/*
 * tenant.h - organisations that share a server and nothing else.
 *
 * The default tenant is STATE itself: muster.db and what lies beside it.  Each
 * other one is a directory STATE/tenants/NAME with the same contents.
 * STATE/hosts/HOST is a symbolic link to a tenant's directory
 * (../tenants/NAME): a host name more needs no reload of nginx.  A host
 * without a link is the default tenant's.  A link that leads nowhere, or to
 * ../tenants/.deleted, is a tenant's that was deleted (tenantdir.h).
 *
 * In its directory `id` is a link to an empty folder with a name of its own: by
 * that nginx keeps pages, so that a tenant made anew under an old name shows none
 * of the former one's.  A file `suspended` in its directory suspends a tenant: nobody is answered,
 * nothing is sent.  The file `due` has as its time of last change when the
 * dispatcher has something to do for it next: so that a tenant at rest costs
 * files only.  No `due`, or one in the past: look.
 */
#ifndef MUSTER_TENANT_H
#define MUSTER_TENANT_H

#include "arena.h"
#include "err.h"

enum { TENANT_NAME = 32, TENANT_HOST = 253, TENANT_DIR = 1024 };

struct tenant {
	char name[TENANT_NAME + 1]; /* empty: the default tenant */
	char dir[TENANT_DIR];
	bool suspended;
};

bool tenant_name_valid(struct str); /* a-z 0-9 and single dashes within, TENANT_NAME at most */

/* A Host header as it names a file: lower case, without port and trailing dot; false: it can
 * name none (empty, other than [a-z0-9.-], a part that begins or ends with a dash, an address in
 * brackets, dots side by side). */
bool tenant_host(struct str given, char host[static TENANT_HOST + 1]);

/* Whose a Host header is.  ERR_NOT_FOUND: a deleted tenant's.  What cannot be a host name is the
 * default tenant's, as a request without one is. */
enum err tenant_of_host(const char *state, struct str given, struct tenant *);

/* Where STATE/hosts/HOST leads, which need not be there.  ERR_NOT_FOUND: there is no such link.
 * ERR_CONFLICT: it is none of ours. */
enum err tenant_link(const char *state, const char *host, char name[static TENANT_NAME + 1]);

/* By name; empty: the default one.  ERR_NOT_FOUND. */
enum err tenant_named(const char *state, struct str name, struct tenant *);

/* The names of all but the default one, sorted. */
size_t tenant_names(const char *state, struct arena *, struct str **names);

/* What the hub of the live tail calls a tenant's channel: "NAME.channel", and for the default
 * tenant (an empty name) just "channel".  No name holds a dot, so no two meet. */
struct str tenant_channel(struct arena *, struct str name, struct str channel);

/* Unix ms; 0: unknown, look now. */
int64_t tenant_due(const char *dir);
void tenant_due_set(const char *dir, int64_t at);

#endif

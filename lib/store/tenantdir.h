/*
 * tenantdir.h - making tenants and taking them away: directories and links.
 *
 * Whoever changes them holds a lock for the time (STATE/tenants/.lock).  A tenant
 * appears whole under its name or not at all, by rename(2); until then, and while
 * it is being taken away, its directory's name begins with a dot, which no
 * tenant's does.  The links of a deleted one lead to STATE/tenants/.deleted, where
 * a file `deleted` tells the server in front that nobody is there: a host that is
 * still asked for must not show the default tenant instead.
 */
#ifndef MUSTER_TENANTDIR_H
#define MUSTER_TENANTDIR_H

#include "tenant.h"

/* Makes the directories that hold them where they are missing, and takes the lock: a
 * descriptor, to be closed; negative: errno tells.  Takes away what a killed one left. */
int tenant_lock(const char *state);

/* A directory for a new tenant, not yet under its name.  ERR_CONFLICT: the name is
 * taken.  ERR_STORE: told in the log. */
enum err tenant_begin(const char *state, struct str name, char dir[static TENANT_DIR]);

/* It appears. */
enum err tenant_appear(const char *state, struct str name);

/* Takes a directory away that tenant_begin() made. */
void tenant_drop(const char *state, struct str name);

/* A link from a host (as tenant_host() gives it).  ERR_CONFLICT: it is another tenant's
 * that is there.  The other way, after which the host is the default tenant's, ERR_NOT_FOUND: it is
 * none of this one's, nor one that a deleted tenant left. */
enum err tenant_host_add(const char *state, const char *host, struct str name);
enum err tenant_host_remove(const char *state, const char *host, struct str name);

/* Its hosts, sorted. */
size_t tenant_hosts(const char *state, struct arena *, struct str name, struct str **hosts);

enum err tenant_suspend(const char *dir, bool suspended);

/* Its hosts are nobody's from now on, its directory is gone at once, then its files. */
enum err tenant_delete(const char *state, struct arena *, struct str name);

#endif

/*
 * tenant_command.h - muster tenant: organisations of one server, at a terminal.
 */
#ifndef MUSTER_TENANT_COMMAND_H
#define MUSTER_TENANT_COMMAND_H

#include "arena.h"

/* argv[0] is "tenant"; `by` is who is written into the audit logs.  The exit status of
 * muster: 0 done, 1 not done, 2 called wrongly; all is told already. */
int tenant_command(const char *state, struct arena *, struct str by, int argc, char **argv);

#endif

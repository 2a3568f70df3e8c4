/* schema.h - the steps of schema/, embedded at build time in their order. */
#ifndef MUSTER_SCHEMA_H
#define MUSTER_SCHEMA_H

#include <stddef.h>

struct schema_step {
	int version; /* the number in the file's name: user_version afterwards */
	const char *sql;
};

extern const struct schema_step schema_steps[];
extern const size_t schema_nsteps;

#endif

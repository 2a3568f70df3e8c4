/*
 * atom.h - alerts as an Atom feed (RFC 4287), an index of their CAP messages.
 */
#ifndef MUSTER_ATOM_H
#define MUSTER_ATOM_H

#include "alert.h"
#include "buf.h"

#define ATOM_TYPE "application/atom+xml"

/* Of public alerts, the newest first.  What has expired by the transaction's
 * clock or was replaced is left out; Updates and Cancels are entries of their
 * own.  An entry's id never changes. */
void atom_write(struct db *, struct arena *, const struct alert *, size_t n, struct buf *);

#endif

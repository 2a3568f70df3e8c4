/*
 * cap.h - an alert as other systems read it: OASIS CAP 1.2 (ITU-T X.1303).
 *
 * Valid by the standard's schema, and stricter: no value Unknown, one info per
 * language with the same codes, times with an offset, headlines of 140
 * characters at most.  It has a style sheet, so that people can read it too:
 * XSLT, and CSS for browsers that have forgotten XSLT.  (Chromium 156 still has
 * it, warns, and takes no CSS for this namespace.)
 */
#ifndef MUSTER_CAP_H
#define MUSTER_CAP_H

#include "alert.h"
#include "buf.h"

#define CAP_TYPE "application/cap+xml"

void cap_write(struct db *, struct arena *, const struct alert *, struct buf *);

/* Browsers show no file of such a type, they keep it: who accepts text/html
 * gets "application/xml" in place of `type`, and the answer varies by Accept. */
const char *cap_type(struct str accept, const char *type);

#endif

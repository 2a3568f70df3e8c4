/*
 * cap.h - an alert as other systems read it: OASIS CAP 1.2 (ITU-T X.1303).
 *
 * Valid by the standard's schema, and stricter: no value Unknown, one info per
 * language with the same codes, times with an offset, headlines of 140
 * characters at most.  It has a style sheet, so that people can read it too.
 */
#ifndef MUSTER_CAP_H
#define MUSTER_CAP_H

#include "alert.h"
#include "buf.h"

#define CAP_TYPE "application/cap+xml"

/* Browsers show no file of that type: who asks for text/html (Accept) gets
 * this one, and the answer says "Vary: Accept". */
#define CAP_TYPE_SHOWN "application/xml"

void cap_write(struct db *, struct arena *, const struct alert *, struct buf *);

/* Which of them, by the Accept header. */
const char *cap_type(struct str accept);

#endif

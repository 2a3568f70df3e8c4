/*
 * mime.h - writing an e-mail: RFC 5322, 2045 to 2047.
 *
 * The same input gives the same bytes: they can be tested, signed and sent
 * again.  Lines end with CRLF and have at most 78 characters (a header whose
 * one word is longer: 998).  Nothing that a header is given can begin another
 * one: what holds a control character, or is not UTF-8, is refused, and so is
 * the whole message.
 */
#ifndef MUSTER_MIME_H
#define MUSTER_MIME_H

#include "buf.h"

struct mime {
	struct buf *out;
	bool refused; /* something could not be written: do not send this */
};

/* A header of free text, in encoded words where it is not ASCII. */
void mime_text(struct mime *, const char *name, struct str text);

/* One whose value is written as it is: ASCII, one word or several that may be
 * folded at blanks. */
void mime_plain(struct mime *, const char *name, struct str value);

/* "Display name <address>"; an empty display name is left out. */
void mime_address(struct mime *, const char *name, struct str display, struct str address);

/* Date: in UTC, of a unix time in ms. */
void mime_date(struct mime *, const char *name, int64_t at);

/* A text of a body.  What stands before and after it may be encoded already:
 * whole lines, by quoted_printable(). */
struct mime_part {
	struct str before, text, after;
};

/* MIME-Version, Content-Type and the body: text and HTML (NULL: text alone),
 * quoted-printable.  The boundary is made of `id` (ASCII, one word): no body can
 * hold it, for quoted-printable never has "=_". */
void mime_body(struct mime *, struct str id, const struct mime_part *text, const struct mime_part *html);

/* local@domain in ASCII (RFC 5321 without quoted local parts and address
 * literals), at most 254 characters. */
bool mail_address_valid(struct str);

/* "Alerts <alerts@example.org>" or "alerts@example.org" into its two parts;
 * false: it is neither. */
bool mail_address_split(struct str given, struct str *display, struct str *address);

/* Quoted-printable: any line ends become CRLF.  Each line is encoded for itself. */
void quoted_printable(struct buf *, struct str text);

#endif

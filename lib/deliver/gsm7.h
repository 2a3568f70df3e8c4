/*
 * gsm7.h - how long a text is as SMS, and how it becomes shorter.
 *
 * A text whose every character is in the alphabet of GSM 03.38 takes 160 of
 * them, or 153 in each of several segments; ^ { } \ [ ] ~ | and the euro sign
 * take two.  Any other text is UCS-2: 70, or 67 in each of several; what lies
 * beyond 16 bits takes two.  So one "ș" makes a message more than twice as long.
 */
#ifndef MUSTER_GSM7_H
#define MUSTER_GSM7_H

#include "arena.h"
#include "buf.h"

enum sms_encoding { SMS_GSM7, SMS_UCS2 };

struct sms_size {
	enum sms_encoding encoding;
	int64_t length;   /* septets, or 16-bit units */
	int64_t segments; /* of an empty text: 1 */
};

/* Of well-formed UTF-8.  A pair (an escaped character, a surrogate pair) is
 * never split, so a segment may stay one short. */
struct sms_size sms_measure(struct str text);

/* The text with letters composed (NFC) and, where that makes it GSM 7, without
 * the marks that the alphabet does not have: "Adăpost în Timișoara" as "Adapost
 * in Timisoara", "é" stays.  Quotes, dashes and blanks of typography become plain
 * ones.  Text that cannot be GSM 7 (Cyrillic, an emoji) keeps its marks. */
struct str sms_unaccented(struct arena *, struct str text);
struct str sms_composed(struct arena *, struct str text); /* NFC alone */

/* The text, or its longest beginning that with "..." behind it fits into so
 * many segments and SMS_LENGTH units; cut behind a word.  A link at its end
 * stays: the rest can be read there. */
enum { SMS_LENGTH = 1600 };
struct str sms_cut(struct arena *, struct str text, int64_t segments);

/* As it goes over the air, in hexadecimal: a byte a septet, or UTF-16BE. */
void sms_hex(struct buf *, struct str text);

#endif

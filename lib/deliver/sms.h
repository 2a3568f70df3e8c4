/*
 * sms.h - messages to telephones, through a gateway.
 *
 * The payload is a JSON object that a fan-out shares:
 *
 *	text       what is to be said
 *	language   BCP 47
 *	urgent     true: to save lives
 *
 * Marks that make a text longer are left out where sms.unaccented is 1, and what
 * is beyond sms.segments is cut at a word: sms_text() is what goes out.
 *
 * sms.mode says where to:
 *
 *	messages   the Messages.json form API that many gateways speak
 *	template   any other: URL, headers and body are templates
 *	file       a file in the state directory
 *	off        nowhere: FAILED "channel-off"
 *
 * What comes of it, beside what a gateway says (sms_gateway.h):
 *
 *	SUPPRESSED "opted-out" "invalid" "operator" …  (suppress.h)
 *	FAILED "content"         the payload is none
 *	RETRY "config", hurts    the settings are not complete
 *	RETRY dns connect tls    hurts; nothing was asked of the gateway
 *
 * The number's own faults (an error number of the API) are FAILED, and where it
 * does not exist or has opted out it is suppressed too; faults of ours hurt.
 *
 * When the line breaks after the request was written, nobody knows whether the
 * gateway took it.  With Messages.json we ask it before anything is sent again
 * (RETRY "unsure", then "not-there" or SENT); with a template a message of the
 * urgent lane is sent again, for doubled is better than silent, and any other
 * is UNSURE: somebody has to look.
 */
#ifndef MUSTER_SMS_H
#define MUSTER_SMS_H

#include "channels.h"
#include "gsm7.h"

/* The destination that SMS are queued for: "sms:https://api.example.org:443",
 * "sms:file", "sms:off". */
struct str sms_destination(struct db *, struct arena *);

/* A text as it goes out by the settings of this moment. */
struct str sms_text(struct db *, struct arena *, struct str text);

/* What a gateway's callback says in its own word ("delivered", Kannel's "1",
 * "UNDELIV"): OUTBOX_DELIVERED, OUTBOX_FAILED, or OUTBOX_WAITING for what is not
 * the end of it. */
enum outbox_state sms_status(struct str word);

/* What an error number of Messages.json means. */
struct sms_error {
	int code;
	enum outcome outcome;
	bool hurts;  /* it is about us or the gateway, not about this number */
	int after_s; /* RETRY: not before; 0: by the schedule */
	const char *reason;
	const char *suppress; /* NULL, or why the number gets nothing any more */
};
const struct sms_error *sms_error(int64_t code); /* NULL: not one we know */

#endif

/*
 * email.h - messages to people, through a mail relay.
 *
 * The relay (usually the mail server of this machine) queues, signs and carries
 * on; what it took is SENT.  One recipient a transaction: each mail has its own
 * way out of the list, and a refusal is about one address.  What an answer
 * means: smtp.h.
 *
 * The payload is a JSON object that a fan-out shares:
 *
 *	subject               one line: control characters become blanks
 *	text, html            html may be empty; where "{unsubscribe}" stands in
 *	                      text or html, the reader's own address to end or
 *	                      change the subscription is put in
 *	language              BCP 47, for Content-Language
 *	urgent                true: marked as important
 *	list                  true: one of a subscription; has List-Unsubscribe, and
 *	                      One-Click (RFC 8058) where the site is https
 *
 * A message's mail is the same at every try, byte for byte: its Message-ID is
 * the message's name, its date when it was written.  What start() settles alone:
 *
 *	SUPPRESSED "hard-bounce" "complaint" "invalid" "opted-out" "operator" (suppress.h)
 *	SUPPRESSED "unsubscribed"  the subscription `recipient` is gone
 *	FAILED "invalid"           no address
 *	FAILED "channel-off"       email.mode is off
 *	FAILED "content"           the payload is none
 *	RETRY "config", hurts      email.relay or email.from is no good
 */
#ifndef MUSTER_EMAIL_H
#define MUSTER_EMAIL_H

#include "channels.h"

/* The destination that e-mails are queued for. */
struct str email_destination(struct db *, struct arena *);

/* The mail as it goes out, CRLF and all, by the settings of this moment; empty:
 * the payload is none. */
struct str email_bytes(
    struct db *, struct arena *, const struct message *, struct str name, struct str payload);

#endif

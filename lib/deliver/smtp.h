/*
 * smtp.h - what a mail relay's answers mean for one message.
 *
 * libcurl tells how a transfer ended and the last code; the lines themselves
 * tell the rest: at which command it was refused, the enhanced status (RFC
 * 3463), the relay's own words and its name for the mail.
 *
 * One recipient a transaction, so that a refusal is about that one:
 *
 *	250                         SENT; the reference is the relay's queue id
 *	421, 4.3.x, 452             RETRY "busy", hurts: it is the relay
 *	450 451 4.7.x grey…         RETRY "greylisted"
 *	4.2.2                       RETRY "mailbox-full"
 *	other 4yz                   RETRY "deferred"
 *	5.1.1 .2 .6 .10, 5.4.4, 550 in words of that kind
 *	                            FAILED "no-such-user"
 *	5.1.3                       FAILED "invalid"
 *	5.2.1, 5.2.2, 552           FAILED "mailbox-disabled", "mailbox-full"
 *	5.2.3, 5.3.4                FAILED "too-large"
 *	5.6.x                       FAILED "content"
 *	5.7.x, and what is refused after the body
 *	                            FAILED "policy": they mind the sender or the words
 *	other 5yz                   FAILED "refused"
 *	530 534 535 538, refused sign-in
 *	                            RETRY "auth", hurts: ours to set right, not the reader's
 *	5yz to MAIL FROM, 5.1.7, 5.1.8
 *	                            RETRY "sender-refused", hurts: so is this
 *	5yz before MAIL FROM        RETRY "relay", hurts
 *	no answer                   RETRY "dns" "connect" "tls" "timeout" "connection-lost", hurts
 *	a kept connection that is over
 *	                            RETRY "connection-lost"
 */
#ifndef MUSTER_SMTP_H
#define MUSTER_SMTP_H

#include "deliver.h"

struct smtp_try {
	CURLcode rc;
	int code;          /* the last one, as libcurl has it; 0: none */
	bool reused;       /* on a connection that was there: no greeting */
	struct str lines;  /* all that the relay said, with line ends */
	const char *error; /* libcurl's words, or "" */
};

void smtp_verdict(struct arena *, const struct smtp_try *, struct verdict *);

#endif

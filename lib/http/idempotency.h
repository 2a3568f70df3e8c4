/*
 * idempotency.h - the same POST twice changes things once.
 *
 * The key is the Idempotency-Key header, or a form's one-time token together
 * with the form's content (another button of the same form is another deed).
 * The first answer is kept for 24 h and given again.  Refusals are not kept:
 * they changed nothing, and the next try may succeed.  An answer with a secret
 * in it (a new password) is sealed with what the asker showed and the store does
 * not hold: cookie or token.  To another of his sessions it is ERR_CONFLICT.
 */
#ifndef MUSTER_IDEMPOTENCY_H
#define MUSTER_IDEMPOTENCY_H

#include "request.h"
#include "response.h"

/* *answered: the answer in rs is the first one, nothing is left to do.
 * ERR_INPUT: the key was used with another body, or is not one. */
enum err idempotency_before(struct req *, struct res *, bool *answered);

/* Where a form's token leads to what it made first (form:HASH, for the handler to keep), also
 * after "back" and another word or number: a family is counted once.  Empty: no token. */
struct str form_key(struct req *);

/* W.  Keeps the answer. */
void idempotency_after(struct req *, struct res *);

#endif

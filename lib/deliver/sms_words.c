/* sms_words.c - what gateways mean by their words and numbers; without libcurl, for
 * the program that takes their callbacks. */
#include "sms.h"

/* Only what is about the number fails for it alone; what is about us hurts the
 * destination, so that the others wait until it is put right. */
static const struct sms_error errors[] = {
	{ 20003, OUTCOME_RETRY, true, 0, "auth", NULL },
	{ 20429, OUTCOME_RETRY, true, 0, "too-many", NULL },
	{ 21211, OUTCOME_FAILED, false, 0, "no-such-number", "invalid" },
	{ 21408, OUTCOME_FAILED, false, 0, "region", NULL }, /* of one number: others still go */
	{ 21606, OUTCOME_RETRY, true, 0, "sender", NULL },
	{ 21610, OUTCOME_FAILED, false, 0, "opted-out", "opted-out" },
	{ 21614, OUTCOME_FAILED, false, 0, "no-mobile", "invalid" },
	{ 21659, OUTCOME_RETRY, true, 0, "sender", NULL },
	{ 30001, OUTCOME_RETRY, true, 60, "queue-full", NULL },
	{ 30003, OUTCOME_RETRY, false, 30 * 60, "unreachable", NULL },
	{ 30004, OUTCOME_FAILED, false, 0, "blocked", NULL },
	{ 30005, OUTCOME_FAILED, false, 0, "no-such-number", "invalid" },
	{ 30006, OUTCOME_FAILED, false, 0, "no-mobile", "invalid" },
	{ 30007, OUTCOME_FAILED, false, 0, "filtered", NULL },
	{ 30008, OUTCOME_RETRY, false, 60, "unknown", NULL },
	{ 30034, OUTCOME_RETRY, true, 0, "unregistered", NULL },
};

const struct sms_error *
sms_error(int64_t code)
{
	for (size_t i = 0; i < LEN(errors); i++)
		if (errors[i].code == code)
			return &errors[i];
	return NULL;
}

enum outbox_state
sms_status(struct str word)
{
	static const struct {
		const char *word;
		enum outbox_state state;
	} words[] = { { "delivered", OUTBOX_DELIVERED }, { "read", OUTBOX_DELIVERED },
		{ "DELIVRD", OUTBOX_DELIVERED }, { "1", OUTBOX_DELIVERED }, { "undelivered", OUTBOX_FAILED },
		{ "failed", OUTBOX_FAILED }, { "canceled", OUTBOX_FAILED }, { "rejected", OUTBOX_FAILED },
		{ "UNDELIV", OUTBOX_FAILED }, { "REJECTD", OUTBOX_FAILED }, { "EXPIRED", OUTBOX_FAILED },
		{ "DELETED", OUTBOX_FAILED }, { "2", OUTBOX_FAILED }, { "16", OUTBOX_FAILED } };

	for (size_t i = 0; i < LEN(words); i++)
		if (str_is(word, words[i].word))
			return words[i].state;
	return OUTBOX_WAITING;
}

/* retry.c - whether and when a message is tried again. */
#include "retry.h"

#include <string.h>
#include <time.h>

#include "clock.h"

const int retry_webhook[] = { 5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 0 };
const int retry_email[] = { 60, 5 * 60, 15 * 60, 30 * 60, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600,
	3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 0 };
const int retry_sms[] = { 5, 30, 2 * 60, 10 * 60, 30 * 60, 0 };

int64_t
retry_wait(const int *schedule, int64_t tries, int64_t after, double luck)
{
	int64_t wait;

	for (int64_t i = 0; i < tries; i++)
		if (schedule[i] == 0)
			return 0;
	if (schedule[tries] == 0)
		return 0;
	wait = (int64_t)schedule[tries] * SECOND_MS;
	wait += (int64_t)((double)wait * 0.2 * (2 * luck - 1));
	if (after > RETRY_AFTER_MOST_MS)
		after = RETRY_AFTER_MOST_MS;
	if (wait < after) /* never earlier than asked */
		wait = after + (int64_t)((double)after * 0.2 * luck);
	return wait;
}

/* The three forms of RFC 9110, 5.6.7; all of them mean GMT. */
static bool
http_date(const char *text, time_t *out)
{
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %e %H:%M:%S %Y" };

	for (size_t i = 0; i < LEN(forms); i++) {
		struct tm tm = { .tm_isdst = 0 };
		const char *end = strptime(text, forms[i], &tm);

		if (end != NULL && *end == '\0') {
			*out = timegm(&tm);
			return true;
		}
	}
	return false;
}

bool
retry_after(struct str value, int64_t now, int64_t *ms)
{
	char text[64];
	size_t digits = 0;
	time_t at;

	value = str_trim(value);
	while (digits < value.n && value.p[digits] >= '0' && value.p[digits] <= '9')
		digits++;
	if (value.n == 0 || value.n >= sizeof(text) || memchr(value.p, '\0', value.n) != NULL)
		return false;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	if (digits == value.n) {
		int64_t seconds = 0;

		for (size_t i = 0; i < digits && seconds < RETRY_AFTER_MOST_MS; i++)
			seconds = seconds * 10 + (text[i] - '0');
		*ms = seconds * SECOND_MS;
	} else if (http_date(text, &at)) {
		*ms = (int64_t)at * SECOND_MS - now;
	} else {
		return false;
	}
	*ms = *ms < 0 ? 0 : *ms > RETRY_AFTER_MOST_MS ? RETRY_AFTER_MOST_MS : *ms;
	return true;
}

bool
retry_refuses(const struct message *m, int64_t now, struct settled *s)
{
	*s = (struct settled){ .message = m };
	if (m->expires <= now) {
		s->state = OUTBOX_EXPIRED;
		s->reason = S("expired");
		return true;
	}
	if (m->claims > POISON_CLAIMS) {
		s->state = OUTBOX_DEAD;
		s->reason = S("poison");
		s->detail = S("claimed again and again, and nobody lived to settle it");
		return true;
	}
	return false;
}

static void
try_again(const struct channel *c, const struct message *m, int64_t now, int64_t after, double luck,
    struct settled *s)
{
	int64_t wait = retry_wait(c->schedule, m->tries, after, luck);

	if (wait == 0) {
		s->state = OUTBOX_DEAD;
		return;
	}
	s->state = OUTBOX_WAITING;
	s->due = now + wait < m->expires ? now + wait : m->expires;
}

void
retry_settle(const struct channel *c, const struct message *m, const struct verdict *v, int64_t now,
    double luck, struct settled *s)
{
	*s = (struct settled){ .message = m,
		.code = v->code,
		.reason = str(v->reason),
		.detail = str(v->detail),
		.reference = str(v->reference),
		.counts = true };
	switch (v->outcome) {
	case OUTCOME_SENT:
		s->state = OUTBOX_SENT;
		s->counts = false;
		s->reason = s->detail = S(""); /* these tell of failures */
		break;
	case OUTCOME_RETRY:
		try_again(c, m, now, v->retry_after, luck, s);
		break;
	case OUTCOME_FAILED:
		s->state = OUTBOX_FAILED;
		break;
	case OUTCOME_UNSURE:
		s->state = OUTBOX_UNSURE;
		break;
	case OUTCOME_SUPPRESSED:
		s->state = OUTBOX_SUPPRESSED;
		s->counts = false;
		break;
	}
}

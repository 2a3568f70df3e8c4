/*
 * alert.h - what a duty officer publishes, in the words of CAP 1.2.
 *
 * An alert is written once and never changed: an Update, a Cancel or an
 * all-clear (an Update whose response type is AllClear) is an alert of its own
 * that refers to what it replaces.  `first` names the chain.  Writing one
 * writes its feed item, its event for open pages and its fan-out in the same
 * transaction; the dispatcher does the rest (fanout.h).
 *
 * OASIS Common Alerting Protocol 1.2 (2010); enum values stand in the order of
 * urgency, so that "at least Moderate" is a comparison.
 */
#ifndef MUSTER_ALERT_H
#define MUSTER_ALERT_H

#include "arena.h"
#include "db.h"
#include "outbox.h"

enum msg_type { MSG_ALERT, MSG_UPDATE, MSG_CANCEL };
enum severity { SEVERITY_MINOR = 1, SEVERITY_MODERATE, SEVERITY_SEVERE, SEVERITY_EXTREME };
enum urgency { URGENCY_PAST = 1, URGENCY_FUTURE, URGENCY_EXPECTED, URGENCY_IMMEDIATE };
enum certainty { CERTAINTY_UNLIKELY = 1, CERTAINTY_POSSIBLE, CERTAINTY_LIKELY, CERTAINTY_OBSERVED };
/* CAP's category and responseType; NULL-terminated tables of their words in alert.c. */
extern const char *const alert_categories[], *const alert_responses[];

enum { ALERT_TITLE_MAX = 140, ALERT_MESSAGE_MAX = 4000, ALERT_EVENT_MAX = 35, ALERT_LANGUAGES_MAX = 12 };

/* Where it goes beside pages and feed, as a mask: 1 << CHANNEL_EMAIL …; in-app
 * is always on. */
typedef unsigned channel_mask;

struct alert_text {
	struct str language; /* BCP 47: "en", "ro" */
	struct str title, message, instruction;
};

struct alert {
	int64_t id, first, replaces; /* first: of its chain (its own id where it begins one); replaces: 0 or
					the one before */
	int64_t sequence;            /* the write sequence of its making */
	struct str identifier;       /* CAP's: "muster.HOST.20261128093000.42" */
	struct str references;       /* CAP's triplets; empty for an Alert */
	struct str by;               /* who published it */
	enum msg_type type;
	enum severity severity;
	enum urgency urgency;
	enum certainty certainty;
	struct str category, response, event;
	bool exercise;
	bool all_clear;
	channel_mask channels;
	struct str *locations; /* "city-CJ", "country-RO" */
	size_t nlocations;
	struct alert_text *texts; /* the first is the main one */
	size_t ntexts;
	int64_t sent_at, not_before, expires_at; /* unix ms; not_before: 0 or when delivery begins */
	int64_t replaced_by;                     /* 0, or the Update or Cancel that took its place */
	int64_t recipients;                      /* how many were foreseen when it was published */
};

const char *severity_name(enum severity);         /* "Severe" */
const char *urgency_name(enum urgency);           /* "Immediate" */
const char *certainty_name(enum certainty);       /* "Likely" */
const char *msg_type_name(enum msg_type);         /* "Alert", "Update", "Cancel" */
bool severity_named(struct str, enum severity *); /* any case; the same below */
bool urgency_named(struct str, enum urgency *);
bool certainty_named(struct str, enum certainty *);

/* W.  Publishes: gives it id, sequence, identifier, sent_at, references,
 * recipients and writes alert, feed item, event, fan-out.  What was parsed is
 * expected to be valid.  With `replaces` set it takes the place of that one,
 * whose chain, audience and channels it has.  ERR_CONFLICT: that one has been
 * replaced already, or is a Cancel. */
enum err alert_publish(struct db *, struct arena *, struct alert *);

/* ERR_NOT_FOUND. */
enum err alert_get(struct db *, struct arena *, int64_t id, struct alert *);

/* The newest first; `before` is a sequence (0: from the newest).  active: not
 * expired, not replaced, not a Cancel. */
enum err alert_list(
    struct db *, struct arena *, bool active, int64_t before, size_t limit, struct alert **, size_t *n);

bool alert_is_active(const struct alert *, int64_t now);

/* The text for a reader of that language: the same language, the same primary
 * subtag, or the main one. */
const struct alert_text *alert_text_for(const struct alert *, struct str language);

/* Urgent: immediate or expected, and severe or extreme.  Critical ones pass quiet hours. */
enum outbox_lane alert_lane(const struct alert *);
bool alert_is_critical(const struct alert *); /* Extreme or Severe, Immediate, not an exercise */

#endif

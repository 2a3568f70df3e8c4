/*
 * alert.h - what a duty officer publishes, in the words of CAP 1.2.
 *
 * An alert is written once and never changed: an Update, a Cancel or an
 * all-clear (an Update whose response type is AllClear) is an alert of its own
 * that refers to what it replaces.  `first` names the chain.  Writing one
 * writes its feed item, its event for open pages and its fan-out in the same
 * transaction; the dispatcher does the rest (fanout.h).
 *
 * An alert with a `not_before` to come is scheduled: in no public list, feed or
 * event and sent to nobody until the dispatcher makes it public (public_at),
 * which gives it its sequence, sent_at and identifier.  What replaces a public
 * one always begins at once.  To cancel a scheduled one withdraws it: neither it
 * nor the Cancel is ever public.  To update one begins a new chain, an Alert,
 * for nobody has heard of the old one.
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

enum {
	ALERT_TITLE_MAX = 140,
	ALERT_MESSAGE_MAX = 4000,
	ALERT_EVENT_MAX = 35,
	ALERT_LANGUAGES_MAX = 12,
	ALERT_LOCATIONS_MAX = 50,
	ALERT_CHAIN_MAX = 100 /* of a chain: so many are shown, and referred to */
};

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
	int64_t sent_at, not_before, expires_at; /* unix ms; not_before: 0 or when it becomes public */
	int64_t public_at;                       /* 0: scheduled, or withdrawn before it was public */
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

/* W.  Publishes: gives it id, sequence, identifier, sent_at, public_at, references,
 * recipients and writes alert, feed item, event, fan-out.  What was parsed is
 * expected to be valid.  With `replaces` set it takes the place of that one: it
 * has that one's chain, locations, channels and exercise, and whatever else is 0
 * or empty (texts, scales, event, category, response) is that one's too; an
 * expires_at of 0 is that one's or, for a Cancel or all-clear, a day from now if
 * that is later.  ERR_NOT_FOUND; ERR_CONFLICT: that one has been replaced
 * already, or is a Cancel. */
enum err alert_publish(struct db *, struct arena *, struct alert *);

/* W.  Makes a scheduled one public: what publishing would have done.  For
 * fanout.c, when its time has come. */
enum err alert_go_public(struct db *, struct arena *, struct alert *);

/* ERR_NOT_FOUND.  Also those that are not public: see public_at. */
enum err alert_get(struct db *, struct arena *, int64_t id, struct alert *);

/* Public ones, the newest first; `before` is a sequence (0: from the newest).
 * active: not expired, not replaced, not a Cancel. */
enum err alert_list(
    struct db *, struct arena *, bool active, int64_t before, size_t limit, struct alert **, size_t *n);

/* Those that wait for their time, the next one first. */
enum err alert_scheduled(struct db *, struct arena *, size_t limit, struct alert **, size_t *n);

/* The public ones of the chain that `id` belongs to, the newest first.  ERR_NOT_FOUND. */
enum err alert_chain(struct db *, struct arena *, int64_t id, struct alert **, size_t *n);

/* W.  Takes up to `limit` expired ones out of the active; they were not listed anyway. */
enum err alert_sweep(struct db *, struct arena *, size_t limit);

/* All-clear, Update, Cancel or Alert, as the feed has it: "alert", "update",
 * "all-clear", "cancel". */
const char *alert_kind(const struct alert *);

/* CAP's sender: the host that was in site.url when it was sent. */
struct str alert_sender(const struct alert *);

/* A time as CAP has it, in UTC: "2026-11-28T09:30:00-00:00". */
struct str alert_cap_time(struct arena *, int64_t at);

bool alert_is_active(const struct alert *, int64_t now);

/* The text for a reader of that language: the same language, the same primary
 * subtag, or the main one. */
const struct alert_text *alert_text_for(const struct alert *, struct str language);

/* Urgent: immediate or expected, and severe or extreme.  Critical ones pass quiet hours. */
enum outbox_lane alert_lane(const struct alert *);
bool alert_is_critical(const struct alert *); /* Extreme or Severe, Immediate, not an exercise */

#endif

/* alertcheck_test.c - silent after what is done by the rules, loud after each kind of tampering. */
#include "alerts.h"

#include "fanout.h"
#include "hash.h"
#include "key.h"

/* A chain of two, one that is scheduled, one withdrawn, all expanded. */
STORE_TEST(what_is_done_by_the_rules_agrees)
{
	struct alert al = published(flood()), later = flood();
	bool more = true;
	int64_t next;

	assert_alerts_agree();
	replaced(&al, MSG_UPDATE);
	later.not_before = NOW + HOUR_MS;
	published(later);
	al = published(later);
	replaced(&al, MSG_CANCEL);
	assert_alerts_agree();
	while (more)
		assert_int_equal(fanout_step(db, mem, 10, &more, &next), OK);
	assert_alerts_agree();
	at(NOW + HOUR_MS);
	assert_alerts_agree();
	assert_int_equal(fanout_step(db, mem, 10, &more, &next), OK);
	assert_alerts_agree();
	at(NOW + 9 * HOUR_MS);
	assert_alerts_agree();
	assert_int_equal(alert_sweep(db, mem, 1), OK);
	assert_alerts_agree();
}

/* 1 is updated by 2; 3 is scheduled. */
static const struct tampering {
	enum { RANK, UNRANK, FIELD, GONE } how;
	const char *key, *member, *value;
	double score;
} tamperings[] = {
	{ UNRANK, "alerts", "1", NULL, 0 },
	{ RANK, "alerts", "2", NULL, 77 },
	{ UNRANK, "alerts:active", "2", NULL, 0 },
	{ RANK, "alerts:active", "1", NULL, NOW + 2 * HOUR_MS },
	{ UNRANK, "alerts:scheduled", "3", NULL, 0 },
	{ UNRANK, "fanouts", "3", NULL, 0 },
	{ RANK, "fanouts", "1", NULL, NOW },
	{ RANK, "fanouts", "x", NULL, NOW },
	{ UNRANK, "notifications:feed", "1", NULL, 0 },
	{ RANK, "notifications:feed", "99", NULL, 99 },
	{ UNRANK, "notifications:superseded", "1", NULL, 0 },
	{ FIELD, "feed:1", "superseded_by", "0", 0 },
	{ FIELD, "feed:2", "alert", "1", 0 },
	{ FIELD, "alert:1", "replaced_by", "3", 0 },
	{ FIELD, "alert:2", "expires_at", "99999999", 0 },
	{ FIELD, "alert:2", "texts", "[]", 0 },
	{ RANK, "alert:1:recipients", "7", NULL, 4 },
	{ GONE, "alert:2", NULL, NULL, 0 },
	{ GONE, "feed:1", NULL, NULL, 0 },
};

static void
tamper(const struct tampering *t)
{
	if (t->how == RANK)
		assert_int_equal(zset_add(db, str(t->key), str(t->member), t->score), OK);
	else if (t->how == UNRANK)
		assert_int_equal(zset_rem(db, str(t->key), str(t->member)), OK);
	else if (t->how == FIELD)
		assert_int_equal(
		    hash_set(db, str(t->key), &(struct field){ str(t->member), str(t->value) }, 1), OK);
	else
		assert_true(key_del(db, str(t->key)));
}

STORE_TEST(every_tampering_is_told)
{
	struct alert al = published(flood()), later = flood();

	replaced(&al, MSG_UPDATE);
	later.not_before = NOW + HOUR_MS;
	published(later);
	assert_alerts_agree();
	for (size_t i = 0; i < LEN(tamperings); i++) {
		db_savepoint(db);
		tamper(&tamperings[i]);
		if (alert_differences(false) == 0)
			fail_msg("tampering %zu was not told", i);
		db_undo(db);
	}
	assert_alerts_agree();
}

/* intent_test.c - intentions, from announcement to end; the places follow at each step. */
#include "shelters.h"

#include "code.h"

static struct shelter s;

/* The store's own word on both numbers and on everything else. */
static void
now_is(int64_t availability, int64_t projected)
{
	numbers_are("RO-CJ-01", availability, projected);
	assert_all_agree();
}

static enum err
loads(struct str code)
{
	struct intent in;

	return intent_load(db, mem, code, &in);
}

static enum err
ended(const struct intent *in, const char *kind)
{
	return intent_end(db, mem, &s, in, &(struct change){ .kind = kind });
}

static size_t
listed(void)
{
	struct intent *all;
	size_t n;

	assert_int_equal(intent_list(db, mem, s.id, 100, &all, &n), OK);
	return n;
}

STORE_TEST(announcing_takes_places_from_the_projected_number_alone)
{
	struct intent in;

	s = made("RO-CJ-01", 50);
	in = announced(&s, 4);
	assert_int_equal(in.code.n, CODE_LENGTH);
	assert_int_equal(in.created_at, NOW);
	assert_int_equal(in.expires_at, NOW + INTENT_MS);
	assert_int_equal(s.expected, 4);
	now_is(50, 46);
	announced(&s, 46);
	now_is(50, 0);
}

STORE_TEST(more_than_the_places_left_is_a_conflict_and_nothing_is_done)
{
	struct intent in = { .shelter = S("RO-CJ-01"), .people = 3 };

	s = made("RO-CJ-01", 10);
	announced(&s, 8);
	assert_int_equal(intent_announce(db, mem, &s, &in), ERR_CONFLICT);
	assert_int_equal(s.expected, 8);
	assert_int_equal(listed(), 1);
	now_is(10, 2);
	in.people = 2;
	assert_int_equal(intent_announce(db, mem, &s, &in), OK);
	now_is(10, 0);
}

STORE_TEST(an_unknown_capacity_takes_everybody)
{
	s = made("RO-CJ-01", UNKNOWN);
	announced(&s, 50);
	announced(&s, 50);
	assert_int_equal(stored("RO-CJ-01").expected, 100);
	assert_int_equal(counter("RO-CJ-01", "-projected"), UNKNOWN);
	assert_all_agree();
}

STORE_TEST(a_closed_or_full_shelter_takes_nobody_and_one_on_standby_does)
{
	static const struct {
		enum status status;
		bool takes;
	} cases[] = { { STATUS_OPEN, true }, { STATUS_STANDBY, true }, { STATUS_CLOSED, false },
		{ STATUS_FULL, false } };

	for (size_t i = 0; i < LEN(cases); i++) {
		struct shelter one = { .capacity = UNKNOWN, .status = cases[i].status };

		assert_int_equal(shelter_takes(&one, 1), cases[i].takes);
		one.capacity = 10;
		assert_int_equal(shelter_takes(&one, 10), cases[i].takes);
		assert_false(shelter_takes(&one, 11));
	}
}

STORE_TEST(what_was_told_is_kept_for_the_door)
{
	struct intent in = { .shelter = S("RO-CJ-01"),
		.people = 4,
		.needs = S("step-free, medicine"),
		.name = S("Ioana Șerban"),
		.phone = S("0712 345 678") };
	struct intent out;

	s = made("RO-CJ-01", 10);
	assert_int_equal(intent_announce(db, mem, &s, &in), OK);
	assert_int_equal(intent_load(db, mem, in.code, &out), OK);
	assert_bytes(out.shelter, in.shelter);
	assert_int_equal(out.people, 4);
	assert_bytes(out.needs, in.needs);
	assert_bytes(out.name, in.name);
	assert_bytes(out.phone, in.phone);
	assert_int_equal(out.expires_at, in.expires_at);
}

STORE_TEST(changing_moves_the_places_by_the_difference)
{
	struct intent in;

	s = made("RO-CJ-01", 10);
	in = announced(&s, 4);
	assert_int_equal(intent_change(db, mem, &s, &in, 9), OK);
	now_is(10, 1);
	assert_int_equal(intent_change(db, mem, &s, &in, 2), OK);
	now_is(10, 8);
	assert_int_equal(intent_load(db, mem, in.code, &in), OK);
	assert_int_equal(in.people, 2);
}

STORE_TEST(changing_to_the_same_number_is_no_change)
{
	struct intent in;
	int64_t sequence;

	s = made("RO-CJ-01", 10);
	in = announced(&s, 4);
	sequence = db_sequence(db);
	assert_int_equal(intent_change(db, mem, &s, &in, 4), OK);
	assert_int_equal(db_sequence(db), sequence);
	now_is(10, 6);
}

STORE_TEST(changing_to_more_than_there_is_room_for_keeps_what_was)
{
	struct intent in;

	s = made("RO-CJ-01", 10);
	in = announced(&s, 4);
	announced(&s, 5);
	assert_int_equal(intent_change(db, mem, &s, &in, 6), ERR_CONFLICT);
	assert_int_equal(in.people, 4);
	now_is(10, 1);
	assert_int_equal(intent_change(db, mem, &s, &in, 5), OK);
	now_is(10, 0);
}

STORE_TEST(fewer_may_come_although_the_shelter_is_closed_meanwhile)
{
	struct intent in;
	struct shelter closed;

	s = made("RO-CJ-01", 10);
	in = announced(&s, 4);
	closed = s;
	closed.status = STATUS_CLOSED;
	assert_int_equal(shelter_save(db, mem, &s, &closed, &by_staff), OK);
	s = closed;
	assert_int_equal(intent_change(db, mem, &s, &in, 5), ERR_CONFLICT);
	assert_int_equal(intent_change(db, mem, &s, &in, 3), OK);
	now_is(10, 7);
}

STORE_TEST(cancelling_and_rejecting_give_the_places_back_and_forget_the_code)
{
	static const char *const kinds[] = { "cancel", "reject" };

	s = made("RO-CJ-01", 10);
	for (size_t i = 0; i < LEN(kinds); i++) {
		struct intent in = announced(&s, 4);

		assert_int_equal(ended(&in, kinds[i]), OK);
		assert_int_equal(loads(in.code), ERR_NOT_FOUND);
		assert_false(key_exists(db, arena_strf(mem, "intent:%s", in.code.p)));
		now_is(10, 10);
	}
}

STORE_TEST(arriving_moves_both_numbers_for_fewer_as_many_or_more)
{
	struct intent in;

	s = made("RO-CJ-01", 20);
	in = announced(&s, 4);
	assert_int_equal(intent_arrive(db, mem, &s, &in, 4, S("ana")), OK);
	now_is(16, 16);
	in = announced(&s, 4);
	assert_int_equal(intent_arrive(db, mem, &s, &in, 1, S("ana")), OK);
	now_is(15, 15);
	in = announced(&s, 4);
	assert_int_equal(intent_arrive(db, mem, &s, &in, 30, S("ana")), OK);
	now_is(-15, -15);
	assert_int_equal(loads(in.code), ERR_NOT_FOUND);
	assert_int_equal(stored("RO-CJ-01").occupancy, 35);
}

STORE_TEST(an_intention_is_gone_for_its_holder_at_the_millisecond_its_time_is_over)
{
	struct intent in;

	s = made("RO-CJ-01", 10);
	in = announced(&s, 4);
	at(NOW + INTENT_MS - 1);
	assert_int_equal(loads(in.code), OK);
	assert_int_equal(listed(), 1);
	at(NOW + INTENT_MS);
	assert_int_equal(loads(in.code), ERR_NOT_FOUND);
	assert_int_equal(listed(), 0);
	assert_all_agree();
}

STORE_TEST(places_of_ended_intentions_are_free_for_the_next_who_announces)
{
	struct intent late;

	s = made("RO-CJ-01", 10);
	announced(&s, 10);
	at(NOW + INTENT_MS);
	late = announced(&s, 10);
	assert_int_equal(loads(late.code), OK);
	now_is(10, 0);
	assert_int_equal(listed(), 1);
}

STORE_TEST(places_of_ended_intentions_are_free_for_one_that_grows)
{
	struct intent in;

	s = made("RO-CJ-01", 10);
	announced(&s, 5);
	at(NOW + 1000);
	in = announced(&s, 5);
	at(NOW + INTENT_MS);
	assert_int_equal(intent_change(db, mem, &s, &in, 10), OK);
	now_is(10, 0);
}

STORE_TEST(expiring_takes_the_due_ones_and_leaves_the_others)
{
	struct intent live;

	s = made("RO-CJ-01", 500);
	for (int i = 0; i < 150; i++) /* more than one page of them */
		announced(&s, 2);
	at(NOW + 1000);
	live = announced(&s, 7);
	at(NOW + INTENT_MS);
	assert_int_equal(intent_expire(db, mem, &s), OK);
	assert_int_equal(s.expected, 7);
	assert_int_equal(loads(live.code), OK);
	now_is(500, 493);
	assert_int_equal(intent_expire(db, mem, &s), OK);
	now_is(500, 493);
}

STORE_TEST(the_dispatcher_ends_those_of_all_shelters_a_part_at_a_time)
{
	struct shelter other;
	size_t n = 1;

	s = made("RO-CJ-01", 100);
	other = made("RO-CJ-02", 100);
	for (int i = 0; i < 20; i++) {
		announced(&s, 1);
		announced(&other, 2);
	}
	at(NOW + INTENT_MS - 1);
	assert_int_equal(intent_expire_all(db, mem, 5, &n), OK);
	assert_int_equal(n, 0);
	at(NOW + INTENT_MS);
	for (int turns = 0; n > 0 || turns == 0; turns++) {
		assert_true(turns < 20);
		assert_int_equal(intent_expire_all(db, mem, 5, &n), OK);
		assert_all_agree();
	}
	numbers_are("RO-CJ-01", 100, 100);
	numbers_are("RO-CJ-02", 100, 100);
}

STORE_TEST(the_list_of_the_door_begins_with_the_next_to_end)
{
	struct intent first, second, *all;
	size_t n;

	s = made("RO-CJ-01", 100);
	first = announced(&s, 1);
	at(NOW + 1);
	second = announced(&s, 2);
	assert_int_equal(intent_list(db, mem, s.id, 10, &all, &n), OK);
	assert_int_equal(n, 2);
	assert_bytes(all[0].code, first.code);
	assert_bytes(all[1].code, second.code);
	assert_int_equal(intent_list(db, mem, s.id, 1, &all, &n), OK);
	assert_int_equal(n, 1);
}

STORE_TEST(a_code_that_was_never_given_out_is_not_found)
{
	s = made("RO-CJ-01", 100);
	assert_int_equal(loads(code_make(mem)), ERR_NOT_FOUND);
	assert_int_equal(loads(S("")), ERR_NOT_FOUND);
}

STORE_TEST(the_ledger_keeps_neither_name_nor_phone)
{
	struct intent in = {
		.shelter = S("RO-CJ-01"), .people = 4, .name = S("Ioana"), .phone = S("0712345678")
	};

	s = made("RO-CJ-01", 10);
	assert_int_equal(intent_announce(db, mem, &s, &in), OK);
	assert_int_equal(ended(&in, "cancel"), OK);
	assert_null(strstr(hash_text("RO-CJ-01:ledger").p, "Ioana"));
	assert_null(strstr(hash_text("RO-CJ-01:ledger").p, "0712345678"));
	assert_non_null(strstr(hash_text("RO-CJ-01:ledger").p, "\"kind\":\"announce\""));
	assert_non_null(strstr(hash_text("RO-CJ-01:ledger").p, "\"kind\":\"cancel\""));
}

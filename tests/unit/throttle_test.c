/* throttle_test.c - what throttle.h promises. */
#include "http.h"

#include "key.h"
#include "throttle.h"

enum { LIMIT = 3, WINDOW = 60000 };

#define BUCKET S("throttle:code:192.0.2.1")

static void
fails_once(void)
{
	next_request();
	throttle_note(&rq, BUCKET, WINDOW);
	throttle_record(&rq);
}

static enum err
check(void)
{
	next_request();
	return throttle_check(&rq, BUCKET, LIMIT);
}

HTTP_STORE_TEST(failures_up_to_the_limit_are_let_pass_and_then_no_more)
{
	for (int i = 0; i < LIMIT; i++) {
		assert_int_equal(check(), OK);
		fails_once();
	}
	assert_int_equal(check(), ERR_TOO_MANY);
	assert_true(strlen(rq.detail) > 0);
}

HTTP_STORE_TEST(checking_alone_counts_nothing)
{
	for (int i = 0; i < 10; i++)
		assert_int_equal(check(), OK);
	assert_false(key_exists(db, BUCKET));
}

HTTP_STORE_TEST(a_noted_failure_counts_only_once_it_is_recorded)
{
	for (int i = 0; i < LIMIT; i++) {
		next_request();
		throttle_note(&rq, BUCKET, WINDOW);
	}
	assert_int_equal(check(), OK);
}

HTTP_STORE_TEST(the_window_begins_with_the_first_failure_and_ends_for_all)
{
	fails_once();
	at(NOW + WINDOW - 1);
	for (int i = 1; i < LIMIT; i++)
		fails_once();
	assert_int_equal(check(), ERR_TOO_MANY);
	at(NOW + WINDOW);
	assert_int_equal(check(), OK);
	fails_once();
	assert_int_equal(key_expires(db, BUCKET), NOW + 2 * WINDOW);
}

HTTP_STORE_TEST(each_bucket_counts_alone)
{
	for (int i = 0; i < LIMIT; i++)
		fails_once();
	next_request();
	assert_int_equal(throttle_check(&rq, S("throttle:code:192.0.2.2"), LIMIT), OK);
}

HTTP_STORE_TEST(one_request_may_note_several_failures)
{
	throttle_note(&rq, BUCKET, WINDOW);
	throttle_note(&rq, S("throttle:user:ana"), WINDOW);
	throttle_note(&rq, BUCKET, WINDOW);
	throttle_record(&rq);
	assert_int_equal(throttle_check(&rq, BUCKET, 2), ERR_TOO_MANY);
	assert_int_equal(throttle_check(&rq, S("throttle:user:ana"), 2), OK);
}

/* ---- networks -------------------------------------------------------------------------- */

static struct str
network(const char *address)
{
	rq.address = str(address);
	return throttle_network(&rq);
}

HTTP_TEST(an_ipv4_address_is_a_network_of_its_own)
{
	assert_str(network("192.0.2.1"), "192.0.2.1");
}

HTTP_TEST(ipv6_addresses_of_one_64_are_one_network)
{
	struct str a = network("2001:db8:1:2:3:4:5:6"), b = network("2001:db8:1:2::1"),
		   c = network("2001:db8:1:3::1");

	assert_bytes(a, b);
	assert_false(str_eq(a, c));
}

HTTP_TEST(ipv4_addresses_inside_ipv6_are_networks_of_their_own)
{
	struct str a = network("::ffff:192.0.2.1"), b = network("::ffff:192.0.2.2");

	assert_false(str_eq(a, b));
	assert_bytes(a, network("192.0.2.1"));
}

HTTP_TEST(a_caller_without_an_address_has_a_network_too)
{
	assert_str(network("unix:"), "unix:");
	rq.address = (struct str){ NULL, 0 };
	assert_int_equal(throttle_network(&rq).n, 0);
}

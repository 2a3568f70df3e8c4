/* throttle.c - a bound on failed tries. */
#include "throttle.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "clock.h"
#include "key.h"
#include "value.h"

enum err
throttle_check(struct req *rq, struct str bucket, int64_t limit)
{
	int64_t failures = 0;

	if (string_get_int(rq->db, bucket, &failures) != OK || failures < limit)
		return OK;
	rq->retry_after = (key_expires(rq->db, bucket) - db_now(rq->db) + SECOND_MS - 1) / SECOND_MS;
	return fail(rq, ERR_TOO_MANY, "Too many failed tries. Try again in %lld min.",
	    (long long)(rq->retry_after + 59) / 60);
}

void
throttle_note(struct req *rq, struct str bucket, int64_t window_ms)
{
	struct note *n = arena_alloc(rq->arena, sizeof(*n));

	*n = (struct note){ bucket, window_ms, rq->notes };
	rq->notes = n;
}

void
throttle_record(struct req *rq)
{
	int64_t failures;

	for (const struct note *n = rq->notes; n != NULL; n = n->next)
		if (string_incr(rq->db, n->key, 1, &failures) == OK && failures == 1)
			key_expire_at(rq->db, n->key, db_now(rq->db) + n->window_ms);
}

struct str
throttle_network(struct req *rq)
{
	struct in6_addr six;

	if (rq->address.n == 0 || inet_pton(AF_INET6, rq->address.p, &six) != 1)
		return rq->address;
	if (IN6_IS_ADDR_V4MAPPED(&six)) /* as a socket for both families gives it */
		return arena_strf(rq->arena, "%d.%d.%d.%d", six.s6_addr[12], six.s6_addr[13], six.s6_addr[14],
		    six.s6_addr[15]);
	return arena_strf(rq->arena, "%02x%02x:%02x%02x:%02x%02x:%02x%02x", six.s6_addr[0], six.s6_addr[1],
	    six.s6_addr[2], six.s6_addr[3], six.s6_addr[4], six.s6_addr[5], six.s6_addr[6], six.s6_addr[7]);
}

/*
 * /health - whether a handler can read the store.
 *
 *	GET /health   200 {"status":"ok"}; 503 otherwise
 */
#include "serve.h"

static enum err
show(struct req *rq, struct res *rs)
{
	struct json j;

	db_sequence(rq->db); /* a failing read turns the answer into 503 */
	rs->cache = "no-store";
	j = res_json(rs, 200);
	json_open(&j, '{');
	json_key_str(&j, "status", S("ok"));
	json_close(&j, '}');
	return OK;
}

static const struct route routes[] = {
	{ GET, "/health", PUBLIC, TX_READ, show },
};

int
main(void)
{
	return serve(routes, LEN(routes));
}

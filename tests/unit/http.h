/*
 * http.h - a request and an answer for each test.
 *
 * HTTP_TEST(...) { ... } has `rq` and `rs`, in the arena `mem`;
 * HTTP_STORE_TEST(...) a store beside them.
 */
#ifndef UNIT_HTTP_H
#define UNIT_HTTP_H

#include "store.h"

#include <json-c/json.h>

#include "match.h"
#include "request.h"
#include "response.h"

#define HTTP_TEST(name) TEST_WITH(name, http_setup, http_teardown)
#define HTTP_STORE_TEST(name) TEST_WITH(name, http_store_setup, http_store_teardown)

#define FORM_TYPE "application/x-www-form-urlencoded"

static struct req rq;
static struct res rs;

static inline void
http_begin(void)
{
	rq = (struct req){ .arena = mem, .db = db, .now = NOW };
	rs = (struct res){ 0 };
}

static inline void
http_end(void)
{
	json_object_put(rq.json);
	rq.json = NULL;
	buf_free(&rs.head);
	buf_free(&rs.body);
}

static inline int
http_setup(void **state)
{
	(void)state;
	mem = arena_new();
	http_begin();
	return 0;
}

static inline int
http_teardown(void **state)
{
	(void)state;
	http_end();
	arena_free(mem);
	return 0;
}

static inline int
http_store_setup(void **state)
{
	int rc = store_setup(state);

	http_begin();
	return rc;
}

static inline int
http_store_teardown(void **state)
{
	http_end();
	return store_teardown(state);
}

/* The next request, at the time of the store's clock. */
static inline void
next_request(void)
{
	http_end();
	http_begin();
	rq.now = db ? db_now(db) : NOW;
}

/* A body arrives; bytes that end with a NUL, as serve() reads them. */
static inline enum err
arrives(enum method method, enum face face, const char *type, struct str body)
{
	next_request();
	rq.method = method;
	rq.face = face;
	match_param(&rq, "CONTENT_TYPE", str(type));
	rq.body = arena_dup(mem, body);
	return match_body(&rq, false);
}

/* A good body, on either face. */
static inline void
json(const char *text)
{
	assert_int_equal(arrives(POST, FACE_JSON, "application/json", str(text)), OK);
}

static inline void
form(const char *text)
{
	assert_int_equal(arrives(POST, FACE_HTML, FORM_TYPE, str(text)), OK);
}

/* "name:missing age:range" */
static inline struct str
faults(void)
{
	struct str all = S("");

	for (const struct fault *f = rq.faults; f != NULL; f = f->next) {
		assert_true(strlen(f->message) > 0);
		all = arena_strf(mem, "%.*s%s%s:%s", FMT(all), all.n ? " " : "", f->field, f->code);
	}
	return all;
}

static inline struct str
text_of(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

#endif

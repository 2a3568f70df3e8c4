/* response.c - what leaves. */
#include "response.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STREAM_AT = 64 * 1024 };

void
res_header(struct res *rs, const char *name, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	buf_str(&rs->head, str(name));
	buf_str(&rs->head, S(": "));
	buf_str(&rs->head, str(text));
	buf_str(&rs->head, S("\r\n"));
}

struct json
res_json(struct res *rs, int status)
{
	rs->status = status;
	rs->rendered = true;
	rs->type = "application/json";
	return (struct json){ .out = &rs->body };
}

enum err
res_see_other(struct res *rs, const char *path)
{
	rs->status = 303;
	rs->rendered = true;
	rs->type = NULL;
	res_header(rs, "Location", "%s", path);
	return OK;
}

enum err
res_no_content(struct res *rs)
{
	rs->status = 204;
	rs->rendered = true;
	rs->type = NULL;
	return OK;
}

/* Weak or strong, one of a list, or "*" (RFC 9110, 13.1.2). */
static bool
names(struct str list, const char *tag)
{
	if (str_is(str_trim(list), "*"))
		return true;
	while (list.n) {
		struct str one = str_trim(str_cut(&list, ','));

		if (str_starts(one, "W/"))
			one.p += 2, one.n -= 2;
		if (str_is(one, tag))
			return true;
	}
	return false;
}

bool
res_fresh(const struct req *rq, struct res *rs, int64_t sequence)
{
	char tag[64];
	/* A page also shows ages, which move on by the minute. */
	if (rq->face == FACE_HTML)
		snprintf(
		    tag, sizeof(tag), "\"%lld.%lld\"", (long long)sequence, (long long)(rq->now / 60000));
	else
		snprintf(tag, sizeof(tag), "\"%lld\"", (long long)sequence);
	res_header(rs, "ETag", "%s", tag);
	if (rq->if_none_match.n == 0 || !names(rq->if_none_match, tag))
		return false;
	rs->status = 304;
	rs->rendered = true;
	rs->type = NULL;
	return true;
}

bool
res_same(const struct req *rq, struct res *rs)
{
	unsigned char hash[16];
	char hex[33], tag[36];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)rs->body.p, rs->body.n, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(tag, sizeof(tag), "\"%s\"", hex);
	res_header(rs, "ETag", "%s", tag);
	if (rq->if_none_match.n == 0 || !names(rq->if_none_match, tag))
		return false;
	rs->status = 304;
	rs->type = NULL;
	rs->body.n = 0;
	return true;
}

void
res_stream(struct res *rs)
{
	if (rs->body.n >= STREAM_AT && rs->flush != NULL)
		rs->flush(rs);
}

/*
 * json.h - writing JSON (RFC 8259) into a buffer.
 *
 * Commas and quotes are the writer's business; every text is escaped, also
 * '<', '>' and '&' so that JSON stays safe wherever it is shown.  Ill-formed
 * UTF-8 becomes U+FFFD.  A writer of our own, for json-c's tree costs 0.3 us a
 * field and lists are the hot path; reading is json-c's (request.h).
 */
#ifndef MUSTER_JSON_H
#define MUSTER_JSON_H

#include "buf.h"

struct json {
	struct buf *out;
	bool comma; /* the next value needs one in front */
};

void json_open(struct json *, char bracket);  /* '{' or '[' */
void json_close(struct json *, char bracket); /* '}' or ']' */
void json_key(struct json *, const char *key);

void json_str(struct json *, struct str);
void json_int(struct json *, int64_t);
void json_num(struct json *, double); /* shortest that reads back; NaN and infinities as null */
void json_flag(struct json *, bool);
void json_null(struct json *);
void json_raw(struct json *, struct str); /* a value that is JSON already */

void json_strs(struct json *, const struct str *list, size_t n); /* an array */

/* A key with its value. */
void json_key_str(struct json *, const char *key, struct str);
void json_key_int(struct json *, const char *key, int64_t);
void json_key_known(struct json *, const char *key, bool known, int64_t); /* null where not known */
void json_key_strs(struct json *, const char *key, const struct str *list, size_t n);
void json_key_position(struct json *, const char *key, bool known, double longitude, double latitude);
void json_key_given(struct json *, const char *key, struct str); /* null where empty */

#endif

/* err.c - errors: one table. */
#include "err.h"

static const struct err_words words[ERR__MAX] = {
	[OK] = { 200, "OK", "ok" },
	[ERR_MALFORMED] = { 400, "The request cannot be read", "malformed" },
	[ERR_LOGIN] = { 401, "Sign in first", "sign-in" },
	[ERR_FORBIDDEN] = { 403, "Not allowed", "forbidden" },
	[ERR_NOT_FOUND] = { 404, "Not found", "not-found" },
	[ERR_METHOD] = { 405, "This method does not work here", "method" },
	[ERR_CONFLICT] = { 409, "Conflict with the present state", "conflict" },
	[ERR_TYPE] = { 409, "The key holds another kind of value", "wrong-type" },
	[ERR_GONE] = { 410, "No longer here", "gone" },
	[ERR_PRECONDITION] = { 412, "Somebody changed it first", "precondition" },
	[ERR_TOO_LARGE] = { 413, "Too large", "too-large" },
	[ERR_MEDIA] = { 415, "This type of body is not read here", "media-type" },
	[ERR_INPUT] = { 422, "A field is missing or wrong", "invalid" },
	[ERR_TOO_MANY] = { 429, "Too many requests", "too-many" },
	[ERR_STORE] = { 503, "The store is not available", "store" },
	[ERR_BUSY] = { 503, "The store is busy", "busy" },
	[ERR_SUSPENDED] = { 503, "This site is paused", "suspended" },
};

const struct err_words *
err_words(enum err e)
{
	return &words[e >= 0 && e < ERR__MAX ? e : ERR_STORE];
}

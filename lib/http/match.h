/*
 * match.h - from a request's parameters to a route: parsing what arrived.
 *
 * Between serve.c, which owns the loop, and the handlers; a file of its own
 * so that tests and the fuzzer reach it without a socket.
 */
#ifndef MUSTER_MATCH_H
#define MUSTER_MATCH_H

#include "serve.h"

/* Takes one CGI parameter (REQUEST_METHOD, HTTP_HOST, …) into the request;
 * what is not known is passed over.  The value is borrowed. */
void match_param(struct req *, const char *name, struct str value);

/* Splits the request's URI into face, path and query.  ERR_MALFORMED. */
enum err match_uri(struct req *, struct str uri);

/* The route of path and method, its arguments in rq->arg.  ERR_NOT_FOUND;
 * ERR_METHOD with the list for Allow. */
enum err match_route(struct req *, const struct route *, size_t n, const struct route **, char **allow);

/* Reads the body by its type: form fields, or a JSON object.  `files`: other
 * types stay as they are.  A form's field _method makes a POST a PATCH or a
 * DELETE, for a page has no other way.  ERR_MEDIA, ERR_MALFORMED. */
enum err match_body(struct req *, bool files);

#endif

/*
 * err.h - what can go wrong for a user, as values.
 *
 * One table in err.c says which HTTP status and which words belong to each.
 */
#ifndef MUSTER_ERR_H
#define MUSTER_ERR_H

enum err {
	OK = 0,
	ERR_MALFORMED,    /* 400: cannot be read at all */
	ERR_LOGIN,        /* 401: nobody is signed in */
	ERR_FORBIDDEN,    /* 403: signed in, not allowed */
	ERR_NOT_FOUND,    /* 404: also: a key that does not exist */
	ERR_METHOD,       /* 405 */
	ERR_CONFLICT,     /* 409: against the present state */
	ERR_TYPE,         /* 409: the key holds another kind of value (WRONGTYPE) */
	ERR_GONE,         /* 410: it was there and was taken away */
	ERR_PRECONDITION, /* 412: If-Match named another version */
	ERR_TOO_LARGE,    /* 413 */
	ERR_MEDIA,        /* 415: a body of another type */
	ERR_INPUT,        /* 422: a field is missing or wrong; see req.faults */
	ERR_TOO_MANY,     /* 429 */
	ERR_STORE,        /* 503: the store failed (disk full, I/O): nothing was changed */
	ERR_BUSY,         /* 503: the store stayed locked past its bound */
	ERR_SUSPENDED,    /* 503: the tenant is paused by the server's operator */
	ERR__MAX
};

struct err_words {
	int status;        /* HTTP */
	const char *title; /* short, the same for every occurrence (RFC 9457) */
	const char *type;  /* the last part of the problem type's URI */
};

/* Never NULL; OK is 200. */
const struct err_words *err_words(enum err);

#endif

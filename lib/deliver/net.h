/*
 * net.h - which addresses are called on somebody's word, and what it means when
 * a call fails below HTTP.
 *
 * A webhook's URL is given by people who may not be trusted with the inside of
 * this network.  The address is looked at when the socket is opened, so it is
 * the very one that is used: names that resolve otherwise by then, numbers in
 * hexadecimal, "localhost" gain nothing.  Only addresses that the whole internet
 * can reach pass, and what the setting net.allow names.
 */
#ifndef MUSTER_NET_H
#define MUSTER_NET_H

#include <sys/socket.h>

#include "deliver.h"

enum { NET_RANGES = 64 };

/* A range of addresses; IPv4 ones lie within ::ffff:0:0/96. */
struct net_range {
	unsigned char bytes[16];
	int bits;
};

struct net {
	struct net_range allowed[NET_RANGES];
	size_t n;
};

/* Reads "10.0.0.0/8, 192.0.2.7, fd00::/8"; false: *wrong is what cannot be read,
 * or the first one too many.  Bits behind the prefix must be zero. */
bool net_parse(struct str list, struct net *, struct str *wrong);

/* May this one be called? */
bool net_may(const struct net *, const struct sockaddr *);

/* One call's own; `refused` tells why it could not connect. */
struct net_call {
	const struct net *net;
	bool refused;
};

/* http and https only, no redirects, no proxy; with a call also the check of
 * the address.  The call must live as long as the transfer. */
void net_guard(CURL *, struct net_call *);

/* True: there was no answer, and *v says what that means (RETRY, or FAILED for
 * a URL that can never be called).  False: a status came; it is in v->code, and
 * how the rest of the answer ended matters to nobody. */
bool net_failed(CURL *, CURLcode, const struct net_call *, struct verdict *v);

/* Retry-After among header lines as ms from `now`; 0: there is none. */
int64_t net_retry_after(const struct buf *head, int64_t now);

/* The beginning of what the other side says, as one line of text. */
void net_line(struct str, char *out, size_t size);

#endif

/* random.c - random bytes from the kernel. */
#include "random.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "log.h"

void
random_bytes(void *out, size_t n)
{
	char *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			die("getrandom: errno %d", errno);
		p += got;
		n -= (size_t)got;
	}
}

uint32_t
random_below(uint32_t bound)
{
	uint32_t v, limit = UINT32_MAX - UINT32_MAX % bound;

	do
		random_bytes(&v, sizeof(v));
	while (v >= limit);
	return v % bound;
}

void
random_name(char *out, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (size_t i = 0; i < n; i++)
		out[i] = letters[random_below(36)];
	out[n] = '\0';
}

void
random_token(char out[static 65])
{
	unsigned char bytes[32];

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

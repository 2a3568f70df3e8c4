/* link.c - addresses that only we can have given out. */
#include "link.h"

#include <sodium.h>

#include "outbox.h"

enum { MAC_BYTES = 20 };

struct str
link_hash(struct db *db, struct arena *a, struct str what, size_t bytes)
{
	struct str secret = tenant_secret(db, a);
	unsigned char out[crypto_generichash_BYTES_MAX];
	char *hex = arena_alloc(a, bytes * 2 + 1);

	crypto_generichash(
	    out, bytes, (const unsigned char *)what.p, what.n, (const unsigned char *)secret.p, secret.n);
	sodium_bin2hex(hex, bytes * 2 + 1, out, bytes);
	return (struct str){ hex, bytes * 2 };
}

static struct str
mac(struct db *db, struct arena *a, const char *purpose, int64_t id)
{
	return link_hash(db, a, arena_strf(a, "%s:%lld", purpose, (long long)id), MAC_BYTES);
}

struct str
link_token(struct db *db, struct arena *a, const char *purpose, int64_t id)
{
	struct str code = mac(db, a, purpose, id); /* dear: once */

	return arena_strf(a, "%lld-%.*s", (long long)id, FMT(code));
}

bool
link_verify(struct db *db, struct arena *a, const char *purpose, struct str token, int64_t *id)
{
	struct str number = str_cut(&token, '-'), want;

	if (!str_int(number, 1, INT64_MAX, id))
		return false;
	want = mac(db, a, purpose, *id);
	return token.n == want.n && sodium_memcmp(token.p, want.p, want.n) == 0;
}

/* net.c - which addresses are called on somebody's word. */
#include "net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "retry.h"
#include "utf8.h"

#define V4(a, b, c, d) 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d

enum { V4_BITS = 96 };

/* What the internet does not route to somebody else (IANA's registries of
 * special addresses), and what only looks like a host. */
static const struct net_range special_v4[] = {
	{ { V4(0, 0, 0, 0) }, V4_BITS + 8 },       /* "this network": 0.0.0.0 is loopback on Linux */
	{ { V4(10, 0, 0, 0) }, V4_BITS + 8 },      /* private */
	{ { V4(100, 64, 0, 0) }, V4_BITS + 10 },   /* carrier's NAT */
	{ { V4(127, 0, 0, 0) }, V4_BITS + 8 },     /* loopback */
	{ { V4(169, 254, 0, 0) }, V4_BITS + 16 },  /* link-local, with clouds' metadata */
	{ { V4(172, 16, 0, 0) }, V4_BITS + 12 },   /* private */
	{ { V4(192, 0, 0, 0) }, V4_BITS + 24 },    /* protocol assignments */
	{ { V4(192, 0, 2, 0) }, V4_BITS + 24 },    /* documentation */
	{ { V4(192, 88, 99, 0) }, V4_BITS + 24 },  /* 6to4 relays that were */
	{ { V4(192, 168, 0, 0) }, V4_BITS + 16 },  /* private */
	{ { V4(198, 18, 0, 0) }, V4_BITS + 15 },   /* benchmarks */
	{ { V4(198, 51, 100, 0) }, V4_BITS + 24 }, /* documentation */
	{ { V4(203, 0, 113, 0) }, V4_BITS + 24 },  /* documentation */
	{ { V4(224, 0, 0, 0) }, V4_BITS + 4 },     /* multicast */
	{ { V4(240, 0, 0, 0) }, V4_BITS + 4 },     /* reserved, broadcast */
};

/* Of IPv6 only 2000::/3 is handed out; of that, not these. */
static const struct net_range global_v6 = { { 0x20 }, 3 };
static const struct net_range special_v6[] = {
	{ { 0x20, 0x01, 0x00 }, 23 },       /* protocol assignments, Teredo among them */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
	{ { 0x3f, 0xff, 0x00 }, 20 },       /* documentation */
};

/* Forms that carry an IPv4 address; it stands behind `at` bytes. */
static const struct {
	struct net_range range;
	int at;
} carriers[] = {
	{ { { V4(0, 0, 0, 0) }, V4_BITS }, 12 }, { { { 0x00, 0x64, 0xff, 0x9b }, 96 }, 12 }, /* NAT64 */
	{ { { 0x20, 0x02 }, 16 }, 2 },                                                       /* 6to4 */
};

static bool
within(const struct net_range *r, const unsigned char address[static 16])
{
	int whole = r->bits / 8, rest = r->bits % 8;

	if (memcmp(r->bytes, address, (size_t)whole) != 0)
		return false;
	return rest == 0 || (r->bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static bool
within_any(const struct net_range *r, size_t n, const unsigned char address[static 16])
{
	for (size_t i = 0; i < n; i++)
		if (within(&r[i], address))
			return true;
	return false;
}

/* As ::ffff:a.b.c.d; false: it carries none. */
static bool
carried(const unsigned char address[static 16], unsigned char v4[static 16])
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	for (size_t i = 0; i < LEN(carriers); i++)
		if (within(&carriers[i].range, address)) {
			memcpy(v4, mapped, sizeof(mapped));
			memcpy(v4 + 12, address + carriers[i].at, 4);
			return true;
		}
	return false;
}

static bool
may(const struct net *net, const unsigned char address[static 16])
{
	unsigned char v4[16];
	bool has_v4 = carried(address, v4);

	if (within_any(net->allowed, net->n, address))
		return true;
	if (has_v4)
		return within_any(net->allowed, net->n, v4) || !within_any(special_v4, LEN(special_v4), v4);
	return within(&global_v6, address) && !within_any(special_v6, LEN(special_v6), address);
}

bool
net_may(const struct net *net, const struct sockaddr *to)
{
	unsigned char address[16] = { V4(0, 0, 0, 0) };

	if (to->sa_family == AF_INET)
		memcpy(address + 12, &((const struct sockaddr_in *)(const void *)to)->sin_addr, 4);
	else if (to->sa_family == AF_INET6)
		memcpy(address, &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr, 16);
	else
		return false;
	return may(net, address);
}

/* ---- the list of the allowed ---------------------------------------------- */

static bool
clean_behind(const struct net_range *r)
{
	for (int bit = r->bits; bit < 128; bit++)
		if (r->bytes[bit / 8] & 0x80 >> bit % 8)
			return false;
	return true;
}

static bool
parse_range(struct str text, struct net_range *r)
{
	struct str host = str_cut(&text, '/');
	bool has_bits = host.p + host.n != text.p || text.n > 0;
	char z[INET6_ADDRSTRLEN] = "";
	int64_t bits;
	int most = 128;

	*r = (struct net_range){ { V4(0, 0, 0, 0) }, 128 };
	if (host.n == 0 || host.n >= sizeof(z))
		return false;
	memcpy(z, host.p, host.n);
	if (inet_pton(AF_INET, z, r->bytes + 12) == 1)
		most = 32;
	else if (inet_pton(AF_INET6, z, r->bytes) != 1)
		return false;
	if (has_bits) {
		if (!str_int(text, 0, most, &bits))
			return false;
		r->bits = 128 - most + (int)bits;
	}
	return clean_behind(r);
}

bool
net_parse(struct str list, struct net *net, struct str *wrong)
{
	net->n = 0;
	while (list.n > 0) {
		struct str one = str_trim(str_cut(&list, ','));

		if (one.n == 0)
			continue;
		*wrong = one;
		if (net->n == NET_RANGES || !parse_range(one, &net->allowed[net->n]))
			return false;
		net->n++;
	}
	return true;
}

/* ---- a call ---------------------------------------------------------------- */

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct net_call *call = arg;

	if (purpose != CURLSOCKTYPE_IPCXN || !net_may(call->net, &to->addr)) {
		call->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

void
net_guard(CURL *easy, struct net_call *call)
{
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (call == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
}

static void
say(struct verdict *v, enum outcome outcome, bool hurts, const char *reason)
{
	v->outcome = outcome;
	v->hurts = hurts;
	snprintf(v->reason, sizeof(v->reason), "%s", reason);
}

bool
net_failed(CURL *easy, CURLcode rc, const struct net_call *call, struct verdict *v)
{
	long code = 0, sent = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
	v->code = (int)code;
	if (code >= 200)
		return false;
	v->code = 0; /* "100 Continue" and then nothing is no answer */
	snprintf(v->detail, sizeof(v->detail), "%s", curl_easy_strerror(rc));
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		say(v, OUTCOME_RETRY, true, "dns");
		break;
	case CURLE_COULDNT_CONNECT:
		if (call == NULL || !call->refused) {
			say(v, OUTCOME_RETRY, true, "connect");
			break;
		}
		/* Of several addresses one may be refused and another dead: also
		 * then, somebody has to look at it. */
		say(v, OUTCOME_FAILED, false, "address");
		snprintf(v->detail, sizeof(v->detail),
		    "the name leads to an address that net.allow does not name");
		break;
	case CURLE_OPERATION_TIMEDOUT:
		say(v, OUTCOME_RETRY, true, "timeout");
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_USE_SSL_FAILED:
		say(v, OUTCOME_RETRY, true, "tls");
		break;
	case CURLE_UNSUPPORTED_PROTOCOL:
		/* Also what comes of an answer that is no HTTP. */
		curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
		say(v, sent ? OUTCOME_RETRY : OUTCOME_FAILED, sent, sent ? "broken" : "url");
		break;
	case CURLE_URL_MALFORMAT:
		say(v, OUTCOME_FAILED, false, "url");
		break;
	default: /* closed, reset, no HTTP */
		say(v, OUTCOME_RETRY, true, "broken");
		break;
	}
	return true;
}

int64_t
net_retry_after(const struct buf *head, int64_t now)
{
	struct str rest = { head->p, head->n };
	int64_t ms = 0;

	while (rest.n > 0) {
		struct str value = str_cut(&rest, '\n'), name = str_cut(&value, ':');

		if (name.n == strlen("retry-after") && strncasecmp(name.p, "retry-after", name.n) == 0)
			return retry_after(value, now, &ms) ? ms : 0;
	}
	return 0;
}

void
net_line(struct str given, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < given.n && n + 1 < size; i++) {
		unsigned char c = (unsigned char)given.p[i];

		if (c > ' ' && c != 0x7f)
			out[n++] = (char)c;
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	while (n > 0 && !utf8_text((struct str){ out, n }))
		n--; /* cut within a character, or no text at all */
	out[n] = '\0';
}

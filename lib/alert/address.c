/* address.c - addresses as people write them, and as machines compare them. */
#include <string.h>

#include "setting.h"
#include "subscription.h"

enum { LOCAL_MAX = 64, DOMAIN_MAX = 253, LABEL_MAX = 63, EMAIL_MAX = 254, DIGITS_MIN = 8, DIGITS_MAX = 15 };

static bool
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- e-mail (RFC 5321, without quoted names and address literals) -------------- */

/* RFC 5322 3.2.3. */
static bool
atext(char c)
{
	return letter(c) || digit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
local_valid(struct str s)
{
	if (s.n == 0 || s.n > LOCAL_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!atext(s.p[i]) && !(s.p[i] == '.' && i > 0 && i + 1 < s.n && s.p[i - 1] != '.'))
			return false;
	return true;
}

static bool
label_valid(struct str s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!letter(s.p[i]) && !digit(s.p[i]) && s.p[i] != '-')
			return false;
	return true;
}

/* At least two labels; the last is no number, or it is an IP address. */
static bool
domain_valid(struct str s)
{
	struct str label = S("");
	size_t labels = 0;
	bool letters = false;

	if (s.n > DOMAIN_MAX || str_ends(s, "."))
		return false;
	for (; s.n > 0; labels++) {
		label = str_cut(&s, '.');
		if (!label_valid(label))
			return false;
	}
	for (size_t i = 0; i < label.n; i++)
		letters |= letter(label.p[i]);
	return labels >= 2 && letters;
}

static bool
email_normal(struct arena *a, struct str s, struct str *address)
{
	struct str domain = s, local = str_cut(&domain, '@');
	char *p;

	if (s.n > EMAIL_MAX || !local_valid(local) || !domain_valid(domain))
		return false;
	p = arena_printf(a, "%.*s", FMT(s));
	for (size_t i = local.n; i < s.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	*address = (struct str){ p, s.n };
	return true;
}

static const char *
email_fault(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return "Write the address in plain letters a to z. A domain with other letters has "
			       "such a form too; it begins with xn--.";
	return "Write an e-mail address, like name@example.org.";
}

/* ---- telephone numbers (E.164) -------------------------------------------------- */

/* The digits, and whether a + stood before them.  People group them as they like. */
static bool
digits_of(struct str s, char out[static DIGITS_MAX + 3], size_t *n, bool *plus)
{
	*n = 0;
	*plus = s.n > 0 && s.p[0] == '+';
	for (size_t i = *plus ? 1 : 0; i < s.n; i++) {
		if (digit(s.p[i])) {
			if (*n == DIGITS_MAX + 2)
				return false;
			out[(*n)++] = s.p[i];
		} else if (strchr(" -./()", s.p[i]) == NULL || s.p[i] == '\0') {
			return false;
		}
	}
	return true;
}

static bool
phone_whole(struct arena *a, struct str country, struct str digits, struct str *address)
{
	size_t n = country.n + digits.n;
	char first = country.n ? country.p[0] : digits.n ? digits.p[0] : '0';

	if (n < DIGITS_MIN || n > DIGITS_MAX || first == '0')
		return false;
	*address = arena_strf(a, "+%.*s%.*s", FMT(country), FMT(digits));
	return true;
}

/* Italy alone keeps the 0 that others dial only within the country. */
static struct str
without_trunk(struct str country, struct str digits)
{
	if (digits.n > 1 && digits.p[0] == '0' && !str_is(country, "39"))
		return (struct str){ digits.p + 1, digits.n - 1 };
	return digits;
}

/* `country`: "40"; empty: only numbers with + or 00 are understood. */
static bool
phone_normal(struct arena *a, struct str given, struct str country, struct str *address)
{
	char text[DIGITS_MAX + 3];
	struct str digits = { text, 0 };
	bool plus;

	if (!digits_of(given, text, &digits.n, &plus))
		return false;
	if (!plus && digits.n > 2 && memcmp(text, "00", 2) == 0) {
		digits = (struct str){ text + 2, digits.n - 2 };
		plus = true;
	}
	if (plus)
		return phone_whole(a, S(""), digits, address);
	/* 40 712 345 678: whole, only the + is missing. */
	if (country.n && digits.n >= country.n + 9 && memcmp(text, country.p, country.n) == 0)
		return phone_whole(a, S(""), digits, address);
	return country.n > 0 && phone_whole(a, country, without_trunk(country, digits), address);
}

/* ---- all kinds -------------------------------------------------------------------- */

enum { URL_LENGTH = 1000 };

static bool
url_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n <= URL_LENGTH && (str_starts(s, "https://") || str_starts(s, "http://"));
}

bool
address_normal(struct arena *a, enum outbox_channel channel, struct str given, struct str *address)
{
	struct str s = str_trim(given);

	switch (channel) {
	case CHANNEL_EMAIL:
		return email_normal(a, s, address);
	case CHANNEL_SMS:
		return phone_normal(a, s, S(""), address);
	case CHANNEL_WEBHOOK:
		*address = s;
		return url_plain(s);
	default:
		return false;
	}
}

/* "40" of "+40"; empty where the setting is no country's number. */
static struct str
country_set(struct db *db, struct arena *a)
{
	struct str country = str_trim(setting_text(db, a, "sms.country"));
	int64_t n;

	if (country.n > 0 && country.p[0] == '+')
		country = (struct str){ country.p + 1, country.n - 1 };
	return str_int(country, 1, 999, &n) ? country : S("");
}

bool
address_typed(struct db *db, struct arena *a, enum outbox_channel channel, struct str given,
    struct str *address, const char **why)
{
	struct str s = str_trim(given);

	*why = "Write the number with its country, like +40 712 345 678.";
	if (channel != CHANNEL_SMS) {
		*why = email_fault(s);
		return address_normal(a, channel, s, address);
	}
	return phone_normal(a, s, country_set(db, a), address);
}

struct str
address_masked(struct arena *a, enum outbox_channel channel, struct str address)
{
	struct str domain = address, local;

	if (channel == CHANNEL_SMS && address.n > 6)
		return arena_strf(a, "%.3s *** %.*s", address.p, 3, address.p + address.n - 3);
	local = str_cut(&domain, '@');
	return channel == CHANNEL_EMAIL ? arena_strf(a, "%.1s***@%.*s", local.p, FMT(domain)) : address;
}

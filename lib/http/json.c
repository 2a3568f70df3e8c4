/* json.c - writing JSON. */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
value(struct json *j)
{
	if (j->comma)
		buf_char(j->out, ',');
	j->comma = true;
}

void
json_open(struct json *j, char bracket)
{
	value(j);
	buf_char(j->out, bracket);
	j->comma = false;
}

void
json_close(struct json *j, char bracket)
{
	buf_char(j->out, bracket);
	j->comma = true;
}

/* The length of the well-formed UTF-8 sequence at p (RFC 3629, table 3-7 of
 * Unicode); 0 where there is none. */
static size_t
sequence(const unsigned char *p, size_t n)
{
	size_t length = p[0] < 0x80   ? 1
			: p[0] < 0xc2 ? 0
			: p[0] < 0xe0 ? 2
			: p[0] < 0xf0 ? 3
			: p[0] < 0xf5 ? 4
				      : 0;

	if (length == 0 || length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

static void
escape(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		buf_put(out, "\\\"", 2);
		break;
	case '\\':
		buf_put(out, "\\\\", 2);
		break;
	case '\n':
		buf_put(out, "\\n", 2);
		break;
	case '\r':
		buf_put(out, "\\r", 2);
		break;
	case '\t':
		buf_put(out, "\\t", 2);
		break;
	default:
		buf_printf(out, "\\u%04x", c);
	}
}

static bool
plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

static void
quoted(struct buf *out, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	buf_char(out, '"');
	for (size_t i = 0, run = 0; i < s.n; i += run) {
		for (run = 0; i + run < s.n && plain(p[i + run]); run++)
			;
		buf_put(out, p + i, run);
		if (run || i == s.n)
			continue;
		run = sequence(p + i, s.n - i);
		if (run > 1) {
			buf_put(out, p + i, run);
		} else if (run == 1) {
			escape(out, p[i]);
		} else {
			buf_put(out, "\xef\xbf\xbd", 3);
			run = 1;
		}
	}
	buf_char(out, '"');
}

void
json_key(struct json *j, const char *key)
{
	value(j);
	buf_char(j->out, '"');
	buf_put(j->out, key, strlen(key)); /* a literal of ours */
	buf_put(j->out, "\":", 2);
	j->comma = false;
}

void
json_str(struct json *j, struct str s)
{
	value(j);
	quoted(j->out, s);
}

void
json_int(struct json *j, int64_t v)
{
	value(j);
	buf_int(j->out, v);
}

void
json_num(struct json *j, double v)
{
	char text[32];

	value(j);
	if (!isfinite(v)) {
		buf_put(j->out, "null", 4);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (!(strtod(text, NULL) < v) && !(strtod(text, NULL) > v))
			break;
	}
	buf_put(j->out, text, strlen(text));
}

void
json_flag(struct json *j, bool v)
{
	value(j);
	buf_str(j->out, v ? S("true") : S("false"));
}

void
json_null(struct json *j)
{
	value(j);
	buf_put(j->out, "null", 4);
}

void
json_raw(struct json *j, struct str s)
{
	value(j);
	buf_str(j->out, s);
}

void
json_key_str(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	json_str(j, s);
}

void
json_key_int(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_int(j, v);
}

void
json_key_known(struct json *j, const char *key, bool known, int64_t v)
{
	json_key(j, key);
	if (known)
		json_int(j, v);
	else
		json_null(j);
}

void
json_key_given(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	if (s.n)
		json_str(j, s);
	else
		json_null(j);
}

void
json_strs(struct json *j, const struct str *list, size_t n)
{
	json_open(j, '[');
	for (size_t i = 0; i < n; i++)
		json_str(j, list[i]);
	json_close(j, ']');
}

void
json_key_strs(struct json *j, const char *key, const struct str *list, size_t n)
{
	json_key(j, key);
	json_strs(j, list, n);
}

void
json_key_position(struct json *j, const char *key, bool known, double longitude, double latitude)
{
	json_key(j, key);
	if (!known) {
		json_null(j);
		return;
	}
	json_open(j, '{');
	json_key(j, "longitude");
	json_num(j, longitude);
	json_key(j, "latitude");
	json_num(j, latitude);
	json_close(j, '}');
}

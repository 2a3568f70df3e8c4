/* xml.c - elements of XML 1.0, escaped. */
#include "xml.h"

#include <string.h>
#include <time.h>

/* How many bytes at p are no XML character; 0: it is one. */
static size_t
misfit(const char *p, size_t n)
{
	unsigned char c = (unsigned char)*p;

	if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
		return 1;
	return n >= 3 && (memcmp(p, "\xef\xbf\xbe", 3) == 0 || memcmp(p, "\xef\xbf\xbf", 3) == 0) ? 3 : 0;
}

static const char *
escape_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\r':
		return "&#13;"; /* or a reader makes a newline of it */
	default:
		return NULL;
	}
}

void
xml_text(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t odd = misfit(s.p + i, s.n - i);
		const char *escape = escape_of(s.p[i]);

		if (odd > 0)
			buf_str(out, S("\xef\xbf\xbd"));
		else if (escape != NULL)
			buf_str(out, str(escape));
		else
			buf_char(out, s.p[i]);
		i += odd ? odd : 1;
	}
}

void
xml_element(struct buf *out, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	buf_printf(out, "<%s>", name);
	xml_text(out, value);
	buf_printf(out, "</%s>\n", name);
}

void
xml_link(struct buf *out, const char *rel, const char *type, struct str href)
{
	buf_printf(out, "<link rel=\"%s\" type=\"%s\" href=\"", rel, type);
	xml_text(out, href);
	buf_str(out, S("\"/>\n"));
}

struct str
xml_time(struct arena *a, int64_t at)
{
	time_t seconds = (time_t)(at / 1000);
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_strf(a, "%s", text);
}

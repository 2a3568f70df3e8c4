/* html.c - pages, escaped by default. */
#include "html.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "random.h"

static void
escaped(struct buf *out, const char *p, size_t n)
{
	size_t run = 0;

	for (size_t i = 0; i < n; i++) {
		const char *as = p[i] == '<'    ? "&lt;"
				 : p[i] == '>'  ? "&gt;"
				 : p[i] == '&'  ? "&amp;"
				 : p[i] == '"'  ? "&quot;"
				 : p[i] == '\'' ? "&#39;"
						: NULL;

		if (as == NULL)
			continue;
		buf_put(out, p + run, i - run);
		buf_put(out, as, strlen(as));
		run = i + 1;
	}
	buf_put(out, p + run, n - run);
}

static void
percent(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr("-._~", c) != NULL))
			buf_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* How many bytes %s, %.*s or %.9s takes of a text at most. */
static size_t
most_of(const char *conversion, va_list *ap)
{
	const char *dot = strchr(conversion, '.');
	int precision;

	if (dot == NULL)
		return SIZE_MAX;
	precision = dot[1] == '*' ? va_arg(*ap, int) : atoi(dot + 1);
	return precision < 0 ? SIZE_MAX : (size_t)precision;
}

/* printf with %s (and %.*s) through `put`; the other conversions as printf
 * has them: they cannot hold markup. */
static void
format(struct buf *out, void (*put)(struct buf *, const char *, size_t), const char *fmt, va_list *ap)
{
	while (*fmt != '\0') {
		size_t raw = strcspn(fmt, "%"), spec, n;
		char one[16];
		const char *s;

		buf_put(out, fmt, raw);
		fmt += raw;
		if (*fmt == '\0')
			return;
		if (fmt[1] == '%') {
			buf_char(out, '%');
			fmt += 2;
			continue;
		}
		spec = 1 + strspn(fmt + 1, "-+ 0123456789.*lz");
		if (spec + 2 > sizeof(one))
			die("html: conversion in '%s'", fmt);
		memcpy(one, fmt, spec + 1);
		one[spec + 1] = '\0';
		fmt += spec + 1;
		if (strchr(one, '*') != NULL && strcmp(one, "%.*s") != 0)
			die("html: conversion '%s'", one);
		switch (one[spec]) {
		case 's':
			n = most_of(one, ap);
			s = va_arg(*ap, const char *);
			put(out, s ? s : "", s ? strnlen(s, n) : 0);
			break;
		case 'd':
		case 'u':
		case 'x':
		case 'c':
			if (strstr(one, "ll") != NULL)
				buf_printf(out, one, va_arg(*ap, long long));
			else if (strchr(one, 'l') != NULL || strchr(one, 'z') != NULL)
				buf_printf(out, one, va_arg(*ap, long));
			else
				buf_printf(out, one, va_arg(*ap, int));
			break;
		case 'f':
		case 'g':
			buf_printf(out, one, va_arg(*ap, double));
			break;
		default:
			die("html: conversion '%s'", one);
		}
	}
}

void
html(struct res *rs, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(&rs->body, escaped, fmt, &ap);
	va_end(ap);
}

char *
url(struct arena *a, const char *fmt, ...)
{
	struct buf out = { 0 };
	struct str s;
	va_list ap;

	va_start(ap, fmt);
	format(&out, percent, fmt, &ap);
	va_end(ap);
	s = arena_dup(a, (struct str){ out.p, out.n });
	buf_free(&out);
	return (char *)s.p;
}

static void
staff_bar(struct req *rq, struct res *rs)
{
	unsigned roles = rq->who.roles;

	html(rs, "<nav class=\"staff\" aria-label=\"Staff\">\n<p>");
	if (rq->who.first)
		roles = 0;
	if (roles & (ROLE_ADMIN | ROLE_MANAGER))
		html(rs, "<a href=\"/arrivals\">My shelters</a> ");
	if (roles & (ROLE_ADMIN | ROLE_PUBLISHER))
		html(rs, "<a href=\"/alerts/new\">Publish an alert</a> ");
	/* How much is unread is the feed's to say: html_page() reads no store. */
	html(rs, "<a href=\"/posts\">Bulletins</a> <a href=\"/teams\">Teams</a> ");
	html(rs, rq->ssi ? "<a href=\"/feed\">Feed<!--#include virtual=\"/feed/unread\" --></a>"
			 : "<a href=\"/feed\">Feed<span class=\"new\" data-n=\"unread\" hidden></span></a>");
	if (roles & ROLE_ADMIN)
		html(rs, " <a href=\"/outbox\">Outbox</a> <a href=\"/webhooks\">Webhooks</a> "
			 "<a href=\"/settings\">Settings</a> <a href=\"/people\">People</a>");
	html(rs, " <a href=\"/account\">Your account</a>");
	html(rs,
	    "</p>\n<form class=\"row\" method=\"post\" action=\"/session\">\n"
	    "<span>Signed in as <b>%.*s</b></span>\n"
	    "<input type=\"hidden\" name=\"csrf\" value=\"%.*s\">\n"
	    "<button class=\"quiet\" name=\"_method\" value=\"DELETE\">Sign out</button>\n"
	    "</form>\n</nav>\n",
	    FMT(rq->who.name), FMT(rq->who.csrf));
}

/* What the page shows is of this write sequence: live.js goes on from there. */
static void
page_body(struct req *rq, struct res *rs)
{
	if (rq->db == NULL || db_tx(rq->db) == TX_NONE)
		html(rs, "<body>\n");
	else
		html(rs, "<body data-seq=\"%lld\">\n", (long long)db_sequence(rq->db));
}

/* Where the store could not be asked it is ours. */
static const char *
site_title(const struct req *rq)
{
	return rq->title.n ? rq->title.p : "muster";
}

void
html_alternate(struct req *rq, struct res *rs, const char *href, const char *title)
{
	rs->feed = arena_printf(rq->arena, "%s", href);
	rs->feed_title = arena_printf(rq->arena, "%s", title);
}

void
html_page(struct req *rq, struct res *rs, int status, const char *title, const char *heading)
{
	rs->status = status;
	rs->rendered = true;
	rs->type = "text/html; charset=utf-8";
	rs->body.n = 0;
	html(rs,
	    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	    "<title>%s%s – %s</title>\n"
	    "<link rel=\"stylesheet\" href=\"/style.css\">\n"
	    "<link rel=\"icon\" href=\"/favicon.svg\">\n"
	    "<link rel=\"alternate\" type=\"application/atom+xml\" href=\"/alerts.atom\" title=\"Alerts\">\n"
	    "<script src=\"/live.js\" defer></script>\n",
	    rq->faults ? "Problem: " : "", title, site_title(rq));
	if (rs->feed)
		html(rs, "<link rel=\"alternate\" type=\"application/atom+xml\" href=\"%s\" title=\"%s\">\n",
		    rs->feed, rs->feed_title);
	html(rs, "</head>\n");
	page_body(rq, rs);
	html(rs,
	    "<a class=\"skip\" href=\"#main\">Skip to content</a>\n"
	    "<header class=\"top\"><div>\n"
	    "<a class=\"brand\" href=\"/\"><svg viewBox=\"0 0 24 24\" aria-hidden=\"true\">"
	    "<path d=\"M2 11l10-8 10 8M6 20v-2M12 20v-5M18 20v-2\"/></svg>%s</a>\n"
	    "<a class=\"news\" href=\"/alerts\">Alerts</a>\n"
	    "<a class=\"sos\" href=\"tel:112\">Call <b>112</b></a>\n</div></header>\n",
	    site_title(rq));
	if (rq->who.session.n)
		staff_bar(rq, rs);
	/* What is in force may change while this page lies in a cache: the server
	 * puts it in as it sends the page (GET /alerts/banner). */
	if (rq->ssi)
		html(rs, "<!--#include virtual=\"/alerts/banner\" -->\n");
	html(rs, "<main id=\"main\" tabindex=\"-1\">\n");
	if (heading != NULL)
		html(rs, "<h1>%s</h1>\n", heading);
}

void
html_end(struct req *rq, struct res *rs)
{
	html(rs, "</main>\n<footer class=\"foot\">\n"
		 "<a href=\"/\">Find a shelter</a> <a href=\"/locations\">Browse by area</a> "
		 "<a href=\"/alerts\">Alerts</a> <a href=\"/posts\">Bulletins</a> "
		 "<a href=\"/subscriptions\">Get alerts</a> <a href=\"/#code\">I have a code</a>");
	if (rq->who.session.n == 0)
		html(rs, " <a href=\"/session\">Staff sign-in</a>");
	html(rs, "\n<p>In danger now? Call <a href=\"tel:112\">112</a>.</p>\n</footer>\n</body>\n</html>\n");
}

void
html_faults(struct req *rq, struct res *rs)
{
	if (rq->faults == NULL)
		return;
	html(rs,
	    "<div class=\"problem\" role=\"alert\" tabindex=\"-1\" autofocus aria-labelledby=\"problem\">\n"
	    "<h2 id=\"problem\">There is a problem</h2>\n<ul class=\"plain\">\n");
	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		html(rs, "<li><a href=\"#%s\">%s</a></li>\n", f->field, f->message);
	html(rs, "</ul>\n</div>\n");
}

bool
html_fault_of(struct req *rq, struct res *rs, const char *field)
{
	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		if (strcmp(f->field, field) == 0) {
			html(rs, "<p class=\"err\" id=\"%s-err\">%s</p>\n", field, f->message);
			return true;
		}
	return false;
}

void
html_input(
    struct req *rq, struct res *rs, const char *name, const char *label, const char *more, struct str value)
{
	bool bad = false;

	for (const struct fault *f = rq->faults; f != NULL; f = f->next)
		bad |= strcmp(f->field, name) == 0;
	html(rs,
	    bad ? "<div class=\"bad\">\n<label for=\"%s\">%s</label>\n"
		: "<div>\n<label for=\"%s\">%s</label>\n",
	    name, label);
	html_fault_of(rq, rs, name);
	html(rs, "<input id=\"%s\" name=\"%s\" ", name, name);
	buf_str(&rs->body, str(more));
	html(rs, " value=\"%.*s\"", FMT(value));
	html(rs, bad ? " aria-invalid=\"true\" aria-describedby=\"%s-err\">\n</div>\n" : ">\n</div>\n", name);
}

void
html_tokens(struct req *rq, struct res *rs)
{
	char token[65];

	if (rq->who.csrf.n)
		html(rs, "<input type=\"hidden\" name=\"csrf\" value=\"%.*s\">\n", FMT(rq->who.csrf));
	/* A public page may come from the server's cache and be shown to many:
	 * the server fills in the token as it sends each one. */
	rs->token = true;
	rs->alone = !rq->ssi;
	if (rq->ssi) {
		html(rs,
		    "<input type=\"hidden\" name=\"token\" value=\"<!--#echo var=\"request_id\" -->\">\n");
		return;
	}
	random_token(token);
	html(rs, "<input type=\"hidden\" name=\"token\" value=\"%.32s\">\n", token);
}

/* What programs are told in words of HTTP, people are told in these. */
static const char *
error_heading(enum err e)
{
	static const char *const headings[ERR__MAX] = {
		[ERR_MALFORMED] = "We could not read that",
		[ERR_LOGIN] = "Please sign in",
		[ERR_FORBIDDEN] = "You may not do this",
		[ERR_NOT_FOUND] = "We cannot find this",
		[ERR_METHOD] = "This page does not take that",
		[ERR_CONFLICT] = "That did not work",
		[ERR_GONE] = "This is gone",
		[ERR_PRECONDITION] = "Somebody was faster",
		[ERR_TOO_LARGE] = "That was too big to send",
		[ERR_MEDIA] = "This page does not take that",
		[ERR_INPUT] = "There is a problem",
		[ERR_TOO_MANY] = "Please wait a minute",
		[ERR_STORE] = "We cannot do this just now",
		[ERR_BUSY] = "We cannot do this just now",
		[ERR_SUSPENDED] = "This site is paused",
	};

	return headings[e] ? headings[e] : "Something went wrong here";
}

/* Where to go on from an error. */
static void
error_next(struct req *rq, struct res *rs, enum err e)
{
	const char *back = rq->method == GET ? arena_dup(rq->arena, rq->path).p : "/arrivals";

	switch (e) {
	case ERR_LOGIN:
		html(rs, "<p><a class=\"go\" href=\"/session?next=%s\">Sign in</a></p>\n",
		    url(rq->arena, "%s", back));
		break;
	case ERR_NOT_FOUND:
		html(rs,
		    "<p class=\"links\"><a href=\"/\">Find a shelter</a> <a href=\"/locations\">Browse by area</a></p>\n");
		break;
	case ERR_STORE:
	case ERR_BUSY:
		html(rs,
		    "<p>Nothing was changed. Wait a minute, then try again: it will not count twice.</p>\n"
		    "<p>A code that you already have stays valid. In danger? Call <a href=\"tel:112\">112</a>.</p>\n");
		break;
	case ERR_SUSPENDED:
		html(rs, "<p>It will be back when its operator switches it on again.</p>\n"
			 "<p>In danger? Call <a href=\"tel:112\">112</a>.</p>\n");
		break;
	case ERR_MALFORMED:
	case ERR_METHOD:
	case ERR_MEDIA:
	case ERR_INPUT:
		html(rs, "<p>Nothing was saved. Go back and try again.</p>\n");
		break;
	default:
		break;
	}
}

void
html_error(struct req *rq, struct res *rs, enum err e)
{
	const struct err_words *w = err_words(e);

	html_page(rq, rs, w->status, error_heading(e), error_heading(e));
	if (rq->detail)
		html(rs, "<p>%s</p>\n", rq->detail);
	if (rq->faults) {
		html(rs, "<ul>\n");
		for (const struct fault *f = rq->faults; f != NULL; f = f->next)
			html(rs, "<li>%s: %s</li>\n", f->field, f->message);
		html(rs, "</ul>\n");
	}
	error_next(rq, rs, e);
	html_end(rq, rs);
}

void
html_ago(struct res *rs, int64_t at, int64_t now)
{
	int64_t minutes = (now - at) / MINUTE_MS;

	if (minutes < 1)
		html(rs, "just now");
	else if (minutes < 60)
		html(rs, "%lld min ago", (long long)minutes);
	else if (minutes < 48 * 60)
		html(rs, "%lld h ago", (long long)(minutes / 60));
	else
		html(rs, "%lld days ago", (long long)(minutes / (24 * 60)));
}

void
html_distance(struct res *rs, double metres)
{
	if (metres < 995)
		html(rs, "%d m", (int)(metres / 10 + 0.5) * 10);
	else if (metres < 9950)
		html(rs, "%.1f km", metres / 1000);
	else
		html(rs, "%.0f km", metres / 1000);
}

/* table.c - a program's table of routes, as text. */
#include <stdio.h>

#include "serve.h"
#include "session.h"

static void
print_who(unsigned who)
{
	unsigned roles = who & STAFF;
	struct arena *a = arena_new();

	if (roles)
		printf("%.*s", FMT(roles_print(a, roles)));
	else
		fputs(who & ANYONE ? "anyone" : who & SHARED ? "shared" : "public", stdout);
	fputs(who & FIRST ? "+first" : "", stdout);
	fputs(who & ANY_BODY ? "+any-body" : "", stdout);
	arena_free(a);
}

int
serve_table(const struct route *routes, size_t n)
{
	static const char *const methods[] = {
		[GET] = "GET", [POST] = "POST", [PATCH] = "PATCH", [DELETE] = "DELETE"
	};

	for (size_t i = 0; i < n; i++) {
		const struct route *r = &routes[i];

		printf("%s %s ", methods[r->method], r->path);
		print_who(r->who);
		puts(r->tx == TX_WRITE ? " write" : r->tx == TX_READ ? " read" : " none");
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

/* destination.c - where messages are queued for, by the settings of this moment;
 * without libcurl, for the programs that queue them. */
#include <string.h>

#include "email.h"
#include "setting.h"
#include "sms.h"

struct str
email_destination(struct db *db, struct arena *a)
{
	if (setting_is(db, a, "email.mode", "smtp"))
		return setting_text(db, a, "email.relay");
	return arena_strf(a, "email:%.*s", FMT(setting_text(db, a, "email.mode")));
}

struct str
sms_destination(struct db *db, struct arena *a)
{
	struct str url = setting_text(db, a, "sms.url"), rest = url, scheme, host;

	if (setting_is(db, a, "sms.mode", "off") || setting_is(db, a, "sms.mode", "file"))
		return arena_strf(a, "sms:%.*s", FMT(setting_text(db, a, "sms.mode")));
	/* Not more than scheme and host: a template's rest may hold a secret. */
	scheme = str_cut(&rest, ':');
	while (str_starts(rest, "/"))
		rest = (struct str){ rest.p + 1, rest.n - 1 };
	host = str_cut(&rest, '/');
	host = str_cut(&host, '?');
	for (struct str before = host; memchr(host.p, '@', host.n) != NULL; before = host)
		host = (str_cut(&before, '@'), before);
	return arena_strf(a, "sms:%.*s://%.*s", FMT(scheme), FMT(host));
}

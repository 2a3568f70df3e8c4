/* setting_test.c - what setting.h promises. */
#include "store.h"

#include "setting.h"

static enum err
set(const char *name, const char *value, const char **why)
{
	return setting_set(db, mem, str(name), str(value), why);
}

static void
refused(const char *name, const char *value, const char *words)
{
	const char *why = NULL;

	assert_int_equal(set(name, value, &why), ERR_INPUT);
	if (why == NULL || strstr(why, words) == NULL)
		fail_msg("%s = %s: \"%s\" does not say \"%s\"", name, value, why ? why : "", words);
}

static void
taken(const char *name, const char *value)
{
	const char *why = NULL;

	if (set(name, value, &why) != OK)
		fail_msg("%s = %s: %s", name, value, why ? why : "");
}

STORE_TEST(what_is_not_set_is_as_usual)
{
	const char *why;

	assert_true(str_is(setting_text(db, mem, "site.zone"), "UTC"));
	taken("site.zone", "Europe/Bucharest");
	assert_true(str_is(setting_text(db, mem, "site.zone"), "Europe/Bucharest"));
	assert_int_equal(set("site.zone", "", &why), OK);
	assert_true(str_is(setting_text(db, mem, "site.zone"), "UTC"));
	assert_int_equal(set("no.such", "x", &why), ERR_NOT_FOUND);
}

STORE_TEST(numbers_keep_their_bounds)
{
	taken("sms.segments", "1");
	taken("sms.segments", "10");
	assert_int_equal(setting_number(db, mem, "sms.segments"), 10);
	refused("sms.segments", "0", "from 1 to 10");
	refused("sms.segments", "11", "from 1 to 10");
	refused("sms.segments", "1.5", "from 1 to 10");
	refused("sms.segments", "ten", "from 1 to 10");
	assert_int_equal(setting_number(db, mem, "sms.segments"), 10);
}

STORE_TEST(choices_are_those_of_the_table)
{
	taken("email.mode", "smtp");
	assert_true(setting_is(db, mem, "email.mode", "smtp"));
	refused("email.mode", "SMTP", "off smtp file");
	refused("email.mode", "off|smtp", "off smtp file");
}

STORE_TEST(addresses_have_a_host_and_no_user)
{
	static const char *const good[] = { "https://example.org", "http://example.org:8080/",
		"http://[::1]:80/x", "https://xn--bcher-kva.example/a?b={to}&c=1" };
	static const char *const bad[] = { "example.org", "ftp://example.org/", "https://", "https:///x",
		"https://a b/", "https://ana@example.org/", "https://ana:pw@example.org/",
		"https://example.org:0/", "https://example.org:65536/", "https://b\xc3\xbc\x63her.example/",
		"https://example.org/\"", "https://[::1/", "https://example.org\n" };

	for (size_t i = 0; i < LEN(good); i++)
		taken("site.url", good[i]);
	for (size_t i = 0; i < LEN(bad); i++)
		refused("site.url", bad[i], "https://example.org");
}

STORE_TEST(zones_are_those_of_tzdata)
{
	taken("site.zone", "Pacific/Chatham");
	refused("site.zone", "Chatham", "Europe/Bucharest");
	refused("site.zone", "../../etc/passwd", "Europe/Bucharest");
	refused("site.zone", "/etc/localtime", "Europe/Bucharest");
}

STORE_TEST(a_secret_is_used_and_never_shown)
{
	for (const struct setting *s = settings; s->name != NULL; s++) {
		struct str shown;
		bool is_set;

		if (s->kind != SETTING_SECRET)
			continue;
		shown = setting_shown(db, mem, s, &is_set);
		assert_false(is_set);
		assert_int_equal(shown.n, 0);
		taken(s->name, "geheim");
		assert_true(str_is(setting_text(db, mem, s->name), "geheim"));
		shown = setting_shown(db, mem, s, &is_set);
		assert_true(is_set);
		assert_true(str_is(shown, "****"));
	}
}

STORE_TEST(what_is_usual_is_itself_of_its_kind)
{
	for (const struct setting *s = settings; s->name != NULL; s++) {
		assert_true(strlen(s->help) > 0);
		if (*s->usual != '\0')
			taken(s->name, s->usual);
	}
}

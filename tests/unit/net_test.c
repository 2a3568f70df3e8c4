/* net_test.c - what net.h promises. */
#include "sink.h"

#include "net.h"

static struct net net;
static struct str wrong;

static bool
may(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return net_may(&net, (struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return net_may(&net, (struct sockaddr *)&v6);
}

static const char *const inner[] = { "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1",
	"100.127.255.255", "127.0.0.1", "127.255.0.3", "169.254.169.254", "172.16.0.1", "172.31.255.255",
	"192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
	"198.51.100.9", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::127.0.0.1",
	"64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "2001::1", "2001:db8::1",
	"3fff::1", "100::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
	"4000::1" };

static const char *const outer[] = { "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
	"126.255.255.255", "128.0.0.1", "169.253.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1",
	"192.167.0.1", "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
	"2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1", "2001:200::1" };

TEST(addresses_that_the_internet_cannot_reach_are_refused_in_every_form)
{
	net = (struct net){ 0 };
	for (size_t i = 0; i < LEN(inner); i++)
		if (may(inner[i]))
			fail_msg("%s may be called", inner[i]);
}

TEST(addresses_of_the_internet_pass)
{
	net = (struct net){ 0 };
	for (size_t i = 0; i < LEN(outer); i++)
		if (!may(outer[i]))
			fail_msg("%s may not be called", outer[i]);
}

TEST(what_is_allowed_passes_and_its_neighbour_does_not)
{
	assert_true(net_parse(S(" 10.1.0.0/16,192.168.7.9 , fd00:1::/32,::1,172.16.0.0/12"), &net, &wrong));
	assert_true(may("10.1.255.255"));
	assert_false(may("10.2.0.0"));
	assert_true(may("::ffff:10.1.0.1"));
	assert_true(may("192.168.7.9"));
	assert_false(may("192.168.7.8"));
	assert_true(may("fd00:1:ffff::1"));
	assert_false(may("fd00:2::1"));
	assert_true(may("::1"));
	assert_true(may("172.31.0.1"));
	assert_false(may("127.0.0.1"));
}

TEST(a_range_that_cannot_be_read_is_named)
{
	static const char *const bad[] = { "10.0.0.0/33", "10.0.0.0/", "10.0.0.1/8", "10.0.0/8", "localhost",
		"::/129", "fd00::1/8", "/8", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8" };

	for (size_t i = 0; i < LEN(bad); i++) {
		if (net_parse(str(bad[i]), &net, &wrong))
			fail_msg("%s was read", bad[i]);
		assert_str(wrong, bad[i]);
	}
	assert_true(net_parse(S(""), &net, &wrong));
	assert_true(net_parse(S(" , "), &net, &wrong));
	assert_true(net_parse(S("0.0.0.0/0,::/0"), &net, &wrong));
	assert_true(may("127.0.0.1"));
}

/* What libcurl makes of a URL, and whether it then reached the sink. */
static struct verdict
call(const char *url)
{
	struct net_call c = { .net = &net };
	struct verdict v = { 0 };
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 2000L);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	net_guard(easy, &c);
	net_failed(easy, curl_easy_perform(easy), &c, &v);
	curl_easy_cleanup(easy);
	return v;
}

SINK_TEST(a_url_that_leads_inside_is_refused_however_it_is_written)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1",
		"017700000001", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0", "0.0.0.0",
		"[::]", "LOCALHOST.", "127.0.0.1." };

	net = (struct net){ 0 };
	sink_start();
	sink_says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	for (size_t i = 0; i < LEN(hosts); i++) {
		struct verdict v = call(arena_printf(mem, "http://%s:%d/", hosts[i], sink_port));

		if (v.code != 0 || (strcmp(v.reason, "address") != 0 && strcmp(v.reason, "dns") != 0))
			fail_msg("%s: %d %s", hosts[i], v.code, v.reason);
	}
	assert_int_equal(sink_served, 0);
	assert_true(net_parse(S("127.0.0.0/8"), &net, &wrong));
	assert_int_equal(call(arena_printf(mem, "http://0x7f000001:%d/", sink_port)).code, 200);
	assert_int_equal(sink_served, 1);
}

SINK_TEST(only_http_is_spoken)
{
	static const char *const urls[] = { "file:///etc/hostname", "gopher://127.0.0.1/", "ftp://127.0.0.1/",
		"dict://127.0.0.1:6379/info", "smtp://127.0.0.1/", "ldap://127.0.0.1/",
		"telnet://127.0.0.1" };

	assert_true(net_parse(S("127.0.0.0/8"), &net, &wrong));
	for (size_t i = 0; i < LEN(urls); i++) {
		struct verdict v = call(urls[i]);

		assert_int_equal(v.outcome, OUTCOME_FAILED);
		assert_string_equal(v.reason, "url");
	}
}

SINK_TEST(the_environments_proxy_is_not_used)
{
	net = (struct net){ 0 };
	sink_start();
	sink_says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	setenv("http_proxy", sink_url("").p, 1);
	assert_string_equal(call("http://127.0.0.2/").reason, "address");
	unsetenv("http_proxy");
	assert_int_equal(sink_served, 0);
}

TEST(a_detail_is_one_line_of_text_of_bounded_length)
{
	struct buf answer = { 0 };
	char out[240];

	net_line(S("\r\n <b>no\tsuch\x01thing</b>\r\n\r\n"), out, sizeof(out));
	assert_string_equal(out, "<b>no such thing</b> ");
	buf_char(&answer, 'x');
	for (int i = 0; i < 500; i++)
		buf_printf(&answer, "\310\233");
	net_line((struct str){ answer.p, answer.n }, out, sizeof(out));
	assert_int_equal(strlen(out), sizeof(out) - 1);
	buf_char(&answer, 'x');
	net_line((struct str){ answer.p + 1, answer.n - 1 }, out, sizeof(out));
	assert_int_equal(strlen(out), sizeof(out) - 2); /* not half a character */
	net_line(S("\xff\xfe"), out, sizeof(out));
	assert_string_equal(out, "");
	buf_free(&answer);
}

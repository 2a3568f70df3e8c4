/*
 * bare.c - libcurl and nothing else: posts one body N times, 64 at once, with
 * the headers of a signed webhook.  What deliveries are measured against.
 *
 *	bare URL N
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 64 };

static const char body[] =
    "{\"type\":\"alert.published\",\"n\":0,\"data\":{\"title\":\"Flood warning for the lower "
    "town\",\"message\":\"The river will reach the quay this evening. Move cars and what is dear "
    "to you to higher ground; the school on the hill takes in who needs a bed.\",\"severity\":"
    "\"Severe\",\"urgency\":\"Expected\",\"certainty\":\"Likely\",\"locations\":[\"city-CJ\"]}}";

static size_t
ignore(char *p, size_t size, size_t n, void *arg)
{
	(void)p, (void)arg;
	return size * n;
}

static void
start(CURLM *multi, CURL *easy, const char *url, long i)
{
	struct curl_slist *h;
	char *last = NULL, line[128];

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &last);
	curl_slist_free_all((struct curl_slist *)(void *)last);
	snprintf(line, sizeof(line), "webhook-id: msg_benchmark_%ld", i);
	h = curl_slist_append(NULL, line);
	h = curl_slist_append(h, "webhook-timestamp: 1800000000");
	h = curl_slist_append(h, "webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=");
	h = curl_slist_append(h, "Content-Type: application/json");
	h = curl_slist_append(h, "User-Agent: muster-webhook/1");
	h = curl_slist_append(h, "Expect:");
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)sizeof(body) - 1);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, h);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, h);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
	curl_multi_add_handle(multi, easy);
}

int
main(int argc, char **argv)
{
	CURLM *multi = curl_multi_init();
	long n = argc > 2 ? atol(argv[2]) : 0, started = 0, done = 0;
	int running, left;

	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, AT_ONCE + 16L);
	for (; started < AT_ONCE && started < n; started++)
		start(multi, curl_easy_init(), argv[1], started);
	while (done < n) {
		CURLMsg *m;

		curl_multi_perform(multi, &running);
		while ((m = curl_multi_info_read(multi, &left)) != NULL) {
			CURL *easy = m->easy_handle;

			if (m->data.result != CURLE_OK) {
				fprintf(stderr, "bare: %s\n", curl_easy_strerror(m->data.result));
				return 1;
			}
			curl_multi_remove_handle(multi, easy);
			done++;
			if (started < n)
				start(multi, easy, argv[1], started++);
		}
		curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	return 0;
}

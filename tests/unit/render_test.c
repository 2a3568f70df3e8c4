/* render_test.c - an alert as others get it. */
#include "alerts.h"

#include <json-c/json.h>

#include "email.h"
#include "render.h"
#include "setting.h"

static struct json_object *payload;

/* The payload in that language; its members by get(). */
static void
render(const struct alert *al, const char *language, enum outbox_channel channel)
{
	struct str s = render_payload(db, mem, al, alert_text_for(al, str(language)), channel);

	json_object_put(payload);
	payload = json_tokener_parse(s.p);
	assert_non_null(payload);
}

static const char *
get(const char *key)
{
	struct json_object *v = json_object_object_get(payload, key);

	assert_non_null(v);
	return json_object_get_string(v);
}

static void
has(const char *key, const char *part)
{
	if (strstr(get(key), part) == NULL)
		fail_msg("%s has no \"%s\": %s", key, part, get(key));
}

static void
has_not(const char *key, const char *part)
{
	if (strstr(get(key), part) != NULL)
		fail_msg("%s has \"%s\": %s", key, part, get(key));
}

static struct alert
in_english(void)
{
	static struct alert_text text = { B("en"), B("Flood"),
		B("The water rises. Go up.\n\nDo <not> wait & see."), B("Climb.\nTake water.") };
	struct alert al = flood();

	al.texts = &text;
	al.ntexts = 1;
	return al;
}

static void
set(const char *name, const char *value)
{
	const char *why;

	assert_int_equal(setting_set(db, mem, str(name), str(value), &why), OK);
}

STORE_TEST(an_email_says_what_where_until_when_and_how_to_stop)
{
	struct alert al;

	set("site.url", "https://a.example/");
	set("site.zone", "Europe/Bucharest");
	al = published(in_english());
	render(&al, "en", CHANNEL_EMAIL);
	assert_string_equal(get("subject"), "Flood");
	assert_string_equal(get("language"), "en");
	assert_string_equal(get("urgent"), "true");
	assert_string_equal(get("list"), "true");
	assert_string_equal(get("text"), "Flood\n\n"
					 "The water rises. Go up.\n\nDo <not> wait & see.\n\n"
					 "What to do:\nClimb.\nTake water.\n\n"
					 "Areas: Cluj\n"
					 "Valid until: 04:16 on 1 Jan 1970 (Europe/Bucharest)\n\n"
					 "Details and the latest state:\nhttps://a.example/alerts/1\n\n"
					 "-- \nYou get this because you asked for alerts for these areas.\n"
					 "Stop these messages: {unsubscribe}\n");
}

STORE_TEST(the_html_of_an_email_is_escaped_and_says_the_same)
{
	struct alert al = published(in_english());

	render(&al, "en", CHANNEL_EMAIL);
	has("html", "<html lang=\"en\">");
	has("html", "<h1>Flood</h1>");
	has("html", "<p>Do &lt;not&gt; wait &amp; see.</p>");
	has("html", "<h2>What to do</h2>\n<p>Climb.<br>\nTake water.</p>");
	has("html", "Areas: Cluj");
	has("html", "<a href=\"http://127.0.0.1:8080/alerts/1\">");
	has("html", "<a href=\"{unsubscribe}\">");
	has_not("html", "style");
	has_not("html", "<not>");
}

STORE_TEST(every_channel_marks_an_exercise)
{
	struct alert al = in_english();

	al.exercise = true;
	al = published(al);
	render(&al, "en", CHANNEL_EMAIL);
	assert_string_equal(get("subject"), "EXERCISE: Flood");
	has("text", "This is an exercise.");
	has("html", "This is an exercise.");
	render(&al, "en", CHANNEL_SMS);
	has("text", "EXERCISE: Flood.");
	render(&al, "en", CHANNEL_WEBHOOK);
	has("data", "\"exercise\": true");
}

STORE_TEST(an_sms_is_the_title_a_sentence_and_a_link)
{
	struct alert al = published(in_english());

	render(&al, "en", CHANNEL_SMS);
	assert_string_equal(get("text"), "Flood. The water rises. http://127.0.0.1:8080/alerts/1");
	assert_string_equal(get("urgent"), "true");
}

STORE_TEST(a_long_sentence_is_cut_between_words)
{
	struct alert al = in_english();
	struct alert_text t = al.texts[0];
	const char *text;

	t.title = S("Flood!");
	t.message = arena_strf(mem, "%s",
	    "ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț "
	    "ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț "
	    "ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț ăîșț");
	al.texts = &t;
	al = published(al);
	render(&al, "en", CHANNEL_SMS);
	text = get("text");
	assert_int_equal(strncmp(text, "Flood! ", 7), 0);
	assert_non_null(strstr(text, "ăîșț... http://"));
	assert_true(strlen(text) < 7 + 2 * 160 + 40);
}

STORE_TEST(update_all_clear_and_cancel_have_words_of_their_own)
{
	struct alert first = published(in_english()), update = replaced(&first, MSG_UPDATE), clear, cancel;

	render(&update, "en", CHANNEL_SMS);
	has("text", "Update: Flood. The water rises.");
	clear = published((struct alert){
	    .type = MSG_UPDATE, .all_clear = true, .replaces = update.id, .urgency = URGENCY_PAST });
	render(&clear, "en", CHANNEL_EMAIL);
	assert_string_equal(get("subject"), "All clear: Flood");
	has("text", "The danger is over.");
	has_not("text", "Climb");
	has_not("text", "Valid until");
	assert_string_equal(get("urgent"), "false");
	cancel = replaced(&clear, MSG_CANCEL);
	render(&cancel, "en", CHANNEL_SMS);
	assert_string_equal(get("text"),
	    "Cancelled, sent in error: Flood. The earlier alert was sent in error. http://127.0.0.1:8080/alerts/4");
}

STORE_TEST(fixed_words_are_in_the_language_of_the_text)
{
	static const struct {
		const char *language, *exercise, *cancelled;
	} all[] = {
		{ "en", "EXERCISE", "Cancelled" },
		{ "ro-RO", "EXERCIȚIU", "Anulat" },
		{ "hu", "GYAKORLAT", "Visszavonva" },
		{ "uk", "НАВЧАННЯ", "Скасовано" },
		{ "DE", "ÜBUNG", "Widerrufen" },
		{ "fr", "EXERCISE", "Cancelled" },
	};

	for (size_t i = 0; i < LEN(all); i++) {
		struct alert al = in_english();
		struct alert_text t = al.texts[0];

		t.language = str(all[i].language);
		al.texts = &t;
		al.exercise = true;
		al = published(al);
		al = replaced(&al, MSG_CANCEL);
		render(&al, "", CHANNEL_EMAIL);
		has("subject", all[i].exercise);
		has("subject", all[i].cancelled);
	}
}

STORE_TEST(a_webhook_gets_the_alert_as_the_api_has_it)
{
	struct alert al = published(flood());
	struct json_object *data;

	render(&al, "en", CHANNEL_WEBHOOK);
	assert_string_equal(get("type"), "alert.published");
	assert_string_equal(get("timestamp"), "1970-01-01T00:16:40Z");
	data = json_object_object_get(payload, "data");
	assert_int_equal(json_object_get_int(json_object_object_get(data, "id")), al.id);
	assert_string_equal(json_object_get_string(json_object_object_get(data, "title")), "Inundație");
	has("data", "\"en\": { \"title\": \"Flood\"");
	has("data", "\"channels\": [ \"inapp\", \"email\", \"sms\" ]");
	has("data", "\"audience\": { \"locations\": [ \"city-CJ\" ] }");
	has("data", "\"active\": true");
	has_not("data", "\"by\"");
}

STORE_TEST(who_published_it_is_for_staff)
{
	struct alert al = published(flood());
	struct buf out = { 0 };
	struct json j = { .out = &out };

	alert_json(&j, &al, NOW, true);
	buf_char(&out, '\0');
	assert_non_null(strstr(out.p, "\"by\":\"ana\""));
	assert_non_null(strstr(out.p, "\"public\":true"));
	buf_free(&out);
}

STORE_TEST(the_channel_makes_a_mail_of_the_payload)
{
	struct alert al = in_english();
	struct alert_text t = al.texts[0];
	struct message m = {
		.id = 5, .channel = CHANNEL_EMAIL, .recipient = 7, .target = S("a@example.org")
	};
	struct str body, mail;

	/* As long as a title may be, and all that can stand before it. */
	t.title = arena_strf(mem, "%0*d", ALERT_TITLE_MAX, 0);
	al.texts = &t;
	al.exercise = true;
	al = published(al);
	al = replaced(&al, MSG_CANCEL);
	body = render_payload(db, mem, &al, al.texts, CHANNEL_EMAIL);
	mail = email_bytes(db, mem, &m, S("msg_t_5"), body);
	assert_non_null(strstr(mail.p, "Subject: =?UTF-8?Q?EXERCISE=3A_Cancelled"));
	assert_non_null(strstr(mail.p, "List-Unsubscribe:"));
	assert_null(strstr(mail.p, "{unsubscribe}"));
}

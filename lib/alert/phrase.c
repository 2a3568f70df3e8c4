/* phrase.c - the fixed words around an alert. */
#include "phrase.h"

#include <strings.h>
#include <time.h>

#include "clock.h"
#include "zone.h"

static const struct {
	const char *language, *words[PHRASE__MAX];
} table[] = {
	{ "en",
	    {
		[PHRASE_EXERCISE] = "EXERCISE",
		[PHRASE_EXERCISE_NOTE] = "This is an exercise. There is no real danger.",
		[PHRASE_UPDATE] = "Update",
		[PHRASE_ALL_CLEAR] = "All clear",
		[PHRASE_ALL_CLEAR_NOTE] = "The danger is over.",
		[PHRASE_CANCELLED] = "Cancelled, sent in error",
		[PHRASE_CANCELLED_NOTE] = "The earlier alert was sent in error. Please disregard it.",
		[PHRASE_WHAT_TO_DO] = "What to do",
		[PHRASE_AREAS] = "Areas",
		[PHRASE_VALID_UNTIL] = "Valid until",
		[PHRASE_TIME] = "%H:%M on %-d %b %Y",
		[PHRASE_MORE] = "Details and the latest state",
		[PHRASE_WHY] = "You get this because you asked for alerts for these areas.",
		[PHRASE_UNSUBSCRIBE] = "Stop these messages",
	    } },
	{ "ro",
	    {
		[PHRASE_EXERCISE] = "EXERCIȚIU",
		[PHRASE_EXERCISE_NOTE] = "Acesta este un exercițiu. Nu există niciun pericol real.",
		[PHRASE_UPDATE] = "Actualizare",
		[PHRASE_ALL_CLEAR] = "Pericolul a trecut",
		[PHRASE_ALL_CLEAR_NOTE] = "Pericolul a trecut.",
		[PHRASE_CANCELLED] = "Anulat, trimis din greșeală",
		[PHRASE_CANCELLED_NOTE] =
		    "Alerta anterioară a fost trimisă din greșeală. Vă rugăm să nu țineți cont de ea.",
		[PHRASE_WHAT_TO_DO] = "Ce aveți de făcut",
		[PHRASE_AREAS] = "Zone",
		[PHRASE_VALID_UNTIL] = "Valabil până la",
		[PHRASE_TIME] = "%d.%m.%Y, ora %H:%M",
		[PHRASE_MORE] = "Detalii și ultimele informații",
		[PHRASE_WHY] = "Primiți acest mesaj pentru că ați cerut alerte pentru aceste zone.",
		[PHRASE_UNSUBSCRIBE] = "Nu mai doresc aceste mesaje",
	    } },
	{ "hu",
	    {
		[PHRASE_EXERCISE] = "GYAKORLAT",
		[PHRASE_EXERCISE_NOTE] = "Ez gyakorlat. Nincs valódi veszély.",
		[PHRASE_UPDATE] = "Frissítés",
		[PHRASE_ALL_CLEAR] = "A veszély elmúlt",
		[PHRASE_ALL_CLEAR_NOTE] = "A veszély elmúlt.",
		[PHRASE_CANCELLED] = "Visszavonva, tévedésből küldtük",
		[PHRASE_CANCELLED_NOTE] =
		    "A korábbi riasztást tévedésből küldtük. Kérjük, hagyja figyelmen kívül.",
		[PHRASE_WHAT_TO_DO] = "Teendők",
		[PHRASE_AREAS] = "Érintett területek",
		[PHRASE_VALID_UNTIL] = "Érvényes eddig",
		[PHRASE_TIME] = "%Y. %m. %d. %H:%M",
		[PHRASE_MORE] = "Részletek és a legfrissebb állapot",
		[PHRASE_WHY] = "Azért kapja ezt az üzenetet, mert riasztást kért ezekre a területekre.",
		[PHRASE_UNSUBSCRIBE] = "Leiratkozás",
	    } },
	{ "uk",
	    {
		[PHRASE_EXERCISE] = "НАВЧАННЯ",
		[PHRASE_EXERCISE_NOTE] = "Це навчання. Реальної небезпеки немає.",
		[PHRASE_UPDATE] = "Оновлення",
		[PHRASE_ALL_CLEAR] = "Відбій",
		[PHRASE_ALL_CLEAR_NOTE] = "Небезпека минула.",
		[PHRASE_CANCELLED] = "Скасовано, надіслано помилково",
		[PHRASE_CANCELLED_NOTE] =
		    "Попереднє сповіщення надіслано помилково. Будь ласка, не зважайте на нього.",
		[PHRASE_WHAT_TO_DO] = "Що робити",
		[PHRASE_AREAS] = "Території",
		[PHRASE_VALID_UNTIL] = "Діє до",
		[PHRASE_TIME] = "%H:%M %d.%m.%Y",
		[PHRASE_MORE] = "Докладніше та поточний стан",
		[PHRASE_WHY] = "Ви отримали це, бо просили сповіщати про ці території.",
		[PHRASE_UNSUBSCRIBE] = "Відписатися",
	    } },
	{ "de",
	    {
		[PHRASE_EXERCISE] = "ÜBUNG",
		[PHRASE_EXERCISE_NOTE] = "Dies ist eine Übung. Es besteht keine wirkliche Gefahr.",
		[PHRASE_UPDATE] = "Aktualisierung",
		[PHRASE_ALL_CLEAR] = "Entwarnung",
		[PHRASE_ALL_CLEAR_NOTE] = "Die Gefahr ist vorüber.",
		[PHRASE_CANCELLED] = "Widerrufen, irrtümlich gesendet",
		[PHRASE_CANCELLED_NOTE] =
		    "Die vorige Warnung wurde irrtümlich gesendet. Bitte beachten Sie sie nicht.",
		[PHRASE_WHAT_TO_DO] = "Was zu tun ist",
		[PHRASE_AREAS] = "Gebiete",
		[PHRASE_VALID_UNTIL] = "Gültig bis",
		[PHRASE_TIME] = "%d.%m.%Y, %H:%M Uhr",
		[PHRASE_MORE] = "Einzelheiten und der neueste Stand",
		[PHRASE_WHY] =
		    "Sie erhalten diese Nachricht, weil Sie Warnungen für diese Gebiete bestellt haben.",
		[PHRASE_UNSUBSCRIBE] = "Abbestellen",
	    } },
};

const char *
phrase(struct str language, enum phrase which)
{
	struct str primary = str_cut(&language, '-');

	for (size_t i = 0; i < LEN(table); i++)
		if (primary.n == 2 && strncasecmp(primary.p, table[i].language, 2) == 0)
			return table[i].words[which];
	return table[0].words[which];
}

struct str
phrase_time(struct arena *a, struct str language, struct str zone, int64_t at)
{
	time_t seconds = (at + zone_offset(zone, at)) / SECOND_MS;
	char text[80];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), phrase(language, PHRASE_TIME), &tm);
	return arena_strf(a, "%s (%.*s)", text, FMT(zone));
}

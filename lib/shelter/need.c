/* need.c - what citizens ask for, as slugs. */
#include <string.h>

#include "shelter.h"
#include "utf8.h"

static const struct {
	const char *said, *slug;
} synonyms[] = {
	{ "wheelchair", "step-free" },
	{ "wheelchair-accessible", "step-free" },
	{ "wheelchair-access", "step-free" },
	{ "disabled-persons-special-access", "step-free" },
	{ "step-free-access", "step-free" },
	{ "accessible", "step-free" },
	{ "ramp", "step-free" },
	{ "power", "electricity" },
	{ "heat", "heating" },
	{ "warm", "heating" },
	{ "animals", "pets" },
	{ "pets-allowed", "pets" },
	{ "medication", "medicine" },
	{ "medicines", "medicine" },
};

struct str
need_slug(struct arena *a, struct str text)
{
	struct str slug = utf8_slug(a, text);

	for (size_t i = 0; i < LEN(synonyms); i++)
		if (str_is(slug, synonyms[i].said))
			return str(synonyms[i].slug);
	return slug;
}

/* words.c - a text as the words that search compares. */
#include "words.h"

#include <string.h>
#include <utf8proc.h>

#include "log.h"

enum {
	EXPANDED = 32, /* code points that one can fold to; 18 is the longest there is */
	TATWEEL = 0x640,
	LETTER_APOSTROPHE = 0x2bc, /* a letter to Unicode; Ukrainian has it where others type ' */
};

/* utf8_fold()'s. */
static const utf8proc_option_t folding = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
					 UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE;

struct scan {
	struct arena *arena;
	struct word *words;
	size_t n, room;
	char folded[WORD_BYTES];
	size_t used;      /* 0: between words */
	bool alone, full; /* the word takes no other letter in; no more bytes */
	size_t from, to;
};

/* What has no decomposition and yet is typed without its stroke or dot. */
static const struct {
	utf8proc_int32_t letter;
	const char *plain;
} plains[] = {
	{ 0x00e6, "ae" },       /* æ */
	{ 0x00f0, "d" },        /* ð */
	{ 0x00f8, "o" },        /* ø */
	{ 0x00fe, "th" },       /* þ */
	{ 0x0111, "d" },        /* đ */
	{ 0x0127, "h" },        /* ħ */
	{ 0x0131, "i" },        /* ı */
	{ 0x0142, "l" },        /* ł */
	{ 0x0153, "oe" },       /* œ */
	{ 0x0167, "t" },        /* ŧ */
	{ 0x0491, "\xd0\xb3" }, /* Ukrainian ge with upturn: ge */
	{ 0x06a9, "\xd9\x83" }, /* Persian kaf: Arabic kaf */
	{ 0x06cc, "\xd9\x8a" }, /* Persian yeh: Arabic yeh */
};

static const char *
plain(utf8proc_int32_t c)
{
	for (size_t i = 0; i < LEN(plains); i++)
		if (plains[i].letter == c)
			return plains[i].plain;
	return NULL;
}

static bool
is_letter(utf8proc_int32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	if (c == LETTER_APOSTROPHE)
		return false;
	return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
	       (k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO);
}

/* Of a script without blanks. */
static bool
stands_alone(utf8proc_int32_t c)
{
	static const utf8proc_int32_t ranges[][2] = {
		{ 0x0e00, 0x0eff },   /* Thai, Lao */
		{ 0x1000, 0x109f },   /* Burmese */
		{ 0x1780, 0x17ff },   /* Khmer */
		{ 0x2e80, 0x312f },   /* radicals, kana, bopomofo */
		{ 0x31a0, 0x9fff },   /* more of them; ideographs */
		{ 0xa9e0, 0xa9ff },   /* more of Burmese, */
		{ 0xaa60, 0xaa7f },   /* and more */
		{ 0xf900, 0xfaff },   /* ideographs for compatibility */
		{ 0x1aff0, 0x1b16f }, /* more kana */
		{ 0x20000, 0x3ffff }, /* more ideographs */
	};

	for (size_t i = 0; i < LEN(ranges) && c >= ranges[i][0]; i++)
		if (c <= ranges[i][1])
			return true;
	return false;
}

static void
end_word(struct scan *s)
{
	if (s->used == 0)
		return;
	s->words = arena_grow(s->arena, s->words, s->n, &s->room);
	s->words[s->n++] =
	    (struct word){ arena_dup(s->arena, (struct str){ s->folded, s->used }), s->from, s->to };
	s->used = 0;
	s->full = false;
}

static void
append(struct scan *s, const void *bytes, size_t n)
{
	s->full = s->full || s->used + n > WORD_BYTES;
	if (s->full)
		return;
	memcpy(s->folded + s->used, bytes, n);
	s->used += n;
}

/* A letter that stands, or has come from one that stands, at [from, to). */
static void
add_letter(struct scan *s, utf8proc_int32_t c, size_t from, size_t to)
{
	const char *instead = plain(c);
	bool alone = stands_alone(c);
	utf8proc_uint8_t bytes[4] = { 0 };

	if (alone || s->alone)
		end_word(s);
	if (s->used == 0)
		s->from = from;
	s->to = to;
	s->alone = alone;
	if (instead != NULL)
		append(s, instead, strlen(instead));
	else
		append(s, bytes, (size_t)utf8proc_encode_char(c, bytes));
}

/* The code point at [from, to).  One that folds to nothing, a mark or a soft
 * hyphen, belongs to the word that it stands in. */
static void
add_char(struct scan *s, utf8proc_int32_t c, size_t from, size_t to)
{
	utf8proc_int32_t folded[EXPANDED];
	int unused = UTF8PROC_BOUNDCLASS_START;
	utf8proc_ssize_t n = utf8proc_decompose_char(c, folded, EXPANDED, folding, &unused);

	if (n < 0 || n > EXPANDED)
		die("utf8proc_decompose_char: %d", (int)n);
	if (n == 0 || c == TATWEEL)
		s->to = to;
	for (utf8proc_ssize_t i = 0; i < n; i++)
		if (is_letter(folded[i]) && folded[i] != TATWEEL)
			add_letter(s, folded[i], from, to);
		else if (folded[i] != TATWEEL)
			end_word(s);
}

size_t
words_of(struct arena *a, struct str text, struct word **words)
{
	struct scan s = { .arena = a };

	for (size_t i = 0; i < text.n;) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate(
		    (const utf8proc_uint8_t *)text.p + i, (utf8proc_ssize_t)(text.n - i), &c);

		if (n > 0) {
			add_char(&s, c, i, i + (size_t)n);
		} else {
			end_word(&s);
			n = 1;
		}
		i += (size_t)n;
	}
	end_word(&s);
	*words = s.words;
	return s.n;
}

struct str
words_join(struct arena *a, const struct word *words, size_t n)
{
	size_t used = 0;
	char *out;

	for (size_t i = 0; i < n; i++)
		used += words[i].folded.n + 1;
	out = arena_alloc(a, used + 1);
	used = 0;
	for (size_t i = 0; i < n; i++) {
		if (used)
			out[used++] = ' ';
		memcpy(out + used, words[i].folded.p, words[i].folded.n);
		used += words[i].folded.n;
	}
	return (struct str){ out, used };
}

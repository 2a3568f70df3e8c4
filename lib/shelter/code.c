/* code.c - the code of an intention. */
#include "code.h"

#include <string.h>

#include "random.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Multiplies by x in GF(32), modulo x^5 + x^2 + 1. */
static unsigned
times_x(unsigned v)
{
	v <<= 1;
	return v & 32 ? v ^ 0x25 : v;
}

/* Horner's rule: the sum of digit * x^place; each place has another weight. */
static unsigned
check_of(const unsigned digits[static CODE_LENGTH - 1])
{
	unsigned sum = 0;

	for (int i = 0; i < CODE_LENGTH - 1; i++)
		sum = times_x(sum ^ digits[i]); /* cppcheck-suppress uninitvar */
	return sum;
}

struct str
code_make(struct arena *a)
{
	unsigned digits[CODE_LENGTH - 1];
	char *p = arena_alloc(a, CODE_LENGTH + 1);

	for (int i = 0; i < CODE_LENGTH - 1; i++) {
		digits[i] = random_below(32);
		p[i] = alphabet[digits[i]];
	}
	p[CODE_LENGTH - 1] = alphabet[check_of(digits)];
	return (struct str){ p, CODE_LENGTH };
}

/* The digit that a person means; -1: none. */
static int
digit(char c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	at = c != '\0' ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

bool
code_read(struct arena *a, struct str typed, struct str *code)
{
	unsigned digits[CODE_LENGTH];
	char *p = arena_alloc(a, CODE_LENGTH + 1);
	size_t n = 0;

	for (size_t i = 0; i < typed.n; i++) {
		int d;

		if (strchr(" -\t.", typed.p[i]) != NULL && typed.p[i] != '\0')
			continue;
		if (n == CODE_LENGTH || (d = digit(typed.p[i])) < 0)
			return false;
		digits[n] = (unsigned)d;
		p[n++] = alphabet[d];
	}
	*code = (struct str){ p, n };
	return n == CODE_LENGTH && check_of(digits) == digits[CODE_LENGTH - 1];
}

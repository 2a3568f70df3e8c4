/*
 * entities.c - says what stands out in texts, for tests that know it another way.
 *
 * Reads texts, each ended by a NUL; writes a line for each: "#0-4 @6-9 h11-22", the
 * kind and the bytes of every entity.
 */
#include <stdio.h>
#include <stdlib.h>

#include "entity.h"

int
main(void)
{
	static const char kinds[] = { [ENTITY_HASHTAG] = '#', [ENTITY_MENTION] = '@', [ENTITY_LINK] = 'h' };
	struct arena *mem = arena_new();
	char *line = NULL;
	size_t room = 0;

	while (getdelim(&line, &room, '\0', stdin) > 0) {
		struct entity *list;
		size_t n = entities_of(mem, str(line), &list);

		for (size_t i = 0; i < n; i++)
			printf("%s%c%zu-%zu", i ? " " : "", kinds[list[i].kind], list[i].from, list[i].to);
		putchar('\n');
		arena_reset(mem);
	}
	free(line);
	arena_free(mem);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * A sockprobe whose steps run out of memory: all of its objects, linked with
 * this and --wrap=arena_allow. STARVED has the number of a step and the bytes
 * that it may keep; each step calls arena_allow() once.
 */
#include <stdlib.h>

#include "sockprobe/util.h"

void __real_arena_allow(struct arena *arena, size_t more);
void __wrap_arena_allow(struct arena *arena, size_t more);

void __wrap_arena_allow(struct arena *arena, size_t more)
{
	static unsigned long steps;
	const char *asked = getenv("STARVED");
	char *bytes;

	if (asked && steps++ == strtoul(asked, &bytes, 10))
		more = strtoul(bytes, NULL, 10);
	__real_arena_allow(arena, more);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Expands the patterns of glob.h, one "*" after the other, with directory
 * listings from a reader.
 */
#include "collect/glob.h"

#include <errno.h>
#include <string.h>

/* Expands the first "*" of `pattern` to the names in its directory. */
static int glob_once(struct fetch *fetch, struct arena *arena,
		     const char *pattern, const char *star,
		     struct string_list *paths)
{
	char *dir = arena_strndup(arena, pattern, (size_t)(star - pattern));
	struct string_list names = { 0 };
	int worst = 0;
	bool cut;
	int err;

	if (!dir)
		return -ENOMEM;
	err = fetch_list(fetch, arena, dir, &names, &cut);
	if (err == -ENOENT || err == -ENOTDIR || err == -EINVAL)
		return 0;
	if (err)
		return err;
	if (cut)
		worst = -EFBIG;
	for (size_t i = 0; i < names.n; i++) {
		char *next;

		/* An entry that is named "*" would be expanded for ever. */
		if (strcmp(names.at[i], "*") == 0)
			continue;
		next = arena_printf(arena, "%s%s%s", dir, names.at[i],
				    star + 1);
		if (!next)
			return -ENOMEM;
		err = glob_paths(fetch, arena, next, paths);
		if (err)
			worst = err;
	}
	return worst;
}

int glob_paths(struct fetch *fetch, struct arena *arena, const char *pattern,
	       struct string_list *paths)
{
	const char *star = strstr(pattern, "/*");
	const char **slot;

	/* Only a whole component is a star; a name may hold one. */
	while (star && star[2] != '\0' && star[2] != '/')
		star = strstr(star + 2, "/*");
	if (star)
		return glob_once(fetch, arena, pattern, star + 1, paths);
	slot = list_add(arena, paths, MAX_RECORDS);
	if (!slot)
		return -errno;
	*slot = pattern;
	return 0;
}

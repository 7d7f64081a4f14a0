/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expands path patterns, such as a runtime's sockets below each user's home, to
 * the paths that exist.
 */
#ifndef SOCKPROBE_GLOB_H
#define SOCKPROBE_GLOB_H

#include "collect/fetch.h"
#include "sockprobe/evidence.h"

/*
 * All paths that match a pattern, in which "*" is one whole component.
 * Directories that cannot be listed are skipped; their worst errno other than
 * ENOENT and ENOTDIR is returned negative, for coverage; otherwise 0.
 */
int glob_paths(struct fetch *fetch, struct arena *arena, const char *pattern,
	       struct string_list *paths);

#endif

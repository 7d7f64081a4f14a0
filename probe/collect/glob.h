/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of paths, such as a runtime's sockets below each user's home, become
 * the paths that are there.
 */
#ifndef SOCKPROBE_GLOB_H
#define SOCKPROBE_GLOB_H

#include "collect/fetch.h"
#include "sockprobe/evidence.h"

/*
 * All paths that a pattern stands for, in which "*" is one whole component.
 * Directories that cannot be listed are skipped; the worst errno but ENOENT
 * and ENOTDIR is returned negative, so that coverage can tell; 0 otherwise.
 */
int glob_paths(struct fetch *fetch, struct arena *arena, const char *pattern,
	       struct string_list *paths);

#endif

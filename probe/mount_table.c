// SPDX-License-Identifier: Apache-2.0
/* Questions asked of one mount table; nothing here reads the node. */
#include "sockprobe/mount_table.h"

#include <string.h>

size_t mount_by_id(const struct mount_view *view, uint64_t id)
{
	for (size_t i = 0; i < view->mounts.n; i++) {
		if (view->mounts.at[i].id == id)
			return i;
	}
	return NO_INDEX;
}

/* First position in by_parent whose (parent, point) is not below the wanted. */
static size_t lower_bound(const struct mount_view *view, uint32_t parent,
			  const char *point)
{
	size_t low = 0;
	size_t high = view->mounts.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct mount *mount =
			&view->mounts.at[view->by_parent[middle]];

		if (mount->parent < parent ||
		    (mount->parent == parent &&
		     strcmp(mount->point, point) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The topmost mount at `point` whose parent is `parent`. */
static size_t child_at(const struct mount_view *view, uint32_t parent,
		       const char *point)
{
	size_t found = NO_INDEX;

	for (size_t i = lower_bound(view, parent, point); i < view->mounts.n;
	     i++) {
		size_t idx = view->by_parent[i];
		const struct mount *mount = &view->mounts.at[idx];

		if (mount->parent != parent || strcmp(mount->point, point) != 0)
			break;
		/* Only the root mount of all can be its own parent. */
		if (mount->id != parent)
			found = idx;
	}
	return found;
}

/* The mount at "/" whose parent is not in the table: where a walk begins. */
static size_t root_mount(const struct mount_view *view)
{
	for (size_t i = 0; i < view->mounts.n; i++) {
		const struct mount *mount = &view->mounts.at[i];

		if (strcmp(mount->point, "/") == 0 &&
		    (mount->id == mount->parent ||
		     mount_by_id(view, mount->parent) == NO_INDEX))
			return i;
	}
	return NO_INDEX;
}

size_t mount_serving(const struct mount_view *view, const char *path)
{
	size_t now = root_mount(view);
	char prefix[PATH_MAX];
	size_t len = strlen(path);
	size_t steps = 0;

	if (now == NO_INDEX || len >= sizeof(prefix))
		return NO_INDEX;
	for (size_t end = 0; end <= len; end++) {
		size_t next;

		if (end != 0 && end != len && path[end] != '/')
			continue;
		memcpy(prefix, path, end);
		prefix[end] = '\0';
		/*
		 * Mounts may be stacked: climb to the top of the pile. A table
		 * that changed while it was read may have a ring in it.
		 */
		while ((next = child_at(view, view->mounts.at[now].id,
					end ? prefix : "/")) != NO_INDEX) {
			if (steps++ == view->mounts.n)
				return NO_INDEX;
			now = next;
		}
	}
	return now;
}

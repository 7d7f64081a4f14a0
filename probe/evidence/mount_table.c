// SPDX-License-Identifier: Apache-2.0
/* Queries on one mount table; nothing here reads the node. */
#include "sockprobe/mount_table.h"

#include <errno.h>
#include <string.h>

/*
 * In `top`: this mount's stack is a cycle, because the table changed while it
 * was read.
 */
#define RING UINT32_MAX

size_t mount_by_id(const struct mount_view *view, uint64_t id)
{
	for (size_t i = 0; i < view->mounts.n; i++) {
		if (view->mounts.at[i].id == id)
			return i;
	}
	return NO_INDEX;
}

/*
 * The first position in by_parent whose (parent, point) is not below this one.
 */
static size_t lower_bound(const struct mount_view *view, uint32_t parent,
			  const char *point)
{
	size_t low = 0;
	size_t high = view->mounts.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct mount *mount =
			&view->mounts.at[view->by_parent[middle]];

		if (mount->parent < parent || (mount->parent == parent &&
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
		/* Only the root mount can be its own parent. */
		if (mount->id != parent)
			found = idx;
	}
	return found;
}

/* ---- making the index ---- */

/* For qsort_r(): mounts have no pointer to their table. */
static int compare_by_parent(const void *a, const void *b, void *mounts)
{
	uint32_t first = *(const uint32_t *)a;
	uint32_t second = *(const uint32_t *)b;
	const struct mount *x = (struct mount *)mounts + first;
	const struct mount *y = (struct mount *)mounts + second;
	int order;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	order = strcmp(x->point, y->point);
	if (order)
		return order;
	/*
	 * Of two mounts on one point the later one in the table covers the
	 * other.
	 */
	return first < second ? -1 : 1;
}

/*
 * The mount at "/" whose parent is none of the mounts at "/": the root of the
 * processes that have this table. Whatever was mounted over "/" later has one
 * of them as its parent, and no walk of these processes reaches it: a walk
 * begins at the root, not at what covers it. `ids` has space for all.
 */
static size_t find_root(const struct mount_view *view, uint32_t *ids)
{
	const struct mount_list *mounts = &view->mounts;
	size_t n = 0;

	for (size_t i = 0; i < mounts->n; i++) {
		if (strcmp(mounts->at[i].point, "/") == 0)
			ids[n++] = mounts->at[i].id;
	}
	if (n)
		qsort(ids, n, sizeof(*ids), compare_u32);
	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount *mount = &mounts->at[i];

		if (strcmp(mount->point, "/") == 0 &&
		    (mount->id == mount->parent ||
		     !bsearch(&mount->parent, ids, n, sizeof(*ids),
			      compare_u32)))
			return i;
	}
	return NO_INDEX;
}

/*
 * Finds what is mounted directly on each mount's root; the mount itself if
 * nothing is.
 */
static void find_next(struct mount_view *view)
{
	for (size_t i = 0; i < view->mounts.n; i++) {
		const struct mount *mount = &view->mounts.at[i];
		size_t child = child_at(view, mount->id, mount->point);

		view->top[i] = (uint32_t)(child == NO_INDEX ? i : child);
	}
}

/*
 * Follows these to the top of each stack. Each mount is visited twice at most.
 */
static void find_top(const struct mount_view *view, uint32_t first)
{
	uint32_t *top = view->top;
	uint32_t end = first;
	size_t steps = 0;

	while (end != RING && top[end] != end)
		end = steps++ > view->mounts.n ? RING : top[end];
	for (uint32_t at = first; at != end && top[at] != end;) {
		uint32_t next = top[at];

		top[at] = end;
		at = next;
	}
}

int mount_table_index(struct arena *arena, struct mount_view *view)
{
	size_t n = view->mounts.n;

	view->by_parent = arena_alloc(arena, (n + 1) * sizeof(uint32_t));
	view->top = arena_alloc(arena, (n + 1) * sizeof(uint32_t));
	if (!view->by_parent || !view->top)
		return -ENOMEM;
	view->first = find_root(view, view->by_parent);
	for (size_t i = 0; i < n; i++)
		view->by_parent[i] = (uint32_t)i;
	if (n)
		qsort_r(view->by_parent, n, sizeof(*view->by_parent),
			compare_by_parent, view->mounts.at);
	find_next(view);
	for (size_t i = 0; i < n; i++)
		find_top(view, (uint32_t)i);
	return 0;
}

/* ---- asking it ---- */

size_t mount_serving(const struct mount_view *view, const char *path)
{
	char prefix[PATH_MAX];
	size_t len = strlen(path);
	size_t now;

	if (view->first == NO_INDEX || len >= sizeof(prefix))
		return NO_INDEX;
	now = view->first;
	for (size_t end = 2; end <= len; end++) {
		size_t next;

		if (end != len && path[end] != '/')
			continue;
		memcpy(prefix, path, end);
		prefix[end] = '\0';
		next = child_at(view, view->mounts.at[now].id, prefix);
		if (next == NO_INDEX)
			continue;
		if (view->top[next] == RING)
			return NO_INDEX;
		now = view->top[next];
	}
	return now;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Questions asked of one mount table. */
#ifndef SOCKPROBE_MOUNT_TABLE_H
#define SOCKPROBE_MOUNT_TABLE_H

#include "sockprobe/evidence.h"

/*
 * The mount that answers for `path` in a view, as a path walk would meet it:
 * the last one mounted wins, what it covers is hidden. NO_INDEX where the view
 * has no root mount.
 */
size_t mount_serving(const struct mount_view *view, const char *path);

/*
 * Fills first, by_parent and top of a view whose mounts are complete; what they
 * take is bounded by n log n, however the mounts are piled. 0 or -ENOMEM.
 */
int mount_table_index(struct arena *arena, struct mount_view *view);

/* The index of the mount with this id. NO_INDEX where there is none. */
size_t mount_by_id(const struct mount_view *view, uint64_t id);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Queries on one mount table. */
#ifndef SOCKPROBE_MOUNT_TABLE_H
#define SOCKPROBE_MOUNT_TABLE_H

#include "sockprobe/evidence.h"

/*
 * The mount that a path walk to `path` ends on. Of several mounts on one point
 * the last one counts, as it covers the others. NO_INDEX if the view has no
 * root mount.
 */
size_t mount_serving(const struct mount_view *view, const char *path);

/*
 * Fills first, by_parent and top of a view whose mounts are complete. Takes
 * time n log n, however the mounts are stacked. 0 or -ENOMEM.
 */
int mount_table_index(struct arena *arena, struct mount_view *view);

/* The index of the mount with this id. NO_INDEX where there is none. */
size_t mount_by_id(const struct mount_view *view, uint64_t id);

#endif

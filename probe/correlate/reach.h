/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which containers can reach an object: by a mount of it, of a directory above
 * it or of the node's root, or through /proc/PID/root. There are three parts,
 * because the second one reads the node: plan, look (collect/views.h),
 * conclude.
 */
#ifndef SOCKPROBE_REACH_H
#define SOCKPROBE_REACH_H

#include "sockprobe/evidence.h"

/*
 * Fills ev->access from the mount tables alone: container, path, container
 * path, how. 0 or -errno.
 */
int reach_plan(struct evidence *ev);

/*
 * After each look was taken: same inode or stale, permission, and what
 * connect(2) would return in the container. 0 or -errno.
 */
int reach_conclude(struct evidence *ev);

#endif

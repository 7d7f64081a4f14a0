/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Since when is a name what it is? By what each file system keeps of a change,
 * as it was tried on tmpfs, ext4, xfs, btrfs and overlay over them: no other file
 * system dates anything.
 */
#ifndef SOCKPROBE_WAYS_H
#define SOCKPROBE_WAYS_H

#include "sockprobe/way.h"

struct way_date {
	bool dated;
	/*
	 * The youngest change of all that the name leads through; tv_sec 0 where
	 * all of it is the image's, which is older than the container. Of a
	 * socket it dates the name only: when its listener ended, nothing tells.
	 */
	struct timespec since;
	const char *why; /* of not being dated, and at which step; */
	const char *at;	 /* NULL where dated */
};

/*
 * Dates a way. `root_mnt` is the mount of the container's own root, below which
 * nobody outside the container can move a mount point.
 */
struct way_date way_date(const struct way *way, uint64_t root_mnt);

struct way_mounts {
	enum tristate fit;
	const char *why; /* of not; static text */
	const char *at;	 /* the mount point it is about; NULL */
	bool slave;	 /* later mounts of the node may come onto the way */
};

/*
 * What the mounts of a container are held against. `table`, `more` and `facts`
 * are of the mount namespace as the record's root shows it; `nodes` is the
 * node's own table, NULL where it is not known.
 */
struct way_context {
	uint64_t root_mnt; /* the mount of the container's own root */
	const struct mount_view *table;
	const struct mount_more_list *more;
	const struct mount_fact_list *facts;
	const struct mount_view *nodes;
};

/*
 * Is every mount on the way one that the container was started with, and is none
 * of those missing or covered? `own` is the table of the thread whose way it is,
 * `below` the directory (resolved, in that table's view) that its steps begin at,
 * NULL for the root.
 */
struct way_mounts way_mounts(const struct way_context *context,
			     const struct way *way,
			     const struct mount_view *own, const char *below);

#endif

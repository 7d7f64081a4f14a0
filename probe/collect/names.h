/* SPDX-License-Identifier: Apache-2.0 */
/* What a name is, from one standpoint, with all that can date it. */
#ifndef SOCKPROBE_NAMES_H
#define SOCKPROBE_NAMES_H

#include "collect/fetch.h"
#include "sockprobe/evidence.h"
#include "sockprobe/way.h"

/* Where one mount namespace is looked at from: a thread, and its mount table. */
struct name_looker {
	struct fetch *fetch;
	struct arena *arena; /* of what is made here */
	struct fetch_root root;
	struct mount_view table;
	struct mount_more_list more;
	bool table_known;
};

/*
 * Begins to look as thread `tid` of the process held as `proc_dirfd`: reads its
 * mount table. Where that is not possible, table_known is false. 0 or -ENOMEM.
 */
int name_looker_init(struct name_looker *looker, struct fetch *fetch,
		     struct arena *arena, int proc_dirfd, pid_t tid);

/*
 * Looks at `name`, in the directory `below` of that root (NULL: the root; else
 * its resolved path), and at the upper directory of each overlay on the way. 0 or -ENOMEM; what could
 * not be seen, way->look says.
 */
int name_look(struct name_looker *looker, const char *below, const char *name,
	      struct way *way);

/*
 * Looks at each mount that `bundle` asks for: where its destination leads in
 * this view, and whether that is what its source is on the node. `facts` has
 * one for each, in order. 0 or -ENOMEM.
 */
int name_look_at_mounts(struct name_looker *looker, const struct bundle *bundle,
			struct mount_fact_list *facts);

#endif

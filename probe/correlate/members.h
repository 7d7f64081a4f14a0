/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes a container's are, by the kernel and not by a cgroup's name. */
#ifndef SOCKPROBE_MEMBERS_H
#define SOCKPROBE_MEMBERS_H

#include "sockprobe/evidence.h"

/*
 * Fills `members` (indexes into ev->processes, sorted, empty before) with the
 * processes of a container: those in its cgroup or in one below it, whatever
 * that is called; those that are in a mount namespace of one of them which is
 * not the node's; and the descendants of all of these. 0 or -ENOMEM.
 */
int members_find(struct evidence *ev, size_t container,
		 struct index_list *members);

#endif

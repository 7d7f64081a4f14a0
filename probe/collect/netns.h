/* SPDX-License-Identifier: Apache-2.0 */
/* The network namespaces of a node, and how one is entered. */
#ifndef SOCKPROBE_NETNS_H
#define SOCKPROBE_NETNS_H

#include "sockprobe/evidence.h"

/*
 * Fills ev->netns with the namespaces of all processes and of bind mounts in
 * the probe's own mount table, each once, sorted by inode number. Adds the
 * coverage line "network_namespaces".
 */
void netns_find(struct evidence *ev);

/*
 * Enters a namespace, for which another than the present one takes
 * CAP_SYS_ADMIN, by a process in it that still runs, which netns->process is
 * afterwards, or by a mount. Returns 1 where it was entered, 0 where it is the
 * present one, or -errno: -ESRCH where all of its processes have ended.
 */
int netns_enter(const struct evidence *ev, struct netns *netns);

/* Returns to the probe's own, by a descriptor of it; ends the run if it fails. */
void netns_return(int home);

#endif

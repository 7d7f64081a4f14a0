/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and entering the network namespaces of a node. */
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
 * Enters a namespace by a running process in it, which becomes netns->process,
 * or by a mount. Takes CAP_SYS_ADMIN unless it is the present one. Returns 1 if
 * it was entered, 0 if it is the present one, or -errno: -ESRCH if all of its
 * processes have ended.
 */
int netns_enter(const struct evidence *ev, struct netns *netns);

/*
 * Is no process in this namespace any more, whose listed processes have ended,
 * and is it not mounted? Then it has no sockets that a process could still use
 * without holding their descriptors, which are found by themselves. Reads the
 * namespace of every process.
 */
bool netns_is_over(const struct evidence *ev, const struct netns *netns);

/*
 * Returns to the probe's own namespace, by its descriptor. If that fails, the
 * run ends.
 */
void netns_return(int home);

#endif

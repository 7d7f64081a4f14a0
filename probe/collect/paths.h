/* SPDX-License-Identifier: Apache-2.0 */
/* What stands at each runtime-socket path, inside the audited root. */
#ifndef SOCKPROBE_PATHS_H
#define SOCKPROBE_PATHS_H

#include "collect/fetch.h"
#include "sockprobe/evidence.h"

/*
 * Looks at every path of the vocabulary, of the kubelet's configuration and of
 * `extra` (the --path options), and fills ev->paths: one item for each object,
 * with all names that lead to it. Adds the coverage line "paths". 0 or -errno.
 */
int paths_collect(struct evidence *ev, struct fetch *fetch,
		  const struct string_list *extra);

/*
 * Adds a path as a process names it: a listening socket that no other path led
 * to, or a finding's path. It is looked up in the root of `process`, or the
 * audited root (NO_INDEX); `container` is that process's or NO_INDEX. *idx, if
 * not NULL, becomes the object's index. 0 or -errno.
 */
int paths_add_named(struct evidence *ev, struct fetch *fetch, const char *name,
		    enum path_listing listed, size_t process, size_t container,
		    size_t *idx);

/*
 * Adds a listening socket whose name no longer leads to it: mounts and
 * connections made before still reach it. The inode is from unix_diag. 0 or
 * -errno.
 */
int paths_add_unlinked(struct evidence *ev, const struct unix_socket *socket,
		       size_t container);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts of the machine, and the runtime sockets that its kubelet is configured
 * to use.
 */
#ifndef SOCKPROBE_NODE_H
#define SOCKPROBE_NODE_H

#include "collect/fetch.h"
#include "sockprobe/evidence.h"

/*
 * Facts from the kernel, read before everything else: boot time, clock ticks,
 * release, host name. `procfd` is of procfs, for the boot id and for whether
 * there is SELinux; -1 if there is none.
 */
void node_kernel(struct evidence *ev);
void node_procfs(struct evidence *ev, int procfd);

/*
 * Fills the rest of ev->node from the audited root; what cannot be read stays
 * unknown. Adds the coverage line "kubelet_config". 0 or -ENOMEM.
 */
int node_collect(struct evidence *ev, struct fetch *fetch);

/*
 * The socket path in a kubelet configuration: of the value of
 * containerRuntimeEndpoint (JSON, YAML) or --container-runtime-endpoint
 * (flags), without unix://. Owned by the arena; NULL where none is set.
 */
const char *parse_kubelet(struct arena *arena, int format, const char *text,
			  size_t len);

/* The value of KEY= in an os-release file, unquoted, or NULL. */
const char *parse_os_release(struct arena *arena, const char *text,
			     const char *key);

#endif

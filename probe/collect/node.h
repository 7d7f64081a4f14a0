/* SPDX-License-Identifier: Apache-2.0 */
/* What machine this is, and which runtime sockets its kubelet is told to use. */
#ifndef SOCKPROBE_NODE_H
#define SOCKPROBE_NODE_H

#include "fetch.h"
#include "sockprobe/evidence.h"

/* The clock facts that processes need before all else: boot time, ticks. */
void node_clock(struct evidence *ev);

/*
 * Fills ev->node from the audited root and the kernel; what cannot be read
 * stays NULL. Adds the coverage line "kubelet_config". 0 or -ENOMEM.
 */
int node_collect(struct evidence *ev, struct fetch *fetch, int procfd);

/*
 * The socket path in a kubelet configuration: of the value of
 * containerRuntimeEndpoint (JSON, YAML) or --container-runtime-endpoint
 * (flags), without unix://. Owned by the arena; NULL where none is set.
 */
const char *parse_kubelet(struct arena *arena, int format, const char *text,
			  size_t len);

/* The value of KEY= in an os-release file, unquoted. NULL where it has none. */
const char *parse_os_release(struct arena *arena, const char *text,
			     const char *key);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's declared clients (--expect FILE): who is meant to use a live
 * runtime socket. The verdict says that this is the operator's statement.
 *
 *   {"expected": [{"namespace": "monitoring", "workload": "watcher",
 *                  "image_prefix": "registry.example/tools",
 *                  "executable": "/bin/watcher",
 *                  "socket": "/var/run/docker.sock", "why": "TICKET-1"}]}
 *
 * namespace, socket and one of workload or image_prefix are required in each;
 * all fields that are given must match.
 */
#ifndef SOCKPROBE_EXPECT_H
#define SOCKPROBE_EXPECT_H

#include <stddef.h>

#include "sockprobe/error.h"
#include "sockprobe/finding.h"

/* The memory for a file of 1 MiB. */
#define EXPECT_ARENA ((size_t)16 << 20)

/*
 * Parses and checks such a text. The declared clients become items of
 * *expected, in `arena`. 0, or fails with EXIT_BAD_INPUT naming the place, or
 * EXIT_INTERNAL if the arena's limit is met.
 */
int expect_parse(struct arena *arena, const char *text, size_t len,
		 struct expected_list *expected, struct error *error);

#endif

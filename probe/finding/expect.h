/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's declared clients (--expect FILE): who is meant to use a live
 * runtime socket. A declaration is the operator's word, and is said to be.
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

/* What an arena must allow for such a file of 1 MiB. */
#define EXPECT_ARENA ((size_t)16 << 20)

/*
 * Parses and checks such a text; the declared clients become items of *expected,
 * in `arena`. 0, or fails with EXIT_BAD_INPUT naming the place, or EXIT_INTERNAL
 * past the arena's limit.
 */
int expect_parse(struct arena *arena, const char *text, size_t len,
		 struct expected_list *expected, struct error *error);

#endif

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

#include <cjson/cJSON.h>
#include <stddef.h>

#include "sockprobe/error.h"

/*
 * Parses and checks such a text. *expected is the array, to be freed with
 * cJSON_Delete(). 0, or fails with EXIT_BAD_INPUT naming the place.
 */
int expect_parse(const char *text, size_t len, cJSON **expected,
		 struct error *error);

#endif

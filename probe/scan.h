/* SPDX-License-Identifier: Apache-2.0 */
/* The data flow of one run on a node: collect, correlate; see the README. */
#ifndef SOCKPROBE_SCAN_H
#define SOCKPROBE_SCAN_H

#include <cjson/cJSON.h>

#include "options.h"
#include "sockprobe/evidence.h"

/*
 * Looks at the node and fills *ev, which the caller ends with scan_free().
 * `findings` (NULL for none): normalized findings; each is located, and its
 * socket path looked at in its container. Gaps are coverage, not errors. 0, or
 * fails.
 */
int scan(const struct options *options, cJSON *findings, struct evidence *ev,
	 struct error *error);
void scan_free(struct evidence *ev);


#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The data flow of one run: collect, correlate; see the README. */
#ifndef SOCKPROBE_SCAN_H
#define SOCKPROBE_SCAN_H

#include "options.h"
#include "sockprobe/evidence.h"

/*
 * Looks at the node and fills *ev, which the caller ends with scan_free().
 * Gaps are coverage, not errors. 0, or fails.
 */
int scan(const struct options *options, struct evidence *ev,
	 struct error *error);
void scan_free(struct evidence *ev);

/* The command `scan`. Returns the exit status. */
int scan_main(int argc, char *argv[], struct error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run on a node (probe/README.md), in two steps: what needs privileges,
 * then, without any, the rest. Foreign formats are parsed in the second step
 * only.
 */
#ifndef SOCKPROBE_SCAN_H
#define SOCKPROBE_SCAN_H

#include "collect/fetch.h"
#include "collect/holders.h"
#include "collect/records.h"
#include "collect/sockdiag.h"
#include "commands/options.h"
#include "sockprobe/evidence.h"
#include "sockprobe/finding.h"

struct scan {
	struct evidence ev;
	const struct options *options;
	int64_t begin, deadline; /* in now_ms() time */
	int rootfd;
	int procfd; /* valid until scan_collect() returns */
	struct fetch *fetch;
	struct socket_tables tables;
	struct holders_search search;
	struct record_index records;
	struct finding_list *findings; /* from scan_correlate() */
};

/*
 * Reads what takes privileges, opens the rest, and gives the privileges up:
 * from PHASE_COLLECT to PHASE_CORRELATE. `confinement` is from confine_begin().
 * Initializes *scan, which scan_free() ends in every case. 0, or fails.
 */
int scan_collect(struct scan *scan, const struct options *options,
		 const struct confinement *confinement, struct error *error);

/*
 * Fills scan->ev. Locates each of `findings` (may be empty) and looks up its
 * socket path in its container. Gaps are coverage, not errors. Closes all that
 * the scan held open. 0, or fails.
 */
int scan_correlate(struct scan *scan, struct finding_list *findings,
		   struct error *error);

void scan_free(struct scan *scan);

#endif

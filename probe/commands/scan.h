/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data flow of one run on a node (see the README), in two steps: what needs
 * privileges, then, without any, all the rest. Foreign formats are parsed in
 * the second step only.
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
	int procfd; /* until scan_collect() returns */
	struct fetch *fetch;
	struct socket_tables tables;
	struct holders_search search;
	struct record_index records;
	struct finding_list *findings; /* of scan_correlate() */
};

/*
 * Reads what is read with privileges, opens the rest, and gives them up: from
 * PHASE_COLLECT to PHASE_CORRELATE. `confinement` is that of confine_begin();
 * *scan is made, and ended with scan_free() in every case. 0, or fails.
 */
int scan_collect(struct scan *scan, const struct options *options,
		 const struct confinement *confinement, struct error *error);

/*
 * Fills scan->ev. Each of `findings` (may be empty) is located, and its socket
 * path looked at in its container. Gaps are coverage, not errors. All that the
 * scan held open is closed. 0, or fails.
 */
int scan_correlate(struct scan *scan, struct finding_list *findings,
		   struct error *error);

void scan_free(struct scan *scan);

#endif

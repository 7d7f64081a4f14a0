/* SPDX-License-Identifier: Apache-2.0 */
/* From where the threads of a container look at a name. */
#ifndef SOCKPROBE_STANDPOINTS_H
#define SOCKPROBE_STANDPOINTS_H

#include "collect/fetch.h"
#include "sockprobe/evidence.h"

/* What could not be seen of one container's threads, and of which process. */
struct standpoint_gaps {
	size_t ended;	  /* processes; their threads are gone */
	size_t denied;	  /* threads */
	size_t timed_out; /* processes */
	size_t cut;	  /* threads or standpoints beyond the most kept */
	pid_t pid;	  /* the first of whatever is counted but `ended` */
	uint64_t cap_bounding; /* of all threads together */
	bool without_seccomp;  /* of some thread */
};

/*
 * Adds to ev->standpoints each that a thread of the processes `members` (indexes
 * into ev->processes) has, as one of `container`'s. *gaps, empty before, says
 * what was not seen. 0 or -ENOMEM.
 */
int standpoints_find(struct evidence *ev, struct fetch *fetch, size_t container,
		     const struct index_list *members,
		     struct standpoint_gaps *gaps);

#endif

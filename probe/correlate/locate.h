/* SPDX-License-Identifier: Apache-2.0 */
/* The container and process of this node that a finding is about. */
#ifndef SOCKPROBE_LOCATE_H
#define SOCKPROBE_LOCATE_H

#include "sockprobe/evidence.h"
#include "sockprobe/finding.h"

/* What findings name a container by. Texts are NULL where not known. */
struct candidate {
	const char *id, *name, *image;
	const char *pod_namespace, *pod_name, *pod_uid;
	bool sandbox;
	bool running;
};

/* Containers, of the node or of a document. */
struct candidates {
	struct arena *arena; /* of what is said of them */
	size_t n;
	const void *of;
	struct candidate (*get)(const void *of, size_t idx);
	const char *hostname; /* the node's; NULL not known */
	size_t of_process;    /* that the finding's process is in; NO_INDEX */
	bool incomplete;      /* others of the node are not among them */
};

/*
 * Finds the container of a finding: by its id, else by its pod, else by its
 * workload, else by its process. Fills finding->located but its path and process.
 */
void locate_among(const struct candidates *candidates, struct finding *finding);

/* Is this when the finding's process started, as far as clocks tell? */
bool locate_is_start(const struct finding *finding, struct timespec started);

/*
 * Finds the container of a finding among ev->containers, whose records must
 * have been read, and fills finding->located except its path. Returns the
 * container's index, or NO_INDEX: not here, not running, or ambiguous.
 */
size_t locate_finding(struct evidence *ev, struct finding *finding);

/* A process of the container that has a mount table; NO_INDEX: none. */
size_t locate_process(const struct evidence *ev, size_t container);

/*
 * A finding may name a path through /proc/PID/root, which no walk follows. If
 * that is a planned access of its container, the access's object becomes its
 * path.
 */
void locate_by_access(const struct evidence *ev, struct finding_list *findings);

#endif

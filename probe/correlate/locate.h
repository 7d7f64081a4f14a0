/* SPDX-License-Identifier: Apache-2.0 */
/* The container and process of this node that a finding is about. */
#ifndef SOCKPROBE_LOCATE_H
#define SOCKPROBE_LOCATE_H

#include "sockprobe/evidence.h"
#include "sockprobe/finding.h"

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

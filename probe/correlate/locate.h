/* SPDX-License-Identifier: Apache-2.0 */
/* Which container and process of this node a finding speaks of. */
#ifndef SOCKPROBE_LOCATE_H
#define SOCKPROBE_LOCATE_H

#include "sockprobe/evidence.h"
#include "sockprobe/finding.h"

/*
 * Finds the container of a finding among ev->containers, whose records must have
 * been read, and fills finding->located but its path. Returns the container's
 * index, or NO_INDEX: not here, not running, or not to be told apart.
 */
size_t locate_finding(struct evidence *ev, struct finding *finding);

/* A live process of the container that has a mount table; NO_INDEX none. */
size_t locate_process(const struct evidence *ev, size_t container);

/*
 * A finding may name a way through /proc/PID/root, which no walk follows: where
 * that is a planned access of its container, its path is that access's object.
 */
void locate_by_access(const struct evidence *ev, struct finding_list *findings);

#endif

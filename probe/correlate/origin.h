/* SPDX-License-Identifier: Apache-2.0 */
/* Why a directory is where a socket should be. */
#ifndef SOCKPROBE_ORIGIN_H
#define SOCKPROBE_ORIGIN_H

#include "sockprobe/evidence.h"

/*
 * Is there an object whose origin is to be found? If so, all records are
 * needed.
 */
bool origin_is_asked(const struct evidence *ev);

/*
 * Fills the origin of each such object from the containers' records: which have
 * it as a mount source, and how close their creation is to its birth. 0 or
 * -errno.
 */
int origin_correlate(struct evidence *ev);

#endif

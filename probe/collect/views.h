/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at paths as containers see them, through /proc/PID/root. */
#ifndef SOCKPROBE_VIEWS_H
#define SOCKPROBE_VIEWS_H

#include "collect/fetch.h"
#include "sockprobe/evidence.h"

/*
 * Fills the look of every planned access by a mount. Only a reader enters the
 * container's tree. Adds the coverage line "container_views". 0 or -ENOMEM.
 */
int views_look(struct evidence *ev, struct fetch *fetch);

#endif

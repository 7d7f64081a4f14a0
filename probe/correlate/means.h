/* SPDX-License-Identifier: Apache-2.0 */
/* What a container could have done to its names and leave no trace of it. */
#ifndef SOCKPROBE_MEANS_H
#define SOCKPROBE_MEANS_H

#include "sockprobe/evidence.h"

/*
 * Adds to `means` a text for each way in which a process of the container could
 * have seen a name through other mounts, or from another root, than those that
 * are seen now: then that none did can only be assumed. `cap_bounding`: of all
 * its threads and its record; `table`: its mounts. What it may connect to, now and
 * from its start, has been asked before. 0 or -ENOMEM.
 */
int means_find(struct evidence *ev, size_t container, uint64_t cap_bounding,
	       const struct mount_view *table, struct string_list *means);

/* Adds one more, as far as there is a place. 0, or -ENOMEM, also for no text. */
int means_add(struct evidence *ev, struct string_list *means, const char *text);

#endif

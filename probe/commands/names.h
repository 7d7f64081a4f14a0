/* SPDX-License-Identifier: Apache-2.0 */
/* The step of a scan that asks what names are to containers. */
#ifndef SOCKPROBE_COMMANDS_NAMES_H
#define SOCKPROBE_COMMANDS_NAMES_H

#include "collect/fetch.h"
#include "collect/records.h"
#include "sockprobe/evidence.h"

/*
 * For each container that matters and has processes: what the usual names of
 * docker.sock, and those of `extra` (pairs of a container and a name), are from
 * each standpoint of its threads, since when, and by which mounts. Fills
 * ev->standpoints, name_facts and names_seen. 0 or -ENOMEM.
 */
struct name_wanted {
	size_t container;
	const char *name; /* absolute */
};
DEFINE_LIST(name_wanted_list, struct name_wanted);

int names_look(struct evidence *ev, struct fetch *fetch,
	       const struct record_index *records,
	       const struct name_wanted_list *extra);

#endif

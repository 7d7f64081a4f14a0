/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a name leads to what it is, step by step, with what dates each step: made
 * by collect/names.h, judged by correlate/ways.h.
 */
#ifndef SOCKPROBE_WAY_H
#define SOCKPROBE_WAY_H

#include "sockprobe/evidence.h"

/*
 * Of a step in an overlay: is the entry the image's, or of the upper directory,
 * in which all is that changed since the container was made?
 */
enum upper_fact {
	UPPER_NONE,	    /* the step is in no overlay */
	UPPER_UNKNOWN,	    /* the upper directory could not be looked at */
	UPPER_LACKS_PARENT, /* nothing of the directory was ever changed */
	UPPER_LACKS_ENTRY,
	UPPER_HAS_ENTRY,
};

struct way_upper {
	enum upper_fact fact;
	uint32_t magic; /* f_type of the upper directory's file system */
};

/* A name as one thread sees it. */
struct way {
	struct path_look look;
	struct way_upper *uppers; /* one for each of look.way */
	bool steady; /* a second look, after all others, saw the same */
};

/* A mount that a container's record asks for, as it is now. */
struct mount_fact {
	const struct record_mount *record;
	uint64_t mnt_id;     /* of what its destination is on; 0 unknown */
	const char *point;   /* the destination, resolved; NULL: not there */
	const char *source;  /* of a bind, on the node, resolved; NULL */
	enum path_kind kind; /* of the destination, as is inode */
	struct inode inode;
	bool present;	    /* a mount is at the destination */
	bool directory;	    /* and it is one */
	enum tristate fits; /* and shows what the record says */
};
DEFINE_LIST(mount_fact_list, struct mount_fact);

#endif

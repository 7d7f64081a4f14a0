/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process belongs to, by its cgroup. */
#ifndef SOCKPROBE_IDENTITY_H
#define SOCKPROBE_IDENTITY_H

#include "sockprobe/evidence.h"

/* What a cgroup path says. All NULL: a process of the node itself. */
struct cgroup_identity {
	const char *id;	     /* innermost container, 64 hex digits */
	const char *parent;  /* the container around that one */
	const char *runtime; /* NULL where the form is shared by several */
	const char *pod_uid;
};

/*
 * Reads a cgroup path by the vocabulary's forms. Strings are owned by the
 * arena. 0 or -ENOMEM.
 */
int cgroup_identify(struct arena *arena, const char *path,
		    struct cgroup_identity *identity);

/*
 * Assigns every process to its container, making the containers, and fills
 * what the kernel alone tells of them. 0 or -errno.
 */
int identity_correlate(struct evidence *ev);

/*
 * Marks the sandbox of the pod that the probe itself runs in. Its other containers
 * are what an ephemeral container was put beside to look at.
 */
void identity_mark_self(struct evidence *ev);

/* Marks the containers that listen on a path or are connected to one. */
void identity_mark_touching(struct evidence *ev);

/*
 * Where a process has what its container's record says it has not, that is a
 * conflict, and the kernel's word is kept. 0 or -ENOMEM.
 */
int identity_check_privileges(struct evidence *ev);

/*
 * Sets ev->probe.is_node and adds the coverage line "pid_namespace": whose
 * processes were seen. After holders are known, before listeners are joined.
 */
void identity_judge_extent(struct evidence *ev);

#endif

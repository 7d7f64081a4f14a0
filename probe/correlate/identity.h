/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process belongs to, by its cgroup. */
#ifndef SOCKPROBE_IDENTITY_H
#define SOCKPROBE_IDENTITY_H

#include "sockprobe/evidence.h"

/* What a cgroup path shows. All NULL: a process of the node itself. */
struct cgroup_identity {
	const char *id;	     /* innermost container, 64 hex digits */
	const char *parent;  /* the container around that one */
	const char *runtime; /* NULL: several share the form */
	const char *pod_uid;
};

/*
 * Reads a cgroup path by the vocabulary's forms. Strings are owned by the
 * arena. 0 or -ENOMEM.
 */
int cgroup_identify(struct arena *arena, const char *path,
		    struct cgroup_identity *identity);

/*
 * Assigns every process to its container, adds the containers, and fills what
 * the kernel alone shows of them. 0 or -errno.
 */
int identity_correlate(struct evidence *ev);

/*
 * Marks the sandbox of the pod that the probe itself runs in. The pod's other
 * containers are not marked: an ephemeral container is added to examine them.
 */
void identity_mark_self(struct evidence *ev);

/* Marks the containers that listen on a path or are connected to one. */
void identity_mark_touching(struct evidence *ev);

/*
 * If a process has a privilege that its container's record denies, adds a
 * conflict, and keeps what the kernel shows. 0 or -ENOMEM.
 */
int identity_check_privileges(struct evidence *ev);

/*
 * Sets ev->probe.is_node and adds the coverage line "pid_namespace": whose
 * processes were seen. Call it when holders are known, before listeners are
 * joined.
 */
void identity_judge_extent(struct evidence *ev);

#endif

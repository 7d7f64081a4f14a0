/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes pods and the workloads that made them, as far as a pod's name
 * shows. Whoever creates a pod chooses its name: a name that fits does not
 * prove that the pod belongs to the workload; a name that does not fit proves
 * that it does not.
 */
#ifndef SOCKPROBE_WORKLOAD_H
#define SOCKPROBE_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

enum workload_kind {
	WORKLOAD_UNKNOWN, /* or one that is not Kubernetes' own */
	WORKLOAD_POD,
	WORKLOAD_DEPLOYMENT,
	WORKLOAD_REPLICASET,
	WORKLOAD_DAEMONSET,
	WORKLOAD_STATEFULSET,
	WORKLOAD_JOB,
	WORKLOAD_CRONJOB,
};

/*
 * The kind that a finding names: singular or plural, in any case ("Pod",
 * "pods"). NULL is WORKLOAD_UNKNOWN.
 */
enum workload_kind workload_kind(const char *type);

/*
 * Can the workload of this kind and name have made a pod of this name? Where the
 * kind is WORKLOAD_UNKNOWN, any kind's form will do. `node` is the node that the
 * pod runs on, for static pods; NULL: not known.
 */
bool workload_fits_pod(enum workload_kind kind, const char *workload,
		       const char *pod, const char *node);

/* What a pod's name tells of its workload. */
struct pod_workload {
	enum workload_kind kind; /* UNKNOWN: several kinds name pods so */
	size_t name_len; /* so much of the pod's name is the workload's; 0: none */
	size_t random;	 /* so many letters at its end are random */
	const char *how; /* what the kind is told by; NULL: by nothing */
};

/*
 * By the form of its name alone. A name that was cut to fit tells nothing: its
 * end cannot be told from the workload's own. Neither does what is no pod's name,
 * so that no wildcard ("*", "?") is in one that tells something.
 */
struct pod_workload workload_of_pod(const char *pod);

#endif

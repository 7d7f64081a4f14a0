/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator provides, normalized: GuardDuty findings in any dialect, and
 * declared clients. All texts are claims; those of a finding are valid UTF-8
 * (others were escaped, which is one of its problems).
 */
#ifndef SOCKPROBE_FINDING_H
#define SOCKPROBE_FINDING_H

#include "sockprobe/evidence.h"

#define NUMBER_UNKNOWN INT64_MIN

/* A field that could not be used as it is. */
struct finding_problem {
	const char *place; /* its place in the raw finding: "/a/b" */
	const char *text;
};
DEFINE_LIST(finding_problem_list, struct finding_problem);

/* What is known of the process that the finding names by pid and start. */
enum finding_process {
	FINDING_PROCESS_UNKNOWN,
	FINDING_PROCESS_RUNNING,
	FINDING_PROCESS_ENDED,
	FINDING_PROCESS_REUSED, /* another process has its pid now */
};

enum matched_by {
	MATCHED_BY_NOTHING,
	MATCHED_BY_ID,
	MATCHED_BY_PROCESS, /* pid and start */
	MATCHED_BY_POD_UID,
	MATCHED_BY_WORKLOAD, /* namespace, workload and image */
};

/* A container that is named by its id; `at` is its place in a list of them. */
struct container_ref {
	const char *id; /* NULL: none */
	size_t at;	/* NO_INDEX: none, or not in the list */
};

/* The container and path of this node that the finding is about. */
struct finding_location {
	struct container_ref container;
	enum matched_by matched_by;
	const char *why; /* why there is no container, or NULL */
	size_t path; /* the object at its socket path there; NO_INDEX: unknown */
	enum finding_process process;
};

/* NULL, a time of 0, NUMBER_UNKNOWN and TRI_UNKNOWN: the finding has none. */
struct finding {
	const char *dialect;
	int64_t index; /* in the file that it came from */
	const char *id, *type, *account_id, *region, *detector_id, *instance_id;
	const char *cluster_name; /* of EKS */
	const char *ecs_cluster_name, *task_definition_arn;
	const char *cluster_arn; /* of either */
	const char *name_space;
	const char *workload_name, *workload_type, *workload_uid;
	const char *container_id, *container_name, *image, *image_prefix;
	const char *process_name, *executable_path, *executable_sha256;
	const char *socket_path;
	const char *attack_sequence; /* ARN of the one that it is part of */
	int64_t pid;
	struct timespec process_started_at, event_first_seen, event_last_seen;
	int64_t count;
	enum tristate archived, sample;
	struct finding_problem_list problems;
	struct finding_location located;
};
DEFINE_LIST(finding_list, struct finding);

/* A client that the operator declares as intended (--expect). */
struct expected {
	const char *name_space, *socket;
	const char *workload, *image_prefix, *executable, *why; /* NULL: none */
};
DEFINE_LIST(expected_list, struct expected);

#endif

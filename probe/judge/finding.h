/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GuardDuty findings as the judge sees them, whatever dialect they came in.
 * Every text here is a claim: GuardDuty had it from a container, or somebody
 * wrote the file by hand. Texts may hold control characters or bytes that are
 * not UTF-8 (problems[] says where); escape them before they are shown.
 */
#ifndef SOCKPROBE_FINDING_H
#define SOCKPROBE_FINDING_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "sockprobe/error.h"
#include "sockprobe/evidence.h" /* enum tristate */
#include "sockprobe/util.h"

/* Bounds; the README and the man page name them. */
enum {
	FINDINGS_MAX_BYTES = 16 << 20,   /* of one file */
	FINDINGS_MAX = 10000,            /* in one file */
	FINDINGS_MAX_VALUES = 1000000,   /* in one JSON text */
	FINDING_MAX_TEXT = 4096,         /* bytes of a field; longer: dropped */
	FINDING_MAX_ITEMS = 64,          /* of any list in a finding */
	FINDING_MAX_PROBLEMS = 64,       /* of one finding */
	FINDING_MAX_PID = 1 << 22,       /* the kernel's PID_MAX_LIMIT */
};

/* How the finding was written. */
enum finding_dialect {
	DIALECT_CLI,         /* PascalCase: aws guardduty get-findings, SDKs */
	DIALECT_API,         /* lowerCamelCase: API, S3 export, console copy */
	DIALECT_EVENTBRIDGE, /* either, inside an event's "detail" */
	DIALECT_ASFF,        /* Security Hub's AWS Security Finding Format */
	DIALECT_OCSF,        /* Security Hub v2, Security Lake */
};

struct finding_number {
	bool known;
	int64_t value;
};

struct finding_time {
	bool known;
	struct timespec at;
};

/*
 * In the comments below, the source of each field: first GuardDuty's own name
 * (in lowerCamelCase), then "A:" ASFF's and "O:" OCSF's where they have it.
 * PF stands for /ProductFields/aws~1guardduty~1service. NULL, not known and
 * TRI_UNKNOWN mean that the finding has no such field, null, or "" there, or
 * something that was dropped (problems[] says so).
 */

/* .../volumeMounts/N;  A: /Resources/N/Details/Container/VolumeMounts/N */
struct finding_mount {
	const char *name;       /* name */
	const char *mount_path; /* mountPath, inside the container */
};
DEFINE_LIST(finding_mount_list, struct finding_mount);

/* .../volumes/N */
struct finding_volume {
	const char *name;      /* name, joins finding_mount.name */
	const char *host_path; /* hostPath/path */
};
DEFINE_LIST(finding_volume_list, struct finding_volume);

/*
 * /resource/kubernetesDetails/kubernetesWorkloadDetails/containers/N and
 * /resource/containerDetails;
 * A: /Resources/N of Type Container;  O: /resources/N/device/container
 */
struct finding_container {
	const char *id;           /* id;  A: Id's last part;  O: uid */
	const char *name;         /* name;  A: Name;  O: name */
	const char *image;        /* image;  A: ImageName;  O: image/name */
	const char *image_prefix; /* imagePrefix */
	const char *runtime;      /* containerRuntime;  O: runtime */
	enum tristate privileged; /* securityContext/privileged;  A: Privileged */
	struct finding_mount_list volume_mounts; /* volumeMounts */
};
DEFINE_LIST(finding_container_list, struct finding_container);

/* .../process/lineage/N;  A: PF/.../lineage.N_/;  O: .../ancestry/N */
struct finding_ancestor {
	const char *name;            /* name */
	const char *executable_path; /* executablePath;  O: path */
};
DEFINE_LIST(finding_ancestor_list, struct finding_ancestor);

/*
 * /service/runtimeDetails/process;
 * A: PF/runtimeDetails/process/..., else /Process;
 * O: the first /evidences/N/actor/process
 */
struct finding_process {
	const char *name;              /* name;  A: else Name */
	const char *executable_path;   /* executablePath;  A: else Path;
					  O: file/path */
	const char *executable_sha256; /* executableSha256;
					  O: file/hashes/N of SHA-256 */
	struct finding_number pid;     /* pid, on the node;  A: else Pid */
	struct finding_number namespace_pid; /* namespacePid, in the container;
						O: namespace_pid */
	struct finding_time start_time; /* startTime;  A: else LaunchedAt;
					   O: created_time */
	const char *user;              /* user;  O: user/name */
	struct finding_number user_id; /* userId;  O: user/uid */
	struct finding_number euid;    /* euid */
	const char *pwd;               /* pwd;  O: working_directory */
	const char *uuid;              /* uuid;  O: uid */
	const char *parent_uuid; /* parentUuid;  O: parent_process/uid */
	struct finding_ancestor_list lineage; /* lineage, parent first */
};

/*
 * /service/runtimeDetails/context;  A: PF/runtimeDetails/context/...;
 * O: /observables/N of that name
 */
struct finding_context {
	const char *socket_path;    /* socketPath, as the process named it */
	const char *address_family; /* addressFamily */
	const char *mount_source;   /* mountSource */
	const char *mount_target;   /* mountTarget */
};

/* A field that is not as it should be. The finding is judged without it. */
struct finding_problem {
	const char *place; /* JSON pointer into the finding, as it is spelt
			      there; may be cut (then it ends with "...") */
	const char *text;  /* "is a list, not a text" */
};
DEFINE_LIST(finding_problem_list, struct finding_problem);

struct finding {
	enum finding_dialect dialect;
	size_t index;           /* 0 is the file's first finding */
	const char *id;         /* id;  A: /Id, O: /finding_info/uid, of which
				   what follows "/finding/" */
	const char *type;       /* type;  A: /Types/N;  O: /finding_info/types/N;
				   in GuardDuty's form, never NULL */
	const char *account_id; /* accountId;  A: /AwsAccountId;
				   O: /cloud/account/uid */
	const char *region;     /* region;  A: /Region;  O: /cloud/region */
	const char *title;      /* title;  A: /Title;  O: /finding_info/title */
	struct finding_number count; /* /service/count;  A: PF/count;
					O: /count */
	enum tristate archived; /* /service/archived;  A: PF/archived */
	enum tristate sample;   /* /service/additionalInfo/sample, else in the
				   JSON text .../additionalInfo/value;
				   A: /Sample, PF/additionalInfo/... */
	struct finding_time event_first_seen; /* /service/eventFirstSeen;
			A: PF/eventFirstSeen, else /FirstObservedAt;
			O: /finding_info/first_seen_time, else ..._dt */
	struct finding_time event_last_seen;  /* the same with Last */
	const char *resource_type; /* /resource/resourceType;
				      A: /Resources/0/Type;
				      O: /resources/0/type */
	const char *instance_id;   /* /resource/instanceDetails/instanceId;
				      A: Resources AwsEc2Instance;
				      O: resources AWS::EC2::Instance */
	const char *cluster_name;  /* /resource/eksClusterDetails/name;
				      A: Resources AwsEksCluster;
				      O: resources AWS::EKS::Cluster */
	const char *cluster_arn;   /* /resource/eksClusterDetails/arn; as above */

	/* /resource/kubernetesDetails/kubernetesWorkloadDetails; not in A, O */
	const char *namespace;
	const char *workload_name;      /* name */
	const char *workload_type;      /* type, "pods", "DaemonSet" */
	const char *workload_uid;       /* uid */
	const char *service_account;    /* serviceAccountName */
	enum tristate host_network;     /* hostNetwork */
	enum tristate host_pid;         /* hostPID */
	enum tristate host_ipc;         /* hostIPC */
	struct finding_container_list containers;
	struct finding_volume_list volumes;

	/* /resource/containerDetails, A, O: a container named on its own */
	bool has_container_details;
	struct finding_container container_details;

	struct finding_process process;
	struct finding_context context;

	struct finding_problem_list problems;
	bool problems_cut; /* more than FINDING_MAX_PROBLEMS */
};
DEFINE_LIST(finding_list, struct finding);

/* "guardduty-cli", "eventbridge", ... */
const char *finding_dialect_name(enum finding_dialect dialect);

/*
 * Reads every finding of a file's text, which need not end in a NUL. Pure.
 * What is found is owned by the arena and keeps the file's order. Returns 0,
 * or fails with EXIT_BAD_INPUT: not JSON, cut, NUL in it, past a bound, or not
 * a finding; the text of the error names the place. One bad finding fails the
 * file; a bad field is only a problem of its finding.
 */
int findings_parse(struct arena *arena, const char *text, size_t len,
		   struct finding_list *findings, struct error *error);

#endif

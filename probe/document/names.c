// SPDX-License-Identifier: Apache-2.0
/* The words of the document's enumerations. */
#include "document/names.h"

#include <stdint.h>
#include <string.h>

#include "sockprobe/document.h"

#define NAMES(table, ...)                                                      \
	static const char *const table##_list[] = { __VA_ARGS__ };             \
	const struct names table = { table##_list, ARRAY_SIZE(table##_list) }

/* The writer of --output is never among the phases in evidence. */
NAMES(phase_names, [PHASE_COLLECT] = "collect", [PHASE_KEEPER] = "keeper",
      [PHASE_READER] = "reader", [PHASE_CORRELATE] = "correlate",
      [PHASE_REPORT] = "report");

NAMES(extent_names, [EXTENT_HOST] = "host", [EXTENT_NESTED] = "nested",
      [EXTENT_CONTAINER] = "container", [EXTENT_NONE] = "none");

NAMES(selinux_names, "enforcing", "permissive", "disabled");

/* The names of sources are those of coverage.h. */
const struct names source_names = { coverage_source_names, COVERAGE_SOURCES };

NAMES(status_names, [COVERAGE_COMPLETE] = "complete",
      [COVERAGE_PARTIAL] = "partial", [COVERAGE_DENIED] = "denied",
      [COVERAGE_UNAVAILABLE] = "unavailable", [COVERAGE_TIMED_OUT] = "timed_out");

NAMES(listing_names, [FROM_TABLE] = "known", [FROM_KUBELET] = "kubelet",
      [FROM_OPTION] = "option", [FROM_KERNEL] = "kernel",
      [FROM_FINDING] = "finding");

NAMES(kind_names, [KIND_SOCKET] = "socket", [KIND_DIRECTORY] = "directory",
      [KIND_REGULAR] = "regular", [KIND_FIFO] = "fifo",
      [KIND_DEVICE] = "device", [KIND_DANGLING_SYMLINK] = "dangling_symlink",
      [KIND_SYMLINK_LOOP] = "symlink_loop", [KIND_MISSING] = "missing",
      [KIND_OUTSIDE_VIEW] = "outside_view", [KIND_DENIED] = "denied",
      [KIND_TIMED_OUT] = "timed_out", [KIND_ERROR] = "error");

NAMES(state_names, [STATE_LISTENING] = "listening", [STATE_STALE] = "stale",
      [STATE_BOUND] = "bound", [STATE_NOT_A_SOCKET] = "not_a_socket",
      [STATE_UNKNOWN] = "unknown");

NAMES(socket_type_names, [DOC_SOCKET_TYPE_UNKNOWN] = NULL,
      [DOC_SOCKET_STREAM] = "stream", [DOC_SOCKET_DGRAM] = "dgram",
      [DOC_SOCKET_SEQPACKET] = "seqpacket");

NAMES(basis_names, [UNCHANGED_SINCE_BIRTH] = "birth",
      [UNCHANGED_SINCE_CHANGE] = "change", [UNCHANGED_SINCE_BOOT] = "boot",
      [UNCHANGED_DIRECTORIES] = "directories");

NAMES(certainty_names, [ORIGIN_UNKNOWN] = "unknown", [ORIGIN_LIKELY] = "likely",
      [ORIGIN_CERTAIN] = "certain");

NAMES(conflict_names, "pod_uid", "container_id", "pid_namespace", "privileged");

NAMES(via_names, [VIA_SOCKET_MOUNT] = "socket_mount",
      [VIA_PARENT_MOUNT] = "parent_mount", [VIA_ROOT_MOUNT] = "root_mount",
      [VIA_PROC_ROOT] = "proc_root", [VIA_SHARED_FS] = "shared_fs");

NAMES(decision_names, [DECISION_SUPPORTED] = "supported",
      [DECISION_NOT_JUDGED] = "not_judged",
      [DECISION_INCONCLUSIVE] = "inconclusive",
      [DECISION_NOT_SUPPORTED] = "not_supported");

NAMES(outcome_names, [OUTCOME_PROVEN] = "proven", [OUTCOME_ASSUMED] = "assumed",
      [OUTCOME_REFUTED] = "refuted", [OUTCOME_UNKNOWN] = "unknown");

NAMES(dialect_names, "guardduty", "asff", "ocsf");

NAMES(matched_by_names, [MATCHED_BY_NOTHING] = NULL,
      [MATCHED_BY_ID] = "container id", [MATCHED_BY_PROCESS] = "process",
      [MATCHED_BY_POD_UID] = "pod uid",
      [MATCHED_BY_WORKLOAD] = "namespace, workload and image");

NAMES(finding_process_names, [FINDING_PROCESS_UNKNOWN] = "unknown",
      [FINDING_PROCESS_RUNNING] = "running", [FINDING_PROCESS_ENDED] = "ended",
      [FINDING_PROCESS_REUSED] = "reused");

const char *name_of(const struct names *names, size_t value)
{
	return value < names->n ? names->at[value] : NULL;
}

size_t name_find(const struct names *names, const char *word)
{
	for (size_t i = 0; i < names->n; i++) {
		if (names->at[i] && strcmp(names->at[i], word) == 0)
			return i;
	}
	return SIZE_MAX;
}

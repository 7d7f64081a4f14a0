/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The typed document: everything that judges or prints works on it, not on the
 * node. It is built from struct evidence (document/build.h), written as JSON
 * and loaded from JSON by one table of members (document/members.h), so that a
 * live run and a saved file are the same to judge and reports. The schema in
 * packaging/schema describes the JSON form; members here have its names unless
 * a comment says otherwise.
 *
 * The document's arena owns everything. Unknown is NULL for texts and objects,
 * 0 for times and 64-bit ids, NUMBER_UNKNOWN for numbers, TRI_UNKNOWN for
 * facts, NO_INDEX for references; times are whole milliseconds. Texts are valid
 * UTF-8: a text that was not is escaped reversibly, and its member is listed in
 * `escaped`.
 */
#ifndef SOCKPROBE_DOCUMENT_H
#define SOCKPROBE_DOCUMENT_H

#include "sockprobe/evidence.h"
#include "sockprobe/finding.h"

#define EVIDENCE_SCHEMA "sockprobe.evidence/v1"

DEFINE_LIST(number_list, int64_t);

/* ---- probe, node, coverage ---- */

struct doc_phase {
	enum phase phase;
	enum tristate seccomp, no_new_privs;
	const char *cap_permitted, *cap_effective, *cap_bounding; /* 16 hex */
	bool landlock;
};
DEFINE_LIST(doc_phase_list, struct doc_phase);

struct doc_probe {
	const char *version, *executable_sha256;
	struct timespec started_at;
	int64_t duration_ms;
	const char *root, *proc;
	enum extent extent; /* "process_scope" */
	int64_t pid;
	enum tristate passive;
	struct doc_phase_list confinement;
	struct string_list escaped;
};

struct doc_node {
	const char *hostname, *instance_id, *kernel, *os, *boot_id;
	struct timespec booted_at;
	int64_t cgroup_version;
	const char *selinux;
	struct string_list kubelet_sockets;
	bool user_namespaces; /* may anybody make one, as far as is known */
	struct string_list escaped;
};

struct doc_coverage {
	const char *source;
	const char *extent; /* "scope" */
	enum coverage_status status;
	const char *detail;
	const char *fix;
	struct string_list escaped;
};
DEFINE_LIST(doc_coverage_list, struct doc_coverage);

/* ---- paths ---- */

struct doc_process {
	int64_t pid;
	const char *comm, *exe;
	struct container_ref container;
	struct timespec started_at;
	struct number_list also_held_by; /* pids; left out of JSON where empty */
	struct string_list escaped;
};

struct doc_inode {
	dev_t dev;
	uint64_t ino;
	uint32_t mode; /* permission bits */
	int64_t uid, gid, nlink;
	const char *selinux;
	struct timespec birth, change, modify;
	struct string_list escaped;
};

enum unchanged_basis {
	UNCHANGED_SINCE_BIRTH,
	UNCHANGED_SINCE_CHANGE,
	UNCHANGED_SINCE_BOOT,
	UNCHANGED_DIRECTORIES,
};

struct doc_unchanged {
	struct timespec time;
	enum unchanged_basis basis;
};

struct doc_link {
	const char *path, *target;
	struct string_list escaped;
};
DEFINE_LIST(doc_link_list, struct doc_link);

struct doc_listener {
	struct doc_process *process, *activated_by;
	/* of the socket; left out of JSON where it is not known */
	int64_t socket_ino;
	uint64_t netns;
	int64_t pending, backlog;
};

struct doc_candidate {
	struct container_ref container;
	const char *mount_source, *mechanism;
	bool possible;
	int64_t created_after_birth_ms; /* may be negative */
	const char *why;
	struct string_list escaped;
};
DEFINE_LIST(doc_candidate_list, struct doc_candidate);

struct doc_origin {
	enum origin_certainty certainty;
	const char *text;
	struct doc_candidate_list candidates;
	struct string_list escaped;
};

enum doc_socket_type {
	DOC_SOCKET_TYPE_UNKNOWN,
	DOC_SOCKET_STREAM,
	DOC_SOCKET_DGRAM,
	DOC_SOCKET_SEQPACKET,
};

struct doc_path {
	const char *path;
	struct string_list names;
	const char *runtime;
	enum path_listing listed;	/* "source" */
	struct container_ref container; /* "view"; none: the node's view */
	bool unlinked;
	const char *resolved;
	struct doc_link_list links;
	enum path_kind kind;
	enum socket_state state;
	enum doc_socket_type socket_type;
	const char *connect_result, *connect_why;
	struct doc_inode *inode;
	int64_t entries;
	bool entries_cut;
	struct doc_unchanged *unchanged_since;
	struct doc_listener *listener;
	struct doc_origin *origin;
	struct string_list accessible_by; /* ids of containers */
	struct index_list connections;
	struct string_list escaped;
};
DEFINE_LIST(doc_path_list, struct doc_path);

/* ---- containers, access, connections ---- */

struct doc_pod {
	const char *name_space, *name, *uid; /* name_space: "namespace" */
	struct string_list escaped;
};

struct doc_conflict {
	const char *field, *kernel, *claim, *source;
	struct string_list escaped;
};
DEFINE_LIST(doc_conflict_list, struct doc_conflict);

/* The record or kernel file of each value; left out if there is none. */
struct doc_sources {
	const char *runtime, *name, *image, *pod, *created_at, *privileged;
	struct string_list escaped;
};

/* When the runtime started it: what is not younger, no code of it changed. */
struct doc_start {
	const char *pid_file;
	struct timespec written_at;
	int64_t pid;
	struct timespec process_started_at; /* of that pid, in this container */
};

/* How the record of the runtime has it started. */
struct doc_record {
	const char *file;
	int64_t uid, gid;
	struct number_list groups;
	bool no_new_privileges;
	bool seccomp_closes_namespaces;
	const char *cap_effective, *cap_bounding; /* 16 hex */
	struct string_list escaped;
};

/* All processes that are the container's by cgroup, namespace or descent. */
struct doc_threads {
	int64_t processes, ended, unseen, first_unseen_pid;
	const char *cap_bounding; /* of all threads together, and the record */
	bool root_found;	  /* the record's root was found on the node */
	bool complete;	/* nothing of its names was left out for its size */
	bool sandboxed; /* gVisor, Kata: its names are not ours */
	struct string_list means; /* to see a name otherwise without a trace */
	struct string_list escaped;
};

struct doc_container {
	const char *id;
	const char *runtime, *name, *image;
	struct doc_pod *pod;
	struct timespec created_at, started_at;
	enum tristate privileged, host_pid, host_network;
	bool sandbox;
	struct container_ref parent;
	bool self;
	struct doc_conflict_list conflicts;
	struct number_list pids;
	struct doc_sources sources; /* "source" */
	struct doc_start *start;
	struct doc_record *record;
	struct doc_threads *threads;
	struct string_list escaped;
};
DEFINE_LIST(doc_container_list, struct doc_container);

struct doc_dac {
	enum tristate allowed;
	const char *why;
	/* may the user that the record starts the container as? */
	enum tristate at_start;
	struct string_list escaped;
};

struct doc_access {
	struct container_ref container;
	size_t path;	  /* "path_ref" */
	const char *name; /* "path": the first name of that path */
	const char *container_path;
	enum access_via via;
	enum tristate read_only;
	bool hidden;
	enum tristate same_inode;
	bool stale;
	struct doc_dac dac;
	enum tristate confirmed;
	const char *confirmed_why, *connect_result;
	uint64_t ino;
	struct string_list escaped;
};
DEFINE_LIST(doc_access_list, struct doc_access);

struct doc_connection {
	size_t path;	  /* "path_ref" */
	const char *name; /* "path" */
	struct doc_process *client, *server;
	uint64_t netns;
	bool pending;
	int64_t count;
	struct string_list escaped;
};
DEFINE_LIST(doc_connection_list, struct doc_connection);

/* ---- names ---- */

/* Where a thread begins to resolve a name. */
struct doc_root {
	uint64_t mount_namespace;
	dev_t dev;
	uint64_t ino, mount_id;
	int64_t pid, tid; /* of a thread that stands there */
	bool of_record;	  /* it is the root of the container's record */
};

struct doc_identity {
	dev_t dev;
	uint64_t ino;
};

/* What a name is to a container, from one root directory of its threads. */
struct doc_name {
	struct container_ref container;
	const char *name;
	struct doc_root *root; /* NULL: the node's own, by /proc */
	const char *below;     /* as if this directory in it were the root */
	enum path_kind kind;
	enum socket_state state;
	const char *connect_result; /* as if permissions allowed it */
	struct doc_identity *object;
	struct doc_process *listener;
	size_t path; /* "path_ref" */
	bool dated;
	struct timespec since; /* 0 and dated: all on the way is the image's */
	const char *undated_why;
	enum tristate mounts_fit;
	const char *mounts_why;
	bool propagates; /* the node's later mounts may come onto the way */
	struct string_list escaped;
};
DEFINE_LIST(doc_name_list, struct doc_name);

/* ---- verdict and summary ---- */

/* From the best to the worst: the worst of several findings stands for all. */
enum decision {
	DECISION_SUPPORTED,
	DECISION_NOT_JUDGED,
	DECISION_INCONCLUSIVE,
	DECISION_NOT_SUPPORTED,
};

struct doc_reason {
	const char *rule;
	enum tristate holds;
	const char *text;
	struct string_list evidence; /* JSON pointers into the document */
};
DEFINE_LIST(doc_reason_list, struct doc_reason);

struct doc_risk {
	const char *text;
	struct string_list evidence;
};
DEFINE_LIST(doc_risk_list, struct doc_risk);

/* What became of a premise: of which all have to hold for a suppression. */
enum outcome {
	OUTCOME_PROVEN,
	OUTCOME_ASSUMED, /* nothing speaks against it; the means were there */
	OUTCOME_REFUTED,
	OUTCOME_UNKNOWN,
};

struct doc_premise {
	const char *id;
	enum outcome outcome;
	const char *text;
	struct string_list evidence; /* JSON pointers into the document */
};
DEFINE_LIST(doc_premise_list, struct doc_premise);

/* What a verdict takes for true without a proof. */
struct doc_assumption {
	const char *id;
	const char *text;
	struct string_list means; /* by which it could be false, untraced */
	const char *how_to_prove;
};
DEFINE_LIST(doc_assumption_list, struct doc_assumption);

/*
 * What a filter may match on. Of the finding's own words those are left out that
 * the evidence speaks against, and an image that it does not have.
 */
struct doc_scope {
	const char *finding_type, *account_id, *region, *cluster_name;
	const char *cluster_arn, *ecs_cluster_name, *task_definition_arn;
	const char *name_space, *workload_name, *workload_type, *container_name;
	const char *image, *image_prefix, *executable_path, *executable_sha256;
	const char *socket_path;
	/* of these members, those that nothing in the evidence confirms */
	struct string_list from_finding_alone;
};

struct doc_verdict {
	enum decision decision;
	const char *text;
	/* the rest but reasons and risks: left out of JSON without a finding */
	int64_t finding;
	struct doc_premise_list premises;
	struct doc_assumption_list assumptions;
	struct doc_reason_list reasons;
	struct doc_risk_list residual_risks;
	struct doc_scope *scope;
	const char *valid_until, *review_by;
};
DEFINE_LIST(doc_verdict_list, struct doc_verdict);

struct doc_summary {
	const char *text;
	bool complete;
	struct string_list listening, stale, directories; /* paths' names */
	int64_t containers_that_can_connect, connections;
};

/* What --max-bytes left out. */
struct doc_left_out {
	const char *pointer; /* of a list or a member */
	int64_t count;
};
DEFINE_LIST(doc_left_out_list, struct doc_left_out);

/* ---- the whole ---- */

struct doc {
	struct arena arena;
	struct doc_verdict *verdict;
	struct doc_summary *summary;
	struct doc_left_out_list left_out; /* empty: nothing was */
	struct doc_probe *probe; /* NULL, as node: only where left out */
	struct doc_node *node;
	struct doc_coverage_list coverage;
	struct doc_path_list paths;
	struct doc_container_list containers;
	int64_t containers_total;
	struct doc_access_list access;
	struct doc_connection_list connections;
	struct doc_name_list names; /* "names_in_container" */
	/* each left out of JSON where empty, unless left_out counts it */
	struct doc_verdict_list verdicts;
	struct finding_list findings;
	struct expected_list expected;
};

/* The item at a reference; NULL for NO_INDEX, and if it was left out. */
static inline const struct doc_path *doc_path_at(const struct doc *doc,
						 size_t idx)
{
	return idx < doc->paths.n ? &doc->paths.at[idx] : NULL;
}

static inline const struct doc_container *
doc_container_at(const struct doc *doc, struct container_ref ref)
{
	return ref.at < doc->containers.n ? &doc->containers.at[ref.at] : NULL;
}

/*
 * The number of items left out of the list at "/pointer"; 1 for a member that
 * was left out; else 0.
 */
int64_t doc_left_out_count(const struct doc *doc, const char *pointer);

/* Was anything left out by --max-bytes? */
static inline bool doc_is_shortened(const struct doc *doc)
{
	return doc->left_out.n != 0;
}

#endif

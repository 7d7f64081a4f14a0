// SPDX-License-Identifier: Apache-2.0
/*
 * The tables of members, in the order of the JSON text. A row has the member's
 * name, its field, its flags, and what its kind needs; if the field's C type is
 * not the kind's, it does not compile.
 */
#include "document/members.h"

#include <stdio.h>
#include <string.h>

#include "sockprobe/document.h"

/* SELF is the table's struct. */
#define FIELD(field) (((SELF *)0)->field)
/* Where it is; if it is of another type, that divides by zero: no constant. */
#define IS(field, type)                                                        \
	(offsetof(SELF, field) /                                               \
	 __builtin_types_compatible_p(__typeof__(FIELD(field)), type))
#define IS_LIST(field, type)                                                   \
	(offsetof(SELF, field) /                                               \
	 __builtin_types_compatible_p(__typeof__(*FIELD(field).at), type))

#define ROW(json, its, ...)                                                    \
	{                                                                      \
		.name = (json), .kind = MEMBER_##its, __VA_ARGS__              \
	}
#define ONE(json, its, type, field, ...)                                       \
	ROW(json, its, .offset = IS(field, type),                              \
	    .size = sizeof(FIELD(field)), .flags = __VA_ARGS__)
#define MANY(json, its, type, field, ...)                                      \
	ROW(json, its, .offset = IS_LIST(field, type),                         \
	    .size = sizeof(*FIELD(field).at),                                  \
	    .flags = MEMBER_LIST | __VA_ARGS__)

#define SCHEMA ROW("schema", SCHEMA, .flags = 0)
#define TEXT(name, field, ...) ONE(name, TEXT, const char *, field, __VA_ARGS__)
#define TEXTS(name, field, ...)                                                \
	MANY(name, TEXT, const char *, field, __VA_ARGS__)
#define NUMBER(name, field, flags, least, most)                                \
	ONE(name, NUMBER, int64_t, field, flags, .min = (least), .max = (most))
#define NUMBERS(name, field, flags, least, most)                               \
	MANY(name, NUMBER, int64_t, field, flags, .min = (least), .max = (most))
#define BOOL(name, field) ONE(name, BOOL, bool, field, 0)
#define TRISTATE(name, field)                                                  \
	ONE(name, TRISTATE, enum tristate, field, NULLABLE)
#define TIME(name, field, flags) ONE(name, TIME, struct timespec, field, flags)
#define U64(name, field, flags) ONE(name, U64, uint64_t, field, flags)
#define DEVICE(name, field) ONE(name, DEVICE, dev_t, field, 0)
#define MODE(name, field) ONE(name, MODE, uint32_t, field, 0)
#define ENUM(name, type, field, flags, words)                                  \
	ONE(name, ENUM, type, field, flags, .names = &(words))
#define CONTAINER(name, field, flags)                                          \
	ONE(name, CONTAINER, struct container_ref, field, flags)
#define PATH(name, field, flags) ONE(name, PATH, size_t, field, flags)
#define CONNECTIONS(name, field) MANY(name, CONNECTION, size_t, field, 0)
#define LEFT_OUT(name, field)                                                  \
	ONE(name, LEFT_OUT, struct doc_left_out_list, field, OPTIONAL)
#define OBJECT(name, type, field)                                              \
	ONE(name, OBJECT, struct type, field, 0, .object = &type##_object)
#define OBJECTS(name, type, field, flags)                                      \
	MANY(name, OBJECT, struct type, field, flags, .object = &type##_object)
/* Its size is that of what it points to. */
#define POINTER(name, type, field, its)                                        \
	ROW(name, POINTER, .offset = IS(field, struct type *),                 \
	    .size = sizeof(struct type), .flags = (its),                       \
	    .object = &type##_object)
#define ESCAPED TEXTS("escaped", escaped, OPTIONAL | MEMBER_ESCAPED)

/* The table TYPE_members is TYPE_object's. */
#define TYPE(type, ...)                                                        \
	const struct object_type type##_object = { .members = type##_members,  \
						   .n = ARRAY_SIZE(            \
							   type##_members),    \
						   __VA_ARGS__ };              \
	_Static_assert(ARRAY_SIZE(type##_members) <= MEMBERS_MAX, #type)

#define NULLABLE MEMBER_NULLABLE
#define OPTIONAL MEMBER_OPTIONAL
#define NONEMPTY MEMBER_NONEMPTY
#define FOREIGN MEMBER_FOREIGN
#define SHORTENS MEMBER_SHORTENS

/* ---- probe, node, coverage ---- */

#define SELF struct doc_phase
static const struct member doc_phase_members[] = {
	ENUM("phase", enum phase, phase, 0, phase_names),
	TRISTATE("seccomp", seccomp),
	TRISTATE("no_new_privs", no_new_privs),
	TEXT("cap_permitted", cap_permitted, NULLABLE, .form = &form_mask),
	TEXT("cap_effective", cap_effective, NULLABLE, .form = &form_mask),
	TEXT("cap_bounding", cap_bounding, NULLABLE, .form = &form_mask),
	BOOL("landlock", landlock),
};
static TYPE(doc_phase);
#undef SELF

#define SELF struct doc_probe
static const struct member doc_probe_members[] = {
	TEXT("version", version, 0, .form = &form_filled),
	TEXT("executable_sha256", executable_sha256, NULLABLE,
	     .form = &form_sha256),
	TIME("started_at", started_at, 0),
	NUMBER("duration_ms", duration_ms, 0, 0, NUMBER_LARGEST),
	TEXT("root", root, FOREIGN, .form = &form_absolute),
	TEXT("proc", proc, NULLABLE | FOREIGN, .form = &form_absolute),
	ENUM("process_scope", enum extent, extent, 0, extent_names),
	NUMBER("pid", pid, NULLABLE, 1, INT32_MAX),
	TRISTATE("passive", passive),
	OBJECTS("confinement", doc_phase, confinement, SHORTENS),
	ESCAPED,
};
static TYPE(doc_probe);
#undef SELF

#define SELF struct doc_node
static const struct member doc_node_members[] = {
	TEXT("hostname", hostname, NULLABLE | FOREIGN),
	TEXT("instance_id", instance_id, NULLABLE | FOREIGN),
	TEXT("kernel", kernel, NULLABLE | FOREIGN),
	TEXT("os", os, NULLABLE | FOREIGN),
	TEXT("boot_id", boot_id, NULLABLE | FOREIGN),
	TIME("booted_at", booted_at, NULLABLE),
	NUMBER("cgroup_version", cgroup_version, NULLABLE, 1, 2),
	TEXT("selinux", selinux, NULLABLE | FOREIGN, .names = &selinux_names),
	TEXTS("kubelet_sockets", kubelet_sockets, FOREIGN,
	      .form = &form_absolute),
	BOOL("user_namespaces", user_namespaces),
	ESCAPED,
};
static TYPE(doc_node);
#undef SELF

static const char *check_coverage(const void *object, const char **why)
{
	const struct doc_coverage *coverage = object;

	*why = "there is nothing to fix where all was seen";
	return coverage->status == COVERAGE_COMPLETE && coverage->fix ? "fix"
								      : NULL;
}

#define SELF struct doc_coverage
static const struct member doc_coverage_members[] = {
	TEXT("source", source, 0, .names = &source_names),
	TEXT("scope", extent, FOREIGN, .form = &form_filled),
	ENUM("status", enum coverage_status, status, 0, status_names),
	TEXT("detail", detail, FOREIGN),
	TEXT("fix", fix, NULLABLE | FOREIGN),
	ESCAPED,
};
static TYPE(doc_coverage, .check = check_coverage);
#undef SELF

/* ---- paths ---- */

#define SELF struct doc_process
static const struct member doc_process_members[] = {
	NUMBER("pid", pid, 0, 1, INT32_MAX),
	TEXT("comm", comm, FOREIGN),
	TEXT("exe", exe, NULLABLE | FOREIGN),
	CONTAINER("container", container, NULLABLE | FOREIGN),
	TIME("started_at", started_at, NULLABLE),
	NUMBERS("also_held_by", also_held_by, OPTIONAL, 1, INT32_MAX),
	ESCAPED,
};
static TYPE(doc_process);
#undef SELF

#define SELF struct doc_inode
static const struct member doc_inode_members[] = {
	DEVICE("dev", dev),
	U64("ino", ino, 0),
	MODE("mode", mode),
	NUMBER("uid", uid, 0, 0, UINT32_MAX),
	NUMBER("gid", gid, 0, 0, UINT32_MAX),
	NUMBER("nlink", nlink, 0, 0, UINT32_MAX),
	TEXT("selinux", selinux, NULLABLE | FOREIGN),
	TIME("birth", birth, NULLABLE),
	TIME("change", change, NULLABLE),
	TIME("modify", modify, NULLABLE),
	ESCAPED,
};
static TYPE(doc_inode);
#undef SELF

#define SELF struct doc_unchanged
static const struct member doc_unchanged_members[] = {
	TIME("time", time, 0),
	ENUM("basis", enum unchanged_basis, basis, 0, basis_names),
};
static TYPE(doc_unchanged);
#undef SELF

#define SELF struct doc_link
static const struct member doc_link_members[] = {
	TEXT("path", path, FOREIGN, .form = &form_absolute),
	TEXT("target", target, FOREIGN, .form = &form_filled),
	ESCAPED,
};
static TYPE(doc_link);
#undef SELF

static const char *check_listener(const void *object, const char **why)
{
	const struct doc_listener *listener = object;
	bool known = listener->socket_ino != NUMBER_UNKNOWN;

	*why = "socket_ino, netns, pending and backlog go together";
	return known == (listener->netns != 0) &&
			       known == (listener->pending != NUMBER_UNKNOWN) &&
			       known == (listener->backlog != NUMBER_UNKNOWN)
		       ? NULL
		       : "socket_ino";
}

#define SELF struct doc_listener
static const struct member doc_listener_members[] = {
	POINTER("process", doc_process, process, NULLABLE),
	POINTER("activated_by", doc_process, activated_by, NULLABLE),
	NUMBER("socket_ino", socket_ino, OPTIONAL, 0, UINT32_MAX),
	U64("netns", netns, OPTIONAL),
	NUMBER("pending", pending, OPTIONAL, 0, UINT32_MAX),
	NUMBER("backlog", backlog, OPTIONAL, 0, UINT32_MAX),
};
static TYPE(doc_listener, .check = check_listener);
#undef SELF

#define SELF struct doc_candidate
static const struct member doc_candidate_members[] = {
	CONTAINER("container", container, FOREIGN),
	TEXT("mount_source", mount_source, FOREIGN, .form = &form_filled),
	TEXT("mechanism", mechanism, NULLABLE | FOREIGN),
	BOOL("possible", possible),
	NUMBER("created_after_birth_ms", created_after_birth_ms, NULLABLE,
	       -NUMBER_LARGEST, NUMBER_LARGEST),
	TEXT("why", why, FOREIGN),
	ESCAPED,
};
static TYPE(doc_candidate);
#undef SELF

#define SELF struct doc_origin
static const struct member doc_origin_members[] = {
	ENUM("certainty", enum origin_certainty, certainty, 0, certainty_names),
	TEXT("text", text, FOREIGN),
	OBJECTS("candidates", doc_candidate, candidates, 0),
	ESCAPED,
};
static TYPE(doc_origin);
#undef SELF

static const char *check_path(const void *object, const char **why)
{
	const struct doc_path *path = object;
	bool bound = path->state == STATE_LISTENING ||
		     path->state == STATE_BOUND;

	*why = "not the first of its names";
	if (strcmp(path->path, path->names.at[0]) != 0)
		return "path";
	*why = "it is resolved if and only if there is an inode";
	if (!path->resolved != !path->inode)
		return "inode";
	*why = "only a socket that somebody listens on has this state";
	if (bound && (path->kind != KIND_SOCKET || !path->listener ||
		      path->listener->socket_ino == NUMBER_UNKNOWN))
		return "state";
	*why = "only a directory has this";
	if (path->kind == KIND_DIRECTORY)
		return NULL;
	return path->origin			 ? "origin"
	       : path->entries != NUMBER_UNKNOWN ? "entries"
						 : NULL;
}

#define SELF struct doc_path
static const struct member doc_path_members[] = {
	TEXT("path", path, FOREIGN, .form = &form_absolute),
	TEXTS("names", names, NONEMPTY | FOREIGN, .form = &form_absolute),
	TEXT("runtime", runtime, FOREIGN, .form = &form_filled),
	ENUM("source", enum path_listing, listed, 0, listing_names),
	CONTAINER("view", container, NULLABLE | FOREIGN),
	BOOL("unlinked", unlinked),
	TEXT("resolved", resolved, NULLABLE | FOREIGN, .form = &form_absolute),
	OBJECTS("links", doc_link, links, 0),
	ENUM("kind", enum path_kind, kind, 0, kind_names),
	ENUM("state", enum socket_state, state, 0, state_names),
	ENUM("socket_type", enum doc_socket_type, socket_type, NULLABLE,
	     socket_type_names),
	TEXT("connect_result", connect_result, NULLABLE,
	     .form = &form_connect_result),
	TEXT("connect_why", connect_why, FOREIGN),
	POINTER("inode", doc_inode, inode, NULLABLE),
	NUMBER("entries", entries, NULLABLE, 0, NUMBER_LARGEST),
	BOOL("entries_cut", entries_cut),
	POINTER("unchanged_since", doc_unchanged, unchanged_since, NULLABLE),
	POINTER("listener", doc_listener, listener, NULLABLE),
	POINTER("origin", doc_origin, origin, NULLABLE),
	TEXTS("accessible_by", accessible_by, 0, .form = &form_filled),
	CONNECTIONS("connections", connections),
	ESCAPED,
};
static TYPE(doc_path, .check = check_path);
#undef SELF

/* ---- containers, access, connections ---- */

#define SELF struct doc_pod
static const struct member doc_pod_members[] = {
	TEXT("namespace", name_space, NULLABLE | FOREIGN),
	TEXT("name", name, NULLABLE | FOREIGN),
	TEXT("uid", uid, NULLABLE | FOREIGN),
	ESCAPED,
};
static TYPE(doc_pod);
#undef SELF

#define SELF struct doc_conflict
static const struct member doc_conflict_members[] = {
	TEXT("field", field, 0, .names = &conflict_names),
	TEXT("kernel", kernel, FOREIGN),
	TEXT("claim", claim, FOREIGN),
	TEXT("source", source, FOREIGN),
	ESCAPED,
};
static TYPE(doc_conflict);
#undef SELF

#define SELF struct doc_sources
static const struct member doc_sources_members[] = {
	TEXT("runtime", runtime, OPTIONAL | FOREIGN, .form = &form_filled),
	TEXT("name", name, OPTIONAL | FOREIGN, .form = &form_filled),
	TEXT("image", image, OPTIONAL | FOREIGN, .form = &form_filled),
	TEXT("pod", pod, OPTIONAL | FOREIGN, .form = &form_filled),
	TEXT("created_at", created_at, OPTIONAL | FOREIGN,
	     .form = &form_filled),
	TEXT("privileged", privileged, OPTIONAL | FOREIGN,
	     .form = &form_filled),
	ESCAPED,
};
static TYPE(doc_sources);
#undef SELF

#define SELF struct doc_start
static const struct member doc_start_members[] = {
	TEXT("pid_file", pid_file, 0, .form = &form_absolute),
	TIME("written_at", written_at, 0),
	NUMBER("pid", pid, 0, 1, INT32_MAX),
	TIME("process_started_at", process_started_at, NULLABLE),
};
static TYPE(doc_start);
#undef SELF

#define SELF struct doc_record
static const struct member doc_record_members[] = {
	TEXT("file", file, FOREIGN, .form = &form_absolute),
	NUMBER("uid", uid, NULLABLE, 0, UINT32_MAX),
	NUMBER("gid", gid, NULLABLE, 0, UINT32_MAX),
	NUMBERS("groups", groups, 0, 0, UINT32_MAX),
	BOOL("no_new_privileges", no_new_privileges),
	BOOL("seccomp_closes_namespaces", seccomp_closes_namespaces),
	TEXT("cap_effective", cap_effective, 0, .form = &form_mask),
	TEXT("cap_bounding", cap_bounding, 0, .form = &form_mask),
	ESCAPED,
};
static TYPE(doc_record);
#undef SELF

#define SELF struct doc_threads
static const struct member doc_threads_members[] = {
	NUMBER("processes", processes, 0, 0, NUMBER_LARGEST),
	NUMBER("ended", ended, 0, 0, NUMBER_LARGEST),
	NUMBER("unseen", unseen, 0, 0, NUMBER_LARGEST),
	NUMBER("first_unseen_pid", first_unseen_pid, NULLABLE, 1, INT32_MAX),
	TEXT("cap_bounding", cap_bounding, 0, .form = &form_mask),
	BOOL("root_found", root_found),
	BOOL("complete", complete),
	BOOL("sandboxed", sandboxed),
	TEXTS("means", means, FOREIGN),
	ESCAPED,
};
static TYPE(doc_threads);
#undef SELF

static const char *check_container(const void *object, const char **why)
{
	const struct doc_container *container = object;
	const struct doc_sources *sources = &container->sources;

	*why = "a value has a source if and only if it is known";
	if (!container->runtime == !sources->runtime &&
	    !container->name == !sources->name &&
	    !container->image == !sources->image &&
	    !container->pod == !sources->pod &&
	    !container->created_at.tv_sec == !sources->created_at &&
	    !container->privileged == !sources->privileged)
		return NULL;
	return "source";
}

#define SELF struct doc_container
static const struct member doc_container_members[] = {
	TEXT("id", id, FOREIGN, .form = &form_filled),
	TEXT("runtime", runtime, NULLABLE | FOREIGN, .form = &form_filled),
	TEXT("name", name, NULLABLE | FOREIGN),
	TEXT("image", image, NULLABLE | FOREIGN),
	POINTER("pod", doc_pod, pod, NULLABLE),
	TIME("created_at", created_at, NULLABLE),
	TIME("started_at", started_at, NULLABLE),
	TRISTATE("privileged", privileged),
	TRISTATE("host_pid", host_pid),
	TRISTATE("host_network", host_network),
	BOOL("sandbox", sandbox),
	CONTAINER("parent", parent, NULLABLE | FOREIGN),
	BOOL("self", self),
	OBJECTS("conflicts", doc_conflict, conflicts, 0),
	NUMBERS("pids", pids, 0, 1, INT32_MAX),
	OBJECT("source", doc_sources, sources),
	POINTER("start", doc_start, start, NULLABLE),
	POINTER("record", doc_record, record, NULLABLE),
	POINTER("threads", doc_threads, threads, NULLABLE),
	ESCAPED,
};
static TYPE(doc_container, .check = check_container);
#undef SELF

#define SELF struct doc_dac
static const struct member doc_dac_members[] = {
	TRISTATE("allowed", allowed),
	TEXT("why", why, FOREIGN),
	TRISTATE("at_start", at_start),
	ESCAPED,
};
static TYPE(doc_dac);
#undef SELF

static const char *check_access(const void *object, const char **why)
{
	const struct doc_access *access = object;

	*why = "there is a reason if and only if it is not confirmed";
	return (access->confirmed == TRI_YES) == !access->confirmed_why
		       ? NULL
		       : "confirmed_why";
}

#define SELF struct doc_access
static const struct member doc_access_members[] = {
	CONTAINER("container", container, FOREIGN),
	PATH("path_ref", path, 0),
	TEXT("path", name, FOREIGN, .form = &form_absolute),
	TEXT("container_path", container_path, FOREIGN, .form = &form_absolute),
	ENUM("via", enum access_via, via, 0, via_names),
	TRISTATE("read_only", read_only),
	BOOL("hidden", hidden),
	TRISTATE("same_inode", same_inode),
	BOOL("stale", stale),
	OBJECT("dac", doc_dac, dac),
	TRISTATE("confirmed", confirmed),
	TEXT("confirmed_why", confirmed_why, NULLABLE | FOREIGN),
	TEXT("connect_result", connect_result, NULLABLE,
	     .form = &form_connect_result),
	U64("ino", ino, NULLABLE),
	ESCAPED,
};
static TYPE(doc_access, .check = check_access);
#undef SELF

#define SELF struct doc_connection
static const struct member doc_connection_members[] = {
	PATH("path_ref", path, 0),
	TEXT("path", name, FOREIGN, .form = &form_absolute),
	POINTER("client", doc_process, client, NULLABLE),
	POINTER("server", doc_process, server, NULLABLE),
	U64("netns", netns, NULLABLE),
	BOOL("pending", pending),
	NUMBER("count", count, 0, 1, NUMBER_LARGEST),
	ESCAPED,
};
static TYPE(doc_connection);
#undef SELF

/* ---- names ---- */

#define SELF struct doc_root
static const struct member doc_root_members[] = {
	U64("mount_namespace", mount_namespace, 0),
	DEVICE("dev", dev),
	U64("ino", ino, 0),
	U64("mount_id", mount_id, NULLABLE),
	NUMBER("pid", pid, 0, 1, INT32_MAX),
	NUMBER("tid", tid, 0, 1, INT32_MAX),
	BOOL("of_record", of_record),
};
static TYPE(doc_root);
#undef SELF

#define SELF struct doc_identity
static const struct member doc_identity_members[] = {
	DEVICE("dev", dev),
	U64("ino", ino, 0),
};
static TYPE(doc_identity);
#undef SELF

static bool has_object(enum path_kind kind)
{
	switch (kind) {
	case KIND_SOCKET:
	case KIND_DIRECTORY:
	case KIND_REGULAR:
	case KIND_FIFO:
	case KIND_DEVICE:
	case KIND_OUTSIDE_VIEW:
		return true;
	default:
		return false;
	}
}

static const char *check_name(const void *object, const char **why)
{
	const struct doc_name *name = object;

	if (name->dated == (name->undated_why != NULL)) {
		*why = "that it is not dated has a reason, that it is has none";
		return "undated_why";
	}
	*why = "what is not dated has no time";
	if (!name->dated && name->since.tv_sec)
		return "since";
	*why = "there is an object if and only if something stands there";
	if (!name->object != !has_object(name->kind))
		return "object";
	*why = "only a socket has a listener";
	if ((name->state == STATE_LISTENING || name->state == STATE_BOUND) &&
	    name->kind != KIND_SOCKET)
		return "state";
	*why = "that mounts do not fit has a reason, that they do has none";
	return (name->mounts_fit == TRI_YES) == !name->mounts_why
		       ? NULL
		       : "mounts_why";
}

#define SELF struct doc_name
static const struct member doc_name_members[] = {
	CONTAINER("container", container, FOREIGN),
	TEXT("name", name, FOREIGN, .form = &form_absolute),
	POINTER("root", doc_root, root, NULLABLE),
	TEXT("below", below, NULLABLE | FOREIGN, .form = &form_absolute),
	ENUM("kind", enum path_kind, kind, 0, kind_names),
	ENUM("state", enum socket_state, state, 0, state_names),
	TEXT("connect_result", connect_result, NULLABLE,
	     .form = &form_connect_result),
	POINTER("object", doc_identity, object, NULLABLE),
	POINTER("listener", doc_process, listener, NULLABLE),
	PATH("path_ref", path, NULLABLE),
	BOOL("dated", dated),
	TIME("since", since, NULLABLE),
	TEXT("undated_why", undated_why, NULLABLE | FOREIGN),
	TRISTATE("mounts_fit", mounts_fit),
	TEXT("mounts_why", mounts_why, NULLABLE | FOREIGN),
	BOOL("propagates", propagates),
	ESCAPED,
};
static TYPE(doc_name, .check = check_name);
#undef SELF

/* ---- verdict and summary ---- */

#define SELF struct doc_reason
static const struct member doc_reason_members[] = {
	TEXT("rule", rule, 0, .form = &form_rule),
	TRISTATE("holds", holds),
	TEXT("text", text, 0, .form = &form_filled),
	TEXTS("evidence", evidence, 0, .form = &form_pointer),
};
static TYPE(doc_reason);
#undef SELF

#define SELF struct doc_risk
static const struct member doc_risk_members[] = {
	TEXT("text", text, 0, .form = &form_filled),
	TEXTS("evidence", evidence, 0, .form = &form_pointer),
};
static TYPE(doc_risk);
#undef SELF

#define SELF struct doc_premise
static const struct member doc_premise_members[] = {
	TEXT("id", id, 0, .form = &form_rule),
	ENUM("outcome", enum outcome, outcome, 0, outcome_names),
	TEXT("text", text, 0),
	TEXTS("evidence", evidence, 0, .form = &form_pointer),
};
static TYPE(doc_premise);
#undef SELF

#define SELF struct doc_assumption
static const struct member doc_assumption_members[] = {
	TEXT("id", id, 0, .form = &form_rule),
	TEXT("text", text, 0),
	TEXTS("means", means, 0),
	TEXT("how_to_prove", how_to_prove, 0),
};
static TYPE(doc_assumption);
#undef SELF

#define SELF struct doc_scope
static const struct member doc_scope_members[] = {
	TEXT("finding_type", finding_type, NULLABLE),
	TEXT("account_id", account_id, NULLABLE),
	TEXT("region", region, NULLABLE),
	TEXT("cluster_name", cluster_name, NULLABLE),
	TEXT("cluster_arn", cluster_arn, NULLABLE),
	TEXT("ecs_cluster_name", ecs_cluster_name, NULLABLE),
	TEXT("task_definition_arn", task_definition_arn, NULLABLE),
	TEXT("namespace", name_space, NULLABLE),
	TEXT("workload_name", workload_name, NULLABLE),
	TEXT("workload_type", workload_type, NULLABLE),
	TEXT("container_name", container_name, NULLABLE),
	TEXT("image", image, NULLABLE),
	TEXT("image_prefix", image_prefix, NULLABLE),
	TEXT("executable_path", executable_path, NULLABLE),
	TEXT("executable_sha256", executable_sha256, NULLABLE),
	TEXT("socket_path", socket_path, NULLABLE),
	TEXTS("from_finding_alone", from_finding_alone, 0),
};
static TYPE(doc_scope);
#undef SELF

#define SELF struct doc_verdict
static const struct member doc_verdict_members[] = {
	ENUM("decision", enum decision, decision, 0, decision_names),
	TEXT("text", text, SHORTENS, .form = &form_filled),
	NUMBER("finding", finding, OPTIONAL, 0, INT32_MAX),
	OBJECTS("premises", doc_premise, premises, SHORTENS),
	OBJECTS("assumptions", doc_assumption, assumptions, SHORTENS),
	OBJECTS("reasons", doc_reason, reasons, SHORTENS),
	OBJECTS("residual_risks", doc_risk, residual_risks, SHORTENS),
	POINTER("scope", doc_scope, scope, OPTIONAL | SHORTENS),
	TEXT("valid_until", valid_until, OPTIONAL | SHORTENS,
	     .form = &form_filled),
	TEXT("review_by", review_by, OPTIONAL, .form = &form_date),
};
static TYPE(doc_verdict);
#undef SELF

#define SELF struct doc_summary
static const struct member doc_summary_members[] = {
	TEXT("text", text, 0, .form = &form_filled),
	BOOL("complete", complete),
	TEXTS("listening", listening, 0, .form = &form_absolute),
	TEXTS("stale", stale, 0, .form = &form_absolute),
	TEXTS("directories", directories, 0, .form = &form_absolute),
	NUMBER("containers_that_can_connect", containers_that_can_connect, 0, 0,
	       NUMBER_LARGEST),
	NUMBER("connections", connections, 0, 0, NUMBER_LARGEST),
};
static TYPE(doc_summary);
#undef SELF

/* ---- findings and expectations ---- */

#define SELF struct finding_problem
static const struct member finding_problem_members[] = {
	TEXT("place", place, 0, .form = &form_place),
	TEXT("text", text, 0, .form = &form_filled),
};
static TYPE(finding_problem);
#undef SELF

static const char *check_location(const void *object, const char **why)
{
	const struct finding_location *located = object;
	bool found = located->container.id;

	*why = "a container was found if and only if something matched";
	if (found != (located->matched_by != MATCHED_BY_NOTHING))
		return "matched_by";
	*why = "there is a reason if and only if no container was found";
	return found == !located->why ? NULL : "why";
}

#define SELF struct finding_location
static const struct member finding_location_members[] = {
	CONTAINER("container", container, NULLABLE),
	ENUM("matched_by", enum matched_by, matched_by, NULLABLE,
	     matched_by_names),
	TEXT("why", why, NULLABLE),
	PATH("path_ref", path, NULLABLE),
	ENUM("process", enum finding_process, process, 0,
	     finding_process_names),
};
static TYPE(finding_location, .check = check_location);
#undef SELF

#define SELF struct finding
static const struct member finding_members[] = {
	TEXT("dialect", dialect, 0, .names = &dialect_names),
	NUMBER("index", index, 0, 0, INT32_MAX),
	TEXT("id", id, NULLABLE),
	TEXT("type", type, NULLABLE),
	TEXT("account_id", account_id, NULLABLE),
	TEXT("region", region, NULLABLE),
	TEXT("detector_id", detector_id, NULLABLE),
	TEXT("instance_id", instance_id, NULLABLE),
	TEXT("cluster_name", cluster_name, NULLABLE),
	TEXT("cluster_arn", cluster_arn, NULLABLE),
	TEXT("ecs_cluster_name", ecs_cluster_name, NULLABLE),
	TEXT("task_definition_arn", task_definition_arn, NULLABLE),
	TEXT("namespace", name_space, NULLABLE),
	TEXT("workload_name", workload_name, NULLABLE),
	TEXT("workload_type", workload_type, NULLABLE),
	TEXT("workload_uid", workload_uid, NULLABLE),
	TEXT("container_id", container_id, NULLABLE),
	TEXT("container_name", container_name, NULLABLE),
	TEXT("image", image, NULLABLE),
	TEXT("image_prefix", image_prefix, NULLABLE),
	TEXT("process_name", process_name, NULLABLE),
	TEXT("executable_path", executable_path, NULLABLE),
	TEXT("executable_sha256", executable_sha256, NULLABLE),
	TEXT("socket_path", socket_path, NULLABLE),
	TEXT("attack_sequence", attack_sequence, NULLABLE),
	NUMBER("pid", pid, NULLABLE, 0, INT32_MAX),
	TIME("process_started_at", process_started_at, NULLABLE),
	TIME("event_first_seen", event_first_seen, NULLABLE),
	TIME("event_last_seen", event_last_seen, NULLABLE),
	NUMBER("count", count, NULLABLE, 0, INT32_MAX),
	TRISTATE("archived", archived),
	TRISTATE("sample", sample),
	OBJECTS("problems", finding_problem, problems, 0),
	OBJECT("located", finding_location, located),
};
static TYPE(finding);
#undef SELF

static const char *check_expected(const void *object, const char **why)
{
	const struct expected *expected = object;

	*why = "workload or image_prefix is needed";
	return expected->workload || expected->image_prefix ? NULL : "workload";
}

#define SELF struct expected
static const struct member expected_members[] = {
	TEXT("namespace", name_space, 0, .form = &form_filled),
	TEXT("workload", workload, OPTIONAL, .form = &form_filled),
	TEXT("image_prefix", image_prefix, OPTIONAL, .form = &form_filled),
	TEXT("executable", executable, OPTIONAL, .form = &form_filled),
	TEXT("socket", socket, 0, .form = &form_filled),
	TEXT("why", why, OPTIONAL, .form = &form_filled),
};
static TYPE(expected, .check = check_expected);
#undef SELF

/* ---- the whole ---- */

#define SELF struct doc
static const struct member doc_members[] = {
	SCHEMA,
	POINTER("verdict", doc_verdict, verdict, 0),
	POINTER("summary", doc_summary, summary, SHORTENS),
	LEFT_OUT("left_out", left_out),
	POINTER("probe", doc_probe, probe, SHORTENS),
	POINTER("node", doc_node, node, SHORTENS),
	OBJECTS("coverage", doc_coverage, coverage, NONEMPTY | SHORTENS),
	OBJECTS("paths", doc_path, paths, SHORTENS),
	OBJECTS("containers", doc_container, containers, SHORTENS),
	NUMBER("containers_total", containers_total, 0, 0, NUMBER_LARGEST),
	OBJECTS("access", doc_access, access, SHORTENS),
	OBJECTS("connections", doc_connection, connections, SHORTENS),
	OBJECTS("names_in_container", doc_name, names, SHORTENS),
	OBJECTS("verdicts", doc_verdict, verdicts, OPTIONAL | SHORTENS),
	OBJECTS("findings", finding, findings, OPTIONAL | SHORTENS),
	OBJECTS("expected", expected, expected, OPTIONAL | SHORTENS),
};
TYPE(doc);
#undef SELF

const struct member *member_find(const struct object_type *type,
				 const char *name)
{
	for (size_t i = 0; i < type->n; i++) {
		if (strcmp(type->members[i].name, name) == 0)
			return &type->members[i];
	}
	return NULL;
}

void *member_at(const char *pointer, struct doc *doc,
		const struct member **member)
{
	const struct object_type *type = &doc_object;
	char *object = (char *)doc;
	char name[64];

	for (;;) {
		size_t len = *pointer ? strcspn(pointer + 1, "/") : 0;

		snprintf(name, sizeof(name), "%.*s", (int)len,
			 *pointer ? pointer + 1 : "");
		*member = len < sizeof(name) ? member_find(type, name) : NULL;
		if (!*member)
			return NULL;
		if (object)
			object += (*member)->offset;
		pointer += 1 + len;
		if (!*pointer)
			return object;
		if ((*member)->kind != MEMBER_POINTER) {
			*member = NULL;
			return NULL;
		}
		type = (*member)->object;
		object = object ? *(char **)object : NULL;
	}
}

/* ---- places ---- */

/* '~' and '/' in a name are written ~0 and ~1 (RFC 6901). */
static size_t put_name(const char *name, char *text, size_t size)
{
	size_t used = 0;

	for (; *name && used + 3 < size; name++) {
		if (*name != '~' && *name != '/') {
			text[used++] = *name;
			continue;
		}
		text[used++] = '~';
		text[used++] = *name == '~' ? '0' : '1';
	}
	text[used] = '\0';
	return used;
}

static size_t put_place(const struct place *place, char text[PLACE_SIZE])
{
	size_t used = place->up ? put_place(place->up, text) : 0;
	char step[64];

	if (place->name)
		put_name(place->name, step, sizeof(step));
	else
		snprintf(step, sizeof(step), "%zu", place->idx);
	if (used + strlen(step) + 2 > PLACE_SIZE)
		return used;
	return used +
	       (size_t)snprintf(text + used, PLACE_SIZE - used, "/%s", step);
}

void place_pointer(const struct place *place, char text[static PLACE_SIZE])
{
	text[0] = '\0';
	if (place)
		put_place(place, text);
}

/* ---- walking ---- */

static const char *walk_value(const struct member *member, void *value,
			      const struct place *place, visit_function *visit,
			      void *context)
{
	switch (member->kind) {
	case MEMBER_SCHEMA:
		return NULL;
	case MEMBER_POINTER:
		value = *(void **)value;
		if (!value)
			return NULL;
		/* fallthrough */
	case MEMBER_OBJECT:
		return object_walk(member->object, value, place, visit,
				   context);
	default:
		return visit(context, place, member, value);
	}
}

static const char *walk_list(const struct member *member, struct any_list *list,
			     const struct place *place, visit_function *visit,
			     void *context)
{
	const char *why = NULL;

	for (size_t i = 0; i < list->n && !why; i++) {
		const struct place at = { place, NULL, i };

		why = walk_value(member, list->at + i * member->size, &at,
				 visit, context);
	}
	return why;
}

const char *object_walk(const struct object_type *type, void *object,
			const struct place *place, visit_function *visit,
			void *context)
{
	const char *why = NULL;

	for (size_t i = 0; i < type->n && !why; i++) {
		const struct member *member = &type->members[i];
		const struct place at = { place, member->name, 0 };
		void *field = member_field(member, object);

		why = member->flags & MEMBER_LIST
			      ? walk_list(member, field, &at, visit, context)
			      : walk_value(member, field, &at, visit, context);
	}
	return why;
}

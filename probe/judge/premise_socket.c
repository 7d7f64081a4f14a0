// SPDX-License-Identifier: Apache-2.0
/*
 * A live socket at the finding's name: the container's own, or one that it may
 * not connect to; and the live ones that it reaches besides, which are a risk.
 */
#include "judge/premises.h"

#include <string.h>

#include "document/names.h"
#include "sockprobe/vocabulary.h"

/* ---- private ---- */

static bool has_pid(const struct doc_container *container, int64_t pid)
{
	for (size_t i = 0; i < container->pids.n; i++) {
		if (container->pids.at[i] == pid)
			return true;
	}
	return false;
}

static bool all_holders_are_inside(const struct judged *judged)
{
	const struct doc_process *listener = judged->private_socket->listener;

	if (!has_pid(judged->container, listener->pid))
		return false;
	for (size_t i = 0; i < listener->also_held_by.n; i++) {
		if (!has_pid(judged->container, listener->also_held_by.at[i]))
			return false;
	}
	return true;
}

/* A runtime's socket that the container has a way to, live or without listener. */
static const struct doc_access *find_runtime(const struct judged *judged,
					     size_t *idx)
{
	for (size_t i = 0; i < judged->doc->access.n; i++) {
		const struct doc_access *access = &judged->doc->access.at[i];
		const struct doc_path *path =
			doc_path_at(judged->doc, access->path);

		if (!is_judged_container(judged, access->container) ||
		    access->hidden || !path || path->kind != KIND_SOCKET)
			continue;
		*idx = i;
		return access;
	}
	return NULL;
}

static bool is_client(const struct judged *judged)
{
	for (size_t i = 0; i < judged->doc->connections.n; i++) {
		const struct doc_connection *connection =
			&judged->doc->connections.at[i];
		const struct doc_path *path =
			doc_path_at(judged->doc, connection->path);

		if (connection->client && path && !path->container.id &&
		    is_judged_container(judged, connection->client->container))
			return true;
	}
	return false;
}

static bool is_engine(const struct doc_process *listener)
{
	for (const struct runtime *runtime = runtimes; runtime->name;
	     runtime++) {
		for (const char *const *engine = runtime->engines; *engine;
		     engine++) {
			if (same_text(listener->comm, *engine) ||
			    (listener->exe &&
			     same_text(path_basename(listener->exe), *engine)))
				return true;
		}
	}
	return false;
}

/* An engine of the container's own may run in it what it likes. */
static void assume_no_relay(struct judged *judged)
{
	static const char *own[] = {
		"the listener is a container runtime itself, of the container's own"
	};
	const struct string_list means = { .at = own, .n = 1, .room = 1 };
	bool engine = is_engine(judged->private_socket->listener);

	assume(judged, ASSUME_NO_RELAY, engine ? &means : NULL);
}

enum outcome premise_private(struct judged *judged)
{
	size_t idx;
	const struct doc_access *access = find_runtime(judged, &idx);

	if (!all_holders_are_inside(judged))
		return premise(
			judged, "private", "private", OUTCOME_UNKNOWN, "",
			"a process outside of the container holds the listening socket too");
	if (is_client(judged))
		return premise(
			judged, "private", "private", OUTCOME_UNKNOWN,
			"/connections",
			"the container is connected to a container runtime: what its own listener is told may go there");
	if (access)
		return premise(
			judged, "private", "private", OUTCOME_UNKNOWN,
			verdict_pointer(judged, "/access/%zu", idx),
			"the container reaches a container runtime's socket, %s: what its own listener is told may go there",
			verdict_name(judged, access->container_path));
	assume_no_relay(judged);
	return premise(
		judged, "private", "private", OUTCOME_ASSUMED, "",
		"only the container's own processes hold the listening socket, and it reaches no container runtime");
}

/* ---- permission ---- */

/* Only the CRI has no way to start a process as another user later. */
static bool is_of_cri(const struct doc_container *container)
{
	return container->pod && container->pod->uid &&
	       (same_text(container->runtime, "containerd") ||
		same_text(container->runtime, "cri-o"));
}

static const char *why_not_at_start(const struct doc_container *container)
{
	if (!container->record || container->record->uid == NUMBER_UNKNOWN)
		return "as which user the container starts is not known";
	if (!container->record->no_new_privileges)
		return "its record does not rule out new privileges";
	return is_of_cri(container)
		       ? NULL
		       : "its runtime may start a process as another user";
}

bool is_closed_from_start(const struct judged *judged,
			  const struct doc_access *access)
{
	return access->dac.allowed == TRI_NO &&
	       access->dac.at_start == TRI_NO &&
	       !why_not_at_start(judged->container);
}

/* Are all of the container's ways to the live socket closed from its start? */
static const char *why_not_closed(struct judged *judged)
{
	size_t path = judged->live->path;
	size_t n = 0;

	for (size_t i = 0; i < judged->doc->access.n; i++) {
		const struct doc_access *access = &judged->doc->access.at[i];

		if (access->path != path || access->hidden ||
		    !is_judged_container(judged, access->container))
			continue;
		if (access->dac.at_start != TRI_NO ||
		    access->dac.allowed != TRI_NO)
			return "the user that the container starts as, or one of its processes, may connect";
		n++;
	}
	return n ? NULL : "its ways to the socket were not all seen";
}

enum outcome premise_permission(struct judged *judged)
{
	const struct doc_path *path =
		doc_path_at(judged->doc, judged->live->path);
	const char *why = why_not_at_start(judged->container);

	if (!why)
		why = why_not_closed(judged);
	if (!why && is_client(judged))
		why = "the container is connected to a container runtime";
	if (!why && (!path || !path->inode || !path->inode->change.tv_sec))
		why = "since when its permissions are so cannot be told";
	if (why)
		return premise(
			judged, "permission", "not_permitted", OUTCOME_UNKNOWN,
			"",
			"nobody in the container being permitted to connect cannot be shown: %s",
			why);
	verdict_note_change(judged, path->inode->change);
	return premise(
		judged, "permission", "not_permitted", OUTCOME_PROVEN, "",
		"the socket is live, but nobody in the container may connect, from its start on");
}

bool is_closed_now(const struct judged *judged)
{
	size_t n = 0;

	for (size_t i = 0; i < judged->doc->access.n; i++) {
		const struct doc_access *access = &judged->doc->access.at[i];

		if (access->path != judged->live->path || access->hidden ||
		    !is_judged_container(judged, access->container))
			continue;
		if (access->dac.allowed != TRI_NO)
			return false;
		n++;
	}
	return n && !is_client(judged);
}

/* ---- risks ---- */

static bool is_same_socket(const struct doc_path *path,
			   const struct doc_name *name)
{
	return name && path->inode && name->object &&
	       path->inode->dev == name->object->dev &&
	       path->inode->ino == name->object->ino;
}

/* A path that has several ways is one risk. */
static bool is_first_way(const struct judged *judged, size_t idx)
{
	const struct doc_access *list = judged->doc->access.at;

	for (size_t i = 0; i < idx; i++) {
		if (list[i].path == list[idx].path &&
		    is_judged_container(judged, list[i].container) &&
		    same_text(list[i].connect_result, "OK"))
			return false;
	}
	return true;
}

static const char *what_it_gives(const char *path)
{
	switch (runtime_api(path)) {
	case API_IMAGES:
		return "images and snapshots, no process";
	case API_BUILDS:
		return "builds of images, with root where the daemon allows it";
	case API_USER:
		return "same as its user on this node";
	case API_NODE_ROOT:
	case API_UNKNOWN:
		break;
	}
	return "same as root on this node";
}

static bool add_live_access(struct judged *judged, size_t idx)
{
	const struct doc_access *access = &judged->doc->access.at[idx];
	const struct doc_path *path = doc_path_at(judged->doc, access->path);

	if (!path || !same_text(access->connect_result, "OK") ||
	    is_same_socket(path, judged->live) || !is_first_way(judged, idx))
		return false;
	add_risk(
		judged, verdict_pointer(judged, "/access/%zu", idx),
		verdict_pointer(judged, "/paths/%zu", access->path),
		"the container can connect to the live %s socket %s (as %s, %s)%s: %s",
		verdict_name(judged, path->runtime),
		verdict_name(judged, path->path),
		verdict_name(judged, access->container_path),
		name_of(&via_names, access->via),
		is_connected_to(judged, access->path)
			? " and is connected to it now"
			: "",
		what_it_gives(path->path));
	return true;
}

void add_risks(struct judged *judged)
{
	bool found = false;

	for (size_t i = 0; i < judged->doc->access.n; i++) {
		if (is_judged_container(judged,
					judged->doc->access.at[i].container))
			found |= add_live_access(judged, i);
	}
	if (judged->container->privileged == TRI_YES)
		add_risk(
			judged,
			verdict_pointer(judged, "/containers/%zu/privileged",
					judged->container_idx),
			"",
			"the container is privileged: it needs no runtime socket to become the node's root");
	if (judged->container->host_pid == TRI_YES &&
	    judged->container->threads &&
	    (strtoull(judged->container->threads->cap_bounding, NULL, 16) &
	     (1ULL << 19)))
		add_risk(
			judged,
			verdict_pointer(judged, "/containers/%zu/host_pid",
					judged->container_idx),
			"",
			"the container sees the node's processes and may look into them (hostPID, CAP_SYS_PTRACE)");
	add_risk(
		judged, "", "",
		"an archived finding no longer feeds the detection of attack sequences");
	add_reason(
		judged, "elsewhere", found ? TRI_YES : TRI_NO, "",
		found ? "the container reaches another live runtime socket: the finding names the wrong socket, but the risk is real (see residual_risks)"
		      : "the container was not seen to reach another live runtime socket");
}

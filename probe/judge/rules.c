// SPDX-License-Identifier: Apache-2.0
/*
 * The rules of the judge. Each looks at the document only, says in one sentence
 * what it found, and points to where that is written.
 */
#include <stdio.h>
#include <string.h>

#include "judge/verdict.h"

#define DOCKER_SOCKET_ACCESSED                                                 \
	"PrivilegeEscalation:Runtime/DockerSocketAccessed"

enum { POINTER_SIZE = 64, POINTERS_SIZE = 512 };

static const char *or_unknown(const char *text)
{
	return text ? text : "unknown";
}

/* ---- is it ours to judge ---- */

bool rule_type(struct judged *judged)
{
	const char *type = json_text(judged->finding, "type");
	bool ours = type && strcmp(type, DOCKER_SOCKET_ACCESSED) == 0;

	if (ours)
		add_reason(judged, "type", TRI_YES, "",
			   "the finding is of the type that is judged here");
	else
		add_reason(
			judged, "type", TRI_NO, "",
			"findings of type %s are outside what is judged here, which is %s",
			or_unknown(type), DOCKER_SOCKET_ACCESSED);
	return ours;
}

bool rule_node(struct judged *judged)
{
	const char *wanted = json_text(judged->finding, "instance_id");
	const char *own =
		json_text(json_get(judged->document, "node"), "instance_id");

	if (!wanted || !own) {
		add_reason(
			judged, "node", TRI_UNKNOWN, "/node/instance_id",
			"instance ids cannot be compared: the finding has %s, the node %s; the container decides",
			wanted ? wanted : "none", own ? own : "none");
		return true;
	}
	if (strcmp(wanted, own) == 0) {
		add_reason(judged, "node", TRI_YES, "/node/instance_id",
			   "the finding is of this node, %s", own);
		return true;
	}
	add_reason(
		judged, "node", TRI_NO, "/node/instance_id",
		"the finding is of another node, %s: run there; this one is %s",
		wanted, own);
	return false;
}

bool rule_container(struct judged *judged)
{
	const cJSON *located = json_get(judged->finding, "located");
	char pointer[POINTER_SIZE];

	if (!judged->container) {
		add_reason(
			judged, "container", TRI_NO, "",
			"the finding's container is not on this node any more (%s)",
			or_unknown(json_text(located, "why")));
		return false;
	}
	snprintf(pointer, sizeof(pointer), "/containers/%d",
		 judged->container_idx);
	add_reason(judged, "container", TRI_YES, pointer,
		   "the finding's container is %s, found by its %s",
		   or_unknown(json_text(judged->container, "id")),
		   or_unknown(json_text(located, "matched_by")));
	return true;
}

/* ---- do all say the same of it ---- */

static bool same_or_unknown(const char *a, const char *b)
{
	return !a || !b || strcmp(a, b) == 0;
}

/*
 * What finding and record both name must be the same. A container found by its
 * pod may be the one after the finding's: what that one did is not known.
 */
static bool finding_fits(struct judged *judged, const char *pointer)
{
	const cJSON *pod = json_get(judged->container, "pod");
	const struct {
		const char *what, *finding, *evidence;
	} names[] = {
		{ "container_id", json_text(judged->finding, "container_id"),
		  json_text(judged->container, "id") },
		{ "namespace", json_text(judged->finding, "namespace"),
		  json_text(pod, "namespace") },
		{ "container_name",
		  json_text(judged->finding, "container_name"),
		  json_text(judged->container, "name") },
	};
	bool fits = true;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (same_or_unknown(names[i].finding, names[i].evidence))
			continue;
		fits = false;
		add_reason(judged, "conflicts", TRI_NO, pointer,
			   "the finding's %s is %.200s, the container's %.200s",
			   names[i].what, names[i].finding, names[i].evidence);
	}
	return fits;
}

bool rule_conflicts(struct judged *judged)
{
	const cJSON *conflict;
	char pointer[POINTER_SIZE];
	bool none;
	int idx = 0;

	snprintf(pointer, sizeof(pointer), "/containers/%d",
		 judged->container_idx);
	none = finding_fits(judged, pointer);
	cJSON_ArrayForEach(conflict, json_get(judged->container, "conflicts")) {
		snprintf(pointer, sizeof(pointer),
			 "/containers/%d/conflicts/%d", judged->container_idx,
			 idx++);
		none = false;
		add_reason(
			judged, "conflicts", TRI_NO, pointer,
			"%s: the kernel shows %.200s, but %.200s claims %.200s",
			or_unknown(json_text(conflict, "field")),
			or_unknown(json_text(conflict, "kernel")),
			or_unknown(json_text(conflict, "source")),
			or_unknown(json_text(conflict, "claim")));
	}
	return none;
}

/* ---- what the path is ---- */

static bool same_object(const cJSON *a, const cJSON *b)
{
	const char *ino = json_text(json_get(a, "inode"), "ino");
	const char *dev = json_text(json_get(a, "inode"), "dev");

	return ino && dev && json_is(json_get(b, "inode"), "ino", ino) &&
	       json_is(json_get(b, "inode"), "dev", dev);
}

/* The same object among what the node itself shows. -1 where it is none. */
static int find_on_node(const struct judged *judged)
{
	const cJSON *path;
	int idx = 0;

	cJSON_ArrayForEach(path, json_get(judged->document, "paths")) {
		if (!json_text(path, "view") && same_object(path, judged->path))
			return idx;
		idx++;
	}
	return -1;
}

/* Are all of the container's ways to this object closed by permissions? */
static bool is_forbidden(const struct judged *judged, int node_idx,
			 const char **why)
{
	const char *id = json_text(judged->container, "id");
	char ref[POINTER_SIZE];
	const cJSON *access;
	bool closed = false;

	snprintf(ref, sizeof(ref), "/paths/%d", node_idx);
	cJSON_ArrayForEach(access, json_get(judged->document, "access")) {
		const cJSON *dac = json_get(access, "dac");

		if (!json_is(access, "path_ref", ref) ||
		    !json_is(access, "container", id) ||
		    cJSON_IsTrue(json_get(access, "hidden")))
			continue;
		if (!cJSON_IsFalse(json_get(dac, "allowed")))
			return false;
		*why = json_text(dac, "why");
		closed = true;
	}
	return closed;
}

static enum case_kind judge_listening(struct judged *judged,
				      const char *pointer)
{
	const cJSON *listener =
		json_get(json_get(judged->path, "listener"), "process");
	const char *owner = json_text(listener, "container");
	int node_idx = find_on_node(judged);
	bool own = owner && json_is(judged->container, "id", owner);
	const char *why = NULL;

	/* One that the node shows too is served to the node, whoever serves. */
	if (own && node_idx < 0) {
		add_reason(
			judged, "private_socket", TRI_YES, pointer,
			"the socket is the container's own: %s in the same container listens, the node's runtime was not reached",
			or_unknown(json_text(listener, "comm")));
		return CASE_PRIVATE;
	}
	if (node_idx >= 0 && is_forbidden(judged, node_idx, &why)) {
		add_reason(
			judged, "not_permitted", TRI_YES, pointer,
			"the socket is live, but no process of the container may connect: %s",
			or_unknown(why));
		return CASE_FORBIDDEN;
	}
	add_reason(
		judged, "live_socket", TRI_YES, pointer,
		"a listener answers there: %s (pid %d) %s, and the container can reach it; a read-only mount does not prevent a connect",
		or_unknown(json_text(listener, "comm")),
		json_int(listener, "pid"),
		own	? "in this container, at a path of the node"
		: owner ? "in another container"
			: "on the node");
	return CASE_LIVE;
}

static enum case_kind judge_absent(struct judged *judged, const char *pointer)
{
	add_reason(judged, "inert_path", TRI_YES, pointer,
		   "nothing stands there now (%s)",
		   or_unknown(json_text(judged->path, "kind")));
	/*
	 * Since when, the directories tell. A name that no runtime has may be
	 * as little what was opened as it is there.
	 */
	return json_is(judged->path, "runtime", "unknown") ? CASE_INERT_NOW
							   : CASE_INERT;
}

static enum case_kind judge_socket(struct judged *judged, const char *pointer)
{
	if (json_is(judged->path, "state", "listening"))
		return judge_listening(judged, pointer);
	if (json_is(judged->path, "state", "unknown")) {
		add_reason(judged, "inert_path", TRI_UNKNOWN, pointer,
			   "whether anything listens there is not known: %s",
			   or_unknown(json_text(judged->path, "connect_why")));
		return CASE_UNSEEN;
	}
	add_reason(judged, "inert_path", TRI_YES, pointer,
		   "a socket without a listener: %s; connect(2) would give %s",
		   or_unknown(json_text(judged->path, "connect_why")),
		   or_unknown(json_text(judged->path, "connect_result")));
	/* The inode does not tell when its listener ended. */
	return CASE_INERT_NOW;
}

static void add_name_on_node(struct judged *judged)
{
	char pointer[POINTER_SIZE];

	if (!judged->reached_as)
		return;
	snprintf(pointer, sizeof(pointer), "/paths/%d", judged->path_idx);
	add_reason(
		judged, "name_on_node", TRI_YES, pointer,
		"the container has nothing at %s itself, but reaches what bears this name on the node, as %s: that is judged",
		or_unknown(json_text(judged->finding, "socket_path")),
		judged->reached_as);
}

enum case_kind rule_path(struct judged *judged)
{
	static const char *const absent[] = { "missing", "dangling_symlink",
					      "symlink_loop" };
	static const char *const inert[] = { "directory", "regular", "fifo",
					     "device" };
	const char *kind = json_text(judged->path, "kind");
	char pointer[POINTER_SIZE];

	add_name_on_node(judged);
	if (!judged->path || !kind) {
		add_reason(
			judged, "inert_path", TRI_UNKNOWN, "",
			"the finding's path could not be looked at in the container");
		return CASE_UNSEEN;
	}
	snprintf(pointer, sizeof(pointer), "/paths/%d", judged->path_idx);
	if (strcmp(kind, "socket") == 0)
		return judge_socket(judged, pointer);
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		if (strcmp(kind, absent[i]) == 0)
			return judge_absent(judged, pointer);
	}
	for (size_t i = 0; i < ARRAY_SIZE(inert); i++) {
		if (strcmp(kind, inert[i]) != 0)
			continue;
		add_reason(
			judged, "inert_path", TRI_YES, pointer,
			"what stands there is a %s, not a socket: nothing could have answered; connect(2) gives %s",
			kind,
			or_unknown(json_text(judged->path, "connect_result")));
		return CASE_INERT;
	}
	add_reason(judged, "inert_path", TRI_UNKNOWN, pointer,
		   "the finding's path could not be seen in the container (%s)",
		   kind);
	return CASE_UNSEEN;
}

/* ---- time ---- */

static bool is_after(struct timespec a, struct timespec b)
{
	return time_diff_ms(a, b) > 0;
}

/*
 * Saved evidence knows nothing of what happened after it was taken; a few
 * minutes are left to the clocks of node and service.
 */
static bool is_older_than_events(const struct judged *judged)
{
	enum { CLOCK_SLACK_MS = 5 * 60 * 1000 };
	struct timespec taken;
	struct timespec last;

	return json_time(json_get(judged->document, "probe"), "started_at",
			 &taken) &&
	       json_time(judged->finding, "event_last_seen", &last) &&
	       time_diff_ms(last, taken) > CLOCK_SLACK_MS;
}

/* Is what stands, or does not stand, there the same since then? */
static bool path_holds(struct judged *judged, int idx, struct timespec since,
		       const char *which)
{
	const cJSON *path =
		cJSON_GetArrayItem(json_get(judged->document, "paths"), idx);
	char pointer[POINTER_SIZE];
	struct timespec when;

	snprintf(pointer, sizeof(pointer), "/paths/%d/unchanged_since", idx);
	if (!json_time(json_get(path, "unchanged_since"), "time", &when)) {
		add_reason(judged, "time", TRI_UNKNOWN, pointer,
			   "since when this is so cannot be told");
		return false;
	}
	if (is_after(when, since)) {
		add_reason(
			judged, "time", TRI_NO, pointer,
			"what stands at the path changed after the %s event: what was there then is not known",
			which);
		return false;
	}
	return true;
}

/*
 * What is seen now speaks of then only if nothing that matters began or changed
 * since: the node, the container, the object at the path. A suppression covers
 * all events, so it asks this from the first one on; a contradiction is enough
 * with the last.
 */
static bool time_holds(struct judged *judged, struct timespec since,
		       const char *which)
{
	char pointer[POINTER_SIZE];
	struct timespec when;

	if (!json_time(json_get(judged->document, "node"), "booted_at",
		       &when) ||
	    is_after(when, since)) {
		add_reason(
			judged, "time", TRI_NO, "/node/booted_at",
			"the node booted after the %s event: what is seen now says nothing about then",
			which);
		return false;
	}
	snprintf(pointer, sizeof(pointer), "/containers/%d/started_at",
		 judged->container_idx);
	if (!json_time(judged->container, "started_at", &when) ||
	    is_after(when, since)) {
		add_reason(
			judged, "time", TRI_NO, pointer,
			"the container started after the %s event: another one raised it",
			which);
		return false;
	}
	if (!path_holds(judged, judged->path_idx, since, which) ||
	    (judged->reached_as &&
	     !path_holds(judged, judged->own_path_idx, since, which)))
		return false;
	snprintf(pointer, sizeof(pointer), "/paths/%d/unchanged_since",
		 judged->path_idx);
	add_reason(
		judged, "time", TRI_YES, pointer,
		"node, container and path are unchanged since before the %s event",
		which);
	return true;
}

/* A socket's inode outlives its listener: it dates the bind, not the end. */
static bool is_undated(const struct judged *judged)
{
	return json_is(judged->path, "kind", "socket") &&
	       !json_is(judged->path, "state", "listening");
}

bool rule_time(struct judged *judged, bool supports)
{
	const char *which = supports ? "first" : "last";
	struct timespec since;

	if (!json_time(judged->finding,
		       supports ? "event_first_seen" : "event_last_seen",
		       &since)) {
		add_reason(judged, "time", TRI_UNKNOWN, "",
			   "the finding does not say when its %s event was",
			   which);
		return false;
	}
	if (is_older_than_events(judged)) {
		add_reason(
			judged, "time", TRI_NO, "/probe/started_at",
			"the evidence was taken before the last event: take it anew");
		return false;
	}
	if (is_undated(judged)) {
		add_reason(
			judged, "time", TRI_UNKNOWN, "",
			"nothing listens now, but when its listener ended cannot be told");
		return false;
	}
	return time_holds(judged, since, which);
}

/* ---- coverage ---- */

bool rule_coverage(struct judged *judged)
{
	const cJSON *line;
	char pointer[POINTER_SIZE];
	bool complete = true;
	int idx = 0;

	cJSON_ArrayForEach(line, json_get(judged->document, "coverage")) {
		snprintf(pointer, sizeof(pointer), "/coverage/%d", idx++);
		/* What the kubelet is configured to use decides nothing here. */
		if (json_is(line, "status", "complete") ||
		    json_is(line, "source", "kubelet_config"))
			continue;
		complete = false;
		add_reason(judged, "coverage", TRI_NO, pointer,
			   "%s is %s: %s; to fix: %s",
			   or_unknown(json_text(line, "source")),
			   or_unknown(json_text(line, "status")),
			   or_unknown(json_text(line, "detail")),
			   or_unknown(json_text(line, "fix")));
	}
	if (complete)
		add_reason(
			judged, "coverage", TRI_YES, "/coverage",
			"every source that the decision leans on was read whole");
	return complete;
}

/* ---- what else the container can do ---- */

static bool is_connected(const struct judged *judged, const char *ref)
{
	const char *id = json_text(judged->container, "id");
	const cJSON *connection;

	cJSON_ArrayForEach(connection,
			   json_get(judged->document, "connections")) {
		if (json_is(connection, "path_ref", ref) &&
		    json_is(json_get(connection, "client"), "container", id))
			return true;
	}
	return false;
}

static bool add_live_access(struct judged *judged, const cJSON *access, int idx)
{
	const char *ref = json_text(access, "path_ref");
	int path_idx;
	const cJSON *path = path_by_ref(judged->document, ref, &path_idx);
	char pointers[POINTERS_SIZE];

	if (!json_is(access, "connect_result", "OK") || !ref ||
	    same_object(path, judged->path))
		return false;
	snprintf(pointers, sizeof(pointers), "/access/%d %s", idx, ref);
	add_risk(
		judged, pointers,
		"the container can connect to the live %s socket %s (as %s, %s)%s: host root in all but name",
		or_unknown(json_text(path, "runtime")),
		or_unknown(json_text(path, "path")),
		or_unknown(json_text(access, "container_path")),
		or_unknown(json_text(access, "via")),
		is_connected(judged, ref) ? " and is connected to it now" : "");
	return true;
}

void rule_elsewhere(struct judged *judged)
{
	const char *id = json_text(judged->container, "id");
	const cJSON *access;
	char pointer[POINTER_SIZE];
	bool found = false;
	int idx = 0;

	cJSON_ArrayForEach(access, json_get(judged->document, "access")) {
		if (json_is(access, "container", id))
			found |= add_live_access(judged, access, idx);
		idx++;
	}
	snprintf(pointer, sizeof(pointer), "/containers/%d/privileged",
		 judged->container_idx);
	if (cJSON_IsTrue(json_get(judged->container, "privileged")))
		add_risk(
			judged, pointer,
			"the container is privileged: it needs no runtime socket to become the node's root");
	add_reason(
		judged, "elsewhere", found ? TRI_YES : TRI_NO, "",
		found ? "the container reaches another live runtime socket: the finding's words are wrong, the risk is real (see residual_risks)"
		      : "the container was not seen to reach another live runtime socket");
}

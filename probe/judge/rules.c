// SPDX-License-Identifier: Apache-2.0
/*
 * The rules of the judge. Each reads the document only, states in one sentence
 * what it found, and points to the evidence.
 */
#include "judge/rules.h"

#include "document/names.h"

#define DOCKER_SOCKET_ACCESSED                                                 \
	"PrivilegeEscalation:Runtime/DockerSocketAccessed"

/* ---- is it ours to judge ---- */

bool rule_type(struct judged *judged)
{
	const char *type = judged->finding->type;
	bool ours = same_text(type, DOCKER_SOCKET_ACCESSED);

	if (ours)
		add_reason(judged, "type", TRI_YES, "",
			   "the finding is of the type that is judged here");
	else
		add_reason(
			judged, "type", TRI_NO, "",
			"findings of type %s are outside what is judged here, which is %s",
			verdict_name(judged, type), DOCKER_SOCKET_ACCESSED);
	return ours;
}

bool rule_node(struct judged *judged)
{
	const struct doc_node *node = judged->doc->node;
	const char *wanted = judged->finding->instance_id;
	const char *own = node ? node->instance_id : NULL;

	if (!wanted || !own) {
		add_reason(
			judged, "node", TRI_UNKNOWN, "/node/instance_id",
			"instance ids cannot be compared: the finding has %s, the node %s; the container decides",
			wanted ? verdict_name(judged, wanted) : "none",
			own ? verdict_name(judged, own) : "none");
		return true;
	}
	if (same_text(wanted, own)) {
		add_reason(judged, "node", TRI_YES, "/node/instance_id",
			   "the finding is of this node, %s",
			   verdict_name(judged, own));
		return true;
	}
	add_reason(
		judged, "node", TRI_NO, "/node/instance_id",
		"the finding is of another node, %s: run there; this one is %s",
		verdict_name(judged, wanted), verdict_name(judged, own));
	return false;
}

bool rule_container(struct judged *judged)
{
	const struct finding_location *located = &judged->finding->located;

	if (!judged->container) {
		add_reason(
			judged, "container", TRI_NO, "",
			"the finding's container is not on this node any more (%s)",
			verdict_words(judged, located->why));
		return false;
	}
	add_reason(judged, "container", TRI_YES,
		   verdict_pointer(judged, "/containers/%zu",
				   judged->container_idx),
		   "the finding's container is %s, found by its %s",
		   verdict_name(judged, judged->container->id),
		   verdict_words(judged, name_of(&matched_by_names,
						 located->matched_by)));
	return true;
}

/* ---- do all say the same of it ---- */

/*
 * What both the finding and the record name must be equal. A container that was
 * found by its pod may be the successor of the finding's: what that one did is
 * not known.
 */
static bool finding_fits(struct judged *judged)
{
	const struct finding *finding = judged->finding;
	const struct doc_container *container = judged->container;
	const struct {
		const char *what, *finding, *evidence;
	} names[] = {
		{ "container_id", finding->container_id, container->id },
		{ "namespace", finding->name_space,
		  container->pod ? container->pod->name_space : NULL },
		{ "container_name", finding->container_name, container->name },
	};
	bool fits = true;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i].finding || !names[i].evidence ||
		    same_text(names[i].finding, names[i].evidence))
			continue;
		fits = false;
		add_reason(judged, "conflicts", TRI_NO,
			   verdict_pointer(judged, "/containers/%zu",
					   judged->container_idx),
			   "the finding's %s is %s, the container's %s",
			   names[i].what,
			   verdict_name(judged, names[i].finding),
			   verdict_name(judged, names[i].evidence));
	}
	return fits;
}

bool rule_conflicts(struct judged *judged)
{
	const struct doc_conflict_list *conflicts =
		&judged->container->conflicts;
	bool none = finding_fits(judged);

	for (size_t i = 0; i < conflicts->n; i++) {
		const struct doc_conflict *conflict = &conflicts->at[i];

		none = false;
		add_reason(judged, "conflicts", TRI_NO,
			   verdict_pointer(judged,
					   "/containers/%zu/conflicts/%zu",
					   judged->container_idx, i),
			   "%s: the kernel shows %s, but %s claims %s",
			   verdict_words(judged, conflict->field),
			   verdict_name(judged, conflict->kernel),
			   verdict_name(judged, conflict->source),
			   verdict_name(judged, conflict->claim));
	}
	return none;
}

/* ---- what the path is ---- */

static bool same_object(const struct doc_path *a, const struct doc_path *b)
{
	return a && b && a->inode && b->inode &&
	       a->inode->ino == b->inode->ino && a->inode->dev == b->inode->dev;
}

/* The same object in the node's own view, or NO_INDEX. */
static size_t find_on_node(const struct judged *judged)
{
	const struct doc_path_list *paths = &judged->doc->paths;

	for (size_t i = 0; i < paths->n; i++) {
		if (!paths->at[i].container.id &&
		    same_object(&paths->at[i], judged->path))
			return i;
	}
	return NO_INDEX;
}

/* Do permissions close all of the container's ways to this object? */
static bool is_forbidden(const struct judged *judged, size_t node_idx,
			 const char **why)
{
	bool closed = false;

	for (size_t i = 0; i < judged->doc->access.n; i++) {
		const struct doc_access *access = &judged->doc->access.at[i];

		if (access->path != node_idx || access->hidden ||
		    !is_judged_container(judged, access->container))
			continue;
		if (access->dac.allowed != TRI_NO)
			return false;
		*why = access->dac.why;
		closed = true;
	}
	return closed;
}

static void add_live_socket(struct judged *judged, const char *pointer,
			    const struct doc_process *listener, bool own)
{
	const char *owner = listener ? listener->container.id : NULL;

	add_reason(
		judged, "live_socket", TRI_YES, pointer,
		"a listener answers there: %s (pid %lld) %s, and the container can reach it; a read-only mount does not prevent a connect",
		verdict_name(judged, listener ? listener->comm : NULL),
		listener ? (long long)listener->pid : 0,
		own	? "in this container, at a path of the node"
		: owner ? "in another container"
			: "on the node");
}

static enum case_kind judge_listening(struct judged *judged,
				      const char *pointer)
{
	const struct doc_process *listener =
		judged->path->listener ? judged->path->listener->process : NULL;
	size_t node_idx = find_on_node(judged);
	bool own = listener && is_judged_container(judged, listener->container);
	const char *why = NULL;

	/*
	 * A socket that is in the node's view too is not private, whoever
	 * serves it.
	 */
	if (own && node_idx == NO_INDEX) {
		add_reason(
			judged, "private_socket", TRI_YES, pointer,
			"the socket is the container's own: %s in the same container listens, the node's runtime was not reached",
			verdict_name(judged, listener->comm));
		return CASE_PRIVATE;
	}
	if (node_idx != NO_INDEX && is_forbidden(judged, node_idx, &why)) {
		add_reason(
			judged, "not_permitted", TRI_YES, pointer,
			"the socket is live, but no process of the container may connect: %s",
			verdict_words(judged, why));
		return CASE_FORBIDDEN;
	}
	add_live_socket(judged, pointer, listener, own);
	return CASE_LIVE;
}

static enum case_kind judge_absent(struct judged *judged, const char *pointer)
{
	add_reason(judged, "inert_path", TRI_YES, pointer,
		   "nothing stands there now (%s)",
		   name_of(&kind_names, judged->path->kind));
	/*
	 * The directories date this. If the name is not a runtime's, the
	 * process may have opened another path than the finding says.
	 */
	return same_text(judged->path->runtime, "unknown") ? CASE_INERT_NOW
							   : CASE_INERT;
}

static enum case_kind judge_socket(struct judged *judged, const char *pointer)
{
	if (judged->path->state == STATE_LISTENING)
		return judge_listening(judged, pointer);
	if (judged->path->state == STATE_UNKNOWN) {
		add_reason(judged, "inert_path", TRI_UNKNOWN, pointer,
			   "whether anything listens there is not known: %s",
			   verdict_words(judged, judged->path->connect_why));
		return CASE_UNSEEN;
	}
	add_reason(judged, "inert_path", TRI_YES, pointer,
		   "a socket without a listener: %s; connect(2) would give %s",
		   verdict_words(judged, judged->path->connect_why),
		   verdict_words(judged, judged->path->connect_result));
	/* The inode does not date the end of its listener. */
	return CASE_INERT_NOW;
}

static enum case_kind judge_other(struct judged *judged, const char *pointer)
{
	const char *kind = name_of(&kind_names, judged->path->kind);

	add_reason(
		judged, "inert_path", TRI_YES, pointer,
		"what stands there is a %s, not a socket: nothing could have answered; connect(2) gives %s",
		kind, verdict_words(judged, judged->path->connect_result));
	return CASE_INERT;
}

static void add_name_on_node(struct judged *judged)
{
	if (!judged->reached_as)
		return;
	add_reason(
		judged, "name_on_node", TRI_YES,
		verdict_pointer(judged, "/paths/%zu", judged->path_idx),
		"the container has nothing at %s itself, but reaches the object with this name on the node, as %s: that is judged",
		verdict_name(judged, judged->finding->socket_path),
		verdict_name(judged, judged->reached_as));
}

enum case_kind rule_path(struct judged *judged)
{
	const char *pointer;

	add_name_on_node(judged);
	if (!judged->path) {
		add_reason(
			judged, "inert_path", TRI_UNKNOWN, "",
			"the finding's path could not be looked at in the container");
		return CASE_UNSEEN;
	}
	pointer = verdict_pointer(judged, "/paths/%zu", judged->path_idx);
	switch (judged->path->kind) {
	case KIND_SOCKET:
		return judge_socket(judged, pointer);
	case KIND_MISSING:
	case KIND_DANGLING_SYMLINK:
	case KIND_SYMLINK_LOOP:
		return judge_absent(judged, pointer);
	case KIND_DIRECTORY:
	case KIND_REGULAR:
	case KIND_FIFO:
	case KIND_DEVICE:
		return judge_other(judged, pointer);
	case KIND_OUTSIDE_VIEW:
	case KIND_DENIED:
	case KIND_TIMED_OUT:
	case KIND_ERROR:
		break;
	}
	add_reason(judged, "inert_path", TRI_UNKNOWN, pointer,
		   "the finding's path could not be seen in the container (%s)",
		   name_of(&kind_names, judged->path->kind));
	return CASE_UNSEEN;
}

/* ---- time ---- */

/* May `a` be after `b`? An unknown `a` may. */
static bool may_be_after(struct timespec a, struct timespec b)
{
	return !a.tv_sec || time_diff_ms(a, b) > 0;
}

/*
 * Saved evidence shows nothing of what happened after it was taken. The clocks
 * of node and service may differ by a few minutes.
 */
static bool is_older_than_events(const struct judged *judged)
{
	enum { CLOCK_SLACK_MS = 5 * 60 * 1000 };
	const struct doc_probe *probe = judged->doc->probe;
	struct timespec last = judged->finding->event_last_seen;

	return !probe || !probe->started_at.tv_sec ||
	       (last.tv_sec &&
		time_diff_ms(last, probe->started_at) > CLOCK_SLACK_MS);
}

/* Has the object, or its absence, been the same since then? */
static bool path_holds(struct judged *judged, size_t idx, struct timespec since,
		       const char *which)
{
	const struct doc_path *path = doc_path_at(judged->doc, idx);
	const char *pointer =
		verdict_pointer(judged, "/paths/%zu/unchanged_since", idx);

	if (!path || !path->unchanged_since ||
	    !path->unchanged_since->time.tv_sec) {
		add_reason(judged, "time", TRI_UNKNOWN, pointer,
			   "since when this is so is not known");
		return false;
	}
	if (may_be_after(path->unchanged_since->time, since)) {
		add_reason(
			judged, "time", TRI_NO, pointer,
			"what stands at the path changed after the %s event: what was there then is not known",
			which);
		return false;
	}
	return true;
}

/*
 * The present state is evidence of the past only if the node, the container and
 * the object at the path have not begun or changed since. A suppression covers
 * all events, so this must hold since the first; a contradiction needs it since
 * the last only.
 */
static bool time_holds(struct judged *judged, struct timespec since,
		       const char *which)
{
	const struct doc_node *node = judged->doc->node;

	if (!node || may_be_after(node->booted_at, since)) {
		add_reason(
			judged, "time", TRI_NO, "/node/booted_at",
			"the node booted after the %s event: the present state is no evidence of that time",
			which);
		return false;
	}
	if (may_be_after(judged->container->started_at, since)) {
		add_reason(
			judged, "time", TRI_NO,
			verdict_pointer(judged, "/containers/%zu/started_at",
					judged->container_idx),
			"the container started after the %s event: another one raised it",
			which);
		return false;
	}
	if (!path_holds(judged, judged->path_idx, since, which) ||
	    (judged->reached_as &&
	     !path_holds(judged, judged->own_path_idx, since, which)))
		return false;
	add_reason(
		judged, "time", TRI_YES,
		verdict_pointer(judged, "/paths/%zu/unchanged_since",
				judged->path_idx),
		"node, container and path are unchanged since before the %s event",
		which);
	return true;
}

/* A socket's inode outlives its listener: it dates the bind(), not the end. */
static bool is_undated(const struct judged *judged)
{
	return judged->path && judged->path->kind == KIND_SOCKET &&
	       judged->path->state != STATE_LISTENING;
}

bool rule_time(struct judged *judged, bool supports)
{
	const char *which = supports ? "first" : "last";
	struct timespec since = supports ? judged->finding->event_first_seen
					 : judged->finding->event_last_seen;

	if (!since.tv_sec) {
		add_reason(judged, "time", TRI_UNKNOWN, "",
			   "the finding does not say when its %s event was",
			   which);
		return false;
	}
	if (is_older_than_events(judged)) {
		add_reason(
			judged, "time", TRI_NO, "/probe/started_at",
			"the evidence was taken before the last event: take new evidence");
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

/* ---- what else the container can do ---- */

static bool is_connected(const struct judged *judged, size_t path)
{
	const struct doc_connection_list *connections =
		&judged->doc->connections;

	for (size_t i = 0; i < connections->n; i++) {
		const struct doc_connection *connection = &connections->at[i];

		if (connection->path == path && connection->client &&
		    is_judged_container(judged, connection->client->container))
			return true;
	}
	return false;
}

static bool add_live_access(struct judged *judged, size_t idx)
{
	const struct doc_access *access = &judged->doc->access.at[idx];
	const struct doc_path *path = doc_path_at(judged->doc, access->path);

	if (!path || !same_text(access->connect_result, "OK") ||
	    same_object(path, judged->path))
		return false;
	add_risk(
		judged, verdict_pointer(judged, "/access/%zu", idx),
		verdict_pointer(judged, "/paths/%zu", access->path),
		"the container can connect to the live %s socket %s (as %s, %s)%s: same as root on this node",
		verdict_name(judged, path->runtime),
		verdict_name(judged, path->path),
		verdict_name(judged, access->container_path),
		name_of(&via_names, access->via),
		is_connected(judged, access->path)
			? " and is connected to it now"
			: "");
	return true;
}

void rule_elsewhere(struct judged *judged)
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
	add_reason(
		judged, "elsewhere", found ? TRI_YES : TRI_NO, "",
		found ? "the container reaches another live runtime socket: the finding names the wrong socket, but the risk is real (see residual_risks)"
		      : "the container was not seen to reach another live runtime socket");
}

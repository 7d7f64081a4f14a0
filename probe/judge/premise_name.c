// SPDX-License-Identifier: Apache-2.0
/*
 * What the finding's name is: from every root of the container's threads, from
 * every directory that one of them could have taken for its root, since when,
 * and by which mounts.
 */
#include "judge/premises.h"

#include <errno.h>
#include <string.h>

#include "document/names.h"
#include "sockprobe/util.h"

enum { CAP_CHROOT = 18 }; /* CAP_SYS_CHROOT of linux/capability.h */

/* ---- the rows of names_in_container that are about this finding ---- */

/* The next one from `idx` on; NULL: no more. */
static const struct doc_name *next_name(const struct judged *judged,
					size_t *idx)
{
	const struct doc_name_list *names = &judged->doc->names;

	for (; *idx < names->n; ++*idx) {
		const struct doc_name *name = &names->at[*idx];

		if (is_judged_container(judged, name->container) &&
		    same_text(name->name, judged->finding->socket_path))
			return name;
	}
	return NULL;
}

static const char *name_pointer(struct judged *judged, size_t idx)
{
	return verdict_pointer(judged, "/names_in_container/%zu", idx);
}

static bool was_seen(const struct doc_name *name)
{
	return name->kind != KIND_DENIED && name->kind != KIND_TIMED_OUT &&
	       name->kind != KIND_OUTSIDE_VIEW && name->kind != KIND_ERROR;
}

/* ---- name ---- */

/* Why the rows cannot be all that there is to see; NULL where they are. */
static const char *why_incomplete(const struct judged *judged)
{
	const struct doc_threads *threads = judged->container->threads;
	const char *path = judged->finding->socket_path;

	if (!path)
		return "the finding names no path";
	if (*path != '/')
		return "the finding's path is relative: to which directory is not known";
	if (!threads)
		return "the container's threads were not looked at";
	if (threads->sandboxed)
		return "the container runs in a sandbox that serves its calls itself: what its names are the node does not show";
	if (threads->unseen)
		return "some of the container's threads could not be looked at";
	return threads->complete
		       ? NULL
		       : "the container has more roots and mounts than are kept";
}

/* Is it served to the node as well, or by it? Then it is not the container's. */
static bool is_nodes(const struct judged *judged, const struct doc_name *name)
{
	const struct doc_path *path = doc_path_at(judged->doc, name->path);

	return path && !path->container.id;
}

static bool is_runtimes(const struct judged *judged,
			const struct doc_name *name)
{
	const struct doc_path *path = doc_path_at(judged->doc, name->path);

	return path && !same_text(path->runtime, "unknown");
}

static bool same_object(const struct doc_name *a, const struct doc_name *b)
{
	return a->object && b->object && a->object->dev == b->object->dev &&
	       a->object->ino == b->object->ino;
}

static enum outcome second_private(struct judged *judged, const char *pointer)
{
	return premise(
		judged, "name", "private_socket", OUTCOME_UNKNOWN, pointer,
		"the path is another socket of the container's own from another root: which of them the finding is about is not known");
}

/* What the policy lets the container do is not known, but a connection is. */
static bool selinux_may_decide(const struct judged *judged,
			       const struct doc_name *name)
{
	const struct doc_node *node = judged->doc->node;

	return node && same_text(node->selinux, "enforcing") &&
	       (name->path == NO_INDEX || !is_connected_to(judged, name->path));
}

static enum outcome judge_listening(struct judged *judged,
				    const struct doc_name *name,
				    const char *pointer)
{
	const struct doc_process *listener = name->listener;
	const char *comm =
		verdict_name(judged, listener ? listener->comm : NULL);
	bool own = listener && is_judged_container(judged, listener->container);

	if (own && !is_nodes(judged, name)) {
		/* From several roots the same one: it is told once. */
		if (judged->private_socket)
			return same_object(judged->private_socket, name)
				       ? OUTCOME_PROVEN
				       : second_private(judged, pointer);
		judged->private_socket = name;
		return OUTCOME_PROVEN;
	}
	if (!is_runtimes(judged, name))
		return premise(
			judged, "name", "live_socket", OUTCOME_UNKNOWN, pointer,
			"a listener answers there, %s, which is no container runtime's socket as far as is known: what it does with what it is told is not known",
			comm);
	judged->live = name;
	if (selinux_may_decide(judged, name))
		return premise(
			judged, "name", "live_socket", OUTCOME_UNKNOWN, pointer,
			"a listener answers there, %s; SELinux is enforcing on the node and may forbid the connect, which is not judged here",
			comm);
	return premise(
		judged, "name", "live_socket", OUTCOME_REFUTED, pointer,
		"a listener answers there: %s (pid %lld) %s, and the container can reach it; a read-only mount does not prevent a connect",
		comm, listener ? (long long)listener->pid : 0,
		own ? "in this container, at a path of the node"
		: listener && listener->container.id ? "in another container"
						     : "on the node");
}

/* A row that does not lead to nothing; PROVEN for one that does. */
static enum outcome judge_row(struct judged *judged,
			      const struct doc_name *name, size_t idx)
{
	const char *pointer = name_pointer(judged, idx);

	if (!was_seen(name))
		return premise(
			judged, "name", "inert_path", OUTCOME_UNKNOWN, pointer,
			"the finding's path could not be seen in the container (%s)",
			name_of(&kind_names, name->kind));
	if (name->kind != KIND_SOCKET)
		return OUTCOME_PROVEN;
	if (name->state == STATE_LISTENING)
		return judge_listening(judged, name, pointer);
	if (name->state == STATE_UNKNOWN)
		return premise(
			judged, "name", "inert_path", OUTCOME_UNKNOWN, pointer,
			"a socket stands there; whether anything listens is not known");
	return premise(
		judged, "name", "inert_path", OUTCOME_UNKNOWN, pointer,
		"a socket without a listener stands there: nothing listens now, but when its listener ended cannot be told");
}

static enum outcome say_inert(struct judged *judged,
			      const struct doc_name *name, size_t idx)
{
	const char *pointer = name_pointer(judged, idx);
	const char *kind = name_of(&kind_names, name->kind);

	if (name->kind == KIND_MISSING || name->kind == KIND_DANGLING_SYMLINK ||
	    name->kind == KIND_SYMLINK_LOOP)
		return premise(judged, "name", "inert_path", OUTCOME_PROVEN,
			       pointer, "nothing stands there (%s)", kind);
	return premise(
		judged, "name", "inert_path", OUTCOME_PROVEN, pointer,
		"what stands there is a %s, not a socket: nothing could have answered; connect(2) gives %s",
		kind, verdict_words(judged, name->connect_result));
}

static enum outcome say_private(struct judged *judged,
				const struct doc_name *name)
{
	size_t idx = (size_t)(name - judged->doc->names.at);

	return premise(
		judged, "name", "private_socket", OUTCOME_PROVEN,
		name_pointer(judged, idx),
		"the socket is the container's own: %s in the same container listens",
		verdict_name(judged, name->listener->comm));
}

/* Any row that is worse than the others decides: the first of its kind. */
static bool is_worse(const struct doc_name *name)
{
	return !was_seen(name) || name->kind == KIND_SOCKET;
}

static enum outcome judge_rows(struct judged *judged)
{
	const struct doc_name *of_record = NULL;
	const struct doc_name *name;
	size_t record_idx = 0;
	size_t n = 0;

	for (size_t i = 0; (name = next_name(judged, &i)); i++) {
		enum outcome outcome;

		if (name->below || !name->root)
			continue;
		n++;
		if (name->root->of_record && !of_record) {
			of_record = name;
			record_idx = i;
		}
		if (!is_worse(name))
			continue;
		outcome = judge_row(judged, name, i);
		if (outcome != OUTCOME_PROVEN)
			return outcome;
	}
	if (of_record && judged->private_socket)
		return say_private(judged, judged->private_socket);
	if (of_record)
		return say_inert(judged, of_record, record_idx);
	return premise(
		judged, "name", "inert_path", OUTCOME_UNKNOWN, "",
		n ? "none of the container's threads stands at the root of its record: what the path was to those that did is not known"
		  : "the finding's path was not looked at in the container; take the evidence with explain on the node");
}

enum outcome premise_name(struct judged *judged)
{
	const struct doc_name *name;
	const char *why = why_incomplete(judged);

	/* A live socket that was seen is worse than what was not. */
	for (size_t i = 0; why && (name = next_name(judged, &i)); i++) {
		if (!name->below && name->root && name->kind == KIND_SOCKET &&
		    name->state == STATE_LISTENING)
			why = NULL;
	}
	if (!why)
		return judge_rows(judged);
	return premise(judged, "name", "inert_path", OUTCOME_UNKNOWN,
		       verdict_pointer(judged, "/containers/%zu/threads",
				       judged->container_idx),
		       "%s", why);
}

bool is_live_alone(const struct judged *judged)
{
	const struct doc_name *name;

	if (why_incomplete(judged))
		return false;
	for (size_t i = 0; (name = next_name(judged, &i)); i++) {
		if (!name->below && name->root && is_worse(name) &&
		    !same_object(name, judged->live))
			return false;
	}
	return true;
}

/* ---- elsewhere_named ---- */

/* A socket that the name could have meant: told with what is known of it. */
static enum outcome other_socket(struct judged *judged, const char *pointer,
				 const char *as, size_t path)
{
	bool connected = path != NO_INDEX && is_connected_to(judged, path);

	return premise(
		judged, "elsewhere_named", "elsewhere_named",
		connected ? OUTCOME_REFUTED : OUTCOME_UNKNOWN, pointer,
		connected
			? "the container is connected to a socket of this name that it has as %s"
			: "the container reaches a socket of this name as %s: the finding may be about that one",
		verdict_name(judged, as));
}

/* Through /proc a process of the node's lends the container the node's root. */
static const char node_root[] = "/proc/1/root";

static enum outcome judge_below(struct judged *judged,
				const struct doc_name *name, size_t idx)
{
	const char *pointer = name_pointer(judged, idx);
	const char *root = name->root ? name->below : node_root;

	if (!was_seen(name))
		return premise(
			judged, "elsewhere_named", "elsewhere_named",
			OUTCOME_UNKNOWN, pointer,
			"what the path would be with %s for the root could not be seen",
			verdict_name(judged, root));
	if (name->kind != KIND_SOCKET ||
	    (judged->live && name->path == judged->live->path))
		return OUTCOME_PROVEN;
	return other_socket(judged, pointer, root, name->path);
}

/* A live socket, or one that may be, whose last component is the name's. */
static bool is_namesake(const struct judged *judged,
			const struct doc_access *access)
{
	const struct doc_path *path = doc_path_at(judged->doc, access->path);
	const char *wanted = path_basename(judged->finding->socket_path);
	const char *result = access->connect_result;

	if (!path || access->hidden || path->state == STATE_NOT_A_SOCKET ||
	    (judged->live && access->path == judged->live->path) ||
	    is_closed_from_start(judged, access))
		return false;
	/* Who may not now may have been permitted before: only a listener counts. */
	if (result && strcmp(result, "OK") != 0 &&
	    (strcmp(result, "EACCES") != 0 || path->state == STATE_STALE ||
	     path->state == STATE_BOUND))
		return false;
	return strcmp(path_basename(access->container_path), wanted) == 0 ||
	       strcmp(path_basename(path->path), wanted) == 0;
}

static bool may_change_root(const struct doc_threads *threads)
{
	uint64_t set = strtoull(threads->cap_bounding, NULL, 16);

	return (set & (1ULL << CAP_CHROOT)) || threads->means.n;
}

enum outcome premise_elsewhere(struct judged *judged)
{
	const struct doc_threads *threads = judged->container->threads;
	const struct doc_name *name;
	enum outcome outcome = OUTCOME_PROVEN;
	bool node_seen = judged->container->host_pid == TRI_NO;

	if (!judged->finding->socket_path)
		return premise(judged, "elsewhere_named", "elsewhere_named",
			       OUTCOME_UNKNOWN, "",
			       "the finding names no path");
	for (size_t i = 0; i < judged->doc->access.n; i++) {
		const struct doc_access *access = &judged->doc->access.at[i];

		if (is_judged_container(judged, access->container) &&
		    is_namesake(judged, access))
			return other_socket(
				judged,
				verdict_pointer(judged, "/access/%zu", i),
				access->container_path, access->path);
	}
	if (!may_change_root(threads))
		return premise(
			judged, "elsewhere_named", "elsewhere_named",
			OUTCOME_PROVEN, "",
			"the container cannot take another root for its own, and reaches no live socket of this name");
	for (size_t i = 0;
	     outcome == OUTCOME_PROVEN && (name = next_name(judged, &i)); i++) {
		node_seen |= !name->root;
		if (name->below || !name->root)
			outcome = judge_below(judged, name, i);
	}
	if (outcome != OUTCOME_PROVEN)
		return outcome;
	if (!node_seen)
		return premise(
			judged, "elsewhere_named", "elsewhere_named",
			OUTCOME_UNKNOWN, "",
			"the container sees the node's processes, and what the path is on the node was not looked at");
	return premise(
		judged, "elsewhere_named", "elsewhere_named", OUTCOME_PROVEN,
		"",
		"from no root that the container could take does the path lead to a socket, and it reaches no live one of this name");
}

/* ---- unchanged, mounts ---- */

enum outcome premise_unchanged(struct judged *judged)
{
	const struct doc_name *name;
	size_t n = 0;

	for (size_t i = 0; (name = next_name(judged, &i)); i++) {
		n++;
		if (!name->dated)
			return premise(
				judged, "unchanged", "unchanged",
				OUTCOME_UNKNOWN, name_pointer(judged, i),
				"since when the path is what it is cannot be told: %s",
				verdict_words(judged, name->undated_why));
		verdict_note_change(judged, name->since);
	}
	if (!n)
		return premise(
			judged, "unchanged", "unchanged", OUTCOME_UNKNOWN, "",
			"since when the path is what it is was not looked at");
	return premise(judged, "unchanged", "unchanged", OUTCOME_PROVEN,
		       "/names_in_container",
		       "every step that leads to it is dated");
}

/* What is assumed not to have been used, the node's later mounts included. */
static void assume_mounts(struct judged *judged,
			  const struct doc_threads *threads, bool propagates)
{
	struct string_list means = { 0 };
	size_t n = threads->means.n + propagates;

	for (size_t i = 0; i < n; i++) {
		const char **slot = list_add(&judged->doc->arena, &means, n);

		if (!slot) {
			judged->err = -ENOMEM;
			return;
		}
		*slot = i < threads->means.n
				? threads->means.at[i]
				: "mounts of the node that propagate to the way";
	}
	assume(judged, ASSUME_MOUNTS_UNCHANGED, &means);
}

enum outcome premise_mounts(struct judged *judged)
{
	const struct doc_threads *threads = judged->container->threads;
	const struct doc_name *name;
	bool propagates = false;
	size_t n = 0;

	for (size_t i = 0; (name = next_name(judged, &i)); i++) {
		n++;
		propagates |= name->propagates;
		if (name->mounts_fit != TRI_YES)
			return premise(
				judged, "mounts", "mounts", OUTCOME_UNKNOWN,
				name_pointer(judged, i),
				"the mounts on the way are not those of the container's record: %s",
				verdict_words(judged, name->mounts_why));
	}
	if (!n || !threads)
		return premise(judged, "mounts", "mounts", OUTCOME_UNKNOWN, "",
			       "the mounts on the way were not looked at");
	if (!threads->means.n && !propagates)
		return premise(
			judged, "mounts", "mounts", OUTCOME_PROVEN,
			"/names_in_container",
			"all mounts on the way are the record's, and nothing in the container could have changed them");
	assume_mounts(judged, threads, propagates);
	return premise(
		judged, "mounts", "mounts", OUTCOME_ASSUMED,
		"/names_in_container",
		"all mounts on the way are the record's; that no process saw others meanwhile is assumed");
}

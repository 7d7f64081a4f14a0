// SPDX-License-Identifier: Apache-2.0
/*
 * struct evidence to JSON. No decision is made here; every text passes
 * put_text(), which keeps the document UTF-8 and says what it escaped (values.h).
 */
#include "document/document.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "document/values.h"
#include "sockprobe/text_safe.h"
#include "sockprobe/version.h"

/* ---- names of enums ---- */

static const char *const status_names[] = {
	[COVERAGE_COMPLETE] = "complete",
	[COVERAGE_PARTIAL] = "partial",
	[COVERAGE_DENIED] = "denied",
	[COVERAGE_UNAVAILABLE] = "unavailable",
	[COVERAGE_TIMED_OUT] = "timed_out",
};

static const char *const kind_names[] = {
	[KIND_SOCKET] = "socket",
	[KIND_DIRECTORY] = "directory",
	[KIND_REGULAR] = "regular",
	[KIND_FIFO] = "fifo",
	[KIND_DEVICE] = "device",
	[KIND_DANGLING_SYMLINK] = "dangling_symlink",
	[KIND_SYMLINK_LOOP] = "symlink_loop",
	[KIND_MISSING] = "missing",
	[KIND_OUTSIDE_VIEW] = "outside_view",
	[KIND_DENIED] = "denied",
	[KIND_TIMED_OUT] = "timed_out",
	[KIND_ERROR] = "error",
};

static const char *const state_names[] = {
	[STATE_LISTENING] = "listening", [STATE_STALE] = "stale",
	[STATE_BOUND] = "bound",	 [STATE_NOT_A_SOCKET] = "not_a_socket",
	[STATE_UNKNOWN] = "unknown",
};

static const char *const source_names[] = {
	[FROM_TABLE] = "known",	    [FROM_KUBELET] = "kubelet",
	[FROM_OPTION] = "option",   [FROM_KERNEL] = "kernel",
	[FROM_FINDING] = "finding",
};

static const char *const certainty_names[] = {
	[ORIGIN_UNKNOWN] = "unknown",
	[ORIGIN_LIKELY] = "likely",
	[ORIGIN_CERTAIN] = "certain",
};

static const char *const via_names[] = {
	[VIA_SOCKET_MOUNT] = "socket_mount",
	[VIA_PARENT_MOUNT] = "parent_mount",
	[VIA_ROOT_MOUNT] = "root_mount",
	[VIA_PROC_ROOT] = "proc_root",
	[VIA_SHARED_FS] = "shared_fs",
};

static const char *const scope_names[] = {
	[EXTENT_HOST] = "host",
	[EXTENT_NESTED] = "nested",
	[EXTENT_CONTAINER] = "container",
	[EXTENT_NONE] = "none",
};

static const char *type_name(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "dgram";
	case SOCK_SEQPACKET:
		return "seqpacket";
	default:
		return NULL;
	}
}

/* Which object an item is about: two may bear one name. */
static void put_path_ref(cJSON *object, const struct evidence *ev, size_t idx)
{
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "/paths/%zu", idx);
	cJSON_AddStringToObject(object, "path_ref", pointer);
	put_text(object, "path", path_name(&ev->paths.at[idx]));
}

static const char *container_id(const struct evidence *ev, size_t idx)
{
	return idx == NO_INDEX ? NULL : ev->containers.at[idx].id;
}

static cJSON *put_process(const struct evidence *ev, cJSON *object,
			  const char *key, size_t idx)
{
	const struct process *process;
	cJSON *item;

	if (idx == NO_INDEX)
		return cJSON_AddNullToObject(object, key);
	process = &ev->processes.at[idx];
	item = cJSON_AddObjectToObject(object, key);
	cJSON_AddNumberToObject(item, "pid", process->pid);
	put_text(item, "comm", process->comm);
	put_text(item, "exe", process->exe);
	put_text(item, "container", container_id(ev, process->container));
	put_time(item, "started_at", process_start(ev, idx));
	return item;
}

/* The first holder speaks for the socket; the others are named by pid. */
static void put_holders(const struct evidence *ev, cJSON *object,
			const char *key, const struct index_list *processes,
			size_t first)
{
	cJSON *item = put_process(ev, object, key, first);
	cJSON *also;

	if (first == NO_INDEX || processes->n < 2)
		return;
	also = cJSON_AddArrayToObject(item, "also_held_by");
	for (size_t i = 0; i < processes->n; i++) {
		if (processes->at[i] == first)
			continue;
		cJSON_AddItemToArray(
			also, cJSON_CreateNumber(
				      ev->processes.at[processes->at[i]].pid));
	}
}

/* ---- probe, node, coverage ---- */

static void put_caps(cJSON *object, const char *key, bool known, uint64_t caps)
{
	char text[20];

	if (!known) {
		cJSON_AddNullToObject(object, key);
		return;
	}
	snprintf(text, sizeof(text), "%016" PRIx64, caps);
	cJSON_AddStringToObject(object, key, text);
}

/* What the kernel said in one phase; unknown where it could not be asked. */
static cJSON *phase_item(const struct phase_facts *facts)
{
	cJSON *item = cJSON_CreateObject();
	bool known = facts->known;

	cJSON_AddStringToObject(item, "phase", phase_name(facts->phase));
	put_tri(item, "seccomp",
		!known			   ? TRI_UNKNOWN
		: facts->seccomp_mode == 2 ? TRI_YES
					   : TRI_NO);
	put_tri(item, "no_new_privs",
		!known		      ? TRI_UNKNOWN
		: facts->no_new_privs ? TRI_YES
				      : TRI_NO);
	put_caps(item, "cap_permitted", known, facts->cap_permitted);
	put_caps(item, "cap_effective", known, facts->cap_effective);
	put_caps(item, "cap_bounding", known, facts->cap_bounding);
	cJSON_AddBoolToObject(item, "landlock", facts->landlock);
	return item;
}

/* Without the filter it is a promise, with it the kernel's word. */
static enum tristate is_passive(const struct confinement *confinement)
{
	enum tristate passive = confinement->n ? TRI_YES : TRI_UNKNOWN;

	for (size_t i = 0; i < confinement->n; i++) {
		if (!confinement->phases[i].known)
			return TRI_UNKNOWN;
		if (confinement->phases[i].seccomp_mode != 2)
			passive = TRI_NO;
	}
	return passive;
}

static void put_probe(cJSON *document, const struct evidence *ev)
{
	const struct probe_facts *probe = &ev->probe;
	const struct confinement *confinement = &probe->confinement;
	cJSON *item = cJSON_AddObjectToObject(document, "probe");
	cJSON *list;

	cJSON_AddStringToObject(item, "version", SOCKPROBE_VERSION);
	put_text(item, "executable_sha256", probe->executable_sha256);
	put_time(item, "started_at", probe->started_at);
	put_count(item, "duration_ms", (uint64_t)probe->duration_ms);
	put_text(item, "root", probe->root);
	put_text(item, "proc",
		 probe->extent == EXTENT_NONE ? NULL : probe->proc);
	cJSON_AddStringToObject(item, "process_scope",
				scope_names[probe->extent]);
	if (probe->pid)
		cJSON_AddNumberToObject(item, "pid", probe->pid);
	else
		cJSON_AddNullToObject(item, "pid");
	put_tri(item, "passive", is_passive(confinement));
	list = cJSON_AddArrayToObject(item, "confinement");
	for (size_t i = 0; i < confinement->n; i++)
		cJSON_AddItemToArray(list, phase_item(&confinement->phases[i]));
}

static void put_node(cJSON *document, const struct evidence *ev)
{
	const struct node_facts *node = &ev->node;
	cJSON *item = cJSON_AddObjectToObject(document, "node");

	put_text(item, "hostname", node->hostname.value);
	put_text(item, "instance_id", node->instance_id.value);
	put_text(item, "kernel", node->kernel);
	put_text(item, "os", node->os);
	put_text(item, "boot_id", node->boot_id);
	put_time(item, "booted_at", node->booted_at);
	if (node->cgroup_version)
		cJSON_AddNumberToObject(item, "cgroup_version",
					node->cgroup_version);
	else
		cJSON_AddNullToObject(item, "cgroup_version");
	put_text(item, "selinux", node->selinux);
	put_list(item, "kubelet_sockets", &node->kubelet_sockets);
}

static void put_coverage(cJSON *document, const struct evidence *ev)
{
	cJSON *array = cJSON_AddArrayToObject(document, "coverage");

	for (size_t i = 0; i < ev->coverage.n; i++) {
		const struct coverage *line = &ev->coverage.at[i];
		cJSON *item = cJSON_CreateObject();

		cJSON_AddItemToArray(array, item);
		cJSON_AddStringToObject(item, "source", line->source);
		put_text(item, "scope", line->extent);
		cJSON_AddStringToObject(item, "status",
					status_names[line->status]);
		put_text(item, "detail", line->detail);
		put_text(item, "fix", line->fix);
	}
}

/* ---- paths ---- */

static void put_inode(cJSON *object, const struct path_look *look)
{
	const struct inode *inode = &look->inode;
	char dev[32];
	char mode[8];
	cJSON *item;

	if (!look->resolved) {
		cJSON_AddNullToObject(object, "inode");
		return;
	}
	item = cJSON_AddObjectToObject(object, "inode");
	snprintf(dev, sizeof(dev), "%u:%u", major(inode->dev),
		 minor(inode->dev));
	snprintf(mode, sizeof(mode), "%04o", inode->mode & 07777U);
	cJSON_AddStringToObject(item, "dev", dev);
	put_u64(item, "ino", inode->ino);
	cJSON_AddStringToObject(item, "mode", mode);
	cJSON_AddNumberToObject(item, "uid", inode->uid);
	cJSON_AddNumberToObject(item, "gid", inode->gid);
	cJSON_AddNumberToObject(item, "nlink", inode->nlink);
	put_text(item, "selinux", inode->selinux);
	put_time(item, "birth", inode->birth);
	put_time(item, "change", inode->change);
	put_time(item, "modify", inode->modify);
}

/*
 * An inode is renamed, linked or written to only with its change time moved,
 * so since then it has provably been what and where it is. Where that is the
 * time of birth, it has been so all its life. Where nothing stands, no directory
 * on the way has changed since.
 */
static void put_unchanged(cJSON *object, const struct evidence *ev,
			  const struct path_look *look)
{
	const struct inode *inode = &look->inode;
	cJSON *item;

	if ((!look->resolved && !look->absent_since.tv_sec) ||
	    look->times_foreign) {
		cJSON_AddNullToObject(object, "unchanged_since");
		return;
	}
	if (!look->resolved) {
		item = cJSON_AddObjectToObject(object, "unchanged_since");
		put_time(item, "time", look->absent_since);
		cJSON_AddStringToObject(item, "basis", "directories");
		return;
	}
	item = cJSON_AddObjectToObject(object, "unchanged_since");
	if (!inode->change.tv_sec) {
		put_time(item, "time", ev->node.booted_at);
		cJSON_AddStringToObject(item, "basis", "boot");
		return;
	}
	put_time(item, "time", inode->change);
	cJSON_AddStringToObject(item, "basis",
				inode->birth.tv_sec &&
						time_diff_ms(inode->change,
							     inode->birth) == 0
					? "birth"
					: "change");
}

static void put_links(cJSON *object, const struct path_look *look)
{
	cJSON *array = cJSON_AddArrayToObject(object, "links");

	for (size_t i = 0; i < look->links.n; i++) {
		cJSON *item = cJSON_CreateObject();

		cJSON_AddItemToArray(array, item);
		put_text(item, "path", look->links.at[i].at);
		put_text(item, "target", look->links.at[i].target);
	}
}

/* systemd holds an activated socket too; the service is the listener. */
static size_t main_listener(const struct path_object *path)
{
	for (size_t i = 0; i < path->listener_processes.n; i++) {
		if (path->listener_processes.at[i] != path->activated_by)
			return path->listener_processes.at[i];
	}
	return path->activated_by;
}

static void put_listener(cJSON *object, const struct evidence *ev,
			 const struct path_object *path)
{
	const struct unix_socket *socket;
	cJSON *item;

	if (!path->listeners.n && !path->listener_processes.n) {
		cJSON_AddNullToObject(object, "listener");
		return;
	}
	item = cJSON_AddObjectToObject(object, "listener");
	put_holders(ev, item, "process", &path->listener_processes,
		    main_listener(path));
	put_process(ev, item, "activated_by", path->activated_by);
	if (!path->listeners.n)
		return;
	socket = &ev->sockets.at[path->listeners.at[0]];
	cJSON_AddNumberToObject(item, "socket_ino", socket->ino);
	put_u64(item, "netns", ev->netns.at[socket->netns].ino);
	cJSON_AddNumberToObject(item, "pending", path->backlog);
	cJSON_AddNumberToObject(item, "backlog", path->backlog_max);
}

static void put_candidate(cJSON *array, const struct evidence *ev,
			  const struct origin_candidate *candidate)
{
	cJSON *item = cJSON_CreateObject();

	cJSON_AddItemToArray(array, item);
	put_text(item, "container", container_id(ev, candidate->container));
	put_text(item, "mount_source", candidate->mount_source);
	put_text(item, "mechanism", candidate->mechanism);
	cJSON_AddBoolToObject(item, "possible", candidate->possible);
	if (candidate->has_distance)
		cJSON_AddNumberToObject(item, "created_after_birth_ms",
					(double)candidate->after_birth_ms);
	else
		cJSON_AddNullToObject(item, "created_after_birth_ms");
	put_text(item, "why", candidate->why);
}

static void put_origin(cJSON *object, const struct evidence *ev,
		       const struct origin *origin)
{
	cJSON *item;
	cJSON *array;

	if (!origin->asked) {
		cJSON_AddNullToObject(object, "origin");
		return;
	}
	item = cJSON_AddObjectToObject(object, "origin");
	cJSON_AddStringToObject(item, "certainty",
				certainty_names[origin->certainty]);
	put_text(item, "text", origin->text);
	array = cJSON_AddArrayToObject(item, "candidates");
	for (size_t i = 0; i < origin->candidates.n; i++)
		put_candidate(array, ev, &origin->candidates.at[i]);
}

/* Each container once, however many ways it has. */
static void put_accessible(cJSON *object, const struct evidence *ev, size_t idx)
{
	cJSON *array = cJSON_AddArrayToObject(object, "accessible_by");
	size_t last = NO_INDEX;

	for (size_t i = 0; i < ev->access.n; i++) {
		const struct access *access = &ev->access.at[i];

		if (access->path != idx || access->hidden ||
		    access->container == last)
			continue;
		last = access->container;
		push_text(array, container_id(ev, last),
			  !is_utf8(container_id(ev, last)));
	}
}

static void put_connection_links(cJSON *object, const struct evidence *ev,
				 size_t idx)
{
	cJSON *array = cJSON_AddArrayToObject(object, "connections");

	for (size_t i = 0; i < ev->connections.n; i++) {
		if (ev->connections.at[i].path == idx)
			push_pointer(array, "connections", i);
	}
}

static void put_path(cJSON *array, const struct evidence *ev, size_t idx)
{
	const struct path_object *path = &ev->paths.at[idx];
	const struct path_look *look = &path->look;
	cJSON *item = cJSON_CreateObject();

	cJSON_AddItemToArray(array, item);
	put_text(item, "path", path_name(path));
	put_list(item, "names", &path->names);
	put_text(item, "runtime", path->runtime);
	cJSON_AddStringToObject(item, "source", source_names[path->listed]);
	put_text(item, "view", container_id(ev, path->container));
	cJSON_AddBoolToObject(item, "unlinked", path->unlinked);
	put_text(item, "resolved", look->resolved);
	put_links(item, look);
	cJSON_AddStringToObject(item, "kind", kind_names[look->kind]);
	cJSON_AddStringToObject(item, "state", state_names[path->state]);
	put_text(item, "socket_type", type_name(path->socket_type));
	put_text(item, "connect_result", path->connect_result);
	put_text(item, "connect_why", path->connect_why);
	put_inode(item, look);
	if (look->kind == KIND_DIRECTORY && look->entries_known == TRI_YES)
		put_count(item, "entries", look->entries);
	else
		cJSON_AddNullToObject(item, "entries");
	cJSON_AddBoolToObject(item, "entries_cut", look->entries_cut);
	put_unchanged(item, ev, look);
	put_listener(item, ev, path);
	put_origin(item, ev, &path->origin);
	put_accessible(item, ev, idx);
	put_connection_links(item, ev, idx);
}

/* ---- containers ---- */

static void put_sourced(cJSON *object, cJSON *sources, const char *key,
			const struct sourced *field)
{
	put_text(object, key, field->value);
	if (field->value)
		put_text(sources, key, field->source);
}

static void put_pod(cJSON *object, cJSON *sources,
		    const struct container *container)
{
	cJSON *pod;

	if (!container->pod_name.value && !container->pod_uid.value) {
		cJSON_AddNullToObject(object, "pod");
		return;
	}
	pod = cJSON_AddObjectToObject(object, "pod");
	put_text(pod, "namespace", container->pod_namespace.value);
	put_text(pod, "name", container->pod_name.value);
	put_text(pod, "uid", container->pod_uid.value);
	put_text(sources, "pod",
		 container->pod_name.value ? container->pod_name.source
					   : container->pod_uid.source);
}

static void put_conflicts(cJSON *object, const struct container *container)
{
	cJSON *array = cJSON_AddArrayToObject(object, "conflicts");

	for (size_t i = 0; i < container->conflicts.n; i++) {
		const struct conflict *conflict = &container->conflicts.at[i];
		cJSON *item = cJSON_CreateObject();

		cJSON_AddItemToArray(array, item);
		cJSON_AddStringToObject(item, "field", conflict->field);
		put_text(item, "kernel", conflict->kernel);
		put_text(item, "claim", conflict->claim);
		put_text(item, "source", conflict->source);
	}
}

static void put_container(cJSON *array, const struct evidence *ev,
			  const struct container *container)
{
	cJSON *item = cJSON_CreateObject();
	cJSON *sources = cJSON_CreateObject();
	cJSON *pids;

	cJSON_AddItemToArray(array, item);
	put_text(item, "id", container->id);
	put_sourced(item, sources, "runtime", &container->runtime);
	put_sourced(item, sources, "name", &container->name);
	put_sourced(item, sources, "image", &container->image);
	put_pod(item, sources, container);
	put_time(item, "created_at", container->created);
	if (container->created.tv_sec)
		put_text(sources, "created_at", container->created_at.source);
	put_time(item, "started_at", container->started);
	if (container->privileged.value) {
		cJSON_AddBoolToObject(item, "privileged",
				      *container->privileged.value == 't');
		put_text(sources, "privileged", container->privileged.source);
	} else {
		cJSON_AddNullToObject(item, "privileged");
	}
	put_tri(item, "host_pid", container->host_pid);
	put_tri(item, "host_network", container->host_network);
	cJSON_AddBoolToObject(item, "sandbox", container->sandbox);
	put_text(item, "parent", container->parent);
	cJSON_AddBoolToObject(item, "self", container->self);
	put_conflicts(item, container);
	pids = cJSON_AddArrayToObject(item, "pids");
	for (size_t i = 0; i < container->processes.n; i++)
		cJSON_AddItemToArray(
			pids,
			cJSON_CreateNumber(
				ev->processes.at[container->processes.at[i]]
					.pid));
	cJSON_AddItemToObject(item, "source", sources);
}

/* ---- access and connections ---- */

static void put_access(cJSON *array, const struct evidence *ev,
		       const struct access *access)
{
	cJSON *item = cJSON_CreateObject();
	cJSON *dac;

	cJSON_AddItemToArray(array, item);
	put_text(item, "container", container_id(ev, access->container));
	put_path_ref(item, ev, access->path);
	put_text(item, "container_path", access->container_path);
	cJSON_AddStringToObject(item, "via", via_names[access->via]);
	put_tri(item, "read_only", access->read_only);
	cJSON_AddBoolToObject(item, "hidden", access->hidden);
	put_tri(item, "same_inode", access->same_inode);
	cJSON_AddBoolToObject(item, "stale", access->stale);
	dac = cJSON_AddObjectToObject(item, "dac");
	put_tri(dac, "allowed", access->dac_allowed);
	put_text(dac, "why", access->dac_why);
	put_tri(item, "confirmed", access->confirmed);
	put_text(item, "confirmed_why", access->confirmed_why);
	put_text(item, "connect_result", access->connect_result);
	if (access->look.resolved)
		put_u64(item, "ino", access->look.inode.ino);
	else
		cJSON_AddNullToObject(item, "ino");
}

static size_t first_holder(const struct index_list *processes)
{
	return processes->n ? processes->at[0] : NO_INDEX;
}

static void put_connection(cJSON *array, const struct evidence *ev,
			   const struct connection *connection)
{
	cJSON *item = cJSON_CreateObject();

	cJSON_AddItemToArray(array, item);
	put_path_ref(item, ev, connection->path);
	put_holders(ev, item, "client", &connection->clients,
		    first_holder(&connection->clients));
	put_holders(ev, item, "server", &connection->servers,
		    first_holder(&connection->servers));
	if (connection->netns == NO_INDEX)
		cJSON_AddNullToObject(item, "netns");
	else
		put_u64(item, "netns", ev->netns.at[connection->netns].ino);
	cJSON_AddBoolToObject(item, "pending", connection->pending);
	put_count(item, "count", connection->count);
}

cJSON *document_build(const struct evidence *ev)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *array;

	if (!document)
		return NULL;
	cJSON_AddStringToObject(document, "schema", EVIDENCE_SCHEMA);
	cJSON_AddNullToObject(document, "verdict");
	cJSON_AddNullToObject(document, "summary");
	put_probe(document, ev);
	put_node(document, ev);
	put_coverage(document, ev);
	array = cJSON_AddArrayToObject(document, "paths");
	for (size_t i = 0; i < ev->paths.n; i++)
		put_path(array, ev, i);
	array = cJSON_AddArrayToObject(document, "containers");
	for (size_t i = 0; i < ev->containers.n; i++) {
		if (ev->containers.at[i].touches)
			put_container(array, ev, &ev->containers.at[i]);
	}
	put_count(document, "containers_total", ev->containers.n);
	array = cJSON_AddArrayToObject(document, "access");
	for (size_t i = 0; i < ev->access.n; i++)
		put_access(array, ev, &ev->access.at[i]);
	array = cJSON_AddArrayToObject(document, "connections");
	for (size_t i = 0; i < ev->connections.n; i++)
		put_connection(array, ev, &ev->connections.at[i]);
	return document;
}

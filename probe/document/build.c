// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the document of struct evidence: which fact goes where. No decision is
 * made here. Texts first point to the evidence's; own.c then copies them.
 */
#include "document/build.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "document/own.h"
#include "document/resolve.h"
#include "sockprobe/version.h"

/* The document being built; `full` if the arena's limit was met. */
struct building {
	struct doc *doc;
	struct arena *arena;
	const struct evidence *ev;
	bool full;
};

static void *take(struct building *b, size_t n, size_t size)
{
	void *memory = arena_alloc(b->arena, n * size);

	b->full |= !memory;
	return memory;
}

/* Makes a list of n zeroed items; of none if the arena's limit is met. */
#define TAKE_LIST(b, list, count)                                              \
	({                                                                     \
		(list)->at = take((b), (count), sizeof(*(list)->at));          \
		(list)->n = (list)->room = (list)->at ? (count) : 0;           \
	})

/* ---- what several objects have ---- */

static struct container_ref container_ref(const struct evidence *ev, size_t idx)
{
	return (struct container_ref){
		idx == NO_INDEX ? NULL : ev->containers.at[idx].id,
		NO_INDEX,
	};
}

static struct doc_process *build_process(struct building *b, size_t idx)
{
	const struct process *process;
	struct doc_process *item;

	if (idx == NO_INDEX)
		return NULL;
	item = take(b, 1, sizeof(*item));
	if (!item)
		return NULL;
	process = &b->ev->processes.at[idx];
	*item = (struct doc_process){
		.pid = process->pid,
		.comm = process->comm,
		.exe = process->exe,
		.container = container_ref(b->ev, process->container),
		.started_at = process_start(b->ev, idx),
	};
	return item;
}

/* The first holder stands for the socket; of the others only pids are kept. */
static struct doc_process *build_holders(struct building *b,
					 const struct index_list *processes,
					 size_t first)
{
	struct doc_process *item = build_process(b, first);
	struct number_list *also;

	if (!item || processes->n < 2)
		return item;
	also = &item->also_held_by;
	TAKE_LIST(b, also, processes->n);
	if (!also->at)
		return item;
	also->n = 0;
	for (size_t i = 0; i < processes->n; i++) {
		size_t idx = processes->at[i];

		if (idx != first)
			also->at[also->n++] = b->ev->processes.at[idx].pid;
	}
	return item;
}

/* ---- probe, node, coverage ---- */

static const char *caps(struct building *b, uint64_t set)
{
	const char *text = arena_printf(b->arena, "%016" PRIx64, set);

	b->full |= !text;
	return text;
}

/* What the kernel reported of one phase; unknown if it was not asked. */
static void build_phase(struct building *b, const struct phase_facts *facts,
			struct doc_phase *phase)
{
	phase->phase = facts->phase;
	phase->landlock = facts->landlock;
	if (!facts->known)
		return;
	phase->seccomp = facts->seccomp_mode == 2 ? TRI_YES : TRI_NO;
	phase->no_new_privs = facts->no_new_privs ? TRI_YES : TRI_NO;
	phase->cap_permitted = caps(b, facts->cap_permitted);
	phase->cap_effective = caps(b, facts->cap_effective);
	phase->cap_bounding = caps(b, facts->cap_bounding);
}

/* With the filter the kernel guarantees it; without, nothing does. */
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

static void build_probe(struct building *b)
{
	const struct probe_facts *facts = &b->ev->probe;
	const struct confinement *confinement = &facts->confinement;
	struct doc_probe *probe = take(b, 1, sizeof(*probe));

	b->doc->probe = probe;
	if (!probe)
		return;
	*probe = (struct doc_probe){
		.version = SOCKPROBE_VERSION,
		.executable_sha256 = facts->executable_sha256,
		.started_at = facts->started_at,
		.duration_ms = facts->duration_ms,
		.root = facts->root,
		.proc = facts->extent == EXTENT_NONE ? NULL : facts->proc,
		.extent = facts->extent,
		.pid = facts->pid ? facts->pid : NUMBER_UNKNOWN,
		.passive = is_passive(confinement),
	};
	TAKE_LIST(b, &probe->confinement, confinement->n);
	for (size_t i = 0; i < probe->confinement.n; i++)
		build_phase(b, &confinement->phases[i],
			    &probe->confinement.at[i]);
}

/* The texts of a list of the evidence; own.c copies them later. */
static void build_texts(struct building *b, const struct string_list *from,
			struct string_list *to)
{
	TAKE_LIST(b, to, from->n);
	for (size_t i = 0; i < to->n; i++)
		to->at[i] = from->at[i];
}

static void build_node(struct building *b)
{
	const struct node_facts *facts = &b->ev->node;
	struct doc_node *node = take(b, 1, sizeof(*node));

	b->doc->node = node;
	if (!node)
		return;
	*node = (struct doc_node){
		.hostname = facts->hostname.value,
		.instance_id = facts->instance_id.value,
		.kernel = facts->kernel,
		.os = facts->os,
		.boot_id = facts->boot_id,
		.booted_at = facts->booted_at,
		.cgroup_version = facts->cgroup_version ? facts->cgroup_version
							: NUMBER_UNKNOWN,
		.selinux = facts->selinux,
	};
	build_texts(b, &facts->kubelet_sockets, &node->kubelet_sockets);
	node->user_namespaces = facts->user_namespaces;
}

static void build_coverage(struct building *b)
{
	struct doc_coverage_list *list = &b->doc->coverage;

	TAKE_LIST(b, list, b->ev->coverage.n);
	for (size_t i = 0; i < list->n; i++) {
		const struct coverage *line = &b->ev->coverage.at[i];

		list->at[i] = (struct doc_coverage){
			.source = line->source,
			.extent = line->extent,
			.status = line->status,
			.detail = line->detail,
			.fix = line->fix,
		};
	}
}

/* ---- paths ---- */

static struct doc_inode *build_inode(struct building *b,
				     const struct path_look *look)
{
	const struct inode *inode = &look->inode;
	struct doc_inode *item;

	if (!look->resolved)
		return NULL;
	item = take(b, 1, sizeof(*item));
	if (item) {
		*item = (struct doc_inode){
			.dev = inode->dev,
			.ino = inode->ino,
			.mode = inode->mode & 07777U,
			.uid = inode->uid,
			.gid = inode->gid,
			.nlink = inode->nlink,
			.selinux = inode->selinux,
			.birth = inode->birth,
			.change = inode->change,
			.modify = inode->modify,
		};
	}
	return item;
}

/*
 * Renaming, linking or writing to an inode moves its change time, so since then
 * it has been what and where it is. If that is the time of birth, it has been
 * so all its life. If nothing is at the path, no directory on the way has
 * changed since.
 */
static struct doc_unchanged unchanged_since(const struct evidence *ev,
					    const struct path_look *look)
{
	const struct inode *inode = &look->inode;
	bool newborn = inode->birth.tv_sec &&
		       time_diff_ms(inode->change, inode->birth) == 0;

	if (look->times_foreign)
		return (struct doc_unchanged){ 0 };
	if (!look->resolved)
		return (struct doc_unchanged){ look->absent_since,
					       UNCHANGED_DIRECTORIES };
	if (!inode->change.tv_sec)
		return (struct doc_unchanged){ ev->node.booted_at,
					       UNCHANGED_SINCE_BOOT };
	return (struct doc_unchanged){
		inode->change,
		newborn ? UNCHANGED_SINCE_BIRTH : UNCHANGED_SINCE_CHANGE,
	};
}

static struct doc_unchanged *build_unchanged(struct building *b,
					     const struct path_look *look)
{
	struct doc_unchanged since = unchanged_since(b->ev, look);
	struct doc_unchanged *item;

	if (!time_is_writable(since.time))
		return NULL;
	item = take(b, 1, sizeof(*item));
	if (item)
		*item = since;
	return item;
}

static void build_links(struct building *b, const struct path_link_list *from,
			struct doc_link_list *to)
{
	TAKE_LIST(b, to, from->n);
	for (size_t i = 0; i < to->n; i++)
		to->at[i] = (struct doc_link){
			.path = from->at[i].at,
			.target = from->at[i].target,
		};
}

/*
 * With socket activation systemd holds the socket too; the service is the
 * listener.
 */
static size_t main_listener(const struct path_object *path)
{
	for (size_t i = 0; i < path->listener_processes.n; i++) {
		if (path->listener_processes.at[i] != path->activated_by)
			return path->listener_processes.at[i];
	}
	return path->activated_by;
}

static struct doc_listener *build_listener(struct building *b,
					   const struct path_object *path)
{
	const struct unix_socket *socket;
	struct doc_listener *item;

	if (!path->listeners.n && !path->listener_processes.n)
		return NULL;
	item = take(b, 1, sizeof(*item));
	if (!item)
		return NULL;
	*item = (struct doc_listener){
		.process = build_holders(b, &path->listener_processes,
					 main_listener(path)),
		.activated_by = build_process(b, path->activated_by),
		.socket_ino = NUMBER_UNKNOWN,
		.pending = NUMBER_UNKNOWN,
		.backlog = NUMBER_UNKNOWN,
	};
	if (!path->listeners.n)
		return item;
	socket = &b->ev->sockets.at[path->listeners.at[0]];
	item->socket_ino = socket->ino;
	item->netns = b->ev->netns.at[socket->netns].ino;
	item->pending = path->backlog;
	item->backlog = path->backlog_max;
	return item;
}

static void build_candidate(const struct evidence *ev,
			    const struct origin_candidate *from,
			    struct doc_candidate *to)
{
	*to = (struct doc_candidate){
		.container = container_ref(ev, from->container),
		.mount_source = from->mount_source,
		.mechanism = from->mechanism,
		.possible = from->possible,
		.created_after_birth_ms =
			from->has_distance
				? number_bounded(from->after_birth_ms)
				: NUMBER_UNKNOWN,
		.why = from->why,
	};
}

static struct doc_origin *build_origin(struct building *b,
				       const struct origin *origin)
{
	struct doc_origin *item;

	if (!origin->asked)
		return NULL;
	item = take(b, 1, sizeof(*item));
	if (!item)
		return NULL;
	*item = (struct doc_origin){ .certainty = origin->certainty,
				     .text = origin->text };
	TAKE_LIST(b, &item->candidates, origin->candidates.n);
	for (size_t i = 0; i < item->candidates.n; i++)
		build_candidate(b->ev, &origin->candidates.at[i],
				&item->candidates.at[i]);
	return item;
}

static enum doc_socket_type socket_type(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return DOC_SOCKET_STREAM;
	case SOCK_DGRAM:
		return DOC_SOCKET_DGRAM;
	case SOCK_SEQPACKET:
		return DOC_SOCKET_SEQPACKET;
	default:
		return DOC_SOCKET_TYPE_UNKNOWN;
	}
}

static void build_path(struct building *b, const struct path_object *from,
		       struct doc_path *to)
{
	const struct path_look *look = &from->look;
	bool counted = look->kind == KIND_DIRECTORY &&
		       look->entries_known == TRI_YES;

	*to = (struct doc_path){
		.path = path_name(from),
		.runtime = from->runtime,
		.listed = from->listed,
		.container = container_ref(b->ev, from->container),
		.unlinked = from->unlinked,
		.resolved = look->resolved,
		.kind = look->kind,
		.state = from->state,
		.socket_type = socket_type(from->socket_type),
		.connect_result = from->connect_result,
		.connect_why = from->connect_why,
		.inode = build_inode(b, look),
		.entries = counted ? (int64_t)look->entries : NUMBER_UNKNOWN,
		.entries_cut = look->entries_cut,
		.unchanged_since = build_unchanged(b, look),
		.listener = build_listener(b, from),
		.origin = build_origin(b, &from->origin),
	};
	build_texts(b, &from->names, &to->names);
	build_links(b, &look->links, &to->links);
}

/* Lists each container once, however many ways it has. */
static void list_accessible(struct building *b)
{
	const struct access_list *access = &b->ev->access;

	for (size_t i = 0; i < access->n && !b->full; i++) {
		const struct access *row = &access->at[i];
		struct string_list *list =
			&b->doc->paths.at[row->path].accessible_by;
		const char *id = b->ev->containers.at[row->container].id;
		const char **slot;

		if (row->hidden || (list->n && list->at[list->n - 1] == id))
			continue;
		slot = list_add(b->arena, list, SIZE_MAX);
		b->full |= !slot;
		if (slot)
			*slot = id;
	}
}

static void list_connections(struct building *b)
{
	for (size_t i = 0; i < b->ev->connections.n && !b->full; i++) {
		size_t path = b->ev->connections.at[i].path;
		size_t *slot = list_add(b->arena,
					&b->doc->paths.at[path].connections,
					SIZE_MAX);

		b->full |= !slot;
		if (slot)
			*slot = i;
	}
}

static void build_paths(struct building *b)
{
	struct doc_path_list *list = &b->doc->paths;

	TAKE_LIST(b, list, b->ev->paths.n);
	for (size_t i = 0; i < list->n; i++)
		build_path(b, &b->ev->paths.at[i], &list->at[i]);
	list_accessible(b);
	list_connections(b);
}

/* ---- containers ---- */

static struct doc_pod *build_pod(struct building *b,
				 const struct container *container)
{
	struct doc_pod *pod;

	if (!container->pod_name.value && !container->pod_uid.value)
		return NULL;
	pod = take(b, 1, sizeof(*pod));
	if (pod)
		*pod = (struct doc_pod){
			.name_space = container->pod_namespace.value,
			.name = container->pod_name.value,
			.uid = container->pod_uid.value,
		};
	return pod;
}

/* The source of a value that is known. */
static const char *source(const struct sourced *field)
{
	return field->value ? field->source : NULL;
}

static struct doc_sources build_sources(const struct container *container)
{
	const struct sourced *pod = container->pod_name.value
					    ? &container->pod_name
					    : &container->pod_uid;

	return (struct doc_sources){
		.runtime = source(&container->runtime),
		.name = source(&container->name),
		.image = source(&container->image),
		.pod = source(pod),
		.created_at = time_is_writable(container->created)
				      ? container->created_at.source
				      : NULL,
		.privileged = source(&container->privileged),
	};
}

static void build_conflicts(struct building *b,
			    const struct conflict_list *from,
			    struct doc_conflict_list *to)
{
	TAKE_LIST(b, to, from->n);
	for (size_t i = 0; i < to->n; i++)
		to->at[i] = (struct doc_conflict){
			.field = from->at[i].field,
			.kernel = from->at[i].kernel,
			.claim = from->at[i].claim,
			.source = from->at[i].source,
		};
}

static struct doc_start *build_start(struct building *b,
				     const struct container *container)
{
	const struct pid_file *file = &container->pid_file;
	struct doc_start *start;

	if (!file->path || !time_is_writable(file->written))
		return NULL;
	start = take(b, 1, sizeof(*start));
	if (!start)
		return NULL;
	*start = (struct doc_start){
		.pid_file = file->path,
		.written_at = file->written,
		.pid = file->pid,
	};
	for (size_t i = 0; i < container->processes.n; i++) {
		size_t idx = container->processes.at[i];

		if (b->ev->processes.at[idx].pid == file->pid)
			start->process_started_at = process_start(b->ev, idx);
	}
	return start;
}

static struct doc_record *build_record(struct building *b,
				       const struct bundle *bundle)
{
	struct doc_record *record;

	if (!bundle)
		return NULL;
	record = take(b, 1, sizeof(*record));
	if (!record)
		return NULL;
	*record = (struct doc_record){
		.file = bundle->source,
		.uid = bundle->user_known ? bundle->uid : NUMBER_UNKNOWN,
		.gid = bundle->user_known ? bundle->gid : NUMBER_UNKNOWN,
		.no_new_privileges = bundle->no_new_privileges,
		.seccomp_closes_namespaces = bundle->seccomp_closes_namespaces,
		.cap_effective = caps(b, bundle->cap_effective),
		.cap_bounding = caps(b, bundle->cap_bounding),
	};
	TAKE_LIST(b, &record->groups, bundle->groups.n);
	for (size_t i = 0; i < record->groups.n; i++)
		record->groups.at[i] = (int64_t)bundle->groups.at[i];
	return record;
}

static struct doc_threads *build_threads(struct building *b,
					 const struct container *container)
{
	const struct name_facts_list *list = &b->ev->name_facts;
	size_t idx = (size_t)(container - b->ev->containers.at);
	const struct name_facts *facts = NULL;
	struct doc_threads *threads;

	for (size_t i = 0; i < list->n && !facts; i++) {
		if (list->at[i].container == idx)
			facts = &list->at[i];
	}
	if (!facts)
		return NULL;
	threads = take(b, 1, sizeof(*threads));
	if (!threads)
		return NULL;
	*threads = (struct doc_threads){
		.processes = (int64_t)facts->members,
		.ended = (int64_t)facts->ended,
		.unseen = (int64_t)facts->unseen,
		.first_unseen_pid = facts->unseen_pid ? facts->unseen_pid
						      : NUMBER_UNKNOWN,
		.cap_bounding = caps(b, facts->cap_bounding),
		.root_found = facts->root_known,
		.complete = !facts->cut && !facts->roots_cut,
		.sandboxed = facts->sandboxed,
	};
	build_texts(b, &facts->means, &threads->means);
	return threads;
}

static void build_container(struct building *b, const struct container *from,
			    struct doc_container *to)
{
	const char *privileged = from->privileged.value;

	*to = (struct doc_container){
		.id = from->id,
		.runtime = from->runtime.value,
		.name = from->name.value,
		.image = from->image.value,
		.pod = build_pod(b, from),
		.created_at = from->created,
		.started_at = from->started,
		.privileged = !privileged	   ? TRI_UNKNOWN
			      : *privileged == 't' ? TRI_YES
						   : TRI_NO,
		.host_pid = from->host_pid,
		.host_network = from->host_network,
		.sandbox = from->sandbox,
		.parent = { from->parent, NO_INDEX },
		.self = from->self,
		.sources = build_sources(from),
		.start = build_start(b, from),
		.record = build_record(b, from->bundle),
		.threads = build_threads(b, from),
	};
	build_conflicts(b, &from->conflicts, &to->conflicts);
	TAKE_LIST(b, &to->pids, from->processes.n);
	for (size_t i = 0; i < to->pids.n; i++)
		to->pids.at[i] = b->ev->processes.at[from->processes.at[i]].pid;
}

static void build_containers(struct building *b)
{
	const struct container_list *from = &b->ev->containers;
	struct doc_container_list *to = &b->doc->containers;
	size_t touching = 0;

	b->doc->containers_total = (int64_t)from->n;
	for (size_t i = 0; i < from->n; i++)
		touching += from->at[i].touches;
	TAKE_LIST(b, to, touching);
	if (!to->at)
		return;
	to->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		if (from->at[i].touches)
			build_container(b, &from->at[i], &to->at[to->n++]);
	}
}

/* ---- access and connections ---- */

static void build_access(struct building *b)
{
	const struct evidence *ev = b->ev;
	struct doc_access_list *list = &b->doc->access;

	TAKE_LIST(b, list, ev->access.n);
	for (size_t i = 0; i < list->n; i++) {
		const struct access *row = &ev->access.at[i];

		list->at[i] = (struct doc_access){
			.container = container_ref(ev, row->container),
			.path = row->path,
			.name = path_name(&ev->paths.at[row->path]),
			.container_path = row->container_path,
			.via = row->via,
			.read_only = row->read_only,
			.hidden = row->hidden,
			.same_inode = row->same_inode,
			.stale = row->stale,
			.dac = { .allowed = row->dac_allowed,
				 .why = row->dac_why,
				 .at_start = row->dac_at_start },
			.confirmed = row->confirmed,
			.confirmed_why = row->confirmed_why,
			.connect_result = row->connect_result,
			.ino = row->look.resolved ? row->look.inode.ino : 0,
		};
	}
}

static size_t first_holder(const struct index_list *processes)
{
	return processes->n ? processes->at[0] : NO_INDEX;
}

static void build_connections(struct building *b)
{
	const struct evidence *ev = b->ev;
	struct doc_connection_list *list = &b->doc->connections;

	TAKE_LIST(b, list, ev->connections.n);
	for (size_t i = 0; i < list->n; i++) {
		const struct connection *from = &ev->connections.at[i];

		list->at[i] = (struct doc_connection){
			.path = from->path,
			.name = path_name(&ev->paths.at[from->path]),
			.client = build_holders(b, &from->clients,
						first_holder(&from->clients)),
			.server = build_holders(b, &from->servers,
						first_holder(&from->servers)),
			.netns = from->netns == NO_INDEX
					 ? 0
					 : ev->netns.at[from->netns].ino,
			.pending = from->pending,
			.count = (int64_t)from->count,
		};
	}
}

/* ---- names ---- */

static struct doc_root *build_root(struct building *b,
				   const struct name_seen *from)
{
	const struct standpoint *standpoint;
	struct doc_root *root;

	if (from->standpoint == NO_INDEX)
		return NULL;
	root = take(b, 1, sizeof(*root));
	if (!root)
		return NULL;
	standpoint = &b->ev->standpoints.at[from->standpoint];
	*root = (struct doc_root){
		.mount_namespace = standpoint->ns_mnt,
		.dev = standpoint->root_dev,
		.ino = standpoint->root_ino,
		.mount_id = standpoint->root_mnt_id,
		.pid = b->ev->processes.at[standpoint->process].pid,
		.tid = standpoint->tid,
		.of_record = from->record_root,
	};
	return root;
}

static struct doc_identity *build_identity(struct building *b,
					   const struct name_seen *from)
{
	struct doc_identity *object;

	if (!from->resolved)
		return NULL;
	object = take(b, 1, sizeof(*object));
	if (object)
		*object = (struct doc_identity){ from->inode.dev,
						 from->inode.ino };
	return object;
}

static void build_names(struct building *b)
{
	const struct evidence *ev = b->ev;
	struct doc_name_list *list = &b->doc->names;

	TAKE_LIST(b, list, ev->names_seen.n);
	for (size_t i = 0; i < list->n; i++) {
		const struct name_seen *from = &ev->names_seen.at[i];

		list->at[i] = (struct doc_name){
			.container = container_ref(ev, from->container),
			.name = from->name,
			.root = build_root(b, from),
			.below = from->below,
			.kind = from->kind,
			.state = from->state,
			.connect_result = from->connect_result,
			.object = build_identity(b, from),
			.listener = build_holders(b, &from->holders,
						  first_holder(&from->holders)),
			.path = from->path,
			.dated = from->dated,
			.since = from->since,
			.undated_why = from->date_why,
			.mounts_fit = from->mounts_fit,
			.mounts_why = from->mounts_why,
			.propagates = from->slave,
		};
	}
}

int doc_build(struct doc *doc, const struct evidence *ev, size_t limit)
{
	struct building b = { .doc = doc, .arena = &doc->arena, .ev = ev };
	size_t twice;

	*doc = (struct doc){ 0 };
	arena_init(&doc->arena, limit);
	build_probe(&b);
	build_node(&b);
	build_coverage(&b);
	build_paths(&b);
	build_containers(&b);
	build_access(&b);
	build_connections(&b);
	build_names(&b);
	if (b.full || doc_own(&doc->arena, &doc_object, doc))
		return -ENOMEM;
	/* Containers of one evidence have different ids. */
	return doc_resolve(doc, &twice);
}

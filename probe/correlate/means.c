// SPDX-License-Identifier: Apache-2.0
/*
 * The means of means.h: rights that let a process mount, enter a namespace or
 * write what root of the node rests on.
 */
#include "correlate/means.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "sockprobe/mount_table.h"
#include "sockprobe/text_safe.h"
#include "sockprobe/vocabulary.h"

enum { MAX_MEANS = 64, MAX_PID_NAMESPACES = 64 };

int means_add(struct evidence *ev, struct string_list *means, const char *text)
{
	const char **slot;

	if (!text)
		return -ENOMEM;
	slot = list_add(&ev->arena, means, MAX_MEANS);
	if (!slot)
		return errno == EOVERFLOW ? 0 : -ENOMEM;
	*slot = text;
	return 0;
}

static const struct {
	int capability;
	bool with_host_pid; /* only where the node's processes are seen */
	const char *text;
} capability_means[] = {
	{ CAP_SYS_ADMIN, false, "CAP_SYS_ADMIN: mounts and namespaces" },
	{ CAP_SYS_PTRACE, true, "CAP_SYS_PTRACE and the node's processes" },
	{ CAP_SYS_MODULE, false, "CAP_SYS_MODULE: the kernel itself" },
	{ CAP_SYS_RAWIO, false, "CAP_SYS_RAWIO: memory and disks" },
	{ CAP_SYS_TIME, false, "CAP_SYS_TIME: the clock that dates changes" },
	{ CAP_DAC_READ_SEARCH, false,
	  "CAP_DAC_READ_SEARCH: files of the node by handle" },
};

static int add_capabilities(struct evidence *ev,
			    const struct container *container, uint64_t set,
			    struct string_list *means)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(capability_means) && !err; i++) {
		if (!(set & (1ULL << capability_means[i].capability)) ||
		    (capability_means[i].with_host_pid &&
		     container->host_pid == TRI_NO))
			continue;
		err = means_add(ev, means, capability_means[i].text);
	}
	return err;
}

static int add_user_namespaces(struct evidence *ev,
			       const struct container *container,
			       struct string_list *means)
{
	const struct bundle *bundle = container->bundle;

	if (!ev->node.user_namespaces ||
	    (bundle && bundle->seccomp_closes_namespaces))
		return 0;
	return means_add(
		ev, means,
		bundle ? "user namespaces: the seccomp profile of its record does not deny them"
		       : "user namespaces: there is no record whose seccomp profile denies them");
}

/* The pid namespaces of a container's processes. */
struct pid_namespaces {
	uint64_t at[MAX_PID_NAMESPACES];
	size_t n;
	bool cut; /* there are more, or some are not known */
};

static bool is_among(const struct pid_namespaces *namespaces, uint64_t ns)
{
	for (size_t i = 0; i < namespaces->n; i++) {
		if (namespaces->at[i] == ns)
			return true;
	}
	return false;
}

static struct pid_namespaces pid_namespaces(const struct evidence *ev,
					    const struct container *container)
{
	struct pid_namespaces all = { 0 };

	for (size_t i = 0; i < container->processes.n; i++) {
		uint64_t ns =
			ev->processes.at[container->processes.at[i]].ns_pid;

		if (ns && is_among(&all, ns))
			continue;
		if (!ns || all.n == MAX_PID_NAMESPACES)
			all.cut = true;
		else
			all.at[all.n++] = ns;
	}
	return all;
}

/* Does a process of somebody else's stand in a pid namespace of the container? */
static bool sees_others(const struct evidence *ev, size_t container)
{
	const struct container *own = &ev->containers.at[container];
	struct pid_namespaces namespaces = pid_namespaces(ev, own);

	if (own->host_pid != TRI_NO || namespaces.cut)
		return true;
	for (size_t i = 0; i < ev->processes.n; i++) {
		const struct process *process = &ev->processes.at[i];

		if (process->container != container && process->ns_pid &&
		    is_among(&namespaces, process->ns_pid))
			return true;
	}
	return false;
}

/* The mount of the table that is the node's own procfs; NULL: there is none. */
static const struct mount *find_node_procfs(const struct evidence *ev,
					    const struct mount_view *table)
{
	const struct mount_view *nodes = &ev->views.at[ev->node_view];

	for (size_t i = 0; i < table->mounts.n; i++) {
		const struct mount *mount = &table->mounts.at[i];

		for (size_t k = 0; k < nodes->mounts.n; k++) {
			if (strcmp(mount->fstype, "proc") == 0 &&
			    nodes->mounts.at[k].dev == mount->dev)
				return mount;
		}
	}
	return NULL;
}

/*
 * /proc/PID/root of another container's process is a root that chroot(2) takes,
 * in any procfs that shows it.
 */
static int add_shared_processes(struct evidence *ev, size_t container,
				const struct mount_view *table,
				struct string_list *means)
{
	const struct mount *procfs = NULL;

	if (sees_others(ev, container))
		return means_add(
			ev, means,
			"processes of others in its pid namespace, whose roots it may take");
	if (ev->node_view != NO_INDEX)
		procfs = find_node_procfs(ev, table);
	return procfs ? means_add(
				ev, means,
				arena_printf(
					&ev->arena,
					"the node's processes at %s, whose roots it may take",
					quote_text(&ev->arena, procfs->point)))
		      : 0;
}

/* Who may write here is root of the node in the end. */
static const char *const telling_directories[] = {
	"/",
	"/run",
	"/run/containerd",
	"/run/docker",
	"/var/lib/containerd",
	"/var/lib/docker",
	"/var/lib/kubelet",
};

/* The mount of the table that shows this directory of the node for writing. */
static const struct mount *find_writable(const struct evidence *ev,
					 const struct mount_view *table,
					 const char *directory)
{
	const struct mount_view *nodes = &ev->views.at[ev->node_view];
	size_t serving = mount_serving(nodes, directory);
	char inside[PATH_MAX];
	const struct mount *nodes_mount;
	const char *rest;

	if (serving == NO_INDEX)
		return NULL;
	nodes_mount = &nodes->mounts.at[serving];
	rest = path_below(directory, nodes_mount->point);
	if (!rest ||
	    (size_t)snprintf(
		    inside, sizeof(inside), "%s%s%s",
		    strcmp(nodes_mount->root, "/") ? nodes_mount->root : "",
		    *rest && *rest != '/' ? "/" : "", rest) >= sizeof(inside))
		return NULL;
	for (size_t i = 0; i < table->mounts.n; i++) {
		const struct mount *mount = &table->mounts.at[i];

		if (mount->dev == nodes_mount->dev && !mount->read_only &&
		    path_below(*inside ? inside : "/", mount->root))
			return mount;
	}
	return NULL;
}

static int add_writable(struct evidence *ev, const struct mount_view *table,
			struct string_list *means)
{
	int err = 0;

	if (ev->node_view == NO_INDEX)
		return means_add(ev, means,
				 "mounts of the node: its own were not seen");
	for (size_t i = 0; i < ARRAY_SIZE(telling_directories) && !err; i++) {
		const struct mount *mount =
			find_writable(ev, table, telling_directories[i]);

		if (mount)
			err = means_add(
				ev, means,
				arena_printf(
					&ev->arena,
					"a writable mount of the node's %s, at %s",
					telling_directories[i],
					quote_text(&ev->arena, mount->point)));
	}
	return err;
}

/*
 * What the container might have connected to, though nothing listens now or the
 * processes that run now may not: a daemon is started anew, rights are dropped.
 */
static bool is_engine_in_reach(const struct evidence *ev,
			       const struct access *access)
{
	const struct path_object *path = &ev->paths.at[access->path];
	const struct bundle *bundle =
		ev->containers.at[access->container].bundle;

	return !access->hidden && runtime_api(path_name(path)) != API_IMAGES &&
	       (path->look.kind == KIND_SOCKET ||
		access->look.kind == KIND_SOCKET) &&
	       !(access->dac_allowed == TRI_NO &&
		 access->dac_at_start == TRI_NO && bundle &&
		 bundle->no_new_privileges);
}

static int add_engines(struct evidence *ev, size_t container,
		       struct string_list *means)
{
	int err = 0;

	for (size_t i = 0; i < ev->access.n && !err; i++) {
		const struct access *access = &ev->access.at[i];
		const char *result = access->connect_result;
		const char *what =
			result && strcmp(result, "OK") == 0
				? "a live runtime socket"
				: "a runtime socket, which may have been live,";

		if (access->container == container &&
		    is_engine_in_reach(ev, access)) {
			err = means_add(
				ev, means,
				arena_printf(
					&ev->arena, "%s in reach, %s", what,
					quote_text(
						&ev->arena,
						path_name(
							&ev->paths.at
								 [access->path]))));
		}
	}
	return err;
}

/* Only the CRI has no way to run a process with other rights than the record's. */
static int add_exec(struct evidence *ev, const struct container *container,
		    struct string_list *means)
{
	const char *runtime = container->runtime.value;

	if (container->pod_uid.value && runtime &&
	    (strcmp(runtime, "containerd") == 0 ||
	     strcmp(runtime, "cri-o") == 0))
		return 0;
	return means_add(
		ev, means,
		"a runtime that may run a process in it with more rights (exec --privileged)");
}

int means_find(struct evidence *ev, size_t container, uint64_t cap_bounding,
	       const struct mount_view *table, struct string_list *means)
{
	const struct container *facts = &ev->containers.at[container];
	int err = add_capabilities(ev, facts, cap_bounding, means);

	if (!err)
		err = add_user_namespaces(ev, facts, means);
	if (!err)
		err = add_shared_processes(ev, container, table, means);
	if (!err)
		err = add_writable(ev, table, means);
	if (!err)
		err = add_exec(ev, facts, means);
	return err ? err : add_engines(ev, container, means);
}

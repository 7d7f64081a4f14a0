// SPDX-License-Identifier: Apache-2.0
/*
 * The joins of reach.h. Mount tables of different namespaces are compared by
 * (device, path inside the file system), never by name.
 */
#include "correlate/reach.h"

#include <errno.h>
#include <string.h>

#include "correlate/dac.h"
#include "correlate/sockets.h"
#include "sockprobe/mount_table.h"

static const char deleted_mark[] = "//deleted";

/* The node's own root directory, as mount tables name it. */
struct node_root {
	dev_t dev;
	const char *root;
};

static size_t serving_mount(const struct evidence *ev, const char *path)
{
	return ev->own_view == NO_INDEX
		       ? NO_INDEX
		       : mount_serving(&ev->views.at[ev->own_view], path);
}

static struct node_root find_node_root(struct evidence *ev)
{
	size_t idx = serving_mount(ev, ev->probe.root);
	struct node_root root = { 0 };
	const struct mount *mount;
	const char *below;

	if (idx == NO_INDEX)
		return root;
	mount = &ev->views.at[ev->own_view].mounts.at[idx];
	below = path_below(ev->probe.root, mount->point);
	if (!below)
		return root;
	root.dev = mount->dev;
	root.root = path_join(&ev->arena, mount->root, below);
	return root;
}

/* Is the node's root directory mounted at `point` of this view? */
static bool root_is_at(const struct mount_view *view,
		       const struct node_root *root, const char *point)
{
	size_t idx = mount_serving(view, *point ? point : "/");
	const struct mount *mount;

	if (idx == NO_INDEX || !root->root)
		return false;
	mount = &view->mounts.at[idx];
	return mount->dev == root->dev &&
	       strcmp(mount->root, root->root) == 0 &&
	       strcmp(mount->point, *point ? point : "/") == 0;
}

/*
 * The part of the container path before the object's path on the node, if it
 * ends with that: "/host" of "/host/run/docker.sock".
 */
static char *prefix_before(struct arena *arena, const char *container_path,
			   const char *node_path)
{
	if (!has_suffix(container_path, node_path))
		return NULL;
	return arena_strndup(arena, container_path,
			     strlen(container_path) - strlen(node_path));
}

/* Is the mount's root a directory above the object on the node too? */
static bool is_parent_on_node(const struct evidence *ev,
			      const struct path_object *path,
			      const char *mount_root)
{
	size_t idx;

	if (ev->own_view == NO_INDEX || path->container != NO_INDEX)
		return false;
	idx = mount_by_id(&ev->views.at[ev->own_view], path->look.inode.mnt_id);
	return idx != NO_INDEX &&
	       path_below(mount_root,
			  ev->views.at[ev->own_view].mounts.at[idx].root);
}

static enum access_via
classify(struct evidence *ev, const struct path_object *path,
	 const struct mount_view *view, const struct node_root *root,
	 const char *mount_root, const char *container_path)
{
	char *prefix;

	if (strcmp(mount_root, path->fs_path) == 0)
		return VIA_SOCKET_MOUNT;
	prefix = prefix_before(&ev->arena, container_path, path->look.resolved);
	if (path->container == NO_INDEX && prefix &&
	    root_is_at(view, root, prefix))
		return VIA_ROOT_MOUNT;
	return is_parent_on_node(ev, path, mount_root) ? VIA_PARENT_MOUNT
						       : VIA_SHARED_FS;
}

/* A planned look that was not taken yet. */
static const struct path_look not_looked = { .kind = KIND_ERROR };

struct plan {
	struct evidence *ev;
	struct node_root root;
	size_t container;
	size_t first; /* access of this container */
	size_t view;
	size_t path;
};

/* The access that was found before, by another mount on the same point. */
static struct access *find_known(const struct plan *plan,
				 const char *container_path)
{
	const struct evidence *ev = plan->ev;

	for (size_t i = ev->access.n; i > 0; i--) {
		struct access *access = &ev->access.at[i - 1];

		if (access->container != plan->container)
			return NULL;
		if (access->path == plan->path && access->view == plan->view &&
		    strcmp(access->container_path, container_path) == 0)
			return access;
	}
	return NULL;
}

/* Adds an access of this container. NULL with errno as for list_add(). */
static struct access *add_access(struct plan *plan)
{
	struct evidence *ev = plan->ev;
	size_t most = plan->first + MAX_ACCESS_OF_ONE;

	return list_add(&ev->arena, &ev->access,
			most < MAX_ACCESS ? most : MAX_ACCESS);
}

/*
 * A mount whose name was removed ends with "//deleted" in the table. A real
 * name may end so too; looking at the inode decides.
 */
static const char *strip_deleted(struct arena *arena, const char *root,
				 bool *deleted)
{
	*deleted = has_suffix(root, deleted_mark);
	return *deleted ? arena_strndup(arena, root,
					strlen(root) - strlen(deleted_mark))
			: root;
}

/* Adds an access if this mount shows the object. */
static int try_mount(struct plan *plan, size_t mount_idx)
{
	struct evidence *ev = plan->ev;
	const struct mount_view *view = &ev->views.at[plan->view];
	const struct mount *mount = &view->mounts.at[mount_idx];
	const struct path_object *path = &ev->paths.at[plan->path];
	struct access *access;
	const char *root;
	const char *below;
	char *container_path;
	bool deleted;
	bool hidden;

	if (mount->dev != path->look.inode.sb_dev)
		return 0;
	root = strip_deleted(&ev->arena, mount->root, &deleted);
	if (!root)
		return -ENOMEM;
	below = path_below(path->fs_path, root);
	if (!below)
		return 0;
	container_path = path_join(&ev->arena, mount->point, below);
	if (!container_path)
		return -ENOMEM;
	hidden = mount_serving(view, container_path) != mount_idx;
	access = find_known(plan, container_path);
	/* Of mounts on one point, the one that is not covered counts. */
	if (access && (hidden || !access->hidden))
		return 0;
	if (!access)
		access = add_access(plan);
	if (!access)
		return -errno;
	*access = (struct access){
		.container = plan->container,
		.path = plan->path,
		.container_path = container_path,
		.via = classify(ev, path, view, &plan->root, root,
				container_path),
		.view = plan->view,
		.mount = mount_idx,
		.read_only = mount->read_only ? TRI_YES : TRI_NO,
		.hidden = hidden,
		.deleted = deleted,
		.look = not_looked,
	};
	return 0;
}

/* ---- through /proc ---- */

/* Is this a procfs that shows the node's processes? */
static bool shows_node(const struct evidence *ev, const struct mount *mount,
		       const struct container *container)
{
	if (strcmp(mount->fstype, "proc") != 0 || strcmp(mount->root, "/") != 0)
		return false;
	if (container->host_pid == TRI_YES)
		return true;
	/* Otherwise only a mount of the node's own procfs shows them. */
	if (ev->node_view == NO_INDEX)
		return false;
	for (size_t i = 0; i < ev->views.at[ev->node_view].mounts.n; i++) {
		const struct mount *nodes =
			&ev->views.at[ev->node_view].mounts.at[i];

		if (nodes->dev == mount->dev &&
		    strcmp(nodes->fstype, "proc") == 0)
			return true;
	}
	return false;
}

/* A process in the node's mount namespace that the container may look into. */
static size_t find_target(const struct evidence *ev,
			  const struct container *container)
{
	for (size_t i = 0; i < ev->processes.n; i++) {
		const struct process *target = &ev->processes.at[i];

		if (target->kthread || target->view != ev->node_view ||
		    target->container != NO_INDEX)
			continue;
		for (size_t k = 0; k < container->processes.n; k++) {
			if (dac_may_read_process(
				    &ev->processes
					     .at[container->processes.at[k]],
				    target))
				return i;
		}
	}
	return NO_INDEX;
}

static const struct mount *find_procfs(const struct evidence *ev,
				       const struct container *container,
				       size_t view_idx)
{
	const struct mount_view *view = &ev->views.at[view_idx];

	for (size_t i = 0; i < view->mounts.n; i++) {
		const struct mount *mount = &view->mounts.at[i];

		if (shows_node(ev, mount, container) &&
		    mount_serving(view, mount->point) == i)
			return mount;
	}
	return NULL;
}

static int add_proc_root(struct plan *plan, const struct mount *procfs,
			 size_t target)
{
	struct evidence *ev = plan->ev;
	const struct path_object *path = &ev->paths.at[plan->path];
	const char *container_path =
		arena_printf(&ev->arena, "%s/%d/root%s",
			     strcmp(procfs->point, "/") ? procfs->point : "",
			     ev->processes.at[target].pid, path->look.resolved);
	struct access *access;

	if (!container_path)
		return -ENOMEM;
	access = add_access(plan);
	if (!access)
		return -errno;
	*access = (struct access){
		.container = plan->container,
		.path = plan->path,
		.container_path = container_path,
		.via = VIA_PROC_ROOT,
		.view = plan->view,
		.mount = NO_INDEX,
		.look = not_looked,
	};
	return 0;
}

static int plan_proc_root(struct plan *plan)
{
	struct evidence *ev = plan->ev;
	const struct container *container = &ev->containers.at[plan->container];
	const struct mount *procfs;
	size_t target;

	if (ev->node_view == NO_INDEX || plan->view == ev->node_view)
		return 0;
	procfs = find_procfs(ev, container, plan->view);
	if (!procfs)
		return 0;
	target = find_target(ev, container);
	if (target == NO_INDEX)
		return 0;
	for (plan->path = 0; plan->path < ev->paths.n; plan->path++) {
		const struct path_object *path = &ev->paths.at[plan->path];
		int err;

		if (path->container != NO_INDEX || !path->look.resolved)
			continue;
		err = add_proc_root(plan, procfs, target);
		if (err)
			return err;
	}
	return 0;
}

/* ---- the plan ---- */

static int plan_view(struct plan *plan)
{
	struct evidence *ev = plan->ev;
	const struct mount_view *view = &ev->views.at[plan->view];

	for (plan->path = 0; plan->path < ev->paths.n; plan->path++) {
		const struct path_object *path = &ev->paths.at[plan->path];

		/*
		 * A container's own object and a finding's path are no other
		 * way to reach one.
		 */
		if (!path->fs_path || path->container == plan->container ||
		    path->listed == FROM_FINDING)
			continue;
		for (size_t i = 0; i < view->mounts.n; i++) {
			int err = try_mount(plan, i);

			if (err)
				return err;
		}
	}
	return plan_proc_root(plan);
}

static int compare_access(const void *a, const void *b)
{
	const struct access *first = a;
	const struct access *second = b;

	if (first->container != second->container)
		return first->container < second->container ? -1 : 1;
	if (first->path != second->path)
		return first->path < second->path ? -1 : 1;
	return strcmp(first->container_path, second->container_path);
}

/* If a container has more accesses than the limit, the first ones are kept. */
static int plan_container(struct plan *plan, size_t container,
			  struct coverage_tally *tally)
{
	const struct evidence *ev = plan->ev;
	const struct index_list *views = &ev->containers.at[container].views;
	int err = 0;

	plan->container = container;
	plan->first = ev->access.n;
	for (size_t i = 0; i < views->n && !err; i++) {
		plan->view = views->at[i];
		err = plan_view(plan);
	}
	if (err != -EOVERFLOW || ev->access.n == MAX_ACCESS)
		return err;
	coverage_count(tally, GAP_MANY, 0, err);
	return 0;
}

int reach_plan(struct evidence *ev)
{
	struct plan plan = { .ev = ev, .root = find_node_root(ev) };
	struct coverage_tally tally = { .extra = MAX_ACCESS_OF_ONE };
	int err = 0;

	for (size_t i = 0; i < ev->containers.n && !err; i++)
		err = plan_container(&plan, i, &tally);
	if (ev->access.n)
		qsort(ev->access.at, ev->access.n, sizeof(*ev->access.at),
		      compare_access);
	if (err == -EOVERFLOW) {
		coverage_count(&tally, GAP_CUT, 0, err);
		err = 0;
	}
	tally.read = ev->access.n;
	if (tally.gaps[GAP_CUT].n || tally.gaps[GAP_MANY].n)
		coverage_report(ev, SOURCE_ACCESS, "node", &tally);
	return err;
}

/* ---- the conclusion ---- */

static bool look_arrived(const struct path_look *look)
{
	return look->resolved != NULL;
}

/* The object's device in mount tables is that of its mount. */
static void compare_inode(const struct evidence *ev, struct access *access)
{
	const struct path_object *path = &ev->paths.at[access->path];

	if (!look_arrived(&access->look))
		return;
	access->look.inode.sb_dev = path->look.inode.sb_dev;
	access->same_inode = access->look.inode.ino == path->look.inode.ino &&
					     access->look.inode.dev ==
						     path->look.inode.dev
				     ? TRI_YES
				     : TRI_NO;
	access->stale = access->same_inode == TRI_NO &&
			(access->deleted || access->look.inode.nlink == 0);
}

static void note_confirmation(struct access *access)
{
	if (access->hidden) {
		access->confirmed_why = "another mount covers this path";
		return;
	}
	if (access->via == VIA_PROC_ROOT) {
		access->confirmed_why =
			"derived from rights; a magic link is not followed";
		return;
	}
	if (look_arrived(&access->look)) {
		access->confirmed = TRI_YES;
		return;
	}
	switch (access->look.kind) {
	case KIND_MISSING:
		access->confirmed = TRI_NO;
		access->confirmed_why =
			"the container's root shows nothing there";
		break;
	case KIND_TIMED_OUT:
		access->confirmed_why = "did not answer in time";
		break;
	case KIND_DENIED:
		access->confirmed_why = "looking into the container was denied";
		break;
	default:
		access->confirmed_why =
			access->look.err == ESRCH
				? "the container's process has ended"
				: "could not be looked at";
		break;
	}
}

static void judge_permission(struct evidence *ev, struct access *access)
{
	const struct container *container =
		&ev->containers.at[access->container];
	const struct path_object *path = &ev->paths.at[access->path];
	bool idmapped =
		access->mount != NO_INDEX &&
		ev->views.at[access->view].mounts.at[access->mount].idmapped;
	struct dac_answer answer = { 0 };

	/* Through /proc/PID/root the walk continues from the node's root. */
	if (access->via == VIA_PROC_ROOT)
		answer = dac_may_connect(ev, &container->processes, &path->look,
					 false);
	else if (look_arrived(&access->look))
		answer = dac_may_connect(ev, &container->processes,
					 &access->look, idmapped);
	else
		answer.why = access->confirmed_why;
	access->dac_allowed = answer.allowed;
	access->dac_why = answer.why;
}

static void derive_connect(const struct evidence *ev, struct access *access)
{
	const struct path_look *look =
		access->via == VIA_PROC_ROOT ? &ev->paths.at[access->path].look
					     : &access->look;

	if (access->hidden || access->dac_allowed == TRI_UNKNOWN)
		return;
	if (access->dac_allowed == TRI_NO)
		access->connect_result = "EACCES";
	else
		access->connect_result =
			socket_answer_for(ev, look).connect_result;
}

int reach_conclude(struct evidence *ev)
{
	int err = 0;

	for (size_t i = 0; i < ev->access.n; i++) {
		struct access *access = &ev->access.at[i];

		note_confirmation(access);
		if (!access->hidden)
			compare_inode(ev, access);
		judge_permission(ev, access);
		if (!access->dac_why) {
			access->dac_why = "more words than are kept";
			err = -ENOMEM;
		}
		derive_connect(ev, access);
		ev->containers.at[access->container].touches = true;
	}
	return err;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The path collector: which names to look at, what a reader reports of each,
 * names of one object joined, and where the object lies in its file system.
 */
#include "collect/paths.h"

#include <errno.h>
#include <string.h>

#include "collect/glob.h"
#include "sockprobe/mount_table.h"
#include "sockprobe/vocabulary.h"

static bool path_same_object(const struct path_look *a,
			     const struct path_look *b)
{
	return a->resolved && b->resolved && a->inode.dev == b->inode.dev &&
	       a->inode.ino == b->inode.ino;
}

/* /run/X and /var/run/X are two names of one place on every node. */
static bool same_run_path(const char *a, const char *b)
{
	if (has_prefix(a, "/var/run/"))
		a += strlen("/var");
	if (has_prefix(b, "/var/run/"))
		b += strlen("/var");
	return strcmp(a, b) == 0;
}

/* Is nothing at both names, and are they names of one place? */
static bool same_absence(const struct path_object *path, const char *name,
			 const struct path_look *look)
{
	return !path->look.resolved && !look->resolved &&
	       path->look.kind == look->kind &&
	       same_run_path(path_name(path), name);
}

static struct path_object *find_same(struct evidence *ev, const char *name,
				     size_t container,
				     const struct path_look *look)
{
	for (size_t i = 0; i < ev->paths.n; i++) {
		struct path_object *path = &ev->paths.at[i];

		if (path->container == container &&
		    (path_same_object(&path->look, look) ||
		     same_absence(path, name, look)))
			return path;
	}
	return NULL;
}

static int add_name(struct evidence *ev, struct path_object *path,
		    const char *name)
{
	const char **slot;

	for (size_t i = 0; i < path->names.n; i++) {
		if (strcmp(path->names.at[i], name) == 0)
			return 0;
	}
	slot = list_add(&ev->arena, &path->names, MAX_PATHS);
	if (!slot)
		return -errno;
	*slot = arena_strdup(&ev->arena, name);
	if (*slot)
		return 0;
	path->names.n--;
	return -ENOMEM;
}

/*
 * Fills (device, path inside the file system), by which the mount tables of all
 * namespaces can be compared. `prefix` is the walked root's place in the view.
 */
static int place_object(struct evidence *ev, struct path_object *path,
			size_t view_idx, const char *prefix)
{
	struct path_look *look = &path->look;
	const struct mount *mount;
	const char *below;
	char *seen_at;
	size_t idx;

	if (!look->resolved || view_idx == NO_INDEX || !look->inode.mnt_id)
		return 0;
	idx = mount_by_id(&ev->views.at[view_idx], look->inode.mnt_id);
	if (idx == NO_INDEX)
		return 0;
	mount = &ev->views.at[view_idx].mounts.at[idx];
	seen_at = path_join(&ev->arena, prefix, look->resolved);
	if (!seen_at)
		return -ENOMEM;
	below = path_below(seen_at, mount->point);
	if (!below)
		return 0;
	look->inode.sb_dev = mount->dev;
	path->fs_path = path_join(&ev->arena, mount->root, below);
	return path->fs_path ? 0 : -ENOMEM;
}

struct target {
	const char *name;
	const char *runtime;
	enum path_listing listed;
	struct fetch_root root;
	size_t container;
	size_t mount_view; /* the mount table that has the walk's mount id */
	const char *prefix;
};

static int add_target(struct evidence *ev, struct fetch *fetch,
		      const struct target *target, size_t *idx)
{
	struct path_object *path;
	struct path_look look;
	int err = fetch_look(fetch, &ev->arena, target->root, target->name,
			     &look);

	if (err)
		return err;
	path = find_same(ev, target->name, target->container, &look);
	if (path) {
		*idx = (size_t)(path - ev->paths.at);
		return add_name(ev, path, target->name);
	}
	*idx = ev->paths.n;
	path = list_add(&ev->arena, &ev->paths, MAX_PATHS);
	if (!path)
		return -errno;
	*path = (struct path_object){
		.runtime = target->runtime,
		.listed = target->listed,
		.container = target->container,
		.look = look,
		.state = STATE_UNKNOWN,
		.activated_by = NO_INDEX,
	};
	err = add_name(ev, path, target->name);
	if (!err)
		err = place_object(ev, path, target->mount_view,
				   target->prefix);
	if (err)
		ev->paths.n--;
	return err;
}

static int add_host(struct evidence *ev, struct fetch *fetch, const char *name,
		    const char *runtime, enum path_listing listed)
{
	const struct target target = {
		.name = name,
		.runtime = runtime,
		.listed = listed,
		.root = FETCH_HOST,
		.container = NO_INDEX,
		.mount_view = ev->own_view,
		.prefix = ev->probe.root,
	};

	size_t idx;

	return add_target(ev, fetch, &target, &idx);
}

/* Adds a path of the vocabulary, and below /run its name below /var/run. */
static int add_known(struct evidence *ev, struct fetch *fetch,
		     const char *runtime, const char *path,
		     struct coverage_tally *tally)
{
	const char *patterns[2] = { path, NULL };

	if (has_prefix(path, "/run/")) {
		patterns[1] = arena_printf(&ev->arena, "/var%s", path);
		if (!patterns[1])
			return -ENOMEM;
	}
	for (size_t i = 0; i < ARRAY_SIZE(patterns) && patterns[i]; i++) {
		struct string_list names = { 0 };
		int err = glob_paths(fetch, &ev->arena, patterns[i], &names);

		coverage_count_name(tally, fetch_gap(err), patterns[i], err);
		for (size_t k = 0; k < names.n; k++) {
			err = add_host(ev, fetch, names.at[k], runtime,
				       FROM_TABLE);
			if (err)
				return err;
		}
	}
	return 0;
}

static const char *guess_runtime(const char *path)
{
	const char *runtime = known_basename(path_basename(path));

	return runtime ? runtime : "unknown";
}

/*
 * ENOTDIR and ENAMETOOLONG are no gaps: the kernel would return them to a
 * client.
 */
static enum coverage_gap path_gap(const struct path_look *look)
{
	switch (look->kind) {
	case KIND_DENIED:
		return GAP_DENIED;
	case KIND_TIMED_OUT:
		return fetch_gap(-look->err);
	case KIND_OUTSIDE_VIEW:
		return GAP_OUTSIDE;
	case KIND_ERROR:
		return look->err == ENOTDIR || look->err == ENAMETOOLONG
			       ? GAP_NONE
			       : GAP_FAILED;
	default:
		return GAP_NONE;
	}
}

static void report_paths(struct evidence *ev, struct coverage_tally *tally)
{
	for (size_t i = 0; i < ev->paths.n; i++) {
		const struct path_object *path = &ev->paths.at[i];

		coverage_count_name(tally, path_gap(&path->look),
				    path_name(path), path->look.err);
	}
	tally->read = ev->paths.n;
	coverage_report(ev, SOURCE_PATHS, "node", tally);
}

static int add_all(struct evidence *ev, struct fetch *fetch,
		   const struct string_list *extra,
		   struct coverage_tally *tally)
{
	int err = 0;

	for (const struct runtime *runtime = runtimes; runtime->name;
	     runtime++) {
		for (const struct runtime_socket *socket = runtime->sockets;
		     socket->path && !err; socket++)
			err = add_known(ev, fetch, runtime->name, socket->path,
					tally);
	}
	for (size_t i = 0; i < ev->node.kubelet_sockets.n && !err; i++) {
		const char *name = ev->node.kubelet_sockets.at[i];

		err = add_host(ev, fetch, name, guess_runtime(name),
			       FROM_KUBELET);
	}
	for (size_t i = 0; i < extra->n && !err; i++)
		err = add_host(ev, fetch, extra->at[i],
			       guess_runtime(extra->at[i]), FROM_OPTION);
	return err;
}

int paths_collect(struct evidence *ev, struct fetch *fetch,
		  const struct string_list *extra)
{
	struct coverage_tally tally = { .from = ev->probe.root };
	int err = add_all(ev, fetch, extra, &tally);

	if (err == -EOVERFLOW || err == -ENOMEM) {
		coverage_count(&tally, GAP_CUT, 0, err);
		err = 0;
	}
	report_paths(ev, &tally);
	return err;
}

int paths_add_unlinked(struct evidence *ev, const struct unix_socket *socket,
		       size_t container)
{
	struct path_object *path = list_add(&ev->arena, &ev->paths, MAX_PATHS);
	int err;

	if (!path)
		return -errno;
	*path = (struct path_object){
		.runtime = guess_runtime(socket->name),
		.listed = FROM_KERNEL,
		.container = container,
		.unlinked = true,
		.look = { .kind = KIND_SOCKET,
			  .inode = { .sb_dev = socket->vfs_dev,
				     .ino = socket->vfs_ino } },
		.state = STATE_UNKNOWN,
		.activated_by = NO_INDEX,
	};
	err = add_name(ev, path, socket->name);
	if (err)
		ev->paths.n--;
	return err;
}

int paths_add_named(struct evidence *ev, struct fetch *fetch, const char *name,
		    enum path_listing listed, size_t process, size_t container,
		    size_t *idx)
{
	const struct process *holder;
	struct target target = {
		.name = name,
		.runtime = guess_runtime(name),
		.listed = listed,
		.container = container,
		.prefix = "/",
	};
	size_t unused;

	if (process == NO_INDEX)
		return add_host(ev, fetch, name, target.runtime, listed);
	holder = &ev->processes.at[process];
	target.root = (struct fetch_root){ .proc_dirfd = holder->dirfd };
	target.mount_view = holder->view;
	return add_target(ev, fetch, &target, idx ? idx : &unused);
}

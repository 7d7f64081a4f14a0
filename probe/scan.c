// SPDX-License-Identifier: Apache-2.0
/*
 * The flow that all commands on a node share. The order of the steps is the
 * order in which they need each other's facts.
 */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/fetch.h"
#include "collect/mounts.h"
#include "collect/node.h"
#include "collect/paths.h"
#include "collect/procs.h"
#include "collect/records.h"
#include "collect/sockdiag.h"
#include "collect/views.h"
#include "confine/confine.h"
#include "correlate/identity.h"
#include "correlate/locate.h"
#include "correlate/origin.h"
#include "correlate/reach.h"
#include "correlate/sockets.h"
#include "sockprobe/mount_table.h"

struct run {
	const struct options *options;
	cJSON *findings;
	struct evidence *ev;
	int rootfd;
	int procfd;
	int64_t deadline;
	struct fetch *fetch;
	struct record_index records;
};

/* Each process's directory is held open, so the limit is taken as it comes. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/*
 * An ephemeral container may have the node's /var/run at /host/var/run and
 * nothing else of the node: then /host itself is the container's own, and what
 * lies on its mount is outside the view of the node.
 */
static uint64_t find_outside_mount(const struct evidence *ev, int rootfd)
{
	const struct mount_view *view;
	struct statx root;
	struct statx own;

	if (strcmp(ev->probe.root, "/") == 0 || ev->own_view == NO_INDEX ||
	    statx(rootfd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0 ||
	    statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &own) < 0 ||
	    root.stx_mnt_id != own.stx_mnt_id)
		return 0;
	view = &ev->views.at[ev->own_view];
	for (size_t i = 0; i < view->mounts.n; i++) {
		const char *point = view->mounts.at[i].point;
		const char *below = path_below(point, ev->probe.root);

		if (below && *below)
			return root.stx_mnt_id;
	}
	return 0;
}

static int collect_processes(struct run *run)
{
	struct evidence *ev = run->ev;
	int err;

	run->procfd = procs_open(ev, run->rootfd, ev->probe.root);
	if (run->procfd < 0) {
		coverage_add(ev, "processes", "node", COVERAGE_UNAVAILABLE,
			     "mount procfs at /proc",
			     "no procfs at /proc nor below the root");
		ev->own_view = ev->node_view = NO_INDEX;
		return 0;
	}
	err = procs_collect(ev, run->procfd, run->deadline);
	return err ? err : mounts_collect(ev, run->deadline);
}

static int collect_files(struct run *run)
{
	struct evidence *ev = run->ev;
	int err = fetch_start(run->rootfd, find_outside_mount(ev, run->rootfd),
			      run->deadline, &run->fetch);

	if (!err)
		err = node_collect(ev, run->fetch, run->procfd);
	if (!err)
		err = paths_collect(ev, run->fetch, &run->options->paths);
	return err;
}

/* Without processes these sources have nothing to be asked of. */
static void report_unavailable(struct evidence *ev)
{
	static const char *const sources[] = {
		"mount_tables", "network_namespaces", "sockets",
		"file_descriptors", "container_views",
	};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		coverage_add(ev, sources[i], processes_scope(ev),
			     COVERAGE_UNAVAILABLE, "mount procfs at /proc",
			     "no processes were seen");
}

static int collect_sockets(struct run *run)
{
	struct evidence *ev = run->ev;
	const struct socket_filter filter = { .paths = &ev->paths };
	const uint32_t *wanted;
	size_t n;
	int err;

	if (!ev->processes.n) {
		report_unavailable(ev);
		return 0;
	}
	err = sockdiag_collect(ev, &filter, run->deadline);

	if (!err)
		err = sockets_wanted(ev, &wanted, &n);
	if (!err)
		err = procs_find_holders(ev, wanted, n, run->deadline);
	return err;
}

/* Does any path lead to the object that this socket is bound to? */
static bool is_covered(const struct evidence *ev,
		       const struct unix_socket *socket)
{
	for (size_t i = 0; i < ev->paths.n; i++) {
		if (ev->paths.at[i].look.kind == KIND_SOCKET &&
		    socket_is_at(socket, &ev->paths.at[i].look))
			return true;
	}
	return false;
}

/* Listening sockets of a known name that no path of the tables led to. */
static int collect_unlisted(struct run *run)
{
	struct evidence *ev = run->ev;
	size_t left_out = 0;

	for (size_t i = 0; i < ev->sockets.n; i++) {
		const struct unix_socket *socket = &ev->sockets.at[i];
		struct index_list holders = { 0 };
		size_t holder = NO_INDEX;
		size_t view = NO_INDEX;
		int err;

		if (!socket_is_listening(socket) || !socket->has_vfs ||
		    socket->name[0] != '/' || is_covered(ev, socket))
			continue;
		err = socket_holders(ev, socket->ino, &holders);
		if (holders.n) {
			holder = holders.at[0];
			view = ev->processes.at[holder].container;
		}
		if (!err)
			err = paths_add_named(ev, run->fetch, socket->name,
					      FROM_KERNEL, holder, view, NULL);
		if (!err && !is_covered(ev, socket))
			err = paths_add_unlinked(ev, socket, view);
		if (err && err != -EOVERFLOW)
			return err;
		left_out += err == -EOVERFLOW;
	}
	if (left_out)
		coverage_add(ev, "paths", "node", COVERAGE_PARTIAL,
			     "look for who makes so many sockets of a runtime's name",
			     "%zu listening sockets of a runtime's name left out: more paths than are kept",
			     left_out);
	return 0;
}

/* A finding's path is what it is in the finding's container. */
static int look_at_finding(struct run *run, cJSON *finding)
{
	struct evidence *ev = run->ev;
	const char *name = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(finding, "socket_path"));
	size_t container = locate_finding(ev, finding);
	size_t process;
	size_t path;
	int err;

	if (container == NO_INDEX || !name || name[0] != '/')
		return 0;
	process = locate_process(ev, container);
	if (process == NO_INDEX)
		return 0;
	err = paths_add_named(ev, run->fetch, name, FROM_FINDING, process,
			      container, &path);
	if (!err)
		locate_set_path(finding, path);
	return err;
}

/* Findings name containers by what only all the records tell. */
static int collect_findings(struct run *run)
{
	cJSON *finding;
	int err = 0;

	if (!run->findings)
		return 0;
	err = records_read_all(run->ev, run->fetch, &run->records);
	cJSON_ArrayForEach(finding, run->findings)
	{
		if (!err)
			err = look_at_finding(run, finding);
	}
	return err;
}

/* Records are read for containers that matter, and all where an origin does. */
static int collect_records(struct run *run)
{
	struct evidence *ev = run->ev;
	int err = 0;

	for (size_t i = 0; i < ev->containers.n && !err; i++) {
		if (ev->containers.at[i].touches || ev->containers.at[i].self)
			err = records_read(ev, run->fetch, &run->records, i);
	}
	if (!err && origin_is_asked(ev))
		err = records_read_all(ev, run->fetch, &run->records);
	if (!err)
		records_report(ev, &run->records);
	return err;
}

static int correlate(struct run *run)
{
	struct evidence *ev = run->ev;
	int err = identity_correlate(ev);

	identity_judge_scope(ev);
	if (!err)
		err = records_find(ev, run->fetch, &run->records);
	if (!err)
		err = collect_findings(run);
	if (!err)
		err = collect_unlisted(run);
	if (!err)
		err = listeners_correlate(ev);
	if (!err)
		err = connections_correlate(ev);
	if (!err)
		err = reach_plan(ev);
	if (!err)
		locate_by_access(ev, run->findings);
	if (!err && ev->processes.n)
		err = views_look(ev, run->fetch);
	if (!err)
		err = reach_conclude(ev);
	identity_mark_touching(ev);
	if (!err)
		err = collect_records(run);
	if (!err)
		err = origin_correlate(ev);
	identity_mark_self(ev);
	return err;
}

static int run_steps(struct run *run)
{
	int err = collect_processes(run);

	if (!err)
		err = collect_files(run);
	if (!err)
		err = collect_sockets(run);
	if (!err)
		err = correlate(run);
	return err;
}

int scan(const struct options *options, cJSON *findings, struct evidence *ev,
	 struct error *error)
{
	int64_t begin = now_ms();
	struct run run = {
		.options = options,
		.findings = findings,
		.ev = ev,
		.procfd = -1,
		.deadline = begin + (int64_t)options->timeout_s * 1000,
	};
	cleanup_close int rootfd = -1;
	int err;

	arena_init(&ev->arena, MAX_ARENA);
	clock_gettime(CLOCK_REALTIME, &ev->probe.started_at);
	ev->probe.root = options->root ? options->root :
					 options_default_root();
	raise_file_limit();
	node_clock(ev);
	confine_read_back(ev);
	rootfd = open(ev->probe.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfd < 0)
		return fail(error, EXIT_USAGE, "--root %s: %s", ev->probe.root,
			    strerror(errno));
	run.rootfd = rootfd;
	err = run_steps(&run);
	fetch_stop(run.fetch);
	procs_close(ev);
	if (run.procfd >= 0)
		close(run.procfd);
	ev->probe.duration_ms = now_ms() - begin;
	if (err)
		return fail(error, EXIT_INTERNAL, "scan: %s", strerror(-err));
	return 0;
}

void scan_free(struct evidence *ev)
{
	arena_free(&ev->arena);
}

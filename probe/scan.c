// SPDX-License-Identifier: Apache-2.0
/*
 * The flow that all commands on a node share. The order of the steps is the
 * order in which they need each other's facts.
 */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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
#include "sockprobe/sha256.h"

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

static int collect_processes(struct scan *scan)
{
	struct evidence *ev = &scan->ev;
	cleanup_close int procfd = procs_open(ev, scan->rootfd, ev->probe.root);
	int err;

	ev->own_view = ev->node_view = NO_INDEX;
	if (procfd < 0) {
		coverage_add(ev, "processes", "node", COVERAGE_UNAVAILABLE,
			     "mount procfs at /proc",
			     "no procfs at /proc nor below the root");
		return 0;
	}
	node_procfs(ev, procfd);
	err = procs_collect(ev, procfd, scan->deadline);
	if (!err)
		err = mounts_collect(ev, scan->deadline);
	if (!err && ev->processes.n)
		err = sockdiag_open(ev, &scan->tables, scan->deadline);
	procs_settle(ev);
	return err;
}

static int collect_files(struct scan *scan)
{
	int err = node_collect(&scan->ev, scan->fetch);

	return err ? err :
		     paths_collect(&scan->ev, scan->fetch,
				   &scan->options->paths);
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

static int collect_sockets(struct scan *scan)
{
	struct evidence *ev = &scan->ev;
	const struct socket_filter filter = { .paths = &ev->paths };
	const uint32_t *wanted;
	size_t n;
	int err;

	if (!ev->processes.n) {
		report_unavailable(ev);
		return 0;
	}
	err = sockdiag_collect(ev, &scan->tables, &filter, scan->deadline);
	if (!err)
		err = sockets_wanted(ev, &wanted, &n);
	if (!err)
		err = holders_find(ev, scan->fetch, scan->search.parts, wanted,
				   n);
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
static int collect_unlisted(struct scan *scan)
{
	struct evidence *ev = &scan->ev;
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
			err = paths_add_named(ev, scan->fetch, socket->name,
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
static int look_at_finding(struct scan *scan, cJSON *finding)
{
	struct evidence *ev = &scan->ev;
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
	err = paths_add_named(ev, scan->fetch, name, FROM_FINDING, process,
			      container, &path);
	if (!err)
		locate_set_path(finding, path);
	return err;
}

/* Findings name containers by what only all the records tell. */
static int collect_findings(struct scan *scan, cJSON *findings)
{
	cJSON *finding;
	int err = 0;

	if (!findings)
		return 0;
	err = records_read_all(&scan->ev, scan->fetch, &scan->records);
	cJSON_ArrayForEach(finding, findings)
	{
		if (!err)
			err = look_at_finding(scan, finding);
	}
	return err;
}

/* Records are read for containers that matter, and all where an origin does. */
static int collect_records(struct scan *scan)
{
	struct evidence *ev = &scan->ev;
	int err = 0;

	for (size_t i = 0; i < ev->containers.n && !err; i++) {
		if (ev->containers.at[i].touches || ev->containers.at[i].self)
			err = records_read(ev, scan->fetch, &scan->records, i);
	}
	if (!err && origin_is_asked(ev))
		err = records_read_all(ev, scan->fetch, &scan->records);
	if (!err)
		records_report(ev, &scan->records);
	return err;
}

static int correlate(struct scan *scan, cJSON *findings)
{
	struct evidence *ev = &scan->ev;
	int err = identity_correlate(ev);

	identity_judge_scope(ev);
	if (!err)
		err = records_find(ev, scan->fetch, &scan->records);
	if (!err)
		err = collect_findings(scan, findings);
	if (!err)
		err = collect_unlisted(scan);
	if (!err)
		err = listeners_correlate(ev);
	if (!err)
		err = connections_correlate(ev);
	if (!err)
		err = reach_plan(ev);
	if (!err)
		locate_by_access(ev, findings);
	if (!err && ev->processes.n)
		err = views_look(ev, scan->fetch);
	if (!err)
		err = reach_conclude(ev);
	identity_mark_touching(ev);
	if (!err)
		err = collect_records(scan);
	if (!err)
		err = identity_check_privileges(ev);
	if (!err)
		err = origin_correlate(ev);
	identity_mark_self(ev);
	return err;
}

/* By which build the evidence was taken; NULL where procfs is not there. */
static const char *hash_executable(struct arena *arena)
{
	enum { MOST_BYTES = 256 << 20 };
	char text[SHA256_TEXT_SIZE];

	if (sha256_file("/proc/self/exe", MOST_BYTES, text))
		return NULL;
	return arena_strdup(arena, text);
}

static int open_root(struct scan *scan, struct error *error)
{
	const char *root = scan->ev.probe.root;

	scan->rootfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (scan->rootfd < 0)
		return fail(error, EXIT_USAGE, "--root %s: %s", root,
			    strerror(errno));
	return 0;
}

static int start_readers(struct scan *scan)
{
	const struct fetch_job job = { holders_job, &scan->search };

	scan->search = (struct holders_search){
		.ev = &scan->ev,
		.deadline = scan->deadline,
		/* Who wants nobody else's time leaves a processor free too. */
		.parts = scan->options->nice ? 1 : holders_parts(&scan->ev),
	};
	return fetch_start(scan->rootfd,
			   find_outside_mount(&scan->ev, scan->rootfd),
			   scan->deadline, job, &scan->ev.probe.confinement,
			   &scan->fetch);
}

int scan_collect(struct scan *scan, const struct options *options,
		 const struct confinement *confinement, struct error *error)
{
	struct probe_facts *probe = &scan->ev.probe;
	int status;
	int err;

	*scan = (struct scan){
		.options = options,
		.begin = now_ms(),
		.rootfd = -1,
	};
	scan->deadline = scan->begin + (int64_t)options->timeout_s * 1000;
	arena_init(&scan->ev.arena, MAX_ARENA);
	clock_gettime(CLOCK_REALTIME, &probe->started_at);
	probe->confinement = *confinement;
	probe->root = options->root ? options->root : options_default_root();
	probe->executable_sha256 = hash_executable(&scan->ev.arena);
	node_kernel(&scan->ev);
	status = open_root(scan, error);
	if (status)
		return status;
	err = collect_processes(scan);
	if (!err)
		err = start_readers(scan);
	if (err)
		return fail(error, EXIT_INTERNAL, "scan: %s", strerror(-err));
	return confine_enter(&probe->confinement, PHASE_CORRELATE, error);
}

/* What was held open for the looks; nothing after this needs the node. */
static void close_all(struct scan *scan)
{
	fetch_stop(scan->fetch);
	scan->fetch = NULL;
	sockdiag_close(&scan->tables);
	procs_close(&scan->ev);
	if (scan->rootfd >= 0)
		close(scan->rootfd);
	scan->rootfd = -1;
}

int scan_correlate(struct scan *scan, cJSON *findings, struct error *error)
{
	int err = collect_files(scan);

	if (!err)
		err = collect_sockets(scan);
	if (!err)
		err = correlate(scan, findings);
	close_all(scan);
	scan->ev.probe.duration_ms = now_ms() - scan->begin;
	if (err)
		return fail(error, EXIT_INTERNAL, "scan: %s", strerror(-err));
	return 0;
}

void scan_free(struct scan *scan)
{
	close_all(scan);
	records_free(&scan->records);
	arena_free(&scan->ev.arena);
	scan->ev = (struct evidence){ 0 };
}

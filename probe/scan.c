// SPDX-License-Identifier: Apache-2.0
/*
 * The command `scan` and the flow that all commands on a node share. The order
 * of the steps is the order in which they need each other's facts.
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
#include "correlate/origin.h"
#include "correlate/reach.h"
#include "correlate/sockets.h"
#include "judge/summary.h"
#include "report/document.h"
#include "report/emit.h"
#include "sockprobe/mount_table.h"

struct run {
	const struct options *options;
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

static int collect_sockets(struct run *run)
{
	struct evidence *ev = run->ev;
	const struct socket_filter filter = { .paths = &ev->paths };
	const uint32_t *wanted;
	size_t n;
	int err = sockdiag_collect(ev, &filter, run->deadline);

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
			err = paths_add_from_kernel(ev, run->fetch,
						    socket->name, holder,
						    view);
		if (!err && !is_covered(ev, socket))
			err = paths_add_unlinked(ev, socket, view);
		if (err && err != -EOVERFLOW)
			return err;
	}
	return 0;
}

/* Records are read for containers that matter, and all where an origin does. */
static int collect_records(struct run *run)
{
	struct evidence *ev = run->ev;
	int err = records_find(ev, run->fetch, &run->records);

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
		err = collect_unlisted(run);
	if (!err)
		err = listeners_correlate(ev);
	if (!err)
		err = connections_correlate(ev);
	if (!err)
		err = reach_plan(ev);
	if (!err)
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

int scan(const struct options *options, struct evidence *ev,
	 struct error *error)
{
	int64_t begin = now_ms();
	struct run run = {
		.options = options,
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

static bool wants_color(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static int report(const struct evidence *ev, const struct options *options,
		  struct error *error)
{
	cJSON *document = document_build(ev);
	const char *conclusion;
	bool complete;
	int status;

	if (!document)
		return fail(error, EXIT_INTERNAL, "report: out of memory");
	conclusion = summary_fill(document);
	complete = summary_is_complete(document);
	if (options->output == OUTPUT_TEXT)
		status = emit_text(stdout, document, wants_color(), error);
	else
		status = emit_json(stdout, document, options->pretty, error);
	if (!status) {
		fprintf(stderr, "sockprobe: %s\n", conclusion);
		status = complete ? EXIT_COMPLETE : EXIT_INCOMPLETE;
	}
	cJSON_Delete(document);
	return status;
}

int scan_main(int argc, char *argv[], struct error *error)
{
	struct arena arena;
	struct options options = { .arena = &arena };
	struct evidence ev = { 0 };
	int operand;
	int status;

	arena_init(&arena, 1 << 20);
	status = options_parse(&options, argc, argv, &operand, error);
	if (!status && operand < argc)
		status = fail(error, EXIT_USAGE,
			      "scan: takes no operand: %s; see --help",
			      argv[operand]);
	if (!status)
		status = confine(error);
	if (!status)
		status = scan(&options, &ev, error);
	if (!status)
		status = report(&ev, &options, error);
	scan_free(&ev);
	arena_free(&arena);
	return status;
}

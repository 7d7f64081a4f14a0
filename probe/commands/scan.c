// SPDX-License-Identifier: Apache-2.0
/*
 * The steps of a run on a node, in the order in which they need each other's
 * facts.
 */
#include "commands/scan.h"

#include "commands/names.h"

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
#include "sockprobe/text_safe.h"

/*
 * An ephemeral container may have the node's /var/run at /host/var/run and
 * nothing else of the node. Then /host itself belongs to the container, and
 * what is on its mount is outside the view of the node.
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

/* ---- the steps, each with what it may keep ---- */

/* Exactly one of look and join is set. */
struct step {
	enum coverage_source source; /* its coverage reports what is missing */
	size_t limit;		     /* bytes */
	int (*look)(struct scan *scan);
	int (*join)(struct evidence *ev);
};

#define MIB(n) ((size_t)(n) << 20)

/*
 * Each step has its own memory limit, so that too many facts of one step,
 * hostile or not, leave the others complete. The evidence reports what is
 * missing.
 */
static int take_step(struct scan *scan, const struct step *step)
{
	struct evidence *ev = &scan->ev;
	struct coverage_tally tally = { 0 };
	int err;

	arena_allow(&ev->arena, step->limit);
	err = step->look ? step->look(scan) : step->join(ev);
	if (err != -ENOMEM)
		return err;
	tally.extra = step->limit / MIB(1);
	coverage_count(&tally, GAP_MEMORY, 0, err);
	coverage_report(ev, step->source, "node", &tally);
	return 0;
}

static int take_steps(struct scan *scan, const struct step *steps, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = take_step(scan, &steps[i]);
	return err;
}

/* ---- with privileges ---- */

/* The procfs of the processes that are audited, or -1. */
static int open_procfs(struct evidence *ev, int rootfd)
{
	int fd = procs_open(ev, rootfd, ev->probe.root);
	const struct coverage_tally none = { 0 };

	ev->own_view = ev->node_view = NO_INDEX;
	if (fd >= 0)
		node_procfs(ev, fd);
	else
		coverage_report_gap(ev, SOURCE_PROCESSES, "node", &none,
				    GAP_NOTHING);
	return fd < 0 ? -1 : fd;
}

static int collect_processes(struct scan *scan)
{
	return scan->procfd < 0
		       ? 0
		       : procs_collect(&scan->ev, scan->procfd, scan->deadline);
}

static int collect_mounts(struct scan *scan)
{
	return scan->procfd < 0 ? 0 : mounts_collect(&scan->ev, scan->deadline);
}

static int open_tables(struct scan *scan)
{
	return scan->ev.processes.n
		       ? sockdiag_open(&scan->ev, &scan->tables, scan->deadline)
		       : 0;
}

static int settle_processes(struct scan *scan)
{
	procs_settle(&scan->ev);
	return 0;
}

static const struct step privileged_steps[] = {
	{ SOURCE_PROCESSES, MIB(64), .look = collect_processes },
	{ SOURCE_MOUNT_TABLES, MIB(96), .look = collect_mounts },
	{ SOURCE_NETWORK_NAMESPACES, MIB(16), .look = open_tables },
	{ SOURCE_PROCESSES, MIB(4), .look = settle_processes },
};

/* ---- without ---- */

static int look_at_node(struct scan *scan)
{
	return node_collect(&scan->ev, scan->fetch);
}

static int look_at_paths(struct scan *scan)
{
	return paths_collect(&scan->ev, scan->fetch, &scan->options->paths);
}

/* Without processes these sources cannot be read. */
static void report_unavailable(struct evidence *ev)
{
	static const enum coverage_source sources[] = {
		SOURCE_MOUNT_TABLES,	SOURCE_NETWORK_NAMESPACES,
		SOURCE_SOCKETS,		SOURCE_FILE_DESCRIPTORS,
		SOURCE_CONTAINER_VIEWS,
	};
	const struct coverage_tally none = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		coverage_report_gap(ev, sources[i], processes_extent(ev), &none,
				    GAP_NOTHING);
}

static int ask_tables(struct scan *scan)
{
	struct evidence *ev = &scan->ev;
	const struct socket_filter filter = { .paths = &ev->paths };

	if (!ev->processes.n) {
		report_unavailable(ev);
		return 0;
	}
	return sockdiag_collect(ev, &scan->tables, &filter, scan->deadline);
}

static int find_holders(struct scan *scan)
{
	struct evidence *ev = &scan->ev;
	const uint32_t *wanted;
	size_t n;
	int err;

	if (!ev->processes.n)
		return 0;
	err = sockets_wanted(ev, &wanted, &n);
	if (!err)
		holders_find(ev, scan->fetch, scan->search.parts, wanted, n);
	return err;
}

static int place_processes(struct evidence *ev)
{
	int err = identity_correlate(ev);

	identity_judge_extent(ev);
	return err;
}

static int find_records(struct scan *scan)
{
	return records_find(&scan->ev, scan->fetch, &scan->records);
}

/* Is this socket's object among the paths already? */
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

/*
 * Looks at listening sockets with a known basename that no known path led to.
 */
static int look_at_unlisted(struct scan *scan)
{
	struct evidence *ev = &scan->ev;
	struct coverage_tally tally = { 0 };

	for (size_t i = 0; i < ev->sockets.n; i++) {
		const struct unix_socket *socket = &ev->sockets.at[i];
		struct index_list holders = { 0 };
		size_t holder = NO_INDEX;
		size_t container = NO_INDEX;
		int err;

		if (!socket_is_listening(socket) || !socket->has_vfs ||
		    socket->name[0] != '/' || is_covered(ev, socket))
			continue;
		err = socket_holders(ev, socket->ino, &holders);
		if (holders.n) {
			holder = holders.at[0];
			container = ev->processes.at[holder].container;
		}
		if (!err)
			err = paths_add_named(ev, scan->fetch, socket->name,
					      FROM_KERNEL, holder, container,
					      NULL);
		if (!err && !is_covered(ev, socket))
			err = paths_add_unlinked(ev, socket, container);
		if (err && err != -EOVERFLOW)
			return err;
		if (err)
			coverage_count(&tally, GAP_MANY, 0, err);
	}
	if (tally.gaps[GAP_MANY].n)
		coverage_report(ev, SOURCE_PATHS, "node", &tally);
	return 0;
}

/* A finding's path is looked up in the finding's container. */
static int look_at_finding(struct scan *scan, struct finding *finding)
{
	struct evidence *ev = &scan->ev;
	const char *name = finding->socket_path;
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
		finding->located.path = path;
	return err;
}

/* Locating a finding's container takes all records. */
static int look_at_findings(struct scan *scan)
{
	int err = 0;

	if (!scan->findings->n)
		return 0;
	err = records_read_all(&scan->ev, scan->fetch, &scan->records);
	for (size_t i = 0; i < scan->findings->n; i++) {
		int failed = look_at_finding(scan, &scan->findings->at[i]);

		if (!err)
			err = failed;
	}
	return err;
}

static int plan_reach(struct scan *scan)
{
	int err = reach_plan(&scan->ev);

	locate_by_access(&scan->ev, scan->findings);
	return err;
}

static int look_into_views(struct scan *scan)
{
	return scan->ev.processes.n ? views_look(&scan->ev, scan->fetch) : 0;
}

static int conclude_reach(struct evidence *ev)
{
	int err = reach_conclude(ev);

	identity_mark_touching(ev);
	return err;
}

/*
 * Reads the records of containers that touch a path; all records if an origin
 * is to be found.
 */
static int read_records(struct scan *scan)
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

/* The paths of findings, in the containers in which they were located. */
static int look_at_names(struct scan *scan)
{
	struct evidence *ev = &scan->ev;
	struct name_wanted_list wanted = { 0 };

	for (size_t i = 0; i < scan->findings->n; i++) {
		const struct finding *finding = &scan->findings->at[i];
		struct name_wanted *item;

		if (finding->located.container.at == NO_INDEX ||
		    !finding->socket_path || finding->socket_path[0] != '/')
			continue;
		item = list_add(&ev->arena, &wanted, MAX_NAMES_SEEN);
		if (!item && errno == EOVERFLOW)
			break;
		if (!item)
			return -errno;
		*item = (struct name_wanted){ finding->located.container.at,
					      finding->socket_path };
	}
	return names_look(ev, scan->fetch, &scan->records, &wanted);
}

static int find_origins(struct evidence *ev)
{
	int err = origin_correlate(ev);

	identity_mark_self(ev);
	return err;
}

static const struct step steps[] = {
	{ SOURCE_KUBELET_CONFIG, MIB(4), .look = look_at_node },
	{ SOURCE_PATHS, MIB(8), .look = look_at_paths },
	{ SOURCE_SOCKETS, MIB(32), .look = ask_tables },
	{ SOURCE_FILE_DESCRIPTORS, MIB(16), .look = find_holders },
	{ SOURCE_CONTAINERS, MIB(16), .join = place_processes },
	{ SOURCE_RUNTIME_RECORDS, MIB(8), .look = find_records },
	{ SOURCE_RUNTIME_RECORDS, MIB(24), .look = look_at_findings },
	{ SOURCE_PATHS, MIB(16), .look = look_at_unlisted },
	{ SOURCE_CONNECTIONS, MIB(8), .join = listeners_correlate },
	{ SOURCE_CONNECTIONS, MIB(16), .join = connections_correlate },
	{ SOURCE_ACCESS, MIB(32), .look = plan_reach },
	{ SOURCE_CONTAINER_VIEWS, MIB(24), .look = look_into_views },
	{ SOURCE_ACCESS, MIB(8), .join = conclude_reach },
	{ SOURCE_RUNTIME_RECORDS, MIB(24), .look = read_records },
	{ SOURCE_CONTAINER_VIEWS, MIB(48), .look = look_at_names },
	{ SOURCE_CONTAINERS, MIB(4), .join = identity_check_privileges },
	{ SOURCE_RUNTIME_RECORDS, MIB(8), .join = find_origins },
};

/* The digest of the program that takes the evidence; NULL without procfs. */
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
		return fail(error, EXIT_USAGE, "--root %s: %s",
			    quote_short(root).text, strerror(errno));
	return 0;
}

static int start_readers(struct scan *scan)
{
	const struct fetch_job job = { holders_job, &scan->search };

	scan->search = (struct holders_search){
		.ev = &scan->ev,
		.deadline = scan->deadline,
		/* --nice leaves the other processors to others. */
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
	cleanup_close int procfd = -1;
	int status;
	int err;

	*scan = (struct scan){
		.options = options,
		.begin = now_ms(),
		.rootfd = -1,
	};
	scan->deadline = scan->begin + (int64_t)options->timeout_s * 1000;
	evidence_init(&scan->ev, MIB(1));
	clock_gettime(CLOCK_REALTIME, &probe->started_at);
	probe->confinement = *confinement;
	probe->root = options->root ? options->root : options_default_root();
	probe->executable_sha256 = hash_executable(&scan->ev.arena);
	node_kernel(&scan->ev);
	status = open_root(scan, error);
	if (status)
		return status;
	procfd = open_procfs(&scan->ev, scan->rootfd);
	scan->procfd = procfd;
	err = take_steps(scan, privileged_steps, ARRAY_SIZE(privileged_steps));
	if (!err)
		err = start_readers(scan);
	if (err)
		return fail(error, EXIT_INTERNAL, "scan: %s", strerror(-err));
	return confine_enter(&probe->confinement, PHASE_CORRELATE, error);
}

/* Closes what the steps held open; nothing after this needs the node. */
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

int scan_correlate(struct scan *scan, struct finding_list *findings,
		   struct error *error)
{
	int err;

	scan->findings = findings;
	err = take_steps(scan, steps, ARRAY_SIZE(steps));
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
	evidence_free(&scan->ev);
}

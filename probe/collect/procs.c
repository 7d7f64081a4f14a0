// SPDX-License-Identifier: Apache-2.0
/*
 * The process collector: /proc/PID held as a directory descriptor, so that a
 * pid that is used again cannot be mixed in.
 */
#include "collect/procs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { STATUS_SIZE = 64 * 1024 };

/* "/proc", or "proc" in a root: no link is followed at its end. */
static int open_procfs(int dirfd, const char *path)
{
	int fd = openat(dirfd, path,
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	/* Anything may be mounted on a directory that is called proc. */
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC) {
		close(fd);
		return -ENODEV;
	}
	return fd;
}

/*
 * Only the machine's initial pid namespace shows kernel threads, and of these
 * pid 2 is the one that makes the others; the flag is the kernel's own.
 */
static bool is_initial(int procfd)
{
	struct process process = { 0 };
	struct stat_extra extra;
	char text[1024];

	return read_file_at(procfd, "2/stat", text, sizeof(text)) > 0 &&
	       parse_stat(text, &process, &extra) == 0 && process.kthread;
}

/*
 * Does pid 1 of this procfs live in the audited root? Where that is denied, it
 * may: whether it is a node is then for identity_judge_extent() to say.
 */
static bool first_may_have_root(int procfd, int rootfd)
{
	struct stat root;
	struct stat first;

	if (fstat(rootfd, &root) < 0)
		return false;
	if (fstatat(procfd, "1/root", &first, 0) < 0)
		return errno == EACCES || errno == EPERM;
	return root.st_dev == first.st_dev && root.st_ino == first.st_ino;
}

static pid_t own_pid(int procfd)
{
	char text[32];
	uint64_t pid;

	if (read_link_at(procfd, "self", text, sizeof(text)) < 0 ||
	    parse_u64(text, INT32_MAX, &pid))
		return 0;
	return (pid_t)pid;
}

int procs_open(struct evidence *ev, int rootfd, const char *root)
{
	cleanup_close int own = open_procfs(AT_FDCWD, "/proc");
	cleanup_close int nodes = -1;
	int *chosen = &own;

	ev->probe.proc = "/proc";
	ev->probe.extent = EXTENT_HOST;
	if (own < 0 || !is_initial(own)) {
		nodes = open_procfs(rootfd, "proc");
		if (nodes >= 0 && is_initial(nodes)) {
			chosen = &nodes;
		} else if (own >= 0 && first_may_have_root(own, rootfd)) {
			ev->probe.extent = EXTENT_NESTED;
		} else if (nodes >= 0 && first_may_have_root(nodes, rootfd)) {
			ev->probe.extent = EXTENT_NESTED;
			chosen = &nodes;
		} else {
			ev->probe.extent = EXTENT_CONTAINER;
		}
	}
	if (chosen == &nodes)
		ev->probe.proc = path_join(&ev->arena, root, "proc");
	if (*chosen < 0) {
		ev->probe.extent = EXTENT_NONE;
		return -ENODEV;
	}
	ev->probe.pid = own_pid(*chosen);
	return steal_fd(chosen);
}

/* "mnt:[4026531841]" to the number. 0 where the text is not of that form. */
static uint64_t ns_number(const char *text)
{
	const char *open = strchr(text, '[');
	unsigned long long number = 0;

	if (!open || sscanf(open, "[%llu]", &number) != 1)
		return 0;
	return number;
}

static void read_namespaces(struct process *process)
{
	const struct {
		const char *name;
		uint64_t *number;
	} wanted[] = {
		{ "ns/mnt", &process->ns_mnt },
		{ "ns/net", &process->ns_net },
		{ "ns/pid", &process->ns_pid },
		{ "ns/user", &process->ns_user },
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		ssize_t len = read_link_at(process->dirfd, wanted[i].name, text,
					   sizeof(text));

		if (len > 0)
			*wanted[i].number = ns_number(text);
	}
}

static const char *read_process_link(struct arena *arena,
				     const struct process *process,
				     const char *name)
{
	char text[PATH_MAX];
	ssize_t len = read_link_at(process->dirfd, name, text, sizeof(text));

	if (len > 0)
		return arena_intern(arena, text);
	return NULL;
}

static uint64_t own_user_ns(void)
{
	char text[64];

	return read_link_at(AT_FDCWD, "/proc/self/ns/user", text,
			    sizeof(text)) > 0
		       ? ns_number(text)
		       : 0;
}

/*
 * A capability counts only for files whose owner the process's user namespace
 * maps. A map that cannot be read stays empty: then none does.
 */
static int read_id_maps(struct evidence *ev, struct process *process,
			uint64_t own, char *buffer)
{
	int err = 0;

	process->mapped = process->ns_user && process->ns_user != own;
	if (!process->mapped)
		return 0;
	if (read_file_at(process->dirfd, "uid_map", buffer, STATUS_SIZE) >= 0)
		err = parse_id_map(&ev->arena, buffer, &process->uid_map);
	if (!err &&
	    read_file_at(process->dirfd, "gid_map", buffer, STATUS_SIZE) >= 0)
		err = parse_id_map(&ev->arena, buffer, &process->gid_map);
	return err == -ENOMEM ? err : 0;
}

/*
 * A process whose first thread has ended shows nothing in /proc/PID, though its
 * other threads may hold any socket: one of these then speaks for it.
 */
static int use_other_thread(struct process *process)
{
	int fd = openat(process->dirfd, "task",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return fd < 0 ? -errno : -ENOMEM;
	while ((entry = readdir(dir))) {
		uint64_t tid;
		int other;

		if (parse_u64(entry->d_name, INT32_MAX, &tid) ||
		    (pid_t)tid == process->pid)
			continue;
		other = openat(dirfd(dir), entry->d_name,
			       O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (other < 0)
			continue;
		close(process->dirfd);
		process->dirfd = other;
		return 0;
	}
	return -ESRCH;
}

/* A process that has ended answers ESRCH: then it is no part of the node. */
static int read_process(struct evidence *ev, struct process *process,
			uint64_t own_user, char *buffer)
{
	struct stat_extra extra;
	ssize_t len;
	int err;

	len = read_file_at(process->dirfd, "stat", buffer, STATUS_SIZE);
	if (len < 0)
		return (int)len;
	err = parse_stat(buffer, process, &extra);
	if (err)
		return err;
	if (extra.state == 'Z' || extra.state == 'X') {
		err = extra.threads > 1 ? use_other_thread(process) : -ESRCH;
		if (err)
			return err;
	}
	process->comm = arena_intern(&ev->arena, extra.comm);
	if (!process->comm)
		return -ENOMEM;
	if (process->kthread)
		return 0;
	len = read_file_at(process->dirfd, "status", buffer, STATUS_SIZE);
	if (len < 0)
		return (int)len;
	err = parse_status(&ev->arena, buffer, process);
	if (err)
		return err;
	len = read_file_at(process->dirfd, "cgroup", buffer, STATUS_SIZE);
	if (len < 0)
		return (int)len;
	process->cgroup =
		parse_cgroup(&ev->arena, buffer, &ev->node.cgroup_version);
	read_namespaces(process);
	process->exe = read_process_link(&ev->arena, process, "exe");
	process->root = read_process_link(&ev->arena, process, "root");
	return read_id_maps(ev, process, own_user, buffer);
}

struct tally {
	size_t ended;
	size_t unreadable;
	int last_err;
	bool cut;
	bool timed_out;
};

/* Adds one process; a failure is counted, not fatal. -EOVERFLOW: no more fit. */
static int add_process(struct evidence *ev, int procfd, const char *name,
		       uint64_t own_user, char *buffer, struct tally *tally)
{
	struct process *process;
	uint64_t pid;
	int err;
	int fd;

	if (parse_u64(name, INT32_MAX, &pid))
		return 0;
	fd = openat(procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT) {
			tally->ended++;
			return 0;
		}
		tally->unreadable++;
		tally->last_err = -errno;
		return 0;
	}
	process = list_add(&ev->arena, &ev->processes, MAX_PROCESSES);
	if (!process) {
		close(fd);
		tally->cut = true;
		return -EOVERFLOW;
	}
	*process = (struct process){
		.pid = (pid_t)pid,
		.dirfd = fd,
		.container = NO_INDEX,
		.view = NO_INDEX,
		.self = (pid_t)pid == ev->probe.pid,
	};
	err = read_process(ev, process, own_user, buffer);
	if (!err)
		return 0;
	close(process->dirfd);
	ev->processes.n--;
	if (err == -ESRCH || err == -ENOENT) {
		tally->ended++;
		return 0;
	}
	if (err == -ENOMEM) {
		tally->cut = true;
		return -EOVERFLOW;
	}
	tally->unreadable++;
	tally->last_err = err;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	const struct process *first = a;
	const struct process *second = b;

	return first->pid < second->pid ? -1 : first->pid > second->pid;
}

/* What is the node's is what its pid 1 has. */
static void note_first_process(struct evidence *ev)
{
	if (ev->probe.extent == EXTENT_CONTAINER || !ev->processes.n ||
	    ev->processes.at[0].pid != 1)
		return;
	ev->node_pid_ns = ev->processes.at[0].ns_pid;
	ev->node_user_ns = ev->processes.at[0].ns_user;
}

static void report_processes(struct evidence *ev, const struct tally *tally)
{
	const char *fix = tally->last_err == -EMFILE
				  ? "raise the limit of open files (ulimit -n)"
				  : "run as root";
	bool denied = tally->last_err == -EACCES || tally->last_err == -EPERM;
	/* Every pid namespace has a first process while procfs shows any. */
	bool hidden = !ev->processes.n || ev->processes.at[0].pid != 1;

	if (tally->timed_out)
		coverage_add(ev, "processes", processes_extent(ev),
			     COVERAGE_TIMED_OUT,
			     "give more time with --timeout",
			     "read %zu processes before the deadline",
			     ev->processes.n);
	else if (tally->cut)
		coverage_add(ev, "processes", processes_extent(ev),
			     COVERAGE_PARTIAL,
			     "none: a node with more processes is not known",
			     "read the first %zu processes, the most kept",
			     ev->processes.n);
	else if (hidden && !tally->unreadable)
		coverage_add(
			ev, "processes", processes_extent(ev), COVERAGE_DENIED,
			"run as root: procfs is mounted with hidepid",
			"%zu processes read; procfs hides others, its first process among them",
			ev->processes.n);
	else if (tally->unreadable)
		coverage_add(ev, "processes", processes_extent(ev),
			     denied ? COVERAGE_DENIED : COVERAGE_PARTIAL, fix,
			     "%zu processes read, %zu not (%s)",
			     ev->processes.n, tally->unreadable,
			     strerror(-tally->last_err));
	else
		coverage_add(ev, "processes", processes_extent(ev),
			     COVERAGE_COMPLETE, NULL, "%zu processes of %s",
			     ev->processes.n, ev->probe.proc);
}

int procs_collect(struct evidence *ev, int procfd, int64_t deadline)
{
	cleanup_closedir DIR *dir = NULL;
	char buffer[STATUS_SIZE];
	uint64_t own_user = own_user_ns();
	struct tally tally = { 0 };
	struct dirent *entry;
	int fd = openat(procfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (!err && (entry = readdir(dir))) {
		if (now_ms() > deadline) {
			tally.timed_out = true;
			break;
		}
		err = add_process(ev, procfd, entry->d_name, own_user, buffer,
				  &tally);
	}
	if (ev->processes.n)
		qsort(ev->processes.at, ev->processes.n,
		      sizeof(*ev->processes.at), compare_pids);
	note_first_process(ev);
	report_processes(ev, &tally);
	return 0;
}

void procs_settle(struct evidence *ev)
{
	char buffer[STATUS_SIZE];

	for (size_t i = 0; i < ev->processes.n; i++) {
		struct process *process = &ev->processes.at[i];
		const char *cgroup;

		if (process->kthread || !process->cgroup ||
		    strcmp(process->cgroup, "/") != 0 ||
		    read_file_at(process->dirfd, "cgroup", buffer,
				 sizeof(buffer)) < 0)
			continue;
		cgroup = parse_cgroup(&ev->arena, buffer,
				      &ev->node.cgroup_version);
		if (cgroup)
			process->cgroup = cgroup;
	}
}

bool procs_ended(int dirfd)
{
	struct process process = { 0 };
	struct stat_extra extra;
	char text[1024];

	return read_file_at(dirfd, "stat", text, sizeof(text)) < 0 ||
	       parse_stat(text, &process, &extra) || extra.state == 'Z' ||
	       extra.state == 'X';
}

void procs_close(struct evidence *ev)
{
	for (size_t i = 0; i < ev->processes.n; i++) {
		if (ev->processes.at[i].dirfd >= 0)
			close(ev->processes.at[i].dirfd);
		ev->processes.at[i].dirfd = -1;
	}
}

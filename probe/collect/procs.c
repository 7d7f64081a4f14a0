// SPDX-License-Identifier: Apache-2.0
/*
 * The process collector: /proc/PID held as a directory descriptor, so that a
 * reused pid cannot be confused with it.
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
static int open_if_procfs(int dirfd, const char *path)
{
	int fd = openat(dirfd, path,
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	/* Anything may be mounted on a directory with the name proc. */
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC) {
		close(fd);
		return -ENODEV;
	}
	return fd;
}

/*
 * Only the machine's initial pid namespace shows kernel threads. Pid 2 makes
 * all others; its flag comes from the kernel.
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
 * Does pid 1 of this procfs have the audited root, as far as that can be read?
 * identity_judge_extent() decides whether this is a node.
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
	cleanup_close int own = open_if_procfs(AT_FDCWD, "/proc");
	cleanup_close int nodes = -1;
	int *chosen = &own;

	ev->probe.proc = "/proc";
	ev->probe.extent = EXTENT_HOST;
	if (own < 0 || !is_initial(own)) {
		nodes = open_if_procfs(rootfd, "proc");
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

/*
 * Reads the namespaces. 0, also if that is denied; -ESRCH if it has left them.
 */
static int read_namespaces(struct process *process)
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
		else if (procs_gap(process, (int)len) == GAP_ENDED)
			return -ESRCH;
	}
	return 0;
}

/* Reads a link. 0 with *text, which is NULL if it is denied; else as above. */
static int read_process_link(struct arena *arena, const struct process *process,
			     const char *name, const char **text)
{
	char target[PATH_MAX];
	ssize_t len =
		read_link_at(process->dirfd, name, target, sizeof(target));

	*text = NULL;
	if (len <= 0)
		return procs_gap(process, (int)len) == GAP_ENDED ? -ESRCH : 0;
	*text = arena_intern(arena, target);
	return *text ? 0 : -ENOMEM;
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
 * A capability counts only for files whose owner is mapped in the process's
 * user namespace. If the map cannot be read it stays empty: then none counts.
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

int procs_other_thread(const struct process *process)
{
	int fd = openat(process->dirfd, "task",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return -ESRCH;
	while ((entry = readdir(dir))) {
		uint64_t tid;
		int other;

		if (parse_u64(entry->d_name, INT32_MAX, &tid) ||
		    (pid_t)tid == process->pid)
			continue;
		other = openat(dirfd(dir), entry->d_name,
			       O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (other >= 0)
			return other;
	}
	return -ESRCH;
}

/*
 * If a process's first thread has ended, /proc/PID shows nothing, though other
 * threads may hold any socket: then one of these is read instead.
 */
static int use_other_thread(struct process *process)
{
	int other = procs_other_thread(process);

	if (other < 0)
		return other;
	close(process->dirfd);
	process->dirfd = other;
	return 0;
}

static int read_links(struct evidence *ev, struct process *process)
{
	int err = read_namespaces(process);

	if (!err)
		err = read_process_link(&ev->arena, process, "root",
					&process->root);
	/*
	 * The program may be removed or missing; the process has not ended for
	 * that.
	 */
	if (!err && read_process_link(&ev->arena, process, "exe",
				      &process->exe) == -ENOMEM)
		err = -ENOMEM;
	return err;
}

/*
 * Reads one process; -ESRCH if it has ended, and is no part of the node any
 * more.
 */
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
	err = read_links(ev, process);
	if (err == -ESRCH && extra.threads > 1 &&
	    use_other_thread(process) == 0)
		err = read_links(ev, process);
	if (err)
		return err;
	return read_id_maps(ev, process, own_user, buffer);
}

/*
 * Counts a failure, which does not end the step. -EOVERFLOW: the limit is met.
 */
static int count_process(struct coverage_tally *tally,
			 const struct process *process, int err)
{
	bool full = err == -ENOMEM || err == -EOVERFLOW;

	coverage_count(tally, full ? GAP_CUT : procs_gap(process, err),
		       process->pid, err);
	return full ? -EOVERFLOW : 0;
}

/* Adds one process, or counts why not. 0, or -EOVERFLOW if the limit is met. */
static int add_listed_process(struct evidence *ev, int procfd, pid_t pid,
			      uint64_t own_user, char *buffer,
			      struct coverage_tally *tally)
{
	struct process made = {
		.pid = pid,
		.container = NO_INDEX,
		.view = NO_INDEX,
		.self = pid == ev->probe.pid,
	};
	struct process *process;
	char name[16];
	int err;

	snprintf(name, sizeof(name), "%d", (int)pid);
	made.dirfd = openat(procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (made.dirfd < 0)
		return count_process(tally, &made, -errno);
	process = list_add(&ev->arena, &ev->processes, MAX_PROCESSES);
	if (!process) {
		close(made.dirfd);
		return count_process(tally, &made, -EOVERFLOW);
	}
	*process = made;
	err = read_process(ev, process, own_user, buffer);
	if (!err)
		return 0;
	made.dirfd = process->dirfd;
	ev->processes.n--;
	err = count_process(tally, &made, err);
	close(made.dirfd);
	return err;
}

static int compare_pids(const void *a, const void *b)
{
	const struct process *first = a;
	const struct process *second = b;

	return first->pid < second->pid ? -1 : first->pid > second->pid;
}

/* The node's namespaces are those of its pid 1. */
static void note_first_process(struct evidence *ev)
{
	if (ev->probe.extent == EXTENT_CONTAINER || !ev->processes.n ||
	    ev->processes.at[0].pid != 1)
		return;
	ev->node_pid_ns = ev->processes.at[0].ns_pid;
	ev->node_user_ns = ev->processes.at[0].ns_user;
}

/* Adds all processes that the directory lists. */
static void add_listed(struct evidence *ev, int procfd, DIR *dir,
		       int64_t deadline, struct coverage_tally *tally)
{
	uint64_t own_user = own_user_ns();
	char buffer[STATUS_SIZE];
	bool first_seen = false;
	struct dirent *entry;
	int err = 0;

	while (!err && (entry = readdir(dir))) {
		uint64_t pid;

		if (now_ms() > deadline) {
			coverage_count(tally, GAP_TIMED_OUT, 0, 0);
			return;
		}
		if (parse_u64(entry->d_name, INT32_MAX, &pid))
			continue;
		first_seen |= pid == 1;
		err = add_listed_process(ev, procfd, (pid_t)pid, own_user,
					 buffer, tally);
	}
	/* If procfs shows any process, it must show pid 1. */
	if (!err && !first_seen)
		coverage_count(tally, GAP_HIDDEN, 0, 0);
}

int procs_collect(struct evidence *ev, int procfd, int64_t deadline)
{
	struct coverage_tally tally = { .from = ev->probe.proc };
	int fd = openat(procfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = NULL;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	add_listed(ev, procfd, dir, deadline, &tally);
	if (ev->processes.n)
		qsort(ev->processes.at, ev->processes.n,
		      sizeof(*ev->processes.at), compare_pids);
	note_first_process(ev);
	tally.read = ev->processes.n;
	coverage_report(ev, SOURCE_PROCESSES, processes_extent(ev), &tally);
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

	ssize_t len = read_file_at(dirfd, "stat", text, sizeof(text));

	if (len < 0)
		return len == -ESRCH || len == -ENOENT;
	return parse_stat(text, &process, &extra) == 0 &&
	       (extra.state == 'Z' || extra.state == 'X');
}

enum coverage_gap procs_gap(const struct process *process, int err)
{
	enum coverage_gap gap = coverage_gap_of(err);

	if (err == -EFBIG)
		return GAP_FAILED;
	if (gap == GAP_DENIED && process->dirfd >= 0 &&
	    procs_ended(process->dirfd))
		return GAP_ENDED;
	return gap;
}

void procs_close(struct evidence *ev)
{
	for (size_t i = 0; i < ev->processes.n; i++) {
		if (ev->processes.at[i].dirfd >= 0)
			close(ev->processes.at[i].dirfd);
		ev->processes.at[i].dirfd = -1;
	}
}

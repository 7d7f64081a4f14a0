// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the network namespaces of processes, and those that only a bind mount
 * keeps.
 */
#include "collect/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "collect/procs.h"
#include "sockprobe/error.h"

enum { MAX_NETNS = 16384 };

static int add_netns(struct evidence *ev, uint64_t ino, size_t process,
		     const char *mount_path)
{
	struct netns *netns = list_add(&ev->arena, &ev->netns, MAX_PROCESSES);

	if (!netns)
		return -errno;
	*netns = (struct netns){
		.ino = ino,
		.process = process,
		.mount_path = mount_path,
		.dump = DUMP_NONE,
		.gap = GAP_TIMED_OUT,
	};
	return 0;
}

/*
 * `ip netns` and CNI keep namespaces by a bind mount, with no process in them.
 */
static int add_mounted(struct evidence *ev, size_t view)
{
	if (view == NO_INDEX)
		return 0;
	for (size_t i = 0; i < ev->views.at[view].mounts.n; i++) {
		const struct mount *mount = &ev->views.at[view].mounts.at[i];
		unsigned long long ino;
		int err;

		if (strcmp(mount->fstype, "nsfs") != 0 ||
		    sscanf(mount->root, "net:[%llu]", &ino) != 1)
			continue;
		err = add_netns(ev, ino, NO_INDEX, mount->point);
		if (err)
			return err;
	}
	return 0;
}

/* Sorts by namespace; within one, the first process first, a mount last. */
static int compare_netns(const void *a, const void *b)
{
	const struct netns *first = a;
	const struct netns *second = b;

	if (first->ino != second->ino)
		return first->ino < second->ino ? -1 : 1;
	return first->process < second->process
		       ? -1
		       : first->process > second->process;
}

static void netns_drop_duplicates(struct netns_list *list)
{
	size_t kept = 0;

	if (list->n)
		qsort(list->at, list->n, sizeof(*list->at), compare_netns);
	for (size_t i = 0; i < list->n; i++) {
		const struct netns *next = &list->at[i];

		if (!kept || list->at[kept - 1].ino != next->ino)
			list->at[kept++] = *next;
		else if (!list->at[kept - 1].mount_path)
			list->at[kept - 1].mount_path = next->mount_path;
	}
	list->n = kept;
}

/* Leaves out namespaces above the limit, and reports that. */
static void bound_netns(struct evidence *ev, bool cut)
{
	if (ev->netns.n > MAX_NETNS) {
		ev->netns.n = MAX_NETNS;
		cut = true;
	}
	ev->netns_cut = cut;
}

static void mark_node(struct evidence *ev)
{
	uint64_t ino = 0;

	for (size_t i = 0; i < ev->processes.n; i++) {
		if (ev->processes.at[i].pid == 1 &&
		    ev->probe.extent != EXTENT_CONTAINER)
			ino = ev->processes.at[i].ns_net;
	}
	for (size_t i = 0; i < ev->netns.n; i++)
		ev->netns.at[i].node = ino && ev->netns.at[i].ino == ino;
}

void netns_find(struct evidence *ev)
{
	struct coverage_tally tally = { 0 };
	int err = 0;

	for (size_t i = 0; i < ev->processes.n && !err; i++) {
		const struct process *process = &ev->processes.at[i];

		if (process->kthread)
			continue;
		if (process->ns_net)
			err = add_netns(ev, process->ns_net, i, NULL);
		else
			coverage_count(&tally, GAP_DENIED, process->pid, 0);
	}
	if (!err)
		err = add_mounted(ev, ev->own_view);
	netns_drop_duplicates(&ev->netns);
	bound_netns(ev, err != 0);
	mark_node(ev);
	ev->netns_hidden = tally.gaps[GAP_DENIED].n;
	if (ev->netns_cut)
		coverage_count(&tally, GAP_CUT, 0, 0);
	tally.read = ev->netns.n;
	coverage_report(ev, SOURCE_NETWORK_NAMESPACES, processes_extent(ev),
			&tally);
}

/* ---- entering one ---- */

/*
 * Opens a mount point from the table. It is checked to be that namespace before
 * it is opened for more than its name: links on the way may have changed.
 */
static int open_mounted(const struct netns *netns)
{
	cleanup_close int found =
		open(netns->mount_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char link[64];
	struct statfs fs;
	struct stat st;
	int fd;

	if (found < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (fstatfs(found, &fs) < 0 || fs.f_type != NSFS_MAGIC ||
	    fstat(found, &st) < 0 || st.st_ino != netns->ino)
		return -ESRCH;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * Opens the namespace of this process; -ESRCH if the process has ended or left
 * it.
 */
static int open_of_process(const struct process *process, uint64_t ino)
{
	struct stat st;
	int fd = openat(process->dirfd, "ns/net", O_RDONLY | O_CLOEXEC);
	int err = -errno;

	if (fd < 0)
		return procs_gap(process, err) == GAP_ENDED ? -ESRCH : err;
	if (fstat(fd, &st) == 0 && st.st_ino == ino)
		return fd;
	close(fd);
	return -ESRCH;
}

static int open_netns(const struct evidence *ev, struct netns *netns)
{
	int fd = -ESRCH;

	for (size_t i = netns->process; fd == -ESRCH && i < ev->processes.n;
	     i++) {
		if (ev->processes.at[i].ns_net != netns->ino)
			continue;
		fd = open_of_process(&ev->processes.at[i], netns->ino);
		if (fd != -ESRCH)
			netns->process = i;
	}
	return fd == -ESRCH && netns->mount_path ? open_mounted(netns) : fd;
}

/* The directory of all processes, by one that is held; -1 where none is. */
static int open_all_processes(const struct evidence *ev)
{
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < ev->processes.n; i++) {
		if (ev->processes.at[i].dirfd >= 0)
			fd = openat(ev->processes.at[i].dirfd, "..",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd;
}

/* One whose namespace cannot be seen may be in it. */
static bool may_be_in(int procfd, const char *pid, uint64_t ino)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%.20s/ns/net", pid);
	if (fstatat(procfd, path, &st, 0) < 0)
		return errno != ENOENT && errno != ESRCH;
	return st.st_ino == ino;
}

/* Who left it may still hold its sockets; who ended does not. */
static bool all_have_ended(const struct evidence *ev, uint64_t ino)
{
	for (size_t i = 0; i < ev->processes.n; i++) {
		const struct process *process = &ev->processes.at[i];

		if (process->ns_net == ino && !procs_ended(process->dirfd))
			return false;
	}
	return true;
}

bool netns_is_over(const struct evidence *ev, const struct netns *netns)
{
	bool ended = !netns->mount_path && all_have_ended(ev, netns->ino);
	int procfd = ended ? open_all_processes(ev) : -1;
	cleanup_closedir DIR *dir = procfd < 0 ? NULL : fdopendir(procfd);
	struct dirent *entry;

	if (procfd >= 0 && !dir)
		close(procfd);
	if (!dir)
		return false;
	errno = 0;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    may_be_in(dirfd(dir), entry->d_name, netns->ino))
			return false;
		errno = 0;
	}
	return errno == 0;
}

static uint64_t own_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

int netns_enter(const struct evidence *ev, struct netns *netns)
{
	cleanup_close int fd = -1;

	if (netns->ino == own_netns())
		return 0;
	fd = open_netns(ev, netns);
	if (fd < 0)
		return fd;
	return setns(fd, CLONE_NEWNET) < 0 ? -errno : 1;
}

/* If this failed, every later answer would be another namespace's. */
void netns_return(int home)
{
	if (setns(home, CLONE_NEWNET) == 0)
		return;
	fprintf(stderr, "sockprobe: return to own network namespace: %s\n",
		strerror(errno));
	_exit(EXIT_INTERNAL);
}

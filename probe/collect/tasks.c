// SPDX-License-Identifier: Apache-2.0
/* Reading /proc/PID/task, by descriptors below the one that holds the process. */
#include "collect/tasks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sockprobe/util.h"

enum { TASK_STATUS_SIZE = 16 * 1024 };

/* The number behind a line's name, which ends with ':'; `otherwise` without. */
static uint64_t status_number(const char *status, const char *name, int base,
			      uint64_t otherwise)
{
	const char *at = strstr(status, name);
	char *end;
	uint64_t number;

	if (!at)
		return otherwise;
	at += strlen(name);
	number = strtoull(at, &end, base);
	return end == at ? otherwise : number;
}

/* A name's line begins behind a newline: comm, the first one, cannot hold any. */
static int task_read_status(int dirfd, struct task *task, uint64_t *threads)
{
	char status[TASK_STATUS_SIZE];
	ssize_t len = read_file_at(dirfd, "status", status, sizeof(status));

	if (len < 0)
		return (int)len;
	task->cap_effective = status_number(status, "\nCapEff:", 16, 0);
	task->cap_bounding = status_number(status, "\nCapBnd:", 16, ~0ULL);
	task->seccomp =
		(int)status_number(status, "\nSeccomp:", 10, (uint64_t)-1);
	*threads = status_number(status, "\nThreads:", 10, 0);
	return 0;
}

static int task_read_root(int dirfd, struct task *task)
{
	struct statx sx;

	if (statx(dirfd, "root", AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  STATX_INO | STATX_MNT_ID, &sx) < 0)
		return -errno;
	task->root_dev = makedev(sx.stx_dev_major, sx.stx_dev_minor);
	task->root_ino = sx.stx_ino;
	task->root_mnt_id = (sx.stx_mask & STATX_MNT_ID) ? sx.stx_mnt_id : 0;
	return 0;
}

static int task_read_namespace(int dirfd, struct task *task)
{
	struct stat st;

	/* The link leads to the namespace's own inode, which bears its number. */
	if (fstatat(dirfd, "ns/mnt", &st, 0) < 0)
		return -errno;
	task->ns_mnt = st.st_ino;
	return 0;
}

/*
 * False for a thread that has ended. *threads: how many the process has, 0 not
 * known.
 */
static bool task_read(int tasksfd, const char *path, pid_t tid,
		      struct task *task, uint64_t *threads)
{
	cleanup_close int dirfd =
		openat(tasksfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err = dirfd < 0 ? -errno : 0;

	*task = (struct task){ .tid = tid,
			       .seccomp = -1,
			       .cap_bounding = ~0ULL };
	*threads = 0;
	if (!err)
		err = task_read_status(dirfd, task, threads);
	if (!err)
		err = task_read_root(dirfd, task);
	if (!err)
		err = task_read_namespace(dirfd, task);
	task->err = -err;
	return err != -ESRCH && err != -ENOENT;
}

/*
 * Where the first thread of a process has ended, its place is held by another
 * thread's directory, which has no "task" but lies in it. The directory above
 * that of a process is procfs itself, which has a "self".
 */
int tasks_open(int proc_dirfd)
{
	int above = -1;
	int fd = openat(proc_dirfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : -errno;
	above = openat(proc_dirfd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above < 0)
		return -errno;
	if (fstatat(above, "self", &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT)
		return above;
	close(above);
	return -ESRCH;
}

/* Most processes have one thread, for which no directory needs to be listed. */
static bool read_only_task(int proc_dirfd, pid_t pid, struct task *task)
{
	char path[32];
	uint64_t threads;

	snprintf(path, sizeof(path), "task/%d", pid);
	return task_read(proc_dirfd, path, pid, task, &threads) && threads == 1;
}

static ssize_t list_tasks(int proc_dirfd, void *bytes, size_t size, bool *cut)
{
	int tasksfd = tasks_open(proc_dirfd);
	cleanup_closedir DIR *dir = tasksfd < 0 ? NULL : fdopendir(tasksfd);
	struct task *tasks = bytes;
	struct dirent *entry;
	size_t n = 0;

	if (tasksfd < 0)
		return tasksfd;
	if (!dir) {
		int err = -errno;

		close(tasksfd);
		return err;
	}
	errno = 0;
	while ((entry = readdir(dir))) {
		uint64_t threads;
		uint64_t tid;

		if (parse_u64(entry->d_name, INT32_MAX, &tid))
			continue;
		if ((n + 1) * sizeof(*tasks) > size) {
			*cut = true;
			break;
		}
		n += task_read(tasksfd, entry->d_name, (pid_t)tid, &tasks[n],
			       &threads);
		errno = 0;
	}
	if (errno && !*cut)
		return -errno;
	return n ? (ssize_t)(n * sizeof(*tasks)) : -ESRCH;
}

ssize_t tasks_read(int proc_dirfd, pid_t pid, void *bytes, size_t size,
		   bool *cut)
{
	*cut = false;
	if (size >= sizeof(struct task) &&
	    read_only_task(proc_dirfd, pid, bytes))
		return sizeof(struct task);
	return list_tasks(proc_dirfd, bytes, size, cut);
}

ssize_t tasks_read_mounts(int proc_dirfd, pid_t tid, char *text, size_t size)
{
	cleanup_close int tasksfd = tasks_open(proc_dirfd);
	char name[64];
	ssize_t len;

	if (tasksfd < 0)
		return tasksfd;
	snprintf(name, sizeof(name), "%d/mountinfo", tid);
	len = read_file_at(tasksfd, name, text, size);
	return len == -ENOENT ? -ESRCH : len;
}

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
static int task_read_status(int dirfd, struct task *task)
{
	char status[TASK_STATUS_SIZE];
	ssize_t len = read_file_at(dirfd, "status", status, sizeof(status));

	if (len < 0)
		return (int)len;
	task->cap_effective = status_number(status, "\nCapEff:", 16, 0);
	task->cap_bounding = status_number(status, "\nCapBnd:", 16, ~0ULL);
	task->seccomp =
		(int)status_number(status, "\nSeccomp:", 10, (uint64_t)-1);
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

/* False for a thread that has ended. */
static bool task_read(int tasksfd, const char *name, struct task *task)
{
	cleanup_close int dirfd =
		openat(tasksfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t tid = 0;
	int err = dirfd < 0 ? -errno : 0;

	*task = (struct task){ .seccomp = -1, .cap_bounding = ~0ULL };
	if (parse_u64(name, INT32_MAX, &tid))
		return false;
	task->tid = (pid_t)tid;
	if (!err)
		err = task_read_status(dirfd, task);
	if (!err)
		err = task_read_root(dirfd, task);
	if (!err)
		err = task_read_namespace(dirfd, task);
	task->err = -err;
	return err != -ESRCH && err != -ENOENT;
}

ssize_t tasks_read(int proc_dirfd, void *bytes, size_t size, bool *cut)
{
	int tasksfd =
		openat(proc_dirfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = tasksfd < 0 ? NULL : fdopendir(tasksfd);
	struct task *tasks = bytes;
	struct dirent *entry;
	size_t n = 0;

	*cut = false;
	if (tasksfd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (!dir) {
		int err = -errno;

		close(tasksfd);
		return err;
	}
	errno = 0;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if ((n + 1) * sizeof(*tasks) > size) {
			*cut = true;
			break;
		}
		n += task_read(tasksfd, entry->d_name, &tasks[n]);
		errno = 0;
	}
	if (errno && !*cut)
		return -errno;
	return n ? (ssize_t)(n * sizeof(*tasks)) : -ESRCH;
}

ssize_t tasks_read_mounts(int proc_dirfd, pid_t tid, char *text, size_t size)
{
	char name[64];
	ssize_t len;

	snprintf(name, sizeof(name), "task/%d/mountinfo", tid);
	len = read_file_at(proc_dirfd, name, text, size);
	return len == -ENOENT ? -ESRCH : len;
}

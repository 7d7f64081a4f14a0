/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of one process. Root directory, mount namespace and credentials
 * are a thread's, not a process's (unshare(2) with CLONE_FS, setresuid(2) by
 * system call): /proc/PID shows only those of the first one. Runs in a reader
 * (fetch.h): to ask a root directory's identity may mean to ask its file server.
 */
#ifndef SOCKPROBE_TASKS_H
#define SOCKPROBE_TASKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One thread, as plain bytes: it lies in memory that is shared. */
struct task {
	pid_t tid;
	int err; /* 0, or the errno that kept the rest from being read */
	uint64_t ns_mnt;
	dev_t root_dev;
	uint64_t root_ino, root_mnt_id; /* mnt_id 0: not known */
	uint64_t cap_effective, cap_bounding;
	int seccomp; /* as in status: 0 none, 1 strict, 2 filter; -1 unknown */
};

/*
 * The directory of a process's threads, by the descriptor that holds the
 * process, or one of its threads where the first one has ended. -ESRCH where the
 * process has ended, or another -errno.
 */
int tasks_open(int proc_dirfd);

/*
 * Fills `bytes` with a struct task for each thread of process `pid` (in that
 * procfs), which `proc_dirfd` holds, at most as many as fit into `size`; *cut:
 * there are more.
 * A thread that ends meanwhile is left out; one that may not be looked at has
 * err. Returns the bytes used, or -errno: -ESRCH where the process ended.
 */
ssize_t tasks_read(int proc_dirfd, pid_t pid, void *bytes, size_t size,
		   bool *cut);

/*
 * The mountinfo of thread `tid` of that process, NUL-terminated in `text`. The
 * length, -EFBIG where `size` is too little for all of it, or -errno.
 */
ssize_t tasks_read_mounts(int proc_dirfd, pid_t tid, char *text, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Processes as procfs shows them. */
#ifndef SOCKPROBE_PROCS_H
#define SOCKPROBE_PROCS_H

#include "sockprobe/evidence.h"

/*
 * Chooses the procfs to read: /proc if it is of the machine's initial pid
 * namespace, else ROOT/proc if that is, else /proc. Sets ev->probe.proc,
 * .extent and .pid. Returns an O_PATH descriptor of its root, or -errno:
 * -ENODEV if neither is a procfs.
 */
int procs_open(struct evidence *ev, int rootfd, const char *root);

/*
 * Fills ev->processes, sorted by pid, each with its /proc/PID held open, until
 * `deadline`; processes that end meanwhile are left out. Reads no command
 * line and no environment. Adds the coverage line "processes". 0 or -errno.
 */
int procs_collect(struct evidence *ev, int procfd, int64_t deadline);

/*
 * Reads the cgroup of processes in the root cgroup once more: copy_process() of
 * kernel/fork.c shows a child in /proc before cgroup_post_fork() moves it to
 * its parent's cgroup. Call it some time after procs_collect().
 */
void procs_settle(struct evidence *ev);

/*
 * Has the process of this /proc/PID descriptor ended? procfs then returns
 * EACCES for many of its files, as if rights were missing.
 */
bool procs_ended(int dirfd);

/* The kind of gap that an error with one of the process's files is. */
enum coverage_gap procs_gap(const struct process *process, int err);

/*
 * The directory of a thread other than the first, which the caller closes;
 * -ESRCH if there is none.
 */
int procs_other_thread(const struct process *process);

/* Closes the directories that procs_collect() holds. */
void procs_close(struct evidence *ev);

/* Fields of /proc/PID/stat that struct process does not keep. */
struct stat_extra {
	char comm[64];
	char state; /* 'Z' or 'X': the thread has ended */
	unsigned int threads;
};

/* Parses /proc/PID/stat. 0, or -EINVAL for another form. */
int parse_stat(const char *text, struct process *process,
	       struct stat_extra *extra);

/* Parses /proc/PID/status: ids, groups, capabilities. 0, -EINVAL, -ENOMEM. */
int parse_status(struct arena *arena, char *text, struct process *process);

/* Parses /proc/PID/uid_map or gid_map. 0, -EINVAL, -ENOMEM. */
int parse_id_map(struct arena *arena, char *text, struct id_map *map);

/*
 * The most specific path in /proc/PID/cgroup: of the unified hierarchy, or with
 * version 1 the longest of the others. *version becomes 1 or 2. NULL if no line
 * is well-formed.
 */
const char *parse_cgroup(struct arena *arena, char *text, int *version);

#endif

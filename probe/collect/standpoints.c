// SPDX-License-Identifier: Apache-2.0
/* Threads to standpoints: tasks.h for each process, then one row for each. */
#include "collect/standpoints.h"

#include <errno.h>

#include "collect/tasks.h"

struct standpoint_search {
	struct evidence *ev;
	size_t container;
	size_t first; /* of ev->standpoints that is this container's */
	struct standpoint_gaps *gaps;
};

static void standpoint_gap(struct standpoint_gaps *gaps, size_t *count,
			   pid_t pid)
{
	++*count;
	if (!gaps->pid)
		gaps->pid = pid;
}

static struct standpoint *
find_standpoint(const struct standpoint_search *search, const struct task *task)
{
	struct evidence *ev = search->ev;

	for (size_t i = search->first; i < ev->standpoints.n; i++) {
		struct standpoint *standpoint = &ev->standpoints.at[i];

		if (standpoint->ns_mnt == task->ns_mnt &&
		    standpoint->root_mnt_id == task->root_mnt_id &&
		    standpoint->root_dev == task->root_dev &&
		    standpoint->root_ino == task->root_ino)
			return standpoint;
	}
	return NULL;
}

static int add_task(const struct standpoint_search *search, size_t process,
		    const struct task *task)
{
	struct evidence *ev = search->ev;
	pid_t pid = ev->processes.at[process].pid;
	struct standpoint *standpoint;

	if (task->err) {
		standpoint_gap(search->gaps, &search->gaps->denied, pid);
		return 0;
	}
	search->gaps->cap_bounding |= task->cap_bounding;
	search->gaps->without_seccomp |= task->seccomp != 2;
	standpoint = find_standpoint(search, task);
	if (standpoint) {
		standpoint->tasks++;
		return 0;
	}
	if (ev->standpoints.n - search->first == MAX_STANDPOINTS_OF_ONE) {
		standpoint_gap(search->gaps, &search->gaps->cut, pid);
		return 0;
	}
	standpoint = list_add(&ev->arena, &ev->standpoints, MAX_STANDPOINTS);
	if (!standpoint && errno == EOVERFLOW) {
		standpoint_gap(search->gaps, &search->gaps->cut, pid);
		return 0;
	}
	if (!standpoint)
		return -ENOMEM;
	*standpoint = (struct standpoint){
		.container = search->container,
		.ns_mnt = task->ns_mnt,
		.root_dev = task->root_dev,
		.root_ino = task->root_ino,
		.root_mnt_id = task->root_mnt_id,
		.process = process,
		.tid = task->tid,
		.tasks = 1,
	};
	return 0;
}

static int standpoint_add_process(const struct standpoint_search *search,
				  struct fetch *fetch, size_t process)
{
	const struct process *member = &search->ev->processes.at[process];
	struct standpoint_gaps *gaps = search->gaps;
	const struct task *tasks;
	bool cut;
	size_t n;
	int err;

	/* One that does not answer may have more of its kind. */
	if (gaps->timed_out) {
		gaps->timed_out++;
		return 0;
	}
	err = fetch_tasks(fetch, member->dirfd, member->pid, &tasks, &n, &cut);
	if (err == -ESRCH || err == -ENOENT) {
		gaps->ended++;
		return 0;
	}
	if (err) {
		standpoint_gap(gaps,
			       err == -ETIMEDOUT || err == -ETIME
				       ? &gaps->timed_out
				       : &gaps->denied,
			       member->pid);
		return 0;
	}
	if (cut)
		standpoint_gap(gaps, &gaps->cut, member->pid);
	for (size_t i = 0; i < n && !err; i++)
		err = add_task(search, process, &tasks[i]);
	return err;
}

int standpoints_find(struct evidence *ev, struct fetch *fetch, size_t container,
		     const struct index_list *members,
		     struct standpoint_gaps *gaps)
{
	const struct standpoint_search search = {
		.ev = ev,
		.container = container,
		.first = ev->standpoints.n,
		.gaps = gaps,
	};
	int err = 0;

	for (size_t i = 0; i < members->n && !err; i++)
		err = standpoint_add_process(&search, fetch, members->at[i]);
	return err;
}

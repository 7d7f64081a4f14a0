// SPDX-License-Identifier: Apache-2.0
/*
 * Membership. A process may move to any cgroup that it may write to, be it of
 * another container, and a name is all that a cgroup tells; its mount namespace
 * and its parent are what it cannot choose freely. So who shares a namespace with
 * the container, or descends from it, belongs to it, wherever its cgroup is; to
 * look at one too many only makes a decision more careful.
 */
#include "correlate/members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NESTING = 32 };

/* Is container `idx` this one, or below it by the names of cgroups? */
static bool is_at_or_below(const struct evidence *ev, size_t idx,
			   size_t container)
{
	for (int depth = 0; idx != NO_INDEX && depth < MAX_NESTING; depth++) {
		const char *parent = ev->containers.at[idx].parent;

		if (idx == container)
			return true;
		idx = parent ? container_find(ev, parent) : NO_INDEX;
	}
	return false;
}

/* Is a process one of the container's? Open until its parents were asked. */
enum descent { DESCENT_OPEN, DESCENT_NO, DESCENT_YES };

struct membership {
	const struct evidence *ev;
	size_t container;
	enum descent *descent; /* of each process */
	uint64_t *namespaces;
	size_t n_namespaces;
	size_t *by_pid; /* indexes of processes, sorted by pid */
};

static bool has_namespace(const struct membership *m, uint64_t ns)
{
	for (size_t i = 0; i < m->n_namespaces; i++) {
		if (m->namespaces[i] == ns)
			return true;
	}
	return false;
}

static uint64_t node_mount_namespace(const struct evidence *ev)
{
	return ev->node_view == NO_INDEX ? 0 : ev->views.at[ev->node_view].ns;
}

static int compare_by_pid(const void *a, const void *b, void *processes)
{
	const struct process *list = processes;
	pid_t first = list[*(const size_t *)a].pid;
	pid_t second = list[*(const size_t *)b].pid;

	return (first > second) - (first < second);
}

/* The index of the process with this pid, NO_INDEX for none. */
static size_t process_by_pid(const struct membership *m, pid_t pid)
{
	size_t low = 0;
	size_t high = m->ev->processes.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		pid_t there = m->ev->processes.at[m->by_pid[middle]].pid;

		if (there == pid)
			return m->by_pid[middle];
		if (there < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return NO_INDEX;
}

/* By itself, without its parents: the cgroup, then the mount namespace. */
static enum descent belongs_by_itself(const struct membership *m,
				      const struct process *process)
{
	if (process->container != NO_INDEX &&
	    is_at_or_below(m->ev, process->container, m->container))
		return DESCENT_YES;
	if (process->kthread || process->pid == 1)
		return DESCENT_NO;
	return process->ns_mnt && has_namespace(m, process->ns_mnt)
		       ? DESCENT_YES
		       : DESCENT_OPEN;
}

/*
 * Does the process descend from a member? A container's first process does not:
 * its parent is a runtime's shim. What is found out is kept for all on the
 * way, so that no chain of parents is climbed twice.
 */
static void settle_descent(const struct membership *m, size_t idx)
{
	enum descent answer = DESCENT_NO;
	size_t at = idx;

	for (size_t climbed = 0; climbed <= m->ev->processes.n; climbed++) {
		if (at == NO_INDEX)
			break;
		if (m->descent[at] != DESCENT_OPEN) {
			answer = m->descent[at];
			break;
		}
		at = process_by_pid(m, m->ev->processes.at[at].ppid);
	}
	for (at = idx; at != NO_INDEX && m->descent[at] == DESCENT_OPEN;
	     at = process_by_pid(m, m->ev->processes.at[at].ppid))
		m->descent[at] = answer;
}

static int membership_init(struct evidence *ev, struct membership *m)
{
	size_t n = ev->processes.n;
	const struct index_list *own =
		&ev->containers.at[m->container].processes;
	uint64_t nodes = node_mount_namespace(ev);
	bool sorted = true; /* procfs lists them so */

	m->descent = calloc(n + 1, sizeof(*m->descent));
	m->namespaces = calloc(own->n + 1, sizeof(*m->namespaces));
	m->by_pid = calloc(n + 1, sizeof(*m->by_pid));
	if (!m->descent || !m->namespaces || !m->by_pid)
		return -ENOMEM;
	for (size_t i = 0; i < own->n; i++) {
		uint64_t ns = ev->processes.at[own->at[i]].ns_mnt;

		if (ns && ns != nodes && !has_namespace(m, ns))
			m->namespaces[m->n_namespaces++] = ns;
	}
	for (size_t i = 0; i < n; i++) {
		m->by_pid[i] = i;
		sorted &= !i ||
			  ev->processes.at[i - 1].pid < ev->processes.at[i].pid;
	}
	if (!sorted)
		qsort_r(m->by_pid, n, sizeof(*m->by_pid), compare_by_pid,
			ev->processes.at);
	return 0;
}

static int add_members(struct evidence *ev, const struct membership *m,
		       struct index_list *members)
{
	for (size_t i = 0; i < ev->processes.n; i++)
		m->descent[i] = belongs_by_itself(m, &ev->processes.at[i]);
	for (size_t i = 0; i < ev->processes.n; i++) {
		size_t *slot;

		settle_descent(m, i);
		if (m->descent[i] != DESCENT_YES)
			continue;
		slot = list_add(&ev->arena, members, MAX_PROCESSES);
		if (!slot)
			return -errno;
		*slot = i;
	}
	return 0;
}

int members_find(struct evidence *ev, size_t container,
		 struct index_list *members)
{
	struct membership m = { .ev = ev, .container = container };
	int err = membership_init(ev, &m);

	if (!err)
		err = add_members(ev, &m, members);
	free(m.descent);
	free(m.namespaces);
	free(m.by_pid);
	return err;
}

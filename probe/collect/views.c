// SPDX-License-Identifier: Apache-2.0
/* The looks of views.h: one per planned access, by a process that is alive. */
#include "collect/views.h"

#include <errno.h>

struct tally {
	size_t looked;
	size_t denied;
	size_t timed_out;
	size_t ended;
};

/* A process that has ended has no root any more: the next one may. */
static int look_by_any(struct evidence *ev, struct fetch *fetch,
		       struct access *access)
{
	const struct index_list *processes =
		&ev->containers.at[access->container].processes;

	access->look.kind = KIND_ERROR;
	access->look.err = ESRCH;
	for (size_t i = 0; i < processes->n; i++) {
		const struct process *process =
			&ev->processes.at[processes->at[i]];
		int err;

		if (process->view != access->view)
			continue;
		err = fetch_look(fetch, &ev->arena,
				 (struct fetch_root){ process->dirfd },
				 access->container_path, &access->look);
		if (err || access->look.kind != KIND_ERROR)
			return err;
	}
	return 0;
}

/* A container that did not answer once gets no second time of the others'. */
static int look_unless_silent(struct evidence *ev, struct fetch *fetch,
			      struct access *access)
{
	struct container *container = &ev->containers.at[access->container];
	int err;

	if (container->silent) {
		access->look.kind = KIND_TIMED_OUT;
		return 0;
	}
	err = look_by_any(ev, fetch, access);
	container->silent = access->look.kind == KIND_TIMED_OUT;
	return err;
}

static void count(struct tally *tally, const struct access *access)
{
	switch (access->look.kind) {
	case KIND_DENIED:
		tally->denied++;
		break;
	case KIND_TIMED_OUT:
		tally->timed_out++;
		break;
	case KIND_ERROR:
		tally->ended++;
		break;
	default:
		tally->looked++;
		break;
	}
}

static void report(struct evidence *ev, const struct tally *tally)
{
	if (tally->timed_out)
		coverage_add(
			ev, "container_views", processes_extent(ev),
			COVERAGE_TIMED_OUT,
			"look for a dead network or FUSE mount in the containers named",
			"%zu paths seen in containers, %zu did not answer",
			tally->looked, tally->timed_out);
	else if (tally->denied)
		coverage_add(
			ev, "container_views", processes_extent(ev),
			COVERAGE_DENIED,
			"run as root with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (kubectl debug: --profile=sysadmin)",
			"%zu paths seen in containers, %zu denied",
			tally->looked, tally->denied);
	else if (tally->ended)
		coverage_add(
			ev, "container_views", processes_extent(ev),
			COVERAGE_PARTIAL, "run again",
			"%zu paths seen in containers, %zu not: their processes had ended",
			tally->looked, tally->ended);
	else
		coverage_add(ev, "container_views", processes_extent(ev),
			     COVERAGE_COMPLETE, NULL,
			     "%zu paths seen in containers", tally->looked);
}

int views_look(struct evidence *ev, struct fetch *fetch)
{
	struct tally tally = { 0 };

	for (size_t i = 0; i < ev->access.n; i++) {
		struct access *access = &ev->access.at[i];
		int err;

		if (access->hidden || access->via == VIA_PROC_ROOT)
			continue;
		err = look_unless_silent(ev, fetch, access);
		if (err)
			return err;
		count(&tally, access);
	}
	report(ev, &tally);
	return 0;
}

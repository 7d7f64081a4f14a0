// SPDX-License-Identifier: Apache-2.0
/*
 * Takes the looks of views.h: one per planned access, through a process that
 * runs.
 */
#include "collect/views.h"

#include <errno.h>

#include "collect/procs.h"

/* No more rights to read /proc are left here: a reader is asked. */
static bool process_ended(const struct process *process, struct fetch *fetch)
{
	const struct task *tasks;
	size_t n;
	bool cut;

	return fetch_tasks(fetch, process->dirfd, process->pid, &tasks, &n,
			   &cut) == -ESRCH;
}

/*
 * If a process has ended, procfs returns EACCES for its root as if rights were
 * missing.
 */
static bool has_ended(const struct process *process, struct fetch *fetch,
		      const struct path_look *look)
{
	if (look->kind != KIND_DENIED && look->kind != KIND_ERROR)
		return false;
	return look->err == ESRCH || look->err == ENOENT ||
	       process_ended(process, fetch);
}

/*
 * Looks through any process of the container: one that has ended has no root.
 */
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
				 (struct fetch_root){ .proc_dirfd =
							      process->dirfd },
				 access->container_path, &access->look);
		if (err || !has_ended(process, fetch, &access->look))
			return err;
		access->look =
			(struct path_look){ .kind = KIND_ERROR, .err = ESRCH };
	}
	return 0;
}

/*
 * A container that did not answer once is not asked again, so that it takes no
 * more of the others' time.
 */
static int look_unless_silent(struct evidence *ev, struct fetch *fetch,
			      struct access *access)
{
	struct container *container = &ev->containers.at[access->container];
	int err;

	if (container->silent) {
		access->look.kind = KIND_TIMED_OUT;
		access->look.err = ETIMEDOUT;
		return 0;
	}
	err = look_by_any(ev, fetch, access);
	container->silent = access->look.kind == KIND_TIMED_OUT &&
			    access->look.err == ETIMEDOUT;
	return err;
}

static enum coverage_gap look_gap(const struct path_look *look)
{
	switch (look->kind) {
	case KIND_DENIED:
		return GAP_DENIED;
	case KIND_TIMED_OUT:
		return fetch_gap(-look->err);
	case KIND_ERROR:
		return look->err == ESRCH ? GAP_ENDED : GAP_FAILED;
	default:
		return GAP_NONE;
	}
}

/*
 * A container that ended has no view any more, as a process that ended has no
 * root. Where one of its processes runs, others may come back to that view.
 */
static bool container_ended(const struct evidence *ev, struct fetch *fetch,
			    size_t container)
{
	const struct index_list *processes =
		&ev->containers.at[container].processes;

	for (size_t i = 0; i < processes->n; i++) {
		if (!process_ended(&ev->processes.at[processes->at[i]], fetch))
			return false;
	}
	return true;
}

static void count_look(const struct evidence *ev, struct fetch *fetch,
		       struct coverage_tally *tally,
		       const struct access *access)
{
	enum coverage_gap gap = look_gap(&access->look);

	if (gap == GAP_ENDED && container_ended(ev, fetch, access->container))
		return;
	tally->read += gap == GAP_NONE;
	coverage_count_name(tally, gap, access->container_path,
			    access->look.err);
}

int views_look(struct evidence *ev, struct fetch *fetch)
{
	struct coverage_tally tally = { 0 };

	for (size_t i = 0; i < ev->access.n; i++) {
		struct access *access = &ev->access.at[i];
		int err;

		if (access->hidden || access->via == VIA_PROC_ROOT)
			continue;
		err = look_unless_silent(ev, fetch, access);
		if (err)
			return err;
		count_look(ev, fetch, &tally, access);
	}
	coverage_report(ev, SOURCE_CONTAINER_VIEWS, processes_extent(ev),
			&tally);
	return 0;
}

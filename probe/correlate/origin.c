// SPDX-License-Identifier: Apache-2.0
/*
 * Why a directory is at a socket's path. A runtime makes a missing mount source
 * just before it creates the container (containerd, CRI-O) or just before it
 * starts it (dockerd); a directory born in that window, with the owner and mode
 * that runtimes give it, was likely made so. A snapshot taken later never makes
 * that certain: somebody else may have run mkdir.
 */
#include "correlate/origin.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { BEFORE_MS = 5000, AFTER_MS = 1000, NO_START_MS = 10000 };

static bool is_asked(const struct path_object *path)
{
	return path->container == NO_INDEX && path->look.kind == KIND_DIRECTORY;
}

bool origin_is_asked(const struct evidence *ev)
{
	for (size_t i = 0; i < ev->paths.n; i++) {
		if (is_asked(&ev->paths.at[i]))
			return true;
	}
	return false;
}

static const char *find_source(const struct container *container,
			       const struct path_object *path)
{
	for (size_t i = 0; i < container->mount_sources.n; i++) {
		const char *source = container->mount_sources.at[i];

		if (strcmp(source, path->look.resolved) == 0)
			return source;
		for (size_t k = 0; k < path->names.n; k++) {
			if (strcmp(source, path->names.at[k]) == 0)
				return source;
		}
	}
	return NULL;
}

static bool looks_made_by_runtime(const struct inode *inode)
{
	return inode->uid == 0 && inode->gid == 0 &&
	       (inode->mode & 07777) == 0755;
}

/* Compares the time of birth with the container's creation and start. */
static void weigh_time(struct evidence *ev, const struct container *container,
		       const struct inode *inode,
		       struct origin_candidate *candidate)
{
	int64_t until;

	if (!inode->birth.tv_sec) {
		candidate->why = "the file system keeps no birth time";
		return;
	}
	if (!container->created.tv_sec) {
		candidate->why =
			"no record says when the container was created";
		return;
	}
	candidate->has_distance = true;
	candidate->after_birth_ms =
		time_diff_ms(container->created, inode->birth);
	until = container->started.tv_sec
			? time_diff_ms(container->started, inode->birth)
			: candidate->after_birth_ms + NO_START_MS;
	if (candidate->after_birth_ms > BEFORE_MS)
		candidate->why = arena_printf(
			&ev->arena,
			"the directory was already there %lld s before this container was created",
			(long long)(candidate->after_birth_ms / 1000));
	else if (until < -AFTER_MS)
		candidate->why =
			"the directory was made after this container had started";
	else
		candidate->possible = true;
}

static void weigh(struct evidence *ev, const struct container *container,
		  const struct path_object *path,
		  struct origin_candidate *candidate)
{
	if (!container->mechanism) {
		candidate->why =
			"its runtime is not known to make missing mount sources";
		return;
	}
	weigh_time(ev, container, &path->look.inode, candidate);
	if (candidate->possible && !looks_made_by_runtime(&path->look.inode)) {
		candidate->possible = false;
		candidate->why =
			"owner or mode is not what a runtime gives such a directory (root, 0755)";
	}
	if (candidate->possible)
		candidate->why =
			"born as this container was created, with the owner and mode that its runtime gives";
}

static int add_candidates(struct evidence *ev, struct path_object *path,
			  size_t *possible)
{
	for (size_t i = 0; i < ev->containers.n; i++) {
		struct container *container = &ev->containers.at[i];
		const char *source = find_source(container, path);
		struct origin_candidate *candidate;

		if (!source)
			continue;
		candidate = list_add(&ev->arena, &path->origin.candidates,
				     MAX_CONTAINERS);
		if (!candidate)
			return -errno;
		*candidate = (struct origin_candidate){
			.container = i,
			.mount_source = source,
			.mechanism = container->mechanism,
		};
		weigh(ev, container, path, candidate);
		if (!candidate->why) {
			path->origin.candidates.n--;
			return -ENOMEM;
		}
		container->touches = true;
		*possible += candidate->possible;
	}
	return 0;
}

static int explain_one(struct evidence *ev, struct path_object *path)
{
	struct origin *origin = &path->origin;
	size_t possible = 0;
	int err = add_candidates(ev, path, &possible);

	if (err)
		return err;
	origin->asked = true;
	if (possible == 1) {
		origin->certainty = ORIGIN_LIKELY;
		origin->text =
			"likely made by the runtime when it created the one container that has it as a mount source and fits in time";
	} else if (possible > 1) {
		origin->certainty = ORIGIN_LIKELY;
		origin->text = arena_printf(
			&ev->arena,
			"likely made by the runtime when it created one of %zu containers that have it as a mount source and fit in time",
			possible);
	} else if (origin->candidates.n) {
		origin->text =
			"containers have it as a mount source, but none that is still known fits in time: an earlier one may have";
	} else {
		origin->text =
			"no container that is still known has it as a mount source";
	}
	return origin->text ? 0 : -ENOMEM;
}

static void report_cut(struct evidence *ev)
{
	struct coverage_tally tally = { 0 };

	for (size_t i = 0; i < ev->containers.n; i++) {
		if (ev->containers.at[i].mount_sources_cut)
			coverage_count(&tally, GAP_MANY, 0, 0);
	}
	if (tally.gaps[GAP_MANY].n)
		coverage_report(ev, SOURCE_RUNTIME_RECORDS, "node", &tally);
}

int origin_correlate(struct evidence *ev)
{
	if (origin_is_asked(ev))
		report_cut(ev);
	for (size_t i = 0; i < ev->paths.n; i++) {
		int err;

		if (!is_asked(&ev->paths.at[i]))
			continue;
		err = explain_one(ev, &ev->paths.at[i]);
		if (err)
			return err;
	}
	return 0;
}

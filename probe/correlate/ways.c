// SPDX-License-Identifier: Apache-2.0
/* The dating of ways.h. */
#include "correlate/ways.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>

#include "sockprobe/mount_table.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

/* ---- one step ---- */

/* Whose change times are the kernel's own word, and what they tell. */
static const struct {
	uint32_t magic;
	/*
	 * Does whatever moves an entry to a name change the entry's own time
	 * too? On xfs an exchange of two names changes only their directories'
	 * times, on btrfs a snapshot keeps its source's.
	 */
	bool entry_tells;
} honest[] = {
	{ TMPFS_MAGIC, true },
	{ EXT4_SUPER_MAGIC, true },
	{ XFS_SUPER_MAGIC, false },
	{ BTRFS_SUPER_MAGIC, false },
};

/* NULL, and *since; or why the step has no date. */
static const char *date_by_magic(uint32_t magic, const struct way_step *step,
				 bool mount_point, struct timespec *since)
{
	for (size_t i = 0; i < ARRAY_SIZE(honest); i++) {
		if (honest[i].magic != magic)
			continue;
		*since = step->parent.change;
		if (!step->absent && !mount_point && honest[i].entry_tells &&
		    time_is_before(step->entry.change, *since))
			*since = step->entry.change;
		return NULL;
	}
	return "its file system does not date a name";
}

static const char *date_in_overlay(const struct way_step *step,
				   const struct way_upper *upper,
				   bool mount_point, struct timespec *since)
{
	switch (upper->fact) {
	case UPPER_LACKS_PARENT:
		return NULL;
	case UPPER_LACKS_ENTRY:
		if (!step->absent)
			return NULL;
		break;
	case UPPER_HAS_ENTRY:
		break;
	case UPPER_NONE:
	case UPPER_UNKNOWN:
		return "what the container changed of its image could not be seen";
	}
	return date_by_magic(upper->magic, step, mount_point, since);
}

static const char *date_step(const struct way_step *step,
			     const struct way_upper *upper, uint64_t root_mnt,
			     struct timespec *since)
{
	bool mount_point = !step->absent &&
			   step->entry.mnt_id != step->parent.mnt_id;

	*since = (struct timespec){ 0 };
	if (!step->parent.mnt_id || (!step->absent && !step->entry.mnt_id))
		return "the kernel does not tell on which mount it is";
	/* Which mount it is, the record tells. */
	if (mount_point && step->parent.mnt_id == root_mnt)
		return NULL;
	if (step->parent.encrypted)
		return "its directory is encrypted: names come and go with the key";
	if (step->parent_magic == OVERLAYFS_SUPER_MAGIC)
		return date_in_overlay(step, upper, mount_point, since);
	return date_by_magic(step->parent_magic, step, mount_point, since);
}

/* ---- the way ---- */

/* What a look has to have ended at for its way to be whole. */
static const char *why_not_whole(const struct way *way)
{
	switch (way->look.kind) {
	case KIND_DENIED:
		return "looking at it was denied";
	case KIND_TIMED_OUT:
		return "looking at it took too long";
	case KIND_OUTSIDE_VIEW:
		return "it lies outside the view";
	case KIND_ERROR:
		return way->look.err == ENOTDIR ? NULL
						: "it could not be looked at";
	default:
		break;
	}
	if (way->look.way_cut)
		return "more steps lead to it than are kept";
	return way->steady ? NULL : "it changed while it was looked at";
}

struct way_date way_date(const struct way *way, uint64_t root_mnt)
{
	struct way_date date = { .why = why_not_whole(way) };

	if (date.why)
		return date;
	for (size_t i = 0; i < way->look.way.n; i++) {
		const struct way_step *step = &way->look.way.at[i];
		struct timespec since;

		date.why = date_step(step, &way->uppers[i], root_mnt, &since);
		date.at = step->at;
		if (date.why)
			return date;
		if (time_is_before(date.since, since))
			date.since = since;
	}
	date.at = NULL;
	date.dated = true;
	return date;
}

/* ---- the mounts on it ---- */

static const struct mount_fact *fact_of(const struct way_context *context,
					uint64_t mnt_id)
{
	for (size_t i = 0; i < context->facts->n; i++) {
		const struct mount_fact *fact = &context->facts->at[i];

		if (fact->present && fact->mnt_id == mnt_id)
			return fact;
	}
	return NULL;
}

/*
 * Where on the node a mount of the container would be if it came along with the
 * recorded mount that it lies below. False where it cannot have.
 */
static bool place_on_node(const struct way_context *context,
			  const struct mount *mount,
			  const struct mount_fact *fact,
			  char place[static PATH_MAX])
{
	const char *rest = fact->present ? path_below(mount->point, fact->point)
					 : NULL;

	if (!fact->record->recursive || fact->fits != TRI_YES ||
	    !fact->source || !rest || !context->nodes)
		return false;
	return (size_t)snprintf(place, PATH_MAX, "%s%s",
				strcmp(fact->source, "/") ? fact->source : "",
				*rest ? rest : "/") < PATH_MAX;
}

static bool is_same_mount(const struct mount *mount, const struct mount *nodes,
			  const char *place)
{
	return strcmp(nodes->point, place) == 0 && nodes->dev == mount->dev &&
	       strcmp(nodes->root, mount->root) == 0;
}

/* Does the node have the same file system at the same place below the source? */
static bool node_has_below(const struct way_context *context,
			   const struct mount *mount,
			   const struct mount_fact *fact)
{
	char place[PATH_MAX];
	size_t idx;

	if (!place_on_node(context, mount, fact, place))
		return false;
	idx = mount_serving(context->nodes, place);
	return idx != NO_INDEX &&
	       is_same_mount(mount, &context->nodes->mounts.at[idx], place);
}

/* Is a mount that another covers covered so on the node too? */
static bool node_covers_it(const struct way_context *context,
			   const struct mount *mount)
{
	char place[PATH_MAX];

	for (size_t i = 0; i < context->facts->n; i++) {
		if (!place_on_node(context, mount, &context->facts->at[i],
				   place))
			continue;
		for (size_t k = 0; k < context->nodes->mounts.n; k++) {
			if (is_same_mount(mount, &context->nodes->mounts.at[k],
					  place))
				return true;
		}
	}
	return false;
}

/* NULL where the mount is one that the container was started with. */
static const char *check_mount(const struct way_context *context,
			       const struct mount *mount)
{
	const struct mount_fact *fact = fact_of(context, mount->id);

	if (mount->id == context->root_mnt)
		return NULL;
	if (fact && fact->fits == TRI_YES)
		return NULL;
	if (fact)
		return fact->fits == TRI_NO
			       ? "what is mounted there is not what the record says"
			       : "what the record mounts there could not be looked at on the node";
	for (size_t i = 0; i < context->facts->n; i++) {
		if (node_has_below(context, mount, &context->facts->at[i]))
			return NULL;
	}
	return "a mount that the record does not have";
}

/* Is there a mount at this place that the way did not meet? */
static bool way_is_covered(const struct way_context *context,
			   const struct mount_view *own, const char *below,
			   const struct way_step *step)
{
	char place[PATH_MAX];

	if ((size_t)snprintf(place, sizeof(place), "%s%s", below ? below : "",
			     step->at) >= sizeof(place))
		return true;
	for (size_t i = 0; i < own->mounts.n; i++) {
		const struct mount *mount = &own->mounts.at[i];

		if (strcmp(mount->point, place) == 0 &&
		    mount->id != step->entry.mnt_id &&
		    !node_covers_it(context, mount))
			return true;
	}
	return false;
}

static void check_step(const struct way_context *context,
		       const struct way_step *step,
		       const struct mount_view *own, const char *below,
		       struct way_mounts *result)
{
	uint64_t id = step->absent ? step->parent.mnt_id : step->entry.mnt_id;
	size_t idx = mount_by_id(context->table, id);

	result->at = step->at;
	if (idx == NO_INDEX) {
		result->why =
			"a mount of another namespace, or one made meanwhile";
		return;
	}
	result->why = check_mount(context, &context->table->mounts.at[idx]);
	/* Onto its root only who writes to the bundle itself could mount. */
	if (id != context->root_mnt)
		result->slave |= context->more->at[idx].slave;
	if (!result->why && way_is_covered(context, own, below, step))
		result->why = "a mount is covered there by another";
}

/* A mount of the record that is not there is one that was taken away. */
static void check_missing(const struct way_context *context,
			  struct way_mounts *result)
{
	for (size_t i = 0; i < context->facts->n && !result->why; i++) {
		const struct mount_fact *fact = &context->facts->at[i];

		if (fact->present)
			continue;
		result->why = "a mount that the record has is not there";
		result->at = fact->record->destination;
	}
}

struct way_mounts way_mounts(const struct way_context *context,
			     const struct way *way,
			     const struct mount_view *own, const char *below)
{
	struct way_mounts result = { .why = why_not_whole(way) };

	for (size_t i = 0; i < way->look.way.n && !result.why; i++)
		check_step(context, &way->look.way.at[i], own, below, &result);
	if (!result.why) {
		result.at = NULL;
		check_missing(context, &result);
	}
	result.fit = result.why ? TRI_UNKNOWN : TRI_YES;
	return result;
}

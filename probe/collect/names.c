// SPDX-License-Identifier: Apache-2.0
/*
 * The looks of names.h. A container may change a name while it is looked at, and
 * an answer of two moments would be of none: the first look is taken again at
 * the end, and only where nothing moved meanwhile do both belong together. What
 * others make and remove beside it moves nothing; where it did, all is looked at
 * anew, a few times.
 */
#include "collect/names.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>

#include "collect/mounts.h"
#include "sockprobe/mount_table.h"

enum { MOST_LOOKS = 5 };

int name_looker_init(struct name_looker *looker, struct fetch *fetch,
		     struct arena *arena, int proc_dirfd, pid_t tid)
{
	const char *text;
	ssize_t len = fetch_mounts(fetch, proc_dirfd, tid, &text);
	int err;

	*looker = (struct name_looker){
		.fetch = fetch,
		.arena = arena,
		.root = { .proc_dirfd = proc_dirfd, .tid = tid },
	};
	if (len <= 0)
		return 0;
	err = parse_mountinfo(arena, text, (size_t)len, &looker->table,
			      &looker->more);
	looker->table_known = !err;
	return err == -ENOMEM ? err : 0;
}

/* ---- the upper directories of overlays ---- */

/*
 * Where the entry of a step would lie in the upper directory; NULL: not known.
 * The step's own path begins at `below`.
 */
static char *upper_path(const struct name_looker *looker, const char *below,
			const struct way_step *step)
{
	const char *at = below ? path_join(looker->arena, below, step->at + 1)
			       : step->at;
	const struct mount *mount;
	const char *upper;
	const char *rest;
	size_t idx;
	char *inside;

	if (!looker->table_known || !at)
		return NULL;
	idx = mount_by_id(&looker->table, step->parent.mnt_id);
	if (idx == NO_INDEX)
		return NULL;
	mount = &looker->table.mounts.at[idx];
	upper = looker->more.at[idx].upper;
	rest = path_below(at, mount->point);
	if (!upper || !rest)
		return NULL;
	inside = path_join(looker->arena, mount->root, rest);
	return inside ? path_join(looker->arena, upper, inside + 1) : NULL;
}

/* The last step of a look at an upper directory tells how far it goes. */
static enum upper_fact judge_upper(const struct path_look *look,
				   const char *path)
{
	const struct way_step *last;

	if (look->way_cut || !look->way.n)
		return UPPER_UNKNOWN;
	last = &look->way.at[look->way.n - 1];
	if (strcmp(last->at, path) == 0)
		return last->absent ? UPPER_LACKS_ENTRY : UPPER_HAS_ENTRY;
	return last->absent ? UPPER_LACKS_PARENT : UPPER_UNKNOWN;
}

static int look_at_upper(const struct name_looker *looker, const char *below,
			 const struct way_step *step, struct way_upper *upper)
{
	const struct fetch_root node = { .proc_dirfd = -1,
					 .ends_at_links = true };
	struct path_look look;
	const char *path;
	const char *top;
	size_t idx;
	int err;

	upper->fact = UPPER_UNKNOWN;
	path = upper_path(looker, below, step);
	if (!path)
		return 0;
	err = fetch_way(looker->fetch, looker->arena, node, path, &look);
	if (err)
		return err;
	upper->fact = judge_upper(&look, path);
	if (look.way.n)
		upper->magic = look.way.at[look.way.n - 1].parent_magic;
	if (upper->fact != UPPER_LACKS_PARENT)
		return 0;
	/* The upper directory itself is always there, or all of it is unseen. */
	idx = mount_by_id(&looker->table, step->parent.mnt_id);
	top = looker->more.at[idx].upper;
	if (!path_below(look.way.at[look.way.n - 1].at, top) ||
	    strcmp(look.way.at[look.way.n - 1].at, top) == 0)
		upper->fact = UPPER_UNKNOWN;
	return 0;
}

/* ---- one name ---- */

static bool is_same_entry(const struct inode *a, const struct inode *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->mnt_id == b->mnt_id;
}

static bool same_change(const struct inode *a, const struct inode *b)
{
	return a->change.tv_sec == b->change.tv_sec &&
	       a->change.tv_nsec == b->change.tv_nsec;
}

/*
 * A directory's time moves with whatever is made beside the entry: the later one
 * dates the entry then. In an overlay it may also mean that its upper directory,
 * which was looked at between, is another.
 */
static bool same_step(const struct way_step *a, const struct way_step *b)
{
	return strcmp(a->at, b->at) == 0 && a->absent == b->absent &&
	       is_same_entry(&a->entry, &b->entry) &&
	       same_change(&a->entry, &b->entry) &&
	       is_same_entry(&a->parent, &b->parent) &&
	       (a->parent_magic != OVERLAYFS_SUPER_MAGIC ||
		same_change(&a->parent, &b->parent));
}

static bool same_way(const struct path_look *a, const struct path_look *b)
{
	if (a->kind != b->kind || a->way.n != b->way.n || a->way_cut ||
	    b->way_cut)
		return false;
	for (size_t i = 0; i < a->way.n; i++) {
		if (!same_step(&a->way.at[i], &b->way.at[i]))
			return false;
	}
	return true;
}

static bool look_was_seen(const struct path_look *look)
{
	return look->kind != KIND_TIMED_OUT && look->kind != KIND_DENIED &&
	       look->kind != KIND_ERROR && look->kind != KIND_OUTSIDE_VIEW;
}

/* Looks at the name, at the upper directories, and at the name again. */
static int look_twice(struct name_looker *looker, struct fetch_root root,
		      const char *name, struct way *way)
{
	struct path_look first;
	int err = fetch_way(looker->fetch, looker->arena, root, name, &first);

	way->look = first;
	if (err || !look_was_seen(&first))
		return err;
	way->uppers = arena_alloc(looker->arena,
				  (first.way.n + 1) * sizeof(*way->uppers));
	if (!way->uppers)
		return -ENOMEM;
	for (size_t i = 0; i < first.way.n && !err; i++) {
		const struct way_step *step = &first.way.at[i];

		if (step->parent_magic == OVERLAYFS_SUPER_MAGIC)
			err = look_at_upper(looker, root.below, step,
					    &way->uppers[i]);
	}
	if (!err)
		err = fetch_way(looker->fetch, looker->arena, root, name,
				&way->look);
	way->steady = !err && same_way(&first, &way->look);
	if (!way->steady)
		way->look = first;
	return err;
}

int name_look(struct name_looker *looker, const char *below, const char *name,
	      struct way *way)
{
	struct fetch_root root = looker->root;
	int err = 0;

	root.below = below;
	*way = (struct way){ 0 };
	for (int i = 0; i < MOST_LOOKS && !err && !way->steady; i++) {
		err = look_twice(looker, root, name, way);
		if (!err && !look_was_seen(&way->look))
			break;
	}
	return err;
}

/* ---- the mounts of the record ---- */

/* The mount whose root the destination is, of those of the table. */
static const struct mount *mount_at(const struct name_looker *looker,
				    const struct path_look *look)
{
	size_t idx = mount_by_id(&looker->table, look->inode.mnt_id);
	const struct mount *mount;

	if (!look->resolved || idx == NO_INDEX)
		return NULL;
	mount = &looker->table.mounts.at[idx];
	return strcmp(mount->point, look->resolved) == 0 ? mount : NULL;
}

static enum tristate fits_source(const struct path_look *there,
				 const struct path_look *source)
{
	if (!look_was_seen(source))
		return TRI_UNKNOWN;
	if (!source->resolved)
		return TRI_NO;
	return source->inode.dev == there->inode.dev &&
			       source->inode.ino == there->inode.ino
		       ? TRI_YES
		       : TRI_NO;
}

static int look_at_mount(struct name_looker *looker, struct mount_fact *fact)
{
	const struct record_mount *record = fact->record;
	const struct mount *mount;
	struct path_look there;
	struct path_look source;
	int err = fetch_look(looker->fetch, looker->arena, looker->root,
			     record->destination, &there);

	if (err || !looker->table_known || !there.resolved)
		return err;
	mount = mount_at(looker, &there);
	if (!mount)
		return 0;
	fact->present = true;
	fact->mnt_id = there.inode.mnt_id;
	fact->kind = there.kind;
	fact->inode = there.inode;
	fact->inode.sb_dev = mount->dev;
	fact->point = there.resolved;
	if (!record->bind) {
		fact->fits =
			record->type && strcmp(record->type, mount->fstype) == 0
				? TRI_YES
				: TRI_NO;
		return 0;
	}
	if (!record->source)
		return 0;
	err = fetch_look(looker->fetch, looker->arena, FETCH_HOST,
			 record->source, &source);
	if (err)
		return err;
	fact->fits = fits_source(&there, &source);
	fact->source = source.resolved;
	return 0;
}

int name_look_at_mounts(struct name_looker *looker, const struct bundle *bundle,
			struct mount_fact_list *facts)
{
	int err = 0;

	for (size_t i = 0; i < bundle->mounts.n && !err; i++) {
		struct mount_fact *fact =
			list_add(looker->arena, facts, bundle->mounts.n);

		if (!fact)
			return -ENOMEM;
		*fact = (struct mount_fact){ .record = &bundle->mounts.at[i] };
		err = look_at_mount(looker, fact);
	}
	return err;
}

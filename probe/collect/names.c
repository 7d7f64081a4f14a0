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
#include <stdlib.h>
#include <string.h>

#include "collect/mounts.h"
#include "sockprobe/mount_table.h"

enum { MOST_LOOKS = 5 };

static bool limits_are_met(const struct name_limits *limits)
{
	return limits->silent || now_ms() >= limits->until;
}

/* One look for a container, unless it has had its part. */
static int look_within(const struct name_looker *looker, struct fetch_root root,
		       const char *path, struct path_look *look)
{
	int err;

	if (limits_are_met(looker->limits)) {
		*look = (struct path_look){ .kind = KIND_TIMED_OUT };
		return 0;
	}
	err = fetch_way(looker->fetch, looker->arena, root, path, look);
	looker->limits->silent |= look->kind == KIND_TIMED_OUT;
	return err;
}

int name_looker_init(struct name_looker *looker, struct fetch *fetch,
		     struct arena *arena, struct name_limits *limits,
		     int proc_dirfd, pid_t tid)
{
	const char *text;
	ssize_t len = limits_are_met(limits)
			      ? -ETIMEDOUT
			      : fetch_mounts(fetch, proc_dirfd, tid, &text);
	int err;

	limits->silent |= len == -ETIMEDOUT && now_ms() < limits->until;
	*looker = (struct name_looker){
		.fetch = fetch,
		.arena = arena,
		.limits = limits,
		.root = { .proc_dirfd = proc_dirfd, .tid = tid, .bare = true },
	};
	looker->table_err = len < 0 ? (int)len : 0;
	if (len <= 0)
		return 0;
	err = parse_mountinfo(arena, text, (size_t)len, &looker->table,
			      &looker->more);
	looker->table_known = !err;
	looker->table_err = err;
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
					 .ends_at_links = true,
					 .bare = true };
	const struct way_step *last;
	struct path_look look;
	const char *path;
	const char *top;
	size_t idx;
	int err;

	upper->fact = UPPER_UNKNOWN;
	path = upper_path(looker, below, step);
	if (!path)
		return 0;
	err = look_within(looker, node, path, &look);
	if (err)
		return err;
	upper->fact = judge_upper(&look, path);
	if (!look.way.n)
		return 0;
	last = &look.way.at[look.way.n - 1];
	upper->magic = last->parent_magic;
	if (upper->fact != UPPER_LACKS_PARENT)
		return 0;
	/* The upper directory itself is always there, or all of it is unseen. */
	idx = mount_by_id(&looker->table, step->parent.mnt_id);
	top = looker->more.at[idx].upper;
	if (!path_below(last->at, top) || strcmp(last->at, top) == 0)
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

/* A file where the name has a directory is an answer, as "missing" is one. */
static bool look_was_seen(const struct path_look *look)
{
	if (look->kind == KIND_ERROR && look->err == ENOTDIR)
		return true;
	return look->kind != KIND_TIMED_OUT && look->kind != KIND_DENIED &&
	       look->kind != KIND_ERROR && look->kind != KIND_OUTSIDE_VIEW;
}

bool name_has_directory(const struct path_look *look)
{
	if (look->kind == KIND_ERROR)
		return look->err != ENOTDIR;
	return look->kind != KIND_MISSING ||
	       (look->way.n && look->way.at[look->way.n - 1].last);
}

/* Is there no more to see of it, or none that matters? */
static bool look_is_enough(const struct path_look *look, enum name_depth depth)
{
	return !look_was_seen(look) ||
	       (depth == LOOK_IN_DIRECTORY && !name_has_directory(look));
}

/* Looks at the name, at the upper directories, and at the name again. */
static int look_twice(struct name_looker *looker, struct fetch_root root,
		      const char *name, enum name_depth depth, struct way *way)
{
	struct path_look first;
	int err = look_within(looker, root, name, &first);

	way->look = first;
	if (err || look_is_enough(&first, depth))
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
		err = look_within(looker, root, name, &way->look);
	way->steady = !err && same_way(&first, &way->look);
	if (!way->steady && way->look.kind != KIND_TIMED_OUT)
		way->look = first;
	return err;
}

int name_look(struct name_looker *looker, const char *below, const char *name,
	      enum name_depth depth, struct way *way)
{
	struct fetch_root root = looker->root;
	int err = 0;

	root.below = below;
	*way = (struct way){ 0 };
	for (int i = 0; i < MOST_LOOKS && !err && !way->steady; i++) {
		err = look_twice(looker, root, name, depth, way);
		if (!err && look_is_enough(&way->look, depth))
			break;
	}
	return err;
}

/* ---- the sources of mounts, on the node ---- */

enum { CACHE_SLOTS = 1024, CACHE_MEMORY = 8 << 20 };

/* What stands at a path of the node. */
struct node_source {
	const char *path;
	bool seen;
	const char *resolved; /* NULL: nothing stands there */
	dev_t dev;
	uint64_t ino;
	struct node_source *next; /* of the same slot */
};

struct source_cache {
	struct arena arena;
	struct node_source *slots[CACHE_SLOTS];
};

struct source_cache *source_cache_new(void)
{
	struct source_cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		arena_init(&cache->arena, CACHE_MEMORY);
	return cache;
}

void source_cache_free(struct source_cache *cache)
{
	if (!cache)
		return;
	arena_free(&cache->arena);
	free(cache);
}

static struct node_source **slot_of(struct source_cache *cache,
				    const char *path)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619U;
	return &cache->slots[hash % CACHE_SLOTS];
}

/* Where the cache is full, what is looked at is not kept. */
static void keep_source(struct source_cache *cache, struct node_source **slot,
			const struct node_source *source)
{
	struct node_source *kept = arena_alloc(&cache->arena, sizeof(*kept));

	if (!kept)
		return;
	*kept = *source;
	kept->path = arena_strdup(&cache->arena, source->path);
	if (source->resolved)
		kept->resolved = arena_strdup(&cache->arena, source->resolved);
	if (!kept->path || (source->resolved && !kept->resolved))
		return;
	kept->next = *slot;
	*slot = kept;
}

/*
 * Many containers have the same sources, and one that does not answer is not
 * waited for again. *source is valid as long as cache and looker are.
 */
static int look_at_source(const struct name_looker *looker,
			  struct source_cache *cache, const char *path,
			  struct node_source *source)
{
	const struct fetch_root node = { .proc_dirfd = -1, .bare = true };
	struct node_source **slot = slot_of(cache, path);
	struct path_look look;
	int err;

	for (const struct node_source *at = *slot; at; at = at->next) {
		if (strcmp(at->path, path) == 0) {
			*source = *at;
			return 0;
		}
	}
	err = fetch_look(looker->fetch, looker->arena, node, path, &look);
	if (err)
		return err;
	*source = (struct node_source){
		.path = path,
		.seen = look_was_seen(&look),
		.resolved = look.resolved,
		.dev = look.inode.dev,
		.ino = look.inode.ino,
	};
	keep_source(cache, slot, source);
	return 0;
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
				 const struct node_source *source)
{
	if (!source->seen)
		return TRI_UNKNOWN;
	return source->resolved && source->dev == there->inode.dev &&
			       source->ino == there->inode.ino
		       ? TRI_YES
		       : TRI_NO;
}

static int look_at_mount(struct name_looker *looker, struct source_cache *cache,
			 struct mount_fact *fact)
{
	const struct record_mount *record = fact->record;
	const struct mount *mount;
	struct node_source source;
	struct path_look there;
	int err =
		look_within(looker, looker->root, record->destination, &there);

	if (err || !looker->table_known || !there.resolved)
		return err;
	mount = mount_at(looker, &there);
	if (!mount)
		return 0;
	fact->present = true;
	fact->directory = there.kind == KIND_DIRECTORY;
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
	err = look_at_source(looker, cache, record->source, &source);
	if (err)
		return err;
	fact->fits = fits_source(&there, &source);
	fact->source = source.resolved;
	return 0;
}

int name_look_at_mounts(struct name_looker *looker, struct source_cache *cache,
			const struct bundle *bundle,
			struct mount_fact_list *facts)
{
	int err = 0;

	for (size_t i = 0; i < bundle->mounts.n && !err; i++) {
		struct mount_fact *fact =
			list_add(looker->arena, facts, bundle->mounts.n);

		if (!fact)
			return -ENOMEM;
		*fact = (struct mount_fact){ .record = &bundle->mounts.at[i] };
		err = look_at_mount(looker, cache, fact);
	}
	return err;
}

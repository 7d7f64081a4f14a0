/* SPDX-License-Identifier: Apache-2.0 */
/* What a name is, from one standpoint, with all that can date it. */
#ifndef SOCKPROBE_NAMES_H
#define SOCKPROBE_NAMES_H

#include "collect/fetch.h"
#include "sockprobe/evidence.h"
#include "sockprobe/way.h"

/* What directories of the node are, which the records of many containers name. */
struct source_cache;

/*
 * What one container may cost: one reader that does not answer, and the time
 * until `until` (now_ms()). After that its looks are KIND_TIMED_OUT, unasked.
 */
struct name_limits {
	int64_t until;
	bool silent; /* it did not answer once */
};

/* Where one mount namespace is looked at from: a thread, and its mount table. */
struct name_looker {
	struct fetch *fetch;
	struct arena *arena; /* of what is made here */
	struct name_limits *limits;
	struct fetch_root root;
	struct mount_view table;
	struct mount_more_list more;
	bool table_known;
	int table_err; /* -errno: why it is not known */
};

/*
 * Begins to look as thread `tid` of the process held as `proc_dirfd`: reads its
 * mount table. Where that is not possible, table_known is false. 0 or -ENOMEM.
 */
int name_looker_init(struct name_looker *looker, struct fetch *fetch,
		     struct arena *arena, struct name_limits *limits,
		     int proc_dirfd, pid_t tid);

/* Is a name whose own directory does not exist looked at as closely as others? */
enum name_depth { LOOK_WHOLE, LOOK_IN_DIRECTORY };

/*
 * Looks at `name`, in the directory `below` of that root (NULL: the root; else
 * its resolved path), and at the upper directory of each overlay on the way. 0 or
 * -ENOMEM; what could not be seen, way->look says.
 */
int name_look(struct name_looker *looker, const char *below, const char *name,
	      enum name_depth depth, struct way *way);

/* Does the name's own directory exist, or may it? */
bool name_has_directory(const struct path_look *look);

/* An empty cache, which source_cache_free() frees; NULL: no memory. */
struct source_cache *source_cache_new(void);
void source_cache_free(struct source_cache *cache);

/*
 * Looks at each mount that `bundle` asks for: where its destination leads in
 * this view, and whether that is what its source is on the node. `facts` has
 * one for each, in order. 0 or -ENOMEM.
 */
int name_look_at_mounts(struct name_looker *looker, struct source_cache *cache,
			const struct bundle *bundle,
			struct mount_fact_list *facts);

#endif

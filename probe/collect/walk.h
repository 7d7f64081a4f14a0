/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a path inside a root that may be hostile, one component at a time, by
 * descriptor. Runs only in a reader (fetch.h), because a dead file system may
 * block any of these calls for ever.
 */
#ifndef SOCKPROBE_WALK_H
#define SOCKPROBE_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "sockprobe/evidence.h"

/*
 * The outcome of a walk as plain bytes without pointers, so that it can be in
 * memory shared with the reader. Members mean the same as in struct path_look.
 */
struct walk_result {
	enum path_kind kind;
	int err;
	bool has_inode;
	struct inode inode; /* .selinux unused: see selinux */
	struct timespec absent_since;
	bool times_foreign;
	char selinux[256];
	char resolved[PATH_MAX];
	uint32_t nlinks;
	struct {
		char at[PATH_MAX];
		char target[PATH_MAX];
	} links[MAX_PATH_LINKS];
	uint32_t nsteps;
	struct path_step steps[MAX_STEPS];
	bool steps_cut;
	uint32_t nway;
	struct {
		uint32_t at; /* where its path begins in way_text */
		bool link, absent, last;
		uint32_t parent_magic;
		struct inode entry, parent;
	} way[MAX_STEPS];
	char way_text[4 * PATH_MAX]; /* paths, each ended by NUL */
	uint32_t way_text_len;
	bool way_cut;
	uint64_t entries;
	bool entries_cut;
	enum tristate entries_known;
};

/*
 * Walks `path` (absolute, in the root) to its end, following links inside the
 * root as the kernel would, ".." at the root staying there. Links of procfs,
 * which may lead elsewhere than their text says, are refused. Where what is found lies on the mount with id
 * `outside_mnt` (0: no such mount), the outcome is KIND_OUTSIDE_VIEW.
 * Where the walk's own bounds end it, result->err is E2BIG, which no path
 * lookup of the kernel's returns. Returns an O_PATH descriptor of the object, which the caller closes, or -1
 * where nothing stands there; *result tells what in either case. Zero *result
 * before. With WALK_ENDS_AT_LINKS a link, on the way or at the end, ends it as
 * O_NOFOLLOW does, with KIND_SYMLINK_LOOP.
 */
enum walk_links {
	WALK_FOLLOWS = 0,
	WALK_ENDS_AT_LINKS = 1,
	WALK_BARE = 2, /* one of both, without labels, ACLs and steps */
};
int walk(int rootfd, const char *path, uint64_t outside_mnt,
	 enum walk_links links, struct walk_result *result);

/*
 * Counts a directory's entries into *result, at most `most`; if there are more,
 * entries_cut is set.
 */
void walk_count_entries(int fd, uint64_t most, struct walk_result *result);

/*
 * Reads a regular file whole, at most `max` bytes, from an O_PATH descriptor,
 * and leaves its access time if that is allowed. Returns the length or -errno:
 * -EINVAL if it is not a regular file, -EFBIG if it is larger.
 */
ssize_t walk_read(int fd, char *buf, size_t max);

/*
 * Lists the names in a directory, each followed by NUL, without those that
 * start with a dot. Returns the bytes used or -errno; *cut if there are more.
 */
ssize_t walk_list(int fd, char *buf, size_t max, bool *cut);

#endif

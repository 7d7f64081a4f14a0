/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount tables: /proc/PID/mountinfo, once for each mount namespace and root
 * directory that a process of the node has.
 */
#ifndef SOCKPROBE_MOUNTS_H
#define SOCKPROBE_MOUNTS_H

#include "sockprobe/evidence.h"

/*
 * Fills ev->views and each process's .view; sets ev->own_view and
 * ev->node_view. Adds the coverage line "mount_tables". 0 or -errno.
 */
int mounts_collect(struct evidence *ev, int64_t deadline);

/*
 * One line of mountinfo (without its newline), as proc_pid_mountinfo(5) has
 * it; octal escapes are undone. The text is changed in place; the strings of
 * *mount, and of *more where that is not NULL, are copied into the arena. 0,
 * -EINVAL for another form, -ENOMEM.
 */
int parse_mountinfo_line(struct arena *arena, char *line, struct mount *mount,
			 struct mount_more *more);

/*
 * A whole table that was read before, and more[i] of its mount i; the lists are
 * empty at first. All of it or none: 0, -EINVAL where a line is not understood
 * or cut, -ENOMEM.
 */
int parse_mountinfo(struct arena *arena, const char *text, size_t len,
		    struct mount_view *view, struct mount_more_list *more);

/*
 * Reads a whole table from `fd`, line by line: at most MAX_MOUNTS, in at most a
 * part of the memory that the arena has left; then makes its index. `scratch`
 * is empty at first, and reused for the next table. Returns 0; -EOVERFLOW if
 * lines were left out (too many, too long, malformed); -ETIMEDOUT if time ran
 * out (`deadline` in now_ms() time); or another -errno. What was read stays.
 */
int read_mountinfo(struct arena *arena, int fd, int64_t deadline,
		   struct mount_list *scratch, struct mount_view *view);

#endif

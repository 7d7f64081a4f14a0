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
 * Parses one line of mountinfo (without its newline), as proc_pid_mountinfo(5)
 * has it, and undoes octal escapes. Changes the text in place; strings of
 * *mount are copied into the arena. 0, -EINVAL for another form, -ENOMEM.
 */
int parse_mountinfo_line(struct arena *arena, char *line, struct mount *mount);

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

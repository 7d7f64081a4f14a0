/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is read from a file system other than procfs is read by a
 * child process, which is killed when it does not answer: a dead NFS or FUSE
 * mount keeps any system call waiting as long as it likes. The parent only
 * ever gets bytes back, through memory that both share.
 */
#ifndef SOCKPROBE_FETCH_H
#define SOCKPROBE_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sockprobe/evidence.h"

/* At most this many bytes of one file, or of one directory's names. */
enum { FETCH_MAX = 8 * 1024 * 1024, FETCH_STEP_MS = 2000 };

struct fetch;

/*
 * Where a path is walked: the audited root, or the root of a process whose
 * /proc/PID directory is held as `proc_dirfd` (so that a pid used again cannot
 * be meant). proc_dirfd -1 means the audited root.
 */
struct fetch_root {
	int proc_dirfd;
};

#define FETCH_HOST ((struct fetch_root){ .proc_dirfd = -1 })

/*
 * Starts the child. `rootfd` is an O_PATH descriptor of the audited root;
 * `outside_mnt` as for walk(); `deadline` in now_ms() time: no call waits
 * longer, nor longer than FETCH_STEP_MS. Descriptors opened later are not seen
 * by the child. Returns 0 and *fetch, which fetch_stop() frees, or -errno.
 */
int fetch_start(int rootfd, uint64_t outside_mnt, int64_t deadline,
		struct fetch **fetch);
void fetch_stop(struct fetch *fetch);

/*
 * Walks a path and copies the outcome into the arena. Returns 0 (also for what
 * is missing or denied: look->kind says so), or -ENOMEM.
 */
int fetch_look(struct fetch *fetch, struct arena *arena, struct fetch_root root,
	       const char *path, struct path_look *look);

/*
 * Reads a regular file of the audited root. *data is NUL-terminated and valid
 * until the next call. Returns its length, or -errno: -ETIMEDOUT, -ENOENT,
 * -EACCES, -EXDEV outside the view, -EFBIG past FETCH_MAX, -EINVAL for what is
 * no regular file.
 */
ssize_t fetch_read(struct fetch *fetch, const char *path, const char **data);

/*
 * Lists a directory of the audited root, sorted, without names that begin with
 * a dot; names are owned by the arena. *cut: more than fits. 0 or -errno.
 */
int fetch_list(struct fetch *fetch, struct arena *arena, const char *path,
	       struct string_list *names, bool *cut);

/*
 * All paths that a pattern stands for, in which "*" is one whole component.
 * Directories that cannot be listed are skipped; the worst errno but ENOENT
 * and ENOTDIR is returned negative, so that coverage can tell; 0 otherwise.
 */
int fetch_glob(struct fetch *fetch, struct arena *arena, const char *pattern,
	       struct string_list *paths);

#endif

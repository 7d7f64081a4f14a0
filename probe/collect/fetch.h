/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is read from a file system other than procfs, and everything
 * of procfs that needs privileges once the probe has none, is read by another
 * process: a reader. A dead NFS or FUSE mount keeps any system call waiting as
 * long as it likes, so a reader that does not answer is killed and replaced. A
 * reader parses nothing; the probe only ever gets bytes back, through memory
 * that both share.
 */
#ifndef SOCKPROBE_FETCH_H
#define SOCKPROBE_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "collect/fetch_job.h"
#include "sockprobe/confinement.h"
#include "sockprobe/evidence.h"

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
 * Starts the keeper of the readers and the first of them. `rootfd` is an O_PATH
 * descriptor of the audited root; `outside_mnt` as for walk(); `deadline` in
 * now_ms() time: no call waits longer, and only a job longer than
 * FETCH_STEP_MS. Descriptors opened later are not seen by readers. They keep
 * the privileges that PHASE_READER has, which `confinement` gets to know with
 * the first answer. Returns 0 and *fetch, which fetch_stop() frees, or -errno.
 */
int fetch_start(int rootfd, uint64_t outside_mnt, int64_t deadline,
		struct fetch_job job, struct confinement *confinement,
		struct fetch **fetch);
void fetch_stop(struct fetch *fetch);

/* `len` bytes, valid until the next call; or -errno. */
struct fetch_answer {
	const void *bytes;
	ssize_t len;
};

/*
 * Has the job done, once in a run, in `parts` (1 to FETCH_PARTS) readers side
 * by side, each of which gets the whole input. Fills an answer for each.
 */
void fetch_run(struct fetch *fetch, const void *input, size_t len, size_t parts,
	       struct fetch_answer answers[]);

/*
 * Walks a path and copies the outcome into the arena. Returns 0 (also for what
 * is missing or denied: look->kind says so), or -ENOMEM.
 */
int fetch_look(struct fetch *fetch, struct arena *arena, struct fetch_root root,
	       const char *path, struct path_look *look);

/*
 * Reads a regular file of the audited root. *data is NUL-terminated and valid
 * until the next call; *modified its mtime (NULL: not wanted). Returns its length, or -errno: -ETIMEDOUT, -ETIME, -ENOENT,
 * -EACCES, -EXDEV outside the view, -EFBIG past FETCH_MAX, -EINVAL for what is
 * no regular file.
 */
ssize_t fetch_read(struct fetch *fetch, const char *path, const char **data,
		   struct timespec *modified);

/*
 * Lists a directory of the audited root, sorted, without names that begin with
 * a dot; names are owned by the arena. *cut: more than fits. 0 or -errno.
 */
int fetch_list(struct fetch *fetch, struct arena *arena, const char *path,
	       struct string_list *names, bool *cut);

/*
 * The kind of gap that an error of these is: a reader that did not answer, or
 * (-ETIME) no time left for all, which is no fault of what it was asked for.
 */
enum coverage_gap fetch_gap(int err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader is a process that reads for the probe: everything from file systems
 * other than procfs, and what of procfs needs privileges when the probe has
 * none. A dead NFS or FUSE mount blocks any system call for as long as it
 * likes, so a reader that does not answer is killed and replaced. A reader
 * parses nothing; the probe only gets bytes back, through shared memory.
 */
#ifndef SOCKPROBE_FETCH_H
#define SOCKPROBE_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "collect/fetch_job.h"
#include "sockprobe/confinement.h"
#include "sockprobe/evidence.h"

struct fetch;
struct task;

/*
 * Where a path is walked: the audited root, or the root of a process whose
 * /proc/PID directory is held as `proc_dirfd` (so that a pid used again cannot
 * be meant), or of one of its threads. proc_dirfd -1 means the audited root.
 */
struct fetch_root {
	int proc_dirfd;
	pid_t tid; /* of that process's threads; 0: the process itself */
	bool ends_at_links; /* follows none: a link is where the walk ends */
	bool bare; /* of what is there no label, ACL or entries are asked */
	const char *below; /* a directory in it that is the root; NULL: itself */
};

#define FETCH_HOST ((struct fetch_root){ .proc_dirfd = -1 })

/*
 * Starts the keeper and the first reader. `rootfd` is an O_PATH descriptor of
 * the audited root, `outside_mnt` as for walk(), `deadline` in now_ms() time:
 * no call waits longer, and only a job waits longer than FETCH_STEP_MS. Readers
 * do not have descriptors that are opened later. They keep the privileges of
 * PHASE_READER, which is added to `confinement` with the first answer. Returns
 * 0 and *fetch, which fetch_stop() frees, or -errno.
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
 * Runs the job, once in a run, in `parts` (1 to FETCH_PARTS) readers in
 * parallel, each with the whole input. Fills one answer for each part.
 */
void fetch_run(struct fetch *fetch, const void *input, size_t len, size_t parts,
	       struct fetch_answer answers[]);

/*
 * Walks a path and copies the outcome into the arena. Returns 0, also if the
 * path is missing or denied (look->kind), or -ENOMEM.
 */
int fetch_look(struct fetch *fetch, struct arena *arena, struct fetch_root root,
	       const char *path, struct path_look *look);

/* The same, with look->way: every entry that was passed. */
int fetch_way(struct fetch *fetch, struct arena *arena, struct fetch_root root,
	      const char *path, struct path_look *look);

/*
 * The threads of a process that is held as `proc_dirfd` (tasks.h), valid until
 * the next call; *cut where there are more. 0 or -errno: -ESRCH where it ended.
 */
int fetch_tasks(struct fetch *fetch, int proc_dirfd, pid_t pid,
		const struct task **tasks, size_t *n, bool *cut);

/*
 * The mountinfo of one thread, NUL-terminated, valid until the next call.
 * Returns its length, or -errno: -EFBIG past FETCH_MAX, -ESRCH for one that ended.
 */
ssize_t fetch_mounts(struct fetch *fetch, int proc_dirfd, pid_t tid,
		     const char **text);

/*
 * Reads a regular file of the audited root. *data is NUL-terminated and valid
 * until the next call; *modified is its mtime (NULL: not wanted). Returns its
 * length, or -errno: -ETIMEDOUT, -ENOENT, -EACCES, -EXDEV outside the view,
 * -EFBIG above FETCH_MAX, -EINVAL if it is not a regular file.
 */
ssize_t fetch_read(struct fetch *fetch, const char *path, const char **data,
		   struct timespec *modified);

/*
 * Lists a directory of the audited root, sorted, without names that begin with
 * a dot. The arena owns the names. *cut: there are more. 0 or -errno.
 */
int fetch_list(struct fetch *fetch, struct arena *arena, const char *path,
	       struct string_list *names, bool *cut);

/*
 * The kind of gap of an error of these functions: a reader that did not answer,
 * or no time left for the whole run (-ETIME), which is not the fault of the
 * path.
 */
enum coverage_gap fetch_gap(int err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* The other side of fetch.c: the readers, and the keeper that forks them. */
#include "collect/fetch_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/tasks.h"

static void serve_bytes(const struct request *request, int fd,
			struct shared *shared)
{
	if (request->op == OP_READ)
		shared->len = walk_read(fd, shared->bytes, FETCH_MAX);
	else
		shared->len =
			walk_list(fd, shared->bytes, FETCH_MAX, &shared->cut);
	if (shared->len >= 0)
		shared->bytes[shared->len] = '\0';
}

/* Of the last look only what was written needs to be made empty again. */
static void clear_look(struct walk_result *look)
{
	for (uint32_t i = 0; i < look->nlinks; i++) {
		look->links[i].at[0] = '\0';
		look->links[i].target[0] = '\0';
	}
	look->kind = KIND_ERROR;
	look->err = 0;
	look->has_inode = false;
	look->absent_since = (struct timespec){ 0 };
	look->times_foreign = false;
	look->nlinks = 0;
	look->nsteps = 0;
	look->steps_cut = false;
	look->nway = 0;
	look->way_text_len = 0;
	look->way_cut = false;
	look->entries = 0;
	look->entries_cut = false;
	look->entries_known = TRI_UNKNOWN;
	look->resolved[0] = '\0';
	look->selinux[0] = '\0';
}

/* The root of a process, or of one of its threads. */
static int open_view(const struct request *request)
{
	cleanup_close int tasksfd = -1;
	char name[32];

	if (!request->tid)
		return openat(request->proc_dirfd, "root",
			      O_PATH | O_DIRECTORY | O_CLOEXEC);
	tasksfd = tasks_open(request->proc_dirfd);
	if (tasksfd < 0) {
		errno = -tasksfd;
		return -1;
	}
	snprintf(name, sizeof(name), "%d/root", request->tid);
	return openat(tasksfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What needs no walk; false for another operation. */
static bool serve_plain(const struct fetch *fetch,
			const struct request *request, struct shared *shared)
{
	struct fetch_work work = {
		.bytes = shared->bytes,
		.len = request->len,
		.room = FETCH_MAX,
		.part = request->part,
		.parts = request->parts,
	};

	switch (request->op) {
	case OP_JOB:
		shared->len = fetch->job.run(fetch->job.data, &work);
		return true;
	case OP_MOUNTS:
		shared->len = tasks_read_mounts(request->proc_dirfd,
						request->tid, shared->bytes,
						FETCH_MAX + 1);
		return true;
	case OP_TASKS:
		shared->len = tasks_read(request->proc_dirfd, request->tid,
					 shared->bytes, FETCH_MAX,
					 &shared->cut);
		return true;
	default:
		return false;
	}
}

/* The root directory of a request other than the audited one. -1: look tells. */
static int open_request_root(const struct request *request,
			     struct walk_result *look)
{
	int view = open_view(request);

	if (view >= 0)
		return view;
	look->kind = errno == EACCES || errno == EPERM ? KIND_DENIED
						       : KIND_ERROR;
	look->err = errno;
	return -1;
}

static void serve_one(const struct fetch *fetch, const struct request *request,
		      struct shared *shared)
{
	struct walk_result *look = &shared->look;
	uint64_t outside_mnt = fetch->outside_mnt;
	int rootfd = fetch->rootfd;
	cleanup_close int view = -1;
	cleanup_close int below = -1;
	cleanup_close int fd = -1;

	if (serve_plain(fetch, request, shared))
		return;
	if (request->proc_dirfd >= 0) {
		rootfd = view = open_request_root(request, look);
		outside_mnt = 0;
		if (view < 0)
			return;
	}
	if (request->below[0]) {
		rootfd = below = walk(rootfd, request->below, outside_mnt,
				      WALK_FOLLOWS, look);
		if (below < 0 || look->kind != KIND_DIRECTORY) {
			/* what is told is of the path, never of its root */
			clear_look(look);
			look->err = ESTALE;
			return;
		}
		clear_look(look);
	}
	fd = walk(rootfd, request->path, outside_mnt, request->links, look);
	if (request->op == OP_LOOK) {
		if (fd >= 0 && look->kind == KIND_DIRECTORY &&
		    !(request->links & WALK_BARE))
			walk_count_entries(fd, MAX_ENTRIES, look);
		return;
	}
	shared->len = look->kind == KIND_OUTSIDE_VIEW ? -EXDEV : -look->err;
	if (fd >= 0 && shared->len == 0)
		serve_bytes(request, fd, shared);
}

static void answer(const struct channel *channel, char byte)
{
	if (write(channel->answers[1], &byte, 1) != 1)
		_exit(EXIT_INTERNAL);
}

void fetch_follow(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
}

/* Enters a phase and puts what the kernel reports of it into shared memory. */
static bool enter(enum phase phase, struct phase_facts *facts)
{
	struct confinement own = {
		.status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC),
	};
	struct error error;

	if (confine_enter(&own, phase, &error))
		return false;
	*facts = own.phases[0];
	close(own.status_fd);
	return true;
}

__attribute__((noreturn)) static void serve(const struct fetch *fetch,
					    const struct channel *channel)
{
	struct shared *shared = channel->shared;
	struct request request;
	bool confined = enter(PHASE_READER, &shared->reader);

	while (read_full(channel->requests[0], &request, sizeof(request)) ==
	       (ssize_t)sizeof(request)) {
		if (!confined) {
			answer(channel, ANSWER_FAILED);
			continue;
		}
		clear_look(&shared->look);
		shared->len = -EIO;
		shared->cut = false;
		serve_one(fetch, &request, shared);
		answer(channel, ANSWER_DONE);
	}
	_exit(0);
}

/*
 * A reader in an uninterruptible wait does not die at once, and waiting for it
 * would block the keeper. So it is reaped only if it has ended.
 */
static void end_reader(pid_t reader)
{
	if (reader <= 0)
		return;
	kill(reader, SIGKILL);
	for (int tries = 0; tries < 50; tries++) {
		if (waitpid(reader, NULL, WNOHANG) != 0)
			break;
		poll(NULL, 0, 1);
	}
}

void fetch_keep(struct fetch *fetch, int commands)
{
	pid_t readers[CHANNELS] = { 0 };
	pid_t self = getpid();
	unsigned char number;

	if (!enter(PHASE_KEEPER, &fetch->channels[0].shared->keeper))
		_exit(EXIT_INTERNAL);
	while (read(commands, &number, 1) == 1 && number < CHANNELS) {
		if (readers[number]) {
			end_reader(readers[number]);
			readers[number] = 0;
			continue;
		}
		readers[number] = fork();
		if (readers[number] < 0)
			answer(&fetch->channels[number], ANSWER_FAILED);
		if (readers[number] == 0) {
			fetch_follow(self);
			serve(fetch, &fetch->channels[number]);
		}
	}
	for (size_t i = 0; i < CHANNELS; i++)
		end_reader(readers[i]);
	_exit(0);
}

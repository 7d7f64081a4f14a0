// SPDX-License-Identifier: Apache-2.0
/*
 * The killable reader of fetch.h. One request at a time: the parent writes a
 * struct request into a pipe, the child works and answers one byte, the result
 * lies in shared memory. A child that does not answer is killed and replaced,
 * with fresh shared memory, so a late answer can reach nobody.
 */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "walk.h"

enum operation { OP_LOOK, OP_READ, OP_LIST };

struct request {
	enum operation op;
	int proc_dirfd;
	char path[PATH_MAX];
};

struct shared {
	struct walk_result look;
	ssize_t len; /* of bytes, or -errno */
	bool cut;
	char bytes[FETCH_MAX + 1];
};

struct fetch {
	pid_t child;
	int to_child;
	int from_child;
	struct shared *shared;
	int rootfd;
	uint64_t outside_mnt;
	int64_t deadline;
};

static bool read_whole(int fd, void *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, (char *)buf + len, size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		len += (size_t)got;
	}
	return true;
}

static void serve_bytes(const struct request *request, int fd,
			struct shared *shared)
{
	if (request->op == OP_READ)
		shared->len = walk_read(fd, shared->bytes, FETCH_MAX);
	else
		shared->len = walk_list(fd, shared->bytes, FETCH_MAX,
					&shared->cut);
	if (shared->len >= 0)
		shared->bytes[shared->len] = '\0';
}

static void serve_one(const struct request *request, int rootfd,
		      uint64_t outside_mnt, struct shared *shared)
{
	struct walk_result *look = &shared->look;
	cleanup_close int view = -1;
	cleanup_close int fd = -1;

	if (request->proc_dirfd >= 0) {
		view = openat(request->proc_dirfd, "root",
			      O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (view < 0) {
			look->kind = errno == EACCES || errno == EPERM ?
					     KIND_DENIED :
					     KIND_ERROR;
			look->err = errno;
			return;
		}
		rootfd = view;
		outside_mnt = 0;
	}
	fd = walk(rootfd, request->path, outside_mnt, look);
	if (request->op == OP_LOOK) {
		if (fd >= 0 && look->kind == KIND_DIRECTORY)
			walk_count_entries(fd, look);
		return;
	}
	shared->len = look->kind == KIND_OUTSIDE_VIEW ? -EXDEV : -look->err;
	if (fd >= 0 && shared->len == 0)
		serve_bytes(request, fd, shared);
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
	look->nlinks = 0;
	look->nsteps = 0;
	look->steps_cut = false;
	look->entries = 0;
	look->entries_cut = false;
	look->entries_known = TRI_UNKNOWN;
	look->resolved[0] = '\0';
	look->selinux[0] = '\0';
}

__attribute__((noreturn)) static void serve(int in, int out, int rootfd,
					    uint64_t outside_mnt,
					    struct shared *shared)
{
	struct request request;

	while (read_whole(in, &request, sizeof(request))) {
		clear_look(&shared->look);
		shared->len = -EIO;
		shared->cut = false;
		serve_one(&request, rootfd, outside_mnt, shared);
		if (write(out, "", 1) != 1)
			break;
	}
	_exit(0);
}

static int spawn(struct fetch *fetch)
{
	cleanup_close int in = -1;
	cleanup_close int out = -1;
	int requests[2];
	int answers[2];
	pid_t parent = getpid();

	if (pipe2(requests, O_CLOEXEC) < 0)
		return -errno;
	in = requests[0];
	fetch->to_child = requests[1];
	if (pipe2(answers, O_CLOEXEC) < 0)
		return -errno;
	fetch->from_child = answers[0];
	out = answers[1];
	fetch->shared = mmap(NULL, sizeof(*fetch->shared),
			     PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fetch->shared == MAP_FAILED) {
		fetch->shared = NULL;
		return -errno;
	}
	fetch->child = fork();
	if (fetch->child < 0)
		return -errno;
	if (fetch->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		close(fetch->to_child);
		close(fetch->from_child);
		serve(in, out, fetch->rootfd, fetch->outside_mnt,
		      fetch->shared);
	}
	return 0;
}

/*
 * A child in an uninterruptible wait does not die at once; waiting for it
 * would hang the parent for it, so it is only collected if it is gone.
 */
static void end_child(struct fetch *fetch)
{
	if (fetch->to_child >= 0)
		close(fetch->to_child);
	if (fetch->from_child >= 0)
		close(fetch->from_child);
	fetch->to_child = fetch->from_child = -1;
	if (fetch->child > 0) {
		kill(fetch->child, SIGKILL);
		for (int tries = 0; tries < 50; tries++) {
			if (waitpid(fetch->child, NULL, WNOHANG) != 0)
				break;
			poll(NULL, 0, 1);
		}
	}
	fetch->child = -1;
	if (fetch->shared)
		munmap(fetch->shared, sizeof(*fetch->shared));
	fetch->shared = NULL;
}

int fetch_start(int rootfd, uint64_t outside_mnt, int64_t deadline,
		struct fetch **fetch)
{
	struct fetch *made = calloc(1, sizeof(*made));
	int err;

	*fetch = NULL;
	if (!made)
		return -ENOMEM;
	*made = (struct fetch){
		.child = -1,
		.to_child = -1,
		.from_child = -1,
		.rootfd = rootfd,
		.outside_mnt = outside_mnt,
		.deadline = deadline,
	};
	err = spawn(made);
	if (err) {
		fetch_stop(made);
		return err;
	}
	*fetch = made;
	return 0;
}

void fetch_stop(struct fetch *fetch)
{
	if (!fetch)
		return;
	end_child(fetch);
	free(fetch);
}

static int replace_child(struct fetch *fetch)
{
	end_child(fetch);
	return spawn(fetch);
}

/* Has the child do one thing. 0, or -ETIMEDOUT, or another -errno. */
static int ask(struct fetch *fetch, enum operation op, struct fetch_root root,
	       const char *path)
{
	struct request request = { .op = op, .proc_dirfd = root.proc_dirfd };
	int64_t wait = fetch->deadline - now_ms();
	struct pollfd answer;
	char byte;
	int ready;

	if (wait <= 0)
		return -ETIMEDOUT;
	if (fetch->child < 0)
		return -EIO;
	if (wait > FETCH_STEP_MS)
		wait = FETCH_STEP_MS;
	if ((size_t)snprintf(request.path, sizeof(request.path), "%s", path) >=
	    sizeof(request.path))
		return -ENAMETOOLONG;
	if (write(fetch->to_child, &request, sizeof(request)) !=
	    (ssize_t)sizeof(request))
		return replace_child(fetch) ? -EIO : -ETIMEDOUT;
	answer = (struct pollfd){ .fd = fetch->from_child, .events = POLLIN };
	do
		ready = poll(&answer, 1, (int)wait);
	while (ready < 0 && errno == EINTR);
	if (ready == 1 && read_whole(fetch->from_child, &byte, 1))
		return 0;
	return replace_child(fetch) ? -EIO : -ETIMEDOUT;
}

static int copy_lists(struct arena *arena, const struct walk_result *from,
		      struct path_look *look)
{
	for (uint32_t i = 0; i < from->nlinks; i++) {
		struct path_link *link = list_add(arena, &look->links,
						  MAX_PATH_LINKS);

		if (!link)
			return -ENOMEM;
		link->at = arena_strdup(arena, from->links[i].at);
		link->target = arena_strdup(arena, from->links[i].target);
		if (!link->at || !link->target)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < from->nsteps; i++) {
		struct path_step *step = list_add(arena, &look->steps,
						  MAX_STEPS);

		if (!step)
			return -ENOMEM;
		*step = from->steps[i];
	}
	return 0;
}

static int copy_look(struct arena *arena, const struct walk_result *from,
		     struct path_look *look)
{
	look->kind = from->kind;
	look->err = from->err;
	look->steps_cut = from->steps_cut;
	look->entries = from->entries;
	look->entries_cut = from->entries_cut;
	look->entries_known = from->entries_known;
	if (from->has_inode) {
		look->inode = from->inode;
		look->resolved = arena_strdup(arena, from->resolved);
		if (!look->resolved)
			return -ENOMEM;
		if (from->selinux[0]) {
			look->inode.selinux = arena_strdup(arena,
							   from->selinux);
			if (!look->inode.selinux)
				return -ENOMEM;
		}
	}
	return copy_lists(arena, from, look);
}

int fetch_look(struct fetch *fetch, struct arena *arena, struct fetch_root root,
	       const char *path, struct path_look *look)
{
	int err = ask(fetch, OP_LOOK, root, path);

	*look = (struct path_look){ 0 };
	if (!err)
		return copy_look(arena, &fetch->shared->look, look);
	look->kind = err == -ETIMEDOUT ? KIND_TIMED_OUT : KIND_ERROR;
	look->err = -err;
	return 0;
}

ssize_t fetch_read(struct fetch *fetch, const char *path, const char **data)
{
	int err = ask(fetch, OP_READ, FETCH_HOST, path);

	*data = "";
	if (err)
		return err;
	if (fetch->shared->len >= 0)
		*data = fetch->shared->bytes;
	return fetch->shared->len;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int fetch_list(struct fetch *fetch, struct arena *arena, const char *path,
	       struct string_list *names, bool *cut)
{
	int err = ask(fetch, OP_LIST, FETCH_HOST, path);
	const char *at;
	const char *end;

	*cut = false;
	if (err)
		return err;
	if (fetch->shared->len < 0)
		return (int)fetch->shared->len;
	*cut = fetch->shared->cut;
	at = fetch->shared->bytes;
	for (end = at + fetch->shared->len; at < end; at += strlen(at) + 1) {
		const char **slot = list_add(arena, names, MAX_ENTRIES);

		if (!slot)
			return -errno;
		*slot = arena_strdup(arena, at);
		if (!*slot)
			return -ENOMEM;
	}
	if (names->n)
		qsort(names->at, names->n, sizeof(*names->at), compare_names);
	return 0;
}

/* Expands the first "*" of `pattern` by what its directory holds. */
static int glob_once(struct fetch *fetch, struct arena *arena,
		     const char *pattern, const char *star,
		     struct string_list *paths)
{
	char *dir = arena_strndup(arena, pattern, (size_t)(star - pattern));
	struct string_list names = { 0 };
	int worst = 0;
	bool cut;
	int err;

	if (!dir)
		return -ENOMEM;
	err = fetch_list(fetch, arena, dir, &names, &cut);
	if (err == -ENOENT || err == -ENOTDIR || err == -EINVAL)
		return 0;
	if (err)
		return err;
	if (cut)
		worst = -EFBIG;
	for (size_t i = 0; i < names.n; i++) {
		char *next;

		/* An entry of this very name would be expanded for ever. */
		if (strcmp(names.at[i], "*") == 0)
			continue;
		next = arena_printf(arena, "%s%s%s", dir, names.at[i],
				    star + 1);
		if (!next)
			return -ENOMEM;
		err = fetch_glob(fetch, arena, next, paths);
		if (err)
			worst = err;
	}
	return worst;
}

int fetch_glob(struct fetch *fetch, struct arena *arena, const char *pattern,
	       struct string_list *paths)
{
	const char *star = strstr(pattern, "/*");
	const char **slot;

	/* Only a whole component is a star; a name may hold one. */
	while (star && star[2] != '\0' && star[2] != '/')
		star = strstr(star + 2, "/*");
	if (star)
		return glob_once(fetch, arena, pattern, star + 1, paths);
	slot = list_add(arena, paths, MAX_RECORDS);
	if (!slot)
		return -errno;
	*slot = pattern;
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The readers of fetch.h (theory of operation: probe/README.md). One request at
 * a time: the probe writes a struct request into a pipe, the reader works and
 * answers with one byte, the result lies in shared memory. Each reader has a
 * channel of its own, so that a late answer of a lost reader reaches nobody.
 * All channels are made before the probe gives up its privileges; the keeper
 * holds them, and forks the reader of the next channel when it receives the
 * channel's number.
 */
#include "collect/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/fetch_channel.h"
#include "collect/tasks.h"

static int make_channel(struct channel *channel)
{
	if (pipe2(channel->requests, O_CLOEXEC) < 0 ||
	    pipe2(channel->answers, O_CLOEXEC) < 0)
		return -errno;
	channel->shared =
		mmap(NULL, sizeof(*channel->shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (channel->shared == MAP_FAILED) {
		channel->shared = NULL;
		return -errno;
	}
	return 0;
}

static void close_pair(const int pair[static 2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
	}
}

static void end_channel(struct channel *channel)
{
	close_pair(channel->requests);
	close_pair(channel->answers);
	if (channel->shared)
		munmap(channel->shared, sizeof(*channel->shared));
}

/* Has the keeper start the channel's reader, or kill it if it has one. */
static int toggle_reader(struct fetch *fetch, size_t channel)
{
	unsigned char number = (unsigned char)channel;

	return write(fetch->to_keeper, &number, 1) == 1 ? 0 : -EIO;
}

static int start_keeper(struct fetch *fetch)
{
	pid_t parent = getpid();
	int commands[2];

	if (pipe2(commands, O_CLOEXEC) < 0)
		return -errno;
	fetch->to_keeper = commands[1];
	fetch->keeper = fork();
	if (fetch->keeper == 0) {
		fetch_follow(parent);
		close(commands[1]);
		fetch_keep(fetch, commands[0]);
	}
	close(commands[0]);
	return fetch->keeper < 0 ? -errno : toggle_reader(fetch, 0);
}

int fetch_start(int rootfd, uint64_t outside_mnt, int64_t deadline,
		struct fetch_job job, struct confinement *confinement,
		struct fetch **fetch)
{
	struct fetch *made = calloc(1, sizeof(*made));
	int err = 0;

	*fetch = NULL;
	if (!made)
		return -ENOMEM;
	*made = (struct fetch){
		.keeper = -1,
		.to_keeper = -1,
		.rootfd = rootfd,
		.outside_mnt = outside_mnt,
		.deadline = deadline,
		.job = job,
		.confinement = confinement,
	};
	for (size_t i = 0; i < CHANNELS; i++)
		made->channels[i] =
			(struct channel){ { -1, -1 }, { -1, -1 }, NULL };
	for (size_t i = 0; i < CHANNELS && !err; i++)
		err = make_channel(&made->channels[i]);
	if (!err)
		err = start_keeper(made);
	if (err) {
		fetch_stop(made);
		return err;
	}
	*fetch = made;
	return 0;
}

/* The keeper ends when its pipe is closed. */
void fetch_stop(struct fetch *fetch)
{
	if (!fetch)
		return;
	if (fetch->to_keeper >= 0)
		close(fetch->to_keeper);
	if (fetch->keeper > 0)
		waitpid(fetch->keeper, NULL, 0);
	for (size_t i = 0; i < CHANNELS; i++)
		end_channel(&fetch->channels[i]);
	free(fetch);
}

/*
 * Has the reader killed and the next one started. Returns -ETIMEDOUT, or -EIO
 * if the keeper cannot be told.
 */
static int give_up_reader(struct fetch *fetch)
{
	int err = toggle_reader(fetch, fetch->now++);

	if (!err && fetch->now < FETCH_READERS)
		err = toggle_reader(fetch, fetch->now);
	return err ? err : -ETIMEDOUT;
}

static void note_confinement(struct fetch *fetch, const struct shared *shared)
{
	if (fetch->noted)
		return;
	fetch->noted = true;
	confine_note(fetch->confinement, &fetch->channels[0].shared->keeper);
	confine_note(fetch->confinement, &shared->reader);
}

static struct shared *answered(struct fetch *fetch)
{
	return fetch->channels[fetch->now].shared;
}

static bool send_request(const struct channel *channel,
			 const struct request *request)
{
	return write(channel->requests[1], request, sizeof(*request)) ==
	       (ssize_t)sizeof(*request);
}

/*
 * 0 for an answer in time, -EIO for one that reports failure, else -ETIMEDOUT.
 */
static int await_answer(const struct channel *channel, int64_t until)
{
	struct pollfd answer = { .fd = channel->answers[0], .events = POLLIN };
	int64_t wait = until - now_ms();
	char byte;
	int ready;

	do
		ready = poll(&answer, 1, wait > 0 ? (int)wait : 0);
	while (ready < 0 && errno == EINTR);
	if (ready != 1 || read_full(channel->answers[0], &byte, 1) != 1)
		return -ETIMEDOUT;
	return byte == ANSWER_DONE ? 0 : -EIO;
}

/*
 * Sends one request and awaits its answer. 0; -ETIMEDOUT if the reader did not
 * answer; -ETIME if the run's deadline passed; or another -errno.
 */
static int ask(struct fetch *fetch, const struct request *request)
{
	int64_t until = now_ms() + FETCH_STEP_MS;
	const struct channel *channel;
	int err;

	if (now_ms() >= fetch->deadline)
		return -ETIME;
	/* After FETCH_READERS lost readers nothing is asked any more. */
	if (fetch->now == FETCH_READERS)
		return -ETIMEDOUT;
	if (until > fetch->deadline)
		until = fetch->deadline;
	channel = &fetch->channels[fetch->now];
	err = send_request(channel, request) ? await_answer(channel, until)
					     : -ETIMEDOUT;
	if (err == -ETIMEDOUT) {
		err = give_up_reader(fetch);
		if (err == -ETIMEDOUT && until == fetch->deadline)
			return -ETIME;
		return err;
	}
	if (!err)
		note_confinement(fetch, channel->shared);
	return err;
}

static int ask_path(struct fetch *fetch, enum operation op,
		    struct fetch_root root, const char *path)
{
	struct request request = {
		.op = op,
		.proc_dirfd = root.proc_dirfd,
		.tid = root.tid,
		.links = (root.ends_at_links ? WALK_ENDS_AT_LINKS
					     : WALK_FOLLOWS) |
			 (root.bare || op != OP_LOOK ? WALK_BARE : 0),
	};

	if ((size_t)snprintf(request.path, sizeof(request.path), "%s", path) >=
		    sizeof(request.path) ||
	    (size_t)snprintf(request.below, sizeof(request.below), "%s",
			     root.below ? root.below : "") >=
		    sizeof(request.below))
		return -ENAMETOOLONG;
	return ask(fetch, &request);
}

/* The channel that part `i` of a job has. */
static size_t channel_of_part(const struct fetch *fetch, size_t i)
{
	return i ? FETCH_READERS + i - 1 : fetch->now;
}

static int start_part(struct fetch *fetch, struct request *request,
		      const void *input)
{
	size_t number = channel_of_part(fetch, request->part);
	const struct channel *channel = &fetch->channels[number];

	if (request->part && toggle_reader(fetch, number))
		return -EIO;
	memcpy(channel->shared->bytes, input, request->len);
	return send_request(channel, request) ? 0 : -EIO;
}

/* A job ends at the deadline by itself, and then still has to answer. */
static void end_part(struct fetch *fetch, size_t i, struct fetch_answer *answer)
{
	size_t number = channel_of_part(fetch, i);
	const struct channel *channel = &fetch->channels[number];

	if (!answer->len)
		answer->len =
			await_answer(channel, fetch->deadline + FETCH_STEP_MS);
	if (!answer->len) {
		note_confinement(fetch, channel->shared);
		answer->bytes = channel->shared->bytes;
		answer->len = channel->shared->len;
	} else if (i == 0) {
		give_up_reader(fetch);
	}
	if (i)
		toggle_reader(fetch, number);
}

void fetch_run(struct fetch *fetch, const void *input, size_t len, size_t parts,
	       struct fetch_answer answers[])
{
	struct request request = {
		.op = OP_JOB,
		.proc_dirfd = -1,
		.len = len,
		.parts = parts,
	};

	for (size_t i = 0; i < parts; i++) {
		request.part = i;
		answers[i] = (struct fetch_answer){ 0 };
		if (len > FETCH_MAX)
			answers[i].len = -EFBIG;
		else if (fetch->now == FETCH_READERS)
			answers[i].len = -ETIMEDOUT;
		else
			answers[i].len = start_part(fetch, &request, input);
	}
	for (size_t i = parts; i-- > 0;)
		end_part(fetch, i, &answers[i]);
}

static int copy_lists(struct arena *arena, const struct walk_result *from,
		      struct path_look *look)
{
	for (uint32_t i = 0; i < from->nlinks; i++) {
		struct path_link *link =
			list_add(arena, &look->links, MAX_PATH_LINKS);

		if (!link)
			return -ENOMEM;
		link->at = arena_strdup(arena, from->links[i].at);
		link->target = arena_strdup(arena, from->links[i].target);
		if (!link->at || !link->target)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < from->nsteps; i++) {
		struct path_step *step =
			list_add(arena, &look->steps, MAX_STEPS);

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
	look->absent_since = from->absent_since;
	look->times_foreign = from->times_foreign;
	if (from->has_inode) {
		look->inode = from->inode;
		look->resolved = arena_strdup(arena, from->resolved);
		if (!look->resolved)
			return -ENOMEM;
		if (from->selinux[0]) {
			look->inode.selinux =
				arena_strdup(arena, from->selinux);
			if (!look->inode.selinux)
				return -ENOMEM;
		}
	}
	return copy_lists(arena, from, look);
}

static int copy_way(struct arena *arena, const struct walk_result *from,
		    struct path_look *look)
{
	look->way_cut = from->way_cut;
	for (uint32_t i = 0; i < from->nway; i++) {
		struct way_step *step = list_add(arena, &look->way, MAX_STEPS);

		if (!step)
			return -ENOMEM;
		*step = (struct way_step){
			.at = arena_intern(arena,
					   from->way_text + from->way[i].at),
			.link = from->way[i].link,
			.absent = from->way[i].absent,
			.last = from->way[i].last,
			.entry = from->way[i].entry,
			.parent = from->way[i].parent,
			.parent_magic = from->way[i].parent_magic,
		};
		if (!step->at)
			return -ENOMEM;
	}
	return 0;
}

/* Are all texts of the answer inside it and ended, and its counts bounds? */
static bool is_sound(const struct walk_result *look)
{
	if (look->nlinks > MAX_PATH_LINKS || look->nsteps > MAX_STEPS ||
	    look->nway > MAX_STEPS ||
	    look->way_text_len > sizeof(look->way_text) ||
	    (look->nway &&
	     (!look->way_text_len || look->way_text[look->way_text_len - 1])) ||
	    strnlen(look->resolved, PATH_MAX) == PATH_MAX)
		return false;
	for (uint32_t i = 0; i < look->nway; i++) {
		if (look->way[i].at >= look->way_text_len)
			return false;
	}
	return true;
}

static int look_with(struct fetch *fetch, struct arena *arena,
		     struct fetch_root root, const char *path, bool with_way,
		     struct path_look *look)
{
	int err = ask_path(fetch, OP_LOOK, root, path);

	*look = (struct path_look){ 0 };
	if (!err && !is_sound(&answered(fetch)->look))
		err = -EIO;
	if (err) {
		look->kind = err == -ETIMEDOUT || err == -ETIME ? KIND_TIMED_OUT
								: KIND_ERROR;
		look->err = -err;
		return 0;
	}
	err = copy_look(arena, &answered(fetch)->look, look);
	if (!err && with_way)
		err = copy_way(arena, &answered(fetch)->look, look);
	/* Half of a look would be told as the whole. */
	if (err)
		*look = (struct path_look){ .kind = KIND_ERROR, .err = -err };
	return err;
}

int fetch_look(struct fetch *fetch, struct arena *arena, struct fetch_root root,
	       const char *path, struct path_look *look)
{
	return look_with(fetch, arena, root, path, false, look);
}

int fetch_way(struct fetch *fetch, struct arena *arena, struct fetch_root root,
	      const char *path, struct path_look *look)
{
	return look_with(fetch, arena, root, path, true, look);
}

int fetch_tasks(struct fetch *fetch, int proc_dirfd, pid_t pid,
		const struct task **tasks, size_t *n, bool *cut)
{
	const struct request request = { .op = OP_TASKS,
					 .proc_dirfd = proc_dirfd,
					 .tid = pid };
	int err = ask(fetch, &request);
	ssize_t len;

	*n = 0;
	*cut = false;
	if (err)
		return err;
	len = answered(fetch)->len;
	if (len < 0)
		return (int)len;
	if (len > FETCH_MAX || (size_t)len % sizeof(**tasks))
		return -EIO;
	*tasks = (const struct task *)(const void *)answered(fetch)->bytes;
	*n = (size_t)len / sizeof(**tasks);
	*cut = answered(fetch)->cut;
	return 0;
}

ssize_t fetch_mounts(struct fetch *fetch, int proc_dirfd, pid_t tid,
		     const char **text)
{
	const struct request request = {
		.op = OP_MOUNTS,
		.proc_dirfd = proc_dirfd,
		.tid = tid,
	};
	int err = ask(fetch, &request);

	*text = "";
	if (err)
		return err;
	if (answered(fetch)->len >= 0)
		*text = answered(fetch)->bytes;
	return answered(fetch)->len;
}

ssize_t fetch_read(struct fetch *fetch, const char *path, const char **data,
		   struct timespec *modified)
{
	int err = ask_path(fetch, OP_READ, FETCH_HOST, path);

	*data = "";
	if (err)
		return err;
	if (answered(fetch)->len >= 0)
		*data = answered(fetch)->bytes;
	if (modified)
		*modified = answered(fetch)->look.inode.modify;
	return answered(fetch)->len;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int fetch_list(struct fetch *fetch, struct arena *arena, const char *path,
	       struct string_list *names, bool *cut)
{
	int err = ask_path(fetch, OP_LIST, FETCH_HOST, path);
	const char *at;
	const char *end;

	*cut = false;
	if (err)
		return err;
	if (answered(fetch)->len < 0)
		return (int)answered(fetch)->len;
	*cut = answered(fetch)->cut;
	at = answered(fetch)->bytes;
	for (end = at + answered(fetch)->len; at < end; at += strlen(at) + 1) {
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

enum coverage_gap fetch_gap(int err)
{
	return err == -ETIMEDOUT ? GAP_SILENT : coverage_gap_of(err);
}

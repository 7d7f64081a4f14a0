// SPDX-License-Identifier: Apache-2.0
/* The mount table collector and the parser of mountinfo. */
#include "collect/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collect/procs.h"
#include "sockprobe/mount_table.h"

/*
 * An escaped path of PATH_MAX bytes takes four times as much, overlay's options
 * up to a page more.
 */
enum { LINE_MAX_SIZE = 64 * 1024 };

/*
 * For each line the kernel climbs the whole stack that the mount lies on: if a
 * container stacks tens of thousands of mounts, its table takes minutes. One
 * table gets this long.
 */
enum { TABLE_MS = 2000 };

/*
 * A container may have many tables of any size. So one table takes at most this
 * part of the time and memory that are left for all.
 */
enum { PART_OF_WHAT_IS_LEFT = 4 };

/* The memory of one mount: itself, and its entries in by_parent and top. */
enum { MOUNT_SIZE = sizeof(struct mount) + 2 * sizeof(uint32_t) };

/* Undoes the kernel's \ooo escapes (seq_path: blank, tab, newline, \). */
static void unescape(char *text)
{
	char *out = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
		    text[2] >= '0' && text[2] <= '7' && text[3] >= '0' &&
		    text[3] <= '7') {
			*out++ = (char)((text[1] - '0') * 64 +
					(text[2] - '0') * 8 + (text[3] - '0'));
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/* Is one of the comma-separated options exactly this one? */
static bool has_option(const char *options, const char *wanted)
{
	size_t len = strlen(wanted);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, wanted, len) == 0 &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

enum { F_ID, F_PARENT, F_DEV, F_ROOT, F_POINT, F_OPTIONS, F_FIRST_OPTIONAL };

static int parse_numbers(char *const field[], struct mount *mount)
{
	uint64_t id;
	uint64_t parent;
	uint64_t minor_number;
	uint64_t major_number;
	char *colon = strchr(field[F_DEV], ':');

	if (!colon)
		return -EINVAL;
	*colon = '\0';
	if (parse_u64(field[F_ID], UINT32_MAX, &id) ||
	    parse_u64(field[F_PARENT], UINT32_MAX, &parent) ||
	    parse_u64(field[F_DEV], UINT32_MAX, &major_number) ||
	    parse_u64(colon + 1, UINT32_MAX, &minor_number))
		return -EINVAL;
	mount->id = (uint32_t)id;
	mount->parent = (uint32_t)parent;
	mount->dev =
		makedev((unsigned int)major_number, (unsigned int)minor_number);
	return 0;
}

/* The value of "upperdir=" among an overlay's options, its escapes undone. */
static int take_upper(struct arena *arena, char *options, const char **upper)
{
	static const char key[] = "upperdir=";
	char *save = NULL;

	for (char *word = strtok_r(options, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		if (!has_prefix(word, key))
			continue;
		unescape(word + strlen(key));
		*upper = arena_intern(arena, word + strlen(key));
		return *upper ? 0 : -ENOMEM;
	}
	return 0;
}

/* What stands behind the type: the source, and the super block's options. */
static int take_more(struct arena *arena, const struct mount *mount,
		     char **save, struct mount_more *more)
{
	char *source = strtok_r(NULL, " ", save);
	char *options = source ? strtok_r(NULL, " ", save) : NULL;

	if (!options || strcmp(mount->fstype, "overlay") != 0)
		return 0;
	return take_upper(arena, options, &more->upper);
}

int parse_mountinfo_line(struct arena *arena, char *line, struct mount *mount,
			 struct mount_more *more)
{
	char *field[F_FIRST_OPTIONAL];
	char *fstype = NULL;
	char *save = NULL;
	bool slave = false;
	size_t n = 0;

	for (char *word = strtok_r(line, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		if (n < F_FIRST_OPTIONAL) {
			field[n++] = word;
		} else if (strcmp(word, "-") == 0) {
			fstype = strtok_r(NULL, " ", &save);
			break;
		} else {
			slave |= has_prefix(word, "master:");
		}
	}
	if (n < F_FIRST_OPTIONAL || !fstype || parse_numbers(field, mount))
		return -EINVAL;
	unescape(field[F_ROOT]);
	unescape(field[F_POINT]);
	if (field[F_POINT][0] != '/')
		return -EINVAL;
	mount->idmapped = has_option(field[F_OPTIONS], "idmapped");
	mount->read_only = has_option(field[F_OPTIONS], "ro");
	mount->root = arena_intern(arena, field[F_ROOT]);
	mount->point = arena_intern(arena, field[F_POINT]);
	mount->fstype = arena_intern(arena, fstype);
	if (!mount->root || !mount->point || !mount->fstype)
		return -ENOMEM;
	if (!more)
		return 0;
	*more = (struct mount_more){ .slave = slave };
	return take_more(arena, mount, &save, more);
}

int parse_mountinfo(struct arena *arena, const char *text, size_t len,
		    struct mount_view *view, struct mount_more_list *more)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct mount *mount;
		struct mount_more *extra;
		char *line;
		int err;

		if (!newline)
			return -EINVAL; /* the last line is cut */
		line = arena_strndup(arena, text, (size_t)(newline - text));
		mount = list_add(arena, &view->mounts, MAX_MOUNTS);
		extra = list_add(arena, more, MAX_MOUNTS);
		if (!line || !mount || !extra)
			return -ENOMEM;
		err = parse_mountinfo_line(arena, line, mount, extra);
		if (err)
			return err;
		text = newline + 1;
	}
	return mount_table_index(arena, view);
}

/*
 * Adds one line to the table. 0; -EOVERFLOW if the line was left out; -ENOMEM
 * if the arena's limit or `most` is met.
 */
static int add_line(struct arena *arena, char *line, struct mount_list *mounts,
		    size_t most)
{
	struct mount mount = { 0 };
	struct mount *slot;
	int err = parse_mountinfo_line(arena, line, &mount, NULL);

	if (err)
		return err == -EINVAL ? -EOVERFLOW : err;
	slot = list_add(arena, mounts, most);
	if (!slot)
		return -ENOMEM;
	*slot = mount;
	return 0;
}

/*
 * Adds the complete lines of the buffer and moves the rest to its start.
 * `*skipping`: inside a line that is longer than the buffer and left out.
 */
static int take_lines(struct arena *arena, struct mount_list *mounts,
		      size_t most, char *buffer, size_t *have, bool *skipping)
{
	char *start = buffer;
	char *newline;
	int worst = 0;

	while ((newline = memchr(start, '\n',
				 *have - (size_t)(start - buffer)))) {
		int err = 0;

		*newline = '\0';
		if (!*skipping)
			err = add_line(arena, start, mounts, most);
		if (err == -ENOMEM)
			return err;
		if (err)
			worst = err;
		*skipping = false;
		start = newline + 1;
	}
	*have -= (size_t)(start - buffer);
	memmove(buffer, start, *have);
	if (*have == LINE_MAX_SIZE) {
		*skipping = true;
		*have = 0;
		worst = -EOVERFLOW;
	}
	return worst;
}

/* Copies a list that grew into memory of its exact size. */
static int keep_mounts(struct arena *arena, const struct mount_list *mounts,
		       struct mount_view *view)
{
	size_t size = mounts->n * sizeof(*mounts->at);

	view->mounts.at = arena_alloc(arena, size + 1);
	if (!view->mounts.at)
		return -ENOMEM;
	if (size)
		memcpy(view->mounts.at, mounts->at, size);
	view->mounts.n = view->mounts.room = mounts->n;
	return mount_table_index(arena, view);
}

/*
 * The first half of read_mountinfo(), with its errors; -ENOMEM as for
 * add_line().
 */
static int read_lines(struct arena *arena, int fd, int64_t deadline,
		      struct mount_list *mounts, size_t most)
{
	char buffer[LINE_MAX_SIZE];
	bool skipping = false;
	size_t have = 0;
	int worst = 0;

	while (worst != -ETIMEDOUT) {
		ssize_t got = read(fd, buffer + have, sizeof(buffer) - have);
		int err;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		have += (size_t)got;
		err = take_lines(arena, mounts, most, buffer, &have, &skipping);
		if (err == -ENOMEM)
			return err;
		if (err)
			worst = err;
		if (now_ms() > deadline)
			worst = -ETIMEDOUT;
	}
	/* A table that does not end with a newline is incomplete. */
	if ((have || skipping) && !worst)
		worst = -EOVERFLOW;
	return worst;
}

int read_mountinfo(struct arena *arena, int fd, int64_t deadline,
		   struct mount_list *scratch, struct mount_view *view)
{
	size_t limit = arena->limit;
	size_t part = (limit - arena->used) / PART_OF_WHAT_IS_LEFT;
	size_t most = part / MOUNT_SIZE;
	int worst;
	int err;

	scratch->n = 0;
	arena->limit = arena->used + part;
	worst = read_lines(arena, fd, deadline, scratch,
			   most < MAX_MOUNTS ? most : MAX_MOUNTS);
	arena->limit = limit;
	if (worst == -ENOMEM)
		worst = -EOVERFLOW;
	if (worst && worst != -EOVERFLOW && worst != -ETIMEDOUT)
		return worst;
	err = keep_mounts(arena, scratch, view);
	return err ? err : worst;
}

struct view_order {
	const struct process *processes;
	uint64_t own;  /* the probe's mount namespace */
	uint64_t node; /* that of pid 1 */
};

/*
 * For qsort_r(): the probe's and the node's tables first, which no container's
 * may leave without memory or time; then by mount namespace and root, then by
 * index.
 */
static int compare_by_view(const void *a, const void *b, void *context)
{
	const struct view_order *of = context;
	size_t first = *(const size_t *)a;
	size_t second = *(const size_t *)b;
	const struct process *x = of->processes + first;
	const struct process *y = of->processes + second;
	bool later_x = x->ns_mnt != of->own && x->ns_mnt != of->node;
	bool later_y = y->ns_mnt != of->own && y->ns_mnt != of->node;
	int order = 0;

	if (later_x != later_y)
		return later_x ? 1 : -1;
	if (x->ns_mnt != y->ns_mnt)
		return x->ns_mnt < y->ns_mnt ? -1 : 1;
	if (x->root && y->root)
		order = strcmp(x->root, y->root);
	else
		order = (x->root != NULL) - (y->root != NULL);
	return order ? order : first < second ? -1 : 1;
}

/*
 * The processes' indexes, ordered so that those with one mount table are
 * adjacent.
 */
static size_t *order_by_view(struct evidence *ev)
{
	size_t n = ev->processes.n;
	size_t *order = arena_alloc(&ev->arena, (n + 1) * sizeof(*order));
	struct view_order by = { .processes = ev->processes.at };

	for (size_t i = 0; order && i < n; i++) {
		const struct process *process = &ev->processes.at[i];

		order[i] = i;
		if (process->self)
			by.own = process->ns_mnt;
		if (process->pid == 1)
			by.node = process->ns_mnt;
	}
	if (order && n)
		qsort_r(order, n, sizeof(*order), compare_by_view, &by);
	return order;
}

static bool same_view(const struct mount_view *view,
		      const struct process *process)
{
	return view->ns == process->ns_mnt &&
	       strcmp(view->root, process->root) == 0;
}

/*
 * The deadline of a table that is begun now, so that all can be read by
 * `deadline`.
 */
static int64_t table_deadline(int64_t deadline)
{
	int64_t now = now_ms();
	int64_t part = (deadline - now) / PART_OF_WHAT_IS_LEFT;

	return now + (part < TABLE_MS ? part : TABLE_MS);
}

/* procfs returns EINVAL for a process that has left its mount namespace. */
static enum coverage_gap table_gap(const struct process *process, int err)
{
	if (err == -EINVAL)
		return GAP_ENDED;
	return err == -ETIMEDOUT ? GAP_SLOW : procs_gap(process, err);
}

/*
 * Reads the table of process `idx` as a new view. If the process has ended, the
 * next one with this table is tried.
 */
static void add_view(struct evidence *ev, size_t idx, int64_t deadline,
		     struct mount_list *scratch, struct coverage_tally *tally)
{
	struct process *process = &ev->processes.at[idx];
	cleanup_close int fd =
		openat(process->dirfd, "mountinfo", O_RDONLY | O_CLOEXEC);
	struct mount_view *view;
	int err;

	if (fd < 0) {
		err = -errno;
		coverage_count(tally, table_gap(process, err), process->pid,
			       err);
		return;
	}
	view = list_add(&ev->arena, &ev->views, MAX_VIEWS);
	if (!view) {
		coverage_count(tally, GAP_CUT, process->pid, 0);
		return;
	}
	*view = (struct mount_view){
		.ns = process->ns_mnt,
		.root = process->root,
		.process = idx,
	};
	err = read_mountinfo(&ev->arena, fd, table_deadline(deadline), scratch,
			     view);
	coverage_count(tally, table_gap(process, err), process->pid, err);
	if (!err || err == -EOVERFLOW || err == -ETIMEDOUT)
		process->view = ev->views.n - 1;
	else
		ev->views.n--;
}

static void collect_view(struct evidence *ev, size_t idx, int64_t deadline,
			 struct mount_list *scratch,
			 struct coverage_tally *tally)
{
	struct process *process = &ev->processes.at[idx];

	if (process->kthread)
		return;
	if (!process->ns_mnt || !process->root) {
		coverage_count(tally, GAP_DENIED, process->pid, 0);
		return;
	}
	if (ev->views.n && same_view(&ev->views.at[ev->views.n - 1], process))
		process->view = ev->views.n - 1;
	else
		add_view(ev, idx, deadline, scratch, tally);
	if (process->self)
		ev->own_view = process->view;
	if (process->pid == 1 && ev->probe.extent != EXTENT_CONTAINER)
		ev->node_view = process->view;
}

int mounts_collect(struct evidence *ev, int64_t deadline)
{
	/* Half of the time is kept for the steps after this one. */
	int64_t until = now_ms() + (deadline - now_ms()) / 2;
	size_t *order = order_by_view(ev);
	struct mount_list scratch = { 0 };
	struct coverage_tally tally = { 0 };
	bool timed_out = false;

	ev->own_view = ev->node_view = NO_INDEX;
	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < ev->processes.n && !timed_out; i++) {
		collect_view(ev, order[i], until, &scratch, &tally);
		timed_out = now_ms() > until;
	}
	if (timed_out)
		coverage_count(&tally, GAP_TIMED_OUT, 0, 0);
	tally.read = ev->views.n;
	coverage_report(ev, SOURCE_MOUNT_TABLES, processes_extent(ev), &tally);
	return 0;
}
